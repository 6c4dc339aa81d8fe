//! Every value, and every value of what else a condition names, at which an answer can change.

use std::collections::BTreeMap;
use std::fmt;

use telemetry_evidence::plan::Bound;

use crate::verify::grammar::{Comparison, Condition, Literal, Operator, Term};
use crate::verify::plan::{Names, compare, contains, is_float, is_optional, names_of};
use crate::verify::record::Record;

/// More combinations than this are not tried; no table of a record comes near.
const MOST: usize = 50_000;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    Number(f64),
    Flag(bool),
    Word(String),
    /// A list or map with so many entries.
    Entries(f64),
    Absent,
    /// There, and nothing else is known.
    Present,
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Word(word) => write!(f, "{word}"),
            Self::Entries(count) => write!(f, "{count} entries"),
            Self::Absent => write!(f, "an absent value"),
            Self::Present => write!(f, "a present value"),
        }
    }
}

/// A value with everything that conditions name beside it.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) own: Item,
    others: BTreeMap<String, Item>,
    own_path: String,
    paths: BTreeMap<String, String>,
    /// By the Missing rule, by being absent, or by being a Default outside Range.
    pub(super) is_missing: bool,
    is_in_range: bool,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.own)?;
        for (path, item) in &self.others {
            write!(f, ", {path} {item}")?;
        }
        Ok(())
    }
}

/// All of them.
pub(super) struct Cases(Vec<Case>);

impl Cases {
    /// Collects the cases of some conditions of a record.
    pub(super) fn of<'a>(
        record: &'a Record,
        conditions: impl Iterator<Item = &'a Condition>,
    ) -> Self {
        let names = names_of(std::slice::from_ref(record));
        let rule = record.meaning.missing.as_ref();
        let conditions: Vec<&Condition> = conditions.chain(rule).collect();
        let own_path = record.paths().into_iter().next().unwrap_or_default();
        let mut maker = Maker {
            record,
            names: &names,
            own: own_path.clone(),
            domains: BTreeMap::new(),
            paths: BTreeMap::new(),
        };
        maker.own(&own_path);
        for part in conditions.iter().flat_map(|condition| condition.any.iter().flatten()) {
            maker.comparison(part);
        }
        maker.something();
        let mut cases = vec![BTreeMap::new()];
        for (path, domain) in &maker.domains {
            if cases.len() * domain.len() > MOST {
                break;
            }
            let with = |case: &BTreeMap<String, Item>, item: &Item| {
                let mut case = case.clone();
                case.insert(path.clone(), item.clone());
                case
            };
            cases = cases
                .iter()
                .flat_map(|case| domain.iter().map(move |item| with(case, item)))
                .collect();
        }
        Self(
            cases
                .into_iter()
                .filter_map(|others| case(record, others, &own_path, &maker.paths))
                .collect(),
        )
    }

    /// Returns the cases that can be: in Range, or missing.
    pub(super) fn possible(&self) -> impl Iterator<Item = &Case> {
        self.0.iter().filter(|case| case.is_missing || case.is_in_range)
    }
}

fn case(
    record: &Record,
    mut others: BTreeMap<String, Item>,
    own_path: &str,
    paths: &BTreeMap<String, String>,
) -> Option<Case> {
    let own = others.remove(own_path)?;
    let meaning = &record.meaning;
    let is_in_range = match (&own, &meaning.range) {
        (Item::Number(number), Some(range)) => contains(range, *number),
        (Item::Absent, _) => is_optional(record),
        (Item::Number(_) | Item::Flag(_) | Item::Word(_) | Item::Entries(_) | Item::Present, _) => {
            true
        }
    };
    let mut case = Case {
        own,
        others,
        own_path: own_path.to_owned(),
        paths: paths.clone(),
        is_missing: false,
        is_in_range,
    };
    case.is_missing = match (&meaning.missing, &meaning.default, &case.own) {
        (Some(rule), _, _) => case.holds(rule),
        (None, _, Item::Absent) => true,
        (None, Some(Literal::Number(default)), Item::Number(number)) => {
            default.total_cmp(number).is_eq() && !is_in_range
        }
        (None, ..) => false,
    };
    Some(case)
}

struct Maker<'a> {
    record: &'a Record,
    names: &'a Names<'a>,
    /// Path of the value of the record.
    own: String,
    domains: BTreeMap<String, Vec<Item>>,
    /// Names as written, with the paths that they mean.
    paths: BTreeMap<String, String>,
}

impl Maker<'_> {
    fn path(&mut self, name: &str) -> String {
        let path = self.names.path(name, self.record);
        self.paths.insert(name.to_owned(), path.clone());
        path
    }

    fn add(&mut self, path: &str, items: impl IntoIterator<Item = Item>) {
        // Half an event is no case.
        let is_whole = path == self.own && !is_float(self.record);
        let domain = self.domains.entry(path.to_owned()).or_default();
        for item in items {
            let is_part = matches!(item, Item::Number(number) if number.fract().abs() > 0.0);
            if !(domain.contains(&item) || is_whole && is_part) {
                domain.push(item);
            }
        }
    }

    /// Adds what the record says of its own value.
    fn own(&mut self, path: &str) {
        let meaning = &self.record.meaning;
        self.paths.insert("value".to_owned(), path.to_owned());
        if let Some(range) = &meaning.range {
            for bound in [&range.low, &range.high] {
                if let Bound::Number(number) = bound {
                    self.add(path, around(*number));
                }
            }
        }
        self.add(path, meaning.words.iter().map(|word| Item::Word(word.clone())));
        let kind = self.record.data("Type").map(|cell| cell.value().to_owned()).unwrap_or_default();
        if kind.contains("bool") {
            self.add(path, [Item::Flag(true), Item::Flag(false)]);
        }
        if is_optional(self.record) {
            self.add(path, [Item::Absent]);
        }
    }

    /// Adds something, in case that nothing else is said of the own value.
    fn something(&mut self) {
        let path = self.own.clone();
        let domain = self.domains.get(&path);
        if domain.is_none_or(|domain| domain.iter().all(|item| *item == Item::Absent)) {
            self.add(&path, [Item::Present]);
        }
    }

    fn comparison(&mut self, part: &Comparison) {
        let own = self.names.path("value", self.record);
        match (&part.left, &part.right) {
            (Term::Length, Term::Literal(Literal::Number(number))) => {
                if let Some(domain) = self.domains.get_mut(&own) {
                    domain.retain(|item| *item == Item::Absent || matches!(item, Item::Entries(_)));
                }
                self.add(&own, [0.0, 1.0, 2.0, *number, number + 1.0].map(Item::Entries));
            }
            (Term::Name(name), Term::Literal(literal)) => {
                let path = self.path(name);
                self.literal(&path, literal);
            }
            (Term::Name(name), Term::Name(other))
                if part_is_word(part.operator, self.names, other, self.record) =>
            {
                let path = self.path(name);
                self.add(&path, [Item::Word(other.clone()), Item::Word("another".to_owned())]);
            }
            (Term::Name(name), Term::Name(other)) => {
                let (path, other) = (self.path(name), self.path(other));
                self.add(&path, around(100.0));
                self.add(&other, [Item::Number(100.0)]);
            }
            (Term::Magnitude(name), Term::Literal(Literal::Number(number))) => {
                let path = self.path(name);
                self.add(&path, around(*number).into_iter().chain(around(-number)));
            }
            (Term::Quotient(name, over), Term::Literal(Literal::Number(number))) => {
                let (path, over) = (self.path(name), self.path(over));
                self.add(&path, around(*number));
                self.add(&over, [Item::Number(1.0)]);
            }
            (Term::Difference(name, less), Term::Literal(Literal::Number(number))) => {
                let (path, less) = (self.path(name), self.path(less));
                self.add(&path, around(*number));
                self.add(&less, [Item::Number(0.0)]);
            }
            _ => {}
        }
    }

    fn literal(&mut self, path: &str, literal: &Literal) {
        let is_own =
            self.domains.contains_key(path) && path == self.names.path("value", self.record);
        match literal {
            Literal::Number(number) => self.add(path, around(*number)),
            Literal::Flag(_) => self.add(path, [Item::Flag(true), Item::Flag(false)]),
            Literal::Text(word) => {
                let another = (!is_own).then(|| Item::Word("another".to_owned()));
                self.add(path, [Item::Word(word.clone())].into_iter().chain(another));
            }
            // Of the own value, its type says whether it can be absent.
            Literal::Absent if is_own => {}
            Literal::Absent => self.add(path, [Item::Absent, Item::Present]),
            Literal::Empty => self.add(path, [Item::Entries(0.0), Item::Entries(1.0)]),
        }
    }
}

fn part_is_word(operator: Operator, names: &Names<'_>, name: &str, record: &Record) -> bool {
    let is_equality = matches!(operator, Operator::Equal | Operator::NotEqual);
    is_equality && !names.knows(&names.path(name, record)) && !name.contains('.')
}

/// Returns a number with its neighbours, near and far: whole ones too, for counters.
fn around(number: f64) -> Vec<Item> {
    let near = number.abs().max(1e-9) * 1e-9;
    [number - 1.0, number - near, number, number + near, number + 1.0].map(Item::Number).to_vec()
}

impl Case {
    /// Returns whether a condition holds here.
    pub(super) fn holds(&self, condition: &Condition) -> bool {
        condition.any.iter().any(|all| all.iter().all(|part| self.compare(part)))
    }

    fn compare(&self, part: &Comparison) -> bool {
        let (left, right) = (self.term(&part.left), self.term(&part.right));
        match (&left, part.operator, &right) {
            (Some(Item::Number(left)), operator, Some(Item::Number(right))) => {
                compare(*left, operator, *right)
            }
            (Some(left), Operator::Equal, Some(right)) => left == right,
            (Some(left), Operator::NotEqual, Some(right)) => left != right,
            _ => false,
        }
    }

    fn term(&self, term: &Term) -> Option<Item> {
        match term {
            Term::Literal(literal) => Some(match literal {
                Literal::Absent => Item::Absent,
                Literal::Flag(flag) => Item::Flag(*flag),
                Literal::Number(number) => Item::Number(*number),
                Literal::Text(word) => Item::Word(word.clone()),
                Literal::Empty => Item::Entries(0.0),
            }),
            Term::Name(name) => Some(self.named(name).unwrap_or_else(|| Item::Word(name.clone()))),
            Term::Magnitude(name) => self.number(name).map(|number| Item::Number(number.abs())),
            Term::Difference(left, right) => {
                Some(Item::Number(self.number(left)? - self.number(right)?))
            }
            Term::Quotient(left, right) => {
                Some(Item::Number(self.number(left)? / self.number(right)?))
            }
            Term::Length => match self.own {
                Item::Entries(count) => Some(Item::Number(count)),
                Item::Number(_) | Item::Flag(_) | Item::Word(_) | Item::Absent | Item::Present => {
                    None
                }
            },
        }
    }

    fn named(&self, name: &str) -> Option<Item> {
        let path = self.paths.get(name)?;
        if *path == self.own_path { Some(self.own.clone()) } else { self.others.get(path).cloned() }
    }

    fn number(&self, name: &str) -> Option<f64> {
        if let Some(Item::Number(number)) = self.named(name) { Some(number) } else { None }
    }
}
