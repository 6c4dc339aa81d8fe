//! The trainers that are killed, and what they claimed until then.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::plan::{Moment, Plan};

/// What a victim said before it was killed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Claim {
    /// The directory that it writes to.
    pub(crate) dir: Option<PathBuf>,
    /// Number of the last event that was emitted when it asked for an acknowledgement.
    pub(crate) emitted: Option<u64>,
    /// Number of the last event that was acknowledged.
    pub(crate) acknowledged: Option<u64>,
}

/// A victim that does not say anything for so long is broken.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts the victims of a round, kills them all at its moment, and returns what they claimed.
pub(crate) fn kill(plan: &Plan, root: &Path, program: &Path) -> Result<Vec<Claim>> {
    let mut victims = Vec::new();
    for _ in 0..plan.victims {
        victims.push(Victim::start(plan, root, program)?);
    }
    let after = match plan.moment {
        Moment::AfterStart(after) => Ok(after),
        Moment::AfterAcknowledged(after) => {
            victims.iter().try_for_each(Victim::wait_for_acknowledgement).map(|()| after)
        }
    };
    if let Ok(after) = after {
        // Nothing is ever sent: this waits, and nothing else.
        let (_open, never) = sync_channel::<()>(0);
        never.recv_timeout(after).ok();
    }
    let claims = victims.into_iter().map(Victim::end).collect::<Result<Vec<_>>>();
    after?;
    claims
}

struct Victim {
    child: Child,
    acknowledged: Receiver<()>,
    reader: JoinHandle<Claim>,
}

impl Victim {
    fn start(plan: &Plan, root: &Path, program: &Path) -> Result<Self> {
        let mut command = Command::new(program);
        command.arg(root).args(["--run-id", "victim", "--seed", &plan.seed.to_string()]);
        command.args(["--fsync", plan.fsync, "--pause", &plan.pause.to_string()]);
        if plan.flood {
            command.arg("--flood");
        }
        if let Some(bytes) = plan.segment_bytes {
            command.args(["--segment-bytes", &bytes.to_string()]);
        }
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let out = child.stdout.take().context("the victim has no standard output")?;
        let (first, acknowledged) = sync_channel(1);
        let reader =
            Builder::new().name("crash-reader".to_owned()).spawn(move || read(out, &first))?;
        Ok(Self { child, acknowledged, reader })
    }

    fn wait_for_acknowledgement(&self) -> Result<()> {
        self.acknowledged.recv_timeout(PATIENCE).context("the victim acknowledges nothing")
    }

    fn end(mut self) -> Result<Claim> {
        // SIGKILL: the process gets no chance to put anything in order.
        self.child.kill().context("cannot kill the victim")?;
        let status = self.child.wait().context("cannot wait for the victim")?;
        let Ok(claim) = self.reader.join() else { bail!("the reader of the victim panicked") };
        if status.code().is_some() {
            bail!("the victim had ended by itself before it was killed ({status})");
        }
        Ok(claim)
    }
}

/// Reads what a victim claims until it is dead; says when it has acknowledged something.
fn read(out: ChildStdout, first: &SyncSender<()>) -> Claim {
    let mut claim = Claim::default();
    let mut out = BufReader::new(out);
    let mut line = String::new();
    // What is cut off by the kill is no claim.
    while out.read_line(&mut line).is_ok() && line.ends_with('\n') {
        claim.add(line.trim_end_matches('\n'));
        line.clear();
        if claim.acknowledged.is_some() {
            first.try_send(()).ok();
        }
    }
    claim
}

impl Claim {
    fn add(&mut self, line: &str) {
        let Some((word, rest)) = line.split_once(' ') else { return };
        match word {
            "dir" => self.dir = Some(PathBuf::from(rest)),
            "emitted" => self.emitted = self.emitted.max(rest.parse().ok()),
            "acknowledged" => self.acknowledged = self.acknowledged.max(rest.parse().ok()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_the_highest_number_of_each_kind() {
        let mut claim = Claim::default();
        let lines =
            ["dir a/b c", "emitted 7", "acknowledged 7", "emitted 90", "acknowledged 9", "ack"];
        for line in lines {
            claim.add(line);
        }
        let expected =
            Claim { dir: Some(PathBuf::from("a/b c")), emitted: Some(90), acknowledged: Some(9) };
        assert_eq!(claim, expected);
    }
}
