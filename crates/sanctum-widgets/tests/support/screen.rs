//! Looking at what was drawn: where a text stands and in which style.

use ratatui_core::buffer::Buffer;
use ratatui_core::widgets::Widget;
use sanctum_widgets::dump;

/// What a widget drew.
pub(crate) struct Screen {
    rows: Vec<String>,
    runs: Vec<String>,
}

impl Screen {
    /// Draws a widget alone.
    pub(crate) fn of<'a, W>(widget: &'a W, width: u16, height: u16) -> Self
    where
        &'a W: Widget,
    {
        let buffer: Buffer = dump::draw_buffer(widget, width, height);
        Self { rows: dump::rows(&buffer), runs: dump::runs(&buffer) }
    }

    /// Asserts that one row contains `text`.
    #[track_caller]
    pub(crate) fn shows(&self, text: &str) -> &Self {
        assert!(self.rows.iter().any(|row| row.contains(text)), "{text:?} in {:#?}", self.rows);
        self
    }

    /// Asserts that no row contains `text`.
    #[track_caller]
    pub(crate) fn hides(&self, text: &str) -> &Self {
        assert!(!self.rows.iter().any(|row| row.contains(text)), "{text:?} in {:#?}", self.rows);
        self
    }

    /// Asserts the style of the first column of `text`; the default style is empty.
    #[track_caller]
    pub(crate) fn styles(&self, text: &str, style: &str) -> &Self {
        let found = self
            .rows
            .iter()
            .enumerate()
            .find_map(|(row, line)| Some((row, line.split_once(text)?.0)));
        let (row, before) = found.expect("the text is on the screen");
        let column = before.chars().count();
        let of_column = self.runs.iter().find_map(|run| {
            let (span, style) = run.split_once(' ')?;
            let (at, columns) = span.split_once(':')?;
            let (start, end) = columns.split_once("..")?;
            let inside = start.parse::<usize>().ok()? <= column && column < end.parse().ok()?;
            (at.parse() == Ok(row) && inside).then_some(style)
        });
        assert_eq!(of_column.unwrap_or_default(), style, "{text:?} in {:#?}", self.rows);
        self
    }
}

pub(crate) const CRITICAL: &str = "fg=LightRed BOLD";
pub(crate) const WARNING: &str = "fg=Yellow BOLD";
pub(crate) const OK: &str = "fg=Cyan";
pub(crate) const MISSING: &str = "fg=DarkGray DIM";
pub(crate) const STALE: &str = "fg=DarkGray ITALIC";
pub(crate) const PLAIN: &str = "";
pub(crate) const DIM: &str = "fg=DarkGray";
