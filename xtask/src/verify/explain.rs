//! `--explain CODE` and `--list-codes`.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::table::{Form, format_table};
use crate::verify::code::{ALL, Code, CodeSpec};
use crate::verify::report::json::{severity_name, tier_name};

/// What became of a question about a code.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Explained {
    /// Its page.
    Page(String),
    /// There is no such code; what to tell the user, who made a mistake (exit code 2).
    Unknown(String),
}

/// Returns the page of a code, from the tree below `root`.
pub(crate) fn explain(root: &Path, name: &str) -> Result<Explained> {
    let Some(code) = Code::find(name) else { return Ok(Explained::Unknown(unknown(name))) };
    let page = root.join(format!("docs/telemetry/checks/{}.md", code.as_str()));
    if !page.is_file() && !code.spec().is_built {
        let spec = code.spec();
        return Ok(Explained::Page(format!(
            "# {code}\n\nFinds: {}.\n\nNot built yet.\n",
            spec.finds
        )));
    }
    let text = std::fs::read_to_string(&page);
    Ok(Explained::Page(
        text.with_context(|| format!("cannot read the page of {code}: {}", page.display()))?,
    ))
}

fn unknown(name: &str) -> String {
    let bare = name.to_ascii_uppercase();
    let bare = bare.strip_prefix("TV-").unwrap_or(&bare);
    let distance = |spec: &&CodeSpec| strsim::damerau_levenshtein(spec.code.as_str(), bare);
    // The first of several equally near ones: the list has the order of the specification.
    let nearest = ALL.iter().min_by_key(distance).filter(|spec| distance(spec) <= 2);
    let hint =
        nearest.map(|spec| format!("; did you mean {} ({})?", spec.code.as_str(), spec.finds));
    format!("there is no code {name:?}{}\n`--list-codes` prints them all", hint.unwrap_or_default())
}

/// Returns the table of codes.
pub(crate) fn list() -> String {
    let rows: Vec<Vec<String>> = ALL
        .iter()
        .map(|spec| {
            let mark =
                |is_true: bool, yes: &str, no: &str| if is_true { yes } else { no }.to_owned();
            vec![
                spec.code.to_string(),
                severity_name(spec.severity).to_owned(),
                tier_name(spec.tier).to_owned(),
                mark(spec.is_fixable, "yes", ""),
                mark(spec.is_built, "built", "later"),
                spec.finds.to_owned(),
            ]
        })
        .collect();
    format_table(&["code", "severity", "tier", "fix", "milestone", "finds"], &rows, Form::Plain)
}

/// Returns the codes for programs.
pub(crate) fn list_json() -> String {
    let codes: Vec<Value> = ALL
        .iter()
        .map(|spec| {
            json!({
                "code": spec.code.to_string(),
                "severity": severity_name(spec.severity),
                "tier": tier_name(spec.tier),
                "fixable": spec.is_fixable,
                "built": spec.is_built,
                "finds": spec.finds,
            })
        })
        .collect();
    format!("{:#}\n", json!({"schema": 1, "codes": codes}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_found_with_and_without_prefix_and_a_typo_names_the_nearest_code() {
        let root = tempfile::tempdir().expect("folder");
        let pages = root.path().join("docs/telemetry/checks");
        std::fs::create_dir_all(&pages).expect("folder");
        std::fs::write(pages.join("P04.md"), "# P04\n").expect("page");
        let page = Explained::Page("# P04\n".to_owned());
        for name in ["P04", "TV-P04", "p04"] {
            assert_eq!(explain(root.path(), name).expect("read"), page);
        }
        let Explained::Unknown(text) = explain(root.path(), "TV-P4").expect("read") else {
            panic!("P4 is no code");
        };
        assert!(text.contains("did you mean P04"), "{text}");
        let Explained::Unknown(text) = explain(root.path(), "nonsense").expect("read") else {
            panic!("nonsense is no code");
        };
        assert!(!text.contains("did you mean"), "{text}");
        // A built code without a page is a defect of the tree (V02), and no page of its own making.
        assert!(explain(root.path(), "P03").is_err());
    }

    #[test]
    fn both_lists_hold_every_code() {
        let read: Value = serde_json::from_str(&list_json()).expect("JSON");
        let text = list();
        for (at, spec) in ALL.iter().enumerate() {
            assert_eq!(read["codes"][at]["code"], spec.code.to_string());
            assert_eq!(read["codes"][at]["built"], spec.is_built);
            let line = text.lines().nth(at + 1).expect("a line per code");
            assert!(line.starts_with(&spec.code.to_string()), "{line}");
        }
    }
}
