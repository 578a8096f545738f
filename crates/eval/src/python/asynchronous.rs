//! `asyncio`: a coroutine has run when it is made, so a task of it is the coroutine.

use crate::python::{Use, contexts};
use crate::{Answer, Arguments, Machine, Stop, Thrown, Value};

/// Calls a function of `asyncio`.
pub(crate) fn call(machine: &mut Machine<'_>, call: &Use<'_>) -> Answer {
    let first = call.at(0).unwrap_or_else(Value::null);
    let value = match call.name {
        "create_task" | "ensure_future" | "shield" | "wrap_future" => first,
        "run" | "run_until_complete" => machine.await_value(&first, call.span)?,
        "sleep" => {
            let result = call.at(1).unwrap_or_else(Value::null);
            machine.make_promise(Some(result), Vec::new(), Vec::new(), call.span)
        }
        "gather" => gather(machine, call)?,
        "wait_for" => wait_for(machine, call)?,
        "to_thread" => in_thread(machine, 0, call)?,
        "run_coroutine_threadsafe" => first,
        "iscoroutinefunction" => is_coroutine_function(machine, call),
        _ => return Ok(None),
    };
    Ok(Some(value))
}

/// Calls a method of an event loop, a task group or an exit stack.
pub(crate) fn method(machine: &mut Machine<'_>, owner: &str, call: &Use<'_>) -> Answer {
    match owner {
        "contextlib.ExitStack()" | "contextlib.AsyncExitStack()" => {
            contexts::stack_method(machine, call)
        }
        "asyncio.get_event_loop()" | "asyncio.get_running_loop()" | "asyncio.new_event_loop()" => {
            match call.name {
                "run_in_executor" => in_thread(machine, 1, call).map(Some),
                _ => self::call(machine, call),
            }
        }
        "asyncio.TaskGroup()" => self::call(machine, call),
        _ => Ok(None),
    }
}

/// Holds if a function is `async`, as far as that is known.
pub(crate) fn is_coroutine_function(machine: &mut Machine<'_>, call: &Use<'_>) -> Value {
    let function = call.at(0).unwrap_or_else(Value::null);
    let outcome = machine.is_async_function(&function);
    machine.tested(crate::TestKind::Kind, outcome, &[&function], call.span)
}

fn gather(machine: &mut Machine<'_>, call: &Use<'_>) -> Result<Value, Stop> {
    let (result, thrown) = machine.catching(|machine| {
        let mut results = Vec::new();
        for value in &call.arguments.positional {
            results.push(machine.await_value(value, call.span)?);
        }
        let is_open = call.arguments.rest.is_some();
        Ok(machine.make_list(results, is_open, call.span))
    });
    settle(machine, result, thrown, call)
}

fn wait_for(machine: &mut Machine<'_>, call: &Use<'_>) -> Result<Value, Stop> {
    let awaited = call.find(0, "fut");
    let (result, mut thrown) = machine.catching(|machine| machine.await_value(&awaited, call.span));
    let error = machine.exception("TimeoutError", Vec::new(), call.span);
    thrown.push(Thrown {
        value: error,
        decided: machine.decided.clone(),
        span: call.span,
    });
    settle(machine, result, thrown, call)
}

fn in_thread(machine: &mut Machine<'_>, first: usize, call: &Use<'_>) -> Result<Value, Stop> {
    let Some(function) = call.at(first) else {
        return Ok(machine.unknown("missing-argument"));
    };
    let arguments = Arguments {
        positional: call
            .arguments
            .positional
            .iter()
            .skip(first + 1)
            .cloned()
            .collect(),
        keywords: call.arguments.keywords.clone(),
        rest: call.arguments.rest.clone(),
        rest_at: call.arguments.rest_at.saturating_sub(first + 1),
    };
    let (result, thrown) =
        machine.catching(|machine| machine.call_value(&function, None, &arguments, call.span));
    settle(machine, result, thrown, call)
}

fn settle(
    machine: &mut Machine<'_>,
    result: Result<Value, Stop>,
    thrown: Vec<Thrown>,
    call: &Use<'_>,
) -> Result<Value, Stop> {
    let value = match result {
        Ok(value) => Some(value),
        Err(Stop::Throw) => None,
        Err(stop) => return Err(stop),
    };
    Ok(machine.make_promise(value, thrown, Vec::new(), call.span))
}
