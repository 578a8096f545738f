//! Procedures and middleware while the application is wired: immutable chains of parts.

use firedoor_eval::{
    Answer, Arguments, Call, Decided, Decision, Machine, ObjectId, ObjectKind, OriginSet, SideEnd,
    Value,
};
use firedoor_source::Span;
use smallvec::SmallVec;
use ustr::Ustr;

use crate::ModelHost;
use crate::tools::{copied, keep, kept, last_part};

/// The path of a chain that has no function yet.
const BUILDER: &str = "trpc:builder";
/// The path of a procedure.
pub(super) const PROCEDURE: &str = "trpc:procedure";
const MIDDLEWARE: &str = "trpc:middleware";
const PART: &str = "trpc:part";

/// `initTRPC.context<C>()` and `initTRPC.meta<M>()` only say types.
pub(super) fn init(_host: &ModelHost, _machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(Value::outside("npm:@trpc/server.initTRPC")))
}

/// `initTRPC.create(options)`.
pub(super) fn create(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    host.state().trpc.is_used = true;
    let id = host.make_object(machine, "trpc:t", call.span);
    let meta = crate::tools::option(machine, &call.arguments.get(0), "defaultMeta", call.span);
    if let Some(meta) = meta {
        keep(machine, id, "$meta", meta);
    }
    Ok(Some(Value::object(id)))
}

/// `t.procedure`.
pub(super) fn procedure(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let id = host.make_object(machine, BUILDER, span);
    let meta = kept(machine, object, "$meta");
    if !meta.is_nothing() {
        keep(machine, id, "$meta", meta);
    }
    Some(Value::object(id))
}

/// `experimental_standaloneMiddleware<…>()`.
pub(super) fn standalone(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "trpc:standalone", call.span);
    Ok(Some(Value::object(id)))
}

/// `t.middleware(function)`.
pub(super) fn middleware(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, MIDDLEWARE, call.span);
    machine.heap.push_element(id, call.arguments.get(0));
    Ok(Some(Value::object(id)))
}

/// `middleware.unstable_pipe(other)` runs the other behind it.
pub(super) fn pipe(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, MIDDLEWARE, call.span);
    let other = call.arguments.get(0);
    let mut functions = functions_of(machine, &call.this);
    functions.extend(functions_of(machine, &other));
    machine.heap.get_mut(id).elements = functions;
    Ok(Some(Value::object(id)))
}

/// A middleware that is called like its function.
pub(super) fn call_middleware(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let functions = functions_of(machine, &call.this);
    match functions.as_slice() {
        [only] if call.receiver != only.only_object() => machine
            .call_value(only, None, call.arguments, call.span)
            .map(Some),
        _ => Ok(None),
    }
}

/// Returns the functions that a middleware runs; a function is one by itself.
fn functions_of(machine: &Machine<'_>, middleware: &Value) -> Vec<Value> {
    match middleware.only_object().map(|id| machine.heap.get(id)) {
        Some(object) if matches!(object.kind, ObjectKind::Host(path) if path == MIDDLEWARE) => {
            object.elements.clone()
        }
        _ => vec![middleware.clone()],
    }
}

/// Methods of a chain give a longer one, and at last a procedure.
pub(super) fn extend(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(from) = call.receiver else {
        return Ok(None);
    };
    let name = last_part(&call.path);
    let is_last = matches!(name, "query" | "mutation" | "subscription");
    let path = if is_last { PROCEDURE } else { BUILDER };
    let id = copied(host, machine, from, path, call.span);
    let given = call.arguments.get(0);
    match name {
        "use" => {
            for function in functions_of(machine, &given) {
                let owner = if function == given {
                    id
                } else {
                    owner_of(&given, id)
                };
                add(host, machine, (id, owner), "use", function, call.span);
            }
        }
        "input" => add(host, machine, (id, id), "input", given, call.span),
        "output" => keep(machine, id, "$output", given),
        "meta" => {
            let before = kept(machine, Some(id), "$meta");
            let meta = super::run::joined(machine, &before, Some(&given), call.span);
            keep(machine, id, "$meta", meta);
        }
        "concat" | "unstable_concat" => append(machine, id, &given),
        "query" | "mutation" | "subscription" => {
            keep(machine, id, "$type", Value::string(name));
            keep(machine, id, "$function", given);
            remember_decided(host, machine, id);
        }
        _ => {}
    }
    Ok(Some(Value::object(id)))
}

/// The object whose name tells what an anonymous function is for.
fn owner_of(middleware: &Value, otherwise: ObjectId) -> ObjectId {
    middleware.only_object().unwrap_or(otherwise)
}

fn add(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    (chain, owner): (ObjectId, ObjectId),
    kind: &str,
    value: Value,
    span: Span,
) {
    let part = host.make_object(machine, PART, span);
    keep(machine, part, "$kind", Value::string(kind));
    keep(machine, part, "$value", value);
    keep(machine, part, "$owner", Value::object(owner));
    machine.heap.push_element(chain, Value::object(part));
    remember_decided(host, machine, part);
}

fn remember_decided(host: &ModelHost, machine: &Machine<'_>, id: ObjectId) {
    if !host.is_request() {
        let decided = machine.decided.clone();
        host.state().trpc.decided.insert(id, decided);
    }
}

/// Makes a procedure of several, of which a condition chose one. What is not in each runs as that condition has it, or
/// may run where it is not known which condition that was.
pub(super) fn combined(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    several: &[ObjectId],
) -> ObjectId {
    let span = machine.heap.get(several[0]).span;
    let id = copied(host, machine, several[0], PROCEDURE, span);
    let lists: Vec<Vec<Value>> = several
        .iter()
        .map(|one| machine.heap.get(*one).elements.clone())
        .collect();
    let mut parts: Vec<Value> = Vec::new();
    for (one, list) in several.iter().zip(&lists) {
        for part in list {
            if lists.iter().all(|other| other.contains(part)) {
                if !parts.contains(part) {
                    parts.push(part.clone());
                }
            } else if let Some(part) = part.only_object() {
                let of_one = part_of_one(host, machine, part, *one);
                parts.push(Value::object(of_one));
            }
        }
    }
    machine.heap.get_mut(id).elements = parts;
    let functions: Vec<Value> = several
        .iter()
        .map(|one| kept(machine, Some(*one), "$function"))
        .collect();
    let function = machine.join_all(&functions);
    keep(machine, id, "$function", function);
    let outputs = several
        .iter()
        .map(|one| kept(machine, Some(*one), "$output"));
    let outputs: Vec<Value> = outputs.collect();
    if outputs.iter().any(|output| *output != outputs[0]) {
        keep(machine, id, "$output", Value::undefined());
    }
    id
}

/// Returns a part again as one that runs only where its procedure was chosen.
fn part_of_one(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    part: ObjectId,
    procedure: ObjectId,
) -> ObjectId {
    let span = machine.heap.get(part).span;
    let of_one = copied(host, machine, part, PART, span);
    let mut decided = decided_at(host, part);
    for one in decided_at(host, procedure) {
        if !decided.contains(&one) {
            decided.push(one);
        }
    }
    if decided.is_empty() {
        let at = machine.heap.get(procedure).span;
        decided.push(chosen(machine, at));
    }
    host.state().trpc.decided.insert(of_one, decided);
    of_one
}

/// Returns that a procedure was chosen by a condition that is no longer known.
fn chosen(machine: &mut Machine<'_>, span: Span) -> Decided {
    let decision = machine.add_decision(Decision {
        test: None,
        origins: OriginSet::EMPTY,
        control: OriginSet::EMPTY,
        span,
        is_certain: false,
        ends: [SideEnd::NotRun; 2],
        label: None,
        remainder: SmallVec::new(),
        is_of_branch: false,
        caught: Vec::new(),
    });
    Decided {
        decision,
        side: true,
    }
}

fn decided_at(host: &ModelHost, id: ObjectId) -> Vec<Decided> {
    let known = &host.state().trpc.decided;
    known.get(&id).cloned().unwrap_or_default()
}

/// `chain.concat(other)`: the parts of the other chain run behind those of this one.
fn append(machine: &mut Machine<'_>, id: ObjectId, other: &Value) {
    for from in other.objects().collect::<Vec<_>>() {
        for part in machine.heap.get(from).elements.clone() {
            machine.heap.push_element(id, part);
        }
    }
}

/// A step of a procedure, as it was written.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// Holds for the schema of an input.
    pub(super) is_input: bool,
    /// The function or schema.
    pub(super) value: Value,
    /// The name of what it was written for, if it has one.
    pub(super) owner: Option<Ustr>,
    /// Where it was added.
    pub(super) span: Span,
    /// What was decided on the way to that.
    pub(super) decided: Vec<Decided>,
}

/// Returns the parts of a procedure in the order in which they run.
pub(super) fn parts_of(host: &ModelHost, machine: &Machine<'_>, procedure: ObjectId) -> Vec<Part> {
    let elements = machine.heap.get(procedure).elements.iter();
    let parts = elements.filter_map(Value::only_object);
    parts
        .map(|part| {
            let kind = kept(machine, Some(part), "$kind").text();
            let owner = kept(machine, Some(part), "$owner").only_object();
            Part {
                is_input: kind.is_some_and(|kind| kind == "input"),
                value: kept(machine, Some(part), "$value"),
                owner: owner.and_then(|owner| machine.heap.get(owner).name),
                span: machine.heap.get(part).span,
                decided: decided_at(host, part),
            }
        })
        .collect()
}

/// Calls with one object of options, as everything in tRPC is called.
pub(super) fn with_options(
    machine: &mut Machine<'_>,
    options: &[(&str, Value)],
    span: Span,
) -> Arguments {
    Arguments::positional([crate::tokens::plain(machine, options, span)])
}
