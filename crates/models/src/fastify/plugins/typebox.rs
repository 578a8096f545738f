//! TypeBox: functions that make JSON schemas, which Fastify holds requests against.
//!
//! Sources: `@sinclair/typebox` 0.34 and `typebox` 1, `Type`; `@fastify/type-provider-typebox` 5 hands it on.

use firedoor_eval::{Answer, Call, Machine, ObjectId, ObjectKind, Value};
use ustr::Ustr;

use crate::tools::{last_part, option};
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "typebox",
    calls: &[
        ("npm:@sinclair/typebox.Type.*", make),
        ("npm:typebox.Type.*", make),
        ("npm:typebox.default.*", make),
        ("npm:@fastify/type-provider-typebox.Type.*", make),
    ],
    ..Model::EMPTY
};

/// The mark of a property that may be missing.
const OPTIONAL: &str = "$optional";

fn make(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let arguments = call.arguments;
    let schema = match last_part(&call.path) {
        "Object" => object(machine, call),
        "String" | "Date" | "RegExp" | "TemplateLiteral" | "Uint8Array" => {
            typed(machine, call, "string", 0)
        }
        "Number" => typed(machine, call, "number", 0),
        "Integer" => typed(machine, call, "integer", 0),
        "Boolean" => typed(machine, call, "boolean", 0),
        "Null" => typed(machine, call, "null", 0),
        "Array" => {
            let made = typed(machine, call, "array", 1);
            machine
                .heap
                .set_property(made, Ustr::from("items"), arguments.get(0));
            made
        }
        "Literal" => one(machine, call, "const", arguments.get(0)),
        "Union" | "Enum" => alternatives(machine, call),
        "Intersect" | "Composite" => {
            let parts = arguments.get(0);
            one(machine, call, "allOf", parts)
        }
        "Optional" => {
            let made = copy(machine, &arguments.get(0), call);
            machine
                .heap
                .set_property(made, Ustr::from(OPTIONAL), Value::bool(true));
            made
        }
        "Readonly" | "ReadonlyOptional" | "Unsafe" | "Strict" | "Required" => {
            copy(machine, &arguments.get(0), call)
        }
        "Partial" => {
            let made = copy(machine, &arguments.get(0), call);
            machine.heap.remove_property(made, Ustr::from("required"));
            made
        }
        "Pick" | "Omit" => selected(machine, call),
        "Ref" => match arguments.get(0).text() {
            Some(_) => one(machine, call, "$ref", arguments.get(0)),
            None => copy(machine, &arguments.get(0), call),
        },
        _ => machine.heap.allocate(ObjectKind::Plain, call.span),
    };
    Ok(Some(Value::object(schema)))
}

/// A schema with a type, and with the options that stand behind `skipped` arguments.
fn typed(machine: &mut Machine<'_>, call: &Call<'_>, kind: &str, skipped: usize) -> ObjectId {
    let made = copy(machine, &call.arguments.get(skipped), call);
    machine
        .heap
        .set_property(made, Ustr::from("type"), Value::string(kind));
    made
}

fn one(machine: &mut Machine<'_>, call: &Call<'_>, name: &str, value: Value) -> ObjectId {
    let made = copy(machine, &call.arguments.get(1), call);
    machine.heap.set_property(made, Ustr::from(name), value);
    made
}

fn copy(machine: &mut Machine<'_>, value: &Value, call: &Call<'_>) -> ObjectId {
    let made = machine.heap.allocate(ObjectKind::Plain, call.span);
    for id in value.objects().collect::<Vec<_>>() {
        let properties = machine.heap.get(id).properties.clone();
        machine.heap.get_mut(made).properties.extend(properties);
    }
    made
}

/// `Type.Object(properties, options)`: all are required that are not optional.
fn object(machine: &mut Machine<'_>, call: &Call<'_>) -> ObjectId {
    let properties = call.arguments.get(0);
    let made = typed(machine, call, "object", 1);
    let names = names_of(machine, &properties);
    let mut required = Vec::new();
    for (name, child) in names {
        let is_optional = child
            .only_object()
            .is_some_and(|id| machine.heap.property(id, Ustr::from(OPTIONAL)).is_some());
        if !is_optional {
            required.push(Value::string(&name));
        }
    }
    let required = machine.make_list(required, false, call.span);
    for (name, value) in [("properties", properties), ("required", required)] {
        machine.heap.set_property(made, Ustr::from(name), value);
    }
    made
}

fn names_of(machine: &Machine<'_>, object: &Value) -> Vec<(Ustr, Value)> {
    let Some(id) = object.only_object() else {
        return Vec::new();
    };
    let properties = machine.heap.get(id).properties.iter();
    properties
        .map(|(name, value)| (*name, value.clone()))
        .collect()
}

/// A union of constants is an enumeration of them.
fn alternatives(machine: &mut Machine<'_>, call: &Call<'_>) -> ObjectId {
    let given = call.arguments.get(0);
    if last_part(&call.path) == "Enum" {
        let values = names_of(machine, &given)
            .into_iter()
            .map(|(_, value)| value);
        let values = values.collect();
        let list = machine.make_list(values, false, call.span);
        return one(machine, call, "enum", list);
    }
    let parts = machine.elements_of(&given).0;
    let constants: Option<Vec<Value>> = parts
        .iter()
        .map(|part| option(machine, part, "const", call.span))
        .collect();
    match constants {
        Some(constants) if !constants.is_empty() => {
            let list = machine.make_list(constants, false, call.span);
            one(machine, call, "enum", list)
        }
        _ => one(machine, call, "anyOf", given),
    }
}

/// `Type.Pick(schema, names)` and `Type.Omit(schema, names)`.
fn selected(machine: &mut Machine<'_>, call: &Call<'_>) -> ObjectId {
    let schema = call.arguments.get(0);
    let made = copy(machine, &schema, call);
    let wanted = crate::tokens::texts_of(machine, &call.arguments.get(1));
    let Some(wanted) = wanted else {
        return made;
    };
    let is_pick = last_part(&call.path) == "Pick";
    let properties = option(machine, &schema, "properties", call.span);
    let kept = machine.heap.allocate(ObjectKind::Plain, call.span);
    for (name, child) in properties.map_or_else(Vec::new, |all| names_of(machine, &all)) {
        if wanted.contains(&name) == is_pick {
            machine.heap.set_property(kept, name, child);
        }
    }
    machine
        .heap
        .set_property(made, Ustr::from("properties"), Value::object(kept));
    made
}
