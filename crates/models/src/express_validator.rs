//! express-validator 6 and 7: chains of rules for single fields, and what they leave.
//!
//! A chain runs as a layer and refuses nobody; whoever asks for the result does. What has been declared by then is
//! kept on the request, as the package itself does (`req['express-validator#contexts']`,
//! <https://express-validator.github.io/docs/guides/validation-chain>), so that helpers of the program that make
//! chains and ask for results need not be known.

use firedoor_app::RequestPart;
use firedoor_eval::{Answer, Call, Machine, ObjectId, ObjectKind, Shape, Stop, TestKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::layers::{make as passing, pass};
use crate::tokens::texts_of;
use crate::tools::{error, keep, kept, last_part, option, promised};
use crate::zod::own_properties;
use crate::zod_passage::{bounds_through, let_through};
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "express-validator",
    calls: &[
        ("npm:express-validator.body", chain),
        ("npm:express-validator.query", chain),
        ("npm:express-validator.param", chain),
        ("npm:express-validator.header", chain),
        ("npm:express-validator.cookie", chain),
        ("npm:express-validator.check", chain),
        ("npm:express-validator.buildCheckFunction", checker),
        ("validators:checker", chain),
        ("npm:express-validator.checkSchema", of_schema),
        ("npm:express-validator.oneOf", one_of),
        ("npm:express-validator.checkExact", passing),
        ("npm:express-validator.validationResult", result),
        (
            "npm:express-validator.validationResult.withDefaults",
            defaults,
        ),
        ("npm:express-validator.matchedData", matched),
        ("validators:chain", run),
        ("validators:chain.run", run_later),
        ("validators:chain.*", changed),
        ("validators:alternatives", run_alternatives),
        ("validators:alternatives.run", run_alternatives_later),
        ("validators:result.isEmpty", is_empty),
        ("validators:result.array", list),
        ("validators:result.mapped", list),
        ("validators:result.formatWith", same),
        ("validators:result.throw", throw),
    ],
    ..Model::EMPTY
};

const CHAIN: &str = "validators:chain";
/// Where the chains that have run are kept on a request.
const DECLARED: &str = "$declared";

/// `body('name')`, `check(['a', 'b'])`, `query()` for all of it.
fn chain(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let part = match last_part(&call.path) {
        "param" => "params",
        "header" => "headers",
        "cookie" => "cookies",
        "query" => "query",
        _ => "body",
    };
    let names = call.arguments.get(0);
    let id = new_chain(host, machine, part, names, call.span);
    let name = last_part(&call.path);
    machine.heap.get_mut(id).name = Some(Ustr::from(name.trim_start_matches("validators:")));
    Ok(Some(Value::object(id)))
}

fn new_chain(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    part: &str,
    names: Value,
    span: Span,
) -> ObjectId {
    let id = host.make_object(machine, CHAIN, span);
    keep(machine, id, "$part", Value::string(part));
    keep(machine, id, "$names", names);
    keep(machine, id, "$kind", Value::string("any"));
    id
}

fn checker(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "validators:checker", call.span);
    Ok(Some(Value::object(id)))
}

/// Chains change themselves and return themselves.
fn changed(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(id) = call.receiver {
        let first = call.arguments.get(0);
        refine(machine, id, last_part(&call.path), &first, call.span);
    }
    Ok(Some(call.this.clone()))
}

/// What a rule or sanitizer says about the field.
fn refine(machine: &mut Machine<'_>, id: ObjectId, rule: &str, options: &Value, span: Span) {
    match rule {
        "optional" => keep(machine, id, "$optional", Value::bool(true)),
        "toInt" | "toFloat" => keep(machine, id, "$kind", Value::string("number")),
        "toBoolean" => keep(machine, id, "$kind", Value::string("boolean")),
        "isString" => keep(machine, id, "$kind", Value::string("string")),
        "isInt" | "isFloat" => {
            for (name, kept) in [
                ("min", "$least"),
                ("gt", "$least"),
                ("max", "$most"),
                ("lt", "$most"),
            ] {
                if let Some(limit) = option(machine, options, name, span) {
                    // A limit that only a caller of a helper knows is one all the same.
                    let limit = match limit.as_number() {
                        Some(_) => limit,
                        None => Value::number(0.0),
                    };
                    keep(machine, id, kept, limit);
                }
            }
        }
        "isIn" if texts_of(machine, options).is_some() => {
            keep(machine, id, "$kind", Value::string("choice"));
            keep(machine, id, "$of", options.clone());
        }
        "default" => keep(machine, id, "$default", options.clone()),
        _ => {}
    }
}

/// `checkSchema({ name: { in: ['body'], isInt: { options: { min: 1 } } } }, ['body'])`.
fn of_schema(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let everywhere = texts_of(machine, &call.arguments.get(1));
    let mut made = Vec::new();
    for (name, rules) in own_properties(machine, &call.arguments.get(0)) {
        let own = option(machine, &rules, "in", call.span);
        let own = own.and_then(|places| match places.text() {
            Some(place) => Some(vec![place]),
            None => texts_of(machine, &places),
        });
        let place = own.or_else(|| everywhere.clone());
        let place = place.and_then(|places| places.first().copied());
        let part = place.unwrap_or_else(|| Ustr::from("body"));
        let id = new_chain(host, machine, &part, Value::string(&name), call.span);
        for (rule, setting) in own_properties(machine, &rules) {
            if machine.truth(&setting) == Some(false) {
                continue;
            }
            let options = option(machine, &setting, "options", call.span);
            let options = options.unwrap_or_else(Value::undefined);
            let first = first_of(machine, &rule, options);
            refine(machine, id, &rule, &first, call.span);
        }
        made.push(Value::object(id));
    }
    Ok(Some(machine.make_list(made, false, call.span)))
}

/// In a schema, options are the list of arguments where there is a list.
fn first_of(machine: &mut Machine<'_>, rule: &str, options: Value) -> Value {
    let is_list = options
        .only_object()
        .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Array));
    if !is_list {
        return options;
    }
    let first = machine.elements_of(&options).0.into_iter().next();
    let is_nested = first.as_ref().is_some_and(|it| it.only_object().is_some());
    match first {
        Some(first) if rule != "isIn" || is_nested => first,
        _ => options,
    }
}

/// One of several groups of chains must hold, so that no rule of theirs does for certain.
fn one_of(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "validators:alternatives", call.span);
    machine.heap.get_mut(id).name = Some(Ustr::from("oneOf"));
    let mut loose = Vec::new();
    for element in machine.elements_of(&call.arguments.get(0)).0 {
        let group = match is_chain(machine, &element) {
            true => vec![element],
            false => machine.elements_of(&element).0,
        };
        for one in group.iter().filter_map(Value::only_object) {
            let part = kept(machine, Some(one), "$part").text().unwrap_or_default();
            let names = kept(machine, Some(one), "$names");
            let copy = new_chain(host, machine, &part, names, call.span);
            keep(machine, copy, "$optional", Value::bool(true));
            loose.push(Value::object(copy));
        }
    }
    let loose = machine.make_list(loose, false, call.span);
    keep(machine, id, "$chains", loose);
    Ok(Some(Value::object(id)))
}

fn is_chain(machine: &Machine<'_>, value: &Value) -> bool {
    value.only_object().is_some_and(
        |id| matches!(machine.heap.get(id).kind, ObjectKind::Host(kind) if kind.as_str() == CHAIN),
    )
}

/// Keeps the chain with the request, where the result is asked for.
fn declare(machine: &mut Machine<'_>, request: &Value, chain: Value, span: Span) {
    let Some(request) = request.only_object() else {
        return;
    };
    let earlier = kept(machine, Some(request), DECLARED);
    let mut chains = machine.elements_of(&earlier).0;
    if !chains.contains(&chain) {
        chains.push(chain);
    }
    let chains = machine.make_list(chains, false, span);
    keep(machine, request, DECLARED, chains);
}

fn declared(machine: &mut Machine<'_>, request: &Value) -> Vec<ObjectId> {
    let chains = kept(machine, request.only_object(), DECLARED);
    let chains = machine.elements_of(&chains).0;
    chains.iter().filter_map(Value::only_object).collect()
}

fn run(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(id) = call.receiver {
        declare(
            machine,
            &call.arguments.get(0),
            Value::object(id),
            call.span,
        );
    }
    pass(host, machine, call)
}

fn run_alternatives(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let chains = kept(machine, call.receiver, "$chains");
    for chain in machine.elements_of(&chains).0 {
        declare(machine, &call.arguments.get(0), chain, call.span);
    }
    pass(host, machine, call)
}

/// `await chain.run(req)` gives the result of the chain.
fn run_later(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let request = call.arguments.get(0);
    declare(machine, &request, call.this.clone(), call.span);
    let result = new_result(host, machine, &request, call.span);
    promised(machine, call.span, |_| Ok(result)).map(Some)
}

fn run_alternatives_later(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let chains = kept(machine, call.receiver, "$chains");
    let request = call.arguments.get(0);
    for chain in machine.elements_of(&chains).0 {
        declare(machine, &request, chain, call.span);
    }
    let result = new_result(host, machine, &request, call.span);
    promised(machine, call.span, |_| Ok(result)).map(Some)
}

fn new_result(host: &ModelHost, machine: &mut Machine<'_>, request: &Value, span: Span) -> Value {
    let id = host.make_object(machine, "validators:result", span);
    keep(machine, id, "$request", request.clone());
    Value::object(id)
}

fn result(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let request = call.arguments.get(0);
    Ok(Some(new_result(host, machine, &request, call.span)))
}

/// `validationResult.withDefaults({...})` is the same function.
fn defaults(_host: &ModelHost, _machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(Value::outside(
        "npm:express-validator.validationResult",
    )))
}

fn body(host: &ModelHost, machine: &mut Machine<'_>) -> Value {
    host.request_value_quietly(machine, RequestPart::Body, "")
}

/// Whether every field is as it was declared: its bounds and choices are compared with it.
fn is_empty(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let request = kept(machine, call.receiver, "$request");
    let body = body(host, machine);
    let outcome = (!host.is_request()).then_some(true);
    let mut tests = vec![machine.tested(TestKind::Kind, outcome, &[&body], call.span)];
    for id in declared(machine, &request) {
        for field in fields_of(machine, id) {
            let value = input_of(machine, &request, id, &field, call.span)?;
            let of = kept(machine, Some(id), "$of");
            if !of.is_nothing() {
                let parts = [&value, &of];
                tests.push(machine.tested(TestKind::Membership, outcome, &parts, call.span));
            }
            let bounds = bounds_through(machine, id, &value);
            let parts: Vec<&Value> = bounds.iter().flat_map(|(it, limit)| [it, limit]).collect();
            if !parts.is_empty() {
                tests.push(machine.tested(TestKind::Bound, outcome, &parts, call.span));
            }
        }
    }
    Ok(Some(match tests.as_slice() {
        [only] => only.clone(),
        _ => machine.all_of(&tests, call.span),
    }))
}

fn list(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let element = Value::unknown(Shape::Object);
    Ok(Some(machine.make_list(vec![element], true, call.span)))
}

fn same(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.this.clone()))
}

fn throw(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let is_valid = is_empty(host, machine, call)?.unwrap_or_else(Value::undefined);
    let body = body(host, machine);
    let path = "npm:express-validator.ValidationError";
    let failed = error(host, machine, path, &[&body], call.span);
    crate::tools::require(machine, &is_valid, &failed, call.span)?;
    Ok(Some(Value::undefined()))
}

/// The names of a chain's fields; one without a name is about the whole part.
fn fields_of(machine: &mut Machine<'_>, chain: ObjectId) -> Vec<Ustr> {
    let names = kept(machine, Some(chain), "$names");
    match names.text() {
        Some(name) => vec![name],
        None if names.is_nothing() => vec![Ustr::default()],
        None => texts_of(machine, &names).unwrap_or_default(),
    }
}

/// What the request brings for a field of a chain.
fn input_of(
    machine: &mut Machine<'_>,
    request: &Value,
    chain: ObjectId,
    field: &str,
    span: Span,
) -> Result<Value, Stop> {
    let part = kept(machine, Some(chain), "$part").text();
    let part = part.unwrap_or_else(|| Ustr::from("body"));
    let mut value = machine.member(request, part, span)?;
    for step in field.split('.').filter(|step| !step.is_empty()) {
        let Some(there) = value.filter(|atom| !atom.is_nothing()) else {
            return Ok(Value::undefined());
        };
        value = match step {
            "*" => machine.element_of_open(&there),
            _ => machine.member(&there, Ustr::from(step), span)?,
        };
    }
    Ok(value)
}

/// Only what has a rule is in it, by its name.
fn matched(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let request = call.arguments.get(0);
    let wanted = option(machine, &call.arguments.get(1), "locations", call.span);
    let wanted = wanted.and_then(|places| texts_of(machine, &places));
    let chains = declared(machine, &request);
    // Rules that are not seen may have run all the same.
    if chains.is_empty() {
        return Ok(Some(body(host, machine).shaped(Shape::Object)));
    }
    let data = machine.heap.allocate(ObjectKind::Plain, call.span);
    for id in chains {
        let part = kept(machine, Some(id), "$part").text().unwrap_or_default();
        if wanted
            .as_ref()
            .is_some_and(|wanted| !wanted.contains(&part))
        {
            continue;
        }
        let fields = fields_of(machine, id);
        // A name that is worked out can be any.
        if fields.is_empty() {
            let all = input_of(machine, &request, id, "", call.span)?;
            spread(machine, data, all);
        }
        for field in fields {
            let value = input_of(machine, &request, id, &field, call.span)?;
            let value = let_through(host, machine, &Value::object(id), &value, call.span)?.0;
            place(machine, data, &field, value, call.span);
        }
    }
    Ok(Some(Value::object(data)))
}

fn spread(machine: &mut Machine<'_>, data: ObjectId, all: Value) {
    let object = machine.heap.get_mut(data);
    object.is_open = true;
    object.elements.push(all);
}

/// Puts a value where its name says: `address.street` into an object, `items.*.count` into each element of a list.
fn place(machine: &mut Machine<'_>, data: ObjectId, field: &str, value: Value, span: Span) {
    let Some((step, rest)) = field.split_once('.') else {
        match field {
            "" | "**" => spread(machine, data, value),
            _ => keep(machine, data, field, value),
        }
        return;
    };
    let (kind, rest) = match rest.strip_prefix('*') {
        Some(rest) => (ObjectKind::Array, rest.trim_start_matches('.')),
        None => (ObjectKind::Plain, rest),
    };
    let inner = match kept(machine, Some(data), step).only_object() {
        Some(inner) => inner,
        None => {
            let inner = machine.heap.allocate(kind.clone(), span);
            keep(machine, data, step, Value::object(inner));
            inner
        }
    };
    if !matches!(kind, ObjectKind::Array) {
        place(machine, inner, rest, value, span);
        return;
    }
    machine.heap.get_mut(inner).is_open = true;
    if rest.is_empty() {
        machine.heap.get_mut(inner).elements = vec![value];
        return;
    }
    let element = machine.heap.get(inner).elements.first().cloned();
    let element = match element.and_then(|element| element.only_object()) {
        Some(element) => element,
        None => {
            let element = machine.heap.allocate(ObjectKind::Plain, span);
            machine.heap.get_mut(inner).elements = vec![Value::object(element)];
            element
        }
    };
    place(machine, element, rest, value, span);
}
