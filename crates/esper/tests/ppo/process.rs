//! Starts `esper`, and reads what it wrote through the commands of `sanctum-tui`.

use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use clap::Parser as _;
use nissa::RunDir;
use nissa::log::frame::{self, Look, Mark};
use sanctum_tui::cli::Cli;
use sanctum_tui::headless;

/// What a finished process said.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Returns `esper ppo` with these arguments, writing below `root`.
pub(crate) fn esper(root: &Path, args: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_esper"));
    command.arg("ppo").args(args.split_whitespace()).arg("--run-dir").arg(root);
    if !args.contains("--listen") {
        // What a kill leaves of a socket would stay for ever.
        command.arg("--no-listen");
    }
    command
        .env("XDG_CONFIG_HOME", root.join("config"))
        .env("NO_COLOR", "1")
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null());
    command
}

/// Runs `esper ppo` to its end.
pub(crate) fn run(root: &Path, args: &str) -> Done {
    let output = esper(root, args).output().unwrap();
    Done {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Arguments of a run that is over in a moment: small batches, every epoch reported.
pub(crate) const SMALL: &str = "--envs 2 --episode-length 16 --epoch-every 1 --no-tui";
/// Arguments of a run that will not end by itself.
pub(crate) const ENDLESS: &str = "--envs 2 --episode-length 64 --episodes 100000000 --no-tui";

/// A process that is still running, and the lines it prints.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) lines: Lines<BufReader<ChildStdout>>,
}

/// Starts `esper ppo` and waits until it has printed the end of a batch.
pub(crate) fn started(root: &Path, args: &str) -> Running {
    let mut child =
        esper(root, args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains(" batch 3 of ")), "the run went away");
    Running { child, lines }
}

/// Sends a signal to a process.
pub(crate) fn signal(child: &Child, name: &str) {
    let sent =
        Command::new("kill").arg(format!("-{name}")).arg(child.id().to_string()).status().unwrap();
    assert!(sent.success());
}

/// Returns the run directories below `root`, oldest first: nothing is added to one after its start.
pub(crate) fn runs(root: &Path) -> Vec<PathBuf> {
    let mut runs: Vec<_> = std::fs::read_dir(root)
        .map(|entries| entries.map(|entry| entry.unwrap().path()).collect())
        .unwrap_or_default();
    runs.sort_by_key(|run: &PathBuf| std::fs::metadata(run).unwrap().modified().unwrap());
    runs
}

/// Returns the only run directory below `root`.
#[track_caller]
pub(crate) fn only_run(root: &Path) -> PathBuf {
    let [run] = runs(root).try_into().unwrap();
    run
}

/// Returns the names of the checkpoints of a run.
pub(crate) fn checkpoints(run: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(run.join("checkpoints")).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// What a command of `sanctum-tui` did.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: u8,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs a command of `sanctum-tui`.
pub(crate) fn said(args: &[&str]) -> Said {
    let cli = Cli::try_parse_from(std::iter::once(&"sanctum-tui").chain(args)).unwrap();
    let command = cli.command.as_ref().unwrap();
    let (mut out, mut notes) = (Vec::new(), Vec::new());
    let ended = headless::run(command, &cli.display, &mut out, &mut notes);
    let mut err = String::from_utf8(notes).unwrap();
    let code = ended.map_or_else(
        |failure| {
            err.push_str(&failure.to_string());
            failure.exit_code()
        },
        |()| 0,
    );
    Said { code, out: String::from_utf8(out).unwrap(), err }
}

/// Returns what a command of `sanctum-tui` prints; fails if it does not succeed.
#[track_caller]
pub(crate) fn sanctum_tui(args: &[&str]) -> String {
    let said = said(args);
    assert_eq!(said.code, 0, "{args:?}: {}", said.err);
    said.out
}

/// Returns one value of the snapshot of a run.
#[track_caller]
pub(crate) fn get(run: &Path, more: &[&str], path: &str) -> String {
    let args = [&["snapshot", run.to_str().unwrap(), "--json", "--get", path], more].concat();
    sanctum_tui(&args).trim_end_matches('\n').to_owned()
}

/// Returns the events of a run that is whole, as rows.
#[track_caller]
pub(crate) fn rows(run: &Path) -> String {
    sanctum_tui(&["tail", run.to_str().unwrap(), "--jsonl"])
}

/// Returns the segments of a run.
pub(crate) fn segments(run: &Path) -> Vec<PathBuf> {
    let dir = RunDir::open(run).unwrap();
    dir.segments().unwrap().into_iter().map(|number| dir.segment(number)).collect()
}

/// Returns whether the log of a run ends with the mark of its end.
pub(crate) fn has_end_mark(run: &Path) -> bool {
    let mut mark = Vec::new();
    Mark::End { events: 0 }.append(&mut mark);
    let log = std::fs::read(segments(run).last().unwrap()).unwrap();
    let tail = log.get(log.len().saturating_sub(mark.len())..).unwrap();
    let Look::Frame { payload } = frame::look(tail) else { return false };
    matches!(Mark::read(payload), Some(Mark::End { .. }))
}

/// Returns the part of a message between two others.
#[track_caller]
pub(crate) fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no `{before}` in {text}"));
    rest.split_once(after).unwrap_or_else(|| panic!("no `{after}` after `{before}` in {text}")).0
}
