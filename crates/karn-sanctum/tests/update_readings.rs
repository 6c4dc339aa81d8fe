//! Every reading of an update: stored alone, kept while it is absent, not taken from a skipped update, forgotten by a new run;
//! the tests that the records of policy, value and gradients name.

use leyline::{PpoUpdateCompleted, SkipReason};

use karn_sanctum::{LastUpdate, PolicyView, Reading};

use crate::support::{Feed, skipped, start, update, with};

/// Returns a run whose policy can have 0.693 nats.
pub(crate) fn run() -> Feed {
    Feed::new().at(0.0, with(start(20, 0), |start| start.max_entropy = Some(0.693)))
}

pub(crate) fn view(feed: &Feed) -> PolicyView {
    feed.now(9.0).policy
}

/// Expects value, batch and freshness of a reading.
#[track_caller]
pub(crate) fn holds<T: PartialEq + std::fmt::Debug>(
    reading: Option<Reading<T>>,
    value: T,
    batch: u64,
    fresh: bool,
) {
    let reading = reading.expect("it was measured");
    let place = (reading.value, reading.batch, reading.mono_ns.0, reading.fresh);
    assert_eq!(place, (value, Some(batch), batch * 1_000_000_000, fresh));
}

/// The life of a reading that only applied updates bring. Whatever else moves with it is named.
macro_rules! measured {
    ($field:ident, $first:expr, $second:expr $(, moves $other:ident)*) => {{
        let bring = |batch, value| with(update(batch), |update| update.$field = Some(value));
        let feed = run().at(1.0, bring(1, $first));
        holds(view(&feed).$field, $first, 1, true);
        alone!($field, view(&feed) $(, $other)*);
        let feed = feed.at(2.0, update(2));
        holds(view(&feed).$field, $first, 1, false);
        let failed = skipped(3, SkipReason::KlLimit);
        let feed = feed.at(3.0, with(failed, |update| update.$field = Some($second)));
        holds(view(&feed).$field, $first, 1, false);
        let feed = feed.at(4.0, bring(4, $second));
        holds(view(&feed).$field, $second, 4, true);
        forgotten!($field, feed);
    }};
}

/// Nothing but the reading, and what is named, differs from an update that measured nothing.
macro_rules! alone {
    ($field:ident, $found:expr $(, $other:ident)*) => {{
        let (mut found, plain) = ($found, view(&run().at(1.0, update(1))));
        assert_eq!(plain.$field, None);
        found.$field = None;
        $(
            assert_ne!(found.$other, plain.$other, stringify!($other));
            found.$other.clone_from(&plain.$other);
        )*
        assert_eq!(found, plain);
    }};
}

/// A new run of the same group begins without it.
macro_rules! forgotten {
    ($field:ident, $feed:expr) => {
        assert_eq!(view(&$feed.at(5.0, start(9, 0))).$field, None)
    };
}

/// The life of a reading that skipped updates bring too.
macro_rules! always {
    ($field:ident, $first:expr, $second:expr) => {{
        let bring = |update, value| {
            with(update, |update: &mut PpoUpdateCompleted| update.$field = Some(value))
        };
        let feed = run().at(1.0, bring(update(1), $first));
        holds(view(&feed).$field, $first, 1, true);
        alone!($field, view(&feed));
        let feed = feed.at(2.0, update(2));
        holds(view(&feed).$field, $first, 1, false);
        let feed = feed.at(3.0, bring(skipped(3, SkipReason::NonfiniteLoss), $second));
        holds(view(&feed).$field, $second, 3, true);
        forgotten!($field, feed);
    }};
}

#[test]
fn tele_100_ppo_data_received_waits_for_an_applied_update() {
    let feed = run();
    assert!(!view(&feed).ppo_data_received);
    let feed = feed.at(1.0, skipped(1, SkipReason::KlLimit));
    assert!(!view(&feed).ppo_data_received);
    let feed = feed.at(2.0, update(2)).at(3.0, skipped(3, SkipReason::KlLimit));
    assert!(view(&feed).ppo_data_received);
    assert!(!view(&feed.at(4.0, start(9, 0))).ppo_data_received);
}

#[test]
fn tele_101_updates_skipped_counts_since_start() {
    let feed = run().at(1.0, update(1));
    assert_eq!(view(&feed).updates_skipped, Some(0));
    let feed = feed.at(2.0, skipped(2, SkipReason::KlLimit)).at(3.0, update(3));
    let feed = feed.at(4.0, skipped(4, SkipReason::NonfiniteLoss));
    assert_eq!(view(&feed).updates_skipped, Some(2));
    assert_eq!(view(&feed.at(5.0, start(9, 0))).updates_skipped, Some(0));
}

#[test]
fn tele_102_early_stop_belongs_to_the_latest_applied_update() {
    let feed = run().at(1.0, with(update(1), |update| update.early_stop_epoch = Some(3)));
    holds(view(&feed).early_stop_epoch, 3, 1, true);
    alone!(early_stop_epoch, view(&feed));
    let failed = with(skipped(2, SkipReason::KlLimit), |update| update.early_stop_epoch = Some(1));
    let feed = feed.at(2.0, failed);
    holds(view(&feed).early_stop_epoch, 3, 1, false);
    assert_eq!(view(&feed.at(3.0, update(3))).early_stop_epoch, None, "it ran to its end");
}

#[test]
fn tele_103_update_time_is_that_of_the_latest_update() {
    always!(update_time_ms, 84.4, 3.0);
}

#[test]
fn tele_104_learning_rate_is_that_of_the_latest_applied_update() {
    measured!(learning_rate, 3e-4, 1e-4);
}

#[test]
fn tele_105_entropy_coefficient_is_that_of_the_latest_applied_update() {
    measured!(entropy_coef, 0.01, 0.005);
}

#[test]
fn tele_110_kl_divergence_is_that_of_the_latest_applied_update() {
    measured!(kl_divergence, 0.01, 0.02, moves kl_divergence_history);
}

#[test]
fn tele_120_entropy_is_that_of_the_latest_applied_update() {
    measured!(entropy, 0.6, 0.5, moves entropy_history, moves entropy_collapsed);
}

#[test]
fn tele_130_clip_fraction_is_that_of_the_latest_applied_update() {
    measured!(clip_fraction, 0.1, 0.2);
}

#[test]
fn tele_131_policy_loss_is_that_of_the_latest_applied_update() {
    measured!(policy_loss, -0.0123, 0.5, moves policy_loss_history);
}

#[test]
fn tele_132_value_loss_is_that_of_the_latest_applied_update() {
    measured!(value_loss, 18.4, 2.0, moves value_loss_history);
}

#[test]
fn tele_135_clip_fraction_positive_is_that_of_the_latest_applied_update() {
    measured!(clip_fraction_positive, 0.1, 0.2);
}

#[test]
fn tele_136_clip_fraction_negative_is_that_of_the_latest_applied_update() {
    measured!(clip_fraction_negative, 0.1, 0.2);
}

#[test]
fn tele_140_advantage_std_is_that_of_the_latest_applied_update() {
    measured!(advantage_std, 1.0, 0.4);
}

#[test]
fn tele_141_advantage_mean_is_that_of_the_latest_applied_update() {
    measured!(advantage_mean, 0.0, -0.2);
}

#[test]
fn tele_142_advantage_skewness_is_that_of_the_latest_applied_update() {
    measured!(advantage_skewness, 0.4, -0.6);
}

#[test]
fn tele_143_advantage_kurtosis_is_that_of_the_latest_applied_update() {
    measured!(advantage_kurtosis, -0.5, 4.0);
}

#[test]
fn tele_144_advantage_positive_ratio_is_that_of_the_latest_applied_update() {
    measured!(advantage_positive_ratio, 0.5, 0.7);
}

#[test]
fn tele_150_ratio_max_is_that_of_the_latest_applied_update() {
    measured!(ratio_max, 1.4, 2.5);
}

#[test]
fn tele_152_ratio_mean_is_that_of_the_latest_applied_update() {
    measured!(ratio_mean, 1.0, 1.02);
}

#[test]
fn tele_153_ratio_min_is_that_of_the_latest_applied_update() {
    measured!(ratio_min, 0.7, 0.4);
}

#[test]
fn tele_154_ratio_std_is_that_of_the_latest_applied_update() {
    measured!(ratio_std, 0.1, 0.6);
}

#[test]
fn tele_160_log_probability_min_is_that_of_the_latest_applied_update() {
    measured!(log_prob_min, -4.0, -60.0);
}

#[test]
fn tele_161_log_probability_max_is_that_of_the_latest_applied_update() {
    measured!(log_prob_max, -0.1, 0.3);
}

#[test]
fn tele_193_last_update_is_the_latest_event_applied_or_skipped() {
    let feed = run();
    assert_eq!(view(&feed).last_update, None);
    let feed = feed.at(1.0, update(1));
    let of = |batch, skip_reason: Option<SkipReason>| LastUpdate {
        batch,
        skipped: skip_reason.is_some(),
        skip_reason,
    };
    assert_eq!(view(&feed).last_update, Some(of(1, None)));
    let feed = feed.at(2.0, skipped(2, SkipReason::EmptyRollout));
    assert_eq!(view(&feed).last_update, Some(of(2, Some(SkipReason::EmptyRollout))));
    let feed = feed.at(3.0, update(3));
    assert_eq!(view(&feed).last_update, Some(of(3, None)));
    forgotten!(last_update, feed);
}

#[test]
fn tele_200_explained_variance_is_that_of_the_latest_applied_update() {
    measured!(explained_variance, 0.8, -0.1);
}

#[test]
fn tele_210_value_mean_is_that_of_the_latest_applied_update() {
    measured!(value_mean, 12.0, 14.0);
}

#[test]
fn tele_211_value_std_is_that_of_the_latest_applied_update() {
    measured!(value_std, 3.0, 0.001);
}

#[test]
fn tele_212_value_min_is_that_of_the_latest_applied_update() {
    measured!(value_min, -3.0, -6000.0);
}

#[test]
fn tele_213_value_max_is_that_of_the_latest_applied_update() {
    measured!(value_max, 30.0, 6000.0);
}

#[test]
fn tele_220_v_return_correlation_is_that_of_the_latest_applied_update() {
    measured!(v_return_correlation, 0.9, 0.2);
}

#[test]
fn tele_221_td_error_mean_is_that_of_the_latest_applied_update() {
    measured!(td_error_mean, 0.2, -6.0);
}

#[test]
fn tele_222_td_error_std_is_that_of_the_latest_applied_update() {
    measured!(td_error_std, 2.0, 3.0);
}

#[test]
fn tele_223_bellman_error_is_that_of_the_latest_applied_update() {
    measured!(bellman_error, 1.5, 21.0);
}

#[test]
fn tele_224_return_p10_is_that_of_the_latest_applied_update() {
    measured!(return_p10, 3.0, 4.0);
}

#[test]
fn tele_225_return_p50_is_that_of_the_latest_applied_update() {
    measured!(return_p50, 15.0, 16.0);
}

#[test]
fn tele_226_return_p90_is_that_of_the_latest_applied_update() {
    measured!(return_p90, 27.0, 28.0);
}

#[test]
fn tele_227_return_variance_is_that_of_the_latest_applied_update() {
    measured!(return_variance, 125.0, 130.0);
}

#[test]
fn tele_228_return_skewness_is_that_of_the_latest_applied_update() {
    measured!(return_skewness, 0.1, -1.5);
}

#[test]
fn tele_229_return_mean_is_that_of_the_latest_applied_update() {
    measured!(return_mean, 15.0, 17.0);
}

#[test]
fn tele_230_return_std_is_that_of_the_latest_applied_update() {
    measured!(return_std, 11.0, 12.0);
}

#[test]
fn tele_300_nan_gradients_are_those_of_the_latest_update() {
    always!(nan_grad_count, 0, 64);
}

#[test]
fn tele_301_inf_gradients_are_those_of_the_latest_update() {
    always!(inf_grad_count, 0, 2);
}

#[test]
fn tele_310_gradient_norm_is_that_of_the_latest_applied_update() {
    measured!(grad_norm, 1.0, 6.0, moves grad_norm_history);
}

#[test]
fn tele_330_gradient_cv_is_that_of_the_latest_applied_update() {
    measured!(gradient_cv, 0.2, 0.6);
}

#[test]
fn tele_331_dead_layers_are_those_of_the_latest_applied_update() {
    measured!(dead_layers, 0, 1);
}

#[test]
fn tele_332_exploding_layers_are_those_of_the_latest_applied_update() {
    measured!(exploding_layers, 0, 3);
}
