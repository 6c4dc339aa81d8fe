//! Runs the probe as a child process: the plan goes in, the evidence comes out, and anything else is "not verified".

use std::path::{Path, PathBuf};
use std::process::Command;

use telemetry_evidence::{Evidence, Plan, SCHEMA};

use crate::process;
use crate::verify::world::Ran;

/// Where plan and evidence lie.
pub(crate) struct Files {
    pub(crate) plan: PathBuf,
    pub(crate) evidence: PathBuf,
}

impl Files {
    /// Returns their places below a folder for what is built.
    pub(crate) fn below(target: &Path) -> Self {
        let folder = target.join("telemetry");
        Self { plan: folder.join("plan.json"), evidence: folder.join("evidence.json") }
    }
}

/// Returns the command that builds and runs the probe of this workspace.
pub(crate) fn command() -> Command {
    process::command("cargo", &["run", "-q", "-p", "telemetry-probe", "--"])
}

/// Runs `command` with the plan and reads what it writes.
pub(crate) fn run(mut command: Command, plan: &Plan, files: &Files) -> Ran<Evidence> {
    match try_run(&mut command, plan, files) {
        Ok(evidence) => Ran::Yes(evidence),
        Err(why) => Ran::No(why),
    }
}

fn try_run(command: &mut Command, plan: &Plan, files: &Files) -> Result<Evidence, String> {
    let cannot = |what: &str, path: &Path, error: &dyn std::fmt::Display| {
        format!("cannot {what} {}: {error}", path.display())
    };
    if let Some(folder) = files.plan.parent() {
        std::fs::create_dir_all(folder).map_err(|error| cannot("make", folder, &error))?;
    }
    let text =
        serde_json::to_string(plan).map_err(|error| format!("the plan is no JSON: {error}"))?;
    std::fs::write(&files.plan, text).map_err(|error| cannot("write", &files.plan, &error))?;
    // What an earlier run saw must not pass for what this one sees.
    match std::fs::remove_file(&files.evidence) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(cannot("remove", &files.evidence, &error));
        }
        Ok(()) | Err(_) => {}
    }
    command.arg("--plan").arg(&files.plan).arg("--out").arg(&files.evidence);
    let line = process::line(command);
    let output = command.output().map_err(|error| format!("cannot start {line}: {error}"))?;
    if !output.status.success() {
        let messages = String::from_utf8_lossy(&output.stderr);
        return Err(format!("it ended with {}: {}", output.status, gist(&messages)));
    }
    read(&files.evidence)
}

/// Reads evidence; that of another version is refused before it is misread.
fn read(path: &Path) -> Result<Evidence, String> {
    #[derive(serde::Deserialize)]
    struct Head {
        schema: u32,
    }
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("it left no evidence ({}): {error}", path.display()))?;
    let head: Head = serde_json::from_str(&text)
        .map_err(|error| format!("its evidence is unreadable: {error}"))?;
    if head.schema != SCHEMA {
        return Err(format!("its evidence has schema {}, and this is {SCHEMA}", head.schema));
    }
    serde_json::from_str(&text).map_err(|error| format!("its evidence is unreadable: {error}"))
}

/// Returns the first lines that say what went wrong: those of the compiler, or all of them.
pub(crate) fn gist(messages: &str) -> String {
    const MOST: usize = 12;
    let lines: Vec<&str> = messages.lines().filter(|line| !line.trim().is_empty()).collect();
    let first = lines.iter().position(|line| line.starts_with("error")).unwrap_or(0);
    let shown: Vec<&str> = lines.iter().skip(first).take(MOST).copied().collect();
    if shown.is_empty() { "it said nothing".to_owned() } else { shown.join("\n") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a shell script in place of the probe; `$2` is the plan and `$4` the evidence.
    #[track_caller]
    fn check(script: &str, expected: &str) {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::below(folder.path());
        let command = process::command("sh", &["-c", script, "probe"]);
        let ran = run(command, &Plan { schema: SCHEMA, ..Plan::default() }, &files);
        let why = ran.why_not().unwrap_or("it ran").to_owned();
        assert!(why.contains(expected), "{why}");
    }

    #[test]
    fn whatever_goes_wrong_is_a_reason() {
        check("echo 'error: no such field' >&2; exit 101", "error: no such field");
        check("kill -9 $$", "signal: 9");
        check("true", "left no evidence");
        check("echo '{' > $4", "unreadable");
        check("echo '{\"schema\": 999}' > $4", "schema 999");
        check("echo '{\"schema\": 1}' > $4", "missing field");
    }

    #[test]
    fn evidence_of_this_version_is_read_and_the_plan_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::below(folder.path());
        let evidence = Evidence { schema: SCHEMA, probes: 7, ..Evidence::default() };
        let text = serde_json::to_string(&evidence).unwrap();
        let script = format!("test -s $2 && echo '{text}' > $4");
        let ran = run(process::command("sh", &["-c", &script, "probe"]), &Plan::default(), &files);
        assert_eq!(ran.yes().map(|seen| seen.probes), Some(7), "{ran:?}");
    }

    #[test]
    fn evidence_of_an_earlier_run_is_not_taken_for_this_one() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::below(folder.path());
        std::fs::create_dir_all(folder.path().join("telemetry")).unwrap();
        let evidence = Evidence { schema: SCHEMA, ..Evidence::default() };
        std::fs::write(&files.evidence, serde_json::to_string(&evidence).unwrap()).unwrap();
        let ran = run(process::command("true", &[]), &Plan::default(), &files);
        assert!(ran.why_not().is_some_and(|why| why.contains("left no evidence")), "{ran:?}");
    }

    #[test]
    fn a_program_that_is_not_there_is_a_reason() {
        let folder = tempfile::tempdir().unwrap();
        let ran = run(
            process::command("no-such-probe", &[]),
            &Plan::default(),
            &Files::below(folder.path()),
        );
        assert!(ran.why_not().is_some_and(|why| why.starts_with("cannot start")), "{ran:?}");
    }
}
