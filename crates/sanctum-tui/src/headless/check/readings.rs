//! Walks over everything in a snapshot that carries a verdict of a limit: the readings and the counters.

use karn_sanctum::{Snapshot, number};

pub(super) use karn_sanctum::number::{Found, Kind, Place};

/// Calls `found` with every reading there is, and with the counters that a limit judges.
pub(super) fn visit(snapshot: &Snapshot, found: &mut impl FnMut(Found)) {
    number::visit(snapshot, &mut |number| match number.kind {
        Kind::Update | Kind::Other | Kind::Counter => found(number),
        Kind::Plain => {}
    });
}
