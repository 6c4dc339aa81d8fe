//! The figures of coverage, and C06 when one fell.

use crate::verify::checks::causes::moved_by;
use crate::verify::checks::coverage::is_not_shown;
use crate::verify::checks::display::unexplained;
use crate::verify::code;
use crate::verify::finding::{Finding, Location};
use crate::verify::judge::Scope;
use crate::verify::report::Judged;
use crate::verify::tables::INDEX;
use crate::verify::tables::coverage::{Coverage, Ratio};
use crate::verify::world::World;

/// Returns the figures; those that nobody measured are `n/a`.
pub(super) fn coverage(world: &World, records: &[Judged]) -> Coverage {
    let earned: usize = records.iter().map(Judged::boxes_earned).sum();
    let boxes: usize = records.iter().map(|judged| judged.boxes.len()).sum();
    let evidence_ratio = Ratio::new(earned as u32, boxes as u32);
    let Some(evidence) = world.evidence.yes() else {
        return Coverage { evidence: Ratio::default(), ..Coverage::default() };
    };
    let count = |part: usize, whole: usize| Ratio::new(part as u32, whole as u32);
    let leaves = &evidence.snapshot;
    let owned = leaves.iter().filter(|leaf| world.owner(&leaf.path).is_some()).count();
    let is_drawn = |path: &str| {
        let widgets = evidence.draw.get(path);
        widgets.is_some_and(|widgets| widgets.values().any(|cells| 0 < *cells))
    };
    let drawn = leaves.iter().filter(|leaf| is_drawn(&leaf.path)).count();
    let is_used = |path: &str| is_not_shown(world, path) || !moved_by(evidence, path).is_empty();
    let used = evidence.payloads.iter().filter(|leaf| is_used(&leaf.path)).count();
    let dark = unexplained(world).count() as u32;
    Coverage {
        record: count(owned, leaves.len()),
        payload_use: count(used, evidence.payloads.len()),
        display: count(drawn, leaves.len()),
        screen: Ratio::new(evidence.numerals.saturating_sub(dark), evidence.numerals),
        evidence: evidence_ratio,
        deep: world
            .deep
            .yes()
            .map_or_else(Ratio::default, |deep| count(deep.killed(), deep.cuts.len())),
    }
}

/// C06: figures below those of the committed INDEX.md. A part of the run says nothing about the whole.
pub(super) fn fallen(world: &World, now: &Coverage, scope: &Scope) -> Vec<Finding> {
    let is_measured = world.evidence.yes().is_some() && world.tests.yes().is_some();
    let Some(before) =
        world.tables.previous.as_ref().filter(|_| is_measured && scope.only.is_empty())
    else {
        return Vec::new();
    };
    let fallen = now.fallen(before).into_iter().map(|(name, now, before)| {
        let message = format!("the coverage figure {name} fell");
        Finding::new(code::C06, Location::file(INDEX), name, message)
            .instead(format!("{before} or more"), now.to_string())
    });
    fallen.collect()
}
