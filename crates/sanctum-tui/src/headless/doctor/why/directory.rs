//! A directory that should be a run: its parts, one after another.

use std::path::Path;

use leyline::Timestamp;
use nissa::RunDir;
use nissa::manifest::Manifest;
use nissa::socket::Welcome;
use sanctum_widgets::format::format_age;

use super::{Places, Why, live, with_causes};
use crate::headless::damage::counted;
use crate::headless::ls::glance::{Glance, Lock, State};
use crate::headless::ls::sockets::Folder;
use crate::headless::target::{listed, runs_in};

impl Why {
    /// Tells whether the directory is a run, and how each of its parts is.
    pub(super) fn directory(&mut self, path: &Path, places: &Places<'_>) {
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
                self.no("run", with_causes(&error), &advice);
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
