//! Adapters: what hands a request of another framework to a router.
//!
//! Before a procedure runs, the handler of the other framework does up to the adapter, which makes the context.

use firedoor_app::EffectKind;
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
/// What `createNextApiHandler` gives.
pub(super) const NEXT: &str = "npm:@trpc/server/adapters/next.createNextApiHandler()";
/// What `createHTTPHandler` gives, and what a server of tRPC's own runs.
pub(super) const STANDALONE: &str = "npm:@trpc/server/adapters/standalone.createHTTPHandler()";
/// The same for HTTP 2.
pub(super) const STANDALONE_2: &str = "npm:@trpc/server/adapters/standalone.createHTTP2Handler()";
/// The handler that the plugin of Fastify adds.
pub(super) const FASTIFY: &str = "trpc:fastify";
/// That plugin.
const PLUGIN: &str = "npm:@trpc/server/adapters/fastify.fastifyTRPCPlugin";

const HANDLERS: [&str; 5] = [EXPRESS, NEXT, STANDALONE, STANDALONE_2, FASTIFY];

/// Holds if a value is a handler that an adapter has made.
pub(crate) fn is_handler(machine: &Machine<'_>, value: &Value) -> bool {
    match value.only_object().map(|id| &machine.heap.get(id).kind) {
        Some(ObjectKind::Host(path)) => HANDLERS.contains(&path.as_str()),
        Some(ObjectKind::Bound { target, .. }) => is_handler(machine, target),
        _ => false,
    }
}

/// `createHTTPServer({ router, createContext, basePath })` listens by itself.
pub(super) fn serve(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let handler = handler_of(host, machine, STANDALONE, call.arguments.get(0), call.span);
    let server = crate::node_http::serve(host, machine, handler, call.span);
    Ok(Some(Value::object(server)))
}

/// Returns the handler that the plugin of Fastify adds at `/:path` below its prefix, if that is the plugin.
pub(crate) fn of_plugin(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    plugin: &str,
    options: &Value,
    span: Span,
) -> Option<Value> {
    if plugin != PLUGIN {
        return None;
    }
    let options = option(machine, options, "trpcOptions", span);
    let options = options.unwrap_or_else(Value::undefined);
    Some(handler_of(host, machine, FASTIFY, options, span))
}

fn handler_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    path: &str,
    options: Value,
    span: Span,
) -> Value {
    let id = host.make_object(machine, path, span);
    machine.heap.get_mut(id).name = Some("tRPC".into());
    keep(machine, id, "$options", options);
    Value::object(id)
}

/// `createExpressMiddleware({ router, createContext })` and its like.
pub(super) fn make(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let path = format!("{}()", call.path);
    let handler = handler_of(host, machine, &path, call.arguments.get(0), call.span);
    Ok(Some(handler))
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
            return Ok(Value::undefined());
        }
        let kind = EffectKind::Respond {
            status: None,
            body: Vec::new(),
            is_error: false,
        };
        host.effect(machine, kind, span);
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
        let endpoint = ["endpoint", "basePath"]
            .iter()
            .find_map(|name| option(machine, options, name, span));
        let router = router.unwrap_or_else(Value::undefined);
        let handed = Handed {
            procedures: procedures_of(host, machine, &router, span),
            endpoint: endpoint.and_then(|endpoint| endpoint.text_pattern()),
            context: context.map(|context| symbol(machine, &context, span)),
        };
        let run = &mut host.state().run;
        if handed.procedures.is_empty() {
            let reason = "which procedures the router has is not known".to_owned();
            run.unknown.push((run.step, reason));
        }
        run.trpc.handed.push(handed);
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
