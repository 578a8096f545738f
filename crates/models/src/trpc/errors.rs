//! `TRPCError`: a code that becomes the status of the answer.

use firedoor_app::Refusal;
use firedoor_eval::{Answer, Atom, Call, Machine, ObjectId, ObjectKind, Thrown, Value};
use ustr::Ustr;

use crate::ModelHost;
use crate::drive::note_refusal;
use crate::tools::{keep, option};

const ERROR: &str = "npm:@trpc/server.TRPCError()";

/// `new TRPCError({ code, message, cause })`.
pub(super) fn make(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, ERROR, call.span);
    fill(machine, id, call);
    Ok(Some(Value::object(id)))
}

/// The constructor of a class that extends it.
pub(super) fn make_super(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(id) = call.receiver {
        fill(machine, id, call);
    }
    Ok(Some(Value::undefined()))
}

fn fill(machine: &mut Machine<'_>, id: ObjectId, call: &Call<'_>) {
    let options = call.arguments.get(0);
    keep(machine, id, "name", Value::string("TRPCError"));
    for name in ["code", "message", "cause"] {
        if let Some(value) = option(machine, &options, name, call.span) {
            keep(machine, id, name, value);
        }
    }
}

/// Returns the status that an exception becomes, if it is known; every other than `TRPCError` is one of the server.
pub(super) fn status_of(host: &ModelHost, machine: &Machine<'_>, value: &Value) -> Option<u16> {
    let mut statuses = value.atoms().iter().map(|atom| match atom {
        Atom::Object(id) => status_of_one(host, machine, *id),
        _ => None,
    });
    let first = statuses.next()??;
    statuses.all(|it| it == Some(first)).then_some(first)
}

fn status_of_one(host: &ModelHost, machine: &Machine<'_>, id: ObjectId) -> Option<u16> {
    let is_error = match machine.heap.get(id).kind {
        ObjectKind::Host(path) => path == ERROR,
        ObjectKind::Instance { .. } => {
            let paths = host.paths_of(machine, &Value::object(id));
            paths.iter().any(|path| path == ERROR)
        }
        _ => false,
    };
    if !is_error {
        return Some(500);
    }
    let code = machine.heap.property(id, Ustr::from("code"))?.text()?;
    let known = STATUSES.iter().find(|(name, _)| *name == code);
    Some(known.map_or(500, |(_, status)| *status))
}

/// Source: `http/getHTTPStatusCode.ts` of 11.25.2.
const STATUSES: [(&str, u16); 21] = [
    ("PARSE_ERROR", 400),
    ("BAD_REQUEST", 400),
    ("UNAUTHORIZED", 401),
    ("PAYMENT_REQUIRED", 402),
    ("FORBIDDEN", 403),
    ("NOT_FOUND", 404),
    ("METHOD_NOT_SUPPORTED", 405),
    ("TIMEOUT", 408),
    ("CONFLICT", 409),
    ("PRECONDITION_FAILED", 412),
    ("PAYLOAD_TOO_LARGE", 413),
    ("UNSUPPORTED_MEDIA_TYPE", 415),
    ("UNPROCESSABLE_CONTENT", 422),
    ("PRECONDITION_REQUIRED", 428),
    ("TOO_MANY_REQUESTS", 429),
    ("CLIENT_CLOSED_REQUEST", 499),
    ("INTERNAL_SERVER_ERROR", 500),
    ("NOT_IMPLEMENTED", 501),
    ("BAD_GATEWAY", 502),
    ("SERVICE_UNAVAILABLE", 503),
    ("GATEWAY_TIMEOUT", 504),
];

/// Notes that exceptions were answered, as tRPC does with all of them; other frameworks never see any.
pub(super) fn answer(host: &ModelHost, machine: &mut Machine<'_>, thrown: &[Thrown]) {
    for thrown in thrown {
        let status = status_of(host, machine, &thrown.value);
        note_refusal(host, machine, thrown, Refusal::Throw(status), status);
    }
}
