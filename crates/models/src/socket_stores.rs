//! Connections that the program keeps in variables of its own: whoever calls one of them sends to others.

use firedoor_app::{EffectKind, Origin, RoomKind};
use firedoor_eval::{Machine, ObjectKind, OriginSet, Value};
use ustr::Ustr;

use crate::ModelHost;

/// Remembers that connections are kept in an asset.
pub(crate) fn note_store(host: &ModelHost, machine: &Machine<'_>, asset: Ustr, value: &Value) {
    if holds_socket(machine, value, 0) {
        host.state().socket_assets.insert(asset);
    }
}

fn holds_socket(machine: &Machine<'_>, value: &Value, depth: usize) -> bool {
    value.objects().any(|id| {
        let object = machine.heap.get(id);
        match &object.kind {
            ObjectKind::Host(path) => *path == "ws:socket" || *path == "socketio:socket",
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
