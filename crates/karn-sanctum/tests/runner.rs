//! Every test of the public API of the crate in one binary; each file is about one subject.

#![cfg(test)]

mod alerts;
mod budget;
mod concerns;
mod connection;
mod counters;
mod difference;
mod envs;
mod episode_records;
mod episodes;
mod event_log;
mod formulas;
mod groups;
mod history;
mod log_records;
mod own_limits;
mod properties;
mod quarantine;
mod run_progress;
mod support;
mod throughput;
mod update_histories;
mod update_readings;
mod updates;
mod user_metrics;
mod verdicts;
mod vitals;

/// A file that is not listed above would never run.
#[test]
fn no_test_file_is_forgotten() {
    let listed = include_str!("runner.rs");
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(module) = name.strip_suffix(".rs").filter(|module| *module != "runner") else {
            continue;
        };
        assert!(listed.contains(&format!("mod {module};\n")), "{module} is not listed");
    }
}
