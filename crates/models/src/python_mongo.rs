//! MongoDB from Python: pymongo 4 and motor 3.
//!
//! A database gives a collection for every attribute and every key; conditions and updates are MongoDB's own.
//! Sources: pymongo 4.10 API (`collection.Collection`), motor 3.6 (`AsyncIOMotorCollection`: the same methods,
//! awaited).

use firedoor_app::{AssetKind, Operation, Origin};
use firedoor_eval::{Answer, Atom, Call, Machine, ObjectId, ObjectKind, Shape, TestKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::mongoose::expressions;
use crate::mongoose::query::{DIALECT, add_update};
use crate::python_support::{argument, entry, last_name, value_from};
use crate::store::{self, Conditions};
use crate::{Model, ModelHost};

const CLIENT: &str = "pymongo:client";
const DATABASE: &str = "pymongo:database";
const COLLECTION: &str = "pymongo:collection";
const CURSOR: &str = "pymongo:cursor";

/// The model.
pub static MODEL: Model = Model {
    name: "python_mongo",
    calls: &[
        ("py:pymongo.MongoClient", open),
        ("py:pymongo.AsyncMongoClient", open),
        ("py:motor.motor_asyncio.AsyncIOMotorClient", open),
        ("py:motor.motor_tornado.MotorClient", open),
        ("py:bson.ObjectId", identifier),
        ("py:bson.ObjectId.is_valid", is_identifier),
        ("pymongo:client.get_database", database),
        ("pymongo:client.get_default_database", database),
        ("pymongo:client.start_session", crate::python_support::same),
        ("pymongo:client.start_transaction", begin),
        ("pymongo:client.commit_transaction", end),
        ("pymongo:client.abort_transaction", end),
        ("pymongo:client.close", crate::python_support::nothing),
        ("pymongo:client.end_session", crate::python_support::nothing),
        ("pymongo:client.__enter__", crate::python_support::same),
        ("pymongo:client.__aenter__", crate::python_support::same),
        ("pymongo:database.get_collection", collection),
        ("pymongo:database.create_collection", collection),
        ("pymongo:database.command", unknown),
        ("pymongo:database.list_collection_names", unknown),
        ("pymongo:collection.*", method),
        ("pymongo:cursor.*", cursor_method),
    ],
    members: &[
        ("pymongo:client.*", database_member),
        ("pymongo:database.*", collection_member),
    ],
    indexes: &[
        (CLIENT, database_element),
        (DATABASE, collection_element),
        (CURSOR, row),
    ],
    aliases: &[
        (
            "py:pymongo.mongo_client.MongoClient",
            "py:pymongo.MongoClient",
        ),
        (
            "py:pymongo.asynchronous.mongo_client.AsyncMongoClient",
            "py:pymongo.AsyncMongoClient",
        ),
        ("py:bson.objectid.ObjectId", "py:bson.ObjectId"),
    ],
    subclasses: &[
        ("py:pymongo.errors.PyMongoError", "py:builtins.Exception"),
        (
            "py:pymongo.errors.OperationFailure",
            "py:pymongo.errors.PyMongoError",
        ),
        (
            "py:pymongo.errors.DuplicateKeyError",
            "py:pymongo.errors.OperationFailure",
        ),
        ("py:bson.errors.InvalidId", "py:builtins.ValueError"),
    ],
    ..Model::EMPTY
};

fn open(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, CLIENT, call.span);
    Ok(Some(Value::object(id)))
}

fn unknown(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(machine.derived(Shape::Any, call.arguments.all())))
}

/// An identifier is what it is made of; without anything it is a new one, which can be guessed from others.
fn identifier(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if call.arguments.all().next().is_some() {
        return Ok(Some(machine.derived(Shape::Object, call.arguments.all())));
    }
    let origin = Origin::Random {
        cryptographic: false,
        bits: None,
    };
    Ok(Some(value_from(host, machine, Shape::Object, origin)))
}

fn is_identifier(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let given = argument(call, 0, "oid");
    Ok(Some(machine.tested(
        TestKind::Kind,
        None,
        &[&given],
        call.span,
    )))
}

fn database(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, DATABASE, call.span);
    Ok(Some(Value::object(id)))
}

fn database_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _client: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let id = host.make_object(machine, DATABASE, span);
    Some(Value::object(id))
}

fn database_element(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _client: &Value,
    _key: &Value,
    span: Span,
) -> Option<Value> {
    database_member(host, machine, None, span)
}

fn begin(host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    host.state().run.transactions += 1;
    Ok(Some(call.this.clone()))
}

fn end(host: &ModelHost, _machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    let mut state = host.state();
    state.run.transactions = state.run.transactions.saturating_sub(1);
    Ok(Some(Value::null()))
}

fn collection(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = argument(call, 0, "name").text();
    Ok(name.map(|name| named_collection(host, machine, name, call.span)))
}

fn collection_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _database: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let path = host.state().member_name;
    let name = last_name(&path);
    if matches!(name, "client" | "name") {
        return None;
    }
    Some(named_collection(host, machine, Ustr::from(name), span))
}

fn collection_element(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _database: &Value,
    key: &Value,
    span: Span,
) -> Option<Value> {
    // A name that the environment gives has a fallback mostly.
    let name = key.atoms().iter().find_map(|atom| match atom {
        Atom::String(text) => Some(*text),
        _ => None,
    });
    let name = name.unwrap_or_else(|| Ustr::from("collection"));
    Some(named_collection(host, machine, name, span))
}

fn named_collection(host: &ModelHost, machine: &mut Machine<'_>, name: Ustr, span: Span) -> Value {
    store::declare(host, name, AssetKind::Table, span, Vec::new());
    collection_of(host, machine, name, span)
}

/// Returns the collection that keeps the records of an asset which another library declares.
pub(crate) fn collection_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    asset: Ustr,
    span: Span,
) -> Value {
    let id = host.make_object(machine, COLLECTION, span);
    host.state().asset_of.insert(id, asset);
    Value::object(id)
}

fn operation(method: &str) -> Option<Operation> {
    Some(match method {
        "find_one" | "find" | "aggregate" | "distinct" | "find_raw_batches" => Operation::Read,
        "count_documents" | "estimated_document_count" | "count" => Operation::Count,
        "insert_one" | "insert_many" => Operation::Create,
        "update_one"
        | "update_many"
        | "replace_one"
        | "find_one_and_update"
        | "find_one_and_replace" => Operation::Update,
        "delete_one" | "delete_many" | "find_one_and_delete" => Operation::Delete,
        _ => return None,
    })
}

fn method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = last_name(&call.path);
    let asset = call
        .receiver
        .and_then(|id| host.state().asset_of.get(&id).copied());
    let Some(asset) = asset else {
        return Ok(None);
    };
    match operation(name) {
        Some(Operation::Create) => Ok(Some(insert(host, machine, asset, call))),
        Some(operation) => query(host, machine, asset, operation, call),
        None if name == "create_index" => {
            index(host, machine, asset, call);
            Ok(Some(Value::null()))
        }
        None if name == "bulk_write" || name == "drop" => Ok(Some(Value::unknown(Shape::Object))),
        None => Ok(Some(call.this.clone())),
    }
}

fn insert(host: &ModelHost, machine: &mut Machine<'_>, asset: Ustr, call: &Call<'_>) -> Value {
    let is_many = last_name(&call.path) == "insert_many";
    let name = if is_many { "documents" } else { "document" };
    let mut access = store::access(host, Operation::Create, asset);
    access.is_many = is_many;
    for part in store::parts(machine, &argument(call, 0, name)) {
        let (fields, spread) = store::written(host, machine, &part);
        access.values.extend(fields);
        access.spread.extend(spread);
    }
    store::note(host, machine, access, call.span);
    let origin = Origin::Record {
        asset,
        field: Ustr::from("_id"),
        of_principal: false,
    };
    let id = value_from(host, machine, Shape::Object, origin);
    let properties = [("inserted_id", id.clone()), ("inserted_ids", id)];
    crate::sql::object(machine, &properties, call.span)
}

/// `create_index("email", unique=True)`, or a list of one pair.
fn index(host: &ModelHost, machine: &mut Machine<'_>, asset: Ustr, call: &Call<'_>) {
    let unique = call.arguments.keyword("unique").and_then(Value::truth);
    let mut keys = argument(call, 0, "keys");
    if keys.text().is_none() {
        let pairs = machine.elements_of(&keys).0;
        let [pair] = pairs.as_slice() else {
            return;
        };
        let name = machine.elements_of(pair).0.first().cloned();
        keys = name.unwrap_or_else(Value::null);
    }
    if let (Some(name), Some(true)) = (keys.text(), unique) {
        let mut field = store::plain_field(&name, None);
        field.is_unique = true;
        store::declare(host, asset, AssetKind::Table, call.span, vec![field]);
    }
}

/// Reads the conditions of a call; an identifier alone is one too.
fn conditions(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Conditions {
    let name = last_name(&call.path);
    let mut filter = argument(call, usize::from(name == "distinct"), "filter");
    if name == "aggregate" {
        let stages = store::parts(machine, &argument(call, 0, "pipeline"));
        let matching = stages
            .iter()
            .find_map(|stage| entry(machine, stage, "$match"));
        filter = matching.unwrap_or_else(Value::null);
    }
    let is_mapping = filter
        .only_object()
        .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Plain));
    if name == "find_one" && !is_mapping && !filter.is_nothing() {
        let mut key = Conditions::default();
        key.add(host, machine, "_id", "=", &filter);
        return key;
    }
    let filter = expressions::written_out(machine, &filter);
    store::read_conditions(host, machine, &DIALECT, &filter)
}

fn query(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    asset: Ustr,
    operation: Operation,
    call: &Call<'_>,
) -> Answer {
    let name = last_name(&call.path);
    let key = conditions(host, machine, call);
    let mut access = store::access(host, operation, asset);
    access.key.clone_from(&key.fields);
    access.is_many = name.ends_with("_many")
        || operation == Operation::Count
        || matches!(name, "find" | "aggregate" | "distinct" | "find_raw_batches");
    if operation == Operation::Update {
        let word = match name.contains("replace") {
            true => "replacement",
            false => "update",
        };
        add_update(host, machine, &argument(call, 1, word), &mut access);
    }
    store::note(host, machine, access, call.span);
    Ok(Some(result(host, machine, asset, &key, call)))
}

fn result(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    asset: Ustr,
    key: &Conditions,
    call: &Call<'_>,
) -> Value {
    let name = last_name(&call.path);
    match name {
        "find" | "aggregate" | "find_raw_batches" => {
            let found = store::found_one(host, machine, asset, key, Atom::Null);
            let id = host.make_object(machine, CURSOR, call.span);
            let mut value = Value::object(id).with_origins(found.origins);
            value.control = found.control;
            let properties = &mut machine.heap.get_mut(id).properties;
            properties.insert(Ustr::from("$found"), found);
            value
        }
        "distinct" => {
            let existing = store::existing(host, machine, asset, key);
            let field = argument(call, 0, "key").text().unwrap_or_default();
            let value = machine
                .member(&existing, field, call.span)
                .unwrap_or(existing);
            store::list_of(machine, &value, call.span)
        }
        "update_one" | "update_many" | "replace_one" => {
            let names = ["matched_count", "modified_count", "upserted_id"];
            store::counts(host, machine, asset, key, &names, call.span)
        }
        "delete_one" | "delete_many" => {
            store::counts(host, machine, asset, key, &["deleted_count"], call.span)
        }
        "count_documents" | "estimated_document_count" | "count" => {
            store::counted(host, machine, asset, key, "count")
        }
        _ => store::found_one(host, machine, asset, key, Atom::Null),
    }
}

fn found_in(machine: &Machine<'_>, cursor: &Value) -> Value {
    let id = cursor.objects().next();
    let found = id.and_then(|id| machine.heap.property(id, Ustr::from("$found")));
    found.cloned().unwrap_or_else(|| cursor.shaped(Shape::Any))
}

fn cursor_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let found = found_in(machine, &call.this);
    Ok(Some(match last_name(&call.path) {
        "to_list" => store::list_of(
            machine,
            &store::exchange(&found, &Atom::Null, Atom::Undefined),
            call.span,
        ),
        "next" | "try_next" | "__next__" | "__anext__" => found,
        "count" => {
            let control = machine.origins.union(found.control, found.origins);
            let mut value = Value::unknown(Shape::Number).with_origins(found.origins);
            value.control = control;
            value
        }
        "distinct" => {
            let name = argument(call, 0, "key").text().unwrap_or_default();
            let value = row(host, machine, &call.this, &Value::null(), call.span);
            let value = value.unwrap_or_else(|| found.clone());
            let field = machine.member(&value, name, call.span)?;
            store::list_of(machine, &field, call.span)
        }
        "close" => Value::null(),
        _ => call.this.clone(),
    }))
}

/// What iterating over a cursor gives.
fn row(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    cursor: &Value,
    _key: &Value,
    _span: Span,
) -> Option<Value> {
    let found = found_in(machine, cursor);
    found.filter(|atom| !atom.is_nothing())
}
