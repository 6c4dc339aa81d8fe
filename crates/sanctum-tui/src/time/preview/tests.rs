//! A preview says nothing that the whole run does not say.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::Value;

use karn_sanctum::{Aggregator, Snapshot};
use leyline::demo::{self, Scenario};
use leyline::wire::to_json;

use leyline::metric;
use leyline::{Envelope, ViewNs};

use super::*;
use crate::headless::path;
use crate::record;

/// Folds events, each received at its own time.
fn fold<'a>(events: impl Iterator<Item = &'a Envelope>) -> Snapshot {
    let mut fold = Aggregator::new();
    let mut last = ViewNs(0);
    for event in events {
        last = ViewNs(event.mono_ns.0);
        fold.apply(&Incoming::Known(Arc::new(event.clone())), last);
    }
    let key = fold.default_key().expect("a run");
    fold.snapshot(&key, last)
}

/// Returns the preview from the start and the events from a place on, if they hold what it needs.
fn preview_from(events: &[Envelope], from: usize) -> Option<Snapshot> {
    let inputs = |events: &[Envelope]| -> Vec<Incoming> {
        events.iter().map(|event| Incoming::Known(Arc::new(event.clone()))).collect()
    };
    let mut end = End::new(&inputs(&events[..1]));
    for incoming in inputs(&events[from.max(1)..]) {
        end.take(&incoming);
    }
    let key = end.replay.shown(&Wanted::default())?;
    let last = events.last()?.seq;
    end.is_enough(&key).then(|| end.picture(&Wanted::default(), &key, last).snapshot)
}

/// Returns the paths at which a preview says something else than the whole state; what is absent says nothing.
fn differing(path: &str, shown: &Value, whole: &Value, found: &mut Vec<String>) {
    match (shown, whole) {
        (Value::Null, _) => {}
        (Value::Array(shown), _) if shown.is_empty() => {}
        (Value::Object(shown), Value::Object(whole)) => {
            for (name, value) in shown {
                let whole = whole.get(name).unwrap_or(&Value::Null);
                differing(&format!("{path}.{name}"), value, whole, found);
            }
        }
        _ if shown == whole => {}
        _ => found.push(format!("{path}: {shown} instead of {whole}")),
    }
}

fn json(snapshot: &Snapshot) -> Value {
    serde_json::from_str(&to_json(snapshot)).expect("JSON")
}

/// Takes some numbers out of an update or a sample, as trainers do that do not measure them every time.
fn thin(event: &mut Event, missing: u8) {
    let is_out = |bit: u8| missing & (1 << bit) != 0;
    if let Event::PpoUpdateCompleted(update) = event {
        if is_out(0) {
            (update.value_max, update.kl_divergence) = (None, None);
        }
        if is_out(1) {
            (update.return_std, update.entropy) = (None, None);
        }
        if is_out(2) {
            (update.explained_variance, update.value_std, update.grad_norm) = (None, None, None);
        }
    } else if let Event::SystemVitals(vitals) = event {
        if is_out(3) {
            vitals.ram_total_gb = None;
        }
        if is_out(4) {
            vitals.gpus = Vec::new();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn what_stays_is_what_the_whole_run_says(
        seed in 0_u64..1000,
        scenario in 0_usize..4,
        missing in prop::collection::vec(any::<u8>(), 1..40),
        from in any::<prop::sample::Index>(),
        until in any::<prop::sample::Index>(),
    ) {
        let scenario = [
            Scenario::Calm,
            Scenario::KlSpike,
            Scenario::EntropyCollapse,
            Scenario::LossyLink,
        ][scenario];
        let mut events = demo::events(scenario, seed);
        events.truncate(1 + until.index(events.len()));
        for (event, missing) in events.iter_mut().zip(missing.iter().cycle()) {
            thin(&mut event.event, *missing);
        }
        if let Some(shown) = preview_from(&events, from.index(events.len())) {
            prop_assert!(!shown.is_whole());
            let mut found = Vec::new();
            differing("snapshot", &json(&shown), &json(&fold(events.iter())), &mut found);
            prop_assert_eq!(found, Vec::<String>::new());
        }
    }
}

#[test]
fn the_readings_of_the_latest_update_stay_and_counts_go() {
    let events = demo::events(Scenario::Calm, 3);
    let whole = fold(events.iter());
    let shown = preview_from(&events, events.len() * 3 / 4).expect("batches and an update");
    assert!(shown.policy.kl_divergence.is_some() && shown.policy.explained_variance.is_some());
    assert_eq!(shown.policy.kl_divergence, whole.policy.kl_divergence);
    assert_eq!(
        (shown.current_batch, shown.runtime_seconds),
        (whole.current_batch, whole.runtime_seconds)
    );
    assert_eq!((shown.episodes.total, shown.policy.updates_skipped), (None, None));
    assert_eq!((shown.telemetry.events_received, shown.telemetry.sink_losses), (None, None));
    assert!(shown.envs.is_empty() && shown.event_log.is_empty());
}

#[test]
fn averages_stay_where_the_end_holds_all_that_they_go_over() {
    let events: Vec<Envelope> = demo::stream(3).take(4000).collect();
    let whole = fold(events.iter());
    let last = |count: usize| preview_from(&events, events.len() - count).expect("enough");
    assert!(whole.episodes.mean_return.is_some());
    assert_eq!(last(3000).episodes.mean_return, whole.episodes.mean_return);
    assert_eq!(last(100).episodes.mean_return, None);
    assert_eq!(last(100).episodes.last_return, whole.episodes.last_return);
}

/// Returns how a record says that its number goes back further than to the latest event, if it does.
fn reach(sources: &[&str]) -> Option<&'static str> {
    let suffixes = [" accumulates", " history", " best"].into_iter();
    suffixes.into_iter().find(|suffix| sources.iter().any(|source| source.ends_with(suffix)))
}

#[test]
fn nothing_stays_whose_record_says_that_it_goes_back_further() {
    let events: Vec<Envelope> = demo::stream(3).take(4000).collect();
    let whole = json(&fold(events.iter()));
    let shown = json(&preview_from(&events, 1000).expect("enough"));
    let (mut gone, mut kept) = (0, 0);
    let is_absent = |value: &Value| match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    };
    for spec in metric::all() {
        // Lists are absent as wholes, and what is in them with them.
        let (Ok(before), Ok(after)) = (path::get(&whole, spec.path), path::get(&shown, spec.path))
        else {
            continue;
        };
        let record = record::by_number(spec.number).expect(spec.path);
        if let Some(suffix) = reach(&record.text().sources) {
            // A flag that was raised once stays raised.
            let is_raised = after.as_bool() == Some(true);
            assert!(is_absent(after) || is_raised, "{}{suffix}", spec.path);
            gone += usize::from(!is_absent(before));
        } else {
            kept += usize::from(!is_absent(after));
        }
    }
    // The test would pass of nothing at all.
    assert!(15 <= gone && 60 <= kept, "{gone} gone, {kept} kept");
}

#[test]
fn rates_stay_where_the_end_is_as_long_as_their_window() {
    // A batch takes 0.14 s here, and the window is a minute.
    let events: Vec<Envelope> = demo::stream(3).take(60_000).collect();
    let whole = fold(events.iter());
    let last = |count: usize| preview_from(&events, events.len() - count).expect("enough");
    assert!(whole.vitals.epochs_per_second.is_some());
    assert_eq!(last(40_000).vitals.epochs_per_second, whole.vitals.epochs_per_second);
    assert_eq!(last(2000).vitals.epochs_per_second, None);
}
