//! Scripted runs with one thing changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::rig::{Emitted, Script, Step, Tree};
use crate::tree::{Path, set};

use super::base::{Base, Run};

/// Where a payload leaf stands: the step, and the path in its payload.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) step: usize,
    pub(crate) path: Path,
    pub(crate) value: Tree,
}

/// Returns where each payload leaf stands for the last time in a run with something in it, by path with `[*]`.
pub(crate) fn last_places<'b>(base: &Base<'_>, run: &'b Run) -> &'b BTreeMap<String, Place> {
    run.places.get_or_init(|| find_places(base, &run.script))
}

fn find_places(base: &Base<'_>, script: &Script) -> BTreeMap<String, Place> {
    let mut places = BTreeMap::new();
    for (step, event) in script.steps.iter().enumerate().rev() {
        let Step::Event(event) = event else { continue };
        let root = Path::default().field(&event.kind);
        for (path, value) in base.shape.leaves(&root, &event.body) {
            if !matches!(value, Tree::Null) {
                let path = Path(path.0.iter().skip(1).cloned().collect());
                let wild = root_wild(&event.kind, &path);
                places.entry(wild).or_insert_with(|| Place { step, path, value: value.clone() });
            }
        }
    }
    places
}

fn root_wild(kind: &str, path: &Path) -> String {
    let mut parts = Path::default().field(kind).0;
    parts.extend(path.0.iter().cloned());
    Path(parts).wild()
}

/// Returns the event of a step.
pub(crate) fn event(script: &Script, step: usize) -> Option<&Emitted> {
    match script.steps.get(step) {
        Some(Step::Event(event)) => Some(event),
        Some(
            Step::Rejected | Step::Unknown | Step::Gap(_) | Step::Link(_) | Step::TrainerAlive(_),
        )
        | None => None,
    }
}

/// Returns the script with another value in the payload of one step.
pub(crate) fn with_value(script: &Script, step: usize, path: &Path, value: &Tree) -> Script {
    let mut script = script.clone();
    put(&mut script, step, path, value);
    script
}

fn put(script: &mut Script, step: usize, path: &Path, value: &Tree) {
    if let Some(Step::Event(event)) = script.steps.get_mut(step) {
        set(&mut Arc::make_mut(event).body, path, value.clone());
    }
}

/// Returns the script with another value in the payload of every event of the kind that has something there.
pub(crate) fn with_value_everywhere(
    script: &Script,
    kind: &str,
    path: &Path,
    value: &dyn Fn(&Tree) -> Option<Tree>,
) -> Script {
    let mut script = script.clone();
    for step in &mut script.steps {
        if let Step::Event(event) = step
            && event.kind == kind
            && let Some(old) = crate::tree::get(&event.body, path)
            && !matches!(old, Tree::Null)
            && let Some(new) = value(old)
        {
            set(&mut Arc::make_mut(event).body, path, new);
        }
    }
    script
}

/// Returns the script with one of its events after all others, and where that is now.
pub(crate) fn last_writer(script: &Script, step: usize) -> (Script, usize) {
    let is_event = |step: &Step| matches!(step, Step::Event(_));
    let last = script.steps.iter().rposition(is_event).unwrap_or(step);
    let at = event(script, last).map(|event| event.at);
    let mut script = script.clone();
    let mut moved = script.steps.remove(step);
    if let (Step::Event(event), Some(at)) = (&mut moved, at) {
        Arc::make_mut(event).at = at;
    }
    script.steps.insert(last, moved);
    (script, last)
}

/// Returns the script with an event twice in a row; the second one is one step later than the only one was.
pub(crate) fn doubled(script: &Script, step: usize) -> Script {
    let mut script = script.clone();
    if let Some(copy) = script.steps.get(step).cloned() {
        script.steps.insert(step, copy);
    }
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script() -> Script {
        let event = |kind: &str, at| {
            let body = Tree::Map(vec![("x".into(), Tree::from(1))]);
            let envelope = Tree::Null;
            Step::Event(Arc::new(Emitted { kind: kind.to_owned(), at, envelope, body }))
        };
        let steps = vec![event("A", 1.0), event("B", 2.0), Step::Link(false)];
        Script { steps, idle: 0.0, wall_step: 0.0 }
    }

    fn kinds(script: &Script) -> Vec<(&str, f64)> {
        super::super::base::events(script).map(|event| (event.kind.as_str(), event.at)).collect()
    }

    #[test]
    fn an_event_goes_behind_all_others_but_before_the_end_of_the_link() {
        let (moved, at) = last_writer(&script(), 0);
        assert_eq!((kinds(&moved), at), (vec![("B", 2.0), ("A", 2.0)], 1));
        assert_eq!(moved.steps[2], Step::Link(false));
        assert_eq!(kinds(&doubled(&script(), 1)).len(), 3);
    }

    #[test]
    fn one_value_or_that_of_all_events_of_a_kind_changes() {
        let path = Path::default().field("x");
        let changed = with_value(&script(), 1, &path, &Tree::from(7));
        assert_eq!(event(&changed, 1).map(|event| event.body.clone()).unwrap(), {
            Tree::Map(vec![("x".into(), Tree::from(7))])
        });
        let changed = with_value_everywhere(&script(), "A", &path, &|_| Some(Tree::from(9)));
        assert_ne!(event(&changed, 0), event(&script(), 0));
        assert_eq!(event(&changed, 1), event(&script(), 1));
    }
}
