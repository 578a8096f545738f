//! Tables, columns and relations as the schema declares them.

use firedoor_app::AssetKind;
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, Value};
use indexmap::IndexMap;
use ustr::Ustr;

use super::{Column, Table};
use crate::ModelHost;
use crate::store::{self, method_name, own_properties, property};

/// `pgTable('users', columns)`; the columns may be a function of the column types.
pub(super) fn create(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(name) = call.arguments.get(0).text() else {
        return Ok(None);
    };
    let mut columns = call.arguments.get(1);
    if store::is_function(machine, &columns) {
        let kinds = host.make_object(machine, "drizzle:columns", call.span);
        let arguments = Arguments::positional([Value::object(kinds)]);
        columns = machine.call_value(&columns, None, &arguments, call.span)?;
    }
    let table = host.make_object(machine, "drizzle:table", call.span);
    let mut fields = Vec::new();
    for id in columns.objects().collect::<Vec<_>>() {
        for (key, value) in own_properties(machine, id) {
            fields.extend(add_column(host, machine, name, key, &value));
            machine.heap.set_property(table, key, value);
        }
    }
    store::declare(host, name, AssetKind::Table, call.span, fields);
    let mut state = host.state();
    state.asset_of.insert(table, name);
    let made = Table {
        asset: name,
        relations: IndexMap::new(),
    };
    state.drizzle.tables.insert(table, made);
    Ok(Some(Value::object(table)))
}

fn add_column(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    asset: Ustr,
    key: Ustr,
    value: &Value,
) -> Option<firedoor_app::AssetField> {
    let id = value.only_object()?;
    let column = {
        let mut state = host.state();
        let column = state.drizzle.columns.get_mut(&id)?;
        column.asset = asset;
        column.name = key;
        column.clone()
    };
    let mut field = store::plain_field(&key, Some(&column.kind));
    field.is_unique = column.is_unique;
    if let Some(references) = &column.references {
        let span = machine.place();
        let (target, _) = machine
            .catching(|machine| machine.call_value(references, None, &Arguments::default(), span));
        let target = target.ok().and_then(|target| target.only_object());
        let state = host.state();
        field.refers_to =
            target.and_then(|id| state.drizzle.columns.get(&id).map(|column| column.asset));
    }
    if let Some(default) = &column.default {
        field.default = Some(host.deep_provenance(machine, default));
    }
    Some(field)
}

/// `pgTableCreator(name => ...)` makes a function like `pgTable`.
pub(super) fn creator(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "drizzle:creator", call.span);
    Ok(Some(Value::object(id)))
}

/// `pgSchema('billing')` makes tables and kinds of columns.
pub(super) fn schema(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "drizzle:schema", call.span);
    Ok(Some(Value::object(id)))
}

/// `pgEnum('state', ['open', 'done'])`, `customType({ ... })`: functions that make columns of a kind of their own.
pub(super) fn enumeration(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "drizzle:enum", call.span);
    let words = call.arguments.get(1);
    if words.only_object().is_some() {
        machine
            .heap
            .set_property(id, Ustr::from("enumValues"), words);
    }
    Ok(Some(Value::object(id)))
}

/// `text('email')`.
pub(super) fn column(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "drizzle:column", call.span);
    let column = Column {
        kind: Ustr::from(method_name(&call.path)),
        ..Column::default()
    };
    host.state().drizzle.columns.insert(id, column);
    Ok(Some(Value::object(id)))
}

fn with_column(host: &ModelHost, call: &Call<'_>, change: impl FnOnce(&mut Column)) -> Answer {
    let mut state = host.state();
    let column = call
        .receiver
        .and_then(|id| state.drizzle.columns.get_mut(&id));
    if let Some(column) = column {
        change(column);
    }
    Ok(Some(call.this.clone()))
}

pub(super) fn unique(host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    with_column(host, call, |column| column.is_unique = true)
}

/// `.references(() => teams.id)`.
pub(super) fn references(host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let target = call.arguments.get(0);
    with_column(host, call, |column| column.references = Some(target))
}

/// `.default('user')`, `.$defaultFn(() => randomUUID())`.
pub(super) fn default(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let given = call.arguments.get(0);
    let value = if store::is_function(machine, &given) {
        let (made, _) = machine
            .catching(|machine| machine.call_value(&given, None, &Arguments::default(), call.span));
        made.unwrap_or_else(|_| given.clone())
    } else {
        given
    };
    with_column(host, call, |column| column.default = Some(value))
}

/// `relations(users, ({ one, many }) => ({ posts: many(posts) }))`.
pub(super) fn relations(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let helpers = host.make_object(machine, "drizzle:relation", call.span);
    let arguments = Arguments::positional([Value::object(helpers)]);
    let made = machine.call_value(&call.arguments.get(1), None, &arguments, call.span)?;
    let Some(table) = call.arguments.get(0).only_object() else {
        return Ok(Some(Value::undefined()));
    };
    for id in made.objects().collect::<Vec<_>>() {
        for (name, relation) in own_properties(machine, id) {
            let target = property(machine, &relation, "target").and_then(|it| it.text());
            let is_many =
                property(machine, &relation, "many").is_some_and(|it| it.truth() == Some(true));
            let mut state = host.state();
            if let (Some(target), Some(table)) = (target, state.drizzle.tables.get_mut(&table)) {
                table.relations.insert(name, (target, is_many));
            }
        }
    }
    Ok(Some(Value::undefined()))
}

pub(super) fn one(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    relation(host, machine, call, false)
}

pub(super) fn many(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    relation(host, machine, call, true)
}

fn relation(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>, is_many: bool) -> Answer {
    let target = call.arguments.get(0).only_object();
    let asset = target.and_then(|id: ObjectId| host.state().asset_of.get(&id).copied());
    let name = asset.map_or_else(Value::undefined, |asset| Value::string(&asset));
    let properties = [("target", name), ("many", Value::bool(is_many))];
    Ok(Some(crate::sql::object(machine, &properties, call.span)))
}
