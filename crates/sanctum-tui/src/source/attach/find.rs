//! Which runs listen on this machine, and which of them a RUN of a command line stands for.

use std::fs;
use std::net::ToSocketAddrs as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use leyline::RunId;
use nissa::RunDir;
use nissa::manifest::Manifest;
use nissa::recording::Recording;
use nissa::socket::endpoint::{self, FolderError};
use nissa::socket::{Client, ClientError, Endpoint, Token, Welcome};
use simic_emitter::StopFlag;

use super::{AttachedRun, greeting};
use crate::headless::Failure;

/// How long a run of this machine may take to answer: it needs a millisecond, unless it is stopped.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a run that was named by its place may take.
const LONG_PATIENCE: Duration = Duration::from_secs(5);
/// Runs that an error lists.
const LISTED: usize = 20;

/// What is asked for, and where to look.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// RUN of the command line; `None`: the only one there is.
    pub run: Option<&'a Path>,
    /// The runs root.
    pub root: &'a Path,
    /// Folder of the sockets.
    pub sockets: &'a Path,
    /// File with the token of a run over TCP.
    pub token_file: Option<&'a Path>,
}

/// A run that listens.
#[derive(Debug, Clone, PartialEq)]
pub struct Listening {
    /// Where.
    pub at: Endpoint,
    /// What it says about itself.
    pub welcome: Welcome,
}

/// Finds the run that is asked for, which answered a moment ago.
///
/// # Errors
///
/// [`Failure::NotFound`] if there is none, or more than one, or it lets nobody in; [`Failure::Version`] if it speaks another
/// protocol; [`Failure::Usage`] if a place is misspelled or a token cannot be read.
pub fn find(asked: Asked<'_>) -> Result<AttachedRun, Failure> {
    let Some(run) = asked.run else { return only(&asked).map(attached) };
    let text = run.to_str().unwrap_or_default();
    if text.starts_with("unix:") || text.starts_with("tcp:") {
        return at(text.parse().map_err(usage)?, &asked);
    }
    if run.is_dir() {
        return of_directory(run, &asked).map(attached);
    }
    by_id(text, &asked).map(attached)
}

/// Returns the runs that listen in a folder, in the order of their ids, and why the other sockets there did not answer.
///
/// A folder that is not there holds nothing.
///
/// # Errors
///
/// Others could have put something into the folder.
pub fn listening(folder: &Path) -> Result<(Vec<Listening>, Vec<ClientError>), FolderError> {
    if !folder.exists() {
        return Ok((Vec::new(), Vec::new()));
    }
    endpoint::check(folder, endpoint::own_uid())?;
    let (mut runs, mut mute) = (Vec::new(), Vec::new());
    for path in ending(folder, "sock") {
        match ask(Endpoint::Unix(path), None, PATIENCE) {
            Ok(run) => runs.push(run),
            Err(error) => mute.push(error),
        }
    }
    runs.sort_by(|a, b| a.welcome.run_id.cmp(&b.welcome.run_id));
    Ok((runs, mute))
}

fn ask(at: Endpoint, token: Option<Token>, patience: Duration) -> Result<Listening, ClientError> {
    let client = Client::connect(&at, &greeting(token), patience, &StopFlag::new())?;
    let welcome = client.welcome().clone();
    Ok(Listening { at, welcome })
}

fn attached(run: Listening) -> AttachedRun {
    AttachedRun::new(run.at, greeting(None))
}

/// Returns the files in a folder that end so, in their order; nothing where it cannot be read.
fn ending(folder: &Path, end: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    let mut paths: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|found| found == end)).collect();
    paths.sort_unstable();
    paths
}

fn at(at: Endpoint, asked: &Asked<'_>) -> Result<AttachedRun, Failure> {
    let token = match &at {
        Endpoint::Unix(_) => None,
        Endpoint::Tcp { host, port } => token(asked, host, *port)?,
    };
    let run = ask(at, token.clone(), LONG_PATIENCE).map_err(|error| unreached(&error))?;
    Ok(AttachedRun::new(run.at, greeting(token)))
}

/// Returns the token of a run over TCP: that of the file that was named, else that of the only run of this machine that has
/// one and answers. A machine that is not this one is never sent a token that nobody meant for it.
fn token(asked: &Asked<'_>, host: &str, port: u16) -> Result<Option<Token>, Failure> {
    let path = match asked.token_file {
        Some(path) => path.to_owned(),
        None if !is_here(host, port) => {
            return Err(Failure::Usage(format!(
                "{host} is another machine: name the token of the run with --token-file"
            )));
        }
        None => {
            // What a run left behind when it was killed is nobody's any more.
            let answers = |token: &PathBuf| {
                ask(Endpoint::Unix(token.with_extension("sock")), None, PATIENCE).is_ok()
            };
            let tokens: Vec<PathBuf> =
                ending(asked.sockets, "token").into_iter().filter(answers).collect();
            match tokens.as_slice() {
                [] => return Ok(None),
                [only] => only.clone(),
                several => {
                    return Err(Failure::Usage(format!(
                        "{} tokens are in {}, name the one of this run with --token-file",
                        several.len(),
                        asked.sockets.display()
                    )));
                }
            }
        }
    };
    Token::read(&path).map(Some).map_err(usage)
}

/// Returns whether a name stands for this machine and nothing else.
fn is_here(host: &str, port: u16) -> bool {
    (host, port).to_socket_addrs().is_ok_and(|found| {
        let mut found = found.peekable();
        found.peek().is_some() && found.all(|address| address.ip().is_loopback())
    })
}

fn usage(error: impl std::fmt::Display) -> Failure {
    Failure::Usage(error.to_string())
}

fn unreached(error: &ClientError) -> Failure {
    match error {
        ClientError::Protocol { .. } | ClientError::Schema { .. } => {
            Failure::Version(error.to_string())
        }
        ClientError::Connect { .. }
        | ClientError::Refused { .. }
        | ClientError::Line { .. }
        | ClientError::Message { .. } => Failure::NotFound(error.to_string()),
    }
}

fn all(asked: &Asked<'_>) -> Result<(Vec<Listening>, Vec<ClientError>), Failure> {
    listening(asked.sockets).map_err(|error| Failure::NotFound(error.to_string()))
}

fn only(asked: &Asked<'_>) -> Result<Listening, Failure> {
    let (mut runs, mute) = all(asked)?;
    match (runs.pop(), runs.is_empty()) {
        (Some(run), true) => Ok(run),
        (Some(last), false) => {
            runs.push(last);
            let why = format!("{} runs are live, name one of them:", runs.len());
            Err(Failure::Choose { why, choices: listed(&runs) })
        }
        (None, _) => Err(Failure::NotFound(format!(
            "no run is live (none listens in {}{}); `sanctum-tui ls` lists recorded runs",
            asked.sockets.display(),
            mute_words(&mute)
        ))),
    }
}

fn by_id(name: &str, asked: &Asked<'_>) -> Result<Listening, Failure> {
    let (runs, mute) = all(asked)?;
    if let Some(run) = runs.iter().find(|run| run.welcome.run_id.as_str() == name) {
        return Ok(run.clone());
    }
    let begins = |id: &RunId| !name.is_empty() && id.as_str().starts_with(name);
    let fitting: Vec<Listening> =
        runs.iter().filter(|run| begins(&run.welcome.run_id)).cloned().collect();
    match fitting.as_slice() {
        [run] => return Ok(run.clone()),
        [] => {}
        several => {
            let why = format!("`{name}` is the beginning of {} live runs:", several.len());
            return Err(Failure::Choose { why, choices: listed(several) });
        }
    }
    // What is below the runs root is recorded, and may be live without listening.
    let recorded = asked.root.join(name);
    if RunId::new(name).is_ok() && recorded.is_dir() {
        return Err(unheard(&recorded));
    }
    let why = format!(
        "no live run: {name} (no path, and no id of a run that listens in {} begins so{}){}",
        asked.sockets.display(),
        mute_words(&mute),
        if runs.is_empty() { "" } else { "; live runs:" }
    );
    Err(Failure::Choose { why, choices: listed(&runs) })
}

fn of_directory(dir: &Path, asked: &Asked<'_>) -> Result<Listening, Failure> {
    let manifest = RunDir::open(dir).ok().map(|dir| Manifest::read(&dir.manifest()));
    let Some(Ok(manifest)) = manifest else {
        return Err(Failure::NotFound(format!("not a run directory: {}", dir.display())));
    };
    let is_it = |run: &Listening| {
        (&run.welcome.run_id, run.welcome.nonce) == (&manifest.run_id, manifest.nonce)
    };
    // Where it should be, before everybody is asked.
    let path = endpoint::path(asked.sockets, &manifest.run_id);
    if endpoint::check(asked.sockets, endpoint::own_uid()).is_ok()
        && let Ok(run) = ask(Endpoint::Unix(path), None, PATIENCE)
        && is_it(&run)
    {
        return Ok(run);
    }
    all(asked)?.0.into_iter().find(is_it).ok_or_else(|| unheard(dir))
}

/// Says why a recorded run cannot be watched.
fn unheard(dir: &Path) -> Failure {
    let is_live = Recording::open(dir).is_ok_and(|recording| recording.is_live());
    let text = if is_live {
        "the run is live, but does not answer on this machine (stopped, or listening for another user or not at all); `sanctum-tui tail` follows its log"
    } else {
        "the run has ended; `sanctum-tui render` and `snapshot` show what it left"
    };
    Failure::NotFound(format!("{text}: {}", dir.display()))
}

/// Returns lines of runs, each with the command that shows it.
fn listed(runs: &[Listening]) -> Vec<String> {
    let line = |Listening { at: _, welcome }: &Listening| {
        let Welcome { run_id, pid, started, next, .. } = welcome;
        format!("sanctum-tui attach {run_id}   started {started}, {next} events, process {pid}")
    };
    let mut lines: Vec<String> = runs.iter().take(LISTED).map(line).collect();
    if LISTED < runs.len() {
        lines.push(format!("and {} more", runs.len() - LISTED));
    }
    lines
}

fn mute_words(mute: &[ClientError]) -> String {
    match mute {
        [] => String::new(),
        [error] => format!("; one socket there does not answer: {error}"),
        [error, ..] => {
            format!("; {} sockets there do not answer, as the first: {error}", mute.len())
        }
    }
}
