//! Compares what cargo says about the workspace with the tables.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{ANY, ARROWS, BANS, ONE_VERSION, OUTSIDE, TEST_ARROWS, TEST_FEATURES};
use crate::workspace::{Dependency, Kind, Metadata, Package};

/// Returns everything that breaks a line of the tables; `architecture` is the document that gives people the reasons.
pub(super) fn findings(metadata: &Metadata, architecture: Option<&str>) -> Vec<String> {
    let ours: BTreeSet<&str> = metadata.members().map(|package| package.name.as_str()).collect();
    let mut findings = Vec::new();
    for package in metadata.members() {
        if !ARROWS.iter().any(|arrow| arrow.from == package.name) {
            findings.push(format!(
                "{}: no arrow begins here; add a line to ARROWS, with its reason",
                package.name
            ));
        }
        for dependency in &package.dependencies {
            let finding = if ours.contains(dependency.name.as_str()) {
                inner(package, dependency)
            } else {
                outer(package, dependency)
            };
            findings.extend(finding);
        }
    }
    findings.extend(stale(metadata));
    findings.extend(reached(metadata));
    findings.extend(doubled(metadata));
    findings.extend(architecture.into_iter().flat_map(unexplained));
    findings
}

/// Checks a dependency on a crate of ours.
fn inner(package: &Package, dependency: &Dependency) -> Option<String> {
    let (from, to) = (package.name.as_str(), dependency.name.as_str());
    let feature =
        dependency.features.iter().find(|feature| TEST_FEATURES.contains(&(to, feature.as_str())));
    if let Some(feature) = feature.filter(|_| dependency.kind != Some(Kind::Dev)) {
        return Some(format!(
            "{from} turns on the feature {feature} of {to}: what the product shows was measured"
        ));
    }
    if from == to {
        return None;
    }
    let arrow = ARROWS.iter().find(|arrow| arrow.from == from)?;
    let in_tests = TEST_ARROWS.iter().any(|arrow| arrow.from == from && arrow.to.contains(&to));
    let may = arrow.to.contains(&to) || (dependency.kind == Some(Kind::Dev) && in_tests);
    (!may).then(|| format!("{from} depends on {to}, which is no arrow of it: {}", arrow.why))
}

/// Checks a dependency on a crate of others.
fn outer(package: &Package, dependency: &Dependency) -> Option<String> {
    let (from, name) = (package.name.as_str(), dependency.name.as_str());
    let Some(line) = OUTSIDE.iter().find(|line| line.name == name) else {
        return Some(format!(
            "{from} depends on {name}: add a line to OUTSIDE, and a reason to docs/ARCHITECTURE.md"
        ));
    };
    let in_tests = line.tests_of == ANY || line.tests_of.contains(&from);
    let may = line.by.contains(&from) || (dependency.kind == Some(Kind::Dev) && in_tests);
    (!may)
        .then(|| format!("{from} depends on {name}, which is kept for other places: {}", line.why))
}

/// Returns the lines of the tables that no manifest needs any more.
fn stale(metadata: &Metadata) -> Vec<String> {
    let names =
        |package: &Package, name: &str| package.dependencies.iter().any(|found| found.name == name);
    let mut findings = Vec::new();
    for line in OUTSIDE {
        if !metadata.members().any(|package| names(package, line.name)) {
            findings.push(format!(
                "no crate depends on {} any more: remove its line from OUTSIDE",
                line.name
            ));
            continue;
        }
        let listed = line.by.iter().chain(line.tests_of).filter(|from| !ANY.contains(from));
        let is_needed = |from: &str| {
            metadata.members().any(|package| package.name == from && names(package, line.name))
        };
        for from in listed.filter(|from| !is_needed(from)) {
            findings.push(format!(
                "{from} does not depend on {} any more: remove it from that line of OUTSIDE",
                line.name
            ));
        }
    }
    findings
}

/// Returns the banned crates that can be reached, each with the way that leads there.
fn reached(metadata: &Metadata) -> Vec<String> {
    let names: BTreeMap<&str, &str> = metadata
        .packages
        .iter()
        .map(|package| (package.id.as_str(), package.name.as_str()))
        .collect();
    let mut edges: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (from, to) in metadata.edges() {
        let to = to.into_iter().filter_map(|id| names.get(id).copied());
        edges.entry(names.get(from).copied().unwrap_or(from)).or_default().extend(to);
    }
    let mut findings = Vec::new();
    for ban in BANS {
        for from in ban.from {
            for way in ban.reach.iter().filter_map(|to| way(&edges, from, to)) {
                findings.push(format!("{}: {}", way.join(" -> "), ban.why));
            }
        }
    }
    findings
}

/// Returns a shortest way between two crates.
fn way<'a>(
    edges: &BTreeMap<&'a str, BTreeSet<&'a str>>,
    from: &'a str,
    to: &str,
) -> Option<Vec<&'a str>> {
    let mut seen = BTreeSet::from([from]);
    let mut ways = VecDeque::from([vec![from]]);
    while let Some(way) = ways.pop_front() {
        let last = *way.last()?;
        for next in edges.get(last).into_iter().flatten() {
            let longer: Vec<&str> = way.iter().chain([next]).copied().collect();
            if *next == to {
                return Some(longer);
            }
            if seen.insert(next) {
                ways.push_back(longer);
            }
        }
    }
    None
}

/// Returns the crates that are there in two versions although they must agree with themselves.
fn doubled(metadata: &Metadata) -> Vec<String> {
    let mut findings = Vec::new();
    for name in ONE_VERSION {
        let found = metadata.packages.iter().filter(|package| package.name == *name);
        let versions: Vec<&str> = found.map(|package| package.version.as_str()).collect();
        if 1 < versions.len() {
            findings.push(format!(
                "{name} is there in several versions ({}): one must do",
                versions.join(", ")
            ));
        }
    }
    findings
}

/// Returns the outside crates for which the document has no word.
fn unexplained(architecture: &str) -> Vec<String> {
    let is_named = |name: &str| architecture.contains(&format!("`{name}`"));
    let missing = OUTSIDE.iter().filter(|line| !is_named(line.name));
    missing
        .map(|line| {
            format!(
                "docs/ARCHITECTURE.md does not name `{}`; the table says: {}",
                line.name, line.why
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_workspace_keeps_its_layers() {
        let findings =
            findings(&Metadata::load().unwrap(), super::super::architecture().as_deref());
        assert!(findings.is_empty(), "{}", findings.join("\n"));
    }

    /// A crate and its dependencies, each with its kind; behind a `+` stands a feature that is turned on.
    type Sample<'a> = (&'a str, &'a [(&'a str, Option<&'a str>)]);

    /// Makes a workspace of these crates; those in the table are its members.
    fn workspace(crates: &[Sample]) -> Metadata {
        let name = |text: &str| text.split('+').next().unwrap().to_owned();
        let dependency = |(to, kind): &(&str, Option<&str>)| json!({"name": name(to), "kind": kind, "features": to.split('+').skip(1).collect::<Vec<_>>()});
        let package = |(from, to): &Sample| {
            json!({"id": from, "name": from, "version": "1.0.0", "rust_version": null, "targets": [],
                   "dependencies": to.iter().map(dependency).collect::<Vec<Value>>()})
        };
        let edge = |(to, kind): &(&str, Option<&str>)| json!({"pkg": name(to), "dep_kinds": [{"kind": kind}]});
        let node = |(from, to): &Sample| json!({"id": from, "deps": to.iter().map(edge).collect::<Vec<Value>>()});
        let is_ours = |(from, _): &&Sample| {
            ARROWS.iter().any(|arrow| arrow.from == *from) || *from == "newcomer"
        };
        serde_json::from_value(json!({
            "packages": crates.iter().map(package).collect::<Vec<Value>>(),
            "workspace_members": crates.iter().filter(is_ours).map(|(from, _)| *from).collect::<Vec<_>>(),
            "target_directory": "target",
            "resolve": {"nodes": crates.iter().map(node).collect::<Vec<Value>>()},
        }))
        .unwrap()
    }

    /// Asserts what is found, lines of the table that this small workspace does not need left out.
    #[track_caller]
    fn check(crates: &[Sample], expected: &[&str]) {
        let mut found = findings(&workspace(crates), None);
        found.retain(|finding| !finding.contains(" any more: remove "));
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (finding, start) in found.iter().zip(expected) {
            assert!(finding.starts_with(start), "{finding} does not begin with {start}");
        }
    }

    #[test]
    fn arrows_that_are_drawn_are_allowed() {
        check(
            &[
                ("leyline", &[("serde", None)]),
                ("karn-sanctum", &[("leyline", None), ("leyline+demo", Some("dev"))]),
            ],
            &[],
        );
    }

    #[test]
    fn a_new_arrow_is_found() {
        check(
            &[
                ("leyline", &[]),
                ("simic-emitter", &[("leyline", None)]),
                ("karn-sanctum", &[("simic-emitter", None)]),
            ],
            &["karn-sanctum depends on simic-emitter", "karn-sanctum -> simic-emitter: "],
        );
    }

    #[test]
    fn tests_need_arrows_too() {
        check(
            &[("nissa", &[]), ("leyline", &[("nissa", Some("dev"))])],
            &["leyline depends on nissa"],
        );
    }

    #[test]
    fn an_arrow_of_tests_is_none_of_the_product() {
        check(&[("nissa", &[]), ("simic-training", &[("nissa", Some("dev"))])], &[]);
        check(
            &[("nissa", &[]), ("simic-training", &[("nissa", None)])],
            &["simic-training depends on nissa"],
        );
    }

    #[test]
    fn a_new_crate_needs_a_line() {
        check(&[("newcomer", &[])], &["newcomer: no arrow begins here"]);
    }

    #[test]
    fn an_outside_crate_needs_a_line_and_keeps_to_it() {
        check(&[("leyline", &[("left-pad", None)])], &["leyline depends on left-pad: add a line"]);
        check(&[("nissa", &[("ndarray", None)])], &["nissa depends on ndarray, which is kept"]);
        check(&[("leyline", &[("insta", Some("dev"))])], &[]);
        check(
            &[("leyline", &[("insta", None)]), ("insta", &[])],
            &["leyline depends on insta, which is kept", "leyline -> insta"],
        );
    }

    #[test]
    fn a_banned_crate_is_found_behind_others() {
        let ours: Sample = ("sanctum-widgets", &[("ratatui-core", None)]);
        let way = "sanctum-widgets -> ratatui-core -> crossterm: ";
        check(&[ours, ("ratatui-core", &[("crossterm", None)]), ("crossterm", &[])], &[way]);
        check(&[ours, ("ratatui-core", &[("crossterm", Some("dev"))]), ("crossterm", &[])], &[]);
    }

    #[test]
    fn the_product_shows_no_demonstration_data() {
        check(
            &[("leyline", &[]), ("sanctum-tui", &[("leyline+demo", None)])],
            &["sanctum-tui turns on the feature demo"],
        );
    }

    #[test]
    fn two_crossterms_are_found() {
        check(
            &[("crossterm", &[]), ("crossterm", &[])],
            &["crossterm is there in several versions"],
        );
    }

    #[test]
    fn lines_that_nobody_needs_are_found() {
        let found = findings(&workspace(&[("leyline", &[("serde", None)]), ("nissa", &[])]), None);
        for start in
            ["no crate depends on jiff any more", "karn-sanctum does not depend on serde any more"]
        {
            assert!(found.iter().any(|finding| finding.starts_with(start)), "{start} in {found:?}");
        }
        assert!(
            !found.iter().any(|finding| finding.starts_with("leyline does not depend on serde")),
            "{found:?}"
        );
    }

    #[test]
    fn the_document_gives_a_reason_for_each() {
        let all: String =
            OUTSIDE.iter().flat_map(|line| ["* `", line.name, "`: because\n"]).collect();
        assert_eq!(unexplained(&all), Vec::<String>::new());
        let found = unexplained(&all.replace("`jiff`", "jiff"));
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("docs/ARCHITECTURE.md does not name `jiff`"), "{found:?}");
    }
}
