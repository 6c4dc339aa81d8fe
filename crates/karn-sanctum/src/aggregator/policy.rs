//! Folds updates into the readings of policy, value function and gradients.

use leyline::threshold::{self, Band};
use leyline::{Health, PpoUpdateCompleted, RunNs};

use crate::formula::correlation::{self, entropy_clip_correlation};
use crate::formula::risk::collapse_risk_score;
use crate::formula::trend::{self, TrendRule, trend};
use crate::formula::velocity::{self, entropy_velocity};
use crate::history::History;
use crate::reading::{Number, Reading, Stamp};
use crate::snapshot::{LastUpdate, PolicyView, Trend};
use crate::verdict;

/// What is known from the updates of a group.
#[derive(Debug, Clone)]
pub(super) struct Updates {
    /// Its histories stay empty; they are put in when a snapshot is taken.
    view: PolicyView,
    kl_divergence: History<f64>,
    entropy: History<f64>,
    policy_loss: History<f64>,
    value_loss: History<f64>,
    grad_norm: History<f64>,
    pairs: History<(f64, f64), { correlation::WINDOW }>,
}

/// Stores what an update measured. Fields of `measured` count in applied updates only, those of `always` in all; the
/// pattern names every field of the payload, so that a new one cannot be forgotten.
macro_rules! store {
    ($view:expr, $update:expr, $store:expr;
     measured { $($field:ident: $band:expr,)+ }
     always { $($always:ident: $always_band:expr,)+ }
     elsewhere { $($other:ident,)+ }) => {
        let PpoUpdateCompleted { $($field,)+ $($always,)+ $($other: _,)+ } = $update;
        $($store.measured(&mut $view.$field, *$field, $band);)+
        $($store.always(&mut $view.$always, *$always, $always_band);)+
    };
}

impl Updates {
    pub(super) fn new() -> Self {
        Self {
            view: PolicyView::empty(),
            kl_divergence: History::new(),
            entropy: History::new(),
            policy_loss: History::new(),
            value_loss: History::new(),
            grad_norm: History::new(),
            pairs: History::new(),
        }
    }

    /// Returns the batch of the latest update, applied or skipped.
    pub(super) fn latest_batch(&self) -> Option<u64> {
        self.view.last_update.as_ref().map(|update| update.batch)
    }

    /// Folds an update. `max_entropy`: that of the run in nats; without it entropy is not judged.
    pub(super) fn apply(
        &mut self,
        update: &PpoUpdateCompleted,
        mono_ns: RunNs,
        max_entropy: Option<f64>,
    ) {
        let stamp = Stamp { batch: Some(update.batch_idx), mono_ns };
        let store = Store { stamp, applied: !update.skipped };
        self.count(update, store);
        self.measure(update, store, max_entropy);
        if store.applied {
            self.remember(update);
        }
        self.derive(update, store, max_entropy);
    }

    /// Takes a picture of the readings.
    pub(super) fn view(&self) -> PolicyView {
        let mut view = self.view.clone();
        view.kl_divergence_history = self.kl_divergence.shared();
        view.entropy_history = self.entropy.shared();
        view.policy_loss_history = self.policy_loss.shared();
        view.value_loss_history = self.value_loss.shared();
        view.grad_norm_history = self.grad_norm.shared();
        view
    }

    fn count(&mut self, update: &PpoUpdateCompleted, store: Store) {
        self.view.last_update = Some(LastUpdate {
            batch: update.batch_idx,
            skipped: update.skipped,
            skip_reason: update.skip_reason.clone(),
        });
        if store.applied {
            self.view.ppo_data_received = true;
            let stopped = update.early_stop_epoch.map(|pass| store.stamp.read(pass, None));
            self.view.early_stop_epoch = stopped;
        } else {
            self.view.updates_skipped = self.view.updates_skipped.saturating_add(1);
            store.age(&mut self.view.early_stop_epoch);
        }
    }

    fn measure(&mut self, update: &PpoUpdateCompleted, store: Store, max_entropy: Option<f64>) {
        let entropy_band = max_entropy.map(|_| &threshold::ENTROPY);
        store! { self.view, update, store;
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
                explained_variance: Some(&threshold::EXPLAINED_VARIANCE),
                value_mean: None,
                value_std: None,
                value_min: Some(&threshold::VALUE_EXTREME),
                value_max: Some(&threshold::VALUE_EXTREME),
                v_return_correlation: Some(&threshold::V_RETURN_CORRELATION),
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
    }

    fn remember(&mut self, update: &PpoUpdateCompleted) {
        let view = &mut self.view;
        let add = |history: &mut History<f64>,
                   value: Option<f64>,
                   slot: &mut Option<Trend>,
                   rule: TrendRule| {
            if let Some(value) = value {
                history.push(value);
                *slot = trend(&history.latest(2 * trend::WINDOW), rule);
            }
        };
        add(
            &mut self.kl_divergence,
            update.kl_divergence,
            &mut view.kl_divergence_trend,
            trend::KL_DIVERGENCE,
        );
        add(
            &mut self.policy_loss,
            update.policy_loss,
            &mut view.policy_loss_trend,
            trend::POLICY_LOSS,
        );
        add(&mut self.value_loss, update.value_loss, &mut view.value_loss_trend, trend::VALUE_LOSS);
        add(&mut self.grad_norm, update.grad_norm, &mut view.grad_norm_trend, trend::GRAD_NORM);
        if let Some(entropy) = update.entropy {
            self.entropy.push(entropy);
            if let Some(clip) = update.clip_fraction {
                self.pairs.push((entropy, clip));
            }
        }
    }

    /// Renews what is computed from the histories and what is judged by several readings together.
    fn derive(&mut self, update: &PpoUpdateCompleted, store: Store, max_entropy: Option<f64>) {
        let view = &mut self.view;
        let entropy = update.entropy.filter(|_| store.applied);
        if let Some(entropy) = entropy {
            let slope = entropy_velocity(&self.entropy.latest(velocity::WINDOW));
            let previous = view.collapse_risk_score.map(|reading| reading.value);
            let risk = slope
                .zip(max_entropy)
                .and_then(|(slope, max)| collapse_risk_score(entropy, slope, max, previous));
            let read =
                |value: Option<f64>, band| value.map(|value| store.stamp.read(value, Some(band)));
            view.entropy_velocity = read(slope, &threshold::ENTROPY_VELOCITY);
            view.collapse_risk_score = read(risk, &threshold::COLLAPSE_RISK_SCORE);
        } else {
            store.age(&mut view.entropy_velocity);
            store.age(&mut view.collapse_risk_score);
        }
        if entropy.and(update.clip_fraction).is_some() {
            let value = entropy_clip_correlation(&self.pairs.latest(correlation::WINDOW));
            view.entropy_clip_correlation = value.map(|value| store.stamp.read(value, None));
        } else {
            store.age(&mut view.entropy_clip_correlation);
        }
        judge_together(view, max_entropy);
    }
}

fn judge_together(view: &mut PolicyView, max_entropy: Option<f64>) {
    let value = |reading: &Option<Reading>| reading.as_ref().map(|reading| reading.value);
    let range = value(&view.value_max).zip(value(&view.value_min)).map(|(max, min)| max - min);
    let (entropy, clip) = (value(&view.entropy), value(&view.clip_fraction));
    if let Some(std) = &mut view.value_std {
        std.verdict = verdict::value_std(std.value, range);
    }
    if let Some(correlation) = &mut view.entropy_clip_correlation {
        correlation.verdict = verdict::entropy_clip_correlation(correlation.value, entropy, clip);
    }
    view.entropy_collapsed = view.entropy.filter(|_| max_entropy.is_some()).map(|entropy| {
        let collapsed = entropy.verdict == Health::Critical;
        Reading {
            value: collapsed,
            batch: entropy.batch,
            mono_ns: entropy.mono_ns,
            fresh: entropy.fresh,
            verdict: verdict::alarm(collapsed),
        }
    });
}

/// How the fields of one update are stored.
#[derive(Clone, Copy)]
struct Store {
    stamp: Stamp,
    applied: bool,
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

    /// Replaces the reading, or says of the older one whether it still belongs to the latest update.
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

    fn age<T>(self, slot: &mut Option<Reading<T>>) {
        if let Some(reading) = slot {
            reading.fresh = reading.batch == self.stamp.batch;
        }
    }
}
