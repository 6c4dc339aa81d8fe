//! Finished env-episodes of all environments.

use karn_sanctum::{Reading, Trend};
use leyline::Health;

use crate::support::{Feed, batch, near, outcome, start, with};

fn value(reading: Option<Reading>) -> Option<f64> {
    reading.map(|reading| reading.value)
}

/// AP20.
#[test]
fn tele_021_return_history_takes_batches_that_have_a_mean() {
    let mean = |k, mean| with(batch(k), |batch| batch.mean_return = Some(mean));
    let feed = Feed::new().at(0.0, start(20, 0)).at(1.0, mean(1, 5.0)).at(2.0, batch(2));
    let shown = feed.at(3.0, mean(3, 7.0)).now(3.0);
    assert_eq!(shown.current_batch, Some(3));
    assert_eq!(&shown.episodes.return_history[..], [5.0, 7.0]);
    assert_eq!(shown.episodes.return_trend, None);
}

/// AS12.
#[test]
fn tele_021_return_trend_rises_with_the_returns() {
    let feed = (1..=8_u32).fold(Feed::new().at(0.0, start(20, 0)), |feed, k| {
        let mean = 46.0 + 4.0 * f64::from(k);
        feed.at(f64::from(k), with(batch(k.into()), |batch| batch.mean_return = Some(mean)))
    });
    assert_eq!(feed.now(9.0).episodes.return_trend, Some(Trend::Improving));
}

#[test]
fn tele_021_a_mean_that_is_not_finite_is_a_point() {
    let odd = with(batch(1), |batch| batch.mean_return = Some(f64::NAN));
    let history = Feed::new().at(0.0, start(20, 0)).at(1.0, odd).now(1.0).episodes.return_history;
    assert!(history.len() == 1 && history[0].is_nan());
}

fn three() -> Feed {
    let said = |ret, success| with(outcome(0, ret, 10), |outcome| outcome.success = success);
    Feed::new()
        .at(0.0, start(20, 0))
        .at(1.0, said(10.0, None))
        .at(2.0, said(20.0, Some(true)))
        .at(3.0, said(60.0, Some(false)))
}

#[test]
fn as18_tele_611_to_617_episode_statistics() {
    let episodes = three().now(3.0).episodes;
    assert_eq!(episodes.total, Some(3));
    near(value(episodes.last_return), Some(60.0));
    near(value(episodes.mean_return), Some(30.0));
    near(value(episodes.best_return), Some(60.0));
    near(value(episodes.worst_return), Some(10.0));
    near(value(episodes.mean_length), Some(10.0));
    near(value(episodes.success_rate), Some(0.5));
    let last = episodes.last_return.unwrap();
    assert_eq!((last.batch, last.mono_ns.0, last.fresh), (Some(0), 3_000_000_000, true));
}

#[test]
fn before_the_first_episode_there_are_no_statistics() {
    let episodes = Feed::new().at(0.0, start(20, 0)).now(0.0).episodes;
    assert_eq!(episodes, karn_sanctum::EpisodesView::empty());
    let silent = Feed::new().at(0.0, outcome(0, 1.0, 1)).now(0.0).episodes;
    assert_eq!(silent.success_rate, None);
    assert_eq!(silent.last_return.unwrap().batch, None, "no batch is known yet");
}

#[test]
fn means_look_at_the_latest_100_and_extremes_at_all() {
    let feed = (0..=100_u32).fold(Feed::new().at(0.0, start(20, 0)), |feed, k| {
        feed.at(1.0, outcome(0, if k == 0 { 1000.0 } else { 2.0 }, if k == 0 { 99 } else { 4 }))
    });
    let episodes = feed.now(1.0).episodes;
    assert_eq!(episodes.total, Some(101));
    near(value(episodes.mean_return), Some(2.0));
    near(value(episodes.mean_length), Some(4.0));
    near(value(episodes.best_return), Some(1000.0));
    near(value(episodes.worst_return), Some(2.0));
}

#[test]
fn a_return_that_is_not_finite_is_critical_and_takes_the_mean_away() {
    let episodes = three().at(4.0, outcome(0, f64::NAN, 10)).now(4.0).episodes;
    assert_eq!(episodes.last_return.unwrap().verdict, Health::Critical);
    assert_eq!(episodes.mean_return, None);
    near(value(episodes.best_return), Some(60.0));
    near(value(episodes.worst_return), Some(10.0));
    near(value(episodes.mean_length), Some(10.0));
}

#[test]
fn an_outcome_without_an_environment_counts_for_the_run() {
    let nobody = with(outcome(0, 5.0, 5), |outcome| outcome.env_id = None);
    let shown = Feed::new().at(0.0, start(20, 0)).at(1.0, nobody).now(1.0);
    assert_eq!((shown.episodes.total, shown.envs.len()), (Some(1), 0));
}
