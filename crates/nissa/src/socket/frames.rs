//! Frames out of a stream of bytes, with a bound on how long one may be.

use std::io::{self, Read};
use std::ops::Range;

use thiserror::Error;

use crate::log::frame::{self, HEAD_BYTES, Look};

/// Bytes asked for at a time, at most.
const CHUNK_BYTES: usize = 64 * 1024;

/// Takes bytes as they come and gives frames as they are complete. It holds one frame and one reading at most.
#[derive(Debug)]
pub struct Frames {
    /// What was read and not taken is from `start` to `end`; what follows is room.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Bytes asked for at a time.
    chunk: usize,
    /// Longest payload taken (bytes).
    max_payload: usize,
}

/// Why a stream cannot go on: its frames are lost, because nothing says where the next one begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum StreamError {
    /// A length of 0, or above the bound.
    #[error("a frame of {length} bytes, where 1 to {max} are allowed")]
    Length {
        /// What stands in place of the length.
        length: u32,
        /// The bound.
        max: usize,
    },
    /// A checksum that does not hold.
    #[error("the checksum of a frame does not hold")]
    Checksum,
}

impl Frames {
    /// Starts with nothing read; payloads above `max_payload` bytes are an error.
    pub fn new(max_payload: usize) -> Self {
        let chunk = (max_payload / 8).clamp(64, CHUNK_BYTES);
        Self { buffer: Vec::new(), start: 0, end: 0, chunk, max_payload }
    }

    /// Takes the next frame and returns where its payload is, for [`Self::get`]; `None` if more bytes are needed.
    ///
    /// # Errors
    ///
    /// See [`StreamError`]; another call says the same.
    pub fn take(&mut self) -> Result<Option<Range<usize>>, StreamError> {
        let max = self.max_payload;
        let bytes = self.buffer.get(self.start..self.end).unwrap_or_default();
        // Before anything is waited for, so that a long frame is never kept.
        if let Some(length) = bytes.first_chunk::<4>().map(|bytes| u32::from_le_bytes(*bytes))
            && (length == 0 || max < length as usize)
        {
            return Err(StreamError::Length { length, max });
        }
        match frame::look(bytes) {
            Look::Frame { payload } => {
                let start = self.start + HEAD_BYTES;
                self.start = start + payload.len();
                Ok(Some(start..self.start))
            }
            Look::Short { .. } => Ok(None),
            Look::BadLength { length } => Err(StreamError::Length { length, max }),
            Look::BadChecksum { .. } => Err(StreamError::Checksum),
        }
    }

    /// Returns a payload that was taken since bytes were read last.
    pub fn get(&self, payload: Range<usize>) -> &[u8] {
        self.buffer.get(payload).unwrap_or_default()
    }

    /// Reads once from a stream and returns how many bytes came; 0 is its end.
    ///
    /// # Errors
    ///
    /// Those of the stream.
    pub fn fill(&mut self, from: &mut impl Read) -> io::Result<usize> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        // Only when what is there is used up: room is made, and cleared, once for many readings.
        if self.buffer.len() <= self.end {
            self.buffer.resize(self.end + self.chunk, 0);
        }
        let read = from.read(self.buffer.get_mut(self.end..).unwrap_or_default())?;
        self.end += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(payloads: &[&[u8]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for payload in payloads {
            let start = frame::open(&mut bytes);
            bytes.extend(*payload);
            frame::close(&mut bytes, start);
        }
        bytes
    }

    /// Gives as many bytes at a time as the pattern says.
    struct Drip<'a>(&'a [u8], usize);

    impl Read for Drip<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let now = self.1.min(into.len()).min(self.0.len());
            into[..now].copy_from_slice(&self.0[..now]);
            self.0 = &self.0[now..];
            Ok(now)
        }
    }

    #[test]
    fn frames_come_out_whole_however_the_bytes_come() {
        let long = vec![7; 100_000];
        let payloads: [&[u8]; 4] = [b"a", &long, b"bc", b"\0{}"];
        let bytes = stream(&payloads);
        for step in [1, 7, 8, 9, 4096, 1_000_000] {
            let (mut drip, mut frames) = (Drip(&bytes, step), Frames::new(100_000));
            let mut got = Vec::new();
            loop {
                while let Some(payload) = frames.take().unwrap() {
                    got.push(frames.get(payload).to_vec());
                }
                if frames.fill(&mut drip).unwrap() == 0 {
                    break;
                }
                assert!(frames.buffer.len() <= 100_008 + CHUNK_BYTES);
            }
            assert_eq!(got, payloads, "{step}");
        }
    }

    #[test]
    fn a_long_frame_is_refused_before_it_is_there() {
        let mut frames = Frames::new(64);
        frames.fill(&mut &65_u32.to_le_bytes()[..]).unwrap();
        assert_eq!(frames.take(), Err(StreamError::Length { length: 65, max: 64 }));
        let mut frames = Frames::new(64);
        frames.fill(&mut &[0; 16][..]).unwrap();
        assert_eq!(frames.take(), Err(StreamError::Length { length: 0, max: 64 }));
    }

    #[test]
    fn damage_is_noticed() {
        let mut bytes = stream(&[b"abc", b"def"]);
        bytes[HEAD_BYTES + 1] ^= 1;
        let mut frames = Frames::new(64);
        frames.fill(&mut &bytes[..]).unwrap();
        assert_eq!(frames.take(), Err(StreamError::Checksum));
        assert_eq!(frames.take(), Err(StreamError::Checksum));
    }
}
