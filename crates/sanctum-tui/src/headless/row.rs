//! An event that was read, as a JSON row again.

use leyline::wire::{self, ROW_VERSION};
use std::fmt::Write as _;

use leyline::word::ClosedWord as _;
use leyline::{Incoming, UnknownEvent};
use serde::de::IgnoredAny;

/// Appends the row of an event and a line feed; returns whether there is one: what was rejected has none, and neither has
/// an event of an unknown kind whose payload is no JSON.
pub(super) fn append(incoming: &Incoming, out: &mut String) -> bool {
    match incoming {
        Incoming::Known(event) => wire::encode_row(event, out),
        Incoming::Unknown(event) if is_object(&event.data) => append_unknown(event, out),
        Incoming::Unknown(_) | Incoming::Rejected(_) => return false,
    }
    out.push('\n');
    true
}

fn is_object(data: &str) -> bool {
    data.starts_with('{') && serde_json::from_str::<IgnoredAny>(data).is_ok()
}

/// The payload is copied letter by letter, so that nothing that this build does not know gets lost.
fn append_unknown(event: &UnknownEvent, out: &mut String) {
    let UnknownEvent {
        v: _,
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
    } = event;
    let (event_type, message) = (wire::to_json(event_type), wire::to_json(message));
    let env_id = env_id.map_or_else(|| "null".to_owned(), |env| env.0.to_string());
    // Writing to a `String` cannot fail.
    write!(
        out,
        "{{\"v\":{ROW_VERSION},\"run_id\":\"{run_id}\",\"seq\":{seq},\"ts\":\"{ts}\",\"mono_ns\":{},\"event_type\":{event_type},\
         \"group_id\":\"{group_id}\",\"severity\":\"{}\",\"message\":{message},\"env_id\":{env_id},\"data\":{data}}}",
        mono_ns.0,
        severity.as_str(),
    )
    .ok();
}

#[cfg(test)]
mod tests {
    use leyline::demo::{self, Scenario};
    use leyline::wire::RowDecoder;

    use super::*;

    #[track_caller]
    fn check(row: &str, expected: bool) {
        let read = RowDecoder::new("run").decode(row.as_bytes());
        let mut text = String::new();
        assert_eq!(append(&read, &mut text), expected, "{row}");
        if expected {
            let again = RowDecoder::new("run").decode(text.trim_end_matches('\n').as_bytes());
            assert_eq!(again, read);
        } else {
            assert_eq!(text, "");
        }
    }

    #[test]
    fn what_was_read_reads_back_equal() {
        for event in demo::events(Scenario::LossyLink, 1) {
            let mut row = String::new();
            wire::encode_row(&event, &mut row);
            check(&row, true);
        }
        let unknown = r#"{"v":1,"run_id":"r","seq":7,"ts":"2026-11-21T12:00:00.000001Z","mono_ns":9,"event_type":"SEED_PRUNED",
            "group_id":"A","severity":"warning","message":"a \"b\"","env_id":3,"data":{"x" : [1e9, 1.50]}}"#;
        check(unknown, true);
        check(&unknown.replace("\"env_id\":3,", ""), true);
    }

    #[test]
    fn what_is_no_event_has_no_row() {
        check("not a row", false);
        check(r#"{"v":1,"run_id":"r","seq":7}"#, false);
    }
}
