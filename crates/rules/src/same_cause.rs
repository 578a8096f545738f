//! Says once what one place brings about at very many entry points: a hundred findings with one repair are one.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use firedoor_source::Span;

use crate::Finding;

/// So many findings with one cause are told one by one.
pub const FEW: usize = 12;

/// How many of the other entry points are named.
const NAMED: usize = 3;

/// Keeps the surest of the worst of the findings that rest on one place, and says in it where else it is the same.
pub fn told_once(found: Vec<Finding>) -> Vec<Finding> {
    let mut by_cause: BTreeMap<Span, Vec<usize>> = BTreeMap::new();
    for (number, finding) in found.iter().enumerate() {
        if let Some(cause) = cause(finding) {
            by_cause.entry(cause).or_default().push(number);
        }
    }
    let weight = |number: &usize| {
        let finding = &found[*number];
        (finding.severity, finding.confidence, Reverse(*number))
    };
    let mut told: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    let mut left_out: BTreeSet<usize> = BTreeSet::new();
    for alike in by_cause.into_values().filter(|it| it.len() > FEW) {
        let Some(first) = alike.iter().copied().max_by_key(weight) else {
            continue;
        };
        let others: Vec<usize> = alike.into_iter().filter(|it| *it != first).collect();
        let entries = others
            .iter()
            .filter_map(|it| found[*it].entry_point.clone());
        told.insert(first, entries.collect());
        left_out.extend(others);
    }
    let kept = found.into_iter().enumerate();
    let kept = kept.filter(|(number, _)| !left_out.contains(number));
    kept.map(|(number, finding)| match told.get(&number) {
        Some(others) => with_others(finding, others),
        None => finding,
    })
    .collect()
}

/// The guard that a finding rests on, or the place that does by itself what is wrong: where it is decided who is asking,
/// or where a change is made. A place that only uses what was not checked is none, since each of those who call it owes
/// the check.
fn cause(finding: &Finding) -> Option<Span> {
    finding.entry_point.as_ref()?;
    let place = |role: &str| {
        let mut places = finding.evidence.iter().rev();
        places.find(|it| it.role == role).map(|it| it.span)
    };
    ["guard", "decides", "changes"].into_iter().find_map(place)
}

fn with_others(mut finding: Finding, others: &[String]) -> Finding {
    let named = others.iter().take(NAMED).map(|it| format!("`{it}`"));
    let named: Vec<String> = named.collect();
    let _ = write!(
        finding.message,
        " It is the same at {} other entry points, such as {}.",
        others.len(),
        named.join(", ")
    );
    finding
}
