//! The request object of Express.

use firedoor_app::RequestPart;
use firedoor_eval::{Answer, Call, HOLE, Machine, ObjectId, ObjectKind, Shape, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::ModelHost;
use crate::tools::kept;

/// What keeps the response that belongs to a request.
pub(super) const RESPONSE: &str = "$response";

pub(super) fn request_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let name = crate::tools::member_name(host);
    let value = match name.as_str() {
        "body" | "rawBody" => host.request_value(machine, RequestPart::Body, ""),
        "query" => host.request_value(machine, RequestPart::Query, ""),
        "params" => parameters(host, machine, span),
        "headers" => Value::object(host.make_object(machine, "express:request.headers", span)),
        "cookies" | "signedCookies" => {
            Value::object(host.make_object(machine, "express:request.cookies", span))
        }
        "file" | "files" => host.request_value(machine, RequestPart::File, ""),
        "ip" | "ips" => host.request_value(machine, RequestPart::Address, &name),
        // What is asked of the connection is told by its name: its port is another one each time.
        "socket" | "connection" => {
            let value = host.request_value(machine, RequestPart::Address, &name);
            value.shaped(Shape::Any)
        }
        "path" | "originalUrl" | "url" | "baseUrl" => path_member(host, machine, &name),
        "method" => {
            let method = host.state().run.method;
            match method.as_str() {
                "ANY" => host.request_value(machine, RequestPart::Line, "method"),
                // A connection is opened by such a request, and layers see that.
                "WS" => Value::string("GET"),
                method => Value::string(method),
            }
        }
        "res" => return object.map(|request| kept(machine, Some(request), RESPONSE)),
        "app" => return None,
        _ => host.request_value(machine, RequestPart::Line, &name),
    };
    let _ = object;
    Some(value)
}

/// The path of the request as far as the entry point fixes it.
pub(crate) fn request_path(host: &ModelHost, machine: &mut Machine<'_>) -> Value {
    let path = host.state().run.path;
    path_value(host, machine, &path)
}

/// A layer sees the path below where it is mounted as `path` and `url`, and what lies above as `baseUrl`.
/// Of a request that only stands for all of them, nothing is known.
fn path_member(host: &ModelHost, machine: &mut Machine<'_>, name: &str) -> Value {
    if !host.is_request() {
        return path_value(host, machine, "{}");
    }
    let (path, base) = {
        let state = host.state();
        let base = state.run.bases.get(state.run.step).copied();
        (state.run.path, base.unwrap_or_default())
    };
    let above = firedoor_app::path_segments(&base).count();
    let segments: Vec<&str> = firedoor_app::path_segments(&path).collect();
    let (base, rest) = segments.split_at(above.min(segments.len()));
    match name {
        "originalUrl" => path_value(host, machine, &path),
        "baseUrl" if base.is_empty() => Value::string(""),
        "baseUrl" => path_value(host, machine, &format!("/{}", base.join("/"))),
        _ => path_value(host, machine, &format!("/{}", rest.join("/"))),
    }
}

fn path_value(host: &ModelHost, machine: &mut Machine<'_>, path: &str) -> Value {
    let mut text = String::new();
    let mut depth = 0;
    for c in path.chars() {
        match c {
            '{' => {
                depth += 1;
                text.push(HOLE);
            }
            '}' => depth -= 1,
            c if depth == 0 => text.push(c),
            _ => {}
        }
    }
    let value = Value::pattern(&text);
    host.with_origin(
        machine,
        value,
        firedoor_app::Origin::Request(RequestPart::Line, Ustr::from("path")),
    )
}

/// The parameters of the path: where it names them all, there are no others, so that a handler that is registered
/// with and without one is told apart.
fn parameters(host: &ModelHost, machine: &mut Machine<'_>, span: Span) -> Value {
    let path = host.state().run.path;
    let Some(names) = parameter_names(&path) else {
        return host
            .request_value(machine, RequestPart::Path, "")
            .shaped(Shape::Object);
    };
    let object = machine.heap.allocate(ObjectKind::Plain, span);
    for name in names {
        let value = host.request_value(machine, RequestPart::Path, name);
        machine.heap.set_property(object, Ustr::from(name), value);
    }
    Value::object(object)
}

/// Returns the names of a path's parameters; nothing for one that matches more than it names.
fn parameter_names(path: &str) -> Option<Vec<&str>> {
    let is_plain = !path.is_empty() && !path.contains(['*', '(']);
    let names: Vec<&str> = path
        .split('{')
        .skip(1)
        .filter_map(|part| part.split('}').next())
        .collect();
    let is_name = |name: &&str| name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    (is_plain && names.iter().all(is_name)).then_some(names)
}

pub(super) fn request_header(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let name = call
        .arguments
        .get(0)
        .text()
        .map_or_else(String::new, |name| name.to_ascii_lowercase());
    Ok(Some(host.request_value(
        machine,
        RequestPart::Header,
        &name,
    )))
}

pub(super) fn request_parameter(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let name = call
        .arguments
        .get(0)
        .text()
        .map_or_else(String::new, |name| name.to_string());
    Ok(Some(host.request_value(machine, RequestPart::Path, &name)))
}

pub(super) fn request_test(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    _call: &Call<'_>,
) -> Answer {
    Ok(Some(Value::unknown(Shape::Bool)))
}

pub(super) fn header_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let name = crate::tools::member_name(host).to_ascii_lowercase();
    Some(host.request_value(machine, RequestPart::Header, &name))
}

pub(super) fn cookie_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let name = crate::tools::member_name(host);
    Some(host.request_value(machine, RequestPart::Cookie, &name))
}

/// What earlier layers may have attached to the request.
pub(super) fn request_context(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let name = crate::tools::member_name(host);
    Some(host.request_value(machine, RequestPart::Context, &name))
}

/// `req.cookies[name]`, where the name is one of several, or not known.
pub(super) fn cookie_by_key(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: &Value,
    key: &Value,
    _span: Span,
) -> Option<Value> {
    part_by_key(host, machine, RequestPart::Cookie, key)
}

/// `req.headers[name]`, where the name is one of several, or not known.
pub(super) fn header_by_key(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: &Value,
    key: &Value,
    _span: Span,
) -> Option<Value> {
    part_by_key(host, machine, RequestPart::Header, key)
}

/// A name that is known is a member; of several each may be meant.
fn part_by_key(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    part: RequestPart,
    key: &Value,
) -> Option<Value> {
    if key.text().is_some() {
        return None;
    }
    let names = key.texts().filter(|names| !names.is_empty());
    let mut found: Option<Value> = None;
    for name in names.unwrap_or_else(|| vec![Ustr::from("")]) {
        let name = match part {
            RequestPart::Header => name.to_ascii_lowercase(),
            _ => name.to_string(),
        };
        let value = host.request_value(machine, part, &name);
        found = Some(match found {
            Some(earlier) => machine.join(earlier, &value),
            None => value,
        });
    }
    found
}
