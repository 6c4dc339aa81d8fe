//! The names nearest to one that does not exist.

/// Names offered at most.
const OFFERED: usize = 3;

/// Returns the nearest of some names, the best first; none if all are far off.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let limit = (name.chars().count() / 3).max(2);
    let mut ranked: Vec<(usize, &str)> =
        known.into_iter().map(|other| (distance(name, other), other)).collect();
    ranked.retain(|(far, _)| *far <= limit);
    ranked.sort_unstable();
    ranked.dedup();
    ranked.into_iter().take(OFFERED).map(|(_, name)| name.to_owned()).collect()
}

/// Returns how many insertions, deletions and replacements make one text of the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (row, x) in a.chars().enumerate() {
        let mut left = row + 1;
        let mut line = vec![left];
        for (column, y) in b.iter().enumerate() {
            let replaced = above[column] + usize::from(x != *y);
            left = replaced.min(above[column + 1] + 1).min(left + 1);
            line.push(left);
        }
        above = line;
    }
    above.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_levenshtein() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("same", "same"), 0);
    }

    #[test]
    fn near_names_are_offered_and_far_ones_are_not() {
        let known = ["max_batches", "max_epochs", "run_id", "start_batch"];
        assert_eq!(nearest("max_batch", known), ["max_batches"]);
        assert_eq!(nearest("max_batchs", known)[0], "max_batches");
        assert_eq!(nearest("entropy", known), Vec::<String>::new());
    }
}
