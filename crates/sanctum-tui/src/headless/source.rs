//! A run that a command reads, whatever it is: a run directory, live or not, a file of rows, or standard input.

use std::io::{self, BufReader, Stderr, Write};

use leyline::Incoming;
use nissa::recording::{OpenError, Read, Recording, RecordingError};

use crate::cli::RunArgs;
use crate::headless::damage;
use crate::headless::failure::Failure;
use crate::headless::meter::Meter;
use crate::headless::target::{self, Target};

/// Names the run of version 0 rows from a pipe.
const STDIN: &str = "stdin";
/// Bytes read at once from a pipe.
const BUFFER: usize = 1 << 16;

/// A run, opened. Every command reads through this one, so that all take the same and say the same about it.
#[derive(Debug)]
pub(super) struct Source {
    recording: Recording,
    /// The run, as it was asked for.
    asked: String,
    meter: Meter<Stderr>,
}

impl Source {
    /// Opens the run that `args` name.
    ///
    /// # Errors
    ///
    /// [`Failure::NotFound`], [`Failure::Version`], or [`Failure::Read`].
    pub(super) fn open(args: &RunArgs) -> Result<Self, Failure> {
        let recording = match target::find(args)? {
            Target::Stdin => {
                let input = Box::new(BufReader::with_capacity(BUFFER, io::stdin()));
                Recording::from_rows(input, STDIN)
            }
            Target::Path(path) => Recording::open(&path).map_err(|error| unopened(&error))?,
        };
        let asked = args.source.display().to_string();
        Ok(Self { recording, asked, meter: Meter::new(io::stderr(), args.progress) })
    }

    /// Returns the next event; `None` at the end of what there is now, also of a live run.
    ///
    /// # Errors
    ///
    /// [`Failure::Read`] and [`Failure::Version`].
    pub(super) fn next(&mut self) -> Result<Option<Incoming>, Failure> {
        match self.read()? {
            Read::Event(incoming) => Ok(Some(incoming)),
            Read::Pending | Read::End => Ok(None),
        }
    }

    /// Reads on, for a command that follows a live run.
    ///
    /// # Errors
    ///
    /// As [`Self::next`].
    pub(super) fn read(&mut self) -> Result<Read, Failure> {
        let read = self.recording.read().map_err(|error| self.failed(error))?;
        if self.meter.is_due()
            && let Some(total) = self.recording.total_bytes()
        {
            self.meter.show(self.recording.bytes_read(), total);
        }
        Ok(read)
    }

    /// Returns the recording itself.
    pub(super) const fn recording(&self) -> &Recording {
        &self.recording
    }

    /// Makes the next event read the first one that is not before a place.
    ///
    /// # Errors
    ///
    /// As [`Self::next`].
    pub(super) fn seek(&mut self, to: nissa::recording::Seek) -> Result<(), Failure> {
        self.recording.seek(to).map_err(|error| self.failed(error))
    }

    /// Ends the reading: tells on `notes` what of the part that was read is damaged.
    ///
    /// # Errors
    ///
    /// [`Failure::Damaged`], to be returned after the output of the command.
    pub(super) fn close(self, notes: &mut impl Write) -> Result<(), Failure> {
        let Self { recording, asked, meter } = self;
        drop(meter);
        damage::report(&asked, recording.damage(), notes)
    }

    fn failed(&self, error: RecordingError) -> Failure {
        unread(&self.asked, error)
    }
}

/// Returns the failure for a run that cannot be read on.
pub(crate) fn unread(run: &str, error: RecordingError) -> Failure {
    match error {
        RecordingError::Format { .. } => Failure::Version(error.to_string()),
        RecordingError::Rows(_)
        | RecordingError::Read { .. }
        | RecordingError::Backward
        | RecordingError::Elsewhere => Failure::Read { run: run.to_owned(), error },
    }
}

/// Opens the run that `args` name twice: to read it and to look at it meanwhile.
///
/// # Errors
///
/// As [`Source::open`]; [`Failure::Usage`] for a pipe, in which nobody can go back.
pub(crate) fn open_twice(args: &RunArgs) -> Result<[Recording; 2], Failure> {
    match target::find(args)? {
        Target::Stdin => Err(Failure::Usage(
            "replay goes back and forth, and a pipe cannot: write the rows into a file first"
                .to_owned(),
        )),
        Target::Path(path) => {
            let open = || Recording::open(&path).map_err(|error| unopened(&error));
            Ok([open()?, open()?])
        }
    }
}

/// Returns the failure for a run that cannot be opened.
pub(super) fn unopened(error: &OpenError) -> Failure {
    match error {
        // Whatever keeps it from being read, there is no run here for whoever asked.
        OpenError::NotFound { .. } | OpenError::Segment { .. } | OpenError::Read { .. } => {
            Failure::NotFound(error.to_string())
        }
        OpenError::NotARun { path } => Failure::NotFound(format!(
            "not a run directory (neither events-00000.slog nor events.jsonl in it): {}",
            path.display()
        )),
        OpenError::Format { .. } => Failure::Version(error.to_string()),
    }
}
