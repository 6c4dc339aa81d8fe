//! The end of a long run, before the run was read.

use super::*;

/// A run whose end is a small part of it.
fn long_run() -> Vec<Envelope> {
    demo::stream(5).take_while(|event| event.seq < 40_000).collect()
}

#[test]
fn the_end_of_a_long_run_is_shown_before_it_was_read_and_then_as_it_is() {
    let root = TempDir::new().unwrap();
    let path = log(&root, &long_run());
    let mut machine = on_files(&path);
    machine.ask(Ask::Go(Goal::When(When::End)));
    machine.work(NOW).unwrap();
    assert!(machine.is_changed());
    let early = machine.picture();
    assert!(!early.snapshot.is_whole(), "{:?}", early.snapshot.telemetry);
    let moment = early.moment.clone().unwrap();
    let reading = moment.extent.reading.unwrap();
    assert!(reading.done < reading.of / 2, "{reading:?}");
    settle(&mut machine);
    assert!(machine.is_changed());
    let whole = machine.picture();
    assert_eq!(json(&whole), commanded(&path, "end", None));
    let shown = |picture: &Picture| {
        let snapshot = &picture.snapshot;
        let policy = &snapshot.policy;
        let update = (policy.kl_divergence, policy.last_update.clone());
        (snapshot.current_batch, update, picture.groups.clone())
    };
    assert_eq!(shown(&early), shown(&whole));
    let extent = &whole.moment.as_ref().unwrap().extent;
    assert_eq!((place(&early), extent.reading), (place(&whole), None));
}

#[test]
fn whoever_holds_the_preview_keeps_it_and_steps_go_from_the_end() {
    let root = TempDir::new().unwrap();
    let events = long_run();
    let mut machine = on_files(&log(&root, &events));
    machine.ask(Ask::Go(Goal::When(When::End)));
    machine.work(NOW).unwrap();
    let early = machine.picture();
    machine.ask(Ask::Hold(Some(place(&early))));
    machine.work(NOW).unwrap();
    assert_eq!(machine.picture().snapshot, early.snapshot);
    machine.ask(Ask::Go(Goal::Events(-1)));
    machine.work(NOW).unwrap();
    assert_eq!(machine.picture().snapshot, early.snapshot, "the step waits for the place");
    settle(&mut machine);
    assert_eq!(place(&machine.picture()), events.len() as u64 - 1);
}

#[test]
fn a_run_whose_end_says_too_little_has_no_preview() {
    let root = TempDir::new().unwrap();
    let mut machine = on_files(&log(&root, &demo::events(Scenario::Calm, 1)[..9]));
    machine.ask(Ask::Go(Goal::When(When::End)));
    machine.work(NOW).unwrap();
    assert!(machine.picture().snapshot.is_whole());
}

#[test]
fn a_run_whose_start_is_missing_has_no_preview() {
    let root = TempDir::new().unwrap();
    let events = long_run();
    let mut machine = on_files(&log(&root, &events[1..]));
    machine.ask(Ask::Go(Goal::When(When::End)));
    machine.work(NOW).unwrap();
    assert!(machine.picture().snapshot.is_whole());
}
