//! One connection of a viewer.

use std::io;
use std::net::{TcpStream, ToSocketAddrs as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use crossbeam_channel::{after, never};
use leyline::Incoming;
use leyline::wire::{FrameDecoder, MAX_FRAME_BYTES, Schema, SchemaError};
use simic_emitter::{StopFlag, StopLevel};
use thiserror::Error;

use super::line::{Line, LineError};
use super::message::{
    Closing, Fetch, FromViewer, Hello, Join, MessageError, Protocols, Refused, RefusedReason,
    ToViewer, Welcome, is_message,
};
use super::stream::Stream;
use super::{Endpoint, Token};

/// Who wants to watch.
#[derive(Debug, Clone)]
pub struct Greeting {
    /// The secret, where the run asks for one.
    pub token: Option<Token>,
    /// Name and version of the program, for people.
    pub program: String,
    /// Protocols that the viewer speaks; normally [`Protocols::OWN`].
    pub protocols: Protocols,
}

/// A connection to a run that let this viewer in.
#[derive(Debug)]
pub struct Client {
    line: Line,
    welcome: Welcome,
    decoder: FrameDecoder,
}

/// What a run said.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// An event, or what came in place of one.
    Event(Incoming),
    /// The live part begins at this number; what has a smaller one and was not sent is history.
    Live {
        /// The number.
        from: u64,
    },
    /// A fetch is answered.
    Fetched {
        /// First number that was not looked for.
        to: u64,
    },
    /// The connection ends.
    Closing(Closing),
    /// Nothing came in time.
    TimedOut,
}

/// Why there is no connection.
#[derive(Debug, Error)]
pub enum ClientError {
    /// Nobody listens there, or it cannot be reached.
    #[error("cannot reach run: {source}: {at}")]
    Connect {
        /// The place.
        at: Endpoint,
        /// Why not.
        source: io::Error,
    },
    /// The run turned the viewer away.
    #[error("the run refused: {}: {at}", refused.text)]
    Refused {
        /// The place.
        at: Endpoint,
        /// Its reason.
        refused: Refused,
    },
    /// No protocol in common.
    #[error("the run speaks protocols {} to {}, this viewer {} to {}: {at}", theirs.min, theirs.max, own.min, own.max)]
    Protocol {
        /// The place.
        at: Endpoint,
        /// What the run speaks.
        theirs: Protocols,
        /// What the viewer speaks.
        own: Protocols,
    },
    /// The connection ended, or something else than a run is there.
    #[error("cannot read from run: {source}: {at}")]
    Line {
        /// The place.
        at: Endpoint,
        /// Why not.
        source: LineError,
    },
    /// It answered with something that is no answer.
    #[error("cannot understand run: {source}: {at}")]
    Message {
        /// The place.
        at: Endpoint,
        /// Why not.
        source: MessageError,
    },
    /// Its schema listing makes no sense.
    #[error("cannot read the schema of the run: {source}: {at}")]
    Schema {
        /// The place.
        at: Endpoint,
        /// Why not.
        source: SchemaError,
    },
}

impl Client {
    /// Connects and greets, both within `within`, or until `stop` is raised at any level. Only the system's own part of
    /// reaching another machine cannot be stopped.
    ///
    /// # Errors
    ///
    /// See [`ClientError`].
    pub fn connect(
        at: &Endpoint,
        greeting: &Greeting,
        within: Duration,
        stop: &StopFlag,
    ) -> Result<Self, ClientError> {
        let (timer, mut is_late) = (after(within), false);
        let mut give_up = || {
            is_late = is_late || timer.try_recv().is_ok() || stop.level() != StopLevel::Running;
            is_late
        };
        let failed = |source| ClientError::Line { at: at.clone(), source };
        let stream =
            open(at, within).map_err(|source| ClientError::Connect { at: at.clone(), source })?;
        let line = Line::new(stream, MAX_FRAME_BYTES);
        let mut line = line.map_err(|_| failed(LineError::Gone))?;
        let Greeting { token, program, protocols } = greeting.clone();
        let mut bytes = Vec::new();
        FromViewer::Hello(Hello { protocols, token, program }).append(&mut bytes);
        // A run that does not let this viewer in may have answered already.
        let sent = line.send(&bytes, &mut give_up);
        let payload = line.receive(Some(&mut give_up));
        let payload = sent.and(payload).map_err(failed)?;
        match ToViewer::read(line.payload(payload)) {
            Ok(ToViewer::Welcome(welcome)) => {
                let schema = Schema::parse(&welcome.schema);
                let schema =
                    schema.map_err(|source| ClientError::Schema { at: at.clone(), source })?;
                let decoder = FrameDecoder::new(welcome.run_id.clone(), schema);
                Ok(Self { line, welcome: *welcome, decoder })
            }
            Ok(ToViewer::Refused(refused)) => Err(refusal(at, refused, protocols)),
            Ok(ToViewer::Live { .. } | ToViewer::Fetched { .. } | ToViewer::Closing(_)) => {
                Err(ClientError::Message { at: at.clone(), source: MessageError::Unknown })
            }
            Err(source) => Err(ClientError::Message { at: at.clone(), source }),
        }
    }

    /// Returns what the run said about itself.
    pub const fn welcome(&self) -> &Welcome {
        &self.welcome
    }

    /// Asks for a part of the log; answered with its events and [`Heard::Fetched`]. Not after [`Self::join`].
    ///
    /// # Errors
    ///
    /// The connection was cut.
    pub fn fetch(&mut self, from: u64, to: Option<u64>) -> Result<(), LineError> {
        self.say(&FromViewer::Fetch(Fetch { from, to }))
    }

    /// Asks for everything after `have`; answered with [`Heard::Live`] and events. With `fill` the run also sends what its log
    /// has between the two.
    ///
    /// # Errors
    ///
    /// The connection was cut.
    pub fn join(&mut self, have: Option<u64>, fill: bool) -> Result<(), LineError> {
        self.say(&FromViewer::Join(Join { have, fill }))
    }

    fn say(&mut self, message: &FromViewer) -> Result<(), LineError> {
        let mut bytes = Vec::new();
        message.append(&mut bytes);
        // A few dozen bytes, for which there is always room in the connection unless it is cut.
        let patience = after(Duration::from_secs(5));
        self.line.send(&bytes, &mut || patience.try_recv().is_ok())
    }

    /// Waits for what the run says next, about `within` at most; `None`: for ever.
    ///
    /// # Errors
    ///
    /// The connection was cut, or carries something else than frames.
    pub fn read(&mut self, within: Option<Duration>) -> Result<Heard, LineError> {
        // A timer costs more than an event that is there already.
        let mut timer = None;
        let mut is_late = || {
            let timer = timer.get_or_insert_with(|| within.map_or_else(never, after));
            timer.try_recv().is_ok()
        };
        loop {
            let give_up: Option<&mut dyn FnMut() -> bool> =
                if within.is_some() { Some(&mut is_late) } else { None };
            let payload = match self.line.receive(give_up) {
                Ok(payload) => payload,
                Err(LineError::Late) => return Ok(Heard::TimedOut),
                Err(error) => return Err(error),
            };
            let payload = self.line.payload(payload);
            if !is_message(payload) {
                return Ok(Heard::Event(self.decoder.decode(payload)));
            }
            match ToViewer::read(payload) {
                Ok(ToViewer::Live { from }) => return Ok(Heard::Live { from }),
                Ok(ToViewer::Fetched { to }) => return Ok(Heard::Fetched { to }),
                Ok(ToViewer::Closing(closing)) => return Ok(Heard::Closing(closing)),
                // What a later version says besides is none of our business.
                Ok(ToViewer::Welcome(_) | ToViewer::Refused(_)) | Err(_) => {}
            }
        }
    }
}

fn open(at: &Endpoint, within: Duration) -> io::Result<Stream> {
    match at {
        Endpoint::Unix(path) => UnixStream::connect(path).map(Stream::Unix),
        Endpoint::Tcp { host, port } => {
            let mut failure = io::Error::from(io::ErrorKind::NotFound);
            for address in (host.as_str(), *port).to_socket_addrs()? {
                match TcpStream::connect_timeout(&address, within) {
                    Ok(stream) => return Ok(Stream::Tcp(stream)),
                    Err(error) => failure = error,
                }
            }
            Err(failure)
        }
    }
}

fn refusal(at: &Endpoint, refused: Refused, own: Protocols) -> ClientError {
    match refused.reason {
        RefusedReason::Protocol => {
            ClientError::Protocol { at: at.clone(), theirs: refused.protocols, own }
        }
        RefusedReason::Token
        | RefusedReason::TooManyTokens
        | RefusedReason::Full
        | RefusedReason::User
        | RefusedReason::Message
        | RefusedReason::Other => ClientError::Refused { at: at.clone(), refused },
    }
}
