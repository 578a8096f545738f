//! Libraries that wrap a handler to log or trace it, and let every request through; and what keeps the answers of a
//! function, which is still that function for whoever asks first.
//!
//! Sources: <https://axiom.co/docs/send-data/nextjs>, @axiomhq/nextjs 0.1, next-axiom 1.9;
//! <https://docs.sentry.io/platforms/javascript/guides/nextjs/manual-setup/>, @sentry/nextjs 9;
//! <https://docs.highlight.io>, @highlight-run/next 7;
//! <https://react.dev/reference/react/cache>, React 19: for one request, with the arguments as the key;
//! <https://nextjs.org/docs/app/api-reference/functions/unstable_cache>, Next.js 15.

use firedoor_eval::{Answer, Call, Machine, Value};

use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "nextjs_wrappers",
    calls: &[
        ("npm:@axiomhq/nextjs.createAxiomRouteHandler", make),
        ("npm:@highlight-run/next/server.AppRouterHighlight", make),
        ("npm:@highlight-run/next/server.PageRouterHighlight", make),
        ("nextjs:wrapper", wrapped),
        ("npm:react.cache", wrapped),
        ("npm:next/cache.unstable_cache", wrapped),
        ("npm:next-axiom.withAxiom", wrapped),
        ("npm:next-axiom.withAxiomRouteHandler", wrapped),
        ("npm:@sentry/nextjs.wrapRouteHandlerWithSentry", wrapped),
        ("npm:@sentry/nextjs.wrapApiHandlerWithSentry", wrapped),
        ("npm:@sentry/nextjs.withSentry", wrapped),
        ("npm:@sentry/nextjs.wrapMiddlewareWithSentry", wrapped),
    ],
    ..Model::EMPTY
};

/// What is called with a handler.
fn make(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "nextjs:wrapper", call.span);
    Ok(Some(Value::object(id)))
}

/// The handler runs with what it would be given anyway.
fn wrapped(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.arguments.get(0)))
}
