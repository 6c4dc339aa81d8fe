//! Everything that a run is told from: the plain inputs of the emission functions, in the order of the run.

use leyline::{Event, FinishReason, GroupId, RunId, Severity, SystemVitals};
use serde::{Deserialize, Serialize};
use simic_training::emission::{BatchTimes, RunFacts};
use simic_training::rollout::StepReport;
use simic_training::update::UpdateOutcome;

/// A whole run. Times are seconds of the producer's clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inputs {
    /// Name of the run, which the program that trains gives to the hub.
    pub run_id: RunId,
    /// Its group.
    pub group_id: GroupId,
    /// When it starts; `None`: no start is emitted.
    pub started_at: Option<f64>,
    /// What is known when it starts.
    pub run: RunFacts,
    /// The batches; the last one may be in progress.
    pub batches: Vec<Batch>,
    /// Samples of the machine.
    pub samples: Vec<Sample>,
    /// What user code emits itself, and what hub and pulse emit on their own.
    pub reports: Vec<Report>,
    /// How it ends; `None`: it goes on.
    pub end: Option<End>,
    /// What is known of the trainer's thread; `None`: the trainer is another process.
    pub trainer_alive: Option<bool>,
    /// Whether the source is closed at last.
    pub closed: bool,
    /// Rows that have to be rejected.
    pub rejected: u32,
    /// Events of a kind that nobody knows.
    pub unknown: u32,
    /// Numbers that are left out.
    pub gap: u64,
}

/// One batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// The steps that are told; those that end an episode tell its outcome too.
    pub steps: Vec<Step>,
    /// Epochs that all environments have done in it, told or not.
    pub epochs: u64,
    /// Steps of all environments in it, told or not.
    pub env_steps: u64,
    /// Its update; `None`: still collecting, or interrupted.
    pub update: Option<Update>,
    /// When it ends; `None`: it is in progress.
    pub ended_at: Option<f64>,
    /// Where its time went.
    pub times: BatchTimes,
    /// The checkpoint written after it.
    pub saved: Option<Saved>,
}

/// One step of one environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub at: f64,
    /// What the trainer tells of it.
    pub report: StepReport,
}

/// One update.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Update {
    /// When it is told.
    pub at: f64,
    /// What it took.
    pub milliseconds: f64,
    /// What was measured.
    pub outcome: UpdateOutcome,
}

/// A checkpoint on the disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    /// When.
    pub at: f64,
    /// Its name.
    pub path: String,
    /// Its size.
    pub size_bytes: u64,
    /// What writing it took.
    pub milliseconds: f64,
}

/// A sample of the machine, as the fake sampler gives it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// When.
    pub at: f64,
    /// What it says.
    pub vitals: SystemVitals,
}

/// An event that no emission function makes: user code's own, a report of the hub, a heartbeat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// When.
    pub at: f64,
    /// As in the draft.
    pub severity: Option<Severity>,
    /// As in the draft.
    pub message: String,
    /// As in the draft.
    pub env_id: Option<u32>,
    /// What happened.
    pub event: Event,
}

/// The end of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// When.
    pub at: f64,
    /// How.
    pub reason: FinishReason,
    /// Text of the error.
    pub error: Option<String>,
}
