//! Names a line of a record as a reader finds it: `Consumers, row 1`.

/// Returns the heading above line `line` (from 1) and, inside a table, the number of the row.
pub(super) fn describe(source: &str, line: u32) -> String {
    let mut heading = "title";
    // Lines of the table so far; its first two are head and rule.
    let mut table = 0_u32;
    let mut is_in_fence = false;
    for text in source.lines().take(line as usize) {
        let text = text.trim_start();
        if text.starts_with("```") || text.starts_with("~~~") {
            is_in_fence = !is_in_fence;
        }
        if !is_in_fence && text.starts_with('#') {
            heading = name(text);
        }
        table = if !is_in_fence && text.starts_with('|') { table + 1 } else { 0 };
    }
    match table {
        0 => heading.to_owned(),
        1 | 2 => format!("{heading}, head"),
        lines => format!("{heading}, row {}", lines - 2),
    }
}

/// Returns `Consumers` of `### Consumers (Display)` and `Data Flow` of `## 4. Data Flow`.
fn name(heading: &str) -> &str {
    let text = heading.trim_start_matches('#').trim();
    let text = text.split_once(". ").map_or(text, |(number, rest)| {
        if number.bytes().all(|byte| byte.is_ascii_digit()) { rest } else { text }
    });
    text.split_once(" (").map_or(text, |(before, _)| before)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = "# Telemetry Record: [TELE-014] Max Batches\n\n## 4. Data Flow\n\n\
        ### Consumers (Display)\n\n| Widget | File |\n|---|---|\n| RunHeader | x |\n| StatusBanner | y |\n\n\
        ```rust\n# not a heading\n| not a row |\n```\n## 8. Notes\ntext\n";

    #[track_caller]
    fn check(line: u32, expected: &str) {
        assert_eq!(describe(RECORD, line), expected);
    }

    #[test]
    fn a_line_is_named_by_its_heading_and_row() {
        check(3, "Data Flow");
        check(6, "Consumers");
        check(7, "Consumers, head");
        check(9, "Consumers, row 1");
        check(10, "Consumers, row 2");
        check(14, "Consumers");
        check(17, "Notes");
        check(99, "Notes");
    }
}
