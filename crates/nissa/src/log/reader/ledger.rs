//! What is damaged, and how many events went with it: bounded by the numbers of the events around, and by marks.

use crate::recording::{Damage, Lost};

/// Entries kept; what comes after is added to the last one, so that a hostile file cannot take all memory.
const MAX_ENTRIES: usize = 65_536;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// By segment and offset.
    entries: Vec<Damage>,
    /// Places in `entries` of what was met since the last event.
    open: Vec<usize>,
    /// Number of the last event; `None` before the first one read.
    pub(super) last: Option<u64>,
    /// Whether everything before the last event was read, so that numbers begin at 0.
    from_start: bool,
}

impl Ledger {
    pub(super) fn new() -> Self {
        Self { from_start: true, ..Self::default() }
    }

    pub(super) fn entries(&self) -> &[Damage] {
        &self.entries
    }

    /// Goes on somewhere else: nothing is known of the events before.
    pub(super) fn jump(&mut self, to_start: bool) {
        self.open.clear();
        self.last = None;
        self.from_start = to_start;
    }

    /// Goes back to where the last event read had this number; see [`Self::origin`].
    pub(super) fn restore(&mut self, (last, from_start): (Option<u64>, bool)) {
        self.open.clear();
        (self.last, self.from_start) = (last, from_start);
    }

    /// Returns the number of the last event, and whether everything before it was read.
    pub(super) const fn origin(&self) -> (Option<u64>, bool) {
        (self.last, self.from_start)
    }

    /// Notes damage. Met a second time, after a jump, it is noted once.
    pub(super) fn add(&mut self, damage: Damage) {
        let key = |damage: &Damage| (damage.segment, damage.offset, damage.kind);
        match self.entries.binary_search_by_key(&key(&damage), key) {
            Ok(at) => self.open.push(at),
            Err(at) if self.entries.len() < MAX_ENTRIES => {
                self.entries.insert(at, damage);
                self.open.push(at);
            }
            Err(_) => {
                if let Some(last) = self.entries.last_mut() {
                    last.bytes += damage.bytes;
                    let ((a, b), (c, d)) = (last.events.bounds(), damage.events.bounds());
                    let most = b.zip(d).map(|(b, d)| b.saturating_add(d));
                    last.events = Lost::within(a.saturating_add(c), most);
                }
            }
        }
    }

    /// Notes the number of an event that was read: no more than is missing before it was lost since the last one.
    pub(super) fn event(&mut self, seq: u64) {
        if !self.open.is_empty() {
            let hole = match self.last {
                Some(last) => Some(seq.saturating_sub(last).saturating_sub(1)),
                None => self.from_start.then_some(seq),
            };
            if let Some(hole) = hole {
                let open = std::mem::take(&mut self.open);
                self.bound(&open, hole, false);
            }
            self.open.clear();
        }
        self.last = Some(seq);
    }

    /// Notes what the mark of a segment that was read from its start says: how many of its events were not read.
    pub(super) fn mark(&mut self, segment: u32, unread: u64) {
        let start = self.entries.partition_point(|entry| entry.segment < segment);
        let end = self.entries.partition_point(|entry| entry.segment <= segment);
        let inside: Vec<usize> = (start..end).collect();
        self.bound(&inside, unread, true);
    }

    /// Bounds entries by what was lost in all of them together; `exact` where that is no bound but the number itself.
    fn bound(&mut self, places: &[usize], lost: u64, exact: bool) {
        let least = self.sum_of_least(places);
        let is_open = |place: &&usize| {
            let entry = self.entries.get(**place);
            entry.is_some_and(|entry| matches!(entry.events, Lost::Between { .. }))
        };
        let unsettled = places.iter().filter(is_open).count();
        for &place in places {
            let Some(entry) = self.entries.get_mut(place) else { continue };
            let (own, most) = entry.events.bounds();
            let limit = lost.saturating_sub(least.saturating_sub(own));
            let is_rest = unsettled == 1 && matches!(entry.events, Lost::Between { .. });
            entry.events = if exact && (places.len() == 1 || is_rest) {
                Lost::Exactly(limit)
            } else {
                let most = most.map_or(limit, |most| most.min(limit));
                Lost::within(own.min(most), Some(most))
            };
        }
    }

    fn sum_of_least(&self, places: &[usize]) -> u64 {
        let entries = places.iter().filter_map(|&place| self.entries.get(place));
        entries.fold(0, |sum: u64, entry| sum.saturating_add(entry.events.bounds().0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::DamageKind;

    const fn damage(offset: u64, events: Lost) -> Damage {
        Damage { segment: 1, offset, bytes: 5, kind: DamageKind::Corrupt, events }
    }

    const UNKNOWN: Lost = Lost::Between { least: 1, most: None };

    #[test]
    fn the_hole_between_the_events_around_bounds_a_loss() {
        let mut ledger = Ledger::new();
        ledger.event(4);
        ledger.add(damage(10, UNKNOWN));
        ledger.event(8);
        ledger.add(damage(20, UNKNOWN));
        ledger.event(10);
        ledger.add(damage(30, UNKNOWN));
        let lost: Vec<_> = ledger.entries().iter().map(|damage| damage.events).collect();
        assert_eq!(lost, [Lost::Between { least: 1, most: Some(3) }, Lost::Exactly(1), UNKNOWN]);
    }

    #[test]
    fn damages_between_two_events_share_their_hole() {
        let mut ledger = Ledger::new();
        ledger.add(damage(10, Lost::Exactly(1)));
        ledger.add(damage(20, UNKNOWN));
        ledger.event(3);
        let lost: Vec<_> = ledger.entries().iter().map(|damage| damage.events).collect();
        assert_eq!(lost, [Lost::Exactly(1), Lost::Between { least: 1, most: Some(2) }]);
    }

    #[test]
    fn a_mark_tells_the_loss_of_the_only_damage() {
        let mut ledger = Ledger::new();
        ledger.add(damage(10, UNKNOWN));
        ledger.mark(1, 4);
        assert_eq!(ledger.entries()[0].events, Lost::Exactly(4));
        ledger.mark(2, 1);
        assert_eq!(ledger.entries()[0].events, Lost::Exactly(4));
    }

    #[test]
    fn after_a_jump_no_hole_is_known_and_nothing_is_noted_twice() {
        let mut ledger = Ledger::new();
        ledger.add(damage(10, Lost::Exactly(1)));
        ledger.jump(false);
        ledger.add(damage(10, UNKNOWN));
        ledger.add(damage(20, UNKNOWN));
        ledger.event(90);
        let lost: Vec<_> = ledger.entries().iter().map(|damage| damage.events).collect();
        assert_eq!(lost, [Lost::Exactly(1), UNKNOWN]);
    }

    #[test]
    fn entries_are_bounded_and_their_bytes_are_not() {
        let mut ledger = Ledger::new();
        for n in 0..MAX_ENTRIES as u64 + 3 {
            ledger.add(damage(n, Lost::Exactly(1)));
        }
        assert_eq!(ledger.entries().len(), MAX_ENTRIES);
        let bytes: u64 = ledger.entries().iter().map(|damage| damage.bytes).sum();
        assert_eq!(bytes, 5 * (MAX_ENTRIES as u64 + 3));
        assert_eq!(ledger.entries().last().unwrap().events, Lost::Exactly(4));
    }
}
