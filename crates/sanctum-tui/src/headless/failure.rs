//! Why a command without a screen ended otherwise than well, and the exit code of each reason.

use std::fmt;
use std::io;

use nissa::recording::RecordingError;
use sanctum_widgets::format::format_foreign;

use crate::cli::FailOn;
use crate::exit::Exit;
use crate::headless::nearest::nearest;

/// Why a command did not end with 0. Of [`Self::Damaged`] and [`Self::Verdict`] the output is complete.
#[derive(Debug)]
pub enum Failure {
    /// The arguments ask for something that does not exist: exit code 2.
    Usage(String),
    /// There is no such run: exit code 3.
    NotFound(String),
    /// Several runs could be meant, or others are there: exit code 3.
    Choose {
        /// Why none was taken.
        why: String,
        /// What can be asked for instead, a line each.
        choices: Vec<String>,
    },
    /// The run could not be read to its end: exit code 1.
    Read {
        /// The run, as it was asked for.
        run: String,
        /// What happened.
        error: RecordingError,
    },
    /// It will not be done: exit code 1.
    Refused(String),
    /// The run is damaged, what can be read was processed: exit code 4.
    Damaged(String),
    /// The run is of a format that this build does not know yet: exit code 5.
    Version(String),
    /// `check` found something of this level, and has printed it: exit code 10 or 11.
    Verdict(FailOn),
    /// A signal ended the command: exit code 128 and its number.
    Signal(i32),
    /// Standard output could not be written: exit code 1, or 0 if its reader went away.
    Write(io::Error),
}

impl Failure {
    /// Returns the exit code of the program.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::NotFound(_) | Self::Choose { .. } => 3,
            Self::Write(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Self::Read { .. } | Self::Refused(_) | Self::Write(_) => 1,
            Self::Damaged(_) => 4,
            Self::Version(_) => 5,
            Self::Verdict(FailOn::Warning) => 10,
            Self::Verdict(FailOn::Critical) => 11,
            Self::Signal(number) => Exit::Signal(*number).code(),
        }
    }

    /// Returns whether there is nobody left to tell, or nothing that was not said.
    pub fn is_silent(&self) -> bool {
        match self {
            Self::Verdict(_) | Self::Signal(_) => true,
            Self::Write(error) => error.kind() == io::ErrorKind::BrokenPipe,
            Self::Usage(_)
            | Self::NotFound(_)
            | Self::Choose { .. }
            | Self::Read { .. }
            | Self::Refused(_)
            | Self::Damaged(_)
            | Self::Version(_) => false,
        }
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

/// Makes a line with names of files and words of users in it harmless.
pub(super) fn harmless(line: &str) -> String {
    format_foreign(line, usize::MAX, false)
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Choose { why, choices } => {
                f.write_str(&harmless(why))?;
                return choices.iter().try_for_each(|line| write!(f, "\n  {}", harmless(line)));
            }
            Self::Usage(text)
            | Self::NotFound(text)
            | Self::Refused(text)
            | Self::Damaged(text)
            | Self::Version(text) => text.clone(),
            Self::Verdict(FailOn::Warning) => "the worst verdict was a warning".to_owned(),
            Self::Verdict(FailOn::Critical) => "the worst verdict was critical".to_owned(),
            Self::Signal(number) => format!("ended by signal {number}"),
            Self::Read { run, error: error @ RecordingError::Rows(_) } => format!("{error}: {run}"),
            Self::Read { run: _, error } => error.to_string(),
            Self::Write(error) => format!("cannot write to standard output: {error}"),
        };
        f.write_str(&harmless(&text))
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_a_message_moves_nothing_on_a_terminal() {
        let error = Failure::NotFound("no such run: a\u{1b}[2J\r\nb\u{202e}c".to_owned());
        assert_eq!(error.to_string(), "no such run: a·[2J··b·c");
        let choices = vec!["one".to_owned(), "two\nthree".to_owned()];
        let error = Failure::Choose { why: "which\n?".to_owned(), choices };
        assert_eq!(error.to_string(), "which·?\n  one\n  two·three");
    }
}
