//! Everything about one number, over the panels.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget};
use sanctum_widgets::{InspectorView, View};

use crate::app::{App, Overlay};
use crate::inspect;
use crate::scene::help::place;

/// Columns of the inspector with its frame, where there are as many: longer lines are hard to read.
const COLUMNS: u16 = 120;

/// Draws the inspector if it is open.
pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let Overlay::Inspector(first) = app.overlay() else { return };
    let Some(props) = inspect::props(app.inspecting(), app.panels()) else { return };
    let area = place(area, COLUMNS, u16::MAX);
    Clear.render(area, buf);
    let view =
        View { focused: true, offset: Some(first), ..app.panel_view(app.arrangement().focus) };
    InspectorView::new(&props, app.theme()).view(view).render(area, buf);
}

/// Returns the number of lines of the inspector on a screen of this size.
pub(crate) fn inspector_rows(app: &App, area: Rect) -> usize {
    let Some(props) = inspect::props(app.inspecting(), app.panels()) else { return 0 };
    InspectorView::new(&props, app.theme()).entries(place(area, COLUMNS, u16::MAX).width)
}

/// Returns how many of them fit.
pub(crate) fn inspector_room(area: Rect) -> usize {
    InspectorView::room(place(area, COLUMNS, u16::MAX).height)
}
