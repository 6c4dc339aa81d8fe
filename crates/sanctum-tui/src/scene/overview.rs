//! The panels of one run, each where the layout puts it.

use karn_sanctum::Snapshot;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;
use sanctum_widgets::{
    AnomalyStrip, EnvOverview, EpisodePanel, EsperStatus, EventLog, PolicyLosses, RunHeader,
    RunHeaderProps, StatusBanner, TelemetryPanel, Theme, View, WidgetId,
};

use crate::app::App;
use crate::layout;

/// Draws every widget that has a place.
pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    for (id, rect) in layout::layout(app.arrangement(), area) {
        match id {
            WidgetId::RunHeader => {
                let props = RunHeaderProps { ui_rate_hz: app.ui_rate(), ..app.snapshot().into() };
                RunHeader::new(props, app.theme()).paused(app.is_paused()).render(rect, buf);
            }
            WidgetId::AnomalyStrip
            | WidgetId::StatusBanner
            | WidgetId::PolicyLosses
            | WidgetId::EpisodePanel
            | WidgetId::EnvOverview
            | WidgetId::EventLog
            | WidgetId::EsperStatus
            | WidgetId::TelemetryPanel => {
                let top = layout::number(id).is_none();
                let snapshot = if top { app.snapshot() } else { app.panel_snapshot() };
                widget(id, snapshot, app.theme(), app.panel_view(id), rect, buf);
            }
        }
    }
}

/// Draws one widget alone.
pub fn widget(
    id: WidgetId,
    snapshot: &Snapshot,
    theme: &Theme,
    view: View,
    area: Rect,
    buf: &mut Buffer,
) {
    match id {
        WidgetId::RunHeader => RunHeader::new(snapshot.into(), theme).render(area, buf),
        WidgetId::AnomalyStrip => AnomalyStrip::new(snapshot.into(), theme).render(area, buf),
        WidgetId::StatusBanner => StatusBanner::new(snapshot.into(), theme).render(area, buf),
        WidgetId::PolicyLosses => {
            PolicyLosses::new(snapshot.into(), theme).view(view).render(area, buf);
        }
        WidgetId::EpisodePanel => {
            EpisodePanel::new(snapshot.into(), theme).view(view).render(area, buf);
        }
        WidgetId::EnvOverview => {
            EnvOverview::new(snapshot.into(), theme).view(view).render(area, buf);
        }
        WidgetId::EventLog => EventLog::new(snapshot.into(), theme).view(view).render(area, buf),
        WidgetId::EsperStatus => {
            EsperStatus::new(snapshot.into(), theme).view(view).render(area, buf);
        }
        WidgetId::TelemetryPanel => {
            TelemetryPanel::new(snapshot.into(), theme).view(view).render(area, buf);
        }
    }
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
    // No count depends on the looks.
    let theme = &Theme::PLAIN;
    let inside = usize::from(area.height.saturating_sub(2));
    let from_start = |entries, room| Some(List { entries, room, rests_at_end: false });
    match id {
        WidgetId::EnvOverview => {
            // Its header and its last row stay.
            from_start(EnvOverview::new(snapshot.into(), theme).entries(), inside.saturating_sub(2))
        }
        WidgetId::EventLog => {
            let entries = EventLog::new(snapshot.into(), theme).entries();
            Some(List { entries, room: inside, rests_at_end: true })
        }
        WidgetId::EsperStatus => {
            from_start(EsperStatus::new(snapshot.into(), theme).entries(), inside)
        }
        WidgetId::TelemetryPanel => {
            from_start(TelemetryPanel::new(snapshot.into(), theme).entries(), inside)
        }
        WidgetId::RunHeader
        | WidgetId::AnomalyStrip
        | WidgetId::StatusBanner
        | WidgetId::PolicyLosses
        | WidgetId::EpisodePanel => None,
    }
}
