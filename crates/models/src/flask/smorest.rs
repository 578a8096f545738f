//! flask-smorest: blueprints whose routes are classes too, and functions that are given what was sent.
//!
//! Source: flask-smorest 0.47, `blueprint.py`, `arguments.py`.

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Value};
use ustr::Ustr;

use super::register::add_rule;
use super::rest::app_of;
use super::{BLUEPRINT, NAME, views};
use crate::ModelHost;

/// A blueprint of flask-smorest is one of Flask.
pub(super) fn make_blueprint(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let id = host.make_router(machine, BLUEPRINT, NAME, "blueprint", call.span);
    super::keep_options(host, machine, id, call.arguments);
    machine
        .heap
        .set_property(id, Ustr::from("$smorest"), Value::bool(true));
    Ok(Some(Value::object(id)))
}

/// Returns the view of `blueprint.add_url_rule(rule, endpoint, view_func)`, for which a blueprint of flask-smorest
/// takes a class as it is.
pub(super) fn view_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    router: ObjectId,
    view: Value,
    call: &Call<'_>,
) -> Value {
    let is_smorest = machine
        .heap
        .property(router, Ustr::from("$smorest"))
        .is_some();
    let class = view
        .only_object()
        .filter(|id| is_smorest && matches!(machine.heap.get(*id).kind, ObjectKind::Class { .. }));
    let Some(class) = class else {
        return view;
    };
    let own = machine.heap.get(class).name;
    let name = call.arguments.find(1, "endpoint").and_then(Value::text);
    let name = name.or(own).unwrap_or_else(|| Ustr::from("view"));
    let none = Arguments::default();
    views::view_of_class(
        host,
        machine,
        class,
        &name,
        &none,
        &["decorators"],
        call.span,
    )
}

/// `@blueprint.route(path)` of flask-smorest takes classes too.
pub(super) fn smorest_route(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let id = host.make_object(machine, "flask_smorest:decorator", call.span);
    let object = machine.heap.get_mut(id);
    object.elements = vec![call.this.clone()];
    object
        .elements
        .extend(call.arguments.positional.iter().cloned());
    object.properties = call.arguments.keywords.clone();
    Ok(Some(Value::object(id)))
}

pub(super) fn decorate_smorest(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let target = call.arguments.get(0);
    let Some(id) = call.receiver else {
        return Ok(Some(target));
    };
    let object = machine.heap.get(id).clone();
    let mut elements = object.elements.into_iter();
    let router = elements.next().and_then(|router| router.only_object());
    let arguments = Arguments {
        positional: elements.collect(),
        keywords: object.properties,
        rest: None,
        rest_at: 0,
    };
    let class = target
        .only_object()
        .filter(|id| matches!(machine.heap.get(*id).kind, ObjectKind::Class { .. }));
    let view = match class {
        Some(class) => {
            let name = machine.heap.get(class).name;
            let name = name.unwrap_or_else(|| Ustr::from("view"));
            let none = Arguments::default();
            views::view_of_class(
                host,
                machine,
                class,
                &name,
                &none,
                &["decorators"],
                object.span,
            )
        }
        None => target.clone(),
    };
    if let Some(router) = router {
        add_rule(host, machine, router, &arguments, Some(&view), object.span);
    }
    Ok(Some(target))
}

/// `api.register_blueprint(blueprint)` puts it on the application.
pub(super) fn register_blueprint(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let app = call.receiver.and_then(|api| app_of(machine, api));
    let app = app.or_else(|| host.flask_app());
    let Some(app) = app else {
        return Ok(Some(Value::null()));
    };
    let inner = Call {
        path: call.path,
        receiver: Some(app),
        this: Value::object(app),
        arguments: call.arguments,
        span: call.span,
        is_new: false,
    };
    super::register::register_blueprint(host, machine, &inner)
}

/// `@blueprint.arguments(Schema, location="json")` hands what was sent to the function.
pub(super) fn arguments_decorator(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let id = host.make_object(machine, "flask_smorest:arguments", call.span);
    machine.heap.get_mut(id).properties = call.arguments.keywords.clone();
    Ok(Some(Value::object(id)))
}

pub(super) fn decorate_arguments(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let function = call.arguments.get(0);
    let options = call
        .receiver
        .map(|id| machine.heap.get(id).properties.clone());
    let id = host.make_object(machine, "flask_smorest:taking", call.span);
    let name = crate::doors::symbol(machine, &function, call.span).name;
    let object = machine.heap.get_mut(id);
    object.name = Some(name);
    object.properties = options.unwrap_or_default();
    object.elements = vec![function.clone()];
    object
        .properties
        .insert(Ustr::from("__wrapped__"), function);
    Ok(Some(Value::object(id)))
}

pub(super) fn run_taking(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.receiver else {
        return Ok(None);
    };
    let object = machine.heap.get(id).clone();
    let location = object
        .properties
        .get(&Ustr::from("location"))
        .and_then(Value::text);
    let part = match location.as_ref().map(|location| location.as_str()) {
        Some("query" | "querystring") => firedoor_app::RequestPart::Query,
        Some("headers") => firedoor_app::RequestPart::Header,
        Some("cookies") => firedoor_app::RequestPart::Cookie,
        Some("path") => firedoor_app::RequestPart::Path,
        _ => firedoor_app::RequestPart::Body,
    };
    let value = host.request_value(machine, part, "");
    let mut arguments = call.arguments.clone();
    arguments.positional.push(value);
    let function = object.elements.first().cloned();
    let function = function.unwrap_or_else(Value::undefined);
    machine
        .call_value(&function, None, &arguments, call.span)
        .map(Some)
}
