//! The program `sanctum-tui`.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use sanctum_tui::cli::{AttachArgs, Cli, Command, Environment, PLAIN_INTERVAL, TrainArgs};
use sanctum_tui::clock::Clock;
use sanctum_tui::headless::{self, Failure};
use sanctum_tui::source::trainer::{Demonstration, Usage, task_named};
use sanctum_tui::{Exit, Options, plain};

fn main() -> ExitCode {
    let env = Environment::read();
    let mut cli = Cli::parse();
    cli.settle(&env);
    let ended = match &cli.command {
        None => demonstrate(&cli.train, &cli.display.resolve(&env, PLAIN_INTERVAL), &env),
        Some(Command::Attach(args)) => {
            attach(args, &cli.display.resolve(&env, PLAIN_INTERVAL), &env)
        }
        Some(command) => {
            let out = &mut io::stdout();
            told(headless::run(command, &cli.display, out, &mut notes(&cli)))
        }
    };
    match ended {
        Ok(exit) => {
            if let Exit::Failed(why) = &exit {
                complain(&format!("run failed: {why}"));
            }
            ExitCode::from(exit.code())
        }
        Err(error) => {
            let failure = error.downcast_ref::<Failure>();
            if !failure.is_some_and(Failure::is_silent) {
                complain(&format!("{error:#}"));
            }
            let usage = error.downcast_ref::<Usage>().map(|_| 2);
            ExitCode::from(failure.map(Failure::exit_code).or(usage).unwrap_or(1))
        }
    }
}

fn told(result: Result<(), Failure>) -> anyhow::Result<Exit> {
    result.map(|()| Exit::Completed).map_err(anyhow::Error::new)
}

/// Returns where commands say what is worth knowing and no error.
fn notes(cli: &Cli) -> Box<dyn Write> {
    if cli.display.quiet { Box::new(io::sink()) } else { Box::new(io::stderr()) }
}

fn complain(message: &str) {
    // There is no other place to say it.
    writeln!(io::stderr(), "error: {message}").ok();
}

/// Shows a run of another process.
fn attach(args: &AttachArgs, options: &Options, env: &Environment) -> anyhow::Result<Exit> {
    let run = args.find(env)?;
    sanctum_tui::run(Box::new(run), options)
}

/// Trains in this process and shows it.
fn demonstrate(args: &TrainArgs, options: &Options, env: &Environment) -> anyhow::Result<Exit> {
    let demonstration = Demonstration {
        task: task_named(&args.task)?,
        seed: args.seed,
        batches: args.episodes,
        place: Some(args.log.place(env)),
        listen: args.listen.listen(env),
    };
    let (run, written) = demonstration.start(Clock::new().wall())?;
    let ended = sanctum_tui::run(Box::new(run), options);
    if let Some(written) = written {
        for line in written.place() {
            plain::tell(options, &line);
        }
        if let Some(loss) = written.loss() {
            complain(&loss);
        }
    }
    ended
}
