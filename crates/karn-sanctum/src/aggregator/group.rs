//! The state of one group of a run: every kind of event has its place here.

use std::sync::Arc;

use leyline::{Envelope, EpisodeOutcome, Event, GroupId, RunNs, ViewNs};

use crate::aggregator::budget::Budget;
use crate::aggregator::clock::Clock;
use crate::aggregator::env::Envs;
use crate::aggregator::episode::Episodes;
use crate::aggregator::lines::Log;
use crate::aggregator::link::Source;
use crate::aggregator::metric::Metrics;
use crate::aggregator::policy::Updates;
use crate::aggregator::progress::Progress;
use crate::aggregator::vitals::Vitals;
use crate::alert::Alerts;
use crate::connection::Connection;
use crate::settings::Settings;
use crate::snapshot::{Snapshot, TelemetryView};

/// One group of a run.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) id: GroupId,
    /// Which start of the source this group's first one was; `None` before it.
    pub(super) first_start: Option<u64>,
    pub(super) log: Log,
    pub(super) state: State,
    /// What the rules found, also before the latest start.
    pub(super) alerts: Alerts,
}

/// What a start resets.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) clock: Clock,
    pub(super) progress: Progress,
    pub(super) policy: Updates,
    pub(super) episodes: Episodes,
    pub(super) envs: Envs,
    pub(super) vitals: Vitals,
    budget: Budget,
    metrics: Metrics,
    /// When the start or the latest end of a batch was received.
    pub(super) latest_batch_received: Option<ViewNs>,
    settings: Arc<Settings>,
}

impl Group {
    /// Returns a group that has heard nothing, with the log lines that waited for a group.
    pub(super) fn new(id: GroupId, log: Log, settings: Arc<Settings>) -> Self {
        Self {
            id,
            first_start: None,
            log,
            state: State::new(Arc::clone(&settings)),
            alerts: Alerts::new(settings),
        }
    }
}

impl State {
    fn new(settings: Arc<Settings>) -> Self {
        Self {
            clock: Clock::default(),
            progress: Progress::default(),
            policy: Updates::new(),
            episodes: Episodes::new(),
            envs: Envs::new(0),
            vitals: Vitals::new(),
            budget: Budget::new(),
            metrics: Metrics::new(),
            latest_batch_received: None,
            settings,
        }
    }

    /// Returns the producer's time of the latest event, and whether the run is over.
    pub(super) fn before(&self) -> (Option<RunNs>, bool) {
        (self.clock.latest(), self.clock.is_over())
    }

    /// Notes an accepted event that changes nothing but the clock.
    pub(super) fn note(&mut self, mono_ns: RunNs, received: ViewNs) {
        if !self.clock.is_over() {
            self.clock.note(mono_ns, received);
        }
    }

    /// Folds an event. After the end only another start changes anything.
    pub(super) fn apply(&mut self, envelope: &Envelope, received: ViewNs) {
        let mono_ns = envelope.mono_ns;
        if matches!(envelope.event, Event::TrainingStarted(_)) {
            *self = Self::new(Arc::clone(&self.settings));
        }
        if self.clock.is_over() {
            return;
        }
        self.clock.note(mono_ns, received);
        match &envelope.event {
            Event::TrainingStarted(start) => {
                self.clock.start(mono_ns);
                self.latest_batch_received = Some(received);
                self.progress.start(start, mono_ns);
                self.envs = Envs::new(start.n_envs.unwrap_or(0));
            }
            Event::TrainingFinished(end) => {
                self.clock.finish(mono_ns);
                self.progress.finish(end);
                self.budget.finish();
            }
            Event::EpochCompleted(epoch) => {
                self.progress.current_epoch = Some(epoch.inner_epoch);
                self.envs.step(epoch, received);
            }
            Event::BatchEpochCompleted(batch) => {
                self.progress.batch_ended(batch, mono_ns);
                self.episodes.batch_ended(batch.mean_return);
                self.latest_batch_received = Some(received);
                self.budget.batch_ended(batch, self.progress.max_batches, mono_ns);
            }
            Event::PpoUpdateCompleted(update) => {
                let max_entropy = self.progress.max_entropy;
                self.policy.apply(update, mono_ns, max_entropy, &self.settings);
            }
            Event::EpisodeOutcome(outcome) => self.episode_ended(outcome, envelope, received),
            Event::SystemVitals(sample) => {
                let stamp = self.progress.stamp(mono_ns);
                self.vitals.apply(sample, stamp, &self.settings);
            }
            Event::Metric(metric) => self.metrics.apply(metric),
            // Only the event log shows these; the losses of the emitter belong to the whole run.
            Event::CheckpointSaved(_)
            | Event::CheckpointLoaded(_)
            | Event::Heartbeat(_)
            | Event::EmitterLoss(_)
            | Event::GradientAnomaly(_)
            | Event::RatioExplosionDetected(_)
            | Event::RatioCollapseDetected(_)
            | Event::ValueCollapseDetected(_)
            | Event::NumericalInstabilityDetected(_)
            | Event::PlateauDetected(_)
            | Event::DegradationDetected(_)
            | Event::ImprovementDetected(_)
            | Event::MemoryWarning(_) => {}
        }
    }

    fn episode_ended(&mut self, outcome: &EpisodeOutcome, envelope: &Envelope, received: ViewNs) {
        self.episodes.apply(outcome, self.progress.stamp(envelope.mono_ns));
        // When only one of envelope and payload names the environment, it counts for both.
        let env_id = outcome.env_id.or(envelope.env_id.map(|env| env.0));
        if let Some(env_id) = env_id {
            self.envs.outcome(env_id, outcome, self.progress.success_return, received);
        }
    }

    fn connection(&self, source: Source, now: ViewNs) -> Connection {
        match self.progress.finish_reason {
            Some(leyline::FinishReason::Failed) => Connection::Failed,
            Some(leyline::FinishReason::Completed | leyline::FinishReason::Stopped) => {
                Connection::Finished
            }
            None if source.is_closed() => Connection::Disconnected,
            None if !self.clock.has_started() => Connection::Waiting,
            None => self.clock.freshness(&self.settings, now),
        }
    }
}

impl Group {
    /// Returns roughly how much memory it takes (bytes).
    pub(super) fn heap_bytes(&self) -> usize {
        let State {
            clock: _,
            progress,
            policy,
            episodes,
            envs,
            vitals: _,
            budget,
            metrics,
            latest_batch_received: _,
            settings: _,
        } = &self.state;
        size_of::<Self>()
            + self.log.heap_bytes()
            + self.alerts.heap_bytes()
            + progress.heap_bytes()
            + policy.heap_bytes()
            + episodes.heap_bytes()
            + envs.heap_bytes()
            + metrics.heap_bytes()
            + budget.heap_bytes()
    }

    /// Takes a picture. Run and telemetry are those of the run the group belongs to.
    pub(super) fn snapshot(
        &self,
        run_id: leyline::RunId,
        telemetry: TelemetryView,
        source: Source,
        now: ViewNs,
    ) -> Snapshot {
        let State {
            clock,
            progress,
            policy,
            episodes,
            envs,
            vitals,
            budget,
            metrics,
            latest_batch_received: _,
            settings,
        } = &self.state;
        let connection = self.state.connection(source, now);
        let runtime = clock.runtime(now).filter(|_| connection.is_connected());
        let present = clock.present(now).unwrap_or(RunNs(0));
        Snapshot {
            run_id: Some(run_id),
            group_id: Some(self.id.clone()),
            task_name: progress.task_name.clone(),
            reward_mode: progress.reward_mode.clone(),
            host_params: progress.host_params,
            n_envs: progress.n_envs,
            connection,
            connected: connection.is_connected(),
            staleness_seconds: clock.staleness(now),
            training_thread_alive: source.trainer_alive(),
            current_episode: progress.current_episode,
            current_epoch: progress.current_epoch,
            max_epochs: progress.max_epochs,
            current_batch: progress.current_batch,
            max_batches: progress.max_batches,
            start_batch: progress.start_batch,
            runtime_seconds: runtime.unwrap_or(NOT_RUNNING),
            finish_reason: progress.finish_reason,
            finish_error: progress.finish_error.clone(),
            policy: policy.view(),
            episodes: episodes.view(),
            envs: envs.view(now),
            vitals: vitals.view(present, progress.rates(present)),
            budget: budget.view(),
            telemetry,
            event_log: self.log.shared(),
            metrics: metrics.view(),
            settings: Arc::clone(settings),
        }
    }
}

/// `runtime_seconds` while the run is not connected, by the contract of TELE-020.
const NOT_RUNNING: f64 = 0.0;
