//! Takes from the state of a group what the rules are evaluated from, after each event.

use leyline::rule::{self, LEAST_EPISODES, Test};
use leyline::{Envelope, Event, Health, RuleId, RunNs, ViewNs, threshold};

use crate::aggregator::group::{Group, State};
use crate::aggregator::telemetry::Telemetry;
use crate::alert::{self, AlertsView, At, BatchFacts, Quiet};
use crate::number::Place;
use crate::verdict;

impl Group {
    /// Evaluates the rules after an event. `before`: the producer's time of the event before it, `was_over`: whether the run
    /// had ended then.
    pub(super) fn watch(
        &mut self,
        envelope: &Envelope,
        before: Option<RunNs>,
        was_over: bool,
        telemetry: &Telemetry,
    ) {
        let Self { state, alerts, .. } = self;
        let at = At { batch: state.progress.current_batch, mono_ns: envelope.mono_ns };
        if let Event::TrainingStarted(start) = &envelope.event {
            alerts.started(start.start_batch, At { batch: Some(start.start_batch), ..at });
            return;
        }
        if was_over {
            return;
        }
        if let Some(before) = before {
            alerts.silence_ended(at, envelope.mono_ns.seconds_since(before).max(0.0));
        }
        if let Event::PpoUpdateCompleted(update) = &envelope.event {
            let at = At { batch: Some(update.batch_idx), ..at };
            alerts.update_ended(at, update.skipped, state.policy.readings());
        } else if let Event::BatchEpochCompleted(batch) = &envelope.event {
            let at = At { batch: Some(batch.batch_idx), ..at };
            let quiet = batch.epochs_since_start.and_then(|epochs| state.quiet(epochs));
            let evaluating = batch.evaluate_seconds;
            let facts = state.facts(at.mono_ns, telemetry);
            alerts.batch_ended(at, &BatchFacts { quiet, evaluating, ..facts });
        } else if let Event::Heartbeat(beat) = &envelope.event {
            alerts.beat(&beat.phase);
        }
    }

    /// Returns the alerts at a moment.
    pub(super) fn alerts(&self, now: ViewNs) -> AlertsView {
        let State { clock, progress, .. } = &self.state;
        let mono_ns = clock.present(now).unwrap_or(RunNs(0));
        let at = At { batch: progress.current_batch, mono_ns };
        let has_started = progress.finish_reason.is_none() && clock.has_started();
        let silence = clock.staleness(now).filter(|_| has_started);
        let without_batch = self.state.latest_batch_received.filter(|_| has_started);
        let without_batch = without_batch.map(|received| now.seconds_since(received));
        self.alerts.view(at, silence, without_batch)
    }
}

impl State {
    fn facts(&self, now: RunNs, telemetry: &Telemetry) -> BatchFacts {
        let Self { progress, episodes, vitals, .. } = self;
        let returns = alert::spread(episodes.returns());
        let solved = progress.success_return.zip(returns);
        let planned = progress.max_batches.checked_sub(progress.start_batch.unwrap_or(0));
        BatchFacts {
            memory: vitals.memory_readings(now),
            rejected: (telemetry.rejected(), verdict::events_rejected(Some(telemetry.rejected()))),
            lost: lost(telemetry),
            quiet: None,
            returns,
            is_solved: solved.is_some_and(|(success, (mean, _))| success <= mean),
            planned: planned.filter(|&planned| 0 < planned),
            evaluating: None,
        }
    }

    /// Returns the environment that has not ended an episode for longest, if lengths are known.
    fn quiet(&mut self, epochs: u64) -> Option<Quiet> {
        let (env, quiet) = self.envs.batch_ended(epochs)?;
        // Most batches end here, without sorting anything.
        let Test::QuietEnv { medians: _, least } = rule::by_id(RuleId::EnvQuiet).test else {
            return None;
        };
        let lengths = || self.episodes.median_length(LEAST_EPISODES);
        let median_length = if least < quiet { lengths()? } else { f64::INFINITY };
        Some(Quiet { env, epochs: quiet, median_length })
    }
}

/// Returns what was lost so far, on the way or at a sink, and the record that says more of it.
fn lost(telemetry: &Telemetry) -> (u64, Health, Place) {
    let on_the_way = telemetry.sequence.holes().map_or(0, |holes| holes.lost);
    let at_sinks = telemetry.lost_at_sinks();
    let path =
        if at_sinks <= on_the_way { "telemetry.events_lost" } else { "telemetry.sink_losses" };
    let total = on_the_way.saturating_add(at_sinks);
    let verdict = threshold::EVENTS_LOST.grade(total as f64);
    (total, verdict, Place { path, index: None })
}
