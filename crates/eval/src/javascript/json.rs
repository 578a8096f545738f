//! `JSON`: what is written in a known text is known, everything else comes from where the text comes from.

use serde_json::Value as Json;
use ustr::Ustr;

use super::{Function, Native};
use crate::{Answer, Machine, ObjectKind, Shape, Value};

/// The longest text that is parsed.
const LONGEST: usize = 100_000;

pub(super) fn function(name: &str) -> Option<Function> {
    Some(match name {
        "JSON.parse" => parse,
        "JSON.stringify" => stringify,
        _ => return None,
    })
}

fn parse(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let given = call.argument(0);
    let Some(text) = given.text().filter(|text| text.len() <= LONGEST) else {
        return Ok(Some(machine.derived(Shape::Any, [&given])));
    };
    match serde_json::from_str::<Json>(&text) {
        Ok(json) => Ok(Some(made(machine, &json, call).with_origins(given.origins))),
        Err(_) => {
            let error = Value::outside("js:SyntaxError()");
            machine.throw(error, call.span)
        }
    }
}

fn made(machine: &mut Machine<'_>, json: &Json, call: &Native<'_>) -> Value {
    match json {
        Json::Null => Value::null(),
        Json::Bool(value) => Value::bool(*value),
        Json::Number(number) => number
            .as_f64()
            .map_or_else(|| Value::unknown(Shape::Number), Value::number),
        Json::String(text) => Value::string(text),
        Json::Array(elements) => {
            let elements = elements
                .iter()
                .map(|element| made(machine, element, call))
                .collect();
            machine.make_list(elements, false, call.span)
        }
        Json::Object(entries) => {
            let id = machine.heap.allocate(ObjectKind::Plain, call.span);
            for (key, value) in entries {
                let value = made(machine, value, call);
                let properties = &mut machine.heap.get_mut(id).properties;
                properties.insert(Ustr::from(key), value);
            }
            Value::object(id)
        }
    }
}

fn stringify(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let given = call.argument(0);
    Ok(Some(machine.derived(Shape::String, [&given])))
}
