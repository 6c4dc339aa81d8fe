//! What stands in the place of a widget that would have to know all of a run, while the run is still being read.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::widgets::Widget;

use crate::frame::Frame;
use crate::pen::Pen;
use crate::theme::{Class, Theme};
use crate::view::View;
use crate::widget_id::WidgetId;

const TEXT: &str = "— until the run has been read";

/// The frame of a panel, if it is one, and that nothing can be said yet.
#[derive(Debug, Clone)]
pub struct Unread<'a> {
    id: WidgetId,
    theme: &'a Theme,
    view: View,
}

impl<'a> Unread<'a> {
    /// Returns what stands in the place of `id`.
    pub const fn new(id: WidgetId, view: View, theme: &'a Theme) -> Self {
        Self { id, theme, view }
    }

    /// Returns whether a widget would say something about all of the run that no single reading says: that nothing is wrong,
    /// that nothing happened, how an environment does.
    pub const fn stands_for(id: WidgetId) -> bool {
        match id {
            WidgetId::StatusBanner | WidgetId::EnvOverview | WidgetId::EventLog => true,
            WidgetId::RunHeader
            | WidgetId::AnomalyStrip
            | WidgetId::PolicyHealth
            | WidgetId::PolicyLosses
            | WidgetId::ValueDiagnostics
            | WidgetId::EpisodePanel
            | WidgetId::EsperStatus
            | WidgetId::TelemetryPanel => false,
        }
    }
}

impl Widget for &Unread<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let Some(mut pen) = Pen::new(area, buf, self.theme) else { return };
        if self.id.spec().panel.is_none() {
            pen.text(0, 0, TEXT, Class::Missing);
        } else if let Some(mut inside) = Frame::of(self.id).draw(&mut pen, self.view) {
            inside.text(0, 0, TEXT, Class::Missing);
        }
        pen.finish();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dump::draw;

    #[test]
    fn a_panel_keeps_its_frame_and_a_line_is_only_the_words() {
        let shown =
            |id, columns, rows| draw(&Unread::new(id, View::REST, &Theme::DARK), columns, rows);
        insta::assert_snapshot!("panel", shown(WidgetId::EventLog, 40, 4));
        insta::assert_snapshot!("line", shown(WidgetId::StatusBanner, 40, 1));
    }

    #[test]
    fn survives_any_area() {
        for (columns, rows) in [(0, 0), (1, 1), (3, 2), (7, 40), (300, 1)] {
            draw(&Unread::new(WidgetId::EnvOverview, View::REST, &Theme::DARK), columns, rows);
        }
    }
}
