//! Values as trees: paths, leaves, differences, and the JSON of the evidence.
//!
//! A leaf is what has one meaning: a number, a word, a text, a flag, a list of them, or a reading with all that belongs
//! to it. A path names it: `envs[0].status` with indices, `envs[*].status` for all of them. A list of numbers is one leaf
//! without brackets (`policy.entropy_history`), and so are pairs (`metrics[*].points`).

use std::collections::BTreeSet;
use std::fmt;

use crate::rig::Tree;

mod de;
mod json;
mod ser;

pub use de::{from_tree, from_variant};
pub use json::{from_json, to_json};
pub use ser::{Refused, to_tree};

/// One step from the root towards a leaf.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// A field.
    Field(String),
    /// An entry of a list.
    Index(usize),
    /// An entry of a map, whose keys are data.
    Entry(String),
}

/// The way from the root to a leaf.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Path(pub Vec<Part>);

/// Which maps have data for keys, and which lists hold more than plain values; by path with `[*]`.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    maps: BTreeSet<String>,
    lists: BTreeSet<String>,
}

/// Names of the fields that make a map a reading.
const READING: [&str; 5] = ["value", "batch", "mono_ns", "fresh", "verdict"];

impl Path {
    /// Returns the path of a field of what this path names.
    #[must_use]
    pub fn field(&self, name: &str) -> Self {
        self.with(Part::Field(name.to_owned()))
    }

    /// Returns this path with one more step.
    #[must_use]
    pub fn with(&self, part: Part) -> Self {
        let mut parts = self.0.clone();
        parts.push(part);
        Self(parts)
    }

    /// Returns the field that it begins with.
    #[must_use]
    pub fn top(&self) -> Option<&str> {
        match self.0.first() {
            Some(Part::Field(name) | Part::Entry(name)) => Some(name),
            Some(Part::Index(_)) | None => None,
        }
    }

    /// Returns the path with `[*]` for every index and key.
    pub fn wild(&self) -> String {
        self.text(true)
    }

    fn text(&self, is_wild: bool) -> String {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Field(name) => {
                    if !text.is_empty() {
                        text.push('.');
                    }
                    text.push_str(name);
                }
                Part::Index(_) | Part::Entry(_) if is_wild => text.push_str("[*]"),
                Part::Index(index) => text.extend(["[", &index.to_string(), "]"]),
                Part::Entry(key) => text.extend(["[", key, "]"]),
            }
        }
        text
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(false))
    }
}

impl Shape {
    /// Returns the shape of trees whose maps with data for keys are at these paths.
    pub fn new<'a>(maps: impl IntoIterator<Item = &'a str>) -> Self {
        Self { maps: maps.into_iter().map(str::to_owned).collect(), lists: BTreeSet::new() }
    }

    /// Adds what an element of a list or map is made of, by a path that ends in `[*]`.
    pub fn element(&mut self, path: &str, element: &Tree) {
        let owner = path.strip_suffix("[*]").unwrap_or(path);
        if matches!(element, Tree::Map(_)) && !self.maps.contains(owner) {
            self.lists.insert(owner.to_owned());
        }
    }

    /// Adds the lists of a tree that hold more than plain values.
    pub fn observe(&mut self, at: &Path, tree: &Tree) {
        match tree {
            Tree::Map(entries) => {
                for (key, value) in entries {
                    self.observe(&self.step(at, key), value);
                }
            }
            Tree::Array(items) => {
                if items.iter().any(|item| matches!(item, Tree::Map(_))) {
                    self.lists.insert(at.wild());
                }
                for (index, item) in items.iter().enumerate() {
                    self.observe(&at.with(Part::Index(index)), item);
                }
            }
            _ => {}
        }
    }

    fn step(&self, at: &Path, key: &Tree) -> Path {
        let name = key.as_text().map_or_else(|| format!("{key:?}"), str::to_owned);
        at.with(if self.maps.contains(&at.wild()) { Part::Entry(name) } else { Part::Field(name) })
    }

    /// Returns whether what stands here has parts that are leaves of their own.
    fn is_container(&self, at: &Path, tree: &Tree) -> bool {
        match tree {
            Tree::Map(entries) => {
                !is_reading(tree) && (!entries.is_empty() || self.maps.contains(&at.wild()))
            }
            Tree::Array(_) => self.lists.contains(&at.wild()),
            _ => false,
        }
    }

    /// Returns every leaf below `at`, with its path, in the order of the fields.
    pub fn leaves<'t>(&self, at: &Path, tree: &'t Tree) -> Vec<(Path, &'t Tree)> {
        let mut found = Vec::new();
        self.collect(at, tree, &mut found);
        found
    }

    fn collect<'t>(&self, at: &Path, tree: &'t Tree, found: &mut Vec<(Path, &'t Tree)>) {
        if !self.is_container(at, tree) {
            found.push((at.clone(), tree));
            return;
        }
        match tree {
            Tree::Map(entries) => {
                for (key, value) in entries {
                    self.collect(&self.step(at, key), value, found);
                }
            }
            Tree::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.collect(&at.with(Part::Index(index)), item, found);
                }
            }
            _ => {}
        }
    }

    /// Returns every leaf in which two trees differ. A part that only one of them has counts with all its leaves.
    pub fn differences(&self, at: &Path, a: &Tree, b: &Tree) -> BTreeSet<Path> {
        let mut found = BTreeSet::new();
        self.compare(at, a, b, &mut found);
        found
    }

    fn compare(&self, at: &Path, a: &Tree, b: &Tree, found: &mut BTreeSet<Path>) {
        // Most of two snapshots is the same, and looking costs less than naming.
        if same(a, b) {
            return;
        }
        let whole = |tree: &Tree, found: &mut BTreeSet<Path>| {
            found.extend(self.leaves(at, tree).into_iter().map(|(path, _)| path));
        };
        match (self.is_container(at, a), self.is_container(at, b)) {
            (false, false) => {
                found.insert(at.clone());
            }
            (true, false) => whole(a, found),
            (false, true) => whole(b, found),
            (true, true) => {
                let (a, b) = (self.children(at, a), self.children(at, b));
                for (index, (path, x)) in a.iter().enumerate() {
                    let in_place = b.get(index).filter(|(other, _)| other == path);
                    match in_place.or_else(|| b.iter().find(|(other, _)| other == path)) {
                        Some((_, y)) => self.compare(path, x, y, found),
                        None => {
                            found.extend(self.leaves(path, x).into_iter().map(|(path, _)| path));
                        }
                    }
                }
                for (path, y) in &b {
                    if !a.iter().any(|(other, _)| other == path) {
                        found.extend(self.leaves(path, y).into_iter().map(|(path, _)| path));
                    }
                }
            }
        }
    }

    fn children<'t>(&self, at: &Path, tree: &'t Tree) -> Vec<(Path, &'t Tree)> {
        match tree {
            Tree::Map(entries) => {
                entries.iter().map(|(key, value)| (self.step(at, key), value)).collect()
            }
            Tree::Array(items) => items
                .iter()
                .enumerate()
                .map(|(index, item)| (at.with(Part::Index(index)), item))
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// Returns whether a tree is a reading: a value with its batch, its time, its freshness and its verdict.
pub fn is_reading(tree: &Tree) -> bool {
    let Tree::Map(entries) = tree else { return false };
    entries.len() == READING.len()
        && entries.iter().zip(READING).all(|((key, _), name)| key.as_text() == Some(name))
}

/// Returns the value of a reading, and anything else as it is.
pub fn value_of(tree: &Tree) -> &Tree {
    if is_reading(tree) { child(tree, "value").unwrap_or(tree) } else { tree }
}

/// Returns a field of a map.
pub fn child<'t>(tree: &'t Tree, name: &str) -> Option<&'t Tree> {
    let Tree::Map(entries) = tree else { return None };
    entries.iter().find(|(key, _)| key.as_text() == Some(name)).map(|(_, value)| value)
}

/// Returns a field of a map, to change it.
pub fn child_mut<'t>(tree: &'t mut Tree, name: &str) -> Option<&'t mut Tree> {
    let Tree::Map(entries) = tree else { return None };
    entries.iter_mut().find(|(key, _)| key.as_text() == Some(name)).map(|(_, value)| value)
}

/// Returns what stands at a path.
pub fn get<'t>(tree: &'t Tree, path: &Path) -> Option<&'t Tree> {
    path.0.iter().try_fold(tree, |tree, part| match (part, tree) {
        (Part::Field(name) | Part::Entry(name), _) => child(tree, name),
        (Part::Index(index), Tree::Array(items)) => items.get(*index),
        (Part::Index(_), _) => None,
    })
}

/// Returns what stands at a path, to change it.
pub fn get_mut<'t>(tree: &'t mut Tree, path: &Path) -> Option<&'t mut Tree> {
    path.0.iter().try_fold(tree, |tree, part| match (part, tree) {
        (Part::Field(name) | Part::Entry(name), tree) => child_mut(tree, name),
        (Part::Index(index), Tree::Array(items)) => items.get_mut(*index),
        (Part::Index(_), _) => None,
    })
}

/// Puts a value at a path that exists, and returns whether it does.
pub fn set(tree: &mut Tree, path: &Path, value: Tree) -> bool {
    get_mut(tree, path).map(|place| *place = value).is_some()
}

/// Returns whether two trees are the same, with NaN the same as NaN, and 0 not the same as -0.
pub fn same(a: &Tree, b: &Tree) -> bool {
    match (a, b) {
        (Tree::Float(a), Tree::Float(b)) => a.to_bits() == b.to_bits(),
        (Tree::Array(a), Tree::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Tree::Map(a), Tree::Map(b)) => {
            a.len() == b.len()
                && a.iter().zip(b).all(|((ka, a), (kb, b))| same(ka, kb) && same(a, b))
        }
        _ => a == b,
    }
}

/// Returns the number in a tree.
pub fn number(tree: &Tree) -> Option<f64> {
    match tree {
        Tree::Float(x) => Some(*x),
        Tree::Integer(x) => Some(i128::from(*x) as f64),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Serialize};
    use serde_json::json;

    use super::*;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    enum Word {
        Up,
        Down { why: String },
        Pair(u8, u8),
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Reading {
        value: f64,
        batch: Option<u64>,
        mono_ns: u64,
        fresh: bool,
        verdict: Word,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Env {
        id: u32,
        name: Option<String>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Whole {
        loss: Option<Reading>,
        history: Vec<f64>,
        envs: Vec<Env>,
        points: BTreeMap<String, Vec<(u64, f64)>>,
        words: Vec<Word>,
        offset: i8,
    }

    fn whole() -> Whole {
        Whole {
            loss: Some(Reading {
                value: 0.5,
                batch: Some(3),
                mono_ns: 9,
                fresh: true,
                verdict: Word::Up,
            }),
            history: vec![1.0, -0.0],
            envs: vec![Env { id: 0, name: None }, Env { id: 1, name: Some("a".to_owned()) }],
            points: BTreeMap::from([("x".to_owned(), vec![(1, 2.0)])]),
            words: vec![Word::Down { why: "so".to_owned() }, Word::Pair(1, 2)],
            offset: -3,
        }
    }

    fn shape(tree: &Tree) -> Shape {
        let mut shape = Shape::new(["points"]);
        shape.observe(&Path::default(), tree);
        shape
    }

    #[test]
    fn a_value_is_the_same_after_the_way_through_a_tree() {
        let tree = to_tree(&whole()).unwrap();
        assert_eq!(from_tree::<Whole>(&tree), Ok(whole()));
    }

    #[test]
    fn a_variant_is_read_from_what_it_holds() {
        let content = to_tree(&BTreeMap::from([("why", "so")])).unwrap();
        assert_eq!(from_variant("Down", &content), Ok(Word::Down { why: "so".to_owned() }));
        assert!(from_variant::<Word>("Up", &content).is_err());
        assert!(from_variant::<u8>("Down", &content).is_err());
    }

    #[test]
    fn leaves_have_paths_and_a_reading_is_one() {
        let tree = to_tree(&whole()).unwrap();
        let leaves = shape(&tree).leaves(&Path::default(), &tree);
        let paths: Vec<_> = leaves.iter().map(|(path, _)| path.to_string()).collect();
        let expected = [
            "loss",
            "history",
            "envs[0].id",
            "envs[0].name",
            "envs[1].id",
            "envs[1].name",
            "points[x]",
            "words[0].Down.why",
            "words[1].Pair",
            "offset",
        ];
        assert_eq!(paths, expected);
        assert_eq!(leaves[6].0.wild(), "points[*]");
        assert_eq!(to_json(leaves[0].1), json!(0.5));
    }

    #[test]
    fn a_change_of_the_wrong_type_is_refused() {
        let mut tree = to_tree(&whole()).unwrap();
        let path = Path::default().field("offset");
        assert!(set(&mut tree, &path, Tree::Text("three".to_owned())));
        assert!(from_tree::<Whole>(&tree).is_err());
        assert!(!set(&mut tree, &Path::default().field("nothing"), Tree::Null));
    }

    #[track_caller]
    fn check_differences(change: impl FnOnce(&mut Whole), expected: &[&str]) {
        let before = to_tree(&whole()).unwrap();
        let mut after = whole();
        change(&mut after);
        let after = to_tree(&after).unwrap();
        let seen = shape(&before).differences(&Path::default(), &before, &after);
        assert_eq!(seen.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn differences_name_the_leaves() {
        check_differences(|_| {}, &[]);
        check_differences(|x| x.loss = None, &["loss"]);
        check_differences(|x| x.envs[1].name = None, &["envs[1].name"]);
        check_differences(|x| x.envs.truncate(1), &["envs[1].id", "envs[1].name"]);
        check_differences(|x| x.points.clear(), &["points[x]"]);
        check_differences(|x| x.history[1] = 0.0, &["history"]);
    }
}
