//! What is put into an application as a whole: inclusions, mounted applications, lists of routes, exception handlers.
//!
//! An inclusion shares the layers of the application around it; a mounted application has its own.

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use indexmap::IndexMap;
use ustr::Ustr;

use crate::ModelHost;
use crate::fastapi::routes::{add_routes, add_socket, dependencies, path_text, prefix_of};
use crate::state::{Registration, RegistrationKind};

pub(crate) fn include_router(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
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

pub(crate) fn mount(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
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
pub(crate) fn add_route_objects(
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
            rest_at: 0,
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

pub(crate) fn add_exception_handler(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    if let Some(router) = call.receiver {
        let class = call.arguments.get(0);
        let function = call.arguments.get(1);
        add_handler(host, machine, router, &class, &function, call.span);
    }
    Ok(Some(Value::null()))
}

/// `exception_handlers={SomeError: handler}`.
pub(crate) fn add_exception_handlers(
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

pub(crate) fn add_handler(
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
