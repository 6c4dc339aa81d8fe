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

/// Runs every named test once, each by itself, on all processors. Of one that does not pass nobody could say that it
/// fails because of a cut, so it is no witness; the second list names them.
pub(super) fn ways(tests: &Prepared, folder: &Path) -> Result<(Vec<Way>, Vec<String>), String> {
    let singles = tests.singles();
    std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    let lanes = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let walk = |lane: usize| -> Result<Vec<(usize, Walked)>, String> {
        let notes = folder.join(format!("reached-{lane}.txt"));
        let mine = singles.iter().enumerate().skip(lane).step_by(lanes);
        mine.map(|(at, single)| Ok((at, way(tests, single, &notes)?))).collect()
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
    let mut walked: Vec<(usize, Walked)> = parts.into_iter().flatten().collect();
    walked.sort_by_key(|(at, _)| *at);
    let (mut ways, mut no_witnesses) = (Vec::new(), Vec::new());
    for (_, walked) in walked {
        match walked {
            Walked::Way(way) => ways.push(way),
            Walked::Ignored => {}
            Walked::Failed(why) => no_witnesses.push(why),
        }
    }
    Ok((ways, no_witnesses))
}

/// A test that has run by itself.
enum Walked {
    Way(Way),
    /// T03 says so.
    Ignored,
    Failed(String),
}

#[expect(clippy::disallowed_methods, reason = "fast tests are asked first")]
fn way(tests: &Prepared, single: &Single, notes: &Path) -> Result<Walked, String> {
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
        Some(TestResult::Ignored) => return Ok(Walked::Ignored),
        Some(TestResult::Failed) | None => {
            let key = single.keys.first();
            let (file, name) = key.map(|(file, name)| (file.as_str(), name.as_str())).unzip();
            let (file, name) = (file.unwrap_or_default(), name.unwrap_or_default());
            let why = format!("{file} {name}: it fails without any cut, so it is no witness");
            return Ok(Walked::Failed(why));
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    // A test that comes past no switch leaves no file.
    let text = std::fs::read_to_string(notes).unwrap_or_default();
    let switches = text.lines().filter_map(|line| line.parse().ok()).collect();
    Ok(Walked::Way(Way { single: single.clone(), switches, seconds }))
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
