//! The policy is tried out apart from the training: what an evaluation does, what it tells, and that it changes nothing.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/run.rs"]
mod run;
#[path = "support/small.rs"]
mod small;

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use leyline::{
    EnvId, Envelope, Event, EventKind, FinishReason, GroupId, Heartbeat, Metric, Phase, RunId,
    Timestamp,
};
use simic_emitter::memory::memory;
use simic_emitter::{Bounds, HubBuilder, ManualClock, StopFlag, StopLevel};
use simic_training::checkpoint::Checkpoint;
use simic_training::config::{Config, Evaluation, Hyperparams};
use simic_training::env::{Action, ActionSpace, Env, EnvSpec, EnvState, EnvStateError, Step, Task};
use simic_training::evaluation::{Evaluator, MOST_STEPS, Score};
use simic_training::net::{ActorCritic, Head};
use simic_training::trainer::{Summary, Trainer};

use rand::SeedableRng as _;
use run::with_hub;
use small::small;

/// A run of a task, small, with and without evaluations.
fn config(task: Task, batches: u64, evaluation: Option<Evaluation>) -> Config {
    let base = small(batches);
    let hyper = Hyperparams {
        hidden: base.hyper.hidden.clone(),
        passes: 2,
        minibatch_size: 4,
        ..Config::default_run(task, 5).hyper
    };
    Config { hyper, evaluation, ..base }
}

const EVERY_SECOND: Option<Evaluation> = Some(Evaluation { every: 2, episodes: 3 });

/// Trains to the end, or goes on from a checkpoint, and returns the checkpoint of the end and the events.
fn train(
    task: Task,
    config: Config,
    from: Option<&Checkpoint>,
) -> (Checkpoint, Vec<Arc<Envelope>>) {
    with_hub(|hub, _| {
        let make = |_| task.make();
        let mut trainer = match from {
            Some(from) => Trainer::resume(from, config, make, hub).unwrap(),
            None => Trainer::new(config, make, hub).unwrap(),
        };
        trainer.run(&StopFlag::new()).unwrap();
        trainer.checkpoint()
    })
}

/// Everything but the evaluations and the share of time that they took; times stand still in these tests.
fn of_training(events: &[Arc<Envelope>]) -> Vec<Event> {
    let event = |e: &Arc<Envelope>| {
        let mut event = e.event.clone();
        if let Event::BatchEpochCompleted(batch) = &mut event {
            batch.evaluate_seconds = None;
        } else if let Event::TrainingStarted(start) = &mut event {
            let names = start.hyperparams.as_mut().unwrap();
            names.retain(|name, _| !name.starts_with("eval_"));
        }
        (event.kind() != EventKind::Metric).then_some(event)
    };
    events.iter().filter_map(event).collect()
}

fn metrics(events: &[Arc<Envelope>]) -> Vec<Metric> {
    let metric =
        |e: &Arc<Envelope>| if let Event::Metric(m) = &e.event { Some(m.clone()) } else { None };
    events.iter().filter_map(metric).collect()
}

fn bytes(checkpoint: &Checkpoint) -> Vec<u8> {
    checkpoint.encode(Path::new("unused")).unwrap()
}

#[track_caller]
fn check_unchanged(task: Task) {
    let (plain, plain_events) = train(task, config(task, 6, None), None);
    let (tried, tried_events) = train(task, config(task, 6, EVERY_SECOND), None);
    assert_eq!(metrics(&plain_events), []);
    assert_eq!(metrics(&tried_events).len(), 3);
    // Parameters, optimiser, every random stream and every environment, to the bit.
    assert_eq!(bytes(&plain), bytes(&tried));
    assert_eq!(of_training(&plain_events), of_training(&tried_events));

    // The same when both go on, whoever evaluated before.
    let rest = |evaluation| Config { evaluation, epoch_every: 1, ..tried.config(4) };
    let (plain_rest, plain_events) = train(task, rest(None), Some(&plain));
    let (tried_rest, tried_events) = train(task, rest(EVERY_SECOND), Some(&plain));
    assert_eq!(bytes(&plain_rest), bytes(&tried_rest));
    assert_eq!(of_training(&plain_events), of_training(&tried_events));
    assert_eq!(metrics(&tried_events).len(), 2);
}

#[test]
fn a_cartpole_that_is_evaluated_learns_the_same() {
    check_unchanged(Task::CartPole);
}

#[test]
fn an_acrobot_that_is_evaluated_learns_the_same() {
    check_unchanged(Task::Acrobot);
}

#[test]
fn a_pendulum_that_is_evaluated_learns_the_same() {
    check_unchanged(Task::Pendulum);
}

/// The evaluations after a resume are those that the run would have made without the interruption.
#[test]
fn a_resumed_run_evaluates_as_an_uninterrupted_one() {
    let directory = tempfile::tempdir().unwrap();
    let mut whole = config(Task::CartPole, 8, EVERY_SECOND);
    (whole.run_dir, whole.save_every) = (Some(directory.path().to_owned()), Some(3));
    let (_, whole) = train(Task::CartPole, whole, None);
    let from = Checkpoint::load(&directory.path().join("checkpoints/000003.ckpt")).unwrap();
    let rest = Config { evaluation: EVERY_SECOND, ..from.config(from.remaining_batches()) };
    let (_, rest) = train(Task::CartPole, rest, Some(&from));
    let (whole, rest) = (metrics(&whole), metrics(&rest));
    assert_eq!((whole.len(), rest.len()), (4, 3));
    assert_eq!(rest, whole[1..], "values and steps");
    // Global env steps: 2 environments, 8 epochs a batch.
    let steps: Vec<u64> = whole.iter().map(|metric| metric.step).collect();
    assert_eq!(steps, [32, 64, 96, 128]);
}

#[test]
fn an_evaluation_is_told_between_the_update_and_the_end_of_its_batch_and_is_no_episode() {
    let (checkpoint, events) = train(Task::CartPole, config(Task::CartPole, 5, EVERY_SECOND), None);
    let at: Vec<usize> =
        (0..events.len()).filter(|&i| events[i].event.kind() == EventKind::Metric).collect();
    assert_eq!(at.len(), 2);
    for (&at, batch) in at.iter().zip([2, 4]) {
        let update = |e: &Arc<Envelope>| {
            if let Event::PpoUpdateCompleted(u) = &e.event { Some(u.batch_idx) } else { None }
        };
        let before = events[..at].iter().rev().find_map(update);
        assert_eq!(before, Some(batch));
        let Event::BatchEpochCompleted(end) = &events[at + 1].event else {
            panic!("the batch ends after its evaluation");
        };
        assert_eq!(end.batch_idx, batch);
        let Event::Metric(metric) = &events[at].event else { panic!("its kind is checked") };
        let told: Vec<(&str, &str)> = metric
            .units
            .iter()
            .flatten()
            .map(|(name, unit)| (name.as_str(), unit.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("eval/mean_length", "steps"),
                ("eval/mean_return", "reward"),
                ("eval/std_return", "reward"),
            ]
        );
        // Every step of this task is worth 1.
        let bits = |name: &str| metric.values[name].to_bits();
        assert_eq!(bits("eval/mean_length"), bits("eval/mean_return"));
    }
    let outcomes = events.iter().filter(|e| e.event.kind() == EventKind::EpisodeOutcome).count();
    assert_eq!(checkpoint.episodes_completed, outcomes as u64, "of the training alone");
    let Event::TrainingStarted(start) = &events[0].event else { panic!("the run starts") };
    let settings = start.hyperparams.clone().unwrap();
    for (name, value) in [("eval_every", 2.0), ("eval_episodes", 3.0)] {
        assert_eq!(settings[name], leyline::Scalar::Number(value));
    }
}

/// What a [`Toy`] was asked to do.
#[derive(Debug, Clone, PartialEq)]
enum Asked {
    Reset(u64),
    Step(Action),
}

/// Asked of a [`Toy`], in order; more than any test here has.
fn asked() -> (Sender<Asked>, Receiver<Asked>) {
    bounded(1 << 17)
}

/// An environment that pays what it is told to do, and ends after `length` steps or never.
struct Toy {
    actions: ActionSpace,
    time_limit: Option<u32>,
    length: Option<u32>,
    steps: u32,
    asked: Option<Sender<Asked>>,
    /// Told at the end of every step how many there were in this env-episode.
    hook: Box<dyn Fn(u32) + Send>,
}

impl Toy {
    fn new(actions: ActionSpace, time_limit: Option<u32>, length: Option<u32>) -> Self {
        Self { actions, time_limit, length, steps: 0, asked: None, hook: Box::new(|_| {}) }
    }

    fn note(&self, asked: Asked) {
        if let Some(sender) = &self.asked {
            sender.try_send(asked).unwrap();
        }
    }
}

impl Env for Toy {
    fn spec(&self) -> EnvSpec {
        EnvSpec {
            name: "Toy",
            observation_len: 1,
            actions: self.actions.clone(),
            time_limit: self.time_limit,
            success_return: None,
        }
    }

    fn reset(&mut self, seed: u64) -> Vec<f32> {
        self.steps = 0;
        self.note(Asked::Reset(seed));
        self.observation()
    }

    fn step(&mut self, action: &Action) -> Step {
        self.note(Asked::Step(action.clone()));
        self.steps += 1;
        (self.hook)(self.steps);
        let reward = match action {
            Action::Discrete(choice) => *choice as f64,
            Action::Continuous(numbers) => numbers.iter().copied().map(f64::from).sum(),
        };
        let terminated = self.length == Some(self.steps);
        Step { observation: self.observation(), reward, terminated, truncated: false }
    }

    fn observation(&self) -> Vec<f32> {
        vec![self.steps as f32]
    }

    fn state(&self) -> EnvState {
        EnvState { variables: Vec::new(), elapsed: self.steps }
    }

    fn set_state(&mut self, state: &EnvState) -> Result<(), EnvStateError> {
        self.steps = state.elapsed;
        Ok(())
    }
}

/// Returns a network whose actor always puts out the same.
fn constant(head: Head, outputs: &[f32]) -> ActorCritic<f32> {
    let mut rng = rand_chacha::ChaCha8Rng::from_seed([1; 32]);
    let mut net = ActorCritic::new(1, head, &[2], 0.0, &mut rng);
    net.tensors_mut().into_iter().flatten().for_each(|w| *w = 0.0);
    let last = net.actor.layers.last_mut().unwrap();
    last.bias.assign(&ndarray::ArrayView1::from(outputs));
    net
}

/// Evaluates a policy that always puts out `outputs` in a [`Toy`], four env-episodes.
fn score_of(toy: Toy, outputs: &[f32]) -> Score {
    let spec = toy.spec();
    let net = constant(Head::of(&spec.actions), outputs);
    let config = Config { evaluation: Some(Evaluation { every: 1, episodes: 4 }), ..small(1) };
    let toy = Cell::new(Some(toy));
    let make = |_: EnvId| toy.take().unwrap();
    let mut evaluator = Evaluator::of(&config, make, &spec).unwrap().unwrap();
    evaluator.evaluate(&net, &|| false).unwrap()
}

#[test]
fn the_largest_logit_is_chosen_every_time() {
    let toy = Toy::new(ActionSpace::Discrete(3), Some(100), Some(7));
    let score = score_of(toy, &[0.9, 0.8, 1.0]);
    assert_eq!(score, Score { returns: vec![14.0; 4], lengths: vec![7; 4] });
}

/// A policy that is certain of nothing would draw all over the place; its means are what is tried out, within the bounds.
#[test]
fn the_means_of_a_continuous_policy_are_scaled_and_not_drawn() {
    let (sender, asked) = asked();
    let toy = Toy::new(ActionSpace::Continuous(vec![2.0, 4.0]), Some(100), Some(3));
    let score = score_of(Toy { asked: Some(sender), ..toy }, &[0.25, -0.5]);
    assert_eq!(score, Score { returns: vec![-4.5; 4], lengths: vec![3; 4] });
    let steps: Vec<Asked> = asked.iter().filter(|it| matches!(it, Asked::Step(_))).collect();
    assert_eq!(steps, vec![Asked::Step(Action::Continuous(vec![0.5, -2.0])); 12]);
}

#[test]
fn every_env_episode_ends() {
    for (limit, most) in [(Some(30), 30), (None, MOST_STEPS)] {
        let score = score_of(Toy::new(ActionSpace::Discrete(2), limit, None), &[0.0, 1.0]);
        assert_eq!(score.lengths, [most; 4]);
        assert_eq!(score.returns, [f64::from(most); 4]);
    }
}

/// Runs Toys; those that train end after 5 steps. `hook` hears of the steps of the evaluation.
fn run_toys(
    config: Config,
    stop: &StopFlag,
    hook: impl Fn(u32) + Send + Clone + 'static,
) -> (Summary, Vec<Arc<Envelope>>, Vec<Asked>) {
    let (sender, asked) = asked();
    let n_envs = config.n_envs;
    let (summary, events) = with_hub(|hub, _| {
        let make = |env: EnvId| {
            let mut toy = Toy::new(ActionSpace::Discrete(2), Some(50), Some(5));
            if env == EnvId(n_envs) {
                (toy.asked, toy.hook) = (Some(sender.clone()), Box::new(hook.clone()));
            }
            toy
        };
        Trainer::new(config, make, hub).unwrap().run(stop).unwrap()
    });
    (summary, events, asked.try_iter().collect())
}

#[test]
fn evaluations_begin_alike_and_the_episodes_of_one_do_not() {
    let (_, events, asked) =
        run_toys(Config { evaluation: EVERY_SECOND, ..small(4) }, &StopFlag::new(), |_| {});
    assert_eq!(metrics(&events).len(), 2);
    let seeds: Vec<u64> = asked
        .iter()
        .filter_map(|it| if let Asked::Reset(seed) = it { Some(*seed) } else { None })
        .collect();
    let [a, b, c, again @ ..] = seeds.as_slice() else { panic!("{seeds:?}") };
    assert!(a != b && b != c && a != c);
    assert_eq!(again, [*a, *b, *c]);
}

/// In the silence of a long evaluation the heartbeat says what the trainer does.
#[test]
fn a_heartbeat_during_an_evaluation_says_evaluating() {
    let clock = Arc::new(ManualClock::new(Timestamp::from_micros(0)));
    let (sink, events) = memory(1000);
    let run = RunId::new("beat").unwrap();
    let (hub, guard) = HubBuilder::new(run, GroupId::default(), Arc::<ManualClock>::clone(&clock))
        .sink("memory", Bounds::default(), sink)
        .heartbeat(Duration::from_millis(1))
        .start(Duration::from_secs(60))
        .unwrap();
    let (beaten, beats) = bounded(10);
    let moved = Arc::clone(&clock);
    // Nothing is silent as long as the clock stands; here it moves, and the evaluation waits for what that brings about.
    let hook = move |step| {
        if step == 1 {
            moved.advance(Duration::from_secs(1));
            let beat = events.iter().find_map(|e| {
                if let Event::Heartbeat(beat) = &e.event { Some(beat.clone()) } else { None }
            });
            beaten.try_send(beat).unwrap();
        }
    };
    let config = Config { evaluation: Some(Evaluation { every: 2, episodes: 1 }), ..small(3) };
    let make = |env: EnvId| {
        let mut toy = Toy::new(ActionSpace::Discrete(2), Some(50), Some(5));
        if env == EnvId(2) {
            toy.hook = Box::new(hook.clone());
        }
        toy
    };
    Trainer::new(config, make, hub).unwrap().run(&StopFlag::new()).unwrap();
    assert!(guard.close(Duration::from_secs(60)));
    let expected = Heartbeat { phase: Phase::Evaluating, batch_idx: Some(2), inner_epoch: None };
    assert_eq!(beats.try_iter().collect::<Vec<_>>(), [Some(expected)]);
}

/// Whoever asks to stop does not wait for the end of an evaluation; the batch is trained, so it counts.
#[track_caller]
fn check_stopped(level: StopLevel) {
    let directory = tempfile::tempdir().unwrap();
    let mut config = Config { evaluation: EVERY_SECOND, ..small(6) };
    config.run_dir = Some(directory.path().to_owned());
    let stop = StopFlag::new();
    let keyboard = stop.clone();
    let hook = move |step| {
        if step == 3 {
            keyboard.request(level);
        }
    };
    let (summary, events, asked) = run_toys(config, &stop, hook);
    assert_eq!((summary.reason, summary.last_batch), (FinishReason::Stopped, 2));
    assert_eq!(asked.len(), 1 + 3, "a reset and three steps: the one after is not taken");
    assert_eq!(metrics(&events), [], "half an evaluation is none");
    let ends: Vec<_> = events
        .iter()
        .filter_map(|e| if let Event::BatchEpochCompleted(b) = &e.event { Some(b) } else { None })
        .map(|end| (end.batch_idx, end.skip_reason.clone()))
        .collect();
    assert_eq!(ends, [(1, None), (2, None)]);
    assert_eq!(Checkpoint::load(directory.path()).unwrap().batch, 2);
}

#[test]
fn a_stop_during_an_evaluation_leaves_it_and_keeps_the_batch() {
    check_stopped(StopLevel::AfterBatch);
    check_stopped(StopLevel::Now);
}

#[test]
fn one_env_episode_has_no_spread_and_a_number_that_is_none_is_told_as_such() {
    let score = Score { returns: vec![3.0], lengths: vec![4] };
    let metric = simic_training::emission::evaluated(7, &score);
    let names: Vec<&str> = metric.values.keys().map(String::as_str).collect();
    assert_eq!((metric.step, names), (7, vec!["eval/mean_length", "eval/mean_return"]));
    assert_eq!(metric.units.unwrap().len(), 2);
    let score = Score { returns: vec![1.0, f64::NAN], lengths: vec![4, 6] };
    let metric = simic_training::emission::evaluated(7, &score);
    assert!(
        metric.values["eval/mean_return"].is_nan() && metric.values["eval/std_return"].is_nan()
    );
    let score = Score { returns: vec![1.0, 5.0], lengths: vec![4, 6] };
    let told: Vec<f64> =
        simic_training::emission::evaluated(0, &score).values.into_values().collect();
    assert_eq!(told, [5.0, 3.0, 2.0], "mean length, mean return, population spread");
}

#[test]
fn environments_of_another_kind_are_refused() {
    let config = Config { evaluation: EVERY_SECOND, ..small(2) };
    let make =
        |env: EnvId| if env == EnvId(2) { Task::Acrobot.make() } else { Task::CartPole.make() };
    let (refused, events) = with_hub(|hub, _| Trainer::new(config, make, hub).map(|_| ()));
    let expected = "checkpoint does not fit: environments differ: CartPole-v1 and Acrobot-v1";
    assert_eq!(refused.unwrap_err().to_string(), expected);
    assert!(events.is_empty());
}
