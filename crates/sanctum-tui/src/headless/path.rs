//! Places in the snapshot by path: `policy.kl_divergence`, `envs[0].status`, `metrics[eval/return].points`.

use std::fmt;

use karn_sanctum::Snapshot;
use serde_json::Value;

use crate::headless::nearest::nearest;

mod shape;

use shape::Shape;

/// No snapshot has such a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownPath {
    /// As it was asked for.
    pub path: String,
    /// The known path closest to it.
    pub nearest: String,
}

impl fmt::Display for UnknownPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown path `{}`; nearest: `{}`", self.path, self.nearest)
    }
}

impl std::error::Error for UnknownPath {}

/// Returns what the JSON form of a snapshot holds at `path`.
///
/// `Null` also stands for a place that this snapshot does not have and another could: the value of an absent reading,
/// an environment beyond the last, a metric of another name.
pub fn get<'a>(snapshot: &'a Value, path: &str) -> Result<&'a Value, UnknownPath> {
    let mut root = Shape::of::<Snapshot>();
    if let Shape::Fields(fields) = &mut root {
        fields.insert(0, (SCHEMA, Shape::Leaf));
    }
    let steps = steps(path);
    steps.as_deref().and_then(|steps| walk(snapshot, &root, steps)).ok_or_else(|| {
        let known = nearest_path(&root, steps.as_deref().unwrap_or(&[]), path);
        UnknownPath { path: path.to_owned(), nearest: known }
    })
}

/// The key that precedes the fields of the snapshot in its JSON form.
pub(super) const SCHEMA: &str = "schema";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step<'a> {
    Field(&'a str),
    Index(&'a str),
}

/// Takes a path apart; `None` where it is not even of the form of one.
///
/// A name in brackets may hold anything, brackets too: it ends at a `]` that the end, a `.` or a `[` follows.
fn steps(path: &str) -> Option<Vec<Step<'_>>> {
    let mut steps = Vec::new();
    let mut rest = path;
    loop {
        if let Some(inner) = rest.strip_prefix('[').filter(|_| !steps.is_empty()) {
            let (text, after) = inner
                .match_indices(']')
                .map(|(i, _)| (inner.split_at(i).0, inner.split_at(i + 1).1))
                .find(|(_, after)| after.is_empty() || after.starts_with(['.', '[']))?;
            steps.push(Step::Index(text));
            rest = after;
        } else {
            let name = rest.strip_prefix('.').filter(|_| !steps.is_empty()).unwrap_or(rest);
            let (name, after) = name.split_at(name.find(['.', '[']).unwrap_or(name.len()));
            if name.is_empty() {
                return None;
            }
            steps.push(Step::Field(name));
            rest = after;
        }
        if rest.is_empty() {
            return Some(steps);
        }
    }
}

fn walk<'a>(value: &'a Value, shape: &Shape, steps: &[Step<'_>]) -> Option<&'a Value> {
    let Some((&step, rest)) = steps.split_first() else { return Some(value) };
    let (next, below) = match (shape, step) {
        (Shape::Fields(fields), Step::Field(name)) => {
            let (_, below) = fields.iter().find(|(field, _)| *field == name)?;
            (value.get(name), below)
        }
        (Shape::List(entry), Step::Index(text)) => (value.get(index(text)?), &**entry),
        (Shape::Tuple(members), Step::Index(text)) => {
            let i = index(text)?;
            (value.get(i), members.get(i)?)
        }
        (Shape::Map(entry), Step::Index(name)) => (value.get(name), &**entry),
        (Shape::Leaf, _)
        | (Shape::Fields(_), Step::Index(_))
        | (Shape::List(_) | Shape::Tuple(_) | Shape::Map(_), Step::Field(_)) => return None,
    };
    walk(next.unwrap_or(&Value::Null), below, rest)
}

/// Reads digits; a number too large for any list is an entry that is not there.
fn index(text: &str) -> Option<usize> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(usize::MAX))
}

/// Returns the known path closest to the one asked for, with the indices of the latter.
fn nearest_path(root: &Shape, steps: &[Step<'_>], path: &str) -> String {
    let mut known = Vec::new();
    root.paths("", &mut known);
    let mut given: Vec<&str> = Vec::new();
    let mut asked = String::new();
    for step in steps {
        match *step {
            Step::Field(name) if asked.is_empty() => asked.push_str(name),
            Step::Field(name) => asked.extend([".", name]),
            Step::Index(text) => {
                given.push(text);
                asked.push_str(if index(text).is_some() { "[i]" } else { "[name]" });
            }
        }
    }
    if steps.is_empty() {
        path.clone_into(&mut asked);
    }
    let found = nearest(&asked, known.iter().map(String::as_str)).unwrap_or("");
    let mut given = given.into_iter();
    let mut text = String::new();
    for part in found.split_inclusive(']') {
        let filled = part.strip_suffix("[i]").or_else(|| part.strip_suffix("[name]"));
        let by_number = part.ends_with("[i]");
        match (filled, given.next()) {
            (Some(head), Some(index_text)) if !by_number || index(index_text).is_some() => {
                text.extend([head, "[", index_text, "]"]);
            }
            _ => text.push_str(part),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sample() -> Value {
        json!({
            "schema": 1,
            "task_name": "CartPole-v1",
            "max_batches": 75,
            "policy": {
                "kl_divergence": {"value": 0.0124, "batch": 26, "mono_ns": 7, "fresh": true, "verdict": "healthy"},
                "kl_divergence_history": [0.01, "NaN"],
                "entropy": null,
            },
            "envs": [{"env_id": 0, "status": "healthy"}],
            "telemetry": {"sink_losses": {"rows": {"lossless": null, "lossy": 6}}},
            "metrics": {"eval/mean.return-2": {"unit": null, "points": [[1024, 22.5]]}},
        })
    }

    #[track_caller]
    fn check(path: &str, expected: &Value) {
        assert_eq!(get(&sample(), path), Ok(expected), "{path}");
    }

    #[test]
    fn a_path_leads_to_its_place() {
        check("schema", &json!(1));
        check("task_name", &json!("CartPole-v1"));
        check("policy.kl_divergence.value", &json!(0.0124));
        check("policy.kl_divergence.verdict", &json!("healthy"));
        check("policy.kl_divergence_history[1]", &json!("NaN"));
        check("envs[0].status", &json!("healthy"));
        check("telemetry.sink_losses[rows].lossy", &json!(6));
        check("metrics[eval/mean.return-2].points", &json!([[1024, 22.5]]));
        check("metrics[eval/mean.return-2].points[0][1]", &json!(22.5));
    }

    #[test]
    fn a_legal_place_that_is_not_there_is_null() {
        for path in [
            "policy.entropy",
            "policy.entropy.value",
            "policy.entropy.verdict",
            "policy.kl_divergence_history[2]",
            "envs[1].status",
            "envs[99999999999999999999].status",
            "telemetry.sink_losses[socket].lossy",
            "metrics[loss].points",
            "metrics[loss].points[0][1]",
            "event_log[3].ts",
            "vitals.gpu_stats[0].device_id",
        ] {
            check(path, &Value::Null);
        }
    }

    #[track_caller]
    fn check_unknown(path: &str, nearest: &str) {
        let error = get(&sample(), path).unwrap_err();
        assert_eq!(error.nearest, nearest, "{path}");
        assert_eq!(error.to_string(), format!("unknown path `{path}`; nearest: `{nearest}`"));
    }

    #[test]
    fn an_unknown_path_is_an_error_with_the_nearest_one() {
        check_unknown("policy.kl_divergance", "policy.kl_divergence");
        check_unknown("kl_divergence", "policy.kl_divergence");
        check_unknown("policy.kl_divergence.verdickt", "policy.kl_divergence.verdict");
        check_unknown("envs[0].statsu", "envs[0].status");
        check_unknown("envs[x].status", "envs[i].status");
        check_unknown("envs.0.status", "envs[i].status");
        check_unknown("metrics[a.b].point", "metrics[a.b].points");
        check_unknown("metrics[a].points[0][2]", "metrics[a].points[0][0]");
        check_unknown("max_batches.value", "max_batches");
        check_unknown("task_name[0]", "task_name");
        check_unknown("Task_Name", "task_name");
    }

    #[test]
    fn what_is_no_path_at_all_is_unknown_too() {
        for path in [
            "",
            ".",
            "[0]",
            "policy.",
            ".policy",
            "policy..entropy",
            "envs[0",
            "envs[0]status",
            "envs[]",
        ] {
            assert!(get(&sample(), path).is_err(), "{path}");
        }
    }
}
