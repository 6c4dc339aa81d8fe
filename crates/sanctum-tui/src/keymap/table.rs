//! Every key that works, context by context. The order is that of the help and of the footer.

use ratatui::crossterm::event::KeyCode;

use super::Action as A;
use super::Context::{
    Alerts, CompareWith, Difference, GoToMark, Help, Inspector, Leave, Line, Panels, SetMark,
};
use super::{Binding, Chord, Context, bind, char, ctrl, key, shift};

const UP: &[Chord] = &[key(KeyCode::Up), char('k')];
const DOWN: &[Chord] = &[key(KeyCode::Down), char('j')];
const PAGE_UP: &[Chord] = &[key(KeyCode::PageUp), ctrl('u')];
const PAGE_DOWN: &[Chord] = &[key(KeyCode::PageDown), ctrl('d')];
const ESC: &[Chord] = &[key(KeyCode::Esc)];
const REDRAW: &[Chord] = &[ctrl('l')];
const SUSPEND: &[Chord] = &[ctrl('z')];
const INTERRUPT: &[Chord] = &[ctrl('c')];
/// Keys of the panels that exist.
pub(super) const DIGITS: &[Chord] =
    &[char('1'), char('2'), char('3'), char('4'), char('5'), char('6'), char('7'), char('8')];
/// Names of marks.
pub(super) const LETTERS: &[Chord] = &letters();

const fn letters() -> [Chord; 26] {
    let mut letters = [char('a'); 26];
    let mut i = 0_u8;
    while i < 26 {
        letters[i as usize] = char((b'a' + i) as char);
        i += 1;
    }
    letters
}

/// Every key that works.
pub(super) const TABLES: &[&[Binding]] = &[
    PANELS,
    &everywhere(Panels, "as `q`; twice within 2 s stops the run and leaves"),
    HELP,
    &everywhere(Help, "as `q` on the main screen"),
    LEAVE,
    &everywhere(Leave, "a second one within 2 s stops the run and leaves"),
    MARKS,
    &everywhere(SetMark, "as `q` on the main screen"),
    &everywhere(GoToMark, "as `q` on the main screen"),
    &everywhere(CompareWith, "as `q` on the main screen"),
    LINE,
    &everywhere(Line, "as `q` on the main screen"),
    DIFFERENCE,
    &everywhere(Difference, "as `q` on the main screen"),
    INSPECTOR,
    &everywhere(Inspector, "as `q` on the main screen"),
    ALERTS,
    &everywhere(Alerts, "as `q` on the main screen"),
];

/// What is never anything else.
const fn everywhere(context: Context, interrupt: &'static str) -> [Binding; 3] {
    [
        bind(context, REDRAW, A::Redraw, "draw everything again", ""),
        bind(context, SUSPEND, A::Suspend, "back to the shell; `fg` returns", ""),
        bind(context, INTERRUPT, A::Interrupt, interrupt, ""),
    ]
}

const PANELS: &[Binding] = &[
    bind(Panels, &[char('?'), key(KeyCode::F(1))], A::Help, "this help", "help"),
    bind(
        Panels,
        &[char('q')],
        A::Quit,
        "leave; asks first while the trainer in this process runs",
        "quit",
    ),
    bind(
        Panels,
        &[char(' ')],
        A::Pause,
        "hold the view, or let it go on; recording never stops",
        "pause",
    ),
    bind(
        Panels,
        DIGITS,
        A::Panel,
        "panel by number; one without a place goes above the log",
        "panel",
    ),
    bind(Panels, &[key(KeyCode::Tab)], A::NextPanel, "next panel", "next"),
    bind(Panels, &[key(KeyCode::BackTab)], A::PreviousPanel, "previous panel", ""),
    bind(
        Panels,
        &[key(KeyCode::Enter), char('e')],
        A::Enlarge,
        "enlarge the panel; again: back",
        "enlarge",
    ),
    bind(
        Panels,
        &[char('i')],
        A::Inspect,
        "all about the chosen number, or the first of the panel",
        "",
    ),
    bind(Panels, ESC, A::Back, "back to the main screen", ""),
    bind(Panels, UP, A::Up, "one row up: chooses a number, scrolls the log", ""),
    bind(Panels, DOWN, A::Down, "one row down", ""),
    bind(Panels, PAGE_UP, A::PageUp, "half a page up", ""),
    bind(Panels, PAGE_DOWN, A::PageDown, "half a page down", ""),
    bind(Panels, &[char('g')], A::First, "first row of a list", ""),
    bind(Panels, &[char('G')], A::Last, "last row; the event log follows again", ""),
    bind(Panels, &[key(KeyCode::Left)], A::BatchBack, "one batch back in time", ""),
    bind(Panels, &[key(KeyCode::Right)], A::BatchOn, "one batch on", ""),
    bind(Panels, &[shift(KeyCode::Left)], A::TenBatchesBack, "ten batches back", ""),
    bind(Panels, &[shift(KeyCode::Right)], A::TenBatchesOn, "ten batches on", ""),
    bind(Panels, &[char(',')], A::EventBack, "one event back", ""),
    bind(Panels, &[char('.')], A::EventOn, "one event on", ""),
    bind(Panels, &[key(KeyCode::Home)], A::ToStart, "start of the run", ""),
    bind(Panels, &[key(KeyCode::End)], A::ToLive, "live again, or the end of the run", ""),
    bind(Panels, &[char('[')], A::PreviousAlert, "previous alert", ""),
    bind(Panels, &[char(']')], A::NextAlert, "next alert", ""),
    bind(Panels, &[char('m')], A::SetMark, "mark this moment with a letter, a to z", ""),
    bind(Panels, &[char('\'')], A::GoToMark, "go to the moment of a letter", ""),
    bind(Panels, &[char('D')], A::Compare, "what changed between a marked moment and this one", ""),
    bind(Panels, &[char('<')], A::Slower, "replay at half the speed, down to 1/8", ""),
    bind(Panels, &[char('>')], A::Faster, "replay at twice the speed, up to 1024", ""),
    bind(
        Panels,
        &[char(':')],
        A::Command,
        "command line: goto WHEN, mark a, diff a b, speed N, q",
        "command",
    ),
    bind(Panels, &[char('a')], A::Alerts, "list of alerts", "alerts"),
    bind(Panels, &[char('t')], A::NextGroup, "next group of an A/B run", ""),
];

const HELP: &[Binding] = &[
    bind(
        Help,
        &[key(KeyCode::Esc), char('?'), char('q'), key(KeyCode::F(1))],
        A::Back,
        "close the help",
        "close",
    ),
    bind(Help, UP, A::Up, "one row up", ""),
    bind(Help, DOWN, A::Down, "one row down", "scroll"),
    bind(Help, PAGE_UP, A::PageUp, "half a page up", ""),
    bind(Help, PAGE_DOWN, A::PageDown, "half a page down", ""),
    bind(Help, &[char('g')], A::First, "first row", ""),
    bind(Help, &[char('G')], A::Last, "last row", ""),
];

const LEAVE: &[Binding] = &[
    bind(Leave, &[char('s')], A::StopAfterBatch, "stop after this batch", "stop after this batch"),
    bind(Leave, &[char('d')], A::WithoutScreen, "go on without a screen", "go on without a screen"),
    bind(Leave, ESC, A::Back, "stay", "stay"),
];

const MARKS: &[Binding] = &[
    bind(SetMark, LETTERS, A::Letter, "mark the moment with this letter", "mark this moment"),
    bind(SetMark, ESC, A::Back, "mark nothing", "cancel"),
    bind(GoToMark, LETTERS, A::Letter, "go to the moment of this letter", "go to the mark"),
    bind(GoToMark, ESC, A::Back, "stay", "cancel"),
    bind(
        CompareWith,
        LETTERS,
        A::Letter,
        "compare it with the moment shown",
        "compare with the mark",
    ),
    bind(
        CompareWith,
        &[key(KeyCode::Home)],
        A::FromStart,
        "compare the start of the run with the moment shown",
        "with the start",
    ),
    bind(CompareWith, ESC, A::Back, "compare nothing", "cancel"),
];

const LINE: &[Binding] = &[
    bind(Line, &[key(KeyCode::Enter)], A::Run, "do it", ""),
    bind(Line, &[key(KeyCode::Tab)], A::Complete, "complete the word", ""),
    bind(Line, &[key(KeyCode::Backspace)], A::Rub, "take back one character", ""),
    bind(Line, &[ctrl('u')], A::Clear, "take back the whole line", ""),
    bind(Line, ESC, A::Back, "close the command line", ""),
];

const DIFFERENCE: &[Binding] = &[
    bind(
        Difference,
        &[key(KeyCode::Esc), char('D'), char('q')],
        A::Back,
        "close the comparison",
        "close",
    ),
    bind(Difference, UP, A::Up, "one row up", ""),
    bind(Difference, DOWN, A::Down, "one row down", "scroll"),
    bind(Difference, PAGE_UP, A::PageUp, "half a page up", ""),
    bind(Difference, PAGE_DOWN, A::PageDown, "half a page down", ""),
    bind(Difference, &[char('g')], A::First, "first row", ""),
    bind(Difference, &[char('G')], A::Last, "last row", ""),
];

const INSPECTOR: &[Binding] = &[
    bind(
        Inspector,
        &[key(KeyCode::Esc), char('i'), char('q')],
        A::Back,
        "close the inspector",
        "close",
    ),
    bind(Inspector, &[key(KeyCode::Tab)], A::NextMetric, "next number of the panel", "next"),
    bind(Inspector, &[key(KeyCode::BackTab)], A::PreviousMetric, "number before", ""),
    bind(Inspector, UP, A::Up, "one row up", ""),
    bind(Inspector, DOWN, A::Down, "one row down", "scroll"),
    bind(Inspector, PAGE_UP, A::PageUp, "half a page up", ""),
    bind(Inspector, PAGE_DOWN, A::PageDown, "half a page down", ""),
    bind(Inspector, &[char('g')], A::First, "first row", ""),
    bind(Inspector, &[char('G')], A::Last, "last row", ""),
    bind(Inspector, &[char(' ')], A::Pause, "hold the view, or let it go on", "pause"),
    bind(Inspector, &[key(KeyCode::Left)], A::BatchBack, "as it was one batch before", "before"),
    bind(Inspector, &[key(KeyCode::Right)], A::BatchOn, "one batch on", "after"),
    bind(Inspector, &[shift(KeyCode::Left)], A::TenBatchesBack, "ten batches back", ""),
    bind(Inspector, &[shift(KeyCode::Right)], A::TenBatchesOn, "ten batches on", ""),
    bind(Inspector, &[key(KeyCode::End)], A::ToLive, "live again, or the end of the run", ""),
];

const ALERTS: &[Binding] = &[
    bind(
        Alerts,
        &[key(KeyCode::Enter)],
        A::GoToAlert,
        "go to the batch in which it began",
        "go there",
    ),
    bind(Alerts, &[char('x')], A::Acknowledge, "acknowledge it; again: take back", "acknowledge"),
    bind(
        Alerts,
        &[key(KeyCode::Esc), char('a'), char('q')],
        A::Back,
        "close the list of alerts",
        "close",
    ),
    bind(Alerts, UP, A::Up, "one alert up", ""),
    bind(Alerts, DOWN, A::Down, "one alert down", "choose"),
    bind(Alerts, PAGE_UP, A::PageUp, "half a page up", ""),
    bind(Alerts, PAGE_DOWN, A::PageDown, "half a page down", ""),
    bind(Alerts, &[char('g')], A::First, "newest alert", ""),
    bind(Alerts, &[char('G')], A::Last, "oldest alert", ""),
];
