//! The files that `--fix` writes as a whole, and L03, which notices when they are out of date.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Result, bail};

use crate::verify::code::{self, ALL};
use crate::verify::finding::{Finding, Location, Outcome};
use crate::verify::fix::Rewrite;
use crate::verify::fix::write::read;
use crate::verify::record::Record;
use crate::verify::report::{Report, json};
use crate::verify::tables::coverage::Coverage;
use crate::verify::{index_md, records_json};

/// The page that introduces the records; only the table between these marks is generated.
const README: &str = "docs/telemetry/README.md";
const FROM: &str = "<!-- codes: written by `cargo xtask verify-telemetry --fix` -->\n";
const TO: &str = "<!-- end of codes -->\n";

/// Returns what each generated file holds and is to hold.
pub(crate) fn rewrites(
    root: &Path,
    records: &[Record],
    exemptions: usize,
    report: &Report,
) -> Result<Vec<Rewrite>> {
    let index = read(&root.join(index_md::FILE))?;
    let coverage = Coverage::read(&index);
    let readme = read(&root.join(README))?;
    let pages = |name: &str| root.join("docs/telemetry/checks").join(name).is_file();
    let after = with_codes(&readme, &codes(&pages))?;
    Ok(vec![
        Rewrite {
            file: index_md::FILE.to_owned(),
            after: index_md::format(records, exemptions, report, coverage.as_ref()),
            before: index,
        },
        Rewrite {
            file: records_json::FILE.to_owned(),
            before: read(&root.join(records_json::FILE))?,
            after: records_json::format(records, report),
        },
        Rewrite { file: README.to_owned(), before: readme, after },
    ])
}

/// Returns L03: one finding per generated file that differs from what it is to hold.
pub(crate) fn check(rewrites: &[Rewrite]) -> Outcome {
    let mut outcome = Outcome::default();
    for rewrite in rewrites {
        outcome.saw(None);
        if rewrite.before == rewrite.after {
            continue;
        }
        let what = if rewrite.before.is_empty() { "does not exist" } else { "is out of date" };
        let (line, expected, actual) = first_difference(rewrite);
        let finding = Finding::new(
            code::L03,
            Location::line(&rewrite.file, line),
            rewrite.file.as_str(),
            format!("a generated file {what}: run `cargo xtask verify-telemetry --fix`"),
        );
        outcome.findings.push(finding.instead(expected, actual));
    }
    outcome
}

/// Returns the first line that differs, as it is to be and as it is.
fn first_difference(rewrite: &Rewrite) -> (u32, String, String) {
    let (mut after, mut before) = (rewrite.after.lines(), rewrite.before.lines());
    let mut line = 1;
    loop {
        match (after.next(), before.next()) {
            (Some(expected), Some(actual)) if expected == actual => line += 1,
            (expected, actual) => {
                let text = |side: Option<&str>| side.unwrap_or("end of file").to_owned();
                return (line, text(expected), text(actual));
            }
        }
    }
}

/// Returns the table of codes. A code that is not built may have no page, and a link to nothing helps nobody.
fn codes(has_page: &dyn Fn(&str) -> bool) -> String {
    let mut out = String::from(
        "| code | severity | needs | `--fix` | finds |\n| --- | --- | --- | --- | --- |\n",
    );
    for spec in ALL {
        let name = spec.code.as_str();
        let page = format!("{name}.md");
        let code =
            if has_page(&page) { format!("[{name}](checks/{page})") } else { name.to_owned() };
        writeln!(
            out,
            "| {code} | {} | {} | {} | {}{} |",
            json::severity_name(spec.severity),
            json::tier_name(spec.tier),
            if spec.is_fixable { "yes" } else { "" },
            index_md::cell(spec.finds),
            if spec.is_built { "" } else { " (not built yet)" },
        )
        .ok();
    }
    out
}

/// Returns the page with `codes` between the marks.
fn with_codes(readme: &str, codes: &str) -> Result<String> {
    let parts =
        readme.split_once(FROM).and_then(|(before, rest)| Some((before, rest.split_once(TO)?.1)));
    let Some((before, after)) = parts else {
        bail!("{README} lacks the marks between which the table of codes stands: {FROM}{TO}");
    };
    Ok(format!("{before}{FROM}\n{codes}\n{TO}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::fix::write::replace;
    use crate::verify::report::testing;

    fn tree() -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("folder");
        std::fs::create_dir_all(root.path().join("docs/telemetry/checks")).expect("folders");
        std::fs::write(root.path().join("docs/telemetry/checks/P04.md"), "# P04\n").expect("page");
        let readme = format!("# Records\n\n{FROM}yesterday's table\n{TO}\nafter\n");
        std::fs::write(root.path().join(README), readme).expect("page");
        root
    }

    #[test]
    fn l03_names_every_file_that_differs_and_none_after_they_are_written() {
        let root = tree();
        let (records, mut report) = testing::sample();
        let first = rewrites(root.path(), &records, 0, &report).expect("rewrites");
        let outcome = check(&first);
        assert_eq!((outcome.seen(), outcome.findings.len()), (3, 3));
        assert!(outcome.findings[0].message.contains("does not exist"));
        replace(root.path(), &first).expect("written");
        let second = rewrites(root.path(), &records, 0, &report).expect("rewrites");
        assert_eq!(check(&second).findings, []);

        report.coverage.record.whole += 1;
        let third = check(&rewrites(root.path(), &records, 0, &report).expect("rewrites"));
        assert_eq!(third.findings.len(), 1);
        let finding = &third.findings[0];
        assert_eq!((finding.code, finding.at.file.as_str()), (code::L03, index_md::FILE));
        assert!(
            finding.expected.starts_with("| record |") && finding.actual.starts_with("| record |")
        );
    }

    #[test]
    fn the_table_of_codes_links_pages_that_exist_and_leaves_the_rest_of_the_page() {
        let root = tree();
        let (records, report) = testing::sample();
        let written = rewrites(root.path(), &records, 0, &report).expect("rewrites");
        let readme = &written.iter().find(|file| file.file == README).expect("page").after;
        assert!(readme.contains("| [P04](checks/P04.md) | error | probe |"), "{readme}");
        assert!(readme.contains("| P03 | error | probe |"), "{readme}");
        assert!(readme.starts_with("# Records\n") && readme.ends_with(&format!("{TO}\nafter\n")));
        assert!(!readme.contains("yesterday's table") && with_codes("# none\n", "").is_err());
    }
}
