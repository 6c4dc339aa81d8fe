//! The list of alerts: which one is chosen, which ones somebody has acknowledged, and the way to where one began.

use std::collections::{BTreeMap, BTreeSet};

use karn_sanctum::{Alert, AlertsView, RunKey};
use leyline::RunId;

use super::{App, Overlay};
use crate::kept::Known;
use crate::message::Effect;
use crate::time::Goal;
use crate::when::When;

/// The alerts that somebody has acknowledged, by run.
pub(super) type Acknowledged = BTreeMap<RunId, BTreeSet<Known>>;

impl App {
    /// Returns the alerts at the moment that is shown.
    pub(crate) fn alerts(&self) -> &AlertsView {
        &self.shown.alerts
    }

    /// Returns what lasts and nobody has acknowledged, worst first.
    pub(crate) fn worries(&self) -> Vec<&Alert> {
        let mut open = self.shown.alerts.open();
        open.retain(|alert| !self.is_known(alert));
        open
    }

    /// Returns the numbers of the alerts of the group shown that somebody has acknowledged.
    pub(crate) fn acknowledged(&self) -> BTreeSet<u64> {
        let known = self.shown.alerts.list.iter().filter(|alert| self.is_known(alert));
        known.map(|alert| alert.number).collect()
    }

    /// Returns what was acknowledged of the run that is shown.
    pub(super) fn known(&self) -> BTreeSet<Known> {
        self.run_id().and_then(|run| self.acknowledged.get(run)).cloned().unwrap_or_default()
    }

    /// Takes over what was acknowledged of the run that is shown.
    pub(super) fn set_known(&mut self, known: BTreeSet<Known>) {
        if let Some(run) = self.run_id().cloned() {
            self.acknowledged.insert(run, known);
        }
    }

    /// Says something until the next key, such as that the command for alerts failed.
    pub(crate) fn say(&mut self, text: String) {
        self.notice = Some(text);
        self.refresh_bar();
    }

    /// Returns the alert that is chosen in the list.
    pub(crate) fn chosen_alert(&self) -> Option<&Alert> {
        let Overlay::Alerts(chosen) = self.overlay else { return None };
        self.shown.alerts.list.iter().rev().nth(chosen)
    }

    /// Goes to the batch in which the chosen alert began.
    pub(super) fn go_to_alert(&mut self) -> Effect {
        let batch = self.chosen_alert().and_then(|alert| alert.first.batch);
        let Some(batch) = batch else { return Effect::None };
        self.overlay = Overlay::None;
        self.go(Goal::When(When::Batch(batch)))
    }

    /// Acknowledges the chosen alert, or takes that back.
    pub(super) fn acknowledge(&mut self) {
        let Some((run, alert)) = self.chosen_alert().and_then(|alert| self.identity(alert)) else {
            return;
        };
        let known = self.acknowledged.entry(run).or_default();
        if !known.remove(&alert) {
            known.insert(alert);
        }
    }

    fn is_known(&self, alert: &Alert) -> bool {
        self.identity(alert).is_some_and(|(run, alert)| {
            self.acknowledged.get(&run).is_some_and(|known| known.contains(&alert))
        })
    }

    /// Returns what an alert of the group shown is known by.
    fn identity(&self, alert: &Alert) -> Option<(RunId, Known)> {
        let RunKey { run_id, group_id } = self.group()?.clone();
        Some((run_id, Known { group: group_id, rule: alert.rule, batch: alert.first.batch }))
    }

    fn group(&self) -> Option<&RunKey> {
        self.shown.groups.get(self.shown.shown)
    }
}
