//! The sparse index beside a segment: places to start reading from. Never the truth: whoever uses an entry checks that the
//! frame it points to is there, and without an index the segment is read from its start.

use leyline::RunNs;

/// First bytes of an index.
pub const MAGIC: [u8; 8] = *b"\x89SIDX\r\n\x1a";

/// Bytes of log between two entries, at least.
pub const SPACING: u64 = 65_536;

/// Bytes of the head of an index: magic, nonce, segment, checksum.
pub const HEAD_BYTES: usize = 24;

/// Bytes of an entry, checksum included.
pub const ENTRY_BYTES: usize = 36;

/// A place in a segment where a frame with an event begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Where the frame begins, in bytes from the start of the segment.
    pub offset: u64,
    /// Number of its event.
    pub seq: u64,
    /// Time of its event.
    pub mono_ns: RunNs,
    /// Events in the segment before it.
    pub events_before: u64,
}

/// Returns the head of the index of a segment.
///
/// ```text
/// [8 magic][u64 nonce][u32 segment][u32 crc32c of all before]
/// ```
pub fn head(nonce: u64, segment: u32) -> [u8; HEAD_BYTES] {
    let mut bytes = [0; HEAD_BYTES];
    let (covered, checksum) = bytes.split_at_mut(HEAD_BYTES - 4);
    let parts = MAGIC.into_iter().chain(nonce.to_le_bytes()).chain(segment.to_le_bytes());
    covered.iter_mut().zip(parts).for_each(|(byte, part)| *byte = part);
    checksum.copy_from_slice(&crc32c::crc32c(covered).to_le_bytes());
    bytes
}

impl Entry {
    /// Returns the entry as it stands in the file.
    ///
    /// ```text
    /// [u64 offset][u64 seq][u64 mono_ns][u64 events before][u32 crc32c of all before]
    /// ```
    pub fn to_bytes(self) -> [u8; ENTRY_BYTES] {
        let Self { offset, seq, mono_ns, events_before } = self;
        let mut bytes = [0; ENTRY_BYTES];
        let (covered, checksum) = bytes.split_at_mut(ENTRY_BYTES - 4);
        let parts = [offset, seq, mono_ns.0, events_before];
        for (place, part) in covered.chunks_exact_mut(8).zip(parts) {
            place.copy_from_slice(&part.to_le_bytes());
        }
        checksum.copy_from_slice(&crc32c::crc32c(covered).to_le_bytes());
        bytes
    }

    /// Reads an entry; `None` if it is damaged.
    pub fn from_bytes(bytes: &[u8; ENTRY_BYTES]) -> Option<Self> {
        let (covered, checksum) = bytes.split_at(ENTRY_BYTES - 4);
        if crc32c::crc32c(covered).to_le_bytes() != checksum {
            return None;
        }
        let number = |at: usize| {
            let part = covered.get(8 * at..8 * at + 8).and_then(|part| part.first_chunk());
            part.map(|part| u64::from_le_bytes(*part))
        };
        Some(Self {
            offset: number(0)?,
            seq: number(1)?,
            mono_ns: RunNs(number(2)?),
            events_before: number(3)?,
        })
    }
}

/// Reads the entries of an index, as far as they are whole and rise. Nothing, if it belongs to another segment.
pub fn read(bytes: &[u8], nonce: u64, segment: u32) -> Vec<Entry> {
    let Some((found, rest)) = bytes.split_first_chunk::<HEAD_BYTES>() else { return Vec::new() };
    if *found != head(nonce, segment) {
        return Vec::new();
    }
    let mut entries: Vec<Entry> = Vec::new();
    for chunk in rest.chunks_exact(ENTRY_BYTES) {
        let entry = chunk.first_chunk().and_then(Entry::from_bytes);
        let rises = |entry: &Entry| {
            entries.last().is_none_or(|last| {
                last.offset < entry.offset
                    && last.seq < entry.seq
                    && last.mono_ns <= entry.mono_ns
                    && last.events_before < entry.events_before
            })
        };
        let Some(entry) = entry.filter(rises) else { break };
        entries.push(entry);
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn entry(n: u64) -> Entry {
        Entry { offset: 100 * n, seq: 3 * n, mono_ns: RunNs(7 * n), events_before: n }
    }

    fn file(entries: &[Entry]) -> Vec<u8> {
        let mut bytes = head(9, 2).to_vec();
        bytes.extend(entries.iter().flat_map(|entry| entry.to_bytes()));
        bytes
    }

    #[test]
    fn entries_read_back_as_far_as_they_are_whole() {
        let entries = [entry(1), entry(2), entry(3)];
        let bytes = file(&entries);
        assert_eq!(read(&bytes, 9, 2), entries);
        assert_eq!(read(&bytes, 8, 2), []);
        assert_eq!(read(&bytes, 9, 1), []);
        assert_eq!(read(&bytes[..bytes.len() - 1], 9, 2), entries[..2]);
        let mut damaged = bytes;
        damaged[HEAD_BYTES + ENTRY_BYTES + 3] ^= 1;
        assert_eq!(read(&damaged, 9, 2), entries[..1]);
    }

    #[test]
    fn entries_that_do_not_rise_end_the_reading() {
        assert_eq!(read(&file(&[entry(1), entry(3), entry(2)]), 9, 2), [entry(1), entry(3)]);
    }
}
