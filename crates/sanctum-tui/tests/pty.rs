//! The program in a pseudo-terminal: start, resize, stop and continue, signals, a terminal that goes away.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;

use leyline::FinishReason;
use rustix::process::Signal;

#[path = "pty/alerts.rs"]
mod alerts;
#[path = "support/ended.rs"]
mod ended;
#[path = "support/pty.rs"]
mod pty;

use ended::assert_ended;
use pty::Pty;

#[test]
fn it_trains_shows_and_gives_the_terminal_back() {
    let mut pty = Pty::sanctum(&[], &[]);
    pty.wait_for_text("● LIVE ✓");
    pty.wait_for_text("LEARNING");
    assert!(pty.screen().alternate_screen() && pty.screen().hide_cursor());
    assert!(pty.text().contains("2 Losses") && pty.text().contains("6 Events"));
    pty.press("q");
    pty.wait_for_text("[s] stop after this batch");
    pty.press("s");
    assert_eq!(pty.exit_code(), 0);
    pty.assert_given_back();
}

#[test]
fn at_the_end_it_stays_on_done_until_q() {
    let root = tempfile::tempdir().unwrap();
    let mut pty =
        Pty::sanctum(&["--episodes", "3", "--run-dir", root.path().to_str().unwrap()], &[]);
    pty.wait_for_text("■ DONE ✓");
    pty.wait_for_text("B:████████ 3/3");
    pty.press("?");
    pty.wait_for_text("this help");
    pty.press("q");
    pty.wait_for(|screen| !screen.contents().contains("this help"));
    pty.press("q");
    assert_eq!(pty.exit_code(), 0);
    pty.assert_given_back();
    assert!(pty.text().contains("run directory: "), "told after the terminal was given back");
    assert_ended(root.path(), FinishReason::Completed);
}

#[test]
fn it_follows_a_storm_of_sizes() {
    let mut pty = Pty::sanctum(&[], &[]);
    pty.wait_for_text("● LIVE ✓");
    for step in 0..300_u16 {
        pty.resize(1 + step * 37 % 250, 1 + step * 53 % 80);
    }
    pty.resize(1, 1);
    pty.resize(120, 40);
    pty.wait_for(|screen| {
        let rows: Vec<String> = screen.rows(0, 120).collect();
        rows[0].contains("● LIVE ✓ │ CartPole-v1")
            && rows[18].contains("5 Environments")
            && rows[39].starts_with("? help")
    });
    pty.press("\x03\x03");
    assert_eq!(pty.exit_code(), 130);
    pty.assert_given_back();
}

#[test]
fn ctrl_z_gives_the_terminal_back_and_fg_takes_it_again() {
    for by_key in [true, false] {
        let mut pty = Pty::sanctum(&[], &[]);
        pty.wait_for_text("● LIVE ✓");
        if by_key {
            pty.press("\x1a");
        } else {
            pty.signal(Signal::TSTP);
        }
        pty.wait_until_stopped();
        pty.wait_for(|screen| !screen.alternate_screen());
        pty.assert_given_back();
        pty.signal(Signal::CONT);
        pty.wait_for(|screen| screen.alternate_screen() && screen.contents().contains("● LIVE ✓"));
        assert!(pty.text().contains("2 Losses"), "everything is drawn again");
        pty.press("\x03\x03");
        assert_eq!(pty.exit_code(), 130);
        pty.assert_given_back();
    }
}

#[test]
fn signals_end_the_run_properly() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        let root = tempfile::tempdir().unwrap();
        let mut pty = Pty::sanctum(&["--run-dir", root.path().to_str().unwrap()], &[]);
        pty.wait_for_text("● LIVE ✓");
        pty.signal(signal);
        assert_eq!(pty.exit_code(), code);
        pty.assert_given_back();
        assert_ended(root.path(), FinishReason::Stopped);
    }
}

#[test]
fn a_terminal_that_goes_away_ends_the_run_properly() {
    let root = tempfile::tempdir().unwrap();
    let mut pty = Pty::sanctum(&["--run-dir", root.path().to_str().unwrap()], &[]);
    pty.wait_for_text("● LIVE ✓");
    pty.close();
    assert_eq!(pty.wait(), 129);
    assert_ended(root.path(), FinishReason::Stopped);
}

#[test]
fn ctrl_c_asks_and_a_second_one_stops_the_run() {
    let root = tempfile::tempdir().unwrap();
    let mut pty = Pty::sanctum(&["--run-dir", root.path().to_str().unwrap()], &[]);
    pty.wait_for_text("● LIVE ✓");
    pty.press("\x03");
    pty.wait_for_text("[d] go on without a screen");
    pty.press("\x1b");
    pty.wait_for(|screen| !screen.contents().contains("[d] go on without a screen"));
    pty.press("\x03\x03");
    assert_eq!(pty.exit_code(), 130);
    pty.assert_given_back();
    assert_ended(root.path(), FinishReason::Stopped);
}

#[test]
fn a_run_goes_on_without_its_screen() {
    let root = tempfile::tempdir().unwrap();
    let mut pty =
        Pty::sanctum(&["--plain-interval", "0", "--run-dir", root.path().to_str().unwrap()], &[]);
    pty.wait_for_text("● LIVE ✓");
    pty.press("q");
    pty.wait_for_text("[d] go on without a screen");
    pty.press("d");
    pty.wait_for(|screen| {
        !screen.alternate_screen() && screen.contents().contains("done, mean return")
    });
    pty.assert_given_back();
    // The terminal is in its usual mode again, so keys become signals.
    pty.press("\x1a");
    pty.wait_until_stopped();
    pty.signal(Signal::CONT);
    pty.press("\x03");
    assert_eq!(pty.exit_code(), 130);
    assert!(pty.printed().contains("info run stopped, "));
    assert_ended(root.path(), FinishReason::Stopped);
}

#[test]
fn without_colours_none_is_sent_and_the_focus_stays_visible() {
    for (args, variables) in [
        (&[][..], &[("NO_COLOR", "1")][..]),
        (&["--color", "never"], &[]),
        (&["--theme", "mono"], &[]),
    ] {
        let mut pty =
            Pty::start(Path::new(env!("CARGO_BIN_EXE_sanctum-tui")), args, variables, (80, 24));
        pty.wait_for_text("● LIVE ✓");
        let row = (0..24)
            .find(|&row| pty.screen().rows(0, 80).nth(row.into()).unwrap().contains("1 Policy"))
            .unwrap();
        let column = (0..80)
            .find(|&column| pty.screen().cell(row, column).unwrap().contents() == "P")
            .unwrap();
        assert!(pty.screen().cell(row, column).unwrap().inverse(), "the focused title is reverse");
        pty.press("\x03\x03");
        assert_eq!(pty.exit_code(), 130);
        let printed = pty.printed();
        assert!(
            !printed.contains("38;") && !printed.contains("48;") && !printed.contains("\x1b[;m")
        );
        assert!(
            styles(&printed).iter().any(|style| style.split(';').any(|number| number == "7")),
            "reverse is sent"
        );
        for style in styles(&printed) {
            for number in style.split(';') {
                // 39 and 49, the colours of the terminal itself, are no colours.
                let number: u8 = number.parse().expect("no parameter is empty");
                assert!(
                    number < 30 || number == 39 || number == 49,
                    "{style} with {args:?} {variables:?}"
                );
            }
        }
    }
}

/// The parameters of every command that sets a style.
fn styles(printed: &str) -> Vec<&str> {
    let commands = printed.split("\x1b[").skip(1);
    commands
        .filter_map(|command| {
            command.split_once(|c: char| !c.is_ascii_digit() && c != ';').zip(Some(command))
        })
        .filter(|((parameters, _), command)| {
            command.as_bytes().get(parameters.len()) == Some(&b'm')
        })
        .map(|((parameters, _), _)| parameters)
        .collect()
}

#[test]
fn with_colours_they_are_sent() {
    let mut pty = Pty::sanctum(&["--color", "always"], &[("NO_COLOR", "1")]);
    pty.wait_for_text("● LIVE ✓");
    pty.press("\x03\x03");
    assert_eq!(pty.exit_code(), 130);
    let colour =
        |style: &&str| style.split(';').any(|number| number.parse::<u8>().is_ok_and(|n| 90 <= n));
    assert!(styles(&pty.printed()).iter().any(colour), "the flag wins over the variable");
}

#[test]
fn ascii_is_all_that_is_sent_where_only_that_can_be_shown() {
    for (args, variables) in [(&["--ascii"][..], &[][..]), (&[], &[("LANG", "C")])] {
        let mut pty = Pty::sanctum(args, variables);
        pty.wait_for_text("* LIVE +");
        pty.press("?");
        pty.wait_for_text("this help");
        pty.press("q");
        pty.press("\x03\x03");
        assert_eq!(pty.exit_code(), 130);
        assert!(pty.bytes.is_ascii());
    }
}

#[test]
fn a_dumb_terminal_and_the_plain_view_get_lines() {
    for (args, variables) in [
        (&["--episodes", "3"][..], &[("TERM", "dumb")][..]),
        (&["--episodes", "3", "--plain"], &[]),
    ] {
        let mut pty =
            Pty::start(Path::new(env!("CARGO_BIN_EXE_sanctum-tui")), args, variables, (250, 30));
        assert_eq!(pty.exit_code(), 0);
        assert!(!pty.bytes.contains(&0x1b), "{}", pty.printed());
        assert!(
            pty.printed().contains("info run completed, 3 of 3 batches done"),
            "{}",
            pty.printed()
        );
    }
}

/// A run that was recorded for the pictures: 120 batches of CartPole.
const RECORDED: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/pictures/source/cartpole.jsonl");

/// Waits until the last row, which is the time bar, begins with a glyph and shows a batch.
#[track_caller]
fn wait_for_bar(pty: &mut Pty, glyph: char, batch: &str) {
    pty.wait_for(|screen| {
        let bar = screen.rows(0, 100).last().unwrap_or_default();
        bar.starts_with(glyph) && bar.contains(&format!("  {batch}/120  "))
    });
}

#[test]
fn a_mark_set_in_a_replay_is_there_after_a_restart() {
    let state = tempfile::tempdir().unwrap();
    let variables = [("XDG_STATE_HOME", state.path().to_str().unwrap())];
    let mut pty = Pty::sanctum(&["replay", RECORDED, "--at", "batch:30", "--paused"], &variables);
    wait_for_bar(&mut pty, '‖', "b30");
    assert!(pty.text().starts_with("PAST ● LIVE") && pty.text().contains("2 Losses (past)"));
    pty.press("\x1b[D");
    wait_for_bar(&mut pty, '‖', "b29");
    pty.press("\x1b[C\x1b[C");
    wait_for_bar(&mut pty, '‖', "b31");
    pty.press("\x1b[1;2C");
    wait_for_bar(&mut pty, '‖', "b41");
    pty.press("mk");
    pty.wait_for_text("mark k is set at b41");
    pty.press("q");
    assert_eq!(pty.exit_code(), 0);
    pty.assert_given_back();

    let mut pty = Pty::sanctum(&["replay", RECORDED, "--at", "end", "--paused"], &variables);
    wait_for_bar(&mut pty, '‖', "b120");
    pty.press("'");
    pty.wait_for_text("marks: k");
    pty.press("k");
    wait_for_bar(&mut pty, '‖', "b41");
    pty.press("D\x1b[H");
    pty.wait_for_text("What changed: start → b41");
    pty.press("\x1b");
    pty.wait_for(|screen| !screen.contents().contains("What changed"));
    pty.press(":goto batch:7\r");
    wait_for_bar(&mut pty, '‖', "b7");
    pty.press(" ");
    // It goes on; which batches a frame shows depends on how busy the machine is.
    pty.wait_for(|screen| {
        let bar = screen.rows(0, 100).last().unwrap_or_default();
        bar.starts_with('▶') && bar.contains("/120  ") && !bar.contains("  b7/120  ")
    });
    pty.press("q");
    assert_eq!(pty.exit_code(), 0);
    pty.assert_given_back();
}

#[test]
fn end_leads_back_to_a_run_that_goes_on() {
    let mut pty = Pty::sanctum(&[], &[]);
    pty.wait_for_text("● LIVE ✓");
    // Two batches back needs two batches.
    pty.wait_for_text("LEARNING");
    pty.press("\x1b[D\x1b[D");
    pty.wait_for(|screen| {
        let contents = screen.contents();
        contents.starts_with("PAST ● LIVE") && contents.contains("2 Losses (past)")
    });
    pty.press("\x1b[F");
    pty.wait_for(|screen| {
        let contents = screen.contents();
        contents.starts_with("● LIVE ✓") && !contents.contains("(past)")
    });
    pty.press("\x03\x03");
    assert_eq!(pty.exit_code(), 130);
    pty.assert_given_back();
}

#[test]
fn the_key_table_is_printed_for_people_and_programs() {
    let mut pty = Pty::sanctum(&["--help-keys"], &[]);
    assert_eq!(pty.exit_code(), 0);
    assert!(pty.printed().contains("  Shift-Left    ten batches back"));
    let mut pty = Pty::sanctum(&["--help-keys", "--json"], &[]);
    assert_eq!(pty.exit_code(), 0);
    let value: serde_json::Value = serde_json::from_str(&pty.printed()).unwrap();
    assert_eq!(value["schema"], 1);
}
