//! One run: reads the tree, asks the probe and the tests, runs the checks tier by tier, and lets the judge judge.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use telemetry_evidence::Evidence;

use crate::process;
use crate::verify::checks::{CHECKS, Check, tests_of_records};
use crate::verify::code::Tier;
use crate::verify::cores::on_all_cores;
use crate::verify::deep::{self, Deep};
use crate::verify::finding::Outcome;
use crate::verify::index::SourceIndex;
use crate::verify::judge::{self, Outcomes, Scope};
use crate::verify::plan;
use crate::verify::probe_run;
use crate::verify::progress::Progress;
use crate::verify::record::{Cell, Record, parse_bytes};
use crate::verify::report::Report;
use crate::verify::tables::Tables;
use crate::verify::test_run;
use crate::verify::world::{Ran, TestRun, World};

/// Where the records lie.
const RECORDS: &str = "docs/telemetry";

/// What a run needs to know besides the tree.
pub(crate) struct Setup {
    /// Root of the tree that is looked at.
    pub(crate) root: PathBuf,
    /// Folder for what is built; plan and evidence lie below it.
    pub(crate) target: PathBuf,
    pub(crate) scope: Scope,
    /// `2026-11-22`.
    pub(crate) today: String,
    /// Makes the command of the probe; an argument, so that tests can put another one in its place. It runs in `root`.
    pub(crate) probe: fn() -> Command,
    /// How the named tests went, where that is known already.
    pub(crate) tests: Option<TestRun>,
}

/// What probe, tests and wire cuts said. They take minutes, and `--fix` changes nothing that they look at.
struct Answers {
    evidence: Ran<Evidence>,
    tests: Ran<TestRun>,
    deep: Ran<Deep>,
}

/// What a run knows at its end.
pub(crate) struct Session {
    pub(crate) world: World,
    pub(crate) report: Report,
}

/// Runs all of it. An error is one of configuration: a table that cannot be read, a record that does not exist.
pub(crate) fn run(setup: &Setup) -> Result<Session, String> {
    run_with(setup, None)
}

/// Judges the tree anew with what probe and tests said before: ticks and lists have changed, the program has not.
pub(crate) fn again(setup: &Setup, before: Session) -> Result<Session, String> {
    let World { evidence, tests, deep, .. } = before.world;
    run_with(setup, Some(Answers { evidence, tests, deep }))
}

#[expect(clippy::disallowed_methods, reason = "the report says how long each part took")]
fn run_with(setup: &Setup, known_answers: Option<Answers>) -> Result<Session, String> {
    let start = Instant::now();
    let mut timings = Vec::new();
    let mut last = start;
    let mut lap = |name: &str| {
        let now = Instant::now();
        timings.push((name.to_owned(), now.duration_since(last).as_secs_f64()));
        last = now;
    };
    let progress = Progress::of_stderr();
    progress.say("records and sources");
    let mut world = read(setup)?;
    known(&world.records, &setup.scope)?;
    lap("read");
    if let Some(Answers { evidence, tests, deep }) = known_answers {
        (world.evidence, world.tests, world.deep) = (evidence, tests, deep);
    } else if !setup.scope.is_static {
        progress.say("probe and tests");
        (world.evidence, world.tests) = ask(setup, &world);
        lap("probe and tests");
        if setup.scope.is_deep {
            progress.say("wire cuts");
            world.deep = deep::ran(&setup.root, &setup.target, &|| read(setup));
            lap("wire cuts");
        }
    }
    progress.say("checks");
    let outcomes = run_checks(&world);
    lap("checks");
    let mut report = judge::judge(&world, outcomes, &setup.scope);
    lap("judge");
    report.timings = timings;
    report.seconds = start.elapsed().as_secs_f64();
    Ok(Session { world, report })
}

/// Returns the world before probe, tests and cuts have run.
fn read(setup: &Setup) -> Result<World, String> {
    let (records, index, tables) = read_tree(&setup.root)?;
    let off = |why: &str| why.to_owned();
    Ok(World {
        root: setup.root.clone(),
        plan: plan::plan(&records),
        records,
        index,
        evidence: Ran::No(off("--static")),
        tests: Ran::No(off("--static")),
        deep: Ran::No(off("without --deep")),
        tables,
        today: setup.today.clone(),
        first_commit: first_commit(&setup.root),
    })
}

/// Runs every check whose tier has an answer.
fn run_checks(world: &World) -> Outcomes {
    let outcome = |tier: Tier, run: fn(&World) -> Outcome| -> Ran<Outcome> {
        let why = match tier {
            Tier::Static => None,
            Tier::Probe => world.evidence.why_not(),
            Tier::Tests => world.tests.why_not(),
            Tier::Deep => world.deep.why_not(),
        };
        why.map_or_else(|| Ran::Yes(run(world)), |why| Ran::No(why.to_owned()))
    };
    let one = |check: &Check| (check.code, outcome(check.code.spec().tier, check.run));
    on_all_cores(CHECKS, one).into_iter().collect()
}

/// Reads tables, records and sources.
fn read_tree(root: &Path) -> Result<(Vec<Record>, SourceIndex, Tables), String> {
    let tables = Tables::read(root)?;
    let (records, index) = std::thread::scope(|scope| {
        let named = std::thread::Builder::new().name("index".to_owned());
        let index = named.spawn_scoped(scope, || SourceIndex::load(root));
        let records = read_records(root);
        let index = match index {
            Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err(_) => SourceIndex::load(root),
        };
        (records, index)
    });
    let index = index.map_err(|error| format!("cannot read the sources: {error:#}"))?;
    let records = records?;
    index.warm(files_of(&records));
    Ok((records, index, tables))
}

/// Returns the Rust files that the records name.
fn files_of(records: &[Record]) -> BTreeSet<&str> {
    let cells = records.iter().flat_map(|record| {
        let tests = record.tests.iter().map(|row| &row.file);
        let widgets = record.consumers.iter().map(|row| &row.file);
        let stages = record.transport.iter().map(|row| &row.file);
        tests.chain(widgets).chain(stages).chain(record.emitter("File"))
    });
    cells.map(Cell::value).filter(|file| is_rust(file)).collect()
}

fn is_rust(file: &str) -> bool {
    Path::new(file).extension().is_some_and(|end| end == "rs")
}

/// Reads every record, on all processors; a folder that is not there holds none.
fn read_records(root: &Path) -> Result<Vec<Record>, String> {
    let folder = root.join(RECORDS);
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(format!("cannot read {RECORDS}: {error}")),
    };
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let is_record = |name: &String| {
        name.starts_with("TELE-") && Path::new(name).extension().is_some_and(|end| end == "md")
    };
    let mut names: Vec<String> = names.filter(is_record).collect();
    names.sort();
    let read = |name: &String| -> Result<Record, String> {
        let file = format!("{RECORDS}/{name}");
        let bytes = std::fs::read(folder.join(name))
            .map_err(|error| format!("cannot read {file}: {error}"))?;
        Ok(parse_bytes(&file, &bytes))
    };
    let read = on_all_cores(&names, read).into_iter();
    let mut records = read.collect::<Result<Vec<Record>, String>>()?;
    records.sort_by(|left, right| (left.id, &left.file).cmp(&(right.id, &right.file)));
    Ok(records)
}

/// Fails if `--only` names a record that does not exist. A folder without any record is for V01 to say.
fn known(records: &[Record], scope: &Scope) -> Result<(), String> {
    let missing = scope.only.iter().find(|id| records.iter().all(|record| record.id != **id));
    match missing {
        Some(id) if !records.is_empty() => Err(format!("there is no record {id} in {RECORDS}")),
        Some(_) | None => Ok(()),
    }
}

/// Runs the probe and the named tests at the same time.
fn ask(setup: &Setup, world: &World) -> (Ran<Evidence>, Ran<TestRun>) {
    let files = probe_run::Files::below(&setup.target);
    let is_asked =
        |record: &&Record| setup.scope.only.is_empty() || setup.scope.only.contains(&record.id);
    let keys: BTreeSet<test_run::Key> = world
        .records
        .iter()
        .filter(is_asked)
        .flat_map(|record| tests_of_records::named(record).map(|(_, key)| key))
        .collect();
    if world.records.is_empty() {
        let why = || format!("{RECORDS} holds no record");
        return (Ran::No(why()), Ran::No(why()));
    }
    let probe = || {
        let mut command = (setup.probe)();
        command.current_dir(&setup.root).env("CARGO_TARGET_DIR", &setup.target);
        probe_run::run(command, &world.plan, &files)
    };
    if let Some(tests) = &setup.tests {
        return (probe(), Ran::Yes(tests.clone()));
    }
    std::thread::scope(|scope| {
        let named = std::thread::Builder::new().name("probe".to_owned());
        let thread = named.spawn_scoped(scope, probe);
        let tests = test_run::run(&setup.root, &keys, &setup.target);
        let evidence = match thread {
            Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err(error) => Ran::No(format!("cannot start a thread: {error}")),
        };
        (evidence, tests)
    })
}

/// Returns the date of the first commit, or the beginning of time for a tree without history.
fn first_commit(root: &Path) -> String {
    let mut git = process::command("git", &["log", "--max-parents=0", "--format=%as"]);
    let dates = process::output(git.current_dir(root)).unwrap_or_default();
    dates.lines().min().unwrap_or("0001-01-01").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_before_is_not_asked_again() {
        let root = tempfile::tempdir().unwrap();
        let no_probe = || process::command("no-such-probe", &[]);
        let setup = Setup {
            root: root.path().to_owned(),
            target: root.path().join("target"),
            scope: Scope { is_deep: true, ..Scope::default() },
            today: "2026-11-22".to_owned(),
            probe: no_probe,
            tests: None,
        };
        let mut before = Session { world: read(&setup).unwrap(), report: Report::default() };
        before.world.evidence = Ran::Yes(Evidence::default());
        before.world.tests = Ran::Yes(TestRun::new());
        let (cuts, skipped) = (Vec::new(), vec!["one".to_owned()]);
        before.world.deep = Ran::Yes(Deep { cuts, skipped, build_seconds: 1.0, seconds: 2.0 });
        let after = again(&setup, before).unwrap();
        assert!(after.world.evidence.yes().is_some() && after.world.tests.yes().is_some());
        assert_eq!(after.report.cuts.map(|cuts| (cuts.skipped, cuts.seconds)), Some((1, 2.0)));
    }
}
