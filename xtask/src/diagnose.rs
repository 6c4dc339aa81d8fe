//! Trains healthy runs and runs with something wrong in them, and compares the alerts of `check` with what is known of each.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process::command;
use crate::table::{Form, format_table};
use crate::workspace::Metadata;
use crate::{process, workspace};

/// What `cargo xtask diagnose-report` is asked to do.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many healthy runs, of the seeds from 1 on.
    #[arg(long, default_value_t = 10)]
    healthy: u64,
    /// Batches of a healthy run.
    #[arg(long, default_value_t = WHOLE_RUN)]
    batches: u64,
    /// Prints the table and leaves the document as it is.
    #[arg(long)]
    print: bool,
}

/// A run and what its alerts must be.
struct Case {
    name: String,
    flags: &'static [&'static str],
    seed: u64,
    batches: u64,
    /// `None`: no critical alert at all.
    expected: Option<Expected>,
}

/// The alerts of a run, as names of rules with the first batch.
#[derive(Default)]
struct Found {
    critical: Vec<String>,
    warning: Vec<String>,
    info: Vec<String>,
    machine: usize,
}

/// The document that the table goes into, between two lines.
const DOCUMENT: &str = "docs/diagnosis.md";
const BEGIN: &str = "<!-- written by `cargo xtask diagnose-report` -->\n";
const END: &str = "<!-- end -->\n";

/// Batches of a CartPole run that is asked for nothing else.
const WHOLE_RUN: u64 = 488;

/// What the rules must say of a run with something wrong in it.
#[derive(Clone, Copy)]
struct Expected {
    /// The rule that must find it in the batches of the run.
    rule: &'static str,
    /// Whether a warning is enough, because the rule has no worse level.
    is_warning: bool,
}

/// Something wrong: its name, the flags that make it so, what must be said of it, and within how many batches.
type Wrong = (&'static str, &'static [&'static str], Expected, u64);

/// Batches in which most of them must be found: the warm-up and five more.
const STATED: u64 = 15;

const WRONG: [Wrong; 7] = [
    (
        "learning rate x100",
        &["--learning-rate", "0.1", "--anneal-learning-rate", "off"],
        critical("ent-low"),
        STATED,
    ),
    (
        "entropy bonus -0.1",
        &["--inject", "entropy-bonus=-0.1", "--anneal-learning-rate", "off"],
        critical("ent-low"),
        // It narrows the policy by a hundredth of a nat per batch.
        70,
    ),
    ("reward scale x1000", &["--reward-scale", "500"], critical("grad-high"), STATED),
    ("NaN in one gradient", &["--inject", "nan-gradient@12"], critical("nan"), 12),
    (
        "one environment frozen",
        &["--inject", "frozen-env=3@1"],
        Expected { rule: "env-quiet", is_warning: true },
        STATED,
    ),
    (
        "value loss exploding",
        &["--value-coef", "1000", "--max-grad-norm", "1000000", "--learning-rate", "0.02"],
        critical("grad-high"),
        STATED,
    ),
    (
        "zero advantage",
        &["--reward-scale", "1e-9", "--normalize-advantages", "off"],
        critical("adv-std"),
        STATED,
    ),
];

const fn critical(rule: &'static str) -> Expected {
    Expected { rule, is_warning: false }
}

fn cases(args: &Args) -> Vec<Case> {
    let healthy = (1..=args.healthy).map(|seed| Case {
        name: format!("healthy, seed {seed}"),
        flags: &[],
        seed,
        batches: args.batches,
        expected: None,
    });
    let wrong = WRONG.into_iter().map(|(name, flags, expected, batches)| Case {
        name: name.to_owned(),
        flags,
        seed: 1,
        batches,
        expected: Some(expected),
    });
    healthy.chain(wrong).collect()
}

/// Trains and checks every case; fails if one was not diagnosed as it should be.
pub(crate) fn run(args: &Args) -> Result<()> {
    let build = ["build", "--quiet", "--package", "sanctum-tui", "--package", "esper"];
    if !process::succeeds(&mut command("cargo", &build))? {
        bail!("the programs do not build");
    }
    let target = Metadata::load()?.target_directory;
    let programs = target.join("debug");
    let place = target.join("diagnose").join(std::process::id().to_string());
    fs::create_dir_all(&place).with_context(|| format!("cannot make {}", place.display()))?;
    let (mut rows, mut failed) = (Vec::new(), Vec::new());
    for case in cases(args) {
        let found = diagnose(&case, &programs, &place)
            .with_context(|| format!("{} in {}", case.name, place.display()))?;
        if !holds(&case, &found) {
            failed.push(case.name.clone());
        }
        rows.push(row(&case, &found));
    }
    fs::remove_dir_all(&place).ok();
    let head = [
        "run",
        "batches",
        "expected",
        "critical",
        "warning",
        "info",
        "about the machine",
        "as expected",
    ];
    let table = format_table(&head, &rows, Form::Markdown);
    if args.print {
        print!("{}", format_table(&head, &rows, Form::Plain));
    } else {
        write(&table)?;
    }
    if failed.is_empty() {
        return Ok(());
    }
    bail!("not diagnosed as they should be: {}", failed.join(", "))
}

/// Trains a case and returns the alerts of `check`.
fn diagnose(case: &Case, programs: &Path, place: &Path) -> Result<Found> {
    let name = case.name.replace([' ', ','], "-");
    let (seed, batches) = (case.seed.to_string(), case.batches.to_string());
    let root = place.to_string_lossy();
    let mut train =
        command(&programs.join("esper").to_string_lossy(), &["ppo", "--no-tui", "--quiet"]);
    train.args(["--no-listen", "--fsync", "never", "--epoch-every", "16"]);
    train.args(["--run-dir", &root, "--run-id", &name, "--seed", &seed, "--episodes", &batches]);
    train.args(case.flags).stdout(Stdio::null());
    if !process::succeeds(&mut train)? {
        bail!("the training failed");
    }
    let run = place.join(&name);
    let mut check = command(
        &programs.join("sanctum-tui").to_string_lossy(),
        &["check", &run.to_string_lossy(), "--json"],
    );
    // It exits with 10 or 11 where there are alerts.
    let output = check.output().context("cannot start sanctum-tui check")?;
    let report: Value = serde_json::from_slice(&output.stdout)
        .with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    Ok(found(&report))
}

fn found(report: &Value) -> Found {
    let mut found = Found::default();
    let groups = report["groups"].as_array().into_iter().flatten();
    for alert in groups.flat_map(|group| group["alerts"].as_array().into_iter().flatten()) {
        let text = |key: &str| alert[key].as_str().unwrap_or_default();
        if text("about") == "machine" {
            found.machine += 1;
            continue;
        }
        let list = match text("level") {
            "critical" => &mut found.critical,
            "warning" => &mut found.warning,
            _ => &mut found.info,
        };
        let batch = alert["first_batch"].as_u64().unwrap_or(0);
        list.push(format!("{} b{batch}", text("rule")));
    }
    found
}

fn holds(case: &Case, found: &Found) -> bool {
    match case.expected {
        None => found.critical.is_empty(),
        Some(Expected { rule, is_warning }) => {
            let warning = found.warning.iter().filter(|_| is_warning);
            let mut alerts = found.critical.iter().chain(warning);
            alerts.any(|alert| alert.split(' ').next() == Some(rule))
        }
    }
}

fn row(case: &Case, found: &Found) -> Vec<String> {
    let list = |alerts: &[String]| {
        if alerts.is_empty() { "none".to_owned() } else { alerts.join(", ") }
    };
    vec![
        case.name.clone(),
        case.batches.to_string(),
        match case.expected {
            None => "no critical alert".to_owned(),
            Some(Expected { rule, is_warning: true }) => format!("{rule} (warning)"),
            Some(Expected { rule, is_warning: false }) => rule.to_owned(),
        },
        list(&found.critical),
        counted(&found.warning),
        counted(&found.info),
        found.machine.to_string(),
        if holds(case, found) { "yes" } else { "NO" }.to_owned(),
    ]
}

/// How often each rule is in a list, in the order in which they came.
fn counted(alerts: &[String]) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for rule in alerts.iter().filter_map(|alert| alert.split(' ').next()) {
        match counts.iter_mut().find(|(known, _)| *known == rule) {
            Some((_, count)) => *count += 1,
            None => counts.push((rule, 1)),
        }
    }
    if counts.is_empty() {
        return "none".to_owned();
    }
    counts.iter().map(|(rule, count)| format!("{rule} x{count}")).collect::<Vec<_>>().join(", ")
}

fn write(table: &str) -> Result<()> {
    let path = workspace::root().join(DOCUMENT);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {DOCUMENT}"))?;
    let before = text.split_once(BEGIN).map(|(before, _)| before);
    let after = text.split_once(END).map(|(_, after)| after);
    let (Some(before), Some(after)) = (before, after) else {
        bail!("{DOCUMENT} has no place for the table");
    };
    fs::write(&path, format!("{before}{BEGIN}\n{table}\n{END}{after}"))
        .with_context(|| format!("cannot write {DOCUMENT}"))?;
    println!("diagnose: wrote {DOCUMENT}");
    Ok(())
}

/// One healthy run, and everything wrong only for its stated batches.
pub(crate) fn check() -> Result<()> {
    run(&Args { healthy: 1, batches: WHOLE_RUN, print: true })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn alert(rule: &str, level: &str, about: &str) -> Value {
        json!({ "rule": rule, "level": level, "about": about, "first_batch": 12 })
    }

    #[test]
    fn alerts_are_sorted_by_level_and_those_of_the_machine_are_counted_apart() {
        let alerts = [
            alert("kl-high", "critical", "learning"),
            alert("critic", "warning", "learning"),
            alert("critic", "warning", "learning"),
            alert("stall", "critical", "machine"),
        ];
        let found = found(&json!({ "groups": [{ "alerts": alerts }] }));
        assert_eq!(found.critical, ["kl-high b12"]);
        assert_eq!((counted(&found.warning).as_str(), found.machine), ("critic x2", 1));
        let case =
            |expected| Case { name: String::new(), flags: &[], seed: 1, batches: 1, expected };
        let must = |expected| holds(&case(Some(expected)), &found);
        assert!(must(critical("kl-high")) && !must(critical("kl")));
        assert!(!must(critical("critic")), "it only warned");
        assert!(must(Expected { rule: "critic", is_warning: true }));
        assert!(must(Expected { rule: "kl-high", is_warning: true }), "more than a warning");
        assert!(!holds(&case(None), &found) && holds(&case(None), &Found::default()));
    }
}
