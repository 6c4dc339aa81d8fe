//! Trains policies and opens Sanctum.

use std::process::ExitCode;

use clap::Parser;

mod cli;
mod command;
mod exit;
mod plan;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let outcome = match &cli.command {
        cli::Command::Ppo(args) => command::ppo::run(args),
    };
    exit::code(&outcome)
}
