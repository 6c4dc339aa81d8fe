//! What the records of episodes and environments claim about the fold, one number at a time.

use karn_sanctum::{EnvStatus, EpisodesView, Reading, Trend};
use leyline::FinishReason;

use crate::support::{Feed, batch, epoch, finish, near, outcome, start, with};

fn value(reading: Option<Reading>) -> Option<f64> {
    reading.map(|reading| reading.value)
}

/// Episodes of environment 0 with these returns, each as many steps long as its place in the list.
fn returns(returns: &[f64]) -> EpisodesView {
    let feed = Feed::new().at(0.0, start(20, 0));
    let feed = returns.iter().zip(1..).fold(feed, |feed, (episode_return, length)| {
        feed.at(f64::from(length), outcome(0, *episode_return, length))
    });
    feed.now(999.0).episodes
}

#[test]
fn tele_023_finish_error_is_that_of_the_end_and_only_of_a_failure() {
    let feed = Feed::new().at(0.0, start(20, 0));
    assert_eq!(feed.now(0.0).finish_error, None);
    let failed = feed.at(1.0, finish(FinishReason::Failed));
    assert_eq!(failed.now(1.0).finish_error.as_deref(), Some("out of luck"));
    let again = failed.at(2.0, start(20, 0));
    assert_eq!(again.now(2.0).finish_error, None, "a new start forgets it");
    let completed = again.at(3.0, finish(FinishReason::Completed));
    assert_eq!(completed.now(3.0).finish_error, None);
}

#[test]
fn tele_611_last_return_is_that_of_the_latest_outcome() {
    assert_eq!(returns(&[]).last_return, None);
    near(value(returns(&[4.0]).last_return), Some(4.0));
    near(value(returns(&[4.0, -7.5]).last_return), Some(-7.5));
    let two = Feed::new().at(0.0, start(20, 0)).at(1.0, outcome(0, 1.0, 1));
    let two = two.at(2.0, outcome(1, 2.0, 1));
    near(value(two.now(2.0).episodes.last_return), Some(2.0));
}

#[test]
fn tele_612_mean_return_is_over_the_latest_100() {
    near(value(returns(&[1.0, 2.0, 6.0]).mean_return), Some(3.0));
    let mut many = vec![1000.0];
    many.extend([2.0; 99]);
    near(value(returns(&many).mean_return), Some((1000.0 + 99.0 * 2.0) / 100.0));
    many.push(2.0);
    near(value(returns(&many).mean_return), Some(2.0));
    assert_eq!(returns(&[1.0, f64::INFINITY]).mean_return, None);
}

#[test]
fn tele_613_best_return_never_falls_and_is_finite() {
    let best = |of: &[f64]| value(returns(of).best_return);
    near(best(&[-9.0]), Some(-9.0));
    near(best(&[-9.0, -3.0, -5.0]), Some(-3.0));
    near(best(&[-9.0, f64::INFINITY, f64::NAN]), Some(-9.0));
    assert_eq!(best(&[f64::NAN]), None);
    let feed = Feed::new().at(0.0, start(20, 0)).at(1.0, outcome(0, 50.0, 1));
    assert_eq!(feed.at(2.0, start(20, 0)).now(2.0).episodes.best_return, None);
}

#[test]
fn tele_614_worst_return_never_rises_and_is_finite() {
    let worst = |of: &[f64]| value(returns(of).worst_return);
    near(worst(&[9.0]), Some(9.0));
    near(worst(&[9.0, 3.0, 5.0]), Some(3.0));
    near(worst(&[9.0, f64::NEG_INFINITY, f64::NAN]), Some(9.0));
    assert_eq!(worst(&[f64::NEG_INFINITY]), None);
}

#[test]
fn tele_615_mean_length_is_over_the_latest_100() {
    near(value(returns(&[0.0, 0.0, 0.0]).mean_length), Some(2.0));
    // Lengths 1 to 101: the first one is out of the window.
    near(value(returns(&[0.0; 101]).mean_length), Some(51.5));
    assert_eq!(returns(&[]).mean_length, None);
}

#[test]
fn tele_616_success_rate_counts_only_episodes_that_say() {
    let rate = |said: &[Option<bool>]| {
        let feed = Feed::new().at(0.0, start(20, 0));
        let feed = said.iter().fold(feed, |feed, success| {
            feed.at(1.0, with(outcome(0, 1.0, 1), |outcome| outcome.success = *success))
        });
        value(feed.now(1.0).episodes.success_rate)
    };
    assert_eq!(rate(&[None, None]), None);
    near(rate(&[None, Some(false)]), Some(0.0));
    near(rate(&[Some(true), None, Some(true), Some(false), Some(true)]), Some(0.75));
    let mut many = vec![Some(true)];
    many.extend([Some(false); 100]);
    near(rate(&many), Some(0.0));
}

#[test]
fn tele_617_episodes_total_counts_outcomes_since_the_start() {
    assert_eq!(returns(&[]).total, Some(0));
    assert_eq!(returns(&[1.0; 130]).total, Some(130));
    let feed = Feed::new().at(0.0, start(20, 0)).at(1.0, outcome(3, 1.0, 1));
    let feed = feed.at(2.0, epoch(0, 1)).at(3.0, batch(1));
    assert_eq!(feed.now(3.0).episodes.total, Some(1), "only outcomes count");
    assert_eq!(feed.at(4.0, start(20, 0)).now(4.0).episodes.total, Some(0));
}

#[test]
fn tele_618_return_trend_compares_the_latest_points_with_those_before() {
    let trend = |means: &[f64]| {
        let feed = Feed::new().at(0.0, start(99, 0));
        let feed = means.iter().zip(1..).fold(feed, |feed, (mean, number)| {
            let ended = with(batch(number), |batch| batch.mean_return = Some(*mean));
            feed.at(number as f64, ended)
        });
        feed.now(99.0).episodes.return_trend
    };
    assert_eq!(trend(&[10.0; 5]), None);
    assert_eq!(trend(&[10.0; 6]), Some(Trend::Stable));
    assert_eq!(trend(&[10.0, 10.0, 10.0, 20.0, 20.0, 20.0]), Some(Trend::Improving));
    assert_eq!(trend(&[20.0, 20.0, 20.0, 10.0, 10.0, 10.0]), Some(Trend::Worsening));
    assert_eq!(trend(&[10.0, 10.0, 10.0, 1.0, 30.0, 2.0]), Some(Trend::Volatile));
    assert_eq!(trend(&[10.0, 10.0, 10.0, 20.0, f64::NAN, 20.0]), None);
}

/// Environment 0 after episodes with these returns and lengths.
fn env(episodes: &[(f64, u32)], success_return: Option<f64>) -> (EnvStatus, Option<u64>) {
    let begun = with(start(20, 0), |start| start.success_return = success_return);
    let feed = episodes.iter().fold(Feed::new().at(0.0, begun), |feed, (ret, length)| {
        feed.at(1.0, outcome(0, *ret, *length))
    });
    let view = feed.now(1.0).envs[0].clone();
    (view.status, view.epochs_since_improvement)
}

#[test]
fn tele_630_status_follows_the_mean_of_five_returns() {
    let status = |returns: &[f64], success| {
        let episodes: Vec<_> = returns.iter().map(|ret| (*ret, 1)).collect();
        env(&episodes, success).0
    };
    assert_eq!(status(&[10.0; 4], None), EnvStatus::Initializing);
    assert_eq!(status(&[10.0; 5], None), EnvStatus::Healthy);
    assert_eq!(status(&[10.0; 5], Some(10.0)), EnvStatus::Excellent);
    assert_eq!(status(&[10.0; 5], Some(10.1)), EnvStatus::Healthy);
    assert_eq!(status(&[10.0; 24], None), EnvStatus::Healthy);
    assert_eq!(status(&[10.0; 25], None), EnvStatus::Stalled);
    let fallen = [10.0, 10.0, 10.0, 10.0, 10.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    assert_eq!(status(&fallen[..9], None), EnvStatus::Healthy, "two drops");
    assert_eq!(status(&fallen, None), EnvStatus::Degraded, "three drops");
}

#[test]
fn tele_637_epochs_since_improvement_adds_lengths_until_the_score_is_better() {
    let mut episodes = vec![(10.0, 3); 4];
    assert_eq!(env(&episodes, None).1, None);
    episodes.push((10.0, 3));
    assert_eq!(env(&episodes, None).1, Some(0));
    episodes.extend([(10.0, 7), (9.0, 11)]);
    assert_eq!(env(&episodes, None).1, Some(18));
    episodes.push((50.0, 100));
    assert_eq!(env(&episodes, None).1, Some(0));
}

#[test]
fn tele_665_best_return_is_of_this_environment_alone() {
    let feed = Feed::new().at(0.0, start(20, 0)).at(1.0, outcome(0, 4.0, 1));
    let feed = feed.at(2.0, outcome(1, 90.0, 1)).at(3.0, outcome(0, -2.0, 1));
    let best = |feed: &Feed, env: usize| feed.now(3.0).envs[env].best_return;
    near(best(&feed, 0), Some(4.0));
    near(best(&feed, 1), Some(90.0));
    let odd = feed.at(3.0, outcome(2, f64::NAN, 1));
    assert_eq!(best(&odd, 2), None);
}
