//! The time bar: the last line of a screen that does not follow its run. Where it is, and what lies before and behind.

use leyline::Timestamp;
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::widgets::Widget;

use crate::format::{
    format_batch_of, format_behind, format_compact, format_runtime, format_time_of_day,
};
use crate::pen::{Pen, Span, spans_width};
use crate::theme::{Class, Theme};

/// What the bar shows.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeBarProps<'a> {
    /// Whether the view plays; else it stands still.
    pub playing: bool,
    /// Wall clock of the producer at the place; `None`: not known, then the runtime is shown.
    pub ts: Option<Timestamp>,
    /// TELE-020 at the place, seconds.
    pub runtime_seconds: f64,
    /// TELE-013 at the place.
    pub current_batch: Option<u64>,
    /// TELE-014 at the place; 0: not known.
    pub max_batches: u64,
    /// Seconds of the run that lie behind the place; `None`: not known.
    pub behind_seconds: Option<f64>,
    /// The first and the last place that can be shown.
    pub extent: (u64, u64),
    /// The place that is shown.
    pub place: u64,
    /// What is marked on the bar, in any order.
    pub signs: &'a [(u64, Sign)],
    /// Seconds of the run in one second of the viewer, while it plays.
    pub speed: f64,
    /// How far a run is that is still being read.
    pub reading: Option<Reading>,
}

/// Something on the bar. Where two share a column, the later one of this list is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// Inputs are missing here.
    Gap,
    /// An alert begins here.
    Alert,
    /// Somebody marked this place with a letter.
    Mark(char),
}

/// How far a run has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Whole percent.
    pub percent: u64,
    /// Events that there are; `None`: not known yet.
    pub events: Option<u64>,
}

/// One line. What does not fit is left out in a fixed order, never how it moves and the clock.
#[derive(Debug, Clone)]
pub struct TimeBar<'a> {
    props: TimeBarProps<'a>,
    theme: &'a Theme,
}

/// Columns of the shortest track, with its ends.
const LEAST_TRACK: usize = 12;
/// Blanks between the parts of the bar.
const BETWEEN: usize = 2;

/// The parts that give way, in the order in which they do.
const GIVE_WAY: [Part; 4] = [Part::Speed, Part::Behind, Part::Track, Part::Batch];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Clock,
    Batch,
    Behind,
    Track,
    Speed,
}

impl<'a> TimeBar<'a> {
    /// Returns the bar for `props`.
    pub const fn new(props: TimeBarProps<'a>, theme: &'a Theme) -> Self {
        Self { props, theme }
    }
}

impl Widget for &TimeBar<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let Some(mut pen) = Pen::new(area, buf, self.theme) else { return };
        let columns = pen.width();
        let dropped = self.dropped(columns);
        let mut column = 0;
        let room = LEAST_TRACK + columns.saturating_sub(self.least(dropped));
        for part in self.parts(dropped) {
            let track = part == Part::Track && self.props.reading.is_none();
            let spans = if track { self.track(room) } else { self.text(part) };
            pen.spans(column, 0, &spans);
            column += spans_width(&spans) + BETWEEN;
        }
        pen.finish();
    }
}

impl TimeBar<'_> {
    /// How many parts have to give way in so many columns.
    fn dropped(&self, columns: usize) -> usize {
        (0..GIVE_WAY.len()).find(|&n| self.least(n) <= columns).unwrap_or(GIVE_WAY.len())
    }

    fn parts(&self, dropped: usize) -> impl Iterator<Item = Part> {
        let all = [Part::Clock, Part::Batch, Part::Behind, Part::Track, Part::Speed];
        all.into_iter().filter(move |part| {
            let there = *part == Part::Track || !self.text(*part).is_empty();
            there && !GIVE_WAY[..dropped].contains(part)
        })
    }

    /// Columns that the parts take at least.
    fn least(&self, dropped: usize) -> usize {
        let widths = self.parts(dropped).map(|part| {
            let track = part == Part::Track && self.props.reading.is_none();
            BETWEEN + if track { LEAST_TRACK } else { spans_width(&self.text(part)) }
        });
        widths.sum::<usize>().saturating_sub(BETWEEN)
    }

    fn text(&self, part: Part) -> Vec<Span> {
        let props = &self.props;
        let told = |text: String, class| vec![Span { text, class, reversed: true }];
        match part {
            Part::Clock => {
                let glyph = if props.playing { '▶' } else { '‖' };
                let runtime = || format_runtime(props.runtime_seconds, true);
                let clock = props.ts.map_or_else(runtime, format_time_of_day);
                told(format!("{glyph} {clock}"), Class::Accent)
            }
            Part::Batch => {
                let batch = props.current_batch.map(|n| format_batch_of(n, props.max_batches));
                batch.map_or_else(Vec::new, |text| told(text, Class::Accent))
            }
            Part::Behind => {
                let behind = props.behind_seconds.map(format_behind);
                behind.map_or_else(Vec::new, |text| told(text, Class::Accent))
            }
            Part::Track => props.reading.map_or_else(Vec::new, |reading| {
                let events = reading.events.map(|n| format!(" of {} events", format_compact(n)));
                let events = events.as_deref().unwrap_or("");
                let text = format!("reading {} %{events}", reading.percent);
                vec![Span::new(text, Class::Accent)]
            }),
            Part::Speed => vec![Span::new(speed(props.speed), Class::Dim)],
        }
    }

    /// The line from the first place to the last, so many columns wide with its ends.
    fn track(&self, columns: usize) -> Vec<Span> {
        let (first, last) = self.props.extent;
        let cells = columns.saturating_sub(2).max(1);
        let column = |place: u64| {
            let (whole, part) = (last.saturating_sub(first), place.clamp(first, last.max(first)));
            let part = u128::from(part - first) * (cells as u128 - 1);
            part.checked_div(u128::from(whole)).unwrap_or(0) as usize
        };
        let mut drawn: Vec<Option<Sign>> = vec![None; cells];
        for &(place, sign) in self.props.signs {
            // What was forgotten lies before the line.
            if first <= place
                && let Some(cell) = drawn.get_mut(column(place))
            {
                *cell = (*cell).max(Some(sign));
            }
        }
        let here = column(self.props.place);
        let begin = if 0 < first { "…" } else { "│" };
        let mut spans = vec![Span::new(begin, Class::Dim)];
        for (at, sign) in drawn.into_iter().enumerate() {
            let (text, class) = match sign {
                _ if at == here => ("^".to_owned(), Class::Accent),
                None => ("─".to_owned(), Class::Dim),
                Some(Sign::Gap) => ("░".to_owned(), Class::Warning),
                Some(Sign::Alert) => ("!".to_owned(), Class::Critical),
                Some(Sign::Mark(letter)) => (letter.to_string(), Class::Accent),
            };
            spans.push(Span { text, class, reversed: at == here });
        }
        spans.push(Span::new("│", Class::Dim));
        spans
    }
}

/// The speed at which it happened.
const REAL_TIME: f64 = 1.0;

/// `x1`, `x1/8`, `x1024`; every speed is a power of two.
fn speed(factor: f64) -> String {
    if factor < REAL_TIME { format!("x1/{:.0}", factor.recip()) } else { format!("x{factor:.0}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base;
    use crate::dump::{draw, draw_buffer, rows};
    use crate::format;
    use crate::glyph::Glyphs;

    const SIGNS: &[(u64, Sign)] = &[
        (300, Sign::Gap),
        (110, Sign::Mark('a')),
        (110, Sign::Alert),
        (200, Sign::Alert),
        (760, Sign::Alert),
    ];

    fn still() -> TimeBarProps<'static> {
        TimeBarProps {
            playing: false,
            ts: Some(Timestamp::from_micros((12 * 3600 + 31 * 60 + 7) * 1_000_000)),
            runtime_seconds: 3725.0,
            current_batch: Some(20),
            max_batches: 75,
            behind_seconds: Some(31.5 * 60.0),
            extent: (0, 1000),
            place: 400,
            signs: SIGNS,
            speed: 1.0,
            reading: None,
        }
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut TimeBarProps<'_>), columns: u16, expected: &str) {
        let mut props = still();
        change(&mut props);
        let bar = TimeBar::new(props, &Theme::DARK);
        assert_eq!(rows(&draw_buffer(&bar, columns, 1)), [expected]);
    }

    #[test]
    fn it_says_where_it_is_and_what_lies_around() {
        check(|_| {}, 68, "‖ 12:31:07  b20/75  31m behind  │───a─!──░──^──────────!───────│  x1");
        check(
            |p| (p.playing, p.speed) = (true, 0.125),
            71,
            "▶ 12:31:07  b20/75  31m behind  │───a──!──░──^─────────!────────│  x1/8",
        );
        check(|p| p.ts = None, 40, "‖ 1h 2m 5s  b20/75  │─a─!─░^─────!─────│");
        check(|p| p.max_batches = 0, 40, "‖ 12:31:07  b20  │──a─!─░─^──────!─────│");
        check(
            |p| (p.current_batch, p.behind_seconds) = (None, None),
            40,
            "‖ 12:31:07  │──a─!─░─^──────!──────│  x1",
        );
    }

    #[test]
    fn it_begins_where_memory_begins() {
        check(
            |p| p.extent = (200, 1000),
            68,
            "‖ 12:31:07  b20/75  31m behind  …!──░───^────────────!─────────│  x1",
        );
        for (extent, place) in [((0, 0), 0), ((7, 7), 7), ((0, u64::MAX), 1 << 63)] {
            let bar =
                TimeBar::new(TimeBarProps { extent, place, signs: &[], ..still() }, &Theme::DARK);
            let row = rows(&draw_buffer(&bar, 60, 1)).pop().unwrap();
            assert_eq!(row.matches('^').count(), 1, "{row}");
        }
    }

    #[test]
    fn while_it_is_read_it_says_how_far() {
        let reading = |events| Some(Reading { percent: 12, events });
        check(
            |p| p.reading = reading(Some(31_000_000)),
            80,
            "‖ 12:31:07  b20/75  31m behind  reading 12 % of 31M events  x1",
        );
        check(|p| p.reading = reading(None), 40, "‖ 12:31:07  b20/75  reading 12 %");
    }

    #[test]
    fn less_room_leaves_out_in_a_fixed_order() {
        let widths = [80, 56, 48, 46, 44, 34, 32, 20, 18, 12, 10, 5, 1];
        let bar = TimeBar::new(still(), &Theme::DARK);
        let lines = widths.map(|columns| rows(&draw_buffer(&bar, columns, 1))[0].clone());
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn styles_and_ascii() {
        let theme = Theme::PLAIN.with_glyphs(Glyphs::Ascii);
        insta::assert_snapshot!("dark", draw(&TimeBar::new(still(), &Theme::DARK), 64, 1));
        insta::assert_snapshot!("plain_ascii", draw(&TimeBar::new(still(), &theme), 64, 1));
    }

    #[test]
    fn it_survives_any_area() {
        base::survives_any_area(&TimeBar::new(still(), &Theme::DARK));
    }

    fn any_bar() -> impl Strategy<Value = TimeBarProps<'static>> {
        let numbers =
            (any::<Option<u64>>(), any::<u64>(), any::<u64>(), any::<u64>(), any::<u64>());
        let times = (any::<Option<i64>>(), any::<f64>(), any::<Option<f64>>());
        (numbers, times, any::<bool>(), -3_i32..=10, any::<Option<(u64, Option<u64>)>>()).prop_map(
            |(
                (batch, max_batches, first, last, place),
                (ts, runtime, behind),
                playing,
                x,
                read,
            )| {
                TimeBarProps {
                    playing,
                    ts: ts.map(Timestamp::from_micros),
                    runtime_seconds: runtime,
                    current_batch: batch,
                    max_batches,
                    behind_seconds: behind,
                    extent: (first, last),
                    place,
                    signs: SIGNS,
                    speed: f64::from(x).exp2(),
                    reading: read.map(|(n, events)| Reading { percent: n % 101, events }),
                }
            },
        )
    }

    proptest! {
        #[test]
        fn the_clock_stays_and_the_place_is_on_every_track(props in any_bar(), columns in 1_u16..=250) {
            let bar = TimeBar::new(props, &Theme::DARK);
            let row = rows(&draw_buffer(&bar, columns, 1)).pop().unwrap_or_default();
            prop_assert!(format::width(&row) <= usize::from(columns));
            let clock: String = bar.text(Part::Clock).into_iter().map(|span| span.text).collect();
            let shown: String = clock.chars().take(columns.into()).collect();
            prop_assert!(row.starts_with(shown.trim_end()), "{} in {}", row, columns);
            let has_track = row.contains('─') || row.contains('^');
            prop_assert_eq!(has_track, row.matches('^').count() == 1, "{}", row);
            let dropped = bar.dropped(columns.into());
            if bar.least(dropped) <= columns.into() {
                prop_assert!(bar.parts(dropped).all(|part| {
                    let text: String = bar.text(part).into_iter().map(|span| span.text).collect();
                    row.contains(&text)
                }), "a part is cut in {}", row);
            }
            let ascii = Theme::DARK.with_glyphs(Glyphs::Ascii);
            let row = rows(&draw_buffer(&TimeBar { theme: &ascii, ..bar }, columns, 1)).pop();
            prop_assert!(row.unwrap_or_default().is_ascii());
        }
    }
}
