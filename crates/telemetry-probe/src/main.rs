//! Writes the evidence of the real pipeline.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use simic_emitter::{Clock as _, SystemClock};
use telemetry_probe::command::{Options, run};
use telemetry_probe::real::RealRig;

fn main() -> ExitCode {
    let options = Options::parse();
    let clock = SystemClock::new();
    run(&RealRig, &options, &|| Duration::from_nanos(clock.now().mono_ns.0))
}
