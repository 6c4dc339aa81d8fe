//! The program in a pseudo-terminal. Tests wait for what it prints, never for time to pass.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use tempfile::TempDir;

/// A program that says nothing for this long has failed.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running program and what its terminal shows.
pub(crate) struct Pty {
    master: Option<Box<dyn MasterPty + Send>>,
    keyboard: Option<Box<dyn Write + Send>>,
    child: Box<dyn Child + Send + Sync>,
    chunks: Receiver<Vec<u8>>,
    /// Tells the reader, which holds the terminal open, to let go of it after the next chunk.
    closing: Arc<AtomicBool>,
    parser: vt100::Parser,
    /// Everything that was printed.
    pub(crate) bytes: Vec<u8>,
    /// The modes of the terminal before the program began.
    modes: String,
    /// Where the program writes its runs, unless an argument says otherwise.
    _runs: TempDir,
}

impl Pty {
    /// Starts a program with arguments and additional variables on a terminal of so many columns and rows.
    pub(crate) fn start(
        program: &Path,
        args: &[&str],
        variables: &[(&str, &str)],
        (columns, rows): (u16, u16),
    ) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).expect("a pseudo-terminal");
        let modes = modes(pair.master.as_ref());
        let mut command = CommandBuilder::new(program);
        command.args(args);
        for name in ["NO_COLOR", "CLICOLOR_FORCE", "COLORTERM", "COLORFGBG", "LC_ALL", "LC_CTYPE"] {
            command.env_remove(name);
        }
        for (name, value) in
            [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("RUST_BACKTRACE", "0")]
        {
            command.env(name, value);
        }
        let runs = tempfile::tempdir().expect("a directory");
        command.env("SANCTUM_RUN_DIR", runs.path());
        command.env("XDG_STATE_HOME", runs.path().join("state"));
        command.env("XDG_CONFIG_HOME", runs.path().join("config"));
        for (name, value) in variables {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).expect("the program");
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().expect("the output");
        let (out, chunks) = bounded(65_536);
        let closing = Arc::new(AtomicBool::new(false));
        let closed = Arc::clone(&closing);
        let read = move || {
            let mut chunk = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut chunk) {
                if closed.load(Ordering::SeqCst) || out.send(chunk[..count].to_vec()).is_err() {
                    break;
                }
            }
        };
        thread::Builder::new().name("pty".to_owned()).spawn(read).expect("a thread");
        let keyboard = pair.master.take_writer().expect("the keyboard");
        Self {
            master: Some(pair.master),
            keyboard: Some(keyboard),
            child,
            chunks,
            closing,
            parser: vt100::Parser::new(some(rows), some(columns), 0),
            bytes: Vec::new(),
            modes,
            _runs: runs,
        }
    }

    /// Starts `sanctum-tui` on 100 columns and 30 rows.
    pub(crate) fn sanctum(args: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::start(Path::new(env!("CARGO_BIN_EXE_sanctum-tui")), args, variables, (100, 30))
    }

    /// Reads until the terminal shows what is wanted.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, wanted: impl Fn(&vt100::Screen) -> bool) {
        while !wanted(self.parser.screen()) {
            assert!(self.read(), "the program ended and shows\n{}", self.text());
        }
    }

    /// Reads until this was printed.
    #[track_caller]
    pub(crate) fn wait_for_printed(&mut self, wanted: &str) {
        while !self.printed().contains(wanted) {
            assert!(self.read(), "the program ended and shows\n{}", self.text());
        }
    }

    /// Reads until the terminal shows a text.
    #[track_caller]
    pub(crate) fn wait_for_text(&mut self, text: &str) {
        self.wait_for(|screen| screen.contents().contains(text));
    }

    /// Returns whether there was more to read.
    #[track_caller]
    fn read(&mut self) -> bool {
        match self.chunks.recv_timeout(PATIENCE) {
            Ok(chunk) => {
                self.parser.process(&chunk);
                self.bytes.extend(chunk);
                true
            }
            Err(RecvTimeoutError::Disconnected) => false,
            Err(RecvTimeoutError::Timeout) => panic!("nothing new on\n{}", self.text()),
        }
    }

    /// What the terminal shows.
    pub(crate) fn text(&self) -> String {
        self.parser.screen().contents()
    }

    pub(crate) fn screen(&self) -> &vt100::Screen {
        self.parser.screen()
    }

    /// Everything printed so far, with what is not UTF-8 replaced.
    pub(crate) fn printed(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub(crate) fn press(&mut self, keys: &str) {
        let keyboard = self.keyboard.as_mut().expect("the terminal is there");
        keyboard.write_all(keys.as_bytes()).expect("the program reads");
        keyboard.flush().expect("the program reads");
    }

    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        self.parser.screen_mut().set_size(some(rows), some(columns));
        self.master
            .as_ref()
            .expect("the terminal is there")
            .resize(size(columns, rows))
            .expect("a size");
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("the program lives");
    }

    /// Waits until the program is stopped, as a shell does.
    pub(crate) fn wait_until_stopped(&self) {
        let (_, status) =
            waitpid(Some(self.pid()), WaitOptions::UNTRACED).expect("a child").expect("a state");
        assert!(status.stopped(), "{status:?}");
    }

    fn pid(&self) -> Pid {
        let id = self.child.process_id().expect("a process");
        Pid::from_raw(id.try_into().expect("a process id")).expect("not zero")
    }

    /// Closes the terminal under the program.
    pub(crate) fn close(&mut self) {
        self.closing.store(true, Ordering::SeqCst);
        self.keyboard = None;
        self.master = None;
    }

    /// Reads what is left and returns the exit code.
    #[track_caller]
    pub(crate) fn exit_code(&mut self) -> u32 {
        while self.read() {}
        self.wait()
    }

    /// Returns the exit code without reading.
    pub(crate) fn wait(&mut self) -> u32 {
        self.child.wait().expect("a child").exit_code()
    }

    /// Checks that the terminal is as it was before the program began.
    #[track_caller]
    pub(crate) fn assert_given_back(&self) {
        let screen = self.screen();
        assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste());
        assert_eq!(
            modes(self.master.as_ref().expect("the terminal is there").as_ref()),
            self.modes
        );
    }
}

fn modes(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().expect("modes"))
}

const fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

const fn some(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).expect("not zero")
}
