//! A connection that carries frames: reading with a deadline, writing to somebody who may not read.

use std::io::{self, Write as _};
use std::net::TcpStream;
use std::ops::Range;
use std::time::Duration;

use rustix::net::sockopt;
use thiserror::Error;

use super::frames::{Frames, StreamError};
use super::stream::{Stream, is_timeout};

/// How often reading and writing look whether they should give up.
const LOOK: Duration = Duration::from_millis(100);
/// How long the other side of a TCP connection may be silent until it is asked whether it is there.
const SILENCE: Duration = Duration::from_secs(30);
/// Time between two such questions.
const BETWEEN: Duration = Duration::from_secs(10);
/// Questions without an answer after which the connection is over.
const QUESTIONS: u32 = 3;

/// See the module.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) stream: Stream,
    frames: Frames,
    /// What reading was told last: how long it waits.
    reads_within: Option<Duration>,
}

/// Why nothing more comes, or goes.
#[derive(Debug, Error)]
pub enum LineError {
    /// The other side ended the connection, or its machine did.
    #[error("the connection was cut")]
    Gone,
    /// Time is up.
    #[error("no answer in time")]
    Late,
    /// What came are no frames.
    #[error(transparent)]
    Stream(#[from] StreamError),
}

impl Line {
    /// Takes a connection; payloads above `max_payload` bytes are an error.
    pub(super) fn new(stream: Stream, max_payload: usize) -> io::Result<Self> {
        stream.write_within(LOOK)?;
        stream.read_within(None)?;
        if let Stream::Tcp(stream) = &stream {
            stream.set_nodelay(true)?;
            keep_alive(stream)?;
        }
        Ok(Self { stream, frames: Frames::new(max_payload), reads_within: None })
    }

    /// Waits for the next frame and returns where its payload is; looks ten times a second whether to give up, if it may.
    pub(super) fn receive(
        &mut self,
        mut give_up: Option<&mut dyn FnMut() -> bool>,
    ) -> Result<Range<usize>, LineError> {
        loop {
            if let Some(payload) = self.frames.take()? {
                return Ok(payload);
            }
            let within = give_up.is_some().then_some(LOOK);
            if self.reads_within != within {
                self.stream.read_within(within).map_err(|_| LineError::Gone)?;
                self.reads_within = within;
            }
            match self.frames.fill(&mut self.stream) {
                Ok(0) => return Err(LineError::Gone),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_timeout(&error) => {}
                Err(_) => return Err(LineError::Gone),
            }
            // After every reading, so that byte after byte does not keep it waiting.
            if give_up.as_mut().is_some_and(|give_up| give_up()) {
                return self.frames.take()?.ok_or(LineError::Late);
            }
        }
    }

    /// Returns a payload received since the last wait.
    pub(super) fn payload(&self, payload: Range<usize>) -> &[u8] {
        self.frames.get(payload)
    }

    /// Writes all of it, and looks ten times a second whether to give up while the other side takes nothing.
    pub(super) fn send(
        &mut self,
        bytes: &[u8],
        give_up: &mut dyn FnMut() -> bool,
    ) -> Result<(), LineError> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.stream.write(rest) {
                Ok(0) => return Err(LineError::Gone),
                Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_timeout(&error) => {
                    if give_up() {
                        return Err(LineError::Late);
                    }
                }
                Err(_) => return Err(LineError::Gone),
            }
        }
        Ok(())
    }
}

/// Lets the system ask a silent other side whether it is still there: a machine that was switched off or a cable that was
/// pulled says nothing, and would keep a seat here, and a viewer waiting there, for ever.
fn keep_alive(stream: &TcpStream) -> io::Result<()> {
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, SILENCE)?;
    sockopt::set_tcp_keepintvl(stream, BETWEEN)?;
    sockopt::set_tcp_keepcnt(stream, QUESTIONS)?;
    Ok(())
}

impl Drop for Line {
    /// Ends the connection at once: others may hold a clone of it, so that closing this end alone would not.
    fn drop(&mut self) {
        self.stream.cut();
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn the_system_notices_a_machine_that_is_gone() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (far, _) = listener.accept().unwrap();
        for stream in [near, far] {
            let line = Line::new(Stream::Tcp(stream), 1).unwrap();
            assert_eq!(sockopt::socket_keepalive(&line.stream), Ok(true));
            assert_eq!(sockopt::tcp_keepidle(&line.stream), Ok(SILENCE));
            assert_eq!(sockopt::tcp_keepintvl(&line.stream), Ok(BETWEEN));
            assert_eq!(sockopt::tcp_keepcnt(&line.stream), Ok(QUESTIONS));
        }
    }
}
