//! How a run or its viewer ended, and the exit code of that.

use karn_sanctum::{Connection, Snapshot};
use leyline::FinishReason;

use crate::headless::Failure;
use crate::source::trainer::Usage;

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    /// The run has done what it was asked to do, or a viewer of nothing was left.
    Completed,
    /// The run was asked to stop, through `q`.
    Stopped,
    /// The run failed; why.
    Failed(String),
    /// A signal ended it, Ctrl-C included; its number.
    Signal(i32),
    /// Nobody reads our standard output any more.
    ReaderGone,
}

impl Exit {
    /// Returns the end that a run came to by itself.
    pub fn of(snapshot: &Snapshot) -> Self {
        match (snapshot.finish_reason, snapshot.connection) {
            (Some(FinishReason::Completed), _) => Self::Completed,
            (Some(FinishReason::Stopped), _) => Self::Stopped,
            (Some(FinishReason::Failed), _) => {
                let unknown = || "no reason given".to_owned();
                Self::Failed(snapshot.finish_error.clone().unwrap_or_else(unknown))
            }
            (None, Connection::Waiting) => Self::Failed("no run began".to_owned()),
            (
                None,
                Connection::Live
                | Connection::Slow
                | Connection::Stale
                | Connection::Disconnected
                | Connection::Finished
                | Connection::Failed,
            ) => Self::Failed("the run went away without an end".to_owned()),
        }
    }

    /// Returns the exit code: 0, 1, or 128 and the number of the signal.
    pub fn code(&self) -> u8 {
        match self {
            Self::Completed | Self::Stopped | Self::ReaderGone => 0,
            Self::Failed(_) => 1,
            Self::Signal(number) => {
                u8::try_from(*number).map_or(1, |number| number.saturating_add(128))
            }
        }
    }
}

/// Returns the exit code of a program that ended like this, and what to say about it, if there is anybody to tell.
pub fn outcome(ended: &anyhow::Result<Exit>) -> (u8, Option<String>) {
    let error = match ended {
        Ok(Exit::Failed(why)) => return (1, Some(format!("run failed: {why}"))),
        Ok(exit) => return (exit.code(), None),
        Err(error) => error,
    };
    let failure = error.downcast_ref::<Failure>();
    let usage = error.downcast_ref::<Usage>().map(|_| 2);
    let code = failure.map(Failure::exit_code).or(usage).unwrap_or(1);
    (code, (!failure.is_some_and(Failure::is_silent)).then(|| format!("{error:#}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_has_a_code_and_only_a_reader_that_left_is_told_nothing() {
        let failed = |failure: Failure| outcome(&Err(failure.into()));
        let gone = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        assert_eq!(failed(Failure::Write(gone)), (0, None));
        assert_eq!(failed(Failure::NotFound("no run".to_owned())), (3, Some("no run".to_owned())));
        assert_eq!(outcome(&Err(Usage("no".to_owned()).into())), (2, Some("no".to_owned())));
        assert_eq!(outcome(&Err(anyhow::anyhow!("x"))), (1, Some("x".to_owned())));
        assert_eq!(outcome(&Ok(Exit::Signal(15))), (143, None));
        let why = Some("run failed: x".to_owned());
        assert_eq!(outcome(&Ok(Exit::Failed("x".to_owned()))), (1, why));
    }

    #[test]
    fn codes_are_those_of_the_manual() {
        let codes = [
            (Exit::Completed, 0),
            (Exit::Stopped, 0),
            (Exit::ReaderGone, 0),
            (Exit::Failed("x".to_owned()), 1),
            (Exit::Signal(1), 129),
            (Exit::Signal(2), 130),
            (Exit::Signal(15), 143),
        ];
        for (exit, code) in codes {
            assert_eq!(exit.code(), code, "{exit:?}");
        }
    }

    #[test]
    fn a_run_tells_its_end_by_its_last_snapshot() {
        let mut snapshot = Snapshot::empty();
        assert_eq!(Exit::of(&snapshot), Exit::Failed("no run began".to_owned()));
        snapshot.connection = Connection::Disconnected;
        assert_eq!(
            Exit::of(&snapshot),
            Exit::Failed("the run went away without an end".to_owned())
        );
        snapshot.finish_reason = Some(FinishReason::Stopped);
        assert_eq!(Exit::of(&snapshot), Exit::Stopped);
        snapshot.finish_reason = Some(FinishReason::Completed);
        assert_eq!(Exit::of(&snapshot), Exit::Completed);
        snapshot.finish_reason = Some(FinishReason::Failed);
        snapshot.finish_error = Some("loss is NaN".to_owned());
        assert_eq!(Exit::of(&snapshot), Exit::Failed("loss is NaN".to_owned()));
    }
}
