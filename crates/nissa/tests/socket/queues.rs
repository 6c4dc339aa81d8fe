//! Viewers that do not read, and what they cost others: nothing.

use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use nissa::socket::{Client, ClosingReason, Endpoint, Heard, Limits, LineError, QueueBounds};
use simic_emitter::Draft;
use tempfile::tempdir;

use crate::support::{
    LONG, Run, Setup, Viewer, Way, connect, eventually, heartbeat, seq, until_live,
};

/// More than the system keeps for a connection.
const EVENTS: u64 = 400;

fn small_queue(farewell: Duration) -> Setup {
    let queue = QueueBounds { frames: 64, bytes: 1 << 20 };
    let limits = Limits { queue, farewell, ..Limits::default() };
    Setup { limits, ..Setup::default() }
}

/// Emits large events one by one, each once everybody who reads has the one before.
fn emit_in_step(run: &Run, viewers: &[Viewer]) {
    for n in 0..EVENTS {
        run.hub.emit(Draft::new(heartbeat()).with_message("x".repeat(4000)));
        for viewer in viewers {
            let events = viewer.until_seq(n);
            assert_eq!(events.len(), 1, "{n}");
        }
    }
}

/// Reads until the connection ends; returns the last number, and the reason if there is one.
fn read_out(client: &mut Client, mut have: Option<u64>) -> (Option<u64>, Option<ClosingReason>) {
    loop {
        match client.read(Some(LONG)) {
            Ok(Heard::Event(event)) => {
                let seq = seq(&event);
                assert!(have < seq, "{have:?} {seq:?}");
                have = seq;
            }
            Ok(Heard::Live { .. }) => {}
            Ok(Heard::Closing(closing)) => return (have, Some(closing.reason)),
            Ok(other @ (Heard::Fetched { .. } | Heard::TimedOut)) => panic!("{other:?}"),
            Err(LineError::Gone) => return (have, None),
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn a_viewer_that_does_not_read_is_given_up_and_repairs_itself() {
    let root = tempdir().unwrap();
    let run = small_queue(LONG).start(&root);
    let quick: Vec<_> = [Way::Local, Way::Asking].map(|way| Viewer::start(&run.at, way)).into();
    for viewer in &quick {
        viewer.until_live();
    }
    let mut slow = connect(&run.at).unwrap();
    slow.join(None, true).unwrap();
    until_live(&mut slow);
    emit_in_step(&run, &quick);
    assert_eq!(run.hub.counts()[1].dropped(), 0);
    let (have, reason) = read_out(&mut slow, None);
    assert_eq!(reason, Some(ClosingReason::TooSlow));
    assert!(have < Some(EVENTS - 1), "{have:?}");
    let mut again = connect(&run.at).unwrap();
    again.join(have, true).unwrap();
    let (from, rest) = until_live(&mut again);
    assert_eq!(from, EVENTS);
    assert_eq!(rest, (have.map_or(0, |have| have + 1)..EVENTS).collect::<Vec<_>>());
    assert!(quick.into_iter().all(|viewer| viewer.leave() == Some(EVENTS - 1)));
}

#[test]
fn a_stuck_viewer_is_cut_and_its_seat_is_free() {
    let root = tempdir().unwrap();
    let run = small_queue(Duration::ZERO).start(&root);
    let quick = [Viewer::start(&run.at, Way::Local)];
    quick[0].until_live();
    let mut stuck = connect(&run.at).unwrap();
    stuck.join(None, true).unwrap();
    until_live(&mut stuck);
    assert_eq!(run.server.viewers(), 2);
    emit_in_step(&run, &quick);
    eventually(|| run.server.viewers() == 1);
    let (have, reason) = read_out(&mut stuck, None);
    assert!(have < Some(EVENTS - 1) && reason.is_none(), "{have:?} {reason:?}");
    assert!(run.end());
}

#[test]
fn a_viewer_that_joined_has_nothing_more_to_say() {
    let root = tempdir().unwrap();
    let run = Setup::default().start(&root);
    let mut viewer = connect(&run.at).unwrap();
    viewer.join(None, false).unwrap();
    until_live(&mut viewer);
    viewer.fetch(0, None).unwrap();
    let (_, reason) = read_out(&mut viewer, None);
    assert_eq!(reason, Some(ClosingReason::Message));
}

#[test]
fn history_is_sent_in_parts_on_request() {
    let root = tempdir().unwrap();
    let run = Setup::default().start(&root);
    run.emit(50);
    run.settle();
    let mut viewer = connect(&run.at).unwrap();
    let mut fetch = |from, to| {
        viewer.fetch(from, to).unwrap();
        let mut numbers = Vec::new();
        loop {
            match viewer.read(Some(LONG)).unwrap() {
                Heard::Event(event) => numbers.extend(seq(&event)),
                Heard::Fetched { to } => return (numbers, to),
                other @ (Heard::Live { .. } | Heard::Closing(_) | Heard::TimedOut) => {
                    panic!("{other:?}")
                }
            }
        }
    };
    assert_eq!(fetch(3, Some(6)), (vec![3, 4, 5], 6));
    assert_eq!(fetch(6, Some(7)), (vec![6], 7));
    assert_eq!(fetch(40, None), ((40..50).collect(), 50));
    assert_eq!(fetch(0, Some(2)), (vec![0, 1], 2));
    assert_eq!(fetch(48, Some(99)), (vec![48, 49], 50));
    assert_eq!(fetch(60, None), (vec![], 60));
    assert_eq!(fetch(5, Some(5)), (vec![], 5));
}

#[test]
fn closing_ends_every_connection_in_time() {
    let root = tempdir().unwrap();
    let run = Setup::default().start(&root);
    let Endpoint::Unix(path) = &run.at else { panic!() };
    let mut silent = UnixStream::connect(path).unwrap();
    silent.write_all(&[1, 0]).unwrap();
    let mut seated = connect(&run.at).unwrap();
    let mut watching = connect(&run.at).unwrap();
    watching.join(None, false).unwrap();
    until_live(&mut watching);
    run.emit(3);
    assert!(run.end(), "nobody was stuck");
    assert_eq!(read_out(&mut watching, None), (Some(2), Some(ClosingReason::RunOver)));
    assert_eq!(read_out(&mut seated, None), (None, None));
}

#[test]
fn a_viewer_that_does_not_read_is_cut_at_the_end_of_the_grace() {
    let root = tempdir().unwrap();
    let Run { hub, guard, server, at, clock: _, log: _ } = Setup::default().start(&root);
    let mut stuck = connect(&at).unwrap();
    stuck.join(None, false).unwrap();
    until_live(&mut stuck);
    for _ in 0..EVENTS {
        hub.emit(Draft::new(heartbeat()).with_message("x".repeat(4000)));
    }
    assert!(guard.close(LONG), "the hub waits for no viewer");
    assert!(!server.close(Duration::from_millis(50)));
    let (have, reason) = read_out(&mut stuck, None);
    assert!(have < Some(EVENTS - 1) && reason.is_none(), "{have:?} {reason:?}");
}
