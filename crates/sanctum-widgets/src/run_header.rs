//! The first line of every screen: connection, run, progress, speed and whether anything is wrong.

use karn_sanctum::{Connection, Reading, Snapshot, verdict};
use leyline::Health;
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::widgets::Widget;

use crate::format::{
    self, MISSING, NumberFormat, format_batch_bar, format_epoch_bar, format_foreign, format_number,
    format_rate, format_runtime,
};
use crate::pen::{Pen, Span, spans_width};
use crate::theme::{Class, Theme};

mod alarm;

pub use alarm::Alarm;

/// What the header shows.
#[derive(Debug, Clone, PartialEq)]
pub struct RunHeaderProps<'a> {
    /// TELE-704.
    pub connection: Connection,
    /// TELE-701; a run that is not connected has no runtime.
    pub connected: bool,
    /// Verdict on TELE-702, the age of the latest event.
    pub staleness: Health,
    /// Verdict on TELE-703; no data: the trainer is another process.
    pub training_thread: Health,
    /// TELE-001.
    pub task_name: Option<&'a str>,
    /// TELE-003.
    pub reward_mode: Option<&'a str>,
    /// TELE-010, env-episodes.
    pub current_episode: Option<u64>,
    /// TELE-011, inner step of the batch in progress.
    pub current_epoch: Option<u32>,
    /// TELE-012; 0: unbounded.
    pub max_epochs: Option<u32>,
    /// TELE-013, batches done, global.
    pub current_batch: Option<u64>,
    /// TELE-014; 0: not known.
    pub max_batches: u64,
    /// TELE-020, seconds.
    pub runtime_seconds: f64,
    /// TELE-710.
    pub epochs_per_second: Option<Reading>,
    /// TELE-711.
    pub batches_per_hour: Option<Reading>,
    /// What is wrong; empty if nothing is. TELE-720, 721, 730, 741, 780, 782 and 784.
    pub alarms: Vec<Alarm>,
    /// Whether all counts that an alarm is made of are known.
    pub alarms_known: bool,
    /// Redraws per second of this screen; not part of a snapshot. `None`: not known.
    pub ui_rate_hz: Option<f64>,
}

impl<'a> From<&'a Snapshot> for RunHeaderProps<'a> {
    fn from(snapshot: &'a Snapshot) -> Self {
        Self {
            connection: snapshot.connection,
            connected: snapshot.connected,
            staleness: verdict::staleness(&snapshot.settings, snapshot.staleness_seconds),
            training_thread: verdict::training_thread_alive(
                snapshot.training_thread_alive,
                snapshot.finish_reason,
            ),
            task_name: snapshot.task_name.as_deref(),
            reward_mode: snapshot.reward_mode.as_deref(),
            current_episode: snapshot.current_episode,
            current_epoch: snapshot.current_epoch,
            max_epochs: snapshot.max_epochs,
            current_batch: snapshot.current_batch,
            max_batches: snapshot.max_batches,
            runtime_seconds: snapshot.runtime_seconds,
            epochs_per_second: snapshot.vitals.epochs_per_second,
            batches_per_hour: snapshot.vitals.batches_per_hour,
            alarms: alarm::of(snapshot),
            alarms_known: snapshot.telemetry.events_rejected.is_some()
                && snapshot.telemetry.sink_losses.is_some(),
            ui_rate_hz: None,
        }
    }
}

/// One line; what does not fit is left out in a fixed order, never the connection, the batch bar, the runtime or an alarm.
#[derive(Debug, Clone)]
pub struct RunHeader<'a> {
    props: RunHeaderProps<'a>,
    theme: &'a Theme,
    paused: bool,
}

impl<'a> RunHeader<'a> {
    /// Returns the header for `props`.
    pub const fn new(props: RunHeaderProps<'a>, theme: &'a Theme) -> Self {
        Self { props, theme, paused: false }
    }

    /// Returns the header of a screen that is paused or shows the past: the connection is then drawn in reverse, behind the
    /// word `PAST`, so that an old screen cannot be taken for a live one.
    #[must_use]
    pub fn paused(self, paused: bool) -> Self {
        Self { paused, ..self }
    }
}

impl Widget for &RunHeader<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let Some(mut pen) = Pen::new(area, buf, self.theme) else { return };
        let spans = self.line(pen.width());
        pen.spans(0, 0, &spans);
        pen.finish();
    }
}

/// The segments that give way, in the order in which they do.
const GIVE_WAY: [Segment; 5] = [
    Segment::UiRate,
    Segment::Throughput,
    Segment::RewardMode,
    Segment::RunName,
    Segment::EpochBar,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Segment {
    Connection,
    RunName,
    RewardMode,
    EpochBar,
    BatchBar,
    Runtime,
    Throughput,
    Alarm,
    UiRate,
}

const GROUPS: [&[Segment]; 5] = [
    &[Segment::Connection],
    &[Segment::RunName, Segment::RewardMode],
    &[Segment::EpochBar, Segment::BatchBar],
    &[Segment::Runtime, Segment::Throughput],
    &[Segment::Alarm, Segment::UiRate],
];

impl RunHeader<'_> {
    fn line(&self, columns: usize) -> Vec<Span> {
        let props = &self.props;
        if props.connection == Connection::Waiting && props.current_batch.is_none() {
            return self.waiting_line(columns);
        }
        let mut dropped = 0;
        loop {
            let kept = |segment: &Segment| !GIVE_WAY[..dropped].contains(segment);
            let line = self.join(kept, &self.alarm(usize::MAX));
            if spans_width(&line) <= columns {
                return line;
            }
            if dropped == GIVE_WAY.len() {
                let rest = spans_width(&self.join(kept, &[]));
                return self.join(kept, &self.alarm(columns.saturating_sub(rest)));
            }
            dropped += 1;
        }
    }

    fn waiting_line(&self, columns: usize) -> Vec<Span> {
        let mut line = self.connection();
        line.push(Span::new(SEPARATOR, Class::Dim));
        line.push(Span::new("Waiting for training data...", Class::Missing));
        if !self.props.alarms.is_empty() {
            line.push(Span::new(SEPARATOR, Class::Dim));
            let room = columns.saturating_sub(spans_width(&line));
            line.extend(self.alarm(room));
        }
        line
    }

    /// Joins the segments that `kept` keeps: a blank inside a group, a bar between groups.
    fn join(&self, kept: impl Fn(&Segment) -> bool, alarm: &[Span]) -> Vec<Span> {
        let mut line: Vec<Span> = Vec::new();
        for group in GROUPS {
            for (i, segment) in group.iter().filter(|s| kept(s)).enumerate() {
                let spans = self.segment(*segment, alarm);
                if spans.is_empty() && *segment != Segment::Alarm {
                    continue;
                }
                if 0 < i {
                    line.push(Span::new(" ", Class::Plain));
                } else if !line.is_empty() {
                    line.push(Span::new(SEPARATOR, Class::Dim));
                }
                line.extend(spans);
            }
        }
        line
    }

    fn segment(&self, segment: Segment, alarm: &[Span]) -> Vec<Span> {
        let props = &self.props;
        match segment {
            Segment::Connection => self.connection(),
            Segment::RunName => vec![self.run_name()],
            Segment::RewardMode => vec![self.reward_mode()],
            Segment::EpochBar => self.epoch_bar(),
            Segment::BatchBar => {
                let known = verdict::max_batches(props.max_batches) != Health::NoData;
                let health = verdict::current_batch(props.current_batch, props.max_batches);
                let class = if known { Class::of_health(health) } else { Class::Missing };
                let text = format_batch_bar(props.current_batch, props.max_batches);
                vec![self.value(text, class)]
            }
            Segment::Runtime => vec![self.runtime()],
            Segment::Throughput => self.throughput(),
            Segment::Alarm => alarm.to_vec(),
            Segment::UiRate => self.ui_rate(),
        }
    }

    fn connection(&self) -> Vec<Span> {
        let props = &self.props;
        let word = match props.connection {
            Connection::Waiting => "○ WAIT",
            Connection::Live => "● LIVE",
            Connection::Slow => "◐ SLOW",
            Connection::Stale => "○ STAL",
            Connection::Disconnected => "○ DISC",
            Connection::Finished => "■ DONE",
            Connection::Failed => "✗ FAIL",
        };
        let thread = match props.training_thread {
            Health::NoData => '?',
            Health::Ungraded | Health::Healthy => '✓',
            Health::Warning | Health::Critical => '✗',
        };
        let of_link = verdict::connection(props.connection).max(props.staleness);
        let health = of_link.max(props.training_thread);
        let class = match health {
            // Silence before a start, however long or short, is no state of a link.
            _ if props.connection == Connection::Waiting => Class::Missing,
            Health::Healthy => Class::Ok,
            Health::NoData | Health::Ungraded | Health::Warning | Health::Critical => {
                Class::of_health(health)
            }
        };
        let of_thread = if thread == '?' { Class::Missing } else { class };
        let span = |text, class| Span { text, class, reversed: self.paused };
        let mut spans = vec![span(format!("{word} "), class), span(thread.to_string(), of_thread)];
        if self.paused {
            spans.insert(0, span("PAST ".to_owned(), Class::Accent));
        }
        spans
    }

    fn run_name(&self) -> Span {
        let (name, class) = match self.props.task_name {
            Some(name) => (self.foreign(name, 14), Class::Accent),
            None => (MISSING.to_owned(), Class::Missing),
        };
        self.value(pad(name, 14), class)
    }

    fn reward_mode(&self) -> Span {
        let (mode, class) = match self.props.reward_mode {
            Some(mode) => (self.foreign(&format!("RWD:{mode}"), 10), Class::Plain),
            None => (format!("RWD:{MISSING}"), Class::Missing),
        };
        self.value(pad(mode, 10), class)
    }

    fn epoch_bar(&self) -> Vec<Span> {
        let props = &self.props;
        let (episode, class) = match props.current_episode {
            Some(episode) => (episode.to_string(), Class::Plain),
            None => (MISSING.to_owned(), Class::Missing),
        };
        let health = verdict::current_epoch(props.current_epoch, props.max_epochs);
        // Without a known end the bar says less than it looks: no end planned is known, and is 0.
        let of_bar =
            if props.max_epochs.is_none() { Class::Missing } else { Class::of_health(health) };
        let bar = format_epoch_bar(props.current_epoch, props.max_epochs);
        vec![self.value(format!("Ep {episode} "), class), self.value(bar, of_bar)]
    }

    fn runtime(&self) -> Span {
        let text = if self.props.connected {
            format_runtime(self.props.runtime_seconds, false)
        } else {
            "--".to_owned()
        };
        let class = if text == "--" { Class::Missing } else { Class::Plain };
        self.value(format!("{text:>7}"), class)
    }

    fn throughput(&self) -> Vec<Span> {
        let rate = |reading: &Option<Reading>, unit: &str| {
            let text = reading.map_or_else(|| MISSING.to_owned(), |r| format_rate(r.value));
            self.value(format!("{text}{unit}"), Class::of(reading.as_ref()))
        };
        vec![
            rate(&self.props.epochs_per_second, "e/s"),
            Span::new(" ", Class::Plain),
            rate(&self.props.batches_per_hour, "b/h"),
        ]
    }

    fn ui_rate(&self) -> Vec<Span> {
        let hertz = self.props.ui_rate_hz.filter(|rate| rate.is_finite());
        let text = hertz.map(|rate| format!("{}Hz", format_number(rate, NumberFormat::Fixed(1))));
        text.into_iter().map(|text| Span::new(text, Class::Dim)).collect()
    }

    /// The alarm in at most `columns`, as far as that is possible: its first items, and `+k` for those left out; it looks
    /// as the worst of all items, also of those left out.
    fn alarm(&self, columns: usize) -> Vec<Span> {
        let alarms = &self.props.alarms;
        let Some(worst) = alarms.iter().map(|alarm| alarm.verdict).max() else {
            return vec![if self.props.alarms_known {
                Span::new("✓ OK", Class::Ok)
            } else {
                Span::new(MISSING, Class::Missing)
            }];
        };
        let shortened = |kept: usize| {
            let left_out = alarms.len() - kept;
            let mut words = vec!["⚠".to_owned()];
            words.extend(alarms.iter().take(kept).map(|item| self.foreign(&item.text, usize::MAX)));
            if 0 < left_out {
                words.push(format!("+{left_out}"));
            }
            words.join(" ")
        };
        let fitting =
            (0..=alarms.len()).rev().map(shortened).find(|text| format::width(text) <= columns);
        vec![Span::new(fitting.unwrap_or_else(|| shortened(0)), Class::of_health(worst))]
    }

    /// A value of the run; while there is no news it looks old.
    fn value(&self, text: String, class: Class) -> Span {
        let no_news = matches!(self.props.connection, Connection::Stale | Connection::Disconnected);
        Span::new(text, if no_news && class != Class::Missing { Class::Stale } else { class })
    }

    fn foreign(&self, text: &str, columns: usize) -> String {
        format_foreign(text, columns, self.theme.glyphs.is_ascii())
    }
}

const SEPARATOR: &str = " │ ";

fn pad(text: String, columns: usize) -> String {
    let missing = columns.saturating_sub(format::width(&text));
    text + &" ".repeat(missing)
}

#[cfg(test)]
mod tests;
