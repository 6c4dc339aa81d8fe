//! Sends frames to the terminal: only the cells that changed, in one write, and nothing at all where nothing changed.

use std::io::{self, Write};

use ratatui::buffer::Buffer;
use ratatui::crossterm::queue;
use ratatui::crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate,
};
use ratatui::layout::Rect;

mod encode;

/// What the terminal shows, and the way to it.
#[derive(Debug)]
pub struct Screen<W: Write> {
    out: W,
    shown: Buffer,
    /// Whether the terminal may show something else than `shown`.
    dirty: bool,
}

impl<W: Write> Screen<W> {
    /// Returns a screen that knows nothing of what the terminal shows.
    pub fn new(out: W) -> Self {
        Self { out, shown: Buffer::empty(Rect::ZERO), dirty: true }
    }

    /// Makes the next frame draw everything.
    pub const fn forget(&mut self) {
        self.dirty = true;
    }

    /// Sends bytes that move nothing on the screen, between two frames.
    ///
    /// # Errors
    ///
    /// Fails if the terminal cannot be written to.
    pub fn ring(&mut self, bytes: &str) -> io::Result<()> {
        self.out.write_all(bytes.as_bytes())?;
        self.out.flush()
    }

    /// Shows `next` and returns how many bytes that took.
    ///
    /// # Errors
    ///
    /// Fails if the terminal cannot be written to; the next frame then draws everything.
    pub fn show(&mut self, next: Buffer) -> io::Result<usize> {
        let everything = self.dirty || self.shown.area != next.area;
        if everything {
            self.shown = Buffer::empty(next.area);
        }
        let mut changes = String::new();
        encode::encode(&self.shown, &next, &mut changes);
        if changes.is_empty() && !everything {
            self.shown = next;
            return Ok(0);
        }
        let mut bytes = Vec::new();
        queue!(bytes, BeginSynchronizedUpdate)?;
        if everything {
            queue!(bytes, Clear(ClearType::All))?;
        }
        bytes.extend_from_slice(changes.as_bytes());
        queue!(bytes, EndSynchronizedUpdate)?;
        self.dirty = true;
        self.out.write_all(&bytes)?;
        self.out.flush()?;
        self.dirty = false;
        self.shown = next;
        Ok(bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use ratatui::style::Style;

    use super::*;

    fn frame(text: &str) -> Buffer {
        let mut buf = Buffer::empty(Rect::new(0, 0, 20, 2));
        buf.set_string(0, 0, text, Style::new());
        buf
    }

    #[test]
    fn only_what_changed_is_sent() {
        let mut screen = Screen::new(Vec::new());
        assert_ne!(screen.show(frame("one two")).unwrap(), 0);
        let first = screen.out.len();
        screen.show(frame("one six")).unwrap();
        let sent = String::from_utf8(screen.out[first..].to_vec()).unwrap();
        assert!(sent.contains("six") && !sent.contains("one"), "{sent:?}");
    }

    #[test]
    fn an_equal_frame_costs_no_byte() {
        let mut screen = Screen::new(Vec::new());
        screen.show(frame("same")).unwrap();
        let before = screen.out.len();
        assert_eq!(screen.show(frame("same")).unwrap(), 0);
        assert_eq!(screen.out.len(), before);
        screen.forget();
        assert_ne!(screen.show(frame("same")).unwrap(), 0);
    }

    #[test]
    fn another_size_is_drawn_from_scratch() {
        let mut screen = Screen::new(Vec::new());
        screen.show(frame("same")).unwrap();
        screen.show(Buffer::empty(Rect::new(0, 0, 1, 1))).unwrap();
        screen.show(Buffer::empty(Rect::ZERO)).unwrap();
        let before = screen.out.len();
        screen.show(frame("same")).unwrap();
        let sent = String::from_utf8(screen.out[before..].to_vec()).unwrap();
        assert!(sent.contains("\x1b[2J") && sent.contains("same"), "{sent:?}");
    }

    #[test]
    fn a_bell_between_two_frames_changes_nothing_of_them() {
        let mut screen = Screen::new(Vec::new());
        screen.show(frame("same")).unwrap();
        let before = screen.out.len();
        screen.ring("\x07").unwrap();
        assert_eq!(screen.show(frame("same")).unwrap(), 0);
        assert_eq!(&screen.out[before..], b"\x07");
    }

    /// A terminal that goes away after some bytes.
    struct Broken(usize);

    impl Write for Broken {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let room = self.0.min(bytes.len());
            self.0 -= room;
            if room == 0 { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(room) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_frame_that_was_cut_is_drawn_again_in_full() {
        let mut screen = Screen::new(Broken(10));
        assert!(screen.show(frame("same")).is_err());
        screen.out = Broken(10_000);
        let all = screen.show(frame("same")).unwrap();
        assert!(all > "same".len() + 8);
        assert_eq!(screen.show(frame("same")).unwrap(), 0);
    }
}
