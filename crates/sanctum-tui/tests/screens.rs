//! Whole screens, as people see them: every made-up run at every size.

use std::sync::Arc;

use leyline::demo::{self, Scenario};
use leyline::word::ClosedWord as _;
use leyline::{Envelope, Event, SkipReason, ViewNs};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use sanctum_tui::app::{App, Trainer};
use sanctum_tui::fold::Picture;
use sanctum_tui::message::Message;
use sanctum_tui::render;
use sanctum_widgets::{Glyphs, Theme, dump};

#[path = "support/film.rs"]
#[expect(dead_code, reason = "shared with tests that need more of it")]
mod film;

const SIZES: [(u16, u16); 4] = [(80, 24), (120, 40), (200, 60), (40, 12)];
const ASCII: Theme = Theme::DARK.with_glyphs(Glyphs::Ascii);

/// The last picture of a scenario, after some keys.
fn app(scenario: Scenario, theme: Theme, size: (u16, u16), keys: &str) -> App {
    app_of(film::last(scenario), theme, size, keys)
}

fn app_of(picture: Picture, theme: Theme, (width, height): (u16, u16), keys: &str) -> App {
    let mut app = App::new(theme, Trainer::Here);
    app.update(Message::Resize(width, height), ViewNs(0));
    app.update(Message::Picture(Arc::new(picture)), ViewNs(0));
    app.catch_up();
    for key in keys.chars() {
        let code = if key == '\n' { KeyCode::Enter } else { KeyCode::Char(key) };
        app.update(Message::Key(KeyEvent::new(code, KeyModifiers::NONE)), ViewNs(0));
    }
    app
}

/// A calm run whose latest update was skipped, a minute after its last event: every reading is old.
fn stale() -> Picture {
    let mut events = demo::events(Scenario::Calm, 1);
    let is_update = |event: &&Envelope| matches!(event.event, Event::PpoUpdateCompleted(_));
    let mut skipped = events.iter().rfind(is_update).expect("an update").clone();
    let last = events.last().expect("an event");
    (skipped.seq, skipped.mono_ns) = (last.seq + 1, last.mono_ns);
    if let Event::PpoUpdateCompleted(update) = &mut skipped.event {
        update.batch_idx += 1;
        (update.skipped, update.skip_reason) = (true, Some(SkipReason::NonfiniteLoss));
    }
    events.push(skipped);
    film::after(events, 60_000_000_000)
}

fn name(scenario: Scenario, (width, height): (u16, u16), more: &str) -> String {
    format!("{}_{width}x{height}{more}", scenario.as_str())
}

#[test]
fn every_run_at_every_size() {
    for &scenario in Scenario::ALL {
        for size in SIZES {
            let app = app(scenario, Theme::DARK, size, "");
            insta::assert_snapshot!(
                name(scenario, size, ""),
                dump::dump(&render(&app, size.0, size.1))
            );
        }
    }
}

#[test]
fn readings_that_are_old_and_a_run_that_is_being_read() {
    let calm = film::last(Scenario::Calm);
    let preview = Picture { snapshot: karn_sanctum::preview(calm.snapshot.clone(), 0), ..calm };
    for (what, picture) in [("stale", stale()), ("preview", preview)] {
        for size in SIZES {
            let app = app_of(picture.clone(), Theme::DARK, size, "");
            insta::assert_snapshot!(
                format!("{what}_{}x{}", size.0, size.1),
                dump::dump(&render(&app, size.0, size.1))
            );
        }
    }
}

#[test]
fn in_ascii() {
    for scenario in [Scenario::Calm, Scenario::EntropyCollapse] {
        for size in SIZES {
            let app = app(scenario, ASCII, size, "");
            let rows = dump::rows(&render(&app, size.0, size.1)).join("\n");
            assert!(rows.is_ascii(), "{rows}");
            insta::assert_snapshot!(name(scenario, size, "_ascii"), rows);
        }
    }
}

#[test]
fn ascii_changes_glyphs_and_nothing_else() {
    for &scenario in Scenario::ALL {
        for keys in ["", "?", "q", " ", "6\n", "1ji"] {
            for size in SIZES {
                let [unicode, ascii] = [Theme::DARK, ASCII]
                    .map(|theme| render(&app(scenario, theme, size, keys), size.0, size.1));
                for (a, b) in unicode.content().iter().zip(ascii.content()) {
                    assert_eq!(a.style(), b.style());
                    // Charts are drawn with another marker, which may leave a cell empty that had dots.
                    let chart = |symbol: &str| {
                        symbol.chars().all(|c| ('\u{2800}'..='\u{28ff}').contains(&c))
                    };
                    assert!(
                        !a.symbol().is_ascii() || a.symbol() == b.symbol() || b.symbol() == "*",
                        "{a:?} {b:?}"
                    );
                    assert!(b.symbol().is_ascii() || chart(a.symbol()));
                }
            }
        }
    }
}

#[test]
fn what_keys_open() {
    let shown = [
        ("help", (80, 24), "?"),
        ("help", (120, 40), "?"),
        ("leave", (80, 24), "q"),
        ("stopping", (80, 24), "qs"),
        ("paused", (80, 24), " "),
        ("telemetry_as_guest", (80, 24), "8"),
        ("enlarged_log", (80, 24), "6\n"),
        ("one_panel", (60, 16), ""),
        ("one_panel_help", (60, 16), "?"),
        ("inspector", (60, 16), "i"),
        ("inspector", (80, 24), "1jji"),
        ("inspector", (120, 40), "4ji"),
        ("inspector", (200, 60), "5jji"),
        ("chosen", (120, 40), "3jjj"),
    ];
    for (what, size, keys) in shown {
        let app = app(Scenario::KlSpike, Theme::DARK, size, keys);
        insta::assert_snapshot!(
            format!("{what}_{}x{}", size.0, size.1),
            dump::dump(&render(&app, size.0, size.1))
        );
    }
}

#[test]
fn light_and_mono_differ_in_styles_only() {
    let size = (120, 40);
    let draw = |theme| render(&app(Scenario::EntropyCollapse, theme, size, ""), size.0, size.1);
    let [dark, light, mono] = [Theme::DARK, Theme::LIGHT, Theme::PLAIN].map(draw);
    assert_eq!(dump::rows(&dark), dump::rows(&light));
    assert_eq!(dump::rows(&dark), dump::rows(&mono));
    assert_ne!(dump::runs(&dark), dump::runs(&light));
    assert!(dump::runs(&mono).iter().all(|run| !run.contains("fg=") && !run.contains("bg=")));
    let title = dump::rows(&mono).iter().position(|row| row.contains("2 Losses")).unwrap();
    assert!(
        dump::runs(&mono)
            .iter()
            .any(|run| run.starts_with(&format!("{title}:")) && run.contains("REVERSED"))
    );
}

#[test]
fn the_message_of_a_small_terminal_stands_alone_over_whatever_is_open() {
    for keys in ["", "i", "?", "a"] {
        let app = app(Scenario::KlSpike, Theme::DARK, (50, 12), keys);
        let rows = dump::rows(&render(&app, 50, 12));
        assert!(rows.contains(&"Terminal too small: 50x12, need 60x16".to_owned()), "{rows:#?}");
    }
}
