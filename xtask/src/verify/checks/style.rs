//! H02: the verdict and the style just below, at and just above each limit, and of what is not finite.

use std::collections::BTreeSet;

use telemetry_evidence::Evidence;
use telemetry_evidence::evidence::PointSeen;
use telemetry_evidence::plan::Point;

use crate::verify::checks::condition::{Scene, holds};
use crate::verify::checks::display::class_name;
use crate::verify::checks::values;
use crate::verify::checks::way::at;
use crate::verify::code;
use crate::verify::finding::{Finding, Outcome, Skip};
use crate::verify::grammar::Level;
use crate::verify::record::{Record, bare_path};
use crate::verify::world::World;

/// H02: points at which verdict or style is not the declared one.
pub(super) fn points(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    let Some(evidence) = world.evidence.yes() else { return outcome };
    for plan in &world.plan.records {
        let record = world.records.iter().find(|record| record.id.to_string() == plan.id);
        let (Some(record), Some(seen)) = (record, evidence.records.get(&plan.id)) else { continue };
        for (point, seen) in plan.points.iter().zip(&seen.points) {
            let Some((row, level)) = declared(record, evidence, point) else { continue };
            let mut skip = |why: String| {
                outcome.skipped.push(Skip { record: Some(record.id), why });
            };
            if let Some(why) = &seen.failed {
                skip(format!("{}: {why}", point.label));
                continue;
            }
            if seen.verdict.is_none() && seen.classes.values().all(BTreeSet::is_empty) {
                skip(format!("{}: neither a verdict nor a cell", point.label));
                continue;
            }
            outcome.saw(Some(record.id));
            let Some((expected, actual)) = fault(level, seen) else { continue };
            let cell = row.map(|row| &record.thresholds[row].condition);
            let message = format!("{} is not {}", point.label, level_name(level));
            outcome.findings.push(
                Finding::new(code::H02, at(cell, record), point.label.clone(), message)
                    .of(record.id)
                    .instead(expected, actual),
            );
        }
    }
    outcome
}

/// Returns the declared level at a point and the row that declares it; what is not finite is critical without a row.
fn declared(record: &Record, evidence: &Evidence, point: &Point) -> Option<(Option<usize>, Level)> {
    let paths = record.paths();
    let own = point
        .given
        .iter()
        .find(|edit| paths.contains(&bare_path(&edit.name)))
        .or_else(|| point.given.first())?;
    if values::number(&own.value).is_some_and(|value| !value.is_finite()) {
        return Some((None, Level::Critical));
    }
    let scene = Scene { record, evidence, given: &point.given, own: &own.value };
    let rows = record.thresholds.iter().enumerate();
    rows.filter_map(|(at, row)| Some((at, row.parsed.as_ref()?)))
        .filter(|(_, (_, condition))| holds(condition, &scene) == Some(true))
        .map(|(at, (level, _))| (Some(at), *level))
        .max_by_key(|(_, level)| loudness(*level))
}

/// Returns what should be and what is, if they differ.
fn fault(level: Level, seen: &PointSeen) -> Option<(String, String)> {
    let wanted = match level {
        Level::Healthy | Level::Available => "healthy",
        Level::Warning => "warning",
        Level::Critical => "critical",
        Level::Unknown | Level::Unavailable => "no data",
    };
    if let Some(verdict) = &seen.verdict {
        // A reading that nobody grades has no verdict: whoever declares it healthy asks for nothing more.
        let is_healthy = wanted == "healthy" && verdict == "none";
        if verdict != wanted && !is_healthy {
            return Some((format!("the verdict {wanted}"), format!("the verdict {verdict}")));
        }
    }
    let shown = seen.classes.iter().filter(|(_, classes)| !classes.is_empty());
    let worst: Vec<(&String, char)> =
        shown.map(|(place, classes)| (place, worst(classes))).collect();
    let (class, limit) = match level {
        Level::Healthy | Level::Available => (None, 0),
        Level::Unknown | Level::Unavailable => (Some('m'), 1),
        Level::Warning => (Some('w'), 2),
        Level::Critical => (Some('c'), 3),
    };
    let name = class.map_or("no missing, warning or critical", class_name);
    if let Some((place, class)) = worst.iter().find(|(_, class)| limit < rank(*class)) {
        return Some((format!("{name} in {place}"), format!("{} in {place}", class_name(*class))));
    }
    let has_it = |class| worst.iter().any(|(_, is)| *is == class);
    if worst.is_empty() || class.is_none_or(has_it) {
        return None;
    }
    let all: Vec<String> =
        worst.iter().map(|(place, class)| format!("{} in {place}", class_name(*class))).collect();
    Some((format!("{name} in one of the consumers"), all.join(", ")))
}

fn worst(classes: &BTreeSet<String>) -> char {
    let initials = classes.iter().filter_map(|class| class.chars().next());
    initials.max_by_key(|class| rank(*class)).unwrap_or('p')
}

/// Returns how loud a class is: those that no level asks for are silent.
const fn rank(class: char) -> u8 {
    match class {
        'm' => 1,
        'w' => 2,
        'c' => 3,
        _ => 0,
    }
}

const fn loudness(level: Level) -> u8 {
    match level {
        Level::Healthy | Level::Available => 0,
        Level::Warning => 1,
        Level::Critical => 2,
        // Without data there is nothing to grade.
        Level::Unknown | Level::Unavailable => 3,
    }
}

const fn level_name(level: Level) -> &'static str {
    match level {
        Level::Healthy => "Healthy",
        Level::Warning => "Warning",
        Level::Critical => "Critical",
        Level::Available => "Available",
        Level::Unavailable => "Unavailable",
        Level::Unknown => "Unknown",
    }
}
