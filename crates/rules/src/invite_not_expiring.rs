//! Finds invites and join codes that work for ever.

use firedoor_app::{Map, admissions, lookups};

use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "invite-not-expiring",
    class: "invite",
    summary: "an invite never expires",
    severity: Severity::Medium,
    cwe: &["CWE-613"],
    remediation: "Store an expiry with the invite, and make it part of the look-up by which it is accepted.",
    page: include_str!("../fixtures/invite-not-expiring/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for found in admissions::admissions(map) {
        let lookup = found.lookup;
        if admissions::is_group_code(&found) || lookups::examines_age(map, &lookup) {
            continue;
        }
        let has_times = map
            .entry_points
            .iter()
            .any(|entry| lookups::bounds_age(entry, lookup.access.asset));
        let (confidence, words) = match has_times {
            true => (
                Confidence::High,
                "Other code looks at its age; this does not.",
            ),
            false => (Confidence::Medium, "Nothing looks at its age."),
        };
        findings
            .at_entry(lookup.entry)
            .confidence(confidence)
            .title(format!("`{}` takes invites of any age", lookup.entry.id()))
            .message(format!(
                "The {} is found by a token that the client sends. {words}",
                lookup.access.asset
            ))
            .because("looks-up", lookup.effect.span, "the invite is found here")
            .because(
                "admits",
                found.effect.span,
                "whoever presents it is let in here",
            )
            .report();
    }
}
