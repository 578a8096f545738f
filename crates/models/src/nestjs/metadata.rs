//! Metadata that decorators leave on classes and functions.

use firedoor_eval::{Machine, ObjectId, ObjectKind, Value};
use ustr::Ustr;

use crate::ModelHost;

/// Sets what stands under `key` on a class or function.
pub(super) fn set(host: &ModelHost, target: ObjectId, key: Ustr, value: Value) {
    let mut state = host.state();
    let all = state.nestjs.metadata.entry(target).or_default();
    all.insert(key, value);
}

/// Returns what stands under `key`; a class inherits it, as `Reflect.getMetadata` does.
pub(super) fn get(
    host: &ModelHost,
    machine: &Machine<'_>,
    target: ObjectId,
    key: Ustr,
) -> Option<Value> {
    let order = match machine.heap.get(target).kind {
        ObjectKind::Class { .. } => machine.class_order(target),
        _ => vec![target],
    };
    let state = host.state();
    let found = order
        .iter()
        .find_map(|owner| state.nestjs.metadata.get(owner)?.get(&key));
    found.cloned()
}

/// Adds values behind those that stand under `key` already, own or inherited.
pub(super) fn extend(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    target: ObjectId,
    key: Ustr,
    added: &[Value],
) {
    let before = list(host, machine, target, key);
    let span = machine.place();
    let all: Vec<Value> = before.iter().chain(added).cloned().collect();
    let all = machine.make_list(all, false, span);
    set(host, target, key, all);
}

/// Returns the list that stands under `key`.
pub(super) fn list(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    target: ObjectId,
    key: Ustr,
) -> Vec<Value> {
    match get(host, machine, target, key) {
        Some(list) => machine.elements_of(&list).0,
        None => Vec::new(),
    }
}

/// Returns the key that a value is: a string, or a symbol or decorator by its object.
pub(super) fn key_of(value: &Value) -> Option<Ustr> {
    if let Some(text) = value.text() {
        return Some(text);
    }
    if let Some(path) = value.as_outside() {
        return Some(path);
    }
    let id = value.only_object()?;
    Some(Ustr::from(&format!("#{}", id.0)))
}
