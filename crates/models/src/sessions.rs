//! Sessions of Express: express-session and cookie-session.
//!
//! What is in a session was put there by the server, for whoever holds its cookie. An attacker holds none.

use firedoor_app::{
    EffectKind, Field, Flag, Provenance, RequestPart, SessionOperation, Setting, SettingKind,
};
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::cookies::cookie;
use crate::layers::pass;
use crate::tools::{is_function, keep, kept, last_part, option};
use crate::{Model, ModelHost, judge};

/// The model.
pub static MODEL: Model = Model {
    name: "sessions",
    calls: &[
        ("npm:express-session", make),
        ("npm:cookie-session", make),
        ("npm:express-session()", run),
        ("npm:express-session.MemoryStore", store),
        ("express:session.destroy", destroy),
        ("express:session.regenerate", regenerate),
        ("express:session.save", call_back),
        ("express:session.reload", call_back),
        ("express:session.touch", call_back),
        ("express:session.resetMaxAge", call_back),
    ],
    members: &[
        ("express:request.session", session),
        ("express:request.sessionID", session_name),
        ("express:session.id", session_name),
        ("express:session.cookie", session_cookie),
        ("express:session.*", session_field),
    ],
    sets: &[
        ("express:request.session", replace),
        ("express:session.*", write),
    ],
    ..Model::EMPTY
};

/// `session({secret, cookie: {...}})`. express-session 1.18: the cookie is `httpOnly` unless switched off.
fn make(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "npm:express-session()", call.span);
    let options = call.arguments.get(0);
    // cookie-session takes the flags beside its keys; express-session has them one level down.
    let flags = option(machine, &options, "cookie", call.span).unwrap_or_else(|| options.clone());
    for (name, value) in [("$options", &options), ("$flags", &flags)] {
        keep(machine, id, name, value.clone());
    }
    machine.heap.get_mut(id).name = None;
    for name in ["secret", "keys"] {
        if let Some(secret) = option(machine, &options, name, call.span) {
            let provenance = host.deep_provenance(machine, &secret);
            let app = Ustr::from(machine.program.files.path(call.span));
            host.state().settings.push(Setting {
                kind: SettingKind::Secret("session", provenance),
                span: call.span,
                condition: None,
                app,
            });
        }
    }
    Ok(Some(Value::object(id)))
}

/// The layer: it sets the cookie and lets everybody on.
fn run(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let options = kept(machine, call.receiver, "$options");
    let flags = kept(machine, call.receiver, "$flags");
    let span = call
        .receiver
        .map_or(call.span, |id| machine.heap.get(id).span);
    let name = option(machine, &options, "name", span).unwrap_or_else(Value::undefined);
    let id = host.request_value_quietly(machine, RequestPart::Session, "id");
    let mut cookie = cookie(host, machine, &name, &id, &flags, span);
    cookie.is_session = true;
    if cookie.http_only == Flag::Default {
        cookie.http_only = Flag::On;
    }
    host.effect(machine, EffectKind::SetCookie(cookie), span);
    // It is there from here on, whichever test asks for it first.
    let request = call.arguments.get(0);
    for request in request.objects().collect::<Vec<_>>() {
        session_of(machine, request, span);
    }
    pass(host, machine, call)
}

fn store(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "npm:express-session.Store()", call.span);
    Ok(Some(Value::object(id)))
}

/// The session of a request: one object for all its layers.
pub fn session_of(machine: &mut Machine<'_>, request: ObjectId, span: Span) -> Value {
    let key = Ustr::from("session");
    if let Some(known) = machine.heap.property(request, key) {
        return known.clone();
    }
    let id = machine
        .heap
        .allocate(ObjectKind::Host(Ustr::from("express:session")), span);
    machine.heap.set_property(request, key, Value::object(id));
    Value::object(id)
}

fn session(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    Some(session_of(machine, object?, span))
}

fn session_name(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let id = host.request_value_quietly(machine, RequestPart::Session, "id");
    Some(id.shaped(firedoor_eval::Shape::String))
}

fn session_cookie(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let id = machine.heap.allocate(ObjectKind::Plain, span);
    machine.heap.get_mut(id).is_open = true;
    Some(Value::object(id))
}

fn session_field(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let path = host.state().member_name;
    let name = last_part(&path);
    // What is bound or handed on before it is called is a method all the same.
    if METHODS.contains(&name) {
        return None;
    }
    Some(host.request_value(machine, RequestPart::Session, name))
}

/// What sessions of express-session can do, beside the fields that handlers keep in them.
const METHODS: &[&str] = &[
    "destroy",
    "regenerate",
    "save",
    "reload",
    "touch",
    "resetMaxAge",
];

pub(crate) fn note(
    host: &ModelHost,
    machine: &Machine<'_>,
    operation: SessionOperation,
    field: Option<Field>,
    span: Span,
) {
    host.effect(machine, EffectKind::Session(operation, field), span);
}

/// A field is kept as written, so that later layers of the request read it.
fn write(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: ObjectId,
    value: &Value,
    span: Span,
) -> bool {
    let path = host.state().member_name;
    let name = last_part(&path);
    let (parts, _) = judge::written(host, machine, value);
    let is_whole = parts.is_empty() || value.is_nothing();
    for part in parts {
        let part = Field {
            name: Ustr::from(&format!("{name}.{}", part.name)),
            ..part
        };
        note(host, machine, SessionOperation::Write, Some(part), span);
    }
    if !is_whole {
        return false;
    }
    let field = Field {
        name: Ustr::from(name),
        value: host.deep_provenance(machine, value),
        operator: "=",
    };
    note(host, machine, SessionOperation::Write, Some(field), span);
    false
}

/// cookie-session ends a session with `req.session = null`.
fn replace(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: ObjectId,
    value: &Value,
    span: Span,
) -> bool {
    if value.is_nothing() {
        note(host, machine, SessionOperation::Destroy, None, span);
        return false;
    }
    let (mut fields, spread) = judge::written(host, machine, value);
    fields.extend(spread.into_iter().map(|value: Provenance| Field {
        name: Ustr::from(""),
        value,
        operator: "=",
    }));
    for field in fields {
        note(host, machine, SessionOperation::Write, Some(field), span);
    }
    false
}

fn destroy(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    note(host, machine, SessionOperation::Destroy, None, call.span);
    forget(machine, call);
    call_back(host, machine, call)
}

fn regenerate(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    note(host, machine, SessionOperation::Regenerate, None, call.span);
    forget(machine, call);
    call_back(host, machine, call)
}

/// What was written before is gone.
fn forget(machine: &mut Machine<'_>, call: &Call<'_>) {
    let Some(session) = call.receiver else {
        return;
    };
    let names: Vec<Ustr> = machine
        .heap
        .get(session)
        .properties
        .keys()
        .copied()
        .collect();
    for name in names {
        machine.heap.set_property(session, name, Value::undefined());
    }
}

/// Storing is done, and did not fail.
fn call_back(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let callback = call.arguments.get(0);
    if is_function(machine, &callback) {
        let arguments = Arguments::positional([Value::undefined()]);
        machine.call_value(&callback, None, &arguments, call.span)?;
    }
    Ok(Some(call.this.clone()))
}
