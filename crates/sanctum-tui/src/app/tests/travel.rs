//! The keys that go through time, against a time machine that the test plays.

use leyline::{RunNs, Timestamp};

use super::*;
use crate::kept::{Kept, Mark};
use crate::time::{
    Comparison, Extent, Instant, Landmark, LandmarkKind, Moment, Motion, Progress, Speed,
};

const NS: u64 = 1_000_000_000;

/// The moment after so many inputs of a run of a thousand, one input a second.
fn moment(place: u64, motion: Motion) -> Moment {
    let landmarks = [
        Landmark { place: 250, at: None, kind: LandmarkKind::Alert },
        Landmark { place: 900, at: None, kind: LandmarkKind::Gap },
    ];
    Moment {
        place,
        seq: place.checked_sub(1),
        at: Some(RunNs(place * NS)),
        ts: Some(Timestamp::from_micros(1_000_000 * place.cast_signed())),
        motion,
        extent: Extent {
            first: 0,
            last: 1000,
            times: Some((RunNs(0), RunNs(1000 * NS))),
            landmarks: landmarks.into(),
            reading: None,
        },
    }
}

fn at(place: u64, motion: Motion) -> Picture {
    let shown = picture(Scenario::Calm, place as usize);
    Picture { moment: Some(Arc::new(moment(place, motion))), ..shown }
}

/// A desk that shows the newest state of a live run.
fn live() -> Desk {
    let mut desk = Desk::new(Trainer::Elsewhere, WIDE);
    assert_eq!(desk.show(at(1000, Motion::Live)), Effect::Draw);
    desk
}

/// A desk that plays a recorded run.
fn replay() -> Desk {
    let mut desk = Desk::new(Trainer::Elsewhere, WIDE);
    assert_eq!(desk.show(at(400, Motion::Playing(Speed::ONE))), Effect::Draw);
    desk
}

#[test]
fn space_holds_a_live_view_and_lets_it_go_again() {
    let mut desk = live();
    assert!(desk.footer().starts_with("? help"), "a live view has no time bar");
    assert_eq!(desk.char(' '), Effect::Time(Ask::Hold(Some(1000))));
    assert!(desk.footer().starts_with("‖ 00:16:40  b"), "{}", desk.footer());
    assert!(desk.rows()[0].starts_with("PAST ● LIVE"));
    assert!(desk.text().contains("2 Losses (past)"));
    assert_eq!(desk.show(at(1002, Motion::Live)), Effect::None, "what was on its way is not shown");
    assert_eq!(desk.show(at(1000, Motion::Still)), Effect::Draw);
    assert_eq!(desk.char(' '), Effect::Time(Ask::Live));
    assert_eq!(desk.show(at(1003, Motion::Live)), Effect::Draw);
    assert!(!desk.text().contains("past") && desk.rows()[0].starts_with("● LIVE"));
}

#[test]
fn a_view_that_has_moved_plays_on_from_where_it_is() {
    let mut desk = live();
    assert_eq!(desk.code(KeyCode::Left), Effect::Time(Ask::Go(Goal::Batches(-1))));
    assert_eq!(desk.show(at(960, Motion::Still)), Effect::Draw);
    assert_eq!(desk.char(' '), Effect::Time(Ask::Play));
    assert_eq!(desk.show(at(961, Motion::Playing(Speed::ONE))), Effect::Draw);
    assert!(desk.footer().starts_with('▶'), "{}", desk.footer());
    assert_eq!(desk.show(at(1009, Motion::Live)), Effect::None, "the present goes on beside");
    assert!(desk.footer().starts_with('▶'));
    assert_eq!(desk.code(KeyCode::End), Effect::Time(Ask::Live));
    assert_eq!(desk.show(at(1010, Motion::Live)), Effect::Draw);
    assert!(desk.footer().starts_with("? help"));
}

#[test]
fn the_end_of_a_run_is_not_forgotten_in_the_past() {
    let mut desk = live();
    desk.code(KeyCode::Left);
    desk.show(Picture { ended: true, ..at(1000, Motion::Live) });
    desk.show(at(960, Motion::Still));
    assert!(desk.app.newest().ended, "nothing of the present will come any more");
    assert!(desk.footer().starts_with('‖'));
    desk.code(KeyCode::End);
    assert!(!desk.text().contains("(past)"), "its last picture is shown at once");
}

#[test]
fn a_recorded_run_waits_for_its_end() {
    let mut desk = replay();
    let before = desk.text();
    assert_eq!(desk.code(KeyCode::End), Effect::Time(Ask::Live));
    assert_eq!(desk.rows()[0], before.lines().next().unwrap());
}

#[test]
fn space_plays_and_stops_a_replay() {
    let mut desk = replay();
    assert_eq!(desk.char(' '), Effect::Time(Ask::Hold(Some(400))));
    assert_eq!(desk.show(at(401, Motion::Playing(Speed::ONE))), Effect::None);
    assert_eq!(desk.show(at(400, Motion::Still)), Effect::Draw);
    assert!(desk.footer().starts_with("‖ 00:06:40"));
    assert_eq!(desk.char(' '), Effect::Time(Ask::Play));
}

#[test]
fn each_key_asks_for_its_own_moment() {
    let shift = |code| KeyEvent::new(code, KeyModifiers::SHIFT);
    let plain = |code| KeyEvent::new(code, KeyModifiers::NONE);
    let cases = [
        (plain(KeyCode::Left), Goal::Batches(-1)),
        (plain(KeyCode::Right), Goal::Batches(1)),
        (shift(KeyCode::Left), Goal::Batches(-10)),
        (shift(KeyCode::Right), Goal::Batches(10)),
        (plain(KeyCode::Char(',')), Goal::Events(-1)),
        (plain(KeyCode::Char('.')), Goal::Events(1)),
        (plain(KeyCode::Home), Goal::When(When::Start)),
        (plain(KeyCode::Char('[')), Goal::Alert(Way::Back)),
        (plain(KeyCode::Char(']')), Goal::Alert(Way::On)),
    ];
    for (key, goal) in cases {
        for mut desk in [live(), replay()] {
            assert_eq!(desk.tell(Message::Key(key)), Effect::Time(Ask::Go(goal.clone())));
            assert_eq!(desk.show(at(500, Motion::Live)), Effect::None, "it is held meanwhile");
        }
    }
}

#[test]
fn speeds_are_doubled_and_halved() {
    let mut desk = replay();
    for expected in [2.0, 4.0, 8.0] {
        let Effect::Time(Ask::Speed(speed)) = desk.char('>') else { panic!("a speed") };
        assert_eq!(speed.factor().to_bits(), f64::to_bits(expected));
    }
    desk.show(at(410, Motion::Playing(Speed::ONE.doubled().doubled().doubled())));
    assert!(desk.footer().contains("  x8"), "{}", desk.footer());
    let Effect::Time(Ask::Speed(speed)) = desk.char('<') else { panic!("a speed") };
    assert_eq!(speed.factor().to_bits(), 4.0_f64.to_bits());
}

#[test]
fn the_bar_shows_alerts_gaps_marks_and_the_place() {
    let mut desk = replay();
    desk.char('m');
    assert!(desk.footer().starts_with("marks: none  a-z mark this moment"), "{}", desk.footer());
    assert_eq!(desk.char('k'), Effect::Draw);
    assert!(desk.footer().starts_with("mark k is set at b"), "{}", desk.footer());
    desk.show(at(600, Motion::Still));
    desk.char('g');
    let bar = desk.footer();
    let order: String = bar.chars().filter(|c| "!k^░".contains(*c)).collect();
    assert_eq!(order, "!k^░", "{bar}");
    assert!(bar.contains("6m behind") && bar.contains("End live"), "{bar}");
}

#[test]
fn a_mark_leads_back_and_an_unknown_one_is_told() {
    let mut desk = replay();
    desk.char('m');
    desk.char('a');
    desk.show(at(700, Motion::Still));
    desk.char('\'');
    assert!(desk.footer().starts_with("marks: a  a-z go to the mark"));
    assert_eq!(desk.char('a'), Effect::Time(Ask::Go(Goal::When(When::Seq(399)))));
    desk.char('\'');
    assert_eq!(desk.char('b'), Effect::Draw);
    assert!(desk.footer().starts_with("there is no mark b; marks: a"));
    desk.char('\'');
    assert_eq!(desk.code(KeyCode::Esc), Effect::Draw);
    assert_eq!(desk.char('b'), Effect::None, "the question is closed");
}

fn compared() -> Arc<Comparison> {
    let instant = |place: u64| Instant {
        snapshot: picture(Scenario::KlSpike, place as usize).snapshot,
        place,
        ts: None,
        tally: karn_sanctum::Tally::default(),
    };
    Arc::new(Comparison { before: instant(200), after: instant(500) })
}

#[test]
fn a_comparison_opens_when_it_comes_and_closes_with_escape() {
    let mut desk = replay();
    desk.char('D');
    assert_eq!(
        desk.code(KeyCode::Home),
        Effect::Time(Ask::Compare(Goal::When(When::Start), Goal::Place(400)))
    );
    let answer = Picture { comparison: Some(compared()), ..at(400, Motion::Still) };
    assert_eq!(desk.show(answer.clone()), Effect::Draw);
    let top = desk.text();
    assert!(top.contains("What changed: b") && top.contains("Numbers, the largest change first"));
    desk.char('G');
    assert_ne!(desk.text(), top);
    desk.char('g');
    assert_eq!(desk.text(), top);
    desk.code(KeyCode::Esc);
    assert!(!desk.text().contains("What changed"));
    assert_eq!(desk.show(answer), Effect::None, "it does not open by itself");
}

/// The places of a live view are those of what arrived here.
#[test]
fn what_is_live_is_compared_by_the_number_of_its_event() {
    let mut desk = replay();
    desk.show(at(400, Motion::Live));
    desk.char('D');
    let now = Goal::When(When::Seq(399));
    assert_eq!(desk.code(KeyCode::Home), Effect::Time(Ask::Compare(Goal::When(When::Start), now)));
}

#[test]
fn a_comparison_that_nobody_asked_for_does_not_open() {
    let mut desk = replay();
    desk.show(Picture { comparison: Some(compared()), ..at(400, Motion::Still) });
    assert!(!desk.text().contains("What changed"));
}

#[test]
fn a_held_screen_is_drawn_again_only_when_the_bar_says_something_else() {
    let mut desk = live();
    desk.char(' ');
    desk.show(at(1000, Motion::Still));
    let grown = |seconds: u64| {
        let mut moment = moment(1000, Motion::Still);
        moment.extent.last += seconds;
        moment.extent.times = Some((RunNs(0), RunNs((1000 + seconds) * NS)));
        Picture { moment: Some(Arc::new(moment)), ..at(1000, Motion::Still) }
    };
    let drawn: Vec<u64> = (1..200).filter(|s| desk.show(grown(*s)) == Effect::Draw).collect();
    assert_eq!(drawn, [1, 60, 120, 180], "at once, and then once a minute");
    assert!(desk.footer().contains("3m behind"), "{}", desk.footer());
}

#[test]
fn a_run_that_is_still_read_says_how_far() {
    let mut desk = Desk::new(Trainer::Elsewhere, SMALL);
    let reading = |done| {
        let mut moment = moment(1000, Motion::Still);
        moment.extent.reading = Some(Progress { done, of: 1000, events: Some(31_000_000) });
        Picture { moment: Some(Arc::new(moment)), ..at(1000, Motion::Still) }
    };
    desk.show(reading(123));
    assert!(desk.footer().contains("reading 12 % of 31M events"), "{}", desk.footer());
    assert_eq!(desk.show(reading(125)), Effect::None);
    assert_eq!(desk.show(reading(130)), Effect::Draw);
    assert!(desk.footer().contains("reading 13 %"));
}

#[test]
fn what_is_over_and_read_to_its_end_is_not_the_past() {
    let mut desk = Desk::new(Trainer::Elsewhere, WIDE);
    let mut ended = at(1000, Motion::Still);
    ended.snapshot.connection = Connection::Finished;
    desk.show(ended.clone());
    assert!(desk.rows()[0].starts_with("■ DONE") && !desk.text().contains("(past)"));
    assert!(desk.footer().starts_with('‖'), "it can be left towards the start");
    let mut earlier = at(999, Motion::Still);
    earlier.snapshot.connection = Connection::Finished;
    desk.show(earlier);
    assert!(desk.rows()[0].starts_with("PAST ■ DONE"));
}

#[test]
fn the_command_line_types_completes_tells_and_does() {
    let mut desk = replay();
    for c in ":go".chars() {
        desk.char(c);
    }
    desk.code(KeyCode::Tab);
    for c in "batch:3".chars() {
        desk.char(c);
    }
    assert!(desk.footer().starts_with(":goto batch:3"), "{}", desk.footer());
    assert_eq!(desk.code(KeyCode::Enter), Effect::Time(Ask::Go(Goal::When(When::Batch(3)))));
    for c in ":gogo".chars() {
        desk.char(c);
    }
    assert_eq!(desk.code(KeyCode::Enter), Effect::Draw);
    assert!(desk.footer().contains("nearest: `goto`"), "{}", desk.footer());
    desk.ctrl('u');
    assert_eq!(desk.footer(), ":");
    desk.code(KeyCode::Backspace);
    assert!(desk.footer().starts_with('▶'), "an empty line closes");
    for c in ":q".chars() {
        desk.char(c);
    }
    assert_eq!(desk.code(KeyCode::Enter), Effect::Leave(Leave::Quit));
}

#[test]
fn what_was_kept_comes_back() {
    let mut desk = replay();
    let mark = Mark { place: 41, seq: Some(40), batch: Some(2) };
    let mut kept = Kept { marks: [('a', mark)].into(), ..Kept::default() };
    kept.arrangement.focus = WidgetId::EventLog;
    kept.arrangement.enlarged = true;
    desk.tell(Message::Kept(kept.clone()));
    assert_eq!(desk.app.kept(), kept);
    assert!(desk.text().contains("6 Events") && !desk.text().contains("2 Losses"));
    desk.char('\'');
    assert_eq!(desk.char('a'), Effect::Time(Ask::Go(Goal::When(When::Seq(40)))));
}

#[test]
fn groups_change_in_the_past_too() {
    let mut desk = replay();
    let mut two = at(400, Motion::Still);
    two.groups.push(two.groups[0].clone());
    desk.show(two.clone());
    assert_eq!(desk.char('t'), Effect::Time(Ask::Group(two.groups[1].clone())));
}

#[test]
fn no_size_panics_in_the_past() {
    for keys in ["", "m", "'", "D", ":goto end", " "] {
        let mut desk = replay();
        for c in keys.chars() {
            desk.char(c);
        }
        check_sizes(&mut desk);
    }
    let mut desk = replay();
    desk.char('D');
    desk.code(KeyCode::Home);
    desk.show(Picture { comparison: Some(compared()), ..at(400, Motion::Still) });
    check_sizes(&mut desk);
}

fn check_sizes(desk: &mut Desk) {
    for width in [0, 1, 2, 5, 16, 59, 60, 80, 99, 100, 250] {
        for height in [0, 1, 2, 15, 16, 24, 60] {
            desk.tell(Message::Resize(width, height));
            desk.rows();
        }
    }
}
