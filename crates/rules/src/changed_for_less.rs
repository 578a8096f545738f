//! What is changed for a lower rank than others change the same for: a part of the shortfalls.

use firedoor_app::ownership::is_clients_choice;
use firedoor_app::{Access, EntryPoint, Field, Operation, Origin, Provenance, lookups, query};

use crate::clears::is_for_group;
use crate::demands::{Asked, Demand, Level, Scale};
use crate::shortfall::{Shortfall, all_ask_more, is_of_others, others_of};

/// Holds if all that the record gets is what a record of the caller's loses: whoever has something may give it away.
pub fn is_handed_over(asked: &Asked<'_>, access: &Access) -> bool {
    let is_his = |value: &Provenance| query::is_principal(value) && !value.is_from_client();
    let loses = |given: &Field| {
        query::handler_accesses(asked.entry).any(|(_, other)| {
            let is_enough = other
                .key
                .iter()
                .any(|key| key.name == given.name && matches!(key.operator, ">" | ">="));
            let is_taken =
                |field: &Field| field.operator == "-=" || field.operator == "+=" && is_enough;
            other.operation == Operation::Update
                && other.asset == access.asset
                && other.key.iter().any(|field| is_his(&field.value))
                && other.values.iter().any(|field| {
                    field.name == given.name && is_taken(field) && field.value == given.value
                })
        })
    };
    let mut values = access.values.iter();
    !access.values.is_empty() && values.all(|field| field.operator == "+=" && loses(field))
}

/// It changes what all others change only for more.
pub fn changes<'m>(scale: &Scale<'m>, asked: &Asked<'m>, access: &Access) -> Option<Shortfall<'m>> {
    if access.operation != Operation::Update || is_handed_over(asked, access) {
        return None;
    }
    let shares = |other: &Access| {
        let mut own = access.values.iter();
        own.any(|own| {
            let mut fields = other.values.iter();
            fields.any(|field| field.name == own.name && !is_fixed_against(own, field))
        })
    };
    let alike: Vec<&Asked<'_>> = others_of(scale, asked, access.asset)
        .filter(|(it, other)| {
            is_of_others(scale, it.entry, other)
                && other.operation == Operation::Update
                && shares(other)
        })
        .map(|(it, _)| it)
        .collect();
    all_ask_more(scale, asked, &alike, 2, format!("changes {}", access.asset))
}

/// Holds if one counts a fixed number up and the other counts down, or counts what the client says: to earn a point a
/// day is neither to spend them nor to hand out as many as one likes.
fn is_fixed_against(own: &Field, other: &Field) -> bool {
    let mut origins = own.value.origins().iter();
    let is_fixed =
        !own.value.is_empty() && origins.all(|origin| matches!(origin, Origin::Literal(_)));
    let is_free = other.operator == "-=" || other.operator == "+=" && other.value.is_from_client();
    own.operator == "+=" && is_fixed && is_free
}

/// It changes what the group itself is, and all others who belong to it are asked for a rank in it before they do.
pub fn changes_group<'m>(
    scale: &Scale<'m>,
    asked: &Asked<'m>,
    access: &Access,
) -> Option<Shortfall<'m>> {
    // Who is asked for some rank may have been given less on purpose.
    let asks_rank =
        |demand: &Demand| !matches!(demand.level, Level::AtLeast(_)) || demand.is_of_rank();
    if !sets(access)
        || asked.demands.all.iter().any(asks_rank)
        || !is_group_itself(scale, asked.entry, access)
    {
        return None;
    }
    let alike: Vec<(&Asked<'_>, &Access)> = others_of(scale, asked, access.asset)
        .filter(|(it, other)| {
            (sets(other) || other.operation == Operation::Delete)
                && is_group_itself(scale, it.entry, other)
        })
        .collect();
    let is_set_there = |other: &Access| {
        let mut own = access.values.iter().filter(|field| is_given(field));
        own.any(|own| {
            let mut values = other.values.iter();
            values.any(|field| field.name == own.name && is_given(field))
        })
    };
    // What one rank alone may change, or the same field, needs no second example.
    let is_for_one = |it: &Asked<'_>| {
        let mut all = it.demands.all.iter();
        all.any(|demand| matches!(&demand.level, Level::OneOf(names) if names.len() == 1))
    };
    let is_plain = |(it, other): &(&Asked<'_>, &Access)| {
        other.operation == Operation::Update
            && it.entry.group.0 == asked.entry.group.0
            && (is_set_there(other) || is_for_one(it))
    };
    let fewest = match alike.iter().any(is_plain) {
        true => 1,
        false => 2,
    };
    let all: Vec<&Asked<'_>> = alike.into_iter().map(|(it, _)| it).collect();
    all_ask_more(
        scale,
        asked,
        &all,
        fewest,
        format!("changes {}", access.asset),
    )
}

/// Holds if a field becomes what the client says.
fn sets(access: &Access) -> bool {
    access.operation == Operation::Update && access.values.iter().any(is_given)
}

fn is_given(field: &Field) -> bool {
    field.operator == "=" && field.value.is_from_client()
}

/// The record is the group that the caller is in: found by its own number, which the record of the caller's that says
/// what rank he has in it refers to.
fn is_group_itself(scale: &Scale<'_>, entry: &EntryPoint, access: &Access) -> bool {
    let is_referred_to = || {
        query::accesses(entry).any(|(_, found)| {
            found.asset != access.asset
                && found.operation == Operation::Read
                && scale.has_rank(found.asset)
                && scale.refers(found.asset, access.asset)
                && found
                    .key
                    .iter()
                    .any(|key| query::is_principal(&key.value) && !key.value.is_from_client())
        })
    };
    let mut numbers = access
        .key
        .iter()
        .filter(|key| lookups::is_identifier(&key.name) && key.operator == "=");
    numbers.any(|key| {
        is_for_group(scale, entry, key) || is_clients_choice(&key.value) && is_referred_to()
    })
}
