//! Why a run is found, or is not: what a command would try, one step after another.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use leyline::Timestamp;
use nissa::RunDir;
use nissa::manifest::Manifest;
use nissa::recording::{Read, Recording};
use nissa::socket::{Endpoint, Token, Welcome};
use sanctum_widgets::format::format_age;
use serde::Serialize;

use crate::headless::damage::counted;
use crate::headless::ls::glance::{Glance, Lock, State};
use crate::headless::ls::sockets::{self, Answer, Folder};
use crate::headless::nearest::nearest;
use crate::headless::target::{listed, runs_in};

/// How long a place that was named may take to answer: other machines are further away.
const PATIENCE: Duration = Duration::from_secs(5);

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

    fn endpoint(&mut self, text: &str, places: &Places<'_>) {
        let at: Endpoint = match text.parse() {
            Ok(at) => at,
            Err(error) => {
                self.no("endpoint", format!("{error}"), "write unix:PATH or tcp://HOST:PORT");
                return;
            }
        };
        self.yes("endpoint", format!("{at} is a place that a run can listen at"));
        let mut token = None;
        if let (Endpoint::Tcp { .. }, Some(file)) = (&at, places.token_file) {
            match Token::read(file) {
                Ok(read) => {
                    token = Some(read);
                    self.yes("token", format!("there is a token in {}", file.display()));
                }
                Err(error) => self.no(
                    "token",
                    error.to_string(),
                    "copy <run>.token from the folder of sockets of the run's machine, and chmod 600 it",
                ),
            }
        }
        let answer = sockets::ask(std::slice::from_ref(&at), token.as_ref(), PATIENCE).pop();
        match answer {
            Some(Answer::Welcome(welcome)) => {
                self.found = true;
                let (run, pid) = (&welcome.run_id, welcome.pid);
                self.yes("socket", format!("run {run} answers, process {pid}"));
            }
            Some(Answer::Stale) => self.no(
                "socket",
                "nobody listens there",
                "see whether the run has ended; `sanctum-tui ls` lists what is live here",
            ),
            Some(Answer::Unnamed(why)) => {
                let tcp = "over TCP a token is needed: give --token-file or SANCTUM_TOKEN_FILE";
                let unix = "the process may be stopped (state T in ps) or of another version";
                let advice = if matches!(at, Endpoint::Tcp { .. }) { tcp } else { unix };
                self.no("socket", format!("somebody listens there, but: {why}"), advice);
            }
            Some(Answer::Unreachable(why)) => self.no(
                "socket",
                format!("it cannot be reached: {why}"),
                "see whether host, port and rights are those that the trainer printed",
            ),
            None => {}
        }
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
            [] => {
                let nearest = nearest(&name, known.iter().map(String::as_str));
                let advice = match nearest {
                    Some(id) => {
                        format!("`{id}` is the nearest id; `sanctum-tui ls` lists them all")
                    }
                    None => "name a path, or another runs root with --run-dir or SANCTUM_RUN_DIR"
                        .to_owned(),
                };
                self.no("id", format!("no id begins with `{name}`, of {among}"), &advice);
                None
            }
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

    fn directory(&mut self, path: &Path, places: &Places<'_>) {
        let dir = match RunDir::open(path) {
            Ok(dir) => dir,
            Err(error) => {
                let runs = runs_in(path);
                let advice = if runs.is_empty() {
                    "name a directory that a run has written, or see whether you may read this one"
                        .to_owned()
                } else {
                    format!("it is a directory of runs, name one of them: {}", listed(&runs))
                };
                self.no("run", error.to_string(), &advice);
                return;
            }
        };
        let glance = Glance::at(&dir);
        self.manifest(&glance);
        self.lock(&glance);
        self.log(&dir, &glance, places.now);
        let run = glance.manifest.as_ref().and_then(|manifest| manifest.as_ref().ok());
        self.socket(run, glance.lock, places.folder);
        self.found |= glance.state != State::Unreadable;
    }

    fn manifest(&mut self, glance: &Glance) {
        match &glance.manifest {
            Some(Ok(manifest)) => {
                let Manifest { run_id, started, versions, .. } = manifest;
                let text = format!(
                    "run {run_id}, begun {}, written by version {}",
                    leyline::wire::to_json(started).trim_matches('"'),
                    versions.sanctum
                );
                self.yes("manifest", text);
            }
            Some(Err(error)) => self.no(
                "manifest",
                with_causes(error),
                "the log is read without it; `sanctum-tui fsck` says more",
            ),
            None if glance.problem.is_none() => {
                self.note("manifest", "there is none: an older run, or a copy without it");
            }
            None => {}
        }
    }

    fn lock(&mut self, glance: &Glance) {
        match glance.lock {
            Lock::Held => self.yes("lock", "a process holds it: the run is live"),
            Lock::Free => self.note("lock", "nobody holds it: the run is over"),
            Lock::Unknown if glance.problem.is_none() => {
                self.note("lock", "there is none to ask: whether the run is live cannot be known");
            }
            Lock::Unknown => {}
        }
    }

    fn log(&mut self, dir: &RunDir, glance: &Glance, now: Timestamp) {
        if let Some(problem) = &glance.problem {
            let advice = if problem.contains("is newer than") {
                "use the version of sanctum-tui that wrote it, or a later one"
            } else {
                "`sanctum-tui fsck` says more; see also whether you may read every file"
            };
            self.no("log", problem.clone(), advice);
            return;
        }
        let segments = dir.segments().unwrap_or_default();
        let text = if segments.is_empty() {
            "rows of an older version (events.jsonl)".to_owned()
        } else {
            counted(segments.len() as u64, "segment")
        };
        self.yes("log", format!("{text}, of a format that this version reads"));
        if glance.damaged_places == 0 {
            let whole =
                if glance.is_whole { "all of it was read" } else { "its two ends were read" };
            self.yes("damage", format!("none was met; {whole}"));
        } else {
            let places = counted(glance.damaged_places as u64, "place");
            let advice =
                "`sanctum-tui fsck RUN` lists them, and --repair makes a copy without them";
            self.no("damage", format!("{places} cannot be read"), advice);
        }
        let age = glance.seen.last.filter(|_| glance.has_end).map(|last| {
            let micros = now.as_micros().saturating_sub(last.as_micros()).max(0);
            format!("; the last event is {} old", format_age(micros as f64 / 1e6))
        });
        let word = glance.state.word().unwrap_or("without an end");
        self.note("end", format!("{word}{}", age.unwrap_or_default()));
    }

    fn socket(&mut self, run: Option<&Manifest>, lock: Lock, folder: &Folder) {
        let is_it = |welcome: &&Welcome| {
            run.is_some_and(|run| run.nonce == welcome.nonce && run.run_id == welcome.run_id)
        };
        match (live(folder).find(is_it), lock) {
            (Some(welcome), _) => self.yes(
                "socket",
                format!("it answers, process {}; `sanctum-tui attach` joins it", welcome.pid),
            ),
            (None, Lock::Held) => self.no(
                "socket",
                "it is live, and does not answer at any socket of this user",
                "see the list of sockets above: its process may be another user's, of another machine, or stopped; \
                 commands that read the log work all the same",
            ),
            (None, Lock::Free | Lock::Unknown) => {
                self.note("socket", "none, so that it cannot be attached to; every other command reads its log");
            }
        }
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
