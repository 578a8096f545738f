//! The schema builder of Knex: the tables that migrations make, with their columns.
//!
//! Source: knex 3.1, `lib/schema/tablebuilder.js`, `lib/schema/columnbuilder.js`.

use firedoor_app::{AssetField, AssetKind};
use firedoor_eval::{Answer, Arguments, Atom, Call, Machine, ObjectId, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::table_name;
use crate::ModelHost;
use crate::store::{self, method_name};

pub(super) fn schema(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    Some(Value::object(host.make_object(
        machine,
        "knex:schema",
        span,
    )))
}

/// `knex.schema.createTable(name, table => ...)`.
pub(super) fn create_table(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(name) = table_name(&call.arguments.get(0)) else {
        return Ok(Some(call.this.clone()));
    };
    store::declare(host, name, AssetKind::Table, call.span, Vec::new());
    let id = host.make_object(machine, "knex:table", call.span);
    let table = Value::object(id);
    machine
        .heap
        .set_property(id, Ustr::from("$table"), Value::atom(Atom::String(name)));
    let arguments = Arguments::positional([table.clone()]);
    machine.call_value(&call.arguments.get(1), Some(table), &arguments, call.span)?;
    Ok(Some(call.this.clone()))
}

fn declare_column(
    host: &ModelHost,
    machine: &Machine<'_>,
    object: &Value,
    change: impl FnOnce(&mut AssetField),
) {
    let table = store::property(machine, object, "$table").and_then(|name| name.text());
    let column = store::property(machine, object, "$column").and_then(|name| name.text());
    if let (Some(table), Some(column)) = (table, column) {
        let mut field = store::plain_field(&column, None);
        change(&mut field);
        store::declare(host, table, AssetKind::Table, machine.place(), vec![field]);
    }
}

/// `table.string('email')`.
pub(super) fn column(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let kind = method_name(&call.path);
    let first = call.arguments.get(0).text();
    let name = match kind {
        "increments" | "bigIncrements" => Some(first.unwrap_or_else(|| Ustr::from("id"))),
        _ => first,
    };
    let Some(name) = name else {
        return Ok(Some(call.this.clone()));
    };
    let id = host.make_object(machine, "knex:column", call.span);
    let table = store::property(machine, &call.this, "$table");
    let table = table.unwrap_or_else(Value::undefined);
    machine.heap.set_property(id, Ustr::from("$table"), table);
    machine
        .heap
        .set_property(id, Ustr::from("$column"), Value::atom(Atom::String(name)));
    let value = Value::object(id);
    let is_key = matches!(kind, "increments" | "bigIncrements");
    declare_column(host, machine, &value, |field| {
        field.kind = Some(Ustr::from(kind));
        field.is_unique = is_key;
    });
    Ok(Some(value))
}

/// `table.unique(['email'])`.
pub(super) fn unique(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let names = store::parts(machine, &call.arguments.get(0));
    let table = store::property(machine, &call.this, "$table").and_then(|name| name.text());
    if let ([name], Some(table)) = (names.as_slice(), table)
        && let Some(name) = name.text()
    {
        let mut field = store::plain_field(&name, None);
        field.is_unique = true;
        store::declare(host, table, AssetKind::Table, call.span, vec![field]);
    }
    Ok(Some(call.this.clone()))
}

pub(super) fn column_unique(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    declare_column(host, machine, &call.this, |field| field.is_unique = true);
    Ok(Some(call.this.clone()))
}

pub(super) fn default_to(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let default = host.deep_provenance(machine, &call.arguments.get(0));
    declare_column(host, machine, &call.this, |field| {
        field.default = Some(default)
    });
    Ok(Some(call.this.clone()))
}

/// `references('users.id')`.
pub(super) fn references(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let target = call.arguments.get(0).text();
    let target = target.and_then(|text| text.split_once('.').map(|(table, _)| Ustr::from(table)));
    declare_column(host, machine, &call.this, |field| field.refers_to = target);
    Ok(Some(call.this.clone()))
}

/// `references('id').inTable('users')`.
pub(super) fn in_table(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let target = call.arguments.get(0).text();
    declare_column(host, machine, &call.this, |field| field.refers_to = target);
    Ok(Some(call.this.clone()))
}
