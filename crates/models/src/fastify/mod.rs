//! Fastify 4 and 5: <https://fastify.dev/docs/latest/>.
//!
//! Plugins wait in a queue and run when they are awaited or when the application starts. Each gets a child
//! of the instance: what it adds stays below it, unless `fastify-plugin` says otherwise. A hook that is added
//! to a parent reaches the children it has already. Sources: fastify 4.29.1 and 5.12.8, `fastify.js`,
//! `lib/route.js`, `lib/hooks.js`, `lib/pluginOverride.js`, `lib/reply.js`; avvio 8 and 9.

pub(crate) mod beneath;
mod cli;
mod errors;
mod flow;
mod instance;
mod listing;
mod options;
pub(crate) mod paths;
pub(crate) mod plugins;
mod queue;
mod reply;
mod request;
mod routes;

use firedoor_eval::{Decided, ObjectId, Value};
use firedoor_source::Span;
use indexmap::IndexMap;
use rustc_hash::{FxHashMap, FxHashSet};
use ustr::Ustr;

use crate::sequel::DoorKey;
use crate::{Door, Framework, Model, ModelHost};

/// The path of instances.
pub(crate) const INSTANCE: &str = "npm:fastify()";
/// The name in registrations and output.
pub(crate) const NAME: &str = "fastify";

/// The model.
pub static MODEL: Model = Model {
    name: NAME,
    calls: &[
        ("npm:fastify", instance::create),
        ("npm:fastify.default", instance::create),
        ("npm:fastify.fastify", instance::create),
        ("npm:fastify-plugin", instance::plain_plugin),
        ("npm:fastify-plugin.default", instance::plain_plugin),
        ("npm:fastify-plugin.fastifyPlugin", instance::plain_plugin),
        ("npm:fastify().register", queue::register),
        ("npm:fastify().after", queue::after),
        ("npm:fastify().ready", queue::ready),
        ("npm:fastify().listen", queue::ready),
        ("npm:fastify().inject", queue::inject),
        ("npm:fastify().addHook", queue::add_hook),
        ("npm:fastify().setErrorHandler", instance::set_error_handler),
        ("npm:fastify().setNotFoundHandler", instance::set_not_found),
        ("npm:fastify().decorate", instance::decorate),
        ("npm:fastify().decorateRequest", instance::decorate),
        ("npm:fastify().decorateReply", instance::decorate),
        ("npm:fastify().hasDecorator", instance::has_decorator),
        ("npm:fastify().getDecorator", instance::get_decorator),
        ("npm:fastify().route", routes::route),
        ("npm:fastify().get", routes::shorthand),
        ("npm:fastify().head", routes::shorthand),
        ("npm:fastify().post", routes::shorthand),
        ("npm:fastify().put", routes::shorthand),
        ("npm:fastify().patch", routes::shorthand),
        ("npm:fastify().delete", routes::shorthand),
        ("npm:fastify().options", routes::shorthand),
        ("npm:fastify().all", routes::shorthand),
        ("npm:fastify().withTypeProvider", instance::same),
        (
            "npm:fastify().setValidatorCompiler",
            instance::set_validator,
        ),
        ("npm:fastify().setSerializerCompiler", instance::same),
        ("npm:fastify().setReplySerializer", instance::same),
        ("npm:fastify().setSchemaController", instance::same),
        ("npm:fastify().setSchemaErrorFormatter", instance::same),
        ("npm:fastify().setGenReqId", instance::same),
        ("npm:fastify().addContentTypeParser", instance::same),
        ("npm:fastify().removeAllContentTypeParsers", instance::same),
        ("npm:fastify().removeContentTypeParser", instance::same),
        ("npm:fastify().addConstraintStrategy", instance::same),
        ("npm:fastify().addHttpMethod", instance::same),
        ("npm:fastify().addSchema", options::add_schema),
        ("npm:fastify().close", queue::inject),
        ("npm:fastify().use", queue::layer),
        ("fastify:logger.*", instance::nothing),
        ("fastify:done", instance::nothing),
        ("fastify:next", flow::next),
        ("fastify:reply.code", reply::set_status),
        ("fastify:reply.status", reply::set_status),
        ("fastify:reply.send", reply::send),
        ("fastify:reply.sendFile", reply::send_file),
        ("fastify:reply.download", reply::send_file),
        ("fastify:reply.view", reply::send_file),
        ("fastify:reply.viewAsync", reply::send_file),
        ("fastify:reply.html", reply::send_file),
        ("fastify:reply.hijack", reply::hijack),
        ("fastify:reply.callNotFound", reply::not_found),
        ("fastify:reply.redirect", reply::redirect),
        ("fastify:reply.header", reply::header),
        ("fastify:reply.headers", reply::headers),
        ("fastify:reply.setCookie", reply::set_cookie),
        ("fastify:reply.cookie", reply::set_cookie),
        ("fastify:reply.clearCookie", reply::clear_cookie),
        ("fastify:reply.*", reply::other),
        ("express:request.isMultipart", request::test),
        ("express:request.file", request::file),
        ("express:request.files", request::file),
        ("express:request.parts", request::file),
        ("express:request.saveRequestFiles", request::file),
        ("express:request.formData", request::file),
        ("express:request.unsignCookie", request::unsign_cookie),
        ("express:request.setDecorator", request::set_decorator),
        ("express:request.getDecorator", request::get_decorator),
    ],
    members: &[
        ("npm:fastify().*", instance::member),
        ("ws:socket.socket", request::same_socket),
    ],
    sets: &[("fastify:reply.statusCode", reply::set_status_property)],
    awaits: &[(INSTANCE, queue::awaited)],
    framework: Some(&FRAMEWORK),
    ..Model::EMPTY
};

pub(crate) static FRAMEWORK: Framework = Framework {
    name: NAME,
    doors: listing::doors,
    begin: flow::begin,
    step: flow::step,
    mountings: listing::mountings,
    as_layer: listing::as_layer,
    status_of: errors::status_of,
};

/// Gives a door that stands for a part of another one what requests have besides the door.
pub(crate) fn share_plan(host: &ModelHost, whole: &Door, part: &Door) {
    let plans = &mut host.state().fastify.plans;
    if let Some(plan) = plans.get(&crate::sequel::key(whole)).cloned() {
        plans.insert(crate::sequel::key(part), plan);
    }
}

/// When a hook runs, in the order of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Event {
    /// Before the body is read.
    Request,
    /// Before the body is parsed.
    Parsing,
    /// Before the request is held against its schemas.
    Validation,
    /// Before the handler.
    Handler,
    /// Before the answer is made into text.
    Serialization,
    /// Before the answer is sent.
    Send,
}

impl Event {
    pub(crate) fn of(name: &str) -> Option<Event> {
        Some(match name {
            "onRequest" => Event::Request,
            "preParsing" => Event::Parsing,
            "preValidation" => Event::Validation,
            "preHandler" => Event::Handler,
            "preSerialization" => Event::Serialization,
            "onSend" => Event::Send,
            _ => return None,
        })
    }

    /// The events before the handler, with their names.
    pub(crate) const BEFORE: [(Event, &'static str); 4] = [
        (Event::Request, "onRequest"),
        (Event::Parsing, "preParsing"),
        (Event::Validation, "preValidation"),
        (Event::Handler, "preHandler"),
    ];
}

/// A function that runs around requests.
#[derive(Clone, Debug)]
pub(crate) struct Hook {
    pub(crate) event: Event,
    pub(crate) value: Value,
    pub(crate) span: Span,
    pub(crate) decided: Vec<Decided>,
    /// The instance that it was added to: `this` of the function.
    pub(crate) instance: ObjectId,
}

/// A route as it was registered.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) instance: ObjectId,
    pub(crate) methods: Vec<Ustr>,
    /// The path with all prefixes, as Fastify writes it.
    pub(crate) path: Ustr,
    /// The options, with the handler; hooks may have been added to them.
    pub(crate) options: Value,
    /// What libraries have added to the hooks of the route.
    pub(crate) more: Vec<(Event, Value)>,
    /// Holds if the handler takes the connection of a WebSocket.
    pub(crate) is_socket: bool,
    pub(crate) span: Span,
    pub(crate) decided: Vec<Decided>,
}

/// Something that waits to be run in its turn.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) kind: WaitingKind,
    pub(crate) value: Value,
    pub(crate) options: Value,
    pub(crate) span: Span,
    pub(crate) decided: Vec<Decided>,
}

/// What waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitingKind {
    Plugin,
    Hook(Event),
    /// A function that was given to `after` or `ready`.
    After,
}

/// An instance of Fastify: the application, or what a plugin was given.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    pub(crate) parent: Option<ObjectId>,
    pub(crate) children: Vec<ObjectId>,
    pub(crate) prefix: String,
    pub(crate) hooks: Vec<Hook>,
    /// Functions that are told of each route, and limiters that take part in it.
    pub(crate) on_route: Vec<Value>,
    pub(crate) routes: Vec<Route>,
    pub(crate) queue: std::collections::VecDeque<Waiting>,
    pub(crate) error_handler: Option<Hook>,
    pub(crate) decorations: IndexMap<Ustr, Value>,
    pub(crate) on_request: IndexMap<Ustr, Value>,
    pub(crate) on_reply: IndexMap<Ustr, Value>,
    pub(crate) has_validator: bool,
    /// Holds if everything is taken away that a schema does not name.
    pub(crate) removes_all: bool,
    pub(crate) span: Span,
}

/// What a request through a door has besides the door.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) instance: ObjectId,
    pub(crate) options: Value,
    /// Holds if a function waits before answers are sent: until it is done nothing counts as sent.
    pub(crate) sends_late: bool,
    /// Holds if everything is taken away that a schema does not name.
    pub(crate) removes_all: bool,
}

/// What a plugin says about itself: its name, and those that it needs.
#[derive(Clone, Debug, Default)]
pub(crate) struct About {
    pub(crate) name: Option<Ustr>,
    pub(crate) needs: Vec<Ustr>,
}

/// What the model keeps.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) instances: IndexMap<ObjectId, Instance>,
    /// Functions that work on the instance itself.
    pub(crate) plain: FxHashSet<ObjectId>,
    /// What plugins say about themselves.
    pub(crate) about: FxHashMap<ObjectId, About>,
    pub(crate) plans: FxHashMap<DoorKey, Plan>,
    /// Schemas that were added under an identifier.
    pub(crate) schemas: IndexMap<Ustr, Value>,
    /// How many plugins have been run.
    pub(crate) loaded: usize,
    /// The decisions on the way to each answer of the running step.
    pub(crate) sent: Vec<Vec<Decided>>,
    /// Errors that the running step gave to `send` or to its callback.
    pub(crate) raised: Vec<firedoor_eval::Thrown>,
    /// The plan of the request on its way.
    pub(crate) current: Option<Plan>,
    /// The request and the reply on their way.
    pub(crate) exchange: Option<(ObjectId, ObjectId)>,
    /// How the function that is being asked has called back: with an error or without, and on which way.
    pub(crate) called_back: Vec<(Value, Vec<Decided>)>,
}
