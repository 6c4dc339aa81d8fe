//! Opens one segment after another, also such whose header is damaged, and notes those that cannot be read.

use std::io;

use leyline::wire::FrameDecoder;

use super::super::frame::{HEAD_BYTES, Look, Mark};
use super::super::header::{FIXED_BYTES, Header, HeaderError};
use super::super::scan::{LEAST_FRAME_BYTES, Wanted, Window};
use super::segment::Segment;
use super::{Frames, Tally};
use crate::recording::{Damage, DamageKind, Lost, RecordingError};

/// Missing segments listed one by one in a row; a gap of more numbers than that is a name that somebody made up.
const MAX_MISSING: usize = 1000;

/// Bytes of checksums computed while looking for frames in one segment, as a multiple of its length.
const BUDGET_FACTOR: u64 = 64;

/// Least length that the budget is made from (bytes).
const BUDGET_LEAST: u64 = 1_048_576;

impl Frames {
    /// Opens the next segment. Returns whether something came of it: an open segment, or one that cannot be read and was
    /// noted.
    pub(super) fn open_next(&mut self) -> Result<bool, RecordingError> {
        let Some(&(number, _)) = self.segments.get(self.at) else { return Ok(false) };
        if self.expected < number && self.dir.segment(self.expected).is_file() {
            // The listing was made while that one came up.
            self.list().map_err(|source| self.failed(None, source))?;
            return Ok(true);
        }
        let failed = |source| self.failed(Some(number), source);
        let mut window = match Window::open(&self.dir.segment(number)) {
            // It was removed since it was listed; a live writer may give its name to another one.
            Err(error) if error.kind() == io::ErrorKind::NotFound && !self.is_final() => {
                return Ok(false);
            }
            opened => opened.map_err(failed)?,
        };
        let header = read_header(&mut window).map_err(failed)?;
        if matches!(header, Err(HeaderError::Short { .. })) && !self.is_final() {
            return Ok(false);
        }
        for number in (self.expected..number).take(MAX_MISSING) {
            self.ledger.add(missing(number));
        }
        self.expected = number;
        self.is_continued = false;
        let tally = Tally::new(number);
        let outcome = match header {
            Ok((header, length)) if self.note(number, &header) => {
                window.advance(length);
                let decoder = FrameDecoder::new(header.run, header.schema);
                self.open = Some(self.segment(
                    window,
                    decoder,
                    Tally { header_bytes: length as u64, ..tally },
                ));
                Ok(())
            }
            Ok(_) => self.skip(window, DamageKind::Foreign, 0, tally),
            Err(HeaderError::Format { found }) => {
                return Err(RecordingError::Format { found, path: self.dir.segment(number) });
            }
            Err(HeaderError::Short { .. }) => self.open_headless(window, DamageKind::Torn, tally),
            Err(HeaderError::Magic | HeaderError::Damaged(_)) => {
                self.open_headless(window, DamageKind::Header, tally)
            }
        };
        outcome.map_err(|source| self.failed(Some(number), source))?;
        Ok(true)
    }

    pub(super) fn failed(&self, segment: Option<u32>, source: io::Error) -> RecordingError {
        let path =
            segment.map_or_else(|| self.dir.path().to_owned(), |number| self.dir.segment(number));
        RecordingError::Read { path, offset: 0, source }
    }

    fn segment(&self, window: Window, decoder: FrameDecoder, tally: Tally) -> Segment {
        let mut wanted = Wanted::of(Some(decoder.schema()));
        wanted.after = self.ledger.last;
        wanted.budget = self.budget();
        Segment { window, decoder, wanted, tally, is_counted: true, current: 0 }
    }

    fn budget(&self) -> u64 {
        let length = self.segments.get(self.at).map_or(0, |&(_, bytes)| bytes);
        BUDGET_FACTOR.saturating_mul(length.max(BUDGET_LEAST))
    }

    /// Opens a segment whose header is damaged, with what is known of its writer from elsewhere; `kind` is what to call
    /// it if no frame follows.
    fn open_headless(&mut self, window: Window, kind: DamageKind, tally: Tally) -> io::Result<()> {
        let (Some(owner), Some(schema)) = (self.owner.clone(), self.schema.clone()) else {
            return self.skip(window, kind, 0, tally);
        };
        let number = tally.segment;
        let header = Header { schema, nonce: owner.nonce, segment: number, run: owner.run };
        let mut bytes = Vec::new();
        header.append(&mut bytes);
        let length = bytes.len() as u64;
        let mut segment = self.segment(window, FrameDecoder::new(header.run, header.schema), tally);
        segment.window.go_to(length)?;
        let is_there = match segment.window.look()? {
            Some(Look::Frame { payload }) => segment.wanted.takes(payload),
            Some(_) => false,
            None => segment.window.file_bytes()? == length,
        };
        if !is_there {
            segment.window.go_to(0)?;
            if !segment.wanted.find(&mut segment.window)? {
                return self.skip(segment.window, kind, length, tally);
            }
        }
        let bytes = segment.window.offset();
        let most = bytes.saturating_sub(length).div_ceil(LEAST_FRAME_BYTES);
        let events = Lost::within(0, Some(most));
        self.ledger.add(Damage {
            segment: number,
            offset: 0,
            bytes,
            kind: DamageKind::Header,
            events,
        });
        self.open = Some(segment);
        Ok(())
    }

    /// Notes a segment of which nothing can be read; `header_bytes` of it held no event.
    fn skip(
        &mut self,
        mut window: Window,
        kind: DamageKind,
        header_bytes: u64,
        mut tally: Tally,
    ) -> io::Result<()> {
        window.go_to(0)?;
        let rest = window.run_out()?;
        tally.bytes = rest.bytes;
        let is_zero = rest.bytes == rest.zeros_at_end;
        let kind = if is_zero && kind == DamageKind::Header { DamageKind::Torn } else { kind };
        let room = rest.bytes.saturating_sub(header_bytes).div_ceil(LEAST_FRAME_BYTES);
        let events = match kind {
            DamageKind::Foreign | DamageKind::MissingSegment => Lost::within(0, None),
            DamageKind::Torn if !is_zero => Lost::Exactly(0),
            DamageKind::Torn | DamageKind::Corrupt => Lost::within(0, Some(room)),
            DamageKind::Header => {
                let (whole, is_all) = self.count_frames(&mut window)?;
                if is_all { Lost::Exactly(whole) } else { Lost::within(whole, Some(room)) }
            }
        };
        if 0 < rest.bytes {
            let (segment, bytes) = (tally.segment, rest.bytes);
            self.ledger.add(Damage { segment, offset: 0, bytes, kind, events });
        }
        self.is_continued = false;
        self.end(tally);
        Ok(())
    }

    /// Counts the whole frames with events in a segment whose positions nobody can explain; returns also whether they
    /// follow its header without anything between or behind them.
    fn count_frames(&self, window: &mut Window) -> io::Result<(u64, bool)> {
        let mut wanted = Wanted::of(None);
        wanted.budget = self.budget();
        window.go_to(0)?;
        window.want(FIXED_BYTES)?;
        let length = window.bytes().get(FIXED_BYTES - 4..FIXED_BYTES);
        let length = length.and_then(<[u8]>::first_chunk).map(|length| u32::from_le_bytes(*length));
        window.go_to(length.unwrap_or_default().into())?;
        let (mut whole, mut is_all) = (0, true);
        if !matches!(window.look()?, Some(Look::Frame { .. })) {
            is_all = false;
            window.go_to(0)?;
            if !wanted.find(window)? {
                return Ok((0, false));
            }
        }
        loop {
            let bytes = match window.look()? {
                None => return Ok((whole, is_all)),
                Some(Look::Frame { payload }) => {
                    whole += u64::from(!Mark::is_mark(payload));
                    HEAD_BYTES + payload.len()
                }
                Some(Look::Short { .. } | Look::BadLength { .. } | Look::BadChecksum { .. }) => {
                    is_all = false;
                    if !wanted.find(window)? {
                        return Ok((whole, false));
                    }
                    0
                }
            };
            window.advance(bytes);
        }
    }
}

pub(super) const fn missing(segment: u32) -> Damage {
    let events = Lost::within(0, None);
    Damage { segment, offset: 0, bytes: 0, kind: DamageKind::MissingSegment, events }
}

/// Reads the header at the start of a window, and leaves the cursor before it.
pub(super) fn read_header(window: &mut Window) -> io::Result<Result<(Header, usize), HeaderError>> {
    let mut wanted = FIXED_BYTES;
    loop {
        let is_there = window.want(wanted)?;
        match Header::read(window.bytes()) {
            Err(HeaderError::Short { wanted: more }) if is_there && wanted < more => wanted = more,
            outcome => return Ok(outcome),
        }
    }
}
