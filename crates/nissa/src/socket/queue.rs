//! The bounded queue between the sink and one viewer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crossbeam_channel::{Receiver, Sender, bounded};

/// How much may wait for one viewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueBounds {
    /// Events.
    pub frames: usize,
    /// Their bytes, heads of frames included.
    pub bytes: usize,
}

/// What waits for a viewer.
#[derive(Debug, Clone)]
pub(super) enum Item {
    /// The first one: the live part begins.
    Live {
        /// Number of the first event that can follow.
        from: u64,
        /// Starts before it with their numbers, as frames, of a run without a log.
        starts: Vec<(u64, Arc<[u8]>)>,
    },
    /// Events.
    Events(Chunk),
}

/// Events with consecutive numbers, as frames; shared by all viewers.
#[derive(Debug, Clone)]
pub(super) struct Chunk {
    /// Number of the first.
    pub(super) first: u64,
    /// How many.
    pub(super) count: u32,
    pub(super) frames: Arc<[u8]>,
}

/// How full a queue is.
#[derive(Debug, Default)]
struct Load {
    frames: AtomicUsize,
    bytes: AtomicUsize,
    too_slow: AtomicBool,
}

/// The sink's end.
#[derive(Debug)]
pub(super) struct ViewerQueue {
    bounds: QueueBounds,
    load: Arc<Load>,
    items: Sender<Item>,
}

/// The viewer's end.
#[derive(Debug)]
pub(super) struct Waiting {
    load: Arc<Load>,
    /// Closed when the sink is done with the viewer, or gone.
    pub(super) items: Receiver<Item>,
}

/// Returns both ends of an empty queue.
pub(super) fn queue(bounds: QueueBounds) -> (ViewerQueue, Waiting) {
    let load = Arc::new(Load::default());
    // One more for the first item, which carries no event.
    let (sender, items) = bounded(bounds.frames + 1);
    (ViewerQueue { bounds, load: Arc::clone(&load), items: sender }, Waiting { load, items })
}

impl ViewerQueue {
    /// Puts something in; false if the viewer has left, or if it does not fit: then the viewer is too slow, and done.
    pub(super) fn offer(&self, item: Item) -> bool {
        let (frames, bytes) = item.load();
        let Load { frames: all_frames, bytes: all_bytes, too_slow } = &*self.load;
        // Only the sink adds, so that what is read here can become less until the addition, and never more.
        let fits = all_frames.load(Ordering::Acquire) + frames <= self.bounds.frames
            && all_bytes.load(Ordering::Acquire) + bytes <= self.bounds.bytes;
        if !fits {
            too_slow.store(true, Ordering::Release);
            return false;
        }
        all_frames.fetch_add(frames, Ordering::AcqRel);
        all_bytes.fetch_add(bytes, Ordering::AcqRel);
        // Every item but the first has a frame, so there is room, unless the viewer left.
        self.items.try_send(item).is_ok()
    }
}

impl Waiting {
    /// Notes that an item was taken out, which makes room.
    pub(super) fn taken(&self, item: &Item) {
        let (frames, bytes) = item.load();
        self.load.frames.fetch_sub(frames, Ordering::AcqRel);
        self.load.bytes.fetch_sub(bytes, Ordering::AcqRel);
    }

    /// Returns whether the queue was full once: nothing more comes, and something is missing.
    pub(super) fn is_too_slow(&self) -> bool {
        self.load.too_slow.load(Ordering::Acquire)
    }
}

impl Item {
    fn load(&self) -> (usize, usize) {
        match self {
            // Bounded by the number of groups, and sent once.
            Self::Live { from: _, starts: _ } => (0, 0),
            Self::Events(Chunk { first: _, count, frames }) => (*count as usize, frames.len()),
        }
    }
}
