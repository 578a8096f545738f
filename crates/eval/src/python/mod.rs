//! What Python itself brings: its built-ins, parts of its library, and the methods of its values.
//!
//! The host is asked before any of this; what is not here either gives an object that remembers its
//! arguments. Uniform forms that hosts may rely on:
//!
//! - a type with parameters is `Host("py:typing.Annotated[]")` whose elements are the parameters
//!   ([`typing`]); `X | None` and `Optional[X]` are `py:typing.Union[]`;
//! - `property`, `staticmethod`, `classmethod` are `Host("py:property")` and so on, with the function as the
//!   first element ([`descriptors`]);
//! - exceptions of the language are `Host("py:builtins.ValueError()")` with their arguments as elements;
//! - members of an enumeration are instances of it with `name` and `value` ([`enumerations`]);
//! - fields of a dataclass made by `field(...)` are `Host("py:dataclasses.field()")` with its keywords as properties.

mod asynchronous;
mod attributes;
mod builtins;
mod classes;
mod collections;
mod containers;
mod contexts;
mod dataclasses;
mod descriptors;
mod dict;
mod enumerations;
pub(crate) mod exceptions;
mod functions;
mod iteration;
mod library;
mod list;
mod modules;
mod operators;
mod own_dicts;
mod set;
mod string;
mod subclassing;
mod subscripts;
mod typing;

pub(crate) use attributes::{kind_name, special_attribute};
pub(crate) use builtins::is_builtin;
pub(crate) use collections::NAMED_TUPLE;
pub(crate) use operators::binary;
pub(crate) use string::index as index_text;

use firedoor_source::Span;
use ustr::Ustr;

use crate::{Answer, Arguments, Atom, Machine, ObjectId, ObjectKind, Shape, Value};

/// A call of a function or method of Python itself.
pub(crate) struct Use<'a> {
    /// The last part of its path.
    pub(crate) name: &'a str,
    /// What it is called on; undefined for a function.
    pub(crate) this: &'a Value,
    /// With what.
    pub(crate) arguments: &'a Arguments,
    /// Where.
    pub(crate) span: Span,
}

impl Use<'_> {
    /// Returns the argument at `index` or named `name`; `None` of Python if it is not given.
    fn find(&self, index: usize, name: &str) -> Value {
        self.arguments
            .find(index, name)
            .cloned()
            .unwrap_or_else(Value::null)
    }

    /// Returns the argument at `index`, also if it is only known to be among further ones.
    fn at(&self, index: usize) -> Option<Value> {
        let given = self.arguments.positional.get(index);
        given.or(self.arguments.rest.as_ref()).cloned()
    }
}

/// Calls a built-in function, or one of the library, or a method of one of their objects.
pub(crate) fn call(
    machine: &mut Machine<'_>,
    path: Ustr,
    this: &Value,
    arguments: &Arguments,
    span: Span,
) -> Answer {
    let Some(path) = path.as_str().strip_prefix("py:") else {
        return Ok(None);
    };
    let (module, name) = path.rsplit_once('.').unwrap_or(("", path));
    let call = Use {
        name,
        this,
        arguments,
        span,
    };
    match module {
        "builtins" => builtins::call(machine, &call),
        _ if module.starts_with("builtins.") && !module.ends_with(')') => {
            unbound(machine, module, &call)
        }
        "property" => descriptors::property_method(machine, &call),
        "typing" | "typing_extensions" => typing::call(machine, &call),
        "dataclasses" => dataclasses::call(machine, &call),
        "enum" => enumerations::call(machine, &call),
        "functools" => functions::call(machine, &call),
        "contextlib" => contexts::call(machine, &call),
        "asyncio" => asynchronous::call(machine, &call),
        "collections" => collections::call(machine, &call),
        "itertools" => iteration::call(machine, &call),
        _ => match asynchronous::method(machine, module, &call)? {
            Some(value) => Ok(Some(value)),
            None => library::call(machine, path, module, &call),
        },
    }
}

/// Calls a method taken from a built-in class: the first argument is what it is called on.
fn unbound(machine: &mut Machine<'_>, module: &str, call: &Use<'_>) -> Answer {
    if call.name == "fromkeys" {
        return dict::from_keys(machine, call).map(Some);
    }
    let Some((this, rest)) = call.arguments.positional.split_first() else {
        return Ok(None);
    };
    let arguments = Arguments {
        positional: rest.to_vec(),
        keywords: call.arguments.keywords.clone(),
        rest: call.arguments.rest.clone(),
        rest_at: call.arguments.rest_at.saturating_sub(1),
    };
    if let Some(value) = method(machine, this, Ustr::from(call.name), &arguments, call.span)? {
        return Ok(Some(value));
    }
    // `object.__new__(cls)` is given the class itself.
    if call.name == "__new__" {
        return library::inherited(machine, "builtins.object()", call);
    }
    let inner = Use {
        name: call.name,
        this,
        arguments: &arguments,
        span: call.span,
    };
    library::inherited(machine, &format!("{module}()"), &inner)
}

/// Reads an attribute that an object of the language's library has.
pub(crate) fn host_attribute(
    machine: &mut Machine<'_>,
    id: ObjectId,
    path: &str,
    key: Ustr,
) -> Option<Value> {
    exceptions::attribute(machine, id, path, key)
        .or_else(|| modules::path_attribute(machine, id, path, key))
}

/// Calls a method of a value of the language.
pub(crate) fn method(
    machine: &mut Machine<'_>,
    receiver: &Value,
    name: Ustr,
    arguments: &Arguments,
    span: Span,
) -> Answer {
    let call = Use {
        name: name.as_str(),
        this: receiver,
        arguments,
        span,
    };
    match receiver.only() {
        Some(Atom::Object(id)) => match machine.heap.get(id).kind {
            ObjectKind::Array | ObjectKind::Tuple => list::method(machine, id, &call),
            ObjectKind::Set => set::method(machine, id, &call),
            ObjectKind::Plain | ObjectKind::Map => dict::method(machine, id, &call),
            _ => Ok(None),
        },
        Some(Atom::String(_) | Atom::Pattern(_) | Atom::Unknown(Shape::String)) => {
            string::method(machine, &call)
        }
        Some(Atom::Unknown(Shape::Any | Shape::Object)) => match dict::unknown(machine, &call) {
            Some(value) => Ok(Some(value)),
            None => string::unknown(machine, &call),
        },
        _ => Ok(None),
    }
}

/// Holds if the language gives objects of this kind a method of that name.
pub(crate) fn has_method(machine: &Machine<'_>, id: ObjectId, name: Ustr) -> bool {
    let names = match machine.heap.get(id).kind {
        ObjectKind::Array | ObjectKind::Tuple => list::METHODS,
        ObjectKind::Set => set::METHODS,
        ObjectKind::Plain | ObjectKind::Map => dict::METHODS,
        _ => return false,
    };
    names.contains(&name.as_str())
}

/// Returns what a name stands for that the program does not bind.
pub(crate) fn global(name: Ustr) -> Value {
    match name.as_str() {
        "NotImplemented" => Value::outside("py:builtins.NotImplemented"),
        "__debug__" => Value::bool(true),
        "__doc__" | "__spec__" => Value::null(),
        _ => Value::outside(&format!("py:builtins.{name}")),
    }
}
