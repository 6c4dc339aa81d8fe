//! The jobs: one line each for a tool, with what to do where the tool is missing.

use anyhow::{Context, Result};

use super::{Outcome, Place};
use crate::process::{self, command};
use crate::workspace::Metadata;
use crate::{crash, diagnose, fuzz, golden, layers, pictures, tidy};

/// Runs a program and makes its success the outcome of a job.
fn program(name: &str, args: &[&str]) -> Result<Outcome> {
    finished(&mut command(name, args))
}

fn finished(command: &mut std::process::Command) -> Result<Outcome> {
    let passed = process::succeeds(command)?;
    Ok(if passed { Outcome::Passed } else { Outcome::Failed(process::line(command)) })
}

/// Returns what becomes of a job whose tool is not there.
fn missing(tool: &str) -> Outcome {
    Outcome::Skipped(format!("{tool} is not installed"))
}

/// Returns whether cargo knows the subcommand; not every one of them can be asked for its version.
fn has_subcommand(name: &str) -> Result<bool> {
    let list = process::output(&mut command("cargo", &["--list"]))?;
    Ok(list.lines().any(|line| line.split_whitespace().next() == Some(name)))
}

pub(super) fn fmt(_: Place) -> Result<Outcome> {
    program("cargo", &["fmt", "--all", "--", "--check"])
}

pub(super) fn typos(place: Place) -> Result<Outcome> {
    if process::exists("typos", &["--version"]) {
        return program("typos", &["--format", "brief"]);
    }
    Ok(if place.on_ci {
        Outcome::Failed("typos is not installed, but .ci/run installs it".to_owned())
    } else {
        missing("typos")
    })
}

pub(super) fn layers(_: Place) -> Result<Outcome> {
    layers::run().map(|()| Outcome::Passed)
}

pub(super) fn tidy(_: Place) -> Result<Outcome> {
    tidy::run().map(|()| Outcome::Passed)
}

pub(super) fn golden(_: Place) -> Result<Outcome> {
    golden::check().map(|()| Outcome::Passed)
}

/// The records against the code, and the verifier against a toy that makes mistakes.
pub(super) fn telemetry(_: Place) -> Result<Outcome> {
    let verify = ["xtask", "verify-telemetry"];
    let verified = program("cargo", &verify)?;
    if verified != Outcome::Passed {
        return Ok(verified);
    }
    program("cargo", &[verify[0], verify[1], "--self-test"])
}

/// A few kills; fifty are for before a release.
pub(super) fn crash(_: Place) -> Result<Outcome> {
    crash::run(&crash::Args { rounds: 5, seed: None, release: false }).map(|()| Outcome::Passed)
}

/// One healthy run and each pathology, as long as it takes to find it.
pub(super) fn diagnose(_: Place) -> Result<Outcome> {
    diagnose::check().map(|()| Outcome::Passed)
}

pub(super) fn pictures(_: Place) -> Result<Outcome> {
    pictures::check().map(|()| Outcome::Passed)
}

/// A short look for what nobody thought of; `cargo xtask fuzz` looks longer.
pub(super) fn fuzz(_: Place) -> Result<Outcome> {
    const SECONDS: u32 = 10;
    if !fuzz::is_installed() {
        return Ok(missing("cargo-fuzz"));
    }
    fuzz::all(SECONDS).map(|()| Outcome::Passed)
}

/// Licences, bans and sources; the database of advisories cannot be fetched everywhere, so it blocks nowhere.
pub(super) fn deny(_: Place) -> Result<Outcome> {
    if !has_subcommand("deny")? {
        return Ok(missing("cargo-deny"));
    }
    program("cargo", &["deny", "check", "bans", "licenses", "sources"])
}

pub(super) fn machete(_: Place) -> Result<Outcome> {
    if !has_subcommand("machete")? {
        return Ok(missing("cargo-machete"));
    }
    program("cargo", &["machete"])
}

pub(super) fn clippy(_: Place) -> Result<Outcome> {
    program(
        "cargo",
        &["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"],
    )
}

/// All features, as for clippy: what was checked there is not checked again.
pub(super) fn doc(_: Place) -> Result<Outcome> {
    let args = ["doc", "--workspace", "--all-features", "--no-deps", "--document-private-items"];
    finished(command("cargo", &args).env("RUSTDOCFLAGS", "-D warnings"))
}

/// Runs each bench once. In the dev profile: only that they run is proved here, and what the tests have built is used
/// again, while the bench profile would build every crate a second time, optimised.
pub(super) fn bench(_: Place) -> Result<Outcome> {
    if Metadata::load()?.targets("bench").is_empty() {
        return Ok(Outcome::Skipped("no crate has a bench".to_owned()));
    }
    program("cargo", &["bench", "--workspace", "--profile", "dev", "--bench", "*", "--", "--test"])
}

/// Checks with the oldest compiler that is promised; which one that is stands in Cargo.toml and nowhere else.
pub(super) fn msrv(_: Place) -> Result<Outcome> {
    let metadata = Metadata::load()?;
    let oldest = metadata.oldest_compiler().context("Cargo.toml names no rust-version")?;
    let installed =
        process::output(&mut command("rustup", &["toolchain", "list"])).unwrap_or_default();
    let Some(toolchain) = matching(&installed, oldest) else {
        return Ok(Outcome::Skipped(format!("the toolchain {oldest} is not installed")));
    };
    finished(
        command("cargo", &["check", "--workspace", "--all-targets"])
            .env("RUSTUP_TOOLCHAIN", toolchain),
    )
}

/// Returns the toolchain of `installed`, a list as rustup prints it, that is of version `oldest`, such as `1.88`.
fn matching<'a>(installed: &'a str, oldest: &str) -> Option<&'a str> {
    let names = installed.lines().filter_map(|line| line.split_whitespace().next());
    names.into_iter().find(|name| {
        let rest = name.strip_prefix(oldest);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_compiler_is_found_by_its_version() {
        let installed = "stable-x86_64 (default)\n1.188.0-x86_64\n1.88.0-x86_64 (active)\n";
        assert_eq!(matching(installed, "1.88"), Some("1.88.0-x86_64"));
        assert_eq!(matching(installed, "1.8"), None);
        assert_eq!(matching("1.88-x86_64\n", "1.88"), Some("1.88-x86_64"));
        assert_eq!(matching("no installed toolchains\n", "1.88"), None);
    }

    #[test]
    fn cargo_knows_its_subcommands() {
        assert!(has_subcommand("test").unwrap());
        assert!(!has_subcommand("no-such-subcommand").unwrap());
    }

    #[test]
    fn a_program_that_fails_fails_its_job() {
        assert_eq!(program("cargo", &["--version"]).unwrap(), Outcome::Passed);
        let failed = program("cargo", &["no-such-subcommand"]).unwrap();
        assert_eq!(failed, Outcome::Failed("cargo no-such-subcommand".to_owned()));
        assert!(program("no-such-program-anywhere", &[]).is_err());
    }
}
