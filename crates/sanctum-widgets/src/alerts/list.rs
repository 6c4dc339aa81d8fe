//! The list of alerts: newest first, a row each, with the details of the chosen one below.

use std::collections::BTreeSet;

use karn_sanctum::Alert;
use leyline::AlertLevel;
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::widgets::Widget;

use super::{batch, class, name, padded, since, value};
use crate::frame::Frame;
use crate::pen::Pen;
use crate::theme::{Class, Theme};
use crate::view::View;

/// What the list shows.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertListProps<'a> {
    /// The alerts by number, newest last.
    pub alerts: &'a [Alert],
    /// Numbers of those that somebody has acknowledged.
    pub acknowledged: &'a BTreeSet<u64>,
    /// Place of the chosen one, from the newest.
    pub chosen: usize,
    /// More about the chosen one, a line each.
    pub details: Vec<String>,
    /// Alerts that are no longer in the list.
    pub forgotten: u64,
}

/// A table in a frame.
#[derive(Debug, Clone)]
pub struct AlertListView<'a> {
    props: AlertListProps<'a>,
    theme: &'a Theme,
}

/// Rows below the list: a gap and the details.
const BELOW: usize = 4;

impl<'a> AlertListView<'a> {
    /// Returns the list for `props`.
    pub const fn new(props: AlertListProps<'a>, theme: &'a Theme) -> Self {
        Self { props, theme }
    }

    /// Rows of an area that alerts can have.
    pub const fn room(height: u16) -> usize {
        (height as usize).saturating_sub(3 + BELOW)
    }

    fn title(&self) -> String {
        let all = self.props.alerts.len() as u64 + self.props.forgotten;
        let lasting = self.props.alerts.iter().filter(|alert| alert.ended.is_none()).count();
        format!("Alerts: {lasting} of {all} last")
    }

    fn draw_row(&self, pen: &mut Pen<'_>, row: usize, alert: &Alert, is_chosen: bool) {
        let is_acknowledged = self.props.acknowledged.contains(&alert.number);
        let mark = match alert.level {
            AlertLevel::Info => " ",
            AlertLevel::Warning => "*",
            AlertLevel::Critical => "!",
        };
        let lasted = match (alert.first.batch, alert.last.batch) {
            (Some(first), Some(last)) => (last.saturating_sub(first) + 1).to_string(),
            (Some(_) | None, _) => String::new(),
        };
        let state = match (alert.ended, is_acknowledged) {
            (Some(at), _) => format!("ended {}", batch(at.batch)),
            (None, true) => "lasts, acknowledged".to_owned(),
            (None, false) => "lasts".to_owned(),
        };
        let cursor = if is_chosen { ">" } else { " " };
        let told = [
            (cursor.to_owned(), 1),
            (mark.to_owned(), 1),
            (alert.number.to_string(), 4),
            (alert.rule.to_string(), 9),
            (alert.level.to_string(), 8),
            (since(alert), 7),
            (lasted, 7),
            (state, 20),
            (format!("{} {}", name(alert), value(alert)), 60),
        ];
        let text = told.map(|(text, columns)| padded(&text, columns)).join(" ");
        let class = match (alert.ended.is_some() || is_acknowledged, is_chosen) {
            (_, true) => Class::Accent,
            (true, false) => Class::Dim,
            (false, false) => class(alert.level),
        };
        pen.text(0, row, text.trim_end(), class);
    }
}

impl Widget for &AlertListView<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let Some(mut pen) = Pen::new(area, buf, self.theme) else { return };
        let frame = Frame { title: self.title(), note: None, batch: None };
        let view = View { focused: true, ..View::REST };
        if let Some(mut inside) = frame.draw(&mut pen, view) {
            let head = "    No   rule      level    since   batches state                worst";
            inside.text(0, 0, head, Class::Dim);
            if self.props.alerts.is_empty() {
                inside.text(0, 1, "no alert", Class::Missing);
            }
            let room = AlertListView::room(area.height);
            let first = (self.props.chosen + 1).saturating_sub(room);
            let newest_first = self.props.alerts.iter().rev().enumerate();
            for (row, (at, alert)) in newest_first.skip(first).take(room).enumerate() {
                self.draw_row(&mut inside, row + 1, alert, at == self.props.chosen);
            }
            let below = inside.height().saturating_sub(BELOW - 1);
            for (row, line) in self.props.details.iter().enumerate() {
                let text = inside.foreign(line, inside.width());
                inside.text(0, below + row, &text, Class::Plain);
            }
        }
        pen.finish();
    }
}
