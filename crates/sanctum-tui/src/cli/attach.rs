//! The arguments of `sanctum-tui attach`.

#![expect(clippy::doc_markdown, reason = "clap prints these comments, where backticks are noise")]

use std::path::{Path, PathBuf};

use clap::Args;

use super::Environment;
use crate::headless::Failure;
use crate::source::AttachedRun;
use crate::source::attach::find::{Asked, find};

/// What people look for first in the help of `attach`.
pub(super) const EXAMPLES: &str = "\
Examples:
  sanctum-tui attach                      the only live run of this user, else a list
  sanctum-tui attach cartpole-2026        the live run whose id begins so
  sanctum-tui attach runs/ID              the run that writes this directory
  sanctum-tui attach tcp://127.0.0.1:7070 --token-file run.token
  sanctum-tui attach --plain | tee log.txt

From another machine, forward the socket over SSH and attach to its end here:
  ssh -N -L /tmp/run.sock:/run/user/1000/sanctum/ID.sock host &
  sanctum-tui attach unix:/tmp/run.sock";

/// Where runs are, unless somebody says otherwise.
const ROOT: &str = "runs";

/// Arguments of `sanctum-tui attach`.
#[derive(Debug, Clone, Args)]
pub struct AttachArgs {
    /// Run to watch: its directory, the beginning of its id, unix:PATH or tcp://HOST:PORT [default: the only live run]
    #[arg(value_name = "RUN")]
    pub run: Option<PathBuf>,
    /// Runs root [env: SANCTUM_RUN_DIR=] [default: ./runs]
    #[arg(long, value_name = "ROOT")]
    pub run_dir: Option<PathBuf>,
    /// File with the token of a run over TCP [env: SANCTUM_TOKEN_FILE=] [default: the only one beside this machine's sockets]
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}

impl AttachArgs {
    /// Finds the run.
    ///
    /// # Errors
    ///
    /// See [`find`].
    pub fn find(&self, env: &Environment) -> Result<AttachedRun, Failure> {
        let root = self.run_dir.as_deref().or(env.run_dir.as_deref());
        find(Asked {
            run: self.run.as_deref(),
            root: root.unwrap_or(Path::new(ROOT)),
            sockets: &env.socket_folder(),
            token_file: self.token_file.as_deref().or(env.token_file.as_deref()),
        })
    }
}
