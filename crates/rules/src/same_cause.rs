//! Says once what one place brings about at very many entry points: a hundred findings with one repair are one.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use firedoor_source::Span;

use crate::Finding;

/// So many findings with one cause are told one by one.
const FEW: usize = 12;

/// How many of the other entry points are named.
const NAMED: usize = 3;

/// Keeps the surest of the worst of the findings that rest on one place, and says in it where else it is the same.
pub(crate) fn told_once(found: Vec<Finding>) -> Vec<Finding> {
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

#[cfg(test)]
mod tests {
    use firedoor_source::{FileId, Span};

    use super::{FEW, told_once};
    use crate::{Confidence, Evidence, Finding, Severity};

    fn at(number: usize) -> Finding {
        resting_on("guard", number)
    }

    fn resting_on(role: &'static str, number: usize) -> Finding {
        let place = |start: u32| Span::new(FileId(0), start, start + 1);
        Finding {
            rule: crate::RULES[0],
            severity: Severity::High,
            confidence: Confidence::High,
            title: String::new(),
            message: String::from("Anybody passes."),
            entry_point: Some(format!("GET /{number}")),
            span: place(100 + number as u32),
            evidence: vec![Evidence {
                role,
                span: place(1),
                message: String::new(),
            }],
            symbol: number.to_string(),
        }
    }

    #[test]
    fn a_guard_of_many_is_told_once() {
        let told = told_once((0..=FEW).map(at).collect());
        assert_eq!(told.len(), 1);
        assert_eq!(
            told[0].message,
            "Anybody passes. It is the same at 12 other entry points, such as `GET /1`, `GET /2`, `GET /3`."
        );
    }

    #[test]
    fn the_surest_is_told() {
        let mut all: Vec<Finding> = (0..=FEW).map(at).collect();
        for finding in &mut all {
            finding.confidence = Confidence::Low;
        }
        all[3].confidence = Confidence::High;
        let told = told_once(all);
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].entry_point.as_deref(), Some("GET /3"));
    }

    #[test]
    fn a_guard_of_few_is_told_at_each() {
        let told = told_once((0..FEW).map(at).collect());
        assert_eq!(told.len(), FEW);
        assert!(told.iter().all(|it| it.message == "Anybody passes."));
    }

    #[test]
    fn a_place_that_decides_is_told_once_and_one_that_only_uses_at_each() {
        let many = |role| (0..=FEW).map(|number| resting_on(role, number)).collect();
        assert_eq!(told_once(many("decides")).len(), 1);
        assert_eq!(told_once(many("changes")).len(), 1);
        assert_eq!(told_once(many("uses")).len(), FEW + 1);
    }
}
