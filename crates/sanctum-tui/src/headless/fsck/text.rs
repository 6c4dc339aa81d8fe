//! What `fsck` prints, for people and for programs.

use std::fmt::Write as _;
use std::path::Path;

use leyline::wire;
use nissa::log::recovery::{Ending, Report, SegmentReport};

use super::Found;
use crate::headless::damage::{counted, format_damage, format_lost};
use crate::headless::failure::harmless;

/// Version of the JSON form; raised only by a breaking change.
const SCHEMA: u32 = 1;

/// Returns everything as one JSON object on one line.
pub(super) fn json(found: &Found) -> String {
    let body = wire::to_json(&found.report);
    let fields = body.strip_prefix('{').unwrap_or(&body);
    let copy = found.copy.as_ref().map(|(path, _)| path.display().to_string());
    let left = found.copy.as_ref().map(|(_, left)| *left);
    format!(
        "{{\"schema\":{SCHEMA},\"is_whole\":{},\"repaired_copy\":{},\"checkpoints_left\":{},{fields}\n",
        found.report.is_whole(),
        wire::to_json(&copy),
        wire::to_json(&left),
    )
}

/// Returns the report for people: segments, damage, sums, and what to do next.
pub(super) fn human(found: &Found, path: &Path) -> String {
    let Report {
        run,
        manifest_error,
        ending,
        segments,
        bytes,
        events,
        first_seq,
        last_seq,
        damaged_bytes,
        lost,
        missing,
        reported_dropped,
        damage,
    } = &found.report;
    let mut lines = vec![match run {
        Some(run) => format!("run {run}: {}", path.display()),
        None => format!("a run without a name: {}", path.display()),
    }];
    lines.push(format!(
        "{:>7} {:>12} {:>10} {:>23}  state",
        "segment", "bytes", "events", "numbers"
    ));
    lines.extend(segments.iter().enumerate().map(|(place, segment)| {
        let is_last = place + 1 == segments.len();
        format_segment(segment, is_last && *ending == Ending::Live)
    }));
    lines.extend(damage.iter().map(|place| format!("damage: {}", format_damage(place))));
    if let Some(error) = manifest_error {
        lines.push(format!("manifest: {error}"));
    }
    lines.push(format!(
        "readable: {} in {}, numbers {}",
        counted(*events, "event"),
        counted(*bytes, "byte"),
        format_numbers(*first_seq, *last_seq)
    ));
    lines.push(if damage.is_empty() {
        "damaged: nothing".to_owned()
    } else {
        let places = counted(damage.len() as u64, "place");
        format!("damaged: {places}, {}, {}", counted(*damaged_bytes, "byte"), format_lost(*lost))
    });
    lines.push(format_missing(*missing, *reported_dropped));
    lines.push(
        match ending {
            Ending::InOrder => "end: the log was closed in order",
            Ending::Live => "end: none yet, the run is live",
            Ending::CutOff => {
                "end: none, the writer died; what it had not handed to the system by then is lost"
            }
        }
        .to_owned(),
    );
    lines.push(format_next(found, *ending, path));
    lines.iter().map(|line| harmless(line) + "\n").collect()
}

fn format_segment(segment: &SegmentReport, is_growing: bool) -> String {
    let SegmentReport {
        segment,
        bytes,
        header_bytes: _,
        frames: _,
        frame_bytes: _,
        damaged_bytes,
        events,
        first_seq,
        last_seq,
        is_complete,
    } = segment;
    let mut line = format!(
        "{segment:>7} {bytes:>12} {events:>10} {:>23}  ",
        format_numbers(*first_seq, *last_seq)
    );
    let end = match (is_complete, is_growing) {
        (true, _) => "complete",
        (false, true) => "being written",
        (false, false) => "without an end",
    };
    line.push_str(end);
    if 0 < *damaged_bytes {
        // Writing to a `String` cannot fail.
        write!(line, ", {} damaged", counted(*damaged_bytes, "byte")).ok();
    }
    line
}

fn format_numbers(first: Option<u64>, last: Option<u64>) -> String {
    first.zip(last).map_or_else(|| "none".to_owned(), |(first, last)| format!("{first} to {last}"))
}

fn format_missing(missing: u64, reported: u64) -> String {
    if missing == 0 {
        return "missing numbers: none".to_owned();
    }
    format!(
        "missing numbers: {missing}; the run itself reported {} dropped before the log",
        counted(reported, "event")
    )
}

fn format_next(found: &Found, ending: Ending, path: &Path) -> String {
    if let Some((copy, left)) = &found.copy {
        let left = match left {
            0 => String::new(),
            left => {
                format!(" (without {}, which stay where they are)", counted(*left, "checkpoint"))
            }
        };
        return format!("repaired copy: {}{left}", copy.display());
    }
    match (found.report.is_whole(), ending) {
        (true, Ending::InOrder | Ending::Live) => "next: nothing to do".to_owned(),
        (true, Ending::CutOff) => {
            "next: nothing to do, every command reads the run as it is".to_owned()
        }
        (false, Ending::Live) => {
            "next: wait for the end of the run; a live one is not repaired".to_owned()
        }
        (false, Ending::InOrder | Ending::CutOff) => format!(
            "next: every command reads what is whole and exits 4; `sanctum-tui fsck {} --repair` makes a copy of it",
            path.display()
        ),
    }
}
