//! Kysely 0.24 to 0.28: <https://kysely.dev/docs/getting-started>.
//!
//! `db.selectFrom('person')` makes a builder; each method gives a new one, and `execute` runs what was collected.
//! Conditions are columns with operators, or expressions that a function makes with the builder of expressions that it
//! is given. Source: kysely 0.27, `src/query-builder/select-query-builder.ts`, `src/expression/expression-builder.ts`.

mod conditions;
mod plan;

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, Shape, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::sql::{self, Part};
use crate::store::{self, is_function, method_name};
use crate::{Model, ModelHost, tools};

/// The model.
pub static MODEL: Model = Model {
    name: "kysely",
    calls: &[
        ("npm:kysely.Kysely", create),
        // Of classes of the program's own that extend it, too.
        ("npm:kysely.Kysely().selectFrom", begin),
        ("npm:kysely.Kysely().insertInto", begin),
        ("npm:kysely.Kysely().replaceInto", begin),
        ("npm:kysely.Kysely().updateTable", begin),
        ("npm:kysely.Kysely().deleteFrom", begin),
        ("npm:kysely.Kysely().transaction", transaction),
        ("npm:kysely.Kysely().with", with),
        ("npm:kysely.Kysely().withSchema", itself),
        ("npm:kysely.Kysely().startTransaction", transaction),
        ("npm:kysely.Kysely().connection", transaction),
        ("npm:kysely.Kysely().withRecursive", with),
        ("npm:kysely.Kysely().withTables", itself),
        ("npm:kysely.Kysely().withPlugin", itself),
        ("npm:kysely.Kysely().withoutPlugins", itself),
        ("npm:kysely.Kysely().commit", plain),
        ("npm:kysely.Kysely().rollback", plain),
        ("kysely:transaction.execute", in_transaction),
        ("kysely:transaction.*", itself),
        ("kysely:builder.execute", plan::execute),
        ("kysely:builder.executeTakeFirst", plan::execute),
        ("kysely:builder.executeTakeFirstOrThrow", plan::execute),
        ("kysely:builder.$if", chosen),
        ("kysely:builder.$call", called),
        ("kysely:builder.*", chain),
        ("kysely:conflict.*", noted),
        ("kysely:join.*", itself),
        ("kysely:eb", conditions::compared),
        ("kysely:eb.and", conditions::all),
        ("kysely:eb.or", conditions::any),
        ("kysely:eb.not", conditions::not),
        ("kysely:eb.exists", conditions::exists),
        ("kysely:eb.val", conditions::value),
        ("kysely:eb.lit", conditions::value),
        ("kysely:eb.between", conditions::between),
        ("kysely:eb.selectFrom", begin),
        ("kysely:eb.eb", conditions::compared),
        ("kysely:eb.*", conditions::derived),
        ("kysely:fn.*", conditions::function),
        ("kysely:expression.and", conditions::and_also),
        ("kysely:expression.or", conditions::or_else),
        ("kysely:expression.as", conditions::called),
        ("kysely:expression.*", itself),
        ("npm:kysely.expressionBuilder", expressions),
        ("npm:kysely.sql", sql_part),
        ("npm:kysely.sql.*", conditions::derived),
        ("kysely:sql.execute", execute_sql),
        ("kysely:sql.*", itself),
    ],
    members: &[
        ("npm:kysely.Kysely().fn", functions),
        ("kysely:eb.fn", functions),
    ],
    ..Model::EMPTY
};

fn itself(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.this.clone()))
}

fn plain(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    tools::deliver(machine, call, Value::undefined())
}

fn create(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(Value::object(host.make_object(
        machine,
        "npm:kysely.Kysely()",
        call.span,
    ))))
}

/// The builder of expressions that callbacks are given, or that is made apart.
fn expressions(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(expression_builder(host, machine, call.span)))
}

fn expression_builder(host: &ModelHost, machine: &mut Machine<'_>, span: Span) -> Value {
    Value::object(host.make_object(machine, "kysely:eb", span))
}

/// `db.fn.countAll()`, `eb.fn.max('age')`.
fn functions(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    Some(Value::object(host.make_object(machine, "kysely:fn", span)))
}

/// `db.updateTable('person as p')`.
fn begin(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let step = vec![
        Value::string(method_name(&call.path)),
        call.arguments.get(0),
    ];
    let step = machine.make_list(step, false, call.span);
    Ok(Some(builder(host, machine, vec![step], call.span)))
}

/// A builder is what was called on it, in order.
fn builder(host: &ModelHost, machine: &mut Machine<'_>, steps: Vec<Value>, span: Span) -> Value {
    let id = host.make_object(machine, "kysely:builder", span);
    machine.heap.get_mut(id).elements = steps;
    Value::object(id)
}

/// A method gives a builder that knows one thing more; what it is called on stays as it is.
fn chain(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.receiver else {
        return Ok(None);
    };
    let name = method_name(&call.path);
    let mut step = vec![Value::string(name)];
    for argument in &call.arguments.positional {
        let argument = match is_function(machine, argument) {
            true => made_by(host, machine, name, argument, call.span)?,
            false => argument.clone(),
        };
        step.push(argument);
    }
    let step = machine.make_list(step, false, call.span);
    let mut steps = machine.heap.get(id).elements.clone();
    steps.push(step);
    let span = machine.heap.get(id).span;
    Ok(Some(builder(host, machine, steps, span)))
}

/// What a function makes of what the library hands it: `(eb) => eb.or([…])`, `(oc) => oc.column('id').doNothing()`.
fn made_by(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    name: &str,
    function: &Value,
    span: Span,
) -> Result<Value, firedoor_eval::Stop> {
    let given = match name {
        "onConflict" => Value::object(host.make_object(machine, "kysely:conflict", span)),
        _ if name.ends_with("Join") => {
            Value::object(host.make_object(machine, "kysely:join", span))
        }
        _ => expression_builder(host, machine, span),
    };
    machine.call_value(function, None, &Arguments::positional([given]), span)
}

/// `oc.column('id').doUpdateSet({ … })`: what is written where the record is there already.
fn noted(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(id) = call.receiver
        && method_name(&call.path) == "doUpdateSet"
    {
        let set = call.arguments.get(0);
        machine.heap.elements_mut(id).push(set);
    }
    Ok(Some(call.this.clone()))
}

/// `query.$if(mine, (qb) => qb.where(…))`: with that, or without it.
fn chosen(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let test = machine.truth(&call.arguments.get(0));
    if test == Some(false) {
        return Ok(Some(call.this.clone()));
    }
    let given = Arguments::positional([call.this.clone()]);
    let with = machine.call_value(&call.arguments.get(1), None, &given, call.span)?;
    Ok(Some(match test {
        Some(_) => with,
        None => with.join(&call.this, &mut machine.origins),
    }))
}

fn called(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let given = Arguments::positional([call.this.clone()]);
    machine
        .call_value(&call.arguments.get(0), None, &given, call.span)
        .map(Some)
}

/// `db.with('young', (db) => db.selectFrom('person')…)`: the part is run along with the rest.
fn with(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let function = call.arguments.get(1);
    if is_function(machine, &function) {
        let given = Arguments::positional([call.this.clone()]);
        let part = machine.call_value(&function, None, &given, call.span)?;
        for id in part.objects().collect::<Vec<_>>() {
            plan::note_part(host, machine, id)?;
        }
    }
    Ok(Some(call.this.clone()))
}

/// `db.transaction()`, which `execute` opens.
fn transaction(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "kysely:transaction", call.span);
    machine.heap.get_mut(id).elements = vec![call.this.clone()];
    Ok(Some(Value::object(id)))
}

fn in_transaction(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.receiver else {
        return Ok(None);
    };
    let client = machine.heap.get(id).elements.first().cloned();
    let client = client.unwrap_or_else(|| Value::unknown(Shape::Any));
    let body = call.arguments.get(0);
    if !is_function(machine, &body) {
        return tools::deliver(machine, call, client);
    }
    let given = Arguments::positional([client]);
    let promise = tools::promised(machine, call.span, |machine| {
        store::in_plain_transaction(host, machine, true, |machine| {
            let result = machine.call_value(&body, None, &given, call.span)?;
            machine.await_value(&result, call.span)
        })
    })?;
    Ok(Some(promise))
}

/// `` sql`lower(${name})` ``
fn sql_part(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let sent = sql::template(machine, call.arguments, &|_, value| {
        let id = value.only_object()?;
        host.state().sql_queries.get(&id).cloned().map(Part::Text)
    });
    let id = host.make_object(machine, "kysely:sql", call.span);
    machine.heap.get_mut(id).elements = sent.positional.clone();
    host.state().sql_queries.insert(id, sent);
    Ok(Some(Value::object(id)))
}

/// `` sql`SELECT …`.execute(db) ``
fn execute_sql(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let known = call.receiver;
    let Some(sent) = known.and_then(|id| host.state().sql_queries.get(&id).cloned()) else {
        return Ok(None);
    };
    let ran = sql::run(host, machine, &sent, call.span);
    let rows = sql::rows(machine, &ran, call.span);
    let properties = [("rows", rows), ("numAffectedRows", ran.changes)];
    let answer = sql::object(machine, &properties, call.span);
    tools::deliver(machine, call, answer)
}

/// The name of a table or column, without what it is called besides and what it is qualified by.
fn bare_name(value: &Value) -> Option<Ustr> {
    let text = value.text()?;
    let name = text.split_whitespace().next()?;
    Some(Ustr::from(name.rsplit('.').next().unwrap_or(name)))
}
