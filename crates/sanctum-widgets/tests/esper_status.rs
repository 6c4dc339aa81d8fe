//! What panel 7 shows of each metric, as the records say.

use std::sync::Arc;

use karn_sanctum::{BudgetView, GpuView, Reading, Snapshot, TimeShares};
use leyline::Health;
use sanctum_widgets::{EsperStatus, Theme};

#[expect(dead_code, reason = "other tests use the rest")]
#[path = "support/base.rs"]
mod base;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "support/screen.rs"]
mod screen;

use screen::{CRITICAL, MISSING, PLAIN, STALE, Screen, WARNING};

fn drawn(change: impl FnOnce(&mut Snapshot)) -> Screen {
    let mut snapshot = base::machine();
    change(&mut snapshot);
    Screen::of(&EsperStatus::new((&snapshot).into(), &Theme::DARK), 30, 12)
}

/// A row of the panel without its frame.
fn row(label: &str, value: &str) -> String {
    let blanks = 28 - label.chars().count() - value.chars().count();
    format!("│{label}{}{value}│", " ".repeat(blanks))
}

#[test]
fn tele_004_host_params() {
    drawn(|s| s.host_params = Some(4610)).shows(&row("Params:", "4.6K"));
    drawn(|s| s.host_params = Some(1)).shows(&row("Params:", "1"));
    drawn(|s| s.host_params = None).shows(&row("Params:", "—")).styles("—", MISSING);
}

#[test]
fn tele_020_runtime() {
    drawn(|s| s.runtime_seconds = 45.0).shows(&row("Runtime:", "45s"));
    drawn(|s| s.runtime_seconds = 3725.0).shows(&row("Runtime:", "1h 2m 5s"));
    drawn(|s| s.runtime_seconds = 0.0).shows(&row("Runtime:", "--")).styles("--", MISSING);
}

#[test]
fn tele_020_runtime_is_missing_while_not_connected() {
    drawn(|s| (s.connected, s.runtime_seconds) = (false, 45.0))
        .shows(&row("Runtime:", "--"))
        .styles("--", MISSING);
}

#[test]
fn tele_701_connected() {
    drawn(|s| s.connected = true).shows(&row("Runtime:", "1h 1m 1s"));
    drawn(|s| s.connected = false).shows(&row("Runtime:", "--")).styles("--", MISSING);
}

#[test]
fn tele_710_epochs_per_second() {
    drawn(|s| s.vitals.epochs_per_second = Some(base::reading(8.371)))
        .shows(&row("Epochs/s:", "8.37"));
    drawn(|s| s.vitals.epochs_per_second = None).shows(&row("Epochs/s:", "—")).styles("—", MISSING);
}

#[test]
fn tele_711_batches_per_hour() {
    drawn(|s| s.vitals.batches_per_hour = Some(base::reading(24.6)))
        .shows(&row("Batches/h:", "25"));
    drawn(|s| s.vitals.batches_per_hour = None).shows(&row("Batches/h:", "—"));
}

#[test]
fn tele_712_env_steps_per_second() {
    drawn(|s| s.vitals.env_steps_per_second = Some(base::reading(1638.4)))
        .shows(&row("Env steps/s:", "1638"));
    drawn(|s| s.vitals.env_steps_per_second = None).shows(&row("Env steps/s:", "—"));
}

#[test]
fn tele_720_cpu_percent() {
    let with = |value| {
        drawn(move |s| s.vitals.cpu_percent = Some(base::graded("vitals.cpu_percent", value)))
    };
    with(75.0).shows(&row("CPU:", "75.0%")).styles("75.0%", PLAIN);
    with(75.1).styles("75.1%", WARNING);
    with(90.1).styles("90.1%", CRITICAL);
    with(f64::INFINITY).shows(&row("CPU:", "Inf%")).styles("Inf%", CRITICAL);
    drawn(|s| s.vitals.cpu_percent = Some(base::stale(base::reading(91.0)))).styles("91.0%", STALE);
    drawn(|s| s.vitals.cpu_percent = None).shows(&row("CPU:", "—"));
}

#[test]
fn tele_721_ram_used() {
    let with = |used| drawn(move |s| s.vitals.ram_used_gb = Some(base::memory(used, 32.0)));
    with(24.0).shows(&row("RAM:", "24.0/32GB")).styles("24.0/", PLAIN);
    with(24.1).styles("24.1/", WARNING);
    with(28.81).shows(&row("RAM:", "28.8/32GB")).styles("28.8/", CRITICAL);
    drawn(|s| s.vitals.ram_used_gb = None).shows(&row("RAM:", "—")).styles("—", MISSING);
}

#[test]
fn tele_722_ram_total() {
    drawn(|s| s.vitals.ram_total_gb = Some(base::reading(64.2))).shows(&row("RAM:", "12.0/64GB"));
    drawn(|s| s.vitals.ram_total_gb = None).shows(&row("RAM:", "—"));
}

#[test]
fn tele_723_process_memory() {
    drawn(|s| s.vitals.process_rss_gb = Some(base::reading(0.249))).shows(&row("RSS:", "0.2GB"));
    drawn(|s| s.vitals.process_rss_gb = None).shows(&row("RSS:", "—"));
}

fn device(change: impl FnOnce(&mut GpuView)) -> Screen {
    let mut gpu = GpuView {
        utilization_percent: Some(base::reading(87.4)),
        temperature_c: Some(base::reading(60.9)),
        ..base::gpu(0, 9.0, 10.0)
    };
    change(&mut gpu);
    drawn(|s| s.vitals.gpu_stats = Arc::from([gpu]))
}

#[test]
fn tele_730_gpu_memory_used() {
    device(|_| {}).shows(&row("GPU0:", "9.0/10.0GB 87% 61C")).styles("9.0/", WARNING);
    device(|g| g.memory_used_gb = Some(base::memory(9.5, 10.0))).styles("9.5/", CRITICAL);
    device(|g| g.memory_used_gb = None).shows(&row("GPU0:", "— 87% 61C"));
    drawn(|s| s.vitals.gpu_stats = Arc::from([])).hides("GPU");
}

#[test]
fn tele_731_gpu_utilization() {
    device(|g| g.utilization_percent = None).shows(&row("GPU0:", "9.0/10.0GB 61C"));
    device(|g| g.utilization_percent = Some(base::reading(0.0))).shows(" 0% 61C");
}

#[test]
fn tele_732_gpu_memory_total() {
    device(|g| g.memory_total_gb = Some(base::reading(23.99))).shows("9.0/24.0GB");
    device(|g| g.memory_total_gb = None).shows(&row("GPU0:", "— 87% 61C"));
}

#[test]
fn tele_733_gpu_temperature() {
    device(|g| g.temperature_c = None).shows(&row("GPU0:", "9.0/10.0GB 87%"));
    let hot = Reading { verdict: Health::Critical, ..base::reading(f64::NAN) };
    device(|g| g.temperature_c = Some(hot)).shows(" NaNC").styles("NaNC", CRITICAL);
}

#[test]
fn tele_734_gpu_device() {
    device(|g| g.device_id = 63).shows("│GPU63:");
}

#[test]
fn tele_721_tele_722_ram_is_as_old_and_as_bad_as_either_number() {
    let with = |used, total| {
        drawn(move |s| (s.vitals.ram_used_gb, s.vitals.ram_total_gb) = (Some(used), Some(total)))
    };
    let (used, total) = (base::memory(12.0, 32.0), base::reading(32.0));
    with(used, total).styles("12.0/32GB", PLAIN);
    with(used, base::stale(total)).styles("12.0/32GB", STALE);
    with(base::stale(used), total).styles("12.0/32GB", STALE);
    with(base::memory(30.0, 32.0), total).styles("30.0/32GB", CRITICAL);
    with(base::memory(30.0, 32.0), base::stale(total)).styles("30.0/32GB", STALE);
    let broken = Reading { verdict: Health::Critical, ..base::reading(f64::NAN) };
    with(used, broken).styles("12.0/NaNGB", CRITICAL);
}

#[test]
fn tele_730_tele_732_device_memory_is_as_old_and_as_bad_as_either_number() {
    let with = |used, total| {
        device(move |g| (g.memory_used_gb, g.memory_total_gb) = (Some(used), Some(total)))
    };
    let (used, total) = (base::memory(4.0, 10.0), base::reading(10.0));
    with(used, total).styles("4.0/10.0GB", PLAIN);
    with(used, base::stale(total)).styles("4.0/10.0GB", STALE);
    with(base::stale(used), total).styles("4.0/10.0GB", STALE);
    with(base::memory(9.5, 10.0), base::stale(total)).styles("9.5/10.0GB", STALE);
    let broken = Reading { verdict: Health::Critical, ..base::reading(f64::INFINITY) };
    with(used, broken).styles("4.0/InfGB", CRITICAL);
}

fn shares() -> TimeShares {
    let share = |value| Some(base::reading(value));
    TimeShares {
        collect: share(0.712),
        update: share(0.24),
        evaluate: share(0.011),
        checkpoint: share(0.0052),
        wait: share(0.0249),
        emit: share(0.0031),
    }
}

/// The panel with a time budget, after a change of it.
fn budget(change: impl FnOnce(&mut BudgetView)) -> Screen {
    let mut budget = BudgetView {
        batch: shares(),
        run: shares(),
        training_seconds: Some(base::reading(602.7)),
        pauses: Some(2),
        resumes: Some(1),
        left_low_seconds: Some(base::reading(723.0)),
        left_high_seconds: Some(base::reading(849.9)),
    };
    change(&mut budget);
    let mut snapshot = base::machine();
    snapshot.budget = budget;
    Screen::of(&EsperStatus::new((&snapshot).into(), &Theme::DARK), 30, 22)
}

type Slot = fn(&mut TimeShares) -> &mut Option<Reading>;

/// One share of the batch and of the run at several values; each stands in its own column of its own row.
fn share(label: &str, usual: &str, slot: Slot) {
    let columns = |batch: &str, run: &str| row(&format!(" {label}"), &format!("{batch}{run:>8}"));
    budget(|_| {}).shows(&columns(usual, usual));
    budget(|b| *slot(&mut b.batch) = Some(base::reading(0.125))).shows(&columns("12.5%", usual));
    budget(|b| *slot(&mut b.run) = Some(base::reading(1.0))).shows(&columns(usual, "100.0%"));
    budget(|b| *slot(&mut b.batch) = None).shows(&columns("—", usual)).styles("—", MISSING);
    budget(|b| *slot(&mut b.run) = None).shows(&columns(usual, "—")).styles("—", MISSING);
    budget(|b| *slot(&mut b.batch) = Some(base::stale(base::reading(0.5))))
        .shows(&columns("50.0%", usual))
        .styles("50.0%", STALE);
    let broken = Reading { verdict: Health::Critical, ..base::reading(f64::NAN) };
    budget(|b| *slot(&mut b.run) = Some(broken)).styles("NaN", CRITICAL);
}

#[test]
fn tele_900_tele_906_share_of_collect() {
    share("collect", "71.2%", |shares| &mut shares.collect);
}

#[test]
fn tele_901_tele_907_share_of_update() {
    share("update", "24.0%", |shares| &mut shares.update);
}

#[test]
fn tele_902_tele_908_share_of_evaluate() {
    share("evaluate", "1.1%", |shares| &mut shares.evaluate);
}

#[test]
fn tele_903_tele_909_share_of_checkpoint() {
    share("checkpt", "0.5%", |shares| &mut shares.checkpoint);
}

#[test]
fn tele_904_tele_910_share_of_wait() {
    share("wait", "2.5%", |shares| &mut shares.wait);
}

#[test]
fn tele_905_tele_911_share_of_emit() {
    share("emit", "0.3%", |shares| &mut shares.emit);
}

#[test]
fn tele_912_training_time() {
    budget(|_| {}).shows(&row("Training:", "10m 2s"));
    budget(|b| b.training_seconds = Some(base::reading(3725.0)))
        .shows(&row("Training:", "1h 2m 5s"));
    budget(|b| b.training_seconds = None).shows(&row("Training:", "—")).styles("—", MISSING);
}

#[test]
fn tele_913_pauses() {
    budget(|_| {}).shows(&row("Pauses:", "2"));
    budget(|b| b.pauses = Some(0)).shows(&row("Pauses:", "0"));
    budget(|b| b.pauses = None).shows(&row("Pauses:", "—")).styles("—", MISSING);
}

#[test]
fn tele_914_resumes() {
    budget(|_| {}).shows(&row("Resumes:", "1"));
    budget(|b| b.resumes = None).shows(&row("Resumes:", "—")).styles("—", MISSING);
}

#[test]
fn tele_915_tele_916_time_left_is_a_range() {
    budget(|_| {}).shows(&row("Left:", "12m 3s to 14m 9s"));
    budget(|b| b.left_low_seconds = Some(base::reading(60.0)))
        .shows(&row("Left:", "1m 0s to 14m 9s"));
    budget(|b| b.left_high_seconds = Some(base::reading(7200.0)))
        .shows(&row("Left:", "12m 3s to 2h 0m 0s"));
    budget(|b| (b.left_low_seconds, b.left_high_seconds) = (None, None))
        .shows(&row("Left:", "— to —"))
        .styles("—", MISSING);
}

#[test]
fn a_trainer_that_tells_nothing_of_its_time_has_no_rows_for_it() {
    let screen = drawn(|_| {});
    for label in ["Left:", "Training:", "collect", "Pauses:"] {
        screen.hides(label);
    }
}
