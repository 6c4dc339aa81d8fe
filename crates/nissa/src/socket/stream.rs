//! One connection, over a Unix socket or TCP.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::net::{RecvFlags, recv};

/// See the module.
#[derive(Debug)]
pub(super) enum Stream {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Stream {
    pub(super) fn try_clone(&self) -> io::Result<Self> {
        match self {
            Self::Unix(stream) => stream.try_clone().map(Self::Unix),
            Self::Tcp(stream) => stream.try_clone().map(Self::Tcp),
        }
    }

    /// Ends the connection for both sides and for every clone; whoever reads or writes returns.
    pub(super) fn cut(&self) {
        // It may have ended by itself.
        match self {
            Self::Unix(stream) => stream.shutdown(Shutdown::Both).ok(),
            Self::Tcp(stream) => stream.shutdown(Shutdown::Both).ok(),
        };
    }

    /// Makes reading return after a while without bytes; `None`: never.
    pub(super) fn read_within(&self, timeout: Option<Duration>) -> io::Result<()> {
        match self {
            Self::Unix(stream) => stream.set_read_timeout(timeout),
            Self::Tcp(stream) => stream.set_read_timeout(timeout),
        }
    }

    /// Makes writing return after a while in which nothing could be written.
    pub(super) fn write_within(&self, timeout: Duration) -> io::Result<()> {
        match self {
            Self::Unix(stream) => stream.set_write_timeout(Some(timeout)),
            Self::Tcp(stream) => stream.set_write_timeout(Some(timeout)),
        }
    }

    /// Returns whether the other side belongs to this user. Over TCP nobody can tell; on a system other than Linux the folder
    /// of the socket, which is closed to others, has to be enough.
    pub(super) fn is_own_user(&self) -> bool {
        match self {
            #[cfg(target_os = "linux")]
            Self::Unix(stream) => rustix::net::sockopt::socket_peercred(stream)
                .is_ok_and(|peer| peer.uid.as_raw() == super::endpoint::own_uid()),
            #[cfg(not(target_os = "linux"))]
            Self::Unix(_) => true,
            Self::Tcp(_) => true,
        }
    }

    /// Says without waiting whether the other side is there and silent, as it should be.
    pub(super) fn silence(&self) -> Silence {
        let mut byte = [0];
        match recv(self.as_fd(), &mut byte[..], RecvFlags::DONTWAIT) {
            Ok((0, _)) => Silence::Gone,
            Ok(_) => Silence::Broken,
            Err(error) => {
                let error = io::Error::from(error);
                if is_timeout(&error) || error.kind() == io::ErrorKind::Interrupted {
                    Silence::Kept
                } else {
                    Silence::Gone
                }
            }
        }
    }
}

/// What a side that has nothing to say does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Silence {
    /// It is there.
    Kept,
    /// It said something.
    Broken,
    /// It left.
    Gone,
}

/// Returns whether an error means that time is up; systems disagree on the word.
pub(super) fn is_timeout(error: &io::Error) -> bool {
    [io::ErrorKind::WouldBlock, io::ErrorKind::TimedOut].contains(&error.kind())
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Unix(stream) => stream.as_fd(),
            Self::Tcp(stream) => stream.as_fd(),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => stream.read(into),
            Self::Tcp(stream) => stream.read(into),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => stream.write(bytes),
            Self::Tcp(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
