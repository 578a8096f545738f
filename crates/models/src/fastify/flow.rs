//! How a request moves: hooks in order, then the handler.
//!
//! A hook lets the request on when its promise is done or its callback is called, unless the reply was sent:
//! on which ways that was is noted by [`super::reply`]. What a handler returns is the answer.
//! Source: fastify 5.12.8, `lib/hooks.js`, `lib/handleRequest.js`, `lib/wrapThenable.js`.

use firedoor_app::{EffectKind, Transport};
use firedoor_eval::{
    Answer, Arguments, Atom, Call, Decided, Machine, ObjectId, ObjectKind, ReturnPath, Stop,
    TestKind, Thrown, Value, Written,
};
use firedoor_source::Span;
use ustr::Ustr;

use super::{Plan, errors, instance, options, reply};
use crate::state::RawEffect;
use crate::{Door, ModelHost, Step, express, socket};

/// The request, the reply and the callback are shared by all steps, and so is the connection of a WebSocket.
pub(super) fn begin(host: &ModelHost, machine: &mut Machine<'_>, door: &Door) -> Vec<Value> {
    let span = door.registered;
    let plan = {
        let mut state = host.state();
        let plan = state.fastify.plans.get(&crate::sequel::key(door)).cloned();
        state.fastify.current.clone_from(&plan);
        state.fastify.sent.clear();
        state.fastify.raised.clear();
        plan
    };
    let request = host.make_object(machine, "express:request", span);
    let reply = host.make_object(machine, "fastify:reply", span);
    let next = host.make_object(machine, "fastify:next", span);
    host.state().fastify.exchange = Some((request, reply));
    let raw = host.make_object(machine, "express:response", span);
    let log = Value::object(host.make_object(machine, "fastify:logger", span));
    // A request of Fastify knows more than the one of Node below it; what both have is the same.
    for (object, name, value) in [
        (request, "raw", Value::object(request)),
        (request, "req", Value::object(request)),
        (request, "log", log.clone()),
        (reply, "log", log),
        (reply, "request", Value::object(request)),
        (reply, "raw", Value::object(raw)),
        (reply, "res", Value::object(raw)),
        (raw, "req", Value::object(request)),
    ] {
        machine.heap.set_property(object, Ustr::from(name), value);
    }
    if let Some(plan) = &plan {
        decorate(host, machine, plan, request, reply, span);
    }
    let mut shared = vec![
        Value::object(request),
        Value::object(reply),
        Value::object(next),
    ];
    if door.transport == Transport::WebSocket {
        shared.push(socket::make(host, machine, span));
    }
    shared
}

/// What the instance's requests and replies were decorated with; nothing stands where a hook will put something.
fn decorate(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    plan: &Plan,
    request: ObjectId,
    reply: ObjectId,
    span: Span,
) {
    let server = Value::object(plan.instance);
    machine
        .heap
        .set_property(request, Ustr::from("server"), server.clone());
    machine
        .heap
        .set_property(reply, Ustr::from("server"), server);
    let about = machine.heap.allocate(ObjectKind::Plain, span);
    for name in ["config", "url", "method", "schema"] {
        let value = crate::tools::option(machine, &plan.options, name, span);
        let value = match (name, value) {
            (_, Some(value)) => value,
            ("config", None) => Value::object(machine.heap.allocate(ObjectKind::Plain, span)),
            _ => Value::undefined(),
        };
        if name == "config" {
            machine
                .heap
                .set_property(about, Ustr::from("$config"), value.clone());
            // Fastify 4 has the configuration in `request.context` and `reply.context`, too.
            let context = machine.heap.allocate(ObjectKind::Plain, span);
            machine
                .heap
                .set_property(context, Ustr::from("config"), value.clone());
            for object in [request, reply] {
                let context = Value::object(context);
                machine
                    .heap
                    .set_property(object, Ustr::from("context"), context);
            }
            machine
                .heap
                .set_property(request, Ustr::from("routeConfig"), value.clone());
        }
        machine.heap.set_property(about, Ustr::from(name), value);
    }
    for object in [request, reply] {
        let about = Value::object(about);
        machine
            .heap
            .set_property(object, Ustr::from("routeOptions"), about);
    }
    let mut chain = instance::chain(host, plan.instance);
    chain.reverse();
    for id in chain {
        let tables = {
            let state = host.state();
            let instance = state.fastify.instances.get(&id);
            instance.map(|instance| (instance.on_request.clone(), instance.on_reply.clone()))
        };
        let Some((on_request, on_reply)) = tables else {
            continue;
        };
        for (object, table) in [(request, on_request), (reply, on_reply)] {
            for (name, value) in table {
                let is_place = value.atoms().iter().all(|atom| {
                    atom.is_nothing() || matches!(atom, Atom::String(text) if text.is_empty())
                });
                if !is_place {
                    machine.heap.set_property(object, name, value);
                }
            }
        }
    }
}

/// Runs one step.
pub(super) fn step(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _door: &Door,
    step: &Step,
    shared: &[Value],
) -> Result<(), Stop> {
    forget(host);
    let result = match step.role {
        "schema" => options::check(host, machine, step, shared),
        "handler" => handler(host, machine, step, shared),
        "socket" => socket_handler(host, machine, step, shared),
        "error" => error_handler(host, machine, step, shared),
        socket::MESSAGES => socket::run_messages(host, machine, step.mounted),
        _ => hook(host, machine, step, shared),
    };
    let raised = std::mem::take(&mut host.state().fastify.raised);
    machine.rethrow(raised);
    result
}

/// What the step before has answered says nothing of the next one.
fn forget(host: &ModelHost) {
    let memory = &mut host.state().fastify;
    memory.sent.clear();
    memory.raised.clear();
}

/// Runs a hook around the request of a framework that stands on Fastify: a promise or `done` lets the request on.
pub(super) fn run_hook(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
    request: &Value,
    reply: &Value,
) -> Result<(), Stop> {
    forget(host);
    let pair = request.only_object().zip(reply.only_object());
    let before = std::mem::replace(&mut host.state().fastify.exchange, pair);
    let next = Value::object(host.make_object(machine, "fastify:next", step.mounted));
    let shared = [request.clone(), reply.clone(), next];
    let result = hook(host, machine, step, &shared);
    let raised = {
        let memory = &mut host.state().fastify;
        memory.exchange = before;
        std::mem::take(&mut memory.raised)
    };
    machine.rethrow(raised);
    result
}

fn is_function(machine: &Machine<'_>, value: &Value) -> bool {
    value.objects().any(|id| {
        matches!(
            machine.heap.get(id).kind,
            ObjectKind::Function { .. } | ObjectKind::Bound { .. } | ObjectKind::Method { .. }
        )
    })
}

fn hook(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
    shared: &[Value],
) -> Result<(), Stop> {
    let arguments = Arguments::positional(shared.iter().take(3).cloned());
    if is_unknown_library(host, machine, &step.value) {
        // What it calls back with would only say that it is not known.
        express::unknown_layer(host, machine, step);
        return Ok(());
    }
    if !is_function(machine, &step.value) {
        let result = machine.call_value(&step.value, None, &arguments, step.mounted)?;
        let is_promise = result
            .objects()
            .any(|id| matches!(machine.heap.get(id).kind, ObjectKind::Promise { .. }));
        if is_promise {
            machine.await_value(&result, step.mounted)?;
            let_on_once(host, machine, step.mounted);
        }
        let has_answered = {
            let state = host.state();
            !state.fastify.raised.is_empty() || !state.fastify.sent.is_empty()
        };
        if !has_answered {
            express::unknown_layer(host, machine, step);
        }
        return Ok(());
    }
    let paths = machine.call_paths(&step.value, &arguments, step.mounted)?;
    if calls_back(machine, &step.value) {
        return Ok(());
    }
    let sends_late = {
        let state = host.state();
        let plan = state.fastify.current.as_ref();
        plan.is_some_and(|plan| plan.sends_late)
    };
    for path in &paths {
        let is_reply = path
            .value
            .objects()
            .any(|id| Some(id) == shared[1].only_object());
        if sends_late && !is_reply {
            // The answer is not sent yet when the hook is done: the request goes on all the same.
            push_continue(
                host,
                path.decided.clone(),
                &path.written,
                path.span,
                path.function,
            );
        } else {
            let_on(
                host,
                path.decided.clone(),
                &path.written,
                path.span,
                path.function,
            );
        }
    }
    Ok(())
}

pub(super) fn is_unknown_library(host: &ModelHost, machine: &Machine<'_>, value: &Value) -> bool {
    let path = match value.only_object().map(|id| &machine.heap.get(id).kind) {
        Some(ObjectKind::Host(path)) => *path,
        Some(_) => return false,
        None => value.as_outside().unwrap_or_default(),
    };
    path.starts_with("npm:") && !host.answers(&path)
}

/// A function with a third parameter that is not async says itself when it is done.
pub(super) fn calls_back(machine: &Machine<'_>, value: &Value) -> bool {
    let Some(id) = value.only_object() else {
        return false;
    };
    match &machine.heap.get(id).kind {
        ObjectKind::Function { closure, .. } => {
            let function = machine.function_of(*closure);
            function.parameters.len() >= 3 && !function.is_async
        }
        ObjectKind::Bound {
            target, arguments, ..
        } => arguments.is_empty() && calls_back(machine, target),
        _ => false,
    }
}

/// Lets the request on if nothing in this step has done so.
fn let_on_once(host: &ModelHost, machine: &mut Machine<'_>, span: Span) {
    let is_noted = {
        let state = host.state();
        let number = state.run.step;
        let mut effects = state.run.effects.iter();
        effects.any(|effect| effect.step == number && effect.kind == EffectKind::Continue)
    };
    if !is_noted {
        go_on(host, machine, span);
    }
}

/// Lets the request on from where the machine stands, unless the reply was sent.
pub(super) fn go_on(host: &ModelHost, machine: &mut Machine<'_>, span: Span) {
    let mark = host.state().run.mark;
    let written = machine.written_since(mark);
    let decided = machine.decided.clone();
    let function = machine.function_name();
    let_on(host, decided, &written, span, function);
}

/// Lets a way go on where it has not sent the reply. Where only a part of the way has, the other part goes on.
fn let_on(host: &ModelHost, decided: Vec<Decided>, written: &Written, span: Span, function: Ustr) {
    let sent = answers(host);
    if is_sent(&sent, &decided) {
        return;
    }
    let mut ways = vec![decided];
    for on in sent {
        let mut further = Vec::new();
        for way in ways {
            further.extend(beside(&way, &on));
        }
        ways = further;
        ways.truncate(16);
    }
    for way in ways {
        push_continue(host, way, written, span, function);
    }
}

/// The parts of a way on which another one was not gone to its end.
fn beside(way: &[Decided], other: &[Decided]) -> Vec<Vec<Decided>> {
    let opposite = |step: &Decided| Decided {
        decision: step.decision,
        side: !step.side,
    };
    if other.iter().any(|step| way.contains(&opposite(step))) {
        return vec![way.to_vec()];
    }
    let open: Vec<&Decided> = other.iter().filter(|step| !way.contains(step)).collect();
    let mut parts = Vec::new();
    for (at, step) in open.iter().enumerate() {
        let mut part = way.to_vec();
        part.extend(open[..at].iter().copied().copied());
        part.push(opposite(step));
        parts.push(part);
    }
    parts
}

/// Holds if the reply is sent on a way, given the ways to its answers.
pub(super) fn is_sent(answers: &[Vec<Decided>], way: &[Decided]) -> bool {
    let mut answers = answers.iter();
    answers.any(|on| on.iter().all(|step| way.contains(step)))
}

/// The decisions on the way to each answer of the running step.
pub(super) fn answers(host: &ModelHost) -> Vec<Vec<Decided>> {
    let state = host.state();
    let number = state.run.step;
    let mut sent = state.fastify.sent.clone();
    let effects = state.run.effects.iter();
    sent.extend(
        effects
            .filter(|effect| effect.step == number)
            .filter(|effect| {
                matches!(
                    effect.kind,
                    EffectKind::Respond {
                        is_error: false,
                        ..
                    } | EffectKind::Redirect(_)
                )
            })
            .map(|effect| effect.decided.clone()),
    );
    sent
}

fn push_continue(
    host: &ModelHost,
    decided: Vec<Decided>,
    written: &Written,
    span: Span,
    function: Ustr,
) {
    if !host.is_request() {
        return;
    }
    let run = &mut host.state().run;
    run.effects.push(RawEffect {
        kind: EffectKind::Continue,
        span,
        function,
        decided,
        step: run.step,
    });
    if run.passed.len() < 32 {
        run.passed.push(written.clone());
    }
}

/// The callback of hooks: without an error the request goes on.
pub(super) fn next(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let given = call.arguments.get(0);
    let span = call.span;
    if given.is_nothing() {
        go_on(host, machine, span);
        return Ok(Some(Value::undefined()));
    }
    if !given.atoms().iter().any(Atom::is_nothing) {
        raise(host, machine, given, span);
        return Ok(Some(Value::undefined()));
    }
    let test = machine.tested(TestKind::Truth, None, &[&given], span);
    let something = given.filter(|atom| !atom.is_nothing()).unwrap_or(given);
    machine.when(
        &test,
        span,
        |machine| {
            raise(host, machine, something, span);
            Ok(())
        },
        |machine| {
            go_on(host, machine, span);
            Ok(())
        },
    )?;
    Ok(Some(Value::undefined()))
}

/// An error that was given to `send` or to a callback goes to the error handlers, past every `catch`.
pub(super) fn raise(host: &ModelHost, machine: &Machine<'_>, value: Value, span: Span) {
    if !host.is_request() {
        return;
    }
    let decided = machine.decided.clone();
    let memory = &mut host.state().fastify;
    memory.sent.push(decided.clone());
    memory.raised.push(Thrown {
        value,
        decided,
        span,
    });
}

fn handler(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
    shared: &[Value],
) -> Result<(), Stop> {
    let arguments = Arguments::positional(shared.iter().take(2).cloned());
    if !is_function(machine, &step.value) {
        let result = machine.call_value(&step.value, None, &arguments, step.mounted)?;
        machine.await_value(&result, step.mounted)?;
        return Ok(());
    }
    let paths = machine.call_paths(&step.value, &arguments, step.span)?;
    answer_paths(host, machine, &paths, shared);
    Ok(())
}

/// What a path returns that has not sent the reply is the answer.
fn answer_paths(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    paths: &[ReturnPath],
    shared: &[Value],
) {
    let Some(reply) = shared.get(1).and_then(Value::only_object) else {
        return;
    };
    let sent = answers(host);
    for path in paths {
        let is_sent = is_sent(&sent, &path.decided);
        let payload = path
            .value
            .filter(|atom| !matches!(atom, Atom::Undefined) && *atom != Atom::Object(reply));
        let (false, Some(payload)) = (is_sent, payload) else {
            continue;
        };
        let base = std::mem::replace(&mut machine.decided, path.decided.clone());
        let status = path
            .written
            .property(reply, Ustr::from(reply::STATUS))
            .cloned();
        let status = status.or_else(|| {
            machine
                .heap
                .property(reply, Ustr::from(reply::STATUS))
                .cloned()
        });
        if errors::is_error(machine, &payload) {
            raise(host, machine, payload, path.span);
        } else {
            reply::answer(host, machine, status.as_ref(), &payload, path.span);
        }
        machine.decided = base;
    }
}

/// A handler of errors gets the error, the request and the reply.
fn error_handler(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
    shared: &[Value],
) -> Result<(), Stop> {
    let arguments = Arguments::positional(shared.iter().take(3).cloned());
    if !is_function(machine, &step.value) {
        return Ok(());
    }
    let paths = machine.call_paths(&step.value, &arguments, step.span)?;
    answer_paths(host, machine, &paths, shared.get(1..).unwrap_or_default());
    Ok(())
}

/// The handler of a WebSocket gets the connection and the request; what it listens for is its work.
fn socket_handler(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
    shared: &[Value],
) -> Result<(), Stop> {
    let [request, _, _, connection] = shared else {
        return Ok(());
    };
    let arguments = Arguments::positional([connection.clone(), request.clone()]);
    let span = step.mounted;
    socket::call_and_wait(machine, &step.value, None, &arguments, span)?;
    socket::continue_if_open(host, machine, connection, span);
    Ok(())
}
