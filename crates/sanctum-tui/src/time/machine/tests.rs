//! A machine beside full replays by the command `snapshot`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use leyline::demo::{self, Scenario};
use leyline::{Envelope, GroupId, Incoming, Timestamp};
use nissa::log::sink::{Fsync, LogSink};
use nissa::manifest::Manifest;
use nissa::{Recording, RunDir};
use proptest::prelude::*;
use simic_emitter::Sink as _;
use tempfile::TempDir;

use super::*;
use crate::cli::{
    Command, DisplayArgs, GroupArgs, Progress as Shown, ReadArgs, RunArgs, SnapshotArgs,
};
use crate::headless::{self, snapshot::to_json};
use crate::time::kept::{Keeper, Kept, Memory};
use crate::time::walker::Inputs;
use crate::time::{LandmarkKind, Way};
use crate::when::When;

mod preview;

/// So small that copies are thinned a few times.
const SMALL: Bounds = Bounds { bytes: 400_000, step: 8, long: 0 };
const SECOND: u64 = 1_000_000_000;
const NOW: ViewNs = ViewNs(0);

fn on_files(path: &Path) -> Machine {
    let walker = || Walker::new(Inputs::Recording(Box::new(Recording::open(path).unwrap())));
    Machine::new(walker(), walker(), Wanted::default(), SMALL)
}

fn on_memory(kept: Kept) -> Walker {
    Walker::new(Inputs::Kept(Box::new(kept)))
}

/// Works until nothing is left to do.
fn settle(machine: &mut Machine) {
    while machine.work(NOW).unwrap() != Work::Idle {}
}

fn go(machine: &mut Machine, goal: Goal) -> Picture {
    machine.ask(Ask::Go(goal));
    settle(machine);
    machine.picture()
}

fn place(picture: &Picture) -> u64 {
    picture.moment.as_ref().unwrap().place
}

/// What the command says about a moment.
fn commanded(path: &Path, at: &str, group: Option<&str>) -> String {
    let run =
        RunArgs { source: path.to_owned(), run_dir: None, progress: Shown::Silent, state: None };
    let group = GroupArgs { group: group.map(ToOwned::to_owned), run_id: None };
    let read = ReadArgs { run, at: at.to_owned(), now: None, closed: false, group };
    let command = Command::Snapshot(SnapshotArgs { read, json: true, get: None });
    let (mut out, mut notes) = (Vec::new(), Vec::new());
    let display = display();
    // Damage is told after the output.
    headless::run(&command, &display, &mut out, &mut notes).ok();
    String::from_utf8(out).unwrap()
}

fn display() -> DisplayArgs {
    use clap::Parser as _;
    crate::cli::Cli::parse_from(["sanctum-tui"]).display
}

fn json(picture: &Picture) -> String {
    to_json(&picture.snapshot) + "\n"
}

/// Writes events as a log, and returns its directory.
pub(crate) fn log(root: &TempDir, events: &[Envelope]) -> PathBuf {
    let (dir, _) = RunDir::create(root.path(), &events[0].run_id).unwrap();
    let manifest = Manifest::new(events[0].run_id.clone(), Timestamp::from_micros(0));
    let mut sink = LogSink::create(&dir, &manifest, Fsync::Never).unwrap();
    for event in events {
        sink.accept(&Arc::new(event.clone())).unwrap();
    }
    sink.flush().unwrap();
    dir.path().to_owned()
}

fn rows(root: &TempDir, events: &[Envelope], garbage: &[usize]) -> PathBuf {
    let mut text = String::new();
    for (at, event) in events.iter().enumerate() {
        if garbage.contains(&at) {
            text.push_str("no row\n");
        }
        leyline::wire::encode_row(event, &mut text);
        text.push('\n');
    }
    let path = root.path().join("run.jsonl");
    std::fs::write(&path, text).unwrap();
    path
}

/// Two groups that take turns, in one run.
fn two_groups(seed: u64) -> Vec<Envelope> {
    let mut all: Vec<Envelope> = Vec::new();
    for (group, scenario) in [("a", Scenario::Calm), ("b", Scenario::KlSpike)] {
        for mut event in demo::events(scenario, seed) {
            event.group_id = GroupId::new(group).unwrap();
            all.push(event);
        }
    }
    let run = all[0].run_id.clone();
    all.sort_by_key(|event| event.mono_ns);
    for (seq, event) in all.iter_mut().enumerate() {
        (event.seq, event.run_id) = (seq as u64, run.clone());
    }
    all
}

/// A moment in every way in which it can be named.
fn moments(events: &[Envelope], at: usize) -> Vec<String> {
    let event = &events[at.min(events.len() - 1)];
    let since = event.mono_ns.0.saturating_sub(events[0].mono_ns.0);
    vec![
        format!("seq:{}", event.seq),
        format!("batch:{}", at / 9 + 1),
        format!("time:{}ms", since / 1_000_000),
        format!("ts:{}", event.ts),
    ]
}

#[track_caller]
fn check(machine: &mut Machine, path: &Path, at: &str, group: Option<&str>) {
    let picture = go(machine, Goal::When(at.parse().unwrap()));
    assert_eq!(json(&picture), commanded(path, at, group), "{at}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_moment_is_that_of_a_full_replay(
        seed in 0_u64..1000,
        scenario in 0_usize..5,
        is_log in any::<bool>(),
        holes in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        garbage in prop::collection::vec(0_usize..300, 0..4),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        points in prop::collection::vec(any::<prop::sample::Index>(), 4),
        early in any::<bool>(),
    ) {
        let mut events = match scenario {
            0 => demo::events(Scenario::Calm, seed),
            1 => demo::events(Scenario::KlSpike, seed),
            2 => demo::events(Scenario::EntropyCollapse, seed),
            3 => demo::events(Scenario::LossyLink, seed),
            _ => two_groups(seed),
        };
        for hole in &holes {
            events.remove(hole.index(events.len() - 1) + 1);
        }
        let root = TempDir::new().unwrap();
        let path = if is_log {
            let path = log(&root, &events);
            let segment = path.join("events-00000.slog");
            let mut bytes = std::fs::read(&segment).unwrap();
            let header = bytes.len() / 4;
            for (at, byte) in &damage {
                let at = header + at.index(bytes.len() - header);
                bytes[at] = *byte;
            }
            std::fs::write(&segment, bytes).unwrap();
            path
        } else {
            rows(&root, &events, &garbage)
        };
        let mut machine = on_files(&path);
        if !early {
            settle(&mut machine);
        }
        for point in &points {
            for at in moments(&events, point.index(events.len())) {
                check(&mut machine, &path, &at, None);
            }
        }
        check(&mut machine, &path, "start", None);
        check(&mut machine, &path, "end", None);
        if scenario == 4 {
            let key = RunKey { run_id: events[0].run_id.clone(), group_id: GroupId::new("b").unwrap() };
            machine.ask(Ask::Group(key));
            for at in moments(&events, points[0].index(events.len())) {
                // A group that is not there yet is an error of the command, and the usual one of the screen.
                let expected = commanded(&path, &at, Some("b"));
                let picture = go(&mut machine, Goal::When(at.parse().unwrap()));
                prop_assert!(expected.is_empty() || json(&picture) == expected, "{at}");
            }
        }
    }

    #[test]
    fn any_place_is_the_fold_of_so_many_inputs(
        seed in 0_u64..1000,
        places in prop::collection::vec(0_u64..1200, 12),
    ) {
        let events = demo::events(Scenario::LossyLink, seed);
        let root = TempDir::new().unwrap();
        let mut machine = on_files(&log(&root, &events));
        for wanted in places {
            let picture = go(&mut machine, Goal::Place(wanted));
            let count = wanted.min(events.len() as u64);
            let mut full = Replay::new();
            for event in &events[..count as usize] {
                full.fold(&Incoming::Known(Arc::new(event.clone())));
            }
            let key = full.shown(&Wanted::default());
            prop_assert_eq!(place(&picture), count);
            prop_assert_eq!(json(&picture), json(&full.picture(key.as_ref(), 0)));
        }
    }
}

#[test]
fn copies_are_thinned_within_their_budget() {
    let root = TempDir::new().unwrap();
    let events: Vec<Envelope> = demo::stream(3).take(4000).collect();
    let mut machine = on_files(&log(&root, &events));
    settle(&mut machine);
    let (count, bytes, step) = machine.copies.size();
    assert!(
        bytes <= SMALL.bytes && SMALL.step < step,
        "{count} copies of {bytes} bytes, every {step}"
    );
    assert!(2 < count, "{count}");
    assert_eq!(place(&go(&mut machine, Goal::Place(3999))), 3999);
}

#[test]
fn steps_go_from_event_to_event_from_batch_to_batch_and_stop_at_the_ends() {
    let events = demo::events(Scenario::Calm, 1);
    let ends: Vec<u64> = (1_u64..)
        .zip(&events)
        .filter(|(_, event)| event.event.kind() == leyline::EventKind::BatchEpochCompleted)
        .map(|(place, _)| place)
        .collect();
    let root = TempDir::new().unwrap();
    let mut machine = on_files(&log(&root, &events));
    settle(&mut machine);
    let last = events.len() as u64;
    let mut to = |goal| place(&go(&mut machine, goal));
    assert_eq!(to(Goal::When("batch:3".parse().unwrap())), ends[2]);
    assert_eq!(
        [to(Goal::Batches(1)), to(Goal::Batches(-1)), to(Goal::Batches(5))],
        [ends[3], ends[2], ends[7]]
    );
    assert_eq!([to(Goal::Events(1)), to(Goal::Events(-2))], [ends[7] + 1, ends[7] - 1]);
    assert_eq!(
        to(Goal::Batches(-1)),
        ends[6],
        "an event before the end of a batch is in that batch"
    );
    assert_eq!(
        [to(Goal::Batches(-100)), to(Goal::Batches(-1)), to(Goal::Events(-9))],
        [ends[0], 0, 0]
    );
    assert_eq!(
        [to(Goal::Batches(1000)), to(Goal::Batches(1)), to(Goal::Events(9))],
        [*ends.last().unwrap(), last, last]
    );
}

#[test]
fn a_later_ask_takes_the_place_of_an_earlier_one_and_steps_add_up() {
    let events: Vec<Envelope> = demo::stream(3).take(9000).collect();
    let root = TempDir::new().unwrap();
    let mut machine = on_files(&log(&root, &events));
    settle(&mut machine);
    let before = machine.walker.replay.place;
    for place in [8999, 8000, 10] {
        machine.ask(Ask::Go(Goal::Place(place)));
    }
    for _ in 0..7 {
        machine.ask(Ask::Go(Goal::Events(1)));
    }
    assert_eq!(machine.asks.len(), 2, "what is void waits no more");
    assert_eq!(before, 0);
    settle(&mut machine);
    assert_eq!(place(&machine.picture()), 17);
    // A long way is left for a newer ask after a bounded piece of work.
    machine.copies = Copies::new(
        &Walker::new(Inputs::Recording(Box::new(
            Recording::open(&root.path().join(events[0].run_id.as_str())).unwrap(),
        ))),
        Bounds { bytes: 0, step: u64::MAX, long: 0 },
    );
    machine.ask(Ask::Go(Goal::Place(8500)));
    assert_eq!(machine.work(NOW).unwrap(), Work::Busy);
    assert!(machine.walker.replay.place < 8500);
    machine.ask(Ask::Go(Goal::Place(20)));
    settle(&mut machine);
    assert_eq!(place(&machine.picture()), 20);
}

#[test]
fn a_replay_goes_at_the_pace_of_the_run_times_its_speed() {
    let events = demo::events(Scenario::Calm, 1);
    let root = TempDir::new().unwrap();
    let mut machine = on_files(&log(&root, &events));
    settle(&mut machine);
    let first = events[0].mono_ns.0;
    let due = |run_ns: u64| {
        events.iter().filter(|event| event.mono_ns.0 <= first + run_ns).count() as u64
    };
    let at = |machine: &mut Machine, ns: u64| {
        while machine.work(ViewNs(ns)).unwrap() != Work::Idle {}
        place(&machine.picture())
    };
    machine.ask(Ask::Play);
    assert_eq!(at(&mut machine, 5 * SECOND), due(0));
    assert_eq!(at(&mut machine, 8 * SECOND), due(3 * SECOND));
    machine.ask(Ask::Speed("x8".parse().unwrap()));
    assert_eq!(at(&mut machine, 8 * SECOND), due(3 * SECOND));
    assert_eq!(at(&mut machine, 9 * SECOND), due(11 * SECOND));
    machine.ask(Ask::Hold(None));
    assert_eq!(at(&mut machine, 90 * SECOND), due(11 * SECOND), "it stands still");
    machine.ask(Ask::Play);
    machine.ask(Ask::Speed("1024".parse().unwrap()));
    at(&mut machine, 100 * SECOND);
    assert_eq!(at(&mut machine, 1_000_000 * SECOND), events.len() as u64);
    assert_eq!(machine.picture().moment.unwrap().motion, Motion::Still, "the run is over");
}

#[test]
fn alerts_and_gaps_are_where_they_begin() {
    let events = demo::events(Scenario::KlSpike, 1);
    let root = TempDir::new().unwrap();
    let mut machine = on_files(&log(&root, &events));
    settle(&mut machine);
    let landmarks = machine.picture().moment.unwrap().extent.landmarks.clone();
    let alerts: Vec<u64> = landmarks.iter().map(|landmark| landmark.place).collect();
    assert!(!alerts.is_empty());
    assert!(landmarks.iter().all(|landmark| landmark.kind == LandmarkKind::Alert), "{landmarks:?}");
    let mut to = |goal| place(&go(&mut machine, goal));
    to(Goal::When(When::Start));
    let visited: Vec<u64> = alerts.iter().map(|_| to(Goal::Alert(Way::On))).collect();
    assert_eq!(visited, alerts);
    assert_eq!(to(Goal::Alert(Way::On)), *alerts.last().unwrap(), "there is no further one");
    to(Goal::When(When::End));
    assert_eq!(to(Goal::Alert(Way::Back)), *alerts.last().unwrap());

    let mut events = demo::events(Scenario::Calm, 1);
    events.drain(40..44);
    let root = TempDir::new().unwrap();
    let mut machine = on_files(&log(&root, &events));
    settle(&mut machine);
    let landmarks = machine.picture().moment.unwrap().extent.landmarks.clone();
    let gaps: Vec<u64> =
        landmarks.iter().filter(|l| l.kind == LandmarkKind::Gap).map(|l| l.place).collect();
    assert_eq!(gaps, [41]);
}

#[test]
fn two_moments_are_compared_and_the_view_stays_where_it_is() {
    let events = demo::events(Scenario::KlSpike, 1);
    let root = TempDir::new().unwrap();
    let mut machine = on_files(&log(&root, &events));
    go(&mut machine, Goal::Place(77));
    let when = |text: &str| Goal::When(text.parse().unwrap());
    machine.ask(Ask::Compare(when("batch:9"), when("batch:4")));
    settle(&mut machine);
    let picture = machine.picture();
    assert_eq!(place(&picture), 77);
    let comparison = picture.comparison.unwrap();
    let batches =
        (comparison.before.snapshot.current_batch, comparison.after.snapshot.current_batch);
    assert_eq!(batches, (Some(9), Some(4)));
    assert_eq!(comparison.before.tally.total(), comparison.before.place);
    machine.ask(Ask::Go(Goal::Events(1)));
    settle(&mut machine);
    let picture = machine.picture();
    assert_eq!((place(&picture), picture.comparison), (78, None));
}

#[test]
fn what_has_grown_is_followed_at_the_newest_and_waited_for_in_the_past() {
    let events = demo::events(Scenario::Calm, 1);
    let root = TempDir::new().unwrap();
    let (dir, _) = RunDir::create(root.path(), &events[0].run_id).unwrap();
    let manifest = Manifest::new(events[0].run_id.clone(), Timestamp::from_micros(0));
    let mut sink = LogSink::create(&dir, &manifest, Fsync::Never).unwrap();
    let mut write = |range: std::ops::Range<usize>| {
        for event in &events[range] {
            sink.accept(&Arc::new(event.clone())).unwrap();
        }
        sink.flush().unwrap();
    };
    write(0..50);
    let mut machine = on_files(dir.path());
    machine.ask(Ask::Live);
    settle(&mut machine);
    assert_eq!(place(&machine.picture()), 50);
    // The log does not have this event yet, so nothing is shown instead of it.
    machine.hold_live(Some(events[59].seq));
    settle(&mut machine);
    assert!(!machine.is_changed());
    write(50..80);
    machine.look_again();
    settle(&mut machine);
    assert!(machine.is_changed());
    assert_eq!(place(&machine.picture()), 60);
    assert_eq!(machine.picture().moment.unwrap().extent.last, 80);
    machine.ask(Ask::Live);
    settle(&mut machine);
    assert_eq!(place(&machine.picture()), 80);
    write(80..100);
    machine.look_again();
    settle(&mut machine);
    assert!(machine.has_moved());
    assert_eq!(place(&machine.picture()), 100);
    // An event that never comes is given up, and the newest is shown.
    machine.hold_live(Some(u64::MAX));
    for _ in 0..50 {
        settle(&mut machine);
        machine.look_again();
    }
    assert_eq!(place(&machine.picture()), 100);
}

#[test]
fn a_comparison_from_the_present_first_holds_what_was_shown() {
    let events = demo::events(Scenario::Calm, 1);
    let root = TempDir::new().unwrap();
    let mut machine = on_files(&log(&root, &events));
    go(&mut machine, Goal::Place(5));
    machine.hold_live(Some(events[59].seq));
    let held = Goal::When(When::Seq(events[59].seq));
    machine.ask(Ask::Compare(Goal::When(When::Start), held));
    settle(&mut machine);
    assert!(machine.is_changed());
    let picture = machine.picture();
    assert_eq!(place(&picture), 60);
    let comparison = picture.comparison.unwrap();
    assert_eq!((comparison.before.place, comparison.after.place), (0, 60));
}

#[test]
fn a_run_in_memory_is_the_same_run_and_begins_where_memory_does() {
    let events = demo::events(Scenario::LossyLink, 5);
    let root = TempDir::new().unwrap();
    let mut recorded = on_files(&log(&root, &events));
    for budget in [usize::MAX, 60_000] {
        let mut memory = Memory::new(budget);
        for event in &events {
            memory.push(Incoming::Known(Arc::new(event.clone())));
        }
        let (leave, left) = crossbeam_channel::bounded(1);
        leave.send(Box::new(memory)).unwrap();
        let (head, walker) = Kept::pair(Keeper::new(Box::new(|_| false), left));
        let (head, walker) = (on_memory(head), on_memory(walker));
        let mut machine = Machine::new(head, walker, Wanted::default(), SMALL);
        settle(&mut machine);
        let extent = machine.picture().moment.unwrap().extent.clone();
        assert_eq!(extent.last, events.len() as u64);
        assert_eq!(0 < extent.first, budget != usize::MAX, "{}", extent.first);
        for wanted in [0, 20, 300, extent.first, extent.first + 1, extent.last - 1, extent.last] {
            let picture = go(&mut machine, Goal::Place(wanted));
            assert_eq!(place(&picture), wanted.max(extent.first));
            let same = go(&mut recorded, Goal::Place(place(&picture)));
            assert_eq!(json(&picture), json(&same), "{wanted}");
        }
    }
}
