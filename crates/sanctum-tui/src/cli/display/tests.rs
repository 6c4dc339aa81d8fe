//! What flags and environment mean together.

use clap::Parser;

use super::*;

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    display: DisplayArgs,
}

const TERMINAL: Environment = Environment {
    no_color: None,
    clicolor_force: None,
    colorfgbg: None,
    term: None,
    locale: None,
    stdout_is_terminal: true,
    stderr_is_terminal: true,
    run_dir: None,
    colorterm: None,
    runtime_dir: None,
    temporary_dir: PathBuf::new(),
    state_dir: None,
    token_file: None,
    config_file: None,
    config_dir: None,
    settings: BTreeMap::new(),
};

fn options(args: &[&str], env: &Environment) -> Options {
    let line = Line::parse_from(std::iter::once("x").chain(args.iter().copied()));
    line.display.resolve(env, 1.0)
}

#[track_caller]
fn check_theme(args: &[&str], env: &Environment, expected: Theme) {
    let theme = options(args, env).theme.with_glyphs(Glyphs::Unicode).with_marker(Marker::Braille);
    assert_eq!(theme, expected, "{args:?} {env:?}");
}

#[test]
fn colour_follows_the_flag_then_the_environment() {
    let no_color = Environment { no_color: Some("1".to_owned()), ..TERMINAL };
    let pipe = Environment { stdout_is_terminal: false, ..TERMINAL };
    let forced = Environment { clicolor_force: Some("1".to_owned()), ..pipe.clone() };
    check_theme(&[], &TERMINAL, Theme::DARK);
    check_theme(&[], &no_color, Theme::PLAIN);
    check_theme(&["--color", "always"], &no_color, Theme::DARK);
    check_theme(&["--color", "never"], &forced, Theme::PLAIN);
    check_theme(&[], &pipe, Theme::PLAIN);
    check_theme(&[], &forced, Theme::DARK);
    check_theme(
        &[],
        &Environment { clicolor_force: Some("0".to_owned()), ..pipe.clone() },
        Theme::PLAIN,
    );
    check_theme(&[], &Environment { no_color: Some("1".to_owned()), ..forced }, Theme::PLAIN);
    check_theme(&["--theme", "light"], &no_color, Theme::PLAIN);
    check_theme(&["--theme", "mono"], &TERMINAL, Theme::PLAIN);
}

#[test]
fn light_and_dark_follow_the_flag_then_the_background() {
    let with = |value: &str| Environment { colorfgbg: Some(value.to_owned()), ..TERMINAL };
    check_theme(&[], &with("0;15"), Theme::LIGHT);
    check_theme(&[], &with("0;default;7"), Theme::LIGHT);
    check_theme(&[], &with("15;0"), Theme::DARK);
    check_theme(&[], &with("nonsense"), Theme::DARK);
    check_theme(&["--theme", "dark"], &with("0;15"), Theme::DARK);
    check_theme(&["--theme", "light"], &TERMINAL, Theme::LIGHT);
}

#[test]
fn a_locale_that_is_not_utf_8_means_ascii() {
    for (locale, ascii) in [
        (None, false),
        (Some("C".to_owned()), true),
        (Some("de_DE.UTF-8".to_owned()), false),
        (Some("C.utf8".to_owned()), false),
        (Some("de_DE".to_owned()), true),
    ] {
        let env = Environment { locale: locale.clone(), ..TERMINAL };
        assert_eq!(options(&[], &env).theme.glyphs.is_ascii(), ascii, "{locale:?}");
        assert!(options(&["--ascii"], &env).theme.glyphs.is_ascii());
    }
    assert_eq!(options(&["--marker", "block"], &TERMINAL).theme.marker(), Marker::Block);
    assert_eq!(options(&["--marker", "block", "--ascii"], &TERMINAL).theme.marker(), Marker::Ascii);
}

#[test]
fn the_screen_needs_a_terminal_that_can() {
    let pipe = Environment { stdout_is_terminal: false, ..TERMINAL };
    let dumb = Environment { term: Some("dumb".to_owned()), ..TERMINAL };
    assert_eq!(options(&[], &TERMINAL).view, View::Screen);
    assert_eq!(options(&["--plain"], &TERMINAL).view, View::Plain);
    assert_eq!(options(&[], &pipe).view, View::Plain);
    assert_eq!(options(&[], &dumb).view, View::Plain);
}

#[test]
fn times_are_taken_over() {
    let options = options(&["--poll", "500", "--quiet"], &TERMINAL);
    assert_eq!((options.poll, options.quiet), (Duration::from_millis(500), true));
    assert_eq!(options.plain_interval, Duration::from_secs(1));
    assert_eq!(self::options(&["--plain-interval", "0"], &TERMINAL).plain_interval, Duration::ZERO);
}

#[test]
fn views_are_kept_in_the_state_directory_of_the_user() {
    let of = |state: Option<&str>, home: Option<&str>| {
        state_dir(state.map(str::to_owned), home.map(str::to_owned))
    };
    assert_eq!(of(Some("/state"), Some("/u")), Some("/state/sanctum".into()));
    assert_eq!(of(None, Some("/u")), Some("/u/.local/state/sanctum".into()));
    assert_eq!(of(Some("state"), Some("/u")), Some("/u/.local/state/sanctum".into()));
    assert_eq!((of(None, None), of(None, Some("u"))), (None, None));
}
