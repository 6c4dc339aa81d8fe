//! The payloads of version 0, field by field.

use std::borrow::Cow;

use super::super::de::{De, Source};
use super::super::float;
use super::super::json::{Json, Object};
use crate::event::Event;
use crate::incoming::Reason;
use crate::kind::EventKind;
use crate::word::ClosedWord as _;

/// Returns the kind that a row of version 0 becomes, with its payload in the names of version 1.
///
/// `None` for what stays unknown. Only names of the table of the contract are taken over: an equal name elsewhere may mean
/// something else.
pub(super) fn target<'a>(
    event_type: &str,
    data: &Object<'a>,
) -> Result<Option<(EventKind, Object<'a>)>, Reason> {
    let kind = match event_type {
        "GRADIENT_PATHOLOGY_DETECTED" => EventKind::GradientAnomaly,
        name => match EventKind::from_word(name) {
            Some(kind) => kind,
            None => return Ok(None),
        },
    };
    let from = Carry { data, to: Object::default() };
    let to = match kind {
        EventKind::TrainingStarted => training_started(from)?,
        EventKind::CheckpointLoaded => {
            from.equal(&["path"]).renamed("episodes_completed", "start_episode")
        }
        EventKind::EpochCompleted => from.environment().equal(&[
            "inner_epoch",
            "episode_idx",
            "val_accuracy",
            "val_loss",
            "train_loss",
        ]),
        EventKind::BatchEpochCompleted => from
            .equal(&["batch_idx", "n_envs", "episodes_completed", "avg_accuracy"])
            .renamed("mean_return", "avg_reward"),
        EventKind::PpoUpdateCompleted => update(from),
        EventKind::EpisodeOutcome => outcome(from),
        EventKind::GradientAnomaly
        | EventKind::RatioExplosionDetected
        | EventKind::RatioCollapseDetected
        | EventKind::ValueCollapseDetected
        | EventKind::NumericalInstabilityDetected => from
            .renamed("kind", "anomaly_type")
            .above_0("batch_idx", "batch")
            .above_0("inner_epoch", "inner_epoch")
            .equal(&["detail"]),
        EventKind::PlateauDetected
        | EventKind::DegradationDetected
        | EventKind::ImprovementDetected => from
            .set("kind", word("accuracy_trend"))
            .equal(&["batch_idx"])
            .renamed("value", "rolling_delta"),
        EventKind::MemoryWarning => from
            .set("kind", word("memory_high"))
            .renamed("value", "gpu_utilization")
            .equal(&["threshold"]),
        // Version 0 never had these; a row that carries such a name is not ours to interpret.
        EventKind::TrainingFinished
        | EventKind::CheckpointSaved
        | EventKind::Heartbeat
        | EventKind::SystemVitals
        | EventKind::EmitterLoss
        | EventKind::Metric => return Ok(None),
    };
    Ok(Some((kind, to.to)))
}

const fn word(text: &'static str) -> Json<'static> {
    Json::Text(Cow::Borrowed(text))
}

/// A payload being carried over.
struct Carry<'s, 'a> {
    data: &'s Object<'a>,
    to: Object<'a>,
}

impl<'a> Carry<'_, 'a> {
    fn set(mut self, name: &'static str, value: Json<'a>) -> Self {
        self.to.push(name, value);
        self
    }

    fn renamed(self, name: &'static str, source: &str) -> Self {
        match self.data.get(source).cloned() {
            Some(value) => self.set(name, value),
            None => self,
        }
    }

    fn equal(self, names: &[&'static str]) -> Self {
        names.iter().fold(self, |from, name| from.renamed(name, name))
    }

    /// Takes a value over unless it is a placeholder: 0, a negative number, NaN.
    fn above_0(self, name: &'static str, source: &str) -> Self {
        if self.data.get(source).is_some_and(|value| number(value).is_none_or(|x| 0.0 < x)) {
            self.renamed(name, source)
        } else {
            self
        }
    }

    /// Takes the environment over unless it is negative, which meant none.
    fn environment(self) -> Self {
        match self.data.get("env_id") {
            Some(value) if number(value).is_some_and(|x| x < 0.0) => self,
            Some(_) | None => self.equal(&["env_id"]),
        }
    }

    /// Reads an integer of the source for a computation.
    fn integer(&self, name: &str) -> Result<Option<u64>, Reason> {
        let Some(value) = self.data.get(name) else {
            return Ok(None);
        };
        let de = De { value, source: Source::RowV0 };
        serde::Deserialize::deserialize(de).map(Some).map_err(|fault| fault.named(name))
    }
}

fn number(value: &Json<'_>) -> Option<f64> {
    match value {
        Json::Count(x) => Some(*x as f64),
        Json::Negative(x) => Some(*x as f64),
        Json::Float(x) => Some(*x),
        Json::Text(text) => float::from_word(text),
        Json::Null | Json::Flag(_) | Json::List(_) | Json::Object(_) => None,
    }
}

fn training_started<'s, 'a>(from: Carry<'s, 'a>) -> Result<Carry<'s, 'a>, Reason> {
    let start_episodes = from.integer("start_episode")?.unwrap_or(0);
    let n_envs = from.integer("n_envs")?;
    let max_batches = from.integer("max_batches")?;
    // Without a number of environments only a start from nothing can be counted in batches; with 0 of them the hard
    // limit on `n_envs` rejects the row.
    let start_batch = match n_envs {
        None if start_episodes == 0 => Some(0),
        None => None,
        Some(n_envs) => Some(start_episodes.checked_div(n_envs).unwrap_or(0)),
    };
    let requested = max_batches.zip(start_batch).and_then(|(max, start)| max.checked_sub(start));
    let mut from = from
        .equal(&[
            "task",
            "n_envs",
            "max_epochs",
            "max_batches",
            "host_params",
            "reward_mode",
            "seed",
        ])
        .set("start_episodes", Json::Count(start_episodes))
        .renamed("device", "policy_device");
    if let Some(start_batch) = start_batch {
        from = from.set("start_batch", Json::Count(start_batch));
    }
    if let Some(requested) = requested {
        from = from.set("requested_batches", Json::Count(requested));
    }
    if from.data.get("resume_path").and_then(Json::text) != Some("") {
        from = from.renamed("resumed_from", "resume_path");
    }
    let hyperparams = Carry { data: from.data, to: Object::default() }
        .renamed("learning_rate", "lr")
        .renamed("clip_range", "clip_ratio")
        .equal(&["entropy_coef"])
        .to;
    if hyperparams.members().is_empty() {
        return Ok(from);
    }
    Ok(from.set("hyperparams", Json::Object(hyperparams)))
}

fn update<'s, 'a>(from: Carry<'s, 'a>) -> Carry<'s, 'a> {
    let data = from.data;
    let skipped = data.get("skipped").cloned().unwrap_or(Json::Flag(false));
    let pre_clip = data.get("pre_clip_grad_norm").and_then(number).is_some_and(|norm| 0.0 < norm);
    let mut from = from
        .renamed("batch_idx", "batch")
        .renamed("optimizer_steps", "ppo_updates_count")
        .renamed("learning_rate", "lr")
        .renamed("grad_norm", if pre_clip { "pre_clip_grad_norm" } else { "grad_norm" });
    if skipped == Json::Flag(true) && data.get("skip_reason").is_none() {
        from = from.set("skip_reason", word("unknown"));
    }
    from = from.set("skipped", skipped);
    // Whatever has been filled from elsewhere is not overwritten by an equal name.
    for spec in Event::fields(EventKind::PpoUpdateCompleted) {
        if from.to.get(spec.name).is_none() {
            from = from.renamed(spec.name, spec.name);
        }
    }
    from
}

fn outcome<'s, 'a>(from: Carry<'s, 'a>) -> Carry<'s, 'a> {
    let how = from.data.get("outcome_type").and_then(Json::text);
    let (success, truncated) = match how {
        Some("success") => (Some(true), None),
        Some("timeout") => (Some(false), Some(true)),
        Some("early_termination") => (Some(false), Some(false)),
        Some(_) | None => (None, None),
    };
    let from = from
        .environment()
        .equal(&["episode_idx", "episode_length"])
        .renamed("episode_return", "episode_reward");
    let flags = [
        ("success", success),
        ("truncated", truncated),
        ("terminated", truncated.map(|truncated| !truncated)),
    ];
    flags.into_iter().fold(from, |from, (name, flag)| match flag {
        Some(flag) => from.set(name, Json::Flag(flag)),
        None => from,
    })
}
