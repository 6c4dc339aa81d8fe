//! `sanctum-tui fsck`: what of a log is whole, what is damaged, and a copy of what is whole.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use nissa::log::recovery::{self, Copied, RecoveryError, Report};
use nissa::recording::RecordingError;

use crate::cli::{FsckArgs, Progress};
use crate::headless::failure::Failure;
use crate::headless::meter::Meter;
use crate::headless::target::{self, Target};
use crate::headless::{damage, source};

mod text;

/// Examines the log that `args` name, with `--repair` makes a copy of what is whole, and prints what was found on `out`.
///
/// # Errors
///
/// See [`Failure`]: [`Failure::Damaged`] after the output, also if a copy was made.
pub(super) fn fsck(
    args: &FsckArgs,
    out: &mut impl Write,
    _notes: &mut impl Write,
) -> Result<(), Failure> {
    let path = directory(args)?;
    let mut meter = Meter::new(io::stderr(), args.run.progress);
    let progress = |read, total| {
        if args.run.progress == Progress::Shown {
            meter.show(read, total);
        }
    };
    let found = if args.repair {
        recovery::repair(&path, progress).map(Found::copied)
    } else {
        recovery::inspect(&path, progress).map(Found::of)
    };
    drop(meter);
    let found = found.map_err(|error| failed(args, error))?;
    let printed = if args.json { text::json(&found) } else { text::human(&found, &path) };
    out.write_all(printed.as_bytes()).and_then(|()| out.flush()).map_err(Failure::Write)?;
    if found.report.is_whole() {
        return Ok(());
    }
    let damage = damage::format_total(&found.report.damage);
    Err(Failure::Damaged(format!("the run is damaged ({damage}): {}", path.display())))
}

/// What was found, and what was made of it.
#[derive(Debug)]
struct Found {
    report: Report,
    /// The copy, and how many checkpoints were not copied.
    copy: Option<(PathBuf, u64)>,
}

impl Found {
    const fn of(report: Report) -> Self {
        Self { report, copy: None }
    }

    fn copied(copied: Copied) -> Self {
        let Copied { path, report, checkpoints_left } = copied;
        Self { report, copy: Some((path, checkpoints_left)) }
    }
}

fn directory(args: &FsckArgs) -> Result<PathBuf, Failure> {
    match target::find(&args.run)? {
        Target::Path(path) if path.is_dir() => Ok(path),
        Target::Path(path) => Err(no_log(&path)),
        Target::Stdin => Err(Failure::Usage("a log is a directory, not a pipe".to_owned())),
    }
}

fn no_log(path: &Path) -> Failure {
    Failure::NotFound(format!(
        "no event log to examine (rows have no checksums): {}",
        path.display()
    ))
}

fn failed(args: &FsckArgs, error: RecoveryError) -> Failure {
    match error {
        RecoveryError::NoLog { path } => no_log(&path),
        RecoveryError::Directory(error) => Failure::NotFound(error.to_string()),
        RecoveryError::Open(error) => source::unopened(&error),
        RecoveryError::Read(error @ RecordingError::Format { .. }) => {
            Failure::Version(error.to_string())
        }
        RecoveryError::Read(error) => {
            Failure::Read { run: args.run.source.display().to_string(), error }
        }
        RecoveryError::Nothing { .. } => Failure::Damaged(error.to_string()),
        RecoveryError::Live { .. }
        | RecoveryError::Exists { .. }
        | RecoveryError::Write { .. }
        | RecoveryError::Manifest(_) => Failure::Refused(error.to_string()),
    }
}
