//! SQLAlchemy's sessions and connections, and the results of statements.
//!
//! What a statement does is noted when a session executes it; adding an instance stores it. Source:
//! SQLAlchemy 2.0 documentation, "Session API", "Asynchronous I/O" and `engine/result.py` (`one` raises
//! `NoResultFound`, `scalar` gives `None`).

use firedoor_app::{Operation, Origin};
use firedoor_eval::{Answer, Arguments, Atom, Call, Machine, ObjectId, ObjectKind, Shape, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::python_records::{
    Key, access, asset_of, create, delete, find, instance_value, note, stored_instance,
};
use crate::python_support::{argument, exception, last_name};
use crate::sqlalchemy_query::{
    STATEMENT, entity_asset, entity_value, key_of, list, main_asset, only_counts, statement, word,
    written,
};
use crate::{Model, ModelHost, Persona};

const SESSION: &str = "sqlalchemy:session()";
const RESULT: &str = "sqlalchemy:result()";

/// The model.
pub static MODEL: Model = Model {
    name: "sqlalchemy_session",
    calls: &[
        ("py:sqlalchemy.orm.Session", session),
        ("py:sqlalchemy.ext.asyncio.AsyncSession", session),
        ("py:sqlalchemy.orm.sessionmaker()", session),
        ("py:sqlalchemy.orm.sessionmaker().begin", begin),
        ("py:sqlalchemy.ext.asyncio.async_sessionmaker()", session),
        (
            "py:sqlalchemy.ext.asyncio.async_sessionmaker().begin",
            begin,
        ),
        ("py:sqlalchemy.orm.scoped_session()", session),
        ("py:sqlalchemy.orm.scoped_session().*", session_method),
        ("py:sqlalchemy.ext.asyncio.async_scoped_session()", session),
        (
            "py:sqlalchemy.ext.asyncio.async_scoped_session().*",
            session_method,
        ),
        ("py:sqlalchemy.create_engine().begin", begin),
        ("py:sqlalchemy.create_engine().connect", session),
        (
            "py:sqlalchemy.ext.asyncio.create_async_engine().begin",
            begin,
        ),
        (
            "py:sqlalchemy.ext.asyncio.create_async_engine().connect",
            session,
        ),
        ("sqlalchemy:session().*", session_method),
        ("sqlalchemy:result().*", result_method),
        ("sqlalchemy:statement().*", query_method),
    ],
    members: &[("sqlalchemy:result().rowcount", row_count)],
    indexes: &[(RESULT, element), (STATEMENT, query_element)],
    ..Model::EMPTY
};

fn session(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, SESSION, call.span);
    Ok(Some(Value::object(id)))
}

fn begin(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    host.state().run.transactions += 1;
    session(host, machine, call)
}

fn session_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = last_name(&call.path);
    let value = match name {
        "execute" | "stream" => execute(host, machine, call),
        "scalars" | "stream_scalars" => {
            let result = execute(host, machine, call);
            to_scalars(machine, &result, call.span)
        }
        "exec" => {
            let result = execute(host, machine, call);
            match has_one_entity(machine, &result) {
                true => to_scalars(machine, &result, call.span),
                false => result,
            }
        }
        "scalar" => {
            let result = execute(host, machine, call);
            takes_one(host, machine, &result);
            one_or_none(machine, &result, true)
        }
        "get" | "get_one" => get(host, machine, call, name == "get_one")?,
        "query" => {
            let entities = call.arguments.positional.clone();
            Value::object(statement(host, machine, "select", entities, call.span))
        }
        "add" => {
            create(host, machine, &argument(call, 0, "instance"), call.span);
            Value::null()
        }
        "add_all" | "bulk_save_objects" => {
            let (elements, _) = machine.elements_of(&argument(call, 0, "instances"));
            for element in elements {
                create(host, machine, &element, call.span);
            }
            Value::null()
        }
        "merge" => {
            let instance = argument(call, 0, "instance");
            create(host, machine, &instance, call.span);
            instance
        }
        "delete" => {
            delete(host, machine, &argument(call, 0, "instance"), call.span);
            Value::null()
        }
        "begin" | "begin_nested" => {
            host.state().run.transactions += 1;
            call.this.clone()
        }
        "run_sync" => return run_sync(machine, call),
        "__enter__" | "__aenter__" | "connection" => call.this.clone(),
        "no_autoflush" => call.this.clone(),
        _ => Value::null(),
    };
    Ok(Some(value))
}

fn run_sync(machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some((function, rest)) = call.arguments.positional.split_first() else {
        return Ok(None);
    };
    let mut arguments = Arguments {
        positional: vec![call.this.clone()],
        ..Arguments::default()
    };
    arguments.positional.extend(rest.iter().cloned());
    machine
        .call_value(function, None, &arguments, call.span)
        .map(Some)
}

/// `session.get(User, id)`.
fn get(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    must_exist: bool,
) -> Result<Value, firedoor_eval::Stop> {
    let entity = argument(call, 0, "entity");
    let identity = argument(call, 1, "ident");
    let class = entity
        .objects()
        .find(|id| asset_of(host, machine, *id).is_some());
    let Some(class) = class else {
        return Ok(machine.derived(Shape::Any, [&entity, &identity]));
    };
    let asset = asset_of(host, machine, class).unwrap_or_default();
    let locks = call.arguments.keyword("with_for_update");
    if locks.is_some_and(|locks| locks.truth() != Some(false)) {
        host.state().run.transactions += 1;
    }
    let mut key = Key::default();
    let name = primary_key(host, machine, class);
    key.add(host, machine, &name, "=", &identity);
    let mut read = access(host, Operation::Read, asset);
    read.key = key.fields.clone();
    note(host, machine, read, call.span);
    let found = find(host, machine, class, &key, call.span);
    match must_exist {
        true => must_be_there(host, machine, &found, call.span),
        false => Ok(found),
    }
}

/// The name of the primary key of a model.
fn primary_key(host: &ModelHost, machine: &Machine<'_>, class: ObjectId) -> Ustr {
    let declared = crate::python_records::columns(host, class).and_then(|table| {
        let mut columns = machine.heap.get(table).properties.iter();
        columns.find_map(|(name, column)| {
            let flag = Ustr::from("primary_key");
            let value = machine.heap.property(column.only_object()?, flag)?;
            (value.truth() == Some(true)).then_some(*name)
        })
    });
    declared.unwrap_or_else(|| Ustr::from("id"))
}

/// What is not there is an error: for certain where nothing can be found.
fn must_be_there(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    found: &Value,
    span: Span,
) -> Result<Value, firedoor_eval::Stop> {
    let error = exception(machine, "py:sqlalchemy.exc.NoResultFound", &[found]);
    match found.filter(|atom| !atom.is_nothing()) {
        None if host.is_request() => machine.throw(error, span),
        None => Ok(Value::unknown(Shape::Any)),
        Some(there) => {
            if there != *found && host.persona() == Persona::User {
                machine.may_throw(error, span);
            }
            Ok(there)
        }
    }
}

/// Runs whatever is executed and returns its result.
fn execute(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Value {
    let given = argument(call, 0, "statement");
    let mut results = Vec::new();
    for id in given.objects().collect::<Vec<_>>() {
        if matches!(machine.heap.get(id).kind, ObjectKind::Host(path) if path == "sqlalchemy:text()")
        {
            results.push(run_text(host, machine, id, call));
            continue;
        }
        if !matches!(machine.heap.get(id).kind, ObjectKind::Host(path) if path == STATEMENT) {
            continue;
        }
        let parameters = call.arguments.positional.get(1).cloned();
        results.push(run_statement(host, machine, id, parameters, call.span));
    }
    match results.is_empty() {
        true => machine.derived(Shape::Object, call.arguments.all()),
        false => machine.join_all(&results),
    }
}

/// Runs `text("select ...")` and gives its rows as other results are given.
fn run_text(host: &ModelHost, machine: &mut Machine<'_>, text: ObjectId, call: &Call<'_>) -> Value {
    let sql = machine.heap.get(text).elements.first().cloned();
    let sql = sql.unwrap_or_else(Value::undefined);
    let parameters = call.arguments.positional.get(1);
    let parameters = parameters
        .or_else(|| call.arguments.keyword("params"))
        .cloned();
    let cursor =
        crate::python_sql::execute_text(host, machine, &sql, parameters.as_ref(), call.span);
    let id = host.make_object(machine, RESULT, call.span);
    let found = property(machine, &cursor, "found");
    let row = property(machine, &cursor, "row");
    let scalar = row
        .only_object()
        .and_then(|row| machine.heap.get(row).elements.first().cloned())
        .unwrap_or_else(|| row.shaped(Shape::Any));
    let count = property(machine, &cursor, "count");
    let properties = &mut machine.heap.get_mut(id).properties;
    for (name, value) in [
        ("found", found),
        ("row", row),
        ("scalar", scalar),
        ("rowcount", count),
    ] {
        properties.insert(Ustr::from(name), value);
    }
    Value::object(id)
}

/// Notes what a statement does and makes its result.
fn run_statement(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    parameters: Option<Value>,
    span: Span,
) -> Value {
    let Some((asset, class)) = main_asset(host, machine, id) else {
        return machine.derived(Shape::Object, [&Value::object(id)]);
    };
    let key = key_of(host, machine, id, asset);
    if machine.heap.property(id, Ustr::from("lock")).is_some() {
        host.state().run.transactions += 1;
    }
    let kind = word(machine, id, "kind");
    let entities = list(machine, id, "entities");
    let operation = match kind.as_str() {
        "update" => Operation::Update,
        "insert" => Operation::Create,
        "delete" => Operation::Delete,
        "exists" => Operation::Count,
        _ if only_counts(machine, &entities) => Operation::Count,
        _ => Operation::Read,
    };
    let mut done = access(host, operation, asset);
    done.key = key.fields.clone();
    let identity = class.map_or_else(
        || Ustr::from("id"),
        |class| primary_key(host, machine, class),
    );
    done.is_many = operation != Operation::Create && !is_by(host, &key, asset, &identity);
    done.is_conditional = (operation == Operation::Update || operation == Operation::Delete)
        && (key.fields.len() > 1 || key.fields.iter().any(|field| field.operator != "="));
    let values = machine
        .heap
        .property(id, Ustr::from("values"))
        .cloned()
        .or(parameters);
    if let Some(values) = values {
        (done.values, done.spread) = written(host, machine, &values, asset);
    }
    note(host, machine, done, span);
    let effect = host.state().run.effects.len();
    let columns = match operation {
        Operation::Read | Operation::Count => entities,
        _ => list(machine, id, "returning"),
    };
    let result = make_result(host, machine, (asset, class), &key, &columns, span);
    if let (Some(result), Operation::Read) = (result.only_object(), operation) {
        let number = Value::number(effect as f64);
        let properties = &mut machine.heap.get_mut(result).properties;
        properties.insert(Ustr::from("effect"), number);
    }
    result
}

/// Only one row of a result is taken, so that only one record is read.
fn takes_one(host: &ModelHost, machine: &Machine<'_>, result: &Value) {
    let Some(number) = property(machine, result, "effect").as_number() else {
        return;
    };
    let mut state = host.state();
    let effect = state.run.effects.get_mut((number as usize).wrapping_sub(1));
    if let Some(effect) = effect
        && let firedoor_app::EffectKind::Access(access) = &mut effect.kind
    {
        access.is_many = false;
    }
}

/// Holds if at most one record has the key.
fn is_by(host: &ModelHost, key: &Key, asset: Ustr, identity: &str) -> bool {
    let state = host.state();
    let declared = state.assets.get(&asset);
    key.fields.iter().any(|field| {
        let is_unique = declared
            .and_then(|declared| declared.field(&field.name))
            .is_some_and(|column| column.is_unique);
        field.operator == "=" && (field.name == identity || is_unique)
    })
}

/// Makes the result of a statement: what a row is, and whether there is one.
fn make_result(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    (asset, class): (Ustr, Option<ObjectId>),
    key: &Key,
    columns: &[Value],
    span: Span,
) -> Value {
    let found = match class {
        Some(class) => find(host, machine, class, key, span),
        None => crate::judge::record_value(host, machine, asset, &key.fields, &key.values),
    };
    let mut instances = Vec::new();
    if let (Some(class), Some(there)) = (class, found.filter(|atom| !atom.is_nothing())) {
        instances.push((class, there));
    }
    for column in columns {
        let Some((_, Some(other))) = entity_asset(host, machine, column) else {
            continue;
        };
        if instances.iter().all(|(known, _)| *known != other) {
            let joined = joined_instance(host, machine, other, &found, key, span);
            instances.push((other, joined));
        }
    }
    let count = counted(host, machine, asset, &found);
    let mut row = Vec::new();
    for column in columns {
        row.push(match only_counts(machine, std::slice::from_ref(column)) {
            true => count.clone(),
            false => entity_value(host, machine, column, &instances, span),
        });
    }
    let id = host.make_object(machine, RESULT, span);
    let scalar = row.first().cloned().unwrap_or_else(Value::null);
    let tuple = row_tuple(machine, columns, row, &found, span);
    let is_counted = only_counts(machine, columns);
    let object = machine.heap.get_mut(id);
    let properties = [
        ("found", if is_counted { count.clone() } else { found }),
        ("scalar", scalar),
        ("row", tuple),
        ("rowcount", count),
        ("entities", Value::number(columns.len() as f64)),
    ];
    for (name, value) in properties {
        object.properties.insert(Ustr::from(name), value);
    }
    Value::object(id)
}

fn row_tuple(
    machine: &mut Machine<'_>,
    columns: &[Value],
    row: Vec<Value>,
    found: &Value,
    span: Span,
) -> Value {
    let tuple = machine.heap.allocate(ObjectKind::Tuple, span);
    for (column, value) in columns.iter().zip(&row) {
        let name = match crate::sqlalchemy_query::column_in(machine, column, 0) {
            Some((_, name)) => Some(name),
            None => column
                .only_object()
                .and_then(|id| machine.heap.get(id).name),
        };
        if let Some(name) = name {
            let properties = &mut machine.heap.get_mut(tuple).properties;
            properties.insert(name, value.clone());
        }
    }
    machine.heap.get_mut(tuple).elements = row;
    let mut value = Value::object(tuple).with_origins(found.origins);
    value.control = found.control;
    value
}

/// A record of another table in the same row.
fn joined_instance(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    found: &Value,
    key: &Key,
    span: Span,
) -> Value {
    let asset = asset_of(host, machine, class).unwrap_or_default();
    let origin = Origin::Record {
        asset,
        field: Ustr::from(""),
        of_principal: crate::python_records::is_of_principal(host, machine, found.origins),
    };
    let mut by = Value::null().with_origins(host.origin(machine, origin));
    by.control = found.control;
    let id = stored_instance(host, machine, class, &by, key, span);
    instance_value(host, id)
}

/// The number of rows: none where nothing can be found.
fn counted(host: &ModelHost, machine: &mut Machine<'_>, asset: Ustr, found: &Value) -> Value {
    let mut value = match found.is_nothing() {
        true => Value::number(0.0),
        false => Value::unknown(Shape::Number),
    };
    let origin = Origin::Record {
        asset,
        field: Ustr::from(""),
        of_principal: crate::python_records::is_of_principal(host, machine, found.origins),
    };
    value.origins = host.origin(machine, origin);
    value.control = found.control;
    value
}

fn property(machine: &Machine<'_>, result: &Value, name: &str) -> Value {
    let id = result.objects().next();
    id.and_then(|id| machine.heap.property(id, Ustr::from(name)))
        .cloned()
        .unwrap_or_else(|| result.shaped(Shape::Any))
}

fn has_one_entity(machine: &Machine<'_>, result: &Value) -> bool {
    property(machine, result, "entities").as_number() == Some(1.0)
}

/// `scalars()`: rows are their first column.
fn to_scalars(machine: &mut Machine<'_>, result: &Value, span: Span) -> Value {
    let Some(id) = result.only_object() else {
        return result.clone();
    };
    let old = machine.heap.get(id).clone();
    if !matches!(old.kind, ObjectKind::Host(path) if path == RESULT) {
        return result.clone();
    }
    let new = machine.heap.allocate(old.kind, span);
    let scalar = property(machine, result, "scalar");
    let object = machine.heap.get_mut(new);
    object.properties = old.properties;
    object.properties.insert(Ustr::from("row"), scalar);
    Value::object(new)
}

/// The row (or its first column), or `None` if none is found.
fn one_or_none(machine: &mut Machine<'_>, result: &Value, is_scalar: bool) -> Value {
    let found = property(machine, result, "found");
    let value = property(machine, result, if is_scalar { "scalar" } else { "row" });
    let mut value = match found.is_nothing() {
        true => Value::null().with_origins(found.origins),
        false => value,
    };
    if found.atoms().iter().any(Atom::is_nothing) {
        value.add(Atom::Null);
    }
    value.control = machine.origins.union(value.control, found.control);
    value
}

fn result_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let result = call.this.clone();
    let name = last_name(&call.path);
    if name.starts_with("scalar_one") || matches!(name, "scalar" | "first" | "one" | "one_or_none")
    {
        takes_one(host, machine, &result);
    }
    let value = match name {
        "scalars" => to_scalars(machine, &result, call.span),
        "scalar" | "scalar_one_or_none" => one_or_none(machine, &result, true),
        "first" | "one_or_none" | "fetchone" => one_or_none(machine, &result, false),
        "scalar_one" => {
            let found = one_or_none(machine, &result, true);
            must_be_there(host, machine, &found, call.span)?
        }
        "one" => {
            let found = one_or_none(machine, &result, false);
            must_be_there(host, machine, &found, call.span)?
        }
        "all" | "fetchall" | "fetchmany" | "partitions" | "to_list" => {
            all(machine, &result, call.span)
        }
        "close" => Value::null(),
        "keys" => machine.derived(Shape::Any, [&result]),
        _ => result,
    };
    Ok(Some(value))
}

/// The rows as a list.
fn all(machine: &mut Machine<'_>, result: &Value, span: Span) -> Value {
    let found = property(machine, result, "found");
    let row = property(machine, result, "row");
    let mut list = match found.is_nothing() {
        true => machine.make_list(Vec::new(), false, span),
        false => machine.make_open_list(Vec::new(), Some(row), span),
    };
    list.origins = found.origins;
    list.control = found.control;
    list
}

fn row_count(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    machine
        .heap
        .property(object?, Ustr::from("rowcount"))
        .cloned()
}

fn element(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    result: &Value,
    _key: &Value,
    _span: Span,
) -> Option<Value> {
    Some(property(machine, result, "row"))
}

/// Methods of a `Query` that execute it; the others give the statement again.
fn query_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.receiver else {
        return Ok(None);
    };
    let name = last_name(&call.path);
    let value = match name {
        "first" | "one_or_none" | "one" | "all" | "scalar" | "scalar_one" => {
            let mut result = run_statement(host, machine, id, None, call.span);
            if has_one_entity(machine, &result) {
                result = to_scalars(machine, &result, call.span);
            }
            let call = Call {
                path: Ustr::from(&format!("{RESULT}.{name}")),
                receiver: result.only_object(),
                this: result,
                arguments: call.arguments,
                span: call.span,
                is_new: false,
            };
            return result_method(host, machine, &call);
        }
        "count" => {
            let result = run_as(host, machine, id, "exists", None, call.span);
            property(machine, &result, "rowcount")
        }
        "get" => {
            let entity = list(machine, id, "entities");
            let mut arguments = Arguments::positional(entity.into_iter().take(1));
            arguments
                .positional
                .extend(call.arguments.positional.iter().cloned());
            let call = Call {
                path: call.path,
                receiver: call.receiver,
                this: call.this.clone(),
                arguments: &arguments,
                span: call.span,
                is_new: false,
            };
            get(host, machine, &call, false)?
        }
        "update" | "delete" => {
            let values = (name == "update").then(|| argument(call, 0, "values"));
            let result = run_as(host, machine, id, name, values, call.span);
            property(machine, &result, "rowcount")
        }
        _ => call.this.clone(),
    };
    Ok(Some(value))
}

/// Runs a query as another kind of statement.
fn run_as(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    kind: &str,
    values: Option<Value>,
    span: Span,
) -> Value {
    let old = machine.heap.get(id).clone();
    let new = machine.heap.allocate(old.kind, span);
    let object = machine.heap.get_mut(new);
    object.elements = old.elements;
    object.properties = old.properties;
    object
        .properties
        .insert(Ustr::from("kind"), Value::string(kind));
    run_statement(host, machine, new, values, span)
}

/// Iterating over a query executes it.
fn query_element(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    query: &Value,
    _key: &Value,
    span: Span,
) -> Option<Value> {
    let id = query.only_object()?;
    let result = run_statement(host, machine, id, None, span);
    Some(property(machine, &result, "scalar"))
}
