//! `--self-test`: the verifier looks at a toy pipeline that makes one mistake at a time, and has to find each.
//!
//! Only the checks over evidence are asked here: the codes of the static tier have a fixture each, which the tests of
//! this program look at.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use telemetry_evidence::Evidence;

use crate::process;
use crate::verify::checks::CHECKS;
use crate::verify::code::{self, Code, Tier};
use crate::verify::exit;
use crate::verify::finding::Finding;
use crate::verify::index::SourceIndex;
use crate::verify::judge::{self, Outcomes, Scope};
use crate::verify::plan;
use crate::verify::probe_run::{self, Files};
use crate::verify::record::{self, Record};
use crate::verify::tables::Tables;
use crate::verify::world::{Ran, World};

mod legacy;

/// A mistake of the toy, and what has to be said about it.
struct Seed {
    /// Its number in the specification.
    number: u8,
    /// What the toy calls it.
    name: &'static str,
    must: Code,
    may: &'static [Code],
}

const fn seed(number: u8, name: &'static str, must: Code, may: &'static [Code]) -> Seed {
    Seed { number, name, must, may }
}

/// Every mistake. Those at the widget can be seen at the cell only, and those before the snapshot on all of the way.
const SEEDS: [Seed; 13] = [
    seed(1, "ignored-field", code::P03, &[code::C03, code::D01]),
    seed(2, "neighbouring-field", code::P05, &[code::P03, code::C03, code::D01]),
    seed(3, "constant", code::P04, &[code::D01, code::D06]),
    seed(4, "first-value", code::P06, &[code::D01]),
    seed(5, "wrong-unit", code::D01, &[code::D02]),
    seed(6, "uncounted-loss", code::P02, &[code::P03]),
    seed(7, "wrong-limit", code::H02, &[]),
    seed(8, "wrong-default", code::S04, &[code::D03]),
    seed(9, "made-up-number", code::D06, &[]),
    seed(10, "no-reset", code::P07, &[]),
    seed(11, "missing-as-zero", code::D03, &[]),
    seed(12, "never-written", code::P03, &[code::C03, code::C04, code::D01]),
    seed(13, "overwritten-leak", code::P05, &[]),
];
/// Where the records of the toy lie.
const RECORDS: &str = "xtask/fixtures/toy";

/// What the self-test needs to know.
pub(crate) struct Bench<'a> {
    /// Root of this workspace.
    pub(crate) root: &'a Path,
    /// Folder for what is built.
    pub(crate) target: &'a Path,
    /// The toy, as cargo has just built it.
    pub(crate) toy: PathBuf,
}

/// Builds the toy of this workspace and returns its program: once, because cargo needs longer to find out that nothing has
/// changed than the toy does to run.
pub(crate) fn toy() -> Result<PathBuf, String> {
    const BUILD: [&str; 7] = [
        "build",
        "-q",
        "-p",
        "telemetry-probe",
        "--example",
        "toy",
        "--message-format=json-render-diagnostics",
    ];
    let mut command = process::command("cargo", &BUILD);
    let output = command.output().map_err(|error| format!("cannot start cargo: {error}"))?;
    if !output.status.success() {
        let messages = String::from_utf8_lossy(&output.stderr);
        return Err(format!("the toy does not build: {}", probe_run::gist(&messages)));
    }
    let told = String::from_utf8_lossy(&output.stdout);
    program(&told).ok_or_else(|| "cargo built no toy".to_owned())
}

/// Returns the program that cargo says it built.
fn program(told: &str) -> Option<PathBuf> {
    #[derive(serde::Deserialize)]
    struct Built {
        executable: Option<PathBuf>,
    }
    told.lines().filter_map(|line| serde_json::from_str::<Built>(line).ok()?.executable).next_back()
}

/// Makes every mistake, prints what was found, and returns how that ends for the shell. An error is one of ours.
pub(crate) fn run(bench: &Bench<'_>) -> Result<u8, String> {
    let records = read_records(&bench.root.join(RECORDS))?;
    let clean = match look(bench, "none", &records) {
        Ran::Yes(seen) => seen,
        Ran::No(why) => {
            println!("not verified: {why}");
            return Ok(exit::NOT_VERIFIED);
        }
    };
    let mut faults = Vec::new();
    if !clean.findings.is_empty() {
        faults.push(format!("the toy without a mistake: {}", texts(&clean.findings)));
    }
    for seed in &SEEDS {
        let Seed { number, name, must, .. } = seed;
        match look(bench, name, &records) {
            Ran::Yes(seen) => {
                let wrong = wrong(seed, &seen.findings);
                println!("{number:>3}  {name:<20} {must}  {}", names(&seen.findings));
                faults.extend(wrong.map(|why| format!("{number} {name}: {why}")));
                if *number == 13 && !needs_two_orders(&seen) {
                    faults.push("13: one order of the events alone finds it".to_owned());
                }
            }
            Ran::No(why) => {
                println!("not verified: {why}");
                return Ok(exit::NOT_VERIFIED);
            }
        }
    }
    faults.extend(broken_build(bench, &records));
    faults.extend(legacy::faults(bench)?);
    for fault in &faults {
        println!("FAILED {fault}");
    }
    println!("{} seeded mistakes, {} failures", SEEDS.len(), faults.len());
    Ok(if faults.is_empty() { exit::CLEAN } else { exit::FOUND })
}

/// What the checks found in a toy.
struct Seen {
    world: World,
    outcomes: Outcomes,
    findings: Vec<Finding>,
}

/// Runs the toy and every check over its evidence.
fn look(bench: &Bench<'_>, defect: &str, records: &[Record]) -> Ran<Seen> {
    let files = Files::below(&bench.target.join("self-test"));
    let asked = plan::plan(records);
    let mut toy = Command::new(&bench.toy);
    toy.args(["--defect", defect]).current_dir(bench.root).stdin(Stdio::null());
    match probe_run::run(toy, &asked, &files) {
        Ran::No(why) => Ran::No(why),
        Ran::Yes(evidence) => match world(bench.root, records, Ran::Yes(evidence)) {
            Ok(world) => Ran::Yes(checked(world)),
            Err(why) => Ran::No(why),
        },
    }
}

fn world(root: &Path, records: &[Record], evidence: Ran<Evidence>) -> Result<World, String> {
    Ok(World {
        root: root.to_owned(),
        plan: plan::plan(records),
        records: records.to_vec(),
        index: SourceIndex::of(BTreeMap::new()),
        evidence,
        tests: Ran::No("the toy has no tests".to_owned()),
        deep: Ran::No("a toy has no wires".to_owned()),
        tables: Tables::of(&|_| Ok(None))?,
        today: "2026-11-22".to_owned(),
        first_commit: "2025-11-26".to_owned(),
    })
}

fn checked(world: World) -> Seen {
    let is_asked = |code: Code| code.spec().tier == Tier::Probe;
    let outcomes: Outcomes = CHECKS
        .iter()
        .filter(|check| is_asked(check.code))
        .map(|check| (check.code, Ran::Yes((check.run)(&world))))
        .collect();
    let all = outcomes.values().filter_map(Ran::yes);
    let findings = all.flat_map(|outcome| outcome.findings.iter().cloned()).collect();
    Seen { world, outcomes, findings }
}

fn read_records(folder: &Path) -> Result<Vec<Record>, String> {
    let cannot = |error: std::io::Error| format!("cannot read {}: {error}", folder.display());
    let mut records = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        let text = std::fs::read_to_string(entry.path()).map_err(cannot)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        records.push(record::parse(&format!("docs/telemetry/{name}"), &text));
    }
    records.sort_by_key(|record| record.id);
    match records.iter().find(|record| !record.problems.is_empty()) {
        Some(record) => Err(format!("{}: {}", record.file, texts(&record.problems))),
        None if records.is_empty() => Err(format!("{} holds no record", folder.display())),
        None => Ok(records),
    }
}

/// Returns what is wrong with the findings about a mistake.
fn wrong(seed: &Seed, findings: &[Finding]) -> Option<String> {
    let found: BTreeSet<Code> = findings.iter().map(|finding| finding.code).collect();
    if !found.contains(&seed.must) {
        return Some(format!("{} was not found; {}", seed.must, texts(findings)));
    }
    let is_other =
        |finding: &&Finding| finding.code != seed.must && !seed.may.contains(&finding.code);
    let others: Vec<Finding> = findings.iter().filter(is_other).cloned().collect();
    (!others.is_empty()).then(|| format!("besides {}: {}", seed.must, texts(&others)))
}

/// Returns whether the mistake is overlooked if the events are looked at in the order of a real run only.
fn needs_two_orders(seen: &Seen) -> bool {
    let Ran::Yes(evidence) = &seen.world.evidence else { return false };
    let mut evidence = evidence.clone();
    for fold in evidence.fold.values_mut() {
        fold.last_writer.clear();
    }
    let once = world(&seen.world.root, &seen.world.records, Ran::Yes(evidence)).map(checked);
    once.is_ok_and(|once| once.findings.iter().all(|finding| finding.code != code::P05))
}

/// A toy that cannot be built must end as not verified, whatever is tolerated.
fn broken_build(bench: &Bench<'_>, records: &[Record]) -> Option<String> {
    let files = Files::below(&bench.target.join("self-test"));
    let no_such = ["run", "-q", "-p", "telemetry-probe", "--example", "no-such-toy"];
    let command = process::command("cargo", &no_such);
    let evidence = probe_run::run(command, &plan::plan(records), &files);
    if evidence.yes().is_some() {
        return Some("a probe that does not build has evidence".to_owned());
    }
    let world = world(bench.root, records, evidence).ok()?;
    let not_run = |code: Code| (code, Ran::No("no evidence".to_owned()));
    let outcomes = CHECKS.iter().map(|check| not_run(check.code)).collect();
    let report = judge::judge(&world, outcomes, &Scope::default());
    let ends = exit::code(&report, crate::verify::FailOn::None);
    (ends != exit::NOT_VERIFIED).then(|| format!("a probe that does not build ends with {ends}"))
}

fn names(findings: &[Finding]) -> String {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for finding in findings {
        *counts.entry(finding.code.as_str()).or_default() += 1;
    }
    counts.iter().map(|(code, count)| format!("{code}×{count}")).collect::<Vec<_>>().join(" ")
}

fn texts(findings: &[Finding]) -> String {
    let text = |finding: &Finding| {
        let record = finding.record.map_or_else(String::new, |id| format!(" {id}"));
        format!("{}{record} {}", finding.code, finding.message)
    };
    let all: Vec<String> = findings.iter().map(text).collect();
    if all.is_empty() { "nothing was found".to_owned() } else { all.join("; ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::finding::Location;

    fn findings(codes: &[Code]) -> Vec<Finding> {
        let finding = |code: &Code| Finding::new(*code, Location::default(), "x", "x");
        codes.iter().map(finding).collect()
    }

    #[track_caller]
    fn check(codes: &[Code], is_right: bool) {
        let seed = seed(0, "none", code::P03, &[code::C03]);
        assert_eq!(wrong(&seed, &findings(codes)).is_none(), is_right, "{codes:?}");
    }

    #[test]
    fn a_mistake_needs_its_code_and_bears_its_companions_only() {
        check(&[code::P03], true);
        check(&[code::C03, code::P03], true);
        check(&[code::C03], false);
        check(&[], false);
        check(&[code::P03, code::D01], false);
    }

    #[test]
    fn each_mistake_has_a_number_and_no_companion_is_its_own_code() {
        let numbers: Vec<u8> = SEEDS.iter().map(|seed| seed.number).collect();
        assert_eq!(numbers, (1..=13).collect::<Vec<u8>>());
        assert!(SEEDS.iter().all(|seed| !seed.may.contains(&seed.must)));
    }

    #[test]
    fn the_program_is_the_one_that_cargo_names_last() {
        let told = r#"{"reason":"compiler-artifact","executable":null}
noise
{"reason":"compiler-artifact","executable":"/t/toy"}
{"reason":"build-finished","success":true}"#;
        assert_eq!(program(told), Some(PathBuf::from("/t/toy")));
        assert_eq!(program("{\"reason\":\"build-finished\",\"success\":true}"), None);
    }

    #[test]
    fn a_toy_that_is_gone_is_not_verified() {
        let folder = tempfile::tempdir().unwrap();
        let (root, target) = (crate::workspace::root(), folder.path());
        let bench = Bench { root, target, toy: folder.path().join("toy") };
        assert_eq!(run(&bench), Ok(exit::NOT_VERIFIED));
    }

    #[test]
    fn the_records_of_the_toy_are_parsed_without_a_complaint() {
        let records = read_records(&crate::workspace::root().join(RECORDS)).unwrap();
        assert_eq!(records.len(), 11);
    }
}
