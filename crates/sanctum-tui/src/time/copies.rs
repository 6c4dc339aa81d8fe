//! Copies of the fold along a run, to go on from. They are thinned as the run grows, so that their memory is bounded.

use leyline::{RunId, RunNs, Timestamp};

use crate::time::replay::Replay;
use crate::time::runs::Place;
use crate::time::walker::{Mark, Walker};

/// How many copies there are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Bytes that all of them may take; beyond, every second one goes.
    pub(crate) bytes: usize,
    /// Inputs between two copies of a short run. They double whenever copies go.
    pub(crate) step: u64,
    /// Bytes from which on a run has a preview; a shorter one is read before a person sees that something is missing.
    pub(crate) long: u64,
}

impl Bounds {
    /// A copy of a run with eight environments takes 80 to 300 kB, so that ten million inputs have one at least every 65
    /// thousand: 33 ms of folding.
    pub(crate) const USUAL: Self = Self { bytes: 64 << 20, step: 4096, long: 8 << 20 };
}

/// See the module.
pub(crate) struct Copies {
    /// By place; never empty.
    list: Vec<Copied>,
    step: u64,
    bounds: Bounds,
    bytes: usize,
}

/// A copy, and what is known of the inputs from it on to the next one.
pub(crate) struct Copied {
    pub(crate) replay: Replay,
    pub(crate) mark: Mark,
    bytes: usize,
    pub(crate) span: Span,
}

/// The largest of everything in a stretch of inputs, of whatever run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) seq: Option<u64>,
    pub(crate) mono: Option<RunNs>,
    pub(crate) ts: Option<Timestamp>,
    pub(crate) batch: Option<u64>,
}

impl Copies {
    /// Begins with a copy of where a walk begins.
    pub(crate) fn new(head: &Walker, bounds: Bounds) -> Self {
        let first = Copied::of(head);
        let bytes = first.bytes;
        Self { list: vec![first], step: bounds.step, bounds, bytes }
    }

    /// Begins again where a walk stands: what was before cannot be reached any more.
    pub(crate) fn restart(&mut self, head: &Walker) {
        *self = Self::new(head, self.bounds);
    }

    /// Takes note of an input that was folded, and copies the fold if it is time to.
    pub(crate) fn note(&mut self, place: &Place<'_>, head: &Walker) {
        if let Some(last) = self.list.last_mut() {
            last.span.note(place);
            if head.replay.place < last.replay.place.saturating_add(self.step) {
                return;
            }
        }
        let copy = Copied::of(head);
        self.bytes += copy.bytes;
        self.list.push(copy);
        while self.bounds.bytes < self.bytes && 2 < self.list.len() {
            self.thin();
        }
    }

    /// Drops every second copy; the one before takes over what it knew.
    fn thin(&mut self) {
        let mut kept: Vec<Copied> = Vec::with_capacity(self.list.len().div_ceil(2));
        for (at, copy) in self.list.drain(..).enumerate() {
            match kept.last_mut() {
                Some(before) if at % 2 == 1 => before.span.join(copy.span),
                Some(_) | None => kept.push(copy),
            }
        }
        self.list = kept;
        self.step = self.step.saturating_mul(2);
        self.bytes = self.list.iter().map(|copy| copy.bytes).sum();
    }

    /// Returns the last copy at or before a place, or the first one.
    pub(crate) fn nearest(&self, place: u64) -> &Copied {
        let after = self.list.partition_point(|copy| copy.replay.place <= place);
        &self.list[after.saturating_sub(1)]
    }

    /// Returns the first copy whose stretch ends behind a place and passes a test, and where that stretch ends; `None` as the
    /// end stands for the last stretch, which still grows.
    pub(crate) fn first_where(
        &self,
        from: u64,
        test: impl Fn(&Span) -> bool,
    ) -> Option<(&Copied, Option<u64>)> {
        (0..self.list.len()).find_map(|at| {
            let end = self.list.get(at + 1).map(|next| next.replay.place);
            let is_ahead = end.is_none_or(|end| from < end);
            let copy = &self.list[at];
            (is_ahead && test(&copy.span)).then_some((copy, end))
        })
    }

    /// Returns the last copy at which a run had not gone beyond a time.
    pub(crate) fn before_time(&self, run: &RunId, time: RunNs) -> &Copied {
        let after = self.list.partition_point(|copy| {
            let last = copy.replay.runs.trace(run).and_then(|trace| trace.last);
            last.is_none_or(|last| last <= time)
        });
        &self.list[after.saturating_sub(1)]
    }

    /// Returns how many copies there are, their bytes, and the most inputs between two of them.
    #[cfg(test)]
    pub(crate) const fn size(&self) -> (usize, usize, u64) {
        (self.list.len(), self.bytes, self.step)
    }
}

impl Copied {
    fn of(head: &Walker) -> Self {
        let mut replay = head.replay.clone();
        replay.folded.detach();
        let bytes = replay.bytes() + size_of::<Self>();
        Self { replay, mark: head.mark(), bytes, span: Span::default() }
    }
}

impl Span {
    fn note(&mut self, place: &Place<'_>) {
        self.join(Self { seq: place.seq, mono: place.mono_ns, ts: place.ts, batch: place.batch });
    }

    fn join(&mut self, other: Self) {
        // Nothing is less than something.
        self.seq = self.seq.max(other.seq);
        self.mono = self.mono.max(other.mono);
        self.ts = self.ts.max(other.ts);
        self.batch = self.batch.max(other.batch);
    }
}
