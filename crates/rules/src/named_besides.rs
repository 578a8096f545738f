//! Records that a message names besides what the caller was held against: shared by the rule about messages.
//!
//! Who came into a room, or has a role in a group, may say so of that one alone. A message that names another one, or a
//! record of another one, has to be asked for that.

use firedoor_app::ownership::{self, Usage, Use, answers_with, is_for_higher_rank, key_of, ties};
use firedoor_app::{
    Effect, EntryPoint, Field, Map, Origin, Provenance, RequestPart, counting, query,
};

use crate::Confidence;
use crate::open_by_word::is_open_by_its_word;
use crate::socket::{is_memory, is_of_a_list, is_of_room};
use crate::unowned::is_told_to_strangers;
use crate::websocket_missing_permission::{Found, is_reference};

/// Records are told that are found by what the message says alone, where all others that tell such records ask whose they
/// are.
pub(crate) fn names_another<'m>(map: &'m Map, entry: &'m EntryPoint) -> Option<Found<'m>> {
    let tallies = counting::tallies(map);
    ownership::usages(entry).find_map(|usage| {
        let (access, asset) = (usage.access, usage.access.asset);
        if usage.effect.layer.is_some()
            || usage.kind != Use::Tell
            || tallies.contains(&asset)
            || is_memory(map, asset)
            || is_told_to_strangers(map, asset)
            || is_open_by_its_word(map, entry, usage.effect, access)
        {
            return None;
        }
        let keys = key_of(entry, access);
        let field = keys
            .into_iter()
            .filter(|field| field.operator == "=" && is_reference(map, asset, &field.name))
            .find(|field| is_open(entry, &usage, field))?;
        let other = asked_by_all(map, &usage, field)?;
        Some((
            format!("reads {asset}"),
            usage.effect.span,
            other,
            Confidence::Medium,
        ))
    })
}

/// The message says it, and nothing has tied that to the caller. What the message need not say is the caller's then, and
/// not where it does.
fn is_open(entry: &EntryPoint, usage: &Usage<'_>, field: &Field) -> bool {
    let is_sent = |origin: &&Origin| matches!(origin, Origin::Request(RequestPart::Message, name) if !name.is_empty());
    let sent = Provenance::new(field.value.origins().iter().filter(is_sent).cloned());
    let is_either = || {
        let mut origins = field.value.origins().iter();
        origins
            .clone()
            .all(|origin| is_sent(&origin) || origin.is_of_principal())
            && origins.any(Origin::is_of_principal)
    };
    let is_tied = |effect: &Effect| {
        ties(entry, effect).touches(&sent) || is_looked_for_with_caller(entry, &sent)
    };
    let mut answers = answers_with(entry, usage.access.asset);
    !sent.is_empty()
        && !is_of_a_list(&field.value)
        && (!usage.is_scoped || is_either())
        && answers.any(|answer| !is_tied(answer))
}

/// Something is looked for by what was sent and, in another field, by the caller.
fn is_looked_for_with_caller(entry: &EntryPoint, sent: &Provenance) -> bool {
    query::handler_accesses(entry).any(|(_, access)| {
        let is_own = |field: &&Field| query::is_principal(&field.value);
        let names_it = |field: &Field| is_of_room(&field.value, sent) && !is_own(&field);
        access.key.iter().any(names_it) && access.key.iter().any(|field| is_own(&field))
    })
}

/// Returns another entry point that finds such records by the same field, if all that tell some ask whose they are.
fn asked_by_all<'m>(map: &'m Map, usage: &Usage<'_>, field: &Field) -> Option<&'m EntryPoint> {
    let others: Vec<Usage<'m>> = ownership::all_usages(map)
        .into_iter()
        .filter(|other| other.access.asset == usage.access.asset && other.kind == Use::Tell)
        .filter(|other| !std::ptr::eq(other.entry, usage.entry))
        .collect();
    let finds_by_it = |other: &&Usage<'_>| {
        let keys = key_of(other.entry, other.access);
        keys.iter().any(|it| it.name == field.name)
    };
    let entries = others.iter().map(|other| other.entry);
    let first = others.iter().find(finds_by_it)?.entry;
    let is_asked = others.iter().all(|other| other.is_scoped);
    (is_asked && !is_for_higher_rank(usage.entry, entries)).then_some(first)
}
