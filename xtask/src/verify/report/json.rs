//! The report for programs: all verdicts, passes included, with what they rest on.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    BoxState, CheckRun, Context, Evidence, Exempt, Judged, JudgedBox, JudgedTest, Report, Verdict,
};
use crate::verify::code::{Severity, Tier};
use crate::verify::finding::{Finding, HopState, Location};
use crate::verify::tables::coverage::{Coverage, FIGURES};
use crate::verify::world::TestResult;

/// Version of this form; it rises when a field changes its meaning or goes away.
const SCHEMA: u32 = 1;

/// Returns the report.
pub(super) fn format(context: &Context<'_>) -> String {
    let report = context.report;
    let findings: Vec<Value> = report.findings.iter().map(finding).collect();
    let whole = json!({
        "schema": SCHEMA,
        "partial": report.partial,
        "not_verified": report.not_verified,
        "counts": {
            "records": report.records.len(),
            "verified": report.verified(),
            "errors": report.count(Severity::Error),
            "warnings": report.count(Severity::Warning),
            "not_verified": report.count(Severity::NotVerified),
            "exempt": report.exempt.len(),
            "probes": report.probes,
        },
        "coverage": coverage(&report.coverage),
        "records": report.records.iter().map(record).collect::<Vec<_>>(),
        "checks": report.checks.iter().map(|check| check_run(report, check)).collect::<Vec<_>>(),
        "findings": findings,
        "exempt": report.exempt.iter().map(exempt).collect::<Vec<_>>(),
        "influence": report.influence.as_ref().map(|influence| json!({
            "inputs": influence.inputs,
            "payloads": influence.payloads,
            "snapshot": influence.snapshot,
        })),
        "cuts": report.cuts.as_ref().map(|cuts| json!({
            "count": cuts.count,
            "killed": cuts.killed,
            "skipped": cuts.skipped,
            "build_seconds": cuts.build_seconds,
            "seconds": cuts.seconds,
        })),
        "timings": report.timings.iter().map(|(part, seconds)| json!({"part": part, "seconds": seconds})).collect::<Vec<_>>(),
        "seconds": report.seconds,
    });
    // The alternate form of a value is its text over several lines, which cannot fail.
    format!("{whole:#}\n")
}

/// Returns the name of a severity, as all forms for programs spell it.
pub(crate) const fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::NotVerified => "not verified",
    }
}

/// Returns the name of a tier.
pub(crate) const fn tier_name(tier: Tier) -> &'static str {
    match tier {
        Tier::Static => "static",
        Tier::Probe => "probe",
        Tier::Tests => "tests",
        Tier::Deep => "deep",
    }
}

fn coverage(coverage: &Coverage) -> Value {
    let figures = FIGURES.iter().zip(coverage.figures());
    let figure = |((name, _), ratio): (&(&str, &str), crate::verify::tables::coverage::Ratio)| {
        let value = if ratio.whole == 0 {
            Value::Null
        } else {
            json!({"part": ratio.part, "whole": ratio.whole})
        };
        (name.replace(' ', "_"), value)
    };
    Value::Object(figures.map(figure).collect())
}

fn place(at: &Location) -> Value {
    match (at.file.is_empty(), at.line) {
        (true, _) => Value::Null,
        (false, 0) => json!({"file": at.file}),
        (false, line) => json!({"file": at.file, "line": line, "end_line": at.end_line.max(line)}),
    }
}

fn finding(finding: &Finding) -> Value {
    let trail: Vec<Value> = finding
        .trail
        .iter()
        .map(|hop| {
            let state = match hop.state {
                HopState::Ok => "ok",
                HopState::Broken => "broken",
                HopState::NotReached => "not reached",
            };
            json!({"station": hop.name, "state": state})
        })
        .collect();
    let fix = finding.fix.as_ref();
    json!({
        "code": finding.code.to_string(),
        "severity": severity_name(finding.severity()),
        "record": finding.record.map(|id| id.to_string()),
        "at": place(&finding.at),
        "subject": finding.subject,
        "message": finding.message,
        "expected": finding.expected,
        "actual": finding.actual,
        "trail": trail,
        "source": finding.source,
        "fix": fix.map(|edit| json!({"file": edit.file, "start": edit.start, "end": edit.end, "text": edit.text})),
    })
}

fn exempt(exempt: &Exempt) -> Value {
    json!({
        "finding": finding(&exempt.finding),
        "reason": exempt.reason,
        "owner": exempt.owner,
        "expires": exempt.expires,
    })
}

fn record(record: &Judged) -> Value {
    let (passed, named) = record.tests_passed();
    json!({
        "id": record.id.to_string(),
        "name": record.name,
        "file": record.file,
        "priority": record.priority.map(|priority| format!("{priority:?}")),
        "claimed": record.claimed.to_string(),
        "earned": record.earned.to_string(),
        "boxes": record.boxes.iter().map(judged_box).collect::<Vec<_>>(),
        "tests": record.tests.iter().map(test).collect::<Vec<_>>(),
        "tests_passed": passed,
        "tests_named": named,
        "exemptions": record.exemptions,
    })
}

fn judged_box(judged: &JudgedBox) -> Value {
    let state = match judged.state {
        BoxState::Earned => "earned",
        BoxState::Failed => "failed",
        BoxState::NotRun => "not run",
    };
    json!({
        "box": judged.name,
        "claimed": judged.is_claimed,
        "state": state,
        "partial_evidence": judged.is_partial(),
        "evidence": judged.evidence.iter().map(evidence).collect::<Vec<_>>(),
    })
}

fn evidence(evidence: &Evidence) -> Value {
    let mut row = Map::new();
    row.insert("code".to_owned(), json!(evidence.code.to_string()));
    let (verdict, more) = match &evidence.verdict {
        Verdict::Passed(subjects) => ("passed", Some(("subjects", json!(subjects)))),
        Verdict::Failed(findings) => ("failed", Some(("findings", json!(findings)))),
        Verdict::LeftOut(why) => ("left out", Some(("why", json!(why)))),
        Verdict::NotBuilt => ("not built", None),
        Verdict::NotRun(why) => ("not run", Some(("why", json!(why)))),
    };
    row.insert("verdict".to_owned(), json!(verdict));
    row.extend(more.map(|(name, value)| (name.to_owned(), value)));
    Value::Object(row)
}

fn test(test: &JudgedTest) -> Value {
    let result = test.result.map(|result| match result {
        TestResult::Passed => "passed",
        TestResult::Failed => "failed",
        TestResult::Ignored => "ignored",
    });
    json!({
        "kind": test.kind,
        "file": test.file,
        "name": test.name,
        "claimed": test.is_claimed,
        "manual": test.is_manual,
        "result": result,
    })
}

fn check_run(report: &Report, check: &CheckRun) -> Value {
    let mut verdicts: BTreeMap<String, Value> = BTreeMap::new();
    for (record, subjects) in &check.subjects {
        let of_check = report.findings_of(*record).filter(|finding| finding.code == check.code);
        let name = record.map_or_else(|| "tree".to_owned(), |id| id.to_string());
        verdicts.insert(name, json!({"subjects": subjects, "findings": of_check.count()}));
    }
    let skipped: Vec<Value> = check
        .skipped
        .iter()
        .map(|skip| json!({"record": skip.record.map(|id| id.to_string()), "why": skip.why}))
        .collect();
    json!({
        "code": check.code.to_string(),
        "severity": severity_name(check.code.spec().severity),
        "tier": tier_name(check.tier),
        "not_run": check.not_run,
        "subjects": check.subjects.values().sum::<u32>(),
        "findings": report.findings.iter().filter(|finding| finding.code == check.code).count(),
        "verdicts": verdicts,
        "skipped": skipped,
    })
}
