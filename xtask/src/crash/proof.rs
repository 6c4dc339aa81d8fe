//! What must be true of a log after its writer was killed, checked with the tool and against a walk of our own.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Deserializer};

use super::rows::Rows;
use super::tool::{Said, Tool};
use super::victim::Claim;
use super::walk::Walk;

/// What was found in one run directory.
#[derive(Debug)]
pub(crate) struct Proof {
    /// The directory.
    pub(crate) dir: PathBuf,
    /// Whether the kill itself left a part of a frame.
    pub(crate) torn_by_kill: bool,
    /// Bytes that were cut off after the kill.
    pub(crate) cut: u64,
    /// What its bytes say, after that.
    pub(crate) walk: Walk,
    /// Number of the last event that was acknowledged.
    pub(crate) acknowledged: Option<u64>,
    /// Events read back.
    pub(crate) read: u64,
    /// Events read back beyond the last acknowledged one, and the milliseconds of the run that they span.
    pub(crate) after_ack: Option<(u64, f64)>,
    /// Events that are known to have been emitted and that are not there.
    pub(crate) lost: Option<u64>,
    /// What does not hold.
    pub(crate) violations: Vec<String>,
}

const FINE: i32 = 0;
const NOT_FOUND: i32 = 3;
const DAMAGED: i32 = 4;
const WARNING: i32 = 10;
const CRITICAL: i32 = 11;

impl Proof {
    /// Looks at a run directory whose writer is dead, after cutting its log off if a place is given.
    pub(crate) fn of(
        dir: PathBuf,
        claim: Option<&Claim>,
        cut: Option<u64>,
        tool: &Tool,
    ) -> Result<Self> {
        let acknowledged = claim.and_then(|claim| claim.acknowledged);
        let killed = Walk::of(&dir)?;
        let cut = cut.map_or(Ok(0), |random| killed.cut(&dir, acknowledged, random))?;
        let mut proof = Self {
            torn_by_kill: killed.torn_bytes() != 0,
            cut,
            walk: Walk::of(&dir)?,
            acknowledged,
            read: 0,
            after_ack: None,
            lost: None,
            violations: Vec::new(),
            dir,
        };
        let before = sums(&proof.dir)?;
        let tail = proof.read_back(tool)?;
        proof.compare(&tail, claim);
        proof.look_at(tool)?;
        proof.examine(tool)?;
        proof.repair(tool, &tail)?;
        let after = sums(&proof.dir)?;
        proof.expect(before == after, || "a command changed the log that it read".to_owned());
        Ok(proof)
    }

    /// Returns whether everything holds.
    pub(crate) const fn holds(&self) -> bool {
        self.violations.is_empty()
    }

    fn expect(&mut self, holds: bool, violation: impl FnOnce() -> String) {
        if !holds {
            self.violations.push(violation());
        }
    }

    /// Exit codes of a command that reads all of the log.
    const fn reading(&self) -> &'static [i32] {
        match (self.walk.headers, self.walk.torn.is_empty()) {
            // Killed before the first segment had a header: there is no log yet.
            (0, _) => &[FINE, NOT_FOUND, DAMAGED],
            (_, true) => &[FINE],
            // Also a segment that is announced and not there.
            (_, false) => &[DAMAGED],
        }
    }

    fn expect_code(&mut self, command: &str, said: &Said, codes: &[i32]) {
        let is_fine = said.code.is_some_and(|code| codes.contains(&code));
        self.expect(is_fine, || {
            let err = said.err.trim_end();
            format!("{command} ended with {:?} instead of one of {codes:?}: {err}", said.code)
        });
    }

    fn read_back(&mut self, tool: &Tool) -> Result<Rows> {
        let said = tool.run("tail", &self.dir, &["--jsonl"])?;
        self.expect_code("tail", &said, self.reading());
        Rows::parse(&said.out)
    }

    /// What was read back against what was claimed and what the bytes say.
    fn compare(&mut self, rows: &Rows, claim: Option<&Claim>) {
        self.read = rows.seqs.len() as u64;
        let same = rows.seqs == self.walk.seqs;
        let (read, whole) = (self.read, self.walk.seqs.len());
        self.expect(same, || format!("tail printed {read} events, but {whole} frames are whole"));
        let holes = rows.holes();
        self.expect(holes.is_some_and(|holes| holes <= rows.reported), || {
            format!("{holes:?} numbers are missing, {} were reported as lost", rows.reported)
        });
        self.expect(!self.walk.ended, || "a killed log has a mark of its end".to_owned());
        let last = rows.seqs.last().copied();
        if let Some(acknowledged) = self.acknowledged {
            self.expect(last.is_some_and(|last| acknowledged <= last), || {
                format!("event {acknowledged} was acknowledged, the last one read is {last:?}")
            });
            self.after_ack = rows.after(acknowledged);
        }
        let emitted = claim.and_then(|claim| claim.emitted);
        self.lost = emitted.map(|emitted| match last {
            Some(last) => emitted.saturating_sub(last),
            None => emitted + 1,
        });
    }

    /// Every command that looks at a run.
    fn look_at(&mut self, tool: &Tool) -> Result<()> {
        let reading = self.reading();
        for (command, flags) in [
            ("snapshot", &["--json"][..]),
            ("render", &["--size", "120x40"]),
            ("export", &["--format", "csv"]),
            ("export", &["--format", "jsonl"]),
            ("export", &["--format", "rows"]),
        ] {
            let said = tool.run(command, &self.dir, flags)?;
            let name = format!("{command} {}", flags.join(" "));
            self.expect_code(&name, &said, reading);
            // Before the first update there may be no point of any metric, and so no line.
            let may_be_empty = self.walk.seqs.is_empty() || flags.contains(&"jsonl");
            self.expect(may_be_empty || !said.out.is_empty(), || format!("{name} said nothing"));
        }
        let check = tool.run("check", &self.dir, &["--fail-on", "warning"])?;
        self.expect_code("check", &check, &[FINE, NOT_FOUND, DAMAGED, WARNING, CRITICAL]);
        Ok(())
    }

    /// What `fsck` states against what the bytes say.
    fn examine(&mut self, tool: &Tool) -> Result<()> {
        let said = tool.run("fsck", &self.dir, &["--json"])?;
        self.expect_code("fsck", &said, self.reading());
        if said.code == Some(NOT_FOUND) {
            return Ok(());
        }
        let stated = Stated::parse(&said.out)?;
        let bytes = Stated {
            events: self.walk.seqs.len() as u64,
            last_seq: self.walk.seqs.last().copied(),
            damaged_bytes: self.walk.torn_bytes(),
            damage: self.walk.torn.clone(),
            ending: "cut_off".to_owned(),
            missing: 0,
        };
        self.expect(stated == bytes, || format!("fsck states {stated:?}, the bytes say {bytes:?}"));
        Ok(())
    }

    /// A repaired copy is whole and holds the same events.
    fn repair(&mut self, tool: &Tool, rows: &Rows) -> Result<()> {
        let said = tool.run("fsck", &self.dir, &["--repair"])?;
        // Of a log without events there is nothing to copy, which is said in the same way.
        let codes =
            if self.walk.seqs.is_empty() { &[FINE, NOT_FOUND, DAMAGED] } else { self.reading() };
        self.expect_code("fsck --repair", &said, codes);
        let copy = repaired(&self.dir);
        if !copy.is_dir() {
            let is_empty = self.walk.seqs.is_empty();
            self.expect(is_empty, || "fsck --repair wrote nothing".to_owned());
            return Ok(());
        }
        let walk = Walk::of(&copy)?;
        self.expect(walk.seqs == self.walk.seqs && walk.torn.is_empty(), || {
            format!(
                "{} whole events and {} torn bytes in the copy",
                walk.seqs.len(),
                walk.torn_bytes()
            )
        });
        let again = tool.run("fsck", &copy, &["--json"])?;
        self.expect_code("fsck of the copy", &again, &[FINE]);
        let tail = tool.run("tail", &copy, &["--jsonl"])?;
        self.expect_code("tail of the copy", &tail, &[FINE]);
        let copied = Rows::parse(&tail.out)?;
        self.expect(copied.seqs == rows.seqs, || "the copy reads as other events".to_owned());
        Ok(())
    }
}

/// What `fsck --json` states.
#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Stated {
    events: u64,
    last_seq: Option<u64>,
    damaged_bytes: u64,
    #[serde(deserialize_with = "places")]
    damage: Vec<(String, u64)>,
    ending: String,
    missing: u64,
}

impl Stated {
    fn parse(json: &str) -> Result<Self> {
        serde_json::from_str(json).with_context(|| format!("fsck printed: {json}"))
    }
}

/// Reads places of damage as the walk tells them: by the name of the segment, with their length.
fn places<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(String, u64)>, D::Error> {
    #[derive(Deserialize)]
    struct Place {
        segment: u32,
        bytes: u64,
    }

    let places = Vec::<Place>::deserialize(from)?;
    let named = |place: Place| (format!("events-{:05}.slog", place.segment), place.bytes);
    Ok(places.into_iter().map(named).collect())
}

fn repaired(dir: &Path) -> PathBuf {
    let mut name = dir.as_os_str().to_owned();
    name.push(".repaired");
    PathBuf::from(name)
}

/// Returns a checksum of every file that a log consists of.
fn sums(dir: &Path) -> Result<BTreeMap<PathBuf, u32>> {
    let mut sums = BTreeMap::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_file() {
            let bytes =
                fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            sums.insert(path, crc32c::crc32c(&bytes));
        }
    }
    Ok(sums)
}
