//! The configuration file: what is set in it, on which line, and what of it cannot be used.

use karn_sanctum::settings::Bounds;
use leyline::metric;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::config::key::{Id, KEYS, Key, Value};
use crate::headless::nearest::nearest;
use crate::settings::{self, OwnLimit};
use leyline::RuleId;
use leyline::word::ClosedWord as _;

/// What a file sets.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct FileSettings {
    /// Settings of the table.
    pub(crate) values: Vec<(Id, Placed<Value>)>,
    /// Limits of records.
    pub(crate) limits: Vec<Placed<OwnLimit>>,
    /// Rules that are not evaluated.
    pub(crate) muted: Vec<Placed<RuleId>>,
}

/// Something and the line on which it stands, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placed<T> {
    pub(crate) value: T,
    pub(crate) line: usize,
}

/// Something that cannot be used, and where it stands.
pub(crate) type Problem = Placed<String>;

/// Sections beside those of the table.
const RULES: &str = "rules";
const LIMITS: &str = "limits";

/// Reads a file as far as it can be; the problems are in the order of their lines.
pub(crate) fn parse(text: &str) -> (FileSettings, Vec<Problem>) {
    let mut reader = Reader { text, found: FileSettings::default(), problems: Vec::new() };
    match DeTable::parse(text) {
        Ok(table) => reader.sections(table.get_ref()),
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            reader.problem(at, error.message().to_owned());
        }
    }
    let Reader { found, mut problems, .. } = reader;
    problems.sort_by_key(|problem| problem.line);
    (found, problems)
}

struct Reader<'a> {
    text: &'a str,
    found: FileSettings,
    problems: Vec<Problem>,
}

/// One entry of a table.
type Entry<'a, 'b> = (&'b Spanned<DeString<'a>>, &'b Spanned<DeValue<'a>>);

impl Reader<'_> {
    fn sections(&mut self, table: &DeTable<'_>) {
        for (name, value) in table {
            let section = name.get_ref().as_ref();
            match (section, value.get_ref().as_table()) {
                (RULES, Some(rules)) => rules.iter().for_each(|entry| self.rule(entry)),
                (LIMITS, Some(limits)) => limits.iter().for_each(|entry| self.limit(entry)),
                (_, Some(keys)) if KEYS.iter().any(|key| key.section == section) => {
                    keys.iter().for_each(|entry| self.key(section, entry));
                }
                (RULES | LIMITS, None) => {
                    self.problem(start(name), format!("`{section}` is a table"));
                }
                (_, None) if KEYS.iter().any(|key| key.section == section) => {
                    self.problem(start(name), format!("`{section}` is a table"));
                }
                (_, Some(_) | None) => self.unknown(start(name), section, &paths()),
            }
        }
    }

    /// One setting of the table.
    fn key(&mut self, section: &str, (name, value): Entry<'_, '_>) {
        let known = |key: &&Key| key.section == section && key.name == name.get_ref().as_ref();
        let Some(key) = KEYS.iter().find(known) else {
            return self.unknown(start(name), &format!("{section}.{}", name.get_ref()), &paths());
        };
        let admitted = plain(value.get_ref()).and_then(|value| key.form.admit(value).ok());
        if let Some(value) = admitted {
            let line = self.line(start(name));
            self.found.values.push((key.id, Placed { value, line }));
        } else {
            let told = format!("`{}` is not {}", key.path(), key.form.told());
            self.problem(start(value), told);
        }
    }

    /// `[rules.kl-high]` with `enabled`.
    fn rule(&mut self, (name, value): Entry<'_, '_>) {
        let word = name.get_ref().as_ref();
        let Some(rule) = RuleId::from_word(word) else {
            let known: Vec<String> =
                RuleId::TEXTS.iter().map(|rule| format!("{RULES}.{rule}")).collect();
            return self.unknown(start(name), &format!("{RULES}.{word}"), &known);
        };
        let Some(table) = value.get_ref().as_table() else {
            let told =
                format!("`{RULES}.{word}` is a table, as in [{RULES}.{word}] with enabled = false");
            return self.problem(start(value), told);
        };
        let known = format!("{RULES}.{word}.enabled");
        for (name, value) in table {
            if name.get_ref() != "enabled" {
                let asked = format!("{RULES}.{word}.{}", name.get_ref());
                self.unknown(start(name), &asked, std::slice::from_ref(&known));
                continue;
            }
            match value.get_ref().as_bool() {
                Some(true) => {}
                Some(false) => {
                    let line = self.line(start(name));
                    self.found.muted.push(Placed { value: rule, line });
                }
                None => self.problem(start(value), format!("`{known}` is not true | false")),
            }
        }
    }

    /// `[limits.TELE-110]` with `warning` and `critical`.
    fn limit(&mut self, (name, value): Entry<'_, '_>) {
        let record = name.get_ref().as_ref();
        let path = format!("{LIMITS}.{record}");
        let known = || metric::all().map(|spec| format!("{LIMITS}.TELE-{:03}", spec.number));
        if !known().any(|known| known == path) {
            return self.unknown(start(name), &path, &known().collect::<Vec<_>>());
        }
        let Some(table) = value.get_ref().as_table() else {
            let told = format!("`{path}` is a table, as in [{path}] with warning and critical");
            return self.problem(start(value), told);
        };
        let levels = ["warning", "critical"];
        let before = self.problems.len();
        let mut bounds = [None; 2];
        for (name, value) in table {
            let known = levels.map(|level| format!("{path}.{level}"));
            match levels.iter().position(|level| level == name.get_ref()) {
                None => self.unknown(start(name), &format!("{path}.{}", name.get_ref()), &known),
                Some(at) => {
                    bounds[at] = numbers(value.get_ref());
                    if bounds[at].is_none() {
                        let told = "is neither a number nor [LOW, HIGH]";
                        self.problem(start(value), format!("`{}` {told}", known[at]));
                    }
                }
            }
        }
        if before < self.problems.len() {
            return;
        }
        let [warning, critical] = bounds;
        match settings::own_limit(record, warning, critical) {
            Ok(own) => {
                let line = self.line(start(name));
                self.found.limits.push(Placed { value: own, line });
            }
            Err(why) => self.problem(start(name), format!("`{path}`: {why}")),
        }
    }

    fn unknown(&mut self, at: usize, asked: &str, known: &[String]) {
        let nearest = nearest(asked, known.iter().map(String::as_str)).unwrap_or_default();
        self.problem(at, format!("unknown key `{asked}`; nearest: `{nearest}`"));
    }

    fn problem(&mut self, at: usize, value: String) {
        let line = self.line(at);
        self.problems.push(Placed { value, line });
    }

    /// Returns the line of a byte.
    fn line(&self, at: usize) -> usize {
        1 + self.text.bytes().take(at).filter(|&byte| byte == b'\n').count()
    }
}

fn start<T>(spanned: &Spanned<T>) -> usize {
    spanned.span().start
}

/// Returns every name that stands for something, for whoever mistyped one.
fn paths() -> Vec<String> {
    let sections = KEYS.iter().map(|key| key.section).chain([RULES, LIMITS]).map(str::to_owned);
    KEYS.iter().map(Key::path).chain(sections).collect()
}

/// Returns a value that a setting could have; `None` for what no setting has.
fn plain(value: &DeValue<'_>) -> Option<Value> {
    match value {
        DeValue::String(text) => Some(Value::Word(text.as_ref().to_owned())),
        DeValue::Boolean(flag) => Some(Value::Flag(*flag)),
        DeValue::Integer(integer) => {
            u64::from_str_radix(integer.as_str(), integer.radix()).ok().map(Value::Number)
        }
        DeValue::Array(list) => {
            let text = |entry: &Spanned<DeValue<'_>>| entry.get_ref().as_str().map(str::to_owned);
            list.iter().map(text).collect::<Option<Vec<_>>>().map(Value::Words)
        }
        DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Table(_) => None,
    }
}

fn numbers(value: &DeValue<'_>) -> Option<Bounds> {
    let Some(list) = value.as_array() else { return number(value).map(Bounds::One) };
    let numbers: Vec<f64> =
        list.iter().map(|entry| number(entry.get_ref())).collect::<Option<_>>()?;
    match numbers[..] {
        [low, high] => Some(Bounds::Between(low, high)),
        _ => None,
    }
}

fn number(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Float(float) => float.as_str().parse().ok(),
        DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str().parse().ok(),
        DeValue::Integer(_)
        | DeValue::String(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_)
        | DeValue::Table(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Bounds::{Between, One};
    use super::*;

    #[test]
    fn everything_that_can_be_set_is_read_with_its_line() {
        let text = "\
[ui]
theme = \"mono\"
poll_ms = 500
ascii = true
[rules.kl-high]
enabled = false
[rules.slow]
enabled = true
[limits]
TELE-110 = { warning = 0.02, critical = 5e-2 }
[limits.TELE-310]
warning = 8
critical = 16
[limits.TELE-144]
warning = [0.4, 0.6]
critical = [0.1, 0.95]
[alerts]
command = [\"notify\", \"two words\"]
bell = \"off\"
";
        let (found, problems) = parse(text);
        assert_eq!(problems, []);
        let value = |value: Value, line| Placed { value, line };
        let own = |record: &str, warning, critical| {
            settings::own_limit(record, Some(warning), Some(critical))
        };
        let words = ["notify", "two words"].map(str::to_owned).to_vec();
        let mut values = found.values;
        values.sort_by_key(|(_, placed)| placed.line);
        assert_eq!(
            values,
            [
                (Id::Theme, value(Value::Word("mono".to_owned()), 2)),
                (Id::Poll, value(Value::Number(500), 3)),
                (Id::Ascii, value(Value::Flag(true), 4)),
                (Id::Command, value(Value::Words(words), 18)),
                (Id::Bell, value(Value::Word("off".to_owned()), 19)),
            ]
        );
        let limits = [
            Placed { value: own("TELE-110", One(0.02), One(0.05)).unwrap(), line: 10 },
            Placed {
                value: own("TELE-144", Between(0.4, 0.6), Between(0.1, 0.95)).unwrap(),
                line: 14,
            },
            Placed { value: own("TELE-310", One(8.0), One(16.0)).unwrap(), line: 11 },
        ];
        // By record, as tables of TOML are.
        assert_eq!(found.limits, limits);
        assert_eq!(found.muted, [Placed { value: RuleId::KlHigh, line: 6 }]);
    }

    #[track_caller]
    fn check(text: &str, expected: &[(usize, &str)]) {
        let (_, problems) = parse(text);
        let found: Vec<(usize, &str)> =
            problems.iter().map(|problem| (problem.line, problem.value.as_str())).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn a_key_that_nobody_knows_names_the_nearest_and_its_line() {
        check("\n[ui]\nthem = \"auto\"", &[(3, "unknown key `ui.them`; nearest: `ui.theme`")]);
        check("theme = \"auto\"", &[(1, "unknown key `theme`; nearest: `ui.theme`")]);
        check("[limit]", &[(1, "unknown key `limit`; nearest: `limits`")]);
        check(
            "[rules.kl-hgh]\nenabled = false",
            &[(1, "unknown key `rules.kl-hgh`; nearest: `rules.kl-high`")],
        );
        check(
            "[rules.kl-high]\nenable = false",
            &[(2, "unknown key `rules.kl-high.enable`; nearest: `rules.kl-high.enabled`")],
        );
        check(
            "[limits.TELE-11O]\nwarning = 1",
            &[(1, "unknown key `limits.TELE-11O`; nearest: `limits.TELE-110`")],
        );
        check(
            "[limits.TELE-110]\nwarnings = 1\ncritical = 2",
            &[(2, "unknown key `limits.TELE-110.warnings`; nearest: `limits.TELE-110.warning`")],
        );
    }

    #[test]
    fn a_value_that_cannot_be_is_said_and_all_problems_are() {
        check("[ui]\ntheme = 3", &[(2, "`ui.theme` is not auto | dark | light | mono")]);
        check("[ui]\nascii = \"yes\"", &[(2, "`ui.ascii` is not true | false")]);
        check("ui = 3", &[(1, "`ui` is a table")]);
        check("rules = [\"kl-high\"]", &[(1, "`rules` is a table")]);
        check(
            "[rules]\nkl-high = false",
            &[(2, "`rules.kl-high` is a table, as in [rules.kl-high] with enabled = false")],
        );
        check(
            "[limits.TELE-110]\nwarning = 1",
            &[(
                1,
                "`limits.TELE-110`: TELE-110 takes one number as warning and one number as critical",
            )],
        );
        check(
            "[limits.TELE-110]\nwarning = 2\ncritical = 1",
            &[(
                1,
                "`limits.TELE-110`: warning and critical must be numbers, and critical not before warning",
            )],
        );
        check(
            "[limits.TELE-110]\nwarning = nan\ncritical = inf",
            &[(
                1,
                "`limits.TELE-110`: warning and critical must be numbers, and critical not before warning",
            )],
        );
        check(
            "[ui]\npoll_ms = 5\n[alerts]\ncommand = [1]\n[x]",
            &[
                (2, "`ui.poll_ms` is not a whole number from 33 to 1000"),
                (4, "`alerts.command` is not a text, or a list of texts"),
                (5, "unknown key `x`; nearest: `ui`"),
            ],
        );
    }

    #[test]
    fn what_is_no_toml_says_where() {
        let (found, problems) = parse("[ui]\ntheme = ");
        assert_eq!(found, FileSettings::default());
        assert_eq!(problems.first().map(|problem| problem.line), Some(2), "{problems:?}");
    }
}
