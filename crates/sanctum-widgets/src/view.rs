//! What a person did to a panel: focus and scrolling; never part of a snapshot.

/// View state of a panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// Whether keys go to this panel; its title is then drawn in reverse.
    pub focused: bool,
    /// First list entry shown, from 0; beyond the end it means the end. `None`: where the panel rests, which is the start
    /// of a table and the end of the event log.
    pub offset: Option<usize>,
    /// Whether the panel shows how it was, not how it is; its title then says so.
    pub past: bool,
    /// The row that was chosen, from 0, counted over all rows and not over those on show; its label is drawn in reverse
    /// while the panel has the focus.
    pub selected: Option<usize>,
}

impl View {
    /// Without focus, not scrolled, as it is now.
    pub const REST: Self = Self { focused: false, offset: None, past: false, selected: None };

    /// Returns the chosen row among the `room` rows of `total` that are shown from `first` on.
    pub(crate) fn selected_row(self, first: usize, total: usize, room: usize) -> Option<usize> {
        let chosen = self.selected.filter(|chosen| self.focused && *chosen < total);
        let row = chosen?.checked_sub(first)?;
        (row < room).then_some(row)
    }

    /// Returns the first entry to show of `total` in `room` rows, for a list that rests at its start.
    pub(crate) fn first_from_start(self, total: usize, room: usize) -> usize {
        self.offset.map_or(0, |offset| offset.min(total.saturating_sub(room)))
    }

    /// Returns the first entry to show of `total` in `room` rows, for a list that rests at its end.
    pub(crate) fn first_from_end(self, total: usize, room: usize) -> usize {
        let last = total.saturating_sub(room);
        self.offset.map_or(last, |offset| offset.min(last))
    }
}
