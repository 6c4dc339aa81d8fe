//! Where each panel goes: a pure function of the size, so that every size can be tested.

use ratatui::layout::Rect;
use sanctum_widgets::WidgetId;

/// Columns and rows below which there is only a message.
pub const SMALLEST: (u16, u16) = (60, 16);
/// Lines at the top of every screen that has any panel; the banner may take one more.
pub const TOP: u16 = 3;
/// Columns and rows of the smallest screen with several panels.
const SMALL: (u16, u16) = (80, 24);
/// Columns and rows of the middle screen.
const MEDIUM: (u16, u16) = (120, 40);
/// Columns and rows of the large screen.
const LARGE: (u16, u16) = (200, 60);
/// Rows from which the banner has its second row.
const TALL: u16 = 30;

/// The panels, in the order of their numbers.
pub const PANELS: [WidgetId; 8] = [
    WidgetId::PolicyHealth,
    WidgetId::PolicyLosses,
    WidgetId::ValueDiagnostics,
    WidgetId::EpisodePanel,
    WidgetId::EnvOverview,
    WidgetId::EventLog,
    WidgetId::EsperStatus,
    WidgetId::TelemetryPanel,
];

/// Returns the number key of a panel; lines on top have none.
pub fn number(id: WidgetId) -> Option<u8> {
    id.spec().panel
}

/// Which panels are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrangement {
    /// The panel that the keys go to; alone on the screen where there is room for one only.
    pub focus: WidgetId,
    /// Whether that panel has the whole screen.
    pub enlarged: bool,
    /// A panel for which the screen has no place, shown in place of the one above the log.
    pub guest: Option<WidgetId>,
}

impl Default for Arrangement {
    fn default() -> Self {
        Self { focus: WidgetId::PolicyHealth, enlarged: false, guest: None }
    }
}

/// How much of everything the size allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// What fits of the header, and a message.
    Message,
    /// Three lines on top and one panel.
    OnePanel,
    /// The smallest screen with several panels.
    Small,
    /// The middle screen.
    Medium,
    /// The large screen.
    Large,
}

/// Returns the largest extent that fits.
pub const fn extent(area: Rect) -> Extent {
    const fn fits(area: Rect, size: (u16, u16)) -> bool {
        size.0 <= area.width && size.1 <= area.height
    }
    if fits(area, LARGE) {
        Extent::Large
    } else if fits(area, MEDIUM) {
        Extent::Medium
    } else if fits(area, SMALL) {
        Extent::Small
    } else if fits(area, SMALLEST) {
        Extent::OnePanel
    } else {
        Extent::Message
    }
}

/// Returns the rectangle of every widget that is on the screen; none overlap, none is empty, all lie inside `area`.
///
/// The last row belongs to the [`footer`].
pub fn layout(arrangement: Arrangement, area: Rect) -> Vec<(WidgetId, Rect)> {
    let extent = extent(area);
    if extent == Extent::Message {
        let header = Rect { height: 1, ..area };
        return if 1 < area.height && 0 < area.width {
            vec![(WidgetId::RunHeader, header)]
        } else {
            Vec::new()
        };
    }
    let banner = if extent != Extent::OnePanel && TALL <= area.height { 2 } else { 1 };
    let [header, strip, status, body, _] =
        rows(area, [1, 1, banner, area.height - banner - TOP, 1]);
    let mut placed = vec![
        (WidgetId::RunHeader, header),
        (WidgetId::AnomalyStrip, strip),
        (WidgetId::StatusBanner, status),
    ];
    if arrangement.enlarged {
        placed.push((arrangement.focus, body));
    } else {
        placed.extend(panels(arrangement, extent, body));
    }
    placed
}

/// Returns the row of key hints; `None` where there is a message instead.
pub const fn footer(area: Rect) -> Option<Rect> {
    match extent(area) {
        Extent::Message => None,
        Extent::OnePanel | Extent::Small | Extent::Medium | Extent::Large => {
            Some(Rect { y: area.y + area.height - 1, height: 1, ..area })
        }
    }
}

/// Returns where the message goes that the screen is too small; `None` if it is not.
pub const fn message(area: Rect) -> Option<Rect> {
    match extent(area) {
        Extent::Message if 1 < area.height => Some(Rect { y: area.y + 1, height: 1, ..area }),
        Extent::Message => Some(area),
        Extent::OnePanel | Extent::Small | Extent::Medium | Extent::Large => None,
    }
}

fn panels(arrangement: Arrangement, extent: Extent, body: Rect) -> Vec<(WidgetId, Rect)> {
    match extent {
        Extent::Message => Vec::new(),
        Extent::OnePanel => vec![(arrangement.focus, body)],
        Extent::Small => small(arrangement.guest, body),
        Extent::Medium => medium(body),
        Extent::Large => large(body),
    }
}

/// Every P0 metric has a place here; status and telemetry come by their number keys.
fn small(guest: Option<WidgetId>, body: Rect) -> Vec<(WidgetId, Rect)> {
    let [upper, middle, lower] = rows(body, [10, 5, body.height - 15]);
    let [health, episodes] = halves(upper);
    let [losses, value] = halves(middle);
    let [envs, log] = halves(lower);
    vec![
        (WidgetId::PolicyHealth, health),
        (WidgetId::PolicyLosses, losses),
        (guest.unwrap_or(WidgetId::ValueDiagnostics), value),
        (WidgetId::EpisodePanel, episodes),
        (WidgetId::EnvOverview, envs),
        (WidgetId::EventLog, log),
    ]
}

/// Rows that are left go to the value rows, the environments and the log.
fn medium(body: Rect) -> Vec<(WidgetId, Rect)> {
    let spare = body.height - 35;
    let middle = 11 + spare / 2;
    let [charts, envs, bottom] = rows(body, [14, middle, body.height - 14 - middle]);
    let third = body.width / 3;
    let [health, losses, episodes] = columns(charts, [third, third, body.width - 2 * third]);
    let [value, envs] = columns(envs, [third, body.width - third]);
    let mut placed = vec![
        (WidgetId::PolicyHealth, health),
        (WidgetId::PolicyLosses, losses),
        (WidgetId::ValueDiagnostics, value),
        (WidgetId::EpisodePanel, episodes),
        (WidgetId::EnvOverview, envs),
    ];
    placed.extend(lists(bottom, 30));
    placed
}

/// Four panels in a row, environments below, log and counters at the bottom with what rows are left.
fn large(body: Rect) -> Vec<(WidgetId, Rect)> {
    let spare = body.height - 55;
    let middle = 15 + spare / 2;
    let [charts, envs, bottom] = rows(body, [25, middle, body.height - 25 - middle]);
    let quarter = body.width / 4;
    let [health, losses, value, episodes] =
        columns(charts, [quarter, quarter, quarter, body.width - 3 * quarter]);
    let mut placed = vec![
        (WidgetId::PolicyHealth, health),
        (WidgetId::PolicyLosses, losses),
        (WidgetId::ValueDiagnostics, value),
        (WidgetId::EpisodePanel, episodes),
        (WidgetId::EnvOverview, envs),
    ];
    placed.extend(lists(bottom, 50));
    placed
}

/// The event log, and beside it two panels of `side` columns.
fn lists(bottom: Rect, side: u16) -> [(WidgetId, Rect); 3] {
    let [log, status, telemetry] = columns(bottom, [bottom.width - 2 * side, side, side]);
    [
        (WidgetId::EventLog, log),
        (WidgetId::EsperStatus, status),
        (WidgetId::TelemetryPanel, telemetry),
    ]
}

fn halves(area: Rect) -> [Rect; 2] {
    columns(area, [area.width / 2, area.width - area.width / 2])
}

/// Cuts `area` into rows of the given heights, from the top.
fn rows<const N: usize>(area: Rect, heights: [u16; N]) -> [Rect; N] {
    let mut y = area.y;
    heights.map(|height| {
        let row = Rect { y, height, ..area };
        y += height;
        row
    })
}

/// Cuts `area` into columns of the given widths, from the left.
fn columns<const N: usize>(area: Rect, widths: [u16; N]) -> [Rect; N] {
    let mut x = area.x;
    widths.map(|width| {
        let column = Rect { x, width, ..area };
        x += width;
        column
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrangements() -> Vec<Arrangement> {
        let guests = PANELS.into_iter().map(Some).chain([None]);
        let mut all: Vec<_> = guests
            .map(|guest| Arrangement { guest, ..Arrangement::default() })
            .filter(|a| a.guest.is_none_or(|g| !on_small_screen(g)))
            .collect();
        for focus in PANELS {
            all.push(Arrangement { focus, enlarged: true, guest: None });
            all.push(Arrangement { focus, enlarged: false, guest: None });
        }
        all
    }

    fn on_small_screen(id: WidgetId) -> bool {
        let area = Rect::new(0, 0, 80, 24);
        layout(Arrangement::default(), area).iter().any(|&(placed, _)| placed == id)
    }

    #[test]
    fn nothing_overlaps_at_any_size() {
        for arrangement in arrangements() {
            for width in 0..=250 {
                for height in 0..=80 {
                    check_size(arrangement, Rect::new(0, 0, width, height));
                }
            }
        }
    }

    #[track_caller]
    fn check_size(arrangement: Arrangement, area: Rect) {
        let mut rects: Vec<Rect> = layout(arrangement, area).iter().map(|&(_, r)| r).collect();
        rects.extend(footer(area));
        rects.extend(message(area).filter(|r| !r.is_empty()));
        for (i, a) in rects.iter().enumerate() {
            assert!(!a.is_empty() && a.intersection(area) == *a, "{a} in {area}");
            assert!(rects[..i].iter().all(|b| !a.intersects(*b)), "{a} overlaps in {area}");
        }
        let filled: u32 = rects.iter().map(|r| r.area()).sum();
        if extent(area) != Extent::Message {
            assert_eq!(filled, area.area(), "no cell of {area} is left unused");
        }
        let mut ids: Vec<_> = layout(arrangement, area).into_iter().map(|(id, _)| id).collect();
        let before = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), before, "a widget is drawn twice at {area}");
    }

    #[track_caller]
    fn check(width: u16, height: u16, expected: &str) {
        let area = Rect::new(0, 0, width, height);
        let placed: Vec<_> = layout(Arrangement::default(), area)
            .into_iter()
            .map(|(id, r)| format!("{id:?} {}x{}+{}+{}", r.width, r.height, r.x, r.y))
            .collect();
        assert_eq!(placed.join("\n"), expected);
    }

    #[test]
    fn the_three_screens() {
        check(
            80,
            24,
            "RunHeader 80x1+0+0\nAnomalyStrip 80x1+0+1\nStatusBanner 80x1+0+2\n\
             PolicyHealth 40x10+0+3\nPolicyLosses 40x5+0+13\nValueDiagnostics 40x5+40+13\n\
             EpisodePanel 40x10+40+3\nEnvOverview 40x5+0+18\nEventLog 40x5+40+18",
        );
        check(
            120,
            40,
            "RunHeader 120x1+0+0\nAnomalyStrip 120x1+0+1\nStatusBanner 120x2+0+2\n\
             PolicyHealth 40x14+0+4\nPolicyLosses 40x14+40+4\nValueDiagnostics 40x11+0+18\n\
             EpisodePanel 40x14+80+4\nEnvOverview 80x11+40+18\n\
             EventLog 60x10+0+29\nEsperStatus 30x10+60+29\nTelemetryPanel 30x10+90+29",
        );
        check(
            200,
            60,
            "RunHeader 200x1+0+0\nAnomalyStrip 200x1+0+1\nStatusBanner 200x2+0+2\n\
             PolicyHealth 50x25+0+4\nPolicyLosses 50x25+50+4\nValueDiagnostics 50x25+100+4\n\
             EpisodePanel 50x25+150+4\nEnvOverview 200x15+0+29\n\
             EventLog 100x15+0+44\nEsperStatus 50x15+100+44\nTelemetryPanel 50x15+150+44",
        );
    }

    #[test]
    fn small_sizes_show_less() {
        check(
            60,
            16,
            "RunHeader 60x1+0+0\nAnomalyStrip 60x1+0+1\nStatusBanner 60x1+0+2\nPolicyHealth 60x12+0+3",
        );
        check(59, 16, "RunHeader 59x1+0+0");
        check(250, 15, "RunHeader 250x1+0+0");
        check(1, 1, "");
        check(0, 0, "");
    }
}
