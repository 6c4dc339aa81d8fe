//! Text from outside that tries to take the screen over: it may look odd, and nothing else may change.

use std::collections::BTreeMap;
use std::sync::Arc;

use karn_sanctum::{LastUpdate, SinkLoss, Snapshot};
use leyline::{Severity, SkipReason};
use proptest::prelude::*;
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use sanctum_widgets::{Glyphs, Theme, View, dump, widget_id};

#[expect(dead_code, reason = "other tests use the rest")]
#[path = "support/base.rs"]
mod base;

/// A snapshot in which every text comes from outside.
fn with_text(text: &str) -> Snapshot {
    let mut snapshot = base::everything();
    snapshot.task_name = Some(text.to_owned());
    snapshot.reward_mode = Some(text.to_owned());
    snapshot.finish_error = Some(text.to_owned());
    let skip_reason = Some(SkipReason::Other(text.to_owned()));
    snapshot.policy.last_update = Some(LastUpdate { batch: 26, skipped: true, skip_reason });
    snapshot.vitals.memory_alarm_devices = Some(Arc::from([text.to_owned()]));
    let loss = SinkLoss { lossless: Some(1), lossy: None };
    snapshot.telemetry.sink_losses = Some(Arc::new(BTreeMap::from([(text.to_owned(), loss)])));
    snapshot.metrics = base::metrics(&[(text, Some(text), 1.0)]);
    let mut line = base::line(1, text, Severity::Info, text);
    text.clone_into(&mut line.message);
    snapshot.event_log = Arc::from([Arc::new(line)]);
    snapshot
}

fn drawn(snapshot: &Snapshot, theme: Theme) -> Vec<Buffer> {
    let draw = |spec: &widget_id::WidgetSpec| {
        let (width, height) = if spec.panel.is_none() { (120, 1) } else { (40, 12) };
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        spec.id.render(snapshot, View::REST, &theme, *buffer.area(), &mut buffer);
        buffer
    };
    widget_id::ALL.iter().map(draw).collect()
}

/// Asserts that nothing on screen can steer a terminal and that the frames stand where they should.
fn check(text: &str, theme: Theme) {
    let buffers = drawn(&with_text(text), theme);
    for (buffer, spec) in buffers.iter().zip(widget_id::ALL) {
        for cell in buffer.content() {
            let steers = |c: char| {
                c.is_control()
                    || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            };
            assert!(!cell.symbol().contains(steers), "{text:?} {:?}", dump::rows(buffer));
            assert!(theme.glyphs == Glyphs::Unicode || cell.symbol().is_ascii());
        }
        if spec.panel.is_some() {
            for row in 1..11 {
                let edges =
                    [&buffer[(0, row)], &buffer[(39, row)]].map(|cell| cell.symbol().to_owned());
                let edge = if theme.glyphs.is_ascii() { "|" } else { "│" };
                assert_eq!(edges, [edge, edge], "{text:?} {:?}", dump::rows(buffer));
            }
        }
    }
}

#[test]
fn escape_sequences_and_direction_overrides_stay_text() {
    let hostile = [
        "\u{1b}[2J\u{1b}[31mred",
        "\u{1b}]52;c;aGk=\u{7}",
        "a\r\nb\tc\u{0}\u{7f}\u{9b}2J",
        "\u{202e}txt.exe\u{2066}\u{200f}",
        "e\u{301}\u{301}\u{301}\u{301}\u{200d}\u{feff}",
        "日本語のとても長い名前がここに立っている",
        "👩‍👩‍👧‍👦🏽🇩🇪",
        "",
    ];
    for text in hostile {
        check(text, Theme::DARK);
        check(text, Theme::PLAIN.with_glyphs(Glyphs::Ascii));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_stays_text(text: String, ascii: bool) {
        let glyphs = if ascii { Glyphs::Ascii } else { Glyphs::Unicode };
        check(&text, Theme::DARK.with_glyphs(glyphs));
    }
}
