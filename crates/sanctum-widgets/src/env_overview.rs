//! Panel 5: one row per environment, and the means of all.

use std::sync::Arc;

use karn_sanctum::{Connection, EnvStatus, EnvView, Settings, Snapshot, verdict};
use leyline::Health;
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::widgets::Widget;

use crate::format::{
    MISSING, NumberFormat, format_age, format_compact, format_number, format_rate, format_within,
    width,
};
use crate::frame::Frame;
use crate::metric_row::flag;
use crate::pen::Pen;
use crate::sparkline::draw_sparkline;
use crate::theme::{Class, Theme};
use crate::view::View;
use crate::widget_id::WidgetId;

/// What the panel shows.
#[derive(Debug, Clone, PartialEq)]
pub struct EnvOverviewProps {
    /// TELE-005; `None`: not known.
    pub n_envs: Option<u32>,
    /// TELE-630 to TELE-668, by id.
    pub envs: Arc<[EnvView]>,
    /// TELE-704, without which the age of news cannot be judged.
    pub connection: Connection,
    /// The limits that the age of news is judged by.
    pub settings: Arc<Settings>,
}

impl From<&Snapshot> for EnvOverviewProps {
    fn from(snapshot: &Snapshot) -> Self {
        Self {
            n_envs: snapshot.n_envs,
            envs: Arc::clone(&snapshot.envs),
            connection: snapshot.connection,
            settings: Arc::clone(&snapshot.settings),
        }
    }
}

/// A table; where not every row fits, those in trouble come first.
#[derive(Debug, Clone)]
pub struct EnvOverview<'a> {
    props: EnvOverviewProps,
    theme: &'a Theme,
    view: View,
}

impl<'a> EnvOverview<'a> {
    /// Returns the panel for `props`.
    pub const fn new(props: EnvOverviewProps, theme: &'a Theme) -> Self {
        Self { props, theme, view: View::REST }
    }

    /// Returns the panel as a person left it.
    #[must_use]
    pub fn view(self, view: View) -> Self {
        Self { view, ..self }
    }

    /// Returns the number of rows that can be scrolled.
    pub fn entries(&self) -> usize {
        self.props.envs.len()
    }

    /// Returns the ids in the order in which `room` rows show them.
    pub fn order(&self, room: usize) -> Vec<u32> {
        self.ordered(room).into_iter().map(|env| env.env_id).collect()
    }
}

// Columns, counted from the left: where each number ends, and where the history begins.
const ENV_END: usize = 3;
const STATUS: usize = 4;
const RETURN_START: usize = 10;
const RETURN_END: usize = 18;
const BEST_END: usize = 27;
const LENGTH_END: usize = 33;
const IDLE_END: usize = 38;
const AGE_END: usize = 44;
const HISTORY: usize = 46;
const HISTORY_TITLE: &str = "Return history";
/// A history of fewer columns says nothing.
const LEAST_HISTORY: usize = 8;

impl Widget for &EnvOverview<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let Some(mut pen) = Pen::new(area, buf, self.theme) else { return };
        // Frame, header and sum row take four rows.
        let room = pen.height().saturating_sub(4);
        let ordered = self.ordered(room);
        let first = self.view.first_from_start(ordered.len(), room);
        let shown = ordered.iter().skip(first).take(room);
        let frame = self.frame(shown.len());
        if let Some(mut inside) = frame.draw(&mut pen, self.view) {
            if self.nothing_reported() {
                inside.text(0, 0, "no environment has reported", Class::Missing);
            } else {
                draw_header(&mut inside);
                let count = shown.len();
                for (row, env) in shown.enumerate() {
                    self.draw_env(&mut inside, row + 1, env);
                }
                if let Some(row) = self.view.selected_row(first, ordered.len(), count) {
                    inside.choose(0, row + 1, RETURN_START);
                }
                self.draw_means(&mut inside, count + 1);
            }
        }
        pen.finish();
    }
}

fn draw_header(pen: &mut Pen<'_>) {
    pen.text(0, 0, "Env Status  Return     Best   Len Idle", Class::Dim);
    if AGE_END <= pen.width() {
        pen.right(AGE_END, 0, "Age", Class::Dim);
    }
    if HISTORY + LEAST_HISTORY <= pen.width() {
        let room = pen.width() - HISTORY;
        let title = if width(HISTORY_TITLE) <= room { HISTORY_TITLE } else { "Returns" };
        pen.text(HISTORY, 0, title, Class::Dim);
    }
}

impl EnvOverview<'_> {
    fn nothing_reported(&self) -> bool {
        self.props
            .envs
            .iter()
            .all(|env| env.last_update_age_seconds.is_none() && env.episode_return.is_none())
    }

    fn frame(&self, shown: usize) -> Frame {
        let Frame { title, note, batch } = Frame::of(WidgetId::EnvOverview);
        if self.nothing_reported() {
            let count = self.props.n_envs.map_or_else(String::new, |n| format!(" {n}"));
            return Frame { title: format!("{title}{count}"), note, batch };
        }
        // A larger id than planned adds its row, so there can be more rows than planned.
        let known = self.props.envs.len();
        let total = self.props.n_envs.map_or(known, |n| known.max(n as usize));
        Frame { title: format!("{title} {shown} of {total}"), note, batch }
    }

    /// Environments by id if all of them fit into `room` rows, else those in trouble first.
    fn ordered(&self, room: usize) -> Vec<&EnvView> {
        let mut envs: Vec<_> = self.props.envs.iter().collect();
        if room < envs.len() {
            envs.sort_by_key(|env| urgency(env.status));
        }
        envs
    }

    fn draw_env(&self, pen: &mut Pen<'_>, row: usize, env: &EnvView) {
        let EnvView {
            env_id,
            status,
            last_update_age_seconds,
            epochs_since_improvement,
            episode_return,
            best_return,
            return_history,
            episode_length,
        } = env;
        pen.right(ENV_END, row, &env_id.to_string(), Class::Plain);
        let (word, class) = status_word(*status);
        pen.text(STATUS, row, word, class);
        draw_return(pen, RETURN_END, row, *episode_return);
        draw_return(pen, BEST_END, row, *best_return);
        draw_count(pen, LENGTH_END, row, episode_length.map(u64::from));
        draw_count(pen, IDLE_END, row, *epochs_since_improvement);
        if AGE_END <= pen.width() {
            let EnvOverviewProps { settings, connection, .. } = &self.props;
            let health = verdict::env_age(settings, *last_update_age_seconds, *connection);
            let text = last_update_age_seconds.map_or_else(|| MISSING.to_owned(), format_age);
            pen.right(AGE_END, row, &text, Class::of_health(health));
            if let Some((mark, class)) = flag(health) {
                pen.text(AGE_END, row, mark, class);
            }
        }
        let room = pen.width().saturating_sub(HISTORY);
        if LEAST_HISTORY <= room && !return_history.is_empty() {
            // The latest at the left of the column's rest, so that short histories stand under their title.
            draw_sparkline(
                pen,
                HISTORY,
                row,
                room.min(return_history.len()),
                return_history,
                Class::Dim,
            );
        }
    }

    fn draw_means(&self, pen: &mut Pen<'_>, row: usize) {
        let envs = &self.props.envs;
        pen.text(2, row, "Σ mean", Class::Dim);
        draw_return(pen, RETURN_END, row, mean(envs.iter().filter_map(|env| env.episode_return)));
        draw_return(pen, BEST_END, row, mean(envs.iter().filter_map(|env| env.best_return)));
        let length = mean(envs.iter().filter_map(|env| env.episode_length.map(f64::from)));
        draw_mean_count(pen, LENGTH_END, row, length);
        let idle = mean(envs.iter().filter_map(|env| Some(env.epochs_since_improvement? as f64)));
        draw_mean_count(pen, IDLE_END, row, idle);
    }
}

/// The order in which environments claim the rows.
const fn urgency(status: EnvStatus) -> u8 {
    match status {
        EnvStatus::Degraded => 0,
        EnvStatus::Stalled => 1,
        EnvStatus::Initializing | EnvStatus::Healthy | EnvStatus::Excellent => 2,
    }
}

const fn status_word(status: EnvStatus) -> (&'static str, Class) {
    let word = match status {
        EnvStatus::Initializing => "init",
        EnvStatus::Healthy => "ok",
        EnvStatus::Excellent => "excel",
        EnvStatus::Stalled => "stall",
        EnvStatus::Degraded => "degr",
    };
    let class = match verdict::env_status(status) {
        Health::NoData => Class::Missing,
        Health::Healthy | Health::Ungraded => Class::Ok,
        Health::Warning => Class::Warning,
        Health::Critical => Class::Critical,
    };
    (word, class)
}

/// Mean of what is there; `None` if nothing is.
fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0_u32);
    for value in values {
        sum += value;
        count += 1;
    }
    (0 < count).then(|| sum / f64::from(count))
}

fn draw_return(pen: &mut Pen<'_>, end: usize, row: usize, value: Option<f64>) {
    let text =
        value.map_or_else(|| MISSING.to_owned(), |v| format_within(v, NumberFormat::Fixed(1), 8));
    pen.right(end, row, &text, Class::of_health(verdict::number(value)));
}

fn draw_count(pen: &mut Pen<'_>, end: usize, row: usize, count: Option<u64>) {
    let (text, class) = count.map_or_else(
        || (MISSING.to_owned(), Class::Missing),
        |count| (format_compact(count), Class::Plain),
    );
    pen.right(end, row, &text, class);
}

fn draw_mean_count(pen: &mut Pen<'_>, end: usize, row: usize, value: Option<f64>) {
    let text = value.map_or_else(
        || MISSING.to_owned(),
        |value| {
            let text = format_number(value, NumberFormat::Fixed(1));
            if text.len() <= 4 { text } else { format_rate(value) }
        },
    );
    pen.right(end, row, &text, Class::of_health(verdict::number(value)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base;
    use crate::dump::{draw, draw_buffer, rows};
    use crate::glyph::Glyphs;

    fn shown(snapshot: &Snapshot, columns: u16, height: u16) -> String {
        rows(&draw_buffer(&EnvOverview::new(snapshot.into(), &Theme::DARK), columns, height))
            .join("\n")
    }

    #[test]
    fn columns_appear_with_the_room_they_need() {
        let snapshot = base::fleet();
        insta::assert_snapshot!("main_screen", shown(&snapshot, 40, 5));
        insta::assert_snapshot!("large", shown(&snapshot, 80, 11));
        insta::assert_snapshot!("all_fit", shown(&snapshot, 90, 20));
    }

    #[test]
    fn every_verdict_has_its_style() {
        insta::assert_snapshot!(
            "styles",
            draw(&EnvOverview::new((&base::fleet()).into(), &Theme::DARK), 80, 12)
        );
    }

    #[test]
    fn what_does_not_fit_can_be_scrolled_to() {
        let snapshot = base::fleet();
        let view =
            |offset| View { focused: false, offset: Some(offset), past: false, selected: None };
        let ids = |offset| {
            let panel = EnvOverview::new((&snapshot).into(), &Theme::DARK).view(view(offset));
            let drawn = rows(&draw_buffer(&panel, 40, 7));
            drawn[2..5]
                .iter()
                .map(|row| row.chars().skip(1).take(8).collect::<String>())
                .collect::<Vec<_>>()
        };
        assert_eq!(ids(0), ["  4 degr", "  2 stal", "  0 ok  "]);
        assert_eq!(ids(2), ["  0 ok  ", "  1 exce", "  3 ok  "]);
        assert_eq!(ids(99), ["  5 ok  ", "  6 init", "  7 ok  "]);
    }

    #[test]
    fn nothing_reported_and_not_finite() {
        insta::assert_snapshot!("nothing", shown(&Snapshot::empty(), 40, 5));
        let mut snapshot = base::clear();
        snapshot.n_envs = Some(2);
        snapshot.envs = Arc::from([EnvView::empty(0), EnvView::empty(1)]);
        insta::assert_snapshot!("not_reported", shown(&snapshot, 40, 5));
        snapshot.envs = base::envs(&[EnvStatus::Healthy, EnvStatus::Degraded]);
        snapshot.envs = snapshot
            .envs
            .iter()
            .map(|env| EnvView {
                episode_return: Some(f64::NAN),
                best_return: Some(-1e11),
                epochs_since_improvement: Some(17_500),
                last_update_age_seconds: Some(3.0),
                return_history: Arc::from([1.0, f64::NAN, 3.0]),
                ..env.clone()
            })
            .collect();
        insta::assert_snapshot!(
            "not_finite",
            draw(&EnvOverview::new((&snapshot).into(), &Theme::DARK), 60, 6)
        );
        let ascii = Theme::PLAIN.with_glyphs(Glyphs::Ascii);
        insta::assert_snapshot!(
            "ascii",
            rows(&draw_buffer(&EnvOverview::new((&base::fleet()).into(), &ascii), 60, 12))
                .join("\n")
        );
    }

    #[test]
    fn it_survives_any_area() {
        base::survives_any_area(&EnvOverview::new((&base::fleet()).into(), &Theme::DARK));
    }
}
