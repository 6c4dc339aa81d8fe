//! What can be set apart from limits and rules: one table, from which file, variables, help texts and the listing are made.

/// A setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Id {
    Theme,
    Color,
    Ascii,
    Marker,
    Poll,
    Bell,
    Desktop,
    DesktopForm,
    Command,
    CommandLevel,
    CommandSeconds,
}

/// What a setting may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// One of these words.
    Words(&'static [&'static str]),
    /// True or false.
    Flag,
    /// A whole number within these bounds, both included.
    Number(u64, u64),
    /// A program and its arguments; nothing: none.
    Command,
}

/// What a setting is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Word(String),
    Flag(bool),
    Number(u64),
    Words(Vec<String>),
}

/// A line of the table.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) id: Id,
    /// Section of the file.
    pub(crate) section: &'static str,
    /// Name in the section.
    pub(crate) name: &'static str,
    pub(crate) flag: &'static str,
    /// No variable sets a command: a program that somebody else put into the environment is not what this user set up.
    pub(crate) variable: Option<&'static str>,
    pub(crate) form: Form,
    /// As it would stand in a variable.
    pub(crate) built_in: &'static str,
    pub(crate) about: &'static str,
}

/// Least levels of an alert, as words.
pub(crate) const LEVELS: &[&str] = &["off", "info", "warning", "critical"];

const fn key(
    id: Id,
    (section, name): (&'static str, &'static str),
    (flag, variable): (&'static str, Option<&'static str>),
    form: Form,
    built_in: &'static str,
    about: &'static str,
) -> Key {
    Key { id, section, name, flag, variable, form, built_in, about }
}

/// Every setting, in the order of [`Id`].
pub(crate) const KEYS: [Key; 11] = [
    key(
        Id::Theme,
        ("ui", "theme"),
        ("--theme", Some("SANCTUM_THEME")),
        Form::Words(&["auto", "dark", "light", "mono"]),
        "auto",
        "palette; auto: light if COLORFGBG says so, else dark",
    ),
    key(
        Id::Color,
        ("ui", "color"),
        ("--color", Some("SANCTUM_COLOR")),
        Form::Words(&["auto", "always", "never"]),
        "auto",
        "auto: unless NO_COLOR is set or standard output is not a terminal",
    ),
    key(
        Id::Ascii,
        ("ui", "ascii"),
        ("--ascii", Some("SANCTUM_ASCII")),
        Form::Flag,
        "false",
        "ASCII characters only; always so where the locale is not UTF-8",
    ),
    key(
        Id::Marker,
        ("ui", "marker"),
        ("--marker", Some("SANCTUM_MARKER")),
        Form::Words(&["braille", "block", "dot", "ascii"]),
        "braille",
        "characters of the charts",
    ),
    key(
        Id::Poll,
        ("ui", "poll_ms"),
        ("--poll", Some("SANCTUM_POLL_MS")),
        Form::Number(33, 1000),
        "250",
        "milliseconds between two frames",
    ),
    key(
        Id::Bell,
        ("alerts", "bell"),
        ("--bell", Some("SANCTUM_BELL")),
        Form::Words(LEVELS),
        "critical",
        "least level of an alert that rings the bell of the terminal",
    ),
    key(
        Id::Desktop,
        ("alerts", "desktop"),
        ("--desktop", Some("SANCTUM_DESKTOP")),
        Form::Words(LEVELS),
        "off",
        "least level that asks the terminal for a notice on the desktop",
    ),
    key(
        Id::DesktopForm,
        ("alerts", "desktop_form"),
        ("--desktop-form", Some("SANCTUM_DESKTOP_FORM")),
        Form::Words(&["osc9", "osc777"]),
        "osc9",
        "the escape sequence that the terminal knows",
    ),
    key(
        Id::Command,
        ("alerts", "command"),
        ("--alert-command", None),
        Form::Command,
        "",
        "program and arguments; it gets the alert as JSON on its standard input",
    ),
    key(
        Id::CommandLevel,
        ("alerts", "command_level"),
        ("--alert-level", None),
        Form::Words(LEVELS),
        "critical",
        "least level of an alert that starts the command",
    ),
    key(
        Id::CommandSeconds,
        ("alerts", "command_seconds"),
        ("--alert-seconds", None),
        Form::Number(1, 600),
        "10",
        "seconds after which the command is killed",
    ),
];

impl Id {
    /// Returns the line of the table.
    pub(crate) const fn key(self) -> &'static Key {
        &KEYS[self as usize]
    }
}

impl Key {
    /// Returns its name with the section, such as `ui.theme`.
    pub(crate) fn path(&self) -> String {
        format!("{}.{}", self.section, self.name)
    }

    /// Returns what holds where nobody set anything.
    pub(crate) fn default(&self) -> Value {
        // A test reads every line of the table.
        self.form.parse(self.built_in).unwrap_or(Value::Flag(false))
    }
}

impl Form {
    /// Reads a value as it stands in a variable or on the command line.
    ///
    /// # Errors
    ///
    /// Says what it may be.
    pub(crate) fn parse(self, text: &str) -> Result<Value, String> {
        match self {
            Self::Words(_) => self.admit(Value::Word(text.to_owned())),
            Self::Flag => match text {
                "true" | "1" => Ok(Value::Flag(true)),
                "false" | "0" => Ok(Value::Flag(false)),
                _ => Err(self.refusal()),
            },
            Self::Number(_, _) => {
                self.admit(text.parse().map(Value::Number).map_err(|_| self.refusal())?)
            }
            Self::Command => words(text).map(Value::Words),
        }
    }

    /// Lets a value through that is of this form.
    ///
    /// # Errors
    ///
    /// Says what it may be.
    pub(crate) fn admit(self, value: Value) -> Result<Value, String> {
        let is_of_it = match (self, &value) {
            (Self::Words(words), Value::Word(word)) => words.contains(&word.as_str()),
            (Self::Number(least, most), Value::Number(number)) => (least..=most).contains(number),
            (Self::Flag, Value::Flag(_)) | (Self::Command, Value::Words(_)) => true,
            (Self::Command, Value::Word(text)) => return words(text).map(Value::Words),
            (
                Self::Words(_) | Self::Flag | Self::Number(_, _) | Self::Command,
                Value::Word(_) | Value::Flag(_) | Value::Number(_) | Value::Words(_),
            ) => false,
        };
        if is_of_it { Ok(value) } else { Err(self.refusal()) }
    }

    fn refusal(self) -> String {
        format!("not {}", self.told())
    }

    /// Returns what a value may be, in words.
    pub(crate) fn told(self) -> String {
        match self {
            Self::Words(words) => words.join(" | "),
            Self::Flag => "true | false".to_owned(),
            Self::Number(least, most) => format!("a whole number from {least} to {most}"),
            Self::Command => "a text, or a list of texts".to_owned(),
        }
    }
}

impl Value {
    /// Returns the value as it stands in a file.
    pub(crate) fn to_toml(&self) -> String {
        // A JSON text is a basic string of TOML, and a list of them an array.
        match self {
            Self::Word(word) => serde_json::Value::from(word.as_str()).to_string(),
            Self::Flag(flag) => flag.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Words(words) => serde_json::Value::from(words.as_slice()).to_string(),
        }
    }
}

/// Divides a command line into words as a shell does, and does nothing else that a shell does: quotes keep blanks together, a
/// backslash takes the next character as it is.
///
/// # Errors
///
/// Says what is not closed.
pub(crate) fn words(text: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word): (Vec<String>, Option<String>) = (Vec::new(), None);
    let mut quote = None;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let escaped = c == '\\' && quote != Some('\'');
        match (c, quote) {
            _ if escaped => {
                let next = rest.next().ok_or("a backslash at the end")?;
                word.get_or_insert_default().push(next);
            }
            (_, Some(open)) if c == open => quote = None,
            ('\'' | '"', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (_, None) if c.is_whitespace() => words.extend(word.take()),
            (_, Some(_) | None) => word.get_or_insert_default().push(c),
        }
    }
    if let Some(open) = quote {
        return Err(format!("the quote {open} is not closed"));
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_its_defaults_are_of_their_form() {
        for (at, key) in KEYS.iter().enumerate() {
            assert_eq!(key.id as usize, at, "{}", key.path());
            assert_eq!(key.form.parse(key.built_in), Ok(key.default()), "{}", key.path());
        }
    }

    #[test]
    fn a_value_is_read_or_what_it_may_be_is_said() {
        let theme = Id::Theme.key().form;
        assert_eq!(theme.parse("mono"), Ok(Value::Word("mono".to_owned())));
        assert_eq!(theme.parse("pink"), Err("not auto | dark | light | mono".to_owned()));
        let poll = Id::Poll.key().form;
        assert_eq!(poll.parse("33"), Ok(Value::Number(33)));
        for wrong in ["32", "1001", "x", "-1", ""] {
            assert_eq!(poll.parse(wrong), Err("not a whole number from 33 to 1000".to_owned()));
        }
        assert_eq!(Form::Flag.parse("1"), Ok(Value::Flag(true)));
        assert_eq!(Form::Flag.parse("yes"), Err("not true | false".to_owned()));
    }

    #[track_caller]
    fn check(text: &str, expected: Result<&[&str], &str>) {
        let own = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let expected: Result<Vec<String>, String> = expected.map(own).map_err(str::to_owned);
        assert_eq!(words(text), expected, "{text}");
    }

    #[test]
    fn a_command_is_divided_into_words_and_nothing_is_expanded() {
        check("", Ok(&[]));
        check("  notify  now ", Ok(&["notify", "now"]));
        check("curl -H 'A: b c' \"$X\"", Ok(&["curl", "-H", "A: b c", "$X"]));
        check(r#"a\ b "c\"d" 'e\f' '' x""y"#, Ok(&["a b", "c\"d", r"e\f", "", "xy"]));
        check("sh -c 'echo $1 | wc; ls *'", Ok(&["sh", "-c", "echo $1 | wc; ls *"]));
        check("a 'b", Err("the quote ' is not closed"));
        check("a \\", Err("a backslash at the end"));
    }
}
