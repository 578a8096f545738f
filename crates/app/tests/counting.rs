//! What asks for a count, and what only seems to.

use std::sync::Arc;

use firedoor_app::counting::{Counts, asks_for_count};
use firedoor_app::{
    Access, Check, CheckKind, Condition, Field, Operation, Origin, Provenance, Union,
};
use firedoor_source::{FileId, Span};
use ustr::Ustr;

fn field(name: &str) -> Provenance {
    Provenance::new([Origin::Record {
        asset: Ustr::from("User"),
        field: Ustr::from(name),
        of_principal: false,
    }])
}

fn presence(operands: Vec<Provenance>) -> Check {
    let kind = CheckKind::Presence;
    let condition = Condition::Test {
        kind,
        operands: operands.clone(),
        holds: true,
    };
    Check {
        kind,
        span: Span::new(FileId(0), 0, 0),
        operands,
        control: Provenance::default(),
        order: None,
        outcome: true,
        side: true,
        ends: false,
        is_loose_edge: false,
        is_alternative: false,
        alternatives: Vec::new(),
        refusal: None,
        condition: Arc::new(condition),
        union: Union::default(),
    }
}

#[test]
fn a_lock_is_asked_for_alone() {
    let value = |name: &str, operator| Field {
        name: Ustr::from(name),
        value: field(name),
        operator,
    };
    let failed = Access {
        operation: Operation::Update,
        asset: Ustr::from("User"),
        key: Vec::new(),
        values: vec![value("tries", "+="), value("locked", "=")],
        spread: Vec::new(),
        is_many: false,
        is_conditional: false,
        is_in_transaction: false,
        is_unlocked: false,
    };
    let alone = presence(vec![field("locked")]);
    assert!(asks_for_count(&alone, &Counts::of([&failed])));
    let among_others = presence(vec![field("locked"), field("password")]);
    assert!(!asks_for_count(&among_others, &Counts::of([&failed])));
}
