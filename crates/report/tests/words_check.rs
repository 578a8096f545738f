//! Checks in English.

use firedoor_app::{Check, CheckKind, Condition, Origin, Provenance};
use firedoor_report::for_tests::words::check;
use firedoor_source::{FileId, Span};
use ustr::Ustr;

fn words(kind: CheckKind, operands: &[&[Origin]], outcome: bool) -> String {
    check(&tested(kind, operands, outcome))
}

fn tested(kind: CheckKind, operands: &[&[Origin]], outcome: bool) -> Check {
    let operands: Vec<Provenance> = operands
        .iter()
        .map(|it| Provenance::new(it.to_vec()))
        .collect();
    Check {
        kind,
        span: Span {
            file: FileId(0),
            start: 0,
            end: 0,
        },
        condition: std::sync::Arc::new(Condition::Test {
            kind,
            operands: operands.clone(),
            holds: outcome,
        }),
        operands,
        control: Provenance::default(),
        order: None,
        outcome,
        side: outcome,
        ends: false,
        is_loose_edge: false,
        is_alternative: false,
        alternatives: Vec::new(),
        refusal: None,
        union: firedoor_app::Union::default(),
    }
}

#[test]
fn a_test_that_does_not_hold_is_said_directly() {
    let caller: &[Origin] = &[Origin::Principal(Ustr::from(""))];
    let nothing = [Origin::Literal(Ustr::from("null")), caller[0].clone()];
    let role: &[Origin] = &[Origin::Literal(Ustr::from("admin"))];
    assert_eq!(
        words(CheckKind::Presence, &[&nothing], false),
        "requires that the caller is missing"
    );
    assert_eq!(
        words(CheckKind::Equality, &[caller, role], false),
        "requires that the caller differs from \"admin\""
    );
    assert_eq!(
        words(CheckKind::Attempts, &[], false),
        "requires that there were too many attempts"
    );
}

#[test]
fn ways_of_which_one_is_enough_are_told_one_by_one() {
    let caller: &[Origin] = &[Origin::Principal(Ustr::from(""))];
    let kind: &[Origin] = &[Origin::Principal(Ustr::from("kind"))];
    let word: &[Origin] = &[Origin::Literal(Ustr::from("access"))];
    let parts = vec![
        tested(CheckKind::Presence, &[caller], false),
        tested(CheckKind::Equality, &[kind, word], false),
    ];
    let mut whole = tested(CheckKind::Equality, &[caller, kind, word], false);
    assert_eq!(
        check(&whole),
        "requires that a test of the caller, the caller's 'kind' and \"access\" fails"
    );
    whole.alternatives = parts;
    assert_eq!(
        check(&whole),
        "requires that the caller is missing, or the caller's 'kind' differs from \"access\""
    );
}

#[test]
fn several_tests_at_once_are_no_test_for_presence() {
    let caller: &[Origin] = &[Origin::Principal(Ustr::from(""))];
    let time: &[Origin] = &[Origin::Clock];
    assert_eq!(
        words(CheckKind::Presence, &[caller, time], true),
        "requires that a test of the caller and the time holds"
    );
}
