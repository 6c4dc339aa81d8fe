//! A ring of the latest points, shared with snapshots without copying it again until it changes.

use std::cell::OnceCell;
use std::collections::VecDeque;
use std::sync::Arc;

/// Points kept in every history of a snapshot.
pub const POINTS: usize = 128;

/// The latest `N` points, oldest first. Holds no memory before the first point.
#[derive(Debug, Clone)]
pub struct History<T, const N: usize = POINTS> {
    points: VecDeque<T>,
    shared: OnceCell<Arc<[T]>>,
}

impl<T: Clone, const N: usize> History<T, N> {
    /// Returns a history without points.
    pub const fn new() -> Self {
        Self { points: VecDeque::new(), shared: OnceCell::new() }
    }

    /// Adds a point and forgets the oldest one beyond `N`. What was shared before does not change.
    pub fn push(&mut self, point: T) {
        if self.points.len() == N {
            self.points.pop_front();
        }
        self.points.push_back(point);
        self.shared.take();
    }

    /// Returns all points, oldest first. Free until the next [`push`](Self::push), whoever asks.
    pub fn shared(&self) -> Arc<[T]> {
        Arc::clone(self.shared.get_or_init(|| self.points.iter().cloned().collect()))
    }

    /// Returns the latest `count` points, or all if there are fewer, oldest first.
    pub fn latest(&self, count: usize) -> Vec<T> {
        let skipped = self.points.len().saturating_sub(count);
        self.points.range(skipped..).cloned().collect()
    }

    /// Replaces every point by one that is made from it.
    pub(crate) fn renew(&mut self, make: impl Fn(&T) -> T) {
        self.points = self.points.iter().map(make).collect();
        self.shared.take();
    }

    /// Returns how much memory the points take in the ring (bytes), without what they point to.
    pub fn heap_bytes(&self) -> usize {
        self.points.len() * size_of::<T>()
    }

    /// Returns the points, oldest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &T> + DoubleEndedIterator + Clone {
        self.points.iter()
    }

    /// Returns the newest point.
    pub fn newest(&self) -> Option<&T> {
        self.points.back()
    }
}

impl<T: Clone, const N: usize> Default for History<T, N> {
    fn default() -> Self {
        Self::new()
    }
}
