//! The jobs of CI, each a line that can be repeated at home: runs them all, then says how each went.

mod job;
mod tally;

use std::fmt;

use anyhow::{Result, bail};

use crate::table::{Form, format_table};
use tally::Tally;

/// What `cargo xtask ci` is asked to do.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Jobs to run; without any, all of them.
    #[arg(value_name = "JOB", value_parser = clap::builder::PossibleValuesParser::new(NAMES))]
    jobs: Vec<String>,
    /// On a machine of CI, a missing tool that `.ci/run` installs is a failure.
    #[arg(long, env = "CI", value_parser = clap::builder::FalseyValueParser::new(), num_args = 0..=1, default_value = "false", default_missing_value = "true", hide = true)]
    on_ci: bool,
}

/// How a job ended.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Passed,
    /// Passed, with the numbers of the tests that ran.
    Tested(Tally),
    Skipped(String),
    Failed(String),
}

/// What a job may need to know.
#[derive(Clone, Copy)]
struct Place {
    on_ci: bool,
}

struct Job {
    name: &'static str,
    run: fn(Place) -> Result<Outcome>,
}

/// In the order of their price, so that a slip of the finger is known after seconds.
const JOBS: [Job; 17] = [
    Job { name: "fmt", run: job::fmt },
    Job { name: "typos", run: job::typos },
    Job { name: "layers", run: job::layers },
    Job { name: "tidy", run: job::tidy },
    Job { name: "deny", run: job::deny },
    Job { name: "machete", run: job::machete },
    Job { name: "clippy", run: job::clippy },
    Job { name: "doc", run: job::doc },
    Job { name: "test", run: tally::test },
    Job { name: "telemetry", run: job::telemetry },
    Job { name: "crash", run: job::crash },
    Job { name: "diagnose", run: job::diagnose },
    Job { name: "golden", run: job::golden },
    Job { name: "pictures", run: job::pictures },
    Job { name: "bench", run: job::bench },
    Job { name: "fuzz", run: job::fuzz },
    Job { name: "msrv", run: job::msrv },
];

const NAMES: [&str; JOBS.len()] = {
    let mut names = [""; JOBS.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = JOBS[at].name;
        at += 1;
    }
    names
};

/// A job that has ended.
struct Report {
    name: &'static str,
    outcome: Outcome,
    seconds: f64,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed | Self::Tested(_) => write!(f, "ok"),
            Self::Skipped(why) => write!(f, "skipped: {why}"),
            Self::Failed(why) => write!(f, "FAILED: {why}"),
        }
    }
}

/// Runs the jobs, all of them also after a failure, and fails if one failed.
pub(crate) fn run(args: &Args) -> Result<()> {
    let is_wanted =
        |job: &&Job| args.jobs.is_empty() || args.jobs.iter().any(|name| name == job.name);
    let place = Place { on_ci: args.on_ci };
    let reports: Vec<Report> =
        JOBS.iter().filter(is_wanted).map(|job| report(job, place)).collect();
    print!("\n{}", summary(&reports));
    let failed: Vec<&str> =
        reports.iter().filter(|report| report.failed()).map(|report| report.name).collect();
    if failed.is_empty() {
        return Ok(());
    }
    bail!("ci: {} of {} jobs failed: {}", failed.len(), reports.len(), failed.join(", "))
}

#[expect(clippy::disallowed_methods, reason = "the table says how long each job took")]
fn report(job: &Job, place: Place) -> Report {
    println!("\n== {} ==", job.name);
    let start = std::time::Instant::now();
    let outcome = (job.run)(place).unwrap_or_else(|error| Outcome::Failed(format!("{error:#}")));
    Report { name: job.name, outcome, seconds: start.elapsed().as_secs_f64() }
}

impl Report {
    const fn failed(&self) -> bool {
        matches!(self.outcome, Outcome::Failed(_))
    }
}

/// Returns the table of results, and below it one line with the number of tests if any ran.
fn summary(reports: &[Report]) -> String {
    let row = |report: &Report| {
        vec![report.name.to_owned(), format!("{:.1}", report.seconds), report.outcome.to_string()]
    };
    let rows: Vec<Vec<String>> = reports.iter().map(row).collect();
    let table = format_table(&["job", "seconds", "result"], &rows, Form::Plain);
    let tally = reports.iter().find_map(|report| match &report.outcome {
        Outcome::Tested(tally) => Some(format!("\n{tally}\n")),
        Outcome::Passed | Outcome::Skipped(_) | Outcome::Failed(_) => None,
    });
    table + &tally.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_says_how_each_job_went() {
        let report = |name, outcome| Report { name, outcome, seconds: 1.25 };
        let reports = [
            report("fmt", Outcome::Passed),
            report("deny", Outcome::Skipped("cargo-deny is not installed".to_owned())),
            report("test", Outcome::Tested(Tally { passed: 7, failed: 0, ignored: 0 })),
            report("doc", Outcome::Failed("see above".to_owned())),
        ];
        let expected = "job   seconds  result\n\
                        fmt   1.2      ok\n\
                        deny  1.2      skipped: cargo-deny is not installed\n\
                        test  1.2      ok\n\
                        doc   1.2      FAILED: see above\n\
                        \n7 passed, 0 failed, 0 skipped\n";
        assert_eq!(summary(&reports), expected);
        assert_eq!(reports.map(|report| report.failed()), [false, false, false, true]);
    }

    #[test]
    fn an_error_of_a_job_is_its_failure() {
        let job = Job { name: "x", run: |_| anyhow::bail!("no such tool") };
        assert_eq!(
            report(&job, Place { on_ci: false }).outcome,
            Outcome::Failed("no such tool".to_owned())
        );
    }
}
