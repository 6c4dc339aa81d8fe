//! What an update tells the world, number by number; the tests that the records of policy, value and gradients name.

#[path = "support/run.rs"]
mod run;
#[path = "support/small.rs"]
mod small;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "support/told.rs"]
mod told;

use leyline::{Event, PpoUpdateCompleted, SkipReason};
use simic_training::diagnostics::{
    AdvantageStats, Evaluated, GradientStats, PolicyStats, RolloutStats,
};
use simic_training::emission::ppo_update_completed;
use simic_training::env::End;
use simic_training::gae::td_errors;
use simic_training::update::{Skip, UpdateOutcome, UpdateStats, advantages_in_loss};

use small::small;
use told::events_of;

/// An update of which nothing was measured.
fn silent() -> UpdateStats {
    UpdateStats {
        transitions: 0,
        optimizer_steps: 1,
        passes_run: 1,
        early_stop_epoch: None,
        nan_grad_count: 0,
        inf_grad_count: 0,
        rollout: RolloutStats::of(&[], &[], &[]),
        advantages: AdvantageStats::of(&[]),
        policy: PolicyStats::of(&Evaluated::default(), 0.2),
        gradients: GradientStats::of(&[]),
        learning_rate: 1e-3,
        entropy_coef: 0.01,
    }
}

fn tell(stats: &UpdateStats, skip: Option<Skip>) -> PpoUpdateCompleted {
    ppo_update_completed(7, 84.4, &UpdateOutcome { stats: stats.clone(), skip })
}

/// Expects a number in the event of an applied update, none without a measurement, and none of a skipped update.
#[track_caller]
fn check(stats: &UpdateStats, field: fn(&PpoUpdateCompleted) -> Option<f64>, expected: f64) {
    let seen = field(&tell(stats, None)).expect("it was measured");
    assert!((seen - expected).abs() < 1e-7 || seen.to_bits() == expected.to_bits(), "{seen}");
    assert_eq!(field(&tell(&silent(), None)), None, "it was not measured");
    assert_eq!(field(&tell(stats, Some(Skip::KlLimit))), None, "its steps were not made");
}

/// An update of samples with these importance ratios, at a clip range of 0.2.
fn ratios(ratios: &[f64]) -> UpdateStats {
    let seen = Evaluated {
        log_ratios: ratios.iter().map(|ratio| ratio.ln()).collect(),
        ..Evaluated::default()
    };
    UpdateStats { policy: PolicyStats::of(&seen, 0.2), ..silent() }
}

/// An update of samples of which something else was seen.
fn seen(seen: &Evaluated) -> UpdateStats {
    UpdateStats { policy: PolicyStats::of(seen, 0.2), ..silent() }
}

/// An update whose advantages enter the loss as they are.
fn advantages(raw: &[f64]) -> UpdateStats {
    UpdateStats { advantages: AdvantageStats::of(&advantages_in_loss(raw, false)), ..silent() }
}

/// An update with these outputs of the critic and these value targets.
fn critic(values: &[f64], targets: &[f64]) -> UpdateStats {
    UpdateStats { rollout: RolloutStats::of(values, targets, &[]), ..silent() }
}

/// An update of three transitions whose one-step errors are -2, 1 and 4: no future after any of them.
fn errors() -> UpdateStats {
    let errors = td_errors(&[1.0, 4.0, 7.0], &[3.0; 3], &[9.0; 3], &[End::Terminated; 3], 0.9);
    UpdateStats { rollout: RolloutStats::of(&[], &[], &errors), ..silent() }
}

/// An update of two steps with these norms of three tensors.
fn norms(first: [f64; 3], second: [f64; 3]) -> UpdateStats {
    UpdateStats { gradients: GradientStats::of(&[first.to_vec(), second.to_vec()]), ..silent() }
}

/// The updates of a run of four small batches.
fn updates(change: impl FnOnce(&mut simic_training::config::Config)) -> Vec<PpoUpdateCompleted> {
    let mut config = small(4);
    change(&mut config);
    let events = events_of(config);
    let update = |event: &Event| {
        if let Event::PpoUpdateCompleted(update) = event { Some((**update).clone()) } else { None }
    };
    let updates: Vec<_> = events.iter().filter_map(|envelope| update(&envelope.event)).collect();
    assert_eq!(updates.len(), 4, "one per batch");
    updates
}

#[test]
fn tele_100_an_update_that_made_a_step_is_not_skipped() {
    assert!(!tell(&silent(), None).skipped);
    assert!(updates(|_| ()).iter().all(|update| !update.skipped && update.kl_divergence.is_some()));
}

#[test]
fn tele_101_every_skip_is_told_with_its_reason() {
    let skips = [
        (Skip::NonfiniteGradient { value: 0.0 }, "nonfinite_gradient"),
        (Skip::KlLimit, "kl_limit"),
        (Skip::EmptyRollout, "empty_rollout"),
    ];
    for (skip, word) in skips {
        let update = tell(&silent(), Some(skip));
        assert!(update.skipped);
        assert_eq!(update.skip_reason.as_ref().map(SkipReason::as_str), Some(word));
    }
    assert_eq!(tell(&silent(), None).skip_reason, None);
}

#[test]
fn tele_102_early_stop_names_the_pass() {
    let stopped = UpdateStats { early_stop_epoch: Some(3), ..silent() };
    assert_eq!(tell(&stopped, None).early_stop_epoch, Some(3));
    assert_eq!(tell(&silent(), None).early_stop_epoch, None);
    // A target that every divergence exceeds stops each update after its first step.
    let strict = updates(|config| config.hyper.target_kl = Some(1e-30));
    assert!(strict.iter().all(|update| update.early_stop_epoch == Some(1)), "{strict:?}");
}

#[test]
fn tele_103_update_time_is_told_also_of_a_skipped_update() {
    assert_eq!(tell(&silent(), None).update_time_ms, Some(84.4));
    assert_eq!(tell(&silent(), Some(Skip::EmptyRollout)).update_time_ms, Some(84.4));
}

#[test]
fn tele_104_learning_rate_falls_to_the_end_of_the_plan() {
    let rates = |anneal| {
        let told = updates(|config| {
            (config.hyper.learning_rate, config.hyper.anneal_learning_rate) = (8e-4, anneal);
        });
        told.iter().map(|update| (1e4 * update.learning_rate.unwrap()).round()).collect::<Vec<_>>()
    };
    assert_eq!(rates(true), [8.0, 6.0, 4.0, 2.0]);
    assert_eq!(rates(false), [8.0; 4]);
}

#[test]
fn tele_105_entropy_coefficient_is_the_configured_one() {
    let told = updates(|config| config.hyper.entropy_coef = 0.025);
    assert!(told.iter().all(|update| update.entropy_coef == Some(0.025)));
}

#[test]
fn tele_110_kl_divergence_is_the_k3_estimate() {
    // Mean of ratio - 1 - ln(ratio): 0.1 - ln 1.1 and -0.1 - ln 0.9.
    check(&ratios(&[1.1, 0.9]), |update| update.kl_divergence, 0.005_025_167_9);
    check(&ratios(&[1.0, 1.0]), |update| update.kl_divergence, 0.0);
}

#[test]
fn tele_120_entropy_is_the_mean_over_the_samples() {
    let stats = seen(&Evaluated { entropies: vec![0.6, 0.2, 0.1], ..Evaluated::default() });
    check(&stats, |update| update.entropy, 0.3);
}

#[test]
fn tele_130_clip_fraction_counts_both_sides() {
    check(&ratios(&[1.25, 1.0, 0.7, 1.2]), |update| update.clip_fraction, 0.5);
}

#[test]
fn tele_131_policy_loss_is_the_surrogate_without_other_terms() {
    let seen_losses = Evaluated {
        policy_losses: vec![-0.3, 0.1],
        value_losses: vec![50.0, 50.0],
        entropies: vec![9.0, 9.0],
        ..Evaluated::default()
    };
    check(&seen(&seen_losses), |update| update.policy_loss, -0.1);
}

#[test]
fn tele_132_value_loss_is_the_mean_squared_error_not_halved() {
    let seen_losses = Evaluated { value_losses: vec![2.0, 4.0], ..Evaluated::default() };
    check(&seen(&seen_losses), |update| update.value_loss, 3.0);
}

#[test]
fn tele_135_clip_fraction_positive_counts_above_the_range() {
    check(&ratios(&[1.25, 1.3, 1.2, 0.7]), |update| update.clip_fraction_positive, 0.5);
}

#[test]
fn tele_136_clip_fraction_negative_counts_below_the_range() {
    check(&ratios(&[1.25, 0.8, 0.79, 0.7]), |update| update.clip_fraction_negative, 0.5);
}

#[test]
fn tele_140_advantage_std_is_one_after_normalisation() {
    check(&advantages(&[-3.0, 3.0]), |update| update.advantage_std, 3.0);
    let normal = AdvantageStats::of(&advantages_in_loss(&[1.0, 2.0, 6.0], true));
    check(&UpdateStats { advantages: normal, ..silent() }, |update| update.advantage_std, 1.0);
    // Equal advantages meet the floor of the normalisation: nothing to learn, and the spread says so.
    let equal = AdvantageStats::of(&advantages_in_loss(&[2.0; 4], true));
    check(&UpdateStats { advantages: equal, ..silent() }, |update| update.advantage_std, 0.0);
}

#[test]
fn tele_141_advantage_mean_is_zero_after_normalisation() {
    check(&advantages(&[1.0, 2.0]), |update| update.advantage_mean, 1.5);
    let normal = AdvantageStats::of(&advantages_in_loss(&[1.0, 2.0, 6.0], true));
    check(&UpdateStats { advantages: normal, ..silent() }, |update| update.advantage_mean, 0.0);
}

#[test]
fn tele_142_advantage_skewness_is_the_third_standardised_moment() {
    // -3, -2, -1 and 6 around the mean: m2 = 12.5, m3 = 45.
    let stats = advantages(&[1.0, 2.0, 3.0, 10.0]);
    check(&stats, |update| update.advantage_skewness, 45.0 / 12.5_f64.powf(1.5));
}

#[test]
fn tele_143_advantage_kurtosis_is_the_excess_over_a_normal_distribution() {
    let stats = advantages(&[1.0, 2.0, 3.0, 10.0]);
    check(&stats, |update| update.advantage_kurtosis, 348.5 / 156.25 - 3.0);
}

#[test]
fn tele_144_advantage_positive_ratio_does_not_count_zero() {
    let stats = advantages(&[-1.0, 0.0, 0.5, 2.0]);
    check(&stats, |update| update.advantage_positive_ratio, 0.5);
}

#[test]
fn tele_150_ratio_max_is_the_largest_ratio() {
    check(&ratios(&[0.5, 2.5, 1.0]), |update| update.ratio_max, 2.5);
    check(&ratios(&[1.0, f64::INFINITY]), |update| update.ratio_max, f64::INFINITY);
}

#[test]
fn tele_152_ratio_mean_is_the_mean_ratio() {
    check(&ratios(&[0.5, 2.5, 1.5]), |update| update.ratio_mean, 1.5);
}

#[test]
fn tele_153_ratio_min_is_the_smallest_ratio() {
    check(&ratios(&[0.5, 2.5, 1.0]), |update| update.ratio_min, 0.5);
}

#[test]
fn tele_154_ratio_std_is_the_population_spread() {
    check(&ratios(&[0.5, 1.5]), |update| update.ratio_std, 0.5);
}

fn log_probabilities() -> UpdateStats {
    seen(&Evaluated { log_probs: vec![-0.5, -60.0, 0.25], ..Evaluated::default() })
}

#[test]
fn tele_160_log_probability_min_is_that_of_the_least_expected_action() {
    check(&log_probabilities(), |update| update.log_prob_min, -60.0);
}

#[test]
fn tele_161_log_probability_max_may_be_positive() {
    check(&log_probabilities(), |update| update.log_prob_max, 0.25);
}

#[test]
fn tele_200_explained_variance_falls_below_zero_for_a_bad_critic() {
    let of = |update: &PpoUpdateCompleted| update.explained_variance;
    check(&critic(&[1.0, 2.0, 3.0], &[0.0, 2.0, 4.0]), of, 0.75);
    check(&critic(&[4.0, 2.0, 0.0], &[0.0, 2.0, 4.0]), of, -3.0);
    assert_eq!(of(&tell(&critic(&[1.0, 3.0], &[2.0, 2.0]), None)), None, "targets without spread");
}

#[test]
fn tele_210_value_mean_is_that_of_the_critic() {
    check(&critic(&[1.0, 2.0, 6.0], &[9.0; 3]), |update| update.value_mean, 3.0);
}

#[test]
fn tele_211_value_std_is_the_population_spread() {
    check(&critic(&[1.0, 3.0], &[9.0; 2]), |update| update.value_std, 1.0);
}

#[test]
fn tele_212_value_min_is_the_smallest_output() {
    check(&critic(&[1.0, -2.0, 6.0], &[9.0; 3]), |update| update.value_min, -2.0);
}

#[test]
fn tele_213_value_max_is_the_largest_output() {
    check(&critic(&[1.0, -2.0, 6.0], &[9.0; 3]), |update| update.value_max, 6.0);
}

#[test]
fn tele_220_v_return_correlation_does_not_see_scale() {
    let of = |update: &PpoUpdateCompleted| update.v_return_correlation;
    check(&critic(&[1.0, 2.0, 3.0], &[10.0, 20.0, 30.0]), of, 1.0);
    check(&critic(&[3.0, 2.0, 1.0], &[10.0, 20.0, 30.0]), of, -1.0);
}

#[test]
fn tele_221_td_error_mean_is_signed() {
    check(&errors(), |update| update.td_error_mean, 1.0);
}

#[test]
fn tele_222_td_error_std_is_the_population_spread() {
    check(&errors(), |update| update.td_error_std, 6.0_f64.sqrt());
}

#[test]
fn tele_223_bellman_error_is_absolute_and_not_squared() {
    check(&errors(), |update| update.bellman_error, 7.0 / 3.0);
}

/// Targets whose quantiles, moments and spread differ.
fn targets() -> UpdateStats {
    critic(&[0.0; 4], &[30.0, 0.0, 20.0, 10.0])
}

#[test]
fn tele_224_return_p10_lies_between_its_neighbours() {
    check(&targets(), |update| update.return_p10, 3.0);
}

#[test]
fn tele_225_return_p50_is_the_median() {
    check(&targets(), |update| update.return_p50, 15.0);
}

#[test]
fn tele_226_return_p90_lies_between_its_neighbours() {
    check(&targets(), |update| update.return_p90, 27.0);
}

#[test]
fn tele_227_return_variance_is_in_squared_units() {
    check(&targets(), |update| update.return_variance, 125.0);
}

#[test]
fn tele_228_return_skewness_is_positive_with_a_tail_above() {
    let stats = critic(&[0.0; 4], &[1.0, 2.0, 3.0, 10.0]);
    check(&stats, |update| update.return_skewness, 45.0 / 12.5_f64.powf(1.5));
}

#[test]
fn tele_229_return_mean_is_that_of_the_value_targets() {
    check(&targets(), |update| update.return_mean, 15.0);
}

#[test]
fn tele_230_return_std_is_the_root_of_the_variance() {
    check(&targets(), |update| update.return_std, 125.0_f64.sqrt());
}

#[test]
fn tele_300_nan_gradients_are_told_also_of_a_skipped_update() {
    let stats = UpdateStats { nan_grad_count: 64, inf_grad_count: 2, ..silent() };
    let skip = Skip::NonfiniteGradient { value: f64::NAN };
    assert_eq!(tell(&stats, Some(skip)).nan_grad_count, Some(64));
    assert_eq!(tell(&silent(), None).nan_grad_count, Some(0));
}

#[test]
fn tele_301_inf_gradients_are_told_also_of_a_skipped_update() {
    let stats = UpdateStats { nan_grad_count: 64, inf_grad_count: 2, ..silent() };
    let skip = Skip::NonfiniteGradient { value: f64::INFINITY };
    assert_eq!(tell(&stats, Some(skip)).inf_grad_count, Some(2));
    assert_eq!(tell(&silent(), None).inf_grad_count, Some(0));
}

#[test]
fn tele_310_gradient_norm_is_the_mean_over_the_steps_before_clipping() {
    // 5 and 13, far above any limit of clipping.
    let stats = norms([3.0, 4.0, 0.0], [0.0, 5.0, 12.0]);
    check(&stats, |update| update.grad_norm, 9.0);
}

#[test]
fn tele_330_gradient_cv_needs_two_steps() {
    check(&norms([3.0, 4.0, 0.0], [0.0, 9.0, 12.0]), |update| update.gradient_cv, 0.5);
    let one = GradientStats::of(&[vec![3.0, 4.0]]);
    assert_eq!(tell(&UpdateStats { gradients: one, ..silent() }, None).gradient_cv, None);
}

#[test]
fn tele_331_dead_layers_are_judged_by_their_mean_norm() {
    // The second tensor is dead in the first step only.
    let stats = norms([0.0, 0.0, 1.0], [1e-9, 1.0, 1.0]);
    check(&stats, |update| update.dead_layers.map(f64::from), 1.0);
}

#[test]
fn tele_332_exploding_layers_are_judged_by_their_mean_norm() {
    // 105 and 95 on average; only the first is above 100.
    let stats = norms([150.0, 90.0, 1.0], [60.0, 100.0, 1.0]);
    check(&stats, |update| update.exploding_layers.map(f64::from), 1.0);
}
