//! SQLAlchemy's sessions and connections, and the results of statements.
//!
//! What a statement does is noted when a session executes it; adding an instance stores it. Source:
//! SQLAlchemy 2.0 documentation, "Session API", "Asynchronous I/O" and `engine/result.py` (`one` raises
//! `NoResultFound`, `scalar` gives `None`).

use firedoor_app::Operation;
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Shape, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::python_records::{Key, access, asset_of, create, delete, find, note};
use crate::python_support::{argument, exception, last_name};
use crate::sqlalchemy::query::STATEMENT;
use crate::sqlalchemy::result::{
    has_one_entity, make_result, one_or_none, property, result_method, to_scalars,
};
use crate::sqlalchemy::statement::{
    key_of, list, main_asset, only_sums_up, statement, word, written,
};
use crate::{Model, ModelHost, Persona};

const SESSION: &str = "sqlalchemy:session()";
pub(crate) const RESULT: &str = "sqlalchemy:result()";

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
    for (name, value) in identified(host, machine, class, &identity) {
        key.add(host, machine, &name, "=", &value);
    }
    let mut read = access(host, Operation::Read, asset);
    read.key = key.fields.clone();
    note(host, machine, read, call.span);
    let found = find(host, machine, class, &key, call.span);
    match must_exist {
        true => must_be_there(host, machine, &found, call.span),
        false => Ok(found),
    }
}

/// The columns by which `get` finds a record, each with its value: a key of several columns comes as a tuple in the
/// order of their declaration, or as a dictionary. Source: SQLAlchemy 2.0 documentation, `Session.get`.
fn identified(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    identity: &Value,
) -> Vec<(Ustr, Value)> {
    let names = primary_keys(host, machine, class);
    let kind = identity
        .only_object()
        .map(|id| machine.heap.get(id).kind.clone());
    if let (Some(ObjectKind::Plain), Some(id)) = (&kind, identity.only_object()) {
        let named = &machine.heap.get(id).properties;
        let values = names
            .iter()
            .filter_map(|name| Some((*name, named.get(name)?.clone())));
        let values: Vec<_> = values.collect();
        if values.len() == names.len() {
            return values;
        }
    }
    if let Some(ObjectKind::Array | ObjectKind::Tuple) = kind {
        let (values, _) = machine.elements_of(identity);
        if values.len() == names.len() {
            return names.into_iter().zip(values).collect();
        }
    }
    let first = names.into_iter().next();
    vec![(first.unwrap_or_else(|| Ustr::from("id")), identity.clone())]
}

/// The names of the columns that are the primary key of a model.
fn primary_keys(host: &ModelHost, machine: &Machine<'_>, class: ObjectId) -> Vec<Ustr> {
    let Some(table) = crate::python_records::columns(host, class) else {
        return Vec::new();
    };
    let columns = machine.heap.get(table).properties.iter();
    let keys = columns.filter_map(|(name, column)| {
        let flag = Ustr::from("primary_key");
        let value = machine.heap.property(column.only_object()?, flag)?;
        (value.truth() == Some(true)).then_some(*name)
    });
    keys.collect()
}

/// What is not there is an error: for certain where nothing can be found.
pub(crate) fn must_be_there(
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
        let first = parameters
            .as_ref()
            .and_then(|parameters| crate::sqlalchemy::statement::only_element(machine, parameters));
        let parameters = first.or(parameters);
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
pub(crate) fn run_statement(
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
        _ if only_sums_up(machine, &entities) => Operation::Count,
        _ => Operation::Read,
    };
    let mut done = access(host, operation, asset);
    done.key = key.fields.clone();
    let mut identity = class.map_or_else(Vec::new, |class| primary_keys(host, machine, class));
    if identity.is_empty() {
        identity.push(Ustr::from("id"));
    }
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
    if let Some(set) = machine.heap.property(id, Ustr::from("conflict")).cloned() {
        let (changed, _) = written(host, machine, &set, asset);
        for field in changed {
            // What is counted up where the record is there already is counted.
            match done.values.iter_mut().find(|it| it.name == field.name) {
                Some(made) if field.operator == "+=" => *made = field,
                Some(_) => {}
                None => done.values.push(field),
            }
        }
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
pub(crate) fn takes_one(host: &ModelHost, machine: &Machine<'_>, result: &Value) {
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
pub(crate) fn is_by(host: &ModelHost, key: &Key, asset: Ustr, identity: &[Ustr]) -> bool {
    let state = host.state();
    let declared = state.assets.get(&asset);
    let is_given = |name: &Ustr| {
        let mut equal = key.fields.iter().filter(|field| field.operator == "=");
        equal.any(|field| field.name == *name)
    };
    let is_unique = |field: &firedoor_app::Field| {
        let column = declared.and_then(|declared| declared.field(&field.name));
        field.operator == "=" && column.is_some_and(|column| column.is_unique)
    };
    identity.iter().all(is_given) || key.fields.iter().any(is_unique)
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
