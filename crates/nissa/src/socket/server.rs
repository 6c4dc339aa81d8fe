//! The side of the run: listens, lets viewers in, and sends each of them its history and what comes.

use std::fs::{self, Permissions};
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use leyline::{RunId, Timestamp};
use simic_emitter::{Clock, StopFlag, StopLevel};
use thiserror::Error;

use super::endpoint::MAX_PATH_BYTES;
use super::history::Standstill;
use super::queue::{QueueBounds, ViewerQueue};
use super::{Archive, Endpoint, Guesses, LogArchive, SocketSink, Token};
use crate::manifest::Hex64;

mod connection;
mod listener;

use listener::{Door, Listening};

/// What a run tells its viewers about itself.
#[derive(Debug, Clone)]
pub struct About {
    /// The run.
    pub run_id: RunId,
    /// Its random number, as in its manifest.
    pub nonce: Hex64,
    /// When it began.
    pub started: Timestamp,
    /// Name of the machine.
    pub host: Option<String>,
    /// Its run directory as an absolute path; `None` for a run without a log. One that is not UTF-8 is kept to the run itself.
    pub log: Option<PathBuf>,
}

/// How much viewers may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Viewers at a time, over all endpoints.
    pub viewers: usize,
    /// Connections that have not said hello, at a time and endpoint. One more, and the oldest of them is cut.
    pub handshakes: usize,
    /// Time for a hello and its answer.
    pub handshake: Duration,
    /// What may wait for one viewer.
    pub queue: QueueBounds,
    /// How long the log may trail the socket before what it lacks counts as lost.
    pub log_patience: Duration,
    /// How long a viewer that is too slow may take to hear so.
    pub farewell: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            viewers: 64,
            handshakes: 16,
            handshake: Duration::from_secs(5),
            queue: QueueBounds { frames: 4096, bytes: 4 * 1024 * 1024 },
            log_patience: Duration::from_secs(2),
            farewell: Duration::from_secs(5),
        }
    }
}

/// Where to listen over TCP, and who may.
#[derive(Debug)]
pub struct Tcp {
    /// Name or address of this machine.
    pub host: String,
    /// Port; 0 lets the system choose.
    pub port: u16,
    /// What viewers must know.
    pub token: Token,
    /// Whether an address that other machines reach is accepted. Nothing is encrypted.
    pub public: bool,
}

/// Why a run cannot listen at a place.
#[derive(Debug, Error)]
pub enum SocketError {
    /// The system limits the length of such a path.
    #[error("the path of a socket must not be longer than {MAX_PATH_BYTES} bytes: {}", path.display())]
    PathTooLong {
        /// The path.
        path: PathBuf,
    },
    /// Somebody listens there already.
    #[error("somebody listens there already: {at}")]
    InUse {
        /// The place.
        at: Endpoint,
    },
    /// Something that is no socket is there.
    #[error("something that is no socket is there: {}", path.display())]
    NotASocket {
        /// The path.
        path: PathBuf,
    },
    /// Other machines reach it, and nobody asked for that.
    #[error("{address} can be reached from other machines, which has to be asked for: {at}")]
    Public {
        /// What the host stands for.
        address: SocketAddr,
        /// The place.
        at: Endpoint,
    },
    /// The system refuses.
    #[error("cannot listen: {source}: {at}")]
    Listen {
        /// The place.
        at: Endpoint,
        /// Why not.
        source: io::Error,
    },
}

/// What the threads of a server share.
#[derive(Debug)]
struct Shared {
    about: About,
    archive: Archived,
    /// Of that history, for all connections.
    standstill: Standstill,
    limits: Limits,
    clock: Clocked,
    /// Number of the next event, as far as the sink knows.
    next: Arc<AtomicU64>,
    /// To the sink.
    joining: Sender<ViewerQueue>,
    /// Viewers that are let in.
    seated: AtomicUsize,
    /// The one count of wrong tokens; whoever uses it takes it out and puts it back.
    guesses: (Sender<Guesses>, Receiver<Guesses>),
    stop: StopFlag,
}

/// Where the history is, if there is any.
struct Archived(Option<Arc<dyn Archive>>);

impl std::fmt::Debug for Archived {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Archived").field(&self.0.is_some()).finish()
    }
}

struct Clocked(Arc<dyn Clock>);

impl std::fmt::Debug for Clocked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Clocked").finish()
    }
}

/// Ends listening and all connections when it is closed or dropped, and removes the files it made.
#[derive(Debug)]
#[must_use = "dropping the server ends every connection"]
pub struct Server {
    shared: Arc<Shared>,
    listening: Vec<Listening>,
    files: Vec<OwnFile>,
}

/// Returns the sink that viewers hang on and the server that lets them in, which listens nowhere yet.
///
/// The history of a run is its log, `about.log`. `clock` limits how often a token may be guessed.
pub fn serve(about: About, limits: Limits, clock: Arc<dyn Clock>) -> (SocketSink, Server) {
    let log = about.log.clone();
    let archive = log.map(|dir| -> Arc<dyn Archive> { Arc::new(LogArchive::new(dir)) });
    serve_from(about, limits, clock, archive)
}

/// As [`serve`], with a history of another kind, or none.
pub fn serve_from(
    mut about: About,
    limits: Limits,
    clock: Arc<dyn Clock>,
    archive: Option<Arc<dyn Archive>>,
) -> (SocketSink, Server) {
    about.log = about.log.filter(|dir| dir.to_str().is_some() && dir.is_absolute());
    let next = Arc::new(AtomicU64::new(0));
    let (joining, joined) = bounded(limits.viewers.max(1));
    let sink = SocketSink::new(joined, Arc::clone(&next), archive.is_none());
    let guesses = bounded(1);
    // There is room for the one.
    guesses.0.try_send(Guesses::default()).ok();
    let shared = Shared {
        about,
        archive: Archived(archive),
        standstill: Standstill::default(),
        limits,
        clock: Clocked(clock),
        next,
        joining,
        seated: AtomicUsize::new(0),
        guesses,
        stop: StopFlag::new(),
    };
    (sink, Server { shared: Arc::new(shared), listening: Vec::new(), files: Vec::new() })
}

impl Server {
    /// Listens at a path, for the same user only. A socket that a killed process left there is replaced; the file is removed
    /// at the end.
    ///
    /// The folder must be closed to others: see [`super::endpoint::prepare`].
    ///
    /// # Errors
    ///
    /// See [`SocketError`].
    pub fn listen_unix(&mut self, path: &Path) -> Result<Endpoint, SocketError> {
        let at = Endpoint::Unix(path.to_owned());
        let failed = |source| SocketError::Listen { at: at.clone(), source };
        let listener = bind(path)?;
        fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(failed)?;
        let file = OwnFile::note(path).map_err(failed)?;
        let listening = listener::start(Door::Unix(listener), None, &self.shared);
        self.listening.push(listening.map_err(failed)?);
        self.files.push(file);
        Ok(at)
    }

    /// Listens at a TCP port; returns the place with the port that the system chose.
    ///
    /// # Errors
    ///
    /// See [`SocketError`].
    pub fn listen_tcp(&mut self, tcp: Tcp) -> Result<Endpoint, SocketError> {
        let Tcp { host, port, token, public } = tcp;
        let at = Endpoint::Tcp { host: host.clone(), port };
        let failed = |source| SocketError::Listen { at: at.clone(), source };
        let addresses: Vec<_> = (host.as_str(), port).to_socket_addrs().map_err(failed)?.collect();
        // All of them, because listening takes the first that works.
        let foreign = addresses.iter().find(|address| !address.ip().is_loopback());
        if let (Some(address), false) = (foreign, public) {
            return Err(SocketError::Public { address: *address, at });
        }
        let listener = TcpListener::bind(addresses.as_slice()).map_err(|source| {
            if source.kind() == io::ErrorKind::AddrInUse {
                SocketError::InUse { at: at.clone() }
            } else {
                failed(source)
            }
        })?;
        let port = listener.local_addr().map_err(failed)?.port();
        let listening = listener::start(Door::Tcp(listener), Some(token), &self.shared);
        self.listening.push(listening.map_err(failed)?);
        Ok(Endpoint::Tcp { host, port })
    }

    /// Takes charge of a file that exists as long as the run listens, such as that of its token.
    ///
    /// # Errors
    ///
    /// It is not there.
    pub fn remove_at_end(&mut self, path: &Path) -> io::Result<()> {
        self.files.push(OwnFile::note(path)?);
        Ok(())
    }

    /// Returns how many viewers are let in at the moment.
    pub fn viewers(&self) -> usize {
        self.shared.seated.load(Ordering::Acquire)
    }

    /// Stops listening, lets viewers have what waits for them, and cuts those that did not take it within `grace`.
    /// Returns whether everything ended by itself.
    ///
    /// Close the hub first: then viewers are told that the run is over.
    pub fn close(mut self, grace: Duration) -> bool {
        self.finish(grace)
    }

    fn finish(&mut self, grace: Duration) -> bool {
        self.files.clear();
        self.shared.stop.request(StopLevel::Now);
        // All at once, then wait for each.
        for listening in &self.listening {
            listening.stop(grace);
        }
        let mut clean = true;
        for listening in self.listening.drain(..) {
            clean &= listening.wait(grace);
        }
        clean
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        const GRACE: Duration = Duration::from_secs(1);
        self.finish(GRACE);
    }
}

/// Binds a path, in place of a socket that nobody listens at any more.
fn bind(path: &Path) -> Result<UnixListener, SocketError> {
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::FileTypeExt as _;

    let at = || Endpoint::Unix(path.to_owned());
    let failed = |source| SocketError::Listen { at: at(), source };
    if MAX_PATH_BYTES < path.as_os_str().as_bytes().len() {
        return Err(SocketError::PathTooLong { path: path.to_owned() });
    }
    match UnixListener::bind(path) {
        Ok(listener) => return Ok(listener),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
        Err(error) => return Err(failed(error)),
    }
    if !fs::symlink_metadata(path).map_err(failed)?.file_type().is_socket() {
        return Err(SocketError::NotASocket { path: path.to_owned() });
    }
    // Only a refused connection proves that nobody is there; one that fails otherwise proves nothing.
    match UnixStream::connect(path) {
        Ok(_) => return Err(SocketError::InUse { at: at() }),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
        Err(error) => return Err(failed(error)),
    }
    fs::remove_file(path).map_err(failed)?;
    UnixListener::bind(path).map_err(failed)
}

/// A file that is removed at the end, if it is still the same one.
#[derive(Debug)]
struct OwnFile {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl OwnFile {
    fn note(path: &Path) -> io::Result<Self> {
        let about = fs::symlink_metadata(path)?;
        Ok(Self { path: path.to_owned(), device: about.dev(), inode: about.ino() })
    }
}

impl Drop for OwnFile {
    fn drop(&mut self) {
        let own = |about: &fs::Metadata| (about.dev(), about.ino()) == (self.device, self.inode);
        if fs::symlink_metadata(&self.path).is_ok_and(|about| own(&about)) {
            // Nobody is left who could be told.
            fs::remove_file(&self.path).ok();
        }
    }
}
