//! What is held against any bytes: the fuzz targets and the replay of their corpus both call these.

use std::fs;
use std::path::Path;

use leyline::Incoming;
use leyline::wire::MAX_FRAME_BYTES;
use nissa::log::frame::{self, Look};
use nissa::log::header::Header;
use nissa::log::index;
use nissa::log::recovery;
use nissa::manifest::Manifest;
use nissa::recording::{Read, Recording};
use nissa::socket::frames::Frames;
use nissa::socket::message::{FromViewer, MAX_FROM_VIEWER, ToViewer};

/// Any bytes as the head of a segment: one that is read is written again as it was.
pub(crate) fn headers(data: &[u8]) {
    let Ok((header, length)) = Header::read(data) else { return };
    let mut again = Vec::new();
    header.append(&mut again);
    assert_eq!(again, data[..length]);
}

/// Any bytes as an index: entries rise, and what is read is a part of what was given.
pub(crate) fn indexes(data: &[u8]) {
    let (nonce, segment) = (7, 0);
    // Most inputs would fail at the head, which says nothing about the entries.
    let bytes = [&index::head(nonce, segment), data].concat();
    let entries = index::read(&bytes, nonce, segment);
    assert!(entries.len() * index::ENTRY_BYTES <= data.len());
    assert!(entries.is_sorted_by(|a, b| a.offset < b.offset && a.seq < b.seq));
    index::read(data, nonce, segment);
}

/// Any bytes as a manifest: one that is read is read again from what it writes.
pub(crate) fn manifests(data: &[u8]) {
    let Ok(manifest) = Manifest::parse(data, Path::new("manifest.json")) else { return };
    let text = serde_json::to_vec(&manifest).expect("a manifest is JSON");
    let again = Manifest::parse(&text, Path::new("manifest.json")).expect("it reads back");
    assert_eq!(again, manifest);
}

/// Any bytes as the files of a run: manifest, index and segment, separated by lengths of two bytes each in front.
///
/// Reading never panics, numbers rise, every byte of the segment is a header, a frame or damage, and what a repair keeps is
/// what was read.
pub(crate) fn segments(data: &[u8]) {
    let mut rest = data;
    let mut part = || {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let (part, after) = after.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
        rest = after;
        Some(part)
    };
    let (Some(manifest), Some(sparse)) = (part(), part()) else { return };
    let root = tempfile::tempdir().expect("a scratch directory");
    let dir = root.path().join("run");
    fs::create_dir(&dir).expect("a run directory");
    if !manifest.is_empty() {
        fs::write(dir.join("manifest.json"), manifest).expect("a manifest");
    }
    if !sparse.is_empty() {
        fs::write(dir.join("events-00000.sidx"), sparse).expect("an index");
    }
    fs::write(dir.join("events-00000.slog"), rest).expect("a segment");
    let Some(read) = events(&dir) else { return };
    let numbers: Vec<u64> = read.iter().filter_map(seq).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    let Ok(copied) = recovery::repair(&dir, |_, _| {}) else { return };
    // As text, because a NaN equals nothing, itself included.
    assert_eq!(format!("{:?}", events(&copied.path)), format!("{:?}", Some(read)));
}

/// Any bytes from a viewer, as a stream and as one message: what is read is read again from what it writes.
pub(crate) fn viewers(data: &[u8]) {
    let check = |payload: &[u8]| {
        let Ok(message) = FromViewer::read(payload) else { return };
        let (mut first, mut second) = (Vec::new(), Vec::new());
        message.append(&mut first);
        // Escapes make a text longer, and the longest message too long.
        let Look::Frame { payload } = frame::look(&first) else { return };
        FromViewer::read(payload).expect("it reads back").append(&mut second);
        assert_eq!(first, second);
    };
    check(&[&[0], data].concat());
    stream(data, MAX_FROM_VIEWER, check);
}

/// Any bytes from a run, as a stream and as one message: what is read is read again from what it writes.
pub(crate) fn runs(data: &[u8]) {
    let check = |payload: &[u8]| {
        let Ok(message) = ToViewer::read(payload) else { return };
        let mut bytes = Vec::new();
        message.append(&mut bytes);
        let Look::Frame { payload } = frame::look(&bytes) else { return };
        assert_eq!(ToViewer::read(payload), Ok(message));
    };
    check(&[&[0], data].concat());
    stream(data, MAX_FRAME_BYTES, check);
}

/// Takes frames as a connection does; each is at most as long as allowed.
fn stream(mut data: &[u8], max_payload: usize, check: impl Fn(&[u8])) {
    let mut frames = Frames::new(max_payload);
    while let Ok(1..) = frames.fill(&mut data) {
        loop {
            match frames.take() {
                Ok(Some(payload)) => {
                    let payload = frames.get(payload);
                    assert!((1..=max_payload).contains(&payload.len()));
                    check(payload);
                }
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
}

fn events(dir: &Path) -> Option<Vec<Incoming>> {
    let mut recording = Recording::open(dir).ok()?;
    let mut events = Vec::new();
    loop {
        match recording.read().ok()? {
            Read::Event(incoming) => events.push(incoming),
            Read::Pending => panic!("nobody writes this run"),
            Read::End => return Some(events),
        }
    }
}

fn seq(incoming: &Incoming) -> Option<u64> {
    match incoming {
        Incoming::Known(event) => Some(event.seq),
        Incoming::Unknown(event) => Some(event.seq),
        Incoming::Rejected(rejection) => rejection.seq,
    }
}
