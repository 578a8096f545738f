//! Knex 0.95 to 3: <https://knexjs.org/guide/query-builder.html>.
//!
//! `knex('users')` makes a builder, on which conditions and one operation are collected; it runs when it
//! is waited for. Source: knex 3.1, `lib/query/querybuilder.js`.

mod schema;

use firedoor_app::{Field, Operation};
use firedoor_eval::{Answer, Arguments, Atom, Call, Machine, ObjectId, Shape, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::builders::{self, Statement};
use crate::sql::{self, Sent};
use crate::store::{self, Conditions, Dialect, is_function, method_name};
use crate::{Model, ModelHost, alternatives, tools};

/// The model.
pub static MODEL: Model = Model {
    name: "knex",
    calls: &[
        ("npm:knex", create),
        ("npm:knex.knex", create),
        // The type that a constructor asks for, where a container hands out the client.
        ("npm:knex.Knex", create),
        ("knex:client", table),
        ("knex:client.table", table),
        ("knex:client.from", table),
        ("knex:client.select", empty),
        ("knex:client.insert", empty),
        ("knex:client.with", empty),
        ("knex:client.queryBuilder", empty),
        ("knex:client.raw", raw),
        ("knex:client.transaction", transaction),
        ("knex:client.commit", end),
        ("knex:client.rollback", end),
        ("knex:client.ref", pasted),
        ("knex:client.withSchema", itself),
        ("knex:client.*", itself),
        ("knex:schema.createTable", schema::create_table),
        ("knex:schema.createTableIfNotExists", schema::create_table),
        ("knex:schema.*", itself),
        ("knex:table.foreign", itself),
        ("knex:table.unique", schema::unique),
        ("knex:table.timestamps", itself),
        ("knex:table.index", itself),
        ("knex:table.primary", schema::unique),
        ("knex:table.*", schema::column),
        ("knex:column.unique", schema::column_unique),
        ("knex:column.primary", schema::column_unique),
        ("knex:column.references", schema::references),
        ("knex:column.inTable", schema::in_table),
        ("knex:column.defaultTo", schema::default_to),
        ("knex:column.*", itself),
        ("knex:builder.then", then),
        ("knex:builder.catch", then),
        ("knex:builder.*", chain),
    ],
    members: &[
        ("knex:client.schema", schema::schema),
        ("knex:client.fn", clock),
    ],
    awaits: &[("knex:builder", execute)],
    aliases: &[("npm:knex.default", "npm:knex")],
    ..Model::EMPTY
};

static DIALECT: Dialect = Dialect {
    operator: |_| None,
    groups: &[],
};

/// A builder: what was called on it, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Builder {
    table: Option<Ustr>,
    is_raw: Option<Sent>,
}

fn itself(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.this.clone()))
}

fn create(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "knex:client", call.span);
    let client = tools::option(machine, &call.arguments.get(0), "client", call.span);
    if let Some(name) = client.and_then(|client| client.text()) {
        store::note_database(host, &name);
    }
    Ok(Some(Value::object(id)))
}

fn builder(host: &ModelHost, machine: &mut Machine<'_>, builder: Builder, span: Span) -> ObjectId {
    let id = host.make_object(machine, "knex:builder", span);
    host.state().knex_builders.insert(id, builder);
    id
}

/// `knex('users as u')`.
fn table(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let table = table_name(&call.arguments.get(0));
    let made = Builder {
        table,
        is_raw: None,
    };
    Ok(Some(Value::object(builder(host, machine, made, call.span))))
}

fn table_name(value: &Value) -> Option<Ustr> {
    let text = value.text()?;
    let name = text.split_whitespace().next()?;
    Some(Ustr::from(name.rsplit('.').next().unwrap_or(name)))
}

/// `knex.select('a').from('users')`: the first method is one of the builder's.
fn empty(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = builder(host, machine, Builder::default(), call.span);
    let name = Ustr::from(method_name(&call.path));
    machine
        .call_member(&Value::object(id), name, call.arguments, call.span)
        .map(Some)
}

/// `knex.raw(sql, parameters)`: a statement if it is waited for, else part of one.
fn raw(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let mut sent = Sent::new(&call.arguments.get(0));
    sent.add(
        machine,
        call.arguments.positional.get(1..).unwrap_or_default(),
    );
    let made = Builder {
        table: None,
        is_raw: Some(sent),
    };
    let id = builder(host, machine, made, call.span);
    machine.heap.get_mut(id).elements = call.arguments.positional.clone();
    Ok(Some(Value::object(id)))
}

fn pasted(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(machine.derived(Shape::Any, call.arguments.all())))
}

fn transaction(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let body = call.arguments.get(0);
    let options = call.arguments.positional.last().cloned();
    let is_plain = store::is_plain(host, machine, &options.unwrap_or_else(Value::undefined));
    if !is_function(machine, &body) {
        host.state().run.transactions += 1;
        host.state().run.plain_transactions += u32::from(is_plain);
        return tools::deliver(machine, call, call.this.clone());
    }
    let arguments = Arguments::positional([call.this.clone()]);
    let promise = tools::promised(machine, call.span, |machine| {
        store::in_plain_transaction(host, machine, is_plain, |machine| {
            let result = machine.call_value(&body, None, &arguments, call.span)?;
            machine.await_value(&result, call.span)
        })
    })?;
    Ok(Some(promise))
}

fn end(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    {
        let mut state = host.state();
        state.run.transactions = state.run.transactions.saturating_sub(1);
        state.run.plain_transactions = state.run.plain_transactions.saturating_sub(1);
    }
    tools::deliver(machine, call, Value::undefined())
}

/// `knex.fn.now()` is the time.
fn clock(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let value = Value::unknown(Shape::Object);
    Some(host.with_origin(machine, value, firedoor_app::Origin::Clock))
}

/// A method of a builder is noted with its arguments.
fn chain(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.receiver else {
        return Ok(None);
    };
    let name = method_name(&call.path);
    let arguments = &call.arguments.positional;
    if matches!(name, "from" | "into" | "table")
        && let Some(table) = table_name(&call.arguments.get(0))
    {
        if let Some(builder) = host.state().knex_builders.get_mut(&id) {
            builder.table = Some(table);
        }
        return Ok(Some(call.this.clone()));
    }
    if name == "modify" {
        let mut all = vec![call.this.clone()];
        all.extend(arguments.iter().skip(1).cloned());
        let function = call.arguments.get(0);
        machine.call_value(&function, None, &Arguments::positional(all), call.span)?;
        return Ok(Some(call.this.clone()));
    }
    let mut step = vec![Value::string(name)];
    for argument in arguments {
        if is_function(machine, argument) {
            let inner = Arguments::positional([call.this.clone()]);
            let this = Some(call.this.clone());
            push_mark(machine, id, &format!("{BEGIN}{name}"), call.span);
            machine.call_value(argument, this, &inner, call.span)?;
            push_mark(machine, id, END, call.span);
        } else {
            step.push(argument.clone());
        }
    }
    let step = machine.make_list(step, false, call.span);
    machine.heap.elements_mut(id).push(step);
    Ok(Some(call.this.clone()))
}

/// The steps that stand around those of a function: `where((inner) => inner.where(...).orWhere(...))`.
const BEGIN: &str = "(";
const END: &str = ")";

fn push_mark(machine: &mut Machine<'_>, builder: ObjectId, mark: &str, span: Span) {
    let step = machine.make_list(vec![Value::string(mark)], false, span);
    machine.heap.elements_mut(builder).push(step);
}

/// Conditions within one pair of brackets: of those joined with "or" all but the last, and how they follow on what
/// stands before.
#[derive(Default)]
struct Group {
    earlier: Vec<Conditions>,
    is_alternative: bool,
}

/// What a builder comes to.
struct Plan {
    operation: Operation,
    key: Conditions,
    earlier: Vec<Conditions>,
    outer: Vec<(Group, Conditions)>,
    values: Vec<Field>,
    spread: Vec<firedoor_app::Provenance>,
    joined: Vec<Ustr>,
    is_first: bool,
    is_returning: bool,
    is_count: bool,
    is_locking: bool,
    pluck: Option<Ustr>,
}

fn plan(host: &ModelHost, machine: &mut Machine<'_>, id: ObjectId) -> Plan {
    let mut plan = Plan {
        operation: Operation::Read,
        key: Conditions::default(),
        earlier: Vec::new(),
        outer: Vec::new(),
        values: Vec::new(),
        spread: Vec::new(),
        joined: Vec::new(),
        is_first: false,
        is_returning: false,
        is_count: false,
        is_locking: false,
        pluck: None,
    };
    for step in machine.heap.get(id).elements.clone() {
        let parts = store::parts(machine, &step);
        let Some((name, arguments)) = parts.split_first() else {
            continue;
        };
        let name = name.text().unwrap_or_default();
        if let Some(method) = name.strip_prefix(BEGIN) {
            plan.begin(is_or(method));
        } else if name == END {
            plan.end();
        } else {
            add_step(host, machine, &name, arguments, &mut plan);
        }
    }
    plan.key = plan.both();
    plan
}

fn is_or(method: &str) -> bool {
    method.to_ascii_lowercase().starts_with("or")
}

impl Plan {
    /// Returns all that was asked for since the last bracket, as alternatives where "or" stands between.
    fn both(&mut self) -> Conditions {
        let mut ways = std::mem::take(&mut self.earlier);
        ways.push(std::mem::take(&mut self.key));
        match ways.len() {
            1 => ways.pop().unwrap_or_default(),
            _ => alternatives::joined(ways),
        }
    }

    fn begin(&mut self, is_alternative: bool) {
        let earlier = std::mem::take(&mut self.earlier);
        let group = Group {
            earlier,
            is_alternative,
        };
        self.outer.push((group, std::mem::take(&mut self.key)));
    }

    fn end(&mut self) {
        let inner = self.both();
        let Some((group, key)) = self.outer.pop() else {
            self.key = inner;
            return;
        };
        self.earlier = group.earlier;
        self.key = key;
        if group.is_alternative {
            self.alternative();
        }
        self.key.append(inner);
    }

    /// What follows is asked for instead of what stands before.
    fn alternative(&mut self) {
        if !self.key.fields.is_empty() {
            self.earlier.push(std::mem::take(&mut self.key));
        }
    }
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
        "first" => plan.is_first = true,
        "returning" => plan.is_returning = true,
        "forUpdate" | "forShare" => plan.is_locking = true,
        "count" | "countDistinct" => plan.is_count = true,
        "pluck" => plan.pluck = first.text(),
        "join" | "innerJoin" | "leftJoin" | "rightJoin" => plan.joined.extend(table_name(&first)),
        "insert" => {
            plan.operation = Operation::Create;
            add_written(host, machine, &first, "=", plan);
        }
        "update" => {
            plan.operation = Operation::Update;
            match (first.text(), arguments.get(1)) {
                (Some(name), Some(value)) => add_value(host, machine, name, value, "=", plan),
                _ => add_written(host, machine, &first, "=", plan),
            }
        }
        "merge" => add_written(host, machine, &first, "=", plan),
        "increment" | "decrement" => {
            plan.operation = Operation::Update;
            let operator = if name == "increment" { "+=" } else { "-=" };
            let one = Value::number(1.0);
            match first.text() {
                Some(name) => {
                    let value = arguments.get(1).unwrap_or(&one);
                    add_value(host, machine, name, value, operator, plan);
                }
                None => add_written(host, machine, &first, operator, plan),
            }
        }
        "del" | "delete" | "truncate" => plan.operation = Operation::Delete,
        _ => add_condition(host, machine, name, arguments, plan),
    }
}

fn add_value(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    name: Ustr,
    value: &Value,
    operator: &'static str,
    plan: &mut Plan,
) {
    plan.values.push(Field {
        name,
        value: host.deep_provenance(machine, value),
        operator,
    });
}

fn add_written(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    value: &Value,
    operator: &'static str,
    plan: &mut Plan,
) {
    for row in store::parts(machine, value) {
        let (mut fields, spread) = store::written(host, machine, &row);
        for field in &mut fields {
            field.operator = operator;
        }
        plan.values.extend(fields);
        plan.spread.extend(spread);
    }
}

/// `where({ a: 1 })`, `where('a', 1)`, `where('a', '>', 1)`, `whereIn('a', [1])`, `whereNull('a')`.
fn add_condition(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    name: &str,
    arguments: &[Value],
    plan: &mut Plan,
) {
    let name = name.to_ascii_lowercase();
    let Some(rest) = ["where", "andwhere", "orwhere", "having"]
        .iter()
        .find_map(|start| name.strip_prefix(start))
    else {
        return;
    };
    if is_or(&name) && !arguments.is_empty() {
        plan.alternative();
    }
    let column = arguments
        .first()
        .and_then(Value::text)
        .map(|text| Ustr::from(text.rsplit('.').next().unwrap_or("")));
    match (rest, arguments) {
        ("raw", [_, ..]) => {
            let everything = machine.derived(Shape::Any, arguments);
            plan.key.add_unknown(host, machine, &everything);
        }
        ("null", _) => add_named(host, machine, column, "=", &Value::null(), plan),
        ("notnull", _) => add_named(host, machine, column, "!=", &Value::null(), plan),
        ("in", [_, list]) => add_named(host, machine, column, "in", list, plan),
        ("notin", [_, list]) => add_named(host, machine, column, "not in", list, plan),
        ("like" | "ilike", [_, value]) => add_named(host, machine, column, "like", value, plan),
        ("not", [_, value]) => add_named(host, machine, column, "!=", value, plan),
        ("between", [_, range]) => add_named(host, machine, column, ">=", range, plan),
        (_, [_, operator, value]) => {
            let operator = operator
                .text()
                .map_or("?", |text| builders::operator(&text));
            add_named(host, machine, column, operator, value, plan);
        }
        (_, [_, value]) => add_named(host, machine, column, "=", value, plan),
        (_, [filter]) => {
            let mark = plan.key.fields.len();
            store::add_conditions(host, machine, &DIALECT, filter, "", &mut plan.key, 0);
            for field in &mut plan.key.fields[mark..] {
                field.name = Ustr::from(field.name.rsplit('.').next().unwrap_or(""));
            }
        }
        _ => {}
    }
}

fn add_named(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    column: Option<Ustr>,
    operator: &'static str,
    value: &Value,
    plan: &mut Plan,
) {
    plan.key
        .add(host, machine, &column.unwrap_or_default(), operator, value);
}

fn then(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
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

fn execute(host: &ModelHost, machine: &mut Machine<'_>, id: ObjectId) -> Answer {
    let Some(known) = host.state().knex_builders.get(&id).cloned() else {
        return Ok(None);
    };
    let span = machine.heap.get(id).span;
    if let Some(sent) = known.is_raw {
        let ran = sql::run(host, machine, &sent, span);
        let rows = sql::rows(machine, &ran, span);
        let properties = [("rows", rows), ("rowCount", ran.changes)];
        return Ok(Some(sql::object(machine, &properties, span)));
    }
    let plan = plan(host, machine, id);
    let Some(table) = known.table else {
        return Ok(Some(Value::unknown(Shape::Any)));
    };
    let by_id = plan.key.fields.iter().any(|field| field.operator == "=");
    let statement = Statement {
        operation: match plan.operation {
            Operation::Read if plan.is_count => Operation::Count,
            other => other,
        },
        table,
        key: &plan.key.fields,
        values: &plan.values,
        spread: &plan.spread,
        joined: &plan.joined,
        is_locking: plan.is_locking,
        is_many: !plan.is_first && !by_id,
    };
    builders::note(host, machine, &statement, span);
    result(host, machine, table, &plan, span).map(Some)
}

fn result(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    table: Ustr,
    plan: &Plan,
    span: Span,
) -> Result<Value, Stop> {
    if plan.is_count {
        let count = store::counted(host, machine, table, &plan.key, "count");
        let names = ["count", "count(*)", "n", "total"];
        let properties: Vec<(&str, Value)> = names.map(|name| (name, count.clone())).to_vec();
        let row = sql::object(machine, &properties, span);
        return Ok(if plan.is_first {
            row
        } else {
            machine.make_list(vec![row], false, span)
        });
    }
    let row = store::found_one(host, machine, table, &plan.key, Atom::Undefined);
    Ok(match plan.operation {
        Operation::Create => {
            let there = store::existing(host, machine, table, &plan.key);
            machine.make_list(vec![there], false, span)
        }
        Operation::Read if plan.is_first => row,
        Operation::Update | Operation::Delete if !plan.is_returning => {
            store::counted(host, machine, table, &plan.key, "changes")
        }
        _ => {
            let row = match plan.pluck {
                Some(name) if !row.is_nothing() => machine.member(&row, name, span)?,
                _ => row,
            };
            store::list_of(machine, &row, span)
        }
    })
}
