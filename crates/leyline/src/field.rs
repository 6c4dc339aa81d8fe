//! What the contract expects of each payload field: how much it is needed, and its soft range.
//!
//! A value outside its range is shown as it is and warned about once; nothing here rejects an event
//! ([`crate::validate`] does).

use std::collections::BTreeMap;

/// How much a field is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Required: an event without it is rejected.
    R,
    /// Expected: its absence is warned about once per run.
    E,
    /// Expected unless the update was skipped; then as `E`.
    U,
    /// Required under a condition that [`crate::validate`] knows.
    C,
    /// Optional.
    O,
}

/// A number that only the run knows, as the bound of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// `max_batches` of the run.
    MaxBatches,
    /// `n_envs` of the run.
    NEnvs,
    /// `max_epochs` of the run; no bound when it is 0.
    MaxEpochs,
    /// `max_entropy` of the run.
    MaxEntropy,
}

/// One end of a range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Edge {
    /// No bound.
    Open,
    /// Bound included.
    Incl(f64),
    /// Bound excluded.
    Excl(f64),
    /// Bound included, but only while the run knows the other number: no bound without it.
    InclGiven(f64, Bound),
    /// Bound of the run, included; no bound while it is not known.
    UpTo(Bound),
    /// Bound of the run, excluded; no bound while it is not known.
    Below(Bound),
}

/// The expected range of a field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// Lower end.
    pub low: Edge,
    /// Upper end.
    pub high: Edge,
}

/// Returns the range between two ends.
pub const fn span(low: Edge, high: Edge) -> Span {
    Span { low, high }
}

/// Any value.
pub const ANY: Span = span(Edge::Open, Edge::Open);
/// 0 or more.
pub const FROM_0: Span = span(Edge::Incl(0.0), Edge::Open);
/// 1 or more.
pub const FROM_1: Span = span(Edge::Incl(1.0), Edge::Open);
/// More than 0.
pub const ABOVE_0: Span = span(Edge::Excl(0.0), Edge::Open);
/// 0 to 1.
pub const UNIT: Span = span(Edge::Incl(0.0), Edge::Incl(1.0));
/// 0 to 100.
pub const PERCENT: Span = span(Edge::Incl(0.0), Edge::Incl(100.0));

impl Span {
    /// Returns whether a finite `value` lies in the range; `bound` tells what the run knows.
    ///
    /// Non-finite values always do: they are critical readings, not range violations.
    pub fn contains(self, value: f64, bound: impl Fn(Bound) -> Option<f64>) -> bool {
        if !value.is_finite() {
            return true;
        }
        let above = match self.low {
            Edge::Open => true,
            Edge::Incl(low) => low <= value,
            Edge::InclGiven(low, name) => bound(name).is_none() || low <= value,
            Edge::Excl(low) => low < value,
            Edge::UpTo(name) => bound(name).is_none_or(|low| low <= value),
            Edge::Below(name) => bound(name).is_none_or(|low| low < value),
        };
        let below = match self.high {
            Edge::Open => true,
            Edge::Incl(high) => value <= high,
            Edge::InclGiven(high, name) => bound(name).is_none() || value <= high,
            Edge::Excl(high) => value < high,
            Edge::UpTo(name) => bound(name).is_none_or(|high| value <= high),
            Edge::Below(name) => bound(name).is_none_or(|high| value < high),
        };
        above && below
    }
}

/// What the contract expects of one field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FieldSpec {
    /// Name on the wire and in Rust.
    pub name: &'static str,
    /// How much it is needed.
    pub need: Need,
    /// Soft range.
    pub range: Span,
}

/// What stands in a field, as far as [`FieldSpec`] cares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Seen {
    /// `None`.
    Absent,
    /// A number; integers beyond 2^53 lose digits, which no range notices.
    Number(f64),
    /// Something without a range.
    Other,
}

/// A payload with its table of fields.
pub trait Payload {
    /// The fields in the order of the contract, which is also the order on the wire.
    const FIELDS: &'static [FieldSpec];

    /// Calls `visit` with position, specification and content of every field, in order.
    fn visit_fields(&self, visit: &mut dyn FnMut(usize, &'static FieldSpec, Seen));
}

/// A type that can stand in a payload field.
pub trait FieldValue {
    /// Returns what stands in the field.
    fn seen(&self) -> Seen;
}

macro_rules! number_field {
    ($($t:ty),+) => { $(impl FieldValue for $t {
        fn seen(&self) -> Seen { Seen::Number(*self as f64) }
    })+ };
}
number_field!(f64, u64);

impl FieldValue for u32 {
    fn seen(&self) -> Seen {
        Seen::Number(f64::from(*self))
    }
}

macro_rules! other_field {
    ($($t:ty),+ $(,)?) => { $(impl FieldValue for $t {
        fn seen(&self) -> Seen { Seen::Other }
    })+ };
}
other_field!(
    bool,
    String,
    crate::kind::Lane,
    crate::payload::BatchOutcome,
    crate::payload::FinishReason,
    crate::payload::LossCause,
    crate::payload::Phase,
    crate::payload::SkipReason,
);

impl<T: FieldValue> FieldValue for Option<T> {
    fn seen(&self) -> Seen {
        self.as_ref().map_or(Seen::Absent, FieldValue::seen)
    }
}

impl<K, V> FieldValue for BTreeMap<K, V> {
    fn seen(&self) -> Seen {
        Seen::Other
    }
}

impl<T> FieldValue for Vec<T> {
    fn seen(&self) -> Seen {
        Seen::Other
    }
}

/// Writes the [`Payload`] of a struct. The pattern names every field, so that a new one cannot be forgotten here.
macro_rules! field_table {
    ($name:ident $($field:ident: $need:ident, $range:expr;)+) => {
        impl $crate::field::Payload for $name {
            const FIELDS: &'static [$crate::field::FieldSpec] = &[$($crate::field::FieldSpec {
                name: stringify!($field),
                need: $crate::field::Need::$need,
                range: $range,
            },)+];

            fn visit_fields(
                &self,
                visit: &mut dyn FnMut(usize, &'static $crate::field::FieldSpec, $crate::field::Seen),
            ) {
                let Self { $($field,)+ } = self;
                let seen = [$($crate::field::FieldValue::seen($field),)+];
                for (at, (spec, seen)) in Self::FIELDS.iter().zip(seen).enumerate() {
                    visit(at, spec, seen);
                }
            }
        }
    };
}

pub(crate) use field_table;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_knows_its_ends() {
        let envs = span(Edge::Incl(0.0), Edge::Below(Bound::NEnvs));
        let four = |_| Some(4.0);
        assert!(
            envs.contains(3.0, four) && !envs.contains(4.0, four) && envs.contains(4.0, |_| None)
        );
        // The entropy of a continuous policy, which has no largest one, may be negative.
        let entropy = span(Edge::InclGiven(0.0, Bound::MaxEntropy), Edge::UpTo(Bound::MaxEntropy));
        assert!(!entropy.contains(-0.1, four) && entropy.contains(-0.1, |_| None));
        assert!(!ABOVE_0.contains(0.0, four) && FROM_0.contains(0.0, four));
        assert!(UNIT.contains(f64::NAN, four) && !UNIT.contains(1.000_001, four));
    }
}
