//! One drawing of each widget at the size it has on the largest screen, and of all of them together.

use criterion::{Criterion, criterion_group};
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use sanctum_widgets::{Glyphs, Theme, View, widget_id};

use crate::base;

/// Sizes on the screen of 200 x 60.
fn size(name: &str) -> (u16, u16) {
    match name {
        "RunHeader" | "AnomalyStrip" | "StatusBanner" => (200, 1),
        "EnvOverview" => (90, 20),
        "EventLog" => (100, 15),
        "EsperStatus" | "TelemetryPanel" => (50, 15),
        _ => (50, 20),
    }
}

fn frame(c: &mut Criterion) {
    let snapshot = base::busy();
    for (glyphs, theme) in
        [("unicode", Theme::DARK), ("ascii", Theme::PLAIN.with_glyphs(Glyphs::Ascii))]
    {
        for spec in widget_id::ALL {
            let (width, height) = size(spec.name);
            let area = Rect::new(0, 0, width, height);
            let mut buf = Buffer::empty(area);
            c.bench_function(&format!("frame/{}/{width}x{height}/{glyphs}", spec.name), |b| {
                b.iter(|| spec.id.render(&snapshot, View::REST, &theme, area, &mut buf));
            });
        }
    }
    let mut buffers: Vec<_> = widget_id::ALL
        .iter()
        .map(|spec| {
            let (width, height) = size(spec.name);
            (spec.id, Buffer::empty(Rect::new(0, 0, width, height)))
        })
        .collect();
    c.bench_function("frame/all_widgets/200x60", |b| {
        b.iter(|| {
            for (id, buf) in &mut buffers {
                buf.reset();
                id.render(&snapshot, View::REST, &Theme::DARK, *buf.area(), buf);
            }
        });
    });
}

criterion_group!(benches, frame);
