//! Emitters of Node: <https://nodejs.org/api/events.html>, Node.js 22; eventemitter3 5.0 and mitt 3.0 are used alike.
//!
//! What modules have registered for an event is called where a request emits it: who emits waits for it, or it happens all
//! the same. That a listener is also called once while the program loads is the evaluator's business.

use firedoor_eval::{Answer, Arguments, Call, Machine, Shape, Stop, Value};
use firedoor_source::Span;

use crate::tools::{keep, kept};
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "node_events",
    calls: &[
        ("node:events", create),
        ("node:events.default", create),
        ("node:events.EventEmitter", create),
        ("npm:eventemitter3", create),
        ("npm:eventemitter3.default", create),
        ("npm:eventemitter3.EventEmitter", create),
        ("npm:mitt", create),
        ("npm:mitt.default", create),
        ("node:events.EventEmitter().on", listen),
        ("node:events.EventEmitter().once", listen),
        ("node:events.EventEmitter().addListener", listen),
        ("node:events.EventEmitter().prependListener", listen),
        ("node:events.EventEmitter().prependOnceListener", listen),
        ("node:events.EventEmitter().emit", emit),
    ],
    ..Model::EMPTY
};

fn create(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "node:events.EventEmitter()", call.span);
    Ok(Some(Value::object(id)))
}

/// Where the emitter keeps the listeners of an event.
fn place(event: &str) -> String {
    format!("$on:{event}")
}

/// `on(name, listener)`. What a request registers lasts as long as its connection, and is left to the evaluator.
fn listen(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let (Some(emitter), Some(event)) = (call.receiver, call.arguments.get(0).text()) else {
        return Ok(None);
    };
    if !host.is_request() {
        let known = kept(machine, Some(emitter), &place(&event));
        let mut listeners = machine.elements_of(&known).0;
        listeners.push(call.arguments.get(1));
        let list = machine.make_list(listeners, false, call.span);
        keep(machine, emitter, &place(&event), list);
    }
    Ok(None)
}

/// `emit(name, ...)`.
fn emit(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let event = call.arguments.get(0).text();
    let Some(event) = event.filter(|_| host.is_request()) else {
        return Ok(None);
    };
    let listeners = kept(machine, call.receiver, &place(&event));
    let given = call.arguments.positional.iter().skip(1).cloned();
    let arguments = Arguments::positional(given.collect::<Vec<_>>());
    for listener in machine.elements_of(&listeners).0 {
        run(
            machine,
            (&listener, call.this.clone()),
            &arguments,
            call.span,
        )?;
    }
    Ok(Some(Value::unknown(Shape::Bool)))
}

/// What a listener throws is none of the emitter's business.
pub(crate) fn run(
    machine: &mut Machine<'_>,
    (function, this): (&Value, Value),
    arguments: &Arguments,
    span: Span,
) -> Result<(), Stop> {
    let base = machine.decided.len();
    let (result, _) = machine.aside(|machine| {
        machine.catching(|machine| {
            let result = machine.call_value(function, Some(this), arguments, span)?;
            machine.await_value(&result, span)
        })
    });
    // What a listener asks stands before nothing of the emitter's, and what is too much to follow there ends nothing here.
    machine.decided.truncate(base);
    match result {
        Err(Stop::Exit) => Err(Stop::Exit),
        _ => Ok(()),
    }
}
