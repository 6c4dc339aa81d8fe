//! The report for people: by record, the broken hop in place, one summary line at the end.

use std::fmt::Write as _;
use std::io::IsTerminal as _;

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr as _;

use super::{Context, Cuts, Judged, Report, Steps};
use crate::verify::code::Severity;
use crate::verify::finding::{Finding, Hop, HopState};
use crate::verify::record::RecordId;

/// How the report may look.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Look {
    /// Columns of the terminal; `None`: no terminal, so nothing is wrapped.
    pub(crate) width: Option<usize>,
    pub(crate) has_colour: bool,
}

impl Look {
    /// Returns how a report on the standard output may look; `no_colour`: the user has set `NO_COLOR`.
    pub(crate) fn of_stdout(no_colour: bool) -> Self {
        let is_terminal = std::io::stdout().is_terminal();
        let width = terminal_size::terminal_size_of(std::io::stdout())
            .map(|(width, _)| usize::from(width.0));
        Self { width: width.filter(|_| is_terminal), has_colour: is_terminal && !no_colour }
    }
}

/// Column at which the claims of a record begin, where its title leaves room.
const CLAIMS_AT: usize = 32;
/// The narrowest terminal for which text is wrapped.
const NARROWEST: usize = 40;

const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Returns the report.
pub(super) fn format(context: &Context<'_>) -> String {
    let report = context.report;
    let page = Page { look: context.look };
    let mut out = String::new();
    for record in &report.records {
        page.record(&mut out, context, record);
    }
    let known = |id: RecordId| report.records.iter().any(|record| record.id == id);
    let other: Vec<&Finding> =
        report.findings.iter().filter(|finding| !finding.record.is_some_and(known)).collect();
    if !other.is_empty() {
        writeln!(out, "{}", page.paint(BOLD, "The tree as a whole")).ok();
        for finding in other {
            page.finding(&mut out, context, finding);
        }
        out.push('\n');
    }
    for why in &report.not_verified {
        page.wrapped(&mut out, "not verified: ", &plain(why), "  ", RED);
    }
    if !report.exempt.is_empty() {
        page.exemptions(&mut out, report);
    }
    for line in partial_evidence(report) {
        page.wrapped(&mut out, "", &line, "  ", DIM);
    }
    for why in &report.partial {
        page.wrapped(&mut out, "partial: ", &plain(why), "  ", YELLOW);
    }
    if let Some(Cuts { count, killed, skipped, build_seconds, seconds }) = &report.cuts {
        let counts = format!("wire cuts: {count}, {killed} of them noticed by probe and test");
        let skipped = if *skipped == 0 { String::new() } else { format!(", {skipped} skipped") };
        let times = format!("{seconds:.0} s after a build of {build_seconds:.0} s");
        writeln!(out, "{counts}{skipped}; {times}").ok();
    }
    out.push_str(&summary(report));
    out.push('\n');
    out
}

/// Returns the last line.
pub(crate) fn summary(report: &Report) -> String {
    let coverage = &report.coverage;
    let mut parts = vec![
        format!("{} records: {} verified", report.records.len(), report.verified()),
        format!("record {}", coverage.record),
        format!("payload {}", coverage.payload_use),
        format!("display {}", coverage.display),
        format!("screen {}", coverage.screen),
    ];
    if coverage.deep.whole != 0 {
        parts.push(format!("deep {}", coverage.deep));
    }
    parts.push(format!("{} probes", report.probes));
    parts.push(format!("{} exempt", report.exempt.len()));
    parts.push(format!("{:.1} s", report.seconds));
    let verdict = if !report.not_verified.is_empty() || report.count(Severity::NotVerified) != 0 {
        "NOT VERIFIED: "
    } else if report.partial.is_empty() {
        ""
    } else {
        "partial: "
    };
    format!("{verdict}{}", parts.join(" | "))
}

/// Returns a line per box some of whose checks do not exist yet.
fn partial_evidence(report: &Report) -> Vec<String> {
    let Some(record) = report.records.first() else { return Vec::new() };
    let partial = record.boxes.iter().filter(|judged| judged.is_partial());
    partial
        .map(|judged| {
            let codes = judged.not_built().map(|code| code.to_string()).collect::<Vec<_>>();
            format!("partial evidence: {} ({} not built yet)", judged.name, codes.join(", "))
        })
        .collect()
}

/// Returns `text` without anything that a terminal would obey.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() { plain.extend(c.escape_default()) } else { plain.push(c) }
    }
    plain
}

struct Page {
    look: Look,
}

impl Page {
    fn paint(&self, style: Style, text: &str) -> String {
        if self.look.has_colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// Writes `first` and `text`, wrapped at blanks; further lines begin with `indent`.
    fn wrapped(&self, out: &mut String, first: &str, text: &str, indent: &str, style: Style) {
        let width = self.look.width.filter(|width| NARROWEST <= *width).unwrap_or(usize::MAX);
        let mut line = first.to_owned();
        let mut is_empty = true;
        for word in text.split(' ') {
            if !is_empty && width < line.width() + 1 + word.width() {
                writeln!(out, "{}", self.paint(style, line.trim_end())).ok();
                indent.clone_into(&mut line);
                is_empty = true;
            }
            if !is_empty {
                line.push(' ');
            }
            line.push_str(word);
            is_empty = false;
        }
        writeln!(out, "{}", self.paint(style, line.trim_end())).ok();
    }

    fn record(&self, out: &mut String, context: &Context<'_>, record: &Judged) {
        let findings: Vec<&Finding> = context.report.findings_of(Some(record.id)).collect();
        let is_unexplained = record.claimed != record.earned && context.report.is_whole();
        if findings.is_empty() && !is_unexplained {
            return;
        }
        let title = plain(&format!("{} {}", record.id, record.name));
        let gap = CLAIMS_AT.saturating_sub(title.width()).max(2);
        let claims = claims(record.claimed, record.earned);
        writeln!(out, "{}{}{claims}", self.paint(BOLD, &title), " ".repeat(gap)).ok();
        for finding in findings {
            self.finding(out, context, finding);
        }
        out.push('\n');
    }

    fn finding(&self, out: &mut String, context: &Context<'_>, finding: &Finding) {
        let (mark, style) = match finding.severity() {
            Severity::Error => ("x", RED),
            Severity::Warning => ("!", YELLOW),
            Severity::NotVerified => ("?", RED),
        };
        let head = format!("  {mark} {}  ", finding.code);
        self.wrapped(out, &head, &plain(&finding.message), "      ", style);
        if !finding.trail.is_empty() {
            self.wrapped(out, "      ", &trail(&finding.trail), "        ", Style::new());
        }
        for (name, text) in [("expected", &finding.expected), ("actual  ", &finding.actual)] {
            // Several lines: a picture of a widget or a block of code, which wrapping would spoil.
            for (row, line) in text.lines().enumerate() {
                let name = if row == 0 { name } else { "        " };
                writeln!(out, "      {name}  {}", plain(line)).ok();
            }
        }
        let place = [finding.source.clone().unwrap_or_default(), context.place(&finding.at)];
        let place: Vec<String> =
            place.iter().filter(|text| !text.is_empty()).map(|text| plain(text)).collect();
        let line = place.join("      ");
        let has_room = self.look.width.is_none_or(|width| 6 + line.width() <= width);
        // A path that is broken cannot be clicked, so what does not fit gets a line of its own.
        for line in if has_room { vec![line] } else { place } {
            if !line.is_empty() {
                writeln!(out, "      {}", self.paint(DIM, &line)).ok();
            }
        }
        let hint =
            format!("      cargo xtask verify-telemetry --explain {}", finding.code.as_str());
        writeln!(out, "{}", self.paint(DIM, &hint)).ok();
    }

    fn exemptions(&self, out: &mut String, report: &Report) {
        writeln!(out, "{}", self.paint(BOLD, "Exempt")).ok();
        for exempt in &report.exempt {
            let finding = &exempt.finding;
            let text = format!(
                "{} {}: {} ({}, until {})",
                finding.code, finding.subject, exempt.reason, exempt.owner, exempt.expires
            );
            self.wrapped(out, "  ", &plain(&text), "      ", DIM);
        }
        out.push('\n');
    }
}

fn claims(claimed: Steps, earned: Steps) -> String {
    if claimed == earned {
        format!("{earned}")
    } else {
        format!("claims {claimed}, earned {earned}")
    }
}

/// Returns `episodes -ok- hub -BROKEN- RunHeader`: the state of a station stands before its name.
pub(super) fn trail(hops: &[Hop]) -> String {
    let mut line = String::new();
    for (at, hop) in hops.iter().enumerate() {
        let arrow = match hop.state {
            HopState::Ok => " -ok- ",
            HopState::Broken => " -BROKEN- ",
            HopState::NotReached => " -not reached- ",
        };
        // Nothing leads to the first station; that it is broken itself must still show.
        line.push_str(if at == 0 && hop.state == HopState::Ok { "" } else { arrow });
        line.push_str(&hop.name);
    }
    plain(line.trim_start())
}
