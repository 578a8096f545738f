//! Applies judgements to a report: what was judged does not count, as long as it is what was judged.

use std::collections::BTreeMap;

use firedoor_app::Map;

use super::evidence::changes;
use super::{Fallen, Judged, Judgement, Judgements, entry_points, of_entry_points, of_findings};
use crate::ReportedFinding;

/// The judgement that a finding is not counted for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What was decided, as a word.
    pub ruling: &'static str,
    /// Who decided, if that was said.
    pub by: Option<String>,
}

/// Marks the findings that a judgement holds for, and returns what became of the judgements.
///
/// `is_about_access` says of which findings an entry point that is public on purpose has none.
pub fn apply_to_findings(
    findings: &mut [ReportedFinding],
    map: &Map,
    judgements: &[Judgement],
    is_about_access: impl Fn(&ReportedFinding) -> bool,
) -> Judgements {
    let mut outcome = Judgements::default();
    for judgement in judgements {
        let concerned: Vec<usize> = match &judgement.judged {
            Judged::Finding(fingerprint) => {
                positions(findings, |it| it.fingerprint == *fingerprint)
            }
            Judged::EntryPoint(id) => positions(findings, |it| {
                it.finding.entry_point.as_deref() == Some(id) && is_about_access(it)
            }),
        };
        let Some(now) = seen(findings, &concerned, map, judgement) else {
            outcome.idle.push(judgement.clone());
            continue;
        };
        let (gone, new) = changes(&judgement.seen, &now);
        if !(gone.is_empty() && new.is_empty()) {
            outcome.fallen.push(Fallen {
                judgement: judgement.clone(),
                gone,
                new,
            });
            continue;
        }
        outcome.standing += 1;
        for position in concerned {
            suppress(&mut findings[position], judgement);
        }
    }
    outcome
}

fn positions(
    findings: &[ReportedFinding],
    is_meant: impl Fn(&ReportedFinding) -> bool,
) -> Vec<usize> {
    let numbered = findings.iter().enumerate();
    numbered
        .filter(|(_, reported)| is_meant(reported))
        .map(|(position, _)| position)
        .collect()
}

fn seen(
    findings: &[ReportedFinding],
    concerned: &[usize],
    map: &Map,
    judgement: &Judgement,
) -> Option<Vec<String>> {
    match &judgement.judged {
        Judged::Finding(_) if concerned.is_empty() => None,
        Judged::Finding(_) => {
            let same: Vec<_> = concerned.iter().map(|at| &findings[*at].finding).collect();
            Some(of_findings(map, &same))
        }
        Judged::EntryPoint(id) => {
            let same = entry_points(map, id);
            (!same.is_empty()).then(|| of_entry_points(&same))
        }
    }
}

/// A remark beside the code has the first word: it is nearer.
fn suppress(reported: &mut ReportedFinding, judgement: &Judgement) {
    if reported.suppressed.is_some() {
        return;
    }
    reported.suppressed = Some(judgement.reason.clone());
    reported.judged = Some(Standing {
        ruling: judgement.ruling.as_str(),
        by: judgement.by.clone(),
    });
}

/// Says of the entry points that are public by a judgement that holds why they are.
pub fn apply_to_entries(map: &mut Map, judgements: &[Judgement], outcome: &Judgements) {
    let mut reasons: BTreeMap<&str, &str> = BTreeMap::new();
    for judgement in judgements {
        let has_fallen = outcome
            .fallen
            .iter()
            .any(|fallen| fallen.judgement == *judgement);
        if let (Judged::EntryPoint(id), false) = (&judgement.judged, has_fallen) {
            reasons.insert(id, &judgement.reason);
        }
    }
    if reasons.is_empty() {
        return;
    }
    for entry in &mut map.entry_points {
        if let (Some(reason), None) = (reasons.get(entry.id().as_str()), &entry.public_because) {
            entry.public_because = Some((*reason).to_owned());
        }
    }
}
