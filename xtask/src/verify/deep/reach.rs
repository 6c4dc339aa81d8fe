//! Which named test comes past which wire: only such a test can miss it.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

use super::switch::{REACHED, id};
use crate::verify::deep::Cut;
use crate::verify::test_run::{Key, Prepared, Single};
use crate::verify::world::TestResult;

/// A test without any cut.
pub(super) struct Way {
    single: Single,
    /// Numbers of the switches that it comes past.
    switches: BTreeSet<u64>,
    seconds: f64,
}

/// Runs every named test once, each by itself, on all processors.
///
/// # Errors
///
/// Fails if one of them does not pass: then nobody could say that it fails because of a cut.
pub(super) fn ways(tests: &Prepared, folder: &Path) -> Result<Vec<Way>, String> {
    let singles = tests.singles();
    std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    let lanes = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let walk = |lane: usize| -> Result<Vec<(usize, Way)>, String> {
        let notes = folder.join(format!("reached-{lane}.txt"));
        let mine = singles.iter().enumerate().skip(lane).step_by(lanes);
        let ways = mine.map(|(at, single)| Ok(way(tests, single, &notes)?.map(|way| (at, way))));
        ways.filter_map(Result::transpose).collect()
    };
    let parts = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..lanes)
            .map(|lane| {
                let walk = &walk;
                let named = std::thread::Builder::new().name(format!("ways-{lane}"));
                named.spawn_scoped(scope, move || walk(lane)).map_err(|error| error.to_string())
            })
            .collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().map(|thread| thread.and_then(join)).collect::<Result<Vec<_>, _>>()
    })?;
    let mut ways: Vec<(usize, Way)> = parts.into_iter().flatten().collect();
    ways.sort_by_key(|(at, _)| *at);
    Ok(ways.into_iter().map(|(_, way)| way).collect())
}

#[expect(clippy::disallowed_methods, reason = "fast tests are asked first")]
fn way(tests: &Prepared, single: &Single, notes: &Path) -> Result<Option<Way>, String> {
    match std::fs::remove_file(notes) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(format!("cannot remove {}: {error}", notes.display()));
        }
        Ok(()) | Err(_) => {}
    }
    let start = Instant::now();
    let path = notes.to_string_lossy();
    match tests.run_single(single, (REACHED, &path))? {
        Some(TestResult::Passed) => {}
        // T03 says so.
        Some(TestResult::Ignored) => return Ok(None),
        Some(TestResult::Failed) | None => {
            let key = single.keys.first();
            let (file, name) = key.map(|(file, name)| (file.as_str(), name.as_str())).unzip();
            let (file, name) = (file.unwrap_or_default(), name.unwrap_or_default());
            return Err(format!("fails in the copy without any cut: {file} {name}"));
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    // A test that comes past no switch leaves no file.
    let text = std::fs::read_to_string(notes).unwrap_or_default();
    let switches = text.lines().filter_map(|line| line.parse().ok()).collect();
    Ok(Some(Way { single: single.clone(), switches, seconds }))
}

/// Returns the tests that come past a cut and that one of the keys names, the fastest first.
pub(super) fn past<'a>(
    ways: &'a [Way],
    cut: &Cut,
    is_asked: impl Fn(&Key) -> bool,
) -> Vec<&'a Single> {
    let number = id(&cut.switch);
    let mut past: Vec<&Way> = ways
        .iter()
        .filter(|way| way.switches.contains(&number) && way.single.keys.iter().any(&is_asked))
        .collect();
    past.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    past.into_iter().map(|way| &way.single).collect()
}
