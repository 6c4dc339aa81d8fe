//! Panel 2: losses, learning rate and what an update took.

use std::sync::Arc;

use karn_sanctum::{LastUpdate, Reading, Snapshot, Trend};
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::widgets::Widget;

use crate::chart::{CAPTIONED, draw_captioned};
use crate::format::NumberFormat::{Fixed, Milliseconds, Sci};
use crate::frame::Frame;
use crate::metric_row::{LABEL, MetricRow, age_of};
use crate::pen::Pen;
use crate::theme::Theme;
use crate::view::View;
use crate::widget_id::WidgetId;

/// What the panel shows.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyLossesProps {
    /// The latest update, applied or skipped. `None`: there was none.
    pub last_update: Option<LastUpdate>,
    /// TELE-131.
    pub policy_loss: Option<Reading>,
    /// TELE-133, newest last.
    pub policy_loss_history: Arc<[f64]>,
    /// Trend of the policy loss.
    pub policy_loss_trend: Option<Trend>,
    /// TELE-132.
    pub value_loss: Option<Reading>,
    /// TELE-134, newest last.
    pub value_loss_history: Arc<[f64]>,
    /// Trend of the value loss.
    pub value_loss_trend: Option<Trend>,
    /// TELE-104.
    pub learning_rate: Option<Reading>,
    /// TELE-105.
    pub entropy_coef: Option<Reading>,
    /// TELE-103, milliseconds.
    pub update_time_ms: Option<Reading>,
    /// TELE-102, the pass after which the update stopped early.
    pub early_stop_epoch: Option<Reading<u32>>,
}

impl From<&Snapshot> for PolicyLossesProps {
    fn from(snapshot: &Snapshot) -> Self {
        let policy = &snapshot.policy;
        Self {
            last_update: policy.last_update.clone(),
            policy_loss: policy.policy_loss,
            policy_loss_history: Arc::clone(&policy.policy_loss_history),
            policy_loss_trend: policy.policy_loss_trend,
            value_loss: policy.value_loss,
            value_loss_history: Arc::clone(&policy.value_loss_history),
            value_loss_trend: policy.value_loss_trend,
            learning_rate: policy.learning_rate,
            entropy_coef: policy.entropy_coef,
            update_time_ms: policy.update_time_ms,
            early_stop_epoch: policy.early_stop_epoch,
        }
    }
}

/// Metric rows, and the losses as charts where there is room.
#[derive(Debug, Clone)]
pub struct PolicyLosses<'a> {
    props: PolicyLossesProps,
    theme: &'a Theme,
    view: View,
}

impl<'a> PolicyLosses<'a> {
    /// Returns the panel for `props`.
    pub const fn new(props: PolicyLossesProps, theme: &'a Theme) -> Self {
        Self { props, theme, view: View::REST }
    }

    /// Returns the panel as a person left it.
    #[must_use]
    pub fn view(self, view: View) -> Self {
        Self { view, ..self }
    }

    /// Number of rows that can be scrolled.
    pub const ENTRIES: usize = 6;
}

impl Widget for &PolicyLosses<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let Some(mut pen) = Pen::new(area, buf, self.theme) else { return };
        let frame = self.frame(&pen);
        if let Some(mut inside) = frame.draw(&mut pen, self.view) {
            let rows = self.rows();
            let first = self.view.first_from_start(rows.len(), inside.height());
            for (row, metric) in rows.iter().skip(first).enumerate() {
                metric.draw(&mut inside, row);
            }
            if let Some(row) = self.view.selected_row(first, rows.len(), inside.height()) {
                inside.choose(0, row, LABEL);
            }
            self.draw_charts(&mut inside, rows.len());
        }
        pen.finish();
    }
}

impl PolicyLosses<'_> {
    fn rows(&self) -> [MetricRow<'_>; PolicyLosses::ENTRIES] {
        let props = &self.props;
        let number = MetricRow::of_number;
        [
            number("Policy", props.policy_loss.as_ref(), Fixed(4))
                .with_history(&props.policy_loss_history, props.policy_loss_trend),
            number("Value", props.value_loss.as_ref(), Fixed(4))
                .with_history(&props.value_loss_history, props.value_loss_trend),
            number("LR", props.learning_rate.as_ref(), Sci(2)),
            number("EntCoef", props.entropy_coef.as_ref(), Sci(2)),
            number("Update", props.update_time_ms.as_ref(), Milliseconds),
            MetricRow::of_text("EarlyStop", props.early_stop_epoch.as_ref(), |pass| {
                pass.to_string()
            }),
        ]
    }

    fn frame(&self, pen: &Pen<'_>) -> Frame {
        let props = &self.props;
        let shown = [
            age_of(props.policy_loss.as_ref()),
            age_of(props.value_loss.as_ref()),
            age_of(props.learning_rate.as_ref()),
            age_of(props.entropy_coef.as_ref()),
            age_of(props.update_time_ms.as_ref()),
            age_of(props.early_stop_epoch.as_ref()),
        ];
        let shown = shown.into_iter().flatten();
        Frame::of_update(WidgetId::PolicyLosses, pen, props.last_update.as_ref(), shown)
    }

    /// Draws the value loss below the rows, and the policy loss above it where both have room.
    fn draw_charts(&self, pen: &mut Pen<'_>, top: usize) {
        let props = &self.props;
        let charts = [
            ("policy loss", &*props.policy_loss_history),
            ("value loss", &*props.value_loss_history),
        ];
        let both = 2 * CAPTIONED <= pen.height().saturating_sub(top);
        draw_captioned(pen, top, if both { &charts } else { &charts[1..] });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base;
    use crate::dump::{draw, draw_buffer, rows};
    use crate::glyph::Glyphs;

    fn shown(snapshot: &Snapshot, columns: u16, height: u16) -> String {
        let panel = PolicyLosses::new(snapshot.into(), &Theme::DARK);
        rows(&draw_buffer(&panel, columns, height)).join("\n")
    }

    #[test]
    fn rows_first_then_charts() {
        let snapshot = base::losses();
        insta::assert_snapshot!("three_rows", shown(&snapshot, 40, 5));
        insta::assert_snapshot!("one_chart", shown(&snapshot, 40, 14));
        insta::assert_snapshot!("two_charts", shown(&snapshot, 50, 20));
    }

    #[test]
    fn waiting_skipped_missing_and_not_finite() {
        insta::assert_snapshot!(
            "waiting",
            draw(&PolicyLosses::new((&Snapshot::empty()).into(), &Theme::DARK), 46, 8)
        );
        let mut snapshot = base::losses();
        base::skip(&mut snapshot);
        let policy = &mut snapshot.policy;
        policy.policy_loss = policy.policy_loss.map(base::stale);
        policy.value_loss = policy.value_loss.map(base::stale);
        policy.learning_rate = policy.learning_rate.map(base::stale);
        insta::assert_snapshot!(
            "skipped",
            draw(&PolicyLosses::new((&snapshot).into(), &Theme::DARK), 60, 8)
        );
        let mut snapshot = base::losses();
        let policy = &mut snapshot.policy;
        policy.policy_loss = Some(base::graded("policy.policy_loss", f64::NAN));
        policy.policy_loss_history = Arc::from([0.1, f64::NAN, 0.2, f64::INFINITY]);
        policy.value_loss = Some(base::graded("policy.value_loss", f64::NEG_INFINITY));
        policy.entropy_coef = None;
        policy.early_stop_epoch = Some(base::reading(3));
        insta::assert_snapshot!(
            "not_finite",
            draw(&PolicyLosses::new((&snapshot).into(), &Theme::DARK), 40, 8)
        );
    }

    #[test]
    fn ascii_and_scrolled() {
        let ascii = Theme::PLAIN.with_glyphs(Glyphs::Ascii);
        let view = View { focused: true, offset: Some(9), past: false, selected: None };
        let snapshot = base::losses();
        let panel = PolicyLosses::new((&snapshot).into(), &ascii).view(view);
        insta::assert_snapshot!(draw(&panel, 40, 5));
        insta::assert_snapshot!(rows(&draw_buffer(&panel, 40, 14)).join("\n"));
    }

    #[test]
    fn it_survives_any_area() {
        base::survives_any_area(&PolicyLosses::new((&base::losses()).into(), &Theme::DARK));
    }
}
