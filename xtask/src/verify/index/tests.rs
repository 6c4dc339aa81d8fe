//! Tests of the index on a small tree and on the workspace itself.

use super::*;
use crate::workspace;

const SNAPSHOT: &str = "\
//! Snapshot.
use std::{collections::BTreeMap, sync::Arc};
use crate::reading::Reading;
mod policy;
pub use policy::{PolicyView, Update as LastUpdate};
pub struct Snapshot {
    /// TELE-014.
    pub max_batches: u64,
    pub policy: PolicyView,
    pub envs: Arc<[EnvView]>,
    pub metrics: Arc<BTreeMap<String, Series>>,
}
pub struct EnvView { pub status: Status, pub returns: Vec<f64> }
pub enum Status { Idle, Busy }
pub struct Series { pub unit: Option<String>, pub points: Arc<[(u64, f64)]> }
impl Snapshot { pub fn empty() -> Self { todo() } }
";

const POLICY: &str = "\
//! Policy.
use crate::reading::*;
#[derive(Debug, Default)]
pub struct PolicyView { pub kl_divergence: Option<Reading>, pub last: Option<Update> }
pub struct Update { pub batch: u64, pub next: Option<Box<Update>> }
mod tests {
    #[test]
    fn a_unit_test() {}
}
";

fn small() -> SourceIndex {
    let files = [
        (
            "crates/karn-sanctum/src/lib.rs",
            "pub mod reading; pub mod snapshot; pub use snapshot::{LastUpdate, Snapshot};",
        ),
        ("crates/karn-sanctum/src/reading.rs", "pub struct Reading<T = f64> { pub value: T }"),
        ("crates/karn-sanctum/src/snapshot.rs", SNAPSHOT),
        ("crates/karn-sanctum/src/snapshot/policy.rs", POLICY),
        ("crates/karn-sanctum/tests/runner.rs", "mod progress; mod support;"),
        (
            "crates/karn-sanctum/tests/progress.rs",
            "#[test] fn tele_014_a() {} fn helper() {} mod deep { #[test] #[ignore] fn b() {} }",
        ),
        ("crates/karn-sanctum/tests/lonely.rs", "#[test] fn c() {}"),
        (
            "crates/karn-sanctum/Cargo.toml",
            "[package]\nname = \"karn-sanctum\"\nautotests = false\n[[test]]\nname = \"runner\"\npath = \"tests/runner.rs\"\n",
        ),
        (
            "crates/leyline/src/lib.rs",
            "closed_word! { /// Why.\n FinishReason { Completed = \"completed\" } }\nmacro_rules! events { () => { pub enum Event {} } }",
        ),
        ("crates/broken/src/lib.rs", "fn ("),
        ("docs/notes.md", ""),
    ];
    let owned = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
    SourceIndex::of(owned.into_iter().collect())
}

#[track_caller]
fn check_path(path: &str, file: &str, line: u32) {
    let index = small();
    let found = index.resolve(path).unwrap();
    assert_eq!((found.file, found.lines.0), (file, line), "{path}");
}

#[track_caller]
fn check_missing(path: &str, at: &str, near: &[&str]) {
    let missing = small().resolve(path).unwrap_err();
    assert_eq!(
        (missing.at.as_str(), missing.nearest),
        (at, near.iter().map(|n| (*n).to_owned()).collect())
    );
}

#[test]
fn paths_lead_to_items_members_and_modules() {
    let snapshot = "crates/karn-sanctum/src/snapshot.rs";
    check_path("karn_sanctum::snapshot::Snapshot", snapshot, 6);
    check_path("karn_sanctum::Snapshot", snapshot, 6);
    check_path("karn_sanctum::Snapshot::empty", snapshot, 16);
    check_path("karn_sanctum::Snapshot::max_batches", snapshot, 8);
    check_path("karn_sanctum::snapshot::Status::Busy", snapshot, 14);
    check_path("karn_sanctum::LastUpdate", "crates/karn-sanctum/src/snapshot/policy.rs", 5);
    check_path("karn_sanctum::reading", "crates/karn-sanctum/src/reading.rs", 1);
    check_path("leyline::FinishReason", "crates/leyline/src/lib.rs", 2);
    check_path("leyline::Event", "crates/leyline/src/lib.rs", 3);
}

#[test]
fn what_is_missing_is_named_with_its_neighbours() {
    check_missing(
        "karn_sanctum::Snapshott",
        "karn_sanctum::Snapshott",
        &["karn_sanctum::Snapshot", "karn_sanctum::snapshot"],
    );
    check_missing(
        "karn_sanctum::Snapshot::empty2",
        "karn_sanctum::Snapshot::empty2",
        &["karn_sanctum::Snapshot::empty"],
    );
    check_missing(
        "karn_sanctum::snapsho::Snapshot",
        "karn_sanctum::snapsho",
        &["karn_sanctum::snapshot", "karn_sanctum::Snapshot"],
    );
    check_missing("karn::Snapshot", "karn", &[]);
    check_missing("leylin::Event", "leylin", &["leyline"]);
}

#[track_caller]
fn check_walk(path: &str, expected: Result<&str, &str>) {
    let index = small();
    let walked = index.walk("karn_sanctum::Snapshot", path).map(|walked| walked.ty.to_string());
    assert_eq!(walked.as_deref().map_err(String::as_str), expected, "{path}");
}

#[test]
fn paths_of_the_snapshot_lead_to_types() {
    check_walk("max_batches", Ok("u64"));
    check_walk("policy.kl_divergence", Ok("Option<Reading>"));
    check_walk("policy.last.batch", Ok("u64"));
    check_walk("envs[*].status", Ok("Status"));
    check_walk("envs[*].returns[*]", Ok("f64"));
    check_walk("metrics[*].unit", Ok("Option<String>"));
    check_walk("metrics[*].points", Ok("[(u64, f64)]"));
}

#[test]
fn a_path_that_leads_nowhere_says_where_it_stopped() {
    check_walk("max_batch", Err("Snapshot has no field max_batch; near: `max_batches`"));
    check_walk(
        "policy.kl_divergenc",
        Err("PolicyView has no field kl_divergenc; near: `policy.kl_divergence`"),
    );
    check_walk("envs.status", Err("envs is [EnvView]: write `envs[*]` for its elements"));
    check_walk("max_batches[*]", Err("max_batches[*] is u64, neither list nor map"));
    check_walk(
        "policy.kl_divergence.value",
        Err("policy.kl_divergence is Option<Reading> and has no fields of its own"),
    );
}

#[test]
fn leaves_are_readings_plain_values_and_lists_of_them() {
    let expected = [
        "max_batches",
        "policy.kl_divergence",
        "policy.last.batch",
        "envs[*].status",
        "envs[*].returns",
        "metrics[*].unit",
        "metrics[*].points",
    ];
    let mut leaves = small().leaves("karn_sanctum::Snapshot");
    // The update that contains an update ends at the depth at which trees stop.
    leaves.retain(|leaf| !leaf.starts_with("policy.last.next"));
    assert_eq!(leaves, expected);
}

#[test]
fn tests_have_the_names_that_their_binary_prints() {
    let index = small();
    let file = index.tests_in("crates/karn-sanctum/tests/progress.rs").unwrap();
    assert_eq!((file.package.as_str(), file.binary.as_deref()), ("karn-sanctum", Some("runner")));
    let names: Vec<_> = file.tests.iter().map(|t| (t.name.as_str(), t.is_ignored)).collect();
    assert_eq!(names, [("progress::tele_014_a", false), ("progress::deep::b", true)]);
    let unit = index.tests_in("crates/karn-sanctum/src/snapshot/policy.rs").unwrap();
    assert_eq!(
        (unit.binary, unit.tests[0].name.as_str()),
        (None, "snapshot::policy::tests::a_unit_test")
    );
    assert!(index.tests_in("crates/karn-sanctum/tests/lonely.rs").is_err());
    assert!(index.tests_in("crates/karn-sanctum/tests/gone.rs").is_err());
}

#[test]
fn a_file_that_is_no_rust_says_so_and_others_are_only_there() {
    let index = small();
    assert!(index.facts("crates/broken/src/lib.rs").unwrap().broken.is_some());
    assert!(index.has_file("docs/notes.md") && index.facts("docs/notes.md").is_none());
    assert!(!index.has_file("docs/gone.md"));
    assert_eq!(
        index.nearest_files("src/policy.rs"),
        ["crates/karn-sanctum/src/snapshot/policy.rs"]
    );
}

#[test]
fn derives_and_bytes_are_those_of_the_source() {
    let index = small();
    let found = index.resolve("karn_sanctum::snapshot::PolicyView").unwrap();
    let item = found.item().unwrap();
    assert_eq!(item.derives, ["Debug", "Default"]);
    let text = index.text(found.file).unwrap().get(item.bytes.clone()).unwrap();
    assert!(
        text.trim_start().starts_with("pub struct PolicyView") && text.ends_with('}'),
        "{text}"
    );
}

#[test]
fn the_workspace_itself_is_indexed() {
    let index = SourceIndex::load(workspace::root()).unwrap();
    index.warm(["tests/tests/records.rs"]);
    for path in [
        "karn_sanctum::Aggregator::apply",
        "karn_sanctum::Aggregator::snapshot",
        "karn_sanctum::Snapshot",
        "karn_sanctum::GpuView",
        "leyline::payload::TrainingStarted",
        "leyline::EmitterLoss",
        "simic_emitter::Hub::emit",
        "simic_training::emission::training_started",
        "simic_training::vitals::SystemSampler::sample",
        "leyline::FinishReason",
        "leyline::EventKind",
    ] {
        let found = index.resolve(path);
        assert!(found.is_ok(), "{path}: {found:?}");
    }
    for (path, ty) in [
        ("policy.kl_divergence", "Option<Reading>"),
        ("vitals.gpu_stats[*].device_id", "u32"),
        ("telemetry.sink_losses[*].lossy", "Option<u64>"),
        ("metrics[*].unit", "Option<String>"),
        ("envs[*].status", "EnvStatus"),
        ("event_log[*].severity", "Severity"),
    ] {
        let walked = index.walk("karn_sanctum::Snapshot", path).map(|walked| walked.ty.to_string());
        assert_eq!(walked.as_deref(), Ok(ty), "{path}");
    }
    let leaves = index.leaves("karn_sanctum::Snapshot");
    assert!(leaves.len() > 100 && leaves.iter().any(|leaf| leaf == "policy.last_update.batch"));
    let stories = index.tests_in("tests/tests/records.rs").unwrap();
    assert_eq!(stories.binary.as_deref(), Some("runner"));
    assert!(stories.tests.iter().any(|test| test.name.starts_with("records::tele_010_")));
}
