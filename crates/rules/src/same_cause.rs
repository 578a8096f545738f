//! Says once what one place brings about at very many entry points: a hundred findings with one repair are one.

use std::fmt::Write;

use firedoor_source::Span;

use crate::Finding;

/// So many findings with one cause are told one by one.
const FEW: usize = 12;

/// How many of the other entry points are named.
const NAMED: usize = 3;

/// Keeps the first of the findings that rest on one place, and says in it where else it is the same.
pub(crate) fn told_once(found: Vec<Finding>) -> Vec<Finding> {
    let causes: Vec<Option<Span>> = found.iter().map(cause).collect();
    let like = |cause: Span| {
        let all = causes.iter().enumerate();
        all.filter(move |(_, it)| **it == Some(cause))
            .map(|(number, _)| number)
    };
    let others: Vec<Vec<String>> = causes
        .iter()
        .map(|it| match it {
            Some(cause) if like(*cause).nth(FEW).is_some() => {
                let entries = like(*cause).skip(1);
                let entries = entries.filter_map(|other| found[other].entry_point.clone());
                entries.collect()
            }
            _ => Vec::new(),
        })
        .collect();
    let is_kept = |number: usize| match causes[number] {
        Some(cause) if !others[number].is_empty() => like(cause).next() == Some(number),
        _ => true,
    };
    let kept: Vec<bool> = (0..found.len()).map(is_kept).collect();
    let mut all = found.into_iter().zip(others).zip(kept);
    let mut told = Vec::new();
    for ((mut finding, others), is_kept) in all.by_ref() {
        if is_kept {
            name(&mut finding, &others);
            told.push(finding);
        }
    }
    told
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

fn name(finding: &mut Finding, others: &[String]) {
    if others.is_empty() {
        return;
    }
    let named: Vec<String> = others
        .iter()
        .take(NAMED)
        .map(|it| format!("`{it}`"))
        .collect();
    let _ = write!(
        finding.message,
        " It is the same at {} other entry points, such as {}.",
        others.len(),
        named.join(", ")
    );
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
