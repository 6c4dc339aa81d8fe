//! The segment that is being written, and its index.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use leyline::Envelope;

use super::frame::HEAD_BYTES;
use super::header::Header;
use super::index::{self, Entry};
use super::sink::{LogError, Storage};
use crate::run_dir::RunDir;

/// A file that is written and synced by different threads.
pub(super) struct SegmentFile<S: Storage> {
    pub(super) number: u32,
    pub(super) path: PathBuf,
    pub(super) file: S::File,
}

/// The segment that is being written.
///
/// Its header goes out with the first bytes that do, so that a disk without room is not littered with headers.
pub(super) struct Segment<S: Storage> {
    number: u32,
    file: Option<Arc<SegmentFile<S>>>,
    header_bytes: usize,
    /// Bytes in the file.
    bytes: u64,
    /// Events in the file.
    events: u64,
    index: Index<S>,
}

/// What became of the bytes that were to be written.
pub(super) struct Wrote {
    /// Frames that are in the file, from the first on.
    pub(super) frames: usize,
    /// Why not all of them are.
    pub(super) failed: Option<LogError>,
}

impl<S: Storage> Segment<S> {
    /// Begins a segment: appends its header to an empty buffer.
    pub(super) fn begin(header: &Header, buffer: &mut Vec<u8>) -> Self {
        header.append(buffer);
        Self {
            number: header.segment,
            file: None,
            header_bytes: buffer.len(),
            bytes: 0,
            events: 0,
            index: Index::new(header),
        }
    }

    pub(super) const fn number(&self) -> u32 {
        self.number
    }

    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) const fn events(&self) -> u64 {
        self.events
    }

    pub(super) const fn file(&self) -> Option<&Arc<SegmentFile<S>>> {
        self.file.as_ref()
    }

    /// Notes the frame of an event that begins at `start` in the buffer, after `before` others there.
    pub(super) fn note(&mut self, start: usize, before: usize, event: &Envelope) {
        let offset = self.bytes + start as u64;
        if self.index.next <= offset {
            let (seq, mono_ns) = (event.seq, event.mono_ns);
            let events_before = self.events + before as u64;
            self.index.push(Entry { offset, seq, mono_ns, events_before });
        }
    }

    /// Writes a buffer that holds whole frames, `events` with events first and perhaps a mark, behind the header if that was
    /// not written yet. A file that could not be made to hold a single event is removed again.
    pub(super) fn write(
        &mut self,
        storage: &S,
        dir: &RunDir,
        buffer: &[u8],
        events: usize,
    ) -> Wrote {
        let created = self.file.is_none();
        let file = match &self.file {
            Some(file) => Arc::clone(file),
            None => match create(storage, dir, self.number) {
                Ok(file) => Arc::clone(self.file.insert(Arc::new(file))),
                Err(error) => return Wrote { frames: 0, failed: Some(error) },
            },
        };
        let (taken, outcome) = write_all(storage, &file.file, buffer);
        self.bytes += taken as u64;
        let Err(why) = outcome else {
            self.events += events as u64;
            if 0 < self.events {
                self.index.write(storage, dir, self.number);
            }
            return Wrote { frames: events, failed: None };
        };
        let head = if created { self.header_bytes } else { 0 };
        let whole = buffer.get(head..taken).map_or(0, whole_frames).min(events);
        self.events += whole as u64;
        if created && whole == 0 && storage.remove(&file.path).is_ok() {
            self.file = None;
        }
        let (path, offset) = (file.path.clone(), self.bytes);
        Wrote { frames: whole, failed: Some(LogError::Write { path, offset, why }) }
    }
}

fn create<S: Storage>(storage: &S, dir: &RunDir, number: u32) -> Result<SegmentFile<S>, LogError> {
    let path = dir.segment(number);
    match storage.create(&path) {
        Ok(file) => Ok(SegmentFile { number, path, file }),
        Err(why) => Err(LogError::Create { path, why }),
    }
}

/// Returns how many bytes were taken, and why not all.
fn write_all<S: Storage>(storage: &S, file: &S::File, bytes: &[u8]) -> (usize, io::Result<()>) {
    let mut taken = 0;
    while let Some(rest) = bytes.get(taken..).filter(|rest| !rest.is_empty()) {
        match storage.write(file, rest) {
            Ok(0) => return (taken, Err(io::ErrorKind::WriteZero.into())),
            Ok(count) => taken += count.min(rest.len()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (taken, Err(error)),
        }
    }
    (taken, Ok(()))
}

/// Returns how many frames of our own making are whole in these bytes.
fn whole_frames(bytes: &[u8]) -> usize {
    let (mut rest, mut frames) = (bytes, 0);
    while let Some(length) = rest.first_chunk::<4>() {
        let frame_bytes = HEAD_BYTES + u32::from_le_bytes(*length) as usize;
        let Some(after) = rest.get(frame_bytes..) else { break };
        (rest, frames) = (after, frames + 1);
    }
    frames
}

/// The index beside a segment. It may fail without the log taking notice, since whoever reads can do without.
struct Index<S: Storage> {
    state: IndexState<S>,
    /// Where in the segment the next entry is due.
    next: u64,
    /// Bytes that are due with the next write.
    waiting: Vec<u8>,
}

enum IndexState<S: Storage> {
    None,
    Open(S::File),
    GivenUp,
}

impl<S: Storage> Index<S> {
    fn new(header: &Header) -> Self {
        let waiting = index::head(header.nonce, header.segment).to_vec();
        Self { state: IndexState::None, next: 0, waiting }
    }

    fn push(&mut self, entry: Entry) {
        self.waiting.extend(entry.to_bytes());
        self.next = entry.offset + index::SPACING;
    }

    /// Writes what waits; its frames are in the segment by now.
    fn write(&mut self, storage: &S, dir: &RunDir, number: u32) {
        if self.waiting.is_empty() {
            return;
        }
        if let IndexState::None = self.state {
            let created = storage.create(&dir.index(number));
            self.state = created.map_or(IndexState::GivenUp, IndexState::Open);
        }
        if let IndexState::Open(file) = &self.state
            && write_all(storage, file, &self.waiting).1.is_err()
        {
            self.state = IndexState::GivenUp;
        }
        self.waiting.clear();
    }
}
