//! Finds invites that name a person and let anybody in who has the link.

use firedoor_app::{Map, admissions, invitees};

use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "invite-unbound",
    class: "invite",
    summary: "an invite for one person lets in whoever has the link",
    severity: Severity::High,
    cwe: &["CWE-862"],
    remediation: "Compare the person whom the invite names with the caller before it is accepted.",
    page: include_str!("../fixtures/invite-unbound/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for found in admissions::admissions(map) {
        let lookup = found.lookup;
        let fields = invitees::person_fields(map, lookup.access.asset);
        if fields.is_empty() || invitees::is_bound(map, &lookup, &fields) {
            continue;
        }
        findings
            .at_entry(lookup.entry)
            .confidence(Confidence::High)
            .title(format!("`{}` takes an invite from anybody", lookup.entry.id()))
            .message(format!(
                "A {} names whom it is for (`{}`); nothing compares that with the person who accepts it.",
                lookup.access.asset, fields[0]
            ))
            .because("looks-up", lookup.effect.span, "the invite is found by its token here")
            .because("admits", found.effect.span, "whoever presents it is let in here")
            .report();
    }
}
