//! Watching a run from another process: the run listens, viewers join late, leave and come back, and nobody waits for them.
//!
//! | module | holds |
//! |---|---|
//! | [`endpoint`] | where a run listens, and the folder of such places |
//! | [`message`], [`frames`] | what both sides say, and how it is told apart |
//! | [`serve`], [`Server`], [`SocketSink`] | the side of the run |
//! | [`Client`] | one connection of a viewer |
//! | [`Attachment`] | all of a viewer's connections, joined with the log into one stream of events |
//! | [`Token`] | the secret of a viewer over TCP |
//!
//! `docs/wire.md` describes the protocol, `docs/adr/0013` why it is as it is.

mod attachment;
mod client;
pub mod endpoint;
pub mod frames;
mod history;
mod line;
pub mod message;
mod queue;
mod server;
mod sink;
mod stream;
mod token;

pub use attachment::{AttachError, Attachment, Backoff, Link, OpenLog, Step, Why};
pub use client::{Client, ClientError, Greeting, Heard};
pub use endpoint::{Endpoint, EndpointError, FolderError};
pub use history::{Archive, History, LogArchive, local_log, open_local};
pub use line::LineError;
pub use message::{Closing, ClosingReason, Refused, RefusedReason, Welcome};
pub use queue::QueueBounds;
pub use server::{About, Limits, Server, SocketError, Tcp, serve, serve_from};
pub use sink::SocketSink;
pub use token::{Guesses, Token, TokenError};
