//! What the keys of a store stand for: somebody's account, or something that was drawn.
//!
//! In a store of keys nothing says so but what keys are made of. Where one stands for another thing than those that
//! records are made with, as where two arguments were taken one for the other, nothing is found by it.

use ustr::Ustr;

use crate::query::{account_assets, all_accesses_of_asset};
use crate::{Access, AssetKind, EffectKind, Map, Operation, Origin, Provenance};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Account,
    Drawn,
}

/// Holds if the key of the access stands for another thing than those that all records of the asset are made with.
pub fn is_of_another_kind(map: &Map, access: &Access) -> bool {
    let is_store = map
        .asset(access.asset)
        .is_some_and(|asset| asset.kind == AssetKind::KeyValue);
    if !is_store || access.operation == Operation::Create {
        return false;
    }
    let Some(own) = kind_of_key(map, access) else {
        return false;
    };
    let mut made = all_accesses_of_asset(map, access.asset)
        .filter(|(_, _, it)| it.operation == Operation::Create)
        .map(|(_, _, it)| kind_of_key(map, it))
        .peekable();
    made.peek().is_some() && made.all(|kind| kind.is_some_and(|kind| kind != own))
}

fn kind_of_key(map: &Map, access: &Access) -> Option<Kind> {
    let key = access.key.iter().find(|field| field.name == "key")?;
    kind_of(map, &key.value)
}

/// What all parts of the value stand for, if that is known.
fn kind_of(map: &Map, value: &Provenance) -> Option<Kind> {
    let mut kinds = value.origins().iter().map(|origin| match origin {
        Origin::Random { .. } => Some(Kind::Drawn),
        Origin::Record { asset, field, .. } => {
            let is_account =
                crate::lookups::is_identifier(field) && account_assets(map).contains(asset);
            is_account.then_some(Kind::Account)
        }
        Origin::Principal(name) | Origin::Claim(name) => kind_of_claim(map, *name),
        _ => None,
    });
    let first = kinds.next()??;
    kinds.all(|kind| kind == Some(first)).then_some(first)
}

/// What the claim stands for in the tokens that are issued: one that is handed on from an older token says nothing else.
fn kind_of_claim(map: &Map, name: Ustr) -> Option<Kind> {
    let (mut is_account, mut is_drawn) = (false, false);
    let effects = map.entry_points.iter().flat_map(|entry| &entry.effects);
    for effect in effects {
        let EffectKind::Issue(token) = &effect.kind else {
            continue;
        };
        let claims = token.claims.iter().filter(|claim| claim.name == name);
        for origin in claims.flat_map(|claim| claim.value.origins()) {
            match origin {
                Origin::Random { .. } => is_drawn = true,
                Origin::Record { asset, field, .. }
                    if crate::lookups::is_identifier(field)
                        && account_assets(map).contains(asset) =>
                {
                    is_account = true;
                }
                Origin::Request(..) | Origin::Principal(_) | Origin::Claim(_) => {}
                _ => return None,
            }
        }
    }
    match (is_account, is_drawn) {
        (true, false) => Some(Kind::Account),
        (false, true) => Some(Kind::Drawn),
        _ => None,
    }
}
