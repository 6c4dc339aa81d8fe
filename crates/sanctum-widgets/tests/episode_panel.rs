//! What panel 4 shows of each metric, as the records say.

use karn_sanctum::{EpisodesView, Reading, Trend};
use sanctum_widgets::{EpisodePanel, Theme};

#[expect(dead_code, reason = "other tests use the rest")]
#[path = "support/base.rs"]
mod base;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "support/screen.rs"]
mod screen;

use screen::{CRITICAL, MISSING, OK, Screen, WARNING};

fn drawn(change: impl FnOnce(&mut EpisodesView)) -> Screen {
    let mut snapshot = base::episodes();
    change(&mut snapshot.episodes);
    Screen::of(&EpisodePanel::new((&snapshot).into(), &Theme::DARK), 40, 10)
}

/// Checks a number under its label, absent and not finite.
#[track_caller]
fn number(slot: fn(&mut EpisodesView) -> &mut Option<Reading>, label: &str, path: &str) {
    let pair = |value: &str| {
        format!("{label}{}{value}", " ".repeat(15 - label.len() - value.chars().count()))
    };
    drawn(|e| *slot(e) = Some(base::graded(path, -12.34))).shows(&pair("-12.3"));
    drawn(|e| *slot(e) = Some(base::graded(path, f64::NAN)))
        .shows(&pair("NaN"))
        .styles("NaN", CRITICAL);
    drawn(|e| {
        e.success_rate = Some(base::reading(0.5));
        *slot(e) = None;
    })
    .shows(&pair("—"))
    .styles("—", MISSING);
}

#[test]
fn tele_021_return_history() {
    drawn(|e| e.return_history = [20.0, 200.0].into()).shows("│200 ").shows("│ 20 ").shows("⠉");
    drawn(|e| {
        e.return_history = [].into();
        e.total = Some(0);
    })
    .shows("│no finished episode yet")
    .hides("⠉");
}

#[test]
fn tele_021_return_trend() {
    let with = |trend| drawn(move |e| e.return_trend = trend);
    with(Some(Trend::Improving)).shows("Trend         ↑").styles("↑", OK);
    with(Some(Trend::Stable)).shows("Trend         →");
    with(Some(Trend::Volatile)).shows("Trend         ~").styles("~", WARNING);
    with(Some(Trend::Worsening)).shows("Trend         ↓").styles("↓", WARNING);
    with(None).shows("Trend         —");
}

#[test]
fn tele_611_last_return() {
    number(|e| &mut e.last_return, "Last", "episodes.last_return");
}

#[test]
fn tele_612_mean_return() {
    number(|e| &mut e.mean_return, "Mean", "episodes.mean_return");
}

#[test]
fn tele_613_best_return() {
    number(|e| &mut e.best_return, "Best", "episodes.best_return");
}

#[test]
fn tele_614_worst_return() {
    number(|e| &mut e.worst_return, "Worst", "episodes.worst_return");
}

#[test]
fn tele_615_mean_length() {
    number(|e| &mut e.mean_length, "Length", "episodes.mean_length");
}

#[test]
fn tele_616_success_rate() {
    drawn(|e| e.success_rate = Some(base::reading(0.755))).shows("Success   75.5%");
    drawn(|e| e.success_rate = Some(base::reading(1.0))).shows("Success  100.0%");
    drawn(|e| e.success_rate = None).shows("Success       —").styles("—", MISSING);
}

#[test]
fn tele_617_episodes_total() {
    drawn(|e| e.total = Some(0)).shows("Total         0");
    drawn(|e| e.total = Some(1_234_567)).shows("Total   1234567");
    drawn(|e| e.total = None).shows("Total         —").styles("—", MISSING);
}
