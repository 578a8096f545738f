//! Serializers of REST framework: which fields a client may write, and what becomes of them.
//!
//! Sources: djangorestframework 3.16 `serializers.py` (`ModelSerializer.get_field_names`,
//! `include_extra_kwargs`), `fields.py`.

use firedoor_app::{Origin, RequestPart};
use firedoor_eval::{
    Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Shape, Stop, TestKind, Value,
};
use firedoor_source::Span;
use indexmap::IndexMap;
use ustr::Ustr;

use super::related_fields;
use crate::python_active::{made, save};
use crate::python_records::{asset_of, columns, create};
use crate::python_support::{exception, last_name, object_with_arguments};
use crate::{Model, ModelHost};

macro_rules! serializers {
    ($($path:literal),* $(,)?) => {
        Model {
            name: "django",
            calls: &[
                ("py:rest_framework.serializers.*", field),
                $((concat!($path, "().*"), method),)*
            ],
            members: &[$((concat!($path, "().*"), member),)*],
            instances: &[$(($path, instance_made),)*],
            aliases: &[
                (
                    "py:rest_framework.serializers.ListSerializer",
                    "py:rest_framework.serializers.Serializer",
                ),
                (
                    "py:drf_writable_nested.serializers.WritableNestedModelSerializer",
                    "py:rest_framework.serializers.ModelSerializer",
                ),
                (
                    "py:drf_writable_nested.WritableNestedModelSerializer",
                    "py:rest_framework.serializers.ModelSerializer",
                ),
            ],
            ..Model::EMPTY
        }
    };
}

/// The model.
pub static MODEL: Model = serializers!(
    "py:rest_framework.serializers.BaseSerializer",
    "py:rest_framework.serializers.Serializer",
    "py:rest_framework.serializers.ModelSerializer",
    "py:rest_framework.serializers.HyperlinkedModelSerializer",
);

/// `serializers.CharField(read_only=True)`, and the exception of the same module.
fn field(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if call.path.contains("()") {
        return Ok(None);
    }
    if last_name(&call.path) == "ValidationError" {
        let path = "py:rest_framework.exceptions.ValidationError";
        let values: Vec<&Value> = call.arguments.all().collect();
        return Ok(Some(exception(machine, path, &values)));
    }
    let id = object_with_arguments(machine, call);
    Ok(Some(Value::object(id)))
}

/// `Serializer(instance=None, data=empty, many=False, context=..., partial=False)`.
fn instance_made(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    instance: ObjectId,
    arguments: &Arguments,
    _span: Span,
) -> Result<bool, Stop> {
    fill(machine, instance, arguments);
    let has_own = machine
        .class_attribute(class, Ustr::from("__init__"))
        .is_some();
    Ok(!has_own)
}

fn fill(machine: &mut Machine<'_>, instance: ObjectId, arguments: &Arguments) {
    let properties = &mut machine.heap.get_mut(instance).properties;
    for (index, (name, key)) in [("instance", "instance"), ("data", "$data")]
        .iter()
        .enumerate()
    {
        if let Some(value) = arguments.find(index, name) {
            properties.insert(Ustr::from(key), value.clone());
        }
    }
    properties
        .entry(Ustr::from("instance"))
        .or_insert_with(Value::null);
    for (name, key) in [
        ("context", "context"),
        ("many", "$many"),
        ("partial", "partial"),
    ] {
        if let Some(value) = arguments.keyword(name) {
            properties.insert(Ustr::from(key), value.clone());
        }
    }
}

/// A field of a serializer.
struct Declared {
    name: Ustr,
    is_writable: bool,
    source: Ustr,
    /// The numbers that it must not be below or above.
    bounds: Vec<Value>,
    /// What declares it, if the class does.
    object: Option<ObjectId>,
}

fn class_of(machine: &Machine<'_>, instance: ObjectId) -> Option<ObjectId> {
    match machine.heap.get(instance).kind {
        ObjectKind::Instance { class } => Some(class),
        _ => None,
    }
}

/// What `class Meta` says.
fn meta(machine: &mut Machine<'_>, class: ObjectId, name: &str) -> Option<Value> {
    let (_, meta) = machine.class_attribute(class, Ustr::from("Meta"))?;
    let id = meta.only_object()?;
    let found = machine.class_attribute(id, Ustr::from(name))?;
    Some(found.1)
}

fn texts(machine: &mut Machine<'_>, value: Option<Value>) -> Vec<Ustr> {
    let Some(value) = value else {
        return Vec::new();
    };
    let (elements, _) = machine.elements_of(&value);
    elements.iter().filter_map(Value::text).collect()
}

/// The fields of a serializer, in order: those that its class declares, and those of its model that `Meta` names.
fn fields(host: &ModelHost, machine: &mut Machine<'_>, class: ObjectId) -> Vec<Declared> {
    let mut declared: IndexMap<Ustr, Declared> = IndexMap::new();
    for owner in machine.class_order(class).into_iter().rev() {
        let ObjectKind::Class { prototype, .. } = machine.heap.get(owner).kind else {
            continue;
        };
        let members = machine.heap.get(prototype).properties.clone();
        for (name, value) in members {
            if let Some(field) = declared_field(machine, name, &value) {
                declared.insert(name, field);
            }
        }
    }
    let model = meta(machine, class, "model").and_then(|model| model.only_object());
    let Some(model) = model else {
        return declared.into_values().collect();
    };
    let read_only_given = meta(machine, class, "read_only_fields");
    let read_only = texts(machine, read_only_given);
    let extra = meta(machine, class, "extra_kwargs").and_then(|extra| extra.only_object());
    let listed = meta(machine, class, "fields");
    let excluded_given = meta(machine, class, "exclude");
    let excluded = texts(machine, excluded_given);
    let is_all = listed.as_ref().is_none_or(|listed| listed.text().is_some());
    let names: Vec<Ustr> = match is_all {
        true => {
            let own = columns(host, model).map_or_else(Vec::new, |table| {
                machine.heap.get(table).properties.keys().copied().collect()
            });
            let mut all = vec![Ustr::from("id")];
            all.extend(own.into_iter().filter(|name| *name != "id"));
            all.extend(declared.keys().copied());
            all.dedup();
            all
        }
        false => texts(machine, listed),
    };
    let mut found: Vec<Declared> = Vec::new();
    for name in names {
        if excluded.contains(&name) || found.iter().any(|field| field.name == name) {
            continue;
        }
        if let Some(own) = declared.shift_remove(&name) {
            found.push(own);
            continue;
        }
        let options = extra.and_then(|extra| machine.heap.property(extra, name)?.only_object());
        let says_read_only = options
            .and_then(|options| machine.heap.property(options, Ustr::from("read_only")))
            .and_then(Value::truth)
            == Some(true);
        let is_column = is_editable(host, machine, model, name);
        found.push(Declared {
            name,
            is_writable: is_column && !says_read_only && !read_only.contains(&name),
            source: name,
            bounds: options.map_or_else(Vec::new, |id| limits(machine, id)),
            object: None,
        });
    }
    found
}

/// Holds for columns that clients may write unless a serializer says otherwise.
fn is_editable(host: &ModelHost, machine: &Machine<'_>, model: ObjectId, name: Ustr) -> bool {
    let column = columns(host, model).and_then(|table| machine.heap.property(table, name).cloned());
    let Some(column) = column else { return false };
    let Some(id) = column.only_object() else {
        return name != "id";
    };
    let object = machine.heap.get(id);
    let flag = |name: &str| {
        object
            .properties
            .get(&Ustr::from(name))
            .and_then(Value::truth)
    };
    let is_key = flag("primary_key") == Some(true);
    let is_automatic = flag("auto_now") == Some(true) || flag("auto_now_add") == Some(true);
    flag("editable") != Some(false) && !is_key && !is_automatic
}

fn declared_field(machine: &Machine<'_>, name: Ustr, value: &Value) -> Option<Declared> {
    let id = value.only_object()?;
    let object = machine.heap.get(id);
    let path = match object.kind {
        ObjectKind::Host(path) => path.to_string(),
        ObjectKind::Instance { .. } => {
            let bases = machine.outside_bases(id);
            let base = bases
                .iter()
                .find(|base| base.starts_with("py:rest_framework."))?;
            base.to_string()
        }
        _ => return None,
    };
    if !path.starts_with("py:rest_framework.") {
        return None;
    }
    let kind = last_name(path.trim_end_matches("()"));
    let is_field = kind.ends_with("Field") || kind.ends_with("Serializer");
    if !is_field {
        return None;
    }
    let flag = |name: &str| {
        object
            .properties
            .get(&Ustr::from(name))
            .and_then(Value::truth)
    };
    let is_silent = matches!(
        kind,
        "SerializerMethodField"
            | "ReadOnlyField"
            | "HiddenField"
            | "StringRelatedField"
            | "HyperlinkedIdentityField"
    );
    let source = object
        .properties
        .get(&Ustr::from("source"))
        .and_then(Value::text);
    Some(Declared {
        name,
        is_writable: !is_silent && flag("read_only") != Some(true),
        source: source.unwrap_or(name),
        bounds: limits(machine, id),
        object: Some(id),
    })
}

/// What `min_value` and `max_value` say.
fn limits(machine: &Machine<'_>, id: ObjectId) -> Vec<Value> {
    let limit = |name: &&str| machine.heap.property(id, Ustr::from(name)).cloned();
    let limits = ["min_value", "max_value"];
    let limits = limits.iter().filter_map(limit);
    limits.filter(|it| it.as_number().is_some()).collect()
}

/// The test that the data is right: each number within its bounds, or just of the right shape.
fn validity(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    data: &Value,
    span: Span,
) -> Value {
    let declared = match class_of(machine, id) {
        Some(class) => fields(host, machine, class),
        None => Vec::new(),
    };
    let mut operands: Vec<Value> = Vec::new();
    for field in declared.into_iter().filter(|field| field.is_writable) {
        for limit in field.bounds {
            operands.push(sent(host, machine, data, field.name));
            operands.push(limit);
        }
    }
    if operands.is_empty() {
        return machine.tested(TestKind::Kind, None, &[data], span);
    }
    let operands: Vec<&Value> = operands.iter().collect();
    machine.tested(TestKind::Bound, None, &operands, span)
}

/// What a client sends in a field.
fn sent(host: &ModelHost, machine: &mut Machine<'_>, data: &Value, name: Ustr) -> Value {
    let known = data.only_object().and_then(|id| {
        let object = machine.heap.get(id);
        match object.kind {
            ObjectKind::Plain => object.properties.get(&name).cloned(),
            _ => None,
        }
    });
    if let Some(known) = known {
        return known;
    }
    let mut origins = firedoor_eval::OriginSet::EMPTY;
    for origin in host.origins_of(machine, data.origins) {
        let longer = match origin {
            Origin::Request(part, field) if field.is_empty() => Origin::Request(part, name),
            Origin::Request(part, field) => {
                Origin::Request(part, Ustr::from(&format!("{field}.{name}")))
            }
            other => other,
        };
        let one = host.origin(machine, longer);
        origins = machine.origins.union(origins, one);
    }
    Value::unknown(Shape::Any).with_origins(origins)
}

fn data_of(machine: &Machine<'_>, id: ObjectId) -> Option<Value> {
    machine.heap.property(id, Ustr::from("$data")).cloned()
}

/// The data of a client, field by field, as `validate` of the program leaves it.
fn validated(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    span: Span,
) -> Result<Value, Stop> {
    let key = Ustr::from("$validated");
    if let Some(known) = machine.heap.property(id, key).cloned() {
        return Ok(known);
    }
    let Some(class) = class_of(machine, id) else {
        return Ok(Value::null());
    };
    let data = data_of(machine, id).unwrap_or_else(|| {
        let origin = Origin::Request(RequestPart::Body, Ustr::from(""));
        let origins = host.origin(machine, origin);
        Value::unknown(Shape::Object).with_origins(origins)
    });
    let table = machine.heap.allocate(ObjectKind::Plain, span);
    for field in fields(host, machine, class) {
        if !field.is_writable {
            continue;
        }
        let mut value = sent(host, machine, &data, field.name);
        if let Some(declared) = field.object {
            value = related_fields::named(host, machine, id, declared, value, span)?;
        }
        let hook = Ustr::from(&format!("validate_{}", field.name));
        if machine.class_attribute(class, hook).is_some() {
            let arguments = Arguments::positional([value.clone()]);
            value = machine.call_member(&Value::object(id), hook, &arguments, span)?;
        }
        let properties = &mut machine.heap.get_mut(table).properties;
        properties.insert(field.source, value);
    }
    let mut whole = Value::object(table).with_origins(data.origins);
    if machine
        .class_attribute(class, Ustr::from("validate"))
        .is_some()
    {
        let arguments = Arguments::positional([whole.clone()]);
        let name = Ustr::from("validate");
        let result = machine.call_member(&Value::object(id), name, &arguments, span)?;
        if result.objects().next().is_some() {
            whole = result;
        }
    }
    machine.heap.set_property(id, key, whole.clone());
    Ok(whole)
}

/// `validated_data`, `data`, `errors`, `initial_data`.
fn member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let id = object?;
    let path = host.state().member_name;
    match last_name(&path) {
        "validated_data" => {
            let (read, _) = machine.catching(|machine| validated(host, machine, id, span));
            read.ok()
        }
        "initial_data" => data_of(machine, id),
        "data" => Some(told(host, machine, id, span)),
        "errors" => {
            let data = data_of(machine, id).unwrap_or_else(Value::null);
            Some(machine.derived(Shape::Object, [&data]))
        }
        "context" => {
            let table = machine.heap.allocate(ObjectKind::Plain, span);
            let request = super::run::current(host).map_or_else(Value::null, Value::object);
            let properties = &mut machine.heap.get_mut(table).properties;
            properties.insert(Ustr::from("request"), request);
            Some(Value::object(table))
        }
        _ => None,
    }
}

/// What an answer tells of a record: its fields.
fn told(host: &ModelHost, machine: &mut Machine<'_>, id: ObjectId, span: Span) -> Value {
    let own = machine.heap.property(id, Ustr::from("instance")).cloned();
    let own = own.filter(|own| !own.is_nothing());
    let Some(class) = class_of(machine, id) else {
        return Value::unknown(Shape::Object);
    };
    let Some(mut record) = own else {
        let (read, _) = machine.catching(|machine| validated(host, machine, id, span));
        return read.unwrap_or_else(|_| Value::unknown(Shape::Object));
    };
    record = super::orm_query::read_all(host, machine, &record, span);
    let many = machine
        .heap
        .property(id, Ustr::from("$many"))
        .and_then(Value::truth)
        == Some(true);
    if many {
        record = machine.element_of_open(&record);
    }
    let table = machine.heap.allocate(ObjectKind::Plain, span);
    let mut asset = None;
    for id in record.objects() {
        asset = asset.or(asset_of(host, machine, id));
    }
    for field in fields(host, machine, class) {
        let value = match asset {
            Some(_) => {
                let (read, _) =
                    machine.catching(|machine| machine.member(&record, field.source, span));
                read.unwrap_or_else(|_| record.shaped(Shape::Any))
            }
            None => record.shaped(Shape::Any),
        };
        let properties = &mut machine.heap.get_mut(table).properties;
        properties.insert(field.name, value);
    }
    Value::object(table).with_origins(record.origins)
}

fn method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.this.objects().next() else {
        return Ok(None);
    };
    let span = call.span;
    Ok(Some(match last_name(&call.path) {
        "__init__" => {
            fill(machine, id, call.arguments);
            Value::null()
        }
        "is_valid" => {
            let data = data_of(machine, id).unwrap_or_else(Value::null);
            let raises = call
                .arguments
                .find(0, "raise_exception")
                .and_then(Value::truth);
            let test = validity(host, machine, id, &data, span);
            if raises == Some(true) {
                machine.when(
                    &test,
                    span,
                    |_| Ok(()),
                    |machine| {
                        let path = "py:rest_framework.exceptions.ValidationError";
                        let error = exception(machine, path, &[]);
                        machine.throw(error, span)
                    },
                )?;
                validated(host, machine, id, span)?;
                return Ok(Some(Value::bool(true)));
            }
            validated(host, machine, id, span)?;
            test
        }
        "run_validation" | "to_internal_value" => validated(host, machine, id, span)?,
        "validate" => call.arguments.get(0),
        "save" => store(host, machine, id, call)?,
        "create" => {
            let Some(model) = model_of(machine, id) else {
                return Ok(None);
            };
            create_record(host, machine, model, &call.arguments.get(0), span)
        }
        "update" => {
            let record = call.arguments.get(0);
            update_record(host, machine, &record, &call.arguments.get(1), span);
            record
        }
        "to_representation" => {
            let record = call.arguments.get(0);
            machine
                .heap
                .set_property(id, Ustr::from("instance"), record);
            told(host, machine, id, span)
        }
        "get_fields" | "get_extra_kwargs" => Value::unknown(Shape::Object),
        _ => return Ok(None),
    }))
}

fn model_of(machine: &mut Machine<'_>, id: ObjectId) -> Option<ObjectId> {
    let class = class_of(machine, id)?;
    meta(machine, class, "model")?.only_object()
}

fn create_record(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    model: ObjectId,
    values: &Value,
    span: Span,
) -> Value {
    let record = made(machine, model, &Arguments::default(), span);
    if let Some(id) = record.only_object() {
        crate::store::assign_into(machine, id, values);
    }
    create(host, machine, &record, span);
    record
}

fn update_record(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    record: &Value,
    values: &Value,
    span: Span,
) {
    for id in record.objects().collect::<Vec<_>>() {
        crate::store::assign_into(machine, id, values);
    }
    save(host, machine, record, span);
}

/// `save(**fields)`: what was validated and what the view adds, made or written.
fn store(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    call: &Call<'_>,
) -> Result<Value, Stop> {
    let span = call.span;
    let data = validated(host, machine, id, span)?;
    let table = machine.heap.allocate(ObjectKind::Plain, span);
    crate::store::assign_into(machine, table, &data);
    let keywords = call.arguments.keywords.clone();
    machine.heap.get_mut(table).properties.extend(keywords);
    let whole = Value::object(table).with_origins(data.origins);
    let this = Value::object(id);
    let own = machine.heap.property(id, Ustr::from("instance")).cloned();
    let own = own.filter(|own| !own.is_nothing());
    let result = match own {
        Some(record) => {
            let arguments = Arguments::positional([record, whole]);
            machine.call_member(&this, Ustr::from("update"), &arguments, span)?
        }
        None => {
            let arguments = Arguments::positional([whole]);
            machine.call_member(&this, Ustr::from("create"), &arguments, span)?
        }
    };
    machine
        .heap
        .set_property(id, Ustr::from("instance"), result.clone());
    Ok(result)
}
