//! Limiters: express-rate-limit, rate-limiter-flexible, limiter, express-brute, @upstash/ratelimit.
//!
//! What a limiter counts by is found out by calling its key function with a symbolic request. Whether a
//! caller has attempts left is never known.

use firedoor_app::{Control, EffectKind, Flag, Origin, Provenance, Refusal, RequestPart, Throttle};
use firedoor_eval::{
    Answer, Arguments, Atom, Call, Machine, ObjectId, Shape, Stop, TestId, TestKind, Value,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::production::in_production;
use crate::state::MadeGuard;
use crate::tokens::plain;
use crate::tools::{error, flag, is_function, keep, kept, option, promised};
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "limiters",
    calls: &[
        ("npm:express-rate-limit", make),
        ("npm:express-rate-limit.rateLimit", make),
        ("npm:express-rate-limit.ipKeyGenerator", first_argument),
        ("npm:express-rate-limit()", run),
        ("npm:express-rate-limit().resetKey", nothing),
        ("npm:express-rate-limit().getKey", nothing),
        ("npm:limiter.RateLimiter", make_bucket),
        ("npm:limiter-es6-compat.RateLimiter", make_bucket),
        ("npm:limiter().removeTokens", remove_tokens),
        ("npm:limiter().tryRemoveTokens", try_remove_tokens),
        ("npm:rate-limiter-flexible.RateLimiterMemory", make_counter),
        ("npm:rate-limiter-flexible.RateLimiterRedis", make_counter),
        ("npm:rate-limiter-flexible.RateLimiterValkey", make_counter),
        ("npm:rate-limiter-flexible.RateLimiterMongo", make_counter),
        ("npm:rate-limiter-flexible.RateLimiterMySQL", make_counter),
        (
            "npm:rate-limiter-flexible.RateLimiterPostgres",
            make_counter,
        ),
        ("npm:rate-limiter-flexible.RateLimiterPrisma", make_counter),
        ("npm:rate-limiter-flexible.RateLimiterDrizzle", make_counter),
        ("npm:rate-limiter-flexible.RateLimiterSQLite", make_counter),
        ("npm:rate-limiter-flexible.RateLimiterCluster", make_counter),
        (
            "npm:rate-limiter-flexible.RateLimiterMemcache",
            make_counter,
        ),
        ("npm:rate-limiter-flexible().consume", consume),
        ("npm:rate-limiter-flexible().penalty", count_failure),
        ("npm:rate-limiter-flexible().get", counted),
        ("npm:rate-limiter-flexible().*", settled),
        ("npm:@upstash/ratelimit.Ratelimit", make_window),
        ("npm:@upstash/ratelimit.Ratelimit.slidingWindow", window),
        ("npm:@upstash/ratelimit.Ratelimit.fixedWindow", window),
        ("npm:@upstash/ratelimit.Ratelimit.tokenBucket", window),
        ("npm:@upstash/ratelimit().limit", limit),
        ("npm:express-brute", make_brute),
        ("npm:express-brute().getMiddleware", same_guard),
        ("npm:express-brute().prevent", run),
        ("npm:express-brute.MemoryStore", nothing),
    ],
    members: &[("npm:express-brute().prevent", brute_layer)],
    ..Model::EMPTY
};

fn made(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    path: &str,
    library: &'static str,
    throttle: Throttle,
    span: Span,
) -> ObjectId {
    let id = host.make_object(machine, path, span);
    let guard = MadeGuard {
        controls: vec![Control::RateLimit],
        throttle: Some(throttle),
        span,
        library,
    };
    host.state().made_guards.insert(id, guard);
    id
}

/// A number, or the one that is used where a setting is missing.
pub(crate) fn whole_number(value: Option<&Value>) -> Option<u64> {
    let value = value?;
    let mut numbers = value.atoms().iter().filter_map(|atom| match atom {
        Atom::Number(number) => Some(*number),
        _ => None,
    });
    let number: f64 = numbers.next()?;
    (number >= 0.0 && numbers.next().is_none()).then_some(number as u64)
}

/// `rateLimit({windowMs, limit, ...})`. express-rate-limit 7: five requests a minute by default, `max` is
/// the older name of `limit`.
fn make(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let options = call.arguments.get(0);
    let span = call.span;
    let limit =
        option(machine, &options, "limit", span).or_else(|| option(machine, &options, "max", span));
    let window = option(machine, &options, "windowMs", span);
    let skip = option(machine, &options, "skip", span);
    let key = option(machine, &options, "keyGenerator", span);
    let failures = option(machine, &options, "skipSuccessfulRequests", span);
    let throttle = Throttle {
        limit: match &limit {
            None => Some(5),
            Some(limit) => whole_number(Some(limit)),
        },
        window: match &window {
            None => Some(60),
            Some(window) => whole_number(Some(window)).map(|milliseconds| milliseconds / 1000),
        },
        key: key.map_or_else(Provenance::default, |function| {
            tried(host, machine, &function, span).map_or_else(Provenance::default, |key| {
                host.deep_provenance(machine, &key)
            })
        }),
        skips: match &skip {
            _ if limit.as_ref().is_some_and(is_no_number) => {
                Flag::Conditional(firedoor_app::NO_NUMBER.to_owned())
            }
            None => Flag::Default,
            Some(function) => skip_flag(host, machine, function, span),
        },
        counts_failures_only: failures.is_some_and(|value| machine.truth(&value) == Some(true)),
    };
    let id = made(
        host,
        machine,
        "npm:express-rate-limit()",
        "rateLimit",
        throttle,
        span,
    );
    keep(machine, id, "$options", options);
    Ok(Some(Value::object(id)))
}

/// `Number(settings.limit)` where there is no such setting: no number of attempts is greater.
fn is_no_number(limit: &Value) -> bool {
    limit.as_number().is_some_and(f64::is_nan)
}

/// Calls an option that is a function with a request of which nothing is known.
pub(crate) fn tried(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    function: &Value,
    span: Span,
) -> Option<Value> {
    if !is_function(machine, function) {
        return Some(function.clone());
    }
    machine.trial(|machine| {
        let request = host.make_object(machine, "express:request", span);
        let response = host.make_object(machine, "express:response", span);
        let arguments = Arguments::positional([Value::object(request), Value::object(response)]);
        let (result, _) = machine.catching(|machine| {
            let result = machine.call_value(function, None, &arguments, span)?;
            machine.await_value(&result, span)
        });
        result.ok()
    })
}

/// The words for a limiter that asks of each request whether it counts.
pub(crate) const BY_REQUEST: &str = "the request";

fn skip_flag(host: &ModelHost, machine: &mut Machine<'_>, function: &Value, span: Span) -> Flag {
    let before = machine.text_tests.len();
    let Some(skips) = tried(host, machine, function, span) else {
        return Flag::Unknown;
    };
    let asked = machine
        .text_tests
        .get(before..)
        .unwrap_or_default()
        .to_vec();
    match flag(host, machine, Some(&skips)) {
        Flag::Unknown | Flag::Conditional(_) if is_met_by_nothing(host, machine, &asked) => {
            Flag::Conditional(firedoor_app::SETTING_MISSING.to_owned())
        }
        Flag::Conditional(_) if in_production(host, machine, &skips) == Some(true) => {
            Flag::Conditional(firedoor_app::IN_PRODUCTION.to_owned())
        }
        Flag::Unknown => Flag::Conditional(BY_REQUEST.to_owned()),
        other => other,
    }
}

/// Holds if one of the tests asks whether a text begins or ends with what is left of a setting that is missing: with
/// nothing every text does, as where a list of prefixes is split out of an empty text.
fn is_met_by_nothing(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    tests: &[(TestId, Ustr)],
) -> bool {
    tests.iter().any(|(test, method)| {
        let prefix = machine.test(*test).operands.get(1).cloned();
        let Some(prefix) = prefix.filter(|it| it.text().is_some_and(|text| text.is_empty())) else {
            return false;
        };
        let provenance = host.provenance(machine, &prefix);
        let mut origins = provenance.origins().iter();
        method != "includes" && origins.any(|it| matches!(it, Origin::Environment { .. }))
    })
}

fn throttle_of(host: &ModelHost, object: Option<ObjectId>) -> Throttle {
    let known = object.and_then(|id| host.state().made_guards.get(&id)?.throttle.clone());
    known.unwrap_or(Throttle {
        limit: None,
        window: None,
        key: Provenance::default(),
        skips: Flag::Default,
        counts_failures_only: false,
    })
}

/// Returns whether the caller has attempts left, which is not known.
pub(crate) fn attempts(machine: &mut Machine<'_>, key: &Value, span: Span) -> Value {
    machine.tested(TestKind::Attempts, None, &[key], span)
}

/// The layer of express-rate-limit.
fn run(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let options = kept(machine, call.receiver, "$options");
    let span = call.span;
    if is_made_for_one(host, machine, call.receiver) {
        let throttle = Throttle {
            skips: Flag::Conditional(firedoor_app::MADE_ANEW.to_owned()),
            ..throttle_of(host, call.receiver)
        };
        host.effect(machine, EffectKind::Throttle(throttle), span);
        go_on(host, machine, call)?;
        return Ok(Some(Value::undefined()));
    }
    let throttle = throttle_of(host, call.receiver);
    let skips = match option(machine, &options, "skip", span) {
        Some(skip) if is_function(machine, &skip) => {
            let result = machine.call_value(&skip, None, call.arguments, span)?;
            machine.await_value(&result, span)?
        }
        Some(skip) => skip,
        None => Value::bool(false),
    };
    let count = |machine: &mut Machine<'_>| count(host, machine, call, &options, throttle);
    machine.when(&skips, span, |machine| go_on(host, machine, call), count)?;
    Ok(Some(Value::undefined()))
}

/// A limiter that a request makes for itself has counted nothing yet, unless it keeps its counts elsewhere or is kept
/// for later requests. Source: express-rate-limit 7, `source/lib.ts` (`parseOptions`: a `MemoryStore` each).
fn is_made_for_one(host: &ModelHost, machine: &mut Machine<'_>, limiter: Option<ObjectId>) -> bool {
    let before = host.state().before_requests;
    let (Some(before), Some(limiter)) = (before, limiter) else {
        return false;
    };
    let options = kept(machine, Some(limiter), "$options");
    let span = machine.heap.get(limiter).span;
    limiter.0 >= before.first_object().0
        && option(machine, &options, "store", span).is_none()
        && !machine.is_kept_beyond(before, limiter)
}

fn go_on(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Result<(), Stop> {
    crate::layers::pass(host, machine, call).map(|_| ())
}

fn count(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    options: &Value,
    mut throttle: Throttle,
) -> Result<(), Stop> {
    let span = call.span;
    let is_address = |origin: &Origin| matches!(origin, Origin::Request(RequestPart::Address, _));
    let counts_addresses = throttle.key.is_empty() || throttle.key.origins().iter().any(is_address);
    if let Some(header) = crate::express::forwarded(host).filter(|_| counts_addresses) {
        throttle.key = throttle.key.union(&header);
    }
    host.effect(machine, EffectKind::Throttle(throttle), span);
    let request = call.arguments.get(0);
    let key = machine
        .member(&request, Ustr::from("ip"), span)
        .unwrap_or_else(|_| Value::undefined());
    let test = attempts(machine, &key, span);
    let options = options.clone();
    machine.when(
        &test,
        span,
        |machine| go_on(host, machine, call),
        |machine| refuse(host, machine, call, &options),
    )
}

fn refuse(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    options: &Value,
) -> Result<(), Stop> {
    let span = call.span;
    if let Some(handler) = option(machine, options, "handler", span)
        && is_function(machine, &handler)
    {
        let mut arguments: Arguments = call.arguments.clone();
        let shown = plain(
            machine,
            &[
                ("statusCode", Value::number(429.0)),
                ("message", Value::unknown(Shape::Any)),
            ],
            span,
        );
        arguments.positional.push(shown);
        let result = machine.call_value(&handler, None, &arguments, span)?;
        return machine.await_value(&result, span).map(|_| ());
    }
    let status = option(machine, options, "statusCode", span)
        .and_then(|value| value.as_number())
        .map_or(429, |status| status as u16);
    host.refuse(machine, Refusal::Status(status), span);
    let body = option(machine, options, "message", span).unwrap_or_else(Value::undefined);
    let body = host.body_fields(machine, &body);
    let effect = EffectKind::Respond {
        status: Some(status),
        body,
        is_error: false,
    };
    host.effect(machine, effect, span);
    Ok(())
}

/// `new RateLimiterMemory({points, duration})`. rate-limiter-flexible 5: four points a second by default.
fn make_counter(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let options = call.arguments.get(0);
    let points = option(machine, &options, "points", call.span);
    let duration = option(machine, &options, "duration", call.span);
    let throttle = Throttle {
        limit: match &points {
            None => Some(4),
            Some(points) => whole_number(Some(points)),
        },
        window: match &duration {
            None => Some(1),
            // With 0 the count never starts anew.
            Some(duration) => whole_number(Some(duration)).filter(|seconds| *seconds > 0),
        },
        key: Provenance::default(),
        skips: Flag::Default,
        counts_failures_only: false,
    };
    let id = made(
        host,
        machine,
        "npm:rate-limiter-flexible()",
        "RateLimiter",
        throttle,
        call.span,
    );
    Ok(Some(Value::object(id)))
}

/// limiter 2: `new RateLimiter({tokensPerInterval, interval})`; limiter 1 took both as arguments.
fn make_bucket(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let options = call.arguments.get(0);
    let tokens =
        option(machine, &options, "tokensPerInterval", call.span).or(Some(options.clone()));
    let interval =
        option(machine, &options, "interval", call.span).unwrap_or_else(|| call.arguments.get(1));
    let window = match interval.text().as_deref() {
        Some("sec" | "second") => Some(1),
        Some("min" | "minute") => Some(60),
        Some("hr" | "hour") => Some(3_600),
        Some("day") => Some(86_400),
        Some(_) => None,
        None => whole_number(Some(&interval)).map(|milliseconds| milliseconds / 1000),
    };
    let throttle = Throttle {
        limit: whole_number(tokens.as_ref()),
        window,
        key: Provenance::default(),
        skips: Flag::Default,
        counts_failures_only: false,
    };
    let path = "npm:limiter()";
    let id = made(host, machine, path, "RateLimiter", throttle, call.span);
    Ok(Some(Value::object(id)))
}

/// `removeTokens(n)` gives how many are left, fewer than none where the request must wait.
fn remove_tokens(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let key = Value::undefined();
    counted_by(host, machine, call, &key, false);
    let count = firedoor_eval::Origin::Unknown(Ustr::from("count"));
    let origins = machine.origins.single(count);
    let left = Value::unknown(Shape::Number).with_origins(origins);
    promised(machine, call.span, |_| Ok(left)).map(Some)
}

fn try_remove_tokens(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let key = Value::undefined();
    counted_by(host, machine, call, &key, false);
    Ok(Some(attempts(machine, &key, call.span)))
}

/// A limiter that is called by hand needs no mounting.
fn counted_by(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    key: &Value,
    failures: bool,
) {
    let mut throttle = throttle_of(host, call.receiver);
    throttle.key = host.deep_provenance(machine, key);
    throttle.counts_failures_only = failures;
    host.effect(machine, EffectKind::Throttle(throttle), call.span);
    if let Some(id) = call.receiver
        && host.is_request()
    {
        host.state().used_guards.insert(id);
    }
}

/// `consume(key)` rejects once there are no points left.
fn consume(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let key = call.arguments.get(0);
    counted_by(host, machine, call, &key, false);
    let span = call.span;
    promised(machine, span, |machine| {
        let test = attempts(machine, &key, span);
        let failed = error(
            host,
            machine,
            "npm:rate-limiter-flexible.RateLimiterRes",
            &[&key],
            span,
        );
        keep_numbers(machine, &failed);
        crate::tools::require(machine, &test, &failed, span)?;
        Ok(numbers(machine, span))
    })
    .map(Some)
}

const COUNTS: [&str; 3] = ["msBeforeNext", "remainingPoints", "consumedPoints"];

fn keep_numbers(machine: &mut Machine<'_>, object: &Value) {
    for id in object.objects().collect::<Vec<_>>() {
        for name in COUNTS {
            let number = Value::unknown(Shape::Number);
            let object = machine.heap.get_mut(id);
            object.properties.insert(Ustr::from(name), number);
        }
    }
}

fn numbers(machine: &mut Machine<'_>, span: Span) -> Value {
    let object = plain(machine, &[], span);
    keep_numbers(machine, &object);
    object
}

fn count_failure(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let key = call.arguments.get(0);
    counted_by(host, machine, call, &key, true);
    let result = numbers(machine, call.span);
    promised(machine, call.span, |_| Ok(result)).map(Some)
}

fn counted(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let key = call.arguments.get(0);
    counted_by(host, machine, call, &key, true);
    let mut result = crate::tokens::perhaps(&numbers(machine, call.span));
    result.control = machine.deep_origins(&key);
    promised(machine, call.span, |_| Ok(result)).map(Some)
}

fn settled(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let result = numbers(machine, call.span);
    promised(machine, call.span, |_| Ok(result)).map(Some)
}

/// `Ratelimit.slidingWindow(10, '60 s')`.
fn window(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let (limit, window) = (call.arguments.get(0), call.arguments.get(1));
    Ok(Some(plain(
        machine,
        &[("limit", limit), ("window", window)],
        call.span,
    )))
}

fn make_window(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let options = call.arguments.get(0);
    let limiter = option(machine, &options, "limiter", call.span).unwrap_or_else(Value::undefined);
    let limit = option(machine, &limiter, "limit", call.span);
    let window = option(machine, &limiter, "window", call.span);
    let throttle = Throttle {
        limit: whole_number(limit.as_ref()),
        window: window.and_then(|window| seconds(&window.text()?)),
        key: Provenance::default(),
        skips: Flag::Default,
        counts_failures_only: false,
    };
    let path = "npm:@upstash/ratelimit()";
    let id = made(host, machine, path, "Ratelimit", throttle, call.span);
    Ok(Some(Value::object(id)))
}

/// `60 s`, `1 m`, `1 h`, `1 d`, with or without the space.
fn seconds(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..end].parse().ok()?;
    match text[end..].trim() {
        "ms" => Some(number / 1000),
        "s" => Some(number),
        "m" => Some(number * 60),
        "h" => Some(number * 3_600),
        "d" => Some(number * 86_400),
        _ => None,
    }
}

/// `limit(key)` gives `{success, ...}`.
fn limit(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let key = call.arguments.get(0);
    counted_by(host, machine, call, &key, false);
    let success = attempts(machine, &key, call.span);
    let names = ["limit", "remaining", "reset"];
    let mut properties = vec![("success", success)];
    properties.extend(names.map(|name| (name, Value::unknown(Shape::Number))));
    let result = plain(machine, &properties, call.span);
    promised(machine, call.span, |_| Ok(result)).map(Some)
}

/// `new ExpressBrute(store, {freeRetries, minWait, ...})`.
fn make_brute(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let options = call.arguments.get(1);
    let retries = option(machine, &options, "freeRetries", call.span);
    let throttle = Throttle {
        limit: whole_number(retries.as_ref()).or(Some(2)),
        window: None,
        key: Provenance::default(),
        skips: Flag::Default,
        counts_failures_only: false,
    };
    let id = made(
        host,
        machine,
        "npm:express-brute()",
        "ExpressBrute",
        throttle.clone(),
        call.span,
    );
    let layer = host.make_object(machine, "npm:express-rate-limit()", call.span);
    keep(machine, id, "$layer", Value::object(layer));
    let guard = host.state().made_guards.shift_remove(&id);
    if let Some(guard) = guard {
        host.state().made_guards.insert(layer, guard);
    }
    Ok(Some(Value::object(id)))
}

fn brute_layer(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    Some(kept(machine, object, "$layer"))
}

fn same_guard(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(kept(machine, call.receiver, "$layer")))
}

fn first_argument(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.arguments.get(0)))
}

fn nothing(_host: &ModelHost, _machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(Value::undefined()))
}
