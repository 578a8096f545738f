//! Built-in functions about attributes, classes and namespaces.

use ustr::Ustr;

use crate::names::names_of;
use crate::python::Use;
use crate::{Answer, Atom, Machine, ObjectId, ObjectKind, Shape, Slot, Stop, TestKind, Value};

/// Calls a built-in function that looks at an object.
pub(crate) fn builtin(machine: &mut Machine<'_>, call: &Use<'_>) -> Answer {
    let value = match call.name {
        "isinstance" => {
            let (value, class) = (call.find(0, "obj"), call.find(1, "cls"));
            machine.instance_test(&value, &class, call.span)
        }
        "issubclass" => issubclass(machine, call),
        "getattr" => getattr(machine, call)?,
        "setattr" => setattr(machine, call)?,
        "hasattr" => hasattr(machine, call)?,
        "delattr" => delattr(machine, call),
        "callable" => callable(machine, call),
        "type" => type_of(machine, call),
        "vars" => match call.at(0) {
            Some(object) => match own_of_class(machine, &object) {
                Some(entries) => {
                    let table = machine.heap.allocate(ObjectKind::Plain, call.span);
                    machine.heap.get_mut(table).properties.extend(entries);
                    Value::object(table)
                }
                None => vars(machine, &object, call),
            },
            None => locals(machine, call),
        },
        "dir" => {
            let object = call.at(0).unwrap_or_else(Value::undefined);
            let table = vars(machine, &object, call);
            machine.keys_of(&table, call.span)
        }
        "globals" => globals(machine, call),
        "locals" => locals(machine, call),
        "__import__" => return machine.import_by_name(call).map(Some),
        _ => return Ok(None),
    };
    Ok(Some(value))
}

/// Returns the names that `value` may be, if they are all known.
fn names(value: &Value) -> Option<Vec<Ustr>> {
    value.texts()
}

fn getattr(machine: &mut Machine<'_>, call: &Use<'_>) -> Result<Value, Stop> {
    let (Some(object), Some(name)) = (call.at(0), call.at(1)) else {
        return Ok(machine.unknown("missing-argument"));
    };
    let default = call.at(2);
    if object.is_nothing() {
        return Ok(default.unwrap_or_else(Value::undefined));
    }
    let Some(names) = names(&name) else {
        return any_attribute(machine, &object, &name, default, call);
    };
    let mut result: Option<Value> = None;
    for name in names {
        let value = attribute_or(machine, &object, name, default.as_ref(), call)?;
        result = Some(match result {
            Some(earlier) => machine.join(earlier, &value),
            None => value,
        });
    }
    let result = result.unwrap_or_else(Value::undefined);
    Ok(machine.controlled(result, &name))
}

fn attribute_or(
    machine: &mut Machine<'_>,
    object: &Value,
    name: Ustr,
    default: Option<&Value>,
    call: &Use<'_>,
) -> Result<Value, Stop> {
    if let (Some(default), Some(atom)) = (default, object.only())
        && machine.lacks(&atom, name)
    {
        return Ok(default.clone());
    }
    let value = machine.member(object, name, call.span)?;
    let is_missing = value.atoms().contains(&Atom::Undefined);
    if let Some(default) = default
        && is_missing
    {
        let found = value.filter(|atom| *atom != Atom::Undefined);
        return Ok(match found {
            Some(found) => machine.join(found, default),
            None => default.clone(),
        });
    }
    if let Some(default) = default
        && object.is_unknown()
    {
        return Ok(machine.join(value, default));
    }
    Ok(value)
}

/// An attribute by an unknown name: any of those that the object has.
fn any_attribute(
    machine: &mut Machine<'_>,
    object: &Value,
    name: &Value,
    default: Option<Value>,
    call: &Use<'_>,
) -> Result<Value, Stop> {
    let table = vars(machine, object, call);
    let mut result = default.unwrap_or_else(|| Value::unknown(Shape::Any));
    let Some(id) = table.only_object() else {
        return Ok(machine.derived(Shape::Any, [object, name]));
    };
    let known: Vec<Ustr> = machine.heap.get(id).properties.keys().copied().collect();
    for known in known.into_iter().filter(|known| may_be(name, known)) {
        let value = machine.member(object, known, call.span)?;
        result = machine.join(value, &result);
    }
    Ok(machine.controlled(result, name))
}

fn may_be(name: &Value, known: &str) -> bool {
    name.atoms().iter().any(|atom| match atom {
        Atom::String(text) => text.as_str() == known,
        Atom::Pattern(pattern) => crate::comparison::pattern_may_be(pattern, known),
        Atom::Unknown(_) => true,
        _ => false,
    })
}

/// How many names one assignment by a computed name may mean.
const MOST_NAMES: usize = 40;

fn setattr(machine: &mut Machine<'_>, call: &Use<'_>) -> Result<Value, Stop> {
    let (Some(object), Some(name), Some(value)) = (call.at(0), call.at(1), call.at(2)) else {
        return Ok(Value::null());
    };
    match names_of(&name) {
        // Each of a few names that are written down may be meant.
        Some(names) if names.len() <= MOST_NAMES => {
            for one in names {
                let value = machine.value_under(&name, one, &value);
                machine.set_member(&object, one, value, call.span)?;
            }
        }
        _ => {
            for id in object.objects().collect::<Vec<_>>() {
                let path = match machine.heap.get(id).kind {
                    ObjectKind::Host(path) => Some(path),
                    ObjectKind::Instance { .. } => machine.outside_base(id),
                    _ => None,
                };
                if let Some(path) = path {
                    let host = machine.host();
                    host.set_index(machine, id, path, &name, &value, call.span);
                }
                machine.heap.open(id);
                if let ObjectKind::Instance { .. } = machine.heap.get(id).kind {
                    machine.heap.elements_mut(id).push(value.clone());
                }
            }
        }
    }
    Ok(Value::null())
}

/// What numbers have besides what all objects have.
const NUMBER_ATTRIBUTES: [&str; 12] = [
    "as_integer_ratio",
    "bit_count",
    "bit_length",
    "conjugate",
    "denominator",
    "from_bytes",
    "fromhex",
    "hex",
    "imag",
    "is_integer",
    "numerator",
    "real",
];

fn hasattr(machine: &mut Machine<'_>, call: &Use<'_>) -> Result<Value, Stop> {
    let (Some(object), Some(name)) = (call.at(0), call.at(1)) else {
        return Ok(Value::unknown(Shape::Bool));
    };
    let is_closed = object.only_object().is_some_and(|id| {
        let kind = &machine.heap.get(id).kind;
        let is_own = matches!(
            kind,
            ObjectKind::Instance { .. }
                | ObjectKind::Class { .. }
                | ObjectKind::Namespace(_)
                | ObjectKind::Function { .. }
                | ObjectKind::Plain
                | ObjectKind::Map
                | ObjectKind::Array
                | ObjectKind::Tuple
                | ObjectKind::Set
        );
        is_own && machine.outside_base(id).is_none() && !machine.heap.get(id).is_open
    });
    let is_number = object
        .only()
        .is_some_and(|atom| matches!(atom, Atom::Number(_) | Atom::Bool(_)));
    let outcome = match (name.text(), is_closed) {
        (Some(name), _) if is_number => {
            let is_known = name.starts_with("__") || NUMBER_ATTRIBUTES.contains(&name.as_str());
            (!is_known).then_some(false)
        }
        (Some(name), true) => {
            let value = machine.member(&object, name, call.span)?;
            match value.only() {
                Some(Atom::Undefined) => Some(false),
                _ => (!value.atoms().contains(&Atom::Undefined)).then_some(true),
            }
        }
        (Some(name), false) if object.only().is_some_and(|atom| machine.lacks(&atom, name)) => {
            Some(false)
        }
        // What the outside has made may say that it has no such member.
        (Some(name), false)
            if object.only_object().is_some_and(|id| {
                matches!(machine.heap.get(id).kind, ObjectKind::Host(_))
                    && machine.heap.property(id, name).is_none()
            }) =>
        {
            let value = machine.member(&object, name, call.span)?;
            matches!(value.only(), Some(Atom::Undefined)).then_some(false)
        }
        (Some(name), false) => object
            .only_object()
            .and_then(|id| machine.heap.property(id, name))
            .filter(|held| !held.atoms().contains(&Atom::Undefined))
            .map(|_| true),
        _ => None,
    };
    // `hasattr(it, "__iter__")` asks what kind of thing it is, which refuses nobody for who he is or what he may do.
    let is_kind = name.text().is_some_and(|name| name.starts_with("__"));
    if is_kind && outcome.is_none() {
        return Ok(Value::unknown(Shape::Bool));
    }
    Ok(machine.tested(TestKind::Membership, outcome, &[&name, &object], call.span))
}

fn delattr(machine: &mut Machine<'_>, call: &Use<'_>) -> Value {
    if let (Some(object), Some(name)) = (call.at(0), call.at(1).and_then(|name| name.text())) {
        for id in object.objects().collect::<Vec<_>>() {
            machine.heap.remove_property(id, name);
        }
    }
    Value::null()
}

fn callable(machine: &mut Machine<'_>, call: &Use<'_>) -> Value {
    let Some(value) = call.at(0) else {
        return Value::unknown(Shape::Bool);
    };
    let outcome = match value.only() {
        Some(Atom::Object(id)) => match machine.heap.get(id).kind {
            ObjectKind::Function { .. }
            | ObjectKind::Bound { .. }
            | ObjectKind::Method { .. }
            | ObjectKind::Class { .. } => Some(true),
            ObjectKind::Instance { class } if machine.outside_base(id).is_none() => Some(
                machine
                    .class_attribute(class, Ustr::from("__call__"))
                    .is_some(),
            ),
            ObjectKind::Host(_) | ObjectKind::Instance { .. } => None,
            _ => Some(false),
        },
        Some(Atom::Unknown(Shape::Any | Shape::Object) | Atom::Outside(_)) | None => None,
        Some(_) => Some(false),
    };
    machine.tested(TestKind::Kind, outcome, &[&value], call.span)
}

fn issubclass(machine: &mut Machine<'_>, call: &Use<'_>) -> Value {
    let (Some(class), Some(wanted)) = (call.at(0), call.at(1)) else {
        return Value::unknown(Shape::Bool);
    };
    let outcome = machine.is_subclass_of(&class, &wanted);
    machine.tested(TestKind::Kind, outcome, &[&class], call.span)
}

fn type_of(machine: &mut Machine<'_>, call: &Use<'_>) -> Value {
    let Some(value) = call.at(0) else {
        return Value::unknown(Shape::Any);
    };
    if call.arguments.positional.len() > 1 {
        return machine.derived(Shape::Object, call.arguments.all());
    }
    let path = match value.only() {
        Some(Atom::Object(id)) => match &machine.heap.get(id).kind {
            ObjectKind::Instance { class } => return Value::object(*class),
            ObjectKind::Class { .. } => "py:builtins.type".to_owned(),
            ObjectKind::Host(path) if path.ends_with("()") => {
                path.trim_end_matches("()").to_owned()
            }
            kind => match kind_name(kind) {
                Some(name) => format!("py:builtins.{name}"),
                None => return machine.derived(Shape::Any, [&value]),
            },
        },
        Some(Atom::String(_) | Atom::Pattern(_) | Atom::Unknown(Shape::String)) => {
            "py:builtins.str".to_owned()
        }
        Some(Atom::Bool(_) | Atom::Unknown(Shape::Bool)) => "py:builtins.bool".to_owned(),
        _ => return machine.derived(Shape::Any, [&value]),
    };
    Value::outside(&path).with_origins(value.origins)
}

/// Returns the name of the built-in class of a kind of object.
pub(crate) fn kind_name(kind: &ObjectKind) -> Option<&'static str> {
    Some(match kind {
        ObjectKind::Plain | ObjectKind::Map => "dict",
        ObjectKind::Array => "list",
        ObjectKind::Tuple => "tuple",
        ObjectKind::Set => "set",
        ObjectKind::Function { .. } | ObjectKind::Bound { .. } | ObjectKind::Method { .. } => {
            "function"
        }
        ObjectKind::Class { .. } => "type",
        _ => return None,
    })
}

/// The attributes of an object as a dictionary.
fn vars(machine: &mut Machine<'_>, object: &Value, call: &Use<'_>) -> Value {
    let table = machine.heap.allocate(ObjectKind::Plain, call.span);
    let Some(id) = object.only_object() else {
        machine.heap.get_mut(table).is_open = true;
        return Value::object(table).with_origins(object.origins);
    };
    let mut entries: Vec<(Ustr, Value)> = Vec::new();
    match machine.heap.get(id).kind {
        ObjectKind::Namespace(module) => entries = machine.module_variables(module),
        ObjectKind::Instance { .. } => entries.extend(own_entries(machine, id)),
        ObjectKind::Class { .. } => {
            for owner in machine.class_order(id).into_iter().rev() {
                if let ObjectKind::Class { prototype, .. } = machine.heap.get(owner).kind {
                    entries.extend(own_entries(machine, prototype));
                }
            }
        }
        _ => machine.heap.get_mut(table).is_open = true,
    }
    let object = machine.heap.get_mut(table);
    object.properties.extend(entries);
    Value::object(table)
}

/// What the body of a class defines, without what it inherits.
fn own_of_class(machine: &Machine<'_>, object: &Value) -> Option<Vec<(Ustr, Value)>> {
    match machine.heap.get(object.only_object()?).kind {
        ObjectKind::Class { prototype, .. } => Some(own_entries(machine, prototype)),
        _ => None,
    }
}

fn own_entries(machine: &Machine<'_>, id: ObjectId) -> Vec<(Ustr, Value)> {
    let properties = machine.heap.get(id).properties.iter();
    properties
        .map(|(key, value)| (*key, value.clone()))
        .collect()
}

fn globals(machine: &mut Machine<'_>, call: &Use<'_>) -> Value {
    let table = machine.heap.allocate(ObjectKind::Plain, call.span);
    if let Some(module) = machine.module() {
        let entries = machine.module_variables(module);
        machine.heap.get_mut(table).properties.extend(entries);
    }
    Value::object(table)
}

fn locals(machine: &mut Machine<'_>, call: &Use<'_>) -> Value {
    let table = machine.heap.allocate(ObjectKind::Plain, call.span);
    let scope = machine.current_scope();
    let mut entries: Vec<(Ustr, Value)> = machine
        .scope(scope)
        .names
        .iter()
        .filter_map(|(name, slot)| match slot {
            Slot::Value(value) => Some((*name, value.clone())),
            _ => None,
        })
        .collect();
    entries.sort_by_key(|(name, _)| name.as_str());
    machine.heap.get_mut(table).properties.extend(entries);
    Value::object(table)
}

/// What functions and classes tell about themselves, which is not kept.
const INTROSPECTED: &[&str] = &[
    "__annotations__",
    "__base__",
    "__bases__",
    "__closure__",
    "__code__",
    "__defaults__",
    "__dict__",
    "__globals__",
    "__kwdefaults__",
    "__signature__",
    "__subclasses__",
];

/// Reads an attribute that every object of a kind has.
pub(crate) fn special_attribute(
    machine: &mut Machine<'_>,
    id: ObjectId,
    key: Ustr,
    span: firedoor_source::Span,
) -> Option<Value> {
    let object = machine.heap.get(id);
    if key == "_fields"
        && let ObjectKind::Bound {
            target, arguments, ..
        } = &object.kind
        && target
            .as_outside()
            .is_some_and(|path| path == "py:collections.namedtuple_new")
    {
        return arguments.first().cloned();
    }
    if !key.starts_with("__") {
        return None;
    }
    match (&object.kind, key.as_str()) {
        (ObjectKind::Function { .. }, "__name__" | "__qualname__") => {
            let name = object.name?;
            Some(Value::atom(Atom::String(name)))
        }
        (ObjectKind::Function { .. }, "__doc__") => Some(Value::null()),
        (ObjectKind::Function { .. } | ObjectKind::Class { .. }, "__module__") => {
            let module = match object.kind {
                ObjectKind::Function { closure, .. } => closure.module,
                ObjectKind::Class { module, .. } => module,
                _ => return None,
            };
            Some(Value::string(&machine.dotted_name(module)))
        }
        (
            ObjectKind::Bound {
                target, arguments, ..
            },
            "__self__",
        ) => {
            let _ = target;
            arguments.first().cloned()
        }
        (ObjectKind::Bound { target, .. }, "__func__") => Some(target.clone()),
        (
            ObjectKind::Bound { target, .. },
            "__name__" | "__qualname__" | "__wrapped__" | "__doc__",
        ) => {
            let target = target.clone();
            machine.member(&target, key, span).ok()
        }
        (ObjectKind::Class { prototype, .. }, "__dict__") => {
            let own = machine.heap.get(*prototype).properties.clone();
            let table = machine.heap.allocate(ObjectKind::Plain, span);
            machine.heap.get_mut(table).properties = own;
            Some(Value::object(table))
        }
        (ObjectKind::Function { .. } | ObjectKind::Class { .. }, key)
            if INTROSPECTED.contains(&key) && !object.properties.contains_key(&Ustr::from(key)) =>
        {
            Some(machine.unknown("introspection"))
        }
        (ObjectKind::Namespace(module), "__name__") => {
            let module = *module;
            Some(Value::string(&machine.dotted_name(module)))
        }
        _ => None,
    }
}
