//! Python's built-in functions.

use crate::python::{Use, attributes, descriptors, exceptions, iteration};
use crate::{Answer, Atom, Machine, ObjectKind, Shape, TestKind, Value};

/// Names that are bound without an import, besides the exceptions.
const NAMES: &[&str] = &[
    "abs",
    "aiter",
    "all",
    "anext",
    "any",
    "ascii",
    "bin",
    "bool",
    "breakpoint",
    "bytearray",
    "bytes",
    "callable",
    "chr",
    "classmethod",
    "compile",
    "complex",
    "delattr",
    "dict",
    "dir",
    "divmod",
    "enumerate",
    "eval",
    "exec",
    "exit",
    "filter",
    "float",
    "format",
    "frozenset",
    "getattr",
    "globals",
    "hasattr",
    "hash",
    "help",
    "hex",
    "id",
    "input",
    "int",
    "isinstance",
    "issubclass",
    "iter",
    "len",
    "list",
    "locals",
    "map",
    "max",
    "memoryview",
    "min",
    "next",
    "object",
    "oct",
    "open",
    "ord",
    "pow",
    "print",
    "property",
    "quit",
    "range",
    "repr",
    "reversed",
    "round",
    "set",
    "setattr",
    "slice",
    "sorted",
    "staticmethod",
    "str",
    "sum",
    "super",
    "tuple",
    "type",
    "vars",
    "zip",
    "Ellipsis",
    "NotImplemented",
    "__import__",
];

/// Holds for the names that Python binds itself.
pub(crate) fn is_builtin(name: &str) -> bool {
    NAMES.contains(&name) || exceptions::parent(name).is_some() || name == "BaseException"
}

/// Calls a built-in function.
pub(crate) fn call(machine: &mut Machine<'_>, call: &Use<'_>) -> Answer {
    if let Some(value) = iteration::builtin(machine, call)? {
        return Ok(Some(value));
    }
    if let Some(value) = attributes::builtin(machine, call)? {
        return Ok(Some(value));
    }
    let first = call.at(0);
    let value = match call.name {
        "property" | "staticmethod" | "classmethod" => descriptors::make(machine, call),
        "super" => descriptors::make_super(machine, call),
        "len" => length(machine, call),
        "bool" => match first {
            Some(value) => truth(machine, &value, call),
            None => Value::bool(false),
        },
        "str" | "repr" | "ascii" | "format" => return text(machine, call),
        "bytes" | "bytearray" => return Ok(Some(bytes(machine, call))),
        "int" | "float" | "abs" | "round" => number(machine, call),
        "print" | "breakpoint" | "help" => Value::null(),
        "exit" | "quit" => return Err(crate::Stop::Exit),
        "slice" => Value::outside("py:slice"),
        "object" => Value::object(
            machine
                .heap
                .allocate(ObjectKind::Host("py:builtins.object()".into()), call.span),
        ),
        "id" | "hash" | "ord" | "divmod" | "pow" | "complex" => {
            machine.derived(Shape::Number, call.arguments.all())
        }
        "chr" | "hex" | "oct" | "bin" | "input" => {
            machine.derived(Shape::String, call.arguments.all())
        }
        name => return Ok(exceptions::make(machine, name, call)),
    };
    Ok(Some(value))
}

fn truth(machine: &mut Machine<'_>, value: &Value, call: &Use<'_>) -> Value {
    let mut truth = match machine.truth(value) {
        Some(truth) => Value::bool(truth),
        None => Value::unknown(Shape::Bool),
    };
    truth.origins = value.origins;
    truth.control = value.control;
    truth.test = value.test;
    if truth.test.is_none() {
        let outcome = machine.truth(value);
        return machine.tested(TestKind::Truth, outcome, &[value], call.span);
    }
    truth
}

/// The number of elements, if that is known.
fn length(machine: &mut Machine<'_>, call: &Use<'_>) -> Value {
    let Some(value) = call.at(0) else {
        return Value::unknown(Shape::Number);
    };
    if let Some(Atom::String(text)) = value.only() {
        return Value::number(text.chars().count() as f64).with_origins(value.origins);
    }
    if let Some(id) = value.only_object()
        && let Ok(Some(method)) = machine.own_method(id, "__len__", call.span)
    {
        let result = machine.call_value(&method, None, &crate::Arguments::default(), call.span);
        return result.unwrap_or_else(|_| Value::unknown(Shape::Number));
    }
    let is_known = matches!(value.only(), Some(Atom::Object(_)));
    let (elements, is_open) = machine.elements_of(&value);
    if is_known && !is_open {
        return Value::number(elements.len() as f64).with_origins(value.origins);
    }
    machine.derived(Shape::Number, [&value])
}

/// `str(x)`.
fn text(machine: &mut Machine<'_>, call: &Use<'_>) -> Answer {
    let Some(value) = call.at(0) else {
        return Ok(Some(Value::string("")));
    };
    if let Some(id) = value.only_object() {
        if let Some(method) = machine.own_method(id, "__str__", call.span)? {
            let none = crate::Arguments::default();
            return machine
                .call_value(&method, None, &none, call.span)
                .map(Some);
        }
        let host = machine.host();
        if let Some(text) = host.text_of(machine, id, call.span)? {
            return Ok(Some(text));
        }
        if let Some(message) = exceptions::message(machine, id) {
            return Ok(Some(machine.concatenate(&[message])));
        }
    }
    Ok(Some(machine.concatenate(&[value])))
}

/// Bytes that are text are that text.
fn bytes(machine: &mut Machine<'_>, call: &Use<'_>) -> Value {
    match call.at(0) {
        Some(value) if value.text_pattern().is_some() => value,
        Some(value) => machine.derived(Shape::String, [&value]),
        None => Value::string(""),
    }
}

fn number(machine: &mut Machine<'_>, call: &Use<'_>) -> Value {
    let Some(value) = call.at(0) else {
        return Value::number(0.0);
    };
    let known = match value.only() {
        Some(Atom::Number(number)) => Some(number),
        Some(Atom::Bool(truth)) => Some(f64::from(u8::from(truth))),
        Some(Atom::String(text)) if call.arguments.positional.len() == 1 => {
            text.trim().replace('_', "").parse::<f64>().ok()
        }
        _ => None,
    };
    let Some(number) = known else {
        return match call.arguments.positional.len() {
            1 => machine.rounded(&value),
            _ => machine.derived(Shape::Number, call.arguments.all()),
        };
    };
    let number = match call.name {
        "int" => number.trunc(),
        "abs" => number.abs(),
        "round" if call.arguments.positional.len() == 1 => number.round(),
        _ => number,
    };
    let mut result = Value::number(number).with_origins(value.origins);
    result.control = value.control;
    result
}
