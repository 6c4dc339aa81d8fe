//! What happened to the telemetry itself.

use karn_sanctum::{Link, SinkLoss, TelemetryView};
use leyline::{Lane, Reason, Rejection};
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::support::{Feed, batch, envelope, heartbeat, loss, malformed, outcome, start, with};

fn counters(feed: &Feed) -> TelemetryView {
    feed.now(0.0).telemetry
}

/// AP22.
fn losses(feed: &Feed) -> Arc<BTreeMap<String, SinkLoss>> {
    counters(feed).sink_losses.expect("the run was read")
}

fn one_of_each() -> Feed {
    Feed::new().at(0.0, start(20, 0)).at(1.0, batch(0)).unknown(2.0, "SEED_PRUNED")
}

#[test]
fn tele_780_events_rejected_counts_what_changed_nothing() {
    let shown = one_of_each().now(2.0);
    assert_eq!((shown.current_batch, shown.telemetry.events_rejected), (Some(0), Some(1)));
    assert_eq!(counters(&Feed::new()).events_rejected, Some(0));
}

#[test]
fn tele_781_events_unknown_counts_kinds_of_later_versions() {
    assert_eq!(counters(&one_of_each()).events_unknown, Some(1));
    assert_eq!(counters(&Feed::new()).events_unknown, Some(0));
}

#[test]
fn tele_816_events_received_counts_every_row_once() {
    let shown = counters(&one_of_each());
    assert_eq!((shown.events_received, shown.events_lost), (Some(3), Some(0)));
    assert_eq!(counters(&Feed::new()).events_received, Some(0));
}

/// AP23.
fn with_holes() -> Feed {
    let feed = Feed::new().at(0.0, start(20, 0)).at(1.0, heartbeat());
    feed.seq(4).at(2.0, heartbeat()).at(3.0, heartbeat()).seq(9).at(4.0, heartbeat())
}

#[test]
fn tele_782_events_lost_counts_the_numbers_in_the_holes() {
    let shown = counters(&with_holes());
    assert_eq!((shown.events_lost, shown.events_received), (Some(5), Some(5)));
}

#[test]
fn tele_783_sequence_gaps_counts_the_holes() {
    assert_eq!(counters(&with_holes()).sequence_gaps, Some(2));
    assert_eq!(counters(&Feed::new()).sequence_gaps, None);
}

#[test]
fn tele_782_losses_are_absent_before_the_first_numbered_row() {
    assert_eq!(counters(&Feed::new()).events_lost, None);
    let feed = Feed::new().incoming(0.0, &malformed(Some("r")));
    assert_eq!(counters(&feed).events_lost, None);
    assert_eq!(counters(&feed.at(0.0, heartbeat())).events_lost, Some(0));
}

#[test]
fn what_happened_before_attaching_is_no_loss() {
    let feed = Feed::new().seq(1000).at(0.0, heartbeat()).seq(1002).at(1.0, heartbeat());
    let shown = counters(&feed);
    assert_eq!((shown.sequence_gaps, shown.events_lost), (Some(1), Some(1)));
}

#[test]
fn tele_782_tele_783_of_version_0_rows_cannot_tell() {
    let old = |seq, mono, event: leyline::Event| with(envelope(seq, mono, event), |row| row.v = 0);
    let feed = Feed::new().envelope(0.0, old(0, 0.0, start(20, 0).into()));
    let shown = counters(&feed.envelope(1.0, old(9, 1.0, batch(1).into())));
    assert_eq!((shown.sequence_gaps, shown.events_lost), (None, None));
    assert_eq!(shown.events_received, Some(2));
}

/// A row that was rejected although its number could be read.
fn rejected(seq: u64, v: u16) -> leyline::Incoming {
    let leyline::Incoming::Rejected(row) = malformed(Some("r")) else { unreachable!() };
    let row = Rejection { seq: Some(seq), v: Some(v), ..Rejection::clone(&row) };
    leyline::Incoming::Rejected(Arc::new(row))
}

#[test]
fn a_rejected_row_with_a_number_is_no_loss() {
    let feed = Feed::new().at(0.0, heartbeat()).incoming(0.0, &rejected(1, 1));
    let feed = feed.seq(2).at(0.0, heartbeat());
    let shown = counters(&feed);
    assert_eq!((shown.sequence_gaps, shown.events_lost), (Some(0), Some(0)));
    let late = counters(&feed.incoming(0.0, &rejected(5, 1)));
    assert_eq!((late.sequence_gaps, late.events_lost), (Some(1), Some(2)));
    let old = Feed::new().incoming(0.0, &rejected(5, 0)).incoming(0.0, &rejected(9, 0));
    assert_eq!(counters(&old).events_lost, None);
}

#[test]
fn a_number_that_does_not_rise_is_rejected_and_changes_nothing() {
    let feed = Feed::new().at(0.0, start(20, 0)).at(1.0, batch(1)).seq(1).at(2.0, batch(2));
    let shown = feed.now(2.0);
    assert_eq!((shown.current_batch, shown.telemetry.events_rejected), (Some(1), Some(1)));
    let line = shown.event_log.last().unwrap();
    assert_eq!((line.message.as_str(), line.seq), ("seq_not_increasing", Some(1)));
    let feed = feed.seq(2).at(3.0, batch(2));
    let shown = feed.now(3.0);
    assert_eq!((shown.current_batch, shown.telemetry.events_lost), (Some(2), Some(0)));
}

#[test]
fn the_live_part_begins_without_a_loss() {
    let feed = Feed::new().at(0.0, start(20, 0)).link(Link::Live { from_seq: 500 }, 0.0);
    let feed = feed.seq(500).at(1.0, heartbeat()).seq(502).at(2.0, heartbeat());
    let shown = counters(&feed);
    assert_eq!((shown.sequence_gaps, shown.events_lost), (Some(1), Some(1)));
}

#[test]
fn a_live_part_said_before_the_first_row_is_about_its_run() {
    let feed = Feed::new().link(Link::Live { from_seq: 10 }, 0.0).seq(12).at(0.0, heartbeat());
    assert_eq!(counters(&feed).events_lost, Some(2));
    let feed = Feed::new().link(Link::Live { from_seq: 0 }, 0.0).at(0.0, heartbeat());
    assert_eq!(counters(&feed).events_lost, Some(0));
}

#[test]
fn tele_784_sink_losses_are_the_latest_totals_per_sink_and_lane() {
    let feed = Feed::new().at(0.0, start(20, 0));
    assert!(losses(&feed).is_empty());
    let feed = feed
        .at(1.0, loss("live", Lane::Lossy, 3))
        .at(2.0, loss("live", Lane::Lossy, 7))
        .at(3.0, loss("rows", Lane::Lossless, 2));
    let found = losses(&feed);
    assert_eq!(found["live"], SinkLoss { lossless: None, lossy: Some(7) });
    assert_eq!(found["rows"], SinkLoss { lossless: Some(2), lossy: None });
    let both = losses(&feed.at(4.0, loss("live", Lane::Lossless, 1)));
    assert_eq!((both["live"].total(), both.len()), (8, 2));
}

#[test]
fn losses_are_kept_after_the_end_and_over_another_start() {
    let feed = Feed::new()
        .at(0.0, start(20, 0))
        .at(1.0, crate::support::finish(leyline::FinishReason::Completed))
        .at(2.0, loss("live", Lane::Lossy, 3))
        .at(3.0, start(20, 0));
    assert_eq!(losses(&feed)["live"].total(), 3);
}

#[test]
fn sinks_beyond_the_limit_are_rejected() {
    let feed = (0..1025_u32)
        .fold(Feed::new(), |feed, k| feed.at(0.0, loss(&format!("sink-{k}"), Lane::Lossy, 1)));
    assert_eq!((losses(&feed).len(), counters(&feed).events_rejected), (1024, Some(1)));
    let feed = feed.at(0.0, loss("sink-0", Lane::Lossy, 2));
    assert_eq!(losses(&feed)["sink-0"].total(), 2);
}

#[test]
fn ap24_counters_belong_to_the_run_and_show_in_every_group() {
    let named = |group: &str, seq, start: leyline::TrainingStarted| {
        with(envelope(seq, 0.0, start), |row| row.group_id = leyline::GroupId::new(group).unwrap())
    };
    let feed = Feed::new()
        .envelope(0.0, named("A", 0, start(10, 0)))
        .envelope(0.0, named("B", 1, start(20, 0)))
        .incoming(0.0, &malformed(Some("r")));
    for (group, max_batches) in [("A", 10), ("B", 20)] {
        let shown = feed.group(group, 0.0);
        assert_eq!(shown.max_batches, max_batches);
        assert_eq!(shown.telemetry.events_received, Some(3));
        assert_eq!(shown.telemetry.events_rejected, Some(1));
        assert_eq!(shown.event_log.last().unwrap().message, "bad_json");
    }
    assert_eq!(feed.aggregator.keys().len(), 2);
}

#[test]
fn tele_816_received_is_the_sum_of_all_fates() {
    let feed = Feed::new().at(0.0, outcome(0, 1.0, 1)).at(0.0, batch(0));
    let shown = counters(&feed.unknown(0.0, "X").incoming(0.0, &malformed(None)));
    let applied = Some(1);
    let fates = [applied, shown.events_unknown, shown.events_rejected];
    assert_eq!(shown.events_received, fates.into_iter().sum());
    assert_eq!(Reason::BadJson.to_string(), "bad_json");
}
