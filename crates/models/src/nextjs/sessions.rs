//! Who is asking, by the session libraries of Next.js: NextAuth 4, Auth.js 5, better-auth, iron-session.
//!
//! Sources: next-auth 4.24, `next/middleware.ts`; next-auth 5.0 beta, `lib/index.ts`; better-auth 1.3,
//! `cookies/index.ts`; iron-session 8, `src/core.ts`.

use firedoor_app::{Origin, RequestPart, Setting, SettingKind};
use firedoor_eval::{
    Answer, Arguments, Atom, Call, Machine, ObjectId, ObjectKind, Shape, Stop, Value,
};
use firedoor_source::Span;
use ustr::Ustr;

use super::request::REQUEST;
use super::response::{self, RESPONSE};
use crate::tools::{is_function, keep, kept, last_part, option, promised};
use crate::{Model, ModelHost, Persona};

/// The model.
pub static MODEL: Model = Model {
    name: "next-sessions",
    calls: &[
        ("npm:next-auth.getServerSession", session),
        ("npm:next-auth.unstable_getServerSession", session),
        ("npm:next-auth/next.getServerSession", session),
        ("npm:next-auth/next.unstable_getServerSession", session),
        ("npm:next-auth/react.getSession", session),
        ("npm:next-auth/jwt.getToken", token),
        ("npm:next-auth/middleware", with_auth),
        ("npm:next-auth/middleware.default", with_auth),
        ("npm:next-auth/middleware.withAuth", with_auth),
        ("next-auth:middleware", run_middleware),
        ("npm:next-auth", next_auth),
        ("npm:next-auth.default", next_auth),
        ("npm:next-auth()", answer_handler),
        ("next-auth:handler", answer_handler),
        ("next-auth:auth", auth),
        ("next-auth:wrapped", run_wrapped),
        ("next-auth:other", other),
        (
            "npm:better-auth.betterAuth().api.getSession",
            better_session,
        ),
        ("npm:better-auth/cookies.getSessionCookie", better_cookie),
        ("npm:better-auth/cookies.getCookieCache", better_cookie),
        ("npm:better-auth/next-js.toNextJsHandler", handlers),
        ("npm:better-auth/node.toNodeHandler", handler),
        ("npm:iron-session.getIronSession", iron_session),
        ("npm:iron-session/edge.getIronSession", iron_session),
        (
            "npm:iron-session/next.withIronSessionApiRoute",
            iron_wrapped,
        ),
    ],
    members: &[
        ("npm:next-auth().auth", auth_member),
        ("npm:next-auth().handlers", handlers_member),
        ("npm:next-auth().GET", handler_member),
        ("npm:next-auth().POST", handler_member),
        ("npm:next-auth().signIn", other_member),
        ("npm:next-auth().signOut", other_member),
        ("npm:next-auth().unstable_update", other_member),
    ],
    ..Model::EMPTY
};

/// Returns what a proven session says, or nothing: a stranger has none.
pub(super) fn principal(host: &ModelHost, machine: &mut Machine<'_>, claim: &str) -> Value {
    let origins = host.origin(machine, Origin::Principal(Ustr::from(claim)));
    let value = match host.persona() {
        Persona::Attacker => Value::null(),
        _ => Value::atoms_of([Atom::Null, Atom::Unknown(Shape::Object)]),
    };
    value.with_origins(origins)
}

/// Notes that the cookie of the session is read.
pub(super) fn read_cookie(host: &ModelHost, name: &str) {
    host.reads(Origin::Request(RequestPart::Cookie, Ustr::from(name)));
}

fn session(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    read_cookie(host, "next-auth.session-token");
    let session = principal(host, machine, "");
    promised(machine, call.span, |_| Ok(session)).map(Some)
}

fn token(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    session(host, machine, call)
}

/// `withAuth(middleware, options)`, `withAuth(options)`, or the middleware itself.
fn with_auth(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let first = call.arguments.get(0);
    if is_request(machine, &first) {
        return guard(
            host,
            machine,
            &Value::undefined(),
            &Value::undefined(),
            call,
        );
    }
    let id = host.make_object(machine, "next-auth:middleware", call.span);
    let (function, options) = match is_callable(machine, &first) {
        true => (first, call.arguments.get(1)),
        false => (Value::undefined(), first),
    };
    keep(machine, id, "$function", function);
    keep(machine, id, "$options", options);
    machine.heap.get_mut(id).name = Some(Ustr::from("withAuth"));
    Ok(Some(Value::object(id)))
}

fn run_middleware(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let function = kept(machine, call.receiver, "$function");
    let options = kept(machine, call.receiver, "$options");
    guard(host, machine, &function, &options, call)
}

/// NextAuth 4: strangers are sent to the page for signing in, unless `authorized` lets them on.
fn guard(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    function: &Value,
    options: &Value,
    call: &Call<'_>,
) -> Answer {
    let span = call.span;
    read_cookie(host, "next-auth.session-token");
    let token = principal(host, machine, "");
    let request = call.arguments.get(0);
    let authorized = match callback(machine, options, "authorized", span) {
        Some(authorized) => {
            let given = crate::tokens::plain(
                machine,
                &[("token", token.clone()), ("req", request.clone())],
                span,
            );
            let result =
                machine.call_value(&authorized, None, &Arguments::positional([given]), span)?;
            machine.await_value(&result, span)?
        }
        None => token.clone(),
    };
    let request_id = request.only_object();
    machine
        .choose(
            &authorized,
            span,
            |machine| {
                if function.is_nothing() {
                    return let_on(host, machine, call);
                }
                if let Some(id) = request_id {
                    let known = crate::tokens::plain(machine, &[("token", token.clone())], span);
                    keep(machine, id, "nextauth", known);
                }
                let result = machine.call_value(function, None, call.arguments, span)?;
                let result = machine.await_value(&result, span)?;
                or_let_on(host, machine, call, result)
            },
            |machine| sign_in(host, machine, options, "/api/auth/signin", call),
        )
        .map(Some)
}

fn callback(machine: &mut Machine<'_>, options: &Value, name: &str, span: Span) -> Option<Value> {
    let callbacks = option(machine, options, "callbacks", span)?;
    option(machine, &callbacks, name, span).filter(|found| is_callable(machine, found))
}

fn let_on(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Result<Value, Stop> {
    let none = Arguments::default();
    let call = Call {
        arguments: &none,
        this: Value::undefined(),
        ..*call
    };
    let made = response::next(host, machine, &call)?;
    Ok(made.unwrap_or_else(Value::undefined))
}

/// What returns nothing lets the request on.
fn or_let_on(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    result: Value,
) -> Result<Value, Stop> {
    if !result.atoms().iter().any(Atom::is_nothing) {
        return Ok(result);
    }
    let next = let_on(host, machine, call)?;
    Ok(match result.filter(|atom| !atom.is_nothing()) {
        Some(something) => machine.join(something, &next),
        None => next,
    })
}

fn sign_in(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    options: &Value,
    usual: &str,
    call: &Call<'_>,
) -> Result<Value, Stop> {
    let pages = option(machine, options, "pages", call.span);
    let page = pages.and_then(|pages| option(machine, &pages, "signIn", call.span));
    let page = page.unwrap_or_else(|| Value::string(usual));
    let arguments = Arguments::positional([page]);
    let call = Call {
        arguments: &arguments,
        this: Value::undefined(),
        ..*call
    };
    let made = response::redirect(host, machine, &call)?;
    Ok(made.unwrap_or_else(Value::undefined))
}

pub(super) fn is_request(machine: &Machine<'_>, value: &Value) -> bool {
    is_host(machine, value, REQUEST) || is_host(machine, value, "express:request")
}

fn is_host(machine: &Machine<'_>, value: &Value, wanted: &str) -> bool {
    let id = value.only_object();
    id.is_some_and(
        |id| matches!(machine.heap.get(id).kind, ObjectKind::Host(path) if path == wanted),
    )
}

/// Holds for functions of the program, and for objects of models that are called like one.
pub(super) fn is_callable(machine: &Machine<'_>, value: &Value) -> bool {
    let is_object = value.only_object().is_some_and(|id| {
        matches!(machine.heap.get(id).kind, ObjectKind::Host(path)
            if path.starts_with("next-auth:") || path.starts_with("clerk:"))
    });
    is_object || is_function(machine, value)
}

/// `NextAuth(config)`: a handler in version 4, an object with `auth` and `handlers` in version 5. Called with
/// a request, it answers.
fn next_auth(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let first = call.arguments.get(0);
    if is_request(machine, &first) {
        return answer_handler(host, machine, call);
    }
    let id = host.make_object(machine, "npm:next-auth()", call.span);
    let config = match is_function(machine, &first) {
        // Settings that are made anew for each request.
        true => {
            let arguments = Arguments::positional([Value::undefined()]);
            let (made, _) = machine.catching(|machine| {
                let made = machine.call_value(&first, None, &arguments, call.span)?;
                machine.await_value(&made, call.span)
            });
            made.unwrap_or_else(|_| Value::undefined())
        }
        false => first,
    };
    note_secret(host, machine, &config, "secret", call.span);
    keep(machine, id, "$config", config);
    machine.heap.get_mut(id).name = Some(Ustr::from("NextAuth"));
    Ok(Some(Value::object(id)))
}

fn note_secret(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    options: &Value,
    name: &str,
    span: Span,
) {
    if host.is_request() {
        return;
    }
    if let Some(secret) = option(machine, options, name, span) {
        let value = host.deep_provenance(machine, &secret);
        let setting = Setting {
            kind: SettingKind::Secret("session", value),
            span,
            condition: None,
            app: Ustr::from(machine.program.files.path(span)),
        };
        host.state().settings.push(setting);
    }
}

/// What libraries answer on their own routes is their own business.
fn answer_handler(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let none = Arguments::positional([Value::null()]);
    let call = Call {
        arguments: &none,
        this: Value::undefined(),
        ..*call
    };
    response::json(host, machine, &call)
}

fn with_config(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    owner: Option<ObjectId>,
    path: &str,
    span: Span,
) -> Option<Value> {
    let id = host.make_object(machine, path, span);
    let config = kept(machine, owner, "$config");
    keep(machine, id, "$config", config);
    machine.heap.get_mut(id).name = Some(Ustr::from(path.rsplit(':').next().unwrap_or(path)));
    Some(Value::object(id))
}

fn auth_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    owner: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    with_config(host, machine, owner, "next-auth:auth", span)
}

fn handler_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    owner: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    with_config(host, machine, owner, "next-auth:handler", span)
}

fn other_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    owner: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    with_config(host, machine, owner, "next-auth:other", span)
}

fn handlers_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _owner: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    Some(both_handlers(host, machine, span))
}

fn both_handlers(host: &ModelHost, machine: &mut Machine<'_>, span: Span) -> Value {
    let id = host.make_object(machine, "next-auth:handler", span);
    machine.heap.get_mut(id).name = Some(Ustr::from("handler"));
    let handler = Value::object(id);
    let names = ["GET", "POST", "PUT", "PATCH", "DELETE"];
    let properties = names.map(|name| (name, handler.clone()));
    crate::tokens::plain(machine, &properties[..2], span)
}

/// `toNextJsHandler(auth)`.
fn handlers(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(both_handlers(host, machine, call.span)))
}

fn handler(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(with_config(
        host,
        machine,
        None,
        "next-auth:handler",
        call.span,
    ))
}

/// `signIn()` and `signOut()`: their outcome is not known.
fn other(_host: &ModelHost, _machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(Value::unknown(Shape::Any)))
}

/// `auth()` gives the session, `auth(function)` a guarded function, and as middleware it asks `authorized`.
fn auth(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let first = call.arguments.get(0);
    if is_function(machine, &first) {
        let id = host.make_object(machine, "next-auth:wrapped", call.span);
        let config = kept(machine, call.receiver, "$config");
        keep(machine, id, "$config", config);
        let target = first.only_object();
        machine.heap.get_mut(id).name = target.and_then(|id| machine.heap.get(id).name);
        keep(machine, id, "$target", first);
        return Ok(Some(Value::object(id)));
    }
    if is_host(machine, &first, REQUEST) {
        return handle(host, machine, &Value::undefined(), call);
    }
    read_cookie(host, "authjs.session-token");
    let session = principal(host, machine, "");
    promised(machine, call.span, |_| Ok(session)).map(Some)
}

fn run_wrapped(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let target = kept(machine, call.receiver, "$target");
    handle(host, machine, &target, call)
}

/// Auth.js 5: a function of the program decides alone; `authorized` does where there is none, unless it answers.
fn handle(host: &ModelHost, machine: &mut Machine<'_>, target: &Value, call: &Call<'_>) -> Answer {
    let span = call.span;
    let config = kept(machine, call.receiver, "$config");
    read_cookie(host, "authjs.session-token");
    let session = principal(host, machine, "");
    let request = call.arguments.get(0);
    if !target.is_nothing() {
        if let Some(id) = request.only_object() {
            keep(machine, id, "auth", session);
        }
        return machine
            .call_value(target, None, call.arguments, span)
            .map(Some);
    }
    let Some(authorized) = callback(machine, &config, "authorized", span) else {
        return let_on(host, machine, call).map(Some);
    };
    let given = crate::tokens::plain(machine, &[("auth", session), ("request", request)], span);
    let result = machine.call_value(&authorized, None, &Arguments::positional([given]), span)?;
    let result = machine.await_value(&result, span)?;
    let is_response = |atom: &Atom| {
        matches!(atom, Atom::Object(id)
        if matches!(machine.heap.get(*id).kind, ObjectKind::Host(path) if path == RESPONSE))
    };
    let answers = result.filter(|atom| is_response(atom));
    let outcome = result.filter(|atom| !is_response(atom));
    let Some(outcome) = outcome else {
        return Ok(answers);
    };
    let decided = machine.choose(
        &outcome,
        span,
        |machine| let_on(host, machine, call),
        |machine| sign_in(host, machine, &config, "/api/auth/signin", call),
    )?;
    Ok(Some(match answers {
        Some(answers) => machine.join(answers, &decided),
        None => decided,
    }))
}

/// `auth.api.getSession({headers})`: `{session, user}`, or nothing.
fn better_session(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    read_cookie(host, "better-auth.session_token");
    let session = principal(host, machine, "");
    promised(machine, call.span, |_| Ok(session)).map(Some)
}

/// `getSessionCookie(request)` only looks whether there is one.
fn better_cookie(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(host.request_value(
        machine,
        RequestPart::Cookie,
        "better-auth.session_token",
    )))
}

/// The session in a sealed cookie: what is in it was put there by the server.
fn iron_session(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    for options in call.arguments.positional.iter().skip(1) {
        note_secret(host, machine, options, "password", call.span);
    }
    let id = host.make_object(machine, "express:session", call.span);
    promised(machine, call.span, |_| Ok(Value::object(id))).map(Some)
}

/// iron-session 6: the handler finds the session on the request.
fn iron_wrapped(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    note_secret(host, machine, &call.arguments.get(1), "password", call.span);
    let _ = last_part(&call.path);
    Ok(Some(call.arguments.get(0)))
}
