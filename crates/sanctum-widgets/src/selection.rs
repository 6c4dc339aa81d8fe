//! Which metrics a row of a panel shows, for whoever wants to know more about a number.

use karn_sanctum::{BudgetView, Snapshot};

use crate::env_overview::EnvOverview;
use crate::theme::Theme;
use crate::widget_id::WidgetId;

/// A number on the screen: its metric, and which of many it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Number of its record.
    pub record: u16,
    /// Which one, where there are many.
    pub of: Of,
}

/// Which one of many a number is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Of {
    /// There is one only.
    Run,
    /// The environment with this id.
    Env(u32),
    /// The device with this id.
    Device(u32),
    /// The user metric of this name.
    Metric(String),
}

impl Shown {
    const fn of_run(record: u16) -> Self {
        Self { record, of: Of::Run }
    }
}

const POLICY_HEALTH: &[&[u16]] = &[
    &[110, 190, 111],
    &[120, 125],
    &[121],
    &[130, 135, 136],
    &[310, 390, 311],
    &[140],
    &[160],
    &[101],
    &[122],
    &[123],
    &[141],
    &[331, 332],
    &[144],
    &[142],
    &[143],
    &[150],
    &[153],
    &[330],
    &[152],
    &[154],
    &[161],
];
const POLICY_LOSSES: &[&[u16]] =
    &[&[131, 191, 133], &[132, 192, 134], &[104], &[105], &[103], &[102]];
const VALUE_DIAGNOSTICS: &[&[u16]] = &[
    &[200],
    &[220],
    &[223],
    &[210, 211],
    &[212, 213],
    &[221, 222],
    &[224],
    &[225],
    &[226],
    &[230],
    &[228],
    &[229],
    &[227],
];
const EPISODE_PANEL: &[&[u16]] =
    &[&[611], &[613], &[612, 21], &[614], &[615], &[616], &[617], &[618]];
const ESPER_STATUS: &[&[u16]] = &[&[20], &[710], &[711], &[712], &[4], &[720], &[721, 722], &[723]];
const BUDGET: &[&[u16]] = &[
    &[915, 916],
    &[912],
    &[],
    &[900, 906],
    &[901, 907],
    &[902, 908],
    &[903, 909],
    &[904, 910],
    &[905, 911],
    &[913],
    &[914],
];
const TELEMETRY: &[&[u16]] = &[&[2], &[750], &[816], &[780, 781], &[782, 783]];
const DEVICE: &[u16] = &[730, 732, 731, 733, 734];
const ENV: &[u16] = &[630, 637, 640, 665, 666, 667, 634, 668];
const USER: &[u16] = &[820, 821];
const SINKS: &[u16] = &[784];

impl WidgetId {
    /// Returns what each row of the panel shows in a place of this height, in the order of the rows; empty for what has no
    /// rows to choose from.
    pub fn rows(self, snapshot: &Snapshot, height: u16) -> Vec<Vec<Shown>> {
        let of = |records: &[u16], of: &Of| -> Vec<Shown> {
            records.iter().map(|record| Shown { record: *record, of: of.clone() }).collect()
        };
        let table = |table: &[&[u16]]| -> Vec<Vec<Shown>> {
            table.iter().map(|records| of(records, &Of::Run)).collect()
        };
        match self {
            Self::RunHeader | Self::AnomalyStrip | Self::StatusBanner | Self::EventLog => {
                Vec::new()
            }
            Self::PolicyHealth => table(POLICY_HEALTH),
            Self::PolicyLosses => table(POLICY_LOSSES),
            Self::ValueDiagnostics => table(VALUE_DIAGNOSTICS),
            Self::EpisodePanel => table(EPISODE_PANEL),
            Self::EnvOverview => {
                let room = self.visible_entries(height);
                let order = EnvOverview::new(snapshot.into(), &Theme::PLAIN).order(room);
                order.into_iter().map(|id| of(ENV, &Of::Env(id))).collect()
            }
            Self::EsperStatus => {
                let devices = snapshot.vitals.gpu_stats.iter();
                let devices = devices.map(|gpu| of(DEVICE, &Of::Device(gpu.device_id)));
                let budget: &[&[u16]] =
                    if snapshot.budget == BudgetView::empty() { &[] } else { BUDGET };
                table(ESPER_STATUS).into_iter().chain(devices).chain(table(budget)).collect()
            }
            Self::TelemetryPanel => {
                // One row says that there is no loss, or stands above those of the sinks.
                let sinks =
                    snapshot.telemetry.sink_losses.as_ref().map_or(0, |losses| losses.len());
                let sinks = std::iter::repeat_n(of(SINKS, &Of::Run), 1 + sinks);
                let metrics =
                    snapshot.metrics.keys().map(|name| of(USER, &Of::Metric(name.clone())));
                table(TELEMETRY).into_iter().chain(sinks).chain(metrics).collect()
            }
        }
    }

    /// Returns everything that the widget shows: row by row, and then what stands beside the rows.
    pub fn shown(self, snapshot: &Snapshot, height: u16) -> Vec<Shown> {
        let mut shown: Vec<Shown> = self.rows(snapshot, height).into_iter().flatten().collect();
        for record in self.spec().records {
            if shown.iter().all(|known| known.record != *record) {
                shown.push(Shown::of_run(*record));
            }
        }
        shown.dedup();
        shown
    }
}

#[cfg(test)]
mod tests {
    use ratatui_core::buffer::Buffer;
    use ratatui_core::layout::Rect;
    use ratatui_core::style::Modifier;

    use super::*;
    use crate::view::View;
    use crate::widget_id::{ALL, WidgetSpec};

    const AREA: Rect = Rect::new(0, 0, 60, 300);

    fn drawn(spec: &WidgetSpec, snapshot: &Snapshot, selected: Option<usize>) -> Buffer {
        let mut buf = Buffer::empty(AREA);
        let view = View { focused: true, selected, ..View::REST };
        spec.id.render(snapshot, view, &Theme::DARK, AREA, &mut buf);
        buf
    }

    #[test]
    fn every_record_of_a_widget_is_reached_once_for_each_thing_it_is_of() {
        let snapshot = crate::base::busy();
        for spec in ALL {
            let shown = spec.id.shown(&snapshot, AREA.height);
            for record in spec.records {
                assert!(
                    shown.iter().any(|shown| shown.record == *record),
                    "{} {record}",
                    spec.name
                );
            }
            for (i, of) in shown.iter().enumerate() {
                assert!(spec.records.contains(&of.record), "{} {of:?}", spec.name);
                let again = shown.iter().skip(i + 1).any(|other| other == of);
                // Each sink has a row, and all are one record.
                assert!(!again || of.record == 784, "{} {of:?}", spec.name);
            }
        }
    }

    #[test]
    fn each_row_has_its_place_on_the_panel() {
        let snapshot = crate::base::busy();
        for spec in ALL {
            let rest = drawn(spec, &snapshot, None);
            let rows = spec.id.rows(&snapshot, AREA.height);
            let mut places = std::collections::BTreeSet::new();
            for row in 0..rows.len() {
                let chosen = drawn(spec, &snapshot, Some(row));
                let differs = |(a, b): (&ratatui_core::buffer::Cell, _)| a != b;
                let at: Vec<usize> = chosen
                    .content()
                    .iter()
                    .zip(rest.content())
                    .enumerate()
                    .filter_map(|(i, pair)| differs(pair).then_some(i))
                    .collect();
                let marked = |i: &usize| chosen.content()[*i].modifier.contains(Modifier::REVERSED);
                assert!(!at.is_empty() && at.iter().all(marked), "{} row {row}", spec.name);
                assert!(places.insert(at[0]), "{} row {row} again", spec.name);
            }
            assert_eq!(drawn(spec, &snapshot, Some(rows.len())), rest, "{}", spec.name);
            let entries = spec.id.entries(&snapshot);
            let is_list = !rows.is_empty() && 0 < entries;
            assert!(!is_list || entries == rows.len(), "{} {entries}", spec.name);
        }
    }
}
