//! A panic gives the terminal back before its message is printed.
//!
//! This test is its own child: nothing in the product can be asked to panic. So it has a `main` of its own.

use std::env;
use std::io::{self, Write};
use std::thread;

use sanctum_tui::terminal::{self, Taken};

#[path = "support/pty.rs"]
#[expect(dead_code, reason = "shared with tests that need more of it")]
mod pty;

use pty::Pty;

const NAME: &str = "a_panic_gives_the_terminal_back";

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    let asked = |flag: &str| args.iter().any(|arg| arg == flag);
    if let [mode, thread] = &args[..]
        && mode == "child"
    {
        child(thread);
    } else if asked("--list") {
        // What a test runner asks first; none is ignored.
        if !asked("--ignored") {
            writeln!(io::stdout(), "{NAME}: test").expect("standard output");
        }
    } else {
        a_panic_gives_the_terminal_back();
    }
}

/// Takes the terminal and panics in a thread of this name.
fn child(name: &str) {
    let taken = Taken::new().expect("a terminal");
    io::stdout().write_all(b"the screen").expect("a terminal");
    io::stdout().flush().expect("a terminal");
    let panics = thread::Builder::new().name(name.to_owned()).spawn(|| panic!("out of order"));
    assert!(panics.expect("a thread").join().is_err());
    let stayed = terminal::is_taken();
    drop(taken);
    terminal::print_notes();
    writeln!(io::stdout(), "stayed: {stayed}").expect("a terminal");
}

fn a_panic_gives_the_terminal_back() {
    for (thread, stayed) in [
        ("sanctum-fold", false),
        ("sanctum-keys", false),
        ("simic-train", true),
        ("sink-rows", true),
    ] {
        let program = env::current_exe().expect("this program");
        let mut pty = Pty::start(&program, &["child", thread], &[], (100, 30));
        assert_eq!(pty.exit_code(), 0, "{}", pty.text());
        pty.assert_given_back();
        let printed = pty.printed();
        let leave = printed.find("\x1b[?1049l").expect("the screen is left");
        let message = printed.find("out of order").expect("the message is printed");
        assert!(leave < message, "{thread}: the message would have gone with the screen");
        assert_eq!(printed.matches("\x1b[?1049l").count(), 1, "given back once");
        assert!(pty.text().contains(&format!("stayed: {stayed}")), "{thread}: {}", pty.text());
        assert!(!pty.text().contains("the screen"), "{thread}: what was there before is shown");
    }
}
