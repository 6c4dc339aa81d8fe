//! Snapshots that tests start from; the acceptance cases call them BASE.

use std::collections::BTreeMap;
use std::sync::Arc;

use karn_sanctum::{
    Connection, EnvStatus, EnvView, GpuView, LastUpdate, LogLine, Reading, Series, Settings,
    Snapshot, verdict,
};
use leyline::{Health, RunNs, Severity, SkipReason, Timestamp, metric};
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::widgets::Widget;

/// A fresh reading without a limit.
pub(crate) const fn reading<T>(value: T) -> Reading<T> {
    Reading { value, batch: Some(26), mono_ns: RunNs(0), fresh: true, verdict: Health::Ungraded }
}

/// A fresh reading, judged by the limits of the metric at this path.
pub(crate) fn graded(path: &str, value: f64) -> Reading {
    let spec = metric::by_path(path).expect("a path of the registry");
    Reading { verdict: verdict::grade(spec.band, value), ..reading(value) }
}

/// The same reading, not refreshed by the latest update.
pub(crate) fn stale<T>(reading: Reading<T>) -> Reading<T> {
    Reading { fresh: false, batch: Some(24), ..reading }
}

/// Makes the latest update a skipped one.
pub(crate) fn skip(snapshot: &mut Snapshot) {
    let reason = Some(SkipReason::NonfiniteLoss);
    snapshot.policy.last_update =
        Some(LastUpdate { batch: 26, skipped: true, skip_reason: reason });
    snapshot.policy.updates_skipped = snapshot.policy.updates_skipped.map(|count| count + 1);
}

/// Makes the latest update an applied one.
pub(crate) fn update(snapshot: &mut Snapshot) {
    snapshot.policy.last_update = Some(LastUpdate { batch: 26, skipped: false, skip_reason: None });
    snapshot.policy.ppo_data_received = true;
}

/// BASE of the cases AR.
pub(crate) fn header() -> Snapshot {
    let mut snapshot = Snapshot::empty();
    snapshot.connection = Connection::Live;
    snapshot.connected = true;
    snapshot.staleness_seconds = Some(0.1);
    snapshot.training_thread_alive = Some(true);
    snapshot.task_name = Some("cifar_baseline".to_owned());
    snapshot.reward_mode = Some("shaped".to_owned());
    snapshot.current_episode = Some(104);
    snapshot.current_epoch = Some(75);
    snapshot.max_epochs = Some(150);
    snapshot.current_batch = Some(26);
    snapshot.max_batches = 75;
    snapshot.start_batch = Some(0);
    snapshot.runtime_seconds = 3725.0;
    snapshot.vitals.epochs_per_second = Some(reading(2.5));
    snapshot.vitals.batches_per_hour = Some(reading(90.0));
    snapshot.telemetry.events_lost = Some(0);
    snapshot.telemetry.sequence_gaps = Some(0);
    snapshot
}

/// BASE of the cases AB.
pub(crate) fn banner() -> Snapshot {
    let mut snapshot = header();
    update(&mut snapshot);
    (snapshot.start_batch, snapshot.current_batch, snapshot.max_batches) =
        (Some(0), Some(100), 200);
    let policy = &mut snapshot.policy;
    policy.entropy = Some(graded("policy.entropy", 1.0));
    policy.explained_variance = Some(graded("policy.explained_variance", 0.8));
    policy.advantage_std = Some(graded("policy.advantage_std", 1.0));
    policy.kl_divergence = Some(graded("policy.kl_divergence", 0.005));
    policy.clip_fraction = Some(graded("policy.clip_fraction", 0.1));
    policy.grad_norm = Some(graded("policy.grad_norm", 1.0));
    snapshot
}

/// BASE of the strip cases AT: connected, an update received, nothing wrong.
pub(crate) fn clear() -> Snapshot {
    let mut snapshot = header();
    update(&mut snapshot);
    snapshot
}

/// The machine of AE01.
pub(crate) fn machine() -> Snapshot {
    let mut snapshot = header();
    snapshot.runtime_seconds = 3661.0;
    snapshot.host_params = Some(1_250_000);
    let vitals = &mut snapshot.vitals;
    vitals.env_steps_per_second = Some(reading(10.0));
    vitals.cpu_percent = Some(graded("vitals.cpu_percent", 37.5));
    vitals.ram_used_gb = Some(memory(12.0, 32.0));
    vitals.ram_total_gb = Some(reading(32.0));
    vitals.process_rss_gb = Some(reading(0.4));
    vitals.gpu_stats = Arc::from([gpu(0, 4.0, 16.0)]);
    snapshot
}

/// Memory in use, judged by its share of the pool.
pub(crate) fn memory(used: f64, total: f64) -> Reading {
    Reading {
        verdict: verdict::memory_used(&Settings::default(), verdict::RAM_USED, used, Some(total)),
        ..reading(used)
    }
}

/// A device of which only the memory is known.
pub(crate) fn gpu(device_id: u32, used: f64, total: f64) -> GpuView {
    GpuView {
        device_id,
        memory_used_gb: Some(memory(used, total)),
        memory_total_gb: Some(reading(total)),
        utilization_percent: None,
        temperature_c: None,
    }
}

/// Environments with these statuses.
pub(crate) fn envs(statuses: &[EnvStatus]) -> Arc<[EnvView]> {
    let env = |(id, status): (usize, &EnvStatus)| EnvView {
        status: *status,
        last_update_age_seconds: Some(0.4),
        epochs_since_improvement: Some(3),
        episode_return: Some(94.0),
        best_return: Some(200.0),
        return_history: Arc::from([20.0, 60.0, 94.0]),
        episode_length: Some(94),
        ..EnvView::empty(id as u32)
    };
    statuses.iter().enumerate().map(env).collect()
}

/// Draws every size from 0 x 0 to 12 x 4, one very wide line, and an area that the buffer does not have.
pub(crate) fn survives_any_area<'a, W>(widget: &'a W)
where
    &'a W: Widget,
{
    let sizes = (0..=12).flat_map(|width| (0..=4).map(move |height| (width, height)));
    for (width, height) in sizes.chain([(500, 1), (300, 12)]) {
        let area = Rect::new(0, 0, width, height);
        widget.render(area, &mut Buffer::empty(area));
        widget.render(Rect::new(3, 2, width, height), &mut Buffer::empty(area));
    }
}

/// An update with losses.
pub(crate) fn losses() -> Snapshot {
    let mut snapshot = clear();
    let policy = &mut snapshot.policy;
    policy.policy_loss = Some(graded("policy.policy_loss", -0.0123));
    policy.policy_loss_history = (0..26).map(|i| 0.05 - 0.0024 * f64::from(i)).collect();
    policy.policy_loss_trend = Some(karn_sanctum::Trend::Stable);
    policy.value_loss = Some(graded("policy.value_loss", 18.4021));
    policy.value_loss_history = (1..=26).map(|i| 480.0 / f64::from(i)).collect();
    policy.value_loss_trend = Some(karn_sanctum::Trend::Improving);
    policy.learning_rate = Some(graded("policy.learning_rate", 2.41e-4));
    policy.entropy_coef = Some(graded("policy.entropy_coef", 0.01));
    policy.update_time_ms = Some(graded("policy.update_time_ms", 84.4));
    snapshot
}

/// An update with everything that a trainer measures.
pub(crate) fn health() -> Snapshot {
    let mut snapshot = losses();
    let policy = &mut snapshot.policy;
    let of = |path: &str, value| Some(graded(path, value));
    policy.kl_divergence = of("policy.kl_divergence", 0.0124);
    policy.kl_divergence_history = (0..26).map(|i| 0.009 + 0.001 * f64::from(i % 4)).collect();
    policy.kl_divergence_trend = Some(karn_sanctum::Trend::Stable);
    policy.entropy = of("policy.entropy", 0.621);
    policy.entropy_history = (0..26).map(|i| 0.69 - 0.0027 * f64::from(i)).collect();
    policy.entropy_velocity = of("policy.entropy_velocity", -0.004);
    policy.collapse_risk_score = of("policy.collapse_risk_score", 0.12);
    policy.entropy_clip_correlation = of("policy.entropy_clip_correlation", -0.21);
    policy.clip_fraction = of("policy.clip_fraction", 0.125);
    policy.clip_fraction_positive = of("policy.clip_fraction_positive", 0.085);
    policy.clip_fraction_negative = of("policy.clip_fraction_negative", 0.04);
    policy.grad_norm = of("policy.grad_norm", 6.31);
    policy.grad_norm_history = (0..26).map(|i| 2.0 + f64::from(i * i % 7)).collect();
    policy.grad_norm_trend = Some(karn_sanctum::Trend::Worsening);
    policy.advantage_std = of("policy.advantage_std", 1.0);
    policy.advantage_mean = of("policy.advantage_mean", 0.01);
    policy.advantage_positive_ratio = of("policy.advantage_positive_ratio", 0.512);
    policy.advantage_skewness = of("policy.advantage_skewness", 0.34);
    policy.advantage_kurtosis = of("policy.advantage_kurtosis", -0.85);
    policy.ratio_max = of("policy.ratio_max", 1.62);
    policy.ratio_min = of("policy.ratio_min", 0.58);
    policy.ratio_mean = of("policy.ratio_mean", 1.0);
    policy.ratio_std = of("policy.ratio_std", 0.11);
    policy.log_prob_min = of("policy.log_prob_min", -3.2);
    policy.log_prob_max = of("policy.log_prob_max", -0.02);
    policy.gradient_cv = of("policy.gradient_cv", 0.42);
    policy.dead_layers = Some(reading(0));
    policy.exploding_layers = Some(reading(0));
    policy.explained_variance = of("policy.explained_variance", 0.712);
    policy.v_return_correlation = of("policy.v_return_correlation", 0.81);
    policy.bellman_error = of("policy.bellman_error", 5.402);
    policy.value_mean = of("policy.value_mean", 41.2);
    policy.value_std = of("policy.value_std", 18.3);
    policy.value_min = of("policy.value_min", 3.1);
    policy.value_max = of("policy.value_max", 88.0);
    policy.td_error_mean = of("policy.td_error_mean", 0.12);
    policy.td_error_std = of("policy.td_error_std", 2.31);
    policy.return_p10 = of("policy.return_p10", 21.0);
    policy.return_p50 = of("policy.return_p50", 96.0);
    policy.return_p90 = of("policy.return_p90", 187.0);
    policy.return_mean = of("policy.return_mean", 97.4);
    policy.return_std = of("policy.return_std", 61.7);
    policy.return_variance = of("policy.return_variance", 3806.9);
    policy.return_skewness = of("policy.return_skewness", 0.21);
    snapshot
}

/// Finished episodes.
pub(crate) fn episodes() -> Snapshot {
    let mut snapshot = clear();
    let episodes = &mut snapshot.episodes;
    episodes.last_return = Some(reading(94.0));
    episodes.mean_return = Some(reading(97.4));
    episodes.best_return = Some(reading(200.0));
    episodes.worst_return = Some(reading(9.0));
    episodes.mean_length = Some(reading(97.4));
    episodes.total = Some(812);
    episodes.return_history =
        (0..26).map(|i| 20.0 + 3.0 * f64::from(i) + f64::from(i % 4)).collect();
    episodes.return_trend = Some(karn_sanctum::Trend::Improving);
    snapshot
}

/// Eight environments, one in each state and more.
pub(crate) fn fleet() -> Snapshot {
    use EnvStatus::{Degraded, Excellent, Healthy, Initializing, Stalled};
    let statuses = [Healthy, Excellent, Stalled, Healthy, Degraded, Healthy, Initializing, Healthy];
    let mut snapshot = clear();
    snapshot.n_envs = Some(8);
    let env = |env: &EnvView| match env.status {
        Initializing => EnvView::empty(env.env_id),
        Stalled => EnvView {
            episode_return: Some(21.0),
            epochs_since_improvement: Some(14),
            ..env.clone()
        },
        Degraded => EnvView {
            episode_return: Some(35.0),
            last_update_age_seconds: Some(6.0),
            ..env.clone()
        },
        Healthy | Excellent => env.clone(),
    };
    snapshot.envs = envs(&statuses).iter().map(env).collect();
    snapshot
}

/// A line of the event log, `second` seconds after midnight.
pub(crate) fn line(second: i64, event_type: &str, severity: Severity, summary: &str) -> LogLine {
    LogLine {
        seq: Some(second as u64),
        ts: Some(Timestamp::from_micros(second * 1_000_000)),
        mono_ns: None,
        event_type: event_type.to_owned(),
        env_id: None,
        message: event_type.to_owned(),
        severity,
        summary: summary.to_owned(),
    }
}

/// One line of each kind.
pub(crate) fn log() -> Snapshot {
    use Severity::{Critical, Error, Info, Warning};
    let lines = [
        line(46_945, "TRAINING_STARTED", Info, "CartPole-v1, 8 envs, b0/75"),
        line(46_946, "CHECKPOINT_LOADED", Info, "loaded b25, 108 KiB"),
        line(46_961, "PPO_UPDATE_COMPLETED", Info, "b26 KL 0.0124 clip 12.5% ent 0.621 84ms"),
        line(46_961, "EPISODE_OUTCOME", Info, "env 4 return 35.0, 35 steps, terminated"),
        line(46_962, "BATCH_EPOCH_COMPLETED", Info, "b26/75, 8 episodes, return 97.4"),
        line(46_963, "GRADIENT_ANOMALY", Warning, "b26 gradient_norm 120.000 limit 100.000"),
        line(46_963, "EMITTER_LOSS", Warning, "live lossy 6 dropped, 6 in all, queue_full"),
        line(46_964, "MEMORY_WARNING", Warning, "RAM 0.930 limit 0.900"),
        line(46_965, "REJECTED", Error, "bad_json"),
        line(46_966, "TRAINING_FINISHED", Critical, "failed b26: loss is NaN"),
        LogLine { env_id: Some(leyline::EnvId(3)), ..line(46_966, "SEED_PRUNED", Info, "") },
    ];
    let mut snapshot = clear();
    snapshot.event_log = lines.into_iter().map(Arc::new).collect();
    snapshot
}

/// User metrics of one point each: name, unit, value.
pub(crate) fn metrics(of: &[(&str, Option<&str>, f64)]) -> Arc<BTreeMap<String, Series>> {
    let series = |unit: Option<&str>, value| Series {
        unit: unit.map(str::to_owned),
        points: Arc::from([(1, value / 2.0), (2, value)]),
    };
    Arc::new(
        of.iter().map(|(name, unit, value)| ((*name).to_owned(), series(*unit, *value))).collect(),
    )
}

/// A run whose telemetry does well.
pub(crate) fn telemetry() -> Snapshot {
    let mut snapshot = clear();
    snapshot.run_id = leyline::RunId::new("cp-20261121-7f3a").ok();
    snapshot.group_id = Some(leyline::GroupId::default());
    snapshot.telemetry.events_received = Some(18_204);
    snapshot.metrics = metrics(&[("eval/mean_return", None, 96.5)]);
    snapshot
}

/// Every panel has something to show.
pub(crate) fn everything() -> Snapshot {
    let of_update = health();
    let machine = machine();
    let telemetry = telemetry();
    Snapshot {
        policy: of_update.policy,
        episodes: episodes().episodes,
        n_envs: Some(8),
        envs: fleet().envs,
        event_log: log().event_log,
        host_params: machine.host_params,
        vitals: machine.vitals,
        metrics: telemetry.metrics,
        run_id: telemetry.run_id,
        group_id: telemetry.group_id,
        telemetry: telemetry.telemetry,
        ..banner()
    }
}

/// A long run: 64 environments, full histories and a full event log.
pub(crate) fn busy() -> Snapshot {
    let history: Arc<[f64]> = (0..128).map(|i| f64::from(i * i % 37)).collect();
    let mut snapshot = everything();
    snapshot.envs = envs(&[EnvStatus::Healthy; 64]);
    snapshot.envs = snapshot
        .envs
        .iter()
        .map(|env| EnvView { return_history: Arc::clone(&history), ..env.clone() })
        .collect();
    snapshot.n_envs = Some(64);
    snapshot.event_log = (0..200)
        .map(|i| {
            let text = format!("env {} return {i}.0, {i} steps, terminated", i % 64);
            Arc::new(line(i, "EPISODE_OUTCOME", Severity::Info, &text))
        })
        .collect();
    snapshot.policy.policy_loss_history = Arc::clone(&history);
    snapshot.policy.value_loss_history = Arc::clone(&history);
    snapshot.episodes.return_history = history;
    snapshot
}
