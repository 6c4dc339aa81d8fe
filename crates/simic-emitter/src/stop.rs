//! The wish to stop a run, shared by whoever may ask and whoever must listen.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, Select, Sender, bounded};

/// How soon a run is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StopLevel {
    /// Nobody asked.
    Running,
    /// Finish the batch in progress, then stop.
    AfterBatch,
    /// Stop at the next step.
    Now,
}

/// Asks a run to stop, and tells threads that wait. Asking costs an atomic operation, looking costs a load.
///
/// A wish never shrinks: after [`StopLevel::Now`] a later [`StopLevel::AfterBatch`] changes nothing.
#[derive(Debug, Clone)]
pub struct StopFlag {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    level: AtomicU8,
    // Each holds a token from the moment its level was asked for. Nobody takes it out: waiting for readiness, not for the
    // message, wakes every waiter, also those who come later.
    soft: (Sender<()>, Receiver<()>),
    hard: (Sender<()>, Receiver<()>),
}

impl StopFlag {
    /// Returns a flag that nobody has raised.
    #[expect(
        clippy::new_without_default,
        reason = "two flags that are equal are not the same flag"
    )]
    pub fn new() -> Self {
        let inner = Inner { level: AtomicU8::new(0), soft: bounded(1), hard: bounded(1) };
        Self { inner: Arc::new(inner) }
    }

    /// Asks to stop and wakes whoever waits. Not for use inside a signal handler: waking takes locks.
    pub fn request(&self, level: StopLevel) {
        self.inner.level.fetch_max(level as u8, Ordering::SeqCst);
        if StopLevel::AfterBatch <= level {
            // Full means that the token lies there already.
            self.inner.soft.0.try_send(()).ok();
        }
        if StopLevel::Now <= level {
            self.inner.hard.0.try_send(()).ok();
        }
    }

    /// Asks one level more than before: the first call finishes the batch, the second stops at once.
    pub fn escalate(&self) {
        match self.level() {
            StopLevel::Running => self.request(StopLevel::AfterBatch),
            StopLevel::AfterBatch | StopLevel::Now => self.request(StopLevel::Now),
        }
    }

    /// Returns what was asked so far.
    pub fn level(&self) -> StopLevel {
        match self.inner.level.load(Ordering::SeqCst) {
            0 => StopLevel::Running,
            1 => StopLevel::AfterBatch,
            2.. => StopLevel::Now,
        }
    }

    /// Waits until somebody asks to stop, at any level, or until `timeout` passes; returns the level.
    pub fn wait(&self, timeout: Duration) -> StopLevel {
        let mut select = Select::new();
        self.add_to(&mut select, StopLevel::AfterBatch);
        // Timing out is an answer like any other: the level says which.
        select.ready_timeout(timeout).ok();
        self.level()
    }

    /// Adds the flag to a selection and returns the index of the operation, which is ready once `level` (or more) was asked.
    ///
    /// For threads that wait for something else as well. Use the selection with `ready` and never complete the operation:
    /// the token wakes everybody else, too. [`StopLevel::Running`] is taken as [`StopLevel::AfterBatch`].
    pub fn add_to<'a>(&'a self, select: &mut Select<'a>, level: StopLevel) -> usize {
        match level {
            StopLevel::Running | StopLevel::AfterBatch => select.recv(&self.inner.soft.1),
            StopLevel::Now => select.recv(&self.inner.hard.1),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    const LONG: Duration = Duration::from_secs(600);

    #[test]
    fn a_wish_only_rises() {
        let flag = StopFlag::new();
        assert_eq!(flag.level(), StopLevel::Running);
        flag.escalate();
        assert_eq!(flag.level(), StopLevel::AfterBatch);
        flag.escalate();
        flag.request(StopLevel::AfterBatch);
        assert_eq!(flag.level(), StopLevel::Now);
    }

    #[test]
    fn every_waiting_thread_is_woken_and_so_are_those_who_come_later() {
        let flag = StopFlag::new();
        assert_eq!(flag.wait(Duration::ZERO), StopLevel::Running);
        let waiters: Vec<_> = (0..4)
            .map(|n| {
                let flag = flag.clone();
                let builder = thread::Builder::new().name(format!("waiter-{n}"));
                builder.spawn(move || flag.wait(LONG)).unwrap()
            })
            .collect();
        flag.request(StopLevel::AfterBatch);
        for waiter in waiters {
            assert_eq!(waiter.join().unwrap(), StopLevel::AfterBatch);
        }
        assert_eq!(flag.wait(LONG), StopLevel::AfterBatch);
    }

    #[test]
    fn a_selection_can_wait_for_the_harder_wish_alone() {
        let flag = StopFlag::new();
        let ready = |flag: &StopFlag| {
            let mut select = Select::new();
            flag.add_to(&mut select, StopLevel::Now);
            select.try_ready().is_ok()
        };
        flag.request(StopLevel::AfterBatch);
        assert!(!ready(&flag));
        flag.request(StopLevel::Now);
        assert!(ready(&flag) && ready(&flag), "looking does not take the token");
    }
}
