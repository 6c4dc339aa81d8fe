//! Other values for a leaf: close by, far away, absent.
//!
//! Nobody tells what a leaf may hold. So these are proposals, and one that the type refuses is none.

use crate::rig::Tree;
use crate::tree::{child_mut, is_reading, same, value_of};

/// What is known about a leaf before it is moved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Size of one displayed unit.
    pub step: Option<f64>,
    /// Smallest value of the declared range.
    pub low: f64,
    /// Largest value of the declared range.
    pub high: f64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { step: None, low: f64::NEG_INFINITY, high: f64::INFINITY }
    }
}

impl Bounds {
    fn holds(&self, x: f64) -> bool {
        self.low <= x && x <= self.high
    }
}

/// Other values of a leaf, apart from its absence: near ones first. A reading keeps everything but its value.
pub fn nudges(leaf: &Tree, bounds: Bounds, words: &[Vec<&'static str>]) -> Vec<Tree> {
    let values = match value_of(leaf) {
        Tree::Bool(x) => vec![Tree::Bool(!x)],
        Tree::Integer(x) => integers(i128::from(*x), bounds),
        Tree::Float(x) => floats(*x, bounds).into_iter().map(Tree::Float).collect(),
        Tree::Text(x) => texts(x, words),
        Tree::Array(items) => lists(items, words),
        Tree::Map(entries) => match entries.as_slice() {
            // A variant that holds something.
            [(name, content)] => nudges(content, Bounds::default(), words)
                .into_iter()
                .map(|content| Tree::Map(vec![(name.clone(), content)]))
                .collect(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    values.into_iter().map(|value| with_value(leaf, value)).filter(|new| !same(new, leaf)).collect()
}

/// Returns values of quite another size, for digits that a small change does not reach: hours of a duration.
pub fn far(leaf: &Tree, bounds: Bounds) -> Vec<Tree> {
    let factors = [1e2, 1e3, 1e4, 1e5, 1e7, 1e-2, 1e-3];
    let values = match value_of(leaf) {
        Tree::Integer(x) => {
            let x = (i128::from(*x) as f64).max(1.0);
            let all = factors.map(|factor| x * factor).into_iter().filter(|y| bounds.holds(*y));
            all.filter_map(|y| integer(y as i128)).collect()
        }
        Tree::Float(x) if x.is_finite() => {
            let all =
                factors.map(|factor| x * factor).into_iter().chain([bounds.low, bounds.high, -x]);
            all.filter(|y| y.is_finite() && bounds.holds(*y)).map(Tree::Float).collect()
        }
        _ => Vec::new(),
    };
    values.into_iter().map(|value| with_value(leaf, value)).filter(|new| !same(new, leaf)).collect()
}

/// Returns a leaf with another value: a reading keeps everything else.
pub fn with_value(leaf: &Tree, value: Tree) -> Tree {
    if !is_reading(leaf) {
        return value;
    }
    let mut leaf = leaf.clone();
    if let Some(place) = child_mut(&mut leaf, "value") {
        *place = value;
    }
    leaf
}

/// Returns a reading in which only what belongs to its value is changed: the verdict (every word of its list), the
/// freshness, the batch. Empty for anything else.
pub fn readings(leaf: &Tree, words: &[Vec<&'static str>]) -> Vec<Tree> {
    if !is_reading(leaf) {
        return Vec::new();
    }
    let change = |name: &str, value: Tree| {
        let mut leaf = leaf.clone();
        if let Some(place) = child_mut(&mut leaf, name) {
            *place = value;
        }
        leaf
    };
    let mut all = Vec::new();
    if let Some(Tree::Text(verdict)) = crate::tree::child(leaf, "verdict") {
        let others = words.iter().filter(|list| list.contains(&verdict.as_str())).flatten();
        all.extend(others.map(|word| change("verdict", Tree::Text((*word).to_owned()))));
    }
    if let Some(Tree::Bool(fresh)) = crate::tree::child(leaf, "fresh") {
        all.push(change("fresh", Tree::Bool(!fresh)));
    }
    if let Some(Tree::Integer(batch)) = crate::tree::child(leaf, "batch")
        && let Some(next) = integer(i128::from(*batch) + 1)
    {
        all.push(change("batch", next));
    }
    all.retain(|new| !same(new, leaf));
    all
}

fn integer(x: i128) -> Option<Tree> {
    u64::try_from(x).map(Tree::from).or_else(|_| i64::try_from(x).map(Tree::from)).ok()
}

fn integers(x: i128, bounds: Bounds) -> Vec<Tree> {
    let step = bounds.step.map_or(1, |step| (step as i128).max(1));
    let near = [x + step, x - step].into_iter().find(|x| bounds.holds(*x as f64));
    let far = if x == 0 { 10 * step } else { x.saturating_mul(10) };
    let far = [far, x / 10, x + 7 * step, x - 7 * step];
    let far = far.into_iter().find(|y| *y != x && bounds.holds(*y as f64));
    near.into_iter().chain(far).filter_map(integer).collect()
}

fn floats(x: f64, bounds: Bounds) -> Vec<f64> {
    if !x.is_finite() {
        return [1.0, 0.5, bounds.low].into_iter().filter(|x| bounds.holds(*x)).take(1).collect();
    }
    // Without a declared unit: the second digit moves, whatever the size of the value.
    let step = bounds.step.unwrap_or(if x == 0.0 { 1.0 } else { x.abs() / 8.0 });
    let near = [x + step, x - step].into_iter().find(|x| bounds.holds(*x));
    let far = [if x == 0.0 { 10.0 * step } else { x * 10.0 }, x / 10.0, middle(bounds)];
    let far =
        far.into_iter().find(|y| y.is_finite() && y.to_bits() != x.to_bits() && bounds.holds(*y));
    near.into_iter().chain(far).collect()
}

const fn middle(bounds: Bounds) -> f64 {
    f64::midpoint(bounds.low, bounds.high)
}

fn texts(x: &str, words: &[Vec<&'static str>]) -> Vec<Tree> {
    let mut all = Vec::new();
    for list in words {
        if let Some(at) = list.iter().position(|word| *word == x) {
            all.push(list[(at + 1) % list.len()].to_owned());
        }
    }
    if let Some(other) = other_time(x) {
        all.push(other);
    }
    if x.contains(|c: char| c.is_ascii_digit()) {
        all.push(x.chars().map(other_digit).collect());
    }
    all.push(format!("{x}~"));
    // Where a word is no list that is known, and something longer is refused.
    all.push(x.chars().rev().collect());
    all.into_iter().map(Tree::Text).collect()
}

fn other_digit(c: char) -> char {
    c.to_digit(10).and_then(|digit| char::from_digit((digit + 1) % 10, 10)).unwrap_or(c)
}

/// Returns an RFC 3339 time in which every digit of the time of day is another one.
fn other_time(x: &str) -> Option<String> {
    let (date, time) = x.split_once('T')?;
    let (clock, rest) = time.split_at_checked(8)?;
    let mut numbers = Vec::new();
    for (part, limit) in clock.split(':').zip([24, 60, 60]) {
        numbers.push((part.parse::<u32>().ok()? + 11) % limit);
    }
    let [hours, minutes, seconds] = numbers.try_into().ok()?;
    Some(format!("{date}T{hours:02}:{minutes:02}:{seconds:02}{rest}"))
}

fn lists(items: &[Tree], words: &[Vec<&'static str>]) -> Vec<Tree> {
    let with = |at: usize, other: Tree| {
        let mut changed = items.to_vec();
        changed[at] = other;
        Tree::Array(changed)
    };
    let Some((last, before)) = items.split_last() else { return Vec::new() };
    let mut all: Vec<Tree> =
        entries(last, words).into_iter().map(|other| with(before.len(), other)).collect();
    if let Some(first) = before.first() {
        all.extend(entries(first, words).into_iter().map(|other| with(0, other)));
    }
    let other = entries(last, words).into_iter().next().unwrap_or_else(|| last.clone());
    all.push(Tree::Array(items.iter().chain([&other]).cloned().collect()));
    if !before.is_empty() {
        all.push(Tree::Array(vec![last.clone()]));
    }
    all
}

/// Other values of an entry of a list. Of a point every number moves for itself, the last one first; it never grows.
fn entries(entry: &Tree, words: &[Vec<&'static str>]) -> Vec<Tree> {
    let Tree::Array(numbers) = entry else { return nudges(entry, Bounds::default(), words) };
    let mut all = Vec::new();
    for (at, number) in numbers.iter().enumerate().rev() {
        for other in nudges(number, Bounds::default(), words) {
            let mut changed = numbers.clone();
            changed[at] = other;
            all.push(Tree::Array(changed));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Vec<Vec<&'static str>> {
        vec![vec!["waiting", "live", "stale"], vec!["healthy", "warning", "critical"]]
    }

    #[track_caller]
    fn check(leaf: impl Into<Tree>, bounds: Bounds, expected: &[Tree]) {
        let seen = nudges(&leaf.into(), bounds, &words());
        assert!(
            seen.len() == expected.len() && seen.iter().zip(expected).all(|(a, b)| same(a, b)),
            "{seen:?}"
        );
    }

    fn between(low: f64, high: f64, step: Option<f64>) -> Bounds {
        Bounds { step, low, high }
    }

    #[test]
    fn numbers_move_by_a_unit_and_by_ten_times_inside_their_range() {
        let free = Bounds::default();
        check(40, free, &[41.into(), 400.into()]);
        check(0, free, &[1.into(), 10.into()]);
        check(3, between(0.0, 3.0, None), &[2.into(), 0.into()]);
        check(0.25, between(0.0, 1.0, Some(0.25)), &[0.5.into(), 0.025.into()]);
        check(8.0, free, &[9.0.into(), 80.0.into()]);
        check(f64::NAN, free, &[1.0.into()]);
    }

    #[test]
    fn far_values_are_of_another_size_and_inside_the_range() {
        let count = |bounds| far(&Tree::from(18.0), bounds).len();
        assert_eq!(count(Bounds::default()), 8, "seven factors and the opposite");
        assert_eq!(count(between(0.0, 1.0, None)), 4, "two small ones and both ends");
        assert!(far(&Tree::from("text"), Bounds::default()).is_empty());
    }

    #[test]
    fn flags_words_texts_and_lists_move() {
        let free = Bounds::default();
        check(true, free, &[false.into()]);
        check("stale", free, &["waiting".into(), "stale~".into(), "elats".into()]);
        check(
            "2026-11-22T23:59:01Z",
            free,
            &[
                "2026-11-22T10:10:12Z".into(),
                "3137-22-33T34:60:12Z".into(),
                "2026-11-22T23:59:01Z~".into(),
                "Z10:95:32T22-11-6202".into(),
            ],
        );
        check(Tree::Null, free, &[]);
        let list = |items: &[i32]| Tree::Array(items.iter().map(|x| Tree::from(*x)).collect());
        check(
            list(&[1, 2]),
            free,
            &[
                list(&[1, 3]),
                list(&[1, 20]),
                list(&[2, 2]),
                list(&[10, 2]),
                list(&[1, 2, 3]),
                list(&[2]),
            ],
        );
        let points = |x, y| Tree::Array(vec![list(&[x, y])]);
        let grown = Tree::Array(vec![list(&[1, 2]), list(&[1, 3])]);
        check(
            points(1, 2),
            free,
            &[points(1, 3), points(1, 20), points(2, 2), points(10, 2), grown],
        );
        check(list(&[]), free, &[]);
    }

    #[test]
    fn a_reading_keeps_everything_but_its_value_or_moves_what_belongs_to_it() {
        let pairs: [(&str, Tree); 5] = [
            ("value", 8.0.into()),
            ("batch", 3.into()),
            ("mono_ns", 5.into()),
            ("fresh", true.into()),
            ("verdict", "healthy".into()),
        ];
        let reading = Tree::Map(pairs.map(|(key, value)| (key.into(), value)).into());
        let near = nudges(&reading, Bounds::default(), &words()).remove(0);
        assert!(same(value_of(&near), &9.0.into()));
        assert!(is_reading(&near));
        assert_eq!(readings(&reading, &words()).len(), 4, "two verdicts, freshness, batch");
        assert!(readings(value_of(&reading), &words()).is_empty());
    }
}
