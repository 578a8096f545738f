//! Finds verifications that accept expired tokens as proof of who is asking.

use firedoor_app::{
    Check, CheckKind, EntryPoint, Field, IssueToken, Map, Order, Origin, Provenance,
    is_about_connection, query,
};

use crate::token_kinds::{Verified, is_proof, is_same_key, issued, verified};
use crate::{Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "jwt-claims-unchecked",
    class: "jwt",
    summary: "expired tokens are accepted",
    severity: Severity::High,
    cwe: &["CWE-613"],
    remediation: "Let the library check expiry; renew with a refresh token instead of accepting an old one.",
    page: include_str!("../fixtures/jwt-claims-unchecked/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for found in verified(map) {
        if !found.token.ignores_expiry || !expires(map, &found) || checks_time(found.entry) {
            continue;
        }
        let opens_session = query::opens_session(map, found.entry);
        if is_proof(&found) && !opens_session
            || opens_session && (renews_alone(&found) || waits_for_log_in(map, &found))
        {
            report(&found, findings);
        }
    }
}

fn expires(map: &Map, found: &Verified<'_>) -> bool {
    issued(map)
        .filter(|made| is_same_key(&made.token.secret, &found.token.secret))
        .any(|made| made.token.expires.is_some())
}

/// An old token may say for whom a new one is asked, where something else proves it: another token, a password, or what
/// the client sends is looked up. Where the old one is all that is asked for, it is as good as a new one for ever.
fn renews_alone(found: &Verified<'_>) -> bool {
    let entry = found.entry;
    let token = &found.token.token;
    let is_other = |value: &Provenance| {
        let mut sent = value.origins().iter().filter(|it| it.is_from_client());
        sent.any(|origin| !token.origins().contains(origin))
    };
    // Where a request comes from is no credential.
    let is_other_credential = |origin: &Origin| {
        matches!(origin, Origin::Request(..))
            && origin.is_credential()
            && !is_about_connection(origin)
            && !token.origins().contains(origin)
    };
    let asks_otherwise = query::verifies_password(entry)
        || query::comparisons(entry).any(|(effect, _)| effect.layer.is_none())
        || query::verifications(entry).any(|(_, other)| other.token != *token)
        || query::accesses(entry)
            .any(|(_, access)| access.key.iter().any(|field| is_other(&field.value)))
        || entry.checks.iter().any(|check| {
            // A shape is asked of what is sent, and proves nothing.
            check.kind != CheckKind::Library
                && check.kind != CheckKind::Failure
                && check
                    .operands
                    .iter()
                    .flat_map(|operand| operand.origins())
                    .any(is_other_credential)
        });
    found.token.is_verified
        && token.is_from_client()
        && query::issues(entry).any(|(_, made)| is_same_kind(found, made))
        && !asks_otherwise
}

/// Holds if what is issued is taken where this one is: it names the same audience, or neither names any.
fn is_same_kind(found: &Verified<'_>, made: &IssueToken) -> bool {
    is_same_key(&made.secret, &found.token.secret)
        && audience(&made.claims) == audience(&found.token.requires)
}

/// Whom the token must be meant for; that it must be meant for somebody is no name.
fn audience(fields: &[Field]) -> Vec<&Provenance> {
    let named = fields.iter();
    let named = named.filter(|it| it.name == "aud" && it.operator == "=");
    named.map(|it| &it.value).collect()
}

/// Holds if the token is none of those that the session goes on with, but one that is meant for this alone, as where
/// the password was right and a code is missing: it is made to expire, and does not.
fn waits_for_log_in(map: &Map, found: &Verified<'_>) -> bool {
    let renews = query::issues(found.entry).any(|(_, made)| is_same_kind(found, made));
    found.token.is_verified
        && found.token.token.is_from_client()
        && !audience(&found.token.requires).is_empty()
        && !renews
        && issued(map).any(|made| is_same_kind(found, made.token) && made.token.expires.is_some())
}

/// Holds if the check refuses only what comes from the future: a time of the token lies below the clock where it passes,
/// and is not taken from it, as an age is.
fn is_about_future(check: &Check) -> bool {
    let (Some(order), [left, right]) = (check.order, check.operands.as_slice()) else {
        return false;
    };
    let passes = match check.outcome {
        true => order,
        false => order.negated(),
    };
    let (low, high) = match passes {
        Order::Less | Order::LessOrEqual => (left, right),
        Order::Greater | Order::GreaterOrEqual => (right, left),
    };
    let is_time = |value: &Provenance| value.origins().contains(&Origin::Clock);
    !is_time(low) && is_time(high)
}

fn checks_time(entry: &EntryPoint) -> bool {
    let all = || entry.checks.iter().flat_map(Check::parts);
    // What was decided in a function is asked again where it has returned, and which of both is larger is not told there.
    let future: Vec<&Check> = entry
        .checks
        .iter()
        .filter(|check| check.refusal.is_some())
        .flat_map(Check::parts)
        .filter(|check| is_about_future(check))
        .collect();
    let is_of_future = |check: &Check| future.iter().any(|it| it.operands == check.operands);
    all().any(|check| {
        check.kind == CheckKind::Bound
            && !is_of_future(check)
            && check.provenance().origins().iter().any(|origin| {
                matches!(origin, Origin::Principal(name) | Origin::Claim(name)
                    if matches!(name.as_str(), "exp" | "iat"))
            })
    })
}

fn report(found: &Verified<'_>, findings: &mut Findings) {
    let function = &found.effect.function;
    findings
        .at(found.effect.span, function)
        .entry_point(found.entry)
        .title(format!("`{function}` accepts expired tokens"))
        .message("Checking the expiry is switched off where the token proves who is asking: it is good for ever.")
        .because(
            "reached",
            found.entry.registered,
            format!("`{}` relies on it", found.entry.id()),
        )
        .report();
}
