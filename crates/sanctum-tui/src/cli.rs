//! The command line of `sanctum-tui`.

use clap::{Parser, Subcommand};

mod alerts;
mod attach;
mod check;
mod config;
mod display;
mod doctor;
mod export;
mod fsck;
mod gc;
mod listen;
mod ls;
mod read;
mod replay;
mod tail;
mod train;

pub use alerts::{AlertArgs, CommandWords, DesktopForm, LevelChoice};
pub use attach::AttachArgs;
pub use check::{CheckArgs, FailOn};
pub use config::{ConfigArgs, ConfigCommand};
pub use display::{ColorChoice, DisplayArgs, Environment, MarkerChoice, ThemeChoice};
pub use doctor::DoctorArgs;
pub use export::{ExportArgs, ExportFormat};
pub use fsck::FsckArgs;
pub use gc::GcArgs;
pub use listen::ListenArgs;
pub use ls::LsArgs;
pub use read::{Format, GroupArgs, Progress, ReadArgs, RenderArgs, RunArgs, SnapshotArgs};
pub use replay::ReplayArgs;
pub use tail::TailArgs;
pub use train::{FsyncChoice, LogArgs, TrainArgs};

/// Seconds between two progress lines of `sanctum-tui`, which is watched or read aloud; `esper`, whose lines are kept
/// as a log, prints every batch.
pub const PLAIN_INTERVAL: f64 = 1.0;

const EXAMPLES: &str = "\
Examples:
  sanctum-tui                            train PPO on CartPole-v1 in this process and watch it
  sanctum-tui --task acrobot --seed 7    the same on another task, with another seed
  sanctum-tui --run-dir /data/runs       write the run into /data/runs/<run id>, not runs/<run id>
  sanctum-tui --plain | tee log.txt      lines instead of a screen, at most one a second
  sanctum-tui attach                     watch the run that another process trains
  sanctum-tui replay runs/ID --speed 16  a recorded run on the whole screen, in time
  sanctum-tui ls                         which runs there are, live and recorded
  sanctum-tui render runs/ID --size 80x24
  sanctum-tui snapshot runs/ID --json --get policy.kl_divergence
  sanctum-tui tail ID --jsonl            the events of a run as JSON rows, as they come
  sanctum-tui check runs/ID || echo look at this run
  sanctum-tui gc --keep 20 --dry-run     which old runs would be removed
  sanctum-tui config gen                 a configuration file to edit

RUN is a run directory (of a live run too), a file of JSON rows (`-`: standard input), or the
beginning of the id of a run below ./runs (--run-dir, SANCTUM_RUN_DIR).";

const MORE: &str = "\
On the screen `?` shows all keys, `q` leaves.

Environment:
  NO_COLOR         no colours
  CLICOLOR_FORCE   colours, also where standard output is not a terminal
  COLORFGBG        tells a light background from a dark one
  TERM             `dumb`: lines instead of a screen
  LC_ALL, LC_CTYPE, LANG   not UTF-8: as with --ascii

Exit codes:
    0  done, or left through `q`; also: the reader of our standard output went away
    1  run-time error, or the run failed
    2  usage or configuration error
    3  RUN not found, or nothing in it to work with
    4  RUN is damaged; what can be read of it was processed
    5  RUN is of a newer format
   10  check: the worst verdict was a warning
   11  check: the worst verdict was critical
  128+n  ended by signal n (129 hang-up, 130 Ctrl-C, 143 termination)";

/// Watches a reinforcement-learning run in the terminal.
///
/// Without a command it trains PPO in this process and shows the run live, as esper ppo does: its event log and its
/// checkpoints go into a new directory below ./runs. At the end of the run the screen stays until `q`.
#[derive(Debug, Parser)]
#[command(name = "sanctum-tui", version, before_long_help = EXAMPLES, after_long_help = MORE, after_help = "Examples and exit codes: --help")]
#[command(args_conflicts_with_subcommands = false, subcommand_negates_reqs = true)]
pub struct Cli {
    /// What to do instead of training.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Which run to train.
    #[command(flatten)]
    pub train: TrainArgs,
    /// How to show it.
    #[command(flatten)]
    pub display: DisplayArgs,
    /// Print every key of the screen and what it does
    #[arg(long)]
    pub help_keys: bool,
    /// With --help-keys: as one JSON object
    #[arg(long, requires = "help_keys")]
    pub json: bool,
}

/// What to do instead of training.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Watch a run that another process trains
    ///
    /// Shows the whole history and then what happens. However this viewer is left, stopped or killed, the training goes on. A
    /// lost connection is tried again; what was missed comes from the event log. Without RUN and with several live runs, they
    /// are listed (exit code 3).
    #[command(before_long_help = attach::EXAMPLES)]
    Attach(AttachArgs),
    /// Show a recorded run on the whole screen, at any moment and at any speed
    ///
    /// It plays, stands still, steps, goes back and compares moments; `?` shows the keys. A run that is still being written is
    /// followed. Where standard output is no terminal, and with --plain, its lines are printed at once, up to WHEN if that is
    /// given.
    #[command(before_long_help = replay::EXAMPLES)]
    Replay(ReplayArgs),
    /// Print the snapshot of a run, or one value of it
    #[command(before_long_help = read::SNAPSHOT_EXAMPLES)]
    Snapshot(SnapshotArgs),
    /// Draw one frame of a run on standard output
    ///
    /// The same arguments give the same picture everywhere: of the display flags --theme, --color, --ascii and --marker count,
    /// and neither the environment (`NO_COLOR`, the locale) nor
    /// the terminal does; of the configuration file limits and muted rules do.
    #[command(before_long_help = read::RENDER_EXAMPLES)]
    Render(RenderArgs),
    /// Print the events of a run as JSON rows, and follow it while it is live
    #[command(before_long_help = tail::EXAMPLES)]
    Tail(TailArgs),
    /// Look for warnings and critical verdicts in a whole run
    #[command(before_long_help = check::EXAMPLES)]
    Check(CheckArgs),
    /// Write the metrics or the events of a run for other programs
    #[command(before_long_help = export::EXAMPLES)]
    Export(ExportArgs),
    /// Examine the event log of a run for damage, and repair a copy of it
    ///
    /// Exits 0 if nothing is damaged, also if the log has no end because its writer died; 4 if something is.
    #[command(before_long_help = fsck::EXAMPLES)]
    Fsck(FsckArgs),
    /// Remove whole runs that have ended
    ///
    /// A run goes as a whole, with its checkpoints, and never while it is live. A run without an end (its writer was killed, say)
    /// is listed as died, and left alone for a day after its last write, because not every file system has locks. Links are not
    /// followed, and directories that are no runs stay.
    #[command(before_long_help = gc::EXAMPLES)]
    Gc(GcArgs),
    /// List the live runs of this user, and those below the runs root
    ///
    /// One line for each run, newest first: id, task, state, batch, time since its last event, events, events lost (`+`: at
    /// least so many). Only the two ends of a log are read. What cannot be known from them is not shown; `check` and `fsck` read
    /// the rest.
    #[command(before_long_help = ls::EXAMPLES)]
    Ls(LsArgs),
    /// Say what this terminal can do, where runs are looked for, and why one was not found
    ///
    /// Exits 3 if RUN was not found, else 0.
    #[command(before_long_help = doctor::EXAMPLES)]
    Doctor(DoctorArgs),
    /// Print a commented configuration file, check one, say where it is looked for, or what holds and why
    ///
    /// A flag wins over a variable, a variable over the file, the file over what is built in. An unknown key is an error (exit
    /// code 2) of every command.
    #[command(before_long_help = config::EXAMPLES)]
    Config(ConfigArgs),
}

impl Cli {
    /// Fills in what a command takes from the rest of the command line and from its surroundings: the runs root, and
    /// whether long reads say how far they are.
    pub fn settle(&mut self, env: &Environment) {
        let root = self.train.log.run_dir.clone().or_else(|| env.run_dir.clone());
        let shown = env.stderr_is_terminal && !self.display.quiet;
        let Some(command) = &mut self.command else { return };
        if let Some(run) = command.run_mut() {
            run.run_dir = run.run_dir.take().or(root);
            run.progress = if shown { Progress::Shown } else { Progress::Silent };
            run.state.clone_from(&env.state_dir);
            if let Command::Check(check) = command {
                check.env = env.clone();
            }
        } else if let Command::Gc(gc) = command {
            gc.run_dir = gc.run_dir.take().or(root);
        } else if let Command::Ls(ls) = command {
            ls.run_dir = ls.run_dir.take().or(root);
            ls.env = env.clone();
        } else if let Command::Doctor(doctor) = command {
            doctor.run_dir = doctor.run_dir.take().or(root);
            doctor.env = env.clone();
        } else if let Command::Config(config) = command {
            config.env = env.clone();
        } else if let Command::Attach(attach) = command {
            attach.run_dir = attach.run_dir.take().or(root);
        }
    }
}

impl Command {
    /// Returns which run the command reads, if it reads one.
    pub const fn run_mut(&mut self) -> Option<&mut RunArgs> {
        match self {
            Self::Snapshot(args) => Some(&mut args.read.run),
            Self::Render(args) => Some(&mut args.read.run),
            Self::Tail(args) => Some(&mut args.run),
            Self::Check(args) => Some(&mut args.run),
            Self::Export(args) => Some(&mut args.run),
            Self::Fsck(args) => Some(&mut args.run),
            Self::Replay(args) => Some(&mut args.run),
            Self::Attach(_) | Self::Config(_) | Self::Doctor(_) | Self::Gc(_) | Self::Ls(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_is_sound_and_the_help_is_this() {
        Cli::command().debug_assert();
        let wide = |command: clap::Command| command.term_width(100);
        insta::assert_snapshot!("help", wide(Cli::command()).render_long_help().to_string());
        insta::assert_snapshot!("short_help", wide(Cli::command()).render_help().to_string());
        // Their display flags are those above.
        for command in Cli::command().get_subcommands() {
            let name = format!("help_{}", command.get_name());
            insta::assert_snapshot!(name, wide(command.clone()).render_long_help().to_string());
        }
    }

    #[track_caller]
    fn check(args: &[&str], expected: Result<(), &str>) {
        let read = Cli::try_parse_from(std::iter::once("sanctum-tui").chain(args.iter().copied()));
        match (read, expected) {
            (Ok(_), Ok(())) => {}
            (Err(error), Err(text)) => {
                assert!(error.to_string().contains(text), "{args:?}: {error}");
            }
            (Ok(_), Err(_)) => panic!("{args:?} is taken"),
            (Err(error), Ok(())) => panic!("{args:?}: {error}"),
        }
    }

    #[test]
    fn flags_are_checked_and_stand_before_or_after_a_command() {
        check(&[], Ok(()));
        check(&["--poll", "33", "--theme", "light", "--marker", "dot"], Ok(()));
        check(&["--ascii", "render", "runs/x"], Ok(()));
        check(&["render", "runs/x", "--ascii", "--size", "80x24"], Ok(()));
        check(&["snapshot", "-", "--json", "--at", "batch:3"], Ok(()));
        check(&["--poll", "32"], Err("33..=1000"));
        check(&["--poll", "1001"], Err("33..=1000"));
        check(&["--plain-interval", "NaN"], Err("not a number of seconds from 0 to 86400"));
        check(&["--theme", "pink"], Err("possible values: auto, dark, light, mono"));
        check(&["--episodes", "0"], Err("0 is not in 1.."));
        check(&["render"], Err("RUN"));
    }

    /// Returns the runs root that a command line comes to, with `SANCTUM_RUN_DIR=env`.
    fn root(args: &[&str]) -> Option<PathBuf> {
        let mut cli = Cli::parse_from(std::iter::once("sanctum-tui").chain(args.iter().copied()));
        let env = Environment { run_dir: Some("env".into()), ..Environment::default() };
        cli.train.log.run_dir =
            cli.train.log.run_dir.filter(|_| args.first() == Some(&"--run-dir"));
        cli.settle(&env);
        match cli.command {
            Some(Command::Gc(gc)) => gc.run_dir,
            Some(mut command) => command.run_mut().and_then(|run| run.run_dir.clone()),
            None => None,
        }
    }

    #[test]
    fn the_runs_root_is_that_of_the_command_then_of_the_program_then_of_the_environment() {
        for command in [&["render", "x"][..], &["tail", "x"], &["fsck", "x"], &["gc"]] {
            let root = |before: &[&str], after: &[&str]| root(&[before, command, after].concat());
            let (program, own) = (["--run-dir", "program"], ["--run-dir", "own"]);
            assert_eq!(root(&program, &own), Some("own".into()), "{command:?}");
            assert_eq!(root(&program, &[]), Some("program".into()), "{command:?}");
            assert_eq!(root(&[], &[]), Some("env".into()), "{command:?}");
        }
    }

    #[test]
    fn progress_is_for_a_terminal_that_is_not_to_be_quiet() {
        let shown = |args: &[&str], stderr_is_terminal| {
            let mut cli = Cli::parse_from([&["sanctum-tui", "render", "x"], args].concat());
            cli.settle(&Environment { stderr_is_terminal, ..Environment::default() });
            cli.command.as_mut().and_then(Command::run_mut).map(|run| run.progress)
        };
        assert_eq!(shown(&[], true), Some(Progress::Shown));
        assert_eq!(shown(&[], false), Some(Progress::Silent));
        assert_eq!(shown(&["--quiet"], true), Some(Progress::Silent));
    }
}
