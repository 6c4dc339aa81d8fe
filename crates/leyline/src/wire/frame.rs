//! Binary frames: one event in a few dozen bytes, for log and socket. With the modules in it the only one that knows bincode.
//!
//! A frame is `[head][body]`. bincode writes positions and no names, so bytes of another schema would be read wrong
//! without a sound: whoever carries frames carries the listing of their writer beside them, and reading takes it as an
//! argument. A listing that is that of this build lets bytes become types at once; of any other, `listed` walks the bytes
//! by the listing, and values find their fields by name.

use std::error::Error as StdError;
use std::sync::Arc;

use serde::de::DeserializeSeed;
use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;

use super::ROW_VERSION;
use super::row::{self, Ids};
use super::schema::Schema;
use crate::envelope::{Envelope, Severity};
use crate::event::Event;
use crate::id::{EnvId, RunId};
use crate::incoming::{Incoming, Reason, Rejection};
use crate::kind::EventKind;
use crate::time::{RunNs, Timestamp};
use crate::word::ClosedWord as _;

mod listed;
mod walk;

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
pub(super) struct Head<'f> {
    kind: u16,
    seq: u64,
    ts: Timestamp,
    mono_ns: RunNs,
    group_id: &'f str,
    severity: Severity,
    env_id: Option<EnvId>,
    message: &'f str,
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
    let head = Head {
        kind: event.kind().number(),
        seq: *seq,
        ts: *ts,
        mono_ns: *mono_ns,
        group_id: group_id.as_str(),
        severity: *severity,
        env_id: *env_id,
        message,
    };
    bincode::serde::encode_into_writer(head, Appended(out), CONFIG)?;
    bincode::serde::encode_into_writer(row::Body(event), Appended(out), CONFIG)
}

/// Takes what bincode writes.
struct Appended<'o>(&'o mut Vec<u8>);

impl bincode::enc::write::Writer for Appended<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> Result<(), bincode::error::EncodeError> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

/// Reads the frames of one stream: one run, written with one schema.
#[derive(Debug)]
pub struct FrameDecoder {
    run: RunId,
    schema: Schema,
    ids: Ids,
}

impl FrameDecoder {
    /// Starts at any frame of a stream; `schema` is the writer's.
    pub fn new(run: RunId, schema: Schema) -> Self {
        Self { run, schema, ids: Ids::default() }
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
    ///
    /// Of another schema than that of this build, fields are found by name: one that the writer did not have is `None`,
    /// one that this build does not have is left out, and an event without a field that this build requires is rejected.
    /// A kind is known by the name that the writer's listing gives its number.
    pub fn decode(&mut self, frame: &[u8]) -> Incoming {
        let bytes = frame.len();
        if MAX_FRAME_BYTES < bytes {
            let reason = bad(format_args!("{bytes} bytes are more than {MAX_FRAME_BYTES}"));
            let rejection =
                Rejection { run_id: Some(self.run.clone()), ..Rejection::unreadable(reason) };
            return Incoming::Rejected(Arc::new(rejection));
        }
        match self.schema.types().cloned() {
            None => self.decode_own(frame),
            Some(types) => listed::decode(&types, &self.run, &mut self.ids, frame),
        }
    }

    fn decode_own(&mut self, frame: &[u8]) -> Incoming {
        let mut head = None;
        match self.read_own(frame, &mut head) {
            Ok(envelope) => Incoming::Known(envelope),
            Err(reason) => Incoming::Rejected(Arc::new(self.rejection(head.as_ref(), reason))),
        }
    }

    /// Reads a frame of this build and leaves its head in `seen`, for the case that the rest is bad.
    fn read_own<'f>(
        &mut self,
        frame: &'f [u8],
        seen: &mut Option<Head<'f>>,
    ) -> Result<Arc<Envelope>, Reason> {
        let (head, read) = bincode::serde::borrow_decode_from_slice::<Head<'f>, _>(frame, CONFIG)
            .map_err(|_| bad(format_args!("cannot read head")))?;
        let head = seen.insert(head);
        let kind = EventKind::from_number(head.kind).ok_or_else(|| unknown_kind(head.kind))?;
        let rest = frame.get(read..).unwrap_or_default();
        let (event, read) = bincode::serde::seed_decode_from_slice(BodySeed(kind), rest, CONFIG)
            .map_err(|_| bad(format_args!("cannot read body")))?;
        if read < rest.len() {
            return Err(trailing(rest.len() - read));
        }
        let mut envelope = Envelope {
            v: ROW_VERSION,
            run_id: self.run.clone(),
            group_id: self.ids.group(head.group_id)?,
            seq: head.seq,
            ts: head.ts,
            mono_ns: head.mono_ns,
            severity: head.severity,
            message: head.message.to_owned(),
            env_id: head.env_id,
            event,
        };
        row::complete(&mut envelope)?;
        Ok(Arc::new(envelope))
    }

    #[cold]
    fn rejection(&mut self, head: Option<&Head<'_>>, reason: Reason) -> Rejection {
        let kind = head.and_then(|head| EventKind::from_number(head.kind));
        Rejection {
            run_id: Some(self.run.clone()),
            group_id: head.and_then(|head| self.ids.group(head.group_id).ok()),
            seq: head.map(|head| head.seq),
            ts: head.map(|head| head.ts),
            event_type: kind.map(|kind| kind.as_str().to_owned()),
            v: head.map(|_| ROW_VERSION),
            reason,
        }
    }
}

#[cold]
fn bad(what: std::fmt::Arguments<'_>) -> Reason {
    Reason::BadFrame(what.to_string())
}

#[cold]
fn unknown_kind(number: u16) -> Reason {
    bad(format_args!("unknown kind {number}"))
}

#[cold]
fn trailing(bytes: usize) -> Reason {
    bad(format_args!("{bytes} bytes too many"))
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
