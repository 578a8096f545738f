//! Methods of values that are not known: the names tell enough to call the functions that are passed.

use ustr::Ustr;

use super::{Function, Native, callbacks, promise};
use crate::{Answer, Atom, Machine, Shape, TestKind};

/// Calls a method of an unknown value.
pub(super) fn method(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let answer = protocol(machine, call)?;
    if answer.is_some() {
        return Ok(answer);
    }
    match call.path.as_str() {
        "startsWith" | "endsWith" | "includes" | "has" | "hasOwnProperty" => {
            let part = call.argument(0);
            let kind = super::string::test_kind(&call.path);
            let value = machine.tested(kind, None, &[call.this, &part], call.span);
            if let (TestKind::Part, Some((test, _))) = (kind, value.test) {
                machine.text_tests.push((test, Ustr::from(&call.path)));
            }
            Ok(Some(value))
        }
        // Identifiers, dates and numbers of libraries compare themselves so.
        "equals" | "isEqual" if call.arguments.positional.len() == 1 => {
            let other = call.argument(0);
            Ok(Some(
                machine.compare_equal(call.this, &other, call.span, false),
            ))
        }
        "split" | "match" | "matchAll" => match super::string::method(&call.path) {
            Some(function) => function(machine, call),
            None => Ok(None),
        },
        name => Ok(super::string::shape(name).map(|shape| call.method_result(machine, shape))),
    }
}

/// Calls a method that lists, promises and functions have, whoever made them.
pub(super) fn protocol(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let name = call.path.as_str();
    let function: Option<Function> = match name {
        "then" | "catch" | "finally" => promise::method(name),
        "bind" | "call" | "apply" => super::function::method(name),
        "map" | "forEach" | "filter" | "some" | "every" | "flatMap" | "reduce" | "find"
        | "findIndex"
            if calls_program(machine, call) =>
        {
            callbacks::method(name)
        }
        _ => None,
    };
    match function {
        Some(function) => function(machine, call),
        None => Ok(None),
    }
}

/// Holds if the first argument is a function of the program.
fn calls_program(machine: &Machine<'_>, call: &Native<'_>) -> bool {
    call.arguments.positional.first().is_some_and(|first| {
        first.atoms().iter().any(|atom| match atom {
            Atom::Object(id) => matches!(
                machine.heap.get(*id).kind,
                crate::ObjectKind::Function { .. } | crate::ObjectKind::Bound { .. }
            ),
            _ => false,
        })
    })
}

/// Returns an unknown truth value made of the call.
pub(super) fn undecided(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    Ok(Some(call.derived(machine, Shape::Bool)))
}
