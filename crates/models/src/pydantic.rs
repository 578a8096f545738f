//! pydantic 2 (and what 1 has in common with it): models with declared fields.
//!
//! A model holds exactly its declared fields, plus what else is sent if `extra` is `allow`; dumping it gives
//! a dictionary of those. Source: pydantic 2.11, `main.py`, `config.py`.

use firedoor_eval::{
    Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Shape, SignatureParameter, Stop, Value,
};
use firedoor_ir::ParameterKind;
use firedoor_source::Span;
use ustr::Ustr;

use crate::fastapi_dependencies::unwrap_annotated;
use crate::python_support::{keep, kept};
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
        ("py:pydantic.SecretStr", keep),
        ("py:pydantic.SecretStr().get_secret_value", secret_value),
        ("py:pydantic.computed_field", decorator),
        ("py:pydantic.field_validator", decorator),
        ("py:pydantic.validator", decorator),
        ("py:pydantic.model_validator", decorator),
        ("py:pydantic.root_validator", decorator),
        ("py:pydantic.field_serializer", decorator),
        ("py:pydantic.model_serializer", decorator),
        ("py:pydantic.validate_call", decorator),
        ("pydantic:decorator", decorate),
        ("py:pydantic.BaseModel().model_dump", dump),
        ("py:pydantic.BaseModel().dict", dump),
        ("py:pydantic.BaseModel().model_dump_json", dump_text),
        ("py:pydantic.BaseModel().json", dump_text),
        ("py:pydantic.BaseModel().model_copy", copy),
        ("py:pydantic.BaseModel().copy", copy),
        ("py:pydantic.BaseModel().__init__", initialise),
        ("py:pydantic.BaseModel.model_validate", validate),
        ("py:pydantic.BaseModel.model_validate_json", validate),
        ("py:pydantic.BaseModel.parse_obj", validate),
        ("py:pydantic.BaseModel.parse_raw", validate),
        ("py:pydantic.BaseModel.from_orm", validate),
        ("py:pydantic.BaseModel.model_construct", construct),
        ("py:pydantic.TypeAdapter", type_adapter),
        ("py:pydantic.TypeAdapter().validate_python", adapt),
        ("py:pydantic.TypeAdapter().validate_json", adapt),
    ],
    instances: &[("py:pydantic.BaseModel", make_instance)],
    subclasses: &[("py:pydantic.ValidationError", "py:builtins.ValueError")],
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

fn field(machine: &mut Machine<'_>, class: ObjectId, name: Ustr, annotation: Value) -> Field {
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
fn bounds(machine: &Machine<'_>, inner: &Value, description: Option<ObjectId>) -> Vec<Value> {
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

fn literals(machine: &Machine<'_>, annotation: &Value) -> Vec<Ustr> {
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

/// `Field(...)`: what it says is kept as properties.
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
    Ok(Some(Value::object(id)))
}

fn decorate(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.arguments.get(0)))
}

fn make_instance(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    instance: ObjectId,
    arguments: &Arguments,
    _span: Span,
) -> Result<bool, Stop> {
    if machine
        .class_attribute(class, Ustr::from("__init__"))
        .is_some()
    {
        return Ok(false);
    }
    fill(machine, class, instance, arguments);
    Ok(true)
}

/// `super().__init__(**data)`.
fn initialise(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(instance) = call.this.only_object()
        && let ObjectKind::Instance { class } = machine.heap.get(instance).kind
    {
        fill(machine, class, instance, call.arguments);
    }
    Ok(Some(Value::null()))
}

fn fill(machine: &mut Machine<'_>, class: ObjectId, instance: ObjectId, arguments: &Arguments) {
    for field in fields(machine, class) {
        let named = |name: Ustr| arguments.keywords.get(&name).cloned();
        let given = named(field.name).or_else(|| named(field.alias?));
        let value = match (given, &arguments.rest, field.default) {
            (Some(given), _, _) => given,
            (None, Some(rest), _) => {
                let rest = rest.clone();
                let (read, _) =
                    machine.catching(|machine| machine.member(&rest, field.name, machine.place()));
                read.unwrap_or_else(|_| Value::unknown(Shape::Any))
            }
            (None, None, Some(default)) => default,
            (None, None, None) => Value::unknown(Shape::Any),
        };
        machine.heap.set_property(instance, field.name, value);
    }
    if extra(machine, class) == Extra::Allow {
        for (name, value) in &arguments.keywords {
            if machine.heap.property(instance, *name).is_none() {
                machine.heap.set_property(instance, *name, value.clone());
            }
        }
    }
}

/// `model_dump()`: a dictionary of the fields.
fn dump(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.this.only_object() else {
        return Ok(None);
    };
    let names = |machine: &mut Machine<'_>, name: &str| -> Option<Vec<Ustr>> {
        let list = call.arguments.keyword(name)?.clone();
        let list = list.only_object().map(|_| machine.elements_of(&list).0)?;
        Some(list.iter().filter_map(Value::text).collect())
    };
    let include = names(machine, "include");
    let exclude = names(machine, "exclude").unwrap_or_default();
    let source = machine.heap.get(id).clone();
    let copy = machine.heap.allocate(ObjectKind::Plain, call.span);
    let object = machine.heap.get_mut(copy);
    object.properties = source.properties;
    object.properties.retain(|name, _| {
        !exclude.contains(name)
            && include
                .as_ref()
                .is_none_or(|include| include.contains(name))
    });
    object.is_open = source.is_open;
    object.elements = source.elements;
    Ok(Some(Value::object(copy).with_origins(call.this.origins)))
}

fn dump_text(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(machine.derived(Shape::String, [&call.this])))
}

fn copy(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.this.only_object() else {
        return Ok(None);
    };
    let source = machine.heap.get(id).clone();
    let copy = machine.heap.allocate(source.kind, call.span);
    let object = machine.heap.get_mut(copy);
    object.properties = source.properties;
    object.is_open = source.is_open;
    object.elements = source.elements;
    let update = call.arguments.keyword("update").cloned();
    for id in update.iter().flat_map(Value::objects).collect::<Vec<_>>() {
        let properties = machine.heap.get(id).properties.clone();
        machine.heap.get_mut(copy).properties.extend(properties);
    }
    Ok(Some(Value::object(copy).with_origins(call.this.origins)))
}

/// `Model.model_validate(data)`: an instance, or an exception.
fn validate(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(class) = call.this.only_object() else {
        return Ok(None);
    };
    let data = call.arguments.get(0);
    matching_classes(host, machine, &[class], &data, None, call.span);
    let value = read_as(host, machine, class, &data, call.span)?;
    invalid(machine, &data, call.span);
    Ok(Some(value))
}

/// Data that does not fit may be sent by anybody.
fn invalid(machine: &mut Machine<'_>, data: &Value, span: Span) {
    let mut error = Value::outside("py:pydantic.ValidationError()");
    error.origins = machine.deep_origins(data);
    machine.may_throw(error, span);
}

/// Returns the instance of a class that data is read as.
pub(crate) fn read_as(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    data: &Value,
    span: Span,
) -> Result<Value, Stop> {
    let instance = machine.heap.allocate(ObjectKind::Instance { class }, span);
    for field in fields(machine, class) {
        let name = field.alias.unwrap_or(field.name);
        let read = match data.is_unknown() {
            true => {
                let origins =
                    firedoor_eval::Host::member_origins(host, machine, data.origins, name);
                let (part, path) = message_part(host, machine, origins);
                match part {
                    Some(part) => {
                        let (inner, _) = unwrap_annotated(machine, &field.annotation);
                        crate::fastapi_inputs::value_of_type(
                            host,
                            machine,
                            Some(&inner),
                            part,
                            &path,
                            1,
                        )
                    }
                    None => Value::unknown(Shape::Any).with_origins(origins),
                }
            }
            false => machine.member(data, name, span)?,
        };
        let mut value = match (&field.default, data.is_unknown()) {
            (Some(default), true) if !default.is_unknown() => {
                let origins = read.origins;
                machine.join(read, default).with_origins(origins)
            }
            (Some(default), false) if read.is_nothing() => default.clone(),
            _ => read,
        };
        let chosen = host.state().run.message;
        if let Some(chosen) = chosen.filter(|chosen| field.literals.contains(chosen)) {
            value = Value::string(&chosen).with_origins(value.origins);
        } else if let [only] = field.literals.as_slice() {
            value = Value::string(only).with_origins(value.origins);
        }
        machine.heap.set_property(instance, field.name, value);
    }
    let mut value = Value::object(instance).with_origins(data.origins);
    value.control = data.control;
    Ok(value)
}

/// The part of the request that a set of origins names, if it is but one.
fn message_part(
    host: &ModelHost,
    machine: &Machine<'_>,
    origins: firedoor_eval::OriginSet,
) -> (Option<firedoor_app::RequestPart>, String) {
    match host.origins_of(machine, origins).as_slice() {
        [firedoor_app::Origin::Request(part, field)] => (Some(*part), field.to_string()),
        _ => (None, String::new()),
    }
}

fn construct(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    match call.this.only_object() {
        Some(class) => Ok(Some(machine.instantiate(
            class,
            call.arguments,
            call.span,
        )?)),
        None => Ok(None),
    }
}

fn type_adapter(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "py:pydantic.TypeAdapter()", call.span);
    machine.heap.get_mut(id).elements = vec![call.arguments.get(0)];
    Ok(Some(Value::object(id)))
}

/// `TypeAdapter(A | B).validate_json(raw)`: an instance of one of the classes. Which, the client says in the
/// field that tells them apart; while one message is sent, it is that of this name.
fn adapt(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(adapter) = call.receiver else {
        return Ok(None);
    };
    let data = call.arguments.get(0);
    let Some(annotation) = machine.heap.get(adapter).elements.first().cloned() else {
        return Ok(None);
    };
    let mut classes = Vec::new();
    collect_classes(machine, &annotation, &mut classes, 0);
    if classes.is_empty() {
        return Ok(Some(machine.derived(Shape::Any, [&data])));
    }
    let chosen = host.state().run.message;
    let matching = matching_classes(host, machine, &classes, &data, chosen, call.span);
    let mut values = Vec::new();
    for class in matching {
        values.push(read_as(host, machine, class, &data, call.span)?);
    }
    invalid(machine, &data, call.span);
    if values.is_empty() {
        return Err(Stop::Throw);
    }
    let joined = machine.join_all(&values);
    Ok(Some(joined))
}

/// The classes that a message of the chosen name is read as; all, if none is chosen. The names are noted.
fn matching_classes(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    classes: &[ObjectId],
    data: &Value,
    chosen: Option<Ustr>,
    span: Span,
) -> Vec<ObjectId> {
    let mut matching = Vec::new();
    for class in classes {
        let declared = fields(machine, *class);
        let named: Vec<&Field> = declared
            .iter()
            .filter(|field| !field.literals.is_empty())
            .collect();
        for field in &named {
            let origins =
                firedoor_eval::Host::member_origins(host, machine, data.origins, field.name);
            let value = Value::unknown(Shape::String).with_origins(origins);
            crate::judge::note_message_names(host, machine, &value, &field.literals, span);
        }
        let fits = chosen.is_none_or(|chosen| {
            named.is_empty() || named.iter().any(|field| field.literals.contains(&chosen))
        });
        if fits {
            matching.push(*class);
        }
    }
    matching
}

/// The classes that a type is made of.
pub(crate) fn collect_classes(
    machine: &Machine<'_>,
    annotation: &Value,
    classes: &mut Vec<ObjectId>,
    depth: usize,
) {
    for id in annotation.objects() {
        let object = machine.heap.get(id);
        match &object.kind {
            ObjectKind::Class { .. } if is_record(machine, id) && !classes.contains(&id) => {
                classes.push(id);
            }
            ObjectKind::Host(path) if path.ends_with(".Annotated[]") && depth < 6 => {
                if let Some(inner) = object.elements.first() {
                    collect_classes(machine, inner, classes, depth + 1);
                }
            }
            ObjectKind::Host(path) if path.ends_with(".Union[]") && depth < 6 => {
                for element in &object.elements {
                    collect_classes(machine, element, classes, depth + 1);
                }
            }
            _ => {}
        }
    }
}

/// Returns the types of what the lists that an annotation names hold.
pub(crate) fn element_types(machine: &Machine<'_>, annotation: &Value, depth: usize) -> Vec<Value> {
    let mut found = Vec::new();
    for id in annotation.objects() {
        let object = machine.heap.get(id);
        let ObjectKind::Host(path) = &object.kind else {
            continue;
        };
        let name = path.rsplit(['.', ':']).next().unwrap_or(path);
        match name {
            "Annotated[]" if depth < 6 => {
                let inner = object.elements.iter().take(1);
                found.extend(inner.flat_map(|inner| element_types(machine, inner, depth + 1)));
            }
            "Union[]" if depth < 6 => {
                let inner = object.elements.iter();
                found.extend(inner.flat_map(|inner| element_types(machine, inner, depth + 1)));
            }
            "list[]" | "set[]" | "frozenset[]" | "tuple[]" | "Sequence[]" | "Iterable[]" => {
                found.extend(object.elements.first().cloned());
            }
            _ => {}
        }
    }
    found
}

/// Holds if it is a `SecretStr` that the program made.
pub(crate) fn is_secret(machine: &Machine<'_>, id: ObjectId) -> bool {
    matches!(machine.heap.get(id).kind, ObjectKind::Host(path) if path == "py:pydantic.SecretStr()")
}

/// The text within, which comes from where the whole does.
fn secret_value(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let inner = kept(machine, call.receiver, 0, "secret_value");
    Ok(inner.map(|inner| {
        let origins = machine.origins.union(inner.origins, call.this.origins);
        inner.with_origins(origins)
    }))
}
