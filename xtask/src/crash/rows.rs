//! What `tail` printed, as far as a proof looks at it.

use anyhow::{Context, Result};
use serde::Deserialize;

/// The events of a log, as rows tell them.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// Their numbers, in order.
    pub(crate) seqs: Vec<u64>,
    /// Their times on the producer's clock (nanoseconds).
    mono_ns: Vec<u64>,
    /// Events that the log is reported to have lost before they reached it.
    pub(crate) reported: u64,
}

#[derive(Deserialize)]
struct Row {
    seq: u64,
    mono_ns: u64,
    event_type: String,
    data: serde_json::Value,
}

impl Rows {
    /// Reads one JSON object a line.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut rows = Self::default();
        for line in text.lines() {
            let row: Row =
                serde_json::from_str(line).with_context(|| format!("tail printed: {line}"))?;
            rows.seqs.push(row.seq);
            rows.mono_ns.push(row.mono_ns);
            if row.event_type == "EMITTER_LOSS" && row.data["sink"] == "log" {
                rows.reported += row.data["dropped"].as_u64().unwrap_or(0);
            }
        }
        Ok(rows)
    }

    /// Returns how many events lie behind the one with this number, and how many milliseconds of the run.
    pub(crate) fn after(&self, seq: u64) -> Option<(u64, f64)> {
        let at = self.seqs.iter().position(|&found| found == seq)?;
        let (from, to) = (self.mono_ns.get(at)?, self.mono_ns.last()?);
        let events = self.seqs.len() - at - 1;
        Some((events as u64, to.saturating_sub(*from) as f64 / 1e6))
    }

    /// Returns how many numbers are missing between the first possible one, 0, and the last; `None` if they do not rise.
    pub(crate) fn holes(&self) -> Option<u64> {
        if !self.seqs.is_sorted_by(|a, b| a < b) {
            return None;
        }
        Some(self.seqs.last().map_or(0, |last| last + 1 - self.seqs.len() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(seq: u64, kind: &str, data: &str) -> String {
        format!(
            "{{\"v\":1,\"seq\":{seq},\"mono_ns\":{},\"event_type\":\"{kind}\",\"data\":{data}}}\n",
            seq * 2_000_000
        )
    }

    #[test]
    fn holes_and_reported_losses_are_counted() {
        let loss = "{\"sink\":\"log\",\"lane\":\"lossy\",\"dropped\":2}";
        let other = "{\"sink\":\"live\",\"lane\":\"lossy\",\"dropped\":5}";
        let text =
            row(0, "X", "{}") + &row(3, "EMITTER_LOSS", loss) + &row(4, "EMITTER_LOSS", other);
        let rows = Rows::parse(&text).unwrap();
        assert_eq!((rows.holes(), rows.reported), (Some(2), 2));
        assert_eq!(rows.after(3), Some((1, 2.0)));
        assert_eq!(rows.after(1), None);
        let back = Rows::parse(&(row(4, "X", "{}") + &row(4, "X", "{}"))).unwrap();
        assert_eq!(back.holes(), None);
        assert!(Rows::parse("{\"seq\":").is_err());
    }
}
