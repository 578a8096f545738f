//! What messages of a socket do, and for whom: shared by the rules about sockets.

use firedoor_app::{
    Access, Check, CheckKind, Control, Effect, EffectKind, EntryPoint, Field, Map, Operation,
    Origin, Provenance, RequestPart, RoomKind, Transport, Verdict, counting, query,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::Confidence;

/// Something that a message or connection reaches.
pub struct Reach {
    /// What, as a phrase.
    pub words: String,
    /// Where.
    pub span: Span,
    /// The asset, if it is one.
    pub asset: Option<Ustr>,
}

/// Returns the sockets' entry points: connections and messages.
pub fn entries(map: &Map) -> impl Iterator<Item = &EntryPoint> {
    map.entry_points
        .iter()
        .filter(|entry| entry.transport == Transport::WebSocket)
}

/// Returns the other messages of the same socket.
pub fn siblings<'m>(map: &'m Map, entry: &'m EntryPoint) -> impl Iterator<Item = &'m EntryPoint> {
    entries(map).filter(move |other| {
        other.path == entry.path && other.app == entry.app && !std::ptr::eq(*other, entry)
    })
}

/// Holds if the message or connection proves who is there, by itself.
pub fn authenticates(entry: &EntryPoint) -> bool {
    let verifies = |(effect, found): (&Effect, &firedoor_app::VerifyToken)| {
        found.is_verified && !is_of_another_message(entry, effect)
    };
    query::verifications(entry).any(verifies) || query::verifies_password(entry)
}

/// Holds if the effect belongs to a message that came before: it hangs on a field of the message that is
/// another text than the name of this one.
fn is_of_another_message(entry: &EntryPoint, effect: &Effect) -> bool {
    let Some(own) = entry.message else {
        return false;
    };
    let names_it = |check: &Check| {
        check.operands.iter().any(|operand| {
            operand.is_from(RequestPart::Message)
                && !operand.origins().contains(&Origin::Literal(own))
        })
    };
    let is_another = |check: &Check| {
        let names: Vec<_> = check
            .operands
            .iter()
            .filter_map(Provenance::literal)
            .collect();
        names.len() == 1 && names[0] != own
    };
    entry.checks_of(effect).any(|check| {
        check.kind == CheckKind::Equality && check.outcome && names_it(check) && is_another(check)
    })
}

/// Returns what somebody without credentials reaches: a change, records that he is told, a room.
pub fn reach(map: &Map, entry: &EntryPoint) -> Option<Reach> {
    let written = query::accesses_in(&entry.exposed)
        .filter(|(effect, access)| effect.layer.is_none() && access.operation.is_write())
        .find(|(_, access)| !is_bookkeeping(map, access))
        .map(|(effect, access)| Reach {
            words: format!("changes {}", access.asset),
            span: effect.span,
            asset: Some(access.asset),
        });
    let told = || {
        query::accesses_in(&entry.exposed)
            .filter(|(_, access)| access.operation == Operation::Read)
            .find(|(_, access)| is_told(entry, access.asset) && !is_memory(map, access.asset))
            .map(|(effect, access)| Reach {
                words: format!("reads {}", access.asset),
                span: effect.span,
                asset: Some(access.asset),
            })
    };
    written
        .or_else(told)
        .or_else(|| room(map, entry))
        .or_else(|| on_the_machine(map, entry))
        .or_else(|| shared(map, entry))
}

/// Something that the client names, and that everybody else reaches only after a log-in.
fn shared(map: &Map, entry: &EntryPoint) -> Option<Reach> {
    query::accesses_in(&entry.exposed).find_map(|(effect, access)| {
        let is_named = access
            .key
            .iter()
            .any(|field| is_named_by_client(&field.value));
        let others: Vec<&EntryPoint> = map
            .entry_points
            .iter()
            .filter(|other| other.path != entry.path)
            .filter(|other| {
                query::handler_accesses(other).any(|(_, found)| found.asset == access.asset)
            })
            .collect();
        let is_for_known = others.len() >= 2
            && others
                .iter()
                .all(|other| other.verdict(Control::Authentication) == Verdict::Enforced);
        (is_named && is_for_known).then(|| Reach {
            words: format!("reaches {}", access.asset),
            span: effect.span,
            asset: Some(access.asset),
        })
    })
}

fn room(map: &Map, entry: &EntryPoint) -> Option<Reach> {
    entry.exposed.iter().find_map(|effect| match &effect.kind {
        EffectKind::Room(RoomKind::Join, key) if is_named_by_client(key) => Some(Reach {
            words: "joins any room".to_owned(),
            span: effect.span,
            asset: None,
        }),
        EffectKind::Room(RoomKind::Broadcast, key)
            if (is_named_by_client(key) || is_chosen_among(map, entry, effect, key))
                && !is_from_within(map, entry, effect) =>
        {
            Some(Reach {
                words: "sends to any room".to_owned(),
                span: effect.span,
                asset: None,
            })
        }
        _ => None,
    })
}

/// Holds if only a connection that is in the room gets there: what the program keeps of the room that the client names has
/// this connection's own number in it, or the server says that the connection has joined it. Who may be in a room is asked
/// where somebody comes.
fn is_from_within(map: &Map, entry: &EntryPoint, sending: &Effect) -> bool {
    let is_number = |origin: &Origin| matches!(origin, Origin::Request(RequestPart::Address, name) if name.as_str() == "socket.id");
    let is_joined =
        |origin: &Origin| matches!(origin, Origin::Principal(claim) if claim.as_str() == "rooms");
    let is_kept_by_room = |asset: Ustr| {
        is_memory(map, asset)
            && query::accesses_in(&entry.exposed).any(|(_, access)| {
                access.asset == asset
                    && (access.key.iter()).any(|field| is_named_by_client(&field.value))
            })
    };
    let is_kept =
        |origin: &Origin| matches!(origin, Origin::Record { asset, .. } if is_kept_by_room(*asset));
    let is_about_own = |check: &Check| {
        let of_room = check.operand_origins().any(is_kept) && check.origins().any(is_number);
        let of_joined =
            check.operand_origins().any(is_joined) && check.operands.iter().any(is_named_by_client);
        of_room || of_joined
    };
    entry.checks_of(sending).any(|check| {
        check.outcome
            && matches!(check.kind, CheckKind::Presence | CheckKind::Membership)
            && is_about_own(check)
    })
}

/// The program goes through the connections that it keeps, and sends to those that are in the room which the client names.
fn is_chosen_among(map: &Map, entry: &EntryPoint, sending: &Effect, key: &Provenance) -> bool {
    let is_kept = |asset: &Ustr| is_memory(map, *asset);
    let kept: Vec<Ustr> = key
        .origins()
        .iter()
        .filter_map(|origin| match origin {
            Origin::Record { asset, .. } => Some(*asset),
            _ => None,
        })
        .filter(is_kept)
        .collect();
    entry.checks_of(sending).any(|check| {
        let is_in = |value: &Provenance| {
            let mut assets = kept.iter();
            assets.any(|asset| value.record_fields(*asset).any(|field| !field.is_empty()))
        };
        matches!(check.kind, CheckKind::Membership | CheckKind::Equality)
            && check.outcome
            && check.operands.iter().any(is_in)
            && check
                .operands
                .iter()
                .any(|value| is_named_by_client(value) && !is_in(value))
    })
}

/// A program that a connection starts, as a terminal does, or files that it chooses.
fn on_the_machine(map: &Map, entry: &EntryPoint) -> Option<Reach> {
    let done = crate::system::worst(map, entry, &entry.exposed)?;
    (done.confidence > Confidence::Low).then_some(Reach {
        words: done.words,
        span: done.span,
        asset: None,
    })
}

fn is_told(entry: &EntryPoint, asset: Ustr) -> bool {
    let mut effects = entry.exposed.iter();
    effects.any(|effect| query::tells(effect, asset))
}

/// A process remembers its connections, and may count how many come from an address; that is no change of anything.
fn is_bookkeeping(map: &Map, access: &Access) -> bool {
    is_memory(map, access.asset) || counting::notes_visit(access)
}

/// Holds if the asset lives in the memory of the process.
pub fn is_memory(map: &Map, asset: Ustr) -> bool {
    map.asset(asset)
        .is_some_and(|asset| asset.kind == firedoor_app::AssetKind::Memory)
}

/// That a process remembers a connection gives it no rights.
pub fn is_connection(map: &Map, entry: &EntryPoint, access: &Access) -> bool {
    entry.transport == Transport::WebSocket
        && access.operation == Operation::Create
        && is_memory(map, access.asset)
}

/// Returns where a message joins a room that is not the caller's own.
pub fn listens(entry: &EntryPoint) -> Option<&Effect> {
    let mut effects = entry.effects.iter().filter(|it| it.layer.is_none());
    effects.find(|effect| {
        entry.message.is_some()
            && matches!(&effect.kind, EffectKind::Room(RoomKind::Join, key) if !query::is_principal(key))
    })
}

/// Holds if the access only puts a connection among those of a room, or takes it out: the process keeps them under the
/// room that is joined or left on the way. Who may be in it is asked where somebody comes.
pub fn is_room(map: &Map, entry: &EntryPoint, access: &Access) -> bool {
    let is_moved = |value: &Provenance| {
        entry.effects.iter().any(|effect| {
            matches!(&effect.kind, EffectKind::Room(RoomKind::Join | RoomKind::Leave, room) if room == value)
        })
    };
    let is_said = |field: &Field| field.value.is_from_client() && !is_moved(&field.value);
    is_memory(map, access.asset)
        && access.spread.is_empty()
        && !access.values.iter().any(is_said)
        && !access.key.is_empty()
        && access.key.iter().all(|field| is_moved(&field.value))
}

/// Holds if the access keeps in order what the process remembers of those who are connected: all that it is about is
/// named by something else that the process remembers, as the rooms of a connection that is closed are by the connection.
pub fn is_kept_in_order(map: &Map, access: &Access) -> bool {
    let is_remembered = |origin: &Origin| match origin {
        Origin::Record { asset, .. } => is_memory(map, *asset),
        Origin::Literal(_) => true,
        _ => false,
    };
    let names_it = |value: &Provenance| {
        let mut origins = value.origins().iter();
        origins
            .clone()
            .any(|it| matches!(it, Origin::Record { .. }))
            && origins.all(is_remembered)
    };
    is_memory(map, access.asset)
        && access.operation == Operation::Delete
        && !access.key.is_empty()
        && access.key.iter().all(|field| names_it(&field.value))
}

/// Holds if a message, path or query names it.
pub fn is_named_by_client(value: &Provenance) -> bool {
    [RequestPart::Message, RequestPart::Path, RequestPart::Query]
        .into_iter()
        .any(|part| value.is_from(part))
}

/// Holds if the value is one of several constants, whatever the client sends: it chooses among what is listed.
pub fn is_of_a_list(value: &Provenance) -> bool {
    let is_constant = |origin: &&Origin| matches!(origin, Origin::Literal(text) if !matches!(text.as_str(), "" | "null"));
    value.origins().iter().filter(is_constant).nth(1).is_some()
}

/// Holds if the same place is reached over HTTP, by whoever is logged in: what nobody is asked there is open on purpose.
pub fn is_open_over_http(map: &Map, effect: &Effect, access: &Access) -> bool {
    map.entry_points
        .iter()
        .filter(|other| other.transport == Transport::Http)
        .filter(|other| other.verdict(Control::Authentication).refuses())
        .filter(|other| !other.verdict(Control::Authorization).refuses())
        .any(|other| {
            query::handler_accesses(other).any(|(found, same)| {
                found.span == effect.span
                    && same.asset == access.asset
                    && same.operation == access.operation
                    && !is_asked(other, found, same)
            })
        })
}

/// Holds if what stands before the effect asks whether it is the caller's, or the caller is part of the key.
pub fn is_the_callers(entry: &EntryPoint, effect: &Effect, key: &[firedoor_app::Field]) -> bool {
    key.iter().any(|field| query::is_principal(&field.value))
        || query::is_checked_by_principal(entry, effect)
}

/// Returns an entry point that does the like and asks whether the caller may.
pub fn asks_elsewhere<'m>(
    map: &'m Map,
    entry: &EntryPoint,
    asset: Ustr,
    operation: Operation,
) -> Option<&'m EntryPoint> {
    // What people without an account are told, everybody may read.
    if !operation.is_write() && crate::unowned::is_told_to_strangers(map, asset) {
        return None;
    }
    map.entry_points.iter().find(|other| {
        !std::ptr::eq(*other, entry)
            && asks(other)
            // Whoever may not even read something may not change it either; what everybody reads may still be only
            // the members' to change.
            && (operation.is_write() || shows(other, asset) || !is_told_freely(map, entry, asset))
            && query::handler_accesses(other).any(|(effect, access)| {
                access.asset == asset
                    && (other.verdict(Control::Authorization).refuses()
                        || is_asked(other, effect, access))
            })
    })
}

/// Holds if the asset is read and shown: what is read for a question about something else says nothing of who may see
/// it.
pub fn shows(entry: &EntryPoint, asset: Ustr) -> bool {
    let is_read = query::handler_accesses(entry)
        .any(|(_, access)| access.asset == asset && !access.operation.is_write());
    is_read
        && entry.effects.iter().any(|effect| {
            let is_joined = match &effect.kind {
                EffectKind::Room(RoomKind::Join, key) => !query::is_principal(key),
                _ => false,
            };
            is_joined || query::tells(effect, asset)
        })
}

/// Holds if another entry point reads the asset and asks nobody. What is found by one of several constants is a part
/// that everybody may read, and says nothing of the rest.
fn is_told_freely(map: &Map, entry: &EntryPoint, asset: Ustr) -> bool {
    map.entry_points.iter().any(|other| {
        !std::ptr::eq(other, entry)
            && query::handler_accesses(other).any(|(effect, access)| {
                access.asset == asset
                    && !access.operation.is_write()
                    && !is_asked(other, effect, access)
                    && !access.key.iter().any(|field| is_of_a_list(&field.value))
            })
    })
}

/// Holds if it is asked whether what is accessed is the caller's; of what is read, before it is told.
pub fn is_asked(entry: &EntryPoint, effect: &Effect, access: &Access) -> bool {
    if access.operation.is_write() || is_the_callers(entry, effect, &access.key) {
        return is_the_callers(entry, effect, &access.key);
    }
    // Rooms that a layer has put the caller in when he came tell nothing of what he asks for.
    let is_telling = |effect: &&Effect| {
        query::tells(effect, access.asset)
            || effect.layer.is_none() && matches!(effect.kind, EffectKind::Room(..))
    };
    let mut telling = entry.effects.iter().filter(is_telling).peekable();
    telling.peek().is_some() && telling.all(|told| query::is_checked_by_principal(entry, told))
}

/// Holds if a role, a permission or a membership is asked for.
pub fn asks(entry: &EntryPoint) -> bool {
    entry.verdict(Control::Authorization) == Verdict::Enforced
        || entry.verdict(Control::Ownership) == Verdict::Enforced
}

/// Holds if the check hangs on both the caller and what the message names, as the look-up of a membership does.
pub fn asks_about(check: &Check, key: &Provenance) -> bool {
    let provenance = check.provenance();
    let names_it = key.origins().iter().any(|origin| {
        matches!(origin, Origin::Request(part, name)
            if matches!(part, RequestPart::Message | RequestPart::Path | RequestPart::Query | RequestPart::Body)
                && !name.is_empty())
            && provenance.origins().contains(origin)
    });
    check.refusal.is_some() && names_it && query::is_principal(&provenance)
}

/// The room that something is sent to.
pub fn broadcast(effect: &Effect) -> Option<&Provenance> {
    match &effect.kind {
        EffectKind::Room(RoomKind::Broadcast, key) => Some(key),
        _ => None,
    }
}

/// Holds if a part of what the client sends names the room.
pub fn is_of_room(value: &Provenance, room: &Provenance) -> bool {
    let mut origins = value.origins().iter();
    origins.any(|it| matches!(it, Origin::Request(..)) && room.origins().contains(it))
}

/// The caller's place in the room is looked for before: what is done where there is none may be left to an exception.
pub fn is_looked_for(entry: &EntryPoint, sending: &Effect, room: &Provenance) -> bool {
    query::handler_accesses(entry)
        .take_while(|(effect, _)| effect.span != sending.span)
        .any(|(_, access)| {
            let mut values = access.key.iter().map(|field| &field.value);
            values.clone().any(|it| is_of_room(it, room)) && values.any(query::is_principal)
        })
}
