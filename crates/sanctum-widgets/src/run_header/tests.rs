//! The header line at its widths, with its alarms and in its styles.

use std::collections::BTreeMap;
use std::sync::Arc;

use karn_sanctum::SinkLoss;
use leyline::FinishReason;
use proptest::prelude::*;

use super::*;
use crate::base;
use crate::dump::{draw, draw_buffer, rows};
use crate::glyph::Glyphs;

#[track_caller]
fn check(columns: u16, change: impl FnOnce(&mut Snapshot), expected: &str) {
    let mut snapshot = base::header();
    change(&mut snapshot);
    let props = RunHeaderProps { ui_rate_hz: Some(4.0), ..RunHeaderProps::from(&snapshot) };
    assert_eq!(rows(&draw_buffer(&RunHeader::new(props, &Theme::DARK), columns, 1)), [expected]);
}

#[test]
fn af07_the_runtime_has_seven_columns() {
    for (seconds, expected) in [(3725.0, "  1h 2m"), (0.0, "     --"), (360_000.0, "  4d 4h")] {
        let mut snapshot = base::header();
        snapshot.runtime_seconds = seconds;
        let header = RunHeader::new((&snapshot).into(), &Theme::DARK);
        assert_eq!(header.runtime().text, expected);
    }
}

#[test]
fn ar01_to_ar04_what_gives_way() {
    let all = "● LIVE ✓ │ cifar_baseline RWD:shaped │ Ep 104 E:███░░░ 75/150 B:██░░░░░░ 26/75 │   1h 2m 2.5e/s 90b/h │ ✓ OK";
    check(120, |_| {}, &format!("{all} 4.0Hz"));
    check(114, |_| {}, &format!("{all} 4.0Hz"));
    check(113, |_| {}, all);
    check(
        100,
        |_| {},
        "● LIVE ✓ │ cifar_baseline RWD:shaped │ Ep 104 E:███░░░ 75/150 B:██░░░░░░ 26/75 │   1h 2m │ ✓ OK",
    );
    check(80, |_| {}, "● LIVE ✓ │ Ep 104 E:███░░░ 75/150 B:██░░░░░░ 26/75 │   1h 2m │ ✓ OK");
    check(60, |_| {}, "● LIVE ✓ │ B:██░░░░░░ 26/75 │   1h 2m │ ✓ OK");
}

#[test]
fn ar05_no_data() {
    check(80, |s| *s = Snapshot::empty(), "○ WAIT ? │ Waiting for training data...");
    check(
        80,
        |s| {
            *s = Snapshot::empty();
            s.telemetry.events_rejected = Some(3);
        },
        "○ WAIT ? │ Waiting for training data... │ ⚠ REJ 3",
    );
}

#[test]
fn ap02_a_checkpoint_alone_is_no_batch() {
    let snapshot = Snapshot::empty();
    let header = RunHeader::new((&snapshot).into(), &Theme::DARK);
    assert_eq!(header.segment(Segment::BatchBar, &[])[0].text, "B:—");
}

#[test]
fn ap03_a_resumed_run_shows_its_start() {
    check(
        80,
        |s| (s.current_batch, s.current_episode, s.current_epoch) = (Some(25), Some(100), Some(0)),
        "● LIVE ✓ │ Ep 100 E:░░░░░░ 0/150 B:██░░░░░░ 25/75 │   1h 2m │ ✓ OK",
    );
}

#[test]
fn ar06_ar07_ar10_ar16_connections() {
    check(
        100,
        |s| s.connection = Connection::Stale,
        "○ STAL ✓ │ cifar_baseline RWD:shaped │ Ep 104 E:███░░░ 75/150 B:██░░░░░░ 26/75 │   1h 2m │ ✓ OK",
    );
    check(
        120,
        |s| {
            (s.connection, s.connected) = (Connection::Disconnected, false);
            (s.training_thread_alive, s.runtime_seconds) = (None, 0.0);
        },
        "○ DISC ? │ cifar_baseline RWD:shaped │ Ep 104 E:███░░░ 75/150 B:██░░░░░░ 26/75 │      -- 2.5e/s 90b/h │ ✓ OK 4.0Hz",
    );
    check(
        80,
        |s| {
            s.connection = Connection::Finished;
            (s.current_batch, s.current_episode, s.current_epoch) =
                (Some(75), Some(300), Some(150));
        },
        "■ DONE ✓ │ Ep 300 E:██████ 150/150 B:████████ 75/75 │   1h 2m │ ✓ OK",
    );
    check(
        80,
        |s| (s.connection, s.training_thread_alive) = (Connection::Slow, Some(false)),
        "◐ SLOW ✗ │ Ep 104 E:███░░░ 75/150 B:██░░░░░░ 26/75 │   1h 2m │ ✓ OK",
    );
    check(
        80,
        |s| {
            (s.connection, s.training_thread_alive) = (Connection::Failed, Some(false));
            s.finish_reason = Some(FinishReason::Failed);
        },
        "✗ FAIL ✓ │ Ep 104 E:███░░░ 75/150 B:██░░░░░░ 26/75 │   1h 2m │ ✓ OK",
    );
}

#[test]
fn ar08_ar09_ar14_missing_values() {
    check(
        114,
        |s| (s.task_name, s.reward_mode) = (Some("very_long_task_name".to_owned()), None),
        "● LIVE ✓ │ very_long_tas… RWD:—      │ Ep 104 E:███░░░ 75/150 B:██░░░░░░ 26/75 │   1h 2m 2.5e/s 90b/h │ ✓ OK 4.0Hz",
    );
    check(
        120,
        |s| {
            (s.vitals.epochs_per_second, s.vitals.batches_per_hour) = (None, None);
            s.max_epochs = Some(0);
        },
        "● LIVE ✓ │ cifar_baseline RWD:shaped │ Ep 104 E:75 B:██░░░░░░ 26/75 │   1h 2m —e/s —b/h │ ✓ OK 4.0Hz",
    );
    check(
        80,
        |s| (s.max_batches, s.current_batch) = (0, Some(7)),
        "● LIVE ✓ │ cifar_baseline │ Ep 104 E:███░░░ 75/150 B:7 │   1h 2m │ ✓ OK",
    );
}

fn ram(snapshot: &mut Snapshot, used: f64, total: f64) {
    snapshot.vitals.ram_used_gb = Some(base::memory(used, total));
    snapshot.vitals.ram_total_gb = Some(base::reading(total));
}

fn alarm_devices(snapshot: &mut Snapshot, names: &[&str]) {
    let names: Arc<[String]> = names.iter().map(|name| (*name).to_owned()).collect();
    snapshot.vitals.memory_alarm_devices = Some(names);
}

#[test]
fn ar11_ar12_ar15_machine_alarms() {
    check(
        100,
        |s| {
            ram(s, 14.5, 16.0);
            alarm_devices(s, &["RAM"]);
        },
        "● LIVE ✓ │ cifar_baseline RWD:shaped │ Ep 104 E:███░░░ 75/150 B:██░░░░░░ 26/75 │   1h 2m │ ⚠ RAM 90%",
    );
    check(
        90,
        |s| {
            ram(s, 8.0, 16.0);
            s.vitals.gpu_stats = Arc::from([base::gpu(0, 5.0, 10.0)]);
            s.vitals.cpu_percent = Some(base::graded("vitals.cpu_percent", 90.0));
            alarm_devices(s, &[]);
        },
        "● LIVE ✓ │ cifar_baseline │ Ep 104 E:███░░░ 75/150 B:██░░░░░░ 26/75 │   1h 2m │ ✓ OK",
    );
    check(
        100,
        |s| {
            s.vitals.gpu_stats = Arc::from([base::gpu(0, 9.5, 10.0), base::gpu(1, 5.0, 10.0)]);
            alarm_devices(s, &["cuda:0"]);
        },
        "● LIVE ✓ │ cifar_baseline │ Ep 104 E:███░░░ 75/150 B:██░░░░░░ 26/75 │   1h 2m │ ⚠ cuda:0 95%",
    );
    check(
        80,
        |s| s.vitals.cpu_percent = Some(base::graded("vitals.cpu_percent", 90.9)),
        "● LIVE ✓ │ Ep 104 E:███░░░ 75/150 B:██░░░░░░ 26/75 │   1h 2m │ ⚠ CPU 90%",
    );
}

#[test]
fn a_critical_reading_stays_an_alarm_when_no_newer_one_comes() {
    let old = |s: &mut Snapshot| {
        let mut cpu = base::graded("vitals.cpu_percent", 95.0);
        cpu.fresh = false;
        s.vitals.cpu_percent = Some(cpu);
        s.connection = Connection::Stale;
    };
    check(80, old, "○ STAL ✓ │ Ep 104 E:███░░░ 75/150 B:██░░░░░░ 26/75 │   1h 2m │ ⚠ CPU 95%?");
}

fn losses(snapshot: &mut Snapshot) {
    snapshot.telemetry.events_lost = Some(12);
    let loss = SinkLoss { lossless: None, lossy: Some(3) };
    snapshot.telemetry.sink_losses = Some(Arc::new(BTreeMap::from([("log".to_owned(), loss)])));
}

#[test]
fn ar13_losses() {
    check(
        80,
        losses,
        "● LIVE ✓ │ Ep 104 E:███░░░ 75/150 B:██░░░░░░ 26/75 │   1h 2m │ ⚠ LOST 12 SINK 3",
    );
}

#[test]
fn an_alarm_that_is_too_long_keeps_its_first_items() {
    let all = |s: &mut Snapshot| {
        losses(s);
        s.telemetry.events_rejected = Some(4);
        s.vitals.cpu_percent = Some(base::graded("vitals.cpu_percent", 99.0));
    };
    check(60, all, "● LIVE ✓ │ B:██░░░░░░ 26/75 │   1h 2m │ ⚠ LOST 12 SINK 3 +2");
    check(50, all, "● LIVE ✓ │ B:██░░░░░░ 26/75 │   1h 2m │ ⚠ +4");
    check(47, all, "● LIVE ✓ │ B:██░░░░░░ 26/75 │   1h 2m │ ⚠ +4");
}

#[test]
fn ap30_a_long_task_name_is_cut() {
    check(
        114,
        |s| s.task_name = Some("a_task_name_of_fifty_four_characters_that_goes_on_____".to_owned()),
        "● LIVE ✓ │ a_task_name_o… RWD:shaped │ Ep 104 E:███░░░ 75/150 B:██░░░░░░ 26/75 │   1h 2m 2.5e/s 90b/h │ ✓ OK 4.0Hz",
    );
}

#[test]
fn names_from_outside_move_nothing() {
    check(
        100,
        |s| s.task_name = Some("\u{1b}[2J\u{202e}日本".to_owned()),
        "● LIVE ✓ │ ·[2J·日本      RWD:shaped │ Ep 104 E:███░░░ 75/150 B:██░░░░░░ 26/75 │   1h 2m │ ✓ OK",
    );
}

#[test]
fn styles_of_the_states() {
    let mut snapshot = base::header();
    let shown = |s: &Snapshot, theme: &Theme| draw(&RunHeader::new(s.into(), theme), 114, 1);
    insta::assert_snapshot!("live", shown(&snapshot, &Theme::DARK));
    insta::assert_snapshot!(
        "live_ascii",
        shown(&snapshot, &Theme::PLAIN.with_glyphs(Glyphs::Ascii))
    );
    snapshot.connection = Connection::Slow;
    snapshot.staleness_seconds = Some(2.5);
    insta::assert_snapshot!("slow", shown(&snapshot, &Theme::DARK));
    (snapshot.connection, snapshot.staleness_seconds) = (Connection::Stale, Some(9.0));
    losses(&mut snapshot);
    insta::assert_snapshot!("stale_with_losses", shown(&snapshot, &Theme::LIGHT));
    let snapshot = base::header();
    let paused = RunHeader::new((&snapshot).into(), &Theme::DARK).paused(true);
    insta::assert_snapshot!("paused", draw(&paused, 40, 1));
}

#[test]
fn it_survives_any_area() {
    let snapshot = base::header();
    base::survives_any_area(&RunHeader::new((&snapshot).into(), &Theme::DARK));
}

fn any_header() -> impl Strategy<Value = Snapshot> {
    let counts = (
        any::<Option<u64>>(),
        any::<u64>(),
        any::<Option<u32>>(),
        any::<Option<u32>>(),
        any::<Option<u64>>(),
    );
    let texts = (any::<Option<String>>(), any::<Option<String>>());
    let losses = (any::<Option<u64>>(), any::<u64>(), any::<bool>(), any::<f64>(), any::<f64>());
    (counts, texts, losses, 0_usize..7).prop_map(
        |(counts, texts, (lost, rejected, ram_alarm, rate, cpu), connection)| {
            use leyline::word::ClosedWord as _;
            let mut s = base::header();
            (s.current_batch, s.max_batches, s.current_epoch, s.max_epochs, s.current_episode) =
                counts;
            (s.task_name, s.reward_mode) = texts;
            (s.telemetry.events_lost, s.telemetry.events_rejected) = (lost, Some(rejected));
            s.vitals.epochs_per_second = Some(base::graded("vitals.epochs_per_second", rate));
            s.vitals.cpu_percent = Some(base::graded("vitals.cpu_percent", cpu));
            s.runtime_seconds = rate;
            if ram_alarm {
                alarm_devices(&mut s, &["RAM", "cuda:3"]);
            }
            s.connection = Connection::ALL[connection];
            s
        },
    )
}

proptest! {
    #[test]
    fn what_matters_is_never_dropped_while_it_fits(snapshot in any_header(), columns in 1_u16..200) {
        let header = RunHeader::new((&snapshot).into(), &Theme::DARK);
        let line = header.line(columns.into());
        let text: String = line.iter().map(|span| span.text.as_str()).collect();
        let waiting = snapshot.connection == Connection::Waiting && snapshot.current_batch.is_none();
        let bar = format_batch_bar(snapshot.current_batch, snapshot.max_batches);
        let connection: String = header.connection().into_iter().map(|span| span.text).collect();
        let least = format!("{connection} │ {bar} │ {}", header.runtime().text);
        // ` │ ⚠ +9` is the shortest alarm, ` │ ✓ OK` the only text without one.
        if !waiting {
            prop_assert!(text.contains(&bar) && text.contains(&header.runtime().text));
            if format::width(&least) + 7 <= columns.into() {
                prop_assert!(spans_width(&line) <= columns.into(), "{} in {}", text, columns);
                prop_assert!(text.contains(" │ ⚠ ") || text.contains(" │ ✓ OK"));
            }
        }
        prop_assert_eq!(rows(&draw_buffer(&header, columns, 1)).len(), 1);
    }
}
