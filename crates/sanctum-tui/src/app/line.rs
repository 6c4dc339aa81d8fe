//! The command line: what is typed, what it means and how a word goes on.

use std::collections::BTreeMap;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{App, Overlay};
use crate::headless::nearest::nearest;
use crate::kept::Mark;
use crate::message::Effect;
use crate::record;
use crate::time::{Goal, LandmarkKind, Speed};
use crate::when::{At, FORMS, WhenError, a_letter};

/// Longest line, in characters.
const LONGEST: usize = 200;

/// What is typed, and what was said about it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) told: Option<String>,
}

/// What a line means.
#[derive(Debug, Clone, PartialEq)]
enum Command {
    Goto(Goal),
    Mark(char),
    Compare(Goal, Option<Goal>),
    Inspect(u16),
    Speed(Speed),
    Play,
    Pause,
    Live,
    Help,
    Quit,
    Nothing,
}

/// Every command with what follows it.
const COMMANDS: [(&str, &str); 10] = [
    ("goto", "WHEN"),
    ("mark", "a"),
    ("diff", "a [b]"),
    ("inspect", "METRIC"),
    ("speed", "1/8 to 1024"),
    ("play", ""),
    ("pause", ""),
    ("live", ""),
    ("help", ""),
    ("q", ""),
];

impl App {
    pub(crate) const fn line(&self) -> &Line {
        &self.line
    }

    /// Types a character that is no key of the command line.
    pub(super) fn type_on(&mut self, key: KeyEvent) -> Effect {
        let plain = (key.modifiers - KeyModifiers::SHIFT).is_empty();
        let room = self.line.text.chars().count() < LONGEST;
        let KeyCode::Char(c) = key.code else { return Effect::None };
        if !plain || !room {
            return Effect::None;
        }
        self.line.told = None;
        self.line.text.push(c);
        Effect::Draw
    }

    /// Takes a character back; from an empty line that closes it.
    pub(super) fn rub(&mut self) -> Effect {
        self.line.told = None;
        if self.line.text.pop().is_none() {
            self.overlay = Overlay::None;
        }
        Effect::Draw
    }

    pub(super) fn complete(&mut self) -> Effect {
        self.line = completed(&self.line.text, &self.named());
        Effect::Draw
    }

    fn named(&self) -> Named<'_> {
        let landmarks = self.newest.moment.as_deref().map(|moment| &moment.extent.landmarks);
        let alerts = landmarks.into_iter().flat_map(|all| all.iter());
        let alerts = alerts.filter(|landmark| landmark.kind == LandmarkKind::Alert);
        Named { marks: &self.marks, alerts: alerts.map(|landmark| landmark.place).collect() }
    }

    /// Does what the line says, or says why not and stays.
    pub(super) fn run_line(&mut self) -> Effect {
        let command = match parse(&self.line.text, &self.named()) {
            Ok(command) => command,
            Err(why) => {
                self.line.told = Some(why);
                return Effect::Draw;
            }
        };
        self.overlay = Overlay::None;
        match command {
            Command::Goto(goal) => self.go(goal),
            Command::Mark(letter) => self.mark(letter),
            Command::Compare(before, after) => self.compare(before, after),
            Command::Inspect(metric) => {
                self.inspect(metric);
                Effect::Draw
            }
            Command::Speed(speed) => self.set_speed(speed),
            Command::Play if self.is_paused() => self.pause(),
            Command::Pause if !self.is_paused() => self.pause(),
            Command::Live => self.go_live(),
            Command::Help => {
                self.overlay = Overlay::Help(0);
                Effect::Draw
            }
            Command::Quit => self.quit(),
            Command::Play | Command::Pause | Command::Nothing => Effect::Draw,
        }
    }
}

/// The moments of a run that have names of their own.
struct Named<'a> {
    marks: &'a BTreeMap<char, Mark>,
    /// Places at which alerts begin, rising.
    alerts: Vec<u64>,
}

fn parse(text: &str, named: &Named<'_>) -> Result<Command, String> {
    let mut words = text.split_whitespace();
    let Some(name) = words.next() else { return Ok(Command::Nothing) };
    let words: Vec<&str> = words.collect();
    match (name, words.as_slice()) {
        ("goto" | "g", [when]) => goal(when, named).map(Command::Goto),
        ("mark" | "m", [letter]) => a_letter(letter).map(Command::Mark).map_err(told),
        ("diff", [before]) => Ok(Command::Compare(goal(before, named)?, None)),
        ("diff", [before, after]) => {
            Ok(Command::Compare(goal(before, named)?, Some(goal(after, named)?)))
        }
        ("inspect", [metric]) => record::find(metric).map(Command::Inspect),
        ("speed", [speed]) => match speed.parse() {
            Ok(speed) => Ok(Command::Speed(speed)),
            Err(error) => Err(format!("`{speed}` is {error}")),
        },
        ("play", []) => Ok(Command::Play),
        ("pause", []) => Ok(Command::Pause),
        ("live", []) => Ok(Command::Live),
        ("help", []) => Ok(Command::Help),
        ("q" | "quit", []) => Ok(Command::Quit),
        _ => Err(wrong(name)),
    }
}

fn wrong(name: &str) -> String {
    if let Some((name, needs)) = COMMANDS.iter().find(|(known, _)| *known == name) {
        return format!("as in: {}", format!("{name} {needs}").trim_end());
    }
    let nearest = nearest(name, COMMANDS.iter().map(|(name, _)| *name)).unwrap_or("help");
    format!("no command is called `{name}`; nearest: `{nearest}`")
}

/// Reads a moment as the commands of the program do; the letter of a mark may stand alone.
fn goal(text: &str, named: &Named<'_>) -> Result<Goal, String> {
    let is_letter = text.chars().count() == 1;
    let at = if is_letter { a_letter(text).map(At::Mark) } else { text.parse() };
    match at.map_err(told)? {
        At::When(when) => Ok(Goal::When(when)),
        At::Mark(letter) => {
            let mark = named.marks.get(&letter);
            Ok(mark.ok_or_else(|| format!("there is no mark {letter}"))?.goal())
        }
        At::Alert(number) => {
            let index = usize::try_from(number - 1).unwrap_or(usize::MAX);
            let missing = || format!("there is no alert {number}; known: {}", named.alerts.len());
            named.alerts.get(index).copied().map(Goal::Place).ok_or_else(missing)
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn told(error: WhenError) -> String {
    error.to_string()
}

/// Returns the line with its last word gone on as far as there is one way only, and the ways where there are several.
fn completed(text: &str, named: &Named<'_>) -> Line {
    let start = text.rfind(' ').map_or(0, |at| at + 1);
    let (before, word) = text.split_at(start);
    let first = before.trim().is_empty();
    let takes_moment = ["goto", "diff"].iter().any(|name| before.trim_start().starts_with(name));
    let of_marks = named.marks.keys().map(|letter| format!("mark:{letter}"));
    let mut ways: Vec<String> = match (first, takes_moment) {
        (true, _) => COMMANDS.iter().map(|(name, _)| (*name).to_owned()).collect(),
        (false, true) => FORMS.iter().map(|form| (*form).to_owned()).chain(of_marks).collect(),
        (false, false) => Vec::new(),
    };
    ways.retain(|way| way.starts_with(word));
    let common = ways.iter().skip(1).fold(ways.first().cloned(), |common, way| {
        let same = |common: String| {
            let pairs = common.chars().zip(way.chars()).take_while(|(a, b)| a == b);
            pairs.map(|(c, _)| c).collect()
        };
        common.map(same)
    });
    let Some(common) = common else { return Line { text: text.to_owned(), told: None } };
    let open = !first || ways.len() != 1 || common.ends_with(':');
    let gap = if open || common == "q" { "" } else { " " };
    let told = (1 < ways.len() && common == word).then(|| ways.join("  "));
    Line { text: format!("{before}{common}{gap}"), told }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::when::When;

    fn with_named<T>(test: impl FnOnce(&Named<'_>) -> T) -> T {
        let of = |seq| Mark { place: 41, seq, batch: Some(3) };
        let marks = [('a', of(Some(40))), ('b', of(None))].into();
        test(&Named { marks: &marks, alerts: vec![250, 300] })
    }

    #[track_caller]
    fn check(text: &str, expected: Command) {
        assert_eq!(with_named(|named| parse(text, named)), Ok(expected), "{text}");
    }

    #[test]
    fn every_command_is_read() {
        let at = |when| Goal::When(when);
        check("", Command::Nothing);
        check("goto batch:26", Command::Goto(at(When::Batch(26))));
        check("goto  time:1h2m5s ", Command::Goto(at(When::Time(3_725_000_000_000))));
        check("goto mark:a", Command::Goto(at(When::Seq(40))));
        check("goto alert:2", Command::Goto(Goal::Place(300)));
        check("goto b", Command::Goto(Goal::Place(41)));
        check("mark z", Command::Mark('z'));
        check("diff a", Command::Compare(at(When::Seq(40)), None));
        check("diff start b", Command::Compare(at(When::Start), Some(Goal::Place(41))));
        check("speed x16", Command::Speed("16".parse().unwrap()));
        check("speed 1/8", Command::Speed("1/8".parse().unwrap()));
        check("inspect TELE-110", Command::Inspect(110));
        check("inspect policy.entropy", Command::Inspect(120));
        check("play", Command::Play);
        check("pause", Command::Pause);
        check("live", Command::Live);
        check("help", Command::Help);
        check("q", Command::Quit);
    }

    #[test]
    fn what_is_no_command_is_told_with_what_would_be() {
        let why = |text| with_named(|named| parse(text, named)).unwrap_err();
        assert_eq!(why("gogo x"), "no command is called `gogo`; nearest: `goto`");
        assert_eq!(why("goto"), "as in: goto WHEN");
        assert_eq!(why("live now"), "as in: live");
        assert_eq!(why("mark A"), "`A` is no letter from a to z");
        assert_eq!(why("goto c"), "there is no mark c");
        assert_eq!(why("goto alert:3"), "there is no alert 3; known: 2");
        assert!(why("goto alert:0").contains("from 1, as in alert:1"));
        assert_eq!(why("goto mark:"), "`` is no letter from a to z");
        assert!(why("goto batch:x").contains("batch:26"));
        assert!(why("inspect kl_divergenze").contains("policy.kl_divergence"));
        assert!(why("speed 3").contains("1/8 to 1024"));
    }

    #[track_caller]
    fn complete(text: &str, expected: &str, told: Option<&str>) {
        let line = with_named(|named| completed(text, named));
        assert_eq!((line.text.as_str(), line.told.as_deref()), (expected, told), "{text}");
    }

    #[test]
    fn tab_goes_on_as_far_as_there_is_one_way() {
        complete("g", "goto ", None);
        complete("p", "p", Some("play  pause"));
        complete("goto b", "goto batch:", None);
        complete("goto batch:2", "goto batch:2", None);
        complete("goto s", "goto s", Some("start  seq:"));
        complete("diff mark:", "diff mark:", Some("mark:  mark:a  mark:b"));
        complete("diff mark:a e", "diff mark:a end", None);
        complete("mark x", "mark x", None);
        complete("zz", "zz", None);
        complete("q", "q", None);
    }
}
