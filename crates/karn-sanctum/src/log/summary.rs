//! The main numbers of an event in a few words.

use leyline::word::ClosedWord;
use leyline::{
    Anomaly, BatchEpochCompleted, BatchOutcome, CheckpointLoaded, CheckpointSaved, EmitterLoss,
    EpisodeOutcome, Event, Heartbeat, PpoUpdateCompleted, SkipReason, TrainingFinished,
    TrainingStarted,
};

const BYTES_PER_KIB: f64 = 1024.0;
const PERCENT: f64 = 100.0;

/// Returns the summary; empty for kinds that the event log leaves out.
pub(super) fn of_event(event: &Event, max_batches: u64) -> String {
    match event {
        Event::TrainingStarted(start) => started(start),
        Event::TrainingFinished(end) => finished(end),
        Event::CheckpointSaved(CheckpointSaved {
            path,
            batch_idx,
            episodes_completed: _,
            size_bytes,
            duration_ms: _,
        }) => checkpoint("saved", path, *batch_idx, *size_bytes),
        Event::CheckpointLoaded(CheckpointLoaded {
            path,
            batch_idx,
            episodes_completed: _,
            size_bytes,
            duration_ms: _,
        }) => checkpoint("loaded", path, *batch_idx, *size_bytes),
        Event::BatchEpochCompleted(batch) => batch_ended(batch, max_batches),
        Event::PpoUpdateCompleted(update) => updated(update),
        Event::EpisodeOutcome(outcome) => episode(outcome),
        Event::EmitterLoss(loss) => lost(loss),
        Event::GradientAnomaly(anomaly)
        | Event::RatioExplosionDetected(anomaly)
        | Event::RatioCollapseDetected(anomaly)
        | Event::ValueCollapseDetected(anomaly)
        | Event::NumericalInstabilityDetected(anomaly)
        | Event::PlateauDetected(anomaly)
        | Event::DegradationDetected(anomaly)
        | Event::ImprovementDetected(anomaly)
        | Event::MemoryWarning(anomaly) => seen(anomaly),
        Event::Heartbeat(Heartbeat { phase: _, batch_idx: _, inner_epoch: _ })
        | Event::EpochCompleted(_)
        | Event::SystemVitals(_)
        | Event::Metric(_) => String::new(),
    }
}

/// Writes a number with so many decimals; not finite: `NaN`, `Inf`, `-Inf`.
fn fixed(value: f64, decimals: usize) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value < 0.0 { "-Inf".to_owned() } else { "Inf".to_owned() }
    } else {
        format!("{value:.decimals$}")
    }
}

/// Adds a part after a separator.
fn add(text: &mut String, separator: &str, part: &str) {
    if !text.is_empty() {
        text.push_str(separator);
    }
    text.push_str(part);
}

fn progress(batch: u64, max_batches: u64) -> String {
    if max_batches == 0 { format!("b{batch}") } else { format!("b{batch}/{max_batches}") }
}

fn started(start: &TrainingStarted) -> String {
    let mut text = start.task.clone();
    if let Some(n_envs) = start.n_envs {
        add(&mut text, ", ", &format!("{n_envs} envs"));
    }
    add(&mut text, ", ", &progress(start.start_batch, start.max_batches));
    text
}

fn finished(end: &TrainingFinished) -> String {
    let mut text = format!("{} b{}", end.reason.as_str(), end.last_batch);
    if let Some(episodes) = end.episodes_completed {
        add(&mut text, ", ", &format!("{episodes} episodes"));
    }
    if let Some(error) = &end.error {
        add(&mut text, ": ", error);
    }
    text
}

fn checkpoint(verb: &str, path: &str, batch: Option<u64>, bytes: Option<u64>) -> String {
    let mut text = match batch {
        Some(batch) => format!("{verb} b{batch}"),
        None => format!("{verb} {path}"),
    };
    if let Some(bytes) = bytes {
        add(&mut text, ", ", &format!("{:.0} KiB", bytes as f64 / BYTES_PER_KIB));
    }
    text
}

fn batch_ended(batch: &BatchEpochCompleted, max_batches: u64) -> String {
    let mut text = progress(batch.batch_idx, max_batches);
    if batch.outcome == Some(BatchOutcome::Skipped) {
        let reason = batch.skip_reason.as_ref().map_or("skipped", SkipReason::as_str);
        add(&mut text, " ", &format!("skipped: {reason}"));
    }
    if let Some(episodes) = batch.batch_episodes {
        add(&mut text, ", ", &format!("{episodes} episodes"));
    }
    if let Some(mean) = batch.mean_return {
        add(&mut text, ", ", &format!("return {}", fixed(mean, 1)));
    }
    text
}

fn updated(update: &PpoUpdateCompleted) -> String {
    let mut text = format!("b{}", update.batch_idx);
    if update.skipped {
        let reason = update.skip_reason.as_ref().map_or("skipped", SkipReason::as_str);
        add(&mut text, " ", &format!("skipped: {reason}"));
    } else {
        if let Some(kl) = update.kl_divergence {
            add(&mut text, " ", &format!("KL {}", fixed(kl, 4)));
        }
        if let Some(clip) = update.clip_fraction {
            add(&mut text, " ", &format!("clip {}%", fixed(clip * PERCENT, 1)));
        }
        if let Some(entropy) = update.entropy {
            add(&mut text, " ", &format!("ent {}", fixed(entropy, 3)));
        }
    }
    if let Some(time) = update.update_time_ms {
        add(&mut text, " ", &format!("{}ms", fixed(time, 0)));
    }
    text
}

fn episode(outcome: &EpisodeOutcome) -> String {
    let EpisodeOutcome {
        env_id,
        episode_idx: _,
        episode_return,
        episode_length,
        terminated,
        truncated,
        success,
    } = outcome;
    let mut text = env_id.map_or_else(String::new, |env| format!("env {env}"));
    add(&mut text, " ", &format!("return {}", fixed(*episode_return, 1)));
    add(&mut text, ", ", &format!("{episode_length} steps"));
    if *terminated == Some(true) {
        text.push_str(", terminated");
    }
    if *truncated == Some(true) {
        text.push_str(", truncated");
    }
    if *success == Some(true) {
        text.push_str(", success");
    }
    text
}

fn lost(loss: &EmitterLoss) -> String {
    let EmitterLoss { sink, lane, cause, dropped, dropped_total } = loss;
    let lane = lane.as_str();
    format!("{sink} {lane} {dropped} dropped, {dropped_total} in all, {cause}")
}

fn seen(anomaly: &Anomaly) -> String {
    let Anomaly { kind, batch_idx, inner_epoch: _, env_id, subject, value, threshold, detail: _ } =
        anomaly;
    let mut text = batch_idx.map_or_else(String::new, |batch| format!("b{batch}"));
    if let Some(env) = env_id {
        add(&mut text, " ", &format!("env {env}"));
    }
    add(&mut text, " ", kind);
    if let Some(subject) = subject {
        add(&mut text, " ", subject);
    }
    if let Some(value) = value {
        add(&mut text, " ", &fixed(*value, 3));
    }
    if let Some(threshold) = threshold {
        add(&mut text, " ", &format!("limit {}", fixed(*threshold, 3)));
    }
    text
}
