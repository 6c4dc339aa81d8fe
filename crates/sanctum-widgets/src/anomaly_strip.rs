//! One line that counts what is wrong with environments, gradients, updates, memory and link; the limits of learning are
//! the banner's.

use karn_sanctum::{Connection, EnvStatus, Reading, Snapshot, verdict};
use leyline::Health;
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::widgets::Widget;

use crate::format::{MISSING, width};
use crate::pen::{Pen, Span};
use crate::theme::{Class, Theme};

/// What the strip shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnomalyStripProps {
    /// What is wrong, in the order of the strip, each with its verdict; empty if nothing is. TELE-110, 124, 300, 301, 331,
    /// 332, 630, 704, 740, 780 and 782.
    pub parts: Vec<(String, Health)>,
    /// TELE-100: whether an update was received, without which nothing can be clear.
    pub ppo_data_received: bool,
    /// Whether all of the run was read; TELE-780 is absent before, and nothing can be clear.
    pub is_read: bool,
}

impl From<&Snapshot> for AnomalyStripProps {
    fn from(snapshot: &Snapshot) -> Self {
        Self {
            parts: parts(snapshot),
            ppo_data_received: snapshot.policy.ppo_data_received,
            is_read: snapshot.telemetry.events_rejected.is_some(),
        }
    }
}

fn parts(snapshot: &Snapshot) -> Vec<(String, Health)> {
    let (policy, telemetry) = (&snapshot.policy, &snapshot.telemetry);
    let envs = |status| {
        let count = snapshot.envs.iter().filter(|env| env.status == status).count() as u64;
        (Some(count), verdict::env_status(status))
    };
    let counted = [
        ("stalled", envs(EnvStatus::Stalled)),
        ("degraded", envs(EnvStatus::Degraded)),
        ("NaN grads", fresh(policy.nan_grad_count.as_ref())),
        ("Inf grads", fresh(policy.inf_grad_count.as_ref())),
        ("exploding", fresh(policy.exploding_layers.as_ref())),
        ("dead", fresh(policy.dead_layers.as_ref())),
    ];
    let rows = [
        ("lost", (telemetry.events_lost, verdict::events_lost(telemetry.events_lost))),
        (
            "rejected",
            (telemetry.events_rejected, verdict::events_rejected(telemetry.events_rejected)),
        ),
    ];
    let text = |(name, (count, health)): (&str, (Option<u64>, Health))| {
        count.filter(|n| 0 < *n).map(|n| (format!("{n} {name}"), health))
    };
    let mut parts: Vec<_> = counted.into_iter().filter_map(text).collect();
    let mut flag = |raised: bool, name: &str, health| {
        parts.extend(raised.then(|| (name.to_owned(), health)));
    };
    let collapsed = raised(policy.entropy_collapsed.as_ref());
    let diverged = policy.kl_divergence.and_then(|kl| kl.fresh_verdict()) == Some(Health::Critical);
    flag(collapsed || diverged, "PPO ⚠", Health::Critical);
    flag(raised(snapshot.vitals.has_memory_alarm.as_ref()), "MEM ⚠", Health::Critical);
    parts.extend(rows.into_iter().filter_map(text));
    if verdict::update_skipped(snapshot) {
        parts.push(("update skipped".to_owned(), Health::Warning));
    }
    let connection = match snapshot.connection {
        Connection::Stale => Some("stale"),
        Connection::Disconnected => Some("disconnected"),
        Connection::Failed => Some("failed"),
        Connection::Waiting | Connection::Live | Connection::Slow | Connection::Finished => None,
    };
    parts
        .extend(connection.map(|word| (word.to_owned(), verdict::connection(snapshot.connection))));
    parts
}

/// A count that the latest update measured, with its verdict.
fn fresh<T: Copy + Into<u64>>(reading: Option<&Reading<T>>) -> (Option<u64>, Health) {
    (verdict::fresh_count(reading), reading.map_or(Health::NoData, |r| r.verdict))
}

fn raised(flag: Option<&Reading<bool>>) -> bool {
    flag.is_some_and(|flag| flag.fresh && flag.value)
}

/// `ANOMALIES: 2 stalled | PPO ⚠`, or that all is clear; what does not fit becomes `+n`.
#[derive(Debug, Clone)]
pub struct AnomalyStrip<'a> {
    props: AnomalyStripProps,
    theme: &'a Theme,
}

impl<'a> AnomalyStrip<'a> {
    /// Returns the strip for `props`.
    pub const fn new(props: AnomalyStripProps, theme: &'a Theme) -> Self {
        Self { props, theme }
    }
}

impl Widget for &AnomalyStrip<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let Some(mut pen) = Pen::new(area, buf, self.theme) else { return };
        let line = self.line(pen.width());
        pen.spans(0, 0, &line);
        pen.finish();
    }
}

const TITLE: &str = "ANOMALIES: ";
const BETWEEN: &str = " | ";

impl AnomalyStrip<'_> {
    fn line(&self, columns: usize) -> Vec<Span> {
        let parts = &self.props.parts;
        if parts.is_empty() {
            return vec![match (self.props.is_read, self.props.ppo_data_received) {
                (false, _) => Span::new(MISSING, Class::Missing),
                (true, true) => Span::new("ALL CLEAR ✓", Class::Ok),
                (true, false) => Span::new("Waiting for data...", Class::Missing),
            }];
        }
        let shown = (0..=parts.len()).rev().find(|&n| self.columns(n) <= columns).unwrap_or(0);
        let mut line = vec![Span::new(TITLE, Class::Dim)];
        for (i, (text, health)) in parts.iter().take(shown).enumerate() {
            if 0 < i {
                line.push(Span::new(BETWEEN, Class::Dim));
            }
            line.push(Span::new(text, Class::of_health(*health)));
        }
        if shown < parts.len() {
            if 0 < shown {
                line.push(Span::new(BETWEEN, Class::Dim));
            }
            let worst = parts.iter().skip(shown).map(|(_, health)| *health).max();
            line.push(Span::new(
                self.left_out(shown),
                Class::of_health(worst.unwrap_or(Health::NoData)),
            ));
        }
        line
    }

    fn left_out(&self, shown: usize) -> String {
        format!("+{}", self.props.parts.len() - shown)
    }

    /// Columns that the first `shown` parts take, with the count of those left out.
    fn columns(&self, shown: usize) -> usize {
        let mut words: Vec<usize> =
            self.props.parts.iter().take(shown).map(|(text, _)| width(text)).collect();
        if shown < self.props.parts.len() {
            words.push(width(&self.left_out(shown)));
        }
        width(TITLE) + words.iter().sum::<usize>() + width(BETWEEN) * words.len().saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base;
    use crate::dump::{draw, draw_buffer, rows};
    use crate::glyph::Glyphs;

    #[track_caller]
    fn check(change: impl FnOnce(&mut Snapshot), columns: u16, expected: &str) {
        let mut snapshot = base::clear();
        change(&mut snapshot);
        let strip = AnomalyStrip::new((&snapshot).into(), &Theme::DARK);
        assert_eq!(rows(&draw_buffer(&strip, columns, 1)), [expected]);
    }

    #[test]
    fn at19_at20_nothing_wrong() {
        check(|_| {}, 80, "ALL CLEAR ✓");
        check(|s| s.policy.ppo_data_received = false, 80, "Waiting for data...");
        check(|s| *s = Snapshot::empty(), 80, "Waiting for data...");
        check(|s| s.telemetry.events_rejected = None, 80, "—");
    }

    #[test]
    fn at21_environments() {
        let statuses = [EnvStatus::Stalled, EnvStatus::Healthy, EnvStatus::Stalled];
        check(|s| s.envs = base::envs(&statuses), 80, "ANOMALIES: 2 stalled");
    }

    #[test]
    fn at22_kl_and_loss() {
        check(
            |s| {
                s.policy.kl_divergence = Some(base::graded("policy.kl_divergence", 0.0301));
                s.telemetry.events_lost = Some(5);
            },
            80,
            "ANOMALIES: PPO ⚠ | 5 lost",
        );
    }

    #[test]
    fn at27_skipped_stale_and_rejected() {
        check(
            |s| {
                base::skip(s);
                s.connection = Connection::Stale;
                s.telemetry.events_rejected = Some(1);
            },
            80,
            "ANOMALIES: 1 rejected | update skipped | stale",
        );
    }

    fn everything(s: &mut Snapshot) {
        s.envs = base::envs(&[EnvStatus::Stalled, EnvStatus::Degraded]);
        s.policy.nan_grad_count = Some(Reading { verdict: Health::Critical, ..base::reading(3) });
        s.policy.inf_grad_count = Some(Reading { verdict: Health::Critical, ..base::reading(4) });
        s.policy.exploding_layers = Some(Reading { verdict: Health::Warning, ..base::reading(1) });
        s.policy.dead_layers = Some(Reading { verdict: Health::Warning, ..base::reading(2) });
        s.policy.entropy_collapsed =
            Some(Reading { verdict: Health::Critical, ..base::reading(true) });
        s.vitals.has_memory_alarm =
            Some(Reading { verdict: Health::Critical, ..base::reading(true) });
        s.telemetry.events_lost = Some(12);
        s.telemetry.events_rejected = Some(1);
        base::skip(s);
        s.connection = Connection::Failed;
    }

    #[test]
    fn every_part_has_its_place() {
        let all = "ANOMALIES: 1 stalled | 1 degraded | 3 NaN grads | 4 Inf grads | 1 exploding | 2 dead | PPO ⚠ | MEM ⚠ | \
                   12 lost | 1 rejected | update skipped | failed";
        check(everything, 200, all);
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        check(everything, 60, "ANOMALIES: 1 stalled | 1 degraded | 3 NaN grads | +9");
        check(everything, 26, "ANOMALIES: 1 stalled | +11");
        check(everything, 25, "ANOMALIES: +12");
        check(everything, 12, "ANOMALIES: +");
    }

    #[test]
    fn old_counts_are_no_anomaly() {
        check(
            |s| {
                s.policy.nan_grad_count = Some(base::stale(base::reading(3)));
                s.policy.entropy_collapsed = Some(base::stale(base::reading(true)));
                s.vitals.has_memory_alarm = Some(base::stale(base::reading(true)));
                s.connection = Connection::Disconnected;
            },
            80,
            "ANOMALIES: disconnected",
        );
    }

    #[test]
    fn styles_of_the_parts() {
        let mut snapshot = base::clear();
        let strip = |s: &Snapshot, theme: &Theme| draw(&AnomalyStrip::new(s.into(), theme), 80, 1);
        insta::assert_snapshot!(strip(&snapshot, &Theme::DARK));
        everything(&mut snapshot);
        insta::assert_snapshot!(strip(&snapshot, &Theme::LIGHT));
        insta::assert_snapshot!(strip(&snapshot, &Theme::PLAIN.with_glyphs(Glyphs::Ascii)));
    }

    #[test]
    fn it_survives_any_area() {
        let mut snapshot = base::clear();
        everything(&mut snapshot);
        base::survives_any_area(&AnomalyStrip::new((&snapshot).into(), &Theme::DARK));
    }
}
