//! The inputs of a run without a log, in this viewer's own memory: a ring that the fold fills, and the way to read it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use crossbeam_channel::{Receiver, Sender, bounded};
use leyline::{Envelope, Incoming};

use crate::time::replay::Replay;

/// Bytes of inputs kept.
pub(crate) const BUDGET_BYTES: usize = 64 << 20;
/// Inputs handed over at once.
const AT_ONCE: usize = 4096;
/// What an input takes beside its own bytes: counters of its `Arc`, its place in the ring, the numbers of a report.
const OVERHEAD_BYTES: usize = 96;

/// An input in memory.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct KeptInput {
    /// What the source said right before it: its live part begins at this number.
    pub(crate) live_from: Option<u64>,
    pub(crate) incoming: Incoming,
}

/// The latest inputs, and the state before the first of them.
#[derive(Debug)]
pub(crate) struct Memory {
    inputs: VecDeque<KeptInput>,
    bytes: usize,
    budget: usize,
    base: Replay,
    /// What the source said and no input has followed yet.
    live_from: Option<u64>,
}

/// Asks the fold for inputs.
#[derive(Debug)]
pub(crate) struct Request {
    from: u64,
    answer: Sender<Part>,
}

/// A part of what is kept.
#[derive(Debug)]
pub(crate) struct Part {
    /// The state before `inputs`, if what was asked for is not kept any more.
    base: Option<Box<Replay>>,
    inputs: Vec<KeptInput>,
    /// The first place that is kept.
    first: u64,
}

impl Memory {
    pub(crate) fn new(budget: usize) -> Self {
        let inputs = VecDeque::new();
        Self { inputs, bytes: 0, budget, base: Replay::new(), live_from: None }
    }

    /// Notes that the live part of the source begins at a number.
    pub(crate) const fn live_from(&mut self, seq: u64) {
        self.live_from = Some(seq);
    }

    /// Keeps an input; the oldest ones go where there is no room.
    pub(crate) fn push(&mut self, incoming: Incoming) {
        let input = KeptInput { live_from: self.live_from.take(), incoming };
        self.bytes += bytes(&input);
        self.inputs.push_back(input);
        while self.budget < self.bytes
            && let Some(gone) = self.inputs.pop_front()
        {
            self.bytes -= bytes(&gone);
            if let Some(from_seq) = gone.live_from {
                self.base.link(karn_sanctum::Link::Live { from_seq });
            }
            self.base.fold(&gone.incoming);
        }
    }

    /// Answers a request; whoever asked may be gone.
    pub(crate) fn answer(&self, request: &Request) {
        request.answer.try_send(self.part(request.from)).ok();
    }

    fn part(&self, from: u64) -> Part {
        let first = self.base.place;
        let skipped = usize::try_from(from.saturating_sub(first)).unwrap_or(usize::MAX);
        let inputs = self.inputs.iter().skip(skipped).take(AT_ONCE).cloned().collect();
        Part { base: (from < first).then(|| Box::new(self.base.clone())), inputs, first }
    }
}

/// Returns roughly how much memory an input takes (bytes).
fn bytes(input: &KeptInput) -> usize {
    let own = match &input.incoming {
        Incoming::Known(envelope) => size_of::<Envelope>() + envelope.message.len(),
        Incoming::Unknown(event) => event.event_type.len() + event.message.len(),
        Incoming::Rejected(rejection) => rejection.event_type.as_ref().map_or(0, String::len),
    };
    size_of::<KeptInput>() + own + OVERHEAD_BYTES
}

/// Where the memory is: with the fold while it runs, here after it has ended.
pub(crate) struct Keeper {
    ask: Box<dyn Fn(Request) -> bool + Send>,
    left: Receiver<Box<Memory>>,
    own: Option<Box<Memory>>,
}

impl Keeper {
    /// `ask` hands a request to the fold and says whether it is still there; `left` brings the memory when it has ended.
    pub(crate) fn new(
        ask: Box<dyn Fn(Request) -> bool + Send>,
        left: Receiver<Box<Memory>>,
    ) -> Self {
        Self { ask, left, own: None }
    }

    fn part(&mut self, from: u64) -> Option<Part> {
        if self.own.is_none() {
            let (answer, answered) = bounded(1);
            if (self.ask)(Request { from, answer })
                && let Ok(part) = answered.recv()
            {
                return Some(part);
            }
            // The fold has ended, and leaves its memory behind.
            self.own = self.left.recv().ok();
        }
        self.own.as_ref().map(|memory| memory.part(from))
    }
}

/// A walk along the memory.
pub(crate) struct Kept {
    keeper: Rc<RefCell<Keeper>>,
    buffer: VecDeque<KeptInput>,
    /// Place of the input after those in the buffer.
    next: u64,
    first: u64,
    moved: Option<Box<Replay>>,
}

impl Kept {
    /// Returns two walks that share their way to the memory.
    pub(crate) fn pair(keeper: Keeper) -> (Self, Self) {
        let keeper = Rc::new(RefCell::new(keeper));
        let walk =
            |keeper| Self { keeper, buffer: VecDeque::new(), next: 0, first: 0, moved: None };
        (walk(Rc::clone(&keeper)), walk(keeper))
    }

    /// Returns the next input; `None` if there is none yet.
    pub(crate) fn next(&mut self) -> Option<KeptInput> {
        if self.buffer.is_empty() {
            let Part { base, inputs, first } = self.keeper.borrow_mut().part(self.next)?;
            self.first = first;
            if let Some(base) = base {
                self.next = base.place;
                self.moved = Some(base);
            }
            self.next += inputs.len() as u64;
            self.buffer = inputs.into();
        }
        self.buffer.pop_front()
    }

    /// Returns the state to go on from, if what followed the one before is not kept any more.
    pub(crate) const fn moved(&mut self) -> Option<Box<Replay>> {
        self.moved.take()
    }

    pub(crate) fn go(&mut self, place: u64) {
        self.buffer.clear();
        self.next = place;
    }

    /// Returns the first place that is kept, as far as was heard.
    pub(crate) const fn first(&self) -> u64 {
        self.first
    }

    /// Returns whether nothing can follow.
    pub(crate) fn is_over(&self) -> bool {
        self.keeper.borrow().own.is_some()
    }
}
