//! Strings: known ones exactly, those with unknown parts as far as their fixed parts decide.

use ustr::Ustr;

use super::{Function, Native};
use crate::{Answer, Arguments, Atom, HOLE, Machine, Shape, TestKind, Value};

pub(super) fn method(name: &str) -> Option<Function> {
    Some(match name {
        "startsWith" | "endsWith" | "includes" => test,
        "split" => split,
        "concat" => concat,
        "toString" | "valueOf" => |_, call| Ok(Some(call.this.clone())),
        "replace" | "replaceAll" => replace,
        "match" | "matchAll" => matches,
        "trim" | "trimStart" | "trimEnd" | "toLowerCase" | "toUpperCase" | "toLocaleLowerCase"
        | "toLocaleUpperCase" | "slice" | "substring" | "substr" | "padStart" | "padEnd"
        | "charAt" | "repeat" | "at" | "normalize" => changed,
        "indexOf" | "lastIndexOf" | "search" | "charCodeAt" | "codePointAt" | "localeCompare" => {
            number
        }
        _ => return None,
    })
}

/// Returns the shape of what a method of strings gives, of those that only strings have.
pub(super) fn shape(name: &str) -> Option<Shape> {
    Some(match name {
        "trim" | "trimStart" | "trimEnd" | "toLowerCase" | "toUpperCase" | "toLocaleLowerCase"
        | "toLocaleUpperCase" | "substring" | "substr" | "padStart" | "padEnd" | "charAt"
        | "repeat" | "normalize" | "toString" | "toISOString" | "replace" | "replaceAll"
        | "join" | "toFixed" => Shape::String,
        "charCodeAt" | "codePointAt" | "localeCompare" | "indexOf" | "lastIndexOf" | "search"
        | "getTime" | "push" | "unshift" => Shape::Number,
        _ => return None,
    })
}

fn test(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let part = call.argument(0);
    report_prefix(machine, call, &part);
    let outcome = match (call.this.only(), part.only()) {
        (Some(Atom::String(text)), Some(Atom::String(part)))
            if call.arguments.positional.len() == 1 =>
        {
            Some(match call.path.as_str() {
                "startsWith" => text.starts_with(part.as_str()),
                "endsWith" => text.ends_with(part.as_str()),
                _ => text.contains(part.as_str()),
            })
        }
        (Some(Atom::Pattern(text)), Some(Atom::String(part)))
            if call.arguments.positional.len() == 1 =>
        {
            test_pattern(&call.path, &text, &part)
        }
        _ => None,
    };
    let value = machine.tested(
        test_kind(&call.path),
        outcome,
        &[call.this, &part],
        call.span,
    );
    if let Some((test, _)) = value.test
        && outcome.is_none()
    {
        machine.text_tests.push((test, Ustr::from(&call.path)));
    }
    Ok(Some(value))
}

/// Returns what kind of test a method is that looks for one value in another.
pub(super) fn test_kind(name: &str) -> TestKind {
    match name {
        "startsWith" | "endsWith" => TestKind::Part,
        _ => TestKind::Membership,
    }
}

/// Tells the host about a text that is told apart by how it begins: the constant ends in `*`.
fn report_prefix(machine: &mut Machine<'_>, call: &Native<'_>, part: &Value) {
    if call.path != "startsWith" || call.this.origins.is_empty() {
        return;
    }
    if let Some(prefix) = part.text() {
        let host = machine.host();
        let constant = Ustr::from(&format!("{prefix}*"));
        host.compared(machine, call.this, &[constant], call.span);
    }
}

/// What the fixed parts of a text decide about it.
fn test_pattern(name: &str, text: &str, part: &str) -> Option<bool> {
    let first = text.split(HOLE).next().unwrap_or("");
    let last = text.rsplit(HOLE).next().unwrap_or("");
    let same = |a: &mut dyn Iterator<Item = char>, b: &mut dyn Iterator<Item = char>| {
        a.zip(b).all(|(a, b)| a == b)
    };
    match name {
        "startsWith" if first.starts_with(part) => Some(true),
        "startsWith" if !same(&mut first.chars(), &mut part.chars()) => Some(false),
        "endsWith" if last.ends_with(part) => Some(true),
        "endsWith" if !same(&mut last.chars().rev(), &mut part.chars().rev()) => Some(false),
        "includes" if text.split(HOLE).any(|fixed| fixed.contains(part)) => Some(true),
        _ => None,
    }
}

fn split(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let separator = call.argument(0);
    let known = call.this.text_pattern().zip(separator.text());
    let Some((text, separator)) = known else {
        let part = call.method_result(machine, Shape::String);
        let origins = part.origins;
        let list = machine.make_open_list(Vec::new(), Some(part), call.span);
        return Ok(Some(list.with_origins(origins)));
    };
    let pieces: Vec<String> = match separator.is_empty() {
        true => text.chars().map(|c| c.to_string()).collect(),
        false => text.split(separator.as_str()).map(str::to_owned).collect(),
    };
    let limit = call.argument(1).as_number().unwrap_or(f64::MAX) as usize;
    let parts: Vec<Value> = pieces
        .iter()
        .take(limit.min(machine.limits.rounds))
        .map(|piece| call.known(machine, Value::pattern(piece)))
        .collect();
    let more = text
        .contains(HOLE)
        .then(|| call.method_result(machine, Shape::String));
    let list = machine.make_open_list(parts, more, call.span);
    Ok(Some(list.with_origins(call.this.origins)))
}

fn concat(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let parts: Vec<Value> = std::iter::once(call.this)
        .chain(call.arguments.all())
        .cloned()
        .collect();
    Ok(Some(machine.concatenate(&parts)))
}

/// The greatest product of the lengths of a text and of what replaces parts of it.
const LONGEST_REPLACED: usize = 1_000_000;

fn replace(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let (what, by) = (call.argument(0), call.argument(1));
    let is_all = call.path == "replaceAll";
    if super::is_callable(machine, &by) {
        return replace_by_function(machine, call, &by);
    }
    let known = match (call.this.text(), what.text(), by.text()) {
        (Some(text), Some(what), Some(by))
            if !by.contains('$') && text.len() * by.len().max(1) <= LONGEST_REPLACED =>
        {
            Some(match is_all {
                true => text.replace(what.as_str(), &by),
                false => text.replacen(what.as_str(), &by, 1),
            })
        }
        (Some(text), None, Some(by)) => super::regex::replaced(machine, &what, &text, &by),
        _ => None,
    };
    Ok(Some(match known {
        Some(text) => call.known(machine, Value::string(&text)),
        None => call.method_result(machine, Shape::String),
    }))
}

/// The function is called for whatever is found, if anything is.
fn replace_by_function(machine: &mut Machine<'_>, call: &Native<'_>, function: &Value) -> Answer {
    if let Some(replaced) = replace_known(machine, call, function)? {
        return Ok(Some(replaced));
    }
    let found = call.method_result(machine, Shape::String);
    let arguments = Arguments::positional([found]);
    let decision = machine.loop_decision(call.this, call.span);
    machine.perhaps(decision, |machine| {
        machine.call_value(function, None, &arguments, call.span)?;
        Ok(crate::branch::Completion::Normal)
    })?;
    Ok(Some(call.method_result(machine, Shape::String)))
}

/// What is found in a text that is known is known too: the function is called for each, as for the placeholders of a
/// statement that gets into another one (`part.replace(/\$(\d+)/g, (_, n) => `$${Number(n) + before}`)`).
fn replace_known(
    machine: &mut Machine<'_>,
    call: &Native<'_>,
    function: &Value,
) -> Result<Option<Value>, crate::Stop> {
    let what = call.argument(0);
    let known = call.this.text().and_then(|text| {
        let found = super::regex::all_found(machine, &what, &text)?;
        Some((text, found))
    });
    let Some((text, found)) = known else {
        return Ok(None);
    };
    let mut parts = Vec::with_capacity(2 * found.len() + 1);
    let mut end = 0;
    for place in found {
        parts.push(Value::string(&text[end..place.range.start]));
        end = place.range.end;
        let groups = place.groups.into_iter().map(|group| match group {
            Some(group) => Value::string(&group).with_origins(call.this.origins),
            None => Value::undefined(),
        });
        let mut arguments: Vec<Value> = groups.collect();
        arguments.push(Value::number(place.range.start as f64));
        arguments.push(call.this.clone());
        let arguments = Arguments::positional(arguments);
        parts.push(machine.call_value(function, None, &arguments, call.span)?);
    }
    parts.push(Value::string(&text[end..]));
    let whole = machine.concatenate(&parts);
    Ok(Some(call.known(machine, whole)))
}

fn matches(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let pattern = call.argument(0);
    if call.path == "match"
        && let Some(found) = super::regex::found(machine, &pattern, call.this, call.span)
    {
        return Ok(Some(found));
    }
    let part = call.method_result(machine, Shape::String);
    let mut value = machine.make_open_list(Vec::new(), Some(part.clone()), call.span);
    value = value.with_origins(part.origins);
    Ok(Some(match call.path == "match" {
        true => machine.join(value, &Value::null()),
        false => value,
    }))
}

/// Texts that are made of a text.
fn changed(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let made = match call.this.only() {
        Some(Atom::String(text)) => exact(&call.path, &text, call.arguments),
        Some(Atom::Pattern(text)) => with_holes(&call.path, &text),
        _ => None,
    };
    let is_outside = call.path == "at"
        && call.this.text().is_some_and(|text| text.is_ascii())
        && call.argument(0).as_number().is_some();
    Ok(Some(match made {
        Some(text) => call.known(machine, Value::pattern(&text)),
        None if is_outside => call.known(machine, Value::undefined()),
        None => call.method_result(machine, Shape::String),
    }))
}

/// What can be done to a text with unknown parts: the parts stay unknown.
fn with_holes(name: &str, text: &str) -> Option<String> {
    match name {
        "toLowerCase" => Some(text.to_lowercase()),
        "toUpperCase" => Some(text.to_uppercase()),
        _ => None,
    }
}

fn exact(name: &str, text: &str, arguments: &Arguments) -> Option<String> {
    if arguments.rest.is_some() {
        return None;
    }
    match name {
        "trim" => return Some(text.trim().to_owned()),
        "trimStart" => return Some(text.trim_start().to_owned()),
        "trimEnd" => return Some(text.trim_end().to_owned()),
        "toLowerCase" | "toLocaleLowerCase" => return Some(text.to_lowercase()),
        "toUpperCase" | "toLocaleUpperCase" => return Some(text.to_uppercase()),
        "normalize" if text.is_ascii() => return Some(text.to_owned()),
        _ => {}
    }
    // Positions are counted in UTF-16, which is the same as bytes only here.
    if !text.is_ascii() {
        return None;
    }
    let mut numbers = Vec::new();
    for value in &arguments.positional {
        numbers.push(value.as_number());
    }
    let length = text.len();
    match (name, numbers.as_slice()) {
        ("slice", _) => positions(&arguments.positional, length)
            .map(|(start, end)| text[start..end.max(start)].to_owned()),
        ("substring", [Some(start), rest @ ..]) => {
            let clamp = |x: f64| (x.max(0.0) as usize).min(length);
            let start = clamp(*start);
            let end = match rest.first() {
                Some(end) => clamp((*end)?),
                None => length,
            };
            Some(text[start.min(end)..start.max(end)].to_owned())
        }
        ("charAt", [Some(index)]) => Some(character(text, *index).unwrap_or("").to_owned()),
        ("at", [Some(index)]) => {
            let from_end = if *index < 0.0 { length as f64 } else { 0.0 };
            character(text, *index + from_end).map(str::to_owned)
        }
        ("repeat", [Some(count)]) if count * length as f64 <= 10_000.0 => {
            Some(text.repeat(*count as usize))
        }
        ("padStart" | "padEnd", [Some(width), ..]) if *width <= 1000.0 => {
            padded(name, text, *width as usize, arguments)
        }
        _ => None,
    }
}

/// Returns the character at a position of an ASCII text.
fn character(text: &str, index: f64) -> Option<&str> {
    let start = (index >= 0.0).then_some(index as usize)?;
    text.get(start..start.checked_add(1)?)
}

fn positions(arguments: &[Value], length: usize) -> Option<(usize, usize)> {
    let undefined = Value::undefined();
    let start = arguments.first().unwrap_or(&undefined);
    let end = arguments.get(1).unwrap_or(&undefined);
    let start = super::array::position(start, length, 0)?;
    let end = super::array::position(end, length, length)?;
    Some((start, end))
}

fn padded(name: &str, text: &str, width: usize, arguments: &Arguments) -> Option<String> {
    let filler = match arguments.positional.get(1) {
        Some(filler) => filler.text()?,
        None => Ustr::from(" "),
    };
    let missing = width.saturating_sub(text.len());
    let padding: String = filler.chars().cycle().take(missing).collect();
    Some(match name {
        "padStart" => format!("{padding}{text}"),
        _ => format!("{text}{padding}"),
    })
}

fn number(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let part = call.argument(0);
    let known = match (call.path.as_str(), call.this.text(), part.text()) {
        ("indexOf", Some(text), Some(part)) if text.is_ascii() => Some(text.find(part.as_str())),
        ("lastIndexOf", Some(text), Some(part)) if text.is_ascii() => {
            Some(text.rfind(part.as_str()))
        }
        _ => None,
    };
    Ok(Some(match known {
        Some(position) if call.arguments.positional.len() == 1 => {
            let position = position.map_or(-1.0, |position| position as f64);
            call.known(machine, Value::number(position))
        }
        _ => call.method_result(machine, Shape::Number),
    }))
}
