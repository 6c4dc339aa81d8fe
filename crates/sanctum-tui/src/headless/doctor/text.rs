//! The report for people.

use std::fmt::Write as _;

use leyline::wire;
use sanctum_widgets::format::format_foreign;

use super::Report;
use super::places::{Root, SocketFile, SocketFolder};
use super::terminal::Abilities;
use super::why::{Outcome, Tried, Why};

/// Longest text of a line, in columns.
const LONGEST: usize = 1000;

/// Returns all sections, each with a line for each thing.
pub(super) fn text(report: &Report, is_ascii: bool) -> String {
    let Report { schema: _, version, terminal, sockets, runs_root, clock, config, run } = report;
    let mut text = Text { out: String::new(), is_ascii };
    text.section("Version");
    text.line("program", version.program);
    text.line("system", &format!("{} {}", version.system, version.architecture));
    text.line("log", &format!("format {} is read", version.log_format));
    text.line("rows", &format!("versions 0 to {} are read", version.row_version));
    text.line("schema", &version.schema_fingerprint.to_string());
    text.line("manifest", &format!("version {} is read", version.manifest_schema));
    text.line("socket", &format!("protocol {}", version.socket_protocol));
    text.terminal(terminal);
    text.sockets(sockets);
    text.root(runs_root);
    text.section("Clock");
    text.line("UTC", wire::to_json(&clock.utc).trim_matches('"'));
    text.line(
        "monotonic",
        &format!("{:.0} ns between two readings", 1e9 * clock.monotonic_step_seconds),
    );
    text.section("Configuration");
    text.line("file", config.file.as_deref().unwrap_or("none, so everything is built in"));
    if let Some(problem) = &config.problem {
        text.line("problem", problem);
    }
    text.line("SANCTUM_RUN_DIR", config.run_dir_variable.as_deref().unwrap_or("not set"));
    text.line("SANCTUM_TOKEN_FILE", config.token_file_variable.as_deref().unwrap_or("not set"));
    if let Some(why) = run {
        text.why(why);
    }
    text.out
}

struct Text {
    out: String,
    is_ascii: bool,
}

impl Text {
    fn section(&mut self, name: &str) {
        let blank = if self.out.is_empty() { "" } else { "\n" };
        // Writing to a `String` cannot fail.
        writeln!(self.out, "{blank}{name}").ok();
    }

    fn line(&mut self, label: &str, value: &str) {
        let value = self.harmless(value);
        // As above.
        writeln!(self.out, "  {label:18}  {value}").ok();
    }

    fn harmless(&self, text: &str) -> String {
        let text = format_foreign(text, LONGEST, self.is_ascii);
        if self.is_ascii { text.replace('·', ".").replace('…', "~") } else { text }
    }

    fn terminal(&mut self, terminal: &Abilities) {
        self.section("Terminal");
        let is_terminal = if terminal.stdout_is_terminal { "a terminal" } else { "no terminal" };
        self.line("standard output", is_terminal);
        let size = terminal.columns.zip(terminal.rows);
        let size = size.map(|(columns, rows)| format!("{columns}x{rows}"));
        self.line("size", size.as_deref().unwrap_or("not known"));
        for (name, value) in [
            ("TERM", &terminal.term),
            ("COLORTERM", &terminal.colorterm),
            ("NO_COLOR", &terminal.no_color),
            ("CLICOLOR_FORCE", &terminal.clicolor_force),
            ("COLORFGBG", &terminal.colorfgbg),
        ] {
            self.line(name, value.as_deref().unwrap_or("not set"));
        }
        let colors = terminal.colors.map(|colors| colors.to_string());
        self.line("colours promised", colors.as_deref().unwrap_or("not known"));
        let utf8 = if terminal.locale_is_utf8 { "UTF-8" } else { "not UTF-8" };
        self.line(
            "locale",
            &format!("{} ({utf8})", terminal.locale.as_deref().unwrap_or("not set")),
        );
        // As they are, whatever the locale: whether they can be seen is what the lines are for.
        for (name, glyphs) in [
            ("all glyphs", terminal.glyphs_unicode.as_str()),
            ("with --ascii", &terminal.glyphs_ascii),
            ("charts", terminal.glyphs_braille),
        ] {
            // As above.
            writeln!(self.out, "  {name:18}  |{glyphs}|").ok();
        }
        self.line("", "each character takes one column: the first two lines end at the same place");
        for advice in terminal.advice() {
            self.line("note", advice);
        }
    }

    fn sockets(&mut self, sockets: &SocketFolder) {
        self.section("Sockets");
        self.line("folder", &sockets.folder);
        match (&sockets.problem, sockets.mode.as_deref().zip(sockets.owner)) {
            (Some(problem), _) => self.line("refused", problem),
            (None, Some((mode, owner))) => {
                self.line(
                    "",
                    &format!("mode {mode}, user {owner}, you are user {}", sockets.own_uid),
                );
            }
            (None, None) => self.line("", "not there: no run has listened yet"),
        }
        for socket in &sockets.sockets {
            let SocketFile { path, mode, owner, state, run_id, problem } = socket;
            let run = run_id.as_ref().map(|run| format!(" {run},"));
            let owner = owner.map_or("?".to_owned(), |owner| owner.to_string());
            let problem = problem.as_ref().map(|problem| format!(": {problem}"));
            let (run, problem) = (run.unwrap_or_default(), problem.unwrap_or_default());
            let mode = mode.as_deref().unwrap_or("?");
            self.line(state, &format!("{path},{run} mode {mode}, user {owner}{problem}"));
        }
        if sockets.exists && sockets.problem.is_none() && sockets.sockets.is_empty() {
            self.line("", "no sockets: no run of yours is live, or none listens");
        }
    }

    fn root(&mut self, root: &Root) {
        self.section("Runs root");
        self.line("directory", &root.path);
        let state = match (root.exists, root.is_directory, &root.problem) {
            (_, _, Some(problem)) => problem.clone(),
            (false, _, None) => "not there yet: the first run makes it".to_owned(),
            (true, Some(false), None) => "not a directory".to_owned(),
            (true, Some(true) | None, None) => "there".to_owned(),
        };
        self.line("state", &state);
        let yes = |is: bool| if is { "yes" } else { "no" };
        self.line("writable", root.is_writable.map_or("not known", yes));
        if let Some(runs) = root.runs {
            self.line("runs", &runs.to_string());
        }
        let bytes = root.free_bytes.zip(root.total_bytes);
        let bytes = bytes.map(|(free, total)| format!("{free} of {total} bytes"));
        self.line("free", bytes.as_deref().unwrap_or("not known"));
    }

    fn why(&mut self, why: &Why) {
        let asked = self.harmless(&why.asked);
        self.section(&format!("Run {asked}"));
        for Tried { step, outcome, text, advice } in &why.steps {
            let mark = match outcome {
                Outcome::Yes => "ok",
                Outcome::No => "NO",
                Outcome::Note => "--",
            };
            self.line(&format!("{mark} {step}"), text);
            if let Some(advice) = advice {
                self.line("", &format!("to do: {advice}"));
            }
        }
        self.line(
            if why.found { "found" } else { "NOT FOUND" },
            if why.found { "yes" } else { "see the steps above" },
        );
    }
}
