//! Finds payments that are booked whatever was paid, where the buyer's browser carries the amount.

use firedoor_app::{
    Access, Effect, EffectKind, EntryPoint, Map, Operation, Origin, Provenance, query,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::orders::{Settlement, asks_for_amount, asks_server, prices, settlements};
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "payment-amount-unchecked",
    class: "business-logic",
    summary: "a payment is booked whatever was paid",
    severity: Severity::High,
    cwe: &["CWE-472", "CWE-840"],
    remediation: "Compare the amount and currency that the provider reports with the order before it is marked as paid.",
    page: include_str!("../fixtures/payment-amount-unchecked/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for settled in settlements(map) {
        let prices = prices(map, settled.access.asset);
        if asks_for_amount(&settled, &prices) {
            continue;
        }
        let Some((entry, span)) = carried(map, &settled, &prices) else {
            continue;
        };
        findings
            .at_entry(settled.entry)
            .span(settled.effect.span)
            .symbol(&settled.access.asset)
            .confidence(Confidence::Medium)
            .title(format!("`{}` books a payment of any amount", settled.entry.id()))
            .message(format!(
                "The {} is marked as paid, and nothing compares `{}` of it with what was paid; the buyer's browser carries the amount to the provider.",
                settled.access.asset, prices[0]
            ))
            .because("booked", settled.effect.span, "it is booked here")
            .because(
                "carried",
                span,
                format!("`{}` hands the buyer the address of the payment", entry.id()),
            )
            .report();
    }
}

/// Returns where the buyer is sent to the provider with an order that the provider knows from the address alone.
fn carried<'m>(
    map: &'m Map,
    settled: &Settlement<'_>,
    prices: &[Ustr],
) -> Option<(&'m EntryPoint, Span)> {
    let order = settled.access.asset;
    let uses = |entry: &&EntryPoint| query::accesses(entry).any(|(_, it)| it.asset == order);
    let is_asked = map.entry_points.iter().filter(uses).any(asks_server);
    map.entry_points.iter().find_map(|entry| {
        let (_, made) = query::handler_accesses(entry).find(|(_, access)| {
            access.asset == order
                && access.operation == Operation::Create
                && access
                    .values
                    .iter()
                    .any(|field| prices.contains(&field.name))
        })?;
        let span = addresses(entry).find_map(|(effect, address)| {
            let tells_price = address
                .record_fields(made.asset)
                .any(|field| prices.contains(&field));
            let is_told = is_outside(address) && tells_price
                || is_setting(address) && names_order(settled.access, made, address) && !is_asked;
            is_told.then_some(effect.span)
        })?;
        Some((entry, span))
    })
}

/// What the answer tells that may be an address.
fn addresses(entry: &EntryPoint) -> impl Iterator<Item = (&Effect, &Provenance)> {
    let handled = entry.effects.iter().filter(|effect| effect.layer.is_none());
    handled.flat_map(|effect| {
        let told: Vec<&Provenance> = match &effect.kind {
            EffectKind::Respond {
                body,
                is_error: false,
                ..
            } => body.iter().map(|field| &field.value).collect(),
            EffectKind::Redirect(to) => vec![to],
            _ => Vec::new(),
        };
        told.into_iter().map(move |value| (effect, value))
    })
}

/// Part of the value comes from another server or a setting, so that it is no number of the record alone.
fn is_outside(address: &Provenance) -> bool {
    is_setting(address)
        || address
            .origins()
            .iter()
            .any(|origin| matches!(origin, Origin::Answer(_)))
}

fn is_setting(address: &Provenance) -> bool {
    address.origins().iter().any(|origin| match origin {
        Origin::Environment { .. } => true,
        Origin::Literal(text) => text.contains("://"),
        _ => false,
    })
}

/// The address has what the booking finds the order by.
fn names_order(booked: &Access, made: &Access, address: &Provenance) -> bool {
    let found_by = |name: Ustr| booked.key.iter().any(|field| field.name == name);
    made.values
        .iter()
        .filter(|field| found_by(field.name))
        .any(|field| {
            let mut origins = field.value.origins().iter();
            origins.any(|origin| address.origins().contains(origin))
        })
        || address
            .record_fields(made.asset)
            .any(|field| field.is_empty() || found_by(field))
}
