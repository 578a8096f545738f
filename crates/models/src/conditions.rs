//! Tests of the evaluator in the map's words: what they examine, and what holds where they do or do not.

use firedoor_app::{CheckKind, Condition, Examination, Order, Origin, Provenance, RequestPart};
use firedoor_eval::{Machine, ObjectKind, TestId, TestKind, Value};
use firedoor_ir::BinaryOperator;
use indexmap::IndexSet;
use ustr::Ustr;

use crate::ModelHost;

/// Returns what a test examines: of several the last, and whether that one is negated among them.
pub(crate) fn kind_of(machine: &Machine<'_>, test: TestId, depth: usize) -> (CheckKind, bool) {
    let found = machine.test(test);
    if let Some((part, is_negated)) = found.parts.last()
        && depth < 4
    {
        let (kind, is_part_negated) = kind_of(machine, *part, depth + 1);
        return (kind, *is_negated != is_part_negated);
    }
    (kind_of_test(found.kind), false)
}

/// Returns how the values of a test of order stand to each other where it holds; a test of several parts has no one
/// order.
pub(crate) fn order_of(machine: &Machine<'_>, test: TestId) -> Option<Order> {
    let found = machine.test(test);
    match (found.kind, found.parts.is_empty()) {
        (TestKind::Order(BinaryOperator::Less), true) => Some(Order::Less),
        (TestKind::Order(BinaryOperator::LessEqual), true) => Some(Order::LessOrEqual),
        (TestKind::Order(BinaryOperator::Greater), true) => Some(Order::Greater),
        (TestKind::Order(BinaryOperator::GreaterEqual), true) => Some(Order::GreaterOrEqual),
        _ => None,
    }
}

fn kind_of_test(kind: TestKind) -> CheckKind {
    match kind {
        TestKind::Truth => CheckKind::Presence,
        TestKind::Equality => CheckKind::Equality,
        TestKind::Bound | TestKind::Order(_) => CheckKind::Bound,
        TestKind::Membership | TestKind::Part => CheckKind::Membership,
        TestKind::Proof => CheckKind::Proof,
        TestKind::Failure => CheckKind::Failure,
        TestKind::Attempts => CheckKind::Attempts,
        TestKind::Kind => CheckKind::Shape,
        TestKind::Loop => CheckKind::Other,
    }
}

/// Returns what holds where a test does, or does not.
pub(crate) fn condition_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    test: TestId,
    holds: bool,
    depth: usize,
) -> Condition {
    let found = machine.test(test).clone();
    if found.parts.is_empty() || depth >= 4 {
        let mut operands = Vec::new();
        add_operands(host, machine, test, &mut operands, 4);
        return Condition::Test {
            kind: kind_of_test(found.kind),
            operands,
            holds,
        };
    }
    let parts = found.parts.iter().map(|(part, is_negated)| {
        condition_of(host, machine, *part, holds != *is_negated, depth + 1)
    });
    let parts = parts.collect();
    match found.is_conjunction == holds {
        true => Condition::All(parts),
        false => Condition::Any(parts),
    }
}

pub(crate) fn add_operands(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    test: TestId,
    operands: &mut Vec<Provenance>,
    depth: usize,
) {
    let found = machine.test(test).clone();
    if !found.parts.is_empty() && depth < 4 {
        for (part, _) in found.parts {
            add_operands(host, machine, part, operands, depth + 1);
        }
        return;
    }
    let mut own: Vec<Provenance> = Vec::with_capacity(found.operands.len());
    for operand in &found.operands {
        if operands.len() + own.len() < 32 {
            // Whether a record is there hangs on none of its fields.
            let whole = match found.kind {
                TestKind::Truth => host.provenance(machine, operand),
                _ => Provenance::default(),
            };
            own.push(match whole.is_empty() {
                true => host.deep_provenance(machine, operand),
                false => whole,
            });
        }
    }
    // What a caller is compared with says how much is asked of him, which roles, and what the keys of a body are compared
    // with, which fields may be sent.
    let is_told = |it: &Provenance| it.is_of_principal() || is_whole(it);
    if found.kind == TestKind::Membership && own.iter().any(is_told) {
        for (provenance, operand) in own.iter_mut().zip(&found.operands) {
            *provenance = provenance.union(&texts_in(machine, operand));
        }
    }
    if found.kind == TestKind::Equality && own.iter().any(Provenance::is_of_principal) {
        for (provenance, operand) in own.iter_mut().zip(&found.operands) {
            let text = text_of(machine, operand).map(Origin::Literal);
            *provenance = provenance.union(&Provenance::new(text));
        }
    }
    operands.append(&mut own);
}

/// Holds for a whole body, or the names of what is in it.
fn is_whole(value: &Provenance) -> bool {
    let is_part = |part: &RequestPart| {
        matches!(
            part,
            RequestPart::Body | RequestPart::Query | RequestPart::Message
        )
    };
    let mut origins = value.origins().iter();
    origins.any(|it| matches!(it, Origin::Request(part, name) if is_part(part) && name.is_empty()))
}

/// The texts that a collection holds, if it is one and holds nothing else.
fn texts_in(machine: &mut Machine<'_>, collection: &Value) -> Provenance {
    if collection.only_object().is_none() {
        return Provenance::default();
    }
    let (elements, is_open) = machine.elements_of(collection);
    let texts: Vec<Origin> = elements
        .iter()
        .filter_map(|element| text_of(machine, element))
        .map(Origin::Literal)
        .collect();
    match !is_open && texts.len() == elements.len() {
        true => Provenance::new(texts),
        false => Provenance::default(),
    }
}

/// A text, or the value of a member of an enumeration, which stands for it.
fn text_of(machine: &Machine<'_>, value: &Value) -> Option<Ustr> {
    let member = || {
        let id = value.only_object()?;
        let is_instance = matches!(machine.heap.get(id).kind, ObjectKind::Instance { .. });
        machine.heap.property(id, Ustr::from("name"))?.text()?;
        let value = machine.heap.property(id, Ustr::from("value"))?.text()?;
        is_instance.then_some(value)
    };
    value.text().or_else(member)
}

/// The most tests of one request that are remembered.
const MOST_TESTS: usize = 1_000;

/// Returns the tests from `first` on that examine something that came from somewhere, once each.
pub(crate) fn examined(host: &ModelHost, machine: &Machine<'_>, first: usize) -> Vec<Examination> {
    let mut found: IndexSet<Examination> = IndexSet::new();
    for (_, test) in machine.tests.since(first) {
        // Two places of a table are compared where something chose both.
        let is_chosen = || test.operands.iter().all(|it| !it.control.is_empty());
        let is_told = test.operands.iter().any(|it| !it.origins.is_empty())
            || test.operands.len() == 2 && is_chosen();
        if !test.parts.is_empty() || !is_told || found.len() >= MOST_TESTS {
            continue;
        }
        let operands = test.operands.iter();
        found.insert(Examination {
            kind: kind_of_test(test.kind),
            is_part: test.kind == TestKind::Part,
            operands: operands.map(|it| host.provenance(machine, it)).collect(),
        });
    }
    found.into_iter().collect()
}
