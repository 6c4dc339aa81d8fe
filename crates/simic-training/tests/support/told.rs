//! What a run told, picked out of its events.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use leyline::{BatchEpochCompleted, Envelope, EpochCompleted, Event, TrainingFinished};
use simic_emitter::StopFlag;
use simic_training::config::Config;
use simic_training::env::Task;
use simic_training::trainer::Trainer;

use crate::run::with_hub;

/// Runs CartPole with these settings to its end.
pub(crate) fn events_of(config: Config) -> Vec<Arc<Envelope>> {
    let (result, events) = with_hub(|hub, _| {
        Trainer::new(config, |_| Task::CartPole.make(), hub).unwrap().run(&StopFlag::new())
    });
    result.unwrap();
    events
}

/// The end, which must be the last event and the only one of its kind.
pub(crate) fn finish(events: &[Arc<Envelope>]) -> TrainingFinished {
    let ends = events.iter().filter(|e| matches!(e.event, Event::TrainingFinished(_))).count();
    assert_eq!(ends, 1);
    let last = &events.last().unwrap().event;
    let Event::TrainingFinished(end) = last else { panic!("the last event is {last:?}") };
    end.clone()
}

pub(crate) fn batches(events: &[Arc<Envelope>]) -> Vec<BatchEpochCompleted> {
    let batch = |e: &Arc<Envelope>| {
        if let Event::BatchEpochCompleted(b) = &e.event { Some((**b).clone()) } else { None }
    };
    events.iter().filter_map(batch).collect()
}

pub(crate) fn epochs(events: &[Arc<Envelope>]) -> Vec<EpochCompleted> {
    let epoch = |e: &Arc<Envelope>| {
        if let Event::EpochCompleted(b) = &e.event { Some(b.clone()) } else { None }
    };
    events.iter().filter_map(epoch).collect()
}
