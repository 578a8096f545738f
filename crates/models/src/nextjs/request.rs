//! The request: `NextRequest`, `cookies()` and `headers()`, and the parameters of the path.
//!
//! Source: next 15.5, `server/web/spec-extension/request.ts` and `cookies.ts`.

use firedoor_app::{EffectKind, Origin, RequestPart};
use firedoor_eval::{Answer, Atom, Call, Machine, ObjectId, ObjectKind, Shape, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::ModelHost;
use crate::tools::{keep, kept, last_part, option, promised};

/// The paths of the objects.
pub(super) const REQUEST: &str = "next:request";
pub(super) const HEADERS: &str = "next:headers";
pub(super) const COOKIES: &str = "next:cookies";

/// The property of headers that a program has made from those of the request.
const OF_REQUEST: &str = "$request";

/// `request.headers`, `request.cookies`, `request.nextUrl`: the same object each time.
pub(super) fn part(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    request: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let name = crate::tools::member_name(host);
    let path = match name.as_str() {
        "headers" => HEADERS,
        "cookies" => COOKIES,
        _ => "upgrade:url",
    };
    let id = host.make_object(machine, path, span);
    match path {
        HEADERS => keep(machine, id, OF_REQUEST, Value::bool(true)),
        COOKIES => {}
        _ => {
            let path = crate::express::request_path(host, machine);
            keep(machine, id, "$path", path);
        }
    }
    keep(machine, request?, &name, Value::object(id));
    Some(Value::object(id))
}

/// What is known of the request line.
pub(super) fn line(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _request: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    // Taken out first: asking for a part of the request borrows the state again.
    let method = host.state().run.method;
    Some(match crate::tools::member_name(host).as_str() {
        "url" => crate::express::request_path(host, machine),
        "method" if method == "ANY" => host.request_value(machine, RequestPart::Line, "method"),
        "method" => Value::string(&method),
        "ip" => host.request_value(machine, RequestPart::Address, "ip"),
        "body" => host.request_value(machine, RequestPart::Body, ""),
        name => host.request_value(machine, RequestPart::Line, name),
    })
}

/// `await request.json()`, `text()`, `formData()` and so on.
pub(super) fn read_body(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = last_part(&call.path);
    if name == "clone" {
        return Ok(Some(call.this.clone()));
    }
    let value = match name {
        "formData" => Value::object(host.make_object(machine, FORM, call.span)),
        _ => host.request_value(machine, RequestPart::Body, ""),
    };
    let value = match name {
        "text" => value.shaped(Shape::String),
        _ => value,
    };
    promised(machine, call.span, |_| Ok(value)).map(Some)
}

/// The path of a form.
pub(super) const FORM: &str = "next:form";

/// `form.get(name)`, `getAll`, `has`.
pub(super) fn form_field(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = call.arguments.get(0).text().unwrap_or_default();
    let value = host.request_value(machine, RequestPart::Body, &name);
    Ok(Some(match last_part(&call.path) {
        "has" => value.shaped(Shape::Bool),
        _ => value,
    }))
}

/// `Object.fromEntries(form)` and other uses of a form as a whole.
pub(super) fn form_entries(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _call: &Call<'_>,
) -> Answer {
    Ok(Some(host.request_value(machine, RequestPart::Body, "")))
}

/// `Object.fromEntries(form)` and loops go through what the client has sent.
pub(super) fn form_pair(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _form: &Value,
    _key: &Value,
    _span: Span,
) -> Option<Value> {
    Some(host.request_value(machine, RequestPart::Body, ""))
}

/// `headers()` of `next/headers`, a promise since 15; waiting for what is none does no harm.
pub(super) fn all_headers(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, HEADERS, call.span);
    keep(machine, id, OF_REQUEST, Value::bool(true));
    Ok(Some(Value::object(id)))
}

/// `new Headers(init)`.
pub(super) fn make_headers(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, HEADERS, call.span);
    if let Some(from) = call.arguments.get(0).only_object() {
        let properties = machine.heap.get(from).properties.clone();
        let is_headers = is_of(machine, from, HEADERS);
        for (name, value) in properties {
            let name = match is_headers {
                true => name.to_string(),
                false => header_key(&name),
            };
            keep(machine, id, &name, value);
        }
    }
    Ok(Some(Value::object(id)))
}

/// Returns what a program has set of headers that it made with `new Headers`; nothing for what are no such headers.
pub(super) fn made_header(machine: &Machine<'_>, headers: &Value, name: &str) -> Option<Value> {
    let id = headers
        .only_object()
        .filter(|id| is_of(machine, *id, HEADERS))?;
    Some(kept(machine, Some(id), &header_key(name)))
}

fn header_key(name: &str) -> String {
    format!("header {}", name.to_ascii_lowercase())
}

/// `headers.get(name)`: what the program has set, else what the client has sent.
pub(super) fn header(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = call.arguments.get(0).text().unwrap_or_default();
    let name = name.to_ascii_lowercase();
    let own = kept(machine, call.receiver, &header_key(&name));
    if !own.is_nothing() {
        return Ok(Some(own));
    }
    let is_of_request = kept(machine, call.receiver, OF_REQUEST).truth() == Some(true);
    if !is_of_request {
        return Ok(Some(Value::null()));
    }
    let replaced = host.state().nextjs.headers;
    let replaced = kept(machine, replaced, &header_key(&name));
    if !replaced.is_nothing() {
        return Ok(Some(replaced));
    }
    let written = super::server::written_header(host, machine, &name);
    if !written.is_nothing() {
        return Ok(Some(written));
    }
    let value = host.request_value(machine, RequestPart::Header, &name);
    Ok(Some(crate::store::exchange(
        &value,
        &Atom::Undefined,
        Atom::Null,
    )))
}

/// `headers.set(name, value)`, of the answer or of what goes on to the handler.
pub(super) fn set_header(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let (Some(id), Some(name)) = (call.receiver, call.arguments.get(0).text()) else {
        return Ok(Some(Value::undefined()));
    };
    let value = match last_part(&call.path) {
        "delete" => Value::string(""),
        _ => call.arguments.get(1),
    };
    keep(machine, id, &header_key(&name), value.clone());
    let is_of_answer = kept(machine, Some(id), "$answer").truth() == Some(true);
    if is_of_answer && !name.eq_ignore_ascii_case("set-cookie") {
        crate::answer_headers::set(host, machine, &name, &value, call.span);
    }
    if is_of_answer && name.eq_ignore_ascii_case("set-cookie") {
        crate::cookies::set_line(host, machine, &value, call.span);
    }
    Ok(Some(Value::undefined()))
}

/// What middleware hands on in headers is what handlers read there.
pub(super) fn replace_headers(host: &ModelHost, machine: &mut Machine<'_>, headers: ObjectId) {
    if is_of(machine, headers, HEADERS) {
        host.state().nextjs.headers = Some(headers);
    }
}

fn is_of(machine: &Machine<'_>, id: ObjectId, wanted: &str) -> bool {
    matches!(machine.heap.get(id).kind, ObjectKind::Host(path) if path == wanted)
}

/// `cookies()` of `next/headers`, a promise since 15.
pub(super) fn all_cookies(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(Value::object(
        host.make_object(machine, COOKIES, call.span),
    )))
}

/// `cookies.get(name)`: nothing, or an object with the value.
pub(super) fn cookie(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let first = call.arguments.get(0);
    let name = first.text().unwrap_or_default();
    let value = host.request_value(machine, RequestPart::Cookie, &name);
    let text = value.shaped(Shape::String);
    match last_part(&call.path) {
        "has" => {
            let test = machine.tested(firedoor_eval::TestKind::Truth, None, &[&value], call.span);
            Ok(Some(test))
        }
        "toString" => Ok(Some(text)),
        _ => {
            let found =
                crate::tokens::plain(machine, &[("name", first), ("value", text)], call.span);
            let mut found = found.with_origins(value.origins);
            found.add(Atom::Undefined);
            Ok(Some(found))
        }
    }
}

/// `cookies.set(name, value, options)` or `cookies.set({name, value, ...options})`.
pub(super) fn set_cookie(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let span = call.span;
    let first = call.arguments.get(0);
    let (name, value, options) = match first.only_object() {
        Some(_) => {
            let name = option(machine, &first, "name", span);
            let value = option(machine, &first, "value", span);
            let nothing = Value::undefined;
            (
                name.unwrap_or_else(nothing),
                value.unwrap_or_else(nothing),
                first,
            )
        }
        None => (first, call.arguments.get(1), call.arguments.get(2)),
    };
    crate::cookies::set(host, machine, &name, &value, &options, span);
    Ok(Some(call.this.clone()))
}

pub(super) fn delete_cookie(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let first = call.arguments.get(0);
    let name = first
        .text()
        .or_else(|| option(machine, &first, "name", call.span).and_then(|name| name.text()));
    host.effect(machine, EffectKind::ClearCookie(name), call.span);
    Ok(Some(call.this.clone()))
}

/// `response.headers` and `response.cookies`.
pub(super) fn of_response(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    response: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let name = crate::tools::member_name(host);
    let path = match name.as_str() {
        "headers" => HEADERS,
        _ => COOKIES,
    };
    let id = host.make_object(machine, path, span);
    if path == HEADERS {
        keep(machine, id, "$answer", Value::bool(true));
    }
    keep(machine, response?, &name, Value::object(id));
    Some(Value::object(id))
}

/// `nextUrl.clone()` can be given another path without changing that of the request.
pub(super) fn clone_url(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "upgrade:url", call.span);
    if let Some(from) = call.receiver {
        machine.heap.get_mut(id).properties = machine.heap.get(from).properties.clone();
    }
    Ok(Some(Value::object(id)))
}

/// What the path holds, by name, as handlers are given it.
pub(super) fn parameters(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    path: &str,
    span: Span,
) -> Value {
    let id = machine.heap.allocate(ObjectKind::Plain, span);
    for name in names(path) {
        let origins = host.origin(machine, Origin::Request(RequestPart::Path, name));
        // A catch-all is a list of segments.
        let shape = match path.contains(&format!("{{{name}*}}")) {
            true => Shape::Any,
            false => Shape::String,
        };
        let value = Value::unknown(shape).with_origins(origins);
        machine.heap.get_mut(id).properties.insert(name, value);
    }
    Value::object(id)
}

fn names(path: &str) -> Vec<Ustr> {
    let parts = path.split('/').filter_map(|part| {
        let inner = part.strip_prefix('{')?.strip_suffix('}')?;
        Some(Ustr::from(inner.trim_end_matches('*')))
    });
    parts.collect()
}

/// `request.query` of the pages router has the parameters of the path too.
pub(super) fn query_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let name = crate::tools::member_name(host);
    let path = host.state().run.path;
    let part = match names(&path).iter().any(|known| *known == name) {
        true => RequestPart::Path,
        false => RequestPart::Query,
    };
    Some(host.request_value(machine, part, &name))
}
