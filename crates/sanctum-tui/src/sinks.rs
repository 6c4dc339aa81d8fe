//! What tells of the alerts of a live run beside the screen: bell, desktop, command.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use crossbeam_channel::{Receiver, bounded, never};
use leyline::AlertLevel;

mod runner;
pub(crate) mod watch;
mod words;

use runner::{Job, Runner};
use watch::News;

/// What is told where. Nothing by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sinks {
    /// Least level that rings the bell.
    pub bell: Option<AlertLevel>,
    /// The desktop.
    pub desktop: Option<DesktopSink>,
    /// A program.
    pub command: Option<CommandSink>,
}

/// A notice on the desktop, by way of the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DesktopSink {
    /// Least level of an alert.
    pub least: AlertLevel,
    /// How the terminal is asked.
    pub form: Form,
}

/// The escape sequence of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `ESC ] 9 ; text`.
    Osc9,
    /// `ESC ] 777 ; notify ; title ; text`.
    Osc777,
}

/// A program that is started for an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandSink {
    /// The program and its arguments; never empty.
    pub words: Vec<String>,
    /// Least level of an alert.
    pub least: AlertLevel,
    /// How long it may take.
    pub patience: Duration,
}
/// How long a program may go on when its viewer is left, or its run is over.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);
/// The same, when a signal ends the viewer: a trainer in this process needs the time.
pub(crate) const LAST_PATIENCE: Duration = Duration::from_millis(200);
/// News that wait for whoever tells them: twice the alerts that a group can have ([`karn_sanctum::alert::KEPT`] that ended and
/// one for each rule).
pub(crate) const NEWS: usize = 512;

/// Tells of alerts: what a terminal is to be sent is returned, and the program is started.
#[derive(Debug)]
pub(crate) struct Teller {
    sinks: Sinks,
    runner: Option<Runner>,
    /// What went wrong, the first time.
    pub(crate) failure: Receiver<String>,
}

impl Teller {
    /// Returns a teller that knows nothing yet. A machine without room for its thread starts no program, and says so.
    pub(crate) fn new(sinks: &Sinks) -> Self {
        let mut failure = never();
        let runner = sinks.command.clone().and_then(|command| match Runner::start(command) {
            Ok(runner) => {
                failure = runner.failure();
                Some(runner)
            }
            Err(error) => {
                let (say, said) = bounded(1);
                say.try_send(format!("there is no thread for it: {error}")).ok();
                failure = said;
                None
            }
        });
        Self { sinks: sinks.clone(), runner, failure }
    }

    /// Hands news on; returns what the terminal is to be sent.
    pub(crate) fn tell(&mut self, news: &[News]) -> String {
        if let (Some(runner), Some(command)) = (&mut self.runner, &self.sinks.command) {
            for news in news.iter().filter(|news| news.reaches(command.least)) {
                let input = news.to_json() + "\n";
                runner.tell(Job { input, variables: news.variables() });
            }
        }
        words::terminal_bytes(&self.sinks, news)
    }

    /// Rings where lines are printed: on standard error, if that is a terminal.
    pub(crate) fn ring(&mut self, news: &[News], is_quiet: bool) {
        let bytes = self.tell(news);
        let mut err = io::stderr();
        if !bytes.is_empty() && !is_quiet && err.is_terminal() {
            // Whoever closed our standard error does not want to know.
            err.write_all(bytes.as_bytes()).and_then(|()| err.flush()).ok();
        }
    }

    /// Waits so long for a program that runs, then kills it; returns what went wrong and was not told yet.
    pub(crate) fn finish(self, patience: Duration) -> Vec<String> {
        let left = self.runner.and_then(|runner| runner.finish(patience));
        self.failure.try_recv().ok().map(|why| failed(&why)).into_iter().chain(left).collect()
    }
}

/// Returns the words about a failure of the command.
pub(crate) fn failed(why: &str) -> String {
    format!("alert command: {why}")
}
