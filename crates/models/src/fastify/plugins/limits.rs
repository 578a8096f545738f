//! `@fastify/rate-limit` 8 to 10: a limiter for every route that is registered once the plugin is there.
//!
//! It adds itself to the routes' own `onRequest` hooks, behind those of the instance; `config.rateLimit` of a
//! route gives other numbers, or `false` for none. Source: `@fastify/rate-limit` 10.3, `index.js`.

use firedoor_app::{Control, EffectKind, Flag, Provenance, Throttle};
use firedoor_eval::{Answer, Call, Machine, ObjectId, Stop, Value};
use firedoor_source::Span;

use super::{Loading, OnRoute, decorate, listen, named};
use crate::ModelHost;
use crate::fastify::{Event, flow, reply};
use crate::limiters::{attempts, tried, whole_number};
use crate::state::MadeGuard;
use crate::tools::{is_function, keep, kept, option};

/// Adds the listener, and the function that makes a limiter for a hook.
pub(super) fn load(host: &ModelHost, machine: &mut Machine<'_>, loading: &Loading<'_>) {
    let listener = host.make_object(machine, "fastify:limits", loading.span);
    keep(machine, listener, "$options", loading.options.clone());
    let guard = make(
        host,
        machine,
        loading.options,
        &Value::undefined(),
        loading.span,
    );
    keep(machine, listener, "$guard", guard);
    listen(host, loading, Value::object(listener));
    for name in ["rateLimit", "createRateLimit"] {
        let maker = host.make_object(machine, "fastify:limiter-maker", loading.span);
        keep(machine, maker, "$options", loading.options.clone());
        decorate(host, loading.id, name, Value::object(maker));
    }
}

/// Makes a limiter of the options of the plugin and those of a route.
fn make(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    general: &Value,
    own: &Value,
    span: Span,
) -> Value {
    let mut of = |name: &str| {
        option(machine, own, name, span).or_else(|| option(machine, general, name, span))
    };
    let (max, window, key) = (of("max"), of("timeWindow"), of("keyGenerator"));
    let allowed = of("allowList");
    let limit = match &max {
        None => Some(1_000),
        Some(max) if is_function(machine, max) => None,
        Some(max) => whole_number(Some(max)),
    };
    let key = key.map_or_else(Provenance::default, |function| {
        tried(host, machine, &function, span).map_or_else(Provenance::default, |key| {
            host.deep_provenance(machine, &key)
        })
    });
    let skips = match &allowed {
        Some(list) if is_function(machine, list) => {
            let answer = tried(host, machine, list, span);
            match answer.map(|answer| machine.truth(&answer)) {
                Some(Some(true)) => Flag::On,
                Some(Some(false)) => Flag::Off,
                _ => Flag::Conditional(crate::limiters::BY_REQUEST.to_owned()),
            }
        }
        _ => Flag::Default,
    };
    let throttle = Throttle {
        limit,
        window: window.as_ref().map_or(Some(60), seconds),
        key,
        skips,
        counts_failures_only: false,
    };
    let id = named(host, machine, "fastify:limiter", "rateLimit", span);
    let guard = MadeGuard {
        controls: vec![Control::RateLimit],
        throttle: Some(throttle),
        span,
        library: "@fastify/rate-limit",
    };
    host.state().made_guards.insert(id, guard);
    Value::object(id)
}

/// Milliseconds as a number, or a text such as `1 minute`.
pub fn seconds(window: &Value) -> Option<u64> {
    if let Some(milliseconds) = whole_number(Some(window)) {
        return Some(milliseconds / 1000);
    }
    let text = window.text()?;
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..end].parse().ok()?;
    let unit = match text[end..].trim().to_ascii_lowercase().as_str() {
        "ms" | "milliseconds" => return Some(number / 1000),
        "s" | "sec" | "secs" | "second" | "seconds" => 1,
        "m" | "min" | "mins" | "minute" | "minutes" => 60,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600,
        "d" | "day" | "days" => 86_400,
        _ => return None,
    };
    number.checked_mul(unit)
}

/// Shows a route to the plugin.
pub(super) fn on_route(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    listener: ObjectId,
    route: ObjectId,
    span: Span,
) -> OnRoute {
    let general = kept(machine, Some(listener), "$options");
    let config = option(machine, &Value::object(route), "config", span);
    let own = config.and_then(|config| option(machine, &config, "rateLimit", span));
    if let Some(own) = own {
        let is_off = machine.truth(&own) == Some(false);
        if is_off {
            return OnRoute::Nothing;
        }
        if own.objects().next().is_some() {
            let guard = make(host, machine, &general, &own, span);
            return OnRoute::Hook(Event::Request, guard);
        }
    }
    match self::general(machine, listener, span) {
        Some(guard) => OnRoute::Hook(Event::Request, guard),
        None => OnRoute::Nothing,
    }
}

/// Returns the limiter of all routes, if the plugin is there for all.
pub(super) fn general(machine: &mut Machine<'_>, listener: ObjectId, span: Span) -> Option<Value> {
    let general = kept(machine, Some(listener), "$options");
    let global = option(machine, &general, "global", span);
    let is_off = global.is_some_and(|global| machine.truth(&global) == Some(false));
    (!is_off).then(|| kept(machine, Some(listener), "$guard"))
}

/// `app.rateLimit(options)` makes a hook.
pub(super) fn make_for_route(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let general = kept(machine, call.receiver, "$options");
    let own = call.arguments.get(0);
    Ok(Some(make(host, machine, &general, &own, call.span)))
}

/// Counts a request, and refuses it with a 429 if there were too many.
pub(super) fn run(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(throttle) = call
        .receiver
        .and_then(|id| host.state().made_guards.get(&id)?.throttle.clone())
    else {
        return Ok(None);
    };
    let span = call.span;
    host.effect(machine, EffectKind::Throttle(throttle), span);
    let request = call.arguments.get(0);
    let key = machine
        .member(&request, ustr::Ustr::from("ip"), span)
        .unwrap_or_else(|_| Value::undefined());
    let test = attempts(machine, &key, span);
    machine.when(
        &test,
        span,
        |machine| -> Result<(), Stop> {
            flow::go_on(host, machine, span);
            Ok(())
        },
        |machine| {
            reply::refuse(host, machine, 429, span);
            Ok(())
        },
    )?;
    Ok(Some(Value::undefined()))
}
