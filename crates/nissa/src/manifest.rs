//! What a run directory says about its run before the first event: `manifest.json`.

use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::hash::BuildHasher as _;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use leyline::wire::{FINGERPRINT, FRAME_FORMAT, ROW_VERSION};
use leyline::{RunId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::run_dir::open_file;

/// Version of the manifest that this build writes, and the newest that it reads.
pub const SCHEMA: u32 = 1;

/// Longest manifest read, in bytes.
pub const MAX_BYTES: u64 = 1_048_576;

/// What a run directory says about its run. Written once, when the log is opened; every key is there, an absent value is
/// `null`. A reader ignores keys that it does not know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the manifest itself, [`SCHEMA`].
    pub schema: u32,
    /// The run, and normally the name of its directory.
    pub run_id: RunId,
    /// Random number of the run: two runs of one name differ in it, and each segment of the log repeats it.
    pub nonce: Hex64,
    /// What is trained.
    pub task: Option<String>,
    /// Seed of the run.
    pub seed: Option<u64>,
    /// Settings by name: numbers, texts, booleans, and lists of them.
    pub settings: BTreeMap<String, Value>,
    /// What wrote the run.
    pub versions: Versions,
    /// Name of the machine.
    pub host: Option<String>,
    /// Process that writes, or wrote, the run.
    pub pid: Option<u32>,
    /// When the run began.
    pub started: Timestamp,
    /// Checkpoint that the run went on from.
    pub resumed_from: Option<String>,
    /// What a repair left out; `None` for a run as it was written.
    pub repaired: Option<Repaired>,
}

/// Versions of what wrote a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// Version of the program.
    pub sanctum: String,
    /// Format of segments and frames, `leyline::wire::FRAME_FORMAT`.
    pub log_format: u16,
    /// Version of rows, `leyline::wire::ROW_VERSION`.
    pub row_version: u16,
    /// Fingerprint of the schema of the frames.
    pub schema_fingerprint: Hex64,
}

/// Where a repaired run came from, and what is missing of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repaired {
    /// Directory that was repaired, as it was given.
    pub from: String,
    /// What could not be kept, in the order of the log.
    pub missing: Vec<Missing>,
}

/// A place of the damaged log that a repair left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// Number of the segment in the damaged log.
    pub segment: u32,
    /// Where it begins there, in bytes.
    pub offset: u64,
    /// How long it is, in bytes.
    pub bytes: u64,
    /// What is wrong there, in a word.
    pub kind: String,
    /// Events that are missing, at least.
    pub events_least: u64,
    /// Events that are missing, at most; `None` if nothing tells.
    pub events_most: Option<u64>,
}

/// Why a manifest cannot be written or read.
#[derive(Debug, Error)]
pub enum ManifestError {
    /// The file is there already, or cannot be made.
    #[error("cannot write manifest: {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file cannot be read.
    #[error("cannot read manifest: {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Longer than [`MAX_BYTES`].
    #[error("manifest is longer than {MAX_BYTES} bytes: {}", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
    },
    /// No manifest, or a damaged one.
    #[error("manifest is damaged: {}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// Of a later version.
    #[error("manifest version {found} is newer than {SCHEMA}, the newest that this build reads: {}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
}

impl Manifest {
    /// Returns the manifest of a new run of this process: with a fresh nonce and the versions of this build, and what else
    /// there is to say absent.
    pub fn new(run_id: RunId, started: Timestamp) -> Self {
        Self {
            schema: SCHEMA,
            run_id,
            nonce: nonce(),
            task: None,
            seed: None,
            settings: BTreeMap::new(),
            versions: Versions::own(),
            host: None,
            pid: Some(std::process::id()),
            started,
            resumed_from: None,
            repaired: None,
        }
    }

    /// Writes the manifest to a file that is not there yet, and returns once it is on the disk.
    ///
    /// # Errors
    ///
    /// [`ManifestError::Write`].
    pub fn write(&self, path: &Path) -> Result<(), ManifestError> {
        let outcome = File::create_new(path).and_then(|mut file| self.write_to(&mut file));
        outcome.map_err(|source| ManifestError::Write { path: path.to_owned(), source })
    }

    /// Writes the manifest as [`write`](Self::write) does and returns its file, locked for this process alone: that lock says
    /// that the run is live. Nobody sees the manifest before it is whole and locked.
    pub(crate) fn write_locked(&self, path: &Path) -> Result<File, ManifestError> {
        let failed = |source| ManifestError::Write { path: path.to_owned(), source };
        // Whoever holds this name is the only one who may make the other.
        let unfinished = path.with_extension("json.new");
        let mut file = File::create_new(&unfinished).map_err(failed)?;
        let outcome = if path.exists() {
            Err(io::ErrorKind::AlreadyExists.into())
        } else {
            lock(&file)
                .and_then(|()| self.write_to(&mut file))
                .and_then(|()| fs::rename(&unfinished, path))
        };
        match outcome {
            Ok(()) => Ok(file),
            Err(source) => {
                // What went wrong first is what is told.
                fs::remove_file(&unfinished).ok();
                Err(failed(source))
            }
        }
    }

    fn write_to(&self, file: &mut File) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        file.write_all(&text)?;
        file.sync_all()
    }

    /// Reads a manifest.
    ///
    /// # Errors
    ///
    /// All but [`ManifestError::Write`].
    pub fn read(path: &Path) -> Result<Self, ManifestError> {
        let failed = |source| ManifestError::Read { path: path.to_owned(), source };
        let mut bytes = Vec::new();
        let file = open_file(path).map_err(failed)?;
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
        Self::parse(&bytes, path)
    }

    /// Reads a manifest from the bytes of its file, whose path is for the error alone.
    ///
    /// # Errors
    ///
    /// [`ManifestError::TooLong`], [`ManifestError::Damaged`] and [`ManifestError::Newer`].
    pub fn parse(bytes: &[u8], path: &Path) -> Result<Self, ManifestError> {
        #[derive(Deserialize)]
        struct Version {
            schema: u32,
        }

        if MAX_BYTES < bytes.len() as u64 {
            return Err(ManifestError::TooLong { path: path.to_owned() });
        }
        let damaged = |source| ManifestError::Damaged { path: path.to_owned(), source };
        // First, because a later version may look different in everything else.
        let Version { schema } = serde_json::from_slice(bytes).map_err(damaged)?;
        if SCHEMA < schema {
            return Err(ManifestError::Newer { path: path.to_owned(), found: schema });
        }
        serde_json::from_slice(bytes).map_err(damaged)
    }
}

impl Versions {
    /// Returns the versions of this build.
    pub fn own() -> Self {
        Self {
            sanctum: env!("CARGO_PKG_VERSION").to_owned(),
            log_format: FRAME_FORMAT,
            row_version: ROW_VERSION,
            schema_fingerprint: Hex64(FINGERPRINT),
        }
    }
}

fn lock(file: &File) -> io::Result<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        // A file system without locks: the run is logged all the same, and never looks live.
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Returns a random number, for [`Manifest::nonce`].
pub fn nonce() -> Hex64 {
    // The keys of a hash map are the randomness that the standard library offers.
    Hex64(RandomState::new().hash_one(std::process::id()))
}

/// A 64-bit number that is written as 16 hex digits, because JSON readers cut whole numbers of that size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hex64(pub u64);

/// Why a text is no [`Hex64`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not 16 hex digits")]
pub struct HexError;

impl fmt::Display for Hex64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Hex64 {
    type Err = HexError;

    fn from_str(text: &str) -> Result<Self, HexError> {
        let digits = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u64::from_str_radix(text, 16).ok().filter(|_| digits);
        number.map(Self).ok_or(HexError)
    }
}

impl TryFrom<String> for Hex64 {
    type Error = HexError;

    fn try_from(text: String) -> Result<Self, HexError> {
        text.parse()
    }
}

impl From<Hex64> for String {
    fn from(number: Hex64) -> Self {
        number.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Manifest {
        let started = Timestamp::from_micros(1_795_262_400_000_000);
        let mut manifest = Manifest::new(RunId::nearest("cartpole-7f3a"), started);
        manifest.nonce = Hex64(0x0123_4567_89ab_cdef);
        manifest.versions.schema_fingerprint = Hex64(7);
        manifest.versions.sanctum = "0.1.0".to_owned();
        manifest.task = Some("cartpole-v1".to_owned());
        manifest.seed = Some(u64::MAX);
        manifest.settings.insert("learning_rate".to_owned(), 3e-4.into());
        manifest.settings.insert("hidden".to_owned(), vec![64, 64].into());
        manifest.pid = Some(41);
        manifest
    }

    fn text(manifest: &Manifest) -> String {
        serde_json::to_string_pretty(manifest).unwrap()
    }

    fn parse(text: &str) -> Result<Manifest, ManifestError> {
        Manifest::parse(text.as_bytes(), Path::new("manifest.json"))
    }

    #[test]
    fn a_manifest_has_every_key_in_order() {
        let expected = r#"{
  "schema": 1,
  "run_id": "cartpole-7f3a",
  "nonce": "0123456789abcdef",
  "task": "cartpole-v1",
  "seed": 18446744073709551615,
  "settings": {
    "hidden": [
      64,
      64
    ],
    "learning_rate": 0.0003
  },
  "versions": {
    "sanctum": "0.1.0",
    "log_format": 2,
    "row_version": 1,
    "schema_fingerprint": "0000000000000007"
  },
  "host": null,
  "pid": 41,
  "started": "2026-11-21T12:00:00.000000Z",
  "resumed_from": null,
  "repaired": null
}"#;
        assert_eq!(text(&sample()), expected);
        assert_eq!(parse(expected).unwrap(), sample());
    }

    #[test]
    fn a_repair_reads_back() {
        let mut manifest = sample();
        let kind = "torn".to_owned();
        let missing =
            Missing { segment: 3, offset: 99, bytes: 7, kind, events_least: 0, events_most: None };
        manifest.repaired = Some(Repaired { from: "runs/a".to_owned(), missing: vec![missing] });
        assert_eq!(parse(&text(&manifest)).unwrap(), manifest);
    }

    #[test]
    fn a_later_writer_may_say_more() {
        let more = text(&sample()).replacen('{', "{\n  \"mood\": {\"a\": [1]},", 1);
        assert_eq!(parse(&more).unwrap(), sample());
    }

    #[test]
    fn a_later_version_is_refused_with_both_numbers_whatever_else_it_says() {
        let error = parse("{\"schema\": 2, \"run_id\": []}").unwrap_err();
        assert!(matches!(error, ManifestError::Newer { found: 2, .. }));
        let expected = "manifest version 2 is newer than 1, the newest that this build reads: ";
        assert_eq!(error.to_string(), format!("{expected}manifest.json"));
    }

    #[test]
    fn damage_is_an_error() {
        let whole = text(&sample());
        for length in 0..whole.len() {
            let cut: String = whole.chars().take(length).collect();
            assert!(matches!(parse(&cut), Err(ManifestError::Damaged { .. })));
        }
        for wrong in [
            "\0\0\0\0".to_owned(),
            "[".repeat(100_000),
            whole.replace("0123456789abcdef", "123456789abcdef"),
            whole.replace("0123456789abcdef", "+123456789abcdef"),
            whole.replace("cartpole-7f3a", "../x"),
        ] {
            assert!(matches!(parse(&wrong), Err(ManifestError::Damaged { .. })));
        }
        let long = " ".repeat(MAX_BYTES as usize + 1);
        assert!(matches!(parse(&long), Err(ManifestError::TooLong { .. })));
    }

    #[test]
    fn a_manifest_is_written_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("manifest.json");
        let locked = sample().write_locked(&path).unwrap();
        assert_eq!(Manifest::read(&path).unwrap(), sample());
        for again in [sample().write(&path), sample().write_locked(&path).map(drop)] {
            assert!(matches!(again, Err(ManifestError::Write { .. })), "{again:?}");
        }
        let shared = File::open(&path).unwrap();
        assert!(matches!(shared.try_lock_shared(), Err(TryLockError::WouldBlock)));
        drop(locked);
        shared.try_lock_shared().unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "and nothing is left beside it");
    }

    #[test]
    fn no_two_runs_have_one_nonce() {
        assert_ne!(nonce(), nonce());
    }
}
