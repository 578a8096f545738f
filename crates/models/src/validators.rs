//! Packages that check input by rules: express-validator, celebrate, ajv, zod's layers for Express.
//!
//! None of them says who is asking: whether input is as it should be is the client's choice.

use firedoor_app::{EffectKind, Refusal, RequestPart};
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectKind, Shape, TestKind, Value};
use ustr::Ustr;

use crate::layers::{make as passing, pass};
use crate::tools::{keep, kept, option, promised};
use crate::zod_passage::let_through;
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "validators",
    calls: &[
        ("npm:express-validator.body", chain),
        ("npm:express-validator.query", chain),
        ("npm:express-validator.param", chain),
        ("npm:express-validator.header", chain),
        ("npm:express-validator.cookie", chain),
        ("npm:express-validator.check", chain),
        ("npm:express-validator.checkSchema", chains),
        ("npm:express-validator.oneOf", passing),
        ("npm:express-validator.validationResult", result),
        ("npm:express-validator.matchedData", matched),
        ("validators:chain", pass),
        ("validators:chain.run", run_chain),
        ("validators:chain.*", same),
        ("validators:result.isEmpty", is_empty),
        ("validators:result.array", list),
        ("validators:result.mapped", list),
        ("validators:result.formatWith", same),
        ("validators:result.throw", throw),
        ("npm:celebrate.celebrate", celebrate),
        ("validators:celebrate", run_celebrate),
        ("npm:celebrate.errors", error_handler),
        ("npm:ajv", compiler),
        ("npm:ajv.Ajv", compiler),
        ("npm:ajv/dist/2020", compiler),
        ("npm:ajv-formats", nothing),
        ("npm:ajv().compile", compile),
        ("npm:ajv().compile()", check),
        ("npm:ajv().validate", check_with),
        ("npm:ajv().*", same),
        ("npm:zod-express-middleware.validateRequest", passing),
        ("npm:class-validator.validate", problems),
        ("npm:class-validator.validateOrReject", problems),
    ],
    ..Model::EMPTY
};

fn chain(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "validators:chain", call.span);
    let name = call.path.rsplit('.').next().unwrap_or("check");
    keep(machine, id, "$name", Value::string(name));
    Ok(Some(Value::object(id)))
}

fn chains(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let one = chain(host, machine, call)?.unwrap_or_else(Value::undefined);
    Ok(Some(machine.make_list(vec![one], false, call.span)))
}

fn same(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.this.clone()))
}

fn nothing(_host: &ModelHost, _machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(Value::undefined()))
}

fn run_chain(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "validators:result", call.span);
    promised(machine, call.span, |_| Ok(Value::object(id))).map(Some)
}

fn result(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "validators:result", call.span);
    Ok(Some(Value::object(id)))
}

fn body(host: &ModelHost, machine: &mut Machine<'_>) -> Value {
    host.request_value_quietly(machine, RequestPart::Body, "")
}

fn is_empty(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let body = body(host, machine);
    Ok(Some(machine.tested(
        TestKind::Kind,
        None,
        &[&body],
        call.span,
    )))
}

fn list(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let element = Value::unknown(Shape::Object);
    Ok(Some(machine.make_list(vec![element], true, call.span)))
}

fn throw(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let body = body(host, machine);
    let path = "npm:express-validator.ValidationError";
    let failed = crate::tools::error(host, machine, path, &[&body], call.span);
    machine.may_throw(failed, call.span);
    Ok(Some(Value::undefined()))
}

/// Only what has a rule is in it; which, is not followed here.
fn matched(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(body(host, machine).shaped(Shape::Object)))
}

/// `celebrate({body: schema, query: schema, ...})` answers 400 by the error handlers.
fn celebrate(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "validators:celebrate", call.span);
    keep(machine, id, "$schemas", call.arguments.get(0));
    Ok(Some(Value::object(id)))
}

fn run_celebrate(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let schemas = kept(machine, call.receiver, "$schemas");
    let request = call.arguments.get(0);
    let span = call.span;
    let mut test = Value::bool(true);
    for part in ["body", "query", "params", "headers", "cookies"] {
        let Some(schema) = option(machine, &schemas, part, span) else {
            continue;
        };
        // A plain object stands for a schema with those keys (celebrate 15).
        let is_schema = schema
            .only_object()
            .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Host(_)));
        if !is_schema {
            continue;
        }
        let input = machine.member(&request, Ustr::from(part), span)?;
        let (value, tested) = let_through(host, machine, &schema, &input, span)?;
        test = tested;
        if matches!(part, "body" | "query" | "params") {
            machine.set_member(&request, Ustr::from(part), value, span)?;
        }
    }
    machine.when(
        &test,
        span,
        |machine| pass(host, machine, call).map(|_| ()),
        |machine| {
            host.refuse(machine, Refusal::Status(400), span);
            let effect = EffectKind::Respond {
                status: Some(400),
                body: Vec::new(),
                is_error: true,
            };
            host.effect(machine, effect, span);
            Ok(())
        },
    )?;
    Ok(Some(Value::undefined()))
}

/// `errors()` handles errors; as a layer it is never run.
fn error_handler(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    passing(host, machine, call)
}

fn compiler(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "npm:ajv()", call.span);
    Ok(Some(Value::object(id)))
}

fn compile(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "npm:ajv().compile()", call.span);
    Ok(Some(Value::object(id)))
}

fn shaped(machine: &mut Machine<'_>, input: &Value, call: &Call<'_>) -> Answer {
    Ok(Some(machine.tested(
        TestKind::Kind,
        None,
        &[input],
        call.span,
    )))
}

fn check(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    shaped(machine, &call.arguments.get(0), call)
}

fn check_with(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    shaped(machine, &call.arguments.get(1), call)
}

fn problems(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let arguments: &Arguments = call.arguments;
    let input = arguments.get(0);
    let origins = machine.deep_origins(&input);
    let found = machine.make_list(vec![Value::unknown(Shape::Object)], true, call.span);
    let found = found.with_origins(origins);
    promised(machine, call.span, |_| Ok(found)).map(Some)
}
