//! What panel 6 shows of each metric, as the records say.

use std::sync::Arc;

use karn_sanctum::{LogLine, Snapshot};
use leyline::{EnvId, Severity, Timestamp};
use sanctum_widgets::{EventLog, Theme};

#[expect(dead_code, reason = "other tests use the rest")]
#[path = "support/base.rs"]
mod base;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "support/screen.rs"]
mod screen;

use screen::{CRITICAL, MISSING, PLAIN, Screen, WARNING};

fn drawn(change: impl FnOnce(&mut LogLine)) -> Screen {
    let mut line = base::line(46_961, "EPISODE_OUTCOME", Severity::Info, "return 35.0");
    change(&mut line);
    let mut snapshot = Snapshot::empty();
    snapshot.event_log = Arc::from([Arc::new(line)]);
    Screen::of(&EventLog::new((&snapshot).into(), &Theme::DARK), 60, 4)
}

#[test]
fn tele_810_event_log() {
    drawn(|_| {}).shows("│13:02:41 episode return 35.0 ");
    Screen::of(&EventLog::new((&Snapshot::empty()).into(), &Theme::DARK), 40, 4)
        .shows("│no events ")
        .styles("no events", MISSING);
}

#[test]
fn tele_811_time() {
    drawn(|l| l.ts = Some(Timestamp::from_micros(-1))).shows("│23:59:59 episode");
    drawn(|l| l.ts = None).shows("│--:--:-- episode").styles("--:--:--", MISSING);
}

#[test]
fn tele_812_type() {
    let tags = [
        ("TRAINING_STARTED", "start"),
        ("TRAINING_FINISHED", "finish"),
        ("CHECKPOINT_SAVED", "ckpt"),
        ("CHECKPOINT_LOADED", "ckpt"),
        ("BATCH_EPOCH_COMPLETED", "batch"),
        ("PPO_UPDATE_COMPLETED", "update"),
        ("EMITTER_LOSS", "loss"),
        ("MEMORY_WARNING", "memory"),
        ("NUMERICAL_INSTABILITY_DETECTED", "anomaly"),
        ("REJECTED", "reject"),
        ("OUT_OF_RANGE", "range"),
        ("SEED_PRUNED", "unknown"),
    ];
    for (event_type, tag) in tags {
        drawn(|l| l.event_type = event_type.to_owned()).shows(&format!("│13:02:41 {tag:<7} "));
    }
}

#[test]
fn tele_813_env_id() {
    drawn(|l| l.env_id = Some(EnvId(7))).shows(" episode env 7 return 35.0");
}

#[test]
fn tele_814_message() {
    drawn(|l| l.message = "after a long time".to_owned()).shows(" return 35.0 after a long time");
}

#[test]
fn tele_817_severity() {
    let with = |severity| drawn(move |l| l.severity = severity);
    with(Severity::Info).styles("return", PLAIN);
    with(Severity::Warning).styles("return", WARNING);
    with(Severity::Error).styles("return", CRITICAL);
    with(Severity::Critical).styles("return", CRITICAL);
}

#[test]
fn tele_818_tele_822_numbers_for_joining_are_not_drawn() {
    drawn(|l| (l.seq, l.mono_ns) = (Some(86_420), Some(leyline::RunNs(8_642_097_531))))
        .shows("│13:02:41 episode return 35.0 ")
        .hides("8642");
}

#[test]
fn tele_819_summary() {
    drawn(|l| l.summary = "b26/75, 8 episodes".to_owned()).shows(" episode b26/75, 8 episodes ");
    drawn(|l| l.summary = String::new()).shows(" episode EPISODE_OUTCOME ");
}
