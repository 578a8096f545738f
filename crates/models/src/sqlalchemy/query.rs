//! SQLAlchemy's expressions and statements: columns, conditions, `select`, `update`, `insert`, `delete`, `Query`.
//!
//! Statements are values: every method gives a new one. Source: SQLAlchemy 2.0 documentation, "SQL Statements
//! and Expressions API" and "Legacy Query API".

use firedoor_app::{OR, Origin};
use firedoor_eval::{Answer, Atom, Call, Machine, ObjectKind, Value};
use firedoor_ir::BinaryOperator;
use firedoor_source::Span;
use ustr::Ustr;

use crate::alternatives::{is_chosen_by_rank, weaken};
use crate::python_records::Key;
use crate::python_support::{argument, first, last_name};
use crate::sqlalchemy::statement::{
    add_conditions, add_conditions_by_name, set_conflict, set_duplicate, set_entities, set_from,
    set_lock, set_returning, set_values, start_statement,
};
use crate::{Model, ModelHost};

pub(crate) const COLUMN: &str = "sqlalchemy:column()";
pub(crate) const CONDITION: &str = "sqlalchemy:condition()";
pub(crate) const EXPRESSION: &str = "sqlalchemy:expression()";
pub(crate) const STATEMENT: &str = "sqlalchemy:statement()";

/// The model.
pub static MODEL: Model = Model {
    name: "sqlalchemy_query",
    calls: &[
        ("py:sqlalchemy.select", start_statement),
        ("py:sqlalchemy.update", start_statement),
        ("py:sqlalchemy.insert", start_statement),
        ("py:sqlalchemy.delete", start_statement),
        ("py:sqlalchemy.exists", start_statement),
        ("py:sqlalchemy.and_", connect),
        ("py:sqlalchemy.or_", connect),
        ("py:sqlalchemy.not_", connect),
        ("py:sqlalchemy.func.*", function),
        ("py:sqlalchemy.case", function),
        ("py:sqlalchemy.cast", first),
        ("py:sqlalchemy.distinct", first),
        ("py:sqlalchemy.desc", first),
        ("py:sqlalchemy.asc", first),
        ("py:sqlalchemy.literal", first),
        ("py:sqlalchemy.bindparam", first),
        ("py:sqlalchemy.orm.aliased", first),
        ("py:sqlalchemy.text", text),
        ("sqlalchemy:column().*", column_method),
        ("sqlalchemy:expression().*", column_method),
        ("sqlalchemy:condition().*", column_method),
        ("sqlalchemy:statement().where", add_conditions),
        ("sqlalchemy:statement().filter", add_conditions),
        ("sqlalchemy:statement().having", add_conditions),
        ("sqlalchemy:statement().filter_by", add_conditions_by_name),
        ("sqlalchemy:statement().values", set_values),
        ("sqlalchemy:statement().on_conflict_do_update", set_conflict),
        (
            "sqlalchemy:statement().on_conflict_do_nothing",
            set_conflict,
        ),
        (
            "sqlalchemy:statement().on_duplicate_key_update",
            set_duplicate,
        ),
        ("sqlalchemy:statement().returning", set_returning),
        ("sqlalchemy:statement().with_for_update", set_lock),
        ("sqlalchemy:statement().select_from", set_from),
        ("sqlalchemy:statement().with_entities", set_entities),
        ("sqlalchemy:statement().with_only_columns", set_entities),
    ],
    operators: &[
        (COLUMN, compare),
        (CONDITION, compare),
        (EXPRESSION, compare),
    ],
    aliases: &[
        ("py:sqlalchemy.future.select", "py:sqlalchemy.select"),
        ("py:sqlalchemy.sql.select", "py:sqlalchemy.select"),
        (
            "py:sqlalchemy.sql.expression.select",
            "py:sqlalchemy.select",
        ),
        ("py:sqlalchemy.sql.func", "py:sqlalchemy.func"),
        ("py:sqlalchemy.sql.text", "py:sqlalchemy.text"),
        ("py:sqlalchemy.sql.and_", "py:sqlalchemy.and_"),
        ("py:sqlalchemy.sql.or_", "py:sqlalchemy.or_"),
        (
            "py:sqlalchemy.dialects.postgresql.insert",
            "py:sqlalchemy.insert",
        ),
        (
            "py:sqlalchemy.dialects.sqlite.insert",
            "py:sqlalchemy.insert",
        ),
        (
            "py:sqlalchemy.dialects.mysql.insert",
            "py:sqlalchemy.insert",
        ),
    ],
    ..Model::EMPTY
};

/// Makes a column expression.
pub(crate) fn column_object(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    asset: Ustr,
    name: Ustr,
    span: Span,
) -> Value {
    let id = host.make_object(machine, COLUMN, span);
    let properties = &mut machine.heap.get_mut(id).properties;
    properties.insert(Ustr::from("asset"), Value::atom(Atom::String(asset)));
    properties.insert(Ustr::from("column"), Value::atom(Atom::String(name)));
    let origin = Origin::Record {
        asset,
        field: name,
        of_principal: false,
    };
    let origins = host.origin(machine, origin);
    Value::object(id).with_origins(origins)
}

/// Returns the asset and the name of the first column in an expression.
pub(crate) fn column_in(
    machine: &Machine<'_>,
    value: &Value,
    depth: usize,
) -> Option<(Ustr, Ustr)> {
    let object = machine.heap.get(value.only_object()?);
    let ObjectKind::Host(path) = object.kind else {
        return None;
    };
    match path.as_str() {
        COLUMN => {
            let asset = object.properties.get(&Ustr::from("asset"))?.text()?;
            let name = object.properties.get(&Ustr::from("column"))?.text()?;
            Some((asset, name))
        }
        EXPRESSION | CONDITION if depth < 6 => {
            let mut parts = object.elements.iter();
            parts.find_map(|part| column_in(machine, part, depth + 1))
        }
        _ => None,
    }
}

pub(crate) fn kind_of(machine: &Machine<'_>, value: &Value) -> Option<Ustr> {
    match machine.heap.get(value.only_object()?).kind {
        ObjectKind::Host(path) => Some(path),
        _ => None,
    }
}

pub(crate) fn make(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    path: &str,
    operator: &str,
    parts: Vec<Value>,
    span: Span,
) -> Value {
    let id = host.make_object(machine, path, span);
    let object = machine.heap.get_mut(id);
    object.elements = parts;
    object
        .properties
        .insert(Ustr::from("operator"), Value::string(operator));
    Value::object(id)
}

/// Operators between columns and values make conditions and expressions.
fn compare(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    operator: BinaryOperator,
    left: &Value,
    right: &Value,
    span: Span,
) -> Option<Value> {
    let is_expression = |value: &Value| {
        kind_of(machine, value)
            .is_some_and(|path| matches!(path.as_str(), COLUMN | EXPRESSION | CONDITION))
    };
    let is_turned = !is_expression(left);
    let word = match (operator, is_turned) {
        (BinaryOperator::Equal, _) => "=",
        (BinaryOperator::NotEqual, _) => "!=",
        (BinaryOperator::Less, false) | (BinaryOperator::Greater, true) => "<",
        (BinaryOperator::LessEqual, false) | (BinaryOperator::GreaterEqual, true) => "<=",
        (BinaryOperator::Greater, false) | (BinaryOperator::Less, true) => ">",
        (BinaryOperator::GreaterEqual, false) | (BinaryOperator::LessEqual, true) => ">=",
        (BinaryOperator::BitAnd, _) => "and",
        (BinaryOperator::BitOr, _) => "or",
        // `~x` is asked as `x ^ -1`.
        (BinaryOperator::BitXor, _) if right.as_number() == Some(-1.0) => {
            return Some(negated(host, machine, left, span));
        }
        (BinaryOperator::In | BinaryOperator::NotIn, _) => return None,
        (BinaryOperator::Is | BinaryOperator::IsNot, _) => return None,
        _ => {
            let parts = vec![left.clone(), right.clone()];
            let mut value = make(host, machine, EXPRESSION, "arithmetic", parts, span);
            value.origins = machine.origins.union(left.origins, right.origins);
            return Some(value);
        }
    };
    let parts = match is_turned {
        true => vec![right.clone(), left.clone()],
        false => vec![left.clone(), right.clone()],
    };
    Some(make(host, machine, CONDITION, word, parts, span))
}

/// The condition that another does not hold; of a column of truth values that it is false.
fn negated(host: &ModelHost, machine: &mut Machine<'_>, condition: &Value, span: Span) -> Value {
    let kind = kind_of(machine, condition);
    let (Some(kind), Some(id)) = (kind, condition.only_object()) else {
        return make(
            host,
            machine,
            CONDITION,
            "not",
            vec![condition.clone()],
            span,
        );
    };
    if kind == COLUMN {
        let parts = vec![condition.clone(), Value::bool(false)];
        return make(host, machine, CONDITION, "=", parts, span);
    }
    let operator = machine.heap.property(id, Ustr::from("operator"));
    let opposite = match operator.and_then(Value::text).as_deref() {
        Some("=") => "!=",
        Some("!=") => "=",
        Some("<") => ">=",
        Some("<=") => ">",
        Some(">") => "<=",
        Some(">=") => "<",
        Some("in") => "not in",
        Some("not in") => "in",
        _ => {
            return make(
                host,
                machine,
                CONDITION,
                "not",
                vec![condition.clone()],
                span,
            );
        }
    };
    let parts = machine.heap.get(id).elements.clone();
    make(host, machine, CONDITION, opposite, parts, span)
}

/// `and_`, `or_`, `not_`.
fn connect(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let ("not_", [condition]) = (last_name(&call.path), &*call.arguments.positional) {
        return Ok(Some(negated(host, machine, condition, call.span)));
    }
    let word = last_name(&call.path).trim_end_matches('_');
    let parts: Vec<Value> = call.arguments.all().cloned().collect();
    Ok(Some(make(host, machine, CONDITION, word, parts, call.span)))
}

/// `func.lower(User.email)`.
pub(crate) fn function(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let parts: Vec<Value> = call.arguments.all().cloned().collect();
    let origins = machine.origins_of(&parts);
    let name = last_name(&call.path);
    let mut value = make(host, machine, EXPRESSION, name, parts, call.span);
    value.origins = origins;
    Ok(Some(value))
}

fn text(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let parts = vec![argument(call, 0, "text")];
    Ok(Some(make(
        host,
        machine,
        "sqlalchemy:text()",
        "text",
        parts,
        call.span,
    )))
}

/// Methods of columns that make conditions; the others give the column again.
fn column_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let word = match last_name(&call.path) {
        "is_" => "=",
        "is_not" | "isnot" => "!=",
        "in_" => "in",
        "not_in" | "notin_" => "not in",
        "like" | "ilike" | "contains" | "icontains" | "startswith" | "endswith" | "match" => "like",
        "between" => "between",
        "any" | "has" => {
            let parts: Vec<Value> = call.arguments.all().cloned().collect();
            return Ok(Some(make(
                host, machine, CONDITION, "and", parts, call.span,
            )));
        }
        "filter_by" | "op" => return Ok(None),
        _ => return Ok(Some(call.this.clone())),
    };
    let mut parts = vec![call.this.clone()];
    parts.extend(call.arguments.positional.iter().cloned());
    Ok(Some(make(host, machine, CONDITION, word, parts, call.span)))
}

/// Adds what a condition asks for; names of other assets are written out.
pub(crate) fn collect(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    condition: &Value,
    asset: Ustr,
    key: &mut Key,
    depth: usize,
) {
    if kind_of(machine, condition) == Some(Ustr::from(COLUMN)) {
        // A column alone asks that it is true.
        let parts = [condition.clone(), Value::bool(true)];
        return add_leaf(host, machine, "=", &parts, asset, key);
    }
    let choices: Vec<Value> = condition.objects().map(Value::object).collect();
    let is_chosen = choices.len() > 1 && !is_chosen_by_rank(host, machine, condition);
    let is_condition = |choice| {
        let kind = kind_of(machine, choice);
        kind.is_some_and(|kind| matches!(kind.as_str(), COLUMN | CONDITION))
    };
    if is_chosen && depth <= 12 && choices.iter().all(is_condition) {
        // `where(a if sent else b)` asks for one of them.
        return collect_weak(host, machine, &choices, asset, key, depth);
    }
    if kind_of(machine, condition) != Some(Ustr::from(CONDITION)) || depth > 12 {
        add_unknown(host, machine, condition, key);
        return;
    }
    let Some(id) = condition.only_object() else {
        return;
    };
    let parts = machine.heap.get(id).elements.clone();
    let operator = machine
        .heap
        .property(id, Ustr::from("operator"))
        .and_then(Value::text)
        .unwrap_or_default();
    match operator.as_str() {
        "and" => {
            for part in &parts {
                collect(host, machine, part, asset, key, depth + 1);
            }
        }
        "or" | "not" => collect_weak(host, machine, &parts, asset, key, depth),
        _ => add_leaf(host, machine, &operator, &parts, asset, key),
    }
}

fn add_unknown(host: &ModelHost, machine: &mut Machine<'_>, condition: &Value, key: &mut Key) {
    if condition.truth().is_none() || !condition.origins.is_empty() {
        key.add(host, machine, "", "?", condition);
    }
}

/// Of alternatives only those restrict that all ask for the caller; the others are marked.
fn collect_weak(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    parts: &[Value],
    asset: Ustr,
    key: &mut Key,
    depth: usize,
) {
    let mut alternatives = Vec::new();
    for part in parts {
        let mut alternative = Key::default();
        collect(host, machine, part, asset, &mut alternative, depth + 1);
        alternatives.push(alternative);
    }
    let is_own = |key: &Key| key.fields.iter().any(|field| field.value.is_of_principal());
    let some_own = alternatives.iter().any(is_own);
    let mut fields: Vec<_> = alternatives.iter_mut().map(|it| &mut it.fields).collect();
    weaken(&mut fields);
    for alternative in alternatives {
        for (mut field, value) in alternative.fields.into_iter().zip(alternative.values) {
            if !some_own {
                field.operator = OR;
            }
            key.fields.push(field);
            key.values.push(value);
        }
    }
}

fn add_leaf(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    operator: &str,
    parts: &[Value],
    asset: Ustr,
    key: &mut Key,
) {
    let Some(left) = parts.first() else {
        return;
    };
    let right = parts.get(1).cloned().unwrap_or_else(Value::null);
    let (owner, name) = column_in(machine, left, 0).unwrap_or_default();
    let name = match owner == asset || owner.is_empty() {
        true => name.to_string(),
        false => format!("{owner}.{name}"),
    };
    let operator = match operator {
        "=" => "=",
        "!=" => "!=",
        "<" => "<",
        "<=" => "<=",
        ">" => ">",
        ">=" => ">=",
        "in" => "in",
        "not in" => "not in",
        "like" => "like",
        "between" => "between",
        _ => "?",
    };
    let right = match operator {
        "in" | "not in" => written(machine, right),
        _ => right,
    };
    key.add(host, machine, &name, operator, &right);
}

/// A list of constants stands for one of them.
fn written(machine: &mut Machine<'_>, list: Value) -> Value {
    let (elements, is_open) = machine.elements_of(&list);
    let is_known =
        !is_open && !elements.is_empty() && elements.iter().all(|it| it.text().is_some());
    match is_known {
        true => machine.join_all(&elements).with_origins(list.origins),
        false => list,
    }
}
