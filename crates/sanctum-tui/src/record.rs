//! The telemetry records, compiled in from the file that `cargo xtask verify-telemetry --fix` makes of them.

use std::sync::LazyLock;

use leyline::metric::{self, MetricSpec};
use sanctum_widgets::RecordText;
use serde::Deserialize;

use crate::headless::nearest::nearest;

/// `docs/telemetry/records.json`, which the verifier holds equal to the records (L03).
const FILE: &str = include_str!("../../../docs/telemetry/records.json");

/// One record, as far as a viewer needs it.
#[derive(Debug, Clone, Deserialize)]
pub struct Record {
    id: String,
    question: String,
    meaning: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    unit: Option<String>,
    range: Option<String>,
    missing: Option<String>,
    thresholds: Vec<Threshold>,
    source: Source,
    consumers: Vec<Consumer>,
    file: String,
    earned: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Threshold {
    level: String,
    condition: String,
    meaning: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Source {
    origin: Option<String>,
    function: Option<String>,
    probe: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Consumer {
    widget: String,
    usage: String,
}

#[derive(Debug, Default, Deserialize)]
struct File {
    records: Vec<Record>,
}

/// A file that cannot be read would leave every metric without a record; the test below reads it.
static RECORDS: LazyLock<Vec<Record>> =
    LazyLock::new(|| serde_json::from_str::<File>(FILE).unwrap_or_default().records);

/// Returns every record.
pub fn all() -> &'static [Record] {
    &RECORDS
}

/// Returns the record of a metric.
pub fn by_number(number: u16) -> Option<&'static Record> {
    let id = format!("TELE-{number:03}");
    all().iter().find(|record| record.id == id)
}

/// Returns the metric that a person means: `TELE-110`, `110`, `policy.kl_divergence` or `KL Divergence`.
///
/// # Errors
///
/// A sentence that names the nearest path, where no metric is called so.
pub fn find(text: &str) -> Result<u16, String> {
    let digits = text.strip_prefix("TELE-").unwrap_or(text);
    let number = digits.parse().ok().and_then(metric::by_number);
    let named = |spec: &&MetricSpec| spec.path == text || spec.name.eq_ignore_ascii_case(text);
    let found = number.or_else(|| metric::all().find(named));
    found.map(|spec| spec.number).ok_or_else(|| {
        let nearest = nearest(text, metric::all().map(|spec| spec.path)).unwrap_or_default();
        format!("no metric is called `{text}`; nearest: `{nearest}`")
    })
}

impl Record {
    /// Returns what is shown of the record.
    pub fn text(&self) -> RecordText<'_> {
        const NOTHING: &str = "—";
        let thresholds = self.thresholds.iter();
        let consumers = self.consumers.iter();
        RecordText {
            question: &self.question,
            meaning: &self.meaning,
            kind: self.kind.as_deref().unwrap_or(NOTHING),
            unit: self.unit.as_deref().unwrap_or(NOTHING),
            range: self.range.as_deref().unwrap_or(NOTHING),
            missing: self.missing.as_deref(),
            thresholds: thresholds
                .map(|row| [&*row.level, &*row.condition, &*row.meaning])
                .collect(),
            origin: self.source.origin.as_deref().unwrap_or(NOTHING),
            function: self.source.function.as_deref(),
            sources: self.source.probe.iter().flat_map(|probe| spans(probe)).collect(),
            widgets: consumers.map(|row| [&*row.widget, &*row.usage]).collect(),
            file: &self.file,
            earned: &self.earned,
        }
    }
}

/// Returns what stands between backticks, one source each; a text without them is one source.
fn spans(probe: &str) -> Vec<&str> {
    let code: Vec<&str> = probe.split('`').skip(1).step_by(2).collect();
    let code = if code.is_empty() { vec![probe] } else { code };
    code.into_iter().flat_map(|text| text.split(';')).map(str::trim).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_a_record_with_everything_that_is_shown() {
        assert_eq!(all().len(), metric::all().count());
        for spec in metric::all() {
            let record = by_number(spec.number).unwrap_or_else(|| panic!("{}", spec.number));
            let text = record.text();
            assert!(text.question.ends_with('?') && !text.meaning.is_empty(), "{}", spec.number);
            assert_ne!([text.kind, text.unit, text.range], ["—"; 3], "{}", spec.number);
            assert!(text.sources.iter().all(|source| !source.is_empty()), "{}", spec.number);
            assert!(text.file.contains(&format!("TELE-{:03}", spec.number)));
        }
        assert!(by_number(9999).is_none());
    }

    #[test]
    fn a_metric_is_found_by_each_of_its_names() {
        for text in ["TELE-110", "110", "policy.kl_divergence", "kl divergence"] {
            assert_eq!(find(text), Ok(110), "{text}");
        }
        assert!(find("kl").is_err());
    }

    #[test]
    fn sources_are_taken_apart() {
        assert_eq!(spans("`event A.b; event A.c`"), ["event A.b", "event A.c"]);
        assert_eq!(spans("`event A.b`; `event C.d`"), ["event A.b", "event C.d"]);
        assert_eq!(spans("sampled"), ["sampled"]);
    }
}
