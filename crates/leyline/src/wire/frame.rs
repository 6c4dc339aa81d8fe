//! Binary frames: one event in a few dozen bytes, for log and socket. The only module that knows bincode.
//!
//! A frame is `[head][body]`. bincode writes positions and no names, so bytes of another schema would be read wrong
//! without a sound: whoever carries frames carries the listing of their writer beside them, and reading takes it as an
//! argument.

use std::error::Error as StdError;
use std::sync::Arc;

use serde::de::DeserializeSeed;
use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;

use super::ROW_VERSION;
use super::row;
use super::schema::Schema;
use crate::envelope::{Envelope, Severity};
use crate::event::Event;
use crate::id::{EnvId, GroupId, RunId};
use crate::incoming::{Incoming, Reason, Rejection};
use crate::kind::EventKind;
use crate::time::{RunNs, Timestamp};
use crate::word::ClosedWord as _;

/// Version of everything around the body of a frame: its head, and how log and socket carry it. Format 1 carried format
/// and fingerprint in each frame and was never stored outside of the golden files.
pub const FRAME_FORMAT: u16 = 2;
/// Longest frame, in bytes; the limit keeps a damaged length from asking for all memory.
pub const MAX_FRAME_BYTES: usize = 1_048_576;

const CONFIG: bincode::config::Configuration<
    bincode::config::LittleEndian,
    bincode::config::Varint,
    bincode::config::Limit<MAX_FRAME_BYTES>,
> = bincode::config::standard().with_limit::<MAX_FRAME_BYTES>();

/// What every frame tells about its event, before the payload. The run is not in it: a stream has one.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Head {
    kind: u16,
    seq: u64,
    ts: Timestamp,
    mono_ns: RunNs,
    group_id: GroupId,
    severity: Severity,
    env_id: Option<EnvId>,
    message: String,
}

/// Why an event cannot be a frame.
#[derive(Debug, Error)]
pub enum EncodeError {
    /// It would be longer than [`MAX_FRAME_BYTES`]; only an event that breaks the limits of texts and lists is.
    #[error("cannot write frame: {bytes} bytes are more than {MAX_FRAME_BYTES}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// The codec refused it.
    #[error("cannot write frame")]
    Codec(#[source] Box<dyn StdError + Send + Sync>),
}

/// Why bytes are not a frame of a schema.
#[derive(Debug, Error)]
pub enum FrameError {
    /// Longer than [`MAX_FRAME_BYTES`].
    #[error("{bytes} bytes are more than {MAX_FRAME_BYTES}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// No kind has this number.
    #[error("unknown kind {number}")]
    Kind {
        /// The number.
        number: u16,
    },
    /// Damaged inside.
    #[error("cannot read {part}")]
    Codec {
        /// `head` or `body`.
        part: &'static str,
        /// What the codec says.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// Goes on after its event.
    #[error("{bytes} bytes too many")]
    Trailing {
        /// How many bytes are left.
        bytes: usize,
    },
    /// A whole event that breaks a limit of the contract.
    #[error("event refused: {0}")]
    Refused(Reason),
}

/// Appends the frame of an event; the run is left to the stream around it.
///
/// # Errors
///
/// [`EncodeError`] if the frame would be too long; `out` is then as it was before.
pub fn encode_frame(envelope: &Envelope, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let start = out.len();
    let written = append(envelope, out).map_err(|error| EncodeError::Codec(error.into()));
    let bytes = out.len() - start;
    let result = written.and(if MAX_FRAME_BYTES < bytes {
        Err(EncodeError::TooLong { bytes })
    } else {
        Ok(())
    });
    if result.is_err() {
        out.truncate(start);
    }
    result
}

fn append(envelope: &Envelope, out: &mut Vec<u8>) -> Result<(), bincode::error::EncodeError> {
    let Envelope { v: _, run_id: _, group_id, seq, ts, mono_ns, severity, message, env_id, event } =
        envelope;
    let kind = event.kind().number();
    let head = (kind, seq, ts, mono_ns, group_id, severity, env_id, message);
    bincode::serde::encode_into_std_write(head, out, CONFIG)?;
    bincode::serde::encode_into_std_write(row::Body(event), out, CONFIG)?;
    Ok(())
}

/// Reads the frames of one stream: one run, written with one schema.
#[derive(Debug)]
pub struct FrameDecoder {
    run: RunId,
    schema: Schema,
}

impl FrameDecoder {
    /// Starts at any frame of a stream; `schema` is the writer's.
    pub const fn new(run: RunId, schema: Schema) -> Self {
        Self { run, schema }
    }

    /// Returns the run of the stream.
    pub const fn run(&self) -> &RunId {
        &self.run
    }

    /// Returns the schema of the writer.
    pub const fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Reads one frame; any bytes become something.
    pub fn decode(&mut self, frame: &[u8]) -> Incoming {
        let mut head = None;
        match self.read(frame, &mut head) {
            Ok(envelope) => Incoming::Known(Arc::new(envelope)),
            Err(error) => Incoming::Rejected(Arc::new(rejection(&self.run, head, error))),
        }
    }

    /// Reads a frame and leaves its head in `seen`, for the case that the rest is bad.
    fn read(&self, frame: &[u8], seen: &mut Option<Head>) -> Result<Envelope, FrameError> {
        let bytes = frame.len();
        if MAX_FRAME_BYTES < bytes {
            return Err(FrameError::TooLong { bytes });
        }
        let (head, rest): (Head, _) = decode("head", std::marker::PhantomData, frame)?;
        let head = seen.insert(head);
        let Some(kind) = EventKind::from_number(head.kind) else {
            return Err(FrameError::Kind { number: head.kind });
        };
        let (event, rest) = decode("body", BodySeed(kind), rest)?;
        if !rest.is_empty() {
            return Err(FrameError::Trailing { bytes: rest.len() });
        }
        let envelope = Envelope {
            v: ROW_VERSION,
            run_id: self.run.clone(),
            group_id: head.group_id.clone(),
            seq: head.seq,
            ts: head.ts,
            mono_ns: head.mono_ns,
            severity: head.severity,
            message: head.message.clone(),
            env_id: head.env_id,
            event,
        };
        row::complete(envelope).map_err(FrameError::Refused)
    }
}

fn rejection(run: &RunId, head: Option<Head>, error: FrameError) -> Rejection {
    let reason = match error {
        FrameError::Refused(reason) => reason,
        error @ (FrameError::TooLong { .. }
        | FrameError::Kind { .. }
        | FrameError::Codec { .. }
        | FrameError::Trailing { .. }) => Reason::BadFrame(error.to_string()),
    };
    let kind = head.as_ref().and_then(|head| EventKind::from_number(head.kind));
    Rejection {
        run_id: Some(run.clone()),
        seq: head.as_ref().map(|head| head.seq),
        ts: head.as_ref().map(|head| head.ts),
        event_type: kind.map(|kind| kind.as_str().to_owned()),
        v: head.as_ref().map(|_| ROW_VERSION),
        group_id: head.map(|head| head.group_id),
        reason,
    }
}

/// Reads one part and returns the bytes after it.
fn decode<'f, S: for<'de> DeserializeSeed<'de, Value = T>, T>(
    part: &'static str,
    seed: S,
    bytes: &'f [u8],
) -> Result<(T, &'f [u8]), FrameError> {
    let (value, read) = bincode::serde::seed_decode_from_slice(seed, bytes, CONFIG)
        .map_err(|error| FrameError::Codec { part, source: error.into() })?;
    Ok((value, bytes.get(read..).unwrap_or_default()))
}

struct BodySeed(EventKind);

impl<'de> DeserializeSeed<'de> for BodySeed {
    type Value = Event;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Event, D::Error> {
        Event::deserialize_body(self.0, from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::RowDecoder;

    /// The table in `docs/wire.md`.
    #[test]
    fn the_bytes_of_a_heartbeat() {
        let row = br#"{"v":1,"run_id":"cartpole-7f3a","seq":512,"ts":"2026-11-21T12:00:03.400000Z","mono_ns":3401200000,"event_type":"HEARTBEAT","group_id":"default","severity":"debug","message":"","env_id":null,"data":{"phase":"updating","batch_idx":4}}"#;
        let Incoming::Known(envelope) = RowDecoder::new("file").decode(row) else { panic!() };
        let mut frame = Vec::new();
        encode_frame(&envelope, &mut frame).unwrap();
        let parts: [&[u8]; 11] = [
            &[5],
            &[0xfb, 0x00, 0x02],
            &[0xfd, 0x80, 0xa2, 0xaa, 0x33, 0x90, 0xc1, 0x0c, 0x00],
            &[0xfc, 0x80, 0x31, 0xba, 0xca],
            b"\x07default",
            &[0],
            &[0],
            &[0],
            b"\x08updating",
            &[1, 4],
            &[0],
        ];
        assert_eq!(frame, parts.concat());
        let mut decoder = FrameDecoder::new(envelope.run_id.clone(), Schema::own());
        assert_eq!(decoder.decode(&frame), Incoming::Known(envelope));
    }
}
