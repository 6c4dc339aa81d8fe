//! `verify-telemetry`: compares what the records say with what the code does, from the emitter to the cell.

mod checks;
mod code;
mod cores;
mod deep;
mod deliver;
mod exit;
mod explain;
mod finding;
mod fix;
#[cfg(test)]
mod fixture_tests;
mod generated;
mod grammar;
mod index;
mod index_md;
mod judge;
pub(crate) mod new_telemetry;
mod plan;
mod probe_run;
mod progress;
mod record;
mod records_json;
mod report;
mod seeded;
mod self_test;
mod session;
mod tables;
mod test_run;
mod world;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::ValueEnum;

use crate::verify::explain::Explained;
use crate::verify::judge::Scope;
use crate::verify::record::RecordId;
use crate::verify::report::human::Look;
use crate::workspace;

/// Examples of the help.
const EXAMPLES: &str = "Examples:
  cargo xtask verify-telemetry                        everything: records, probe and the tests that records name
  cargo xtask verify-telemetry --static               without building the product, for an editor or a hook
  cargo xtask verify-telemetry --only TELE-014        one record
  cargo xtask verify-telemetry --fix --dry-run        what would be written
  cargo xtask verify-telemetry --report sarif=target/telemetry.sarif --report junit=target/telemetry.xml
  cargo xtask verify-telemetry --explain P04          the page of a code

Exit: 0 clean, 1 findings, 2 usage or configuration, 3 not verified, 4 a wire cut survived, 70 internal error.
A run that could not check (3) is never silenced by --fail-on.";

/// Proves that every telemetry record is true of the code, or says where it is not.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Args {
    /// Records and sources only: nothing of the product is built.
    #[arg(long = "static", conflicts_with_all = ["is_deep", "is_fix"])]
    is_static: bool,
    /// Adds the wire cuts.
    #[arg(long = "deep")]
    is_deep: bool,
    /// One record; can be repeated.
    #[arg(long, value_name = "TELE-NNN", conflicts_with = "is_fix")]
    only: Vec<String>,
    /// Changes of meaning against a revision (not built yet).
    #[arg(long, value_name = "REF")]
    since: Option<String>,
    /// A recorded run (not built yet).
    #[arg(long, value_name = "RUN_DIR")]
    replay: Option<PathBuf>,
    /// Writes what is derived: ticks, test cells, line cells, paths, INDEX.md and records.json.
    #[arg(long = "fix")]
    is_fix: bool,
    /// With --fix: prints the difference and writes nothing.
    #[arg(long = "dry-run", requires = "is_fix")]
    is_dry_run: bool,
    /// Form of the report on the screen.
    #[arg(long, value_enum, default_value = "human")]
    format: report::Form,
    /// A report into a file as well: FORM=PATH; can be repeated.
    #[arg(long = "report", value_name = "FORM=PATH")]
    reports: Vec<report::ReportFile>,
    /// The least that fails the run. What is not verified always does.
    #[arg(long, value_enum, default_value = "error")]
    fail_on: FailOn,
    /// Prints the page of a code.
    #[arg(long, value_name = "CODE")]
    explain: Option<String>,
    /// Prints every code: severity, tier, whether it is built.
    #[arg(long = "list-codes")]
    is_list: bool,
    /// Checks the verifier: every seeded defect must be found by its code (with --deep: in the real pipeline too).
    #[arg(long = "self-test")]
    is_self_test: bool,
    /// Where cargo builds.
    #[arg(long, env = "CARGO_TARGET_DIR", hide = true)]
    target: Option<PathBuf>,
    /// Where GitHub collects what a step has to say; written with --format github.
    #[arg(long, env = "GITHUB_STEP_SUMMARY", hide = true)]
    step_summary: Option<PathBuf>,
    /// Whether the terminal shall stay without colours.
    #[arg(long, env = "NO_COLOR", hide = true)]
    no_colour: Option<String>,
}

/// The least that fails a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum FailOn {
    /// Errors.
    #[default]
    Error,
    /// Warnings too.
    Warning,
    /// Nothing but what is not verified.
    None,
}

/// Does what is asked and returns how the run ends for the shell.
pub(crate) fn run(args: &Args) -> ExitCode {
    // A mistake of ours is not a finding, and must not look like one.
    let ended = std::panic::catch_unwind(|| try_run(args, workspace::root(), probe_run::command));
    ExitCode::from(match ended {
        Ok(Ok(code)) => code,
        Ok(Err(Stop::Usage(why))) => {
            eprintln!("error: {why}");
            exit::USAGE
        }
        Ok(Err(Stop::Internal(why))) => {
            eprintln!("internal error: {why:#}");
            exit::INTERNAL
        }
        Err(_) => exit::INTERNAL,
    })
}

/// Why a run ends without a verdict.
#[derive(Debug)]
enum Stop {
    /// The command line or a table is wrong.
    Usage(String),
    /// The verifier is.
    Internal(anyhow::Error),
}

fn try_run(args: &Args, root: &Path, probe: fn() -> Command) -> Result<u8, Stop> {
    not_built(args).map_or(Ok(()), |why| Err(Stop::Usage(why)))?;
    if let Some(name) = &args.explain {
        return match explain::explain(workspace::root(), name).map_err(Stop::Internal)? {
            Explained::Page(page) => {
                print!("{page}");
                Ok(exit::CLEAN)
            }
            Explained::Unknown(why) => Err(Stop::Usage(why)),
        };
    }
    if args.is_list {
        let is_json = args.format == report::Form::Json;
        print!("{}", if is_json { explain::list_json() } else { explain::list() });
        return Ok(exit::CLEAN);
    }
    if args.is_self_test {
        return self_tests(args, root);
    }
    let setup = session::Setup {
        root: root.to_owned(),
        target: args.target.clone().unwrap_or_else(|| root.join("target")),
        scope: scope(args)?,
        today: jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(),
        probe,
        tests: None,
    };
    let mut session = session::run(&setup).map_err(Stop::Usage)?;
    deliver::complete(&mut session).map_err(Stop::Internal)?;
    let mut refusal = None;
    if args.is_fix && !args.is_dry_run {
        match fix::may_write(&session.report) {
            Ok(()) => session = write(&setup, session).map_err(Stop::Internal)?,
            Err(why) => refusal = Some(why),
        }
    }
    let look = Look::of_stdout(args.no_colour.as_ref().is_some_and(|value| !value.is_empty()));
    deliver::print(&session, args.format, &args.reports, look)
        .map_err(|error| Stop::Usage(format!("{error:#}")))?;
    if let Some(file) = args.step_summary.as_ref().filter(|_| args.format == report::Form::Github) {
        deliver::step_summary(&session, file).map_err(|error| Stop::Usage(format!("{error:#}")))?;
    }
    if args.is_dry_run {
        match deliver::rewrites(&session) {
            Ok(rewrites) => print!("{}", fix::write::difference(&rewrites)),
            Err(why) => refusal = Some(why),
        }
    }
    let code = exit::code(&session.report, args.fail_on);
    let Some(why) = refusal else { return Ok(code) };
    eprintln!("{why:#}");
    Ok(deliver::refused(code))
}

fn write(setup: &session::Setup, session: session::Session) -> anyhow::Result<session::Session> {
    deliver::fix(&setup.root, session, |session| {
        let mut session = session::again(setup, session).map_err(anyhow::Error::msg)?;
        deliver::complete(&mut session)?;
        Ok(session)
    })
}

/// Checks the verifier on a toy, and with `--deep` on a copy of the real pipeline too.
fn self_tests(args: &Args, root: &Path) -> Result<u8, Stop> {
    let target = args.target.clone().unwrap_or_else(|| root.join("target"));
    let toy = match self_test::toy() {
        Ok(toy) => toy,
        Err(why) => {
            println!("not verified: {why}");
            return Ok(exit::NOT_VERIFIED);
        }
    };
    let bench = self_test::Bench { root, target: &target, toy };
    let code = self_test::run(&bench).map_err(Stop::Usage)?;
    if !args.is_deep || code != exit::CLEAN {
        return Ok(code);
    }
    let today = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    let told = |seeded: &seeded::Seeded| println!("{seeded}");
    let results = match seeded::run(root, &target, &today, told) {
        Ok(results) => results,
        Err(why) => {
            println!("not verified: {why}");
            return Ok(exit::NOT_VERIFIED);
        }
    };
    let failed = results.iter().filter(|seeded| seeded.fault.is_some()).count();
    println!("{} defects seeded in the real pipeline, {failed} failures", results.len());
    Ok(if failed == 0 { exit::CLEAN } else { exit::FOUND })
}

/// Returns why a flag cannot be used yet.
fn not_built(args: &Args) -> Option<String> {
    let flags = [("--since", args.since.is_some()), ("--replay", args.replay.is_some())];
    let used = flags.iter().find(|(_, is_used)| *is_used);
    used.map(|(flag, _)| format!("{flag} is not built yet; --list-codes shows what is"))
}

fn scope(args: &Args) -> Result<Scope, Stop> {
    let only = args.only.iter().map(|name| {
        RecordId::find(name)
            .filter(|id| id.to_string() == *name)
            .ok_or_else(|| Stop::Usage(format!("--only {name}: a record is named like TELE-014")))
    });
    Ok(Scope {
        is_static: args.is_static,
        is_deep: args.is_deep,
        only: only.collect::<Result<_, Stop>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: Args,
    }

    fn args(line: &[&str]) -> Args {
        Cli::parse_from(std::iter::once(&"verify-telemetry").chain(line)).args
    }

    /// Returns a tree with the record of the fixtures, or with none.
    fn tree(has_record: bool) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("docs/telemetry");
        std::fs::create_dir_all(&folder).unwrap();
        if has_record {
            let record = workspace::root().join("xtask/fixtures/A01/good.md");
            std::fs::copy(record, folder.join("TELE-014_max_batches.md")).unwrap();
        }
        root
    }

    fn no_probe() -> Command {
        process::command("no-such-probe", &[])
    }

    fn failing_probe() -> Command {
        process::command("false", &[])
    }

    fn silent_probe() -> Command {
        process::command("true", &[])
    }

    #[track_caller]
    fn check(root: &Path, line: &[&str], probe: fn() -> Command, expected: u8) {
        let mut args = args(line);
        args.target = Some(root.join("target"));
        assert_eq!(try_run(&args, root, probe).unwrap(), expected, "{line:?}");
    }

    #[test]
    fn without_records_nothing_is_verified_whatever_is_asked() {
        let tree = tree(false);
        check(tree.path(), &[], silent_probe, exit::NOT_VERIFIED);
        check(tree.path(), &["--static"], silent_probe, exit::NOT_VERIFIED);
        check(tree.path(), &["--fail-on", "none"], silent_probe, exit::NOT_VERIFIED);
        check(tree.path(), &["--only", "TELE-014"], silent_probe, exit::NOT_VERIFIED);
        let nothing = tempfile::tempdir().unwrap();
        check(nothing.path(), &[], silent_probe, exit::NOT_VERIFIED);
    }

    #[test]
    fn without_a_probe_nothing_is_verified() {
        let tree = tree(true);
        for probe in [no_probe, failing_probe, silent_probe] {
            check(tree.path(), &["--fail-on", "none"], probe, exit::NOT_VERIFIED);
        }
    }

    #[test]
    fn the_step_summary_is_added_to_what_stands_there_and_only_for_github() {
        let tree = tree(true);
        let file = tree.path().join("summary.md");
        std::fs::write(&file, "before\n").unwrap();
        let path = file.to_str().unwrap();
        for (form, has_table) in [("human", false), ("github", true)] {
            check(
                tree.path(),
                &["--static", "--format", form, "--step-summary", path],
                silent_probe,
                exit::NOT_VERIFIED,
            );
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(text.starts_with("before\n"), "{text}");
            assert_eq!(text.contains("## Telemetry records"), has_table, "{text}");
        }
    }

    #[track_caller]
    fn check_usage(root: &Path, line: &[&str], words: &str) {
        match try_run(&args(line), root, silent_probe) {
            Err(Stop::Usage(why)) => assert!(why.contains(words), "{why}"),
            other => panic!("{line:?}: {other:?}"),
        }
    }

    #[test]
    fn mistakes_of_the_user_are_told_apart_from_findings() {
        let tree = tree(true);
        check_usage(tree.path(), &["--only", "TELE-999"], "no record TELE-999");
        check_usage(tree.path(), &["--only", "14"], "named like TELE-014");
        check_usage(tree.path(), &["--since", "HEAD~1"], "--since is not built yet");
        check_usage(tree.path(), &["--replay", "runs/x"], "--replay is not built yet");
        std::fs::write(tree.path().join(tables::LABELS), "[[label]]\n").unwrap();
        check_usage(tree.path(), &["--static"], tables::LABELS);
    }
}
