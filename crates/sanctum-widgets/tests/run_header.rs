//! What the header shows of each metric, as the records say.

use std::collections::BTreeMap;
use std::sync::Arc;

use karn_sanctum::{Connection, SinkLoss, Snapshot};
use leyline::FinishReason;
use sanctum_widgets::{RunHeader, Theme};

#[expect(dead_code, reason = "other tests use the rest")]
#[path = "support/base.rs"]
mod base;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "support/screen.rs"]
mod screen;

use screen::{CRITICAL, MISSING, OK, PLAIN, Screen, WARNING};

fn drawn(change: impl FnOnce(&mut Snapshot)) -> Screen {
    let mut snapshot = base::header();
    change(&mut snapshot);
    Screen::of(&RunHeader::new((&snapshot).into(), &Theme::DARK), 200, 1)
}

#[track_caller]
fn shows(change: impl FnOnce(&mut Snapshot), expected: &str) {
    drawn(change).shows(expected);
}

#[track_caller]
fn styles(change: impl FnOnce(&mut Snapshot), text: &str, style: &str) {
    drawn(change).styles(text, style);
}

#[test]
fn tele_001_task_name() {
    shows(|_| {}, "│ cifar_baseline RWD:");
    shows(|s| s.task_name = None, "│ —              RWD:");
    styles(|s| s.task_name = None, "—  ", MISSING);
}

#[test]
fn tele_003_reward_mode() {
    shows(|_| {}, " RWD:shaped │");
    shows(|s| s.reward_mode = None, " RWD:—      │");
    shows(|s| s.reward_mode = Some("sparse_and_long".to_owned()), " RWD:spars… │");
}

#[test]
fn tele_010_current_episode() {
    shows(|_| {}, "│ Ep 104 E:");
    shows(|s| s.current_episode = Some(0), "│ Ep 0 E:");
    shows(|s| s.current_episode = None, "│ Ep — E:");
    styles(|s| s.current_episode = None, "Ep —", MISSING);
}

#[test]
fn tele_011_current_epoch() {
    shows(|_| {}, " E:███░░░ 75/150 ");
    shows(|s| s.current_epoch = Some(0), " E:░░░░░░ 0/150 ");
    shows(|s| s.current_epoch = None, " E:— ");
    styles(|s| s.current_epoch = Some(151), "E:██", WARNING);
}

#[test]
fn tele_012_max_epochs() {
    shows(|s| s.max_epochs = Some(75), " E:██████ 75/75 ");
    shows(|s| s.max_epochs = Some(0), " E:75 ");
    drawn(|s| s.max_epochs = None).shows(" E:75 ").styles("E:75", MISSING);
}

#[test]
fn tele_013_current_batch() {
    shows(|_| {}, " B:██░░░░░░ 26/75 │");
    shows(|s| s.current_batch = Some(75), " B:████████ 75/75 │");
    shows(|s| s.current_batch = None, " B:— │");
    styles(|_| {}, "B:██", PLAIN);
    styles(|s| s.current_batch = Some(76), "B:██", WARNING);
}

#[test]
fn tele_014_batch_bar() {
    shows(|s| (s.current_batch, s.max_batches) = (Some(25), 75), " B:██░░░░░░ 25/75 │");
    shows(|s| (s.current_batch, s.max_batches) = (Some(25), 100), " B:██░░░░░░ 25/100 │");
    shows(|s| (s.current_batch, s.max_batches) = (Some(7), 0), " B:7 │");
    shows(|s| (s.current_batch, s.max_batches) = (Some(1), 1), " B:████████ 1/1 │");
    styles(|s| (s.current_batch, s.max_batches) = (Some(7), 0), "B:7", MISSING);
    styles(|s| (s.current_batch, s.max_batches) = (Some(25), 100), "B:██░░░░░░ 25/100", PLAIN);
}

#[test]
fn tele_020_runtime() {
    shows(|_| {}, "│   1h 2m 2.5e/s");
    shows(|s| s.runtime_seconds = 45.0, "│     45s 2.5e/s");
    shows(|s| s.runtime_seconds = 330.0, "│  5m 30s 2.5e/s");
    shows(|s| s.runtime_seconds = 0.0, "│      -- 2.5e/s");
    styles(|s| s.runtime_seconds = 0.0, "-- ", MISSING);
}

#[test]
fn tele_701_connected() {
    shows(|s| s.connected = false, "│      -- 2.5e/s");
}

#[test]
fn tele_702_staleness() {
    for (seconds, style) in
        [(0.0, OK), (1.999, OK), (2.0, WARNING), (4.999, WARNING), (5.0, CRITICAL)]
    {
        styles(|s| s.staleness_seconds = Some(seconds), "● LIVE", style);
    }
    styles(|s| s.staleness_seconds = None, "● LIVE", OK);
}

#[test]
fn tele_703_training_thread_alive() {
    shows(|_| {}, "● LIVE ✓ │");
    shows(|s| s.training_thread_alive = None, "● LIVE ? │");
    shows(|s| s.training_thread_alive = Some(false), "● LIVE ✗ │");
    styles(|s| s.training_thread_alive = Some(false), "● LIVE ✗", CRITICAL);
    styles(|s| s.training_thread_alive = None, "?", MISSING);
    styles(|s| s.training_thread_alive = None, "● LIVE", OK);
}

#[test]
fn tele_022_tele_703_a_thread_that_ended_after_finish_is_no_fault() {
    let ended = |connection, finish_reason| {
        drawn(move |s| {
            (s.training_thread_alive, s.connection) = (Some(false), connection);
            s.finish_reason = finish_reason;
        })
    };
    let finished = ended(Connection::Finished, Some(FinishReason::Completed));
    finished.shows("■ DONE ✓ │").styles("■ DONE ✓", OK).styles("✓ │", OK);
    ended(Connection::Finished, Some(FinishReason::Stopped)).shows("■ DONE ✓ │");
    ended(Connection::Failed, Some(FinishReason::Failed)).shows("✗ FAIL ✓ │");
    // The reason decides, not the connection: a source can close after the end of the run, or before it.
    ended(Connection::Disconnected, Some(FinishReason::Completed)).shows("○ DISC ✓ │");
    ended(Connection::Disconnected, None).shows("○ DISC ✗ │").styles("✗", CRITICAL);
}

#[test]
fn tele_704_waiting_is_never_shown_as_well() {
    let waiting = |s: &mut Snapshot| s.connection = Connection::Waiting;
    styles(waiting, "○ WAIT", MISSING);
    styles(
        |s| (s.connection, s.staleness_seconds) = (Connection::Waiting, Some(0.1)),
        "○ WAIT",
        MISSING,
    );
}

#[test]
fn tele_704_connection() {
    let states = [
        (Connection::Live, "● LIVE", OK),
        (Connection::Slow, "◐ SLOW", WARNING),
        (Connection::Stale, "○ STAL", CRITICAL),
        (Connection::Disconnected, "○ DISC", CRITICAL),
        (Connection::Finished, "■ DONE", OK),
        (Connection::Failed, "✗ FAIL", CRITICAL),
    ];
    for (connection, text, style) in states {
        shows(|s| s.connection = connection, text);
        styles(|s| s.connection = connection, text, style);
    }
    shows(|s| *s = Snapshot::empty(), "○ WAIT ? │ Waiting for training data...");
}

#[test]
fn tele_710_epochs_per_second() {
    shows(|s| s.vitals.epochs_per_second = Some(base::reading(204.8)), " 205e/s ");
    shows(|s| s.vitals.epochs_per_second = None, " —e/s ");
    let nan = |s: &mut Snapshot| {
        s.vitals.epochs_per_second = Some(base::graded("vitals.epochs_per_second", f64::NAN));
    };
    shows(nan, " NaNe/s ");
    styles(nan, "NaN", CRITICAL);
}

#[test]
fn tele_711_batches_per_hour() {
    shows(|s| s.vitals.batches_per_hour = Some(base::reading(5760.0)), " 5.8kb/h │");
    shows(|s| s.vitals.batches_per_hour = None, " —b/h │");
}

#[test]
fn tele_720_cpu_percent() {
    let with = |cpu: f64| {
        move |s: &mut Snapshot| s.vitals.cpu_percent = Some(base::graded("vitals.cpu_percent", cpu))
    };
    shows(with(90.0), "│ ✓ OK");
    shows(with(90.1), "│ ⚠ CPU 90%");
    styles(with(99.9), "⚠ CPU 99%", CRITICAL);
    shows(
        |s| s.vitals.cpu_percent = Some(base::stale(base::graded("vitals.cpu_percent", 99.0))),
        "│ ⚠ CPU 99%",
    );
}

#[test]
fn tele_721_ram_used() {
    let with = |used: f64| {
        move |s: &mut Snapshot| {
            s.vitals.ram_used_gb = Some(base::memory(used, 32.0));
            s.vitals.ram_total_gb = Some(base::reading(32.0));
            s.vitals.memory_alarm_devices = Some(Arc::from(["RAM".to_owned()]));
        }
    };
    shows(with(28.81), "│ ⚠ RAM 90%");
    shows(with(31.5), "│ ⚠ RAM 98%");
}

#[test]
fn tele_730_gpu_memory_used() {
    let with = |s: &mut Snapshot| {
        s.vitals.gpu_stats = Arc::from([base::gpu(0, 5.0, 10.0), base::gpu(1, 9.6, 10.0)]);
        s.vitals.memory_alarm_devices = Some(Arc::from(["cuda:1".to_owned()]));
    };
    shows(with, "│ ⚠ cuda:1 96%");
}

#[test]
fn tele_741_memory_alarm_devices() {
    shows(|s| s.vitals.memory_alarm_devices = Some(Arc::from([])), "│ ✓ OK");
    shows(|s| s.vitals.memory_alarm_devices = None, "│ ✓ OK");
    let two: Arc<[String]> = Arc::from(["RAM".to_owned(), "cuda:0".to_owned()]);
    shows(|s| s.vitals.memory_alarm_devices = Some(two), "│ ⚠ RAM cuda:0");
}

#[test]
fn tele_780_events_rejected() {
    shows(|s| s.telemetry.events_rejected = Some(3), "│ ⚠ REJ 3");
    shows(|s| s.telemetry.events_rejected = Some(0), "│ ✓ OK");
    styles(|s| s.telemetry.events_rejected = Some(1), "⚠ REJ 1", WARNING);
}

#[test]
fn tele_780_the_alarm_looks_as_its_worst_item() {
    let with = |change: fn(&mut Snapshot)| {
        drawn(move |s| {
            s.telemetry.events_rejected = Some(3);
            change(s);
        })
    };
    with(|s| s.telemetry.events_lost = Some(1)).styles("⚠ LOST 1 REJ 3", CRITICAL);
    with(|s| s.vitals.cpu_percent = Some(base::graded("vitals.cpu_percent", 95.0)))
        .styles("⚠ REJ 3 CPU 95%", CRITICAL);
    with(|s| s.vitals.memory_alarm_devices = Some(Arc::from(["RAM".to_owned()])))
        .styles("⚠ REJ 3 RAM", CRITICAL);
    with(|s| s.vitals.cpu_percent = Some(base::graded("vitals.cpu_percent", 80.0)))
        .styles("⚠ REJ 3", WARNING);
}

#[test]
fn tele_782_events_lost() {
    shows(|s| s.telemetry.events_lost = Some(12), "│ ⚠ LOST 12");
    shows(|s| s.telemetry.events_lost = None, "│ ✓ OK");
    styles(|s| s.telemetry.events_lost = Some(1), "⚠ LOST 1", CRITICAL);
}

#[test]
fn tele_784_sink_losses() {
    let losses = [("log", Some(2), None), ("live", Some(1), Some(6))];
    let losses =
        losses.map(|(name, lossless, lossy)| (name.to_owned(), SinkLoss { lossless, lossy }));
    let all = drawn(|s| s.telemetry.sink_losses = Some(Arc::new(BTreeMap::from(losses))));
    all.shows("│ ⚠ SINK 9").styles("⚠ SINK 9", CRITICAL);
}
