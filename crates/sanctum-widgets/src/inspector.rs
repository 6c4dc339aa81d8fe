//! Everything that is known about one number: what it answers, how it was measured, its limits and the way it came.

use karn_sanctum::Reading;
use leyline::{Health, Timestamp};
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::widgets::Widget;

use crate::frame::Frame;
use crate::pen::{Pen, Span};
use crate::theme::{Class, Theme};
use crate::view::View;

mod lines;
#[cfg(test)]
mod tests;
mod wrap;

/// What the telemetry record of a metric says, as far as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordText<'a> {
    /// The question that the metric answers.
    pub question: &'a str,
    /// What the number is: formula and meaning.
    pub meaning: &'a str,
    /// Its type in the snapshot.
    pub kind: &'a str,
    /// Its unit.
    pub unit: &'a str,
    /// The values it can have.
    pub range: &'a str,
    /// How a value that was not measured is told; `None`: it is absent.
    pub missing: Option<&'a str>,
    /// Level, condition and meaning of each threshold.
    pub thresholds: Vec<[&'a str; 3]>,
    /// What makes the trainer speak of it.
    pub origin: &'a str,
    /// The function that fills the event, or that computes the number.
    pub function: Option<&'a str>,
    /// The events or metrics it comes from.
    pub sources: Vec<&'a str>,
    /// Name and usage of each widget that shows it.
    pub widgets: Vec<[&'a str; 2]>,
    /// The file of the record.
    pub file: &'a str,
    /// The step that the record had earned when this program was built.
    pub earned: &'a str,
}

/// What is known of the time at which a number was measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// Batch, freshness and verdict.
    pub reading: Reading<()>,
    /// The producer's wall clock then; `None`: not known.
    pub ts: Option<Timestamp>,
    /// Seconds since then; `None`: not known.
    pub age_seconds: Option<f64>,
}

/// What is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct InspectorProps<'a> {
    /// Number of the metric; `None`: the registry has none.
    pub number: Option<u16>,
    /// Its name.
    pub name: String,
    /// Which environment, device, sink or user metric it is of.
    pub of: Option<String>,
    /// Its place in the snapshot.
    pub path: String,
    /// Its record; `None`: there is none.
    pub record: Option<RecordText<'a>>,
    /// The value as it is kept, not rounded; `None`: absent.
    pub value: Option<String>,
    /// When it was measured; `None`: it has no time of its own.
    pub measured: Option<Measured>,
    /// The verdict.
    pub verdict: Health,
    /// The latest values, newest last; `None`: no history of it is kept.
    pub history: Option<Vec<f64>>,
    /// Place among the metrics that can be gone through, and their number.
    pub among: (usize, usize),
}

/// A list of facts, with labels on the left.
#[derive(Debug, Clone)]
pub struct InspectorView<'a> {
    props: &'a InspectorProps<'a>,
    theme: &'a Theme,
    view: View,
}

/// Columns of the labels.
const LABEL: usize = 11;

/// A label, empty in lines that go on with the one before, and what stands beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    label: &'static str,
    text: Vec<Span>,
}

impl<'a> InspectorView<'a> {
    /// Returns the list for `props`.
    pub const fn new(props: &'a InspectorProps<'a>, theme: &'a Theme) -> Self {
        Self { props, theme, view: View::REST }
    }

    /// Returns the list as a person left it.
    #[must_use]
    pub const fn view(self, view: View) -> Self {
        Self { view, ..self }
    }

    /// Number of lines that can be scrolled in an area of this width.
    pub fn entries(&self, width: u16) -> usize {
        lines::lines(self.props, usize::from(width).saturating_sub(2)).len()
    }

    /// Rows of an area that lines can have: all but the frame.
    pub const fn room(height: u16) -> usize {
        height.saturating_sub(2) as usize
    }

    fn frame(&self) -> Frame {
        let InspectorProps { number, name, of, among: (at, count), .. } = self.props;
        let title = match number {
            Some(number) => format!("TELE-{number:03} {name}"),
            None => name.clone(),
        };
        let title = match of {
            Some(of) => format!("{title}: {of}"),
            None => title,
        };
        let batch = (1 < *count).then(|| format!("{} of {count}", at + 1));
        Frame { title, note: None, batch }
    }
}

impl Widget for &InspectorView<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let Some(mut pen) = Pen::new(area, buf, self.theme) else { return };
        let Frame { title, note, batch } = self.frame();
        let frame = Frame { title: pen.foreign(&title, usize::MAX), note, batch };
        if let Some(mut inside) = frame.draw(&mut pen, self.view) {
            let lines = lines::lines(self.props, inside.width());
            let room = inside.height();
            let first = self.view.first_from_start(lines.len(), room);
            for (row, line) in lines.iter().skip(first).take(room).enumerate() {
                inside.text(0, row, line.label, Class::Dim);
                inside.spans(LABEL, row, &line.text);
            }
        }
        pen.finish();
    }
}
