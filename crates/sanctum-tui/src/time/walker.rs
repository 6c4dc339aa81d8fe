//! Walks along the inputs of a run and folds them; it can go on from any mark that another walk has left.

use leyline::Incoming;
use nissa::recording::{Position, Read, Recording, RecordingError};

use crate::fold::Picture;
use crate::time::kept::{Kept, KeptInput};
use crate::time::preview;
use crate::time::replay::Replay;
use crate::time::runs::{Runs, Wanted};

/// Where the inputs are.
pub(crate) enum Inputs {
    /// In files.
    Recording(Box<Recording>),
    /// In the memory of this viewer.
    Kept(Box<Kept>),
}

/// Where a walk stands between two inputs.
#[derive(Debug, Clone)]
pub(crate) enum Mark {
    /// In files.
    Position(Box<Position>),
    /// In memory: the place says it.
    Place,
}

/// What a step of a walk did.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Stepped {
    /// It folded this input.
    Folded(Incoming),
    /// It stands farther on: what comes next is not kept any more.
    Moved,
    /// Nothing more is there yet.
    Pending,
    /// There is nothing more.
    End,
}

/// A fold on its way.
pub(crate) struct Walker {
    inputs: Inputs,
    pub(crate) replay: Replay,
    /// An input that was looked at and is folded next.
    ahead: Option<KeptInput>,
}

/// What was found ahead.
enum Found {
    Input(KeptInput),
    Pending,
    End,
}

impl Walker {
    /// Stands before the first input.
    pub(crate) fn new(inputs: Inputs) -> Self {
        Self { inputs, replay: Replay::new(), ahead: None }
    }

    /// Folds the next input.
    pub(crate) fn step(&mut self) -> Result<Stepped, RecordingError> {
        let input = if let Some(input) = self.ahead.take() {
            input
        } else {
            let before = self.replay.place;
            match self.read()? {
                Found::Input(input) if before == self.replay.place => input,
                Found::Input(input) => {
                    self.ahead = Some(input);
                    return Ok(Stepped::Moved);
                }
                Found::Pending => return Ok(Stepped::Pending),
                Found::End => return Ok(Stepped::End),
            }
        };
        let KeptInput { live_from, incoming } = input;
        if let Some(from_seq) = live_from {
            self.replay.link(karn_sanctum::Link::Live { from_seq });
        }
        self.replay.fold(&incoming);
        Ok(Stepped::Folded(incoming))
    }

    /// Looks at the next input without folding it, and at the runs before it; `None` if there is none, or none yet.
    pub(crate) fn peek(&mut self) -> Result<Option<(&Incoming, &Runs)>, RecordingError> {
        if self.ahead.is_none()
            && let Found::Input(input) = self.read()?
        {
            self.ahead = Some(input);
        }
        Ok(self.ahead.as_ref().map(|input| (&input.incoming, &self.replay.runs)))
    }

    /// Returns where it stands; only while nothing was looked at ahead.
    pub(crate) fn mark(&self) -> Mark {
        match &self.inputs {
            Inputs::Recording(recording) => Mark::Position(Box::new(recording.position())),
            Inputs::Kept(_) => Mark::Place,
        }
    }

    /// Goes to where another walk over the same run stood, with the state that it had there.
    pub(crate) fn go(&mut self, mark: &Mark, replay: Replay) -> Result<(), RecordingError> {
        self.ahead = None;
        match (&mut self.inputs, mark) {
            (Inputs::Recording(recording), Mark::Position(position)) => recording.go(position)?,
            (Inputs::Kept(kept), Mark::Place) => kept.go(replay.place),
            (Inputs::Recording(_), Mark::Place) | (Inputs::Kept(_), Mark::Position(_)) => {
                return Err(RecordingError::Elsewhere);
            }
        }
        self.replay = replay;
        Ok(())
    }

    /// Returns the recording, if the inputs are in files.
    pub(crate) fn recording(&self) -> Option<&Recording> {
        match &self.inputs {
            Inputs::Recording(recording) => Some(recording),
            Inputs::Kept(_) => None,
        }
    }

    /// Returns the first frame of a long run, see [`preview::of`].
    pub(crate) fn preview(
        &mut self,
        wanted: &Wanted,
        long: u64,
    ) -> Result<Option<Picture>, RecordingError> {
        match &mut self.inputs {
            Inputs::Recording(recording) => preview::of(recording, wanted, long),
            Inputs::Kept(_) => Ok(None),
        }
    }

    /// Returns how many events there are, if the end of the files tells.
    pub(crate) fn events(&mut self) -> Option<u64> {
        let Inputs::Recording(recording) = &mut self.inputs else { return None };
        // A run whose end cannot be read is read from its start all the same, and then the failure is told.
        let last = recording.last_seq().ok().flatten()?;
        last.checked_add(1)
    }

    /// Returns the first place that can still be reached.
    pub(crate) const fn first(&self) -> u64 {
        match &self.inputs {
            Inputs::Recording(_) => 0,
            Inputs::Kept(kept) => kept.first(),
        }
    }

    /// Returns whether all inputs are of one run.
    pub(crate) fn is_single_run(&self) -> bool {
        self.recording().is_some_and(Recording::is_single_run)
    }

    fn read(&mut self) -> Result<Found, RecordingError> {
        Ok(match &mut self.inputs {
            Inputs::Recording(recording) => match recording.read()? {
                Read::Event(incoming) => Found::Input(KeptInput { live_from: None, incoming }),
                Read::Pending => Found::Pending,
                Read::End => Found::End,
            },
            Inputs::Kept(kept) => {
                let next = kept.next();
                if let Some(base) = kept.moved() {
                    self.replay = *base;
                }
                match next {
                    Some(input) => Found::Input(input),
                    None if kept.is_over() => Found::End,
                    None => Found::Pending,
                }
            }
        })
    }
}
