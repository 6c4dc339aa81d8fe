//! The latest lines of the event log of a group, and how many ever warned.

use std::sync::Arc;

use leyline::Severity;

use crate::history::History;
use crate::log::{LINES, LogLine};

/// What the allocator takes for a line and its three texts beside their bytes.
const OVERHEAD_BYTES: usize = 80;

/// See the module.
#[derive(Debug, Clone, Default)]
pub(super) struct Log {
    lines: History<Arc<LogLine>, LINES>,
    alarms: u64,
}

impl Log {
    pub(super) const fn new() -> Self {
        Self { lines: History::new(), alarms: 0 }
    }

    pub(super) fn push(&mut self, line: Arc<LogLine>) {
        if is_alarm(&line) {
            self.alarms = self.alarms.saturating_add(1);
        }
        self.lines.push(line);
    }

    /// Returns all lines, oldest first.
    pub(super) fn shared(&self) -> Arc<[Arc<LogLine>]> {
        self.lines.shared()
    }

    /// Returns how many lines warned, or worse, those included that are not kept any more.
    pub(super) const fn alarms(&self) -> u64 {
        self.alarms
    }

    /// Returns the latest of the lines that warned, newest first.
    pub(super) fn latest_alarms(&self) -> impl Iterator<Item = &LogLine> {
        self.lines.iter().rev().map(AsRef::as_ref).filter(|line| is_alarm(line))
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

const fn is_alarm(line: &LogLine) -> bool {
    match line.severity {
        Severity::Debug | Severity::Info => false,
        Severity::Warning | Severity::Error | Severity::Critical => true,
    }
}
