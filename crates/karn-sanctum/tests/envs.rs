//! One row per environment.

use karn_sanctum::{EnvStatus, EnvView};
use leyline::EnvId;

use crate::support::{Feed, envelope, epoch, near, outcome, start, with};

fn four() -> Feed {
    Feed::new().at(0.0, with(start(20, 0), |start| start.n_envs = Some(4)))
}

fn ids(feed: &Feed) -> Vec<u32> {
    feed.now(0.0).envs.iter().map(|env| env.env_id).collect()
}

#[test]
fn tele_668_a_larger_id_adds_its_row_and_no_other() {
    assert_eq!(ids(&four()), [0, 1, 2, 3]);
    assert_eq!(ids(&four().at(1.0, epoch(7, 1)).at(1.0, epoch(2, 1))), [0, 1, 2, 3, 7]);
    assert_eq!(ids(&Feed::new().at(0.0, epoch(5, 1))), [5]);
    assert_eq!(ids(&four().at(1.0, epoch(65_535, 1))).len(), 5);
}

#[test]
fn rows_that_have_not_reported_hold_nothing() {
    let shown = four().now(9.0);
    assert_eq!(shown.envs[2], EnvView::empty(2));
    assert_eq!(shown.envs[2].status, EnvStatus::Initializing);
}

#[test]
fn tele_640_tele_667_return_and_length_are_the_latest_of_steps_and_outcomes() {
    let step = with(epoch(1, 3), |epoch| {
        epoch.episode_return = Some(3.0);
        epoch.episode_length = Some(3);
    });
    let of = |feed: &Feed| {
        let env = feed.now(9.0).envs[1].clone();
        (env.episode_return, env.episode_length)
    };
    let feed = four().at(1.0, step);
    assert_eq!(of(&feed), (Some(3.0), Some(3)));
    let feed = feed.at(2.0, epoch(1, 4));
    assert_eq!(of(&feed), (Some(3.0), Some(3)), "absent changes nothing");
    assert_eq!(of(&feed.at(3.0, outcome(1, 5.0, 6))), (Some(5.0), Some(6)));
}

#[test]
fn tele_634_age_counts_from_the_latest_step_or_outcome_received() {
    let feed = four().received(1.0, 10.0, epoch(1, 1)).received(2.0, 12.0, outcome(2, 1.0, 1));
    let ages =
        |now| feed.now(now).envs.iter().map(|env| env.last_update_age_seconds).collect::<Vec<_>>();
    assert_eq!(ages(12.5), [None, Some(2.5), Some(0.5), None]);
    assert_eq!(ages(9.0), [None, Some(0.0), Some(0.0), None]);
}

#[test]
fn tele_665_tele_666_best_and_history_take_outcomes() {
    let feed = four().at(1.0, outcome(0, 4.0, 4)).at(2.0, outcome(0, f64::INFINITY, 4));
    let env = feed.at(3.0, outcome(0, 2.0, 2)).now(3.0).envs[0].clone();
    near(env.best_return, Some(4.0));
    assert_eq!(&env.return_history[..], [4.0, f64::INFINITY, 2.0]);
}

#[test]
fn tele_666_history_keeps_the_latest_128() {
    let feed = (0..130_u32).fold(four(), |feed, k| feed.at(1.0, outcome(0, f64::from(k), 1)));
    let history = feed.now(1.0).envs[0].return_history.clone();
    assert_eq!((history.len(), history[0].to_bits()), (128, 2.0_f64.to_bits()));
}

#[track_caller]
fn check(returns: &[f64], success: Option<f64>, status: EnvStatus, idle: Option<u64>) {
    let start = with(start(20, 0), |start| start.success_return = success);
    let feed = returns.iter().fold(Feed::new().at(0.0, start), |feed, ret| {
        feed.at(1.0, outcome(0, *ret, 10)).at(1.0, outcome(1, -1.0, 1))
    });
    let env = feed.now(1.0).envs[0].clone();
    assert_eq!((env.status, env.epochs_since_improvement), (status, idle));
}

#[test]
fn tele_630_tele_637_status_and_epochs_since_improvement() {
    check(&[10.0; 4], None, EnvStatus::Initializing, None);
    check(&[10.0; 5], None, EnvStatus::Healthy, Some(0));
    check(&[10.0, 10.0, 10.0, 10.0, 10.0, 0.0, 0.0, 0.0, 0.0], None, EnvStatus::Healthy, Some(40));
    check(
        &[10.0, 10.0, 10.0, 10.0, 10.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        None,
        EnvStatus::Degraded,
        Some(50),
    );
    check(&[10.0; 25], None, EnvStatus::Stalled, Some(200));
    check(&[10.0; 25], Some(10.0), EnvStatus::Excellent, Some(200));
}

#[test]
fn an_environment_named_by_the_envelope_alone_counts() {
    let nobody = with(outcome(0, 5.0, 5), |outcome| outcome.env_id = None);
    let named = with(envelope(1, 1.0, nobody), |envelope| envelope.env_id = Some(EnvId(3)));
    let env = four().envelope(1.0, named).now(1.0).envs[3].clone();
    near(env.episode_return, Some(5.0));
}
