//! Runs the benchmark programs of all crates and prints one table: number, bar, machine, commit, date.

mod machine;

use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::process;
use crate::table::{Form, format_table};
use crate::workspace::Metadata;

/// What `cargo xtask bench` is asked to do.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Runs only the programs, or prints only the numbers, whose name contains this.
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// Prints Markdown for docs/benchmarks.md.
    #[arg(long)]
    markdown: bool,
}

/// One number, as a benchmark program prints it: a JSON object on a line of its own.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Measured {
    /// Such as `emit/p50 ratio`.
    name: String,
    /// Absent where this machine could not measure it; `detail` then says why.
    value: Option<f64>,
    unit: String,
    /// What the project promises; absent for a number that is only told.
    bar: Option<f64>,
    better: Better,
    #[serde(default)]
    detail: String,
}

/// Which side of the bar is the good one.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Better {
    Lower,
    Higher,
}

/// What example programs that measure something are called.
const PREFIX: &str = "bench_";

/// Runs the programs one after the other and prints what they measured; a missed bar is marked and is no failure.
pub(crate) fn run(args: &Args) -> Result<()> {
    let metadata = Metadata::load()?;
    let programs: Vec<(&str, &str)> = metadata
        .targets("example")
        .into_iter()
        .filter(|(_, name)| name.starts_with(PREFIX))
        .collect();
    if programs.is_empty() {
        bail!("no crate has an example called {PREFIX}…");
    }
    let only = args.only.as_deref().unwrap_or_default();
    let by_program: Vec<_> =
        programs.iter().filter(|(_, name)| name.contains(only)).copied().collect();
    // A name of a number says nothing about its program, so that all are run and the rest is left out.
    let to_run = if by_program.is_empty() { &programs } else { &by_program };
    let mut rows = Vec::new();
    let mut failed = Vec::new();
    for (package, example) in to_run {
        match measure(package, example) {
            Ok(numbers) => rows.extend(
                numbers
                    .iter()
                    .filter(|number| {
                        by_program.contains(&(*package, *example)) || number.name.contains(only)
                    })
                    .map(row),
            ),
            Err(error) => failed.push(format!("{error:#}")),
        }
    }
    let form = if args.markdown { Form::Markdown } else { Form::Plain };
    println!("{}\n", machine::describe());
    print!("{}", format_table(&["name", "value", "unit", "bar", "result", "detail"], &rows, form));
    if !failed.is_empty() {
        bail!("bench: {}", failed.join("; "));
    }
    Ok(())
}

/// Builds and runs one program, and reads the numbers that it prints; its messages go straight to the terminal.
fn measure(package: &str, example: &str) -> Result<Vec<Measured>> {
    let mut command = process::command(
        "cargo",
        &["run", "--release", "--quiet", "--package", package, "--example", example],
    );
    eprintln!("$ {}", process::line(&command));
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start {example}"))?;
    if !output.status.success() {
        bail!("{example} failed ({})", output.status);
    }
    parse(&String::from_utf8_lossy(&output.stdout))
        .with_context(|| format!("cannot read what {example} printed"))
}

/// Reads one number a line; lines that do not begin with a brace are for people.
fn parse(text: &str) -> Result<Vec<Measured>> {
    let lines = text.lines().filter(|line| line.starts_with('{'));
    let numbers: Vec<Measured> = lines
        .map(|line| serde_json::from_str(line).with_context(|| line.to_owned()))
        .collect::<Result<_>>()?;
    if numbers.is_empty() {
        bail!("it holds no number");
    }
    Ok(numbers)
}

fn row(number: &Measured) -> Vec<String> {
    let Measured { name, value, unit, bar, better, detail } = number;
    let sign = match better {
        Better::Lower => "<=",
        Better::Higher => ">=",
    };
    let bar_text = bar.map_or_else(String::new, |bar| format!("{sign} {}", format_number(bar)));
    let value_text = value.map_or_else(|| "—".to_owned(), format_number);
    vec![
        name.clone(),
        value_text,
        unit.clone(),
        bar_text,
        verdict(*value, *bar, *better).to_owned(),
        detail.clone(),
    ]
}

/// Returns whether `value` keeps its bar: `ok`, `MISSED`, or nothing where there is nothing to compare.
fn verdict(value: Option<f64>, bar: Option<f64>, better: Better) -> &'static str {
    let (Some(value), Some(bar)) = (value, bar) else { return "" };
    let keeps = match better {
        Better::Lower => value <= bar,
        Better::Higher => bar <= value,
    };
    if keeps { "ok" } else { "MISSED" }
}

/// Returns three significant digits, whole numbers above a thousand with `_` between their thousands.
fn format_number(value: f64) -> String {
    let size = value.abs();
    if !size.is_finite() || size < 1000.0 {
        let digits =
            if size < 1.0 { 3 } else { 2 - usize::from(10.0 <= size) - usize::from(100.0 <= size) };
        return format!("{value:.digits$}");
    }
    let digits = format!("{size:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if 0 < at && (digits.len() - at).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    if value < 0.0 { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_prints_one_number_a_line() {
        let text = "warming up\n\
            {\"name\":\"emit/p50 ratio\",\"value\":1.7,\"unit\":\"x\",\"bar\":2.0,\"better\":\"lower\",\"detail\":\"0.3 µs\"}\n\
            {\"name\":\"fold/events\",\"value\":2500000,\"unit\":\"1/s\",\"bar\":null,\"better\":\"higher\"}\n";
        let numbers = parse(text).unwrap();
        let rows: Vec<_> = numbers.iter().map(|number| row(number).join("|")).collect();
        assert_eq!(
            rows,
            ["emit/p50 ratio|1.70|x|<= 2.00|ok|0.3 µs", "fold/events|2_500_000|1/s|||"]
        );
    }

    #[test]
    fn a_program_that_prints_nonsense_is_an_error() {
        assert!(parse("").is_err());
        assert!(parse("{\"name\":\"x\"}").is_err());
        assert!(
            parse("{\"name\":\"x\",\"value\":\"fast\",\"unit\":\"x\",\"better\":\"lower\"}")
                .is_err()
        );
    }

    #[test]
    fn the_bar_is_on_the_side_that_the_number_names() {
        assert_eq!(verdict(Some(2.0), Some(2.0), Better::Lower), "ok");
        assert_eq!(verdict(Some(2.1), Some(2.0), Better::Lower), "MISSED");
        assert_eq!(verdict(Some(1.9), Some(2.0), Better::Higher), "MISSED");
        assert_eq!(verdict(Some(f64::NAN), Some(2.0), Better::Lower), "MISSED");
        assert_eq!(verdict(None, Some(2.0), Better::Lower), "");
    }

    #[test]
    fn numbers_have_three_digits() {
        let found =
            [0.012_34, 1.234, 12.34, 123.4, 1234.0, 12_345_678.0, -4567.0].map(format_number);
        assert_eq!(found, ["0.012", "1.23", "12.3", "123", "1_234", "12_345_678", "-4_567"]);
    }
}
