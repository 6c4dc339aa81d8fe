//! What changed between two moments, over the panels.

use karn_sanctum::tally::Counted;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget};
use sanctum_widgets::difference::Moment;
use sanctum_widgets::{DifferenceProps, DifferenceView, View};

use crate::app::{App, Comparing, Overlay};
use crate::scene::help::place;
use crate::time::Instant;

/// Draws the comparison if it is open.
pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let (Overlay::Difference(first), Some(comparing)) = (app.overlay(), app.comparing()) else {
        return;
    };
    let area = place(area, area.width, u16::MAX);
    Clear.render(area, buf);
    let view = View { focused: true, offset: Some(first), past: false, selected: None };
    let between = between(comparing);
    DifferenceView::new(&props(comparing, &between), app.theme()).view(view).render(area, buf);
}

/// Returns the number of lines of the comparison.
pub(crate) fn difference_rows(app: &App) -> usize {
    let Some(comparing) = app.comparing() else { return 0 };
    let between = between(comparing);
    DifferenceView::new(&props(comparing, &between), app.theme()).entries()
}

/// Returns how many of them fit.
pub(crate) fn difference_room(area: Rect) -> usize {
    DifferenceView::room(place(area, area.width, u16::MAX).height)
}

/// Whatever order they were asked for in, what lies between happened between the earlier moment and the later one.
fn between(comparing: &Comparing) -> Vec<(Counted, u64)> {
    let (before, after) = (&comparing.of.before, &comparing.of.after);
    let (earlier, later) =
        if before.place <= after.place { (before, after) } else { (after, before) };
    later.tally.since(&earlier.tally)
}

fn props<'a>(comparing: &'a Comparing, between: &'a [(Counted, u64)]) -> DifferenceProps<'a> {
    DifferenceProps {
        before: moment(&comparing.of.before),
        after: moment(&comparing.of.after),
        difference: &comparing.difference,
        between,
    }
}

const fn moment(instant: &Instant) -> Moment {
    Moment { batch: instant.snapshot.current_batch, ts: instant.ts, place: instant.place }
}
