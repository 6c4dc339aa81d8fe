//! emitted = delivered + dropped + queued, whatever happens and whenever one looks.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use leyline::{Envelope, Lane, RunNs};
use proptest::prelude::*;
use simic_emitter::memory::{Gate, gated, memory};
use simic_emitter::{Bounds, Cause, Guard, Hub, LaneCount, Sink, SinkCounts, SinkError};

use crate::{LONG, builder, check, clock, lossless, lossy};

/// Behaves in turn as its script says, and by its nature holds what it accepted until `idle` or `flush`.
#[derive(Debug, Clone)]
struct Scripted {
    script: Vec<Act>,
    at: usize,
    held: LaneCount,
    handed_on: Arc<std::sync::atomic::AtomicU64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Act {
    HandOn,
    Hold,
    Fail,
    FailAndLose,
    Panic,
}

impl Scripted {
    fn act(&mut self, offered: LaneCount) -> Result<(), SinkError> {
        let act = self.script.get(self.at % self.script.len().max(1)).copied();
        self.at += 1;
        match act.unwrap_or(Act::HandOn) {
            Act::HandOn => {
                self.hand_on(self.held.plus(offered));
                self.held = LaneCount::ZERO;
                Ok(())
            }
            Act::Hold => {
                self.held = self.held.plus(offered);
                Ok(())
            }
            Act::Fail => Err(SinkError::new("no")),
            Act::FailAndLose => {
                // One of each lane was handed on before it failed, if there was one.
                let saved = self.held.at_most(LaneCount { lossless: 1, lossy: 1 });
                self.hand_on(saved);
                let lost = std::mem::take(&mut self.held).minus(saved);
                Err(SinkError::new("no").with_lost(lost))
            }
            Act::Panic => panic!("panicking as asked"),
        }
    }

    fn hand_on(&self, count: LaneCount) {
        self.handed_on.fetch_add(count.total(), std::sync::atomic::Ordering::SeqCst);
    }
}

impl Sink for Scripted {
    fn accept(&mut self, envelope: &Arc<Envelope>) -> Result<(), SinkError> {
        self.act(LaneCount::one(envelope.event.kind().lane()))
    }

    fn idle(&mut self, _: RunNs) -> Result<(), SinkError> {
        self.act(LaneCount::ZERO)
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        let held = std::mem::take(&mut self.held);
        self.hand_on(held);
        Ok(())
    }

    fn held(&self) -> LaneCount {
        self.held
    }
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        10 => Just(Act::HandOn),
        5 => Just(Act::Hold),
        2 => Just(Act::Fail),
        2 => Just(Act::FailAndLose),
        1 => Just(Act::Panic),
    ]
}

#[derive(Debug, Clone)]
struct Plan {
    bounds: Bounds,
    script: Vec<Act>,
    /// Whether the sink stands still until half of the events are out, or for good.
    standing: Standing,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Standing {
    Never,
    HalfWay,
    Always,
}

fn plan() -> impl Strategy<Value = Plan> {
    let standing =
        prop_oneof![Just(Standing::Never), Just(Standing::HalfWay), Just(Standing::Always)];
    (0_usize..10, 1_usize..10, prop::collection::vec(act(), 0..8), standing).prop_map(
        |(lossy, more, script, standing)| Plan {
            bounds: Bounds { lossy, lossless: lossy + more },
            script,
            standing,
        },
    )
}

fn sum(counts: &SinkCounts) -> u64 {
    counts.delivered + counts.dropped() + counts.queued
}

fn start(
    plans: &[Plan],
) -> (Hub, Guard, Vec<Option<Gate>>, Vec<Arc<std::sync::atomic::AtomicU64>>) {
    let mut hub = builder(&clock()).loss_interval(Some(Duration::ZERO));
    let (mut gates, mut handed_on) = (Vec::new(), Vec::new());
    for (plan, name) in plans.iter().zip(["one", "two", "three"]) {
        let counter = Arc::new(std::sync::atomic::AtomicU64::new(0));
        handed_on.push(Arc::clone(&counter));
        let script = plan.script.clone();
        let sink = Scripted { script, at: 0, held: LaneCount::ZERO, handed_on: counter };
        let (sink, gate) = gated(sink);
        hub = hub.sink(name, plan.bounds, sink);
        gates.push((plan.standing != Standing::Never).then_some(gate));
    }
    let (hub, guard) = hub.start(LONG).expect("threads");
    (hub, guard, gates, handed_on)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_sum_is_exact_for_any_sinks(
        plans in prop::collection::vec(plan(), 0..=3),
        lanes in prop::collection::vec(any::<bool>(), 0..60),
    ) {
        let (hub, guard, mut gates, handed_on) = start(&plans);
        for (n, &is_lossy) in lanes.iter().enumerate() {
            if n == lanes.len() / 2 {
                for (gate, plan) in gates.iter_mut().zip(&plans) {
                    if plan.standing == Standing::HalfWay {
                        gate.take();
                    }
                }
            }
            hub.emit(if is_lossy { lossy() } else { lossless() });
            for counts in hub.counts() {
                prop_assert_eq!(sum(&counts), counts.emitted, "{:?}", counts);
                prop_assert_eq!(counts.emitted, hub.next_seq());
            }
        }
        let stuck = plans.iter().any(|plan| plan.standing == Standing::Always) && !lanes.is_empty();
        let deadline = if stuck { Duration::from_millis(5) } else { LONG };
        let well = guard.close(deadline);
        let after = hub.counts();
        for ((counts, plan), handed_on) in after.iter().zip(&plans).zip(&handed_on) {
            prop_assert_eq!(sum(counts), counts.emitted);
            prop_assert_eq!(counts.queued, 0);
            prop_assert!(counts.spilled <= counts.emitted);
            let by_lane = counts.dropped_in(Lane::Lossy) + counts.dropped_in(Lane::Lossless);
            prop_assert_eq!(by_lane, counts.dropped());
            let by_cause: u64 = Cause::ALL.map(|cause| counts.dropped_by(cause).total()).iter().sum();
            prop_assert_eq!(by_cause, counts.dropped());
            if !stuck {
                prop_assert_eq!(counts.dropped_by(Cause::CloseTimeout).total(), 0);
            }
            if plan.standing != Standing::Always || lanes.is_empty() {
                // Whoever is not cut off has handed on exactly what counts as delivered.
                let handed_on = handed_on.load(std::sync::atomic::Ordering::SeqCst);
                if !stuck {
                    prop_assert_eq!(handed_on, counts.delivered);
                }
            }
            if well {
                prop_assert_eq!(counts.dropped_by(Cause::SinkPanicked).total(), 0);
            }
        }
        drop(gates);
        prop_assert_eq!(hub.counts(), after);
    }
}

#[test]
fn a_sink_that_keeps_up_never_spills() {
    let (sink, events) = memory(100);
    let bounds = Bounds { lossy: 4, lossless: 8 };
    let (hub, guard) = builder(&clock()).sink("memory", bounds, sink).start(LONG).unwrap();
    for _ in 0..25 {
        (0..4).for_each(|_| hub.emit(lossless()));
        assert!(hub.flush(LONG));
    }
    assert!(guard.close(LONG));
    assert_eq!(check(&hub, "memory", 100, 100, 0).spilled, 0);
    assert_eq!(events.len(), 100);
}

#[test]
fn many_producers_share_one_numbering_and_nothing_is_lost_uncounted() {
    const THREADS: u64 = 8;
    const EACH: u64 = 2000;
    let (all, everything) = memory((THREADS * EACH) as usize);
    let (some, part) = memory((THREADS * EACH) as usize);
    let (hub, guard) = builder(&clock())
        .sink("all", Bounds::default(), all)
        .sink("some", Bounds { lossy: 8, lossless: 16 }, some)
        .start(LONG)
        .unwrap();
    thread::scope(|scope| {
        for n in 0..THREADS {
            let hub = hub.clone();
            let produce = move || {
                for k in 0..EACH / 2 {
                    hub.emit(lossy());
                    hub.emit(lossless());
                    if k % 100 == 0 {
                        for counts in hub.counts() {
                            assert_eq!(sum(&counts), counts.emitted);
                        }
                    }
                }
            };
            let builder = thread::Builder::new().name(format!("producer-{n}"));
            builder.spawn_scoped(scope, produce).unwrap();
        }
    });
    assert!(guard.close(LONG));
    // `all` may overflow on a slow machine, and says so; what came through is in order, each once.
    let counts = hub.counts();
    for (counts, events) in counts.iter().zip([&everything, &part]) {
        let seqs = crate::seqs(events);
        assert_eq!(counts.emitted, THREADS * EACH);
        assert_eq!(seqs.len() as u64, counts.delivered);
        assert!(seqs.windows(2).all(|pair| pair[0] < pair[1]));
        check(&hub, counts.sink, THREADS * EACH, counts.delivered, counts.dropped());
        assert_eq!(counts.dropped_by(Cause::QueueFull).total(), counts.dropped());
    }
}

#[test]
fn many_flushes_at_once_all_tell_the_truth() {
    let (sink, events) = memory(10_000);
    let (hub, guard) =
        builder(&clock()).sink("memory", Bounds::default(), sink).start(LONG).unwrap();
    thread::scope(|scope| {
        for n in 0..40 {
            let hub = hub.clone();
            let work = move || {
                hub.emit(lossless());
                let emitted = hub.next_seq();
                assert!(hub.flush(LONG));
                assert!(
                    emitted <= hub.counts()[0].delivered,
                    "all emitted before the flush is there"
                );
            };
            thread::Builder::new().name(format!("flusher-{n}")).spawn_scoped(scope, work).unwrap();
        }
    });
    assert!(guard.close(LONG));
    assert_eq!(events.len(), 40);
}
