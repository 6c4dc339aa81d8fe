//! Watching a run from another process, over real sockets on this machine.

#![cfg(unix)]

#[path = "socket/attaching.rs"]
mod attaching;
#[path = "socket/files.rs"]
mod files;
#[path = "socket/handshake.rs"]
mod handshake;
#[path = "socket/proxy.rs"]
mod proxy;
#[path = "socket/queues.rs"]
mod queues;
#[path = "socket/support.rs"]
mod support;
