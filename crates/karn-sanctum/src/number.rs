//! Walks over every number of a snapshot that says something about the run, with its metric and its verdict.

use leyline::Health;

use crate::reading::{Number, Reading};
use crate::snapshot::{
    BudgetView, EnvView, EpisodesView, GpuView, PolicyView, SinkLoss, Snapshot, TelemetryView,
    TimeShares, VitalsView,
};
use crate::verdict;

/// Where a number stands: the path of its metric, and which entry of a list it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The path as in `leyline::metric`.
    pub path: &'static str,
    /// What `[i]` of the path stands for; `None` for a path without one.
    pub index: Option<usize>,
}

impl Place {
    /// Returns the path as it leads to the value.
    pub fn full_path(self) -> String {
        match self.index {
            Some(index) => self.path.replacen("[i]", &format!("[{index}]"), 1),
            None => self.path.to_owned(),
        }
    }
}

/// What kind of number it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What an update measured: new with each update, and only then.
    Update,
    /// What is measured by its own clock, or from episodes.
    Other,
    /// A counter of what happened to the telemetry or to updates, with a verdict; it never goes back.
    Counter,
    /// A number without a verdict of its own: progress, totals, returns of an environment.
    Plain,
}

/// A number with its verdict.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// Where it stands.
    pub place: Place,
    /// Which environment or device it belongs to; lists may grow in the middle.
    pub of: Option<u32>,
    /// What it is.
    pub kind: Kind,
    /// The value; a flag is 1 or 0.
    pub value: f64,
    /// Batch it was measured in; `None` before there is one, and for what has none.
    pub batch: Option<u64>,
    /// Whether it is new enough to be judged.
    pub fresh: bool,
    /// The verdict.
    pub verdict: Health,
}

/// Calls `found` with every number that there is. What is absent is not visited.
///
/// Not among them are user metrics, which have names of their own; what the run was started with; and how long ago
/// something was received, which says nothing about the run.
pub fn visit(snapshot: &Snapshot, found: &mut impl FnMut(Found)) {
    let Snapshot {
        run_id: _,
        group_id: _,
        task_name: _,
        reward_mode: _,
        host_params: _,
        n_envs: _,
        connection: _,
        connected: _,
        staleness_seconds: _,
        training_thread_alive: _,
        current_episode,
        current_epoch,
        max_epochs: _,
        current_batch,
        max_batches: _,
        start_batch: _,
        runtime_seconds,
        finish_reason: _,
        finish_error: _,
        policy: of_policy,
        episodes: of_episodes,
        envs: of_envs,
        vitals: of_vitals,
        budget: of_budget,
        telemetry: of_telemetry,
        event_log: _,
        metrics: _,
        settings: _,
    } = snapshot;
    let mut number = |path, value: Option<f64>| plain(Place { path, index: None }, value, found);
    number("current_episode", current_episode.map(Number::to_f64));
    number("current_epoch", current_epoch.map(Number::to_f64));
    number("current_batch", current_batch.map(Number::to_f64));
    number("runtime_seconds", Some(*runtime_seconds));
    policy(of_policy, found);
    episodes(of_episodes, found);
    envs(of_envs, found);
    vitals(of_vitals, found);
    budget(of_budget, found);
    telemetry(of_telemetry, found);
}

/// Visits the readings of a view. The pattern names every field, so that a new one cannot be forgotten.
macro_rules! readings {
    ($view:expr, $type:ident, $prefix:literal, $entry:expr, $kind:expr, $found:expr;
     readings { $($field:ident,)+ } elsewhere { $($other:ident,)* }) => {
        let $type { $($field,)+ $($other: _,)* } = $view;
        let (index, entry): (Option<usize>, Option<u32>) = $entry;
        $(if let Some(reading) = $field {
            let path = concat!($prefix, stringify!($field));
            $found(read(reading, Place { path, index }, entry, $kind));
        })+
    };
}

/// Visits the readings of the updates.
pub(crate) fn policy(view: &PolicyView, found: &mut impl FnMut(Found)) {
    readings! { view, PolicyView, "policy.", (None, None), Kind::Update, found;
        readings {
            early_stop_epoch, update_time_ms, learning_rate, entropy_coef, kl_divergence, entropy,
            entropy_velocity, collapse_risk_score, entropy_clip_correlation, entropy_collapsed,
            clip_fraction, policy_loss, value_loss, clip_fraction_positive, clip_fraction_negative,
            advantage_std, advantage_mean, advantage_skewness, advantage_kurtosis,
            advantage_positive_ratio, ratio_max, ratio_mean, ratio_min, ratio_std, log_prob_min,
            log_prob_max, explained_variance, value_mean, value_std, value_min, value_max,
            v_return_correlation, td_error_mean, td_error_std, bellman_error, return_p10,
            return_p50, return_p90, return_variance, return_skewness, return_mean, return_std,
            nan_grad_count, inf_grad_count, grad_norm, gradient_cv, dead_layers, exploding_layers,
        }
        elsewhere {
            last_update, ppo_data_received, updates_skipped, kl_divergence_history,
            kl_divergence_trend, entropy_history, policy_loss_history, policy_loss_trend,
            value_loss_history, value_loss_trend, grad_norm_history, grad_norm_trend,
        }
    }
    if let Some(skipped) = view.updates_skipped {
        found(counter("policy.updates_skipped", skipped, verdict::updates_skipped(Some(skipped))));
    }
}

fn episodes(view: &EpisodesView, found: &mut impl FnMut(Found)) {
    readings! { view, EpisodesView, "episodes.", (None, None), Kind::Other, found;
        readings { last_return, mean_return, best_return, worst_return, mean_length, success_rate, }
        elsewhere { return_history, return_trend, total, }
    }
    plain(Place { path: "episodes.total", index: None }, view.total.map(Number::to_f64), found);
}

fn envs(envs: &[EnvView], found: &mut impl FnMut(Found)) {
    for (index, env) in envs.iter().enumerate() {
        let EnvView {
            env_id,
            status: _,
            last_update_age_seconds: _,
            epochs_since_improvement,
            episode_return,
            best_return,
            return_history: _,
            episode_length,
        } = env;
        let mut number = |path, value| {
            let place = Place { path, index: Some(index) };
            plain(place, value, &mut |n| found(Found { of: Some(*env_id), ..n }));
        };
        let since = epochs_since_improvement.map(Number::to_f64);
        number("envs[i].epochs_since_improvement", since);
        number("envs[i].episode_return", *episode_return);
        number("envs[i].best_return", *best_return);
        number("envs[i].episode_length", episode_length.map(Number::to_f64));
    }
}

fn vitals(view: &VitalsView, found: &mut impl FnMut(Found)) {
    readings! { view, VitalsView, "vitals.", (None, None), Kind::Other, found;
        readings {
            epochs_per_second, batches_per_hour, env_steps_per_second, cpu_percent, ram_used_gb,
            ram_total_gb, process_rss_gb, has_memory_alarm,
        }
        elsewhere { gpu_stats, memory_alarm_devices, }
    }
    for (index, gpu) in view.gpu_stats.iter().enumerate() {
        let entry = (Some(index), Some(gpu.device_id));
        readings! { gpu, GpuView, "vitals.gpu_stats[i].", entry, Kind::Other, found;
            readings { memory_used_gb, memory_total_gb, utilization_percent, temperature_c, }
            elsewhere { device_id, }
        }
    }
}

fn budget(view: &BudgetView, found: &mut impl FnMut(Found)) {
    readings! { view, BudgetView, "budget.", (None, None), Kind::Other, found;
        readings { training_seconds, left_low_seconds, left_high_seconds, }
        elsewhere { batch, run, pauses, resumes, }
    }
    readings! { &view.batch, TimeShares, "budget.batch.", (None, None), Kind::Other, found;
        readings { collect, update, evaluate, checkpoint, wait, emit, }
        elsewhere {}
    }
    readings! { &view.run, TimeShares, "budget.run.", (None, None), Kind::Other, found;
        readings { collect, update, evaluate, checkpoint, wait, emit, }
        elsewhere {}
    }
    for (path, count) in [("budget.pauses", view.pauses), ("budget.resumes", view.resumes)] {
        plain(Place { path, index: None }, count.map(Number::to_f64), found);
    }
}

fn telemetry(view: &TelemetryView, found: &mut impl FnMut(Found)) {
    let TelemetryView {
        events_received,
        events_rejected,
        events_unknown,
        events_lost,
        sequence_gaps,
        sink_losses,
    } = view;
    for (path, count) in [
        ("telemetry.events_received", events_received),
        ("telemetry.events_unknown", events_unknown),
    ] {
        plain(Place { path, index: None }, count.map(Number::to_f64), found);
    }
    let dropped = sink_losses
        .as_deref()
        .map(|losses| losses.values().map(SinkLoss::total).fold(0, u64::saturating_add));
    let counters = [
        ("telemetry.events_rejected", *events_rejected, verdict::events_rejected(*events_rejected)),
        ("telemetry.events_lost", *events_lost, verdict::events_lost(*events_lost)),
        ("telemetry.sequence_gaps", *sequence_gaps, verdict::events_lost(*sequence_gaps)),
        ("telemetry.sink_losses", dropped, verdict::sink_losses(sink_losses.as_deref())),
    ];
    for (path, count, verdict) in counters {
        if let Some(count) = count {
            found(counter(path, count, verdict));
        }
    }
}

fn counter(path: &'static str, count: u64, verdict: Health) -> Found {
    let place = Place { path, index: None };
    let value = count.to_f64();
    Found { place, of: None, kind: Kind::Counter, value, batch: None, fresh: true, verdict }
}

fn plain(place: Place, value: Option<f64>, found: &mut impl FnMut(Found)) {
    if let Some(value) = value {
        let verdict = verdict::number(Some(value));
        found(Found {
            place,
            of: None,
            kind: Kind::Plain,
            value,
            batch: None,
            fresh: true,
            verdict,
        });
    }
}

fn read<T: Number>(reading: &Reading<T>, place: Place, of: Option<u32>, kind: Kind) -> Found {
    let Reading { value, batch, mono_ns: _, fresh, verdict } = *reading;
    Found { place, of, kind, value: value.to_f64(), batch, fresh, verdict }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use leyline::demo::{self, Scenario};
    use leyline::{ViewNs, metric};

    use super::*;
    use crate::Aggregator;

    #[test]
    fn every_number_has_a_metric_and_is_visited_once() {
        let mut fold = Aggregator::new();
        for input in demo::incoming(Scenario::Calm, 1) {
            fold.apply(&input, ViewNs(0));
        }
        let snapshot = fold.snapshot(&fold.default_key().expect("a run"), ViewNs(0));
        let (mut seen, mut paths) = (BTreeSet::new(), BTreeSet::new());
        visit(&snapshot, &mut |number| {
            assert!(seen.insert((number.place, number.of)), "{:?} twice", number.place);
            assert!(metric::by_path(number.place.path).is_some(), "{:?}", number.place);
            paths.insert(number.place.path);
        });
        for path in
            ["current_batch", "policy.kl_divergence", "envs[i].episode_return", "episodes.total"]
        {
            assert!(paths.contains(path), "{path}");
        }
        let mut nothing = 0;
        visit(&Snapshot::empty(), &mut |number| {
            assert!(number.value == 0.0 && number.place.index.is_none(), "{number:?}");
            nothing += 1;
        });
        // The runtime, the total of episodes and the counters of the telemetry are real zeros.
        assert_eq!(nothing, 7);
    }
}
