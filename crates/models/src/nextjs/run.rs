//! Sends a request through middleware and a handler.
//!
//! What a function returns says whether the request is refused, so that its paths are told apart.

use firedoor_app::{Origin, RequestPart, Transport};
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectKind, Shape, Stop, TestKind, Value};
use firedoor_ir::Pattern;
use ustr::Ustr;

use super::response::{self, Place};
use super::{connect, request};
use crate::tools::run_behind_answer;
use crate::{Door, ModelHost, Step};

/// The roles of steps.
pub(super) const ALWAYS: &str = "middleware";
pub(super) const SOMETIMES: &str = "middleware-sometimes";
pub(super) const UNKNOWN: &str = "middleware-unknown";
pub(super) const ROUTE: &str = "route";
pub(super) const API: &str = "api";
pub(super) const ACTION: &str = "action";
pub(super) const SERVER: &str = "server";
pub(super) const PAGE: &str = "page";
pub(super) const LAYOUT: &str = "layout";

/// Makes the request, and for the pages router its other form.
pub(super) fn begin(host: &ModelHost, machine: &mut Machine<'_>, door: &Door) -> Vec<Value> {
    let span = door.registered;
    {
        let memory = &mut host.state().nextjs;
        memory.made.clear();
        memory.headers = None;
        memory.served = None;
    }
    let request = host.make_object(machine, request::REQUEST, span);
    let parameters = request::parameters(host, machine, &door.path, span);
    let context = crate::tokens::plain(machine, &[("params", parameters)], span);
    let plain = host.make_object(machine, "express:request", span);
    let query = host.make_object(machine, "next:query", span);
    crate::tools::keep(machine, plain, "query", Value::object(query));
    let answer = host.make_object(machine, "express:response", span);
    let next = host.make_object(machine, "express:next", span);
    vec![
        Value::object(request),
        context,
        Value::object(plain),
        Value::object(answer),
        Value::object(next),
    ]
}

/// Runs one step.
pub(super) fn step(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _door: &Door,
    step: &Step,
    shared: &[Value],
) -> Result<(), Stop> {
    if step.role == connect::ERROR {
        let [error, _, _, rest @ ..] = shared else {
            return Ok(());
        };
        let given: Vec<Value> = std::iter::once(error).chain(rest).cloned().collect();
        return connect::run(host, machine, step, &given);
    }
    let [request, context, plain, answer, next, ..] = shared else {
        return Ok(());
    };
    let pair = |one: &Value, other: &Value| Arguments::positional([one.clone(), other.clone()]);
    match step.role {
        ROUTE => {
            // A handler that hands the request to a procedure is a layer before it.
            let place = match host.state().run.trpc.is_procedure() {
                true => Place::Middleware,
                false => Place::Handler,
            };
            call(host, machine, step, &pair(request, context), place)
        }
        PAGE => {
            let arguments = shown_with(host, machine, context, "searchParams", step.span);
            call(host, machine, step, &arguments, Place::Handler)
        }
        LAYOUT => {
            let arguments = shown_with(host, machine, context, "children", step.span);
            call(host, machine, step, &arguments, Place::Middleware)
        }
        SERVER => super::server::run(host, machine, step, &pair(plain, answer)),
        API => run_api(machine, step, &pair(plain, answer)),
        connect::CONNECT => {
            let given = [plain.clone(), answer.clone(), next.clone()];
            connect::run(host, machine, step, &given)
        }
        ACTION => {
            let arguments = action_arguments(host, machine, &step.value);
            call(host, machine, step, &arguments, Place::Action)
        }
        role => {
            let event = Value::unknown(Shape::Object);
            let arguments = pair(request, &event);
            if role == ALWAYS {
                return call(host, machine, step, &arguments, Place::Middleware);
            }
            run_sometimes(host, machine, step, &arguments)
        }
    }
}

/// The properties of a page or layout: the parameters of the path, and the query or what lies within.
fn shown_with(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    context: &Value,
    other: &str,
    span: firedoor_source::Span,
) -> Arguments {
    let parameters = crate::tools::option(machine, context, "params", span);
    let more = match other {
        "searchParams" => Value::object(host.make_object(machine, "next:query", span)),
        _ => Value::outside("js:jsx"),
    };
    let parameters = parameters.unwrap_or_else(Value::undefined);
    let properties = [("params", parameters), (other, more)];
    Arguments::positional([crate::tokens::plain(machine, &properties, span)])
}

/// Middleware that runs for some values of the path or of headers only, all of which the client chooses.
fn run_sometimes(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
    arguments: &Arguments,
) -> Result<(), Stop> {
    if step.role == UNKNOWN {
        let reason = format!("which paths `{}` runs for is not known", step.name);
        let run = &mut host.state().run;
        run.unknown.push((run.step, reason));
    }
    let path = host.request_value_quietly(machine, RequestPart::Line, "path");
    let test = machine.tested(TestKind::Truth, None, &[&path], step.mounted);
    machine.when(
        &test,
        step.mounted,
        |machine| call(host, machine, step, arguments, Place::Middleware),
        |machine| {
            host.effect(machine, firedoor_app::EffectKind::Continue, step.mounted);
            let mark = host.state().run.mark;
            let written = machine.written_since(mark);
            host.state().run.passed.push(written);
            Ok(())
        },
    )
}

fn call(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
    arguments: &Arguments,
    place: Place,
) -> Result<(), Stop> {
    let value = step.value.clone();
    note_wrapper(host, machine, &value);
    let (result, thrown) = machine.catching(|machine| {
        let paths = machine.call_paths(&value, arguments, step.span)?;
        for path in &paths {
            response::note(host, machine, path, place)?;
        }
        Ok(())
    });
    let others = response::note_thrown(host, machine, thrown);
    machine.rethrow(others);
    result
}

/// What a library that is not known has made of a handler may refuse.
fn note_wrapper(host: &ModelHost, machine: &Machine<'_>, handler: &Value) {
    if crate::tools::is_function(machine, handler) {
        return;
    }
    let origins = host.origins_of(machine, handler.origins);
    let library = handler.as_outside().or_else(|| {
        origins.iter().find_map(|origin| match origin {
            Origin::Outside(path) => Some(*path),
            _ => None,
        })
    });
    let library = library
        .filter(|library| !crate::unknown_wrappers::lets_through(host, machine, handler, library));
    if let Some(library) = library {
        let reason = format!("what `{library}` makes of the handler is not known");
        let run = &mut host.state().run;
        run.unknown.push((run.step, reason));
    }
}

/// A handler of the pages router answers by its second argument.
fn run_api(machine: &mut Machine<'_>, step: &Step, arguments: &Arguments) -> Result<(), Stop> {
    let result = machine.call_value(&step.value, None, arguments, step.span)?;
    machine.await_value(&result, step.span)?;
    Ok(())
}

/// What a client gives an action: its arguments by position, each known by the name of the parameter.
fn action_arguments(host: &ModelHost, machine: &mut Machine<'_>, action: &Value) -> Arguments {
    let closure = action
        .only_object()
        .and_then(|id| match machine.heap.get(id).kind {
            ObjectKind::Function { closure, .. } => Some(closure),
            _ => None,
        });
    let Some(closure) = closure else {
        let value = host.request_value(machine, RequestPart::Body, "");
        return Arguments::positional([value]);
    };
    let function = machine.function_of(closure);
    let span = function.span;
    let mut names = Vec::new();
    for parameter in &function.parameters {
        let name = pattern_name(&parameter.pattern);
        let is_form = parameter
            .annotation
            .is_some_and(|annotation| is_form(machine, closure.module, annotation));
        names.push((name, is_form));
    }
    let values = names.into_iter().map(|(name, is_form)| match is_form {
        true => Value::object(host.make_object(machine, request::FORM, span)),
        false => argument(host, machine, &name),
    });
    let values: Vec<Value> = values.collect();
    Arguments::positional(values)
}

fn argument(host: &ModelHost, machine: &mut Machine<'_>, name: &str) -> Value {
    let origin = Origin::Request(RequestPart::Body, Ustr::from(name));
    let origins = host.origin(machine, origin);
    Value::unknown(Shape::Any).with_origins(origins)
}

fn pattern_name(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Name(name, _) => name.to_string(),
        Pattern::Default(inner, _) => pattern_name(inner),
        _ => String::new(),
    }
}

/// Holds for the type `FormData`.
fn is_form(
    machine: &Machine<'_>,
    module: firedoor_eval::ModuleId,
    annotation: firedoor_ir::ExpressionId,
) -> bool {
    let expression = machine.program.module(module).expression(annotation);
    matches!(expression.kind, firedoor_ir::ExpressionKind::Name(name) if name == "FormData")
}

/// `after(task)`: the task runs once the answer is sent, for each request; a promise is running already
/// (<https://nextjs.org/docs/app/api-reference/functions/after>, 15.1).
pub(super) fn after(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    run_behind_answer(machine, call)?;
    Ok(Some(Value::undefined()))
}

/// Holds for doors that middleware runs in front of.
pub(super) fn has_middleware(transport: Transport) -> bool {
    transport == Transport::Http
}
