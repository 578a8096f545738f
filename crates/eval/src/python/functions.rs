//! `functools`.

use ustr::Ustr;

use crate::python::{Use, descriptors};
use crate::{Answer, Arguments, Machine, ObjectKind, Properties, Stop, Value};

/// Calls a function of `functools`.
pub(crate) fn call(machine: &mut Machine<'_>, call: &Use<'_>) -> Answer {
    let value = match call.name {
        "partial" | "partialmethod" => partial(machine, call),
        "wraps" => wraps(machine, call),
        "update_wrapper" => update_wrapper(machine, call),
        // What is cached is a function that is called as before; `lru_cache(...)` is a decorator still.
        "lru_cache" | "cache" => match call.at(0).filter(|first| first.only_object().is_some()) {
            Some(function) => {
                machine.run_once(&function);
                function
            }
            None => Value::outside("py:functools.lru_cache"),
        },
        "cached_property" => {
            let property = Use {
                name: "property",
                this: call.this,
                arguments: call.arguments,
                span: call.span,
            };
            descriptors::make(machine, &property)
        }
        "singledispatch" | "singledispatchmethod" | "total_ordering" | "cmp_to_key" => {
            call.at(0).unwrap_or_else(Value::null)
        }
        "reduce" => reduce(machine, call)?,
        _ => return Ok(None),
    };
    Ok(Some(value))
}

fn partial(machine: &mut Machine<'_>, call: &Use<'_>) -> Value {
    let Some((target, arguments)) = call.arguments.positional.split_first() else {
        return machine.unknown("missing-argument");
    };
    let kind = ObjectKind::Bound {
        target: target.clone(),
        this: None,
        arguments: arguments.to_vec(),
        keywords: call.arguments.keywords.clone(),
    };
    Value::object(machine.heap.allocate(kind, call.span))
}

/// `wraps(f)` is a decorator that makes its function look like `f`.
fn wraps(machine: &mut Machine<'_>, call: &Use<'_>) -> Value {
    let mut keywords = Properties::default();
    keywords.insert(Ustr::from("wrapped"), call.find(0, "wrapped"));
    let kind = ObjectKind::Bound {
        target: Value::outside("py:functools.update_wrapper"),
        this: None,
        arguments: Vec::new(),
        keywords,
    };
    Value::object(machine.heap.allocate(kind, call.span))
}

fn update_wrapper(machine: &mut Machine<'_>, call: &Use<'_>) -> Value {
    let wrapper = call.find(0, "wrapper");
    let wrapped = call.find(1, "wrapped");
    let name = wrapped
        .only_object()
        .and_then(|id| machine.heap.get(id).name);
    for id in wrapper.objects().collect::<Vec<_>>() {
        machine
            .heap
            .set_property(id, Ustr::from("__wrapped__"), wrapped.clone());
        if let Some(name) = name {
            machine.heap.get_mut(id).name = Some(name);
        }
    }
    wrapper
}

fn reduce(machine: &mut Machine<'_>, call: &Use<'_>) -> Result<Value, Stop> {
    let (Some(function), Some(source)) = (call.at(0), call.at(1)) else {
        return Ok(machine.unknown("missing-argument"));
    };
    let (elements, is_open) = machine.elements_of(&source);
    let mut elements = elements.into_iter();
    let mut result = match call.at(2).or_else(|| elements.next()) {
        Some(first) => first,
        None => return Ok(machine.derived(crate::Shape::Any, [&source])),
    };
    for element in elements {
        let arguments = Arguments::positional([result, element]);
        result = machine.call_value(&function, None, &arguments, call.span)?;
    }
    if is_open {
        let element = machine.element_of_open(&source);
        let arguments = Arguments::positional([result.clone(), element]);
        let more = machine.call_value(&function, None, &arguments, call.span)?;
        result = machine.join(result, &more);
    }
    Ok(result)
}
