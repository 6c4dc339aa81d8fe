//! Which of several layers counts, and what is said of a file that cannot be used.

use std::collections::BTreeMap;

use clap::Parser as _;

use super::*;
use crate::cli::Cli;

fn display(args: &[&str]) -> DisplayArgs {
    Cli::parse_from(std::iter::once("sanctum-tui").chain(args.iter().copied())).display
}

fn environment(settings: &[(&'static str, &str)]) -> Environment {
    let settings = settings.iter().map(|(name, text)| (*name, (*text).to_owned()));
    Environment { settings: settings.collect::<BTreeMap<_, _>>(), ..Environment::default() }
}

/// Returns what holds, as `config show` prints it, of a section.
#[track_caller]
fn shown(args: &[&str], settings: &[(&'static str, &str)], text: &str) -> String {
    let (found, problems) = file::parse(text);
    assert_eq!(problems, []);
    show::merged(&merge(&display(args), &environment(settings), found).unwrap())
}

#[test]
fn a_flag_wins_over_a_variable_a_variable_over_the_file_and_the_file_over_what_is_built_in() {
    let file = "[ui]\ntheme = \"light\"\nmarker = \"dot\"\npoll_ms = 500\n";
    let variables = [("SANCTUM_THEME", "dark"), ("SANCTUM_MARKER", "block")];
    let out = shown(&["--theme", "mono"], &variables, file);
    let section = out.split("\n[").next().unwrap();
    assert_eq!(
        section,
        "[ui]\ntheme = \"mono\" # --theme\ncolor = \"auto\" # built in\nascii = false # built in\n\
         marker = \"block\" # $SANCTUM_MARKER\npoll_ms = 500 # configuration file, line 4\n"
    );
}

#[test]
fn limits_and_rules_of_flags_and_file_are_joined_and_the_flag_wins() {
    let file = "[limits.TELE-110]\nwarning = 1\ncritical = 2\n[limits.TELE-310]\nwarning = 7\n\
                critical = 14\n[rules.slow]\nenabled = false\n";
    let out = shown(&["--limit", "TELE-110=0.02,0.05", "--mute", "kl-high"], &[], file);
    let (_, rest) = out.split_once("\n[rules.").unwrap();
    assert_eq!(
        rest,
        "slow]\nenabled = false # configuration file, line 8\n\
         \n[rules.kl-high]\nenabled = false # command line\n\
         \n[limits.TELE-310] # configuration file, line 4\n\
         warning = 7 # built in: > 5.0\ncritical = 14 # built in: > 10.0\n\
         \n[limits.TELE-110] # command line\n\
         warning = 0.02 # built in: > 0.015\ncritical = 0.05 # built in: > 0.03\n"
    );
    let (again, problems) = file::parse(&out);
    assert_eq!(problems, []);
    assert_eq!((again.limits.len(), again.muted.len(), again.values.len()), (2, 2, KEYS.len()));
}

#[test]
fn what_was_decided_reaches_the_flags() {
    let text = "[ui]\ntheme = \"light\"\nascii = true\npoll_ms = 33\n[alerts]\nbell = \"off\"\n\
                command = \"notify 'a b'\"\ncommand_level = \"warning\"\ncommand_seconds = 3\n";
    let mut display = display(&[]);
    let merged = merge(&display, &environment(&[]), file::parse(text).0).unwrap();
    for (id, value, _) in &merged.values {
        display.fill(*id, value);
        assert_eq!(display.given(*id).as_ref().unwrap_or(&Value::Flag(false)), value, "{id:?}");
    }
    let options = display.resolve(&Environment::default(), 1.0);
    assert_eq!(options.poll.as_millis(), 33);
    let command = options.sinks.command.unwrap();
    assert_eq!(command.words, ["notify", "a b"]);
    assert_eq!((command.least, command.patience.as_secs()), (leyline::AlertLevel::Warning, 3));
    assert_eq!((options.sinks.bell, options.sinks.desktop), (None, None));
}

#[test]
fn a_variable_that_cannot_be_is_named() {
    let wrong =
        merge(&display(&[]), &environment(&[("SANCTUM_POLL_MS", "5")]), FileSettings::default());
    let told = wrong.unwrap_err().to_string();
    assert_eq!(told, "SANCTUM_POLL_MS is not a whole number from 33 to 1000: 5");
}

#[test]
fn the_file_is_that_of_the_flag_then_of_the_variable_then_the_usual_one() {
    let env = Environment {
        config_file: Some("variable.toml".into()),
        config_dir: Some(("/u/.config/sanctum".into(), "HOME")),
        ..Environment::default()
    };
    let found = |args: &[&str], env: &Environment| {
        place(&display(args), env).map(|place| (place.path, place.named_by, place.is_asked_for))
    };
    let flag = found(&["--config", "flag.toml"], &env);
    assert_eq!(flag, Some(("flag.toml".into(), "--config", true)));
    assert_eq!(found(&[], &env), Some(("variable.toml".into(), "SANCTUM_CONFIG", true)));
    let env = Environment { config_file: None, ..env };
    let usual = Some(("/u/.config/sanctum/config.toml".into(), "HOME", false));
    assert_eq!(found(&[], &env), usual);
    assert_eq!(found(&[], &Environment::default()), None);
}

#[test]
fn a_file_that_was_asked_for_must_be_there_and_the_usual_one_need_not() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str, is_asked_for| Place {
        path: dir.path().join(name),
        named_by: "--config",
        is_asked_for,
    };
    assert_eq!(read(Some(&at("none", false))), Ok(FileSettings::default()));
    let told = read(Some(&at("none", true))).unwrap_err().to_string();
    assert!(
        told.starts_with("cannot read the configuration file (") && told.ends_with("none"),
        "{told}"
    );
    fs::write(dir.path().join("file"), "").unwrap();
    assert_eq!(read(Some(&at("file/none", false))), Ok(FileSettings::default()));
    fs::write(dir.path().join("bad"), "[ui]\nthem = 1\npoll_ms = 1\n").unwrap();
    let told = read(Some(&at("bad", false))).unwrap_err().to_string();
    let expected = "bad:2: unknown key `ui.them`; nearest: `ui.theme` (and 1 more: `sanctum-tui config check`)";
    assert!(told.ends_with(expected), "{told}");
}
