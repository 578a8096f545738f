//! Connections that the program keeps in variables of its own: whoever calls one of them sends to others.

use firedoor_app::{EffectKind, Origin, RoomKind};
use firedoor_eval::{Machine, ObjectId, ObjectKind, OriginSet, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::ModelHost;

/// Remembers that connections are kept in an asset.
pub(crate) fn note_store(host: &ModelHost, machine: &Machine<'_>, asset: Ustr, value: &Value) {
    if holds_socket(machine, value, 0) {
        host.state().socket_assets.insert(asset);
        note_own_rooms(host, machine, value);
    }
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

/// A connection joins a room where its name is added to the connection's own set.
pub(crate) fn note_joining(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    set: ObjectId,
    value: &Value,
    span: Span,
) {
    if !host.is_request() || !host.state().run.own_rooms.contains(&set) {
        return;
    }
    let room = host.deep_provenance(machine, value);
    host.effect(machine, EffectKind::Room(RoomKind::Join, room), span);
}

fn holds_socket(machine: &Machine<'_>, value: &Value, depth: usize) -> bool {
    value.objects().any(|id| {
        let object = machine.heap.get(id);
        match &object.kind {
            ObjectKind::Host(path) => matches!(
                path.as_str(),
                "ws:socket" | "socketio:socket" | "fastapi:websocket"
            ),
            ObjectKind::Function { .. } | ObjectKind::Class { .. } => false,
            _ if depth < 3 => object
                .properties
                .values()
                .chain(&object.elements)
                .take(50)
                .any(|part| holds_socket(machine, part, depth + 1)),
            _ => false,
        }
    })
}

/// A connection taken from such an asset is told something, or closed.
pub(crate) fn note_call(host: &ModelHost, machine: &Machine<'_>, receiver: OriginSet, name: Ustr) {
    let is_closed = matches!(name.as_str(), "close" | "terminate" | "disconnect");
    let is_told = matches!(name.as_str(), "send" | "emit");
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
        EffectKind::Room(RoomKind::Broadcast, provenance)
    };
    host.effect(machine, kind, machine.place());
}
