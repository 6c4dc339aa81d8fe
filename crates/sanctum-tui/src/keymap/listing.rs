//! The whole key table for people and for programs: `--help-keys`.

use std::fmt::Write as _;
use std::io::Write;

use serde_json::json;

use crate::headless::Failure;

use super::{Action, Context, bindings};

/// Version of the JSON form; raised only by a breaking change.
const SCHEMA: u32 = 1;

/// Prints the table.
///
/// # Errors
///
/// `out` cannot be written to.
pub fn print(as_json: bool, out: &mut impl Write) -> Result<(), Failure> {
    let text = if as_json { self::as_json() + "\n" } else { as_text() };
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::Write)
}

/// Returns the table as lines: keys, then what they do, under the place where they do it.
fn as_text() -> String {
    let mut text = String::new();
    for context in Context::ALL {
        // Writing to a `String` cannot fail.
        writeln!(text, "{}", place(context)).ok();
        for binding in bindings(context) {
            writeln!(text, "  {:<13} {}", binding.labels(), binding.help).ok();
        }
    }
    text
}

/// Returns the table as one JSON object.
fn as_json() -> String {
    let all = Context::ALL.into_iter().flat_map(|context| {
        bindings(context).map(move |binding| {
            json!({
                "context": kebab(&format!("{context:?}")),
                "keys": binding.keys.iter().map(|chord| chord.label()).collect::<Vec<_>>(),
                "action": action_name(binding.action),
                "help": binding.help,
            })
        })
    });
    json!({ "schema": SCHEMA, "keys": all.collect::<Vec<_>>() }).to_string()
}

const fn place(context: Context) -> &'static str {
    match context {
        Context::Panels => "On the panels",
        Context::Help => "In the help",
        Context::Leave => "In the question how to leave",
        Context::SetMark => "After m",
        Context::GoToMark => "After '",
        Context::CompareWith => "After D",
        Context::Line => "On the command line",
        Context::Difference => "In the comparison of two moments",
        Context::Inspector => "In the inspector of a number",
        Context::Alerts => "In the list of alerts",
    }
}

/// Returns the name of an action, such as `next-panel`.
fn action_name(action: Action) -> String {
    kebab(&format!("{action:?}"))
}

fn kebab(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_hold_every_key() {
        let value: serde_json::Value = serde_json::from_str(&as_json()).unwrap();
        let rows = value["keys"].as_array().unwrap();
        let count: usize = Context::ALL.into_iter().map(|c| bindings(c).count()).sum();
        assert_eq!((rows.len(), &value["schema"]), (count, &json!(1)));
        assert_eq!(as_text().lines().count(), count + Context::ALL.len());
        let shifted = json!({
            "context": "panels",
            "keys": ["Shift-Left"],
            "action": "ten-batches-back",
            "help": "ten batches back",
        });
        assert!(rows.contains(&shifted));
    }
}
