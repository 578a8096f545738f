//! Exceptions that answer, and the handlers that programs register for them.
//!
//! A handler for a code goes before one for a class, one of a blueprint before one of the application, and
//! a nearer class before one further up. Source: flask 3.1, `sansio/app.py`, `_find_error_handler`;
//! werkzeug 3.1, `exceptions.py`.

use firedoor_eval::{Answer, Arguments, Atom, Call, Machine, ObjectKind, Value};
use ustr::Ustr;

use super::answer;
use crate::python_support::{argument, given};
use crate::state::{Registration, RegistrationKind};
use crate::{Model, ModelHost};

const BASE: &str = "py:werkzeug.exceptions.HTTPException";

/// The names of werkzeug's exceptions with their codes.
const CODES: [(&str, u16); 27] = [
    ("BadRequest", 400),
    ("BadRequestKeyError", 400),
    ("SecurityError", 400),
    ("BadHost", 400),
    ("Unauthorized", 401),
    ("Forbidden", 403),
    ("NotFound", 404),
    ("MethodNotAllowed", 405),
    ("NotAcceptable", 406),
    ("RequestTimeout", 408),
    ("Conflict", 409),
    ("Gone", 410),
    ("LengthRequired", 411),
    ("PreconditionFailed", 412),
    ("RequestEntityTooLarge", 413),
    ("RequestURITooLarge", 414),
    ("UnsupportedMediaType", 415),
    ("RequestedRangeNotSatisfiable", 416),
    ("ImATeapot", 418),
    ("UnprocessableEntity", 422),
    ("Locked", 423),
    ("TooManyRequests", 429),
    ("UnavailableForLegalReasons", 451),
    ("InternalServerError", 500),
    ("NotImplemented", 501),
    ("BadGateway", 502),
    ("ServiceUnavailable", 503),
];

/// The model.
pub static MODEL: Model = Model {
    name: "flask_errors",
    calls: &[
        ("py:flask.abort", abort),
        ("py:flask.Flask().abort", abort),
        ("py:werkzeug.exceptions.*", make),
    ],
    aliases: &[
        ("py:werkzeug.exceptions.abort", "py:flask.abort"),
        ("py:quart.abort", "py:flask.abort"),
    ],
    subclasses: &[
        (
            "py:werkzeug.exceptions.HTTPException",
            "py:builtins.Exception",
        ),
        ("py:werkzeug.exceptions.BadRequest", BASE),
        (
            "py:werkzeug.exceptions.BadRequestKeyError",
            "py:werkzeug.exceptions.BadRequest",
        ),
        (
            "py:werkzeug.exceptions.BadRequestKeyError",
            "py:builtins.KeyError",
        ),
        (
            "py:werkzeug.exceptions.SecurityError",
            "py:werkzeug.exceptions.BadRequest",
        ),
        (
            "py:werkzeug.exceptions.BadHost",
            "py:werkzeug.exceptions.BadRequest",
        ),
        ("py:werkzeug.exceptions.Unauthorized", BASE),
        ("py:werkzeug.exceptions.Forbidden", BASE),
        ("py:werkzeug.exceptions.NotFound", BASE),
        ("py:werkzeug.exceptions.MethodNotAllowed", BASE),
        ("py:werkzeug.exceptions.NotAcceptable", BASE),
        ("py:werkzeug.exceptions.RequestTimeout", BASE),
        ("py:werkzeug.exceptions.Conflict", BASE),
        ("py:werkzeug.exceptions.Gone", BASE),
        ("py:werkzeug.exceptions.RequestEntityTooLarge", BASE),
        ("py:werkzeug.exceptions.UnsupportedMediaType", BASE),
        ("py:werkzeug.exceptions.UnprocessableEntity", BASE),
        ("py:werkzeug.exceptions.Locked", BASE),
        ("py:werkzeug.exceptions.TooManyRequests", BASE),
        ("py:werkzeug.exceptions.InternalServerError", BASE),
        ("py:werkzeug.exceptions.NotImplemented", BASE),
        ("py:werkzeug.exceptions.BadGateway", BASE),
        ("py:werkzeug.exceptions.ServiceUnavailable", BASE),
    ],
    ..Model::EMPTY
};

/// Makes werkzeug's exception for a status.
pub(crate) fn exception(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    status: u16,
    span: firedoor_source::Span,
) -> Value {
    let name = CODES.iter().rev().find(|(_, code)| *code == status);
    let name = name.map_or("HTTPException", |(name, _)| name);
    let id = host.make_object(machine, &format!("py:werkzeug.exceptions.{name}()"), span);
    machine
        .heap
        .set_property(id, Ustr::from("code"), Value::number(f64::from(status)));
    Value::object(id)
}

/// `abort(code_or_response, *arguments, **keywords)`.
fn abort(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let what = argument(call, 0, "code");
    let status = match what.as_number() {
        Some(number) => number as u16,
        None => {
            let parts = answer::parts(machine, &what);
            parts.status.as_number().map_or(500, |number| number as u16)
        }
    };
    let mut error = exception(host, machine, status, call.span);
    error.origins = what.origins;
    if let (Some(id), Some(text)) = (error.only_object(), given(call, 1, "description")) {
        machine
            .heap
            .set_property(id, Ustr::from("description"), text);
    }
    machine.throw(error, call.span)
}

/// `Forbidden(description)`.
fn make(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = crate::python_support::last_name(&call.path);
    let code = CODES.iter().find(|(known, _)| *known == name);
    if code.is_none() && name != "HTTPException" {
        return Ok(None);
    }
    let id = host.make_object(machine, &format!("{}()", call.path), call.span);
    if let Some((_, code)) = code {
        let code = Value::number(f64::from(*code));
        machine.heap.set_property(id, Ustr::from("code"), code);
    }
    if let Some(text) = given(call, 0, "description") {
        machine
            .heap
            .set_property(id, Ustr::from("description"), text);
    }
    if let Some(response) = given(call, 1, "response") {
        let status = answer::parts(machine, &response).status;
        machine.heap.set_property(id, Ustr::from("code"), status);
    }
    Ok(Some(Value::object(id)))
}

/// The code that an exception has by itself.
fn own_code(host: &ModelHost, machine: &mut Machine<'_>, value: &Value) -> Option<u16> {
    if let Some(code) = host.number_of(machine, value, &["code", "status_code"]) {
        return Some(code);
    }
    if let Some(Atom::Outside(path)) = value.only() {
        return code_of_path(&path);
    }
    let id = value.only_object()?;
    if let ObjectKind::Host(path) = machine.heap.get(id).kind {
        return code_of_path(&path);
    }
    let ObjectKind::Instance { class } = machine.heap.get(id).kind else {
        return None;
    };
    let bases = machine.outside_bases(id);
    let is_http = bases
        .iter()
        .any(|base| base.starts_with("py:werkzeug.exceptions."));
    if !is_http {
        return None;
    }
    let own = machine.class_attribute(class, Ustr::from("code"));
    let own = own.and_then(|(_, code)| code.as_number());
    own.map(|code| code as u16)
        .or_else(|| bases.iter().find_map(|base| code_of_path(base)))
}

fn code_of_path(path: &str) -> Option<u16> {
    let name = path
        .trim_end_matches("()")
        .strip_prefix("py:werkzeug.exceptions.")?;
    CODES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, code)| *code)
}

/// Returns the status of an uncaught exception: its own, or that of what its handler answers.
pub(super) fn status_of(host: &ModelHost, machine: &mut Machine<'_>, value: &Value) -> Option<u16> {
    let code = own_code(host, machine, value);
    let Some(function) = handler_of(host, machine, value, code) else {
        return code;
    };
    handled_status(host, machine, &function, value).or(code)
}

fn handlers(host: &ModelHost) -> Vec<Vec<Registration>> {
    let Some(plan) = host.flask_plan() else {
        return Vec::new();
    };
    let state = host.state();
    let mut levels = Vec::new();
    let is_error =
        |registration: &&Registration| registration.kind == RegistrationKind::ErrorHandler;
    let is_for_app = |registration: &Registration| {
        let option = registration.options.get(&Ustr::from("app"));
        option.and_then(Value::truth) == Some(true)
    };
    for id in plan.blueprints.iter().rev() {
        let router = state.routers.get(id);
        let own = router.iter().flat_map(|router| &router.registrations);
        let own = own.filter(is_error).filter(|found| !is_for_app(found));
        levels.push(own.cloned().collect());
    }
    let mut whole: Vec<Registration> = Vec::new();
    for (id, router) in &state.routers {
        if router.framework != super::NAME {
            continue;
        }
        let own = router.registrations.iter().filter(is_error);
        whole.extend(
            own.filter(|found| *id == plan.app || is_for_app(found))
                .cloned(),
        );
    }
    levels.push(whole);
    levels
}

/// The handler for an exception.
fn handler_of(
    host: &ModelHost,
    machine: &Machine<'_>,
    value: &Value,
    code: Option<u16>,
) -> Option<Value> {
    let levels = handlers(host);
    for is_coded in [true, false] {
        for level in &levels {
            let mut best: Option<(usize, Value)> = None;
            for registration in level.iter().rev() {
                let [class, function] = registration.handlers.as_slice() else {
                    continue;
                };
                let wanted = class
                    .as_number()
                    .map(|number| number as u16)
                    .or_else(|| class.as_outside().and_then(|path| code_of_path(&path)));
                let rank = match (wanted, is_coded) {
                    (Some(wanted), true) => (Some(wanted) == code).then_some(0),
                    (None, false) => (machine.is_instance(value, class) == Some(true))
                        .then(|| distance(machine, value, class)),
                    _ => None,
                };
                if let Some(rank) = rank
                    && best.as_ref().is_none_or(|(known, _)| rank < *known)
                {
                    best = Some((rank, function.clone()));
                }
            }
            if let Some((_, function)) = best {
                return Some(function);
            }
        }
    }
    None
}

/// How far up the order of classes the class of a handler is.
fn distance(machine: &Machine<'_>, value: &Value, class: &Value) -> usize {
    let outside = class.as_outside().map_or(50, |path| match path.as_str() {
        "py:builtins.Exception" | "py:builtins.BaseException" => 100,
        _ => 60,
    });
    let Some(id) = value.only_object() else {
        return outside;
    };
    let ObjectKind::Instance { class: own } = machine.heap.get(id).kind else {
        return outside;
    };
    let wanted = class.only_object();
    let order = machine.class_order(own);
    order
        .iter()
        .position(|found| Some(*found) == wanted)
        .unwrap_or(outside)
}

/// Runs a handler to see the status of its answer; what it does is not noted.
fn handled_status(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    function: &Value,
    error: &Value,
) -> Option<u16> {
    let (effects, refusals) = {
        let state = host.state();
        (state.run.effects.len(), state.run.refusals.len())
    };
    let place = machine.place();
    let decided = machine.decided.clone();
    let arguments = Arguments::positional([error.clone()]);
    let (result, _) = machine.catching(|machine| machine.call_paths(function, &arguments, place));
    machine.decided = decided;
    {
        let mut state = host.state();
        state.run.effects.truncate(effects);
        state.run.refusals.truncate(refusals);
    }
    let paths = result.ok()?;
    let mut statuses = paths.iter().filter_map(|path| {
        let status = answer::parts(machine, &path.value).status.as_number();
        status.map(|status| status as u16)
    });
    statuses.next()
}
