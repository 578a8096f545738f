//! Libraries that run a function within a context, as Node's own `AsyncLocalStorage` does:
//! <https://nodejs.org/api/async_context.html>.
//!
//! Others do the same: OpenTelemetry (`@opentelemetry/api` 1.9, `ContextAPI.with` and `Tracer.startActiveSpan`), Sentry
//! (`@sentry/node` 8, `withScope`, `withIsolationScope`, `startSpan`) and `cls-hooked` 4 (`Namespace.run`).
//!
//! Whoever keeps the request's number or a tracer's span this way hands them `next`, or a function that calls it.

use firedoor_eval::{Answer, Arguments, Call, Machine, Value};

use crate::tools::{keep, kept};
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "contexts",
    calls: &[
        ("node:async_hooks.AsyncLocalStorage", storage),
        ("node:async_hooks.AsyncLocalStorage().run", run),
        ("node:async_hooks.AsyncLocalStorage().exit", run_first),
        ("node:async_hooks.AsyncLocalStorage().enterWith", enter),
        ("node:async_hooks.AsyncLocalStorage().getStore", store),
        ("npm:@opentelemetry/api.context.with", run_second),
        (
            "npm:@opentelemetry/api.trace.getTracer().startActiveSpan",
            run_last,
        ),
        ("npm:@sentry/node.withScope", run_last),
        ("npm:@sentry/node.withIsolationScope", run_last),
        ("npm:@sentry/node.startSpan", run_last),
        ("npm:cls-hooked.createNamespace().run", run_first),
        ("npm:cls-hooked.createNamespace().runAndReturn", run_first),
    ],
    ..Model::EMPTY
};

fn storage(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "node:async_hooks.AsyncLocalStorage()", call.span);
    Ok(Some(Value::object(id)))
}

/// What follows in the same request finds what was put here, so that it is not taken back.
fn run(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(storage) = call.receiver {
        keep(machine, storage, "$store", call.arguments.get(0));
    }
    call_from(machine, call, 1)
}

fn enter(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(storage) = call.receiver {
        keep(machine, storage, "$store", call.arguments.get(0));
    }
    Ok(Some(Value::undefined()))
}

fn store(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(kept(machine, call.receiver, "$store")))
}

fn run_first(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    call_from(machine, call, 0)
}

fn run_second(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    match call.arguments.positional.len() {
        0 | 1 => Ok(None),
        // The third says what `this` is.
        2 => call_from(machine, call, 1),
        _ => {
            let mut arguments = Arguments::default();
            let given = &call.arguments.positional;
            arguments.positional.extend(given.iter().skip(3).cloned());
            let called =
                machine.call_value(&given[1], Some(given[2].clone()), &arguments, call.span)?;
            Ok(Some(called))
        }
    }
}

/// The function comes last and is given what the library has made.
fn run_last(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(last) = call.arguments.positional.last() else {
        return Ok(None);
    };
    let mut arguments = Arguments::default();
    arguments.positional.push(machine.unknown("context"));
    let called = machine.call_value(last, None, &arguments, call.span)?;
    Ok(Some(called))
}

/// Calls what stands at the place with what follows it.
fn call_from(machine: &mut Machine<'_>, call: &Call<'_>, place: usize) -> Answer {
    let given = &call.arguments.positional;
    let Some(function) = given.get(place) else {
        return Ok(None);
    };
    let mut arguments = Arguments::default();
    let rest = given.iter().skip(place + 1);
    arguments.positional.extend(rest.cloned());
    let called = machine.call_value(function, None, &arguments, call.span)?;
    Ok(Some(called))
}
