//! The fields that a model declares, with their bounds, and what happens to others.
//!
//! They are read from annotations and `Field(...)`, and decide what of a request reaches the program.

use firedoor_eval::{Arguments, Machine, ObjectId, ObjectKind, SignatureParameter, Value};
use firedoor_ir::ParameterKind;
use ustr::Ustr;

use crate::fastapi::dependencies::unwrap_annotated;
use crate::pydantic::BASES;

/// What a model does with fields that it does not declare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extra {
    /// They are dropped; the default.
    Ignore,
    /// They are kept.
    Allow,
    /// They are an error.
    Forbid,
}

/// A declared field.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    /// Its name.
    pub(crate) name: Ustr,
    /// The name that it is sent under.
    pub(crate) alias: Option<Ustr>,
    /// Its type.
    pub(crate) annotation: Value,
    /// Its default.
    pub(crate) default: Option<Value>,
    /// The constants that it may be, if its type is `Literal`.
    pub(crate) literals: Vec<Ustr>,
    /// The numbers that it must not be below or above.
    pub(crate) bounds: Vec<Value>,
}

/// Returns the fields of a class, those of its bases first.
pub(crate) fn fields(machine: &mut Machine<'_>, class: ObjectId) -> Vec<Field> {
    let mut declared: Vec<(Ustr, Value)> = Vec::new();
    for owner in machine.class_order(class).into_iter().rev() {
        let table = machine
            .heap
            .property(owner, Ustr::from("__annotations__"))
            .and_then(Value::only_object);
        let Some(table) = table else {
            continue;
        };
        for (name, annotation) in &machine.heap.get(table).properties {
            match declared.iter_mut().find(|(found, _)| found == name) {
                Some(known) => known.1 = annotation.clone(),
                None => declared.push((*name, annotation.clone())),
            }
        }
    }
    declared.retain(|(name, annotation)| {
        *name != "model_config" && !is_class_variable(machine, annotation)
    });
    declared
        .into_iter()
        .map(|(name, annotation)| field(machine, class, name, annotation))
        .collect()
}

fn is_class_variable(machine: &Machine<'_>, annotation: &Value) -> bool {
    match annotation
        .only_object()
        .map(|id| &machine.heap.get(id).kind)
    {
        Some(ObjectKind::Host(path)) => path.ends_with(".ClassVar[]"),
        _ => annotation
            .as_outside()
            .is_some_and(|path| path.ends_with(".ClassVar")),
    }
}

pub(crate) fn field(
    machine: &mut Machine<'_>,
    class: ObjectId,
    name: Ustr,
    annotation: Value,
) -> Field {
    let given = machine.class_attribute(class, name).map(|(_, value)| value);
    let (inner, metadata) = unwrap_annotated(machine, &annotation);
    let description = given
        .iter()
        .chain(&metadata)
        .find_map(|value| field_object(machine, value));
    let mut default = given.filter(|given| field_object(machine, given).is_none());
    let mut alias = None;
    let bounds = bounds(machine, &inner, description);
    if let Some(description) = description {
        let object = machine.heap.get(description);
        let property = |name: &str| object.properties.get(&Ustr::from(name)).cloned();
        alias = ["validation_alias", "alias", "env"]
            .iter()
            .find_map(|name| property(name)?.text());
        default = default.or_else(|| property("default"));
        let factory = property("default_factory");
        if let (None, Some(factory)) = (&default, factory) {
            let span = machine.heap.get(description).span;
            let (made, _) = machine.catching(|machine| {
                machine.call_value(&factory, None, &Arguments::default(), span)
            });
            default = made.ok();
        }
    }
    let default = default.filter(|default| {
        default
            .as_outside()
            .is_none_or(|path| path != "py:builtins.Ellipsis")
    });
    let literals = literals(machine, &inner);
    Field {
        name,
        alias,
        annotation,
        default,
        literals,
        bounds,
    }
}

/// What `Field(ge=1)` and types such as `PositiveInt` and `conint(gt=0)` ask of a number.
pub(crate) fn bounds(
    machine: &Machine<'_>,
    inner: &Value,
    description: Option<ObjectId>,
) -> Vec<Value> {
    let of = |id: ObjectId| -> Vec<Value> {
        let properties = &machine.heap.get(id).properties;
        ["ge", "gt", "le", "lt"]
            .iter()
            .filter_map(|name| properties.get(&Ustr::from(name)))
            .filter(|limit| limit.as_number().is_some())
            .cloned()
            .collect()
    };
    let mut bounds = description.map(of).unwrap_or_default();
    let is_positive = inner.as_outside().is_some_and(|path| {
        matches!(
            path.rsplit(['.', ':']).next(),
            Some("PositiveInt" | "NonNegativeInt" | "PositiveFloat" | "NonNegativeFloat")
        )
    });
    if is_positive {
        bounds.push(Value::number(0.0));
    }
    let made_type = inner.only_object().filter(|id| {
        matches!(machine.heap.get(*id).kind, ObjectKind::Host(path)
            if path.ends_with("conint()") || path.ends_with("confloat()"))
    });
    bounds.extend(made_type.map(of).unwrap_or_default());
    bounds
}

pub(crate) fn literals(machine: &Machine<'_>, annotation: &Value) -> Vec<Ustr> {
    let Some(id) = annotation.only_object() else {
        return Vec::new();
    };
    let object = machine.heap.get(id);
    match &object.kind {
        ObjectKind::Host(path) if path.ends_with(".Literal[]") => {
            object.elements.iter().filter_map(Value::text).collect()
        }
        _ => Vec::new(),
    }
}

/// Returns the object if it is one that `Field(...)` or `field(...)` made.
fn field_object(machine: &Machine<'_>, value: &Value) -> Option<ObjectId> {
    let id = value.only_object()?;
    match machine.heap.get(id).kind {
        ObjectKind::Host(path) => matches!(
            path.as_str(),
            "py:pydantic.Field()" | "py:dataclasses.field()" | "py:sqlmodel.Field()"
        )
        .then_some(id),
        _ => None,
    }
}

/// Holds if the class declares fields: a model, a dataclass or the like.
pub(crate) fn is_record(machine: &Machine<'_>, class: ObjectId) -> bool {
    let bases = machine.outside_bases(class);
    if bases
        .iter()
        .any(|base| BASES.contains(&base.as_str()) || base.ends_with(".TypedDict"))
    {
        return true;
    }
    let is_enumeration = bases.iter().any(|base| base.starts_with("py:enum."));
    let declares = machine.class_order(class).iter().any(|owner| {
        machine
            .heap
            .property(*owner, Ustr::from("__annotations__"))
            .is_some()
    });
    declares
        && !is_enumeration
        && machine
            .class_attribute(class, Ustr::from("__init__"))
            .is_none()
}

/// Returns the class that an annotation names, if it declares fields.
pub(crate) fn model_class(machine: &Machine<'_>, annotation: &Value) -> Option<ObjectId> {
    let (inner, _) = unwrap_annotated(machine, annotation);
    let id = inner.only_object()?;
    let is_class = matches!(machine.heap.get(id).kind, ObjectKind::Class { .. });
    (is_class && is_record(machine, id)).then_some(id)
}

/// Returns what a model does with fields that it does not declare.
pub(crate) fn extra(machine: &Machine<'_>, class: ObjectId) -> Extra {
    let Some(value) = config_value(machine, class, "extra") else {
        return Extra::Ignore;
    };
    // `"allow"`, or `Extra.allow` of pydantic 1.
    let text = value
        .text()
        .or_else(|| Some(Ustr::from(value.as_outside()?.rsplit('.').next()?)));
    match text.as_ref().map(|text| text.as_str()) {
        Some("allow") => Extra::Allow,
        Some("forbid") => Extra::Forbid,
        _ => Extra::Ignore,
    }
}

/// Returns what `model_config` or `class Config` of a model says under a name.
pub(crate) fn config_value(machine: &Machine<'_>, class: ObjectId, name: &str) -> Option<Value> {
    let key = Ustr::from(name);
    ["model_config", "Config"].iter().find_map(|holder| {
        let (_, config) = machine.class_attribute(class, Ustr::from(holder))?;
        let id = config.only_object()?;
        match machine.heap.get(id).kind {
            ObjectKind::Class { .. } => machine.class_attribute(id, key).map(|(_, value)| value),
            _ => machine.heap.property(id, key).cloned(),
        }
    })
}

/// The fields of a class as the parameters that making an instance takes.
pub(crate) fn field_parameters(
    machine: &mut Machine<'_>,
    class: ObjectId,
) -> Vec<SignatureParameter> {
    let span = machine.heap.get(class).span;
    fields(machine, class)
        .into_iter()
        .map(|field| SignatureParameter {
            name: field.name,
            kind: ParameterKind::KeywordOnly,
            annotation: Some(field.annotation),
            default: field.default,
            span,
        })
        .collect()
}
