//! Keeps the view of the run that a screen shows: read when the run is known, written when a mark was set or an alert acknowledged, and at the end.

use std::path::{Path, PathBuf};

use leyline::RunId;

use crate::app::App;
use crate::kept::Kept;
use crate::kept::file::KeptFile;
use crate::terminal;

/// See the module.
#[derive(Debug, Default)]
pub struct Keeper {
    /// The state directory of the user; `None`: nothing is kept.
    state: Option<PathBuf>,
    run: Option<RunId>,
    /// What the file holds, as far as this viewer knows.
    kept: Kept,
}

impl Keeper {
    /// Returns a keeper that has seen no run.
    pub fn new(state: Option<&Path>) -> Self {
        Self { state: state.map(Path::to_path_buf), ..Self::default() }
    }

    /// Looks at the screen after it was drawn; returns what was kept of a run that it did not show before.
    pub fn look(&mut self, app: &App) -> Option<Kept> {
        let run = app.run_id()?;
        if self.run.as_ref() == Some(run) {
            let now = app.kept();
            if now.marks != self.kept.marks || now.known != self.kept.known {
                self.write(app);
            }
            return None;
        }
        let is_first = self.run.replace(run.clone()).is_none();
        let read = KeptFile::of(self.state.as_deref()?, run).read().unwrap_or_else(|why| {
            terminal::note(why);
            None
        });
        // What somebody did before the run was known holds for it.
        let usual = if is_first {
            app.kept()
        } else {
            Kept { marks: [].into(), known: [].into(), ..app.kept() }
        };
        self.kept = read.clone().unwrap_or_default();
        let now = read.map_or_else(|| usual.clone(), |read| read.with_those_of(usual.clone()));
        (now != app.kept()).then_some(now)
    }

    /// Writes what the screen has at its end, if that is not what was kept.
    pub fn end(&mut self, app: &App) {
        if app.run_id().is_some() && app.run_id() == self.run.as_ref() && app.kept() != self.kept {
            self.write(app);
        }
    }

    fn write(&mut self, app: &App) {
        let (Some(state), Some(run)) = (&self.state, &self.run) else { return };
        let before = std::mem::replace(&mut self.kept, app.kept());
        if let Err(error) = KeptFile::of(state, run).write(&self.kept, &before) {
            terminal::note(format!("cannot keep the view of {run}: {error}: {}", state.display()));
        }
    }
}
