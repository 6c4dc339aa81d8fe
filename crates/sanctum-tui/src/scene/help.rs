//! The help: every key that works here, made from the key table, and a glossary; and the question how to leave.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget};
use sanctum_widgets::format::{cut, width};
use sanctum_widgets::{Class, Theme, WidgetId};

use crate::app::{App, Overlay};
use crate::keymap::{self, Context};
use crate::layout;
use crate::scene::put;

/// Columns of the help with its frame, where there are as many.
const COLUMNS: u16 = 76;
/// Columns of the keys.
const KEYS: usize = 13;

/// Words and marks that a newcomer meets on the screen.
const GLOSSARY: &[(&str, &str)] = &[
    ("batch", "one PPO update with the rollout before it"),
    ("epoch", "one step of all environments within a batch"),
    ("episode", "one attempt of one environment, from reset to end"),
    ("run", "one training of one process"),
    ("KL", "how far the update moved the policy, in nats"),
    ("b26", "batch of a measurement; b24/b26: not refreshed since b24"),
    ("—", "not measured, which is not zero"),
    ("* ! ~ ?", "warning, critical, warming up, no verdict possible"),
    ("↑ → ~ ↓", "improving, stable, volatile, worsening"),
    ("e/s b/h", "epochs a second, batches an hour"),
    ("LOST", "events that never arrived, by their numbers"),
    ("SINK", "events that the trainer's own queues dropped"),
    ("REJ", "rows that were malformed"),
    ("PAST (past)", "how it was, not how it is; End goes back to now"),
    ("WHEN", "start, end, batch:26, seq:812, time:1h2m5s, ts:…, mark:a"),
];

/// A line of the help: left part, right part, whether it is a heading.
struct Line {
    left: String,
    right: String,
    heading: bool,
}

/// Draws what lies over the panels, if anything does.
pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    match app.overlay() {
        Overlay::None
        | Overlay::Letter(_)
        | Overlay::Line
        | Overlay::Difference(_)
        | Overlay::Inspector(_)
        | Overlay::Alerts(_) => {}
        Overlay::Help(first) => help(first, app, area, buf),
        Overlay::Leave => question(*app.theme(), area, buf),
    }
}

/// Returns the number of lines of the help.
pub(crate) fn help_rows(app: &App) -> usize {
    lines(app).len()
}

/// Returns how many of them fit.
pub(crate) fn help_room(area: Rect) -> usize {
    place(area, COLUMNS, u16::MAX).height.saturating_sub(2).into()
}

fn help(first: usize, app: &App, area: Rect, buf: &mut Buffer) {
    let (lines, theme) = (lines(app), *app.theme());
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
    let inside = frame("Help", place(area, COLUMNS, height), theme, buf);
    let first = first.min(lines.len().saturating_sub(inside.height.into()));
    for (line, row) in lines.iter().skip(first).zip(inside.rows()) {
        let class = if line.heading { Class::Accent } else { Class::Plain };
        put(row, buf, 0, &line.left, theme, class);
        put(row, buf, KEYS + 1, &line.right, theme, Class::Dim);
    }
    let hidden = lines.len().saturating_sub(first + usize::from(inside.height));
    if 0 < hidden
        && let Some(edge) = inside.rows().next_back()
    {
        let text = format!(" {hidden} more ");
        let column = usize::from(edge.width).saturating_sub(width(&text) + 1);
        put(Rect { y: edge.y + 1, ..edge }, buf, column, &text, theme, Class::Dim);
    }
}

fn lines(app: &App) -> Vec<Line> {
    let heading = |text: &str| Line { left: text.to_owned(), right: String::new(), heading: true };
    let line = |left: String, right: &str| Line { left, right: right.to_owned(), heading: false };
    let mut lines = vec![heading("Keys")];
    let working =
        keymap::bindings(Context::Panels).filter(|binding| app.has_use_for(binding.action));
    lines.extend(working.map(|binding| line(binding.labels(), binding.help)));
    lines.push(heading("Panels"));
    lines.extend(layout::PANELS.into_iter().map(panel));
    lines.push(heading("Words and marks"));
    lines.extend(GLOSSARY.iter().map(|(word, meaning)| line((*word).to_owned(), meaning)));
    lines
}

fn panel(id: WidgetId) -> Line {
    let spec = id.spec();
    let number = spec.panel.map_or_else(String::new, |number| number.to_string());
    Line { left: number, right: format!("{}: {}", spec.title, spec.about), heading: false }
}

fn question(theme: Theme, area: Rect, buf: &mut Buffer) {
    let answers: Vec<String> = keymap::bindings(Context::Leave)
        .filter(|binding| !binding.hint.is_empty())
        .map(|binding| format!("[{}] {}", binding.labels(), binding.hint))
        .collect();
    let text = answers.join("  ");
    let columns = u16::try_from(width(&text) + 4).unwrap_or(u16::MAX);
    let inside = frame("The run goes on in this process", place(area, columns, 3), theme, buf);
    if let Some(row) = inside.rows().next() {
        put(row, buf, 1, &text, theme, Class::Plain);
    }
}

/// Returns a rectangle of at most this size in the middle of the area, between the lines at the top and the footer: how
/// the run stands is always to be seen.
pub(super) fn place(area: Rect, columns: u16, rows: u16) -> Rect {
    let (above, below) = layout::footer(area).map_or((0, 0), |footer| (layout::TOP, footer.height));
    let room = area.height.saturating_sub(above + below);
    let (width, height) = (columns.min(area.width), rows.min(room));
    let (x, y) = (area.x + (area.width - width) / 2, area.y + above + (room - height) / 2);
    Rect { x, y, width, height }
}

/// Draws an empty frame over whatever is there and returns its inside.
fn frame(title: &str, area: Rect, theme: Theme, buf: &mut Buffer) -> Rect {
    Clear.render(area, buf);
    let (Some(across), Some(down)) = (area.width.checked_sub(2), area.height.checked_sub(2)) else {
        return Rect { width: 0, height: 0, ..area };
    };
    let line = "─".repeat(across.into());
    let style = theme.style(Class::Dim);
    buf.set_string(area.x, area.y, format!("┌{line}┐"), style);
    buf.set_string(area.x, area.y + 1 + down, format!("└{line}┘"), style);
    for y in area.y + 1..=area.y + down {
        buf.set_string(area.x, y, "│", style);
        buf.set_string(area.x + 1 + across, y, "│", style);
    }
    let title = cut(&format!(" {title} "), usize::from(across.saturating_sub(2)));
    buf.set_string(area.x + 2.min(across), area.y, title, theme.reversed(Class::Accent));
    Rect { x: area.x + 1, y: area.y + 1, width: across, height: down }
}

#[cfg(test)]
mod tests {
    use karn_sanctum::RunKey;
    use leyline::{GroupId, RunId};

    use super::*;
    use crate::fold::Picture;

    #[test]
    fn no_line_is_cut_on_the_smallest_screen_with_panels() {
        let key = RunKey { run_id: RunId::new("r").unwrap(), group_id: GroupId::default() };
        let picture = Picture { groups: vec![key.clone(), key], ..Picture::empty() };
        let lines = lines(&App::still(Theme::DARK, picture));
        assert!(lines.iter().any(|line| line.right.contains("next group")) && 30 < lines.len());
        for line in lines {
            assert!(width(&line.right) < usize::from(COLUMNS) - 2 - KEYS, "{}", line.right);
            assert!(line.heading || width(&line.left) <= KEYS, "{}", line.left);
        }
    }
}
