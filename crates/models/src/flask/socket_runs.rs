//! What runs when a client connects, and when it sends something.

use firedoor_app::{EffectKind, Origin, Refusal, RequestPart};
use firedoor_eval::{Arguments, Atom, Machine, ObjectKind, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::Plan;
use crate::{ModelHost, Step};

/// Runs the handler of a connection: `False` refuses it, and so does an exception.
pub(super) fn run_connect(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
) -> Result<(), Stop> {
    let mut arguments = Arguments::default();
    if parameters(machine, &step.value) > 0 {
        arguments
            .positional
            .push(sent_on_connecting(host, machine, step.mounted));
    }
    connect_with(host, machine, step, &arguments)
}

/// Runs the handler of a connection with what it is given.
pub(crate) fn connect_with(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
    arguments: &Arguments,
) -> Result<(), Stop> {
    let paths = machine.call_paths(&step.value, arguments, step.mounted)?;
    for path in &paths {
        let refused = path.value.atoms().contains(&Atom::Bool(false));
        let is_only = path.value.atoms().len() == 1;
        let base = std::mem::replace(&mut machine.decided, path.decided.clone());
        if refused {
            host.refuse(machine, Refusal::Close, path.span);
        }
        if !refused || !is_only {
            host.effect(machine, EffectKind::Continue, step.mounted);
            let run = &mut host.state().run;
            if run.passed.len() < 32 {
                run.passed.push(path.written.clone());
            }
        }
        machine.decided = base;
    }
    Ok(())
}

/// What the client gives as `auth`, if anything. That a handler takes it is not yet a look at it.
pub(crate) fn sent_on_connecting(host: &ModelHost, machine: &mut Machine<'_>, span: Span) -> Value {
    let id = host.make_object(machine, "flask_socketio:auth", span);
    let origin = Origin::Request(RequestPart::Handshake, Ustr::from(""));
    let origins = host.origin(machine, origin);
    Value::atoms_of([Atom::Null, Atom::Object(id)]).with_origins(origins)
}

/// Runs the handler of an event with what the message carries; what it returns is the acknowledgement.
pub(super) fn run_event(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
) -> Result<(), Stop> {
    let mut arguments = Arguments::default();
    push_sent(host, machine, &step.value, &mut arguments);
    event_with(host, machine, step, &arguments)
}

/// Fills the parameters that are left with what the message carries.
pub(crate) fn push_sent(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    handler: &Value,
    arguments: &mut Arguments,
) {
    let first = arguments.positional.len();
    for _ in first..parameters(machine, handler).min(first + 8) {
        let value = host.request_value(machine, RequestPart::Message, "");
        arguments.positional.push(value);
    }
}

/// Runs the handler of an event with what it is given.
pub(crate) fn event_with(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
    arguments: &Arguments,
) -> Result<(), Stop> {
    let paths = machine.call_paths(&step.value, arguments, step.mounted)?;
    for path in &paths {
        if !crate::flask::answer::is_nothing(&path.value) {
            crate::flask::answer::note(host, machine, path);
        }
    }
    Ok(())
}

/// Runs a route of flask-sock.
pub(super) fn run_route(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    plan: &Plan,
    arguments: &Arguments,
    step: &Step,
) -> Result<(), Stop> {
    let id = host.make_object(machine, "flask:socket", step.span);
    let mut all = arguments.clone();
    all.positional.insert(0, Value::object(id));
    machine.call_value(&plan.inner, None, &all, step.span)?;
    Ok(())
}

/// The number of parameters that a handler declares, without `self`.
pub(crate) fn parameters(machine: &Machine<'_>, handler: &Value) -> usize {
    match handler.only_object().map(|id| &machine.heap.get(id).kind) {
        Some(ObjectKind::Function { closure, .. }) => {
            machine.function_of(*closure).parameters.len()
        }
        Some(ObjectKind::Bound {
            target, arguments, ..
        }) => parameters(machine, target).saturating_sub(arguments.len()),
        _ => 0,
    }
}
