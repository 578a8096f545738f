//! Finds reset tokens that can be guessed.

use firedoor_app::Map;

use crate::guessable::{weakness, words};
use crate::resets::resets;
use crate::{Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "reset-token-weak",
    class: "password-reset",
    summary: "the token that resets a password can be guessed",
    severity: Severity::High,
    cwe: &["CWE-640", "CWE-338"],
    remediation: "Make the token of at least 128 bits from the generator that is made for secrets.",
    page: include_str!("../fixtures/reset-token-weak/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for reset in resets(map) {
        for weak in weakness(map, &reset.lookup) {
            findings
                .at_entry(weak.entry)
                .symbol(&reset.lookup.access.asset)
                .confidence(weak.confidence)
                .title(format!(
                    "the reset tokens of `{}` can be guessed",
                    weak.entry.id()
                ))
                .message(words(&weak))
                .because("makes", weak.effect.span, "the token is stored here")
                .because("takes", reset.effect.span, "the password is set by it here")
                .report();
        }
    }
}
