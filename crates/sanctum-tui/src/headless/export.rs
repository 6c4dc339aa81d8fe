//! `sanctum-tui export`: the points of the metrics as a long table, or the events as rows.

use std::io::{self, Write};
use std::path::Path;

use leyline::{GroupId, Incoming, RunId};

use crate::cli::{ExportArgs, ExportFormat};
use crate::headless::failure::Failure;
use crate::headless::source::Source;
use crate::headless::{read, row};
use crate::time::runs::Wanted;

mod computed;
mod file;
mod name;
#[cfg(feature = "parquet")]
mod parquet;
mod point;
mod points;
mod select;
mod text;

use file::Draft;
use point::Point;
use points::Points;
use select::Selection;

/// A form of the long table.
trait Table {
    /// Adds a line.
    ///
    /// # Errors
    ///
    /// Those of the medium.
    fn write(&mut self, point: &Point<'_>) -> io::Result<()>;

    /// Hands on what is still buffered, and the end of the form.
    ///
    /// # Errors
    ///
    /// Those of the medium.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// Does what `args` ask for: writes to `out` or to the file they name, and on `notes` what a person should know beside it.
///
/// # Errors
///
/// See [`Failure`]; of [`Failure::Damaged`] the output is complete.
pub(super) fn export(
    args: &ExportArgs,
    out: &mut impl Write,
    notes: &mut impl Write,
) -> Result<(), Failure> {
    refuse_senseless(args)?;
    let mut points = Points::new(Selection::new(&args.metrics)?);
    let wanted = read::wanted(&args.group)?;
    let mut source = Source::open(&args.run)?;
    let draft = args.output.as_deref().map(Draft::create).transpose()?;
    let mut passed = Passed { wanted: &wanted, events: 0, left_out: 0 };
    let mut next = || source.next();
    match &draft {
        None => pour(args.format, &mut next, &mut passed, &mut points, out)?,
        Some(draft) => {
            let poured = if args.format == ExportFormat::Parquet {
                into_parquet(draft, &mut next, &mut passed, &mut points)
            } else {
                pour(args.format, &mut next, &mut passed, &mut points, draft)
            };
            poured.map_err(|failure| {
                if let Failure::Write(error) = &failure { draft.told(error) } else { failure }
            })?;
        }
    }
    passed.found(&args.run.source)?;
    draft.map_or(Ok(()), Draft::complete)?;
    // Whoever closed our standard error does not want to know.
    if 0 < passed.left_out {
        let count = passed.left_out;
        writeln!(notes, "sanctum-tui: note: rejected, and so not in the output: {count} rows").ok();
    }
    if args.format != ExportFormat::Rows {
        for pattern in points.unmet() {
            writeln!(notes, "sanctum-tui: note: no metric of the run fits --metrics {pattern}")
                .ok();
        }
    }
    source.close(notes)
}

/// Refuses what cannot be meant, before a long run is read.
fn refuse_senseless(args: &ExportArgs) -> Result<(), Failure> {
    let usage = |text: &str| Err(Failure::Usage(text.to_owned()));
    match args.format {
        ExportFormat::Rows if !args.metrics.is_empty() => {
            usage("--metrics chooses points, and --format rows has none: it writes whole events")
        }
        ExportFormat::Parquet if !cfg!(feature = "parquet") => usage(
            "this build cannot write Parquet; build it with: \
             cargo install --path crates/sanctum-tui --features parquet",
        ),
        ExportFormat::Parquet if args.output.is_none() => usage("--format parquet needs -o FILE"),
        ExportFormat::Csv | ExportFormat::Jsonl | ExportFormat::Rows | ExportFormat::Parquet => {
            Ok(())
        }
    }
}

/// Where events come from, one after another; `None` at the end.
type Next<'a> = dyn FnMut() -> Result<Option<Incoming>, Failure> + 'a;

/// Writes all events in a form that any medium can take.
fn pour(
    format: ExportFormat,
    next: &mut Next<'_>,
    passed: &mut Passed<'_>,
    points: &mut Points,
    mut to: impl Write,
) -> Result<(), Failure> {
    match format {
        ExportFormat::Csv => {
            let table = text::Csv::new(&mut to).map_err(Failure::Write)?;
            fill(Box::new(table), next, passed, points)
        }
        ExportFormat::Jsonl => fill(Box::new(text::Jsonl::new(&mut to)), next, passed, points),
        ExportFormat::Rows => rows(next, passed, &mut to),
        ExportFormat::Parquet => Err(Failure::Usage("--format parquet needs -o FILE".to_owned())),
    }?;
    to.flush().map_err(Failure::Write)
}

#[cfg(feature = "parquet")]
fn into_parquet(
    draft: &Draft,
    next: &mut Next<'_>,
    passed: &mut Passed<'_>,
    points: &mut Points,
) -> Result<(), Failure> {
    let table = parquet::Parquet::new(draft.handle()?).map_err(Failure::Write)?;
    fill(Box::new(table), next, passed, points)
}

#[cfg(not(feature = "parquet"))]
fn into_parquet(
    draft: &Draft,
    next: &mut Next<'_>,
    passed: &mut Passed<'_>,
    points: &mut Points,
) -> Result<(), Failure> {
    pour(ExportFormat::Parquet, next, passed, points, draft)
}

fn fill(
    mut table: Box<dyn Table + '_>,
    next: &mut Next<'_>,
    passed: &mut Passed<'_>,
    points: &mut Points,
) -> Result<(), Failure> {
    while let Some(incoming) = next()? {
        if passed.takes(&incoming) {
            points.visit(&incoming, &mut |point| table.write(point).map_err(Failure::Write))?;
        }
    }
    table.finish().map_err(Failure::Write)
}

fn rows(next: &mut Next<'_>, passed: &mut Passed<'_>, to: &mut impl Write) -> Result<(), Failure> {
    let mut text = String::new();
    while let Some(incoming) = next()? {
        if passed.takes(&incoming) && !row::append(&incoming, &mut text) {
            passed.left_out += u64::from(!matches!(incoming, Incoming::Rejected(_)));
        }
        if ROWS <= text.len() {
            to.write_all(text.as_bytes()).map_err(Failure::Write)?;
            text.clear();
        }
    }
    to.write_all(text.as_bytes()).map_err(Failure::Write)
}

/// Rows are handed on when this much is there (bytes).
const ROWS: usize = 1 << 16;

/// Lets through what is wanted, and counts.
struct Passed<'a> {
    wanted: &'a Wanted,
    /// Events let through.
    events: u64,
    /// Rows that are no events, or none that could be written.
    left_out: u64,
}

impl Passed<'_> {
    fn takes(&mut self, incoming: &Incoming) -> bool {
        let (run, group) = match incoming {
            Incoming::Known(event) => (&event.run_id, &event.group_id),
            Incoming::Unknown(event) => (&event.run_id, &event.group_id),
            Incoming::Rejected(_) => {
                self.left_out += 1;
                return true;
            }
        };
        let fits = self.wanted.run.as_ref().is_none_or(|wanted: &RunId| wanted == run)
            && self.wanted.group.as_ref().is_none_or(|wanted: &GroupId| wanted == group);
        self.events += u64::from(fits);
        fits
    }

    /// Returns an error if a run or group was asked for that is not there.
    fn found(&self, run: &Path) -> Result<(), Failure> {
        if *self.wanted == Wanted::default() || 0 < self.events {
            return Ok(());
        }
        let asked = [
            self.wanted.run.as_ref().map(|id| format!("run `{id}`")),
            self.wanted.group.as_ref().map(|id| format!("group `{id}`")),
        ];
        let asked: Vec<String> = asked.into_iter().flatten().collect();
        Err(Failure::Usage(format!("no event of {}: {}", asked.join(", "), run.display())))
    }
}
