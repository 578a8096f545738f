//! Sends a request through a view: middleware, what guards the view, and the view itself.

use firedoor_app::{EffectKind, Origin, RequestPart, Transport};
use firedoor_eval::{Arguments, Machine, ObjectId, ObjectKind, Shape, Stop, Value};
use ustr::Ustr;

use super::{guards, library_views, middleware, views};
use crate::fastapi::plan::settled;
use crate::python_support::last_name;
use crate::{Door, ModelHost, Step};

/// The object that stands for a route in its last step: the view, and how requests fill its parameters.
pub(crate) const ROUTE: &str = "django:route";

/// Makes the request.
pub(crate) fn begin(host: &ModelHost, machine: &mut Machine<'_>, door: &Door) -> Vec<Value> {
    if door.transport == Transport::WebSocket {
        forget_credentials(host);
        return super::channels::begin(host, machine, door);
    }
    let request = host.make_object(machine, "django:request", door.registered);
    if door.method != "ANY" {
        let method = Value::string(&door.method);
        let properties = &mut machine.heap.get_mut(request).properties;
        properties.insert(Ustr::from("method"), method);
    }
    let view = door.steps.last().map(|step| step.value.clone());
    forget_credentials(host);
    let mut state = host.state();
    state.django.request = Some(request);
    state.django.view = view;
    vec![Value::object(request)]
}

fn forget_credentials(host: &ModelHost) {
    let mut state = host.state();
    state.django.credential = None;
    state.django.cookies.clear();
}

/// Runs one step.
pub(crate) fn step(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    step: &Step,
    shared: &[Value],
) -> Result<(), Stop> {
    let Some(request) = shared.first().cloned() else {
        return Ok(());
    };
    host.state().django.base = machine.decided.len();
    if door.transport == Transport::WebSocket {
        return super::channels::step(host, machine, step, &request);
    }
    match step.role {
        "middleware" => middleware::run(host, machine, step, &request),
        "guard" | guards::UNREACHED => {
            let arguments = parameters(host, machine, door);
            guards::run_step(host, machine, step, &request, &arguments)
        }
        "authentication" | "permission" | "throttle" | super::drf_unread::UNREACHED => {
            let arguments = parameters(host, machine, door);
            super::drf_guards::run(host, machine, step, &request, &arguments)
        }
        "handler" => handle(host, machine, door, step, &request),
        _ => Ok(()),
    }
}

fn handle(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    step: &Step,
    request: &Value,
) -> Result<(), Stop> {
    let arguments = parameters(host, machine, door);
    let Some(route) = step.value.only_object() else {
        return Ok(());
    };
    let view = machine.heap.get(route).elements.first().cloned();
    let view = view.unwrap_or_else(Value::null);
    let before = host.state().run.effects.len();
    if let Some(reason) = unknown_view(host, machine, &view, &door.method) {
        let number = host.state().run.step;
        host.state().run.unknown.push((number, reason));
    }
    let result = views::call(host, machine, &view, request, &arguments, step.span)?;
    let result = settled(machine, result, step.span)?;
    let has_answered = host.state().run.effects[before..].iter().any(|effect| {
        matches!(
            effect.kind,
            EffectKind::Respond { .. } | EffectKind::Redirect(_)
        )
    });
    if !has_answered {
        let body = host.body_fields(machine, &result);
        let kind = EffectKind::Respond {
            status: None,
            body,
            is_error: false,
        };
        host.effect(machine, kind, step.span);
        if let Some(effect) = host.state().run.effects.last_mut() {
            effect.function = door.handler.name;
        }
    }
    Ok(())
}

/// Says why nobody knows what a view does: it is of a library that no model knows, or was not found at all.
fn unknown_view(
    host: &ModelHost,
    machine: &Machine<'_>,
    view: &Value,
    method: &str,
) -> Option<String> {
    let object = view.only_object().map(|id| machine.heap.get(id));
    let (given, is_class) = match object {
        Some(object) if matches!(object.kind, ObjectKind::Host(path) if path == views::VIEW) => {
            (object.elements.first()?.clone(), true)
        }
        _ => (view.clone(), false),
    };
    if given.is_unknown() {
        return Some("its view was not found".to_owned());
    }
    let path = given.as_outside()?;
    let is_known = path.starts_with("py:django.") && is_class
        || host.answers(&path)
        || library_views::answers(&path, &method.to_ascii_lowercase())
        || path.starts_with("py:rest_framework.");
    (!is_known).then(|| format!("what `{}` does is not known", last_name(&path)))
}

/// What the path gives a view: its parameters by name, those without a name by position.
pub(crate) fn parameters(host: &ModelHost, machine: &mut Machine<'_>, door: &Door) -> Arguments {
    match door.steps.last().and_then(|step| step.value.only_object()) {
        Some(route) => parameters_of(host, machine, route),
        None => Arguments::default(),
    }
}

/// The same of the object that stands for the route.
pub(crate) fn parameters_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    route: ObjectId,
) -> Arguments {
    let mut arguments = Arguments::default();
    let object = machine.heap.get(route).clone();
    let list = object.properties.get(&Ustr::from("$parameters")).cloned();
    let parts = list.map_or_else(Vec::new, |list| machine.elements_of(&list).0);
    for part in parts {
        let Some(text) = part.text() else { continue };
        let (name, is_number) = match text.as_str().strip_suffix('#') {
            Some(name) => (name, true),
            None => (text.as_str(), false),
        };
        let origin = Origin::Request(RequestPart::Path, Ustr::from(name));
        let origins = host.origin(machine, origin);
        let shape = match is_number {
            true => Shape::Number,
            false => Shape::String,
        };
        let value = Value::unknown(shape).with_origins(origins);
        match name.strip_prefix("arg") {
            Some(rest) if rest.parse::<u32>().is_ok() => arguments.positional.push(value),
            _ => {
                arguments.keywords.insert(Ustr::from(name), value);
            }
        }
    }
    let extra = object.properties.get(&Ustr::from("$kwargs")).cloned();
    if let Some(id) = extra.and_then(|extra| extra.only_object()) {
        let properties = machine.heap.get(id).properties.clone();
        arguments.keywords.extend(properties);
    }
    arguments
}

/// Returns the request object that is on its way.
pub(crate) fn current(host: &ModelHost) -> Option<ObjectId> {
    host.state().django.request
}

/// Returns the path of a host object.
pub(crate) fn host_path(machine: &Machine<'_>, value: &Value) -> Option<Ustr> {
    match machine.heap.get(value.only_object()?).kind {
        ObjectKind::Host(path) => Some(path),
        _ => None,
    }
}

/// Returns the elements of each list that a value may be: of a list that is only known in part, what is known.
pub(crate) fn listed(machine: &mut Machine<'_>, value: &Value) -> Vec<Value> {
    let mut all = Vec::new();
    for id in value.objects().collect::<Vec<_>>() {
        for element in machine.elements_of(&Value::object(id)).0 {
            if !all.contains(&element) {
                all.push(element);
            }
        }
    }
    all
}
