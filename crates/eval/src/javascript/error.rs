//! Errors: objects with a message, and classes of the program that inherit from them.

use firedoor_source::Span;
use ustr::Ustr;

use super::{Function, Native, native_object};
use crate::{Answer, Arguments, Machine, ObjectId, Shape, Value};

const CLASSES: &[&str] = &[
    "Error",
    "TypeError",
    "RangeError",
    "SyntaxError",
    "ReferenceError",
    "EvalError",
    "URIError",
    "AggregateError",
    "DOMException",
];

pub(super) fn function(name: &str) -> Option<Function> {
    if name == "Error.captureStackTrace" {
        return Some(|_, _| Ok(Some(Value::undefined())));
    }
    is_error(name).then_some(construct as Function)
}

/// Holds for the names of the language's classes of errors.
pub(super) fn is_error(name: &str) -> bool {
    CLASSES.contains(&name)
}

/// Members that errors may have without the program: those of every object, and what the runtime gives to its own.
const GIVEN: &[&str] = &[
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toLocaleString",
    "toString",
    "valueOf",
    "errors",
    "code",
];

/// What an error of the language says of a member that nobody gave it, as in `error.status || 500`.
pub(super) fn missing_member(machine: &Machine<'_>, id: ObjectId, path: &str) -> Option<Value> {
    let (owner, key) = path.strip_prefix("js:")?.rsplit_once("().")?;
    let is_missing = is_error(owner) && !GIVEN.contains(&key);
    (is_missing && !machine.heap.get(id).is_open).then(Value::undefined)
}

fn construct(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let given = call.arguments.positional.clone();
    let (id, value) = native_object(machine, &format!("{}()", call.path), given, call.span);
    let name = call.path.trim_start_matches("js:").to_owned();
    fill(machine, id, &name, call.arguments, call.span);
    Ok(Some(value))
}

/// Gives an error its properties.
fn fill(machine: &mut Machine<'_>, id: ObjectId, name: &str, arguments: &Arguments, span: Span) {
    let message = match arguments.positional.first() {
        Some(message) if !message.is_nothing() => message.clone(),
        _ => Value::string(""),
    };
    let cause = match arguments.positional.get(1) {
        Some(options) if !options.is_nothing() => {
            machine.member(options, Ustr::from("cause"), span).ok()
        }
        _ => None,
    };
    let stack = machine.derived(Shape::String, [&message]);
    let properties = [
        ("name", Value::string(name)),
        ("message", message),
        ("stack", stack),
    ];
    for (key, value) in properties {
        machine.heap.set_property(id, Ustr::from(key), value);
    }
    if let Some(cause) = cause.filter(|cause| *cause != Value::undefined()) {
        machine.heap.set_property(id, Ustr::from("cause"), cause);
    }
}

/// What the constructor of an outside class does to an instance of a class of the program that inherits
/// from it.
pub(crate) fn construct_base(
    machine: &mut Machine<'_>,
    class: ObjectId,
    this: &Value,
    arguments: &Arguments,
    span: Span,
) {
    let (Some(path), Some(id)) = (machine.outside_base(class), this.only_object()) else {
        return;
    };
    let Some(name) = path.strip_prefix("js:").filter(|name| is_error(name)) else {
        let host = machine.host();
        return host.super_called(machine, path, id, arguments, span);
    };
    let name = name.to_owned();
    fill(machine, id, &name, arguments, span);
}
