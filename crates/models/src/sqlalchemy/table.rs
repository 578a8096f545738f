//! SQLAlchemy Core: tables without classes.
//!
//! `Table("users", metadata, Column("id", ...))` is an asset of that name; statements about it are those of
//! [`crate::sqlalchemy::statement`]. Source: SQLAlchemy 2.0 documentation, "Describing Databases with MetaData".

use firedoor_app::AssetKind;
use firedoor_eval::{Answer, Call, Machine, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::python_support::{argument, given, last_name};
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
        ("sqlalchemy:columns().get", column_if_there),
        ("sqlalchemy:columns().keys", names),
        ("sqlalchemy:columns().values", all_columns),
        ("py:sqlalchemy.inspect", inspect),
        ("py:sqlalchemy.orm.class_mapper", inspect),
        ("py:sqlalchemy.orm.object_mapper", inspect),
    ],
    members: &[
        ("sqlalchemy:table().c", columns_of),
        ("sqlalchemy:table().columns", columns_of),
        ("sqlalchemy:table().column_attrs", columns_of),
        ("sqlalchemy:table().mapper", mapper_of),
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

/// `Model.__table__`, `record.__table__`: the table that a class of records stands for.
pub(crate) fn table_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    span: Span,
) -> Option<Value> {
    let asset = host.state().asset_of.get(&class).copied()?;
    let id = host.make_object(machine, TABLE, span);
    host.state().asset_of.insert(id, asset);
    Some(Value::object(id))
}

/// `inspect(Model)`, `inspect(record)`: what is known of its columns; of connections nothing is.
fn inspect(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = argument(call, 0, "subject").only_object() else {
        return Ok(None);
    };
    let class = crate::python_records::class_of(machine, id);
    Ok(class.and_then(|class| table_of(host, machine, class, call.span)))
}

/// A table of ours is its own mapper.
fn mapper_of(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    table: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    table.map(Value::object)
}

/// `column.name`.
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

/// Returns the names of the columns of a table.
fn names_of(host: &ModelHost, columns: &Value) -> Option<Vec<Ustr>> {
    let state = host.state();
    let asset = state.asset_of.get(&columns.only_object()?)?;
    let asset = state.assets.get(asset)?;
    if asset.fields.is_empty() {
        // Reflected, or made of what is not known.
        return None;
    }
    Some(asset.fields.iter().map(|field| field.name).collect())
}

/// `columns.keys()`.
fn names(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(names) = names_of(host, &call.this) else {
        return Ok(None);
    };
    let names = names.into_iter().map(|name| Value::string(&name)).collect();
    Ok(Some(machine.make_list(names, false, call.span)))
}

/// `columns.values()`.
fn all_columns(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.this.only_object() else {
        return Ok(None);
    };
    Ok(machine
        .heap
        .property(id, Ustr::from(firedoor_eval::ITERATED))
        .cloned())
}

/// `columns.get(name, default)`.
fn column_if_there(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let names = names_of(host, &call.this);
    let key = argument(call, 0, "key");
    let default = given(call, 1, "default").unwrap_or_else(Value::null);
    match (names, key.text()) {
        (Some(names), Some(name)) if !names.contains(&name) => Ok(Some(default)),
        (Some(_), _) => Ok(column_by_key(host, machine, &call.this, &key, call.span)),
        // What the database has is not known, so that the column may be there or not.
        (None, _) => {
            let column = column_by_key(host, machine, &call.this, &key, call.span);
            let column = column.unwrap_or_else(|| machine.unknown("column"));
            Ok(Some(machine.join(column, &default)))
        }
    }
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
    let names = names_of(host, &Value::object(id));
    let is_open = names.is_none();
    let names = names.unwrap_or_default().into_iter();
    let all: Vec<Value> = names
        .map(|name| column_object(host, machine, asset, name, span))
        .collect();
    let all = machine.make_list(all, is_open, span);
    machine
        .heap
        .set_property(id, Ustr::from(firedoor_eval::ITERATED), all);
    Some(Value::object(id))
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
    if matches!(name.as_str(), "get" | "keys" | "values" | "items") {
        return None;
    }
    Some(column_object(host, machine, asset, name, span))
}

fn column_by_key(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    columns: &Value,
    key: &Value,
    span: Span,
) -> Option<Value> {
    let asset = host
        .state()
        .asset_of
        .get(&columns.only_object()?)
        .copied()?;
    Some(column_object(host, machine, asset, key.text()?, span))
}
