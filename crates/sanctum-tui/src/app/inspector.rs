//! Which number is chosen on a panel, and the inspector of it.

use ratatui::layout::Rect;
use sanctum_widgets::WidgetId;

use super::{App, Overlay};
use crate::inspect::{self, Inspecting};
use crate::scene;

impl App {
    /// Chooses another row of a panel; `false` where there are no rows to choose from.
    pub(super) fn choose(&mut self, id: WidgetId, rect: Rect, rows: isize) -> bool {
        let snapshot = self.panel_snapshot();
        let Some(last) = id.rows(snapshot, rect.height).len().checked_sub(1) else { return false };
        let offset = self.offsets.get(&id).copied().unwrap_or(0);
        let next = match self.chosen.get(&id) {
            Some(chosen) => chosen.saturating_add_signed(rows),
            // The first key marks where one is, and does not go past it.
            None => offset.saturating_add_signed(if rows.unsigned_abs() == 1 { 0 } else { rows }),
        };
        let next = next.min(last);
        if let Some(list) = scene::list(id, snapshot, rect) {
            let end = list.entries.saturating_sub(list.room);
            let first = offset.min(next).max((next + 1).saturating_sub(list.room)).min(end);
            if first == 0 {
                self.offsets.remove(&id);
            } else {
                self.offsets.insert(id, first);
            }
        }
        self.chosen.insert(id, next);
        true
    }

    /// Opens everything about the chosen number of the focused panel, or about its first.
    pub(super) fn inspect_chosen(&mut self) {
        let id = self.arrangement.focus;
        let height = self.rect(id).map_or(0, |rect| rect.height);
        let snapshot = self.panel_snapshot();
        let rows = id.rows(snapshot, height);
        // A row that is only a heading stands for what is below it.
        let wanted = self.chosen.get(&id).and_then(|row| rows.iter().skip(*row).flatten().next());
        let list = id.shown(snapshot, height);
        let at = wanted.and_then(|wanted| list.iter().position(|shown| shown == wanted));
        self.inspecting = Inspecting::new(list, at.unwrap_or(0));
        self.overlay = Overlay::Inspector(0);
    }

    /// Opens everything about a metric.
    pub fn inspect(&mut self, metric: u16) {
        self.inspecting = inspect::everything(metric);
        self.overlay = Overlay::Inspector(0);
    }
}
