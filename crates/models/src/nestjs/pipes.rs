//! Pipes: what checks and changes the arguments of a handler.
//!
//! `ValidationPipe` with `whitelist` leaves only what the class of the argument names (@nestjs/common 11.1,
//! `pipes/validation.pipe.ts`); without it whatever was sent comes through.

use firedoor_app::{Control, RequestPart};
use firedoor_eval::{
    Answer, Call, InjectedParameter, Machine, ObjectId, ObjectKind, Stop, TestKind, Value,
};
use firedoor_source::Span;
use ustr::Ustr;

use super::decorators::parts;
use super::{bounds, exceptions, handler, mapped};
use crate::express::go_on;
use crate::state::MadeGuard;
use crate::tools::{keep, kept, last_part, option};
use crate::{Door, ModelHost, Step, StepKind};

/// `new ValidationPipe(options)` and its like.
pub(super) fn make(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = last_part(&call.path);
    let id = host.make_object(machine, "nest:pipe", call.span);
    machine.heap.get_mut(id).name = Some(Ustr::from(name));
    keep(machine, id, "$options", call.arguments.get(0));
    if name == "ValidationPipe" && !host.is_request() {
        let guard = MadeGuard {
            controls: vec![Control::Validation],
            throttle: None,
            span: call.span,
            library: "@nestjs/common",
        };
        let mut state = host.state();
        state.made_guards.insert(id, guard);
        state.used_guards.insert(id);
    }
    Ok(Some(Value::object(id)))
}

/// `super.transform(value)` and a pipe that is called by hand.
pub(super) fn transform(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.arguments.get(0)))
}

/// A pipe that checks refuses what is not of the class of a parameter.
pub(super) fn check(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    step: &Step,
) -> Result<(), Stop> {
    let span = step.mounted;
    let handler = door
        .steps
        .iter()
        .find(|step| step.kind == StepKind::Handler);
    let mut checks = step.name == "ValidationPipe";
    if let Some(handler) = handler {
        let parameters = handler::parameters(machine, &handler.value);
        checks &= parameters
            .iter()
            .any(|parameter| own_class(machine, parameter).is_some());
    }
    if !checks {
        go_on(host, machine, span);
        return Ok(());
    }
    let part = match door.method.as_str() {
        "WS" => RequestPart::Message,
        "GET" => RequestPart::Query,
        _ => RequestPart::Body,
    };
    let input = host.request_value_quietly(machine, part, "");
    let mut tests = vec![machine.tested(TestKind::Kind, None, &[&input], span)];
    if let Some(handler) = handler {
        let parameters = handler::parameters(machine, &handler.value);
        for parameter in &parameters {
            tests.extend(bounds_test(host, machine, parameter, span));
        }
    }
    let test = match tests.as_slice() {
        [only] => only.clone(),
        _ => machine.all_of(&tests, span),
    };
    machine.when(
        &test,
        span,
        |machine| {
            go_on(host, machine, span);
            Ok(())
        },
        |machine| {
            let refusal = exceptions::named(host, machine, "BadRequestException", span);
            machine.throw(refusal, span)
        },
    )
}

/// Numbers of the class of a parameter are held against their limits.
fn bounds_test(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    parameter: &InjectedParameter,
    span: Span,
) -> Option<Value> {
    let class = own_class(machine, parameter)?;
    let limits = bounds::of_class(host, machine, class);
    let decorator = parameter.decorators.first()?;
    let (kind, given) = parts(machine, decorator)?;
    let part = match kind.as_str() {
        "Body" => RequestPart::Body,
        "Query" => RequestPart::Query,
        "MessageBody" => RequestPart::Message,
        _ => return None,
    };
    let above = given.first().and_then(Value::text);
    let mut operands = Vec::new();
    for (name, limit) in limits {
        let path = above.map_or_else(|| name.to_string(), |above| format!("{above}.{name}"));
        operands.push(host.request_value_quietly(machine, part, &path));
        operands.push(limit);
    }
    let operands: Vec<&Value> = operands.iter().collect();
    (!operands.is_empty()).then(|| machine.tested(TestKind::Bound, None, &operands, span))
}

fn own_class(machine: &Machine<'_>, parameter: &InjectedParameter) -> Option<ObjectId> {
    let id = parameter.class.as_ref()?.only_object()?;
    matches!(machine.heap.get(id).kind, ObjectKind::Class { .. }).then_some(id)
}

/// Returns an argument as it is behind the pipes: an instance of its class with the fields that it names, if
/// nothing else is let through. GraphQL lets nothing else through by itself (October 2021, 6.4.1 and 5.6.2).
pub(super) fn whitelisted(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    parameter: &InjectedParameter,
    (kind, given): (&str, &[Value]),
    value: Value,
) -> Value {
    let part = match kind {
        "Body" => RequestPart::Body,
        "Query" => RequestPart::Query,
        "Param" => RequestPart::Path,
        "MessageBody" => RequestPart::Message,
        "gql:Args" => RequestPart::Body,
        _ => return value,
    };
    let is_query = kind == "gql:Args";
    let above = match is_query {
        true => handler::argument_name(machine, given, parameter.span),
        false => given.first().and_then(Value::text),
    };
    let class = own_class(machine, parameter);
    let is_closed =
        is_query || (above.is_none() && keeps_to_class(machine, door, given, parameter.span));
    let (Some(class), true) = (class, is_closed) else {
        return value;
    };
    let id = machine
        .heap
        .allocate(ObjectKind::Instance { class }, parameter.span);
    for name in mapped::field_names(host, machine, class) {
        let path = match above {
            Some(above) => format!("{above}.{name}"),
            None => name.to_string(),
        };
        let field = host.request_value(machine, part, &path);
        machine.heap.get_mut(id).properties.insert(name, field);
    }
    Value::object(id)
}

/// Holds if some pipe of the door lets nothing through but what a class names.
fn keeps_to_class(machine: &mut Machine<'_>, door: &Door, given: &[Value], span: Span) -> bool {
    let steps = door.steps.iter().filter(|step| step.role == "pipe");
    let pipes: Vec<Value> = steps
        .map(|step| step.value.clone())
        .chain(given.iter().cloned())
        .collect();
    pipes.iter().any(|pipe| {
        let is_pipe = pipe.only_object().is_some_and(
            |id| matches!(machine.heap.get(id).kind, ObjectKind::Host(path) if path == "nest:pipe"),
        );
        if !is_pipe {
            return false;
        }
        let options = kept(machine, pipe.only_object(), "$options");
        let whitelist = option(machine, &options, "whitelist", span);
        whitelist.is_some_and(|value| machine.truth(&value) == Some(true))
    })
}
