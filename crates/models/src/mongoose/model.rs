//! Models: the collections, and what is made in them.

use firedoor_app::{AssetKind, Operation};
use firedoor_eval::{
    Answer, Atom, Call, Machine, ObjectId, ObjectKind, Shape, Stop, TestKind, Value,
};
use firedoor_source::Span;
use ustr::Ustr;

use super::{ModelInfo, document, query, schema};
use crate::ModelHost;
use crate::store::{self, Conditions, method_name, own_properties, property};

/// `mongoose.model(name, schema)`; without a schema the model of that name.
pub(super) fn define(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(name) = call.arguments.get(0).text() else {
        return Ok(None);
    };
    let known = host.state().mongoose.models.get(&name).copied();
    let Some(schema) = call.arguments.get(1).only_object() else {
        return Ok(Some(match known {
            Some(id) => Value::object(id),
            None => make(host, machine, name, Vec::new(), call.span),
        }));
    };
    Ok(Some(make(host, machine, name, vec![schema], call.span)))
}

fn make(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    name: Ustr,
    schemas: Vec<ObjectId>,
    span: Span,
) -> Value {
    let model = host.make_object(machine, "mongoose:model", span);
    machine.heap.get_mut(model).name = Some(name);
    let fields = add_schemas(host, machine, model, name, &schemas, span);
    let mut state = host.state();
    state.asset_of.insert(model, name);
    let info = ModelInfo {
        asset: name,
        schemas,
        fields,
    };
    state.mongoose.about.insert(model, info);
    state.mongoose.models.insert(name, model);
    Value::object(model)
}

/// The model gets the statics of its schemas, and its asset their fields.
fn add_schemas(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    model: ObjectId,
    asset: Ustr,
    schemas: &[ObjectId],
    span: Span,
) -> Vec<super::SchemaField> {
    let mut fields = Vec::new();
    for schema in schemas {
        fields.extend(schema::fields(host, machine, *schema));
        let statics = machine
            .heap
            .property(*schema, Ustr::from("statics"))
            .cloned();
        for id in statics.iter().flat_map(Value::objects).collect::<Vec<_>>() {
            for (name, function) in own_properties(machine, id) {
                machine.heap.set_property(model, name, function);
            }
        }
    }
    let declared = fields.iter().map(|field| field.field.clone()).collect();
    store::declare(host, asset, AssetKind::Table, span, declared);
    fields
}

/// `Base.discriminator(name, schema)`: its documents are kept with those of the base.
pub(super) fn discriminator(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let (Some(base), Some(name)) = (call.receiver, call.arguments.get(0).text()) else {
        return Ok(None);
    };
    let Some(about) = info(host, base) else {
        return Ok(None);
    };
    let mut schemas: Vec<ObjectId> = call.arguments.get(1).objects().collect();
    schemas.extend(about.schemas);
    let model = host.make_object(machine, "mongoose:model", call.span);
    machine.heap.get_mut(model).name = Some(name);
    let fields = add_schemas(host, machine, model, about.asset, &schemas, call.span);
    let mut state = host.state();
    state.asset_of.insert(model, about.asset);
    let made = ModelInfo {
        asset: about.asset,
        schemas,
        fields,
    };
    state.mongoose.about.insert(model, made);
    state.mongoose.models.insert(name, model);
    Ok(Some(Value::object(model)))
}

/// Returns what is known of a model object.
pub(super) fn info(host: &ModelHost, model: ObjectId) -> Option<ModelInfo> {
    host.state().mongoose.about.get(&model).cloned()
}

/// `mongoose.models.Name`.
pub(super) fn registered(
    host: &ModelHost,
    _machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let path = host.state().member_name;
    let name = Ustr::from(method_name(&path));
    let known = host.state().mongoose.models.get(&name).copied();
    Some(known.map_or_else(Value::undefined, Value::object))
}

/// `Model.modelName`.
pub(super) fn name_member(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let name = machine.heap.get(object?).name?;
    Some(Value::atom(Atom::String(name)))
}

/// `Model.schema`.
pub(super) fn schema_member(
    host: &ModelHost,
    _machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let schema = info(host, object?)?.schemas.first().copied()?;
    Some(Value::object(schema))
}

/// `mongoose.createConnection(...)` and `connect`.
pub(super) fn connection(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "npm:mongoose.createConnection()", call.span);
    Ok(Some(Value::object(id)))
}

/// What has no effect that matters here.
pub(super) fn ignored(_host: &ModelHost, _machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(Value::undefined()))
}

/// An identifier is what it is made of; a new one is unknown.
pub(super) fn object_id(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(machine.derived(Shape::String, call.arguments.all())))
}

/// `isValidObjectId(value)` tests a form.
pub(super) fn is_valid_id(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let value = call.arguments.get(0);
    Ok(Some(machine.tested(
        TestKind::Kind,
        None,
        &[&value],
        call.span,
    )))
}

/// `new Model(values)`.
pub(super) fn construct(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(model) = call.receiver else {
        return Ok(None);
    };
    Ok(document::new(
        host,
        machine,
        model,
        &call.arguments.get(0),
        call.span,
    ))
}

/// `Model.create(values)`, with a list of them, or with several.
pub(super) fn create(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(model) = call.receiver else {
        return Ok(None);
    };
    let first = call.arguments.get(0);
    let is_list = is_list(machine, &first);
    let may_be_one = !is_list
        || first
            .objects()
            .any(|id| matches!(machine.heap.get(id).kind, ObjectKind::Plain));
    let (made, is_open) = if is_list {
        let (_, is_open) = machine.elements_of(&first);
        (store::parts(machine, &first), is_open)
    } else {
        let more = call.arguments.positional.iter().skip(1);
        let more = more.filter(|value| {
            !store::is_function(machine, value) && property(machine, value, "session").is_none()
        });
        (std::iter::once(first).chain(more.cloned()).collect(), false)
    };
    let mut documents = Vec::new();
    for values in &made {
        let Some(created) = document::new(host, machine, model, values, call.span) else {
            continue;
        };
        document::save_all(host, machine, &created, call.span)?;
        documents.push(created);
    }
    let result = match (may_be_one, documents.as_slice()) {
        (true, [one]) => one.clone(),
        _ => machine.make_list(documents, is_open, call.span),
    };
    Ok(Some(machine.make_promise(
        Some(result),
        Vec::new(),
        Vec::new(),
        call.span,
    )))
}

fn is_list(machine: &Machine<'_>, value: &Value) -> bool {
    value
        .objects()
        .any(|id| matches!(machine.heap.get(id).kind, ObjectKind::Array))
}

/// `Model.insertMany(list)` runs no hooks of documents.
pub(super) fn insert_many(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(about) = call.receiver.and_then(|model| info(host, model)) else {
        return Ok(None);
    };
    let list = call.arguments.get(0);
    let mut access = store::access(host, Operation::Create, about.asset);
    access.is_many = true;
    for element in store::parts(machine, &list) {
        let (fields, spread) = store::written(host, machine, &element);
        access.values.extend(fields);
        access.spread.extend(spread);
    }
    store::note(host, machine, access, call.span);
    let record = store::existing(host, machine, about.asset, &Conditions::default());
    let list = machine.make_list(vec![record], true, call.span);
    Ok(Some(machine.make_promise(
        Some(list),
        Vec::new(),
        Vec::new(),
        call.span,
    )))
}

/// `Model.bulkWrite([{ updateOne: { filter, update } }, ...])`.
pub(super) fn bulk_write(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(about) = call.receiver.and_then(|model| info(host, model)) else {
        return Ok(None);
    };
    for step in store::parts(machine, &call.arguments.get(0)) {
        for id in step.objects().collect::<Vec<_>>() {
            for (name, details) in own_properties(machine, id) {
                query::bulk_step(host, machine, about.asset, &name, &details, call.span);
            }
        }
    }
    let done = Value::unknown(Shape::Object);
    Ok(Some(machine.make_promise(
        Some(done),
        Vec::new(),
        Vec::new(),
        call.span,
    )))
}

/// `Model.bulkSave(documents)`.
pub(super) fn bulk_save(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    for element in store::parts(machine, &call.arguments.get(0)) {
        document::save_all(host, machine, &element, call.span)?;
    }
    Ok(Some(Value::undefined()))
}

/// `Model.populate(documents, path)`.
pub(super) fn populate(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let documents = call.arguments.get(0);
    for element in store::parts(machine, &documents) {
        document::populate_value(host, machine, &element, &call.arguments.get(1), call.span)?;
    }
    Ok(Some(documents))
}

/// Says that something cannot go on.
pub(super) fn fail(machine: &mut Machine<'_>, error: Value, span: Span) -> Result<(), Stop> {
    machine.throw(error, span)
}
