//! Which alerts are new: compares what a fold says of a group with what it said before. Nothing here does anything about it.
//!
//! A rule has at most one alert at a time, so one that lasts is known by its rule. One that began and ended between two looks is
//! known by its number. The alert of a silence that lasts has a number only for as long as the silence does (see
//! [`karn_sanctum::alert`]), so its number says nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use karn_sanctum::{Alert, AlertsView, RunKey, Settings};
use leyline::{AlertLevel, RuleId};

/// What happened to an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Began,
    /// It has become worse; its level before.
    Rose(AlertLevel),
    Ended,
}

/// A change and everything that is said of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct News {
    pub(crate) key: RunKey,
    pub(crate) change: Change,
    pub(crate) alert: Alert,
    /// What was changed of the rules, for the words of its limit.
    pub(crate) settings: Arc<Settings>,
}

impl News {
    /// Returns whether an alert has now come to a level for the first time.
    pub(crate) fn reaches(&self, least: AlertLevel) -> bool {
        let before = match self.change {
            Change::Began => None,
            Change::Rose(before) => Some(before),
            Change::Ended => return false,
        };
        least <= self.alert.level && before.is_none_or(|before| before < least)
    }
}

/// What was seen so far.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    groups: BTreeMap<RunKey, Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Highest number of an alert that was told of.
    number: u64,
    /// Alerts that lasted when they were looked at last.
    open: BTreeMap<RuleId, Alert>,
}

impl Watch {
    /// Returns a watch that has seen nothing.
    pub(crate) const fn new() -> Self {
        Self { groups: BTreeMap::new() }
    }

    /// Takes note of what a group is known to have, as if it had been told.
    pub(crate) fn skip(&mut self, key: &RunKey, view: &AlertsView) {
        self.look(key, view);
    }

    /// Takes note of what a group is known to have, and says what of it lasts.
    pub(crate) fn join(&mut self, key: &RunKey, view: &AlertsView) -> Vec<News> {
        let mut news = self.look(key, view);
        news.retain(|news| news.change == Change::Began && news.alert.ended.is_none());
        news
    }

    /// Returns what has changed in a group since it was looked at last, in the order of the alerts.
    pub(crate) fn look(&mut self, key: &RunKey, view: &AlertsView) -> Vec<News> {
        let seen = self.groups.entry(key.clone()).or_default();
        let mut changes = Vec::new();
        for alert in &view.list {
            seen.note(alert, &mut changes);
        }
        // What no longer lasts and is not in the list either: a silence that is over, or an alert of long ago.
        let lasts = |rule: RuleId| {
            view.list.iter().any(|alert| alert.rule == rule && alert.ended.is_none())
        };
        let gone: Vec<RuleId> = seen.open.keys().copied().filter(|rule| !lasts(*rule)).collect();
        changes.extend(
            gone.iter()
                .filter_map(|rule| seen.open.remove(rule))
                .map(|alert| (Change::Ended, alert)),
        );
        let settings = &view.settings;
        let news = |(change, alert)| News {
            key: key.clone(),
            change,
            alert,
            settings: Arc::clone(settings),
        };
        changes.into_iter().map(news).collect()
    }
}

impl Seen {
    fn note(&mut self, alert: &Alert, changes: &mut Vec<(Change, Alert)>) {
        let known = self.open.get(&alert.rule).copied();
        let is_new = self.number < alert.number;
        match (alert.ended.is_some(), known) {
            (true, Some(known)) if is_new || known.number == alert.number => {
                self.open.remove(&alert.rule);
                rise(&known, alert, changes);
                changes.push((Change::Ended, *alert));
            }
            (true, None) if is_new => {
                changes.extend([(Change::Began, *alert), (Change::Ended, *alert)]);
            }
            (true, Some(_) | None) => return,
            (false, Some(known)) => {
                rise(&known, alert, changes);
                self.open.insert(alert.rule, *alert);
            }
            (false, None) => {
                changes.push((Change::Began, *alert));
                self.open.insert(alert.rule, *alert);
            }
        }
        if alert.ended.is_some() || !is_of_silence(alert.rule) {
            self.number = self.number.max(alert.number);
        }
    }
}

fn rise(known: &Alert, alert: &Alert, changes: &mut Vec<(Change, Alert)>) {
    if known.level < alert.level {
        changes.push((Change::Rose(known.level), *alert));
    }
}

/// Returns whether a rule is about silence, which has no event of its own.
const fn is_of_silence(rule: RuleId) -> bool {
    matches!(rule, RuleId::Age | RuleId::Stall)
}

#[cfg(test)]
pub(crate) mod tests {
    use karn_sanctum::alert::{At, Evidence};
    use leyline::{GroupId, RunId, RunNs};

    use super::*;

    pub(crate) fn key() -> RunKey {
        RunKey { run_id: RunId::new("run").unwrap(), group_id: GroupId::default() }
    }

    pub(crate) fn alert(number: u64, rule: RuleId, level: AlertLevel, ended: bool) -> Alert {
        let at = At { batch: Some(10 + number), mono_ns: RunNs(number) };
        let worst = Evidence { value: 0.04, at, place: None, env: None };
        let ended = ended.then_some(at);
        Alert { number, rule, level, first: at, last: at, ended, worst, mover: None }
    }

    /// Looks at a list of `number rule level`, with a `.` behind what has ended; returns the news as words.
    fn look(watch: &mut Watch, list: &[&str]) -> Vec<String> {
        watch.look(&key(), &view(list)).iter().map(told).collect()
    }

    fn view(list: &[&str]) -> AlertsView {
        let alert = |text: &&str| {
            let mut words = text.trim_end_matches('.').split(' ');
            let number = words.next().unwrap().parse().unwrap();
            let rule = crate::settings::rule(words.next().unwrap()).unwrap();
            let level = match words.next().unwrap() {
                "critical" => AlertLevel::Critical,
                "warning" => AlertLevel::Warning,
                other => panic!("{other}"),
            };
            self::alert(number, rule, level, text.ends_with('.'))
        };
        AlertsView { list: list.iter().map(alert).collect(), ..AlertsView::empty() }
    }

    fn told(news: &News) -> String {
        let change = match news.change {
            Change::Began => "began",
            Change::Rose(_) => "rose",
            Change::Ended => "ended",
        };
        format!("{change} {} {}", news.alert.rule, news.alert.level)
    }

    const NOTHING: [&str; 0] = [];

    #[test]
    fn an_alert_begins_rises_and_ends_once() {
        let mut watch = Watch::default();
        assert_eq!(look(&mut watch, &[]), NOTHING);
        assert_eq!(look(&mut watch, &["1 kl-high warning"]), ["began kl-high warning"]);
        assert_eq!(look(&mut watch, &["1 kl-high warning"]), NOTHING);
        let rose = look(&mut watch, &["1 kl-high critical", "2 nan critical"]);
        assert_eq!(rose, ["rose kl-high critical", "began nan critical"]);
        let ended = look(&mut watch, &["1 kl-high critical.", "2 nan critical"]);
        assert_eq!(ended, ["ended kl-high critical"]);
        // The same rule again is another alert.
        let again = ["1 kl-high critical.", "2 nan critical.", "3 kl-high warning"];
        assert_eq!(look(&mut watch, &again), ["ended nan critical", "began kl-high warning"]);
        assert_eq!(look(&mut watch, &again), NOTHING);
    }

    #[test]
    fn what_happened_between_two_looks_is_told_in_order() {
        let mut watch = Watch::default();
        look(&mut watch, &["1 kl-high warning"]);
        let list = ["1 kl-high critical.", "2 grad-high warning.", "3 kl-high warning"];
        assert_eq!(
            look(&mut watch, &list),
            [
                "rose kl-high critical",
                "ended kl-high critical",
                "began grad-high warning",
                "ended grad-high warning",
                "began kl-high warning",
            ]
        );
    }

    #[test]
    fn a_silence_is_one_alert_whatever_number_it_has() {
        let mut watch = Watch::default();
        assert_eq!(look(&mut watch, &["1 age warning"]), ["began age warning"]);
        assert_eq!(look(&mut watch, &["1 age critical"]), ["rose age critical"]);
        // An event came: the number that the silence had is that of another alert now.
        let list = ["1 nan critical", "2 age critical"];
        assert_eq!(look(&mut watch, &list), ["began nan critical"]);
        assert_eq!(
            look(&mut watch, &["1 nan critical", "2 age critical."]),
            ["ended age critical"]
        );
        assert_eq!(look(&mut watch, &["1 nan critical", "2 age critical."]), NOTHING);
        // One that ends without ever having been an alert of the run.
        let list = ["1 nan critical", "2 age critical.", "3 stall critical"];
        assert_eq!(look(&mut watch, &list), ["began stall critical"]);
        assert_eq!(look(&mut watch, &list[..2]), ["ended stall critical"]);
        let list = ["1 nan critical", "2 age critical.", "3 kl-high warning"];
        assert_eq!(look(&mut watch, &list), ["began kl-high warning"]);
    }

    #[test]
    fn who_joins_hears_of_what_lasts_or_of_nothing_that_was_before() {
        let before = view(&["1 kl-high critical.", "2 nan critical"]);
        let mut watch = Watch::default();
        watch.skip(&key(), &before);
        assert_eq!(watch.look(&key(), &before), []);
        let mut watch = Watch::default();
        let joined: Vec<String> = watch.join(&key(), &before).iter().map(told).collect();
        assert_eq!(joined, ["began nan critical"]);
        let later = ["1 kl-high critical.", "2 nan critical.", "3 nan critical"];
        assert_eq!(look(&mut watch, &later), ["ended nan critical", "began nan critical"]);
    }

    #[test]
    fn a_level_is_reached_once() {
        use AlertLevel::{Critical, Info, Warning};
        let news = |change, level| News {
            key: key(),
            change,
            alert: alert(1, RuleId::Nan, level, false),
            settings: Arc::default(),
        };
        for (change, level, least, expected) in [
            (Change::Began, Critical, Critical, true),
            (Change::Began, Critical, Info, true),
            (Change::Began, Warning, Critical, false),
            (Change::Rose(Warning), Critical, Critical, true),
            (Change::Rose(Warning), Critical, Warning, false),
            (Change::Rose(Info), Critical, Warning, true),
            (Change::Ended, Critical, Info, false),
        ] {
            assert_eq!(news(change, level).reaches(least), expected, "{change:?} {level} {least}");
        }
    }
}
