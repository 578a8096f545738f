//! What a query writes: `data`, with increments and writes to related models.

use firedoor_app::{Access, Field, Operation, Origin, Provenance};
use firedoor_eval::{Machine, ObjectKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::DIALECT;
use crate::ModelHost;
use crate::store::{self, own_properties, property};

/// Adds what `data` writes to `access`; writes to related models are accesses of their own.
pub(super) fn data(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    model: Ustr,
    data: &Value,
    access: &mut Access,
    span: Span,
) {
    for row in store::parts(machine, data) {
        if row.is_unknown() {
            access.spread.push(host.provenance(machine, &row));
        }
        for id in row.objects().collect::<Vec<_>>() {
            for part in store::open_parts(machine, id) {
                access.spread.push(host.provenance(machine, &part));
            }
            for (name, value) in own_properties(machine, id) {
                field(host, machine, model, name, &value, access, span);
            }
        }
    }
}

fn field(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    model: Ustr,
    name: Ustr,
    value: &Value,
    access: &mut Access,
    span: Span,
) {
    if value.atoms() == [firedoor_eval::Atom::Undefined] {
        return;
    }
    let mut push = |machine: &mut Machine<'_>, name: Ustr, value: &Value, operator| {
        access.values.push(Field {
            name,
            value: host.deep_provenance(machine, value),
            operator,
        });
    };
    // What is written along only sometimes is written: `team: sent ? { connect: { id } } : undefined`.
    let there = value.filter(|atom| !atom.is_nothing());
    let value = there
        .as_ref()
        .filter(|it| it.only_object().is_some())
        .unwrap_or(value);
    let is_plain = value
        .only_object()
        .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Plain));
    let relation = host.state().prisma.schema.relation(model, &name).cloned();
    let (Some(relation), true) = (relation, is_plain) else {
        for (word, operator) in [
            ("increment", "+="),
            ("decrement", "-="),
            ("multiply", "+="),
            ("divide", "+="),
            ("push", "push"),
            ("set", "="),
        ] {
            if let Some(inner) = property(machine, value, word).filter(|_| is_plain) {
                return push(machine, name, &inner, operator);
            }
        }
        return push(machine, name, value, "=");
    };
    let id = value.only_object();
    for (word, details) in id.map(|id| own_properties(machine, id)).unwrap_or_default() {
        match word.as_str() {
            "connect" | "disconnect" | "set" => {
                let key = relation.keys.first().copied().unwrap_or(name);
                push(machine, key, &details, "=");
            }
            _ => {
                let models = (model, relation.kind);
                let is_made = access.operation == Operation::Create;
                related(host, machine, models, (&word, is_made), &details, span);
            }
        }
    }
}

/// A write to a related model: `create`, `createMany`, `update`, `delete` and so on.
fn related(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    (parent, model): (Ustr, Ustr),
    (word, is_parent_made): (&str, bool),
    details: &Value,
    span: Span,
) {
    let operation = match word {
        "create" | "createMany" | "connectOrCreate" => Operation::Create,
        "update" | "updateMany" | "upsert" => Operation::Update,
        "delete" | "deleteMany" => Operation::Delete,
        _ => return,
    };
    let mut access = store::access(host, operation, model);
    access.is_many = word.ends_with("Many");
    let reference = host.state().prisma.schema.only_reference(model, parent);
    // What is made along with a record refers to it, though nobody writes that.
    if let Some(name) = reference.filter(|_| is_parent_made && operation == Operation::Create) {
        let parent = Origin::Record {
            asset: parent,
            field: Ustr::from("id"),
            of_principal: false,
        };
        access.values.push(Field {
            name,
            value: Provenance::new([parent]),
            operator: "=",
        });
    }
    for step in store::parts(machine, details) {
        if let Some(filter) = property(machine, &step, "where") {
            let key = store::read_conditions(host, machine, &DIALECT, &filter);
            access.key.extend(key.fields);
        }
        let inner = ["data", "create", "update"]
            .iter()
            .find_map(|name| property(machine, &step, name));
        match inner {
            Some(inner) => data(host, machine, model, &inner, &mut access, span),
            None if operation == Operation::Delete => {
                let key = store::read_conditions(host, machine, &DIALECT, &step);
                access.key.extend(key.fields);
            }
            None => data(host, machine, model, &step, &mut access, span),
        }
    }
    super::note(host, machine, access, span);
}
