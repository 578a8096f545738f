//! Drivers of SQL databases for Node: better-sqlite3, node:sqlite, sqlite3, sqlite, pg, mysql, mysql2,
//! postgres.js and the tags of serverless drivers.
//!
//! Sources: <https://github.com/WiseLibs/better-sqlite3/blob/v11.0.0/docs/api.md>,
//! <https://node-postgres.com/apis/client>, <https://sidorares.github.io/node-mysql2/docs>,
//! <https://github.com/porsager/postgres#readme>, <https://github.com/TryGhost/node-sqlite3/wiki/API>.

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Shape, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::sql::{self, Part, Ran, Sent};
use crate::store::{self, is_function, method_name, property};
use crate::{Model, ModelHost, tools};

/// The model.
pub static MODEL: Model = Model {
    name: "sql_drivers",
    calls: &[
        ("npm:better-sqlite3", open_sqlite),
        ("node:sqlite.DatabaseSync", open_sqlite),
        ("npm:bun:sqlite.Database", open_sqlite),
        ("sqlite:database.prepare", prepare),
        ("sqlite:database.query", prepare),
        ("sqlite:database.exec", execute_text),
        ("sqlite:database.run", run_text),
        ("sqlite:database.transaction", make_transaction),
        ("sqlite:database.*", itself),
        ("sqlite:transaction", run_transaction),
        ("sqlite:transaction.immediate", run_transaction),
        ("sqlite:transaction.deferred", run_transaction),
        ("sqlite:transaction.exclusive", run_transaction),
        ("sqlite:statement.get", statement_get),
        ("sqlite:statement.all", statement_all),
        ("sqlite:statement.iterate", statement_all),
        ("sqlite:statement.values", statement_all),
        ("sqlite:statement.run", statement_run),
        ("sqlite:statement.bind", statement_bind),
        ("sqlite:statement.pluck", statement_pluck),
        ("sqlite:statement.*", itself),
        ("npm:sqlite3.Database", open_callbacks),
        ("npm:sqlite3.cached.Database", open_callbacks),
        ("npm:sqlite3.verbose", verbose),
        ("npm:sqlite.open", open_callbacks),
        ("sqlite3:database.get", callback_get),
        ("sqlite3:database.all", callback_all),
        ("sqlite3:database.each", callback_get),
        ("sqlite3:database.run", callback_run),
        ("sqlite3:database.exec", callback_run),
        ("sqlite3:database.prepare", callback_prepare),
        ("sqlite3:database.serialize", serialize),
        ("sqlite3:database.parallelize", serialize),
        ("sqlite3:database.*", itself),
        ("sqlite3:statement.get", callback_get),
        ("sqlite3:statement.all", callback_all),
        ("sqlite3:statement.run", callback_run),
        ("sqlite3:statement.*", itself),
        ("npm:pg.Pool", open_postgres),
        ("npm:pg.Client", open_postgres),
        ("npm:pg-pool", open_postgres),
        ("npm:@vercel/postgres.createPool", open_postgres),
        ("npm:@vercel/postgres.createClient", open_postgres),
        ("npm:@neondatabase/serverless.Pool", open_postgres),
        ("npm:@neondatabase/serverless.Client", open_postgres),
        ("pg:client.query", postgres_query),
        ("pg:client.connect", connected),
        ("pg:client.*", itself),
        ("npm:mysql2.createPool", open_mysql),
        ("npm:mysql2.createConnection", open_mysql),
        ("npm:mysql2/promise.createPool", open_mysql),
        ("npm:mysql2/promise.createConnection", open_mysql),
        ("npm:mysql.createPool", open_mysql),
        ("npm:mysql.createConnection", open_mysql),
        ("mysql:client.query", mysql_query),
        ("mysql:client.execute", mysql_query),
        ("mysql:client.getConnection", connected),
        ("mysql:client.beginTransaction", begin),
        ("mysql:client.commit", end),
        ("mysql:client.rollback", end),
        ("mysql:client.*", itself),
        ("npm:postgres", open_tag),
        ("npm:@neondatabase/serverless.neon", open_tag),
        ("npm:@vercel/postgres.sql", tag),
        ("npm:@vercel/postgres.sql.query", postgres_query),
        ("npm:@vercel/postgres.db.query", postgres_query),
        ("postgres:sql", tag),
        ("postgres:sql.unsafe", tag_unsafe),
        ("postgres:sql.query", tag_unsafe),
        ("postgres:sql.begin", tag_transaction),
        ("postgres:sql.savepoint", tag_transaction),
        ("postgres:sql.*", helper),
        ("postgres:query.then", tag_then),
        ("postgres:query.catch", tag_then),
        ("postgres:query.execute", itself),
        ("postgres:query.*", itself),
    ],
    awaits: &[("postgres:query", tag_result)],
    aliases: &[
        ("npm:better-sqlite3.default", "npm:better-sqlite3"),
        ("npm:sqlite3.default", "npm:sqlite3"),
        ("npm:pg.default", "npm:pg"),
        ("npm:pg.native", "npm:pg"),
        ("npm:mysql2.default", "npm:mysql2"),
        ("npm:mysql2/promise.default", "npm:mysql2/promise"),
        ("npm:postgres.default", "npm:postgres"),
        ("bun:sqlite.Database", "npm:bun:sqlite.Database"),
    ],
    ..Model::EMPTY
};

fn itself(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.this.clone()))
}

fn opened(host: &ModelHost, machine: &mut Machine<'_>, path: &str, call: &Call<'_>) -> Answer {
    sql::load_files(host, machine);
    let id = host.make_object(machine, path, call.span);
    if let Some(callback) = tools::callback(machine, call.arguments) {
        let arguments = Arguments::positional([Value::null()]);
        machine.call_value(&callback, Some(Value::object(id)), &arguments, call.span)?;
    }
    Ok(Some(Value::object(id)))
}

fn open_sqlite(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    opened(host, machine, "sqlite:database", call)
}

fn open_callbacks(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    opened(host, machine, "sqlite3:database", call)
}

fn open_postgres(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    store::note_database(host, "pg");
    opened(host, machine, "pg:client", call)
}

fn open_mysql(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    store::note_database(host, "mysql");
    opened(host, machine, "mysql:client", call)
}

/// `sqlite3.verbose()` is the module again.
fn verbose(_host: &ModelHost, _machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(Value::outside("npm:sqlite3")))
}

/// Keeps what is said to an object that is made of it.
fn keep(machine: &mut Machine<'_>, object: ObjectId, name: &str, value: Value) {
    machine.heap.set_property(object, Ustr::from(name), value);
}

fn kept(machine: &Machine<'_>, object: ObjectId, name: &str) -> Value {
    let value = machine.heap.property(object, Ustr::from(name)).cloned();
    value.unwrap_or_else(Value::undefined)
}

/// `db.prepare(sql)`.
fn prepare(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "sqlite:statement", call.span);
    keep(machine, id, "$sql", call.arguments.get(0));
    Ok(Some(Value::object(id)))
}

/// `db.exec(sql)`.
fn execute_text(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    sql::run(host, machine, &Sent::new(&call.arguments.get(0)), call.span);
    Ok(Some(call.this.clone()))
}

/// `db.run(sql, ...parameters)` of Bun.
fn run_text(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let mut sent = Sent::new(&call.arguments.get(0));
    sent.add(
        machine,
        call.arguments.positional.get(1..).unwrap_or_default(),
    );
    let ran = sql::run(host, machine, &sent, call.span);
    Ok(Some(changes(machine, &ran, call.span)))
}

fn changes(machine: &mut Machine<'_>, ran: &Ran, span: Span) -> Value {
    let properties = [
        ("changes", ran.changes.clone()),
        ("lastInsertRowid", ran.id.clone()),
        ("lastID", ran.id.clone()),
    ];
    sql::object(machine, &properties, span)
}

fn run_statement(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Option<Ran> {
    let statement = call.receiver?;
    let mut sent = Sent::new(&kept(machine, statement, "$sql"));
    let bound = kept(machine, statement, "$bound");
    if !bound.is_nothing() {
        sent.add(machine, &[bound]);
    }
    let (before, behind) = split_at_rest(call.arguments);
    sent.add(machine, before);
    // What is spread stands for the placeholders that the others leave over.
    if let Some(rest) = &call.arguments.rest {
        for _ in 0..sent.left_over(call.arguments.positional.len()) {
            sent.add(machine, std::slice::from_ref(rest));
        }
    }
    sent.add(machine, behind);
    let mut ran = sql::run(host, machine, &sent, call.span);
    if kept(machine, statement, "$pluck").truth() == Some(true) {
        ran.row = plucked(machine, &ran.row);
    }
    Some(ran)
}

/// Returns the parameters before and behind those whose number is not known.
fn split_at_rest(arguments: &Arguments) -> (&[Value], &[Value]) {
    let at = arguments.rest_at.min(arguments.positional.len());
    arguments.positional.split_at(at)
}

/// The first column of a row.
fn plucked(machine: &mut Machine<'_>, row: &Value) -> Value {
    let first = row
        .objects()
        .find_map(|id| machine.heap.get(id).properties.values().next().cloned());
    let Some(first) = first else {
        return machine.derived(Shape::Any, [row]);
    };
    match row.filter(|atom| atom.is_nothing()) {
        Some(nothing) => machine.join(first, &nothing),
        None => first,
    }
}

fn statement_get(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(run_statement(host, machine, call).map(|ran| ran.row))
}

fn statement_all(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let ran = run_statement(host, machine, call);
    Ok(ran.map(|ran| sql::rows(machine, &ran, call.span)))
}

fn statement_run(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let ran = run_statement(host, machine, call);
    Ok(ran.map(|ran| changes(machine, &ran, call.span)))
}

fn statement_bind(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(statement) = call.receiver {
        let list = machine.make_list(call.arguments.positional.clone(), false, call.span);
        keep(machine, statement, "$bound", list);
    }
    Ok(Some(call.this.clone()))
}

fn statement_pluck(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(statement) = call.receiver {
        keep(machine, statement, "$pluck", Value::bool(true));
    }
    Ok(Some(call.this.clone()))
}

/// `db.transaction(function)` makes a function.
fn make_transaction(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "sqlite:transaction", call.span);
    keep(machine, id, "$body", call.arguments.get(0));
    Ok(Some(Value::object(id)))
}

fn run_transaction(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.receiver else {
        return Ok(None);
    };
    let body = kept(machine, id, "$body");
    let result = store::in_transaction(host, machine, |machine| {
        machine.call_value(&body, None, call.arguments, call.span)
    })?;
    Ok(Some(result))
}

/// Runs what a driver with callbacks is sent: the text is an argument, or that of a prepared statement.
fn run_with_callback(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Ran {
    let prepared = call.receiver.map(|id| kept(machine, id, "$sql"));
    let mut parameters: Vec<Value> = call.arguments.positional.clone();
    parameters.retain(|value| !is_function(machine, value));
    let mut sent = match prepared {
        Some(text) if !text.is_nothing() => Sent::new(&text),
        _ if parameters.is_empty() => Sent::default(),
        _ => text_of(machine, &parameters.remove(0)),
    };
    sent.add(machine, &parameters);
    sql::run(host, machine, &sent, call.span)
}

/// A statement is a text, an object with one (`sql-template-strings`, `{ text, values }`), or a template.
fn text_of(machine: &mut Machine<'_>, statement: &Value) -> Sent {
    let text = property(machine, statement, "text").or_else(|| property(machine, statement, "sql"));
    let Some(text) = text else {
        return Sent::new(statement);
    };
    let mut sent = Sent::new(&text);
    if let Some(values) = property(machine, statement, "values") {
        sent.add(machine, &[values]);
    }
    sent
}

fn callback_get(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let ran = run_with_callback(host, machine, call);
    tools::deliver(machine, call, ran.row)
}

fn callback_all(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let ran = run_with_callback(host, machine, call);
    let rows = sql::rows(machine, &ran, call.span);
    tools::deliver(machine, call, rows)
}

/// The callback of `run` has the number of changes in its `this`.
fn callback_run(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let ran = run_with_callback(host, machine, call);
    let changes = changes(machine, &ran, call.span);
    if let Some(callback) = tools::callback(machine, call.arguments) {
        let arguments = Arguments::positional([Value::null()]);
        machine.call_value(&callback, Some(changes), &arguments, call.span)?;
        return Ok(Some(call.this.clone()));
    }
    tools::deliver(machine, call, changes)
}

fn callback_prepare(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "sqlite3:statement", call.span);
    keep(machine, id, "$sql", call.arguments.get(0));
    Ok(Some(Value::object(id)))
}

/// `db.serialize(function)`.
fn serialize(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let body = call.arguments.get(0);
    if is_function(machine, &body) {
        machine.call_value(&body, None, &Arguments::default(), call.span)?;
    }
    Ok(Some(Value::undefined()))
}

/// A client of a pool: returned, promised or handed to a callback.
fn connected(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(callback) = tools::callback(machine, call.arguments) {
        let release = Value::unknown(Shape::Object);
        let arguments = Arguments::positional([Value::null(), call.this.clone(), release]);
        return machine
            .call_value(&callback, None, &arguments, call.span)
            .map(Some);
    }
    tools::deliver(machine, call, call.this.clone())
}

/// `client.query(text, values, callback)` of pg: `{ rows, rowCount }`.
fn postgres_query(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let ran = run_with_callback(host, machine, call);
    let result = postgres_result(machine, &ran, call.span);
    tools::deliver(machine, call, result)
}

fn postgres_result(machine: &mut Machine<'_>, ran: &Ran, span: Span) -> Value {
    let rows = if ran.returns_rows {
        sql::rows(machine, ran, span)
    } else {
        machine.make_list(Vec::new(), false, span)
    };
    let properties = [("rows", rows), ("rowCount", ran.changes.clone())];
    sql::object(machine, &properties, span)
}

/// `client.query(text, values, callback)` of mysql2: `[rows, fields]`, or rows alone to the callback.
fn mysql_query(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let ran = run_with_callback(host, machine, call);
    let rows = if ran.returns_rows {
        sql::rows(machine, &ran, call.span)
    } else {
        let properties = [
            ("affectedRows", ran.changes.clone()),
            ("changedRows", ran.changes.clone()),
            ("insertId", ran.id.clone()),
        ];
        sql::object(machine, &properties, call.span)
    };
    if tools::callback(machine, call.arguments).is_some() {
        return tools::deliver(machine, call, rows);
    }
    let fields = machine.make_list(Vec::new(), true, call.span);
    let pair = machine.make_list(vec![rows, fields], false, call.span);
    tools::deliver(machine, call, pair)
}

fn begin(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    host.state().run.transactions += 1;
    tools::deliver(machine, call, Value::undefined())
}

fn end(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    {
        let mut state = host.state();
        state.run.transactions = state.run.transactions.saturating_sub(1);
    }
    tools::deliver(machine, call, Value::undefined())
}

/// `postgres(url)` is a tag.
fn open_tag(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    sql::load_files(host, machine);
    let id = host.make_object(machine, "postgres:sql", call.span);
    Ok(Some(Value::object(id)))
}

/// A tag gives a query that runs when it is waited for, or a part of another one; called with anything
/// else it gives a piece of SQL.
fn tag(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if !sql::is_tag(machine, call.arguments) {
        return helper(host, machine, call);
    }
    let sent = sql::template(machine, call.arguments, &|machine, value| {
        part(host, machine, value)
    });
    let is_vercel = call.path.starts_with("npm:@vercel");
    Ok(Some(query_object(
        host, machine, sent, is_vercel, call.span,
    )))
}

fn query_object(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    sent: Sent,
    is_result: bool,
    span: Span,
) -> Value {
    let id = host.make_object(machine, "postgres:query", span);
    machine.heap.get_mut(id).elements = sent.positional.clone();
    keep(machine, id, "$result", Value::bool(is_result));
    host.state().sql_queries.insert(id, sent);
    Value::object(id)
}

fn part(host: &ModelHost, machine: &Machine<'_>, value: &Value) -> Option<Part> {
    let is_sql = |id: ObjectId| {
        matches!(&machine.heap.get(id).kind, ObjectKind::Host(path)
            if path == "postgres:helper" || path == "postgres:query")
    };
    if !value.objects().any(is_sql) {
        return None;
    }
    let Some(id) = value.only_object() else {
        return Some(Part::Pasted);
    };
    if matches!(&machine.heap.get(id).kind, ObjectKind::Host(path) if path == "postgres:helper") {
        return Some(Part::Pasted);
    }
    let sent = host.state().sql_queries.get(&id).cloned();
    sent.map(Part::Text)
}

/// `sql(object)`, `sql(name)`, `sql.array(list)`.
fn helper(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "postgres:helper", call.span);
    machine.heap.get_mut(id).elements = call.arguments.positional.clone();
    Ok(Some(Value::object(id)))
}

/// `sql.unsafe(text, parameters)`.
fn tag_unsafe(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let mut sent = Sent::new(&call.arguments.get(0));
    if let Some(parameters) = call.arguments.positional.get(1) {
        sent.add(machine, std::slice::from_ref(parameters));
    }
    Ok(Some(query_object(host, machine, sent, false, call.span)))
}

/// `sql.begin(async sql => ...)`.
fn tag_transaction(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let body = call.arguments.positional.last().cloned();
    let body = body.unwrap_or_else(Value::undefined);
    let arguments = Arguments::positional([call.this.clone()]);
    let result = store::in_transaction(host, machine, |machine| {
        let result = machine.call_value(&body, None, &arguments, call.span)?;
        machine.await_value(&result, call.span)
    });
    tools::promised(machine, call.span, |_| result).map(Some)
}

fn tag_result(host: &ModelHost, machine: &mut Machine<'_>, object: ObjectId) -> Answer {
    let Some(sent) = host.state().sql_queries.get(&object).cloned() else {
        return Ok(None);
    };
    let span = machine.heap.get(object).span;
    let ran = sql::run(host, machine, &sent, span);
    if kept(machine, object, "$result").truth() == Some(true) {
        return Ok(Some(postgres_result(machine, &ran, span)));
    }
    let rows = sql::rows(machine, &ran, span);
    if let Some(id) = rows.only_object() {
        keep(machine, id, "count", ran.changes);
    }
    Ok(Some(rows))
}

fn tag_then(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(query) = call.receiver else {
        return Ok(None);
    };
    let rows: Result<Value, Stop> =
        tag_result(host, machine, query).map(|rows| rows.unwrap_or_else(Value::undefined));
    let promise = tools::promised(machine, call.span, |_| rows)?;
    let name = Ustr::from(method_name(&call.path));
    machine
        .call_member(&promise, name, call.arguments, call.span)
        .map(Some)
}
