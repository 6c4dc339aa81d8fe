//! What moves without any payload: the clock, the link, rows that are no events, a wall clock that is set back.

use std::collections::BTreeSet;

use telemetry_evidence::Evidence;
use telemetry_evidence::plan::Move;

use crate::rig::{Script, Step};

use super::base::{Base, add_hub, is_about};
use super::spread::spread;

/// Seconds of silence more than in the scripted run: beyond every limit of staleness.
const SILENCE: f64 = 37.0;
/// Seconds that the wall clock is set back.
const SET_BACK: f64 = 3600.0;
/// Name of the wall clock among the stimuli here; the evidence has a place of its own for it.
const WALL: &str = "wall clock";

/// Applies every stimulus to every scripted run and records which snapshot leaves move.
pub(crate) fn probe(base: &Base<'_>, evidence: &mut Evidence) {
    let jobs: Vec<_> = (0..base.runs.len())
        .flat_map(|run| {
            let scripts = stimulated(&base.runs[run].script);
            scripts.into_iter().map(move |(name, script)| (run, name, script))
        })
        .collect();
    let found = spread(&jobs, |(run, _, script)| {
        let folded = base.rig.fold(script).ok()?;
        Some((base.moved(&base.runs[*run].snapshot, &folded.snapshot), folded.hub))
    });
    for ((_, name, _), found) in jobs.iter().zip(found) {
        let Some((moved, hub)) = found else { continue };
        evidence.probes += 1;
        add_hub(&mut evidence.hub, &hub);
        if *name == WALL {
            evidence.wall_clock.extend(moved.leaves);
        } else {
            evidence.stimuli.entry((*name).to_owned()).or_default().extend(moved.leaves);
        }
    }
    derived(base, evidence);
}

/// Adds what follows from what payloads move.
pub(super) fn derived(base: &Base<'_>, evidence: &mut Evidence) {
    samplers(base, evidence);
    // One more event of any kind, whatever it says: the leaves of a kind have a dot, the kind alone has none.
    let whole = evidence.fold.iter().filter(|(cause, _)| !cause.contains('.'));
    let moved: BTreeSet<String> =
        whole.flat_map(|(_, seen)| seen.canonical.iter().cloned()).collect();
    evidence.stimuli.insert("any event".to_owned(), moved);
}

fn stimulated(script: &Script) -> Vec<(&'static str, Script)> {
    let with = |steps: &[Step]| {
        let mut script = script.clone();
        script.steps.extend_from_slice(steps);
        script
    };
    let mut gap = script.clone();
    let last = gap.steps.iter().rposition(|step| matches!(step, Step::Event(_))).unwrap_or(0);
    gap.steps.insert(last, Step::Gap(3));
    vec![
        ("clock", Script { idle: script.idle + SILENCE, ..script.clone() }),
        (WALL, Script { wall_step: SET_BACK, ..script.clone() }),
        ("link", with(&[Step::Link(false)])),
        ("link", with(&[Step::Link(true)])),
        ("trainer_alive", with(&[Step::TrainerAlive(Some(true))])),
        ("trainer_alive", with(&[Step::TrainerAlive(Some(false))])),
        ("rejected", with(&[Step::Rejected])),
        ("unknown", with(&[Step::Unknown])),
        ("gap", gap),
    ]
}

/// A value of the sampler travels in a payload: what that one moves, it moves.
fn samplers(base: &Base<'_>, evidence: &mut Evidence) {
    for term in base.plan.records.iter().flat_map(|record| &record.moves) {
        let Move::Sampler { leaf } = term else { continue };
        let mut moved = BTreeSet::new();
        for (payload, seen) in &evidence.fold {
            if is_about(term, payload) {
                moved.extend(seen.canonical.iter().chain(&seen.last_writer).cloned());
            }
        }
        evidence.stimuli.entry(format!("sampler {leaf}")).or_default().extend(moved);
    }
}
