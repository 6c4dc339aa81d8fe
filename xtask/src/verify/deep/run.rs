//! One build of the copy, then every switch in turn: the probe has to turn red, and a test that a broken record names has
//! to fail.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;

use telemetry_evidence::{CutSeen, Evidence};

use super::instrument::Cut;
use super::reach::{self, Way};
use super::switch::VARIABLE;
use super::tree;
use crate::process;
use crate::verify::checks::cuts::subject;
use crate::verify::checks::{CHECKS, tests_of_records};
use crate::verify::code::{self, Code, Tier};
use crate::verify::finding::Finding;
use crate::verify::probe_run::{self, gist};
use crate::verify::progress::Progress;
use crate::verify::record::RecordId;
use crate::verify::test_run::{Key, Prepared};
use crate::verify::world::{Ran, World};

/// How much the probe looks at again, as its option `--look` has it. What one look does not notice, the next one may.
const LOOKS: [&str; 3] = ["first", "near", WHOLE];
const WHOLE: &str = "whole";

/// What became of all cuts.
#[derive(Debug, Clone)]
pub(crate) struct Deep {
    /// In the order of the sources.
    pub(crate) cuts: Vec<Tried>,
    /// Wires that could not get a switch and tests that cannot miss one, and why.
    pub(crate) skipped: Vec<String>,
    pub(crate) build_seconds: f64,
    /// Without the build.
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
    /// Not the probe; perhaps a test.
    Unnoticed(Option<Key>),
    /// Nobody can say.
    NotRun(String),
}

/// A finding of the probe, as far as two runs can be compared.
type Mark = (Code, Option<RecordId>, String);

/// What every look needs.
struct Bench<'a> {
    folder: &'a Path,
    probe: PathBuf,
    tests: Prepared,
    ways: Vec<Way>,
    cuts: Vec<Cut>,
    before: BTreeSet<Mark>,
    /// Cuts that stand in the list of exemptions, by subject.
    listed: BTreeSet<String>,
}

/// Cuts every wire of the tree at `root`. `fresh` reads the world anew, because each worker needs one of its own.
///
/// # Errors
///
/// Fails if the copy cannot be built, or if the probe does not run there without any cut.
#[expect(clippy::disallowed_methods, reason = "the report says how long it took")]
pub(crate) fn run(
    root: &Path,
    target: &Path,
    fresh: &(dyn Fn() -> Result<World, String> + Sync),
) -> Result<Deep, String> {
    let start = Instant::now();
    let progress = Progress::of_stderr();
    let folder = target.join("telemetry").join("deep");
    let copy = tree::copy(root, &folder.join("tree")).map_err(|error| format!("{error:#}"))?;
    progress.say(&format!("{} wires: building the copy", copy.cuts.len()));
    let build = folder.join("build");
    let mut world = fresh()?;
    let records = world.records.iter();
    let keys = records.flat_map(|record| tests_of_records::named(record).map(|(_, key)| key));
    let probe = build_probe(&copy.root, &build)?;
    let tests = Prepared::build(&copy.root, &keys.collect(), &build)?;
    let build_seconds = start.elapsed().as_secs_f64();
    let start = Instant::now();
    progress.say("wire cuts: tests without any cut");
    let (ways, no_witnesses) = reach::ways(&tests, &folder.join("notes"))?;
    let skipped = copy.skipped.into_iter().chain(no_witnesses).collect();
    let of_cuts =
        world.tables.exemptions.iter().filter(|entry| Code::find(&entry.code) == Some(code::V03));
    let listed = of_cuts.map(|entry| entry.subject.clone()).collect();
    let (cuts, before) = (copy.cuts, BTreeSet::new());
    let mut bench = Bench { folder: &folder, probe, tests, ways, cuts, before, listed };
    progress.say("wire cuts: probe without any cut");
    bench.before = bench.marks_before(&mut world)?;
    let cuts = all(&bench, &progress, fresh)?;
    let seconds = start.elapsed().as_secs_f64();
    Ok(Deep { cuts, skipped, build_seconds, seconds })
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

/// A line of the probe, and the cut that it is about.
type Line = (usize, String);
/// What came of it; `None`: nothing that this look can see.
type Answer = (usize, Result<Option<Fate>, String>);

/// Tries every cut. The probe runs ahead, and workers judge what it says.
fn all(
    bench: &Bench<'_>,
    progress: &Progress,
    fresh: &(dyn Fn() -> Result<World, String> + Sync),
) -> Result<Vec<Tried>, String> {
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let (answers, answered) = sync_channel::<Answer>(bench.cuts.len());
    let fates = std::thread::scope(|scope| {
        let mut lines = Vec::new();
        for number in 0..workers {
            // A line is a megabyte: a worker that is behind holds up the probe.
            let (sender, receiver) = sync_channel::<Line>(2);
            lines.push(sender);
            let answers = answers.clone();
            let named = std::thread::Builder::new().name(format!("cuts-{number}"));
            let work = move || bench.work(fresh, &receiver, &answers);
            named.spawn_scoped(scope, work).map_err(|error| error.to_string())?;
        }
        bench.looks(progress, &lines, &answered)
    })?;
    let lost = || Fate::NotRun("nobody looked".to_owned());
    let fate = |at: usize| fates.get(&at).cloned().unwrap_or_else(lost);
    let cuts = bench.cuts.iter().enumerate();
    Ok(cuts.map(|(at, cut)| Tried { cut: cut.clone(), fate: fate(at) }).collect())
}

impl Bench<'_> {
    /// Looks at all cuts, and again at those of which nothing was noticed.
    fn looks(
        &self,
        progress: &Progress,
        lines: &[SyncSender<Line>],
        answered: &Receiver<Answer>,
    ) -> Result<BTreeMap<usize, Fate>, String> {
        let mut fates = BTreeMap::new();
        let mut open: Vec<usize> = (0..self.cuts.len()).collect();
        let mut unnoticed = Vec::new();
        for look in LOOKS {
            if look == WHOLE {
                // Each costs as much as the verifier itself; of these it is known, and why.
                let listed = |at: &usize| self.listed.contains(&subject(&self.cuts[*at]));
                (unnoticed, open) = open.into_iter().partition(listed);
            }
            progress.say(&format!("wire cuts: {} to look at ({look})", open.len()));
            self.ask(look, &open, lines)?;
            let mut left = Vec::new();
            for _ in &open {
                let (at, fate) = answered.recv().map_err(|error| error.to_string())?;
                match fate? {
                    Some(fate) => drop(fates.insert(at, fate)),
                    None => left.push(at),
                }
            }
            left.sort_unstable();
            open = left;
            self.list(&fates)?;
        }
        for at in open.into_iter().chain(unnoticed) {
            let past = reach::past(&self.ways, &self.cuts[at], |_| true);
            let failed = self.tests.first_failure(&past, (VARIABLE, &self.cuts[at].switch))?;
            let key = failed.and_then(|single| single.keys.first().cloned());
            fates.insert(at, Fate::Unnoticed(key));
        }
        self.list(&fates)?;
        Ok(fates)
    }

    /// Writes what is known of the cuts into a file, a line for each.
    fn list(&self, fates: &BTreeMap<usize, Fate>) -> Result<(), String> {
        let mut lines = String::new();
        for (cut, fate) in fates.iter().map(|(at, fate)| (&self.cuts[*at], fate)) {
            writeln!(lines, "{}:{} {} | {fate} | {}", cut.file, cut.line, cut.text, cut.switch)
                .ok();
        }
        let file = self.folder.join("fates.txt");
        std::fs::write(&file, lines)
            .map_err(|error| format!("cannot write {}: {error}", file.display()))
    }

    /// Has the probe throw some switches, and hands on what it says of each.
    fn ask(&self, look: &str, open: &[usize], lines: &[SyncSender<Line>]) -> Result<(), String> {
        if open.is_empty() {
            return Ok(());
        }
        let list = self.folder.join("cuts.txt");
        let switches = open.iter().fold(String::new(), |mut text, at| {
            writeln!(text, "{}", self.cuts[*at].switch).ok();
            text
        });
        std::fs::write(&list, switches)
            .map_err(|error| format!("cannot write {}: {error}", list.display()))?;
        let files = probe_run::Files::below(self.folder);
        let mut command = Command::new(&self.probe);
        command.arg("--plan").arg(&files.plan).arg("--known").arg(&files.evidence);
        command.arg("--cuts").arg(&list).args(["--look", look]).env_remove(VARIABLE);
        let messages = std::fs::File::create(self.folder.join("messages.txt"))
            .map_err(|error| format!("cannot write the messages of the probe: {error}"))?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(messages);
        let mut child =
            command.spawn().map_err(|error| format!("cannot start the probe: {error}"))?;
        let told = hand_on(&mut child, open, lines);
        let status = child.wait().map_err(|error| error.to_string())?;
        match told? {
            told if told == open.len() && status.success() => Ok(()),
            told => Err(format!("the probe ended with {status} after {told} cuts")),
        }
    }

    /// Judges lines until there are no more.
    fn work(
        &self,
        fresh: &(dyn Fn() -> Result<World, String> + Sync),
        lines: &Receiver<Line>,
        answers: &SyncSender<Answer>,
    ) {
        let mut world = fresh();
        while let Ok((at, line)) = lines.recv() {
            let fate = match &mut world {
                Ok(world) => self.fate(world, &self.cuts[at], &line),
                Err(why) => Err(why.clone()),
            };
            if answers.send((at, fate)).is_err() {
                return;
            }
        }
    }

    fn fate(&self, world: &mut World, cut: &Cut, line: &str) -> Result<Option<Fate>, String> {
        let seen: CutSeen = serde_json::from_str(line)
            .map_err(|error| format!("the probe is unreadable: {error}"))?;
        if seen.switch != cut.switch {
            return Err(format!("the probe speaks of {} and not of {}", seen.switch, cut.switch));
        }
        let evidence = match seen.evidence {
            Ok(evidence) => evidence,
            Err(why) => return self.without_evidence(cut, why).map(Some),
        };
        let marks = marks(world, evidence);
        let fresh: BTreeSet<&Mark> = marks.difference(&self.before).collect();
        if fresh.is_empty() {
            return Ok(None);
        }
        let broken = broken(&fresh);
        let records = world.records.iter().filter(|record| broken.contains(&record.id));
        let keys: BTreeSet<Key> = records
            .flat_map(|record| tests_of_records::named(record).map(|(_, key)| key))
            .collect();
        // What no record answers for, any test may miss.
        let past = reach::past(&self.ways, cut, |key| broken.is_empty() || keys.contains(key));
        let failed = self.tests.first_failure(&past, (VARIABLE, &cut.switch))?;
        let key = failed.and_then(|single| single.keys.first().cloned());
        Ok(Some(key.map_or(Fate::Untested(broken), Fate::Killed)))
    }

    /// A wire without which the probe cannot run at all has been noticed, and has to be by a test.
    fn without_evidence(&self, cut: &Cut, why: String) -> Result<Fate, String> {
        let past = reach::past(&self.ways, cut, |_| true);
        let failed = self.tests.first_failure(&past, (VARIABLE, &cut.switch))?;
        let key = failed.and_then(|single| single.keys.first().cloned());
        Ok(key.map_or(Fate::NotRun(why), Fate::Killed))
    }

    /// Returns what the probe finds without any cut.
    fn marks_before(&self, world: &mut World) -> Result<BTreeSet<Mark>, String> {
        let mut command = Command::new(&self.probe);
        command.stdin(Stdio::null()).env_remove(VARIABLE);
        let files = probe_run::Files::below(self.folder);
        match probe_run::run(command, &world.plan, &files) {
            Ran::Yes(evidence) => Ok(marks(world, evidence)),
            Ran::No(why) => Err(format!("the probe of the copy: {why}")),
        }
    }
}

/// Gives each line of the probe to the next worker; returns how many there were.
fn hand_on(child: &mut Child, open: &[usize], lines: &[SyncSender<Line>]) -> Result<usize, String> {
    let Some(stdout) = child.stdout.take() else { return Ok(0) };
    let mut told = 0;
    let mut workers = lines.iter().cycle();
    for (at, line) in open.iter().zip(BufReader::new(stdout).lines()) {
        let line = line.map_err(|error| format!("cannot read the probe: {error}"))?;
        let worker = workers.next().ok_or("there is no worker")?;
        worker.send((*at, line)).map_err(|error| error.to_string())?;
        told += 1;
    }
    Ok(told)
}

/// Returns what the checks find in evidence.
fn marks(world: &mut World, evidence: Evidence) -> BTreeSet<Mark> {
    world.evidence = Ran::Yes(evidence);
    let of_the_probe = CHECKS.iter().filter(|check| check.code.spec().tier == Tier::Probe);
    let findings = of_the_probe.flat_map(|check| (check.run)(world).findings);
    findings.map(|Finding { code, record, subject, .. }| (code, record, subject)).collect()
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

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Killed((_, test)) => write!(f, "killed by {test}"),
            Self::Untested(records) => {
                write!(f, "TESTED BY NONE of")?;
                records.iter().try_for_each(|record| write!(f, " {record}"))
            }
            Self::Unnoticed(Some((_, test))) => {
                write!(f, "NOT NOTICED by the probe, but by {test}")
            }
            Self::Unnoticed(None) => write!(f, "NOT NOTICED"),
            Self::NotRun(why) => write!(f, "NOT RUN: {why}"),
        }
    }
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
