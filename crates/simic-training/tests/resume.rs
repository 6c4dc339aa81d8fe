//! A resumed run equals one that was never interrupted, and sinks change nothing.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/run.rs"]
mod run;
#[path = "support/small.rs"]
mod small;

use std::sync::Arc;

use leyline::{Envelope, Event, FinishReason, PpoUpdateCompleted};
use simic_emitter::{Hub, StopFlag};
use simic_training::checkpoint::Checkpoint;
use simic_training::config::{Config, ConfigError};
use simic_training::env::Task;
use simic_training::trainer::{Summary, Trainer};

use run::with_hub;
use small::small;

/// Everything an update told but the time it took, as bits: two floats are equal only if they are the same.
fn updates(events: &[Arc<Envelope>]) -> Vec<String> {
    let bits = |update: &PpoUpdateCompleted| {
        let timeless = PpoUpdateCompleted { update_time_ms: None, ..update.clone() };
        let mut numbers = Vec::new();
        Event::from(timeless).visit_fields(&mut |_, spec, seen| {
            let number =
                if let leyline::field::Seen::Number(x) = seen { Some(x.to_bits()) } else { None };
            numbers.push(format!("{}={number:x?}", spec.name));
        });
        numbers.join(" ")
    };
    events
        .iter()
        .filter_map(|e| {
            if let Event::PpoUpdateCompleted(update) = &e.event { Some(bits(update)) } else { None }
        })
        .collect()
}

fn weights(trainer: &Trainer<Box<dyn simic_training::env::Env>>) -> Vec<u32> {
    trainer.learner().net.tensors().concat().iter().map(|w| w.to_bits()).collect()
}

/// Runs to the end; `from` is a checkpoint to go on from.
fn train(
    task: Task,
    config: Config,
    from: Option<&Checkpoint>,
) -> (Summary, Vec<u32>, Vec<Arc<Envelope>>) {
    let ((summary, weights), events) = with_hub(|hub, _| {
        let make = |_| task.make();
        let mut trainer = match from {
            Some(checkpoint) => Trainer::resume(checkpoint, config, make, hub).unwrap(),
            None => Trainer::new(config, make, hub).unwrap(),
        };
        (trainer.run(&StopFlag::new()).unwrap(), weights(&trainer))
    });
    (summary, weights, events)
}

/// Stops at batch 25 of 50 as somebody at the keyboard would, and goes on for 25 from the file.
#[track_caller]
fn check(task: Task) {
    let mut config = small(50);
    let defaults = Config::default_run(task, 5);
    config.hyper = simic_training::config::Hyperparams {
        hidden: config.hyper.hidden,
        passes: 2,
        minibatch_size: 4,
        ..defaults.hyper
    };
    let (whole, whole_weights, whole_events) = train(task, config.clone(), None);
    assert_eq!((whole.last_batch, whole.reason), (50, FinishReason::Completed));

    let directory = tempfile::tempdir().unwrap();
    let stop = StopFlag::new();
    let halves = Config { run_dir: Some(directory.path().to_owned()), ..config.clone() };
    let (first, first_events) = with_hub(|hub, _| {
        let watcher = StopAt { inner: task.make(), steps: 0, at: 8 * 24 + 3, stop: stop.clone() };
        let mut watcher = Some(watcher);
        let watcher = std::cell::RefCell::new(&mut watcher);
        let make = |_| match watcher.borrow_mut().take() {
            Some(watching) => Box::new(watching) as Box<dyn simic_training::env::Env>,
            None => task.make(),
        };
        Trainer::new(halves.clone(), make, hub).unwrap().run(&stop).unwrap()
    });
    assert_eq!((first.last_batch, first.reason), (25, FinishReason::Stopped));

    let checkpoint = Checkpoint::load(directory.path()).unwrap();
    assert_eq!(
        (checkpoint.batch, checkpoint.max_batches, checkpoint.remaining_batches()),
        (25, 50, 25)
    );
    let rest = Config { epoch_every: 1, ..checkpoint.config(checkpoint.remaining_batches()) };
    let (second, second_weights, second_events) = train(task, rest, Some(&checkpoint));
    assert_eq!((second.last_batch, second.batches_since_start), (50, 25));
    assert_eq!(second.episodes_completed, whole.episodes_completed);

    let joined: Vec<String> =
        updates(&first_events).into_iter().chain(updates(&second_events)).collect();
    assert_eq!(joined, updates(&whole_events));
    assert_eq!(second_weights, whole_weights);
    assert!(matches!(second_events[0].event, Event::CheckpointLoaded(_)));
    assert!(
        matches!(&second_events[1].event, Event::TrainingStarted(s) if s.max_batches == 50 && s.start_batch == 25)
    );
    // Env-episodes that span the interruption go on under their numbers.
    assert_eq!(outcomes(&[first_events, second_events].concat()), outcomes(&whole_events));
}

/// Number, return and length of each finished env-episode.
fn outcomes(events: &[Arc<Envelope>]) -> Vec<(u64, u64, u32)> {
    let outcome = |e: &Arc<Envelope>| {
        let Event::EpisodeOutcome(end) = &e.event else { return None };
        Some((end.episode_idx, end.episode_return.to_bits(), end.episode_length))
    };
    events.iter().filter_map(outcome).collect()
}

/// Asks to stop at its `at`-th step.
struct StopAt {
    inner: Box<dyn simic_training::env::Env>,
    steps: u32,
    at: u32,
    stop: StopFlag,
}

impl simic_training::env::Env for StopAt {
    fn spec(&self) -> simic_training::env::EnvSpec {
        self.inner.spec()
    }

    fn reset(&mut self, seed: u64) -> Vec<f32> {
        self.inner.reset(seed)
    }

    fn step(&mut self, action: &simic_training::env::Action) -> simic_training::env::Step {
        self.steps += 1;
        if self.steps == self.at {
            self.stop.escalate();
        }
        self.inner.step(action)
    }

    fn observation(&self) -> Vec<f32> {
        self.inner.observation()
    }

    fn state(&self) -> simic_training::env::EnvState {
        self.inner.state()
    }

    fn set_state(
        &mut self,
        state: &simic_training::env::EnvState,
    ) -> Result<(), simic_training::env::EnvStateError> {
        self.inner.set_state(state)
    }
}

#[test]
fn a_resumed_cartpole_equals_an_uninterrupted_one() {
    check(Task::CartPole);
}

#[test]
fn a_resumed_pendulum_equals_an_uninterrupted_one() {
    check(Task::Pendulum);
}

#[test]
fn a_resumed_acrobot_equals_an_uninterrupted_one() {
    check(Task::Acrobot);
}

#[test]
fn a_seed_fixes_every_weight_and_another_seed_changes_them() {
    let (_, first, _) = train(Task::CartPole, small(3), None);
    let (_, again, _) = train(Task::CartPole, small(3), None);
    let (_, other, _) = train(Task::CartPole, Config { seed: 6, ..small(3) }, None);
    assert_eq!(first, again);
    assert_ne!(first, other);
}

#[test]
fn sinks_do_not_change_the_weights() {
    let (_, watched, events) = train(Task::CartPole, small(5), None);
    assert!(!events.is_empty());
    let clock = Arc::new(simic_emitter::SystemClock::new());
    let run = leyline::RunId::new("alone").unwrap();
    let builder = simic_emitter::HubBuilder::new(run, leyline::GroupId::default(), clock);
    let (hub, guard): (Hub, _) = builder.start(std::time::Duration::from_secs(60)).unwrap();
    let mut trainer = Trainer::new(small(5), |_| Task::CartPole.make(), hub).unwrap();
    trainer.run(&StopFlag::new()).unwrap();
    assert_eq!(weights(&trainer), watched);
    assert!(guard.close(std::time::Duration::from_secs(60)));
}

#[track_caller]
fn check_refused(change: impl FnOnce(&mut Config), task: Task, expected: &str) {
    let checkpoint = with_hub(|hub, _| {
        let mut trainer = Trainer::new(small(2), |_| Task::CartPole.make(), hub).unwrap();
        trainer.run(&StopFlag::new()).unwrap();
        trainer.checkpoint()
    });
    let mut config = checkpoint.0.config(2);
    change(&mut config);
    let (refused, events) =
        with_hub(|hub, _| Trainer::resume(&checkpoint.0, config, |_| task.make(), hub).map(|_| ()));
    let error: ConfigError = refused.unwrap_err();
    assert_eq!(error.to_string(), expected);
    assert!(events.is_empty(), "a refused run emits nothing");
}

#[test]
fn a_checkpoint_of_another_training_is_refused() {
    check_refused(|_| {}, Task::Acrobot, "task is Acrobot-v1, but the checkpoint has CartPole-v1");
    check_refused(|c| c.n_envs = 3, Task::CartPole, "n_envs is 3, but the checkpoint has 2");
    check_refused(
        |c| c.start_batch = 3,
        Task::CartPole,
        "start_batch is 3, but the checkpoint has 2",
    );
    check_refused(
        |c| c.hyper.hidden = vec![7],
        Task::CartPole,
        "network shape (parameters per tensor) is [28, 7, 14, 2, 28, 7, 7, 1], but the checkpoint has [24, 6, 12, 2, 24, 6, 6, 1]",
    );
}

#[test]
fn a_resume_with_more_batches_shows_25_of_75_at_once() {
    let checkpoint = with_hub(|hub, _| {
        let mut trainer = Trainer::new(small(25), |_| Task::CartPole.make(), hub).unwrap();
        trainer.run(&StopFlag::new()).unwrap();
        trainer.checkpoint()
    });
    let mut config = checkpoint.0.config(50);
    config.resumed_from = Some("runs/abc".to_owned());
    let (_, _, events) = train(Task::CartPole, config, Some(&checkpoint.0));
    let (Event::CheckpointLoaded(loaded), Event::TrainingStarted(start)) =
        (&events[0].event, &events[1].event)
    else {
        panic!("a resume begins with its checkpoint");
    };
    assert_eq!((loaded.path.as_str(), loaded.batch_idx), ("runs/abc", Some(25)));
    assert_eq!((start.start_batch, start.requested_batches, start.max_batches), (25, Some(50), 75));
    assert_eq!(start.start_episodes, loaded.episodes_completed);
    assert_eq!(start.resumed_from.as_deref(), Some("runs/abc"));
}

/// What every batch of a run told of how often its training was taken up again.
fn resumes(events: &[Arc<Envelope>]) -> Vec<Option<u64>> {
    let of = |e: &Arc<Envelope>| {
        if let Event::BatchEpochCompleted(batch) = &e.event { Some(batch.resumes) } else { None }
    };
    events.iter().filter_map(of).collect()
}

/// Each run hands on what it knows through its file, also one that was never resumed itself.
#[test]
fn tele_914_a_chain_of_checkpoints_counts_every_resume() {
    let directory = tempfile::tempdir().unwrap();
    let mut from: Option<Checkpoint> = None;
    for expected in 0..4 {
        let mut config = from.as_ref().map_or_else(|| small(2), |from| from.config(2));
        config.run_dir = Some(directory.path().to_owned());
        let (_, _, events) = train(Task::CartPole, config, from.as_ref());
        assert_eq!(resumes(&events), [Some(expected); 2]);
        let saved = Checkpoint::load(directory.path()).unwrap();
        assert_eq!((saved.batch, saved.resumes), (2 * (expected + 1), Some(expected)));
        from = Some(saved);
    }
}
