//! What a request of Fastify has that no other has: uploads, signed cookies, decorators by name.

use firedoor_app::RequestPart;
use firedoor_eval::{Answer, Call, Machine, ObjectId, Shape, Value};
use firedoor_source::Span;

use crate::ModelHost;
use crate::tokens::plain;

pub(super) fn test(_host: &ModelHost, _machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(Value::unknown(Shape::Bool)))
}

/// `file()`, `files()` and `parts()` of `@fastify/multipart`.
pub(super) fn file(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let value = host.request_value(machine, RequestPart::File, "");
    let done = machine.make_promise(Some(value), Vec::new(), Vec::new(), call.span);
    Ok(Some(done))
}

/// `unsignCookie(text)`: whoever does not have the key makes no text that is valid.
pub(super) fn unsign_cookie(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let given = call.arguments.get(0);
    let proof = crate::tools::proof(host, machine, &[&given], call.span);
    let value = crate::tokens::claims(host, machine, &given, "cookie");
    let properties = [
        ("valid", proof),
        ("renew", Value::unknown(Shape::Bool)),
        ("value", crate::tokens::perhaps(&value)),
    ];
    Ok(Some(plain(machine, &properties, call.span)))
}

/// `setDecorator(name, value)` of Fastify 5.
pub(super) fn set_decorator(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    if let Some(name) = call.arguments.get(0).text() {
        let value = call.arguments.get(1);
        machine.set_member(&call.this, name, value, call.span)?;
    }
    Ok(Some(Value::undefined()))
}

/// `getDecorator(name)` of Fastify 5.
pub(super) fn get_decorator(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    match call.arguments.get(0).text() {
        Some(name) => machine.member(&call.this, name, call.span).map(Some),
        None => Ok(None),
    }
}

/// Up to its tenth version `@fastify/websocket` gave a stream with the connection as `socket`.
pub(super) fn same_socket(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    object.map(Value::object)
}
