//! Why a command without a screen ended early, and the exit code of each reason.

use std::fmt;
use std::io;

use nissa::rows::RowError;

use crate::headless::nearest::nearest;

/// Why a command ended early.
#[derive(Debug)]
pub enum Failure {
    /// The arguments ask for something that does not exist: exit code 2.
    Usage(String),
    /// There is no such run: exit code 3.
    NotFound(String),
    /// The run could not be read to its end: exit code 1.
    Read {
        /// The run, as it was asked for.
        run: String,
        /// What happened.
        error: RowError,
    },
    /// Standard output could not be written: exit code 1, or 0 if its reader went away.
    Write(io::Error),
}

impl Failure {
    /// Returns the exit code of the program.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::NotFound(_) => 3,
            Self::Write(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Self::Read { .. } | Self::Write(_) => 1,
        }
    }

    /// Returns whether there is nobody left to tell.
    pub fn is_silent(&self) -> bool {
        self.exit_code() == 0
    }

    /// Says that a name is not known, and which known one it is closest to.
    pub(super) fn unknown<'a>(
        what: &str,
        asked: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        let nearest = nearest(asked, known.iter().copied()).unwrap_or("");
        Self::Usage(format!(
            "unknown {what} `{asked}`; nearest: `{nearest}` (known: {})",
            known.join(", ")
        ))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) | Self::NotFound(text) => f.write_str(text),
            Self::Read { run, error } => write!(f, "{error}: {run}"),
            Self::Write(error) => write!(f, "cannot write to standard output: {error}"),
        }
    }
}

impl std::error::Error for Failure {}
