//! Finds verifications that accept expired tokens as proof of who is asking.

use firedoor_app::{Check, CheckKind, EntryPoint, Map, Order, Origin, Provenance, query};

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
        if found.token.ignores_expiry && is_proof(&found) && matters(map, &found) {
            report(&found, findings);
        }
    }
}

/// An old token may say for whom a new one is asked, or which session ends; and code may look at the time
/// itself.
fn matters(map: &Map, found: &Verified<'_>) -> bool {
    let expires = issued(map)
        .filter(|made| is_same_key(&made.token.secret, &found.token.secret))
        .any(|made| made.token.expires.is_some());
    expires && !query::opens_session(map, found.entry) && !checks_time(found.entry)
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
