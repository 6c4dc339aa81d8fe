//! Tests of the scaffold, against the workspace itself.

use super::*;

fn args(from: &str, to: &str, category: Category) -> Args {
    Args { from: from.to_owned(), to: to.to_owned(), category, name: None, widget: Vec::new() }
}

#[track_caller]
fn refused(args: &Args, words: &[&str]) {
    let index = SourceIndex::load(workspace::root()).unwrap();
    let error = draft(args, &index, None, &[], "2026-11-22").err().expect("a refusal").to_string();
    for word in words {
        assert!(error.contains(word), "{word:?} in {error}");
    }
}

#[test]
fn what_the_index_knows_is_filled_in_and_the_rest_is_open() {
    let index = SourceIndex::load(workspace::root()).unwrap();
    let mut args = args("TrainingStarted.max_batches", "snapshot.max_batches", Category::Training);
    args.widget.push("RunHeader".to_owned());
    let draft = draft(&args, &index, None, &[], "2026-11-22").unwrap();
    for line in [
        "] Max Batches\n",
        "| **Category** | `training` |",
        "| **Type** | `u64` |",
        "| **Missing** | TODO |",
        "| **File** | `crates/simic-training/src/emission.rs` |",
        "| **Function/Method** | `simic_training::emission::training_started` |",
        "| **Probe** | `event TrainingStarted.max_batches` |",
        "| **1. Emission** | `leyline::payload::TrainingStarted` | `crates/leyline/src/payload/run.rs` |",
        "| **Struct** | `karn_sanctum::Snapshot` |",
        "| **Path from Snapshot** | `snapshot.max_batches` |",
        "| RunHeader | `crates/sanctum-widgets/src/run_header.rs` | TODO |",
        "| 2026-11-22 | TODO | first version |",
    ] {
        assert!(draft.text.contains(line), "{line} in\n{}", draft.text);
    }
    assert!(!draft.text.contains("[x]"), "a new record has earned nothing");
    assert!(draft.file.ends_with("_max_batches.md"), "{}", draft.file);
    let steps = next_steps(&draft);
    assert!(steps.contains(&draft.file) && steps.contains("verify-telemetry"), "{steps}");
}

#[test]
fn a_payload_shared_by_several_kinds_and_an_option_are_understood() {
    let index = SourceIndex::load(workspace::root()).unwrap();
    let args = args("PpoUpdateCompleted.kl_divergence", "policy.kl_divergence", Category::Policy);
    let draft = draft(&args, &index, None, &[], "2026-11-22").unwrap();
    assert!(draft.text.contains("| **Struct** | `karn_sanctum::PolicyView` |"));
    assert!(draft.text.contains("| **Type** | `Option<Reading>` |"));
    assert!(!draft.text.contains("**Missing**"));
    let (_, anomaly) = index.payload("MemoryWarning").unwrap();
    assert_eq!(anomaly.name, "Anomaly");
}

#[test]
fn unknown_names_are_refused_with_their_neighbours() {
    let training = Category::Training;
    refused(&args("TrainingStarted.max_batches", "max_batch", training), &["max_batches"]);
    refused(&args("TrainingStarted.max_batch", "max_batches", training), &["max_batches"]);
    refused(&args("TrainingStarted2.max_batches", "max_batches", training), &["TrainingStarted"]);
    refused(&args("TrainingStarted", "max_batches", training), &["field of a payload"]);
    refused(&args("PpoUpdateCompleted.kl_divergence", "policy", training), &["PolicyView", "leaf"]);
    let mut with_widget = args("TrainingStarted.max_batches", "max_batches", training);
    with_widget.widget.push("RunHeader2".to_owned());
    refused(&with_widget, &["RunHeader"]);
}

#[test]
fn a_path_with_a_record_is_refused() {
    let index = SourceIndex::load(workspace::root()).unwrap();
    let args = args("TrainingStarted.max_batches", "max_batches", Category::Training);
    let old = (
        "TELE-014_max_batches.md".to_owned(),
        "| **Path from Snapshot** | `snapshot.max_batches` |".to_owned(),
    );
    let error = draft(&args, &index, None, &[old], "2026-11-22").err().unwrap().to_string();
    assert!(error.contains("TELE-014_max_batches.md"), "{error}");
}

#[test]
fn numbers_are_the_next_of_their_hundred_and_gaps_stay() {
    let index = SourceIndex::default();
    let records = ["TELE-001_a.md", "TELE-022_b.md", "TELE-810_c.md", "TELE-199_d.md"];
    let records = records.map(|name| (name.to_owned(), String::new()));
    assert_eq!(next_number(Category::Training, &index, &records).unwrap(), 23);
    assert_eq!(next_number(Category::Value, &index, &records).unwrap(), 200);
    assert_eq!(next_number(Category::User, &index, &records).unwrap(), 811);
    assert!(next_number(Category::Policy, &index, &records).is_err(), "199 was the last one");
    assert_eq!(next_number(Category::Training, &index, &[]).unwrap(), 1);
}

#[test]
fn the_registry_reserves_its_numbers() {
    let index = SourceIndex::load(workspace::root()).unwrap();
    let numbers = registered(&index);
    assert!(numbers.contains(&110) && numbers.contains(&14), "{numbers:?}");
}

#[test]
fn a_default_comes_from_what_the_probe_saw() {
    let leaf = |path: &str, fresh: Value| telemetry_evidence::evidence::Leaf {
        path: path.to_owned(),
        baseline: Value::Null,
        fresh,
        reached: true,
        is_reading: false,
    };
    let seen = Evidence {
        snapshot: vec![
            leaf("max_batches", 0.into()),
            leaf("connection", "waiting".into()),
            leaf("run_id", Value::Null),
            leaf("envs[*].status", Value::Null),
        ],
        ..Evidence::default()
    };
    let check = |path: &str| default(&seen, path);
    assert_eq!(check("max_batches").as_deref(), Some("0"));
    assert_eq!(check("connection").as_deref(), Some("waiting"));
    assert_eq!(check("run_id").as_deref(), Some("None"));
    assert_eq!(check("envs[*].status"), None);
    assert_eq!(check("gone"), None);
}
