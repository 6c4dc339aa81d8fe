//! What panel 8 shows of each metric, as the records say.

use std::collections::BTreeMap;
use std::sync::Arc;

use karn_sanctum::{SinkLoss, Snapshot};
use leyline::{GroupId, RunId};
use sanctum_widgets::{TelemetryPanel, Theme};

#[expect(dead_code, reason = "other tests use the rest")]
#[path = "support/base.rs"]
mod base;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "support/screen.rs"]
mod screen;

use screen::{CRITICAL, MISSING, PLAIN, Screen, WARNING};

fn drawn(change: impl FnOnce(&mut Snapshot)) -> Screen {
    let mut snapshot = base::telemetry();
    change(&mut snapshot);
    Screen::of(&TelemetryPanel::new((&snapshot).into(), &Theme::DARK), 30, 12)
}

#[test]
fn tele_002_run_id() {
    drawn(|s| s.run_id = RunId::new("run-7").ok()).shows("│Run                    run-7│");
    drawn(|s| s.run_id = None).shows("│Run                        —│").styles("—", MISSING);
}

#[test]
fn tele_702_staleness() {
    drawn(|s| s.staleness_seconds = Some(1.96)).shows("│age 2.0s").styles("2.0s", PLAIN);
    drawn(|s| s.staleness_seconds = Some(5.0)).shows("│age 5.0s ! ").styles("5.0s", CRITICAL);
    drawn(|s| s.staleness_seconds = None).shows("│age —");
}

#[test]
fn tele_750_group_id() {
    drawn(|s| s.group_id = GroupId::new("A").ok()).shows("│Group                      A│");
    drawn(|s| s.group_id = None).shows("│Group                      —│");
}

#[test]
fn tele_780_events_rejected() {
    drawn(|_| {}).shows("│Rejected 0 ").styles("0         Unknown", PLAIN);
    drawn(|s| s.telemetry.events_rejected = Some(1234))
        .shows("│Rejected 1,234 ")
        .styles("1,234", WARNING);
}

#[test]
fn tele_781_events_unknown() {
    drawn(|s| s.telemetry.events_unknown = Some(7)).shows(" Unknown 7│").styles("7│", PLAIN);
}

#[test]
fn tele_782_events_lost() {
    drawn(|s| s.telemetry.events_lost = Some(5)).shows("│Lost 5 ").styles("5 ", CRITICAL);
    drawn(|s| s.telemetry.events_lost = None).shows("│Lost — ").styles("—", MISSING);
}

#[test]
fn tele_783_sequence_gaps() {
    drawn(|s| s.telemetry.sequence_gaps = Some(2)).shows(" Gaps 2│").styles("2│", CRITICAL);
    drawn(|s| s.telemetry.sequence_gaps = None).shows(" Gaps —│");
}

#[test]
fn tele_784_sink_losses() {
    drawn(|_| {}).shows("│sinks: no loss reported ");
    let losses = [("log", Some(2), None), ("live", None, Some(6))];
    let losses =
        losses.map(|(name, lossless, lossy)| (name.to_owned(), SinkLoss { lossless, lossy }));
    drawn(|s| s.telemetry.sink_losses = Some(Arc::new(BTreeMap::from(losses))))
        .shows("│sinks        lossless  lossy│")
        .shows("│log                 2      —│")
        .shows("│live                —      6│")
        .styles("live", CRITICAL);
}

#[test]
fn tele_816_events_received() {
    drawn(|_| {}).shows("│Received              18,204│");
    drawn(|s| s.telemetry.events_received = Some(0)).shows("│Received                   0│");
}

#[test]
fn tele_820_user_metrics() {
    drawn(|_| {}).shows("│eval/mean_return        96.5│");
    let two = [("a", None, 1e-9), ("b", None, f64::INFINITY)];
    drawn(|s| s.metrics = base::metrics(&two))
        .shows(" 1.00e-9│")
        .shows(" Inf│")
        .styles("Inf", CRITICAL);
}

#[test]
fn tele_821_user_metric_unit() {
    drawn(|s| s.metrics = base::metrics(&[("loss", Some("nats"), 0.25)]))
        .shows("│loss               0.25 nats│");
}
