//! Lines of made-up runs.

use karn_sanctum::Aggregator;
use karn_sanctum::aggregator::Link;
use leyline::Incoming;
use leyline::demo::{self, Scenario};

use super::*;

const MS: u64 = 1_000_000;

/// Prints a scenario as the plain view of a live run does, with a picture after every event, and returns the lines.
fn printed(scenario: Scenario, interval: Duration) -> Vec<String> {
    let mut aggregator = Aggregator::new();
    let mut plain = Plain::new(Vec::new(), interval);
    let (mut now, mut wall) = (ViewNs(0), Timestamp::from_micros(0));
    for incoming in demo::incoming(scenario, 1) {
        if let Incoming::Known(envelope) = &incoming {
            (now, wall) = (ViewNs(envelope.mono_ns.0), envelope.ts);
        }
        aggregator.apply(&incoming, now);
        plain.show(&picture(&aggregator, now, false), now, wall).unwrap();
    }
    aggregator.link(Link::Closed, now);
    plain.show(&picture(&aggregator, now, true), now, wall).unwrap();
    lines(plain)
}

fn picture(aggregator: &Aggregator, now: ViewNs, ended: bool) -> Picture {
    let key = aggregator.default_key();
    let snapshot = key
        .clone()
        .map_or_else(|| aggregator.snapshot_without_run(now), |key| aggregator.snapshot(&key, now));
    let alerts = key.map(|key| aggregator.alerts(&key, now));
    let alerts = Arc::new(alerts.unwrap_or_else(karn_sanctum::AlertsView::empty));
    Picture { alerts, groups: aggregator.keys(), ended, ..Picture::still(snapshot) }
}

fn lines(plain: Plain<Vec<u8>>) -> Vec<String> {
    String::from_utf8(plain.out).unwrap().lines().map(str::to_owned).collect()
}

fn batches(lines: &[String]) -> Vec<&String> {
    lines
        .iter()
        .filter(|line| line.contains(" batch ") && line.contains(" done, mean return"))
        .collect()
}

#[test]
fn every_batch_has_a_line_and_the_run_a_beginning_and_an_end() {
    let lines = printed(Scenario::LossyLink, Duration::ZERO);
    assert_eq!(batches(&lines).len(), 20);
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_failed_run_says_why() {
    let lines = printed(Scenario::EntropyCollapse, Duration::ZERO);
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_run_that_goes_away_is_told() {
    let lines = printed(Scenario::Calm, Duration::ZERO);
    assert!(
        lines.last().unwrap().contains(
            "critical run failed, 30 of 40 batches done: the run went away without an end"
        )
    );
}

#[test]
fn an_interval_thins_progress_but_neither_beginning_nor_alerts_nor_end() {
    let all = printed(Scenario::LossyLink, Duration::ZERO);
    let thin = printed(Scenario::LossyLink, Duration::from_secs(3600));
    assert!(batches(&thin).len() < batches(&all).len());
    assert_eq!(thin.first(), all.first());
    assert_eq!(thin.last(), all.last());
    let others = |lines: &[String]| lines.len() - batches(lines).len();
    assert_eq!(others(&thin), others(&all));
    assert!(
        batches(&thin).last().unwrap().contains("batch 20 of 20 done"),
        "the last batch is told"
    );
}

#[test]
fn no_line_has_anything_but_words() {
    for scenario in
        [Scenario::Calm, Scenario::KlSpike, Scenario::EntropyCollapse, Scenario::LossyLink]
    {
        for line in printed(scenario, Duration::ZERO) {
            assert!(line.chars().all(|c| c.is_ascii() && !c.is_ascii_control()), "{line:?}");
        }
    }
}

#[test]
fn nothing_received_says_nothing_until_the_end() {
    let mut plain = Plain::new(Vec::new(), Duration::ZERO);
    let wall = Timestamp::from_micros(3_661_000_000);
    plain.show(&Picture::empty(), ViewNs(0), wall).unwrap();
    assert!(plain.out.is_empty());
    plain.show(&Picture { ended: true, ..Picture::empty() }, ViewNs(0), wall).unwrap();
    assert_eq!(
        lines(plain),
        ["01:01:01 critical run failed, not available batches done: no run began"]
    );
}

#[test]
fn silence_is_told_once_and_so_is_its_end() {
    let mut aggregator = Aggregator::new();
    let mut plain = Plain::new(Vec::new(), Duration::ZERO);
    let wall = Timestamp::from_micros(0);
    let events = demo::incoming(Scenario::Calm, 1);
    let (first, rest) = events.split_at(300);
    for incoming in first {
        aggregator.apply(incoming, ViewNs(0));
    }
    for ms in [0, 1999, 2000, 2100, 4999, 5000, 9000] {
        let now = ViewNs(ms * MS);
        plain.show(&picture(&aggregator, now, false), now, wall).unwrap();
    }
    let now = ViewNs(9500 * MS);
    aggregator.apply(&rest[0], now);
    plain.show(&picture(&aggregator, now, false), now, wall).unwrap();
    let told: Vec<_> = lines(plain).into_iter().filter(|line| line.contains("news")).collect();
    assert_eq!(
        told,
        [
            "00:00:00 warning no news from the run for 2 seconds",
            "00:00:00 critical no news from the run for 5 seconds",
            "00:00:00 info news from the run again",
        ]
    );
}

#[test]
fn an_alert_is_told_when_it_begins_and_ends_but_not_to_who_came_after_it() {
    let lines = printed(Scenario::EntropyCollapse, Duration::ZERO);
    let told = |lines: &[String]| -> Vec<String> {
        let alerts = lines.iter().filter_map(|line| line.split_once(" alert "));
        alerts.map(|(_, words)| words.to_owned()).collect()
    };
    let all = told(&lines);
    assert!(all.iter().any(|line| line.starts_with("ent-low since batch ")), "{all:?}");
    let mut aggregator = Aggregator::new();
    for incoming in demo::incoming(Scenario::EntropyCollapse, 1) {
        aggregator.apply(&incoming, ViewNs(0));
    }
    // Through a socket, and after the screen of the same process was left.
    let live = Standing::Live { behind_seconds: 0, was_behind_seconds: 0 };
    for standing in [Some(live), None] {
        let mut plain = Plain::new(Vec::new(), Duration::ZERO);
        let late = Picture { standing, ..picture(&aggregator, ViewNs(0), false) };
        plain.show(&late, ViewNs(0), Timestamp::from_micros(0)).unwrap();
        let lines = self::lines(plain);
        assert_eq!((told(&lines), batches(&lines).len()), (Vec::new(), 1));
    }
}

#[test]
fn time_left_needs_a_rate_and_a_plan() {
    let aggregator = {
        let mut aggregator = Aggregator::new();
        for incoming in demo::incoming(Scenario::Calm, 1) {
            aggregator.apply(&incoming, ViewNs(0));
        }
        aggregator
    };
    let mut snapshot = picture(&aggregator, ViewNs(0), false).snapshot;
    let mut rate = snapshot.vitals.batches_per_hour.expect("thirty batches have a rate");
    rate.value = 20.0;
    snapshot.vitals.batches_per_hour = Some(rate);
    assert_eq!(time_left_seconds(&snapshot), Some(1800.0));
    snapshot.max_batches = 0;
    assert_eq!(time_left_seconds(&snapshot), None);
    snapshot.max_batches = 40;
    for useless in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        rate.value = useless;
        snapshot.vitals.batches_per_hour = Some(rate);
        assert_eq!(time_left_seconds(&snapshot), None, "{useless}");
    }
    snapshot.vitals.batches_per_hour = None;
    assert_eq!(time_left_seconds(&snapshot), None);
}

#[test]
fn the_connection_of_a_viewer_is_told_in_words_when_it_changes() {
    let mut plain = Plain::new(Vec::new(), Duration::ZERO);
    let why = || "the connection was cut".to_owned();
    let past = |done, fell_behind| Standing::CatchingUp { done, of: 9000, fell_behind };
    let live =
        |behind_seconds, was_behind_seconds| Standing::Live { behind_seconds, was_behind_seconds };
    for standing in [
        Standing::Connecting { at: "unix:/run/a1.sock".to_owned() },
        past(0, false),
        past(4096, false),
        live(0, 0),
        live(0, 0),
        live(7, 0),
        live(8, 0),
        live(0, 8),
        live(0, 0),
        Standing::Retrying { in_seconds: 2, why: why() },
        Standing::Retrying { in_seconds: 1, why: why() },
        Standing::Connecting { at: "unix:/run/a1.sock".to_owned() },
        Standing::Retrying { in_seconds: 5, why: "the run cannot be reached".to_owned() },
        past(8000, true),
        live(0, 0),
        Standing::Over,
    ] {
        let picture = Picture { standing: Some(standing), ..Picture::empty() };
        plain.show(&picture, ViewNs(0), Timestamp::from_micros(0)).unwrap();
    }
    let lines = lines(plain).join("\n").replace("00:00:00 ", "");
    insta::assert_snapshot!(lines, @"
    info connecting to unix:/run/a1.sock
    info connected, reading the 9000 events until now
    info watching the run live
    warning this viewer is 7 seconds behind the run
    info watching the run live again, this viewer was 8 seconds behind
    critical no connection, next try in 2 seconds: the connection was cut
    critical no connection, next try in 5 seconds: the run cannot be reached
    warning this viewer fell behind by 1000 events, reading them
    info watching the run live
    ");
}

#[test]
fn what_happened_before_is_not_told_batch_by_batch() {
    let mut aggregator = Aggregator::new();
    let mut plain = Plain::new(Vec::new(), Duration::ZERO);
    let mut show = |aggregator: &Aggregator, standing| {
        let shown = Picture { standing: Some(standing), ..picture(aggregator, ViewNs(0), false) };
        plain.show(&shown, ViewNs(0), Timestamp::from_micros(0)).unwrap();
    };
    for incoming in demo::incoming(Scenario::Calm, 1) {
        aggregator.apply(&incoming, ViewNs(0));
        show(&aggregator, Standing::CatchingUp { done: 0, of: 600, fell_behind: false });
    }
    show(&aggregator, Standing::Live { behind_seconds: 0, was_behind_seconds: 0 });
    let lines = lines(plain);
    assert_eq!(batches(&lines).len(), 1, "{lines:#?}");
    assert!(lines[0].ends_with("info connected, reading the 600 events until now"), "{lines:#?}");
    assert!(lines[1].ends_with("info watching the run live"), "{lines:#?}");
}
