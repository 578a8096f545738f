//! `collections`.

use ustr::Ustr;

use crate::python::Use;
use crate::{Answer, Machine, ObjectKind, Properties, Shape, Stop, Value};

/// The path of an instance of a named tuple that was made by a call.
pub(crate) const NAMED_TUPLE: &str = "py:collections.namedtuple()";

/// Calls a function of `collections`.
pub(crate) fn call(machine: &mut Machine<'_>, call: &Use<'_>) -> Answer {
    let value = match call.name {
        "defaultdict" => default_dict(machine, call)?,
        "OrderedDict" | "UserDict" => machine.make_dict(call)?,
        "ChainMap" => {
            let id = machine.heap.allocate(ObjectKind::Plain, call.span);
            for source in call.arguments.positional.iter().rev() {
                machine.dict_extend(id, source, call.span)?;
            }
            Value::object(id)
        }
        "Counter" => counter(machine, call),
        "deque" => {
            let source = call.arguments.find(0, "iterable").cloned();
            let (elements, is_open) = match &source {
                Some(source) => machine.elements_of(source),
                None => (Vec::new(), false),
            };
            machine.make_collection(
                ObjectKind::Array,
                elements,
                is_open,
                source.as_ref(),
                call.span,
            )
        }
        "namedtuple" => named_tuple(machine, call),
        "namedtuple_new" => new_named_tuple(machine, call),
        _ => return Ok(None),
    };
    Ok(Some(value))
}

fn default_dict(machine: &mut Machine<'_>, call: &Use<'_>) -> Result<Value, Stop> {
    let id = machine.heap.allocate(ObjectKind::Plain, call.span);
    let factory = call.find(0, "default_factory");
    if !factory.is_nothing() {
        machine.factories.insert(id, factory);
    }
    if let Some(source) = call.at(1) {
        machine.dict_extend(id, &source, call.span)?;
    }
    Ok(Value::object(id))
}

fn counter(machine: &mut Machine<'_>, call: &Use<'_>) -> Value {
    let id = machine.heap.allocate(ObjectKind::Plain, call.span);
    machine
        .factories
        .insert(id, Value::outside("py:builtins.int"));
    if let Some(source) = call.at(0) {
        let count = machine.derived(Shape::Number, [&source]);
        let object = machine.heap.get_mut(id);
        object.is_open = true;
        object.elements.push(count);
    }
    Value::object(id)
}

/// `namedtuple("Point", "x y")` is a function that makes tuples with names.
pub(crate) fn named_tuple(machine: &mut Machine<'_>, call: &Use<'_>) -> Value {
    let fields = call.find(1, "field_names");
    let names: Vec<Value> = match fields.text() {
        Some(text) => text
            .split([' ', ','])
            .filter(|name| !name.is_empty())
            .map(Value::string)
            .collect(),
        None => {
            let (elements, _) = machine.elements_of(&fields);
            elements
                .into_iter()
                .map(|field| match field.only_object() {
                    Some(_) => machine.elements_of(&field).0.first().cloned(),
                    None => Some(field),
                })
                .map(|name| name.unwrap_or_else(Value::undefined))
                .collect()
        }
    };
    let names = machine.make_tuple(names, call.span);
    let kind = ObjectKind::Bound {
        target: Value::outside("py:collections.namedtuple_new"),
        this: None,
        arguments: vec![names],
        keywords: Properties::default(),
    };
    Value::object(machine.heap.allocate(kind, call.span))
}

fn new_named_tuple(machine: &mut Machine<'_>, call: &Use<'_>) -> Value {
    let names = call.at(0).unwrap_or_else(Value::null);
    let (names, _) = machine.elements_of(&names);
    let id = machine
        .heap
        .allocate(ObjectKind::Host(Ustr::from(NAMED_TUPLE)), call.span);
    for (index, name) in names.iter().filter_map(Value::text).enumerate() {
        let value = call.arguments.find(index + 1, &name).cloned();
        let value = value.unwrap_or_else(|| Value::unknown(Shape::Any));
        let object = machine.heap.get_mut(id);
        object.elements.push(value.clone());
        object.properties.insert(name, value);
    }
    Value::object(id)
}
