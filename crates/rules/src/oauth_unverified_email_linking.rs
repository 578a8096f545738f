//! Finds log-ins through another site that open the account with an address which nobody has verified.

use firedoor_app::{
    Access, CheckKind, EntryPoint, Map, Operation, Origin, Provenance, Refusal, query,
};

use crate::oauth_flow::{is_told, logs_in, word};
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
        let Some(code) = word(map, entry).filter(|_| logs_in(map, entry)) else {
            continue;
        };
        let look_up = query::handler_accesses(entry).find(|(_, access)| {
            matches!(access.operation, Operation::Read | Operation::Update)
                && accounts.contains(&access.asset)
                && is_by_address(map, access)
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

fn is_by_address(map: &Map, access: &Access) -> bool {
    access
        .key
        .iter()
        .any(|field| field.name.to_ascii_lowercase().contains("mail") && is_told(map, &field.value))
}

/// Something hangs on whether the other site has verified the address. Of what unknown libraries return the fields
/// are not known.
fn asks_whether_verified(entry: &EntryPoint) -> bool {
    let is_asked = |provenance: &Provenance| {
        provenance.origins().iter().any(|origin| match origin {
            Origin::Claim(name) | Origin::Answer(name) | Origin::UnverifiedClaim(name) => {
                is_verification(name)
            }
            _ => false,
        })
    };
    let is_unknown = |provenance: &Provenance| {
        let mut origins = provenance.origins().iter();
        origins.any(|origin| matches!(origin, Origin::Outside(_)))
    };
    let is_tested = entry
        .examined
        .iter()
        .any(|found| found.operands.iter().any(is_asked));
    is_tested
        || entry.checks.iter().any(|check| {
            let is_proof = matches!(check.kind, CheckKind::Proof | CheckKind::Failure);
            let provenance = check.provenance();
            is_asked(&provenance) || (!is_proof && is_unknown(&provenance))
        })
}

/// How sites call it: `email_verified`, `verified_email`, `verified`, `is_email_confirmed`, `xms_edov`.
fn is_verification(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["verif", "confirm", "edov"]
        .iter()
        .any(|word| name.contains(word))
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
            check.kind == CheckKind::Presence
                && check.operands.iter().any(|operand| {
                    operand
                        .record_fields(access.asset)
                        .any(|field| field.is_empty() || matches!(field.as_str(), "id" | "_id"))
                })
        })
}
