//! How much of the program the records and the evidence cover, today and in the committed INDEX.md.

use std::fmt;

/// The six figures. A figure with nothing to cover is `n/a`, never 100 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Coverage {
    /// Snapshot leaves with a record.
    pub(crate) record: Ratio,
    /// Payload leaves that move something or are declared as not shown.
    pub(crate) payload_use: Ratio,
    /// Snapshot leaves that move a cell.
    pub(crate) display: Ratio,
    /// Numerals on the screen that are explained.
    pub(crate) screen: Ratio,
    /// Boxes earned.
    pub(crate) evidence: Ratio,
    /// Wire cuts killed; `n/a` without `--deep`.
    pub(crate) deep: Ratio,
}

/// So many of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Ratio {
    pub(crate) part: u32,
    pub(crate) whole: u32,
}

/// Names of the figures, in order, and what they count.
pub(crate) const FIGURES: [(&str, &str); 6] = [
    ("record", "snapshot leaves with a record"),
    ("payload use", "payload leaves that move something or are declared as not shown"),
    ("display", "snapshot leaves that move a cell"),
    ("screen", "numerals on the screen that are explained"),
    ("evidence", "boxes earned"),
    ("deep", "wire cuts killed"),
];

impl Ratio {
    /// Returns so many of so many.
    pub(crate) const fn new(part: u32, whole: u32) -> Self {
        Self { part, whole }
    }

    /// Returns whether it is a smaller share than `other`. What cannot be compared has not fallen, except that a figure
    /// which was measured and now has nothing to measure has.
    pub(crate) fn fell_below(self, other: Self) -> bool {
        match (self.whole, other.whole) {
            (_, 0) => false,
            (0, _) => true,
            _ => {
                u64::from(self.part) * u64::from(other.whole)
                    < u64::from(other.part) * u64::from(self.whole)
            }
        }
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.whole == 0 { f.pad("n/a") } else { f.pad(&format!("{}/{}", self.part, self.whole)) }
    }
}

impl Coverage {
    /// Returns the figures in the order of [`FIGURES`].
    pub(crate) const fn figures(&self) -> [Ratio; 6] {
        [self.record, self.payload_use, self.display, self.screen, self.evidence, self.deep]
    }

    /// Returns the figures that fell: name, today, before. Cuts are counted by `--deep` only, so a run without it says
    /// nothing about them.
    pub(crate) fn fallen(&self, before: &Self) -> Vec<(&'static str, Ratio, Ratio)> {
        let names = FIGURES.iter().map(|(name, _)| *name);
        let pairs = self.figures().into_iter().zip(before.figures());
        names
            .zip(pairs)
            .filter(|(name, (now, before))| {
                now.fell_below(*before) && (*name != "deep" || now.whole != 0)
            })
            .map(|(name, (now, before))| (name, now, before))
            .collect()
    }

    /// Returns the figures that a generated INDEX.md holds; `None`: it holds no coverage block.
    pub(crate) fn read(index: &str) -> Option<Self> {
        let mut figures = [None; 6];
        for line in index.lines() {
            let cells: Vec<&str> =
                line.trim().trim_matches('|').split('|').map(str::trim).collect();
            let [name, figure, ..] = cells[..] else { continue };
            let Some(at) = FIGURES.iter().position(|(known, _)| *known == name) else { continue };
            figures[at] = read_ratio(figure);
        }
        let [record, payload_use, display, screen, evidence, deep] = figures;
        Some(Self {
            record: record?,
            payload_use: payload_use?,
            display: display?,
            screen: screen?,
            evidence: evidence?,
            deep: deep?,
        })
    }
}

fn read_ratio(text: &str) -> Option<Ratio> {
    if text == "n/a" {
        return Some(Ratio::default());
    }
    let (part, whole) = text.split_once('/')?;
    Some(Ratio::new(part.parse().ok()?, whole.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(now: Ratio, before: Ratio, fell: bool) {
        assert_eq!(now.fell_below(before), fell, "{now} after {before}");
    }

    #[test]
    fn a_figure_falls_as_a_share_and_not_as_a_count() {
        check(Ratio::new(9, 10), Ratio::new(10, 10), true);
        check(Ratio::new(9, 9), Ratio::new(10, 10), false);
        check(Ratio::new(10, 11), Ratio::new(10, 10), true);
        check(Ratio::new(10, 11), Ratio::new(9, 11), false);
        check(Ratio::new(3, 4), Ratio::new(75, 100), false);
    }

    #[test]
    fn nothing_to_measure_is_a_fall_only_after_something() {
        check(Ratio::default(), Ratio::new(0, 5), true);
        check(Ratio::new(0, 5), Ratio::default(), false);
        check(Ratio::default(), Ratio::default(), false);
        assert_eq!(Ratio::default().to_string(), "n/a");
    }

    #[test]
    fn a_run_without_cuts_says_nothing_about_cuts() {
        let before =
            Coverage { deep: Ratio::new(9, 9), display: Ratio::new(2, 2), ..Coverage::default() };
        let now = Coverage { display: Ratio::new(1, 2), ..Coverage::default() };
        assert_eq!(now.fallen(&before), [("display", Ratio::new(1, 2), Ratio::new(2, 2))]);
        let worse = Coverage { deep: Ratio::new(8, 9), ..before };
        assert_eq!(worse.fallen(&before), [("deep", Ratio::new(8, 9), Ratio::new(9, 9))]);
    }

    #[test]
    fn an_index_without_a_figure_holds_no_coverage() {
        let whole = "| record | 3/4 | x |\n| payload use | 1/1 | x |\n| display | n/a | x |\n\
                     | screen | 9/9 | x |\n| evidence | 7/14 | x |\n| deep | n/a | x |\n";
        let read = Coverage::read(whole).expect("all six");
        assert_eq!((read.record, read.display), (Ratio::new(3, 4), Ratio::default()));
        assert_eq!(Coverage::read(&whole.replace("9/9", "all")), None);
        assert_eq!(Coverage::read("# Index\n"), None);
    }
}
