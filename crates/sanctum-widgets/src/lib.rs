//! Pure views of a snapshot: props and a rectangle in, cells out; no keys, no terminal, no limits of metrics.
//!
//! | module | holds |
//! |---|---|
//! | [`run_header`], [`anomaly_strip`], [`status_banner`] | the lines at the top |
//! | [`policy_health`], [`policy_losses`], [`value_diagnostics`], [`episode_panel`], [`env_overview`], [`event_log`], [`esper_status`], [`telemetry_panel`] | the panels |
//! | [`time_bar`], [`difference`], [`unread`] | where a view is in its run, what changed between two moments of it, and what stands for a panel before the run was read |
//! | [`inspector`], [`selection`] | everything about one number, and which numbers the rows of a panel show |
//! | [`widget_id`] | the list of all of them, with titles and records |
//! | [`view`] | what a person did to a panel: focus and scrolling |
//! | [`theme`], [`glyph`] | classes and their looks, glyphs and their ASCII forms |
//! | [`format`](mod@format) | values as text |
//! | [`dump`] | cells as text, for tests and pictures |
//!
//! ```
//! use karn_sanctum::Snapshot;
//! use sanctum_widgets::{RunHeader, RunHeaderProps, Theme, dump};
//!
//! let snapshot = Snapshot::empty();
//! let header = RunHeader::new(RunHeaderProps::from(&snapshot), &Theme::DARK);
//! let buffer = dump::draw_buffer(&header, 80, 1);
//! assert_eq!(dump::rows(&buffer), ["○ WAIT ? │ Waiting for training data..."]);
//! ```

pub mod alerts;
pub mod anomaly_strip;
mod chart;
pub mod difference;
pub mod dump;
pub mod env_overview;
pub mod episode_panel;
pub mod esper_status;
pub mod event_log;
pub mod format;
mod frame;
pub mod glyph;
pub mod inspector;
mod metric_row;
mod pen;
pub mod policy_health;
pub mod policy_losses;
pub mod run_header;
pub mod selection;
mod sparkline;
pub mod status_banner;
pub mod telemetry_panel;
pub mod theme;
pub mod time_bar;
pub mod unread;
pub mod value_diagnostics;
pub mod view;
pub mod widget_id;

#[cfg(test)]
#[path = "../tests/support/base.rs"]
mod base;

pub use alerts::{AlertListProps, AlertListView, VerdictLine};
pub use anomaly_strip::{AnomalyStrip, AnomalyStripProps};
pub use difference::{DifferenceProps, DifferenceView, Moment};
pub use env_overview::{EnvOverview, EnvOverviewProps};
pub use episode_panel::{EpisodePanel, EpisodePanelProps};
pub use esper_status::{EsperStatus, EsperStatusProps};
pub use event_log::{EventLog, EventLogProps};
pub use glyph::{Glyphs, Marker};
pub use inspector::{InspectorProps, InspectorView, Measured, RecordText};
pub use policy_health::{PolicyHealth, PolicyHealthProps};
pub use policy_losses::{PolicyLosses, PolicyLossesProps};
pub use run_header::{Alarm, RunHeader, RunHeaderProps};
pub use selection::{Of, Shown};
pub use status_banner::{RunState, StatusBanner, StatusBannerProps};
pub use telemetry_panel::{TelemetryPanel, TelemetryPanelProps};
pub use theme::{Class, Theme};
pub use time_bar::{TimeBar, TimeBarProps};
pub use unread::Unread;
pub use value_diagnostics::{ValueDiagnostics, ValueDiagnosticsProps};
pub use view::View;
pub use widget_id::WidgetId;
