//! The report for a pull request: annotations, and the full table for the step summary.

use std::fmt::Write as _;

use super::{Context, Report, human};
use crate::verify::code::Severity;
use crate::verify::finding::Finding;

/// As many annotations of a kind as one step may show.
const SHOWN: usize = 10;

/// Returns the workflow commands, and what is only counted.
pub(super) fn format(context: &Context<'_>) -> String {
    let report = context.report;
    let mut out = String::new();
    let reserved = report.not_verified.len().min(SHOWN);
    for why in report.not_verified.iter().take(SHOWN) {
        writeln!(out, "::error title={}::{}", property("not verified"), data(why)).ok();
    }
    let errors = worst(report, |severity| severity != Severity::Warning);
    annotate(&mut out, "error", &errors, SHOWN - reserved);
    annotate(&mut out, "warning", &worst(report, |severity| severity == Severity::Warning), SHOWN);
    out.push_str(&human::plain(&human::summary(report)));
    out.push('\n');
    out
}

/// Returns the full table as Markdown, for the file that `GITHUB_STEP_SUMMARY` names.
pub(crate) fn step_summary(report: &Report) -> String {
    let mut out = String::from("## Telemetry records\n\n");
    writeln!(out, "{}\n", cell(&human::summary(report))).ok();
    for why in &report.not_verified {
        writeln!(out, "* not verified: {}", cell(why)).ok();
    }
    if report.findings.is_empty() {
        return out;
    }
    out.push_str("| code | record | place | what |\n| --- | --- | --- | --- |\n");
    for finding in worst(report, |_| true) {
        let record = finding.record.map(|id| id.to_string()).unwrap_or_default();
        let place = match (finding.at.file.as_str(), finding.at.line) {
            (file, 0) => file.to_owned(),
            (file, line) => format!("{file}:{line}"),
        };
        writeln!(
            out,
            "| {} | {record} | {} | {} |",
            finding.code,
            cell(&place),
            cell(&super::sarif::message(finding))
        )
        .ok();
    }
    out
}

/// Returns the findings of a kind, the worst first: what nobody knows, then errors by the priority of their record.
fn worst(report: &Report, is_meant: impl Fn(Severity) -> bool) -> Vec<&Finding> {
    let rank = |finding: &Finding| {
        let record = report.records.iter().find(|record| Some(record.id) == finding.record);
        let badness = match finding.severity() {
            Severity::NotVerified => 0,
            Severity::Error => 1,
            Severity::Warning => 2,
        };
        // The tree as a whole comes before any record.
        (badness, record.map(|record| record.priority.map_or(4, |priority| priority as u8)))
    };
    let mut found: Vec<&Finding> =
        report.findings.iter().filter(|finding| is_meant(finding.severity())).collect();
    found.sort_by_key(|finding| rank(finding));
    found
}

fn annotate(out: &mut String, kind: &str, findings: &[&Finding], room: usize) {
    for finding in findings.iter().take(room) {
        let mut properties = Vec::new();
        if !finding.at.file.is_empty() {
            properties.push(format!("file={}", property(&finding.at.file)));
            if finding.at.line != 0 {
                properties.push(format!("line={}", finding.at.line));
                properties.push(format!("endLine={}", finding.at.end_line.max(finding.at.line)));
            }
        }
        let record = finding.record.map(|id| format!(" {id}")).unwrap_or_default();
        properties.push(format!("title={}", property(&format!("{}{record}", finding.code))));
        let text = data(&super::sarif::message(finding));
        writeln!(out, "::{kind} {}::{text}", properties.join(",")).ok();
    }
    if let Some(more) = findings.len().checked_sub(room).filter(|more| *more != 0) {
        writeln!(out, "{more} more of kind {kind}, in the step summary").ok();
    }
}

/// Returns `text` as the message of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Returns `text` as a property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Returns `text` as a cell of a Markdown table in which nothing is markup.
fn cell(text: &str) -> String {
    let mut cell = String::new();
    for c in text.chars() {
        match c {
            '\r' => {}
            '\n' => cell.push_str("<br>"),
            '&' => cell.push_str("&amp;"),
            '<' => cell.push_str("&lt;"),
            '>' => cell.push_str("&gt;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '~' | '@' => {
                write!(cell, "&#{};", u32::from(c)).ok();
            }
            c if c.is_control() => cell.extend(c.escape_default()),
            c => cell.push(c),
        }
    }
    cell
}
