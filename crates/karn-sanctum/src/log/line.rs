//! How lines come about.

use leyline::word::ClosedWord;
use leyline::{
    EnvId, Envelope, Event, EventKind, Rejection, RunNs, Severity, Timestamp, UnknownEvent,
};

use crate::log::{LogLine, OUT_OF_RANGE, REJECTED, bounded, summary};

impl LogLine {
    /// Returns the line of an event; `None` for the kinds that come too often to be read.
    ///
    /// `max_batches` is that of the run, 0 if not known.
    pub(crate) fn of_event(envelope: &Envelope, max_batches: u64) -> Option<Self> {
        let kind = envelope.event.kind();
        if !is_logged(kind) {
            return None;
        }
        let message = if envelope.message.is_empty() {
            text(&envelope.event).unwrap_or(kind.as_str())
        } else {
            &envelope.message
        };
        Some(Self {
            seq: Some(envelope.seq),
            ts: Some(envelope.ts),
            mono_ns: Some(envelope.mono_ns),
            event_type: kind.as_str().to_owned(),
            env_id: envelope.event.env_id().or(envelope.env_id),
            message: bounded(message),
            severity: envelope.severity.max(envelope.event.least_severity()),
            summary: bounded(&summary::of_event(&envelope.event, max_batches)),
        })
    }

    /// Returns the line of an event of a kind that this version does not know.
    pub(crate) fn of_unknown(event: &UnknownEvent) -> Self {
        let message = if event.message.is_empty() { &event.event_type } else { &event.message };
        Self {
            seq: Some(event.seq),
            ts: Some(event.ts),
            mono_ns: Some(event.mono_ns),
            event_type: bounded(&event.event_type),
            env_id: event.env_id,
            message: bounded(message),
            severity: event.severity,
            summary: bounded(&event.event_type),
        }
    }

    /// Returns the line of a rejected row; `before` is the wall clock of the row before it.
    pub(crate) fn of_rejection(rejection: &Rejection, before: Option<Timestamp>) -> Self {
        let reason = rejection.reason.to_string();
        let summary = match &rejection.event_type {
            Some(kind) => format!("{reason} in {kind}"),
            None => reason.clone(),
        };
        Self {
            seq: rejection.seq,
            ts: rejection.ts.or(before),
            mono_ns: None,
            event_type: REJECTED.to_owned(),
            env_id: None,
            message: bounded(&reason),
            severity: Severity::Warning,
            summary: bounded(&summary),
        }
    }

    /// Returns the line that warns about a field of an event.
    pub(crate) fn of_warning(envelope: &Envelope, text: &str) -> Self {
        let kind = envelope.event.kind().as_str();
        let env_id = envelope.event.env_id().or(envelope.env_id);
        Self::warning((envelope.ts, envelope.mono_ns), env_id, kind, text)
    }

    /// Returns the line that warns about a field of an event of an unknown kind.
    pub(crate) fn of_unknown_warning(event: &UnknownEvent, text: &str) -> Self {
        Self::warning((event.ts, event.mono_ns), event.env_id, &event.event_type, text)
    }

    fn warning(at: (Timestamp, RunNs), env_id: Option<EnvId>, kind: &str, text: &str) -> Self {
        let (ts, mono_ns) = at;
        Self {
            seq: None,
            ts: Some(ts),
            mono_ns: Some(mono_ns),
            event_type: OUT_OF_RANGE.to_owned(),
            env_id,
            message: bounded(text),
            severity: Severity::Warning,
            summary: bounded(&format!("{text} in {kind}")),
        }
    }
}

const fn is_logged(kind: EventKind) -> bool {
    match kind {
        EventKind::Heartbeat
        | EventKind::EpochCompleted
        | EventKind::SystemVitals
        | EventKind::Metric => false,
        EventKind::TrainingStarted
        | EventKind::TrainingFinished
        | EventKind::CheckpointSaved
        | EventKind::CheckpointLoaded
        | EventKind::BatchEpochCompleted
        | EventKind::PpoUpdateCompleted
        | EventKind::EpisodeOutcome
        | EventKind::EmitterLoss
        | EventKind::GradientAnomaly
        | EventKind::RatioExplosionDetected
        | EventKind::RatioCollapseDetected
        | EventKind::ValueCollapseDetected
        | EventKind::NumericalInstabilityDetected
        | EventKind::PlateauDetected
        | EventKind::DegradationDetected
        | EventKind::ImprovementDetected
        | EventKind::MemoryWarning => true,
    }
}

/// Returns what a payload says in words: detail, error or kind; an empty text says nothing.
fn text(event: &Event) -> Option<&str> {
    let said = |text: &&str| !text.is_empty();
    if let Some(anomaly) = event.anomaly() {
        let detail = anomaly.detail.as_deref().filter(said);
        return detail.or_else(|| Some(anomaly.kind.as_str()).filter(said));
    }
    if let Event::TrainingFinished(end) = event { end.error.as_deref().filter(said) } else { None }
}
