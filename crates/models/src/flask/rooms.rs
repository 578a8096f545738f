//! Rooms of Flask-SocketIO, and the end of a connection.

use firedoor_app::{EffectKind, Refusal, RoomKind};
use firedoor_eval::{Answer, Call, Machine, Value};

use crate::ModelHost;
use crate::python_support::{argument, last_name};

pub(super) fn join(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let room = argument(call, 0, "room");
    let room = host.deep_provenance(machine, &room);
    host.effect(machine, EffectKind::Room(RoomKind::Join, room), call.span);
    Ok(Some(Value::null()))
}

pub(super) fn leave(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let room = argument(call, 0, "room");
    let room = host.deep_provenance(machine, &room);
    host.effect(machine, EffectKind::Room(RoomKind::Leave, room), call.span);
    Ok(Some(Value::null()))
}

pub(super) fn disconnect(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let whom = argument(call, 0, "sid");
    let whom = host.deep_provenance(machine, &whom);
    host.effect(machine, EffectKind::Disconnect(whom), call.span);
    host.refuse(machine, Refusal::Close, call.span);
    Ok(Some(Value::null()))
}

/// An event for the client that asked, or for a room.
pub(super) fn emit(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let is_event = last_name(&call.path) == "emit";
    let data = argument(call, usize::from(is_event), "data");
    let to = ["to", "room", "broadcast"]
        .iter()
        .find_map(|name| call.arguments.keyword(name))
        .filter(|to| !to.is_nothing())
        .cloned();
    let is_server = call.path.starts_with(super::sockets::SERVER);
    if to.is_some() || is_server {
        let room = to.map(|to| host.deep_provenance(machine, &to));
        let kind = EffectKind::Room(RoomKind::Broadcast, room.unwrap_or_default());
        host.effect(machine, kind, call.span);
        return Ok(Some(Value::null()));
    }
    let body = host.body_fields(machine, &data);
    let answer = EffectKind::Respond {
        status: None,
        body,
        is_error: false,
    };
    host.effect(machine, answer, call.span);
    Ok(Some(Value::null()))
}
