//! The driver of MongoDB 3 to 6: <https://mongodb.github.io/node-mongodb-native/6.12/>.
//!
//! Conditions and updates are those of Mongoose's queries; records are unknown objects, and cursors lists.

use firedoor_app::{AssetKind, Operation};
use firedoor_eval::{Answer, Arguments, Atom, Call, Machine, ObjectId, Shape, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::mongoose::expressions;
use crate::mongoose::query::{DIALECT, add_update, bulk_step};
use crate::sql;
use crate::store::{self, Conditions, method_name, own_properties, property};
use crate::{Model, ModelHost, tools};

/// The model.
pub static MODEL: Model = Model {
    name: "mongodb",
    calls: &[
        ("npm:mongodb.MongoClient", open),
        ("npm:mongodb.MongoClient.connect", connect),
        ("npm:mongodb.ObjectId", identifier),
        ("npm:mongodb.ObjectID", identifier),
        ("mongodb:client.connect", connect),
        ("mongodb:client.db", itself),
        ("mongodb:client.collection", collection),
        ("mongodb:client.startSession", itself),
        ("mongodb:client.withTransaction", transaction),
        ("mongodb:client.startTransaction", begin),
        ("mongodb:client.commitTransaction", end),
        ("mongodb:client.abortTransaction", end),
        ("mongodb:client.*", itself),
        ("mongodb:collection.insert", insert),
        ("mongodb:collection.insertOne", insert),
        ("mongodb:collection.insertMany", insert),
        ("mongodb:collection.bulkWrite", bulk),
        ("mongodb:collection.createIndex", index),
        ("mongodb:collection.find", find),
        ("mongodb:collection.aggregate", find),
        ("mongodb:collection.*", query),
        ("mongodb:cursor.toArray", to_array),
        ("mongodb:cursor.next", next),
        ("mongodb:cursor.count", count),
        ("mongodb:cursor.forEach", each),
        ("mongodb:cursor.filter", narrow),
        ("mongodb:cursor.*", itself),
    ],
    ..Model::EMPTY
};

fn itself(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.this.clone()))
}

fn open(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "mongodb:client", call.span);
    Ok(Some(Value::object(id)))
}

fn connect(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "mongodb:client", call.span);
    tools::deliver(machine, call, Value::object(id))
}

/// An identifier is what it is made of.
fn identifier(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(machine.derived(Shape::Object, call.arguments.all())))
}

fn collection(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(name) = call.arguments.get(0).text() else {
        return Ok(None);
    };
    store::declare(host, name, AssetKind::Table, call.span, Vec::new());
    let id = host.make_object(machine, "mongodb:collection", call.span);
    host.state().asset_of.insert(id, name);
    Ok(Some(Value::object(id)))
}

fn asset_of(host: &ModelHost, object: Option<ObjectId>) -> Option<Ustr> {
    host.state().asset_of.get(&object?).copied()
}

fn insert(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(asset) = asset_of(host, call.receiver) else {
        return Ok(None);
    };
    let mut access = store::access(host, Operation::Create, asset);
    access.is_many = method_name(&call.path) == "insertMany";
    for part in store::parts(machine, &call.arguments.get(0)) {
        let (fields, spread) = store::written(host, machine, &part);
        access.values.extend(fields);
        access.spread.extend(spread);
    }
    store::note(host, machine, access, call.span);
    let made = store::existing(host, machine, asset, &Conditions::default());
    let id = machine.member(&made, Ustr::from("_id"), call.span)?;
    let properties = [("insertedId", id.clone()), ("insertedIds", id)];
    let result = sql::object(machine, &properties, call.span);
    tools::deliver(machine, call, result)
}

fn bulk(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(asset) = asset_of(host, call.receiver) else {
        return Ok(None);
    };
    for step in store::parts(machine, &call.arguments.get(0)) {
        for id in step.objects().collect::<Vec<_>>() {
            for (name, details) in own_properties(machine, id) {
                bulk_step(host, machine, asset, &name, &details, call.span);
            }
        }
    }
    tools::deliver(machine, call, Value::unknown(Shape::Object))
}

/// `createIndex({ email: 1 }, { unique: true })`.
fn index(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let unique = property(machine, &call.arguments.get(1), "unique");
    let is_unique = unique.is_some_and(|unique| unique.truth() == Some(true));
    let names: Vec<Ustr> = call
        .arguments
        .get(0)
        .objects()
        .flat_map(|id| own_properties(machine, id))
        .map(|(name, _)| name)
        .collect();
    if let (Some(asset), [name], true) = (asset_of(host, call.receiver), &*names, is_unique) {
        let mut field = store::plain_field(name, None);
        field.is_unique = true;
        store::declare(host, asset, AssetKind::Table, call.span, vec![field]);
    }
    tools::deliver(machine, call, Value::undefined())
}

/// A cursor keeps its filter and notes the read when it is read from.
fn find(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(asset) = asset_of(host, call.receiver) else {
        return Ok(None);
    };
    let id = host.make_object(machine, "mongodb:cursor", call.span);
    host.state().asset_of.insert(id, asset);
    let mut filter = call.arguments.get(0);
    if method_name(&call.path) == "aggregate" {
        let stages = store::parts(machine, &filter);
        let matching = stages
            .iter()
            .find_map(|stage| property(machine, stage, "$match"));
        filter = matching.unwrap_or_else(Value::undefined);
    }
    machine.heap.set_property(id, Ustr::from("$filter"), filter);
    Ok(Some(Value::object(id)))
}

fn narrow(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(id) = call.receiver {
        let filter = call.arguments.get(0);
        machine.heap.set_property(id, Ustr::from("$filter"), filter);
    }
    Ok(Some(call.this.clone()))
}

/// Reads from a cursor: the asset, the key and a record or nothing.
fn read(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    operation: Operation,
) -> Option<(Ustr, Conditions, Value)> {
    let asset = asset_of(host, call.receiver)?;
    let filter = property(machine, &call.this, "$filter")?;
    let filter = expressions::written_out(machine, &filter);
    let key = store::read_conditions(host, machine, &DIALECT, &filter);
    let mut access = store::access(host, operation, asset);
    access.key.clone_from(&key.fields);
    access.is_many = true;
    store::note(host, machine, access, call.span);
    let found = store::found_one(host, machine, asset, &key, Atom::Null);
    Some((asset, key, found))
}

fn to_array(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some((_, _, found)) = read(host, machine, call, Operation::Read) else {
        return Ok(None);
    };
    let found = store::exchange(&found, &Atom::Null, Atom::Undefined);
    let list = store::list_of(machine, &found, call.span);
    tools::deliver(machine, call, list)
}

fn next(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    match read(host, machine, call, Operation::Read) {
        Some((_, _, found)) => tools::deliver(machine, call, found),
        None => Ok(None),
    }
}

fn count(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some((asset, key, _)) = read(host, machine, call, Operation::Count) else {
        return Ok(None);
    };
    let count = store::counted(host, machine, asset, &key, "count");
    tools::deliver(machine, call, count)
}

fn each(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some((_, _, found)) = read(host, machine, call, Operation::Read) else {
        return Ok(None);
    };
    let there = found.filter(|atom| !atom.is_nothing());
    if let Some(there) = there {
        let arguments = Arguments::positional([there]);
        machine.call_value(&call.arguments.get(0), None, &arguments, call.span)?;
    }
    Ok(Some(Value::undefined()))
}

fn operation(method: &str) -> Option<Operation> {
    Some(match method {
        "findOne" | "distinct" => Operation::Read,
        "countDocuments" | "count" | "estimatedDocumentCount" => Operation::Count,
        "updateOne" | "updateMany" | "replaceOne" | "findOneAndUpdate" | "findOneAndReplace"
        | "update" | "findAndModify" => Operation::Update,
        "deleteOne" | "deleteMany" | "findOneAndDelete" | "remove" | "findAndRemove" => {
            Operation::Delete
        }
        _ => return None,
    })
}

fn query(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let method = method_name(&call.path);
    let (Some(asset), Some(operation)) = (asset_of(host, call.receiver), operation(method)) else {
        return Ok(None);
    };
    let is_distinct = method == "distinct";
    let filter = call.arguments.get(usize::from(is_distinct));
    let key = if store::is_function(machine, &filter) {
        Conditions::default()
    } else {
        let filter = expressions::written_out(machine, &filter);
        store::read_conditions(host, machine, &DIALECT, &filter)
    };
    let mut access = store::access(host, operation, asset);
    access.key.clone_from(&key.fields);
    access.is_many = method.ends_with("Many") || method.contains("ount") || is_distinct;
    if operation == Operation::Update {
        // Up to version 3: `findAndModify(filter, sort, update)`.
        let place = if method == "findAndModify" { 2 } else { 1 };
        add_update(host, machine, &call.arguments.get(place), &mut access);
    }
    store::note(host, machine, access, call.span);
    let value = result(host, machine, asset, method, call, &key)?;
    tools::deliver(machine, call, value)
}

fn result(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    asset: Ustr,
    method: &str,
    call: &Call<'_>,
    key: &Conditions,
) -> Result<Value, Stop> {
    let span: Span = call.span;
    let found = store::found_one(host, machine, asset, key, Atom::Null);
    Ok(match method {
        "findOne" => found,
        "findOneAndUpdate" | "findOneAndReplace" | "findOneAndDelete" | "findAndModify" => {
            // Up to version 5 the record is in `value` of the result, and from 6 it is the result.
            let options = call.arguments.positional.last().cloned();
            let options = options.unwrap_or_else(Value::undefined);
            let metadata = property(machine, &options, "includeResultMetadata");
            if metadata.is_some_and(|flag| flag.truth() == Some(true)) {
                sql::object(machine, &[("value", found)], span)
            } else {
                found
            }
        }
        "distinct" => {
            let name = call.arguments.get(0).text().unwrap_or_default();
            let existing = store::existing(host, machine, asset, key);
            let value = machine.member(&existing, name, span)?;
            store::list_of(machine, &value, span)
        }
        "updateOne" | "updateMany" | "replaceOne" | "update" => {
            let names = ["matchedCount", "modifiedCount", "upsertedCount"];
            store::counts(host, machine, asset, key, &names, span)
        }
        "deleteOne" | "deleteMany" | "remove" => {
            store::counts(host, machine, asset, key, &["deletedCount"], span)
        }
        _ => store::counted(host, machine, asset, key, "count"),
    })
}

fn transaction(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let body = call.arguments.get(0);
    let arguments = Arguments::positional([call.this.clone()]);
    let promise = tools::promised(machine, call.span, |machine| {
        store::in_transaction(host, machine, |machine| {
            let result = machine.call_value(&body, None, &arguments, call.span)?;
            machine.await_value(&result, call.span)
        })
    })?;
    Ok(Some(promise))
}

fn begin(host: &ModelHost, _machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    host.state().run.transactions += 1;
    Ok(Some(Value::undefined()))
}

fn end(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    {
        let mut state = host.state();
        state.run.transactions = state.run.transactions.saturating_sub(1);
    }
    tools::deliver(machine, call, Value::undefined())
}
