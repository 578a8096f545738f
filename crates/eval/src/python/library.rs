//! Functions of the rest of the library, as far as wiring needs them.

use ustr::Ustr;

use crate::python::{Use, asynchronous, modules, own_dicts};
use crate::{Answer, Machine, ObjectKind, Shape, Value};

/// Modules whose calls have no value that matters.
const SILENT: &[&str] = &[
    "logging",
    "logging.getLogger()",
    "warnings",
    "traceback",
    "gc",
];

/// Calls a function of the library by its dotted path.
pub(crate) fn call(machine: &mut Machine<'_>, path: &str, module: &str, call: &Use<'_>) -> Answer {
    if let Some(value) = modules::call(machine, module, call)? {
        return Ok(Some(value));
    }
    let value = match path {
        "json.loads" | "json.load" => {
            machine.derived(Shape::Any, call.arguments.positional.first())
        }
        "json.dumps" => machine.derived(Shape::String, call.arguments.positional.first()),
        "copy.copy" | "copy.deepcopy" => copy(machine, call),
        "abc.abstractmethod" | "atexit.register" | "types.MappingProxyType" | "types.coroutine" => {
            call.at(0).unwrap_or_else(Value::null)
        }
        "abc.abstractproperty" => {
            let property = Use {
                name: "property",
                this: call.this,
                arguments: call.arguments,
                span: call.span,
            };
            crate::python::descriptors::make(machine, &property)
        }
        "types.SimpleNamespace" => {
            let kind = ObjectKind::Host(Ustr::from("py:types.SimpleNamespace()"));
            let id = machine.heap.allocate(kind, call.span);
            machine.heap.get_mut(id).properties = call.arguments.keywords.clone();
            Value::object(id)
        }
        "inspect.iscoroutinefunction" | "inspect.isawaitable" => {
            asynchronous::is_coroutine_function(machine, call)
        }
        "operator.itemgetter" | "operator.attrgetter" => getter(machine, call),
        "operator.itemgetter()" | "operator.attrgetter()" => return get(machine, call),
        "logging.getLogger" => {
            let kind = ObjectKind::Host(Ustr::from("py:logging.getLogger()"));
            Value::object(machine.heap.allocate(kind, call.span))
        }
        "logging.getLogger().getChild" => call.this.clone(),
        "functools.update_wrapper" | "builtins.object().__init__" => Value::null(),
        _ if SILENT.contains(&module) && call.name.starts_with(|c: char| c.is_lowercase()) => {
            Value::null()
        }
        _ => return inherited(machine, module, call),
    };
    Ok(Some(value))
}

/// Methods that classes of the program inherit from built-in ones.
pub(crate) fn inherited(machine: &mut Machine<'_>, module: &str, call: &Use<'_>) -> Answer {
    if let Some(value) = own_dicts::inherited(machine, module, call)? {
        return Ok(Some(value));
    }
    let Some(base) = module
        .strip_prefix("builtins.")
        .and_then(|base| base.strip_suffix("()"))
    else {
        return Ok(None);
    };
    let is_error = crate::python::exceptions::is_exception(&format!("py:builtins.{base}"));
    match call.name {
        "__init__" if is_error => {
            if let Some(id) = call.this.only_object() {
                machine.set_exception_arguments(id, &call.arguments.positional);
            }
            Ok(Some(Value::null()))
        }
        "with_traceback" | "__enter__" => Ok(Some(call.this.clone())),
        "__init__" | "add_note" | "__init_subclass__" | "__set_name__" => Ok(Some(Value::null())),
        "__setattr__" if call.arguments.positional.len() >= 2 => {
            let name = call.find(0, "name").text();
            if let Some(name) = name {
                let value = call.find(1, "value");
                machine.set_member(call.this, name, value, call.span)?;
            }
            Ok(Some(Value::null()))
        }
        "__new__" => {
            let class = call.at(0).and_then(|class| class.only_object());
            Ok(class
                .filter(|id| matches!(machine.heap.get(*id).kind, ObjectKind::Class { .. }))
                .map(|class| {
                    let kind = ObjectKind::Instance { class };
                    Value::object(machine.heap.allocate(kind, call.span))
                }))
        }
        _ => Ok(None),
    }
}

fn copy(machine: &mut Machine<'_>, call: &Use<'_>) -> Value {
    let value = call.at(0).unwrap_or_else(Value::null);
    let Some(id) = value.only_object() else {
        return value;
    };
    let old = machine.heap.get(id).clone();
    let is_copied = matches!(
        old.kind,
        ObjectKind::Plain
            | ObjectKind::Map
            | ObjectKind::Array
            | ObjectKind::Set
            | ObjectKind::Instance { .. }
    );
    if !is_copied {
        return value;
    }
    let new = machine.heap.allocate(old.kind, call.span);
    let object = machine.heap.get_mut(new);
    object.properties = old.properties;
    object.elements = old.elements;
    object.is_open = old.is_open || old.is_store;
    Value::object(new).with_origins(value.origins)
}

fn getter(machine: &mut Machine<'_>, call: &Use<'_>) -> Value {
    let kind = ObjectKind::Host(Ustr::from(&format!("py:operator.{}()", call.name)));
    let id = machine.heap.allocate(kind, call.span);
    machine.heap.get_mut(id).elements = call.arguments.positional.clone();
    Value::object(id)
}

fn get(machine: &mut Machine<'_>, call: &Use<'_>) -> Answer {
    let (Some(id), Some(object)) = (call.this.only_object(), call.at(0)) else {
        return Ok(None);
    };
    let keys = machine.heap.get(id).elements.clone();
    let [key] = keys.as_slice() else {
        return Ok(None);
    };
    match (call.name, key.text()) {
        ("attrgetter()", Some(path)) => {
            let mut value = object;
            for name in path.split('.') {
                value = machine.member(&value, Ustr::from(name), call.span)?;
            }
            Ok(Some(value))
        }
        ("itemgetter()", _) => machine.index(&object, key, call.span).map(Some),
        _ => Ok(None),
    }
}
