//! Plugins of libraries: what registering one does to the instance.
//!
//! A plugin that no model knows is noted, and may decorate the instance with anything. The plugins here use
//! `fastify-plugin`, so that what they add is there for the instance that they are registered on.

mod authentication;
mod autoload;
mod bearer;
mod clients;
mod jwt;
pub(crate) mod limits;
mod oauth;
mod others;
pub(crate) mod typebox;

use firedoor_app::Unresolved;
use firedoor_eval::{Answer, Call, Machine, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::{Event, instance};
use crate::tools::option;
use crate::{Model, ModelHost};

/// The decoration that says that an instance may have been decorated with anything.
pub(super) const OPEN: &str = "$open";

/// The model.
pub static MODEL: Model = Model {
    name: "fastify_plugins",
    calls: &[
        ("npm:@fastify/accepts", call_directly),
        ("npm:@fastify/accepts-serializer", call_directly),
        ("npm:@fastify/auth", call_directly),
        ("npm:@fastify/autoload", call_directly),
        ("npm:@fastify/basic-auth", call_directly),
        ("npm:@fastify/bearer-auth", call_directly),
        ("npm:@fastify/caching", call_directly),
        ("npm:@fastify/compress", call_directly),
        ("npm:@fastify/cookie", call_directly),
        ("npm:@fastify/cors", call_directly),
        ("npm:@fastify/csrf-protection", call_directly),
        ("npm:@fastify/env", call_directly),
        ("npm:@fastify/etag", call_directly),
        ("npm:@fastify/express", call_directly),
        ("npm:@fastify/flash", call_directly),
        ("npm:@fastify/formbody", call_directly),
        ("npm:@fastify/helmet", call_directly),
        ("npm:@fastify/jwt", call_directly),
        ("npm:@fastify/middie", call_directly),
        ("npm:@fastify/mongodb", call_directly),
        ("npm:@fastify/multipart", call_directly),
        ("npm:@fastify/mysql", call_directly),
        ("npm:@fastify/oauth2", call_directly),
        ("npm:@fastify/postgres", call_directly),
        ("npm:@fastify/rate-limit", call_directly),
        ("npm:@fastify/redis", call_directly),
        ("npm:@fastify/request-context", call_directly),
        ("npm:@fastify/secure-session", call_directly),
        ("npm:@fastify/sensible", call_directly),
        ("npm:@fastify/session", call_directly),
        ("npm:@fastify/static", call_directly),
        ("npm:@fastify/swagger", call_directly),
        ("npm:@fastify/swagger-ui", call_directly),
        ("npm:@fastify/under-pressure", call_directly),
        ("npm:@fastify/url-data", call_directly),
        ("npm:@fastify/view", call_directly),
        ("npm:@fastify/websocket", call_directly),
        ("fastify:jwt.sign", jwt::sign),
        ("fastify:jwt.verify", jwt::verify_token),
        ("fastify:jwt.decode", jwt::decode_token),
        ("fastify:jwt-verify", jwt::verify_request),
        ("fastify:jwt-decode", jwt::decode_request),
        ("fastify:jwt-sign", jwt::sign_reply),
        ("fastify:auth", authentication::choose),
        ("fastify:auth()", authentication::run),
        ("fastify:auth-next:next", authentication::next),
        ("fastify:basic", authentication::basic),
        ("fastify:bearer", bearer::run),
        ("fastify:limiter-maker", limits::make_for_route),
        ("fastify:limiter", limits::run),
        ("fastify:http-errors.createError", others::create_error),
        ("fastify:http-errors.*", others::http_error),
        ("fastify:assert", others::assert),
        ("fastify:static", others::serve),
        ("express:session.get", others::session_get),
        ("express:session.set", others::session_set),
        ("express:session.delete", others::session_delete),
        ("express:session.options", super::instance::nothing),
        ("npm:desm.join", autoload::beside),
        ("fastify:oauth.*", oauth::method),
        ("fastify:oauth-start", oauth::start),
    ],
    aliases: &[
        (
            "npm:@fastify/passport.authenticate",
            "npm:passport.authenticate",
        ),
        ("npm:@fastify/passport.authorize", "npm:passport.authorize"),
        (
            "npm:@fastify/passport.initialize",
            "npm:passport.initialize",
        ),
        (
            "npm:@fastify/passport.secureSession",
            "npm:passport.session",
        ),
        ("npm:@fastify/passport.use", "npm:passport.use"),
        (
            "npm:@fastify/passport.registerUserSerializer",
            "npm:passport.serializeUser",
        ),
        (
            "npm:@fastify/passport.registerUserDeserializer",
            "npm:passport.deserializeUser",
        ),
    ],
    ..Model::EMPTY
};

/// What registering a plugin does: the instance, its options and where.
pub(super) struct Loading<'l> {
    pub(super) id: ObjectId,
    pub(super) options: &'l Value,
    pub(super) span: Span,
}

type LoadFunction = fn(&ModelHost, &mut Machine<'_>, &Loading<'_>);

/// Packages by name, without the scope of their publisher.
const PLUGINS: &[(&str, LoadFunction)] = &[
    ("jwt", jwt::load),
    ("auth", authentication::load_auth),
    ("basic-auth", authentication::load_basic),
    ("bearer-auth", bearer::load),
    ("rate-limit", limits::load),
    ("cookie", others::load_cookie),
    ("session", others::load_session),
    ("secure-session", others::load_secure_session),
    ("helmet", others::load_helmet),
    ("cors", others::load_cors),
    ("csrf-protection", others::load_csrf),
    ("sensible", others::load_sensible),
    ("websocket", others::load_websocket),
    ("static", others::load_static),
    ("swagger", others::load_nothing),
    ("swagger-ui", others::load_docs),
    ("oauth2", oauth::load),
    ("autoload", autoload::load),
    ("env", clients::load_env),
    ("postgres", clients::load_postgres),
    ("mysql", clients::load_mysql),
    ("mongodb", clients::load_mongo),
    ("redis", clients::load_redis),
    ("multipart", others::load_nothing),
    ("formbody", others::load_nothing),
    ("compress", others::load_nothing),
    ("etag", others::load_nothing),
    ("caching", others::load_nothing),
    ("accepts", others::load_nothing),
    ("accepts-serializer", others::load_nothing),
    ("url-data", others::load_nothing),
    ("under-pressure", others::load_nothing),
    ("middie", others::load_nothing),
    ("express", others::load_nothing),
    ("flash", others::load_nothing),
    ("view", others::load_nothing),
    ("schedule", others::load_nothing),
    ("early-hints", others::load_nothing),
    ("request-context", others::load_nothing),
    ("response-validation", others::load_nothing),
    ("passport", others::load_nothing),
    ("favicon", others::load_nothing),
    ("routes", others::load_nothing),
    ("one-line-logger", others::load_nothing),
    ("raw-body", others::load_nothing),
];

/// Registers something that is no function of the program.
pub(super) fn load(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    value: &Value,
    options: &Value,
    span: Span,
) {
    let path = path_of(machine, value);
    let loading = Loading { id, options, span };
    if let Some(path) = &path
        && let Some(name) = plugin_name(path)
    {
        let known = PLUGINS.iter().find(|(known, _)| *known == name);
        if let Some((_, function)) = known {
            function(host, machine, &loading);
            return;
        }
    }
    if path.as_deref().is_some_and(is_passport) {
        return;
    }
    let plugin = path.as_deref().unwrap_or_default();
    if let Some(handler) = crate::trpc::of_plugin(host, machine, plugin, options, span) {
        let child = super::queue::child(host, machine, id, options, span);
        super::routes::add_handler(host, machine, child, "/:path", handler, span);
        return;
    }
    note_unknown(host, machine, path.as_deref(), &loading);
}

/// A plugin is a function: `plugin(instance, options)` does what registering it does.
fn call_directly(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let instance = call.arguments.get(0).only_object();
    if let Some(id) = instance.filter(|_| !host.is_request()) {
        let plugin = Value::outside(&call.path);
        let options = call.arguments.get(1);
        load(host, machine, id, &plugin, &options, call.span);
    }
    Ok(Some(Value::undefined()))
}

/// The layers of Passport: they let everybody on.
fn is_passport(path: &str) -> bool {
    path == "layers:passing" || path.starts_with("npm:passport")
}

fn path_of(machine: &Machine<'_>, value: &Value) -> Option<String> {
    if let Some(path) = value.as_outside() {
        return Some(path.to_string());
    }
    let id = value.objects().next()?;
    match machine.heap.get(id).kind {
        ObjectKind::Host(path) => Some(path.to_string()),
        _ => None,
    }
}

/// The name of a plugin of the Fastify organization, by its newer and its older package.
fn plugin_name(path: &str) -> Option<&str> {
    let package = path.strip_prefix("npm:")?;
    let name = package
        .strip_prefix("@fastify/")
        .or_else(|| package.strip_prefix("fastify-"))?;
    // An export of the package is the plugin under another name: `default`, `fastifyJwt`.
    Some(name.split(['.', '(']).next().unwrap_or(name))
}

fn note_unknown(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    path: Option<&str>,
    loading: &Loading<'_>,
) {
    let detail = match path {
        Some(path) => {
            let name = path.trim_start_matches("npm:").trim_end_matches("()");
            format!("what the plugin `{name}` adds is not known")
        }
        None => "which plugin is registered here is not known".to_owned(),
    };
    host.state().unresolved.push(Unresolved {
        reason: "unknown-plugin",
        span: loading.span,
        detail,
    });
    decorate(host, loading.id, OPEN, Value::bool(true));
    let sounds = path.is_some_and(crate::doors::sounds_like_guard);
    // One whose name says that it guards may do so from a hook of its own.
    if let (true, Some(path)) = (sounds, path) {
        let name = path.trim_start_matches("npm:").trim_end_matches("()");
        let guard = named(host, machine, &format!("{path}.hook"), name, loading.span);
        add_hook(host, machine, loading, Event::Request, Value::object(guard));
    }
}

/// Decorates the instance.
fn decorate(host: &ModelHost, id: ObjectId, name: &str, value: Value) {
    instance::add_decoration(host, id, "decorate", Ustr::from(name), value);
}

/// Adds a hook of the library to the instance and everything below.
fn add_hook(
    host: &ModelHost,
    machine: &Machine<'_>,
    loading: &Loading<'_>,
    event: Event,
    value: Value,
) {
    let decided = machine.decided.clone();
    super::queue::add_library_hook(host, loading.id, event, value, loading.span, decided);
}

/// Makes a host object with a name for people.
fn named(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    path: &str,
    name: &str,
    span: Span,
) -> ObjectId {
    let id = host.make_object(machine, path, span);
    machine.heap.get_mut(id).name = Some(Ustr::from(name));
    id
}

/// What a listener makes of a route.
pub(super) enum OnRoute {
    /// One more hook of the route.
    Hook(Event, Value),
    /// Its handler may take WebSockets.
    Socket,
    Nothing,
    /// The listener is a function of the program.
    Unknown,
}

/// Shows a route to a listener that a library has added.
pub(super) fn on_route(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    listener: &Value,
    options: ObjectId,
    span: Span,
) -> OnRoute {
    let Some(id) = listener.only_object() else {
        return OnRoute::Unknown;
    };
    match machine.heap.get(id).kind {
        ObjectKind::Host(path) if path == "fastify:websocket" => OnRoute::Socket,
        ObjectKind::Host(path) if path == "fastify:limits" => {
            limits::on_route(host, machine, id, options, span)
        }
        ObjectKind::Host(_) => OnRoute::Nothing,
        _ => OnRoute::Unknown,
    }
}

/// Returns the hook that a listener adds to every route that says nothing else.
pub(super) fn for_every_route(
    machine: &mut Machine<'_>,
    listener: &Value,
    span: Span,
) -> Option<Value> {
    let id = listener.only_object()?;
    match machine.heap.get(id).kind {
        ObjectKind::Host(path) if path == "fastify:limits" => limits::general(machine, id, span),
        _ => None,
    }
}

/// Lets functions of a library see the routes that are registered from here on.
fn listen(host: &ModelHost, loading: &Loading<'_>, value: Value) {
    let mut ids = vec![loading.id];
    let mut next = 0;
    while let Some(id) = ids.get(next).copied() {
        next += 1;
        if let Some(known) = host.state().fastify.instances.get_mut(&id) {
            known.on_route.push(value.clone());
            ids.extend(known.children.iter().copied());
        }
    }
}

/// Returns an option of a plugin as text.
fn text_option(machine: &mut Machine<'_>, loading: &Loading<'_>, name: &str) -> Option<Ustr> {
    option(machine, loading.options, name, loading.span).and_then(|value| value.text())
}

/// Notes a key that a library signs with.
fn note_secret(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    kind: &'static str,
    loading: &Loading<'_>,
    secret: &Value,
) {
    let value = host.deep_provenance(machine, secret);
    let app = Ustr::from(machine.program.files.path(loading.span));
    host.state().settings.push(firedoor_app::Setting {
        kind: firedoor_app::SettingKind::Secret(kind, value),
        span: loading.span,
        condition: None,
        app,
    });
}
