//! What a plain ASGI middleware reads a request with: `Headers(scope=…)`, and `SimpleCookie` of the standard library.
//!
//! Sources: starlette 0.46, `datastructures.py`; Python 3.13, `http/cookies.py`.

use firedoor_app::{Origin, RequestPart};
use firedoor_eval::{Answer, Atom, Call, Machine, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::ModelHost;
use crate::fastapi::inputs::named_part;
use crate::starlette::connection;

const COOKIES: &str = "py:http.cookies.SimpleCookie()";

/// `Headers(scope=scope)` and `Headers(raw=scope["headers"])` are those of the request; others are of an answer.
pub(crate) fn make_headers(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let scope = call.arguments.keyword("scope").cloned();
    if let Some(request) = scope
        .and_then(|scope| scope.only_object())
        .and_then(|id| machine.heap.property(id, Ustr::from("$request")).cloned())
    {
        let headers = machine.member(&request, Ustr::from("headers"), call.span)?;
        return Ok(Some(headers));
    }
    let raw = call.arguments.find(1, "raw").cloned();
    let is_sent = raw.is_some_and(|raw| {
        let origins = host.origins_of(machine, raw.origins);
        let mut origins = origins.iter();
        origins.any(|origin| matches!(origin, Origin::Request(RequestPart::Header, _)))
    });
    Ok(is_sent.then(|| Value::object(host.make_object(machine, "fastapi:headers", call.span))))
}

/// `SimpleCookie(text)`: the cookies of the request if that is what the text is.
pub(crate) fn make_cookies(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let is_sent = holds_cookies(host, machine, call.arguments.find(0, "input"));
    Ok(is_sent.then(|| Value::object(host.make_object(machine, COOKIES, call.span))))
}

fn holds_cookies(host: &ModelHost, machine: &Machine<'_>, text: Option<&Value>) -> bool {
    let origins = text.map_or_else(Vec::new, |text| host.origins_of(machine, text.origins));
    origins.iter().any(
        |origin| matches!(origin, Origin::Request(RequestPart::Header, name) if name.as_str() == "cookie"),
    )
}

/// A morsel, whose `value` is the cookie.
fn morsel(host: &ModelHost, machine: &mut Machine<'_>, cookie: Value, span: Span) -> Value {
    let id = host.make_object(machine, "py:http.cookies.Morsel()", span);
    let origins = cookie.origins;
    machine.heap.set_property(id, Ustr::from("value"), cookie);
    Value::object(id).with_origins(origins)
}

/// `cookies[name]`, which stands behind a test whether it is there.
pub(crate) fn index_cookie(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: &Value,
    key: &Value,
    span: Span,
) -> Option<Value> {
    let name = connection::key_name(key, RequestPart::Cookie);
    let cookie = named_part(host, machine, RequestPart::Cookie, &name);
    let present = cookie.filter(|atom| !atom.is_nothing())?;
    Some(morsel(host, machine, present, span))
}

/// `cookies.get(name)`: a morsel, or nothing.
pub(crate) fn get_cookie(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = connection::key_name(&call.arguments.get(0), RequestPart::Cookie);
    let cookie = named_part(host, machine, RequestPart::Cookie, &name);
    let origins = cookie.origins;
    let present = cookie.filter(|atom| !atom.is_nothing()).unwrap_or(cookie);
    let found = morsel(host, machine, present, call.span);
    let nothing = Value::atoms_of([Atom::Null]);
    Ok(Some(machine.join(found, &nothing).with_origins(origins)))
}
