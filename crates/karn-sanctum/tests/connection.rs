//! The link to a run: live, slow, stale, closed, and the trainer's thread.

use leyline::{FinishReason, Health};

use karn_sanctum::{Connection, Link, Settings, verdict};

use crate::support::{Feed, finish, heartbeat, malformed, near, start};

fn running() -> Feed {
    Feed::new().received(2.0, 100.0, start(10, 0)).received(12.0, 110.0, heartbeat())
}

#[track_caller]
fn check(now: f64, staleness: f64, connection: Connection) {
    let shown = running().now(now);
    near(shown.staleness_seconds, Some(staleness));
    assert_eq!(shown.connection, connection);
}

#[test]
fn tele_702_staleness_counts_from_the_latest_accepted_event() {
    check(111.5, 1.5, Connection::Live);
    check(112.0, 2.0, Connection::Slow);
    check(113.0, 3.0, Connection::Slow);
    check(114.999, 4.999, Connection::Slow);
    check(115.0, 5.0, Connection::Stale);
    check(120.0, 10.0, Connection::Stale);
    check(109.0, 0.0, Connection::Live);
    let grades = [1.999, 2.0, 4.999, 5.0]
        .map(|seconds| verdict::staleness(&Settings::default(), Some(seconds)));
    assert_eq!(
        grades,
        [Health::Healthy, Health::Warning, Health::Warning, Health::Critical],
        "AT12"
    );
    assert_eq!(verdict::staleness(&Settings::default(), None), Health::NoData);
}

#[test]
fn tele_702_rejected_rows_are_no_news() {
    let feed = running().incoming(119.0, &malformed(Some("r")));
    near(feed.now(120.0).staleness_seconds, Some(10.0));
    let feed = feed.unknown(13.0, "SEED_PRUNED");
    near(feed.now(14.0).staleness_seconds, Some(1.0));
}

#[test]
fn tele_701_connected_says_whether_the_run_is_known_and_its_source_open() {
    assert!(!Feed::new().now(0.0).connected);
    assert!(!Feed::new().at(0.0, heartbeat()).now(0.0).connected);
    assert!(running().now(111.0).connected);
    assert!(running().now(500.0).connected);
    assert!(!running().link(Link::Closed, 111.0).now(111.0).connected);
    let over = running().received(14.0, 112.0, finish(FinishReason::Failed));
    assert!(over.link(Link::Closed, 113.0).now(113.0).connected);
}

#[test]
fn tele_703_thread_is_alive_as_the_source_says() {
    assert_eq!(running().now(110.0).training_thread_alive, None);
    let alive = running().link(Link::TrainerAlive(true), 110.0);
    assert_eq!(alive.now(110.0).training_thread_alive, Some(true));
    let dead = alive.link(Link::TrainerAlive(false), 111.0);
    assert_eq!(dead.now(111.0).training_thread_alive, Some(false));
    let alive_unless_over = verdict::training_thread_alive;
    assert_eq!(alive_unless_over(None, None), Health::NoData);
    assert_eq!(alive_unless_over(Some(true), None), Health::Healthy);
    assert_eq!(alive_unless_over(Some(false), None), Health::Critical);
    assert_eq!(alive_unless_over(Some(false), Some(FinishReason::Completed)), Health::Healthy);
}

#[test]
fn tele_002_tele_703_tele_780_a_run_of_rejected_rows_shows_source_and_counters() {
    let feed = Feed::new().link(Link::TrainerAlive(true), 0.0).incoming(0.0, &malformed(Some("r")));
    let shown = feed.now(0.0);
    assert_eq!(shown.run_id.as_ref().map(leyline::RunId::as_str), Some("r"));
    assert_eq!(shown.training_thread_alive, Some(true));
    assert_eq!(shown.telemetry.events_rejected, Some(1));
}

#[test]
fn tele_704_connection_takes_the_first_state_that_applies() {
    let of = |feed: &Feed, now| feed.now(now).connection;
    assert_eq!(of(&Feed::new(), 0.0), Connection::Waiting);
    assert_eq!(of(&Feed::new().at(0.0, heartbeat()), 0.0), Connection::Waiting);
    assert_eq!(of(&Feed::new().link(Link::Closed, 0.0), 0.0), Connection::Disconnected);
    let closed = running().link(Link::Closed, 111.0);
    assert_eq!(of(&closed, 111.0), Connection::Disconnected, "AP09");
    assert_eq!(of(&closed.link(Link::Open, 111.5), 111.5), Connection::Live);
    let over = running().received(14.0, 112.0, finish(FinishReason::Stopped));
    assert_eq!(of(&over.link(Link::Closed, 112.0), 112.0), Connection::Finished);
}

#[test]
fn tele_704_each_state_has_a_verdict() {
    for (connection, health) in [
        (Connection::Waiting, Health::NoData),
        (Connection::Live, Health::Healthy),
        (Connection::Slow, Health::Warning),
        (Connection::Stale, Health::Critical),
        (Connection::Disconnected, Health::Critical),
        (Connection::Finished, Health::Healthy),
        (Connection::Failed, Health::Critical),
    ] {
        assert_eq!(verdict::connection(connection), health, "{connection:?}");
    }
}
