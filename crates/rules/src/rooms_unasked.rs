//! Rooms that a message joins for whoever names them, where the same kind of room is joined after a question elsewhere:
//! shared by the rule about messages without permission.
//!
//! What kind of room it is, the client says by what he calls it, or the program by what it looks for under that. A record
//! that is only listed where it says of itself that everybody may see it is found by no other words.

use firedoor_app::ownership::ties;
use firedoor_app::{
    Access, Check, Effect, EffectKind, EntryPoint, Field, Map, Operation, Origin, Provenance,
    RequestPart, RoomKind, Transport, lookups, query, sessions,
};
use ustr::Ustr;

use crate::Confidence;
use crate::rooms_at_will::{is_of_connection, is_taken_in, is_whole_name};
use crate::socket::{
    asks_about, is_looked_for, is_named_by_client, is_of_a_list, is_of_room, siblings,
};
use crate::websocket_missing_permission::{Found, plain};

/// A room is joined that the client names, with nothing that ties it to the caller, and another message of the socket,
/// or this one, ties rooms of the kind before it joins.
pub(crate) fn joins_unasked<'m>(map: &'m Map, entry: &'m EntryPoint) -> Option<Found<'m>> {
    joins(entry).find_map(|(effect, key)| {
        let is_open = is_chosen(map, entry, key)
            && !is_tied(entry, effect, key)
            && !is_of_connection(map, entry, effect)
            && !is_taken_in(entry, key)
            && !is_looked_for(entry, effect, key)
            && !is_asked_of_record(entry, effect, key);
        if !is_open {
            return None;
        }
        let other = joined_elsewhere(map, entry, key)?;
        Some((
            "joins any room".to_owned(),
            effect.span,
            other,
            Confidence::Medium,
        ))
    })
}

fn joins(entry: &EntryPoint) -> impl Iterator<Item = (&Effect, &Provenance)> {
    let effects = entry.effects.iter().filter(|it| it.layer.is_none());
    effects.filter_map(|effect| match &effect.kind {
        EffectKind::Room(RoomKind::Join, key) => Some((effect, key)),
        _ => None,
    })
}

/// The client names the room, or the record that it is called after.
fn is_chosen(map: &Map, entry: &EntryPoint, key: &Provenance) -> bool {
    let is_sent = key.is_from(RequestPart::Message) || key.is_from(RequestPart::Query);
    !query::is_principal(key)
        && !is_of_a_list(key)
        && (is_sent
            || looked_up(entry, key).is_some_and(|access| is_limited_elsewhere(map, access)))
}

/// The record that the room is called after, where it was found by its number alone, as the client sends it.
fn looked_up<'m>(entry: &'m EntryPoint, key: &Provenance) -> Option<&'m Access> {
    let is_number = |field: &Field| {
        field.operator == "="
            && lookups::is_identifier(&field.name)
            && is_named_by_client(&field.value)
    };
    let mut found = query::handler_accesses(entry).map(|(_, access)| access);
    found.find(|access| {
        access.operation == Operation::Read
            && key
                .record_fields(access.asset)
                .any(|field| lookups::is_identifier(&field))
            && access.key.iter().any(is_number)
            && !access
                .key
                .iter()
                .any(|field| query::is_principal(&field.value))
    })
}

/// Holds if nothing else is asked of the record, or lists of such records over HTTP ask for more than that.
fn is_limited_elsewhere(map: &Map, own: &Access) -> bool {
    let words = |access: &Access| -> Vec<Ustr> {
        let fields = access.key.iter().filter(|field| {
            let mut origins = field.value.origins().iter();
            origins.all(|origin| matches!(origin, Origin::Literal(_)))
        });
        fields.map(|field| field.name).collect()
    };
    let asked = words(own);
    asked.is_empty()
        || query::accesses_of_asset(map, own.asset).any(|(other, _, listed)| {
            let wanted = words(listed);
            other.transport == Transport::Http
                && listed.is_many
                && asked.iter().all(|word| wanted.contains(word))
                && wanted.iter().any(|word| !asked.contains(word))
        })
}

fn is_tied(entry: &EntryPoint, effect: &Effect, key: &Provenance) -> bool {
    ties(entry, effect).touches(key) || entry.checks_of(effect).any(|check| asks_about(check, key))
}

/// Holds if a record that the client names by the same is asked for more than that it is there.
fn is_asked_of_record(entry: &EntryPoint, effect: &Effect, key: &Provenance) -> bool {
    let is_same = |field: &Field| {
        let mut origins = field.value.origins().iter();
        origins.any(|it| it.is_from_client() && key.origins().contains(it))
    };
    let assets: Vec<Ustr> = query::accesses(entry)
        .filter(|(_, access)| {
            access.key.iter().any(is_same) || key.record_fields(access.asset).next().is_some()
        })
        .map(|(_, access)| access.asset)
        .collect();
    let is_about = |check: &Check| {
        let mut origins = check.origins();
        check.refusal.is_some()
            && origins.any(|origin| {
                matches!(origin, Origin::Record { asset, field, .. }
                    if assets.contains(asset) && !field.is_empty() && !lookups::is_identifier(field))
            })
    };
    entry.checks_of(effect).any(is_about)
}

/// Returns an entry point of the same socket, or the same one, that joins such a room after a question.
fn joined_elsewhere<'m>(
    map: &'m Map,
    entry: &'m EntryPoint,
    key: &Provenance,
) -> Option<&'m EntryPoint> {
    let own = words(entry, key);
    let is_any = is_whole_name(key) && own.iter().any(|word| is_room_word(word));
    let is_asked = |other: &&EntryPoint| {
        let is_same = std::ptr::eq(*other, entry);
        joins(other).any(|(effect, found)| {
            let is_alike = || {
                let theirs = words(other, found);
                is_any || own.iter().any(|word| theirs.contains(word))
            };
            found != key
                && is_named_somehow(found)
                && (is_same || is_alike())
                && (is_tied(other, effect, found) || is_same && is_of_own_place(map, found))
        })
    };
    std::iter::once(entry)
        .chain(siblings(map, entry))
        .find(is_asked)
}

/// The room is called after what a record says that the caller belongs to.
fn is_of_own_place(map: &Map, key: &Provenance) -> bool {
    let (accounts, kept) = (query::account_assets(map), sessions::session_assets(map));
    key.origins().iter().any(|origin| {
        matches!(origin, Origin::Record { asset, field, of_principal: true }
            if !accounts.contains(asset) && !kept.contains(asset) && !field.is_empty())
    })
}

/// The room is called after something that the client names, or after a record.
fn is_named_somehow(key: &Provenance) -> bool {
    let mut origins = key.origins().iter();
    is_named_by_client(key) || origins.any(|it| matches!(it, Origin::Record { .. }))
}

/// What the client sends is a room, and not what one is called after.
fn is_room_word(word: &str) -> bool {
    matches!(
        word,
        "room" | "rooms" | "channel" | "channels" | "topic" | "topics"
    )
}

/// What the parts of a name are called that come from the client or from records, and what is found by them.
fn words(entry: &EntryPoint, key: &Provenance) -> Vec<String> {
    let word = |field: &str, asset: &str| match plain(field).as_str() {
        "" | "_" | "pk" => plain(asset),
        other => other.to_owned(),
    };
    let mut words: Vec<String> = key
        .origins()
        .iter()
        .filter_map(|origin| match origin {
            Origin::Request(_, name) => Some(plain(name)),
            Origin::Record { asset, field, .. } if lookups::is_identifier(field) => {
                Some(word(field, asset))
            }
            _ => None,
        })
        .collect();
    for (_, access) in query::handler_accesses(entry) {
        let keys = access.key.iter();
        let keys = keys
            .filter(|field| lookups::is_identifier(&field.name) && is_of_room(&field.value, key));
        words.extend(keys.map(|field| word(&field.name, &access.asset)));
    }
    words.retain(|word| !word.is_empty());
    words
}
