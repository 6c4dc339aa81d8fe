//! The last row: key hints, the command line, the time bar, or what else keeps the screen from being live; and the message
//! where nothing else fits.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use sanctum_widgets::format::{cut, format_compact, format_foreign, format_runtime, width};
use sanctum_widgets::{Class, Theme};

use crate::app::{App, Line, Overlay};
use crate::keymap::{self, Action, Context};
use crate::layout;
use crate::scene::{past, put};
use crate::source::Standing;

/// Longest text from outside in a notice, in columns.
const LONGEST: usize = 120;
/// Columns from which the time bar leaves room for the way back, and the columns of that.
const WIDE: u16 = 100;
const BACK: u16 = 20;

/// Draws the footer, or the message that the screen is too small.
pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = *app.theme();
    if let Some(row) = layout::message(area) {
        let (columns, rows) = layout::SMALLEST;
        let text =
            format!("Terminal too small: {}x{}, need {columns}x{rows}", area.width, area.height);
        // An overlay may lie below it.
        put(row, buf, 0, &" ".repeat(row.width.into()), theme, Class::Plain);
        put(row, buf, 0, &cut(&text, row.width.into()), theme, Class::Warning);
    }
    let Some(row) = layout::footer(area) else { return };
    if app.overlay() == Overlay::Line {
        line(app.line(), row, theme, buf);
        return;
    }
    let mut column = 0;
    if let (Overlay::None, None, Some(moment)) = (app.overlay(), app.notice(), app.bar()) {
        let room = if WIDE <= row.width { row.width - BACK } else { row.width };
        past::draw(app, moment, Rect { width: room, ..row }, buf);
        column = usize::from(room) + 2;
        for action in [Action::ToLive, Action::Help] {
            let found = keymap::bindings(Context::Panels).find(|binding| binding.action == action);
            let label = found.and_then(|binding| binding.keys.first()).map(|chord| chord.label());
            let words = if action == Action::Help { "help" } else { "live" };
            column = hint(column, &label.unwrap_or_default(), words, row, theme, buf);
        }
        return;
    }
    if let Some((notice, class)) = notice(app) {
        let notice = cut(&notice, row.width.into());
        buf.set_stringn(row.x, row.y, &notice, row.width.into(), theme.reversed(class));
        column = width(&notice) + 2;
    }
    for binding in keymap::bindings(app.context()) {
        let Some((label, words)) = binding.footer() else { continue };
        let resumes = binding.action == Action::Pause && app.is_paused();
        let words = if resumes { "resume" } else { words };
        let next = hint(column, &label, words, row, theme, buf);
        if next == column {
            break;
        }
        column = next;
    }
}

/// Writes a key and what it does, if there is room, and returns where the next one goes.
fn hint(
    column: usize,
    label: &str,
    words: &str,
    row: Rect,
    theme: Theme,
    buf: &mut Buffer,
) -> usize {
    let needed = width(label) + 1 + width(words);
    if usize::from(row.width) < column + needed {
        return column;
    }
    put(row, buf, column, label, theme, Class::Accent);
    put(row, buf, column + width(label) + 1, words, theme, Class::Dim);
    column + needed + 2
}

/// The command line with its cursor; of a line that is too long the end is shown.
fn line(line: &Line, row: Rect, theme: Theme, buf: &mut Buffer) {
    let text = format!(":{}", format_foreign(&line.text, usize::MAX, theme.glyphs.is_ascii()));
    let room = usize::from(row.width).saturating_sub(1);
    let mut start = text.len();
    for (at, _) in text.char_indices().rev() {
        if room < text.get(at..).map_or(0, width) {
            break;
        }
        start = at;
    }
    let shown = text.get(start..).unwrap_or_default();
    put(row, buf, 0, &" ".repeat(row.width.into()), theme, Class::Plain);
    put(row, buf, 0, shown, theme, Class::Plain);
    let cursor = width(shown) as u16;
    if cursor < row.width {
        buf.set_string(row.x + cursor, row.y, " ", theme.reversed(Class::Plain));
    }
    if let Some(told) = &line.told {
        let told = format_foreign(told, LONGEST, theme.glyphs.is_ascii());
        put(row, buf, usize::from(cursor) + 3, &told, theme, Class::Warning);
    }
}

/// What a person must know who looks at this screen later: that it does not follow, or that it is about to end.
fn notice(app: &App) -> Option<(String, Class)> {
    let snapshot = app.snapshot();
    if let Some(notice) = app.notice() {
        return Some((notice.to_owned(), Class::Accent));
    }
    if let Overlay::Letter(_) = app.overlay() {
        let all: Vec<String> = app.marks().keys().map(char::to_string).collect();
        let all = if all.is_empty() { "none".to_owned() } else { all.join(" ") };
        return Some((format!("marks: {all}"), Class::Accent));
    }
    if app.is_paused() && app.bar().is_none() {
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
