//! The reply: answers, refusals, redirects, cookies. What is sent ends the way that sends it.

use firedoor_app::{EffectKind, Refusal};
use firedoor_eval::{Answer, Call, Machine, ObjectId, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::{errors, flow};
use crate::ModelHost;
use crate::tools::{self, last_part};

/// The property that keeps the status.
pub(super) const STATUS: &str = "$status";

pub(super) fn set_status(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(reply) = call.receiver {
        let status = call.arguments.get(0);
        machine.heap.set_property(reply, Ustr::from(STATUS), status);
    }
    Ok(Some(call.this.clone()))
}

pub(super) fn set_status_property(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    reply: ObjectId,
    value: &Value,
    _span: Span,
) -> bool {
    machine
        .heap
        .set_property(reply, Ustr::from(STATUS), value.clone());
    true
}

fn status_value(machine: &Machine<'_>, reply: Option<ObjectId>) -> Option<Value> {
    machine.heap.property(reply?, Ustr::from(STATUS)).cloned()
}

/// `send(payload)`: an error goes to the error handlers, anything else is the answer.
pub(super) fn send(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let payload = call.arguments.get(0);
    let status = status_value(machine, call.receiver);
    if errors::is_error(machine, &payload) {
        send_error(host, machine, status.as_ref(), payload, call.span);
    } else {
        answer(host, machine, status.as_ref(), &payload, call.span);
    }
    Ok(Some(call.this.clone()))
}

/// A status that was set before stays, if the error has none of its own (`lib/error-status.js`).
fn send_error(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    status: Option<&Value>,
    error: Value,
    span: Span,
) {
    let given = tools::status_number(status).filter(|status| *status >= 400);
    match (given, errors::status_of(host, machine, &error)) {
        (Some(given), None) => refuse(host, machine, given, span),
        _ => flow::raise(host, machine, error, span),
    }
}

/// Notes a refusal with a status.
pub(super) fn refuse(host: &ModelHost, machine: &mut Machine<'_>, status: u16, span: Span) {
    let status = Value::number(f64::from(status));
    answer(host, machine, Some(&status), &Value::undefined(), span);
}

/// Notes an answer; one with a status of 400 or more is a refusal.
pub(super) fn answer(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    status: Option<&Value>,
    body: &Value,
    span: Span,
) {
    let status = tools::status_number(status);
    let body = host.body_fields(machine, body);
    if let Some(status) = status.filter(|status| *status >= 400) {
        host.refuse(machine, Refusal::Status(status), span);
    }
    let effect = EffectKind::Respond {
        status,
        body,
        is_error: false,
    };
    host.effect(machine, effect, span);
}

/// Answers with a file or a page.
pub(super) fn send_file(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let status = status_value(machine, call.receiver);
    let body = call.arguments.get(0);
    answer(host, machine, status.as_ref(), &body, call.span);
    Ok(Some(call.this.clone()))
}

/// Who takes the connection over answers by other means.
pub(super) fn hijack(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let decided = machine.decided.clone();
    host.state().fastify.sent.push(decided);
    Ok(Some(call.this.clone()))
}

pub(super) fn not_found(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    refuse(host, machine, 404, call.span);
    Ok(Some(call.this.clone()))
}

/// `redirect(url[, code])`, and `redirect(code, url)` of Fastify 4.
pub(super) fn redirect(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let first = call.arguments.get(0);
    let target = match (first.as_number(), call.arguments.positional.len()) {
        (Some(_), 2..) => call.arguments.get(1),
        _ => first,
    };
    let text = target.text_pattern().map(|text| text.to_string());
    host.refuse(machine, Refusal::Redirect(text), call.span);
    let provenance = host.provenance(machine, &target);
    let provenance = crate::answer_headers::with_fragment(&target, provenance);
    host.effect(machine, EffectKind::Redirect(provenance), call.span);
    Ok(Some(call.this.clone()))
}

pub(super) fn header(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    crate::cookies::express_header(host, machine, call)
}

pub(super) fn headers(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    crate::answer_headers::set_all(host, machine, &call.arguments.get(0), call.span);
    Ok(Some(call.this.clone()))
}

/// `setCookie(name, value, options)` of `@fastify/cookie`.
pub(super) fn set_cookie(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    crate::cookies::express_cookie(host, machine, call)
}

pub(super) fn clear_cookie(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    crate::cookies::express_clear(host, machine, call)
}

/// Whatever else a reply can do: a method of `@fastify/sensible` refuses, all others give the reply.
pub(super) fn other(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = last_part(&call.path);
    if let Some(status) = errors::named_status(name) {
        let error = errors::named(host, machine, status, call);
        flow::raise(host, machine, error, call.span);
    }
    Ok(Some(call.this.clone()))
}
