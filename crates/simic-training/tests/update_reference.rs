//! One update agrees with numbers that Python computed independently (`tests/python/check_update.py`).
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/case.rs"]
mod case;

use std::collections::BTreeMap;

use leyline::Event;
use leyline::field::Seen;
use serde_json::Value;
use simic_training::emission::ppo_update_completed;

const TOLERANCE: f64 = 1e-5;

#[track_caller]
fn check(what: &str, ours: f64, python: f64) {
    let allowed = TOLERANCE * python.abs().max(1.0);
    assert!((ours - python).abs() <= allowed, "{what} is {ours}, Python has {python}");
}

#[track_caller]
fn check_all(what: &str, ours: &[f64], python: &Value) {
    let python: Vec<f64> = python.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    assert_eq!(ours.len(), python.len(), "{what}");
    ours.iter()
        .zip(&python)
        .enumerate()
        .for_each(|(i, (a, b))| check(&format!("{what}[{i}]"), *a, *b));
}

fn expected() -> Vec<Value> {
    let root: Value =
        serde_json::from_str(include_str!("../testdata/update/expected.json")).unwrap();
    root["cases"].as_array().unwrap().clone()
}

#[test]
fn the_committed_cases_are_those_of_the_code() {
    let committed = include_str!("../testdata/update/cases.json");
    let told = "testdata/update/cases.json is not up to date, see tests/python/check_update.py";
    assert!(committed == case::file(), "{told}");
}

#[test]
fn every_number_of_an_update_is_pythons() {
    for (case, python) in case::cases().iter().zip(expected()) {
        assert_eq!(python["name"], case.name);
        let (_, outcome) = case.update();
        assert_eq!(outcome.skip, None);
        let mut ours = BTreeMap::new();
        Event::from(ppo_update_completed(1, 1.0, &outcome)).visit_fields(&mut |_, spec, seen| {
            ours.insert(spec.name, seen);
        });
        for word in ["batch_idx", "skipped", "skip_reason", "update_time_ms"] {
            ours.remove(word);
        }
        let stats = python["stats"].as_object().unwrap();
        assert_eq!(ours.len(), stats.len(), "both compute the same fields");
        for (name, seen) in ours {
            let what = format!("{} of {}", name, case.name);
            match (seen, &stats[name]) {
                (Seen::Absent, Value::Null) => {}
                (Seen::Number(ours), Value::Number(python)) => {
                    check(&what, ours, python.as_f64().unwrap());
                }
                (ours, python) => panic!("{what} is {ours:?}, Python has {python}"),
            }
        }
    }
}

#[test]
fn every_target_is_pythons() {
    for (case, python) in case::cases().iter().zip(expected()) {
        let targets = case.rollout.targets(case.hyper.gamma, case.hyper.gae_lambda);
        check_all("td_errors", &targets.td_errors, &python["td_errors"]);
        check_all("advantages", &targets.advantages, &python["advantages"]);
        check_all("returns", &targets.returns, &python["returns"]);
    }
}

#[test]
fn every_parameter_after_the_update_is_pythons() {
    for (case, python) in case::cases().iter().zip(expected()) {
        let (net, _) = case.update();
        let tensors = python["parameters"].as_array().unwrap();
        assert_eq!(net.tensors().len(), tensors.len());
        for (i, (ours, python)) in net.tensors().iter().zip(tensors).enumerate() {
            let ours: Vec<f64> = ours.iter().map(|&w| f64::from(w)).collect();
            check_all(&format!("tensor {i} of {}", case.name), &ours, python);
        }
    }
}

/// The cases must take the branches that they are there for.
#[test]
fn the_cases_clip_stop_and_bootstrap() {
    let expected = expected();
    assert!(expected.iter().any(|case| case["stats"]["early_stop_epoch"].is_u64()));
    assert!(expected.iter().any(|case| 0 < case["clipped_steps"].as_u64().unwrap()));
    for name in ["clip_fraction_positive", "clip_fraction_negative"] {
        assert!(expected.iter().all(|case| 0.0 < case["stats"][name].as_f64().unwrap()), "{name}");
    }
}
