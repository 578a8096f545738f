//! The table by which a router of REST framework makes routes: `router.routes`, which a class of routers may
//! write anew or add methods to.
//!
//! Source: djangorestframework 3.16 `routers.py`, `Route`, `DynamicRoute` and `SimpleRouter.routes`.

use firedoor_eval::{Answer, Call, Machine, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::drf;
use crate::ModelHost;
use crate::python_support::{argument, object_with_arguments};

const TABLE: &str = "routes of a router";

/// What answers the methods of the list.
const LIST: &[(&str, &str)] = &[("get", "list"), ("post", "create")];

/// What answers the methods of one record.
const DETAIL: &[(&str, &str)] = &[
    ("get", "retrieve"),
    ("put", "update"),
    ("patch", "partial_update"),
    ("delete", "destroy"),
];

/// `Route(url=..., mapping={...}, name=..., detail=True, initkwargs={})`.
pub(crate) fn make_route(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let named = [
        ("mapping", argument(call, 1, "mapping")),
        ("detail", argument(call, 3, "detail")),
    ];
    let id = object_with_arguments(machine, call);
    let properties = &mut machine.heap.get_mut(id).properties;
    properties.extend(named.map(|(name, value)| (Ustr::from(name), value)));
    Ok(Some(Value::object(id)))
}

/// `router.routes`: a list of the router's own, unless its class writes one.
pub(crate) fn routes(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let router = object?;
    if let Some(known) = host.state().notes.get(&(router, TABLE)) {
        return Some(known.clone());
    }
    let empty = machine.heap.allocate(ObjectKind::Plain, span);
    let parts = [
        (table(machine, LIST, span), false),
        (empty, false),
        (table(machine, DETAIL, span), true),
        (empty, true),
    ];
    let all = parts.map(|(mapping, is_detail)| {
        let id = host.make_object(machine, "py:rest_framework.routers.Route()", span);
        let properties = &mut machine.heap.get_mut(id).properties;
        properties.insert(Ustr::from("mapping"), Value::object(mapping));
        properties.insert(Ustr::from("detail"), Value::bool(is_detail));
        Value::object(id)
    });
    let list = machine.make_list(all.to_vec(), false, span);
    host.state().notes.insert((router, TABLE), list.clone());
    Some(list)
}

fn table(machine: &mut Machine<'_>, pairs: &[(&str, &str)], span: Span) -> ObjectId {
    let id = machine.heap.allocate(ObjectKind::Plain, span);
    let properties = &mut machine.heap.get_mut(id).properties;
    for (method, action) in pairs {
        properties.insert(Ustr::from(method), Value::string(action));
    }
    id
}

/// What answers the methods of the list, or of one record, by the actions that a viewset has.
pub(crate) fn actions(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    router: ObjectId,
    class: ObjectId,
    is_detail: bool,
) -> Vec<(String, String)> {
    let own = own_pairs(host, machine, router, is_detail);
    let standard = if is_detail { DETAIL } else { LIST };
    let pairs = own.unwrap_or_else(|| {
        let pairs = standard.iter();
        pairs
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect()
    });
    pairs
        .into_iter()
        .filter(|(_, action)| drf::has_action(machine, class, action))
        .collect()
}

/// The pairs of method and action of a router that has a table of its own.
fn own_pairs(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    router: ObjectId,
    is_detail: bool,
) -> Option<Vec<(String, String)>> {
    let noted = host.state().notes.get(&(router, TABLE)).cloned();
    let list = match noted {
        Some(noted) => noted,
        None => {
            let ObjectKind::Instance { class } = machine.heap.get(router).kind else {
                return None;
            };
            machine.class_attribute(class, Ustr::from("routes"))?.1
        }
    };
    let (routes, _) = machine.elements_of(&list);
    let mut pairs = Vec::new();
    for route in routes {
        let Some(id) = route.only_object() else {
            continue;
        };
        let option = |name: &str| machine.heap.property(id, Ustr::from(name)).cloned();
        let detail = option("detail").and_then(|detail| detail.truth());
        let mapping = option("mapping").and_then(|mapping| mapping.only_object());
        let (Some(mapping), true) = (mapping, detail == Some(is_detail)) else {
            continue;
        };
        let entries = machine.heap.get(mapping).properties.iter();
        let known = entries
            .filter_map(|(method, action)| Some((method.to_string(), action.text()?.to_string())));
        pairs.extend(known);
    }
    Some(pairs)
}
