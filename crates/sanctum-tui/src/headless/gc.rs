//! `sanctum-tui gc`: removes whole runs that have ended.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use leyline::Timestamp;

use crate::cli::GcArgs;
use crate::clock::Clock;
use crate::headless::failure::{Failure, harmless};
use crate::headless::target;

mod found;
mod text;

use found::{Found, State};

/// Removes the runs that `args` choose; the list goes to `out`, and what a person should know beside it to `notes`.
///
/// # Errors
///
/// See [`Failure`]; runs that cannot be removed do not keep the others.
pub(super) fn gc(
    args: &GcArgs,
    out: &mut impl Write,
    notes: &mut impl Write,
) -> Result<(), Failure> {
    let person = io::stdin().is_terminal() && io::stderr().is_terminal();
    let ask: Option<fn(&str) -> bool> = person.then_some(asked);
    collect(args, Clock::new().wall(), ask, out, notes)
}

/// Asks on the terminal; anything but a clear yes is a no.
fn asked(question: &str) -> bool {
    let mut answer = String::new();
    let said = write!(io::stderr(), "{question} [y/N] ")
        .and_then(|()| io::stderr().flush())
        .and_then(|()| io::stdin().read_line(&mut answer));
    said.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}

/// Does the work at the time `now`; `ask` puts a question to a person, if there is one.
fn collect(
    args: &GcArgs,
    now: Timestamp,
    ask: Option<impl FnOnce(&str) -> bool>,
    out: &mut impl Write,
    notes: &mut impl Write,
) -> Result<(), Failure> {
    if args.keep.is_none() && args.older_than.is_none() {
        return Err(Failure::Usage(
            "nothing says which runs may go: give --keep N or --older-than DAYS (with both, a run must be both to go)"
                .to_owned(),
        ));
    }
    if !args.dry_run && !args.yes && ask.is_none() {
        return Err(Failure::Usage(
            "there is no terminal to ask on: give --yes, or --dry-run to see what would go"
                .to_owned(),
        ));
    }
    let root = args.dir.as_deref().unwrap_or_else(|| target::root(args.run_dir.as_deref()));
    let found = found::scan(root, now)?;
    for (name, why) in &found.left_alone {
        // Whoever closed our standard error does not want to know.
        writeln!(notes, "sanctum-tui: note: left alone, {why}: {}", harmless(name)).ok();
    }
    let chosen = choose(&found.runs, args.keep, args.older_than);
    let list = text::list(&chosen, found.runs.len());
    let printed = out.write_all(list.as_bytes()).and_then(|()| out.flush());
    printed.map_err(Failure::Write)?;
    if args.dry_run || chosen.is_empty() {
        return Ok(());
    }
    if !args.yes && !ask.is_some_and(|ask| ask(&text::question(&chosen))) {
        writeln!(notes, "sanctum-tui: note: nothing was removed").ok();
        return Ok(());
    }
    remove(root, &chosen, notes)
}

/// Returns the runs that go, those written last first. `runs` come in that order, and a live one counts as one of those kept.
fn choose(runs: &[Found], keep: Option<u64>, days: Option<u64>) -> Vec<&Found> {
    let keep = usize::try_from(keep.unwrap_or(0)).unwrap_or(usize::MAX);
    let old = |run: &&Found| days.is_none_or(|days| days.saturating_mul(DAY) < run.age_seconds);
    runs.iter().skip(keep).filter(|run| run.state != State::Live).filter(old).collect()
}

const DAY: u64 = 86_400;

fn remove(root: &Path, chosen: &[&Found], notes: &mut impl Write) -> Result<(), Failure> {
    let mut failed = 0;
    for run in chosen {
        let path = root.join(&run.name);
        // Between the list and the answer a person may have gone for lunch. Links in the run are removed, not followed.
        let kept = if found::is_live(&path) {
            Some("it is live now".to_owned())
        } else if found::holds_run(&path) {
            Some("another run is inside of it now".to_owned())
        } else {
            fs::remove_dir_all(&path).err().map(|error| error.to_string())
        };
        if let Some(why) = kept {
            failed += 1;
            let line = harmless(&format!("not removed: {why}: {}", path.display()));
            writeln!(notes, "sanctum-tui: note: {line}").ok();
        }
    }
    if failed == 0 {
        return Ok(());
    }
    Err(Failure::Refused(format!(
        "{failed} of {} runs could not be removed: {}",
        chosen.len(),
        root.display()
    )))
}

#[cfg(test)]
mod tests;
