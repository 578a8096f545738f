//! Redirects that are written as a header of the answer: `response.headers["location"] = url`, `res.location(url)`,
//! `res.writeHead(302, { Location: url })`.
//!
//! Sources: Starlette 0.46 (`MutableHeaders.__setitem__`), Express 5 (`res.location`), Node 22 (`response.writeHead`).

use firedoor_app::EffectKind;
use firedoor_eval::{Answer, Call, Machine, ObjectId, Value};
use firedoor_source::Span;

use crate::tools::option;
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "response_headers",
    calls: &[
        ("express:response.location", location),
        ("express:response.writeHead", write_head),
    ],
    members: &[
        ("py:fastapi.responses.RedirectResponse().headers", headers),
        ("py:fastapi.responses.Response().headers", headers),
        ("fastapi:response.headers", headers),
    ],
    sets: &[
        ("python:response headers.location", set_location),
        ("python:response headers.Location", set_location),
        ("python:response headers.*", set_other),
    ],
    ..Model::EMPTY
};

fn headers(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _response: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let id = host.make_object(machine, "python:response headers", span);
    Some(Value::object(id))
}

fn set_location(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _headers: ObjectId,
    value: &Value,
    span: Span,
) -> bool {
    note(host, machine, value, span);
    true
}

fn set_other(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    _headers: ObjectId,
    _value: &Value,
    _span: Span,
) -> bool {
    true
}

fn location(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    note(host, machine, &call.arguments.get(0), call.span);
    Ok(Some(call.this.clone()))
}

fn write_head(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    for headers in [call.arguments.get(1), call.arguments.get(2)] {
        for name in ["Location", "location"] {
            if headers.only_object().is_some()
                && let Some(to) = option(machine, &headers, name, call.span)
            {
                note(host, machine, &to, call.span);
            }
        }
    }
    crate::express::set_status(host, machine, call)
}

/// Notes where the browser is sent.
pub(crate) fn note(host: &ModelHost, machine: &mut Machine<'_>, to: &Value, span: Span) {
    let to = host.provenance(machine, to);
    host.effect(machine, EffectKind::Redirect(to), span);
}
