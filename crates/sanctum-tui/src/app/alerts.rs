//! The list of alerts: which one is chosen, which ones somebody has acknowledged, and the way to where one began.

use std::collections::{BTreeMap, BTreeSet};

use karn_sanctum::{Alert, AlertsView, RunKey};

use super::{App, Overlay};
use crate::message::Effect;
use crate::time::Goal;
use crate::when::When;

/// Numbers of the alerts that somebody has acknowledged, by group.
pub(super) type Acknowledged = BTreeMap<RunKey, BTreeSet<u64>>;

impl App {
    /// Returns the alerts at the moment that is shown.
    pub(crate) fn alerts(&self) -> &AlertsView {
        &self.shown.alerts
    }

    /// Returns what lasts and nobody has acknowledged, worst first.
    pub(crate) fn worries(&self) -> Vec<&Alert> {
        let acknowledged = self.acknowledged();
        let mut open = self.shown.alerts.open();
        open.retain(|alert| acknowledged.is_none_or(|known| !known.contains(&alert.number)));
        open
    }

    /// Returns the numbers of the alerts of the group shown that somebody has acknowledged.
    pub(crate) fn acknowledged(&self) -> Option<&BTreeSet<u64>> {
        self.group().and_then(|key| self.acknowledged.get(key))
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
        let number = self.chosen_alert().map(|alert| alert.number);
        let (Some(number), Some(key)) = (number, self.group().cloned()) else { return };
        let known = self.acknowledged.entry(key).or_default();
        if !known.remove(&number) {
            known.insert(number);
        }
    }

    fn group(&self) -> Option<&RunKey> {
        self.shown.groups.get(self.shown.shown)
    }
}
