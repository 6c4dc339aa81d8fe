//! The list as one JSON object.

use std::path::{Path, PathBuf};

use leyline::{FinishReason, Timestamp, wire};
use serde::Serialize;

use super::found::Found;
use super::sockets::{Answer, Folder, Socket};

/// Version of the JSON form; raised only by a breaking change.
const SCHEMA: u32 = 1;

/// Everything that was found.
#[derive(Debug, Serialize)]
struct Report<'a> {
    schema: u32,
    root: String,
    sockets_folder: String,
    runs: Vec<Line<'a>>,
    /// Sockets at which no run said its name.
    other_sockets: Vec<Other<'a>>,
}

#[derive(Debug, Serialize)]
struct Line<'a> {
    id: &'a str,
    run_id: Option<&'a str>,
    task: Option<&'a str>,
    state: Option<&'static str>,
    reason: Option<FinishReason>,
    batch: Option<u64>,
    max_batches: Option<u64>,
    started: Option<Timestamp>,
    last_event: Option<Timestamp>,
    age_seconds: Option<f64>,
    events: Option<u64>,
    events_lost: Option<u64>,
    events_lost_is_exact: Option<bool>,
    damaged_places: Option<u64>,
    host: Option<&'a str>,
    pid: Option<u32>,
    path: Option<String>,
    endpoint: Option<String>,
    problem: Option<&'a str>,
}

#[derive(Debug, Serialize)]
pub(in crate::headless) struct Other<'a> {
    path: String,
    state: &'static str,
    problem: Option<&'a str>,
}

/// Returns the object, without a line feed.
pub(super) fn json(
    root: &Path,
    folder: (&Path, &Folder),
    runs: &[Found],
    now: Timestamp,
) -> String {
    wire::to_json(&Report {
        schema: SCHEMA,
        root: text(root),
        sockets_folder: text(folder.0),
        runs: runs.iter().map(|run| Line::of(run, now)).collect(),
        other_sockets: folder.1.sockets().iter().filter_map(Other::of).collect(),
    })
}

impl<'a> Line<'a> {
    fn of(run: &'a Found, now: Timestamp) -> Self {
        Self {
            id: &run.id,
            run_id: run.run_id.as_deref(),
            task: run.task.as_deref(),
            state: run.state.as_str(),
            reason: run.state.reason(),
            batch: run.batch,
            max_batches: run.max_batches,
            started: run.started,
            last_event: run.last_event,
            age_seconds: run.age_seconds(now),
            events: run.events,
            events_lost: run.losses.map(|losses| losses.events),
            events_lost_is_exact: run.losses.map(|losses| losses.is_exact),
            damaged_places: run.damaged_places,
            host: run.host.as_deref(),
            pid: run.pid,
            path: run.dir.as_ref().map(text),
            endpoint: run.endpoint(),
            problem: run.problem.as_deref(),
        }
    }
}

impl<'a> Other<'a> {
    /// Returns what is to be said of a socket that is no run's.
    pub(in crate::headless) fn of(socket: &'a Socket) -> Option<Self> {
        let (state, problem) = match &socket.answer {
            Answer::Welcome(_) => return None,
            Answer::Stale => ("stale", None),
            Answer::Unnamed(why) => ("unnamed", Some(why.as_str())),
            Answer::Unreachable(why) => ("unreachable", Some(why.as_str())),
        };
        Some(Self { path: text(&socket.path), state, problem })
    }
}

fn text(path: impl Into<PathBuf>) -> String {
    path.into().to_string_lossy().into_owned()
}
