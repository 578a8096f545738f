//! Plugins that add headers, cookies, sessions, errors and files: most let every request on.
//!
//! Sources, each `index.js`: `@fastify/cookie` 11, `@fastify/session` 11, `@fastify/secure-session` 8,
//! `@fastify/helmet` 13, `@fastify/cors` 11, `@fastify/csrf-protection` 7, `@fastify/sensible` 6,
//! `@fastify/websocket` 11, `@fastify/static` 8, `@fastify/swagger-ui` 5.

use firedoor_app::{EffectKind, Field, Flag, SessionOperation, Setting, SettingKind};
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectKind, Value};
use ustr::Ustr;

use super::{Loading, add_hook, decorate, listen, named, note_secret};
use crate::ModelHost;
use crate::fastify::{Event, errors, instance, routes};
use crate::tools::{last_part, option};

pub(super) fn load_nothing(_host: &ModelHost, _machine: &mut Machine<'_>, _loading: &Loading<'_>) {}

fn note(host: &ModelHost, machine: &Machine<'_>, loading: &Loading<'_>, kind: SettingKind) {
    let app = Ustr::from(machine.program.files.path(loading.span));
    host.state().settings.push(Setting {
        kind,
        span: loading.span,
        condition: None,
        app,
    });
}

pub(super) fn load_cookie(host: &ModelHost, machine: &mut Machine<'_>, loading: &Loading<'_>) {
    if let Some(secret) = option(machine, loading.options, "secret", loading.span) {
        note_secret(host, machine, "cookie", loading, &secret);
    }
}

/// Calls a function of a package with the options, as if the program did.
fn call_outside(
    machine: &mut Machine<'_>,
    path: &str,
    loading: &Loading<'_>,
    options: Value,
) -> Option<Value> {
    let function = Value::outside(path);
    let arguments = Arguments::positional([options]);
    let (made, _) =
        machine.catching(|machine| machine.call_value(&function, None, &arguments, loading.span));
    made.ok()
}

/// `@fastify/session`: what express-session is to Express, with `secure` cookies by default.
pub(super) fn load_session(host: &ModelHost, machine: &mut Machine<'_>, loading: &Loading<'_>) {
    let span = loading.span;
    let options = machine.heap.allocate(ObjectKind::Plain, span);
    for (name, as_name) in [("secret", "secret"), ("cookieName", "name")] {
        if let Some(value) = option(machine, loading.options, name, span) {
            machine
                .heap
                .set_property(options, Ustr::from(as_name), value);
        }
    }
    let cookie = option(machine, loading.options, "cookie", span);
    let flags = machine.heap.allocate(ObjectKind::Plain, span);
    machine
        .heap
        .set_property(flags, Ustr::from("secure"), Value::bool(true));
    for name in ["secure", "httpOnly", "sameSite", "path", "maxAge"] {
        if let Some(value) = cookie
            .as_ref()
            .and_then(|cookie| option(machine, cookie, name, span))
        {
            machine.heap.set_property(flags, Ustr::from(name), value);
        }
    }
    machine
        .heap
        .set_property(options, Ustr::from("cookie"), Value::object(flags));
    let made = call_outside(
        machine,
        "npm:express-session",
        loading,
        Value::object(options),
    );
    if let Some(layer) = made {
        name_layer(machine, &layer, "session");
        add_hook(host, machine, loading, Event::Request, layer);
    }
}

fn name_layer(machine: &mut Machine<'_>, layer: &Value, name: &str) {
    if let Some(id) = layer.only_object() {
        machine.heap.get_mut(id).name = Some(Ustr::from(name));
    }
}

/// `@fastify/secure-session`: the session travels encrypted in a cookie.
pub(super) fn load_secure_session(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    loading: &Loading<'_>,
) {
    let span = loading.span;
    let options = machine.heap.allocate(ObjectKind::Plain, span);
    for (name, as_name) in [
        ("secret", "secret"),
        ("key", "secret"),
        ("cookieName", "name"),
    ] {
        if let Some(value) = option(machine, loading.options, name, span) {
            machine
                .heap
                .set_property(options, Ustr::from(as_name), value);
        }
    }
    let cookie = option(machine, loading.options, "cookie", span);
    let flags = machine.heap.allocate(ObjectKind::Plain, span);
    for name in ["secure", "httpOnly", "sameSite", "path", "maxAge"] {
        let given = cookie
            .as_ref()
            .and_then(|cookie| option(machine, cookie, name, span));
        match (name, given) {
            (_, Some(value)) => machine.heap.set_property(flags, Ustr::from(name), value),
            // Its own documentation asks for the flag; without it the cookie can be read by scripts.
            ("httpOnly", None) => {
                machine
                    .heap
                    .set_property(flags, Ustr::from(name), Value::bool(false));
            }
            _ => {}
        }
    }
    machine
        .heap
        .set_property(options, Ustr::from("cookie"), Value::object(flags));
    let made = call_outside(
        machine,
        "npm:express-session",
        loading,
        Value::object(options),
    );
    if let Some(layer) = made {
        name_layer(machine, &layer, "session");
        add_hook(host, machine, loading, Event::Request, layer);
    }
}

/// `session.get(name)`.
pub(super) fn session_get(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    match call.arguments.get(0).text() {
        Some(name) => machine.member(&call.this, name, call.span).map(Some),
        None => Ok(None),
    }
}

/// `session.set(name, value)`; with an object alone, each of its fields.
pub(super) fn session_set(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let first = call.arguments.get(0);
    if let Some(name) = first.text() {
        let value = call.arguments.get(1);
        machine.set_member(&call.this, name, value, call.span)?;
    } else if let Some(id) = first.only_object() {
        let fields: Vec<(Ustr, Value)> = {
            let properties = machine.heap.get(id).properties.iter();
            properties
                .map(|(name, value)| (*name, value.clone()))
                .collect()
        };
        for (name, value) in fields {
            machine.set_member(&call.this, name, value, call.span)?;
        }
    }
    Ok(Some(Value::undefined()))
}

/// `session.delete()` of `@fastify/secure-session`.
pub(super) fn session_delete(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let none: Option<Field> = None;
    crate::sessions::note(host, machine, SessionOperation::Destroy, none, call.span);
    Ok(Some(Value::undefined()))
}

pub(super) fn load_helmet(host: &ModelHost, machine: &mut Machine<'_>, loading: &Loading<'_>) {
    let global = option(machine, loading.options, "global", loading.span);
    let is_off = global.is_some_and(|global| machine.truth(&global) == Some(false));
    if !is_off {
        note(
            host,
            machine,
            loading,
            SettingKind::SecurityHeaders(Flag::On),
        );
    }
}

/// `@fastify/cors` has the options of `cors`, and its defaults.
pub(super) fn load_cors(_host: &ModelHost, machine: &mut Machine<'_>, loading: &Loading<'_>) {
    call_outside(machine, "npm:cors", loading, loading.options.clone());
}

/// `app.csrfProtection` is a hook that the program has to add.
pub(super) fn load_csrf(host: &ModelHost, machine: &mut Machine<'_>, loading: &Loading<'_>) {
    let Some(guard) = call_outside(machine, "npm:csurf", loading, Value::undefined()) else {
        return;
    };
    name_layer(machine, &guard, "csrfProtection");
    decorate(host, loading.id, "csrfProtection", guard);
    let maker = Value::object(host.make_object(machine, "cross-site:make-token", loading.span));
    let name = Ustr::from("generateCsrf");
    instance::add_decoration(host, loading.id, "decorateReply", name, maker);
}

/// `app.httpErrors` and `app.assert`; what it adds to replies is told with the reply.
pub(super) fn load_sensible(host: &ModelHost, machine: &mut Machine<'_>, loading: &Loading<'_>) {
    for (name, path) in [
        ("httpErrors", "fastify:http-errors"),
        ("assert", "fastify:assert"),
    ] {
        let value = Value::object(host.make_object(machine, path, loading.span));
        decorate(host, loading.id, name, value);
    }
    decorate(
        host,
        loading.id,
        "to",
        Value::outside("npm:@fastify/sensible.to"),
    );
}

/// `httpErrors.unauthorized(message)`.
pub(super) fn http_error(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let status = match last_part(&call.path) {
        "getHttpError" => {
            let number = call.arguments.get(0).as_number();
            number.map_or(500, |number| number as u16)
        }
        name => match errors::named_status(name) {
            Some(status) => status,
            None => return Ok(None),
        },
    };
    Ok(Some(errors::named(host, machine, status, call)))
}

/// `httpErrors.createError(status, message)` is that of http-errors.
pub(super) fn create_error(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let function = Value::outside("npm:http-errors");
    let made = machine.call_value(&function, None, call.arguments, call.span)?;
    Ok(Some(made))
}

/// `assert(condition, status, message)` throws unless the condition holds.
pub(super) fn assert(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let status = call.arguments.get(1).as_number();
    let status = status.map_or(500, |number| number as u16);
    let failed = errors::named(host, machine, status, call);
    let test = call.arguments.get(0);
    crate::tools::require(machine, &test, &failed, call.span)?;
    Ok(Some(Value::undefined()))
}

/// Routes that are registered from here on may take WebSockets.
pub(super) fn load_websocket(host: &ModelHost, machine: &mut Machine<'_>, loading: &Loading<'_>) {
    let listener = Value::object(host.make_object(machine, "fastify:websocket", loading.span));
    listen(host, loading, listener);
    let servers = host.make_object(machine, "npm:ws.WebSocketServer()", loading.span);
    decorate(host, loading.id, "websocketServer", Value::object(servers));
}

/// `@fastify/static` adds a route for everything below its prefix, unless `serve` is false.
pub(super) fn load_static(host: &ModelHost, machine: &mut Machine<'_>, loading: &Loading<'_>) {
    let span = loading.span;
    let serves = option(machine, loading.options, "serve", span);
    if serves.is_some_and(|serves| machine.truth(&serves) == Some(false)) {
        return;
    }
    let prefix = option(machine, loading.options, "prefix", span);
    let prefix = prefix.map_or_else(
        || "/".to_owned(),
        |prefix| {
            let hole = firedoor_eval::HOLE.to_string();
            prefix.text_pattern().map_or(hole, |text| text.to_string())
        },
    );
    let path = format!("{}/*", prefix.trim_end_matches('/'));
    let handler = named(host, machine, "fastify:static", "static", span);
    let options = machine.heap.allocate(ObjectKind::Plain, span);
    machine
        .heap
        .set_property(options, Ustr::from("handler"), Value::object(handler));
    let path = Value::string(&path);
    let methods = [Ustr::from("GET")];
    routes::add(host, machine, loading.id, &methods, &path, options, span);
}

pub(super) fn serve(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let effect = EffectKind::Respond {
        status: None,
        body: Vec::new(),
        is_error: false,
    };
    host.effect(machine, effect, call.span);
    Ok(Some(call.this.clone()))
}

pub(super) fn load_docs(host: &ModelHost, machine: &mut Machine<'_>, loading: &Loading<'_>) {
    note(host, machine, loading, SettingKind::Docs(Flag::On));
}
