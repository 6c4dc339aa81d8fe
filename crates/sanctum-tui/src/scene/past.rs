//! The time bar of a view that does not follow its run.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;
use sanctum_widgets::time_bar::{Reading, Sign};
use sanctum_widgets::{TimeBar, TimeBarProps};

use crate::app::{App, behind_seconds};
use crate::time::{LandmarkKind, Moment, Motion};

/// Draws the bar into a row.
pub(super) fn draw(app: &App, moment: &Moment, row: Rect, buf: &mut Buffer) {
    let snapshot = app.snapshot();
    let signs = signs(app, moment);
    let reading = moment.extent.reading.map(|read| Reading {
        percent: read.done.saturating_mul(100).checked_div(read.of).unwrap_or(0).min(100),
        events: read.events,
    });
    let props = TimeBarProps {
        playing: matches!(moment.motion, Motion::Playing(_)),
        ts: moment.ts,
        runtime_seconds: snapshot.runtime_seconds,
        current_batch: snapshot.current_batch,
        max_batches: snapshot.max_batches,
        // Where nothing has happened since, there is nothing to be behind of.
        behind_seconds: behind_seconds(moment).filter(|seconds| 0.0 < *seconds),
        extent: (moment.extent.first, moment.extent.last),
        place: moment.place,
        signs: &signs,
        speed: app.speed().factor(),
        reading,
    };
    TimeBar::new(props, app.theme()).render(row, buf);
}

fn signs(app: &App, moment: &Moment) -> Vec<(u64, Sign)> {
    let marks = app.marks().iter().map(|(&letter, mark)| (mark.place, Sign::Mark(letter)));
    let landmarks = moment.extent.landmarks.iter().map(|landmark| {
        let sign = match landmark.kind {
            LandmarkKind::Alert => Sign::Alert,
            LandmarkKind::Gap => Sign::Gap,
        };
        (landmark.place, sign)
    });
    landmarks.chain(marks).filter(|(place, _)| *place <= moment.extent.last).collect()
}
