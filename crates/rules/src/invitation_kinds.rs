//! Two kinds of invitations to one group, of which one is made for less: a part of the shortfalls.
//!
//! An invitation is a record that is found by a secret and that a record of a membership is made of; how it is called,
//! and whether it is a link or a code that is read out, says nothing.

use firedoor_app::{Access, Map, Operation, Origin, query};
use ustr::Ustr;

use crate::demands::{Asked, Scale};
use crate::shortfall::{Shortfall, all_ask_more, others};

/// It makes an invitation, and all who make another kind of invitation to the same are asked for more.
pub fn invites<'m>(
    map: &Map,
    scale: &Scale<'m>,
    asked: &Asked<'m>,
    access: &Access,
) -> Option<Shortfall<'m>> {
    let groups = leads_to(map, scale, access.asset);
    let group = groups.first()?;
    let alike: Vec<&Asked<'_>> = others(scale, asked)
        .filter(|(_, other)| {
            other.operation == Operation::Create
                && other.asset != access.asset
                && leads_to(map, scale, other.asset).contains(group)
        })
        .map(|(it, _)| it)
        .collect();
    let words = format!(
        "makes {}, which lets others become a {group},",
        access.asset
    );
    all_ask_more(scale, asked, &alike, 1, words)
}

/// The memberships that are made of records of the asset, where these are found by a secret.
fn leads_to(map: &Map, scale: &Scale<'_>, asset: Ustr) -> Vec<Ustr> {
    if let Some(known) = scale.leads.borrow().get(&asset) {
        return known.clone();
    }
    let found = find_where_it_leads(map, scale, asset);
    scale.leads.borrow_mut().insert(asset, found.clone());
    found
}

fn find_where_it_leads(map: &Map, scale: &Scale<'_>, asset: Ustr) -> Vec<Ustr> {
    let is_secret = |access: &Access| {
        access.key.iter().any(|field| {
            field.value.is_from_client()
                && (field.value.origins().contains(&Origin::Digest)
                    || query::is_random_field(map, asset, field.name))
        })
    };
    let mut found = Vec::new();
    for entry in &map.entry_points {
        let is_taken = query::handler_accesses(entry).any(|(_, access)| {
            access.asset == asset && access.operation != Operation::Create && is_secret(access)
        });
        if !is_taken {
            continue;
        }
        let made = query::handler_accesses(entry).filter(|(_, access)| {
            access.operation == Operation::Create
                && access.asset != asset
                && scale.has_rank(access.asset)
                && access
                    .values
                    .iter()
                    .any(|field| field.value.record_fields(asset).next().is_some())
        });
        found.extend(made.map(|(_, access)| access.asset));
    }
    found.sort();
    found.dedup();
    found
}
