//! What the inspector tells of a number: its record, and the value in the picture that is shown.

use karn_sanctum::{Reading, Snapshot, number, verdict};
use leyline::metric::{self, MetricSpec};
use leyline::{Health, RunNs, Timestamp, wire};
use sanctum_widgets::{InspectorProps, Measured, Of, RecordText, Shown};
use serde_json::Value;

use crate::fold::Picture;
use crate::headless::path;
use crate::record;
use crate::settings::{self, Own};

/// The numbers that can be gone through, and which of them is inspected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Inspecting {
    list: Vec<Shown>,
    at: usize,
}

impl Inspecting {
    /// Returns a list with one of its numbers inspected.
    pub(crate) fn new(list: Vec<Shown>, at: usize) -> Self {
        Self { at: at.min(list.len().saturating_sub(1)), list }
    }

    /// Goes on by `step`, around the end.
    pub(crate) fn step(&mut self, step: isize) {
        let count = self.list.len().max(1);
        self.at = (self.at + count).saturating_add_signed(step) % count;
    }

    /// Returns what is inspected.
    pub(crate) fn shown(&self) -> Option<&Shown> {
        self.list.get(self.at)
    }
}

/// Metrics that others keep a history of, and the number of that history.
const HISTORIES: [(u16, u16); 7] =
    [(110, 111), (120, 125), (131, 133), (132, 134), (310, 311), (612, 21), (640, 666)];

/// Returns everything about the number that is inspected; `None` if none is.
pub(crate) fn props(inspecting: &Inspecting, picture: &Picture) -> Option<InspectorProps<'static>> {
    let shown = inspecting.shown()?;
    let snapshot = &picture.snapshot;
    let spec = metric::by_number(shown.record);
    let place = spec.and_then(|spec| place(spec.path, &shown.of, snapshot));
    let json = spec.map_or(Value::Null, |spec| json(snapshot, spec));
    let at = |path: &str| path::get(&json, path).cloned().unwrap_or_default();
    let found = place.as_deref().map(at).unwrap_or_default();
    let reading = serde_json::from_value::<Reading<Value>>(found.clone()).ok();
    let (value, measured) = match reading {
        Some(Reading { value, batch, mono_ns, fresh, verdict }) => {
            let reading = Reading { value: (), batch, mono_ns, fresh, verdict };
            (value, Some(measured(reading, picture)))
        }
        None => (found, None),
    };
    let health = match (&measured, spec) {
        (Some(measured), _) => measured.reading.verdict,
        (None, Some(spec)) => judged(spec, &shown.of, &value, snapshot),
        (None, None) => Health::NoData,
    };
    let of_history = HISTORIES.iter().find(|(of, _)| *of == shown.record);
    let history = match of_history.and_then(|(_, history)| metric::by_number(*history)) {
        Some(spec) => self::place(spec.path, &shown.of, snapshot)
            .and_then(|path| points(&at_of(snapshot, spec, &path))),
        None => points(&value),
    };
    Some(InspectorProps {
        number: spec.map(|spec| spec.number),
        name: spec.map_or_else(|| format!("metric {}", shown.record), |spec| spec.name.to_owned()),
        of: of(&shown.of),
        path: place.unwrap_or_else(|| spec.map_or("", |spec| spec.path).to_owned()),
        record: record::by_number(shown.record)
            .map(|record| with_own(record.text(), shown.record, settings::own())),
        value: told(&value),
        measured,
        verdict: health,
        history,
        among: (inspecting.at, inspecting.list.len()),
    })
}

/// Puts the limits of somebody before those of the record.
fn with_own<'a>(mut record: RecordText<'a>, number: u16, own: &'a [Own]) -> RecordText<'a> {
    let id = format!("TELE-{number:03}");
    let own = own.iter().filter(|own| own.record == id).flat_map(Own::rows);
    record.thresholds.splice(..0, own.collect::<Vec<_>>());
    record
}

fn at_of(snapshot: &Snapshot, spec: &MetricSpec, path: &str) -> Value {
    path::get(&json(snapshot, spec), path).cloned().unwrap_or_default()
}

/// Returns the part of a snapshot that holds a metric, as JSON; the large parts beside it are left out.
fn json(snapshot: &Snapshot, spec: &MetricSpec) -> Value {
    let Snapshot { policy, envs, event_log, metrics, .. } = snapshot.clone();
    let rest = Snapshot { run_id: snapshot.run_id.clone(), ..snapshot.clone() };
    let top = spec.path.split(['.', '[']).next().unwrap_or_default();
    let empty = Snapshot::empty();
    let part = Snapshot {
        policy: if top == "policy" { policy } else { empty.policy },
        envs: if top == "envs" { envs } else { empty.envs },
        event_log: if top == "event_log" { event_log } else { empty.event_log },
        metrics: if top == "metrics" { metrics } else { empty.metrics },
        ..rest
    };
    serde_json::from_str(&wire::to_json(&part)).unwrap_or_default()
}

/// Returns the path to one of many; `None` where there is no such one.
fn place(path: &str, of: &Of, snapshot: &Snapshot) -> Option<String> {
    let index = |index: usize| path.replacen("[i]", &format!("[{index}]"), 1);
    match of {
        // A number that was asked for by its metric alone is that of the first one.
        Of::Run => Some(match snapshot.metrics.keys().next() {
            Some(name) => index(0).replacen("[name]", &format!("[{name}]"), 1),
            None => index(0),
        }),
        Of::Env(id) => snapshot.envs.iter().position(|env| env.env_id == *id).map(index),
        Of::Device(id) => {
            snapshot.vitals.gpu_stats.iter().position(|gpu| gpu.device_id == *id).map(index)
        }
        Of::Metric(name) => Some(path.replacen("[name]", &format!("[{name}]"), 1)),
    }
}

fn of(of: &Of) -> Option<String> {
    match of {
        Of::Run => None,
        Of::Env(id) => Some(format!("environment {id}")),
        Of::Device(id) => Some(format!("device {id}")),
        Of::Metric(name) => Some(name.clone()),
    }
}

fn measured(reading: Reading<()>, picture: &Picture) -> Measured {
    let moment = picture.moment.as_deref();
    // The producer's present is that of its latest event, and of the silence since then.
    let since_latest =
        moment.and_then(|moment| moment.at).map(|at| at.seconds_since(reading.mono_ns));
    let silence = picture.snapshot.staleness_seconds.unwrap_or_default();
    let ts = moment.and_then(|moment| moment.ts).zip(moment.and_then(|moment| moment.at));
    Measured {
        reading,
        ts: ts.map(|(ts, at)| earlier(ts, at, reading.mono_ns)),
        age_seconds: since_latest.map(|seconds| seconds.max(0.0) + silence),
    }
}

/// The wall clock at another moment of the monotonic clock.
fn earlier(ts: Timestamp, at: RunNs, then: RunNs) -> Timestamp {
    let micros = at.0.abs_diff(then.0) / 1000;
    let micros = i64::try_from(micros).unwrap_or(i64::MAX);
    let back = if then <= at { -micros } else { micros };
    Timestamp::from_micros(ts.as_micros().saturating_add(back))
}

/// Returns the verdict on a value that carries none.
fn judged(spec: &MetricSpec, of: &Of, value: &Value, snapshot: &Snapshot) -> Health {
    if value.is_null() {
        return Health::NoData;
    }
    let env = |id: &u32| snapshot.envs.iter().find(|env| env.env_id == *id);
    let env = match of {
        Of::Env(id) => env(id),
        Of::Run | Of::Device(_) | Of::Metric(_) => snapshot.envs.first(),
    };
    match spec.number {
        11 => verdict::current_epoch(snapshot.current_epoch, snapshot.max_epochs),
        13 => verdict::current_batch(snapshot.current_batch, snapshot.max_batches),
        14 => verdict::max_batches(snapshot.max_batches),
        22 => verdict::finish_reason(snapshot.finish_reason),
        630 => env.map_or(Health::NoData, |env| verdict::env_status(env.status)),
        634 => env.map_or(Health::NoData, |env| {
            verdict::env_age(&snapshot.settings, env.last_update_age_seconds, snapshot.connection)
        }),
        702 => verdict::staleness(&snapshot.settings, snapshot.staleness_seconds),
        703 => {
            verdict::training_thread_alive(snapshot.training_thread_alive, snapshot.finish_reason)
        }
        704 => verdict::connection(snapshot.connection),
        _ => walked(spec, of, snapshot),
    }
}

/// Looks among the numbers that are judged with every snapshot.
fn walked(spec: &MetricSpec, of: &Of, snapshot: &Snapshot) -> Health {
    let mut health = Health::Ungraded;
    let wanted = match of {
        Of::Env(id) | Of::Device(id) => Some(*id),
        Of::Run | Of::Metric(_) => None,
    };
    number::visit(snapshot, &mut |found| {
        if found.place.path == spec.path && (wanted.is_none() || found.of == wanted) {
            health = found.verdict;
        }
    });
    health
}

/// Returns the numbers of a list; of pairs of step and value the values. `None`: it is no list of numbers.
fn points(value: &Value) -> Option<Vec<f64>> {
    let point = |value: &Value| match value {
        Value::Array(pair) => pair.last().and_then(number_of),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            number_of(value)
        }
    };
    value.as_array()?.iter().map(point).collect()
}

fn number_of(value: &Value) -> Option<f64> {
    match value.as_str() {
        Some("NaN") => Some(f64::NAN),
        Some("Infinity") => Some(f64::INFINITY),
        Some("-Infinity") => Some(f64::NEG_INFINITY),
        Some(_) => None,
        None => value.as_f64(),
    }
}

/// Returns a value as it is kept; `None`: absent. A list is told by its length, its latest values stand elsewhere.
fn told(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(list) if list.is_empty() => None,
        Value::Array(list) => Some(format!("{} entries", list.len())),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => Some(value.to_string()),
    }
}

/// Returns every metric, for a number that was asked for by name.
pub(crate) fn everything(wanted: u16) -> Inspecting {
    let of = |record: u16| Shown { record, of: Of::Run };
    let list: Vec<Shown> = metric::all().map(|spec| of(spec.number)).collect();
    let at = list.iter().position(|shown| shown.record == wanted);
    Inspecting::new(list, at.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use crate::settings::{Origin, limit, owned};

    use super::*;

    #[test]
    fn an_own_limit_stands_before_those_of_its_record_and_nowhere_else() {
        let own = owned(&[(limit("TELE-110=0.02,0.05").unwrap(), Origin::File(4))]);
        let text = |number: u16| record::by_number(number).unwrap().text();
        let with = with_own(text(110), 110, &own);
        assert_eq!(
            with.thresholds[..2],
            [
                [
                    "Warning",
                    "value > 0.02",
                    "own limit (configuration file, line 4), built in > 0.015"
                ],
                [
                    "Critical",
                    "value > 0.05",
                    "own limit (configuration file, line 4), built in > 0.03"
                ],
            ]
        );
        assert_eq!(with.thresholds[2..], text(110).thresholds);
        assert_eq!(with_own(text(120), 120, &own), text(120));
    }
}
