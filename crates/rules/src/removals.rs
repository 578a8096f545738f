//! What is deleted for a lower rank than the application asks for elsewhere: a part of the shortfalls.

use firedoor_app::lookups::is_identifier;
use firedoor_app::{Access, EntryPoint, Field, Operation, Origin, query};
use ustr::Ustr;

use crate::demands::{Asked, Scale};
use crate::shortfall::{Shortfall, all_ask_more, is_of_others, others, others_of};

/// It deletes what its neighbours change only for more.
pub fn removes<'m>(scale: &Scale<'m>, asked: &Asked<'m>, access: &Access) -> Option<Shortfall<'m>> {
    if access.operation != Operation::Delete && !is_put_away(asked.entry, access) {
        return None;
    }
    let alike: Vec<&Asked<'_>> = others_of(scale, asked, access.asset)
        .filter(|(it, other)| {
            matches!(other.operation, Operation::Update | Operation::Delete)
                && is_of_others(scale, it.entry, other)
                && !goes_with_whole(it.entry, other)
        })
        .map(|(it, _)| it)
        .collect();
    let is_neighbour = |it: &&Asked<'_>| is_near(it.entry, asked.entry);
    let words = format!("deletes {}", access.asset);
    if alike.is_empty() {
        return removes_made(scale, asked, access, words);
    }
    alike.iter().find(|it| is_neighbour(it))?;
    all_ask_more(scale, asked, &alike, 1, words)
}

/// Holds if both stand in one router, or the same path leads to both.
fn is_near(one: &EntryPoint, other: &EntryPoint) -> bool {
    one.group.0 == other.group.0 || one.path == other.path
}

/// Holds if the client asks to delete the record, and it is only marked: nothing is written that he says.
fn is_put_away(entry: &EntryPoint, access: &Access) -> bool {
    let is_fixed = |field: &Field| {
        let mut origins = field.value.origins().iter();
        !field.value.is_empty()
            && origins.all(|origin| matches!(origin, Origin::Literal(_) | Origin::Clock))
    };
    entry.method == "DELETE"
        && access.operation == Operation::Update
        && !access.values.is_empty()
        && access.spread.is_empty()
        && access
            .values
            .iter()
            .all(|field| field.operator == "=" && is_fixed(field))
}

/// Holds if the records are deleted because what they belong to is: more is asked for the whole than for one part of it.
pub fn goes_with_whole(entry: &EntryPoint, parts: &Access) -> bool {
    query::handler_accesses(entry).any(|(_, whole)| {
        let is_by_same = |key: &Field| {
            let mut names = parts.key.iter();
            is_identifier(&key.name)
                && key.operator == "="
                && names
                    .any(|it| it.name != key.name && it.operator == "=" && it.value == key.value)
        };
        parts.operation == Operation::Delete
            && parts.is_many
            && whole.operation == Operation::Delete
            && whole.asset != parts.asset
            && whole.key.iter().any(is_by_same)
    })
}

/// Nobody changes such records, and its neighbours make them only for more of the same rank.
fn removes_made<'m>(
    scale: &Scale<'m>,
    asked: &Asked<'m>,
    access: &Access,
    words: String,
) -> Option<Shortfall<'m>> {
    let makes: Vec<&Asked<'_>> = others_of(scale, asked, access.asset)
        .filter(|(_, other)| other.operation == Operation::Create)
        .map(|(it, _)| it)
        .collect();
    // Whoever must only be a member, whatever he is called, is asked for the least of the same rank.
    let is_asked_of = |asset: Ustr| {
        let checks = asked.entry.checks_of(asked.effect);
        let mut examined = checks.flat_map(|check| check.operands.iter());
        examined
            .any(|value| query::is_principal(value) && value.record_fields(asset).next().is_some())
    };
    let is_same_rank = |it: &&&Asked<'_>| {
        let more = asked.demands.lack(&it.demands, &scale.reading);
        let mut of = more.into_iter().flat_map(|more| &more.of);
        is_near(it.entry, asked.entry)
            && of.any(|(asset, _)| !asset.is_empty() && is_asked_of(*asset))
    };
    makes.iter().find(is_same_rank)?;
    all_ask_more(scale, asked, &makes, 1, words)
}

/// It deletes the whole that its parts are changed in only for more.
pub fn removes_whole<'m>(
    scale: &Scale<'m>,
    asked: &Asked<'m>,
    access: &Access,
) -> Option<Shortfall<'m>> {
    let entry = asked.entry;
    if access.operation != Operation::Delete
        || entry.method != "DELETE"
        || !entry.path.ends_with('}')
    {
        return None;
    }
    let is_part = |other: &EntryPoint| {
        let rest = other.path.strip_prefix(entry.path.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let parts: Vec<&Asked<'_>> = others(scale, asked)
        .filter(|(it, other)| is_part(it.entry) && other.operation.is_write())
        .map(|(it, _)| it)
        .collect();
    let mut more: Vec<&Asked<'_>> = Vec::new();
    let mut all: Vec<*const EntryPoint> = Vec::new();
    for part in parts {
        let place: *const EntryPoint = part.entry;
        if all.contains(&place) {
            continue;
        }
        all.push(place);
        if asked.demands.lack(&part.demands, &scale.reading).is_some() {
            more.push(part);
        }
    }
    let example = more.first()?;
    (more.len() >= 3 && more.len() * 2 > all.len()).then_some(Shortfall {
        words: format!("deletes the whole {}", access.asset),
        effect: asked.effect,
        example: Some((example.entry, example.effect)),
        count: more.len(),
    })
}
