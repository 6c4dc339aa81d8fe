//! Made-up runs for tests, benches and golden files: the same seed gives the same events, letter by letter.
//!
//! Behind the feature `demo`, which no shipped binary turns on: what the dashboard shows was measured. The numbers look
//! like PPO on `CartPole` and keep every rule of the contract (running totals, order inside a batch, anomalies where
//! the limits say so), but nothing was trained.

use std::sync::Arc;

use crate::envelope::Envelope;
use crate::incoming::Incoming;
use crate::word::closed_word;

mod anomaly;
mod chance;
mod run;
mod update;

pub use chance::Chance;
pub use run::{BATCHES, EPOCHS, N_ENVS};

closed_word! {
    /// A made-up run. All but the last have 4 environments and 128 epochs a batch, of which every 32nd is reported.
    Scenario {
        /// 30 of 40 batches of a healthy run that is still going.
        Calm = "calm",
        /// 20 of 40 batches; the last two updates leave the clip range, and three anomalies say so.
        KlSpike = "kl_spike",
        /// The entropy sinks from batch 12; batches 25 to 27 are skipped for a loss that is not finite, and the run has
        /// failed.
        EntropyCollapse = "entropy_collapse",
        /// All 20 batches of a run whose viewer lost the steps of batches 8 to 10: numbers are missing and reported as
        /// lost.
        LossyLink = "lossy_link",
        /// Nothing was received.
        Empty = "empty",
    }
}

/// Returns the events of a scenario, in order.
pub fn events(scenario: Scenario, seed: u64) -> Vec<Envelope> {
    match scenario {
        Scenario::Calm => run::calm(seed),
        Scenario::KlSpike => run::kl_spike(seed),
        Scenario::EntropyCollapse => run::entropy_collapse(seed),
        Scenario::LossyLink => run::lossy_link(seed),
        Scenario::Empty => Vec::new(),
    }
}

/// Returns the events of a scenario as a reader hands them on.
pub fn incoming(scenario: Scenario, seed: u64) -> Vec<Incoming> {
    events(scenario, seed).into_iter().map(|event| Incoming::Known(Arc::new(event))).collect()
}

/// Returns the events of a healthy run of as many batches as are asked for, one after another, without holding them
/// all.
pub fn stream(seed: u64) -> impl Iterator<Item = Envelope> {
    let mut run = run::Run::new("demo-stream", 10_000_000, seed);
    run.start();
    std::iter::repeat_with(move || {
        let events = run.take();
        run.batch(&update::Mood::Healthy);
        events
    })
    .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use crate::validate;
    use crate::word::ClosedWord as _;

    #[test]
    fn every_scenario_is_legal_and_repeats_itself() {
        for &scenario in Scenario::ALL {
            let events = super::events(scenario, 7);
            assert_eq!(format!("{events:?}"), format!("{:?}", super::events(scenario, 7)));
            for event in &events {
                assert_eq!(validate::check(event), Ok(()), "{event:?}");
                assert!(event.event.least_severity() <= event.severity);
            }
            for pair in events.windows(2) {
                let [a, b] = pair else { continue };
                assert!(a.seq < b.seq && a.mono_ns <= b.mono_ns && a.ts <= b.ts);
            }
        }
        assert_ne!(
            format!("{:?}", super::events(Scenario::Calm, 1)),
            format!("{:?}", super::events(Scenario::Calm, 2))
        );
    }

    #[test]
    fn scenarios_contain_what_they_promise() {
        let count = |scenario, kind: &str| {
            super::events(scenario, 1).iter().filter(|e| e.event.kind().as_str() == kind).count()
        };
        assert_eq!(count(Scenario::Calm, "BATCH_EPOCH_COMPLETED"), 30);
        assert_eq!(count(Scenario::Calm, "TRAINING_FINISHED"), 0);
        assert_eq!(count(Scenario::Calm, "EPOCH_COMPLETED"), 30 * 4 * 4);
        for kind in ["RATIO_EXPLOSION_DETECTED", "RATIO_COLLAPSE_DETECTED", "GRADIENT_ANOMALY"] {
            assert_eq!(
                (count(Scenario::KlSpike, kind), count(Scenario::Calm, kind)),
                (1, 0),
                "{kind}"
            );
        }
        assert_eq!(count(Scenario::EntropyCollapse, "NUMERICAL_INSTABILITY_DETECTED"), 3);
        assert_eq!(count(Scenario::EntropyCollapse, "TRAINING_FINISHED"), 1);
        assert_eq!(count(Scenario::LossyLink, "EPOCH_COMPLETED"), 17 * 4 * 4);
        let lossy = super::events(Scenario::LossyLink, 1);
        let holes: u64 = lossy
            .windows(2)
            .map(|w| w.last().map_or(0, |b| b.seq) - w.first().map_or(0, |a| a.seq) - 1)
            .sum();
        let reported: u64 = lossy
            .iter()
            .filter_map(|e| {
                if let Event::EmitterLoss(loss) = &e.event { Some(loss.dropped) } else { None }
            })
            .sum();
        assert_eq!(holes, reported, "every hole is reported");
        assert!(48 < reported, "the steps, and whatever else was lossy meanwhile");
        assert!(super::events(Scenario::Empty, 1).is_empty());
        assert_eq!(super::stream(1).take(5000).count(), 5000);
    }
}
