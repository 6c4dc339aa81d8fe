//! What telemetry records claim about the hub.

use std::sync::Arc;
use std::time::Duration;

use leyline::{Event, GroupId, Heartbeat, Lane, LossCause, Metric, Phase, RunId, Timestamp};
use simic_emitter::memory::{gated, memory};
use simic_emitter::{Bounds, HubBuilder, ManualClock};

/// Time that no test that passes uses up.
const LONG: Duration = Duration::from_secs(60);

const fn beat() -> Event {
    Event::Heartbeat(Heartbeat { phase: Phase::Collecting, batch_idx: None, inner_epoch: None })
}

#[test]
fn tele_782_tele_784_a_dropped_event_leaves_a_hole_and_is_reported_with_its_sink() {
    let clock = Arc::new(ManualClock::new(Timestamp::from_micros(0)));
    let (sink, events) = memory(10);
    let (sink, gate) = gated(sink);
    let (hub, guard) = HubBuilder::new(
        RunId::new("run").unwrap(),
        GroupId::default(),
        Arc::clone(&clock) as Arc<_>,
    )
    .loss_interval(Some(Duration::from_secs(1)))
    .sink("rows", Bounds { lossy: 1, lossless: 2 }, sink)
    .start(LONG)
    .unwrap();
    hub.emit(beat());
    assert_eq!(gate.wait(), Some(0), "the sink holds the first");
    hub.emit(beat());
    hub.emit(beat());
    gate.open();
    assert!(hub.flush(LONG));
    clock.advance(Duration::from_secs(1));
    hub.emit(beat());
    assert!(guard.close(LONG));
    let events: Vec<_> = events.iter().collect();
    let numbers: Vec<u64> = events.iter().map(|envelope| envelope.seq).collect();
    assert_eq!(numbers.get(..2), Some(&[0, 1][..]));
    assert_eq!(numbers.get(2), Some(&3), "number 2 was given and dropped: {numbers:?}");
    let Event::EmitterLoss(loss) = &events[2].event else { panic!("{:?}", events[2]) };
    assert_eq!(
        (loss.sink.as_str(), loss.lane, &loss.cause),
        ("rows", Lane::Lossy, &LossCause::QueueFull)
    );
    assert_eq!((loss.dropped, loss.dropped_total), (1, 1));
}

#[test]
fn tele_820_user_metrics_are_emitted_as_they_are_given() {
    let clock = Arc::new(ManualClock::new(Timestamp::from_micros(0)));
    let (sink, events) = memory(10);
    let run_id = RunId::new("run").unwrap();
    let (hub, guard) = HubBuilder::new(run_id, GroupId::default(), clock)
        .sink("memory", Bounds { lossy: 9, lossless: 10 }, sink)
        .start(LONG)
        .unwrap();
    let metric = Metric {
        step: 7,
        values: [("eval/loss".to_owned(), 0.25), ("eval/odd".to_owned(), f64::INFINITY)].into(),
        units: Some([("eval/loss".to_owned(), "nats".to_owned())].into()),
    };
    hub.emit(metric.clone());
    assert!(guard.close(LONG));
    let told: Vec<Event> = events.iter().map(|envelope| envelope.event.clone()).collect();
    assert_eq!(told, [Event::Metric(metric)]);
}
