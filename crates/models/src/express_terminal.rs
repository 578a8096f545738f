//! What `use` mounts below a path and what answers everything there: handlers of libraries (a queue's
//! dashboard, an API's documentation, a proxy), and functions of the program that never call `next`.
//!
//! No route table shows them, and so they are easily left without a guard.

use firedoor_app::EffectKind;
use firedoor_eval::{Answer, Atom, Call, Machine, ObjectKind, Value};
use ustr::Ustr;

use crate::request::send;
use crate::state::{Registration, RegistrationKind};
use crate::{Door, Model, ModelHost, Persona, StepKind};

/// The model.
pub static MODEL: Model = Model {
    name: "express_terminal",
    calls: &[(
        "npm:apollo-server-express.ApolloServer().applyMiddleware",
        apply,
    )],
    ..Model::EMPTY
};

/// `server.applyMiddleware({app, path})` of Apollo Server 2 and 3 mounts itself, by default on `/graphql`.
/// Source: apollo-server-express 3.13, `src/ApolloServer.ts`.
fn apply(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let options = call.arguments.get(0);
    let application = machine.member(&options, Ustr::from("app"), call.span)?;
    let path = machine.member(&options, Ustr::from("path"), call.span)?;
    let path = path
        .text_pattern()
        .unwrap_or_else(|| Ustr::from("/graphql"));
    if let (Some(router), false) = (application.only_object(), host.is_request()) {
        let handler = host.make_object(machine, APOLLO, call.span);
        let registration = Registration {
            kind: RegistrationKind::Layer,
            path,
            handlers: vec![Value::object(handler)],
            span: call.span,
            decided: machine.decided.clone(),
            options: Default::default(),
        };
        host.register(router, registration);
    }
    Ok(Some(Value::undefined()))
}

const APOLLO: &str = "npm:apollo-server-express.ApolloServer().middleware()";

/// What answers by itself, by its API path. Each is told of in the package's own documentation as what is
/// given to `app.use` with a path.
const LIBRARIES: [&str; 25] = [
    APOLLO,
    "npm:@bull-board/express.ExpressAdapter().getRouter()",
    "npm:swagger-ui-express.setup()",
    "npm:swagger-ui-express.default.setup()",
    "npm:http-proxy-middleware.createProxyMiddleware()",
    "npm:http-proxy-middleware.legacyCreateProxyMiddleware()",
    "npm:express-http-proxy()",
    "npm:@apollo/server/express4.expressMiddleware()",
    "npm:@as-integrations/express4.expressMiddleware()",
    "npm:@as-integrations/express5.expressMiddleware()",
    "npm:graphql-yoga.createYoga()",
    "npm:graphql-http/lib/use/express.createHandler()",
    "npm:express-graphql()",
    "npm:express-graphql.graphqlHTTP()",
    "npm:@trpc/server/adapters/express.createExpressMiddleware()",
    "npm:better-auth/node.toNodeHandler()",
    "npm:@adminjs/express.buildRouter()",
    "npm:@adminjs/express.default.buildRouter()",
    "npm:bull-arena()",
    "npm:agendash()",
    "npm:mongo-express/lib/middleware()",
    "npm:peer.ExpressPeerServer()",
    "npm:parse-server.ParseServer().app",
    "npm:parse-dashboard()",
    "npm:payload/express()",
];

/// Holds if a value is a library's handler that answers everything below its path.
pub(crate) fn is_library(machine: &Machine<'_>, value: &Value) -> bool {
    let path = match value.only() {
        Some(Atom::Object(id)) => match &machine.heap.get(id).kind {
            ObjectKind::Host(path) => *path,
            _ => return false,
        },
        Some(Atom::Outside(path)) => path,
        _ => return false,
    };
    LIBRARIES.contains(&path.as_str())
}

/// Holds if the function that `door` ends with answers, and lets nothing on: it is no layer but a handler.
/// One that only refuses, or says that nothing was found, is none.
pub(crate) fn answers_itself(host: &ModelHost, machine: &mut Machine<'_>, door: &Door) -> bool {
    let mut alone = door.clone();
    alone.steps = door
        .steps
        .iter()
        .filter(|step| step.kind == StepKind::Handler)
        .cloned()
        .collect();
    let sent = send(host, machine, &alone, Persona::User, None);
    let effects = || sent.run.effects.iter().map(|effect| &effect.kind);
    let goes_on = sent.run.has_passed_on || effects().any(|kind| *kind == EffectKind::Continue);
    let answers = effects().any(|kind| match kind {
        EffectKind::Respond {
            status, is_error, ..
        } => !is_error && status.is_none_or(|status| status < 400),
        EffectKind::Redirect(_) => true,
        _ => false,
    });
    answers && !goes_on && sent.run.unknown.is_empty()
}

/// Holds if a registration of `use` can be a handler at all: it has a path of its own.
pub(crate) fn may_answer(machine: &Machine<'_>, registration: &Registration) -> bool {
    let has_path = firedoor_app::path_segments(&registration.path)
        .next()
        .is_some();
    // A router of tRPC tells its paths apart itself, and often stands behind guards in one call.
    if let Some(last) = registration.handlers.last()
        && crate::trpc::is_handler(machine, last)
    {
        return true;
    }
    let [handler] = registration.handlers.as_slice() else {
        return false;
    };
    let is_function = handler
        .only_object()
        .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Function { .. }));
    has_path && (is_function || is_library(machine, handler))
}
