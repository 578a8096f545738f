//! The fields of forms: which numbers they take.
//!
//! Source: django 5.2 `forms/fields.py`, `forms/models.py`, `db/models/fields/__init__.py` (`formfield`),
//! `core/validators.py`.

use firedoor_eval::{Machine, ObjectId, ObjectKind, Value};
use ustr::Ustr;

use super::forms::{model_of, names, sent};
use crate::ModelHost;
use crate::python_records::columns;
use crate::python_support::last_name;

/// Returns what a client sends in the fields that take not every number, each with a limit that it is held against.
pub(super) fn limits(host: &ModelHost, machine: &mut Machine<'_>, form: ObjectId) -> Vec<Value> {
    let mut found = Vec::new();
    for (name, field) in fields(host, machine, form) {
        for limit in limits_of(machine, field) {
            found.push(sent(host, machine, &name));
            found.push(limit);
        }
    }
    found
}

/// Returns the methods of the program that look at one field each, in the order of the fields: `clean_email`.
pub(super) fn hooks(host: &ModelHost, machine: &mut Machine<'_>, form: ObjectId) -> Vec<Ustr> {
    let ObjectKind::Instance { class } = machine.heap.get(form).kind else {
        return Vec::new();
    };
    let declared = fields(host, machine, form);
    let names = declared
        .into_iter()
        .map(|(name, _)| Ustr::from(&format!("clean_{name}")));
    names
        .filter(|name| machine.class_attribute(class, *name).is_some())
        .collect()
}

/// The fields that the class declares, and the columns that a form of a model takes its other fields from.
fn fields(host: &ModelHost, machine: &mut Machine<'_>, form: ObjectId) -> Vec<(Ustr, ObjectId)> {
    let mut found: Vec<(Ustr, ObjectId)> = Vec::new();
    if let ObjectKind::Instance { class } = machine.heap.get(form).kind {
        for owner in machine.class_order(class) {
            let ObjectKind::Class { prototype, .. } = machine.heap.get(owner).kind else {
                continue;
            };
            for (name, value) in &machine.heap.get(prototype).properties {
                let declared = value.only_object().filter(|id| is_field(machine, *id));
                let is_known = found.iter().any(|(known, _)| known == name);
                if let Some(declared) = declared.filter(|_| !is_known) {
                    found.push((*name, declared));
                }
            }
        }
    }
    let table = model_of(host, machine, form).and_then(|model| columns(host, model));
    let Some(table) = table else { return found };
    for name in names(host, machine, form) {
        let column = machine.heap.property(table, name);
        let column = column.and_then(Value::only_object);
        let is_known = found.iter().any(|(known, _)| *known == name);
        if let Some(column) = column.filter(|_| !is_known) {
            found.push((name, column));
        }
    }
    found
}

fn is_field(machine: &Machine<'_>, id: ObjectId) -> bool {
    let is_of_library = |path: &str| path.starts_with("py:django.forms.");
    match machine.heap.get(id).kind {
        ObjectKind::Host(path) => is_of_library(&path),
        ObjectKind::Instance { .. } => machine
            .outside_bases(id)
            .iter()
            .any(|base| is_of_library(base)),
        _ => false,
    }
}

/// What `min_value`, `max_value` and validators say; a column of positive numbers takes none below zero.
fn limits_of(machine: &mut Machine<'_>, field: ObjectId) -> Vec<Value> {
    let object = machine.heap.get(field).clone();
    let given = ["min_value", "max_value"].iter().filter_map(|name| {
        let limit = object.properties.get(&Ustr::from(name))?;
        limit.as_number().is_some().then(|| limit.clone())
    });
    let mut limits: Vec<Value> = given.collect();
    if let ObjectKind::Host(path) = object.kind
        && last_name(path.trim_end_matches("()")).starts_with("Positive")
    {
        limits.push(Value::number(0.0));
    }
    if let Some(validators) = object.properties.get(&Ustr::from("validators")) {
        let (validators, _) = machine.elements_of(validators);
        limits.extend(
            validators
                .iter()
                .filter_map(|one| validated_limit(machine, one)),
        );
    }
    limits
}

/// `MinValueValidator(1)`
fn validated_limit(machine: &Machine<'_>, validator: &Value) -> Option<Value> {
    let object = machine.heap.get(validator.only_object()?);
    let ObjectKind::Host(path) = object.kind else {
        return None;
    };
    let name = last_name(path.trim_end_matches("()"));
    let is_limit = matches!(name, "MinValueValidator" | "MaxValueValidator");
    let limit = object.elements.first();
    let limit = limit.or_else(|| object.properties.get(&Ustr::from("limit_value")))?;
    (is_limit && limit.as_number().is_some()).then(|| limit.clone())
}
