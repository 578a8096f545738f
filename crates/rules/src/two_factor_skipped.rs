//! Finds log-ins that give a full session without asking for the second factor.

use firedoor_app::{Effect, EntryPoint, Map, query, sessions};

use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "two-factor-skipped",
    class: "two-factor",
    summary: "a way to log in does not ask for the second factor",
    severity: Severity::High,
    cwe: &["CWE-288"],
    remediation: "End every way of logging in with the same function, which asks for the code where it is enabled.",
    page: include_str!("../fixtures/two-factor-skipped/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    if sessions::second_factors(map).is_empty() {
        return;
    }
    let asking: Vec<(&EntryPoint, &Effect)> = openings(map)
        .filter(|(entry, effect)| asks(map, entry, effect))
        .collect();
    let Some((example, _)) = asking.first() else {
        return;
    };
    for (entry, effect) in openings(map) {
        if asks(map, entry, effect) || is_exempt(map, entry) {
            continue;
        }
        findings
            .at_entry(entry)
            .confidence(Confidence::High)
            .title(format!(
                "`{}` opens a session without the second factor",
                entry.id()
            ))
            .message(format!(
                "`{}` asks whether the account has one; this way of logging in does not.",
                example.id()
            ))
            .because("opens", effect.span, "the session is opened here")
            .because(
                "compared-with",
                example.registered,
                format!("`{}` asks", example.id()),
            )
            .report();
    }
}

fn openings(map: &Map) -> impl Iterator<Item = (&EntryPoint, &Effect)> {
    map.entry_points
        .iter()
        .filter_map(|entry| Some((entry, sessions::session_opening(map, entry)?)))
}

fn asks(map: &Map, entry: &EntryPoint, effect: &Effect) -> bool {
    entry
        .checks_of(effect)
        .any(|check| sessions::is_about_second_factor(map, check))
        || query::verifies_code(entry)
}

/// A new account has no second factor yet, and a renewed session was opened with it.
fn is_exempt(map: &Map, entry: &EntryPoint) -> bool {
    entry
        .verdict(firedoor_app::Control::Authentication)
        .refuses()
        || sessions::renewal(map, entry).is_some()
        || (query::is_registration(map, entry)
            && !query::verifies_password(entry)
            && !reads_account(map, entry))
}

/// A registration that also finds existing accounts (as an OAuth callback does) is a log-in too.
fn reads_account(map: &Map, entry: &EntryPoint) -> bool {
    let accounts = query::account_assets(map);
    query::handler_accesses(entry).any(|(effect, access)| {
        access.operation == firedoor_app::Operation::Read
            && accounts.contains(&access.asset)
            && sessions::session_opening(map, entry)
                .is_some_and(|opening| opening.span != effect.span)
            && access
                .key
                .iter()
                .any(|field| field.name.to_ascii_lowercase().contains("id"))
    })
}
