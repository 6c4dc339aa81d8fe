//! Kills a trainer that writes an event log, again and again, and checks what is left: nothing acknowledged may be missing.

mod plan;
mod proof;
mod rows;
mod tool;
mod victim;
mod walk;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::table::{Form, format_table};
use crate::workspace::Metadata;
use crate::{process, workspace};
use plan::Plan;
use proof::Proof;
use tool::Tool;

/// What `cargo xtask crash` is asked to do.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many times to kill.
    #[arg(long, default_value_t = 50)]
    pub(crate) rounds: u64,
    /// What the rounds do: round N of seed S is round 1 of seed S + N - 1, so one alone can be repeated. Without it another
    /// one every time, which is printed.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Builds optimised programs: more events a second, and so more chances to hit a write.
    #[arg(long)]
    pub(crate) release: bool,
}

/// The programs that take part.
struct Programs {
    victim: PathBuf,
    tool: Tool,
}

/// Kills as often as asked, and fails if anything that was promised did not hold.
pub(crate) fn run(args: &Args) -> Result<()> {
    let seed = args.seed.unwrap_or_else(fresh_seed);
    let metadata = Metadata::load()?;
    let programs = build(&metadata, args.release)?;
    let place = metadata.target_directory.join("crash").join(std::process::id().to_string());
    let mut rows = Vec::new();
    let mut total = Totals::default();
    for round in 0..args.rounds {
        let plan = Plan::of(seed.wrapping_add(round));
        let root = place.join(plan.seed.to_string());
        fs::create_dir_all(&root).with_context(|| format!("cannot make {}", root.display()))?;
        let proofs = once(&plan, &root, &programs)
            .with_context(|| format!("round of seed {} in {}", plan.seed, root.display()))?;
        total.add(&plan, &proofs);
        rows.extend(proofs.iter().map(|proof| row(&plan, proof)));
        if proofs.iter().all(Proof::holds) {
            fs::remove_dir_all(&root).ok();
        }
        for proof in proofs {
            for violation in proof.violations {
                eprintln!("seed {}: {violation}: {}", plan.seed, proof.dir.display());
                total.violations += 1;
            }
        }
    }
    fs::remove_dir(&place).ok();
    let head = [
        "seed",
        "killed",
        "runs",
        "fsync",
        "flood",
        "segments",
        "acked",
        "read",
        "cut B",
        "torn B",
        "after ack",
        "ms",
        "lost",
        "result",
    ];
    print!("\n{}", format_table(&head, &rows, Form::Plain));
    println!("\n{total}");
    if total.violations != 0 {
        bail!(
            "crash: {} promises broken; what is left is kept in {}; once more: cargo xtask crash --seed {seed} --rounds {}",
            total.violations,
            place.display(),
            args.rounds
        );
    }
    Ok(())
}

/// Kills once and looks at every run that is left.
fn once(plan: &Plan, root: &Path, programs: &Programs) -> Result<Vec<Proof>> {
    let claims = victim::kill(plan, root, &programs.victim)?;
    let mut dirs = Vec::new();
    for entry in fs::read_dir(root)? {
        dirs.push(entry?.path());
    }
    dirs.sort();
    let mut proofs = Vec::new();
    for dir in dirs {
        let claim = claims.iter().find(|claim| claim.dir.as_deref() == Some(dir.as_path()));
        proofs.push(Proof::of(dir, claim, plan.cut, &programs.tool)?);
    }
    // Two trainers that ask for one name get two directories, unless one of them was killed before that.
    for claim in &claims {
        if let Some(dir) = claim.dir.as_ref().filter(|dir| !dir.is_dir()) {
            bail!("the victim wrote to a directory that is not there: {}", dir.display());
        }
    }
    Ok(proofs)
}

fn build(metadata: &Metadata, release: bool) -> Result<Programs> {
    let profile: &[&str] = if release { &["--release"] } else { &[] };
    for what in [
        ["--package", "sanctum-tui", "--bin", "sanctum-tui"],
        ["--package", "esper", "--example", "crash_victim"],
    ] {
        let args = [&["build", "--quiet"], &what[..], profile].concat();
        if !process::succeeds(&mut process::command("cargo", &args))? {
            bail!("crash: what takes part cannot be built");
        }
    }
    let built = metadata.target_directory.join(if release { "release" } else { "debug" });
    let victim = built.join("examples").join("crash_victim");
    Ok(Programs { victim, tool: Tool::new(built.join("sanctum-tui"), workspace::root()) })
}

#[expect(clippy::disallowed_methods, reason = "another seed every time is what is asked for")]
fn fresh_seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(1, |now| now.as_millis() as u64)
}

fn row(plan: &Plan, proof: &Proof) -> Vec<String> {
    let Proof {
        dir: _,
        torn_by_kill: _,
        cut,
        walk,
        acknowledged,
        read,
        after_ack,
        lost,
        violations,
    } = proof;
    let number = |number: Option<u64>| number.map_or_else(|| "—".to_owned(), |n| n.to_string());
    vec![
        plan.seed.to_string(),
        plan.moment.to_string(),
        plan.victims.to_string(),
        plan.fsync.to_owned(),
        if plan.flood { "yes" } else { "no" }.to_owned(),
        walk.segments.to_string(),
        number(*acknowledged),
        read.to_string(),
        cut.to_string(),
        walk.torn_bytes().to_string(),
        number(after_ack.map(|(events, _)| events)),
        after_ack.map_or_else(|| "—".to_owned(), |(_, ms)| format!("{ms:.1}")),
        number(*lost),
        if violations.is_empty() { "ok" } else { "BROKEN" }.to_owned(),
    ]
}

/// What all rounds together came to.
#[derive(Debug, Default)]
struct Totals {
    rounds: u64,
    kills: u64,
    logs: u64,
    torn_by_kill: u64,
    torn: u64,
    torn_bytes: u64,
    acknowledged: u64,
    read: u64,
    after_ack: (u64, f64),
    lost: u64,
    violations: u64,
}

impl Totals {
    fn add(&mut self, plan: &Plan, proofs: &[Proof]) {
        self.rounds += 1;
        self.kills += u64::from(plan.victims);
        for proof in proofs {
            self.logs += 1;
            self.torn_by_kill += u64::from(proof.torn_by_kill);
            self.torn += u64::from(proof.walk.torn_bytes() != 0);
            self.torn_bytes += proof.walk.torn_bytes();
            self.acknowledged += proof.acknowledged.map_or(0, |seq| seq + 1);
            self.read += proof.read;
            let (events, ms) = proof.after_ack.unwrap_or_default();
            self.after_ack = (self.after_ack.0.max(events), self.after_ack.1.max(ms));
            self.lost = self.lost.max(proof.lost.unwrap_or(0));
        }
    }
}

impl std::fmt::Display for Totals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            rounds,
            kills,
            logs,
            torn_by_kill,
            torn,
            torn_bytes,
            acknowledged,
            read,
            after_ack,
            lost,
            violations,
        } = self;
        writeln!(f, "{rounds} rounds, {kills} processes killed, {logs} logs left")?;
        writeln!(
            f,
            "{torn} logs torn, {torn_by_kill} by the kill itself and the others by a cut behind what was acknowledged, {torn_bytes} bytes in all"
        )?;
        writeln!(f, "{acknowledged} events acknowledged, {read} read back")?;
        writeln!(
            f,
            "at most {} events ({:.1} ms of the run) read back beyond the last acknowledged one",
            after_ack.0, after_ack.1
        )?;
        writeln!(
            f,
            "at most {lost} events known to be emitted and lost, none of them acknowledged"
        )?;
        write!(f, "{violations} promises broken")
    }
}
