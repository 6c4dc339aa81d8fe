//! The last row: key hints, or what keeps the screen from being live; and the message where nothing else fits.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use sanctum_widgets::Class;
use sanctum_widgets::format::{cut, format_runtime, width};

use crate::app::App;
use crate::keymap::{self, Action};
use crate::layout;
use crate::scene::put;

/// Draws the footer, or the message that the screen is too small.
pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = *app.theme();
    if let Some(row) = layout::message(area) {
        let (columns, rows) = layout::SMALLEST;
        let text =
            format!("Terminal too small: {}x{}, need {columns}x{rows}", area.width, area.height);
        put(row, buf, 0, &cut(&text, row.width.into()), theme, Class::Warning);
    }
    let Some(row) = layout::footer(area) else { return };
    let mut column = 0;
    if let Some(notice) = notice(app) {
        let notice = cut(&notice, row.width.into());
        buf.set_stringn(row.x, row.y, &notice, row.width.into(), theme.reversed(Class::Accent));
        column = width(&notice) + 2;
    }
    for binding in keymap::bindings(app.context()) {
        let Some((label, words)) = binding.footer() else { continue };
        let resumes = binding.action == Action::Pause && app.is_paused();
        let words = if resumes { "resume" } else { words };
        let needed = width(&label) + 1 + width(words);
        if usize::from(row.width) < column + needed {
            break;
        }
        put(row, buf, column, &label, theme, Class::Accent);
        put(row, buf, column + width(&label) + 1, words, theme, Class::Dim);
        column += needed + 2;
    }
}

/// What a person must know who looks at this screen later: that it does not follow, or that it is about to end.
fn notice(app: &App) -> Option<String> {
    let snapshot = app.snapshot();
    if app.is_paused() {
        let runtime = format_runtime(snapshot.runtime_seconds, true);
        let batch = snapshot.current_batch.map(|batch| format!(" b{batch}"));
        return Some(format!("‖ PAUSED at {runtime}{}", batch.unwrap_or_default()));
    }
    app.is_stopping().then(|| "stopping after this batch".to_owned())
}
