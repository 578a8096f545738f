//! Fields of serializers that name a record: what a client sends is looked up among the records that the field takes.
//!
//! Which records those are is said by `queryset`, or by `get_queryset` of a class of the program, which may narrow them
//! to what the caller's view is about. Source: djangorestframework 3.16 `relations.py` (`RelatedField.get_queryset`,
//! `PrimaryKeyRelatedField.to_internal_value`, `SlugRelatedField.to_internal_value`).

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::python_active::required;
use crate::python_support::last_name;
use crate::{Model, ModelHost};

const INVALID: &str = "py:rest_framework.exceptions.ValidationError";

/// The model.
pub static MODEL: Model = Model {
    name: "django",
    calls: &[
        (
            "py:rest_framework.serializers.RelatedField().get_queryset",
            queryset,
        ),
        (
            "py:rest_framework.serializers.PrimaryKeyRelatedField().get_queryset",
            queryset,
        ),
        (
            "py:rest_framework.serializers.SlugRelatedField().get_queryset",
            queryset,
        ),
    ],
    aliases: &[
        (
            "py:rest_framework.relations.RelatedField",
            "py:rest_framework.serializers.RelatedField",
        ),
        (
            "py:rest_framework.relations.PrimaryKeyRelatedField",
            "py:rest_framework.serializers.PrimaryKeyRelatedField",
        ),
        (
            "py:rest_framework.relations.SlugRelatedField",
            "py:rest_framework.serializers.SlugRelatedField",
        ),
    ],
    ..Model::EMPTY
};

/// `super().get_queryset()`: the records that the field is declared with.
fn queryset(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    machine
        .member(&call.this, Ustr::from("queryset"), call.span)
        .map(Some)
}

/// Returns the record that a client names in a field of a serializer, or what it sends where the field names none.
pub(super) fn named(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    serializer: ObjectId,
    field: ObjectId,
    sent: Value,
    span: Span,
) -> Result<Value, Stop> {
    let paths = host.paths_of(machine, &Value::object(field));
    let kind = paths
        .iter()
        .map(|path| last_name(path.trim_end_matches("()")))
        .find_map(|name| match name {
            "PrimaryKeyRelatedField" => Some("pk"),
            "SlugRelatedField" => Some("slug"),
            _ => None,
        });
    let many = option(machine, field, "many").and_then(|many| many.truth());
    let Some(kind) = kind.filter(|_| many != Some(true) && !sent.is_nothing()) else {
        return Ok(sent);
    };
    let by = match kind {
        "slug" => option(machine, field, "slug_field").and_then(|name| name.text()),
        _ => Some(Ustr::from("pk")),
    };
    let records = records(machine, serializer, field, span)?;
    let is_set = records.objects().any(|id| {
        matches!(machine.heap.get(id).kind, ObjectKind::Host(path) if path == super::orm_query::QUERY)
    });
    let Some(by) = by.filter(|_| is_set) else {
        return Ok(sent);
    };
    let mut arguments = Arguments::default();
    arguments.keywords.insert(by, sent);
    let narrowed = machine.call_member(&records, Ustr::from("filter"), &arguments, span)?;
    let none = Arguments::default();
    let found = machine.call_member(&narrowed, Ustr::from("first"), &none, span)?;
    let there = required(host, machine, &found, INVALID, span)?;
    let is_optional = option(machine, field, "required").and_then(|it| it.truth()) == Some(false)
        || option(machine, field, "allow_null").and_then(|it| it.truth()) == Some(true);
    Ok(match is_optional {
        true => machine.join(there, &Value::null()),
        false => there,
    })
}

fn option(machine: &Machine<'_>, field: ObjectId, name: &str) -> Option<Value> {
    machine.heap.property(field, Ustr::from(name)).cloned()
}

/// The records that a field takes. Each serializer has fields of its own, which know it.
fn records(
    machine: &mut Machine<'_>,
    serializer: ObjectId,
    field: ObjectId,
    span: Span,
) -> Result<Value, Stop> {
    let declared = machine.heap.get(field).clone();
    let ObjectKind::Instance { .. } = declared.kind else {
        return Ok(option(machine, field, "queryset").unwrap_or_else(Value::null));
    };
    let own = machine.heap.allocate(declared.kind, declared.span);
    machine.heap.get_mut(own).properties = declared.properties;
    let serializer = Value::object(serializer);
    let context = machine.member(&serializer, Ustr::from("context"), span)?;
    let properties = &mut machine.heap.get_mut(own).properties;
    properties.insert(Ustr::from("context"), context);
    properties.insert(Ustr::from("parent"), serializer.clone());
    properties.insert(Ustr::from("root"), serializer);
    let none = Arguments::default();
    let this = Value::object(own);
    machine.call_member(&this, Ustr::from("get_queryset"), &none, span)
}
