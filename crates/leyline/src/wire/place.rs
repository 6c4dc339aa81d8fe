//! Where a frame belongs, read without the rest of it.

use crate::time::{RunNs, Timestamp};

/// What the first bytes of a frame say, whoever wrote it: [`Schema::parse`](crate::wire::Schema::parse) refuses a listing
/// whose head begins otherwise, and another beginning raises [`FRAME_FORMAT`](crate::wire::FRAME_FORMAT).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FramePlace {
    /// Number of the kind of its event.
    pub kind: u16,
    /// Number of its event.
    pub seq: u64,
    /// Time of its event.
    pub mono_ns: RunNs,
}

impl FramePlace {
    /// Reads the place of a frame; `None` if the bytes are none. Allocates nothing.
    pub fn read(frame: &[u8]) -> Option<Self> {
        type Front = (u16, u64, Timestamp, RunNs);
        let config = bincode::config::standard();
        let read = bincode::serde::decode_from_slice::<Front, _>(frame, config);
        let ((kind, seq, _, mono_ns), _) = read.ok()?;
        Some(Self { kind, seq, mono_ns })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{RowDecoder, encode_frame};
    use crate::{EventKind, Incoming};

    #[test]
    fn the_place_of_a_frame_is_that_of_its_event() {
        let row = br#"{"v":1,"run_id":"r","seq":70000,"ts":"2026-11-21T12:00:03.400000Z","mono_ns":3401200000,"event_type":"HEARTBEAT","data":{"phase":"updating"}}"#;
        let Incoming::Known(envelope) = RowDecoder::new("file").decode(row) else { panic!() };
        let mut frame = Vec::new();
        encode_frame(&envelope, &mut frame).unwrap();
        let kind = EventKind::Heartbeat.number();
        let place = FramePlace { kind, seq: 70_000, mono_ns: RunNs(3_401_200_000) };
        assert_eq!(FramePlace::read(&frame), Some(place));
        assert_eq!(FramePlace::read(&frame[..9]), None);
        assert_eq!(FramePlace::read(&[]), None);
    }
}
