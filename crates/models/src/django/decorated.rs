//! What `method_decorator` has put on a class, its `dispatch` and its methods, and where in the order of classes it runs.
//!
//! Decorators of the `dispatch` that is found first stand around the whole view. Those of classes behind it run only if
//! it calls them by `super()`, and those of a method only if the method is called. Source: django 5.2
//! `utils/decorators.py`.

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::guards::noted;
use crate::{Model, ModelHost};

/// A method of a view that is called with a request.
const BOUND: &str = "django:bound-method";

/// The model.
pub static MODEL: Model = Model {
    name: "django",
    calls: &[(BOUND, call_bound)],
    ..Model::EMPTY
};

/// The decorators that stand around the whole view, the outermost first.
pub(super) fn around_view(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
) -> Vec<Value> {
    let order = machine.class_order(class);
    let owner = machine.class_attribute(class, Ustr::from("dispatch"));
    let first = owner.and_then(|(owner, _)| order.iter().position(|class| *class == owner));
    let before = first.map_or(order.as_slice(), |first| &order[..=first]);
    of_dispatch(host, machine, before)
}

/// The decorators of classes behind the `dispatch` that is found first.
fn behind(host: &ModelHost, machine: &mut Machine<'_>, class: ObjectId) -> Vec<Value> {
    let order = machine.class_order(class);
    let owner = machine.class_attribute(class, Ustr::from("dispatch"));
    let first = owner.and_then(|(owner, _)| order.iter().position(|class| *class == owner));
    match first {
        Some(first) => of_dispatch(host, machine, &order[first + 1..]),
        None => Vec::new(),
    }
}

fn of_dispatch(host: &ModelHost, machine: &mut Machine<'_>, classes: &[ObjectId]) -> Vec<Value> {
    let mut found = Vec::new();
    for owner in classes {
        let own = noted(host, machine, *owner);
        let own = own.into_iter().filter(|(name, _)| name == "dispatch");
        found.extend(own.map(|(_, decorator)| decorator));
        let ObjectKind::Class { prototype, .. } = machine.heap.get(*owner).kind else {
            continue;
        };
        let dispatch = machine.heap.property(prototype, Ustr::from("dispatch"));
        if let Some(id) = dispatch.and_then(Value::only_object) {
            found.extend(noted(host, machine, id).into_iter().map(|(_, one)| one));
        }
    }
    found
}

/// The decorators of a method.
pub(super) fn around_method(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    method: &str,
) -> Vec<Value> {
    let mut found = Vec::new();
    for owner in machine.class_order(class) {
        let own = noted(host, machine, owner);
        let own = own.into_iter().filter(|(name, _)| name == method);
        found.extend(own.map(|(_, decorator)| decorator));
    }
    if let Some((_, function)) = machine.class_attribute(class, Ustr::from(method))
        && let Some(id) = function.only_object()
    {
        found.extend(noted(host, machine, id).into_iter().map(|(_, one)| one));
    }
    found
}

/// Calls the method of an instance that has come through its `dispatch`, with what stands around it.
pub(super) fn call_method(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    instance: ObjectId,
    method: &str,
    arguments: &Arguments,
    span: Span,
) -> Result<Value, Stop> {
    let mut decorators = Vec::new();
    if let ObjectKind::Instance { class } = machine.heap.get(instance).kind {
        decorators = behind(host, machine, class);
        decorators.extend(around_method(host, machine, class, method));
    }
    call_in(
        host,
        machine,
        instance,
        (method, &decorators),
        arguments,
        span,
    )
}

/// Calls a member of an instance within decorators.
pub(super) fn call_in(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    instance: ObjectId,
    (name, decorators): (&str, &[Value]),
    arguments: &Arguments,
    span: Span,
) -> Result<Value, Stop> {
    let this = Value::object(instance);
    if decorators.is_empty() {
        return machine.call_member(&this, Ustr::from(name), arguments, span);
    }
    let id = host.make_object(machine, BOUND, span);
    let object = machine.heap.get_mut(id);
    object.elements = vec![this, Value::string(name)];
    object.name = Some(Ustr::from(name));
    let mut view = Value::object(id);
    for decorator in decorators.iter().rev() {
        let given = Arguments::positional([view]);
        view = machine.call_value(decorator, None, &given, span)?;
    }
    machine.call_value(&view, None, arguments, span)
}

fn call_bound(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.receiver.or(call.this.only_object()) else {
        return Ok(None);
    };
    let elements = machine.heap.get(id).elements.clone();
    let [this, name] = elements.as_slice() else {
        return Ok(None);
    };
    let name = name.text().unwrap_or_default();
    let called = machine.call_member(this, name, call.arguments, call.span)?;
    Ok(Some(called))
}
