//! Accounts of others that whoever is logged in may take over: part of the rule `missing-role-check`.
//!
//! Where accounts keep a rank, it is for the higher ones to give passwords and ranks to others, and to remove them.
//! No neighbour has to show that: the account that the client names is somebody else's, and nothing was asked.

use firedoor_app::lookups::{is_identifier, is_random};
use firedoor_app::ownership::{is_clients_choice, is_keyed_by_caller, ties};
use firedoor_app::passwords::is_password;
use firedoor_app::{Access, Effect, EntryPoint, Field, Map, Operation, Origin, Provenance, query};
use firedoor_source::Span;
use ustr::Ustr;

use crate::privileged::{find_word, is_rank_name};

/// Returns what is done to accounts of others without any rank, in words, with the place.
pub fn foreign_account(map: &Map, entry: &EntryPoint) -> Option<(String, Span)> {
    if is_proven_otherwise(entry) {
        return None;
    }
    let accounts = query::account_assets(map);
    query::handler_accesses(entry).find_map(|(effect, access)| {
        if !accounts.contains(&access.asset) || !is_ranked(map, access.asset) {
            return None;
        }
        let asset = access.asset;
        let words = match access.operation {
            Operation::Update if is_any(map, entry, effect, access) => {
                let field = access.values.iter().find(|it| is_power(map, access, it))?;
                format!("sets the {} of any {asset}", field.name)
            }
            Operation::Delete if is_any(map, entry, effect, access) => {
                format!("deletes any {asset}")
            }
            Operation::Create if !is_asked_for_something(map, entry, effect, access) => {
                let field = access.values.iter().find(|it| is_rank(it))?;
                format!("makes a {asset} with any {}", field.name)
            }
            _ => return None,
        };
        Some((words, effect.span))
    })
}

/// Holds if a secret is proven besides the log-in: a password, a code by mail, a token for a change of password.
fn is_proven_otherwise(entry: &EntryPoint) -> bool {
    let is_of_handler = |effect: &Effect| effect.layer.is_none();
    query::verifies_password(entry)
        || query::comparisons(entry).any(|(effect, _)| is_of_handler(effect))
        || query::verifications(entry)
            .any(|(effect, found)| is_of_handler(effect) && !found.token.is_credential())
}

/// Holds if the accounts say what somebody may do.
pub fn keeps_rank(map: &Map, asset: Ustr) -> bool {
    let declared = map.asset(asset).into_iter().flat_map(|it| &it.fields);
    let mut declared = declared.map(|field| field.name);
    declared.any(|name| is_given_by_others(&name))
}

/// Holds if the accounts say what somebody may do, or those that they belong to do: passwords may be kept apart.
fn is_ranked(map: &Map, asset: Ustr) -> bool {
    let declared = map.asset(asset).into_iter().flat_map(|it| &it.fields);
    let mut owners = declared.filter_map(|field| field.refers_to);
    keeps_rank(map, asset) || owners.any(|owner| keeps_rank(map, owner))
}

/// Holds if the account is the one that the client names, whoever he is. Which accounts count at all may be fixed besides:
/// `where: { id, removed: false }`.
fn is_any(map: &Map, entry: &EntryPoint, effect: &Effect, access: &Access) -> bool {
    let is_plain = |field: &Field| {
        field.operator == "="
            && is_clients_choice(&field.value)
            && only_of_client(&field.value)
            && !is_random(&field.value)
            && (matches!(field.name.as_str(), "id" | "_id" | "pk")
                || !query::is_random_field(map, access.asset, field.name))
    };
    let is_fixed = |field: &Field| field.operator == "=" && field.value.literal().is_some();
    access.key.iter().any(is_plain)
        && (access.key.iter()).all(|field| is_plain(field) || is_fixed(field))
        && !is_keyed_by_caller(entry, access, effect)
        && !ties(entry, effect).holds(access)
}

fn only_of_client(value: &Provenance) -> bool {
    let mut origins = value.origins().iter();
    origins.all(|it| it.is_from_client() || matches!(it, Origin::Literal(_)))
}

/// Holds if whoever sets the field has the account: a password, or a rank.
fn is_power(map: &Map, access: &Access, field: &Field) -> bool {
    is_rank(field)
        || is_password(map, access.asset, field.name)
            && field.value.is_from_client()
            && !field.value.is_of_principal()
}

fn is_rank(field: &Field) -> bool {
    field.operator == "=" && is_given_by_others(&field.name) && is_clients_choice(&field.value)
}

/// Holds for what says what somebody may do. What he pays for, or has shown of himself, says nothing of others.
fn is_given_by_others(name: &str) -> bool {
    let is_of_himself = |word: &str| matches!(word, "plan" | "tier" | "verified" | "banned");
    is_rank_name(name) && !find_word(name, is_of_himself)
}

/// Holds if the caller was held against what is named here, or what he belongs to is noted in it: who looks after a group
/// takes people in. Who made the account is noted in it too, and excuses nothing.
fn is_asked_for_something(map: &Map, entry: &EntryPoint, effect: &Effect, access: &Access) -> bool {
    let accounts = query::account_assets(map);
    let ties = ties(entry, effect);
    let is_of_group = |origin: &Origin| match origin {
        Origin::Record {
            asset,
            field,
            of_principal: true,
        } => !accounts.contains(asset) || !field.is_empty() && !is_identifier(field),
        _ => false,
    };
    let is_tied =
        |field: &Field| field.value.origins().iter().any(is_of_group) || ties.touches(&field.value);
    access.values.iter().any(is_tied) || !ties.sent.is_empty()
}
