//! Flask-RESTful, Flask-RESTX and flask-smorest: classes as resources.
//!
//! `method_decorators` stand around the method of a resource, `decorators` of an API or namespace around the
//! whole view. Sources: flask-restful 0.3.10, `__init__.py` (`Api._register_view`, `Resource`); flask-restx
//! 1.3, `api.py`, `namespace.py`, `resource.py`; flask-smorest 0.47, `blueprint.py`.

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::register::{add_rule, text_of};
use super::views;
use crate::python_support::{argument, given, object_with_arguments};
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "flask_rest",
    calls: &[
        ("py:flask_restful.Api", make_api),
        ("py:flask_restx.Api", make_api),
        ("py:flask_restful.Api().init_app", set_up),
        ("py:flask_restful.Api().add_resource", add_resource),
        ("py:flask_restful.Api().resource", resource_decorator),
        ("py:flask_restful.Api().route", resource_decorator),
        ("py:flask_restful.Api().add_namespace", add_namespace),
        ("py:flask_restful.Api().namespace", make_namespace_of),
        (
            "py:flask_restful.Api().errorhandler",
            super::register::pass_decorator,
        ),
        (
            "py:flask_restful.Api().doc",
            super::register::pass_decorator,
        ),
        (
            "py:flask_restful.Api().expect",
            super::register::pass_decorator,
        ),
        (
            "py:flask_restful.Api().marshal_with",
            super::register::pass_decorator,
        ),
        (
            "py:flask_restful.Api().response",
            super::register::pass_decorator,
        ),
        (
            "py:flask_restful.marshal_with",
            super::register::pass_decorator,
        ),
        ("py:flask_restful.abort", abort),
        ("py:flask_restful.Resource().dispatch_request", dispatch),
        (
            "py:flask_restful.reqparse.RequestParser().parse_args",
            parsed,
        ),
        (
            "py:flask_restful.reqparse.RequestParser().add_argument",
            crate::python_support::same,
        ),
        ("py:flask_restx.Namespace", make_namespace),
        ("py:flask_restx.Namespace().route", resource_decorator),
        ("py:flask_restx.Namespace().add_resource", add_resource),
        ("py:flask_restx.Namespace().abort", abort),
        (
            "py:flask_restx.Namespace().errorhandler",
            super::register::pass_decorator,
        ),
        (
            "py:flask_restx.Namespace().*",
            super::register::pass_decorator,
        ),
        ("flask_rest:decorator", decorate),
        ("py:flask_restful.Api().__init__", super::apis::initialise),
        ("py:flask_smorest.Blueprint", super::smorest::make_blueprint),
        ("py:flask_smorest.Api", make_api),
        ("py:flask_smorest.abort", super_abort),
        ("py:flask_smorest.Api().init_app", set_up),
        (
            "py:flask_smorest.Api().register_blueprint",
            super::smorest::register_blueprint,
        ),
        ("flask_smorest:decorator", super::smorest::decorate_smorest),
        (
            "flask_smorest:arguments",
            super::smorest::decorate_arguments,
        ),
        ("flask_smorest:taking", super::smorest::run_taking),
        (
            "py:flask.Flask().arguments",
            super::smorest::arguments_decorator,
        ),
        (
            "py:flask.Blueprint().arguments",
            super::smorest::arguments_decorator,
        ),
        (
            "py:flask.Blueprint().response",
            super::register::pass_decorator,
        ),
        (
            "py:flask.Blueprint().alt_response",
            super::register::pass_decorator,
        ),
        (
            "py:flask.Blueprint().paginate",
            super::register::pass_decorator,
        ),
        ("py:flask.Blueprint().doc", super::register::pass_decorator),
        ("py:flask.Blueprint().etag", super::register::given),
    ],
    instances: &[
        ("py:flask_restful.Api", super::apis::made),
        ("py:flask_restx.Api", super::apis::made),
    ],
    aliases: &[
        ("py:flask_restx.Api()", "py:flask_restful.Api()"),
        ("py:flask_restx.Resource", "py:flask_restful.Resource"),
        ("py:flask_restx.abort", "py:flask_restful.abort"),
        (
            "py:flask_restx.marshal_with",
            "py:flask_restful.marshal_with",
        ),
        (
            "py:flask_restx.reqparse.RequestParser",
            "py:flask_restful.reqparse.RequestParser",
        ),
        ("py:flask_restplus.Api", "py:flask_restful.Api"),
        ("py:flask_restplus.Resource", "py:flask_restful.Resource"),
        ("py:flask_restplus.Namespace", "py:flask_restx.Namespace"),
        (
            "py:flask_restx.namespace.Namespace",
            "py:flask_restx.Namespace",
        ),
        (
            "py:flask_smorest.blueprint.Blueprint",
            "py:flask_smorest.Blueprint",
        ),
    ],
    ..Model::EMPTY
};

/// `Api(app_or_blueprint, prefix="", decorators=[...])`.
fn make_api(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = object_with_arguments(machine, call);
    if call.path.starts_with("py:flask_restx.") {
        let restful = ObjectKind::Host(Ustr::from("py:flask_restful.Api()"));
        machine.heap.get_mut(id).kind = restful;
        machine
            .heap
            .set_property(id, Ustr::from("$restx"), Value::bool(true));
    }
    let app = given(call, 0, "app").filter(|app| !app.is_nothing());
    if let Some(app) = app {
        attach(host, machine, id, app);
    }
    Ok(Some(Value::object(id)))
}

fn set_up(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let (Some(api), app) = (call.receiver, argument(call, 0, "app")) {
        attach(host, machine, api, app);
    }
    Ok(Some(Value::null()))
}

/// An API stands on an application or blueprint; what was added before is registered now.
pub(super) fn attach(host: &ModelHost, machine: &mut Machine<'_>, api: ObjectId, app: Value) {
    let app = app
        .only_object()
        .filter(|app| host.state().routers.contains_key(app));
    let Some(app) = app else {
        return;
    };
    machine
        .heap
        .set_property(api, Ustr::from("$app"), Value::object(app));
    if machine.heap.property(api, Ustr::from("$restx")).is_some() {
        describe(host, machine, api, app);
    }
    let waiting = std::mem::take(&mut host.state().flask.waiting);
    for (owner, class, arguments, prefix, span) in waiting {
        match owner == api {
            true => resource(host, machine, api, app, class, &arguments, &prefix, span),
            false => host
                .state()
                .flask
                .waiting
                .push((owner, class, arguments, prefix, span)),
        }
    }
}

/// Flask-RESTX serves a description of the interface, a page for it and its root (`api.py`, `_init_app`).
fn describe(host: &ModelHost, machine: &mut Machine<'_>, api: ObjectId, app: ObjectId) {
    let span = machine.heap.get(api).span;
    let prefix = prefix_of(machine, api, "");
    let root = match prefix.is_empty() {
        true => "/".to_owned(),
        false => prefix.clone(),
    };
    let page = machine.heap.property(api, Ustr::from("doc")).cloned();
    let page = page.and_then(|page| page.text());
    let mut paths = vec![(root, "root"), (format!("{prefix}/swagger.json"), "specs")];
    if let Some(page) = page {
        paths.push((page.to_string(), "doc"));
    }
    for (path, name) in paths {
        serve(host, machine, app, &path, name, span);
    }
    // The files of the page belong to the application, whatever the API stands on.
    serve(
        host,
        machine,
        app,
        "/swaggerui/<path:filename>",
        "static",
        span,
    );
}

/// A rule that gives what is the same for everybody.
fn serve(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    app: ObjectId,
    path: &str,
    name: &str,
    span: Span,
) {
    let view = host.make_object(machine, "flask:static", span);
    machine.heap.get_mut(view).name = Some(Ustr::from(name));
    let mut arguments = Arguments::positional([Value::string(path)]);
    let endpoint = Value::string(&format!("restx_{name}"));
    arguments.keywords.insert(Ustr::from("endpoint"), endpoint);
    if name == "static" {
        let whole = Value::bool(true);
        arguments.keywords.insert(Ustr::from("$whole"), whole);
    }
    add_rule(
        host,
        machine,
        app,
        &arguments,
        Some(&Value::object(view)),
        span,
    );
}

pub(super) fn app_of(machine: &Machine<'_>, api: ObjectId) -> Option<ObjectId> {
    machine
        .heap
        .property(api, Ustr::from("$app"))?
        .only_object()
}

/// `api.add_resource(Class, *paths, endpoint=None, resource_class_args=..., resource_class_kwargs=...)`.
fn add_resource(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let (Some(api), Some(class)) = (call.receiver, call.arguments.get(0).only_object()) else {
        return Ok(Some(Value::null()));
    };
    let mut arguments = call.arguments.clone();
    if !arguments.positional.is_empty() {
        arguments.positional.remove(0);
    }
    add_class(host, machine, api, class, arguments, call.span);
    Ok(Some(Value::null()))
}

/// `@api.resource(*paths)`, `@namespace.route(*paths)`.
fn resource_decorator(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "flask_rest:decorator", call.span);
    let object = machine.heap.get_mut(id);
    object.elements = vec![call.this.clone()];
    object
        .elements
        .extend(call.arguments.positional.iter().cloned());
    object.properties = call.arguments.keywords.clone();
    Ok(Some(Value::object(id)))
}

fn decorate(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let class = call.arguments.get(0);
    let Some(id) = call.receiver else {
        return Ok(Some(class));
    };
    let object = machine.heap.get(id).clone();
    let mut elements = object.elements.into_iter();
    let api = elements.next().and_then(|api| api.only_object());
    if let (Some(api), Some(made)) = (api, class.only_object()) {
        let arguments = Arguments {
            positional: elements.collect(),
            keywords: object.properties,
            rest: None,
            rest_at: 0,
        };
        add_class(host, machine, api, made, arguments, object.span);
    }
    Ok(Some(class))
}

fn is_namespace(machine: &Machine<'_>, id: ObjectId) -> bool {
    matches!(machine.heap.get(id).kind, ObjectKind::Host(path) if path == "py:flask_restx.Namespace()")
}

fn add_class(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    api: ObjectId,
    class: ObjectId,
    arguments: Arguments,
    span: Span,
) {
    if host.is_request() || !matches!(machine.heap.get(class).kind, ObjectKind::Class { .. }) {
        return;
    }
    let mounted = machine.heap.property(api, Ustr::from("$api")).cloned();
    if is_namespace(machine, api) {
        let prefix = space_path(machine, api);
        match mounted.and_then(|mounted| mounted.only_object()) {
            Some(outer) => place(host, machine, outer, api, class, arguments, prefix, span),
            None => {
                let mut state = host.state();
                state
                    .flask
                    .waiting
                    .push((api, class, arguments, prefix, span));
            }
        }
        return;
    }
    place(
        host,
        machine,
        api,
        api,
        class,
        arguments,
        String::new(),
        span,
    );
}

/// Registers a resource if the API stands on something already, and else when it does.
#[allow(
    clippy::too_many_arguments,
    reason = "a resource is many things at once"
)]
fn place(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    api: ObjectId,
    owner: ObjectId,
    class: ObjectId,
    arguments: Arguments,
    prefix: String,
    span: Span,
) {
    match app_of(machine, api) {
        Some(app) => resource(
            host,
            machine,
            owner,
            app,
            class,
            &arguments,
            &prefix_of(machine, api, &prefix),
            span,
        ),
        None => {
            let mut state = host.state();
            state
                .flask
                .waiting
                .push((api, class, arguments, prefix, span));
        }
    }
}

fn prefix_of(machine: &Machine<'_>, api: ObjectId, inner: &str) -> String {
    let own = machine.heap.property(api, Ustr::from("prefix"));
    format!("{}{inner}", text_of(own).unwrap_or_default())
}

#[allow(
    clippy::too_many_arguments,
    reason = "a resource is many things at once"
)]
fn resource(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    api: ObjectId,
    app: ObjectId,
    class: ObjectId,
    arguments: &Arguments,
    prefix: &str,
    span: Span,
) {
    let name = arguments
        .keyword("endpoint")
        .and_then(Value::text)
        .or(machine.heap.get(class).name)
        .unwrap_or_else(|| Ustr::from("resource"));
    let mut made = Arguments::default();
    if let Some(list) = arguments.keyword("resource_class_args") {
        made.positional = machine.elements_of(list).0;
    }
    if let Some(id) = arguments
        .keyword("resource_class_kwargs")
        .and_then(Value::only_object)
    {
        made.keywords = machine.heap.get(id).properties.clone();
    }
    let mut view = views::view_of_class(
        host,
        machine,
        class,
        &name,
        &made,
        &["method_decorators", "decorators"],
        span,
    );
    let methods = views::methods_of(machine, &view);
    let decorators = machine
        .heap
        .property(api, Ustr::from("decorators"))
        .cloned();
    if let Some(decorators) = decorators {
        for decorator in machine.elements_of(&decorators).0 {
            let given = Arguments::positional([view.clone()]);
            let (wrapped, _) =
                machine.catching(|machine| machine.call_value(&decorator, None, &given, span));
            view = wrapped.unwrap_or(view);
        }
    }
    for path in &arguments.positional {
        let path = text_of(Some(path)).unwrap_or_default();
        let rule = Value::pattern(&format!("{prefix}{path}"));
        let mut arguments = Arguments::positional([rule]);
        let endpoint = Value::string(&name.to_ascii_lowercase());
        arguments.keywords.insert(Ustr::from("endpoint"), endpoint);
        if let Some(methods) = &methods {
            arguments
                .keywords
                .insert(Ustr::from("methods"), methods.clone());
        }
        add_rule(host, machine, app, &arguments, Some(&view), span);
    }
}

/// `Namespace(name, path=None, decorators=None)`.
fn make_namespace(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let path = format!("{}()", call.path);
    let id = machine
        .heap
        .allocate(ObjectKind::Host(Ustr::from(&path)), call.span);
    machine.heap.get_mut(id).elements = call.arguments.positional.clone();
    machine.heap.get_mut(id).properties = call.arguments.keywords.clone();
    Ok(Some(Value::object(id)))
}

/// `api.namespace(name, ...)` makes a namespace and adds it.
fn make_namespace_of(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let inner = Call {
        path: Ustr::from("py:flask_restx.Namespace"),
        receiver: None,
        this: Value::null(),
        arguments: call.arguments,
        span: call.span,
        is_new: false,
    };
    let made = make_namespace(host, machine, &inner)?;
    if let (Some(api), Some(space)) = (call.receiver, made.as_ref().and_then(Value::only_object)) {
        machine
            .heap
            .set_property(space, Ustr::from("$api"), Value::object(api));
    }
    Ok(made)
}

fn space_path(machine: &Machine<'_>, space: ObjectId) -> String {
    let object = machine.heap.get(space);
    let path = text_of(object.properties.get(&Ustr::from("path")));
    path.unwrap_or_else(|| {
        let name = text_of(object.elements.first())
            .or_else(|| text_of(object.properties.get(&Ustr::from("name"))));
        format!("/{}", name.unwrap_or_default())
    })
    .trim_end_matches('/')
    .to_owned()
}

/// `api.add_namespace(namespace, path=None)`.
fn add_namespace(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let space = argument(call, 0, "ns").only_object();
    let (Some(api), Some(space)) = (call.receiver, space) else {
        return Ok(Some(Value::null()));
    };
    if let Some(path) = given(call, 1, "path").filter(|path| !path.is_nothing()) {
        machine.heap.set_property(space, Ustr::from("path"), path);
    }
    machine
        .heap
        .set_property(space, Ustr::from("$api"), Value::object(api));
    let prefix = space_path(machine, space);
    let waiting = std::mem::take(&mut host.state().flask.waiting);
    for (owner, class, arguments, old, span) in waiting {
        match owner == space {
            true => place(
                host,
                machine,
                api,
                space,
                class,
                arguments,
                prefix.clone(),
                span,
            ),
            false => host
                .state()
                .flask
                .waiting
                .push((owner, class, arguments, old, span)),
        }
    }
    Ok(Some(Value::null()))
}

/// `Resource.dispatch_request`: the method of the request's name; `method_decorators` may be by method.
fn dispatch(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let method = Ustr::from(&host.state().run.method.to_ascii_lowercase());
    let decorators = call
        .this
        .only_object()
        .and_then(|id| match machine.heap.get(id).kind {
            ObjectKind::Instance { class } => {
                machine.class_attribute(class, Ustr::from("method_decorators"))
            }
            _ => None,
        })
        .and_then(|(_, value)| value.only_object());
    let by_method = decorators.and_then(|id| match machine.heap.get(id).kind {
        ObjectKind::Plain => machine.heap.property(id, method).cloned(),
        _ => None,
    });
    let mut function = machine.member(&call.this, method, call.span)?;
    if let Some(list) = by_method {
        for decorator in machine.elements_of(&list).0 {
            let given = Arguments::positional([function.clone()]);
            function = machine.call_value(&decorator, None, &given, call.span)?;
        }
    }
    machine
        .call_value(&function, None, call.arguments, call.span)
        .map(Some)
}

/// `abort(404, message=...)` of these libraries.
fn abort(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let code = given(call, 0, "http_status_code").or_else(|| given(call, 0, "code"));
    let status = code.and_then(|code| code.as_number()).unwrap_or(500.0);
    let error = super::errors::exception(host, machine, status as u16, call.span);
    machine.throw(error, call.span)
}

fn super_abort(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    abort(host, machine, call)
}

/// What a parser has read of the request.
fn parsed(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(host.request_value(
        machine,
        firedoor_app::RequestPart::Body,
        "",
    )))
}
