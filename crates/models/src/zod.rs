//! Schemas: zod 3 and 4, Joi 17, Yup 1.
//!
//! What matters is what a schema lets through: an object has exactly its keys afterwards unless unknown ones
//! are let pass, and a number that must be positive has been compared.
//! Facts: zod strips unknown keys (<https://zod.dev/api>), Joi refuses them, Yup keeps them.

use firedoor_eval::{Answer, Call, Machine, ObjectId, ObjectKind, Shape, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::tokens::{plain, texts_of};
use crate::tools::{error, keep, kept, last_part, option, promised, require};
use crate::zod_passage::let_through;
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "zod",
    calls: &[
        ("npm:zod.coerce.*", make),
        ("npm:zod.iso.*", make_text),
        ("npm:zod.*", make),
        ("npm:joi.*", make),
        ("npm:celebrate.Joi.*", make),
        ("npm:@hapi/joi.*", make),
        ("npm:yup.*", make),
        ("schema:schema.parse", parse),
        ("schema:schema.validateSync", parse),
        ("schema:schema.attempt", parse),
        ("schema:schema.cast", parse),
        ("schema:schema.parseAsync", parse_later),
        ("schema:schema.validateAsync", parse_later),
        ("schema:schema.safeParse", parse_safely),
        ("schema:schema.safeParseAsync", parse_safely_later),
        ("schema:schema.spa", parse_safely_later),
        ("schema:schema.validate", validate),
        ("schema:schema.isValid", is_valid_later),
        ("schema:schema.isValidSync", is_valid),
        ("schema:schema.*", changed),
    ],
    members: &[
        ("npm:zod.z", zod),
        ("npm:zod.default", zod),
        ("schema:schema.shape", shape),
        ("schema:schema.enum", choices),
        ("schema:schema.Enum", choices),
    ],
    aliases: &[
        ("npm:zod/v4", "npm:zod"),
        ("npm:zod/v3", "npm:zod"),
        ("npm:zod/mini", "npm:zod"),
    ],
    ..Model::EMPTY
};

/// The path of schemas.
pub(crate) const SCHEMA: &str = "schema:schema";

fn zod(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    Some(Value::outside("npm:zod"))
}

fn new_schema(machine: &mut Machine<'_>, kind: &str, span: Span) -> ObjectId {
    let id = machine
        .heap
        .allocate(ObjectKind::Host(Ustr::from(SCHEMA)), span);
    keep(machine, id, "$kind", Value::string(kind));
    id
}

/// `z.object({...})`, `z.string()` and so on.
fn make(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = last_part(&call.path);
    let is_class = name.starts_with("Zod") || name.ends_with("Error") || name.ends_with("Schema");
    if is_class
        || matches!(
            name,
            "setErrorMap" | "config" | "setLocale" | "ref" | "addMethod"
        )
    {
        return Ok(None);
    }
    let first = call.arguments.get(0);
    if matches!(name, "attempt" | "assert") {
        return Ok(Some(first));
    }
    // `Joi.compile` takes a schema, or an object of schemas as it stands.
    let is_compiling = name == "compile" && !call.path.starts_with("npm:zod");
    if is_compiling && is_schema(machine, &first) {
        return Ok(Some(first));
    }
    let kind = if is_compiling {
        "object"
    } else {
        kind_of(name)
    };
    let id = new_schema(machine, kind, call.span);
    let library = if call.path.starts_with("npm:zod") {
        "zod"
    } else if call.path.starts_with("npm:yup") {
        "yup"
    } else {
        "joi"
    };
    keep(machine, id, "$library", Value::string(library));
    match name {
        "strictObject" => keep(machine, id, "$mode", Value::string("strict")),
        "looseObject" => keep(machine, id, "$mode", Value::string("loose")),
        _ => {}
    }
    if call.path.contains(".coerce.") {
        keep(machine, id, "$coerce", Value::bool(true));
    }
    if library != "zod" && !is_compiling {
        keep(machine, id, "$optional", Value::bool(true));
    }
    keep(machine, id, "$of", first);
    keep(machine, id, "$second", call.arguments.get(1));
    if name == "preprocess" {
        keep(machine, id, "$of", call.arguments.get(1));
        keep(machine, id, "$function", call.arguments.get(0));
    }
    Ok(Some(Value::object(id)))
}

fn is_schema(machine: &Machine<'_>, value: &Value) -> bool {
    value.only_object().is_some_and(
        |id| matches!(machine.heap.get(id).kind, ObjectKind::Host(kind) if kind.as_str() == SCHEMA),
    )
}

fn make_text(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = new_schema(machine, "string", call.span);
    Ok(Some(Value::object(id)))
}

fn kind_of(name: &str) -> &'static str {
    match name {
        "object" | "strictObject" | "looseObject" => "object",
        "string" | "email" | "uuid" | "url" | "cuid" | "cuid2" | "ulid" | "nanoid" | "guid"
        | "ipv4" | "ipv6" | "base64" | "jwt" | "emoji" => "string",
        "number" | "int" | "float32" | "float64" | "int32" | "bigint" | "nan" => "number",
        "boolean" | "bool" | "stringbool" => "boolean",
        "date" => "date",
        "array" | "set" | "tuple" => "array",
        "enum" | "nativeEnum" => "choice",
        "literal" => "literal",
        "union" | "discriminatedUnion" | "alternatives" => "union",
        "intersection" => "both",
        "optional" | "nullable" | "nullish" => "perhaps",
        "lazy" => "lazy",
        "preprocess" => "preprocess",
        _ => "any",
    }
}

/// Methods of a schema give a schema that differs in what they say; the others change nothing that matters.
fn changed(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(schema) = call.receiver else {
        return Ok(None);
    };
    let copy = copied(machine, schema, call.span);
    let first = call.arguments.get(0);
    let yes = Value::bool(true);
    match last_part(&call.path) {
        "optional" | "nullable" | "nullish" | "notRequired" | "exactOptional" => {
            keep(machine, copy, "$optional", yes);
        }
        "required"
            if kept(machine, Some(copy), "$library")
                .text()
                .is_some_and(|l| l != "zod") =>
        {
            keep(machine, copy, "$optional", Value::bool(false));
        }
        "required" => each_child(machine, copy, "$optional", Value::bool(false)),
        "partial" | "deepPartial" => each_child(machine, copy, "$optional", yes),
        "default" | "prefault" | "catch" => keep(machine, copy, "$default", first),
        "strict" | "noUnknown" => keep(machine, copy, "$mode", Value::string("strict")),
        "passthrough" | "loose" | "catchall" | "unknown" => {
            let mode = if machine.truth(&first) == Some(false) && first != Value::undefined() {
                "strict"
            } else {
                "loose"
            };
            keep(machine, copy, "$mode", Value::string(mode));
        }
        "strip" | "stripUnknown" => keep(machine, copy, "$mode", Value::string("strip")),
        "extend" | "safeExtend" | "keys" | "append" | "shape" => {
            let children = children_of(machine, Some(copy));
            let added = own_properties(machine, &first);
            set_children(machine, copy, children.into_iter().chain(added), call.span);
        }
        "merge" | "concat" => {
            let children = children_of(machine, Some(copy));
            let added = children_of(machine, first.only_object());
            set_children(machine, copy, children.into_iter().chain(added), call.span);
        }
        "pick" | "omit" => pick(machine, copy, call),
        "min" | "gt" | "gte" | "positive" | "nonnegative" | "max" | "lt" | "lte" | "negative"
        | "nonpositive" | "moreThan" | "lessThan" | "greater" | "less" => {
            bound(machine, copy, call);
        }
        name => return combined(machine, schema, copy, name, call),
    }
    Ok(Some(Value::object(copy)))
}

/// Returns the constants that a schema of an object fills in, by the names of its keys.
pub(crate) fn filled(machine: &Machine<'_>, schema: &Value) -> Vec<(Ustr, Value)> {
    let parts = children_of(machine, schema.only_object()).into_iter();
    let filled = parts.map(|(name, part)| (name, kept(machine, part.only_object(), "$default")));
    filled
        .filter(|(_, value)| !value.is_nothing() && value.only_object().is_none())
        .collect()
}

/// Methods that make one schema of several, or say what is done with the value.
fn combined(
    machine: &mut Machine<'_>,
    schema: ObjectId,
    copy: ObjectId,
    name: &str,
    call: &Call<'_>,
) -> Answer {
    let first = call.arguments.get(0);
    match name {
        "valid" | "oneOf" | "only" => {
            let list = choice_list(machine, call);
            keep(machine, copy, "$kind", Value::string("choice"));
            keep(machine, copy, "$of", list);
        }
        "transform" | "overwrite" => keep(machine, copy, "$then", first),
        "array" => {
            return Ok(Some(wrap(
                machine,
                "array",
                Value::object(schema),
                call.span,
            )));
        }
        "of" | "items" => keep(machine, copy, "$of", first),
        "or" => {
            let list = machine.make_list(vec![Value::object(schema), first], false, call.span);
            return Ok(Some(wrap(machine, "union", list, call.span)));
        }
        "and" => {
            let both = wrap(machine, "both", Value::object(schema), call.span);
            keep(
                machine,
                both.only_object().unwrap_or(copy),
                "$second",
                first,
            );
            return Ok(Some(both));
        }
        "try" => {
            let list = machine.make_list(call.arguments.positional.clone(), false, call.span);
            keep(machine, copy, "$of", list);
        }
        _ => {}
    }
    Ok(Some(Value::object(copy)))
}

fn wrap(machine: &mut Machine<'_>, kind: &str, of: Value, span: Span) -> Value {
    let id = new_schema(machine, kind, span);
    keep(machine, id, "$of", of);
    Value::object(id)
}

fn choice_list(machine: &mut Machine<'_>, call: &Call<'_>) -> Value {
    let first = call.arguments.get(0);
    let is_list = first
        .only_object()
        .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Array));
    if is_list {
        return first;
    }
    machine.make_list(call.arguments.positional.clone(), false, call.span)
}

fn copied(machine: &mut Machine<'_>, schema: ObjectId, span: Span) -> ObjectId {
    let copy = machine
        .heap
        .allocate(ObjectKind::Host(Ustr::from(SCHEMA)), span);
    let properties = machine.heap.get(schema).properties.clone();
    machine.heap.get_mut(copy).properties = properties;
    copy
}

pub(crate) fn own_properties(machine: &Machine<'_>, value: &Value) -> Vec<(Ustr, Value)> {
    value
        .objects()
        .flat_map(|id| machine.heap.get(id).properties.clone())
        .collect()
}

/// The keys of an object schema with their schemas.
pub(crate) fn children_of(machine: &Machine<'_>, schema: Option<ObjectId>) -> Vec<(Ustr, Value)> {
    own_properties(machine, &kept(machine, schema, "$of"))
}

fn set_children(
    machine: &mut Machine<'_>,
    schema: ObjectId,
    children: impl IntoIterator<Item = (Ustr, Value)>,
    span: Span,
) {
    let id = machine.heap.allocate(ObjectKind::Plain, span);
    machine.heap.get_mut(id).properties = children.into_iter().collect();
    keep(machine, schema, "$of", Value::object(id));
}

fn each_child(machine: &mut Machine<'_>, schema: ObjectId, name: &str, value: Value) {
    let span = machine.heap.get(schema).span;
    let mut changed = Vec::new();
    for (key, child) in children_of(machine, Some(schema)) {
        let child = match child.only_object() {
            Some(id) => {
                let copy = copied(machine, id, span);
                keep(machine, copy, name, value.clone());
                Value::object(copy)
            }
            None => child,
        };
        changed.push((key, child));
    }
    set_children(machine, schema, changed, span);
}

fn pick(machine: &mut Machine<'_>, schema: ObjectId, call: &Call<'_>) {
    let first = call.arguments.get(0);
    let names: Vec<Ustr> = match texts_of(machine, &first) {
        Some(names) => names,
        None => own_properties(machine, &first)
            .into_iter()
            .map(|(name, _)| name)
            .collect(),
    };
    let keeps = last_part(&call.path) == "pick";
    let children: Vec<(Ustr, Value)> = children_of(machine, Some(schema))
        .into_iter()
        .filter(|(name, _)| names.contains(name) == keeps)
        .collect();
    set_children(machine, schema, children, call.span);
}

/// A bound of a number; lengths of texts and lists are none.
fn bound(machine: &mut Machine<'_>, schema: ObjectId, call: &Call<'_>) {
    let is_number = kept(machine, Some(schema), "$kind")
        .text()
        .is_some_and(|kind| kind == "number");
    if !is_number {
        return;
    }
    let given = call.arguments.get(0);
    let limit = match given.as_number() {
        Some(_) => given,
        None => Value::number(0.0),
    };
    let name = match last_part(&call.path) {
        "max" | "lt" | "lte" | "negative" | "nonpositive" | "lessThan" | "less" => "$most",
        _ => "$least",
    };
    keep(machine, schema, name, limit);
}

fn shape(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    Some(kept(machine, object, "$of"))
}

/// `schema.enum.name` is the name.
fn choices(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let list = kept(machine, object, "$of");
    let names = texts_of(machine, &list)?;
    let properties: Vec<(&str, Value)> = names
        .iter()
        .map(|name| (name.as_str(), Value::string(name)))
        .collect();
    Some(plain(machine, &properties, span))
}

fn failure(host: &ModelHost, machine: &mut Machine<'_>, input: &Value, span: Span) -> Value {
    let failed = error(host, machine, "npm:zod.ZodError", &[input], span);
    if let Some(id) = failed.only_object() {
        for name in ["issues", "errors", "details"] {
            let list = machine.make_list(vec![Value::unknown(Shape::Object)], true, span);
            keep(machine, id, name, list);
        }
    }
    failed
}

fn parsed(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Result<Value, Stop> {
    let input = call.arguments.get(0);
    let schema = as_asked(machine, call);
    let (value, test) = let_through(host, machine, &schema, &input, call.span)?;
    let failed = failure(host, machine, &input, call.span);
    require(machine, &test, &failed, call.span)?;
    Ok(value)
}

fn parse(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    parsed(host, machine, call).map(Some)
}

fn parse_later(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    promised(machine, call.span, |machine| parsed(host, machine, call)).map(Some)
}

/// `{success, data, error}`.
fn safely(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Result<Value, Stop> {
    let input = call.arguments.get(0);
    let schema = call.this.clone();
    let (value, test) = let_through(host, machine, &schema, &input, call.span)?;
    let failed = failure(host, machine, &input, call.span);
    Ok(plain(
        machine,
        &[("success", test), ("data", value), ("error", failed)],
        call.span,
    ))
}

fn parse_safely(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    safely(host, machine, call).map(Some)
}

fn parse_safely_later(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    promised(machine, call.span, |machine| safely(host, machine, call)).map(Some)
}

/// The schema of a call, which may say by an option what is done with unknown keys.
fn as_asked(machine: &mut Machine<'_>, call: &Call<'_>) -> Value {
    let strips = option(machine, &call.arguments.get(1), "stripUnknown", call.span)
        .is_some_and(|value| machine.truth(&value) == Some(true));
    let allows = option(machine, &call.arguments.get(1), "allowUnknown", call.span)
        .is_some_and(|value| machine.truth(&value) == Some(true));
    // A schema of Joi that says so itself lets them pass, whatever is asked for.
    let is_said = |machine: &Machine<'_>, id| {
        let word = |key| kept(machine, Some(id), key).text();
        word("$library").is_some_and(|it| it == "joi") && word("$mode").is_some()
    };
    match call.this.only_object() {
        Some(id) if (strips || allows) && !is_said(machine, id) => {
            let copy = copied(machine, id, call.span);
            let mode = if strips { "strip" } else { "loose" };
            keep(machine, copy, "$mode", Value::string(mode));
            Value::object(copy)
        }
        _ => call.this.clone(),
    }
}

/// Joi gives `{value, error}`; Yup promises the value.
fn validate(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let library = kept(machine, call.receiver, "$library").text();
    let schema = as_asked(machine, call);
    let renamed = Call {
        path: call.path,
        receiver: schema.only_object(),
        this: schema.clone(),
        arguments: call.arguments,
        span: call.span,
        is_new: false,
    };
    if library.is_some_and(|library| library == "yup") {
        return parse_later(host, machine, &renamed);
    }
    let input = call.arguments.get(0);
    let (value, test) = let_through(host, machine, &schema, &input, call.span)?;
    let failed = failure(host, machine, &input, call.span);
    let mut wrong = Value::undefined();
    if machine.truth(&test) != Some(true) {
        for atom in failed.atoms() {
            wrong.add(*atom);
        }
    }
    // Whether there is an error is the same question as whether the input was let through.
    wrong.origins = test.origins;
    wrong.test = test.test.map(|(number, is_negated)| (number, !is_negated));
    Ok(Some(plain(
        machine,
        &[("value", value), ("error", wrong)],
        call.span,
    )))
}

fn is_valid(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let schema = call.this.clone();
    let input = call.arguments.get(0);
    let (_, test) = let_through(host, machine, &schema, &input, call.span)?;
    Ok(Some(test))
}

fn is_valid_later(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let test = is_valid(host, machine, call)?.unwrap_or_else(Value::undefined);
    promised(machine, call.span, |_| Ok(test)).map(Some)
}
