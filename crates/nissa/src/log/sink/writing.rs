//! How the buffer gets into segments, and what happens when it does not.

use std::io;
use std::sync::Arc;

use leyline::RunNs;
use leyline::wire::Schema;
use simic_emitter::{LaneCount, SinkError};

use super::super::frame::Mark;
use super::super::header::Header;
use super::super::segment::{Segment, Wrote};
use super::{LogError, LogSink, Storage};

/// First and longest time between two tries to make a segment (nanoseconds).
const FIRST_WAIT_NS: u64 = 1_000_000_000;
const LONGEST_WAIT_NS: u64 = 30_000_000_000;

/// Where the next frame goes.
pub(super) enum State<S: Storage> {
    /// Into this segment.
    Open {
        segment: Segment<S>,
        /// When it was begun.
        since: RunNs,
    },
    /// Nowhere: there is no segment until a try to make one succeeds.
    Down {
        /// When to try.
        retry_at: RunNs,
        why: Arc<LogError>,
    },
}

/// Events that are lost, and why.
pub(super) struct Loss {
    pub(super) events: LaneCount,
    pub(super) why: Arc<LogError>,
}

impl Loss {
    pub(super) fn into_error(self) -> SinkError {
        SinkError::new(self.why).with_lost(self.events)
    }
}

impl<S: Storage> LogSink<S> {
    /// Begins the next segment: its header comes before what is in the buffer.
    pub(super) fn begin(&mut self) {
        let frames = std::mem::take(&mut self.buffer);
        let header = Header {
            schema: Schema::own(),
            nonce: self.nonce,
            segment: self.next_number,
            run: self.run.clone(),
        };
        let segment = Segment::begin(&header, &mut self.buffer);
        self.buffer.extend(frames);
        self.state = State::Open { segment, since: self.now };
    }

    /// Begins the next segment if there is none and it is time to try.
    pub(super) fn try_again(&mut self) {
        if let State::Down { retry_at, why: _ } = &self.state
            && *retry_at <= self.now
        {
            self.begin();
        }
    }

    /// Makes the file of a segment now, if there is none.
    pub(super) fn open_now(&mut self) -> Result<(), Arc<LogError>> {
        match &self.state {
            State::Open { segment, since: _ } if segment.file().is_some() => return Ok(()),
            State::Open { .. } => {}
            State::Down { .. } => self.begin(),
        }
        self.write_out().map_err(|loss| loss.why)
    }

    /// Hands the buffer to the kernel; it is empty afterwards, whatever happens.
    pub(super) fn write_out(&mut self) -> Result<(), Loss> {
        if !self.lanes.is_empty() {
            self.try_again();
        }
        if self.buffer.is_empty() {
            return Ok(());
        }
        let segment = match &mut self.state {
            State::Open { segment, since: _ } => segment,
            State::Down { why, retry_at: _ } => {
                let why = Arc::new(LogError::Down(Arc::clone(why)));
                return self.settle(0, Some(why));
            }
        };
        let events = segment.events() + self.lanes.len() as u64;
        let full = self.config.segment_bytes <= segment.bytes() + self.buffer.len() as u64;
        // A header alone fills nothing, however short segments are.
        let full = full && events != 0;
        if full {
            Mark::Continued { events }.append(&mut self.buffer);
        }
        let new = segment.file().is_none();
        let Wrote { frames, failed } =
            segment.write(self.storage.as_ref(), &self.dir, &self.buffer, self.lanes.len());
        if let Some(file) = segment.file() {
            let file = Arc::clone(file);
            self.note_unsynced(file, new);
        }
        let failed = failed.map(Arc::new);
        if let Some(why) = &failed {
            self.leave(why);
        }
        self.settle(frames, failed)?;
        if full && let State::Open { segment, since: _ } = &self.state {
            self.next_number = segment.number() + 1;
            self.begin();
            return self.write_out();
        }
        Ok(())
    }

    /// Empties the buffer, of which so many events are in the file.
    fn settle(&mut self, frames: usize, failed: Option<Arc<LogError>>) -> Result<(), Loss> {
        let lost = self.lanes.iter().skip(frames);
        let events = lost.fold(LaneCount::ZERO, |sum, &lane| sum.plus(LaneCount::one(lane)));
        self.buffer.clear();
        self.lanes.clear();
        self.held = LaneCount::ZERO;
        match failed {
            Some(why) if events != LaneCount::ZERO => Err(Loss { events, why }),
            Some(why) => {
                self.untold.get_or_insert(why);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Leaves the segment, if there is one, for a new one: at once the first time, and later and later while that fails.
    pub(super) fn leave(&mut self, why: &Arc<LogError>) {
        if let State::Open { segment, since } = &self.state {
            let taken = matches!(why.as_ref(), LogError::Create { why, path: _ }
                if why.kind() == io::ErrorKind::AlreadyExists);
            if taken || segment.file().is_some() {
                self.next_number = segment.number() + 1;
            }
            if LONGEST_WAIT_NS <= self.now.0.saturating_sub(since.0) {
                self.wait = 0;
            }
        }
        let retry_at = RunNs(self.now.0.saturating_add(self.wait));
        self.state = State::Down { retry_at, why: Arc::clone(why) };
        self.wait = (2 * self.wait).clamp(FIRST_WAIT_NS, LONGEST_WAIT_NS);
    }

    /// Writes the mark that ends the log; `false` if there is no segment to end.
    pub(super) fn end(&mut self) -> bool {
        let State::Open { segment, since: _ } = &mut self.state else { return false };
        Mark::End { events: segment.events() }.append(&mut self.buffer);
        let new = segment.file().is_none();
        let written = segment.write(self.storage.as_ref(), &self.dir, &self.buffer, 0);
        let Some(file) = segment.file().cloned() else { return false };
        self.note_unsynced(file, new);
        written.failed.is_none()
    }
}
