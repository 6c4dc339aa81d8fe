//! The latest lines of the event log of a group.

use std::sync::Arc;

use crate::history::History;
use crate::log::{LINES, LogLine};

/// What the allocator takes for a line and its three texts beside their bytes.
const OVERHEAD_BYTES: usize = 80;

/// See the module.
#[derive(Debug, Clone, Default)]
pub(super) struct Log {
    lines: History<Arc<LogLine>, LINES>,
}

impl Log {
    pub(super) const fn new() -> Self {
        Self { lines: History::new() }
    }

    pub(super) fn push(&mut self, line: Arc<LogLine>) {
        self.lines.push(line);
    }

    /// Returns all lines, oldest first.
    pub(super) fn shared(&self) -> Arc<[Arc<LogLine>]> {
        self.lines.shared()
    }

    /// Makes every line its own, shared with no other state.
    pub(super) fn detach(&mut self) {
        self.lines.renew(|line| Arc::new(LogLine::clone(line)));
    }

    /// Returns roughly how much memory the lines take (bytes).
    pub(super) fn heap_bytes(&self) -> usize {
        let text = |line: &Arc<LogLine>| {
            let LogLine {
                event_type,
                message,
                summary,
                seq: _,
                ts: _,
                mono_ns: _,
                env_id: _,
                severity: _,
            } = line.as_ref();
            let texts = event_type.len() + message.len() + summary.len();
            size_of::<LogLine>() + texts + OVERHEAD_BYTES
        };
        self.lines.heap_bytes() + self.lines.iter().map(text).sum::<usize>()
    }
}
