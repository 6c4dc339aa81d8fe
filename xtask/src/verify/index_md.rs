//! `docs/telemetry/INDEX.md`: all records with what they have earned, and the coverage.

use std::fmt::Write as _;

use crate::verify::record::{BOXES, Record};
use crate::verify::report::{Judged, Report};
use crate::verify::tables::coverage::{Coverage, FIGURES};

/// Path from the root.
pub(crate) const FILE: &str = "docs/telemetry/INDEX.md";

/// Returns the file. `exemptions` is how many are listed: a run says of those only that it came upon, and one without
/// `--deep` comes upon fewer. Cuts are counted by `--deep` only, so a run without it keeps the figure of `before`.
pub(crate) fn format(
    records: &[Record],
    exemptions: usize,
    report: &Report,
    before: Option<&Coverage>,
) -> String {
    let mut out = String::from(
        "# Index of telemetry records\n\n\
         Written by `cargo xtask verify-telemetry --fix`; `L03` notices when it is out of date.\n\n\
         | id | name | path | priority | unit | widgets | earned | boxes | tests | exemptions |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    let mut judged: Vec<&Judged> = report.records.iter().collect();
    judged.sort_by(|a, b| (a.id, &a.file).cmp(&(b.id, &b.file)));
    for judged in judged {
        let record = records.iter().find(|record| record.file == judged.file);
        row(&mut out, judged, record);
    }
    let verified = report.verified();
    let all = report.records.len();
    write!(
        out,
        "\n{all} records, {verified} of them verified; {exemptions} open exemptions.\n\n## Coverage\n\n\
         | figure | covered | of what |\n| --- | --- | --- |\n"
    )
    .ok();
    let mut coverage = report.coverage;
    if coverage.deep.whole == 0 {
        coverage.deep = before.map(|before| before.deep).unwrap_or_default();
    }
    for ((name, counts), figure) in FIGURES.iter().zip(coverage.figures()) {
        writeln!(out, "| {name} | {figure} | {counts} |").ok();
    }
    out.push_str("\n`n/a` means that there was nothing to count. The last figure is that of the latest run with `--deep`.\n");
    out
}

fn row(out: &mut String, judged: &Judged, record: Option<&Record>) {
    let file = judged.file.rsplit('/').next().unwrap_or_default();
    let paths = record.map(Record::paths).unwrap_or_default();
    let paths: Vec<String> = paths.iter().map(|path| format!("`{path}`")).collect();
    let unit = record.and_then(|record| record.data("Units")).map_or("", |cell| cell.value());
    let mut widgets: Vec<&str> = Vec::new();
    for consumer in record.map(|record| record.consumers.as_slice()).unwrap_or_default() {
        let is_none = consumer.none_because().is_some();
        let widget = if is_none { "none" } else { consumer.widget.value() };
        if !widgets.contains(&widget) {
            widgets.push(widget);
        }
    }
    let (passed, named) = judged.tests_passed();
    writeln!(
        out,
        "| [{}]({file}) | {} | {} | {} | {} | {} | {} | {}/{} | {passed}/{named} | {} |",
        judged.id,
        cell(&judged.name),
        cell(&paths.join(", ")),
        judged.priority.map(|priority| format!("{priority:?}")).unwrap_or_default(),
        cell(unit),
        cell(&widgets.join(", ")),
        judged.earned,
        judged.boxes_earned(),
        BOXES.len(),
        judged.exemptions,
    )
    .ok();
}

/// Returns `text` as part of a table row.
pub(crate) fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\r', '\n'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::report::testing;
    use crate::verify::tables::coverage::Ratio;

    #[test]
    fn the_index_is_sorted_and_holds_the_coverage_that_is_read_back() {
        let (records, mut report) = testing::sample();
        report.coverage.record = Ratio::new(211, 212);
        report.records.reverse();
        let index = format(&records, 7, &report, None);
        let ids: Vec<&str> =
            index.lines().filter_map(|line| line.strip_prefix("| [TELE-")).collect();
        assert!(ids.is_sorted() && ids.len() == 2, "{index}");
        assert_eq!(Coverage::read(&index), Some(report.coverage));
        assert!(index.contains("| display | n/a |"), "{index}");
        assert!(index.contains("; 7 open exemptions."), "{index}");
        assert!(index.contains(
            "| [TELE-014](TELE-014_max_batches.md) | Max Batches | `max_batches` | P1 | batches | RunHeader | In Progress | 5/7 | 1/2 | 0 |"
        ), "{index}");
    }

    #[test]
    fn a_run_without_cuts_keeps_the_figure_of_the_last_one_with() {
        let (records, report) = testing::sample();
        let before = Coverage { deep: Ratio::new(80, 81), ..Coverage::default() };
        let index = format(&records, 7, &report, Some(&before));
        assert_eq!(Coverage::read(&index).map(|read| read.deep), Some(Ratio::new(80, 81)));
    }
}
