//! Instances: their fields, and what saving them writes.

use firedoor_app::{EffectKind, Field, Operation, Origin};
use firedoor_eval::{
    Answer, Arguments, Atom, Call, Host, Machine, ObjectId, ObjectKind, Shape, Stop, Value,
};
use firedoor_source::Span;
use ustr::Ustr;

use super::{Instance, METHODS, ModelInfo, info, is_class, promise};
use crate::ModelHost;
use crate::store::{self, Conditions, method_name, property};

/// Makes the instance that a query has found.
pub(super) fn found(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    model: ObjectId,
    key: &Conditions,
    record: &Value,
    span: Span,
) -> ObjectId {
    let kind = if is_class(machine, model) {
        ObjectKind::Instance { class: model }
    } else {
        ObjectKind::Host(Ustr::from("npm:sequelize.Model()"))
    };
    let id = machine.heap.allocate(kind, span);
    let instance = Instance {
        model,
        key: key.clone(),
        origins: record.origins,
        control: record.control,
        is_new: false,
    };
    host.state().sequelize.instances.insert(id, instance);
    id
}

/// Makes an instance that is not stored yet.
pub(super) fn new(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    model: ObjectId,
    about: &ModelInfo,
    values: &Value,
    span: Span,
) -> Value {
    let record = store::existing(host, machine, about.asset, &Conditions::default());
    let id = found(host, machine, model, &Conditions::default(), &record, span);
    fill(host, machine, id, about, values, span);
    Value::object(id).with_origins(record.origins)
}

fn fill(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    about: &ModelInfo,
    values: &Value,
    span: Span,
) {
    if let Some(instance) = host.state().sequelize.instances.get_mut(&id) {
        instance.is_new = true;
    }
    store::assign_into(machine, id, values);
    for (name, default) in &about.defaults {
        if store::is_function(machine, default) && machine.heap.property(id, *name).is_none() {
            let (made, _) = machine
                .catching(|machine| machine.call_value(default, None, &Arguments::default(), span));
            if let Ok(made) = made {
                machine.heap.set_property(id, *name, made);
            }
        }
    }
}

/// `new User(values)` of a class of the program.
pub(super) fn made(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    instance: ObjectId,
    arguments: &Arguments,
    span: Span,
) -> Result<bool, Stop> {
    let Some(about) = info(host, class) else {
        return Ok(false);
    };
    let record = store::existing(host, machine, about.asset, &Conditions::default());
    let known = Instance {
        model: class,
        key: Conditions::default(),
        origins: record.origins,
        control: record.control,
        is_new: true,
    };
    host.state().sequelize.instances.insert(instance, known);
    fill(host, machine, instance, &about, &arguments.get(0), span);
    Ok(true)
}

fn known(host: &ModelHost, call: &Call<'_>) -> Option<(ObjectId, Instance, ModelInfo)> {
    let id = call.receiver.or_else(|| call.this.only_object())?;
    let instance = host.state().sequelize.instances.get(&id).cloned()?;
    let about = info(host, instance.model)?;
    Some((id, instance, about))
}

/// `sequelize.models`: what was defined, by name.
pub(super) fn models(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    client: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    client?;
    let id = host.make_object(machine, "sequelize:models", span);
    Some(Value::object(id))
}

/// `sequelize.models.Book`, wherever that was defined.
pub(super) fn model_of_name(
    host: &ModelHost,
    _machine: &mut Machine<'_>,
    _models: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let state = host.state();
    let name = Ustr::from(method_name(&state.member_name));
    let mut models = state.sequelize.models.iter();
    let known = models.find(|(_, info)| info.asset == name);
    known.map(|(id, _)| Value::object(*id))
}

/// Reads a field, or what is associated.
pub(super) fn member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let path = host.state().member_name;
    let name = Ustr::from(method_name(&path));
    if METHODS.contains(&name.as_str()) {
        return None;
    }
    let instance = host.state().sequelize.instances.get(&object?).cloned()?;
    let about = info(host, instance.model)?;
    if name == "dataValues" {
        return object.map(Value::object);
    }
    if let Some((target, is_many)) = about.associations.get(&name) {
        return associated(host, machine, &instance, *target, *is_many, span);
    }
    Some(stored(host, machine, &instance, name))
}

fn stored(host: &ModelHost, machine: &mut Machine<'_>, instance: &Instance, name: Ustr) -> Value {
    let origins = host.member_origins(machine, instance.origins, name);
    let mut value = Value::unknown(Shape::Any).with_origins(origins);
    value.control = instance.control;
    value
}

/// Returns what is stored in a field of an instance that was found.
pub(crate) fn stored_value(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    name: Ustr,
) -> Option<Value> {
    let instance = host.state().sequelize.instances.get(&id).cloned()?;
    (!instance.is_new).then(|| stored(host, machine, &instance, name))
}

fn associated(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    instance: &Instance,
    target: ObjectId,
    is_many: bool,
    span: Span,
) -> Option<Value> {
    let asset = info(host, target)?.asset;
    let of_principal = host
        .origins_of(machine, instance.origins)
        .iter()
        .any(|origin| {
            matches!(
                origin,
                Origin::Record {
                    of_principal: true,
                    ..
                }
            )
        });
    let origin = Origin::Record {
        asset,
        field: Ustr::default(),
        of_principal,
    };
    let mut record = Value::null();
    record.origins = host.origin(machine, origin);
    record.control = instance.control;
    let id = found(host, machine, target, &instance.key, &record, span);
    record.add(Atom::Object(id));
    Some(if is_many {
        let record = store::exchange(&record, &Atom::Null, Atom::Undefined);
        store::list_of(machine, &record, span)
    } else {
        record
    })
}

/// `instance.save()`.
pub(super) fn save(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    save_all(host, machine, &call.this, call.span);
    promise(machine, call.this.clone(), call.span)
}

/// Saves every instance that `value` can be.
pub(super) fn save_all(host: &ModelHost, machine: &mut Machine<'_>, value: &Value, span: Span) {
    for id in value.objects().collect::<Vec<_>>() {
        let instance = host.state().sequelize.instances.get(&id).cloned();
        let Some(instance) = instance else {
            continue;
        };
        let Some(about) = info(host, instance.model) else {
            continue;
        };
        let operation = if instance.is_new {
            Operation::Create
        } else {
            Operation::Update
        };
        let mut access = store::access(host, operation, about.asset);
        access.key = instance.key.fields;
        access.values = host.fields(machine, id);
        let parts = store::open_parts(machine, id);
        access.spread = parts
            .iter()
            .map(|part| host.provenance(machine, part))
            .collect();
        host.effect(machine, EffectKind::Access(access), span);
        if instance.is_new {
            let key = store::own_key(host, machine, about.asset, "id");
            if let Some(instance) = host.state().sequelize.instances.get_mut(&id) {
                instance.is_new = false;
                instance.key = key;
            }
        }
    }
}

fn change(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    operation: Operation,
    written: impl FnOnce(&mut Machine<'_>, &mut firedoor_app::Access),
) -> Answer {
    let Some((_, instance, about)) = known(host, call) else {
        return Ok(None);
    };
    let mut access = store::access(host, operation, about.asset);
    access.key = instance.key.fields;
    written(machine, &mut access);
    host.effect(machine, EffectKind::Access(access), call.span);
    promise(machine, call.this.clone(), call.span)
}

/// `instance.update(values)`.
pub(super) fn update(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let values = call.arguments.get(0);
    change(host, machine, call, Operation::Update, |machine, access| {
        (access.values, access.spread) = store::written(host, machine, &values);
    })
}

/// `instance.destroy()`.
pub(super) fn destroy(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    change(host, machine, call, Operation::Delete, |_, _| {})
}

/// `instance.increment('coins', { by: 3 })`.
pub(super) fn increment(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let method = method_name(&call.path);
    let (first, options) = (call.arguments.get(0), call.arguments.get(1));
    change(host, machine, call, Operation::Update, |machine, access| {
        access.values = increments(host, machine, method, &first, &options);
    })
}

/// Returns what an increment writes: a name or several with one amount, or an object with amounts.
pub(super) fn increments(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    method: &str,
    first: &Value,
    options: &Value,
) -> Vec<Field> {
    let operator = if method == "increment" { "+=" } else { "-=" };
    let by = property(machine, options, "by").unwrap_or_else(|| Value::number(1.0));
    let mut fields = Vec::new();
    for part in store::parts(machine, first) {
        match part.text() {
            Some(name) => fields.push(Field {
                name,
                value: host.deep_provenance(machine, &by),
                operator,
            }),
            None => {
                let (mut own, _) = store::written(host, machine, &part);
                own.iter_mut().for_each(|field| field.operator = operator);
                fields.extend(own);
            }
        }
    }
    fields
}

/// `instance.get()`, `get(name)`, `toJSON()`.
pub(super) fn get(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(name) = call.arguments.get(0).text() {
        return machine.member(&call.this, name, call.span).map(Some);
    }
    let Some((_, instance, _)) = known(host, call) else {
        return Ok(None);
    };
    let mut value = Value::unknown(Shape::Object).with_origins(instance.origins);
    value.control = instance.control;
    Ok(Some(value))
}

/// `instance.set(values)` and `set(name, value)`.
pub(super) fn set(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let first = call.arguments.get(0);
    match (first.text(), call.this.only_object()) {
        (Some(name), _) => {
            machine.set_member(&call.this, name, call.arguments.get(1), call.span)?
        }
        (None, Some(id)) => store::assign_into(machine, id, &first),
        _ => {}
    }
    Ok(Some(call.this.clone()))
}

/// Methods that promise the instance.
pub(super) fn itself(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    promise(machine, call.this.clone(), call.span)
}
