//! What the shell is told.

use std::io::Write;
use std::process::ExitCode;

use sanctum_tui::Exit;
use sanctum_tui::source::trainer;

use crate::plan::Usage;

const RUN_TIME_ERROR: u8 = 1;
const USAGE: u8 = 2;

/// Tells what went wrong on standard error and returns the exit code.
pub(crate) fn code(outcome: &anyhow::Result<Exit>) -> ExitCode {
    match outcome {
        Ok(exit) => {
            if let Exit::Failed(why) = exit {
                tell(&format!("the run failed: {why}"));
            }
            ExitCode::from(exit.code())
        }
        Err(error) if error.is::<Usage>() || error.is::<trainer::Usage>() => {
            tell(&format!("{error}\n\nTry `esper ppo --help`."));
            ExitCode::from(USAGE)
        }
        Err(error) => {
            tell(&format!("{error:#}"));
            ExitCode::from(RUN_TIME_ERROR)
        }
    }
}

/// Standard error may be closed; the exit code then has to say it all.
pub(crate) fn tell(text: &str) {
    writeln!(std::io::stderr(), "esper: {text}").ok();
}
