//! Rooms of Flask-SocketIO, and the end of a connection.

use firedoor_app::{EffectKind, Refusal, RoomKind};
use firedoor_eval::{Answer, Call, Machine, Value};

use crate::ModelHost;
use crate::python_support::argument;

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
