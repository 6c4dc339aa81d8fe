//! Rows of the older Python trainers, version 0: what they say, in the terms of version 1.
//!
//! They have no run id, no number and no monotonic clock. Those are made up from the name of the source, the row number
//! and the wall clock, so nothing can be said about losses.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::de::{De, Source, whole};
use super::json::{Json, Object, raw_data};
use super::row::{event_type, known, text, unknown};
use crate::envelope::{Envelope, Severity};
use crate::event::Event;
use crate::id::{EnvId, GroupId, RunId};
use crate::incoming::{Incoming, Reason, Rejection, UnknownEvent};
use crate::kind::EventKind;
use crate::time::{RunNs, Timestamp};
use crate::validate::MAX_GROUPS;
use crate::word::ClosedWord as _;

mod map;

/// The version as it stands in memory; it is never written.
const VERSION: u16 = 0;

/// What the rows before have told.
#[derive(Debug, Clone)]
pub(super) struct State {
    name: RunId,
    /// Runs begun so far, by group.
    starts: BTreeMap<GroupId, u32>,
    rows: u64,
    first: Option<Timestamp>,
    last: RunNs,
}

/// What a row says about itself, each part read for itself.
struct Head<'a> {
    run_id: RunId,
    group_id: Result<GroupId, Reason>,
    seq: u64,
    ts: Result<Timestamp, Reason>,
    mono_ns: RunNs,
    event_type: Result<&'a str, Reason>,
}

impl State {
    /// Starts at the first row of a source.
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: RunId::nearest(name),
            starts: BTreeMap::new(),
            rows: 0,
            first: None,
            last: RunNs(0),
        }
    }

    /// Reads a row that parses and has no version.
    pub(super) fn decode(&mut self, line: &str, row: &Object<'_>) -> Incoming {
        let head = self.head(row);
        let read = read(line, row, &head);
        if let Ok(Incoming::Known(envelope)) = &read {
            self.note(envelope);
        }
        read.unwrap_or_else(|reason| {
            // Without a kind and a time of this version it may be anything, also a damaged row among those of version 1, and
            // then it claims neither run nor number.
            let claims = head.event_type.is_ok() && head.ts.is_ok();
            let begun = head.group_id.as_ref().map_or(0, |group| self.begun(group));
            Incoming::Rejected(Arc::new(Rejection {
                reason,
                // A start that is rejected begins nothing.
                run_id: claims.then(|| self.run(begun)),
                group_id: head.group_id.ok(),
                seq: claims.then_some(head.seq),
                ts: head.ts.ok(),
                event_type: head.event_type.ok().map(str::to_owned),
                v: Some(VERSION),
            }))
        })
    }

    fn head<'a>(&mut self, row: &'a Object<'_>) -> Head<'a> {
        let seq = self.rows;
        self.rows += 1;
        let group_id = match row.get("group_id") {
            None => Ok(GroupId::default()),
            Some(Json::Text(id)) if id.is_empty() => Ok(GroupId::default()),
            Some(_) => text(row, "group_id").and_then(|id| {
                GroupId::new(id).map_err(|_| Reason::BadText("group_id".to_owned()))
            }),
        };
        let ts =
            text(row, "timestamp").and_then(|ts| Timestamp::parse_v0(ts).ok_or(Reason::BadTime));
        if let Ok(ts) = ts {
            let first = *self.first.get_or_insert(ts);
            let micros = ts.as_micros().saturating_sub(first.as_micros());
            let elapsed = u64::try_from(micros).unwrap_or(0).saturating_mul(1000);
            self.last = self.last.max(RunNs(elapsed));
        }
        let event_type = text(row, "event_type").and_then(event_type);
        let starts = event_type == Ok(EventKind::TrainingStarted.as_str());
        let begun = group_id.as_ref().map_or(0, |group| self.begun(group));
        let run_id = self.run(begun + u32::from(starts));
        Head { run_id, group_id, seq, ts, mono_ns: self.last, event_type }
    }

    /// Counts the start of a run. Groups beyond the limit of a run are not counted: the aggregator rejects them, and a
    /// hostile file must not fill the memory.
    fn note(&mut self, envelope: &Envelope) {
        let Event::TrainingStarted(_) = &envelope.event else { return };
        if let Some(begun) = self.starts.get_mut(&envelope.group_id) {
            *begun += 1;
        } else if self.starts.len() < MAX_GROUPS {
            self.starts.insert(envelope.group_id.clone(), 1);
        }
    }

    /// Returns how many runs a group has begun so far.
    fn begun(&self, group: &GroupId) -> u32 {
        self.starts.get(group).copied().unwrap_or(0)
    }

    /// Returns the name of a group's n-th run; rows before the first start belong to it too.
    fn run(&self, number: u32) -> RunId {
        if number < 2 { self.name.clone() } else { self.name.numbered(number) }
    }
}

fn read(line: &str, row: &Object<'_>, head: &Head<'_>) -> Result<Incoming, Reason> {
    let v = VERSION;
    let (run_id, seq, mono_ns) = (head.run_id.clone(), head.seq, head.mono_ns);
    let event_type = head.event_type.clone()?;
    let ts = head.ts.clone()?;
    let group_id = head.group_id.clone()?;
    let severity = match row.get("severity") {
        None => Severity::Info,
        Some(word) => word.text().and_then(Severity::from_word).unwrap_or(Severity::Warning),
    };
    let message = match row.get("message") {
        None => String::new(),
        Some(_) => text(row, "message")?.to_owned(),
    };
    let nothing = Object::default();
    let data = match row.get("data") {
        None => &nothing,
        Some(Json::Object(data)) => data,
        Some(_) => return Err(Reason::WrongType("data".to_owned())),
    };
    let env_id = env_id(data)?;
    let Some((kind, fields)) = map::target(event_type, data)? else {
        let data = raw_data(line).unwrap_or("{}").to_owned();
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
    let value = &Json::Object(fields);
    let event = Event::deserialize_body(kind, De { value, source: Source::RowV0 })
        .map_err(|fault| fault.named("data"))?;
    known(Envelope { v, run_id, group_id, seq, ts, mono_ns, severity, message, env_id, event })
}

/// Returns the environment of a row; a negative one was their way to say that there is none.
fn env_id(data: &Object<'_>) -> Result<Option<EnvId>, Reason> {
    let env = match data.get("env_id") {
        Some(Json::Count(env)) => *env,
        Some(Json::Float(env)) if whole(*env).is_some() => whole(*env).unwrap_or_default(),
        Some(_) | None => return Ok(None),
    };
    let env = u32::try_from(env).map_err(|_| Reason::BadValue("env_id".to_owned()))?;
    Ok(Some(EnvId(env)))
}
