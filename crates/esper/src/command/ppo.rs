//! `esper ppo`: trains, writes the run directory, and shows the run.

use sanctum_tui::cli::Environment;
use sanctum_tui::clock::Clock;
use sanctum_tui::source::trainer::{self, Written};
use sanctum_tui::{Exit, Options, View, config};

use crate::cli::{PLAIN_INTERVAL, PpoArgs};
use crate::exit::tell;
use crate::plan::{Plan, Usage};

/// Runs the command to its end.
pub(crate) fn run(args: &PpoArgs) -> anyhow::Result<Exit> {
    let plan = Plan::of(args)?;
    let env = Environment::read();
    let options = options(args, &env)?;
    for note in plan.notes.iter().filter(|_| !options.quiet) {
        tell(&format!("note: {note}"));
    }
    let Plan { task, config, checkpoint, faults, notes: _ } = plan;
    let place = args.log.place(&env);
    let listen = args.listen.listen(&env);
    if let Some(listen) = &listen {
        listen.check().map_err(|error| Usage(error.to_string()))?;
    }
    // From here on something is written.
    let (run, written) = trainer::begin_faulty(
        (task, faults),
        config,
        checkpoint,
        Some(&place),
        listen.as_ref(),
        Clock::new().wall(),
    )?;
    let tell_place = || {
        let lines = written.iter().filter(|_| !options.quiet).flat_map(Written::place);
        lines.for_each(|line| tell(&line));
    };
    // With the screen open there is no place for a message before its end.
    let early = options.view == View::Plain;
    if early {
        tell_place();
        let lines = written.iter().filter(|_| !options.quiet).flat_map(Written::watching);
        lines.for_each(|line| tell(line));
    }
    let ended = sanctum_tui::run(Box::new(run), &options);
    if !early {
        tell_place();
    }
    // A loss is told even to those who want to hear of nothing else.
    if let Some(loss) = written.as_ref().and_then(Written::loss) {
        tell(&loss);
    }
    ended
}

/// Returns how the run is shown: `--no-tui` is the screen's `--plain`.
fn options(args: &PpoArgs, env: &Environment) -> Result<Options, Usage> {
    let mut display = args.display.clone();
    config::settle(&mut display, env).map_err(|error| Usage(error.to_string()))?;
    let mut options = display.resolve(env, PLAIN_INTERVAL);
    if args.no_tui {
        options.view = View::Plain;
    }
    Ok(options)
}
