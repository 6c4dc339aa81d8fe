//! The program `sanctum-tui`.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use sanctum_tui::cli::{Cli, Command, Environment, PLAIN_INTERVAL, TrainArgs};
use sanctum_tui::clock::Clock;
use sanctum_tui::headless::{self, Failure};
use sanctum_tui::source::trainer::{Demonstration, Written, task_named};
use sanctum_tui::{Exit, Options, View, exit, keymap, plain, replay};

fn main() -> ExitCode {
    let env = Environment::read();
    let mut cli = Cli::parse();
    cli.settle(&env);
    let ended = cli.configure(&env).map_err(anyhow::Error::new).and_then(|()| run(&cli, &env));
    let (code, message) = exit::outcome(&ended);
    if let Some(message) = message {
        complain(&message);
    }
    ExitCode::from(code)
}

fn run(cli: &Cli, env: &Environment) -> anyhow::Result<Exit> {
    let options = cli.display.resolve(env, PLAIN_INTERVAL);
    match &cli.command {
        _ if cli.help_keys => told(keymap::print(cli.json, &mut io::stdout())),
        None => demonstrate(&cli.train, &options, env),
        Some(Command::Attach(args)) => sanctum_tui::run(Box::new(args.find(env)?), &options),
        Some(Command::Replay(args)) => replay::run(args, &options),
        Some(command) => {
            let out = &mut io::stdout();
            told(headless::run(command, &cli.display, out, &mut notes(cli)))
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
    // With the screen open there is no place for a message before its end; where nothing was asked for, none is needed.
    if options.view == View::Plain && !args.listen.listen.is_empty() {
        let lines = written.iter().flat_map(Written::watching);
        lines.for_each(|line| plain::tell(options, line));
    }
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
