//! Runs other programs in the root of the workspace.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::workspace;

/// Returns a command that will run `program` with `args` in the root of the workspace.
pub(crate) fn command(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(workspace::root()).stdin(Stdio::null());
    // What `cargo run` says about this crate is not about theirs: cargo-machete for one behaves differently.
    for (name, _) in std::env::vars_os() {
        if ["CARGO_PKG_", "CARGO_MANIFEST_"]
            .iter()
            .any(|start| name.to_string_lossy().starts_with(start))
        {
            command.env_remove(name);
        }
    }
    command
}

/// Returns the command line of `command`, as one would type it.
pub(crate) fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Runs `command` with our own output and returns whether it succeeded; fails if it could not be started.
pub(crate) fn succeeds(command: &mut Command) -> Result<bool> {
    eprintln!("$ {}", line(command));
    let status = command.status().with_context(|| format!("cannot start {}", line(command)))?;
    Ok(status.success())
}

/// Returns what `command` writes to its standard output; fails, with its messages, if it does not succeed.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start {}", line(command)))?;
    if !output.status.success() {
        let messages = String::from_utf8_lossy(&output.stderr);
        bail!("{} failed ({}): {}", line(command), output.status, messages.trim_end());
    }
    String::from_utf8(output.stdout).with_context(|| format!("{} wrote no UTF-8", line(command)))
}

/// Returns whether `program` with `args` can be run at all: the question "is that tool installed?".
pub(crate) fn exists(program: &str, args: &[&str]) -> bool {
    let mut probe = command(program, args);
    probe.stdout(Stdio::null()).stderr(Stdio::null());
    probe.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_what_one_would_type() {
        assert_eq!(line(&command("cargo", &["fmt", "--all"])), "cargo fmt --all");
    }

    #[test]
    fn a_failing_program_is_an_error_with_its_messages() {
        let error = output(&mut command("cargo", &["no-such-subcommand"])).unwrap_err().to_string();
        assert!(error.starts_with("cargo no-such-subcommand failed"), "{error}");
        assert!(error.contains("no such command"), "{error}");
    }

    #[test]
    fn other_programs_do_not_take_themselves_for_us() {
        let removed: Vec<_> =
            command("cargo", &[]).get_envs().map(|(name, _)| name.to_owned()).collect();
        assert!(removed.iter().any(|name| name == "CARGO_PKG_NAME"), "{removed:?}");
    }

    #[test]
    fn a_missing_program_does_not_exist() {
        assert!(exists("cargo", &["--version"]));
        assert!(!exists("no-such-program-anywhere", &["--version"]));
    }
}
