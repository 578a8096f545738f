//! Functions that take named properties out of an object, or leave them out: what is left out does not come through.
//!
//! Sources: lodash 4.17 and lodash-es, `pick(object, ...paths)` and `omit(object, ...paths)`; underscore 1.13, `pick` and
//! `omit` with keys; object.omit 3.0 and object.pick 1.3.

use firedoor_eval::{Answer, Call, Machine, ObjectKind, Value};
use ustr::Ustr;

use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "lodash",
    calls: &[
        ("npm:lodash.pick", pick),
        ("npm:lodash.default.pick", pick),
        ("npm:lodash.omit", omit),
        ("npm:lodash.default.omit", omit),
        ("npm:lodash-es.pick", pick),
        ("npm:lodash-es.omit", omit),
        ("npm:underscore.pick", pick),
        ("npm:underscore.default.pick", pick),
        ("npm:underscore.omit", omit),
        ("npm:underscore.default.omit", omit),
        ("npm:lodash/pick", pick),
        ("npm:lodash/pick.default", pick),
        ("npm:lodash/omit", omit),
        ("npm:lodash/omit.default", omit),
        ("npm:lodash.pick.default", pick),
        ("npm:lodash.omit.default", omit),
        ("npm:object.pick", pick),
        ("npm:object.omit", omit),
    ],
    ..Model::EMPTY
};

/// The properties that a call names, if all of them are known: one after the other, or in lists.
fn named(machine: &mut Machine<'_>, call: &Call<'_>) -> Option<Vec<Ustr>> {
    let mut names = Vec::new();
    for given in call.arguments.positional.iter().skip(1) {
        if let Some(name) = given.text() {
            names.push(name);
            continue;
        }
        let (listed, is_open) = machine.elements_of(given);
        let known: Option<Vec<Ustr>> = listed.iter().map(Value::text).collect();
        names.extend(known.filter(|_| !is_open && given.only_object().is_some())?);
    }
    // A path leads into the object, and names no property of it.
    names
        .iter()
        .all(|name| !name.contains('.'))
        .then_some(names)
}

fn pick(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let source = call.arguments.get(0);
    let Some(names) = named(machine, call) else {
        return Ok(None);
    };
    let picked = machine.heap.allocate(ObjectKind::Plain, call.span);
    for name in names {
        let value = machine.member(&source, name, call.span)?;
        if !value.is_nothing() {
            machine.heap.set_property(picked, name, value);
        }
    }
    Ok(Some(Value::object(picked)))
}

fn omit(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let source = call.arguments.get(0);
    match named(machine, call) {
        Some(names) => Ok(Some(machine.rest_of(&source, &names, call.span))),
        None => Ok(None),
    }
}
