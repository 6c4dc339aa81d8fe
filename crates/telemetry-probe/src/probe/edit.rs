//! A snapshot with some values changed by name, or made again from changed inputs.

use telemetry_evidence::plan::Edit;

use crate::nudge::with_value;
use crate::rig::{Script, Tree};
use crate::tree::{Part, Path, child, from_json, get, get_mut, is_reading, set};

use super::base::{Base, Run};

/// Returns the snapshot of a run with the changes. A name of the snapshot changes it directly; any other name is an input,
/// and then the whole way is gone again.
pub(crate) fn edited(base: &Base<'_>, run: &Run, edits: &[Edit]) -> Result<Tree, String> {
    let (direct, through): (Vec<&Edit>, Vec<&Edit>) =
        edits.iter().partition(|edit| is_snapshot_name(base, &edit.name));
    let mut snapshot = if through.is_empty() {
        run.snapshot.clone()
    } else {
        let mut inputs = run.inputs.clone();
        for edit in through {
            put_input(base, &mut inputs, edit)?;
        }
        let steps = base.rig.emit(&inputs)?;
        let Script { steps: _, idle, wall_step } = run.script;
        base.rig.fold(&Script { steps, idle, wall_step })?.snapshot
    };
    for edit in &direct {
        put(base, &mut snapshot, edit)?;
    }
    if !direct.is_empty() {
        base.rig.judge(&mut snapshot);
    }
    Ok(snapshot)
}

fn bare(name: &str) -> &str {
    name.strip_prefix("snapshot.").unwrap_or(name)
}

/// Returns a name with `[*]` for whatever stands in brackets.
pub(crate) fn wild(name: &str) -> String {
    let mut wild = String::new();
    let mut inside = false;
    for c in bare(name).chars() {
        match c {
            '[' => {
                inside = true;
                wild.push_str("[*]");
            }
            ']' => inside = false,
            c if !inside => wild.push(c),
            _ => {}
        }
    }
    wild
}

fn is_snapshot_name(base: &Base<'_>, name: &str) -> bool {
    let wild = wild(name);
    let begins = |path: &str| {
        path.strip_prefix(wild.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    base.names.iter().any(|path| begins(path))
}

/// Returns the places that a name means: one, or with `[*]` or a word in brackets that no key has, all entries.
pub(crate) fn places(tree: &Tree, name: &str) -> Vec<Path> {
    let mut places = vec![Path::default()];
    for part in bare(name).split(['.', '[']) {
        let is_entry = part.ends_with(']');
        let key = part.trim_end_matches(']');
        let step = |place: &Path| -> Vec<Path> {
            match (get(tree, place), key.parse::<usize>()) {
                (Some(Tree::Array(items)), Ok(index)) => (index < items.len())
                    .then(|| place.with(Part::Index(index)))
                    .into_iter()
                    .collect(),
                (Some(Tree::Array(items)), Err(_)) if is_entry => {
                    (0..items.len()).map(|index| place.with(Part::Index(index))).collect()
                }
                (Some(tree @ Tree::Map(entries)), _) if is_entry => match child(tree, key) {
                    Some(_) => vec![place.with(Part::Entry(key.to_owned()))],
                    None => entries
                        .iter()
                        .filter_map(|(key, _)| key.as_text())
                        .map(|key| place.with(Part::Entry(key.to_owned())))
                        .collect(),
                },
                (Some(tree), _) if child(tree, key).is_some() => vec![place.field(key)],
                _ => Vec::new(),
            }
        };
        places = places.iter().flat_map(step).collect();
    }
    places
}

fn put(base: &Base<'_>, snapshot: &mut Tree, edit: &Edit) -> Result<(), String> {
    let mut found = places(snapshot, &edit.name);
    if found.is_empty() {
        borrow_parent(base, snapshot, &edit.name);
        found = places(snapshot, &edit.name);
    }
    if found.is_empty() {
        return Err(format!("the snapshot has no {}", edit.name));
    }
    for path in found {
        let sample = base.samples.get(&path.wild());
        let value = from_json(&edit.value, sample.or_else(|| get(snapshot, &path)));
        let Some(place) = get_mut(snapshot, &path) else { continue };
        let like = if is_reading(place) {
            Some(&*place)
        } else {
            sample.filter(|sample| is_reading(sample))
        };
        let value = match like {
            Some(reading) if !matches!(value, Tree::Null | Tree::Map(_)) => {
                with_value(reading, value)
            }
            _ => value,
        };
        *place = value;
    }
    Ok(())
}

/// Takes what is missing on the way to a name from another run: an entry of a list that is empty here.
fn borrow_parent(base: &Base<'_>, snapshot: &mut Tree, name: &str) {
    let ends: Vec<usize> = bare(name)
        .char_indices()
        .filter(|(_, c)| matches!(c, '.' | '['))
        .map(|(at, _)| at)
        .collect();
    for end in ends.into_iter().rev() {
        let Some((parent, _)) = bare(name).split_at_checked(end) else { continue };
        let donor = base.runs.iter().find(|run| !places(&run.snapshot, name).is_empty());
        let Some(donor) = donor else { return };
        let (from, to) = (places(&donor.snapshot, parent), places(snapshot, parent));
        if let ([from], [to]) = (from.as_slice(), to.as_slice())
            && let Some(value) = get(&donor.snapshot, from)
        {
            set(snapshot, to, value.clone());
            return;
        }
    }
}

fn put_input(base: &Base<'_>, inputs: &mut Tree, edit: &Edit) -> Result<(), String> {
    let mut found = places(inputs, &edit.name);
    if found.is_empty() {
        let leaves = base.shape.leaves(&Path::default(), inputs);
        let last = |path: &Path| path.0.last() == Path::default().field(&edit.name).0.last();
        found = leaves.iter().map(|(path, _)| path.clone()).filter(last).collect();
        let names: std::collections::BTreeSet<String> = found.iter().map(Path::wild).collect();
        if 1 < names.len() {
            let names: Vec<_> = names.into_iter().collect();
            return Err(format!("{} means several inputs: {}", edit.name, names.join(", ")));
        }
    }
    if found.is_empty() {
        return Err(format!("neither snapshot nor inputs have {}", edit.name));
    }
    for path in found {
        let like = get(inputs, &path).filter(|like| !matches!(like, Tree::Null)).cloned();
        let like = like.or_else(|| {
            let mut others = base.runs.iter().filter_map(|run| get(&run.inputs, &path));
            others.find(|like| !matches!(like, Tree::Null)).cloned()
        });
        set(inputs, &path, from_json(&edit.value, like.as_ref()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::to_tree;

    #[track_caller]
    fn check(name: &str, expected: &[&str]) {
        let json = serde_json::json!({"a": 1, "envs": [{"x": 1}, {"x": 2}], "metrics": {"loss": {"unit": "s"}}});
        let tree = to_tree(&json).unwrap();
        let found: Vec<_> = places(&tree, name).iter().map(ToString::to_string).collect();
        assert_eq!(found, expected, "{name}");
    }

    #[test]
    fn names_find_places() {
        check("a", &["a"]);
        check("snapshot.a", &["a"]);
        check("b", &[]);
        check("envs[1].x", &["envs[1].x"]);
        check("envs[i].x", &["envs[0].x", "envs[1].x"]);
        check("envs[7].x", &[]);
        check("metrics[loss].unit", &["metrics[loss].unit"]);
        check("metrics[name].unit", &["metrics[loss].unit"]);
        assert_eq!(wild("snapshot.envs[i].x"), "envs[*].x");
    }
}
