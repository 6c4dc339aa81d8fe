//! The closed list of widgets: what each is called, which metrics it shows, how much room it needs and how it is drawn.

use karn_sanctum::Snapshot;
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::widgets::Widget as _;

use crate::anomaly_strip::AnomalyStrip;
use crate::env_overview::EnvOverview;
use crate::episode_panel::EpisodePanel;
use crate::esper_status::EsperStatus;
use crate::event_log::EventLog;
use crate::policy_health::PolicyHealth;
use crate::policy_losses::PolicyLosses;
use crate::run_header::RunHeader;
use crate::status_banner::StatusBanner;
use crate::telemetry_panel::TelemetryPanel;
use crate::theme::Theme;
use crate::value_diagnostics::ValueDiagnostics;
use crate::view::View;

/// A widget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WidgetId {
    /// [`crate::run_header`].
    RunHeader,
    /// [`crate::anomaly_strip`].
    AnomalyStrip,
    /// [`crate::status_banner`].
    StatusBanner,
    /// [`crate::policy_health`].
    PolicyHealth,
    /// [`crate::policy_losses`].
    PolicyLosses,
    /// [`crate::value_diagnostics`].
    ValueDiagnostics,
    /// [`crate::episode_panel`].
    EpisodePanel,
    /// [`crate::env_overview`].
    EnvOverview,
    /// [`crate::event_log`].
    EventLog,
    /// [`crate::esper_status`].
    EsperStatus,
    /// [`crate::telemetry_panel`].
    TelemetryPanel,
}

/// What is known about a widget without drawing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WidgetSpec {
    /// The widget.
    pub id: WidgetId,
    /// Its name on the command line and in records.
    pub name: &'static str,
    /// Its title.
    pub title: &'static str,
    /// One sentence for the help.
    pub about: &'static str,
    /// The number key that chooses it; `None` for the lines at the top, which are always there.
    pub panel: Option<u8>,
    /// Numbers of the telemetry records whose metrics it shows, rising.
    pub records: &'static [u16],
    /// Columns and rows below which it shows less than its main content.
    pub min_size: (u16, u16),
}

/// Every widget, in the order of the screen from the top and then of the panel numbers.
pub const ALL: &[WidgetSpec] = &[
    WidgetSpec {
        id: WidgetId::RunHeader,
        name: "RunHeader",
        title: "Run",
        about: "connection, run, progress, speed, alarms",
        panel: None,
        records: &[
            1, 3, 10, 11, 12, 13, 14, 20, 701, 702, 703, 704, 710, 711, 720, 721, 722, 730, 732,
            734, 741, 780, 782, 784,
        ],
        min_size: (60, 1),
    },
    WidgetSpec {
        id: WidgetId::AnomalyStrip,
        name: "AnomalyStrip",
        title: "Anomalies",
        about: "what is wrong with environments, gradients, memory and link",
        panel: None,
        records: &[100, 110, 124, 193, 300, 301, 331, 332, 630, 704, 740, 780, 782],
        min_size: (40, 1),
    },
    WidgetSpec {
        id: WidgetId::StatusBanner,
        name: "StatusBanner",
        title: "State",
        about: "how the run stands, latest KL divergence, batch",
        panel: None,
        records: &[13, 14, 15, 22, 100, 110, 120, 130, 140, 193, 200, 300, 301, 310, 702, 703, 704],
        min_size: (40, 1),
    },
    WidgetSpec {
        id: WidgetId::PolicyHealth,
        name: "PolicyHealth",
        title: "Policy health",
        about: "changes of the policy, entropy, gradients",
        panel: Some(1),
        records: &[
            101, 110, 111, 120, 121, 122, 123, 125, 130, 135, 136, 140, 141, 142, 143, 144, 150,
            152, 153, 154, 160, 161, 190, 193, 310, 311, 330, 331, 332, 390,
        ],
        min_size: (40, 10),
    },
    WidgetSpec {
        id: WidgetId::PolicyLosses,
        name: "PolicyLosses",
        title: "Losses",
        about: "policy and value loss, learning rate, update time",
        panel: Some(2),
        records: &[102, 103, 104, 105, 131, 132, 133, 134, 191, 192, 193],
        min_size: (40, 5),
    },
    WidgetSpec {
        id: WidgetId::ValueDiagnostics,
        name: "ValueDiagnostics",
        title: "Value diagnostics",
        about: "how well the critic knows what comes",
        panel: Some(3),
        records: &[
            193, 200, 210, 211, 212, 213, 220, 221, 222, 223, 224, 225, 226, 227, 228, 229, 230,
        ],
        min_size: (40, 5),
    },
    WidgetSpec {
        id: WidgetId::EpisodePanel,
        name: "EpisodePanel",
        title: "Episodes",
        about: "returns and lengths of finished episodes",
        panel: Some(4),
        records: &[21, 611, 612, 613, 614, 615, 616, 617, 618],
        min_size: (40, 10),
    },
    WidgetSpec {
        id: WidgetId::EnvOverview,
        name: "EnvOverview",
        title: "Environments",
        about: "state, return and progress of each environment",
        panel: Some(5),
        records: &[5, 630, 634, 637, 640, 665, 666, 667, 668, 704],
        min_size: (40, 5),
    },
    WidgetSpec {
        id: WidgetId::EventLog,
        name: "EventLog",
        title: "Events",
        about: "what happened, newest last",
        panel: Some(6),
        records: &[810, 811, 812, 813, 814, 817, 819],
        min_size: (40, 5),
    },
    WidgetSpec {
        id: WidgetId::EsperStatus,
        name: "EsperStatus",
        title: "Status",
        about: "runtime, throughput, machine, where the time goes",
        panel: Some(7),
        records: &[
            4, 20, 701, 710, 711, 712, 720, 721, 722, 723, 730, 731, 732, 733, 734, 900, 901, 902,
            903, 904, 905, 906, 907, 908, 909, 910, 911, 912, 913, 914, 915, 916,
        ],
        min_size: (30, 10),
    },
    WidgetSpec {
        id: WidgetId::TelemetryPanel,
        name: "TelemetryPanel",
        title: "Telemetry",
        about: "received and lost events, user metrics",
        panel: Some(8),
        records: &[2, 702, 750, 780, 781, 782, 783, 784, 816, 820, 821],
        min_size: (30, 9),
    },
];

impl WidgetId {
    /// Returns what is known about the widget.
    pub fn spec(self) -> &'static WidgetSpec {
        // The test below holds the list complete, and the first entry is a widget like any other.
        ALL.iter().find(|spec| spec.id == self).unwrap_or(&ALL[0])
    }

    /// Returns the name of the widget.
    pub fn name(self) -> &'static str {
        self.spec().name
    }

    /// Returns the widget with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        ALL.iter().find(|spec| spec.name == name).map(|spec| spec.id)
    }
}

impl WidgetId {
    /// Draws the widget with what it takes from `snapshot`.
    ///
    /// The header of a screen knows more than a snapshot does (its own rate, whether it is paused): build that one with
    /// [`RunHeader::new`].
    pub fn render(
        self,
        snapshot: &Snapshot,
        view: View,
        theme: &Theme,
        area: Rect,
        buf: &mut Buffer,
    ) {
        match self {
            Self::RunHeader => {
                RunHeader::new(snapshot.into(), theme).render(area, buf);
            }
            Self::AnomalyStrip => {
                AnomalyStrip::new(snapshot.into(), theme).render(area, buf);
            }
            Self::StatusBanner => {
                StatusBanner::new(snapshot.into(), theme).render(area, buf);
            }
            Self::PolicyHealth => {
                PolicyHealth::new(snapshot.into(), theme).view(view).render(area, buf);
            }
            Self::ValueDiagnostics => {
                ValueDiagnostics::new(snapshot.into(), theme).view(view).render(area, buf);
            }
            Self::PolicyLosses => {
                PolicyLosses::new(snapshot.into(), theme).view(view).render(area, buf);
            }
            Self::EpisodePanel => {
                EpisodePanel::new(snapshot.into(), theme).view(view).render(area, buf);
            }
            Self::EnvOverview => {
                EnvOverview::new(snapshot.into(), theme).view(view).render(area, buf);
            }
            Self::EventLog => {
                EventLog::new(snapshot.into(), theme).view(view).render(area, buf);
            }
            Self::EsperStatus => {
                EsperStatus::new(snapshot.into(), theme).view(view).render(area, buf);
            }
            Self::TelemetryPanel => {
                TelemetryPanel::new(snapshot.into(), theme).view(view).render(area, buf);
            }
        }
    }

    /// Returns how many entries the widget can scroll through; 0 for what does not scroll.
    pub fn entries(self, snapshot: &Snapshot) -> usize {
        match self {
            Self::RunHeader | Self::AnomalyStrip | Self::StatusBanner | Self::EpisodePanel => 0,
            Self::PolicyHealth => PolicyHealth::ENTRIES,
            Self::PolicyLosses => PolicyLosses::ENTRIES,
            Self::ValueDiagnostics => ValueDiagnostics::ENTRIES,
            Self::EnvOverview => EnvOverview::new(snapshot.into(), &Theme::PLAIN).entries(),
            Self::EventLog => EventLog::new(snapshot.into(), &Theme::PLAIN).entries(),
            Self::EsperStatus => EsperStatus::new(snapshot.into(), &Theme::PLAIN).entries(),
            Self::TelemetryPanel => TelemetryPanel::new(snapshot.into(), &Theme::PLAIN).entries(),
        }
    }

    /// Returns how many of those entries are visible in a widget of this height: by how much less it can be scrolled.
    pub const fn visible_entries(self, height: u16) -> usize {
        let not_entries = match self {
            Self::RunHeader | Self::AnomalyStrip | Self::StatusBanner => 0,
            Self::EnvOverview => 4,
            Self::TelemetryPanel => 3,
            Self::PolicyHealth
            | Self::PolicyLosses
            | Self::ValueDiagnostics
            | Self::EpisodePanel
            | Self::EventLog
            | Self::EsperStatus => 2,
        };
        height.saturating_sub(not_entries) as usize
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Fails to compile when a widget is added, and says where else it belongs.
    const fn position(id: WidgetId) -> usize {
        match id {
            WidgetId::RunHeader => 0,
            WidgetId::AnomalyStrip => 1,
            WidgetId::StatusBanner => 2,
            WidgetId::PolicyHealth => 3,
            WidgetId::PolicyLosses => 4,
            WidgetId::ValueDiagnostics => 5,
            WidgetId::EpisodePanel => 6,
            WidgetId::EnvOverview => 7,
            WidgetId::EventLog => 8,
            WidgetId::EsperStatus => 9,
            WidgetId::TelemetryPanel => 10,
        }
    }

    #[test]
    fn the_registry_is_complete_and_names_are_unique() {
        let names: BTreeSet<_> = ALL.iter().map(|spec| spec.name).collect();
        let panels: BTreeSet<_> = ALL.iter().filter_map(|spec| spec.panel).collect();
        assert_eq!((names.len(), panels.len(), ALL.len()), (11, 8, 11));
        for (i, spec) in ALL.iter().enumerate() {
            assert_eq!(position(spec.id), i);
            assert_eq!(spec.id.spec(), spec);
            assert_eq!(WidgetId::from_name(spec.name), Some(spec.id));
        }
        assert_eq!(WidgetId::from_name("runheader"), None);
    }

    #[test]
    fn records_exist_and_rise() {
        for spec in ALL {
            assert!(spec.records.is_sorted_by(|a, b| a < b), "{}", spec.name);
            for number in spec.records {
                assert!(leyline::metric::by_number(*number).is_some(), "{} {number}", spec.name);
            }
        }
    }

    #[test]
    fn every_widget_draws_itself_alone() {
        let snapshot = crate::base::everything();
        for spec in ALL {
            let (columns, rows) = spec.min_size;
            let mut buf = Buffer::empty(Rect::new(0, 0, columns, rows));
            spec.id.render(&snapshot, View::REST, &Theme::DARK, *buf.area(), &mut buf);
            let drawn = crate::dump::rows(&buf);
            assert!(!drawn[0].is_empty(), "{}", spec.name);
            if let Some(panel) = spec.panel {
                let title = format!("┌─ {panel} {}", spec.title);
                assert!(drawn[0].starts_with(&title), "{drawn:?}");
            }
        }
    }

    #[test]
    fn scrolling_to_the_last_page_shows_the_last_entry() {
        let snapshot = crate::base::busy();
        for spec in ALL.iter().filter(|spec| 0 < spec.id.entries(&snapshot)) {
            let height = 6;
            let last = spec.id.entries(&snapshot).saturating_sub(spec.id.visible_entries(height));
            let drawn = |offset| {
                let mut buf = Buffer::empty(Rect::new(0, 0, 60, height));
                let view =
                    View { focused: false, offset: Some(offset), past: false, selected: None };
                spec.id.render(&snapshot, view, &Theme::DARK, *buf.area(), &mut buf);
                crate::dump::rows(&buf)[1..].to_vec()
            };
            assert!(0 < last, "{}", spec.name);
            assert_eq!(drawn(last), drawn(last + 5), "{}", spec.name);
            assert_ne!(drawn(last), drawn(last - 1), "{}", spec.name);
        }
    }
}
