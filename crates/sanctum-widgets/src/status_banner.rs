//! One line that says how the run stands, the latest KL divergence and the batch.

use karn_sanctum::{Reading, Snapshot, verdict};
use leyline::Health;
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::widgets::Widget;

use crate::format::{MISSING, NumberFormat, format_number};
use crate::pen::{Pen, Span};
use crate::theme::{Class, Theme};

mod run_state;

use run_state::Level;
pub use run_state::RunState;

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
        // Where the run stands is not what the banner is about, so it steps back unless something is odd.
        let class = match verdict::current_batch(current, max) {
            _ if verdict::max_batches(max) == Health::NoData => Class::Missing,
            Health::NoData => Class::Missing,
            Health::Warning | Health::Critical => Class::Warning,
            Health::Ungraded | Health::Healthy => Class::Dim,
        };
        Span::new(text, class)
    }
}

#[cfg(test)]
mod tests {
    use karn_sanctum::Connection;
    use leyline::FinishReason;

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
