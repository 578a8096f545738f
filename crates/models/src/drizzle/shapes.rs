//! What a row looks like: chosen columns, tables of a join, relations that are read along.
//!
//! Source: drizzle-orm 0.36 `relations.ts` and `pg-core/query-builders/query.ts`: `columns` with a `true` names all that
//! is told, with nothing but `false` what is left out; `with` adds relations to whatever columns there are.

use firedoor_app::Origin;
use firedoor_eval::{Machine, ObjectId, ObjectKind, Shape, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::Table;
use super::query::{Plan, column_value, table_of};
use crate::ModelHost;
use crate::store::{self, own_properties, property};

/// How deep relations of relations are followed.
const DEPTH: usize = 4;

/// What an object has of a row.
#[derive(Default)]
struct Parts {
    properties: Vec<(Ustr, Value)>,
    /// Whether all other columns are there as well.
    is_open: bool,
}

/// The object that a row is, if it is not just the record.
pub(super) fn shape(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    plan: &Plan,
    (asset, table): (Ustr, ObjectId),
    row: &Value,
    span: Span,
) -> Option<ObjectId> {
    let is_chosen = |columns: &&Value| columns.objects().next().is_some();
    let chosen = plan.columns.as_ref().filter(is_chosen);
    let is_own = host.origins_of(machine, row.origins).iter().any(|origin| {
        matches!(
            origin,
            Origin::Record {
                of_principal: true,
                ..
            }
        )
    });
    let mut parts = Parts::default();
    if let Some(columns) = chosen {
        for part in columns.objects().collect::<Vec<_>>() {
            for (name, value) in own_properties(machine, part) {
                let value = chosen_value(host, machine, &value, is_own);
                parts.properties.push((name, value));
            }
        }
    } else if !plan.joined.is_empty() {
        for name in std::iter::once(&asset).chain(&plan.joined) {
            let value = whole(host, machine, *name, is_own);
            parts.properties.push((*name, value));
        }
    } else {
        let options = plan.options.as_ref()?;
        parts = relational(host, machine, table, options, is_own, span, 0)?;
    }
    Some(built(machine, parts, row, span))
}

fn built(machine: &mut Machine<'_>, parts: Parts, row: &Value, span: Span) -> ObjectId {
    let id = machine.heap.allocate(ObjectKind::Plain, span);
    let mut rest = Value::unknown(Shape::Object).with_origins(row.origins);
    rest.control = row.control;
    let object = machine.heap.get_mut(id);
    for (name, mut value) in parts.properties {
        value.control = row.control;
        object.properties.insert(name, value);
    }
    if parts.is_open {
        object.is_open = true;
        object.elements.push(rest);
    }
    id
}

/// What `{ columns, with }` asks for of a table; `None` for the whole row.
fn relational(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    table: ObjectId,
    options: &Value,
    is_own: bool,
    span: Span,
    depth: usize,
) -> Option<Parts> {
    let columns = property(machine, options, "columns");
    let with = property(machine, options, "with");
    if columns.is_none() && with.is_none() {
        return None;
    }
    let mut parts = match columns {
        Some(columns) => told(host, machine, table, &columns, is_own),
        None => Parts {
            is_open: true,
            ..Parts::default()
        },
    };
    let relations = {
        let state = host.state();
        let known = state.drizzle.tables.get(&table);
        known.map(|table: &Table| table.relations.clone())
    };
    let asked = with.iter().flat_map(Value::objects);
    let asked: Vec<(Ustr, Value)> = asked.flat_map(|id| own_properties(machine, id)).collect();
    for (name, wanted) in asked {
        let Some((target, is_many)) = relations.as_ref().and_then(|it| it.get(&name)) else {
            continue;
        };
        let mut value = whole(host, machine, *target, is_own);
        let inner = table_named(host, *target)
            .filter(|_| depth < DEPTH)
            .and_then(|inner| relational(host, machine, inner, &wanted, is_own, span, depth + 1));
        if let Some(inner) = inner {
            value = Value::object(built(machine, inner, &value, span));
        }
        if *is_many {
            value = store::list_of(machine, &value, span);
        }
        parts.properties.push((name, value));
    }
    Some(parts)
}

/// The columns that `{ name: true }` chooses, or that `{ hash: false }` leaves.
fn told(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    table: ObjectId,
    columns: &Value,
    is_own: bool,
) -> Parts {
    let named = columns.objects();
    let named: Vec<(Ustr, Value)> = named.flat_map(|id| own_properties(machine, id)).collect();
    let is_chosen = named.iter().any(|(_, it)| it.truth() != Some(false));
    let is_told = |name: Ustr| {
        let mut own = named.iter();
        match own.find(|(known, _)| *known == name) {
            Some((_, wanted)) => wanted.truth() != Some(false),
            None => !is_chosen,
        }
    };
    let mut parts = Parts::default();
    for (name, column) in own_properties(machine, table) {
        let is_column = column
            .only_object()
            .is_some_and(|id| host.state().drizzle.columns.contains_key(&id));
        if is_column && is_told(name) {
            let value = chosen_value(host, machine, &column, is_own);
            parts.properties.push((name, value));
        }
    }
    parts
}

fn table_named(host: &ModelHost, asset: Ustr) -> Option<ObjectId> {
    let state = host.state();
    let tables = state.drizzle.tables.iter();
    let found = tables.filter(|(_, table)| table.asset == asset);
    found.map(|(id, _)| *id).min()
}

fn whole(host: &ModelHost, machine: &mut Machine<'_>, asset: Ustr, of_principal: bool) -> Value {
    let origin = Origin::Record {
        asset,
        field: Ustr::default(),
        of_principal,
    };
    host.with_origin(machine, Value::unknown(Shape::Object), origin)
}

fn chosen_value(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    value: &Value,
    of_principal: bool,
) -> Value {
    let id = value.only_object();
    let column = id.and_then(|id| host.state().drizzle.columns.get(&id).cloned());
    if let Some(column) = column {
        return column_value(host, machine, &column, of_principal);
    }
    if let Some((asset, _)) = table_of(host, value) {
        return whole(host, machine, asset, of_principal);
    }
    machine.derived(Shape::Any, [value])
}
