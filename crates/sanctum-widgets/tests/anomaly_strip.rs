//! What the strip shows of each metric, as the records say.

use karn_sanctum::{Connection, EnvStatus, Reading, Snapshot};
use leyline::Health;
use sanctum_widgets::{AnomalyStrip, Theme};

#[expect(dead_code, reason = "other tests use the rest")]
#[path = "support/base.rs"]
mod base;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "support/screen.rs"]
mod screen;

use screen::{CRITICAL, MISSING, OK, Screen, WARNING};

fn drawn(change: impl FnOnce(&mut Snapshot)) -> Screen {
    let mut snapshot = base::clear();
    change(&mut snapshot);
    Screen::of(&AnomalyStrip::new((&snapshot).into(), &Theme::DARK), 80, 1)
}

fn critical<T>(value: T) -> Reading<T> {
    Reading { verdict: Health::Critical, ..base::reading(value) }
}

#[test]
fn tele_100_ppo_data_received() {
    drawn(|s| s.policy.ppo_data_received = false)
        .shows("Waiting for data...")
        .styles("Waiting", MISSING);
    drawn(|_| {}).shows("ALL CLEAR ✓").styles("ALL", OK);
}

#[test]
fn tele_110_kl_divergence() {
    let with = |value| base::graded("policy.kl_divergence", value);
    drawn(|s| s.policy.kl_divergence = Some(with(0.03))).shows("ALL CLEAR ✓");
    drawn(|s| s.policy.kl_divergence = Some(with(0.0301)))
        .shows("ANOMALIES: PPO ⚠")
        .styles("PPO", CRITICAL);
    drawn(|s| s.policy.kl_divergence = Some(base::stale(with(0.0301)))).shows("ALL CLEAR ✓");
}

#[test]
fn tele_124_entropy_collapsed() {
    drawn(|s| s.policy.entropy_collapsed = Some(critical(true)))
        .shows("ANOMALIES: PPO ⚠")
        .styles("PPO", CRITICAL);
    drawn(|s| s.policy.entropy_collapsed = Some(base::reading(false)))
        .shows("ALL CLEAR ✓")
        .styles("ALL", OK);
    drawn(|s| s.policy.entropy_collapsed = Some(base::stale(critical(true)))).shows("ALL CLEAR ✓");
}

fn warning<T>(value: T) -> Reading<T> {
    Reading { verdict: Health::Warning, ..base::reading(value) }
}

#[test]
fn tele_193_last_update() {
    drawn(base::skip).shows("ANOMALIES: update skipped").styles("update", WARNING);
    drawn(base::update).shows("ALL CLEAR ✓");
}

#[test]
fn tele_300_nan_grad_count() {
    drawn(|s| s.policy.nan_grad_count = Some(critical(64)))
        .shows("ANOMALIES: 64 NaN grads")
        .styles("64", CRITICAL);
    drawn(|s| s.policy.nan_grad_count = Some(base::reading(0))).shows("ALL CLEAR ✓");
    drawn(|s| s.policy.nan_grad_count = Some(base::stale(critical(64)))).shows("ALL CLEAR ✓");
}

#[test]
fn tele_301_inf_grad_count() {
    drawn(|s| s.policy.inf_grad_count = Some(critical(2)))
        .shows("ANOMALIES: 2 Inf grads")
        .styles("2", CRITICAL);
    drawn(|s| s.policy.inf_grad_count = Some(base::reading(0))).shows("ALL CLEAR ✓");
}

#[test]
fn tele_331_dead_layers() {
    drawn(|s| s.policy.dead_layers = Some(warning(1)))
        .shows("ANOMALIES: 1 dead")
        .styles("1 dead", WARNING);
    drawn(|s| s.policy.dead_layers = Some(critical(3))).styles("3 dead", CRITICAL);
    drawn(|s| s.policy.dead_layers = Some(base::reading(0))).shows("ALL CLEAR ✓");
}

#[test]
fn tele_332_exploding_layers() {
    drawn(|s| s.policy.exploding_layers = Some(warning(1)))
        .shows("ANOMALIES: 1 exploding")
        .styles("1 exploding", WARNING);
    drawn(|s| s.policy.exploding_layers = Some(critical(3))).styles("3 exploding", CRITICAL);
    drawn(|s| s.policy.exploding_layers = Some(base::reading(0))).shows("ALL CLEAR ✓");
}

#[test]
fn tele_630_env_status() {
    let with = |statuses: &'static [EnvStatus]| drawn(|s| s.envs = base::envs(statuses));
    with(&[EnvStatus::Stalled, EnvStatus::Degraded, EnvStatus::Stalled])
        .shows("ANOMALIES: 2 stalled | 1 degraded");
    with(&[EnvStatus::Healthy, EnvStatus::Excellent, EnvStatus::Initializing]).shows("ALL CLEAR ✓");
}

#[test]
fn tele_704_connection() {
    let with = |connection| drawn(move |s| s.connection = connection);
    with(Connection::Stale).shows("ANOMALIES: stale").styles("stale", CRITICAL);
    with(Connection::Disconnected).shows("ANOMALIES: disconnected");
    with(Connection::Failed).shows("ANOMALIES: failed");
    for calm in [Connection::Live, Connection::Slow, Connection::Finished] {
        with(calm).shows("ALL CLEAR ✓");
    }
}

#[test]
fn tele_740_memory_alarm() {
    drawn(|s| s.vitals.has_memory_alarm = Some(critical(true)))
        .shows("ANOMALIES: MEM ⚠")
        .styles("MEM", CRITICAL);
    drawn(|s| s.vitals.has_memory_alarm = Some(base::reading(false))).shows("ALL CLEAR ✓");
}

#[test]
fn tele_780_tele_782_events() {
    drawn(|s| s.telemetry.events_rejected = Some(1))
        .shows("ANOMALIES: 1 rejected")
        .styles("1", WARNING);
    drawn(|s| s.telemetry.events_lost = Some(5)).shows("ANOMALIES: 5 lost").styles("5", CRITICAL);
    drawn(|s| s.telemetry.events_lost = None).shows("ALL CLEAR ✓");
}
