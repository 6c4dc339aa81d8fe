//! The directory that holds everything a run writes.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use leyline::RunId;
use thiserror::Error;

/// Name of the file that describes the run.
const MANIFEST: &str = "manifest.json";
/// What the names of a segment and of its index begin with, before a number of at least five digits.
const SEGMENT: &str = "events-";
/// Extension of a segment.
const SEGMENT_END: &str = ".slog";
/// Extension of an index.
const INDEX_END: &str = ".sidx";
/// Name of the file with the rows of an older run.
const EVENTS: &str = "events.jsonl";
/// Name of the directory with the checkpoints of the run.
const CHECKPOINTS: &str = "checkpoints";
/// Suffixes tried when a name is taken. Run ids are random, so a second try is rare and this many mean something else.
const MAX_SUFFIX: u32 = 1000;

/// A directory `<root>/<run_id>/` with `manifest.json`, the segments `events-00000.slog`, … of its log, an index
/// `events-00000.sidx` beside each, and `checkpoints/`. Older ones have `events.jsonl` in place of manifest and segments.
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
    #[error("not a run directory (neither {MANIFEST} nor segments, {EVENTS} or {CHECKPOINTS}/ in it): {}", path.display())]
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
    /// The new names are synced, so that a power cut does not take them away from what is synced into the directory later.
    ///
    /// # Errors
    ///
    /// Returns an error if the directory cannot be created, or if no name is left for it.
    pub fn create(root: &Path, wanted: &RunId) -> Result<(Self, RunId), RunDirError> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| RunDirError::Create { path, source }
        };
        create_root(root).map_err(at(root))?;
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
                    sync_names(&path).map_err(at(&path))?;
                    sync_names(root).map_err(at(root))?;
                    return Ok((Self { path }, run));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(at(&path)(error)),
            }
        }
        Err(no_name())
    }

    /// Opens a directory that a run has written, or is writing: one with a manifest, a segment, `events.jsonl` or
    /// `checkpoints/` in it.
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
        let known =
            dir.manifest().is_file() || dir.events().is_file() || dir.checkpoints().is_dir();
        if known || (dir.path.is_dir() && !dir.segments()?.is_empty()) {
            Ok(dir)
        } else {
            Err(RunDirError::NotARun { path: dir.path })
        }
    }

    /// Returns the directory itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns where the manifest of the run is.
    pub fn manifest(&self) -> PathBuf {
        self.path.join(MANIFEST)
    }

    /// Returns where a segment of the log is; they are numbered from 0.
    pub fn segment(&self, number: u32) -> PathBuf {
        self.path.join(segment_name(number, SEGMENT_END))
    }

    /// Returns where the index of a segment is.
    pub fn index(&self, number: u32) -> PathBuf {
        self.path.join(segment_name(number, INDEX_END))
    }

    /// Returns the numbers of the segments that are there, rising. What has the name of a segment and is no file, or leads
    /// to none, is not there: a pipe would be waited for, and a device has no end.
    ///
    /// # Errors
    ///
    /// [`RunDirError::Read`].
    pub fn segments(&self) -> Result<Vec<u32>, RunDirError> {
        let failed = |source| RunDirError::Read { path: self.path.clone(), source };
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let number = entry.file_name().to_str().and_then(segment_number);
            numbers.extend(number.filter(|_| entry.path().is_file()));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Returns whether a process writes to the run right now: one that holds the lock on its manifest. The lock goes with the
    /// process, however that ends.
    ///
    /// `false` also where the file system has no locks, and for older runs without a manifest.
    pub fn is_live(&self) -> bool {
        // The lock that is got here, if it is, goes with the file at the end of the line.
        open_file(&self.manifest())
            .is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// Returns where the rows of an older run are.
    pub fn events(&self) -> PathBuf {
        self.path.join(EVENTS)
    }

    /// Returns where the checkpoints of the run are; which files they are is the trainer's business.
    pub fn checkpoints(&self) -> PathBuf {
        self.path.join(CHECKPOINTS)
    }
}

/// Creates a directory with those around it, and syncs the names of the new ones.
fn create_root(root: &Path) -> io::Result<()> {
    let new: Vec<&Path> = root.ancestors().take_while(|path| !path.exists()).collect();
    fs::create_dir_all(root)?;
    for path in new {
        // Of a relative path the last one is around what has a single name.
        let around = path.parent().filter(|around| !around.as_os_str().is_empty());
        sync_names(around.unwrap_or(Path::new(".")))?;
    }
    Ok(())
}

/// Opens a file for reading, and nothing else of its name: a pipe would be waited for, and a device has no end.
pub(crate) fn open_file(path: &Path) -> io::Result<File> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file"));
    }
    File::open(path)
}

fn segment_name(number: u32, end: &str) -> String {
    format!("{SEGMENT}{number:05}{end}")
}

/// Reads the number out of the name of a segment; `None` for any other name.
fn segment_number(name: &str) -> Option<u32> {
    let number = name.strip_prefix(SEGMENT)?.strip_suffix(SEGMENT_END)?.parse().ok()?;
    (segment_name(number, SEGMENT_END) == name).then_some(number)
}

/// Syncs the names in a directory, so that a power cut does not take a new file away whose content is safe.
///
/// Where that cannot be asked for (no such call, a file system that refuses, no right to read the directory) there is
/// nothing that could be done about it, and no error.
pub(crate) fn sync_names(dir: &Path) -> io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    let outcome = File::open(dir).and_then(|dir| dir.sync_all());
    outcome.or_else(|error| {
        let nobody_can = matches!(
            error.kind(),
            io::ErrorKind::InvalidInput
                | io::ErrorKind::Unsupported
                | io::ErrorKind::PermissionDenied
        );
        if nobody_can { Ok(()) } else { Err(error) }
    })
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
