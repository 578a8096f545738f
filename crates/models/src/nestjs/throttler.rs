//! `@nestjs/throttler` 3 to 6: the guard counts, by the limits of the module, the class and the method.
//!
//! Up to version 4 there is one limit, with seconds (`{ ttl, limit }`); from 5 on there is a list of named ones, with
//! milliseconds. Source: @nestjs/throttler 6.4, `throttler.guard.ts`, `throttler.decorator.ts`.

use firedoor_app::{EffectKind, Flag, NO_SUCH_LIMIT, Provenance, Throttle};
use firedoor_eval::{Answer, Call, Machine, ObjectId, ObjectKind, Stop, TestKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::{context, exceptions, inject, metadata};
use crate::ModelHost;
use crate::tools::{kept, last_part, option, require};

/// What the options of the module are kept under.
pub(super) const OPTIONS: &str = "nest:throttler-options";

pub(super) fn module(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let options = call.arguments.get(0);
    Ok(Some(super::libraries::throttler_module(
        host, machine, &options, call.span,
    )))
}

pub(super) fn guard(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "npm:@nestjs/throttler.ThrottlerGuard()", call.span);
    Ok(Some(Value::object(id)))
}

pub(super) fn made(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.this.clone()))
}

/// `seconds(5)`, `minutes(1)`: milliseconds.
pub(super) fn seconds(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let factor = match last_part(&call.path) {
        "seconds" => 1_000.0,
        "minutes" => 60_000.0,
        "hours" => 3_600_000.0,
        _ => 86_400_000.0,
    };
    let number = call.arguments.get(0).as_number();
    Ok(number.map(|number| Value::number(number * factor)))
}

/// `@Throttle({ name: { limit, ttl } })`, or `@Throttle(limit, ttl)` of version 4.
pub(super) fn limit(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    target: ObjectId,
    given: &[Value],
) {
    let Some(first) = given.first() else { return };
    let span = machine.place();
    if first.as_number().is_some() {
        let window = given.get(1).cloned().unwrap_or_else(Value::undefined);
        let window = window
            .as_number()
            .map_or(window, |window| Value::number(window * 1_000.0));
        let value =
            crate::tokens::plain(machine, &[("limit", first.clone()), ("ttl", window)], span);
        metadata::set(host, target, Ustr::from("$throttle:default"), value);
        return;
    }
    let Some(id) = first.only_object() else {
        return;
    };
    metadata::set(host, target, Ustr::from(ASKED), first.clone());
    for (name, value) in machine.heap.get(id).properties.clone() {
        metadata::set(
            host,
            target,
            Ustr::from(&format!("$throttle:{name}")),
            value,
        );
    }
}

/// What the limits by name that a decorator gives are kept under, all of them.
const ASKED: &str = "$throttle";

/// `@SkipThrottle({ name: true })`; without a name it is `default`.
pub(super) fn skip(host: &ModelHost, machine: &mut Machine<'_>, target: ObjectId, given: &Value) {
    let names = given
        .only_object()
        .map(|id| machine.heap.get(id).properties.clone());
    let Some(names) = names else {
        let value = if given.is_nothing() {
            Value::bool(true)
        } else {
            given.clone()
        };
        metadata::set(host, target, Ustr::from("$skip:default"), value);
        return;
    };
    for (name, value) in names {
        metadata::set(host, target, Ustr::from(&format!("$skip:{name}")), value);
    }
}

/// One of the limits of the module.
struct Named {
    name: Ustr,
    limit: Option<f64>,
    /// In milliseconds.
    window: Option<f64>,
}

/// The limits of the module, and whether there may be others.
fn named(host: &ModelHost, machine: &mut Machine<'_>, span: Span) -> (Vec<Named>, bool) {
    let options = inject::by_token(host, machine, &Value::string(OPTIONS), 0);
    let list = option(machine, &options, "throttlers", span);
    let is_single = list.is_none() && option(machine, &options, "ttl", span).is_some();
    let (parts, mut is_open) = match list {
        Some(list) => machine.elements_of(&list),
        None if is_single => (vec![options], false),
        None => machine.elements_of(&options),
    };
    let mut all = Vec::new();
    for part in parts {
        let name = option(machine, &part, "name", span);
        is_open |= name.as_ref().is_some_and(|name| name.text().is_none());
        let name = name.and_then(|name| name.text());
        let (limit, window) = numbers(machine, &part, span);
        all.push(Named {
            name: name.unwrap_or_else(|| Ustr::from("default")),
            limit,
            window: window.map(|window| if is_single { window * 1_000.0 } else { window }),
        });
    }
    if all.is_empty() {
        is_open = true;
        all.push(Named {
            name: Ustr::from("default"),
            limit: None,
            window: None,
        });
    }
    (all, is_open)
}

/// Notes the limits that stand here for a counter that the module does not have: nothing asks for them.
fn note_unheard(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    context: &Value,
    known: &[Ustr],
    span: Span,
) {
    let Some(asked) = context::said(host, machine, context, ASKED) else {
        return;
    };
    let Some(id) = asked
        .only_object()
        .filter(|id| !machine.heap.get(*id).is_open)
    else {
        return;
    };
    for (name, own) in machine.heap.get(id).properties.clone() {
        if known.contains(&name) {
            continue;
        }
        let (limit, window) = numbers(machine, &own, span);
        let throttle = Throttle {
            limit: limit.map(|limit| limit as u64),
            window: window.map(|window| (window / 1_000.0) as u64),
            key: Provenance::default(),
            skips: Flag::Conditional(NO_SUCH_LIMIT.to_owned()),
            counts_failures_only: false,
        };
        let place = machine.heap.get(id).span;
        host.effect(machine, EffectKind::Throttle(throttle), place);
    }
}

fn numbers(machine: &mut Machine<'_>, part: &Value, span: Span) -> (Option<f64>, Option<f64>) {
    let mut number = |name: &str| option(machine, part, name, span)?.as_number();
    (number("limit"), number("ttl"))
}

/// Counts the request for every limit that is not skipped here, the strictest first.
pub(super) fn can_activate(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let given = call.arguments.get(0);
    let span = call.span;
    let mut counted = Vec::new();
    let (all, is_open) = named(host, machine, span);
    let known: Vec<Ustr> = all.iter().map(|it| it.name).collect();
    for mut named in all {
        let skips = context::said(host, machine, &given, &format!("$skip:{}", named.name));
        if skips.is_some_and(|skips| machine.truth(&skips) == Some(true)) {
            continue;
        }
        if let Some(own) =
            context::said(host, machine, &given, &format!("$throttle:{}", named.name))
        {
            let (limit, window) = numbers(machine, &own, span);
            named.limit = limit.or(named.limit);
            named.window = window.or(named.window);
        }
        counted.push(named);
    }
    let Some(skips) = skipped(machine, call)? else {
        return Ok(Some(Value::bool(true)));
    };
    let request = kept(machine, given.only_object(), "$request");
    let (key, shown) = tracker(host, machine, call, &request)?;
    let rate = |named: &Named| match (named.limit, named.window) {
        (Some(limit), Some(window)) if window > 0.0 => limit / window,
        _ => f64::MAX,
    };
    counted.sort_by(|left, right| rate(left).total_cmp(&rate(right)));
    for named in counted {
        let throttle = Throttle {
            limit: named.limit.map(|limit| limit as u64),
            window: named.window.map(|window| (window / 1_000.0) as u64),
            key: shown.clone(),
            skips: skips.clone(),
            counts_failures_only: false,
        };
        host.effect(machine, EffectKind::Throttle(throttle), span);
        let test = machine.tested(TestKind::Attempts, None, &[&key], span);
        let refusal = exceptions::named(host, machine, "ThrottlerException", span);
        require(machine, &test, &refusal, span)?;
    }
    if !is_open {
        note_unheard(host, machine, &given, &known, span);
    }
    Ok(Some(Value::bool(true)))
}

/// Holds if the class of the guard has a method of its own.
fn has_own(machine: &Machine<'_>, call: &Call<'_>, name: &str) -> bool {
    call.this
        .only_object()
        .is_some_and(|id| match machine.heap.get(id).kind {
            ObjectKind::Instance { class } => {
                machine.class_attribute(class, Ustr::from(name)).is_some()
            }
            _ => false,
        })
}

/// `shouldSkip(context)` of a class of the program; nothing if it always skips.
fn skipped(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<Option<Flag>, Stop> {
    if !has_own(machine, call, "shouldSkip") {
        return Ok(Some(Flag::Default));
    }
    let answer = machine.call_member(
        &call.this,
        Ustr::from("shouldSkip"),
        call.arguments,
        call.span,
    )?;
    let answer = machine.await_value(&answer, call.span)?;
    Ok(match machine.truth(&answer) {
        Some(true) => None,
        Some(false) => Some(Flag::Off),
        None => Some(Flag::Unknown),
    })
}

/// What is counted per: the address, or what `getTracker(request)` of a class of the program gives.
fn tracker(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    request: &Value,
) -> Result<(Value, Provenance), Stop> {
    if has_own(machine, call, "getTracker") {
        let arguments = context::one(request);
        let key =
            machine.call_member(&call.this, Ustr::from("getTracker"), &arguments, call.span)?;
        let key = machine.await_value(&key, call.span)?;
        let shown = host.deep_provenance(machine, &key);
        return Ok((key, shown));
    }
    let key = super::run::read(machine, request, "ip", call.span);
    Ok((key, Provenance::default()))
}
