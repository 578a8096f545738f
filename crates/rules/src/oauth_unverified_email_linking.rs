//! Finds log-ins through another site that open the account with an address which nobody has verified.

use firedoor_app::{Access, EntryPoint, Map, Operation, Origin, Provenance, Refusal, query};

use crate::oauth_flow::{exchange, logs_in, verified_code};
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "oauth-unverified-email-linking",
    class: "oauth",
    summary: "an account is opened by an address that the other site may not have verified",
    severity: Severity::High,
    cwe: &["CWE-287", "CWE-345"],
    remediation: "Find accounts by the identifier of the other site; link by address only if both sides have verified it.",
    page: include_str!("../fixtures/oauth-unverified-email-linking/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    let accounts = query::account_assets(map);
    for entry in &map.entry_points {
        let Some(code) = exchange(entry).or_else(|| verified_code(entry)) else {
            continue;
        };
        if !logs_in(map, entry) {
            continue;
        }
        let look_up = query::handler_accesses(entry).find(|(_, access)| {
            access.operation == Operation::Read
                && accounts.contains(&access.asset)
                && is_by_address(access)
        });
        let Some((effect, access)) = look_up else {
            continue;
        };
        if asks_whether_verified(entry) || refuses_known(entry, access) {
            continue;
        }
        findings
            .at_entry(entry)
            .span(effect.span)
            .confidence(Confidence::Medium)
            .title(format!("`{}` opens accounts by address alone", entry.id()))
            .message(format!(
                "The {} is found by the address that the other site tells, and nothing asks whether that site has verified it.",
                access.asset
            ))
            .because("looks-up", effect.span, "the account is found here")
            .because("exchanges", code.span, "the other site's word is taken here")
            .report();
    }
}

fn is_by_address(access: &Access) -> bool {
    access.key.iter().any(|field| {
        field.name.to_ascii_lowercase().contains("mail") && is_told_by_others(&field.value)
    })
}

fn is_told_by_others(value: &Provenance) -> bool {
    value
        .origins()
        .iter()
        .any(|origin| matches!(origin, Origin::Outside(_) | Origin::Claim(_)))
}

/// A check that refuses looks at what the other site says; of an answer over HTTP the fields are not known.
fn asks_whether_verified(entry: &EntryPoint) -> bool {
    entry
        .checks
        .iter()
        .filter(|check| check.refusal.is_some())
        .any(|check| {
            check
                .operands
                .iter()
                .flat_map(|operand| operand.origins())
                .any(|origin| match origin {
                    Origin::Claim(name) => name.to_ascii_lowercase().contains("verified"),
                    Origin::Outside(path) => match path.strip_prefix("py:http.") {
                        Some(field) => field.to_ascii_lowercase().contains("verified"),
                        None => true,
                    },
                    _ => false,
                })
        })
}

/// Whoever has an account already is told to log in with it.
fn refuses_known(entry: &EntryPoint, access: &Access) -> bool {
    entry
        .checks
        .iter()
        .filter(|check| {
            !check.outcome
                && check
                    .refusal
                    .as_ref()
                    .is_some_and(|found| *found != Refusal::Return)
        })
        .any(|check| {
            check.kind == firedoor_app::CheckKind::Presence
                && check.operands.iter().any(|operand| {
                    operand
                        .record_fields(access.asset)
                        .any(|field| field.is_empty() || matches!(field.as_str(), "id" | "_id"))
                })
        })
}
