//! Finds second factors that can be switched off without a proof.

use firedoor_app::{
    Access, Check, CheckKind, Control, Effect, EntryPoint, Field, Map, Operation, Origin, lookups,
    passwords, query, second_factors,
};
use ustr::Ustr;

use crate::enrolled_again::enrolled_again;
use crate::{Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "two-factor-disable-unverified",
    class: "two-factor",
    summary: "the second factor can be switched off without password or code",
    severity: Severity::High,
    cwe: &["CWE-308"],
    remediation: "Ask for a current code, or the password, in every case before the second factor is removed.",
    page: include_str!("../fixtures/two-factor-disable-unverified/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    let places = second_factors::second_factors(map);
    let asked = places_at_log_in(map);
    let spare = spare_codes(map);
    for entry in &map.entry_points {
        if entry.verdict(Control::Authentication) != firedoor_app::Verdict::Enforced {
            continue;
        }
        let accounts = query::account_assets(map);
        let unproven = query::handler_accesses(entry).find_map(|(effect, access)| {
            let is_made = access.operation == Operation::Create;
            let names_owner = match is_made {
                true => &access.values,
                false => &access.key,
            };
            let is_own = names_owner
                .iter()
                .any(|field| query::is_principal(&field.value));
            let verb = match () {
                () if switches_off(map, &places, &accounts, access)
                    && !makes_secret(entry)
                    && !closes_account(map, &accounts, entry) =>
                {
                    "switches off"
                }
                () if replaces(map, &asked, entry, effect, access) => "replaces",
                () if hands_out(&spare, entry, access) => "gives out new codes for",
                () => return None,
            };
            (is_own && !second_factors::is_proven(map, entry, effect))
                .then_some((effect, access, verb))
        });
        let unproven = unproven.or_else(|| {
            let (effect, access) = enrolled_again(map, &asked, entry)?;
            Some((effect, access, "replaces"))
        });
        let Some((effect, access, verb)) = unproven else {
            continue;
        };
        findings
            .at_entry(entry)
            .title(format!("`{}` {verb} the second factor without a proof", entry.id()))
            .message("Nothing that must be proven stands before it in every case: a stolen session is enough.")
            .because("removes", effect.span, format!("the second factor of {} is changed here", access.asset))
            .report();
    }
}

/// What codes are compared with where a session is opened: a secret that is still to be confirmed is not among it.
fn places_at_log_in(map: &Map) -> Vec<(Ustr, Ustr)> {
    map.entry_points
        .iter()
        .filter(|entry| query::opens_session(map, entry))
        .flat_map(query::comparisons)
        .filter(|(_, found)| query::is_code(found))
        .flat_map(|(_, found)| found.expected.origins())
        .filter_map(|origin| match origin {
            Origin::Record { asset, field, .. } => Some((*asset, *field)),
            _ => None,
        })
        .collect()
}

/// Holds if the access puts a new secret in the place of one that may be in use: no check asks whether one is.
fn replaces(
    map: &Map,
    asked: &[(Ustr, Ustr)],
    entry: &EntryPoint,
    effect: &Effect,
    access: &Access,
) -> bool {
    let is_new = access.operation == Operation::Update
        && access.values.iter().any(|field| {
            asked.contains(&(access.asset, field.name)) && lookups::is_random(&field.value)
        });
    // That one must be in use keeps none from being replaced.
    let asks_for_one = |key: &Field| {
        let is_no = |text: Ustr| matches!(text.as_str(), "null" | "false");
        key.operator == "!=" && key.value.literal().is_some_and(is_no)
            || key.operator == "=" && key.value.literal().is_some_and(|text| text == "true")
    };
    let in_key = access
        .key
        .iter()
        .filter(|key| !asks_for_one(key))
        .any(|key| {
            asked.iter().any(|(asset, place)| {
                *asset == access.asset && second_factors::same_root(&key.name, place)
            })
        });
    is_new
        && !in_key
        && !entry
            .checks_of(effect)
            .filter(|check| !asks_that_one_is_on(check))
            .any(|check| second_factors::is_about_second_factor(map, check))
}

/// Holds if whoever has no second factor is refused, and of whoever has one nothing is asked.
fn asks_that_one_is_on(check: &Check) -> bool {
    check.kind == CheckKind::Presence
        && check.outcome
        && !check.is_alternative
        && check.refusal.is_some()
}

/// Where codes are kept that are taken in place of the second factor where a session is opened: each with the field by
/// which one of a person who is known already is found.
fn spare_codes(map: &Map) -> Vec<(Ustr, Ustr)> {
    map.entry_points
        .iter()
        .filter(|entry| query::opens_session(map, entry) && query::verifies_code(entry))
        .flat_map(|entry| lookups::lookups(map, entry))
        .filter(lookups::Lookup::names_person)
        .map(|lookup| (lookup.access.asset, lookup.field.name))
        .collect()
}

/// Holds if the access makes such codes, and the answer tells them: to whoever enrols they belong.
fn hands_out(spare: &[(Ustr, Ustr)], entry: &EntryPoint, access: &Access) -> bool {
    let is_code = access.values.iter().any(|field| {
        spare.contains(&(access.asset, field.name)) && lookups::is_random(&field.value)
    });
    access.operation == Operation::Create
        && is_code
        && lookups::random_answer(entry).is_some()
        && !query::verifies_code(entry)
        && !makes_secret(entry)
}

/// Holds if the access removes what codes are compared with.
fn switches_off(map: &Map, places: &[(Ustr, Ustr)], accounts: &[Ustr], access: &Access) -> bool {
    let is_kept_here = |name: Option<Ustr>| {
        places.iter().any(|(asset, field)| {
            *asset == access.asset
                && name.is_none_or(|name| *field == name || field.starts_with(&format!("{name}.")))
        })
    };
    // What only happens while the factor is off takes none away.
    let is_off = access.key.iter().any(|key| {
        let is_no = |literal: &str| matches!(literal, "false" | "null" | "0");
        key.operator == "="
            && key.value.literal().is_some_and(|literal| is_no(&literal))
            && places.iter().any(|(asset, place)| {
                *asset == access.asset && second_factors::same_root(&key.name, place)
            })
    });
    match access.operation {
        _ if is_off => false,
        // Whoever deletes an account does not get around its second factor.
        Operation::Delete => is_kept_here(None) && !accounts.contains(&access.asset),
        // Nor does who empties it, so that nobody logs in with a password any more.
        Operation::Update if empties_account(map, access) => false,
        Operation::Update => {
            let mut values = access.values.iter();
            values.any(|field| is_cleared(field) && is_kept_here(Some(field.name)))
        }
        _ => false,
    }
}

fn is_cleared(field: &Field) -> bool {
    let literal = field.value.literal();
    literal.is_some_and(|literal| matches!(literal.as_str(), "null" | "" | "undefined"))
        || (field.value.is_empty() && field.operator == "=")
}

/// Holds if the handler empties the account too: what is taken away with it lets nobody in.
fn closes_account(map: &Map, accounts: &[Ustr], entry: &EntryPoint) -> bool {
    query::handler_accesses(entry).any(|(_, access)| {
        accounts.contains(&access.asset)
            && access.operation == Operation::Update
            && empties_account(map, access)
    })
}

/// Holds if the password goes along, and the record is marked as deleted at that moment.
fn empties_account(map: &Map, access: &Access) -> bool {
    let mut values = access.values.iter();
    let mut marks = access.values.iter();
    // A constant is no digest of anything that somebody could send.
    let is_none = |it: &Field| is_cleared(it) || it.value.literal().is_some();
    values.any(|it| is_none(it) && passwords::is_password(map, access.asset, it.name))
        && marks.any(|it| {
            let is_mark = !passwords::is_password(map, access.asset, it.name);
            is_mark && it.value.origins().contains(&Origin::Clock)
                || is_mark && it.value.literal().is_some() && !is_cleared(it)
        })
}

/// Enrolment replaces a secret that is not confirmed yet.
fn makes_secret(entry: &EntryPoint) -> bool {
    entry
        .effects
        .iter()
        .any(|effect| matches!(effect.kind, firedoor_app::EffectKind::MakeSecret(_)))
}
