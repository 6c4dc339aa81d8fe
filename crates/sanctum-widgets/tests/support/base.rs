//! Snapshots that tests start from; the acceptance cases call them BASE.

use std::sync::Arc;

use karn_sanctum::{
    Connection, EnvStatus, EnvView, GpuView, LastUpdate, Reading, Snapshot, verdict,
};
use leyline::{Health, RunNs, SkipReason, metric};
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::widgets::Widget;

/// A fresh reading without a limit.
pub(crate) fn reading<T>(value: T) -> Reading<T> {
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
    snapshot.policy.updates_skipped += 1;
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
    Reading { verdict: verdict::memory_used(used, Some(total)), ..reading(used) }
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
