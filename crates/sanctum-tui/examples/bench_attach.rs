//! Measures what watching a run from elsewhere promises, and prints one JSON object per line.
//!
//! `cargo run --release -q -p sanctum-tui --example bench_attach`
//!
//! | line | measures |
//! |---|---|
//! | `attach/first_frame` | from the start of a viewer to its first frame with something of a run of a million events in it |
//! | `attach/caught_up` | until that viewer has read all of it and is live |
//! | `attach/latency_p99` | from emitting the end of a batch to the frame that shows it, at the default poll |
//! | `attach/stopped_viewer` | batches a second with 11 viewers in processes of their own, one of them stopped, against all running |

use std::io::{self, BufRead as _, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::Builder;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use crossbeam_channel::bounded;
use leyline::{Event, GroupId, Incoming, RunId, RunNs, Timestamp, demo};
use nissa::RunDir;
use nissa::log::sink::{Fsync, LogSink};
use nissa::manifest::Manifest;
use nissa::socket::{About, Endpoint, Limits, serve};
use sanctum_tui::app::{App, Trainer};
use sanctum_tui::fold::Picture;
use sanctum_tui::message::Message;
use sanctum_tui::render;
use sanctum_tui::session::Session;
use sanctum_tui::source::attach::greeting;
use sanctum_tui::source::trainer::{self, Listen, LogPlace};
use sanctum_tui::source::{Arrival, AttachedRun, Source, Standing};
use sanctum_widgets::Theme;
use simic_emitter::{Bounds, HubBuilder, ManualClock, Sink as _, StopFlag, StopLevel, SystemClock};
use simic_training::config::Config;
use simic_training::env::Task;

const EVENTS: usize = 1_000_000;
const POLL: Duration = Duration::from_millis(250);
const SIZE: (u16, u16) = (120, 40);
const ATTACHES: usize = 11;
const BATCHES: u64 = 200;
const VIEWERS: usize = 11;
const PAIRS: usize = 15;
const WINDOW: Duration = Duration::from_millis(1500);
const SETTLE: Duration = Duration::from_millis(700);

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn now() -> Instant {
    Instant::now()
}

fn pause(time: Duration) {
    StopFlag::new().wait(time);
}

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    if let (Some("--view"), Some(at)) = (args.next().as_deref(), args.next()) {
        return view(&at.parse()?);
    }
    let root = tempfile::tempdir()?;
    first_frame(&root.path().join("long"))?;
    latency(&root.path().join("latency"))?;
    stopped(&root.path().join("stopped"))
}

/// Is a viewer until its run is over; says when it is live.
fn view(at: &Endpoint) -> anyhow::Result<()> {
    let session = session(at)?;
    let mut screen = Screen::new();
    let mut said = false;
    while let Ok(picture) = session.fold.latest.recv() {
        if !said && is_live(&picture) {
            said = true;
            writeln!(io::stdout(), "live")?;
        }
        let ended = picture.ended;
        screen.show(picture);
        if ended {
            break;
        }
    }
    session.finish()
}

fn session(at: &Endpoint) -> anyhow::Result<Session> {
    Ok(Session::start(Box::new(AttachedRun::new(at.clone(), greeting(None))), POLL)?)
}

const fn is_live(picture: &Picture) -> bool {
    matches!(picture.standing, Some(Standing::Live { .. }))
}

/// Draws as the screen does, into nothing.
struct Screen {
    app: App,
    out: sanctum_tui::screen::Screen<io::Sink>,
}

impl Screen {
    fn new() -> Self {
        let mut app = App::new(Theme::DARK, Trainer::Elsewhere);
        app.update(Message::Resize(SIZE.0, SIZE.1), leyline::ViewNs(0));
        Self { app, out: sanctum_tui::screen::Screen::new(io::sink()) }
    }

    fn show(&mut self, picture: Arc<Picture>) {
        self.app.update(Message::Picture(picture), leyline::ViewNs(0));
        self.app.catch_up();
        // Nothing can go wrong with nothing.
        self.out.show(render(&self.app, SIZE.0, SIZE.1)).ok();
    }
}

fn first_frame(root: &Path) -> anyhow::Result<()> {
    let start = Timestamp::from_micros(0);
    let mut events = demo::stream(1).map(Arc::new).peekable();
    let run_id = events.peek().context("an event")?.run_id.clone();
    let (dir, run_id) = RunDir::create(root, &run_id)?;
    let manifest = Manifest::new(run_id.clone(), start);
    let mut log = LogSink::create(&dir, &manifest, Fsync::Never)?;
    let about = About {
        run_id,
        nonce: manifest.nonce,
        started: start,
        host: None,
        log: Some(dir.path().to_owned()),
    };
    let clock = Arc::new(ManualClock::new(start));
    let (mut sink, mut server) = serve(about, Limits::default(), clock);
    let at = server.listen_unix(&root.join("run.sock"))?;
    for event in events.take(EVENTS) {
        log.accept(&event)?;
        sink.accept(&event)?;
    }
    log.idle(RunNs(0))?;
    log.flush()?;
    // The sink lets viewers in while the run is silent, as its thread does.
    let stop = StopFlag::new();
    let flag = stop.clone();
    let idle = Builder::new().name("sink-socket".to_owned()).spawn(move || {
        while flag.wait(Duration::from_millis(20)) == StopLevel::Running {
            sink.idle(RunNs(0)).ok();
        }
    })?;
    let (mut first, mut whole) = (Vec::new(), Vec::new());
    for _ in 0..ATTACHES {
        let began = now();
        let session = session(&at)?;
        let mut screen = Screen::new();
        let mut seen = false;
        loop {
            let picture = session.fold.latest.recv()?;
            let (has_run, live) = (picture.snapshot.run_id.is_some(), is_live(&picture));
            let received = picture.snapshot.telemetry.events_received;
            screen.show(picture);
            if has_run && !seen {
                seen = true;
                first.push(began.elapsed().as_secs_f64() * 1e3);
            }
            if live {
                ensure!(received == Some(EVENTS as u64), "{received:?} events instead of {EVENTS}");
                whole.push(began.elapsed().as_secs_f64() * 1e3);
                break;
            }
        }
        session.abandon();
    }
    stop.request(StopLevel::Now);
    idle.join().ok();
    let detail = format!(
        "median of {ATTACHES} viewers, {EVENTS} events in the log; it shows the start of the run and how far the reading is"
    );
    line("attach/first_frame", median(&mut first), "ms", Some(100.0), "lower", &detail)?;
    let detail = format!(
        "median of {ATTACHES} viewers, up to the frame with all {EVENTS} events, {} ms poll included",
        POLL.as_millis()
    );
    line("attach/caught_up", median(&mut whole), "ms", None, "lower", &detail)
}

fn latency(root: &Path) -> anyhow::Result<()> {
    let clock = Arc::new(SystemClock::new());
    let place = RunId::nearest("latency");
    let (dir, run_id) = RunDir::create(root, &place)?;
    let manifest = Manifest::new(run_id.clone(), sanctum_tui::clock::Clock::new().wall());
    let about = About {
        run_id: run_id.clone(),
        nonce: manifest.nonce,
        started: manifest.started,
        host: None,
        log: Some(dir.path().to_owned()),
    };
    let (sink, mut server) = serve(about, Limits::default(), clock.clone());
    let at = server.listen_unix(&root.join("run.sock"))?;
    let log = LogSink::create(&dir, &manifest, Fsync::Never)?;
    let (hub, guard) = HubBuilder::new(run_id, GroupId::default(), clock)
        .sink("log", LogSink::BOUNDS, log)
        .sink("socket", Bounds::default(), sink)
        .start(Duration::from_secs(5))?;
    let mut events = demo::stream(1).map(|event| event.event);
    let session = session(&at)?;
    let mut screen = Screen::new();
    let mut times = Vec::new();
    for n in 0..BATCHES {
        // At another moment between two frames each time.
        pause(Duration::from_millis(n * 97 % 250));
        let batch = loop {
            let event = events.next().context("an event")?;
            let batch = if let Event::BatchEpochCompleted(batch) = &event {
                Some(batch.batch_idx)
            } else {
                None
            };
            hub.emit(event);
            if let Some(batch) = batch {
                break batch;
            }
        };
        let emitted = now();
        loop {
            let picture = session.fold.latest.recv()?;
            let shown = picture.snapshot.current_batch == Some(batch);
            screen.show(picture);
            if shown {
                break;
            }
        }
        // The first ones are read from the log.
        if 5 <= n {
            times.push(emitted.elapsed().as_secs_f64() * 1e3);
        }
    }
    guard.close(Duration::from_secs(5));
    server.close(Duration::from_secs(1));
    session.abandon();
    times.sort_by(f64::total_cmp);
    let p99 = times.get(times.len() * 99 / 100).copied().unwrap_or(f64::NAN);
    let middle = median(&mut times);
    let detail = format!(
        "{} ends of batches through hub, socket, fold and a frame of {}x{}; median {middle:.0} ms; the poll is {} ms",
        times.len(),
        SIZE.0,
        SIZE.1,
        POLL.as_millis()
    );
    line("attach/latency_p99", p99, "ms", Some(300.0), "lower", &detail)
}

fn stopped(root: &Path) -> anyhow::Result<()> {
    let listen = Listen::in_folder(root.join("sockets"));
    std::fs::create_dir_all(root)?;
    let run_id = RunId::new("stopped")?;
    let at = Endpoint::Unix(nissa::socket::endpoint::path(&listen.folder, &run_id));
    let place = LogPlace { root: root.join("runs"), run_id: Some(run_id), fsync: Fsync::Never };
    let config = Config { requested_batches: 1_000_000, ..Config::default_run(Task::CartPole, 1) };
    let start = sanctum_tui::clock::Clock::new().wall();
    let (run, _written) =
        trainer::begin(Task::CartPole, config, None, Some(&place), Some(&listen), start)?;
    let stop = run.trainer().context("a trainer")?;
    let (out, arrivals) = bounded(4096);
    let source = Builder::new()
        .name("source".to_owned())
        .spawn(move || Source::run(Box::new(run), &out, &StopFlag::new()))?;
    let (ended, ends) = bounded(1_000_000);
    let drain = Builder::new().name("drain".to_owned()).spawn(move || {
        for arrival in arrivals {
            if let Arrival::Event(Incoming::Known(event)) = arrival
                && matches!(event.event, Event::BatchEpochCompleted(_))
            {
                ended.try_send(event.mono_ns.0).ok();
            }
        }
    })?;
    let viewers = (0..VIEWERS).map(|_| viewer(&at)).collect::<anyhow::Result<Vec<Child>>>()?;
    let last = viewers.last().context("a viewer")?.id();
    // Batches a second between the first and the last that end within a window, by the clock of the run.
    let rate = || {
        ends.try_iter().for_each(drop);
        pause(WINDOW);
        let ends: Vec<u64> = ends.try_iter().collect();
        let (first, last) = (ends.first().copied(), ends.last().copied());
        let ns = last.unwrap_or(0).saturating_sub(first.unwrap_or(0));
        (ends.len().max(1) - 1) as f64 / (ns as f64 / 1e9)
    };
    let mut ratios = Vec::new();
    let mut speed = Vec::new();
    for pair in 0..PAIRS {
        // Which of the two comes first changes, because learning changes the speed.
        let mut pair_rates = [0.0; 2];
        for half in 0..2 {
            let is_stopped = (pair + half) % 2 == 0;
            signal(last, if is_stopped { "STOP" } else { "CONT" })?;
            pause(SETTLE);
            pair_rates[usize::from(is_stopped)] = rate();
        }
        let [running, with_stopped] = pair_rates;
        speed.push(running);
        ratios.push(with_stopped / running);
    }
    signal(last, "CONT")?;
    stop.request(StopLevel::Now);
    drain.join().ok();
    source.join().ok();
    for mut viewer in viewers {
        viewer.wait()?;
    }
    let (ratio, speed) = (median(&mut ratios), median(&mut speed));
    let (low, high) = (ratios.first(), ratios.last());
    let detail = format!(
        "median of {PAIRS} pairs, {:.3} to {:.3}; {speed:.1} batches a second with all {VIEWERS} viewers running",
        low.unwrap_or(&f64::NAN),
        high.unwrap_or(&f64::NAN)
    );
    line("attach/stopped_viewer", ratio, "ratio", Some(0.98), "higher", &detail)
}

/// Starts a viewer in a process of its own and waits until it is live.
fn viewer(at: &Endpoint) -> anyhow::Result<Child> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("--view")
        .arg(at.to_string())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().context("its output")?).read_line(&mut line)?;
    ensure!(line == "live\n", "a viewer went away");
    Ok(child)
}

fn signal(process: u32, name: &str) -> anyhow::Result<()> {
    let sent = Command::new("kill").arg(format!("-{name}")).arg(process.to_string()).status()?;
    ensure!(sent.success(), "cannot send {name}");
    Ok(())
}

/// Sorts, and returns the middle one.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn line(
    name: &str,
    value: f64,
    unit: &str,
    bar: Option<f64>,
    better: &str,
    detail: &str,
) -> anyhow::Result<()> {
    let bar = bar.map_or_else(|| "null".to_owned(), |bar| bar.to_string());
    writeln!(
        io::stdout(),
        "{{\"name\":\"{name}\",\"value\":{value:.3},\"unit\":\"{unit}\",\"bar\":{bar},\"better\":\"{better}\",\"detail\":\"{detail}\"}}"
    )?;
    Ok(())
}
