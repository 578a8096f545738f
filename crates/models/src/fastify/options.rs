//! Schemas of routes: what they refuse, and what they leave of the body, the query and the parameters.
//!
//! Fastify holds JSON schemas against a request with Ajv, whose setting `removeAdditional: true` takes away
//! what a schema with `additionalProperties: false` does not name; without it everything stays.
//! Source: `@fastify/ajv-compiler` 4, `lib/validator-compiler.js`; fastify 5.12.8, `lib/validation.js`.

use firedoor_app::RequestPart;
use firedoor_eval::{Answer, Atom, Call, Machine, ObjectId, ObjectKind, Shape, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::flow;
use crate::tools::{error, keep, kept, option};
use crate::zod_passage::{chosen, let_through, merged, narrowed, test_of};
use crate::{ModelHost, Step};

/// The parts of a request that have schemas: the names of the schema and of the member.
const PARTS: [(&str, &str, RequestPart); 4] = [
    ("body", "body", RequestPart::Body),
    ("querystring", "query", RequestPart::Query),
    ("query", "query", RequestPart::Query),
    ("params", "params", RequestPart::Path),
];

/// `addSchema(schema)` with an identifier.
pub(super) fn add_schema(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let schema = call.arguments.get(0);
    if let Some(id) = option(machine, &schema, "$id", call.span).and_then(|id| id.text()) {
        host.state().fastify.schemas.insert(id, schema);
    }
    Ok(Some(call.this.clone()))
}

/// Holds if a route has a schema for something that a client sends.
pub(super) fn has_schema(machine: &mut Machine<'_>, options: &Value, span: Span) -> bool {
    let Some(schema) = option(machine, options, "schema", span) else {
        return false;
    };
    let mut parts = PARTS.iter();
    parts.any(|(name, ..)| option(machine, &schema, name, span).is_some())
}

/// The step that holds a request against the schemas of its route.
pub(super) fn check(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
    shared: &[Value],
) -> Result<(), Stop> {
    let span = step.mounted;
    let Some(request) = shared.first().and_then(Value::only_object) else {
        return Ok(());
    };
    let mut tests = Vec::new();
    for (name, member, part) in PARTS {
        let Some(schema) = option(machine, &step.value, name, span) else {
            continue;
        };
        let whole = host.request_value(machine, part, "");
        let given = match part {
            // The parameters have their names before anything is asked of them.
            RequestPart::Path => machine
                .member(&shared[0], Ustr::from(member), span)?
                .with_origins(whole.origins),
            _ => whole,
        };
        let (value, test) = match is_zod(machine, &schema) {
            true => let_through(host, machine, &schema, &given, span)?,
            false => held(host, machine, &schema, &given, span)?,
        };
        machine
            .heap
            .set_property(request, Ustr::from(member), value);
        tests.push(test);
    }
    let all = machine.all_of(&tests, span);
    let attached = {
        let plan = host.state().fastify.current.clone();
        plan.and_then(|plan| option(machine, &plan.options, "attachValidation", span))
    };
    if attached.is_some_and(|value| machine.truth(&value) == Some(true)) {
        flow::go_on(host, machine, span);
        return Ok(());
    }
    machine.when(
        &all,
        span,
        |machine| {
            flow::go_on(host, machine, span);
            Ok(())
        },
        |machine| {
            let failed = error(host, machine, "npm:fastify.ValidationError", &[], span);
            if let Some(id) = failed.only_object() {
                keep(machine, id, "statusCode", Value::number(400.0));
                keep(machine, id, "validation", Value::unknown(Shape::Object));
            }
            machine.throw(failed, span)
        },
    )
}

fn is_zod(machine: &Machine<'_>, schema: &Value) -> bool {
    !kept(machine, schema.only_object(), "$kind").is_nothing()
}

/// Holds input against a JSON schema: what is left of it, and whether it was valid.
fn held(
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
    let test = test_of(host, machine, &passage.bounds, input, span);
    Ok((value, test))
}

struct Passage<'h> {
    host: &'h ModelHost,
    span: Span,
    bounds: Vec<(Value, Value)>,
    depth: usize,
}

impl Passage<'_> {
    fn through(
        &mut self,
        machine: &mut Machine<'_>,
        schema: &Value,
        input: &Value,
    ) -> Result<Value, Stop> {
        let span = self.span;
        if self.depth > 8 || schema.only_object().is_none() {
            return Ok(input.clone());
        }
        if let Some(reference) = option(machine, schema, "$ref", span) {
            let known = reference.text().and_then(|name| {
                let name = Ustr::from(name.split('#').next().unwrap_or(""));
                self.host.state().fastify.schemas.get(&name).cloned()
            });
            return match known {
                Some(known) => self.deeper(machine, &known, input),
                None => Ok(input.clone()),
            };
        }
        for name in ["enum", "const"] {
            if let Some(values) = option(machine, schema, name, span) {
                return Ok(chosen(machine, &values, input));
            }
        }
        // What is taken away hangs on the properties that stand beside the parts, not on those within them.
        if option(machine, schema, "properties", span).is_some() {
            return self.by_type(machine, schema, input);
        }
        if let Some(parts) = option(machine, schema, "allOf", span) {
            let mut joined: Option<Value> = None;
            for part in machine.elements_of(&parts).0 {
                let value = self.deeper(machine, &part, input)?;
                joined = Some(match joined {
                    Some(before) => merged(machine, &before, &value, span),
                    None => value,
                });
            }
            return Ok(joined.unwrap_or_else(|| input.clone()));
        }
        for name in ["anyOf", "oneOf"] {
            if let Some(parts) = option(machine, schema, name, span) {
                let mut joined: Option<Value> = None;
                for part in machine.elements_of(&parts).0 {
                    let value = self.deeper(machine, &part, input)?;
                    joined = Some(match joined {
                        Some(before) => machine.join(before, &value),
                        None => value,
                    });
                }
                return Ok(joined.unwrap_or_else(|| input.clone()));
            }
        }
        self.by_type(machine, schema, input)
    }

    fn deeper(
        &mut self,
        machine: &mut Machine<'_>,
        schema: &Value,
        input: &Value,
    ) -> Result<Value, Stop> {
        self.depth += 1;
        let value = self.through(machine, schema, input);
        self.depth -= 1;
        value
    }

    fn by_type(
        &mut self,
        machine: &mut Machine<'_>,
        schema: &Value,
        input: &Value,
    ) -> Result<Value, Stop> {
        let span = self.span;
        let kind = option(machine, schema, "type", span).and_then(|kind| kind.text());
        let properties = option(machine, schema, "properties", span);
        match (kind.as_deref(), properties) {
            (Some("object") | None, Some(properties)) => {
                self.object(machine, schema, &properties, input)
            }
            (Some("string"), _) => Ok(narrowed(input, Shape::String)),
            (Some("number" | "integer"), _) => {
                let value = narrowed(input, Shape::Number);
                for name in ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"] {
                    if let Some(limit) = option(machine, schema, name, span) {
                        self.bounds.push((value.clone(), limit));
                    }
                }
                Ok(value)
            }
            (Some("boolean"), _) => Ok(narrowed(input, Shape::Bool)),
            (Some("array"), _) => {
                let element = machine.element_of_open(input);
                let element = match option(machine, schema, "items", span) {
                    Some(items) => self.deeper(machine, &items, &element)?,
                    None => element,
                };
                let list = machine.make_list(vec![element], true, span);
                Ok(list.with_origins(input.origins))
            }
            _ => Ok(input.clone()),
        }
    }

    fn object(
        &mut self,
        machine: &mut Machine<'_>,
        schema: &Value,
        properties: &Value,
        input: &Value,
    ) -> Result<Value, Stop> {
        let span = self.span;
        let required: Vec<Ustr> = match option(machine, schema, "required", span) {
            Some(names) => {
                let names = machine.elements_of(&names).0;
                names.iter().filter_map(Value::text).collect()
            }
            None => Vec::new(),
        };
        let made = machine.heap.allocate(ObjectKind::Plain, span);
        let source = input.filter(|atom| !atom.is_nothing());
        for (name, child) in own_properties(machine, properties) {
            let given = match &source {
                Some(source) => machine.member(source, name, span)?,
                None => Value::undefined(),
            };
            let mut value = self.deeper(machine, &child, &given)?;
            match option(machine, &child, "default", span) {
                Some(default) => value = machine.join(value, &default),
                None if !required.contains(&name) => value.add(Atom::Undefined),
                None => {}
            }
            machine.heap.get_mut(made).properties.insert(name, value);
        }
        let more = option(machine, schema, "additionalProperties", span);
        let removes_all = {
            let state = self.host.state();
            let plan = state.fastify.current.as_ref();
            plan.is_some_and(|plan| plan.removes_all)
        };
        let is_closed = removes_all || more.is_some_and(|more| machine.truth(&more) == Some(false));
        if !is_closed {
            let object = machine.heap.get_mut(made);
            object.is_open = true;
            object.elements.push(input.clone());
        }
        Ok(Value::object(made))
    }
}

fn own_properties(machine: &Machine<'_>, object: &Value) -> Vec<(Ustr, Value)> {
    let ids: Vec<ObjectId> = object.objects().collect();
    let all = ids.iter().flat_map(|id| &machine.heap.get(*id).properties);
    all.map(|(name, value)| (*name, value.clone())).collect()
}
