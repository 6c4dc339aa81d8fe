//! A segment seen through a window: frames one after another, and the search for the next one where bytes are damaged.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use leyline::wire::{FramePlace, MAX_FRAME_BYTES, Schema};

use super::frame::{self, HEAD_BYTES, Look, Mark};
use crate::run_dir::open_file;

/// Bytes asked from the file at a time: enough that calls cost nothing, and few enough to stay in the cache.
const CHUNK_BYTES: usize = 256 * 1024;

/// Bytes held: any frame, and a chunk.
const WINDOW_BYTES: usize = HEAD_BYTES + MAX_FRAME_BYTES + CHUNK_BYTES;

/// Bytes of the frame of a mark that this version knows.
pub(super) const MARK_FRAME_BYTES: usize = HEAD_BYTES + 10;

/// No frame of an event is shorter: a kind, a number, two times, a group of one letter, severity, environment, message and
/// a body of one byte.
pub(super) const LEAST_FRAME_BYTES: u64 = HEAD_BYTES as u64 + 10;

/// A file and the part of it that is being looked at.
#[derive(Debug)]
pub(super) struct Window {
    file: File,
    buffer: Box<[u8]>,
    /// What of the buffer is filled; it begins at the cursor.
    start: usize,
    end: usize,
    /// Place of the cursor in the file.
    offset: u64,
}

impl Window {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = open_file(path)?;
        let buffer = vec![0; WINDOW_BYTES].into_boxed_slice();
        Ok(Self { file, buffer, start: 0, end: 0, offset: 0 })
    }

    /// Goes to the start of another file.
    fn reopen(&mut self, path: &Path) -> io::Result<()> {
        self.file = open_file(path)?;
        (self.start, self.end, self.offset) = (0, 0, 0);
        Ok(())
    }

    /// Goes to the start of another file, with the window of the one before if there was one.
    pub(super) fn reuse<'w>(window: &'w mut Option<Self>, path: &Path) -> io::Result<&'w mut Self> {
        match window {
            Some(window) => {
                window.reopen(path)?;
                Ok(window)
            }
            None => Ok(window.insert(Self::open(path)?)),
        }
    }

    /// Returns how long the file is (bytes).
    pub(super) fn file_bytes(&self) -> io::Result<u64> {
        self.file.metadata().map(|about| about.len())
    }

    /// Returns where the cursor is, in bytes from the start of the file.
    pub(super) const fn offset(&self) -> u64 {
        self.offset
    }

    /// Returns what is there from the cursor on, as far as it was asked for.
    pub(super) fn bytes(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Reads until so many bytes are there; returns whether the file has them. At most a whole frame can be asked for.
    pub(super) fn want(&mut self, bytes: usize) -> io::Result<bool> {
        if bytes <= self.end - self.start {
            return Ok(true);
        }
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        while self.end < bytes {
            let room = self.buffer.len().min(self.end + CHUNK_BYTES);
            let Some(room) = self.buffer.get_mut(self.end..room) else { return Ok(false) };
            match self.file.read(room) {
                Ok(0) => return Ok(false),
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Moves the cursor over bytes that are there.
    pub(super) fn advance(&mut self, bytes: usize) {
        let bytes = bytes.min(self.end - self.start);
        self.start += bytes;
        self.offset += bytes as u64;
    }

    /// Moves the cursor anywhere.
    pub(super) fn go_to(&mut self, offset: u64) -> io::Result<()> {
        if self.offset <= offset && offset - self.offset <= (self.end - self.start) as u64 {
            self.advance((offset - self.offset) as usize);
            return Ok(());
        }
        self.file.seek(SeekFrom::Start(offset))?;
        (self.start, self.end, self.offset) = (0, 0, offset);
        Ok(())
    }

    /// Says what is at the cursor, with all of it in the window. `None` at the end of the file.
    pub(super) fn look(&mut self) -> io::Result<Option<Look<'_>>> {
        let mut wanted = 1;
        // The length alone, because what is borrowed cannot leave the loop, and a second look would cost a checksum.
        let whole = loop {
            let is_there = self.want(wanted)?;
            match frame::look(self.bytes()) {
                Look::Short { wanted: more } if is_there => wanted = more,
                Look::Frame { payload } => break Some(payload.len()),
                Look::Short { .. } | Look::BadLength { .. } | Look::BadChecksum { .. } => {
                    break None;
                }
            }
        };
        let bytes = self.bytes();
        let payload = whole.and_then(|length| bytes.get(HEAD_BYTES..HEAD_BYTES + length));
        Ok(match payload {
            Some(payload) => Some(Look::Frame { payload }),
            None => (!bytes.is_empty()).then(|| frame::look(bytes)),
        })
    }

    /// Describes everything from the cursor to the end of the file, and moves there.
    pub(super) fn run_out(&mut self) -> io::Result<Rest> {
        let mut rest = Rest { bytes: 0, zeros_at_end: 0 };
        while self.want(1)? {
            let bytes = self.bytes();
            let length = bytes.len();
            let zeros = bytes.iter().rev().take_while(|&&byte| byte == 0).count();
            rest.bytes += length as u64;
            rest.zeros_at_end =
                if zeros == length { rest.zeros_at_end + zeros as u64 } else { zeros as u64 };
            self.advance(length);
        }
        Ok(rest)
    }
}

/// The bytes between the last frame and the end of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rest {
    pub(super) bytes: u64,
    pub(super) zeros_at_end: u64,
}

/// What a frame must be to be taken after damage.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// First bytes of a payload that its writer could have written.
    firsts: Box<[bool; 256]>,
    /// Number of the last event before.
    pub(super) after: Option<u64>,
    /// Bytes that may still be checked in this segment. Random bytes need a tenth of their number; made-up ones
    /// could need millions of times it.
    pub(super) budget: u64,
}

impl Wanted {
    /// Knows the kinds of a writer; without its schema everything could be one.
    pub(super) fn of(schema: Option<&Schema>) -> Self {
        let mut firsts = Box::new([schema.is_none(); 256]);
        if let Some(first) = firsts.first_mut() {
            *first = true;
        }
        for line in schema.iter().flat_map(|schema| schema.listing().lines()) {
            let number = line.strip_prefix("kind ").and_then(|rest| rest.split(' ').next());
            let Some(number) = number.and_then(|number| number.parse::<u16>().ok()) else {
                continue;
            };
            // Numbers from 251 on are written as this byte and two more.
            if let Some(first) = firsts.get_mut(usize::from(number.min(251))) {
                *first = true;
            }
        }
        Self { firsts, after: None, budget: 0 }
    }

    /// Returns whether a frame can begin with these nine bytes.
    fn may_begin(&self, bytes: &[u8]) -> bool {
        let [a, b, c, 0, _, _, _, _, first] = *bytes else { return false };
        let length = u32::from_le_bytes([a, b, c, 0]) as usize;
        0 < length
            && length <= MAX_FRAME_BYTES
            && self.firsts.get(usize::from(first)).copied().unwrap_or_default()
    }

    /// Returns whether a whole frame may be taken: a mark, or an event that comes after the last one.
    pub(super) fn takes(&self, payload: &[u8]) -> bool {
        if Mark::is_mark(payload) {
            return Mark::read(payload).is_some();
        }
        let first = payload.first().map(|&first| usize::from(first));
        let is_known = first.and_then(|first| self.firsts.get(first)).copied().unwrap_or_default();
        let place = FramePlace::read(payload).filter(|_| is_known);
        place.is_some_and(|place| self.after.is_none_or(|after| after < place.seq))
    }

    /// Moves a window to the next frame that may be taken, from one byte after its cursor on; returns whether there is one.
    pub(super) fn find(&mut self, window: &mut Window) -> io::Result<bool> {
        window.advance(1);
        loop {
            let bytes = window.bytes();
            let hit = bytes.windows(HEAD_BYTES + 1).position(|bytes| self.may_begin(bytes));
            let Some(hit) = hit else {
                window.advance(bytes.len().saturating_sub(HEAD_BYTES));
                if window.want(HEAD_BYTES + 1)? {
                    continue;
                }
                return Ok(false);
            };
            window.advance(hit);
            if let Some(Look::Frame { payload }) = window.look()?
                && self.takes(payload)
            {
                return Ok(true);
            }
            let length = window.bytes().first_chunk::<4>().map(|bytes| u32::from_le_bytes(*bytes));
            let checked = u64::from(length.unwrap_or_default());
            let Some(budget) = self.budget.checked_sub(checked) else { return Ok(false) };
            self.budget = budget;
            window.advance(1);
        }
    }

    /// Looks for frames inside of bytes that claim to be one frame: whether its length is what is damaged. Returns where
    /// they begin, if they lead exactly to the end of the bytes and come before `before`.
    pub(super) fn find_inside(&mut self, bytes: &[u8], before: Option<u64>) -> Option<usize> {
        (1..bytes.len()).find(|&at| {
            let inside = bytes.get(at..).unwrap_or_default();
            let begins = inside.get(..=HEAD_BYTES).is_some_and(|bytes| self.may_begin(bytes));
            begins && self.leads_to_end(inside, before)
        })
    }

    fn leads_to_end(&mut self, mut bytes: &[u8], before: Option<u64>) -> bool {
        let mut last = self.after;
        while !bytes.is_empty() {
            let looked = frame::look(bytes);
            let checked =
                if let Look::Frame { payload } = looked { payload.len() } else { bytes.len() };
            let Some(budget) = self.budget.checked_sub(checked as u64) else { return false };
            self.budget = budget;
            let Look::Frame { payload } = looked else { return false };
            let seq = FramePlace::read(payload).map(|place| place.seq);
            let rises = |seq| {
                last.is_none_or(|last| last < seq) && before.is_none_or(|before| seq < before)
            };
            if Mark::is_mark(payload) || !seq.is_some_and(rises) {
                return false;
            }
            last = seq;
            bytes = bytes.get(HEAD_BYTES + payload.len()..).unwrap_or_default();
        }
        true
    }
}
