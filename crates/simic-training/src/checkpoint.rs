//! Checkpoints: everything that a resumed run needs to equal one that was never interrupted.
//!
//! A file is magic, version, length of the body, body (postcard) and a checksum over all of that; numbers are
//! little-endian. It is written beside its place, forced to the disk and then renamed, so that a name never stands for
//! half a checkpoint.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::config::{Config, ConfigError, EPOCH_EVERY, Hyperparams};
use crate::env::{Env, EnvState};
use crate::learner::Learner;
use crate::rollout::Episode;

/// First bytes of a checkpoint.
pub const MAGIC: [u8; 8] = *b"SIMICKPT";
/// Version that this build writes. Version 2 ends with [`Checkpoint::resumes`].
pub const VERSION: u32 = 2;
/// Oldest version that it reads: the same without the end.
pub const OLDEST_VERSION: u32 = 1;
/// Directory inside a run directory.
pub const DIRECTORY: &str = "checkpoints";

const HEADER: usize = MAGIC.len() + 4 + 8;
const CHECKSUM: usize = 4;
/// No training of ours comes near; a larger file is not read into memory.
const MAX_BYTES: u64 = 1 << 32;

/// A training, frozen between two batches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Name of the task.
    pub task: String,
    /// Seed that the training began with.
    pub seed: u64,
    /// Settings of the algorithm.
    pub hyper: Hyperparams,
    /// Epochs of one batch.
    pub max_epochs: u32,
    /// Batches done, global.
    pub batch: u64,
    /// Global number of batches at which the writing run would have ended; schedules run over it.
    pub max_batches: u64,
    /// Env-episodes finished, global.
    pub episodes_completed: u64,
    /// Number the next env-episode gets.
    pub next_episode: u64,
    /// Steps each environment has taken, global.
    pub env_steps: u64,
    /// Parameters, tensor by tensor.
    pub parameters: Vec<Vec<f32>>,
    /// Steps of the optimiser.
    pub adam_steps: u64,
    /// Its first moments, tensor by tensor.
    pub adam_first: Vec<Vec<f32>>,
    /// Its second moments, tensor by tensor.
    pub adam_second: Vec<Vec<f32>>,
    /// Draws the actions.
    pub action_rng: ChaCha8Rng,
    /// Orders the minibatches.
    pub shuffle_rng: ChaCha8Rng,
    /// Per environment, in order.
    pub envs: Vec<EnvCheckpoint>,
    /// Times that the training had been taken up again from a checkpoint before it came here; `None`: nobody knows, because a
    /// build that did not count had a part in it.
    pub resumes: Option<u64>,
}

/// One environment in a checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EnvCheckpoint {
    /// Where it stands.
    pub state: EnvState,
    /// The env-episode in progress.
    pub episode: Episode,
    /// Seeds of the env-episodes to come.
    pub seeds: ChaCha8Rng,
}

/// Why a checkpoint could not be written or read.
#[derive(Debug, Error)]
pub enum CheckpointError {
    /// The file system refused.
    #[error("cannot {action} checkpoint: {source}: {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// The file begins with other bytes.
    #[error("not a checkpoint (other first bytes): {}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Another version wrote the file.
    #[error("cannot read checkpoint: unknown version {found} (this build reads {OLDEST_VERSION} to {VERSION}): {}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// The file is shorter or longer than it says.
    #[error("cannot read checkpoint: {found} bytes, {expected} expected: {}", path.display())]
    Length {
        /// The file.
        path: PathBuf,
        /// Bytes it should have.
        expected: u64,
        /// Bytes it has.
        found: u64,
    },
    /// The bytes are not those that were written.
    #[error("cannot read checkpoint: checksum is {found:08x}, {expected:08x} expected: {}", path.display())]
    Checksum {
        /// The file.
        path: PathBuf,
        /// Checksum in the file.
        expected: u32,
        /// Checksum of its bytes.
        found: u32,
    },
    /// The bytes are intact, but their content is not a checkpoint of this version.
    #[error("cannot {action} the content of a checkpoint: {source}: {}", path.display())]
    Body {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: postcard::Error,
    },
    /// A run directory has no checkpoint.
    #[error("no checkpoint in run directory: {}", path.display())]
    None {
        /// The run directory.
        path: PathBuf,
    },
}

impl Checkpoint {
    /// Freezes a learner.
    pub fn of<E: Env>(learner: &Learner<E>, config: &Config, at: &Place) -> Self {
        let collector = &learner.collector;
        let envs = collector.envs.iter().zip(&collector.episodes).zip(&collector.seeds);
        Self {
            task: collector.spec.name.to_owned(),
            seed: config.seed,
            hyper: config.hyper.clone(),
            max_epochs: config.max_epochs,
            batch: at.batch,
            max_batches: at.max_batches,
            episodes_completed: at.episodes_completed,
            next_episode: collector.next_episode,
            env_steps: collector.env_steps,
            parameters: learner.net.tensors().iter().map(|t| t.to_vec()).collect(),
            adam_steps: learner.adam.steps,
            adam_first: learner.adam.first.clone(),
            adam_second: learner.adam.second.clone(),
            action_rng: collector.actions.clone(),
            shuffle_rng: learner.shuffle.clone(),
            envs: envs
                .map(|((env, &episode), seeds)| EnvCheckpoint {
                    state: env.state(),
                    episode,
                    seeds: seeds.clone(),
                })
                .collect(),
            resumes: at.resumes,
        }
    }

    /// Brings a learner of the same shape into the frozen state.
    ///
    /// # Errors
    /// Fails when task, number of environments or the shape of the network differ; the learner is then useless.
    pub fn thaw<E: Env>(&self, learner: &mut Learner<E>) -> Result<(), ConfigError> {
        let collector = &mut learner.collector;
        same("task", collector.spec.name, &self.task)?;
        same("n_envs", &collector.envs.len().to_string(), &self.envs.len().to_string())?;
        let lengths =
            |tensors: &[Vec<f32>]| -> Vec<usize> { tensors.iter().map(Vec::len).collect() };
        let shape = learner.net.lengths();
        for tensors in [&self.parameters, &self.adam_first, &self.adam_second] {
            same(
                "network shape (parameters per tensor)",
                &format!("{shape:?}"),
                &format!("{:?}", lengths(tensors)),
            )?;
        }
        for (tensor, stored) in learner.net.tensors_mut().into_iter().zip(&self.parameters) {
            tensor.copy_from_slice(stored);
        }
        learner.adam.steps = self.adam_steps;
        learner.adam.first.clone_from(&self.adam_first);
        learner.adam.second.clone_from(&self.adam_second);
        learner.shuffle = self.shuffle_rng.clone();
        collector.actions = self.action_rng.clone();
        collector.next_episode = self.next_episode;
        collector.env_steps = self.env_steps;
        for (e, stored) in self.envs.iter().enumerate() {
            collector.envs[e]
                .set_state(&stored.state)
                .map_err(|error| ConfigError::Misfit(error.to_string()))?;
            collector.episodes[e] = stored.episode;
            collector.seeds[e] = stored.seeds.clone();
        }
        Ok(())
    }

    /// Returns the settings of a run that goes on from here for `requested_batches` more.
    pub fn config(&self, requested_batches: u64) -> Config {
        Config {
            seed: self.seed,
            // More cannot have been written, and a wrong number is refused by the range check.
            n_envs: u32::try_from(self.envs.len()).unwrap_or(u32::MAX),
            max_epochs: self.max_epochs,
            requested_batches,
            start_batch: self.batch,
            hyper: self.hyper.clone(),
            epoch_every: EPOCH_EVERY,
            run_dir: None,
            save_every: None,
            resumed_from: None,
            evaluation: None,
            dump: None,
        }
    }

    /// Returns the batches that were still to do; 0 if the writing run was complete.
    pub const fn remaining_batches(&self) -> u64 {
        self.max_batches.saturating_sub(self.batch)
    }

    /// Returns the bytes of the file; `path` is only for the error.
    pub fn encode(&self, path: &Path) -> Result<Vec<u8>, CheckpointError> {
        let body = postcard::to_stdvec(self).map_err(|source| CheckpointError::Body {
            action: "encode",
            path: path.to_owned(),
            source,
        })?;
        let mut bytes = Vec::with_capacity(HEADER + body.len() + CHECKSUM);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&(body.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&body);
        bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
        Ok(bytes)
    }

    /// Reads the bytes of a file; `path` is only for the error.
    pub fn decode(bytes: &[u8], path: &Path) -> Result<Self, CheckpointError> {
        let path = || path.to_owned();
        let found = bytes.len() as u64;
        let short = |expected: usize| CheckpointError::Length {
            path: path(),
            expected: expected as u64,
            found,
        };
        let Some((magic, rest)) = bytes.split_first_chunk::<8>() else {
            return Err(short(HEADER + CHECKSUM));
        };
        if *magic != MAGIC {
            return Err(CheckpointError::Foreign { path: path() });
        }
        // The version comes before everything that another version may do differently.
        let Some((version, rest)) = rest.split_first_chunk::<4>() else {
            return Err(short(HEADER + CHECKSUM));
        };
        let version = u32::from_le_bytes(*version);
        if !(OLDEST_VERSION..=VERSION).contains(&version) {
            return Err(CheckpointError::Version { path: path(), found: version });
        }
        let Some((length, rest)) = rest.split_first_chunk::<8>() else {
            return Err(short(HEADER + CHECKSUM));
        };
        let expected = u64::from_le_bytes(*length).saturating_add((HEADER + CHECKSUM) as u64);
        let Some((body, checksum)) = rest.split_last_chunk::<4>().filter(|_| expected == found)
        else {
            return Err(CheckpointError::Length { path: path(), expected, found });
        };
        let expected = u32::from_le_bytes(*checksum);
        let actual = crc32c::crc32c(&bytes[..bytes.len() - CHECKSUM]);
        if actual != expected {
            return Err(CheckpointError::Checksum { path: path(), expected, found: actual });
        }
        let damaged = |source| CheckpointError::Body { action: "decode", path: path(), source };
        let mut body = Cow::Borrowed(body);
        if version == OLDEST_VERSION {
            // It did not count, so what it would have written here is that nobody knows.
            body.to_mut().extend(postcard::to_stdvec(&None::<u64>).map_err(damaged)?);
        }
        let (checkpoint, left) = postcard::take_from_bytes(&body).map_err(damaged)?;
        if left.is_empty() {
            Ok(checkpoint)
        } else {
            Err(damaged(postcard::Error::DeserializeBadEncoding))
        }
    }

    /// Writes the checkpoint into `checkpoints/` of a run directory, which is made if needed.
    ///
    /// Returns its path relative to the run directory, and its size in bytes, once both are on the disk.
    pub fn save(&self, run_dir: &Path) -> Result<(String, u64), CheckpointError> {
        let name = file_name(self.batch);
        let directory = run_dir.join(DIRECTORY);
        let path = directory.join(&name);
        let bytes = self.encode(&path)?;
        fs::create_dir_all(&directory)
            .map_err(|e| io_error("make the directory of the", &path, e))?;
        let beside = directory.join(format!(".{name}.tmp"));
        if let Err(error) = write_and_rename(&bytes, &beside, &path) {
            // Half a file is of no use, and on a full disk it is in the way. The first error is the one to tell.
            fs::remove_file(&beside).ok();
            return Err(error);
        }
        // The rename itself must survive a crash as well.
        let directory_file = File::open(&directory).and_then(|file| file.sync_all());
        directory_file.map_err(|e| io_error("sync the directory of the", &directory, e))?;
        Ok((format!("{DIRECTORY}/{name}"), bytes.len() as u64))
    }

    /// Reads a checkpoint from a file, or the newest one of a run directory.
    pub fn load(path: &Path) -> Result<Self, CheckpointError> {
        let path = if path.is_dir() { newest(path)? } else { path.to_owned() };
        let about = fs::metadata(&path).map_err(|e| io_error("read", &path, e))?;
        if !about.is_file() {
            // A pipe would be waited for, perhaps for ever.
            let why = io::Error::new(io::ErrorKind::InvalidInput, "not a file");
            return Err(io_error("read", &path, why));
        }
        let found = about.len();
        if MAX_BYTES < found {
            return Err(CheckpointError::Length { path, expected: MAX_BYTES, found });
        }
        let bytes = fs::read(&path).map_err(|e| io_error("read", &path, e))?;
        Self::decode(&bytes, &path)
    }
}

fn write_and_rename(bytes: &[u8], beside: &Path, path: &Path) -> Result<(), CheckpointError> {
    let mut file = File::create(beside).map_err(|e| io_error("create", beside, e))?;
    file.write_all(bytes).map_err(|e| io_error("write", beside, e))?;
    file.sync_all().map_err(|e| io_error("sync", beside, e))?;
    drop(file);
    fs::rename(beside, path).map_err(|e| io_error("rename", path, e))
}

/// Where a training stands, beside what the learner knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Batches done, global.
    pub batch: u64,
    /// Global number of batches at which the run ends.
    pub max_batches: u64,
    /// Env-episodes finished, global.
    pub episodes_completed: u64,
    /// Times that the training was taken up again from a checkpoint; `None`: nobody knows.
    pub resumes: Option<u64>,
}

/// Returns the file name of the checkpoint after a batch, such as `000025.ckpt`.
pub fn file_name(batch: u64) -> String {
    format!("{batch:06}.ckpt")
}

/// Returns the checkpoint with the highest batch in a run directory.
fn newest(run_dir: &Path) -> Result<PathBuf, CheckpointError> {
    let directory = run_dir.join(DIRECTORY);
    let mut best: Option<(u64, PathBuf)> = None;
    let entries = match fs::read_dir(&directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(CheckpointError::None { path: run_dir.to_owned() });
        }
        Err(error) => return Err(io_error("list", &directory, error)),
    };
    for entry in entries {
        let path = entry.map_err(|e| io_error("list", &directory, e))?.path();
        let stem = path
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(|name| name.strip_suffix(".ckpt"));
        // Files that are still being written begin with a dot and are no number.
        let Some(batch) = stem.and_then(|stem| stem.parse::<u64>().ok()) else { continue };
        if best.as_ref().is_none_or(|(highest, _)| *highest < batch) {
            best = Some((batch, path));
        }
    }
    best.map(|(_, path)| path).ok_or_else(|| CheckpointError::None { path: run_dir.to_owned() })
}

fn io_error(action: &'static str, path: &Path, source: io::Error) -> CheckpointError {
    CheckpointError::Io { action, path: path.to_owned(), source }
}

fn same(field: &'static str, asked: &str, stored: &str) -> Result<(), ConfigError> {
    if asked == stored {
        return Ok(());
    }
    Err(ConfigError::Differs { field, asked: asked.to_owned(), stored: stored.to_owned() })
}
