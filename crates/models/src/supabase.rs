//! The query builder of Supabase 2: <https://supabase.com/docs/reference/javascript/select>.
//!
//! `client.from('orders')` makes a builder, on which filters and one operation are collected; it runs when it is
//! waited for, and gives `{data, error, count}`. Source: @supabase/postgrest-js 1.21, `src/PostgrestBuilder.ts`.
//!
//! Clients of `@supabase/ssr` act as the visitor, so that the database decides what he may see; those are left out.

use firedoor_app::{AssetKind, Field, Operation};
use firedoor_eval::{Answer, Atom, Call, Machine, ObjectId, Shape, Value};
use ustr::Ustr;

use crate::store::{self, Conditions, method_name};
use crate::{Model, ModelHost, sql, tools};

/// The model.
pub static MODEL: Model = Model {
    name: "supabase",
    calls: &[
        ("npm:@supabase/supabase-js.createClient().from", table),
        (
            "npm:@supabase/supabase-js.default.createClient().from",
            table,
        ),
        ("supabase:builder.then", then),
        ("supabase:builder.catch", then),
        ("supabase:builder.*", chain),
    ],
    awaits: &[("supabase:builder", execute)],
    ..Model::EMPTY
};

/// `client.from('orders')`: the name of the table is the first element, steps follow.
fn table(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "supabase:builder", call.span);
    machine.heap.get_mut(id).elements = vec![call.arguments.get(0)];
    Ok(Some(Value::object(id)))
}

/// A method of a builder is noted with its arguments.
fn chain(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.receiver else {
        return Ok(None);
    };
    let mut step = vec![Value::string(method_name(&call.path))];
    step.extend(call.arguments.positional.iter().cloned());
    let step = machine.make_list(step, false, call.span);
    machine.heap.push_element(id, step);
    Ok(Some(call.this.clone()))
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

/// What a builder comes to.
#[derive(Default)]
struct Plan {
    operation: Option<Operation>,
    key: Conditions,
    values: Vec<Field>,
    spread: Vec<firedoor_app::Provenance>,
    is_first: bool,
    is_selected: bool,
    is_counted: bool,
}

fn execute(host: &ModelHost, machine: &mut Machine<'_>, id: ObjectId) -> Answer {
    let span = machine.heap.get(id).span;
    let mut steps = machine.heap.get(id).elements.clone().into_iter();
    let table = steps.next().and_then(|name| name.text());
    let mut plan = Plan::default();
    for step in steps {
        let parts = store::parts(machine, &step);
        if let Some((name, arguments)) = parts.split_first() {
            let name = name.text().unwrap_or_default();
            add_step(host, machine, &name, arguments, &mut plan);
        }
    }
    let Some(table) = table else {
        let data = Value::unknown(Shape::Any);
        let error = Value::unknown(Shape::Any);
        let properties = [("data", data), ("error", error)];
        return Ok(Some(sql::object(machine, &properties, span)));
    };
    store::declare(host, table, AssetKind::Table, span, Vec::new());
    let operation = match plan.operation {
        None if plan.is_counted => Operation::Count,
        found => found.unwrap_or(Operation::Read),
    };
    let mut access = store::access(host, operation, table);
    access.key.clone_from(&plan.key.fields);
    access.values = std::mem::take(&mut plan.values);
    access.spread = std::mem::take(&mut plan.spread);
    let is_found_by_value = access.key.iter().any(|field| field.operator == "=");
    access.is_many = !plan.is_first && !is_found_by_value && operation != Operation::Create;
    store::note(host, machine, access, span);
    let data = match operation {
        Operation::Read if plan.is_first => {
            store::found_one(host, machine, table, &plan.key, Atom::Null)
        }
        Operation::Read => store::found_many(host, machine, table, &plan.key, span),
        _ if !plan.is_selected => Value::null(),
        Operation::Create => {
            let key = store::own_key(host, machine, table, "id");
            let made = store::existing(host, machine, table, &key);
            one_or_list(machine, made, plan.is_first, span)
        }
        _ => {
            let found = store::found_one(host, machine, table, &plan.key, Atom::Null);
            one_or_list(machine, found, plan.is_first, span)
        }
    };
    let count = store::counted(host, machine, table, &plan.key, "count");
    let error = Value::atoms_of([Atom::Null, Atom::Unknown(Shape::Object)]);
    let properties = [("data", data), ("error", error), ("count", count)];
    Ok(Some(sql::object(machine, &properties, span)))
}

fn one_or_list(
    machine: &mut Machine<'_>,
    found: Value,
    is_first: bool,
    span: firedoor_source::Span,
) -> Value {
    match is_first {
        true => found,
        false => store::list_of(machine, &found, span),
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
        "select" => {
            plan.is_selected = true;
            let options = arguments.get(1).cloned().unwrap_or_else(Value::undefined);
            let is_head = store::property(machine, &options, "head");
            plan.is_counted |= is_head.and_then(|head| head.truth()) == Some(true);
        }
        "single" | "maybeSingle" => plan.is_first = true,
        "insert" | "upsert" | "update" => {
            plan.operation = Some(match name {
                "update" => Operation::Update,
                _ => Operation::Create,
            });
            for row in store::parts(machine, &first) {
                let (fields, spread) = store::written(host, machine, &row);
                plan.values.extend(fields);
                plan.spread.extend(spread);
            }
        }
        "delete" => plan.operation = Some(Operation::Delete),
        "match" => {
            for id in first.objects().collect::<Vec<_>>() {
                for (name, value) in store::own_properties(machine, id) {
                    plan.key.add(host, machine, &name, "=", &value);
                }
            }
        }
        "or" => plan.key.add_unknown(host, machine, &first),
        _ => {
            if let (Some(operator), Some(value)) = (operator(name), arguments.get(1)) {
                let column = first.text().unwrap_or_default();
                plan.key.add(host, machine, &column, operator, value);
            }
        }
    }
}

/// Returns the operator that a filter stands for.
fn operator(method: &str) -> Option<&'static str> {
    Some(match method {
        "eq" | "is" => "=",
        "neq" => "!=",
        "gt" => ">",
        "gte" => ">=",
        "lt" => "<",
        "lte" => "<=",
        "in" | "contains" | "containedBy" | "overlaps" => "in",
        "like" | "ilike" | "textSearch" => "like",
        _ => return None,
    })
}
