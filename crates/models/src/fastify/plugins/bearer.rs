//! `@fastify/bearer-auth` 9 and 10: a list of keys, one of which the header `Authorization` has to carry.
//!
//! It adds its hook to everything below the instance unless `addHook` is false.
//! Source: `@fastify/bearer-auth` 10.1, `index.js`, `lib/verify-bearer-auth-factory.js`.

use firedoor_app::RequestPart;
use firedoor_eval::{Answer, Arguments, Call, Machine, Stop, Value};

use super::{Loading, add_hook, decorate, named};
use crate::ModelHost;
use crate::fastify::{Event, flow, reply};
use crate::tools::{is_function, keep, kept, option, proof};

/// Adds the hook, or the function that can be one.
pub(super) fn load(host: &ModelHost, machine: &mut Machine<'_>, loading: &Loading<'_>) {
    let guard = named(
        host,
        machine,
        "fastify:bearer",
        "verifyBearerAuth",
        loading.span,
    );
    keep(machine, guard, "$options", loading.options.clone());
    decorate(host, loading.id, "verifyBearerAuth", Value::object(guard));
    let adds = option(machine, loading.options, "addHook", loading.span);
    if adds
        .as_ref()
        .is_some_and(|adds| machine.truth(adds) == Some(false))
    {
        return;
    }
    let event = adds
        .and_then(|adds| adds.text())
        .and_then(|name| Event::of(&name));
    let event = event.unwrap_or(Event::Request);
    add_hook(host, machine, loading, event, Value::object(guard));
}

/// The hook: without one of the keys it is a 401.
pub(super) fn run(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let options = kept(machine, call.receiver, "$options");
    let span = call.span;
    let header = host.request_value(machine, RequestPart::Header, "authorization");
    let own = option(machine, &options, "auth", span).filter(|own| is_function(machine, own));
    let test = match own {
        Some(own) => {
            let key = header.shaped(firedoor_eval::Shape::String);
            let arguments = Arguments::positional([key, call.arguments.get(0)]);
            let answer = machine.call_value(&own, None, &arguments, span)?;
            machine.await_value(&answer, span)?
        }
        None => {
            let keys = option(machine, &options, "keys", span).unwrap_or_else(Value::undefined);
            proof(host, machine, &[&header, &keys], span)
        }
    };
    machine.when(
        &test,
        span,
        |machine| -> Result<(), Stop> {
            flow::go_on(host, machine, span);
            Ok(())
        },
        |machine| {
            reply::refuse(host, machine, 401, span);
            Ok(())
        },
    )?;
    Ok(Some(Value::undefined()))
}
