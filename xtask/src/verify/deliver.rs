//! What comes of a run: L03, reports on the screen and in files, and what `--fix` writes.

use std::path::Path;

use anyhow::{Context as _, Result};

use crate::verify::exit;
use crate::verify::finding::Finding;
use crate::verify::fix::{self, Rewrite};
use crate::verify::generated;
use crate::verify::report::human::Look;
use crate::verify::report::{Context, Form, Report, ReportFile, github};
use crate::verify::session::Session;
use crate::verify::world::World;

/// Adds what only the finished report shows: generated files that are out of date (L03). A part of a run cannot tell.
pub(crate) fn complete(session: &mut Session) -> Result<()> {
    let (world, report) = (&session.world, &mut session.report);
    if !report.is_whole() {
        return Ok(());
    }
    let rewrites = generated(world, report)?;
    let found: Vec<Finding> = generated::check(&rewrites).findings;
    report.findings.extend(found);
    Ok(())
}

/// Prints the report and writes the files that were asked for.
pub(crate) fn print(session: &Session, form: Form, files: &[ReportFile], look: Look) -> Result<()> {
    let (records, report) = (&session.world.records, &session.report);
    let planned = fix::plan(records, report);
    let context = Context { report, records, edits: &planned, look };
    print!("{}", form.format(&context)?);
    let plain = Context { look: Look { width: None, has_colour: false }, ..context };
    for file in files {
        let text = file.form.format(&plain)?;
        if let Some(folder) = file.path.parent() {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
        }
        std::fs::write(&file.path, text)
            .with_context(|| format!("cannot write {}", file.path.display()))?;
    }
    Ok(())
}

/// Adds the full table to the file in which GitHub collects what the steps of a job have to say.
pub(crate) fn step_summary(session: &Session, file: &Path) -> Result<()> {
    use std::io::Write as _;
    let text = github::step_summary(&session.report);
    let opened = std::fs::OpenOptions::new().create(true).append(true).open(file);
    opened
        .and_then(|mut out| out.write_all(text.as_bytes()))
        .with_context(|| format!("cannot write {}", file.display()))
}

/// Returns the generated files as they are and as they are to be.
fn generated(world: &World, report: &Report) -> Result<Vec<Rewrite>> {
    generated::rewrites(&world.root, &world.records, world.tables.exemptions.len(), report)
}

/// Returns everything that `--fix` writes; fails with the reason if this run may not write.
pub(crate) fn rewrites(session: &Session) -> Result<Vec<Rewrite>> {
    let (world, report) = (&session.world, &session.report);
    fix::may_write(report)?;
    let planned = fix::plan(&world.records, report);
    let mut rewrites = fix::rewrites(&world.records, &planned)?;
    // A path that is mended may change what is earned: then the records are judged again before lists are made of it.
    if !fix::changes_statements(&planned) {
        let generated = generated(world, report)?;
        rewrites.extend(generated.into_iter().filter(|file| file.before != file.after));
    }
    Ok(rewrites)
}

/// Writes what `--fix` writes, until nothing is left to write; `again` judges the tree anew with the same evidence.
pub(crate) fn fix(
    root: &Path,
    mut session: Session,
    mut again: impl FnMut(Session) -> Result<Session>,
) -> Result<Session> {
    // Statements first, then ticks and lists, then nothing: more rounds would mean that a fix undoes another.
    const MOST: usize = 4;
    for _ in 0..MOST {
        let rewrites = rewrites(&session)?;
        if rewrites.is_empty() {
            return Ok(session);
        }
        fix::write::replace(root, &rewrites)?;
        for rewrite in &rewrites {
            eprintln!("wrote {}", rewrite.file);
        }
        session = again(session)?;
    }
    anyhow::bail!(
        "--fix found something to write after {MOST} rounds; a second run must change nothing"
    )
}

/// Returns how the run ends when `--fix` could not write: as the report says, and never clean.
pub(crate) const fn refused(code: u8) -> u8 {
    if code == exit::CLEAN { exit::NOT_VERIFIED } else { code }
}
