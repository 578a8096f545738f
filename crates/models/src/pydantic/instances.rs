//! Instances of models: made, validated, copied and dumped.
//!
//! What comes in is cut to the declared fields, so that what goes out can be no more than those.

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Shape, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::ModelHost;
use crate::fastapi::dependencies::unwrap_annotated;
use crate::pydantic::bounds::refuse_outside;
use crate::pydantic::fields::{Extra, Field, extra, fields, is_record};

pub(crate) fn make_instance(
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
pub(crate) fn initialise(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
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
pub(crate) fn dump(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
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

/// `model_fields_set`: the names of the declared fields that were sent, whichever those are.
pub(crate) fn fields_set(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    instance: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let ObjectKind::Instance { class } = machine.heap.get(instance?).kind else {
        return None;
    };
    if extra(machine, class) == Extra::Allow {
        return None;
    }
    let names = fields(machine, class).into_iter();
    let names: Vec<Value> = names.map(|field| Value::string(&field.name)).collect();
    let set = machine.heap.allocate(ObjectKind::Set, span);
    let any = machine.join_all(&names);
    machine.open_list(set, any);
    Some(Value::object(set))
}

pub(crate) fn dump_text(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(machine.derived(Shape::String, [&call.this])))
}

pub(crate) fn copy(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
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
pub(crate) fn validate(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(class) = call.this.only_object() else {
        return Ok(None);
    };
    let data = call.arguments.get(0);
    matching_classes(host, machine, &[class], &data, None, call.span);
    host.state().run.bounds.clear();
    let value = read_as(host, machine, class, &data, call.span)?;
    let error = invalid(machine, &data, call.span);
    refuse_outside(host, machine, &error, call.span)?;
    Ok(Some(value))
}

/// Data that does not fit may be sent by anybody. Returns what is thrown then.
fn invalid(machine: &mut Machine<'_>, data: &Value, span: Span) -> Value {
    let mut error = Value::outside("py:pydantic.ValidationError()");
    error.origins = machine.deep_origins(data);
    machine.may_throw(error.clone(), span);
    error
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
                        crate::fastapi::inputs::value_of_type(
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
        if data.is_unknown() {
            let limits = field.bounds.into_iter().map(|limit| (value.clone(), limit));
            host.state().run.bounds.extend(limits);
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

pub(crate) fn construct(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    match call.this.only_object() {
        Some(class) => Ok(Some(machine.instantiate(
            class,
            call.arguments,
            call.span,
        )?)),
        None => Ok(None),
    }
}

pub(crate) fn type_adapter(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "py:pydantic.TypeAdapter()", call.span);
    machine.heap.get_mut(id).elements = vec![call.arguments.get(0)];
    Ok(Some(Value::object(id)))
}

/// `TypeAdapter(A | B).validate_json(raw)`: an instance of one of the classes. Which, the client says in the
/// field that tells them apart; while one message is sent, it is that of this name.
pub(crate) fn adapt(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
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
    host.state().run.bounds.clear();
    for class in &matching {
        values.push(read_as(host, machine, *class, &data, call.span)?);
    }
    let error = invalid(machine, &data, call.span);
    // What one of several classes asks is not asked of what is read as another.
    match matching.len() {
        1 => refuse_outside(host, machine, &error, call.span)?,
        _ => host.state().run.bounds.clear(),
    }
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
