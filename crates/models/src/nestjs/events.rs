//! Events and jobs within the application: `@OnEvent(name)` is called by `emit(name, ...)`, and `@Processor(queue)` by
//! `add` of that queue.
//!
//! Who emits or adds does not wait for it, and it happens all the same: it is noted where it was asked for. Sources:
//! @nestjs/event-emitter 3.0, `event-subscribers.loader.ts`; @nestjs/bullmq 11.0, `bull.explorer.ts`.

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, Shape, Value};
use ustr::Ustr;

use super::decorators::arguments_of;
use super::doors::methods;
use super::{inject, metadata};
use crate::ModelHost;
use crate::node_events::run;
use crate::tokens::plain;
use crate::tools::{deliver, keep, kept, last_part};

/// The one emitter of the application, wherever it is injected.
pub(super) fn emitter(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "nest:events", call.span);
    Ok(Some(Value::object(id)))
}

/// `emit(name, ...)` and `emitAsync(name, ...)`; what is listened for by hand is not followed.
pub(super) fn method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = last_part(&call.path);
    if !matches!(name, "emit" | "emitAsync") {
        return Ok(None);
    }
    if let Some(event) = call.arguments.get(0).text().filter(|_| host.is_request()) {
        let given = call.arguments.positional.iter().skip(1).cloned();
        let arguments = Arguments::positional(given.collect::<Vec<_>>());
        for (class, module, function) in listeners(host, machine, &event) {
            let this = inject::instance(host, machine, class, module);
            let listener = Value::object(function);
            run(machine, (&listener, this), &arguments, call.span)?;
        }
    }
    match name {
        "emitAsync" => deliver(machine, call, Value::unknown(Shape::Any)),
        _ => Ok(Some(Value::unknown(Shape::Bool))),
    }
}

/// The methods of provided classes that listen for the event, each with its class and module.
fn listeners(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    event: &str,
) -> Vec<(ObjectId, usize, ObjectId)> {
    let mut found = Vec::new();
    for (class, module) in inject::provided_classes(host) {
        for function in methods(machine, class) {
            let mut names = Vec::new();
            for name in metadata::list(host, machine, function, Ustr::from("OnEvent")) {
                match name.text() {
                    Some(name) => names.push(name),
                    None => {
                        let listed = machine.elements_of(&name).0;
                        names.extend(listed.iter().filter_map(Value::text));
                    }
                }
            }
            if names.iter().any(|name| covers(name, event)) {
                found.push((class, module, function));
            }
        }
    }
    found
}

/// `*` stands for one part of a name, `**` for all that follow.
fn covers(name: &str, event: &str) -> bool {
    let mut parts = event.split('.');
    for wanted in name.split('.') {
        if wanted == "**" {
            return true;
        }
        match parts.next() {
            Some(part) if wanted == "*" || wanted == part => {}
            _ => return false,
        }
    }
    parts.next().is_none()
}

const NAME: &str = "$name";

/// What `@InjectQueue(name)` asks for.
pub(super) fn queue(host: &ModelHost, machine: &mut Machine<'_>, name: &Value) -> Value {
    let span = machine.place();
    let id = host.make_object(machine, "nest:queue", span);
    keep(machine, id, NAME, name.clone());
    Value::object(id)
}

/// `add(job, data)`, or `add(data)` with one kind of job: whoever processes the queue gets it.
pub(super) fn add(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let queue = kept(machine, call.receiver, NAME).text();
    let (true, Some(queue)) = (last_part(&call.path) == "add", queue) else {
        return Ok(None);
    };
    let first = call.arguments.get(0);
    let name = first.text();
    let data = match name {
        Some(_) => call.arguments.get(1),
        None => first.clone(),
    };
    let job = plain(machine, &[("name", first), ("data", data)], call.span);
    if host.is_request() {
        let arguments = Arguments::positional([job.clone()]);
        for (class, module, function) in processors(host, machine, queue, name) {
            let this = inject::instance(host, machine, class, module);
            run(machine, (&function, this), &arguments, call.span)?;
        }
    }
    deliver(machine, call, job)
}

/// The functions that process jobs of the queue: `process` of a host of workers, or methods with `@Process(job)`.
fn processors(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    queue: Ustr,
    job: Option<Ustr>,
) -> Vec<(ObjectId, usize, Value)> {
    let mut found = Vec::new();
    for (class, module) in inject::provided_classes(host) {
        let given = arguments_of(host, machine, class, "Processor").unwrap_or_default();
        if name_given(machine, &given).and_then(|it| it.text()) != Some(queue) {
            continue;
        }
        let before = found.len();
        for function in methods(machine, class) {
            let Some(given) = arguments_of(host, machine, function, "Process") else {
                continue;
            };
            let wanted = name_given(machine, &given).map(|name| name.text());
            if wanted.is_none_or(|wanted| wanted.is_some() && wanted == job) {
                found.push((class, module, Value::object(function)));
            }
        }
        if before == found.len()
            && let Some((_, function)) = machine.class_attribute(class, Ustr::from("process"))
        {
            found.push((class, module, function));
        }
    }
    found
}

/// The name that a decorator is given, alone or among options.
fn name_given(machine: &mut Machine<'_>, given: &[Value]) -> Option<Value> {
    let first = given.first()?;
    match first.only_object() {
        Some(_) => {
            let place = machine.place();
            crate::tools::option(machine, first, "name", place)
        }
        None => Some(first.clone()),
    }
}
