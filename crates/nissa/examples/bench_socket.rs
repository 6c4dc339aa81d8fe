//! Measures what viewers cost the sink they hang on, and prints one JSON object per line.
//!
//! `cargo run --release -q -p nissa --example bench_socket`
//!
//! The sink is called directly, as its thread in the hub does: `accept` for each event, `idle` after every 500, which is what
//! a trainer of 100,000 events per second gives it. Viewers are connections of this process over a Unix socket; those that
//! read do so on threads of their own, those that do not stand still with a queue that is full or not. The median over the
//! rounds is printed, in nanoseconds per event.

use std::io::{self, Write};
use std::sync::Arc;
use std::thread::Builder;
use std::time::{Duration, Instant};

use leyline::{Envelope, RunId, RunNs, Timestamp, demo};
use nissa::manifest::Hex64;
use nissa::socket::message::Protocols;
use nissa::socket::{About, Client, Endpoint, Greeting, Heard, Limits, SocketSink, serve};
use simic_emitter::{ManualClock, Sink, StopFlag};

const ROUNDS: usize = 31;
const BURST: usize = 500;
const BURSTS: usize = 40;
const LONG: Duration = Duration::from_secs(60);

fn connect(at: &Endpoint) -> Client {
    let greeting = Greeting { token: None, program: "bench".to_owned(), protocols: Protocols::OWN };
    let mut client = Client::connect(at, &greeting, LONG, &StopFlag::new()).expect("a run listens");
    client.join(None, false).expect("a connection");
    client
}

/// Emits bursts with a pause between them, so that viewers can take them, and returns the time spent in the sink per event
/// (nanoseconds).
#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn round(sink: &mut SocketSink, events: &[Arc<Envelope>]) -> f64 {
    let mut spent = Duration::ZERO;
    for _ in 0..BURSTS {
        let start = Instant::now();
        for event in events {
            sink.accept(event).expect("an event");
        }
        sink.idle(RunNs(0)).expect("viewers");
        spent += start.elapsed();
        crossbeam_channel::after(Duration::from_millis(2)).recv().ok();
    }
    spent.as_nanos() as f64 / (BURSTS * events.len()) as f64
}

fn measure(reading: usize, stuck: usize, out: &mut impl Write) -> io::Result<()> {
    let clock = Arc::new(ManualClock::new(Timestamp::from_micros(0)));
    let about = About {
        run_id: RunId::nearest("bench"),
        nonce: Hex64(7),
        started: Timestamp::from_micros(0),
        host: None,
        log: None,
    };
    let (mut sink, mut server) = serve(about, Limits::default(), clock);
    let root = tempfile::tempdir()?;
    let at = server.listen_unix(&root.path().join("run.sock")).expect("a folder");
    let standing: Vec<_> = (0..stuck).map(|_| connect(&at)).collect();
    let threads: Vec<_> = (0..reading)
        .map(|_| {
            let mut client = connect(&at);
            let body = move || {
                let mut seen = 0_u64;
                while let Ok(heard) = client.read(Some(LONG)) {
                    seen += u64::from(matches!(heard, Heard::Event(_)));
                }
                seen
            };
            Builder::new().name("viewer".to_owned()).spawn(body).expect("a thread")
        })
        .collect();
    while server.viewers() < standing.len() + threads.len() {
        crossbeam_channel::after(Duration::from_millis(1)).recv().ok();
    }
    let events: Vec<_> = demo::stream(1).take(BURST).map(Arc::new).collect();
    let mut times: Vec<_> = (0..ROUNDS).map(|_| round(&mut sink, &events)).collect();
    times.sort_by(f64::total_cmp);
    let median = times.get(ROUNDS / 2).copied().unwrap_or(f64::NAN);
    drop(sink);
    server.close(LONG);
    drop(standing);
    let (reading, seen) =
        (threads.len(), threads.into_iter().map(|thread| thread.join().unwrap_or(0)).min());
    let (least, standing) = (seen.unwrap_or(0), stuck);
    let name = format!("socket/accept, {reading} viewers reading, {standing} not");
    let detail = format!("the slowest reader saw {least} of {} events", ROUNDS * BURSTS * BURST);
    writeln!(
        out,
        "{{\"name\":\"{name}\",\"value\":{median:.1},\"unit\":\"ns/event\",\"bar\":null,\"better\":\"lower\",\"detail\":\"{detail}\"}}"
    )
}

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for (reading, standing) in [(0, 0), (1, 0), (11, 0), (10, 1), (0, 11)] {
        measure(reading, standing, &mut out)?;
    }
    Ok(())
}
