//! Flask-Limiter: limits for everything, for blueprints and for single routes.
//!
//! A decorator counts where it wraps the function of the route; the limits for everything are counted before
//! any view that has none of its own. Source: flask-limiter 3.5 and 4.1, `extension.py`, `limits.py`.

use firedoor_app::{Control, EffectKind, Flag, Origin, Provenance, RequestPart, Throttle};
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::register::add_hook;
use super::{config, guarded, steps};
use crate::python_limits::parse_limit;
use crate::python_support::{argument, object_with_arguments};
use crate::state::MadeGuard;
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "flask_limiter",
    calls: &[
        ("py:flask_limiter.Limiter", make_limiter),
        ("py:flask_limiter.Limiter().init_app", set_up),
        ("py:flask_limiter.Limiter().limit", limit),
        ("py:flask_limiter.Limiter().shared_limit", limit),
        ("py:flask_limiter.Limiter().exempt", exempt),
        (
            "py:flask_limiter.Limiter().request_filter",
            super::register::given,
        ),
        ("py:flask_limiter.Limiter().check", check_now),
        ("flask_limiter:decorator", decorate),
        ("flask_limiter:limit", count_own),
        ("flask_limiter:default", count_default),
        ("py:flask_limiter.util.get_remote_address", address),
        ("py:flask_limiter.util.get_ipaddr", address),
    ],
    aliases: &[
        (
            "py:flask_limiter.extension.Limiter",
            "py:flask_limiter.Limiter",
        ),
        (
            "py:flask_limiter.errors.RateLimitExceeded",
            "py:flask_limiter.RateLimitExceeded",
        ),
    ],
    subclasses: &[(
        "py:flask_limiter.RateLimitExceeded",
        "py:werkzeug.exceptions.TooManyRequests",
    )],
    ..Model::EMPTY
};

/// `Limiter(key_func, app=app, default_limits=[...])`; until version 2 the application came first.
fn make_limiter(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = object_with_arguments(machine, call);
    guard(host, machine, id, None, call.span);
    let given = call.arguments.positional.iter();
    let app = given
        .chain(call.arguments.keyword("app"))
        .filter_map(Value::only_object)
        .find(|id| host.state().routers.contains_key(id));
    if let Some(app) = app {
        hook(host, machine, id, app, call.span);
    }
    Ok(Some(Value::object(id)))
}

fn set_up(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let app = argument(call, 0, "app").only_object();
    if let (Some(limiter), Some(app)) = (call.receiver, app) {
        hook(host, machine, limiter, app, call.span);
    }
    Ok(Some(Value::null()))
}

/// The check before every request.
fn hook(host: &ModelHost, machine: &mut Machine<'_>, limiter: ObjectId, app: ObjectId, span: Span) {
    let id = host.make_object(machine, "flask_limiter:default", span);
    let object = machine.heap.get_mut(id);
    object.elements = vec![Value::object(limiter)];
    object.name = Some(Ustr::from("Limiter"));
    add_hook(host, machine, app, "before", Value::object(id), span);
}

/// Remembers a limiter until a request meets it: one that none meets is defined and not wired.
fn guard(
    host: &ModelHost,
    machine: &Machine<'_>,
    id: ObjectId,
    throttle: Option<Throttle>,
    span: Span,
) {
    if !host.is_request() && !machine.heap.is_wired {
        let made = MadeGuard {
            controls: vec![Control::RateLimit],
            throttle,
            span,
            library: "flask-limiter",
        };
        host.state().made_guards.insert(id, made);
    }
}

/// `limiter.limit("5/minute", key_func=..., methods=[...], exempt_when=...)`.
fn limit(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let own = host.make_object(machine, "flask_limiter:limit", call.span);
    let value = argument(call, 0, "limit_value");
    let object = machine.heap.get_mut(own);
    object.name = Some(Ustr::from("limit"));
    object.properties = call.arguments.keywords.clone();
    object.properties.insert(Ustr::from("limit"), value);
    if let Some(key) = call.arguments.positional.get(1) {
        object
            .properties
            .insert(Ustr::from("key_func"), key.clone());
    }
    object
        .properties
        .insert(Ustr::from("$limiter"), call.this.clone());
    let decorator = host.make_object(machine, "flask_limiter:decorator", call.span);
    machine.heap.get_mut(decorator).elements = vec![Value::object(own)];
    guard(host, machine, own, None, call.span);
    Ok(Some(Value::object(decorator)))
}

/// Decorates a function, or limits everything in a blueprint.
fn decorate(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let own = call
        .receiver
        .and_then(|id| machine.heap.get(id).elements.first().cloned());
    let Some(own) = own else {
        return Ok(None);
    };
    let target = call.arguments.get(0);
    if let Some(id) = target.only_object()
        && host.state().routers.contains_key(&id)
    {
        add_hook(host, machine, id, "before", own, call.span);
        return Ok(Some(target));
    }
    let limiter = own
        .only_object()
        .and_then(|id| machine.heap.property(id, Ustr::from("$limiter")))
        .and_then(Value::only_object);
    if let Some(limiter) = limiter {
        host.state().made_guards.shift_remove(&limiter);
    }
    Ok(Some(guarded(host, machine, own, target, call.span)))
}

/// `limiter.exempt(view)`, `limiter.exempt(blueprint)`.
fn exempt(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let target = call.arguments.get(0);
    if let (Some(limiter), Some(id)) = (call.receiver, target.only_object()) {
        let key = match host.state().routers.contains_key(&id) {
            true => format!("$exempt:{}", id.0),
            false => exempt_name(machine, &target, call.span),
        };
        machine
            .heap
            .set_property(limiter, Ustr::from(&key), Value::bool(true));
    }
    Ok(Some(target))
}

/// A view is known by its module and name.
pub(super) fn exempt_name(machine: &Machine<'_>, view: &Value, span: Span) -> String {
    let symbol = crate::doors::symbol(machine, view, span);
    format!(
        "$exempt:{}:{}",
        machine.program.files.path(symbol.span),
        symbol.name
    )
}

/// Holds if the view of the request, or a blueprint around it, is left out.
pub(super) fn is_exempt(host: &ModelHost, machine: &Machine<'_>, owner: ObjectId) -> bool {
    let Some(plan) = host.flask_plan() else {
        return false;
    };
    let span = machine.place();
    let has = |key: &str| machine.heap.property(owner, Ustr::from(key)).is_some();
    let inner = steps::guards_of(machine, &plan.view).1;
    has(&exempt_name(machine, &inner, span))
        || has(&exempt_name(machine, &plan.view, span))
        || plan
            .blueprints
            .iter()
            .any(|id| has(&format!("$exempt:{}", id.0)))
}

fn texts(machine: &mut Machine<'_>, value: &Value) -> Vec<String> {
    if let Some(list) = value.only_object()
        && matches!(
            machine.heap.get(list).kind,
            ObjectKind::Array | ObjectKind::Tuple
        )
    {
        let elements = machine.elements_of(value).0;
        return elements
            .iter()
            .flat_map(|element| texts(machine, element))
            .collect();
    }
    let texts = value.texts().unwrap_or_default();
    texts.iter().map(ToString::to_string).collect()
}

fn option(machine: &Machine<'_>, object: ObjectId, name: &str) -> Option<Value> {
    let value = machine.heap.property(object, Ustr::from(name))?;
    (!value.is_nothing()).then(|| value.clone())
}

fn limiter_of(machine: &Machine<'_>, own: ObjectId) -> Option<ObjectId> {
    machine
        .heap
        .property(own, Ustr::from("$limiter"))
        .and_then(Value::only_object)
}

/// The limit of a route or a blueprint.
fn count_own(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(own) = call.receiver.filter(|_| host.is_request()) else {
        return Ok(Some(Value::null()));
    };
    let limiter = limiter_of(machine, own);
    let method = host.state().run.method;
    if let Some(methods) = option(machine, own, "methods") {
        let listed = texts(machine, &methods);
        if !listed.is_empty()
            && !listed
                .iter()
                .any(|known| known.eq_ignore_ascii_case(&method))
        {
            return Ok(Some(Value::null()));
        }
    }
    let value = option(machine, own, "limit").unwrap_or_else(Value::null);
    let limit = parse_limit(&texts(machine, &value).join(";"));
    let key = option(machine, own, "key_func");
    let key = key.or_else(|| limiter.and_then(|limiter| key_of(machine, limiter)));
    let mut skips = enabled(host, machine, limiter);
    if option(machine, own, "exempt_when").is_some() && skips == Flag::Off {
        skips = Flag::Conditional("exempt_when".to_owned());
    }
    host.state().made_guards.shift_remove(&own);
    count(host, machine, limit, key, skips, call.span)?;
    Ok(Some(Value::null()))
}

fn key_of(machine: &Machine<'_>, limiter: ObjectId) -> Option<Value> {
    let object = machine.heap.get(limiter);
    let by_name = object.properties.get(&Ustr::from("key_func")).cloned();
    by_name.or_else(|| {
        let mut given = object.elements.iter();
        let is_key = |value: &&Value| {
            value
                .only_object()
                .is_none_or(|id| matches!(machine.heap.get(id).kind, ObjectKind::Function { .. }))
        };
        given.find(is_key).cloned()
    })
}

/// Whether requests pass uncounted.
fn enabled(host: &ModelHost, machine: &mut Machine<'_>, limiter: Option<ObjectId>) -> Flag {
    let own = limiter.and_then(|limiter| option(machine, limiter, "enabled"));
    let set = host
        .flask_app()
        .and_then(|app| config::setting(host, machine, app, "RATELIMIT_ENABLED"));
    let Some(enabled) = own.or(set) else {
        return Flag::Off;
    };
    match enabled.truth() {
        Some(true) => Flag::Off,
        Some(false) => Flag::On,
        None => crate::tools::condition(host, machine, &enabled).map_or(Flag::Unknown, |name| {
            Flag::Conditional(format!("not {name}"))
        }),
    }
}

/// The limits for everything, unless the view has its own or is left out.
fn count_default(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let limiter = call
        .receiver
        .and_then(|id| machine.heap.get(id).elements.first()?.only_object());
    let (Some(limiter), true) = (limiter, host.is_request()) else {
        return Ok(Some(Value::null()));
    };
    host.state().made_guards.shift_remove(&limiter);
    if is_exempt(host, machine, limiter) {
        return Ok(Some(Value::null()));
    }
    let mut limits = Vec::new();
    for (name, setting) in [
        ("application_limits", "RATELIMIT_APPLICATION"),
        ("default_limits", "RATELIMIT_DEFAULT"),
        ("global_limits", "RATELIMIT_GLOBAL"),
    ] {
        if name == "default_limits" && has_own(host, machine) {
            continue;
        }
        let value = option(machine, limiter, name).or_else(|| {
            let app = host.flask_app()?;
            config::setting(host, machine, app, setting)
        });
        if let Some(value) = value {
            limits.extend(texts(machine, &value));
        }
    }
    if limits.is_empty() {
        return Ok(Some(Value::null()));
    }
    let skips = enabled(host, machine, Some(limiter));
    let key = key_of(machine, limiter);
    count(
        host,
        machine,
        parse_limit(&limits.join(";")),
        key,
        skips,
        call.span,
    )?;
    Ok(Some(Value::null()))
}

/// Holds if the view of the request, or a blueprint around it, has a limit of its own.
fn has_own(host: &ModelHost, machine: &Machine<'_>) -> bool {
    let Some(plan) = host.flask_plan() else {
        return false;
    };
    let is_limit = |value: &Value| {
        super::request::kind(machine, value).is_some_and(|kind| kind == "flask_limiter:limit")
    };
    let state = host.state();
    let hooks = plan
        .blueprints
        .iter()
        .filter_map(|id| state.routers.get(id));
    let mut hooks = hooks.flat_map(|router| &router.registrations);
    steps::guards_of(machine, &plan.view).0.iter().any(is_limit)
        || hooks.any(|hook| hook.handlers.first().is_some_and(is_limit))
}

fn count(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    limit: (Option<u64>, Option<u64>),
    key: Option<Value>,
    skips: Flag,
    span: Span,
) -> Result<(), Stop> {
    if skips == Flag::On {
        return Ok(());
    }
    let key = match key.filter(|key| !key.is_nothing()) {
        Some(key) => {
            let (made, _) = machine
                .catching(|machine| machine.call_value(&key, None, &Arguments::default(), span));
            made.map(|made| host.deep_provenance(machine, &made))
                .unwrap_or_default()
        }
        None => Provenance::new([Origin::Request(RequestPart::Address, Ustr::from(""))]),
    };
    let effect = EffectKind::Throttle(Throttle {
        limit: limit.0,
        window: limit.1,
        key,
        skips,
        counts_failures_only: false,
    });
    host.effect(machine, effect, span);
    let id = host.make_object(machine, "py:flask_limiter.RateLimitExceeded()", span);
    machine
        .heap
        .set_property(id, Ustr::from("code"), Value::number(429.0));
    machine.may_throw(Value::object(id), span);
    Ok(())
}

/// `limiter.check()` counts by the limits of the view where it stands.
fn check_now(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(limiter) = call.receiver.filter(|_| host.is_request()) {
        host.state().made_guards.shift_remove(&limiter);
        let key = key_of(machine, limiter);
        let skips = enabled(host, machine, Some(limiter));
        count(host, machine, (None, None), key, skips, call.span)?;
    }
    Ok(Some(Value::null()))
}

fn address(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(host.request_value(machine, RequestPart::Address, "")))
}
