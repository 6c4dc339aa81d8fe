//! Where `check --follow` reads a run: its log, rows from a pipe, or the trainer itself through a socket.

use std::io::Write;
use std::thread::{Builder, JoinHandle};

use crossbeam_channel::{Receiver, TryRecvError, bounded};
use leyline::Incoming;
use nissa::recording::Read;
use simic_emitter::{StopFlag, StopLevel};

use crate::cli::CheckArgs;
use crate::headless::failure::Failure;
use crate::headless::source::Source;
use crate::source::attach::find::{Asked, find};
use crate::source::{Arrival, AttachedRun, Feed, Source as _};

/// Arrivals that wait while alerts are told.
const ARRIVALS: usize = 4096;

/// What was read.
#[derive(Debug)]
pub(super) enum Next {
    Event(Incoming),
    /// Nothing at the moment; whether what comes next is what happens.
    Pending {
        is_live: bool,
    },
    End,
}

/// See the module.
pub(super) enum Input {
    Log(Box<Source>),
    Socket(Watched),
}

/// A run that is watched through a socket, on a thread of its own.
pub(super) struct Watched {
    arrivals: Receiver<Arrival>,
    is_live: bool,
    stop: StopFlag,
    thread: JoinHandle<anyhow::Result<()>>,
}

impl Input {
    /// Opens the run that `args` name.
    ///
    /// # Errors
    ///
    /// As [`Source::open`] and [`find`]; [`Failure::Refused`] without a thread.
    pub(super) fn open(args: &CheckArgs) -> Result<Self, Failure> {
        if !args.run.is_a_socket() {
            return Source::open(&args.run).map(Box::new).map(Self::Log);
        }
        let env = &args.env;
        let run = find(Asked {
            run: Some(&args.run.source),
            root: crate::headless::target::root(args.run.run_dir.as_deref()),
            sockets: &env.socket_folder(),
            token_file: args.token_file.as_deref().or(env.token_file.as_deref()),
        })?;
        Watched::start(run).map(Self::Socket)
    }

    /// Returns whether it goes on, so that whoever reads it has to listen to signals.
    pub(super) fn goes_on(&self) -> bool {
        match self {
            Self::Log(source) => source.recording().is_live(),
            Self::Socket(_) => true,
        }
    }

    /// Reads on.
    ///
    /// # Errors
    ///
    /// As [`Source::read`].
    pub(super) fn read(&mut self) -> Result<Next, Failure> {
        match self {
            Self::Log(source) => Ok(match source.read()? {
                Read::Event(row) => Next::Event(row),
                Read::Pending => Next::Pending { is_live: true },
                Read::End => Next::End,
            }),
            Self::Socket(watched) => Ok(watched.read()),
        }
    }

    /// Ends the reading: tells on `notes` what of the run is damaged.
    ///
    /// # Errors
    ///
    /// To be returned after the output of the command.
    pub(super) fn close(self, notes: &mut impl Write) -> Result<(), Failure> {
        match self {
            Self::Log(source) => source.close(notes),
            Self::Socket(watched) => watched.close(),
        }
    }
}

impl Watched {
    fn start(run: AttachedRun) -> Result<Self, Failure> {
        let (out, arrivals) = bounded(ARRIVALS);
        let stop = StopFlag::new();
        let flag = stop.clone();
        let read = move || Box::new(run).run(&out, &flag);
        let thread = Builder::new().name("sanctum-source".to_owned()).spawn(read);
        let thread =
            thread.map_err(|error| Failure::Refused(format!("cannot start a thread: {error}")))?;
        Ok(Self { arrivals, is_live: false, stop, thread })
    }

    fn read(&mut self) -> Next {
        loop {
            match self.arrivals.try_recv() {
                Ok(Arrival::Event(row)) => return Next::Event(row),
                // Without a connection nobody knows whether the run is silent.
                Ok(Arrival::Feed(feed)) => self.is_live = feed == Feed::Live,
                Ok(Arrival::Link(_) | Arrival::Log(_)) => {}
                Err(TryRecvError::Empty) => return Next::Pending { is_live: self.is_live },
                Err(TryRecvError::Disconnected) => return Next::End,
            }
        }
    }

    fn close(self) -> Result<(), Failure> {
        let Self { arrivals, stop, thread, is_live: _ } = self;
        stop.request(StopLevel::Now);
        // It may wait for room.
        drop(arrivals);
        match thread.join() {
            Ok(read) => read.map_err(|error| Failure::Refused(format!("{error:#}"))),
            Err(_) => Err(Failure::Refused("the thread sanctum-source panicked".to_owned())),
        }
    }
}
