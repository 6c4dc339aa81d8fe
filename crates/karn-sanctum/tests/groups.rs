//! Runs and groups side by side, and rows that belong to none.

use leyline::{Event, GroupId, RunId};

use karn_sanctum::{Connection, Link};

use crate::support::{Feed, batch, envelope, heartbeat, key, malformed, start, update, with};

/// Feeds an event of a run and group.
fn of(feed: Feed, run: &str, group: &str, seq: u64, event: impl Into<Event>) -> Feed {
    let row = with(envelope(seq, 0.0, event), |row| {
        row.run_id = RunId::new(run).unwrap();
        row.group_id = GroupId::new(group).unwrap();
    });
    feed.envelope(0.0, row)
}

#[test]
fn keys_stand_in_the_order_of_their_first_rows() {
    let feed = of(Feed::new(), "b", "y", 0, heartbeat());
    let feed = of(feed, "b", "x", 1, heartbeat());
    let feed = of(feed, "a", "z", 0, heartbeat());
    let feed = of(feed, "b", "y", 2, heartbeat());
    assert_eq!(feed.aggregator.keys(), [key("b", "y"), key("b", "x"), key("a", "z")]);
}

#[test]
fn nobody_chose_shows_the_first_group_of_the_last_run() {
    assert_eq!(Feed::new().aggregator.default_key(), None);
    let feed = of(Feed::new(), "one", "x", 0, heartbeat());
    assert_eq!(feed.aggregator.default_key(), Some(key("one", "x")));
    let feed = of(feed, "one", "y", 1, start(1, 0));
    assert_eq!(feed.aggregator.default_key(), Some(key("one", "y")), "y started, x did not");
    let feed = of(feed, "one", "x", 2, start(1, 0));
    assert_eq!(feed.aggregator.default_key(), Some(key("one", "y")), "y started first");
    let feed = of(feed, "two", "a", 0, heartbeat());
    assert_eq!(feed.aggregator.default_key(), Some(key("one", "y")), "two has not started");
    let feed = of(feed, "two", "a", 1, start(1, 0));
    assert_eq!(feed.aggregator.default_key(), Some(key("two", "a")));
    let feed = of(feed, "one", "y", 3, start(1, 0));
    assert_eq!(feed.aggregator.default_key(), Some(key("two", "a")), "one started before");
    let feed = of(feed, "one", "late", 4, start(1, 0));
    assert_eq!(
        feed.aggregator.default_key(),
        Some(key("two", "a")),
        "a late group does not make a run late"
    );
}

#[test]
fn ap24_groups_do_not_touch_each_other() {
    let feed = of(Feed::new(), "r", "A", 0, start(10, 0));
    let feed = of(feed, "r", "B", 1, start(20, 5));
    let feed = of(feed, "r", "A", 2, with(update(1), |update| update.kl_divergence = Some(0.5)));
    let feed = of(feed, "r", "A", 3, batch(1));
    assert_eq!(feed.group("A", 0.0).current_batch, Some(1));
    let shown = feed.group("B", 0.0);
    assert_eq!((shown.current_batch, shown.policy.kl_divergence), (Some(5), None));
    assert_eq!(shown.group_id, GroupId::new("B").ok(), "TELE-750");
}

#[test]
fn tele_750_group_id_is_that_of_the_envelope() {
    assert_eq!(Feed::new().now(0.0).group_id, None);
    assert_eq!(Feed::new().at(0.0, heartbeat()).now(0.0).group_id, Some(GroupId::default()));
}

#[test]
fn a_row_without_a_run_counts_for_the_run_of_the_row_before() {
    let feed = of(Feed::new(), "one", "x", 0, heartbeat());
    let feed = of(feed, "two", "x", 0, heartbeat()).incoming(0.0, &malformed(None));
    let rejected = |run| {
        feed.aggregator.snapshot(&key(run, "x"), leyline::ViewNs(0)).telemetry.events_rejected
    };
    assert_eq!((rejected("one"), rejected("two")), (Some(0), Some(1)));
}

#[test]
fn a_row_without_a_run_before_any_run_counts_for_the_first_run_that_follows() {
    let feed = Feed::new().incoming(0.0, &malformed(None)).incoming(0.0, &malformed(None));
    let shown = feed.now(0.0);
    assert_eq!(
        (shown.telemetry.events_received, shown.telemetry.events_rejected),
        (Some(2), Some(2))
    );
    assert_eq!((shown.run_id, shown.event_log.len()), (None, 2));
    let feed = of(feed, "one", "x", 0, start(10, 0));
    let feed = of(feed, "two", "x", 0, start(10, 0));
    let shown = |run| feed.aggregator.snapshot(&key(run, "x"), leyline::ViewNs(0));
    assert_eq!(shown("one").telemetry.events_received, Some(3));
    assert_eq!(shown("one").telemetry.events_rejected, Some(2));
    assert_eq!(shown("two").telemetry.events_rejected, Some(0));
    assert_eq!(shown("one").event_log[0].message, "bad_json");
}

#[test]
fn a_run_of_rejected_rows_only_is_shown() {
    let feed = Feed::new().incoming(0.0, &malformed(Some("bad")));
    assert_eq!(feed.aggregator.default_key(), Some(key("bad", "default")));
    let shown = feed.now(0.0);
    assert_eq!((shown.run_id, shown.group_id), (RunId::new("bad").ok(), None));
    assert_eq!((shown.telemetry.events_rejected, shown.event_log.len()), (Some(1), 1));
    assert_eq!(shown.connection, Connection::Waiting);
    let feed = of(feed, "bad", "A", 0, start(10, 0));
    assert_eq!(feed.aggregator.keys(), [key("bad", "A")], "a rejected row makes no group");
    assert_eq!(feed.now(0.0).event_log[0].message, "bad_json");
}

#[test]
fn the_65th_group_is_rejected() {
    let feed =
        (0..65_u64).fold(Feed::new(), |feed, k| of(feed, "r", &format!("g{k}"), k, start(10, 0)));
    assert_eq!(feed.aggregator.keys().len(), 64);
    let shown = feed.group("g0", 0.0);
    assert_eq!(
        (shown.telemetry.events_received, shown.telemetry.events_rejected),
        (Some(65), Some(1))
    );
    assert_eq!(shown.event_log.last().unwrap().message, "bad_value:group_id");
    let feed = of(feed, "r", "g63", 65, batch(1));
    assert_eq!(feed.group("g63", 0.0).current_batch, Some(1));
}

#[test]
fn runs_beyond_the_limit_are_rejected() {
    let feed =
        (0..1025_u32).fold(Feed::new(), |feed, k| of(feed, &format!("r{k}"), "x", 0, start(10, 0)));
    assert_eq!(feed.aggregator.keys().len(), 1024);
    let shown = feed.aggregator.snapshot(&key("r1023", "x"), leyline::ViewNs(0));
    assert_eq!(shown.telemetry.events_rejected, Some(1));
    assert_eq!(shown.event_log.last().unwrap().message, "bad_value:run_id");
}

#[test]
fn a_group_that_is_not_there_is_shown_as_waiting() {
    let feed = Feed::new().at(0.0, start(10, 0));
    let shown = feed.group("other", 0.0);
    assert_eq!((shown.connection, shown.max_batches), (Connection::Waiting, 0));
    assert_eq!(shown.telemetry.events_received, Some(1));
    let nobody = feed.aggregator.snapshot(&key("nobody", "x"), leyline::ViewNs(0));
    assert_eq!((nobody.run_id, nobody.telemetry.events_received), (None, Some(0)));
    let closed = Feed::new().link(Link::TrainerAlive(false), 0.0).link(Link::Closed, 0.0).now(0.0);
    assert_eq!(
        (closed.connection, closed.training_thread_alive),
        (Connection::Disconnected, Some(false))
    );
}
