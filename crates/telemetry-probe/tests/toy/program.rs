//! A small pipeline with a switch for every mistake that the verifier has to find; `verify-telemetry --self-test` runs it.

mod defect;
mod emission;
mod fold;
mod hub;
mod model;
mod rig;
mod widget;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use telemetry_probe::command::{self, Options};

use crate::defect::Defect;
use crate::rig::Toy;

/// The toy pipeline.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(flatten)]
    options: Options,
    /// The mistake to make.
    #[arg(long, value_enum, default_value_t = Defect::None)]
    defect: Defect,
}

fn main() -> ExitCode {
    let Arguments { options, defect } = Arguments::parse();
    // Nobody asks how long the toy takes.
    command::run(&Toy { defect }, &options, &|| Duration::ZERO)
}
