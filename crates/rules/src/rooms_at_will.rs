//! Connections that join whatever rooms the client names: shared by the rule about messages without permission.

use firedoor_app::{
    Effect, EffectKind, EntryPoint, Map, Origin, Provenance, RequestPart, RoomKind, query,
};

use crate::Confidence;
use crate::socket::{asks, asks_about, is_looked_for, is_of_room, siblings};
use crate::websocket_missing_permission::Found;

/// The client says the whole name of a room, and nothing asks whether he may be in it, while messages of the same socket
/// that join a room ask before.
pub(crate) fn joins_at_will<'m>(map: &'m Map, entry: &'m EntryPoint) -> Option<Found<'m>> {
    entry.effects.iter().find_map(|effect| {
        let EffectKind::Room(RoomKind::Join, key) = &effect.kind else {
            return None;
        };
        let is_asked = entry.checks_of(effect).any(|check| asks_about(check, key));
        if !is_whole_name(key)
            || is_asked
            || is_of_connection(map, entry, effect)
            || is_taken_in(entry, key)
            || is_looked_for(entry, effect, key)
        {
            return None;
        }
        let other = siblings(map, entry).find(|other| asks(other) && joins_asked(other))?;
        Some((
            "joins any room".to_owned(),
            effect.span,
            other,
            Confidence::Medium,
        ))
    })
}

/// Holds if the caller is noted as one of those who are in it: how he comes in is asked, or not, where that is written.
pub(crate) fn is_taken_in(entry: &EntryPoint, key: &Provenance) -> bool {
    query::handler_accesses(entry).any(|(_, access)| {
        let fields = || access.key.iter().chain(&access.values);
        access.operation.is_write()
            && fields().any(|field| is_of_room(&field.value, key))
            && fields().any(|field| query::is_principal(&field.value))
    })
}

/// What the connection has joined is there for each of its messages.
pub(crate) fn is_of_connection(map: &Map, entry: &EntryPoint, joining: &Effect) -> bool {
    entry.message.is_some()
        && siblings(map, entry)
            .filter(|other| other.message.is_none())
            .any(|other| other.effects.iter().any(|it| it.span == joining.span))
}

/// Nothing stands before what the client sends: it may name a room of any kind.
pub(crate) fn is_whole_name(key: &Provenance) -> bool {
    let is_sent = |origin: &Origin| {
        matches!(
            origin,
            Origin::Request(
                RequestPart::Message | RequestPart::Query | RequestPart::Body,
                _
            )
        )
    };
    !key.is_empty() && key.origins().iter().all(is_sent)
}

/// Holds if a room is joined that is called after a record which was looked for with the caller.
fn joins_asked(entry: &EntryPoint) -> bool {
    let is_of_record = |key: &Provenance| {
        let mut origins = key.origins().iter();
        origins.any(|it| matches!(it, Origin::Record { .. }))
    };
    entry.effects.iter().any(|effect| {
        matches!(&effect.kind, EffectKind::Room(RoomKind::Join, key)
            if is_of_record(key) && query::is_checked_by_principal(entry, effect))
    })
}
