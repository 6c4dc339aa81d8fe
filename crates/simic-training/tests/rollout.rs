//! What a batch contains: values of the right observations at every kind of end, raw and scaled rewards, actions in the
//! units of the environment.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use leyline::EnvId;
use ndarray::Array2;
use simic_training::config::Config;
use simic_training::env::{
    Action, ActionSpace, End, Env, EnvSpec, EnvState, EnvStateError, Step, Task,
};
use simic_training::learner::Learner;
use simic_training::net::policy::Taken;
use simic_training::rollout::{Rollout, StepReport};

/// Counts its steps over all its episodes; the observation is that number, so every state can be told apart.
struct Counter {
    /// Ends the `number`-th step so.
    ends: Vec<(u32, End)>,
    continuous: bool,
    now: u32,
    resets: u32,
    /// Every action it was given.
    seen: crossbeam_channel::Sender<Action>,
}

const RESET_OFFSET: u32 = 1000;

impl Env for Counter {
    fn spec(&self) -> EnvSpec {
        let actions = if self.continuous {
            ActionSpace::Continuous(vec![2.0, 4.0])
        } else {
            ActionSpace::Discrete(2)
        };
        EnvSpec {
            name: "Counter",
            observation_len: 1,
            actions,
            time_limit: None,
            success_return: None,
        }
    }

    fn reset(&mut self, _: u64) -> Vec<f32> {
        self.resets += 1;
        self.observation()
    }

    fn step(&mut self, action: &Action) -> Step {
        self.seen.send(action.clone()).unwrap();
        self.now += 1;
        let end =
            self.ends.iter().find(|(at, _)| *at == self.now).map_or(End::Running, |(_, end)| *end);
        Step {
            observation: self.observation(),
            reward: f64::from(self.now),
            terminated: end == End::Terminated,
            truncated: end == End::Truncated,
        }
    }

    /// A hundredth of the step, plus ten for each reset, so that a reset shows.
    fn observation(&self) -> Vec<f32> {
        vec![((self.now + RESET_OFFSET * (self.resets - 1)) as f32) / 100.0]
    }

    fn state(&self) -> EnvState {
        EnvState { variables: Vec::new(), elapsed: self.now }
    }

    fn set_state(&mut self, _: &EnvState) -> Result<(), EnvStateError> {
        Ok(())
    }
}

struct Collected {
    learner: Learner<Counter>,
    rollout: Rollout,
    reports: Vec<StepReport>,
    actions: Vec<Action>,
}

fn collect(ends: &[(u32, End)], continuous: bool) -> Collected {
    let mut config = Config::default_run(Task::CartPole, 3);
    (config.n_envs, config.max_epochs, config.hyper.reward_scale) = (1, 6, 0.25);
    let (seen, actions) = crossbeam_channel::bounded(100);
    let make = |_: EnvId| Counter {
        ends: ends.to_vec(),
        continuous,
        now: 0,
        resets: 0,
        seen: seen.clone(),
    };
    let mut learner = Learner::new(&config, make).unwrap();
    let mut reports = Vec::new();
    let rollout = learner.collect(&config, &|| false, &mut |step| reports.push(*step)).unwrap();
    Collected { learner, rollout, reports, actions: actions.try_iter().collect() }
}

impl Collected {
    /// The critic at this observation.
    fn value(&self, observation: f32) -> f64 {
        let x = Array2::from_elem((1, 1), observation);
        f64::from(self.learner.net.critic.forward(&x).output[[0, 0]])
    }

    #[track_caller]
    fn check_next_values(&self, observations: [f32; 6]) {
        for (t, (next, observation)) in
            self.rollout.next_values.iter().zip(observations).enumerate()
        {
            let expected = self.value(observation);
            assert!((next - expected).abs() < 1e-6, "step {t}: {next} is not {expected}");
        }
    }
}

#[test]
fn values_after_a_step_are_those_of_the_observation_it_reached() {
    let batch = collect(&[], false);
    batch.check_next_values([0.01, 0.02, 0.03, 0.04, 0.05, 0.06]);
    assert_eq!(batch.rollout.ends, [End::Running; 6]);
    let observed: Vec<f32> = batch.rollout.observations.iter().copied().collect();
    assert_eq!(observed, [0.0, 0.01, 0.02, 0.03, 0.04, 0.05]);
}

#[test]
fn a_truncated_step_bootstraps_from_its_own_final_observation() {
    let batch = collect(&[(2, End::Truncated), (5, End::Terminated)], false);
    // The value of a terminated step is told as well; nothing uses it.
    batch.check_next_values([0.01, 0.02, 10.03, 10.04, 10.05, 20.06]);
    let observed: Vec<f32> = batch.rollout.observations.iter().copied().collect();
    assert_eq!(observed, [0.0, 0.01, 10.02, 10.03, 10.04, 20.05]);
    let targets = batch.rollout.targets(0.9, 0.5);
    let value = |observation: f32| batch.value(observation);
    let check = |t: usize, expected: f64| {
        assert!((targets.td_errors[t] - expected).abs() < 1e-6, "step {t}");
    };
    check(1, 0.5 + 0.9 * value(0.02) - value(0.01));
    check(4, 1.25 - value(10.04));
    check(5, 1.5 + 0.9 * value(20.06) - value(20.05));
    assert!(
        (targets.advantages[1] - targets.td_errors[1]).abs() < 1e-12,
        "nothing flows over an end"
    );
}

#[test]
fn the_critic_sees_scaled_rewards_and_the_world_raw_ones() {
    let batch = collect(&[(4, End::Terminated)], false);
    assert_eq!(batch.rollout.rewards, [0.25, 0.5, 0.75, 1.0, 1.25, 1.5]);
    let totals: Vec<f64> = batch.reports.iter().map(|step| step.episode.total).collect();
    assert_eq!(totals, [1.0, 3.0, 6.0, 10.0, 5.0, 11.0]);
    let episodes: Vec<(u64, u32)> =
        batch.reports.iter().map(|step| (step.episode.index, step.episode.length)).collect();
    assert_eq!(episodes, [(0, 1), (0, 2), (0, 3), (0, 4), (1, 1), (1, 2)]);
    let steps: Vec<u64> = batch.reports.iter().map(|step| step.env_step).collect();
    assert_eq!(steps, [1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_continuous_action_is_scaled_to_the_bounds_and_judged_before() {
    let batch = collect(&[], true);
    for (t, action) in batch.actions.iter().enumerate() {
        let Taken::Draw(draw) = batch.rollout.actions.get(t) else { panic!("a continuous action") };
        assert_eq!(*action, Action::Continuous(vec![2.0 * draw[0], 4.0 * draw[1]]));
        let outputs: Vec<f64> = {
            let x = batch.rollout.observations.select(ndarray::Axis(0), &[t]);
            batch.learner.net.actor.forward(&x).output.iter().map(|&o| f64::from(o)).collect()
        };
        let judged =
            batch.learner.net.head.judge(&outputs, &batch.learner.net.spreads(), Taken::Draw(draw));
        assert!((judged.log_prob - batch.rollout.log_probs[t]).abs() < 1e-6);
    }
    assert_eq!(batch.actions.len(), 6);
}

#[test]
fn an_interruption_before_an_epoch_gives_no_batch() {
    let mut config = Config::default_run(Task::CartPole, 3);
    (config.n_envs, config.max_epochs) = (2, 6);
    let mut learner = Learner::new(&config, |_| Task::CartPole.make()).unwrap();
    let epochs = std::cell::Cell::new(0);
    let interrupted = || epochs.get() == 4;
    let rollout = learner.collect(&config, &interrupted, &mut |step| epochs.set(step.inner_epoch));
    assert!(rollout.is_none());
    assert_eq!(epochs.get(), 4);
}
