//! Finds the known name that a mistyped one most likely meant.

/// Returns the candidate closest to `text`, the first of equals; `None` only without candidates.
///
/// Capitals do not count. For names with dots the part after the last dot alone is compared too, because a forgotten
/// beginning (`kl_divergence` for `policy.kl_divergence`) is the most common slip.
pub(crate) fn nearest<'a>(
    text: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let text = text.to_lowercase();
    candidates.into_iter().min_by_key(|candidate| {
        let candidate = candidate.to_lowercase();
        let whole = distance(&text, &candidate);
        candidate.rsplit_once('.').map_or(whole, |(_, last)| whole.min(1 + distance(&text, last)))
    })
}

/// Returns the optimal string alignment distance in characters: insertions, deletions, replacements and swaps of
/// neighbours cost 1 each.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut previous = None;
    for (i, x) in a.chars().enumerate() {
        let mut row = vec![i + 1];
        for (j, &y) in b.iter().enumerate() {
            let replaced = last[j] + usize::from(x != y);
            let mut best = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if 0 < j && previous == Some(y) && x == b[j - 1] {
                best = best.min(before_last[j - 1] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
        previous = Some(x);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_single_slips() {
        for (a, b, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("end", "end", 0),
            ("ned", "end", 1),
            ("kitten", "sitting", 3),
            ("größe", "grösse", 2),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn the_nearest_name_forgives_typing_errors_and_forgotten_beginnings() {
        let paths = ["connection", "envs", "policy.entropy", "policy.kl_divergence"];
        for (text, expected) in [
            ("policy.kl_divergance", "policy.kl_divergence"),
            ("kl_divergence", "policy.kl_divergence"),
            ("entropy", "policy.entropy"),
            ("Connecton", "connection"),
            ("", "envs"),
        ] {
            assert_eq!(nearest(text, paths), Some(expected), "{text}");
        }
        assert_eq!(nearest("x", []), None);
    }
}
