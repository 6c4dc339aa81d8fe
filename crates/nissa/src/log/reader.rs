//! Reads the segments of a run one after another: every whole frame, and what is damaged between them.

use std::io;
use std::path::Path;

use leyline::wire::{FINGERPRINT, FramePlace, Schema};
use leyline::{Incoming, RunId};

use super::frame::Mark;
use super::header::{Header, HeaderError};
use super::scan::Window;
use crate::manifest::{Hex64, Manifest};
use crate::recording::{Damage, OpenError, RecordingError};
use crate::run_dir::{RunDir, RunDirError};

mod ledger;
mod open;
mod position;
mod seek;
mod segment;

use ledger::Ledger;
use open::{missing, read_header};
pub(crate) use position::Position;
pub(crate) use segment::Tally;
use segment::{Found, Gap, Segment, Trouble};

/// What a step found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// A frame with an event: see [`Frames::place`], [`Frames::frame`] and [`Frames::decode`].
    Event,
    /// A segment was read to its end.
    Closed(Tally),
    /// The run is live, and nothing more is there yet.
    Pending,
    /// There is nothing more.
    End,
}

/// Who a segment must be of.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Owner {
    run: RunId,
    nonce: u64,
}

/// Reads the frames of a log in order.
#[derive(Debug)]
pub(crate) struct Frames {
    dir: RunDir,
    manifest: Option<Manifest>,
    /// `None` without a manifest, until a header tells.
    owner: Option<Owner>,
    /// What the writer meant by its positions, for segments whose header is damaged.
    schema: Option<Schema>,
    /// Numbers of the segments that are there, with their lengths, rising.
    segments: Vec<(u32, u64)>,
    /// Place in `segments` of the one that is open, or opened next.
    at: usize,
    /// Number that the next segment should have.
    expected: u32,
    open: Option<Segment>,
    place: Option<FramePlace>,
    ledger: Ledger,
    /// The run is not written any more: what is there is all there is.
    is_over: bool,
    /// The last mark read said that another segment follows.
    is_continued: bool,
    /// What is still to be said about a segment.
    closed: Option<Tally>,
}

impl Frames {
    /// Opens the log of a run and reads the headers of its segments.
    pub(crate) fn open(dir: RunDir) -> Result<Self, OpenError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| OpenError::Read { path, source }
        };
        // The lock is asked before the first look, so that what was written in between is read.
        let is_over = !dir.is_live();
        let manifest = Manifest::read(&dir.manifest()).ok();
        let own = |manifest: &Manifest| manifest.versions.schema_fingerprint == Hex64(FINGERPRINT);
        let owner = manifest
            .as_ref()
            .map(|manifest| Owner { run: manifest.run_id.clone(), nonce: manifest.nonce.0 });
        let schema = manifest.as_ref().filter(|manifest| own(manifest)).map(|_| Schema::own());
        let mut frames = Self {
            dir,
            manifest,
            owner,
            schema,
            segments: Vec::new(),
            at: 0,
            expected: 0,
            open: None,
            place: None,
            ledger: Ledger::new(),
            is_over,
            is_continued: false,
            closed: None,
        };
        frames.list().map_err(failed(frames.dir.path()))?;
        let mut window = None;
        for at in 0..frames.segments.len() {
            let Some(&(number, _)) = frames.segments.get(at) else { break };
            let path = frames.dir.segment(number);
            let window = match Window::reuse(&mut window, &path) {
                // A live writer removes a segment that it could not fill.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                opened => opened.map_err(failed(&path))?,
            };
            match read_header(window).map_err(failed(&path))? {
                Ok((header, _)) => {
                    frames.note(number, &header);
                }
                Err(HeaderError::Format { found }) => {
                    return Err(OpenError::Format { found, path });
                }
                Err(HeaderError::Short { .. } | HeaderError::Magic | HeaderError::Damaged(_)) => {}
            }
        }
        Ok(frames)
    }

    /// Takes from the header of a segment what is not known yet about the run; returns whether it is of the run.
    fn note(&mut self, number: u32, header: &Header) -> bool {
        let owner = Owner { run: header.run.clone(), nonce: header.nonce };
        let is_own = *self.owner.get_or_insert_with(|| owner.clone()) == owner;
        if is_own && header.segment == number {
            // The header knows better than the manifest, which has the fingerprint alone.
            if self
                .schema
                .as_ref()
                .is_none_or(|own| own.fingerprint() != header.schema.fingerprint())
            {
                self.schema = Some(header.schema.clone());
            }
            return true;
        }
        false
    }

    /// Looks which segments are there. Returns whether there are new ones.
    fn list(&mut self) -> io::Result<bool> {
        let numbers = self.dir.segments().map_err(|error| match error {
            RunDirError::Create { source, .. } | RunDirError::Read { source, .. } => source,
            RunDirError::NoName { .. }
            | RunDirError::NotFound { .. }
            | RunDirError::NotARun { .. } => io::Error::from(io::ErrorKind::NotFound),
        })?;
        let least = self.segments.get(..self.at + usize::from(self.open.is_some()));
        let least = least.and_then(<[_]>::last).map(|&(number, _)| number);
        let before = self.segments.len();
        // What is behind is not read any more, even if a segment turns up there.
        self.segments.retain(|&(number, _)| least.is_some_and(|least| number <= least));
        let kept = self.segments.len();
        let ahead = numbers.into_iter().filter(|&number| least.is_none_or(|least| least < number));
        for number in ahead {
            let bytes = std::fs::metadata(self.dir.segment(number)).map_or(0, |about| about.len());
            self.segments.push((number, bytes));
        }
        if let Some((number, bytes)) = self.segments.get_mut(..kept).and_then(<[_]>::last_mut) {
            *bytes =
                std::fs::metadata(self.dir.segment(*number)).map_or(*bytes, |about| about.len());
        }
        Ok(before < self.segments.len())
    }

    /// Reads on.
    pub(crate) fn next(&mut self) -> Result<Step, RecordingError> {
        loop {
            if let Some(tally) = self.closed.take() {
                return Ok(Step::Closed(tally));
            }
            if self.open.is_none() && !self.open_next()? {
                if let Some(step) = self.wait(None)? {
                    return Ok(step);
                }
                continue;
            }
            if let Some(step) = self.step()? {
                return Ok(step);
            }
        }
    }

    /// Reads on in the open segment; `None` if it has to be asked again.
    fn step(&mut self) -> Result<Option<Step>, RecordingError> {
        let is_final = self.is_final();
        let Some(open) = &mut self.open else { return Ok(None) };
        let (dir, segment, offset) = (&self.dir, open.tally.segment, open.window.offset());
        let failed = |source| RecordingError::Read { path: dir.segment(segment), offset, source };
        match open.next().map_err(failed)? {
            Found::Event(place) => {
                self.place = place;
                if let Some(place) = place {
                    self.ledger.event(place.seq);
                }
                return Ok(Some(Step::Event));
            }
            Found::Mark => {}
            Found::End if is_final => self.close(),
            Found::End => {
                let mark = open.tally.mark;
                return self.wait(mark);
            }
            Found::Nothing(trouble) => {
                // The end of a file that still grows is not torn.
                let can_resume = is_final || !matches!(trouble, Trouble::Short);
                let mut gap = None;
                if can_resume {
                    gap = open.resume(trouble, is_final).map_err(failed)?;
                }
                if gap.is_none() && is_final {
                    gap = Some(open.give_up(trouble).map_err(failed)?);
                }
                let Some(Gap { offset, bytes, kind, events }) = gap else {
                    let mark = open.tally.mark;
                    return self.wait(mark);
                };
                self.ledger.add(Damage { segment, offset, bytes, kind, events });
            }
        }
        Ok(None)
    }

    /// Whether what is there of the open segment is all that there will be.
    const fn is_final(&self) -> bool {
        self.is_over || self.at + 1 < self.segments.len()
    }

    /// Finds out whether there can be more; `None` says to look again.
    fn wait(&mut self, mark: Option<Mark>) -> Result<Option<Step>, RecordingError> {
        if self.is_over {
            if self.is_continued {
                self.is_continued = false;
                self.ledger.add(missing(self.expected));
            }
            return Ok(Some(Step::End));
        }
        // The lock is asked before the last look at directory and file: what was written in between is read.
        self.is_over = matches!(mark, Some(Mark::End { .. })) || !self.dir.is_live();
        if self.open.as_ref().is_some_and(|open| open.tally.frames == 0) {
            // A segment that its writer could not fill is removed, and the next one gets its name.
            self.open = None;
        }
        let is_new = self.list().map_err(|source| self.failed(None, source))?;
        Ok((!self.is_over && !is_new).then_some(Step::Pending))
    }

    /// Ends the open segment.
    fn close(&mut self) {
        let Some(mut open) = self.open.take() else { return };
        open.tally.bytes = open.window.offset();
        self.is_continued = matches!(open.tally.mark, Some(Mark::Continued { .. }));
        if let (true, Some(Mark::Continued { events } | Mark::End { events })) =
            (open.is_counted, open.tally.mark)
            && open.tally.events <= events
        {
            self.ledger.mark(open.tally.segment, events - open.tally.events);
        }
        self.end(open.tally);
    }

    /// Goes on to the segment after one that was read, or cannot be.
    fn end(&mut self, tally: Tally) {
        if let Some((_, bytes)) = self.segments.get_mut(self.at) {
            *bytes = tally.bytes;
        }
        self.at += 1;
        self.expected = tally.segment.saturating_add(1);
        self.closed = Some(tally);
    }

    /// Returns the place of the frame found last; `None` if its first bytes are none.
    pub(crate) const fn place(&self) -> Option<FramePlace> {
        self.place
    }

    /// Returns the frame found last, its head included.
    pub(crate) fn frame(&self) -> &[u8] {
        self.open.as_ref().and_then(Segment::frame).unwrap_or_default()
    }

    /// Returns what the frame found last carries.
    pub(crate) fn decode(&mut self) -> Option<Incoming> {
        self.open.as_mut().and_then(Segment::decode)
    }

    /// Returns what the positions in the open segment mean.
    pub(crate) fn schema(&self) -> Option<&Schema> {
        self.open.as_ref().map(|open| open.decoder.schema())
    }

    /// Returns what was read so far of the open segment.
    pub(crate) fn tally(&self) -> Option<Tally> {
        let open = self.open.as_ref()?;
        Some(Tally { bytes: open.window.offset(), ..open.tally })
    }

    pub(crate) fn damage(&self) -> &[Damage] {
        self.ledger.entries()
    }

    pub(crate) const fn manifest(&self) -> Option<&Manifest> {
        self.manifest.as_ref()
    }

    /// Returns who wrote the log: its run and its nonce.
    pub(crate) fn owner(&self) -> Option<(&RunId, u64)> {
        self.owner.as_ref().map(|owner| (&owner.run, owner.nonce))
    }

    pub(crate) const fn dir(&self) -> &RunDir {
        &self.dir
    }

    /// Returns how far reading has come, in bytes of [`Self::total_bytes`].
    pub(crate) fn bytes_read(&self) -> u64 {
        let before: u64 = self.segments.iter().take(self.at).map(|&(_, bytes)| bytes).sum();
        before + self.open.as_ref().map_or(0, |open| open.window.offset())
    }

    /// Returns how many bytes there are to read, as far as was seen.
    pub(crate) fn total_bytes(&self) -> u64 {
        let total: u64 = self.segments.iter().map(|&(_, bytes)| bytes).sum();
        total.max(self.bytes_read())
    }
}
