//! Querysets that the program makes itself: `QuerySet(model, using=...)`, of the library's class or of its own.
//!
//! A manager that leaves out deleted rows, or those of other tenants, is written so:
//! `def get_queryset(self): return OwnQuerySet(self.model, using=self._db).filter(...)`.
//! Source: django 5.2 `db/models/query.py`, `QuerySet.__init__`.

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::orm_query;
use crate::python_active::keep;
use crate::python_records::asset_of;
use crate::python_support::{argument, last_name};
use crate::{Model, ModelHost};

const BASE: &str = "py:django.db.models.QuerySet";

/// The model.
pub static MODEL: Model = Model {
    name: "django",
    calls: &[(BASE, make), ("py:django.db.models.QuerySet().*", method)],
    instances: &[(BASE, instance_made)],
    ..Model::EMPTY
};

/// `QuerySet(model)`.
fn make(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let model = argument(call, 0, "model");
    let class = model.only_object();
    let class = class.filter(|class| asset_of(host, machine, *class).is_some());
    let made = class.map(|class| orm_query::all(host, machine, class, call.span));
    Ok(made.map(Value::object))
}

/// One of a class of the program remembers its model, as `QuerySet.__init__` does.
fn instance_made(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _class: ObjectId,
    instance: ObjectId,
    arguments: &Arguments,
    _span: Span,
) -> Result<bool, Stop> {
    let model = arguments.find(0, "model").cloned();
    let class = model.as_ref().and_then(Value::only_object);
    let is_model = class.is_some_and(|class| asset_of(host, machine, class).is_some());
    if let Some(model) = model.filter(|_| is_model) {
        machine
            .heap
            .set_property(instance, Ustr::from("model"), model);
    }
    Ok(is_model)
}

/// What such a set inherits is done by the set of all records, which knows the methods of the program too.
fn method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.this.only_object() else {
        return Ok(None);
    };
    let ObjectKind::Instance { class: own } = machine.heap.get(id).kind else {
        return Ok(None);
    };
    let model = machine.heap.property(id, Ustr::from("model"));
    let Some(class) = model.and_then(Value::only_object) else {
        return Ok(None);
    };
    let whole = orm_query::all(host, machine, class, call.span);
    keep(machine, whole, "$queryset", Value::object(own));
    let name = Ustr::from(last_name(&call.path));
    machine
        .call_member(&Value::object(whole), name, call.arguments, call.span)
        .map(Some)
}

/// Holds if a column is to be one of a list that has nothing in it: `filter(pk__in=[])`.
pub(super) fn asks_for_none(machine: &mut Machine<'_>, arguments: &Arguments) -> bool {
    arguments.keywords.iter().any(|(name, value)| {
        let list = value.only_object().map(|id| machine.heap.get(id));
        name.ends_with("__in")
            && list.is_some_and(|list| {
                let is_list = matches!(list.kind, ObjectKind::Array | ObjectKind::Tuple);
                is_list && !list.is_open && list.elements.is_empty()
            })
    })
}
