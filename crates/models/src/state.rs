//! What models remember: while the application is wired, and while a request is on its way.

use firedoor_app::{Asset, EffectKind, Origin, Setting, Unresolved};
use firedoor_eval::{Decided, Mark, ObjectId, Value, Written};
use firedoor_source::Span;
use indexmap::IndexMap;
use rustc_hash::FxHashMap;
use ustr::Ustr;

use crate::origins::OriginTable;

/// Who sends the symbolic request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Persona {
    /// Nobody: the application is being wired.
    #[default]
    Wiring,
    /// Somebody without credentials, or with forged ones: no secret that he presents is right.
    Attacker,
    /// Somebody who may pass every guard, and may not.
    User,
}

/// An effect as it is noted, before its checks are put into words.
#[derive(Clone, Debug)]
pub struct RawEffect {
    /// What.
    pub kind: EffectKind,
    /// Where.
    pub span: Span,
    /// The function it stands in.
    pub function: Ustr,
    /// What was decided on the way.
    pub decided: Vec<Decided>,
    /// The number of the step that did it.
    pub step: usize,
}

/// How a request ended that nobody caught.
#[derive(Clone, Debug)]
pub struct RawRefusal {
    /// How.
    pub refusal: firedoor_app::Refusal,
    /// Where.
    pub span: Span,
    /// What was decided on the way.
    pub decided: Vec<Decided>,
    /// The number of the step.
    pub step: usize,
}

/// What is registered on a router or application object.
#[derive(Clone, Debug)]
pub struct Registration {
    /// What it is.
    pub kind: RegistrationKind,
    /// The path as written, with [`firedoor_eval::HOLE`]s for what is unknown; empty for none.
    pub path: Ustr,
    /// The functions, in order.
    pub handlers: Vec<Value>,
    /// Where.
    pub span: Span,
    /// What was decided on the way to it.
    pub decided: Vec<Decided>,
    /// Further arguments by name, for frameworks that register with options.
    pub options: IndexMap<Ustr, Value>,
}

/// The kinds of registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistrationKind {
    /// Runs for everything below the path.
    Layer,
    /// Answers requests of this method (upper case, `ANY`).
    Route(Ustr),
    /// Another router takes everything below the path; it is in `handlers`.
    Mount,
    /// Runs for requests with this path parameter.
    Parameter(Ustr),
    /// Runs when something failed.
    ErrorHandler,
    /// Answers a WebSocket.
    WebSocket,
    /// Whatever a framework needs besides.
    Other(&'static str),
}

/// A router, application, server or namespace: something that others are registered on.
#[derive(Clone, Debug)]
pub struct Router {
    /// The framework that made it.
    pub framework: &'static str,
    /// What it is to its framework, such as `app` or `router`.
    pub role: &'static str,
    /// Where it was made.
    pub span: Span,
    /// Its own options (a prefix, dependencies).
    pub options: IndexMap<Ustr, Value>,
    /// What is registered on it, in order.
    pub registrations: Vec<Registration>,
}

/// What is happening to the request that is on its way.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// The effects noted.
    pub effects: Vec<RawEffect>,
    /// How the request was refused.
    pub refusals: Vec<RawRefusal>,
    /// The credentials read, with the step that read them.
    pub reads: Vec<(Origin, usize)>,
    /// The step that is running.
    pub step: usize,
    /// Where the heap stood when the running step began.
    pub mark: Mark,
    /// What each path of the running step had written where it let the request on.
    pub passed: Vec<Written>,
    /// The path of the entry point as a template.
    pub path: Ustr,
    /// The method of the entry point.
    pub method: Ustr,
    /// The name of the message that is being handled, if it is chosen.
    pub message: Option<Ustr>,
    /// Constants that the message was compared with: its possible names, with the path of the field.
    pub messages: IndexMap<(Ustr, Ustr), Span>,
    /// What could not be resolved in the running steps.
    pub unknown: Vec<(usize, String)>,
    /// How deep in transactions the handler is.
    pub transactions: u32,
}

/// What models remember.
#[derive(Debug, Default)]
pub struct State {
    /// Who sends the request.
    pub persona: Persona,
    /// The origins made so far.
    pub(crate) origins: OriginTable,
    /// Routers, by their objects, in the order in which they were made.
    pub routers: IndexMap<ObjectId, Router>,
    /// The request on its way.
    pub run: Run,
    /// Assets declared so far.
    pub assets: IndexMap<Ustr, Asset>,
    /// The asset that a model class or model object stands for.
    pub asset_of: FxHashMap<ObjectId, Ustr>,
    /// Settings.
    pub settings: Vec<Setting>,
    /// What could not be resolved.
    pub unresolved: Vec<Unresolved>,
    /// Guards that libraries made: the object, the controls and where.
    pub made_guards: IndexMap<ObjectId, MadeGuard>,
    /// Guards that are called by hand, and so need not be mounted.
    pub used_guards: indexmap::IndexSet<ObjectId>,
    /// What a function that was tried has answered, with what decided it.
    pub answers: Vec<(Value, Vec<Decided>)>,
    /// The strategies of Passport, by name, and how it finds the user of a session under an empty name.
    pub strategies: IndexMap<Ustr, Value>,
    /// The full path of the member that is being read or written, for entries that answer for all members.
    pub member_name: Ustr,
    /// The names of messages that the last WebSocket handler told apart.
    pub messages_seen: Vec<Ustr>,
    /// What the model of FastAPI keeps.
    pub(crate) fastapi: crate::fastapi::Memory,
    /// Whether files with SQL have been read.
    pub(crate) has_sql_files: bool,
    /// What the model of TypeORM remembers.
    pub(crate) typeorm: crate::typeorm::Memory,
    /// What the model of Drizzle remembers.
    pub(crate) drizzle: crate::drizzle::Memory,
    /// What the model of Sequelize remembers.
    pub(crate) sequelize: crate::sequelize::Memory,
    /// Builders of Knex.
    pub(crate) knex_builders: FxHashMap<ObjectId, crate::knex::Builder>,
    /// What the model of Prisma remembers.
    pub(crate) prisma: crate::prisma::Memory,
    /// Statements in SQL that run when they are waited for.
    pub(crate) sql_queries: FxHashMap<ObjectId, crate::sql::Sent>,
    /// What the model of Mongoose remembers.
    pub(crate) mongoose: crate::mongoose::Memory,
    /// Holds if the handler of the last request only let it on, so that its door leads nowhere by itself.
    pub is_passage: bool,
    /// Values that models keep for themselves, by object and name.
    pub notes: FxHashMap<(ObjectId, &'static str), Value>,
}

/// A guard that a library made when it was called (`rateLimit({...})`).
#[derive(Clone, Debug)]
pub struct MadeGuard {
    /// What it is good for.
    pub controls: Vec<firedoor_app::Control>,
    /// What it counts, if it is a limiter.
    pub throttle: Option<firedoor_app::Throttle>,
    /// Where it was made.
    pub span: Span,
    /// The library's name for it.
    pub library: &'static str,
}
