//! Where the end of a log begins: by the indexes beside its last segments, each entry checked against the log itself.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use leyline::wire::{FramePlace, MAX_FRAME_BYTES};
use nissa::RunDir;
use nissa::log::frame::{HEAD_BYTES, Look, Mark, look};
use nissa::log::index::{self, Entry};

/// Longest index read (bytes): of a segment of more than a gigabyte.
const MAX_INDEX_BYTES: u64 = 1 << 20;
/// Segments looked at from the end.
const MAX_SEGMENTS: usize = 3;
/// Entries that may be wrong before no others are tried.
const MAX_TRIES: usize = 16;
/// Bytes of the mark of a closed log with the head of its frame.
const MARK_BYTES: u64 = HEAD_BYTES as u64 + 10;

/// Returns the number of an event about `bytes` before the end of a log, from which it can be read on; `None` if no index
/// leads there.
pub(super) fn first_seq(dir: &RunDir, bytes: u64) -> Option<u64> {
    let segments = dir.segments().ok()?;
    let mut behind: u64 = 0;
    let mut earliest = None;
    for &number in segments.iter().rev().take(MAX_SEGMENTS) {
        let path = dir.segment(number);
        let length = fs::metadata(&path).ok()?.len();
        let far =
            |entry: &&Entry| bytes <= length.saturating_sub(entry.offset).saturating_add(behind);
        let entries = entries(&dir.index(number), number);
        // The entries rise: those that are far enough from the end come first.
        let enough = entries.iter().take_while(far).count();
        let (far, near) = entries.split_at_checked(enough)?;
        let found = far.iter().rev().chain(near).take(MAX_TRIES);
        let found = found.copied().find(|entry| is_there(&path, *entry).unwrap_or(false));
        earliest = found.map(|entry| entry.seq).or(earliest);
        behind = behind.saturating_add(length);
        if enough != 0 || bytes <= behind {
            break;
        }
    }
    earliest
}

/// Returns whether a segment ends with the mark of a log that was closed.
pub(super) fn is_closed(segment: &Path) -> bool {
    let read = || -> io::Result<Vec<u8>> {
        let mut file = File::open(segment)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(MARK_BYTES)))?;
        let mut bytes = Vec::new();
        file.take(MARK_BYTES).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().unwrap_or_default();
    let Look::Frame { payload } = look(&bytes) else { return false };
    matches!(Mark::read(payload), Some(Mark::End { .. }))
}

/// Reads an index. Its nonce is taken from itself: every entry is checked before it is used.
fn entries(path: &Path, number: u32) -> Vec<Entry> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_INDEX_BYTES).read_to_end(&mut bytes));
    let after_magic = bytes.get(index::MAGIC.len()..).and_then(<[u8]>::first_chunk);
    match (read, after_magic) {
        (Ok(_), Some(nonce)) => index::read(&bytes, u64::from_le_bytes(*nonce), number),
        (Ok(_) | Err(_), _) => Vec::new(),
    }
}

/// Returns whether the frame that an entry tells of is there and whole.
fn is_there(segment: &Path, entry: Entry) -> io::Result<bool> {
    let mut file = File::open(segment)?;
    file.seek(SeekFrom::Start(entry.offset))?;
    let mut head = [0; HEAD_BYTES];
    file.read_exact(&mut head)?;
    let length = head.first_chunk().map_or(0, |length| u32::from_le_bytes(*length)) as usize;
    if MAX_FRAME_BYTES < length {
        return Ok(false);
    }
    let mut bytes = head.to_vec();
    file.take(length as u64).read_to_end(&mut bytes)?;
    let Look::Frame { payload } = look(&bytes) else { return Ok(false) };
    let place = FramePlace::read(payload).filter(|_| !Mark::is_mark(payload));
    Ok(place.is_some_and(|place| place.seq == entry.seq && place.mono_ns == entry.mono_ns))
}
