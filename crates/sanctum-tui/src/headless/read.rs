//! Folds a recorded run up to a moment, in replay time: an event is received at its own `mono_ns`.

use karn_sanctum::aggregator::Link;
use karn_sanctum::{Aggregator, RunKey, Snapshot};
use leyline::{Incoming, ViewNs};
use nissa::rows::RowError;

use crate::fold::Picture;
use crate::headless::cut::{Cut, Missing, Step, received};

/// How the fold stood when the reading ended.
#[derive(Debug)]
pub(super) struct Still {
    /// The group shown, and which others there are.
    pub(super) picture: Picture,
    /// Whether rows followed, or could have followed, the moment that was asked for.
    pub(super) reached: bool,
}

/// What ended the reading too early.
#[derive(Debug)]
pub(super) enum ReadError {
    /// The source could not be read any further.
    Rows(RowError),
    /// The rows do not have what was asked for.
    Missing(Missing),
}

/// Folds `rows` up to the moment of `cut` and takes a picture `later` nanoseconds after the last event applied.
pub(super) fn fold(
    rows: impl Iterator<Item = Result<Incoming, RowError>>,
    mut cut: Cut,
    closed: bool,
    later: u64,
) -> Result<Still, ReadError> {
    let mut aggregator = Aggregator::new();
    let mut now = ViewNs(0);
    let mut reached = false;
    for row in rows {
        let row = row.map_err(ReadError::Rows)?;
        match cut.before(&row) {
            Step::Take => {}
            Step::Skip => {
                reached = true;
                continue;
            }
            Step::End => {
                reached = true;
                break;
            }
        }
        now = received(&row, now);
        aggregator.apply(&row, now);
        if cut.is_reached(&row, &aggregator) {
            reached = true;
            break;
        }
    }
    let key = cut.choose(&aggregator).map_err(ReadError::Missing)?;
    let now = ViewNs(cut.last(key.as_ref()).0.saturating_add(later));
    if closed {
        aggregator.link(Link::Closed, now);
    }
    Ok(Still { picture: picture(&aggregator, key.as_ref(), now), reached })
}

fn picture(aggregator: &Aggregator, key: Option<&RunKey>, now: ViewNs) -> Picture {
    let groups = aggregator.keys();
    let snapshot: Snapshot = match key {
        Some(key) => aggregator.snapshot(key, now),
        None => aggregator.snapshot_without_run(now),
    };
    let shown = key.and_then(|key| groups.iter().position(|group| group == key)).unwrap_or(0);
    Picture { snapshot, groups, shown, ended: false }
}
