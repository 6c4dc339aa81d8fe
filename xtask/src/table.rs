//! Prints rows in columns, for the terminal or as Markdown.

/// How a table is written down.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Columns padded with spaces.
    Plain,
    /// A Markdown table.
    Markdown,
}

/// Returns `rows` below `head` as text; every row has as many cells as the head, the last column is not padded.
pub(crate) fn format_table(head: &[&str], rows: &[Vec<String>], form: Form) -> String {
    let head: Vec<String> = head.iter().map(ToString::to_string).collect();
    if form == Form::Markdown {
        let rule = vec!["---".to_owned(); head.len()];
        let lines = [&head, &rule].into_iter().chain(rows);
        let lines = lines.map(|cells| format!("| {} |", cells.join(" | ")));
        return lines.chain([String::new()]).collect::<Vec<_>>().join("\n");
    }
    let width = |column: usize| {
        let cells = std::iter::once(&head).chain(rows).filter_map(|cells| cells.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: &Vec<String>| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("{}\n", padded.collect::<Vec<_>>().join("  ").trim_end())
    };
    std::iter::once(&head).chain(rows).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(form: Form, expected: &str) {
        let rows =
            [vec!["fmt".to_owned(), "ok".to_owned()], vec!["µs".to_owned(), "FAILED".to_owned()]];
        assert_eq!(format_table(&["job", "result"], &rows, form), expected);
    }

    #[test]
    fn columns_line_up() {
        check(Form::Plain, "job  result\nfmt  ok\nµs   FAILED\n");
    }

    #[test]
    fn markdown_has_a_rule_below_its_head() {
        check(Form::Markdown, "| job | result |\n| --- | --- |\n| fmt | ok |\n| µs | FAILED |\n");
    }
}
