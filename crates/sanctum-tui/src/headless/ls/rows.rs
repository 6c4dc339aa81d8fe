//! The first and the last rows of an older run.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use leyline::wire::RowDecoder;

use super::seen::Seen;

/// Bytes read at the start, and at the end. A row is much shorter.
const FIRST_BYTES: u64 = 256 * 1024;
const LAST_BYTES: u64 = 1024 * 1024;

/// How much of a file was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    /// All of it.
    pub(super) is_whole: bool,
    /// Its last row.
    pub(super) has_end: bool,
}

/// Reads both ends of a file of rows; `name` names its run where rows do not.
pub(super) fn read(path: &Path, name: &str, seen: &mut Seen) -> io::Result<Extent> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut bytes = Vec::new();
    if length <= FIRST_BYTES + LAST_BYTES {
        // No further than it went when its length was asked.
        file.take(length).read_to_end(&mut bytes)?;
        take(&bytes, name, seen);
        return Ok(Extent { is_whole: true, has_end: true });
    }
    (&mut file).take(FIRST_BYTES).read_to_end(&mut bytes)?;
    let whole = bytes.iter().rposition(|&byte| byte == b'\n').unwrap_or(0);
    take(bytes.get(..whole).unwrap_or_default(), name, seen);
    seen.jump();
    bytes.clear();
    file.seek(SeekFrom::Start(length - LAST_BYTES))?;
    file.take(LAST_BYTES).read_to_end(&mut bytes)?;
    // The first of them is cut.
    let first = bytes.iter().position(|&byte| byte == b'\n');
    let rest = first.and_then(|first| bytes.get(first + 1..)).unwrap_or_default();
    take(rest, name, seen);
    Ok(Extent { is_whole: false, has_end: seen.last_seq.is_some() })
}

fn take(rows: &[u8], name: &str, seen: &mut Seen) {
    let mut decoder = RowDecoder::new(name);
    for row in rows.split(|&byte| byte == b'\n').filter(|row| !row.trim_ascii().is_empty()) {
        seen.take(&decoder.decode(row));
    }
}
