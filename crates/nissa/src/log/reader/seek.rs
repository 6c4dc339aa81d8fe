//! Finds the place in a log to read from: by the first frame of each segment, then by the index beside it.

use std::io::{self, Read as _};

use leyline::wire::FramePlace;

use super::super::frame::{Look, Mark};
use super::super::index::{self, ENTRY_BYTES, Entry};
use super::super::scan::Window;
use super::Frames;
use super::open::read_header;
use crate::recording::{RecordingError, Seek};
use crate::run_dir::open_file;

/// Longest index read, in bytes: entries for 64 times the usual length of a segment.
const MAX_INDEX_BYTES: u64 = 64 * 1024 * ENTRY_BYTES as u64;

/// Entries of an index that may be wrong before it is left alone.
const MAX_TRIES: usize = 16;

impl Frames {
    /// Goes to a place from which every event that is not before `to` will be read; some before it may be read, too.
    pub(crate) fn go_to(&mut self, to: Seek) -> Result<(), RecordingError> {
        self.open = None;
        self.closed = None;
        self.place = None;
        self.is_continued = false;
        self.at = 0;
        self.list().map_err(|source| self.failed(None, source))?;
        self.at = self.segment_of(to);
        self.expected = match self.at {
            0 => 0,
            at => self.segments.get(at).map_or(0, |&(number, _)| number),
        };
        self.ledger.jump(self.at == 0);
        let at = self.at;
        if !self.open_next()? || self.at != at {
            return Ok(());
        }
        let Some(number) = self.open.as_ref().map(|open| open.tally.segment) else { return Ok(()) };
        let entries = self.entries(number);
        let before = entries.partition_point(|entry| is_before(to, entry.seq, entry.mono_ns.0));
        let Some(open) = &mut self.open else { return Ok(()) };
        let start = open.window.offset();
        for entry in entries.iter().take(before).rev().take(MAX_TRIES) {
            let dir = &self.dir;
            let is_there = is_at(&mut open.window, *entry).map_err(|source| {
                RecordingError::Read { path: dir.segment(number), offset: entry.offset, source }
            })?;
            if is_there && start < entry.offset {
                open.is_counted = false;
                open.wanted.after = None;
                self.ledger.jump(false);
                return Ok(());
            }
        }
        let dir = &self.dir;
        open.window.go_to(start).map_err(|source| RecordingError::Read {
            path: dir.segment(number),
            offset: start,
            source,
        })
    }

    /// Returns the last segment that begins before a place, or the first one.
    fn segment_of(&self, to: Seek) -> usize {
        let mut window = None;
        for (at, &(number, _)) in self.segments.iter().enumerate().skip(1).rev() {
            // What cannot be read here is a segment to begin before.
            let first = Window::reuse(&mut window, &self.dir.segment(number)).and_then(first_place);
            let first = first.unwrap_or_default();
            if first.is_some_and(|first| is_before(to, first.seq, first.mono_ns.0)) {
                return at;
            }
        }
        0
    }

    /// Returns the entries of the index of a segment; none if it is missing or of another segment.
    fn entries(&self, number: u32) -> Vec<Entry> {
        let nonce = self.owner.as_ref().map_or(0, |owner| owner.nonce);
        let mut bytes = Vec::new();
        let file = open_file(&self.dir.index(number));
        match file.and_then(|file| file.take(MAX_INDEX_BYTES).read_to_end(&mut bytes)) {
            Ok(_) => index::read(&bytes, nonce, number),
            Err(_) => Vec::new(),
        }
    }
}

/// Returns whether an event is before a place. Times may be equal, so an event at the very time is not.
const fn is_before(to: Seek, seq: u64, mono_ns: u64) -> bool {
    match to {
        Seek::Seq(wanted) => seq <= wanted,
        Seek::MonoNs(wanted) => mono_ns < wanted.0,
    }
}

/// Returns the place of the first frame of a segment.
fn first_place(window: &mut Window) -> io::Result<Option<FramePlace>> {
    let Ok((_, length)) = read_header(window)? else { return Ok(None) };
    window.advance(length);
    place_at(window)
}

fn place_at(window: &mut Window) -> io::Result<Option<FramePlace>> {
    Ok(match window.look()? {
        Some(Look::Frame { payload }) if !Mark::is_mark(payload) => FramePlace::read(payload),
        Some(_) | None => None,
    })
}

/// Goes to the frame of an entry and returns whether it is there, whole, and the one that the entry tells of.
fn is_at(window: &mut Window, entry: Entry) -> io::Result<bool> {
    if window.file_bytes()? <= entry.offset {
        return Ok(false);
    }
    window.go_to(entry.offset)?;
    let place = place_at(window)?;
    Ok(place.is_some_and(|place| place.seq == entry.seq && place.mono_ns == entry.mono_ns))
}
