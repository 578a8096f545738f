//! What a part of the request is once it has been read as a type: a model becomes an instance of its class
//! whose fields come from the fields of the request.

use firedoor_app::{Origin, RequestPart};
use firedoor_eval::{Atom, Machine, ObjectId, ObjectKind, Shape, Value};
use ustr::Ustr;

use crate::pydantic::fields::Extra;
use crate::{ModelHost, Persona, pydantic};

/// The deepest nesting of models that is followed.
const DEPTH: usize = 5;

/// Returns a value of that type from a field of a part of the request; of the whole part, if no field is named.
pub(crate) fn value_of_type(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    annotation: Option<&Value>,
    part: RequestPart,
    field: &str,
    depth: usize,
) -> Value {
    let origin = Origin::Request(part, Ustr::from(field));
    let origins = host.origin(machine, origin.clone());
    if matches!(
        part,
        RequestPart::Header | RequestPart::Cookie | RequestPart::Session
    ) && !field.is_empty()
    {
        host.reads(origin);
    }
    let Some(annotation) = annotation else {
        return Value::unknown(Shape::Any).with_origins(origins);
    };
    let mut value: Option<Value> = None;
    for atom in annotation.atoms().to_vec() {
        let one = value_of_atom(host, machine, atom, part, field, depth);
        value = Some(match value {
            Some(earlier) => machine.join(earlier, &one),
            None => one,
        });
    }
    value
        .unwrap_or_else(|| Value::unknown(Shape::Any))
        .with_origins(origins)
}

fn value_of_atom(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    atom: Atom,
    part: RequestPart,
    field: &str,
    depth: usize,
) -> Value {
    match atom {
        Atom::Null | Atom::Undefined => Value::null(),
        Atom::Outside(path) => Value::unknown(shape_of_type(&path)),
        Atom::Object(id) => match machine.heap.get(id).kind.clone() {
            ObjectKind::Class { .. }
                if depth < DEPTH && pydantic::fields::is_record(machine, id) =>
            {
                model_instance(host, machine, id, part, field, depth)
            }
            ObjectKind::Host(path) => generic_value(host, machine, id, &path, part, field, depth),
            _ => Value::unknown(Shape::Any),
        },
        _ => Value::unknown(Shape::Any),
    }
}

fn shape_of_type(path: &str) -> Shape {
    let name = path.rsplit(['.', ':']).next().unwrap_or(path);
    match name {
        "str" | "EmailStr" | "constr" | "HttpUrl" | "AnyUrl" | "AnyHttpUrl" | "StrictStr"
        | "NameEmail" => Shape::String,
        "int" | "float" | "Decimal" | "PositiveInt" | "NonNegativeInt" | "conint" | "confloat"
        | "PositiveFloat" | "NonNegativeFloat" | "StrictInt" => Shape::Number,
        "bool" | "StrictBool" => Shape::Bool,
        "dict" | "Dict" | "UploadFile" | "SecretStr" => Shape::Object,
        _ => Shape::Any,
    }
}

fn generic_value(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    path: &str,
    part: RequestPart,
    field: &str,
    depth: usize,
) -> Value {
    let elements = machine.heap.get(id).elements.clone();
    let span = machine.heap.get(id).span;
    let name = path.rsplit(['.', ':']).next().unwrap_or(path);
    match name.trim_end_matches("[]") {
        "Annotated" => value_of_type(host, machine, elements.first(), part, field, depth),
        "Union" | "Optional" => {
            let mut values: Vec<Value> = Vec::new();
            for element in &elements {
                values.push(value_of_type(
                    host,
                    machine,
                    Some(element),
                    part,
                    field,
                    depth,
                ));
            }
            machine.join_all(&values)
        }
        "Literal" => Value::unknown(
            match elements.iter().all(|element| element.text().is_some()) {
                true => Shape::String,
                false => Shape::Any,
            },
        ),
        "list" | "List" | "set" | "Sequence" | "Iterable" | "frozenset" | "conlist" => {
            let element = value_of_type(host, machine, elements.first(), part, field, depth);
            let list = machine.make_list(vec![element.clone()], true, span);
            // Each further element has been read as the same type.
            if let Some(list) = list.only_object() {
                machine.open_list(list, element);
            }
            list
        }
        "dict" | "Dict" | "Mapping" => Value::unknown(Shape::Object),
        _ => Value::unknown(Shape::Any),
    }
}

/// An instance of a class with declared fields, each from the field of the request with its name.
pub(crate) fn model_instance(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    part: RequestPart,
    field: &str,
    depth: usize,
) -> Value {
    let span = machine.heap.get(class).span;
    let instance = machine.heap.allocate(ObjectKind::Instance { class }, span);
    for declared in pydantic::fields::fields(machine, class) {
        let name = match part {
            RequestPart::Header if declared.alias.is_none() => declared.name.replace('_', "-"),
            _ => declared.alias.unwrap_or(declared.name).to_string(),
        };
        let path = match field.is_empty() {
            true => name,
            false => format!("{field}.{name}"),
        };
        let (inner, _) =
            crate::fastapi::dependencies::unwrap_annotated(machine, &declared.annotation);
        let mut value = value_of_type(host, machine, Some(&inner), part, &path, depth + 1);
        if let Some(default) = &declared.default
            && !default.is_unknown()
        {
            let origins = value.origins;
            value = machine.join(value, default).with_origins(origins);
        }
        if let Some(chosen) = chosen_name(host, &declared) {
            value = Value::string(&chosen).with_origins(value.origins);
        }
        for limit in declared.bounds {
            host.state().run.bounds.push((value.clone(), limit));
        }
        machine
            .heap
            .get_mut(instance)
            .properties
            .insert(declared.name, value);
    }
    if pydantic::fields::extra(machine, class) == Extra::Allow {
        let rest = value_of_type(host, machine, None, part, field, depth);
        let object = machine.heap.get_mut(instance);
        object.is_open = true;
        object.elements.push(rest);
    }
    Value::object(instance)
}

/// The name of the message that is being sent, if this field may say it.
fn chosen_name(host: &ModelHost, declared: &pydantic::fields::Field) -> Option<Ustr> {
    let chosen = host.state().run.message?;
    declared.literals.contains(&chosen).then_some(chosen)
}

/// Holds if the type is a plain one, which FastAPI reads from the query.
/// Source: fastapi 0.165, `_compat/shared.py`, `field_annotation_is_scalar`.
pub(crate) fn is_scalar(machine: &Machine<'_>, annotation: &Value, depth: usize) -> bool {
    if depth > 6 {
        return true;
    }
    match annotation.only() {
        Some(Atom::Outside(path)) => {
            let name = path.rsplit(['.', ':']).next().unwrap_or(&path);
            !matches!(
                name,
                "dict" | "Dict" | "list" | "List" | "set" | "tuple" | "UploadFile"
            )
        }
        Some(Atom::Object(id)) => match &machine.heap.get(id).kind {
            ObjectKind::Class { .. } => !pydantic::fields::is_record(machine, id),
            ObjectKind::Host(path) => {
                let name = path.rsplit(['.', ':']).next().unwrap_or(path);
                let elements = &machine.heap.get(id).elements;
                match name.trim_end_matches("[]") {
                    "Annotated" => elements
                        .first()
                        .is_none_or(|inner| is_scalar(machine, inner, depth + 1)),
                    "Union" | "Optional" => elements
                        .iter()
                        .all(|inner| is_scalar(machine, inner, depth + 1)),
                    "Literal" | "type" => true,
                    _ => !path.ends_with("[]"),
                }
            }
            _ => true,
        },
        _ => true,
    }
}

/// Returns a header, cookie or other named part of the request, which may be missing; reading it is noted.
pub(crate) fn named_part(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    part: RequestPart,
    name: &str,
) -> Value {
    let origin = Origin::Request(part, Ustr::from(name));
    let origins = host.origin(machine, origin.clone());
    let value = match part {
        RequestPart::Header | RequestPart::Cookie | RequestPart::Handshake => {
            host.reads(origin);
            Value::atoms_of([Atom::Null, Atom::Unknown(Shape::String)])
        }
        RequestPart::Session => {
            host.reads(origin);
            match host.persona() {
                Persona::Attacker => Value::null(),
                _ => Value::atoms_of([Atom::Null, Atom::Unknown(Shape::Any)]),
            }
        }
        RequestPart::Query => Value::atoms_of([Atom::Null, Atom::Unknown(Shape::String)]),
        RequestPart::Path => Value::unknown(Shape::String),
        _ => Value::unknown(Shape::Any),
    };
    value.with_origins(origins)
}
