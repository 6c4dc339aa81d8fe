//! Panel 1: how far the policy moves, how sure it is, and what the gradients do.

use std::sync::Arc;

use karn_sanctum::{PolicyView, Reading, Snapshot, verdict};
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::widgets::Widget;

use crate::chart::draw_captioned;
use crate::format::NumberFormat::{Fixed, Percent};
use crate::format::format_number;
use crate::frame::Frame;
use crate::metric_row::{LABEL, MetricRow, age_of, span};
use crate::pen::{Pen, Span};
use crate::theme::{Class, Theme};
use crate::view::View;
use crate::widget_id::WidgetId;

/// What the panel shows.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyHealthProps {
    /// The readings of the updates; the panel shows those of policy and gradients.
    pub policy: Arc<PolicyView>,
}

impl From<&Snapshot> for PolicyHealthProps {
    fn from(snapshot: &Snapshot) -> Self {
        Self { policy: Arc::new(snapshot.policy.clone()) }
    }
}

/// Metric rows, the most telling ones first, and histories as charts where there is room.
#[derive(Debug, Clone)]
pub struct PolicyHealth<'a> {
    props: PolicyHealthProps,
    theme: &'a Theme,
    view: View,
}

impl<'a> PolicyHealth<'a> {
    /// Returns the panel for `props`.
    pub const fn new(props: PolicyHealthProps, theme: &'a Theme) -> Self {
        Self { props, theme, view: View::REST }
    }

    /// Returns the panel as a person left it.
    #[must_use]
    pub fn view(self, view: View) -> Self {
        Self { view, ..self }
    }

    /// Number of rows that can be scrolled.
    pub const ENTRIES: usize = 21;
}

impl Widget for &PolicyHealth<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let Some(mut pen) = Pen::new(area, buf, self.theme) else { return };
        if let Some(mut inside) = self.frame(&pen).draw(&mut pen, self.view) {
            let rows = self.rows();
            let first = self.view.first_from_start(rows.len(), inside.height());
            for (row, metric) in rows.iter().skip(first).enumerate() {
                metric.draw(&mut inside, row);
            }
            if let Some(row) = self.view.selected_row(first, rows.len(), inside.height()) {
                inside.choose(0, row, LABEL);
            }
            let policy = &self.props.policy;
            let charts = [
                ("KL divergence", &*policy.kl_divergence_history),
                ("entropy", &*policy.entropy_history),
                ("gradient norm", &*policy.grad_norm_history),
            ];
            draw_captioned(&mut inside, rows.len(), &charts);
        }
        pen.finish();
    }
}

impl PolicyHealth<'_> {
    fn rows(&self) -> [MetricRow<'_>; PolicyHealth::ENTRIES] {
        let policy = &*self.props.policy;
        let number = MetricRow::of_number;
        let skipped = policy.updates_skipped;
        [
            number("KL", policy.kl_divergence.as_ref(), Fixed(4))
                .with_history(&policy.kl_divergence_history, policy.kl_divergence_trend),
            number("Entropy", policy.entropy.as_ref(), Fixed(3))
                .with_history(&policy.entropy_history, None),
            number("EntVel", policy.entropy_velocity.as_ref(), Fixed(3)),
            number("Clip", policy.clip_fraction.as_ref(), Percent(1)).with_beside(sides(policy)),
            number("Grad", policy.grad_norm.as_ref(), Fixed(3))
                .with_history(&policy.grad_norm_history, policy.grad_norm_trend),
            number("AdvStd", policy.advantage_std.as_ref(), Fixed(2)),
            number("LogPmin", policy.log_prob_min.as_ref(), Fixed(2)),
            MetricRow::of_count("Skipped", skipped, verdict::updates_skipped(skipped)),
            number("Risk", policy.collapse_risk_score.as_ref(), Fixed(2)),
            number("EntClip", policy.entropy_clip_correlation.as_ref(), Fixed(2)),
            number("AdvMean", policy.advantage_mean.as_ref(), Fixed(2)),
            layers(policy),
            number("AdvPos", policy.advantage_positive_ratio.as_ref(), Percent(1)),
            number("Skew", policy.advantage_skewness.as_ref(), Fixed(2)),
            number("Kurt", policy.advantage_kurtosis.as_ref(), Fixed(2)),
            number("RatioMax", policy.ratio_max.as_ref(), Fixed(2)),
            number("RatioMin", policy.ratio_min.as_ref(), Fixed(2)),
            number("GradCV", policy.gradient_cv.as_ref(), Fixed(2)),
            number("RatioAvg", policy.ratio_mean.as_ref(), Fixed(2)),
            number("RatioStd", policy.ratio_std.as_ref(), Fixed(2)),
            number("LogPmax", policy.log_prob_max.as_ref(), Fixed(2)),
        ]
    }

    fn frame(&self, pen: &Pen<'_>) -> Frame {
        let policy = &*self.props.policy;
        let shown = [
            &policy.kl_divergence,
            &policy.entropy,
            &policy.entropy_velocity,
            &policy.clip_fraction,
            &policy.clip_fraction_positive,
            &policy.clip_fraction_negative,
            &policy.grad_norm,
            &policy.advantage_std,
            &policy.log_prob_min,
            &policy.collapse_risk_score,
            &policy.entropy_clip_correlation,
            &policy.advantage_mean,
            &policy.advantage_positive_ratio,
            &policy.advantage_skewness,
            &policy.advantage_kurtosis,
            &policy.ratio_max,
            &policy.ratio_min,
            &policy.gradient_cv,
            &policy.ratio_mean,
            &policy.ratio_std,
            &policy.log_prob_max,
        ];
        let ages = shown.into_iter().filter_map(|reading| age_of(reading.as_ref()));
        let layers = [&policy.dead_layers, &policy.exploding_layers];
        let ages = ages.chain(layers.into_iter().filter_map(|reading| age_of(reading.as_ref())));
        Frame::of_update(WidgetId::PolicyHealth, pen, policy.last_update.as_ref(), ages)
    }
}

/// Returns the two sides of the clipping: share above `1 + ε` after `+`, share below `1 - ε` after `-`.
fn sides(policy: &PolicyView) -> Vec<Span> {
    let side = |mark: &str, reading: &Option<Reading>| {
        let side = span(reading.as_ref(), |value| format_number(value, Percent(1)));
        Span { text: format!("{mark}{}", side.text), ..side }
    };
    vec![
        side("+", &policy.clip_fraction_positive),
        Span::new(" ", Class::Plain),
        side("-", &policy.clip_fraction_negative),
    ]
}

/// Returns the row of the layers whose gradients are near zero, and of those whose gradients are far too large.
fn layers(policy: &PolicyView) -> MetricRow<'_> {
    let pair = [policy.dead_layers.as_ref(), policy.exploding_layers.as_ref()];
    let row = MetricRow::of_pair("Layers", pair, " / ", |count| count.to_string());
    row.with_beside(vec![Span::new("dead / expl.", Class::Dim)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base;
    use crate::dump::{draw, draw_buffer, rows};
    use crate::glyph::Glyphs;

    #[test]
    fn the_first_rows_are_the_most_telling_ones() {
        let snapshot = base::health();
        let panel = PolicyHealth::new((&snapshot).into(), &Theme::DARK);
        for (name, columns, height) in [("small", 40, 10), ("medium", 40, 14), ("large", 50, 20)] {
            insta::assert_snapshot!(name, draw(&panel, columns, height));
        }
        insta::assert_snapshot!("charts", rows(&draw_buffer(&panel, 100, 36)).join("\n"));
    }

    #[test]
    fn waiting_skipped_and_not_finite() {
        let waiting = PolicyHealth::new((&Snapshot::empty()).into(), &Theme::DARK);
        insta::assert_snapshot!("waiting", draw(&waiting, 46, 23));
        let mut snapshot = base::health();
        base::skip(&mut snapshot);
        let policy = &mut snapshot.policy;
        policy.kl_divergence = policy.kl_divergence.map(base::stale);
        policy.grad_norm = Some(base::graded("policy.grad_norm", f64::NAN));
        policy.grad_norm_history = [1.0, f64::NAN, 2.0].into();
        policy.dead_layers = policy.dead_layers.map(base::stale);
        policy.exploding_layers = None;
        policy.clip_fraction_positive = None;
        let skipped = PolicyHealth::new((&snapshot).into(), &Theme::DARK);
        insta::assert_snapshot!("skipped", draw(&skipped, 60, 23));
    }

    #[test]
    fn ascii_and_scrolled() {
        let ascii = Theme::PLAIN.with_glyphs(Glyphs::Ascii);
        let view = View { focused: true, offset: Some(99), past: false, selected: None };
        let snapshot = base::health();
        let panel = PolicyHealth::new((&snapshot).into(), &ascii).view(view);
        insta::assert_snapshot!(draw(&panel, 40, 10));
    }

    #[test]
    fn it_survives_any_area() {
        base::survives_any_area(&PolicyHealth::new((&base::health()).into(), &Theme::DARK));
    }
}
