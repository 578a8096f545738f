//! marshmallow: schemas whose fields say what of the input is let through, and what of a record is told.
//!
//! A schema holds exactly its declared fields; what else is sent is an error, unless `unknown` says that it is dropped
//! or kept. Source: marshmallow 3.26 and 4.0, `schema.py`, `fields.py`, `validate.py`, `decorators.py`.

mod fields;
mod loading;

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Shape, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::python_support::object_with_arguments;
use crate::tools::{keep, kept, last_part};
use crate::{Model, ModelHost};

/// The class that schemas inherit from.
const BASE: &str = "py:marshmallow.Schema";
/// A class that `Schema.from_dict` has made.
const MADE: &str = "marshmallow:class";
/// An instance of one.
const SCHEMA: &str = "marshmallow:schema";
/// What marks a function of the program as a hook, and says of which kind.
const HOOK: &str = "$hook";

/// The model.
pub static MODEL: Model = Model {
    name: "marshmallow",
    calls: &[
        ("py:marshmallow.fields.*", field),
        ("py:marshmallow.validate.*", field),
        ("py:marshmallow.Schema.from_dict", from_dict),
        ("marshmallow:class", make_made),
        ("py:marshmallow.Schema().load", load),
        ("py:marshmallow.Schema().loads", load),
        ("py:marshmallow.Schema().validate", validate),
        ("py:marshmallow.Schema().dump", dump),
        ("py:marshmallow.Schema().dumps", dump),
        ("py:marshmallow.Schema().__init__", initialise),
        ("marshmallow:schema.load", load),
        ("marshmallow:schema.loads", load),
        ("marshmallow:schema.validate", validate),
        ("marshmallow:schema.dump", dump),
        ("marshmallow:schema.dumps", dump),
        ("py:marshmallow.pre_load", hook),
        ("py:marshmallow.post_load", hook),
        ("py:marshmallow.pre_dump", hook),
        ("py:marshmallow.post_dump", hook),
        ("py:marshmallow.validates", hook),
        ("py:marshmallow.validates_schema", hook),
        ("marshmallow:hook", decorate),
    ],
    instances: &[(BASE, instance_made)],
    subclasses: &[
        (
            "py:marshmallow.exceptions.ValidationError",
            "py:builtins.ValueError",
        ),
        ("py:marshmallow.Schema", "py:builtins.object"),
    ],
    aliases: &[
        ("py:marshmallow.schema.Schema", BASE),
        ("py:flask_marshmallow.Schema", BASE),
        ("py:flask_marshmallow.Marshmallow().Schema", BASE),
        ("py:webargs.fields", "py:marshmallow.fields"),
        ("py:webargs.validate", "py:marshmallow.validate"),
        (
            "py:marshmallow.decorators.pre_load",
            "py:marshmallow.pre_load",
        ),
        (
            "py:marshmallow.decorators.post_load",
            "py:marshmallow.post_load",
        ),
        (
            "py:marshmallow.ValidationError",
            "py:marshmallow.exceptions.ValidationError",
        ),
    ],
    ..Model::EMPTY
};

/// `fields.Int(required=True)`, `validate.Range(1, 20)`: what they say is kept.
fn field(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if call.path.contains("()") {
        return Ok(None);
    }
    let id = object_with_arguments(machine, call);
    Ok(Some(Value::object(id)))
}

/// `@post_load` and `@post_load(pass_original=True)`: the method is found by what it is marked with.
fn hook(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let kind = Value::string(last_part(&call.path));
    let first = call.arguments.get(0);
    let function = first
        .only_object()
        .filter(|id| matches!(machine.heap.get(*id).kind, ObjectKind::Function { .. }));
    if let Some(function) = function {
        keep(machine, function, HOOK, kind);
        return Ok(Some(first));
    }
    let id = host.make_object(machine, "marshmallow:hook", call.span);
    keep(machine, id, HOOK, kind);
    machine.heap.get_mut(id).elements = call.arguments.positional.clone();
    Ok(Some(Value::object(id)))
}

fn decorate(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let function = call.arguments.get(0);
    if let (Some(id), Some(of)) = (function.only_object(), call.receiver) {
        let kind = kept(machine, Some(of), HOOK);
        keep(machine, id, HOOK, kind);
        let names = machine.heap.get(of).elements.clone();
        let names = machine.make_list(names, false, call.span);
        keep(machine, id, "$fields", names);
    }
    Ok(Some(function))
}

/// `Schema.from_dict({...}, name="...")`: a class with these fields beside those of the class it is called on.
fn from_dict(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, MADE, call.span);
    let table = call.arguments.find(0, "fields").cloned();
    keep(machine, id, "$table", table.unwrap_or_else(Value::null));
    keep(machine, id, "$base", call.this.clone());
    Ok(Some(Value::object(id)))
}

fn make_made(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(class) = call.receiver else {
        return Ok(None);
    };
    let id = host.make_object(machine, SCHEMA, call.span);
    keep(machine, id, "$class", Value::object(class));
    options(machine, id, call.arguments);
    Ok(Some(Value::object(id)))
}

fn instance_made(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    instance: ObjectId,
    arguments: &Arguments,
    _span: Span,
) -> Result<bool, Stop> {
    options(machine, instance, arguments);
    let own = machine.class_attribute(class, Ustr::from("__init__"));
    Ok(own.is_none())
}

fn initialise(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(instance) = call.this.only_object() {
        options(machine, instance, call.arguments);
    }
    Ok(Some(Value::null()))
}

/// `Schema(only=(...), exclude=(...), many=True, partial=True, unknown=EXCLUDE)`.
fn options(machine: &mut Machine<'_>, id: ObjectId, arguments: &Arguments) {
    for (name, key) in [
        ("only", "$only"),
        ("exclude", "$exclude"),
        ("many", "$many"),
        ("partial", "$partial"),
        ("unknown", "$unknown"),
    ] {
        if let Some(value) = arguments.keyword(name) {
            keep(machine, id, key, value.clone());
        }
    }
}

/// Returns what a call says under a name, or else the schema itself.
fn said(machine: &Machine<'_>, schema: ObjectId, call: &Call<'_>, name: &str) -> Value {
    let given = call.arguments.keyword(name).filter(|it| !it.is_nothing());
    let own = || kept(machine, Some(schema), &format!("${name}"));
    given.cloned().unwrap_or_else(own)
}

fn load(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(schema) = call.this.only_object() else {
        return Ok(None);
    };
    let input = call.arguments.get(0);
    let mut passage = loading::Passage::new(host, call.span);
    passage.unknown = said(machine, schema, call, "unknown");
    passage.is_partial = !matches!(
        machine.truth(&said(machine, schema, call, "partial")),
        Some(false)
    );
    let many = said(machine, schema, call, "many");
    let loaded = match machine.truth(&many) == Some(true) {
        true => passage.list(machine, schema, &input)?,
        false => passage.whole(machine, schema, &input)?,
    };
    passage.refuse(machine, &input)?;
    Ok(Some(loaded))
}

/// `schema.validate(data)`: the errors, of which there are none if the data is right.
fn validate(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(schema) = call.this.only_object() else {
        return Ok(None);
    };
    let input = call.arguments.get(0);
    let mut passage = loading::Passage::new(host, call.span);
    let (_, _) = machine.catching(|machine| passage.whole(machine, schema, &input));
    let right = passage.test(machine, &input);
    // A table without entries is no truth, as nothing is.
    let mut errors = machine.derived(Shape::Any, [&input]);
    errors.test = right.test.map(|(test, is_negated)| (test, !is_negated));
    Ok(Some(errors))
}

/// `schema.dump(record)`: the declared fields of the record, and no others.
fn dump(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(schema) = call.this.only_object() else {
        return Ok(None);
    };
    let record = call.arguments.get(0);
    let many = said(machine, schema, call, "many");
    let is_many = machine.truth(&many) == Some(true);
    let one = match is_many {
        true => fields::one_of(machine, &record, call.span),
        false => record.clone(),
    };
    let told = fields::told(machine, schema, &one, call.span, 0);
    if last_part(&call.path) == "dumps" {
        return Ok(Some(machine.derived(Shape::String, [&told])));
    }
    Ok(Some(match is_many {
        true => machine.make_list(vec![told], true, call.span),
        false => told,
    }))
}
