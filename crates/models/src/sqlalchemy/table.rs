//! SQLAlchemy Core: tables without classes.
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
    ],
    members: &[
        ("sqlalchemy:table().c", columns_of),
        ("sqlalchemy:table().columns", columns_of),
        ("sqlalchemy:columns().*", column),
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

fn columns_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    table: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let asset = host.state().asset_of.get(&table?).copied()?;
    let id = host.make_object(machine, COLUMNS, span);
    host.state().asset_of.insert(id, asset);
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
