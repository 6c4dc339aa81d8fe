//! The list as a table.

use std::fmt::Write as _;

use leyline::Timestamp;
use sanctum_widgets::format::{MISSING, cut, format_age, format_foreign, width};

use super::found::{Found, Losses};

/// Columns between two cells.
const GAP: usize = 2;
/// Columns below which an id or a task is not cut: something else goes first.
const LEAST_ID: usize = 12;
const LEAST_TASK: usize = 6;
/// Longest text of a cell, in columns.
const LONGEST: usize = 200;

/// A column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Id,
    Task,
    State,
    Batch,
    Age,
    Events,
    Losses,
}

const ALL: [Column; 7] = [
    Column::Id,
    Column::Task,
    Column::State,
    Column::Batch,
    Column::Age,
    Column::Events,
    Column::Losses,
];

/// What a narrow table goes without, in this order.
const DISPENSABLE: [Column; 4] = [Column::Task, Column::Events, Column::Age, Column::Losses];

/// Returns a line with the names of the columns and one for each run; no wider than `columns`, if those are given.
pub(super) fn table(
    runs: &[Found],
    now: Timestamp,
    columns: Option<usize>,
    is_ascii: bool,
) -> String {
    let mut shown = ALL.to_vec();
    let mut widths = widths(&shown, runs, now, is_ascii);
    if let Some(columns) = columns {
        for gone in DISPENSABLE.map(Some).into_iter().chain([None]) {
            squeeze(&shown, &mut widths, columns);
            if total(&widths) <= columns {
                break;
            }
            let at = shown.iter().position(|&column| Some(column) == gone);
            if let Some(at) = at {
                shown.remove(at);
                widths = self::widths(&shown, runs, now, is_ascii);
            }
        }
    }
    let mut text = String::new();
    let names = shown.iter().map(|column| column.name().to_owned()).collect::<Vec<_>>();
    let lines = runs.iter().map(|run| cells(&shown, run, now, is_ascii));
    for cells in std::iter::once(names).chain(lines) {
        let line = line(&shown, &widths, &cells, is_ascii);
        let line = columns.map_or(line.clone(), |columns| shorten(&line, columns, is_ascii));
        // Writing to a `String` cannot fail.
        writeln!(text, "{}", line.trim_end()).ok();
    }
    text
}

fn line(shown: &[Column], widths: &[usize], cells: &[String], is_ascii: bool) -> String {
    let mut line = String::new();
    for ((column, &columns), cell) in shown.iter().zip(widths).zip(cells) {
        if !line.is_empty() {
            line.push_str(&" ".repeat(GAP));
        }
        let cell = shorten(cell, columns, is_ascii);
        let pad = " ".repeat(columns.saturating_sub(width(&cell)));
        let (before, after) =
            if column.is_right() { (pad, String::new()) } else { (String::new(), pad) };
        // As above.
        write!(line, "{before}{cell}{after}").ok();
    }
    line
}

/// Takes from id and task what is too much, as far as they go.
fn squeeze(shown: &[Column], widths: &mut [usize], columns: usize) {
    for (squeezed, least) in [(Column::Task, LEAST_TASK), (Column::Id, LEAST_ID)] {
        let excess = total(widths).saturating_sub(columns);
        for (column, width) in shown.iter().zip(widths.iter_mut()) {
            if *column == squeezed {
                *width = (*width).saturating_sub(excess).max(least.min(*width));
            }
        }
    }
}

fn total(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
}

fn widths(shown: &[Column], runs: &[Found], now: Timestamp, is_ascii: bool) -> Vec<usize> {
    let mut widths: Vec<usize> = shown.iter().map(|column| width(column.name())).collect();
    for run in runs {
        for (widest, cell) in widths.iter_mut().zip(cells(shown, run, now, is_ascii)) {
            *widest = width(&cell).max(*widest);
        }
    }
    widths
}

fn cells(shown: &[Column], run: &Found, now: Timestamp, is_ascii: bool) -> Vec<String> {
    shown.iter().map(|column| column.cell(run, now, is_ascii)).collect()
}

/// Cuts a text, and says so with a character that may be drawn.
fn shorten(text: &str, columns: usize, is_ascii: bool) -> String {
    let cut = cut(text, columns);
    if is_ascii { cut.replace('…', "~") } else { cut }
}

impl Column {
    const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Task => "task",
            Self::State => "state",
            Self::Batch => "batch",
            Self::Age => "age",
            Self::Events => "events",
            Self::Losses => "lost",
        }
    }

    const fn is_right(self) -> bool {
        match self {
            Self::Id | Self::Task | Self::State => false,
            Self::Batch | Self::Age | Self::Events | Self::Losses => true,
        }
    }

    fn cell(self, run: &Found, now: Timestamp, is_ascii: bool) -> String {
        let foreign = |text: &str| {
            let harmless = format_foreign(text, LONGEST, is_ascii);
            if is_ascii { harmless.replace('·', ".").replace('…', "~") } else { harmless }
        };
        let text = match self {
            Self::Id => Some(foreign(&run.id)),
            Self::Task => run.task.as_deref().map(foreign),
            Self::State => run.state.word().map(|word| match run.damaged_places {
                Some(1..) => format!("{word}, damaged"),
                Some(0) | None => word.to_owned(),
            }),
            Self::Batch => match (run.batch, run.max_batches) {
                (Some(batch), Some(max)) => Some(format!("{batch}/{max}")),
                (Some(batch), None) => Some(batch.to_string()),
                (None, Some(max)) => Some(format!("{}/{max}", missing(is_ascii))),
                (None, None) => None,
            },
            Self::Age => run.age_seconds(now).map(format_age),
            Self::Events => run.events.map(|events| events.to_string()),
            Self::Losses => run.losses.map(|Losses { events, is_exact }| {
                format!("{events}{}", if is_exact { "" } else { "+" })
            }),
        };
        text.unwrap_or_else(|| missing(is_ascii).to_owned())
    }
}

const fn missing(is_ascii: bool) -> &'static str {
    if is_ascii { "-" } else { MISSING }
}
