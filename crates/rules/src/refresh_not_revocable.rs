//! Finds refresh tokens that nothing on the server can end.

use firedoor_app::{
    Check, Effect, EntryPoint, Map, Origin, Provenance, RequestPart, VerifyToken, openings, query,
    sessions,
};

use crate::token_kinds::{Verified, accepts, issued, verified};
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "refresh-not-revocable",
    class: "token-replay",
    summary: "nothing on the server can end a refresh token",
    severity: Severity::Medium,
    cwe: &["CWE-613"],
    remediation: "Keep a record for each refresh token or session, look it up on every exchange, and delete it on log-out.",
    page: include_str!("../fixtures/refresh-not-revocable/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for found in verified(map) {
        let entry = found.entry;
        if !is_exchange(map, &found) || looks_at_state(entry) {
            continue;
        }
        let source = issued(map).find(|made| {
            accepts(&found, made.token)
                && (made.entry.id() == entry.id() || query::verifies_password(made.entry))
        });
        let Some(source) = source else {
            continue;
        };
        report(map, entry, found.effect, source.effect, findings);
    }
}

/// Holds if a token that the client sends is verified to open a session with it.
pub fn is_exchange(map: &Map, found: &Verified<'_>) -> bool {
    let entry = found.entry;
    found.effect.layer.is_none()
        && found.token.is_verified
        && is_sent_for_exchange(found.token)
        && !query::verifies_password(entry)
        && !query::verifies_code(entry)
        && openings::session_opening(map, entry).is_some()
}

fn report(
    map: &Map,
    entry: &EntryPoint,
    effect: &Effect,
    source: &Effect,
    findings: &mut Findings,
) {
    let confidence = match sessions::session_assets(map).is_empty() {
        true => Confidence::Medium,
        false => Confidence::High,
    };
    findings
        .at_entry(entry)
        .confidence(confidence)
        .title(format!("`{}` exchanges a token that cannot be revoked", entry.id()))
        .message("The signature alone decides: a copied token is good until it expires, whatever its owner does.")
        .because("verifies", effect.span, "the token is verified here")
        .because("issued", source.span, "it is issued here")
        .report();
}

/// A token for renewal is sent in the body or a cookie.
fn is_sent_for_exchange(token: &VerifyToken) -> bool {
    token.token.is_from(RequestPart::Body) || token.token.is_from(RequestPart::Cookie)
}

/// Holds if something stored is found by more than the account, or compared with the token.
fn looks_at_state(entry: &EntryPoint) -> bool {
    let by_key = query::accesses(entry).any(|(_, access)| {
        access.key.iter().any(|field| {
            field.value.origins().iter().any(|origin| match origin {
                Origin::Claim(name) | Origin::Principal(name) => !matches!(
                    name.as_str(),
                    "sub" | "id" | "userId" | "user_id" | "uid" | "_id" | "email"
                ),
                Origin::Request(..) | Origin::Digest => true,
                _ => false,
            })
        })
    });
    by_key || entry.checks.iter().any(compares_with_token)
}

fn compares_with_token(check: &Check) -> bool {
    let all = check.provenance();
    let is_stored = all
        .origins()
        .iter()
        .any(|origin| matches!(origin, Origin::Record { field, .. } if !field.is_empty()));
    is_stored && is_of_token(&all)
}

fn is_of_token(value: &Provenance) -> bool {
    value.is_from_client()
        || value
            .origins()
            .iter()
            .any(|origin| matches!(origin, Origin::Claim(_) | Origin::Principal(_)))
}
