//! Conditions: what they ask for, on each way in which the program may have chosen them.
//!
//! `child ? eq(visits.child, child) : eq(visits.family, family)` asks for one of the two, and never for both.

use firedoor_app::OR;
use firedoor_eval::{Machine, ObjectId, Shape, Value};
use ustr::Ustr;

use super::Column;
use super::query::{Condition, column_value, operator};
use crate::sqltext::is_own;
use crate::store::property;
use crate::{ModelHost, alternatives};

/// The conditions that hold together.
type Way = Vec<Condition>;

/// The most ways that are told apart; of more, all conditions are taken together.
const MOST: usize = 4;

/// How deep conditions are within others.
const DEEPEST: usize = 8;

/// Returns the ways to choose one of each.
pub(super) fn both(first: &[Way], second: &[Way]) -> Vec<Way> {
    let mut all = Vec::new();
    for one in first {
        for other in second {
            all.push(one.iter().chain(other).cloned().collect::<Way>());
        }
    }
    match all.len() > MOST {
        true => vec![
            together(first)
                .into_iter()
                .chain(together(second))
                .collect(),
        ],
        false => all,
    }
}

fn together(ways: &[Way]) -> Way {
    ways.iter().flatten().cloned().collect()
}

/// Returns the ways of a test. What may also be left out is taken as if it were there, unless the client chooses.
pub(super) fn of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    test: &Value,
    table: Option<Ustr>,
    depth: usize,
) -> Vec<Way> {
    let mut ways: Vec<Way> = Vec::new();
    for id in test.objects().collect::<Vec<_>>() {
        ways.extend(of_object(host, machine, id, table, depth));
    }
    if alternatives::is_optional(host, machine, test) {
        for condition in ways.iter_mut().flatten() {
            let value = host.deep_provenance(machine, &condition.value);
            if is_own(&value) {
                condition.operator = OR;
            }
        }
    }
    if ways.is_empty() {
        ways.push(Way::new());
    }
    if ways.len() > MOST {
        ways = vec![together(&ways)];
    }
    if test.is_unknown()
        && let Some(asset) = table
    {
        for way in &mut ways {
            way.push(unnamed(asset, test.clone()));
        }
    }
    ways
}

/// A condition on something that is not known.
fn unnamed(asset: Ustr, value: Value) -> Condition {
    Condition {
        asset,
        column: Ustr::default(),
        operator: "=",
        value,
    }
}

fn of_object(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    table: Option<Ustr>,
    depth: usize,
) -> Vec<Way> {
    let name = property(machine, &Value::object(id), "$name").and_then(|name| name.text());
    let parts = machine.heap.get(id).elements.clone();
    let Some(name) = name else {
        let sent = host.state().sql_queries.get(&id).cloned();
        let mut way = Way::new();
        if let (Some(sent), Some(asset)) = (sent, table) {
            let value = machine.derived(Shape::Any, &sent.positional);
            way.push(unnamed(asset, value));
        }
        return vec![way];
    };
    let is_group = matches!(name.as_str(), "and" | "or" | "not");
    if !is_group {
        return vec![compared(host, machine, &name, &parts)];
    }
    let mut all = Vec::new();
    for part in parts.iter().filter(|_| depth < DEEPEST) {
        all.push(of(host, machine, part, table, depth + 1));
    }
    if name == "or" {
        return vec![either(host, machine, &all)];
    }
    let ways = all
        .iter()
        .fold(vec![Way::new()], |ways, more| both(&ways, more));
    match name.as_str() {
        "and" => ways,
        _ => vec![together(&ways)],
    }
}

/// `or(eq(visits.owner, me), eq(visits.open, true))`: what only one side asks for is marked.
fn either(host: &ModelHost, machine: &mut Machine<'_>, sides: &[Vec<Way>]) -> Way {
    let mut all: Vec<Way> = sides.iter().map(|ways| together(ways)).collect();
    let mut told = Vec::new();
    for side in &all {
        let parts = side.iter();
        let parts = parts.map(|it| (it.operator, host.deep_provenance(machine, &it.value)));
        told.push(parts.collect::<Vec<_>>());
    }
    let weight = alternatives::weight(&told);
    for (condition, (operator, value)) in all.iter_mut().flatten().zip(told.iter().flatten()) {
        condition.operator = alternatives::weakened(weight, operator, value).0;
    }
    all.concat()
}

/// `eq(visits.child, child)`; of two columns, each is compared with the other.
fn compared(host: &ModelHost, machine: &mut Machine<'_>, name: &str, parts: &[Value]) -> Way {
    let columns: Vec<Option<Column>> = parts
        .iter()
        .map(|part| {
            let id = part.only_object()?;
            host.state().drizzle.columns.get(&id).cloned()
        })
        .collect();
    let mut way = Way::new();
    for (index, column) in columns.iter().enumerate() {
        let Some(column) = column else {
            continue;
        };
        let other = columns.get(1 - index.min(1)).and_then(Option::as_ref);
        let value = match other {
            Some(other) => column_value(host, machine, other, false),
            None => parts.get(1).cloned().unwrap_or_else(Value::null),
        };
        way.push(Condition {
            asset: column.asset,
            column: column.name,
            operator: operator(name),
            value,
        });
    }
    way
}
