//! What functions have: `bind`, `call`, `apply`, a name, and the prototype of what they construct.

use firedoor_source::Span;
use ustr::Ustr;

use super::{Function, Native, PROTOTYPE};
use crate::{
    Answer, Arguments, Atom, Machine, ObjectId, ObjectKind, Properties, Shape, Stop, Value,
};

/// How far a chain of prototypes is followed.
const CHAIN: usize = 20;

pub(super) fn method(name: &str) -> Option<Function> {
    Some(match name {
        "bind" => bind,
        "call" => call,
        "apply" => apply,
        "toString" => text,
        _ => return None,
    })
}

fn bind(machine: &mut Machine<'_>, native: &Native<'_>) -> Answer {
    let mut given = native.arguments.positional.iter().cloned();
    let this = given.next();
    let kind = ObjectKind::Bound {
        target: native.this.clone(),
        this,
        arguments: given.collect(),
        keywords: Properties::default(),
    };
    let id = machine.heap.allocate(kind, native.span);
    Ok(Some(Value::object(id).with_origins(native.this.origins)))
}

fn call(machine: &mut Machine<'_>, native: &Native<'_>) -> Answer {
    let mut given = native.arguments.positional.iter().cloned();
    let this = given.next();
    let arguments = Arguments {
        positional: given.collect(),
        keywords: Properties::default(),
        rest: native.arguments.rest.clone(),
        rest_at: native.arguments.rest_at.saturating_sub(1),
    };
    machine
        .call_value(native.this, this, &arguments, native.span)
        .map(Some)
}

fn apply(machine: &mut Machine<'_>, native: &Native<'_>) -> Answer {
    let arguments = spread(machine, &native.argument(1));
    let this = Some(native.argument(0));
    machine
        .call_value(native.this, this, &arguments, native.span)
        .map(Some)
}

/// Returns the arguments that the elements of a list are.
pub(super) fn spread(machine: &mut Machine<'_>, list: &Value) -> Arguments {
    let (positional, rest) = machine.elements_and_more(list);
    Arguments {
        positional,
        keywords: Properties::default(),
        rest,
        rest_at: 0,
    }
}

fn text(machine: &mut Machine<'_>, native: &Native<'_>) -> Answer {
    Ok(Some(native.derived(machine, Shape::String)))
}

/// `path.call(...)` of an outside function, and `Type.prototype.method.call(receiver, ...)`.
pub(super) fn call_path(
    machine: &mut Machine<'_>,
    owner: &str,
    word: &str,
    native: &Native<'_>,
) -> Answer {
    let target = Value::outside(owner);
    let inner = Native {
        this: &target,
        ..*native
    };
    let prototype = owner.rsplit_once(".prototype.");
    let (Some((_, name)), true) = (prototype, word != "bind") else {
        return match word {
            "bind" => bind(machine, &inner),
            "call" => call(machine, &inner),
            _ => apply(machine, &inner),
        };
    };
    let receiver = native.argument(0);
    let arguments = match word {
        "apply" => spread(machine, &native.argument(1)),
        _ => Arguments {
            positional: native
                .arguments
                .positional
                .iter()
                .skip(1)
                .cloned()
                .collect(),
            keywords: Properties::default(),
            rest: native.arguments.rest.clone(),
            rest_at: native.arguments.rest_at.saturating_sub(1),
        },
    };
    machine
        .call_builtin_method(&receiver, Ustr::from(name), &arguments, native.span)
        .map(Some)
}

/// Reads a member that functions have (`name`, `length`, `prototype`).
pub(crate) fn function_member(
    machine: &mut Machine<'_>,
    id: ObjectId,
    key: Ustr,
    _span: Span,
) -> Option<Value> {
    let ObjectKind::Function { closure, .. } = machine.heap.get(id).kind else {
        return None;
    };
    match key.as_str() {
        "name" | "__name__" => {
            let name = machine.heap.get(id).name;
            Some(name.map_or_else(|| Value::string(""), |name| Value::atom(Atom::String(name))))
        }
        "length" => {
            let module = machine.program.module(closure.module);
            let parameters = &module.function(closure.function).parameters;
            let count = parameters
                .iter()
                .take_while(|parameter| {
                    parameter.default.is_none()
                        && parameter.kind == firedoor_ir::ParameterKind::Normal
                })
                .count();
            Some(Value::number(count as f64))
        }
        "prototype" => Some(prototype_of(machine, id)),
        _ => None,
    }
}

/// Returns what the objects that a function constructs inherit from.
pub(crate) fn prototype_of(machine: &mut Machine<'_>, function: ObjectId) -> Value {
    let key = Ustr::from("prototype");
    if let Some(prototype) = machine.heap.property(function, key) {
        return prototype.clone();
    }
    let span = machine.heap.get(function).span;
    let prototype = machine.heap.allocate(ObjectKind::Plain, span);
    let properties = &mut machine.heap.get_mut(function).properties;
    properties.insert(key, Value::object(prototype));
    Value::object(prototype)
}

/// Returns the object that `id` inherits from without a class.
fn parent(machine: &Machine<'_>, id: ObjectId) -> Option<ObjectId> {
    let value = machine.heap.property(id, Ustr::from(PROTOTYPE))?;
    value.only_object()
}

/// Reads a property that an object inherits without a class.
pub(crate) fn inherited(machine: &Machine<'_>, id: ObjectId, key: Ustr) -> Option<Value> {
    let mut current = id;
    for _ in 0..CHAIN {
        current = parent(machine, current)?;
        if let Some(value) = machine.heap.property(current, key) {
            return Some(value.clone());
        }
        if let ObjectKind::Prototype { class } = machine.heap.get(current).kind {
            return machine.class_attribute(class, key).map(|(_, value)| value);
        }
    }
    None
}

/// Holds if an object inherits from the prototype of `function`.
pub(crate) fn inherits(machine: &Machine<'_>, id: ObjectId, function: ObjectId) -> bool {
    let prototype = match machine.heap.get(function).kind {
        ObjectKind::Class { prototype, .. } => Some(prototype),
        _ => machine
            .heap
            .property(function, Ustr::from("prototype"))
            .and_then(Value::only_object),
    };
    let mut current = id;
    for _ in 0..CHAIN {
        match parent(machine, current) {
            Some(found) if Some(found) == prototype => return true,
            Some(found) => current = found,
            None => return false,
        }
    }
    false
}

/// `new` of what a value is, with the elements of a list as arguments.
pub(super) fn construct_spread(
    machine: &mut Machine<'_>,
    class: &Value,
    list: &Value,
    span: Span,
) -> Result<Value, Stop> {
    let arguments = spread(machine, list);
    machine.construct(class, &arguments, span)
}
