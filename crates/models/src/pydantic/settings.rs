//! pydantic-settings: each field of a settings class is a variable of the environment.
//!
//! The variable is the prefix and the name of the field in upper case, or the field's alias; the default is
//! what is used without it. Source: pydantic-settings 2.9, `sources/providers/env.py`. pydantic 1 had the
//! same class, with `env=` of a field and `env_prefix` in `class Config`.

use firedoor_app::Origin;
use firedoor_eval::{
    Answer, Arguments, Atom, Call, Machine, ObjectId, ObjectKind, OriginSet, Shape, Stop, Value,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::fastapi::dependencies::unwrap_annotated;
use crate::python_support::kept;
use crate::{Model, ModelHost, pydantic};

/// The model.
pub static MODEL: Model = Model {
    name: "pydantic_settings",
    calls: &[(
        "py:pydantic_settings.SettingsConfigDict",
        pydantic::config_dict,
    )],
    instances: &[("py:pydantic_settings.BaseSettings", make_settings)],
    ..Model::EMPTY
};

fn make_settings(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    instance: ObjectId,
    arguments: &Arguments,
    _span: Span,
) -> Result<bool, Stop> {
    let declared = machine.heap.get(class).span;
    let prefix = pydantic::fields::config_value(machine, class, "env_prefix")
        .and_then(|value| value.text())
        .map_or_else(String::new, |prefix| prefix.to_string());
    for mut field in pydantic::fields::fields(machine, class) {
        let is_nothing = field.default.as_ref().is_some_and(Value::is_nothing);
        if is_nothing && pydantic::validates_default(host, machine, class, field.name) {
            // What is put there instead is not known.
            field.default = None;
        }
        let value = match arguments.keywords.get(&field.name) {
            Some(given) => given.clone(),
            None => from_environment(host, machine, &prefix, &field, declared),
        };
        machine.heap.set_property(instance, field.name, value);
    }
    let has_own = machine
        .class_attribute(class, Ustr::from("__init__"))
        .is_some();
    Ok(!has_own)
}

fn from_environment(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    prefix: &str,
    field: &pydantic::fields::Field,
    declared: Span,
) -> Value {
    let name = match field.alias {
        Some(alias) => alias.to_ascii_uppercase(),
        None => format!("{prefix}{}", field.name).to_ascii_uppercase(),
    };
    host.note_variable(machine, &name, declared);
    let (inner, _) = unwrap_annotated(machine, &field.annotation);
    if let Some(nested) = nested_settings(host, machine, &name, &inner) {
        return nested;
    }
    let inner = stated(machine, inner);
    let mut value = Value::unknown(shape_of(&inner));
    if is_secret_type(&inner) {
        let text = variable(host, machine, &name, None);
        let secret = host.make_object(machine, "py:pydantic.SecretStr()", declared);
        machine
            .heap
            .push_element(secret, Value::unknown(Shape::String).with_origins(text));
        value = Value::object(secret);
    }
    if let Some(default) = &field.default
        && !default.is_unknown()
    {
        let set = variable(host, machine, &name, None);
        let set = Value::unknown(Shape::Any).with_origins(set);
        if let Some(listed) = as_listed(machine, default, &set, declared) {
            return listed;
        }
        value = machine.join(default.clone(), &value);
    }
    let fallback = field
        .default
        .as_ref()
        .and_then(|default| fallback(machine, default));
    let origins = variable(host, machine, &name, fallback);
    value.with_origins(origins)
}

fn variable(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    name: &str,
    fallback: Option<Ustr>,
) -> OriginSet {
    let name = Ustr::from(name);
    host.origin(machine, Origin::Environment { name, fallback })
}

/// A list of the source is what it says: whoever sets another one has decided on each of its elements. Nobody adds to it
/// while requests are served, so that an empty one is no store; what an installation puts there is not known.
fn as_listed(machine: &mut Machine<'_>, default: &Value, set: &Value, span: Span) -> Option<Value> {
    let object = machine.heap.get(default.only_object()?);
    let is_list = matches!(
        object.kind,
        ObjectKind::Array | ObjectKind::Tuple | ObjectKind::Set
    );
    if !is_list || object.is_open {
        return None;
    }
    if !object.elements.is_empty() {
        return Some(default.clone());
    }
    let tuple = machine.heap.allocate(ObjectKind::Tuple, span);
    machine.open_list(tuple, set.clone());
    Some(Value::object(tuple))
}

/// The constant that holds where the variable is not set: a text, a switch, or the text within a `SecretStr`.
fn fallback(machine: &Machine<'_>, default: &Value) -> Option<Ustr> {
    let is_switch = matches!(default.atoms(), [Atom::Bool(_)]);
    match default.only_object() {
        Some(id) if is_secret(machine, id) => {
            machine.heap.get(id).elements.first().and_then(Value::text)
        }
        None if is_switch => default.truth().map(|is_on| Ustr::from(&is_on.to_string())),
        _ => default.text(),
    }
}

/// A field that is a model holds fields of its own.
fn nested_settings(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    name: &str,
    annotation: &Value,
) -> Option<Value> {
    let class = pydantic::fields::model_class(machine, annotation)?;
    let span = machine.heap.get(class).span;
    let instance = machine.heap.allocate(ObjectKind::Instance { class }, span);
    let prefix = format!("{name}__");
    for inner in pydantic::fields::fields(machine, class) {
        let value = from_environment(host, machine, &prefix, &inner, span);
        machine.heap.set_property(instance, inner.name, value);
    }
    Some(Value::object(instance))
}

/// What the setting is where it is set: `str` of `str | None`.
fn stated(machine: &Machine<'_>, annotation: Value) -> Value {
    let Some(id) = annotation.only_object() else {
        return annotation;
    };
    let object = machine.heap.get(id);
    let is_choice = matches!(&object.kind, ObjectKind::Host(path)
        if path.ends_with("typing.Union[]") || path.ends_with("typing.Optional[]"));
    let mut stated = object.elements.iter().filter(|it| !it.is_nothing());
    match (is_choice, stated.next(), stated.next()) {
        (true, Some(one), None) => one.clone(),
        _ => annotation,
    }
}

fn shape_of(annotation: &Value) -> Shape {
    match annotation.as_outside().as_ref().map(|path| path.as_str()) {
        Some("py:builtins.str") => Shape::String,
        Some("py:builtins.int" | "py:builtins.float") => Shape::Number,
        Some("py:builtins.bool") => Shape::Bool,
        _ => Shape::Any,
    }
}

fn is_secret_type(annotation: &Value) -> bool {
    let path = annotation.as_outside();
    path.is_some_and(|path| path == "py:pydantic.SecretStr")
}

/// Holds if it is a `SecretStr` that the program made.
fn is_secret(machine: &Machine<'_>, id: ObjectId) -> bool {
    matches!(machine.heap.get(id).kind, ObjectKind::Host(path) if path == "py:pydantic.SecretStr()")
}

/// The text within, which comes from where the whole does.
pub(crate) fn secret_value(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let inner = kept(machine, call.receiver, 0, "secret_value");
    Ok(inner.map(|inner| {
        let origins = machine.origins.union(inner.origins, call.this.origins);
        inner.with_origins(origins)
    }))
}
