//! JSON rows: one event, one line.

use std::sync::Arc;

use super::ROW_VERSION;
use super::de::{De, Source, member};
use super::json::{Json, Object, raw_data};
use super::ser::{self, Absent};
use super::{float, row_v0};
use crate::envelope::{Envelope, Severity};
use crate::event::Event;
use crate::id::{EnvId, GroupId, RunId};
use crate::incoming::{Incoming, Reason, Rejection, UnknownEvent};
use crate::kind::EventKind;
use crate::time::{RunNs, Timestamp};
use crate::validate;
use crate::word::ClosedWord as _;

/// Appends the row of an event, without a line feed.
///
/// Every envelope key is written, in the order of the contract; inside `data` absent fields are left out. The row is of
/// version [`ROW_VERSION`] whatever version the event was read from.
pub fn encode_row(envelope: &Envelope, out: &mut String) {
    let Envelope { v: _, run_id, group_id, seq, ts, mono_ns, severity, message, env_id, event } =
        envelope;
    out.push_str("{\"v\":");
    ser::write_display(&ROW_VERSION, out);
    out.push_str(",\"run_id\":");
    ser::write_text(run_id.as_str(), out);
    out.push_str(",\"seq\":");
    ser::write_display(seq, out);
    out.push_str(",\"ts\":\"");
    ser::write_display(ts, out);
    out.push_str("\",\"mono_ns\":");
    ser::write_display(&mono_ns.0, out);
    out.push_str(",\"event_type\":\"");
    out.push_str(event.kind().as_str());
    out.push_str("\",\"group_id\":");
    ser::write_text(group_id.as_str(), out);
    out.push_str(",\"severity\":\"");
    out.push_str(severity.as_str());
    out.push_str("\",\"message\":");
    ser::write_text(message, out);
    out.push_str(",\"env_id\":");
    ser::write(env_id, Absent::Null, out);
    out.push_str(",\"data\":");
    ser::write(&Body(event), Absent::Dropped, out);
    out.push('}');
}

/// The payload of an event without the name of its kind.
pub(super) struct Body<'a>(pub(super) &'a Event);

impl serde::Serialize for Body<'_> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize_body(to)
    }
}

/// Reads the rows of one file or pipe, in order.
///
/// Rows of version 1 stand alone; those of version 0 lack a run, a number and a clock, which the decoder makes up from
/// the name, the row number and the first time. It knows one row at a time otherwise: numbers that do not rise are
/// found by the aggregator.
#[derive(Debug, Clone)]
pub struct RowDecoder {
    ids: Ids,
    v0: row_v0::State,
}

impl RowDecoder {
    /// Starts at the first row of a source; `run_name` names the runs of version 0 rows.
    ///
    /// Characters that no run id may have become `-`.
    pub fn new(run_name: &str) -> Self {
        Self { ids: Ids::default(), v0: row_v0::State::new(run_name) }
    }

    /// Reads one row, with or without its line feed. Any bytes become something.
    ///
    /// Empty lines are the caller's to skip; here they are `bad_json`.
    pub fn decode(&mut self, line: &[u8]) -> Incoming {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        if validate::MAX_ROW_BYTES < line.len() {
            return Incoming::Rejected(Arc::new(Rejection::unreadable(Reason::TooLong)));
        }
        let bad_json = || Incoming::Rejected(Arc::new(Rejection::unreadable(Reason::BadJson)));
        let Ok(text) = std::str::from_utf8(line) else {
            return bad_json();
        };
        if let Some(object) = Object::parse(text) {
            return match object.get("v") {
                Some(_) => self.ids.decode(text, &object),
                None => self.v0.decode(text, &object),
            };
        }
        let Some(quoted) = float::quote_bare(text) else {
            return bad_json();
        };
        match Object::parse(&quoted) {
            Some(object) if object.get("v").is_none() => self.v0.decode(&quoted, &object),
            Some(_) | None => bad_json(),
        }
    }
}

impl Rejection {
    pub(super) const fn unreadable(reason: Reason) -> Self {
        Self {
            reason,
            run_id: None,
            group_id: None,
            seq: None,
            ts: None,
            event_type: None,
            v: None,
        }
    }
}

/// The ids of the row or frame before: nearly every one has the same, and a clone is cheaper than a new text.
#[derive(Debug, Clone, Default)]
pub(super) struct Ids {
    run: Option<RunId>,
    group: GroupId,
}

/// What a row says about itself, each part read for itself, so that a rejected row still tells the rest.
struct Head<'a> {
    run_id: Result<RunId, Reason>,
    group_id: Result<GroupId, Reason>,
    seq: Result<u64, Reason>,
    ts: Result<Timestamp, Reason>,
    event_type: Result<&'a str, Reason>,
}

impl Ids {
    fn decode(&mut self, line: &str, row: &Object<'_>) -> Incoming {
        let head = self.head(row);
        read(line, row, &head).unwrap_or_else(|reason| {
            Incoming::Rejected(Arc::new(Rejection {
                reason,
                run_id: head.run_id.ok(),
                group_id: head.group_id.ok(),
                seq: head.seq.ok(),
                ts: head.ts.ok(),
                event_type: head.event_type.ok().map(str::to_owned),
                // Only a row without `v` is of version 0: one that says 0 has a number of the producer all the same.
                v: member(row, "v", Source::Row).ok().filter(|v| *v != 0),
            }))
        })
    }

    fn head<'a>(&mut self, row: &'a Object<'_>) -> Head<'a> {
        Head {
            run_id: text(row, "run_id").and_then(|id| self.run(id)),
            group_id: match row.get("group_id") {
                None => Ok(GroupId::default()),
                Some(_) => text(row, "group_id").and_then(|id| self.group(id)),
            },
            seq: member(row, "seq", Source::Row),
            ts: text(row, "ts").and_then(|ts| Timestamp::parse(ts, 3..=9).ok_or(Reason::BadTime)),
            event_type: text(row, "event_type").and_then(event_type),
        }
    }

    fn run(&mut self, id: &str) -> Result<RunId, Reason> {
        if let Some(known) = self.run.as_ref().filter(|known| known.as_str() == id) {
            return Ok(known.clone());
        }
        let new = RunId::new(id).map_err(|_| Reason::BadText("run_id".to_owned()))?;
        Ok(self.run.insert(new).clone())
    }

    pub(super) fn group(&mut self, id: &str) -> Result<GroupId, Reason> {
        if self.group.as_str() != id {
            self.group = GroupId::new(id).map_err(|_| Reason::BadText("group_id".to_owned()))?;
        }
        Ok(self.group.clone())
    }
}

/// Reads a text member; the tree keeps it, so nothing is copied.
pub(super) fn text<'a>(row: &'a Object<'_>, name: &str) -> Result<&'a str, Reason> {
    match row.get(name) {
        None => Err(Reason::MissingField(name.to_owned())),
        Some(value) => value.text().ok_or_else(|| Reason::WrongType(name.to_owned())),
    }
}

/// Checks the name of a kind.
pub(super) fn event_type(name: &str) -> Result<&str, Reason> {
    if validate::is_event_type(name) {
        Ok(name)
    } else {
        Err(Reason::BadText("event_type".to_owned()))
    }
}

fn read(line: &str, row: &Object<'_>, head: &Head<'_>) -> Result<Incoming, Reason> {
    if row.get("v") != Some(&Json::Count(u64::from(ROW_VERSION))) {
        return Err(Reason::UnsupportedVersion);
    }
    let run_id = head.run_id.clone()?;
    let seq = head.seq.clone()?;
    let ts = head.ts.clone()?;
    let mono_ns: RunNs = member(row, "mono_ns", Source::Row)?;
    let event_type = head.event_type.clone()?;
    let group_id = head.group_id.clone()?;
    let severity: Option<Severity> = member(row, "severity", Source::Row)?;
    let message = member::<Option<String>>(row, "message", Source::Row)?.unwrap_or_default();
    let env_id: Option<EnvId> = member(row, "env_id", Source::Row)?;
    let data = match row.get("data") {
        None => return Err(Reason::MissingField("data".to_owned())),
        Some(data @ Json::Object(_)) => data,
        Some(_) => return Err(Reason::WrongType("data".to_owned())),
    };
    let v = ROW_VERSION;
    let Some(kind) = EventKind::from_word(event_type) else {
        let severity = severity.unwrap_or(Severity::Info);
        let data = raw_data(line).unwrap_or_default().to_owned();
        let event_type = event_type.to_owned();
        return unknown(UnknownEvent {
            v,
            run_id,
            group_id,
            seq,
            ts,
            mono_ns,
            severity,
            message,
            env_id,
            event_type,
            data,
        });
    };
    let event = Event::deserialize_body(kind, De { value: data, source: Source::Row })
        .map_err(|fault| fault.named("data"))?;
    let severity = severity.unwrap_or(Severity::Debug);
    known(Envelope { v, run_id, group_id, seq, ts, mono_ns, severity, message, env_id, event })
}

/// Finishes a known event.
pub(super) fn known(mut envelope: Envelope) -> Result<Incoming, Reason> {
    complete(&mut envelope)?;
    Ok(Incoming::Known(Arc::new(envelope)))
}

/// Applies what holds for every event that comes in: severity at least the least, one environment for envelope and
/// payload, all limits kept.
pub(super) fn complete(envelope: &mut Envelope) -> Result<(), Reason> {
    envelope.severity = envelope.severity.max(envelope.event.least_severity());
    // Different environments are found by the check below, which also knows the limits.
    envelope.env_id = envelope.env_id.or_else(|| envelope.event.env_id());
    if let Some(env) = envelope.env_id.filter(|_| envelope.event.env_id().is_none()) {
        envelope.event.set_env_id(env);
    }
    validate::check(envelope)
}

/// Finishes an unknown event: the limits of the envelope hold for it too.
pub(super) fn unknown(event: UnknownEvent) -> Result<Incoming, Reason> {
    if validate::MAX_MESSAGE_BYTES < event.message.len() {
        return Err(Reason::BadText("message".to_owned()));
    }
    if event.env_id.is_some_and(|env| validate::MAX_ENVS <= env.0) {
        return Err(Reason::BadValue("env_id".to_owned()));
    }
    Ok(Incoming::Unknown(Arc::new(event)))
}
