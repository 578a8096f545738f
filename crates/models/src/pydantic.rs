//! pydantic 2 (and what 1 has in common with it): models with declared fields.
//!
//! A model holds exactly its declared fields, plus what else is sent if `extra` is `allow`; dumping it gives
//! a dictionary of those. Source: pydantic 2.11, `main.py`, `config.py`.

pub(crate) mod bounds;
pub(crate) mod fields;
pub(crate) mod instances;
pub(crate) mod settings;

use firedoor_eval::{Answer, Call, Machine, ObjectId, ObjectKind, Value};
use ustr::Ustr;

use crate::{Model, ModelHost};

/// Classes whose subclasses declare fields.
const BASES: [&str; 5] = [
    "py:pydantic.BaseModel",
    "py:pydantic.RootModel",
    "py:pydantic_settings.BaseSettings",
    "py:sqlmodel.SQLModel",
    "py:builtins.TypedDict",
];

/// The model.
pub static MODEL: Model = Model {
    name: "pydantic",
    calls: &[
        ("py:pydantic.Field", keep_keywords),
        ("py:pydantic.ConfigDict", config_dict),
        ("py:pydantic.SecretStr", crate::python_support::keep),
        (
            "py:pydantic.SecretStr().get_secret_value",
            settings::secret_value,
        ),
        ("py:pydantic.computed_field", decorator),
        ("py:pydantic.field_validator", decorator),
        ("py:pydantic.validator", decorator),
        ("py:pydantic.model_validator", decorator),
        ("py:pydantic.root_validator", decorator),
        ("py:pydantic.field_serializer", decorator),
        ("py:pydantic.model_serializer", decorator),
        ("py:pydantic.validate_call", decorator),
        ("pydantic:decorator", decorate),
        ("py:pydantic.BaseModel().model_dump", instances::dump),
        ("py:pydantic.BaseModel().dict", instances::dump),
        (
            "py:pydantic.BaseModel().model_dump_json",
            instances::dump_text,
        ),
        ("py:pydantic.BaseModel().json", instances::dump_text),
        ("py:pydantic.BaseModel().model_copy", instances::copy),
        ("py:pydantic.BaseModel().copy", instances::copy),
        ("py:pydantic.BaseModel().__init__", instances::initialise),
        ("py:pydantic.BaseModel.model_validate", instances::validate),
        (
            "py:pydantic.BaseModel.model_validate_json",
            instances::validate,
        ),
        ("py:pydantic.BaseModel.parse_obj", instances::validate),
        ("py:pydantic.BaseModel.parse_raw", instances::validate),
        ("py:pydantic.BaseModel.from_orm", instances::validate),
        (
            "py:pydantic.BaseModel.model_construct",
            instances::construct,
        ),
        ("py:pydantic.TypeAdapter", instances::type_adapter),
        (
            "py:pydantic.TypeAdapter().validate_python",
            instances::adapt,
        ),
        ("py:pydantic.TypeAdapter().validate_json", instances::adapt),
    ],
    members: &[
        (
            "py:pydantic.BaseModel().model_fields_set",
            instances::fields_set,
        ),
        (
            "py:pydantic.BaseModel().__fields_set__",
            instances::fields_set,
        ),
    ],
    instances: &[("py:pydantic.BaseModel", instances::make_instance)],
    subclasses: &[
        ("py:pydantic.BaseModel", "py:builtins.object"),
        ("py:pydantic.RootModel", "py:pydantic.BaseModel"),
        ("py:pydantic.ValidationError", "py:builtins.ValueError"),
        ("py:pydantic_settings.BaseSettings", "py:pydantic.BaseModel"),
    ],
    aliases: &[
        ("py:pydantic.main.BaseModel", "py:pydantic.BaseModel"),
        ("py:pydantic.fields.Field", "py:pydantic.Field"),
        (
            "py:pydantic.BaseSettings",
            "py:pydantic_settings.BaseSettings",
        ),
        ("py:pydantic.v1.BaseModel", "py:pydantic.BaseModel"),
        ("py:pydantic.v1.Field", "py:pydantic.Field"),
        (
            "py:pydantic_core.ValidationError",
            "py:pydantic.ValidationError",
        ),
    ],
    ..Model::EMPTY
};

/// `fields::Field(...)`: what it says is kept as properties.
pub(crate) fn keep_keywords(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let id = host.make_object(machine, &format!("{}()", call.path), call.span);
    let object = machine.heap.get_mut(id);
    if let Some(default) = call.arguments.positional.first() {
        object
            .properties
            .insert(Ustr::from("default"), default.clone());
    }
    for (name, value) in &call.arguments.keywords {
        object.properties.insert(*name, value.clone());
    }
    Ok(Some(Value::object(id)))
}

/// `ConfigDict(...)` is a dictionary.
pub(crate) fn config_dict(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = machine.heap.allocate(ObjectKind::Plain, call.span);
    machine.heap.get_mut(id).properties = call.arguments.keywords.clone();
    Ok(Some(Value::object(id)))
}

/// Decorators that leave the function as it is, with or without arguments of their own.
fn decorator(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let first = call.arguments.get(0);
    let is_function = first.only_object().is_some_and(|id| {
        matches!(
            machine.heap.get(id).kind,
            ObjectKind::Function { .. } | ObjectKind::Host(_) | ObjectKind::Bound { .. }
        )
    });
    if is_function {
        return Ok(Some(first));
    }
    let id = host.make_object(machine, "pydantic:decorator", call.span);
    if runs_on_defaults(call) {
        machine.heap.get_mut(id).elements = call.arguments.positional.clone();
    }
    Ok(Some(Value::object(id)))
}

/// Holds for what looks at the default of a setting too: pydantic 1 does where it is told `always`, and settings of pydantic
/// 2 validate their defaults.
fn runs_on_defaults(call: &Call<'_>) -> bool {
    let always = call.arguments.keyword("always").and_then(Value::truth);
    match crate::python_support::last_name(&call.path) {
        "validator" => always == Some(true),
        "field_validator" => true,
        _ => false,
    }
}

/// The fields whose defaults a function looks at, where it is kept.
const VALIDATED: &str = "pydantic validated";

fn decorate(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let target = call.arguments.get(0);
    let decorator = call.receiver.or(call.this.only_object());
    let names = decorator.map_or_else(Vec::new, |id| machine.heap.get(id).elements.clone());
    if let (Some(function), false) = (target.only_object(), names.is_empty()) {
        let list = machine.make_list(names, false, call.span);
        host.state().notes.insert((function, VALIDATED), list);
    }
    Ok(Some(target))
}

/// Holds if the class or one that it inherits from has a function which looks at the default of that field.
pub(crate) fn validates_default(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    field: Ustr,
) -> bool {
    let mut functions: Vec<ObjectId> = Vec::new();
    for owner in machine.class_order(class) {
        if let ObjectKind::Class { prototype, .. } = machine.heap.get(owner).kind {
            let members = machine.heap.get(prototype).properties.values();
            functions.extend(members.filter_map(Value::only_object));
        }
    }
    functions.into_iter().any(|function| {
        let known = host.state().notes.get(&(function, VALIDATED)).cloned();
        let names = known.map_or_else(Vec::new, |list| machine.elements_of(&list).0);
        let mut names = names.iter().filter_map(Value::text);
        names.any(|name| name == field || name == "*")
    })
}
