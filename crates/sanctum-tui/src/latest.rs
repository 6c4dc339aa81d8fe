//! A slot for the newest value: a queue of one place, whose writer takes out the old value before it puts in the new one.

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

/// The writing end; nobody ever waits for it.
#[derive(Debug)]
pub struct Latest<T> {
    fill: Sender<T>,
    clear: Receiver<T>,
}

/// Returns an empty slot and the end to read it from.
///
/// There is one writer: two could push out each other's newer value.
pub fn latest<T>() -> (Latest<T>, Receiver<T>) {
    let (fill, read) = bounded(1);
    (Latest { fill, clear: read.clone() }, read)
}

impl<T> Latest<T> {
    /// Puts a value into the slot; one that nobody has read is dropped.
    pub fn put(&mut self, mut value: T) {
        while let Err(TrySendError::Full(back)) = self.fill.try_send(value) {
            value = back;
            drop(self.clear.try_recv());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reader_gets_the_newest_value_once() {
        let (mut slot, read) = latest();
        (1..=3).for_each(|n| slot.put(n));
        assert_eq!(read.try_recv(), Ok(3));
        assert!(read.try_recv().is_err());
        slot.put(4);
        assert_eq!(read.try_recv(), Ok(4));
    }

    #[test]
    fn a_writer_without_reader_does_not_wait() {
        let (mut slot, read) = latest();
        drop(read);
        (0..10).for_each(|n| slot.put(n));
    }
}
