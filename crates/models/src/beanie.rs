//! Documents in MongoDB as classes: Beanie and ODMantic.
//!
//! A query of Beanie does nothing until it is awaited or iterated over; ODMantic's engine is asked at once.
//! Sources: beanie 1.29, `odm/queries/find.py`, `odm/documents.py`; odmantic 1.0, `engine.py`.

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::mongoose::query::DIALECT;
use crate::python_active::{
    Run, class_in, class_member, condition, copied, declare_class, element, instance_member, keep,
    narrow, query, run, save, set_run, update,
};
use crate::python_records::{asset_of, columns, create, delete, fill, instance_value, is_stored};
use crate::python_support::{argument, last_name};
use crate::sqlalchemy::columns::annotations;
use crate::sqlalchemy::query::{CONDITION, column_in, make};
use crate::{Model, ModelHost, store};

const BASE: &str = "py:beanie.Document";
const QUERY: &str = "beanie:query()";

/// The model.
pub static MODEL: Model = Model {
    name: "beanie",
    calls: &[
        ("py:beanie.Indexed", crate::python_support::keep),
        ("py:beanie.operators.*", operator),
        ("py:beanie.Document.*", class_method),
        ("py:beanie.Document().*", instance_method),
        ("beanie:query().*", query_method),
        ("py:odmantic.AIOEngine().*", engine_method),
        ("py:odmantic.SyncEngine().*", engine_method),
        ("py:odmantic.Field", crate::python_support::keep),
        ("py:odmantic.Reference", crate::python_support::keep),
        ("py:odmantic.query.and_", junction),
        ("py:odmantic.query.or_", junction),
    ],
    members: &[
        ("py:beanie.Document.*", attribute),
        ("py:beanie.Document().*", attribute),
    ],
    attributes: &[(BASE, attribute)],
    classes: &[(BASE, class_made)],
    instances: &[(BASE, instance_made)],
    operators: &[("py:beanie.Document()", crate::sqlalchemy::compare_instances)],
    indexes: &[(QUERY, element)],
    awaits: &[(QUERY, awaited)],
    aliases: &[
        ("py:odmantic.Model", BASE),
        ("py:odmantic.engine.AIOEngine", "py:odmantic.AIOEngine"),
        ("py:beanie.odm.documents.Document", BASE),
        ("py:beanie.PydanticObjectId", "py:bson.ObjectId"),
        ("py:odmantic.ObjectId", "py:bson.ObjectId"),
    ],
    subclasses: &[
        (
            "py:beanie.exceptions.DocumentNotFound",
            "py:builtins.Exception",
        ),
        (
            "py:beanie.exceptions.RevisionIdWasChanged",
            "py:builtins.Exception",
        ),
    ],
    ..Model::EMPTY
};

/// Every annotated name is a field of the document.
fn class_made(host: &ModelHost, machine: &mut Machine<'_>, class: ObjectId, span: Span) {
    let mut all: indexmap::IndexMap<Ustr, Value> = indexmap::IndexMap::new();
    for owner in machine.class_order(class).into_iter().rev() {
        for (name, annotation) in annotations(machine, owner) {
            let declared = machine.class_attribute(owner, name);
            let is_described = |value: &Value| {
                crate::sqlalchemy::columns::declared_path(machine, value)
                    .is_some_and(|path| path.ends_with(".Field()") || path.ends_with("Reference()"))
            };
            let value = match declared {
                Some((_, value)) if is_described(&value) => value,
                _ => annotation,
            };
            all.insert(name, value);
        }
    }
    all.shift_remove(&Ustr::from("model_config"));
    if !all.is_empty() {
        declare_class(host, machine, class, all.into_iter().collect(), span);
    }
}

fn attribute(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let id = object?;
    match machine.heap.get(id).kind {
        ObjectKind::Class { .. } => class_member(host, machine, object, span),
        // What a document was given, or assigned, it holds itself.
        _ if !is_stored(host, id) => None,
        _ => instance_member(host, machine, object, span),
    }
}

fn instance_made(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    instance: ObjectId,
    arguments: &Arguments,
    _span: Span,
) -> Result<bool, Stop> {
    let is_model = columns(host, class).is_some();
    if is_model {
        fill(machine, instance, arguments);
    }
    Ok(is_model)
}

/// `In(User.id, [...])`, `Or(...)`, `Set({...})`.
fn operator(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let word = match last_name(&call.path) {
        "In" => "in",
        "NotIn" => "not in",
        "Eq" => "=",
        "NE" => "!=",
        "GT" => ">",
        "GTE" => ">=",
        "LT" => "<",
        "LTE" => "<=",
        "RegEx" | "Text" => "like",
        "And" => "and",
        "Or" | "Nor" => "or",
        "Not" => "not",
        _ => return crate::python_support::keep(host, machine, call),
    };
    let parts = call.arguments.positional.clone();
    Ok(Some(make(host, machine, CONDITION, word, parts, call.span)))
}

fn junction(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let word = last_name(&call.path).trim_end_matches('_');
    let parts = call.arguments.positional.clone();
    Ok(Some(make(host, machine, CONDITION, word, parts, call.span)))
}

/// The conditions of a call: column expressions, and dictionaries of MongoDB's own.
fn given(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    asset: Ustr,
    parts: &[Value],
    span: Span,
) -> Vec<Value> {
    let mut all = Vec::new();
    for part in parts {
        let kind = part
            .only_object()
            .map(|id| (id, machine.heap.get(id).kind.clone()));
        match kind {
            Some((_, ObjectKind::Plain)) => {
                // The dialect's own reading is kept, and put into conditions one by one.
                for (name, operator, value) in read(host, machine, part) {
                    let key = (asset, name.as_str());
                    all.push(condition(host, machine, key, operator, &value, span));
                }
            }
            Some((id, ObjectKind::Map)) => {
                let elements = machine.heap.get(id).elements.clone();
                for pair in elements.chunks(2) {
                    let [key, value] = pair else { continue };
                    if let Some((_, name)) = column_in(machine, key, 0) {
                        all.push(condition(host, machine, (asset, &name), "=", value, span));
                    }
                }
            }
            _ => all.push(part.clone()),
        }
    }
    all
}

fn read(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    filter: &Value,
) -> Vec<(Ustr, &'static str, Value)> {
    let conditions = store::read_conditions(host, machine, &DIALECT, filter);
    let fields = conditions.fields.into_iter().zip(conditions.values);
    fields
        .map(|(field, value)| (field.name, field.operator, value))
        .collect()
}

fn awaited(host: &ModelHost, machine: &mut Machine<'_>, query: ObjectId) -> Answer {
    let span = machine.heap.get(query).span;
    Ok(Some(run(host, machine, query, span)))
}

fn document_class(host: &ModelHost, machine: &Machine<'_>, value: &Value) -> Option<ObjectId> {
    value.objects().find(|id| {
        matches!(machine.heap.get(*id).kind, ObjectKind::Class { .. })
            && asset_of(host, machine, *id).is_some()
    })
}

fn class_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(class) = document_class(host, machine, &call.this) else {
        return Ok(None);
    };
    let name = last_name(&call.path);
    match name {
        "get" => {
            let asset = asset_of(host, machine, class).unwrap_or_default();
            let id = query(host, machine, QUERY, class, Run::One, call.span);
            let identity = argument(call, 0, "document_id");
            let condition = condition(host, machine, (asset, "id"), "=", &identity, call.span);
            narrow(machine, id, [condition]);
            Ok(Some(Value::object(id)))
        }
        "insert_one" => {
            let document = argument(call, 0, "document");
            create(host, machine, &document, call.span);
            Ok(Some(document))
        }
        "insert_many" => {
            let (documents, _) = machine.elements_of(&argument(call, 0, "documents"));
            for document in &documents {
                create(host, machine, document, call.span);
            }
            Ok(Some(Value::null()))
        }
        // The driver's own collection (`odm/interfaces/getters.py`; the second name since 2.0).
        "get_motor_collection" | "get_pymongo_collection" => {
            let asset = asset_of(host, machine, class).unwrap_or_default();
            let collection = crate::python_mongo::collection_of(host, machine, asset, call.span);
            Ok(Some(collection))
        }
        "model_validate" | "parse_obj" | "model_construct" => {
            let kind = ObjectKind::Instance { class };
            let made = machine.heap.allocate(kind, call.span);
            store::assign_into(machine, made, &call.arguments.get(0));
            Ok(Some(Value::object(made)))
        }
        _ => {
            let id = query(host, machine, QUERY, class, Run::Many, call.span);
            refine(host, machine, id, call)
        }
    }
}

/// A method of a query, or of a class as of the query for all.
fn refine(host: &ModelHost, machine: &mut Machine<'_>, id: ObjectId, call: &Call<'_>) -> Answer {
    let asset = class_in(machine, id).and_then(|class| asset_of(host, machine, class));
    let asset = asset.unwrap_or_default();
    let name = last_name(&call.path);
    if matches!(name, "find" | "find_one" | "find_many") {
        let parts = call.arguments.positional.clone();
        let conditions = given(host, machine, asset, &parts, call.span);
        narrow(machine, id, conditions);
    }
    match name {
        "find_one" => {
            set_run(machine, id, Run::One);
            keep(machine, id, "$one", Value::bool(true));
        }
        "first_or_none" => set_run(machine, id, Run::One),
        "count" => set_run(machine, id, Run::Count),
        "exists" => set_run(machine, id, Run::Exists),
        "delete" | "delete_all" | "delete_one" | "delete_many" => {
            set_run(machine, id, Run::Delete);
        }
        "update" | "update_one" | "update_many" | "update_all" | "set" | "inc" | "upsert" => {
            let values = written(machine, name, call);
            set_run(machine, id, Run::Update);
            keep(machine, id, "$values", values);
        }
        "find" | "find_many" | "find_all" | "all" | "to_list" | "sort" | "limit" | "skip"
        | "project" | "aggregate" => {}
        _ => return Ok(None),
    }
    if name == "to_list" {
        set_run(machine, id, Run::Many);
    }
    Ok(Some(Value::object(id)))
}

/// The values of `update(Set({...}))`, `update({"$set": {...}})` and `set({...})`.
fn written(machine: &mut Machine<'_>, name: &str, call: &Call<'_>) -> Value {
    let first = call.arguments.get(0);
    if matches!(name, "set" | "inc") {
        return first;
    }
    let Some(id) = first.only_object() else {
        return first;
    };
    let object = machine.heap.get(id);
    let inner = match object.kind {
        ObjectKind::Host(path) if path.starts_with("py:beanie.operators.") => {
            object.elements.first()
        }
        _ => {
            let mut named = object.properties.iter();
            named
                .find(|(name, _)| name.starts_with('$'))
                .map(|(_, value)| value)
        }
    };
    inner.cloned().unwrap_or(first)
}

fn query_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(receiver) = call.receiver else {
        return Ok(None);
    };
    let id = copied(machine, receiver, call.span);
    refine(host, machine, id, call)
}

fn instance_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let document = call.this.clone();
    let name = last_name(&call.path);
    match name {
        "insert" | "create" | "save" | "replace" | "save_changes" => {
            save(host, machine, &document, call.span);
        }
        "set" | "inc" | "update" => {
            let values = written(machine, name, call);
            update(host, machine, &document, &values, call.span);
        }
        "delete" => {
            delete(host, machine, &document, call.span);
            return Ok(Some(Value::null()));
        }
        "__init__" => {
            for id in document.objects().collect::<Vec<_>>() {
                fill(machine, id, call.arguments);
            }
            return Ok(Some(Value::null()));
        }
        "fetch_all_links" | "fetch_link" | "sync" => {}
        _ => return dumped(host, machine, call),
    }
    Ok(Some(document))
}

/// A stored document is dumped as a whole; a new one as what it was given.
fn dumped(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.this.objects().next() else {
        return Ok(None);
    };
    let value = match is_stored(host, id) {
        true => instance_value(host, id),
        false => machine.derived(firedoor_eval::Shape::Object, [&Value::object(id)]),
    };
    match last_name(&call.path) {
        "model_dump" | "dict" | "model_dump_json" | "json" | "model_copy" | "copy" => {
            Ok(Some(value.shaped(firedoor_eval::Shape::Object)))
        }
        _ => Ok(None),
    }
}

/// `engine.find_one(User, User.email == email)`.
fn engine_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = last_name(&call.path);
    let first = call.arguments.get(0);
    match name {
        "save" => {
            save(host, machine, &first, call.span);
            return Ok(Some(first));
        }
        "save_all" => {
            for document in store::parts(machine, &first) {
                save(host, machine, &document, call.span);
            }
            return Ok(Some(first));
        }
        "delete" => {
            delete(host, machine, &first, call.span);
            return Ok(Some(Value::null()));
        }
        _ => {}
    }
    let kind = match name {
        "find_one" => Run::One,
        "find" => Run::Many,
        "count" => Run::Count,
        "remove" => Run::Delete,
        _ => return Ok(None),
    };
    let Some(class) = document_class(host, machine, &first) else {
        return Ok(None);
    };
    let asset = asset_of(host, machine, class).unwrap_or_default();
    let id = query(host, machine, QUERY, class, kind, call.span);
    let parts: Vec<Value> = call.arguments.positional.iter().skip(1).cloned().collect();
    let conditions = given(host, machine, asset, &parts, call.span);
    narrow(machine, id, conditions);
    Ok(Some(run(host, machine, id, call.span)))
}
