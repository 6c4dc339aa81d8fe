//! What the terminal says that it can do.

use sanctum_widgets::Glyphs;
use serde::Serialize;

use crate::cli::Environment;

/// The terminal. Absent where nothing was said.
#[derive(Debug, Serialize)]
pub(super) struct Abilities {
    pub(super) stdout_is_terminal: bool,
    pub(super) stderr_is_terminal: bool,
    pub(super) columns: Option<u16>,
    pub(super) rows: Option<u16>,
    pub(super) term: Option<String>,
    pub(super) colorterm: Option<String>,
    pub(super) no_color: Option<String>,
    pub(super) clicolor_force: Option<String>,
    pub(super) colorfgbg: Option<String>,
    /// Colours that `COLORTERM` and `TERM` promise.
    pub(super) colors: Option<u32>,
    pub(super) locale: Option<String>,
    pub(super) locale_is_utf8: bool,
    /// All glyphs.
    pub(super) glyphs_unicode: String,
    /// What stands for each of them with `--ascii`.
    pub(super) glyphs_ascii: String,
    /// Dots of the charts.
    pub(super) glyphs_braille: &'static str,
}

impl Abilities {
    pub(super) fn of(env: &Environment, size: Option<(u16, u16)>) -> Self {
        Self {
            stdout_is_terminal: env.stdout_is_terminal,
            stderr_is_terminal: env.stderr_is_terminal,
            columns: size.map(|(columns, _)| columns),
            rows: size.map(|(_, rows)| rows),
            term: env.term.clone(),
            colorterm: env.colorterm.clone(),
            no_color: env.no_color.clone(),
            clicolor_force: env.clicolor_force.clone(),
            colorfgbg: env.colorfgbg.clone(),
            colors: colors(env.colorterm.as_deref(), env.term.as_deref()),
            locale: env.locale.clone(),
            locale_is_utf8: env.is_utf8(),
            glyphs_unicode: Glyphs::all().map(|(glyph, _)| glyph).collect(),
            glyphs_ascii: Glyphs::all().map(|(_, ascii)| ascii).collect(),
            glyphs_braille: "⠁⠂⠄⡀⠈⠐⠠⢀⠒⠤⠲⡇⢸⣀⣤⣶⣿",
        }
    }

    /// Returns what is worth changing.
    pub(super) fn advice(&self) -> Vec<&'static str> {
        let mut advice = Vec::new();
        if !self.stdout_is_terminal {
            advice.push("standard output is no terminal: lines are printed, no screen is opened");
        }
        if self.term.as_deref() == Some("dumb") {
            advice.push("TERM is dumb: lines are printed, no screen is opened");
        }
        if !self.locale_is_utf8 {
            advice.push("the locale is not UTF-8: ASCII is drawn; set LC_ALL=C.UTF-8 for the rest");
        }
        if self.no_color.is_some() {
            advice.push("NO_COLOR is set: no colours, unless --color always is given");
        }
        if self.columns.zip(self.rows).is_some_and(|(columns, rows)| columns < 60 || rows < 16) {
            advice.push("smaller than 60x16: the screen has no room");
        }
        advice
    }
}

fn colors(colorterm: Option<&str>, term: Option<&str>) -> Option<u32> {
    match (colorterm, term?) {
        (_, "dumb") => Some(0),
        (Some("truecolor" | "24bit"), _) => Some(1 << 24),
        (_, term) if term.contains("256color") => Some(256),
        (_, term) if term.contains("direct") => Some(1 << 24),
        (_, _) => Some(16),
    }
}
