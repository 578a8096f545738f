//! `LocalProxy` of Werkzeug: a name at module level that stands for what a function returns while a request runs.
//!
//! Applications and copies of Flask-Login make their own `current_user` with it, so that a guard hangs on what the
//! function finds. Source: werkzeug 3.0, `local.py`.

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::python_support::last_name;
use crate::{Model, ModelHost};

const PROXY: &str = "werkzeug:proxy";
const FUNCTION: &str = "$function";

/// The model.
pub static MODEL: Model = Model {
    name: "werkzeug_local",
    calls: &[
        ("py:werkzeug.local.LocalProxy", make),
        ("werkzeug:proxy._get_current_object", current),
        ("werkzeug:proxy.*", call),
    ],
    members: &[("werkzeug:proxy.*", member)],
    aliases: &[("py:werkzeug.LocalProxy", "py:werkzeug.local.LocalProxy")],
    ..Model::EMPTY
};

/// `LocalProxy(function)`; one over something else is left alone.
fn make(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(function) = call.arguments.positional.first().cloned() else {
        return Ok(None);
    };
    if !crate::tools::is_function(machine, &function) {
        return Ok(None);
    }
    let id = host.make_object(machine, PROXY, call.span);
    machine
        .heap
        .set_property(id, Ustr::from(FUNCTION), function);
    Ok(Some(Value::object(id)))
}

/// Returns what the function gives at this moment.
fn target(machine: &mut Machine<'_>, proxy: ObjectId, span: Span) -> Answer {
    let Some(function) = machine.heap.property(proxy, Ustr::from(FUNCTION)).cloned() else {
        return Ok(None);
    };
    machine
        .call_value(&function, None, &Arguments::default(), span)
        .map(Some)
}

fn current(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    match call.receiver {
        Some(proxy) => target(machine, proxy, call.span),
        None => Ok(None),
    }
}

fn member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let proxy = object?;
    // While modules are loaded there is no request that a name could stand for.
    if !host.is_request() {
        return None;
    }
    let name = last_name(&host.state().member_name).to_owned();
    let (read, _) = machine.catching(|machine| match target(machine, proxy, span)? {
        Some(value) => machine.member(&value, Ustr::from(&name), span).map(Some),
        None => Ok(None),
    });
    read.ok().flatten()
}

fn call(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(proxy) = call.receiver else {
        return Ok(None);
    };
    let name = Ustr::from(last_name(&call.path));
    match target(machine, proxy, call.span)? {
        Some(value) => machine
            .call_member(&value, name, call.arguments, call.span)
            .map(Some),
        None => Ok(None),
    }
}
