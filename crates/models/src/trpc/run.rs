//! Runs the steps of a procedure: middleware, the schemas of its input, its function.

use firedoor_app::{EffectKind, Refusal, RequestPart};
use firedoor_eval::{
    Answer, Arguments, Call, Machine, ObjectId, ObjectKind, ReturnPath, Stop, Value,
};
use firedoor_source::Span;
use ustr::Ustr;

use super::errors;
use super::procedures::with_options;
use crate::drive::note_refusal;
use crate::express::go_on;
use crate::return_effects::{push, refuse};
use crate::tools::{is_function, keep, kept, option};
use crate::zod::own_properties;
use crate::{Door, Framework, ModelHost, Step};

/// The roles of steps.
pub(super) const ADAPTER: &str = "trpc-adapter";
pub(super) const USE: &str = "trpc-use";
pub(super) const INPUT: &str = "trpc-input";
pub(super) const FUNCTION: &str = "trpc-function";

/// Makes what the steps of the other framework share, and what those of the procedure share.
pub(super) fn begin(
    below: &'static Framework,
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
) -> Vec<Value> {
    let mut all = (below.begin)(host, machine, door);
    let procedure = door.steps.iter().find(|step| step.role == FUNCTION);
    let procedure = procedure.and_then(|step| step.value.only_object());
    let Some(procedure) = procedure else {
        return all;
    };
    let shared = host.make_object(machine, "trpc:shared", door.registered);
    keep(machine, shared, "$procedure", Value::object(procedure));
    let passage = &mut host.state().run.trpc;
    passage.shared = Some(shared);
    passage.is_returned = below.name == crate::nextjs::FRAMEWORK.name;
    all.push(Value::object(shared));
    all
}

/// Runs one step.
pub(super) fn step(
    below: &'static Framework,
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    step: &Step,
    all: &[Value],
) -> Result<(), Stop> {
    let run: fn(&ModelHost, &mut Machine<'_>, &Step, ObjectId) -> Result<(), Stop> = match step.role
    {
        USE => middleware,
        INPUT => input,
        FUNCTION => function,
        ADAPTER => {
            let arguments = Arguments::positional(all.iter().take(2).cloned());
            let result = machine.call_value(&step.value, None, &arguments, step.mounted)?;
            return machine.await_value(&result, step.mounted).map(drop);
        }
        _ => return (below.step)(host, machine, door, step, all),
    };
    let Some(shared) = all.last().and_then(Value::only_object) else {
        return Ok(());
    };
    let (result, thrown) = machine.catching(|machine| run(host, machine, step, shared));
    errors::answer(host, machine, &thrown);
    result
}

fn middleware(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
    shared: ObjectId,
) -> Result<(), Stop> {
    let span = step.mounted;
    let next = host.make_object(machine, "trpc:next", span);
    keep(machine, next, "$shared", Value::object(shared));
    let mut options = options(host, machine, shared, span);
    options.push(("next", Value::object(next)));
    let arguments = with_options(machine, &options, span);
    for path in machine.call_paths(&step.value, &arguments, span)? {
        // Whoever gives no result of `next` is told of an error of the server.
        if path.value.is_nothing() && !has_gone_on(host, &path) {
            refuse(host, &path, Refusal::Throw(Some(500)));
        }
    }
    if !is_function(machine, &step.value) {
        let reason = format!("what `{}` does is not known", step.name);
        let run = &mut host.state().run;
        run.unknown.push((run.step, reason));
        go_on(host, machine, span);
    }
    Ok(())
}

/// Holds if the running step has let the request on before it came to this end.
fn has_gone_on(host: &ModelHost, path: &ReturnPath) -> bool {
    let state = host.state();
    let number = state.run.step;
    let mut effects = state.run.effects.iter();
    effects.any(|effect| {
        effect.step == number
            && effect.kind == EffectKind::Continue
            && effect.decided.iter().all(|on| path.decided.contains(on))
    })
}

/// What middleware and functions are called with.
fn options(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    shared: ObjectId,
    span: Span,
) -> Vec<(&'static str, Value)> {
    let context = match kept(machine, Some(shared), "$context") {
        nothing if nothing.is_nothing() => crate::tokens::plain(machine, &[], span),
        context => context,
    };
    let procedure = kept(machine, Some(shared), "$procedure").only_object();
    // A copy: what is empty once the program is wired would count as a store.
    let meta = kept(machine, procedure, "$meta");
    let meta = match meta.is_nothing() {
        true => meta,
        false => copied(machine, &meta, span),
    };
    let raw = host.make_object(machine, "trpc:raw-input", span);
    let path = host.state().run.path;
    let name = path.rsplit('/').next().unwrap_or_default();
    vec![
        ("ctx", context),
        ("input", kept(machine, Some(shared), "$input")),
        ("meta", meta),
        ("type", kept(machine, procedure, "$type")),
        ("path", Value::string(name)),
        ("getRawInput", Value::object(raw)),
        ("rawInput", raw_value(host, machine)),
    ]
}

fn copied(machine: &mut Machine<'_>, value: &Value, span: Span) -> Value {
    let properties = own_properties(machine, value);
    let id = machine.heap.allocate(ObjectKind::Plain, span);
    machine.heap.get_mut(id).properties = properties.into_iter().collect();
    Value::object(id)
}

/// What the client sends: in the query with `GET`, and in the body otherwise.
fn raw_value(host: &ModelHost, machine: &mut Machine<'_>) -> Value {
    let part = match host.state().run.method.as_str() {
        "GET" => RequestPart::Query,
        _ => RequestPart::Body,
    };
    host.request_value(machine, part, "")
}

/// `getRawInput()`.
pub(super) fn raw_input(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let value = raw_value(host, machine);
    Ok(Some(machine.make_promise(
        Some(value),
        Vec::new(),
        Vec::new(),
        call.span,
    )))
}

/// `next({ ctx, input })` adds to the context and lets the request on; what it promises is how that ended.
pub(super) fn next(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let span = call.span;
    let Some(shared) = kept(machine, call.receiver, "$shared").only_object() else {
        return Ok(None);
    };
    let given = call.arguments.get(0);
    if let Some(more) = option(machine, &given, "ctx", span) {
        let before = kept(machine, Some(shared), "$context");
        let context = joined(machine, &before, Some(&more), span);
        keep(machine, shared, "$context", context);
    }
    if let Some(input) = option(machine, &given, "input", span) {
        keep(machine, shared, "$input", input);
    }
    go_on(host, machine, span);
    let result = machine.unknown("the answer of a procedure");
    Ok(Some(machine.make_promise(
        Some(result),
        Vec::new(),
        Vec::new(),
        span,
    )))
}

/// Returns an object with what both have; the second comes first.
pub(super) fn joined(
    machine: &mut Machine<'_>,
    before: &Value,
    more: Option<&Value>,
    span: Span,
) -> Value {
    let id = machine.heap.allocate(ObjectKind::Plain, span);
    for part in [Some(before), more].into_iter().flatten() {
        crate::store::assign_into(machine, id, part);
    }
    Value::object(id)
}

/// A schema lets the input through or throws, which is answered with 400. A second one adds to the first.
fn input(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
    shared: ObjectId,
) -> Result<(), Stop> {
    let span = step.mounted;
    let raw = raw_value(host, machine);
    let (result, thrown) =
        machine.catching(|machine| parsed(host, machine, &step.value, raw, span));
    for thrown in &thrown {
        note_refusal(host, machine, thrown, Refusal::Throw(Some(400)), Some(400));
    }
    let value = result?;
    let before = kept(machine, Some(shared), "$input");
    let value = match before.objects().next().is_some() && value.objects().next().is_some() {
        true => joined(machine, &before, Some(&value), span),
        false => value,
    };
    keep(machine, shared, "$input", value);
    go_on(host, machine, span);
    Ok(())
}

/// What a schema, or a function in its place, makes of a value; a schema that is not known changes nothing.
fn parsed(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    schema: &Value,
    value: Value,
    span: Span,
) -> Result<Value, Stop> {
    let arguments = Arguments::positional([value.clone()]);
    let result = if is_function(machine, schema) {
        machine.call_value(schema, None, &arguments, span)?
    } else if is_known(host, machine, schema) {
        machine.call_member(schema, Ustr::from("parse"), &arguments, span)?
    } else {
        return Ok(value);
    };
    machine.await_value(&result, span)
}

/// Holds if it is known what a schema lets through.
pub(super) fn is_known(host: &ModelHost, machine: &Machine<'_>, schema: &Value) -> bool {
    let paths = host.paths_of(machine, schema);
    paths.iter().any(|path| path == crate::zod::SCHEMA)
}

/// Calls the function of the procedure; what it returns is the answer.
fn function(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
    shared: ObjectId,
) -> Result<(), Stop> {
    let span = step.mounted;
    let procedure = step.value.only_object();
    let function = kept(machine, procedure, "$function");
    let options = options(host, machine, shared, span);
    let arguments = with_options(machine, &options, span);
    let output = kept(machine, procedure, "$output");
    for path in machine.call_paths(&function, &arguments, span)? {
        // A query that runs when it is waited for is waited for by tRPC.
        let base = std::mem::replace(&mut machine.decided, path.decided.clone());
        let value = machine.await_value(&path.value, path.span);
        machine.decided = base;
        let value = value?;
        let told = match is_known(host, machine, &output) {
            true => crate::zod_passage::let_through(host, machine, &output, &value, span)?.0,
            false => value,
        };
        let body = host.body_fields(machine, &told);
        let kind = EffectKind::Respond {
            status: Some(200),
            body,
            is_error: false,
        };
        push(host, &path, kind);
    }
    Ok(())
}
