//! Finds records that any caller reaches by naming them, where the application otherwise asks whose they are.

use firedoor_app::Map;

use crate::unowned::unowned;
use crate::{Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "object-without-owner-check",
    class: "idor",
    summary: "a record is found by what the client sends, and nobody asks whose it is",
    severity: Severity::High,
    cwe: &["CWE-639"],
    remediation: "Make the caller part of the query, or compare the record's owner with the caller before it is used.",
    page: include_str!("../fixtures/object-without-owner-check/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for found in unowned(map)
        .iter()
        .filter(|found| !found.has_checked_parent)
    {
        let (entry, asset) = (found.usage.entry, found.usage.access.asset);
        findings
            .at_entry(entry)
            .span(found.usage.effect.span)
            .symbol(&asset)
            .confidence(found.confidence)
            .title(format!("`{}` {} any {asset} by its key", entry.id(), found.verb()))
            .message(format!(
                "The {asset} is found by what the client sends; the caller is neither part of the key nor of a check before it is used."
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
