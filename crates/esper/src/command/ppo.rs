//! `esper ppo`: trains, writes the run directory, and shows the run.

use sanctum_tui::cli::Environment;
use sanctum_tui::clock::Clock;
use sanctum_tui::source::trainer;
use sanctum_tui::{Exit, Options, View};

use crate::cli::{PLAIN_INTERVAL, PpoArgs};
use crate::exit::tell;
use crate::plan::Plan;

/// Runs the command to its end.
pub(crate) fn run(args: &PpoArgs) -> anyhow::Result<Exit> {
    let plan = Plan::of(args)?;
    let options = options(args);
    for note in plan.notes.iter().filter(|_| !options.quiet) {
        tell(&format!("note: {note}"));
    }
    let Plan { task, config, checkpoint, notes: _ } = plan;
    // From here on something is written.
    let (run, dir) =
        trainer::begin(task, config, checkpoint, Some(&args.run_dir), Clock::new().wall())?;
    let tell_place = || match &dir {
        Some(dir) if !options.quiet => tell(&format!("run directory: {}", dir.path().display())),
        Some(_) | None => {}
    };
    // With the screen open there is no place for a message before its end.
    let early = options.view == View::Plain;
    if early {
        tell_place();
    }
    let ended = sanctum_tui::run(Box::new(run), &options);
    if !early {
        tell_place();
    }
    ended
}

/// Returns how the run is shown: `--no-tui` is the screen's `--plain`.
fn options(args: &PpoArgs) -> Options {
    let mut options = args.display.resolve(&Environment::read(), PLAIN_INTERVAL);
    if args.no_tui {
        options.view = View::Plain;
    }
    options
}
