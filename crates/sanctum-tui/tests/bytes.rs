//! How much a screen sends to the terminal.

use std::sync::Arc;
use std::time::Duration;

use leyline::demo::{self, Scenario};
use leyline::{RunNs, ViewNs};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use sanctum_tui::app::{App, Trainer};
use sanctum_tui::fold::Picture;
use sanctum_tui::message::{Effect, Message};
use sanctum_tui::pace::Pace;
use sanctum_tui::render;
use sanctum_tui::screen::Screen;
use sanctum_tui::time::{Extent, Moment, Motion};
use sanctum_widgets::Theme;

#[path = "support/film.rs"]
mod film;

const SIZE: (u16, u16) = (150, 44);
/// Milliseconds between two frames, by default.
const FRAME: u64 = 250;

/// A screen whose terminal only counts.
struct Desk {
    app: App,
    screen: Screen<std::io::Sink>,
    pace: Pace,
    frames: u64,
    /// Frames that sent something, frames in which the panels were drawn, and the most frames between two of those.
    drawn: u64,
    refreshed: u64,
    waited: u64,
    lag: u64,
}

impl Desk {
    fn new() -> Self {
        let mut app = App::new(Theme::DARK, Trainer::Here);
        app.update(Message::Resize(SIZE.0, SIZE.1), ViewNs(0));
        let pace = Pace::new(Duration::from_millis(FRAME));
        let screen = Screen::new(std::io::sink());
        Self { app, screen, pace, frames: 0, drawn: 0, refreshed: 0, waited: 0, lag: 0 }
    }

    /// Shows a picture as the loop of the screen does and returns the bytes it cost.
    fn frame(&mut self, picture: &Picture) -> usize {
        self.frames += 1;
        let now = ViewNs(self.frames * FRAME * 1_000_000);
        let effect = self.app.update(Message::Picture(Arc::new(picture.clone())), now);
        if effect == Effect::None {
            return 0;
        }
        self.waited += 1;
        if self.pace.affords_panels(now) {
            self.app.catch_up();
            self.lag = self.lag.max(self.waited);
            (self.refreshed, self.waited) = (self.refreshed + 1, 0);
        }
        let bytes = self.draw();
        self.drawn += u64::from(0 < bytes);
        self.pace.spend(bytes);
        bytes
    }

    /// Shows a picture in full.
    fn show(&mut self, picture: &Picture) -> usize {
        self.app.update(Message::Picture(Arc::new(picture.clone())), ViewNs(0));
        self.app.catch_up();
        self.draw()
    }

    fn draw(&mut self) -> usize {
        self.app.set_ui_rate(Some(4.0));
        self.screen.show(render(&self.app, SIZE.0, SIZE.1)).expect("a sink takes everything")
    }

    fn press(&mut self, c: char) -> usize {
        let key = KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE);
        self.app.update(Message::Key(key), ViewNs(0));
        self.draw()
    }
}

#[test]
fn a_busy_screen_sends_less_than_2_kb_a_second() {
    // Seven batches and thirty log lines a second: most of every panel changes at every frame.
    let pictures = film::frames(demo::stream(1), FRAME, 240);
    let mut desk = Desk::new();
    let first = desk.show(&pictures[0]);
    let sent: usize = pictures.iter().skip(1).map(|picture| desk.frame(picture)).sum();
    let seconds = (pictures.len() - 1) as f64 * FRAME as f64 / 1000.0;
    let rate = sent as f64 / seconds;
    println!("{rate:.0} bytes a second after a first frame of {first}");
    assert!(rate < 2000.0, "{rate} bytes a second");
    assert!(desk.drawn > 200, "the lines at the top are drawn at every frame");
    assert!(desk.refreshed > 20, "the panels are not forgotten");
    assert!(desk.lag <= 12, "panels were {} frames behind", desk.lag);
}

#[test]
fn a_slower_run_is_drawn_whole_at_every_frame() {
    // The same events, a thirtieth as fast: a batch in four seconds.
    let slow = demo::stream(1).map(|mut event| {
        event.mono_ns.0 *= 30;
        event
    });
    let pictures = film::frames(slow, FRAME, 240);
    let mut desk = Desk::new();
    desk.show(&pictures[0]);
    let sent: usize = pictures.iter().skip(1).map(|picture| desk.frame(picture)).sum();
    println!("{} bytes a second", sent as f64 / 59.75);
    assert!((sent as f64) < 2000.0 * 59.75);
    assert_eq!(desk.lag, 1, "panels were behind");
}

#[test]
fn a_paused_screen_sends_nothing() {
    let pictures = film::frames(demo::stream(1), FRAME, 40);
    let mut desk = Desk::new();
    desk.show(&pictures[0]);
    assert_ne!(desk.press(' '), 0);
    assert!(pictures.iter().all(|picture| desk.frame(picture) == 0));
    assert_ne!(desk.press(' '), 0, "resumed, it shows what came meanwhile");
}

#[test]
fn a_screen_that_a_time_machine_holds_sends_next_to_nothing() {
    let pictures = film::frames(demo::stream(1), FRAME, 2);
    let mut desk = Desk::new();
    let held = |seconds: u64| {
        let moment = Moment {
            place: 500,
            seq: Some(499),
            at: Some(RunNs(0)),
            ts: None,
            motion: Motion::Still,
            extent: Extent {
                first: 0,
                last: 500 + 200 * seconds,
                times: Some((RunNs(0), RunNs(seconds * 1_000_000_000))),
                landmarks: [].into(),
                reading: None,
            },
        };
        Picture { moment: Some(Arc::new(moment)), ..pictures[1].clone() }
    };
    desk.show(&held(0));
    desk.frame(&held(1));
    let sent: Vec<usize> = (2..=600).map(|second| desk.frame(&held(second))).collect();
    assert_eq!(sent.iter().filter(|bytes| 0 < **bytes).count(), 10, "once a minute");
    let sum: usize = sent.iter().sum();
    println!("{sum} bytes in ten minutes");
    assert!(sum < 2000, "{sum} bytes in ten minutes");
}

#[test]
fn a_finished_screen_sends_nothing() {
    let mut desk = Desk::new();
    let ended = Picture { ended: true, ..film::last(Scenario::LossyLink) };
    assert_ne!(desk.frame(&ended), 0);
    assert!((0..40).all(|_| desk.frame(&ended) == 0));
    assert!((0..40).all(|_| desk.draw() == 0), "nor when it is drawn for another reason");
}
