//! The thread that reads keys and changes of size from the terminal.

use std::io;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use ratatui::crossterm::event::{self, Event, KeyEventKind};
use simic_emitter::{StopFlag, StopLevel};

use crate::message::Message;

/// How often the thread looks whether it is to end; a key wakes it at once.
const LOOK: Duration = Duration::from_millis(50);
/// Keys that wait while a frame is drawn.
const WAITING: usize = 64;

/// The thread and its queue.
#[derive(Debug)]
pub struct Keys {
    /// Keys and sizes; disconnected once the terminal can no longer be read.
    pub messages: Receiver<Message>,
    stop: StopFlag,
    ended: Receiver<()>,
    thread: JoinHandle<()>,
}

impl Keys {
    /// Starts to read; the terminal must be in raw mode.
    ///
    /// # Errors
    ///
    /// Fails if the thread cannot be started.
    pub fn start() -> io::Result<Self> {
        let stop = StopFlag::new();
        let (out, messages) = bounded(WAITING);
        let (end, ended) = bounded(0);
        let flag = stop.clone();
        let thread = Builder::new().name("sanctum-keys".to_owned()).spawn(move || {
            read(&out, &flag);
            drop(end);
        })?;
        Ok(Self { messages, stop, ended, thread })
    }

    /// Ends the thread. One that is inside a half-received key cannot be woken and is left behind: it takes at most what
    /// the terminal sends next.
    pub fn end(self) {
        self.stop.request(StopLevel::Now);
        drop(self.messages);
        if self.ended.recv_timeout(LOOK * 4)
            == Err(crossbeam_channel::RecvTimeoutError::Disconnected)
        {
            self.thread.join().ok();
        }
    }
}

fn read(out: &Sender<Message>, stop: &StopFlag) {
    while stop.level() == StopLevel::Running {
        let message = match event::poll(LOOK) {
            Ok(false) => continue,
            Ok(true) => event::read().map(|event| to_message(&event)),
            Err(error) => Err(error),
        };
        match message {
            Ok(None) => {}
            Ok(Some(message)) => {
                if out.send(message).is_err() {
                    return;
                }
            }
            Err(_) => return,
        }
    }
}

fn to_message(event: &Event) -> Option<Message> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => Some(Message::Key(*key)),
        Event::Resize(width, height) => Some(Message::Resize(*width, *height)),
        // Pasted text is no sequence of commands.
        Event::Key(_)
        | Event::Paste(_)
        | Event::Mouse(_)
        | Event::FocusGained
        | Event::FocusLost => None,
    }
}
