//! SQLAlchemy Core: tables without classes, and those that classes have.
//!
//! `Table("users", metadata, Column("id", ...))` is an asset of that name; statements about it are those of
//! [`crate::sqlalchemy::statement`]. Source: SQLAlchemy 2.0 documentation, "Describing Databases with MetaData".

use firedoor_app::AssetKind;
use firedoor_eval::{Answer, Call, Machine, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::python_support::{argument, last_name};
use crate::sqlalchemy::columns::{asset_field, declared_path};
use crate::sqlalchemy::query::column_object;
use crate::sqlalchemy::statement::statement;
use crate::{Model, ModelHost, store};

pub(crate) const TABLE: &str = "sqlalchemy:table()";
const COLUMNS: &str = "sqlalchemy:columns()";

/// The model.
pub static MODEL: Model = Model {
    name: "sqlalchemy_table",
    calls: &[
        ("py:sqlalchemy.Table", make_table),
        ("sqlalchemy:table().select", start),
        ("sqlalchemy:table().insert", start),
        ("sqlalchemy:table().update", start),
        ("sqlalchemy:table().delete", start),
        ("sqlalchemy:table().*", crate::python_support::same),
        ("sqlalchemy:columns().keys", column_names),
        ("sqlalchemy:columns().values", all_columns),
    ],
    members: &[
        ("sqlalchemy:table().c", columns_of),
        ("sqlalchemy:table().columns", columns_of),
        ("sqlalchemy:columns().*", column),
        ("sqlalchemy:column().name", column_name),
        ("sqlalchemy:column().key", column_name),
    ],
    indexes: &[(COLUMNS, column_by_key)],
    aliases: &[("py:sqlalchemy.schema.Table", "py:sqlalchemy.Table")],
    ..Model::EMPTY
};

fn make_table(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(name) = argument(call, 0, "name").text() else {
        return Ok(None);
    };
    let id = host.make_object(machine, TABLE, call.span);
    let mut fields = Vec::new();
    for column in &call.arguments.positional {
        let is_column =
            declared_path(machine, column).is_some_and(|path| path == "py:sqlalchemy.Column()");
        let named = column
            .only_object()
            .and_then(|id| machine.heap.get(id).elements.first()?.text());
        if let (true, Some(named)) = (is_column, named) {
            let field = asset_field(host, machine, id, named, column, call.span);
            fields.push(field);
        }
    }
    store::declare(host, name, AssetKind::Table, call.span, fields);
    host.state().asset_of.insert(id, name);
    Ok(Some(Value::object(id)))
}

/// Makes the table that a class has: `User.__table__`.
pub(crate) fn table_object(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    asset: Ustr,
    span: Span,
) -> Value {
    let id = host.make_object(machine, TABLE, span);
    host.state().asset_of.insert(id, asset);
    Value::object(id)
}

/// Returns the names of the columns that the table of `columns` is known to have.
fn names_of(host: &ModelHost, columns: &Value) -> Option<(Ustr, Vec<Ustr>)> {
    let state = host.state();
    let asset = state.asset_of.get(&columns.only_object()?).copied()?;
    let fields = state.assets.get(&asset)?.fields.iter();
    Some((asset, fields.map(|field| field.name).collect()))
}

/// `table.columns.keys()`
fn column_names(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let names = names_of(host, &call.this).map(|(_, names)| names);
    let names = names.into_iter().flatten().map(|name| Value::string(&name));
    let names: Vec<Value> = names.collect();
    Ok(Some(machine.make_open_list(names, None, call.span)))
}

/// `table.columns.values()`
fn all_columns(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(all_of(host, machine, &call.this, call.span))
}

/// Returns the list of the columns.
fn all_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    columns: &Value,
    span: Span,
) -> Option<Value> {
    let (asset, names) = names_of(host, columns)?;
    let columns = names
        .into_iter()
        .map(|name| column_object(host, machine, asset, name, span))
        .collect();
    Some(machine.make_open_list(columns, None, span))
}

/// `column.name`, and `column.key`, which is the same unless somebody says otherwise.
fn column_name(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    column: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    machine
        .heap
        .property(column?, Ustr::from("column"))
        .cloned()
}

/// Returns the asset of a table object.
pub(crate) fn table_asset(host: &ModelHost, machine: &Machine<'_>, value: &Value) -> Option<Ustr> {
    let id = value.only_object()?;
    match machine.heap.get(id).kind {
        ObjectKind::Host(path) if path == TABLE => host.state().asset_of.get(&id).copied(),
        _ => None,
    }
}

fn start(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let kind = last_name(&call.path);
    let id = statement(host, machine, kind, vec![call.this.clone()], call.span);
    if let Some(values) = call.arguments.find(usize::MAX, "values") {
        let properties = &mut machine.heap.get_mut(id).properties;
        properties.insert(Ustr::from("values"), values.clone());
    }
    Ok(Some(Value::object(id)))
}

fn columns_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    table: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let asset = host.state().asset_of.get(&table?).copied()?;
    let id = host.make_object(machine, COLUMNS, span);
    host.state().asset_of.insert(id, asset);
    let columns = Value::object(id);
    let all = all_of(host, machine, &columns, span)?;
    machine
        .heap
        .set_property(id, Ustr::from(firedoor_eval::ELEMENTS), all);
    Some(columns)
}

fn column(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    columns: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let path = host.state().member_name;
    let asset = host.state().asset_of.get(&columns?).copied()?;
    let name = Ustr::from(last_name(&path));
    Some(column_object(host, machine, asset, name, span))
}

fn column_by_key(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    columns: &Value,
    key: &Value,
    span: Span,
) -> Option<Value> {
    let (asset, _) = names_of(host, columns)?;
    Some(column_object(host, machine, asset, key.text()?, span))
}
