//! The numbers about an update agree with cases worked by hand; acceptance cases AS19 to AS23.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use leyline::{Event, SystemVitals};
use simic_training::diagnostics::statistics::{
    correlation, excess_kurtosis, explained_variance, maximum, mean, minimum, quantile, share,
    skewness, standard_deviation, variance,
};
use simic_training::diagnostics::{
    AdvantageStats, Evaluated, GradientStats, PolicyStats, RolloutStats,
};
use simic_training::emission::anomaly::{memory_anomalies, trend_anomaly, update_anomalies};
use simic_training::emission::{ppo_update_completed, skip_reason};
use simic_training::env::End;
use simic_training::gae::td_errors;
use simic_training::update::{Skip, UpdateOutcome, UpdateStats, advantages_in_loss};

/// Six digits are what the acceptance table has.
#[track_caller]
fn check(actual: Option<f64>, expected: f64) {
    let actual = actual.unwrap();
    assert!((actual - expected).abs() < 5e-8, "{actual} is not {expected}");
}

fn evaluated(ratios: &[f64]) -> Evaluated {
    Evaluated {
        indices: (0..ratios.len()).collect(),
        log_ratios: ratios.iter().map(|r| r.ln()).collect(),
        log_probs: vec![-0.5; ratios.len()],
        entropies: vec![0.6; ratios.len()],
        policy_losses: vec![-0.1; ratios.len()],
        value_losses: vec![2.0; ratios.len()],
    }
}

#[test]
fn as19_policy_statistics() {
    let stats = PolicyStats::of(&evaluated(&[1.1, 0.9]), 0.2);
    check(stats.kl_divergence, 0.005_025_167_926_7);
    check(stats.clip_fraction, 0.0);
    check(stats.ratio_mean, 1.0);
    check(stats.ratio_std, 0.1);
}

#[test]
fn clip_fractions_are_strict_on_both_sides() {
    let stats = PolicyStats::of(&evaluated(&[1.25, 1.0, 0.7, 1.2]), 0.2);
    check(stats.clip_fraction, 0.5);
    check(stats.clip_fraction_positive, 0.25);
    check(stats.clip_fraction_negative, 0.25);
    check(stats.ratio_min, 0.7);
    check(stats.ratio_max, 1.25);
}

#[test]
fn a_ratio_that_overflows_is_an_infinite_reading() {
    let mut seen = evaluated(&[1.0, 1.0]);
    seen.log_ratios[1] = 800.0;
    let stats = PolicyStats::of(&seen, 0.2);
    assert_eq!((stats.ratio_max, stats.kl_divergence), (Some(f64::INFINITY), Some(f64::INFINITY)));
}

#[test]
fn as20_value_targets() {
    let stats = RolloutStats::of(&[1.0, 2.0, 3.0, 4.0], &[0.0, 10.0, 20.0, 30.0], &[0.0; 4]);
    check(stats.return_p10, 3.0);
    check(stats.return_p50, 15.0);
    check(stats.return_p90, 27.0);
    check(stats.return_mean, 15.0);
    check(stats.return_variance, 125.0);
    check(stats.return_std, 125.0_f64.sqrt());
    check(stats.return_skewness, 0.0);
}

#[test]
fn as21_critic_against_targets() {
    let stats = RolloutStats::of(&[1.0, 2.0, 3.0], &[0.0, 2.0, 4.0], &[0.0; 3]);
    check(stats.explained_variance, 0.75);
    check(stats.v_return_correlation, 1.0);
    check(stats.value_mean, 2.0);
    check(stats.value_std, (2.0_f64 / 3.0).sqrt());
    check(stats.value_min, 1.0);
    check(stats.value_max, 3.0);
}

#[test]
fn as22_gradient_norms() {
    // Two tensors; their norms combine to 1, 2 and 3.
    let norms = [vec![1.0, 0.0], vec![0.0, 2.0], vec![3.0, 0.0]];
    let stats = GradientStats::of(&norms);
    check(stats.grad_norm, 2.0);
    check(stats.gradient_cv, 0.408_248_290_5);
    assert_eq!((stats.dead_layers, stats.exploding_layers), (Some(0), Some(0)));
}

#[test]
fn dead_and_exploding_layers_are_judged_by_their_mean_norm() {
    let stats = GradientStats::of(&[vec![0.0, 150.0, 1e-9, 1.0], vec![0.0, 60.0, 1e-7, 1.0]]);
    // The second tensor is above 100 on average, the third is not below 1e-8.
    assert_eq!((stats.dead_layers, stats.exploding_layers), (Some(1), Some(1)));
}

#[test]
fn one_step_has_no_variation_and_none_has_nothing() {
    let one = GradientStats::of(&[vec![3.0, 4.0]]);
    assert_eq!((one.grad_norm, one.gradient_cv), (Some(5.0), None));
    let none = GradientStats::of(&[]);
    assert_eq!(
        (none.grad_norm, none.gradient_cv, none.dead_layers, none.exploding_layers),
        (None, None, None, None)
    );
}

#[test]
fn as23_errors_of_one_step() {
    let errors =
        td_errors(&[1.0, 1.0], &[2.0, 1.0], &[1.0, 5.0], &[End::Running, End::Terminated], 0.9);
    let stats = RolloutStats::of(&[2.0, 1.0], &[1.9, 1.0], &errors);
    check(stats.td_error_mean, -0.05);
    check(stats.td_error_std, 0.05);
    check(stats.bellman_error, 0.05);
}

#[test]
fn advantages_are_described_as_they_enter_the_loss() {
    let raw = [1.0, 2.0, 3.0, 10.0];
    let stats = AdvantageStats::of(&advantages_in_loss(&raw, true));
    assert!(stats.mean.unwrap().abs() < 1e-12 && (stats.std.unwrap() - 1.0).abs() < 1e-8);
    // (-3, -2, -1, 6) around the mean: m2 = 12.5, m3 = 45, m4 = 348.5.
    check(stats.skewness, 45.0 / 12.5_f64.powf(1.5));
    check(stats.kurtosis, 348.5 / 156.25 - 3.0);
    check(stats.positive_ratio, 0.25);
    assert_eq!(advantages_in_loss(&raw, false), raw);
}

#[test]
fn equal_advantages_have_no_shape() {
    let stats = AdvantageStats::of(&advantages_in_loss(&[2.0; 5], true));
    assert_eq!((stats.mean, stats.std, stats.positive_ratio), (Some(0.0), Some(0.0), Some(0.0)));
    assert_eq!((stats.skewness, stats.kurtosis), (None, None));
}

#[test]
fn what_is_not_defined_is_absent() {
    assert_eq!(mean(&[]), None);
    assert_eq!(variance(&[]), None);
    assert_eq!(quantile(&[], 0.5), None);
    assert_eq!(minimum(&[]), None);
    assert_eq!(share(&[], |_| true), None);
    assert_eq!(explained_variance(&[2.0, 2.0], &[1.0, 3.0]), None);
    assert_eq!(correlation(&[1.0, 1.0], &[1.0, 2.0]), None);
    assert_eq!(skewness(&[4.0, 4.0]), None);
}

#[test]
fn a_sample_that_is_no_number_shows_in_every_statistic() {
    let x = [1.0, f64::NAN, 3.0];
    let mut sorted = x;
    sorted.sort_by(f64::total_cmp);
    for result in [
        mean(&x),
        standard_deviation(&x),
        skewness(&x),
        excess_kurtosis(&x),
        quantile(&sorted, 0.5),
        minimum(&x),
        maximum(&x),
        share(&x, |v| 0.0 < v),
        explained_variance(&x, &[1.0, 2.0, 3.0]),
        correlation(&x, &[1.0, 2.0, 3.0]),
    ] {
        assert!(result.unwrap().is_nan(), "{result:?}");
    }
    assert_eq!(mean(&[1.0, f64::INFINITY]), Some(f64::INFINITY));
    assert_eq!(maximum(&[1.0, f64::INFINITY]), Some(f64::INFINITY));
    assert_eq!(quantile(&[0.0, 1.0, f64::INFINITY], 0.5), Some(1.0));
}

/// An update without anything to remark.
fn calm() -> UpdateOutcome {
    let stats = UpdateStats {
        transitions: 4,
        optimizer_steps: 2,
        passes_run: 1,
        early_stop_epoch: None,
        nan_grad_count: 0,
        inf_grad_count: 0,
        rollout: RolloutStats::of(&[1.0, 2.0, 3.0], &[0.0, 2.0, 4.0], &[0.5, 0.5, 0.5]),
        advantages: AdvantageStats::of(&[-1.0, 0.0, 1.0]),
        policy: PolicyStats::of(&evaluated(&[1.1, 0.9]), 0.2),
        gradients: GradientStats::of(&[vec![1.0], vec![2.0]]),
        learning_rate: 1e-3,
        entropy_coef: 0.01,
    };
    UpdateOutcome { stats, skip: None }
}

#[track_caller]
fn check_anomalies(
    change: impl FnOnce(&mut UpdateOutcome),
    expected: &[(&str, &str, &str, f64, Option<f64>)],
) {
    let mut outcome = calm();
    change(&mut outcome);
    let events = update_anomalies(57, &outcome);
    let seen: Vec<_> = events
        .iter()
        .map(|event| {
            let anomaly = event.anomaly().unwrap();
            assert_eq!(anomaly.batch_idx, Some(57));
            let subject = anomaly.subject.as_deref().unwrap();
            (
                event.kind().to_string(),
                anomaly.kind.as_str(),
                subject,
                anomaly.value.unwrap(),
                anomaly.threshold,
            )
        })
        .collect();
    let seen: Vec<_> = seen
        .iter()
        .map(|(event, kind, subject, v, t)| (event.as_str(), *kind, *subject, *v, *t))
        .collect();
    assert_eq!(seen, expected);
}

#[test]
fn anomalies_fire_beyond_their_limits_only() {
    check_anomalies(|_| {}, &[]);
    check_anomalies(
        |o| {
            o.stats.gradients.grad_norm = Some(100.0);
            o.stats.policy.ratio_max = Some(5.0);
            o.stats.policy.ratio_min = Some(0.1);
        },
        &[],
    );
    check_anomalies(
        |o| {
            o.stats.gradients.grad_norm = Some(212.0);
            o.stats.policy.ratio_max = Some(6.5);
            o.stats.policy.ratio_min = Some(0.04);
        },
        &[
            ("GRADIENT_ANOMALY", "gradient_explosion", "policy.grad_norm", 212.0, Some(100.0)),
            ("RATIO_EXPLOSION_DETECTED", "ratio_explosion", "policy.ratio_max", 6.5, Some(5.0)),
            ("RATIO_COLLAPSE_DETECTED", "ratio_collapse", "policy.ratio_min", 0.04, Some(0.1)),
        ],
    );
}

#[test]
fn a_critic_that_says_the_same_everywhere_has_collapsed() {
    let collapsed = |o: &mut UpdateOutcome| {
        let rollout = &mut o.stats.rollout;
        (rollout.value_std, rollout.value_min, rollout.value_max) =
            (Some(0.002), Some(1.0), Some(1.05));
    };
    let expected =
        ("VALUE_COLLAPSE_DETECTED", "value_collapse", "policy.value_std", 0.002, Some(0.01));
    check_anomalies(collapsed, &[expected]);
    // Where the targets are alike as well, there is nothing to tell apart.
    check_anomalies(
        |o| {
            collapsed(o);
            o.stats.rollout.return_std = Some(0.09);
        },
        &[],
    );
}

#[test]
fn a_skipped_update_tells_the_first_number_that_was_not_finite() {
    let skip = Skip::NonfiniteGradient { value: f64::NEG_INFINITY };
    check_anomalies(
        |o| {
            o.stats.policy.ratio_max = Some(99.0);
            o.skip = Some(skip.clone());
        },
        &[(
            "NUMERICAL_INSTABILITY_DETECTED",
            "nonfinite_gradient",
            "policy.grad_norm",
            f64::NEG_INFINITY,
            None,
        )],
    );
    check_anomalies(|o| o.skip = Some(Skip::KlLimit), &[]);
}

#[test]
fn a_skipped_update_tells_nothing_of_its_undone_steps() {
    let mut outcome = calm();
    for (skip, word) in [(Skip::KlLimit, "kl_limit"), (Skip::EmptyRollout, "empty_rollout")] {
        assert_eq!(skip_reason(&skip).as_str(), word);
        outcome.skip = Some(skip);
        let event = Event::from(ppo_update_completed(3, 1.5, &outcome));
        let mut present = Vec::new();
        event.visit_fields(&mut |_, spec, seen| {
            if seen != leyline::field::Seen::Absent {
                present.push(spec.name);
            }
        });
        let expected = [
            "batch_idx",
            "skipped",
            "skip_reason",
            "update_time_ms",
            "transitions",
            "optimizer_steps",
            "passes_run",
            "nan_grad_count",
            "inf_grad_count",
        ];
        assert_eq!(present, expected);
    }
}

#[track_caller]
fn check_trend(count: u64, before: f64, after: f64, expected: Option<(&str, f64)>) {
    let recent: Vec<f64> = [before; 10].into_iter().chain([after; 10]).collect();
    let event = trend_anomaly(80, count, &recent);
    let seen = event.as_ref().and_then(Event::anomaly).map(|a| (a.kind.clone(), a.value.unwrap()));
    match (seen, expected) {
        (None, None) => {}
        (Some((kind, value)), Some((word, number))) => {
            assert!(kind == word && (value - number).abs() < 1e-12, "{kind} {value}");
        }
        (seen, expected) => panic!("{seen:?} is not {expected:?}"),
    }
}

#[test]
fn trends_compare_two_blocks_of_ten_batches() {
    check_trend(20, 20.0, 22.0, Some(("return_improvement", 0.1)));
    check_trend(30, 20.0, 16.0, Some(("return_degradation", -0.2)));
    check_trend(40, 500.0, 502.0, Some(("return_plateau", 0.004)));
    check_trend(20, 100.0, 103.0, None); // neither standing still nor improving
    check_trend(20, -200.0, -150.0, Some(("return_improvement", 0.25)));
    check_trend(20, 0.0, 0.5, Some(("return_improvement", 0.5))); // the divisor is at least 1
    check_trend(21, 20.0, 22.0, None);
    assert_eq!(trend_anomaly(10, 10, &[20.0; 10]), None);
}

#[test]
fn memory_is_judged_per_pool() {
    let gpu = |device_id, used| leyline::GpuVitals {
        device_id,
        name: None,
        memory_used_gb: used,
        memory_total_gb: Some(16.0),
        utilization_percent: None,
        temperature_c: None,
    };
    let vitals = SystemVitals {
        cpu_percent: None,
        ram_used_gb: Some(9.0),
        ram_total_gb: Some(10.0),
        process_rss_gb: None,
        gpus: vec![gpu(0, None), gpu(3, Some(15.0))],
    };
    // 0.90 itself is not above 0.90.
    let seen: Vec<_> =
        memory_anomalies(&vitals).into_iter().map(|a| (a.subject, a.value, a.batch_idx)).collect();
    assert_eq!(seen, [(Some("cuda:3".to_owned()), Some(0.9375), None)]);
    let full = SystemVitals { ram_used_gb: Some(9.3), gpus: Vec::new(), ..vitals };
    let seen = memory_anomalies(&full);
    assert_eq!((seen[0].subject.as_deref(), seen[0].threshold), (Some("RAM"), Some(0.9)));
    assert!(memory_anomalies(&SystemVitals { ram_total_gb: None, ..full }).is_empty());
}
