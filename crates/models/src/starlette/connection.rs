//! Requests as handlers see them: headers, cookies, the query, the URL, the client, and the scope of ASGI.
//!
//! Each is an object whose members are parts of the request, so that rules know where a value came from.

use firedoor_app::{Origin, RequestPart};
use firedoor_eval::{Answer, Call, Machine, ObjectId, ObjectKind, Shape, TestKind, Value};
use firedoor_ir::BinaryOperator;
use firedoor_source::Span;
use ustr::Ustr;

use crate::fastapi::inputs::named_part;
use crate::{ModelHost, Persona};

/// What a request and a WebSocket have in common.
pub(crate) fn connection_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let object = object?;
    let name = crate::tools::member_name(host);
    let kind = match name.as_str() {
        "headers" => "fastapi:headers",
        "cookies" => "fastapi:cookies",
        "query_params" => "fastapi:query",
        "path_params" => "fastapi:path_params",
        "session" => "fastapi:session",
        "state" => "fastapi:state",
        "client" => "fastapi:client",
        "url" | "base_url" => "fastapi:url",
        "method" => return Some(request_method(host, machine)),
        "user" | "auth" => {
            return Some(named_context(host, machine, &name));
        }
        _ => return None,
    };
    let value = Value::object(host.make_object(machine, kind, span));
    let value = match kind {
        "fastapi:client" => {
            let origin = Origin::Request(RequestPart::Address, Ustr::from("client"));
            host.with_origin(machine, value, origin)
        }
        // The whole address, as text, has the host that the client names.
        "fastapi:url" => {
            let origin = Origin::Request(RequestPart::Line, Ustr::from(&name));
            host.with_origin(machine, value, origin)
        }
        _ => value,
    };
    Some(keep_property(machine, object, &name, value))
}

fn keep_property(machine: &mut Machine<'_>, object: ObjectId, name: &str, value: Value) -> Value {
    machine
        .heap
        .set_property(object, Ustr::from(name), value.clone());
    value
}

fn request_method(host: &ModelHost, machine: &mut Machine<'_>) -> Value {
    let method = host.state().run.method;
    if method == "ANY" {
        return host.request_value(machine, RequestPart::Line, "method");
    }
    Value::string(&method)
}

/// Something that an earlier layer may have attached.
fn named_context(host: &ModelHost, machine: &mut Machine<'_>, name: &str) -> Value {
    let origin = Origin::Request(RequestPart::Context, Ustr::from(name));
    let value = match host.persona() {
        Persona::Attacker => Value::null(),
        _ => Value::unknown(Shape::Any),
    };
    host.with_origin(machine, value, origin)
}

/// `request.state.x` and `app.state.x` that nobody in the program has set.
pub(crate) fn state_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let name = crate::tools::member_name(host);
    let path = host.state().member_name;
    object?;
    if path.starts_with("fastapi:app.state.") {
        return Some(machine.unknown("application-state"));
    }
    Some(named_context(host, machine, &name))
}

pub(crate) fn client_host(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let name = crate::tools::member_name(host);
    Some(host.request_value(machine, RequestPart::Address, &name))
}

pub(crate) fn url_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let name = crate::tools::member_name(host);
    Some(match name.as_str() {
        "path" => crate::express::request_path(host, machine),
        "replace" | "include_query_params" => return None,
        _ => host.request_value(machine, RequestPart::Line, &name),
    })
}

pub(crate) fn no_member(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    None
}

/// `Request(scope)` within a plain ASGI middleware is the request on its way.
pub(crate) fn request_of_scope(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let scope = call.arguments.get(0);
    let known = scope
        .only_object()
        .and_then(|id| machine.heap.property(id, Ustr::from("$request")).cloned());
    Ok(known)
}

pub(crate) fn body(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(host.request_value(machine, RequestPart::Body, "")))
}

pub(crate) fn raw_body(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    let value = host.request_value(machine, RequestPart::Body, "");
    Ok(Some(value.shaped(Shape::String)))
}

pub(crate) fn test(_host: &ModelHost, _machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(Value::unknown(Shape::Bool)))
}

pub(crate) fn unknown_text(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    _call: &Call<'_>,
) -> Answer {
    Ok(Some(Value::unknown(Shape::String)))
}

/// The part of the request that a mapping shows.
fn part_of(path: &str) -> RequestPart {
    match path.split('.').next().unwrap_or(path) {
        "fastapi:headers" => RequestPart::Header,
        "fastapi:cookies" | "py:http" => RequestPart::Cookie,
        "fastapi:path_params" => RequestPart::Path,
        "fastapi:session" => RequestPart::Session,
        "fastapi:scope" => RequestPart::Line,
        "flask_socketio:auth" => RequestPart::Handshake,
        _ => RequestPart::Query,
    }
}

pub(crate) fn key_name(key: &Value, part: RequestPart) -> String {
    let name = key.text().map_or_else(String::new, |name| name.to_string());
    match part {
        RequestPart::Header => name.to_ascii_lowercase(),
        _ => name,
    }
}

/// `headers.get(name, default)`.
pub(crate) fn get_named(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let part = part_of(&call.path);
    let name = key_name(&call.arguments.get(0), part);
    let value = named_part(host, machine, part, &name);
    let default = call.arguments.find(1, "default").cloned();
    Ok(Some(match default {
        Some(default) if !default.is_nothing() => {
            let origins = value.origins;
            let present = value
                .filter(|atom| !atom.is_nothing())
                .unwrap_or_else(|| value.clone());
            machine.join(default, &present).with_origins(origins)
        }
        _ => value,
    }))
}

pub(crate) fn mapping_path(machine: &Machine<'_>, object: &Value) -> Option<Ustr> {
    match machine.heap.get(object.only_object()?).kind {
        ObjectKind::Host(path) => Some(path),
        _ => None,
    }
}

/// `headers[name]`, which fails without it.
pub(crate) fn index_named(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: &Value,
    key: &Value,
    span: Span,
) -> Option<Value> {
    let part = part_of(&mapping_path(machine, object)?);
    let name = key_name(key, part);
    let value = named_part(host, machine, part, &name);
    // HTTP/1.1 has no request without `Host`.
    if part != RequestPart::Path && name != "host" {
        let mut error = Value::outside("py:builtins.KeyError()");
        error.origins = value.origins;
        machine.may_throw(error, span);
    }
    value.filter(|atom| !atom.is_nothing())
}

/// `name in headers`.
pub(crate) fn contains(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    operator: BinaryOperator,
    left: &Value,
    right: &Value,
    span: Span,
) -> Option<Value> {
    if !matches!(operator, BinaryOperator::In | BinaryOperator::NotIn) {
        return None;
    }
    let id = right.only_object()?;
    let part = part_of(&mapping_path(machine, right)?);
    let name = key_name(left, part);
    let has_own = machine.heap.property(id, Ustr::from(&name)).is_some();
    let value = match part {
        RequestPart::Session if has_own => Value::bool(true),
        _ => named_part(host, machine, part, &name),
    };
    let is_in = match part {
        RequestPart::Session if has_own => Some(true),
        RequestPart::Session if host.persona() == Persona::Attacker => Some(false),
        _ => None,
    };
    let is_negated = operator == BinaryOperator::NotIn;
    let mut test = machine.tested(TestKind::Membership, is_in, &[&value], span);
    if is_negated {
        let negated = match is_in {
            Some(is_in) => Value::bool(!is_in),
            None => Value::unknown(Shape::Bool),
        };
        let mut negated = negated.with_origins(test.origins);
        negated.test = test.test.map(|(number, side)| (number, !side));
        negated.control = test.control;
        test = negated;
    }
    Some(test)
}

pub(crate) fn own_or_session(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    session: ObjectId,
    name: &str,
) -> Value {
    let own = machine.heap.property(session, Ustr::from(name)).cloned();
    match own {
        Some(own) => own,
        None => named_part(host, machine, RequestPart::Session, name),
    }
}

/// What the scope of an ASGI application says under a name.
fn scope_value(host: &ModelHost, machine: &mut Machine<'_>, scope: ObjectId, name: &str) -> Value {
    let is_socket = host.state().run.method == "WS";
    let request = machine
        .heap
        .property(scope, Ustr::from("$request"))
        .and_then(Value::only_object);
    match name {
        "type" => Value::string(if is_socket { "websocket" } else { "http" }),
        "path" | "raw_path" | "root_path" => crate::express::request_path(host, machine),
        "method" => request_method(host, machine),
        "query_string" => host.request_value(machine, RequestPart::Query, ""),
        "headers" => {
            let value = named_part(host, machine, RequestPart::Header, "");
            value.shaped(Shape::Any)
        }
        // A client names what it speaks in a header of the handshake, and sometimes who it is.
        "subprotocols" => {
            let value = named_part(host, machine, RequestPart::Header, "sec-websocket-protocol");
            let element = value.shaped(Shape::String);
            let place = machine.place();
            machine
                .make_open_list(Vec::new(), Some(element), place)
                .with_origins(value.origins)
        }
        "client" => host.request_value(machine, RequestPart::Address, "client"),
        "app" | "session" | "state" | "user" | "auth" => match request {
            Some(request) => {
                let place = machine.place();
                let (read, _) = machine.catching(|machine| {
                    machine.member(&Value::object(request), Ustr::from(name), place)
                });
                read.unwrap_or_else(|_| Value::unknown(Shape::Any))
            }
            None => Value::unknown(Shape::Any),
        },
        _ => host.request_value(machine, RequestPart::Line, name),
    }
}

pub(crate) fn index_scope(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: &Value,
    key: &Value,
    _span: Span,
) -> Option<Value> {
    let scope = object.only_object()?;
    let name = key.text()?;
    if let Some(own) = machine.heap.property(scope, name) {
        return Some(own.clone());
    }
    Some(scope_value(host, machine, scope, &name))
}

pub(crate) fn index_client(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: &Value,
    _key: &Value,
    _span: Span,
) -> Option<Value> {
    Some(host.request_value(machine, RequestPart::Address, "host"))
}

pub(crate) fn get_scope(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let (Some(scope), Some(name)) = (call.receiver, call.arguments.get(0).text()) else {
        return Ok(None);
    };
    Ok(Some(scope_value(host, machine, scope, &name)))
}
