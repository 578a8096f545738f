//! What a builder comes to, and what running it gives.

use firedoor_app::{Field, Operation};
use firedoor_eval::{Answer, Atom, Call, Machine, ObjectId, Shape, Stop, TestKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::{bare_name, conditions, method_name};
use crate::builders::{self, Statement};
use crate::sql;
use crate::store::{self, Conditions};
use crate::{ModelHost, tools};

/// What a builder comes to.
struct Plan {
    operation: Operation,
    table: Option<Ustr>,
    key: Conditions,
    values: Vec<Field>,
    spread: Vec<firedoor_app::Provenance>,
    joined: Vec<Ustr>,
    /// The columns that are asked for; `None` if not all of them are known.
    columns: Option<Vec<(Ustr, Ustr)>>,
    /// What the numbers of rows that are asked for are called.
    counts: Vec<Ustr>,
    is_returning: bool,
    is_locking: bool,
}

impl Plan {
    /// Holds if how many rows there are is all that is asked for.
    fn is_count(&self) -> bool {
        !self.counts.is_empty() && self.columns.as_ref().is_some_and(Vec::is_empty)
    }
}

/// `execute`, `executeTakeFirst` and `executeTakeFirstOrThrow`.
pub(super) fn execute(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.receiver else {
        return Ok(None);
    };
    let name = method_name(&call.path);
    let promise = tools::promised(machine, call.span, |machine| run(host, machine, id, name))?;
    Ok(Some(promise))
}

/// Notes what a query within another finds, and returns its table with what it asks for.
pub(super) fn note_part(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
) -> Result<Option<(Ustr, Conditions)>, Stop> {
    let span = machine.heap.get(id).span;
    let plan = plan(host, machine, id)?;
    let Some(table) = plan.table else {
        return Ok(None);
    };
    note(host, machine, table, &plan, true, span);
    Ok(Some((table, plan.key)))
}

/// Returns what a query in the place of a value finds.
pub(super) fn found_in(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
) -> Result<Value, Stop> {
    let span = machine.heap.get(id).span;
    let plan = plan(host, machine, id)?;
    let Some(table) = plan.table else {
        return Ok(Value::unknown(Shape::Any));
    };
    note(host, machine, table, &plan, true, span);
    let row = store::existing(host, machine, table, &plan.key);
    match plan.columns.as_ref().and_then(|columns| columns.first()) {
        Some((column, _)) => machine.member(&row, *column, span),
        None => Ok(row),
    }
}

fn run(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    method: &str,
) -> Result<Value, Stop> {
    let span = machine.heap.get(id).span;
    let plan = plan(host, machine, id)?;
    let Some(table) = plan.table else {
        return Ok(Value::unknown(Shape::Any));
    };
    let is_many = method == "execute";
    note(host, machine, table, &plan, is_many, span);
    let found = result(host, machine, table, &plan, span)?;
    if is_many {
        return Ok(store::list_of(machine, &found, span));
    }
    let may_fail = plan.operation != Operation::Create && !plan.is_count();
    if may_fail && method.ends_with("OrThrow") {
        let outcome = machine.truth(&found);
        let test = machine.tested(TestKind::Truth, outcome, &[&found], span);
        let error = Value::outside("npm:kysely.NoResultError()");
        tools::require(machine, &test, &error, span)?;
        return Ok(found.filter(|atom| !atom.is_nothing()).unwrap_or(found));
    }
    Ok(found)
}

fn note(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    table: Ustr,
    plan: &Plan,
    is_many: bool,
    span: Span,
) {
    let mut key = plan.key.fields.iter();
    let by_id = key.any(|field| field.operator == "=" && field.name.as_str() == "id");
    let statement = Statement {
        operation: match plan.operation {
            Operation::Read if plan.is_count() => Operation::Count,
            other => other,
        },
        table,
        key: &plan.key.fields,
        values: &plan.values,
        spread: &plan.spread,
        joined: &plan.joined,
        is_locking: plan.is_locking,
        is_many: is_many && !by_id,
    };
    builders::note(host, machine, &statement, span);
}

/// Returns the row that is found, made or changed, or how many were.
fn result(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    table: Ustr,
    plan: &Plan,
    span: Span,
) -> Result<Value, Stop> {
    let names: Vec<&str> = plan.counts.iter().map(Ustr::as_str).collect();
    if plan.is_count() {
        return Ok(store::counts(host, machine, table, &plan.key, &names, span));
    }
    let row = match plan.operation {
        Operation::Create => store::existing(host, machine, table, &plan.key),
        _ => store::found_one(host, machine, table, &plan.key, Atom::Undefined),
    };
    if plan.operation != Operation::Read && !plan.is_returning {
        return Ok(match plan.operation {
            Operation::Create => {
                let id = machine.member(&row, Ustr::from("id"), span)?;
                sql::object(machine, &[("insertId", id)], span)
            }
            _ => {
                let names = ["numUpdatedRows", "numChangedRows", "numDeletedRows"];
                store::counts(host, machine, table, &plan.key, &names, span)
            }
        });
    }
    let mut numbers = Vec::new();
    for name in names {
        numbers.push((name, store::counted(host, machine, table, &plan.key, name)));
    }
    chosen(machine, plan, row, numbers, span)
}

/// The row has the columns and numbers that were asked for, and no others.
fn chosen<'p>(
    machine: &mut Machine<'_>,
    plan: &'p Plan,
    row: Value,
    numbers: Vec<(&'p str, Value)>,
    span: Span,
) -> Result<Value, Stop> {
    let Some(columns) = plan.columns.as_ref().filter(|columns| !columns.is_empty()) else {
        return Ok(row);
    };
    let Some(there) = row.filter(|atom| !atom.is_nothing()) else {
        return Ok(row);
    };
    let mut properties = numbers;
    for (column, name) in columns {
        properties.push((name.as_str(), machine.member(&there, *column, span)?));
    }
    let object = sql::object(machine, &properties, span);
    let Some(id) = object.only_object() else {
        return Ok(row);
    };
    let mut row = row;
    for atom in there.atoms().to_vec() {
        row = store::exchange(&row, &atom, Atom::Object(id));
    }
    Ok(row)
}

fn plan(host: &ModelHost, machine: &mut Machine<'_>, id: ObjectId) -> Result<Plan, Stop> {
    let mut plan = Plan {
        operation: Operation::Read,
        table: None,
        key: Conditions::default(),
        values: Vec::new(),
        spread: Vec::new(),
        joined: Vec::new(),
        columns: Some(Vec::new()),
        counts: Vec::new(),
        is_returning: false,
        is_locking: false,
    };
    for step in machine.heap.get(id).elements.clone() {
        if let Some((name, arguments)) = conditions::step(machine, &step) {
            add_step(host, machine, &name, &arguments, &mut plan)?;
        }
    }
    Ok(plan)
}

fn add_step(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    name: &str,
    arguments: &[Value],
    plan: &mut Plan,
) -> Result<(), Stop> {
    let first = arguments.first().cloned().unwrap_or_else(Value::undefined);
    let begins = match name {
        "selectFrom" => Some(Operation::Read),
        "insertInto" | "replaceInto" => Some(Operation::Create),
        "updateTable" => Some(Operation::Update),
        "deleteFrom" => Some(Operation::Delete),
        _ => None,
    };
    if let Some(operation) = begins {
        let mut tables = store::parts(machine, &first).into_iter();
        plan.operation = operation;
        plan.table = tables.next().and_then(|table| bare_name(&table));
        plan.joined
            .extend(tables.filter_map(|table| bare_name(&table)));
        return Ok(());
    }
    match name {
        "where" | "having" => conditions::add(host, machine, arguments, &mut plan.key)?,
        "values" => add_written(host, machine, &first, plan),
        "set" => match (bare_name(&first), arguments.get(1)) {
            (Some(name), Some(value)) => add_value(host, machine, name, value, plan),
            _ => add_written(host, machine, &first, plan),
        },
        "onConflict" => {
            let set = first
                .objects()
                .flat_map(|id| machine.heap.get(id).elements.clone());
            for row in set.collect::<Vec<_>>() {
                add_written(host, machine, &row, plan);
            }
        }
        "returning" => {
            plan.is_returning = true;
            add_columns(machine, &first, plan);
        }
        "returningAll" => {
            plan.is_returning = true;
            plan.columns = None;
        }
        "selectAll" => plan.columns = None,
        "select" => add_columns(machine, &first, plan),
        "forUpdate" | "forShare" | "forNoKeyUpdate" => plan.is_locking = true,
        _ if name.ends_with("Join") => plan.joined.extend(bare_name(&first)),
        _ => {}
    }
    Ok(())
}

/// `select('id')`, `select(['person.id', 'name as first'])`, `select((eb) => eb.fn.countAll().as('n'))`.
fn add_columns(machine: &mut Machine<'_>, given: &Value, plan: &mut Plan) {
    for part in store::parts(machine, given) {
        if let Some(name) = conditions::count_called(machine, &part) {
            plan.counts.push(name);
            continue;
        }
        let Some(text) = part.text() else {
            plan.columns = None;
            continue;
        };
        let (Some(column), Some(last)) = (bare_name(&part), text.split_whitespace().last()) else {
            continue;
        };
        let name = last.rsplit('.').next().unwrap_or(last);
        if let Some(columns) = &mut plan.columns {
            columns.push((column, Ustr::from(name)));
        }
    }
}

fn add_written(host: &ModelHost, machine: &mut Machine<'_>, value: &Value, plan: &mut Plan) {
    for row in store::parts(machine, value) {
        let counted = counted_in(host, machine, &row);
        let (fields, spread) = store::written(host, machine, &row);
        let is_plain = |field: &Field| !counted.iter().any(|it| it.name == field.name);
        plan.values.extend(fields.into_iter().filter(is_plain));
        plan.values.extend(counted);
        plan.spread.extend(spread);
    }
}

/// `{ coins: eb('coins', '-', price) }`: the fields that are counted up or down.
fn counted_in(host: &ModelHost, machine: &mut Machine<'_>, row: &Value) -> Vec<Field> {
    let mut counted = Vec::new();
    for id in row.objects().collect::<Vec<_>>() {
        for (name, value) in store::own_properties(machine, id) {
            counted.extend(count_of(host, machine, name, &value));
        }
    }
    counted
}

fn count_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    name: Ustr,
    value: &Value,
) -> Option<Field> {
    let (word, parts) = conditions::read(machine, value)?;
    let [column, operator, by] = parts.as_slice() else {
        return None;
    };
    let operator = match operator.text()?.as_str() {
        "+" => "+=",
        "-" => "-=",
        _ => return None,
    };
    (word.as_str() == "where" && bare_name(column) == Some(name)).then(|| Field {
        name,
        value: host.deep_provenance(machine, by),
        operator,
    })
}

fn add_value(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    name: Ustr,
    value: &Value,
    plan: &mut Plan,
) {
    let field = count_of(host, machine, name, value).unwrap_or_else(|| Field {
        name,
        value: host.deep_provenance(machine, value),
        operator: "=",
    });
    plan.values.push(field);
}
