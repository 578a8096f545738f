//! Finds what somebody wants explained: a rule, an entry point or a finding.

use firedoor_analysis::{Report, ReportedFinding};
use firedoor_app::EntryPoint;
use firedoor_plan::Decision;
use firedoor_rules::Rule;

/// What is explained.
#[derive(Clone, Debug)]
pub enum Subject<'a> {
    /// A rule, which needs no report.
    Rule(&'static Rule),
    /// A decision of a plan, which needs no report either.
    Decision(&'static Decision),
    /// The entry points with one id; several where two applications share it.
    EntryPoints(Vec<&'a EntryPoint>),
    /// The findings whose fingerprints start alike.
    Findings(Vec<&'a ReportedFinding>),
}

/// The shortest beginning of a fingerprint that is taken for one.
const SHORTEST_FINGERPRINT: usize = 4;

/// Returns what `what` names in `report`: an entry point's id (the case of the method and spaces at the
/// ends do not matter, and it may be as texts show it) or the beginning of a fingerprint.
pub fn find_subject<'a>(report: &'a Report, what: &str) -> Option<Subject<'a>> {
    let what = what.trim();
    if let Some(decision) = firedoor_plan::decision(what) {
        return Some(Subject::Decision(decision));
    }
    let entries: Vec<&EntryPoint> = report
        .map
        .entry_points
        .iter()
        .filter(|entry| {
            let id = entry.id();
            is_same_id(&id, what) || is_same_id(&crate::clean(&id), what)
        })
        .collect();
    if !entries.is_empty() {
        return Some(Subject::EntryPoints(entries));
    }
    if what.len() < SHORTEST_FINGERPRINT {
        return None;
    }
    let prefix = what.to_ascii_lowercase();
    let findings: Vec<&ReportedFinding> = report
        .findings
        .iter()
        .filter(|reported| reported.fingerprint.starts_with(&prefix))
        .collect();
    (!findings.is_empty()).then_some(Subject::Findings(findings))
}

/// Returns all that [`find_subject`] could find in `report`, for a suggestion.
pub fn known_subjects(report: &Report) -> Vec<String> {
    let mut known: Vec<String> = report.map.entry_points.iter().map(EntryPoint::id).collect();
    known.extend(
        report
            .findings
            .iter()
            .map(|reported| reported.fingerprint.clone()),
    );
    known
}

fn is_same_id(id: &str, what: &str) -> bool {
    match (id.split_once(' '), what.split_once(' ')) {
        (Some((method, path)), Some((asked_method, asked_path))) => {
            method.eq_ignore_ascii_case(asked_method) && path == asked_path.trim_start()
        }
        _ => id == what,
    }
}
