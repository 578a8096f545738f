//! What a whole group has and whoever belongs to it deletes at once, where one at a time only its author or a higher rank
//! deletes: a part of the shortfalls.
//!
//! Where the author may delete his own, no rank is asked for certain, so that the demands alone say too little.

use firedoor_app::ownership::is_clients_choice;
use firedoor_app::{Access, CheckKind, EntryPoint, Field, Operation, Origin, Provenance, query};
use ustr::Ustr;

use crate::demands::{Asked, Scale, is_conflict};
use crate::removals::goes_with_whole;
use crate::shortfall::{Shortfall, is_narrowed, is_of_others, is_of_whole_group, others_of};

/// It deletes all that the group has, or what the client picks of it, and nobody asks whose that is.
pub fn clears<'m>(scale: &Scale<'m>, asked: &Asked<'m>, access: &Access) -> Option<Shortfall<'m>> {
    let entry = asked.entry;
    if access.operation != Operation::Delete
        || !is_by_group(scale, entry, access)
        || goes_with_whole(entry, access)
        || asks_whose(asked, access)
    {
        return None;
    }
    let alike: Vec<(&Asked<'_>, &Access)> = others_of(scale, asked, access.asset)
        .filter(|(it, other)| {
            other.operation == Operation::Delete
                && is_of_others(scale, it.entry, other)
                && !goes_with_whole(it.entry, other)
        })
        .collect();
    let asks_author = |it: &Asked<'_>, other: &Access| {
        asked.demands.are_met_by(&it.demands) && (asks_whose(it, other) || is_narrowed(it, other))
    };
    let asks_rank = |it: &Asked<'_>| asked.demands.lack(&it.demands, &scale.reading).is_some();
    let (example, _) = alike.iter().find(|(it, other)| asks_author(it, other))?;
    let all_ask = alike
        .iter()
        .all(|(it, other)| asks_author(it, other) || asks_rank(it));
    all_ask.then(|| Shortfall {
        words: format!("deletes every {} of the group", access.asset),
        effect: asked.effect,
        example: Some((example.entry, example.effect)),
        count: alike.len(),
    })
}

/// Holds if the records are found by the group that the caller is in, and no single one of them is named.
pub fn is_by_group(scale: &Scale<'_>, entry: &EntryPoint, access: &Access) -> bool {
    let is_group = |field: &&Field| is_for_group(scale, entry, field);
    let is_constant = |value: &Provenance| {
        let mut origins = value.origins().iter();
        origins.all(|origin| matches!(origin, Origin::Literal(_) | Origin::Clock))
    };
    let (groups, others): (Vec<&Field>, Vec<&Field>) = access.key.iter().partition(is_group);
    !groups.is_empty()
        && others
            .iter()
            .all(|field| field.operator != "=" || is_constant(&field.value))
}

/// Holds if the field says which group it is: as a record of the caller's says that has his rank in it, or as the client
/// says and such a record was found by.
pub fn is_for_group(scale: &Scale<'_>, entry: &EntryPoint, field: &Field) -> bool {
    field.operator == "="
        && (is_of_whole_group(scale, entry, &field.value)
            || is_of_membership(scale, entry, &field.value))
}

/// The client names the group, and the caller's record that says what rank he has in it was found by that.
fn is_of_membership(scale: &Scale<'_>, entry: &EntryPoint, value: &Provenance) -> bool {
    is_clients_choice(value)
        && query::accesses(entry).any(|(_, access)| {
            access.operation == Operation::Read
                && scale.has_rank(access.asset)
                && access.key.iter().any(|field| field.value == *value)
                && access
                    .key
                    .iter()
                    .any(|field| query::is_principal(&field.value) && !field.value.is_from_client())
        })
}

/// Nobody looks for the group by itself: the caller's record that says what rank he has in it refers to it, and brought it
/// along.
pub fn is_referred_to(scale: &Scale<'_>, entry: &EntryPoint, group: Ustr) -> bool {
    query::accesses(entry).any(|(_, access)| {
        access.operation == Operation::Read
            && access.asset != group
            && scale.has_rank(access.asset)
            && scale.refers(access.asset, group)
            && access
                .key
                .iter()
                .any(|field| query::is_principal(&field.value) && !field.value.is_from_client())
    })
}

/// Holds if a check that refuses compares who wrote the record, or whom it is about, with the caller.
fn asks_whose(asked: &Asked<'_>, access: &Access) -> bool {
    let is_caller = |value: &Provenance| query::is_principal(value) && !value.is_from_client();
    let is_author = |value: &Provenance| {
        let mut fields = value.record_fields(access.asset);
        fields.any(|field| !field.is_empty())
    };
    let is_named = |value: &Provenance| {
        access.key.iter().any(|key| {
            let mut sent = key.value.origins().iter().filter(|it| it.is_from_client());
            sent.any(|it| value.origins().contains(it))
        })
    };
    let is_pair = |one: &Provenance, other: &Provenance| {
        let is_other = || other.record_fields(access.asset).next().is_none();
        is_caller(other) && (is_named(one) || is_author(one) && is_other())
    };
    asked.entry.checks_of(asked.effect).any(|check| {
        check.refusal.is_some()
            && !is_conflict(check)
            && check.parts().iter().any(|part| {
                let [left, right] = part.operands.as_slice() else {
                    return false;
                };
                matches!(part.kind, CheckKind::Equality | CheckKind::Membership)
                    && (is_pair(left, right) || is_pair(right, left))
            })
    })
}
