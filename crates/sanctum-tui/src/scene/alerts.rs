//! The list of alerts, over the panels.

use karn_sanctum::{Alert, Settings};
use leyline::rule;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget};
use sanctum_widgets::alerts::format_move;
use sanctum_widgets::{AlertListProps, AlertListView};

use crate::app::{App, Overlay};
use crate::headless::limit;
use crate::scene::help::place;

/// Draws the list if it is open.
pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let Overlay::Alerts(chosen) = app.overlay() else { return };
    let area = place(area, area.width, u16::MAX);
    Clear.render(area, buf);
    let acknowledged = app.acknowledged();
    let props = AlertListProps {
        alerts: &app.alerts().list,
        acknowledged: &acknowledged,
        chosen,
        details: app
            .chosen_alert()
            .map_or_else(Vec::new, |alert| details(alert, &app.alerts().settings)),
        forgotten: app.alerts().forgotten(),
    };
    AlertListView::new(props, app.theme()).render(area, buf);
}

/// Returns how many alerts fit.
pub(crate) fn alerts_room(area: Rect) -> usize {
    AlertListView::room(place(area, area.width, u16::MAX).height)
}

/// Returns what is known of an alert beside its row.
fn details(alert: &Alert, settings: &Settings) -> Vec<String> {
    let rule = rule::by_id(alert.rule);
    let record = limit::record(alert);
    let record = record.map_or_else(String::new, |number| format!("TELE-{number:03}, "));
    let moved = alert.mover.map_or_else(String::new, |mover| {
        let batch = mover.at.batch.map_or_else(String::new, |batch| format!(" in b{batch}"));
        format!("; first moved: {}{batch}{}", mover.path, format_move(mover.sigmas))
    });
    vec![
        format!("{record}limit {}{moved}", limit::of_alert(alert, settings)),
        format!("basis: {}", rule.basis),
        format!("next: {}", rule.next),
    ]
}
