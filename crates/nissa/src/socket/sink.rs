//! The sink that viewers hang on: encodes each event once and offers it to each viewer's queue; it never waits.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_channel::Receiver;
use leyline::wire::encode_frame;
use leyline::{Envelope, EventKind, GroupId, RunNs};
use simic_emitter::{LaneCount, Sink, SinkError};

use super::queue::{Chunk, Item, ViewerQueue};
use crate::log::frame;

/// Events are handed on when this much is collected, if the hub's queue has not run empty before (bytes).
const CHUNK_BYTES: usize = 64 * 1024;
/// As many events at most are handed on at once.
const CHUNK_FRAMES: u32 = 512;
/// Starts kept for viewers of a run without a log: one for each group that the contract allows.
const MAX_STARTS: usize = 64;

/// Offers events to viewers; made by [`super::serve`].
///
/// Events that come thick and fast are collected for a moment, so that a viewer costs one queue operation for many of them.
/// Without a viewer nothing is encoded. An event is delivered once every viewer's queue took it or that viewer was given
/// up: what becomes of it there is between the viewer and the log.
#[derive(Debug)]
pub struct SocketSink {
    /// Viewers that joined since the last look.
    joining: Receiver<ViewerQueue>,
    viewers: Vec<ViewerQueue>,
    /// Frames that are not handed on yet.
    frames: Vec<u8>,
    count: u32,
    /// Number of the first of them.
    first: u64,
    held: LaneCount,
    /// Number after the last event seen, for welcomes.
    next: Arc<AtomicU64>,
    starts: Starts,
}

/// The starts of a run's groups, for a run without a log.
#[derive(Debug)]
struct Starts {
    is_kept: bool,
    frames: BTreeMap<GroupId, (u64, Arc<[u8]>)>,
}

impl SocketSink {
    pub(super) const fn new(
        joining: Receiver<ViewerQueue>,
        next: Arc<AtomicU64>,
        keeps_starts: bool,
    ) -> Self {
        Self {
            joining,
            viewers: Vec::new(),
            frames: Vec::new(),
            count: 0,
            first: 0,
            held: LaneCount::ZERO,
            next,
            starts: Starts { is_kept: keeps_starts, frames: BTreeMap::new() },
        }
    }

    /// Lets waiting viewers in: they get everything from number `from` on.
    fn admit(&mut self, from: u64) {
        if self.joining.is_empty() {
            return;
        }
        self.hand_on();
        for viewer in self.joining.try_iter() {
            let item = Item::Live { from, starts: self.starts.before(from) };
            if viewer.offer(item) {
                self.viewers.push(viewer);
            }
        }
    }

    fn hand_on(&mut self) {
        if self.count == 0 {
            return;
        }
        let chunk =
            Chunk { first: self.first, count: self.count, frames: self.frames.as_slice().into() };
        self.viewers.retain(|viewer| viewer.offer(Item::Events(chunk.clone())));
        self.frames.clear();
        self.count = 0;
        self.held = LaneCount::ZERO;
    }
}

impl Sink for SocketSink {
    fn accept(&mut self, envelope: &Arc<Envelope>) -> Result<(), SinkError> {
        let seq = envelope.seq;
        // Read by welcomes alone, which need no order with anything else.
        self.next.store(seq.saturating_add(1), Ordering::Relaxed);
        self.admit(seq);
        let kind = envelope.event.kind();
        if kind == EventKind::TrainingStarted {
            self.starts.keep(envelope)?;
        }
        if self.viewers.is_empty() {
            return Ok(());
        }
        if self.first.saturating_add(self.count.into()) != seq {
            // A chunk has no holes, so that whoever sends it sees them between chunks.
            self.hand_on();
        }
        if self.count == 0 {
            self.first = seq;
        }
        append(envelope, &mut self.frames)?;
        self.count += 1;
        self.held = self.held.plus(LaneCount::one(kind.lane()));
        if CHUNK_FRAMES <= self.count || CHUNK_BYTES <= self.frames.len() {
            self.hand_on();
        }
        Ok(())
    }

    fn idle(&mut self, _: RunNs) -> Result<(), SinkError> {
        self.hand_on();
        self.admit(self.next.load(Ordering::Relaxed));
        Ok(())
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        self.idle(RunNs(0))
    }

    fn held(&self) -> LaneCount {
        self.held
    }
}

impl Starts {
    fn keep(&mut self, envelope: &Envelope) -> Result<(), SinkError> {
        let is_new = !self.frames.contains_key(&envelope.group_id);
        if !self.is_kept || (is_new && MAX_STARTS <= self.frames.len()) {
            return Ok(());
        }
        let mut bytes = Vec::new();
        append(envelope, &mut bytes)?;
        self.frames.insert(envelope.group_id.clone(), (envelope.seq, bytes.into()));
        Ok(())
    }

    /// Returns the starts below a number, with theirs, in the order of their numbers.
    fn before(&self, seq: u64) -> Vec<(u64, Arc<[u8]>)> {
        let mut starts: Vec<_> =
            self.frames.values().filter(|(start, _)| *start < seq).cloned().collect();
        starts.sort_by_key(|(start, _)| *start);
        starts
    }
}

/// Appends an event as a whole frame, or nothing.
pub(super) fn append(envelope: &Envelope, out: &mut Vec<u8>) -> Result<(), SinkError> {
    let start = frame::open(out);
    if let Err(error) = encode_frame(envelope, out) {
        out.truncate(start);
        return Err(SinkError::new(error));
    }
    frame::close(out, start);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::bounded;
    use leyline::{Event, Heartbeat, Phase, RunId, Severity, Timestamp, TrainingStarted};

    use super::super::queue::{self, QueueBounds};
    use super::*;

    const BOUNDS: QueueBounds = QueueBounds { frames: 8, bytes: 4096 };

    fn event(seq: u64, message: &str) -> Arc<Envelope> {
        let heartbeat = Heartbeat { phase: Phase::Collecting, batch_idx: None, inner_epoch: None };
        envelope(seq, message, Event::Heartbeat(heartbeat))
    }

    fn envelope(seq: u64, message: &str, event: Event) -> Arc<Envelope> {
        Arc::new(Envelope {
            v: 1,
            run_id: RunId::nearest("r"),
            group_id: GroupId::default(),
            seq,
            ts: Timestamp::from_micros(0),
            mono_ns: RunNs(seq),
            severity: Severity::Debug,
            message: message.to_owned(),
            env_id: None,
            event,
        })
    }

    fn started(seq: u64) -> Arc<Envelope> {
        let started = TrainingStarted {
            task: String::new(),
            n_envs: None,
            max_epochs: None,
            max_batches: 1,
            start_batch: 0,
            requested_batches: None,
            start_episodes: None,
            host_params: None,
            reward_mode: None,
            max_entropy: None,
            success_return: None,
            seed: None,
            device: None,
            resumed_from: None,
            hyperparams: None,
        };
        envelope(seq, "", Event::TrainingStarted(Box::new(started)))
    }

    /// Says what lies in a queue, in short: `L3` live from 3, `E3+2` two events from 3 on.
    fn items(queue: &queue::Waiting) -> Vec<String> {
        let mut items = Vec::new();
        while let Ok(item) = queue.items.try_recv() {
            queue.taken(&item);
            items.push(match item {
                Item::Live { from, starts } if starts.is_empty() => format!("L{from}"),
                Item::Live { from, starts } => format!("L{from} after {}", starts.len()),
                Item::Events(Chunk { first, count, .. }) => format!("E{first}+{count}"),
            });
        }
        items
    }

    #[test]
    fn a_viewer_gets_everything_from_the_number_it_is_told() {
        let (join, joining) = bounded(4);
        let mut sink = SocketSink::new(joining, Arc::default(), false);
        sink.accept(&event(0, "")).unwrap();
        let (early, early_queue) = queue::queue(BOUNDS);
        join.send(early).unwrap();
        sink.accept(&event(1, "")).unwrap();
        sink.accept(&event(2, "")).unwrap();
        assert_eq!(sink.held().total(), 2);
        let (late, late_queue) = queue::queue(BOUNDS);
        join.send(late).unwrap();
        sink.accept(&event(3, "")).unwrap();
        sink.accept(&event(5, "")).unwrap();
        sink.idle(RunNs(0)).unwrap();
        assert_eq!(sink.held(), LaneCount::ZERO);
        assert_eq!(items(&early_queue), ["L1", "E1+2", "E3+1", "E5+1"]);
        assert_eq!(items(&late_queue), ["L3", "E3+1", "E5+1"]);
    }

    #[test]
    fn in_silence_a_viewer_is_live_from_the_next_number() {
        let (join, joining) = bounded(4);
        let mut sink = SocketSink::new(joining, Arc::default(), true);
        let (viewer, queue) = queue::queue(BOUNDS);
        join.send(viewer).unwrap();
        sink.idle(RunNs(0)).unwrap();
        assert_eq!(items(&queue), ["L0"]);
        sink.accept(&started(0)).unwrap();
        sink.accept(&event(1, "")).unwrap();
        let (second, second_queue) = queue::queue(BOUNDS);
        join.send(second).unwrap();
        sink.idle(RunNs(0)).unwrap();
        assert_eq!(items(&queue), ["E0+2"]);
        assert_eq!(items(&second_queue), ["L2 after 1"]);
    }

    #[test]
    fn a_full_queue_ends_that_viewer_alone() {
        let (join, joining) = bounded(4);
        let mut sink = SocketSink::new(joining, Arc::default(), false);
        let (slow, slow_queue) = queue::queue(BOUNDS);
        let (quick, quick_queue) = queue::queue(BOUNDS);
        join.send(slow).unwrap();
        join.send(quick).unwrap();
        sink.idle(RunNs(0)).unwrap();
        for seq in 0..9 {
            sink.accept(&event(seq, "")).unwrap();
            sink.idle(RunNs(0)).unwrap();
            assert!(slow_queue.is_too_slow() == (seq == 8), "{seq}");
            assert!(items(&quick_queue).contains(&format!("E{seq}+1")));
        }
        assert_eq!(sink.viewers.len(), 1);
        assert_eq!(items(&slow_queue).len(), 9, "what is in it stays in it");
        assert!(!quick_queue.is_too_slow());
    }

    #[test]
    fn bytes_fill_a_queue_as_frames_do() {
        let (join, joining) = bounded(4);
        let mut sink = SocketSink::new(joining, Arc::default(), false);
        let (viewer, queue) = queue::queue(BOUNDS);
        join.send(viewer).unwrap();
        sink.accept(&event(0, &"x".repeat(3000))).unwrap();
        sink.idle(RunNs(0)).unwrap();
        assert!(!queue.is_too_slow());
        sink.accept(&event(1, &"x".repeat(3000))).unwrap();
        sink.idle(RunNs(0)).unwrap();
        assert!(queue.is_too_slow());
    }

    #[test]
    fn a_viewer_that_left_is_forgotten() {
        let (join, joining) = bounded(4);
        let mut sink = SocketSink::new(joining, Arc::default(), false);
        let (viewer, queue) = queue::queue(BOUNDS);
        join.send(viewer).unwrap();
        sink.accept(&event(0, "")).unwrap();
        drop(queue);
        sink.idle(RunNs(0)).unwrap();
        assert!(sink.viewers.is_empty());
        sink.accept(&event(1, "")).unwrap();
        assert_eq!(sink.held(), LaneCount::ZERO, "nothing is encoded for nobody");
    }

    #[test]
    fn an_event_that_is_no_frame_is_dropped_alone() {
        let (join, joining) = bounded(4);
        let mut sink = SocketSink::new(joining, Arc::default(), false);
        let (viewer, queue) = queue::queue(QueueBounds { frames: 8, bytes: 1 << 24 });
        join.send(viewer).unwrap();
        sink.accept(&event(0, "")).unwrap();
        sink.accept(&event(1, &"x".repeat(2_000_000))).unwrap_err();
        sink.accept(&event(2, "")).unwrap();
        sink.idle(RunNs(0)).unwrap();
        assert_eq!(items(&queue), ["L0", "E0+1", "E2+1"]);
    }
}
