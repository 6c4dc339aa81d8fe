//! The tasks follow the reference trajectories of Gymnasium: state, observation, reward and every kind of end.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use serde_json::Value;
use simic_training::env::{Action, Env, EnvState, Task};

const TOLERANCE: f64 = 1e-5;

/// One recorded step.
struct Recorded {
    action: Action,
    state: Vec<f64>,
    observation: Vec<f64>,
    reward: f64,
    terminated: bool,
    truncated: bool,
}

struct Episode {
    task: Task,
    initial_state: Vec<f64>,
    initial_observation: Vec<f64>,
    steps: Vec<Recorded>,
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn action(value: &Value) -> Action {
    match value.as_u64() {
        Some(choice) => Action::Discrete(choice as usize),
        None => Action::Continuous(numbers(value).into_iter().map(|x| x as f32).collect()),
    }
}

fn episodes() -> Vec<Episode> {
    let text = include_str!("../testdata/gymnasium-reference.json");
    let root: Value = serde_json::from_str(text).unwrap();
    let read = |episode: &Value| Episode {
        task: Task::from_name(episode["env"].as_str().unwrap()).unwrap(),
        initial_state: numbers(&episode["initial_state"]),
        initial_observation: numbers(&episode["initial_observation"]),
        steps: episode["steps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|step| Recorded {
                action: action(&step["action"]),
                state: numbers(&step["state"]),
                observation: numbers(&step["observation"]),
                reward: step["reward"].as_f64().unwrap(),
                terminated: step["terminated"].as_bool().unwrap(),
                truncated: step["truncated"].as_bool().unwrap(),
            })
            .collect(),
    };
    root["episodes"].as_array().unwrap().iter().map(read).collect()
}

#[track_caller]
fn check_close(what: &str, ours: &[f64], reference: &[f64]) {
    assert_eq!(ours.len(), reference.len(), "{what}");
    for (i, (a, b)) in ours.iter().zip(reference).enumerate() {
        assert!((a - b).abs() <= TOLERANCE, "{what}[{i}] is {a}, Gymnasium has {b}");
    }
}

/// Compares what `env` does for a recorded action; the state before it is already set.
#[track_caller]
fn check_step(env: &mut dyn Env, number: usize, recorded: &Recorded) {
    let name = env.spec().name;
    let step = env.step(&recorded.action);
    let observation: Vec<f64> = step.observation.iter().map(|&v| f64::from(v)).collect();
    check_close(&format!("{name} step {number}: state"), &env.state().variables, &recorded.state);
    check_close(&format!("{name} step {number}: observation"), &observation, &recorded.observation);
    check_close(&format!("{name} step {number}: reward"), &[step.reward], &[recorded.reward]);
    assert_eq!(
        (step.terminated, step.truncated),
        (recorded.terminated, recorded.truncated),
        "{name} step {number}: terminated, truncated"
    );
}

#[test]
fn every_single_step_is_gymnasiums() {
    for episode in episodes() {
        let mut env = episode.task.make();
        let mut before = episode.initial_state.clone();
        for (elapsed, recorded) in episode.steps.iter().enumerate() {
            env.set_state(&EnvState { variables: before.clone(), elapsed: elapsed as u32 })
                .unwrap();
            check_step(env.as_mut(), elapsed, recorded);
            before.clone_from(&recorded.state);
        }
    }
}

/// Acrobot is chaotic: after 60 steps rounding has grown beyond any fixed bound.
#[test]
fn whole_episodes_are_gymnasiums() {
    for episode in episodes() {
        let mut env = episode.task.make();
        env.set_state(&EnvState { variables: episode.initial_state.clone(), elapsed: 0 }).unwrap();
        let observation: Vec<f64> = env.observation().iter().map(|&v| f64::from(v)).collect();
        check_close("initial observation", &observation, &episode.initial_observation);
        let steps = if episode.task == Task::Acrobot { 60 } else { usize::MAX };
        for (number, recorded) in episode.steps.iter().take(steps).enumerate() {
            check_step(env.as_mut(), number, recorded);
        }
    }
}

/// The file must hold what the two tests above are meant to prove.
#[test]
fn the_reference_has_every_kind_of_end() {
    let all = episodes();
    let ends = |task: Task| -> Vec<(usize, bool, bool)> {
        let of_task = all.iter().filter(|episode| episode.task == task);
        of_task
            .map(|e| e.steps.last().map(|s| (e.steps.len(), s.terminated, s.truncated)).unwrap())
            .collect()
    };
    assert!(ends(Task::CartPole).contains(&(500, false, true)));
    assert!(ends(Task::CartPole).iter().any(|&(_, terminated, _)| terminated));
    assert!(ends(Task::Acrobot).contains(&(500, false, true)));
    assert!(ends(Task::Acrobot).iter().any(|&(_, terminated, _)| terminated));
    assert!(ends(Task::Pendulum).contains(&(200, false, true)));
}

#[track_caller]
fn check_start(task: Task, bounds: &[f64]) {
    let mut env = task.make();
    let mut widest = vec![0.0_f64; bounds.len()];
    for seed in 0..2000 {
        env.reset(seed);
        let state = env.state();
        assert_eq!(state.elapsed, 0);
        for ((widest, v), bound) in widest.iter_mut().zip(&state.variables).zip(bounds) {
            assert!(v.abs() <= *bound, "{task:?} starts at {v}");
            *widest = widest.max(v.abs());
        }
    }
    for (widest, bound) in widest.iter().zip(bounds) {
        assert!(0.98 * bound < *widest, "{task:?} never starts near {bound}");
    }
}

#[test]
fn initial_states_fill_gymnasiums_ranges() {
    check_start(Task::CartPole, &[0.05; 4]);
    check_start(Task::Acrobot, &[0.1; 4]);
    check_start(Task::Pendulum, &[std::f64::consts::PI, 1.0]);
}

#[test]
fn a_seed_fixes_the_start() {
    for &task in Task::ALL {
        let (mut a, mut b) = (task.make(), task.make());
        assert_eq!(a.reset(7), b.reset(7));
        assert_ne!(a.reset(7), b.reset(8));
    }
}

#[test]
fn a_state_of_another_task_is_refused_and_changes_nothing() {
    let mut env = Task::CartPole.make();
    env.reset(1);
    let before = env.state();
    let error = env.set_state(&EnvState { variables: vec![0.0; 2], elapsed: 3 }).unwrap_err();
    assert_eq!(error.to_string(), "state of CartPole-v1 has 4 variables, not 2");
    assert_eq!(env.state(), before);
}
