//! The words of the plain view: no symbols, no colour, nothing that a screen reader would stumble over.

use karn_sanctum::{Alert, LogLine, Reading, Snapshot};
use leyline::{AlertLevel, RuleId, Timestamp, metric};
use sanctum_widgets::RunState;
use sanctum_widgets::format::{NumberFormat, format_foreign, format_number, format_runtime};

use crate::exit::Exit;
use crate::sinks::watch::{Change, News};
use crate::source::Standing;

/// What an absent reading is called.
const ABSENT: &str = "not available";
/// Longest text taken over from a run, in columns.
const LONGEST: usize = 1000;

/// How serious a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The normal course of a run.
    Info,
    /// Worth a look.
    Warning,
    /// Something is wrong.
    Critical,
}

impl Level {
    const fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// Returns `HH:MM:SS level text`; the time is UTC.
pub fn format_line(at: Timestamp, level: Level, text: &str) -> String {
    let (hours, minutes, seconds) = at.utc_hms();
    format!("{hours:02}:{minutes:02}:{seconds:02} {} {text}", level.word())
}

/// Returns how serious the state of a run is.
pub const fn level(state: &RunState) -> Level {
    match state {
        RunState::Finished
        | RunState::Stopped
        | RunState::Waiting
        | RunState::WarmingUp(_)
        | RunState::Learning => Level::Info,
        RunState::Slow(_) | RunState::Warn(_) => Level::Warning,
        RunState::Failed
        | RunState::Disconnected
        | RunState::TrainerDown
        | RunState::Stale(_)
        | RunState::NanDetected
        | RunState::InfDetected
        | RunState::Fail(_) => Level::Critical,
    }
}

/// Returns the seconds until the last planned batch at the present rate; `None` while the rate or the plan is not known.
pub fn time_left_seconds(snapshot: &Snapshot) -> Option<f64> {
    let rate = snapshot
        .vitals
        .batches_per_hour
        .filter(|rate| rate.value.is_finite() && 0.0 < rate.value)?;
    let left = snapshot.max_batches.checked_sub(snapshot.current_batch?)?;
    (snapshot.max_batches != 0).then(|| left as f64 / rate.value * 3600.0)
}

/// Returns the line about the latest batch.
pub fn format_batch(snapshot: &Snapshot, state: &RunState, wall: Timestamp) -> String {
    let policy = &snapshot.policy;
    let fixed = |decimals| move |value: f64| format_number(value, NumberFormat::Fixed(decimals));
    let percent =
        |value: f64| format!("{} percent", format_number(100.0 * value, NumberFormat::Fixed(1)));
    let mut parts = vec![format!("batch {} done", progress(snapshot))];
    parts.push(reading("mean return", snapshot.episodes.mean_return.as_ref(), fixed(1)));
    match policy.last_update.as_ref().filter(|update| update.skipped) {
        Some(update) => {
            let reason =
                update.skip_reason.as_ref().map_or_else(|| ABSENT.to_owned(), ToString::to_string);
            parts.push(format!("update skipped, reason {}", foreign(&reason)));
        }
        None => parts.extend([
            reading("KL", policy.kl_divergence.as_ref(), fixed(4)),
            reading("clip", policy.clip_fraction.as_ref(), percent),
            reading("entropy", policy.entropy.as_ref(), fixed(3)),
            reading("explained variance", policy.explained_variance.as_ref(), fixed(3)),
        ]),
    }
    parts.push(rate(snapshot));
    parts.extend(left(snapshot));
    parts.extend(concerns(state));
    format_line(latest(snapshot, "BATCH_EPOCH_COMPLETED", wall), level(state), &parts.join(", "))
}

/// Returns the line about a run that begins, or that had begun before anybody listened.
pub(super) fn format_start(snapshot: &Snapshot, wall: Timestamp) -> String {
    let began = began(snapshot);
    let state = if began.is_some() { "started" } else { "under way" };
    let run = snapshot.run_id.as_ref().map_or(ABSENT, |id| id.as_str());
    let task = snapshot.task_name.as_deref().map_or_else(|| "unnamed task".to_owned(), foreign);
    let envs = snapshot.n_envs.map(|n| format!(", {n} environments"));
    let before = snapshot
        .start_batch
        .filter(|&batch| 0 < batch)
        .map(|batch| format!(", {batch} done before"));
    let planned = match snapshot.max_batches {
        0 => "number of batches not known".to_owned(),
        1 => "1 batch planned".to_owned(),
        n => format!("{n} batches planned"),
    };
    let text = format!(
        "run {run} {state}, {task}{}, {planned}{}",
        envs.unwrap_or_default(),
        before.unwrap_or_default()
    );
    format_line(began.unwrap_or(wall), Level::Info, &text)
}

/// Returns how the run ended.
pub(super) fn format_end(snapshot: &Snapshot) -> (Level, String) {
    let done = format!("{} batches done", progress(snapshot));
    let mean = reading("mean return", snapshot.episodes.mean_return.as_ref(), |value| {
        format_number(value, NumberFormat::Fixed(1))
    });
    match Exit::of(snapshot) {
        Exit::Completed => (Level::Info, format!("run completed, {done}, {mean}")),
        Exit::Stopped => (Level::Info, format!("run stopped, {done}, {mean}")),
        Exit::Failed(why) => (Level::Critical, format!("run failed, {done}: {}", foreign(&why))),
        Exit::Signal(_) | Exit::ReaderGone => (Level::Info, done),
    }
}

/// Returns a line of the event log.
pub(super) fn format_log(line: &LogLine, level: Level, wall: Timestamp) -> String {
    let kind = line.event_type.to_ascii_lowercase().replace('_', " ");
    let env = line.env_id.map(|env| format!(" in environment {env}"));
    let text =
        [line.message.as_str(), line.summary.as_str()].into_iter().filter(|text| !text.is_empty());
    let text = foreign(&text.collect::<Vec<_>>().join(", "));
    format_line(
        line.ts.unwrap_or(wall),
        level,
        &format!("{}{}: {text}", foreign(&kind), env.unwrap_or_default()),
    )
}

/// Returns what has happened to an alert; `None`: it is told in other words.
pub(super) fn alert_words(news: &News) -> Option<(Level, String)> {
    let Alert { rule, level, first, worst, .. } = news.alert;
    // Silence has a line of its own.
    if rule == RuleId::Age {
        return None;
    }
    let spec = worst.place.and_then(|place| metric::by_path(place.path));
    let decimals = if worst.value.fract() == 0.0 { 0 } else { 4 };
    let value = format_number(worst.value, NumberFormat::Fixed(decimals));
    let value = spec.map_or_else(String::new, |spec| format!(", {} {value}", spec.name));
    let env = worst.env.map_or_else(String::new, |env| format!(" in environment {env}"));
    let since = first.batch.map_or_else(String::new, |batch| format!(" since batch {batch}"));
    let told = match level {
        AlertLevel::Info => Level::Info,
        AlertLevel::Warning => Level::Warning,
        AlertLevel::Critical => Level::Critical,
    };
    Some(match news.change {
        Change::Began => (told, format!("alert {rule}{env}{since}{value}")),
        Change::Rose(_) => (told, format!("alert {rule}{env} is {level} now{value}")),
        Change::Ended => (Level::Info, format!("alert {rule}{env} has ended")),
    })
}

/// What is said about a link that is as it should be.
pub(super) const LIVE: &str = "news from the run again";

/// Returns how a viewer stands with a run of another process.
pub(super) fn standing_words(standing: &Standing) -> (Level, String) {
    match standing {
        Standing::Connecting { at } => (Level::Info, format!("connecting to {}", foreign(at))),
        Standing::CatchingUp { done, of, fell_behind: false } => {
            let events = of.saturating_sub(*done);
            (Level::Info, format!("connected, reading the {events} events until now"))
        }
        Standing::CatchingUp { done, of, fell_behind: true } => {
            let events = of.saturating_sub(*done);
            (Level::Warning, format!("this viewer fell behind by {events} events, reading them"))
        }
        Standing::Live { behind_seconds: 0, was_behind_seconds: 0 } => {
            (Level::Info, "watching the run live".to_owned())
        }
        Standing::Live { behind_seconds: 0, was_behind_seconds } => {
            let behind = format!("was {was_behind_seconds} seconds behind");
            (Level::Info, format!("watching the run live again, this viewer {behind}"))
        }
        Standing::Live { behind_seconds, was_behind_seconds: _ } => {
            (Level::Warning, format!("this viewer is {behind_seconds} seconds behind the run"))
        }
        Standing::Retrying { in_seconds, why } => {
            let why = foreign(why);
            (Level::Critical, format!("no connection, next try in {in_seconds} seconds: {why}"))
        }
        Standing::Over => (Level::Info, "the run is over".to_owned()),
    }
}

/// Returns whether `now` says nothing that was not said, although numbers run up or down.
pub(super) fn is_the_same_matter(before: &Standing, now: &Standing) -> bool {
    match (before, now) {
        (Standing::Connecting { at: before }, Standing::Connecting { at: now }) => before == now,
        // Trying is what was announced.
        (Standing::Retrying { .. }, Standing::Connecting { .. })
        | (Standing::Over, Standing::Over) => true,
        (
            Standing::CatchingUp { fell_behind: before, .. },
            Standing::CatchingUp { fell_behind: now, .. },
        ) => before == now,
        (
            Standing::Live { behind_seconds: before, .. },
            Standing::Live { behind_seconds: now, .. },
        ) => (*before == 0) == (*now == 0),
        (Standing::Retrying { why: before, .. }, Standing::Retrying { why: now, .. }) => {
            before == now
        }
        (
            Standing::Connecting { .. }
            | Standing::CatchingUp { .. }
            | Standing::Live { .. }
            | Standing::Retrying { .. }
            | Standing::Over,
            Standing::Connecting { .. }
            | Standing::CatchingUp { .. }
            | Standing::Live { .. }
            | Standing::Retrying { .. }
            | Standing::Over,
        ) => false,
    }
}

/// Returns what a state says about the link to the run; `None` if nothing.
pub(super) const fn link_words(state: &RunState) -> Option<(Level, &'static str)> {
    match state {
        RunState::Slow(_) => Some((Level::Warning, "no news from the run for 2 seconds")),
        RunState::Stale(_) => Some((Level::Critical, "no news from the run for 5 seconds")),
        RunState::TrainerDown => Some((Level::Critical, "the trainer has gone")),
        RunState::NanDetected
        | RunState::InfDetected
        | RunState::WarmingUp(_)
        | RunState::Fail(_)
        | RunState::Warn(_)
        | RunState::Learning => Some((Level::Info, LIVE)),
        RunState::Failed
        | RunState::Finished
        | RunState::Stopped
        | RunState::Disconnected
        | RunState::Waiting => None,
    }
}

/// Returns what makes a batch more than information.
fn concerns(state: &RunState) -> Option<String> {
    match state {
        RunState::Fail(labels) => Some(format!("critical: {}", labels.join(" and "))),
        RunState::Warn(labels) => Some(format!("warning: {}", labels.join(" and "))),
        RunState::NanDetected => Some("NaN in the gradients".to_owned()),
        RunState::InfDetected => Some("infinity in the gradients".to_owned()),
        RunState::Failed
        | RunState::Finished
        | RunState::Stopped
        | RunState::Disconnected
        | RunState::Waiting
        | RunState::TrainerDown
        | RunState::Stale(_)
        | RunState::Slow(_)
        | RunState::WarmingUp(_)
        | RunState::Learning => None,
    }
}

/// Returns whether a line of the event log says what another line of the plain view says already.
pub(super) fn is_told(line: &LogLine) -> bool {
    matches!(
        line.event_type.as_str(),
        "TRAINING_FINISHED" | "PPO_UPDATE_COMPLETED" | "BATCH_EPOCH_COMPLETED"
    )
}

/// When the run began, on the producer's clock; `None` if that is so long ago that the log does not have it any more.
fn began(snapshot: &Snapshot) -> Option<Timestamp> {
    moment(snapshot, "TRAINING_STARTED")
}

/// When the run ended, on the producer's clock.
pub(super) fn ended(snapshot: &Snapshot, wall: Timestamp) -> Timestamp {
    latest(snapshot, "TRAINING_FINISHED", wall)
}

/// The time of the latest event of a kind, or of this moment where the log has none.
fn latest(snapshot: &Snapshot, kind: &str, wall: Timestamp) -> Timestamp {
    moment(snapshot, kind).unwrap_or(wall)
}

fn moment(snapshot: &Snapshot, kind: &str) -> Option<Timestamp> {
    let line = snapshot.event_log.iter().rev().find(|line| line.event_type == kind);
    line.and_then(|line| line.ts)
}

fn progress(snapshot: &Snapshot) -> String {
    match (snapshot.current_batch, snapshot.max_batches) {
        (None, _) => ABSENT.to_owned(),
        (Some(current), 0) => current.to_string(),
        (Some(current), max) => format!("{current} of {max}"),
    }
}

fn rate(snapshot: &Snapshot) -> String {
    match snapshot.vitals.batches_per_hour {
        None => format!("batches per hour {ABSENT}"),
        Some(rate) => {
            format!("{} batches per hour", format_number(rate.value, NumberFormat::Fixed(0)))
        }
    }
}

/// Nothing is left to say after the last batch.
fn left(snapshot: &Snapshot) -> Option<String> {
    if snapshot.max_batches <= snapshot.current_batch? {
        return None;
    }
    Some(match time_left_seconds(snapshot) {
        Some(seconds) if seconds < 1.0 => "less than a second left".to_owned(),
        Some(seconds) => format!("{} left", format_runtime(seconds, false)),
        None => format!("time left {ABSENT}"),
    })
}

/// A value that the latest update did not refresh says nothing about this batch.
fn reading(name: &str, reading: Option<&Reading>, format: impl Fn(f64) -> String) -> String {
    match reading.filter(|reading| reading.fresh) {
        Some(reading) => format!("{name} {}", format(reading.value)),
        None => format!("{name} {ABSENT}"),
    }
}

/// Makes a text from outside one harmless line.
fn foreign(text: &str) -> String {
    format_foreign(text, LONGEST, false)
}
