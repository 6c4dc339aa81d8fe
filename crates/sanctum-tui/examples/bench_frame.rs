//! Prints the median time of a full frame at 200x60 as one JSON line, for `cargo xtask bench`.

use std::hint::black_box;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Instant;

use leyline::{ViewNs, demo};
use sanctum_tui::app::{App, Trainer};
use sanctum_tui::message::Message;
use sanctum_tui::render;
use sanctum_tui::screen::Screen;
use sanctum_widgets::Theme;

#[path = "../tests/support/film.rs"]
#[expect(dead_code, reason = "shared with tests that need more of it")]
mod film;

const SIZE: (u16, u16) = (200, 60);
const FRAMES: usize = 1000;
/// Longest median allowed, milliseconds.
const BAR: f64 = 1.5;

#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
fn main() -> io::Result<()> {
    let pictures: Vec<_> =
        film::frames(demo::stream(1), 250, 40).into_iter().map(Arc::new).collect();
    let mut app = App::new(Theme::DARK, Trainer::Here);
    app.update(Message::Resize(SIZE.0, SIZE.1), ViewNs(0));
    let mut screen = Screen::new(io::sink());
    let mut times = Vec::with_capacity(FRAMES);
    for picture in pictures.iter().cycle().take(FRAMES) {
        // Each frame shows another picture, so that everything is drawn, compared and encoded.
        app.update(Message::Picture(Arc::clone(picture)), ViewNs(0));
        app.catch_up();
        let begun = Instant::now();
        screen.show(black_box(render(&app, SIZE.0, SIZE.1)))?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    let (median, p99) = (times[FRAMES / 2], times[FRAMES * 99 / 100]);
    writeln!(
        io::stdout(),
        "{{\"name\":\"frame/200x60\",\"value\":{median:.4},\"unit\":\"ms\",\"bar\":{BAR},\"better\":\"lower\",\
         \"detail\":\"median of {FRAMES} changing frames, drawn, compared and encoded; p99 {p99:.4} ms\"}}"
    )
}
