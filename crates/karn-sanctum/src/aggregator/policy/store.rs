//! Which field of an update becomes which reading, and by which limit it is judged.

use leyline::threshold::{self, Band};
use leyline::{Health, PpoUpdateCompleted};

use crate::reading::{Number, Reading, Stamp};
use crate::settings::Settings;
use crate::snapshot::PolicyView;
use crate::verdict;

/// How the fields of one update are stored.
#[derive(Clone, Copy)]
pub(super) struct Store {
    pub(super) stamp: Stamp,
    /// Whether the update changed the parameters; only then its measurements count.
    pub(super) applied: bool,
}

/// Makes the table of the readings of an update into the functions that store and judge them. Fields of `measured` count
/// in applied updates only, those of `always` in all; the pattern names every field of the payload, so that a new one cannot
/// be forgotten.
macro_rules! readings {
    ($entropy_band:ident;
     measured { $($field:ident: $band:expr,)+ }
     always { $($always:ident: $always_band:expr,)+ }
     elsewhere { $($other:ident,)+ }) => {
        impl Store {
            /// Stores every field that is a reading. `max_entropy`: that of the run; without it entropy has no limit.
            pub(super) fn measure(
                self,
                view: &mut PolicyView,
                update: &PpoUpdateCompleted,
                max_entropy: Option<f64>,
            ) {
                let $entropy_band = max_entropy.map(|_| &threshold::ENTROPY);
                let PpoUpdateCompleted { $($field,)+ $($always,)+ $($other: _,)+ } = update;
                $(self.measured(&mut view.$field, *$field, $band);)+
                $(self.always(&mut view.$always, *$always, $always_band);)+
            }
        }

        /// Judges the readings again for which somebody has set a limit of their own, where they have one at all.
        pub(super) fn regrade(view: &mut PolicyView, settings: &Settings) {
            $(regrade_one(&mut view.$field, concat!("policy.", stringify!($field)), settings);)+
        }

        /// Judges every one of these readings again, each by its own limit.
        pub(super) fn judge(view: &mut PolicyView, $entropy_band: Option<&'static Band>) {
            $(rejudge(&mut view.$field, $band);)+
            $(rejudge(&mut view.$always, $always_band);)+
        }
    };
}

readings! { entropy_band;
    measured {
        learning_rate: None,
        entropy_coef: None,
        kl_divergence: Some(&threshold::KL_DIVERGENCE),
        entropy: entropy_band,
        clip_fraction: Some(&threshold::CLIP_FRACTION),
        clip_fraction_positive: None,
        clip_fraction_negative: None,
        policy_loss: None,
        value_loss: None,
        advantage_std: Some(&threshold::ADVANTAGE_STD),
        advantage_mean: Some(&threshold::ADVANTAGE_MEAN),
        advantage_skewness: Some(&threshold::ADVANTAGE_SKEWNESS),
        advantage_kurtosis: Some(&threshold::ADVANTAGE_KURTOSIS),
        advantage_positive_ratio: Some(&threshold::ADVANTAGE_POSITIVE_RATIO),
        ratio_max: Some(&threshold::RATIO_MAX),
        ratio_mean: None,
        ratio_min: Some(&threshold::RATIO_MIN),
        ratio_std: Some(&threshold::RATIO_STD),
        log_prob_min: Some(&threshold::LOG_PROB_MIN),
        log_prob_max: None,
        explained_variance: None,
        value_mean: None,
        value_std: None,
        value_min: Some(&threshold::VALUE_EXTREME),
        value_max: Some(&threshold::VALUE_EXTREME),
        v_return_correlation: None,
        td_error_mean: Some(&threshold::TD_ERROR_MEAN),
        td_error_std: None,
        bellman_error: Some(&threshold::BELLMAN_ERROR),
        return_p10: None,
        return_p50: None,
        return_p90: None,
        return_variance: None,
        return_skewness: Some(&threshold::RETURN_SKEWNESS),
        return_mean: None,
        return_std: None,
        grad_norm: Some(&threshold::GRAD_NORM),
        gradient_cv: Some(&threshold::GRADIENT_CV),
        dead_layers: Some(&threshold::BROKEN_LAYERS),
        exploding_layers: Some(&threshold::BROKEN_LAYERS),
    }
    always {
        nan_grad_count: Some(&threshold::NONFINITE_GRADIENTS),
        inf_grad_count: Some(&threshold::NONFINITE_GRADIENTS),
        update_time_ms: None,
    }
    elsewhere {
        batch_idx, skipped, skip_reason, early_stop_epoch,
        transitions, optimizer_steps, passes_run,
    }
}

/// Judges a reading again, by a limit or by none.
pub(in crate::aggregator) fn rejudge<T: Number>(
    slot: &mut Option<Reading<T>>,
    band: Option<&Band>,
) {
    if let Some(reading) = slot {
        reading.verdict = verdict::grade(band, reading.value.to_f64());
    }
}

/// Judges a reading again, by the own limit of its path or else by that of its record.
pub(in crate::aggregator) fn rejudge_by(
    settings: &Settings,
    slot: &mut Option<Reading>,
    path: &str,
    band: &Band,
) {
    if let Some(reading) = slot {
        reading.verdict = settings.grade(path, Some(band), reading.value);
    }
}

fn regrade_one<T: Number>(slot: &mut Option<Reading<T>>, path: &str, settings: &Settings) {
    if let Some(reading) = slot
        && reading.verdict != Health::Ungraded
        && settings.own_limit(path).is_some()
    {
        reading.verdict = settings.grade(path, None, reading.value.to_f64());
    }
}

impl Store {
    fn measured<T: Number>(
        self,
        slot: &mut Option<Reading<T>>,
        value: Option<T>,
        band: Option<&Band>,
    ) {
        self.always(slot, value.filter(|_| self.applied), band);
    }

    /// Replaces the reading, or ages the older one.
    fn always<T: Number>(
        self,
        slot: &mut Option<Reading<T>>,
        value: Option<T>,
        band: Option<&Band>,
    ) {
        match value {
            Some(value) => *slot = Some(self.stamp.read(value, band)),
            None => self.age(slot),
        }
    }

    /// Says of a reading whether it still belongs to the latest update.
    pub(super) fn age<T>(self, slot: &mut Option<Reading<T>>) {
        if let Some(reading) = slot {
            reading.fresh = reading.batch == self.stamp.batch;
        }
    }
}
