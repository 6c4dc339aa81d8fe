//! What the hub has to say, given to whoever built it: the hub itself prints nothing, because a screen may be open.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

type Callback = Box<dyn Fn(&str) + Send + Sync>;

/// Hands warnings to the builder's callback.
#[derive(Default)]
pub(crate) struct Warner {
    callback: Option<Callback>,
}

/// Counts warnings of one sort that could come with every event.
#[derive(Debug, Default)]
pub(crate) struct Often {
    count: AtomicU64,
}

impl Warner {
    pub(crate) fn new(callback: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { callback: Some(Box::new(callback)) }
    }

    /// Hands on a warning. A callback that panics costs its warning and nothing else.
    pub(crate) fn warn(&self, text: &str) {
        if let Some(callback) = &self.callback {
            catch_unwind(AssertUnwindSafe(|| callback(text))).ok();
        }
    }

    /// Hands on the 1st, 2nd, 4th, 8th … warning of a sort, so that none is silent and none is a flood.
    pub(crate) fn often(&self, sort: &Often, text: impl FnOnce() -> String) {
        let count = sort.count.fetch_add(1, Ordering::Relaxed) + 1;
        if count == 1 {
            self.warn(&text());
        } else if count.is_power_of_two() {
            self.warn(&format!("{} ({count} times so far)", text()));
        }
    }
}

impl fmt::Debug for Warner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Warner").field("callback", &self.callback.is_some()).finish()
    }
}
