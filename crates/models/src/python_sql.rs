//! SQL written by hand in Python: sqlite3, aiosqlite, psycopg, MySQL drivers, asyncpg and databases.
//!
//! Sources: PEP 249 (a cursor executes and is fetched from; parameters are a sequence or a mapping), sqlite3 of
//! Python 3.13 (a connection executes too, and gives the cursor), asyncpg 0.30 (`fetchrow(query, *args)`),
//! databases 0.9 (`fetch_one(query, values)`).

use firedoor_app::{AssetKind, EffectKind, Field, Operation, Origin, Provenance};
use firedoor_eval::{Answer, Atom, Call, Machine, ObjectId, ObjectKind, Shape, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::python_support::{argument, last_name};
use crate::sqltext::{self, Statement};
use crate::{Model, ModelHost, judge, store};

const CONNECTION: &str = "python:sql connection";
const ASYNCPG: &str = "python:asyncpg connection";
const CURSOR: &str = "python:sql cursor";
const ROW: &str = "python:sql row";

/// The model.
pub static MODEL: Model = Model {
    name: "python_sql",
    calls: &[
        ("py:sqlite3.connect", connect),
        ("py:aiosqlite.connect", connect),
        ("py:psycopg.connect", connect),
        ("py:psycopg.AsyncConnection.connect", connect),
        ("py:psycopg2.connect", connect),
        ("py:psycopg_pool.ConnectionPool", connect),
        ("py:psycopg_pool.AsyncConnectionPool", connect),
        ("py:pymysql.connect", connect),
        ("py:MySQLdb.connect", connect),
        ("py:mysql.connector.connect", connect),
        ("py:databases.Database", connect),
        ("py:asyncpg.connect", connect_asyncpg),
        ("py:asyncpg.create_pool", connect_asyncpg),
        ("python:sql connection.*", connection_method),
        ("python:asyncpg connection.*", connection_method),
        ("python:sql cursor.*", cursor_method),
        ("python:sql row.*", row_method),
    ],
    members: &[
        ("python:sql cursor.rowcount", row_count),
        ("python:sql cursor.lastrowid", last_row),
        ("python:sql row.*", row_member),
    ],
    indexes: &[(CURSOR, next_row), (ROW, row_element)],
    subclasses: &[
        ("py:sqlite3.Error", "py:builtins.Exception"),
        ("py:sqlite3.DatabaseError", "py:sqlite3.Error"),
        ("py:sqlite3.IntegrityError", "py:sqlite3.DatabaseError"),
    ],
    ..Model::EMPTY
};

fn connect(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, CONNECTION, call.span);
    Ok(Some(Value::object(id)))
}

fn connect_asyncpg(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, ASYNCPG, call.span);
    Ok(Some(Value::object(id)))
}

/// What a statement was given.
struct Given {
    sql: Value,
    positional: Vec<Value>,
    named: Vec<(Ustr, Value)>,
}

/// The text and the parameters of a call: a sequence or a mapping, or one by one.
fn given(machine: &mut Machine<'_>, call: &Call<'_>) -> Given {
    let sql = argument(call, 0, "query");
    let sql = match sql.is_nothing() {
        true => argument(call, 0, "sql"),
        false => sql,
    };
    if call.path.starts_with(ASYNCPG) {
        return Given {
            sql,
            positional: call.arguments.positional.iter().skip(1).cloned().collect(),
            named: Vec::new(),
        };
    }
    let keyword = ["values", "parameters", "params", "args", "vars"]
        .iter()
        .find_map(|name| call.arguments.keyword(name));
    let parameters = call.arguments.positional.get(1).or(keyword).cloned();
    let (positional, named) = parameters.map_or_else(Default::default, |parameters| {
        parameters_of(machine, &parameters)
    });
    Given {
        sql,
        positional,
        named,
    }
}

/// Takes a sequence or a mapping of parameters apart.
pub(crate) fn parameters_of(
    machine: &mut Machine<'_>,
    parameters: &Value,
) -> (Vec<Value>, Vec<(Ustr, Value)>) {
    let is_mapping = parameters
        .only_object()
        .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Plain));
    if let (true, Some(id)) = (is_mapping, parameters.only_object()) {
        return (Vec::new(), store::own_properties(machine, id));
    }
    let (elements, _) = machine.elements_of(parameters);
    match elements.is_empty() && parameters.is_unknown() {
        true => (vec![parameters.clone()], Vec::new()),
        false => (elements, Vec::new()),
    }
}

fn connection_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = last_name(&call.path);
    let value = match name {
        "cursor" => Value::object(host.make_object(machine, CURSOR, call.span)),
        "execute" | "executemany" | "executescript" | "execute_fetchall" | "execute_insert"
        | "fetch" | "fetchrow" | "fetchval" | "fetch_all" | "fetch_one" | "fetch_val"
        | "iterate" | "execute_many" => {
            let given = given(machine, call);
            if let Some(value) = expressed(host, machine, name, &given, call) {
                return Ok(Some(value));
            }
            let cursor = run(host, machine, &given, call.span);
            fetched(host, machine, name, &cursor, call.span)
        }
        "transaction" | "begin" => {
            host.state().run.transactions += 1;
            call.this.clone()
        }
        "commit" | "rollback" | "close" | "connect" | "disconnect" | "open" | "release" => {
            Value::null()
        }
        _ => call.this.clone(),
    };
    Ok(Some(value))
}

/// A statement of SQLAlchemy's that `databases` is asked to run: `database.fetch_one(users.select())`.
fn expressed(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    name: &str,
    given: &Given,
    call: &Call<'_>,
) -> Option<Value> {
    use crate::sqlalchemy::{result, session};
    let id = given.sql.only_object()?;
    let is_statement = matches!(machine.heap.get(id).kind,
        ObjectKind::Host(path) if path == crate::sqlalchemy::query::STATEMENT);
    if !is_statement {
        return None;
    }
    let values = call.arguments.positional.get(1);
    let values = values.or_else(|| call.arguments.keyword("values")).cloned();
    let ran = session::run_statement(host, machine, id, values, call.span);
    Some(match name {
        "fetch_one" => {
            session::takes_one(host, machine, &ran);
            result::one_or_none(machine, &ran, false)
        }
        "fetch_val" => {
            session::takes_one(host, machine, &ran);
            result::one_or_none(machine, &ran, true)
        }
        "fetch_all" => result::all(machine, &ran, call.span),
        "iterate" => ran,
        _ => result::property(machine, &ran, "rowcount"),
    })
}

/// What a method gives that executes and fetches at once.
fn fetched(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    name: &str,
    cursor: &Value,
    span: Span,
) -> Value {
    match name {
        "fetch" | "fetch_all" | "execute_fetchall" => all_rows(machine, cursor, span),
        "fetchrow" | "fetch_one" => one_row(machine, cursor),
        "fetchval" | "fetch_val" => {
            let row = one_row(machine, cursor);
            first_column(host, machine, &row, span)
        }
        _ => cursor.clone(),
    }
}

fn first_column(host: &ModelHost, machine: &mut Machine<'_>, row: &Value, span: Span) -> Value {
    let there = row.filter(|atom| !atom.is_nothing());
    let Some(there) = there else {
        return row.clone();
    };
    let key = Value::number(0.0);
    let mut value = row_element(host, machine, &there, &key, span).unwrap_or(there.clone());
    if there != *row {
        value.add(Atom::Null);
    }
    value
}

fn cursor_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let value = match last_name(&call.path) {
        "execute" | "executemany" | "executescript" => {
            let given = given(machine, call);
            let made = run(host, machine, &given, call.span);
            if let (Some(made), Some(own)) = (made.only_object(), call.receiver) {
                for (name, value) in machine.heap.get(made).properties.clone() {
                    machine.heap.set_property(own, name, value);
                }
            }
            call.this.clone()
        }
        "fetchone" => one_row(machine, &call.this),
        "fetchall" | "fetchmany" => all_rows(machine, &call.this, call.span),
        "close" => Value::null(),
        _ => call.this.clone(),
    };
    Ok(Some(value))
}

/// Notes what a text does and returns a cursor on its result.
fn run(host: &ModelHost, machine: &mut Machine<'_>, given: &Given, span: Span) -> Value {
    let texts = match given.sql.text_pattern() {
        Some(text) => vec![text],
        None => sqltext::variants(&given.sql),
    };
    let positional: Vec<Provenance> = given
        .positional
        .iter()
        .map(|value| host.deep_provenance(machine, value))
        .collect();
    let mut named: Vec<(Ustr, Provenance)> = given
        .named
        .iter()
        .map(|(name, value)| (*name, host.deep_provenance(machine, value)))
        .collect();
    named.push((Ustr::from(""), host.deep_provenance(machine, &given.sql)));
    let mut values = given.positional.clone();
    values.extend(given.named.iter().map(|(_, value)| value.clone()));
    if texts.iter().any(|text| text.contains(firedoor_eval::HOLE)) {
        values.push(given.sql.clone());
    }
    let mut cursor = Value::object(host.make_object(machine, CURSOR, span));
    for text in texts {
        let statements = sqltext::read_again(&mut host.state().parsed, &text, &positional, &named);
        for statement in statements {
            declare_tables(host, &statement, span);
            cursor = run_statement(host, machine, &statement, &values, span);
        }
    }
    cursor
}

fn declare_tables(host: &ModelHost, statement: &Statement, span: Span) {
    for table in &statement.tables {
        store::declare(
            host,
            table.name,
            AssetKind::Table,
            span,
            table.fields.clone(),
        );
    }
}

fn run_statement(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    statement: &Statement,
    values: &[Value],
    span: Span,
) -> Value {
    match statement.transaction {
        Some(true) => host.state().run.transactions += 1,
        Some(false) => {
            let mut state = host.state();
            state.run.transactions = state.run.transactions.saturating_sub(1);
        }
        None => {}
    }
    for access in &statement.accesses {
        let mut access = access.clone();
        access.is_in_transaction |= host.state().run.transactions > 0;
        host.effect(machine, EffectKind::Access(access), span);
    }
    let id = host.make_object(machine, CURSOR, span);
    let main = statement
        .accesses
        .iter()
        .rev()
        .find(|access| access.operation == Operation::Read)
        .or_else(|| statement.accesses.last());
    let Some(main) = main else {
        return Value::object(id);
    };
    let key: Vec<Field> = main.key.clone();
    let found = judge::record_value(host, machine, main.asset, &key, values);
    let row = make_row(host, machine, statement, main.asset, &found, span);
    let mut count = match found.is_nothing() {
        true => Value::number(0.0),
        false => Value::unknown(Shape::Number),
    };
    count.origins = found.origins;
    count.control = found.control;
    let properties = &mut machine.heap.get_mut(id).properties;
    properties.insert(Ustr::from("found"), found);
    properties.insert(Ustr::from("row"), row);
    properties.insert(Ustr::from("count"), count);
    Value::object(id)
}

/// A row knows its columns in order.
fn make_row(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    statement: &Statement,
    asset: Ustr,
    found: &Value,
    span: Span,
) -> Value {
    let id = host.make_object(machine, ROW, span);
    let of_principal = crate::python_records::is_of_principal(host, machine, found.origins);
    let mut columns = Vec::new();
    for (name, provenance) in &statement.columns {
        let mut value = Value::unknown(Shape::Any);
        let origin = Origin::Record {
            asset,
            field: name.unwrap_or_default(),
            of_principal,
        };
        let own = provenance.origins().iter().cloned();
        let own = own.map(|origin| match origin {
            Origin::Record { asset, field, .. } => Origin::Record {
                asset,
                field,
                of_principal,
            },
            other => other,
        });
        let mut origins: Vec<Origin> = own.collect();
        if origins.is_empty() {
            origins.push(origin);
        }
        for origin in origins {
            value = host.with_origin(machine, value, origin);
        }
        value.control = found.control;
        columns.push((name.unwrap_or_default(), value));
    }
    let object = machine.heap.get_mut(id);
    object.elements = columns.iter().map(|(_, value)| value.clone()).collect();
    for (name, value) in columns.into_iter().filter(|(name, _)| !name.is_empty()) {
        object.properties.insert(name, value);
    }
    let mut row = Value::object(id).with_origins(found.origins);
    row.control = found.control;
    row
}

fn property(machine: &Machine<'_>, cursor: &Value, name: &str) -> Option<Value> {
    let id = cursor.objects().next()?;
    machine.heap.property(id, Ustr::from(name)).cloned()
}

/// A row or `None`.
fn one_row(machine: &mut Machine<'_>, cursor: &Value) -> Value {
    let (Some(found), Some(row)) = (
        property(machine, cursor, "found"),
        property(machine, cursor, "row"),
    ) else {
        return cursor.shaped(Shape::Any);
    };
    if found.is_nothing() {
        return found;
    }
    let mut value = row;
    if found.atoms().iter().any(Atom::is_nothing) {
        value.add(Atom::Null);
    }
    value
}

fn all_rows(machine: &mut Machine<'_>, cursor: &Value, span: Span) -> Value {
    let (Some(found), Some(row)) = (
        property(machine, cursor, "found"),
        property(machine, cursor, "row"),
    ) else {
        return cursor.shaped(Shape::Any);
    };
    let mut list = match found.is_nothing() {
        true => machine.make_list(Vec::new(), false, span),
        false => machine.make_open_list(Vec::new(), Some(row), span),
    };
    list.origins = found.origins;
    list.control = found.control;
    list
}

fn next_row(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    cursor: &Value,
    _key: &Value,
    _span: Span,
) -> Option<Value> {
    property(machine, cursor, "row")
}

fn row_count(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    property(machine, &Value::object(object?), "count")
}

fn last_row(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let row = property(machine, &Value::object(object?), "row")?;
    Some(row.shaped(Shape::Number))
}

/// `row["email"]`, `row[0]`.
fn row_element(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    row: &Value,
    key: &Value,
    _span: Span,
) -> Option<Value> {
    let id = row.only_object()?;
    if let Some(name) = key.text() {
        return Some(field(host, machine, row, name));
    }
    let columns = machine.heap.get(id).elements.clone();
    if let Some(position) = key.as_number()
        && let Some(column) = columns.get(position as usize)
    {
        return Some(column.clone());
    }
    match columns.is_empty() {
        true => Some(row.shaped(Shape::Any)),
        false => Some(machine.join_all(&columns)),
    }
}

fn field(host: &ModelHost, machine: &mut Machine<'_>, row: &Value, name: Ustr) -> Value {
    if let Some(id) = row.only_object()
        && let Some(value) = machine.heap.property(id, name)
    {
        return value.clone();
    }
    let origins = firedoor_eval::Host::member_origins(host, machine, row.origins, name);
    let mut value = Value::unknown(Shape::Any).with_origins(origins);
    value.control = row.control;
    value
}

fn row_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let path = host.state().member_name;
    let name = Ustr::from(last_name(&path));
    machine.heap.property(object?, name).cloned()
}

/// `row.get("email")` and `dict(row)`-like methods.
fn row_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let key = call.arguments.get(0);
    match (last_name(&call.path), key.text()) {
        ("get", Some(name)) => Ok(Some(field(host, machine, &call.this, name))),
        _ => Ok(Some(call.this.shaped(Shape::Any))),
    }
}

/// Runs a text with parameters by name for another library, and returns a cursor.
pub(crate) fn execute_text(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    sql: &Value,
    parameters: Option<&Value>,
    span: Span,
) -> Value {
    let (positional, named) = match parameters {
        Some(parameters) => parameters_of(machine, parameters),
        None => Default::default(),
    };
    let given = Given {
        sql: sql.clone(),
        positional,
        named,
    };
    run(host, machine, &given, span)
}
