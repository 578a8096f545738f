//! Limits of numbers that decorators of class-validator put on the fields of a class.
//!
//! class-validator 0.14, `decorator/number/`: `@Min(1)`, `@Max(20)` and `@IsPositive()` refuse what is no number too.

use firedoor_eval::{Answer, Call, Machine, ObjectId, ObjectKind, Value};
use ustr::Ustr;

use crate::ModelHost;
use crate::tools::{keep, kept, last_part};

/// The property of such a decorator with its limit.
const LIMIT: &str = "$limit";

/// `@Min(1)`.
pub(crate) fn make(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let limit = match last_part(&call.path) {
        "IsPositive" => Value::number(0.0),
        _ => call.arguments.get(0),
    };
    let id = host.make_object(machine, "nest:bound", call.span);
    keep(machine, id, LIMIT, limit);
    Ok(Some(Value::object(id)))
}

/// The decorator is called with the prototype and the name of the field that it stands on.
pub(super) fn apply(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let limit = kept(machine, call.receiver, LIMIT);
    let prototype = call.arguments.get(0).only_object();
    if let (Some(prototype), Some(name)) = (prototype, call.arguments.get(1).text()) {
        let mut state = host.state();
        let limits = state.nestjs.bounds.entry(prototype).or_default();
        limits.push((name, limit));
    }
    Ok(Some(Value::undefined()))
}

/// Returns the limits of the fields of a class, those of its bases among them.
pub(super) fn of_class(
    host: &ModelHost,
    machine: &Machine<'_>,
    class: ObjectId,
) -> Vec<(Ustr, Value)> {
    let mut limits = Vec::new();
    for owner in machine.class_order(class) {
        let ObjectKind::Class { prototype, .. } = machine.heap.get(owner).kind else {
            continue;
        };
        let own = host.state().nestjs.bounds.get(&prototype).cloned();
        limits.extend(own.unwrap_or_default());
    }
    limits
}
