//! When syncing is asked for, and what is done about the answers.

use std::mem;
use std::sync::Arc;

use leyline::RunNs;

use super::super::segment::SegmentFile;
use super::super::sync::{Answer, How, Request};
use super::fsync::Due;
use super::writing::{Loss, State};
use super::{LogError, LogSink, Storage};

/// Segments that wait to be synced before they are, whatever the policy says, so that a flush has a bounded work to do.
const MANY_UNSYNCED: usize = 16;
/// Segments that wait to be synced at most, since each has its file open.
const MOST_UNSYNCED: usize = 64;

/// What was written and is not on its way to the disk.
pub(super) struct Unsynced<S: Storage> {
    segments: Vec<Arc<SegmentFile<S>>>,
    /// Whether the directory may hold new names.
    names: bool,
    /// Whether an event asked for a sync at once, or a request found no room.
    at_once: bool,
    /// When a request was made last.
    last: RunNs,
}

impl<S: Storage> Unsynced<S> {
    /// Begins with the first segment, whose name is as new as that of the manifest.
    pub(super) fn of(first: Option<&Arc<SegmentFile<S>>>) -> Self {
        let segments = first.into_iter().cloned().collect();
        Self { segments, names: true, at_once: false, last: RunNs(0) }
    }
}

impl<S: Storage> LogSink<S> {
    /// Hands the buffer to the kernel, and asks for a sync if one is due then.
    pub(super) fn hand_over(&mut self, at_once: bool) -> Result<(), Loss> {
        while let Some(answer) = self.syncer.answer() {
            self.hear(answer);
        }
        let written = self.write_out();
        self.unsynced.at_once |= at_once;
        self.ask_if_due();
        written
    }

    /// Notes that a segment was written to, and whether it was made just now.
    pub(super) fn note_unsynced(&mut self, file: Arc<SegmentFile<S>>, new: bool) {
        self.unsynced.names |= new;
        let segments = &mut self.unsynced.segments;
        if segments.last().is_some_and(|last| Arc::ptr_eq(last, &file)) {
            return;
        }
        segments.push(file);
        if MOST_UNSYNCED < segments.len() {
            let path = segments.remove(0).path.clone();
            self.note_fault(&Arc::new(LogError::Unsynced { path }));
        }
    }

    fn ask_if_due(&mut self) {
        let Unsynced { segments, names: _, at_once, last } = &self.unsynced;
        let Some(newest) = segments.last() else { return };
        let due = if *at_once || MANY_UNSYNCED < segments.len() {
            Due::Sync
        } else {
            self.config.fsync.due(*last, self.now)
        };
        let asked = match due {
            Due::Nothing => return,
            Due::Look => {
                let segments = vec![Arc::clone(newest)];
                self.syncer.ask(Request { segments, how: How::Look }).is_ok()
            }
            Due::Sync => self.ask_for_sync(),
        };
        if asked {
            self.unsynced.last = self.now;
        }
    }

    /// Asks for a sync of everything that needs one; `false` if there is no room for the request now.
    fn ask_for_sync(&mut self) -> bool {
        let how = if self.unsynced.names { How::SyncNames } else { How::Sync };
        let segments = mem::take(&mut self.unsynced.segments);
        let refused = self.syncer.ask(Request { segments, how }).err();
        self.unsynced.at_once = refused.is_some();
        self.unsynced.names &= refused.is_some();
        let asked = refused.is_none();
        self.unsynced.segments = refused.map_or_else(Vec::new, |request| request.segments);
        asked
    }

    /// Syncs everything and waits for it.
    pub(super) fn sync_all(&mut self) -> Result<(), Arc<LogError>> {
        while let Some(answer) = self.syncer.wait() {
            self.hear(answer);
        }
        // Also when nothing was written since the last time: it may have been removed.
        if let State::Open { segment, since: _ } = &self.state
            && let Some(file) = segment.file().cloned()
        {
            self.note_unsynced(file, false);
        }
        if !self.ask_for_sync() {
            self.note_fault(&Arc::new(LogError::NoThread));
        }
        while let Some(answer) = self.syncer.wait() {
            self.hear(answer);
        }
        let fault = self.unsafe_since_flush.take();
        if fault.is_some() {
            self.untold = None;
        }
        match (fault, &self.state) {
            (Some(why), _) => Err(why),
            (None, State::Down { why, retry_at: _ }) => Err(Arc::clone(why)),
            (None, State::Open { .. }) => Ok(()),
        }
    }

    fn hear(&mut self, answer: Answer) {
        let Answer { failed, names } = answer;
        for (number, error) in failed {
            let why = Arc::new(error);
            self.unsynced.segments.retain(|segment| segment.number != number);
            let current = match &self.state {
                State::Open { segment, since: _ } => segment.number() == number,
                State::Down { .. } => false,
            };
            if current {
                self.leave(&why);
            }
            self.note_fault(&why);
        }
        if let Some(error) = names {
            self.unsynced.names = true;
            self.note_fault(&Arc::new(error));
        }
    }

    /// Remembers what to tell with the next chance, and that the next flush has nothing to promise.
    fn note_fault(&mut self, why: &Arc<LogError>) {
        self.untold.get_or_insert_with(|| Arc::clone(why));
        self.unsafe_since_flush.get_or_insert_with(|| Arc::clone(why));
    }
}
