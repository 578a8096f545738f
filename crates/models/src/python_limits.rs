//! Limiters of Python: slowapi, limits, fastapi-limiter.
//!
//! slowapi 0.1.9 `slowapi/extension.py`: `limit` wraps the function below it, so that it counts only if the
//! route decorator stands above; a limiter that is not enabled counts nothing; any non-empty text for
//! `enabled` is true. limits 5 `limits/util.py` reads `5/minute`, `5 per 2 minutes` and lists of them.
//! fastapi-limiter 0.1.6 `fastapi_limiter/depends.py`.

use firedoor_app::{Control, EffectKind, Flag, Origin, Provenance, RequestPart, Throttle};
use firedoor_eval::{
    Answer, Arguments, Atom, Call, Machine, ObjectId, ObjectKind, Shape, TestKind, Value,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::python_support::{argument, given, keep, kept, nothing, object_with_arguments};
use crate::settings::{by_default, says_no};
use crate::state::MadeGuard;
use crate::{Model, ModelHost};

/// The mark of a view that default limits leave out.
const EXEMPT: &str = "$slowapi-exempt";

/// The model.
pub static MODEL: Model = Model {
    name: "python_limits",
    calls: &[
        ("py:slowapi.Limiter", make_limiter),
        ("py:slowapi.Limiter().limit", decorator),
        ("py:slowapi.Limiter().shared_limit", decorator),
        ("py:slowapi.Limiter().exempt", exempt),
        ("py:slowapi.Limiter().reset", nothing),
        ("slowapi:decorator", decorate),
        ("slowapi:limited", run_limited),
        ("py:slowapi.util.get_remote_address", remote_address),
        ("py:slowapi.util.get_ipaddr", forwarded_address),
        ("py:limits.parse", keep),
        ("py:limits.parse_many", keep),
        ("py:limits.RateLimitItemPerSecond", keep),
        ("py:limits.RateLimitItemPerMinute", keep),
        ("py:limits.RateLimitItemPerHour", keep),
        ("py:limits.RateLimitItemPerDay", keep),
        (
            "py:limits.strategies.FixedWindowRateLimiter().*",
            strategy_method,
        ),
        (
            "py:limits.strategies.MovingWindowRateLimiter().*",
            strategy_method,
        ),
        (
            "py:limits.strategies.SlidingWindowCounterRateLimiter().*",
            strategy_method,
        ),
        (
            "py:limits.aio.strategies.FixedWindowRateLimiter().*",
            strategy_method,
        ),
        (
            "py:limits.aio.strategies.MovingWindowRateLimiter().*",
            strategy_method,
        ),
        (
            "py:limits.aio.strategies.SlidingWindowCounterRateLimiter().*",
            strategy_method,
        ),
        ("py:fastapi_limiter.FastAPILimiter.init", nothing),
        ("py:fastapi_limiter.depends.RateLimiter", make_dependency),
        ("py:fastapi_limiter.depends.RateLimiter()", run_dependency),
        (
            "py:fastapi_limiter.depends.WebSocketRateLimiter",
            make_dependency,
        ),
        (
            "py:fastapi_limiter.depends.WebSocketRateLimiter()",
            run_dependency,
        ),
    ],
    members: &[
        ("py:slowapi.Limiter().limiter", strategy),
        ("py:slowapi.Limiter().enabled", enabled),
    ],
    aliases: &[
        ("py:slowapi.extension.Limiter", "py:slowapi.Limiter"),
        (
            "py:slowapi.errors.RateLimitExceeded",
            "py:slowapi.RateLimitExceeded",
        ),
        ("py:limits.util.parse", "py:limits.parse"),
    ],
    subclasses: &[("py:slowapi.RateLimitExceeded", "py:fastapi.HTTPException")],
    ..Model::EMPTY
};

/// The most requests, and the seconds in which they are counted, that a text such as `5/minute` allows; of
/// several the widest window decides, since the others are there besides.
pub fn parse_limit(text: &str) -> (Option<u64>, Option<u64>) {
    let parts = text.split([';', ',', '|']).filter_map(parse_one);
    match parts.max_by_key(|(_, seconds)| *seconds) {
        Some((count, seconds)) => (Some(count), Some(seconds)),
        None => (None, None),
    }
}

fn parse_one(text: &str) -> Option<(u64, u64)> {
    let text = text.trim().to_ascii_lowercase();
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).count();
    let (count, rest) = text.split_at(digits(&text));
    let rest = rest.trim_start();
    let rest = rest
        .strip_prefix("per")
        .or_else(|| rest.strip_prefix('/'))?
        .trim_start();
    let (multiple, unit) = rest.split_at(digits(rest));
    let unit = unit.trim().trim_end_matches('s');
    let seconds = match unit {
        "second" | "sec" => 1,
        "minute" | "min" => 60,
        "hour" => 3_600,
        "day" => 86_400,
        "month" => 2_592_000,
        "year" => 31_104_000,
        _ => return None,
    };
    let multiple: u64 = if multiple.is_empty() {
        1
    } else {
        multiple.parse().ok()?
    };
    Some((count.parse().ok()?, seconds * multiple))
}

fn limit_of(value: &Value) -> (Option<u64>, Option<u64>) {
    // Beside what the environment says stands what holds without it.
    let text = value.atoms().iter().find_map(|atom| match atom {
        Atom::String(text) => Some(*text),
        _ => None,
    });
    text.map_or((None, None), |text| parse_limit(&text))
}

fn make_limiter(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = object_with_arguments(machine, call);
    guard(host, machine, id, None, call.span, "slowapi");
    Ok(Some(Value::object(id)))
}

/// Remembers a limiter until a request meets it: one that none meets is defined and not wired.
fn guard(
    host: &ModelHost,
    machine: &Machine<'_>,
    id: ObjectId,
    throttle: Option<Throttle>,
    span: Span,
    library: &'static str,
) {
    if !host.is_request() && !machine.heap.is_wired {
        host.state().made_guards.insert(
            id,
            MadeGuard {
                controls: vec![Control::RateLimit],
                throttle,
                span,
                library,
            },
        );
    }
}

fn throttle(limit: (Option<u64>, Option<u64>), key: Provenance, skips: Flag) -> Throttle {
    Throttle {
        limit: limit.0,
        window: limit.1,
        key,
        skips,
        counts_failures_only: false,
    }
}

fn default_key() -> Provenance {
    Provenance::new([Origin::Request(RequestPart::Address, Ustr::from(""))])
}

/// `limiter.limit("5/minute", key_func=...)`.
fn decorator(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "slowapi:decorator", call.span);
    let object = machine.heap.get_mut(id);
    object.properties = call.arguments.keywords.clone();
    object
        .properties
        .insert(Ustr::from("limit"), argument(call, 0, "limit_value"));
    if let Some(key) = given(call, 1, "key_func") {
        object.properties.insert(Ustr::from("key_func"), key);
    }
    object
        .properties
        .insert(Ustr::from("limiter"), call.this.clone());
    Ok(Some(Value::object(id)))
}

/// `@limiter.exempt`: the default limits leave the view out.
fn exempt(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let view = call.arguments.get(0);
    if let Some(id) = view.only_object() {
        let mark = Ustr::from(EXEMPT);
        machine.heap.set_property(id, mark, Value::bool(true));
    }
    Ok(Some(view))
}

/// Holds for a view that its limiter's default limits leave out.
pub(crate) fn is_exempt(machine: &Machine<'_>, view: ObjectId) -> bool {
    machine.heap.property(view, Ustr::from(EXEMPT)).is_some()
}

fn decorate(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let function = call.arguments.get(0);
    let id = host.make_object(machine, "slowapi:limited", call.span);
    let name = function
        .only_object()
        .and_then(|id| machine.heap.get(id).name);
    let options = match call.receiver {
        Some(decorator) => machine.heap.get(decorator).properties.clone(),
        None => Default::default(),
    };
    let limiter = options
        .get(&Ustr::from("limiter"))
        .and_then(Value::only_object);
    if let Some(limiter) = limiter {
        host.state().made_guards.shift_remove(&limiter);
    }
    let object = machine.heap.get_mut(id);
    object.name = name;
    object.properties = options;
    object
        .properties
        .insert(Ustr::from("__wrapped__"), function);
    let limit = object
        .properties
        .get(&Ustr::from("limit"))
        .map_or((None, None), limit_of);
    let throttle = throttle(limit, default_key(), Flag::Off);
    guard(host, machine, id, Some(throttle), call.span, "slowapi");
    Ok(Some(Value::object(id)))
}

/// Counts and then calls the function.
fn run_limited(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.receiver else {
        return Ok(None);
    };
    let options = machine.heap.get(id).properties.clone();
    let option = |name: &str| options.get(&Ustr::from(name)).cloned();
    if host.is_request() {
        count(host, machine, call, &options);
    }
    let function = option("__wrapped__").unwrap_or_else(Value::undefined);
    machine
        .call_value(&function, None, call.arguments, call.span)
        .map(Some)
}

fn count(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    options: &firedoor_eval::Properties,
) {
    let option = |name: &str| options.get(&Ustr::from(name)).cloned();
    let limiter = option("limiter").and_then(|limiter| limiter.only_object());
    let mut skips = skips(host, machine, limiter);
    if let Some(id) = call.receiver {
        host.state().made_guards.shift_remove(&id);
    }
    if skips == Flag::On {
        let limit = option("limit").map_or((None, None), |limit| limit_of(&limit));
        let effect = EffectKind::Throttle(throttle(limit, default_key(), skips));
        host.effect(machine, effect, call.span);
        return;
    }
    if option("exempt_when").is_some_and(|exempt| !exempt.is_nothing()) {
        skips = Flag::Conditional("exempt_when".to_owned());
    }
    let key = option("key_func")
        .filter(|key| !key.is_nothing())
        .or_else(|| kept(machine, limiter, 0, "key_func"));
    let key = key_provenance(host, machine, call, key);
    let limit = option("limit").map_or((None, None), |limit| limit_of(&limit));
    let effect = EffectKind::Throttle(throttle(limit, key, skips));
    host.effect(machine, effect, call.span);
    throw_exceeded(machine, call.span);
}

/// Counts a request by the limits that a limiter has for every route.
pub(crate) fn count_by_default(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    limiter: ObjectId,
    request: &Value,
    span: Span,
) {
    let mut texts: Vec<String> = Vec::new();
    for (index, name) in ["default_limits", "application_limits"].iter().enumerate() {
        let Some(list) = kept(machine, Some(limiter), index + 1, name) else {
            continue;
        };
        let limits = machine.elements_of(&list).0;
        let known = limits.iter().filter_map(Value::text);
        texts.extend(known.map(|text| text.to_string()));
    }
    if texts.is_empty() || !host.is_request() {
        return;
    }
    let skips = skips(host, machine, Some(limiter));
    if skips == Flag::On {
        return;
    }
    let arguments = Arguments::positional([request.clone()]);
    let call = Call {
        path: Ustr::from("slowapi:default"),
        receiver: Some(limiter),
        this: Value::object(limiter),
        arguments: &arguments,
        span,
        is_new: false,
    };
    let key = kept(machine, Some(limiter), 0, "key_func");
    let key = key_provenance(host, machine, &call, key);
    let limit = parse_limit(&texts.join(";"));
    let effect = EffectKind::Throttle(throttle(limit, key, skips));
    host.state().made_guards.shift_remove(&limiter);
    host.effect(machine, effect, span);
    throw_exceeded(machine, span);
}

fn throw_exceeded(machine: &mut Machine<'_>, span: Span) {
    let path = Ustr::from("py:slowapi.RateLimitExceeded()");
    let error = machine.heap.allocate(ObjectKind::Host(path), span);
    let properties = &mut machine.heap.get_mut(error).properties;
    properties.insert(Ustr::from("status_code"), Value::number(429.0));
    machine.may_throw(Value::object(error), span);
}

/// Whether a limiter lets requests pass uncounted: `enabled` is false, or hangs on something.
fn skips(host: &ModelHost, machine: &mut Machine<'_>, limiter: Option<ObjectId>) -> Flag {
    let Some(enabled) = kept(machine, limiter, usize::MAX, "enabled") else {
        return Flag::Off;
    };
    match enabled.truth() {
        Some(true) => Flag::Off,
        Some(false) => Flag::On,
        None => {
            let provenance = host.deep_provenance(machine, &enabled);
            // Who sets nothing has the limits; switching them off is a decision. One that says `off` and is asked
            // whether it is there is none: every text is.
            match by_default(machine, &enabled) {
                Some(true) => return Flag::Off,
                Some(false) if says_no(&provenance) => return Flag::On,
                _ => {}
            }
            let name = provenance.origins().iter().find_map(|origin| match origin {
                Origin::Environment { name, .. } => Some(format!("not {name}")),
                _ => None,
            });
            name.map_or(Flag::Unknown, Flag::Conditional)
        }
    }
}

/// What is counted per: what the function makes of the request.
fn key_provenance(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    key: Option<Value>,
) -> Provenance {
    let Some(key) = key else {
        return default_key();
    };
    let request = call
        .arguments
        .keyword("request")
        .or_else(|| call.arguments.positional.first())
        .cloned()
        .unwrap_or_else(Value::undefined);
    let arguments = Arguments::positional([request]);
    let (made, _) =
        machine.catching(|machine| machine.call_value(&key, None, &arguments, call.span));
    match made {
        Ok(made) => host.deep_provenance(machine, &made),
        Err(_) => Provenance::default(),
    }
}

fn remote_address(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(host.request_value(machine, RequestPart::Address, "")))
}

/// The first address of `X-Forwarded-For`, which the client writes.
fn forwarded_address(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    let origin = Origin::Request(RequestPart::Header, Ustr::from("x-forwarded-for"));
    let forwarded = crate::python_support::value_from(host, machine, Shape::String, origin);
    let address = host.request_value(machine, RequestPart::Address, "");
    Ok(Some(machine.join(forwarded, &address)))
}

/// `limiter.limiter` is the strategy of the limits package.
fn strategy(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let path = "py:limits.strategies.FixedWindowRateLimiter()";
    let id = host.make_object(machine, path, span);
    if let Some(limiter) = object {
        host.state().made_guards.shift_remove(&limiter);
    }
    Some(Value::object(id))
}

fn enabled(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let given = kept(machine, object, usize::MAX, "enabled");
    Some(given.unwrap_or_else(|| Value::bool(true)))
}

/// `hit(item, *identifiers)` counts and says whether the request is within the limit.
fn strategy_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = crate::python_support::last_name(&call.path);
    if name != "hit" && name != "test" {
        return Ok(Some(machine.derived(Shape::Any, call.arguments.all())));
    }
    let item = argument(call, 0, "item");
    let text = kept(machine, item.only_object(), 0, "limit_string");
    let limit = match text {
        Some(text) if text.as_number().is_none() => limit_of(&text),
        _ => item_limit(machine, &item),
    };
    let identifiers: Vec<Value> = call.arguments.positional.iter().skip(1).cloned().collect();
    let key = machine.derived(Shape::Any, &identifiers);
    let key = host.deep_provenance(machine, &key);
    if name == "hit" {
        let effect = EffectKind::Throttle(throttle(limit, key, Flag::Off));
        host.effect(machine, effect, call.span);
    }
    let counter = Value::unknown(Shape::Number);
    let operands: Vec<&Value> = std::iter::once(&counter).chain(&identifiers).collect();
    Ok(Some(machine.tested(
        TestKind::Bound,
        None,
        &operands,
        call.span,
    )))
}

/// `RateLimitItemPerMinute(5)`.
fn item_limit(machine: &Machine<'_>, item: &Value) -> (Option<u64>, Option<u64>) {
    let Some(id) = item.only_object() else {
        return (None, None);
    };
    let seconds = match machine.heap.get(id).kind {
        ObjectKind::Host(path) => match path.as_str() {
            "py:limits.RateLimitItemPerSecond()" => 1,
            "py:limits.RateLimitItemPerMinute()" => 60,
            "py:limits.RateLimitItemPerHour()" => 3_600,
            "py:limits.RateLimitItemPerDay()" => 86_400,
            _ => return (None, None),
        },
        _ => return (None, None),
    };
    let amount = kept(machine, Some(id), 0, "amount").and_then(|amount| amount.as_number());
    let multiples = kept(machine, Some(id), 1, "multiples").and_then(|value| value.as_number());
    let window = seconds * multiples.unwrap_or(1.0) as u64;
    (amount.map(|amount| amount as u64), Some(window))
}

fn make_dependency(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = object_with_arguments(machine, call);
    let limit = dependency_limit(machine, Some(id));
    let throttle = throttle(limit, default_key(), Flag::Off);
    guard(
        host,
        machine,
        id,
        Some(throttle),
        call.span,
        "fastapi-limiter",
    );
    Ok(Some(Value::object(id)))
}

fn dependency_limit(
    machine: &Machine<'_>,
    limiter: Option<ObjectId>,
) -> (Option<u64>, Option<u64>) {
    let number = |index: usize, name: &str| {
        kept(machine, limiter, index, name).and_then(|value| value.as_number())
    };
    let units = [
        (1, "milliseconds", 0.001),
        (2, "seconds", 1.0),
        (3, "minutes", 60.0),
        (4, "hours", 3_600.0),
    ];
    let mut window = 0.0;
    for (index, name, unit) in units {
        window += number(index, name).unwrap_or(0.0) * unit;
    }
    let times = number(0, "times").unwrap_or(1.0);
    (Some(times as u64), Some(window as u64))
}

/// The dependency counts by address and path, and answers 429.
fn run_dependency(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let limit = dependency_limit(machine, call.receiver);
    if let (Some(id), true) = (call.receiver, host.is_request()) {
        host.state().made_guards.shift_remove(&id);
    }
    let identifier = kept(machine, call.receiver, 5, "identifier");
    let key = key_provenance(host, machine, call, identifier);
    let effect = EffectKind::Throttle(throttle(limit, key, Flag::Off));
    host.effect(machine, effect, call.span);
    if host.is_request() {
        let path = Ustr::from("py:fastapi.HTTPException()");
        let error = machine.heap.allocate(ObjectKind::Host(path), call.span);
        let properties = &mut machine.heap.get_mut(error).properties;
        properties.insert(Ustr::from("status_code"), Value::number(429.0));
        machine.may_throw(Value::object(error), call.span);
    }
    Ok(Some(Value::null()))
}
