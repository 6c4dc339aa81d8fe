//! Reads a frame by the listing of its writer: every value finds its field by name, as those of a row do.

use std::sync::Arc;

use super::walk::Walk;
use super::{bad, trailing, unknown_kind};
use crate::envelope::{Envelope, Severity};
use crate::event::Event;
use crate::id::{EnvId, GroupId, RunId};
use crate::incoming::{Incoming, Reason, Rejection, UnknownEvent};
use crate::time::{RunNs, Timestamp};
use crate::wire::ROW_VERSION;
use crate::wire::de::{De, Source, member};
use crate::wire::json::{Json, Object};
use crate::wire::row::{self, Ids};
use crate::wire::schema::Types;
use crate::wire::ser;

/// Reads one frame; any bytes become something.
pub(super) fn decode(types: &Types, run: &RunId, ids: &mut Ids, frame: &[u8]) -> Incoming {
    let mut seen = Rejection {
        run_id: Some(run.clone()),
        ..Rejection::unreadable(bad(format_args!("cannot read head")))
    };
    read(types, run, ids, frame, &mut seen)
        .unwrap_or_else(|reason| Incoming::Rejected(Arc::new(Rejection { reason, ..seen })))
}

/// What the head says, each part read for itself, so that a rejected frame still tells the rest.
struct Seen {
    group_id: Result<GroupId, Reason>,
    seq: Result<u64, Reason>,
    ts: Result<Timestamp, Reason>,
}

/// Reads a frame and leaves what its head says in `seen`, for the case that the rest is bad.
fn read(
    types: &Types,
    run: &RunId,
    ids: &mut Ids,
    frame: &[u8],
    seen: &mut Rejection,
) -> Result<Incoming, Reason> {
    let mut walk = Walk::new(types, frame);
    let unreadable = |part| move |_| bad(format_args!("cannot read {part}"));
    let head = types.head().ok_or_else(|| bad(format_args!("cannot read head")))?;
    let head = walk.structure(head).map_err(unreadable("head"))?;
    let Seen { group_id, seq, ts } = look(&head, ids);
    *seen = Rejection {
        group_id: group_id.as_ref().ok().cloned(),
        seq: seq.as_ref().ok().copied(),
        ts: ts.as_ref().ok().copied(),
        v: Some(ROW_VERSION),
        ..seen.clone()
    };
    let number = from_head(&head, "kind")?;
    let kind = types.kind(number).ok_or_else(|| unknown_kind(number))?;
    seen.event_type = Some(kind.name.to_string());
    let body = types.body(kind).ok_or_else(|| unknown_kind(number))?;
    let body = Json::Object(walk.structure(body).map_err(unreadable("body"))?);
    if !walk.rest().is_empty() {
        return Err(trailing(walk.rest().len()));
    }
    // In the order of a row, so that of several faults the same one is named.
    let (v, run_id, seq, ts) = (ROW_VERSION, run.clone(), seq?, ts?);
    let mono_ns: RunNs = from_head(&head, "mono_ns")?;
    let group_id = group_id?;
    let severity: Option<Severity> = from_head(&head, "severity")?;
    let message = from_head::<Option<String>>(&head, "message")?.unwrap_or_default();
    let env_id: Option<EnvId> = from_head(&head, "env_id")?;
    let Some(known) = kind.known else {
        let severity = severity.unwrap_or(Severity::Info);
        let (event_type, data) = (kind.name.to_string(), ser::text(&body));
        return row::unknown(UnknownEvent {
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
    let event = Event::deserialize_body(known, De { value: &body, source: Source::Frame })
        .map_err(|fault| fault.named("data"))?;
    let severity = severity.unwrap_or(Severity::Debug);
    row::known(Envelope { v, run_id, group_id, seq, ts, mono_ns, severity, message, env_id, event })
}

fn look(head: &Object<'_>, ids: &mut Ids) -> Seen {
    Seen {
        group_id: match head.get("group_id") {
            None => Ok(GroupId::default()),
            Some(_) => row::text(head, "group_id").and_then(|id| ids.group(id)),
        },
        seq: from_head(head, "seq"),
        ts: from_head(head, "ts"),
    }
}

fn from_head<T: serde::de::DeserializeOwned>(head: &Object<'_>, name: &str) -> Result<T, Reason> {
    member(head, name, Source::Frame)
}
