//! The way of a value as a record declares it: its stations, the cells that name them, and the sources behind them.

use telemetry_evidence::plan::Move;

use crate::verify::finding::{Hop, HopState, Location};
use crate::verify::record::{Cell, Consumer, Record};

/// The stations between which a value can die.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Station {
    Payload,
    Snapshot,
    Widget(String),
}

/// Returns a consumer as the evidence names it: `RunHeader`, `EnvOverview @ env_detail`.
pub(crate) fn place_of(cell: &Cell) -> String {
    let words: Vec<&str> = cell.value().split('@').map(str::trim).collect();
    words.join(" @ ")
}

/// Returns the rows of Consumers that name a widget; a row `none: reason` names none.
pub(crate) fn consumers(record: &Record) -> impl Iterator<Item = &Consumer> {
    record.consumers.iter().filter(|row| row.none_because().is_none())
}

/// Returns the place of the Probe row; without one that of the file.
pub(super) fn probe_cell(record: &Record) -> Location {
    at(record.emitter("Probe"), record)
}

/// Returns the place of a cell; without it that of the file.
pub(super) fn at(cell: Option<&Cell>, record: &Record) -> Location {
    cell.map_or_else(|| Location::file(&record.file), |cell| cell.at.clone())
}

/// Returns the source of the emitter: file and function.
pub(super) fn emitter_source(record: &Record) -> Option<String> {
    pair(record.emitter("File"), record.emitter("Function/Method"))
}

/// Returns the source of a row of Transport: `Aggregation`, `Collection`.
pub(super) fn stage_source(record: &Record, stage: &str) -> Option<String> {
    let row = record.transport.iter().find(|row| row.name.text.contains(stage))?;
    pair(Some(&row.file), Some(&row.mechanism))
}

/// Returns the source of a consumer: file and widget.
pub(super) fn consumer_source(row: &Consumer) -> Option<String> {
    pair(Some(&row.file), Some(&row.widget))
}

fn pair(file: Option<&Cell>, symbol: Option<&Cell>) -> Option<String> {
    let file = file?.value();
    let symbol = symbol.map(Cell::value).unwrap_or_default();
    (!file.is_empty()).then(|| format!("{file}  {symbol}").trim_end().to_owned())
}

/// Returns the stations of a value that dies on the way to `broken`; up to there everything is known to be well.
pub(super) fn trail(record: &Record, broken: &Station) -> Vec<Hop> {
    let inputs = record.emitter("Inputs").map(Cell::value).filter(|cell| *cell != "external");
    let payload = record.meaning.moves.iter().find_map(|term| match term {
        Move::Event { leaf, .. } => Some(leaf.clone()),
        Move::Sampler { leaf } => Some(format!("sampler {leaf}")),
        Move::AnyEvent { .. }
        | Move::Clock { .. }
        | Move::Derived { .. }
        | Move::Link { .. }
        | Move::RejectedRow
        | Move::UnknownEvent
        | Move::SequenceGap => None,
    });
    let widget = match broken {
        Station::Widget(name) => name.clone(),
        Station::Payload | Station::Snapshot => {
            consumers(record).next().map(|row| place_of(&row.widget)).unwrap_or_default()
        }
    };
    let path = record.paths().first().map(|path| format!("snapshot.{path}"));
    let stations = [
        (inputs.map(str::to_owned), 0),
        (payload, 1),
        (Some("hub".to_owned()), 2),
        (path, 3),
        (Some(widget).filter(|name| !name.is_empty()), 4),
    ];
    let dies = match broken {
        Station::Payload => 1,
        Station::Snapshot => 3,
        Station::Widget(_) => 4,
    };
    let state = |at: i32| match at.cmp(&dies) {
        std::cmp::Ordering::Less => HopState::Ok,
        std::cmp::Ordering::Equal => HopState::Broken,
        std::cmp::Ordering::Greater => HopState::NotReached,
    };
    stations
        .into_iter()
        .filter_map(|(name, at)| Some(Hop { name: name?, state: state(at) }))
        .collect()
}
