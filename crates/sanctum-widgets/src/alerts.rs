//! Alerts as text: the second row of the banner, and the list of them. All words come from the alerts and the rule table.

use karn_sanctum::Alert;
use leyline::{AlertLevel, metric, rule};
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::widgets::Widget;

use crate::format::{MISSING, format_plain, width};
use crate::pen::{Pen, Span, spans_width};
use crate::theme::{Class, Theme};

mod list;

pub use list::{AlertListProps, AlertListView};

/// `why: Gradient Norm moved first in b21 (+7.2 sd); KL Divergence critical since b23, worst 0.05   next: learning rate`.
#[derive(Debug, Clone)]
pub struct VerdictLine<'a> {
    /// What lasts, worst first.
    alerts: Vec<&'a Alert>,
    theme: &'a Theme,
}

impl<'a> VerdictLine<'a> {
    /// Returns the line for the alerts that last, worst first. None of them: the line is empty.
    pub const fn new(alerts: Vec<&'a Alert>, theme: &'a Theme) -> Self {
        Self { alerts, theme }
    }

    /// Returns the spans of a form.
    fn spans(&self, form: Form) -> Vec<Span> {
        let Some(worst) = self.alerts.first() else { return Vec::new() };
        let mut told: Vec<Span> = Vec::new();
        if let Some(moved) = moved_first(worst, form.says_how_far).filter(|_| 1 < form.causes) {
            told.push(Span::new(moved, Class::Plain));
        }
        told.extend(self.alerts.iter().map(|alert| {
            let worst =
                if form.says_worst { format!(", worst {}", value(alert)) } else { String::new() };
            let text = format!("{} {} since {}{worst}", name(alert), alert.level, since(alert));
            Span::new(text, class(alert.level))
        }));
        told.truncate(form.causes);
        let mut spans = vec![Span::new("why: ", Class::Dim)];
        for (i, span) in told.into_iter().enumerate() {
            if 0 < i {
                spans.push(Span::new("; ", Class::Dim));
            }
            spans.push(span);
        }
        spans.push(Span::new("   next: ", Class::Dim));
        spans.push(Span::new(rule::by_id(worst.rule).next, Class::Plain));
        spans
    }
}

/// How much a line says.
#[derive(Debug, Clone, Copy)]
struct Form {
    causes: usize,
    says_worst: bool,
    /// By how many deviations the first mover left its band.
    says_how_far: bool,
}

/// The forms, of which the first that fits is drawn. Where there is room for one cause, it is the alert.
const FORMS: [Form; 5] = [
    Form { causes: 2, says_worst: true, says_how_far: true },
    Form { causes: 2, says_worst: false, says_how_far: true },
    Form { causes: 2, says_worst: false, says_how_far: false },
    Form { causes: 1, says_worst: true, says_how_far: false },
    Form { causes: 1, says_worst: false, says_how_far: false },
];

impl Widget for &VerdictLine<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let Some(mut pen) = Pen::new(area, buf, self.theme) else { return };
        let forms = FORMS.map(|form| self.spans(form));
        let fits = forms.iter().position(|spans| spans_width(spans) <= pen.width());
        pen.spans(0, 0, &forms[fits.unwrap_or(forms.len() - 1)]);
        pen.finish();
    }
}

/// Returns how far a metric moved, as text that follows a batch: ` (+7.2 sd)`. Empty where it never varied before.
pub fn format_move(sigmas: f64) -> String {
    if sigmas.is_finite() { format!(" ({sigmas:+.1} sd)") } else { String::new() }
}

/// Returns what moved first, where that is another metric than the one that the alert is about.
fn moved_first(alert: &Alert, says_how_far: bool) -> Option<String> {
    let mover = alert.mover?;
    if alert.worst.place.is_some_and(|place| place.path == mover.path) {
        return None;
    }
    let name = metric::by_path(mover.path).map_or(mover.path, |spec| spec.name);
    let batch = batch(mover.at.batch);
    let by = if says_how_far { format_move(mover.sigmas) } else { String::new() };
    Some(format!("{name} moved first in {batch}{by}"))
}

/// Returns the name of what an alert is about: of the metric, or else of the rule, with the environment.
fn name(alert: &Alert) -> String {
    let spec = alert.worst.place.and_then(|place| metric::by_path(place.path));
    let name = spec.map_or_else(|| alert.rule.to_string(), |spec| spec.name.to_owned());
    match alert.worst.env {
        Some(env) => format!("{name} env {env}"),
        None => name,
    }
}

/// Returns the worst value with its unit, where it has one of its own.
fn value(alert: &Alert) -> String {
    let unit = rule::by_id(alert.rule).own_unit();
    let unit = unit.map_or_else(String::new, |unit| format!(" {unit}"));
    format!("{}{unit}", format_plain(alert.worst.value))
}

fn since(alert: &Alert) -> String {
    batch(alert.first.batch)
}

fn batch(batch: Option<u64>) -> String {
    batch.map_or_else(|| MISSING.to_owned(), |batch| format!("b{batch}"))
}

const fn class(level: AlertLevel) -> Class {
    match level {
        AlertLevel::Info => Class::Plain,
        AlertLevel::Warning => Class::Warning,
        AlertLevel::Critical => Class::Critical,
    }
}

/// Pads a text to columns.
fn padded(text: &str, columns: usize) -> String {
    let text = crate::format::cut(text, columns);
    let rest = columns.saturating_sub(width(&text));
    text + &" ".repeat(rest)
}

#[cfg(test)]
mod tests;
