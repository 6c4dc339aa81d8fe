//! What is said of an alert: a line for people, an object for programs, variables, and the bytes that a terminal understands.

use std::fmt::Write as _;

use leyline::word::ClosedWord as _;
use leyline::{GroupId, RunId, wire};
use sanctum_widgets::format::format_foreign;
use serde::Serialize;

use crate::headless::check::report::Alert;
use crate::sinks::watch::{Change, News};
use crate::sinks::{DesktopSink, Form, Sinks};

/// Version of the JSON form; raised only by a breaking change.
const SCHEMA: u32 = 1;
/// Longest text of a notice, in columns.
const NOTICE: usize = 120;
/// Longest line, in columns.
const LINE: usize = 4096;

/// What programs are told.
#[derive(Debug, Serialize)]
struct Object<'a> {
    schema: u32,
    change: &'static str,
    /// The line for people, for whoever only hands a text on.
    text: &'a str,
    run_id: &'a RunId,
    group_id: &'a GroupId,
    alert: Alert,
}

impl News {
    const fn change_word(&self) -> &'static str {
        match self.change {
            Change::Began => "began",
            Change::Rose(_) => "rose",
            Change::Ended => "ended",
        }
    }

    /// Returns the line for people, without a line feed: one line whatever a name holds.
    pub(crate) fn line(&self) -> String {
        let told = Alert::of(&self.alert, &self.settings).told();
        format_foreign(&format!("{} {told}", self.change_word()), LINE, false)
    }

    /// Returns one JSON object, without a line feed.
    pub(crate) fn to_json(&self) -> String {
        let text = format!("{}: {}", self.key.run_id, self.line());
        wire::to_json(&Object {
            schema: SCHEMA,
            change: self.change_word(),
            text: &text,
            run_id: &self.key.run_id,
            group_id: &self.key.group_id,
            alert: Alert::of(&self.alert, &self.settings),
        })
    }

    /// Returns the variables of a command.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let batch = self.alert.first.batch.map_or_else(String::new, |batch| batch.to_string());
        vec![
            ("SANCTUM_ALERT_RULE", self.alert.rule.as_str().to_owned()),
            ("SANCTUM_ALERT_LEVEL", self.alert.level.as_str().to_owned()),
            ("SANCTUM_ALERT_TEXT", self.line()),
            ("SANCTUM_ALERT_RUN", self.key.run_id.to_string()),
            ("SANCTUM_ALERT_GROUP", self.key.group_id.to_string()),
            ("SANCTUM_ALERT_BATCH", batch),
        ]
    }

    /// Returns a text that is short enough for a notice.
    fn notice(&self) -> String {
        let batch = self.alert.first.batch;
        let batch = batch.map_or_else(String::new, |batch| format!(" since batch {batch}"));
        let text =
            format!("{} {}{batch}, run {}", self.alert.level, self.alert.rule, self.key.run_id);
        format_foreign(&text, NOTICE, false)
    }
}

/// Returns what a terminal is to be sent: the bell at most once, and a notice for each alert.
pub(crate) fn terminal_bytes(sinks: &Sinks, news: &[News]) -> String {
    let mut out = String::new();
    if sinks.bell.is_some_and(|least| news.iter().any(|news| news.reaches(least))) {
        out.push('\x07');
    }
    if let Some(DesktopSink { least, form }) = sinks.desktop {
        for news in news.iter().filter(|news| news.reaches(least)) {
            // A semicolon would end the text of the longer form.
            let text = news.notice().replace(';', ",");
            // Writing to a text cannot fail.
            match form {
                Form::Osc9 => write!(out, "\x1b]9;Sanctum: {text}\x1b\\").ok(),
                Form::Osc777 => write!(out, "\x1b]777;notify;Sanctum;{text}\x1b\\").ok(),
            };
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use leyline::{AlertLevel, RuleId};
    use serde_json::Value;

    use super::*;
    use crate::sinks::watch::tests::{alert, key};

    fn news(change: Change, level: AlertLevel) -> News {
        let alert = alert(1, RuleId::KlHigh, level, change == Change::Ended);
        News { key: key(), change, alert, settings: Arc::default() }
    }

    #[test]
    fn a_program_gets_the_alert_as_check_prints_it_and_a_text() {
        let value: Value =
            serde_json::from_str(&news(Change::Began, AlertLevel::Critical).to_json()).unwrap();
        let keys: Vec<&String> = value.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["schema", "change", "text", "run_id", "group_id", "alert"]);
        assert_eq!(value["alert"]["rule"], "kl-high");
        let text = value["text"].as_str().unwrap();
        assert!(
            text.starts_with(
                "run: began critical kl-high (TELE-110) batches 11 to 11 and on, worst 0.04"
            ),
            "{text}"
        );
    }

    #[test]
    fn variables_say_the_same_in_short() {
        let variables = news(Change::Rose(AlertLevel::Warning), AlertLevel::Critical).variables();
        let told: Vec<String> = variables
            .iter()
            .filter(|(name, _)| *name != "SANCTUM_ALERT_TEXT")
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert_eq!(
            told,
            [
                "SANCTUM_ALERT_RULE=kl-high",
                "SANCTUM_ALERT_LEVEL=critical",
                "SANCTUM_ALERT_RUN=run",
                "SANCTUM_ALERT_GROUP=default",
                "SANCTUM_ALERT_BATCH=11",
            ]
        );
    }

    #[track_caller]
    fn check(bell: Option<AlertLevel>, desktop: Option<DesktopSink>, expected: &str) {
        let sinks = Sinks { bell, desktop, command: None };
        let all = [
            news(Change::Began, AlertLevel::Critical),
            news(Change::Began, AlertLevel::Critical),
            news(Change::Ended, AlertLevel::Critical),
        ];
        assert_eq!(terminal_bytes(&sinks, &all).replace('\x1b', "^"), expected);
        assert_eq!(terminal_bytes(&sinks, &all[2..]), "");
        assert_eq!(terminal_bytes(&sinks, &[news(Change::Began, AlertLevel::Info)]), "");
    }

    #[test]
    fn the_bell_rings_once_and_the_desktop_hears_of_each() {
        let critical = Some(AlertLevel::Critical);
        let desktop = |form| Some(DesktopSink { least: AlertLevel::Warning, form });
        check(None, None, "");
        check(critical, None, "\x07");
        let osc9 = "^]9;Sanctum: critical kl-high since batch 11, run run^\\";
        check(None, desktop(Form::Osc9), &osc9.repeat(2));
        let osc777 = "^]777;notify;Sanctum;critical kl-high since batch 11, run run^\\";
        check(critical, desktop(Form::Osc777), &format!("\x07{}", osc777.repeat(2)));
    }
}
