//! The list of differences: sections, absent, not finite and old values, every width.

use std::sync::Arc;

use karn_sanctum::{EnvStatus, Series, Snapshot, difference};
use leyline::EventKind;

use super::*;
use crate::base;
use crate::dump::{draw, draw_buffer, rows};
use crate::glyph::Glyphs;

fn snapshots() -> (Snapshot, Snapshot) {
    let before = crate::base::losses();
    let mut after = before.clone();
    after.telemetry.events_received = Some(900);
    after.policy.policy_loss = Some(base::graded("policy.policy_loss", f64::NAN));
    after.policy.learning_rate = after.policy.learning_rate.map(base::stale);
    after.policy.entropy_coef = None;
    after.policy.value_loss = Some(base::graded("policy.value_loss", 3.5));
    after.policy.kl_divergence = Some(base::graded("policy.kl_divergence", 0.05));
    after.policy.entropy_collapsed = Some(base::reading(true));
    after.current_batch = Some(31);
    let hostile = Series { unit: None, points: [(1, 1e12)].into() };
    after.metrics = Arc::new([("eval\u{1b}[2J".to_owned(), hostile)].into());
    let mut env = karn_sanctum::EnvView::empty(4);
    env.status = EnvStatus::Stalled;
    after.envs = [env].into();
    (before, after)
}

const BETWEEN: &[(Counted, u64)] =
    &[(Counted::Known(EventKind::PpoUpdateCompleted), 6), (Counted::Rejected, 1200)];

fn at(batch: u64, seconds: i64) -> Moment {
    let ts = Some(Timestamp::from_micros(seconds * 1_000_000));
    Moment { batch: Some(batch), ts, place: batch * 31 }
}

fn shown(columns: u16, height: u16, theme: Theme, view: View) -> Vec<String> {
    let (before, after) = snapshots();
    let difference = difference(&before, &after);
    let (before, after) = (at(26, 45_067), at(31, 46_690));
    let props = DifferenceProps { before, after, difference: &difference, between: BETWEEN };
    rows(&draw_buffer(&DifferenceView::new(&props, &theme).view(view), columns, height))
}

#[test]
fn the_largest_change_comes_first_and_every_kind_has_its_words() {
    let theme = Theme::PLAIN.with_glyphs(Glyphs::Ascii);
    for (columns, height) in [(80, 24), (120, 36), (200, 40)] {
        let unicode = shown(columns, height, Theme::DARK, View::REST);
        let ascii = shown(columns, height, theme, View::REST);
        assert!(ascii.concat().is_ascii(), "{ascii:#?}");
        insta::assert_snapshot!(format!("{columns}x{height}"), unicode.join("\n"));
        insta::assert_snapshot!(format!("{columns}x{height}_ascii"), ascii.join("\n"));
    }
    for columns in [56, 50, 40, 30, 20] {
        insta::assert_snapshot!(
            format!("{columns}_columns"),
            shown(columns, 14, Theme::DARK, View::REST).join("\n")
        );
    }
}

#[test]
fn styles_tell_old_missing_and_not_finite_apart() {
    let (before, after) = snapshots();
    let difference = difference(&before, &after);
    let (before, after) = (at(26, 45_067), at(31, 46_690));
    let props = DifferenceProps { before, after, difference: &difference, between: &[] };
    insta::assert_snapshot!(draw(&DifferenceView::new(&props, &Theme::DARK), 80, 26));
}

#[test]
fn it_scrolls_and_says_where_it_is() {
    let first = shown(80, 12, Theme::DARK, View::REST);
    let end = shown(80, 12, Theme::DARK, View { offset: Some(99), ..View::REST });
    assert!(first[0].contains(" 1-9 of "), "{}", first[0]);
    assert_eq!(first[1], end[1], "the head stays");
    assert!(end[10].contains("numbers are the same"), "{}", end[10]);
}

#[test]
fn two_equal_moments_differ_in_nothing() {
    let same = Snapshot::empty();
    let difference = difference(&same, &same);
    let moment = Moment { batch: None, ts: None, place: 0 };
    let props =
        DifferenceProps { before: moment, after: moment, difference: &difference, between: &[] };
    let rows = rows(&draw_buffer(&DifferenceView::new(&props, &Theme::DARK), 60, 6));
    assert!(rows[0].starts_with("┌─ What changed: start → start "), "{}", rows[0]);
    assert!(rows[1].contains("#0"), "{}", rows[1]);
    assert_eq!(rows[2].trim_matches(['│', ' ']), "nothing differs");
    assert_eq!(rows[3].trim_matches(['│', ' ']), "7 numbers are the same");
}

#[test]
fn it_survives_any_area() {
    let (before, after) = snapshots();
    let difference = difference(&before, &after);
    let (before, after) = (at(26, 45_067), at(31, 46_690));
    let props = DifferenceProps { before, after, difference: &difference, between: BETWEEN };
    base::survives_any_area(&DifferenceView::new(&props, &Theme::DARK));
}
