//! Middleware of FastAPI and Starlette: what is added last runs first.
//!
//! Functions and subclasses of `BaseHTTPMiddleware` take `(request, call_next)` and do not run for
//! WebSockets; other classes are plain ASGI. Source: starlette 0.46, `applications.py`, `middleware/base.py`.

use firedoor_app::{EffectKind, Field, Flag, Origin, RequestPart, SetCookie, SettingKind};
use firedoor_eval::{Answer, Arguments, Call, Host, Machine, ObjectId, ObjectKind, Stop, Value};
use firedoor_source::Span;
use indexmap::IndexMap;
use ustr::Ustr;

use crate::fastapi::application::add_setting;
use crate::fastapi::plan::{settled, shared};
use crate::state::{Registration, RegistrationKind};
use crate::{Model, ModelHost};

pub(crate) const BASE: &str = "py:starlette.middleware.base.BaseHTTPMiddleware";

/// The model.
pub static MODEL: Model = Model {
    name: "fastapi_middleware",
    calls: &[
        ("fastapi:call_next", go_on),
        ("fastapi:next_app", go_on),
        (
            "py:starlette.middleware.base.BaseHTTPMiddleware().__init__",
            keep_app,
        ),
    ],
    aliases: &[(
        "py:fastapi.middleware.base.BaseHTTPMiddleware",
        "py:starlette.middleware.base.BaseHTTPMiddleware",
    )],
    ..Model::EMPTY
};

/// A middleware with what it is made with.
#[derive(Clone, Debug)]
pub(crate) struct Middleware {
    /// The class, or the function for `dispatch`.
    pub(crate) value: Value,
    /// What else its constructor is given.
    pub(crate) arguments: Arguments,
    /// How it is called.
    pub(crate) form: Form,
    /// Where it is added.
    pub(crate) span: Span,
}

/// How a middleware is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `f(request, call_next)`.
    Function,
    /// `C(app).dispatch(request, call_next)`.
    Dispatch,
    /// `C(app)(scope, receive, send)`.
    Asgi,
    /// A class of a library.
    Library,
}

impl Middleware {
    /// Holds if it also runs for WebSockets.
    pub(crate) fn is_for_sockets(&self) -> bool {
        match self.form {
            Form::Asgi => true,
            // It is a `BaseHTTPMiddleware` of slowapi's.
            Form::Library => self
                .value
                .as_outside()
                .is_none_or(|path| path != "py:slowapi.middleware.SlowAPIMiddleware"),
            Form::Function | Form::Dispatch => false,
        }
    }
}

/// `app.add_middleware(Class, **options)`.
pub(crate) fn add_middleware(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let Some(app) = call.receiver else {
        return Ok(None);
    };
    let mut arguments = call.arguments.clone();
    let class = match arguments.positional.is_empty() {
        true => arguments
            .keywords
            .shift_remove(&Ustr::from("middleware_class"))
            .unwrap_or_else(Value::null),
        false => arguments.positional.remove(0),
    };
    register(host, machine, app, class, arguments, true, call.span);
    Ok(Some(Value::null()))
}

/// `@app.middleware("http")`.
pub(crate) fn add_function(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    app: ObjectId,
    function: &Value,
    span: Span,
) {
    let keywords = [(Ustr::from("dispatch"), function.clone())];
    let arguments = Arguments {
        keywords: keywords.into_iter().collect(),
        ..Arguments::default()
    };
    let class = Value::outside(BASE);
    register(host, machine, app, class, arguments, true, span);
}

/// `middleware=[Middleware(Class, **options)]` of a constructor: in order.
pub(crate) fn add_listed(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    app: ObjectId,
    element: &Value,
) {
    if let Some(found) = listed(machine, element) {
        register(
            host,
            machine,
            app,
            found.value,
            found.arguments,
            false,
            found.span,
        );
    }
}

/// Returns what `Middleware(Class, **options)` stands for.
pub(crate) fn listed(machine: &Machine<'_>, element: &Value) -> Option<Middleware> {
    let object = machine.heap.get(element.only_object()?);
    let mut positional = object.elements.clone();
    if positional.is_empty() {
        return None;
    }
    let value = positional.remove(0);
    let arguments = Arguments {
        positional,
        keywords: object.properties.clone(),
        rest: None,
        rest_at: 0,
    };
    Some(make(machine, value, arguments, object.span))
}

fn make(machine: &Machine<'_>, value: Value, arguments: Arguments, span: Span) -> Middleware {
    let form = match value.only_object() {
        Some(id) if machine.outside_bases(id).iter().any(|base| base == BASE) => Form::Dispatch,
        Some(_) => Form::Asgi,
        None if value.as_outside().is_some_and(|path| path == BASE) => Form::Function,
        None => Form::Library,
    };
    match (form, arguments.keyword("dispatch").cloned()) {
        (Form::Function, Some(function)) => Middleware {
            value: function,
            arguments: Arguments::default(),
            form,
            span,
        },
        _ => Middleware {
            value,
            arguments,
            form,
            span,
        },
    }
}

/// Registers a middleware; `is_outermost` if it goes around those before it.
fn register(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    app: ObjectId,
    class: Value,
    arguments: Arguments,
    is_outermost: bool,
    span: Span,
) {
    if host.is_request() {
        return;
    }
    if let Some(path) = class.as_outside() {
        settings(host, machine, &path, &arguments, span);
    }
    let object = host.make_object(machine, "fastapi:middleware", span);
    let kept = machine.heap.get_mut(object);
    kept.elements = vec![class];
    kept.elements.extend(arguments.positional);
    kept.properties = arguments.keywords;
    let order = if is_outermost { "outer" } else { "inner" };
    let options = [(Ustr::from("order"), Value::string(order))];
    host.register(
        app,
        Registration {
            kind: RegistrationKind::Layer,
            path: Ustr::from(""),
            handlers: vec![Value::object(object)],
            span,
            decided: machine.decided.clone(),
            options: options.into_iter().collect::<IndexMap<_, _>>(),
        },
    );
}

/// Returns the middleware of an application, outermost first, each with its registration.
pub(crate) fn of_application(
    machine: &Machine<'_>,
    registrations: &[Registration],
) -> Vec<(Middleware, Registration)> {
    let mut all = Vec::new();
    for registration in registrations {
        if registration.kind != RegistrationKind::Layer {
            continue;
        }
        let Some(middleware) = registration
            .handlers
            .first()
            .and_then(|element| listed(machine, element))
        else {
            continue;
        };
        let middleware = Middleware {
            span: registration.span,
            ..middleware
        };
        let is_outermost = registration
            .options
            .get(&Ustr::from("order"))
            .and_then(Value::text)
            .is_some_and(|order| order == "outer");
        let position = if is_outermost { 0 } else { all.len() };
        all.insert(position, (middleware, registration.clone()));
    }
    all
}

fn flag_of(value: Option<&Value>) -> Flag {
    match value {
        None => Flag::Default,
        Some(value) => match value.truth() {
            Some(true) => Flag::On,
            Some(false) => Flag::Off,
            None => Flag::Unknown,
        },
    }
}

fn settings(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    path: &str,
    arguments: &Arguments,
    span: Span,
) {
    match path {
        "py:starlette.middleware.cors.CORSMiddleware" => {
            cors_setting(host, machine, arguments, span);
        }
        "py:starlette.middleware.sessions.SessionMiddleware" => {
            if let Some(secret) = arguments.find(0, "secret_key").cloned() {
                let secret = host.provenance(machine, &secret);
                let kind = SettingKind::Secret("session", secret);
                add_setting(host, machine, kind, span);
            }
            let cookie = session_cookie(arguments);
            let fields = vec![
                (
                    "name",
                    cookie
                        .name
                        .map_or_else(String::new, |name| name.to_string()),
                ),
                ("secure", flag_word(&cookie.secure)),
                (
                    "same_site",
                    cookie
                        .same_site
                        .map_or_else(String::new, |name| name.to_string()),
                ),
            ];
            let fields = fields
                .into_iter()
                .map(|(name, value)| Field {
                    name: Ustr::from(name),
                    value: firedoor_app::Provenance::new([Origin::Literal(Ustr::from(&value))]),
                    operator: "=",
                })
                .collect();
            add_setting(
                host,
                machine,
                SettingKind::Other("session-cookie", fields),
                span,
            );
        }
        _ => {}
    }
}

fn flag_word(flag: &Flag) -> String {
    match flag {
        Flag::On => "on",
        Flag::Off | Flag::Default => "off",
        Flag::Conditional(_) | Flag::Unknown => "unknown",
    }
    .to_owned()
}

/// The cookie that `SessionMiddleware` sets whenever the session holds something.
/// Source: starlette 0.46, `middleware/sessions.py`: always HttpOnly, SameSite `lax` and not Secure by default.
pub(crate) fn session_cookie(arguments: &Arguments) -> SetCookie {
    let same_site = arguments.keyword("same_site");
    SetCookie {
        name: arguments
            .keyword("session_cookie")
            .map_or_else(|| Some(Ustr::from("session")), Value::text),
        value: firedoor_app::Provenance::default(),
        http_only: Flag::On,
        secure: flag_of(arguments.keyword("https_only")),
        same_site: same_site.map_or_else(|| Some(Ustr::from("lax")), Value::text),
        same_site_flag: if same_site.is_some() {
            Flag::On
        } else {
            Flag::Default
        },
        path: Some(Ustr::from("/")),
        is_session: true,
    }
}

fn cors_setting(host: &ModelHost, machine: &mut Machine<'_>, arguments: &Arguments, span: Span) {
    let list = arguments.keyword("allow_origins").cloned();
    let elements = match &list {
        Some(list) => machine.elements_of(list).0,
        None => Vec::new(),
    };
    let mut origins: Vec<firedoor_app::Provenance> = Vec::new();
    for element in &elements {
        origins.push(host.provenance(machine, element));
    }
    if let Some(list) = &list
        && list.is_unknown()
    {
        origins.push(host.provenance(machine, list));
    }
    let regex_pattern = arguments
        .keyword("allow_origin_regex")
        .and_then(crate::cross_site::written_pattern);
    let is_loose = regex_pattern.is_some_and(|pattern| crate::cross_site::fits_any_site(&pattern));
    let is_any = elements
        .iter()
        .any(|element| element.text().is_some_and(|text| text == "*"))
        || is_loose;
    let credentials = flag_of(arguments.keyword("allow_credentials"));
    // With credentials Starlette answers with the origin of the request instead of `*`.
    let reflects = match is_any && credentials == Flag::On {
        true => Flag::On,
        false => Flag::Off,
    };
    let kind = SettingKind::Cors {
        origins,
        reflects,
        any: if is_any { Flag::On } else { Flag::Off },
        matches_loosely: regex_pattern
            .filter(|pattern| is_loose_pattern(pattern))
            .map(|_| span),
        credentials,
    };
    add_setting(host, machine, kind, span);
}

/// Holds if whatever stands before a name may run into it, as in `.*example.com`, so that strangers' names end
/// alike. A regular expression of Starlette must match the whole origin.
pub(crate) fn is_loose_pattern(pattern: &str) -> bool {
    let runs_in = [".*", ".+"].iter().any(|any| {
        pattern.match_indices(any).any(|(place, _)| {
            let rest = &pattern[place + any.len()..];
            let next = rest.chars().next();
            next.is_some_and(|next| !matches!(next, '\\' | ')' | '$' | '?' | '['))
        })
    });
    runs_in || crate::shared_hosts::leaves_name_open(pattern)
}

/// `call_next(request)` and `self.app(scope, receive, send)`: what comes next finds what this path has written, not
/// what those have that answer themselves.
fn go_on(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    crate::express::go_on(host, machine, call.span);
    let id = host.make_object(machine, "fastapi:later_response", call.span);
    Ok(Some(Value::object(id)))
}

fn keep_app(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let (Some(this), Some(app)) = (call.this.only_object(), call.arguments.find(0, "app")) {
        machine
            .heap
            .set_property(this, Ustr::from("app"), app.clone());
    }
    Ok(Some(Value::null()))
}

/// Runs a middleware for the request.
pub(crate) fn run(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    middleware: &Middleware,
    exchange: ObjectId,
) -> Result<(), Stop> {
    let span = middleware.span;
    let request = shared(machine, exchange, "request");
    let next = Value::object(host.make_object(machine, "fastapi:call_next", span));
    let both = Arguments::positional([request.clone(), next.clone()]);
    let called = match middleware.form {
        Form::Function => machine.call_value(&middleware.value, None, &both, span)?,
        Form::Dispatch | Form::Asgi => {
            let app = Value::object(host.make_object(machine, "fastapi:next_app", span));
            let mut arguments = middleware.arguments.clone();
            arguments.positional.insert(0, app.clone());
            let instance = machine.call_value(&middleware.value, None, &arguments, span)?;
            if middleware.form == Form::Dispatch {
                machine.call_member(&instance, Ustr::from("dispatch"), &both, span)?
            } else {
                let scope = shared(machine, exchange, "scope");
                let more = host.make_object(machine, "fastapi:channel", span);
                let all = [scope, Value::object(more), Value::object(more)];
                machine.call_value(&instance, None, &Arguments::positional(all), span)?
            }
        }
        Form::Library => return run_library(host, machine, middleware, exchange, &both),
    };
    settled(machine, called, span)?;
    Ok(())
}

/// A library's middleware answers as `<class>().dispatch` if a model knows it; else it lets requests on.
fn run_library(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    middleware: &Middleware,
    exchange: ObjectId,
    arguments: &Arguments,
) -> Result<(), Stop> {
    let path = match middleware.value.only() {
        Some(firedoor_eval::Atom::Outside(path)) => path.to_string(),
        _ => String::new(),
    };
    match path.as_str() {
        "py:starlette.middleware.authentication.AuthenticationMiddleware" => {
            return authenticate(host, machine, middleware, exchange);
        }
        "py:slowapi.middleware.SlowAPIMiddleware"
        | "py:slowapi.middleware.SlowAPIASGIMiddleware" => {
            return limit_by_default(host, machine, middleware, exchange);
        }
        "py:starlette.middleware.sessions.SessionMiddleware" => {
            let request = shared(machine, exchange, "request");
            if let Some(id) = request.only_object() {
                machine
                    .heap
                    .set_property(id, Ustr::from("$session"), Value::bool(true));
            }
        }
        _ => {}
    }
    let call = Call {
        path: Ustr::from(&format!("{path}().dispatch")),
        receiver: None,
        this: middleware.value.clone(),
        arguments,
        span: middleware.span,
        is_new: false,
    };
    let known = Host::call(host, machine, &call)?;
    if let Some(value) = known {
        settled(machine, value, middleware.span)?;
        return Ok(());
    }
    let is_starlette = path.starts_with("py:starlette.") || path.starts_with("py:fastapi.");
    if !is_starlette && (path.is_empty() || crate::doors::sounds_like_guard(&path)) {
        let number = host.state().run.step;
        let reason = format!(
            "what `{}` does is not known",
            path.trim_start_matches("py:")
        );
        host.state().run.unknown.push((number, reason));
    }
    host.effect(machine, EffectKind::Continue, middleware.span);
    Ok(())
}

/// slowapi's middleware counts by the default limits of the limiter in the application's state; routes with
/// a limit of their own are left to their decorators, and exempt ones are left out. Source: slowapi 0.1.9, `middleware.py`, `_should_exempt`.
fn limit_by_default(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    middleware: &Middleware,
    exchange: ObjectId,
) -> Result<(), Stop> {
    let span = middleware.span;
    let request = shared(machine, exchange, "request");
    let (limiter, _) = machine.catching(|machine| {
        let app = machine.member(&request, Ustr::from("app"), span)?;
        let state = machine.member(&app, Ustr::from("state"), span)?;
        machine.member(&state, Ustr::from("limiter"), span)
    });
    let limiter = limiter.ok().and_then(|limiter| limiter.only_object());
    let own = {
        let state = host.state();
        let plan = state
            .fastapi
            .plan
            .and_then(|plan| state.fastapi.plans.get(plan));
        plan.and_then(|plan| plan.nodes.last())
            .map(|node| node.call.clone())
    };
    let has_own = own.and_then(|call| call.only_object()).is_some_and(|id| {
        matches!(machine.heap.get(id).kind, ObjectKind::Host(path) if path == "slowapi:limited")
            || crate::python_limits::is_exempt(machine, id)
    });
    if let (Some(limiter), false) = (limiter, has_own) {
        crate::python_limits::count_by_default(host, machine, limiter, &request, span);
    }
    host.effect(machine, EffectKind::Continue, span);
    Ok(())
}

/// `AuthenticationMiddleware(backend=...)`: what the backend gives becomes `request.auth` and `request.user`.
fn authenticate(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    middleware: &Middleware,
    exchange: ObjectId,
) -> Result<(), Stop> {
    let request = shared(machine, exchange, "request");
    let span = middleware.span;
    host.state().run.is_logged_in_by_scheme = true;
    if let Some(backend) = middleware.arguments.find(0, "backend").cloned() {
        let arguments = Arguments::positional([request.clone()]);
        let called = machine.call_member(&backend, Ustr::from("authenticate"), &arguments, span)?;
        let result = settled(machine, called, span)?;
        let anonymous = result.atoms().iter().any(firedoor_eval::Atom::is_nothing);
        let pairs: Vec<ObjectId> = result
            .objects()
            .filter(|id| matches!(machine.heap.get(*id).kind, ObjectKind::Tuple))
            .collect();
        let mut auth: Vec<Value> = Vec::new();
        let mut user: Vec<Value> = Vec::new();
        for id in pairs {
            let elements = machine.heap.get(id).elements.clone();
            auth.extend(elements.first().cloned());
            user.extend(elements.get(1).cloned());
        }
        if anonymous {
            let nobody = host.make_object(
                machine,
                "py:starlette.authentication.UnauthenticatedUser()",
                span,
            );
            machine
                .heap
                .set_property(nobody, Ustr::from("is_authenticated"), Value::bool(false));
            user.push(Value::object(nobody).with_origins(result.origins));
            let none = host.make_object(
                machine,
                "py:starlette.authentication.AuthCredentials()",
                span,
            );
            let scopes = machine.make_list(Vec::new(), false, span);
            let context = host.origin(
                machine,
                Origin::Request(RequestPart::Context, Ustr::from("auth.scopes")),
            );
            let context = machine.origins.union(result.origins, context);
            let scopes = scopes.with_origins(context);
            machine
                .heap
                .set_property(none, Ustr::from("scopes"), scopes);
            auth.push(Value::object(none).with_origins(result.origins));
        }
        let (auth, user) = (machine.join_all(&auth), machine.join_all(&user));
        if let Some(id) = request.only_object() {
            machine.heap.set_property(id, Ustr::from("auth"), auth);
            machine.heap.set_property(id, Ustr::from("user"), user);
        }
    }
    host.effect(machine, EffectKind::Continue, span);
    Ok(())
}
