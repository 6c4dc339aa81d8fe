//! One line that says how the run stands, the latest KL divergence and the batch.

use karn_sanctum::{Connection, Reading, Snapshot, verdict};
use leyline::FinishReason;
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::widgets::Widget;

use crate::format::{MISSING, NumberFormat, format_number};
use crate::pen::{Pen, Span};
use crate::theme::{Class, Theme};

/// How the run stands; the first state that applies.
#[derive(Debug, Clone, PartialEq)]
pub enum RunState {
    /// The run ended with an error.
    Failed,
    /// The run has done what it was asked to do.
    Finished,
    /// The run was asked to stop.
    Stopped,
    /// The source is closed.
    Disconnected,
    /// No start, or no update yet.
    Waiting,
    /// The trainer's thread ended and the run has not said so.
    TrainerDown,
    /// No news for long; seconds.
    Stale(f64),
    /// No news for a while; seconds.
    Slow(f64),
    /// The latest update met a NaN gradient.
    NanDetected,
    /// The latest update met an infinite gradient.
    InfDetected,
    /// So few batches since start that limits are not judged aloud.
    WarmingUp(u64),
    /// Readings are critical; their labels, at least one.
    Fail(Vec<&'static str>),
    /// Readings are at the warning level; their labels, at least one.
    Warn(Vec<&'static str>),
    /// Nothing to worry about.
    Learning,
}

impl RunState {
    fn of(snapshot: &Snapshot) -> Self {
        let age = snapshot.staleness_seconds.unwrap_or(f64::NAN);
        let down = snapshot.training_thread_alive == Some(false);
        match snapshot.connection {
            Connection::Failed => Self::Failed,
            Connection::Finished if snapshot.finish_reason == Some(FinishReason::Stopped) => {
                Self::Stopped
            }
            Connection::Finished => Self::Finished,
            Connection::Disconnected => Self::Disconnected,
            Connection::Waiting => Self::Waiting,
            Connection::Live | Connection::Slow | Connection::Stale if down => Self::TrainerDown,
            Connection::Stale => Self::Stale(age),
            Connection::Slow => Self::Slow(age),
            Connection::Live => Self::of_updates(snapshot),
        }
    }

    fn of_updates(snapshot: &Snapshot) -> Self {
        let concerns = verdict::concerns(snapshot);
        if verdict::nan_detected(snapshot) {
            Self::NanDetected
        } else if verdict::inf_detected(snapshot) {
            Self::InfDetected
        } else if snapshot.policy.last_update.is_none() {
            Self::Waiting
        } else if let Some(batches) = verdict::warming_up(snapshot) {
            Self::WarmingUp(batches)
        } else if !concerns.critical.is_empty() {
            Self::Fail(concerns.critical)
        } else if !concerns.warning.is_empty() {
            Self::Warn(concerns.warning)
        } else {
            Self::Learning
        }
    }

    const fn level(&self) -> Level {
        match self {
            Self::Finished | Self::Stopped | Self::Learning => Level::Ok,
            Self::Waiting | Self::WarmingUp(_) => Level::Wait,
            Self::Slow(_) | Self::Warn(_) => Level::Warning,
            Self::Failed
            | Self::Disconnected
            | Self::TrainerDown
            | Self::Stale(_)
            | Self::NanDetected
            | Self::InfDetected
            | Self::Fail(_) => Level::Critical,
        }
    }

    fn label(&self) -> String {
        match self {
            Self::Failed => "FAILED".to_owned(),
            Self::Finished => "FINISHED".to_owned(),
            Self::Stopped => "STOPPED".to_owned(),
            Self::Disconnected => "DISCONNECTED".to_owned(),
            Self::Waiting => "WAITING".to_owned(),
            Self::TrainerDown => "TRAINER DOWN".to_owned(),
            Self::Stale(seconds) => format!("STALE {}s", whole(*seconds)),
            Self::Slow(seconds) => format!("SLOW {}s", whole(*seconds)),
            Self::NanDetected => "NaN DETECTED".to_owned(),
            Self::InfDetected => "Inf DETECTED".to_owned(),
            Self::WarmingUp(batches) => {
                format!("WARMING UP {batches}/{}", leyline::threshold::WARMUP_BATCHES)
            }
            Self::Fail(labels) => named("FAIL", labels),
            Self::Warn(labels) => named("WARN", labels),
            Self::Learning => "LEARNING".to_owned(),
        }
    }
}

/// Seconds cut to whole ones.
fn whole(seconds: f64) -> String {
    format_number(seconds.floor(), NumberFormat::Fixed(0))
}

fn named(level: &str, labels: &[&str]) -> String {
    let first = labels.first().copied().unwrap_or(MISSING);
    match labels.len() {
        0 | 1 => format!("{level}:{first}"),
        n => format!("{level}:{first} (+{})", n - 1),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Ok,
    Warning,
    Critical,
    Wait,
}

/// What the banner shows.
#[derive(Debug, Clone, PartialEq)]
pub struct StatusBannerProps {
    /// How the run stands.
    pub state: RunState,
    /// TELE-110. `None`: no update was applied yet (TELE-100), or it was not measured.
    pub kl_divergence: Option<Reading>,
    /// TELE-013, batches done, global.
    pub current_batch: Option<u64>,
    /// TELE-014; 0: not known.
    pub max_batches: u64,
}

impl From<&Snapshot> for StatusBannerProps {
    fn from(snapshot: &Snapshot) -> Self {
        let policy = &snapshot.policy;
        Self {
            state: RunState::of(snapshot),
            kl_divergence: policy.kl_divergence.filter(|_| policy.ppo_data_received),
            current_batch: snapshot.current_batch,
            max_batches: snapshot.max_batches,
        }
    }
}

/// `[!] WARN:Grad  KL:0.012  Batch:26/75`.
#[derive(Debug, Clone)]
pub struct StatusBanner<'a> {
    props: StatusBannerProps,
    theme: &'a Theme,
}

impl<'a> StatusBanner<'a> {
    /// Returns the banner for `props`.
    pub const fn new(props: StatusBannerProps, theme: &'a Theme) -> Self {
        Self { props, theme }
    }
}

impl Widget for &StatusBanner<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let Some(mut pen) = Pen::new(area, buf, self.theme) else { return };
        pen.spans(0, 0, &self.line());
        pen.finish();
    }
}

impl StatusBanner<'_> {
    fn line(&self) -> Vec<Span> {
        let (icon, class) = match self.props.state.level() {
            Level::Ok => ("[✓]", Class::Ok),
            Level::Warning => ("[!]", Class::Warning),
            Level::Critical => ("[✗]", Class::Critical),
            Level::Wait => ("[…]", Class::Dim),
        };
        let kl = self.props.kl_divergence;
        let kl_text = kl
            .map_or_else(|| MISSING.to_owned(), |r| format_number(r.value, NumberFormat::Fixed(3)));
        vec![
            Span::new(format!("{icon} {}", self.props.state.label()), class),
            Span::new("  KL:", Class::Dim),
            Span::new(kl_text, Class::of(kl.as_ref())),
            Span::new("  Batch:", Class::Dim),
            self.batch(),
        ]
    }

    fn batch(&self) -> Span {
        let (current, max) = (self.props.current_batch, self.props.max_batches);
        let text = match current {
            None => MISSING.to_owned(),
            Some(current) if max == 0 => current.to_string(),
            Some(current) => format!("{current}/{max}"),
        };
        Span::new(text, Class::of_health(verdict::current_batch(current, max)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base;
    use crate::dump::{draw, draw_buffer, rows};

    #[track_caller]
    fn check(change: impl FnOnce(&mut Snapshot), expected: &str) {
        let mut snapshot = base::banner();
        change(&mut snapshot);
        let banner = StatusBanner::new(StatusBannerProps::from(&snapshot), &Theme::DARK);
        assert_eq!(rows(&draw_buffer(&banner, 100, 1)), [expected]);
    }

    fn set(reading: &mut Option<Reading>, value: f64, path: &str) {
        *reading = Some(base::graded(path, value));
    }

    #[test]
    fn ab01_learning() {
        check(|_| {}, "[✓] LEARNING  KL:0.005  Batch:100/200");
    }

    #[test]
    fn ab02_ab03_ab17_entropy_and_more() {
        check(
            |s| {
                set(&mut s.policy.entropy, 0.05, "policy.entropy");
                set(&mut s.policy.clip_fraction, 0.35, "policy.clip_fraction");
                set(&mut s.policy.kl_divergence, 0.04, "policy.kl_divergence");
            },
            "[✗] FAIL:Entropy (+2)  KL:0.040  Batch:100/200",
        );
        check(
            |s| set(&mut s.policy.entropy, 0.2, "policy.entropy"),
            "[!] WARN:Entropy  KL:0.005  Batch:100/200",
        );
        check(
            |s| {
                set(&mut s.policy.entropy, 0.2, "policy.entropy");
                set(&mut s.policy.clip_fraction, 0.27, "policy.clip_fraction");
            },
            "[!] WARN:Entropy (+1)  KL:0.005  Batch:100/200",
        );
    }

    #[test]
    fn ab04_ab05_ab06_ab08_ab09_other_readings() {
        check(
            |s| set(&mut s.policy.explained_variance, -0.1, "policy.explained_variance"),
            "[✗] FAIL:Value  KL:0.005  Batch:100/200",
        );
        check(
            |s| set(&mut s.policy.grad_norm, 6.0, "policy.grad_norm"),
            "[!] WARN:Grad  KL:0.005  Batch:100/200",
        );
        check(
            |s| set(&mut s.policy.advantage_std, 2.5, "policy.advantage_std"),
            "[!] WARN:AdvHigh  KL:0.005  Batch:100/200",
        );
        check(
            |s| set(&mut s.policy.advantage_std, 0.4, "policy.advantage_std"),
            "[!] WARN:AdvLow  KL:0.005  Batch:100/200",
        );
        check(
            |s| set(&mut s.policy.kl_divergence, 0.03, "policy.kl_divergence"),
            "[!] WARN:KL  KL:0.030  Batch:100/200",
        );
        check(
            |s| set(&mut s.policy.explained_variance, 0.0, "policy.explained_variance"),
            "[✗] FAIL:Value  KL:0.005  Batch:100/200",
        );
    }

    #[test]
    fn ab07_non_finite_gradients() {
        check(
            |s| {
                s.policy.nan_grad_count = Some(base::reading(1));
                set(&mut s.policy.entropy, 0.05, "policy.entropy");
            },
            "[✗] NaN DETECTED  KL:0.005  Batch:100/200",
        );
        check(
            |s| s.policy.inf_grad_count = Some(base::reading(1)),
            "[✗] Inf DETECTED  KL:0.005  Batch:100/200",
        );
        check(
            |s| s.policy.nan_grad_count = Some(base::stale(base::reading(1))),
            "[✓] LEARNING  KL:0.005  Batch:100/200",
        );
    }

    #[test]
    fn ab10_ab18_warming_up() {
        check(
            |s| {
                s.current_batch = Some(3);
                set(&mut s.policy.entropy, 0.05, "policy.entropy");
            },
            "[…] WARMING UP 3/10  KL:0.005  Batch:3/200",
        );
        check(
            |s| (s.start_batch, s.current_batch, s.max_batches) = (Some(200), Some(205), 400),
            "[…] WARMING UP 5/10  KL:0.005  Batch:205/400",
        );
    }

    #[test]
    fn ab11_ab12_ab13_ab15_ab19_connections() {
        check(
            |s| (s.connection, s.staleness_seconds) = (Connection::Stale, Some(7.9)),
            "[✗] STALE 7s  KL:0.005  Batch:100/200",
        );
        check(
            |s| (s.connection, s.staleness_seconds) = (Connection::Slow, Some(2.0)),
            "[!] SLOW 2s  KL:0.005  Batch:100/200",
        );
        check(
            |s| s.connection = Connection::Disconnected,
            "[✗] DISCONNECTED  KL:0.005  Batch:100/200",
        );
        check(
            |s| {
                s.connection = Connection::Finished;
                s.finish_reason = Some(FinishReason::Completed);
                s.current_batch = Some(200);
            },
            "[✓] FINISHED  KL:0.005  Batch:200/200",
        );
        check(
            |s| {
                s.connection = Connection::Finished;
                s.finish_reason = Some(FinishReason::Stopped);
            },
            "[✓] STOPPED  KL:0.005  Batch:100/200",
        );
        check(
            |s| (s.connection, s.finish_reason) = (Connection::Failed, Some(FinishReason::Failed)),
            "[✗] FAILED  KL:0.005  Batch:100/200",
        );
        check(|s| *s = Snapshot::empty(), "[…] WAITING  KL:—  Batch:—");
        check(
            |s| s.training_thread_alive = Some(false),
            "[✗] TRAINER DOWN  KL:0.005  Batch:100/200",
        );
    }

    #[test]
    fn ab14_a_skipped_update() {
        check(
            |s| {
                base::skip(s);
                s.policy.kl_divergence = s.policy.kl_divergence.map(base::stale);
            },
            "[!] WARN:Skipped  KL:0.005  Batch:100/200",
        );
    }

    #[test]
    fn ab16_no_maximum() {
        check(
            |s| (s.max_batches, s.current_batch) = (0, Some(12)),
            "[✓] LEARNING  KL:0.005  Batch:12",
        );
    }

    #[test]
    fn without_an_update_it_waits() {
        check(
            |s| {
                s.policy = karn_sanctum::PolicyView::empty();
                s.current_batch = Some(0);
            },
            "[…] WAITING  KL:—  Batch:0/200",
        );
    }

    #[test]
    fn styles_of_the_levels() {
        let mut snapshot = base::banner();
        let banner = |s: &Snapshot| draw(&StatusBanner::new(s.into(), &Theme::DARK), 50, 1);
        insta::assert_snapshot!(banner(&snapshot));
        set(&mut snapshot.policy.kl_divergence, f64::NAN, "policy.kl_divergence");
        insta::assert_snapshot!(banner(&snapshot));
        base::skip(&mut snapshot);
        snapshot.policy.kl_divergence = snapshot.policy.kl_divergence.map(base::stale);
        insta::assert_snapshot!(banner(&snapshot));
        let ascii = Theme::PLAIN.with_glyphs(crate::glyph::Glyphs::Ascii);
        insta::assert_snapshot!(draw(
            &StatusBanner::new((&Snapshot::empty()).into(), &ascii),
            50,
            1
        ));
    }

    #[test]
    fn it_survives_any_area() {
        base::survives_any_area(&StatusBanner::new((&base::banner()).into(), &Theme::DARK));
    }
}
