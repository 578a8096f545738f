//! Adapters: what hands a request of another framework to a router.
//!
//! Before a procedure runs, the handler of the other framework does up to the adapter, which makes the context.

use firedoor_eval::{Answer, Call, Machine, ObjectKind, Stop, Value};
use firedoor_source::Span;

use super::procedures::with_options;
use super::routers::procedures_of;
use super::{Handed, errors};
use crate::ModelHost;
use crate::doors::symbol;
use crate::tools::{keep, kept, option, promised};

/// What `createExpressMiddleware` gives.
pub(super) const EXPRESS: &str = "npm:@trpc/server/adapters/express.createExpressMiddleware()";

/// Holds if a value is a handler that an adapter has made.
pub(crate) fn is_handler(machine: &Machine<'_>, value: &Value) -> bool {
    value.only_object().is_some_and(
        |id| matches!(machine.heap.get(id).kind, ObjectKind::Host(path) if path == EXPRESS),
    )
}

/// `createExpressMiddleware({ router, createContext })` and its like.
pub(super) fn make(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, &format!("{}()", call.path), call.span);
    keep(machine, id, "$options", call.arguments.get(0));
    Ok(Some(Value::object(id)))
}

/// Such a handler is called with request and response.
pub(super) fn run(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let span = call.span;
    let id = call.receiver.or_else(|| call.this.only_object());
    let options = kept(machine, id, "$options");
    let given = [
        ("req", call.arguments.get(0)),
        ("res", call.arguments.get(1)),
    ];
    promised(machine, span, |machine| {
        hand_over(host, machine, &options, &given, span)?;
        if host.state().run.trpc.is_procedure() {
            crate::express::go_on(host, machine, span);
        }
        Ok(Value::undefined())
    })
    .map(Some)
}

/// `fetchRequestHandler({ endpoint, req, router, createContext })` gives a response.
pub(super) fn fetch(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let span = call.span;
    let options = call.arguments.get(0);
    promised(machine, span, |machine| {
        let request = machine.member(&options, "req".into(), span)?;
        let headers = host.make_object(machine, "next:headers", span);
        let given = [("req", request), ("resHeaders", Value::object(headers))];
        hand_over(host, machine, &options, &given, span)?;
        let (is_procedure, is_returned) = {
            let passage = &host.state().run.trpc;
            (passage.is_procedure(), passage.is_returned)
        };
        if is_procedure && !is_returned {
            crate::express::go_on(host, machine, span);
        }
        Ok(crate::nextjs::handed_on(host, machine, is_procedure, span))
    })
    .map(Some)
}

/// Makes the context of the procedure that the request is for; where none was chosen yet, it is noted which router
/// the request came to.
fn hand_over(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    options: &Value,
    given: &[(&str, Value)],
    span: Span,
) -> Result<(), Stop> {
    let context = option(machine, options, "createContext", span);
    let Some(shared) = host.state().run.trpc.shared else {
        let router = option(machine, options, "router", span);
        let endpoint = option(machine, options, "endpoint", span);
        let router = router.unwrap_or_else(Value::undefined);
        let handed = Handed {
            procedures: procedures_of(host, machine, &router, span),
            endpoint: endpoint.and_then(|endpoint| endpoint.text()),
            context: context.map(|context| symbol(machine, &context, span)),
        };
        host.state().run.trpc.handed.push(handed);
        return Ok(());
    };
    let Some(context) = context else {
        return Ok(());
    };
    let arguments = with_options(machine, given, span);
    let (result, thrown) = machine.catching(|machine| {
        let made = machine.call_value(&context, None, &arguments, span)?;
        machine.await_value(&made, span)
    });
    errors::answer(host, machine, &thrown);
    keep(machine, shared, "$context", result?);
    Ok(())
}
