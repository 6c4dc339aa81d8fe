//! The second row of the banner and the list of alerts, of a run whose entropy collapses.

use leyline::GroupId;

use super::*;
use crate::kept::{Kept, Known};

fn collapse() -> Desk {
    let mut desk = Desk::new(Trainer::Elsewhere, WIDE);
    assert_eq!(desk.show(picture(Scenario::EntropyCollapse, usize::MAX)), Effect::Draw);
    desk
}

fn open(desk: &Desk) -> Vec<String> {
    desk.app.worries().iter().map(|alert| format!("{} {}", alert.rule, alert.level)).collect()
}

#[test]
fn the_banner_says_why_and_what_next_where_there_is_room() {
    let mut desk = collapse();
    let why = desk.rows()[3].clone();
    assert!(why.starts_with("why: ") && why.contains("   next: "), "{why}");
    assert!(why.contains("critical since b"), "{why}");
    let mut calm = Desk::new(Trainer::Elsewhere, WIDE);
    assert_eq!(open(&calm), [""; 0]);
    assert!(calm.rows()[3].is_empty(), "nothing to say");
    desk.tell(Message::Resize(80, 24));
    assert!(!desk.text().contains("why: "), "one row only");
    calm.tell(Message::Resize(80, 24));
}

#[test]
fn a_lists_the_alerts_and_enter_goes_to_where_one_began() {
    let mut desk = collapse();
    desk.char('a');
    let text = desk.text();
    assert!(text.contains("Alerts: ") && text.contains("basis: "), "{text}");
    let newest = *desk.app.chosen_alert().expect("there is one");
    desk.code(KeyCode::Down);
    let older = *desk.app.chosen_alert().expect("there are two");
    assert_eq!(older.number + 1, newest.number);
    desk.char('G');
    assert_eq!(desk.app.chosen_alert().map(|alert| alert.number), Some(1));
    let first = desk.app.chosen_alert().and_then(|alert| alert.first.batch).expect("a batch");
    let expected = Effect::Time(Ask::Go(Goal::When(When::Batch(first))));
    assert_eq!(desk.code(KeyCode::Enter), expected);
    assert!(!desk.text().contains("Alerts: "), "the list is closed");
}

/// Leaves the list of alerts open.
fn acknowledge_one_that_lasts(desk: &mut Desk) {
    desk.char('a');
    while desk.app.chosen_alert().is_some_and(|alert| alert.ended.is_some()) {
        desk.code(KeyCode::Down);
    }
    desk.char('x');
}

#[test]
fn an_acknowledged_alert_leaves_the_banner_and_stays_in_the_list() {
    let mut desk = collapse();
    let before = open(&desk);
    acknowledge_one_that_lasts(&mut desk);
    assert!(desk.text().contains("lasts, acknowledged"), "{}", desk.text());
    assert_eq!(open(&desk).len() + 1, before.len());
    desk.char('x');
    assert_eq!(open(&desk), before);
    desk.code(KeyCode::Esc);
    assert_eq!(desk.char('x'), Effect::None, "elsewhere the key is another");
}

#[test]
fn the_next_viewer_of_the_run_knows_what_was_acknowledged() {
    let mut desk = collapse();
    let before = open(&desk);
    acknowledge_one_that_lasts(&mut desk);
    let kept = desk.app.kept();
    let mut next = collapse();
    assert_eq!(open(&next), before);
    next.tell(Message::Kept(kept.clone()));
    assert_eq!(open(&next), open(&desk));
    assert_eq!(next.app.kept().known, kept.known);
    next.char('a');
    assert!(next.text().contains("lasts, acknowledged"), "{}", next.text());
    let other = Known { group: GroupId::new("B").unwrap(), ..kept.known.first().unwrap().clone() };
    next.tell(Message::Kept(Kept { known: [other].into(), ..Kept::default() }));
    assert_eq!(open(&next), before, "an alert of another group");
}

#[test]
fn an_empty_list_says_so_and_its_keys_do_nothing() {
    let mut desk = Desk::new(Trainer::Elsewhere, WIDE);
    desk.show(picture(Scenario::Calm, 0));
    desk.char('a');
    assert!(desk.text().contains("no alert"), "{}", desk.text());
    assert_eq!(desk.code(KeyCode::Enter), Effect::None);
    desk.char('x');
    desk.char('G');
    assert!(desk.text().contains("no alert"));
}
