//! How far a long read is, on a terminal: one line that is written over and wiped away at the end.

use std::io::Write;

use crate::cli::Progress;

/// Shorter reads are over before anybody could read the line.
const LEAST_BYTES: u64 = 32 << 20;
/// Events between two looks at how far the reading is.
const EVERY: u32 = 4096;

/// The line. What it is written to is for people, so failures do not count.
#[derive(Debug)]
pub(super) struct Meter<W: Write> {
    out: W,
    shown: Progress,
    events: u32,
    /// What stands on the line, if anything does.
    percent: Option<u64>,
}

impl<W: Write> Meter<W> {
    pub(super) const fn new(out: W, shown: Progress) -> Self {
        Self { out, shown, events: 0, percent: None }
    }

    /// Counts an event and returns whether it is time to say how far the reading is.
    pub(super) fn is_due(&mut self) -> bool {
        self.events = (self.events + 1) % EVERY;
        self.shown == Progress::Shown && self.events == 0
    }

    /// Shows how much was read.
    pub(super) fn show(&mut self, read: u64, total: u64) {
        let percent = (u128::from(read) * 100 / u128::from(total.max(1))).min(100) as u64;
        if total < LEAST_BYTES || self.percent == Some(percent) {
            return;
        }
        self.percent = Some(percent);
        write!(self.out, "\rreading: {percent} %").and_then(|()| self.out.flush()).ok();
    }
}

impl<W: Write> Drop for Meter<W> {
    /// Wipes the line away, whatever ended the reading.
    fn drop(&mut self) {
        if self.percent.is_some() {
            write!(self.out, "\r{:16}\r", "").and_then(|()| self.out.flush()).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percent_is_written_once_and_wiped_away() {
        let mut out = Vec::new();
        let mut meter = Meter::new(&mut out, Progress::Shown);
        for (read, total) in [(0, 1 << 30), (1, 1 << 30), (1 << 29, 1 << 30), (1 << 31, 1 << 30)] {
            meter.show(read, total);
        }
        drop(meter);
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "\rreading: 0 %\rreading: 50 %\rreading: 100 %\r                \r");
    }

    #[test]
    fn short_reads_and_pipes_say_nothing() {
        let mut out = Vec::new();
        let mut meter = Meter::new(&mut out, Progress::Shown);
        meter.show(1, LEAST_BYTES - 1);
        let mut due = 0;
        for _ in 0..2 * EVERY {
            due += u32::from(meter.is_due());
        }
        assert_eq!(due, 2);
        drop(meter);
        assert!(out.is_empty());
        let mut silent = Meter::new(Vec::new(), Progress::Silent);
        assert!((0..2 * EVERY).all(|_| !silent.is_due()));
    }
}
