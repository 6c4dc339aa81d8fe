//! Joining late, leaving and coming back: the events are those of somebody who watched from the start.

use crossbeam_channel::bounded;
use leyline::Incoming;
use nissa::socket::{Link, Step, Why};
use proptest::prelude::*;
use simic_emitter::memory::gated;
use simic_emitter::{Bounds, Draft};
use tempfile::tempdir;

use crate::proxy::proxy;
use crate::support::{
    LONG, Run, Setup, Viewer, Way, eventually, heartbeat, recorded, seq, started,
};

fn numbers(events: &[Incoming]) -> Vec<u64> {
    events.iter().filter_map(seq).collect()
}

const fn is_over(step: &Step) -> bool {
    matches!(step, Step::Link(Link::Over))
}

#[test]
fn a_late_viewer_gets_everything_once() {
    for way in [Way::Local, Way::Asking] {
        let root = tempdir().unwrap();
        let run = Setup::default().start(&root);
        run.emit(6000);
        let viewer = Viewer::start(&run.at, way);
        let mut events = viewer.until_live();
        run.emit(500);
        run.settle();
        let all = run.recorded();
        assert!(run.end(), "{way:?}");
        events.extend(viewer.until_over());
        assert_eq!(numbers(&events), (0..6500).collect::<Vec<_>>(), "{way:?}");
        assert_eq!(events, all, "{way:?}");
        assert_eq!(viewer.leave(), Some(6499));
    }
}

#[test]
fn steps_say_what_happens_in_order() {
    let root = tempdir().unwrap();
    let run = Setup::default().start(&root);
    run.emit(3);
    run.settle();
    let viewer = Viewer::start(&run.at, Way::Asking);
    let mut seen = Vec::new();
    let mut step = || {
        let step = viewer.steps.recv_timeout(LONG).unwrap();
        seen.push(match step {
            Step::Event(event) => seq(&event).unwrap().to_string(),
            Step::Link(Link::Connected(welcome)) => format!("connected to {}", welcome.run_id),
            Step::Link(link) => format!("{link:?}"),
        });
    };
    for _ in 0..7 {
        step();
    }
    assert!(run.end());
    step();
    let expected = [
        "Connecting",
        "connected to run",
        "CatchingUp { done: 0, of: 3 }",
        "0",
        "1",
        "2",
        "Live { from: 3, lost_before: true }",
        "Over",
    ];
    assert_eq!(seen, expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    /// Wherever the connection is cut, be it in the middle of a frame, and whenever the viewer came.
    #[test]
    fn cuts_leave_no_gap_and_no_duplicate(
        before in 0_u64..3000,
        bursts in prop::collection::vec(1_u64..600, 1..6),
        // The first try must get through a welcome, or there is no run to come back to.
        first_cut in 40_000_usize..120_000,
        cuts in prop::collection::vec(1_usize..60_000, 0..6),
        local in any::<bool>(),
    ) {
        let root = tempdir().unwrap();
        let run = Setup::default().start(&root);
        run.emit(before);
        let (sender, receiver) = bounded(16);
        for cut in std::iter::once(first_cut).chain(cuts) {
            sender.send(cut).unwrap();
        }
        let through = proxy(&root.path().join("proxy.sock"), &run.at, receiver);
        let viewer = Viewer::start(&through, if local { Way::Local } else { Way::Asking });
        let mut last = before;
        for burst in bursts {
            run.emit(burst);
            run.settle();
            last += burst;
        }
        let events = viewer.until_seq(last - 1);
        prop_assert_eq!(numbers(&events), (0..last).collect::<Vec<_>>());
        prop_assert_eq!(events, run.recorded());
        viewer.leave();
        prop_assert!(run.end());
    }
}

#[test]
fn what_the_socket_lost_comes_from_the_log() {
    for way in [Way::Local, Way::Asking] {
        let root = tempdir().unwrap();
        let (keep, kept) = bounded(1);
        let setup = Setup { bounds: Bounds { lossy: 1, lossless: 2 }, ..Setup::default() };
        let run = setup.start_with(&root, |sink| {
            let (sink, gate) = gated(sink);
            keep.send(gate).unwrap();
            sink
        });
        let gate = kept.recv().unwrap();
        let viewer = Viewer::start(&run.at, way);
        viewer.until_live();
        run.emit(1);
        assert_eq!(gate.wait(), Some(0));
        // One waits, the others find no room.
        run.emit(19);
        gate.open();
        run.settle();
        run.emit(1);
        assert_eq!(numbers(&viewer.until_seq(20)), (0..=20).collect::<Vec<_>>(), "{way:?}");
        assert_eq!(run.hub.counts()[1].dropped(), 18);
        viewer.leave();
    }
}

#[test]
fn a_log_that_is_ahead_of_the_socket_repeats_nothing() {
    for way in [Way::Local, Way::Asking] {
        let root = tempdir().unwrap();
        let (keep, kept) = bounded(1);
        let run = Setup::default().start_with(&root, |sink| {
            let (sink, gate) = gated(sink);
            keep.send(gate).unwrap();
            sink
        });
        let gate = kept.recv().unwrap();
        run.emit(20);
        assert_eq!(gate.wait(), Some(0));
        eventually(|| run.recorded().len() == 20);
        let viewer = Viewer::start(&run.at, way);
        assert_eq!(numbers(&viewer.until_seq(19)), (0..20).collect::<Vec<_>>(), "{way:?}");
        // Now the socket gets to events that this viewer has from the log.
        gate.open();
        run.emit(1);
        assert_eq!(numbers(&viewer.until_seq(20)), [20], "{way:?}");
        assert_eq!(viewer.leave(), Some(20));
    }
}

#[test]
fn of_a_run_without_a_log_a_late_viewer_gets_the_start() {
    let root = tempdir().unwrap();
    let run = Setup::without_log().start(&root);
    run.emit(5);
    run.hub.emit(Draft::new(started()));
    run.emit(5);
    run.settle();
    let (cut, cuts) = bounded(1);
    cut.send(usize::MAX).unwrap();
    let through = proxy(&root.path().join("proxy.sock"), &run.at, cuts);
    let viewer = Viewer::start(&through, Way::Local);
    let mut live = None;
    let mut events = viewer.until(|step| {
        if let Step::Link(Link::Live { from, lost_before }) = step {
            live = Some((*from, *lost_before));
        }
        live.is_some()
    });
    assert_eq!(live, Some((11, false)), "what was before is no loss");
    run.emit(1);
    run.settle();
    events.extend(viewer.until_seq(11));
    assert_eq!(numbers(&events), [5, 11]);
    assert!(run.end());
    viewer.until_over();
}

#[test]
fn a_viewer_of_a_run_without_a_log_sees_what_it_missed_as_lost() {
    let root = tempdir().unwrap();
    let run = Setup::without_log().start(&root);
    run.emit(1);
    run.settle();
    // The welcome and the first events pass, then the connection is cut in the middle of one.
    let (cut, cuts) = bounded(1);
    cut.send(60_000).unwrap();
    let through = proxy(&root.path().join("proxy.sock"), &run.at, cuts);
    let viewer = Viewer::start(&through, Way::Local);
    viewer.until_live();
    let mut live = None;
    for n in 1.. {
        run.hub.emit(Draft::new(heartbeat()).with_message("x".repeat(4000)));
        run.settle();
        if n == 20 {
            break;
        }
    }
    viewer.until(|step| {
        if let Step::Link(Link::Live { from, lost_before }) = step {
            live = Some((*from, *lost_before));
        }
        live.is_some()
    });
    let (from, lost_before) = live.unwrap();
    assert!(lost_before && from <= 21, "{from}");
    viewer.leave();
    assert!(run.end());
}

#[test]
fn the_end_of_a_killed_run_is_read_from_its_log() {
    let root = tempdir().unwrap();
    let Run { hub, guard, server, at, clock: _, log } = Setup::default().start(&root);
    let viewer = Viewer::start(&at, Way::Local);
    viewer.until_live();
    // Nobody says goodbye on behalf of the run.
    drop(server);
    viewer.until(|step| {
        matches!(step, Step::Link(Link::Retrying { why: Why::Cut | Why::Unreachable, .. }))
    });
    for _ in 0..100 {
        hub.emit(heartbeat());
    }
    assert!(guard.close(LONG));
    let events = viewer.until(is_over);
    assert_eq!(events, recorded(&log.unwrap()));
    assert_eq!(events.len(), 100);
    assert_eq!(viewer.leave(), Some(99));
}

#[test]
fn another_run_at_the_same_place_begins_afresh() {
    let root = tempdir().unwrap();
    let first = Setup { name: "first", ..Setup::without_log() }.start(&root);
    first.emit(10);
    first.settle();
    let viewer = Viewer::start(&first.at, Way::Local);
    viewer.until_live();
    first.emit(1);
    viewer.until_seq(10);
    drop(first.server);
    assert!(first.guard.close(LONG));
    let second = Setup { name: "second", ..Setup::default() }.start(&root);
    second.emit(5);
    viewer.until(|step| {
        matches!(step, Step::Link(Link::Connected(welcome)) if welcome.run_id.as_str() == "second")
    });
    assert_eq!(numbers(&viewer.until_seq(4)), [0, 1, 2, 3, 4]);
    assert!(second.end());
    viewer.until_over();
}

#[test]
fn a_viewer_stops_at_once_wherever_it_is() {
    let root = tempdir().unwrap();
    let run = Setup::default().start(&root);
    run.emit(2);
    run.settle();
    let live = Viewer::start(&run.at, Way::Local);
    live.until_live();
    assert_eq!(live.leave(), Some(1));
    let retrying = Viewer::start(&run.at, Way::Asking);
    retrying.until_live();
    drop(run.server);
    retrying.until(|step| matches!(step, Step::Link(Link::Retrying { .. })));
    assert_eq!(retrying.leave(), Some(1));
}
