//! A second opinion on the bytes of a log: walks over its segments and shares no code with the product.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// What the bytes of a log say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Walk {
    /// Segments found, whatever they hold.
    pub(crate) segments: u64,
    /// Segments with a whole header.
    pub(crate) headers: u64,
    /// Numbers of the events, in the order of the files.
    pub(crate) seqs: Vec<u64>,
    /// Marks found, of any kind.
    pub(crate) marks: u64,
    /// Whether the last segment ends in a mark that says so.
    pub(crate) ended: bool,
    /// Whether it ends in a mark that says that another one follows.
    continued: bool,
    /// Name of the last segment, and where in it each of its frames ends, with the number of its event; first the header.
    last: (String, Vec<(Option<u64>, u64)>),
    /// For each segment that does not end where a frame ends: its name, and the bytes behind the last whole frame.
    pub(crate) torn: Vec<(String, u64)>,
}

const MAGIC: &[u8] = b"\x89SLOG\r\n\x1a";
/// Magic, format, length of the header.
const FIXED: usize = 14;
const FRAME_HEAD: usize = 8;
const MAX_FRAME: usize = 1_048_576;
/// First byte of a payload that is a mark, and its second byte: another segment follows, the log ends.
const MARK: u8 = 0;
const CONTINUED: u8 = 1;
const END: u8 = 2;

impl Walk {
    /// Walks over the segments of a run directory.
    pub(crate) fn of(dir: &Path) -> Result<Self> {
        let entries =
            fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
        let mut names = Vec::new();
        for entry in entries {
            let name = entry?.file_name().to_string_lossy().into_owned();
            let number = name.strip_prefix("events-").and_then(|rest| rest.strip_suffix(".slog"));
            if number.is_some() {
                names.push(name);
            }
        }
        // Five digits at least, so that a longer number is a later one.
        names.sort_by_key(|name| (name.len(), name.clone()));
        let mut walk = Self::default();
        for name in names {
            let path = dir.join(&name);
            let bytes =
                fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            walk.segment(name, &bytes);
        }
        if walk.continued {
            // Killed between two segments: the last one says that another follows, and nothing tells what was to be in it.
            walk.torn.push((format!("events-{:05}.slog", walk.segments), 0));
        }
        Ok(walk)
    }

    /// Bytes behind the last whole frames, all segments together.
    pub(crate) fn torn_bytes(&self) -> u64 {
        self.torn.iter().map(|(_, bytes)| bytes).sum()
    }

    /// Cuts the last segment off at a random place behind the event with this number, as a power cut may do with what was
    /// not synced. Returns how many bytes are gone.
    pub(crate) fn cut(&self, dir: &Path, acknowledged: Option<u64>, random: u64) -> Result<u64> {
        let (name, ends) = &self.last;
        let is_safe = |seq: Option<u64>| seq <= acknowledged;
        let Some((_, safe)) = ends.iter().rfind(|(seq, _)| is_safe(*seq)) else { return Ok(0) };
        let path = dir.join(name);
        let file = fs::File::options().write(true).open(&path);
        let file = file.with_context(|| format!("cannot open {}", path.display()))?;
        let length = file.metadata()?.len();
        let left = safe + random % (length - safe + 1);
        file.set_len(left)?;
        Ok(length - left)
    }

    fn segment(&mut self, name: String, bytes: &[u8]) {
        self.segments += 1;
        (self.ended, self.continued) = (false, false);
        self.last = (name.clone(), Vec::new());
        let Some(mut rest) = after_header(bytes) else {
            // Killed before the first write to it: there is no byte that could be damaged.
            self.torn.extend((!bytes.is_empty()).then_some((name, bytes.len() as u64)));
            return;
        };
        self.headers += 1;
        let place = |rest: &[u8]| (bytes.len() - rest.len()) as u64;
        self.last.1.push((None, place(rest)));
        while let Some((payload, after)) = frame(rest) {
            rest = after;
            (self.ended, self.continued) = (false, false);
            self.last
                .1
                .push((seq(payload).filter(|_| payload.first() != Some(&MARK)), place(rest)));
            if payload.first() == Some(&MARK) {
                self.marks += 1;
                self.ended = payload.get(1) == Some(&END);
                self.continued = payload.get(1) == Some(&CONTINUED);
            } else {
                self.seqs.extend(seq(payload));
            }
        }
        if !rest.is_empty() {
            self.torn.push((name, rest.len() as u64));
        }
    }
}

/// Returns what follows a whole header.
fn after_header(bytes: &[u8]) -> Option<&[u8]> {
    let length = usize::try_from(number(bytes, MAGIC.len() + 2, 4)?).ok()?;
    if !bytes.starts_with(MAGIC) || length < FIXED + 4 {
        return None;
    }
    let (header, rest) = bytes.split_at_checked(length)?;
    let (covered, checksum) = header.split_at_checked(length - 4)?;
    (u64::from(crc32c::crc32c(covered)) == number(checksum, 0, 4)?).then_some(rest)
}

/// Returns the payload of the frame at the start of `bytes`, if it is whole, and what follows it.
fn frame(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = usize::try_from(number(bytes, 0, 4)?).ok()?;
    if length == 0 || MAX_FRAME < length {
        return None;
    }
    let payload = bytes.get(FRAME_HEAD..FRAME_HEAD + length)?;
    let checksum = crc32c::crc32c_append(crc32c::crc32c(bytes.get(..4)?), payload);
    (u64::from(checksum) == number(bytes, 4, 4)?)
        .then_some((payload, bytes.get(FRAME_HEAD + length..)?))
}

/// Returns the number of an event: the second number of its payload, after its kind.
fn seq(payload: &[u8]) -> Option<u64> {
    let (_, rest) = varint(payload)?;
    varint(rest).map(|(seq, _)| seq)
}

/// Reads a number as bincode writes it: one byte, or 251, 252, 253 and then 2, 4, 8 bytes.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let length = match *bytes.first()? {
        small @ 0..=250 => return Some((small.into(), bytes.get(1..)?)),
        251 => 2,
        252 => 4,
        253 => 8,
        254.. => return None,
    };
    Some((number(bytes, 1, length)?, bytes.get(1 + length..)?))
}

/// Reads `length` bytes from `at` on as a little-endian number.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let bytes = bytes.get(at..at + length)?;
    Some(bytes.iter().rev().fold(0, |sum, &byte| sum << 8 | u64::from(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_le_bytes();
        let checksum = crc32c::crc32c(&[&length, payload].concat()).to_le_bytes();
        [&length, &checksum, payload].concat()
    }

    fn header() -> Vec<u8> {
        let mut bytes = [MAGIC, &[2, 0], &30_u32.to_le_bytes(), &[7; 12]].concat();
        let checksum = crc32c::crc32c(&bytes).to_le_bytes();
        bytes.extend(checksum);
        bytes
    }

    fn walk(files: &[(&str, Vec<u8>)]) -> Walk {
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            fs::write(dir.path().join(name), bytes).unwrap();
        }
        Walk::of(dir.path()).unwrap()
    }

    #[test]
    fn whole_frames_are_counted_and_the_rest_is_measured() {
        let first = [header(), framed(&[5, 7]), framed(&[5, 251, 0, 1]), framed(&[0, 1, 2])];
        let last = [header(), framed(&[5, 252, 1, 0, 1, 0]), vec![9; 5]].concat();
        let found = walk(&[
            ("events-00001.slog", last.clone()),
            ("events-00000.slog", first.concat()),
            ("events-00000.sidx", vec![1; 99]),
            ("manifest.json", vec![b'{']),
        ]);
        let torn = vec![("events-00001.slog".to_owned(), 5)];
        let expected = Walk {
            segments: 2,
            headers: 2,
            seqs: vec![7, 256, 65_537],
            marks: 1,
            ended: false,
            continued: false,
            last: found.last.clone(),
            torn,
        };
        assert_eq!(found, expected);
        let from = header().len() as u64;
        assert_eq!(found.last.1, [(None, from), (Some(65_537), from + 14)]);
        let found = walk(&[("events-00000.slog", first.concat())]);
        assert_eq!(found.torn, [("events-00001.slog".to_owned(), 0)], "the next one is missing");
        let cut = header().len() + 3;
        let found = walk(&[("events-00000.slog", last[..cut].to_vec())]);
        assert_eq!((found.seqs.len(), found.torn_bytes()), (0, 3));
        let found = walk(&[("events-00000.slog", last[..9].to_vec())]);
        assert_eq!((found.headers, found.torn_bytes()), (0, 9));
    }

    #[test]
    fn a_cut_spares_what_was_acknowledged() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events-00000.slog");
        let whole = [header(), framed(&[5, 7]), framed(&[5, 8]), framed(&[5, 9])].concat();
        for random in 0..40 {
            fs::write(&path, &whole).unwrap();
            let walk = Walk::of(dir.path()).unwrap();
            let gone = walk.cut(dir.path(), Some(8), random).unwrap();
            let left = Walk::of(dir.path()).unwrap();
            assert!(left.seqs.starts_with(&[7, 8]) && gone <= 10, "{random}: {gone}");
            assert_eq!(left.torn_bytes() == 0, gone == 10 || gone == 0, "{random}: {gone}");
        }
    }

    #[test]
    fn a_flipped_bit_ends_the_walk() {
        let whole = [header(), framed(&[5, 7]), framed(&[0, END])].concat();
        assert!(walk(&[("events-00000.slog", whole.clone())]).ended);
        for bit in 0..8 * whole.len() {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let found = walk(&[("events-00000.slog", flipped)]);
            assert!(!found.ended && found.torn_bytes() != 0, "bit {bit}");
        }
    }
}
