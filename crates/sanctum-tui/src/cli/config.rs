//! The arguments of `sanctum-tui config`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Cli, Command, Environment};
use crate::config::{self, ConfigError};

/// What people look for first in the help of `config`.
pub(super) const EXAMPLES: &str = "\
Examples:
  sanctum-tui config gen > ~/.config/sanctum/config.toml   every setting, commented out
  sanctum-tui config check          exits 0, or 2 with the lines that are wrong
  sanctum-tui config show           what holds, and who said so
  sanctum-tui --limit TELE-110=0.02,0.05 config show";

/// Arguments of `sanctum-tui config`.
#[derive(Debug, Clone, Args)]
pub struct ConfigArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: ConfigCommand,
    /// What the program was started with; no argument, see [`Cli::settle`].
    #[arg(skip)]
    pub env: Environment,
}

/// What to do with the configuration.
#[derive(Debug, Clone, Subcommand)]
pub enum ConfigCommand {
    /// Print a configuration file with every setting, commented out
    Gen,
    /// Check a configuration file
    Check {
        /// File [default: the one that is in use]
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Print where the configuration file is looked for
    Path,
    /// Print what holds, from flags, variables, file and what is built in, and where each comes from
    Show,
}

impl Cli {
    /// Fills in what variables and the configuration file say, and sets limits and muted rules for this process. `config` reads
    /// the file itself, and `doctor` tells of it; `render` takes no display setting from outside of its arguments.
    ///
    /// # Errors
    ///
    /// [`Failure::Usage`](crate::headless::Failure::Usage): the file or a variable cannot be used.
    pub fn configure(&mut self, env: &Environment) -> Result<(), crate::headless::Failure> {
        let usage = |error: ConfigError| crate::headless::Failure::Usage(error.to_string());
        match &self.command {
            Some(Command::Config(_)) => Ok(()),
            // It says what is wrong with the file, among other things.
            Some(Command::Doctor(_)) => {
                config::settle(&mut self.display, env).ok();
                Ok(())
            }
            Some(Command::Render(_)) => {
                config::settle(&mut self.display.clone(), env).map_err(usage)
            }
            None | Some(_) => config::settle(&mut self.display, env).map_err(usage),
        }
    }
}
