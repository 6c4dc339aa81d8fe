//! Why a run is found, or is not: what a command would try, one step after another.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use leyline::Timestamp;
use nissa::recording::{Read, Recording};
use nissa::socket::Welcome;
use serde::Serialize;

use crate::headless::damage::counted;
use crate::headless::ls::sockets::{Answer, Folder};
use crate::headless::nearest::nearest;
use crate::headless::target::{listed, runs_in};

mod directory;
mod endpoint;

/// Where runs are looked for.
#[derive(Debug)]
pub(super) struct Places<'a> {
    pub(super) root: &'a Path,
    pub(super) folder: &'a Folder,
    pub(super) token_file: Option<&'a Path>,
    pub(super) now: Timestamp,
}

/// What was tried.
#[derive(Debug, Serialize)]
pub(super) struct Why {
    pub(super) asked: String,
    pub(super) found: bool,
    pub(super) steps: Vec<Tried>,
}

/// One step.
#[derive(Debug, Serialize)]
pub(super) struct Tried {
    pub(super) step: &'static str,
    pub(super) outcome: Outcome,
    pub(super) text: String,
    /// What to do.
    pub(super) advice: Option<String>,
}

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    /// As it should be.
    Yes,
    /// Not so.
    No,
    /// Neither good nor bad.
    Note,
}

/// Tries everything that a RUN can be.
pub(super) fn explain(asked: &Path, places: &Places<'_>) -> Why {
    let mut why =
        Why { asked: asked.to_string_lossy().into_owned(), found: false, steps: Vec::new() };
    let text = why.asked.clone();
    if text == "-" {
        why.yes("path", "`-` is standard input: JSON rows are read from there");
        why.found = true;
    } else if text.starts_with("unix:") || text.starts_with("tcp:") {
        why.endpoint(&text, places);
    } else {
        let dir = match why.path(asked) {
            Named::Directory(path) => Some(path),
            Named::Done => return why,
            Named::Nothing => why.id(asked, places),
        };
        if let Some(dir) = dir {
            why.directory(&dir, places);
        }
    }
    why
}

/// What a path leads to.
enum Named {
    Directory(PathBuf),
    /// All is said.
    Done,
    Nothing,
}

impl Why {
    fn yes(&mut self, step: &'static str, text: impl Into<String>) {
        self.add(step, Outcome::Yes, text, None);
    }

    fn note(&mut self, step: &'static str, text: impl Into<String>) {
        self.add(step, Outcome::Note, text, None);
    }

    fn no(&mut self, step: &'static str, text: impl Into<String>, advice: &str) {
        self.add(step, Outcome::No, text, Some(advice.to_owned()));
    }

    fn add(
        &mut self,
        step: &'static str,
        outcome: Outcome,
        text: impl Into<String>,
        advice: Option<String>,
    ) {
        self.steps.push(Tried { step, outcome, text: text.into(), advice });
    }

    fn path(&mut self, asked: &Path) -> Named {
        let shown = asked.display();
        let about = match fs::metadata(asked) {
            Ok(about) => about,
            Err(_) if asked.is_symlink() => {
                self.no("path", format!("a link that leads nowhere: {shown}"), "set the link anew");
                return Named::Nothing;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.note("path", format!("there is no such path: {shown}"));
                return Named::Nothing;
            }
            Err(error) => {
                self.no("path", format!("{error}: {shown}"), "see whether you may read it");
                return Named::Nothing;
            }
        };
        if about.is_dir() {
            self.yes("path", format!("a directory: {shown}"));
            return Named::Directory(asked.to_owned());
        }
        let is_part = asked.extension().is_some_and(|end| end == "slog" || end == "sidx")
            || asked.file_name().is_some_and(|name| name == "manifest.json");
        if is_part {
            let advice = "name the directory that it is in";
            self.no("path", format!("one file of a run: {shown}"), advice);
        } else if !about.is_file() {
            let advice = "read pipes as `-` from standard input";
            self.no("path", format!("neither a directory nor a file: {shown}"), advice);
        } else {
            self.yes("path", format!("a file: {shown}"));
            self.rows(asked);
        }
        Named::Done
    }

    /// Looks whether a file holds rows.
    fn rows(&mut self, file: &Path) {
        let first = Recording::open(file).map_err(|error| error.to_string());
        let first = first.and_then(|mut rows| rows.read().map_err(|error| error.to_string()));
        match first {
            Ok(Read::Event(leyline::Incoming::Rejected(rejection))) => self.no(
                "rows",
                format!("its first line is no event row ({})", rejection.reason),
                "rows are JSON objects, one a line; `sanctum-tui export RUN --format rows` writes them",
            ),
            Ok(Read::Event(_)) => {
                self.found = true;
                self.yes("rows", "its first line is an event row");
            }
            Ok(Read::Pending | Read::End) => {
                self.no("rows", "it is empty", "see whether its writer has begun");
            }
            Err(error) => self.no("rows", error, "see whether you may read it"),
        }
    }

    /// Looks the beginning of an id up; returns the directory of the run below the root, if it is there.
    fn id(&mut self, asked: &Path, places: &Places<'_>) -> Option<PathBuf> {
        let mut parts = asked.components();
        let (Some(Component::Normal(name)), None) = (parts.next(), parts.next()) else {
            self.no("id", "it has the form of a path, so it is no id", "see how it is spelled");
            return None;
        };
        let name = name.to_string_lossy();
        let root = places.root.display();
        let runs = match fs::read_dir(places.root) {
            Ok(_) => runs_in(places.root),
            Err(error) => {
                let advice = "name the runs root with --run-dir or SANCTUM_RUN_DIR";
                self.no("root", format!("the runs root cannot be read: {error}: {root}"), advice);
                Vec::new()
            }
        };
        let live: Vec<&Welcome> = live(places.folder).collect();
        let ids = live.iter().map(|welcome| welcome.run_id.as_str());
        let mut known: Vec<String> =
            runs.iter().map(String::as_str).chain(ids).map(str::to_owned).collect();
        known.sort_unstable();
        known.dedup();
        let exact = known.iter().find(|id| **id == name);
        let fitting: Vec<String> = match exact {
            Some(id) => vec![id.clone()],
            None => known.iter().filter(|id| id.starts_with(&*name)).cloned().collect(),
        };
        let among = format!(
            "{} below the runs root {root} and {} at sockets",
            counted(runs.len() as u64, "run"),
            live.len()
        );
        match fitting.as_slice() {
            [id] => {
                self.yes("id", format!("it stands for {id}, of {among}"));
                if runs.contains(id) {
                    return Some(places.root.join(id));
                }
                self.found = true;
                let log = live.iter().find(|welcome| welcome.run_id.as_str() == id);
                let log = log.and_then(|welcome| welcome.log.clone());
                match &log {
                    Some(log) => {
                        self.note("root", format!("its log is elsewhere: {}", log.display()));
                    }
                    None => {
                        self.note(
                            "root",
                            "it keeps no log; `attach` shows it as long as it is live",
                        );
                    }
                }
                log
            }
            [] => self.no_id(&name, &among, &known, places.root),
            several => {
                let text = format!(
                    "`{name}` is the beginning of {} ids: {}",
                    several.len(),
                    listed(several)
                );
                self.no("id", text, "write more of the id");
                None
            }
        }
    }

    /// Says that no id begins so; returns a directory that is none of a run and has the name.
    fn no_id(&mut self, name: &str, among: &str, known: &[String], root: &Path) -> Option<PathBuf> {
        let text = format!("no id begins with `{name}`, of {among}");
        let path = root.join(name);
        if path.is_dir() {
            self.note("id", format!("{text}; but there is such a directory: {}", path.display()));
            return Some(path);
        }
        let advice = match nearest(name, known.iter().map(String::as_str)) {
            Some(id) => format!("`{id}` is the nearest id; `sanctum-tui ls` lists them all"),
            None => {
                "name a path, or another runs root with --run-dir or SANCTUM_RUN_DIR".to_owned()
            }
        };
        self.no("id", text, &advice);
        None
    }
}

/// Returns the runs that answer.
fn live(folder: &Folder) -> impl Iterator<Item = &Welcome> {
    folder.sockets().iter().filter_map(|socket| match &socket.answer {
        Answer::Welcome(welcome) => Some(&**welcome),
        Answer::Stale | Answer::Unnamed(_) | Answer::Unreachable(_) => None,
    })
}

fn with_causes(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
