//! Golden run directories, one folder for each format of the log: what was once written must read the same for ever.
//!
//! `cargo xtask golden --write` runs this test with `NISSA_GOLDEN_WRITE` set; it then writes the directories that are missing.
//! One that exists is read and never written again, because it is what an older build wrote.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use leyline::wire::{FRAME_FORMAT, SCHEMA, Schema, encode_frame};
use leyline::word::ClosedWord as _;
use leyline::{Envelope, Event, EventKind, Heartbeat, Incoming, Phase, RunId, RunNs};
use nissa::log::frame;
use nissa::log::header::Header;
use nissa::log::recovery::{self, RecoveryError};
use nissa::manifest::Hex64;
use nissa::{Manifest, OpenError, Read, Recording, RowReader};

use super::written::{NONCE, Segment, events, manifest, run};

/// The folder of the format that this build writes.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/runs")
}

#[expect(
    clippy::disallowed_methods,
    reason = "the variable is how xtask asks to write; tests have no arguments"
)]
fn write_wanted() -> bool {
    std::env::var_os("NISSA_GOLDEN_WRITE").is_some()
}

/// One line about an event; absent fields are left out, so that a new optional field changes no line.
fn describe(incoming: &Incoming) -> String {
    let pretty = match incoming {
        Incoming::Known(envelope) => format!("known {envelope:#?}"),
        Incoming::Unknown(event) => format!("unknown {event:#?}"),
        Incoming::Rejected(rejection) => format!("rejected {} {rejection:#?}", rejection.reason),
    };
    let lines: Vec<_> =
        pretty.lines().map(str::trim).filter(|line| !line.ends_with(": None,")).collect();
    lines.join(" ")
}

/// Everything that is read of a directory, and what is said about it.
fn describe_run(dir: &Path) -> String {
    let mut out = String::new();
    let mut recording = match Recording::open(dir) {
        Ok(recording) => recording,
        Err(OpenError::Format { found, path: _ }) => return format!("error: format {found}\n"),
        Err(error) => return format!("error: {error}\n"),
    };
    loop {
        match recording.read().unwrap() {
            Read::Event(incoming) => writeln!(out, "{}", describe(&incoming)).unwrap(),
            Read::Pending => panic!("{} is live", dir.display()),
            Read::End => break,
        }
    }
    for damage in recording.damage() {
        writeln!(out, "{damage:?}").unwrap();
    }
    out
}

fn segment(number: u32, events: &[Envelope]) -> Segment {
    Segment::new(number).with(events)
}

/// The runs of the current format.
fn runs() -> Vec<(&'static str, Vec<Segment>)> {
    let all = events(12);
    let (first, second) = all.split_at(6);
    let mut torn = segment(0, &all);
    torn.bytes.truncate(torn.frames[11].end - 7);
    let mut corrupt = segment(0, &all).ended();
    let middle = corrupt.frames[5].start + 30;
    corrupt.bytes[middle] ^= 0x20;
    let mut zeros = segment(0, &all);
    zeros.bytes.extend([0; 100]);
    let two = vec![segment(0, first).continued(), segment(1, second).ended()];
    vec![
        ("whole", vec![segment(0, &every_kind()).ended()]),
        ("torn", vec![torn]),
        ("corrupt_middle", vec![corrupt]),
        ("zero_tail", vec![zeros]),
        ("two_segments", two),
        ("no_index", vec![segment(0, &all).ended()]),
        ("older_schema", vec![older_schema()]),
        ("foreign_kind", vec![foreign_kind()]),
    ]
}

/// An event of every kind, from the golden rows.
fn every_kind() -> Vec<Envelope> {
    let rows = "../leyline/testdata/wire/v1/examples.jsonl";
    let rows = Path::new(env!("CARGO_MANIFEST_DIR")).join(rows);
    let mut known: Vec<Envelope> = Vec::new();
    for row in RowReader::open(&rows).unwrap() {
        let Incoming::Known(event) = row.unwrap() else { continue };
        let (run_id, seq) = (run(), known.len() as u64);
        known.push(Envelope { run_id, seq, mono_ns: RunNs(1000 * seq), ..(*event).clone() });
    }
    for kind in EventKind::ALL {
        assert!(known.iter().any(|event| event.event.kind() == *kind), "{kind}");
    }
    known
}

/// The body of [`heartbeat`] at the end of its frame: phase, batch, inner epoch.
const BODY: &[u8] = b"\x08updating\x01\x04\x00";

fn heartbeat(seq: u64) -> Envelope {
    let body = Heartbeat { phase: Phase::Updating, batch_idx: Some(4), inner_epoch: None };
    let event = events(1).remove(0);
    let severity = leyline::Severity::Debug;
    Envelope { seq, severity, env_id: None, event: Event::Heartbeat(body), ..event }
}

fn header(listing: &str) -> Header {
    let schema = Schema::parse(listing).unwrap();
    Header { schema, nonce: NONCE, segment: 0, run: run() }
}

/// Appends a heartbeat whose payload is changed.
fn push(segment: &mut Segment, seq: u64, change: impl FnOnce(&mut Vec<u8>)) {
    let mut payload = Vec::new();
    encode_frame(&heartbeat(seq), &mut payload).unwrap();
    change(&mut payload);
    let start = frame::open(&mut segment.bytes);
    segment.bytes.extend(payload);
    frame::close(&mut segment.bytes, start);
    segment.frames.push(start..segment.bytes.len());
}

/// As a build wrote it whose heartbeat had its fields in another order, one more, and one less.
fn older_schema() -> Segment {
    let now =
        "struct Heartbeat\n  phase: text\n  batch_idx: option<u64>\n  inner_epoch: option<u32>\n";
    let then = "struct Heartbeat\n  batch_idx: option<u64>\n  mood: text\n  phase: text\n";
    let listing = SCHEMA.replace(now, then);
    assert_ne!(listing, SCHEMA, "the listing of this build has changed: write another older one");
    let mut segment = Segment::of(&header(&listing));
    for seq in 0..3 {
        push(&mut segment, seq, |payload| {
            payload.truncate(payload.strip_suffix(BODY).unwrap().len());
            payload.extend(b"\x01\x04\x03odd\x08updating");
        });
    }
    segment.ended()
}

/// As a build wrote it that has a kind more.
fn foreign_kind() -> Segment {
    let listing =
        SCHEMA.replace("\nstruct Anomaly\n", "kind 99 MOON_PHASE Heartbeat\n\nstruct Anomaly\n");
    assert_ne!(listing, SCHEMA);
    let listing = listing.replace("\n\nkind 99", "\nkind 99");
    let mut segment = Segment::of(&header(&listing));
    push(&mut segment, 0, |_| {});
    push(&mut segment, 1, |payload| payload[0] = 99);
    push(&mut segment, 2, |_| {});
    segment.ended()
}

/// A header of the format after this one, with content that only its writer understands.
fn from_the_future() -> Vec<u8> {
    let mut bytes = Vec::new();
    let run = RunId::nearest("from-the-future");
    Header { schema: Schema::own(), nonce: NONCE, segment: 0, run }.append(&mut bytes);
    let front = 14;
    bytes.truncate(front);
    bytes[8..10].copy_from_slice(&(FRAME_FORMAT + 1).to_le_bytes());
    bytes.extend(*b"nobody knows yet");
    let length = bytes.len() as u32 + 4;
    bytes[10..14].copy_from_slice(&length.to_le_bytes());
    let checksum = crc32c::crc32c(&bytes);
    bytes.extend(checksum.to_le_bytes());
    bytes
}

fn write_missing() {
    let create = |dir: &Path, manifest: &Manifest| {
        fs::create_dir_all(dir).unwrap();
        manifest.write(&dir.join("manifest.json")).unwrap();
    };
    for (name, segments) in runs() {
        let dir = folder().join(FRAME_FORMAT.to_string()).join(name);
        if dir.exists() {
            continue;
        }
        let mut manifest = manifest();
        let fingerprint =
            |segment: &Segment| Header::read(&segment.bytes).unwrap().0.schema.fingerprint();
        manifest.versions.schema_fingerprint = Hex64(fingerprint(&segments[0]));
        create(&dir, &manifest);
        for segment in segments {
            segment.write(&dir);
            if name == "no_index" {
                fs::remove_file(segment.index_path(&dir)).unwrap();
            }
        }
        fs::write(dir.join("expected.txt"), describe_run(&dir)).unwrap();
    }
    let dir = folder().join("from_the_future");
    if !dir.exists() {
        create(&dir, &manifest());
        fs::write(dir.join("events-00000.slog"), from_the_future()).unwrap();
        fs::write(dir.join("expected.txt"), describe_run(&dir)).unwrap();
    }
}

/// Every golden run: the folders of all formats, and what is no format.
fn golden() -> Vec<PathBuf> {
    let subfolders = |dir: &Path| -> Vec<PathBuf> {
        let mut paths: Vec<_> = fs::read_dir(dir)
            .unwrap_or_else(|error| {
                panic!("{}: {error}: run `cargo xtask golden --write`", dir.display())
            })
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_dir())
            .collect();
        paths.sort();
        paths
    };
    let is_run = |path: &PathBuf| path.join("expected.txt").is_file();
    let (mut runs, formats): (Vec<_>, Vec<_>) = subfolders(&folder()).into_iter().partition(is_run);
    runs.extend(formats.iter().flat_map(|format| subfolders(format)));
    runs
}

#[test]
fn golden_runs_read_as_they_always_did() {
    if write_wanted() {
        write_missing();
    }
    let golden = golden();
    for (name, _) in runs() {
        let dir = folder().join(FRAME_FORMAT.to_string()).join(name);
        assert!(golden.contains(&dir), "{name} is missing: run `cargo xtask golden --write`");
    }
    for dir in golden {
        let expected = fs::read_to_string(dir.join("expected.txt")).unwrap();
        let found = describe_run(&dir);
        let first = expected.lines().zip(found.lines()).find(|(a, b)| a != b);
        assert!(found == expected, "{} reads differently: {first:#?}", dir.display());
    }
}

#[test]
fn golden_runs_are_inspected_to_the_last_byte() {
    if write_wanted() {
        return;
    }
    for dir in golden() {
        let report = match recovery::inspect(&dir, |_, _| {}) {
            Ok(report) => report,
            Err(RecoveryError::Open(OpenError::Format { found, .. })) => {
                assert!(FRAME_FORMAT < found, "{}", dir.display());
                continue;
            }
            Err(error) => panic!("{}: {error}", dir.display()),
        };
        for segment in &report.segments {
            let parts = segment.header_bytes + segment.frame_bytes + segment.damaged_bytes;
            assert_eq!(parts, segment.bytes, "{}: {segment:?}", dir.display());
        }
    }
}
