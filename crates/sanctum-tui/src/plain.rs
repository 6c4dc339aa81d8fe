//! The view without a screen: one line per batch, and one for whatever happens to the run, from the snapshot.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crossbeam_channel::{Receiver, never, select};
use karn_sanctum::{LogLine, Snapshot};
use leyline::{Severity, Timestamp, ViewNs};
use sanctum_widgets::StatusBannerProps;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;
use simic_emitter::StopLevel;

use crate::exit::Exit;
use crate::fold::Picture;
use crate::options::Options;
use crate::session::Session;
use crate::signals::{Signal, Signals};
use crate::sinks::watch::{News, Watch};
use crate::sinks::{self, Teller};
use crate::source::Standing;
use crate::{suspend, terminal};

mod text;

pub use text::{Level, format_batch, format_line, level, time_left_seconds};

/// Seconds between two lines about a number of lost events that keeps growing.
const LOSSES_SECONDS: f64 = 1.0;

/// Prints a message on standard error, unless that is to be quiet.
pub fn tell(options: &Options, message: &str) {
    if !options.quiet {
        // Whoever closed our standard error does not want to know.
        writeln!(io::stderr(), "{message}").ok();
    }
}

/// Prints the pictures of a session line by line until the run ends.
///
/// An interrupt finishes the batch first, a second one leaves at once; other signals allow two seconds.
///
/// # Errors
///
/// Fails if a thread cannot be started, if standard output cannot be written to for another reason than that its reader
/// went away, or if a part of the viewer broke.
pub fn run(
    session: Session,
    pictures: &Receiver<Arc<Picture>>,
    options: &Options,
) -> anyhow::Result<Exit> {
    let signals = Signals::start()?;
    leave_at_the_second_signal()?;
    let mut plain = Plain::new(io::stdout(), options.plain_interval);
    let mut teller = Teller::new(&options.sinks);
    let end = print(&mut plain, &session, pictures, &signals.messages, &mut teller, options);
    signals.end();
    let patience = match &end {
        Ok(End::Ended(_, None)) => sinks::PATIENCE,
        Ok(End::Ended(_, Some(_)) | End::Signal(_) | End::Broken) | Err(_) => sinks::LAST_PATIENCE,
    };
    // The last pictures and the last news may come together.
    if !options.is_recorded {
        teller.ring(&session.fold.news.try_iter().collect::<Vec<_>>(), options.quiet);
    }
    for line in teller.finish(patience) {
        tell(options, &line);
    }
    match end {
        Ok(End::Ended(picture, signal)) => {
            session.finish()?;
            Ok(signal.map_or_else(|| Exit::of(&picture.snapshot), Exit::Signal))
        }
        Ok(End::Signal(number)) => {
            finish_or_abandon(session, pictures, &mut plain);
            Ok(Exit::Signal(number))
        }
        Ok(End::Broken) => {
            session.stop_trainer(StopLevel::AfterBatch);
            session.finish()?;
            anyhow::bail!("the thread sanctum-fold ended too early")
        }
        Err(error) => {
            finish_or_abandon(session, pictures, &mut plain);
            if error.kind() == io::ErrorKind::BrokenPipe {
                return Ok(Exit::ReaderGone);
            }
            Err(anyhow::Error::new(error).context("cannot write to standard output"))
        }
    }
}

/// A second signal ends the process from inside its handler, even while this thread waits for a reader of its output.
/// Nothing has to be put in order then: there is no screen, and files are complete up to what was flushed.
pub(crate) fn leave_at_the_second_signal() -> io::Result<()> {
    for number in [SIGINT, SIGTERM] {
        let first = Arc::new(AtomicBool::new(false));
        flag::register_conditional_shutdown(number, 128 + number, Arc::clone(&first))?;
        flag::register(number, first)?;
    }
    Ok(())
}

enum End {
    /// The run ended; because of a signal, if there is one.
    Ended(Arc<Picture>, Option<i32>),
    /// A signal that allows no batch to be finished.
    Signal(i32),
    /// The fold ended without a last picture.
    Broken,
}

fn print(
    plain: &mut Plain<io::Stdout>,
    session: &Session,
    pictures: &Receiver<Arc<Picture>>,
    signals: &Receiver<Signal>,
    teller: &mut Teller,
    options: &Options,
) -> io::Result<End> {
    let mut interrupted = None;
    let mut news = session.fold.news.clone();
    let mut failure = teller.failure.clone();
    loop {
        select! {
            recv(news) -> first => match first {
                // What was recorded has been told when it happened.
                Ok(first) if !options.is_recorded => {
                    let all: Vec<News> = std::iter::once(first).chain(news.try_iter()).collect();
                    teller.ring(&all, options.quiet);
                }
                Ok(_) => {}
                Err(_) => news = never(),
            },
            recv(failure) -> why => match why {
                Ok(why) => tell(options, &sinks::failed(&why)),
                Err(_) => failure = never(),
            },
            recv(pictures) -> picture => {
                // A run that was over before lines were asked for has left its last picture for the screen.
                let last = || session.fold.latest.try_recv().ok().filter(|last| last.ended);
                let Some(picture) = picture.ok().or_else(last) else { return Ok(End::Broken) };
                let ts = picture.moment.as_ref().and_then(|moment| moment.ts);
                let wall = ts.filter(|_| options.is_recorded);
                let wall = wall.unwrap_or_else(|| session.clock.wall());
                plain.show(&picture, session.clock.now(), wall)?;
                if !options.quiet {
                    terminal::print_notes();
                }
                if picture.ended {
                    return Ok(End::Ended(picture, interrupted));
                }
            },
            recv(signals) -> signal => match signal {
                Ok(Signal::End(SIGINT)) if session.trainer.is_some() && interrupted.is_none() => {
                    interrupted = Some(SIGINT);
                    session.stop_trainer(StopLevel::AfterBatch);
                }
                Ok(Signal::End(number)) => return Ok(End::Signal(number)),
                Ok(Signal::Suspend) => suspend::this_process(),
                Ok(Signal::Continue) => {}
                Err(_) => return Ok(End::Signal(SIGHUP)),
            },
        }
    }
}

/// Gives the trainer two seconds to end its run, and prints that end if it comes.
fn finish_or_abandon(
    session: Session,
    pictures: &Receiver<Arc<Picture>>,
    plain: &mut Plain<io::Stdout>,
) {
    match session.stop_in_time(pictures) {
        Some(picture) => {
            let (now, wall) = (session.clock.now(), session.clock.wall());
            // Nobody may be there to read it; the exit code says how this ended.
            plain.show(&picture, now, wall).ok();
            session.finish().ok();
        }
        None => session.abandon(),
    }
}

/// Writes lines about a run, one for each thing worth saying.
#[derive(Debug)]
pub struct Plain<W> {
    out: W,
    interval: Duration,
    started: bool,
    batch: Option<u64>,
    /// When the latest progress line was written, and how serious it was.
    progress: Option<(ViewNs, Level)>,
    /// What was said about the link last.
    link: Option<&'static str>,
    log: Option<Arc<LogLine>>,
    /// Lost events told of, and when.
    lost: Option<(u64, ViewNs)>,
    /// What was said about this viewer's connection last.
    standing: Option<Standing>,
    watch: Watch,
    /// Whether the alerts of a first picture have been looked at.
    is_watching: bool,
    finished: bool,
}

impl<W: Write> Plain<W> {
    /// Returns a view that writes progress at most once per `interval`.
    pub const fn new(out: W, interval: Duration) -> Self {
        Self {
            out,
            interval,
            started: false,
            batch: None,
            progress: None,
            link: None,
            log: None,
            lost: None,
            standing: None,
            watch: Watch::new(),
            is_watching: false,
            finished: false,
        }
    }

    /// Writes what is new in a picture, seen at `now`.
    ///
    /// # Errors
    ///
    /// Fails if the line cannot be written.
    pub fn show(&mut self, picture: &Picture, now: ViewNs, wall: Timestamp) -> io::Result<()> {
        let snapshot = &picture.snapshot;
        let mut lines = Vec::new();
        self.standing(picture, wall, &mut lines);
        // What happened before is told once it is complete.
        if !matches!(picture.standing, Some(Standing::CatchingUp { .. })) {
            self.start(snapshot, wall, &mut lines);
            self.alerts(snapshot, wall, &mut lines);
            self.losses(picture, now, wall, &mut lines);
            self.progress(picture, now, wall, &mut lines);
            self.rules(picture, wall, &mut lines);
            self.link(snapshot, wall, &mut lines);
            self.end(picture, wall, &mut lines);
        }
        if lines.is_empty() {
            return Ok(());
        }
        let mut text = lines.join("\n");
        text.push('\n');
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    /// What stands between this viewer and a run of another process, told when it changes.
    fn standing(&mut self, picture: &Picture, wall: Timestamp, lines: &mut Vec<String>) {
        let Some(standing) = &picture.standing else { return };
        let before = self.standing.as_ref();
        let again = before.is_some_and(|before| text::is_the_same_matter(before, standing));
        // Nothing stands between anybody and a run that has ended.
        if again || self.finished || matches!(standing, Standing::Over) {
            return;
        }
        let (level, words) = text::standing_words(standing);
        lines.push(format_line(wall, level, &words));
        self.standing = Some(standing.clone());
    }

    fn start(&mut self, snapshot: &Snapshot, wall: Timestamp, lines: &mut Vec<String>) {
        if self.started || snapshot.max_batches == 0 {
            return;
        }
        self.started = true;
        self.batch = snapshot.start_batch;
        lines.push(text::format_start(snapshot, wall));
    }

    /// Lines of the event log that are more than information, in the order in which they came.
    fn alerts(&mut self, snapshot: &Snapshot, wall: Timestamp, lines: &mut Vec<String>) {
        let log = &snapshot.event_log;
        let seen =
            self.log.as_ref().and_then(|last| log.iter().rposition(|line| Arc::ptr_eq(line, last)));
        for line in &log[seen.map_or(0, |at| at + 1)..] {
            match line.severity {
                Severity::Debug | Severity::Info => {}
                // The end and a skipped update are told in lines of their own.
                Severity::Warning | Severity::Error | Severity::Critical if text::is_told(line) => {
                }
                Severity::Warning => lines.push(text::format_log(line, Level::Warning, wall)),
                Severity::Error | Severity::Critical => {
                    lines.push(text::format_log(line, Level::Critical, wall));
                }
            }
        }
        self.log = log.last().map(Arc::clone);
    }

    /// What rules found, when it begins, becomes worse or ends. What was found before the first picture is not told: another
    /// viewer was there, or nobody.
    fn rules(&mut self, picture: &Picture, wall: Timestamp, lines: &mut Vec<String>) {
        let Some(key) = picture.groups.get(picture.shown) else { return };
        if !std::mem::replace(&mut self.is_watching, true) {
            return self.watch.skip(key, &picture.alerts);
        }
        for news in self.watch.look(key, &picture.alerts) {
            if let Some((level, words)) = text::alert_words(&news) {
                lines.push(format_line(wall, level, &words));
            }
        }
    }

    /// Events that never arrived, told when the number grows, at most once a second while it goes on growing.
    fn losses(&mut self, picture: &Picture, now: ViewNs, wall: Timestamp, lines: &mut Vec<String>) {
        let Some(lost) = picture.snapshot.telemetry.events_lost.filter(|lost| 0 < *lost) else {
            return;
        };
        let due = self.lost.is_none_or(|(told, at)| {
            told < lost && (picture.ended || LOSSES_SECONDS <= now.seconds_since(at))
        });
        if due {
            self.lost = Some((lost, now));
            lines.push(format_line(
                wall,
                Level::Critical,
                &format!("{lost} events of the run lost so far"),
            ));
        }
    }

    fn progress(
        &mut self,
        picture: &Picture,
        now: ViewNs,
        wall: Timestamp,
        lines: &mut Vec<String>,
    ) {
        let snapshot = &picture.snapshot;
        if !self.started || snapshot.current_batch == self.batch {
            return;
        }
        let state = StatusBannerProps::from(snapshot).state;
        let level = level(&state);
        let due = self.progress.is_none_or(|(then, before)| {
            self.interval.as_secs_f64() <= now.seconds_since(then) || before < level
        });
        let over = picture.ended || snapshot.finish_reason.is_some();
        if due || over {
            self.batch = snapshot.current_batch;
            self.progress = Some((now, level));
            lines.push(format_batch(snapshot, &state, wall));
        }
    }

    fn link(&mut self, snapshot: &Snapshot, wall: Timestamp, lines: &mut Vec<String>) {
        let state = StatusBannerProps::from(snapshot).state;
        let Some((level, words)) = text::link_words(&state) else { return };
        if self.started && self.link.unwrap_or(text::LIVE) != words {
            lines.push(format_line(wall, level, words));
        }
        self.link = Some(words);
    }

    fn end(&mut self, picture: &Picture, wall: Timestamp, lines: &mut Vec<String>) {
        let over = picture.ended || picture.snapshot.finish_reason.is_some();
        if over && !self.finished {
            self.finished = true;
            let (level, text) = text::format_end(&picture.snapshot);
            lines.push(format_line(text::ended(&picture.snapshot, wall), level, &text));
        }
    }
}

#[cfg(test)]
mod tests;
