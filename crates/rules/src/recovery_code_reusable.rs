//! Finds recovery codes that work again.

use firedoor_app::{
    EntryPoint, Field, Map, Origin, Provenance, RequestPart, lookups, lookups::Use, openings,
    passwords, query, second_factors, sessions,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "recovery-code-reusable",
    class: "two-factor",
    summary: "a recovery code works more than once",
    severity: Severity::High,
    cwe: &["CWE-294"],
    remediation: "Delete or mark the code in the statement that finds it, and go on only if that changed a record.",
    page: include_str!("../fixtures/recovery-code-reusable/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for entry in &map.entry_points {
        let Some((asset, span)) = looked_up(map, entry).or_else(|| compared(map, entry)) else {
            continue;
        };
        findings
            .at_entry(entry)
            .confidence(Confidence::High)
            .title(format!("`{}` takes a recovery code again", entry.id()))
            .message(format!(
                "The code is found in {asset}, and nothing that finding it looks at is changed."
            ))
            .because("finds", span, "the code is found here")
            .report();
    }
}

/// A code among those of a person, found by a key and kept.
fn looked_up(map: &Map, entry: &EntryPoint) -> Option<(String, Span)> {
    let found: Vec<_> = second_factor_codes(map, entry);
    let kept = found.iter().find(|lookup| {
        found
            .iter()
            .filter(|other| other.access.asset == lookup.access.asset)
            .all(|other| lookups::consumption(other, other.effect) != Use::Consumed)
    })?;
    Some((kept.access.asset.to_string(), kept.effect.span))
}

/// Look-ups by a code of somebody who is known already, where a second factor is asked for.
fn second_factor_codes<'m>(map: &'m Map, entry: &'m EntryPoint) -> Vec<lookups::Lookup<'m>> {
    let is_second = query::verifies_code(entry)
        || (openings::session_opening(map, entry).is_some()
            && !query::verifies_password(entry)
            // What renews a session is no code.
            && openings::renewal(map, entry).is_none()
            && !second_factors::second_factors(map).is_empty());
    if !is_second {
        return Vec::new();
    }
    lookups::lookups(map, entry)
        .into_iter()
        .filter(lookups::Lookup::names_person)
        .collect()
}

/// A code in a list that is part of a record, compared and left there.
fn compared(map: &Map, entry: &EntryPoint) -> Option<(String, Span)> {
    if !query::verifies_code(entry) {
        return None;
    }
    let secrets = second_factors::second_factors(map);
    let checks = entry.checks.iter().filter(|check| check.refusal.is_some());
    for check in checks {
        let all = check
            .operands
            .iter()
            .fold(Provenance::default(), |all, operand| all.union(operand));
        let is_sent = all.is_from(RequestPart::Body) || all.is_from(RequestPart::Message);
        if !is_sent {
            continue;
        }
        for origin in all.origins() {
            let Origin::Record { asset, field, .. } = origin else {
                continue;
            };
            let is_code = !field.is_empty()
                && !secrets.contains(&(*asset, *field))
                && !passwords::is_password(map, *asset, *field)
                && is_of_person(map, entry, *asset)
                && is_list_of_secrets(map, *asset, *field);
            if is_code && !is_changed(entry, *asset, field) {
                return Some((format!("{asset}.{field}"), check.span));
            }
        }
    }
    None
}

/// Holds if the record is an account, or found by one: what many share, as the code of a room, is meant to work again.
fn is_of_person(map: &Map, entry: &EntryPoint, asset: Ustr) -> bool {
    let accounts = query::account_assets(map);
    let names_person =
        |value: &Provenance| {
            query::is_principal(value)
            || value.origins().iter().any(
                |origin| matches!(origin, Origin::Record { asset, .. } if accounts.contains(asset)),
            )
            || value.origins().iter().any(|it| matches!(it, Origin::Claim(_)))
        };
    accounts.contains(&asset)
        || query::accesses(entry).any(|(_, access)| {
            // Whom it must not have in it yet, as a room its next guest, it is not the record of.
            let is_his =
                |field: &Field| matches!(field.operator, "=" | "in") && names_person(&field.value);
            access.asset == asset && access.key.iter().any(is_his)
        })
}

/// Holds if chance writes the field, in an entry point that writes no session with it.
fn is_list_of_secrets(map: &Map, asset: Ustr, field: Ustr) -> bool {
    !sessions::session_assets(map).contains(&asset)
        && lookups::writes_of(map, asset, field).any(|(_, _, value)| {
            lookups::is_random(value) && value.origins().contains(&Origin::Digest)
        })
}

/// Holds if the entry point writes the field where the code was right.
fn is_changed(entry: &EntryPoint, asset: Ustr, field: &str) -> bool {
    query::handler_accesses(entry).any(|(_, access)| {
        access.asset == asset
            && access.operation.is_write()
            && access
                .values
                .iter()
                .any(|value| value.name == field || field.starts_with(&format!("{}.", value.name)))
    })
}
