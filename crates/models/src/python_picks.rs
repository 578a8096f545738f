//! Functions that take named entries out of a dictionary: what they leave out does not come through.
//!
//! Sources: funcy 2.0 `colls.py`, `project(mapping, keys)`; pydash 8.0 `objects.py`, `pick(obj, *properties)`;
//! toolz has none.

use firedoor_eval::{Answer, Call, Machine, ObjectKind, Value};

use crate::python_support::argument;
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "python_picks",
    calls: &[("py:funcy.project", pick), ("py:pydash.pick", pick)],
    aliases: &[
        ("py:funcy.colls.project", "py:funcy.project"),
        ("py:pydash.objects.pick", "py:pydash.pick"),
    ],
    ..Model::EMPTY
};

/// The entries of those names, where all names are known.
fn pick(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let source = argument(call, 0, "mapping");
    let mut names = Vec::new();
    for given in call.arguments.positional.iter().skip(1) {
        match given.text() {
            Some(name) => names.push(name),
            None => {
                let (listed, is_open) = machine.elements_of(given);
                let known = listed.iter().map(Value::text);
                match known.collect::<Option<Vec<_>>>() {
                    Some(known) if !is_open => names.extend(known),
                    _ => return Ok(None),
                }
            }
        }
    }
    let picked = machine.heap.allocate(ObjectKind::Plain, call.span);
    for name in names {
        let key = Value::string(&name);
        let (value, _) = machine.catching(|machine| machine.index(&source, &key, call.span));
        if let Ok(value) = value {
            machine.heap.set_property(picked, name, value);
        }
    }
    Ok(Some(Value::object(picked)))
}
