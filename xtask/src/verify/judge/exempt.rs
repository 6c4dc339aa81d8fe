//! Exemptions: which findings they cover, X04 where the failure is another one, X02 where there is none.

use std::collections::BTreeSet;

use crate::verify::checks::coverage::prober;
use crate::verify::checks::display::explains;
use crate::verify::checks::verifier::{faults, name_of};
use crate::verify::code::{self, Tier};
use crate::verify::finding::Finding;
use crate::verify::report::Exempt;
use crate::verify::tables::Exemption;
use crate::verify::world::World;

/// Findings, sorted by what the exemptions say of them.
pub(super) struct Sorted {
    pub(super) open: Vec<Finding>,
    pub(super) exempt: Vec<Exempt>,
    /// X04: the subject fails, but in another way.
    pub(super) changed: Vec<Finding>,
    /// Places in the list of those that found their subject.
    pub(super) used: BTreeSet<usize>,
}

/// Sorts the findings. An exemption that is itself at fault (X01, X03) covers nothing but counts as used.
pub(super) fn apply(world: &World, findings: Vec<Finding>) -> Sorted {
    let mut sorted =
        Sorted { open: Vec::new(), exempt: Vec::new(), changed: Vec::new(), used: BTreeSet::new() };
    let mut others: BTreeSet<usize> = BTreeSet::new();
    for finding in findings {
        let entries = world.tables.exemptions.iter().enumerate();
        let about: Vec<(usize, &Exemption)> =
            entries.filter(|(_, entry)| is_about(entry, &finding)).collect();
        let fits = about.iter().find(|(_, entry)| finding.message.starts_with(&entry.message));
        let Some((at, entry)) = fits else {
            others.extend(about.iter().map(|(at, _)| *at));
            sorted.open.push(finding);
            continue;
        };
        sorted.used.insert(*at);
        let is_over = entry.expires.as_str() < world.today.as_str();
        if is_over || !faults(entry, &world.today).is_empty() {
            sorted.open.push(finding);
            continue;
        }
        sorted.exempt.push(Exempt {
            finding,
            reason: entry.reason.clone(),
            owner: entry.owner.clone(),
            expires: entry.expires.clone(),
        });
    }
    for at in others.difference(&sorted.used.clone()) {
        let entry = &world.tables.exemptions[*at];
        let is = sorted.open.iter().find(|finding| is_about(entry, finding));
        let is = is.map(|finding| finding.message.clone()).unwrap_or_default();
        let message = format!("{} fails in another way than its exemption says", entry.subject);
        sorted.changed.push(
            Finding::new(code::X04, entry.at.clone(), name_of(entry), message)
                .instead(entry.message.clone(), is),
        );
        sorted.used.insert(*at);
    }
    sorted
}

/// Returns whether an exemption names the code and the subject of a finding; a record stands for its own findings.
fn is_about(entry: &Exemption, finding: &Finding) -> bool {
    let is_code = code::Code::find(&entry.code) == Some(finding.code);
    let is_record = finding.record.is_some_and(|record| record.to_string() == entry.subject);
    is_code && (entry.subject == finding.subject || is_record)
}

/// X02: exemptions, labels and leaves that are not shown which explain nothing.
pub(super) fn unused(world: &World, used: &BTreeSet<usize>) -> Vec<Finding> {
    let mut findings = Vec::new();
    // Without wire cuts nobody knows whether an exemption of theirs is still needed.
    let has_cuts = world.deep.yes().is_some();
    let is_of_a_cut = |entry: &Exemption| {
        code::Code::find(&entry.code).is_some_and(|code| code.spec().tier == Tier::Deep)
    };
    let entries = world.tables.exemptions.iter().enumerate();
    let entries = entries.filter(|(_, entry)| has_cuts || !is_of_a_cut(entry));
    for (_, entry) in entries.filter(|(at, _)| !used.contains(at)) {
        let message = format!("nothing needs the exemption of {}", name_of(entry));
        findings.push(Finding::new(code::X02, entry.at.clone(), name_of(entry), message));
    }
    let Some(evidence) = world.evidence.yes() else { return findings };
    for label in &world.tables.labels {
        if !evidence.dark.iter().any(|dark| explains(label, dark)) {
            let message = format!("the label {} explains no digit on the screen", label.text);
            findings.push(Finding::new(code::X02, label.at.clone(), label.text.clone(), message));
        }
    }
    for entry in &world.tables.not_shown {
        let is_leaf = evidence.payloads.iter().any(|leaf| leaf.path == entry.path);
        let message = match (is_leaf, prober(world, &entry.path)) {
            (false, _) => format!("no payload has the leaf {}", entry.path),
            (true, Some(record)) => {
                format!("{} is listed as not shown, and {} probes it", entry.path, record.id)
            }
            (true, None) => continue,
        };
        findings.push(Finding::new(code::X02, entry.at.clone(), entry.path.clone(), message));
    }
    findings
}
