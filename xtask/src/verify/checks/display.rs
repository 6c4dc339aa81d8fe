//! What stands on the screen: D01, D03, D06 and D08.

use std::collections::BTreeSet;

use telemetry_evidence::evidence::{Dark, ExampleSeen};

use crate::verify::checks::way::{self, Station, consumers, place_of, probe_cell, trail};
use crate::verify::code;
use crate::verify::finding::{Finding, Location, Outcome};
use crate::verify::record::{Cell, ExampleRow, Record};
use crate::verify::tables::Label;
use crate::verify::world::World;

/// D01: examples that fail and whose value is known. Those of a missing value are D03.
pub(super) fn examples(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    for (record, row, seen) in drawn(world) {
        if is_missing(row) {
            continue;
        }
        outcome.saw(Some(record.id));
        outcome.findings.extend(example(record, row, seen));
    }
    outcome
}

/// Returns every example that the probe drew, with its row.
fn drawn(world: &World) -> impl Iterator<Item = (&Record, &ExampleRow, &ExampleSeen)> {
    let evidence = world.evidence.yes();
    world.records.iter().flat_map(move |record| {
        let seen = evidence.and_then(|evidence| evidence.records.get(&record.id.to_string()));
        let examples = seen.map(|seen| seen.examples.as_slice()).unwrap_or_default();
        examples.iter().filter_map(move |example| {
            record.examples.get(example.row as usize).map(|row| (record, row, example))
        })
    })
}

/// Returns whether the example is one of the missing value.
pub(crate) fn is_missing(row: &ExampleRow) -> bool {
    row.given.value().split(',').any(|term| term.trim() == "missing")
}

fn example(record: &Record, row: &ExampleRow, seen: &ExampleSeen) -> Option<Finding> {
    let (expected, actual, message) = fault(row, seen)?;
    let code = if is_missing(row) { code::D03 } else { code::D01 };
    let place = place_of(&row.widget);
    let subject = format!("{place}: {}", row.given.value());
    let mut finding =
        Finding::new(code, row.shows.at.clone(), subject, format!("{place}: {message}"))
            .of(record.id)
            .instead(expected, actual);
    finding.trail = trail(record, &Station::Widget(place.clone()));
    finding.source = consumers(record)
        .find(|consumer| place_of(&consumer.widget) == place)
        .and_then(way::consumer_source);
    Some(finding)
}

/// Returns what an example should show, what it shows, and what is wrong with it in words.
fn fault(row: &ExampleRow, seen: &ExampleSeen) -> Option<(String, String, String)> {
    let given = row.given.value();
    if let Some(why) = &seen.failed {
        let message = format!("the example {given} cannot be drawn: {why}");
        return Some((row.shows.value().to_owned(), "nothing".to_owned(), message));
    }
    let shows = Shows::read(&row.shows);
    let style = row.style.value();
    let places = shows.places(&seen.lines);
    let all = || seen.lines.iter().map(|line| line.trim_end()).filter(|line| !line.is_empty());
    let picture = || all().collect::<Vec<_>>().join(" / ");
    match (&shows, places.is_empty()) {
        (Shows::Never(text), false) => {
            let line = places.first().map(|(line, _)| seen.lines[*line].trim_end());
            let message = format!("given {given}, it shows {text}");
            Some((format!("no {text}"), line.unwrap_or_default().to_owned(), message))
        }
        (Shows::Never(_), true) => None,
        (Shows::Run(text) | Shows::Line(text), true) => {
            Some((text.clone(), picture(), format!("given {given}, it does not show {text}")))
        }
        (Shows::Run(text) | Shows::Line(text), false) => {
            if style.is_empty() || places.iter().any(|at| has_style(seen, at, style)) {
                return None;
            }
            let (line, columns) = &places[0];
            let is = classes(seen, *line, columns);
            let is: Vec<&str> = is.into_iter().map(class_name).collect();
            let message = format!("given {given}, {text} has another style");
            Some((style.to_owned(), is.join(", "), message))
        }
    }
}

/// What a cell of Shows asks for.
enum Shows {
    /// Somewhere on one line.
    Run(String),
    /// The whole line.
    Line(String),
    /// Nowhere.
    Never(String),
}

impl Shows {
    fn read(cell: &Cell) -> Self {
        let text = cell.value();
        if let Some(line) = text.strip_prefix("= ") {
            Self::Line(line.trim().to_owned())
        } else if let Some(never) = text.strip_prefix("! ") {
            Self::Never(never.to_owned())
        } else {
            Self::Run(text.to_owned())
        }
    }

    /// Returns where it stands: line and columns, in characters.
    fn places(&self, lines: &[String]) -> Vec<(usize, std::ops::Range<usize>)> {
        let mut places = Vec::new();
        for (at, line) in lines.iter().enumerate() {
            match self {
                Self::Run(text) | Self::Never(text) => {
                    for (byte, run) in line.match_indices(text.as_str()) {
                        let start = line.get(..byte).unwrap_or_default().chars().count();
                        places.push((at, start..start + run.chars().count()));
                    }
                }
                Self::Line(text) if line.trim() == text => {
                    places.push((at, 0..line.chars().count()));
                }
                Self::Line(_) => {}
            }
        }
        places
    }
}

/// Returns the classes of the cells of a run that are not blank.
fn classes(seen: &ExampleSeen, line: usize, columns: &std::ops::Range<usize>) -> BTreeSet<char> {
    let text = seen.lines.get(line).map(String::as_str).unwrap_or_default();
    let classes = seen.classes.get(line).map(String::as_str).unwrap_or_default();
    let cells = text.chars().zip(classes.chars()).skip(columns.start).take(columns.len());
    cells.filter(|(symbol, _)| !symbol.is_whitespace()).map(|(_, class)| class).collect()
}

/// Classes that say something about the value; a run with a label in it has others besides.
const LOUD: &str = "wcms?";

/// Returns whether the run has a cell of the style, and no cell that says something else about the value.
fn has_style(seen: &ExampleSeen, place: &(usize, std::ops::Range<usize>), style: &str) -> bool {
    let classes = classes(seen, place.0, &place.1);
    let Some(wanted) = style.chars().next().filter(|initial| class_name(*initial) == style) else {
        return false;
    };
    classes.contains(&wanted)
        && classes.iter().all(|class| *class == wanted || !LOUD.contains(*class))
}

/// Returns the word for the initial of a class.
pub(super) const fn class_name(initial: char) -> &'static str {
    match initial {
        'p' => "plain",
        'd' => "dim",
        'a' => "accent",
        'o' => "ok",
        'w' => "warning",
        'c' => "critical",
        'm' => "missing",
        's' => "stale",
        _ => "no class of the theme",
    }
}

/// D03: examples of a missing value that fail; and, in widgets without such an example, digits or the known picture.
pub(super) fn missing(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    for (record, row, seen) in drawn(world).filter(|(_, row, _)| is_missing(row)) {
        outcome.saw(Some(record.id));
        outcome.findings.extend(example(record, row, seen));
    }
    let Some(evidence) = world.evidence.yes() else { return outcome };
    for record in &world.records {
        let Some(seen) = evidence.records.get(&record.id.to_string()) else { continue };
        for drawing in &seen.missing {
            let has_example = record
                .examples
                .iter()
                .any(|row| is_missing(row) && place_of(&row.widget) == drawing.widget);
            if has_example {
                continue;
            }
            outcome.saw(Some(record.id));
            let has_digits = drawing.touched.chars().any(|c| c.is_ascii_digit());
            // A value that is told by what is not there has no cell that could be mistaken.
            let leaves_no_trace = drawing.touched.trim().is_empty();
            if !has_digits && (!drawing.same_as_known || leaves_no_trace) {
                continue;
            }
            let row = consumers(record).find(|row| place_of(&row.widget) == drawing.widget);
            let at = row.map_or_else(|| probe_cell(record), |row| row.widget.at.clone());
            let message = format!("{}: a missing value looks like a measurement", drawing.widget);
            let mut finding = Finding::new(code::D03, at, drawing.widget.clone(), message)
                .of(record.id)
                .instead("no digits", drawing.touched.trim());
            finding.source = row.and_then(way::consumer_source);
            outcome.findings.push(finding);
        }
    }
    outcome
}

/// D06: digits on the screen that nothing moved and no label explains.
pub(super) fn dark(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    let Some(evidence) = world.evidence.yes() else { return outcome };
    if evidence.numerals == 0 {
        return outcome;
    }
    outcome.subjects.insert(None, evidence.numerals);
    let mut said = BTreeSet::new();
    for dark in unexplained(world) {
        // One finding however often the same text is drawn in other scenes and sizes.
        if !said.insert((&dark.widget, &dark.token)) {
            continue;
        }
        let message = format!("nothing moves {} of {}: who measures it?", dark.token, dark.widget);
        let subject = format!("{}: {}", dark.widget, dark.token);
        outcome.findings.push(
            Finding::new(code::D06, Location::default(), subject, message).instead(
                "digits that follow a value, or a line in labels.toml",
                format!("{} ({}, {})", dark.line.trim(), dark.scene, dark.size),
            ),
        );
    }
    outcome
}

/// Returns the dark numerals that no label explains.
pub(crate) fn unexplained(world: &World) -> impl Iterator<Item = &Dark> {
    let dark = world.evidence.yes().map(|evidence| evidence.dark.as_slice()).unwrap_or_default();
    dark.iter().filter(|dark| !world.tables.labels.iter().any(|label| explains(label, dark)))
}

/// Returns whether the text of the label stands in the line over all of the token, and in the widget it is for.
pub(crate) fn explains(label: &Label, dark: &Dark) -> bool {
    let is_there = label.widget.as_ref().is_none_or(|widget| *widget == dark.widget);
    let start = dark.column as usize;
    let end = start + dark.token.chars().count();
    let covers = |byte: usize| {
        let first = dark.line.get(..byte).unwrap_or_default().chars().count();
        first <= start && end <= first + label.text.chars().count()
    };
    is_there && dark.line.match_indices(label.text.as_str()).any(|(byte, _)| covers(byte))
}

/// D08: readings that the latest update did not refresh and that look fresh.
pub(super) fn stale(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    let Some(evidence) = world.evidence.yes() else { return outcome };
    for seen in &evidence.stale {
        let owner = world.owner(&seen.leaf);
        outcome.saw(owner.map(|record| record.id));
        if !seen.looks_fresh {
            continue;
        }
        let place = seen.widget.as_deref().unwrap_or("the snapshot");
        let row =
            owner.and_then(|record| consumers(record).find(|row| place_of(&row.widget) == place));
        let at = match (row, owner) {
            (Some(row), _) => row.widget.at.clone(),
            (None, Some(record)) => probe_cell(record),
            (None, None) => Location::default(),
        };
        let message = format!(
            "{place}: snapshot.{} was not refreshed by the latest update and looks fresh",
            seen.leaf
        );
        let mut finding =
            Finding::new(code::D08, at, format!("snapshot.{} @ {place}", seen.leaf), message)
                .instead("the style stale", "the style of a fresh reading");
        finding.record = owner.map(|record| record.id);
        finding.source = row.and_then(way::consumer_source);
        outcome.findings.push(finding);
    }
    outcome
}
