//! What the records of the most important numbers claim, from the rows of a run to the cell on the screen.

use serde_json::json;

use crate::support::{Rows, file, get, printed};

/// Draws one widget of a run, without line feeds at the end.
#[track_caller]
fn drawn(rows: &Rows, widget: &str, size: &str, more: &[&str]) -> String {
    let (_dir, path) = file(&rows.text);
    let run = path.to_str().unwrap();
    let args = [&["render", run, "--widget", widget, "--size", size], more].concat();
    printed(&args).trim_end().to_owned()
}

#[track_caller]
fn shows(rows: &Rows, widget: &str, size: &str, expected: &str) {
    let text = drawn(rows, widget, size, &[]);
    assert!(text.contains(expected), "{expected:?} is not in {text:?}");
}

fn started() -> Rows {
    Rows::default().start(1.0, json!({"n_envs": 2, "max_batches": 4, "start_episodes": 100}))
}

#[test]
fn tele_010_current_episode_goes_on_where_the_checkpoint_stood() {
    shows(&started(), "RunHeader", "120x1", "Ep 100 ");
    let batch = json!({"batch_idx": 1, "episodes_completed": 104});
    shows(&started().batch(2.0, batch), "RunHeader", "120x1", "Ep 104 ");
}

#[test]
fn tele_021_return_history_has_a_point_for_each_batch_with_a_finished_episode() {
    let rows = started()
        .batch(2.0, json!({"batch_idx": 1, "mean_return": 5.0}))
        .batch(3.0, json!({"batch_idx": 2}))
        .batch(4.0, json!({"batch_idx": 3, "mean_return": "NaN"}));
    let (_dir, path) = file(&rows.text);
    assert_eq!(get(&path, &[], "episodes.return_history"), r#"[5.0,"NaN"]"#);
    shows(&started(), "EpisodePanel", "60x12", "no finished episode yet");
}

#[test]
fn tele_022_finish_reason_names_the_end() {
    let end = |reason: &str| {
        started().event(
            "TRAINING_FINISHED",
            5.0,
            json!({"reason": reason, "error": "out of memory"}),
        )
    };
    shows(&end("completed"), "StatusBanner", "80x1", "[✓] FINISHED");
    shows(&end("stopped"), "StatusBanner", "80x1", "[✓] STOPPED");
    shows(&end("failed"), "StatusBanner", "80x1", "[✗] FAILED");
    let (_dir, path) = file(&started().text);
    assert_eq!(get(&path, &[], "finish_reason"), "null");
}

#[test]
fn tele_702_tele_704_connection_follows_the_age_of_the_news() {
    let seconds_later = |now: &str| drawn(&started(), "RunHeader", "80x1", &["--now", now]);
    for (now, expected) in
        [("+1.9", "● LIVE"), ("+2", "◐ SLOW"), ("+4.9", "◐ SLOW"), ("+5", "○ STAL")]
    {
        let text = seconds_later(now);
        assert!(text.starts_with(expected), "{now}: {text}");
    }
    let (_dir, path) = file(&started().text);
    assert_eq!(get(&path, &["--closed"], "connection"), "disconnected");
    assert_eq!(get(&path, &["--closed"], "runtime_seconds"), "0.0");
    assert_eq!(get(&path, &["--at", "start"], "connection"), "waiting");
}

#[test]
fn tele_703_training_thread_of_another_process_is_not_known() {
    shows(&started(), "RunHeader", "80x1", "● LIVE ?");
    let (_dir, path) = file(&started().text);
    assert_eq!(get(&path, &[], "training_thread_alive"), "null");
}

#[test]
fn tele_730_to_734_and_740_and_741_a_full_device_reaches_the_alarm() {
    let device = json!({"device_id": 0, "memory_used_gb": 9.5, "memory_total_gb": 10.0,
        "utilization_percent": 97.0, "temperature_c": 71.6});
    let rows = started().event("SYSTEM_VITALS", 2.0, json!({"gpus": [device]}));
    shows(&rows, "EsperStatus", "40x12", "9.5/10.0GB 97% 72C");
    shows(&rows, "RunHeader", "120x1", "⚠ cuda:0 95%");
    shows(&rows, "AnomalyStrip", "80x1", "MEM ⚠");
    let (_dir, path) = file(&rows.text);
    assert_eq!(get(&path, &[], "vitals.gpu_stats[0].memory_used_gb.verdict"), "critical");
    assert_eq!(get(&path, &[], "vitals.memory_alarm_devices"), r#"["cuda:0"]"#);
}

#[test]
fn tele_720_tele_721_machine_readings_reach_status_and_header() {
    let sample = json!({"cpu_percent": 90.1, "ram_used_gb": 14.5, "ram_total_gb": 16.0,
        "process_rss_gb": 0.4, "gpus": []});
    let rows = started().event("SYSTEM_VITALS", 2.0, sample);
    shows(&rows, "RunHeader", "120x1", "⚠ CPU 90% RAM 90%");
    shows(&rows, "EsperStatus", "40x12", "14.5/16GB");
    shows(&started(), "EsperStatus", "40x12", "—");
}

#[test]
fn tele_780_tele_816_rejected_rows_are_counted_and_shown() {
    let rows = started().line("garbage").batch(2.0, json!({"batch_idx": 0}));
    shows(&rows, "RunHeader", "80x1", "⚠ REJ 2");
    shows(&rows, "AnomalyStrip", "80x1", "2 rejected");
    shows(&rows, "EventLog", "80x8", "bad_value:batch_idx");
    let (_dir, path) = file(&rows.text);
    assert_eq!(get(&path, &[], "telemetry.events_received"), "3");
}

#[test]
fn tele_782_tele_783_a_hole_in_the_numbers_is_an_exact_loss() {
    let rows = started().seq(4).heartbeat(2.0).seq(6).heartbeat(3.0);
    shows(&rows, "RunHeader", "80x1", "⚠ LOST 4");
    let (_dir, path) = file(&rows.text);
    assert_eq!(get(&path, &[], "telemetry.events_lost"), "4");
    assert_eq!(get(&path, &[], "telemetry.sequence_gaps"), "2");
    assert_eq!(get(&path, &["--at", "start"], "telemetry.events_lost"), "null");
}

#[test]
fn tele_784_losses_of_the_emitter_reach_the_header() {
    let loss = |dropped_total: u64| json!({"sink": "rows", "lane": "lossy", "cause": "queue_full", "dropped": 3, "dropped_total": dropped_total});
    let rows = started().event("EMITTER_LOSS", 2.0, loss(3)).event("EMITTER_LOSS", 3.0, loss(6));
    shows(&rows, "RunHeader", "80x1", "⚠ SINK 6");
    let (_dir, path) = file(&rows.text);
    assert_eq!(get(&path, &[], "telemetry.sink_losses[rows].lossy"), "6");
    assert_eq!(get(&path, &[], "telemetry.sink_losses[rows].lossless"), "null");
    shows(&started(), "TelemetryPanel", "40x12", "sinks: no loss reported");
}
