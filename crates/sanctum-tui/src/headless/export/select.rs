//! Which metrics are wanted.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::headless::failure::Failure;

/// The patterns of `--metrics`; without any, everything is wanted.
#[derive(Debug)]
pub(super) struct Selection {
    patterns: Vec<String>,
    globs: GlobSet,
    /// Whether each pattern has met a metric.
    met: Vec<bool>,
}

impl Selection {
    /// Reads the patterns: `*` stands for any characters, `?` for one, `{a,b}` for either; `[` and `]` stand for
    /// themselves, because paths of the snapshot are full of them.
    ///
    /// # Errors
    ///
    /// [`Failure::Usage`] for a pattern that means nothing.
    pub(super) fn new(patterns: &[String]) -> Result<Self, Failure> {
        let mut globs = GlobSetBuilder::new();
        for pattern in patterns {
            let glob = GlobBuilder::new(&literal_brackets(pattern)).build().map_err(|error| {
                Failure::Usage(format!("--metrics cannot be read: {}: {pattern}", error.kind()))
            })?;
            globs.add(glob);
        }
        let globs = globs
            .build()
            .map_err(|error| Failure::Usage(format!("--metrics cannot be read: {error}")))?;
        Ok(Self { patterns: patterns.to_vec(), globs, met: vec![false; patterns.len()] })
    }

    /// Returns whether a metric is wanted.
    pub(super) fn takes(&mut self, metric: &str) -> bool {
        if self.patterns.is_empty() {
            return true;
        }
        let fits = self.globs.matches(metric);
        for &at in &fits {
            if let Some(met) = self.met.get_mut(at) {
                *met = true;
            }
        }
        !fits.is_empty()
    }

    /// Returns the patterns that no metric fitted so far.
    pub(super) fn unmet(&self) -> impl Iterator<Item = &str> {
        let unmet = self.patterns.iter().zip(&self.met).filter(|(_, met)| !**met);
        unmet.map(|(pattern, _)| pattern.as_str())
    }
}

fn literal_brackets(pattern: &str) -> String {
    let escaped = |c: char| match c {
        '[' => "[[]".to_owned(),
        ']' => "[]]".to_owned(),
        c => c.to_string(),
    };
    pattern.chars().map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, metric: &str, expected: bool) {
        let mut selection = Selection::new(&[pattern.to_owned()]).unwrap();
        assert_eq!(selection.takes(metric), expected, "{pattern} {metric}");
        assert_eq!(selection.unmet().count(), usize::from(!expected));
    }

    #[test]
    fn patterns_are_globs_in_which_brackets_are_brackets() {
        check("policy.*", "policy.kl_divergence", true);
        check("policy.*", "episodes.mean_return", false);
        check("*return*", "episodes.mean_return", true);
        check("policy.kl_divergence", "policy.kl_divergence", true);
        check("policy.kl", "policy.kl_divergence", false);
        check("{policy,episodes}.mean_return", "episodes.mean_return", true);
        check("metrics[eval/*]", "metrics[eval/return]", true);
        check("envs[i].*", "envs[i].episode_return", true);
        check("*[0]*", "vitals.gpu_stats[0].memory_used_gb", true);
        check("*[0]*", "vitals.gpu_stats[1].memory_used_gb", false);
        assert!(Selection::new(&[]).unwrap().takes("anything"));
        assert_eq!(Selection::new(&["{a".to_owned()]).unwrap_err().exit_code(), 2);
    }
}
