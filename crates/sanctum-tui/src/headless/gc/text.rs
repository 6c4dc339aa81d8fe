//! What `gc` prints.

use std::fmt::Write as _;

use sanctum_widgets::format::width;

use super::found::{Found, State};
use crate::headless::failure::harmless;

/// Returns one line for each run that goes, and one for all of them.
pub(super) fn list(chosen: &[&Found], all: usize) -> String {
    let names: Vec<String> = chosen.iter().map(|run| harmless(&run.name)).collect();
    let widest = names.iter().map(|name| width(name)).max().unwrap_or(0);
    let mut text = String::new();
    for (run, name) in chosen.iter().zip(&names) {
        let state = match run.state {
            State::Finished => "finished",
            State::Died => "died",
            State::Live => "live",
        };
        let room = widest - width(name);
        // Writing to a `String` cannot fail.
        writeln!(
            text,
            "{name}{:room$}  {:>8}  {:>8}  {state}",
            "",
            format_bytes(run.bytes),
            format_age(run.age_seconds)
        )
        .ok();
    }
    writeln!(text, "{} of {all} runs, {}", chosen.len(), format_bytes(total(chosen))).ok();
    text
}

/// Returns what a person is asked.
pub(super) fn question(chosen: &[&Found]) -> String {
    let runs = if chosen.len() == 1 { "this run" } else { "these runs" };
    format!("remove {runs} and {} for good?", format_bytes(total(chosen)))
}

fn total(chosen: &[&Found]) -> u64 {
    chosen.iter().map(|run| run.bytes).fold(0, u64::saturating_add)
}

/// Returns a size with its unit: powers of 1000, as disks are sold.
fn format_bytes(bytes: u64) -> String {
    let units = ["kB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1000.0;
    let mut unit = 0;
    while 999.95 <= value && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", units[unit])
}

/// Returns an age in its largest unit, cut off.
fn format_age(seconds: u64) -> String {
    let (number, unit) = match seconds {
        0..60 => (seconds, "s"),
        60..3600 => (seconds / 60, "min"),
        3600..86_400 => (seconds / 3600, "h"),
        86_400.. => (seconds / 86_400, "d"),
    };
    format!("{number} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_ages_are_short() {
        for (bytes, expected) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (999_949, "999.9 kB"),
            (999_950, "1.0 MB"),
            (67_108_864, "67.1 MB"),
            (u64::MAX, "18446744.1 TB"),
        ] {
            assert_eq!(format_bytes(bytes), expected);
        }
        for (seconds, expected) in
            [(59, "59 s"), (60, "1 min"), (3599, "59 min"), (86_399, "23 h"), (86_400, "1 d")]
        {
            assert_eq!(format_age(seconds), expected);
        }
    }
}
