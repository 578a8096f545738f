//! Work that is done in the background: tasks of Celery.
//!
//! What a task does is done for whoever asked for it, while its answer and its failures reach nobody. Source: celery 5.5
//! `app/base.py` (`task`), `app/task.py` (`delay`, `apply_async`), `canvas.py` (`Signature`).

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectKind, Shape, Value};
use ustr::Ustr;

use crate::python_support::{entry, kept, last_name};
use crate::tools::run_behind_answer;
use crate::{Model, ModelHost};

const TASK: &str = "celery:task";
/// A task with the arguments that it will be called with.
const SIGNATURE: &str = "celery:signature";
/// Where a signature keeps its arguments by position.
const GIVEN: &str = "$given";

/// The model.
pub static MODEL: Model = Model {
    name: "celery",
    calls: &[
        ("py:celery.shared_task", decorate),
        ("py:celery.Celery().task", decorate),
        ("py:celery.app.shared_task", decorate),
        ("celery:decorator", make),
        (TASK, call_now),
        ("celery:task.run", call_now),
        ("celery:task.apply", call_listed),
        ("celery:task.delay", call_later),
        ("celery:task.apply_async", call_listed),
        ("celery:task.s", sign),
        ("celery:task.si", sign),
        ("celery:signature.delay", call_signed),
        ("celery:signature.apply_async", call_signed),
    ],
    ..Model::EMPTY
};

/// What the decorator is that was given options.
const DECORATOR: &str = "celery:decorator";

/// `@shared_task`, `@app.task` and both with options.
fn decorate(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if !call.arguments.positional.is_empty() {
        return make(host, machine, call);
    }
    let id = host.make_object(machine, DECORATOR, call.span);
    machine.heap.get_mut(id).properties = call.arguments.keywords.clone();
    Ok(Some(Value::object(id)))
}

fn make(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let function = call.arguments.get(0);
    // Called on the application itself, the decorator is given no options.
    let options = call.receiver.map(|id| machine.heap.get(id));
    let options =
        options.filter(|it| matches!(it.kind, ObjectKind::Host(path) if path == DECORATOR));
    let options = options.map(|it| it.properties.clone());
    let id = host.make_object(machine, TASK, call.span);
    let name = function
        .only_object()
        .and_then(|function| machine.heap.get(function).name);
    let object = machine.heap.get_mut(id);
    object.name = name;
    object.elements = vec![function.clone()];
    object.properties = options.unwrap_or_default();
    object
        .properties
        .insert(Ustr::from("__wrapped__"), function);
    Ok(Some(Value::object(id)))
}

/// The function of a task. One that is bound is given the task first.
fn function_of(machine: &Machine<'_>, call: &Call<'_>) -> Option<(Value, Option<Value>)> {
    let id = call.receiver.or(call.this.only_object())?;
    let function = kept(machine, Some(id), 0, "$function")?;
    let is_bound = entry(machine, &Value::object(id), "bind").and_then(|it| it.truth());
    let task = (is_bound == Some(true)).then(|| Value::object(id));
    Some((function, task))
}

fn with_task(task: Option<Value>, arguments: &Arguments) -> Arguments {
    let mut all = arguments.clone();
    if let Some(task) = task {
        all.positional.insert(0, task);
    }
    all
}

/// `task(...)` runs it here and now.
fn call_now(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some((function, task)) = function_of(machine, call) else {
        return Ok(None);
    };
    let arguments = with_task(task, call.arguments);
    machine
        .call_value(&function, None, &arguments, call.span)
        .map(Some)
}

/// `task.delay(...)`.
fn call_later(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    later(machine, call, call.arguments)
}

/// `task.apply_async(args, kwargs)`.
fn call_listed(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let mut arguments = Arguments::default();
    if let Some(listed) = call.arguments.find(0, "args") {
        (arguments.positional, _) = machine.elements_of(listed);
    }
    if let Some(id) = call
        .arguments
        .find(1, "kwargs")
        .and_then(Value::only_object)
    {
        arguments.keywords = machine.heap.get(id).properties.clone();
    }
    later(machine, call, &arguments)
}

fn later(machine: &mut Machine<'_>, call: &Call<'_>, arguments: &Arguments) -> Answer {
    let Some((function, task)) = function_of(machine, call) else {
        return Ok(None);
    };
    // Nobody waits for it, so that nobody is told of its failure.
    let mut arguments = with_task(task, arguments);
    arguments.positional.insert(0, function);
    let behind = Call {
        arguments: &arguments,
        this: call.this.clone(),
        ..*call
    };
    run_behind_answer(machine, &behind)?;
    Ok(Some(Value::unknown(Shape::Object)))
}

/// `task.s(...)`.
fn sign(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let task = call.receiver.or(call.this.only_object());
    let given = machine.make_tuple(call.arguments.positional.clone(), call.span);
    let id = host.make_object(machine, SIGNATURE, call.span);
    let object = machine.heap.get_mut(id);
    object.elements.extend(task.map(Value::object));
    object.properties = call.arguments.keywords.clone();
    object.properties.insert(Ustr::from(GIVEN), given);
    Ok(Some(Value::object(id)))
}

/// `task.s(...).delay()`.
fn call_signed(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.receiver.or(call.this.only_object()) else {
        return Ok(None);
    };
    let Some(task) = machine.heap.get(id).elements.first().cloned() else {
        return Ok(None);
    };
    let mut arguments = Arguments {
        keywords: machine.heap.get(id).properties.clone(),
        ..Arguments::default()
    };
    if let Some(given) = arguments.keywords.shift_remove(&Ustr::from(GIVEN)) {
        (arguments.positional, _) = machine.elements_of(&given);
    }
    let name = match last_name(&call.path) {
        "apply_async" | "delay" => Ustr::from("delay"),
        other => Ustr::from(other),
    };
    machine
        .call_member(&task, name, &arguments, call.span)
        .map(Some)
}
