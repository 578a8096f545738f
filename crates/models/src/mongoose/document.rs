//! Documents: their fields, methods and virtuals, and what saving them writes.

use firedoor_app::{Field, Operation, Provenance};
use firedoor_eval::{
    Answer, Atom, Call, Host, Machine, ObjectId, ObjectKind, Shape, Stop, TestKind, Value,
};
use firedoor_source::Span;
use indexmap::IndexMap;
use ustr::Ustr;

use super::schema::{default_value, function_of};
use super::{Document, ModelInfo, hooks, model};
use crate::ModelHost;
use crate::store::{self, Conditions, dotted, method_name, own_properties, property};

/// Makes the document that a query has found.
pub(super) fn found(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    model: ObjectId,
    key: &Conditions,
    record: &Value,
    span: Span,
) -> ObjectId {
    let id = host.make_object(machine, "mongoose:document", span);
    let document = Document {
        model,
        key: key.clone(),
        origins: record.origins,
        control: record.control,
        populated: Vec::new(),
        is_new: false,
        parts: IndexMap::new(),
        parent: None,
    };
    host.state().mongoose.documents.insert(id, document);
    id
}

/// Makes a document that is not stored yet; defaults that are computed are filled in.
pub(super) fn new(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    model: ObjectId,
    values: &Value,
    span: Span,
) -> Option<Value> {
    let about = model::info(host, model)?;
    let record = store::existing(host, machine, about.asset, &Conditions::default());
    let id = found(host, machine, model, &Conditions::default(), &record, span);
    if let Some(document) = host.state().mongoose.documents.get_mut(&id) {
        document.is_new = true;
    }
    let value = Value::object(id).with_origins(record.origins);
    store::assign_into(machine, id, values);
    for field in &about.fields {
        let Some(default) = &field.default else {
            continue;
        };
        let is_computed = store::is_function(machine, default) || default.as_outside().is_some();
        if is_computed && machine.heap.property(id, field.field.name).is_none() {
            let made = default_value(machine, default, &value, span);
            machine.heap.set_property(id, field.field.name, made);
        }
    }
    Some(value)
}

fn known(host: &ModelHost, id: ObjectId) -> Option<(Document, ModelInfo)> {
    let document = host.state().mongoose.documents.get(&id).cloned()?;
    let about = model::info(host, document.model)?;
    Some((document, about))
}

/// Reads a member that the document does not have itself.
pub(super) fn member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let id = object?;
    let path = host.state().member_name;
    let name = method_name(&path);
    let (document, about) = known(host, id)?;
    if let Some(function) = function_of(machine, &about.schemas, "methods", name) {
        return Some(function);
    }
    let getter = format!("get:{name}");
    if let Some(getter) = function_of(machine, &about.schemas, "virtuals", &getter) {
        let this = Value::object(id).with_origins(document.origins);
        let arguments = firedoor_eval::Arguments::default();
        return machine
            .call_value(&getter, Some(this), &arguments, span)
            .ok();
    }
    match name {
        "id" => Some(field_value(host, machine, &document, "_id")),
        "isNew" => Some(Value::bool(document.is_new)),
        "constructor" => Some(Value::object(document.model)),
        _ if is_method(name) => None,
        _ => Some(path_value(host, machine, id, &document, &about, name, span)),
    }
}

fn is_method(name: &str) -> bool {
    super::MODEL
        .calls
        .iter()
        .any(|(path, _)| path.strip_prefix("mongoose:document.") == Some(name))
}

/// Reads a member of an object that stands for a nested path.
pub(super) fn nested_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let path = host.state().member_name;
    let name = method_name(&path);
    let (own, _) = known(host, object?)?;
    let (parent, prefix) = own.parent?;
    let (document, about) = known(host, parent)?;
    let path = dotted(&prefix, name);
    Some(path_value(
        host, machine, parent, &document, &about, &path, span,
    ))
}

/// Returns the value of a path: a document for a reference that is populated, an object for a nested path,
/// a list where the schema declares one.
fn path_value(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    document: &Document,
    about: &ModelInfo,
    path: &str,
    span: Span,
) -> Value {
    let name = Ustr::from(path);
    if let Some(part) = document.parts.get(&name) {
        return Value::object(*part);
    }
    let declared = about.fields.iter().find(|field| field.field.name == name);
    let target = declared
        .and_then(|field| field.field.refers_to)
        .and_then(|target| host.state().mongoose.models.get(&target).copied());
    if let Some(target) = target.filter(|_| document.populated.contains(&name)) {
        let value = referred(host, machine, document, target, path, span);
        return match declared {
            Some(field) if field.is_list => store::list_of(machine, &value, span),
            _ => value,
        };
    }
    let value = match spread_value(host, machine, id, path) {
        Some(spread) if document.is_new => spread,
        Some(spread) => {
            let stored = field_value(host, machine, document, path);
            machine.join(spread, &stored)
        }
        None => field_value(host, machine, document, path),
    };
    let prefix = format!("{path}.");
    let is_parent = about
        .fields
        .iter()
        .any(|field| field.field.name.starts_with(&prefix));
    let part = match declared {
        Some(field) if field.is_list => {
            let element = value.shaped(if is_parent { Shape::Object } else { Shape::Any });
            let list = machine.make_list(vec![element], true, span).only_object();
            if let Some(list) = list.filter(|_| is_parent) {
                let find = host.make_object(machine, "mongoose:subdocuments.id", span);
                crate::tools::keep(machine, find, EMBEDDED, Value::object(list));
                crate::tools::keep(machine, list, "id", Value::object(find));
            }
            list
        }
        None if is_parent => {
            let nested = host.make_object(machine, "mongoose:nested", span);
            let own = Document {
                parent: Some((id, name)),
                parts: IndexMap::new(),
                ..document.clone()
            };
            host.state().mongoose.documents.insert(nested, own);
            Some(nested)
        }
        _ => None,
    };
    let Some(part) = part else {
        return value;
    };
    if let Some(document) = host.state().mongoose.documents.get_mut(&id) {
        document.parts.insert(name, part);
    }
    let mut whole = Value::object(part).with_origins(value.origins);
    whole.control = value.control;
    whole
}

/// Where the function that finds one of the documents that are embedded keeps the list of them.
const EMBEDDED: &str = "$embedded";

/// `documents.id(value)`: one of the documents that are embedded, by its number, or nothing. What is looked for is no part
/// of it. Source: mongoose 8.9, `lib/types/documentArray/methods/index.js`.
pub(super) fn find_embedded(_: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let list = crate::tools::kept(machine, call.receiver, EMBEDDED);
    let (mut elements, is_open) = machine.elements_of(&list);
    if is_open || elements.is_empty() {
        elements.push(machine.element_of_open(&list));
    }
    let first = elements.remove(0);
    let found = elements.iter().fold(first, |all, it| machine.join(all, it));
    Ok(Some(found))
}

/// Returns what a path can be that was spread into the document and not saved.
fn spread_value(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    path: &str,
) -> Option<Value> {
    let parts = store::open_parts(machine, id);
    let mut spread: Option<Value> = None;
    for part in parts {
        let origins = host.member_origins(machine, part.origins, Ustr::from(path));
        let value = Value::unknown(Shape::Any).with_origins(origins);
        spread = Some(match spread {
            Some(earlier) => machine.join(earlier, &value),
            None => value,
        });
    }
    spread
}

fn field_value(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    document: &Document,
    path: &str,
) -> Value {
    let origins = host.member_origins(machine, document.origins, Ustr::from(path));
    let mut value = Value::unknown(Shape::Any).with_origins(origins);
    value.control = document.control;
    value
}

/// Returns what is stored under a path of a document that was found.
pub(crate) fn stored_value(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    name: Ustr,
) -> Option<Value> {
    let document = host.state().mongoose.documents.get(&id).cloned()?;
    (!document.is_new).then(|| field_value(host, machine, &document, &name))
}

/// Returns the document that a reference holds.
fn referred(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    document: &Document,
    target: ObjectId,
    path: &str,
    span: Span,
) -> Value {
    let id = field_value(host, machine, document, path);
    let mut key = Conditions::default();
    key.add(host, machine, "_id", "=", &id);
    found_by(host, machine, target, &key, span).unwrap_or(id)
}

/// Returns the document of a model that a key finds, or nothing.
fn found_by(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    model: ObjectId,
    key: &Conditions,
    span: Span,
) -> Option<Value> {
    let about = model::info(host, model)?;
    let record = store::found_one(host, machine, about.asset, key, Atom::Null);
    let object = found(host, machine, model, key, &record, span);
    let whole = Atom::Unknown(Shape::Object);
    Some(store::exchange(&record, &whole, Atom::Object(object)))
}

/// `document.populate(path)`.
pub(super) fn populate(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    populate_value(host, machine, &call.this, &call.arguments.get(0), call.span)?;
    Ok(Some(call.this.clone()))
}

/// References at `paths` hold documents from now on, which are read for that.
pub(super) fn populate_value(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    value: &Value,
    paths: &Value,
    span: Span,
) -> Result<(), Stop> {
    let mut names = Vec::new();
    for part in store::parts(machine, paths) {
        let part = property(machine, &part, "path").unwrap_or(part);
        if let Some(text) = part.text() {
            names.extend(text.split_whitespace().map(Ustr::from));
        }
    }
    for id in value.objects().collect::<Vec<_>>() {
        let Some((document, about)) = known(host, id) else {
            continue;
        };
        for name in &names {
            let target = about
                .fields
                .iter()
                .find(|field| field.field.name == *name)
                .and_then(|field| field.field.refers_to);
            let given = match machine.heap.property(id, *name).is_some() {
                true => machine.member(&Value::object(id), *name, span)?,
                false => field_value(host, machine, &document, name),
            };
            if let Some(target) = target {
                note_populated(host, machine, &given, target, span);
                follow_given(host, machine, id, (*name, &given), target, span);
            }
            if let Some(document) = host.state().mongoose.documents.get_mut(&id) {
                document.populated.push(*name);
            }
        }
    }
    Ok(())
}

fn note_populated(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    reference: &Value,
    target: Ustr,
    span: Span,
) {
    let mut key = Conditions::default();
    key.add(host, machine, "_id", "=", reference);
    let mut access = store::access(host, Operation::Read, target);
    access.key = key.fields;
    store::note(host, machine, access, span);
}

/// A reference that the program has given itself holds the document that it names from now on.
fn follow_given(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    (name, given): (Ustr, &Value),
    target: Ustr,
    span: Span,
) {
    let model = host.state().mongoose.models.get(&target).copied();
    let (Some(model), Some(_)) = (model, machine.heap.property(id, name)) else {
        return;
    };
    let mut key = Conditions::default();
    key.add(host, machine, "_id", "=", given);
    let document = found_by(host, machine, model, &key, span);
    if let Some(document) = document {
        machine.heap.set_property(id, name, document);
    }
}

/// Takes `document.path = value`: a setter of a virtual is run, anything else is kept.
pub(super) fn assign(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: ObjectId,
    value: &Value,
    span: Span,
) -> bool {
    let path = host.state().member_name;
    let Some((document, about)) = known(host, object) else {
        return false;
    };
    let setter = format!("set:{}", method_name(&path));
    let Some(setter) = function_of(machine, &about.schemas, "virtuals", &setter) else {
        return false;
    };
    let this = Value::object(object).with_origins(document.origins);
    let arguments = firedoor_eval::Arguments::positional([value.clone()]);
    machine
        .call_value(&setter, Some(this), &arguments, span)
        .is_ok()
}

/// Takes `document[key] = value` with a key that is not known.
pub(super) fn set_unknown(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    object: ObjectId,
    _key: &Value,
    value: &Value,
    _span: Span,
) {
    machine.heap.open(object);
    machine.heap.elements_mut(object).push(value.clone());
}

/// `document.set(path, value)` and `document.set(values)`.
pub(super) fn set(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.receiver else {
        return Ok(None);
    };
    let first = call.arguments.get(0);
    match first.text() {
        Some(name) => machine.set_member(&call.this, name, call.arguments.get(1), call.span)?,
        None => store::assign_into(machine, id, &first),
    }
    Ok(Some(call.this.clone()))
}

/// `document.get(path)`.
pub(super) fn get(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = call.arguments.get(0).text().unwrap_or_default();
    machine.member(&call.this, name, call.span).map(Some)
}

/// `document.toObject()`: an object without methods.
pub(super) fn to_object(host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some((document, _)) = call.receiver.and_then(|id| known(host, id)) else {
        return Ok(None);
    };
    let mut value = Value::unknown(Shape::Object).with_origins(document.origins);
    value.control = document.control;
    Ok(Some(value))
}

/// Methods that give the document.
pub(super) fn itself(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.this.clone()))
}

/// `document.isModified(path)`.
pub(super) fn is_modified(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.receiver else {
        return Ok(None);
    };
    let object = machine.heap.get(id);
    if object.is_open {
        return Ok(Some(Value::unknown(Shape::Bool)));
    }
    let is_modified = match call.arguments.get(0).text() {
        Some(name) => object.properties.contains_key(&name),
        None => !object.properties.is_empty(),
    };
    Ok(Some(Value::bool(is_modified)))
}

/// `document.equals(other)` compares identifiers.
pub(super) fn equals(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let other = call.arguments.get(0);
    Ok(Some(machine.tested(
        TestKind::Equality,
        None,
        &[&call.this, &other],
        call.span,
    )))
}

/// `document.save()`.
pub(super) fn save(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    save_all(host, machine, &call.this, call.span)?;
    Ok(Some(promised(machine, call)))
}

fn promised(machine: &mut Machine<'_>, call: &Call<'_>) -> Value {
    machine.make_promise(Some(call.this.clone()), Vec::new(), Vec::new(), call.span)
}

/// Saves every document that `value` can be.
pub(super) fn save_all(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    value: &Value,
    span: Span,
) -> Result<(), Stop> {
    for id in value.objects().collect::<Vec<_>>() {
        let Some((document, about)) = known(host, id) else {
            continue;
        };
        let this = Value::object(id).with_origins(document.origins);
        for hook in ["validate", "save"] {
            hooks::run(host, machine, &about.schemas, "$pre", hook, &this, span)?;
        }
        let operation = if document.is_new {
            Operation::Create
        } else {
            Operation::Update
        };
        let mut access = store::access(host, operation, about.asset);
        access.key.clone_from(&document.key.fields);
        (access.values, access.spread) = changes(host, machine, id, "");
        host.effect(machine, firedoor_app::EffectKind::Access(access), span);
        if document.is_new {
            let key = store::own_key(host, machine, about.asset, "_id");
            if let Some(document) = host.state().mongoose.documents.get_mut(&id) {
                document.is_new = false;
                document.key = key;
            }
        }
        hooks::run(host, machine, &about.schemas, "$post", "save", &this, span)?;
    }
    Ok(())
}

/// Returns what a document or a nested part of it has been given: the fields and what was spread into it.
fn changes(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    prefix: &str,
) -> (Vec<Field>, Vec<Provenance>) {
    let mut fields = Vec::new();
    let mut spread = Vec::new();
    for (name, value) in own_properties(machine, id) {
        fields.push(Field {
            name: Ustr::from(&dotted(prefix, &name)),
            value: host.deep_provenance(machine, &value),
            operator: "=",
        });
    }
    for part in store::open_parts(machine, id) {
        spread.push(host.provenance(machine, &part));
    }
    let parts: Vec<(Ustr, ObjectId)> = match host.state().mongoose.documents.get(&id) {
        Some(document) => document
            .parts
            .iter()
            .map(|(name, id)| (*name, *id))
            .collect(),
        None => Vec::new(),
    };
    for (name, part) in parts {
        if matches!(machine.heap.get(part).kind, ObjectKind::Array) {
            fields.extend(added(host, machine, &name, part));
            continue;
        }
        let (own, own_spread) = changes(host, machine, part, &name);
        fields.extend(own);
        spread.extend(own_spread);
    }
    (fields, spread)
}

/// Returns what was added to a list of the document.
fn added(host: &ModelHost, machine: &mut Machine<'_>, name: &str, list: ObjectId) -> Option<Field> {
    let elements = machine.heap.get(list).elements.clone();
    let new = elements.get(1..).filter(|new| !new.is_empty())?;
    let mut provenance = Provenance::default();
    for element in new {
        provenance = provenance.union(&host.deep_provenance(machine, element));
    }
    Some(Field {
        name: Ustr::from(name),
        value: provenance,
        operator: "push",
    })
}

/// `document.deleteOne()`.
pub(super) fn delete(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some((document, about)) = call.receiver.and_then(|id| known(host, id)) else {
        return Ok(None);
    };
    for hook in ["deleteOne", "remove"] {
        let schemas = &about.schemas;
        hooks::run(host, machine, schemas, "$pre", hook, &call.this, call.span)?;
    }
    let mut access = store::access(host, Operation::Delete, about.asset);
    access.key = document.key.fields;
    host.effect(machine, firedoor_app::EffectKind::Access(access), call.span);
    Ok(Some(promised(machine, call)))
}

/// `document.updateOne(update)`.
pub(super) fn update(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some((document, about)) = call.receiver.and_then(|id| known(host, id)) else {
        return Ok(None);
    };
    let mut access = store::access(host, Operation::Update, about.asset);
    access.key = document.key.fields;
    super::query::add_update(host, machine, &call.arguments.get(0), &mut access);
    host.effect(machine, firedoor_app::EffectKind::Access(access), call.span);
    Ok(Some(promised(machine, call)))
}
