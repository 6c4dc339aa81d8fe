//! The formulas of computed metrics with the numbers of `acceptance.md` section 8.

use leyline::RunNs;
use leyline::threshold::MEMORY_SHARE;

use karn_sanctum::formula::correlation::entropy_clip_correlation;
use karn_sanctum::formula::env_status::EnvScore;
use karn_sanctum::formula::episode;
use karn_sanctum::formula::memory::{Pool, alarm_devices};
use karn_sanctum::formula::risk::collapse_risk_score;
use karn_sanctum::formula::throughput::{Mark, Marks};
use karn_sanctum::formula::trend::{self, TrendRule, trend};
use karn_sanctum::formula::velocity::entropy_velocity;
use karn_sanctum::{EnvStatus, Trend};

use crate::support::{near, ns};

/// `first`, `first + step`, … in `count` points.
fn ramp(first: f64, step: f64, count: u32) -> Vec<f64> {
    (0..count).map(|k| first + step * f64::from(k)).collect()
}

#[test]
fn as01_as02_as03_as27_entropy_velocity() {
    near(entropy_velocity(&ramp(1.0, -0.05, 10)), Some(-0.05));
    near(entropy_velocity(&[0.5; 4]), None);
    near(entropy_velocity(&[0.5; 5]), Some(0.0));
    let noisy = [0.82, 0.78, 0.81, 0.74, 0.69, 0.72, 0.65, 0.62, 0.58, 0.55];
    near(entropy_velocity(&noisy), Some(-0.030_424_2));
    near(entropy_velocity(&[1.0, f64::NAN, 0.9, 0.8, 0.7]), None);
    let mut longer = vec![f64::NAN, 99.0];
    longer.extend(noisy);
    near(entropy_velocity(&longer), Some(-0.030_424_2));
}

/// Scores of a series of entropies, one per point from the fifth on.
fn scores(entropies: &[f64], max_entropy: f64) -> Vec<Option<f64>> {
    let mut previous = None;
    let points = 1..=entropies.len();
    let scores = points.map(|count| {
        let seen = &entropies[..count];
        previous = entropy_velocity(seen)
            .and_then(|slope| collapse_risk_score(seen[count - 1], slope, max_entropy, previous));
        previous
    });
    scores.collect()
}

#[test]
fn as04_as05_as06_collapse_risk_score() {
    let calm = scores(&[1.2; 10], 1.39);
    assert_eq!(calm[3], None);
    near(calm[4], Some(0.044_186));
    near(calm[9], Some(0.044_186));
    let falling = scores(&ramp(0.90, -0.06, 10), 1.39);
    near(falling[4], Some(0.680_930_2));
    near(falling[9], Some(0.701_860_5));
    let dip = scores(&[1.2, 1.2, 1.2, 1.2, 1.2, 1.0, 1.2, 1.2, 1.2, 1.2], 1.39);
    let expected = [0.044_186, 0.377_209_3, 0.282_732_6, 0.182_994_2, 0.133_125, 0.108_190_4];
    for (score, expected) in dip[4..].iter().zip(expected) {
        near(*score, Some(expected));
    }
}

#[test]
fn the_risk_is_certain_once_the_entropy_is_gone_and_absent_without_a_maximum() {
    near(collapse_risk_score(0.1, 0.0, 1.39, None), Some(1.0));
    near(collapse_risk_score(0.5, 0.0, 0.1, None), None);
    near(collapse_risk_score(0.5, f64::NAN, 1.39, None), None);
    near(collapse_risk_score(0.5, 0.0, f64::INFINITY, None), None);
    near(collapse_risk_score(9.0, 0.0, 1.39, Some(0.0009)), Some(0.0));
    near(collapse_risk_score(9.0, 0.0, 1.39, Some(0.001)), Some(0.0005));
}

#[test]
fn the_risk_grows_as_the_batches_that_are_left_become_fewer() {
    // Half a nat above the limit of a policy that can have one nat more than the limit: near is 0.15.
    let falling = |slope| collapse_risk_score(0.6, slope, 1.1, None);
    near(falling(0.0), Some(0.15));
    near(falling(-0.000_001), Some(0.15));
    near(falling(-0.000_001_1), Some(0.115));
    near(falling(-0.004_99), Some(0.115));
    near(falling(-0.005), Some(0.22));
    near(falling(-0.01), Some(0.395));
    near(falling(-0.025), Some(0.535));
    near(falling(-0.05), Some(0.675));
    near(collapse_risk_score(0.3, -0.001, 1.1, None), Some(0.17));
    near(collapse_risk_score(0.300_1, -0.001, 1.1, None), Some(0.07 + 0.3 * 0.239_97));
}

#[track_caller]
fn check_correlation(entropies: &[f64], clips: &[f64], expected: Option<f64>) {
    let pairs: Vec<_> = entropies.iter().copied().zip(clips.iter().copied()).collect();
    near(entropy_clip_correlation(&pairs), expected);
}

#[test]
fn as07_as08_as24_entropy_clip_correlation() {
    let rising = [1.0, 2.0, 3.0, 4.0, 5.0];
    check_correlation(&rising, &[0.5, 0.4, 0.3, 0.2, 0.1], Some(-1.0));
    check_correlation(&[1.0; 6], &[0.1, 0.2, 0.3, 0.4, 0.5, 0.6], None);
    check_correlation(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[0.1; 6], None);
    check_correlation(&rising, &[0.1, 0.3, 0.2, 0.5, 0.4], Some(0.8));
    let barely = [0.0, 3e-8, 0.0, 3e-8, 0.0, 3e-8];
    check_correlation(&barely, &[0.1, 0.2, 0.1, 0.2, 0.1, 0.2], Some(1.0));
    check_correlation(&barely.map(|x| x / 2.0), &[0.1, 0.2, 0.1, 0.2, 0.1, 0.2], None);
    check_correlation(&rising[..4], &[0.5, 0.4, 0.3, 0.2], None);
    check_correlation(&rising, &[0.1, 0.3, f64::INFINITY, 0.5, 0.4], None);
}

#[track_caller]
fn check_trend(points: &[f64], rule: TrendRule, expected: Option<Trend>) {
    assert_eq!(trend(points, rule), expected);
}

#[test]
fn as09_as10_as11_as12_as25_trends() {
    let improving = [1.0, 0.9, 0.8, 0.5, 0.4, 0.3];
    check_trend(&improving, trend::POLICY_LOSS, Some(Trend::Improving));
    check_trend(&improving, trend::RETURNS, Some(Trend::Worsening));
    let mut volatile = vec![0.5; 7];
    volatile.extend([0.1, 0.9, 0.2, 0.8, 0.3, 0.7, 0.4, 0.6]);
    check_trend(&volatile, trend::POLICY_LOSS, Some(Trend::Volatile));
    check_trend(&[1.0, 2.0, 3.0, 4.0, 5.0], trend::POLICY_LOSS, None);
    check_trend(&ramp(50.0, 4.0, 8), trend::RETURNS, Some(Trend::Improving));
    check_trend(&ramp(78.0, -4.0, 8), trend::RETURNS, Some(Trend::Worsening));
    check_trend(&[1.0, 1.0, 1.0, 0.75, 0.75, 0.75], trend::GRAD_NORM, Some(Trend::Improving));
    check_trend(&[0.5; 6], trend::VALUE_LOSS, Some(Trend::Stable));
    check_trend(&[1.0, 1.0, f64::NAN, 1.0, 1.0, 1.0], trend::VALUE_LOSS, None);
}

#[test]
fn trends_look_at_ten_points_against_ten_at_most() {
    let mut points = vec![f64::NAN; 108];
    points.extend([1.0; 10]);
    points.extend([0.5; 10]);
    check_trend(&points, trend::GRAD_NORM, Some(Trend::Improving));
}

#[track_caller]
fn check_env(
    returns: &[f64],
    length: u32,
    success: Option<f64>,
    status: EnvStatus,
    idle: Option<u64>,
) {
    let score = (1..=returns.len())
        .fold(EnvScore::new(), |score, count| score.after(&returns[..count], length, success));
    assert_eq!((score.status, score.epochs_since_improvement), (status, idle));
}

#[test]
fn as13_to_as17_as26_environment_status() {
    let falling = |zeros: usize| [vec![10.0; 5], vec![0.0; zeros]].concat();
    check_env(&[10.0; 4], 10, None, EnvStatus::Initializing, None);
    check_env(&[10.0; 5], 10, None, EnvStatus::Healthy, Some(0));
    check_env(&falling(4), 10, None, EnvStatus::Healthy, Some(40));
    check_env(&falling(5), 10, None, EnvStatus::Degraded, Some(50));
    check_env(&[falling(5), vec![100.0]].concat(), 10, None, EnvStatus::Healthy, Some(0));
    let near_zero = [vec![0.5; 5], vec![-0.5; 5]].concat();
    check_env(&near_zero, 10, None, EnvStatus::Degraded, Some(50));
    check_env(&near_zero[..9], 10, None, EnvStatus::Healthy, Some(40));
    check_env(&[10.0; 24], 10, None, EnvStatus::Healthy, Some(190));
    check_env(&[10.0; 25], 10, None, EnvStatus::Stalled, Some(200));
    check_env(&[500.0; 40], 500, Some(475.0), EnvStatus::Excellent, Some(17_500));
    check_env(&[f64::INFINITY; 5], 10, Some(475.0), EnvStatus::Healthy, Some(10));
    check_env(&[1.0; 5], 10, Some(f64::NEG_INFINITY), EnvStatus::Healthy, Some(0));
    check_env(&[474.9; 5], 10, Some(475.0), EnvStatus::Healthy, Some(0));
}

#[test]
fn a_score_that_is_not_finite_counts_as_a_drop() {
    check_env(&[f64::NAN; 6], 10, None, EnvStatus::Healthy, Some(20));
    check_env(&[f64::NAN; 7], 10, None, EnvStatus::Degraded, Some(30));
    check_env(&[f64::INFINITY; 7], 10, None, EnvStatus::Degraded, Some(30));
    check_env(&[vec![f64::NAN; 5], vec![1.0; 5]].concat(), 10, None, EnvStatus::Healthy, Some(0));
}

#[test]
fn statistics_of_no_episodes_are_absent() {
    near(episode::mean_return([].iter()), None);
    near(episode::mean_length([].iter()), None);
    near(episode::success_rate([].iter()), None);
}

#[track_caller]
fn check_alarm(pools: &[(&str, Option<f64>, Option<f64>)], expected: Option<&[&str]>) {
    let pools = pools.iter().map(|&(name, used, total)| Pool {
        name: name.to_owned(),
        used,
        total,
        full: MEMORY_SHARE.critical,
    });
    let names = alarm_devices(pools);
    assert_eq!(
        names.as_deref(),
        expected.map(|names| names.iter().map(ToString::to_string).collect::<Vec<_>>()).as_deref()
    );
}

#[test]
fn at16_at17_at18_at28_memory_alarm() {
    let pool = |name, used, total| (name, Some(used), Some(total));
    check_alarm(&[pool("RAM", 30.0, 32.0), pool("cuda:0", 9.5, 10.0)], Some(&["RAM", "cuda:0"]));
    check_alarm(&[pool("RAM", 18.0, 20.0)], Some(&[]));
    check_alarm(&[("RAM", None, Some(32.0)), ("cuda:0", Some(1.0), None)], None);
    check_alarm(
        &[pool("RAM", 10.0, 32.0), pool("cuda:0", 5.0, 10.0), pool("cuda:1", 9.5, 10.0)],
        Some(&["cuda:1"]),
    );
    check_alarm(&[pool("RAM", f64::NAN, 32.0), pool("cuda:0", 9.5, 10.0)], Some(&["cuda:0"]));
    check_alarm(&[pool("RAM", 1.0, 0.0)], None);
}

fn mark(seconds: f64, batches: u64, epochs: Option<u64>) -> Mark {
    Mark { at: RunNs(ns(seconds)), batches, epochs, env_steps: epochs.map(|epochs| 4 * epochs) }
}

/// Batches per hour and epochs per second at `now`.
#[track_caller]
fn check_rates(marks: &[Mark], now: f64, expected: Option<(f64, Option<f64>)>) {
    let mut window = Marks::default();
    for mark in marks {
        window.push(*mark);
    }
    let rates = window.rates(RunNs(ns(now)));
    near(rates.and_then(|rates| rates.batches_per_hour), expected.map(|(batches, _)| batches));
    near(rates.and_then(|rates| rates.epochs_per_second), expected.and_then(|(_, epochs)| epochs));
}

#[test]
fn throughput_examples() {
    let first = mark(0.0, 0, Some(0));
    check_rates(&[first, mark(10.0, 1, Some(150))], 10.0, Some((360.0, Some(15.0))));
    let tens: Vec<_> = (0..=10_u32).map(|k| mark(10.0 * f64::from(k), k.into(), None)).collect();
    check_rates(&tens, 100.0, Some((360.0, None)));
    check_rates(&tens, 130.0, Some((270.0, None)));
    check_rates(&[first, mark(100.0, 1, None), mark(250.0, 2, None)], 250.0, Some((24.0, None)));
    check_rates(&[first, mark(0.4, 1, Some(1))], 0.4, None);
    check_rates(&[first], 9.0, None);
    check_rates(&[], 9.0, None);
}

#[test]
fn the_window_is_60_seconds_long_and_includes_its_first_moment() {
    let marks = [
        mark(0.0, 0, Some(0)),
        mark(39.9, 30, Some(30)),
        mark(40.0, 40, Some(40)),
        mark(100.0, 100, Some(100)),
    ];
    check_rates(&marks, 100.0, Some((3600.0, Some(1.0))));
}

#[test]
fn a_count_that_is_absent_or_falls_makes_its_rate_absent() {
    let marks = [mark(0.0, 0, Some(0)), mark(5.0, 1, None), mark(10.0, 2, Some(100))];
    check_rates(&marks, 10.0, Some((720.0, None)));
    let back = [mark(0.0, 5, Some(5)), mark(10.0, 6, Some(4))];
    check_rates(&back, 10.0, Some((360.0, None)));
}

#[test]
fn at_most_4096_points_are_kept() {
    let marks: Vec<_> =
        (0..=5000_u32).map(|k| mark(f64::from(k) / 1000.0, u64::from(k), None)).collect();
    let mut window = Marks::default();
    for mark in &marks {
        window.push(*mark);
    }
    near(window.rates(RunNs(ns(5.0))).and_then(|rates| rates.batches_per_hour), Some(3_600_000.0));
    let uneven: Vec<_> = std::iter::once(mark(0.0, 0, None))
        .chain((1..=4096_u32).map(|k| mark(1.0 + f64::from(k) / 1000.0, u64::from(k), None)))
        .collect();
    check_rates(&uneven, 5.096, Some((3_600_000.0, None)));
}
