//! Measures the time machine on a run of a gigabyte: its first frame, jumps to random events, memory, and the frames of a fast
//! replay. Prints one JSON object per line.
//!
//! `cargo run --release -q -p sanctum-tui --example bench_time [DIR]`
//!
//! The events are those of a real CartPole run with the settings of `esper ppo`, over and over, ten thousand in a second of
//! the run. Without DIR the run lies below `target/`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::bounded;
use leyline::{Envelope, Event, GroupId, RunId, RunNs, Timestamp, ViewNs};
use nissa::log::sink::{Fsync, LogSink};
use nissa::manifest::Manifest;
use nissa::{Recording, RunDir};
use sanctum_tui::app::{App, Trainer};
use sanctum_tui::fold::Picture;
use sanctum_tui::message::Message;
use sanctum_tui::render;
use sanctum_tui::session::Session;
use sanctum_tui::time::{Ask, Goal, Moment};
use sanctum_widgets::Theme;
use serde_json::json;
use simic_emitter::memory::memory;
use simic_emitter::{Bounds, HubBuilder, Sink as _, StopFlag, SystemClock};
use simic_training::config::Config;
use simic_training::env::Task;
use simic_training::trainer;

/// Batches of the run whose events are repeated.
const BATCHES: u64 = 60;
/// More events than such a run has.
const KEPT: usize = 1 << 20;
/// Size of the run (bytes).
const LARGE: u64 = 1 << 30;
/// Time of the run between two events (ns).
const PACE_NS: u64 = 100_000;
const JUMPS: usize = 300;
/// Time between two frames of the replay.
const POLL: Duration = Duration::from_millis(33);
/// How long the replay is watched.
const WATCHED: Duration = Duration::from_secs(10);
const LONG: Duration = Duration::from_secs(120);
/// Asks this program to look at the run that follows; in a process of its own, so that its memory is that of looking.
const LOOK: &str = "--look";

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args_os().skip(1);
    if args.next().is_some_and(|first| first == LOOK) {
        return look(&PathBuf::from(args.next().expect("a run")));
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/bench-time");
    let root = std::env::args_os().nth(1).map_or(here, PathBuf::from);
    fs::create_dir_all(&root)?;
    let run = write(&root)?;
    let looked = Command::new(std::env::current_exe()?).arg(LOOK).arg(&run).status()?;
    assert!(looked.success(), "the looking process failed");
    fs::remove_dir_all(&run)?;
    Ok(())
}

/// The events of a real run with the settings of `esper ppo`, in their order, without its end.
fn mix() -> Vec<Arc<Envelope>> {
    let (sink, recorded) = memory(KEPT);
    let run = RunId::new("mix").expect("an id");
    let (hub, guard) = HubBuilder::new(run, GroupId::default(), Arc::new(SystemClock::new()))
        .sink("memory", Bounds { lossy: KEPT - 1, lossless: KEPT }, sink)
        .start(LONG)
        .expect("threads");
    let mut config = Config::default_run(Task::CartPole, 1);
    config.requested_batches = BATCHES;
    let mut trainer =
        trainer::Trainer::new(config, |_| Task::CartPole.make(), hub).expect("a trainer");
    trainer.run(&StopFlag::new()).expect("a run");
    drop(guard);
    let goes_on = |event: &Arc<Envelope>| !matches!(event.event, Event::TrainingFinished(_));
    recorded.try_iter().filter(goes_on).collect()
}

/// Writes a run of a gigabyte and returns its directory.
fn write(root: &Path) -> anyhow::Result<PathBuf> {
    let (dir, run_id) = RunDir::create(root, &RunId::new("bench").expect("an id"))?;
    let manifest = Manifest::new(run_id.clone(), Timestamp::from_micros(0));
    let mut sink = LogSink::create(&dir, &manifest, Fsync::Never)?;
    let mix = mix();
    let (start, rest) = mix.split_first().expect("a run has a start");
    let again = (0_u64..).flat_map(|round| rest.iter().map(move |event| (round, event)));
    for (seq, (round, event)) in (0_u64..).zip(std::iter::once((0, start)).chain(again)) {
        let at = seq * PACE_NS;
        let mut event = Envelope {
            run_id: run_id.clone(),
            seq,
            mono_ns: RunNs(at),
            ts: Timestamp::from_micros((at / 1000).cast_signed()),
            ..Envelope::clone(event)
        };
        // Batches go on rising.
        if let Event::BatchEpochCompleted(batch) = &mut event.event {
            batch.batch_idx += round * BATCHES;
        } else if let Event::PpoUpdateCompleted(update) = &mut event.event {
            update.batch_idx += round * BATCHES;
        }
        sink.accept(&Arc::new(event))?;
        if seq % 200_000 == 0 && LARGE <= size(dir.path())? {
            break;
        }
    }
    sink.flush()?;
    Ok(dir.path().to_owned())
}

/// Opens the run and looks at it.
fn look(path: &Path) -> anyhow::Result<()> {
    let began = now();
    let (tell, _outcome) = bounded(1);
    let session = Session::replay([Recording::open(path)?, Recording::open(path)?], POLL, tell)?;
    let nothing = Picture::empty();
    session.ask(Ask::Live, &nothing);
    let mut app = App::new(Theme::DARK, Trainer::Elsewhere);
    app.update(Message::Resize(150, 44), ViewNs(0));
    // The end of the run, as far as it is known before the run was read.
    let first = wait(&session, |moment| moment.at.is_some());
    assert!(!first.snapshot.is_whole() && first.snapshot.current_batch.is_some());
    app.update(Message::Picture(first), ViewNs(0));
    app.catch_up();
    std::hint::black_box(render(&app, 150, 44));
    let first_ms = ms(began);

    let last = wait(&session, |moment| moment.extent.reading.is_none());
    let read_s = began.elapsed().as_secs_f64();
    let events = moment(&last).extent.last;
    let gigabytes = size(path)? as f64 / 1e9;
    let about = format!("{gigabytes:.2} GB, {events} events, in the cache of the system");
    let detail =
        format!("opened and drawn at 150x44; all of it was read after {read_s:.1} s; {about}");
    tell_number("time/first frame of 1 GB", first_ms, "ms", Some(200.0), "lower", &detail)?;
    let detail = format!("of the process that has read {about}; copies may take 64 MiB");
    tell_number("time/memory with all copies", memory_mib(), "MiB", None, "lower", &detail)?;

    let mut times = Vec::new();
    let mut random = 1_u64;
    for _ in 0..JUMPS {
        // A generator whose numbers are the same each time.
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let wanted = (random >> 20) % events;
        let began = now();
        session.ask(Ask::Go(Goal::Place(wanted)), &nothing);
        wait(&session, |moment| moment.place == wanted);
        times.push(ms(began));
    }
    times.sort_by(f64::total_cmp);
    let detail = format!("{JUMPS} jumps to random events, each to its picture; {about}");
    tell_number("time/jump p50", times[JUMPS / 2], "ms", None, "lower", &detail)?;
    tell_number("time/jump worst", times[JUMPS - 1], "ms", Some(100.0), "lower", &detail)?;
    replay(&session)
}

/// Watches a replay at the highest speed, which asks for ten million events in a second: from the start, again and again.
fn replay(session: &Session) -> anyhow::Result<()> {
    let nothing = Picture::empty();
    let from_the_start = || {
        session.ask(Ask::Go(Goal::Place(0)), &nothing);
        session.ask(Ask::Play, &nothing);
    };
    session.ask(Ask::Speed("1024".parse()?), &nothing);
    let near_the_start = |moment: &Moment| moment.place < moment.extent.last / 2;
    from_the_start();
    wait(session, near_the_start);
    let (began, mut frames, mut longest) = (now(), 0_u32, Duration::ZERO);
    let (mut before, mut shown) = (began, 0);
    while began.elapsed() < WATCHED {
        let picture = next(session);
        longest = longest.max(before.elapsed());
        before = now();
        let Moment { place, extent, .. } = moment(&picture);
        frames += u32::from(*place != shown);
        shown = *place;
        if extent.last * 9 / 10 < *place {
            from_the_start();
            wait(session, near_the_start);
        }
    }
    let rate = f64::from(frames) / began.elapsed().as_secs_f64();
    let wanted = 1.0 / POLL.as_secs_f64();
    let detail = format!(
        "a frame every {} ms is asked for; longest time between two {:.0} ms",
        POLL.as_millis(),
        longest.as_secs_f64() * 1e3
    );
    let bar = Some((wanted * 0.9).floor());
    tell_number("time/frames at 1024x", rate, "Hz", bar, "higher", &detail)?;
    Ok(())
}

fn next(session: &Session) -> Arc<Picture> {
    session.past().recv_timeout(LONG).expect("a picture").1
}

fn moment(picture: &Picture) -> &Moment {
    picture.moment.as_ref().expect("a moment")
}

fn wait(session: &Session, is_it: impl Fn(&Moment) -> bool) -> Arc<Picture> {
    loop {
        let picture = next(session);
        if is_it(moment(&picture)) {
            return picture;
        }
    }
}

fn size(dir: &Path) -> io::Result<u64> {
    fs::read_dir(dir)?
        .map(|entry| entry?.metadata())
        .try_fold(0, |sum, about| Ok(sum + about?.len()))
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn now() -> Instant {
    Instant::now()
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

/// Returns the resident memory of this process, in MiB.
fn memory_mib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    kib.map_or(f64::NAN, |kib| kib / 1024.0)
}

fn tell_number(
    name: &str,
    value: f64,
    unit: &str,
    bar: Option<f64>,
    better: &str,
    detail: &str,
) -> io::Result<()> {
    let line = json!({"name": name, "value": value, "unit": unit, "bar": bar, "better": better, "detail": detail});
    writeln!(io::stdout(), "{line}")
}
