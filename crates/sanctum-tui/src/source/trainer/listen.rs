//! Where a run of this process listens for viewers of others.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{anyhow, bail};
use nissa::socket::endpoint::{self, own_uid, token_path};
use nissa::socket::{About, Endpoint, Limits, Server, SocketError, SocketSink, Tcp, Token, serve};
use simic_emitter::SystemClock;

use super::Usage;
use crate::terminal;

/// Viewers at a time, unless somebody says otherwise.
pub const VIEWERS: usize = 64;

/// Where a run listens, and for whom.
#[derive(Debug, Clone)]
pub struct Listen {
    /// Folder of its socket, which is named after the run.
    pub folder: PathBuf,
    /// Further places.
    pub at: Vec<Endpoint>,
    /// Whether these may be reached from other machines.
    pub public: bool,
    /// File with the token of viewers over TCP; `None`: a new one, written beside the socket.
    pub token_file: Option<PathBuf>,
    /// Viewers at a time.
    pub max_viewers: usize,
}

/// A run that listens.
#[derive(Debug)]
pub(super) struct Listening {
    pub(super) server: Server,
    /// Whether the folder is this user's alone, so that a token may lie in it.
    is_private: bool,
    /// What to tell about it, line by line.
    pub(super) told: Vec<String>,
}

impl Listen {
    /// Listens only at the socket in a folder.
    pub const fn in_folder(folder: PathBuf) -> Self {
        Self { folder, at: Vec::new(), public: false, token_file: None, max_viewers: VIEWERS }
    }

    /// Refuses what can be seen to fail before a run begins.
    ///
    /// # Errors
    ///
    /// The token file cannot be used.
    pub fn check(&self) -> Result<(), Usage> {
        let token = self.token_file.as_deref().map(Token::read).transpose();
        token.map(drop).map_err(|error| Usage(error.to_string()))
    }

    /// Begins to listen. A socket of its own that cannot be made is told and costs no run; a place that was asked for is
    /// another matter.
    ///
    /// # Errors
    ///
    /// The run cannot listen at a place that was asked for.
    pub(super) fn open(
        &self,
        about: About,
        clock: Arc<SystemClock>,
    ) -> anyhow::Result<Option<(SocketSink, Listening)>> {
        let limits = Limits { viewers: self.max_viewers, ..Limits::default() };
        let socket = endpoint::path(&self.folder, &about.run_id);
        let run_id = about.run_id.clone();
        let (sink, server) = serve(about, limits, clock);
        let mut listening = Listening { server, is_private: false, told: Vec::new() };
        match listening.own(&self.folder, &socket) {
            Ok(()) => listening.told.push(format!("watch it with: sanctum-tui attach {run_id}")),
            Err(error) if self.at.is_empty() => {
                terminal::note(format!("note: nobody else can watch this run: {error:#}"));
                return Ok(None);
            }
            Err(error) => terminal::note(format!("note: no socket of its own: {error:#}")),
        }
        let mut token = self.token_file.as_deref().map(Token::read).transpose()?;
        for at in &self.at {
            let at = match at {
                Endpoint::Unix(path) => listening.server.listen_unix(path)?,
                Endpoint::Tcp { host, port } => {
                    let token = match &token {
                        Some(token) => token.clone(),
                        None => token.insert(listening.token(&socket)?).clone(),
                    };
                    let (host, port, public) = (host.clone(), *port, self.public);
                    let tcp = Tcp { host, port, token, public };
                    listening.server.listen_tcp(tcp).map_err(|error| {
                        if matches!(error, SocketError::Public { .. }) {
                            anyhow!(Usage(format!("{error}; see --listen-public")))
                        } else {
                            // The text names the cause already.
                            anyhow!("{error}")
                        }
                    })?
                }
            };
            listening.told.push(format!("listening at: {at}"));
            if self.public && matches!(at, Endpoint::Tcp { .. }) {
                listening.told.push(format!(
                    "note: nothing is encrypted at {at}, token and run can be read on the way; forward the socket over SSH instead"
                ));
            }
        }
        Ok(Some((sink, listening)))
    }
}

impl Listening {
    /// Listens at the socket that belongs to the run.
    fn own(&mut self, folder: &Path, socket: &Path) -> anyhow::Result<()> {
        endpoint::prepare(folder, own_uid())?;
        self.is_private = true;
        self.server.listen_unix(socket)?;
        Ok(())
    }

    /// Writes a new token beside the socket.
    fn token(&mut self, socket: &Path) -> anyhow::Result<Token> {
        if !self.is_private {
            bail!(
                "there is no folder of this user alone for a token; name a file with --token-file"
            );
        }
        let (token, path) = (Token::random()?, token_path(socket));
        if let Err(error) = token.write(&path) {
            bail!("{error}; another token can be named with --token-file");
        }
        self.server.remove_at_end(&path)?;
        Ok(token)
    }
}
