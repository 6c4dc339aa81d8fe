//! The configuration as text: the commented default file, and what holds with who said so.

use std::fmt::Write as _;

use karn_sanctum::settings::Bounds;
use leyline::word::ClosedWord as _;

use crate::config::Merged;
use crate::config::key::{Form, KEYS, Key};

/// What the default file says of limits and rules, which have no line in the table.
const REST: &str = "\
# A muted rule is not evaluated, and listed as muted.
#[rules.kl-high]
#enabled = false

# Limits of your own for a record of an update; the direction stays that of the record. One on both sides is [LOW, HIGH].
#[limits.TELE-110]
#warning = 0.02
#critical = 0.05
#[limits.TELE-144]
#warning = [0.3, 0.7]
#critical = [0.1, 0.95]
";

/// Returns the default file: every setting, commented out, so that it changes nothing until somebody edits it.
pub(crate) fn default_file() -> String {
    let mut out = String::from(
        "# Configuration of Sanctum. A flag wins over a variable, a variable over this file.\n\
         # `sanctum-tui config check` checks it, `sanctum-tui config show` says what holds and why.\n",
    );
    let mut section = "";
    for key in &KEYS {
        if key.section != section {
            section = key.section;
            // Writing to a text cannot fail.
            write!(out, "\n[{section}]\n").ok();
        }
        writeln!(out, "# {}", about(key)).ok();
        writeln!(out, "#{} = {}", key.name, key.default().to_toml()).ok();
    }
    out.push('\n');
    out.push_str(REST);
    out
}

fn about(key: &Key) -> String {
    let variable = key.variable.map_or_else(String::new, |name| format!(", {name}"));
    let may = match key.form {
        Form::Words(_) | Form::Flag | Form::Number(_, _) => format!(" ({})", key.form.told()),
        Form::Command => String::new(),
    };
    format!("{}{may}; {}{variable}", key.about, key.flag)
}

/// Returns what holds, as a file that would say the same, with who said so beside each line.
pub(crate) fn merged(merged: &Merged) -> String {
    let mut out = String::new();
    let mut section = "";
    for (id, value, from) in &merged.values {
        let key = id.key();
        if key.section != section {
            section = key.section;
            let gap = if out.is_empty() { "" } else { "\n" };
            writeln!(out, "{gap}[{section}]").ok();
        }
        writeln!(out, "{} = {} # {from}", key.name, value.to_toml()).ok();
    }
    for (rule, origin) in &merged.muted {
        write!(out, "\n[rules.{}]\nenabled = false # {origin}\n", rule.as_str()).ok();
    }
    for (own, origin) in &merged.limits {
        write!(out, "\n[limits.{}] # {origin}\n", own.record()).ok();
        let levels = ["warning", "critical"].into_iter().zip(own.bounds()).zip(own.built_in());
        for ((level, bounds), was) in levels {
            if let Some(bounds) = bounds {
                writeln!(out, "{level} = {} # built in: {was}", to_toml(bounds)).ok();
            }
        }
    }
    out
}

fn to_toml(bounds: Bounds) -> String {
    match bounds {
        Bounds::One(number) => number.to_string(),
        Bounds::Between(low, high) => format!("[{low}, {high}]"),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::file;

    use super::*;

    #[test]
    fn the_default_file_changes_nothing_and_is_right_when_uncommented() {
        let text = default_file();
        assert_eq!(file::parse(&text), (file::FileSettings::default(), Vec::new()));
        let setting = |line: &str| {
            line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).map(str::to_owned)
        };
        let uncommented: String = text
            .lines()
            .map(|line| setting(line).unwrap_or_else(|| line.to_owned()) + "\n")
            .collect();
        let (found, problems) = file::parse(&uncommented);
        assert_eq!(problems, []);
        for key in &KEYS {
            let set = found.values.iter().find(|(id, _)| *id == key.id);
            assert_eq!(set.map(|(_, placed)| placed.value.clone()), Some(key.default()));
        }
        assert_eq!((found.limits.len(), found.muted.len()), (2, 1));
        insta::assert_snapshot!("default_file", text);
    }
}
