//! The response object of Express: answers, refusals, redirects.

use firedoor_app::{EffectKind, Refusal};
use firedoor_eval::{Answer, Call, Machine, ObjectId, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::ModelHost;

pub(super) fn respond(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let body = call.arguments.get(0);
    answer(host, machine, call.receiver, &body, call.span);
    Ok(Some(call.this.clone()))
}

/// Notes an answer; one with a status of 400 or more is a refusal.
fn answer(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    response: Option<ObjectId>,
    body: &Value,
    span: Span,
) {
    let status = response
        .and_then(|response| {
            machine
                .heap
                .property(response, Ustr::from("$status"))
                .cloned()
        })
        .and_then(|status| crate::tools::status_number(Some(&status)));
    if let Some(response) = response {
        machine
            .heap
            .set_property(response, Ustr::from("$answered"), Value::bool(true));
    }
    let fields = host.body_fields(machine, body);
    if let Some(status) = status.filter(|status| *status >= 400) {
        host.refuse(machine, Refusal::Status(status), span);
    }
    host.effect(
        machine,
        EffectKind::Respond {
            status,
            body: fields,
            is_error: false,
        },
        span,
    );
}

pub(super) fn send_status(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    set_status(host, machine, call)?;
    answer(host, machine, call.receiver, &Value::undefined(), call.span);
    Ok(Some(call.this.clone()))
}

pub(crate) fn set_status(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(response) = call.receiver {
        machine
            .heap
            .set_property(response, Ustr::from("$status"), call.arguments.get(0));
    }
    Ok(Some(call.this.clone()))
}

/// `response.writeHead(status[, message][, headers])` of Node.
pub(super) fn write_head(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    for headers in call.arguments.positional.iter().skip(1) {
        crate::answer_headers::set_all(host, machine, headers, call.span);
    }
    set_status(host, machine, call)
}

pub(super) fn redirect(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let target = match call.arguments.positional.len() {
        0 | 1 => call.arguments.get(0),
        _ => call.arguments.get(1),
    };
    let text = target.text_pattern().map(|text| text.to_string());
    host.refuse(machine, Refusal::Redirect(text), call.span);
    let provenance = host.provenance(machine, &target);
    let provenance = crate::answer_headers::with_fragment(&target, provenance);
    host.effect(machine, EffectKind::Redirect(provenance), call.span);
    Ok(Some(call.this.clone()))
}

/// `response.statusCode = 401`, as Node's own servers write it.
pub(super) fn set_status_property(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    response: ObjectId,
    value: &Value,
    _span: Span,
) -> bool {
    machine
        .heap
        .set_property(response, Ustr::from("$status"), value.clone());
    true
}

/// `response.headersSent`: whether there was an answer. Wrappers of handlers answer only where there was none.
pub(super) fn is_answered(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let answered = machine
        .heap
        .property(object?, Ustr::from("$answered"))
        .cloned();
    Some(answered.unwrap_or_else(|| Value::bool(false)))
}

pub(super) fn chain(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let _ = machine;
    Ok(Some(call.this.clone()))
}

pub(super) fn response_locals(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let object = object?;
    let locals = Value::object(host.make_object(machine, "express:request", span));
    machine
        .heap
        .set_property(object, Ustr::from("locals"), locals.clone());
    Some(locals)
}

pub(super) fn status_of(host: &ModelHost, machine: &mut Machine<'_>, value: &Value) -> Option<u16> {
    host.number_of(
        machine,
        value,
        &["status", "statusCode", "code", "httpStatus"],
    )
}
