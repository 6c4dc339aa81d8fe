//! Folds updates into the readings of policy, value function and gradients.

use leyline::{Health, PpoUpdateCompleted, RunNs, threshold};

use crate::formula::correlation::{self, entropy_clip_correlation};
use crate::formula::risk::collapse_risk_score;
use crate::formula::trend::{self, TrendRule, trend};
use crate::formula::velocity::{self, entropy_velocity};
use crate::history::History;
use crate::reading::{Reading, Stamp};
use crate::settings::Settings;
use crate::snapshot::{LastUpdate, PolicyView, Trend};
use crate::verdict;

mod store;

use store::Store;
pub(super) use store::{rejudge, rejudge_by};

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
        settings: &Settings,
    ) {
        let stamp = Stamp { batch: Some(update.batch_idx), mono_ns };
        let store = Store { stamp, applied: !update.skipped };
        self.count(update, store);
        store.measure(&mut self.view, update, max_entropy);
        store::regrade(&mut self.view, settings);
        if store.applied {
            self.remember(update);
        }
        self.derive(update, store, max_entropy, settings);
    }

    /// Returns the readings, without histories.
    pub(super) const fn readings(&self) -> &PolicyView {
        &self.view
    }

    /// Returns roughly how much memory the histories take (bytes).
    pub(super) fn heap_bytes(&self) -> usize {
        let histories = [
            &self.kl_divergence,
            &self.entropy,
            &self.policy_loss,
            &self.value_loss,
            &self.grad_norm,
        ];
        let histories = histories.into_iter().map(History::heap_bytes).sum::<usize>();
        histories + self.pairs.heap_bytes()
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
            let before = self.view.updates_skipped;
            self.view.updates_skipped = before.map(|count| count.saturating_add(1));
            store.age(&mut self.view.early_stop_epoch);
        }
    }

    fn remember(&mut self, update: &PpoUpdateCompleted) {
        let view = &mut self.view;
        let kl_trend = &mut view.kl_divergence_trend;
        add(&mut self.kl_divergence, update.kl_divergence, kl_trend, trend::KL_DIVERGENCE);
        let loss_trend = &mut view.policy_loss_trend;
        add(&mut self.policy_loss, update.policy_loss, loss_trend, trend::POLICY_LOSS);
        let loss_trend = &mut view.value_loss_trend;
        add(&mut self.value_loss, update.value_loss, loss_trend, trend::VALUE_LOSS);
        let norm_trend = &mut view.grad_norm_trend;
        add(&mut self.grad_norm, update.grad_norm, norm_trend, trend::GRAD_NORM);
        if let Some(entropy) = update.entropy {
            self.entropy.push(entropy);
            if let Some(clip) = update.clip_fraction {
                self.pairs.push((entropy, clip));
            }
        }
    }

    /// Renews what is computed from the histories and what is judged by several readings together.
    fn derive(
        &mut self,
        update: &PpoUpdateCompleted,
        store: Store,
        max_entropy: Option<f64>,
        settings: &Settings,
    ) {
        let view = &mut self.view;
        let entropy = update.entropy.filter(|_| store.applied);
        if let Some(entropy) = entropy {
            let slope = entropy_velocity(&self.entropy.latest(velocity::WINDOW));
            let previous = view.collapse_risk_score.map(|reading| reading.value);
            let risk = slope
                .zip(max_entropy)
                .and_then(|(slope, max)| collapse_risk_score(entropy, slope, max, previous));
            let read = |value: Option<f64>, path, band| {
                value.map(|value| {
                    let verdict = settings.grade(path, Some(band), value);
                    store.stamp.judged(value, verdict)
                })
            };
            let band = &threshold::ENTROPY_VELOCITY;
            view.entropy_velocity = read(slope, ENTROPY_VELOCITY, band);
            let band = &threshold::COLLAPSE_RISK_SCORE;
            view.collapse_risk_score = read(risk, COLLAPSE_RISK_SCORE, band);
        } else {
            store.age(&mut view.entropy_velocity);
            store.age(&mut view.collapse_risk_score);
        }
        if entropy.and(update.clip_fraction).is_some() {
            let value = entropy_clip_correlation(&self.pairs.latest(correlation::WINDOW));
            // Judged below, together with others.
            view.entropy_clip_correlation = value.map(|value| store.stamp.read(value, None));
        } else {
            store.age(&mut view.entropy_clip_correlation);
        }
        judge_together(view, max_entropy, settings);
    }
}

/// Paths of TELE-121 and TELE-122, which are computed here and judged in two places.
const ENTROPY_VELOCITY: &str = "policy.entropy_velocity";
const COLLAPSE_RISK_SCORE: &str = "policy.collapse_risk_score";

/// Adds a point, if there is one, and renews the trend.
fn add(
    history: &mut History<f64>,
    point: Option<f64>,
    course: &mut Option<Trend>,
    rule: TrendRule,
) {
    if let Some(point) = point {
        history.push(point);
        *course = trend(&history.latest(2 * trend::WINDOW), rule);
    }
}

/// Gives the readings of an edited view their verdicts again. Whether the run has a largest entropy is not in the view, so an
/// entropy without a limit stays without.
pub(super) fn judge(view: &mut PolicyView, settings: &Settings) {
    let ungraded = view.entropy.is_some_and(|entropy| entropy.verdict == Health::Ungraded);
    store::judge(view, (!ungraded).then_some(&threshold::ENTROPY));
    rejudge(&mut view.early_stop_epoch, None);
    let (velocity, risk) = (&mut view.entropy_velocity, &mut view.collapse_risk_score);
    rejudge_by(settings, velocity, ENTROPY_VELOCITY, &threshold::ENTROPY_VELOCITY);
    rejudge_by(settings, risk, COLLAPSE_RISK_SCORE, &threshold::COLLAPSE_RISK_SCORE);
    store::regrade(view, settings);
    if let Some(collapsed) = &mut view.entropy_collapsed {
        collapsed.verdict = verdict::alarm(collapsed.value);
    }
    judge_by_others(view, settings);
}

/// Judges the readings whose limit holds under a condition on other readings.
fn judge_by_others(view: &mut PolicyView, settings: &Settings) {
    let value = |reading: &Option<Reading>| reading.as_ref().map(|reading| reading.value);
    let range = value(&view.value_max).zip(value(&view.value_min)).map(|(max, min)| max - min);
    let vary = verdict::returns_vary(value(&view.return_std), value(&view.return_mean));
    let (entropy, clip) = (value(&view.entropy), value(&view.clip_fraction));
    if let Some(std) = &mut view.value_std {
        std.verdict = verdict::value_std(settings, std.value, range, vary);
    }
    if let Some(explained) = &mut view.explained_variance {
        let band = Some(&threshold::EXPLAINED_VARIANCE);
        let limit = settings.grade("policy.explained_variance", band, explained.value);
        explained.verdict = verdict::of_critic(limit, explained.value, vary);
    }
    if let Some(correlation) = &mut view.v_return_correlation {
        let band = Some(&threshold::V_RETURN_CORRELATION);
        let limit = settings.grade("policy.v_return_correlation", band, correlation.value);
        correlation.verdict = verdict::of_critic(limit, correlation.value, vary);
    }
    if let Some(correlation) = &mut view.entropy_clip_correlation {
        let value = correlation.value;
        correlation.verdict = verdict::entropy_clip_correlation(settings, value, entropy, clip);
    }
}

/// Judges what depends on more than one reading.
fn judge_together(view: &mut PolicyView, max_entropy: Option<f64>, settings: &Settings) {
    judge_by_others(view, settings);
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
