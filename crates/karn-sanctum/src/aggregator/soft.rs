//! Soft checks: what is odd about an accepted event is said once per field and run, and changes nothing.

use leyline::field::{Bound, FieldSpec, Need, Payload, Seen};
use leyline::word::ClosedWord;
use leyline::{
    BatchEpochCompleted, Envelope, Event, EventKind, GpuVitals, PpoUpdateCompleted, RunNs,
    TrainingStarted,
};

use crate::aggregator::group::State;

const KINDS: usize = EventKind::ALL.len();
/// Largest distance of a clip fraction from the sum of its two parts.
const CLIP_TOLERANCE: f64 = 1e-6;
/// The fields that a skipped update may carry; whatever else it says is ignored.
const KEPT_WHEN_SKIPPED: [&str; 4] =
    ["batch_idx", "update_time_ms", "nan_grad_count", "inf_grad_count"];

/// What a run has been warned about: one bit per field of each kind, the last entry for devices.
#[derive(Debug, Clone)]
pub(super) struct Warned {
    out_of_range: [u64; KINDS + 1],
    missing: [u64; KINDS + 1],
    inconsistent: u64,
    latest: Option<RunNs>,
}

/// The soft checks between fields, as bits.
#[derive(Clone, Copy)]
enum Odd {
    MaxBatches,
    StartBatch,
    Batch,
    Update,
    ClipFraction,
    MonoNs,
}

impl Warned {
    pub(super) const fn new() -> Self {
        Self {
            out_of_range: [0; KINDS + 1],
            missing: [0; KINDS + 1],
            inconsistent: 0,
            latest: None,
        }
    }

    /// Checks an event before it is folded, and gives each new warning to `say`.
    pub(super) fn check(&mut self, envelope: &Envelope, state: &State, say: &mut impl FnMut(&str)) {
        self.fields(&envelope.event, state, say);
        match &envelope.event {
            Event::TrainingStarted(start) => self.start(start, envelope.v, say),
            Event::BatchEpochCompleted(batch) => self.batch(batch, state, say),
            Event::PpoUpdateCompleted(update) => self.update(update, state, say),
            Event::SystemVitals(sample) => {
                sample.gpus.iter().for_each(|gpu| self.gpu(gpu, say));
            }
            Event::TrainingFinished(_)
            | Event::CheckpointSaved(_)
            | Event::CheckpointLoaded(_)
            | Event::Heartbeat(_)
            | Event::EpochCompleted(_)
            | Event::EpisodeOutcome(_)
            | Event::EmitterLoss(_)
            | Event::Metric(_)
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
        self.note_time(envelope.mono_ns, say);
    }

    /// Checks that the producer's clock does not go back.
    pub(super) fn note_time(&mut self, at: RunNs, say: &mut impl FnMut(&str)) {
        if self.latest.is_some_and(|latest| at < latest) {
            self.odd(Odd::MonoNs, "mono_ns", say);
        }
        self.latest = Some(at);
    }

    fn fields(&mut self, event: &Event, state: &State, say: &mut impl FnMut(&str)) {
        let kind = event.kind() as usize;
        let starts = matches!(event, Event::TrainingStarted(_));
        let skipped = matches!(event, Event::PpoUpdateCompleted(update) if update.skipped);
        // A start is not judged by the bounds of the run that it replaces.
        let bound = |bound| if starts { None } else { state.progress.bound(bound) };
        event.visit_fields(&mut |at, spec, seen| {
            let ignored = skipped && !KEPT_WHEN_SKIPPED.contains(&spec.name);
            match seen {
                Seen::Absent if is_expected(spec.need, skipped) => {
                    if first(&mut self.missing[kind], at) {
                        say(&format!("missing: {}", spec.name));
                    }
                }
                Seen::Number(value) if !ignored && !spec.range.contains(value, bound) => {
                    if first(&mut self.out_of_range[kind], at) {
                        say(&out_of_range(spec, value));
                    }
                }
                Seen::Absent | Seen::Number(_) | Seen::Other => {}
            }
        });
    }

    fn gpu(&mut self, gpu: &GpuVitals, say: &mut impl FnMut(&str)) {
        gpu.visit_fields(&mut |at, spec, seen| {
            if let Seen::Number(value) = seen
                && !spec.range.contains(value, |_: Bound| None)
                && first(&mut self.out_of_range[KINDS], at)
            {
                say(&out_of_range(spec, value));
            }
        });
    }

    fn start(&mut self, start: &TrainingStarted, version: u16, say: &mut impl FnMut(&str)) {
        // Without a maximum there is nothing to compare with, and its range has been warned about.
        if start.max_batches != 0 {
            let asked =
                start.requested_batches.map(|asked| start.start_batch.saturating_add(asked));
            if asked.is_some_and(|asked| asked != start.max_batches) {
                self.odd(Odd::MaxBatches, "max_batches", say);
            }
            if start.max_batches <= start.start_batch {
                self.odd(Odd::StartBatch, "start_batch", say);
            }
        }
        // Rows of version 0 count env-episodes, so their start batch is a quotient.
        let rest = start
            .start_episodes
            .zip(start.n_envs)
            .and_then(|(episodes, n_envs)| episodes.checked_rem(u64::from(n_envs)));
        if version == 0 && rest.is_some_and(|rest| rest != 0) {
            self.odd(Odd::StartBatch, "start_batch", say);
        }
    }

    fn batch(&mut self, batch: &BatchEpochCompleted, state: &State, say: &mut impl FnMut(&str)) {
        if state.progress.closed_batch.is_some_and(|before| batch.batch_idx <= before) {
            self.odd(Odd::Batch, "batch_idx", say);
        }
    }

    fn update(&mut self, update: &PpoUpdateCompleted, state: &State, say: &mut impl FnMut(&str)) {
        if state.policy.latest_batch().is_some_and(|before| update.batch_idx <= before) {
            self.odd(Odd::Update, "batch_idx", say);
        }
        let parts = update.clip_fraction_positive.zip(update.clip_fraction_negative);
        let differs = |(clip, (positive, negative)): (f64, (f64, f64))| {
            CLIP_TOLERANCE < (clip - (positive + negative)).abs()
        };
        if !update.skipped && update.clip_fraction.zip(parts).is_some_and(differs) {
            self.odd(Odd::ClipFraction, "clip_fraction", say);
        }
    }

    fn odd(&mut self, odd: Odd, field: &str, say: &mut impl FnMut(&str)) {
        if first(&mut self.inconsistent, odd as usize) {
            say(&format!("inconsistent: {field}"));
        }
    }
}

const fn is_expected(need: Need, skipped: bool) -> bool {
    match need {
        Need::E => true,
        Need::U => !skipped,
        Need::R | Need::C | Need::O => false,
    }
}

fn out_of_range(spec: &FieldSpec, value: f64) -> String {
    format!("out_of_range: {} = {value}", spec.name)
}

/// Sets a bit and returns whether it was not set before. No payload has more than 64 fields.
const fn first(bits: &mut u64, at: usize) -> bool {
    let bit = 1_u64 << at;
    let unseen = *bits & bit == 0;
    *bits |= bit;
    unseen
}
