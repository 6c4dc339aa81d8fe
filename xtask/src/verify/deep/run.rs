//! One build of the copy, then one short run per switch: the probe has to turn red, and a test that a broken record names
//! has to fail.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::instrument::Cut;
use super::tree::{self, VARIABLE};
use crate::process;
use crate::verify::checks::{CHECKS, tests_of_records};
use crate::verify::code::{self, Code, Tier};
use crate::verify::finding::Finding;
use crate::verify::probe_run::{self, gist};
use crate::verify::record::RecordId;
use crate::verify::test_run::{Key, Prepared};
use crate::verify::world::{Ran, TestResult, World};

/// What became of all cuts.
#[derive(Debug, Clone)]
pub(crate) struct Deep {
    /// In the order of the sources.
    pub(crate) cuts: Vec<Tried>,
    /// Wires that could not get a switch, and why.
    pub(crate) skipped: Vec<String>,
    #[expect(dead_code, reason = "printed with the first whole run of the cuts")]
    pub(crate) build_seconds: f64,
    /// Without the build.
    #[expect(dead_code, reason = "printed with the first whole run of the cuts")]
    pub(crate) seconds: f64,
}

/// A cut and its fate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tried {
    pub(crate) cut: Cut,
    pub(crate) fate: Fate,
}

/// Who noticed a cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The probe and this test.
    Killed(Key),
    /// The probe: these records are broken, and no test that they name fails.
    Untested(BTreeSet<RecordId>),
    /// Nobody.
    Unnoticed,
    /// Nobody can say.
    NotRun(String),
}

/// A finding of the probe, as far as two runs can be compared.
type Mark = (Code, Option<RecordId>, String);

/// What every run needs.
struct Bench<'a> {
    target: &'a Path,
    probe: PathBuf,
    tests: Prepared,
    cuts: Vec<Cut>,
    before: BTreeSet<Mark>,
}

/// Cuts every wire of the tree at `root`. `fresh` reads the world anew, because each worker needs one of its own.
///
/// # Errors
///
/// Fails if the copy cannot be built, or if probe or tests do not pass there without any cut.
#[expect(clippy::disallowed_methods, reason = "the report says how long it took")]
pub(crate) fn run(
    root: &Path,
    target: &Path,
    fresh: &(dyn Fn() -> Result<World, String> + Sync),
) -> Result<Deep, String> {
    let start = Instant::now();
    let folder = target.join("telemetry").join("deep");
    let copy = tree::copy(root, &folder.join("tree")).map_err(|error| format!("{error:#}"))?;
    eprintln!("deep: {} wires; building the copy", copy.cuts.len());
    let build = folder.join("build");
    let mut world = fresh()?;
    let keys: BTreeSet<Key> = world
        .records
        .iter()
        .flat_map(|record| tests_of_records::named(record).map(|(_, key)| key))
        .collect();
    let probe = build_probe(&copy.root, &build)?;
    let tests = Prepared::build(&copy.root, &keys, Some(&build))?;
    let build_seconds = start.elapsed().as_secs_f64();
    let mut bench = Bench { target, probe, tests, cuts: copy.cuts, before: BTreeSet::new() };
    bench.before = bench.marks(&mut world, "before", None)?;
    bench.passes(&keys)?;
    let start = Instant::now();
    let cuts = all(&bench, fresh)?;
    let seconds = start.elapsed().as_secs_f64();
    Ok(Deep { cuts, skipped: copy.skipped, build_seconds, seconds })
}

fn build_probe(root: &Path, build: &Path) -> Result<PathBuf, String> {
    let mut command = process::command("cargo", &["build", "-q", "-p", "telemetry-probe"]);
    command.current_dir(root).env("CARGO_TARGET_DIR", build);
    let output = command.output().map_err(|error| format!("cannot start cargo: {error}"))?;
    if !output.status.success() {
        let messages = String::from_utf8_lossy(&output.stderr);
        return Err(format!("the copy does not build: {}", gist(&messages)));
    }
    Ok(build.join("debug").join(format!("telemetry-probe{}", std::env::consts::EXE_SUFFIX)))
}

/// Tries every cut, on all processors.
fn all(
    bench: &Bench<'_>,
    fresh: &(dyn Fn() -> Result<World, String> + Sync),
) -> Result<Vec<Tried>, String> {
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let work = |number: usize| -> Result<Vec<(usize, Fate)>, String> {
        let mut world = fresh()?;
        let mut fates = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(cut) = bench.cuts.get(at) else { return Ok(fates) };
            if at.is_multiple_of(25) {
                eprintln!("deep: cut {at} of {}", bench.cuts.len());
            }
            fates.push((at, bench.try_cut(&mut world, &format!("worker-{number}"), cut)));
        }
    };
    let parts = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers)
            .map(|number| {
                let named = std::thread::Builder::new().name(format!("cuts-{number}"));
                named.spawn_scoped(scope, move || work(number)).map_err(|error| error.to_string())
            })
            .collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().map(|thread| thread.and_then(join)).collect::<Result<Vec<_>, String>>()
    })?;
    let mut fates: Vec<(usize, Fate)> = parts.into_iter().flatten().collect();
    fates.sort_by_key(|(at, _)| *at);
    Ok(bench.cuts.iter().cloned().zip(fates).map(|(cut, (_, fate))| Tried { cut, fate }).collect())
}

impl Bench<'_> {
    fn try_cut(&self, world: &mut World, worker: &str, cut: &Cut) -> Fate {
        let marks = match self.marks(world, worker, Some(cut)) {
            Ok(marks) => marks,
            Err(why) => return Fate::NotRun(why),
        };
        let fresh: BTreeSet<&Mark> = marks.difference(&self.before).collect();
        if fresh.is_empty() {
            return Fate::Unnoticed;
        }
        let broken = broken(&fresh);
        let keys: BTreeSet<Key> = world
            .records
            .iter()
            .filter(|record| broken.contains(&record.id))
            .flat_map(|record| tests_of_records::named(record).map(|(_, key)| key))
            .collect();
        match self.tests.first_failure(&keys, (VARIABLE, &cut.switch)) {
            Ok(Some(key)) => Fate::Killed(key),
            Ok(None) => Fate::Untested(broken),
            Err(why) => Fate::NotRun(why),
        }
    }

    /// Runs the probe with a switch thrown and returns what the checks find in its evidence.
    fn marks(
        &self,
        world: &mut World,
        name: &str,
        cut: Option<&Cut>,
    ) -> Result<BTreeSet<Mark>, String> {
        let mut command = Command::new(&self.probe);
        command.stdin(std::process::Stdio::null()).env_remove(VARIABLE);
        if let Some(cut) = cut {
            command.env(VARIABLE, &cut.switch);
        }
        let files = probe_run::Files::below(&self.target.join("telemetry").join("deep").join(name));
        world.evidence = probe_run::run(command, &world.plan, &files);
        if let Some(why) = world.evidence.why_not() {
            return Err(why.to_owned());
        }
        let of_the_probe = CHECKS.iter().filter(|check| check.code.spec().tier == Tier::Probe);
        let findings = of_the_probe.flat_map(|check| (check.run)(world).findings);
        Ok(findings.map(|Finding { code, record, subject, .. }| (code, record, subject)).collect())
    }

    /// Makes sure that a test which fails later fails because of a cut.
    fn passes(&self, keys: &BTreeSet<Key>) -> Result<(), String> {
        let results = self.tests.run(keys, None)?;
        let failed = results.iter().find(|(_, result)| **result == TestResult::Failed);
        match failed {
            Some(((file, name), _)) => {
                Err(format!("fails in the copy without any cut: {file} {name}"))
            }
            None => Ok(()),
        }
    }
}

/// Returns the records whose own value died; where none did, all that something was found about.
fn broken(fresh: &BTreeSet<&Mark>) -> BTreeSet<RecordId> {
    let of = |wanted: &dyn Fn(Code) -> bool| -> BTreeSet<RecordId> {
        fresh
            .iter()
            .filter(|(code, ..)| wanted(*code))
            .filter_map(|(_, record, _)| *record)
            .collect()
    };
    let direct = of(&|found| [code::P03, code::P04, code::C04].contains(&found));
    if direct.is_empty() { of(&|_| true) } else { direct }
}

impl Deep {
    /// Returns how many cuts were noticed by the probe and by a test.
    pub(crate) fn killed(&self) -> usize {
        self.cuts.iter().filter(|tried| matches!(tried.fate, Fate::Killed(_))).count()
    }
}

/// Returns the result of the cuts, or why there is none.
pub(crate) fn ran(
    root: &Path,
    target: &Path,
    fresh: &(dyn Fn() -> Result<World, String> + Sync),
) -> Ran<Deep> {
    match run(root, target, fresh) {
        Ok(deep) => Ran::Yes(deep),
        Err(why) => Ran::No(why),
    }
}
