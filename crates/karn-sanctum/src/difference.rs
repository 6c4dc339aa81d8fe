//! What changed between two moments of a run: numbers, words and verdicts, the largest change first.

use std::collections::BTreeMap;

use leyline::metric::{self, MetricSpec};
use leyline::word::ClosedWord as _;
use leyline::{FinishReason, Health};

use crate::number::{self, Found};
use crate::snapshot::{EnvStatus, Snapshot};

mod spread;

use spread::Spreads;

/// Everything that is not the same at two moments.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Verdicts that a fresh value has at one of the moments only: what began, then what ended.
    pub alarms: Vec<Alarm>,
    /// Words and parameters that differ, in the order of the snapshot.
    pub words: Vec<Word>,
    /// Numbers that differ, the largest change first.
    pub numbers: Vec<Change>,
    /// How many numbers are the same at both moments.
    pub same: usize,
}

/// A number at two moments.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// What it measures.
    pub metric: &'static MetricSpec,
    /// Which environment, device or user metric it belongs to.
    pub of: Option<String>,
    /// At the first moment; `None`: there was none.
    pub before: Option<Value>,
    /// At the second moment; `None`: there was none.
    pub after: Option<Value>,
    /// Second minus first, where both are finite.
    pub difference: Option<f64>,
    /// The difference as a share of the size of the first; `None` where that is 0.
    pub relative: Option<f64>,
    /// The size of the difference in units of the metric's own spread: the standard deviation of the latest points of its
    /// history at the later moment. `None` where the snapshot keeps no history of it, or fewer than six points.
    pub spreads: Option<f64>,
}

/// A value and what it says about itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Value {
    /// The value; a flag is 1 or 0.
    pub value: f64,
    /// Whether the latest update refreshed it.
    pub fresh: bool,
    /// The verdict.
    pub verdict: Health,
}

/// A text at two moments.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// What it says.
    pub metric: &'static MetricSpec,
    /// Which environment it belongs to.
    pub of: Option<String>,
    /// At the first moment; `None`: there was none.
    pub before: Option<String>,
    /// At the second moment.
    pub after: Option<String>,
}

/// A verdict that began or ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    /// What it is about.
    pub metric: &'static MetricSpec,
    /// Which environment or device it belongs to.
    pub of: Option<String>,
    /// The verdict at the first moment; `NoData` if there was no fresh value.
    pub before: Health,
    /// The verdict at the second moment.
    pub after: Health,
}

impl Alarm {
    /// Returns whether it is worse at the second moment than at the first.
    pub fn began(&self) -> bool {
        self.before < self.after
    }
}

/// Compares two moments of a run, in this order. Each may be the later one.
pub fn difference(before: &Snapshot, after: &Snapshot) -> Difference {
    let later = if before.telemetry.events_received <= after.telemetry.events_received {
        after
    } else {
        before
    };
    let spreads = Spreads::of(later);
    let (first, second) = (numbers(before), numbers(after));
    let mut keys: Vec<&Key> = first.keys().chain(second.keys()).collect();
    keys.sort();
    keys.dedup();
    let mut found = Difference {
        alarms: Vec::new(),
        words: words(before, after),
        numbers: Vec::new(),
        same: 0,
    };
    for key in keys {
        let Some(metric) = metric::by_path(key.path) else { continue };
        let (a, b) = (first.get(key).copied(), second.get(key).copied());
        found.alarms.extend(alarm(metric, key, a, b));
        if is_same(a, b) {
            found.same += 1;
        } else {
            found.numbers.push(change(metric, key, a, b, spreads.get(key)));
        }
    }
    found.alarms.sort_by_key(|alarm| (!alarm.began(), alarm.metric.number));
    found.numbers.sort_by(by_size);
    found
}

/// Names a number in any snapshot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    path: &'static str,
    /// Environment or device.
    of: Option<u32>,
    /// User metric.
    name: Option<String>,
}

impl Key {
    const fn plain(path: &'static str) -> Self {
        Self { path, of: None, name: None }
    }

    fn label(&self) -> Option<String> {
        self.name.clone().or_else(|| self.of.map(|of| of.to_string()))
    }
}

const USER_METRIC: &str = "metrics[name].points";

fn numbers(snapshot: &Snapshot) -> BTreeMap<Key, Value> {
    let mut numbers = BTreeMap::new();
    number::visit(snapshot, &mut |found| {
        let Found { place, of, kind: _, value, batch: _, fresh, verdict } = found;
        numbers.insert(Key { of, ..Key::plain(place.path) }, Value { value, fresh, verdict });
    });
    for (name, series) in snapshot.metrics.iter() {
        if let Some(&(_, value)) = series.points.last() {
            let verdict = crate::verdict::number(Some(value));
            let key = Key { name: Some(name.clone()), ..Key::plain(USER_METRIC) };
            numbers.insert(key, Value { value, fresh: true, verdict });
        }
    }
    numbers
}

/// Two readings of NaN are the same, and a value that is no longer fresh has not changed by that.
fn is_same(before: Option<Value>, after: Option<Value>) -> bool {
    match (before, after) {
        (Some(a), Some(b)) => match a.value.partial_cmp(&b.value) {
            Some(order) => order.is_eq(),
            None => a.value.is_nan() && b.value.is_nan(),
        },
        (None, None) => true,
        (None, Some(_)) | (Some(_), None) => false,
    }
}

fn change(
    metric: &'static MetricSpec,
    key: &Key,
    before: Option<Value>,
    after: Option<Value>,
    spread: Option<f64>,
) -> Change {
    let finite = |value: Option<Value>| value.map(|v| v.value).filter(|v| v.is_finite());
    let pair = finite(before).zip(finite(after));
    let difference = pair.map(|(a, b)| b - a).filter(|d| d.is_finite());
    let per = |unit: f64| difference.map(|d| d / unit).filter(|share| share.is_finite());
    let relative = pair.and_then(|(a, _)| per(a.abs()));
    let spreads = spread.and_then(per).map(f64::abs);
    Change { metric, of: key.label(), before, after, difference, relative, spreads }
}

fn alarm(
    metric: &'static MetricSpec,
    key: &Key,
    before: Option<Value>,
    after: Option<Value>,
) -> Option<Alarm> {
    let judged = |value: Option<Value>| {
        value.filter(|value| value.fresh).map_or(Health::NoData, |value| value.verdict)
    };
    let (before, after) = (judged(before), judged(after));
    let raised = |health| Health::Warning <= health;
    let differs = before != after && (raised(before) || raised(after));
    differs.then(|| Alarm { metric, of: key.label(), before, after })
}

/// First what is no number any more or is one again, then by spreads, then what has no spread by its relative change, then
/// what appeared or vanished.
fn by_size(a: &Change, b: &Change) -> std::cmp::Ordering {
    let group = |change: &Change| match (change.before, change.after) {
        (Some(_), Some(_)) if change.difference.is_none() => 0,
        (Some(_), Some(_)) if change.spreads.is_some() => 1,
        (Some(_), Some(_)) => 2,
        (None, _) | (_, None) => 3,
    };
    let size = |change: &Change| {
        // A change from 0 is larger than any share.
        let without = change.relative.map_or(f64::INFINITY, f64::abs);
        change.spreads.unwrap_or(without)
    };
    let sizes = size(b).total_cmp(&size(a));
    group(a).cmp(&group(b)).then(sizes).then(a.metric.number.cmp(&b.metric.number))
}

fn words(before: &Snapshot, after: &Snapshot) -> Vec<Word> {
    let of_run = texts(before).into_iter().zip(texts(after));
    let mut found: Vec<Word> = of_run
        .filter(|((_, a), (_, b))| a != b)
        .filter_map(|((path, before), (_, after))| {
            Some(Word { metric: metric::by_path(path)?, of: None, before, after })
        })
        .collect();
    let status = |snapshot: &Snapshot| -> BTreeMap<u32, EnvStatus> {
        snapshot.envs.iter().map(|env| (env.env_id, env.status)).collect()
    };
    let (first, second) = (status(before), status(after));
    let Some(metric) = metric::by_path("envs[i].status") else { return found };
    let ids: std::collections::BTreeSet<_> = first.keys().chain(second.keys()).collect();
    for id in ids {
        let word = |of: &BTreeMap<u32, EnvStatus>| of.get(id).map(|&s| status_word(s).to_owned());
        let (before, after) = (word(&first), word(&second));
        if before != after {
            found.push(Word { metric, of: Some(id.to_string()), before, after });
        }
    }
    found
}

/// What the run was started with and how it stands, as text.
fn texts(snapshot: &Snapshot) -> [(&'static str, Option<String>); 10] {
    let reason = snapshot.finish_reason.map(FinishReason::as_str);
    // 0 means that it is not known.
    let max_batches = Some(snapshot.max_batches).filter(|&max| max != 0);
    [
        ("task_name", snapshot.task_name.clone()),
        ("reward_mode", snapshot.reward_mode.clone()),
        ("host_params", snapshot.host_params.map(|n| n.to_string())),
        ("n_envs", snapshot.n_envs.map(|n| n.to_string())),
        ("max_epochs", snapshot.max_epochs.map(|n| n.to_string())),
        ("max_batches", max_batches.map(|n| n.to_string())),
        ("start_batch", snapshot.start_batch.map(|n| n.to_string())),
        ("connection", Some(snapshot.connection.as_str().to_owned())),
        ("finish_reason", reason.map(str::to_owned)),
        ("finish_error", snapshot.finish_error.clone()),
    ]
}

const fn status_word(status: EnvStatus) -> &'static str {
    match status {
        EnvStatus::Initializing => "initializing",
        EnvStatus::Healthy => "healthy",
        EnvStatus::Excellent => "excellent",
        EnvStatus::Stalled => "stalled",
        EnvStatus::Degraded => "degraded",
    }
}
