//! Flask 2 and 3: <https://flask.palletsprojects.com/>.
//!
//! Routes and hooks are registered on applications and blueprints; a blueprint hands what it has over when it
//! is registered. What a function returns is the answer, so a hook that returns nothing lets the request on.
//! Sources: flask 2.2 and 3.1, `sansio/app.py`, `sansio/blueprints.py`, `sansio/scaffold.py`, `app.py`,
//! `views.py`; werkzeug 3.1, `routing/`.

pub(crate) mod answer;
mod apis;
pub(crate) mod config;
mod cookies;
pub(crate) mod cross_site;
pub(crate) mod errors;
mod flow;
pub(crate) mod http_auth;
pub(crate) mod jwt;
mod jwt_user;
pub(crate) mod limiter;
mod listing;
pub(crate) mod local_proxy;
pub(crate) mod login;
mod mountings;
pub(crate) mod register;
pub(crate) mod request;
pub(crate) mod rest;
mod rooms;
mod smorest;
mod sock;
pub(crate) mod socket_runs;
pub(crate) mod sockets;
mod steps;
pub(crate) mod tables;
mod views;

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Stop, Value};
use firedoor_source::Span;
use rustc_hash::{FxHashMap, FxHashSet};
use ustr::Ustr;

pub(crate) use flow::is_never_empty;

use crate::{Framework, Model, ModelHost};

/// The path of application objects.
pub(crate) const APP: &str = "py:flask.Flask()";
/// The path of blueprints.
pub(crate) const BLUEPRINT: &str = "py:flask.Blueprint()";
/// The name in registrations and output.
pub(crate) const NAME: &str = "flask";

/// The model.
pub static MODEL: Model = Model {
    name: "flask",
    calls: &[
        ("py:flask.Flask", create_application),
        ("py:flask.Flask().__init__", initialize_application),
        ("py:flask.Flask().run", config::run),
        ("py:flask.Flask().route", register::route),
        ("py:flask.Flask().get", register::route),
        ("py:flask.Flask().post", register::route),
        ("py:flask.Flask().put", register::route),
        ("py:flask.Flask().patch", register::route),
        ("py:flask.Flask().delete", register::route),
        ("py:flask.Flask().add_url_rule", register::add_url_rule),
        ("py:flask.Flask().endpoint", register::endpoint),
        (
            "py:flask.Flask().register_blueprint",
            register::register_blueprint,
        ),
        ("py:flask.Flask().before_request", register::hook),
        ("py:flask.Flask().before_app_request", register::hook),
        ("py:flask.Flask().after_request", register::hook),
        ("py:flask.Flask().after_app_request", register::hook),
        ("py:flask.Flask().teardown_request", register::hook),
        ("py:flask.Flask().teardown_app_request", register::hook),
        ("py:flask.Flask().teardown_appcontext", register::hook),
        ("py:flask.Flask().url_value_preprocessor", register::hook),
        (
            "py:flask.Flask().app_url_value_preprocessor",
            register::hook,
        ),
        ("py:flask.Flask().before_websocket", register::hook),
        ("py:flask.Flask().before_app_websocket", register::hook),
        ("py:flask.Flask().before_first_request", register::run_now),
        (
            "py:flask.Flask().before_app_first_request",
            register::run_now,
        ),
        ("py:flask.Flask().context_processor", register::given),
        ("py:flask.Flask().app_context_processor", register::given),
        ("py:flask.Flask().url_defaults", register::given),
        ("py:flask.Flask().app_url_defaults", register::given),
        ("py:flask.Flask().shell_context_processor", register::given),
        ("py:flask.Flask().errorhandler", register::error_handler),
        ("py:flask.Flask().app_errorhandler", register::error_handler),
        (
            "py:flask.Flask().register_error_handler",
            register::error_handler,
        ),
        ("py:flask.Flask().record", register::record),
        ("py:flask.Flask().record_once", register::record),
        ("py:flask.Flask().ensure_sync", register::given),
        ("py:flask.Flask().app_context", register::context),
        ("py:flask.Flask().test_request_context", register::context),
        ("py:flask.Flask().template_filter", register::pass_decorator),
        ("py:flask.Flask().template_global", register::pass_decorator),
        ("py:flask.Flask().template_test", register::pass_decorator),
        (
            "py:flask.Flask().app_template_filter",
            register::pass_decorator,
        ),
        (
            "py:flask.Flask().app_template_global",
            register::pass_decorator,
        ),
        ("py:flask.Flask().cli.command", register::pass_decorator),
        ("py:flask.Flask().make_response", answer::make_response),
        ("py:flask.Flask().send_static_file", answer::send_file),
        ("py:flask.Blueprint", create_blueprint),
        ("py:flask.Blueprint().__init__", initialize_blueprint),
        ("py:flask.Blueprint().route", register::route),
        ("py:flask.Blueprint().get", register::route),
        ("py:flask.Blueprint().post", register::route),
        ("py:flask.Blueprint().put", register::route),
        ("py:flask.Blueprint().patch", register::route),
        ("py:flask.Blueprint().delete", register::route),
        ("py:flask.Blueprint().add_url_rule", register::add_url_rule),
        ("py:flask.Blueprint().endpoint", register::endpoint),
        (
            "py:flask.Blueprint().register_blueprint",
            register::register_blueprint,
        ),
        ("py:flask.Blueprint().before_request", register::hook),
        ("py:flask.Blueprint().before_app_request", register::hook),
        ("py:flask.Blueprint().after_request", register::hook),
        ("py:flask.Blueprint().after_app_request", register::hook),
        ("py:flask.Blueprint().teardown_request", register::hook),
        ("py:flask.Blueprint().teardown_app_request", register::hook),
        (
            "py:flask.Blueprint().url_value_preprocessor",
            register::hook,
        ),
        (
            "py:flask.Blueprint().app_url_value_preprocessor",
            register::hook,
        ),
        ("py:flask.Blueprint().before_websocket", register::hook),
        ("py:flask.Blueprint().before_app_websocket", register::hook),
        (
            "py:flask.Blueprint().before_app_first_request",
            register::run_now,
        ),
        ("py:flask.Blueprint().context_processor", register::given),
        (
            "py:flask.Blueprint().app_context_processor",
            register::given,
        ),
        ("py:flask.Blueprint().url_defaults", register::given),
        ("py:flask.Blueprint().app_url_defaults", register::given),
        ("py:flask.Blueprint().errorhandler", register::error_handler),
        (
            "py:flask.Blueprint().app_errorhandler",
            register::error_handler,
        ),
        (
            "py:flask.Blueprint().register_error_handler",
            register::error_handler,
        ),
        ("py:flask.Blueprint().record", register::record),
        ("py:flask.Blueprint().record_once", register::record),
        (
            "py:flask.Blueprint().app_template_filter",
            register::pass_decorator,
        ),
        (
            "py:flask.Blueprint().app_template_global",
            register::pass_decorator,
        ),
        ("py:flask.Blueprint().cli.command", register::pass_decorator),
        ("py:flask.Blueprint().send_static_file", answer::send_file),
        ("flask:decorator", register::decorate),
        ("flask:pass", register::given),
        ("flask:guarded", run_guarded),
        ("flask:static", answer::send_file),
        ("flask:view", views::run),
        ("flask:view_call", register::given),
        ("py:flask.views.View.as_view", views::as_view),
        ("py:flask.views.View().dispatch_request", views::dispatch),
    ],
    members: &[
        ("py:flask.Flask().config", config::config),
        ("py:flask.Flask().extensions", config::extensions),
        ("py:flask.Flask().secret_key", config::attribute),
        ("py:flask.Flask().debug", config::attribute),
        ("py:flask.Flask().testing", config::attribute),
        ("py:flask.Flask().view_functions", register::view_functions),
    ],
    sets: &[
        ("py:flask.Flask().secret_key", config::set_attribute),
        ("py:flask.Flask().debug", config::set_attribute),
        ("py:flask.Flask().testing", config::set_attribute),
        ("py:flask.Flask().wsgi_app", config::set_wsgi),
        ("flask:view_functions.*", register::set_view_function),
    ],
    instances: &[
        ("py:flask.Flask", application_instance),
        ("py:flask.Blueprint", blueprint_instance),
    ],
    set_indexes: &[],
    aliases: &[
        ("py:flask.app.Flask", "py:flask.Flask"),
        ("py:flask.blueprints.Blueprint", "py:flask.Blueprint"),
        ("py:flask.views.MethodView", "py:flask.views.View"),
        ("py:quart.Quart", "py:flask.Flask"),
        ("py:quart.Blueprint", "py:flask.Blueprint"),
        ("py:quart.views.View", "py:flask.views.View"),
        ("py:quart.views.MethodView", "py:flask.views.View"),
    ],
    framework: Some(&FRAMEWORK),
    ..Model::EMPTY
};

static FRAMEWORK: Framework = Framework {
    name: NAME,
    doors: listing::doors,
    begin: flow::begin,
    step: flow::step,
    mountings: mountings::mountings,
    as_layer: mountings::as_layer,
    status_of: errors::status_of,
};

/// What the model keeps of routes and requests.
#[derive(Debug, Default)]
pub struct Memory {
    /// The context locals, by name.
    singletons: FxHashMap<&'static str, ObjectId>,
    /// What runs for each route, by the number that its handler holds.
    plans: Vec<Plan>,
    /// The plan of the request on its way.
    current: Option<usize>,
    /// The arguments of the view of the request on its way.
    view_arguments: Option<ObjectId>,
    /// The path of each endpoint, and whether it has parameters.
    endpoints: FxHashMap<Ustr, Ustr>,
    /// Where settings were written.
    places: FxHashMap<(ObjectId, Ustr), Span>,
    /// The managers of Flask-Login, those that were set up first.
    login_managers: Vec<ObjectId>,
    /// The user of the request on its way.
    user: login::Loaded,
    /// The manager of Flask-JWT-Extended.
    jwt_manager: Option<ObjectId>,
    /// Whom a function of Flask-HTTPAuth has found.
    http_user: Option<Value>,
    /// Resources of APIs that do not stand on an application yet.
    waiting: Vec<(ObjectId, ObjectId, Arguments, String, Span)>,
    /// Settings that were not read from the program: from a file or the environment.
    is_configured_outside: FxHashSet<ObjectId>,
}

impl Memory {
    /// The objects that stay for later requests.
    pub(crate) fn keeps(&self) -> impl Iterator<Item = ObjectId> + '_ {
        let kept = self.singletons.values().chain(&self.login_managers);
        kept.chain(&self.jwt_manager).copied()
    }
}

/// What runs for a route besides its steps.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The application.
    pub(crate) app: ObjectId,
    /// The blueprints around the view, outermost first.
    pub(crate) blueprints: Vec<ObjectId>,
    /// The name of the endpoint.
    pub(crate) endpoint: Ustr,
    /// The name of the blueprint, dotted.
    pub(crate) blueprint: Option<Ustr>,
    /// The view as it is registered, with its decorators.
    pub(crate) view: Value,
    /// What is called once all guards around it have run.
    pub(crate) inner: Value,
    /// The parameters of the path: their names and converters.
    pub(crate) parameters: Vec<(Ustr, Ustr)>,
    /// Constants for arguments that the path does not have.
    pub(crate) defaults: Option<Value>,
    /// What runs with the answer.
    pub(crate) after: Vec<Value>,
}

fn create_application(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_router(machine, APP, NAME, "app", call.span);
    keep_options(host, machine, id, call.arguments);
    Ok(Some(Value::object(id)))
}

fn create_blueprint(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_router(machine, BLUEPRINT, NAME, "blueprint", call.span);
    keep_options(host, machine, id, call.arguments);
    Ok(Some(Value::object(id)))
}

/// What was given to the constructor is kept among the options of the router.
fn keep_options(host: &ModelHost, machine: &mut Machine<'_>, id: ObjectId, given: &Arguments) {
    let mut state = host.state();
    let Some(router) = state.routers.get_mut(&id) else {
        return;
    };
    let names = ["name", "import_name"];
    let is_app = router.role == "app";
    for (index, value) in given.positional.iter().enumerate() {
        let name = match (is_app, index) {
            (true, 0) => "import_name",
            (true, 1) => "static_url_path",
            (true, 2) => "static_folder",
            (false, 0 | 1) => names[index],
            (false, 2) => "static_folder",
            _ => continue,
        };
        router.options.insert(Ustr::from(name), value.clone());
    }
    for (name, value) in &given.keywords {
        router.options.insert(*name, value.clone());
    }
    let name = router.options.get(&Ustr::from("name")).cloned();
    drop(state);
    if let Some(name) = name {
        machine.heap.set_property(id, Ustr::from("name"), name);
    }
}

fn instance(host: &ModelHost, machine: &Machine<'_>, id: ObjectId, role: &'static str) {
    let span = machine.heap.get(id).span;
    let router = crate::state::Router {
        framework: NAME,
        role,
        span,
        options: Default::default(),
        registrations: Vec::new(),
    };
    host.state().routers.entry(id).or_insert(router);
}

/// An instance of a subclass of `Flask` is an application.
fn application_instance(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    made: ObjectId,
    arguments: &Arguments,
    _span: Span,
) -> Result<bool, Stop> {
    instance(host, machine, made, "app");
    let has_own = machine.class_attribute(class, Ustr::from("__init__"));
    if has_own.is_none() {
        keep_options(host, machine, made, arguments);
    }
    Ok(has_own.is_none())
}

fn blueprint_instance(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    made: ObjectId,
    arguments: &Arguments,
    _span: Span,
) -> Result<bool, Stop> {
    instance(host, machine, made, "blueprint");
    let has_own = machine.class_attribute(class, Ustr::from("__init__"));
    if has_own.is_none() {
        keep_options(host, machine, made, arguments);
    }
    Ok(has_own.is_none())
}

/// `super().__init__(...)` of a subclass.
fn initialize_application(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(id) = call.this.only_object() {
        instance(host, machine, id, "app");
        keep_options(host, machine, id, call.arguments);
    }
    Ok(Some(Value::null()))
}

fn initialize_blueprint(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(id) = call.this.only_object() {
        instance(host, machine, id, "blueprint");
        keep_options(host, machine, id, call.arguments);
    }
    Ok(Some(Value::null()))
}

/// Puts a guard of a library around a function: the guard is called without arguments and refuses, or not.
pub(crate) fn guarded(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    guard: Value,
    function: Value,
    span: Span,
) -> Value {
    let id = host.make_object(machine, "flask:guarded", span);
    let name = crate::doors::symbol(machine, &function, span).name;
    let object = machine.heap.get_mut(id);
    object.name = Some(name);
    object.elements = vec![guard, function.clone()];
    object
        .properties
        .insert(Ustr::from("__wrapped__"), function);
    Value::object(id)
}

/// Returns the guard and the function that a guarded function is made of.
pub(crate) fn parts_of_guarded(machine: &Machine<'_>, value: &Value) -> Option<(Value, Value)> {
    let id = value.only_object()?;
    let object = machine.heap.get(id);
    let is_guarded = matches!(object.kind, ObjectKind::Host(path) if path == "flask:guarded");
    match object.elements.as_slice() {
        [guard, function] if is_guarded => Some((guard.clone(), function.clone())),
        _ => None,
    }
}

fn run_guarded(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some((guard, function)) = parts_of_guarded(machine, &call.this) else {
        return Ok(None);
    };
    machine.call_value(&guard, None, &Arguments::default(), call.span)?;
    machine
        .call_value(&function, None, call.arguments, call.span)
        .map(Some)
}

impl ModelHost {
    /// Returns the plan of the request on its way, if it is one of Flask.
    pub(crate) fn flask_plan(&self) -> Option<Plan> {
        let state = self.state();
        let number = state.flask.current?;
        state.flask.plans.get(number).cloned()
    }

    /// Returns the application that the request on its way is for, or the first.
    pub(crate) fn flask_app(&self) -> Option<ObjectId> {
        if let Some(plan) = self.flask_plan() {
            return Some(plan.app);
        }
        let state = self.state();
        let mut routers = state.routers.iter();
        let found = routers.find(|(_, router)| router.framework == NAME && router.role == "app");
        found.map(|(id, _)| *id)
    }
}
