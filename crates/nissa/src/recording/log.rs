//! A log as a recording.

use super::{Damage, OpenError, Read, RecordingError, Seek};
use crate::log::reader::{self, Frames, Step};
use crate::manifest::Manifest;
use crate::run_dir::RunDir;

/// Where reading stands in a log.
#[derive(Debug, Clone)]
pub(super) struct Position {
    frame: reader::Position,
    from: Option<Seek>,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Log {
    frames: Frames,
    /// Everything before it is skipped.
    from: Option<Seek>,
}

impl Log {
    pub(super) fn open(dir: RunDir) -> Result<Self, OpenError> {
        Ok(Self { frames: Frames::open(dir)?, from: None })
    }

    pub(super) fn read(&mut self) -> Result<Read, RecordingError> {
        loop {
            match self.frames.next()? {
                Step::Event => {}
                Step::Closed(_) => continue,
                Step::Pending => return Ok(Read::Pending),
                Step::End => return Ok(Read::End),
            }
            if let Some(from) = self.from {
                let place = self.frames.place();
                if !from.is_reached((place.map(|p| p.seq), place.map(|p| p.mono_ns))) {
                    continue;
                }
                self.from = None;
            }
            if let Some(incoming) = self.frames.decode() {
                return Ok(Read::Event(incoming));
            }
        }
    }

    pub(super) fn seek(&mut self, to: Seek) -> Result<(), RecordingError> {
        self.from = Some(to);
        self.frames.go_to(to)
    }

    pub(super) fn position(&self) -> Position {
        Position { frame: self.frames.position(), from: self.from }
    }

    pub(super) fn go(&mut self, position: &Position) -> Result<(), RecordingError> {
        self.from = position.from;
        self.frames.go(&position.frame)
    }

    /// Reads the end of the log alone, by its index, and stays where it is.
    pub(super) fn last_seq(&mut self) -> Result<Option<u64>, RecordingError> {
        let here = self.position();
        self.frames.go_to(Seek::Seq(u64::MAX))?;
        let mut last = None;
        loop {
            match self.frames.next()? {
                Step::Event => last = self.frames.place().map(|place| place.seq).or(last),
                Step::Closed(_) => {}
                Step::Pending | Step::End => break,
            }
        }
        self.go(&here)?;
        Ok(last)
    }

    pub(super) fn is_live(&self) -> bool {
        self.frames.dir().is_live()
    }

    pub(super) fn damage(&self) -> &[Damage] {
        self.frames.damage()
    }

    pub(super) const fn manifest(&self) -> Option<&Manifest> {
        self.frames.manifest()
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.frames.bytes_read()
    }

    pub(super) fn total_bytes(&self) -> u64 {
        self.frames.total_bytes()
    }
}
