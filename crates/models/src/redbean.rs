//! RedBeanNode 0.3: <https://github.com/louislam/redbean-node/blob/master/docs/>.
//!
//! One object stands for the database. What is found is found by pieces of SQL, what is made has a table and no class.

use firedoor_app::{EffectKind, Operation, Origin};
use firedoor_eval::{Answer, Atom, Call, Machine, ObjectKind, Shape, Value};
use ustr::Ustr;

use crate::sql::{self, Sent};
use crate::store::{self, Conditions, method_name};
use crate::tools::{keep, kept, promised};
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "redbean",
    calls: &[
        ("npm:redbean-node.R.findOne", find),
        ("npm:redbean-node.R.find", find),
        ("npm:redbean-node.R.findAll", find),
        ("npm:redbean-node.R.count", find),
        ("npm:redbean-node.R.load", load),
        ("npm:redbean-node.R.exec", raw),
        ("npm:redbean-node.R.getAll", raw),
        ("npm:redbean-node.R.getRow", raw),
        ("npm:redbean-node.R.getCell", raw),
        ("npm:redbean-node.R.getCol", raw),
        ("npm:redbean-node.R.getAssoc", raw),
        ("npm:redbean-node.R.dispense", dispense),
        ("npm:redbean-node.R.store", write),
        ("npm:redbean-node.R.trash", write),
        ("npm:redbean-node.R.convertToBean", convert),
        ("npm:redbean-node.R.convertToBeans", convert),
    ],
    aliases: &[("npm:redbean-node.default", "npm:redbean-node")],
    ..Model::EMPTY
};

/// `R.findOne('user', 'name = ? AND active = 1', [name])`.
fn find(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(table) = call.arguments.get(0).text() else {
        return Ok(None);
    };
    let name = method_name(&call.path);
    let columns = if name == "count" { "COUNT(*)" } else { "*" };
    let given = call.arguments.get(1);
    let piece = given.text_pattern().map(|text| text.to_string());
    let piece = piece.unwrap_or_default();
    let start = piece.trim_start().to_ascii_lowercase();
    let is_condition = !start.is_empty()
        && !["order by", "limit", "where", "group by"]
            .iter()
            .any(|word| start.starts_with(word));
    let word = if is_condition { " WHERE " } else { " " };
    let text = format!("SELECT {columns} FROM {table}{word}{piece}");
    let text = Value::pattern(&text).with_origins(given.origins);
    run(host, machine, call, &text, 2)
}

/// `R.load('user', id)`.
fn load(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(table) = call.arguments.get(0).text() else {
        return Ok(None);
    };
    let text = Value::string(&format!("SELECT * FROM {table} WHERE id = ?"));
    run(host, machine, call, &text, 1)
}

/// `R.getAll(sql, parameters)`.
fn raw(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    run(host, machine, call, &call.arguments.get(0), 1)
}

fn run(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    text: &Value,
    skipped: usize,
) -> Answer {
    let mut sent = Sent::new(text);
    let parameters = call.arguments.positional.get(skipped..);
    sent.add(machine, parameters.unwrap_or_default());
    let ran = sql::run(host, machine, &sent, call.span);
    let value = match method_name(&call.path) {
        "exec" => Value::undefined(),
        "findOne" | "load" | "getRow" => store::exchange(&ran.row, &Atom::Undefined, Atom::Null),
        // The first column of the first row; a count counts as one.
        "getCell" | "count" => cell(machine, &ran.row),
        _ => sql::rows(machine, &ran, call.span),
    };
    promised(machine, call.span, |_| Ok(value)).map(Some)
}

/// What the only column of a row holds.
fn cell(machine: &Machine<'_>, row: &Value) -> Value {
    let mut columns = Vec::new();
    for id in row.objects().collect::<Vec<_>>() {
        columns.extend(store::own_properties(machine, id));
    }
    let mut value = match columns.as_slice() {
        [(_, only)] => only.clone(),
        [] if row.is_nothing() => Value::null(),
        _ => Value::unknown(Shape::Any).with_origins(row.origins),
    };
    if row.atoms().iter().any(|atom| atom.is_nothing()) {
        value.add(Atom::Null);
    }
    value.control = row.control;
    value
}

/// `R.dispense('user')` makes what is not stored yet.
fn dispense(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = machine.heap.allocate(ObjectKind::Plain, call.span);
    keep(machine, id, "redbean:table", call.arguments.get(0));
    Ok(Some(Value::object(id)))
}

/// `R.store(bean)` and `R.trash(bean)`.
fn write(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let bean = call.arguments.get(0);
    let made = kept(machine, bean.only_object(), "redbean:table").text();
    let provenance = host.provenance(machine, &bean);
    let found = provenance.origins().iter().find_map(|origin| match origin {
        Origin::Record { asset, field, .. } if field.is_empty() => Some(*asset),
        _ => None,
    });
    let Some(asset) = made.or(found) else {
        return Ok(None);
    };
    let operation = match (method_name(&call.path), made) {
        ("trash", _) => Operation::Delete,
        (_, Some(_)) => Operation::Create,
        _ => Operation::Update,
    };
    let mut access = store::access(host, operation, asset);
    match bean.only_object() {
        Some(_) if operation == Operation::Create => {
            (access.values, access.spread) = store::written(host, machine, &bean);
            access.values.retain(|field| !field.name.contains(':'));
        }
        _ => {
            let mut key = Conditions::default();
            key.add(host, machine, "id", "=", &bean);
            access.key = key.fields;
        }
    }
    host.effect(machine, EffectKind::Access(access), call.span);
    let key = store::own_key(host, machine, Ustr::from(&asset), "id");
    let id = key.values.first().cloned().unwrap_or_else(Value::undefined);
    promised(machine, call.span, |_| Ok(id)).map(Some)
}

/// `R.convertToBeans('user', rows)` gives the rows.
fn convert(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.arguments.get(1)))
}
