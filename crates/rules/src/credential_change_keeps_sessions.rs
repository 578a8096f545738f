//! Finds changes of a password that leave the account's other sessions valid.

use firedoor_app::{EntryPoint, Map, query, sessions};

use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "credential-change-keeps-sessions",
    class: "token-replay",
    summary: "a new password leaves old sessions valid",
    severity: Severity::Medium,
    cwe: &["CWE-613"],
    remediation: "End the account's other sessions in the same handler that changes the password.",
    page: include_str!("../fixtures/credential-change-keeps-sessions/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for entry in &map.entry_points {
        let Some((effect, access)) = sessions::password_change(map, entry) else {
            continue;
        };
        let is_upgrade = query::opens_session(map, entry) && query::verifies_password(entry);
        if is_upgrade || ends_for_certain(map, entry, effect.checks.len()) || versions(map, access)
        {
            continue;
        }
        let confidence = if sessions::session_assets(map).is_empty() {
            Confidence::Medium
        } else {
            Confidence::High
        };
        findings
            .at_entry(entry)
            .confidence(confidence)
            .title(format!("`{}` changes the password and ends no session", entry.id()))
            .message("Whoever got into the account before stays in after the owner has changed the password.")
            .because("changes", effect.span, "the new password is stored here")
            .report();
    }
}

/// Holds if sessions are ended wherever the password is changed: by a write that hangs on nothing the
/// client chooses besides.
fn ends_for_certain(map: &Map, entry: &EntryPoint, _depth: usize) -> bool {
    let kept = sessions::session_assets(map);
    let ends = query::handler_accesses(entry).any(|(effect, access)| {
        kept.contains(&access.asset)
            && sessions::ends_record(map, access)
            && !entry.checks_of(effect).any(|check| {
                check.refusal.is_none()
                    && check
                        .operands
                        .iter()
                        .all(|operand| operand.is_from_client())
            })
    });
    ends || (sessions::ends_sessions(map, entry) && kept.is_empty())
}

/// Holds if the same statement changes a field that guards compare with the caller's token.
fn versions(map: &Map, access: &firedoor_app::Access) -> bool {
    let compared: Vec<ustr::Ustr> = map
        .entry_points
        .iter()
        .flat_map(|entry| &entry.checks)
        .filter(|check| check.refusal.is_some() && check.operands.iter().any(query::is_principal))
        .flat_map(|check| {
            check
                .operands
                .iter()
                .flat_map(|operand| operand.record_fields(access.asset).collect::<Vec<_>>())
                .collect::<Vec<_>>()
        })
        .collect();
    access
        .values
        .iter()
        .any(|field| !query::is_password_name(&field.name) && compared.contains(&field.name))
}
