//! Finds refresh tokens that work again after they were exchanged.

use firedoor_app::{Access, Effect, EntryPoint, Map, Operation, query, sessions};

use crate::{Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "refresh-not-rotated",
    class: "token-replay",
    summary: "a refresh token can be used again after it was exchanged",
    severity: Severity::High,
    cwe: &["CWE-294"],
    remediation: "Replace the stored token in the same statement that finds it, and hand out the new one.",
    page: include_str!("../fixtures/refresh-not-rotated/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for entry in &map.entry_points {
        let Some((effect, access)) = sessions::renewal(map, entry) else {
            continue;
        };
        if !replaces(map, entry, access.asset) {
            findings
                .at_entry(entry)
                .title(format!("`{}` takes the same refresh token again and again", entry.id()))
                .message(format!(
                    "It finds the {} by the token that the client sends and opens a session; the token is not replaced.",
                    access.asset
                ))
                .because("looks-up", effect.span, "the token is looked up here")
                .report();
        }
    }
}

/// Holds if the handler gives the record a new token, or makes a new record in its place: the old one is changed or
/// removed then.
/// What is done only where no session is opened, as where a token comes twice, replaces nothing.
pub fn replaces(map: &Map, entry: &EntryPoint, asset: ustr::Ustr) -> bool {
    let opening = sessions::session_opening(map, entry);
    let is_with_opening = |effect: &Effect| {
        opening.is_none_or(|opening| !query::are_exclusive(entry, effect, opening))
    };
    let written = || {
        query::handler_accesses(entry)
            .filter(|(effect, access)| access.asset == asset && is_with_opening(effect))
    };
    let is_old_changed = written()
        .any(|(_, access)| matches!(access.operation, Operation::Update | Operation::Delete));
    written().any(|(_, access)| match access.operation {
        Operation::Delete => true,
        Operation::Update => has_token(access),
        Operation::Create => is_old_changed && has_token(access),
        _ => false,
    })
}

fn has_token(access: &Access) -> bool {
    let mut values = access.values.iter();
    values.any(|field| query::is_token(&field.value))
}
