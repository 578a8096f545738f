//! Queries: what they ask for, and what running them does.

use firedoor_app::{Access, Field, Operation, Provenance};
use firedoor_eval::{
    Answer, Arguments, Atom, Call, Machine, ObjectId, ObjectKind, Shape, Stop, TestKind, Value,
};
use firedoor_source::Span;
use ustr::Ustr;

use super::schema::{function_of, note_list, push_note};
use super::{ModelInfo, Query, QueryKind, document, expressions, hooks, model};
use crate::ModelHost;
use crate::store::{self, Conditions, Dialect, method_name, own_properties, property};

/// How MongoDB writes conditions: <https://www.mongodb.com/docs/manual/reference/operator/query/>.
pub(crate) static DIALECT: Dialect = Dialect {
    operator: condition_operator,
    groups: &["$or", "$and", "$nor"],
};

fn condition_operator(key: &str) -> Option<&'static str> {
    Some(match key {
        "$eq" | "$all" => "=",
        "$ne" => "!=",
        "$gt" => ">",
        "$gte" => ">=",
        "$lt" => "<",
        "$lte" => "<=",
        "$in" => "in",
        "$nin" => "not in",
        "$exists" => "exists",
        "$regex" | "$text" | "$search" => "like",
        "$not" | "$elemMatch" => "",
        _ if key.starts_with('$') => "?",
        _ => return None,
    })
}

fn kind_of(method: &str) -> Option<QueryKind> {
    Some(match method {
        "find" | "where" | "$where" => QueryKind::Find,
        "findOne" | "findById" => QueryKind::FindOne,
        "findOneAndUpdate" | "findByIdAndUpdate" | "findOneAndReplace" => {
            QueryKind::FindOneAndUpdate
        }
        "findOneAndDelete" | "findByIdAndDelete" | "findOneAndRemove" | "findByIdAndRemove" => {
            QueryKind::FindOneAndDelete
        }
        "updateOne" | "replaceOne" => QueryKind::UpdateOne,
        "updateMany" | "update" => QueryKind::UpdateMany,
        "deleteOne" => QueryKind::DeleteOne,
        "deleteMany" | "remove" => QueryKind::DeleteMany,
        "countDocuments" | "count" | "estimatedDocumentCount" => QueryKind::Count,
        "exists" => QueryKind::Exists,
        "distinct" => QueryKind::Distinct,
        "aggregate" => QueryKind::Aggregate,
        _ => return None,
    })
}

/// `Model.find(...)` and its like.
pub(super) fn start(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let (Some(model), Some(kind)) = (call.receiver, kind_of(method_name(&call.path))) else {
        return Ok(None);
    };
    let id = host.make_object(machine, "mongoose:query", call.span);
    host.state()
        .mongoose
        .queries
        .insert(id, Query { model, kind });
    take_arguments(machine, id, call);
    let callback = call.arguments.positional.last().cloned();
    let callback = callback.filter(|last| store::is_function(machine, last));
    match callback {
        Some(callback) => call_back(host, machine, id, &callback, call.span),
        None => Ok(Some(Value::object(id))),
    }
}

/// Up to version 6 a callback takes the error and the result.
fn call_back(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    query: ObjectId,
    callback: &Value,
    span: Span,
) -> Answer {
    let result = execute(host, machine, query)?.unwrap_or_else(Value::undefined);
    let arguments = Arguments::positional([Value::null(), result]);
    machine.call_value(callback, None, &arguments, span)?;
    Ok(Some(Value::undefined()))
}

/// Keeps the filter, the update and the options of a call with the query.
fn take_arguments(machine: &mut Machine<'_>, query: ObjectId, call: &Call<'_>) {
    let name = method_name(&call.path);
    let first = call.arguments.get(0);
    let second = call.arguments.get(1);
    if name.starts_with("findById") {
        push_note(machine, query, "$ids", first);
    } else if name == "distinct" {
        machine
            .heap
            .set_property(query, Ustr::from("$field"), first);
        push_note(machine, query, "$filters", second.clone());
    } else if name == "where" && first.text().is_some() {
        where_path(machine, query, &first, call.arguments.positional.get(1));
    } else if !store::is_function(machine, &first) {
        push_note(machine, query, "$filters", first);
    }
    if name.contains("Update") || name.contains("update") || name.contains("eplace") {
        push_note(machine, query, "$updates", second);
        push_note(machine, query, "$options", call.arguments.get(2));
    } else if name != "distinct" {
        push_note(machine, query, "$options", call.arguments.get(2));
    }
}

fn where_path(machine: &mut Machine<'_>, query: ObjectId, path: &Value, value: Option<&Value>) {
    machine
        .heap
        .set_property(query, Ustr::from("$path"), path.clone());
    if let Some(value) = value {
        add_named(machine, query, path, value.clone());
    }
}

/// Adds the filter `{ [path]: value }`.
fn add_named(machine: &mut Machine<'_>, query: ObjectId, path: &Value, value: Value) {
    let Some(name) = path.text() else {
        return push_note(machine, query, "$filters", value);
    };
    let span = machine.place();
    let id = machine.heap.allocate(ObjectKind::Plain, span);
    machine.heap.get_mut(id).properties.insert(name, value);
    push_note(machine, query, "$filters", Value::object(id));
}

/// A method of a query gives the query.
pub(super) fn chain(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(query) = call.receiver else {
        return Ok(None);
    };
    let name = method_name(&call.path);
    let first = call.arguments.get(0);
    match name {
        "populate" => push_note(machine, query, "$populate", first),
        "orFail" => push_note(machine, query, "$orFail", first),
        "where" if first.text().is_some() => {
            where_path(machine, query, &first, call.arguments.positional.get(1));
        }
        "where" => push_note(machine, query, "$filters", first),
        "match" | "or" | "and" | "nor" => {
            for part in store::parts(machine, &first) {
                push_note(machine, query, "$filters", part);
            }
        }
        "equals" | "eq" | "gt" | "gte" | "lt" | "lte" | "ne" | "in" | "nin" => {
            compare(machine, query, name, &call.arguments.positional);
        }
        "set" => push_note(machine, query, "$updates", first),
        _ => return other_method(host, machine, query, call),
    }
    Ok(Some(call.this.clone()))
}

/// `where('a').gt(3)` and `gt('a', 3)`.
fn compare(machine: &mut Machine<'_>, query: ObjectId, name: &str, arguments: &[Value]) {
    let (path, value) = match arguments {
        [path, value] => (path.clone(), value.clone()),
        [value] => {
            let path = machine.heap.property(query, Ustr::from("$path")).cloned();
            (path.unwrap_or_else(Value::undefined), value.clone())
        }
        _ => return,
    };
    let value = if matches!(name, "equals" | "eq") {
        value
    } else {
        let span = machine.place();
        let id = machine.heap.allocate(ObjectKind::Plain, span);
        let operator = Ustr::from(&format!("${name}"));
        machine.heap.get_mut(id).properties.insert(operator, value);
        Value::object(id)
    };
    add_named(machine, query, &path, value);
}

/// A query that becomes one of another kind, a helper of the schema, or a method without effect here.
fn other_method(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    query: ObjectId,
    call: &Call<'_>,
) -> Answer {
    let name = method_name(&call.path);
    let Some(known) = host.state().mongoose.queries.get(&query).copied() else {
        return Ok(None);
    };
    if let Some(kind) = kind_of(name).filter(|_| name != "select") {
        let changed = Query { kind, ..known };
        host.state().mongoose.queries.insert(query, changed);
        if name.contains("Update") || name.contains("update") {
            let is_pair = call.arguments.positional.len() > 1;
            let update = call.arguments.get(usize::from(is_pair));
            push_note(machine, query, "$updates", update);
            if is_pair {
                push_note(machine, query, "$filters", call.arguments.get(0));
            }
        } else {
            push_note(machine, query, "$filters", call.arguments.get(0));
        }
        return Ok(Some(call.this.clone()));
    }
    let schemas = model::info(host, known.model).map(|about| about.schemas);
    let helper = function_of(machine, &schemas.unwrap_or_default(), "query", name);
    if let Some(helper) = helper {
        let this = Some(call.this.clone());
        return machine
            .call_value(&helper, this, call.arguments, call.span)
            .map(Some);
    }
    Ok(Some(call.this.clone()))
}

/// `query.exec()`.
pub(super) fn execute_call(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(query) = call.receiver else {
        return Ok(None);
    };
    settled(host, machine, query, call.span).map(Some)
}

/// `query.then(...)`: a query is a promise from there on.
pub(super) fn then(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(query) = call.receiver else {
        return Ok(None);
    };
    let promise = settled(host, machine, query, call.span)?;
    let name = Ustr::from(method_name(&call.path));
    machine
        .call_member(&promise, name, call.arguments, call.span)
        .map(Some)
}

/// Runs a query and returns a promise of its result.
fn settled(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    query: ObjectId,
    span: Span,
) -> Result<Value, Stop> {
    let (result, thrown) = machine.catching(|machine| execute(host, machine, query));
    let value = match result {
        Ok(value) => value,
        Err(Stop::Throw) => None,
        Err(stop) => return Err(stop),
    };
    Ok(machine.make_promise(value, thrown, Vec::new(), span))
}

/// Runs a query: notes what it does and returns what it finds.
pub(super) fn execute(host: &ModelHost, machine: &mut Machine<'_>, query: ObjectId) -> Answer {
    let Some(known) = host.state().mongoose.queries.get(&query).copied() else {
        return Ok(None);
    };
    let Some(about) = model::info(host, known.model) else {
        return Ok(None);
    };
    let span = machine.heap.get(query).span;
    let this = Value::object(query);
    let hook = hook_name(known.kind);
    hooks::run(host, machine, &about.schemas, "$pre", hook, &this, span)?;
    let key = conditions(host, machine, query, known.kind);
    let mut access = store::access(host, operation(known.kind), about.asset);
    access.key.clone_from(&key.fields);
    access.is_many = is_many(known.kind);
    for update in note_list(machine, query, "$updates") {
        add_update(host, machine, &update, &mut access);
    }
    store::note(host, machine, access, span);
    let value = result(host, machine, query, &known, &about, &key, span)?;
    hooks::run(host, machine, &about.schemas, "$post", hook, &value, span)?;
    Ok(Some(value))
}

fn hook_name(kind: QueryKind) -> &'static str {
    match kind {
        QueryKind::Find => "find",
        QueryKind::FindOne | QueryKind::Exists => "findOne",
        QueryKind::FindOneAndUpdate => "findOneAndUpdate",
        QueryKind::FindOneAndDelete => "findOneAndDelete",
        QueryKind::UpdateOne => "updateOne",
        QueryKind::UpdateMany => "updateMany",
        QueryKind::DeleteOne => "deleteOne",
        QueryKind::DeleteMany => "deleteMany",
        QueryKind::Count => "countDocuments",
        QueryKind::Distinct => "distinct",
        QueryKind::Aggregate => "aggregate",
    }
}

fn operation(kind: QueryKind) -> Operation {
    match kind {
        QueryKind::Find | QueryKind::FindOne | QueryKind::Distinct | QueryKind::Aggregate => {
            Operation::Read
        }
        QueryKind::Count | QueryKind::Exists => Operation::Count,
        QueryKind::FindOneAndUpdate | QueryKind::UpdateOne | QueryKind::UpdateMany => {
            Operation::Update
        }
        QueryKind::FindOneAndDelete | QueryKind::DeleteOne | QueryKind::DeleteMany => {
            Operation::Delete
        }
    }
}

fn is_many(kind: QueryKind) -> bool {
    matches!(
        kind,
        QueryKind::Find
            | QueryKind::UpdateMany
            | QueryKind::DeleteMany
            | QueryKind::Count
            | QueryKind::Distinct
            | QueryKind::Aggregate
    )
}

fn conditions(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    query: ObjectId,
    kind: QueryKind,
) -> Conditions {
    let mut key = Conditions::default();
    for id in note_list(machine, query, "$ids") {
        key.add(host, machine, "_id", "=", &id);
    }
    for filter in note_list(machine, query, "$filters") {
        if kind == QueryKind::Aggregate {
            for stage in store::parts(machine, &filter) {
                if let Some(matching) = property(machine, &stage, "$match") {
                    store::add_conditions(host, machine, &DIALECT, &matching, "", &mut key, 0);
                }
            }
            continue;
        }
        let filter = expressions::written_out(machine, &filter);
        store::add_conditions(host, machine, &DIALECT, &filter, "", &mut key, 0);
    }
    key
}

/// Adds what an update writes: `{ $set: {...}, $inc: {...} }`, or the fields themselves.
pub(crate) fn add_update(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    update: &Value,
    access: &mut Access,
) {
    for update in store::parts(machine, update) {
        if update.is_unknown() {
            access.spread.push(host.provenance(machine, &update));
        }
        for id in update.objects().collect::<Vec<_>>() {
            for part in store::open_parts(machine, id) {
                access.spread.push(host.provenance(machine, &part));
            }
            for (name, value) in own_properties(machine, id) {
                match name.strip_prefix('$') {
                    Some(operator) => add_operator(host, machine, operator, &value, access),
                    None => access.values.push(Field {
                        name,
                        value: host.deep_provenance(machine, &value),
                        operator: "=",
                    }),
                }
            }
        }
    }
}

fn add_operator(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    operator: &str,
    value: &Value,
    access: &mut Access,
) {
    let operator = match operator {
        "inc" | "mul" => "+=",
        "push" | "addToSet" => "push",
        "pull" | "pop" | "pullAll" => "pull",
        "unset" => "unset",
        _ => "=",
    };
    let (mut fields, spread) = store::written(host, machine, value);
    for field in &mut fields {
        field.operator = operator;
        if operator == "unset" {
            field.value = Provenance::new([firedoor_app::Origin::Literal(Ustr::from("null"))]);
        }
    }
    access.values.extend(fields);
    access.spread.extend(spread);
}

fn result(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    query: ObjectId,
    known: &Query,
    about: &ModelInfo,
    key: &Conditions,
    span: Span,
) -> Result<Value, Stop> {
    Ok(match known.kind {
        QueryKind::Find => {
            let found = record(host, machine, query, known, about, key, span)?;
            let found = store::exchange(&found, &Atom::Null, Atom::Undefined);
            store::list_of(machine, &found, span)
        }
        QueryKind::FindOne | QueryKind::FindOneAndUpdate | QueryKind::FindOneAndDelete => {
            let found = record(host, machine, query, known, about, key, span)?;
            or_fail(machine, query, found, span)?
        }
        QueryKind::Exists => store::found_one(host, machine, about.asset, key, Atom::Null),
        QueryKind::Count => store::counted(host, machine, about.asset, key, "count"),
        QueryKind::Distinct => {
            let field = machine.heap.property(query, Ustr::from("$field")).cloned();
            let found = store::existing(host, machine, about.asset, key);
            let name = field.and_then(|field| field.text()).unwrap_or_default();
            let value = machine.member(&found, name, span)?;
            store::list_of(machine, &value, span)
        }
        QueryKind::Aggregate => store::found_many(host, machine, about.asset, key, span),
        QueryKind::UpdateOne | QueryKind::UpdateMany => {
            let names = [
                "matchedCount",
                "modifiedCount",
                "nModified",
                "n",
                "upsertedCount",
            ];
            let counts = store::counts(host, machine, about.asset, key, &names, span);
            or_fail(machine, query, counts, span)?
        }
        QueryKind::DeleteOne | QueryKind::DeleteMany => store::counts(
            host,
            machine,
            about.asset,
            key,
            &["deletedCount", "n"],
            span,
        ),
    })
}

/// Returns the document that a query finds, or null. An upsert that gives what there is afterwards finds one for certain;
/// mongoose 8 gives what there was before, unless `new` or `returnDocument` asks for the other.
fn record(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    query: ObjectId,
    known: &Query,
    about: &ModelInfo,
    key: &Conditions,
    span: Span,
) -> Result<Value, Stop> {
    let found = store::found_one(host, machine, about.asset, key, Atom::Null);
    if found.is_nothing() {
        return Ok(found);
    }
    let id = document::found(host, machine, known.model, key, &found, span);
    let mut value = store::exchange(&found, &Atom::Unknown(Shape::Object), Atom::Object(id));
    let is_upsert = note_list(machine, query, "$options").iter().any(|options| {
        let is = |name: &str, wanted: bool| {
            property(machine, options, name).is_some_and(|it| it.truth() == Some(wanted))
        };
        let is_after = property(machine, options, "returnDocument")
            .is_some_and(|it| it.text() == Some(Ustr::from("after")));
        is("upsert", true) && (is("new", true) || is("returnOriginal", false) || is_after)
    });
    if is_upsert && let Some(there) = value.filter(|atom| !atom.is_nothing()) {
        value = there;
    }
    for path in note_list(machine, query, "$populate") {
        document::populate_value(host, machine, &value, &path, span)?;
    }
    Ok(value)
}

/// `orFail()`: finding nothing is an error.
fn or_fail(
    machine: &mut Machine<'_>,
    query: ObjectId,
    found: Value,
    span: Span,
) -> Result<Value, Stop> {
    let Some(given) = note_list(machine, query, "$orFail").into_iter().next() else {
        return Ok(found);
    };
    let error = if store::is_function(machine, &given) {
        machine.call_value(&given, None, &Arguments::default(), span)?
    } else if given.is_nothing() {
        Value::outside("npm:mongoose.Error.DocumentNotFoundError()")
    } else {
        given
    };
    let there = found.filter(|atom| !atom.is_nothing());
    let outcome = machine.truth(&found);
    let test = machine.tested(TestKind::Truth, outcome, &[&found], span);
    machine.when(
        &test,
        span,
        |_| Ok(()),
        |machine| model::fail(machine, error, span),
    )?;
    Ok(there.unwrap_or(found))
}

/// One step of `bulkWrite`.
pub(crate) fn bulk_step(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    asset: Ustr,
    name: &str,
    details: &Value,
    span: Span,
) {
    let operation = match name {
        "insertOne" => Operation::Create,
        "deleteOne" | "deleteMany" => Operation::Delete,
        _ => Operation::Update,
    };
    let mut access = store::access(host, operation, asset);
    access.is_many = name.ends_with("Many");
    if let Some(filter) = property(machine, details, "filter") {
        access.key = store::read_conditions(host, machine, &DIALECT, &filter).fields;
    }
    for part in ["document", "update", "replacement"] {
        if let Some(update) = property(machine, details, part) {
            add_update(host, machine, &update, &mut access);
        }
    }
    store::note(host, machine, access, span);
}

/// `startSession()`.
pub(super) fn start_session(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let id = host.make_object(machine, "mongoose:session", call.span);
    Ok(Some(Value::object(id)))
}

/// `session.withTransaction(function)`.
pub(super) fn transaction(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let arguments = Arguments::positional([call.this.clone()]);
    let (body, span) = (call.arguments.get(0), call.span);
    let promise = store::in_transaction(host, machine, |machine| {
        machine.call_value(&body, None, &arguments, span)
    })?;
    Ok(Some(promise))
}

/// `session.startTransaction()`.
pub(super) fn begin_transaction(
    host: &ModelHost,
    _machine: &mut Machine<'_>,
    _call: &Call<'_>,
) -> Answer {
    host.state().run.transactions += 1;
    Ok(Some(Value::undefined()))
}

/// `session.commitTransaction()` and `abortTransaction()`.
pub(super) fn end_transaction(
    host: &ModelHost,
    _machine: &mut Machine<'_>,
    _call: &Call<'_>,
) -> Answer {
    let mut state = host.state();
    state.run.transactions = state.run.transactions.saturating_sub(1);
    Ok(Some(Value::undefined()))
}
