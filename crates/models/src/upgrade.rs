//! The request of a handshake: its URL and the TCP connection under it.
//!
//! The request itself is the one that Express gives to its layers, since session and cookie libraries are
//! used with both.

use firedoor_app::{EffectKind, Origin, Refusal, RequestPart};
use firedoor_eval::{Answer, Atom, Call, Machine, ObjectId, Shape, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::judge::is_credential_name;
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "upgrade",
    calls: &[
        ("js:URL", parse_url),
        ("node:url.URL", parse_url),
        ("node:url.parse", parse_url),
        ("js:URLSearchParams", parse_parameters),
        ("node:url.URLSearchParams", parse_parameters),
        ("node:querystring.parse", parse_query),
        ("upgrade:url.searchParams.get", parameter),
        ("upgrade:url.searchParams.getAll", parameter),
        ("upgrade:url.searchParams.has", has_parameter),
        ("node:net.Socket.write", write),
        ("node:net.Socket.end", end),
        ("node:net.Socket.destroy", destroy),
        ("node:net.Socket.destroySoon", destroy),
        ("node:net.Socket.*", nothing),
    ],
    indexes: &[("upgrade:url.searchParams", all_parameters)],
    members: &[
        ("upgrade:url.pathname", path_name),
        ("upgrade:url.path", path_name),
        ("upgrade:url.href", path_name),
        ("upgrade:url.searchParams", parameters),
        ("upgrade:url.query", query),
        ("upgrade:url.search", query),
        ("upgrade:query.*", query_member),
        ("node:net.Socket.remoteAddress", address),
    ],
    ..Model::EMPTY
};

/// The property of a parsed URL that holds its path.
const PATH: &str = "$path";

fn is_of_line(host: &ModelHost, machine: &Machine<'_>, value: &Value) -> bool {
    host.origins_of(machine, value.origins)
        .iter()
        .any(|origin| matches!(origin, Origin::Request(RequestPart::Line, _)))
}

/// The URL of the request, taken apart; any other is none of ours.
fn parse_url(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let text = call.arguments.get(0);
    if !host.is_request() || !is_of_line(host, machine, &text) {
        return Ok(None);
    }
    let id = host.make_object(machine, "upgrade:url", call.span);
    let path = path_of(&text);
    machine.heap.set_property(id, Ustr::from(PATH), path);
    Ok(Some(Value::object(id)))
}

/// A path that is written with a host in front of it is the same path.
fn path_of(text: &Value) -> Value {
    let Some(pattern) = text.text_pattern() else {
        return text.clone();
    };
    let rest = pattern
        .split_once("://")
        .map_or(pattern.as_str(), |(_, rest)| {
            rest.find('/').map_or("/", |start| &rest[start..])
        });
    let path = rest.split(['?', '#']).next().unwrap_or(rest);
    Value::pattern(path).with_origins(text.origins)
}

fn path_name(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    machine.heap.property(object?, Ustr::from(PATH)).cloned()
}

fn parameters(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let id = host.make_object(machine, "upgrade:url.searchParams", span);
    Some(Value::object(id))
}

fn parse_parameters(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let text = call.arguments.get(0);
    if !host.is_request() || !is_of_line(host, machine, &text) {
        return Ok(None);
    }
    Ok(parameters(host, machine, None, call.span))
}

fn parse_query(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let text = call.arguments.get(0);
    if !host.is_request() || !is_of_line(host, machine, &text) {
        return Ok(None);
    }
    Ok(query(host, machine, None, call.span))
}

fn query(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    Some(Value::object(host.make_object(
        machine,
        "upgrade:query",
        span,
    )))
}

fn query_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let path = host.state().member_name;
    let name = path.rsplit('.').next().unwrap_or("").to_owned();
    Some(query_value(host, machine, &name))
}

fn parameter(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = call.arguments.get(0).text().unwrap_or_default();
    let mut value = query_value(host, machine, &name);
    if let Some(present) = value.filter(|atom| !atom.is_nothing()) {
        value = present;
        value.add(Atom::Null);
    }
    Ok(Some(value))
}

/// `Object.fromEntries(url.searchParams)` and loops go through the whole query.
fn all_parameters(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _parameters: &Value,
    _key: &Value,
    _span: Span,
) -> Option<Value> {
    Some(host.request_value(machine, RequestPart::Query, ""))
}

fn has_parameter(_host: &ModelHost, _machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(Value::unknown(Shape::Bool)))
}

/// A parameter of the query. Browsers cannot send headers with a handshake, so that it is where clients
/// put their credentials.
pub(crate) fn query_value(host: &ModelHost, machine: &mut Machine<'_>, name: &str) -> Value {
    if is_credential_name(name) {
        return host.request_value(machine, RequestPart::Handshake, name);
    }
    let value = host.request_value(machine, RequestPart::Query, name);
    Value::atoms_of([Atom::Undefined, Atom::Unknown(Shape::String)]).with_origins(value.origins)
}

fn write(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    answer(host, machine, &call.arguments.get(0), call.span);
    Ok(Some(Value::bool(true)))
}

fn end(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    answer(host, machine, &call.arguments.get(0), call.span);
    destroy(host, machine, call)
}

/// An answer written by hand: `HTTP/1.1 401 Unauthorized`.
fn answer(host: &ModelHost, machine: &mut Machine<'_>, text: &Value, span: Span) {
    let status = text.text_pattern().and_then(|text| {
        let mut words = text.strip_prefix("HTTP/1.")?.split_whitespace();
        words.nth(1)?.parse::<u16>().ok()
    });
    let Some(status) = status else {
        return;
    };
    if status >= 400 {
        host.refuse(machine, Refusal::Status(status), span);
    }
    let kind = EffectKind::Respond {
        status: Some(status),
        body: Vec::new(),
        is_error: status >= 400,
    };
    host.effect(machine, kind, span);
}

fn destroy(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    host.refuse(machine, Refusal::Close, call.span);
    Ok(Some(call.this.clone()))
}

fn nothing(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.this.clone()))
}

fn address(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    Some(host.request_value(machine, RequestPart::Address, "ip"))
}
