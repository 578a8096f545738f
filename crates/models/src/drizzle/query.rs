//! Queries: what was called on a builder, and what running it does.

use firedoor_app::{Field, OR, Operation, Origin, Provenance};
use firedoor_eval::{Answer, Arguments, Atom, Call, Machine, ObjectId, Shape, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::{Column, shapes, ways};
use crate::ModelHost;
use crate::alternatives::of_anybody;
use crate::sql::Sent;
use crate::sqltext;
use crate::store::{self, Conditions, method_name, own_properties, property};
use crate::tools;

/// A condition on a column.
#[derive(Clone)]
pub(super) struct Condition {
    pub(super) asset: Ustr,
    pub(super) column: Ustr,
    pub(super) operator: &'static str,
    pub(super) value: Value,
}

/// `db.select()`, `db.insert(table)` and so on.
pub(super) fn start(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let method = method_name(&call.path);
    let is_known = matches!(
        method,
        "select" | "selectDistinct" | "insert" | "update" | "delete" | "$count"
    );
    if !is_known {
        return Ok(None);
    }
    let id = host.make_object(machine, "drizzle:builder", call.span);
    push(machine, id, method, &call.arguments.positional, call.span);
    Ok(Some(Value::object(id)))
}

fn push(machine: &mut Machine<'_>, id: ObjectId, name: &str, arguments: &[Value], span: Span) {
    let mut step = vec![Value::string(name)];
    step.extend(arguments.iter().cloned());
    let step = machine.make_list(step, false, span);
    machine.heap.elements_mut(id).push(step);
}

/// A method of a builder is noted with its arguments.
pub(super) fn chain(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(id) = call.receiver {
        let name = method_name(&call.path);
        push(machine, id, name, &call.arguments.positional, call.span);
    }
    Ok(Some(call.this.clone()))
}

/// `db.query.users.findFirst({ where, with, columns })`.
pub(super) fn relational(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(table) = property(machine, &call.this, "$table") else {
        return Ok(None);
    };
    let id = host.make_object(machine, "drizzle:builder", call.span);
    let name = method_name(&call.path).to_owned();
    let options = call.arguments.get(0);
    push(machine, id, "from", std::slice::from_ref(&table), call.span);
    push(
        machine,
        id,
        &name,
        std::slice::from_ref(&options),
        call.span,
    );
    if let Some(mut test) = property(machine, &options, "where") {
        if store::is_function(machine, &test) {
            let operators = Value::outside("npm:drizzle-orm");
            let arguments = Arguments::positional([table, operators]);
            test = machine.call_value(&test, None, &arguments, call.span)?;
        }
        push(machine, id, "where", &[test], call.span);
    }
    Ok(Some(Value::object(id)))
}

/// `builder.get()`, `all()`, `run()`, `execute()` run it at once; with SQLite they need no waiting.
pub(super) fn run_now(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.receiver else {
        return Ok(None);
    };
    push(machine, id, method_name(&call.path), &[], call.span);
    execute(host, machine, id)
}

pub(super) fn then(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.receiver else {
        return Ok(None);
    };
    let promise = tools::promised(machine, call.span, |machine| {
        Ok(execute(host, machine, id)?.unwrap_or_else(Value::undefined))
    })?;
    let name = Ustr::from(method_name(&call.path));
    machine
        .call_member(&promise, name, call.arguments, call.span)
        .map(Some)
}

/// What a builder comes to.
#[derive(Default)]
pub(super) struct Plan {
    table: Option<(Ustr, ObjectId)>,
    pub(super) joined: Vec<Ustr>,
    operation: Option<Operation>,
    /// The conditions of each way in which the program may have chosen them; all of them hold.
    ways: Vec<Vec<Condition>>,
    values: Vec<Field>,
    spread: Vec<Provenance>,
    /// What is changed where there is a record with the same values in these columns.
    overwritten: Option<(Vec<Ustr>, Vec<Field>)>,
    pub(super) columns: Option<Value>,
    pub(super) options: Option<Value>,
    is_first: bool,
    is_limited: bool,
    is_returning: bool,
    is_locking: bool,
}

fn plan(host: &ModelHost, machine: &mut Machine<'_>, id: ObjectId) -> Plan {
    let mut plan = Plan {
        ways: vec![Vec::new()],
        ..Plan::default()
    };
    for step in machine.heap.get(id).elements.clone() {
        let parts = store::parts(machine, &step);
        if let Some((name, arguments)) = parts.split_first() {
            let name = name.text().unwrap_or_default();
            add_step(host, machine, &name, arguments, &mut plan);
        }
    }
    plan
}

pub(super) fn table_of(host: &ModelHost, value: &Value) -> Option<(Ustr, ObjectId)> {
    let id = value.objects().next()?;
    let state = host.state();
    Some((state.drizzle.tables.get(&id)?.asset, id))
}

fn add_step(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    name: &str,
    arguments: &[Value],
    plan: &mut Plan,
) {
    let first = arguments.first().cloned().unwrap_or_else(Value::undefined);
    match name {
        "select" | "selectDistinct" => {
            plan.operation = Some(Operation::Read);
            plan.columns = arguments.first().cloned();
        }
        "insert" | "update" | "delete" | "$count" => {
            plan.operation = Some(match name {
                "insert" => Operation::Create,
                "update" => Operation::Update,
                "delete" => Operation::Delete,
                _ => Operation::Count,
            });
            plan.table = table_of(host, &first);
            if let Some(test) = arguments.get(1) {
                add_condition(host, machine, test, plan);
            }
        }
        "from" => plan.table = table_of(host, &first),
        "innerJoin" | "leftJoin" | "rightJoin" | "fullJoin" => {
            plan.joined
                .extend(table_of(host, &first).map(|(name, _)| name));
            if let Some(test) = arguments.get(1) {
                add_condition(host, machine, test, plan);
            }
        }
        "where" | "having" => add_condition(host, machine, &first, plan),
        "values" | "set" => add_values(host, machine, &first, plan),
        "onConflictDoUpdate" => {
            if let Some(values) = property(machine, &first, "set") {
                let known = plan.values.len();
                add_values(host, machine, &values, plan);
                let changed = plan.values[known..].to_vec();
                plan.overwritten = Some((targets(host, machine, &first), changed));
            }
        }
        "returning" => {
            plan.is_returning = true;
            plan.columns = arguments.first().cloned();
        }
        "limit" => plan.is_limited = first.as_number() == Some(1.0),
        "for" => plan.is_locking = true,
        "get" | "findFirst" => {
            plan.is_first = true;
            plan.options = arguments.first().cloned();
        }
        "findMany" => plan.options = arguments.first().cloned(),
        _ => {}
    }
}

/// The columns of which `onConflictDoUpdate({ target, set })` says that they tell records apart.
fn targets(host: &ModelHost, machine: &mut Machine<'_>, options: &Value) -> Vec<Ustr> {
    let target = property(machine, options, "target").unwrap_or_else(Value::undefined);
    let mut columns = store::parts(machine, &target);
    columns.push(target);
    let state = host.state();
    let names = columns.iter().filter_map(|column| {
        let column = state.drizzle.columns.get(&column.only_object()?)?;
        Some(column.name)
    });
    let mut names: Vec<Ustr> = names.collect();
    names.dedup();
    names
}

/// `{ coins: sql`${users.coins} - ${price}` }` is an increment.
fn add_values(host: &ModelHost, machine: &mut Machine<'_>, values: &Value, plan: &mut Plan) {
    for row in store::parts(machine, values) {
        let (mut fields, spread) = store::written(host, machine, &row);
        for field in &mut fields {
            let value = property(machine, &row, &field.name);
            let sent = value
                .and_then(|value| value.only_object())
                .and_then(|id| host.state().sql_queries.get(&id).cloned());
            let Some(Sent {
                text: Some(text),
                positional,
                ..
            }) = sent
            else {
                continue;
            };
            let given = positional.iter();
            let given: Vec<Provenance> = given
                .map(|value| host.deep_provenance(machine, value))
                .collect();
            let table = plan
                .table
                .map_or_else(|| Ustr::from("t"), |(asset, _)| asset);
            read_sql(field, &table, &text, &given);
        }
        plan.values.extend(fields);
        plan.spread.extend(spread);
    }
}

/// Reads what is written as SQL: by how much the column grows, constants included, and whether it follows the clock of
/// the database.
fn read_sql(field: &mut Field, table: &str, text: &str, given: &[Provenance]) {
    let accesses = sqltext::accesses(
        &format!("UPDATE {table} SET {} = {text}", field.name),
        given,
        &[],
    );
    let mut values = accesses.iter().flat_map(|access| &access.values);
    let read = values.find(|value| value.name == field.name);
    if let Some(read) = read.filter(|read| matches!(read.operator, "+=" | "-=")) {
        field.operator = read.operator;
        field.value = field.value.union(&read.value);
        return;
    }
    if read.is_some_and(|read| read.value.origins().contains(&Origin::Clock)) {
        let clock = Provenance::new([Origin::Clock]);
        field.value = field.value.union(&clock);
    }
}

/// Where the program chooses between conditions, one of them holds: each way to choose is a query of its own.
fn add_condition(host: &ModelHost, machine: &mut Machine<'_>, test: &Value, plan: &mut Plan) {
    let table = plan.table.map(|(asset, _)| asset);
    let more = ways::of(host, machine, test, table, 0);
    plan.ways = ways::both(&plan.ways, &more);
}

pub(super) fn operator(name: &str) -> &'static str {
    match name {
        "ne" | "isNotNull" => "!=",
        "gt" => ">",
        "gte" | "between" => ">=",
        "lt" => "<",
        "lte" => "<=",
        "inArray" | "arrayContains" => "in",
        "notInArray" => "not in",
        "like" | "ilike" => "like",
        "exists" => "exists",
        _ => "=",
    }
}

pub(super) fn column_value(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    column: &Column,
    of_principal: bool,
) -> Value {
    let origin = Origin::Record {
        asset: column.asset,
        field: column.name,
        of_principal,
    };
    host.with_origin(machine, Value::unknown(Shape::Any), origin)
}

/// Runs a builder.
pub(super) fn execute(host: &ModelHost, machine: &mut Machine<'_>, id: ObjectId) -> Answer {
    let span = machine.heap.get(id).span;
    let plan = plan(host, machine, id);
    let Some((asset, table)) = plan.table else {
        return Ok(Some(Value::unknown(Shape::Any)));
    };
    let mut found: Option<Conditions> = None;
    for way in &plan.ways {
        let key = note_way(host, machine, &plan, way, asset, span);
        // What is found is the caller's only if it is on all ways.
        let is_own = key.fields.iter().any(|field| sqltext::is_own(&field.value));
        if found.is_none() || !is_own {
            found = Some(key);
        }
    }
    note_overwritten(host, machine, &plan, asset, span);
    let key = found.unwrap_or_default();
    result(host, machine, &plan, asset, table, &key, span).map(Some)
}

/// Notes what the query does where these conditions were chosen, and returns its key.
fn note_way(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    plan: &Plan,
    way: &[Condition],
    asset: Ustr,
    span: Span,
) -> Conditions {
    let mut own = false;
    let mut key = Conditions::default();
    for joined in &plan.joined {
        let joined_key = key_of(host, machine, way, *joined);
        own |= joined_key
            .fields
            .iter()
            .any(|field| sqltext::is_own(&field.value));
        let mut access = store::access(host, Operation::Read, *joined);
        access.key.clone_from(&joined_key.fields);
        store::note(host, machine, access, span);
        key.values.extend(joined_key.values);
    }
    let main = key_of(host, machine, way, asset);
    key.fields = main.fields;
    key.values.extend(main.values);
    if own {
        for field in &mut key.fields {
            field.value = owned(&field.value);
        }
    }
    let is_counting = plan
        .columns
        .as_ref()
        .is_some_and(|columns| is_count(host, machine, columns));
    let operation = match plan.operation.unwrap_or(Operation::Read) {
        Operation::Read if is_counting => Operation::Count,
        other => other,
    };
    let mut access = store::access(host, operation, asset);
    access.key.clone_from(&key.fields);
    access.values.clone_from(&plan.values);
    access.spread.clone_from(&plan.spread);
    access.is_in_transaction |= plan.is_locking;
    access.is_unlocked &= !plan.is_locking;
    let by_key = key.fields.iter().any(|field| field.operator == "=");
    let is_one = plan.is_first || plan.is_limited || by_key;
    access.is_many = !is_one && operation != Operation::Create;
    store::note(host, machine, access, span);
    key
}

/// An insert that changes what is there already changes whatever record the client names, where he chooses by what
/// records are told apart. To count up is no more than to be counted.
fn note_overwritten(host: &ModelHost, machine: &Machine<'_>, plan: &Plan, asset: Ustr, span: Span) {
    let Some((columns, values)) = &plan.overwritten else {
        return;
    };
    let is_target = |field: &&Field| columns.contains(&field.name);
    let key: Vec<Field> = plan.values.iter().filter(is_target).cloned().collect();
    let is_of_caller = key.iter().any(|field| field.value.is_of_principal());
    let is_chosen = key.iter().any(|field| field.value.is_from_client());
    let is_set = |field: &&Field| field.operator == "=";
    let set: Vec<Field> = values.iter().filter(is_set).cloned().collect();
    if is_of_caller || !is_chosen || set.is_empty() {
        return;
    }
    let mut access = store::access(host, Operation::Update, asset);
    access.key = key;
    access.values = set;
    store::note(host, machine, access, span);
}

/// What a join with a record of the caller's says is the caller's too.
fn owned(value: &Provenance) -> Provenance {
    Provenance::new(value.origins().iter().map(|origin| match origin {
        Origin::Record { asset, field, .. } => Origin::Record {
            asset: *asset,
            field: *field,
            of_principal: true,
        },
        other => other.clone(),
    }))
}

fn key_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    way: &[Condition],
    asset: Ustr,
) -> Conditions {
    let mut key = Conditions::default();
    for condition in way.iter().filter(|it| it.asset == asset) {
        key.add(
            host,
            machine,
            &condition.column,
            condition.operator,
            &condition.value,
        );
    }
    for field in key.fields.iter_mut().filter(|it| it.operator == OR) {
        field.value = of_anybody(&field.value);
    }
    key
}

fn is_count(host: &ModelHost, machine: &Machine<'_>, columns: &Value) -> bool {
    let state = host.state();
    let mut values = columns
        .objects()
        .flat_map(|id| own_properties(machine, id))
        .peekable();
    values.peek().is_some()
        && values.all(|(_, value)| {
            value
                .only_object()
                .is_some_and(|id| state.sql_queries.contains_key(&id))
        })
}

fn result(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    plan: &Plan,
    asset: Ustr,
    table: ObjectId,
    key: &Conditions,
    span: Span,
) -> Result<Value, Stop> {
    let operation = plan.operation.unwrap_or(Operation::Read);
    if operation == Operation::Count {
        return Ok(store::counted(host, machine, asset, key, "count"));
    }
    if operation != Operation::Read && !plan.is_returning {
        let names = [
            "changes",
            "rowCount",
            "rowsAffected",
            "affectedRows",
            "length",
        ];
        return Ok(store::counts(host, machine, asset, key, &names, span));
    }
    let mut row = store::found_one(host, machine, asset, key, Atom::Undefined);
    if operation == Operation::Create {
        row = store::existing(host, machine, asset, key);
    }
    if !row.is_nothing()
        && let Some(object) = shapes::shape(host, machine, plan, (asset, table), &row, span)
    {
        row = store::exchange(&row, &Atom::Unknown(Shape::Object), Atom::Object(object));
    }
    Ok(if plan.is_first {
        row
    } else {
        store::list_of(machine, &row, span)
    })
}
