//! The sockets in a folder, and what answers at each of them.

use std::fs;
use std::io;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::thread::Builder;
use std::time::Duration;

use crossbeam_channel::{after, bounded, select_biased};
use nissa::socket::endpoint::{self, Endpoint, FolderError};
use nissa::socket::message::Protocols;
use nissa::socket::{Client, ClientError, Greeting, Token, Welcome};
use simic_emitter::StopFlag;

/// How long all sockets together may take to answer. A run answers in less than a millisecond, one that was stopped never.
pub(in crate::headless) const PATIENCE: Duration = Duration::from_millis(500);
/// Most sockets that are asked.
const MAX_ASKED: usize = 256;

/// A socket in the folder.
#[derive(Debug)]
pub(in crate::headless) struct Socket {
    pub(in crate::headless) path: PathBuf,
    pub(in crate::headless) answer: Answer,
}

/// What came of asking.
#[derive(Debug)]
pub(in crate::headless) enum Answer {
    /// A run, live.
    Welcome(Box<Welcome>),
    /// Nobody listens: its process is gone, and left the file behind.
    Stale,
    /// Somebody listens, and does not say which run it is; why.
    Unnamed(String),
    /// It cannot be reached; why.
    Unreachable(String),
}

/// What is in a folder of sockets.
#[derive(Debug)]
pub(in crate::headless) enum Folder {
    /// It is not there: no run has listened yet.
    None,
    /// It is not to be trusted, or cannot be read.
    Refused(String),
    /// By name.
    Sockets(Vec<Socket>),
}

impl Folder {
    /// Returns the sockets; none where the folder is none.
    pub(in crate::headless) fn sockets(&self) -> &[Socket] {
        match self {
            Self::Sockets(sockets) => sockets,
            Self::None | Self::Refused(_) => &[],
        }
    }
}

/// Asks every socket in a folder, all at once, and waits for `patience` at most.
pub(in crate::headless) fn ask_all(folder: &Path, patience: Duration) -> Folder {
    match endpoint::check(folder, endpoint::own_uid()) {
        Ok(()) => {}
        Err(FolderError::Create { path: _, source })
            if source.kind() == io::ErrorKind::NotFound =>
        {
            return Folder::None;
        }
        // Nothing is made here, whatever the name of the error.
        Err(FolderError::Create { path: _, source }) => return unread(&source, folder),
        Err(error) => return Folder::Refused(error.to_string()),
    }
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return unread(&error, folder),
    };
    let is_socket = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_socket());
    let mut paths: Vec<PathBuf> =
        entries.flatten().filter(is_socket).map(|entry| entry.path()).collect();
    paths.sort_unstable();
    let places: Vec<Endpoint> = paths.iter().cloned().map(Endpoint::Unix).collect();
    let answers = ask(&places, None, patience);
    let sockets = paths.into_iter().zip(answers);
    Folder::Sockets(sockets.map(|(path, answer)| Socket { path, answer }).collect())
}

fn unread(error: &io::Error, folder: &Path) -> Folder {
    Folder::Refused(format!("cannot read the folder for sockets: {error}: {}", folder.display()))
}

/// Asks at all places at once, and waits for `patience` at most; one answer for each place.
pub(in crate::headless) fn ask(
    places: &[Endpoint],
    token: Option<&Token>,
    patience: Duration,
) -> Vec<Answer> {
    let mut answers: Vec<Option<Answer>> = places.iter().map(|_| None).collect();
    let asked = places.len().min(MAX_ASKED);
    let (sender, receiver) = bounded(asked);
    for (at, place) in places.iter().enumerate().take(MAX_ASKED) {
        let (place, token, sender) = (place.clone(), token.cloned(), sender.clone());
        // A thread of its own, because connecting to a stopped process can wait for ever. Such a thread ends with the program.
        let body = move || {
            // Nobody waits any more once time is up.
            sender.send((at, ask_one(&place, token, patience))).ok();
        };
        let started = Builder::new().name("ask-socket".to_owned()).spawn(body);
        if let (Err(error), Some(answer)) = (started, answers.get_mut(at)) {
            *answer = Some(Answer::Unreachable(error.to_string()));
        }
    }
    drop(sender);
    let timer = after(patience);
    loop {
        select_biased! {
            recv(receiver) -> answered => match answered {
                Ok((at, answer)) => {
                    if let Some(place) = answers.get_mut(at) {
                        *place = Some(answer);
                    }
                }
                Err(_) => break,
            },
            recv(timer) -> _ => break,
        }
    }
    let silent = |at| {
        Answer::Unnamed(if at < asked {
            format!("no answer within {} ms", patience.as_millis())
        } else {
            format!("not asked: there are more than {MAX_ASKED} sockets")
        })
    };
    let answers = answers.into_iter().enumerate();
    answers.map(|(at, answer)| answer.unwrap_or_else(|| silent(at))).collect()
}

/// Asks at one place.
fn ask_one(at: &Endpoint, token: Option<Token>, patience: Duration) -> Answer {
    let program = concat!("sanctum-tui ", env!("CARGO_PKG_VERSION")).to_owned();
    let greeting = Greeting { token, program, protocols: Protocols::OWN };
    match Client::connect(at, &greeting, patience, &StopFlag::new()) {
        Ok(client) => Answer::Welcome(Box::new(client.welcome().clone())),
        Err(ClientError::Connect { at: _, source }) => {
            let gone = [io::ErrorKind::ConnectionRefused, io::ErrorKind::NotFound];
            if gone.contains(&source.kind()) {
                Answer::Stale
            } else {
                Answer::Unreachable(source.to_string())
            }
        }
        Err(ClientError::Refused { at: _, refused }) => Answer::Unnamed(refused.text),
        Err(error @ ClientError::Protocol { .. }) => Answer::Unnamed(error.to_string()),
        Err(ClientError::Line { at: _, source }) => Answer::Unnamed(source.to_string()),
        Err(ClientError::Message { at: _, source }) => Answer::Unnamed(source.to_string()),
        Err(ClientError::Schema { at: _, source }) => Answer::Unnamed(source.to_string()),
    }
}
