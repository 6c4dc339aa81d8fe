//! Opens the run that a command names: a file of rows, standard input, or a run directory.

use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use leyline::{GroupId, RunId};
use nissa::{RowReader, RunDir};

use crate::cli::ReadArgs;
use crate::fold::Picture;
use crate::headless::cut::{Cut, Wanted};
use crate::headless::failure::Failure;
use crate::headless::read::{self, ReadError, Still};
use crate::headless::when::{self, When};

/// Reads the run that `args` name, up to the moment they name; says on `notes` if the run ends before that.
pub(super) fn read(args: &ReadArgs, notes: &mut impl Write) -> Result<Picture, Failure> {
    let usage = |error: &dyn std::fmt::Display| Failure::Usage(error.to_string());
    let at: When = args.at.parse().map_err(|error| usage(&error))?;
    let later =
        args.now.as_deref().map_or(Ok(0), when::seconds_later).map_err(|error| usage(&error))?;
    let wanted = Wanted {
        run: args
            .group
            .run_id
            .as_deref()
            .map(RunId::new)
            .transpose()
            .map_err(|error| usage(&error))?,
        group: args
            .group
            .group
            .as_deref()
            .map(GroupId::new)
            .transpose()
            .map_err(|error| usage(&error))?,
    };
    let Opened { rows, single } = open(&args.run.source)?;
    let still = read::fold(rows, Cut::new(at, wanted, single), args.closed, later);
    let Still { picture, reached } = still.map_err(|error| match error {
        ReadError::Rows(error) => {
            Failure::Read { run: args.run.source.display().to_string(), error }
        }
        ReadError::Missing(missing) => {
            let known = missing.known.iter().map(String::as_str);
            Failure::unknown(missing.what, &missing.asked, known)
        }
    })?;
    match at {
        When::Batch(_) | When::Seq(_) if !reached => {
            // Whoever closed our standard error does not want to know.
            writeln!(notes, "sanctum-tui: note: the run ends before {}, this is its end", args.at)
                .ok();
        }
        When::Start | When::End | When::Batch(_) | When::Seq(_) | When::Time(_) | When::Ts(_) => {}
    }
    Ok(picture)
}

/// A run, opened.
struct Opened {
    rows: RowReader<Box<dyn BufRead>>,
    /// Whether all rows are of one run.
    single: bool,
}

fn open(source: &Path) -> Result<Opened, Failure> {
    if source == Path::new("-") {
        let input: Box<dyn BufRead> = Box::new(BufReader::new(io::stdin()));
        return Ok(Opened { rows: RowReader::new(input, STDIN), single: false });
    }
    let not_found = |error: &dyn fmt::Display| Failure::NotFound(error.to_string());
    let single = source.is_dir();
    let (file, named) = if single {
        let dir = RunDir::open(source).map_err(|error| not_found(&error))?;
        // The name of `.` is that of the directory it stands for.
        let named = fs::canonicalize(source).unwrap_or_else(|_| source.to_owned());
        (dir.events(), named.file_name().map(OsStr::to_owned))
    } else {
        (source.to_owned(), source.file_stem().map(OsStr::to_owned))
    };
    let input = File::open(&file).map_err(|error| {
        Failure::NotFound(format!("cannot open run: {error}: {}", file.display()))
    })?;
    let name = named.map_or_else(|| STDIN.to_owned(), |name| name.to_string_lossy().into_owned());
    let input: Box<dyn BufRead> = Box::new(BufReader::with_capacity(BUFFER, input));
    Ok(Opened { rows: RowReader::new(input, &name), single })
}

/// Names the run of version 0 rows from a pipe.
const STDIN: &str = "stdin";
/// Bytes read at once.
const BUFFER: usize = 1 << 16;
