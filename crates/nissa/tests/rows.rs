//! Rows out and in: nothing glued, nothing lost uncounted, nothing fatal.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use leyline::demo::{self, Scenario};
use leyline::validate::MAX_ROW_BYTES;
use leyline::{
    Envelope, Event, GroupId, Heartbeat, Incoming, Lane, Phase, Reason, RunId, RunNs, Timestamp,
    wire,
};
use nissa::rows::{Medium, RowError, RowReader, RowSink};
use proptest::prelude::*;
use simic_emitter::{Cause, HubBuilder, LaneCount, ManualClock, Sink};

const LONG: Duration = Duration::from_secs(60);

fn events(seed: u64) -> Vec<Arc<Envelope>> {
    demo::events(Scenario::KlSpike, seed).into_iter().map(Arc::new).collect()
}

const fn heartbeat() -> Event {
    Event::Heartbeat(Heartbeat { phase: Phase::Collecting, batch_idx: None, inner_epoch: None })
}

fn builder() -> HubBuilder {
    let run = RunId::new("run").expect("an id");
    let clock = ManualClock::new(Timestamp::from_micros(0));
    HubBuilder::new(run, GroupId::default(), Arc::new(clock)).loss_interval(None)
}

fn read(path: &Path) -> Vec<Incoming> {
    let rows = RowReader::open(path).expect("a file");
    rows.map(|row| row.expect("a readable file")).collect()
}

fn known(rows: &[Incoming]) -> Vec<Arc<Envelope>> {
    let known = rows.iter().filter_map(|row| {
        if let Incoming::Known(envelope) = row { Some(Arc::clone(envelope)) } else { None }
    });
    known.collect()
}

/// A disk with room for so many bytes; afterwards it is full.
struct Disk {
    file: File,
    room: Arc<AtomicUsize>,
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.room.load(Ordering::SeqCst);
        if room == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let count = self.file.write(&bytes[..bytes.len().min(room)])?;
        self.room.store(room - count, Ordering::SeqCst);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Medium for Disk {
    fn sync(&mut self) -> Result<(), RowError> {
        self.file.sync()
    }
}

fn disk(path: &Path, room: usize) -> (RowSink<Disk>, Arc<AtomicUsize>) {
    let room = Arc::new(AtomicUsize::new(room));
    let file = File::create_new(path).expect("a new file");
    (RowSink::new(Disk { file, room: Arc::clone(&room) }), room)
}

#[test]
fn rows_that_were_written_read_back_equal() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.jsonl");
    let mut sink = RowSink::create(&path).unwrap();
    let events = events(1);
    for (n, event) in events.iter().enumerate() {
        sink.accept(event).unwrap();
        if n % 100 == 0 {
            sink.idle(RunNs(0)).unwrap();
            assert_eq!(sink.held(), LaneCount::ZERO);
        }
    }
    assert_ne!(sink.held().total(), 0, "rows are buffered while events come thick and fast");
    sink.flush().unwrap();
    assert_eq!(known(&read(&path)), events);
    assert!(fs::read(&path).unwrap().ends_with(b"\n"));
    assert!(matches!(RowSink::create(&path), Err(RowError::Create { .. })), "never written again");
}

#[test]
fn rows_are_written_out_without_a_pause_too() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.jsonl");
    let mut sink = RowSink::create(&path).unwrap();
    let event = &events(1)[0];
    for _ in 0..1000 {
        sink.accept(event).unwrap();
        assert!(sink.held().total() <= 200, "the buffer is bounded");
    }
    assert!(900 <= read(&path).len());
}

#[test]
fn after_a_torn_write_the_next_row_stands_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.jsonl");
    let events = events(2);
    let mut row = String::new();
    wire::encode_row(&events[0], &mut row);
    // One row and half of the next fit.
    let (mut sink, room) = disk(&path, row.len() + 1 + 20);
    for event in &events[..3] {
        sink.accept(event).unwrap();
    }
    let error = sink.idle(RunNs(0)).unwrap_err();
    assert_eq!(error.lost.total(), 2);
    assert_eq!(sink.held(), LaneCount::ZERO);
    // Still full: what comes meanwhile is lost too.
    sink.accept(&events[3]).unwrap();
    assert_eq!(sink.flush().unwrap_err().lost.total(), 1);
    // There is room again.
    room.store(usize::MAX, Ordering::SeqCst);
    sink.accept(&events[4]).unwrap();
    sink.flush().unwrap();
    let rows = read(&path);
    assert_eq!(known(&rows), [Arc::clone(&events[0]), Arc::clone(&events[4])]);
    assert_eq!(rows.len(), 3, "the torn row is one rejection");
}

#[test]
fn a_row_that_lacks_only_its_line_feed_is_not_lost() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.jsonl");
    let events = events(2);
    let mut row = String::new();
    wire::encode_row(&events[0], &mut row);
    let (mut sink, room) = disk(&path, row.len());
    sink.accept(&events[0]).unwrap();
    sink.flush().unwrap();
    assert_eq!(known(&read(&path)), events[..1]);
    room.store(usize::MAX, Ordering::SeqCst);
    sink.accept(&events[1]).unwrap();
    sink.flush().unwrap();
    assert_eq!(known(&read(&path)), events[..2]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_costs_every_event_and_nothing_else() {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let (warned, warnings) = crossbeam_channel::bounded(100);
    let (hub, guard) = builder()
        .sink("rows", simic_emitter::Bounds::default(), RowSink::new(full))
        .on_warning(move |text| warned.send(text.to_owned()).unwrap())
        .start(LONG)
        .unwrap();
    for _ in 0..500 {
        hub.emit(heartbeat());
    }
    guard.close(LONG);
    let counts = &hub.counts()[0];
    assert_eq!((counts.emitted, counts.delivered, counts.queued), (500, 0, 0));
    assert_eq!(counts.dropped_by(Cause::SinkFailed).lossy, 500);
    let warning = warnings.try_recv().unwrap();
    assert!(warning.contains("sink rows failed") && warning.contains("No space left"), "{warning}");
}

#[cfg(unix)]
#[test]
fn a_removed_directory_stops_nobody_and_flush_tells() {
    let dir = tempfile::tempdir().unwrap();
    let sink = RowSink::create(&dir.path().join("events.jsonl")).unwrap();
    let (hub, guard) =
        builder().sink("rows", simic_emitter::Bounds::default(), sink).start(LONG).unwrap();
    hub.emit(heartbeat());
    assert!(hub.flush(LONG));
    dir.close().unwrap();
    hub.emit(heartbeat());
    assert!(!hub.flush(LONG), "nobody will find that row");
    assert!(!guard.close(LONG));
    let counts = &hub.counts()[0];
    assert_eq!(counts.emitted, counts.delivered + counts.dropped());
}

#[test]
fn a_device_has_nothing_to_sync() {
    let null = OpenOptions::new().write(true).open("/dev/null").unwrap();
    let mut sink = RowSink::new(null);
    sink.accept(&events(1)[0]).unwrap();
    assert!(sink.flush().is_ok());
}

#[track_caller]
fn check(bytes: &[u8], expected: &[Option<Reason>]) {
    for capacity in [1, 7, 8192] {
        let source = BufReader::with_capacity(capacity, bytes);
        let mut rows = RowReader::new(source, "run");
        let read: Vec<_> = rows
            .by_ref()
            .map(|row| match row.expect("memory can be read") {
                Incoming::Known(_) => None,
                Incoming::Rejected(rejection) => Some(rejection.reason.clone()),
                Incoming::Unknown(unknown) => panic!("unexpected {unknown:?}"),
            })
            .collect();
        assert_eq!(read, expected, "chunks of {capacity}");
        assert_eq!(rows.bytes_read(), bytes.len() as u64);
    }
}

#[test]
fn lines_end_in_every_way() {
    let row = {
        let mut row = String::new();
        wire::encode_row(&events(1)[0], &mut row);
        row
    };
    let torn: String = row.chars().take(40).collect();
    check(b"", &[]);
    check(b"\n\n\r\n\n", &[]);
    check(format!("{row}\n{row}\n").as_bytes(), &[None, None]);
    check(format!("{row}\r\n\r\n{row}\r\n").as_bytes(), &[None, None]);
    check(format!("\n\n{row}\n\n{row}").as_bytes(), &[None, None]);
    check(format!("{row}\n{torn}").as_bytes(), &[None, Some(Reason::BadJson)]);
    check(format!("{torn}\n{row}").as_bytes(), &[Some(Reason::BadJson), None]);
    check(b"\xff\xfe\n\x00\n", &[Some(Reason::BadJson), Some(Reason::BadJson)]);
}

#[test]
fn a_row_may_be_a_mebibyte_long_and_no_more() {
    let mut row = String::new();
    wire::encode_row(&events(1)[0], &mut row);
    let fill = |len: usize| format!("{row}{}", " ".repeat(len - row.len()));
    let (longest, too_long) = (fill(MAX_ROW_BYTES), fill(MAX_ROW_BYTES + 1));
    check(longest.as_bytes(), &[None]);
    check(
        format!("{longest}\n{too_long}\n{too_long}{too_long}\n{row}\n{too_long}").as_bytes(),
        &[None, Some(Reason::TooLong), Some(Reason::TooLong), None, Some(Reason::TooLong)],
    );
}

/// Fails once in the middle of a row.
struct Hiccup<'a> {
    parts: Vec<io::Result<&'a [u8]>>,
}

impl Read for Hiccup<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let Some(part) = self.parts.pop() else { return Ok(0) };
        let part = part?;
        out[..part.len()].copy_from_slice(part);
        Ok(part.len())
    }
}

#[test]
fn a_failing_source_is_an_error_with_its_place_and_loses_nothing() {
    let mut row = String::new();
    wire::encode_row(&events(1)[0], &mut row);
    let (head, tail) = row.as_bytes().split_at(30);
    let broken = || Err(io::ErrorKind::BrokenPipe.into());
    let parts = || vec![Ok(tail), broken(), Err(io::ErrorKind::Interrupted.into()), Ok(head)];
    let mut rows = RowReader::new(BufReader::new(Hiccup { parts: parts() }), "run");
    assert!(matches!(rows.read(), Err(RowError::Read { offset: 30, .. })));
    assert!(matches!(rows.read(), Ok(Some(Incoming::Known(_)))));
    assert!(matches!(rows.read(), Ok(None)));
    let mut rows = RowReader::new(BufReader::new(Hiccup { parts: parts() }), "run");
    assert!(rows.next().is_some_and(|row| row.is_err()));
    assert!(rows.next().is_none(), "as an iterator it ends");
    let missing = RowReader::open(Path::new("no/such/file")).unwrap_err();
    assert!(missing.to_string().ends_with(": no/such/file"), "{missing}");
}

/// Room for a few rows, or for more than is buffered.
fn room() -> impl Strategy<Value = usize> {
    prop_oneof![3 => 0_usize..4000, 1 => 0_usize..100_000]
}

/// A few rows, or more than are buffered.
fn rows() -> impl Strategy<Value = usize> {
    prop_oneof![3 => 1_usize..20, 1 => 250_usize..400]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What the sink counts as delivered is exactly what a reader finds, wherever the disk was full.
    #[test]
    fn delivered_rows_are_the_rows_in_the_file(
        seed in 0_u64..1000,
steps in prop::collection::vec((room(), rows(), any::<bool>()), 1..12),
    ) {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("events.jsonl");
        let (mut sink, room) = disk(&path, 0);
        let events = events(seed);
        let mut given = events.iter();
        let (mut taken, mut lost) = (LaneCount::ZERO, LaneCount::ZERO);
        for (bytes, count, flush) in steps {
            room.store(bytes, Ordering::SeqCst);
            for event in given.by_ref().take(count) {
                let lane = event.event.kind().lane();
                taken = taken.plus(LaneCount::one(lane));
                if let Err(error) = sink.accept(event) {
                    lost = lost.plus(error.lost).plus(LaneCount::one(lane));
                }
            }
            let outcome = if flush { sink.flush() } else { sink.idle(RunNs(0)) };
            if let Err(error) = outcome {
                lost = lost.plus(error.lost);
            }
            prop_assert_eq!(sink.held(), LaneCount::ZERO);
        }
        let found = known(&read(&path));
        for lane in [Lane::Lossless, Lane::Lossy] {
            let of_lane = found.iter().filter(|event| event.event.kind().lane() == lane).count() as u64;
            prop_assert_eq!(taken.of(lane), lost.of(lane) + of_lane);
        }
        let mut rest = events.iter();
        for event in &found {
            prop_assert!(rest.any(|given| given == event), "in order, each once, unchanged");
        }
    }

    /// Any bytes become one result per line that is not empty.
    #[test]
    fn any_bytes_are_read_to_their_end(bytes in prop::collection::vec(
        prop_oneof![3 => Just(b'\n'), 1 => Just(b'\r'), 2 => Just(b'{'), 10 => any::<u8>()], 0..300,
    )) {
        let mut rows = RowReader::new(BufReader::with_capacity(5, bytes.as_slice()), "run");
        let read = rows.by_ref().flatten().count();
        let lines = bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty() && *line != b"\r");
        prop_assert_eq!(read, lines.count());
        prop_assert_eq!(rows.bytes_read(), bytes.len() as u64);
    }
}
