//! Schemas: what is declared of documents, and the functions that hang on them.

use firedoor_app::AssetField;
use firedoor_eval::{Answer, Arguments, Atom, Call, Machine, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::SchemaField;
use crate::ModelHost;
use crate::store::{method_name, own_properties, parts, plain_field, property};

/// `new Schema(definition, options)`.
pub(super) fn create(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let schema = host.make_object(machine, "mongoose:schema", call.span);
    for group in ["methods", "statics", "query", "virtuals"] {
        let id = machine.heap.allocate(ObjectKind::Plain, call.span);
        if let Some(given) = property(machine, &call.arguments.get(1), group) {
            crate::store::assign_into(machine, id, &given);
        }
        machine
            .heap
            .set_property(schema, Ustr::from(group), Value::object(id));
    }
    let options = call.arguments.get(1);
    if let Some(virtuals) = property(machine, &options, "virtuals") {
        add_virtual_options(machine, schema, &virtuals);
    }
    let definition = call.arguments.get(0);
    let list = machine.make_list(vec![definition], false, call.span);
    set_note(machine, schema, "$definitions", list);
    Ok(Some(Value::object(schema)))
}

fn add_virtual_options(machine: &mut Machine<'_>, schema: ObjectId, virtuals: &Value) {
    for id in virtuals.objects().collect::<Vec<_>>() {
        for (name, description) in own_properties(machine, id) {
            if let Some(getter) = property(machine, &description, "get") {
                add_function(machine, schema, "virtuals", &format!("get:{name}"), getter);
            }
        }
    }
}

fn set_note(machine: &mut Machine<'_>, object: ObjectId, name: &str, value: Value) {
    machine.heap.set_property(object, Ustr::from(name), value);
}

/// Adds to a list that an object keeps.
pub(super) fn push_note(machine: &mut Machine<'_>, object: ObjectId, name: &str, value: Value) {
    let mut elements = note_list(machine, object, name);
    elements.push(value);
    let span = machine.place();
    let list = machine.make_list(elements, false, span);
    set_note(machine, object, name, list);
}

/// Returns a list that an object keeps.
pub(super) fn note_list(machine: &mut Machine<'_>, object: ObjectId, name: &str) -> Vec<Value> {
    let Some(list) = machine.heap.property(object, Ustr::from(name)).cloned() else {
        return Vec::new();
    };
    let mut elements = Vec::new();
    for id in list.objects().collect::<Vec<_>>() {
        for element in machine.heap.get(id).elements.clone() {
            if !elements.contains(&element) {
                elements.push(element);
            }
        }
    }
    elements
}

fn add_function(
    machine: &mut Machine<'_>,
    schema: ObjectId,
    group: &str,
    name: &str,
    function: Value,
) {
    let group = machine.heap.property(schema, Ustr::from(group)).cloned();
    if let Some(id) = group.and_then(|group| group.only_object()) {
        machine.heap.set_property(id, Ustr::from(name), function);
    }
}

/// Returns a function that a schema gives to its documents, models or queries.
pub(super) fn function_of(
    machine: &Machine<'_>,
    schemas: &[ObjectId],
    group: &str,
    name: &str,
) -> Option<Value> {
    schemas.iter().find_map(|schema| {
        let group = machine.heap.property(*schema, Ustr::from(group))?;
        let id = group.objects().next()?;
        machine.heap.property(id, Ustr::from(name)).cloned()
    })
}

/// `schema.method(name, function)` or with an object of functions.
pub(super) fn add_methods(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    add_group(machine, call, "methods")
}

/// `schema.static(...)`.
pub(super) fn add_statics(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    add_group(machine, call, "statics")
}

fn add_group(machine: &mut Machine<'_>, call: &Call<'_>, group: &str) -> Answer {
    let Some(schema) = call.receiver else {
        return Ok(None);
    };
    let first = call.arguments.get(0);
    if let Some(name) = first.text() {
        add_function(machine, schema, group, &name, call.arguments.get(1));
    }
    for id in first.objects().collect::<Vec<_>>() {
        for (name, function) in own_properties(machine, id) {
            add_function(machine, schema, group, &name, function);
        }
    }
    Ok(Some(call.this.clone()))
}

/// `schema.virtual(name, options)`.
pub(super) fn add_virtual(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "mongoose:virtual", call.span);
    set_note(machine, id, "$schema", call.this.clone());
    set_note(machine, id, "$name", call.arguments.get(0));
    Ok(Some(Value::object(id)))
}

/// `schema.virtual(name).get(function)`.
pub(super) fn virtual_getter(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    add_accessor(machine, call, "get")
}

/// `schema.virtual(name).set(function)`.
pub(super) fn virtual_setter(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    add_accessor(machine, call, "set")
}

fn add_accessor(machine: &mut Machine<'_>, call: &Call<'_>, kind: &str) -> Answer {
    let schema = property(machine, &call.this, "$schema").and_then(|schema| schema.only_object());
    let name = property(machine, &call.this, "$name").and_then(|name| name.text());
    if let (Some(schema), Some(name)) = (schema, name) {
        let name = format!("{kind}:{name}");
        add_function(machine, schema, "virtuals", &name, call.arguments.get(0));
    }
    Ok(Some(call.this.clone()))
}

/// `schema.pre(names, function)` and `schema.post`.
pub(super) fn add_hook(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(schema) = call.receiver else {
        return Ok(None);
    };
    let function = call
        .arguments
        .positional
        .iter()
        .rev()
        .find(|argument| crate::store::is_function(machine, argument))
        .cloned();
    if let Some(function) = function {
        let hook = machine.make_list(vec![call.arguments.get(0), function], false, call.span);
        let group = if method_name(&call.path) == "pre" {
            "$pre"
        } else {
            "$post"
        };
        push_note(machine, schema, group, hook);
    }
    Ok(Some(call.this.clone()))
}

/// `schema.plugin(function, options)`: a plugin of the program is run.
pub(super) fn apply_plugin(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let plugin = call.arguments.get(0);
    if crate::store::is_function(machine, &plugin) {
        let arguments = Arguments::positional([call.this.clone(), call.arguments.get(1)]);
        machine.call_value(&plugin, None, &arguments, call.span)?;
    }
    Ok(Some(call.this.clone()))
}

/// `schema.index({ field: 1 }, { unique: true })`.
pub(super) fn add_index(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let unique = property(machine, &call.arguments.get(1), "unique");
    let is_unique = unique.is_some_and(|unique| unique.truth() == Some(true));
    let fields: Vec<Ustr> = call
        .arguments
        .get(0)
        .objects()
        .flat_map(|id| own_properties(machine, id))
        .map(|(name, _)| name)
        .collect();
    if let (true, [field], Some(schema)) = (is_unique, fields.as_slice(), call.receiver) {
        push_note(
            machine,
            schema,
            "$unique",
            Value::atom(Atom::String(*field)),
        );
    }
    Ok(Some(call.this.clone()))
}

/// `schema.add(definition)`.
pub(super) fn add_fields(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(schema) = call.receiver {
        push_note(machine, schema, "$definitions", call.arguments.get(0));
    }
    Ok(Some(call.this.clone()))
}

/// `schema.loadClass(C)`: methods, statics and accessors of the class become the schema's.
pub(super) fn load_class(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let (Some(schema), Some(class)) = (call.receiver, call.arguments.get(0).only_object()) else {
        return Ok(Some(call.this.clone()));
    };
    let ObjectKind::Class { prototype, .. } = machine.heap.get(class).kind else {
        return Ok(Some(call.this.clone()));
    };
    for (name, value) in own_properties(machine, class) {
        add_function(machine, schema, "statics", &name, value);
    }
    let members: Vec<(Ustr, Value)> = machine
        .heap
        .get(prototype)
        .properties
        .iter()
        .map(|(name, value)| (*name, value.clone()))
        .collect();
    for (name, value) in members {
        let group = if name.contains(':') {
            "virtuals"
        } else {
            "methods"
        };
        if name != "constructor" {
            add_function(machine, schema, group, &name, value);
        }
    }
    Ok(Some(call.this.clone()))
}

/// Whatever else is said of a schema.
pub(super) fn ignored(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.this.clone()))
}

/// Returns the paths that a schema declares.
pub(super) fn fields(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    schema: ObjectId,
) -> Vec<SchemaField> {
    let mut fields = Vec::new();
    for definition in note_list(machine, schema, "$definitions") {
        add_definition(host, machine, &definition, "", &mut fields, 0);
    }
    for unique in note_list(machine, schema, "$unique") {
        for known in &mut fields {
            if unique.text() == Some(known.field.name) {
                known.field.is_unique = true;
            }
        }
    }
    fields
}

fn add_definition(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    definition: &Value,
    prefix: &str,
    fields: &mut Vec<SchemaField>,
    depth: usize,
) {
    if depth > 5 {
        return;
    }
    for id in definition.objects().collect::<Vec<_>>() {
        if is_schema(machine, id) {
            for definition in note_list(machine, id, "$definitions") {
                add_definition(host, machine, &definition, prefix, fields, depth + 1);
            }
            continue;
        }
        for (name, value) in own_properties(machine, id) {
            let name = crate::store::dotted(prefix, &name);
            add_path(host, machine, &name, &value, fields, depth);
        }
    }
}

fn is_schema(machine: &Machine<'_>, id: ObjectId) -> bool {
    matches!(&machine.heap.get(id).kind, ObjectKind::Host(path) if path == "mongoose:schema")
}

fn add_path(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    name: &str,
    value: &Value,
    fields: &mut Vec<SchemaField>,
    depth: usize,
) {
    let mut kind = value.clone();
    let mut options = Value::undefined();
    if let Some(declared) = property(machine, value, "type")
        && value.objects().all(|id| !is_schema(machine, id))
    {
        kind = declared;
        options = value.clone();
    }
    let is_list = kind
        .objects()
        .any(|id| matches!(machine.heap.get(id).kind, ObjectKind::Array));
    let element = if is_list {
        parts(machine, &kind)
            .into_iter()
            .next()
            .unwrap_or_else(Value::undefined)
    } else {
        kind
    };
    let is_nested = element
        .objects()
        .any(|id| is_schema(machine, id) || matches!(machine.heap.get(id).kind, ObjectKind::Plain))
        && property(machine, &element, "type").is_none();
    let span = machine.place();
    let known = described(host, machine, name, &element, &options, span);
    if is_nested && !is_list {
        return add_definition(host, machine, &element, name, fields, depth + 1);
    }
    fields.push(SchemaField {
        default: property(machine, &options, "default"),
        field: known,
        is_list,
    });
    if is_nested {
        add_definition(host, machine, &element, name, fields, depth + 1);
    }
}

fn described(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    name: &str,
    element: &Value,
    options: &Value,
    span: Span,
) -> AssetField {
    let inner = property(machine, element, "type").unwrap_or_else(|| element.clone());
    let kind = inner
        .as_outside()
        .map(|path| {
            method_name(&path)
                .rsplit(':')
                .next()
                .unwrap_or("")
                .to_owned()
        })
        .or_else(|| inner.text().map(|text| text.to_string()));
    let mut field = plain_field(name, kind.as_deref());
    let reference = property(machine, options, "ref").or_else(|| property(machine, element, "ref"));
    field.refers_to = reference.and_then(|reference| {
        let by_object = reference
            .only_object()
            .and_then(|id| host.state().asset_of.get(&id).copied());
        reference.text().or(by_object)
    });
    let unique = property(machine, options, "unique");
    field.is_unique = unique.is_some_and(|unique| unique.truth() != Some(false));
    // A time-to-live index: <https://mongoosejs.com/docs/api/schemadate.html>, `expires`.
    field.is_expiry |= property(machine, options, "expires").is_some();
    if let Some(default) = property(machine, options, "default") {
        let default = default_value(machine, &default, &Value::undefined(), span);
        field.default = Some(host.deep_provenance(machine, &default));
    }
    field
}

/// Returns what a default gives: a function is called.
pub(super) fn default_value(
    machine: &mut Machine<'_>,
    default: &Value,
    this: &Value,
    span: Span,
) -> Value {
    let is_called = crate::store::is_function(machine, default) || default.as_outside().is_some();
    if !is_called {
        return default.clone();
    }
    let (result, _) = machine.catching(|machine| {
        machine.call_value(default, Some(this.clone()), &Arguments::default(), span)
    });
    result.unwrap_or_else(|_| default.clone())
}
