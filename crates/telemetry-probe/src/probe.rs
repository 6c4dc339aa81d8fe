//! The differential algorithm: everything is moved, one thing at a time, and what moves with it is written down.
//!
//! | module | finds out |
//! |---|---|
//! | `base` | the scripted runs, twice each, and every leaf there is |
//! | `emission` | which payload leaves an input moves |
//! | `scripts` | runs with one thing changed |
//! | `fold` | which snapshot leaves a payload leaf moves, in two orders |
//! | `memory` | what an earlier event, an earlier run, or another environment leaves behind |
//! | `stimuli` | what moves without a payload |
//! | `draw`, `screens` | which cells a snapshot leaf moves, and which digits nothing moves |
//! | `edits` | a snapshot with one leaf changed, or some |
//! | `edit` | a snapshot with some values changed by name |
//! | `display` | examples, missing values, and verdicts at the limits |
//! | `range` | values outside their range |
//! | `again` | what is different while a wire is cut, without doing all of it again |
//! | `focus` | which part of all this is looked at |

mod again;
mod base;
mod cells;
mod display;
mod draw;
mod edit;
mod edits;
mod emission;
mod focus;
mod fold;
mod memory;
mod range;
mod screens;
mod scripts;
mod spread;
mod stimuli;

use std::time::Duration;

use telemetry_evidence::{Evidence, Plan, SCHEMA};

use crate::rig::Rig;

use base::Base;

pub use again::{Known, Look, Seen};

/// Stages with how long each of them took.
pub type Stages = Vec<(&'static str, Duration)>;

/// Probes a pipeline, and says how long each stage took. Fails if a scripted run cannot be made or folded at all.
pub fn probe(
    rig: &dyn Rig,
    plan: &Plan,
    now: &(dyn Fn() -> Duration + Sync),
) -> Result<(Evidence, Stages), String> {
    let mut evidence = Evidence { schema: SCHEMA, ..Evidence::default() };
    let mut stages = Vec::new();
    let mut since = now();
    let mut lap = |name: &'static str| {
        let at = now();
        stages.push((name, at.saturating_sub(since)));
        since = at;
    };
    let base = Base::new(rig, plan, &mut evidence)?;
    lap("scripted runs");
    emission::probe(&base, &mut evidence);
    lap("inputs to payloads");
    fold::probe(&base, &mut evidence);
    lap("payloads to snapshot");
    memory::probe(&base, &mut evidence);
    lap("sequences, runs, environments");
    stimuli::probe(&base, &mut evidence);
    lap("what is no payload");
    draw::probe(&base, &mut evidence);
    lap("snapshot to cells");
    screens::probe(&base, &mut evidence);
    lap("whole screens");
    display::probe(&base, &mut evidence);
    lap("examples, missing values, limits");
    range::probe(&base, &mut evidence);
    lap("ranges");
    Ok((evidence, stages))
}
