//! `@fastify/auth` 4 and 5, and `@fastify/basic-auth` 5 and 6: functions of the program that say who passes.
//!
//! `auth([a, b])` lets a request on if one of its functions does, with `relation: 'and'` if all do; who fails is
//! refused with a 401. Sources: `@fastify/auth` 5.1, `auth.js`; `@fastify/basic-auth` 6.2, `index.js`.

use firedoor_app::RequestPart;
use firedoor_eval::{
    Answer, Arguments, Atom, Call, Decided, Machine, ObjectKind, Shape, Stop, TestKind, Thrown,
    Value,
};
use firedoor_source::Span;

use super::{Loading, add_hook, decorate, named};
use crate::ModelHost;
use crate::fastify::{Event, errors, flow, instance};
use crate::tools::{error, keep, kept, option};

/// Adds `app.auth`.
pub(super) fn load_auth(host: &ModelHost, machine: &mut Machine<'_>, loading: &Loading<'_>) {
    let maker = host.make_object(machine, "fastify:auth", loading.span);
    keep(machine, maker, "$options", loading.options.clone());
    decorate(host, loading.id, "auth", Value::object(maker));
}

/// `app.auth(functions[, options])` makes a hook.
pub(super) fn choose(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let general = kept(machine, call.receiver, "$options");
    let given = call.arguments.get(1);
    let relation = option(machine, &given, "relation", call.span)
        .or_else(|| option(machine, &general, "defaultRelation", call.span));
    let is_and = relation
        .and_then(|relation| relation.text())
        .is_some_and(|text| text == "and");
    let functions = call.arguments.get(0);
    let mut names = Vec::new();
    for function in machine.elements_of(&functions).0 {
        let name = crate::doors::symbol(machine, &function, call.span).name;
        names.push(name.to_string());
    }
    let joined = names.join(if is_and { " and " } else { " or " });
    let guard = named(
        host,
        machine,
        "fastify:auth()",
        &format!("auth({joined})"),
        call.span,
    );
    keep(machine, guard, "$functions", functions);
    keep(machine, guard, "$and", Value::bool(is_and));
    Ok(Some(Value::object(guard)))
}

/// The hook: it asks its functions.
pub(super) fn run(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let functions = kept(machine, call.receiver, "$functions");
    let is_and = kept(machine, call.receiver, "$and") == Value::bool(true);
    let span = call.span;
    let mut failures = Vec::new();
    let asked = all_or_any(
        host,
        machine,
        &functions,
        is_and,
        call.arguments,
        &mut failures,
    )?;
    settle(host, machine, &asked.test, failures, span)?;
    Ok(Some(Value::undefined()))
}

/// Lets the request on where the test holds, and gives the error to the error handlers elsewhere.
fn settle(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    test: &Value,
    failures: Vec<Value>,
    span: Span,
) -> Result<(), Stop> {
    let last = failures.into_iter().last();
    machine.when(
        test,
        span,
        |machine| {
            flow::go_on(host, machine, span);
            Ok(())
        },
        |machine| {
            let failed = last.unwrap_or_else(|| error(host, machine, "js:Error", &[], span));
            let failed = with_status(host, machine, failed, span);
            flow::raise(host, machine, failed, span);
            Ok(())
        },
    )
}

/// An error without a status of its own is a 401.
fn with_status(host: &ModelHost, machine: &mut Machine<'_>, failed: Value, span: Span) -> Value {
    if errors::status_of(host, machine, &failed).is_some() {
        return failed;
    }
    let made = error(
        host,
        machine,
        "npm:@fastify/auth.AuthError",
        &[&failed],
        span,
    );
    if let Some(id) = made.only_object() {
        keep(machine, id, "statusCode", Value::number(401.0));
    }
    made
}

/// What a function, or a list of them, has said.
struct Asked {
    /// Holds if the request may go on.
    test: Value,
    /// What the test is known to be.
    outcome: Option<bool>,
    /// Holds if the reply is sent whatever is asked behind it.
    ends: bool,
}

/// A list within the list has the other relation. Nobody is asked behind the one that settles it.
fn all_or_any(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    functions: &Value,
    is_and: bool,
    arguments: &Arguments,
    failures: &mut Vec<Value>,
) -> Result<Asked, Stop> {
    let span = machine.place();
    let mut tests = Vec::new();
    let mut outcomes = Vec::new();
    let mut ends = false;
    let (listed, is_open) = machine.elements_of(functions);
    for function in listed {
        let is_list = function
            .only_object()
            .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Array));
        let asked = match is_list {
            true => all_or_any(host, machine, &function, !is_and, arguments, failures)?,
            false => ask(host, machine, &function, arguments, failures)?,
        };
        tests.push(asked.test);
        outcomes.push(asked.outcome);
        ends |= asked.ends;
        if ends || asked.outcome == Some(!is_and) {
            break;
        }
    }
    if is_open {
        // Who else is asked is not known, so neither is what they say.
        tests.push(machine.tested(TestKind::Proof, None, &[functions], span));
        outcomes.push(None);
    }
    let settled = |outcome: Option<bool>| outcome == Some(!is_and);
    let outcome = match outcomes.iter().any(|one| settled(*one)) {
        true => Some(!is_and),
        false if outcomes.iter().all(Option::is_some) => Some(is_and),
        false => None,
    };
    let test = match is_and {
        true => machine.all_of(&tests, span),
        false => machine.any_of(&tests, span),
    };
    Ok(Asked {
        test,
        outcome,
        ends,
    })
}

/// Returns whether a function lets the request on: called like a hook, it fails by throwing, by an error for its
/// callback, or by sending the reply itself.
fn ask(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    function: &Value,
    arguments: &Arguments,
    failures: &mut Vec<Value>,
) -> Result<Asked, Stop> {
    let span = machine.place();
    let is_unknown = function.is_unknown() || flow::is_unknown_library(host, machine, function);
    let owner = host
        .state()
        .fastify
        .current
        .as_ref()
        .map(|plan| plan.instance);
    let function = match owner {
        Some(owner) => instance::bound(machine, function, owner),
        None => function.clone(),
    };
    let mut given: Vec<Value> = arguments.positional.clone();
    given.pop_if(|last| {
        last.only_object()
            .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Host(path) if path.ends_with(":next")))
    });
    let back = host.make_object(machine, "fastify:auth-next:next", span);
    given.push(Value::object(back));
    let base = machine.decided.len();
    let (raised, sent) = {
        let memory = &mut host.state().fastify;
        memory.called_back.clear();
        (memory.raised.len(), memory.sent.len())
    };
    let before_it = flow::answers(host);
    let (result, thrown) = machine
        .catching(|machine| machine.call_paths(&function, &Arguments::positional(given), span));
    machine.decided.truncate(base);
    let mut answers = flow::answers(host);
    answers.retain(|answer| !before_it.contains(answer));
    let has_sent = !answers.is_empty();
    let (called, more) = {
        let memory = &mut host.state().fastify;
        let more: Vec<Thrown> = memory.raised.split_off(raised.min(memory.raised.len()));
        memory.sent.truncate(sent);
        (std::mem::take(&mut memory.called_back), more)
    };
    let before = failures.len();
    let mut operands: Vec<Value> = Vec::new();
    for failed in thrown.into_iter().chain(more) {
        operands.push(hangs_on(machine, &failed.decided, base));
        failures.push(failed.value);
    }
    let mut passes = false;
    match result {
        Err(Stop::Budget) => return Err(Stop::Budget),
        Ok(paths) if !flow::calls_back(machine, &function) => {
            let mut paths = paths.iter();
            passes = paths.any(|path| !flow::is_sent(&answers, &path.decided));
        }
        _ => {}
    }
    for (value, decided) in called {
        passes |= value.atoms().iter().any(Atom::is_nothing);
        if !value.is_nothing() {
            operands.push(hangs_on(machine, &decided, base));
            failures.push(value);
        }
    }
    let fails = failures.len() > before || has_sent;
    let outcome = match (passes, fails) {
        _ if is_unknown => None,
        (true, false) => Some(true),
        (false, true) => Some(false),
        // It may do either, or was never seen to answer.
        _ => None,
    };
    operands.extend(failures[before..].iter().cloned());
    let operands: Vec<&Value> = operands.iter().collect();
    Ok(Asked {
        test: machine.tested(TestKind::Proof, outcome, &operands, span),
        outcome,
        ends: outcome == Some(false) && has_sent && failures.len() == before,
    })
}

/// An unknown value that comes from what the decisions behind the first `base` hang on.
fn hangs_on(machine: &mut Machine<'_>, decided: &[Decided], base: usize) -> Value {
    let mut value = Value::unknown(Shape::Any);
    for step in decided.iter().skip(base) {
        let (origins, control) = {
            let decision = machine.decision(step.decision);
            (decision.origins, decision.control)
        };
        value.origins = machine.origins.union(value.origins, origins);
        value.control = machine.origins.union(value.control, control);
    }
    value
}

/// The callback of such a function.
pub(super) fn next(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let decided = machine.decided.clone();
    let given = call.arguments.get(0);
    host.state().fastify.called_back.push((given, decided));
    Ok(Some(Value::undefined()))
}

/// Adds `app.basicAuth`.
pub(super) fn load_basic(host: &ModelHost, machine: &mut Machine<'_>, loading: &Loading<'_>) {
    let guard = named(host, machine, "fastify:basic", "basicAuth", loading.span);
    let validate = option(machine, loading.options, "validate", loading.span);
    let validate = validate.unwrap_or_else(Value::undefined);
    let validate = instance::bound(machine, &validate, loading.id);
    keep(machine, guard, "$validate", validate);
    decorate(host, loading.id, "basicAuth", Value::object(guard));
    // Version 7 adds the hook itself if it is asked to.
    if let Some(hook) = option(machine, loading.options, "addHook", loading.span)
        && let Some(event) = hook.text().and_then(|name| Event::of(&name))
    {
        add_hook(host, machine, loading, event, Value::object(guard));
    }
}

/// `validate(name, password, request, reply, done)` says whether they are right.
pub(super) fn basic(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let validate = kept(machine, call.receiver, "$validate");
    let header = host.request_value(machine, RequestPart::Header, "authorization");
    let text = header.shaped(Shape::String);
    let mut given = vec![text.clone(), text];
    given.extend(call.arguments.positional.iter().cloned());
    let mut failures = Vec::new();
    let arguments = Arguments::positional(given);
    let asked = ask(host, machine, &validate, &arguments, &mut failures)?;
    settle(host, machine, &asked.test, failures, call.span)?;
    Ok(Some(Value::undefined()))
}
