//! Panel 6: what happened, newest last.

use std::sync::Arc;

use karn_sanctum::{LogLine, Snapshot, verdict};
use leyline::kind::EventKind;
use leyline::word::ClosedWord;
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::widgets::Widget;

use crate::format::format_time_of_day;
use crate::frame::Frame;
use crate::pen::Pen;
use crate::theme::{Class, Theme};
use crate::view::View;
use crate::widget_id::WidgetId;

/// What the panel shows.
#[derive(Debug, Clone, PartialEq)]
pub struct EventLogProps {
    /// TELE-810, newest last.
    pub lines: Arc<[Arc<LogLine>]>,
}

impl From<&Snapshot> for EventLogProps {
    fn from(snapshot: &Snapshot) -> Self {
        Self { lines: Arc::clone(&snapshot.event_log) }
    }
}

/// `HH:MM:SS tag text` in UTC of the producer; equal lines of one second are one line with their number.
#[derive(Debug, Clone)]
pub struct EventLog<'a> {
    entries: Vec<Entry>,
    theme: &'a Theme,
    view: View,
}

/// A line on screen.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    /// `None`: not known.
    time: Option<String>,
    tag: &'static str,
    text: String,
    class: Class,
    /// How many lines it stands for.
    count: usize,
}

impl<'a> EventLog<'a> {
    /// Returns the panel for `props`.
    #[expect(clippy::needless_pass_by_value, reason = "all widgets take their props by value")]
    pub fn new(props: EventLogProps, theme: &'a Theme) -> Self {
        let mut entries: Vec<Entry> = Vec::new();
        for line in props.lines.iter() {
            let entry = Entry::of(line);
            match entries.last_mut() {
                Some(last) if last.is_repeated_by(&entry) => last.count += 1,
                Some(_) | None => entries.push(entry),
            }
        }
        Self { entries, theme, view: View::REST }
    }

    /// Returns the panel as a person left it.
    #[must_use]
    pub fn view(self, view: View) -> Self {
        Self { view, ..self }
    }

    /// Returns the number of lines that can be scrolled.
    pub const fn entries(&self) -> usize {
        self.entries.len()
    }
}

impl Entry {
    fn of(line: &LogLine) -> Self {
        let LogLine { seq: _, ts, mono_ns: _, event_type, env_id, message, severity, summary } =
            line;
        let mut text = summary.clone();
        // The message repeats the kind where there is nothing else to say.
        if text.is_empty() || (message != event_type && !text.contains(message.as_str())) {
            text = join(&text, message);
        }
        if let Some(env) = env_id {
            let name = format!("env {env}");
            if !text.contains(&name) {
                text = join(&name, &text);
            }
        }
        let class = Class::of_health(verdict::severity(*severity));
        Self { time: ts.map(format_time_of_day), tag: tag(event_type), text, class, count: 1 }
    }

    fn is_repeated_by(&self, next: &Self) -> bool {
        self.time == next.time
            && self.tag == next.tag
            && self.text == next.text
            && self.class == next.class
    }
}

fn join(a: &str, b: &str) -> String {
    if a.is_empty() || b.is_empty() { format!("{a}{b}") } else { format!("{a} {b}") }
}

/// Names the kind of a line in at most seven columns.
fn tag(event_type: &str) -> &'static str {
    match EventKind::from_word(event_type) {
        Some(EventKind::TrainingStarted) => "start",
        Some(EventKind::TrainingFinished) => "finish",
        Some(EventKind::CheckpointSaved | EventKind::CheckpointLoaded) => "ckpt",
        Some(EventKind::BatchEpochCompleted) => "batch",
        Some(EventKind::PpoUpdateCompleted) => "update",
        Some(EventKind::EpisodeOutcome) => "episode",
        Some(EventKind::EmitterLoss) => "loss",
        Some(EventKind::MemoryWarning) => "memory",
        Some(
            EventKind::GradientAnomaly
            | EventKind::RatioExplosionDetected
            | EventKind::RatioCollapseDetected
            | EventKind::ValueCollapseDetected
            | EventKind::NumericalInstabilityDetected
            | EventKind::PlateauDetected
            | EventKind::DegradationDetected
            | EventKind::ImprovementDetected,
        ) => "anomaly",
        // The log leaves these out; should one come in, its name is in the text.
        Some(
            EventKind::Heartbeat
            | EventKind::EpochCompleted
            | EventKind::SystemVitals
            | EventKind::Metric,
        ) => "other",
        None => match event_type {
            "REJECTED" => "reject",
            "OUT_OF_RANGE" => "range",
            _ => "unknown",
        },
    }
}

const TAG: usize = 9;
const TEXT: usize = 17;

impl Widget for &EventLog<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let Some(mut pen) = Pen::new(area, buf, self.theme) else { return };
        let frame = self.frame(pen.height().saturating_sub(2));
        if let Some(mut inside) = frame.draw(&mut pen, self.view) {
            if self.entries.is_empty() {
                inside.text(0, 0, "no events", Class::Missing);
            }
            let first = self.view.first_from_end(self.entries.len(), inside.height());
            for (row, entry) in self.entries.iter().skip(first).take(inside.height()).enumerate() {
                draw_entry(&mut inside, row, entry);
            }
        }
        pen.finish();
    }
}

impl EventLog<'_> {
    /// While scrolled, the title says which lines are on show.
    fn frame(&self, room: usize) -> Frame {
        let lines = self.entries.len();
        let first = self.view.first_from_end(lines, room);
        let scrolled = self.view.offset.is_some() && first + room < lines;
        let batch = scrolled.then(|| format!("{}-{} of {lines}", first + 1, first + room));
        Frame { batch, ..Frame::of(WidgetId::EventLog) }
    }
}

fn draw_entry(pen: &mut Pen<'_>, row: usize, entry: &Entry) {
    match &entry.time {
        Some(time) => pen.text(0, row, time, Class::Dim),
        None => pen.text(0, row, "--:--:--", Class::Missing),
    }
    let tag_class = if entry.class == Class::Plain { Class::Accent } else { entry.class };
    pen.text(TAG, row, entry.tag, tag_class);
    let times = if 1 < entry.count { format!(" ×{}", entry.count) } else { String::new() };
    let room = pen.width().saturating_sub(TEXT + times.chars().count());
    let text = pen.foreign(&entry.text, room);
    pen.text(TEXT, row, &format!("{text}{times}"), entry.class);
}

#[cfg(test)]
mod tests {
    use leyline::{EnvId, Severity};

    use super::*;
    use crate::base;
    use crate::dump::{draw, draw_buffer, rows};
    use crate::glyph::Glyphs;

    fn shown(snapshot: &Snapshot, view: View, columns: u16, height: u16) -> Vec<String> {
        rows(&draw_buffer(
            &EventLog::new(snapshot.into(), &Theme::DARK).view(view),
            columns,
            height,
        ))
    }

    fn inside(snapshot: &Snapshot, view: View, height: u16) -> Vec<String> {
        let all = shown(snapshot, view, 60, height);
        all[1..all.len() - 1]
            .iter()
            .map(|row| row.trim_matches('│').trim_end().to_owned())
            .collect()
    }

    #[test]
    fn lines_have_time_tag_and_text() {
        insta::assert_snapshot!(shown(&base::log(), View::REST, 60, 13).join("\n"));
        insta::assert_snapshot!(draw(&EventLog::new((&base::log()).into(), &Theme::DARK), 40, 13));
        let ascii = Theme::PLAIN.with_glyphs(Glyphs::Ascii);
        insta::assert_snapshot!(draw(&EventLog::new((&base::log()).into(), &ascii), 40, 5));
    }

    #[test]
    fn the_end_is_followed_unless_scrolled() {
        let snapshot = base::log();
        let last = inside(&snapshot, View::REST, 4);
        assert!(last[1].contains("SEED_PRUNED"), "{last:?}");
        let first = inside(
            &snapshot,
            View { focused: true, offset: Some(0), past: false, selected: None },
            4,
        );
        assert!(first[0].contains("start"), "{first:?}");
        assert!(
            shown(
                &snapshot,
                View { focused: true, offset: Some(0), past: false, selected: None },
                60,
                4
            )[0]
            .contains(" 1-2 of 11 ")
        );
        assert!(
            !shown(
                &snapshot,
                View { focused: true, offset: Some(999), past: false, selected: None },
                60,
                4
            )[0]
            .contains(" of ")
        );
        let beyond = inside(
            &snapshot,
            View { focused: true, offset: Some(999), past: false, selected: None },
            4,
        );
        assert_eq!(beyond, last);
    }

    #[test]
    fn equal_lines_of_one_second_are_one() {
        let line =
            |second: i64, text: &str| base::line(second, "EPISODE_OUTCOME", Severity::Info, text);
        let lines = [
            line(1, "return 9.0"),
            line(1, "return 9.0"),
            line(1, "return 9.0"),
            line(2, "return 9.0"),
            line(2, "return 8.0"),
        ];
        let mut snapshot = base::clear();
        snapshot.event_log = lines.into_iter().map(Arc::new).collect();
        let expected = [
            "00:00:01 episode return 9.0 ×3",
            "00:00:02 episode return 9.0",
            "00:00:02 episode return 8.0",
        ];
        assert_eq!(inside(&snapshot, View::REST, 5), expected);
        assert_eq!(EventLog::new((&snapshot).into(), &Theme::DARK).entries(), 3);
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut LogLine), expected: &str) {
        let mut line = base::line(3, "PLATEAU_DETECTED", Severity::Info, "");
        change(&mut line);
        let mut snapshot = base::clear();
        snapshot.event_log = Arc::from([Arc::new(line)]);
        assert_eq!(inside(&snapshot, View::REST, 3), [expected]);
    }

    #[test]
    fn the_text_says_what_the_summary_leaves_out() {
        check(|_| {}, "00:00:03 anomaly PLATEAU_DETECTED");
        check(|l| l.message = "flat".to_owned(), "00:00:03 anomaly flat");
        check(
            |l| (l.summary, l.message) = ("b7 plateau".to_owned(), "for 10 batches".to_owned()),
            "00:00:03 anomaly b7 plateau for 10 batches",
        );
        check(
            |l| (l.summary, l.message) = ("b7 plateau".to_owned(), "plateau".to_owned()),
            "00:00:03 anomaly b7 plateau",
        );
        check(
            |l| (l.summary, l.env_id) = ("return 3.0".to_owned(), Some(EnvId(4))),
            "00:00:03 anomaly env 4 return 3.0",
        );
        check(
            |l| (l.summary, l.env_id) = ("env 4 return 3.0".to_owned(), Some(EnvId(4))),
            "00:00:03 anomaly env 4 return 3.0",
        );
        check(|l| l.ts = None, "--:--:-- anomaly PLATEAU_DETECTED");
        check(|l| l.event_type = "SEED_PRUNED".to_owned(), "00:00:03 unknown PLATEAU_DETECTED");
        check(|l| l.message = "\u{1b}[2Jgone\n\u{202e}".to_owned(), "00:00:03 anomaly ·[2Jgone··");
    }

    #[test]
    fn it_survives_any_area() {
        base::survives_any_area(&EventLog::new((&base::log()).into(), &Theme::DARK));
    }
}
