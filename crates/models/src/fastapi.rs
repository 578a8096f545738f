//! FastAPI and Starlette: <https://fastapi.tiangolo.com/reference/>.
//!
//! Routes belong to routers; a router's own dependencies are copied into a route when the route is added,
//! and those of an inclusion are put before them when it is included. Sources: fastapi 0.115 and 0.165,
//! `routing.py`; starlette 0.46, `applications.py`, `routing.py`.

use firedoor_app::{Flag, Setting, SettingKind};
use firedoor_eval::{Answer, Arguments, Atom, Call, Decided, Machine, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use indexmap::IndexMap;
use rustc_hash::FxHashMap;
use ustr::Ustr;

use crate::fastapi_dependencies::{Dependant, dependant};
use crate::fastapi_plan::Plan;
use crate::state::{Registration, RegistrationKind};
use crate::{Framework, Model, ModelHost, fastapi_doors, fastapi_middleware};

const METHODS: [&str; 8] = [
    "get", "post", "put", "patch", "delete", "head", "options", "trace",
];

/// The model.
pub static MODEL: Model = Model {
    name: "fastapi",
    calls: &[
        ("py:fastapi.FastAPI", create_application),
        ("py:starlette.applications.Starlette", create_starlette),
        ("py:fastapi.APIRouter", create_router),
        ("py:starlette.routing.Router", create_starlette),
        ("py:starlette.routing.Route", keep_call),
        ("py:starlette.routing.WebSocketRoute", keep_call),
        ("py:starlette.routing.Mount", keep_call),
        ("py:starlette.routing.Host", keep_call),
        ("py:starlette.middleware.Middleware", keep_call),
        ("py:fastapi.Depends", depends),
        ("py:fastapi.Security", depends),
        ("py:fastapi.Header", crate::pydantic::keep_keywords),
        ("py:fastapi.Cookie", crate::pydantic::keep_keywords),
        ("py:fastapi.Query", crate::pydantic::keep_keywords),
        ("py:fastapi.Path", crate::pydantic::keep_keywords),
        ("py:fastapi.Body", crate::pydantic::keep_keywords),
        ("py:fastapi.Form", crate::pydantic::keep_keywords),
        ("py:fastapi.File", crate::pydantic::keep_keywords),
        ("py:fastapi.FastAPI().include_router", include_router),
        ("py:fastapi.FastAPI().add_api_route", add_api_route),
        ("py:fastapi.FastAPI().add_route", add_api_route),
        ("py:fastapi.FastAPI().api_route", route_decorator),
        ("py:fastapi.FastAPI().route", route_decorator),
        ("py:fastapi.FastAPI().websocket", websocket_decorator),
        ("py:fastapi.FastAPI().websocket_route", websocket_decorator),
        (
            "py:fastapi.FastAPI().add_api_websocket_route",
            add_websocket_route,
        ),
        (
            "py:fastapi.FastAPI().add_websocket_route",
            add_websocket_route,
        ),
        ("py:fastapi.FastAPI().mount", mount),
        (
            "py:fastapi.FastAPI().add_middleware",
            fastapi_middleware::add_middleware,
        ),
        ("py:fastapi.FastAPI().middleware", middleware_decorator),
        (
            "py:fastapi.FastAPI().exception_handler",
            exception_decorator,
        ),
        (
            "py:fastapi.FastAPI().add_exception_handler",
            add_exception_handler,
        ),
        ("py:fastapi.FastAPI().on_event", event_decorator),
        ("py:fastapi.FastAPI().add_event_handler", add_event_handler),
        ("py:fastapi.FastAPI().get", route_decorator),
        ("py:fastapi.FastAPI().post", route_decorator),
        ("py:fastapi.FastAPI().put", route_decorator),
        ("py:fastapi.FastAPI().patch", route_decorator),
        ("py:fastapi.FastAPI().delete", route_decorator),
        ("py:fastapi.FastAPI().head", route_decorator),
        ("py:fastapi.FastAPI().options", route_decorator),
        ("py:fastapi.FastAPI().trace", route_decorator),
        ("fastapi:decorator", decorate),
    ],
    members: &[
        ("py:fastapi.FastAPI().router", own_router),
        ("py:fastapi.FastAPI().state", application_state),
    ],
    aliases: ALIASES,
    framework: Some(&FRAMEWORK),
    ..Model::EMPTY
};

static FRAMEWORK: Framework = Framework {
    name: "fastapi",
    doors: fastapi_doors::doors,
    begin: crate::fastapi_request::begin,
    step: crate::fastapi_request::step,
    mountings: crate::fastapi_loose::mountings,
    as_layer: crate::fastapi_loose::as_layer,
    status_of: crate::fastapi_request::status_of,
};

/// Names under which the same things are imported.
const ALIASES: &[(&str, &str)] = &[
    ("py:fastapi.applications.FastAPI", "py:fastapi.FastAPI"),
    ("py:fastapi.routing.APIRouter", "py:fastapi.APIRouter"),
    ("py:fastapi.params.Depends", "py:fastapi.Depends"),
    ("py:fastapi.params.Security", "py:fastapi.Security"),
    ("py:fastapi.param_functions.Depends", "py:fastapi.Depends"),
    ("py:fastapi.param_functions.Security", "py:fastapi.Security"),
    ("py:fastapi.param_functions.Header", "py:fastapi.Header"),
    ("py:fastapi.param_functions.Query", "py:fastapi.Query"),
    ("py:fastapi.param_functions.Body", "py:fastapi.Body"),
    ("py:starlette.requests.Request", "py:fastapi.Request"),
    ("py:fastapi.requests.Request", "py:fastapi.Request"),
    (
        "py:fastapi.requests.HTTPConnection",
        "py:starlette.requests.HTTPConnection",
    ),
    ("py:starlette.websockets.WebSocket", "py:fastapi.WebSocket"),
    ("py:fastapi.websockets.WebSocket", "py:fastapi.WebSocket"),
    (
        "py:starlette.websockets.WebSocketDisconnect",
        "py:fastapi.WebSocketDisconnect",
    ),
    (
        "py:fastapi.websockets.WebSocketDisconnect",
        "py:fastapi.WebSocketDisconnect",
    ),
    (
        "py:starlette.exceptions.WebSocketException",
        "py:fastapi.WebSocketException",
    ),
    (
        "py:fastapi.exceptions.WebSocketException",
        "py:fastapi.WebSocketException",
    ),
    (
        "py:starlette.exceptions.HTTPException",
        "py:fastapi.HTTPException",
    ),
    (
        "py:fastapi.exceptions.HTTPException",
        "py:fastapi.HTTPException",
    ),
    (
        "py:starlette.background.BackgroundTasks",
        "py:fastapi.BackgroundTasks",
    ),
    (
        "py:fastapi.background.BackgroundTasks",
        "py:fastapi.BackgroundTasks",
    ),
    (
        "py:fastapi.datastructures.UploadFile",
        "py:fastapi.UploadFile",
    ),
    (
        "py:starlette.datastructures.UploadFile",
        "py:fastapi.UploadFile",
    ),
    ("py:starlette.status", "py:fastapi.status"),
    ("py:starlette.responses.Response", "py:fastapi.Response"),
    ("py:fastapi.responses.Response", "py:fastapi.Response"),
    (
        "py:starlette.responses.JSONResponse",
        "py:fastapi.responses.JSONResponse",
    ),
    (
        "py:starlette.responses.HTMLResponse",
        "py:fastapi.responses.HTMLResponse",
    ),
    (
        "py:starlette.responses.PlainTextResponse",
        "py:fastapi.responses.PlainTextResponse",
    ),
    (
        "py:starlette.responses.RedirectResponse",
        "py:fastapi.responses.RedirectResponse",
    ),
    (
        "py:starlette.responses.StreamingResponse",
        "py:fastapi.responses.StreamingResponse",
    ),
    (
        "py:starlette.responses.FileResponse",
        "py:fastapi.responses.FileResponse",
    ),
    (
        "py:fastapi.middleware.Middleware",
        "py:starlette.middleware.Middleware",
    ),
    (
        "py:fastapi.middleware.cors.CORSMiddleware",
        "py:starlette.middleware.cors.CORSMiddleware",
    ),
    (
        "py:fastapi.middleware.gzip.GZipMiddleware",
        "py:starlette.middleware.gzip.GZipMiddleware",
    ),
    (
        "py:fastapi.middleware.trustedhost.TrustedHostMiddleware",
        "py:starlette.middleware.trustedhost.TrustedHostMiddleware",
    ),
    (
        "py:fastapi.middleware.httpsredirect.HTTPSRedirectMiddleware",
        "py:starlette.middleware.httpsredirect.HTTPSRedirectMiddleware",
    ),
    (
        "py:fastapi.staticfiles.StaticFiles",
        "py:starlette.staticfiles.StaticFiles",
    ),
    (
        "py:fastapi.security.http.HTTPBearer",
        "py:fastapi.security.HTTPBearer",
    ),
    (
        "py:fastapi.security.oauth2.OAuth2PasswordBearer",
        "py:fastapi.security.OAuth2PasswordBearer",
    ),
    (
        "py:fastapi.security.oauth2.OAuth2PasswordRequestForm",
        "py:fastapi.security.OAuth2PasswordRequestForm",
    ),
    (
        "py:fastapi.security.api_key.APIKeyHeader",
        "py:fastapi.security.APIKeyHeader",
    ),
    (
        "py:fastapi.security.http.HTTPAuthorizationCredentials",
        "py:fastapi.security.HTTPAuthorizationCredentials",
    ),
];

/// What the model keeps of routes and requests.
#[derive(Debug, Default)]
pub struct Memory {
    /// What registered functions take, by the number that registrations hold.
    pub(crate) dependants: Vec<Dependant>,
    /// What was decided on the way to a `Depends(...)` being listed, by its object.
    pub(crate) conditions: FxHashMap<ObjectId, Vec<Decided>>,
    /// What runs for each route, by the number that its handler holds.
    pub(crate) plans: Vec<Plan>,
    /// What the functions of the plan gave, by their numbers.
    pub(crate) results: FxHashMap<usize, Value>,
    /// What the connection on its way has received.
    pub(crate) received: crate::fastapi_websocket::Received,
    /// The plan of the request on its way.
    pub(crate) plan: Option<usize>,
    /// What the steps of the request on its way share.
    pub(crate) exchange: Option<ObjectId>,
}

fn create_application(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = make(host, machine, "app", call);
    docs_setting(host, machine, call);
    debug_setting(host, machine, call);
    run_lifespan(machine, id, call);
    Ok(Some(Value::object(id)))
}

fn create_starlette(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = make(host, machine, "app", call);
    if let Some(list) = call.arguments.find(usize::MAX, "routes").cloned() {
        add_route_objects(host, machine, id, &list, call.span);
    } else if call.path.ends_with(".Router") && !call.arguments.positional.is_empty() {
        let list = call.arguments.get(0);
        add_route_objects(host, machine, id, &list, call.span);
    }
    debug_setting(host, machine, call);
    run_lifespan(machine, id, call);
    Ok(Some(Value::object(id)))
}

/// Makes a router of a library's own.
pub(crate) fn library_router(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> ObjectId {
    let arguments = Arguments::default();
    let call = Call {
        path: call.path,
        receiver: None,
        this: Value::null(),
        arguments: &arguments,
        span: call.span,
        is_new: false,
    };
    make(host, machine, "router", &call)
}

/// Makes what `Depends(call)` is.
pub(crate) fn depends_on(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    dependency: Value,
    span: Span,
) -> Value {
    let id = host.make_object(machine, "py:fastapi.Depends()", span);
    let properties = &mut machine.heap.get_mut(id).properties;
    properties.insert(Ustr::from("dependency"), dependency);
    Value::object(id)
}

fn create_router(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = make(host, machine, "router", call);
    Ok(Some(Value::object(id)))
}

/// Applications and routers are alike in what is registered on them.
fn make(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    role: &'static str,
    call: &Call<'_>,
) -> ObjectId {
    let id = host.make_router(machine, "py:fastapi.FastAPI()", "fastapi", role, call.span);
    let given = call.arguments.keyword("dependencies").cloned();
    let mut dependencies = Vec::new();
    if let Some(list) = given {
        listed(host, machine, &list, call.span, &mut dependencies);
    }
    let list = machine.make_list(dependencies, false, call.span);
    let prefix = call
        .arguments
        .keyword("prefix")
        .cloned()
        .unwrap_or_else(|| Value::string(""));
    let object = machine.heap.get_mut(id);
    object.properties.insert(Ustr::from("dependencies"), list);
    object.properties.insert(Ustr::from("prefix"), prefix);
    if let Some(class) = call.arguments.keyword("route_class") {
        object
            .properties
            .insert(Ustr::from("route_class"), class.clone());
    }
    if let Some(list) = call.arguments.keyword("middleware").cloned() {
        let elements = machine.elements_of(&list).0;
        for element in elements {
            fastapi_middleware::add_listed(host, machine, id, &element);
        }
    }
    if let Some(handlers) = call.arguments.keyword("exception_handlers").cloned() {
        add_exception_handlers(host, machine, id, &handlers, call.span);
    }
    id
}

fn docs_setting(host: &ModelHost, machine: &Machine<'_>, call: &Call<'_>) {
    let state = |name: &str| match call.arguments.keyword(name) {
        None => Flag::Default,
        Some(value) if value.is_nothing() => Flag::Off,
        Some(value) if value.truth() == Some(true) => Flag::On,
        Some(value) => {
            let words = host.provenance(machine, value);
            let name = words.origins().iter().find_map(|origin| match origin {
                firedoor_app::Origin::Environment { name, .. } => Some(name.to_string()),
                _ => None,
            });
            name.map_or(Flag::Unknown, Flag::Conditional)
        }
    };
    let (openapi, docs, redoc) = (state("openapi_url"), state("docs_url"), state("redoc_url"));
    let flag = match (openapi, docs, redoc) {
        (Flag::Off, _, _) | (_, Flag::Off, Flag::Off) => Flag::Off,
        (Flag::Default, Flag::Default, Flag::Default) => Flag::Default,
        (other @ (Flag::Conditional(_) | Flag::Unknown), _, _) => other,
        (_, Flag::Off, other) | (_, other, Flag::Off) => other,
        (_, other, _) => other,
    };
    add_setting(host, machine, SettingKind::Docs(flag), call.span);
}

fn debug_setting(host: &ModelHost, machine: &Machine<'_>, call: &Call<'_>) {
    let Some(value) = call.arguments.keyword("debug") else {
        return;
    };
    let flag = match value.truth() {
        Some(true) => Flag::On,
        Some(false) => Flag::Off,
        None => Flag::Unknown,
    };
    add_setting(host, machine, SettingKind::Debug(flag), call.span);
}

pub(crate) fn add_setting(host: &ModelHost, machine: &Machine<'_>, kind: SettingKind, span: Span) {
    let app = Ustr::from(machine.program.files.path(span));
    host.state().settings.push(Setting {
        kind,
        span,
        condition: None,
        app,
    });
}

/// What runs when the application starts may fill its state.
fn run_lifespan(machine: &mut Machine<'_>, app: ObjectId, call: &Call<'_>) {
    let Some(lifespan) = call.arguments.keyword("lifespan").cloned() else {
        return;
    };
    run_at_start(machine, &lifespan, vec![Value::object(app)], call.span);
}

fn run_at_start(machine: &mut Machine<'_>, function: &Value, arguments: Vec<Value>, span: Span) {
    // `asynccontextmanager` keeps the generator function that it was given.
    let inner = function.only_object().and_then(|id| {
        let object = machine.heap.get(id);
        match object.kind {
            ObjectKind::Host(_) => object.elements.first().cloned(),
            _ => None,
        }
    });
    let function = inner.unwrap_or_else(|| function.clone());
    let decided = machine.decided.clone();
    let _ = machine.catching(|machine| {
        let value = machine.call_value(&function, None, &Arguments::positional(arguments), span)?;
        crate::fastapi_plan::settled(machine, value, span)
    });
    machine.decided = decided;
}

/// Keeps the arguments of a call for later: positional ones as elements, named ones as properties.
fn keep_call(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, &format!("{}()", call.path), call.span);
    let object = machine.heap.get_mut(id);
    object.elements = call.arguments.positional.clone();
    object.properties = call.arguments.keywords.clone();
    Ok(Some(Value::object(id)))
}

fn depends(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "py:fastapi.Depends()", call.span);
    let object = machine.heap.get_mut(id);
    for (index, name) in ["dependency", "scopes", "use_cache"].iter().enumerate() {
        let position = if index == 0 { 0 } else { usize::MAX };
        if let Some(value) = call.arguments.find(position, name) {
            object.properties.insert(Ustr::from(name), value.clone());
        }
    }
    Ok(Some(Value::object(id)))
}

/// `app.router` is shown by the application itself: what is registered on one is registered on the other.
fn own_router(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    object.map(Value::object)
}

fn application_state(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let state = Value::object(host.make_object(machine, "fastapi:app.state", span));
    let object = object?;
    machine
        .heap
        .set_property(object, Ustr::from("state"), state.clone());
    Some(state)
}

/// A decorator with what it was given: its name, the router and the arguments.
fn make_decorator(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    what: &str,
) -> Answer {
    let Some(router) = call.receiver else {
        return Ok(None);
    };
    let id = host.make_object(machine, "fastapi:decorator", call.span);
    let object = machine.heap.get_mut(id);
    object.elements = vec![Value::object(router), Value::string(what)];
    object
        .elements
        .extend(call.arguments.positional.iter().cloned());
    object.properties = call.arguments.keywords.clone();
    Ok(Some(Value::object(id)))
}

fn route_decorator(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = call.path.rsplit('.').next().unwrap_or("").to_owned();
    make_decorator(host, machine, call, &name)
}

fn websocket_decorator(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    make_decorator(host, machine, call, "websocket")
}

fn middleware_decorator(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    make_decorator(host, machine, call, "middleware")
}

fn exception_decorator(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    make_decorator(host, machine, call, "exception")
}

fn event_decorator(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    make_decorator(host, machine, call, "event")
}

/// A decorator registers its function and gives it back as it was.
fn decorate(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.receiver else {
        return Ok(None);
    };
    let function = call.arguments.get(0);
    let object = machine.heap.get(id).clone();
    let mut elements = object.elements.into_iter();
    let router = elements.next().and_then(|router| router.only_object());
    let what = elements.next().and_then(|what| what.text());
    let (Some(router), Some(what)) = (router, what) else {
        return Ok(Some(function));
    };
    let arguments = Arguments {
        positional: elements.collect(),
        keywords: object.properties,
        rest: None,
    };
    let span = object.span;
    match what.as_str() {
        "websocket" => add_socket(host, machine, router, &arguments, &function, span),
        "middleware" => fastapi_middleware::add_function(host, machine, router, &function, span),
        "exception" => {
            let class = arguments.get(0);
            add_handler(host, machine, router, &class, &function, span);
        }
        "event" => start_event(machine, &arguments, &function, span),
        name => add_routes(host, machine, router, name, &arguments, &function, span),
    }
    Ok(Some(function))
}

fn start_event(machine: &mut Machine<'_>, arguments: &Arguments, function: &Value, span: Span) {
    if arguments
        .get(0)
        .text()
        .is_some_and(|name| name == "startup")
    {
        run_at_start(machine, function, Vec::new(), span);
    }
}

fn add_event_handler(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let function = call.arguments.get(1);
    start_event(machine, call.arguments, &function, call.span);
    Ok(Some(Value::null()))
}

fn add_api_route(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(router) = call.receiver else {
        return Ok(None);
    };
    let endpoint = call
        .arguments
        .find(1, "endpoint")
        .or_else(|| call.arguments.keyword("route"));
    if let Some(endpoint) = endpoint.cloned() {
        let name = call.path.rsplit('.').next().unwrap_or("").to_owned();
        add_routes(
            host,
            machine,
            router,
            &name,
            call.arguments,
            &endpoint,
            call.span,
        );
    }
    Ok(Some(Value::null()))
}

fn add_websocket_route(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(router) = call.receiver else {
        return Ok(None);
    };
    let endpoint = call
        .arguments
        .find(1, "endpoint")
        .or_else(|| call.arguments.keyword("route"));
    if let Some(endpoint) = endpoint.cloned() {
        add_socket(host, machine, router, call.arguments, &endpoint, call.span);
    }
    Ok(Some(Value::null()))
}

/// The text of a path argument, with holes for what is unknown.
fn path_text(value: Option<&Value>) -> String {
    match value {
        None => String::new(),
        Some(value) => value
            .text_pattern()
            .or_else(|| text_by_default(value))
            .map_or_else(|| firedoor_eval::HOLE.to_string(), |path| path.to_string()),
    }
}

/// A setting is what its default says unless somebody sets it.
fn text_by_default(value: &Value) -> Option<Ustr> {
    let known = |atom: &Atom| match atom {
        Atom::String(text) | Atom::Pattern(text) => Some(*text),
        _ => None,
    };
    let mut texts = value.atoms().iter().filter_map(known);
    let first = texts.next()?;
    let rest_is_unknown = value
        .atoms()
        .iter()
        .all(|atom| known(atom).is_some() || matches!(atom, Atom::Unknown(_)));
    (rest_is_unknown && texts.next().is_none()).then_some(first)
}

fn prefix_of(machine: &Machine<'_>, router: ObjectId) -> String {
    path_text(machine.heap.property(router, Ustr::from("prefix")))
}

/// The dependencies of a router at this moment, and then those of a list.
fn dependencies(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    router: ObjectId,
    more: Option<&Value>,
    span: Span,
) -> Vec<Value> {
    let own = machine
        .heap
        .property(router, Ustr::from("dependencies"))
        .cloned();
    let mut all = Vec::new();
    for list in own.iter().chain(more) {
        listed(host, machine, list, span, &mut all);
    }
    all
}

/// The elements of a list of dependencies. Where it is one of two lists, each holds under a condition,
/// which was decided within the registration or before it.
fn listed(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    list: &Value,
    span: Span,
    all: &mut Vec<Value>,
) {
    let lists: Vec<ObjectId> = list.objects().collect();
    if lists.len() < 2 {
        all.extend(machine.elements_of(list).0);
        return;
    }
    let decision = deciding(machine, list, span);
    for (index, id) in lists.into_iter().enumerate() {
        for element in machine.elements_of(&Value::object(id)).0 {
            if let (Some(decision), Some(id)) = (decision, element.only_object()) {
                let decided = Decided {
                    decision,
                    side: index == 0,
                };
                host.state().fastapi.conditions.insert(id, vec![decided]);
            }
            all.push(element);
        }
    }
}

/// The undecided test that a value hangs on: the last one within the call, or of the same origins.
fn deciding(machine: &Machine<'_>, value: &Value, span: Span) -> Option<firedoor_eval::DecisionId> {
    let decisions = machine.decisions.iter().enumerate().rev();
    let mut open = decisions.filter(|(_, decision)| !decision.is_certain);
    let within = open
        .clone()
        .find(|(_, decision)| span.contains(decision.span));
    within
        .or_else(|| open.find(|(_, decision)| decision.origins == value.control))
        .map(|(number, _)| firedoor_eval::DecisionId(number as u32))
}

fn methods_of(machine: &mut Machine<'_>, name: &str, arguments: &Arguments) -> Vec<Ustr> {
    if METHODS.contains(&name) {
        return vec![Ustr::from(&name.to_ascii_uppercase())];
    }
    let given = arguments.keyword("methods").cloned();
    let listed = match given.filter(|given| !given.is_nothing()) {
        Some(list) => machine.elements_of(&list).0,
        None => Vec::new(),
    };
    let methods: Vec<Ustr> = listed
        .iter()
        .filter_map(Value::text)
        .map(|method| Ustr::from(&method.to_ascii_uppercase()))
        .collect();
    if methods.is_empty() {
        return vec![Ustr::from("GET")];
    }
    methods
}

/// Adds a route for each method that `name` or the arguments give.
pub(crate) fn add_routes(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    router: ObjectId,
    name: &str,
    arguments: &Arguments,
    endpoint: &Value,
    span: Span,
) {
    let is_plain = name == "route" || name == "add_route";
    if let Some(methods) = crate::starlette::endpoint_methods(machine, endpoint) {
        for (method, function) in methods {
            add_route(
                host,
                machine,
                router,
                RegistrationKind::Route(method),
                arguments,
                &function,
                true,
                span,
            );
        }
        return;
    }
    for method in methods_of(machine, name, arguments) {
        let kind = RegistrationKind::Route(method);
        add_route(
            host, machine, router, kind, arguments, endpoint, is_plain, span,
        );
    }
}

fn add_socket(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    router: ObjectId,
    arguments: &Arguments,
    endpoint: &Value,
    span: Span,
) {
    add_route(
        host,
        machine,
        router,
        RegistrationKind::WebSocket,
        arguments,
        endpoint,
        false,
        span,
    );
}

#[allow(clippy::too_many_arguments, reason = "a route is many things at once")]
fn add_route(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    router: ObjectId,
    kind: RegistrationKind,
    arguments: &Arguments,
    endpoint: &Value,
    is_plain: bool,
    span: Span,
) {
    if host.is_request() {
        return;
    }
    let path = path_text(arguments.find(0, "path"));
    let more = arguments.keyword("dependencies").cloned();
    let listed = match is_plain {
        true => Vec::new(),
        false => dependencies(
            host,
            machine,
            router,
            more.as_ref().filter(|more| !more.is_nothing()),
            span,
        ),
    };
    let prefix = if is_plain {
        String::new()
    } else {
        prefix_of(machine, router)
    };
    let taken = dependant(machine, endpoint, span, 0);
    let number = {
        let mut state = host.state();
        state.fastapi.dependants.push(taken);
        state.fastapi.dependants.len() - 1
    };
    let mut options: IndexMap<Ustr, Value> = IndexMap::new();
    for name in ["status_code", "response_model"] {
        if let Some(value) = arguments.keyword(name) {
            options.insert(Ustr::from(name), value.clone());
        }
    }
    options.insert(Ustr::from("dependant"), Value::number(number as f64));
    options.insert(Ustr::from("plain"), Value::bool(is_plain));
    if let Some(list) = arguments.keyword("middleware") {
        options.insert(Ustr::from("middleware"), list.clone());
    }
    let mut handlers = vec![endpoint.clone()];
    handlers.extend(listed);
    host.register(
        router,
        Registration {
            kind,
            path: Ustr::from(&format!("{prefix}{path}")),
            handlers,
            span,
            decided: machine.decided.clone(),
            options,
        },
    );
}

fn include_router(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(router) = call.receiver else {
        return Ok(None);
    };
    if host.is_request() {
        return Ok(Some(Value::null()));
    }
    let prefix = prefix_of(machine, router) + &path_text(call.arguments.keyword("prefix"));
    let more = call.arguments.keyword("dependencies").cloned();
    let listed = dependencies(
        host,
        machine,
        router,
        more.as_ref().filter(|more| !more.is_nothing()),
        call.span,
    );
    let Some(included) = call.arguments.find(0, "router").cloned() else {
        return Ok(None);
    };
    let ids: Vec<ObjectId> = included.objects().collect();
    for id in ids {
        let count = host
            .state()
            .routers
            .get(&id)
            .map_or(0, |router| router.registrations.len());
        let mut handlers = vec![Value::object(id)];
        handlers.extend(listed.iter().cloned());
        let options = [(Ustr::from("count"), Value::number(count as f64))];
        host.register(
            router,
            Registration {
                kind: RegistrationKind::Mount,
                path: Ustr::from(&prefix),
                handlers,
                span: call.span,
                decided: machine.decided.clone(),
                options: options.into_iter().collect(),
            },
        );
    }
    Ok(Some(Value::null()))
}

fn mount(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(router) = call.receiver else {
        return Ok(None);
    };
    let path = path_text(call.arguments.find(0, "path"));
    if let Some(app) = call.arguments.find(1, "app").cloned() {
        add_mount(host, machine, router, &path, &app, Vec::new(), call.span);
    }
    Ok(Some(Value::null()))
}

fn add_mount(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    router: ObjectId,
    path: &str,
    app: &Value,
    middleware: Vec<Value>,
    span: Span,
) {
    let mut handlers = vec![app.clone()];
    handlers.extend(middleware);
    host.register(
        router,
        Registration {
            kind: RegistrationKind::Other("mount"),
            path: Ustr::from(path.trim_end_matches('/')),
            handlers,
            span,
            decided: machine.decided.clone(),
            options: IndexMap::new(),
        },
    );
}

/// `routes=[Route(...), Mount(...)]`.
fn add_route_objects(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    router: ObjectId,
    list: &Value,
    span: Span,
) {
    for element in machine.elements_of(list).0 {
        let Some(id) = element.only_object() else {
            continue;
        };
        let object = machine.heap.get(id).clone();
        let ObjectKind::Host(path) = object.kind else {
            continue;
        };
        let arguments = Arguments {
            positional: object.elements,
            keywords: object.properties,
            rest: None,
        };
        match path.as_str() {
            "py:starlette.routing.Route()" => {
                if let Some(endpoint) = arguments.find(1, "endpoint").cloned() {
                    add_routes(
                        host,
                        machine,
                        router,
                        "route",
                        &arguments,
                        &endpoint,
                        object.span,
                    );
                }
            }
            "py:starlette.routing.WebSocketRoute()" => {
                if let Some(endpoint) = arguments.find(1, "endpoint").cloned() {
                    add_socket(host, machine, router, &arguments, &endpoint, object.span);
                }
            }
            "py:starlette.routing.Mount()" | "py:starlette.routing.Host()" => {
                add_mount_object(host, machine, router, &arguments, object.span, span);
            }
            _ => {}
        }
    }
}

/// A `Mount` has an application of its own, or a list of routes.
fn add_mount_object(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    router: ObjectId,
    arguments: &Arguments,
    span: Span,
    _outer: Span,
) {
    let path = path_text(arguments.find(0, "path"));
    let given = arguments
        .find(1, "app")
        .filter(|app| !app.is_nothing())
        .cloned();
    let app = match given {
        Some(app) => app,
        None => {
            let id = host.make_router(machine, "py:fastapi.FastAPI()", "fastapi", "router", span);
            if let Some(routes) = arguments.keyword("routes").cloned() {
                add_route_objects(host, machine, id, &routes, span);
            }
            Value::object(id)
        }
    };
    let middleware = match arguments.keyword("middleware").cloned() {
        Some(list) => machine.elements_of(&list).0,
        None => Vec::new(),
    };
    add_mount(host, machine, router, &path, &app, middleware, span);
}

fn add_exception_handler(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(router) = call.receiver {
        let class = call.arguments.get(0);
        let function = call.arguments.get(1);
        add_handler(host, machine, router, &class, &function, call.span);
    }
    Ok(Some(Value::null()))
}

/// `exception_handlers={SomeError: handler}`.
fn add_exception_handlers(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    app: ObjectId,
    handlers: &Value,
    span: Span,
) {
    let Some(id) = handlers.only_object() else {
        return;
    };
    let object = machine.heap.get(id).clone();
    for pair in object.elements.chunks(2).filter(|pair| pair.len() == 2) {
        add_handler(host, machine, app, &pair[0], &pair[1], span);
    }
}

fn add_handler(
    host: &ModelHost,
    machine: &Machine<'_>,
    app: ObjectId,
    class: &Value,
    function: &Value,
    span: Span,
) {
    host.register(
        app,
        Registration {
            kind: RegistrationKind::ErrorHandler,
            path: Ustr::from(""),
            handlers: vec![class.clone(), function.clone()],
            span,
            decided: machine.decided.clone(),
            options: IndexMap::new(),
        },
    );
}
