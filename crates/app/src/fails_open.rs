//! Guards that let a request on because something is missing, or because their own check failed.

use firedoor_source::Span;

use crate::judge::{presents_credential, refusal_control, user_control};
use crate::{Check, Condition, Continuation, Control, LayerRun, Origin, Provenance, RequestPart};

/// Returns where a layer lets an attacker on although it refuses others, and why: a guard that fails open.
pub fn fails_open(run: &LayerRun) -> Option<(Span, &'static str)> {
    let refuses = run.refusals.iter().any(|(refusal, checks, _)| {
        matches!(
            refusal_control(refusal, checks),
            Some(Control::Authentication | Control::Authorization)
        )
    });
    if !refuses {
        return None;
    }
    run.continuations.iter().find_map(|way| {
        let checks = way.useful_checks().iter().rev();
        let mut checks = checks.filter(|check| !is_switch(run, check));
        let (check, words) = checks.find_map(|check| Some((check, open_words(check)?)))?;
        // A way that some setting was chosen for is told as that setting's.
        (!is_set_on_purpose(check)).then_some((way.span, words))
    })
}

/// Returns where a layer that asks what a known user may do lets everybody on because a setting is missing, or because
/// the client says so.
pub fn fails_open_for_user(run: &LayerRun) -> Option<(Span, &'static str)> {
    let refuses = run.refusals.iter().any(|(_, checks, _)| {
        checks.last().and_then(user_control) == Some(Control::Authorization)
            || checks.iter().any(names_setting_and_user)
    });
    if !refuses {
        return None;
    }
    run.continuations.iter().find_map(|way| {
        let is_asked = || {
            let mut checks = way.checks.iter();
            checks.any(|check| user_control(check) == Some(Control::Authorization))
        };
        // A setting that is not there on a way that asks all the same was asked for another reason, and so was one
        // whose other ways ask nothing of the user.
        let opens = |check: &Check| {
            let counts = match check.is_alternative {
                true => asks_of_user(check),
                false => !is_asked(),
            };
            counts && is_setting_missing(check)
        };
        if way.useful_checks().iter().any(opens) {
            return Some((way.span, "when a setting is missing"));
        }
        let is_told = way.useful_checks().iter().any(is_told_by_header) && !is_asked();
        is_told.then_some((way.span, "when a header says so that any client can send"))
    })
}

/// The check holds a header that proves nothing against something written, or asks for it alone.
fn is_told_by_header(check: &Check) -> bool {
    let is_free = |origin: &Origin| match origin {
        Origin::Request(RequestPart::Header, name) => {
            !name.is_empty() && !origin.is_identity() && !origin.is_sent_secret()
        }
        _ => false,
    };
    let mut origins = check.operands.iter().flat_map(Provenance::origins);
    matches!(
        check.kind,
        crate::CheckKind::Presence | crate::CheckKind::Equality
    ) && check.outcome
        && !check.is_alternative
        && origins.clone().any(is_free)
        && origins.all(|origin| is_free(origin) || matches!(origin, Origin::Literal(_)))
}

fn asks_of_user(check: &Check) -> bool {
    let mut operands = check.operands.iter();
    operands.any(Provenance::is_of_principal) || check.alternatives.iter().any(asks_of_user)
}

fn names_setting_and_user(check: &Check) -> bool {
    check.origins().any(Origin::is_of_principal) && check.origins().any(Origin::is_setting)
}

/// The check says that a setting is empty: alone, or as one alternative beside what it says of the user.
pub(crate) fn is_setting_missing(check: &Check) -> bool {
    let Some(alone) = check.operands.iter().find(|it| is_setting(it)) else {
        return false;
    };
    let first = &environment_in(alone);
    if check.is_alternative && !check.alternatives.is_empty() {
        let is_empty = |part: &Check| {
            matches!(
                part.kind,
                crate::CheckKind::Presence | crate::CheckKind::Bound
            ) && !part.outcome
                && part.operands.iter().any(is_setting)
                && part.operands.iter().all(is_setting_or_written)
        };
        return names_missing_setting(check)
            || check.kind != crate::CheckKind::Proof && check.alternatives.iter().any(is_empty);
    }
    if check.is_alternative {
        return check.kind != crate::CheckKind::Proof
            && check
                .operands
                .iter()
                .filter(|it| environment_in(it) == *first)
                .count()
                > 1;
    }
    let is_empty = match check.kind {
        crate::CheckKind::Presence => true,
        // What is sent may be held against a limit that is set: that says nothing of whether one is.
        crate::CheckKind::Bound => check.operands.iter().all(is_setting_or_written),
        _ => false,
    };
    is_empty
        && check.operands.len() <= 2
        && !check.outcome
        && !check.origins().any(Origin::is_of_principal)
}

/// One of the ways that suffice is that a setting is not there: with it nobody is asked.
fn names_missing_setting(check: &Check) -> bool {
    check.alternatives.iter().any(|part| {
        part.kind == crate::CheckKind::Presence
            && !part.outcome
            && !part.operands.is_empty()
            && part.operands.iter().all(is_setting)
    })
}

pub(crate) fn environment_in(provenance: &Provenance) -> Option<ustr::Ustr> {
    first_environment(provenance.origins().iter())
}

/// Returns the setting that comes first in order, of those from which values come.
pub(crate) fn first_environment<'o>(
    origins: impl Iterator<Item = &'o Origin>,
) -> Option<ustr::Ustr> {
    let names = origins.filter_map(|origin| match origin {
        Origin::Environment { name, .. } => Some(*name),
        _ => None,
    });
    names.min()
}

/// Returns the setting that decided that the request was let on this way, in the words of a condition.
pub fn environment_of(way: &Continuation) -> Option<String> {
    way.checks.iter().rev().find_map(|check| {
        let mut examined = Vec::new();
        if is_flag(check) {
            examined.push(&check.control);
        }
        add_examined(&check.condition, &mut examined);
        let origins = examined.into_iter().flat_map(Provenance::origins);
        let named = origins.filter(
            |origin| !matches!(origin, Origin::Environment { name, .. } if name.is_empty()),
        );
        let name = first_environment(named)?;
        let is_set = check.outcome || is_set_on_purpose(check);
        let negation = if is_set { "" } else { "not " };
        Some(format!("{negation}{name}"))
    })
}

/// Holds if nothing is examined but what is written, and settings alone chose it: one that has a say in which paths,
/// cookies or records are compared leaves the choice to them.
fn is_flag(check: &Check) -> bool {
    let is_told = |it: &Origin| matches!(it, Origin::Environment { .. } | Origin::Literal(_));
    let examined = check.operands.iter().flat_map(Provenance::origins);
    examined.chain(check.control.origins()).all(is_told)
}

/// Adds what the tests examine, those left out that look for something: a setting that says what a cookie or header is
/// called decides nothing, nor does one that stands among other things in what is searched.
fn add_examined<'c>(condition: &'c Condition, examined: &mut Vec<&'c Provenance>) {
    match condition {
        Condition::Test { kind, operands, .. } => {
            // Whether what was sent is signed right says nothing of the setting that it was signed with.
            if operands.iter().any(is_signature_of_sent) {
                return;
            }
            // Nor does which site a page is of, where it must be the one that a setting names.
            if *kind == crate::CheckKind::Equality && operands.iter().any(is_site_of_page) {
                return;
            }
            let is_sent = || operands.iter().any(Provenance::is_from_client);
            let is_held = || operands.iter().any(is_setting);
            if *kind == crate::CheckKind::Membership && (is_sent() || !is_held()) {
                return;
            }
            examined.extend(operands);
        }
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().for_each(|part| add_examined(part, examined));
        }
    }
}

fn is_site_of_page(operand: &Provenance) -> bool {
    let is_said = |origin: &Origin| match origin {
        Origin::Request(RequestPart::Header, name) => {
            matches!(name.to_ascii_lowercase().as_str(), "origin" | "referer")
        }
        _ => false,
    };
    operand.origins().iter().any(is_said)
}

fn is_signature_of_sent(operand: &Provenance) -> bool {
    operand.is_from_client() && operand.origins().contains(&Origin::Signature)
}

/// Holds for a setting and nothing else: what was made from one among other things is not the setting.
fn is_setting(operand: &Provenance) -> bool {
    let is_told = |it: &Origin| matches!(it, Origin::Environment { .. } | Origin::Literal(_));
    environment_in(operand).is_some() && operand.origins().iter().all(is_told)
}

fn is_setting_or_written(operand: &Provenance) -> bool {
    let is_written = |it: &Origin| matches!(it, Origin::Literal(_));
    is_setting(operand) || operand.origins().iter().all(is_written)
}

/// Holds for what the client presents and nothing else: a user that was made from it is not the credential.
fn is_credential(operand: &Provenance) -> bool {
    let is_told = |it: &Origin| matches!(it, Origin::Request(..) | Origin::Literal(_));
    let origins = operand.origins().iter();
    origins.clone().any(presents_credential) && origins.clone().all(is_told)
}

/// Where a test of settings alone refuses everybody on its other side, the setting opens a part of the application, and
/// not its guard.
fn is_switch(run: &LayerRun, check: &Check) -> bool {
    let is_other_side = |last: &Check| last.span == check.span && last.outcome != check.outcome;
    !check.is_alternative
        && check.operands.iter().any(is_setting)
        && check.operands.iter().all(is_setting_or_written)
        && run
            .refusals
            .iter()
            .any(|(_, checks, _)| checks.last().is_some_and(is_other_side))
}

fn open_words(check: &Check) -> Option<&'static str> {
    if check.is_alternative && names_missing_setting(check) {
        return Some("when a setting is missing");
    }
    let asks_setting = check.operands.iter().any(is_setting);
    let asks_credential = check.operands.iter().any(is_credential);
    match check.kind {
        crate::CheckKind::Failure if check.outcome => Some("when its own check fails"),
        crate::CheckKind::Presence if asks_setting && !check.outcome => {
            Some("when a setting is missing")
        }
        crate::CheckKind::Membership | crate::CheckKind::Equality if asks_setting => {
            Some("when a setting is missing")
        }
        crate::CheckKind::Presence if asks_credential && !check.outcome => {
            Some("when the credential is missing")
        }
        _ => None,
    }
}

/// Holds for `MODE === 'open'` on the side that no missing setting takes: one that has the word, or one that lacks
/// it although it stands for what is missing.
fn is_set_on_purpose(check: &Check) -> bool {
    let [left, right] = check.operands.as_slice() else {
        return false;
    };
    let (setting, word) = match is_setting(left) {
        true => (left, right),
        false => (right, left),
    };
    if check.kind != crate::CheckKind::Equality || check.is_alternative || !is_setting(setting) {
        return false;
    }
    let Some(word) = word.literal() else {
        return false;
    };
    let stands_in = |origin: &Origin| match origin {
        Origin::Environment { fallback, .. } => *fallback == Some(word),
        origin => *origin == Origin::Literal(word),
    };
    check.outcome != setting.origins().iter().any(stands_in)
}

/// Holds if what the client sends equals a setting where both are missing: the constant that stands for a header
/// that was not sent is the one that stands for the setting.
pub(crate) fn is_missing_on_both_sides(check: &Check) -> bool {
    let [left, right] = check.operands.as_slice() else {
        return false;
    };
    let is_sent = |operand: &Provenance| operand.is_from_client();
    let is_pair = (environment_in(left).is_some() && is_sent(right))
        || (environment_in(right).is_some() && is_sent(left));
    let is_constant = |origin: &&Origin| matches!(origin, Origin::Literal(_));
    check.kind == crate::CheckKind::Equality
        && check.outcome
        && is_pair
        && left
            .origins()
            .iter()
            .filter(is_constant)
            .any(|origin| right.origins().contains(origin))
}
