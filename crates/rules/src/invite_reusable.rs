//! Finds invites for one person that can be used again.

use firedoor_app::{Map, admissions, invitees, lookups, lookups::Use};

use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "invite-reusable",
    class: "invite",
    summary: "an invite works again after it was accepted",
    severity: Severity::Medium,
    cwe: &["CWE-294"],
    remediation: "Take the invite out of its open state in the statement that finds it, and go on only if that changed a record.",
    page: include_str!("../fixtures/invite-reusable/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for found in admissions::admissions(map) {
        let lookup = found.lookup;
        if admissions::is_group_code(&found)
            || lookups::consumption(&lookup, found.effect) == Use::Consumed
        {
            continue;
        }
        // A link for everybody is often meant to work more than once.
        let is_for_one = !invitees::person_fields(map, lookup.access.asset).is_empty()
            || lookups::has_state(&lookup);
        let confidence = match is_for_one {
            true => Confidence::High,
            false => Confidence::Low,
        };
        findings
            .at_entry(lookup.entry)
            .confidence(confidence)
            .title(format!("`{}` takes the same invite again", lookup.entry.id()))
            .message(format!(
                "Accepting it changes nothing of the {} that finding it looks at: whoever was removed comes back with the old link.",
                lookup.access.asset
            ))
            .because("looks-up", lookup.effect.span, "the invite is found here")
            .because("admits", found.effect.span, "whoever presents it is let in here")
            .report();
    }
    for found in admissions::named_admissions(map) {
        let lookup = found.lookup;
        if lookups::consumption(&lookup, found.effect) != Use::Kept {
            continue;
        }
        findings
            .at_entry(lookup.entry)
            .symbol("named")
            .confidence(Confidence::High)
            .title(format!("`{}` takes the same invite again", lookup.entry.id()))
            .message(format!(
                "Accepting it marks the {}, and nothing here asks for the mark as others do: whoever was removed comes back with the old invite.",
                lookup.access.asset
            ))
            .because("looks-up", lookup.effect.span, "the invite is found here")
            .because("admits", found.effect.span, "whoever was invited is let in here")
            .report();
    }
}
