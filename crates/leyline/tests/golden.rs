//! Golden files: what was once written must read the same for ever.
//!
//! `cargo xtask golden --write` runs this test with `LEYLINE_GOLDEN_WRITE` set; it then writes what is missing.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use leyline::wire::{self, FRAME_FORMAT, FrameDecoder, RowDecoder, Schema, encode_frame};
use leyline::{Envelope, Incoming, RunId, UnknownEvent};

/// Compares a file with what the code makes, or writes it.
#[track_caller]
fn check(path: &str, made: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if write_wanted() {
        if fs::read_to_string(&file).ok().as_deref() != Some(made) {
            fs::write(&file, made).expect("the golden file can be written");
        }
        return;
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    let first = committed.lines().zip(made.lines()).position(|(a, b)| a != b);
    let at = first.unwrap_or_else(|| committed.lines().count().min(made.lines().count()));
    assert!(
        committed == made,
        "{path} is not up to date, run `cargo xtask golden --write`; line {}\n  committed: {}\n  made now:  {}",
        at + 1,
        committed.lines().nth(at).unwrap_or("(nothing)"),
        made.lines().nth(at).unwrap_or("(nothing)"),
    );
}

#[expect(
    clippy::disallowed_methods,
    reason = "the variable is how xtask asks to write; tests have no arguments"
)]
fn write_wanted() -> bool {
    std::env::var_os("LEYLINE_GOLDEN_WRITE").is_some()
}

fn read(path: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(file).expect("a golden file that is committed")
}

fn decode(path: &str) -> Vec<Incoming> {
    let mut decoder = RowDecoder::new("golden file.jsonl");
    read(path).lines().map(|line| decoder.decode(line.as_bytes())).collect()
}

/// One line about an event; absent fields are left out, so that a new optional field changes no line.
fn describe(incoming: &Incoming) -> String {
    let pretty = match incoming {
        Incoming::Known(envelope) => format!("known {envelope:#?}"),
        Incoming::Unknown(event) if 200 < event.data.len() => {
            let hash = xxhash_rust::xxh64::xxh64(event.data.as_bytes(), 0);
            let data = format!("{} bytes, xxh64 {hash:016x}", event.data.len());
            format!("unknown {:#?}", UnknownEvent { data, ..(**event).clone() })
        }
        Incoming::Unknown(event) => format!("unknown {event:#?}"),
        Incoming::Rejected(rejection) => format!("rejected {} {rejection:#?}", rejection.reason),
    };
    let lines: Vec<_> =
        pretty.lines().map(str::trim).filter(|line| !line.ends_with(": None,")).collect();
    lines.join(" ")
}

fn describe_all(incoming: &[Incoming]) -> String {
    incoming.iter().fold(String::new(), |mut out, one| {
        writeln!(out, "{}", describe(one)).expect("a String takes every text");
        out
    })
}

fn known(path: &str) -> Vec<Envelope> {
    let known =
        |incoming| if let Incoming::Known(e) = incoming { Some((*e).clone()) } else { None };
    decode(path).into_iter().filter_map(known).collect()
}

const V1: [&str; 2] = ["testdata/wire/v1/examples.jsonl", "testdata/wire/v1/rows.jsonl"];

#[test]
fn the_schema_lists_the_types() {
    check("schema.txt", &wire::listing());
}

#[test]
fn rows_read_as_they_always_did() {
    for path in V1
        .into_iter()
        .chain(["testdata/wire/v0/rows.jsonl", "testdata/wire/v0/ancestor-run.v0.jsonl"])
    {
        check(&path.replace(".jsonl", ".expected.txt"), &describe_all(&decode(path)));
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").expect("a String takes every text");
        out
    })
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |c: char| c.to_digit(16).expect("a hexadecimal digit") as u8;
    let digits: Vec<_> = text.chars().map(digit).collect();
    digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect()
}

/// Reads the frame that was made of `row`.
#[track_caller]
fn assert_reads_like_its_row(schema: &Schema, frame: &[u8], row: &Envelope) {
    let mut decoder = FrameDecoder::new(row.run_id.clone(), schema.clone());
    let expected = Incoming::Known(row.clone().into());
    assert_eq!(describe(&decoder.decode(frame)), describe(&expected));
}

#[test]
fn frames_of_this_schema_are_as_committed_and_read_like_their_rows() {
    // Taken from the types, not from the constant, which is out of date while a new schema is being written.
    let fingerprint = xxhash_rust::xxh64::xxh64(wire::listing().as_bytes(), 0);
    let rows: Vec<_> = V1.into_iter().flat_map(known).collect();
    let frames = rows.iter().fold(String::new(), |mut out, envelope| {
        let mut frame = Vec::new();
        encode_frame(envelope, &mut frame).expect("a row fits into a frame");
        writeln!(out, "{}", hex(&frame)).expect("a String takes every text");
        out
    });
    check(&format!("testdata/wire/v1/frames-{FRAME_FORMAT}-{fingerprint:016x}.hex"), &frames);
    if write_wanted() {
        return;
    }
    assert_eq!(frames.lines().count(), rows.len());
    for (line, row) in frames.lines().zip(&rows) {
        assert_reads_like_its_row(&Schema::own(), &unhex(line), row);
    }
}

/// Format 1 named itself and its schema in front of each frame: `[01 00][fingerprint]`. The rest is a frame of format 2.
#[test]
fn frames_of_format_1_hold_frames_that_still_read() {
    let fingerprint = 0x387e_3318_3af8_3cd4_u64;
    let text = read(&format!("testdata/wire/v1/frames-{fingerprint:016x}.hex"));
    let listing = read(&format!("testdata/wire/v1/schema-{fingerprint:016x}.txt"));
    let listing = Schema::parse(&listing).expect("a listing");
    assert_eq!(listing.fingerprint(), fingerprint);
    let rows: Vec<_> = V1.into_iter().flat_map(known).collect();
    assert_eq!(text.lines().count(), rows.len());
    for (line, row) in text.lines().zip(&rows) {
        let bytes = unhex(line);
        let (format, rest) = bytes.split_first_chunk::<2>().expect("a format");
        let (schema, frame) = rest.split_first_chunk::<8>().expect("a fingerprint");
        assert_eq!((u16::from_le_bytes(*format), u64::from_le_bytes(*schema)), (1, fingerprint));
        assert_reads_like_its_row(&listing, frame, row);
    }
}

/// Another writer's types: `Head` and `Heartbeat` with fields swapped, `EpisodeOutcome` with one less and one more, a
/// word and a scalar that nobody here knows, a kind of its own, and other numbers.
mod other {
    use std::collections::BTreeMap;

    use serde::Serialize;

    #[derive(Serialize)]
    pub(super) struct Head {
        pub(super) kind: u16,
        pub(super) seq: u64,
        pub(super) ts: i64,
        pub(super) mono_ns: u64,
        pub(super) message: &'static str,
        pub(super) severity: Severity,
        pub(super) group_id: &'static str,
    }

    #[derive(Serialize)]
    pub(super) enum Severity {
        Trace,
        Debug,
        Info,
        Notice,
        Warning,
    }

    #[derive(Serialize)]
    pub(super) struct Heartbeat {
        pub(super) inner_epoch: Option<u32>,
        pub(super) batch_idx: Option<u64>,
        pub(super) phase: &'static str,
    }

    #[derive(Serialize)]
    pub(super) struct EpisodeOutcome {
        pub(super) env_id: Option<u32>,
        pub(super) episode_length: u64,
        pub(super) episode_return: f64,
        pub(super) seed_of_episode: u64,
        pub(super) episode_idx: u64,
        pub(super) terminated: Option<bool>,
    }

    #[derive(Serialize)]
    pub(super) struct TrainingStarted {
        pub(super) start_batch: u64,
        pub(super) max_batches: u32,
        pub(super) task: &'static str,
        pub(super) hyperparams: Option<BTreeMap<&'static str, Scalar>>,
    }

    #[derive(Serialize)]
    pub(super) enum Scalar {
        Flag(bool),
        Number(f64),
        List(Vec<f64>),
        Text(&'static str),
    }

    #[derive(Serialize)]
    pub(super) struct TrainingFinished {
        pub(super) reason: FinishReason,
        pub(super) last_batch: u64,
        pub(super) batches_since_start: u64,
        pub(super) updates_skipped: u64,
    }

    #[derive(Serialize)]
    pub(super) enum FinishReason {
        Stopped,
        Preempted,
    }

    #[derive(Serialize)]
    pub(super) struct SeedPruned {
        pub(super) seed: i64,
        pub(super) loss: Option<f64>,
        pub(super) state: FinishReason,
        pub(super) parents: Vec<Option<u8>>,
        pub(super) scores: BTreeMap<u32, f64>,
    }

    /// No `path`, which this build requires.
    #[derive(Serialize)]
    pub(super) struct CheckpointSaved {
        pub(super) size_bytes: Option<u64>,
    }
}

/// A frame of the other writer.
fn other_frame(
    kind: u16,
    seq: u64,
    severity: other::Severity,
    body: &impl serde::Serialize,
) -> Vec<u8> {
    let head = other::Head {
        kind,
        mono_ns: 1_000 * seq,
        seq,
        ts: 1_795_262_403_400_000,
        group_id: "A",
        severity,
        message: "from another time",
    };
    let mut out = Vec::new();
    for result in [
        bincode::serde::encode_into_std_write(head, &mut out, bincode::config::standard()),
        bincode::serde::encode_into_std_write(body, &mut out, bincode::config::standard()),
    ] {
        result.expect("a Vec takes every frame");
    }
    out
}

fn other_frames() -> Vec<Vec<u8>> {
    use other::{FinishReason, Scalar, Severity};
    let beat = other::Heartbeat { inner_epoch: Some(3), batch_idx: Some(700), phase: "updating" };
    let outcome = other::EpisodeOutcome {
        env_id: Some(2),
        episode_length: 500,
        episode_return: f64::NAN,
        seed_of_episode: u64::MAX,
        episode_idx: 41,
        terminated: Some(true),
    };
    let started = |hyperparams| other::TrainingStarted {
        start_batch: 10,
        max_batches: 20,
        task: "CartPole-v1",
        hyperparams,
    };
    let known =
        [("lr", Scalar::Number(0.0003)), ("norm", Scalar::Flag(true)), ("name", Scalar::Text("x"))];
    let finished = |reason| other::TrainingFinished {
        reason,
        last_batch: 12,
        batches_since_start: 2,
        updates_skipped: 0,
    };
    let pruned = other::SeedPruned {
        seed: -7,
        loss: Some(f64::INFINITY),
        state: FinishReason::Preempted,
        parents: vec![None, Some(251)],
        scores: [(3, 0.5)].into(),
    };
    vec![
        other_frame(1, 0, Severity::Info, &started(Some(known.into()))),
        other_frame(
            1,
            1,
            Severity::Info,
            &started(Some([("sizes", Scalar::List(vec![1.0]))].into())),
        ),
        other_frame(9, 2, Severity::Debug, &beat),
        other_frame(5, 3, Severity::Warning, &outcome),
        other_frame(300, 4, Severity::Warning, &pruned),
        other_frame(3, 5, Severity::Info, &other::CheckpointSaved { size_bytes: Some(4096) }),
        other_frame(2, 6, Severity::Info, &finished(FinishReason::Preempted)),
        other_frame(9, 7, Severity::Notice, &beat),
        other_frame(7, 8, Severity::Info, &beat),
        other_frame(2, 9, Severity::Trace, &finished(FinishReason::Stopped)),
        other_frame(2, 10, Severity::Info, &finished(FinishReason::Stopped)),
    ]
}

#[test]
fn frames_of_another_writer_read_by_name_as_they_always_did() {
    let frames = other_frames();
    let lines: Vec<String> = frames.iter().map(|frame| hex(frame) + "\n").collect();
    check("testdata/wire/foreign/frames.hex", &lines.concat());
    let schema = Schema::parse(&read("testdata/wire/foreign/schema.txt")).expect("a listing");
    let mut decoder = FrameDecoder::new(RunId::nearest("other"), schema);
    let found: Vec<_> = frames.iter().map(|frame| decoder.decode(frame)).collect();
    check("testdata/wire/foreign/expected.txt", &describe_all(&found));
}

/// Every listing under which golden frames were written is kept beside them, for the time when it is no longer ours.
#[test]
fn frames_of_every_schema_read_like_their_rows() {
    if write_wanted() {
        let fingerprint = xxhash_rust::xxh64::xxh64(wire::listing().as_bytes(), 0);
        check(&format!("testdata/wire/v1/schema-{fingerprint:016x}.txt"), &wire::listing());
        return;
    }
    let rows: Vec<_> = V1.into_iter().flat_map(known).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/wire/v1");
    let mut schemas = 0;
    for entry in fs::read_dir(&folder).expect("the folder of golden files") {
        let name = entry.expect("a golden file").file_name().into_string().expect("a plain name");
        let Some(of) = name.strip_prefix(&format!("frames-{FRAME_FORMAT}-")) else { continue };
        let fingerprint = of.strip_suffix(".hex").expect("frames in hexadecimal digits");
        let listing = read(&format!("testdata/wire/v1/schema-{fingerprint}.txt"));
        // One more type makes the listing a foreign one, also while it is our own.
        let foreign = format!("{listing}\nstruct OfNobody\n  x: u64\n");
        for listing in [listing, foreign] {
            let schema = Schema::parse(&listing).expect("a listing");
            let text = read(&format!("testdata/wire/v1/{name}"));
            assert_eq!(text.lines().count(), rows.len());
            for (line, row) in text.lines().zip(&rows) {
                assert_reads_like_its_row(&schema, &unhex(line), row);
            }
        }
        schemas += 1;
    }
    assert!(1 <= schemas, "no golden frames");
}
