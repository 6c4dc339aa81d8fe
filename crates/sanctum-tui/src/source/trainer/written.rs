//! What a run leaves on the disk: its directory, what its manifest says, and what its log lost.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use leyline::{RunId, Timestamp};
use nissa::RunDir;
use nissa::log::recovery::SINK_NAME;
use nissa::log::sink::{Fsync, LogSink};
use nissa::manifest::{Hex64, Manifest};
use nissa::socket::About;
use serde_json::{Map, Value, json};
use simic_emitter::{Cause, Hub};
use simic_training::config::Config;
use simic_training::env::Task;

/// Where a run is written, and how safely.
#[derive(Debug, Clone)]
pub struct LogPlace {
    /// Directory in which the directory of the run is made.
    pub root: PathBuf,
    /// Id of the run; `None`: one that no other run has.
    pub run_id: Option<RunId>,
    /// When the log is made safe against a power cut.
    pub fsync: Fsync,
}

/// A run directory that is being written, or was.
#[derive(Debug)]
pub struct Written {
    pub(super) directory: Directory,
    pub(super) hub: Hub,
    /// What to tell about how the run can be watched.
    pub(super) told: Vec<String>,
}

/// The directory of a run.
#[derive(Debug)]
pub(super) struct Directory {
    dir: RunDir,
    /// The id that the run got.
    pub(super) run_id: RunId,
    /// The id that was asked for.
    wanted: RunId,
    nonce: Hex64,
}

impl Directory {
    /// Returns the directory.
    pub(super) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Removes what was made for a run that did not begin.
    pub(super) fn remove(self) {
        // It was made exclusively, so nothing in it is anybody else's; if it stays, `ls` shows it.
        std::fs::remove_dir_all(self.dir.path()).ok();
    }
}

impl Written {
    /// Returns the directory.
    pub fn path(&self) -> &Path {
        self.directory.dir.path()
    }

    /// Returns what to tell about the directory, line by line: where it is, and that it has another name than was asked for.
    pub fn place(&self) -> Vec<String> {
        let Directory { dir, run_id, wanted, nonce: _ } = &self.directory;
        let mut lines = vec![format!("run directory: {}", dir.path().display())];
        if run_id != wanted {
            lines.push(format!("note: the name {wanted} was taken, so this run is {run_id}"));
        }
        lines
    }

    /// Returns what to tell about watching the run from elsewhere, line by line; of use only while it runs.
    pub fn watching(&self) -> &[String] {
        &self.told
    }

    /// Returns what to tell about events that are not in the log, once the run has ended; `None` if all of them are.
    pub fn loss(&self) -> Option<String> {
        let counts = self.hub.counts().into_iter().find(|counts| counts.sink == SINK_NAME)?;
        let lost = counts.emitted.saturating_sub(counts.delivered);
        if lost == 0 {
            return None;
        }
        let causes = Cause::ALL.into_iter().filter_map(|cause| {
            let events = counts.dropped_by(cause).total();
            (events != 0).then(|| format!("{events} {}", words(cause)))
        });
        let waiting = (counts.queued != 0).then(|| format!("{} not written yet", counts.queued));
        let causes: Vec<String> = causes.chain(waiting).collect();
        let (emitted, causes) = (counts.emitted, causes.join(", "));
        let path = self.path().display();
        Some(format!("the event log lost {lost} of {emitted} events ({causes}): {path}"))
    }
}

const fn words(cause: Cause) -> &'static str {
    match cause {
        Cause::QueueFull => "found its queue full",
        Cause::SinkFailed => "could not be written",
        Cause::SinkPanicked => "after a panic of its thread",
        Cause::CloseTimeout => "not written in time at the end",
    }
}

impl Directory {
    /// Makes the directory of a run, and its log; `config.run_dir` becomes that directory.
    pub(super) fn create(
        place: &LogPlace,
        wanted: &RunId,
        task: Task,
        config: &mut Config,
        now: Timestamp,
    ) -> anyhow::Result<(Self, LogSink)> {
        let (dir, run_id) = RunDir::create(&place.root, wanted).map_err(elsewhere)?;
        config.run_dir = Some(dir.path().to_owned());
        let manifest = manifest(&run_id, task, config, now);
        let sink = LogSink::create(&dir, &manifest, place.fsync).map_err(elsewhere)?;
        Ok((Self { dir, run_id, wanted: wanted.clone(), nonce: manifest.nonce }, sink))
    }

    /// Returns what the run tells its viewers about itself.
    pub(super) fn about(&self, started: Timestamp) -> About {
        About {
            run_id: self.run_id.clone(),
            nonce: self.nonce,
            started,
            host: host(),
            log: fs::canonicalize(self.dir.path()).ok(),
        }
    }
}

/// Says what to do about a run that cannot be written where it should.
fn elsewhere(error: impl std::error::Error + Send + Sync + 'static) -> anyhow::Error {
    anyhow!("{:#}; another place can be named with --run-dir", anyhow::Error::new(error))
}

/// Returns what a run without a directory tells its viewers about itself.
pub(super) fn about_nothing(run_id: RunId, started: Timestamp) -> About {
    let nonce = Manifest::new(run_id.clone(), started).nonce;
    About { run_id, nonce, started, host: host(), log: None }
}

fn host() -> Option<String> {
    rustix::system::uname().nodename().to_str().ok().map(ToOwned::to_owned)
}

fn manifest(run_id: &RunId, task: Task, config: &Config, now: Timestamp) -> Manifest {
    let mut manifest = Manifest::new(run_id.clone(), now);
    manifest.task = Some(task.name().to_owned());
    manifest.seed = Some(config.seed);
    manifest.settings = settings(config);
    manifest.host = host();
    manifest.resumed_from.clone_from(&config.resumed_from);
    manifest
}

/// Returns all settings of a run by name; what the manifest has a key of its own for is not among them.
fn settings(config: &Config) -> BTreeMap<String, Value> {
    let Config {
        seed: _,
        n_envs,
        max_epochs,
        requested_batches,
        start_batch,
        hyper,
        epoch_every,
        run_dir: _,
        save_every,
        resumed_from: _,
        evaluation,
        dump: _,
    } = config;
    // A struct of numbers, switches and lists becomes an object.
    let hyper = serde_json::to_value(hyper).context("settings are no JSON");
    let mut settings = match hyper {
        Ok(Value::Object(hyper)) => hyper,
        Ok(_) | Err(_) => Map::new(),
    };
    for (name, value) in [
        ("n_envs", json!(n_envs)),
        ("max_epochs", json!(max_epochs)),
        ("requested_batches", json!(requested_batches)),
        ("start_batch", json!(start_batch)),
        ("epoch_every", json!(epoch_every)),
        ("save_every", json!(save_every)),
        ("eval_every", json!(evaluation.map(|evaluation| evaluation.every))),
        ("eval_episodes", json!(evaluation.map(|evaluation| evaluation.episodes))),
    ] {
        settings.insert(name.to_owned(), value);
    }
    settings.into_iter().collect()
}
