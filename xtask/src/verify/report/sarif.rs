//! The report for code scanning: SARIF 2.1.0, failures only.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};
use xxhash_rust::xxh64::xxh64;

use super::{Context, human};
use crate::verify::code::{ALL, CodeSpec, Severity};
use crate::verify::finding::{Edit, Finding, Location};

/// Under which name the stable identity of a result is kept.
const FINGERPRINT: &str = "verifyTelemetry/v1";
/// What relative paths are relative to, as code scanning knows it.
const ROOT: &str = "%SRCROOT%";

/// Returns the report.
pub(super) fn format(context: &Context<'_>) -> String {
    let report = context.report;
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let results: Vec<Value> = report
        .findings
        .iter()
        .map(|finding| {
            let nth = seen.entry(identity(finding)).or_default();
            *nth += 1;
            result(context, finding, *nth)
        })
        .collect();
    let notifications: Vec<Value> = report
        .not_verified
        .iter()
        .map(|why| json!({"level": "error", "message": {"text": why}}))
        .collect();
    let whole = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "verify-telemetry",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": ALL.iter().map(rule).collect::<Vec<_>>(),
            }},
            "originalUriBaseIds": {ROOT: {"description": {"text": "the root of the repository"}}},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": report.not_verified.is_empty(),
                "toolExecutionNotifications": notifications,
            }],
            "results": results,
        }],
    });
    format!("{whole:#}\n")
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        // Not knowing must not look better than being wrong.
        Severity::Error | Severity::NotVerified => "error",
        Severity::Warning => "warning",
    }
}

fn rule(spec: &CodeSpec) -> Value {
    let code = spec.code.as_str();
    json!({
        "id": spec.code.to_string(),
        "shortDescription": {"text": spec.finds},
        "help": {"text": format!("docs/telemetry/checks/{code}.md, or: cargo xtask verify-telemetry --explain {code}")},
        "defaultConfiguration": {"level": level(spec.severity)},
    })
}

/// Returns what stays the same while lines move: code, record and symbol.
fn identity(finding: &Finding) -> String {
    let record = finding.record.map(|id| id.to_string()).unwrap_or_default();
    format!("{}\n{record}\n{}", finding.code, finding.subject)
}

fn result(context: &Context<'_>, finding: &Finding, nth: u32) -> Value {
    // Several findings on one subject are told apart by their order, which edits elsewhere do not change.
    let print = format!("{:016x}:{nth}", xxh64(identity(finding).as_bytes(), 0));
    let rule = ALL.iter().position(|spec| spec.code == finding.code);
    let mut result = json!({
        "ruleId": finding.code.to_string(),
        "level": level(finding.severity()),
        "message": {"text": message(finding)},
        "partialFingerprints": {FINGERPRINT: print},
    });
    let mut add = |name: &str, value: Value| {
        if let Some(object) = result.as_object_mut() {
            object.insert(name.to_owned(), value);
        }
    };
    if let Some(rule) = rule {
        add("ruleIndex", json!(rule));
    }
    if !finding.at.file.is_empty() {
        add("locations", json!([{"physicalLocation": physical(&finding.at)}]));
    }
    let edits = context.edits_for(finding);
    if !edits.is_empty() {
        add("fixes", json!([fix(&edits)]));
    }
    result
}

/// Returns message, expectation and way of a finding as text.
pub(super) fn message(finding: &Finding) -> String {
    let mut text = finding.message.clone();
    if !finding.expected.is_empty() || !finding.actual.is_empty() {
        write!(text, "\nexpected: {}\nactual: {}", finding.expected, finding.actual).ok();
    }
    if !finding.trail.is_empty() {
        write!(text, "\n{}", human::trail(&finding.trail)).ok();
    }
    if let Some(source) = &finding.source {
        write!(text, "\n{source}").ok();
    }
    text
}

fn physical(at: &Location) -> Value {
    let artifact = artifact(&at.file);
    if at.line == 0 {
        return json!({"artifactLocation": artifact});
    }
    json!({
        "artifactLocation": artifact,
        "region": {"startLine": at.line, "endLine": at.end_line.max(at.line)},
    })
}

fn artifact(file: &str) -> Value {
    json!({"uri": uri(file), "uriBaseId": ROOT})
}

/// Returns a path as a relative reference: whatever is not allowed in one is percent-encoded.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                uri.push(char::from(byte));
            }
            _ => {
                write!(uri, "%{byte:02X}").ok();
            }
        }
    }
    uri
}

fn fix(edits: &[&Edit]) -> Value {
    let mut files: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for edit in edits {
        files.entry(&edit.file).or_default().push(json!({
            "deletedRegion": {"byteOffset": edit.start, "byteLength": edit.end.saturating_sub(edit.start)},
            "insertedContent": {"text": edit.text},
        }));
    }
    let changes: Vec<Value> = files
        .into_iter()
        .map(|(file, replacements)| {
            json!({"artifactLocation": artifact(file), "replacements": replacements})
        })
        .collect();
    json!({
        "description": {"text": "what `cargo xtask verify-telemetry --fix` writes"},
        "artifactChanges": changes,
    })
}
