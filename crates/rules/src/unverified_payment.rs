//! Finds entry points that book payments for whoever says that they were made.

use firedoor_app::{
    Access, CheckKind, Control, Effect, EntryPoint, Field, Map, Operation, Origin, Verdict, query,
};

use crate::client_value::{is_counted, written_fields};
use crate::privileged::{is_money, is_money_name};
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "unverified-payment",
    class: "business-logic",
    summary: "a payment is booked on the word of whoever sends the request",
    severity: Severity::Critical,
    cwe: &["CWE-345", "CWE-840"],
    remediation: "Check the payment provider's signature over the raw body, or ask the provider, before anything is booked.",
    page: include_str!("../fixtures/unverified-payment/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for entry in &map.entry_points {
        let is_open = match entry.verdict(Control::Authentication) {
            Verdict::Absent => true,
            // A layer before everything may look at who asks, where the handler does not.
            Verdict::Observed => !query::handler_accesses(entry).any(|(_, access)| {
                access
                    .key
                    .iter()
                    .any(|field| query::is_principal(&field.value))
            }),
            _ => false,
        };
        if !is_open || query::opens_session(map, entry) {
            continue;
        }
        let booked = written_fields(entry).find(|(effect, access, field)| {
            access.operation == Operation::Update
                && is_booking(map, access, field)
                && !is_proven(entry, effect)
                && is_told(entry, effect)
        });
        let Some((effect, access, field)) = booked else {
            continue;
        };
        findings
            .at_entry(entry)
            .span(effect.span)
            .symbol(&access.asset)
            .confidence(Confidence::Medium)
            .title(format!("`{}` books a payment that anybody can claim", entry.id()))
            .message(format!(
                "`{}` of {} is changed because the request says so; no signature, secret or answer of a payment provider is checked before.",
                field.name, access.asset
            ))
            .because("booked", effect.span, "it is booked here")
            .because("reached", entry.registered, "anybody reaches it")
            .report();
    }
}

/// A balance is raised, or a record with a price is marked as paid.
fn is_booking(map: &Map, access: &Access, field: &Field) -> bool {
    let is_priced = map
        .asset(access.asset)
        .is_some_and(|asset| asset.fields.iter().any(|field| is_money_name(&field.name)));
    let is_paid = field.value.origins().iter().any(|origin| {
        matches!(origin, Origin::Literal(text)
            if matches!(text.to_ascii_lowercase().as_str(), "paid" | "succeeded" | "completed" | "captured"))
    });
    let is_rank = matches!(field.name.as_str(), "score" | "rating");
    (!is_rank && is_counted(access, field) && is_money(map, access.asset, field.name))
        || (is_priced && is_paid)
}

fn is_proven(entry: &EntryPoint, effect: &Effect) -> bool {
    entry
        .checks_of(effect)
        .any(|check| matches!(check.kind, CheckKind::Proof | CheckKind::Library))
        || query::comparisons(entry).next().is_some()
        || query::verifications(entry).any(|(_, found)| found.is_verified)
}

/// What the request says decides whether it is booked.
fn is_told(entry: &EntryPoint, effect: &Effect) -> bool {
    entry
        .checks_of(effect)
        .any(|check| check.provenance().is_from_client())
}
