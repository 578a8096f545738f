//! Connections that the program keeps in variables of its own: whoever calls one of them sends to others.

use firedoor_app::{Access, EffectKind, Operation, Origin, Provenance, RoomKind};
use firedoor_eval::{Arguments, Machine, ObjectId, ObjectKind, OriginSet, Value};
use firedoor_source::Span;
use rustc_hash::FxHashSet;
use ustr::Ustr;

use crate::ModelHost;

/// Remembers that connections are kept in an asset, and what is kept under a key together: `rooms.set(id, new Set())`.
pub(crate) fn note_store(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    asset: Ustr,
    key: Option<&Provenance>,
    value: &Value,
    span: Span,
) {
    if holds_socket(machine, value) {
        host.state().socket_assets.insert(asset);
        note_own_rooms(host, machine, value);
    }
    let Some(key) = key.filter(|_| host.is_request()) else {
        return;
    };
    let groups = groups_in(machine, value, 0);
    let mut in_group = groups.iter().map(|id| Value::object(*id));
    if in_group.any(|group| holds_socket(machine, &group)) {
        join(host, machine, asset, key.clone(), span);
    }
    let kept = groups.into_iter().map(|id| (id, (asset, key.clone())));
    host.state().run.kept_groups.extend(kept);
}

/// The lists, sets and maps that a value is or has: what can hold several connections.
fn groups_in(machine: &Machine<'_>, value: &Value, depth: usize) -> Vec<ObjectId> {
    let mut groups = Vec::new();
    for id in value.objects() {
        let object = machine.heap.get(id);
        match object.kind {
            ObjectKind::Array | ObjectKind::Set | ObjectKind::Map => groups.push(id),
            // `{}` is what others are put into under keys of their own.
            ObjectKind::Plain if object.properties.is_empty() => groups.push(id),
            ObjectKind::Plain | ObjectKind::Instance { .. } if depth < 2 => {
                for part in object.properties.values().take(50) {
                    groups.extend(groups_in(machine, part, depth + 1));
                }
            }
            _ => {}
        }
    }
    groups
}

/// A connection joins the room that a key names: it is put among those that are kept under the key.
fn join(host: &ModelHost, machine: &mut Machine<'_>, asset: Ustr, key: Provenance, span: Span) {
    {
        let mut state = host.state();
        state.socket_assets.insert(asset);
        state.room_assets.insert(asset);
    }
    host.effect(machine, EffectKind::Room(RoomKind::Join, key), span);
}

/// A method of what was found in a store is called: a connection that is given to it joins those that are kept there,
/// or leaves them.
pub(crate) fn note_given(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    receiver: &Value,
    name: Ustr,
    arguments: &Arguments,
    span: Span,
) {
    let kind = match name.as_str() {
        "add" | "push" | "unshift" | "set" | "append" | "appendleft" | "insert" => RoomKind::Join,
        "delete" | "discard" | "remove" => RoomKind::Leave,
        _ => return,
    };
    let is_given = arguments.all().any(|value| holds_socket(machine, value));
    if !is_given || !host.is_request() || receiver.origins.is_empty() {
        return;
    }
    let found = host.set_provenance(machine, receiver.origins);
    let asset = found.origins().iter().find_map(|origin| match origin {
        Origin::Record { asset, .. } => Some(*asset),
        _ => None,
    });
    let Some((asset, key)) = asset.and_then(|asset| Some((asset, last_key(host, asset)?))) else {
        return;
    };
    match kind {
        RoomKind::Join => join(host, machine, asset, key, span),
        _ => host.effect(machine, EffectKind::Room(kind, key), span),
    }
}

/// Returns the key by which something was last found in the asset.
fn last_key(host: &ModelHost, asset: Ustr) -> Option<Provenance> {
    let state = host.state();
    let mut effects = state.run.effects.iter().rev();
    effects.find_map(|effect| match &effect.kind {
        EffectKind::Access(Access {
            operation: Operation::Read,
            asset: read,
            key,
            ..
        }) if *read == asset => key.first().map(|field| field.value.clone()),
        _ => None,
    })
}

/// What is kept beside a connection in sets of its own is where it takes part.
fn note_own_rooms(host: &ModelHost, machine: &Machine<'_>, value: &Value) {
    for id in value.objects() {
        let object = machine.heap.get(id);
        let sets = object.properties.values().flat_map(Value::objects);
        let sets = sets.filter(|id| matches!(machine.heap.get(*id).kind, ObjectKind::Set));
        host.state().run.own_rooms.extend(sets);
    }
}

/// A connection joins a room where it is put among those that are kept under a key, or where the name of the room is
/// added to the connection's own set.
pub(crate) fn note_joining(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    set: ObjectId,
    value: &Value,
    span: Span,
) {
    if !host.is_request() {
        return;
    }
    let kept = host.state().run.kept_groups.get(&set).cloned();
    if let Some((asset, key)) = kept.filter(|_| holds_socket(machine, value)) {
        return join(host, machine, asset, key, span);
    }
    if !host.state().run.own_rooms.contains(&set) {
        return;
    }
    let room = host.deep_provenance(machine, value);
    host.effect(machine, EffectKind::Room(RoomKind::Join, room), span);
}

/// How far below a value a connection that it keeps may stand, and how many objects are looked at on the way.
const DEEPEST: usize = 3;
const MOST: usize = 500;

/// Holds if a value is a connection or keeps one: the objects are visited level by level, each of them once.
fn holds_socket(machine: &Machine<'_>, value: &Value) -> bool {
    let mut seen: FxHashSet<ObjectId> = value.objects().collect();
    let mut level: Vec<ObjectId> = value.objects().collect();
    for depth in 0..=DEEPEST {
        let mut next = Vec::new();
        for id in level {
            let object = machine.heap.get(id);
            match &object.kind {
                ObjectKind::Host(path) if is_socket(path) => return true,
                ObjectKind::Host(_) | ObjectKind::Function { .. } | ObjectKind::Class { .. } => {}
                _ if depth < DEEPEST && seen.len() < MOST => {
                    let parts = object.properties.values().chain(&object.elements);
                    let parts = parts.take(50).flat_map(Value::objects);
                    next.extend(parts.filter(|part| seen.insert(*part)));
                }
                _ => {}
            }
        }
        level = next;
    }
    false
}

fn is_socket(kind: &str) -> bool {
    matches!(kind, "ws:socket" | "socketio:socket" | "fastapi:websocket")
}

/// A connection taken from such an asset is told something, or closed.
pub(crate) fn note_call(host: &ModelHost, machine: &Machine<'_>, receiver: OriginSet, name: Ustr) {
    let is_closed = matches!(name.as_str(), "close" | "terminate" | "disconnect");
    let is_told = matches!(
        name.as_str(),
        "send" | "emit" | "send_text" | "send_json" | "send_bytes"
    );
    if receiver.is_empty() || !host.is_request() || !(is_closed || is_told) {
        return;
    }
    let provenance = host.set_provenance(machine, receiver);
    let is_socket = {
        let state = host.state();
        provenance.origins().iter().any(|origin| {
            matches!(origin, Origin::Record { asset, .. } if state.socket_assets.contains(asset))
        })
    };
    if !is_socket {
        return;
    }
    let kind = if is_closed {
        EffectKind::Disconnect(provenance)
    } else {
        let room = room_of(host, &provenance);
        EffectKind::Room(RoomKind::Broadcast, provenance.union(&room))
    };
    host.effect(machine, kind, machine.place());
}

/// Whoever is told something as one of a room is so by the key that the room is kept under.
fn room_of(host: &ModelHost, connection: &Provenance) -> Provenance {
    let assets: Vec<Ustr> = connection
        .origins()
        .iter()
        .filter_map(|origin| match origin {
            Origin::Record { asset, .. } if host.state().room_assets.contains(asset) => {
                Some(*asset)
            }
            _ => None,
        })
        .collect();
    let keys = assets.into_iter().filter_map(|asset| last_key(host, asset));
    keys.fold(Provenance::default(), |all, key| all.union(&key))
}
