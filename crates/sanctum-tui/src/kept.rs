//! What is kept of a view from one viewer of a run to the next: marks, acknowledged alerts and the arrangement of the panels.

use std::collections::{BTreeMap, BTreeSet};

use leyline::word::ClosedWord as _;
use leyline::{GroupId, RuleId};
use sanctum_widgets::WidgetId;
use serde::{Deserialize, Serialize};

use crate::layout::{self, Arrangement};
use crate::time::Goal;
use crate::time::cut::Aim;
use crate::when::When;

pub mod file;
pub mod keeper;

/// Version of the JSON form; raised only by a breaking change.
const SCHEMA: u32 = 1;

/// A moment that somebody marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Inputs folded.
    pub place: u64,
    /// Number of the last event folded, where it has one.
    pub seq: Option<u64>,
    /// Batches done.
    pub batch: Option<u64>,
}

impl Mark {
    /// Returns where it leads. The number of an event means the same in every viewer of the run.
    pub(crate) fn aim(&self) -> Aim {
        self.seq.map_or(Aim::Place(self.place), |seq| Aim::Moment(When::Seq(seq)))
    }

    /// Returns the same for the time machine.
    pub fn goal(&self) -> Goal {
        self.aim().into()
    }
}

/// An alert that somebody has acknowledged: the one of a rule that began in a batch. Numbers of alerts would not do, because
/// they follow from the limits of the viewer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Known {
    /// The group that it is about.
    pub group: GroupId,
    /// Its rule.
    pub rule: RuleId,
    /// Where it began.
    pub batch: Option<u64>,
}

/// What is kept of the view of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// Marks by their letters, `a` to `z`.
    pub marks: BTreeMap<char, Mark>,
    /// Alerts that somebody has acknowledged.
    pub known: BTreeSet<Known>,
    /// Which panels are shown, and which has the focus.
    pub arrangement: Arrangement,
}

/// Why a text is not what was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable(String);

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

/// The JSON form.
#[derive(Serialize, Deserialize)]
struct Form {
    schema: u32,
    marks: BTreeMap<char, Mark>,
    /// Files of older versions have none.
    #[serde(default)]
    acknowledged: Vec<KnownForm>,
    focus: String,
    enlarged: bool,
    guest: Option<String>,
}

/// The JSON form of an acknowledged alert.
#[derive(Serialize, Deserialize)]
struct KnownForm {
    group: GroupId,
    rule: String,
    batch: Option<u64>,
}

impl KnownForm {
    fn of(known: &Known) -> Self {
        let Known { group, rule, batch } = known;
        Self { group: group.clone(), rule: rule.to_string(), batch: *batch }
    }

    /// `None` for a rule that this version does not have.
    fn read(self) -> Option<Known> {
        let rule = RuleId::from_word(&self.rule)?;
        Some(Known { group: self.group, rule, batch: self.batch })
    }
}

impl Kept {
    /// Returns the JSON form.
    pub fn to_json(&self) -> String {
        let Arrangement { focus, enlarged, guest } = self.arrangement;
        let form = Form {
            schema: SCHEMA,
            marks: self.marks.clone(),
            acknowledged: self.known.iter().map(KnownForm::of).collect(),
            focus: focus.name().to_owned(),
            enlarged,
            guest: guest.map(|id| id.name().to_owned()),
        };
        // Keys are letters and values numbers and names: nothing here has no JSON form.
        serde_json::to_string(&form).unwrap_or_default()
    }

    /// Reads the JSON form. A panel or a rule that this version does not have, and a mark without a letter, are left out.
    ///
    /// # Errors
    ///
    /// The text is not of this form, or of a newer version.
    pub fn from_json(text: &str) -> Result<Self, Unreadable> {
        let form: Form =
            serde_json::from_str(text).map_err(|error| Unreadable(error.to_string()))?;
        if form.schema != SCHEMA {
            return Err(Unreadable(format!("version {} is not known here", form.schema)));
        }
        let panel =
            |name: &str| WidgetId::from_name(name).filter(|id| layout::number(*id).is_some());
        let usual = Arrangement::default();
        let arrangement = Arrangement {
            focus: panel(&form.focus).unwrap_or(usual.focus),
            enlarged: form.enlarged,
            guest: form.guest.as_deref().and_then(panel),
        };
        let mut marks = form.marks;
        marks.retain(|letter, _| letter.is_ascii_lowercase());
        let known = form.acknowledged.into_iter().filter_map(KnownForm::read).collect();
        Ok(Self { marks, known, arrangement })
    }

    /// Returns this with what somebody did in another viewer of the same run, whose letters give way.
    #[must_use]
    pub fn with_those_of(mut self, other: Self) -> Self {
        self.known.extend(other.known);
        for (letter, mark) in other.marks {
            self.marks.entry(letter).or_insert(mark);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(rule: RuleId, batch: Option<u64>) -> Known {
        Known { group: GroupId::default(), rule, batch }
    }

    fn kept() -> Kept {
        let mark = |seq| Mark { place: 41, seq, batch: Some(3) };
        Kept {
            marks: [('a', mark(Some(40))), ('z', mark(None))].into(),
            known: [known(RuleId::KlHigh, Some(26)), known(RuleId::Age, None)].into(),
            arrangement: Arrangement {
                focus: WidgetId::EventLog,
                enlarged: true,
                guest: Some(WidgetId::EsperStatus),
            },
        }
    }

    #[test]
    fn what_was_kept_is_read_back() {
        for kept in [kept(), Kept::default()] {
            assert_eq!(Kept::from_json(&kept.to_json()), Ok(kept));
        }
        let arrangement = Arrangement { focus: WidgetId::PolicyLosses, ..Arrangement::default() };
        assert_eq!(
            Kept { arrangement, ..Kept::default() }.to_json(),
            r#"{"schema":1,"marks":{},"acknowledged":[],"focus":"PolicyLosses","enlarged":false,"guest":null}"#
        );
        let older =
            r#"{"schema":1,"marks":{},"focus":"PolicyLosses","enlarged":false,"guest":null}"#;
        assert_eq!(Kept::from_json(older), Ok(Kept { arrangement, ..Kept::default() }));
    }

    #[test]
    fn what_is_not_known_is_left_out_and_garbage_is_refused() {
        let text =
            kept().to_json().replace("EsperStatus", "Radar").replace("EventLog", "RunHeader");
        let text = text.replace("\"z\"", "\"Z\"").replace("\"age\"", "\"rage\"");
        let read = Kept::from_json(&text).unwrap();
        let usual = Arrangement::default().focus;
        assert_eq!((read.arrangement.guest, read.arrangement.focus), (None, usual));
        assert_eq!(read.marks.keys().collect::<String>(), "a");
        assert_eq!(read.known, [known(RuleId::KlHigh, Some(26))].into());
        for text in ["", "{", "[]", "null", "{\"schema\":1}", "\u{0}\u{1}"] {
            assert!(Kept::from_json(text).is_err(), "{text}");
        }
        let newer = kept().to_json().replace("\"schema\":1", "\"schema\":2");
        assert_eq!(Kept::from_json(&newer).unwrap_err().to_string(), "version 2 is not known here");
    }

    #[test]
    fn letters_set_here_stay() {
        let mine = Kept {
            marks: [('a', Mark { place: 1, seq: None, batch: None })].into(),
            known: [known(RuleId::EvLow, Some(30))].into(),
            ..kept()
        };
        let both = mine.with_those_of(kept());
        assert_eq!((both.marks[&'a'].place, both.marks[&'z'].place), (1, 41));
        assert_eq!(both.known.len(), 3);
    }
}
