//! Frames in their three forms.

use std::fs;

use crate::run::{Done, rows, sanctum_tui};

fn render(more: &[&str]) -> String {
    let args = [&["render", "-"], more].concat();
    let Done { code, out, err } = sanctum_tui(&args, rows("r", "default", 0, 12).as_bytes());
    assert_eq!((code, err.as_str()), (Some(0), ""), "{more:?}");
    out
}

#[test]
fn text_has_the_size_asked_for_and_no_trailing_spaces() {
    for (size, columns, lines) in
        [("80x24", 80, 24), ("120x40", 120, 40), ("200x60", 200, 60), ("1x1", 1, 1)]
    {
        let text = render(&["--size", size]);
        assert_eq!(text.lines().count(), lines, "{size}");
        assert!(text.lines().all(|line| !line.ends_with(' ')), "{size}\n{text}");
        assert!(text.lines().all(|line| line.chars().count() <= columns), "{size}\n{text}");
        assert!(!text.contains('\u{1b}'), "{size}");
    }
    assert_eq!(render(&[]), render(&["--size", "120x40", "--scene", "main", "--format", "text"]));
}

#[test]
fn a_widget_is_drawn_alone() {
    let header = render(&["--widget", "RunHeader"]);
    assert_eq!(
        header,
        "● LIVE ? │ CartPole-v1    RWD:—      │ Ep — E:0 B:████████ 12/12 │   2m 0s —e/s 360b/h │ ✓ OK\n"
    );
    assert_eq!(render(&["--widget", "StatusBanner"]), "[✓] LEARNING  KL:0.012  Batch:12/12\n");
    assert_eq!(render(&["--widget", "AnomalyStrip", "--at", "start"]), "Waiting for data...\n");
    assert!(render(&["--widget", "EpisodePanel", "--size", "40x10"]).contains("Episodes"));
}

#[test]
fn help_is_a_scene() {
    assert_ne!(render(&["--scene", "help"]), render(&["--scene", "overview"]));
}

/// Renders from a file, which can be read more than once.
fn of_file(more: &[&str]) -> Done {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.jsonl");
    fs::write(&file, rows("r", "default", 0, 12)).unwrap();
    sanctum_tui(&[&["render", file.to_str().unwrap()], more].concat(), b"")
}

#[test]
fn the_past_has_a_time_bar_over_the_whole_run() {
    let past = of_file(&["--scene", "past", "--at", "batch:6", "--size", "80x24"]);
    assert_eq!((past.code, past.err.as_str()), (Some(0), ""));
    let bar = past.out.lines().last().unwrap();
    assert!(bar.starts_with('‖') && bar.contains("  b6/12  1m behind  │"), "{bar}");
    assert!(past.out.starts_with("PAST ● LIVE ?") && past.out.contains("2 Losses (past)"));
    let end = of_file(&["--scene", "past", "--size", "80x24"]).out;
    assert!(end.lines().last().unwrap().contains("─^│"), "{end}");
}

#[test]
fn a_difference_shows_two_moments_of_one_run() {
    let scene = ["--scene", "difference", "--against", "batch:3", "--at", "batch:6"];
    let Done { code, out, err } = of_file(&scene);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.contains("What changed: b3 ") && out.contains("→ b6 "), "{out}");
    assert!(out.contains("│13 Current Batch  ") && out.contains("Events between"), "{out}");
    let back = of_file(&["--scene", "difference", "--against", "batch:6", "--at", "batch:3"]).out;
    assert!(back.contains("What changed: b6 ") && back.contains("-50.0%"), "{back}");
}

#[test]
fn moments_that_cannot_be_shown_are_refused() {
    let refused = |done: Done, why: &str| {
        assert_eq!(done.code, Some(2), "{why}");
        assert!(done.err.contains(why) && done.out.is_empty(), "{}", done.err);
    };
    refused(of_file(&["--scene", "difference"]), "--against start");
    refused(of_file(&["--against", "start"]), "--against belongs to --scene difference");
    refused(of_file(&["--scene", "difference", "--against", "batch:x"]), "batch:26");
    refused(sanctum_tui(&["render", "-", "--scene", "past"], b""), "read only once");
}

#[test]
fn ascii_and_themes_are_what_the_flags_say_and_not_the_environment() {
    assert!(!render(&[]).is_ascii());
    assert!(render(&["--ascii"]).is_ascii());
    let ansi = |theme: &str| render(&["--format", "ansi", "--theme", theme]);
    assert!(ansi("dark").contains("\u{1b}[0;"));
    assert_ne!(ansi("dark"), ansi("light"));
    assert_eq!(ansi("auto"), ansi("dark"));
    let colour = |text: &str| {
        ["[0;3", "[0;9", ";3", ";9"].iter().any(|code| text.contains(&format!("{code}6m")))
    };
    assert!(colour(&ansi("dark")));
    assert!(!colour(&ansi("mono")));
}

#[test]
fn ansi_says_the_same_as_text() {
    let mut plain = String::new();
    let ansi = render(&["--format", "ansi"]);
    let mut rest = ansi.as_str();
    while let Some((text, tail)) = rest.split_once('\u{1b}') {
        plain.push_str(text);
        rest = tail.split_once('m').unwrap().1;
    }
    plain.push_str(rest);
    let trimmed: Vec<&str> = plain.lines().map(|line| line.trim_end_matches(' ')).collect();
    assert_eq!(trimmed, render(&[]).lines().collect::<Vec<_>>());
}

#[test]
fn svg_has_size_title_and_text() {
    let svg = render(&["--format", "svg", "--size", "80x24"]);
    assert!(
        svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"694.4\" height=\"428\""),
        "{svg}"
    );
    assert!(svg.contains("<title id=\"title\">Sanctum: CartPole-v1</title>"));
    assert!(svg.contains("connection live, batch 12 of 12."));
    assert!(svg.contains(" LEARNING</text>"));
    assert!(svg.ends_with("</svg>\n"));
    assert_ne!(svg, render(&["--format", "svg", "--size", "80x24", "--theme", "light"]));
}

#[test]
fn the_same_arguments_give_the_same_bytes() {
    for format in ["text", "ansi", "svg"] {
        assert_eq!(render(&["--format", format]), render(&["--format", format]));
    }
}
