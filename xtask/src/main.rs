//! Development tasks: what CI runs, and what keeps the house rules. Links no crate of the product.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool talks to the terminal")]

mod bench;
mod ci;
mod crash;
mod diagnose;
mod fuzz;
mod golden;
mod layers;
mod pictures;
mod process;
mod table;
mod tidy;
mod verify;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Development tasks of this workspace.
#[derive(Parser)]
#[command(name = "xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Runs the jobs that block a merge, or those named, and prints a table of results.
    Ci(ci::Args),
    /// Reports every place that breaks a house rule which no compiler and no lint knows.
    Tidy,
    /// Checks which crate depends on which against the tables in xtask/src/layers.rs.
    Layers,
    /// Checks the golden files of the wire, or writes those of the version in work.
    Golden(golden::Args),
    /// Kills trainers that write an event log, and checks that nothing acknowledged is missing from what is left.
    Crash(crash::Args),
    /// Runs the benchmark programs of all crates and prints one table of their numbers.
    Bench(bench::Args),
    /// Trains healthy runs and pathological ones, and writes which alerts each of them got.
    DiagnoseReport(diagnose::Args),
    /// Runs the fuzz targets of all crates for a bounded time each (needs cargo-fuzz).
    Fuzz(fuzz::Args),
    /// Writes a new telemetry record: what the sources know, and open cells where a person has to speak.
    NewTelemetry(verify::new_telemetry::Args),
    /// Draws the pictures of the documents from a recorded run.
    Pictures(pictures::Args),
    VerifyTelemetry(verify::Args),
}

fn main() -> ExitCode {
    let result = match Cli::parse().task {
        Task::Ci(args) => ci::run(&args),
        Task::Tidy => tidy::run(),
        Task::Layers => layers::run(),
        Task::Golden(args) => golden::run(&args),
        Task::Crash(args) => crash::run(&args),
        Task::Bench(args) => bench::run(&args),
        Task::DiagnoseReport(args) => diagnose::run(&args),
        Task::Fuzz(args) => fuzz::run(&args),
        Task::NewTelemetry(args) => verify::new_telemetry::run(&args),
        Task::Pictures(args) => pictures::run(&args),
        // Has exit codes of its own.
        Task::VerifyTelemetry(args) => return verify::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
