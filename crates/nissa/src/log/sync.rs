//! Syncs segments on a thread of its own, so that it does not hold up writing.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::segment::SegmentFile;
use super::sink::{LogError, Storage};

/// Requests that may be without an answer: one that is worked on, one that waits.
const OUTSTANDING: usize = 2;

/// What is to be made safe.
pub(super) struct Request<S: Storage> {
    pub(super) segments: Vec<Arc<SegmentFile<S>>>,
    pub(super) how: How,
}

/// How far a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// See whether the files are still there.
    Look,
    /// That, after syncing them.
    Sync,
    /// That, and the names in the directory.
    SyncNames,
}

/// What a request came to.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// Segments that must not be written to any more, and why.
    pub(super) failed: Vec<(u32, LogError)>,
    /// Why the names in the directory could not be synced.
    pub(super) names: Option<LogError>,
}

/// The thread, as the sink sees it. Ends it when it is dropped, and waits for that.
pub(super) struct Syncer<S: Storage> {
    requests: Option<Sender<Request<S>>>,
    answers: Receiver<Answer>,
    outstanding: usize,
    thread: Option<JoinHandle<()>>,
}

impl<S: Storage> Syncer<S> {
    pub(super) fn start(storage: Arc<S>, dir: PathBuf) -> io::Result<Self> {
        let (requests, wanted) = bounded::<Request<S>>(OUTSTANDING - 1);
        // As many as there can be, so that the thread never waits for room.
        let (answer, answers) = bounded(OUTSTANDING);
        let body = move || {
            for request in wanted {
                // Nobody is there to hear it only after the sink was dropped.
                answer.try_send(request.run(storage.as_ref(), &dir)).ok();
            }
        };
        let thread = thread::Builder::new().name("log-sync".to_owned()).spawn(body)?;
        Ok(Self { requests: Some(requests), answers, outstanding: 0, thread: Some(thread) })
    }

    /// Hands a request over; gives it back if one waits already.
    pub(super) fn ask(&mut self, request: Request<S>) -> Result<(), Request<S>> {
        match &self.requests {
            Some(requests) if self.outstanding < OUTSTANDING => {
                requests.try_send(request).map_err(crossbeam_channel::TrySendError::into_inner)?;
                self.outstanding += 1;
                Ok(())
            }
            Some(_) | None => Err(request),
        }
    }

    /// Returns an answer if there is one.
    pub(super) fn answer(&mut self) -> Option<Answer> {
        let answer = self.answers.try_recv().ok();
        self.outstanding -= usize::from(answer.is_some());
        answer
    }

    /// Waits for an answer; `None` if every request has got its own, or there will be none.
    pub(super) fn wait(&mut self) -> Option<Answer> {
        if self.outstanding == 0 {
            return None;
        }
        let answer = self.answers.recv().ok();
        self.outstanding -= usize::from(answer.is_some());
        answer
    }
}

impl<S: Storage> Drop for Syncer<S> {
    fn drop(&mut self) {
        // Without it the thread ends after what it has in hand.
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            // It says nothing at its end, and it does not panic unless the storage does.
            thread.join().ok();
        }
    }
}

impl<S: Storage> Request<S> {
    fn run(self, storage: &S, dir: &std::path::Path) -> Answer {
        let mut answer = Answer::default();
        for segment in self.segments {
            if let Err(error) = self.how.check(storage, &segment) {
                answer.failed.push((segment.number, error));
            }
        }
        if self.how == How::SyncNames
            && let Err(why) = storage.sync_names(dir)
        {
            answer.names = Some(LogError::Sync { path: dir.to_owned(), why });
        }
        answer
    }
}

impl How {
    fn check<S: Storage>(self, storage: &S, segment: &SegmentFile<S>) -> Result<(), LogError> {
        let SegmentFile { number: _, path, file } = segment;
        let failed = |why| LogError::Sync { path: path.clone(), why };
        match self {
            Self::Look => {}
            Self::Sync | Self::SyncNames => storage.sync(file).map_err(failed)?,
        }
        if storage.links(file).map_err(failed)? == 0 {
            return Err(LogError::Removed { path: path.clone() });
        }
        Ok(())
    }
}
