//! Alerts of a live run beside the screen: what the terminal is sent, what is started, and that the screen stays as it is.

use crate::pty::Pty;

/// A run with an alert that comes soon after the warm-up, because nothing is allowed.
const ALARMING: [&str; 4] = ["--limit", "TELE-110=1e-9,2e-9", "--episodes", "14"];

/// Leaves a run that is done. Its thread may end a moment after its last event: then `q` asks, and `s` answers, or the
/// question is gone before it, and the second `q` leaves.
#[track_caller]
fn leave(pty: &mut Pty) {
    pty.press("qsq");
    assert_eq!(pty.exit_code(), 0);
}

fn done(args: &[&str], variables: &[(&str, &str)]) -> Pty {
    let mut pty = Pty::sanctum(&[&ALARMING, args].concat(), variables);
    pty.wait_for_text("■ DONE ✓");
    pty
}

#[test]
fn the_bell_rings_for_a_critical_alert_unless_it_is_off() {
    let mut pty = Pty::sanctum(&ALARMING, &[]);
    pty.wait_for_printed("\x07");
    pty.wait_for_text("■ DONE ✓");
    // Nothing of the frames was torn by it.
    pty.wait_for_text("B:████████ 14/14");
    leave(&mut pty);
    pty.assert_given_back();
    for quiet in [done(&["--bell", "off"], &[]), done(&["--mute", "kl-high"], &[])] {
        let mut quiet = quiet;
        leave(&mut quiet);
        assert!(!quiet.printed().contains('\x07'));
    }
}

#[test]
fn the_desktop_is_told_through_the_terminal_and_a_program_through_its_input() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("config.toml");
    let out = dir.path().join("told");
    std::fs::write(
        &config,
        "[alerts]\nbell = \"off\"\ndesktop = \"critical\"\ndesktop_form = \"osc777\"\n\
         command = [\"sh\", \"-c\", 'cat > \"$OUT\"; echo \"$SANCTUM_ALERT_LEVEL\" >> \"$OUT\"']\n",
    )
    .unwrap();
    let args = [&ALARMING[..], &["--config", config.to_str().unwrap()]].concat();
    let mut pty = Pty::sanctum(&args, &[("OUT", out.to_str().unwrap())]);
    pty.wait_for_printed("\x1b]777;notify;Sanctum;critical kl-high since batch ");
    pty.wait_for_text("■ DONE ✓");
    leave(&mut pty);
    let told = std::fs::read_to_string(out).unwrap();
    let (json, level) = told.trim_end().split_once('\n').unwrap();
    let alert: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!((&alert["alert"]["rule"], level), (&"kl-high".into(), "critical"));
    let limit = alert["alert"]["limit"].as_str().unwrap();
    assert_eq!(limit, "> 2e-9, built in > 0.03 (command line)");
    assert!(!pty.printed().contains('\x07'));
}

#[test]
fn a_program_that_cannot_be_started_is_said_on_the_screen_and_after_it() {
    let mut pty = Pty::sanctum(&[&ALARMING[..], &["--alert-command", "/no/such"]].concat(), &[]);
    pty.wait_for_text("alert command: cannot start `/no/such`");
    pty.wait_for_text("■ DONE ✓");
    leave(&mut pty);
    pty.assert_given_back();
    assert!(pty.text().contains("alert command: cannot start `/no/such`"), "{}", pty.text());
    assert!(pty.text().contains("the alert command failed for "), "{}", pty.text());
}
