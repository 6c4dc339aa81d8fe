//! What may be said of a run of which only the start and the end were read.
//!
//! A leaf stays if everything that it is made of lies in what was read: the latest event of its kind, or so many of the
//! latest. Everything that counts, remembers or averages over more is absent, and so is what is judged by something absent. The
//! records say which is which (the suffix of their `Probe` row), and a test holds this module against them.

use std::sync::Arc;

use crate::formula::episode::WINDOW;
use crate::formula::throughput;
use crate::reading::Reading;
use crate::snapshot::{
    BudgetView, EpisodesView, GpuView, PolicyView, Snapshot, TelemetryView, TimeShares, VitalsView,
};

/// Takes out of a state what the whole run may show otherwise.
///
/// `read` is the fold of the start of the run and of an end of it that begins with the end of a batch and holds an applied
/// update and a step. `span` is the time from that end of a batch to the latest one (nanoseconds).
pub fn preview(read: Snapshot, span: u64) -> Snapshot {
    Snapshot {
        policy: policy(read.policy),
        episodes: episodes(&read.episodes),
        // Their status is one of many episodes, and there is no word for not knowing it.
        envs: Arc::default(),
        vitals: vitals(&read.vitals, throughput::WINDOW_NS <= span),
        budget: budget(&read.budget),
        telemetry: TelemetryView {
            events_received: None,
            events_rejected: None,
            events_unknown: None,
            events_lost: None,
            sequence_gaps: None,
            sink_losses: None,
        },
        event_log: Arc::default(),
        metrics: Arc::default(),
        run_id: read.run_id,
        group_id: read.group_id,
        task_name: read.task_name,
        reward_mode: read.reward_mode,
        host_params: read.host_params,
        n_envs: read.n_envs,
        connection: read.connection,
        connected: read.connected,
        staleness_seconds: read.staleness_seconds,
        training_thread_alive: read.training_thread_alive,
        current_episode: read.current_episode,
        current_epoch: read.current_epoch,
        max_epochs: read.max_epochs,
        current_batch: read.current_batch,
        max_batches: read.max_batches,
        start_batch: read.start_batch,
        runtime_seconds: read.runtime_seconds,
        finish_reason: read.finish_reason,
        finish_error: read.finish_error,
        settings: read.settings,
    }
}

fn policy(read: PolicyView) -> PolicyView {
    let judges = [&read.value_max, &read.value_min, &read.return_std, &read.return_mean];
    let is_judged = judges.iter().all(|reading| reading.is_some());
    PolicyView {
        updates_skipped: None,
        kl_divergence_history: Arc::default(),
        kl_divergence_trend: None,
        entropy_velocity: None,
        collapse_risk_score: None,
        entropy_clip_correlation: None,
        entropy_history: Arc::default(),
        policy_loss_history: Arc::default(),
        policy_loss_trend: None,
        value_loss_history: Arc::default(),
        value_loss_trend: None,
        grad_norm_history: Arc::default(),
        grad_norm_trend: None,
        value_std: read.value_std.filter(|_| is_judged),
        explained_variance: read.explained_variance.filter(|_| is_judged),
        v_return_correlation: read.v_return_correlation.filter(|_| is_judged),
        last_update: read.last_update,
        ppo_data_received: read.ppo_data_received,
        early_stop_epoch: read.early_stop_epoch,
        update_time_ms: read.update_time_ms,
        learning_rate: read.learning_rate,
        entropy_coef: read.entropy_coef,
        kl_divergence: read.kl_divergence,
        entropy: read.entropy,
        entropy_collapsed: read.entropy_collapsed,
        clip_fraction: read.clip_fraction,
        policy_loss: read.policy_loss,
        value_loss: read.value_loss,
        clip_fraction_positive: read.clip_fraction_positive,
        clip_fraction_negative: read.clip_fraction_negative,
        advantage_std: read.advantage_std,
        advantage_mean: read.advantage_mean,
        advantage_skewness: read.advantage_skewness,
        advantage_kurtosis: read.advantage_kurtosis,
        advantage_positive_ratio: read.advantage_positive_ratio,
        ratio_max: read.ratio_max,
        ratio_mean: read.ratio_mean,
        ratio_min: read.ratio_min,
        ratio_std: read.ratio_std,
        log_prob_min: read.log_prob_min,
        log_prob_max: read.log_prob_max,
        value_mean: read.value_mean,
        value_min: read.value_min,
        value_max: read.value_max,
        td_error_mean: read.td_error_mean,
        td_error_std: read.td_error_std,
        bellman_error: read.bellman_error,
        return_p10: read.return_p10,
        return_p50: read.return_p50,
        return_p90: read.return_p90,
        return_variance: read.return_variance,
        return_skewness: read.return_skewness,
        return_mean: read.return_mean,
        return_std: read.return_std,
        nan_grad_count: read.nan_grad_count,
        inf_grad_count: read.inf_grad_count,
        grad_norm: read.grad_norm,
        gradient_cv: read.gradient_cv,
        dead_layers: read.dead_layers,
        exploding_layers: read.exploding_layers,
    }
}

fn episodes(read: &EpisodesView) -> EpisodesView {
    // The start of the run has none, so these are those of its end.
    let is_full = read.total.is_some_and(|total| WINDOW as u64 <= total);
    let averaged = |reading: Option<Reading>| reading.filter(|_| is_full);
    EpisodesView {
        return_history: Arc::default(),
        return_trend: None,
        last_return: read.last_return,
        mean_return: averaged(read.mean_return),
        best_return: None,
        worst_return: None,
        mean_length: averaged(read.mean_length),
        success_rate: averaged(read.success_rate),
        total: None,
    }
}

fn vitals(read: &VitalsView, is_full: bool) -> VitalsView {
    let rate = |reading: Option<Reading>| reading.filter(|_| is_full);
    let gpu = |gpu: &GpuView| GpuView {
        device_id: gpu.device_id,
        memory_used_gb: gpu.memory_used_gb.filter(|_| gpu.memory_total_gb.is_some()),
        memory_total_gb: gpu.memory_total_gb,
        utilization_percent: gpu.utilization_percent,
        temperature_c: gpu.temperature_c,
    };
    VitalsView {
        epochs_per_second: rate(read.epochs_per_second),
        batches_per_hour: rate(read.batches_per_hour),
        env_steps_per_second: rate(read.env_steps_per_second),
        // Judged by the size of the pool.
        ram_used_gb: read.ram_used_gb.filter(|_| read.ram_total_gb.is_some()),
        gpu_stats: read.gpu_stats.iter().map(gpu).collect(),
        // A pool that fell silent before is in alarm still.
        has_memory_alarm: None,
        memory_alarm_devices: None,
        cpu_percent: read.cpu_percent,
        ram_total_gb: read.ram_total_gb,
        process_rss_gb: read.process_rss_gb,
    }
}

const fn budget(read: &BudgetView) -> BudgetView {
    BudgetView {
        run: TimeShares::empty(),
        training_seconds: None,
        left_low_seconds: None,
        left_high_seconds: None,
        batch: read.batch,
        pauses: read.pauses,
        resumes: read.resumes,
    }
}
