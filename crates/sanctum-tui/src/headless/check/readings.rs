//! Walks over everything in a snapshot that carries a verdict.

use karn_sanctum::{
    EpisodesView, GpuView, PolicyView, Reading, Snapshot, TelemetryView, VitalsView, verdict,
};
use leyline::Health;

/// Where a judged value stands: the path of its metric, and which entry of a list it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// The path as in `leyline::metric`.
    pub(super) path: &'static str,
    /// What `[i]` of the path stands for; `None` for a path without one.
    pub(super) index: Option<usize>,
}

impl Place {
    /// Returns the path as it leads to the value.
    pub(super) fn full_path(self) -> String {
        match self.index {
            Some(index) => self.path.replacen("[i]", &format!("[{index}]"), 1),
            None => self.path.to_owned(),
        }
    }
}

/// What kind of value was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// What an update measured: new with each update, and only then.
    Update,
    /// What is measured by its own clock, or from episodes.
    Other,
    /// A counter of what happened to the telemetry or to updates; it never goes back.
    Counter,
}

/// A value with its verdict.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found {
    /// Where it stands.
    pub(super) place: Place,
    /// What it is.
    pub(super) kind: Kind,
    /// The value; a flag is 1 or 0.
    pub(super) value: f64,
    /// Batch it was measured in; `None` before there is one, and for counters.
    pub(super) batch: Option<u64>,
    /// Whether it is new enough to be judged.
    pub(super) fresh: bool,
    /// The verdict.
    pub(super) verdict: Health,
}

/// Calls `found` with every reading there is, and with the counters that a limit judges.
pub(super) fn visit(snapshot: &Snapshot, found: &mut impl FnMut(Found)) {
    policy(&snapshot.policy, found);
    episodes(&snapshot.episodes, found);
    vitals(&snapshot.vitals, found);
    telemetry(&snapshot.telemetry, found);
}

/// Visits the readings of a view. The pattern names every field, so that a new one cannot be forgotten.
macro_rules! readings {
    ($view:expr, $type:ident, $prefix:literal, $index:expr, $kind:expr, $found:expr;
     readings { $($field:ident,)+ } elsewhere { $($other:ident,)+ }) => {
        let $type { $($field,)+ $($other: _,)+ } = $view;
        $(if let Some(reading) = $field {
            let path = concat!($prefix, stringify!($field));
            $found(of(reading, Place { path, index: $index }, $kind));
        })+
    };
}

fn policy(view: &PolicyView, found: &mut impl FnMut(Found)) {
    readings! { view, PolicyView, "policy.", None, Kind::Update, found;
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
    let skipped = view.updates_skipped;
    found(counter("policy.updates_skipped", skipped, verdict::updates_skipped(skipped)));
}

fn episodes(view: &EpisodesView, found: &mut impl FnMut(Found)) {
    readings! { view, EpisodesView, "episodes.", None, Kind::Other, found;
        readings { last_return, mean_return, best_return, worst_return, mean_length, success_rate, }
        elsewhere { return_history, return_trend, total, }
    }
}

fn vitals(view: &VitalsView, found: &mut impl FnMut(Found)) {
    readings! { view, VitalsView, "vitals.", None, Kind::Other, found;
        readings {
            epochs_per_second, batches_per_hour, env_steps_per_second, cpu_percent, ram_used_gb,
            ram_total_gb, process_rss_gb, has_memory_alarm,
        }
        elsewhere { gpu_stats, memory_alarm_devices, }
    }
    for (index, gpu) in view.gpu_stats.iter().enumerate() {
        readings! { gpu, GpuView, "vitals.gpu_stats[i].", Some(index), Kind::Other, found;
            readings { memory_used_gb, memory_total_gb, utilization_percent, temperature_c, }
            elsewhere { device_id, }
        }
    }
}

fn telemetry(view: &TelemetryView, found: &mut impl FnMut(Found)) {
    let TelemetryView {
        events_received: _,
        events_rejected,
        events_unknown: _,
        events_lost,
        sequence_gaps,
        sink_losses,
    } = view;
    let rejected = verdict::events_rejected(*events_rejected);
    found(counter("telemetry.events_rejected", *events_rejected, rejected));
    for (path, count) in
        [("telemetry.events_lost", events_lost), ("telemetry.sequence_gaps", sequence_gaps)]
    {
        if let Some(count) = *count {
            found(counter(path, count, verdict::events_lost(Some(count))));
        }
    }
    let dropped = sink_losses.values().map(karn_sanctum::SinkLoss::total);
    let dropped = dropped.fold(0, u64::saturating_add);
    found(counter("telemetry.sink_losses", dropped, verdict::sink_losses(sink_losses)));
}

const fn counter(path: &'static str, count: u64, verdict: Health) -> Found {
    let place = Place { path, index: None };
    let value = count as f64;
    Found { place, kind: Kind::Counter, value, batch: None, fresh: true, verdict }
}

fn of<T: Plain>(reading: &Reading<T>, place: Place, kind: Kind) -> Found {
    let Reading { value, batch, mono_ns: _, fresh, verdict } = *reading;
    Found { place, kind, value: value.plain(), batch, fresh, verdict }
}

/// A value as a number.
trait Plain: Copy {
    fn plain(self) -> f64;
}

impl Plain for f64 {
    fn plain(self) -> f64 {
        self
    }
}

impl Plain for u64 {
    fn plain(self) -> f64 {
        self as f64
    }
}

impl Plain for u32 {
    fn plain(self) -> f64 {
        f64::from(self)
    }
}

impl Plain for bool {
    fn plain(self) -> f64 {
        f64::from(u8::from(self))
    }
}
