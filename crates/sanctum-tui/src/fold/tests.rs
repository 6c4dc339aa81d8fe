//! The thread that folds: what it shows, of which group, and how it ends.

use karn_sanctum::Connection;
use karn_sanctum::aggregator::Link;
use leyline::GroupId;
use leyline::demo::{self, Scenario};

use super::*;
use crate::time::machine::tests::log;

const LONG: Duration = Duration::from_secs(600);

/// A fold that no tick disturbs, and the way to it.
fn fold() -> (Sender<Arrival>, Fold) {
    let (out, arrivals) = bounded(100_000);
    (out, Fold::start(arrivals, LONG, Clock::new()).unwrap())
}

fn send(out: &Sender<Arrival>, scenario: Scenario) {
    for incoming in demo::incoming(scenario, 1) {
        out.send(Arrival::Event(incoming)).unwrap();
    }
}

#[test]
fn the_last_picture_says_that_it_is_the_last() {
    let (out, fold) = fold();
    send(&out, Scenario::LossyLink);
    drop(out);
    let last = fold.latest.recv_timeout(LONG).unwrap();
    assert!(last.ended);
    assert_eq!(
        (last.snapshot.connection, last.snapshot.current_batch),
        (Connection::Finished, Some(20))
    );
    assert!(fold.latest.recv_timeout(LONG).is_err(), "nothing follows");
    assert!(fold.join());
}

#[test]
fn a_tick_makes_a_picture_without_any_event() {
    let (out, arrivals) = bounded(1);
    let fold = Fold::start(arrivals, Duration::from_millis(1), Clock::new()).unwrap();
    let picture = fold.latest.recv_timeout(LONG).unwrap();
    assert_eq!((picture.ended, picture.snapshot.connection), (false, Connection::Waiting));
    drop(out);
}

#[test]
fn every_batch_is_a_picture_for_the_plain_view() {
    let (out, fold) = fold();
    let pictures = fold.each_batch();
    assert_eq!(pictures.recv_timeout(LONG).unwrap().snapshot.current_batch, None);
    send(&out, Scenario::LossyLink);
    out.send(Arrival::Link(Link::Closed)).unwrap();
    drop(out);
    let mut batches: Vec<_> =
        pictures.iter().filter_map(|picture| picture.snapshot.current_batch).collect();
    batches.dedup();
    assert_eq!(batches, (0..=20).collect::<Vec<_>>());
    assert!(fold.join());
}

#[test]
fn lines_from_the_start_miss_nothing_of_a_run_that_is_over_at_once() {
    let (out, arrivals) = bounded(100_000);
    send(&out, Scenario::LossyLink);
    out.send(Arrival::Link(Link::Closed)).unwrap();
    drop(out);
    let (fold, pictures) = Fold::start_with_lines(arrivals, LONG, Clock::new()).unwrap();
    let mut batches: Vec<_> =
        pictures.iter().map(|picture| picture.snapshot.current_batch).collect();
    batches.dedup();
    let expected = std::iter::once(None).chain((0..=20).map(Some));
    assert_eq!(batches, expected.collect::<Vec<_>>());
    assert!(fold.join());
}

#[test]
fn a_plain_view_that_goes_away_does_not_hold_the_fold() {
    let (out, fold) = fold();
    drop(fold.each_batch());
    send(&out, Scenario::Calm);
    drop(out);
    assert!(fold.join());
}

#[test]
fn another_group_is_shown_on_request_and_an_unknown_one_is_not() {
    let (out, fold) = fold();
    let pictures = fold.each_batch();
    for group in ["a", "b"] {
        for mut event in demo::events(Scenario::Calm, 1).into_iter().take(20) {
            // One run with two groups needs rising numbers.
            event.seq += if group == "b" { 1000 } else { 0 };
            event.group_id = GroupId::new(group).unwrap();
            out.send(Arrival::Event(Incoming::Known(Arc::new(event)))).unwrap();
        }
    }
    let shown = |wanted: &str| {
        let is = |picture: &Arc<Picture>| {
            let group = picture.snapshot.group_id.as_ref();
            picture.groups.len() == 2 && group.is_some_and(|group| group.as_str() == wanted)
        };
        while !is(&pictures.recv_timeout(LONG).unwrap()) {}
    };
    shown("a");
    fold.show_group(1);
    shown("b");
    fold.show_group(0);
    shown("a");
    fold.show_group(9);
    shown("a");
    drop(out);
}

#[test]
fn a_late_viewer_of_a_long_run_sees_its_end_until_it_was_read() {
    let events: Vec<_> = demo::stream(1).take(150_000).collect();
    let root = tempfile::tempdir().unwrap();
    let (out, fold) = fold();
    let catching_up = Feed::CatchingUp { done: 0, of: 150_000, fell_behind: false };
    out.send(Arrival::Log(log(&root, &events))).unwrap();
    out.send(Arrival::Feed(catching_up)).unwrap();
    let event = |at: usize| Arrival::Event(Incoming::Known(Arc::new(events[at].clone())));
    out.send(event(0)).unwrap();
    let early = fold.latest.recv_timeout(LONG).unwrap();
    assert!(!early.snapshot.is_whole() && early.snapshot.policy.kl_divergence.is_some());
    assert!(matches!(early.standing, Some(Standing::CatchingUp { .. })));
    assert_eq!(early.moment.as_ref().unwrap().motion, Motion::Live);
    for at in 1..200 {
        out.send(event(at)).unwrap();
    }
    out.send(Arrival::Feed(Feed::Live)).unwrap();
    drop(out);
    let last = fold.latest.iter().last().unwrap();
    assert!(last.snapshot.is_whole());
    assert_eq!(last.snapshot.telemetry.events_received, Some(200));
    assert!(fold.join());
}
