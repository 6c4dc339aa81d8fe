//! Drawing frames, and finding out what to send of them.

use std::hint::black_box;
use std::sync::Arc;

use criterion::Criterion;
use leyline::{ViewNs, demo};
use sanctum_tui::app::{App, Trainer};
use sanctum_tui::message::Message;
use sanctum_tui::render;
use sanctum_tui::screen::Screen;
use sanctum_widgets::Theme;

#[path = "../../tests/support/film.rs"]
#[expect(dead_code, reason = "shared with tests that need more of it")]
mod film;

/// Draws the main screen at three sizes, and sends one changing frame after the other.
pub(crate) fn frames(criterion: &mut Criterion) {
    let pictures: Vec<_> =
        film::frames(demo::stream(1), 250, 40).into_iter().map(Arc::new).collect();
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let mut app = App::new(Theme::DARK, Trainer::Here);
        app.update(Message::Resize(width, height), ViewNs(0));
        app.update(Message::Picture(Arc::clone(&pictures[39])), ViewNs(0));
        app.catch_up();
        criterion.bench_function(&format!("frame/overview/{width}x{height}"), |bencher| {
            bencher.iter(|| render(black_box(&app), width, height));
        });
        let mut screen = Screen::new(std::io::sink());
        let mut turn = pictures.iter().cycle();
        criterion.bench_function(&format!("frame/send/{width}x{height}"), |bencher| {
            bencher.iter(|| {
                app.update(
                    Message::Picture(turn.next().map(Arc::clone).expect("a cycle")),
                    ViewNs(0),
                );
                app.catch_up();
                screen.show(render(&app, width, height)).expect("a sink takes everything")
            });
        });
    }
}
