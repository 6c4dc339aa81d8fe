//! Runs the fuzz targets of all crates for a bounded time, where cargo-fuzz is installed.
//!
//! What is committed in a crate's `fuzz/corpus/` is where a run starts from and what `tests/fuzz_corpus.rs` replays on every
//! machine. New finds of a run go to `target/fuzz/`, so a run leaves the tree as it was.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::{process, workspace};

/// What `cargo xtask fuzz` is asked to do.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Targets to run; without any, all of them.
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
    /// Seconds for each target.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Lists the targets and runs none.
    #[arg(long)]
    list: bool,
}

/// A program that is given any bytes.
#[derive(Debug, PartialEq, Eq)]
struct Target {
    /// Its crate.
    krate: String,
    name: String,
}

/// Runs the targets, as asked.
pub(crate) fn run(args: &Args) -> Result<()> {
    let all = targets(&workspace::root().join("crates"))?;
    if let Some(unknown) =
        args.targets.iter().find(|wanted| all.iter().all(|target| target.name != **wanted))
    {
        let known: Vec<&str> = all.iter().map(|target| target.name.as_str()).collect();
        bail!("unknown target `{unknown}`; targets: {}", known.join(", "));
    }
    let wanted = |target: &&Target| args.targets.is_empty() || args.targets.contains(&target.name);
    if args.list {
        for target in &all {
            println!("{} (crates/{}/fuzz)", target.name, target.krate);
        }
        return Ok(());
    }
    if !is_installed() {
        bail!("cargo-fuzz is not installed: cargo install --locked cargo-fuzz");
    }
    all.iter().filter(wanted).try_for_each(|target| fuzz(target, args.seconds))
}

/// Returns whether fuzz targets can be run here.
pub(crate) fn is_installed() -> bool {
    process::exists("cargo", &["fuzz", "--version"])
}

/// Runs all targets for so many seconds each.
pub(crate) fn all(seconds: u32) -> Result<()> {
    run(&Args { targets: Vec::new(), seconds, list: false })
}

/// Returns the targets below `crates`, in the order of crate and name.
fn targets(crates: &Path) -> Result<Vec<Target>> {
    let mut found = Vec::new();
    for krate in names(crates)? {
        let folder = crates.join(&krate).join("fuzz/fuzz_targets");
        if folder.is_dir() {
            found.extend(names(&folder)?.into_iter().filter_map(|file| {
                let name = file.strip_suffix(".rs")?.to_owned();
                Some(Target { krate: krate.clone(), name })
            }));
        }
    }
    Ok(found)
}

fn names(folder: &Path) -> Result<Vec<String>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn fuzz(target: &Target, seconds: u32) -> Result<()> {
    let Target { krate, name } = target;
    let fuzz_dir = format!("crates/{krate}/fuzz");
    let work = made(&workspace::root().join("target/fuzz").join(krate).join(name))?;
    let artifacts = made(&workspace::root().join("target/fuzz/artifacts"))?;
    let (work, artifacts) = (work.display().to_string(), artifacts.display());
    let committed = format!("{fuzz_dir}/corpus/{name}");
    let (time, prefix) =
        (format!("-max_total_time={seconds}"), format!("-artifact_prefix={artifacts}/{name}-"));
    // Sanitizers need a nightly compiler; our code is safe, and what is looked for are panics, hangs and wrong answers.
    let args = ["fuzz", "run", "-s", "none", "--fuzz-dir", &fuzz_dir, name, &work, &committed];
    let options =
        ["--", &time, &prefix, "-print_final_stats=1", "-rss_limit_mb=2048", "-timeout=20"];
    let mut command = process::command("cargo", &args);
    command.args(options).env("CARGO_TARGET_DIR", workspace::root().join("target/fuzz/build"));
    // Some targets make scratch directories and sync them, which is a thousand times faster in memory.
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        command.env("TMPDIR", memory);
    }
    if !process::succeeds(&mut command)? {
        bail!(
            "fuzz target {name} failed; the input lies in {artifacts}: mend what it shows, then put it into {committed}"
        );
    }
    Ok(())
}

fn made(folder: &Path) -> Result<PathBuf> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_is_declared_and_has_a_corpus() {
        let crates = workspace::root().join("crates");
        let targets = targets(&crates).unwrap();
        assert!(!targets.is_empty());
        for Target { krate, name } in targets {
            let fuzz = crates.join(krate).join("fuzz");
            let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
            assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name}");
            assert!(!names(&fuzz.join("corpus").join(&name)).unwrap().is_empty(), "{name}");
        }
    }
}
