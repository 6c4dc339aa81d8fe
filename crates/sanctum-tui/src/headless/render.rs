//! `sanctum-tui render`: one frame of a run, drawn by the same code as the screen.

use std::fmt::Write as _;
use std::io::Write;

use karn_sanctum::Snapshot;
use leyline::word::ClosedWord as _;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use sanctum_widgets::{Theme, View, WidgetId, widget_id};

use crate::app::App;
use crate::cli::{DisplayArgs, Environment, Format, RenderArgs, ThemeChoice};
use crate::fold::Picture;
use crate::headless::failure::Failure;
use crate::headless::read::{self, Still};
use crate::headless::svg::{Ground, svg};
use crate::headless::{ansi, cells};
use crate::record;
use crate::scene::Scene;

/// Columns and rows of a frame, unless `--size` says otherwise.
const SIZE: (u16, u16) = (120, 40);
/// Most columns, and most rows: a few times the largest screens there are.
const MOST: u16 = 1000;
/// What the main screen is also called.
const MAIN: &str = "main";

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    Scene(Scene),
    Widget(WidgetId),
}

/// Draws what `args` ask for on `out`, and says on `notes` what a person should know beside it.
///
/// The environment changes nothing: the same arguments give the same bytes everywhere.
///
/// # Errors
///
/// See [`Failure`]; nothing was printed then, unless `out` itself failed, or the run is damaged.
pub fn render(
    args: &RenderArgs,
    display: &DisplayArgs,
    out: &mut impl Write,
    notes: &mut impl Write,
) -> Result<(), Failure> {
    let subject = subject(args)?;
    let metric = metric(subject, args)?;
    let size = args.size.as_deref().map_or_else(|| Ok(default_size(subject)), size)?;
    let anywhere = Environment { stdout_is_terminal: true, ..Environment::default() };
    let theme = display.resolve(&anywhere, 0.0).theme;
    let Still { picture, whole } = read(subject, args, notes)?;
    let text = match args.format {
        Format::Text => cells::text(&frame(subject, metric, theme, picture, size)),
        Format::Ansi => ansi::ansi(&frame(subject, metric, theme, picture, size)),
        Format::Svg => {
            let ground = match display.theme {
                Some(ThemeChoice::Light) => Ground::Light,
                None | Some(ThemeChoice::Auto | ThemeChoice::Dark | ThemeChoice::Mono) => {
                    Ground::Dark
                }
            };
            let (title, description) =
                (title(&picture.snapshot), description(subject, &picture.snapshot, size));
            svg(&frame(subject, metric, theme, picture, size), ground, &title, &description)
        }
    };
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::Write)?;
    whole
}

/// Reads as much of the run as the subject shows.
fn read(subject: Subject, args: &RenderArgs, notes: &mut impl Write) -> Result<Still, Failure> {
    match (subject, &args.against) {
        (Subject::Scene(Scene::Difference), Some(against)) => {
            read::read_comparison(&args.read, against, notes)
        }
        (Subject::Scene(Scene::Difference), None) => Err(Failure::Usage(
            "a difference needs two moments, as in --scene difference --at batch:26 --against start"
                .to_owned(),
        )),
        (Subject::Scene(_) | Subject::Widget(_), Some(_)) => {
            Err(Failure::Usage("--against belongs to --scene difference".to_owned()))
        }
        (Subject::Scene(Scene::Past | Scene::Inspector), None) => read::read_past(&args.read, notes),
        (
            Subject::Scene(Scene::Overview | Scene::Help | Scene::Alerts) | Subject::Widget(_),
            None,
        ) => {
            read::read(&args.read, notes)
        }
    }
}

/// Returns the number of the metric that is asked for.
fn metric(subject: Subject, args: &RenderArgs) -> Result<Option<u16>, Failure> {
    match (&args.metric, subject) {
        (None, _) => Ok(None),
        (Some(text), Subject::Scene(Scene::Inspector)) => {
            record::find(text).map(Some).map_err(Failure::Usage)
        }
        (Some(_), Subject::Scene(_) | Subject::Widget(_)) => {
            Err(Failure::Usage("--metric belongs to --scene inspector".to_owned()))
        }
    }
}

fn subject(args: &RenderArgs) -> Result<Subject, Failure> {
    if let Some(name) = &args.widget {
        let known = widget_id::ALL.iter().map(|spec| spec.name);
        let found = WidgetId::from_name(name).map(Subject::Widget);
        return found.ok_or_else(|| Failure::unknown("widget", name, known));
    }
    let Some(name) = args.scene.as_deref().filter(|&name| name != MAIN) else {
        return Ok(Subject::Scene(Scene::Overview));
    };
    let found = Scene::ALL.into_iter().find(|scene| scene.name() == name).map(Subject::Scene);
    found.ok_or_else(|| {
        Failure::unknown("scene", name, Scene::ALL.map(Scene::name).into_iter().chain([MAIN]))
    })
}

/// A widget that is a line on the screen is a line here.
fn default_size(subject: Subject) -> (u16, u16) {
    match subject {
        Subject::Widget(id) if id.spec().min_size.1 == 1 => (SIZE.0, 1),
        Subject::Widget(_) | Subject::Scene(_) => SIZE,
    }
}

/// Reads columns and rows such as `120x40`.
fn size(text: &str) -> Result<(u16, u16), Failure> {
    let number = |text: &str| {
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        text.parse::<u16>().ok().filter(|n| digits && (1..=MOST).contains(n))
    };
    let numbers =
        text.split_once('x').and_then(|(width, height)| number(width).zip(number(height)));
    numbers.ok_or_else(|| {
        Failure::Usage(format!(
            "`{text}` is no size: columns and rows from 1 to {MOST}, as in --size 120x40"
        ))
    })
}

fn frame(
    subject: Subject,
    metric: Option<u16>,
    theme: Theme,
    picture: Picture,
    (width, height): (u16, u16),
) -> Buffer {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    match subject {
        Subject::Widget(id) => {
            id.render(&picture.snapshot, View::REST, &theme, area, &mut buffer);
            theme.glyphs.apply(area, &mut buffer);
        }
        Subject::Scene(scene) => {
            let mut app = App::still(theme, picture);
            app.open(scene);
            if let Some(metric) = metric {
                app.inspect(metric);
            }
            app.view(area, &mut buffer);
        }
    }
    buffer
}

fn title(snapshot: &Snapshot) -> String {
    let task = snapshot.task_name.as_deref().unwrap_or("a run without a name");
    format!("Sanctum: {task}")
}

/// What somebody who cannot see the picture should know of it.
fn description(subject: Subject, snapshot: &Snapshot, (width, height): (u16, u16)) -> String {
    let what = match subject {
        Subject::Scene(scene) => format!("the {} screen", scene.name()),
        Subject::Widget(id) => format!("the widget {}", id.name()),
    };
    let mut text = format!("Terminal of {width} columns and {height} rows with {what}; ");
    // Writing to a `String` cannot fail.
    write!(text, "connection {}", snapshot.connection.as_str()).ok();
    if let Some(batch) = snapshot.current_batch {
        write!(text, ", batch {batch}").ok();
    }
    if 0 < snapshot.max_batches {
        write!(text, " of {}", snapshot.max_batches).ok();
    }
    text.push('.');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_two_numbers() {
        assert_eq!(size("120x40").ok(), Some((120, 40)));
        assert_eq!(size("1x1000").ok(), Some((1, 1000)));
        for text in [
            "", "x", "120", "120x", "x40", "0x40", "120x0", "1001x40", "+1x1", "120X40",
            "120x40x1", "-1x1",
        ] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_lines_of_the_screen_are_lines_here() {
        assert_eq!(default_size(Subject::Widget(WidgetId::RunHeader)), (120, 1));
        assert_eq!(default_size(Subject::Widget(WidgetId::EventLog)), (120, 40));
        assert_eq!(default_size(Subject::Scene(Scene::Overview)), (120, 40));
    }
}
