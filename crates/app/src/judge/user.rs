//! What a check asks of a user who is known: what he is, or whose something is.

use super::attributes::{self, is_attribute, says_attribute};
use super::forgery::is_csrf_check;
use crate::fails_open::environment_in;
use crate::{Check, CheckKind, Control, Order, Origin, Provenance, RequestPart};

/// Returns what a check that refuses a proven user is good for: authorization if it asks what he is,
/// ownership if it compares him with a record or with what he asked for.
pub fn user_control(check: &Check) -> Option<Control> {
    check.asked_of_user(|| find_user_control(check))
}

fn find_user_control(check: &Check) -> Option<Control> {
    let examined = || check.operand_origins();
    if !check.origins().any(is_about_principal) || asks_for_purpose(check) || is_csrf_check(check) {
        return None;
    }
    let asks_who = only_asks_who(check) || asks_for_whole(check) || finds_caller(check);
    if asks_who || is_met_by_every_rank(check) {
        return None;
    }
    // What decided where the record was found is no part of what is asked of it.
    let is_about_other = || match check.operands.as_slice() {
        [only] => attributes::of_caller(only).any(is_about_record),
        _ => examined().any(is_about_record),
    };
    let says_rank = examined().any(says_attribute);
    if says_rank && !is_about_other() {
        return Some(Control::Authorization);
    }
    // Where nothing is left of what was examined, as of a list of permissions that a library has made, what decided it
    // tells.
    let says_nothing = |origin: &Origin| {
        matches!(
            origin,
            Origin::Unknown(_) | Origin::Literal(_) | Origin::Outside(_)
        )
    };
    let is_blank = examined().all(says_nothing);
    if is_blank && check.origins().any(says_attribute) {
        return Some(Control::Authorization);
    }
    if check.origins().any(is_about_record) {
        // What a message is called, or how long ago the last one came, says nothing of whose it is.
        let is_choice = examined().all(|origin| {
            origin.is_from_client() || matches!(origin, Origin::Literal(_) | Origin::Clock)
        });
        return (!is_choice && !is_confirmation(check)).then_some(Control::Ownership);
    }
    // A key from the settings proves a token; only what is held against a list of them says what its owner may do.
    let is_listed = || {
        check.parts().iter().any(|part| {
            part.operands.len() <= 2
                && !matches!(part.kind, CheckKind::Proof | CheckKind::Failure)
                && part.operand_origins().any(is_about_principal)
                && part.operands.iter().any(|it| environment_in(it).is_some())
        })
    };
    // A rank that stood in what was asked for before, as in the whole account that has to be there, says nothing of what
    // is asked now of something else.
    // What was caught was thrown for a reason that only stands there.
    let is_thrown = || {
        check.kind == CheckKind::Failure
            && attributes::without_wholes(&check.control).any(says_attribute)
    };
    (says_rank || is_thrown() || is_listed()).then_some(Control::Authorization)
}

/// Holds if the check asks whether anybody is known at all: the caller as a whole is there, or a name of his is.
/// What he may do, and whose a record is, stays open.
fn only_asks_who(check: &Check) -> bool {
    let is_caller = |origin: &Origin| matches!(origin, Origin::Principal(_));
    let is_constant = |origin: &Origin| matches!(origin, Origin::Literal(_));
    let origins = || check.operands.iter().flat_map(Provenance::origins);
    let is_simple = matches!(check.kind, CheckKind::Presence | CheckKind::Equality);
    let is_whole = || {
        let mut claims = origins().filter(|origin| is_caller(origin));
        claims.any(|origin| !matches!(origin, Origin::Principal(field) if is_attribute(field)))
    };
    is_simple
        && !check.is_alternative
        && origins().any(is_caller)
        && origins().all(|origin| is_caller(origin) || is_constant(origin))
        && is_whole()
}

/// Holds if the check only asks whether an object is there that holds several things of the caller, as an earlier
/// layer attaches it: what one of them says is not asked.
fn asks_for_whole(check: &Check) -> bool {
    // `row === undefined` asks the same as `!row`; what is undefined comes from nowhere.
    let is_nothing = |operand: &Provenance| {
        operand.is_empty() || operand.literal().is_some_and(|text| text == "null")
    };
    let (operand, kind) = match check.operands.as_slice() {
        [operand] => (operand, CheckKind::Presence),
        [operand, other] | [other, operand] if is_nothing(other) => (operand, CheckKind::Equality),
        _ => return false,
    };
    let is_of_caller = |origin: &Origin| {
        matches!(
            origin,
            Origin::Principal(_)
                | Origin::Record {
                    of_principal: true,
                    ..
                }
        )
    };
    let is_constant = |origin: &Origin| matches!(origin, Origin::Literal(_));
    let origins = operand.origins();
    // What is told of it where it is there has no say in whether it is.
    let is_own_record = |origin: &Origin| matches!(origin, Origin::Record { field, of_principal: true, .. } if field.is_empty());
    // One thing that he is, from wherever he was found, is no whole.
    let is_asked = |origin: &Origin| match origin {
        Origin::Principal(field) | Origin::Record { field, .. } => is_attribute(field),
        _ => is_constant(origin),
    };
    check.kind == kind
        && !check.is_alternative
        && !origins.iter().all(is_asked)
        // What the request names has chosen what is looked for: that is more than who is asking.
        && !check.control.origins().iter().any(is_about_record)
        && (origins.iter().filter(|origin| is_of_caller(origin)).count() > 1
            || origins.iter().any(is_own_record))
        && origins
            .iter()
            .all(|origin| is_of_caller(origin) || is_constant(origin))
}

/// Holds if the check only asks whether there is a record of what the caller came with: a session that is looked up
/// by its cookie, also together with the account that it is of. Nothing that the request names had a say in it.
fn finds_caller(check: &Check) -> bool {
    let [operand] = check.operands.as_slice() else {
        return false;
    };
    let is_his = |origin: &Origin| match origin {
        Origin::Record {
            field,
            of_principal,
            ..
        } => *of_principal && field.is_empty(),
        Origin::Literal(_) => true,
        _ => false,
    };
    let is_carried = |origin: &Origin| {
        matches!(
            origin,
            Origin::Request(RequestPart::Cookie | RequestPart::Header, _)
        )
    };
    let is_named = |origin: &Origin| {
        !is_carried(origin) && origin.is_from_client() || matches!(origin, Origin::Principal(_))
    };
    let found_by = check.control.origins();
    check.kind == CheckKind::Presence
        && !check.is_alternative
        && operand.is_of_principal()
        && operand.origins().iter().all(is_his)
        && found_by.iter().any(is_carried)
        && !found_by.iter().any(is_named)
}

/// Holds if the bound is the place of what stands in no list, which no place is below: as where the name that is asked
/// for was left out of the list of ranks.
fn is_met_by_every_place(check: &Check) -> bool {
    let is_nowhere = |operand: &Provenance| operand.literal().is_some_and(|text| text == "-1");
    let (Some(order), [left, right]) = (check.order, check.operands.as_slice()) else {
        return false;
    };
    check.kind == CheckKind::Bound
        && match order {
            Order::GreaterOrEqual | Order::Less => is_nowhere(right),
            Order::LessOrEqual | Order::Greater => is_nowhere(left),
        }
}

/// Holds if the rank is one of several numbers that are all known, and the bound parts none of them from the others.
fn is_met_by_every_rank(check: &Check) -> bool {
    if is_met_by_every_place(check) {
        return true;
    }
    let numbers = |operand: &Provenance| -> Option<Vec<f64>> {
        let number = |origin: &Origin| match origin {
            Origin::Literal(text) => text.parse::<f64>().ok(),
            _ => None,
        };
        operand.origins().iter().map(number).collect()
    };
    let (Some(order), [left, right]) = (check.order, check.operands.as_slice()) else {
        return false;
    };
    let (Some(left), Some(right)) = (numbers(left), numbers(right)) else {
        return false;
    };
    if left.len().min(right.len()) != 1 || left.len().max(right.len()) < 2 {
        return false;
    }
    let holds = |a: f64, b: f64| match order {
        Order::Less => a < b,
        Order::LessOrEqual => a <= b,
        Order::Greater => a > b,
        Order::GreaterOrEqual => a >= b,
    };
    let mut outcomes = left
        .iter()
        .flat_map(|a| right.iter().map(|b| holds(*a, *b)));
    let first = outcomes.next();
    check.kind == CheckKind::Bound && outcomes.all(|it| Some(it) == first)
}

/// Holds if the check only asks what the token is for, under whatever name: `scope`, `kind`, `type`.
fn asks_for_purpose(check: &Check) -> bool {
    let is_claim = |operand: &Provenance| {
        let mut origins = operand.origins().iter();
        !operand.is_empty() && origins.all(|origin| matches!(origin, Origin::Principal(_)))
    };
    check.kind == CheckKind::Equality
        && check.operands.len() == 2
        && check.operands.iter().any(is_claim)
        && check.operands.iter().any(is_purpose)
}

/// Holds for a word that says what a token is for.
fn is_purpose(operand: &Provenance) -> bool {
    operand.literal().is_some_and(|text| {
        let text = text.to_ascii_lowercase();
        let word = text.trim_end_matches("token").trim_end_matches(['_', '-']);
        matches!(word, "access" | "refresh" | "session" | "bearer" | "auth")
    })
}

/// Holds if a client is asked to repeat something of his own that is no id, such as a name, to confirm.
fn is_confirmation(check: &Check) -> bool {
    let is_sent = |operand: &Provenance| {
        !operand.is_empty() && operand.origins().iter().all(Origin::is_from_client)
    };
    let is_own_text = |operand: &Provenance| {
        let mut fields = operand.origins().iter().filter_map(|origin| match origin {
            Origin::Record {
                field,
                of_principal: true,
                ..
            } if !field.is_empty() => Some(field),
            _ => None,
        });
        let is_text = |field: &ustr::Ustr| {
            let last = field.rsplit('.').next().unwrap_or(field);
            matches!(last, "name" | "title" | "email" | "username" | "slug")
        };
        fields.any(is_text)
    };
    check.kind == crate::CheckKind::Equality
        && check.operands.len() == 2
        && check.operands.iter().any(is_sent)
        && check.operands.iter().any(is_own_text)
}

fn is_about_principal(origin: &Origin) -> bool {
    match origin {
        Origin::Principal(_) => true,
        Origin::Record { of_principal, .. } => *of_principal,
        Origin::Request(RequestPart::Context | RequestPart::Session, _) => true,
        _ => false,
    }
}

fn is_about_record(origin: &Origin) -> bool {
    match origin {
        Origin::Record { of_principal, .. } => !of_principal,
        // A token names nothing; it is what proved the caller.
        _ if origin.is_sent_secret() => false,
        // What kind of message it is names nothing either.
        Origin::Request(RequestPart::Message, name)
            if matches!(name.as_str(), "type" | "op" | "event" | "action" | "kind") =>
        {
            false
        }
        Origin::Request(
            RequestPart::Path | RequestPart::Body | RequestPart::Query | RequestPart::Message,
            _,
        ) => true,
        _ => false,
    }
}
