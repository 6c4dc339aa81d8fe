//! The immutable picture of one group of one run.
//!
//! The paths of the metrics (`docs/telemetry`) are the field names here, also in the JSON of `sanctum-tui snapshot`.

use std::collections::BTreeMap;
use std::sync::Arc;

use leyline::{FinishReason, GroupId, RunId};
use serde::{Deserialize, Serialize};

use crate::connection::Connection;
use crate::log::LogLine;
use crate::settings::Settings;

mod budget;
mod env;
mod episode;
mod policy;
mod telemetry;
mod vitals;

pub use budget::{BudgetView, TimeShares};
pub use env::{EnvStatus, EnvView};
pub use episode::EpisodesView;
pub use policy::{LastUpdate, PolicyView, Trend};
pub use telemetry::{Series, SinkLoss, TelemetryView};
pub use vitals::{GpuView, VitalsView};

/// Names one snapshot: a group of a run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RunKey {
    /// The run.
    pub run_id: RunId,
    /// The arm of its A/B comparison.
    pub group_id: GroupId,
}

/// Everything that is known about one group of one run at one moment. Later events never change it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// TELE-002. `None`: nothing received.
    pub run_id: Option<RunId>,
    /// TELE-750. `None`: nothing received.
    pub group_id: Option<GroupId>,
    /// TELE-001. `None`: no start seen, or an unnamed task.
    pub task_name: Option<String>,
    /// TELE-003.
    pub reward_mode: Option<String>,
    /// TELE-004, trainable parameters.
    pub host_params: Option<u64>,
    /// TELE-005, parallel environments.
    pub n_envs: Option<u32>,
    /// TELE-704.
    pub connection: Connection,
    /// TELE-701, derived from `connection`.
    pub connected: bool,
    /// TELE-702, seconds since the latest accepted event. `None`: nothing accepted, or the run is over.
    pub staleness_seconds: Option<f64>,
    /// TELE-703. `None`: the trainer is another process.
    pub training_thread_alive: Option<bool>,
    /// TELE-010, env-episodes finished, global.
    pub current_episode: Option<u64>,
    /// TELE-011, inner step of the batch in progress; restarts with every batch.
    pub current_epoch: Option<u32>,
    /// TELE-012, inner steps of a batch; 0 is a value: unbounded.
    pub max_epochs: Option<u32>,
    /// TELE-013, batches done, global.
    pub current_batch: Option<u64>,
    /// TELE-014, last planned batch, global; 0: not known.
    pub max_batches: u64,
    /// TELE-015, batches done before this run.
    pub start_batch: Option<u64>,
    /// TELE-020, seconds of this run on the producer's clock; 0.0 while not connected.
    pub runtime_seconds: f64,
    /// TELE-022. `None`: still running, or never known.
    pub finish_reason: Option<FinishReason>,
    /// TELE-023, the error text of a run that failed. `None`: it did not.
    pub finish_error: Option<String>,
    /// What the updates said about policy, value function and gradients.
    pub policy: PolicyView,
    /// Env-episodes of all environments.
    pub episodes: EpisodesView,
    /// One entry per environment, by id.
    pub envs: Arc<[EnvView]>,
    /// Throughput and machine.
    pub vitals: VitalsView,
    /// Where the time goes.
    pub budget: BudgetView,
    /// What happened to the telemetry itself; the same in every group of a run.
    pub telemetry: TelemetryView,
    /// TELE-810, the latest 200 lines, newest last.
    pub event_log: Arc<[Arc<LogLine>]>,
    /// TELE-820 and TELE-821, user metrics by name.
    pub metrics: Arc<BTreeMap<String, Series>>,
    /// The limits by which it was judged. Not a part of what is known of the run, so it is no leaf and not in JSON.
    #[serde(skip)]
    pub settings: Arc<Settings>,
}

impl Snapshot {
    /// Returns whether all of the run was read that there is; `false` for a [`preview`](crate::preview()).
    pub const fn is_whole(&self) -> bool {
        self.telemetry.events_received.is_some()
    }

    /// Returns the snapshot before anything was received.
    pub fn empty() -> Self {
        Self {
            run_id: None,
            group_id: None,
            task_name: None,
            reward_mode: None,
            host_params: None,
            n_envs: None,
            connection: Connection::Waiting,
            connected: false,
            staleness_seconds: None,
            training_thread_alive: None,
            current_episode: None,
            current_epoch: None,
            max_epochs: None,
            current_batch: None,
            max_batches: 0,
            start_batch: None,
            runtime_seconds: 0.0,
            finish_reason: None,
            finish_error: None,
            policy: PolicyView::empty(),
            episodes: EpisodesView::empty(),
            envs: Arc::default(),
            vitals: VitalsView::empty(),
            budget: BudgetView::empty(),
            telemetry: TelemetryView::empty(),
            event_log: Arc::default(),
            metrics: Arc::default(),
            settings: Arc::default(),
        }
    }
}
