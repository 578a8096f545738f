//! Finds sessions whose end is stored and never looked at.

use firedoor_app::{
    Access, AssetKind, Effect, EntryPoint, Map, Operation, Origin, RequestPart, query, sessions,
};
use ustr::Ustr;

use crate::{Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "session-not-expiring",
    class: "token-replay",
    summary: "the end of a session is stored, and sessions are taken after it",
    severity: Severity::Medium,
    cwe: &["CWE-613"],
    remediation: "Ask for the stored end wherever a session is found by what the client presents.",
    page: include_str!("../fixtures/session-not-expiring/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for asset in sessions::session_assets(map) {
        let Some((end, made)) = stored_end(map, asset) else {
            continue;
        };
        let mut found = map.entry_points.iter().flat_map(|entry| {
            query::accesses(entry)
                .filter(move |(_, access)| access.asset == asset && is_by_credential(access))
                .map(move |(effect, _)| (entry, effect))
        });
        let Some((entry, effect)) = found.next() else {
            continue;
        };
        if is_end_asked(map, asset, end) {
            continue;
        }
        findings
            .at(effect.span, &effect.function)
            .entry_point(entry)
            .symbol(&asset)
            .title(format!("the {asset} is taken after its end"))
            .message(format!(
                "`{end}` says when it ends, and nothing that finds one, or looks at it afterwards, asks whether that time has come."
            ))
            .because("stores", made.span, format!("`{end}` is stored here"))
            .because("finds", effect.span, "it is found by what the client presents")
            .report();
    }
}

/// Returns the field that gets a time to come when a session is made, unless the store removes old records itself.
fn stored_end(map: &Map, asset: Ustr) -> Option<(Ustr, &Effect)> {
    let declared = map.asset(asset)?;
    if declared.kind != AssetKind::Table || declared.fields.iter().any(|field| field.is_expiry) {
        return None;
    }
    map.entry_points
        .iter()
        .flat_map(query::handler_accesses)
        .filter(|(_, access)| access.asset == asset && access.operation == Operation::Create)
        .find_map(|(effect, access)| {
            let end = access.values.iter().find(|field| {
                field.value.origins().contains(&Origin::Clock) && is_called_end(&field.name)
            })?;
            Some((end.name, effect))
        })
}

fn is_called_end(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["expir", "until", "ends"]
        .iter()
        .any(|word| name.contains(word))
}

/// Found by a secret that the request carries as a credential, not by what a token says that has an end of its own.
fn is_by_credential(access: &Access) -> bool {
    !access.operation.is_write()
        && access.key.iter().any(|field| {
            field.operator == "="
                && field.value.origins().iter().any(|origin| {
                    matches!(
                        origin,
                        Origin::Request(RequestPart::Cookie | RequestPart::Header, _)
                    )
                })
        })
}

/// Something finds only sessions that last, removes those that do not, or looks at the end of one.
fn is_end_asked(map: &Map, asset: Ustr, end: Ustr) -> bool {
    let is_examined = |entry: &EntryPoint| {
        let checked = entry.checks.iter().map(firedoor_app::Check::provenance);
        let examined = entry
            .examined
            .iter()
            .flat_map(|test| test.operands.iter().cloned());
        checked
            .chain(examined)
            .any(|value| value.record_fields(asset).any(|field| field == end))
    };
    let in_key = |entry: &EntryPoint| {
        query::accesses(entry).any(|(_, access)| {
            access.asset == asset && access.key.iter().any(|key| key.name == end)
        })
    };
    map.entry_points
        .iter()
        .any(|entry| is_examined(entry) || in_key(entry))
}
