//! Two reports about one application: what changed in its wiring, and which findings came and went.

use std::collections::BTreeSet;

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
    let known: BTreeSet<&str> = old.iter().map(|it| it.fingerprint.as_str()).collect();
    let mut seen_again = BTreeSet::new();
    let mut introduced = Vec::new();
    let mut remaining = Vec::new();
    for reported in new {
        let mut names = [
            Some(reported.fingerprint.clone()),
            former_fingerprint(&map, reported),
        ]
        .into_iter()
        .flatten();
        match names.find(|name| known.contains(name.as_str())) {
            Some(name) => {
                seen_again.insert(name);
                remaining.push(reported);
            }
            None => introduced.push(reported),
        }
    }
    let fixed = old
        .into_iter()
        .filter(|it| !seen_again.contains(&it.fingerprint))
        .collect();
    Comparison {
        map,
        introduced,
        fixed,
        remaining,
    }
}

/// Returns the identity that a finding had when the path of its entry point was another one.
fn former_fingerprint(map: &MapDiff<'_>, reported: &ReportedFinding) -> Option<String> {
    let finding = &reported.finding;
    let id = finding.entry_point.as_deref()?;
    let change = map
        .changed
        .iter()
        .find(|change| change.is_moved() && change.after.id() == id)?;
    let symbol = finding.symbol.replace(id, &change.before.id());
    Some(fingerprint(finding.rule.id, &symbol))
}
