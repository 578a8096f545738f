//! Prisma Client 4 to 6: <https://www.prisma.io/docs/orm/reference/prisma-client-reference>.
//!
//! A call such as `prisma.user.findUnique(...)` makes a query, which runs when it is waited for or by
//! `$transaction`. What models there are says the schema.

mod schema;
mod write;

use firedoor_app::{Access, Operation, Origin, Provenance, RequestPart};
use firedoor_eval::{
    Answer, Arguments, Atom, Call, Machine, ObjectId, ObjectKind, Shape, Stop, TestKind, Value,
};
use firedoor_source::Span;
use rustc_hash::FxHashMap;
use ustr::Ustr;

use self::schema::Schema;
use crate::sql::{self, Sent};
use crate::state::Persona;
use crate::store::{self, Conditions, Dialect, method_name, own_properties, property};
use crate::{Model, ModelHost, tools};

/// The model.
pub static MODEL: Model = Model {
    name: "prisma",
    calls: &[
        ("npm:@prisma/client.PrismaClient", create_client),
        ("npm:@prisma/client.Prisma.sql", sql_part),
        ("npm:@prisma/client.Prisma.raw", sql_pasted),
        ("npm:@prisma/client.Prisma.join", sql_pasted),
        (
            "npm:@prisma/client.PrismaClient().$transaction",
            transaction,
        ),
        ("npm:@prisma/client.PrismaClient().$queryRaw", raw),
        ("npm:@prisma/client.PrismaClient().$executeRaw", raw),
        ("npm:@prisma/client.PrismaClient().$queryRawUnsafe", raw),
        ("npm:@prisma/client.PrismaClient().$executeRawUnsafe", raw),
        ("npm:@prisma/client.PrismaClient().$extends", itself),
        ("npm:@prisma/client.PrismaClient().$connect", nothing),
        ("npm:@prisma/client.PrismaClient().$disconnect", nothing),
        ("npm:@prisma/client.PrismaClient().$on", nothing),
        ("npm:@prisma/client.PrismaClient().$use", nothing),
        ("prisma:model.*", start),
        ("prisma:query.then", then),
        ("prisma:query.catch", then),
        ("prisma:query.finally", then),
    ],
    members: &[
        ("npm:@prisma/client.PrismaClient().*", model_member),
        ("npm:@prisma/client.*", choices),
        ("npm:@prisma/client.$Enums.*", choices),
    ],
    awaits: &[("prisma:query", execute)],
    classes: &[("npm:@prisma/client.PrismaClient", subclass)],
    aliases: &[
        (
            "npm:@prisma/client/edge.PrismaClient",
            "npm:@prisma/client.PrismaClient",
        ),
        (
            "npm:@prisma/client.default.PrismaClient",
            "npm:@prisma/client.PrismaClient",
        ),
        (
            "npm:.prisma/client.PrismaClient",
            "npm:@prisma/client.PrismaClient",
        ),
    ],
    ..Model::EMPTY
};

/// What this model remembers.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    schema: Schema,
    models: FxHashMap<ObjectId, Ustr>,
    queries: FxHashMap<ObjectId, Query>,
}

/// A query that has not run yet.
#[derive(Clone, Debug)]
struct Query {
    model: Ustr,
    method: Ustr,
    options: Value,
}

static DIALECT: Dialect = Dialect {
    operator: condition_operator,
    groups: &["AND", "OR", "NOT"],
};

fn condition_operator(key: &str) -> Option<&'static str> {
    Some(match key {
        "equals" => "=",
        "not" => "!=",
        "gt" => ">",
        "gte" => ">=",
        "lt" => "<",
        "lte" => "<=",
        "in" | "has" | "hasSome" | "hasEvery" => "in",
        "notIn" => "not in",
        "contains" | "startsWith" | "endsWith" | "search" => "like",
        _ => return None,
    })
}

fn create_client(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    schema::load(host, machine);
    let id = host.make_object(machine, "npm:@prisma/client.PrismaClient()", call.span);
    Ok(Some(Value::object(id)))
}

/// `class Database extends PrismaClient`.
fn subclass(host: &ModelHost, machine: &mut Machine<'_>, _class: ObjectId, _span: Span) {
    schema::load(host, machine);
}

fn itself(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.this.clone()))
}

fn nothing(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let value = Value::undefined();
    Ok(Some(machine.make_promise(
        Some(value),
        Vec::new(),
        Vec::new(),
        call.span,
    )))
}

/// `prisma.user`.
fn model_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    object?;
    let path = host.state().member_name;
    let name = method_name(&path);
    if name.starts_with('$') {
        return None;
    }
    let model = host.state().prisma.schema.model(name);
    let id = host.make_object(machine, "prisma:model", span);
    let mut state = host.state();
    state.prisma.models.insert(id, model);
    state.asset_of.insert(id, model);
    Some(Value::object(id))
}

/// `Role` of `import { Role } from '@prisma/client'`: what an enum of the schema is in the program.
fn choices(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let path = host.state().member_name;
    schema::load(host, machine);
    let name = Ustr::from(method_name(&path));
    let names = host.state().prisma.schema.choices.get(&name).cloned()?;
    let id = machine.heap.allocate(ObjectKind::Plain, span);
    for name in names {
        machine
            .heap
            .set_property(id, name, Value::string(name.as_str()));
    }
    Some(Value::object(id))
}

fn start(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let model = call
        .receiver
        .and_then(|id| host.state().prisma.models.get(&id).copied());
    let Some(model) = model else {
        return Ok(None);
    };
    let query = Query {
        model,
        method: Ustr::from(method_name(&call.path)),
        options: call.arguments.get(0),
    };
    let id = host.make_object(machine, "prisma:query", call.span);
    host.state().prisma.queries.insert(id, query);
    Ok(Some(Value::object(id)))
}

fn then(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(query) = call.receiver else {
        return Ok(None);
    };
    let promise = tools::promised(machine, call.span, |machine| {
        Ok(execute(host, machine, query)?.unwrap_or_else(Value::undefined))
    })?;
    let name = Ustr::from(method_name(&call.path));
    machine
        .call_member(&promise, name, call.arguments, call.span)
        .map(Some)
}

/// Runs a query.
fn execute(host: &ModelHost, machine: &mut Machine<'_>, object: ObjectId) -> Answer {
    let Some(query) = host.state().prisma.queries.get(&object).cloned() else {
        return Ok(None);
    };
    let span = machine.heap.get(object).span;
    let key = conditions(host, machine, &query);
    let Some(operation) = operation(&query.method) else {
        return Ok(None);
    };
    let mut access = store::access(host, operation, query.model);
    access.key.clone_from(&key.fields);
    access.is_many = matches!(
        query.method.as_str(),
        "findMany" | "updateMany" | "deleteMany" | "createMany" | "count" | "aggregate" | "groupBy"
    );
    for name in ["data", "create", "update"] {
        if let Some(data) = property(machine, &query.options, name) {
            write::data(host, machine, query.model, &data, &mut access, span);
        }
    }
    store::note(host, machine, access, span);
    result(host, machine, &query, &key, span).map(Some)
}

fn conditions(host: &ModelHost, machine: &mut Machine<'_>, query: &Query) -> Conditions {
    let filter = if query.options.is_unknown() {
        Some(query.options.clone())
    } else {
        property(machine, &query.options, "where")
    };
    let mut key = match filter {
        Some(filter) => store::read_conditions(host, machine, &DIALECT, &filter),
        None => Conditions::default(),
    };
    if host.state().persona == Persona::Attacker && takes_several(&query.method) {
        key.fields.retain(|field| !is_left_out(&field.value));
    }
    let state = host.state();
    for field in &mut key.fields {
        // A compound key such as `userId_teamId: { userId, teamId }` names no field.
        if let Some((first, rest)) = field.name.split_once('.')
            && first.contains('_')
            && state.prisma.schema.field(query.model, first).is_none()
        {
            field.name = Ustr::from(rest);
        }
        let plain = field.name.replace(".is.", ".").replace(".some.", ".");
        field.name = Ustr::from(&plain);
    }
    drop(state);
    key
}

/// Where several records may be found, a condition on `undefined` is none (Prisma documentation, "Null and undefined",
/// version 6); where one is wanted, it is an error.
fn takes_several(method: &str) -> bool {
    method.contains("Many") || method.contains("First") || matches!(method, "count" | "aggregate")
}

/// What only a layer attaches to the request that knows who is asking is not there for anybody else.
fn is_left_out(value: &Provenance) -> bool {
    let is_attached = |origin: &Origin| matches!(origin, Origin::Request(RequestPart::Context, _));
    !value.is_empty() && value.origins().iter().all(is_attached)
}

fn operation(method: &str) -> Option<Operation> {
    Some(match method {
        "findUnique" | "findOne" | "findFirst" | "findMany" | "findUniqueOrThrow"
        | "findFirstOrThrow" => Operation::Read,
        "count" | "aggregate" | "groupBy" => Operation::Count,
        "create" | "createMany" | "createManyAndReturn" => Operation::Create,
        "update" | "updateMany" | "upsert" | "updateManyAndReturn" => Operation::Update,
        "delete" | "deleteMany" => Operation::Delete,
        _ => return None,
    })
}

fn result(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    query: &Query,
    key: &Conditions,
    span: Span,
) -> Result<Value, Stop> {
    let found = store::found_one(host, machine, query.model, key, Atom::Null);
    Ok(match query.method.as_str() {
        "findUnique" | "findOne" | "findFirst" => shaped(host, machine, query, &found, span),
        "findUniqueOrThrow" | "findFirstOrThrow" => {
            let found = shaped(host, machine, query, &found, span);
            or_throw(machine, found, span)?
        }
        "findMany" | "createManyAndReturn" | "updateManyAndReturn" => {
            let found = shaped(host, machine, query, &found, span);
            let found = store::exchange(&found, &Atom::Null, Atom::Undefined);
            store::list_of(machine, &found, span)
        }
        "count" => store::counted(host, machine, query.model, key, "count"),
        "createMany" | "updateMany" | "deleteMany" => {
            store::counts(host, machine, query.model, key, &["count"], span)
        }
        "aggregate" | "groupBy" => Value::unknown(Shape::Any).with_origins(found.origins),
        _ => {
            let there = store::existing(host, machine, query.model, key);
            shaped(host, machine, query, &there, span)
        }
    })
}

fn or_throw(machine: &mut Machine<'_>, found: Value, span: Span) -> Result<Value, Stop> {
    let outcome = machine.truth(&found);
    let test = machine.tested(TestKind::Truth, outcome, &[&found], span);
    let error = Value::outside("npm:@prisma/client.Prisma.PrismaClientKnownRequestError()");
    tools::require(machine, &test, &error, span)?;
    Ok(found.filter(|atom| !atom.is_nothing()).unwrap_or(found))
}

/// Gives a record the shape that `select` and `include` ask for.
fn shaped(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    query: &Query,
    found: &Value,
    span: Span,
) -> Value {
    record(host, machine, query.model, &query.options, found, span, 0)
}

fn record(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    model: Ustr,
    options: &Value,
    found: &Value,
    span: Span,
    depth: usize,
) -> Value {
    let select = property(machine, options, "select");
    let include = property(machine, options, "include");
    let is_select = select.is_some();
    let Some(asked) = select
        .or(include)
        .filter(|_| depth < 5 && !found.is_nothing())
    else {
        return found.clone();
    };
    let id = machine.heap.allocate(ObjectKind::Plain, span);
    if !is_select {
        let object = machine.heap.get_mut(id);
        object.is_open = true;
        let mut whole = Value::unknown(Shape::Object).with_origins(found.origins);
        whole.control = found.control;
        object.elements.push(whole);
    }
    for part in asked.objects().collect::<Vec<_>>() {
        for (name, wanted) in own_properties(machine, part) {
            if wanted.truth() == Some(false) || name == "_count" {
                continue;
            }
            let value = asked_field(host, machine, model, name, &wanted, found, span, depth);
            let object = machine.heap.get_mut(id);
            object.properties.insert(name, value);
        }
    }
    store::exchange(found, &Atom::Unknown(Shape::Object), Atom::Object(id))
}

#[expect(clippy::too_many_arguments, reason = "one step of a recursion")]
fn asked_field(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    model: Ustr,
    name: Ustr,
    wanted: &Value,
    found: &Value,
    span: Span,
    depth: usize,
) -> Value {
    let relation = host.state().prisma.schema.relation(model, &name).cloned();
    let of_principal = host
        .origins_of(machine, found.origins)
        .iter()
        .any(|origin| {
            matches!(
                origin,
                Origin::Record {
                    of_principal: true,
                    ..
                }
            )
        });
    let (asset, field) = match &relation {
        Some(relation) => (relation.kind, Ustr::default()),
        None => (model, name),
    };
    let origin = Origin::Record {
        asset,
        field,
        of_principal,
    };
    let Some(relation) = relation else {
        let mut value = Value::unknown(Shape::Any);
        value.origins = host.origin(machine, origin);
        value.control = found.control;
        return value;
    };
    let filter = included_conditions(host, machine, &relation, wanted);
    let is_of_caller = |field: &firedoor_app::Field| field.value.is_of_principal();
    let origin = match filter.fields.iter().any(is_of_caller) {
        true => Origin::Record {
            asset,
            field,
            of_principal: true,
        },
        false => origin,
    };
    note_included(host, machine, model, &relation, (found, &filter), span);
    let mut whole = Value::atoms_of([Atom::Null, Atom::Unknown(Shape::Object)]);
    whole.origins = host.origin(machine, origin);
    whole.control = found.control;
    let inner = record(
        host,
        machine,
        relation.kind,
        wanted,
        &whole,
        span,
        depth + 1,
    );
    if relation.is_list {
        let inner = store::exchange(&inner, &Atom::Null, Atom::Undefined);
        return store::list_of(machine, &inner, span);
    }
    inner
}

/// Which records of a relation are asked for.
fn included_conditions(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    relation: &schema::SchemaField,
    wanted: &Value,
) -> Conditions {
    let options = wanted.filter(|atom| matches!(atom, Atom::Object(_)));
    let query = Query {
        model: relation.kind,
        method: Ustr::from("findMany"),
        options: options.unwrap_or_else(Value::undefined),
    };
    conditions(host, machine, &query)
}

/// Records of a relation are read too.
fn note_included(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    model: Ustr,
    relation: &schema::SchemaField,
    (found, filter): (&Value, &Conditions),
    span: Span,
) {
    let own = host.origins_of(machine, found.origins);
    let key = own.into_iter().map(|origin| match origin {
        Origin::Record {
            asset,
            of_principal,
            ..
        } => Origin::Record {
            asset,
            field: relation
                .keys
                .first()
                .copied()
                .unwrap_or_else(|| Ustr::from("id")),
            of_principal,
        },
        other => other,
    });
    let back = host.state().prisma.schema.reference(relation.kind, model);
    let name = if relation.keys.is_empty() {
        back.unwrap_or_else(|| Ustr::from(&model.to_lowercase()))
    } else {
        Ustr::from("id")
    };
    let mut access = store::access(host, Operation::Read, relation.kind);
    access.is_many = relation.is_list;
    access.key.push(firedoor_app::Field {
        name,
        value: firedoor_app::Provenance::new(key),
        operator: "=",
    });
    access.key.extend(filter.fields.iter().cloned());
    store::note(host, machine, access, span);
}

/// `$transaction([queries])` and `$transaction(async tx => ...)`.
fn transaction(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let body = call.arguments.get(0);
    let span = call.span;
    let this = call.this.clone();
    let is_plain = store::is_plain(host, machine, &call.arguments.get(1));
    let promise = tools::promised(machine, span, |machine| {
        store::in_plain_transaction(host, machine, is_plain, |machine| {
            if store::is_function(machine, &body) {
                let arguments = Arguments::positional([this]);
                let result = machine.call_value(&body, None, &arguments, span)?;
                return machine.await_value(&result, span);
            }
            let (queries, is_open) = machine.elements_of(&body);
            let mut results = Vec::new();
            for query in &queries {
                results.push(machine.await_value(query, span)?);
            }
            Ok(machine.make_list(results, is_open, span))
        })
    })?;
    Ok(Some(promise))
}

/// `$queryRaw` as a tag, with a piece of SQL, or with a text and parameters.
fn raw(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let sent = if sql::is_tag(machine, call.arguments) {
        template(host, machine, call.arguments)
    } else {
        let first = call.arguments.get(0);
        let known = first.only_object();
        let known = known.and_then(|id| host.state().sql_queries.get(&id).cloned());
        let mut sent = known.unwrap_or_else(|| Sent::new(&first));
        sent.add(
            machine,
            call.arguments.positional.get(1..).unwrap_or_default(),
        );
        sent
    };
    let ran = sql::run(host, machine, &sent, call.span);
    let value = if method_name(&call.path).starts_with("$execute") {
        ran.changes
    } else {
        sql::rows(machine, &ran, call.span)
    };
    Ok(Some(machine.make_promise(
        Some(value),
        Vec::new(),
        Vec::new(),
        call.span,
    )))
}

fn template(host: &ModelHost, machine: &mut Machine<'_>, arguments: &Arguments) -> Sent {
    sql::template(machine, arguments, &|machine, value| {
        let id = value.only_object()?;
        if matches!(&machine.heap.get(id).kind, ObjectKind::Host(path) if path == "prisma:pasted") {
            return Some(sql::Part::Pasted);
        }
        let sent = host.state().sql_queries.get(&id).cloned();
        sent.map(sql::Part::Text)
    })
}

/// `` Prisma.sql`...` ``.
fn sql_part(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let sent = template(host, machine, call.arguments);
    let id = host.make_object(machine, "prisma:sql", call.span);
    machine.heap.get_mut(id).elements = sent.positional.clone();
    host.state().sql_queries.insert(id, sent);
    Ok(Some(Value::object(id)))
}

/// `Prisma.raw(text)` and `Prisma.join(list)`.
fn sql_pasted(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "prisma:pasted", call.span);
    machine.heap.get_mut(id).elements = call.arguments.positional.clone();
    Ok(Some(Value::object(id)))
}

/// Notes an access to another model that is part of a query.
fn note(host: &ModelHost, machine: &Machine<'_>, access: Access, span: Span) {
    store::note(host, machine, access, span);
}
