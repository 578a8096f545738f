//! The entry points of routers: where a handler hands its requests to one, each procedure takes the handler's place.

use firedoor_app::{Control, Symbol, Transport};
use firedoor_eval::{Machine, ObjectId, Value};
use indexmap::IndexMap;
use ustr::Ustr;

use super::procedures::{combined, parts_of};
use super::routers::Named;
use super::run::{ADAPTER, FUNCTION, INPUT, USE, begin, is_known, step};
use super::{Handed, is_handler};
use crate::doors::{join_paths, symbol};
use crate::request::send;
use crate::state::MadeGuard;
use crate::tools::kept;
use crate::{Door, Framework, ModelHost, Persona, Step, StepKind, sequel};

/// The framework of procedures behind another one.
macro_rules! behind {
    ($name:ident, $below:path) => {
        static $name: Framework = Framework {
            name: "trpc",
            doors: |_, _| Vec::new(),
            begin: |host, machine, door| begin(&$below, host, machine, door),
            step: |host, machine, door, one, all| step(&$below, host, machine, door, one, all),
            mountings: |_, _| Vec::new(),
            as_layer: |_, _, _| None,
            status_of: |host, machine, value| ($below.status_of)(host, machine, value),
        };
    };
}

behind!(BEHIND_EXPRESS, crate::express::FRAMEWORK);
behind!(BEHIND_FASTIFY, crate::fastify::FRAMEWORK);
behind!(BEHIND_NEXTJS, crate::nextjs::FRAMEWORK);
behind!(BEHIND_NODE, crate::node_http::FRAMEWORK);

fn behind(framework: &Framework) -> Option<&'static Framework> {
    match framework.name {
        "express" => Some(&BEHIND_EXPRESS),
        "fastify" => Some(&BEHIND_FASTIFY),
        "nextjs" => Some(&BEHIND_NEXTJS),
        "node" => Some(&BEHIND_NODE),
        _ => None,
    }
}

/// Returns the doors with those of procedures instead of the handlers that they are behind.
pub(crate) fn expanded(host: &ModelHost, machine: &mut Machine<'_>, doors: Vec<Door>) -> Vec<Door> {
    if !host.state().trpc.is_used {
        return doors;
    }
    let mut all = Vec::with_capacity(doors.len());
    for door in doors {
        match procedures_behind(host, machine, &door) {
            None => all.push(door),
            Some(made) => all.extend(made),
        }
    }
    all
}

/// Returns the doors of the procedures that the handler of a door hands requests to: none where it hands no request to
/// a router that is known. A router without procedures of the door's method answers that there is no such thing.
fn procedures_behind(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
) -> Option<Vec<Door>> {
    let framework = behind(door.framework).filter(|_| door.transport == Transport::Http)?;
    let routers = routers_behind(host, machine, door, framework);
    if routers.iter().all(|handed| handed.procedures.is_empty()) {
        return None;
    }
    let mut doors = Vec::new();
    for handed in routers {
        let mut chosen: IndexMap<(&str, Ustr), Vec<&Named>> = IndexMap::new();
        for named in &handed.procedures {
            let method = method_of(machine, named.procedure);
            if door.method == "ANY" || door.method == method {
                let key = (named.name.as_str(), method);
                chosen.entry(key).or_default().push(named);
            }
        }
        for several in chosen.values() {
            if let Some(named) = one_of(host, machine, several) {
                let made = procedure_door(host, machine, (door, &handed), framework, &named);
                doors.push(made);
            }
        }
    }
    Some(doors)
}

/// Returns the procedure that stands for several, of which a condition chose one: it has the steps and the functions
/// of all, and which steps are not in each is remembered.
fn one_of(host: &ModelHost, machine: &mut Machine<'_>, several: &[&Named]) -> Option<Named> {
    let (first, others) = several.split_first()?;
    if others.is_empty() {
        return Some((*first).clone());
    }
    let procedures: Vec<ObjectId> = several.iter().map(|named| named.procedure).collect();
    Some(Named {
        procedure: combined(host, machine, &procedures),
        ..(*first).clone()
    })
}

fn method_of(machine: &Machine<'_>, procedure: ObjectId) -> Ustr {
    let kind = kept(machine, Some(procedure), "$type").text();
    let is_mutation = kind.is_some_and(|kind| kind == "mutation");
    Ustr::from(if is_mutation { "POST" } else { "GET" })
}

/// Returns the routers that the handler of a door hands requests to: it is asked with a request of somebody who may
/// pass all checks. The names of procedures are the rest of the path, so that only a door for many paths is asked.
fn routers_behind(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    framework: &'static Framework,
) -> Vec<Handed> {
    let last = door.path.rsplit('/').next().unwrap_or_default();
    if !last.starts_with('{') {
        return Vec::new();
    }
    let mut alone = door.clone();
    alone.framework = framework;
    alone.steps.retain(|step| step.kind == StepKind::Handler);
    for step in &mut alone.steps {
        step.role = own_role(machine, step);
    }
    let first = machine.before().first_object();
    let sent = send(host, machine, &alone, Persona::User, None);
    let mut handed: Vec<Handed> = Vec::new();
    for mut one in sent.run.trpc.handed {
        // What was made for that one request is no more.
        one.procedures.retain(|named| named.procedure < first);
        let is_known = |known: &Handed| known.procedures == one.procedures;
        if !handed.iter().any(is_known) {
            handed.push(one);
        }
    }
    handed
}

/// A handler that an adapter has made is called with request and response, which are what comes first of what steps
/// share, but in Next.js.
fn own_role(machine: &Machine<'_>, step: &Step) -> &'static str {
    match step.role {
        "api" => "api",
        _ if is_handler(machine, &step.value) => ADAPTER,
        role => role,
    }
}

fn procedure_door(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    (door, handed): (&Door, &Handed),
    framework: &'static Framework,
    named: &Named,
) -> Door {
    let place = host.state().places.get(&sequel::key(door)).cloned();
    let mut bases = Vec::new();
    let mut steps = Vec::new();
    for (number, step) in door.steps.iter().enumerate() {
        let base = place.as_ref().and_then(|place| place.bases.get(number));
        if step.kind != StepKind::Handler {
            steps.push(step.clone());
            bases.extend(base.copied());
            continue;
        }
        let own = own_steps(host, machine, (step, handed), named);
        note_schemas(host, machine, &own);
        bases.extend(own.iter().filter_map(|_| base.copied()));
        steps.extend(own);
    }
    let registered = machine.heap.get(named.procedure).span;
    let (prefix, _) = door.path.rsplit_once('/').unwrap_or_default();
    let prefix = match prefix {
        "" => handed.endpoint.unwrap_or_default(),
        _ => Ustr::from(prefix),
    };
    let handler = steps.iter().rfind(|step| step.role == FUNCTION);
    let made = Door {
        method: method_of(machine, named.procedure),
        path: Ustr::from(&join_paths(&prefix, &named.name)),
        framework,
        handler: handler.map_or_else(
            || door.handler.clone(),
            |step| Symbol {
                name: step.name,
                span: step.span,
            },
        ),
        registered,
        group: named.group,
        steps,
        ..door.clone()
    };
    crate::fastify::share_plan(host, door, &made);
    if let Some(place) = place {
        let place = sequel::Place { bases, ..place };
        host.state().places.insert(sequel::key(&made), place);
    }
    made
}

/// A schema is good for validation.
fn note_schemas(host: &ModelHost, machine: &Machine<'_>, steps: &[Step]) {
    for step in steps.iter().filter(|step| step.role == INPUT) {
        let schema = step
            .value
            .only_object()
            .filter(|_| is_known(host, machine, &step.value));
        if let Some(schema) = schema {
            let guard = MadeGuard {
                controls: vec![Control::Validation],
                throttle: None,
                span: machine.heap.get(schema).span,
                library: "tRPC",
            };
            let state = &mut *host.state();
            state.made_guards.entry(schema).or_insert(guard);
            state.used_guards.insert(schema);
        }
    }
}

/// What runs in the place of the handler: the handler up to the adapter, which makes the context, then the parts of
/// the procedure, then its function.
fn own_steps(
    host: &ModelHost,
    machine: &Machine<'_>,
    (handler, handed): (&Step, &Handed),
    named: &Named,
) -> Vec<Step> {
    let context = handed.context.as_ref();
    let mut steps = vec![Step {
        kind: StepKind::Layer,
        role: own_role(machine, handler),
        name: context.map_or(handler.name, |context| context.name),
        span: context.map_or(handler.span, |context| context.span),
        ..handler.clone()
    }];
    let anonymous = "(anonymous)";
    for part in parts_of(host, machine, named.procedure) {
        let found = symbol(machine, &part.value, part.span);
        let own = Some(found.name).filter(|name| *name != anonymous);
        let otherwise = if part.is_input {
            "schema"
        } else {
            "middleware"
        };
        let owner = part.owner.filter(|_| !part.is_input);
        steps.push(Step {
            value: part.value,
            kind: StepKind::Layer,
            name: own.or(owner).unwrap_or_else(|| Ustr::from(otherwise)),
            span: found.span,
            mounted: part.span,
            decided: [handler.decided.as_slice(), &part.decided].concat(),
            role: if part.is_input { INPUT } else { USE },
        });
    }
    let place = machine.heap.get(named.procedure).span;
    let function = kept(machine, Some(named.procedure), "$function");
    let found = symbol(machine, &function, place);
    let last = named.name.rsplit('.').next().unwrap_or_default();
    steps.push(Step {
        value: Value::object(named.procedure),
        kind: StepKind::Handler,
        name: match found.name.as_str() {
            "(anonymous)" => Ustr::from(last),
            _ => found.name,
        },
        span: found.span,
        mounted: place,
        decided: handler.decided.clone(),
        role: FUNCTION,
    });
    steps
}
