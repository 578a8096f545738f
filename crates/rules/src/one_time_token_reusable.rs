//! Finds tokens for one use that work again.

use firedoor_app::{Access, Effect, EntryPoint, Map, Operation, query, sessions};

use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "one-time-token-reusable",
    class: "token-replay",
    summary: "a token that is meant for one use is not consumed",
    severity: Severity::High,
    cwe: &["CWE-294"],
    remediation: "Delete or mark the token in the statement that finds it, and act only if that changed a record.",
    page: include_str!("../fixtures/one-time-token-reusable/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    let kept = sessions::session_assets(map);
    for entry in &map.entry_points {
        let Some((effect, access)) = look_up(map, entry) else {
            continue;
        };
        let matters =
            sessions::password_change(map, entry).is_some() || query::opens_session(map, entry);
        if !matters || kept.contains(&access.asset) || consumes(map, entry, access) {
            continue;
        }
        findings
            .at_entry(entry)
            .confidence(Confidence::High)
            .title(format!("the token that `{}` takes works again", entry.id()))
            .message(format!(
                "The {} is found by the token and not deleted or marked as used.",
                access.asset
            ))
            .because("looks-up", effect.span, "the token is looked up here")
            .report();
    }
}

/// The look-up of a record by an unguessable value that the client sends.
fn look_up<'m>(map: &Map, entry: &'m EntryPoint) -> Option<(&'m Effect, &'m Access)> {
    query::handler_accesses(entry).find(|(_, access)| {
        matches!(access.operation, Operation::Read | Operation::Count)
            && access.key.iter().any(|field| {
                field.operator == "="
                    && field.value.is_from_client()
                    && !field.value.is_credential()
                    && (field
                        .value
                        .origins()
                        .contains(&firedoor_app::Origin::Digest)
                        || query::is_random_field(map, access.asset, field.name))
            })
    })
}

/// Holds if the handler deletes or marks records of the asset, and the ones that were found: fixed parts of
/// both keys agree.
fn consumes(map: &Map, entry: &EntryPoint, found: &Access) -> bool {
    query::handler_accesses(entry).any(|(_, access)| {
        access.asset == found.asset
            && sessions::ends_record(map, access)
            && keys_agree(access, found)
    })
}

fn keys_agree(a: &Access, b: &Access) -> bool {
    a.key.iter().all(|field| {
        b.key
            .iter()
            .filter(|other| other.name == field.name)
            .all(
                |other| match (field.value.literal(), other.value.literal()) {
                    (Some(own), Some(other)) => own == other || field.operator != "=",
                    _ => true,
                },
            )
    })
}
