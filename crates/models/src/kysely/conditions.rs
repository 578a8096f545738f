//! Expressions: comparisons, and what joins them.

use firedoor_app::{Origin, Provenance};
use firedoor_eval::{Answer, Call, Machine, ObjectId, ObjectKind, Shape, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::plan::{self, note_part};
use super::{bare_name, method_name};
use crate::store::{self, Conditions};
use crate::{ModelHost, alternatives, builders, sqltext};

/// The path of expressions.
const EXPRESSION: &str = "kysely:expression";

/// An expression is a word and what it stands before.
fn expression(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    word: &str,
    parts: impl IntoIterator<Item = Value>,
    span: Span,
) -> Value {
    let id = host.make_object(machine, EXPRESSION, span);
    let word = std::iter::once(Value::string(word));
    machine.heap.get_mut(id).elements = word.chain(parts).collect();
    Value::object(id)
}

/// `eb('age', '>', 18)`.
pub(super) fn compared(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let parts = call.arguments.positional.clone();
    Ok(Some(expression(host, machine, "where", parts, call.span)))
}

/// `eb.between('age', 1, 2)`.
pub(super) fn between(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let column = call.arguments.get(0);
    let [least, most] = [(">=", 1), ("<=", 2)].map(|(operator, place)| {
        let bound = call.arguments.get(place);
        let parts = [column.clone(), Value::string(operator), bound];
        expression(host, machine, "where", parts, call.span)
    });
    let both = [least, most];
    Ok(Some(expression(host, machine, "and", both, call.span)))
}

/// `eb.and([…])`, `eb.and({ name, age })`.
pub(super) fn all(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    joined(host, machine, "and", call)
}

/// `eb.or([…])`, `eb.or({ name, age })`.
pub(super) fn any(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    joined(host, machine, "or", call)
}

fn joined(host: &ModelHost, machine: &mut Machine<'_>, word: &str, call: &Call<'_>) -> Answer {
    let given = call.arguments.get(0);
    let is_list = given
        .only_object()
        .is_some_and(|id| machine.heap.get(id).properties.is_empty());
    let parts = match given.only_object() {
        Some(id) if !is_list => {
            let named = store::own_properties(machine, id);
            let mut parts = Vec::new();
            for (name, value) in named {
                let parts_of = [Value::string(&name), Value::string("="), value];
                parts.push(expression(host, machine, "where", parts_of, call.span));
            }
            parts
        }
        _ => store::parts(machine, &given),
    };
    Ok(Some(expression(host, machine, word, parts, call.span)))
}

/// `eb.not(…)`.
pub(super) fn not(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let parts = call.arguments.positional.clone();
    Ok(Some(expression(host, machine, "not", parts, call.span)))
}

/// `eb.exists(eb.selectFrom('pet')…)`.
pub(super) fn exists(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let parts = call.arguments.positional.clone();
    Ok(Some(expression(host, machine, "exists", parts, call.span)))
}

/// `eb.val(name)` is the name.
pub(super) fn value(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.arguments.get(0)))
}

/// `eb.ref('age')`, `sql.ref('age')`: something made of what is given.
pub(super) fn derived(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(machine.derived(Shape::Any, call.arguments.all())))
}

/// `eb.fn.countAll()`.
pub(super) fn function(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let word = match method_name(&call.path).starts_with("count") {
        true => "count",
        false => "function",
    };
    let parts = call.arguments.positional.clone();
    Ok(Some(expression(host, machine, word, parts, call.span)))
}

/// `eb('a', '=', 1).and('b', '=', 2)`.
pub(super) fn and_also(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    followed(host, machine, "and", call)
}

/// `eb('a', '=', 1).or('b', '=', 2)`.
pub(super) fn or_else(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    followed(host, machine, "or", call)
}

fn followed(host: &ModelHost, machine: &mut Machine<'_>, word: &str, call: &Call<'_>) -> Answer {
    let next = match call.arguments.positional.as_slice() {
        [only] => only.clone(),
        parts => expression(host, machine, "where", parts.to_vec(), call.span),
    };
    let parts = [call.this.clone(), next];
    Ok(Some(expression(host, machine, word, parts, call.span)))
}

/// Returns the word and the parts of an expression.
pub(super) fn read(machine: &Machine<'_>, value: &Value) -> Option<(Ustr, Vec<Value>)> {
    let object = machine.heap.get(value.only_object()?);
    let is_expression = matches!(object.kind, ObjectKind::Host(path) if path == EXPRESSION);
    worded(&object.elements).filter(|_| is_expression)
}

/// `eb.fn.countAll().as('n')`.
pub(super) fn called(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let parts = [call.this.clone(), call.arguments.get(0)];
    Ok(Some(expression(host, machine, "as", parts, call.span)))
}

/// Returns what the number of rows is called, if it is what is selected.
pub(super) fn count_called(machine: &Machine<'_>, value: &Value) -> Option<Ustr> {
    let (word, parts) = read(machine, value)?;
    match (word.as_str(), parts.as_slice()) {
        ("count", _) => Some(word),
        ("as", [inner, name]) => {
            count_called(machine, inner)?;
            name.text()
        }
        _ => None,
    }
}

/// Returns the name and the arguments of a step of a builder, which is a list of both.
pub(super) fn step(machine: &Machine<'_>, value: &Value) -> Option<(Ustr, Vec<Value>)> {
    worded(&machine.heap.get(value.only_object()?).elements)
}

fn worded(elements: &[Value]) -> Option<(Ustr, Vec<Value>)> {
    let (word, parts) = elements.split_first()?;
    Some((word.text()?, parts.to_vec()))
}

/// Adds what `where` is given: a column with an operator and a value, or an expression.
pub(super) fn add(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    given: &[Value],
    key: &mut Conditions,
) -> Result<(), Stop> {
    match given {
        [column, operator, value] => {
            let operator = operator
                .text()
                .map_or("?", |text| builders::operator(&text));
            let value = sub_value(host, machine, value)?;
            match bare_name(column).or_else(|| column_within(host, column)) {
                Some(name) => key.add(host, machine, &name, operator, &value),
                None => {
                    // What is held against a value may be made of a column in any way.
                    key.add_unknown(host, machine, column);
                    key.add_unknown(host, machine, &value);
                }
            }
        }
        [filter] => add_expression(host, machine, filter, key)?,
        _ => {}
    }
    Ok(())
}

/// The column of `` sql`lower(email)` ``, which a function is applied to and nothing else.
fn column_within(host: &ModelHost, value: &Value) -> Option<Ustr> {
    let id = value.only_object()?;
    let sent = host.state().sql_queries.get(&id).cloned()?;
    let text = sent.text.filter(|_| sent.positional.is_empty())?;
    let held = Provenance::new([Origin::Unknown(Ustr::from("what it is held against"))]);
    let read = sqltext::accesses(&format!("DELETE FROM t WHERE {text} = ?"), &[held], &[]);
    match read.as_slice() {
        [only] => match only.key.as_slice() {
            [field] if field.operator == "=" && !field.name.is_empty() => Some(field.name),
            _ => None,
        },
        _ => None,
    }
}

fn add_expression(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    filter: &Value,
    key: &mut Conditions,
) -> Result<(), Stop> {
    let Some((word, parts)) = read(machine, filter) else {
        key.add_unknown(host, machine, filter);
        return Ok(());
    };
    match word.as_str() {
        "where" => add(host, machine, &parts, key)?,
        "and" => {
            for part in &parts {
                add_expression(host, machine, part, key)?;
            }
        }
        "or" => {
            let mut ways = Vec::new();
            for part in &parts {
                let mut way = Conditions::default();
                add_expression(host, machine, part, &mut way)?;
                ways.push(way);
            }
            key.append(match ways.len() {
                1 => ways.pop().unwrap_or_default(),
                _ => alternatives::joined(ways),
            });
        }
        "exists" => {
            for id in parts.iter().flat_map(Value::objects).collect::<Vec<_>>() {
                if let Some((table, inner)) = note_part(host, machine, id)? {
                    add_inner(table, inner, key);
                }
            }
        }
        "not" => {
            let mut inner = Conditions::default();
            for part in &parts {
                add_expression(host, machine, part, &mut inner)?;
            }
            match inner.fields.as_mut_slice() {
                [only] => {
                    only.operator = match only.operator {
                        "=" => "!=",
                        "in" => "not in",
                        _ => "?",
                    };
                    key.append(inner);
                }
                // That several things do not hold together says of none that it does not.
                _ => key.add_unknown(host, machine, filter),
            }
        }
        _ => key.add_unknown(host, machine, filter),
    }
    Ok(())
}

/// The conditions of a part that has to find something are asked of the whole, each named after its table.
fn add_inner(table: Ustr, mut inner: Conditions, key: &mut Conditions) {
    for field in &mut inner.fields {
        field.name = Ustr::from(&format!("{table}.{}", field.name));
    }
    key.append(inner);
}

/// A query in the place of a value is what it finds.
fn sub_value(host: &ModelHost, machine: &mut Machine<'_>, value: &Value) -> Result<Value, Stop> {
    let Some(id) = value.only_object().filter(|id| is_query(machine, *id)) else {
        return Ok(value.clone());
    };
    plan::found_in(host, machine, id)
}

fn is_query(machine: &Machine<'_>, id: ObjectId) -> bool {
    let first = machine.heap.get(id).elements.first();
    let first = first.and_then(|first| step(machine, first));
    first.is_some_and(|(word, _)| matches!(word.as_str(), "selectFrom"))
}
