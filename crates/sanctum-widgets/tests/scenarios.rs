//! Every widget in every made-up run, at the sizes it has on the three screens.

use karn_sanctum::Snapshot;
use leyline::demo::{Scenario, incoming};
use leyline::word::ClosedWord as _;
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use sanctum_widgets::{Glyphs, Theme, View, WidgetId, dump, widget_id};

#[path = "support/fold.rs"]
mod fold;

/// Columns and rows on the screens of 80x24, 120x40 and 200x60.
const fn sizes(id: WidgetId) -> [(u16, u16); 3] {
    match id {
        WidgetId::RunHeader | WidgetId::AnomalyStrip | WidgetId::StatusBanner => {
            [(80, 1), (120, 1), (200, 1)]
        }
        WidgetId::PolicyHealth | WidgetId::EpisodePanel => [(40, 10), (40, 14), (50, 25)],
        WidgetId::PolicyLosses => [(40, 5), (40, 14), (50, 25)],
        WidgetId::ValueDiagnostics => [(40, 5), (40, 11), (50, 25)],
        WidgetId::EnvOverview => [(40, 5), (80, 11), (200, 15)],
        WidgetId::EventLog => [(40, 5), (60, 10), (100, 15)],
        WidgetId::EsperStatus | WidgetId::TelemetryPanel => [(40, 12), (30, 10), (50, 15)],
    }
}

fn drawn(snapshot: &Snapshot, screen: usize, theme: Theme) -> Vec<Buffer> {
    let draw = |id: WidgetId| {
        let (width, height) = sizes(id)[screen];
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        id.render(snapshot, View::REST, &theme, *buffer.area(), &mut buffer);
        buffer
    };
    widget_id::ALL.iter().map(|spec| draw(spec.id)).collect()
}

fn rows(buffers: &[Buffer]) -> String {
    buffers.iter().map(|buffer| dump::rows(buffer).join("\n")).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_widget_in_every_scenario() {
    for &scenario in Scenario::ALL {
        let snapshot = fold::fold(&incoming(scenario, 7));
        for (screen, size) in ["80x24", "120x40", "200x60"].into_iter().enumerate() {
            let name = format!("{}_{size}", scenario.as_str());
            insta::assert_snapshot!(name, rows(&drawn(&snapshot, screen, Theme::DARK)));
        }
    }
}

#[test]
fn ascii_has_the_same_layout_and_nothing_else() {
    for &scenario in Scenario::ALL {
        let snapshot = fold::fold(&incoming(scenario, 7));
        let ascii = Theme::DARK.with_glyphs(Glyphs::Ascii);
        let unicode = Theme::DARK.with_marker(sanctum_widgets::Marker::Ascii);
        for screen in 0..3 {
            for (a, b) in
                drawn(&snapshot, screen, unicode).iter().zip(drawn(&snapshot, screen, ascii))
            {
                assert!(b.content().iter().all(|cell| cell.symbol().is_ascii()), "{}", rows(&[b]));
                assert!(
                    !b.content().iter().any(|cell| cell.symbol() == "?")
                        || a.content().iter().any(|cell| cell.symbol() == "?")
                );
                assert_eq!(dump::runs(a), dump::runs(&b));
                let blanks = |buffer: &Buffer| {
                    buffer.content().iter().map(|cell| cell.symbol() == " ").collect::<Vec<_>>()
                };
                assert_eq!(blanks(a), blanks(&b));
            }
        }
    }
}

#[test]
fn without_colour_nothing_has_a_colour() {
    for &scenario in Scenario::ALL {
        let snapshot = fold::fold(&incoming(scenario, 7));
        for buffer in drawn(&snapshot, 1, Theme::PLAIN) {
            assert!(
                !dump::runs(&buffer).iter().any(|run| run.contains("fg=") || run.contains("bg="))
            );
        }
    }
}
