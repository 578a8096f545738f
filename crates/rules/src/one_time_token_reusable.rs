//! Finds tokens for one use that work again.

use firedoor_app::{
    Control, Effect, Field, Map, Operation, exchange, lookups,
    lookups::{Lookup, Use},
    openings, query, sessions,
};

use ustr::Ustr;

use crate::resets::resets;
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
    let all = uses(map).into_iter().chain(new_addresses(map));
    for (lookup, used) in all {
        let outcome = lookups::consumption(&lookup, used);
        if outcome == Use::Consumed {
            continue;
        }
        let words = match outcome {
            Use::Sometimes => "deleted or marked as used only under a condition",
            _ => "not deleted or marked as used in a way that the look-up sees",
        };
        findings
            .at_entry(lookup.entry)
            .confidence(Confidence::High)
            .title(format!(
                "the token that `{}` takes works again",
                lookup.entry.id()
            ))
            .message(format!(
                "The {} is found by the token and {words}.",
                lookup.access.asset
            ))
            .because(
                "looks-up",
                lookup.effect.span,
                "the token is looked up here",
            )
            .because("uses", used.span, "what it is good for happens here")
            .report();
    }
}

/// Returns the look-ups by a token that was sent to a person, each with what it is good for: a new password or a
/// session.
pub fn uses(map: &Map) -> Vec<(Lookup<'_>, &Effect)> {
    let resets = resets(map).map(|reset| (reset.lookup, reset.effect));
    resets.chain(log_ins(map)).collect()
}

/// Changes of an account by whoever presents a token, which take an address from its record: those of which others take
/// such tokens once.
fn new_addresses(map: &Map) -> Vec<(Lookup<'_>, &Effect)> {
    let accounts = query::account_assets(map);
    let mut found: Vec<(Lookup<'_>, &Effect)> = Vec::new();
    for entry in &map.entry_points {
        if entry.verdict(Control::Authentication).refuses()
            || sessions::password_change(map, entry).is_some()
        {
            continue;
        }
        let lookup = lookups::lookups(map, entry)
            .into_iter()
            .find(|lookup| !accounts.contains(&lookup.access.asset) && !lookup.names_person());
        let Some(lookup) = lookup else {
            continue;
        };
        let asset = [lookup.access.asset];
        let changed = query::handler_accesses(entry).find(|(_, access)| {
            let is_told = |field: &Field| lookups::is_of_any(&field.value, &asset);
            accounts.contains(&access.asset)
                && access.operation == Operation::Update
                && access.key.iter().any(is_told)
                && access
                    .values
                    .iter()
                    .any(|field| is_told(field) && !lookups::is_random(&field.value))
        });
        found.extend(changed.map(|(effect, _)| (lookup, effect)));
    }
    let taken_once: Vec<Ustr> = found
        .iter()
        .chain(&uses(map))
        .filter(|(lookup, used)| lookups::consumption(lookup, used) == Use::Consumed)
        .map(|(lookup, _)| lookup.access.asset)
        .collect();
    found.retain(|(lookup, _)| taken_once.contains(&lookup.access.asset));
    found
}

/// Log-ins by a token that was sent to the person: they open a session for whom its record names.
fn log_ins(map: &Map) -> Vec<(Lookup<'_>, &Effect)> {
    let kept = sessions::session_assets(map);
    let mut found = Vec::new();
    for entry in &map.entry_points {
        // What another site says proves it, too; what is kept until it does was never sent to a person.
        let proves_else = query::verifies_password(entry)
            || query::verifies_code(entry)
            || exchange::exchange(entry).is_some();
        if proves_else
            || sessions::password_change(map, entry).is_some()
            || query::is_registration(map, entry)
        {
            continue;
        }
        let Some(opening) = openings::session_opening(map, entry) else {
            continue;
        };
        let lookup = lookups::lookups(map, entry)
            .into_iter()
            .find(|lookup| !kept.contains(&lookup.access.asset) && !lookup.names_person());
        found.extend(lookup.map(|lookup| (lookup, opening)));
    }
    found
}
