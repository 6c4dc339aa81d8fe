//! Sends a run through the real hub and the real aggregator.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, bounded};
use karn_sanctum::{Aggregator, Link, Snapshot};
use leyline::{
    Envelope, Event, Incoming, RunId, RunNs, Severity, Timestamp, UnknownEvent, ViewNs, wire,
};
use simic_emitter::memory::memory;
use simic_emitter::{Bounds, Clock, Draft, Guard, Hub, HubBuilder, Now};
use telemetry_evidence::evidence::HubSeen;

use super::emit::{Said, nanos};
use crate::rig::{Emitted, Script, Step};
use crate::tree::{Refused, from_tree, from_variant};

/// Wall clock at which every run is created: 2026-11-21 13:02:20 UTC.
const EPOCH_MICROS: i64 = 1_795_266_140_000_000;
/// The viewer's clock is that much older than the producer's, so that one cannot be taken for the other.
const VIEWER_AHEAD: u64 = 1_000_000_000_000;
/// Real time after which a hub counts as broken; nothing waits that long otherwise.
const DEADLINE: Duration = Duration::from_secs(60);

/// A clock that stands where it was put.
struct ProbeClock {
    mono: AtomicU64,
    /// Microseconds by which the wall clock was set back.
    back: AtomicI64,
}

impl Clock for ProbeClock {
    fn now(&self) -> Now {
        let mono = self.mono.load(Ordering::SeqCst);
        let wall = EPOCH_MICROS + (mono / 1000).cast_signed() - self.back.load(Ordering::SeqCst);
        Now { ts: Timestamp::from_micros(wall), mono_ns: RunNs(mono) }
    }
}

/// The hub of one run, and what came out of it.
struct Line {
    clock: Arc<ProbeClock>,
    hub: Hub,
    guard: Guard,
    delivered: Receiver<Arc<Envelope>>,
    refused: Receiver<String>,
    /// What was handed in, as it should come out.
    expected: Vec<Event>,
}

impl Line {
    fn start(said: &Said, room: usize) -> Result<Self, String> {
        let clock = Arc::new(ProbeClock { mono: AtomicU64::new(0), back: AtomicI64::new(0) });
        let (sink, delivered) = memory(room + 1);
        let (warn, refused) = bounded(room + 1);
        let bounds = Bounds { lossy: room + 1, lossless: room + 2 };
        let clock_of_hub = Arc::clone(&clock) as Arc<dyn Clock>;
        let (hub, guard) =
            HubBuilder::new(said.run_id.clone(), said.group_id.clone(), clock_of_hub)
                .sink("probe", bounds, sink)
                // There are as many places as warnings.
                .on_warning(move |text| drop(warn.try_send(text.to_owned())))
                .loss_interval(None)
                .start(DEADLINE)
                .map_err(|error| error.to_string())?;
        Ok(Self { clock, hub, guard, delivered, refused, expected: Vec::new() })
    }

    /// Fails if the hub refuses the event: what breaks a hard limit gets no number, and is no value of the contract.
    fn emit(&mut self, at: u64, back: i64, said: Said, event: Event) -> Result<(), String> {
        self.clock.mono.store(at, Ordering::SeqCst);
        self.clock.back.store(back, Ordering::SeqCst);
        let Said { run_id: _, group_id, severity, message, env_id } = said;
        let number = self.hub.next_seq();
        let handed_in = event.clone();
        self.hub.emit(Draft { event, group: Some(group_id), severity, message, env_id });
        if number == self.hub.next_seq() {
            let why = self.refused.try_iter().last().unwrap_or_else(|| "refused".to_owned());
            return Err(why);
        }
        self.expected.push(handed_in);
        Ok(())
    }

    /// Ends the hub, checks its sums and returns what came out, in its order.
    fn finish(self, seen: &mut HubSeen) -> Vec<Arc<Envelope>> {
        let Self { clock: _, hub, guard, delivered, refused, expected } = self;
        if !hub.flush(DEADLINE) {
            seen.faults.push("flush says that not everything arrived".to_owned());
        }
        let events: Vec<_> = delivered.try_iter().collect();
        seen.sent += expected.len() as u64;
        seen.received += events.len() as u64;
        for counts in hub.counts() {
            seen.emitted += counts.emitted;
            seen.delivered += counts.delivered;
            seen.dropped += counts.dropped();
            if counts.emitted != counts.delivered + counts.dropped() {
                seen.faults.push(format!("counters do not add up: {counts:?}"));
            }
        }
        seen.faults.extend(refused.try_iter());
        for (i, (event, expected)) in events.iter().zip(&expected).enumerate() {
            if event.seq != i as u64 {
                seen.faults.push(format!("number {} in place {i}", event.seq));
            }
            if !same(&event.event, expected, event) {
                seen.faults.push(format!("{} {i} came out changed", event.event.kind()));
            }
        }
        // Ends the groups without an end, which nobody looks at any more.
        if !guard.close(DEADLINE) {
            seen.faults.push("close says that something was dropped".to_owned());
        }
        events
    }
}

/// Whether an event is the one that was handed in, but for the environment that the hub copies from the envelope.
fn same(event: &Event, expected: &Event, envelope: &Envelope) -> bool {
    if event == expected {
        return true;
    }
    let mut expected = expected.clone();
    if let Some(env) = envelope.env_id {
        expected.set_env_id(env);
    }
    // NaN is not equal to itself, but written like itself.
    format!("{event:?}") == format!("{expected:?}")
}

/// Returns the snapshot at the end of a script, and what the hub did.
pub fn fold(script: &Script) -> Result<(Snapshot, HubSeen), String> {
    let mut seen = HubSeen::default();
    let mut delivered = through_hubs(script, &mut seen)?;
    let mut viewer = Viewer::new();
    for step in &script.steps {
        viewer.take(step, &mut delivered)?;
    }
    Ok((viewer.look(script.idle), seen))
}

type Delivered = BTreeMap<RunId, std::vec::IntoIter<Arc<Envelope>>>;

fn through_hubs(script: &Script, seen: &mut HubSeen) -> Result<Delivered, String> {
    let events: Vec<&Emitted> = script
        .steps
        .iter()
        .filter_map(|step| if let Step::Event(event) = step { Some(&**event) } else { None })
        .collect();
    let mut lines: BTreeMap<RunId, Line> = BTreeMap::new();
    for (i, emitted) in events.iter().enumerate() {
        let (said, event) = parse(emitted)?;
        let back = if i < events.len() / 2 { 0.0 } else { script.wall_step };
        let line = match lines.entry(said.run_id.clone()) {
            Entry::Occupied(line) => line.into_mut(),
            Entry::Vacant(place) => place.insert(Line::start(&said, events.len())?),
        };
        line.emit(nanos(emitted.at), (back * 1e6) as i64, said, event)?;
    }
    Ok(lines.into_iter().map(|(run, line)| (run, line.finish(seen).into_iter())).collect())
}

fn parse(emitted: &Emitted) -> Result<(Said, Event), String> {
    let failed = |error: Refused| format!("{}: {error}", emitted.kind);
    let said = from_tree(&emitted.envelope).map_err(failed)?;
    Ok((said, from_variant(&emitted.kind, &emitted.body).map_err(failed)?))
}

/// The other side: what arrives there, and when.
struct Viewer {
    aggregator: Aggregator,
    /// Numbers that the stream of each run has more than its hub gave.
    shift: BTreeMap<RunId, u64>,
    /// As its hub numbered it.
    latest: Option<Arc<Envelope>>,
    now: u64,
}

impl Viewer {
    fn new() -> Self {
        let (aggregator, shift) = (Aggregator::new(), BTreeMap::new());
        Self { aggregator, shift, latest: None, now: VIEWER_AHEAD }
    }

    fn take(&mut self, step: &Step, delivered: &mut Delivered) -> Result<(), String> {
        match step {
            Step::Event(emitted) => {
                let said: Said = from_tree(&emitted.envelope).map_err(|error| error.to_string())?;
                // What the hub refused or lost is a fault that it has been charged with.
                if let Some(event) = delivered.get_mut(&said.run_id).and_then(Iterator::next) {
                    self.event(event);
                }
            }
            Step::Rejected => {
                let run = self.latest.as_ref().map_or("probe", |event| event.run_id.as_str());
                let broken = wire::RowDecoder::new(run).decode(br#"{"v":1,"event_type":"#);
                self.aggregator.apply(&broken, ViewNs(self.now));
            }
            Step::Unknown => self.unknown(),
            Step::Gap(numbers) => self.skip(*numbers),
            Step::Link(open) => {
                let link = if *open { Link::Open } else { Link::Closed };
                self.aggregator.link(link, ViewNs(self.now));
            }
            Step::TrainerAlive(Some(alive)) => {
                self.aggregator.link(Link::TrainerAlive(*alive), ViewNs(self.now));
            }
            // Nobody says anything of a trainer in another process.
            Step::TrainerAlive(None) => {}
        }
        Ok(())
    }

    fn event(&mut self, event: Arc<Envelope>) {
        let shift = self.shift.get(&event.run_id).copied().unwrap_or(0);
        let shifted = if shift == 0 {
            Arc::clone(&event)
        } else {
            Arc::new(Envelope { seq: event.seq + shift, ..Envelope::clone(&event) })
        };
        self.now = self.now.max(VIEWER_AHEAD + event.mono_ns.0);
        self.aggregator.apply(&Incoming::Known(shifted), ViewNs(self.now));
        self.latest = Some(event);
    }

    /// Leaves out numbers of the run that was heard last.
    fn skip(&mut self, numbers: u64) {
        if let Some(latest) = &self.latest {
            *self.shift.entry(latest.run_id.clone()).or_default() += numbers;
        }
    }

    /// An event right after the latest one, of a kind to come.
    fn unknown(&mut self) {
        let Some(latest) = &self.latest else { return };
        let shift = self.shift.entry(latest.run_id.clone()).or_default();
        *shift += 1;
        let event = UnknownEvent {
            v: wire::ROW_VERSION,
            run_id: latest.run_id.clone(),
            group_id: latest.group_id.clone(),
            seq: latest.seq + *shift,
            ts: latest.ts,
            mono_ns: latest.mono_ns,
            severity: Severity::Info,
            message: String::new(),
            env_id: None,
            event_type: "KIND_TO_COME".to_owned(),
            data: "{}".to_owned(),
        };
        self.aggregator.apply(&Incoming::Unknown(Arc::new(event)), ViewNs(self.now));
    }

    fn look(&self, idle: f64) -> Snapshot {
        let now = ViewNs(self.now.saturating_add(nanos(idle)));
        match self.aggregator.default_key() {
            Some(key) => self.aggregator.snapshot(&key, now),
            None => self.aggregator.snapshot_without_run(now),
        }
    }
}
