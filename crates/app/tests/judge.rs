//! What the judge says about single layers.

use std::sync::Arc;

use firedoor_source::{FileId, Span};
use ustr::Ustr;

use firedoor_app::for_tests::{environment_of, is_behind, judge_control};
use firedoor_app::{
    Check, CheckKind, Condition, Continuation, Control, LayerRun, Origin, Provenance, Refusal,
    RequestPart, Verdict, fails_open, user_control,
};

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
        is_loose_edge: false,
        is_alternative: false,
        alternatives: Vec::new(),
        refusal: None,
        condition: Arc::new(condition),
        union: firedoor_app::Union::default(),
    };
    Continuation {
        span,
        checks: vec![check],
        useful: 1,
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

#[test]
fn a_setting_among_what_is_searched_is_no_condition() {
    let setting = Origin::Environment {
        name: Ustr::from("PREFIX"),
        fallback: None,
    };
    let held = Provenance::new([setting.clone(), Origin::Unknown(Ustr::from("outside"))]);
    let word = Provenance::new([Origin::Literal(Ustr::from("kept"))]);
    let searched = open_way(CheckKind::Membership, vec![word.clone(), held]);
    assert_eq!(environment_of(&searched), None);
    let listed = Provenance::new([setting.clone()]);
    let listed = open_way(CheckKind::Membership, vec![word.clone(), listed]);
    assert_eq!(environment_of(&listed).as_deref(), Some("PREFIX"));
    // Of two tests that are joined each is looked at for itself.
    let cookies = Provenance::new([Origin::Request(RequestPart::Cookie, Ustr::from(""))]);
    let session = Provenance::new([Origin::Request(RequestPart::Session, Ustr::from("kept"))]);
    let operands = vec![Provenance::new([setting]), cookies, session, word];
    let test = |kind, operands: &[Provenance]| Condition::Test {
        kind,
        operands: operands.to_vec(),
        holds: true,
    };
    let both = Condition::All(vec![
        test(CheckKind::Membership, &operands[..2]),
        test(CheckKind::Equality, &operands[2..]),
    ]);
    let mut joined = open_way(CheckKind::Equality, operands);
    joined.checks[0].condition = Arc::new(both);
    assert_eq!(environment_of(&joined), None);
}

#[test]
fn a_setting_is_the_condition_of_a_flag_that_it_alone_chose() {
    let setting = Origin::Environment {
        name: Ustr::from("OPEN"),
        fallback: None,
    };
    let flag = Provenance::new([Origin::Literal(Ustr::from("true"))]);
    let mut chosen = open_way(CheckKind::Presence, vec![flag.clone()]);
    chosen.checks[0].control = Provenance::new([setting.clone()]);
    assert_eq!(environment_of(&chosen).as_deref(), Some("OPEN"));
    // Which paths are left out may be set, and the path decides.
    let path = Origin::Request(RequestPart::Line, Ustr::from("path"));
    let listed = vec![Provenance::new([path.clone()]), flag.clone()];
    let mut listed = open_way(CheckKind::Equality, listed);
    listed.checks[0].control = Provenance::new([setting.clone()]);
    assert_eq!(environment_of(&listed), None);
    let mut among = open_way(CheckKind::Presence, vec![flag]);
    among.checks[0].control = Provenance::new([setting, path]);
    assert_eq!(environment_of(&among), None);
    // All settings together are none of them.
    let all = Origin::Environment {
        name: Ustr::from(""),
        fallback: None,
    };
    let all = open_way(CheckKind::Presence, vec![Provenance::new([all])]);
    assert_eq!(environment_of(&all), None);
}

#[test]
fn what_the_request_names_and_the_caller_decide_is_a_question_of_rights() {
    let found = |asset: &str, field: &str| Origin::Record {
        asset: Ustr::from(asset),
        field: Ustr::from(field),
        of_principal: true,
    };
    let caller = Provenance::new([found("members", ""), found("users", "role")]);
    let mut whole = open_way(CheckKind::Presence, vec![caller]).checks.remove(0);
    assert_eq!(user_control(&whole), None);
    whole.control = Provenance::new([Origin::Request(RequestPart::Message, Ustr::from("channel"))]);
    assert_eq!(user_control(&whole), Some(Control::Authorization));
}

#[test]
fn keys_that_are_tried_in_turn_are_no_list_of_who_may_do_what() {
    let one = |origin: Origin| Provenance::new([origin]);
    let kind = one(Origin::Principal(Ustr::from("purpose")));
    let word = one(Origin::Literal(Ustr::from("access")));
    let keys = one(Origin::Environment {
        name: Ustr::from("KEYS"),
        fallback: None,
    });
    let tried = vec![kind.clone(), word, keys.clone()];
    let tried = open_way(CheckKind::Equality, tried).checks.remove(0);
    assert_eq!(user_control(&tried), None);
    // What a list holds is a membership, or the truth of what was made of both.
    let both = kind.union(&keys);
    for listed in [
        open_way(CheckKind::Membership, vec![kind, keys]),
        open_way(CheckKind::Presence, vec![both]),
    ] {
        assert_eq!(
            user_control(&listed.checks[0]),
            Some(Control::Authorization)
        );
    }
}

#[test]
fn one_thing_that_the_caller_is_is_asked_wherever_he_was_found() {
    let found = |asset: &str| Origin::Record {
        asset: Ustr::from(asset),
        field: Ustr::from("isAdmin"),
        of_principal: true,
    };
    let proven = Origin::Principal(Ustr::from("key.isAdmin"));
    let asked = Provenance::new([found("users"), found("sessions"), proven]);
    let way = open_way(CheckKind::Presence, vec![asked]);
    assert_eq!(user_control(&way.checks[0]), Some(Control::Authorization));
}

fn setting(name: &str) -> Provenance {
    Provenance::new([Origin::Environment {
        name: Ustr::from(name),
        fallback: None,
    }])
}

fn header() -> Provenance {
    Provenance::new([Origin::Request(
        RequestPart::Header,
        Ustr::from("x-api-key"),
    )])
}

/// A guard that lets the request on in one way, and refuses it because of a header in another.
fn guard(way: Continuation) -> LayerRun {
    let asked = open_way(CheckKind::Presence, vec![header()]);
    LayerRun {
        continuations: vec![way],
        refusals: vec![(Refusal::Status(401), asked.checks, asked.span)],
        ..LayerRun::default()
    }
}

#[test]
fn a_setting_that_opens_a_part_of_the_application_is_no_missing_one() {
    let word = Provenance::new([Origin::Literal(Ustr::from("on"))]);
    let mut way = open_way(CheckKind::Equality, vec![setting("YARD"), word]);
    way.checks[0].span = Span::new(FileId(0), 1, 2);
    assert!(fails_open(&guard(way.clone())).is_none());
    let mut unset = way.clone();
    unset.checks[0].outcome = false;
    let mut run = guard(unset);
    assert!(fails_open(&run).is_some());
    let closed = way.checks;
    run.refusals.push((Refusal::Status(404), closed, way.span));
    assert!(fails_open(&run).is_none());
}

#[test]
fn what_a_handler_says_where_it_does_nothing_is_not_let_on() {
    let sent = Provenance::new([Origin::Request(RequestPart::Query, Ustr::from("slip"))]);
    let mut way = open_way(CheckKind::Failure, vec![sent]);
    assert!(fails_open(&guard(way.clone())).is_some());
    way.useful = 0;
    assert!(fails_open(&guard(way)).is_none());
}

#[test]
fn header_and_setting_are_not_both_missing_where_the_setting_was_asked_for() {
    let nothing = Origin::Literal(Ustr::from("null"));
    let or_nothing = |value: Provenance| value.union(&Provenance::new([nothing.clone()]));
    let compared = vec![or_nothing(header()), or_nothing(setting("KEY"))];
    let mut way = open_way(CheckKind::Equality, compared);
    way.checks[0].refusal = Some(Refusal::Status(403));
    assert!(!is_behind(&way, Control::Authentication));
    let asked = open_way(CheckKind::Presence, vec![setting("KEY")]);
    way.checks.splice(0..0, asked.checks);
    assert!(is_behind(&way, Control::Authentication));
}

#[test]
fn a_setting_that_has_no_say_in_a_refusal_is_no_condition_of_the_guard() {
    let run = guard(open_way(CheckKind::Presence, vec![setting("ADDRESS")]));
    assert_eq!(
        judge_control(&run, Control::Authentication),
        Verdict::Absent
    );
    let mut run = guard(open_way(CheckKind::Presence, vec![setting("KEY")]));
    let asked = open_way(CheckKind::Presence, vec![setting("KEY")]);
    run.refusals[0].1.splice(0..0, asked.checks);
    assert_eq!(
        judge_control(&run, Control::Authentication),
        Verdict::Conditional("KEY".to_owned())
    );
}
