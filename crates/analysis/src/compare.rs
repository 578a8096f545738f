//! Two reports about one application: what changed in its wiring, and which findings came and went.

use std::collections::{BTreeMap, BTreeSet};

use firedoor_app::diff::{MapDiff, diff};

use crate::judge::fingerprint;
use crate::{Report, ReportedFinding};

/// What changed from one report to another.
#[derive(Clone, Debug, Default)]
pub struct Comparison<'a> {
    /// What changed in the map.
    pub map: MapDiff<'a>,
    /// Findings that were not there before, as they are now.
    pub introduced: Vec<&'a ReportedFinding>,
    /// Findings that are there no more, as they were.
    pub fixed: Vec<&'a ReportedFinding>,
    /// Findings that are still there, as they are now.
    pub remaining: Vec<&'a ReportedFinding>,
}

/// Compares the reports, of their findings those that `counts` holds for.
pub fn compare<'a>(
    before: &'a Report,
    after: &'a Report,
    counts: impl Fn(&ReportedFinding) -> bool,
) -> Comparison<'a> {
    let map = diff(&before.map, &after.map);
    let old: Vec<&ReportedFinding> = before.findings.iter().filter(|it| counts(it)).collect();
    let new: Vec<&ReportedFinding> = after.findings.iter().filter(|it| counts(it)).collect();
    let marks = |findings: &[&'a ReportedFinding]| -> Vec<Mark<'a>> {
        findings.iter().map(|reported| Mark::of(reported)).collect()
    };
    let moved = |id: &str| {
        let mut changed = map.changed.iter();
        let change = changed.find(|change| change.is_moved() && change.after.id() == id)?;
        Some(change.before.id())
    };
    let partners = partners(&marks(&old), &marks(&new), moved);
    let seen: BTreeSet<usize> = partners.iter().copied().flatten().collect();
    let mut introduced = Vec::new();
    let mut remaining = Vec::new();
    for (reported, partner) in new.into_iter().zip(partners) {
        match partner {
            Some(_) => remaining.push(reported),
            None => introduced.push(reported),
        }
    }
    let fixed = old
        .into_iter()
        .enumerate()
        .filter(|(place, _)| !seen.contains(place))
        .map(|(_, reported)| reported)
        .collect();
    Comparison {
        map,
        introduced,
        fixed,
        remaining,
    }
}

/// What makes a finding the same in two reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark<'a> {
    /// The id of its rule.
    pub rule: &'a str,
    /// Its fingerprint.
    pub fingerprint: &'a str,
    /// The symbolic place that the fingerprint is made of.
    pub symbol: &'a str,
    /// The id of the entry point it is about.
    pub entry_point: Option<&'a str>,
}

impl<'a> Mark<'a> {
    /// Returns the mark of `reported`.
    pub fn of(reported: &'a ReportedFinding) -> Mark<'a> {
        Mark {
            rule: reported.finding.rule.id,
            fingerprint: &reported.fingerprint,
            symbol: &reported.finding.symbol,
            entry_point: reported.finding.entry_point.as_deref(),
        }
    }
}

/// Returns for each finding of `after` the position of the same one in `before`; `former_id` says which id an entry
/// point had whose path changed.
pub fn partners(
    before: &[Mark<'_>],
    after: &[Mark<'_>],
    former_id: impl Fn(&str) -> Option<String>,
) -> Vec<Option<usize>> {
    let known: BTreeMap<&str, usize> = before
        .iter()
        .enumerate()
        .map(|(place, mark)| (mark.fingerprint, place))
        .collect();
    let partner = |mark: &Mark<'_>| {
        known.get(mark.fingerprint).copied().or_else(|| {
            let former = former_fingerprint(mark, &former_id)?;
            known.get(former.as_str()).copied()
        })
    };
    after.iter().map(partner).collect()
}

/// Returns the identity that a finding had when the path of its entry point was another one.
fn former_fingerprint(
    mark: &Mark<'_>,
    former_id: impl Fn(&str) -> Option<String>,
) -> Option<String> {
    let id = mark.entry_point?;
    let symbol = mark.symbol.replace(id, &former_id(id)?);
    Some(fingerprint(mark.rule, &symbol))
}
