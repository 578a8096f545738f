//! What rests on one cause is told once.

use firedoor_rules::for_tests::{FEW, told_once};
use firedoor_rules::{Confidence, Evidence, Finding, Severity};
use firedoor_source::{FileId, Span};

fn at(number: usize) -> Finding {
    resting_on("guard", number)
}

fn resting_on(role: &'static str, number: usize) -> Finding {
    let place = |start: u32| Span::new(FileId(0), start, start + 1);
    Finding {
        rule: firedoor_rules::RULES[0],
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
