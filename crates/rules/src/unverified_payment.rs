//! Finds entry points that book payments for whoever says that they were made.

use firedoor_app::{
    Access, Check, CheckKind, Control, Effect, EffectKind, EntryPoint, Field, Map, Operation,
    Origin, Provenance, Refusal, RequestPart, Verdict, is_left_out, ownership, query, user_control,
};

use crate::client_value::{is_counted, written_fields};
use crate::orders::{asks_server, prices, says_paid, settlements};
use crate::privileged::is_money;
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "unverified-payment",
    class: "business-logic",
    summary: "a payment is booked on the word of whoever sends the request",
    severity: Severity::Critical,
    cwe: &["CWE-345", "CWE-840"],
    remediation: "Check the payment provider's signature over the raw body, or ask the provider, before anything is booked.",
    page: include_str!("../fixtures/unverified-payment/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for entry in &map.entry_points {
        let is_open = match entry.verdict(Control::Authentication) {
            Verdict::Absent => true,
            // A layer before everything may look at who asks, where the handler does not.
            Verdict::Observed => !query::handler_accesses(entry).any(|(_, access)| {
                access
                    .key
                    .iter()
                    .any(|field| query::is_principal(&field.value))
            }),
            _ => false,
        };
        let is_callers = !is_open
            && ownership::knows_caller(entry)
            && (is_for_anybody(map, entry) || entry.method == "GET" && is_of_caller(map, entry));
        if !is_open && !is_callers || query::opens_session(map, entry) {
            continue;
        }
        let booked = written_fields(entry).find(|(effect, access, field)| {
            access.operation == Operation::Update
                && is_booking(map, access, field)
                && match is_callers {
                    true => {
                        is_proven_elsewhere(map, entry, access, field)
                            && !is_settled(entry)
                            && !is_switched(entry, effect)
                            || says_paid(field) && answers_for_any(entry, effect, access)
                    }
                    false => !is_proven(entry, effect) && is_told(entry, effect),
                }
        });
        let Some((effect, access, field)) = booked else {
            continue;
        };
        findings
            .at_entry(entry)
            .span(effect.span)
            .symbol(&access.asset)
            .confidence(Confidence::Medium)
            .title(format!("`{}` books a payment that anybody can claim", entry.id()))
            .message(match answers_for_any(entry, effect, access) {
                true => format!(
                    "`{}` of {} is changed because some payment was made that the request names; nothing asks whether it was made for this one, and over how much.",
                    field.name, access.asset
                ),
                false => format!(
                    "`{}` of {} is changed because the request says so; no signature, secret or answer of a payment provider is checked before.",
                    field.name, access.asset
                ),
            })
            .because("booked", effect.span, "it is booked here")
            .because("reached", entry.registered, "anybody reaches it")
            .report();
    }
}

/// Nobody with a rank is needed for it, or only one within a group, which anybody has in his own.
fn is_for_anybody(map: &Map, entry: &EntryPoint) -> bool {
    let accounts = query::account_assets(map);
    let is_of_account = |origin: &Origin| matches!(origin, Origin::Record { asset, .. } if accounts.contains(asset));
    // Whoever is not shut out has no rank yet.
    let is_nothing = |value: &Provenance| value.literal().is_some_and(|text| text == "null");
    let mut ranks = entry.checks.iter().filter(|check| {
        check.refusal.is_some()
            && check.kind != CheckKind::Presence
            && !check.operands.iter().any(is_nothing)
            && user_control(check) == Some(Control::Authorization)
    });
    let is_in_group = entry.verdict(Control::Ownership).refuses()
        && !ranks.any(|check| {
            let mut examined = check.operands.iter().flat_map(Provenance::origins);
            examined.any(is_of_account)
        });
    let is_ranked = entry.verdict(Control::Authorization).refuses() && !is_in_group;
    !is_ranked && !query::is_administrative_path(&entry.path)
}

/// It is there for demonstrations: without a setting nobody gets that far.
fn is_switched(entry: &EntryPoint, booked: &Effect) -> bool {
    let is_setting = |origin: &Origin| matches!(origin, Origin::Environment { .. });
    let is_word = |origin: &Origin| is_setting(origin) || matches!(origin, Origin::Literal(_));
    // That a key is there, without which nothing can be paid, is asked by everybody.
    entry.checks_of(booked).any(|check| {
        let origins = || check.operands.iter().flat_map(Provenance::origins);
        check.refusal.is_some()
            && !check.is_alternative
            && check.kind == CheckKind::Equality
            && origins().any(is_setting)
            && origins().all(is_word)
    })
}

/// What is asked of the caller is asked of a record of his, as whoever pays for a group has, and not of his account: nobody
/// with a rank follows a link to book a payment, and a browser does where it comes back.
fn is_of_caller(map: &Map, entry: &EntryPoint) -> bool {
    let accounts = query::account_assets(map);
    let is_of_account = |origin: &Origin| {
        matches!(origin, Origin::Record { asset, field, .. }
            if accounts.contains(asset) && !field.is_empty())
    };
    let mut examined = entry.checks.iter().flat_map(|check| &check.operands);
    !query::is_administrative_path(&entry.path)
        && !examined.any(|operand| operand.origins().iter().any(is_of_account))
}

/// The payment provider books the same elsewhere, and has to prove who it is.
fn is_proven_elsewhere(map: &Map, entry: &EntryPoint, access: &Access, field: &Field) -> bool {
    says_paid(field)
        && settlements(map).any(|settled| {
            !std::ptr::eq(settled.entry, entry)
                && settled.access.asset == access.asset
                && settled.field.name == field.name
        })
}

/// Another server is asked before, or the caller pays with what he has here.
fn is_settled(entry: &EntryPoint) -> bool {
    // What a store counts, as attempts are counted by a script in Redis, is nobody's answer.
    let is_answer = |origin: &Origin| match origin {
        Origin::Answer(_) | Origin::Unknown(_) => true,
        Origin::Outside(_) => !origin.is_of_store(),
        _ => false,
    };
    // Which error is told hangs on what was thrown, and settles nothing.
    let is_error = |effect: &Effect| {
        let refuses = |status: u16| status >= 400;
        matches!(effect.kind, EffectKind::Respond { is_error, status, .. }
            if is_error || status.is_some_and(refuses))
    };
    let hangs_on_answer = |effect: &Effect| {
        effect.layer.is_none()
            && !is_error(effect)
            && entry.checks_of(effect).any(|check| {
                let mut examined = check.operands.iter().flat_map(Provenance::origins);
                check.kind != CheckKind::Failure && examined.any(is_answer)
            })
    };
    asks_server(entry)
        || entry.effects.iter().any(hangs_on_answer)
        || query::comparisons(entry).any(|(effect, _)| effect.layer.is_none())
        || query::verifications(entry)
            .any(|(effect, found)| effect.layer.is_none() && found.is_verified)
        || written_fields(entry).any(|(effect, access, field)| {
            takes(access, field) || is_held_against(entry, effect, access, field)
        })
}

/// Holds if the first is what the client has sent as the second, or a part of that.
fn is_within(part: &Origin, whole: &Origin) -> bool {
    match (part, whole) {
        (Origin::Request(one, part), Origin::Request(other, whole)) => {
            let rest = part.strip_prefix(whole.as_str());
            let is_named = matches!(one, RequestPart::Body | RequestPart::Query);
            is_named
                && one == other
                && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        }
        _ => false,
    }
}

/// Holds if the provider is asked about a payment that the client names, and the order is another matter that the client
/// names too: nothing says that the one was made for the other.
fn answers_for_any(entry: &EntryPoint, booked: &Effect, access: &Access) -> bool {
    let is_named =
        |value: &Provenance| value.is_from(RequestPart::Body) || value.is_from(RequestPart::Query);
    let is_answer = |value: &Provenance| {
        let mut origins = value.origins().iter();
        origins.any(|origin| matches!(origin, Origin::Answer(_) | Origin::Outside(_)))
    };
    let is_of_order = |value: &Provenance| value.record_fields(access.asset).next().is_some();
    let asked = entry.checks_of(booked).filter(|check| {
        let is_word = |value: &Provenance| value.literal().is_some();
        check.kind == CheckKind::Equality && check.operands.iter().any(is_word)
    });
    let answers: Vec<&Provenance> = asked
        .flat_map(|check| &check.operands)
        .filter(|value| is_answer(value) && is_named(value) && !is_of_order(value))
        .collect();
    // What the client calls the order by is no part of what he calls the payment by.
    let is_of_payment = |value: &Provenance| {
        let is_shared = |origin: &Origin| {
            let mut asked_for = answers.iter().flat_map(|answer| answer.origins());
            asked_for.any(|other| is_within(other, origin))
        };
        is_answer(value) || value.origins().iter().any(is_shared)
    };
    // Whoever finds the order by what the payment says, or holds one against the other, knows what it was made for.
    let is_by_payment = query::handler_accesses(entry).any(|(_, other)| {
        other.asset == access.asset && other.key.iter().any(|field| is_of_payment(&field.value))
    });
    let is_compared = entry.checks.iter().any(|check| {
        check.kind != CheckKind::Failure
            && check.operands.iter().any(is_of_order)
            && check.operands.iter().any(is_of_payment)
    });
    !answers.is_empty() && !is_by_payment && !is_compared
}

/// Holds if the old value goes into the new one, and is compared with a bound before: a balance that pays, read under
/// a lock.
fn is_held_against(entry: &EntryPoint, effect: &Effect, access: &Access, field: &Field) -> bool {
    let is_old = |origin: &Origin| {
        matches!(origin, Origin::Record { asset, field: old, .. }
            if *asset == access.asset && *old == field.name)
    };
    field.value.origins().iter().any(is_old)
        && entry.checks_of(effect).any(|check| {
            let mut examined = check.operands.iter().flat_map(Provenance::origins);
            check.kind == CheckKind::Bound && examined.any(is_old)
        })
}

/// Holds if something is taken from the field, by its operator or since it is asked for at least so much of it.
fn takes(access: &Access, field: &Field) -> bool {
    let is_bound = |key: &Field| key.name == field.name && matches!(key.operator, ">" | ">=");
    field.operator == "-=" || field.operator == "+=" && access.key.iter().any(is_bound)
}

/// A balance is raised, or a record with a price is marked as paid.
fn is_booking(map: &Map, access: &Access, field: &Field) -> bool {
    let is_rank = matches!(field.name.as_str(), "score" | "rating");
    (!is_rank && is_counted(access, field) && is_money(map, access.asset, field.name))
        || says_paid(field) && !prices(map, access.asset).is_empty()
}

fn is_proven(entry: &EntryPoint, effect: &Effect) -> bool {
    if is_booked_all_the_same(entry, effect) || entry.checks_of(effect).any(is_spared_by_word) {
        return false;
    }
    entry.checks_of(effect).any(|check| {
        matches!(check.kind, CheckKind::Proof | CheckKind::Library) && !is_left_out(check)
    }) || query::comparisons(entry).next().is_some() && !entry.checks_of(effect).any(is_left_out)
        || query::verifications(entry)
            .any(|(verifying, found)| found.is_verified && !is_spared(entry, verifying, effect))
            && !entry.checks_of(effect).any(is_left_out)
}

/// Holds if the signature has to be right, or else a word of the message, as that it is only a test.
fn is_spared_by_word(check: &Check) -> bool {
    let is_sent = |origin: &Origin| {
        matches!(
            origin,
            Origin::Request(
                RequestPart::Body | RequestPart::Query | RequestPart::Header,
                _
            )
        )
    };
    let is_word = |part: &Check| {
        let origins = || part.operands.iter().flat_map(Provenance::origins);
        matches!(part.kind, CheckKind::Equality | CheckKind::Presence)
            && part.outcome
            && origins().any(is_sent)
            && origins().all(|it| is_sent(it) || matches!(it, Origin::Literal(_)))
    };
    let is_signature = |part: &Check| {
        let mut origins = part.operands.iter().flat_map(Provenance::origins);
        part.outcome && origins.any(|it| matches!(it, Origin::Signature | Origin::Digest))
    };
    let mut parts = check.alternatives.iter();
    check.is_alternative
        && check.refusal.is_some()
        && parts.clone().any(is_word)
        && parts.any(is_signature)
}

/// Holds if it is booked where the signature of what was sent turned out wrong: that is said to somebody, and nobody is
/// refused.
fn is_booked_all_the_same(entry: &EntryPoint, booked: &Effect) -> bool {
    let is_signature = |operand: &Provenance| {
        operand.is_from_client() && operand.origins().contains(&Origin::Signature)
    };
    let is_wrong = |check: &Check| {
        !check.outcome
            && !check.is_alternative
            && check.refusal.is_none()
            && matches!(
                check.kind,
                CheckKind::Presence | CheckKind::Proof | CheckKind::Equality
            )
            && check.operands.iter().any(is_signature)
    };
    let mut same = entry
        .exposed
        .iter()
        .filter(|effect| effect.span == booked.span);
    same.any(|effect| entry.checks_of(effect).any(is_wrong))
}

/// Holds if the signature is verified only where there is one, and without one the body is read as it is.
fn is_spared(entry: &EntryPoint, verifying: &Effect, booked: &Effect) -> bool {
    let is_word = |origin: &Origin| origin.is_from_client() || matches!(origin, Origin::Literal(_));
    let is_nothing = |it: &Provenance| it.literal().is_some_and(|text| text == "null");
    let is_body = |origin: &Origin| matches!(origin, Origin::Request(RequestPart::Body, name) if !name.is_empty());
    let mut asked = entry.checks_of(booked).flat_map(|check| &check.operands);
    if !asked.any(|operand| operand.origins().iter().any(is_body)) {
        return false;
    }
    let own = verifying
        .checks
        .iter()
        .filter(|id| !booked.checks.contains(id));
    own.map(|id| entry.check(*id)).any(|check| {
        let origins = || check.operands.iter().flat_map(Provenance::origins);
        let is_asked_for = match check.kind {
            CheckKind::Presence => check.outcome,
            CheckKind::Equality => !check.outcome && check.operands.iter().any(is_nothing),
            _ => false,
        };
        let is_refused = !matches!(check.refusal, None | Some(Refusal::Return));
        is_asked_for
            && !is_refused
            && origins().any(Origin::is_from_client)
            && origins().all(is_word)
    })
}

/// What the request says decides whether it is booked.
fn is_told(entry: &EntryPoint, effect: &Effect) -> bool {
    entry
        .checks_of(effect)
        .any(|check| check.provenance().is_from_client())
}
