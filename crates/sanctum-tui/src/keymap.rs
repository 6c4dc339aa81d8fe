//! The key table: what each key does and what the help says about it. Help and footer are made from it.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Where a key is pressed. Contexts are disjoint: only one is open at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// The panels.
    Panels,
    /// The help is open.
    Help,
    /// The question how to leave is open.
    Leave,
}

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Opens or closes the help.
    Help,
    /// Leaves, after a question where a trainer in this process would stop.
    Quit,
    /// As `Quit`; twice within two seconds stops the run and leaves.
    Interrupt,
    /// Closes what is open, or goes back to the main screen.
    Back,
    /// Gives the focus to the next panel.
    NextPanel,
    /// Gives the focus to the panel before.
    PreviousPanel,
    /// Gives the focus to the panel with the number on the key.
    Panel,
    /// Gives the focused panel the whole screen, or takes it away.
    Enlarge,
    /// Scrolls one row up.
    Up,
    /// Scrolls one row down.
    Down,
    /// Scrolls half a page up.
    PageUp,
    /// Scrolls half a page down.
    PageDown,
    /// Scrolls to the first row.
    First,
    /// Scrolls to the last row.
    Last,
    /// Stops or resumes the view.
    Pause,
    /// Shows the next group of an A/B run.
    NextGroup,
    /// Draws everything again.
    Redraw,
    /// Gives the terminal back and stops this process until `fg`.
    Suspend,
    /// Answers: stop after this batch.
    StopAfterBatch,
    /// Answers: go on without a screen.
    WithoutScreen,
}

/// One key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chord {
    code: KeyCode,
    control: bool,
}

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// Keys that do it.
    pub keys: &'static [Chord],
    /// Where they do it.
    pub context: Context,
    /// What they do.
    pub action: Action,
    /// What the help says.
    pub help: &'static str,
    /// What the footer says; empty: it is not mentioned there.
    pub hint: &'static str,
}

const fn key(code: KeyCode) -> Chord {
    Chord { code, control: false }
}

const fn char(c: char) -> Chord {
    key(KeyCode::Char(c))
}

const fn ctrl(c: char) -> Chord {
    Chord { code: KeyCode::Char(c), control: true }
}

const fn bind(
    context: Context,
    keys: &'static [Chord],
    action: Action,
    help: &'static str,
    hint: &'static str,
) -> Binding {
    Binding { keys, context, action, help, hint }
}

const UP: &[Chord] = &[key(KeyCode::Up), char('k')];
const DOWN: &[Chord] = &[key(KeyCode::Down), char('j')];
const PAGE_UP: &[Chord] = &[key(KeyCode::PageUp), ctrl('u')];
const PAGE_DOWN: &[Chord] = &[key(KeyCode::PageDown), ctrl('d')];
const DIGITS: &[Chord] =
    &[char('1'), char('2'), char('3'), char('4'), char('5'), char('6'), char('7'), char('8')];

/// Every key that works. The order is that of the help and of the footer.
pub const BINDINGS: &[Binding] = {
    use Action as A;
    use Context::{Help, Leave, Panels};
    &[
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
            "pause or resume the view; recording goes on",
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
        bind(Panels, &[key(KeyCode::Esc)], A::Back, "back to the main screen", ""),
        bind(Panels, UP, A::Up, "one row up in a list", ""),
        bind(Panels, DOWN, A::Down, "one row down in a list", ""),
        bind(Panels, PAGE_UP, A::PageUp, "half a page up", ""),
        bind(Panels, PAGE_DOWN, A::PageDown, "half a page down", ""),
        bind(Panels, &[char('g')], A::First, "first row of a list", ""),
        bind(Panels, &[char('G')], A::Last, "last row; the event log follows again", ""),
        bind(Panels, &[char('t')], A::NextGroup, "next group of an A/B run", ""),
        bind(Panels, &[ctrl('l')], A::Redraw, "draw everything again", ""),
        bind(Panels, &[ctrl('z')], A::Suspend, "back to the shell; `fg` returns", ""),
        bind(
            Panels,
            &[ctrl('c')],
            A::Interrupt,
            "as `q`; twice within 2 s stops the run and leaves",
            "",
        ),
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
        bind(Help, &[ctrl('l')], A::Redraw, "draw everything again", ""),
        bind(Help, &[ctrl('z')], A::Suspend, "back to the shell; `fg` returns", ""),
        bind(Help, &[ctrl('c')], A::Interrupt, "as `q` on the main screen", ""),
        bind(
            Leave,
            &[char('s')],
            A::StopAfterBatch,
            "stop after this batch",
            "stop after this batch",
        ),
        bind(
            Leave,
            &[char('d')],
            A::WithoutScreen,
            "go on without a screen",
            "go on without a screen",
        ),
        bind(Leave, &[key(KeyCode::Esc)], A::Back, "stay", "stay"),
        bind(Leave, &[ctrl('l')], A::Redraw, "draw everything again", ""),
        bind(Leave, &[ctrl('z')], A::Suspend, "back to the shell; `fg` returns", ""),
        bind(
            Leave,
            &[ctrl('c')],
            A::Interrupt,
            "a second one within 2 s stops the run and leaves",
            "",
        ),
    ]
};

/// Returns what `event` does in `context`; `None` for keys without meaning there.
pub fn action(context: Context, event: KeyEvent) -> Option<Action> {
    let found = bindings(context).find(|b| b.keys.iter().any(|chord| chord.matches(event)));
    found.map(|binding| binding.action)
}

/// Returns the lines of the table that belong to `context`.
pub fn bindings(context: Context) -> impl Iterator<Item = &'static Binding> {
    BINDINGS.iter().filter(move |binding| binding.context == context)
}

impl Binding {
    /// Returns the names of all its keys.
    pub fn labels(&self) -> String {
        if let (Action::Panel, [first, .., last]) = (self.action, self.keys) {
            return format!("{}-{}", first.label(), last.label());
        }
        self.keys.iter().map(|chord| chord.label()).collect::<Vec<_>>().join(" ")
    }

    /// Returns what the footer says, as key and words; `None` if it says nothing.
    pub fn footer(&self) -> Option<(String, &'static str)> {
        let label = match (self.action, self.keys.first()) {
            (Action::Panel, _) => self.labels(),
            (_, first) => first?.label(),
        };
        (!self.hint.is_empty()).then_some((label, self.hint))
    }
}

impl Chord {
    /// Shift is not compared: it is part of the character already, and terminals differ in whether they report it.
    fn matches(self, event: KeyEvent) -> bool {
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        let other = event.modifiers - KeyModifiers::CONTROL - KeyModifiers::SHIFT;
        self.code == event.code && self.control == control && other.is_empty()
    }

    /// Returns what the terminal sends for the key.
    #[cfg(test)]
    pub(crate) const fn event(self) -> KeyEvent {
        let modifiers = if self.control { KeyModifiers::CONTROL } else { KeyModifiers::NONE };
        KeyEvent::new(self.code, modifiers)
    }

    fn label(self) -> String {
        let known = [
            (KeyCode::Char(' '), "Space"),
            (KeyCode::PageUp, "PgUp"),
            (KeyCode::PageDown, "PgDn"),
            (KeyCode::BackTab, "Shift-Tab"),
        ];
        match (self.code, known.iter().find(|(code, _)| *code == self.code)) {
            (_, Some((_, name))) => (*name).to_owned(),
            (KeyCode::Char(c), None) if self.control => format!("Ctrl-{}", c.to_ascii_uppercase()),
            (code, None) => code.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout;

    #[test]
    fn no_context_binds_a_key_twice() {
        for context in [Context::Panels, Context::Help, Context::Leave] {
            let mut seen = Vec::new();
            for chord in bindings(context).flat_map(|binding| binding.keys) {
                assert!(!seen.contains(chord), "{} is bound twice in {context:?}", chord.label());
                seen.push(*chord);
            }
            assert!(!seen.is_empty());
        }
    }

    #[test]
    fn every_digit_has_its_panel_and_every_panel_its_digit() {
        let digits: Vec<_> = layout::PANELS.into_iter().filter_map(layout::number).collect();
        let bound: Vec<_> = DIGITS.iter().map(|chord| chord.label()).collect();
        assert_eq!(bound, digits.iter().map(ToString::to_string).collect::<Vec<_>>());
    }

    #[track_caller]
    fn check(code: KeyCode, modifiers: KeyModifiers, expected: Option<Action>) {
        assert_eq!(action(Context::Panels, KeyEvent::new(code, modifiers)), expected);
    }

    #[test]
    fn modifiers_tell_keys_apart() {
        check(KeyCode::Char('?'), KeyModifiers::NONE, Some(Action::Help));
        check(KeyCode::Char('?'), KeyModifiers::SHIFT, Some(Action::Help));
        check(KeyCode::Char('?'), KeyModifiers::ALT, None);
        check(KeyCode::Char('G'), KeyModifiers::SHIFT, Some(Action::Last));
        check(KeyCode::Char('g'), KeyModifiers::NONE, Some(Action::First));
        check(KeyCode::Char('c'), KeyModifiers::CONTROL, Some(Action::Interrupt));
        check(KeyCode::Char('c'), KeyModifiers::NONE, None);
        check(KeyCode::Char('9'), KeyModifiers::NONE, None);
        check(KeyCode::BackTab, KeyModifiers::SHIFT, Some(Action::PreviousPanel));
        check(KeyCode::F(1), KeyModifiers::NONE, Some(Action::Help));
    }

    #[test]
    fn labels_are_what_is_printed_on_the_keys() {
        let labels: Vec<_> = bindings(Context::Panels).map(Binding::labels).collect();
        assert_eq!(
            labels,
            [
                "? F1",
                "q",
                "Space",
                "1-8",
                "Tab",
                "Shift-Tab",
                "Enter e",
                "Esc",
                "Up k",
                "Down j",
                "PgUp Ctrl-U",
                "PgDn Ctrl-D",
                "g",
                "G",
                "t",
                "Ctrl-L",
                "Ctrl-Z",
                "Ctrl-C"
            ]
        );
    }
}
