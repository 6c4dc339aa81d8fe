//! The rule that links between documents lead somewhere.

use super::tree::{Tree, has_extension};
use super::{Rule, Spot};

pub(super) const RULES: &[Rule] = &[Rule {
    name: "broken-link",
    why: "a link that leads nowhere costs each reader the search that it should have saved",
    remedy: "correct the path or the heading; a file outside of the repository cannot be linked",
    check,
}];

fn check(tree: &Tree) -> Vec<Spot> {
    let mut spots = Vec::new();
    for (path, file) in tree.files().filter(|(path, _)| has_extension(path, "md")) {
        for (line, target) in links(&file.text) {
            if let Some(problem) = problem(tree, path, &target) {
                spots.push(Spot::new(path, line, format!("{problem}: {target}")));
            }
        }
    }
    spots
}

/// Returns what is wrong with a link to `target` in the document at `path`.
fn problem(tree: &Tree, path: &str, target: &str) -> Option<&'static str> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, heading) =
        target.split_once('#').map_or((target, None), |(file, heading)| (file, Some(heading)));
    let Some(file) = resolve(path, file) else { return Some("the link leaves the repository") };
    if !tree.has(&file) {
        return Some("the link leads to no file");
    }
    let heading = heading.filter(|_| has_extension(&file, "md"))?;
    let text = tree.text(&file)?;
    (!headings(text).any(|found| found == heading)).then_some("the link leads to no heading")
}

/// Returns the path that `target` has from the root, if it lies below the root.
fn resolve(path: &str, target: &str) -> Option<String> {
    if target.is_empty() {
        return Some(path.to_owned());
    }
    let mut folders: Vec<&str> = path.split('/').collect();
    folders.pop();
    if target.starts_with('/') {
        return None;
    }
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                folders.pop()?;
            }
            name => folders.push(name),
        }
    }
    Some(folders.join("/"))
}

/// Returns the lines of a document that are no code block, counted from 1, without their inline code.
fn prose(text: &str) -> impl Iterator<Item = (usize, String)> {
    let mut in_block = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let fence = line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~");
        in_block ^= fence;
        let visible = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
        (!fence && !in_block).then_some((index + 1, visible))
    })
}

/// Returns line and target of each link: inline ones, pictures, and definitions at the beginning of a line.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        let inline = line
            .match_indices("](")
            .filter_map(|(at, mark)| line.get(at + mark.len()..)?.split(')').next());
        let definition = line
            .strip_prefix('[')
            .and_then(|rest| rest.split_once("]: "))
            .map(|(_, target)| target);
        for target in inline.chain(definition) {
            let target = target.split_whitespace().next().unwrap_or_default();
            found.push((number, target.trim_matches(['<', '>']).to_owned()));
        }
    }
    found
}

/// Returns the anchors of the headings, made the way GitHub makes them.
fn headings(text: &str) -> impl Iterator<Item = String> {
    let mut in_block = false;
    text.lines().filter_map(move |line| {
        in_block ^= line.trim_start().starts_with("```");
        let title = line.trim_start_matches('#');
        (!in_block && line.starts_with('#') && title.starts_with(' ')).then(|| anchor(title.trim()))
    })
}

fn anchor(title: &str) -> String {
    let kept = title.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
    kept.flat_map(char::to_lowercase)
        .map(|letter| if letter == ' ' { '-' } else { letter })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::check_tree;

    #[track_caller]
    fn check_document(text: &str, lines: &[usize]) {
        let files =
            [("README.md", "# Sanctum\n\n## How to read `KL`, fast\n"), ("docs/a.md", text)];
        check_tree(
            "broken-link",
            &files,
            &lines.iter().map(|line| ("docs/a.md", *line)).collect::<Vec<_>>(),
        );
    }

    #[test]
    fn links_lead_to_files() {
        check_document("[a](../README.md) [b](a.md) [c](.) ![d](<a.md> \"title\")\n", &[]);
        check_document("[a](README.md)\n[b](../docs/b.md)\n\n[c]: b.md\n", &[1, 2, 4]);
    }

    #[test]
    fn links_lead_to_headings() {
        check_document("# Top\n[a](../README.md#how-to-read-kl-fast) [b](#top)\n", &[]);
        check_document("# Top\n[a](../README.md#how-to-read)\n[b](#bottom)\n", &[2, 3]);
    }

    #[test]
    fn links_stay_in_the_repository() {
        check_document("[a](../../shared/design.md)\n[b](/etc/x.md)\n", &[1, 2]);
    }

    #[test]
    fn pages_and_code_are_not_followed() {
        check_document("[a](https://example.org/x)\n`[b](no.md)`\n```text\n[c](no.md)\n```\n", &[]);
    }
}
