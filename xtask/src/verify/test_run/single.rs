//! Tests by themselves, for wire cuts: which of them comes past a cut, and whether one of some fails.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use crate::verify::test_run::{Key, Prepared, Variable, command, plain};
use crate::verify::world::TestResult;

/// How long tests may run; one that hangs has failed.
const LIMIT: Duration = Duration::from_secs(90);

/// One test of one binary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Single {
    binary: usize,
    name: String,
    /// What records call it.
    pub(crate) keys: BTreeSet<Key>,
}

impl Prepared {
    /// Returns every test that some record names.
    pub(crate) fn singles(&self) -> Vec<Single> {
        let binaries = self.binaries.iter().enumerate();
        let all = binaries.flat_map(|(binary, runner)| {
            runner.wanted.iter().map(move |(name, keys)| Single {
                binary,
                name: name.clone(),
                keys: keys.clone(),
            })
        });
        all.collect()
    }

    /// Runs one test; `None`: it has no result, because it hangs or takes its process with it.
    pub(crate) fn run_single(
        &self,
        single: &Single,
        variable: Variable<'_>,
    ) -> Result<Option<TestResult>, String> {
        let mut results = self.limited(single.binary, &[single.name.as_str()], variable)?;
        Ok(results.remove(&single.name))
    }

    /// Runs some tests, those of one binary together and in the order of the first of each, until one does not pass.
    pub(crate) fn first_failure<'a>(
        &self,
        singles: &[&'a Single],
        variable: Variable<'_>,
    ) -> Result<Option<&'a Single>, String> {
        let mut binaries: Vec<(usize, Vec<&'a Single>)> = Vec::new();
        for single in singles {
            match binaries.iter_mut().find(|(binary, _)| *binary == single.binary) {
                Some((_, of)) => of.push(single),
                None => binaries.push((single.binary, vec![single])),
            }
        }
        for (binary, of) in binaries {
            let names: Vec<&str> = of.iter().map(|single| single.name.as_str()).collect();
            let results = self.limited(binary, &names, variable)?;
            let has_passed =
                |single: &&Single| results.get(&single.name) == Some(&TestResult::Passed);
            if let Some(failed) = of.into_iter().find(|single| !has_passed(single)) {
                return Ok(Some(failed));
            }
        }
        Ok(None)
    }

    fn limited(
        &self,
        binary: usize,
        names: &[&str],
        (variable, value): Variable<'_>,
    ) -> Result<BTreeMap<String, TestResult>, String> {
        let Some(runner) = self.binaries.get(binary) else { return Ok(BTreeMap::new()) };
        let mut command = command(&runner.binary);
        command.args(["--exact", "--color=never"]).args(names).env(variable, value);
        Ok(plain::results(&output(&mut command, LIMIT)?))
    }
}

/// Returns what a program prints until it ends, or nothing if it does not within the limit.
fn output(command: &mut Command, limit: Duration) -> Result<String, String> {
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| format!("cannot start a test: {error}"))?;
    let (sender, receiver) = sync_channel(1);
    if let Some(mut stdout) = child.stdout.take() {
        // Not waited for: what a killed test has started may hold its output open.
        let reader = std::thread::Builder::new().name("output of a test".to_owned());
        let read = move || {
            let mut text = Vec::new();
            let is_read = stdout.read_to_end(&mut text).is_ok();
            sender.send(is_read.then_some(text)).ok();
        };
        reader.spawn(read).map_err(|error| format!("cannot start a thread: {error}"))?;
    }
    let text = receiver.recv_timeout(limit).ok().flatten();
    if text.is_none() {
        child.kill().map_err(|error| format!("cannot end a test: {error}"))?;
    }
    child.wait().map_err(|error| format!("cannot wait for a test: {error}"))?;
    Ok(text.map(|text| String::from_utf8_lossy(&text).into_owned()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_hangs_says_nothing() {
        let sh = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            command
        };
        let hanging = output(&mut sh("echo a; exec sleep 100"), Duration::from_millis(1));
        assert_eq!(hanging.as_deref(), Ok(""));
        assert_eq!(output(&mut sh("echo a; exit 3"), LIMIT).as_deref(), Ok("a\n"));
    }
}
