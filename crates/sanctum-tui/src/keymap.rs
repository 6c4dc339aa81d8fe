//! The key table: what each key does and what the help says about it. Help, footer and `--help-keys` are made from it.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

mod listing;
mod table;

pub use listing::print;

/// Where a key is pressed. Contexts are disjoint: only one is open at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// The panels.
    Panels,
    /// The help is open.
    Help,
    /// The question how to leave is open.
    Leave,
    /// A letter is awaited, to mark the moment with.
    SetMark,
    /// A letter is awaited, to go to its moment.
    GoToMark,
    /// A letter is awaited, to compare its moment with the one that is shown.
    CompareWith,
    /// The command line is open; what is no key of it is typed.
    Line,
    /// A comparison of two moments is open.
    Difference,
    /// Everything about one number is open.
    Inspector,
    /// The list of alerts is open.
    Alerts,
}

impl Context {
    /// Every context.
    pub const ALL: [Self; 10] = [
        Self::Panels,
        Self::Help,
        Self::Leave,
        Self::SetMark,
        Self::GoToMark,
        Self::CompareWith,
        Self::Line,
        Self::Difference,
        Self::Inspector,
        Self::Alerts,
    ];
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
    /// Holds the view, or lets it go on.
    Pause,
    /// Goes one batch back.
    BatchBack,
    /// Goes one batch on.
    BatchOn,
    /// Goes ten batches back.
    TenBatchesBack,
    /// Goes ten batches on.
    TenBatchesOn,
    /// Goes one event back.
    EventBack,
    /// Goes one event on.
    EventOn,
    /// Goes to the start of the run.
    ToStart,
    /// Goes to the newest state, and follows it.
    ToLive,
    /// Goes to the alert before.
    PreviousAlert,
    /// Goes to the next alert.
    NextAlert,
    /// Opens the list of alerts.
    Alerts,
    /// Goes to the batch in which the chosen alert began.
    GoToAlert,
    /// Acknowledges the chosen alert, or takes that back.
    Acknowledge,
    /// Asks for the letter of a mark to set.
    SetMark,
    /// Asks for the letter of a mark to go to.
    GoToMark,
    /// Asks for the letter of a mark to compare with.
    Compare,
    /// Answers with the letter on the key.
    Letter,
    /// Answers: the start of the run.
    FromStart,
    /// Plays at half the speed.
    Slower,
    /// Plays at twice the speed.
    Faster,
    /// Opens everything about the chosen number.
    Inspect,
    /// Goes to the next number of the panel.
    NextMetric,
    /// Goes to the number before.
    PreviousMetric,
    /// Opens the command line.
    Command,
    /// Does what the command line says.
    Run,
    /// Completes the last word of the command line.
    Complete,
    /// Takes the last character back.
    Rub,
    /// Takes the whole line back.
    Clear,
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
    shift: bool,
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
    Chord { code, control: false, shift: false }
}

const fn char(c: char) -> Chord {
    key(KeyCode::Char(c))
}

const fn ctrl(c: char) -> Chord {
    Chord { control: true, ..char(c) }
}

const fn shift(code: KeyCode) -> Chord {
    Chord { shift: true, ..key(code) }
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

/// Returns what `event` does in `context`; `None` for keys without meaning there.
pub fn action(context: Context, event: KeyEvent) -> Option<Action> {
    let found = bindings(context).find(|b| b.keys.iter().any(|chord| chord.matches(event)));
    found.map(|binding| binding.action)
}

/// Returns the lines of the table that belong to `context`.
pub fn bindings(context: Context) -> impl Iterator<Item = &'static Binding> {
    table::TABLES.iter().copied().flatten().filter(move |binding| binding.context == context)
}

impl Binding {
    /// Returns the names of all its keys.
    pub fn labels(&self) -> String {
        if let (Action::Panel | Action::Letter, [first, .., last]) = (self.action, self.keys) {
            return format!("{}-{}", first.label(), last.label());
        }
        self.keys.iter().map(|chord| chord.label()).collect::<Vec<_>>().join(" ")
    }

    /// Returns what the footer says, as key and words; `None` if it says nothing.
    pub fn footer(&self) -> Option<(String, &'static str)> {
        let label = match (self.action, self.keys.first()) {
            (Action::Panel | Action::Letter, _) => self.labels(),
            (_, first) => first?.label(),
        };
        (!self.hint.is_empty()).then_some((label, self.hint))
    }
}

impl Chord {
    /// Shift is compared for arrows only: elsewhere it is part of the key already, and terminals differ in whether they
    /// report it.
    fn matches(self, event: KeyEvent) -> bool {
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        let arrow = matches!(self.code, KeyCode::Left | KeyCode::Right);
        let shift = !arrow || self.shift == event.modifiers.contains(KeyModifiers::SHIFT);
        let other = event.modifiers - KeyModifiers::CONTROL - KeyModifiers::SHIFT;
        self.code == event.code && self.control == control && shift && other.is_empty()
    }

    /// Returns what the terminal sends for the key.
    #[cfg(test)]
    pub(crate) const fn event(self) -> KeyEvent {
        let modifiers = match (self.control, self.shift) {
            (true, _) => KeyModifiers::CONTROL,
            (false, true) => KeyModifiers::SHIFT,
            (false, false) => KeyModifiers::NONE,
        };
        KeyEvent::new(self.code, modifiers)
    }

    /// Returns the name of the key.
    pub fn label(self) -> String {
        let known = [
            (KeyCode::Char(' '), "Space"),
            (KeyCode::PageUp, "PgUp"),
            (KeyCode::PageDown, "PgDn"),
            (KeyCode::BackTab, "Shift-Tab"),
        ];
        match (self.code, known.iter().find(|(code, _)| *code == self.code)) {
            (_, Some((_, name))) => (*name).to_owned(),
            (KeyCode::Char(c), None) if self.control => format!("Ctrl-{}", c.to_ascii_uppercase()),
            (code, None) if self.shift => format!("Shift-{code}"),
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
        for context in Context::ALL {
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
        let bound: Vec<_> = table::DIGITS.iter().map(|chord| chord.label()).collect();
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
        check(KeyCode::Left, KeyModifiers::NONE, Some(Action::BatchBack));
        check(KeyCode::Left, KeyModifiers::SHIFT, Some(Action::TenBatchesBack));
        check(KeyCode::Left, KeyModifiers::CONTROL, None);
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
                "i",
                "Esc",
                "Up k",
                "Down j",
                "PgUp Ctrl-U",
                "PgDn Ctrl-D",
                "g",
                "G",
                "Left",
                "Right",
                "Shift-Left",
                "Shift-Right",
                ",",
                ".",
                "Home",
                "End",
                "[",
                "]",
                "m",
                "'",
                "D",
                "<",
                ">",
                ":",
                "a",
                "t",
                "Ctrl-L",
                "Ctrl-Z",
                "Ctrl-C"
            ]
        );
    }
}
