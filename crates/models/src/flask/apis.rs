//! APIs of the program's own classes: `class OwnApi(flask_restful.Api)`.
//!
//! They add resources by methods of their own that call those of the library, so that the instance is the API.

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::rest::attach;
use crate::ModelHost;

/// An instance of a class that inherits from `Api` is an API, whose own constructor may call that of the library.
pub(super) fn made(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    made: ObjectId,
    arguments: &Arguments,
    _span: Span,
) -> Result<bool, Stop> {
    let mut bases = machine.outside_bases(class).into_iter();
    if bases.any(|base| base.starts_with("py:flask_restx.")) {
        machine
            .heap
            .set_property(made, Ustr::from("$restx"), Value::bool(true));
    }
    let has_own = machine.class_attribute(class, Ustr::from("__init__"));
    if has_own.is_none() {
        construct(host, machine, made, arguments);
    }
    Ok(has_own.is_none())
}

pub(super) fn initialise(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(made) = call.this.only_object() {
        construct(host, machine, made, call.arguments);
    }
    Ok(Some(Value::null()))
}

fn construct(host: &ModelHost, machine: &mut Machine<'_>, api: ObjectId, arguments: &Arguments) {
    for (name, value) in &arguments.keywords {
        machine.heap.set_property(api, *name, value.clone());
    }
    if let Some(app) = arguments.find(0, "app").filter(|app| !app.is_nothing()) {
        attach(host, machine, api, app.clone());
    }
}
