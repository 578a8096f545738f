//! FastAPI and Starlette: <https://fastapi.tiangolo.com/reference/>.
//!
//! Routes belong to routers; a router's own dependencies are copied into a route when the route is added,
//! and those of an inclusion are put before them when it is included. Sources: fastapi 0.115 and 0.165,
//! `routing.py`; starlette 0.46, `applications.py`, `routing.py`.

pub(crate) mod application;
pub(crate) mod dependencies;
pub(crate) mod doors;
pub(crate) mod inputs;
pub(crate) mod loose;
pub(crate) mod middleware;
pub(crate) mod mounts;
pub(crate) mod plan;
pub(crate) mod request;
pub(crate) mod routes;
pub(crate) mod security;
pub(crate) mod subclasses;
pub(crate) mod uncalled;
pub(crate) mod views;
pub(crate) mod websocket;

use firedoor_eval::{Answer, Call, Decided, Machine, ObjectId, Value};
use rustc_hash::FxHashMap;
use ustr::Ustr;

use crate::fastapi::dependencies::Dependant;
use crate::fastapi::plan::Plan;
use crate::{Framework, Model, ModelHost};

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
        (
            "py:fastapi.FastAPI().include_router",
            mounts::include_router,
        ),
        ("py:fastapi.FastAPI().add_api_route", routes::add_api_route),
        ("py:fastapi.FastAPI().add_route", routes::add_api_route),
        ("py:fastapi.FastAPI().api_route", routes::route_decorator),
        ("py:fastapi.FastAPI().route", routes::route_decorator),
        (
            "py:fastapi.FastAPI().websocket",
            routes::websocket_decorator,
        ),
        (
            "py:fastapi.FastAPI().websocket_route",
            routes::websocket_decorator,
        ),
        (
            "py:fastapi.FastAPI().add_api_websocket_route",
            routes::add_websocket_route,
        ),
        (
            "py:fastapi.FastAPI().add_websocket_route",
            routes::add_websocket_route,
        ),
        ("py:fastapi.FastAPI().mount", mounts::mount),
        (
            "py:fastapi.FastAPI().add_middleware",
            middleware::add_middleware,
        ),
        (
            "py:fastapi.FastAPI().middleware",
            routes::middleware_decorator,
        ),
        (
            "py:fastapi.FastAPI().exception_handler",
            routes::exception_decorator,
        ),
        (
            "py:fastapi.FastAPI().add_exception_handler",
            mounts::add_exception_handler,
        ),
        ("py:fastapi.FastAPI().on_event", routes::event_decorator),
        (
            "py:fastapi.FastAPI().add_event_handler",
            application::add_event_handler,
        ),
        ("py:fastapi.FastAPI().get", routes::route_decorator),
        ("py:fastapi.FastAPI().post", routes::route_decorator),
        ("py:fastapi.FastAPI().put", routes::route_decorator),
        ("py:fastapi.FastAPI().patch", routes::route_decorator),
        ("py:fastapi.FastAPI().delete", routes::route_decorator),
        ("py:fastapi.FastAPI().head", routes::route_decorator),
        ("py:fastapi.FastAPI().options", routes::route_decorator),
        ("py:fastapi.FastAPI().trace", routes::route_decorator),
        ("fastapi:decorator", routes::decorate),
        ("py:fastapi.FastAPI().__init__", subclasses::initialise),
    ],
    members: &[
        ("py:fastapi.FastAPI().router", application::own_router),
        ("py:fastapi.FastAPI().state", application::application_state),
    ],
    instances: &[
        ("py:fastapi.FastAPI", subclasses::made),
        ("py:starlette.applications.Starlette", subclasses::made),
        ("py:fastapi.APIRouter", subclasses::made),
    ],
    aliases: ALIASES,
    framework: Some(&FRAMEWORK),
    ..Model::EMPTY
};

static FRAMEWORK: Framework = Framework {
    name: "fastapi",
    doors: doors::doors,
    begin: crate::fastapi::request::begin,
    step: crate::fastapi::request::step,
    mountings: crate::fastapi::loose::mountings,
    as_layer: crate::fastapi::loose::as_layer,
    status_of: crate::fastapi::request::status_of,
};

/// Names under which the same things are imported.
const ALIASES: &[(&str, &str)] = &[
    // What is registered on any of them is registered alike.
    ("py:fastapi.APIRouter()", "py:fastapi.FastAPI()"),
    (
        "py:starlette.applications.Starlette()",
        "py:fastapi.FastAPI()",
    ),
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
        "py:fastapi.security.oauth2.OAuth2",
        "py:fastapi.security.OAuth2",
    ),
    (
        "py:fastapi.security.oauth2.OAuth2AuthorizationCodeBearer",
        "py:fastapi.security.OAuth2AuthorizationCodeBearer",
    ),
    (
        "py:fastapi.security.open_id_connect_url.OpenIdConnect",
        "py:fastapi.security.OpenIdConnect",
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
        "py:fastapi.security.api_key.APIKeyCookie",
        "py:fastapi.security.APIKeyCookie",
    ),
    (
        "py:fastapi.security.api_key.APIKeyQuery",
        "py:fastapi.security.APIKeyQuery",
    ),
    (
        "py:fastapi.security.http.HTTPBasic",
        "py:fastapi.security.HTTPBasic",
    ),
    (
        "py:fastapi.security.http.HTTPBasicCredentials",
        "py:fastapi.security.HTTPBasicCredentials",
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
    /// What a dependency makes that nobody calls, by the object of its `Depends(...)`.
    pub(crate) made: FxHashMap<ObjectId, Option<crate::Step>>,
    /// What runs for each route, by the number that its handler holds.
    pub(crate) plans: Vec<Plan>,
    /// What the functions of the plan gave, by their numbers.
    pub(crate) results: FxHashMap<usize, Value>,
    /// What the connection on its way has received.
    pub(crate) received: crate::fastapi::websocket::Received,
    /// The plan of the request on its way.
    pub(crate) plan: Option<usize>,
    /// What the steps of the request on its way share.
    pub(crate) exchange: Option<ObjectId>,
    /// What runs once the modules are loaded.
    pub(crate) starts: Vec<application::Start>,
}

fn create_application(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = application::make(host, machine, "app", call);
    application::docs_setting(host, machine, call);
    application::debug_setting(host, machine, call);
    application::note_lifespan(host, machine, id, call);
    Ok(Some(Value::object(id)))
}

fn create_starlette(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = application::make(host, machine, "app", call);
    if let Some(list) = call.arguments.find(usize::MAX, "routes").cloned() {
        mounts::add_route_objects(host, machine, id, &list, call.span);
    } else if call.path.ends_with(".Router") && !call.arguments.positional.is_empty() {
        let list = call.arguments.get(0);
        mounts::add_route_objects(host, machine, id, &list, call.span);
    }
    application::debug_setting(host, machine, call);
    application::note_lifespan(host, machine, id, call);
    Ok(Some(Value::object(id)))
}

fn create_router(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = application::make(host, machine, "router", call);
    Ok(Some(Value::object(id)))
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
