//! Draws with the real widgets, alone or as a whole screen, and says of each cell which style class it has.

use std::sync::Arc;

use karn_sanctum::Snapshot;
use leyline::ViewNs;
use ratatui::buffer::{Buffer, Cell};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::Span;
use sanctum_tui::app::{App, Trainer};
use sanctum_tui::fold::Picture;
use sanctum_tui::layout;
use sanctum_tui::message::Message;
use sanctum_widgets::{Class, Theme, WidgetId, widget_id};
use serde::de::DeserializeOwned;

use crate::rig::{Drawn, Row, Size, Subject, Tree, View};
use crate::tree::from_tree;

/// What is on the screen, as keys bring it there; widgets alone know [`Scene::Main`] and [`Scene::Scrolled`] only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scene {
    /// The screen as it comes up.
    Main,
    /// The help over it.
    Help,
    /// The end of the help, where it does not fit.
    HelpEnd,
    /// The question how to leave, in the process that trains.
    Leave,
    /// The view stands still.
    Paused,
    /// Lists at their other end.
    Scrolled,
    /// A panel has the whole screen.
    Enlarged(WidgetId),
}

const SCENES: [(&str, Scene); 14] = [
    ("main", Scene::Main),
    ("help", Scene::Help),
    ("help_end", Scene::HelpEnd),
    ("leave", Scene::Leave),
    ("paused", Scene::Paused),
    ("scrolled", Scene::Scrolled),
    ("policy_health", Scene::Enlarged(WidgetId::PolicyHealth)),
    ("value_diagnostics", Scene::Enlarged(WidgetId::ValueDiagnostics)),
    ("policy_losses", Scene::Enlarged(WidgetId::PolicyLosses)),
    ("episode_panel", Scene::Enlarged(WidgetId::EpisodePanel)),
    ("env_overview", Scene::Enlarged(WidgetId::EnvOverview)),
    ("event_log", Scene::Enlarged(WidgetId::EventLog)),
    ("esper_status", Scene::Enlarged(WidgetId::EsperStatus)),
    ("telemetry_panel", Scene::Enlarged(WidgetId::TelemetryPanel)),
];

/// Returns the names of all scenes, the main screen first.
pub fn scenes() -> Vec<&'static str> {
    SCENES.iter().map(|(name, _)| *name).collect()
}

/// Returns the scenes in which a widget shows something of its own.
pub fn scenes_of(widget: &str) -> Vec<&'static str> {
    match WidgetId::from_name(widget) {
        // At its larger size it shows all lines anyway; scrolled, its title says which lines are on show.
        Some(WidgetId::EventLog) => vec!["main", "scrolled"],
        Some(
            WidgetId::RunHeader
            | WidgetId::AnomalyStrip
            | WidgetId::StatusBanner
            | WidgetId::PolicyHealth
            | WidgetId::PolicyLosses
            | WidgetId::ValueDiagnostics
            | WidgetId::EpisodePanel
            | WidgetId::EnvOverview
            | WidgetId::EsperStatus
            | WidgetId::TelemetryPanel,
        )
        | None => vec!["main"],
    }
}

/// Returns the sizes at which a widget is drawn alone: the usual one, which shows all of the baseline, and others at which
/// it shows more, less, or the same in another way.
pub fn sizes(widget: &str) -> Vec<Size> {
    let sizes: &[(u16, u16)] = match WidgetId::from_name(widget) {
        Some(WidgetId::RunHeader) => &[(120, 1), (80, 1), (200, 1)],
        Some(WidgetId::AnomalyStrip) => &[(120, 1), (40, 1)],
        Some(WidgetId::StatusBanner) => &[(120, 1)],
        Some(WidgetId::PolicyHealth) => &[(60, 23), (100, 40)],
        Some(WidgetId::PolicyLosses) => &[(60, 13), (100, 25)],
        Some(WidgetId::ValueDiagnostics) => &[(60, 15), (40, 11)],
        Some(WidgetId::EpisodePanel) => &[(60, 13), (40, 12)],
        Some(WidgetId::EnvOverview) => &[(120, 12), (40, 6)],
        Some(WidgetId::EventLog) => &[(100, 15), (160, 40)],
        Some(WidgetId::EsperStatus) => &[(50, 24), (30, 10)],
        Some(WidgetId::TelemetryPanel) => &[(50, 15), (30, 10)],
        None => &[],
    };
    sizes.iter().map(|&(columns, rows)| Size { columns, rows }).collect()
}

/// Draws a snapshot, once per view.
pub fn draw(tree: &Tree, views: &[View]) -> Result<Vec<Drawn>, String> {
    let snapshot = read(tree)?;
    let mut buffer = Buffer::default();
    let drawn = views.iter().map(|view| {
        paint(&snapshot, view, &mut buffer)?;
        Ok(rows(&buffer, None))
    });
    drawn.collect()
}

/// Reads a snapshot, or a part of one.
pub(super) fn read<T: DeserializeOwned>(tree: &Tree) -> Result<T, String> {
    from_tree(tree).map_err(|error| error.to_string())
}

/// Draws a view into a buffer, whatever was in it.
pub(super) fn paint(
    snapshot: &Snapshot,
    View { what, scene, size }: &View,
    buffer: &mut Buffer,
) -> Result<(), String> {
    let found = SCENES.iter().find(|(name, _)| name == scene);
    let (_, scene) = *found.ok_or_else(|| format!("no scene is called {scene}"))?;
    match what {
        Subject::Widget(name) => {
            let id = WidgetId::from_name(name).ok_or_else(|| format!("no widget: {name}"))?;
            alone(id, snapshot, scene, *size, buffer);
        }
        Subject::Screen => screen(snapshot, scene, *size, buffer),
    }
    Ok(())
}

fn clear(buffer: &mut Buffer, Size { columns, rows }: Size) {
    buffer.resize(Rect::new(0, 0, columns, rows));
    buffer.reset();
}

fn alone(id: WidgetId, snapshot: &Snapshot, scene: Scene, size: Size, buffer: &mut Buffer) {
    clear(buffer, size);
    let offset = match scene {
        // The log rests at its end, everything else at its start.
        Scene::Scrolled if id == WidgetId::EventLog => Some(0),
        Scene::Scrolled => Some(usize::MAX),
        Scene::Main
        | Scene::Help
        | Scene::HelpEnd
        | Scene::Leave
        | Scene::Paused
        | Scene::Enlarged(_) => None,
    };
    let view = sanctum_widgets::View { focused: false, offset, past: false, selected: None };
    id.render(snapshot, view, &Theme::DARK, *buffer.area(), buffer);
}

fn screen(snapshot: &Snapshot, scene: Scene, size: Size, buffer: &mut Buffer) {
    let picture = Picture::still(snapshot.clone());
    let mut app = if scene == Scene::Leave {
        let mut app = App::new(Theme::DARK, Trainer::Here);
        app.update(Message::Picture(picture.into()), ViewNs(0));
        app.catch_up();
        app
    } else {
        App::still(Theme::DARK, picture)
    };
    app.update(Message::Resize(size.columns, size.rows), ViewNs(0));
    for code in keys(scene) {
        app.update(Message::Key(KeyEvent::new(code, KeyModifiers::NONE)), ViewNs(0));
    }
    clear(buffer, size);
    app.view(*buffer.area(), buffer);
}

/// Returns the keys that lead to a scene.
fn keys(scene: Scene) -> Vec<KeyCode> {
    let key = KeyCode::Char;
    let panel = |id| layout::number(id).map_or(KeyCode::Null, |n| key(char::from(b'0' + n)));
    match scene {
        Scene::Main => Vec::new(),
        Scene::Help => vec![key('?')],
        Scene::HelpEnd => vec![key('?'), key('G')],
        Scene::Leave => vec![key('q')],
        Scene::Paused => vec![key(' ')],
        Scene::Scrolled => {
            let other_end = |id| match id {
                WidgetId::EventLog => key('g'),
                WidgetId::RunHeader
                | WidgetId::AnomalyStrip
                | WidgetId::StatusBanner
                | WidgetId::PolicyHealth
                | WidgetId::PolicyLosses
                | WidgetId::ValueDiagnostics
                | WidgetId::EpisodePanel
                | WidgetId::EnvOverview
                | WidgetId::EsperStatus
                | WidgetId::TelemetryPanel => key('G'),
            };
            layout::PANELS.into_iter().flat_map(|id| [panel(id), other_end(id)]).collect()
        }
        Scene::Enlarged(id) => vec![panel(id), KeyCode::Enter],
    }
}

/// Reads a drawing from a buffer; the rows that another buffer of this size has as well are taken from its drawing.
pub(super) fn rows(buffer: &Buffer, like: Option<(&Buffer, &Drawn)>) -> Drawn {
    // Neighbours mostly have the same style, and to find its class costs more than everything else here.
    let mut last = None;
    let mut class_of = |cell: &Cell| {
        let style = (cell.fg, cell.modifier);
        match last {
            Some((known, class)) if known == style => class,
            _ => last.insert((style, class(cell))).1,
        }
    };
    let width = usize::from(buffer.area().width).max(1);
    let mut row = |cells: &[Cell]| {
        let mut row =
            Row { text: String::with_capacity(width), classes: String::with_capacity(width) };
        let mut behind_wide = false;
        for cell in cells {
            if std::mem::take(&mut behind_wide) {
                continue;
            }
            let symbol = cell.symbol();
            behind_wide = !symbol.is_ascii() && 1 < Span::raw(symbol).width();
            row.text.push_str(symbol);
            let class = class_of(cell);
            row.classes.extend(symbol.chars().map(|_| class));
        }
        Arc::new(row)
    };
    let mut known =
        like.into_iter().flat_map(|(buffer, rows)| buffer.content().chunks(width).zip(rows));
    let chunks = buffer.content().chunks(width);
    chunks
        .map(|cells| match known.next() {
            Some((others, row)) if others.iter().zip(cells).all(|(a, b)| same(a, b)) => {
                Arc::clone(row)
            }
            Some(_) | None => row(cells),
        })
        .collect()
}

/// Returns whether two cells have the same symbol and class. Nearly all symbols are a byte long, or three.
fn same(a: &Cell, b: &Cell) -> bool {
    let (x, y) = (a.symbol().as_bytes(), b.symbol().as_bytes());
    let has_same_symbol = match (x, y) {
        ([x], [y]) => x == y,
        ([x0, x1, x2], [y0, y1, y2]) => (x0, x1, x2) == (y0, y1, y2),
        (x, y) => x == y,
    };
    has_same_symbol && a.fg == b.fg && a.modifier == b.modifier
}

/// Returns the class whose style a cell has, in reverse or not; `?` if none has it.
fn class(cell: &Cell) -> char {
    let is_it = |class: &Class| {
        let style = Theme::DARK.style(*class);
        style.fg == Some(cell.fg) && style.add_modifier == cell.modifier - Modifier::REVERSED
    };
    Class::ALL.iter().find(|class| is_it(class)).map_or('?', |class| initial(*class))
}

const fn initial(class: Class) -> char {
    match class {
        Class::Plain => 'p',
        Class::Dim => 'd',
        Class::Accent => 'a',
        Class::Ok => 'o',
        Class::Warning => 'w',
        Class::Critical => 'c',
        Class::Missing => 'm',
        Class::Stale => 's',
    }
}

/// Returns the names and records of all widgets.
pub fn widgets() -> Vec<telemetry_evidence::evidence::WidgetSeen> {
    let seen = |spec: &widget_id::WidgetSpec| telemetry_evidence::evidence::WidgetSeen {
        name: spec.name.to_owned(),
        records: spec.records.to_vec(),
    };
    widget_id::ALL.iter().map(seen).collect()
}
