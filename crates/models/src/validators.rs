//! Packages that check input by rules: celebrate, ajv, zod's layers for Express.
//!
//! None of them says who is asking: whether input is as it should be is the client's choice.

use firedoor_app::{EffectKind, Refusal};
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
        ("npm:class-validator.Min", crate::nestjs::bound),
        ("npm:class-validator.Max", crate::nestjs::bound),
        ("npm:class-validator.IsPositive", crate::nestjs::bound),
        ("npm:class-validator.validate", problems),
        ("npm:class-validator.validateOrReject", problems),
    ],
    ..Model::EMPTY
};

fn same(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.this.clone()))
}

fn nothing(_host: &ModelHost, _machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(Value::undefined()))
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
