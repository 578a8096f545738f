//! What programs register on applications and blueprints: routes, hooks, error handlers, blueprints.

use firedoor_eval::{Answer, Arguments, Call, HOLE, Machine, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use indexmap::IndexMap;
use ustr::Ustr;

use crate::ModelHost;
use crate::python_support::{given as argument_given, last_name};
use crate::state::{Registration, RegistrationKind};

/// Returns the first argument: decorators that change nothing.
pub(crate) fn given(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.arguments.get(0)))
}

/// Decorators with arguments that change nothing that matters here.
pub(crate) fn pass_decorator(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let id = host.make_object(machine, "flask:pass", call.span);
    Ok(Some(Value::object(id)))
}

/// `with app.app_context():` changes nothing here.
pub(crate) fn context(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "py:contextlib.nullcontext()", call.span);
    Ok(Some(Value::object(id)))
}

/// What runs before the first request may register things.
pub(crate) fn run_now(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let function = call.arguments.get(0);
    let decided = machine.decided.clone();
    let _ = machine
        .catching(|machine| machine.call_value(&function, None, &Arguments::default(), call.span));
    machine.decided = decided;
    Ok(Some(function))
}

/// `blueprint.record(lambda state: ...)` runs with the application that the blueprint is registered on.
pub(crate) fn record(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let function = call.arguments.get(0);
    if let Some(router) = call.receiver {
        add(
            host,
            machine,
            router,
            "record",
            "",
            vec![function.clone()],
            call.span,
        );
    }
    Ok(Some(function))
}

fn add(
    host: &ModelHost,
    machine: &Machine<'_>,
    router: ObjectId,
    kind: &'static str,
    path: &str,
    handlers: Vec<Value>,
    span: Span,
) {
    register(
        host,
        machine,
        router,
        kind,
        path,
        handlers,
        IndexMap::new(),
        span,
    );
}

#[allow(
    clippy::too_many_arguments,
    reason = "a registration is many things at once"
)]
fn register(
    host: &ModelHost,
    machine: &Machine<'_>,
    router: ObjectId,
    kind: &'static str,
    path: &str,
    handlers: Vec<Value>,
    options: IndexMap<Ustr, Value>,
    span: Span,
) {
    if host.is_request() {
        return;
    }
    host.register(
        router,
        Registration {
            kind: match kind {
                "blueprint" => RegistrationKind::Mount,
                "error" => RegistrationKind::ErrorHandler,
                kind => RegistrationKind::Other(kind),
            },
            path: Ustr::from(path),
            handlers,
            span,
            decided: machine.decided.clone(),
            options,
        },
    );
}

/// A hook that an extension puts on an application.
pub(crate) fn add_hook(
    host: &ModelHost,
    machine: &Machine<'_>,
    app: ObjectId,
    kind: &'static str,
    value: Value,
    span: Span,
) {
    add(host, machine, app, kind, "", vec![value], span);
}

/// `@app.before_request` and its like; the names of applications and blueprints are the same but for `app`.
pub(crate) fn hook(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let function = call.arguments.get(0);
    let Some(router) = call.receiver else {
        return Ok(Some(function));
    };
    let kind = match last_name(&call.path) {
        "before_request" => "before",
        "before_app_request" => "before_app",
        "after_request" => "after",
        "after_app_request" => "after_app",
        "url_value_preprocessor" => "preprocess",
        "app_url_value_preprocessor" => "preprocess_app",
        "before_websocket" => "before_socket",
        "before_app_websocket" => "before_app_socket",
        _ => "teardown",
    };
    add(
        host,
        machine,
        router,
        kind,
        "",
        vec![function.clone()],
        call.span,
    );
    Ok(Some(function))
}

/// A decorator with what it was given: its name, the router and the arguments.
pub(crate) fn make_decorator(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    what: &str,
) -> Answer {
    let Some(router) = call.receiver else {
        return Ok(None);
    };
    let id = host.make_object(machine, "flask:decorator", call.span);
    let object = machine.heap.get_mut(id);
    object.elements = vec![Value::object(router), Value::string(what)];
    object
        .elements
        .extend(call.arguments.positional.iter().cloned());
    object.properties = call.arguments.keywords.clone();
    Ok(Some(Value::object(id)))
}

/// `@app.route(rule, methods=[...])`, `@app.get(rule)`.
pub(crate) fn route(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = last_name(&call.path).to_owned();
    let is_smorest = call
        .receiver
        .is_some_and(|id| machine.heap.property(id, Ustr::from("$smorest")).is_some());
    if is_smorest && name == "route" {
        return super::smorest::smorest_route(host, machine, call);
    }
    make_decorator(host, machine, call, &name)
}

/// `@app.endpoint(name)` names the function of a rule that was added without one.
pub(crate) fn endpoint(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    make_decorator(host, machine, call, "endpoint")
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
    let mut arguments = Arguments {
        positional: elements.collect(),
        keywords: object.properties,
        rest: None,
        rest_at: 0,
    };
    let span = object.span;
    match what.as_str() {
        "error" => add_error(
            host,
            machine,
            router,
            &arguments.get(0),
            &function,
            false,
            span,
        ),
        "app_error" => add_error(
            host,
            machine,
            router,
            &arguments.get(0),
            &function,
            true,
            span,
        ),
        "endpoint" => {
            let name = arguments.get(0);
            let options = [(Ustr::from("endpoint"), name)].into_iter().collect();
            let handlers = vec![function.clone()];
            register(
                host, machine, router, "endpoint", "", handlers, options, span,
            );
        }
        "route" => add_rule(host, machine, router, &arguments, Some(&function), span),
        method => {
            let name = Value::string(&method.to_ascii_uppercase());
            let list = machine.make_list(vec![name], false, span);
            arguments.keywords.insert(Ustr::from("methods"), list);
            add_rule(host, machine, router, &arguments, Some(&function), span);
        }
    }
    Ok(Some(function))
}

/// `app.add_url_rule(rule, endpoint=None, view_func=None, **options)`.
pub(crate) fn add_url_rule(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(router) = call.receiver else {
        return Ok(None);
    };
    let function = argument_given(call, 2, "view_func").filter(|view| !view.is_nothing());
    let function = function.map(|view| super::smorest::view_of(host, machine, router, view, call));
    add_rule(
        host,
        machine,
        router,
        call.arguments,
        function.as_ref(),
        call.span,
    );
    Ok(Some(Value::null()))
}

/// The text of a rule, with holes for what is unknown.
pub(crate) fn text_of(value: Option<&Value>) -> Option<String> {
    let value = value.filter(|value| !value.is_nothing())?;
    let text = value
        .text_pattern()
        .or_else(|| crate::python_support::text_by_default(value));
    Some(text.map_or_else(|| HOLE.to_string(), |text| text.to_string()))
}

/// Registers a rule.
pub(crate) fn add_rule(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    router: ObjectId,
    arguments: &Arguments,
    view: Option<&Value>,
    span: Span,
) {
    if host.is_request() {
        return;
    }
    let rule = text_of(arguments.find(0, "rule")).unwrap_or_default();
    let mut options = IndexMap::new();
    for (name, value) in &arguments.keywords {
        if matches!(
            name.as_str(),
            "methods" | "endpoint" | "defaults" | "websocket" | "subdomain" | "host" | "$whole"
        ) {
            options.insert(*name, value.clone());
        }
    }
    if let Some(endpoint) = arguments.positional.get(1) {
        options.insert(Ustr::from("endpoint"), endpoint.clone());
    }
    let views: Vec<Value> = view.into_iter().cloned().collect();
    register(host, machine, router, "route", &rule, views, options, span);
}

/// `app.register_blueprint(blueprint, **options)`.
pub(crate) fn register_blueprint(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let Some(router) = call.receiver else {
        return Ok(None);
    };
    let Some(blueprint) = argument_given(call, 0, "blueprint") else {
        return Ok(None);
    };
    let options: IndexMap<Ustr, Value> = call
        .arguments
        .keywords
        .iter()
        .map(|(name, value)| (*name, value.clone()))
        .collect();
    for id in blueprint.objects().collect::<Vec<_>>() {
        if !host.state().routers.contains_key(&id) {
            continue;
        }
        let handlers = vec![Value::object(id)];
        register(
            host,
            machine,
            router,
            "blueprint",
            "",
            handlers,
            options.clone(),
            call.span,
        );
        run_records(host, machine, id, router, call.span);
    }
    Ok(Some(Value::null()))
}

/// What a blueprint has recorded runs when it is registered.
fn run_records(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    blueprint: ObjectId,
    app: ObjectId,
    span: Span,
) {
    let recorded: Vec<Value> = {
        let state = host.state();
        let router = state.routers.get(&blueprint);
        let registrations = router.iter().flat_map(|router| &router.registrations);
        registrations
            .filter(|registration| registration.kind == RegistrationKind::Other("record"))
            .filter_map(|registration| registration.handlers.first().cloned())
            .collect()
    };
    if recorded.is_empty() || host.is_request() {
        return;
    }
    let setup = host.make_object(machine, "flask:setup", span);
    for (name, value) in [("app", app), ("blueprint", blueprint)] {
        machine
            .heap
            .set_property(setup, Ustr::from(name), Value::object(value));
    }
    for function in recorded {
        let decided = machine.decided.clone();
        let arguments = Arguments::positional([Value::object(setup)]);
        let _ = machine.catching(|machine| machine.call_value(&function, None, &arguments, span));
        machine.decided = decided;
    }
}

/// `@app.errorhandler(404)`, `app.register_error_handler(Error, function)`.
pub(crate) fn error_handler(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    match (last_name(&call.path), call.receiver) {
        ("register_error_handler", Some(router)) => {
            let (class, function) = (call.arguments.get(0), call.arguments.get(1));
            add_error(host, machine, router, &class, &function, false, call.span);
            Ok(Some(Value::null()))
        }
        ("app_errorhandler", _) => make_decorator(host, machine, call, "app_error"),
        _ => make_decorator(host, machine, call, "error"),
    }
}

fn add_error(
    host: &ModelHost,
    machine: &Machine<'_>,
    router: ObjectId,
    class: &Value,
    function: &Value,
    is_for_app: bool,
    span: Span,
) {
    let handlers = vec![class.clone(), function.clone()];
    let options = [(Ustr::from("app"), Value::bool(is_for_app))];
    let options = options.into_iter().collect();
    register(host, machine, router, "error", "", handlers, options, span);
}

/// `app.view_functions`: functions by endpoint, which programs wrap after the fact.
pub(crate) fn view_functions(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let app = object?;
    let id = host.make_object(machine, "flask:view_functions", span);
    let known: Vec<(Ustr, Value)> = {
        let state = host.state();
        let registrations = state.routers.get(&app)?.registrations.iter();
        registrations
            .filter(|registration| registration.kind == RegistrationKind::Other("route"))
            .filter_map(|registration| {
                let view = registration.handlers.first()?;
                let name = endpoint_of(machine, registration)?;
                Some((name, view.clone()))
            })
            .collect()
    };
    for (name, view) in known {
        machine.heap.get_mut(id).properties.insert(name, view);
    }
    let object = machine.heap.get_mut(id);
    object
        .properties
        .insert(Ustr::from("$app"), Value::object(app));
    Some(Value::object(id))
}

/// `app.view_functions[name] = wrapped` takes the place of the function of that endpoint.
pub(crate) fn set_view_function(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: ObjectId,
    value: &Value,
    span: Span,
) -> bool {
    let name = last_name(&host.state().member_name).to_owned();
    let app = machine
        .heap
        .property(object, Ustr::from("$app"))
        .and_then(Value::only_object);
    if let Some(app) = app {
        let options = [(Ustr::from("endpoint"), Value::string(&name))];
        let options = options.into_iter().collect();
        let handlers = vec![value.clone()];
        register(host, machine, app, "endpoint", "", handlers, options, span);
    }
    false
}

/// The name of the endpoint of a rule: as given, or that of its function.
pub(crate) fn endpoint_of(machine: &Machine<'_>, registration: &Registration) -> Option<Ustr> {
    let given = registration.options.get(&Ustr::from("endpoint"));
    if let Some(name) = given.and_then(Value::text) {
        return Some(name);
    }
    let view = registration.handlers.first()?;
    Some(view_name(machine, view, registration.span))
}

/// `__name__` of a view.
pub(crate) fn view_name(machine: &Machine<'_>, view: &Value, span: Span) -> Ustr {
    if let Some(id) = view.only_object() {
        let object = machine.heap.get(id);
        if let ObjectKind::Host(_) = object.kind
            && let Some(name) = object.properties.get(&Ustr::from("__name__"))
            && let Some(name) = name.text()
        {
            return name;
        }
    }
    crate::doors::symbol(machine, view, span).name
}
