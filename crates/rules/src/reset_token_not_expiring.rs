//! Finds reset tokens that work for ever.

use firedoor_app::{
    CheckKind, Effect, EntryPoint, Map, Origin, Provenance, TokenKind, lookups, query, sessions,
};

use crate::resets::resets;
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "reset-token-not-expiring",
    class: "password-reset",
    summary: "a reset token never expires",
    severity: Severity::Medium,
    cwe: &["CWE-640", "CWE-613"],
    remediation: "Store an expiry with the token, and make it part of the look-up by which it is taken.",
    page: include_str!("../fixtures/reset-token-not-expiring/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for reset in resets(map) {
        let lookup = reset.lookup;
        if lookups::examines_age(map, &lookup) {
            continue;
        }
        findings
            .at_entry(lookup.entry)
            .confidence(Confidence::High)
            .title(format!("`{}` takes reset tokens of any age", lookup.entry.id()))
            .message(format!(
                "The {} is found by the token, and neither the look-up nor a check behind it looks at a time.",
                lookup.access.asset
            ))
            .because("looks-up", lookup.effect.span, "the token is looked up here")
            .because("changes", reset.effect.span, "the password is set here")
            .report();
    }
    for entry in &map.entry_points {
        if let Some((effect, read)) = signed(map, entry) {
            findings
                .at_entry(entry)
                .confidence(Confidence::High)
                .title(format!("`{}` takes reset tokens of any age", entry.id()))
                .message(
                    "The account is named by a signed token, and nothing says how old that may be.",
                )
                .because("reads", read.span, "the token is read here")
                .because("changes", effect.span, "the password is set here")
                .report();
        }
    }
}

/// Returns where a password is set for whom a signed token names, and where that is read, whatever its age.
fn signed<'m>(map: &'m Map, entry: &'m EntryPoint) -> Option<(&'m Effect, &'m Effect)> {
    let (effect, access) = sessions::password_change(map, entry)?;
    let is_claim = |origin: &Origin| matches!(origin, Origin::Claim(_));
    let mut key = access.key.iter().flat_map(|field| field.value.origins());
    let is_named = key.any(is_claim);
    let is_age = |value: &Provenance| value.origins().iter().any(is_claim);
    let is_time = |value: &Provenance| value.origins().contains(&Origin::Clock);
    let mut checks = entry.checks.iter();
    let asks_age = checks.any(|check| {
        check.kind == CheckKind::Bound
            && check.operands.iter().any(is_age)
            && check.operands.iter().any(is_time)
    });
    let read = || {
        query::verifications(entry)
            .filter(|(read, found)| read.layer.is_none() && found.kind == TokenKind::Signed)
    };
    let is_old = read().next().is_some() && read().all(|(_, found)| found.ignores_expiry);
    let (read, _) = read().next()?;
    (is_named && is_old && !asks_age).then_some((effect, read))
}
