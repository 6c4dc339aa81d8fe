//! The frame of a panel with its title.

use karn_sanctum::LastUpdate;
use leyline::SkipReason;

use crate::format::{cut, width};
use crate::metric_row::batch_of_measurement;
use crate::pen::Pen;
use crate::theme::{Class, Theme};
use crate::view::View;
use crate::widget_id::WidgetId;

/// What stands in the frame around a panel.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// `4 Episodes`, in reverse while focused.
    pub(crate) title: String,
    /// Something about all of the panel: `skipped: kl_limit`, `waiting for the first update`. Cut first.
    pub(crate) note: Option<(String, Class)>,
    /// The batch of measurement: `b26`, `b24/b26`.
    pub(crate) batch: Option<String>,
}

impl Frame {
    /// Returns the frame of a panel with the title that the registry gives it.
    pub(crate) fn of(id: WidgetId) -> Self {
        let spec = id.spec();
        let title =
            spec.panel.map_or_else(|| spec.title.to_owned(), |n| format!("{n} {}", spec.title));
        Self { title, note: None, batch: None }
    }

    /// Draws the frame and returns a pen for what is inside, or `None` if there is no room inside.
    pub(crate) fn draw<'a>(&self, pen: &'a mut Pen<'_>, view: View) -> Option<Pen<'a>> {
        let (columns, rows) = (pen.width(), pen.height());
        let theme: &Theme = pen.theme();
        let (Some(across), Some(down)) = (columns.checked_sub(2), rows.checked_sub(2)) else {
            // No room for a frame: the title alone says what would be here.
            pen.text(0, 0, &cut(&self.title, columns), Class::Accent);
            return None;
        };
        let line = "─".repeat(across);
        pen.text(0, 0, &format!("┌{line}┐"), Class::Dim);
        pen.text(0, rows - 1, &format!("└{line}┘"), Class::Dim);
        for row in 1..rows - 1 {
            pen.text(0, row, "│", Class::Dim);
            pen.text(columns - 1, row, "│", Class::Dim);
        }
        // A line of one column stays on both sides.
        let end = columns.saturating_sub(2);
        let room = columns.saturating_sub(4);
        let past = if view.past { " (past)" } else { "" };
        let title = cut(&format!(" {}{past} ", self.title), room);
        let style =
            if view.focused { theme.reversed(Class::Accent) } else { theme.style(Class::Accent) };
        pen.styled(2, 0, &title, style);
        self.draw_right(pen, 2 + width(&title), end);
        pen.part(1, 1, across, down)
    }

    /// Returns the frame of a panel of update readings: what became of the latest update, and the batch of measurement of
    /// the readings shown, each by whether it is fresh and by its batch.
    pub(crate) fn of_update(
        id: WidgetId,
        pen: &Pen<'_>,
        latest: Option<&LastUpdate>,
        shown: impl IntoIterator<Item = (bool, Option<u64>)>,
    ) -> Self {
        let note = match latest {
            None => Some(("waiting for the first update".to_owned(), Class::Missing)),
            Some(update) if update.skipped => {
                let reason =
                    update.skip_reason.as_ref().map_or("no reason given", SkipReason::as_str);
                Some((pen.foreign(&format!("skipped: {reason}"), pen.width()), Class::Warning))
            }
            Some(_) => None,
        };
        Self { note, batch: batch_of_measurement(latest, shown), ..Self::of(id) }
    }

    /// Draws note and batch between `start` and `end`, the batch at the end.
    fn draw_right(&self, pen: &mut Pen<'_>, start: usize, end: usize) {
        let mut end = end;
        if let Some(batch) = &self.batch {
            let text = format!(" {batch} ");
            if end < start + width(&text) {
                return;
            }
            pen.right(end, 0, &text, Class::Dim);
            end -= width(&text) - 1;
        }
        if let Some((note, class)) = &self.note {
            // Below a few columns a note is no longer a word.
            let room = end.saturating_sub(start + 2);
            if room < 6.min(width(note)) {
                return;
            }
            let text = format!(" {} ", cut(note, room));
            pen.right(end, 0, &text, *class);
        }
    }
}

#[cfg(test)]
mod tests {
    use ratatui_core::buffer::Buffer;
    use ratatui_core::layout::Rect;

    use super::*;
    use crate::dump;

    fn drawn(frame: &Frame, columns: u16, rows: u16, view: View) -> Buffer {
        let mut buf = Buffer::empty(Rect::new(0, 0, columns, rows));
        if let Some(mut pen) = Pen::new(*buf.area(), &mut buf, &Theme::DARK) {
            if let Some(mut inside) = frame.draw(&mut pen, view) {
                inside.text(0, 0, &"x".repeat(columns.into()), Class::Plain);
            }
            pen.finish();
        }
        buf
    }

    #[test]
    fn titles_give_way_note_first() {
        let note = Some(("skipped: nonfinite_loss".to_owned(), Class::Warning));
        let batch = Some("b24/b26".to_owned());
        let frame = Frame { note, batch, ..Frame::of(WidgetId::PolicyLosses) };
        let widths = [50, 45, 40, 28, 20, 10, 4, 3, 2];
        let tops =
            widths.map(|columns| dump::rows(&drawn(&frame, columns, 2, View::REST))[0].clone());
        insta::assert_snapshot!(tops.join("\n"), @r"
        ┌─ 2 Losses ─── skipped: nonfinite_loss b24/b26 ─┐
        ┌─ 2 Losses  skipped: nonfinite_l… b24/b26 ─┐
        ┌─ 2 Losses  skipped: nonfin… b24/b26 ─┐
        ┌─ 2 Losses ───── b24/b26 ─┐
        ┌─ 2 Losses ───────┐
        ┌─ 2 Lo…─┐
        ┌──┐
        ┌─┐
        ┌┐
        ");
    }

    #[test]
    fn the_focus_is_reverse_and_the_inside_is_kept() {
        let buf =
            drawn(&Frame::of(WidgetId::EpisodePanel), 20, 3, View { focused: true, ..View::REST });
        insta::assert_snapshot!(dump::dump(&buf));
    }

    #[test]
    fn a_title_says_that_it_shows_the_past() {
        let past = View { past: true, ..View::REST };
        let frame = Frame { batch: Some("b24".to_owned()), ..Frame::of(WidgetId::EpisodePanel) };
        assert_eq!(
            dump::rows(&drawn(&frame, 34, 2, past))[0],
            "┌─ 4 Episodes (past) ────── b24 ─┐"
        );
    }

    #[test]
    fn too_small_for_a_frame_leaves_the_title() {
        let frame = Frame::of(WidgetId::EpisodePanel);
        assert_eq!(dump::rows(&drawn(&frame, 8, 1, View::REST)), ["4 Episo…"]);
        assert_eq!(dump::rows(&drawn(&frame, 1, 3, View::REST)), ["…", "", ""]);
    }
}
