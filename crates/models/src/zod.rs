//! Schemas: zod 3 and 4, Joi 17, Yup 1.
//!
//! What matters is what a schema lets through: an object has exactly its keys afterwards unless unknown ones
//! are let pass, and a number that must be positive has been compared.
//! Facts: zod strips unknown keys (<https://zod.dev/api>), Joi refuses them, Yup keeps them.

use firedoor_eval::{
    Answer, Arguments, Atom, Call, Machine, ObjectId, ObjectKind, Shape, Stop, TestKind, Value,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::tokens::{plain, texts_of};
use crate::tools::{error, is_function, keep, kept, last_part, option, promised, require};
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

const SCHEMA: &str = "schema:schema";

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
    let id = new_schema(machine, kind_of(name), call.span);
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
    if library != "zod" {
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

fn own_properties(machine: &Machine<'_>, value: &Value) -> Vec<(Ustr, Value)> {
    value
        .objects()
        .flat_map(|id| machine.heap.get(id).properties.clone())
        .collect()
}

/// The keys of an object schema with their schemas.
fn children_of(machine: &Machine<'_>, schema: Option<ObjectId>) -> Vec<(Ustr, Value)> {
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

/// What is met while input is let through.
struct Passage<'h> {
    host: &'h ModelHost,
    span: Span,
    bounds: Vec<(Value, Value)>,
    depth: usize,
}

impl Passage<'_> {
    /// Returns what is left of `input`.
    fn through(
        &mut self,
        machine: &mut Machine<'_>,
        schema: &Value,
        input: &Value,
    ) -> Result<Value, Stop> {
        let Some(id) = schema.only_object() else {
            return Ok(input.clone());
        };
        if self.depth > 8 {
            return Ok(input.shaped(Shape::Any));
        }
        self.depth += 1;
        let mut value = self.by_kind(machine, id, input)?;
        self.depth -= 1;
        for name in ["$least", "$most"] {
            let limit = kept(machine, Some(id), name);
            if !limit.is_nothing() {
                self.bounds.push((value.clone(), limit));
            }
        }
        let default = kept(machine, Some(id), "$default");
        if !default.is_nothing() {
            let default = if is_function(machine, &default) {
                machine.call_value(&default, None, &Arguments::default(), self.span)?
            } else {
                default
            };
            value = machine.join(value, &default);
        } else if kept(machine, Some(id), "$optional") == Value::bool(true) {
            value.add(Atom::Undefined);
        }
        let then = kept(machine, Some(id), "$then");
        if is_function(machine, &then) {
            let arguments = Arguments::positional([value]);
            let result = machine.call_value(&then, None, &arguments, self.span)?;
            return machine.await_value(&result, self.span);
        }
        Ok(value)
    }

    fn by_kind(
        &mut self,
        machine: &mut Machine<'_>,
        id: ObjectId,
        input: &Value,
    ) -> Result<Value, Stop> {
        let kind = kept(machine, Some(id), "$kind").text().unwrap_or_default();
        let of = kept(machine, Some(id), "$of");
        match kind.as_str() {
            "object" => self.object(machine, id, input),
            "string" => Ok(narrowed(input, Shape::String)),
            "number" => Ok(narrowed(input, Shape::Number)),
            "boolean" => Ok(narrowed(input, Shape::Bool)),
            "date" => Ok(input.shaped(Shape::Object)),
            "array" => {
                let element = machine.element_of_open(input);
                let element = match of.only_object() {
                    Some(_) => self.through(machine, &of, &element)?,
                    None => element,
                };
                let list = machine.make_list(vec![element], true, self.span);
                Ok(list.with_origins(input.origins))
            }
            "choice" | "literal" => Ok(chosen(machine, &of, input)),
            "union" => {
                let mut joined: Option<Value> = None;
                let second = kept(machine, Some(id), "$second");
                let mut parts = machine.elements_of(&of).0;
                parts.extend(machine.elements_of(&second).0);
                for part in parts {
                    let value = self.through(machine, &part, input)?;
                    joined = Some(match joined {
                        Some(joined) => machine.join(joined, &value),
                        None => value,
                    });
                }
                Ok(joined.unwrap_or_else(|| input.clone()))
            }
            "both" => {
                let first = self.through(machine, &of, input)?;
                let second = kept(machine, Some(id), "$second");
                let second = self.through(machine, &second, input)?;
                Ok(merged(machine, &first, &second, self.span))
            }
            "perhaps" => {
                let mut value = self.through(machine, &of, input)?;
                value.add(Atom::Undefined);
                Ok(value)
            }
            "lazy" => {
                let inner = machine.call_value(&of, None, &Arguments::default(), self.span)?;
                self.through(machine, &inner, input)
            }
            "preprocess" => {
                let function = kept(machine, Some(id), "$function");
                let arguments = Arguments::positional([input.clone()]);
                let value = machine.call_value(&function, None, &arguments, self.span)?;
                self.through(machine, &of, &value)
            }
            _ => Ok(input.clone()),
        }
    }

    fn object(
        &mut self,
        machine: &mut Machine<'_>,
        id: ObjectId,
        input: &Value,
    ) -> Result<Value, Stop> {
        let made = machine.heap.allocate(ObjectKind::Plain, self.span);
        let source = input.filter(|atom| !atom.is_nothing());
        for (name, child) in children_of(machine, Some(id)) {
            let given = match &source {
                Some(source) => machine.member(source, name, self.span)?,
                None => Value::undefined(),
            };
            let value = self.through(machine, &child, &given)?;
            machine.heap.get_mut(made).properties.insert(name, value);
        }
        let mode = kept(machine, Some(id), "$mode").text();
        let library = kept(machine, Some(id), "$library").text();
        let is_loose = match mode.as_deref() {
            Some(mode) => mode == "loose",
            None => library.is_some_and(|library| library == "yup"),
        };
        if is_loose {
            let object = machine.heap.get_mut(made);
            object.is_open = true;
            object.elements.push(input.clone());
        }
        Ok(Value::object(made))
    }
}

/// What of a value has that shape; constants stay as they are.
fn narrowed(input: &Value, shape: Shape) -> Value {
    let mut atoms: Vec<Atom> = Vec::new();
    for atom in input.atoms() {
        match (atom, shape) {
            (Atom::String(_) | Atom::Pattern(_), Shape::String)
            | (Atom::Number(_), Shape::Number)
            | (Atom::Bool(_), Shape::Bool) => atoms.push(*atom),
            (Atom::Undefined | Atom::Null, _) => {}
            _ => atoms.push(Atom::Unknown(shape)),
        }
    }
    if atoms.is_empty() {
        atoms.push(Atom::Unknown(shape));
    }
    let mut value = Value::atoms_of(atoms).with_origins(input.origins);
    value.control = input.control;
    value
}

/// One of the constants of an enumeration, as the client chooses.
fn chosen(machine: &mut Machine<'_>, of: &Value, input: &Value) -> Value {
    let is_list = of
        .only_object()
        .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Array));
    let names: Vec<Value> = if is_list {
        machine.elements_of(of).0
    } else if of.only_object().is_some() {
        own_properties(machine, of)
            .into_iter()
            .map(|(_, value)| value)
            .collect()
    } else {
        vec![of.clone()]
    };
    let atoms: Vec<Atom> = names
        .iter()
        .flat_map(|name| name.atoms().to_vec())
        .collect();
    if atoms.is_empty() {
        return input.shaped(Shape::String);
    }
    let mut value = Value::atoms_of(atoms).with_origins(input.origins);
    value.control = input.control;
    value
}

fn merged(machine: &mut Machine<'_>, first: &Value, second: &Value, span: Span) -> Value {
    let id = machine.heap.allocate(ObjectKind::Plain, span);
    for value in [first, second] {
        for part in value.objects().collect::<Vec<_>>() {
            let part = machine.heap.get(part).clone();
            let object = machine.heap.get_mut(id);
            object.properties.extend(part.properties);
            object.is_open |= part.is_open;
            object.elements.extend(part.elements);
        }
    }
    Value::object(id)
}

/// Lets input through a schema: what is left, and whether it was let through.
pub fn let_through(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    schema: &Value,
    input: &Value,
    span: Span,
) -> Result<(Value, Value), Stop> {
    let mut passage = Passage {
        host,
        span,
        bounds: Vec::new(),
        depth: 0,
    };
    let value = passage.through(machine, schema, input)?;
    let outcome = (!passage.host.is_request()).then_some(true);
    let (kind, operands): (TestKind, Vec<&Value>) = if passage.bounds.is_empty() {
        (TestKind::Kind, vec![input])
    } else {
        let pairs = passage.bounds.iter();
        let operands = pairs.flat_map(|(value, limit)| [value, limit]).collect();
        (TestKind::Bound, operands)
    };
    let test = machine.tested(kind, outcome, &operands, span);
    Ok((value, test))
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
    let schema = call.this.clone();
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

/// Joi gives `{value, error}`; Yup promises the value.
fn validate(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let library = kept(machine, call.receiver, "$library").text();
    let strips = option(machine, &call.arguments.get(1), "stripUnknown", call.span)
        .is_some_and(|value| machine.truth(&value) == Some(true));
    let allows = option(machine, &call.arguments.get(1), "allowUnknown", call.span)
        .is_some_and(|value| machine.truth(&value) == Some(true));
    let mut schema = call.this.clone();
    if (strips || allows)
        && let Some(id) = schema.only_object()
    {
        let copy = copied(machine, id, call.span);
        let mode = if strips { "strip" } else { "loose" };
        keep(machine, copy, "$mode", Value::string(mode));
        schema = Value::object(copy);
    }
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
