//! Numbers, `Math`, and conversions between numbers, strings and truth values.

use super::{Function, Native};
use crate::{Answer, Atom, Machine, Shape, TestKind, Value};

pub(super) fn method(name: &str) -> Option<Function> {
    Some(match name {
        "toString" | "toFixed" | "toLocaleString" | "toPrecision" => text,
        "valueOf" => |_, call| Ok(Some(call.this.clone())),
        _ => return None,
    })
}

pub(super) fn function(name: &str) -> Option<Function> {
    Some(match name {
        "Number" | "parseFloat" | "Number.parseFloat" => number,
        "parseInt" | "Number.parseInt" => parse_integer,
        "BigInt" => number,
        "String" => string,
        "Boolean" => boolean,
        "isNaN" | "Number.isNaN" => is_nan,
        "Number.isInteger" | "Number.isSafeInteger" => is_integer,
        "isFinite" | "Number.isFinite" => is_finite,
        "Math.floor" => |machine, call| calculated(machine, call, f64::floor),
        "Math.ceil" => |machine, call| calculated(machine, call, f64::ceil),
        "Math.round" => |machine, call| calculated(machine, call, |x| (x + 0.5).floor()),
        "Math.trunc" => |machine, call| calculated(machine, call, f64::trunc),
        "Math.abs" => |machine, call| calculated(machine, call, f64::abs),
        "Math.sqrt" => |machine, call| calculated(machine, call, f64::sqrt),
        "Math.min" => |machine, call| folded(machine, call, f64::INFINITY, f64::min),
        "Math.max" => |machine, call| folded(machine, call, f64::NEG_INFINITY, f64::max),
        "Math.pow" => power,
        _ => return None,
    })
}

fn calculated(machine: &mut Machine<'_>, call: &Native<'_>, step: fn(f64) -> f64) -> Answer {
    let given = call.argument(0);
    Ok(Some(match given.as_number() {
        Some(number) => call.known(machine, Value::number(step(number))),
        None => machine.rounded(&given),
    }))
}

fn folded(
    machine: &mut Machine<'_>,
    call: &Native<'_>,
    start: f64,
    step: fn(f64, f64) -> f64,
) -> Answer {
    let numbers: Option<Vec<f64>> = call.arguments.all().map(Value::as_number).collect();
    Ok(Some(match numbers {
        Some(numbers) if call.arguments.rest.is_none() => {
            let number = numbers.into_iter().fold(start, step);
            call.known(machine, Value::number(number))
        }
        _ => machine.derived(Shape::Number, call.arguments.all()),
    }))
}

fn power(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let (base, exponent) = (call.argument(0), call.argument(1));
    Ok(Some(match (base.as_number(), exponent.as_number()) {
        (Some(base), Some(exponent)) => call.known(machine, Value::number(base.powf(exponent))),
        _ => machine.derived(Shape::Number, [&base, &exponent]),
    }))
}

/// Returns the number that an alternative is converted to, if that is known.
pub(crate) fn converted(atom: &Atom) -> Option<f64> {
    match atom {
        Atom::Number(number) => Some(*number),
        Atom::Bool(value) => Some(f64::from(u8::from(*value))),
        Atom::Null => Some(0.0),
        Atom::Undefined => Some(f64::NAN),
        Atom::String(text) if text.trim().is_empty() => Some(0.0),
        Atom::String(text) => {
            let is_decimal =
                |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E');
            match text.trim().parse() {
                Ok(number) if text.trim().chars().all(is_decimal) => Some(number),
                _ if text.trim().starts_with('0') => None,
                _ => Some(f64::NAN),
            }
        }
        _ => None,
    }
}

fn number(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let given = match call.arguments.positional.first() {
        Some(given) => given.clone(),
        None => Value::number(0.0),
    };
    let known = given.only().and_then(|atom| converted(&atom));
    Ok(Some(match known {
        Some(number) if call.path == "js:Number" || !number.is_nan() => {
            call.known(machine, Value::number(number))
        }
        _ => machine.derived(Shape::Number, [&given]),
    }))
}

fn parse_integer(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let given = call.argument(0);
    let radix = call.argument(1);
    let is_decimal = radix == Value::undefined() || radix.as_number() == Some(10.0);
    let known = match given.only() {
        Some(Atom::Number(number)) => Some(number.trunc()),
        Some(Atom::String(text)) if is_decimal && !text.trim().starts_with("0x") => {
            Some(leading_integer(text.trim()))
        }
        Some(Atom::Undefined | Atom::Null) => Some(f64::NAN),
        _ => None,
    };
    Ok(Some(match known {
        Some(number) => call.known(machine, Value::number(number)),
        None => machine.derived(Shape::Number, [&given]),
    }))
}

fn leading_integer(text: &str) -> f64 {
    let digits = text.trim_start_matches(['-', '+']);
    let end = digits
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(digits.len());
    let number: f64 = digits[..end].parse().unwrap_or(f64::NAN);
    if text.starts_with('-') {
        -number
    } else {
        number
    }
}

fn string(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let given = call.arguments.positional.first().cloned();
    let given = given.unwrap_or_else(|| Value::string(""));
    Ok(Some(match given.only() {
        Some(Atom::Undefined) => Value::string("undefined"),
        Some(Atom::Null) => Value::string("null"),
        Some(Atom::Unknown(_)) => machine.derived(Shape::String, [&given]),
        _ => machine.concatenate(&[given]),
    }))
}

fn boolean(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let negated = machine.negate(&call.argument(0));
    Ok(Some(machine.negate(&negated)))
}

fn text(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let is_plain = call.path == "toString" && call.arguments.positional.is_empty();
    Ok(Some(match call.this.as_number() {
        Some(_) if is_plain => machine.concatenate(std::slice::from_ref(call.this)),
        _ => call.method_result(machine, Shape::String),
    }))
}

/// Tests a number, if it is known.
fn test(
    machine: &mut Machine<'_>,
    call: &Native<'_>,
    test: impl Fn(f64) -> bool,
    otherwise: Option<bool>,
) -> Answer {
    let given = call.argument(0);
    let outcome = match given.only() {
        Some(Atom::Number(number)) => Some(test(number)),
        Some(Atom::Unknown(_) | Atom::Outside(_) | Atom::Object(_)) | None => None,
        Some(atom) if call.path.matches('.').count() == 0 => converted(&atom).map(test),
        _ => otherwise,
    };
    Ok(Some(machine.tested(
        TestKind::Kind,
        outcome,
        &[&given],
        call.span,
    )))
}

fn is_nan(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let otherwise = (call.path == "js:Number.isNaN").then_some(false);
    test(machine, call, f64::is_nan, otherwise)
}

fn is_integer(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    test(machine, call, |number| number.fract() == 0.0, Some(false))
}

fn is_finite(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let otherwise = (call.path == "js:Number.isFinite").then_some(false);
    test(machine, call, f64::is_finite, otherwise)
}
