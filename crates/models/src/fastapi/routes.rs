//! Routes as they are added: by decorators and by calls, for HTTP and WebSockets.
//!
//! A route keeps the dependencies of its router as they are when it is added, as `APIRouter.add_api_route` does.

use firedoor_eval::{Answer, Arguments, Call, Decided, Machine, ObjectId, Value};
use firedoor_source::Span;
use indexmap::IndexMap;
use ustr::Ustr;

use crate::ModelHost;
use crate::fastapi::application::start_event;
use crate::fastapi::dependencies::dependant;
use crate::fastapi::middleware;
use crate::fastapi::mounts::add_handler;
use crate::state::{Registration, RegistrationKind};

const METHODS: [&str; 8] = [
    "get", "post", "put", "patch", "delete", "head", "options", "trace",
];

#[allow(clippy::too_many_arguments, reason = "a route is many things at once")]
pub(crate) fn add_route(
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

pub(crate) fn add_socket(
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

pub(crate) fn add_api_route(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
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

pub(crate) fn add_websocket_route(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
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

pub(crate) fn route_decorator(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let name = call.path.rsplit('.').next().unwrap_or("").to_owned();
    make_decorator(host, machine, call, &name)
}

pub(crate) fn websocket_decorator(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    make_decorator(host, machine, call, "websocket")
}

pub(crate) fn middleware_decorator(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    make_decorator(host, machine, call, "middleware")
}

pub(crate) fn exception_decorator(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    make_decorator(host, machine, call, "exception")
}

pub(crate) fn event_decorator(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    make_decorator(host, machine, call, "event")
}

/// A decorator registers its function and gives it back as it was.
pub(crate) fn decorate(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
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
        rest_at: 0,
    };
    let span = object.span;
    match what.as_str() {
        "websocket" => add_socket(host, machine, router, &arguments, &function, span),
        "middleware" => middleware::add_function(host, machine, router, &function, span),
        "exception" => {
            let class = arguments.get(0);
            add_handler(host, machine, router, &class, &function, span);
        }
        "event" => start_event(host, machine, &arguments, &function, span),
        name => add_routes(host, machine, router, name, &arguments, &function, span),
    }
    Ok(Some(function))
}

/// The text of a path argument, with holes for what is unknown.
pub(crate) fn path_text(value: Option<&Value>) -> String {
    match value {
        None => String::new(),
        Some(value) => value
            .text_pattern()
            .or_else(|| crate::python_support::text_by_default(value))
            .map_or_else(|| firedoor_eval::HOLE.to_string(), |path| path.to_string()),
    }
}

pub(crate) fn prefix_of(machine: &Machine<'_>, router: ObjectId) -> String {
    path_text(machine.heap.property(router, Ustr::from("prefix")))
}

/// The dependencies of a router at this moment, and then those of a list.
pub(crate) fn dependencies(
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
pub(crate) fn listed(
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
    let decisions = machine.decisions.since(0).rev();
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
