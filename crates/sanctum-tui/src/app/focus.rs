//! Focus and scrolling: which panel the keys go to, and what part of it is shown.

use std::sync::Arc;

use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use sanctum_widgets::{View, WidgetId};

use super::{App, Overlay};
use crate::layout::{self, Extent};
use crate::scene;

impl App {
    /// Returns focus and scroll position of a panel.
    pub(crate) fn panel_view(&self, id: WidgetId) -> View {
        View {
            focused: self.arrangement.focus == id,
            offset: self.offsets.get(&id).copied(),
            past: self.is_past(),
            selected: self.chosen.get(&id).copied(),
        }
    }

    pub(super) const fn area(&self) -> Rect {
        Rect::new(0, 0, self.size.0, self.size.1)
    }

    pub(super) fn rect(&self, id: WidgetId) -> Option<Rect> {
        let placed = layout::layout(self.arrangement, self.area());
        placed.into_iter().find_map(|(placed, rect)| (placed == id).then_some(rect))
    }

    /// The panels that the focus can go to; all of them where one is shown at a time.
    fn reachable(&self) -> Vec<WidgetId> {
        if self.arrangement.enlarged || layout::extent(self.area()) <= Extent::OnePanel {
            return layout::PANELS.to_vec();
        }
        let mut shown: Vec<_> = layout::layout(self.arrangement, self.area())
            .into_iter()
            .filter_map(|(id, _)| layout::number(id).map(|number| (number, id)))
            .collect();
        shown.sort_unstable();
        shown.into_iter().map(|(_, id)| id).collect()
    }

    pub(super) fn step_focus(&mut self, step: isize) {
        let panels = self.reachable();
        let at = panels.iter().position(|&id| id == self.arrangement.focus).unwrap_or(0);
        let count = panels.len().max(1);
        let next = (at + count).saturating_add_signed(step) % count;
        self.arrangement.focus = panels.get(next).copied().unwrap_or(self.arrangement.focus);
    }

    /// A panel that has no place on this screen becomes the guest of the place above the log.
    pub(super) fn panel(&mut self, key: KeyEvent) {
        let KeyCode::Char(digit) = key.code else { return };
        let wanted = digit.to_digit(10);
        let found =
            layout::PANELS.into_iter().find(|&id| layout::number(id).map(u32::from) == wanted);
        let Some(id) = found else { return };
        self.arrangement.focus = id;
        if self.rect(id).is_none() {
            self.arrangement.guest = None;
            if self.rect(id).is_none() {
                self.arrangement.guest = Some(id);
            }
        }
    }

    /// After a change of size or arrangement the focus may be on a panel that is no longer there.
    pub(super) fn focus_something_shown(&mut self) {
        let panels = self.reachable();
        if !panels.contains(&self.arrangement.focus) {
            self.arrangement.focus = panels.first().copied().unwrap_or(self.arrangement.focus);
        }
    }

    /// Half the rows of what scrolls, at least one.
    pub(super) fn half_page(&self) -> isize {
        let rows = match self.overlay {
            Overlay::Help(_) => scene::help_room(self.area()),
            Overlay::Difference(_) => scene::difference_room(self.area()),
            Overlay::Inspector(_) => scene::inspector_room(self.area()),
            Overlay::Alerts(_) => scene::alerts_room(self.area()),
            Overlay::None | Overlay::Leave | Overlay::Letter(_) | Overlay::Line => {
                self.rect(self.arrangement.focus).map_or(0, |r| r.height.into())
            }
        };
        (rows / 2).max(1).cast_signed()
    }

    /// Moves by `rows` within the list that has the keys; what is not a list stays.
    pub(super) fn scroll(&mut self, rows: isize) {
        if let Overlay::Help(first) = self.overlay {
            let last = scene::help_rows(self).saturating_sub(scene::help_room(self.area()));
            self.overlay = Overlay::Help(first.saturating_add_signed(rows).min(last));
            return;
        }
        if let Overlay::Difference(first) = self.overlay {
            let room = scene::difference_room(self.area());
            let last = scene::difference_rows(self).saturating_sub(room);
            self.overlay = Overlay::Difference(first.saturating_add_signed(rows).min(last));
            return;
        }
        if let Overlay::Alerts(chosen) = self.overlay {
            let last = self.shown.alerts.list.len().saturating_sub(1);
            self.overlay = Overlay::Alerts(chosen.saturating_add_signed(rows).min(last));
            return;
        }
        if let Overlay::Inspector(first) = self.overlay {
            let room = scene::inspector_room(self.area());
            let last = scene::inspector_rows(self, self.area()).saturating_sub(room);
            self.overlay = Overlay::Inspector(first.saturating_add_signed(rows).min(last));
            return;
        }
        let id = self.arrangement.focus;
        let Some(rect) = self.rect(id) else { return };
        if self.choose(id, rect, rows) {
            return;
        }
        let Some(list) = scene::list(id, self.panel_snapshot(), rect) else { return };
        let end = list.entries.saturating_sub(list.room);
        let resting = if list.rests_at_end { end } else { 0 };
        let first = self.offsets.get(&id).copied().unwrap_or(resting).min(end);
        let next = first.saturating_add_signed(rows).min(end);
        // Back at its place of rest, the log follows the run again.
        if next == resting {
            self.offsets.remove(&id);
        } else {
            self.offsets.insert(id, next);
        }
    }

    /// Keeps a log that somebody scrolled where it is, although its oldest lines have gone.
    pub(super) fn hold_log(&mut self) {
        let Some(offset) = self.offsets.get_mut(&WidgetId::EventLog) else { return };
        let (before, after) = (&self.panels.snapshot.event_log, &self.shown.snapshot.event_log);
        let gone =
            after.first().and_then(|first| before.iter().position(|line| Arc::ptr_eq(line, first)));
        *offset = offset.saturating_sub(gone.unwrap_or(before.len()));
    }
}
