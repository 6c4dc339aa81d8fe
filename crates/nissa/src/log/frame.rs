//! What stands around a payload in a segment: its length and a checksum over both.
//!
//! ```text
//! [u32 length][u32 crc32c of length and payload][payload]
//! ```
//!
//! All little-endian. A payload is never empty, because a power cut leaves runs of zero bytes, and eight zero bytes must not
//! be a frame. Its first byte is the number of the event's kind, or 0: then it is a mark of the log itself.

use leyline::wire::MAX_FRAME_BYTES;

/// Bytes in front of a payload.
pub const HEAD_BYTES: usize = 8;

/// What the bytes at a place in a segment are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look<'a> {
    /// A whole frame; the next one begins [`HEAD_BYTES`] and the payload's length later.
    Frame {
        /// What it carries.
        payload: &'a [u8],
    },
    /// The beginning of a frame of `wanted` bytes in all, or of less than a head (`wanted` is then [`HEAD_BYTES`]).
    Short {
        /// Bytes that it takes to look again.
        wanted: usize,
    },
    /// No frame: the length is 0 or too large.
    BadLength {
        /// What stands in place of the length.
        length: u32,
    },
    /// Something of a frame's length whose checksum does not hold.
    BadChecksum {
        /// Length of the frame, head included, if its length field is right.
        frame_bytes: usize,
    },
}

/// Says what the bytes at a place are.
pub fn look(bytes: &[u8]) -> Look<'_> {
    let Some((length, rest)) = bytes.split_first_chunk::<4>() else {
        return Look::Short { wanted: HEAD_BYTES };
    };
    let payload_bytes = u32::from_le_bytes(*length) as usize;
    if payload_bytes == 0 || MAX_FRAME_BYTES < payload_bytes {
        return Look::BadLength { length: u32::from_le_bytes(*length) };
    }
    let frame_bytes = HEAD_BYTES + payload_bytes;
    let Some((checksum, rest)) = rest.split_first_chunk::<4>() else {
        return Look::Short { wanted: HEAD_BYTES };
    };
    let Some(payload) = rest.get(..payload_bytes) else {
        return Look::Short { wanted: frame_bytes };
    };
    if crc(*length, payload) == u32::from_le_bytes(*checksum) {
        Look::Frame { payload }
    } else {
        Look::BadChecksum { frame_bytes }
    }
}

/// Appends room for the head of a frame to `buffer` and returns where the frame begins; the payload is appended next,
/// then [`close`] fills the head in.
pub fn open(buffer: &mut Vec<u8>) -> usize {
    let start = buffer.len();
    buffer.extend([0; HEAD_BYTES]);
    start
}

/// Fills in the head of the frame that begins at `start` and ends with the buffer.
pub fn close(buffer: &mut [u8], start: usize) {
    let Some((head, payload)) =
        buffer.get_mut(start..).and_then(|frame| frame.split_first_chunk_mut::<HEAD_BYTES>())
    else {
        return;
    };
    let length = (payload.len() as u32).to_le_bytes();
    let checksum = crc(length, payload).to_le_bytes();
    let (first, second) = head.split_at_mut(4);
    first.copy_from_slice(&length);
    second.copy_from_slice(&checksum);
}

fn crc(length: [u8; 4], payload: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&length), payload)
}

/// What the log says about itself, as the last frame of a segment.
///
/// Payload: a zero byte, where an event has the number of its kind, the number of the mark, and the frames with events in
/// this segment (`u64`, little-endian).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// The segment is complete, and another one follows.
    Continued {
        /// Events in this segment.
        events: u64,
    },
    /// The log is complete: its writer closed it in order.
    End {
        /// Events in this segment.
        events: u64,
    },
}

impl Mark {
    const CONTINUED: u8 = 1;
    const END: u8 = 2;

    /// Returns whether a payload is a mark, of this or a later version, and no event.
    pub fn is_mark(payload: &[u8]) -> bool {
        payload.first() == Some(&0)
    }

    /// Reads a mark; `None` for an event, and for a mark that this version does not know.
    pub fn read(payload: &[u8]) -> Option<Self> {
        let [0, number, events @ ..] = payload else { return None };
        let events = u64::from_le_bytes(events.try_into().ok()?);
        match *number {
            Self::CONTINUED => Some(Self::Continued { events }),
            Self::END => Some(Self::End { events }),
            _ => None,
        }
    }

    /// Appends the mark as a whole frame.
    pub fn append(self, buffer: &mut Vec<u8>) {
        let (number, events) = match self {
            Self::Continued { events } => (Self::CONTINUED, events),
            Self::End { events } => (Self::END, events),
        };
        let start = open(buffer);
        buffer.extend([0, number]);
        buffer.extend(events.to_le_bytes());
        close(buffer, start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![7, 7, 7];
        let start = open(&mut bytes);
        bytes.extend(payload);
        close(&mut bytes, start);
        bytes.split_off(start)
    }

    #[test]
    fn a_frame_is_seen_once_all_of_it_is_there() {
        let bytes = frame(b"payload");
        assert_eq!(look(&bytes), Look::Frame { payload: b"payload" });
        for length in 0..HEAD_BYTES {
            assert_eq!(look(&bytes[..length]), Look::Short { wanted: HEAD_BYTES }, "{length}");
        }
        for length in HEAD_BYTES..bytes.len() {
            assert_eq!(look(&bytes[..length]), Look::Short { wanted: bytes.len() }, "{length}");
        }
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let bytes = frame(b"payload");
        for bit in 0..8 * bytes.len() {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(!matches!(look(&flipped), Look::Frame { .. }), "bit {bit}");
        }
    }

    #[test]
    fn zeros_are_no_frame_and_a_length_is_bounded() {
        assert_eq!(look(&[0; 64]), Look::BadLength { length: 0 });
        assert!(matches!(look(&[0xff; 64]), Look::BadLength { .. }));
        let largest = vec![1; MAX_FRAME_BYTES];
        assert_eq!(look(&frame(&largest)), Look::Frame { payload: &largest });
    }

    #[test]
    fn marks_read_back_and_events_are_none() {
        for mark in [Mark::Continued { events: 3 }, Mark::End { events: u64::MAX }] {
            let mut bytes = Vec::new();
            mark.append(&mut bytes);
            let Look::Frame { payload } = look(&bytes) else { panic!("{bytes:?}") };
            assert!(Mark::is_mark(payload));
            assert_eq!(Mark::read(payload), Some(mark));
        }
        assert!(!Mark::is_mark(&[5, 2, 0]));
        assert_eq!(Mark::read(&[0, 9, 0, 0, 0, 0, 0, 0, 0, 0]), None);
        assert_eq!(Mark::read(&[0, 1, 0]), None);
    }
}
