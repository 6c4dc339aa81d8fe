//! One `emit`: into a free queue, into a full one, to nobody, to many.

use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group};
use leyline::{EpochCompleted, EventKind, GroupId, RunId};
use simic_emitter::memory::gated;
use simic_emitter::{Bounds, Draft, Guard, Hub, HubBuilder, Sink, SinkError, SystemClock};

criterion_group!(benches, emit);

const LONG: Duration = Duration::from_secs(60);
/// Events between two flushes: they fit below the lossy bound, so that none is refused in a free queue.
const BURST: usize = 2048;

struct Dropping;

impl Sink for Dropping {
    fn accept(&mut self, _: &Arc<leyline::Envelope>) -> Result<(), SinkError> {
        Ok(())
    }
}

const fn epoch() -> EpochCompleted {
    EpochCompleted {
        env_id: 3,
        inner_epoch: 17,
        episode_idx: Some(40),
        env_step: Some(5000),
        reward: Some(1.0),
        episode_return: Some(55.0),
        episode_length: Some(55),
        val_accuracy: None,
        val_loss: None,
        train_loss: None,
    }
}

fn builder() -> HubBuilder {
    let run = RunId::new("bench").expect("an id");
    HubBuilder::new(run, GroupId::default(), Arc::new(SystemClock::new()))
}

fn start(builder: HubBuilder) -> (Hub, Guard) {
    builder.start(LONG).expect("threads")
}

fn emit(c: &mut Criterion) {
    let mut group = c.benchmark_group("emit");
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    for sinks in [0, 1, 8] {
        let mut builder = builder();
        for name in &names[..sinks] {
            builder = builder.sink(name, Bounds::default(), Dropping);
        }
        let (hub, guard) = start(builder);
        group.bench_function(format!("free_queue/{sinks}_sinks"), |b| {
            let burst = || {
                assert!(hub.flush(LONG));
                vec![epoch(); BURST]
            };
            let emit_all = |epochs: Vec<EpochCompleted>| {
                for epoch in epochs {
                    hub.emit(epoch);
                }
            };
            b.iter_batched(burst, emit_all, BatchSize::PerIteration);
        });
        assert!(guard.close(LONG));
    }

    let (sink, gate) = gated(Dropping);
    let (hub, guard) = start(builder().sink("held", Bounds { lossy: 64, lossless: 128 }, sink));
    for _ in 0..65 {
        hub.emit(epoch());
    }
    group.bench_function("full_queue/emit", |b| b.iter(|| hub.emit(epoch())));
    let build = || Draft::new(epoch());
    let kind = EventKind::EpochCompleted;
    group.bench_function("full_queue/emit_with", |b| b.iter(|| hub.emit_with(kind, build)));
    gate.open();
    assert!(guard.close(LONG));
    group.finish();
}
