//! One open segment: its frames in order, and what to do where there is none.

use std::io;

use leyline::Incoming;
use leyline::wire::{FrameDecoder, FramePlace};

use super::super::frame::{HEAD_BYTES, Look, Mark};
use super::super::scan::{LEAST_FRAME_BYTES, MARK_FRAME_BYTES, Wanted, Window};
use crate::recording::{DamageKind, Lost};

/// What was read of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Its number, from its name.
    pub(crate) segment: u32,
    /// How long the file is (bytes).
    pub(crate) bytes: u64,
    /// How long its header is (bytes); 0 if it could not be read.
    pub(crate) header_bytes: u64,
    /// Whole frames, marks included.
    pub(crate) frames: u64,
    /// How long they are together (bytes).
    pub(crate) frame_bytes: u64,
    /// Whole frames with events.
    pub(crate) events: u64,
    /// Number of the first event.
    pub(crate) first_seq: Option<u64>,
    /// Number of the last event.
    pub(crate) last_seq: Option<u64>,
    /// The last mark.
    pub(crate) mark: Option<Mark>,
}

impl Tally {
    pub(super) const fn new(segment: u32) -> Self {
        Self {
            segment,
            bytes: 0,
            header_bytes: 0,
            frames: 0,
            frame_bytes: 0,
            events: 0,
            first_seq: None,
            last_seq: None,
            mark: None,
        }
    }
}

/// A segment whose header was understood.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) window: Window,
    pub(super) decoder: FrameDecoder,
    pub(super) wanted: Wanted,
    pub(super) tally: Tally,
    /// Whether it was read from its start, so that its mark can be compared with what was read.
    pub(super) is_counted: bool,
    /// Length of the frame handed out last; the cursor is still before it.
    pub(super) current: usize,
}

/// What is at the cursor of a segment.
#[derive(Debug, Clone, Copy)]
pub(super) enum Found {
    /// A frame with an event.
    Event(Option<FramePlace>),
    /// A mark of the log.
    Mark,
    /// The end of the file, with nothing before it.
    End,
    /// No whole frame.
    Nothing(Trouble),
}

/// Why no frame is at a place.
#[derive(Debug, Clone, Copy)]
pub(super) enum Trouble {
    /// The file ends within it.
    Short,
    /// Its length cannot be.
    BadLength,
    /// Its checksum does not hold; its length.
    BadChecksum(usize),
    /// It is whole, and its number is not above the one before, which no writer does: bytes that stand here again; its
    /// length.
    Repeated(usize),
}

/// Damage in this segment, before its place in the log is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) offset: u64,
    pub(super) bytes: u64,
    pub(super) kind: DamageKind,
    pub(super) events: Lost,
}

impl Segment {
    /// Moves over the frame handed out last, and looks at the next one; the cursor stays before it.
    pub(super) fn next(&mut self) -> io::Result<Found> {
        self.window.advance(self.current);
        self.current = 0;
        let found = match self.window.look()? {
            None => return Ok(Found::End),
            Some(Look::Frame { payload }) => {
                self.current = HEAD_BYTES + payload.len();
                if Mark::is_mark(payload) {
                    self.tally.mark = Mark::read(payload).or(self.tally.mark);
                    Found::Mark
                } else {
                    let place = FramePlace::read(payload);
                    let is_again = |(place, after): (FramePlace, u64)| place.seq <= after;
                    if place.zip(self.wanted.after).is_some_and(is_again) {
                        let length = std::mem::take(&mut self.current);
                        return Ok(Found::Nothing(Trouble::Repeated(length)));
                    }
                    Found::Event(place)
                }
            }
            Some(Look::Short { .. }) => return Ok(Found::Nothing(Trouble::Short)),
            Some(Look::BadLength { .. }) => return Ok(Found::Nothing(Trouble::BadLength)),
            Some(Look::BadChecksum { frame_bytes }) => {
                return Ok(Found::Nothing(Trouble::BadChecksum(frame_bytes)));
            }
        };
        self.tally.frames += 1;
        self.tally.frame_bytes += self.current as u64;
        if let Found::Event(place) = found {
            self.tally.events += 1;
            if let Some(place) = place {
                self.tally.first_seq = self.tally.first_seq.or(Some(place.seq));
                self.tally.last_seq = Some(place.seq);
                self.wanted.after = Some(place.seq);
            }
        }
        Ok(found)
    }

    /// Returns the frame found last.
    pub(super) fn frame(&self) -> Option<&[u8]> {
        self.window.bytes().get(..self.current)
    }

    /// Returns what the frame found last carries.
    pub(super) fn decode(&mut self) -> Option<Incoming> {
        let payload = self.window.bytes().get(HEAD_BYTES..self.current)?;
        Some(self.decoder.decode(payload))
    }

    /// Moves to the next frame after bytes that are none, and returns what lies between. `None` if there is no further
    /// frame; the cursor is then where it was. `is_final` says that the file will not grow any more.
    pub(super) fn resume(&mut self, trouble: Trouble, is_final: bool) -> io::Result<Option<Gap>> {
        let start = self.window.offset();
        if let Trouble::Repeated(frame_bytes) = trouble {
            self.window.advance(frame_bytes);
            let (bytes, kind) = (frame_bytes as u64, DamageKind::Corrupt);
            return Ok(Some(Gap { offset: start, bytes, kind, events: Lost::Exactly(0) }));
        }
        if let Trouble::BadChecksum(frame_bytes) = trouble
            && let Some(gap) = self.step_over(frame_bytes, is_final)?
        {
            return Ok(Some(gap));
        }
        self.window.go_to(start)?;
        if !self.wanted.find(&mut self.window)? {
            self.window.go_to(start)?;
            return Ok(None);
        }
        let bytes = self.window.offset() - start;
        Ok(Some(Gap {
            offset: start,
            bytes,
            kind: DamageKind::Corrupt,
            events: self.at_most(bytes, 1),
        }))
    }

    /// Steps over one damaged frame, if its length leads exactly to the next one or to the end of the file.
    fn step_over(&mut self, frame_bytes: usize, is_final: bool) -> io::Result<Option<Gap>> {
        let start = self.window.offset();
        let kind = DamageKind::Corrupt;
        let next = start + frame_bytes as u64;
        self.window.go_to(next)?;
        let (is_next, seq) = match self.window.look()? {
            None => (is_final, None),
            Some(Look::Frame { payload }) => {
                let seq = FramePlace::read(payload).map(|place| place.seq);
                (self.wanted.takes(payload), seq.filter(|_| !Mark::is_mark(payload)))
            }
            Some(Look::Short { .. } | Look::BadLength { .. } | Look::BadChecksum { .. }) => {
                (false, None)
            }
        };
        // Numbers come from the file: the one before may be the highest there is.
        let hole = seq
            .zip(self.wanted.after)
            .and_then(|(seq, after)| seq.checked_sub(after)?.checked_sub(1));
        if is_next && hole.is_some_and(|hole| hole <= 1) {
            let events = Lost::Exactly(hole.unwrap_or_default());
            return Ok(Some(Gap { offset: start, bytes: frame_bytes as u64, kind, events }));
        }
        if !is_next {
            return Ok(None);
        }
        // More than one number is missing: others may have been dropped before they came here, or it is the length that
        // is damaged, and whole frames are inside of what it covers.
        self.window.go_to(start)?;
        self.window.want(frame_bytes)?;
        let covered = self.window.bytes().get(..frame_bytes).unwrap_or_default();
        let (bytes, events) = match self.wanted.find_inside(covered, seq) {
            Some(at) => (at as u64, self.at_most(at as u64, 1)),
            None => (frame_bytes as u64, self.one(frame_bytes)),
        };
        self.window.go_to(start + bytes)?;
        Ok(Some(Gap { offset: start, bytes, kind, events }))
    }

    /// Takes everything from the cursor to the end of the file as damaged.
    pub(super) fn give_up(&mut self, trouble: Trouble) -> io::Result<Gap> {
        let offset = self.window.offset();
        self.window.want(HEAD_BYTES + 1)?;
        let first = self.window.bytes().get(HEAD_BYTES).copied();
        let front = self.window.bytes().first_chunk::<4>().copied();
        let rest = self.window.run_out()?;
        // Of a mark either the length or the first byte may be what is damaged.
        let fits_mark = rest.bytes <= MARK_FRAME_BYTES as u64;
        let says_mark = front.is_some_and(|length| {
            u32::from_le_bytes(length) as usize + HEAD_BYTES == MARK_FRAME_BYTES
        });
        let is_mark = fits_mark && (says_mark || first == Some(0));
        let is_zero = rest.bytes == rest.zeros_at_end;
        let ends_in_zeros = HEAD_BYTES as u64 <= rest.zeros_at_end;
        let (kind, events) = match trouble {
            _ if is_zero => (DamageKind::Torn, self.at_most(rest.bytes, 1)),
            Trouble::Short if is_mark || says_mark => (DamageKind::Torn, Lost::Exactly(0)),
            Trouble::Short if front.is_none() => {
                (DamageKind::Torn, self.after_mark(Lost::within(0, Some(1))))
            }
            Trouble::Short => (DamageKind::Torn, self.after_mark(Lost::Exactly(1))),
            Trouble::BadLength | Trouble::BadChecksum(_) | Trouble::Repeated(_) if is_mark => {
                (DamageKind::Corrupt, Lost::Exactly(0))
            }
            Trouble::BadLength | Trouble::BadChecksum(_) | Trouble::Repeated(_) => {
                let kind = if ends_in_zeros { DamageKind::Torn } else { DamageKind::Corrupt };
                (kind, self.at_most(rest.bytes, 1))
            }
        };
        Ok(Gap { offset, bytes: rest.bytes, kind, events })
    }

    /// Returns the loss of one damaged frame of a length: one event, or none where it was the mark.
    fn one(&self, frame_bytes: usize) -> Lost {
        self.after_mark(Lost::Exactly(u64::from(frame_bytes != MARK_FRAME_BYTES)))
    }

    /// Returns the loss of damaged bytes that held any number of frames.
    const fn at_most(&self, bytes: u64, least: u64) -> Lost {
        let least = if bytes <= MARK_FRAME_BYTES as u64 { 0 } else { least };
        self.after_mark(Lost::within(least, Some(bytes.div_ceil(LEAST_FRAME_BYTES))))
    }

    /// After a mark there are no events.
    const fn after_mark(&self, lost: Lost) -> Lost {
        if self.tally.mark.is_some() { Lost::Exactly(0) } else { lost }
    }
}
