//! A thousand connections that are no viewers: a process of its own, because it counts threads and memory.

#![cfg(target_os = "linux")]

use std::fs;
use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use leyline::{GroupId, Heartbeat, Phase, RunId, Timestamp};
use nissa::log::frame;
use nissa::manifest::Hex64;
use nissa::socket::message::{FromViewer, Hello, Protocols, ToViewer};
use nissa::socket::{
    About, Client, ClientError, Endpoint, Greeting, Heard, Limits, RefusedReason, Tcp, Token, serve,
};
use simic_emitter::{Bounds, HubBuilder, ManualClock, StopFlag};

const LONG: Duration = Duration::from_secs(60);
const BAD: usize = 1000;

/// Threads that serve connections.
fn threads() -> usize {
    let tasks = fs::read_dir("/proc/self/task").expect("threads");
    let name = |task: fs::DirEntry| fs::read_to_string(task.path().join("comm"));
    // One may end while it is looked at.
    tasks.filter_map(|task| name(task.ok()?).ok()).filter(|name| name == "socket-viewer\n").count()
}

/// Memory of this process (bytes).
fn memory() -> usize {
    let text = fs::read_to_string("/proc/self/status").expect("a status");
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line");
    line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") * 1024
}

fn framed(payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let start = frame::open(&mut bytes);
    bytes.extend(payload);
    frame::close(&mut bytes, start);
    bytes
}

fn hello(token: Option<Token>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let program = String::new();
    FromViewer::Hello(Hello { protocols: Protocols::OWN, token, program }).append(&mut bytes);
    bytes
}

/// What the n-th bad connection says.
fn nonsense(n: usize) -> Vec<u8> {
    match n % 8 {
        0 => Vec::new(),
        1 => b"GET / HTTP/1.1\r\nHost: sanctum\r\n\r\n".to_vec(),
        // Says that it is long, and sends as much as it may.
        2 => [u32::MAX.to_le_bytes().to_vec(), vec![7; 60_000]].concat(),
        3 => framed(&vec![7; 60_000]).split_off(8),
        // Half of a frame that is allowed.
        4 => framed(&vec![0; 65_536])[..50_000].to_vec(),
        5 => framed(b"\0{\"message\":\"hello\"}"),
        6 => framed(b"\0{\"message\":\"join\",\"have\":null,\"fill\":true}"),
        _ => hello(None)[..9].to_vec(),
    }
}

#[test]
fn a_thousand_bad_connections_cost_little_and_keep_nobody_out() {
    let clock = Arc::new(ManualClock::new(Timestamp::from_micros(0)));
    let run = RunId::nearest("run");
    let about = About {
        run_id: run.clone(),
        nonce: Hex64(7),
        started: Timestamp::from_micros(0),
        host: None,
        log: None,
    };
    // Longer than this takes, so that what is open stays open.
    let limits = Limits { handshake: LONG, ..Limits::default() };
    let (sink, mut server) = serve(about, limits, Arc::clone(&clock) as _);
    let root = tempfile::tempdir().unwrap();
    let unix = server.listen_unix(&root.path().join("run.sock")).unwrap();
    let token = Token::random().unwrap();
    let host = "127.0.0.1".to_owned();
    let tcp =
        server.listen_tcp(Tcp { host, port: 0, token: token.clone(), public: false }).unwrap();
    let (hub, guard) = HubBuilder::new(run, GroupId::default(), clock)
        .sink("socket", Bounds::default(), sink)
        .start(LONG)
        .unwrap();

    let mut good = Client::connect(&unix, &greeting(None), LONG, &StopFlag::new()).unwrap();
    good.join(None, false).unwrap();
    let before = memory();
    let (mut most, mut open_unix, mut open_tcp) = (0, Vec::new(), Vec::new());
    for n in 0..BAD {
        if n % 2 == 0 {
            let Endpoint::Unix(path) = &unix else { panic!() };
            let mut stream = UnixStream::connect(path).unwrap();
            // It may be cut already.
            stream.write_all(&nonsense(n / 2)).ok();
            open_unix.push(stream);
        } else {
            let Endpoint::Tcp { host, port } = &tcp else { panic!() };
            let mut stream = TcpStream::connect((host.as_str(), *port)).unwrap();
            stream.write_all(&nonsense(n / 2)).ok();
            open_tcp.push(stream);
        }
        most = most.max(threads());
        if n % 100 == 99 {
            // Who knows what to say gets in at once.
            drop(Client::connect(&unix, &greeting(None), LONG, &StopFlag::new()).unwrap());
            drop(
                Client::connect(&tcp, &greeting(Some(token.clone())), LONG, &StopFlag::new())
                    .unwrap(),
            );
        }
    }
    // Sixteen handshakes an endpoint, the good viewers, and one of each that is about to end.
    assert!(most <= 2 * 17 + 4, "{most} threads");
    let grown = memory().saturating_sub(before);
    assert!(grown < 32 << 20, "{grown} bytes for {BAD} connections");

    guess(&tcp);

    // The viewer that was there before missed nothing.
    for _ in 0..3 {
        hub.emit(Heartbeat { phase: Phase::Collecting, batch_idx: None, inner_epoch: None });
    }
    let mut seen = 0;
    while seen < 3 {
        match good.read(Some(LONG)).unwrap() {
            Heard::Event(_) => seen += 1,
            Heard::Live { .. } => {}
            other @ (Heard::Fetched { .. } | Heard::Closing(_) | Heard::TimedOut) => {
                panic!("{other:?}")
            }
        }
    }
    assert!(guard.close(LONG));
    assert!(server.close(LONG));
    assert_eq!(threads(), 0);

    // None of them was told anything but no.
    open_unix.into_iter().for_each(check_answer);
    open_tcp.into_iter().for_each(check_answer);
}

/// Wrong tokens get an answer and nothing else, and close the door for whoever guesses.
fn guess(at: &Endpoint) {
    let wrong = Token::random().expect("random bytes");
    let mut reasons = Vec::new();
    for _ in 0..12 {
        match Client::connect(at, &greeting(Some(wrong.clone())), LONG, &StopFlag::new()) {
            Err(ClientError::Refused { refused, .. }) => reasons.push(refused.reason),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(reasons[..10], [RefusedReason::Token; 10]);
    assert_eq!(reasons[10..], [RefusedReason::TooManyTokens; 2]);
}

const fn greeting(token: Option<Token>) -> Greeting {
    Greeting { token, program: String::new(), protocols: Protocols::OWN }
}

#[track_caller]
fn check_answer(mut stream: impl Read) {
    let mut answer = Vec::new();
    // What was unread at the run's side when it ended is told as an error, behind the answer.
    stream.read_to_end(&mut answer).ok();
    if answer.is_empty() {
        return;
    }
    let frame::Look::Frame { payload } = frame::look(&answer) else { panic!("{answer:?}") };
    assert_eq!(payload.len() + frame::HEAD_BYTES, answer.len());
    let Ok(ToViewer::Refused(refused)) = ToViewer::read(payload) else { panic!("{answer:?}") };
    assert_eq!(refused.reason, RefusedReason::Message);
}
