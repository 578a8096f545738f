//! Finds records below a checked parent that are found without it.

use firedoor_app::Map;

use crate::unowned::{Unowned, unowned};
use crate::{Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "parent-not-checked",
    class: "idor",
    summary: "the caller is checked against the parent in the path, and the record is found by its own key alone",
    severity: Severity::High,
    cwe: &["CWE-639"],
    remediation: "Make the parent part of the query for the record, or compare the record's parent with the one in the path.",
    page: include_str!("../fixtures/parent-not-checked/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    let all = unowned(map);
    let below: Vec<_> = all.iter().filter(|it| it.has_checked_parent).collect();
    for (number, found) in below.iter().enumerate() {
        let (entry, asset) = (found.usage.entry, found.usage.access.asset);
        // What is done to one kind of records is one finding: that which is surest.
        let is_surer = |(place, other): (usize, &&Unowned<'_>)| {
            std::ptr::eq(other.usage.entry, entry)
                && other.usage.access.asset == asset
                && (other.confidence, number) > (found.confidence, place)
        };
        if below
            .iter()
            .copied()
            .enumerate()
            .any(|(place, other)| is_surer((place, &other)))
        {
            continue;
        }
        findings
            .at_entry(entry)
            .span(found.usage.effect.span)
            .symbol(&asset)
            .confidence(found.confidence)
            .title(format!("`{}` {} a {asset} of any parent", entry.id(), found.verb()))
            .message(format!(
                "The caller is held against another part of the request; the {asset} is found by its own key, whatever parent it belongs to."
            ))
            .because(
                "compared-with",
                found.example.span,
                found.example.words(asset),
            )
            .because("reached", entry.registered, "the entry point")
            .report();
    }
}
