//! The runs that there are: those below a root, those that answer at a socket, each once.

use std::fs;
use std::path::{Path, PathBuf};

use leyline::Timestamp;
use nissa::manifest::{Manifest, ManifestError};
use nissa::socket::{Endpoint, Welcome};
use nissa::{RunDir, RunDirError};

use super::glance::{Glance, State};
use super::sockets::{Answer, Socket};

/// One run.
#[derive(Debug)]
pub(in crate::headless) struct Found {
    /// What it is called on the command line: the name of its directory below the root, else the id that it gives itself.
    pub(in crate::headless) id: String,
    pub(in crate::headless) run_id: Option<String>,
    pub(in crate::headless) task: Option<String>,
    pub(in crate::headless) state: State,
    pub(in crate::headless) batch: Option<u64>,
    pub(in crate::headless) max_batches: Option<u64>,
    pub(in crate::headless) started: Option<Timestamp>,
    pub(in crate::headless) last_event: Option<Timestamp>,
    /// When its files were written last; counts where no event could be read.
    pub(in crate::headless) written: Option<Timestamp>,
    /// Events emitted, as far as is known: one more than the last number.
    pub(in crate::headless) events: Option<u64>,
    pub(in crate::headless) losses: Option<Losses>,
    pub(in crate::headless) damaged_places: Option<u64>,
    pub(in crate::headless) host: Option<String>,
    pub(in crate::headless) pid: Option<u32>,
    pub(in crate::headless) dir: Option<PathBuf>,
    pub(in crate::headless) socket: Option<PathBuf>,
    pub(in crate::headless) problem: Option<String>,
    nonce: Option<u64>,
}

/// Events that sinks of a run have lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::headless) struct Losses {
    pub(in crate::headless) events: u64,
    /// Whether all of the log was read; otherwise there may be more.
    pub(in crate::headless) is_exact: bool,
}

/// Returns all runs below a root and at sockets, newest first.
pub(in crate::headless) fn all(root: &Path, sockets: &[Socket]) -> Vec<Found> {
    let mut runs = below(root);
    for Socket { path, answer } in sockets {
        match answer {
            Answer::Welcome(welcome) => join(&mut runs, path, welcome),
            Answer::Stale | Answer::Unnamed(_) | Answer::Unreachable(_) => {}
        }
    }
    // The name decides between runs of one moment, so that two calls print the same.
    runs.sort_by(|a, b| b.newest().cmp(&a.newest()).then_with(|| a.id.cmp(&b.id)));
    runs
}

fn below(root: &Path) -> Vec<Found> {
    let mut runs = Vec::new();
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let id = name.to_string_lossy().into_owned();
        match RunDir::open(&path) {
            Ok(dir) if is_run(&dir) => runs.push(Found::of(&dir, id)),
            // It may be a run, for all that can be seen.
            Err(RunDirError::Read { path, source }) if path.is_dir() => {
                let problem = Some(format!("{source}: {}", path.display()));
                runs.push(Found { dir: Some(path), problem, ..Found::bare(id) });
            }
            Ok(_)
            | Err(
                RunDirError::Read { .. }
                | RunDirError::Create { .. }
                | RunDirError::NoName { .. }
                | RunDirError::NotFound { .. }
                | RunDirError::NotARun { .. },
            ) => {}
        }
    }
    runs
}

/// Returns whether a directory is certainly a run. Stricter than opening one: many projects have a directory `checkpoints`, and
/// websites a `manifest.json`.
pub(super) fn is_run(dir: &RunDir) -> bool {
    let manifest = dir.manifest();
    dir.segments().is_ok_and(|segments| !segments.is_empty())
        || dir.events().is_file()
        // A pipe would keep its reader waiting.
        || (manifest.is_file()
            && matches!(Manifest::read(&manifest), Ok(_) | Err(ManifestError::Newer { .. })))
}

/// Adds what a socket says: to its run, if that was found already.
fn join(runs: &mut Vec<Found>, socket: &Path, welcome: &Welcome) {
    let is_it = |run: &&mut Found| {
        run.nonce == Some(welcome.nonce.0) && run.run_id.as_deref() == Some(welcome.run_id.as_str())
    };
    if let Some(run) = runs.iter_mut().find(is_it) {
        run.answers(socket, welcome);
        return;
    }
    let elsewhere = welcome.log.as_deref().and_then(|log| elsewhere(log, welcome));
    let mut run = elsewhere.unwrap_or_else(|| Found {
        run_id: Some(welcome.run_id.as_str().to_owned()),
        nonce: Some(welcome.nonce.0),
        ..Found::bare(welcome.run_id.as_str().to_owned())
    });
    run.answers(socket, welcome);
    runs.push(run);
}

/// Returns the run in a directory below some other root, if it is the one that answered.
fn elsewhere(log: &Path, welcome: &Welcome) -> Option<Found> {
    let dir = RunDir::open(log).ok()?;
    let run = Found::of(&dir, welcome.run_id.as_str().to_owned());
    (run.nonce == Some(welcome.nonce.0)).then_some(run)
}

impl Found {
    /// Returns a run of which nothing is known but what it is called.
    const fn bare(id: String) -> Self {
        Self {
            id,
            run_id: None,
            task: None,
            state: State::Unreadable,
            batch: None,
            max_batches: None,
            started: None,
            last_event: None,
            written: None,
            events: None,
            losses: None,
            damaged_places: None,
            host: None,
            pid: None,
            dir: None,
            socket: None,
            problem: None,
            nonce: None,
        }
    }

    fn of(dir: &RunDir, id: String) -> Self {
        let Glance {
            state,
            lock: _,
            manifest,
            seen,
            has_end,
            is_whole,
            damaged_places,
            problem,
            written,
        } = Glance::at(dir);
        let manifest = manifest.and_then(Result::ok);
        let said = manifest.as_ref();
        let run_id = said.map(|said| said.run_id.as_str().to_owned());
        // Where no event was read, nobody can have told of any.
        let losses = match (seen.told(), is_whole && seen.last_seq.is_some()) {
            (Some(events), is_exact) => Some(Losses { events, is_exact }),
            (None, true) if seen.missing == 0 => Some(Losses { events: 0, is_exact: true }),
            // Nobody has told of them: the log itself lacks them.
            (None, true) => Some(Losses { events: seen.missing, is_exact: false }),
            (None, false) => None,
        };
        Self {
            id,
            run_id: run_id.or_else(|| seen.run.as_ref().map(|run| run.as_str().to_owned())),
            task: said.and_then(|said| said.task.clone()).or(seen.task),
            state,
            batch: seen.batch.filter(|_| has_end),
            max_batches: seen.max_batches,
            started: said.map(|said| said.started).or(seen.started),
            last_event: seen.last.filter(|_| has_end),
            written,
            events: seen.last_seq.filter(|_| has_end).and_then(|seq| seq.checked_add(1)),
            losses,
            damaged_places: problem.is_none().then_some(damaged_places as u64),
            host: said.and_then(|said| said.host.clone()),
            pid: said.and_then(|said| said.pid),
            dir: Some(dir.path().to_owned()),
            socket: None,
            problem,
            nonce: manifest.map(|said| said.nonce.0),
        }
    }

    /// Takes what a run says about itself at a socket.
    fn answers(&mut self, socket: &Path, welcome: &Welcome) {
        self.state = State::Live;
        self.socket.get_or_insert_with(|| socket.to_owned());
        self.started.get_or_insert(welcome.started);
        self.events = self.events.max(Some(welcome.next));
        self.host = welcome.host.clone().or(self.host.take());
        self.pid = Some(welcome.pid);
    }

    /// Returns when the run was last heard of.
    pub(in crate::headless) fn newest(&self) -> Option<Timestamp> {
        self.last_event.or(self.written).max(self.started)
    }

    /// Returns how long ago that was at `now` (seconds); 0 if it lies in the future.
    pub(in crate::headless) fn age_seconds(&self, now: Timestamp) -> Option<f64> {
        let micros = now.as_micros().saturating_sub(self.newest()?.as_micros());
        Some(micros.max(0) as f64 / 1e6)
    }

    /// Returns where the run can be attached to.
    pub(in crate::headless) fn endpoint(&self) -> Option<String> {
        self.socket.clone().map(|path| Endpoint::Unix(path).to_string())
    }
}
