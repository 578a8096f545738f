//! The execution context of guards and interceptors, and the reflector that reads metadata by it.

use firedoor_app::Transport;
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Value};
use ustr::Ustr;

use super::metadata::{get, key_of, set};
use crate::tools::{keep, kept, last_part};
use crate::{Door, ModelHost, StepKind};

/// Makes the context of a request to a door.
pub(super) fn make(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    request: ObjectId,
    response: ObjectId,
) -> ObjectId {
    let id = host.make_object(machine, "nest:context", door.registered);
    let handler = door.steps.iter().find(|step| {
        step.kind == StepKind::Handler && matches!(step.role, "handler" | "message" | "connection")
    });
    let handler = handler.map_or_else(Value::undefined, |step| step.value.clone());
    let class = ObjectId(door.group.0);
    let is_class = door.group.0 != 0
        && (class.0 as usize) < machine.heap.len()
        && matches!(machine.heap.get(class).kind, ObjectKind::Class { .. });
    let class = if is_class {
        Value::object(class)
    } else {
        Value::undefined()
    };
    let kind = match door.transport {
        Transport::WebSocket => "ws",
        Transport::GraphQl => "graphql",
        _ => "http",
    };
    for (key, value) in [
        ("$handler", handler),
        ("$class", class),
        ("$request", Value::object(request)),
        ("$response", Value::object(response)),
        ("$type", Value::string(kind)),
    ] {
        keep(machine, id, key, value);
    }
    id
}

/// A method of the context, of `switchToHttp()` or of `switchToWs()`.
pub(super) fn method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let get = |name: &str| Some(kept(machine, call.receiver, name));
    let value = match last_part(&call.path) {
        "switchToHttp" | "switchToWs" | "switchToRpc" => Some(call.this.clone()),
        // Of a query this is the parent of the field, and nothing for the first.
        "getRequest" | "getResponse" if is_query(machine, call) => Some(Value::undefined()),
        "getRequest" => match kept(machine, call.receiver, "$client") {
            client if client.is_nothing() => get("$request"),
            client => Some(client),
        },
        "getResponse" => get("$response"),
        "getHandler" => get("$handler"),
        "getClass" => get("$class"),
        "getType" => get("$type"),
        "getClient" => get("$client"),
        "getData" => Some(host.request_value(machine, firedoor_app::RequestPart::Message, "")),
        "getPattern" => Some(machine.unknown("pattern")),
        "getNext" => Some(Value::object(host.make_object(
            machine,
            "express:next",
            call.span,
        ))),
        "getContext" => {
            let request = kept(machine, call.receiver, "$request");
            let response = kept(machine, call.receiver, "$response");
            let parts = [("req", request), ("res", response)];
            Some(crate::tokens::plain(machine, &parts, call.span))
        }
        "getArgByIndex" if is_query(machine, call) => {
            let position = call.arguments.get(0).as_number().unwrap_or(0.0) as usize;
            let query = kept(machine, call.receiver, "$query");
            Some(super::graphql::by_position(host, machine, position, &query))
        }
        "getArgs" if is_query(machine, call) => {
            let query = kept(machine, call.receiver, "$query");
            let parts: Vec<Value> = (0..4)
                .map(|position| super::graphql::by_position(host, machine, position, &query))
                .collect();
            Some(machine.make_list(parts, false, call.span))
        }
        "getArgByIndex" => {
            let first = call.arguments.get(0).as_number() != Some(1.0);
            get(if first { "$request" } else { "$response" })
        }
        "getArgs" => {
            let parts = ["$request", "$response"].map(|name| kept(machine, call.receiver, name));
            Some(machine.make_list(parts.to_vec(), false, call.span))
        }
        _ => None,
    };
    Ok(value)
}

fn is_query(machine: &Machine<'_>, call: &Call<'_>) -> bool {
    kept(machine, call.receiver, "$type").text() == Some(Ustr::from("graphql"))
}

pub(super) fn reflector(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "nest:reflector", call.span);
    Ok(Some(Value::object(id)))
}

/// `get`, `getAll`, `getAllAndOverride` and `getAllAndMerge` of the reflector.
pub(super) fn reflect(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(key) = key_of(&call.arguments.get(0)) else {
        return Ok(Some(machine.unknown("metadata-key")));
    };
    let targets = call.arguments.get(1);
    let name = last_part(&call.path);
    if name == "get" {
        return Ok(Some(of_target(host, machine, &targets, key)));
    }
    let mut found = Vec::new();
    for target in machine.elements_of(&targets).0 {
        found.push(of_target(host, machine, &target, key));
    }
    let value = match name {
        "getAll" => machine.make_list(found, false, call.span),
        "getAllAndOverride" => {
            let mut found = found.into_iter();
            found
                .find(|value| !value.is_nothing())
                .unwrap_or_else(Value::undefined)
        }
        "getAllAndMerge" => merged(machine, found, call),
        _ => return Ok(None),
    };
    Ok(Some(value))
}

/// Lists are put one behind the other; of anything else a single one stays as it is.
fn merged(machine: &mut Machine<'_>, found: Vec<Value>, call: &Call<'_>) -> Value {
    let known: Vec<Value> = found
        .into_iter()
        .filter(|value| !value.is_nothing())
        .collect();
    match known.as_slice() {
        [] => machine.make_list(Vec::new(), false, call.span),
        [only] => only.clone(),
        several => {
            let mut all = Vec::new();
            for value in several {
                let elements = machine.elements_of(value).0;
                let is_list = value
                    .only_object()
                    .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Array));
                match is_list {
                    true => all.extend(elements),
                    false => all.push(value.clone()),
                }
            }
            machine.make_list(all, false, call.span)
        }
    }
}

fn of_target(host: &ModelHost, machine: &Machine<'_>, target: &Value, key: Ustr) -> Value {
    let found = target
        .only_object()
        .and_then(|id| get(host, machine, id, key));
    found.unwrap_or_else(Value::undefined)
}

/// `Reflect.getMetadata(key, target)`.
pub(super) fn metadata_of(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(key) = key_of(&call.arguments.get(0)) else {
        return Ok(None);
    };
    Ok(Some(of_target(host, machine, &call.arguments.get(1), key)))
}

/// `Reflect.defineMetadata(key, value, target)`.
pub(super) fn define_metadata(
    host: &ModelHost,
    _machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let target = call.arguments.get(2).only_object();
    if let (Some(key), Some(target)) = (key_of(&call.arguments.get(0)), target) {
        set(host, target, key, call.arguments.get(1));
    }
    Ok(Some(Value::undefined()))
}

/// Returns the first that is said of the handler or the class of a context.
pub(super) fn said(
    host: &ModelHost,
    machine: &Machine<'_>,
    context: &Value,
    key: &str,
) -> Option<Value> {
    let context = context.only_object();
    ["$handler", "$class"].iter().find_map(|place| {
        let target = kept(machine, context, place);
        let found = of_target(host, machine, &target, Ustr::from(key));
        (!found.is_nothing()).then_some(found)
    })
}

/// Arguments of one value.
pub(super) fn one(value: &Value) -> Arguments {
    Arguments::positional([value.clone()])
}
