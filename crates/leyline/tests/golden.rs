//! Golden files: what was once written must read the same for ever.
//!
//! `cargo xtask golden --write` runs this test with `LEYLINE_GOLDEN_WRITE` set; it then writes what is missing.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use leyline::wire::{self, FRAME_FORMAT, FrameDecoder, RowDecoder, Schema, encode_frame};
use leyline::{Envelope, Incoming, UnknownEvent};

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

/// Reads a frame of this build that belongs to `row`.
#[track_caller]
fn assert_reads_like_its_row(frame: &[u8], row: &Envelope) {
    let mut decoder = FrameDecoder::new(row.run_id.clone(), Schema::own());
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
        assert_reads_like_its_row(&unhex(line), row);
    }
}

/// Format 1 named itself and its schema in front of each frame: `[01 00][fingerprint]`. The rest is a frame of format 2.
#[test]
fn frames_of_format_1_hold_frames_that_still_read() {
    let fingerprint = 0x387e_3318_3af8_3cd4_u64;
    let text = read(&format!("testdata/wire/v1/frames-{fingerprint:016x}.hex"));
    let rows: Vec<_> = V1.into_iter().flat_map(known).collect();
    assert_eq!(text.lines().count(), rows.len());
    for (line, row) in text.lines().zip(&rows) {
        let bytes = unhex(line);
        let (format, rest) = bytes.split_first_chunk::<2>().expect("a format");
        let (schema, frame) = rest.split_first_chunk::<8>().expect("a fingerprint");
        assert_eq!((u16::from_le_bytes(*format), u64::from_le_bytes(*schema)), (1, fingerprint));
        assert_reads_like_its_row(frame, row);
    }
}
