//! A real run of the Python system that this project's records come from, on our widgets.

use karn_sanctum::Snapshot;
use leyline::wire::RowDecoder;
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use sanctum_widgets::{EnvOverview, EpisodePanel, PolicyLosses, RunHeader, TelemetryPanel, Theme};
use sanctum_widgets::{View, dump, widget_id};

#[path = "support/fold.rs"]
mod fold;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "support/screen.rs"]
mod screen;

use screen::Screen;

const ANCESTOR: &[u8] = include_bytes!("../../leyline/testdata/wire/v0/ancestor-run.v0.jsonl");

fn snapshot() -> Snapshot {
    let mut decoder = RowDecoder::new("ancestor-run.v0");
    let lines = ANCESTOR.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    fold::fold(&lines.map(|line| decoder.decode(line)).collect::<Vec<_>>())
}

#[test]
fn every_widget_draws_the_ancestor() {
    let snapshot = snapshot();
    let drawn = widget_id::ALL.iter().map(|spec| {
        let (width, height) = if spec.panel.is_none() { (120, 1) } else { (60, 14) };
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        spec.id.render(&snapshot, View::REST, &Theme::DARK, *buffer.area(), &mut buffer);
        dump::rows(&buffer).join("\n")
    });
    insta::assert_snapshot!(drawn.collect::<Vec<_>>().join("\n"));
}

/// Every number here was taken from the file by another program.
#[test]
fn the_numbers_of_the_ancestor_are_those_of_its_rows() {
    let snapshot = snapshot();
    let theme = &Theme::DARK;
    Screen::of(&RunHeader::new((&snapshot).into(), theme), 120, 1)
        .shows("● LIVE ? │ cifar_minimal  RWD:shaped │ Ep 15 E:██████ 5/5 B:████████ 5/5 │");
    Screen::of(&PolicyLosses::new((&snapshot).into(), theme), 40, 8)
        .shows(" b5 ─")
        .shows("│Policy        -1.4516 ")
        .shows("│Value          1.6576 ")
        .shows("│LR            3.00e-4 ")
        .shows("│EntCoef       1.00e-1 ")
        .shows("│Update           24ms ");
    Screen::of(&EpisodePanel::new((&snapshot).into(), theme), 40, 10).shows("│Total        15 ");
    Screen::of(&EnvOverview::new((&snapshot).into(), theme), 60, 8)
        .shows(" 5 Environments 3 of 3 ");
    Screen::of(&TelemetryPanel::new((&snapshot).into(), theme), 40, 10)
        .shows("│Received                           489│")
        .shows("Unknown 370│")
        .shows("│Rejected 0 ")
        .shows("│Lost —                          Gaps —│");
}
