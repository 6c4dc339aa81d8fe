//! Measures what `cargo xtask verify-telemetry` costs whoever waits for it: a static pass, a whole run with everything
//! built, and the probe alone, cargo's own look at the sources included. Prints one JSON object per line.
//!
//! `cargo run --release -q -p telemetry-evidence --example bench_verify [-- --deep]`; `--deep` adds the wire cuts, which
//! take minutes. It lies here because this crate builds in no time; it links nothing of what it measures.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::json;

/// A pass is timed that often, and the fastest counts: whatever else runs on the machine only adds to it.
const ROUNDS: usize = 5;
/// A whole run is timed that often.
const WHOLE_ROUNDS: usize = 3;

const VERIFY: [&str; 2] = ["xtask", "verify-telemetry"];

fn main() {
    // Builds what is missing, which is no part of what is promised, and leaves the plan for the probe.
    seconds(&VERIFY);
    let fixed = [&VERIFY[..], &["--static"]].concat();
    report("static pass", fastest(ROUNDS, &fixed), 0.5, ROUNDS);
    report("whole run", fastest(WHOLE_ROUNDS, &VERIFY), 10.0, WHOLE_ROUNDS);
    let folder = target().join("telemetry");
    let (plan, evidence) = (text(&folder.join("plan.json")), text(&folder.join("bench.json")));
    let probe = ["run", "-q", "-p", "telemetry-probe", "--", "--plan", &plan, "--out", &evidence];
    report("probe", fastest(WHOLE_ROUNDS, &probe), 3.0, WHOLE_ROUNDS);
    if std::env::args().any(|word| word == "--deep") {
        let deep = [&VERIFY[..], &["--deep"]].concat();
        seconds(&deep);
        report("wire cuts", seconds(&deep), 300.0, 1);
    }
}

/// Returns the folder for what is built: this program lies in `release/examples/` of it.
fn target() -> PathBuf {
    let program = std::env::current_exe().expect("the name of this program");
    program.ancestors().nth(3).expect("a folder for what is built").to_owned()
}

fn text(path: &Path) -> String {
    path.to_str().expect("a name in UTF-8").to_owned()
}

/// Returns the shortest of some runs.
fn fastest(rounds: usize, words: &[&str]) -> f64 {
    (0..rounds).map(|_| seconds(words)).fold(f64::INFINITY, f64::min)
}

/// Returns how long cargo takes with these words. What fails is not measured.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn seconds(words: &[&str]) -> f64 {
    let begin = Instant::now();
    let mut command = Command::new("cargo");
    let output = command.args(words).stdin(Stdio::null()).output().expect("cargo can be started");
    let took = begin.elapsed().as_secs_f64();
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "cargo {}: {}\n{out}{err}", words.join(" "), output.status);
    took
}

#[expect(clippy::print_stdout, reason = "the output of a benchmark")]
fn report(name: &str, value: f64, bar: f64, rounds: usize) {
    let detail = format!("fastest of {rounds}, everything built");
    let line = json!({
        "name": format!("verify/{name}"), "value": value, "unit": "s", "bar": bar, "better": "lower",
        "detail": detail,
    });
    println!("{line}");
}
