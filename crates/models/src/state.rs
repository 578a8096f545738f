//! What models remember: while the application is wired, and while a request is on its way.

use firedoor_app::{Asset, EffectKind, Origin, Setting, Unresolved};
use firedoor_eval::{Decided, Mark, ObjectId, Thrown, Value, Written};
use firedoor_source::Span;
use indexmap::IndexMap;
use rustc_hash::{FxHashMap, FxHashSet};
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

/// A request that leaves the rest of its route or router.
#[derive(Clone, Debug)]
pub struct Left {
    /// How far.
    pub leave: crate::sequel::Leave,
    /// Where.
    pub span: Span,
    /// The function it stands in.
    pub function: Ustr,
    /// What was decided on the way.
    pub decided: Vec<Decided>,
    /// What was written on the way.
    pub written: Written,
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
    /// How much was decided when each step began, by its number.
    pub decided_before: Vec<(usize, usize)>,
    /// What each path of the running step had written where it let the request on.
    pub passed: Vec<Written>,
    /// The requests that left a route or router from the running step.
    pub leaves: Vec<Left>,
    /// The sets that a connection is kept with, which say where it takes part.
    pub own_rooms: FxHashSet<ObjectId>,
    /// The lists, sets and maps that were put into an asset under a key, with both.
    pub kept_groups: FxHashMap<ObjectId, (Ustr, firedoor_app::Provenance)>,
    /// The user that the program's own loader found by the token of the request, once it was asked.
    pub(crate) loaded_user: Option<Value>,
    /// What was put into containers of the process under the number of the connection that is served.
    pub(crate) own_entries: Vec<(ObjectId, Value)>,
    /// The errors that the running step gives to the error handlers, if its framework takes them from it.
    pub handed_on: Option<Vec<Thrown>>,
    /// The number of the handler's step, of an HTTP request that came so far.
    pub handler: Option<usize>,
    /// Holds while the handler runs.
    pub is_at_handler: bool,
    /// Holds while what lies behind a route is tried.
    pub is_behind: bool,
    /// Holds once a layer has logged in whoever brings a credential of its own form: what asks for one behind it asks for
    /// that form too.
    pub is_logged_in_by_scheme: bool,
    /// Holds if the handler has let the request on.
    pub has_passed_on: bool,
    /// The path of the entry point as a template.
    pub path: Ustr,
    /// The method of the entry point.
    pub method: Ustr,
    /// The path that each step is relative to.
    pub bases: Vec<Ustr>,
    /// Methods that other routes of the same path answer.
    pub methods_taken: Vec<Ustr>,
    /// Holds if the application believes whatever a client writes about the proxies on its way.
    pub trusts_senders: bool,
    /// Values of the request that were read as a type with bounds, each with a bound.
    pub bounds: Vec<(Value, Value)>,
    /// The name of the message that is being handled, if it is chosen.
    pub message: Option<Ustr>,
    /// The field that tells messages apart, if a message is chosen.
    pub message_field: Ustr,
    /// The event that the entry point is for, if it is for one.
    pub event: Option<Ustr>,
    /// The steps in which a password that a message carries was compared.
    pub passwords: Vec<usize>,
    /// Calls of libraries that nothing is known of.
    pub outside: Vec<RawEffect>,
    /// What was registered on connections while the request ran.
    pub listeners: Vec<Listener>,
    /// Handshakes that were taken, and not yet answered.
    pub upgraded: Vec<Upgrade>,
    /// Connections that were handed over to the handlers of a server.
    pub connected: Vec<Connected>,
    /// Constants that the path of the request was compared with.
    pub paths: IndexMap<Ustr, Span>,
    /// Constants that the method of the request was compared with.
    pub methods: IndexMap<Ustr, Span>,
    /// Constants that the message was compared with: its possible names, with the path of the field.
    pub messages: IndexMap<(Ustr, Ustr), Span>,
    /// What could not be resolved in the running steps.
    pub unknown: Vec<(usize, String)>,
    /// The steps that fail whatever is asked, so that they were passed over.
    pub(crate) collapsed: Vec<usize>,
    /// How deep in transactions the handler is.
    pub transactions: u32,
    /// How many of them are at the level that database servers have by default, at which reading locks nothing.
    pub(crate) plain_transactions: u32,
    /// What the request is to procedures of tRPC.
    pub(crate) trpc: crate::trpc::Passage,
    /// Holds once a store has turned out to be a cache: what was read from it before was no record.
    pub(crate) is_stale: bool,
}

/// Something that a connection waits for.
#[derive(Clone, Debug)]
pub struct Listener {
    /// The connection.
    pub socket: ObjectId,
    /// The event; nothing for all of them.
    pub event: Value,
    /// What is called.
    pub handler: Value,
    /// Where it is registered.
    pub span: Span,
    /// How it is called.
    pub kind: ListenerKind,
}

/// How a listener is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListenerKind {
    /// With the data of each message.
    Every,
    /// With the data of the first message only.
    Once,
    /// With an event object whose `data` is the message, as browsers do.
    Event,
    /// With the name of the event and its data, whatever the event.
    Any,
    /// Before every listener, with the packet and `next`.
    Layer,
}

/// A handshake that the program took.
#[derive(Clone, Debug)]
pub struct Upgrade {
    /// The WebSocket server.
    pub server: ObjectId,
    /// What is called with the connection.
    pub callback: Value,
    /// The request.
    pub request: Value,
    /// Where.
    pub span: Span,
}

/// A connection that the handlers of a server are called for.
#[derive(Clone, Debug)]
pub struct Connected {
    /// The WebSocket server.
    pub server: ObjectId,
    /// What the handlers are called with.
    pub arguments: Vec<Value>,
}

/// What models remember.
#[derive(Debug, Default)]
pub struct State {
    /// Who sends the request.
    pub persona: Persona,
    /// What there was before the requests to the entry point that is asked just now.
    pub(crate) before_requests: Option<firedoor_eval::Before>,
    /// The origins made so far.
    pub(crate) origins: OriginTable,
    /// Routers, by their objects, in the order in which they were made.
    pub routers: IndexMap<ObjectId, Router>,
    /// The request on its way.
    pub run: Run,
    /// Files with applications that believe what clients write about the proxies on their way.
    pub trusting: Vec<Ustr>,
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
    /// The assets of the process in which connections are kept.
    pub socket_assets: indexmap::IndexSet<Ustr>,
    /// Those among them that keep several connections under a key.
    pub room_assets: indexmap::IndexSet<Ustr>,
    /// The messages that the last WebSocket handler told apart: the field, and its constants.
    pub messages_seen: Vec<(Ustr, Ustr)>,
    /// The doors as they would be with the decorators above those of their routes, by what their handlers are.
    pub(crate) topmost: FxHashMap<ObjectId, crate::Door>,
    /// What layers that come too late are good for by themselves, whatever they come too late for.
    pub(crate) lone_guards:
        FxHashMap<crate::guards::LateLayer, Option<firedoor_app::GuardDefinition>>,
    /// What layers that come too late would be good for, by the layer, its place, and whether something is changed.
    pub(crate) late_guards:
        FxHashMap<(ObjectId, firedoor_source::Span, bool), Option<firedoor_app::GuardDefinition>>,
    /// What the model of Django keeps.
    pub(crate) django: crate::django::Memory,
    /// What the model of FastAPI keeps.
    pub(crate) fastapi: crate::fastapi::Memory,
    /// What the model of Fastify keeps.
    pub(crate) fastify: crate::fastify::Memory,
    /// What the model of Flask keeps.
    pub(crate) flask: crate::flask::Memory,
    /// What the model of NestJS keeps.
    pub(crate) nestjs: crate::nestjs::Memory,
    /// What the model of Next.js keeps.
    pub(crate) nextjs: crate::nextjs::Memory,
    /// What the model of tRPC keeps.
    pub(crate) trpc: crate::trpc::Memory,
    /// The statements in SQL that were sent before.
    pub(crate) parsed: crate::sqltext::Parsed,
    /// Whether files with SQL have been read.
    pub(crate) has_sql_files: bool,
    /// What the model of TypeORM remembers.
    pub(crate) typeorm: crate::typeorm::Memory,
    /// What the model of Drizzle remembers.
    pub(crate) drizzle: crate::drizzle::Memory,
    /// What the model of Sequelize remembers.
    pub(crate) sequelize: crate::sequelize::Memory,
    /// Builders of Knex.
    /// Holds if the program connects to a database server, at which several transactions run at a time.
    pub(crate) has_database_server: bool,
    pub(crate) knex_builders: FxHashMap<ObjectId, crate::knex::Builder>,
    /// What the model of Prisma remembers.
    pub(crate) prisma: crate::prisma::Memory,
    /// Statements in SQL that run when they are waited for.
    pub(crate) sql_queries: FxHashMap<ObjectId, crate::sql::Sent>,
    /// What the model of Mongoose remembers.
    pub(crate) mongoose: crate::mongoose::Memory,
    /// Where each door of a framework with an order of registrations stands.
    pub places: FxHashMap<crate::sequel::DoorKey, crate::sequel::Place>,
    /// Routers and applications that outside code was given: a server, a wrapper.
    pub escaped: FxHashSet<ObjectId>,
    /// The steps of the entry point asked about that are passed over, since they fail whatever is asked.
    pub(crate) collapsed: Vec<usize>,
    /// Holds if the handler of the last request only let it on, so that its door leads nowhere by itself.
    pub is_passage: bool,
    /// The settings of fastapi-jwt-auth.
    pub(crate) jwt_auth: Option<Value>,
    /// Stores in which requests keep what they bring, so that they are no caches.
    pub(crate) kept: FxHashSet<ObjectId>,
    /// Values that models keep for themselves, by object and name.
    pub notes: FxHashMap<(ObjectId, &'static str), Value>,
}

impl State {
    /// Holds if models keep anything for later requests that was made from `first` on: what is made when it is first
    /// asked for, such as the class of a library. What only belongs to objects of that request is not asked for again.
    pub(crate) fn keeps_any_since(&self, first: ObjectId) -> bool {
        let is_new = |id: &ObjectId| *id >= first;
        let has_new = |value: &Value| value.objects().any(|id| id >= first);
        let mut notes = self.notes.iter();
        notes.any(|((owner, _), value)| !is_new(owner) && has_new(value))
            || self.routers.keys().any(is_new)
            || self.strategies.values().any(has_new)
            || self.jwt_auth.as_ref().is_some_and(has_new)
            || self.django.keeps().any(|id| id >= first)
            || self.flask.keeps().any(|id| id >= first)
            || self.mongoose.keeps().any(|id| id >= first)
            || self.nestjs.keeps().any(has_new)
    }

    /// Gives up what models keep for objects from `first` on, which are no more.
    pub(crate) fn forget_since(&mut self, first: ObjectId) {
        self.notes.retain(|(owner, _), _| *owner < first);
    }
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
