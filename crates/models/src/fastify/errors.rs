//! Errors: which values are errors, what status they give, and those that `@fastify/sensible` makes.

use firedoor_eval::{Atom, Call, Machine, ObjectKind, Value};
use ustr::Ustr;

use crate::ModelHost;

/// The path of errors that are made with a status.
pub(super) const HTTP_ERROR: &str = "npm:http-errors()";

/// The status that an error is answered with: its own, or 500 where it has none (`lib/error-status.js`).
pub(super) fn status_of(host: &ModelHost, machine: &mut Machine<'_>, value: &Value) -> Option<u16> {
    let status = host.number_of(machine, value, &["statusCode", "status"]);
    status.filter(|status| *status >= 400)
}

/// Holds if a value is an error for certain: of the language, of a library, or what a `catch` has taken.
pub(super) fn is_error(machine: &Machine<'_>, value: &Value) -> bool {
    let is_error_path = |path: &str| {
        let path = path.trim_end_matches("()");
        path == "npm:http-errors" || path.ends_with("Error") || path.ends_with("Exception")
    };
    // What failed without being seen is unknown, and still an error.
    let exception = Ustr::from("exception");
    let mut origins = machine.origins.members(value.origins).iter();
    let is_caught = origins.any(
        |origin| matches!(origin, firedoor_eval::Origin::Unknown(reason) if *reason == exception),
    );
    !value.atoms().is_empty()
        && value.atoms().iter().all(|atom| match atom {
            Atom::Unknown(_) => is_caught,
            Atom::Object(id) => match machine.heap.get(*id).kind {
                ObjectKind::Host(path) => is_error_path(&path),
                ObjectKind::Instance { .. } => {
                    let bases = machine.outside_bases(*id);
                    bases.iter().any(|base| is_error_path(base))
                }
                _ => false,
            },
            _ => false,
        })
}

/// The status of an error by its name in http-errors, which `@fastify/sensible` hands out.
pub(super) fn named_status(name: &str) -> Option<u16> {
    Some(match name {
        "badRequest" => 400,
        "unauthorized" => 401,
        "paymentRequired" => 402,
        "forbidden" => 403,
        "notFound" => 404,
        "methodNotAllowed" => 405,
        "notAcceptable" => 406,
        "requestTimeout" => 408,
        "conflict" => 409,
        "gone" => 410,
        "preconditionFailed" => 412,
        "payloadTooLarge" => 413,
        "unsupportedMediaType" => 415,
        "imateapot" => 418,
        "unprocessableEntity" => 422,
        "locked" => 423,
        "tooManyRequests" => 429,
        "internalServerError" => 500,
        "notImplemented" => 501,
        "badGateway" => 502,
        "serviceUnavailable" => 503,
        _ => return None,
    })
}

/// Makes an error with a status.
pub(super) fn named(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    status: u16,
    call: &Call<'_>,
) -> Value {
    let id = host.make_object(machine, HTTP_ERROR, call.span);
    let message = call.arguments.positional.first().cloned();
    let object = machine.heap.get_mut(id);
    for name in ["status", "statusCode"] {
        let status = Value::number(f64::from(status));
        object.properties.insert(Ustr::from(name), status);
    }
    if let Some(message) = message {
        object.properties.insert(Ustr::from("message"), message);
    }
    Value::object(id)
}
