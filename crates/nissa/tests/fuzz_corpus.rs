//! Replays what the fuzz targets start from and once found, on every machine, with or without cargo-fuzz.

use std::fs;
use std::path::Path;

#[path = "../fuzz/subjects.rs"]
mod subjects;

/// Gives every file of a corpus to its subject.
#[track_caller]
fn replay(corpus: &str, subject: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(corpus);
    let mut files = 0;
    for entry in fs::read_dir(&folder).expect("a committed corpus") {
        subject(&fs::read(entry.expect("a file").path()).expect("a readable file"));
        files += 1;
    }
    assert!(0 < files, "{corpus} is empty");
}

#[test]
fn headers() {
    replay("headers", subjects::headers);
}

#[test]
fn indexes() {
    replay("indexes", subjects::indexes);
}

#[test]
fn manifests() {
    replay("manifests", subjects::manifests);
}

#[test]
fn segments() {
    replay("segments", subjects::segments);
}

#[test]
fn viewers() {
    replay("viewers", subjects::viewers);
}

#[test]
fn runs() {
    replay("runs", subjects::runs);
}
