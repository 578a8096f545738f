//! What the judge says about single layers.

use std::sync::Arc;

use firedoor_source::{FileId, Span};
use ustr::Ustr;

use super::{Continuation, environment_of};
use crate::{Check, CheckKind, Condition, Origin, Provenance, RequestPart};

fn open_way(kind: CheckKind, operands: Vec<Provenance>) -> Continuation {
    let span = Span::new(FileId(0), 0, 0);
    let condition = Condition::Test {
        kind,
        operands: operands.clone(),
        holds: true,
    };
    let check = Check {
        kind,
        span,
        operands,
        control: Provenance::default(),
        order: None,
        outcome: true,
        side: true,
        ends: false,
        is_alternative: false,
        alternatives: Vec::new(),
        refusal: None,
        condition: Arc::new(condition),
    };
    Continuation {
        span,
        checks: vec![check],
    }
}

#[test]
fn a_setting_that_names_a_cookie_is_no_condition() {
    let setting = Provenance::new([Origin::Environment {
        name: Ustr::from("PREFIX"),
        fallback: None,
    }]);
    let cookies = Provenance::new([Origin::Request(RequestPart::Cookie, Ustr::from(""))]);
    let named = open_way(CheckKind::Membership, vec![setting.clone(), cookies]);
    assert_eq!(environment_of(&named), None);
    let set = open_way(CheckKind::Presence, vec![setting]);
    assert_eq!(environment_of(&set).as_deref(), Some("PREFIX"));
}
