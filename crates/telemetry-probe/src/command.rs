//! The command line of a probe: reads the plan, probes a rig, writes the evidence. The real one and the toy share it.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Parser;
use telemetry_evidence::{CutSeen, Evidence, Plan, SCHEMA};

use crate::cut;
use crate::probe::{Known, Look, Stages, probe};
use crate::rig::Rig;

/// Moves every input of a pipeline and writes down what moves.
#[derive(Debug, Clone, Parser)]
#[command(name = "telemetry-probe")]
pub struct Options {
    /// What to look at, as `cargo xtask verify-telemetry` writes it.
    #[arg(long)]
    pub plan: PathBuf,
    /// Where the evidence goes; what is seen of cuts goes to the standard output.
    #[arg(long, required_unless_present = "cuts")]
    pub out: Option<PathBuf>,
    /// Print how long each stage took.
    #[arg(long)]
    pub timings: bool,
    /// A file with switches, one a line: throw each in turn and print what is seen then.
    #[arg(long, requires = "known")]
    pub cuts: Option<PathBuf>,
    /// Evidence that this program gave before, when no switch was thrown.
    #[arg(long)]
    pub known: Option<PathBuf>,
    /// How much is looked at again while a wire is cut.
    #[arg(long, value_enum, default_value = "first")]
    pub look: Look,
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
    if let (Some(list), Some(known)) = (&options.cuts, &options.known) {
        let list = fs::read_to_string(list)
            .with_context(|| format!("cannot read the cuts {}", list.display()))?;
        let text = fs::read_to_string(known)
            .with_context(|| format!("cannot read the evidence {}", known.display()))?;
        let evidence = serde_json::from_str(&text)
            .with_context(|| format!("not evidence: {}", known.display()))?;
        cut_each(rig, &plan, evidence, options.look, &list)?;
        return Ok(Stages::new());
    }
    let (evidence, stages) = probe(rig, &plan, now).map_err(anyhow::Error::msg)?;
    let text = serde_json::to_vec(&evidence).context("cannot write the evidence as JSON")?;
    if let Some(out) = &options.out {
        replace(out, &text)
            .with_context(|| format!("cannot write the evidence {}", out.display()))?;
    }
    Ok(stages)
}

/// Throws one switch after the other, and prints a line for each.
fn cut_each(
    rig: &dyn Rig,
    plan: &Plan,
    evidence: Evidence,
    look: Look,
    switches: &str,
) -> Result<()> {
    if !cut::throw(None) {
        bail!(
            "this program has no switches; `cargo xtask verify-telemetry --deep` builds one that has"
        );
    }
    let known = Known::new(rig, plan, evidence).map_err(anyhow::Error::msg)?;
    let mut out = std::io::stdout().lock();
    for switch in switches.lines().filter(|line| !line.is_empty()) {
        cut::throw(Some(switch));
        // A wire without which the program dies has been noticed.
        let seen = std::panic::catch_unwind(AssertUnwindSafe(|| known.again(look)));
        cut::throw(None);
        let seen = seen.unwrap_or_else(|_| Err("the probe panicked".to_owned()));
        let line = match seen {
            Ok((leaves, places, evidence)) => {
                CutSeen { switch: switch.to_owned(), leaves, places, evidence: Ok(evidence) }
            }
            Err(why) => CutSeen {
                switch: switch.to_owned(),
                leaves: BTreeSet::new(),
                places: BTreeSet::new(),
                evidence: Err(why),
            },
        };
        serde_json::to_writer(&mut out, &line).context("cannot write what a cut does")?;
        writeln!(out).and_then(|()| out.flush()).context("nobody reads what a cut does")?;
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::real::RealRig;

    #[test]
    fn a_program_without_switches_cuts_nothing() {
        let folder = std::env::temp_dir().join(format!("telemetry-probe-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = |name: &str, text: String| {
            let path = folder.join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let plan = serde_json::to_string(&Plan { schema: SCHEMA, ..Plan::default() }).unwrap();
        let known = serde_json::to_string(&Evidence::default()).unwrap();
        let options = Options {
            plan: file("plan.json", plan),
            out: None,
            timings: false,
            cuts: Some(file("cuts.txt", "karn0.1\n".to_owned())),
            known: Some(file("known.json", known)),
            look: Look::First,
        };
        let refused = write_evidence(&RealRig, &options, &|| Duration::ZERO).unwrap_err();
        fs::remove_dir_all(&folder).unwrap();
        assert!(format!("{refused:#}").contains("has no switches"), "{refused:#}");
    }
}
