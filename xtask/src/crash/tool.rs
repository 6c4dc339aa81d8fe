//! `sanctum-tui` as a stranger would use it: arguments in; exit code, output and messages out.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

/// The program.
#[derive(Debug)]
pub(crate) struct Tool {
    program: PathBuf,
    at: PathBuf,
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Said {
    /// Exit code; absent if a signal ended it.
    pub(crate) code: Option<i32>,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
}

impl Tool {
    /// Returns the tool that is `program`, started in the directory `at`.
    pub(crate) fn new(program: PathBuf, at: &Path) -> Self {
        Self { program, at: at.to_owned() }
    }

    /// Runs a command over a run directory to its end.
    pub(crate) fn run(&self, command: &str, dir: &Path, flags: &[&str]) -> Result<Said> {
        let output = Command::new(&self.program)
            .arg(command)
            .arg(dir)
            .args(flags)
            .current_dir(&self.at)
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("cannot start {}", self.program.display()))?;
        Ok(Said {
            code: output.status.code(),
            out: String::from_utf8(output.stdout)
                .with_context(|| format!("{command} printed no UTF-8"))?,
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}
