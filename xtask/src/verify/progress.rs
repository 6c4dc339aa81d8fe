//! What is being done, on the standard error, while somebody watches.

use std::io::{IsTerminal as _, Write as _};

/// A line that is overwritten; nothing at all where no terminal is.
pub(crate) struct Progress {
    is_terminal: bool,
}

impl Progress {
    /// Returns the progress line of this process.
    pub(crate) fn of_stderr() -> Self {
        Self { is_terminal: std::io::stderr().is_terminal() }
    }

    /// Says what begins now: `probe`, `tests of karn-sanctum`.
    pub(crate) fn say(&self, what: &str) {
        self.write(&format!("\r\x1b[K{what} …"));
    }

    fn write(&self, text: &str) {
        if self.is_terminal {
            let mut stderr = std::io::stderr();
            // A lost progress line is no reason to stop checking.
            stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush()).ok();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.write("\r\x1b[K");
    }
}
