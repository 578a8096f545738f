//! Finds reset tokens that work for ever.

use firedoor_app::{Map, lookups};

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
}
