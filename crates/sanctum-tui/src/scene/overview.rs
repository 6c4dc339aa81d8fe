//! The panels of one run, each where the layout puts it.

use karn_sanctum::Snapshot;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;
use sanctum_widgets::{RunHeader, RunHeaderProps, Unread, VerdictLine, WidgetId};

use crate::app::App;
use crate::layout;

/// Draws every widget that has a place.
pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    for (id, rect) in layout::layout(app.arrangement(), area) {
        if !app.snapshot().is_whole() && Unread::stands_for(id) {
            Unread::new(id, app.panel_view(id), app.theme()).render(rect, buf);
            continue;
        }
        match id {
            WidgetId::RunHeader => {
                let props = RunHeaderProps { ui_rate_hz: app.ui_rate(), ..app.snapshot().into() };
                RunHeader::new(props, app.theme()).paused(app.is_past()).render(rect, buf);
            }
            WidgetId::StatusBanner => {
                let [state, why] = rows(rect);
                id.render(app.snapshot(), app.panel_view(id), app.theme(), state, buf);
                VerdictLine::new(app.worries(), app.theme()).render(why, buf);
            }
            WidgetId::AnomalyStrip
            | WidgetId::PolicyHealth
            | WidgetId::PolicyLosses
            | WidgetId::ValueDiagnostics
            | WidgetId::EpisodePanel
            | WidgetId::EnvOverview
            | WidgetId::EventLog
            | WidgetId::EsperStatus
            | WidgetId::TelemetryPanel => {
                let top = layout::number(id).is_none();
                let snapshot = if top { app.snapshot() } else { app.panel_snapshot() };
                id.render(snapshot, app.panel_view(id), app.theme(), rect, buf);
            }
        }
    }
}

/// Returns the first row, and what is below it.
const fn rows(rect: Rect) -> [Rect; 2] {
    let first = if rect.height == 0 { 0 } else { 1 };
    [
        Rect { height: first, ..rect },
        Rect { y: rect.y + first, height: rect.height - first, ..rect },
    ]
}

/// A panel that scrolls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct List {
    /// Entries in it.
    pub(crate) entries: usize,
    /// Entries that fit.
    pub(crate) room: usize,
    /// Whether it shows its end unless somebody scrolled.
    pub(crate) rests_at_end: bool,
}

/// Returns the list that a panel of this size shows; `None` for panels that do not scroll.
pub(crate) fn list(id: WidgetId, snapshot: &Snapshot, area: Rect) -> Option<List> {
    let entries = id.entries(snapshot);
    let room = id.visible_entries(area.height);
    (0 < entries).then_some(List { entries, room, rests_at_end: id == WidgetId::EventLog })
}
