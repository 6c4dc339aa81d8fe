//! H01: Health Thresholds against themselves, the Range, the checklist and the limits of the registry.
//!
//! Conditions are tried at every value where one of them can change its answer, so no algebra is needed.

use telemetry_evidence::evidence::{Limit, Metric};

use crate::verify::code;
use crate::verify::finding::{Finding, Outcome};
use crate::verify::grammar::{Condition, Level, Term};
use crate::verify::record::{Record, Threshold};
use crate::verify::world::World;

mod cases;
use cases::{Case, Cases, Item};

/// Where Warning and Critical are ticked.
const BOX: usize = 6;

/// H01: tables that contradict something.
pub(super) fn h01_levels(world: &World) -> Outcome {
    let mut outcome = Outcome::default();
    for record in &world.records {
        let rows: Vec<Row<'_>> = record.thresholds.iter().filter_map(Row::of).collect();
        if rows.is_empty() {
            continue;
        }
        outcome.saw(Some(record.id));
        let mut table = Table { record, rows: &rows, found: Vec::new() };
        let cases = Cases::of(record, rows.iter().map(|row| row.condition));
        table.overlaps(&cases);
        table.gap(&cases);
        table.alarms(&cases);
        if let Some(evidence) = world.evidence.yes() {
            let metric = evidence.registry.iter().find(|metric| metric.number == record.id.0);
            if let Some(metric) = metric {
                table.registry(metric);
            }
        }
        outcome.findings.append(&mut table.found);
    }
    outcome
}

/// A row that could be read.
struct Row<'a> {
    cells: &'a Threshold,
    level: Level,
    condition: &'a Condition,
}

impl<'a> Row<'a> {
    fn of(row: &'a Threshold) -> Option<Self> {
        row.parsed.as_ref().map(|(level, condition)| Self { cells: row, level: *level, condition })
    }

    const fn is_alarm(&self) -> bool {
        matches!(self.level, Level::Warning | Level::Critical)
    }
}

struct Table<'a> {
    record: &'a Record,
    rows: &'a [Row<'a>],
    found: Vec<Finding>,
}

impl Table<'_> {
    fn report(&mut self, row: &Row<'_>, message: String) {
        let at = row.cells.condition.at.clone();
        let subject = format!("{:?}", row.level);
        self.found.push(Finding::new(code::H01, at, subject, message).of(self.record.id));
    }

    /// Two levels at once.
    fn overlaps(&mut self, cases: &Cases) {
        for (at, row) in self.rows.iter().enumerate() {
            for other in self.rows.iter().skip(at + 1).filter(|other| other.level != row.level) {
                // Without data there is nothing to grade, so `Unknown` comes before all others.
                let both = cases
                    .possible()
                    .filter(|case| !case.is_missing)
                    .find(|case| case.holds(row.condition) && case.holds(other.condition));
                if let Some(case) = both {
                    let message =
                        format!("{:?} and {:?} both hold at {case}", row.level, other.level);
                    self.report(other, message);
                }
            }
        }
    }

    /// A value without a level, whatever everything else is.
    fn gap(&mut self, cases: &Cases) {
        let is_graded = |row: &Row<'_>| row.is_alarm() || row.level == Level::Healthy;
        let Some(first) = self.rows.iter().find(|row| is_graded(row)) else { return };
        let is_covered = |own: &Item| {
            cases.possible().filter(|case| case.own == *own).any(|case| {
                case.is_missing || self.rows.iter().any(|row| case.holds(row.condition))
            })
        };
        let gap = cases.possible().find(|case| !is_covered(&case.own));
        if let Some(Case { own, .. }) = gap {
            self.report(first, format!("no level holds at {own}"));
        }
    }

    /// Alarms about nothing, and alarms beside a box that says there are none.
    fn alarms(&mut self, cases: &Cases) {
        let tick = &self.record.boxes[BOX];
        let note = tick.note.to_lowercase();
        let says_none = tick.is_set && (note.starts_with("none") || note.contains("no threshold"));
        let mut is_said = false;
        for row in self.rows.iter().filter(|row| row.is_alarm()) {
            let mut faults = Vec::new();
            let is_real =
                cases.possible().any(|case| !case.is_missing && case.holds(row.condition));
            if !is_real {
                faults.push("holds only where the value is missing or outside Range");
            }
            if says_none && !is_said {
                faults.push("stands beside a ticked box that says there are no thresholds");
                is_said = true;
            }
            if !faults.is_empty() {
                self.report(row, format!("{:?} {}", row.level, faults.join(", and it ")));
            }
        }
    }

    /// Numbers that the registry of the product does not have, or has and the table does not.
    fn registry(&mut self, metric: &Metric) {
        for (level, limits) in
            [(Level::Critical, &metric.critical), (Level::Warning, &metric.warning)]
        {
            let rows: Vec<&Row<'_>> = self.rows.iter().filter(|row| row.level == level).collect();
            let declared = rows.iter().flat_map(|row| bounds(row.condition));
            let declared: Vec<f64> = declared.collect();
            let is_missing = |limit: &&Limit| {
                !declared.iter().any(|bound| bound.abs().total_cmp(&limit.value.abs()).is_eq())
            };
            let Some(limit) = limits.iter().find(is_missing) else { continue };
            let message = format!(
                "{level:?} does not name {} {}, the limit in the registry",
                limit.operator, limit.value
            );
            let Some(row) = rows.first().copied().or_else(|| self.rows.first()) else { continue };
            let at = row.cells.condition.at.clone();
            let found =
                Finding::new(code::H01, at, format!("{level:?}"), message).of(self.record.id);
            let expected = format!("{} {}", limit.operator, limit.value);
            self.found.push(found.instead(expected, row.cells.condition.value()));
        }
    }
}

/// Returns the numbers that a condition compares with.
fn bounds(condition: &Condition) -> impl Iterator<Item = f64> {
    use crate::verify::grammar::Literal;
    let terms = condition.any.iter().flatten().flat_map(|part| [&part.left, &part.right]);
    terms.filter_map(|term| match term {
        Term::Literal(Literal::Number(number)) => Some(*number),
        Term::Literal(_)
        | Term::Name(_)
        | Term::Magnitude(_)
        | Term::Difference(..)
        | Term::Quotient(..)
        | Term::Length => None,
    })
}

#[cfg(test)]
mod tests;
