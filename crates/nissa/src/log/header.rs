//! The head of a segment: who wrote it, and what its positions mean.

use leyline::RunId;
use leyline::wire::{FRAME_FORMAT, Schema};
use thiserror::Error;

/// First bytes of a segment; the line ends in it notice a transfer that changes line ends, as in PNG.
pub const MAGIC: [u8; 8] = *b"\x89SLOG\r\n\x1a";

/// Longest header read, in bytes; the limit keeps a damaged length from asking for all memory.
pub const MAX_HEADER_BYTES: usize = 1_048_576;

/// Bytes of magic, format and length: as much as tells how long the header is.
pub const FIXED_BYTES: usize = 14;

/// What a segment says before its first frame.
///
/// ```text
/// [8 magic][u16 format][u32 length of the header][u64 fingerprint][u64 nonce][u32 segment]
/// [u16 length][run id][u32 length][schema listing][u32 crc32c of all before]
/// ```
///
/// All little-endian. Magic, format, length and the checksum at the end are where they are in every format, so that a
/// reader can tell a later format from a damaged header.
#[derive(Debug, Clone)]
pub struct Header {
    /// Schema of the frames that follow.
    pub schema: Schema,
    /// Random number of the run: two runs of one name differ in it.
    pub nonce: u64,
    /// Number of the segment in its log, from 0.
    pub segment: u32,
    /// The run.
    pub run: RunId,
}

/// Why bytes are not the header of a segment that this build reads.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HeaderError {
    /// More bytes are needed to tell.
    #[error("the header is cut off, {wanted} bytes are needed")]
    Short {
        /// Bytes that it takes to look again.
        wanted: usize,
    },
    /// It does not begin with [`MAGIC`].
    #[error("this is not a segment of an event log")]
    Magic,
    /// It is whole, and of a later format.
    #[error("log format {found} is newer than {FRAME_FORMAT}, the newest that this build reads")]
    Format {
        /// The format it is of.
        found: u16,
    },
    /// Its checksum does not hold, or it makes no sense.
    #[error("the header is damaged: {0}")]
    Damaged(&'static str),
}

impl Header {
    /// Appends the header.
    pub fn append(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend(MAGIC);
        out.extend(FRAME_FORMAT.to_le_bytes());
        let (run, listing) = (self.run.as_str(), self.schema.listing());
        let length = FIXED_BYTES + 8 + 8 + 4 + 2 + run.len() + 4 + listing.len() + 4;
        out.extend((length as u32).to_le_bytes());
        out.extend(self.schema.fingerprint().to_le_bytes());
        out.extend(self.nonce.to_le_bytes());
        out.extend(self.segment.to_le_bytes());
        out.extend((run.len() as u16).to_le_bytes());
        out.extend(run.as_bytes());
        out.extend((listing.len() as u32).to_le_bytes());
        out.extend(listing.as_bytes());
        let checksum = crc32c::crc32c(out.get(start..).unwrap_or_default());
        out.extend(checksum.to_le_bytes());
    }

    /// Reads the header at the start of a segment; returns it with its length in bytes.
    ///
    /// # Errors
    ///
    /// See [`HeaderError`].
    pub fn read(bytes: &[u8]) -> Result<(Self, usize), HeaderError> {
        let shown = bytes.len().min(MAGIC.len());
        if bytes.get(..shown) != MAGIC.get(..shown) {
            return Err(HeaderError::Magic);
        }
        let mut rest = Bytes(bytes.get(shown..).unwrap_or_default());
        let (Some(format), Some(length)) = (rest.u16(), rest.u32()) else {
            return Err(HeaderError::Short { wanted: FIXED_BYTES });
        };
        let length = length as usize;
        if !(FIXED_BYTES + 4..=MAX_HEADER_BYTES).contains(&length) {
            return Err(HeaderError::Damaged("its length cannot be"));
        }
        let Some(whole) = bytes.get(..length) else {
            return Err(HeaderError::Short { wanted: length });
        };
        let (covered, checksum) = whole.split_at(length - 4);
        if Bytes(checksum).u32() != Some(crc32c::crc32c(covered)) {
            return Err(HeaderError::Damaged("its checksum does not hold"));
        }
        if format != FRAME_FORMAT {
            return Err(HeaderError::Format { found: format });
        }
        let body = Bytes(covered.get(FIXED_BYTES..).unwrap_or_default());
        Self::read_body(body).map(|header| (header, length))
    }

    fn read_body(mut body: Bytes<'_>) -> Result<Self, HeaderError> {
        let cut = HeaderError::Damaged("a part of it is missing");
        let numbers = (body.u64(), body.u64(), body.u32());
        let (Some(fingerprint), Some(nonce), Some(segment)) = numbers else { return Err(cut) };
        let run = body.u16().and_then(|length| body.text(usize::from(length)));
        let listing = body.u32().and_then(|length| body.text(length as usize));
        let (Some(run), Some(listing), []) = (run, listing, body.0) else { return Err(cut) };
        let run = RunId::new(run).map_err(|_| HeaderError::Damaged("its run id is none"))?;
        let schema = Schema::parse(listing)
            .map_err(|_| HeaderError::Damaged("its schema listing cannot be read"))?;
        if schema.fingerprint() != fingerprint {
            return Err(HeaderError::Damaged("its fingerprint is not that of its listing"));
        }
        Ok(Self { schema, nonce, segment, run })
    }
}

/// Bytes that are taken off from the front.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (chunk, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*chunk)
    }

    fn u16(&mut self) -> Option<u16> {
        self.chunk().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.chunk().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.chunk().map(u64::from_le_bytes)
    }

    fn text(&mut self, length: usize) -> Option<&'a str> {
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<u8> {
        let run = RunId::nearest("cartpole-7f3a");
        let mut bytes = Vec::new();
        Header { schema: Schema::own(), nonce: 7, segment: 3, run }.append(&mut bytes);
        bytes
    }

    #[test]
    fn a_header_reads_back_with_its_length() {
        let mut bytes = sample();
        let length = bytes.len();
        bytes.extend(*b"frames");
        let (header, read) = Header::read(&bytes).unwrap();
        assert_eq!(read, length);
        assert_eq!((header.nonce, header.segment, header.run.as_str()), (7, 3, "cartpole-7f3a"));
        assert_eq!(header.schema.fingerprint(), Schema::own().fingerprint());
    }

    #[test]
    fn a_part_of_a_header_asks_for_the_rest() {
        let bytes = sample();
        for length in 0..bytes.len() {
            let error = Header::read(&bytes[..length]).unwrap_err();
            let wanted = if length < FIXED_BYTES { FIXED_BYTES } else { bytes.len() };
            assert_eq!(error, HeaderError::Short { wanted }, "{length}");
        }
    }

    #[test]
    fn every_flipped_bit_is_noticed_and_is_no_later_format() {
        let bytes = sample();
        for bit in 0..8 * bytes.len() {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let error = Header::read(&flipped).unwrap_err();
            assert!(!matches!(error, HeaderError::Format { .. }), "bit {bit}: {error}");
        }
    }

    #[test]
    fn a_later_format_is_named() {
        let mut bytes = sample();
        bytes[8..10].copy_from_slice(&(FRAME_FORMAT + 1).to_le_bytes());
        let end = bytes.len() - 4;
        let checksum = crc32c::crc32c(&bytes[..end]).to_le_bytes();
        bytes[end..].copy_from_slice(&checksum);
        let error = Header::read(&bytes).unwrap_err();
        assert_eq!(error, HeaderError::Format { found: FRAME_FORMAT + 1 });
    }
}
