//! What whoever belongs to a group does to all of it, where others are asked for a rank: a part of the shortfalls.
//!
//! One such place is enough to compare with: what is done to everybody at once is more than what is done to one.

use firedoor_app::{Access, Field, Operation, Origin};

use crate::changed_for_less::is_handed_over;
use crate::clears::{is_by_group, is_for_group};
use crate::demands::{Asked, Demand, Scale};
use crate::removals::goes_with_whole;
use crate::shortfall::{Shortfall, all_ask_more, is_of_others, others_of};

/// It writes the same into the records of all members, or changes what the group is called.
pub fn changes_all<'m>(
    scale: &Scale<'m>,
    asked: &Asked<'m>,
    access: &Access,
) -> Option<Shortfall<'m>> {
    if access.operation != Operation::Update || !is_by_group(scale, asked.entry, access) {
        return None;
    }
    levels(scale, asked, access).or_else(|| renames(scale, asked, access))
}

/// All members get the same number, where others change that of one for a rank.
fn levels<'m>(scale: &Scale<'m>, asked: &Asked<'m>, access: &Access) -> Option<Shortfall<'m>> {
    let is_fixed = |field: &Field| {
        let mut origins = field.value.origins().iter();
        field.operator == "="
            && !field.value.is_empty()
            && origins.all(|origin| matches!(origin, Origin::Literal(_)))
    };
    // The record that says what rank somebody has is that of one member, and the key says nothing of which.
    let is_of_all = scale.has_rank(access.asset)
        && access
            .key
            .iter()
            .all(|field| is_for_group(scale, asked.entry, field));
    if !is_of_all || access.values.is_empty() || !access.values.iter().all(is_fixed) {
        return None;
    }
    let shares = |other: &Access| {
        let mut names = other.values.iter().map(|field| field.name);
        names.any(|name| access.values.iter().any(|own| own.name == name))
    };
    let alike: Vec<&Asked<'_>> = others_of(scale, asked, access.asset)
        .filter(|(it, other)| {
            other.operation == Operation::Update
                && shares(other)
                && is_of_others(scale, it.entry, other)
                && !is_handed_over(it, other)
        })
        .map(|(it, _)| it)
        .collect();
    let words = format!("changes every {} of the group", access.asset);
    all_ask_more(scale, asked, &alike, 1, words)
}

/// The client says what the group is called, or what else is written in its own record, and all others who write there, or
/// throw it away, are asked for more.
fn renames<'m>(scale: &Scale<'m>, asked: &Asked<'m>, access: &Access) -> Option<Shortfall<'m>> {
    let is_own = access
        .key
        .iter()
        .any(|field| crate::unowned::is_identifier(&field.name));
    let is_sent = |field: &Field| field.operator == "=" && field.value.is_from_client();
    // Where a rank is asked for, which one is a choice.
    let asks_rank = asked.demands.all.iter().any(Demand::is_of_rank);
    let is_free = scale.has_rank(access.asset) || asks_rank;
    if is_free || !is_own || !access.values.iter().any(is_sent) {
        return None;
    }
    let alike: Vec<&Asked<'_>> = others_of(scale, asked, access.asset)
        .filter(|(it, other)| {
            is_by_group(scale, it.entry, other)
                && match other.operation {
                    Operation::Update => other.values.iter().any(is_sent),
                    Operation::Delete => !goes_with_whole(it.entry, other),
                    _ => false,
                }
        })
        .map(|(it, _)| it)
        .collect();
    let words = format!("changes the {} itself", access.asset);
    all_ask_more(scale, asked, &alike, 2, words)
}
