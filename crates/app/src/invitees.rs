//! Whom an invite is meant for, and whether whoever presents it is asked whether he is that person.

use rustc_hash::FxHashSet;
use ustr::Ustr;

use crate::lookups::{Lookup, is_of_any};
use crate::query::{account_assets, handler_accesses, is_principal};
use crate::{Map, Operation, Provenance};

/// The fields of `asset` that name the person whom a record is meant for: what an account is found by at log-in,
/// or a reference to an account, and that whoever makes the record fills in.
pub fn person_fields(map: &Map, asset: Ustr) -> Vec<Ustr> {
    let accounts = account_assets(map);
    let mut fields = Vec::new();
    for entry in &map.entry_points {
        for (_, access) in handler_accesses(entry) {
            if access.asset != asset || access.operation != Operation::Create {
                continue;
            }
            for field in &access.values {
                let refers = map
                    .asset(asset)
                    .and_then(|asset| asset.field(&field.name))
                    .and_then(|field| field.refers_to);
                let is_reference = refers.is_some_and(|other| accounts.contains(&other));
                if field.value.is_from_client()
                    && !is_principal(&field.value)
                    && (is_reference || is_login_name(map, field.name))
                {
                    fields.push(field.name);
                }
            }
        }
    }
    fields.sort();
    fields.dedup();
    fields
}

/// Holds if accounts are found by a field of that name from what a client sends who has not logged in: to log in, or
/// to get back in.
pub(crate) fn is_login_name(map: &Map, name: Ustr) -> bool {
    let known = map.facts.login_names.get_or_init(|| login_names(map));
    known.contains(&name)
}

fn login_names(map: &Map) -> FxHashSet<Ustr> {
    let accounts = account_assets(map);
    let open = map.entry_points.iter().filter(|entry| {
        let is_open = !entry.verdict(crate::Control::Authentication).refuses();
        is_open || crate::query::verifies_password(entry)
    });
    open.flat_map(handler_accesses)
        .filter(|(_, access)| accounts.contains(&access.asset))
        .flat_map(|(_, access)| &access.key)
        .filter(|field| field.value.is_from_client())
        .map(|field| field.name)
        .collect()
}

/// Holds if the entry point compares, in a key, a check or by what it writes, one of the fields of the found
/// record with the person who presents it.
pub fn is_bound(map: &Map, lookup: &Lookup<'_>, fields: &[Ustr]) -> bool {
    let asset = lookup.access.asset;
    let accounts = account_assets(map);
    let has_field = |value: &Provenance| {
        value
            .record_fields(asset)
            .any(|field| fields.contains(&field))
    };
    let in_key = handler_accesses(lookup.entry)
        .filter(|(_, access)| access.asset == asset)
        .flat_map(|(_, access)| &access.key)
        .any(|key| fields.contains(&key.name) && !is_named_instead(&key.value));
    // A new account that gets the address from the record is bound to it.
    let is_given = handler_accesses(lookup.entry).any(|(_, access)| {
        accounts.contains(&access.asset)
            && access
                .values
                .iter()
                .chain(&access.key)
                .any(|field| has_field(&field.value))
    });
    in_key
        || is_given
        || lookup.entry.checks.iter().any(|check| {
            let all = check.provenance();
            has_field(&all)
                && (is_principal(&all) || all.is_from_client() || is_of_any(&all, &accounts))
        })
}

/// Holds if it is what the client says, or else who he is: whoever says something is not asked who he is.
fn is_named_instead(value: &Provenance) -> bool {
    is_principal(value) && value.is_from_client()
}
