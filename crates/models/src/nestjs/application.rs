//! The application: how it is created, and what `main.ts` adds to it.

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::{inject, modules};
use crate::ModelHost;
use crate::fastify::Event;
use crate::fastify::beneath;
use crate::state::{Registration, RegistrationKind, Router};
use crate::tools::{last_part, option, promised};

/// The option of an application with the number of its root module.
pub(super) const ROOT: &str = "root";

/// The kind of a hook of Fastify that runs before the body is there, and of one that runs behind.
pub(super) const HOOK: &str = "fastify-hook";
pub(super) const LATE_HOOK: &str = "fastify-late-hook";

/// The option of an application that takes requests.
pub(super) const LISTENS: &str = "listens";

/// Returns the modules of an application.
pub(super) fn modules_of(host: &ModelHost, app: &Router) -> Vec<usize> {
    let root = app
        .options
        .get(&Ustr::from(ROOT))
        .and_then(Value::as_number);
    root.map_or_else(Vec::new, |root| modules::reachable(host, root as usize))
}

/// `NestFactory.create(AppModule[, adapter][, options])`.
pub(super) fn create(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let app = make(host, machine, &call.arguments.get(0), call.span);
    for options in call.arguments.positional.iter().skip(1) {
        if let Some(cors) = option(machine, options, "cors", call.span) {
            enable_cors(host, machine, app, &cors, call.span);
        }
    }
    promised(machine, call.span, |_| Ok(Value::object(app))).map(Some)
}

/// Makes an application of a root module, with everything that it holds.
pub(super) fn make(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    root: &Value,
    span: Span,
) -> ObjectId {
    let app = host.make_router(machine, "nest:app", "nestjs", "app", span);
    if let Some(number) = modules::scan(host, machine, root, 0)
        && let Some(router) = host.state().routers.get_mut(&app)
    {
        let number = Value::number(number as f64);
        router.options.insert(Ustr::from(ROOT), number);
    }
    modules::make_all(host, machine);
    app
}

/// A context without a server: what it provides is made, and nothing listens.
pub(super) fn create_context(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let id = host.make_object(machine, "nest:module-ref", call.span);
    promised(machine, call.span, |_| Ok(Value::object(id))).map(Some)
}

/// `get(token)` of the application or of a `ModuleRef`.
pub(super) fn find(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let span = call.span;
    let token = call.arguments.get(0);
    match last_part(&call.path) {
        "get" => Ok(Some(inject::by_token(host, machine, &token, 0))),
        "resolve" | "create" => {
            let found = inject::by_token(host, machine, &token, 0);
            promised(machine, span, |_| Ok(found)).map(Some)
        }
        "select" => Ok(Some(call.this.clone())),
        _ => Ok(Some(Value::undefined())),
    }
}

/// A method of the application.
pub(super) fn method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(app) = call.receiver else {
        return Ok(None);
    };
    let name = last_part(&call.path);
    match name {
        "useGlobalGuards" => add_all(host, machine, app, "guard", call),
        "useGlobalInterceptors" => add_all(host, machine, app, "interceptor", call),
        "useGlobalPipes" => add_all(host, machine, app, "pipe", call),
        "useGlobalFilters" => add_all(host, machine, app, "filter", call),
        "setGlobalPrefix" => add(
            host,
            machine,
            app,
            "prefix",
            "",
            &call.arguments.positional,
            call.span,
        ),
        "enableVersioning" => {
            add(
                host,
                machine,
                app,
                "versioning",
                "",
                &call.arguments.positional,
                call.span,
            );
        }
        "use" => register_layer(host, machine, app, call),
        "register" => register_plugin(host, machine, app, call),
        "enableCors" => enable_cors(host, machine, app, &call.arguments.get(0), call.span),
        "get" | "resolve" | "select" => return find(host, machine, call),
        "getHttpAdapter" => {
            let id = host.make_object(machine, "nest:adapter", call.span);
            crate::tools::keep(machine, id, "$app", Value::object(app));
            return Ok(Some(Value::object(id)));
        }
        "getHttpServer" | "getUrl" => return Ok(None),
        "listen" | "init" | "startAllMicroservices" | "close" => {
            if name != "close"
                && let Some(router) = host.state().routers.get_mut(&app)
            {
                router
                    .options
                    .insert(Ustr::from(LISTENS), Value::bool(true));
            }
            return promised(machine, call.span, |_| Ok(Value::undefined())).map(Some);
        }
        "useWebSocketAdapter" => {
            add(
                host,
                machine,
                app,
                "adapter",
                "",
                &call.arguments.positional,
                call.span,
            );
        }
        _ => {}
    }
    Ok(Some(call.this.clone()))
}

/// The adapter, and the server object of Fastify or Express behind it; a hook of Fastify is a layer.
pub(super) fn adapter(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let app = crate::tools::kept(machine, call.receiver, "$app").only_object();
    let Some(app) = app else { return Ok(None) };
    match last_part(&call.path) {
        "use" => register_layer(host, machine, app, call),
        "register" => register_plugin(host, machine, app, call),
        "addHook" => {
            let name = call.arguments.get(0).text();
            if let Some(kind) = name
                .and_then(|name| Event::of(&name))
                .and_then(kind_of_hook)
            {
                let hook = call.arguments.get(1);
                add(host, machine, app, kind, "", &[hook], call.span);
            }
        }
        _ => {}
    }
    Ok(Some(call.this.clone()))
}

fn add_all(
    host: &ModelHost,
    machine: &Machine<'_>,
    app: ObjectId,
    kind: &'static str,
    call: &Call<'_>,
) {
    for value in &call.arguments.positional {
        add(
            host,
            machine,
            app,
            kind,
            "",
            std::slice::from_ref(value),
            call.span,
        );
    }
}

/// Where a hook of Fastify stands among what Nest does: before its middleware, or behind.
fn kind_of_hook(event: Event) -> Option<&'static str> {
    match event {
        Event::Request | Event::Parsing => Some(HOOK),
        Event::Validation | Event::Handler => Some(LATE_HOOK),
        Event::Serialization | Event::Send => None,
    }
}

/// `register(plugin, options)` of Fastify: the plugin is called once, and what it adds runs around requests.
fn register_plugin(host: &ModelHost, machine: &mut Machine<'_>, app: ObjectId, call: &Call<'_>) {
    if host.is_request() {
        return;
    }
    let (plugin, options) = (call.arguments.get(0), call.arguments.get(1));
    for hook in beneath::hooks_of_plugin(host, machine, &plugin, &options, call.span) {
        if let Some(kind) = kind_of_hook(hook.event) {
            add(host, machine, app, kind, "", &[hook.value], hook.span);
        }
    }
}

fn register_layer(host: &ModelHost, machine: &mut Machine<'_>, app: ObjectId, call: &Call<'_>) {
    let mut given = call.arguments.positional.clone();
    let mut paths = vec![Ustr::from("")];
    if given.len() > 1
        && let Some(found) = crate::express::paths_of(machine, &given[0])
    {
        paths = found;
        given.remove(0);
    }
    for value in given {
        let parts = match machine.elements_of(&value) {
            (parts, _) if is_list(machine, &value) => parts,
            _ => vec![value],
        };
        for part in parts {
            for path in &paths {
                let part = std::slice::from_ref(&part);
                add(host, machine, app, "use", path, part, call.span);
            }
        }
    }
}

fn is_list(machine: &Machine<'_>, value: &Value) -> bool {
    value
        .only_object()
        .is_some_and(|id| matches!(machine.heap.get(id).kind, firedoor_eval::ObjectKind::Array))
}

/// `enableCors(options)` hands them to the package `cors`, whose defaults allow every site.
fn enable_cors(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    app: ObjectId,
    options: &Value,
    span: Span,
) {
    if machine.truth(options) == Some(false) && !options.is_nothing() {
        return;
    }
    let options = options.filter(|atom| !matches!(atom, firedoor_eval::Atom::Bool(_)));
    let arguments = Arguments::positional(options);
    let function = Value::outside("npm:cors");
    let (made, _) =
        machine.catching(|machine| machine.call_value(&function, None, &arguments, span));
    if let Ok(layer) = made {
        add(host, machine, app, "use", "", &[layer], span);
    }
}

fn add(
    host: &ModelHost,
    machine: &Machine<'_>,
    app: ObjectId,
    kind: &'static str,
    path: &str,
    handlers: &[Value],
    span: Span,
) {
    if host.is_request() {
        return;
    }
    host.register(
        app,
        Registration {
            kind: RegistrationKind::Other(kind),
            path: Ustr::from(path),
            handlers: handlers.to_vec(),
            span,
            decided: machine.decided.clone(),
            options: Default::default(),
        },
    );
}
