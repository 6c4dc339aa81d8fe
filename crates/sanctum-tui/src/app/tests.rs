//! Every key of the screen, and what holds at any size and in any state.

use karn_sanctum::{Aggregator, AlertsView, Connection, RunKey};
use leyline::demo::{self, Scenario};
use leyline::{FinishReason, GroupId, Incoming, RunId};
use ratatui::crossterm::event::{KeyCode, KeyModifiers};
use sanctum_widgets::dump;

use super::*;
use crate::render;

mod alerts;
mod inspector;
mod travel;

const SECOND: u64 = 1_000_000_000;
const WIDE: (u16, u16) = (120, 40);
const SMALL: (u16, u16) = (80, 24);

/// The picture after the first `count` events of a scenario.
fn picture(scenario: Scenario, count: usize) -> Picture {
    let mut aggregator = Aggregator::new();
    let mut now = ViewNs(0);
    for incoming in demo::incoming(scenario, 1).into_iter().take(count) {
        if let Incoming::Known(envelope) = &incoming {
            now = ViewNs(envelope.mono_ns.0);
        }
        aggregator.apply(&incoming, now);
    }
    let groups = aggregator.keys();
    let snapshot = groups.first().map_or_else(Snapshot::empty, |key| aggregator.snapshot(key, now));
    let alerts = groups.first().map(|key| aggregator.alerts(key, now));
    let alerts = Arc::new(alerts.unwrap_or_else(AlertsView::empty));
    Picture { alerts, groups, ..Picture::still(snapshot) }
}

/// A screen with a key press and a clock that stands unless it is moved.
struct Desk {
    app: App,
    now: u64,
}

impl Desk {
    fn new(trainer: Trainer, (width, height): (u16, u16)) -> Self {
        let mut desk = Self { app: App::new(Theme::DARK, trainer), now: 0 };
        assert_eq!(desk.tell(Message::Resize(width, height)), Effect::Redraw);
        assert_eq!(desk.show(picture(Scenario::Calm, usize::MAX)), Effect::Draw);
        desk
    }

    fn tell(&mut self, message: Message) -> Effect {
        self.app.update(message, ViewNs(self.now))
    }

    fn show(&mut self, picture: Picture) -> Effect {
        self.tell(Message::Picture(Arc::new(picture)))
    }

    fn code(&mut self, code: KeyCode) -> Effect {
        self.tell(Message::Key(KeyEvent::new(code, KeyModifiers::NONE)))
    }

    fn char(&mut self, c: char) -> Effect {
        self.code(KeyCode::Char(c))
    }

    fn ctrl(&mut self, c: char) -> Effect {
        self.tell(Message::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL)))
    }

    fn focus(&self) -> WidgetId {
        self.app.arrangement.focus
    }

    fn rows(&self) -> Vec<String> {
        dump::rows(&render(&self.app, self.app.size.0, self.app.size.1))
    }

    fn text(&self) -> String {
        self.rows().join("\n")
    }

    fn footer(&self) -> String {
        self.rows().pop().unwrap_or_default()
    }
}

#[test]
fn a_viewer_of_a_run_elsewhere_leaves_at_once() {
    assert_eq!(Desk::new(Trainer::Elsewhere, WIDE).char('q'), Effect::Leave(Leave::Quit));
    assert_eq!(Desk::new(Trainer::Elsewhere, WIDE).ctrl('c'), Effect::Leave(Leave::Quit));
}

#[test]
fn leaving_a_trainer_in_this_process_asks() {
    let mut desk = Desk::new(Trainer::Here, WIDE);
    assert_eq!(desk.char('q'), Effect::Draw);
    assert!(
        desk.text().contains("[s] stop after this batch  [d] go on without a screen  [Esc] stay")
    );
    assert_eq!(desk.char('q'), Effect::None, "the question is answered by its own keys only");
    assert_eq!(desk.code(KeyCode::Esc), Effect::Draw);
    assert!(!desk.text().contains("stop after"));
    desk.char('q');
    assert_eq!(desk.char('d'), Effect::Leave(Leave::WithoutScreen));
}

#[test]
fn a_run_that_stops_on_request_is_left_when_it_has_ended() {
    let mut desk = Desk::new(Trainer::Here, WIDE);
    desk.char('q');
    assert_eq!(desk.char('s'), Effect::StopAfterBatch);
    assert!(desk.footer().starts_with("stopping after this batch"));
    assert_eq!(desk.show(picture(Scenario::Calm, 500)), Effect::Draw);
    let last = Picture { ended: true, ..picture(Scenario::Calm, 600) };
    assert_eq!(desk.show(last), Effect::Leave(Leave::Quit));
}

#[test]
fn a_paused_view_is_left_too_once_a_requested_stop_has_come() {
    let mut desk = Desk::new(Trainer::Here, WIDE);
    desk.char('q');
    desk.char('s');
    desk.char(' ');
    let last = Picture { ended: true, ..picture(Scenario::Calm, 600) };
    assert_eq!(desk.show(last), Effect::Leave(Leave::Quit));
}

/// Its thread still closes files then; asking would only lose the key.
#[test]
fn a_run_that_has_said_its_end_is_left_without_a_question() {
    let mut desk = Desk::new(Trainer::Here, WIDE);
    desk.char('q');
    let said = picture(Scenario::LossyLink, usize::MAX);
    assert!(!said.ended && said.snapshot.finish_reason.is_some());
    assert_eq!(desk.show(said), Effect::Draw);
    assert!(!desk.text().contains("stop after"), "there is nothing to ask any more");
    assert_eq!(desk.char('q'), Effect::Leave(Leave::Quit));
}

#[test]
fn the_screen_stays_after_the_end_until_it_is_left() {
    let mut desk = Desk::new(Trainer::Here, WIDE);
    desk.char('q');
    let last = Picture { ended: true, ..picture(Scenario::LossyLink, usize::MAX) };
    assert_eq!(desk.show(last), Effect::Draw);
    assert!(!desk.text().contains("stop after"), "there is nothing to ask any more");
    assert!(desk.rows()[0].starts_with("■ DONE"));
    assert_eq!(desk.char('q'), Effect::Leave(Leave::Quit));
}

#[test]
fn a_second_ctrl_c_within_two_seconds_stops_the_run() {
    let mut desk = Desk::new(Trainer::Here, WIDE);
    assert_eq!(desk.ctrl('c'), Effect::Draw);
    assert!(desk.text().contains("[d] go on without a screen"));
    desk.now = 2 * SECOND;
    assert_eq!(desk.ctrl('c'), Effect::Draw, "two seconds later is a first one again");
    desk.now = 2 * SECOND + SECOND / 2;
    assert_eq!(desk.ctrl('c'), Effect::Leave(Leave::Interrupt));
}

#[test]
fn pause_holds_the_picture_and_resume_shows_the_newest() {
    let mut desk = Desk::new(Trainer::Here, WIDE);
    desk.show(picture(Scenario::Calm, 300));
    assert_eq!(desk.char(' '), Effect::Time(Ask::Hold(None)));
    let held = desk.text();
    assert!(held.lines().last().unwrap().starts_with("‖ PAUSED at "), "{held}");
    assert!(desk.footer().contains("Space resume"));
    assert_eq!(desk.show(picture(Scenario::Calm, 600)), Effect::None);
    assert_eq!(desk.text(), held);
    assert_eq!(desk.char(' '), Effect::Time(Ask::Live));
    assert!(!desk.text().contains("PAUSED"));
    assert_ne!(desk.rows()[0], held.lines().next().unwrap());
}

#[test]
fn tab_goes_round_and_back() {
    let mut desk = Desk::new(Trainer::Here, WIDE);
    let start = desk.focus();
    let mut seen = vec![start];
    while desk.code(KeyCode::Tab) == Effect::Draw && desk.focus() != start {
        seen.push(desk.focus());
    }
    assert_eq!(seen, layout_panels());
    desk.code(KeyCode::BackTab);
    assert_eq!(Some(&desk.focus()), seen.last());
}

fn layout_panels() -> Vec<WidgetId> {
    crate::layout::PANELS.to_vec()
}

#[test]
fn only_panels_on_the_screen_are_reached_by_tab() {
    let mut desk = Desk::new(Trainer::Here, SMALL);
    let start = desk.focus();
    for _ in 0..6 {
        desk.code(KeyCode::Tab);
    }
    assert_eq!(desk.focus(), start);
}

#[test]
fn a_number_key_brings_a_panel_to_the_screen() {
    let mut desk = Desk::new(Trainer::Here, SMALL);
    assert!(!desk.text().contains("8 Telemetry"));
    desk.char('8');
    assert_eq!(desk.focus(), WidgetId::TelemetryPanel);
    let text = desk.text();
    assert!(text.contains("8 Telemetry") && text.contains("6 Events") && !text.contains("3 Value"));
    desk.char('3');
    let text = desk.text();
    assert!(text.contains("3 Value") && !text.contains("8 Telemetry"));
    desk.char('7');
    desk.code(KeyCode::Esc);
    assert!(desk.text().contains("3 Value"), "Esc is the main screen");
    assert!(layout_panels().contains(&desk.focus()) && desk.focus() != WidgetId::EsperStatus);
}

#[test]
fn numbers_without_a_panel_do_nothing() {
    let mut desk = Desk::new(Trainer::Here, WIDE);
    for digit in ['9', '0'] {
        assert_eq!(desk.char(digit), Effect::None, "{digit}");
    }
}

#[test]
fn enter_enlarges_and_goes_back() {
    let mut desk = Desk::new(Trainer::Here, WIDE);
    desk.char('6');
    for back in [KeyCode::Enter, KeyCode::Char('e'), KeyCode::Esc] {
        desk.code(KeyCode::Enter);
        let text = desk.text();
        assert!(text.contains("6 Events") && !text.contains("2 Losses"), "{text}");
        desk.code(back);
        assert!(desk.text().contains("2 Losses"));
    }
}

#[test]
fn an_enlarged_panel_can_be_changed_for_another() {
    let mut desk = Desk::new(Trainer::Here, SMALL);
    desk.code(KeyCode::Enter);
    desk.code(KeyCode::Tab);
    assert!(desk.text().contains("2 Losses") && !desk.text().contains("1 Policy"));
    desk.char('7');
    assert!(desk.text().contains("7 Status") && !desk.text().contains("2 Losses"));
}

#[test]
fn the_log_scrolls_holds_and_follows_again() {
    let mut desk = Desk::new(Trainer::Here, WIDE);
    desk.char('6');
    let newest = desk.text();
    assert_eq!(desk.code(KeyCode::Up), Effect::Draw);
    assert_ne!(desk.text(), newest);
    assert_eq!(desk.code(KeyCode::Down), Effect::Draw);
    assert_eq!(desk.text(), newest);
    assert_eq!(desk.app.panel_view(WidgetId::EventLog).offset, None, "it follows again");
    for (to_first, to_last) in [('g', 'G'), ('k', 'j')] {
        for _ in 0..500 {
            desk.char(to_first);
        }
        assert_eq!(desk.app.panel_view(WidgetId::EventLog).offset, Some(0));
        for _ in 0..500 {
            desk.char(to_last);
        }
        assert_eq!(desk.text(), newest);
    }
    desk.code(KeyCode::PageUp);
    let half = desk.text();
    desk.ctrl('d');
    assert_eq!(desk.text(), newest);
    desk.ctrl('u');
    assert_eq!(desk.text(), half);
    desk.code(KeyCode::PageDown);
    assert_eq!(desk.text(), newest);
}

#[test]
fn a_scrolled_log_stays_on_its_lines_while_old_ones_go() {
    let mut aggregator = Aggregator::new();
    let mut pictures = Vec::new();
    for (count, event) in demo::stream(1).take(2051).enumerate() {
        aggregator.apply(&Incoming::Known(Arc::new(event)), ViewNs(0));
        if count == 2000 || count == 2050 {
            let groups = aggregator.keys();
            let snapshot = aggregator.snapshot(&groups[0], ViewNs(0));
            pictures.push(Picture { groups, ..Picture::still(snapshot) });
        }
    }
    let [before, after] = &pictures[..] else { panic!("the stream never ends") };
    assert_eq!(before.snapshot.event_log.len(), after.snapshot.event_log.len(), "the log is full");
    let mut desk = Desk::new(Trainer::Here, WIDE);
    desk.show(before.clone());
    desk.char('6');
    for _ in 0..40 {
        desk.code(KeyCode::Up);
    }
    let first_line = |desk: &Desk| {
        let rows = desk.rows();
        let title = rows.iter().position(|row| row.contains("6 Events")).unwrap();
        rows[title + 1].chars().take(40).collect::<String>()
    };
    let line = first_line(&desk);
    desk.show(after.clone());
    assert_eq!(first_line(&desk), line);
}

#[test]
fn help_lists_keys_that_work_and_scrolls() {
    let mut desk = Desk::new(Trainer::Here, SMALL);
    for open in [KeyCode::Char('?'), KeyCode::F(1)] {
        desk.code(open);
        let top = desk.text();
        assert!(top.contains("? F1") && top.contains("this help"));
        assert!(!top.contains("A/B"), "there is one group");
        desk.char('G');
        assert!(desk.text().contains("rows that were malformed"));
        desk.char('g');
        assert_eq!(desk.text(), top);
        for (down, up) in [(KeyCode::Down, KeyCode::Up), (KeyCode::PageDown, KeyCode::PageUp)] {
            desk.code(down);
            assert_ne!(desk.text(), top);
            desk.code(up);
            assert_eq!(desk.text(), top);
        }
        desk.code(KeyCode::Esc);
        assert!(!desk.text().contains("this help"));
    }
    desk.char('?');
    assert_eq!(desk.char('q'), Effect::Draw, "q closes the help and does not leave");
    assert!(!desk.text().contains("this help"));
}

#[test]
fn t_asks_for_the_next_group() {
    let key = |group: &str| RunKey {
        run_id: RunId::new("r").unwrap(),
        group_id: GroupId::new(group).unwrap(),
    };
    let mut desk = Desk::new(Trainer::Here, WIDE);
    assert_eq!(desk.char('t'), Effect::None, "there is one group");
    let groups = vec![key("a"), key("b")];
    desk.show(Picture { groups: groups.clone(), shown: 0, ..picture(Scenario::Calm, 300) });
    assert_eq!(desk.char('t'), Effect::ShowGroup(1));
    desk.char('?');
    assert!(desk.text().contains("next group of an A/B run"));
    desk.char('?');
    desk.show(Picture { groups, shown: 1, ..picture(Scenario::Calm, 300) });
    assert_eq!(desk.char('t'), Effect::ShowGroup(0));
    desk.char(' ');
    assert_eq!(desk.char('t'), Effect::None, "a paused view keeps its picture");
}

#[test]
fn redraw_and_suspend_work_everywhere() {
    let mut desk = Desk::new(Trainer::Here, WIDE);
    for open in ['6', '?', 'q'] {
        desk.char(open);
        assert_eq!(desk.ctrl('l'), Effect::Redraw);
        assert_eq!(desk.ctrl('z'), Effect::Suspend);
        desk.code(KeyCode::Esc);
    }
}

#[test]
fn every_key_of_the_table_does_something() {
    for binding in keymap::bindings(Context::Panels) {
        for chord in binding.keys {
            let mut desk = Desk::new(Trainer::Here, WIDE);
            let mut two = picture(Scenario::Calm, 300);
            two.groups.push(two.groups[0].clone());
            desk.show(two);
            let effect = desk.tell(Message::Key(chord.event()));
            assert_ne!(effect, Effect::None, "{}", binding.labels());
        }
    }
}

#[test]
fn no_size_and_no_state_panics() {
    for scenario in [Scenario::Calm, Scenario::EntropyCollapse, Scenario::Empty] {
        for keys in ["", "?", "?G", "q", " ", "e", "8", "6g", "6e ", ":goto x", "m", "D"] {
            let mut desk = Desk::new(Trainer::Here, WIDE);
            desk.show(picture(scenario, usize::MAX));
            for c in keys.chars() {
                desk.char(c);
            }
            let few = [0, 1, 2, 3, 5, 9, 16, 24, 60, 80, 120, 200];
            for width in few {
                for height in few {
                    desk.tell(Message::Resize(width, height));
                    desk.rows();
                    desk.code(KeyCode::Down);
                    desk.code(KeyCode::Tab);
                }
            }
        }
    }
}

#[test]
fn a_hostile_run_name_stays_in_its_place() {
    let mut picture = picture(Scenario::Calm, 300);
    picture.snapshot.task_name = Some("\u{1b}[2J\u{202e}evil\ntask".to_owned());
    let mut desk = Desk::new(Trainer::Here, WIDE);
    desk.show(picture);
    assert!(desk.text().contains("·[2J·evil·task"));
    assert!(!desk.text().contains('\u{1b}'));
}

/// Returns the first and the last row of a screen of another process' run.
fn rows_of(standing: Standing, connection: Connection, finished: bool) -> (String, String) {
    let mut desk = Desk::new(Trainer::Elsewhere, SMALL);
    let mut shown = picture(Scenario::Calm, 300);
    shown.snapshot.connection = connection;
    shown.snapshot.finish_reason = finished.then_some(FinishReason::Completed);
    desk.show(Picture { standing: Some(standing), ..shown });
    let rows = dump::rows(&render(&desk.app, SMALL.0, SMALL.1));
    let (first, last) = (rows.first().cloned().unwrap(), rows.last().cloned().unwrap());
    (first.chars().take(6).collect(), last)
}

#[test]
fn every_way_to_stand_with_a_run_looks_different() {
    let why = || "the connection was cut".to_owned();
    let live =
        |behind_seconds, was_behind_seconds| Standing::Live { behind_seconds, was_behind_seconds };
    let past = |fell_behind| Standing::CatchingUp { done: 4_000_000, of: 31_000_000, fell_behind };
    let cases = [
        (Standing::Connecting { at: "unix:/run/a1.sock".to_owned() }, Connection::Waiting, false),
        (past(false), Connection::Live, false),
        (past(true), Connection::Live, false),
        (live(0, 0), Connection::Waiting, false),
        (live(0, 0), Connection::Live, false),
        (live(0, 0), Connection::Slow, false),
        (live(0, 0), Connection::Stale, false),
        (live(60, 0), Connection::Live, false),
        (live(0, 60), Connection::Live, false),
        (Standing::Retrying { in_seconds: 5, why: why() }, Connection::Disconnected, false),
        (Standing::Over, Connection::Disconnected, false),
        (Standing::Over, Connection::Finished, true),
        (Standing::Over, Connection::Failed, true),
    ];
    let rows = cases.map(|(standing, connection, finished)| {
        let (first, last) = rows_of(standing, connection, finished);
        let notice = last.split("  ?").next().unwrap_or_default();
        let notice = if notice.starts_with('?') { "" } else { notice };
        format!("{first} {notice}").trim_end().to_owned()
    });
    let mut different = rows.to_vec();
    different.sort();
    different.dedup();
    assert_eq!(different.len(), rows.len(), "{rows:#?}");
    insta::assert_snapshot!(rows.join("\n"), @"
    ○ WAIT connecting to unix:/run/a1.sock
    ● LIVE reading 12 % of 31M events
    ● LIVE fell behind, 27M events to read
    ○ WAIT
    ● LIVE
    ◐ SLOW
    ○ STAL
    ● LIVE this screen is 1m 0s behind the run
    ● LIVE was 1m 0s behind the run, has caught up
    ○ DISC no connection, next try in 5 s: the connection was cut
    ○ DISC the run has gone without an end
    ■ DONE
    ✗ FAIL
    ");
}

#[test]
fn a_viewer_of_another_process_is_left_at_once() {
    let mut desk = Desk::new(Trainer::Elsewhere, SMALL);
    let standing = Some(Standing::Live { behind_seconds: 0, was_behind_seconds: 0 });
    desk.show(Picture { standing, ..picture(Scenario::Calm, 300) });
    assert_eq!(desk.char('q'), Effect::Leave(Leave::Quit));
}
