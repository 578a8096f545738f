//! tRPC 10 and 11: <https://trpc.io/docs/server>.
//!
//! A procedure is a chain: `use` and `input` run in the order in which they were written, then the function of
//! `query`, `mutation` or `subscription`. An adapter hands requests of another framework to a router, so that each
//! procedure is an entry point behind the layers of that framework. Sources: @trpc/server 11.25.2,
//! `src/unstable-core-do-not-import/procedureBuilder.ts`, `router.ts`, `middleware.ts`, `http/getHTTPStatusCode.ts`,
//! `src/adapters/*`.

mod adapters;
mod doors;
mod errors;
mod procedures;
mod routers;
mod run;

use firedoor_app::Symbol;
use firedoor_eval::{Decided, ObjectId};
use rustc_hash::FxHashMap;
use ustr::Ustr;

use crate::Model;

pub(crate) use adapters::{is_handler, of_plugin};
pub(crate) use doors::expanded;

/// What the model remembers while the application is wired.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Holds if the program makes procedures.
    is_used: bool,
    /// What was decided on the way to each step of a chain: it runs only then.
    decided: FxHashMap<ObjectId, Vec<Decided>>,
}

/// What a request is to procedures.
#[derive(Clone, Debug, Default)]
pub(crate) struct Passage {
    /// What the steps of a procedure share: its context and its input.
    shared: Option<ObjectId>,
    /// Holds if what an adapter returns is what the framework goes on by.
    is_returned: bool,
    /// The routers that the handler has handed the request to.
    handed: Vec<Handed>,
}

impl Passage {
    /// Holds while a request is on its way to a procedure.
    pub(crate) fn is_procedure(&self) -> bool {
        self.shared.is_some()
    }
}

/// A router that a handler hands requests to.
#[derive(Clone, Debug)]
struct Handed {
    procedures: Vec<routers::Named>,
    /// The path below which its procedures are, if the adapter is told.
    endpoint: Option<Ustr>,
    /// The function that makes the context, if there is one.
    context: Option<Symbol>,
}

/// The model.
pub static MODEL: Model = Model {
    name: "trpc",
    calls: &[
        ("npm:@trpc/server.initTRPC.context", procedures::init),
        ("npm:@trpc/server.initTRPC.meta", procedures::init),
        ("npm:@trpc/server.initTRPC.create", procedures::create),
        (
            "npm:@trpc/server.experimental_standaloneMiddleware",
            procedures::standalone,
        ),
        ("npm:@trpc/server.TRPCError", errors::make),
        ("npm:@trpc/server.TRPCError<super>", errors::make_super),
        ("npm:@trpc/server.lazy", routers::lazy),
        ("npm:@trpc/server.experimental_lazy", routers::lazy),
        ("trpc:standalone.create", procedures::middleware),
        ("trpc:t.middleware", procedures::middleware),
        ("trpc:t.router", routers::router),
        ("trpc:t.mergeRouters", routers::merged),
        ("trpc:middleware", procedures::call_middleware),
        ("trpc:middleware.unstable_pipe", procedures::pipe),
        ("trpc:builder.*", procedures::extend),
        ("trpc:next", run::next),
        ("trpc:raw-input", run::raw_input),
        (
            "npm:@trpc/server/adapters/fetch.fetchRequestHandler",
            adapters::fetch,
        ),
        (
            "npm:@trpc/server/adapters/express.createExpressMiddleware",
            adapters::make,
        ),
        (
            "npm:@trpc/server/adapters/next.createNextApiHandler",
            adapters::make,
        ),
        (
            "npm:@trpc/server/adapters/standalone.createHTTPHandler",
            adapters::make,
        ),
        (
            "npm:@trpc/server/adapters/standalone.createHTTP2Handler",
            adapters::make,
        ),
        (
            "npm:@trpc/server/adapters/standalone.createHTTPServer",
            adapters::serve,
        ),
        (
            "npm:@trpc/server/adapters/node-http.createHTTPServer",
            adapters::serve,
        ),
        (adapters::EXPRESS, adapters::run),
        (adapters::NEXT, adapters::run),
        (adapters::STANDALONE, adapters::run),
        (adapters::STANDALONE_2, adapters::run),
        (adapters::FASTIFY, adapters::run),
    ],
    members: &[("trpc:t.procedure", procedures::procedure)],
    subclasses: &[("npm:@trpc/server.TRPCError", "js:Error")],
    ..Model::EMPTY
};
