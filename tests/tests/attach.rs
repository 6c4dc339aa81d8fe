//! Viewers of another process: they come late, leave, are cut off, too slow or killed, and see what one sees that was there all
//! the time.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use karn_sanctum::Aggregator;
use karn_sanctum::aggregator::Link;
use leyline::{Event, Incoming, RunId, Timestamp, ViewNs};
use nissa::log::sink::Fsync;
use nissa::socket::{Backoff, Client, Endpoint, Token};
use sanctum_tui::headless::snapshot::to_json;
use sanctum_tui::source::attach::find::{Asked, find};
use sanctum_tui::source::attach::greeting;
use sanctum_tui::source::trainer::{self, Listen, LogPlace, VIEWERS};
use sanctum_tui::source::{Arrival, AttachedRun, Feed, Source};
use simic_emitter::{StopFlag, StopLevel};
use simic_training::env::Task;

use crate::support::{logged, small};

/// More arrivals than a test run makes until it is stopped would block nobody for long: whoever reads, reads on.
const ROOM: usize = 1024;

/// How long a test waits for what has to come before it fails.
const PATIENCE: Duration = Duration::from_secs(120);

/// A run that is trained until it is stopped, and listens.
struct Training {
    dir: PathBuf,
    at: Endpoint,
    stop: StopFlag,
    thread: JoinHandle<()>,
}

fn training(root: &Path, id: &str) -> Training {
    listening(root, id, &Listen::in_folder(root.join("sockets")))
}

fn listening(root: &Path, id: &str, listen: &Listen) -> Training {
    let run_id = RunId::new(id).unwrap();
    let at = Endpoint::Unix(nissa::socket::endpoint::path(&listen.folder, &run_id));
    let place = LogPlace { root: root.join("runs"), run_id: Some(run_id), fsync: Fsync::Never };
    let now = Timestamp::from_micros(1_763_726_400_000_000);
    let config = small(1_000_000);
    let (run, written) =
        trainer::begin(Task::CartPole, config, None, Some(&place), Some(listen), now).unwrap();
    let stop = run.trainer().unwrap();
    // Somebody has to take what the viewer in this process gets.
    let (out, arrivals) = bounded(ROOM);
    let drain = move || {
        let source = Builder::new().name("source".to_owned());
        let body = move || Source::run(Box::new(run), &out, &StopFlag::new()).unwrap();
        let source = source.spawn(body).unwrap();
        arrivals.iter().for_each(drop);
        source.join().unwrap();
    };
    let thread = Builder::new().name("drain".to_owned()).spawn(drain).unwrap();
    Training { dir: written.unwrap().path().to_owned(), at, stop, thread }
}

impl Training {
    /// Ends the run and returns what its log has.
    fn end(self) -> Vec<Incoming> {
        self.stop.request(StopLevel::AfterBatch);
        self.thread.join().unwrap();
        logged(&self.dir)
    }
}

/// A viewer, whose thread ends with its run or when nobody takes what it reads.
struct Viewer {
    arrivals: Receiver<Arrival>,
    stop: StopFlag,
    thread: JoinHandle<Result<(), String>>,
}

fn watch(run: AttachedRun) -> Viewer {
    let (out, arrivals) = bounded(ROOM);
    let stop = StopFlag::new();
    let flag = stop.clone();
    let body = move || Box::new(run).run(&out, &flag).map_err(|error| format!("{error:#}"));
    let thread = Builder::new().name("viewer".to_owned()).spawn(body).unwrap();
    Viewer { arrivals, stop, thread }
}

fn attached(at: &Endpoint) -> AttachedRun {
    let quick = Backoff::new(Duration::from_millis(1), Duration::from_millis(20));
    AttachedRun::new(at.clone(), greeting(None)).with_backoff(quick)
}

impl Viewer {
    /// Reads so many events and is gone.
    fn killed_after(self, count: usize) -> Vec<Incoming> {
        let seen = events(self.arrivals.iter()).take(count).collect();
        self.stop.request(StopLevel::Now);
        drop(self.arrivals);
        self.thread.join().unwrap().unwrap();
        seen
    }

    /// Reads up to the event with this number.
    fn up_to(&self, seq: u64) -> Vec<Arrival> {
        let mut seen = Vec::new();
        for arrival in &self.arrivals {
            let number = number(&arrival);
            seen.push(arrival);
            if number.is_some_and(|number| seq <= number) {
                break;
            }
        }
        seen
    }

    /// Reads to the end of the run.
    fn rest(self) -> Vec<Arrival> {
        let seen = self.arrivals.iter().collect();
        self.thread.join().unwrap().unwrap();
        seen
    }
}

fn events(arrivals: impl Iterator<Item = Arrival>) -> impl Iterator<Item = Incoming> {
    arrivals.filter_map(|arrival| match arrival {
        Arrival::Event(incoming) => Some(incoming),
        Arrival::Link(_) | Arrival::Feed(_) | Arrival::Log(_) => None,
    })
}

/// Folds what a viewer got, each event received at its own `mono_ns`, and returns the snapshot as text.
fn snapshot<'a>(arrivals: impl IntoIterator<Item = &'a Arrival>) -> String {
    let mut aggregator = Aggregator::new();
    let mut now = ViewNs(0);
    for arrival in arrivals {
        match arrival {
            Arrival::Event(incoming) => {
                if let Incoming::Known(envelope) = incoming {
                    now = ViewNs(envelope.mono_ns.0);
                }
                aggregator.apply(incoming, now);
            }
            Arrival::Link(link) => aggregator.link(*link, now),
            Arrival::Feed(_) | Arrival::Log(_) => {}
        }
    }
    to_json(&aggregator.snapshot(&aggregator.default_key().unwrap(), now))
}

/// What somebody sees who was there all the time, misses nothing, and is told that it is over.
fn whole(log: &[Incoming]) -> String {
    let mut arrivals: Vec<Arrival> = log.iter().cloned().map(Arrival::Event).collect();
    arrivals.push(Arrival::Link(Link::Closed));
    snapshot(&arrivals)
}

#[track_caller]
fn saw_everything(who: &str, arrivals: &[Arrival], log: &[Incoming]) {
    let seen: Vec<Incoming> = events(arrivals.iter().cloned()).collect();
    assert_eq!(seen.len(), log.len(), "{who}");
    assert!(seen == log, "{who}: other events than the log");
    assert_eq!(snapshot(arrivals), whole(log), "{who}");
    assert_eq!(arrivals.last(), Some(&Arrival::Feed(Feed::Over)), "{who}");
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    const fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

#[test]
fn a_viewer_that_is_killed_twenty_times_ends_with_the_same_snapshot() {
    let root = tempfile::tempdir().unwrap();
    let run = training(root.path(), "killed");
    let first = watch(attached(&run.at));
    let first = Builder::new().name("first".to_owned()).spawn(move || first.rest()).unwrap();
    let mut dice = Dice(4);
    let mut killed = Vec::new();
    let mut longest = 0;
    for n in 0..20 {
        let viewer = attached(&run.at);
        // Every other one has no log of its own and asks the run.
        let viewer = if n % 2 == 0 { viewer } else { viewer.remote() };
        let seen = watch(viewer).killed_after(dice.below(longest + 300));
        longest = longest.max(seen.len());
        killed.push(seen);
    }
    let last = [watch(attached(&run.at)), watch(attached(&run.at).remote())];
    // Whoever asks the run for its past has nobody left to ask once it is over.
    let from = next(&run.at);
    let last = last.map(|viewer| (viewer.up_to(from), viewer));
    let log = run.end();
    for (n, seen) in killed.iter().enumerate() {
        assert!(*seen == log[..seen.len()], "viewer {n} saw something else");
    }
    for (mut seen, viewer) in last {
        seen.extend(viewer.rest());
        saw_everything("the last viewer", &seen, &log);
    }
    saw_everything("the first viewer", &first.join().unwrap(), &log);
    assert!(longest < log.len() && 600 < log.len(), "{longest} of {}", log.len());
}

/// Takes connections in place of a run; each is cut after as many bytes as the next number says.
fn proxy(path: &Path, run: &Endpoint, cuts: Receiver<usize>, cut: Sender<()>) -> Endpoint {
    let Endpoint::Unix(run) = run.clone() else { panic!("{run}") };
    let listener = UnixListener::bind(path).unwrap();
    let body = move || {
        for viewer in listener.incoming() {
            let viewer = viewer.unwrap();
            let Ok(run) = UnixStream::connect(&run) else { continue };
            let limit = cuts.try_recv().unwrap_or(usize::MAX);
            let (up_from, up_to) = (viewer.try_clone().unwrap(), run.try_clone().unwrap());
            let up = Builder::new().name("proxy-up".to_owned());
            up.spawn(move || copy(&up_from, &up_to, usize::MAX)).unwrap();
            let cut = cut.clone();
            let down = move || {
                copy(&run, &viewer, limit);
                cut.send(()).ok();
            };
            Builder::new().name("proxy-down".to_owned()).spawn(down).unwrap();
        }
    };
    Builder::new().name("proxy".to_owned()).spawn(body).unwrap();
    Endpoint::Unix(path.to_owned())
}

/// Copies until one side ends or so many bytes went through, then ends both.
fn copy(mut from: &UnixStream, mut to: &UnixStream, limit: usize) {
    let (mut left, mut buffer) = (limit, [0; 4096]);
    while 0 < left {
        let room = left.min(buffer.len());
        let Ok(read @ 1..) = from.read(&mut buffer[..room]) else { break };
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
        left = left.saturating_sub(read);
    }
    from.shutdown(Shutdown::Both).ok();
    to.shutdown(Shutdown::Both).ok();
}

/// Returns the number that the next event of a run will have.
fn next(at: &Endpoint) -> u64 {
    let client = Client::connect(at, &greeting(None), PATIENCE, &StopFlag::new()).unwrap();
    client.welcome().next
}

fn number(arrival: &Arrival) -> Option<u64> {
    match arrival {
        Arrival::Event(Incoming::Known(event)) => Some(event.seq),
        Arrival::Event(Incoming::Unknown(_) | Incoming::Rejected(_))
        | Arrival::Link(_)
        | Arrival::Feed(_)
        | Arrival::Log(_) => None,
    }
}

#[test]
fn a_viewer_whose_connection_is_cut_repairs_itself() {
    const CUTS: usize = 8;
    let root = tempfile::tempdir().unwrap();
    let run = training(root.path(), "cut");
    let mut seen = Vec::new();
    for (name, remote) in [("local", false), ("remote", true)] {
        let (out, cuts) = bounded(CUTS);
        let (cut, is_cut) = bounded(1000);
        let mut dice = Dice(7);
        // The first lets it in; later ones are cut wherever they are, be it within the welcome.
        out.send(100_000).unwrap();
        (1..CUTS).for_each(|_| out.send(dice.below(60_000)).unwrap());
        let path = root.path().join(format!("{name}.sock"));
        let at = proxy(&path, &run.at, cuts, cut);
        // The very first try has to reach the run: whoever is asked to show what never answered says so at once.
        let viewer = attached(&at);
        let viewer = watch(if remote { viewer.remote() } else { viewer });
        // Once all cuts have been made it has to come to what happened after them.
        let (mut before, mut cuts, mut goal) = (Vec::new(), 0, None);
        loop {
            let arrival = viewer.arrivals.recv_timeout(PATIENCE).unwrap();
            let seq = number(&arrival);
            before.push(arrival);
            cuts += is_cut.try_iter().count();
            if cuts < CUTS {
                continue;
            }
            let goal = *goal.get_or_insert_with(|| next(&run.at));
            if seq.is_some_and(|seq| goal <= seq) {
                break;
            }
        }
        let rest = move || {
            before.extend(viewer.rest());
            before
        };
        let rest = Builder::new().name("rest".to_owned()).spawn(rest).unwrap();
        seen.push((name, rest));
    }
    let log = run.end();
    for (name, seen) in seen {
        let seen = seen.join().unwrap();
        saw_everything(name, &seen, &log);
        let retries =
            seen.iter().filter(|arrival| matches!(arrival, Arrival::Feed(Feed::Retrying { .. })));
        assert!(CUTS - 1 <= retries.count(), "{name}");
    }
}

#[test]
fn a_viewer_that_stands_still_is_cut_off_and_repairs_itself_while_others_miss_nothing() {
    let root = tempfile::tempdir().unwrap();
    let run = training(root.path(), "slow");
    let slow = watch(attached(&run.at));
    // It comes to be live before it stands still.
    let mut seen: Vec<Arrival> = Vec::new();
    let until_live = |seen: &mut Vec<Arrival>| loop {
        seen.push(slow.arrivals.recv_timeout(PATIENCE).unwrap());
        if seen.last() == Some(&Arrival::Feed(Feed::Live)) {
            return;
        }
    };
    until_live(&mut seen);
    let quick: Vec<_> = (0..10).map(|_| watch(attached(&run.at))).collect();
    let (out, told) = bounded(10);
    let quick: Vec<_> = quick
        .into_iter()
        .map(|viewer| {
            let out = out.clone();
            let body = move || {
                let mut seen = Vec::new();
                let mut live = 0;
                for arrival in &viewer.arrivals {
                    // Far more than lies in the queue, the socket and the channel of the one that stands still.
                    live += usize::from(matches!(arrival, Arrival::Event(_)));
                    if live == 30_000 {
                        out.send(()).unwrap();
                    }
                    seen.push(arrival);
                }
                viewer.thread.join().unwrap().unwrap();
                seen
            };
            Builder::new().name("quick".to_owned()).spawn(body).unwrap()
        })
        .collect();
    (0..10).for_each(|_| told.recv_timeout(PATIENCE).unwrap());
    // Now it goes on, and is live again while the run still is.
    until_live(&mut seen);
    let slow = Builder::new().name("slow".to_owned()).spawn(move || slow.rest()).unwrap();
    let log = run.end();
    for viewer in quick {
        let seen = viewer.join().unwrap();
        saw_everything("a quick viewer", &seen, &log);
        assert!(
            !seen.iter().any(|arrival| matches!(arrival, Arrival::Feed(Feed::Retrying { .. }))),
            "a quick viewer was cut off"
        );
    }
    seen.extend(slow.join().unwrap());
    saw_everything("the slow viewer", &seen, &log);
    let behind = |arrival: &Arrival| {
        matches!(arrival, Arrival::Feed(Feed::CatchingUp { fell_behind: true, .. }))
    };
    assert!(seen.iter().any(behind), "it never said that it fell behind");
}

fn asked<'a>(run: Option<&'a str>, root: &'a Path, sockets: &'a Path) -> Asked<'a> {
    Asked { run: run.map(Path::new), root, sockets, token_file: None }
}

#[test]
fn two_runs_at_once_are_told_apart_and_neither_is_chosen_by_itself() {
    let root = tempfile::tempdir().unwrap();
    let (runs, sockets) = (root.path().join("runs"), root.path().join("sockets"));
    let find = |run: Option<&str>| {
        find(asked(run, &runs, &sockets)).map_err(|error| (error.exit_code(), error.to_string()))
    };
    let (code, text) = find(None).unwrap_err();
    assert!(code == 3 && text.starts_with("no run is live"), "{text}");
    let (a, b) = (training(root.path(), "cart-a"), training(root.path(), "cart-b"));
    let (code, text) = find(None).unwrap_err();
    assert!(code == 3 && text.starts_with("2 runs are live, name one of them:"), "{text}");
    assert!(
        text.contains("\n  sanctum-tui attach cart-a ")
            && text.contains("\n  sanctum-tui attach cart-b "),
        "{text}"
    );
    let (code, text) = find(Some("cart")).unwrap_err();
    assert!(code == 3 && text.starts_with("`cart` is the beginning of 2 live runs"), "{text}");
    let of_a = watch(find(Some("cart-a")).unwrap());
    let of_b = watch(find(Some(b.dir.to_str().unwrap())).unwrap());
    let both = [of_a, of_b]
        .map(|viewer| Builder::new().name("both".to_owned()).spawn(move || viewer.rest()).unwrap());
    let dir = a.dir.clone();
    let log_a = a.end();
    // One is left.
    let only = watch(find(None).unwrap());
    let (code, text) = find(Some(dir.to_str().unwrap())).unwrap_err();
    assert!(code == 3 && text.starts_with("the run has ended"), "{text}");
    let (code, text) = find(Some("cart-a")).unwrap_err();
    assert!(code == 3 && text.starts_with("the run has ended"), "{text}");
    let log_b = b.end();
    let [of_a, of_b] = both.map(|viewer| viewer.join().unwrap());
    saw_everything("a", &of_a, &log_a);
    saw_everything("b", &of_b, &log_b);
    saw_everything("only", &only.rest(), &log_b);
    assert_eq!(fs::read_dir(&sockets).unwrap().count(), 0, "sockets are removed");
}

#[test]
fn over_tcp_only_who_knows_the_token_sees_the_run() {
    let root = tempfile::tempdir().unwrap();
    let (runs, sockets) = (root.path().join("runs"), root.path().join("sockets"));
    let own = root.path().join("own.token");
    Token::random().unwrap().write(&own).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let place = Endpoint::Tcp { host: "127.0.0.1".to_owned(), port };
    let listen = Listen {
        folder: sockets.clone(),
        at: vec![place.clone()],
        public: false,
        token_file: None,
        max_viewers: VIEWERS,
    };
    let run = listening(root.path(), "tcp", &listen);
    let text = place.to_string();
    let with = |token_file| {
        let asked = Asked { token_file, ..asked(Some(&text), &runs, &sockets) };
        find(asked).map_err(|error| (error.exit_code(), error.to_string()))
    };
    let (code, error) = with(Some(own.as_path())).unwrap_err();
    assert!(code == 3 && error.contains("token"), "{error}");
    let token = sockets.join("tcp.token");
    assert_eq!(fs::metadata(&token).unwrap().permissions().mode() & 0o777, 0o600);
    // That of the run is found where it was written, and works where it is named.
    let found = watch(with(None).unwrap().remote());
    let named = watch(with(Some(token.as_path())).unwrap());
    let both = [found, named]
        .map(|viewer| Builder::new().name("both".to_owned()).spawn(move || viewer.rest()).unwrap());
    // A token that others can read is refused before it is used.
    fs::set_permissions(&own, fs::Permissions::from_mode(0o644)).unwrap();
    let (code, error) = with(Some(own.as_path())).unwrap_err();
    assert!(code == 2 && error.contains("mode 0644"), "{error}");
    let log = run.end();
    for seen in both {
        saw_everything("over TCP", &seen.join().unwrap(), &log);
    }
    assert!(!token.exists());
    let (code, _) = with(Some(own.as_path())).unwrap_err();
    assert_eq!(code, 2);
    let finished = |incoming: &Incoming| matches!(incoming, Incoming::Known(event) if matches!(event.event, Event::TrainingFinished(_)));
    assert!(log.last().is_some_and(finished));
}

#[test]
fn a_run_that_cannot_listen_where_it_was_told_does_not_begin_and_one_without_a_socket_does() {
    let root = tempfile::tempdir().unwrap();
    let begin = |listen: &Listen| {
        let place = LogPlace { root: root.path().join("runs"), run_id: None, fsync: Fsync::Never };
        let now = Timestamp::from_micros(1_763_726_400_000_000);
        trainer::begin(Task::CartPole, small(1), None, Some(&place), Some(listen), now)
    };
    let public = Endpoint::Tcp { host: "0.0.0.0".to_owned(), port: 0 };
    let listen = Listen { at: vec![public], ..Listen::in_folder(root.path().join("sockets")) };
    let error = begin(&listen).unwrap_err();
    assert!(format!("{error:#}").contains("--listen-public"), "{error:#}");
    // The folder cannot be made, and nobody asked for more.
    let (run, _) = begin(&Listen::in_folder(root.path().join("none/sockets"))).unwrap();
    let (out, arrivals) = bounded(1 << 16);
    Source::run(Box::new(run), &out, &StopFlag::new()).unwrap();
    drop(out);
    assert!(30 < events(arrivals.iter()).count());
}
