//! The command line of a probe: reads the plan, probes a rig, writes the evidence. The real one and the toy share it.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Parser;
use telemetry_evidence::{Plan, SCHEMA};

use crate::probe::{Stages, probe};
use crate::rig::Rig;

/// Moves every input of a pipeline and writes down what moves.
#[derive(Debug, Clone, Parser)]
#[command(name = "telemetry-probe")]
pub struct Options {
    /// What to look at, as `cargo xtask verify-telemetry` writes it.
    #[arg(long)]
    pub plan: PathBuf,
    /// Where the evidence goes.
    #[arg(long)]
    pub out: PathBuf,
    /// Print how long each stage took.
    #[arg(long)]
    pub timings: bool,
}

/// Runs a probe and says what failed: 0 the evidence is written, 1 it is not.
pub fn run(rig: &dyn Rig, options: &Options, now: &(dyn Fn() -> Duration + Sync)) -> ExitCode {
    let mut err = std::io::stderr();
    match write_evidence(rig, options, now) {
        Ok(stages) => {
            let lines = if options.timings { stages } else { Vec::new() };
            for (stage, took) in lines {
                // Nobody is left to tell when even this fails.
                drop(writeln!(err, "{:>8.1} ms  {stage}", took.as_secs_f64() * 1e3));
            }
            ExitCode::SUCCESS
        }
        Err(why) => {
            drop(writeln!(err, "telemetry-probe: {why:#}"));
            ExitCode::FAILURE
        }
    }
}

fn write_evidence(
    rig: &dyn Rig,
    options: &Options,
    now: &(dyn Fn() -> Duration + Sync),
) -> Result<Stages> {
    let text = fs::read_to_string(&options.plan)
        .with_context(|| format!("cannot read the plan {}", options.plan.display()))?;
    let plan: Plan = serde_json::from_str(&text)
        .with_context(|| format!("not a plan: {}", options.plan.display()))?;
    if plan.schema != SCHEMA {
        bail!("the plan has form {}, this probe knows {SCHEMA}", plan.schema);
    }
    let (evidence, stages) = probe(rig, &plan, now).map_err(anyhow::Error::msg)?;
    let text = serde_json::to_vec(&evidence).context("cannot write the evidence as JSON")?;
    replace(&options.out, &text)
        .with_context(|| format!("cannot write the evidence {}", options.out.display()))?;
    Ok(stages)
}

/// Writes a file whole or not at all: a reader never sees half of it, nor that of an earlier run after a failure.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let new = path.with_extension("new");
    fs::write(&new, bytes)?;
    fs::rename(&new, path)
}
