//! Where reading stands in a log, to go on from there later: the frame to the byte, and what was known before it.

use super::{Frames, Tally};
use crate::recording::RecordingError;

/// A place between two frames.
#[derive(Debug, Clone)]
pub(crate) struct Position {
    /// Number of the segment that is read next, or of the open one.
    segment: u32,
    /// Where in the open one; `None` between two segments.
    inside: Option<Inside>,
    /// See [`super::Ledger::origin`].
    origin: (Option<u64>, bool),
    /// The last mark read said that another segment follows.
    is_continued: bool,
}

/// Where reading stands in a segment.
#[derive(Debug, Clone)]
struct Inside {
    offset: u64,
    tally: Tally,
    is_counted: bool,
    /// Number of the last event before it.
    after: Option<u64>,
    /// Bytes that may still be checked in search of a frame.
    budget: u64,
}

impl Frames {
    /// Returns where the frame after the last one begins.
    pub(crate) fn position(&self) -> Position {
        let inside = self.open.as_ref().map(|open| Inside {
            offset: open.window.offset() + open.current as u64,
            tally: open.tally,
            is_counted: open.is_counted,
            after: open.wanted.after,
            budget: open.wanted.budget,
        });
        Position {
            segment: self.open.as_ref().map_or(self.expected, |open| open.tally.segment),
            inside,
            origin: self.ledger.origin(),
            is_continued: self.is_continued,
        }
    }

    /// Goes to a position. If its segment is not there any more, reading goes on with the next one.
    pub(crate) fn go(&mut self, to: &Position) -> Result<(), RecordingError> {
        self.closed = None;
        self.place = None;
        let is_open = self.open.as_ref().is_some_and(|open| open.tally.segment == to.segment);
        if !is_open || to.inside.is_none() {
            self.open = None;
            self.at = 0;
            self.list().map_err(|source| self.failed(None, source))?;
            self.at = self.segments.partition_point(|&(number, _)| number < to.segment);
            self.expected = to.segment;
        }
        if let Some(inside) = &to.inside {
            if self.open.is_none() {
                // A segment whose header is damaged is found by its frames, which come before what was read last.
                self.ledger.jump(false);
                self.open_next()?;
            }
            self.enter(to.segment, inside)?;
        }
        self.is_continued = to.is_continued;
        self.ledger.restore(to.origin);
        Ok(())
    }

    fn enter(&mut self, segment: u32, inside: &Inside) -> Result<(), RecordingError> {
        let path = self.dir.segment(segment);
        let Some(open) = &mut self.open else { return Ok(()) };
        if open.tally.segment != segment {
            return Ok(());
        }
        let offset = inside.offset;
        let failed = |source| RecordingError::Read { path, offset, source };
        open.window.go_to(offset).map_err(failed)?;
        open.current = 0;
        open.tally = inside.tally;
        open.is_counted = inside.is_counted;
        open.wanted.after = inside.after;
        open.wanted.budget = inside.budget;
        Ok(())
    }
}
