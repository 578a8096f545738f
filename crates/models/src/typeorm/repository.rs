//! Repositories, entity managers and query builders.

use firedoor_app::{Access, EffectKind, Field, Operation};
use firedoor_eval::{
    Answer, Arguments, Atom, Call, Host, Machine, ObjectId, ObjectKind, Shape, Stop, TestKind,
    Value,
};
use firedoor_source::Span;
use ustr::Ustr;

use super::{Record, columns, conditions, record};
use crate::sql::{self, Sent};
use crate::store::{self, Conditions, method_name, property};
use crate::{ModelHost, tools};

/// The entity that a call is about.
pub(super) struct Entity {
    pub(super) class: Option<ObjectId>,
    pub(super) asset: Ustr,
}

pub(super) fn entity_of(host: &ModelHost, value: &Value) -> Option<Entity> {
    if let Some(name) = value.text() {
        return Some(Entity {
            class: None,
            asset: name,
        });
    }
    let id = value.objects().next()?;
    let asset = host.state().asset_of.get(&id).copied()?;
    Some(Entity {
        class: Some(id),
        asset,
    })
}

/// `getRepository(User)`.
pub(super) fn of_entity(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let entity = call.arguments.get(0);
    let id = host.make_object(machine, "typeorm:repository", call.span);
    machine.heap.set_property(id, Ustr::from("$entity"), entity);
    Ok(Some(Value::object(id)))
}

/// `manager.withRepository(repository)`.
pub(super) fn same(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.arguments.get(0)))
}

/// A method of a repository.
pub(super) fn query(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let entity = property(machine, &call.this, "$entity");
    let Some(entity) = entity.and_then(|entity| entity_of(host, &entity)) else {
        return Ok(None);
    };
    run(host, machine, &entity, call, &call.arguments.positional)
}

/// A method of a manager: the entity is the first argument, or what is saved says it.
pub(super) fn by_entity(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let first = call.arguments.get(0);
    if let Some(entity) = entity_of(host, &first) {
        let rest = call.arguments.positional.get(1..).unwrap_or_default();
        return run(host, machine, &entity, call, rest);
    }
    let element = store::parts(machine, &first).first().cloned();
    let class = element.and_then(|element| class_of(machine, &element));
    match class.and_then(|class| entity_of(host, &Value::object(class))) {
        Some(entity) => run(host, machine, &entity, call, &call.arguments.positional),
        None => Ok(None),
    }
}

fn class_of(machine: &Machine<'_>, value: &Value) -> Option<ObjectId> {
    value
        .objects()
        .find_map(|id| match machine.heap.get(id).kind {
            ObjectKind::Instance { class } => Some(class),
            _ => None,
        })
}

/// A static method of an entity that inherits from `BaseEntity`.
pub(super) fn by_class(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    match entity_of(host, &call.this) {
        Some(entity) => run(host, machine, &entity, call, &call.arguments.positional),
        None => Ok(None),
    }
}

/// Fields of an entity that inherits from `BaseEntity`.
pub(super) fn no_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let path = host.state().member_name;
    let name = method_name(&path);
    if matches!(name, "save" | "remove" | "reload" | "softRemove" | "hasId") {
        return None;
    }
    let record = host.state().typeorm.records.get(&object?).cloned()?;
    let origins = host.member_origins(machine, record.origins, Ustr::from(name));
    Some(Value::unknown(Shape::Any).with_origins(origins))
}

/// `entity.save()`.
pub(super) fn save_this(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let class = class_of(machine, &call.this);
    match class.and_then(|class| entity_of(host, &Value::object(class))) {
        Some(entity) => save(host, machine, &entity, &call.this, call),
        None => Ok(None),
    }
}

/// `entity.remove()`.
pub(super) fn remove_this(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let class = class_of(machine, &call.this);
    match class.and_then(|class| entity_of(host, &Value::object(class))) {
        Some(entity) => remove(host, machine, &entity, &call.this, call),
        None => Ok(None),
    }
}

fn operation(method: &str) -> Option<Operation> {
    Some(match method {
        "find" | "findBy" | "findOne" | "findOneBy" | "findOneOrFail" | "findOneByOrFail"
        | "findAndCount" | "findAndCountBy" | "findByIds" | "findOneById" => Operation::Read,
        "count" | "countBy" | "exist" | "exists" | "existsBy" | "sum" => Operation::Count,
        "insert" => Operation::Create,
        "update" | "upsert" | "increment" | "decrement" | "restore" => Operation::Update,
        "delete" | "softDelete" | "clear" => Operation::Delete,
        _ => return None,
    })
}

fn run(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    entity: &Entity,
    call: &Call<'_>,
    arguments: &[Value],
) -> Answer {
    let method = method_name(&call.path);
    let first = arguments.first().cloned().unwrap_or_else(Value::undefined);
    match method {
        "create" => return Ok(Some(created(host, machine, entity, &first, call.span))),
        "merge" => {
            // What was found may be one of several, or nothing.
            for target in first.objects().collect::<Vec<_>>() {
                for source in arguments.get(1..).unwrap_or_default() {
                    store::assign_into(machine, target, source);
                }
            }
            return Ok(Some(first));
        }
        "save" => return save(host, machine, entity, &first, call),
        "remove" | "softRemove" => return remove(host, machine, entity, &first, call),
        "metadata" => return Ok(None),
        _ => {}
    }
    let Some(operation) = operation(method) else {
        return Ok(None);
    };
    let key = key_of(host, machine, method, &first);
    let mut access = store::access(host, operation, entity.asset);
    access.key.clone_from(&key.fields);
    let by_key = key.fields.iter().any(|field| field.operator == "=");
    access.is_many = !by_key && !method.starts_with("findOne") && operation != Operation::Create;
    access.is_unlocked &= property(machine, &first, "lock").is_none();
    write_into(host, machine, method, arguments, &mut access);
    store::note(host, machine, access, call.span);
    let value = result(host, machine, entity, method, &key, call.span)?;
    tools::deliver(machine, call, value)
}

/// `findOne({ where })` has options, `findOneBy(where)` and `update(where, values)` have conditions, and an
/// identifier alone is one too.
fn key_of(host: &ModelHost, machine: &mut Machine<'_>, method: &str, first: &Value) -> Conditions {
    if matches!(method, "insert" | "clear" | "upsert") {
        return Conditions::default();
    }
    if let Some(filter) = property(machine, first, "where") {
        return conditions(host, machine, &filter);
    }
    let is_plain = first
        .objects()
        .any(|id| matches!(machine.heap.get(id).kind, ObjectKind::Plain));
    let takes_options = matches!(method, "find" | "findAndCount" | "count" | "exist");
    if is_plain && (method.contains("By") || !takes_options) {
        return conditions(host, machine, first);
    }
    let mut key = Conditions::default();
    if !is_plain && !first.is_nothing() {
        let name = if takes_options { "" } else { "id" };
        key.add(host, machine, name, "=", first);
    }
    key
}

fn write_into(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    method: &str,
    arguments: &[Value],
    access: &mut Access,
) {
    match (method, arguments) {
        ("insert" | "upsert", [values, ..]) | ("update", [_, values, ..]) => {
            for row in store::parts(machine, values) {
                let (fields, spread) = columns::written(host, machine, &row, &[]);
                access.values.extend(fields);
                access.spread.extend(spread);
            }
        }
        ("increment" | "decrement", [_, column, by, ..]) => access.values.push(Field {
            name: column.text().unwrap_or_default(),
            value: host.deep_provenance(machine, by),
            operator: if method == "increment" { "+=" } else { "-=" },
        }),
        _ => {}
    }
}

/// `repository.create(values)` stores nothing yet.
fn created(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    entity: &Entity,
    values: &Value,
    span: Span,
) -> Value {
    let kind = match entity.class {
        Some(class) => ObjectKind::Instance { class },
        None => ObjectKind::Plain,
    };
    let id = machine.heap.allocate(kind, span);
    store::assign_into(machine, id, values);
    let record = store::existing(host, machine, entity.asset, &Conditions::default());
    Value::object(id).with_origins(record.origins)
}

/// `repository.save(entity)`: a record that was found is updated, anything else is made.
fn save(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    entity: &Entity,
    value: &Value,
    call: &Call<'_>,
) -> Answer {
    for part in store::parts(machine, value) {
        let found = part
            .objects()
            .find_map(|id| host.state().typeorm.records.get(&id).cloned());
        let operation = match &found {
            Some(_) => Operation::Update,
            None => Operation::Create,
        };
        let mut access = store::access(host, operation, entity.asset);
        if let Some(found) = found {
            access.key = found.key.fields;
        }
        for id in part.objects().collect::<Vec<_>>() {
            access.values.extend(host.fields(machine, id));
            let parts = machine.heap.get(id).elements.clone();
            access
                .spread
                .extend(parts.iter().map(|part| host.provenance(machine, part)));
        }
        if part.is_unknown() {
            access.spread.push(host.provenance(machine, &part));
        }
        host.effect(machine, EffectKind::Access(access), call.span);
    }
    let saved = if value
        .objects()
        .any(|id| matches!(machine.heap.get(id).kind, ObjectKind::Plain))
    {
        let made = created(host, machine, entity, value, call.span);
        open(machine, &made);
        remember(host, machine, entity, &made);
        made
    } else {
        open(machine, value);
        remember(host, machine, entity, value);
        value.clone()
    };
    tools::deliver(machine, call, saved)
}

/// What is saved has fields that the database fills in.
fn open(machine: &mut Machine<'_>, value: &Value) {
    for id in value.objects().collect::<Vec<_>>() {
        if matches!(machine.heap.get(id).kind, ObjectKind::Instance { .. }) {
            machine.heap.open(id);
        }
    }
}

fn remember(host: &ModelHost, machine: &mut Machine<'_>, entity: &Entity, value: &Value) {
    for id in value.objects().collect::<Vec<_>>() {
        if host.state().typeorm.records.contains_key(&id) {
            continue;
        }
        let key = store::own_key(host, machine, entity.asset, "id");
        let record = Record {
            asset: entity.asset,
            key,
            origins: value.origins,
        };
        host.state().typeorm.records.insert(id, record);
    }
}

/// `repository.remove(entity)`.
fn remove(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    entity: &Entity,
    value: &Value,
    call: &Call<'_>,
) -> Answer {
    let found = store::parts(machine, value)
        .iter()
        .flat_map(Value::objects)
        .find_map(|id| host.state().typeorm.records.get(&id).cloned());
    let asset = found.as_ref().map_or(entity.asset, |found| found.asset);
    let mut access = store::access(host, Operation::Delete, asset);
    match found {
        Some(found) => access.key = found.key.fields,
        None => {
            let mut key = Conditions::default();
            key.add_unknown(host, machine, value);
            access.key = key.fields;
        }
    }
    host.effect(machine, EffectKind::Access(access), call.span);
    tools::deliver(machine, call, value.clone())
}

pub(super) fn result(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    entity: &Entity,
    method: &str,
    key: &Conditions,
    span: Span,
) -> Result<Value, Stop> {
    let found = store::found_one(host, machine, entity.asset, key, Atom::Null);
    let found = record(host, machine, entity.class, entity.asset, key, &found, span);
    Ok(match method {
        _ if method.ends_with("OrFail") => {
            let outcome = machine.truth(&found);
            let test = machine.tested(TestKind::Truth, outcome, &[&found], span);
            let error = Value::outside("npm:typeorm.EntityNotFoundError()");
            tools::require(machine, &test, &error, span)?;
            found.filter(|atom| !atom.is_nothing()).unwrap_or(found)
        }
        _ if method.starts_with("findOne") => found,
        _ if method.starts_with("find") => {
            let found = store::exchange(&found, &Atom::Null, Atom::Undefined);
            let rows = store::list_of(machine, &found, span);
            if method.starts_with("findAnd") {
                let count = store::counted(host, machine, entity.asset, key, "count");
                machine.make_list(vec![rows, count], false, span)
            } else {
                rows
            }
        }
        "insert" | "update" | "delete" | "softDelete" | "upsert" | "increment" | "decrement" => {
            store::counts(host, machine, entity.asset, key, &["affected"], span)
        }
        _ if method.starts_with("exist") => {
            store::counted(host, machine, entity.asset, key, "exists").shaped(Shape::Bool)
        }
        _ => store::counted(host, machine, entity.asset, key, "count"),
    })
}

/// `source.transaction(async manager => ...)`.
pub(super) fn transaction(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let body = call.arguments.positional.last().cloned();
    let body = body.unwrap_or_else(Value::undefined);
    let arguments = Arguments::positional([call.this.clone()]);
    let promise = tools::promised(machine, call.span, |machine| {
        let is_plain = is_plain(machine, call);
        store::in_plain_transaction(host, machine, is_plain, |machine| {
            let result = machine.call_value(&body, None, &arguments, call.span)?;
            machine.await_value(&result, call.span)
        })
    })?;
    Ok(Some(promise))
}

/// Holds if the transaction is at the level that database servers have by default: none is given as the first argument,
/// and the driver that the library needs is one of a server.
fn is_plain(machine: &Machine<'_>, call: &Call<'_>) -> bool {
    let has = |drivers: &[&str]| {
        let project = &machine.program.project;
        let mut drivers = drivers.iter();
        drivers.any(|name| project.dependency_version(call.span.file, name).is_some())
    };
    call.arguments.get(0).text().is_none()
        && has(&["pg", "mysql", "mysql2", "mssql"])
        && !has(&["sqlite3", "better-sqlite3", "sql.js"])
}

pub(super) fn begin(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let is_plain = is_plain(machine, call);
    {
        let run = &mut host.state().run;
        run.transactions += 1;
        run.plain_transactions += u32::from(is_plain);
    }
    tools::deliver(machine, call, Value::undefined())
}

pub(super) fn end(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    {
        let mut state = host.state();
        state.run.transactions = state.run.transactions.saturating_sub(1);
        state.run.plain_transactions = state.run.plain_transactions.saturating_sub(1);
    }
    tools::deliver(machine, call, Value::undefined())
}

/// `source.query(sql, parameters)`.
pub(super) fn raw(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let mut sent = Sent::new(&call.arguments.get(0));
    sent.add(
        machine,
        call.arguments.positional.get(1..).unwrap_or_default(),
    );
    let ran = sql::run(host, machine, &sent, call.span);
    let rows = sql::rows(machine, &ran, call.span);
    tools::deliver(machine, call, rows)
}
