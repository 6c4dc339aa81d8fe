//! The small files beside the records: units, labels, what is not shown, exemptions, yesterday's coverage.

use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;

use crate::verify::finding::Location;
use coverage::Coverage;

pub(crate) mod coverage;
pub(crate) mod units;

/// All of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tables {
    pub(crate) labels: Vec<Label>,
    pub(crate) not_shown: Vec<NotShown>,
    pub(crate) exemptions: Vec<Exemption>,
    /// Coverage of the committed INDEX.md; `None`: there is none yet.
    pub(crate) previous: Option<Coverage>,
}

/// Text that may carry digits on the screen: `p50`, `GPU0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Label {
    pub(crate) at: Location,
    pub(crate) text: String,
    /// The widget that draws it; `None`: any.
    pub(crate) widget: Option<String>,
}

/// A payload leaf that is only logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotShown {
    pub(crate) at: Location,
    pub(crate) path: String,
}

/// A finding that is tolerated for a while. What is missing in it is for the check of exemptions to say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Exemption {
    pub(crate) at: Location,
    /// As written: `TV-C01`.
    pub(crate) code: String,
    pub(crate) subject: String,
    /// Start of the message that it covers.
    pub(crate) message: String,
    pub(crate) reason: String,
    pub(crate) owner: String,
    pub(crate) expires: String,
}

/// Where the text of a file comes from; `None`: there is no such file.
type TextOf<'a> = dyn Fn(&str) -> Result<Option<String>, String> + 'a;

/// Path of a table from the root.
pub(crate) const EXEMPTIONS: &str = "docs/telemetry/exemptions.toml";
/// Path of a table from the root.
pub(crate) const LABELS: &str = "docs/telemetry/labels.toml";
/// Path of a table from the root.
pub(crate) const NOT_SHOWN: &str = "docs/telemetry/not-shown.toml";
/// Path of the generated list from the root.
pub(crate) const INDEX: &str = "docs/telemetry/INDEX.md";

impl Tables {
    /// Reads the files that exist; one that is not a table of its kind is an error of configuration.
    pub(crate) fn read(root: &Path) -> Result<Self, String> {
        Self::of(&|path| text_of(root, path))
    }

    /// Makes the tables of texts by path.
    pub(crate) fn of(text: &TextOf<'_>) -> Result<Self, String> {
        let labels = entries(text, LABELS, |file: LabelFile| file.label)?
            .into_iter()
            .map(|(at, label)| Label { at, text: label.text, widget: label.widget });
        let not_shown = entries(text, NOT_SHOWN, |file: NotShownFile| file.leaf)?
            .into_iter()
            .map(|(at, leaf)| NotShown { at, path: leaf.path });
        let exemptions = entries(text, EXEMPTIONS, |file: ExemptionFile| file.exempt)?
            .into_iter()
            .map(|(at, entry)| Exemption {
                at,
                code: entry.code,
                subject: entry.subject,
                message: entry.message,
                reason: entry.reason,
                owner: entry.owner,
                expires: entry.expires,
            });
        Ok(Self {
            labels: labels.collect(),
            not_shown: not_shown.collect(),
            exemptions: exemptions.collect(),
            previous: text(INDEX)?.and_then(|index| Coverage::read(&index)),
        })
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct LabelFile {
    #[serde(default)]
    label: Vec<Spanned<RawLabel>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLabel {
    text: String,
    widget: Option<String>,
    #[expect(dead_code, reason = "for readers; without it the file is refused")]
    reason: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct NotShownFile {
    #[serde(default)]
    leaf: Vec<Spanned<RawLeaf>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLeaf {
    path: String,
    #[expect(dead_code, reason = "for readers; without it the file is refused")]
    reason: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct ExemptionFile {
    #[serde(default)]
    exempt: Vec<Spanned<RawExemption>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawExemption {
    #[serde(default)]
    code: String,
    #[serde(default)]
    subject: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    owner: String,
    #[serde(default)]
    expires: String,
}

fn entries<F: DeserializeOwned + Default, T>(
    text: &TextOf<'_>,
    path: &str,
    list: impl Fn(F) -> Vec<Spanned<T>>,
) -> Result<Vec<(Location, T)>, String> {
    let Some(text) = text(path)? else { return Ok(Vec::new()) };
    let file: F = toml::from_str(&text).map_err(|error| format!("{path}: {error}"))?;
    let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    let line = |byte: usize| 1 + ends.partition_point(|end| *end < byte);
    let place = |entry: &Spanned<T>| Location {
        file: path.to_owned(),
        line: line(entry.span().start) as u32,
        end_line: line(entry.span().end.saturating_sub(1)) as u32,
    };
    Ok(list(file).into_iter().map(|entry| (place(&entry), entry.into_inner())).collect())
}

/// Returns the text of a file, or `None` if there is none.
fn text_of(root: &Path, path: &str) -> Result<Option<String>, String> {
    match std::fs::read_to_string(root.join(path)) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("cannot read {path}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("docs/telemetry")).unwrap();
        for (path, text) in files {
            std::fs::write(root.path().join(path), text).unwrap();
        }
        root
    }

    #[test]
    fn entries_know_their_lines_and_what_they_lack() {
        let root = tree(&[
            (EXEMPTIONS, "# why\n\n[[exempt]]\ncode = \"TV-C01\"\nsubject = \"a.b\"\n"),
            (NOT_SHOWN, "[[leaf]]\npath = \"A.b\"\nreason = \"logged\"\n"),
            (LABELS, "[[label]]\ntext = \"p50\"\nreason = \"a quantile\"\n"),
        ]);
        let tables = Tables::read(root.path()).expect("three tables");
        let [exemption] = &tables.exemptions[..] else { panic!("{tables:?}") };
        assert_eq!((exemption.at.line, exemption.code.as_str()), (3, "TV-C01"));
        assert_eq!((exemption.owner.as_str(), exemption.expires.as_str()), ("", ""));
        assert_eq!(tables.not_shown[0].path, "A.b");
        assert_eq!((tables.labels[0].text.as_str(), &tables.labels[0].widget), ("p50", &None));
        assert_eq!(tables.previous, None);
    }

    #[test]
    fn a_table_that_is_none_is_refused_with_its_name() {
        let root = tree(&[(NOT_SHOWN, "[[leaf]]\npath = \"A.b\"\n")]);
        let error = Tables::read(root.path()).unwrap_err();
        assert!(error.starts_with(NOT_SHOWN) && error.contains("reason"), "{error}");
    }

    #[test]
    fn without_files_the_tables_are_empty() {
        let root = tree(&[]);
        let tables = Tables::read(root.path()).expect("nothing is fine");
        assert!(tables.labels.is_empty() && tables.exemptions.is_empty());
    }
}
