//! Drizzle ORM 0.29 and later: <https://orm.drizzle.team/docs/overview>.
//!
//! A table has its columns as properties; conditions are objects that functions such as `eq` make; a
//! builder collects calls and runs when it is waited for. Fields have the names of the properties, since
//! that is how rows and values name them.

mod query;
mod shapes;
mod table;
mod ways;

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, Value};
use firedoor_source::Span;
use indexmap::IndexMap;
use rustc_hash::FxHashMap;
use ustr::Ustr;

use crate::sql::{self, Part, Sent};
use crate::store;
use crate::{Model, ModelHost, tools};

/// The model.
pub static MODEL: Model = Model {
    name: "drizzle",
    calls: &[
        ("npm:drizzle-orm/pg-core.pgTable", table::create),
        ("npm:drizzle-orm/sqlite-core.sqliteTable", table::create),
        ("npm:drizzle-orm/mysql-core.mysqlTable", table::create),
        ("npm:drizzle-orm/pg-core.pgTableCreator", table::creator),
        (
            "npm:drizzle-orm/sqlite-core.sqliteTableCreator",
            table::creator,
        ),
        (
            "npm:drizzle-orm/mysql-core.mysqlTableCreator",
            table::creator,
        ),
        ("drizzle:creator", table::create),
        ("npm:drizzle-orm/pg-core.pgSchema", table::schema),
        ("npm:drizzle-orm/mysql-core.mysqlSchema", table::schema),
        ("drizzle:schema.table", table::create),
        ("drizzle:schema.enum", table::enumeration),
        ("npm:drizzle-orm/pg-core.pgEnum", table::enumeration),
        ("npm:drizzle-orm/pg-core.customType", table::enumeration),
        ("npm:drizzle-orm/sqlite-core.customType", table::enumeration),
        ("npm:drizzle-orm/mysql-core.customType", table::enumeration),
        ("drizzle:enum", table::column),
        ("npm:drizzle-orm/pg-core.*", table::column),
        ("npm:drizzle-orm/sqlite-core.*", table::column),
        ("npm:drizzle-orm/mysql-core.*", table::column),
        ("drizzle:columns.*", table::column),
        ("drizzle:column.primaryKey", table::unique),
        ("drizzle:column.unique", table::unique),
        ("drizzle:column.references", table::references),
        ("drizzle:column.default", table::default),
        ("drizzle:column.$defaultFn", table::default),
        ("drizzle:column.$default", table::default),
        ("drizzle:column.*", itself),
        ("npm:drizzle-orm.relations", table::relations),
        ("drizzle:relation.one", table::one),
        ("drizzle:relation.many", table::many),
        ("npm:drizzle-orm.sql", sql_part),
        ("npm:drizzle-orm.sql.raw", sql_pasted),
        ("npm:drizzle-orm.desc", first),
        ("npm:drizzle-orm.asc", first),
        ("npm:drizzle-orm.count", sql_pasted),
        ("npm:drizzle-orm.sum", sql_pasted),
        ("npm:drizzle-orm.*", condition),
        ("npm:drizzle-orm/node-postgres.drizzle", open),
        ("npm:drizzle-orm/postgres-js.drizzle", open),
        ("npm:drizzle-orm/better-sqlite3.drizzle", open),
        ("npm:drizzle-orm/libsql.drizzle", open),
        ("npm:drizzle-orm/mysql2.drizzle", open),
        ("npm:drizzle-orm/neon-http.drizzle", open),
        ("npm:drizzle-orm/neon-serverless.drizzle", open),
        ("npm:drizzle-orm/vercel-postgres.drizzle", open),
        ("npm:drizzle-orm/d1.drizzle", open),
        ("npm:drizzle-orm/pglite.drizzle", open),
        ("npm:drizzle-orm/bun-sqlite.drizzle", open),
        ("npm:drizzle-orm/planetscale-serverless.drizzle", open),
        ("drizzle:db.transaction", transaction),
        ("drizzle:db.execute", execute_sql),
        ("drizzle:db.run", execute_sql),
        ("drizzle:db.all", execute_sql),
        ("drizzle:db.get", execute_sql),
        ("drizzle:db.*", query::start),
        ("drizzle:relational.findFirst", query::relational),
        ("drizzle:relational.findMany", query::relational),
        ("drizzle:builder.then", query::then),
        ("drizzle:builder.catch", query::then),
        ("drizzle:builder.get", query::run_now),
        ("drizzle:builder.all", query::run_now),
        ("drizzle:builder.run", query::run_now),
        ("drizzle:builder.execute", query::run_now),
        ("drizzle:builder.*", query::chain),
    ],
    members: &[
        ("drizzle:db.query", relational),
        ("drizzle:tables.*", relational_table),
    ],
    awaits: &[("drizzle:builder", query::execute)],
    ..Model::EMPTY
};

/// What this model remembers.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    tables: FxHashMap<ObjectId, Table>,
    columns: FxHashMap<ObjectId, Column>,
}

/// A table.
#[derive(Clone, Debug)]
struct Table {
    asset: Ustr,
    /// The tables that records of it are related with, and whether there are many.
    relations: IndexMap<Ustr, (Ustr, bool)>,
}

/// A column.
#[derive(Clone, Debug, Default)]
struct Column {
    asset: Ustr,
    name: Ustr,
    kind: Ustr,
    is_unique: bool,
    references: Option<Value>,
    default: Option<Value>,
}

fn itself(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.this.clone()))
}

fn first(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.arguments.get(0)))
}

fn open(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "drizzle:db", call.span);
    let is_server = ["postgres", "neon-serverless", "mysql2", "planetscale"]
        .iter()
        .any(|word| call.path.contains(word));
    if is_server {
        store::note_database(host, "postgres");
    }
    Ok(Some(Value::object(id)))
}

/// `eq(users.id, 3)`, `and(...)`, `isNull(users.at)`: kept as an object with its name and arguments.
fn condition(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "drizzle:condition", call.span);
    let name = Value::string(store::method_name(&call.path));
    machine.heap.set_property(id, Ustr::from("$name"), name);
    machine.heap.get_mut(id).elements = call.arguments.positional.clone();
    Ok(Some(Value::object(id)))
}

/// `` sql`...` ``: columns in it are their names.
fn sql_part(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let sent = sql::template(machine, call.arguments, &|_, value| {
        let id = value.only_object()?;
        let state = host.state();
        if let Some(column) = state.drizzle.columns.get(&id) {
            let text = Some(Ustr::from(&format!("{}.{}", column.asset, column.name)));
            return Some(Part::Text(Sent {
                text,
                ..Sent::default()
            }));
        }
        if let Some(table) = state.drizzle.tables.get(&id) {
            return Some(Part::Text(Sent {
                text: Some(table.asset),
                ..Sent::default()
            }));
        }
        state.sql_queries.get(&id).cloned().map(Part::Text)
    });
    let id = host.make_object(machine, "drizzle:sql", call.span);
    machine.heap.get_mut(id).elements = sent.positional.clone();
    host.state().sql_queries.insert(id, sent);
    Ok(Some(Value::object(id)))
}

/// `sql.raw(text)`, `count()`.
fn sql_pasted(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "drizzle:sql", call.span);
    let sent = Sent::new(&call.arguments.get(0));
    host.state().sql_queries.insert(id, sent);
    Ok(Some(Value::object(id)))
}

/// `` db.execute(sql`...`) ``.
fn execute_sql(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let first = call.arguments.get(0);
    let known = first.only_object();
    let known = known.and_then(|id| host.state().sql_queries.get(&id).cloned());
    let sent = known.unwrap_or_else(|| Sent::new(&first));
    let ran = sql::run(host, machine, &sent, call.span);
    let rows = sql::rows(machine, &ran, call.span);
    if let Some(id) = rows.only_object() {
        machine
            .heap
            .set_property(id, Ustr::from("rows"), rows.clone());
        machine
            .heap
            .set_property(id, Ustr::from("rowCount"), ran.changes);
    }
    Ok(Some(machine.make_promise(
        Some(rows),
        Vec::new(),
        Vec::new(),
        call.span,
    )))
}

fn transaction(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let body = call.arguments.get(0);
    let arguments = Arguments::positional([call.this.clone()]);
    let is_plain = store::is_plain(host, machine, &call.arguments.get(1));
    let promise = tools::promised(machine, call.span, |machine| {
        store::in_plain_transaction(host, machine, is_plain, |machine| {
            let result = machine.call_value(&body, None, &arguments, call.span)?;
            machine.await_value(&result, call.span)
        })
    })?;
    Ok(Some(promise))
}

/// `db.query`.
fn relational(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    Some(Value::object(host.make_object(
        machine,
        "drizzle:tables",
        span,
    )))
}

/// `db.query.users`: by the name of the variable that the schema exports the table as.
fn relational_table(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let path = host.state().member_name;
    let name = Ustr::from(store::method_name(&path));
    let state = host.state();
    let mut tables: Vec<(&ObjectId, &Table)> = state.drizzle.tables.iter().collect();
    tables.sort_by_key(|(id, _)| **id);
    let by_variable = tables
        .iter()
        .find(|(id, _)| machine.heap.get(**id).name == Some(name));
    let by_name = tables.iter().find(|(_, table)| table.asset == name);
    let found = by_variable.or(by_name).map(|(id, _)| **id)?;
    drop(state);
    let id = host.make_object(machine, "drizzle:relational", span);
    machine
        .heap
        .set_property(id, Ustr::from("$table"), Value::object(found));
    Some(Value::object(id))
}
