//! `cargo xtask new-telemetry`: a record with everything that the sources know, and `TODO` where a person has to speak.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use serde_json::Value;
use telemetry_evidence::Evidence;

use crate::verify::index::{SourceIndex, nearest};
use crate::verify::record::bare_path;
use crate::workspace;

mod text;

/// What a new record is about.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Field of a payload: `TrainingStarted.max_batches`.
    #[arg(long)]
    from: String,
    /// Path in the snapshot: `policy.kl_divergence`, `envs[*].status`.
    #[arg(long)]
    to: String,
    /// Category, which decides the hundred of the number.
    #[arg(long)]
    category: Category,
    /// Name for people; without it, made from the path.
    #[arg(long)]
    name: Option<String>,
    /// Widget that shows it: `RunHeader`. May be given more than once.
    #[arg(long)]
    widget: Vec<String>,
}

/// A category of metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Category {
    Training,
    Policy,
    Value,
    Gradient,
    Episode,
    Env,
    Infrastructure,
    EventLog,
    User,
    Time,
}

impl Category {
    /// Returns the hundred of its numbers.
    const fn hundred(self) -> u16 {
        match self {
            Self::Training => 0,
            Self::Policy => 1,
            Self::Value => 2,
            Self::Gradient => 3,
            Self::Episode | Self::Env => 6,
            Self::Infrastructure => 7,
            Self::EventLog | Self::User => 8,
            Self::Time => 9,
        }
    }

    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// A file to be written.
struct Draft {
    /// From the root.
    file: String,
    text: String,
}

/// Writes the record and prints what comes next.
pub(crate) fn run(args: &Args) -> Result<()> {
    let root = workspace::root();
    let index = SourceIndex::load(root)?;
    let evidence = fs::read_to_string(root.join("target/telemetry/evidence.json")).ok();
    let evidence = evidence.and_then(|text| serde_json::from_str::<Evidence>(&text).ok());
    let records = records(&root.join("docs/telemetry"))?;
    let today = jiff::Zoned::now().date().to_string();
    let draft = draft(args, &index, evidence.as_ref(), &records, &today)?;
    let path = root.join(&draft.file);
    if path.exists() {
        bail!("there is a file already: {}", draft.file);
    }
    fs::write(&path, &draft.text).with_context(|| format!("cannot write {}", draft.file))?;
    println!("{}", next_steps(&draft));
    Ok(())
}

/// Returns name and text of every record in a folder.
fn records(folder: &Path) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for entry in
        fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?
    {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if name.starts_with("TELE-") {
            found.push((name, fs::read_to_string(entry.path())?));
        }
    }
    Ok(found)
}

fn draft(
    args: &Args,
    index: &SourceIndex,
    evidence: Option<&Evidence>,
    records: &[(String, String)],
    today: &str,
) -> Result<Draft> {
    let path = bare_path(&args.to);
    let end = index.walk_snapshot(&path).map_err(anyhow::Error::msg)?;
    if !index.snapshot_leaves().contains(&path) {
        bail!("snapshot.{path} is {}: a record is about one leaf of it", end.ty);
    }
    if let Some((file, _)) = records.iter().find(|(_, text)| states_path(text, &path)) {
        bail!("snapshot.{path} has a record: docs/telemetry/{file}");
    }
    let source = bare_path(&args.from);
    if !source.contains('.') {
        bail!("--from names a field of a payload, such as TrainingStarted.max_batches");
    }
    index.payload_leaf(&source).map_err(anyhow::Error::msg)?;
    let widgets =
        args.widget.iter().map(|name| widget_file(index, name)).collect::<Result<Vec<_>>>()?;

    let number = match number_of(index, &path) {
        Some(number) => number,
        None => next_number(args.category, index, records)?,
    };
    let last = end.field.name.clone();
    let facts = text::Facts {
        number,
        name: args.name.clone().unwrap_or_else(|| title(&last)),
        category: args.category.name(),
        default: evidence.and_then(|seen| default(seen, &path)),
        kind: source.split('.').next().unwrap_or_default().to_owned(),
        source,
        path,
        widgets,
        today: today.to_owned(),
    };
    let file = format!("docs/telemetry/TELE-{number:03}_{last}.md");
    Ok(Draft { file, text: text::write(&facts, index, &end) })
}

/// Returns whether a record is about a path of the snapshot.
fn states_path(text: &str, path: &str) -> bool {
    text.lines()
        .filter(|line| line.starts_with("| **Path from"))
        .filter_map(|line| line.split('`').nth(1))
        .any(|stated| bare_path(stated) == path)
}

/// Returns the number after the highest one that the category's hundred has, in records or in the registry.
///
/// Gaps stay open: a retired number is never used again.
fn next_number(
    category: Category,
    index: &SourceIndex,
    records: &[(String, String)],
) -> Result<u16> {
    let first = category.hundred() * 100;
    let from_file = |(name, _): &(String, String)| name.get(5..8)?.parse::<u16>().ok();
    let mut used: BTreeSet<u16> = records.iter().filter_map(from_file).collect();
    used.extend(registered(index));
    let highest = used.range(first..first + 100).next_back().copied();
    let next = highest.map_or_else(|| first.max(1), |highest| highest + 1);
    if next >= first + 100 {
        bail!("the category {} has no number left", category.name());
    }
    Ok(next)
}

/// Returns the number that the registry of metrics holds for a path of the snapshot: whoever added the line before the
/// record has chosen it there.
fn number_of(index: &SourceIndex, path: &str) -> Option<u16> {
    let quoted = format!("\"{}\"", path.replace("[*]", "[i]"));
    let mut files = index.sources_of("leyline").filter(|file| file.contains("/metric/"));
    files.find_map(|file| {
        let (before, _) = index.text(file)?.split_once(&quoted)?;
        before.rsplit('(').find_map(|piece| piece.split(',').next()?.trim().parse().ok())
    })
}

/// Returns the numbers in the registry of metrics: the first argument of each line in `leyline::metric`.
fn registered(index: &SourceIndex) -> Vec<u16> {
    let files = index.sources_of("leyline").filter(|file| file.contains("/metric/"));
    let lines = files.filter_map(|file| index.text(file)).flat_map(str::lines);
    let number = |line: &str| {
        let inside = line.split_once('(').map_or(line, |(_, inside)| inside);
        inside.split(',').next()?.trim().parse().ok()
    };
    lines.filter_map(number).collect()
}

/// Returns a widget with the file of its struct.
fn widget_file(index: &SourceIndex, name: &str) -> Result<(String, String)> {
    let mut known = Vec::new();
    for file in index.sources_of("sanctum_widgets") {
        for item in index.facts(file).into_iter().flat_map(|facts| &facts.items) {
            if item.name == name && item.kind == crate::verify::index::Kind::Struct {
                return Ok((name.to_owned(), file.to_owned()));
            }
            known.push(item.name.as_str());
        }
    }
    let near = nearest(name, known);
    bail!("there is no widget {name}; near: {}", near.join(", "));
}

/// Returns the value of a leaf in a fresh snapshot, as a record writes it.
fn default(evidence: &Evidence, path: &str) -> Option<String> {
    let leaf = evidence.snapshot.iter().find(|leaf| leaf.path == path)?;
    Some(match &leaf.fresh {
        // Inside a list there is no fresh value, and then nobody knows.
        Value::Null if path.contains("[*]") => return None,
        Value::Null => "None".to_owned(),
        Value::Array(list) if list.is_empty() => "[]".to_owned(),
        Value::Object(map) if map.is_empty() => "{}".to_owned(),
        Value::String(word) => word.clone(),
        other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            other.to_string()
        }
    })
}

/// Returns `Max Batches` of `max_batches`.
fn title(field: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| {
            first.to_uppercase().chain(letters).collect::<String>()
        })
    };
    field.split('_').map(word).collect::<Vec<_>>().join(" ")
}

fn next_steps(draft: &Draft) -> String {
    let open = draft.text.matches("TODO").count();
    format!(
        "wrote {}\n\
         next:\n  \
         1. replace its {open} TODO; R01 refuses the record until then\n  \
         2. add its line to the registry, crates/leyline/src/metric/, if it has none\n  \
         3. write the tests that it names, in the files that it names\n  \
         4. cargo xtask verify-telemetry, and once it is clean: cargo xtask verify-telemetry --fix\n\
         boxes and ladder are results; --fix ticks what was earned",
        draft.file
    )
}

#[cfg(test)]
mod tests;
