//! Promises: what they become, how they may fail, and what follows either.
//!
//! What is asynchronous runs where it is written: the order of registrations is that of the text, which is
//! what programs rely on.

use ustr::Ustr;

use super::{Function, Native, decided_since, native_object};
use crate::branch::Completion;
use crate::{
    Answer, Arguments, Atom, Decided, Machine, ObjectId, ObjectKind, OriginSet, Stop, TestKind,
    Thrown, Value,
};

/// The property that marks a promise whose outcome nobody has told yet.
const PENDING: &str = "(pending)";

/// The property that holds how much was decided when a promise was made.
const BASE: &str = "(base)";

pub(super) fn method(name: &str) -> Option<Function> {
    Some(match name {
        "then" => then,
        "catch" => catch,
        "finally" => finally,
        _ => return None,
    })
}

pub(super) fn function(name: &str) -> Option<Function> {
    Some(match name {
        "Promise" => construct,
        "Promise.resolve" => resolve,
        "Promise.reject" => reject,
        "Promise.all" => all,
        "Promise.allSettled" => all_settled,
        "Promise.race" | "Promise.any" => race,
        "Promise.withResolvers" => with_resolvers,
        "Promise()(resolve)" => resolver,
        "Promise()(reject)" => rejecter,
        _ => return None,
    })
}

/// What is known of a promise, or of what may be one.
struct State {
    value: Value,
    resolves: bool,
    thrown: Vec<Thrown>,
    decided: Vec<Decided>,
    /// Holds if it may fail in ways that are not known.
    is_outside: bool,
}

fn state(machine: &mut Machine<'_>, promise: &Value, call: &Native<'_>) -> State {
    if let Some(id) = promise.only_object()
        && let ObjectKind::Promise {
            value,
            resolves,
            thrown,
            decided,
        } = &machine.heap.get(id).kind
    {
        return State {
            value: value.clone(),
            resolves: *resolves,
            thrown: thrown.clone(),
            decided: decided.clone(),
            is_outside: false,
        };
    }
    let (value, thrown) = machine.catching(|machine| machine.await_value(promise, call.span));
    State {
        resolves: value.is_ok(),
        value: value.unwrap_or_else(|_| Value::undefined()),
        thrown,
        decided: Vec::new(),
        is_outside: true,
    }
}

fn then(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let (fulfilled, failed) = (call.argument(0), call.argument(1));
    follow(machine, call, &fulfilled, &failed)
}

fn catch(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let failed = call.argument(0);
    follow(machine, call, &Value::undefined(), &failed)
}

/// Makes the promise of what one of two functions gives.
fn follow(
    machine: &mut Machine<'_>,
    call: &Native<'_>,
    fulfilled: &Value,
    failed: &Value,
) -> Answer {
    let state = state(machine, call.this, call);
    settle(machine, call, |machine| {
        let on_value = |machine: &mut Machine<'_>| {
            machine.decided.extend(state.decided.iter().copied());
            react(machine, call, fulfilled, &state.value)
        };
        if !state.resolves {
            return fail(machine, call, failed, &state.thrown);
        }
        if state.thrown.is_empty() && !(state.is_outside && super::is_callable(machine, failed)) {
            return on_value(machine);
        }
        let mut thrown = state.thrown.clone();
        if thrown.is_empty() {
            let value = machine.unknown("exception");
            let decided = machine.decided.clone();
            let span = call.span;
            thrown.push(Thrown {
                value,
                decided,
                span,
            });
        }
        let exception = exception(machine, &thrown);
        let test = machine.tested(TestKind::Failure, None, &[&exception], call.span);
        machine.choose(
            &test,
            call.span,
            |machine| fail(machine, call, failed, &thrown),
            on_value,
        )
    })
}

/// Runs what settles a promise and makes it.
fn settle(
    machine: &mut Machine<'_>,
    call: &Native<'_>,
    body: impl FnOnce(&mut Machine<'_>) -> Result<Value, Stop>,
) -> Answer {
    let base = machine.decided.len();
    let (result, thrown) = machine.catching(|machine| {
        let value = body(machine)?;
        machine.await_value(&value, call.span)
    });
    let decided = machine.decided.split_off(base.min(machine.decided.len()));
    let value = match result {
        Err(stop @ (Stop::Budget | Stop::Exit)) => return Err(stop),
        other => other.ok(),
    };
    Ok(Some(
        machine.make_promise(value, thrown, decided, call.span),
    ))
}

fn react(
    machine: &mut Machine<'_>,
    call: &Native<'_>,
    function: &Value,
    value: &Value,
) -> Result<Value, Stop> {
    if !super::is_callable(machine, function) {
        return Ok(value.clone());
    }
    let arguments = Arguments::positional([value.clone()]);
    let made = machine.call_value(function, None, &arguments, call.span)?;
    machine.await_value(&made, call.span)
}

fn fail(
    machine: &mut Machine<'_>,
    call: &Native<'_>,
    function: &Value,
    thrown: &[Thrown],
) -> Result<Value, Stop> {
    if !super::is_callable(machine, function) {
        machine.rethrow(thrown.to_vec());
        return Err(Stop::Throw);
    }
    let exception = exception(machine, thrown);
    react(machine, call, function, &exception)
}

/// The exception that a handler is given, with what decided that it was thrown.
fn exception(machine: &mut Machine<'_>, thrown: &[Thrown]) -> Value {
    let mut value = machine.join_all(thrown.iter().map(|thrown| &thrown.value));
    for step in thrown.iter().flat_map(|thrown| thrown.decided.clone()) {
        let (origins, control) = {
            let decision = machine.decision(step.decision);
            (decision.origins, decision.control)
        };
        value.control = machine.origins.union(value.control, origins);
        value.control = machine.origins.union(value.control, control);
    }
    value
}

fn finally(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let function = call.argument(0);
    let state = state(machine, call.this, call);
    settle(machine, call, |machine| {
        if super::is_callable(machine, &function) {
            let made = machine.call_value(&function, None, &Arguments::default(), call.span)?;
            machine.await_value(&made, call.span)?;
        }
        machine.rethrow(state.thrown);
        if !state.resolves {
            return Err(Stop::Throw);
        }
        machine.decided.extend(state.decided);
        Ok(state.value)
    })
}

fn resolve(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let value = call.argument(0);
    let is_promise = value
        .only_object()
        .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Promise { .. }));
    if is_promise {
        return Ok(Some(value));
    }
    settle(machine, call, |_| Ok(value))
}

fn reject(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let value = call.argument(0);
    settle(machine, call, |machine| machine.throw(value, call.span))
}

fn all(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let list = call.argument(0);
    settle(machine, call, |machine| {
        let (elements, more) = machine.elements_and_more(&list);
        let mut settled = Vec::with_capacity(elements.len());
        for element in &elements {
            settled.push(machine.await_value(element, call.span)?);
        }
        let more = match more {
            Some(more) => Some(machine.await_value(&more, call.span)?),
            None => None,
        };
        let made = machine.make_open_list(settled, more, call.span);
        Ok(made.with_origins(list.origins))
    })
}

fn all_settled(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let list = call.argument(0);
    settle(machine, call, |machine| {
        let (elements, more) = machine.elements_and_more(&list);
        let settled: Vec<Value> = elements
            .iter()
            .map(|element| outcome(machine, element, call))
            .collect();
        let more = more.map(|more| outcome(machine, &more, call));
        Ok(machine.make_open_list(settled, more, call.span))
    })
}

/// `{ status, value }` or `{ status, reason }`, or what may be either.
fn outcome(machine: &mut Machine<'_>, promise: &Value, call: &Native<'_>) -> Value {
    let state = state(machine, promise, call);
    let id = machine.heap.allocate(ObjectKind::Plain, call.span);
    let mut status = Vec::new();
    if state.resolves {
        status.push(Atom::String(Ustr::from("fulfilled")));
        let properties = &mut machine.heap.get_mut(id).properties;
        properties.insert(Ustr::from("value"), state.value);
    }
    if !state.thrown.is_empty() || !state.resolves || state.is_outside {
        status.push(Atom::String(Ustr::from("rejected")));
        let reason = match state.thrown.is_empty() {
            true => machine.unknown("exception"),
            false => exception(machine, &state.thrown),
        };
        let properties = &mut machine.heap.get_mut(id).properties;
        properties.insert(Ustr::from("reason"), reason);
    }
    let status = Value::atoms_of(status);
    let properties = &mut machine.heap.get_mut(id).properties;
    properties.insert(Ustr::from("status"), status);
    Value::object(id)
}

fn race(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let list = call.argument(0);
    settle(machine, call, |machine| {
        let (elements, more) = machine.elements_and_more(&list);
        let mut first: Option<Value> = None;
        for element in elements.iter().chain(&more) {
            let Ok(value) = machine.await_value(element, call.span) else {
                continue;
            };
            first = Some(match first {
                Some(earlier) => machine.join(earlier, &value),
                None => value,
            });
        }
        first.ok_or(Stop::Throw)
    })
}

/// Makes a promise that two functions settle.
fn deferred(machine: &mut Machine<'_>, call: &Native<'_>) -> (ObjectId, Value, Value) {
    let kind = ObjectKind::Promise {
        value: Value::undefined(),
        resolves: false,
        thrown: Vec::new(),
        decided: Vec::new(),
    };
    let id = machine.heap.allocate(kind, call.span);
    let base = Value::number(machine.decided.len() as f64);
    let properties = &mut machine.heap.get_mut(id).properties;
    properties.insert(Ustr::from(BASE), base);
    let held = vec![Value::object(id)];
    let resolver = native_object(machine, "js:Promise()(resolve)", held.clone(), call.span).1;
    let rejecter = native_object(machine, "js:Promise()(reject)", held, call.span).1;
    (id, resolver, rejecter)
}

/// `new Promise(executor)`.
fn construct(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let (id, resolver, rejecter) = deferred(machine, call);
    let arguments = Arguments::positional([resolver, rejecter]);
    let base = machine.decided.len();
    let (result, thrown) = machine
        .catching(|machine| machine.call_value(&call.argument(0), None, &arguments, call.span));
    machine.decided.truncate(base);
    if let Err(stop @ (Stop::Budget | Stop::Exit)) = result {
        return Err(stop);
    }
    for thrown in thrown {
        add_failure(machine, id, thrown);
    }
    expect_later(machine, id);
    Ok(Some(Value::object(id)))
}

fn with_resolvers(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let (id, resolver, rejecter) = deferred(machine, call);
    expect_later(machine, id);
    let made = machine.heap.allocate(ObjectKind::Plain, call.span);
    let properties = &mut machine.heap.get_mut(made).properties;
    properties.insert(Ustr::from("promise"), Value::object(id));
    properties.insert(Ustr::from("resolve"), resolver);
    properties.insert(Ustr::from("reject"), rejecter);
    Ok(Some(Value::object(made)))
}

/// A promise that nobody has resolved yet is resolved by outside code, with something unknown.
fn expect_later(machine: &mut Machine<'_>, id: ObjectId) {
    let later = machine.unknown("promise");
    let object = machine.heap.get_mut(id);
    let ObjectKind::Promise {
        value,
        resolves,
        thrown,
        ..
    } = &mut object.kind
    else {
        return;
    };
    let is_pending = !*resolves && thrown.iter().all(|thrown| !thrown.decided.is_empty());
    if is_pending {
        *value = later;
        *resolves = true;
        let key = Ustr::from(PENDING);
        object.properties.insert(key, Value::bool(true));
    }
}

fn add_failure(machine: &mut Machine<'_>, id: ObjectId, failure: Thrown) {
    if let ObjectKind::Promise { thrown, .. } = &mut machine.heap.get_mut(id).kind
        && thrown.len() < 64
    {
        thrown.push(failure);
    }
}

/// Calls of `resolve` on different paths are gathered outside of the journal: each may be the one.
fn resolver(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let Some(id) = promise_held(machine, call) else {
        return Ok(Some(Value::undefined()));
    };
    let given = call.argument(0);
    let start = machine
        .heap
        .property(id, Ustr::from(BASE))
        .and_then(Value::as_number)
        .unwrap_or(0.0) as usize;
    let (value, thrown) = machine.catching(|machine| machine.await_value(&given, call.span));
    for thrown in thrown {
        add_failure(machine, id, thrown);
    }
    let Ok(mut value) = value else {
        return Ok(Some(Value::undefined()));
    };
    let by = decided_since(machine, start);
    value.control = machine.origins.union(value.control, by);
    let path = machine.decided.get(start..).unwrap_or(&[]).to_vec();
    fulfil(machine, id, value, path);
    Ok(Some(Value::undefined()))
}

fn fulfil(machine: &mut Machine<'_>, id: ObjectId, new: Value, path: Vec<Decided>) {
    let pending = Ustr::from(PENDING);
    let object = machine.heap.get_mut(id);
    let is_pending = object.properties.shift_remove(&pending).is_some();
    let ObjectKind::Promise {
        value,
        resolves,
        decided,
        ..
    } = &mut object.kind
    else {
        return;
    };
    if *resolves && !is_pending {
        *value = value.clone().join(&new, &mut machine.origins);
        decided.retain(|step| path.contains(step));
    } else {
        *value = new;
        *decided = path;
    }
    *resolves = true;
}

fn rejecter(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    if let Some(id) = promise_held(machine, call) {
        let thrown = Thrown {
            value: call.argument(0),
            decided: machine.decided.clone(),
            span: call.span,
        };
        add_failure(machine, id, thrown);
    }
    Ok(Some(Value::undefined()))
}

fn promise_held(machine: &Machine<'_>, call: &Native<'_>) -> Option<ObjectId> {
    let function = machine.heap.get(call.object()?);
    function.elements.first()?.only_object()
}

/// Calls a function that outside code calls at some time, or never.
pub(super) fn later(
    machine: &mut Machine<'_>,
    call: &Native<'_>,
    function: &Value,
    arguments: &Arguments,
) -> Result<(), Stop> {
    let decision = machine.add_failure(call.span, OriginSet::EMPTY, OriginSet::EMPTY, false);
    machine.decisions.get_mut(decision.0 as usize).label = Some(call.path);
    let (result, _) = machine.catching(|machine| {
        machine.perhaps(decision, |machine| {
            machine.call_value(function, None, arguments, call.span)?;
            Ok(Completion::Normal)
        })
    });
    match result {
        Err(Stop::Budget) => Err(Stop::Budget),
        _ => Ok(()),
    }
}
