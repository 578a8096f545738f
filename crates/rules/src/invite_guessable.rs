//! Finds invites whose token can be guessed.

use firedoor_app::{Map, admissions};

use crate::guessable::{weakness, words};
use crate::{Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "invite-guessable",
    class: "invite",
    summary: "the token of an invite can be guessed",
    severity: Severity::High,
    cwe: &["CWE-330"],
    remediation: "Make the token of at least 128 bits from the generator that is made for secrets.",
    page: include_str!("../fixtures/invite-guessable/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for found in admissions::admissions(map) {
        for weak in weakness(map, &found.lookup) {
            findings
                .at_entry(weak.entry)
                .symbol(&found.lookup.access.asset)
                .confidence(weak.confidence)
                .title(format!(
                    "the invites of `{}` can be guessed",
                    weak.entry.id()
                ))
                .message(words(&weak))
                .because("makes", weak.effect.span, "the token is stored here")
                .because(
                    "admits",
                    found.effect.span,
                    "whoever presents it is let in here",
                )
                .report();
        }
    }
}
