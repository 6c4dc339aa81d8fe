//! What is on the screen: panels where the layout puts them, the footer, and what lies over both.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use sanctum_widgets::format::cut;
use sanctum_widgets::{Class, Theme};

use crate::app::App;

mod alerts;
mod difference;
mod footer;
mod help;
mod inspector;
mod overview;
mod past;

pub(crate) use alerts::alerts_room;
pub(crate) use difference::{difference_room, difference_rows};
pub(crate) use help::{help_room, help_rows};
pub(crate) use inspector::{inspector_room, inspector_rows};
pub(crate) use overview::list;

/// A scene that can be drawn by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scene {
    /// The panels of one run.
    Overview,
    /// Keys and glossary, over the panels.
    Help,
    /// The panels at a moment of the past, and the time bar that says where in the run that is.
    Past,
    /// What changed between two moments, over the panels.
    Difference,
    /// Everything about one number, over the panels.
    Inspector,
    /// The list of alerts, over the panels.
    Alerts,
}

impl Scene {
    /// Every scene.
    pub const ALL: [Self; 6] =
        [Self::Overview, Self::Help, Self::Past, Self::Difference, Self::Inspector, Self::Alerts];

    /// Returns the name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Help => "help",
            Self::Past => "past",
            Self::Difference => "difference",
            Self::Inspector => "inspector",
            Self::Alerts => "alerts",
        }
    }
}

/// Draws everything into `area`.
pub(crate) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let area = area.intersection(*buf.area());
    if area.is_empty() {
        return;
    }
    overview::draw(app, area, buf);
    help::draw(app, area, buf);
    difference::draw(app, area, buf);
    inspector::draw(app, area, buf);
    alerts::draw(app, area, buf);
    footer::draw(app, area, buf);
    app.theme().glyphs.apply(area, buf);
}

/// Writes into a row from a column on; what does not fit is cut off.
fn put(row: Rect, buf: &mut Buffer, column: usize, text: &str, theme: Theme, class: Class) {
    let Some(room) = usize::from(row.width).checked_sub(column) else { return };
    if 0 < room {
        buf.set_string(row.x + column as u16, row.y, cut(text, room), theme.style(class));
    }
}
