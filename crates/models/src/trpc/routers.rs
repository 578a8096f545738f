//! Routers: which procedures lie below which names.

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use indexmap::IndexMap;
use ustr::Ustr;

use super::procedures::PROCEDURE;
use crate::ModelHost;
use crate::tools::{keep, kept};
use crate::zod::own_properties;

const ROUTER: &str = "trpc:router";
const LAZY: &str = "trpc:lazy";

/// Routers within routers are followed so deep.
const DEEPEST: usize = 12;

/// `t.router({ name: procedure, other: router })`.
pub(super) fn router(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, ROUTER, call.span);
    machine.heap.push_element(id, call.arguments.get(0));
    Ok(Some(Value::object(id)))
}

/// `t.mergeRouters(first, second)`.
pub(super) fn merged(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, ROUTER, call.span);
    for part in &call.arguments.positional {
        machine.heap.push_element(id, part.clone());
    }
    Ok(Some(Value::object(id)))
}

/// `lazy(() => import('./router'))`.
pub(super) fn lazy(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, LAZY, call.span);
    keep(machine, id, "$load", call.arguments.get(0));
    Ok(Some(Value::object(id)))
}

/// A procedure of a router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// Its name, with those of the routers that it is in.
    pub(super) name: String,
    /// The procedure.
    pub(super) procedure: ObjectId,
    /// The router that it is in, with its name.
    pub(super) group: (u32, Ustr),
}

/// Returns the procedures of a router, in order; what is no router and no procedure is noted. A name is in it several
/// times where a condition chose what it stands for.
pub(super) fn procedures_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    router: &Value,
    span: Span,
) -> Vec<Named> {
    let mut found = Vec::new();
    let group = (0, Ustr::from("router"));
    collect(host, machine, router, ("", group, 0), span, &mut found);
    let mut seen: IndexMap<(String, ObjectId), ()> = IndexMap::new();
    found.retain(|named| {
        let key = (named.name.clone(), named.procedure);
        seen.insert(key, ()).is_none()
    });
    found
}

fn collect(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    value: &Value,
    (prefix, group, depth): (&str, (u32, Ustr), usize),
    span: Span,
    found: &mut Vec<Named>,
) {
    let objects: Vec<ObjectId> = value.objects().collect();
    if objects.is_empty() || depth > DEEPEST {
        note_unknown(host, prefix, span);
        return;
    }
    for id in objects {
        let object = machine.heap.get(id);
        let own = (id.0, object.name.unwrap_or(group.1));
        let place = object.span;
        match object.kind {
            ObjectKind::Host(path) if path == PROCEDURE => found.push(Named {
                name: prefix.to_owned(),
                procedure: id,
                group,
            }),
            ObjectKind::Host(path) if path == ROUTER => {
                for part in object.elements.clone() {
                    let below = (prefix, own, depth + 1);
                    collect(host, machine, &part, below, place, found);
                }
            }
            ObjectKind::Host(path) if path == LAZY => {
                let loaded = loaded(machine, id, place);
                collect(
                    host,
                    machine,
                    &loaded,
                    (prefix, group, depth + 1),
                    place,
                    found,
                );
            }
            ObjectKind::Plain => {
                if object.is_open {
                    note_unknown(host, prefix, place);
                }
                for (name, part) in own_properties(machine, &Value::object(id)) {
                    let name = match prefix {
                        "" => name.to_string(),
                        _ => format!("{prefix}.{name}"),
                    };
                    collect(
                        host,
                        machine,
                        &part,
                        (&name, group, depth + 1),
                        place,
                        found,
                    );
                }
            }
            _ => note_unknown(host, prefix, place),
        }
    }
}

/// What a lazy router loads: a router, or a module that exports it alone or as its default.
fn loaded(machine: &mut Machine<'_>, lazy: ObjectId, span: Span) -> Value {
    let load = kept(machine, Some(lazy), "$load");
    let none = Arguments::default();
    let (result, _) = machine.catching(|machine| {
        let promise = machine.call_value(&load, None, &none, span)?;
        machine.await_value(&promise, span)
    });
    let Ok(value) = result else {
        return Value::undefined();
    };
    let is_router = |machine: &Machine<'_>, value: &Value| {
        value.only_object().is_some_and(
            |id| matches!(machine.heap.get(id).kind, ObjectKind::Host(path) if path == ROUTER),
        )
    };
    if is_router(machine, &value) {
        return value;
    }
    let default = machine.member(&value, Ustr::from("default"), span);
    if let Some(router) = default.ok().filter(|value| is_router(machine, value)) {
        return router;
    }
    let module = match value.only_object().map(|id| &machine.heap.get(id).kind) {
        Some(ObjectKind::Namespace(module)) => Some(*module),
        _ => None,
    };
    let parts = match module {
        Some(module) => machine.module_exports(module),
        None => own_properties(machine, &value),
    };
    parts
        .into_iter()
        .find(|(_, part)| is_router(machine, part))
        .map_or(value, |(_, router)| router)
}

fn note_unknown(host: &ModelHost, prefix: &str, span: Span) {
    let detail = match prefix {
        "" => "some procedures of this router are not known; they are not in the map".to_owned(),
        _ => format!("what this router has as `{prefix}` is not known; it is not in the map"),
    };
    let note = firedoor_app::Unresolved {
        reason: "unknown-procedures",
        span,
        detail,
    };
    let unresolved = &mut host.state().unresolved;
    if !unresolved.contains(&note) {
        unresolved.push(note);
    }
}
