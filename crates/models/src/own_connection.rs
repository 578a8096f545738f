//! What a connection keeps in a container of the process under its own number, and finds there again.
//!
//! `callers[request.sid] = user` when a client connects, `callers[request.sid]` when it sends something: the server
//! makes the number and keeps it, so that what is found is what was put there for this connection and for no other.

use firedoor_app::{Origin, Provenance, RequestPart};
use firedoor_eval::{Machine, ObjectId, Value};
use ustr::Ustr;

use crate::ModelHost;

/// The field of the client's address that stands for the number of its connection.
pub(crate) const NUMBER: &str = "socket.id";

/// The number of the connection that is being served.
pub(crate) fn number(host: &ModelHost, machine: &mut Machine<'_>) -> Value {
    let origin = Origin::Request(RequestPart::Address, Ustr::from(NUMBER));
    let unknown = Value::unknown(firedoor_eval::Shape::String);
    host.with_origin(machine, unknown, origin)
}

/// Remembers what is put under the number of the connection that is being served.
pub(crate) fn remember(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    store: ObjectId,
    key: Option<&Value>,
    value: Option<&Value>,
) {
    let (Some(key), Some(value)) = (key, value) else {
        return;
    };
    if host.is_request() && is_own(&host.deep_provenance(machine, key)) {
        let entries = &mut host.state().run.own_entries;
        if entries.len() < 32 {
            entries.push((store, value.clone()));
        }
    }
}

/// Returns what was put under the number of the connection that is being served, or nothing, if it was taken away since.
pub(crate) fn recall(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    store: ObjectId,
    key: Option<&Value>,
) -> Option<Value> {
    let key = key?;
    if host.state().run.own_entries.is_empty() || !is_own(&host.deep_provenance(machine, key)) {
        return None;
    }
    let entries = host.state().run.own_entries.clone();
    let of_store = entries.into_iter().filter(|(owner, _)| *owner == store);
    let mut values: Vec<Value> = of_store.map(|(_, value)| value).collect();
    if values.is_empty() {
        return None;
    }
    values.push(Value::null());
    Some(machine.join_all(&values))
}

/// Holds if a key is the number of the connection, perhaps beside what the program itself puts there; a key in which the
/// client has a part as well may be another one each time.
pub(crate) fn is_own(key: &Provenance) -> bool {
    let is_number = |origin: &Origin| matches!(origin, Origin::Request(RequestPart::Address, field) if field.as_str() == NUMBER);
    let is_fixed = |origin: &Origin| is_number(origin) || matches!(origin, Origin::Literal(_));
    let origins = key.origins();
    origins.iter().any(is_number) && origins.iter().all(is_fixed)
}
