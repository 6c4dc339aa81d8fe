//! Signals, as messages: a thread waits for them, so that nothing happens inside a signal handler.

use std::fs;
use std::io;
use std::thread::{Builder, JoinHandle};

use crossbeam_channel::{Receiver, bounded};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP};
use signal_hook::iterator::{Handle, Signals as Incoming};

/// Signals that wait while a frame is drawn.
const WAITING: usize = 16;

/// What was sent to this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// The run is to end: hang-up, interrupt or termination, with its number.
    End(i32),
    /// This process is to stop until it is continued.
    Suspend,
    /// It is continued.
    Continue,
}

/// The thread and its queue.
#[derive(Debug)]
pub struct Signals {
    /// What arrived.
    pub messages: Receiver<Signal>,
    handle: Handle,
    thread: JoinHandle<()>,
}

impl Signals {
    /// Begins to listen. Signals that whoever started us wants ignored, as `nohup` does, stay ignored.
    ///
    /// # Errors
    ///
    /// Fails if a handler or the thread cannot be installed.
    pub fn start() -> io::Result<Self> {
        let ignored = ignored_signals();
        let numbers = [SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGCONT];
        let mut incoming = Incoming::new(numbers.into_iter().filter(|&n| !is_in(ignored, n)))?;
        let handle = incoming.handle();
        let (out, messages) = bounded(WAITING);
        let thread = Builder::new().name("sanctum-signal".to_owned()).spawn(move || {
            for number in incoming.forever() {
                let signal = match number {
                    SIGTSTP => Signal::Suspend,
                    SIGCONT => Signal::Continue,
                    number => Signal::End(number),
                };
                // A full queue means that the main thread has enough to act upon.
                out.try_send(signal).ok();
            }
        })?;
        Ok(Self { messages, handle, thread })
    }

    /// Stops listening. The signals stay without effect, because handlers cannot be taken back.
    pub fn end(self) {
        self.handle.close();
        self.thread.join().ok();
    }
}

/// Returns the set of ignored signals; empty where the system does not say.
fn ignored_signals() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    parse_ignored(&status)
}

fn parse_ignored(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    line.and_then(|set| u64::from_str_radix(set.trim(), 16).ok()).unwrap_or(0)
}

fn is_in(set: u64, number: i32) -> bool {
    u32::try_from(number - 1)
        .ok()
        .and_then(|bit| set.checked_shr(bit))
        .is_some_and(|rest| rest & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_read_from_the_status() {
        let set = parse_ignored("Name:\tx\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000002\n");
        assert!(is_in(set, SIGHUP) && !is_in(set, SIGINT) && !is_in(set, SIGTERM));
        assert_eq!(parse_ignored("Name:\tx\n"), 0);
        assert!(!is_in(u64::MAX, 0));
    }
}
