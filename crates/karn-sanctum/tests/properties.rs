//! What holds for any stream of inputs.

use std::sync::Arc;

use proptest::prelude::*;

use karn_sanctum::{Aggregator, Link, Snapshot, aggregator};
use leyline::demo::{self, Scenario};
use leyline::wire::to_json;
use leyline::word::ClosedWord;
use leyline::{
    BatchOutcome, Envelope, Event, FinishReason, GroupId, Incoming, Lane, Reason, Rejection, RunId,
    RunNs, SkipReason, ViewNs,
};

use crate::support::{
    anomaly, batch, envelope, epoch, finish, gpu, heartbeat, loss, metric, outcome, start, unknown,
    update, vitals, with,
};

fn float() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -10.0..1000.0,
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
        1 => any::<f64>(),
    ]
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0_u64..12, 1 => any::<u64>()]
}

fn small() -> impl Strategy<Value = u32> {
    prop_oneof![4 => 0_u32..5, 1 => 65_530_u32..65_540, 1 => Just(u32::MAX)]
}

fn update_event() -> impl Strategy<Value = Event> {
    let numbers = prop::collection::vec(prop::option::of(float()), 12);
    (number(), any::<bool>(), numbers, prop::option::of(small())).prop_map(
        |(at, skipped, x, layers)| {
            let update = with(update(at), |update| {
                update.skipped = skipped;
                update.skip_reason = skipped.then_some(SkipReason::NonfiniteLoss);
                update.entropy = x[0];
                update.kl_divergence = x[1];
                update.clip_fraction = x[2];
                update.clip_fraction_positive = x[3];
                update.clip_fraction_negative = x[4];
                update.policy_loss = x[5];
                update.value_std = x[6];
                update.value_min = x[7];
                update.value_max = x[8];
                update.grad_norm = x[9];
                update.advantage_std = x[10];
                update.update_time_ms = x[11];
                update.dead_layers = layers;
                update.early_stop_epoch = layers;
                update.nan_grad_count = layers.map(u64::from);
            });
            update.into()
        },
    )
}

fn start_event() -> impl Strategy<Value = Event> {
    let n_envs = prop::option::of(prop_oneof![6 => 0_u32..6, 1 => Just(65_537)]);
    (number(), number(), n_envs, prop::option::of(float()), prop::option::of(number())).prop_map(
        |(max_batches, start_batch, n_envs, x, count)| {
            let start = with(start(max_batches, start_batch), |start| {
                start.n_envs = n_envs;
                start.max_epochs = n_envs;
                start.max_entropy = x;
                start.success_return = x;
                start.start_episodes = count;
                start.requested_batches = count;
            });
            start.into()
        },
    )
}

fn batch_event() -> impl Strategy<Value = Event> {
    (number(), any::<bool>(), prop::option::of(number()), prop::option::of(float())).prop_map(
        |(at, interrupted, count, mean)| {
            let batch = with(batch(at), |batch| {
                batch.outcome = interrupted.then_some(BatchOutcome::Skipped);
                batch.skip_reason = interrupted.then_some(SkipReason::Interrupted);
                batch.epochs_since_start = count;
                batch.env_steps_since_start = count;
                batch.mean_return = mean;
            });
            batch.into()
        },
    )
}

fn vitals_event() -> impl Strategy<Value = Event> {
    (prop::collection::vec(prop::option::of(float()), 4), small()).prop_map(|(x, device)| {
        let sample = with(vitals(), |sample| {
            sample.cpu_percent = x[0];
            sample.ram_used_gb = x[1];
            sample.ram_total_gb = x[2];
            sample.gpus = vec![gpu(device % 70, x[1], x[3]), gpu(0, x[0], x[2])];
        });
        sample.into()
    })
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        1 => start_event(),
        1 => prop_oneof![Just(FinishReason::Failed), Just(FinishReason::Stopped)].prop_map(|reason| finish(reason).into()),
        4 => (small(), small(), prop::option::of(float())).prop_map(|(env, at, ret)| {
            with(epoch(env, at), |epoch| epoch.episode_return = ret).into()
        }),
        4 => (small(), float(), small(), prop::option::of(any::<bool>())).prop_map(|(env, ret, length, success)| {
            with(outcome(env, ret, length), |outcome| outcome.success = success).into()
        }),
        4 => update_event(),
        4 => batch_event(),
        2 => vitals_event(),
        1 => (number(), float()).prop_map(|(step, value)| metric(step, &[("a", value), ("b/c", 1.0)]).into()),
        1 => number().prop_map(|count| loss("live", Lane::Lossy, count).into()),
        1 => Just(heartbeat().into()),
        1 => Just(Event::MemoryWarning(anomaly("memory_high"))),
    ]
}

fn known() -> impl Strategy<Value = Incoming> {
    let place = (0_u8..3, 0_u8..3, 0_u16..2);
    (event(), number(), any::<u32>(), place).prop_map(|(event, seq, mono, (run, group, v))| {
        let row: Envelope = with(envelope(seq, 0.0, event), |row| {
            row.v = v;
            row.mono_ns = RunNs(u64::from(mono) * 1000);
            row.run_id = RunId::new(&format!("run-{run}")).unwrap();
            row.group_id = GroupId::new(&format!("group-{group}")).unwrap();
        });
        Incoming::Known(Arc::new(row))
    })
}

fn incoming() -> impl Strategy<Value = Incoming> {
    let rejected =
        (prop::option::of(0_u8..3), prop::option::of(number()), prop::option::of(0_u16..3));
    prop_oneof![
        8 => known(),
        1 => number().prop_map(|seq| Incoming::Unknown(Arc::new(unknown(seq, 0.0, "SEED_PRUNED")))),
        1 => rejected.prop_map(|(run, seq, v)| Incoming::Rejected(Arc::new(Rejection {
            reason: Reason::WrongType("batch_idx".to_owned()),
            run_id: run.map(|run| RunId::new(&format!("run-{run}")).unwrap()),
            group_id: None,
            seq,
            ts: None,
            event_type: None,
            v,
        }))),
    ]
}

/// All snapshots there are.
fn pictures(aggregator: &Aggregator, now: ViewNs) -> Vec<Snapshot> {
    let keys = aggregator.keys();
    let taken = keys.iter().map(|key| aggregator.snapshot(key, now));
    taken.chain([aggregator.snapshot_without_run(now)]).collect()
}

fn json(aggregator: &Aggregator, now: ViewNs) -> Vec<String> {
    pictures(aggregator, now).iter().map(to_json).collect()
}

/// How a JSON object ends; `prop_assert!` takes a brace in its text for a format.
const CLOSED: char = '}';

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// No stream panics, and no row has two fates or none.
    #[test]
    fn any_stream_is_counted_to_the_last_row(stream in prop::collection::vec(incoming(), 0..120)) {
        let mut aggregator = Aggregator::new();
        for (at, incoming) in stream.iter().enumerate() {
            aggregator.apply(incoming, ViewNs(at as u64));
            aggregator.link(if at % 7 == 0 { Link::Closed } else { Link::Open }, ViewNs(at as u64));
            for snapshot in pictures(&aggregator, ViewNs(at as u64 * 1_000_000_000)) {
                prop_assert!(snapshot.runtime_seconds.is_finite());
                prop_assert!(snapshot.event_log.len() <= 200);
                let mut judged = snapshot.clone();
                aggregator::judge(&mut judged);
                // As text, because NaN is not equal to itself.
                prop_assert_eq!(format!("{judged:?}"), format!("{snapshot:?}"));
            }
        }
        prop_assert!(json(&aggregator, ViewNs(0)).iter().all(|text| text.ends_with(CLOSED)));
        let mut runs = std::collections::BTreeMap::new();
        for key in aggregator.keys() {
            let counters = aggregator.snapshot(&key, ViewNs(0)).telemetry;
            let known = |count: Option<u64>| count.expect("the run was read");
            let (received, unknown) = (known(counters.events_received), known(counters.events_unknown));
            prop_assert!(unknown + known(counters.events_rejected) <= received);
            runs.insert(key.run_id, received);
        }
        let lobby = aggregator.snapshot_without_run(ViewNs(0)).telemetry.events_received;
        let received = if runs.is_empty() { lobby } else { Some(runs.values().sum()) };
        prop_assert_eq!(received, Some(stream.len() as u64));
    }

    /// The fold knows nothing of how its inputs were bundled, nor of the pictures taken in between.
    #[test]
    fn pictures_in_between_change_nothing(stream in prop::collection::vec(incoming(), 0..60), looked in prop::collection::vec(any::<bool>(), 60)) {
        let (mut watched, mut alone) = (Aggregator::new(), Aggregator::new());
        for (at, incoming) in stream.iter().enumerate() {
            watched.apply(incoming, ViewNs(at as u64));
            if looked[at] {
                pictures(&watched, ViewNs(at as u64));
                watched = watched.clone();
            }
        }
        for (at, incoming) in stream.iter().enumerate() {
            alone.apply(incoming, ViewNs(at as u64));
        }
        let now = ViewNs(3_000_000_000);
        prop_assert_eq!(json(&watched, now), json(&alone, now));
    }
}

/// A made-up run, each event received at its own time.
fn replay(scenario: Scenario) -> (Aggregator, ViewNs) {
    let mut aggregator = Aggregator::new();
    let mut now = ViewNs(0);
    for event in demo::events(scenario, 7) {
        now = ViewNs(event.mono_ns.0);
        aggregator.apply(&Incoming::Known(Arc::new(event)), now);
    }
    (aggregator, now)
}

#[test]
fn the_same_events_give_the_same_bytes() {
    for &scenario in Scenario::ALL {
        let (one, now) = replay(scenario);
        let (two, _) = replay(scenario);
        assert_eq!(json(&one, now), json(&two, now), "{scenario:?}");
    }
}

#[test]
fn no_event_of_a_made_up_run_is_rejected_or_odd() {
    for &scenario in Scenario::ALL {
        let (aggregator, now) = replay(scenario);
        for snapshot in pictures(&aggregator, now) {
            assert_eq!(snapshot.telemetry.events_rejected, Some(0), "{scenario:?}");
            let odd = snapshot.event_log.iter().find(|line| line.event_type == "OUT_OF_RANGE");
            assert_eq!(odd, None, "{scenario:?}");
        }
    }
}
