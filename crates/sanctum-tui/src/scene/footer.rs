//! The last row: key hints, or what keeps the screen from being live; and the message where nothing else fits.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use sanctum_widgets::Class;
use sanctum_widgets::format::{cut, format_compact, format_foreign, format_runtime, width};

use crate::app::App;
use crate::keymap::{self, Action};
use crate::layout;
use crate::scene::put;
use crate::source::Standing;

/// Longest text from outside in a notice, in columns.
const LONGEST: usize = 120;

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
    if let Some((notice, class)) = notice(app) {
        let notice = cut(&notice, row.width.into());
        buf.set_stringn(row.x, row.y, &notice, row.width.into(), theme.reversed(class));
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
fn notice(app: &App) -> Option<(String, Class)> {
    let snapshot = app.snapshot();
    if app.is_paused() {
        let runtime = format_runtime(snapshot.runtime_seconds, true);
        let batch = snapshot.current_batch.map(|batch| format!(" b{batch}"));
        let text = format!("‖ PAUSED at {runtime}{}", batch.unwrap_or_default());
        return Some((text, Class::Accent));
    }
    if app.is_stopping() {
        return Some(("stopping after this batch".to_owned(), Class::Accent));
    }
    standing(app.standing()?, snapshot.finish_reason.is_some())
}

/// What stands between this viewer and the run; `None` if nothing does.
fn standing(standing: &Standing, has_ended: bool) -> Option<(String, Class)> {
    match standing {
        Standing::Connecting { at } => {
            Some((format!("connecting to {}", format_foreign(at, LONGEST, false)), Class::Accent))
        }
        Standing::CatchingUp { done, of, fell_behind: true } => {
            let behind = format_compact(of.saturating_sub(*done));
            Some((format!("fell behind, {behind} events to read"), Class::Warning))
        }
        Standing::CatchingUp { done, of, fell_behind: false } => {
            let percent = done.saturating_mul(100).checked_div(*of).unwrap_or(0).min(100);
            let text = format!("reading {percent} % of {} events", format_compact(*of));
            Some((text, Class::Accent))
        }
        Standing::Live { behind_seconds: 0, was_behind_seconds: 0 } => None,
        Standing::Live { behind_seconds: 0, was_behind_seconds } => {
            let behind = format_runtime(*was_behind_seconds as f64, true);
            Some((format!("was {behind} behind the run, has caught up"), Class::Accent))
        }
        Standing::Live { behind_seconds, was_behind_seconds: _ } => {
            let behind = format_runtime(*behind_seconds as f64, true);
            Some((format!("this screen is {behind} behind the run"), Class::Warning))
        }
        Standing::Retrying { in_seconds, why } => {
            let why = format_foreign(why, LONGEST, false);
            Some((format!("no connection, next try in {in_seconds} s: {why}"), Class::Critical))
        }
        Standing::Over if has_ended => None,
        Standing::Over => Some(("the run has gone without an end".to_owned(), Class::Critical)),
    }
}
