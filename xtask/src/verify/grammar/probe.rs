//! The Probe row: how the verifier moves a value.

use telemetry_evidence::plan::{Mode, Move};

use crate::verify::grammar::is_name;
use crate::verify::record::{RecordId, bare_path};

/// Reads the terms of the Probe row, one per code span or separated by `;`.
pub(crate) fn moves(text: &str) -> Result<Vec<Move>, String> {
    let mut moves = Vec::new();
    for term in text.split(';').map(str::trim) {
        // Says that a Fields table covers a subtree; what moves it are the other terms.
        let group = term.strip_prefix("group ").map(|path| path.trim().trim_end_matches(".*"));
        if group.is_some_and(is_name) {
            continue;
        }
        moves.push(one(term)?);
    }
    if moves.is_empty() {
        return Err(format!("`{text}` moves nothing"));
    }
    Ok(moves)
}

fn one(term: &str) -> Result<Move, String> {
    let (verb, rest) = term.split_once(' ').unwrap_or((term, ""));
    let rest = rest.trim();
    let found = match verb {
        "event" => event(rest),
        "clock" => clock(rest),
        "sampler" if is_name(rest) => Some(Move::Sampler { leaf: bare_path(rest) }),
        "derived" => derived(rest),
        "link" if matches!(rest, "up, down" | "trainer_alive") => {
            Some(Move::Link { what: rest.to_owned() })
        }
        "rejected" if rest == "row accumulates" => Some(Move::RejectedRow),
        "unknown" if rest == "event accumulates" => Some(Move::UnknownEvent),
        "seq" if rest == "gap accumulates" => Some(Move::SequenceGap),
        _ => None,
    };
    found.ok_or_else(|| format!("`{term}` is no way to move a value"))
}

fn event(rest: &str) -> Option<Move> {
    let (leaf, mode) = rest.split_once(' ').unwrap_or((rest, ""));
    let mode = mode_of(mode.trim())?;
    if leaf == "any" {
        return Some(Move::AnyEvent { mode });
    }
    let is_kind = leaf.starts_with(|c: char| c.is_ascii_uppercase());
    let is_leaf = is_kind || leaf.starts_with("envelope.");
    (is_leaf && is_name(leaf)).then(|| Move::Event { leaf: bare_path(leaf), mode })
}

fn mode_of(text: &str) -> Option<Mode> {
    match text {
        "" | "last" => Some(Mode::Last),
        "first" => Some(Mode::First),
        "accumulates" => Some(Mode::Accumulates),
        "best" => Some(Mode::Best),
        "history" => Some(Mode::History),
        _ => {
            let n = text.strip_prefix("over n=")?.parse().ok().filter(|&n| 0 < n)?;
            Some(Mode::Over { n })
        }
    }
}

fn clock(rest: &str) -> Option<Move> {
    let since = rest.strip_prefix("since ")?.trim();
    if since == "any event" {
        return Some(Move::Clock { since: None });
    }
    is_name(since).then(|| Move::Clock { since: Some(since.to_owned()) })
}

fn derived(rest: &str) -> Option<Move> {
    let ids: Option<Vec<RecordId>> = rest.split(',').map(RecordId::find).collect();
    Some(Move::Derived { from: ids?.iter().map(ToString::to_string).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Move) {
        assert_eq!(moves(text), Ok(vec![expected]));
    }

    #[test]
    fn every_form_is_read() {
        let event = |leaf: &str, mode| Move::Event { leaf: leaf.to_owned(), mode };
        check(
            "event TrainingStarted.max_batches",
            event("TrainingStarted.max_batches", Mode::Last),
        );
        check("event EpisodeOutcome accumulates", event("EpisodeOutcome", Mode::Accumulates));
        check("event envelope.run_id last", event("envelope.run_id", Mode::Last));
        check("event A.b over n=32", event("A.b", Mode::Over { n: 32 }));
        check("event any accumulates", Move::AnyEvent { mode: Mode::Accumulates });
        check("clock since any event", Move::Clock { since: None });
        check(
            "clock since TrainingStarted",
            Move::Clock { since: Some("TrainingStarted".to_owned()) },
        );
        let leaf = "vitals.gpu_stats[*].device_id".to_owned();
        check("sampler vitals.gpu_stats[i].device_id", Move::Sampler { leaf });
        let from = vec!["TELE-721".to_owned(), "TELE-722".to_owned()];
        check("derived TELE-721, TELE-722", Move::Derived { from });
        check("link trainer_alive", Move::Link { what: "trainer_alive".to_owned() });
        check("rejected row accumulates", Move::RejectedRow);
        check("unknown event accumulates", Move::UnknownEvent);
        check("seq gap accumulates", Move::SequenceGap);
        assert_eq!(moves("link up, down; clock since any event").map(|moves| moves.len()), Ok(2));
        assert_eq!(moves("group snapshot.policy.*; event A.b").map(|moves| moves.len()), Ok(1));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "event",
            "event max_batches",
            "event A.b often",
            "event A.b over n=0",
            "clock",
            "derived 14",
            "link sideways",
            "group snapshot.policy.*",
            "magic",
        ] {
            assert!(moves(text).is_err(), "{text}");
        }
    }
}
