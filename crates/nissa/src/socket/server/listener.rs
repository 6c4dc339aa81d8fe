//! A thread that lets connections in, and ends them.

use std::io::{self, Write as _};
use std::net::TcpListener;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{
    Receiver, RecvTimeoutError, Sender, TryRecvError, after, bounded, select_biased,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use simic_emitter::StopLevel;

use super::super::Token;
use super::super::stream::Stream;
use super::Shared;
use super::connection::{self, Phase, Progress};

/// How long a cut connection may take to end: it has nothing left to wait for.
const CUT: Duration = Duration::from_secs(1);
/// Pause after a connection could not be accepted, because the reason (no descriptors, mostly) will not go away at once.
const PAUSE: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// What connections come in through.
pub(super) enum Door {
    Unix(UnixListener),
    Tcp(TcpListener),
}

/// A running listener, as its server sees it.
#[derive(Debug)]
pub(super) struct Listening {
    /// A byte wakes the thread.
    wake: UnixStream,
    grace: Sender<Duration>,
    /// Whether everything ended by itself.
    done: Receiver<bool>,
}

/// Starts the thread `socket-listen`.
pub(super) fn start(
    door: Door,
    token: Option<Token>,
    shared: &Arc<Shared>,
) -> io::Result<Listening> {
    door.set_nonblocking()?;
    let (wake, woken) = UnixStream::pair()?;
    let (grace, told) = bounded(1);
    let (done, result) = bounded(1);
    let listener = Listener {
        door,
        woken,
        grace: told,
        token: token.map(Arc::new),
        shared: Arc::clone(shared),
        open: Vec::new(),
    };
    let body = move || {
        // The server may have stopped waiting.
        done.try_send(listener.run()).ok();
    };
    thread::Builder::new().name("socket-listen".to_owned()).spawn(body)?;
    Ok(Listening { wake, grace, done: result })
}

impl Listening {
    pub(super) fn stop(&self, grace: Duration) {
        // Room for one each, and nobody else sends.
        self.grace.try_send(grace).ok();
        (&self.wake).write_all(&[0]).ok();
    }

    /// Waits for the thread, for `grace` and what it takes to cut what is left.
    pub(super) fn wait(&self, grace: Duration) -> bool {
        self.done.recv_timeout(grace + 2 * CUT).unwrap_or(false)
    }
}

impl Door {
    fn set_nonblocking(&self) -> io::Result<()> {
        match self {
            Self::Unix(listener) => listener.set_nonblocking(true),
            Self::Tcp(listener) => listener.set_nonblocking(true),
        }
    }

    fn accept(&self) -> io::Result<Stream> {
        match self {
            Self::Unix(listener) => {
                let (stream, _) = listener.accept()?;
                stream.set_nonblocking(false)?;
                Ok(Stream::Unix(stream))
            }
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept()?;
                stream.set_nonblocking(false)?;
                Ok(Stream::Tcp(stream))
            }
        }
    }
}

impl AsFd for Door {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Unix(listener) => listener.as_fd(),
            Self::Tcp(listener) => listener.as_fd(),
        }
    }
}

/// What the thread owns.
struct Listener {
    door: Door,
    woken: UnixStream,
    grace: Receiver<Duration>,
    token: Option<Arc<Token>>,
    shared: Arc<Shared>,
    /// Connections, oldest first; bounded by viewers and handshakes.
    open: Vec<Open>,
}

/// A connection that was let in.
struct Open {
    stream: Stream,
    progress: Arc<Progress>,
    /// Closed when its thread ends.
    ended: Receiver<()>,
    thread: JoinHandle<()>,
}

impl Open {
    /// Ends it, which takes no time: its thread has nothing left to wait for. One that does not end all the same is left
    /// alone.
    fn cut(self) {
        self.stream.cut();
        if self.ended.recv_timeout(CUT) == Err(RecvTimeoutError::Disconnected) {
            // A panic in it has ended that connection and concerns no other.
            self.thread.join().ok();
        }
    }
}

impl Listener {
    fn run(mut self) -> bool {
        while self.shared.stop.level() == StopLevel::Running {
            match self.wait(None) {
                Ok(true) => self.accept(),
                Ok(false) => {}
                // Nothing more can be waited for; what is open goes on.
                Err(_) => break,
            }
        }
        let grace = self.grace.recv().unwrap_or_default();
        self.end(grace)
    }

    /// Waits for a connection or the end, or for a pause; returns whether there is a connection.
    fn wait(&self, pause: Option<&Timespec>) -> io::Result<bool> {
        let mut places =
            [PollFd::new(&self.woken, PollFlags::IN), PollFd::new(&self.door, PollFlags::IN)];
        let watched = if pause.is_some() { 1 } else { 2 };
        match poll(places.get_mut(..watched).unwrap_or_default(), pause) {
            Ok(_) => Ok(places.iter().skip(1).any(|place| !place.revents().is_empty())),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn accept(&mut self) {
        match self.door.accept() {
            Ok(stream) => self.admit(stream),
            // The one that came has gone again.
            Err(error)
                if [
                    io::ErrorKind::WouldBlock,
                    io::ErrorKind::Interrupted,
                    io::ErrorKind::ConnectionAborted,
                ]
                .contains(&error.kind()) => {}
            Err(_) => {
                // The next round tells whether waiting works at all.
                self.wait(Some(&PAUSE)).ok();
            }
        }
    }

    /// Starts a thread for a connection. The number of threads is bounded: by the seats, and by the handshakes, because one
    /// too many ends the oldest, and its thread is waited for.
    fn admit(&mut self, stream: Stream) {
        for ended in self.open.extract_if(.., |open| has_ended(&open.ended)) {
            ended.cut();
        }
        let greeting = |open: &Open| open.progress.get() == Phase::Greeting;
        let greetings = self.open.iter().filter(|open| greeting(open)).count();
        if self.shared.limits.handshakes <= greetings
            && let Some(oldest) = self.open.iter().position(greeting)
        {
            // A good viewer needs a millisecond, so it is not the oldest of many.
            self.open.remove(oldest).cut();
        }
        let Ok(second) = stream.try_clone() else { return };
        let (ended, watch) = bounded::<()>(0);
        let progress = Arc::new(Progress::new());
        let (shared, token) = (Arc::clone(&self.shared), self.token.clone());
        let noted = Arc::clone(&progress);
        let body = move || {
            connection::run(stream, token.as_deref(), &shared, &noted);
            drop(ended);
        };
        // Without a thread the connection ends here, and the viewer tries again.
        let builder = thread::Builder::new().name("socket-viewer".to_owned());
        if let Ok(thread) = builder.spawn(body) {
            self.open.push(Open { stream: second, progress, ended: watch, thread });
        }
    }

    /// Ends what is open: whoever watches gets what waits, within `grace`.
    fn end(self, grace: Duration) -> bool {
        let Self { door, woken: _, grace: _, token: _, shared: _, open } = self;
        drop(door);
        for open in open.iter().filter(|open| open.progress.get() != Phase::Watching) {
            open.stream.cut();
        }
        let timer = after(grace);
        let mut clean = true;
        for open in &open {
            if !ended_before(&open.ended, &timer, clean) {
                clean = false;
            }
        }
        // All at once, then one after the other.
        for open in &open {
            open.stream.cut();
        }
        open.into_iter().for_each(Open::cut);
        clean
    }
}

/// Waits for a thread until the timer fires; once it did (`!in_time`), only looks.
fn ended_before(ended: &Receiver<()>, timer: &Receiver<Instant>, in_time: bool) -> bool {
    if !in_time {
        return has_ended(ended);
    }
    select_biased! {
        recv(ended) -> _ => true,
        recv(timer) -> _ => false,
    }
}

fn has_ended(ended: &Receiver<()>) -> bool {
    ended.try_recv() == Err(TryRecvError::Disconnected)
}
