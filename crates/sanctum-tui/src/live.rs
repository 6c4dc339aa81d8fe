//! The loop of the screen: keys, signals and pictures become messages, and what the app asks for is done.

use std::io;
use std::sync::Arc;

use crossbeam_channel::{Receiver, never, select};
use leyline::ViewNs;
use ratatui::crossterm::terminal::size;
use signal_hook::consts::SIGHUP;
use simic_emitter::StopLevel;

use crate::app::{App, Trainer};
use crate::exit::Exit;
use crate::fold::Picture;
use crate::kept::keeper::Keeper;
use crate::keys::Keys;
use crate::message::{Effect, Leave, Message};
use crate::options::Options;
use crate::pace::Pace;
use crate::rate::RedrawRate;
use crate::screen::Screen;
use crate::session::Session;
use crate::signals::{Signal, Signals};
use crate::sinks::watch::News;
use crate::sinks::{self, Teller};
use crate::terminal::{self, Taken};
use crate::{plain, render, suspend};

/// Why the loop ended.
enum End {
    /// The person left.
    Left(Leave),
    /// A signal asks to end, or the terminal is gone.
    Signal(i32),
    /// The fold ended without a last picture.
    Broken,
}

/// Shows a session on the whole terminal until it is left.
///
/// # Errors
///
/// Fails if a thread cannot be started or a part of the viewer broke; the terminal is given back first.
pub fn run(session: Session, options: &Options) -> anyhow::Result<Exit> {
    let taken = match Taken::new() {
        Ok(taken) => taken,
        Err(error) => {
            plain::tell(
                options,
                &format!("cannot use the terminal, printing lines instead: {error}"),
            );
            let pictures = session.fold.each_batch();
            return plain::run(session, &pictures, options);
        }
    };
    let (keys, signals) = (Keys::start()?, Signals::start()?);
    let mut live = Live::new(&session, options);
    let end = live.run(&keys.messages, &signals.messages);
    live.keeper.end(&live.app);
    let newest = live.newest();
    let patience = match end {
        End::Left(Leave::Quit | Leave::WithoutScreen) => sinks::PATIENCE,
        End::Left(Leave::Interrupt) | End::Signal(_) | End::Broken => sinks::LAST_PATIENCE,
    };
    let Live { teller, .. } = live;
    drop(taken);
    teller.finish(patience).into_iter().for_each(terminal::note);
    keys.end();
    signals.end();
    match end {
        End::Left(Leave::WithoutScreen) => {
            let pictures = session.fold.each_batch();
            plain::run(session, &pictures, options)
        }
        End::Left(Leave::Interrupt) => Ok(stop(session, signal_hook::consts::SIGINT)),
        End::Signal(number) => Ok(stop(session, number)),
        // A trainer in this process is only left so once it has said its end.
        End::Left(Leave::Quit) if newest.ended || session.trainer.is_some() => {
            session.finish()?;
            Ok(Exit::of(&newest.snapshot))
        }
        End::Left(Leave::Quit) => {
            session.abandon();
            Ok(Exit::Completed)
        }
        End::Broken => {
            session.stop_trainer(StopLevel::AfterBatch);
            session.finish()?;
            anyhow::bail!("the thread sanctum-fold ended too early")
        }
    }
}

/// Gives the trainer the time that a signal allows to end its run.
fn stop(session: Session, number: i32) -> Exit {
    match session.stop_in_time(&session.fold.latest) {
        // What could still be read was read, and the signal says how this ends.
        Some(_) => drop(session.finish()),
        None => session.abandon(),
    }
    Exit::Signal(number)
}

struct Live<'a> {
    session: &'a Session,
    app: App,
    screen: Screen<io::Stdout>,
    rate: RedrawRate,
    pace: Pace,
    /// The newest picture of the run itself, whatever is looked at.
    beside: Arc<Picture>,
    /// Whether nobody can look back any more.
    is_past_gone: bool,
    keeper: Keeper,
    teller: Teller,
    /// Whether nothing will happen to an alert any more.
    is_told_out: bool,
}

impl<'a> Live<'a> {
    fn new(session: &'a Session, options: &Options) -> Self {
        let trainer = if session.trainer.is_some() { Trainer::Here } else { Trainer::Elsewhere };
        Self {
            session,
            app: App::new(options.theme, trainer),
            screen: Screen::new(io::stdout()),
            rate: RedrawRate::default(),
            pace: Pace::new(options.poll),
            beside: Arc::new(Picture::empty()),
            is_past_gone: false,
            keeper: Keeper::new(options.state.as_deref()),
            teller: Teller::new(&options.sinks),
            is_told_out: false,
        }
    }

    fn newest(&self) -> Arc<Picture> {
        Arc::clone(&self.beside)
    }

    fn run(&mut self, keys: &Receiver<Message>, signals: &Receiver<Signal>) -> End {
        if let Some(end) = self.resize() {
            return end;
        }
        let nothing = never();
        let (no_news, mut failure) = (never(), self.teller.failure.clone());
        loop {
            let news = if self.is_told_out { &no_news } else { &self.session.fold.news };
            let pictures = if self.beside.ended { &nothing } else { &self.session.fold.latest };
            let past = if self.is_past_gone { never() } else { self.session.past() };
            let message = select! {
                recv(keys) -> key => match key {
                    Ok(message) => message,
                    // No key will ever come again, so nobody could leave.
                    Err(_) => return End::Signal(SIGHUP),
                },
                recv(pictures) -> picture => match picture {
                    Ok(picture) => {
                        self.beside = Arc::clone(&picture);
                        Message::Picture(picture)
                    }
                    Err(_) => return End::Broken,
                },
                recv(past) -> picture => match picture {
                    Ok((visit, picture)) if self.session.is_shown(visit) => {
                        Message::Picture(self.at_present(picture))
                    }
                    Ok(_) => continue,
                    Err(_) if self.session.is_replay() => return End::Broken,
                    // A live run is still watched.
                    Err(_) => {
                        self.is_past_gone = true;
                        continue;
                    }
                },
                recv(news) -> news => {
                    if let Some(end) = self.hear(news.ok()) {
                        return end;
                    }
                    continue;
                }
                recv(failure) -> why => {
                    let Ok(why) = why else {
                        failure = never();
                        continue;
                    };
                    terminal::note(sinks::failed(&why));
                    self.app.say(sinks::failed(&why));
                    if let Err(end) = self.draw(self.session.clock.now()) {
                        return end;
                    }
                    continue;
                }
                recv(signals) -> signal => match signal {
                    Ok(Signal::End(number)) => return End::Signal(number),
                    Ok(Signal::Suspend) => {
                        suspend::this_process();
                        continue;
                    }
                    Ok(Signal::Continue) => match self.resume() {
                        None => continue,
                        Some(end) => return end,
                    },
                    Err(_) => return End::Signal(SIGHUP),
                },
            };
            if let Some(end) = self.handle(message, keys) {
                return end;
            }
        }
    }

    /// Tells of an alert and of what else is new, beside the screen; nothing: there will be no more.
    fn hear(&mut self, first: Option<News>) -> Option<End> {
        let Some(first) = first else {
            self.is_told_out = true;
            return None;
        };
        let news: Vec<News> =
            std::iter::once(first).chain(self.session.fold.news.try_iter()).collect();
        let bytes = self.teller.tell(&news);
        // Between a stop and the moment we are continued the terminal belongs to the shell.
        if bytes.is_empty() || !terminal::is_taken() {
            return None;
        }
        self.screen.ring(&bytes).is_err().then_some(End::Signal(SIGHUP))
    }

    /// Returns a picture of the past with what holds now: how this viewer stands with the run, and whether that has ended.
    fn at_present(&self, picture: Arc<Picture>) -> Arc<Picture> {
        let Picture { ended, ref standing, .. } = *self.beside;
        let mut picture = picture;
        let shown = Arc::make_mut(&mut picture);
        (shown.ended, shown.standing) = (ended, standing.clone());
        picture
    }

    /// Handles a message and the keys that came meanwhile, then draws once.
    fn handle(&mut self, first: Message, keys: &Receiver<Message>) -> Option<End> {
        let now = self.session.clock.now();
        let mut draw = false;
        let by_the_run = matches!(first, Message::Picture(_));
        for message in std::iter::once(first).chain(keys.try_iter()) {
            match self.app.update(message, now) {
                Effect::None => {}
                Effect::Draw => draw = true,
                Effect::Redraw => {
                    self.screen.forget();
                    draw = true;
                }
                Effect::ShowGroup(place) => {
                    self.session.show_group(place, &self.app.newest());
                }
                Effect::Time(ask) => {
                    self.session.ask(ask, &self.app.shown());
                    draw = true;
                }
                Effect::StopAfterBatch => {
                    self.session.stop_trainer(StopLevel::AfterBatch);
                    draw = true;
                }
                Effect::Suspend => {
                    suspend::this_job();
                    return None;
                }
                Effect::Leave(leave) => return Some(End::Left(leave)),
            }
        }
        if !draw {
            return None;
        }
        if by_the_run && self.pace.affords_panels(now) {
            self.app.catch_up();
        }
        match self.draw(now) {
            Ok(bytes) if by_the_run => self.pace.spend(bytes),
            Ok(_) => {}
            Err(end) => return Some(end),
        }
        let kept = self.keeper.look(&self.app)?;
        self.app.update(Message::Kept(kept), now);
        self.draw(now).err()
    }

    /// Draws what changed and returns the bytes that took.
    fn draw(&mut self, now: ViewNs) -> Result<usize, End> {
        // Between a stop and the moment we are continued the terminal belongs to the shell.
        if !terminal::is_taken() {
            return Ok(0);
        }
        let (width, height) = self.app.size();
        self.app.set_ui_rate(self.rate.hz(now));
        match self.screen.show(render(&self.app, width, height)) {
            Ok(0) => Ok(0),
            Ok(bytes) => {
                self.rate.note(now);
                Ok(bytes)
            }
            // Whatever the reason, this terminal shows nothing any more.
            Err(_) => Err(End::Signal(SIGHUP)),
        }
    }

    /// Takes the terminal again after a stop, whoever caused it.
    fn resume(&mut self) -> Option<End> {
        terminal::give_back();
        match terminal::take() {
            Ok(()) => self.resize(),
            Err(_) => Some(End::Signal(SIGHUP)),
        }
    }

    /// Draws everything at the size that the terminal has now.
    fn resize(&mut self) -> Option<End> {
        let now = self.session.clock.now();
        match size() {
            Ok((width, height)) => {
                self.app.update(Message::Resize(width, height), now);
                self.screen.forget();
                self.draw(now).err()
            }
            Err(_) => Some(End::Signal(SIGHUP)),
        }
    }
}
