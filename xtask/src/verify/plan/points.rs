//! Values around each bound of each threshold, and what is not finite.

use serde_json::Value;
use telemetry_evidence::plan::{Edit, Point};

use crate::verify::grammar::{Comparison, Level, Literal, Operator, Term};
use crate::verify::plan::names::{Names, json, number};
use crate::verify::plan::{contains, is_float};
use crate::verify::record::{Record, bare_path};

/// A name that bounds a value gets this one.
const OTHER: f64 = 100.0;

/// Returns the points of a record, each once.
pub(crate) fn points(record: &Record, names: &Names<'_>) -> Vec<Point> {
    let Some(own) = record.paths().into_iter().next().filter(|_| record.fields.is_empty()) else {
        return Vec::new();
    };
    let mut maker = Maker { record, names, own, points: Vec::new() };
    let mut is_graded = false;
    for row in &record.thresholds {
        let Some((level, condition)) = &row.parsed else { continue };
        is_graded |= matches!(level, Level::Healthy | Level::Warning | Level::Critical);
        for all in &condition.any {
            for (at, part) in all.iter().enumerate() {
                let others: Vec<&Comparison> = all
                    .iter()
                    .enumerate()
                    .filter(|(other, part)| *other != at && !maker.is_about_own(part))
                    .map(|(_, part)| part)
                    .collect();
                maker.comparison(part, &others);
            }
        }
    }
    if is_graded && is_float(record) {
        for (label, value) in
            [("NaN", f64::NAN), ("inf", f64::INFINITY), ("-inf", f64::NEG_INFINITY)]
        {
            maker.add(label, number(value, record), &[], &[]);
        }
    }
    maker.points
}

/// Returns the neighbours of a bound: a billionth away, in digits that JSON carries without rounding.
fn beside(bound: f64) -> (f64, f64) {
    let distance = bound.abs().max(1e-9) * 1e-9;
    let few_digits = |value: f64| format!("{value:.12e}").parse().unwrap_or(value);
    (few_digits(bound - distance), few_digits(bound + distance))
}

struct Maker<'a> {
    record: &'a Record,
    names: &'a Names<'a>,
    own: String,
    points: Vec<Point>,
}

impl Maker<'_> {
    fn is_own(&self, name: &str) -> bool {
        self.names.path(name, self.record) == self.own
    }

    fn is_about_own(&self, part: &Comparison) -> bool {
        [&part.left, &part.right].into_iter().any(|term| match term {
            Term::Length => true,
            Term::Name(name) | Term::Magnitude(name) => self.is_own(name),
            Term::Difference(left, right) | Term::Quotient(left, right) => {
                self.is_own(left) || self.is_own(right)
            }
            Term::Literal(_) => false,
        })
    }

    fn comparison(&mut self, part: &Comparison, others: &[&Comparison]) {
        match (&part.left, &part.right) {
            (Term::Name(name), Term::Literal(Literal::Number(bound))) if self.is_own(name) => {
                self.around(*bound, &bound.to_string(), 1.0, &[], others);
            }
            (Term::Magnitude(name), Term::Literal(Literal::Number(bound))) if self.is_own(name) => {
                self.around(*bound, &bound.to_string(), 1.0, &[], others);
                self.around(-*bound, &(-bound).to_string(), 1.0, &[], others);
            }
            (Term::Name(name), Term::Literal(literal)) if self.is_own(name) => {
                self.word(literal, part.operator, others);
            }
            (Term::Name(name), Term::Name(bound)) if self.is_own(name) => {
                let extra = self.edit(bound, OTHER);
                self.around(OTHER, bound, 1.0, &[extra], others);
            }
            (Term::Quotient(name, over), Term::Literal(Literal::Number(bound)))
                if self.is_own(name) =>
            {
                // Over one, so that no rounding moves the bound.
                let extra = self.edit(over, 1.0);
                let label = format!("{bound} of {over}");
                self.around(*bound, &label, 1.0, &[extra], others);
            }
            (Term::Difference(name, less), Term::Literal(Literal::Number(bound)))
                if self.is_own(name) =>
            {
                let extra = self.edit(less, 0.0);
                let label = format!("{bound} over {less}");
                self.around(*bound, &label, 1.0, &[extra], others);
            }
            (Term::Difference(from, name), Term::Literal(Literal::Number(bound)))
                if self.is_own(name) =>
            {
                let extra = self.edit(from, OTHER);
                let label = format!("{bound} below {from}");
                self.around(OTHER - bound, &label, 1.0, &[extra], others);
            }
            (Term::Length, Term::Literal(Literal::Number(_))) => self.lengths(others),
            _ => {}
        }
    }

    fn edit(&self, name: &str, value: f64) -> Edit {
        Edit { name: self.names.path(name, self.record), value: number(value, self.record) }
    }

    /// Adds three values around a bound; what Range or the type forbids is left out, but for the bound itself.
    fn around(
        &mut self,
        bound: f64,
        label: &str,
        unit: f64,
        extra: &[Edit],
        others: &[&Comparison],
    ) {
        let (below, above) =
            if is_float(self.record) { beside(bound) } else { (bound - unit, bound + unit) };
        for (place, value) in [("just below", below), ("at", bound), ("just above", above)] {
            let is_own_bound = extra.is_empty() && value.total_cmp(&bound).is_eq();
            let range = self.record.meaning.range.as_ref();
            if is_own_bound || range.is_none_or(|range| contains(range, value)) {
                let value = number(value, self.record);
                self.add(&format!("{place} {label}"), value, extra, others);
            }
        }
    }

    /// Adds the word itself, and for `!=` all others.
    fn word(&mut self, literal: &Literal, operator: Operator, others: &[&Comparison]) {
        let label = |literal: &Literal| match literal {
            Literal::Absent => "absent".to_owned(),
            Literal::Empty => "empty".to_owned(),
            Literal::Flag(flag) => flag.to_string(),
            Literal::Number(number) => number.to_string(),
            Literal::Text(text) => text.clone(),
        };
        let mut wanted = vec![literal.clone()];
        if operator == Operator::NotEqual {
            let words = self.record.meaning.words.iter();
            wanted.extend(words.map(|word| Literal::Text(word.clone())));
            if let Literal::Flag(flag) = literal {
                wanted.push(Literal::Flag(!flag));
            }
        }
        for literal in wanted {
            self.add(&format!("at {}", label(&literal)), json(&literal, self.record), &[], others);
        }
    }

    /// Adds an empty list or map, and one that an example of the record shows.
    fn lengths(&mut self, others: &[&Comparison]) {
        self.add("at empty", json(&Literal::Empty, self.record), &[], others);
        let own = self.own.clone();
        let shown = self.record.examples.iter().filter_map(|example| {
            let given = crate::verify::grammar::given(example.given.value()).ok()?;
            given.into_iter().find_map(|part| match part {
                crate::verify::grammar::Given::Set { name, value } if bare_path(&name) == own => {
                    Some(value)
                }
                crate::verify::grammar::Given::Set { .. }
                | crate::verify::grammar::Given::Missing => None,
            })
        });
        let shown =
            shown.into_iter().find(|value| *value != Value::Array(Vec::new()) && !value.is_null());
        if let Some(value) = shown {
            self.add("not empty", value, &[], others);
        }
    }

    /// Adds a point with everything else that its alternative asks for.
    fn add(&mut self, label: &str, value: Value, extra: &[Edit], others: &[&Comparison]) {
        let mut given = vec![Edit { name: self.own.clone(), value }];
        given.extend_from_slice(extra);
        let mut label = label.to_owned();
        for other in others {
            let Term::Name(name) = &other.left else { continue };
            let Some(wanted) = self.names.literal(&other.right, self.record) else { continue };
            let path = self.names.path(name, self.record);
            // What bounds the value has its number already.
            if given.iter().any(|edit| edit.name == path) {
                continue;
            }
            let value = self.names.making_true(&wanted, other.operator, &other.left, self.record);
            if let Some(value) = value {
                label = format!("{label} with {path}={value}");
                given.push(Edit { name: path, value });
            }
        }
        if !self.points.iter().any(|point| point.given == given) {
            self.points.push(Point { label, given });
        }
    }
}
