//! The directory that holds everything a run writes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use leyline::RunId;
use thiserror::Error;

/// Name of the file with the rows of the run.
const EVENTS: &str = "events.jsonl";
/// Name of the directory with the checkpoints of the run.
const CHECKPOINTS: &str = "checkpoints";
/// Suffixes tried when a name is taken. Run ids are random, so a second try is rare and this many mean something else.
const MAX_SUFFIX: u32 = 1000;

/// A directory `<root>/<run_id>/` with `events.jsonl` and `checkpoints/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDir {
    path: PathBuf,
}

/// Why a run directory could not be made or used.
#[derive(Debug, Error)]
pub enum RunDirError {
    /// The directory, or the one around it, could not be made.
    #[error("cannot create run directory: {}", path.display())]
    Create {
        /// The directory.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The id and all names made from it are taken, or it is no name for a directory (`.` and `..` are legal ids).
    #[error("cannot create run directory: no name is left for run {run}: {}", path.display())]
    NoName {
        /// The wanted id.
        run: RunId,
        /// The directory around it.
        path: PathBuf,
    },
    /// Nothing is there.
    #[error("no such run directory: {}", path.display())]
    NotFound {
        /// The path that was asked for.
        path: PathBuf,
    },
    /// Something else is there.
    #[error("not a run directory (neither {EVENTS} nor {CHECKPOINTS}/ in it): {}", path.display())]
    NotARun {
        /// The path that was asked for.
        path: PathBuf,
    },
    /// It could not be looked into.
    #[error("cannot read run directory: {}", path.display())]
    Read {
        /// The directory.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl RunDir {
    /// Creates a directory of its own for a run, and `root` if it is not there.
    ///
    /// Returns the id that the run must use: the wanted one, or, if a directory of that name exists, that with `-2`, `-3`, …,
    /// so that directory and events carry the same name. Who passed an id of its own should say so when another comes back.
    ///
    /// # Errors
    ///
    /// Returns an error if the directory cannot be created, or if no name is left for it.
    pub fn create(root: &Path, wanted: &RunId) -> Result<(Self, RunId), RunDirError> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| RunDirError::Create { path, source }
        };
        fs::create_dir_all(root).map_err(at(root))?;
        let no_name = || RunDirError::NoName { run: wanted.clone(), path: root.to_owned() };
        if wanted.as_str().bytes().all(|byte| byte == b'.') {
            return Err(no_name());
        }
        for suffix in 1..=MAX_SUFFIX {
            let run = suffixed(wanted, suffix).ok_or_else(no_name)?;
            let path = root.join(run.as_str());
            match fs::create_dir(&path) {
                Ok(()) => {
                    let checkpoints = path.join(CHECKPOINTS);
                    fs::create_dir(&checkpoints).map_err(at(&checkpoints))?;
                    return Ok((Self { path }, run));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(at(&path)(error)),
            }
        }
        Err(no_name())
    }

    /// Opens a directory that a run has written, or is writing: one with `events.jsonl` or `checkpoints/` in it.
    ///
    /// # Errors
    ///
    /// Returns an error if nothing is there, or something else.
    pub fn open(path: &Path) -> Result<Self, RunDirError> {
        let path = path.to_owned();
        match fs::metadata(&path) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(RunDirError::NotFound { path });
            }
            Err(source) => return Err(RunDirError::Read { path, source }),
        }
        let dir = Self { path };
        if dir.events().is_file() || dir.checkpoints().is_dir() {
            Ok(dir)
        } else {
            Err(RunDirError::NotARun { path: dir.path })
        }
    }

    /// Returns the directory itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns where the rows of the run are.
    pub fn events(&self) -> PathBuf {
        self.path.join(EVENTS)
    }

    /// Returns where the checkpoints of the run are; which files they are is the trainer's business.
    pub fn checkpoints(&self) -> PathBuf {
        self.path.join(CHECKPOINTS)
    }
}

/// Returns the id with a suffix, shortened where the two together would be too long; the first suffix is none.
fn suffixed(wanted: &RunId, suffix: u32) -> Option<RunId> {
    if suffix == 1 {
        return Some(wanted.clone());
    }
    let suffix = format!("-{suffix}");
    let kept: String = wanted.as_str().chars().take(RunId::MAX_LEN - suffix.len()).collect();
    RunId::new(&(kept + &suffix)).ok()
}
