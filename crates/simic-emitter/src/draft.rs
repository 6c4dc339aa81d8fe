//! An event on its way into the hub, before it has a number and a time.

use leyline::validate::{self, MAX_ENVS, MAX_MESSAGE_BYTES, MAX_TEXT_BYTES};
use leyline::{
    Anomaly, EnvId, Event, GroupId, Phase, Reason, Scalar, Severity, SkipReason, TrainingStarted,
};

/// An event and what the producer may say about it; the hub adds the rest of the envelope.
///
/// The hub cuts long texts, raises the severity to the least one of the event and copies the environment between envelope
/// and payload. An event that breaks a hard limit of the contract is refused: see [`crate::Hub::emit`].
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// What happened.
    pub event: Event,
    /// The arm of an A/B comparison; `None`: the group that the hub was built with.
    pub group: Option<GroupId>,
    /// How much it matters; `None`, or less than the event's least severity: the least severity.
    pub severity: Option<Severity>,
    /// Text for people; cut to 4096 bytes.
    pub message: String,
    /// The environment the event is about; `None`: the one that the payload names, if it does.
    pub env_id: Option<EnvId>,
}

impl Draft {
    /// Returns a draft that says nothing beside the event.
    pub fn new(event: impl Into<Event>) -> Self {
        let event = event.into();
        Self { event, group: None, severity: None, message: String::new(), env_id: None }
    }

    /// Sets the group.
    #[must_use]
    pub fn with_group(mut self, group: GroupId) -> Self {
        self.group = Some(group);
        self
    }

    /// Sets the severity.
    #[must_use]
    pub const fn with_severity(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }

    /// Sets the message.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// Sets the environment.
    #[must_use]
    pub const fn with_env(mut self, env: EnvId) -> Self {
        self.env_id = Some(env);
        self
    }

    /// Brings everything into the form that the contract asks for, or says why that is impossible. Afterwards the severity is
    /// that of the envelope.
    pub(crate) fn finish(&mut self) -> Result<(), Reason> {
        let least = self.event.least_severity();
        self.severity = Some(self.severity.map_or(least, |severity| severity.max(least)));
        cut(&mut self.message, MAX_MESSAGE_BYTES);
        cut_event(&mut self.event);
        if let Some(env) = self.env_id {
            if MAX_ENVS <= env.0 {
                return Err(Reason::BadValue("env_id".to_owned()));
            }
            if !self.event.set_env_id(env) {
                return Err(Reason::EnvMismatch);
            }
        } else {
            self.env_id = self.event.env_id();
        }
        validate::check_event(&self.event)
    }
}

impl<E: Into<Event>> From<E> for Draft {
    fn from(event: E) -> Self {
        Self::new(event)
    }
}

/// Cuts a text at the last character boundary that leaves at most `max` bytes.
fn cut(text: &mut String, max: usize) {
    if max < text.len() {
        let boundary = (0..=max).rev().find(|&at| text.is_char_boundary(at));
        text.truncate(boundary.unwrap_or(0));
    }
}

fn cut_text(text: &mut String) {
    cut(text, MAX_TEXT_BYTES);
}

fn cut_optional(text: &mut Option<String>) {
    if let Some(text) = text {
        cut_text(text);
    }
}

fn cut_event(event: &mut Event) {
    match event {
        Event::TrainingStarted(start) => cut_start(start),
        Event::TrainingFinished(end) => {
            if let Some(error) = &mut end.error {
                cut(error, MAX_MESSAGE_BYTES);
            }
        }
        Event::CheckpointSaved(saved) => cut_text(&mut saved.path),
        Event::CheckpointLoaded(loaded) => cut_text(&mut loaded.path),
        Event::Heartbeat(beat) => {
            if let Phase::Other(word) = &mut beat.phase {
                cut_text(word);
            }
        }
        Event::BatchEpochCompleted(batch) => cut_skip_reason(&mut batch.skip_reason),
        Event::PpoUpdateCompleted(update) => cut_skip_reason(&mut update.skip_reason),
        Event::SystemVitals(sample) => {
            for gpu in &mut sample.gpus {
                cut_optional(&mut gpu.name);
            }
        }
        Event::EmitterLoss(loss) => cut_text(&mut loss.sink),
        Event::Metric(metric) => {
            for unit in metric.units.iter_mut().flat_map(|units| units.values_mut()) {
                cut_text(unit);
            }
        }
        Event::GradientAnomaly(anomaly)
        | Event::RatioExplosionDetected(anomaly)
        | Event::RatioCollapseDetected(anomaly)
        | Event::ValueCollapseDetected(anomaly)
        | Event::NumericalInstabilityDetected(anomaly)
        | Event::PlateauDetected(anomaly)
        | Event::DegradationDetected(anomaly)
        | Event::ImprovementDetected(anomaly)
        | Event::MemoryWarning(anomaly) => cut_anomaly(anomaly),
        Event::EpochCompleted(_) | Event::EpisodeOutcome(_) => {}
    }
}

fn cut_start(start: &mut TrainingStarted) {
    cut_text(&mut start.task);
    cut_optional(&mut start.reward_mode);
    cut_optional(&mut start.device);
    cut_optional(&mut start.resumed_from);
    let Some(hyperparams) = &mut start.hyperparams else { return };
    for value in hyperparams.values_mut() {
        if let Scalar::Text(text) = value {
            cut_text(text);
        }
    }
    if hyperparams.keys().any(|name| MAX_TEXT_BYTES < name.len()) {
        let cut_name = |(mut name, value)| {
            cut_text(&mut name);
            (name, value)
        };
        *hyperparams = std::mem::take(hyperparams).into_iter().map(cut_name).collect();
    }
}

fn cut_skip_reason(reason: &mut Option<SkipReason>) {
    if let Some(SkipReason::Other(word)) = reason {
        cut_text(word);
    }
}

fn cut_anomaly(anomaly: &mut Anomaly) {
    cut_text(&mut anomaly.kind);
    cut_optional(&mut anomaly.subject);
    if let Some(detail) = &mut anomaly.detail {
        cut(detail, MAX_MESSAGE_BYTES);
    }
}
