//! Methods of strings: exact on known ones, decided on partly known ones where their fixed parts decide.

use ustr::Ustr;

use crate::python::Use;
use crate::{Answer, Atom, HOLE, Machine, Shape, TestKind, Value};

/// Methods that give a string.
const TO_STRING: &[&str] = &[
    "capitalize",
    "casefold",
    "center",
    "decode",
    "encode",
    "expandtabs",
    "format",
    "format_map",
    "hex",
    "join",
    "ljust",
    "lower",
    "lstrip",
    "removeprefix",
    "removesuffix",
    "replace",
    "rjust",
    "rstrip",
    "strip",
    "swapcase",
    "title",
    "translate",
    "upper",
    "zfill",
];

/// The greatest product of the lengths of a text and of what replaces parts of it.
const LONGEST_REPLACED: usize = 1_000_000;

/// Methods that give a list of strings.
const TO_LIST: &[&str] = &["partition", "rpartition", "rsplit", "split", "splitlines"];

/// Methods that test.
const TO_BOOL: &[&str] = &[
    "endswith",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
    "isspace",
    "istitle",
    "isupper",
    "startswith",
];

/// Methods that give a number; those of lists of the same name are not taken for them.
const TO_NUMBER: &[&str] = &["count", "find", "index", "rfind", "rindex"];

/// Methods that only strings have, so that whatever has them is one.
const ONLY_STRINGS: &[&str] = &[
    "capitalize",
    "casefold",
    "decode",
    "encode",
    "endswith",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "islower",
    "isnumeric",
    "isspace",
    "isupper",
    "ljust",
    "lower",
    "lstrip",
    "partition",
    "removeprefix",
    "removesuffix",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "swapcase",
    "title",
    "upper",
    "zfill",
];

/// Calls a method of a string.
pub(crate) fn method(machine: &mut Machine<'_>, call: &Use<'_>) -> Answer {
    if let Some(text) = call.this.text_pattern()
        && let Some(value) = known(machine, &text, call)?
    {
        return Ok(Some(value));
    }
    Ok(by_shape(machine, call))
}

/// Calls a method of an unknown value that can only be one of a string.
pub(crate) fn unknown(machine: &mut Machine<'_>, call: &Use<'_>) -> Answer {
    if !ONLY_STRINGS.contains(&call.name) {
        return Ok(None);
    }
    Ok(by_shape(machine, call))
}

fn by_shape(machine: &mut Machine<'_>, call: &Use<'_>) -> Option<Value> {
    let all: Vec<&Value> = std::iter::once(call.this)
        .chain(call.arguments.all())
        .collect();
    if TO_STRING.contains(&call.name) {
        return Some(machine.derived(Shape::String, all));
    }
    if TO_BOOL.contains(&call.name) {
        report(machine, call);
        let kind = match call.name {
            "startswith" | "endswith" => TestKind::Part,
            _ => TestKind::Membership,
        };
        let value = machine.tested(kind, None, &all, call.span);
        note_edge(machine, call.name, &value);
        return Some(value);
    }
    if TO_NUMBER.contains(&call.name) {
        return Some(machine.derived(Shape::Number, all));
    }
    if !TO_LIST.contains(&call.name) {
        return None;
    }
    let part = machine.derived(Shape::String, all);
    let list = machine.make_list(Vec::new(), true, call.span);
    let mut list = list.with_origins(part.origins);
    list.control = part.control;
    Some(list)
}

/// Tells the host that a text is told apart by how it starts or ends.
fn report(machine: &mut Machine<'_>, call: &Use<'_>) {
    if call.this.origins.is_empty() {
        return;
    }
    if let Some(constants) = call.arguments.get(0).texts() {
        let host = machine.host();
        host.compared(machine, call.this, &constants, call.span);
    }
}

fn known(machine: &mut Machine<'_>, text: &str, call: &Use<'_>) -> Answer {
    let is_exact = !text.contains(HOLE);
    let argument = call.at(0);
    let first = argument.as_ref().and_then(Value::text);
    let made = match call.name {
        "lower" | "casefold" => text.to_lowercase(),
        "upper" => text.to_uppercase(),
        "title" if is_exact => title(text),
        "capitalize" if is_exact => capitalize(text),
        "strip" | "lstrip" | "rstrip" => match strip(text, call.name, first.as_deref(), call) {
            Some(stripped) => stripped,
            None => return Ok(None),
        },
        "encode" | "decode" => return Ok(Some(call.this.clone())),
        "replace" => match (first, call.at(1).and_then(|value| value.text())) {
            (Some(from), Some(to)) if text.len() * to.len().max(1) <= LONGEST_REPLACED => {
                text.replace(from.as_str(), to.as_str())
            }
            _ => return Ok(None),
        },
        "removeprefix" => match (first, is_exact) {
            (Some(prefix), true) => text
                .strip_prefix(prefix.as_str())
                .unwrap_or(text)
                .to_owned(),
            _ => return Ok(None),
        },
        "removesuffix" => match (first, is_exact) {
            (Some(suffix), true) => text
                .strip_suffix(suffix.as_str())
                .unwrap_or(text)
                .to_owned(),
            _ => return Ok(None),
        },
        "format" => return Ok(Some(format(machine, text, call))),
        "join" => return Ok(Some(join(machine, call))),
        "split" | "rsplit" | "splitlines" | "partition" | "rpartition" => {
            return Ok(split(machine, text, is_exact, first.as_deref(), call));
        }
        "startswith" | "endswith" => return Ok(Some(edge(machine, text, call))),
        name if TO_BOOL.contains(&name) && is_exact => {
            let outcome = classify(name, text);
            return Ok(Some(machine.tested(
                TestKind::Kind,
                outcome,
                &[call.this],
                call.span,
            )));
        }
        "find" | "index" | "count" => match (first, is_exact) {
            (Some(part), true) => return Ok(Some(position(text, &part, call))),
            _ => return Ok(None),
        },
        _ => return Ok(None),
    };
    let mut value = Value::pattern(&made).with_origins(call.this.origins);
    value.control = call.this.control;
    Ok(Some(value))
}

fn title(text: &str) -> String {
    let mut is_start = true;
    text.chars()
        .flat_map(|c| {
            let cased: Vec<char> = match is_start {
                true => c.to_uppercase().collect(),
                false => c.to_lowercase().collect(),
            };
            is_start = !c.is_alphabetic();
            cased
        })
        .collect()
}

fn capitalize(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().collect::<String>() + &chars.as_str().to_lowercase(),
        None => String::new(),
    }
}

fn strip(text: &str, name: &str, set: Option<&str>, call: &Use<'_>) -> Option<String> {
    if call.at(0).is_some_and(|given| !given.is_nothing()) && set.is_none() {
        return None;
    }
    let matches = |c: char| match set {
        Some(set) => set.contains(c),
        None => c.is_whitespace(),
    };
    Some(
        match name {
            "strip" => text.trim_matches(matches),
            "lstrip" => text.trim_start_matches(matches),
            _ => text.trim_end_matches(matches),
        }
        .to_owned(),
    )
}

fn position(text: &str, part: &str, call: &Use<'_>) -> Value {
    let number = match call.name {
        "count" => text.matches(part).count() as f64,
        _ => match text.find(part) {
            Some(byte) => text[..byte].chars().count() as f64,
            None => -1.0,
        },
    };
    Value::number(number).with_origins(call.this.origins)
}

fn classify(name: &str, text: &str) -> Option<bool> {
    let all = |test: fn(char) -> bool| !text.is_empty() && text.chars().all(test);
    Some(match name {
        "isdigit" | "isnumeric" | "isdecimal" => all(|c| c.is_numeric()),
        "isalpha" => all(char::is_alphabetic),
        "isalnum" => all(char::is_alphanumeric),
        "isspace" => all(char::is_whitespace),
        "isupper" => text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase),
        "islower" => text.chars().any(char::is_lowercase) && !text.chars().any(char::is_uppercase),
        "isascii" => text.is_ascii(),
        "isidentifier" => {
            all(|c| c.is_alphanumeric() || c == '_') && !text.starts_with(|c: char| c.is_numeric())
        }
        _ => return None,
    })
}

/// `startswith` and `endswith`, also of one of several.
fn edge(machine: &mut Machine<'_>, text: &str, call: &Use<'_>) -> Value {
    let wanted = call.at(0).unwrap_or_else(Value::undefined);
    let wanted_all = match wanted.only_object() {
        Some(_) => machine.elements_of(&wanted),
        None => (vec![wanted.clone()], false),
    };
    let mut outcome = Some(false);
    for part in &wanted_all.0 {
        let one = part.text().and_then(|part| edge_of(text, &part, call.name));
        outcome = match (outcome, one) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        };
    }
    if wanted_all.1 && outcome == Some(false) {
        outcome = None;
    }
    report(machine, call);
    let value = machine.tested(TestKind::Part, outcome, &[call.this, &wanted], call.span);
    if outcome.is_none() {
        note_edge(machine, call.name, &value);
    }
    value
}

/// Remembers which edge of a text was asked for, by the name that JavaScript has for it.
fn note_edge(machine: &mut Machine<'_>, name: &str, value: &Value) {
    let edge = match name {
        "startswith" => "startsWith",
        "endswith" => "endsWith",
        _ => return,
    };
    if let Some((test, _)) = value.test {
        machine.text_tests.push((test, Ustr::from(edge)));
    }
}

fn edge_of(text: &str, part: &str, name: &str) -> Option<bool> {
    let is_start = name == "startswith";
    let fixed = match is_start {
        true => text.split(HOLE).next().unwrap_or(""),
        false => text.rsplit(HOLE).next().unwrap_or(""),
    };
    let (has, may) = match is_start {
        true => (fixed.starts_with(part), part.starts_with(fixed)),
        false => (fixed.ends_with(part), part.ends_with(fixed)),
    };
    match (has, text.contains(HOLE) && may) {
        (true, _) => Some(true),
        (false, false) => Some(false),
        (false, true) => None,
    }
}

fn split(
    machine: &mut Machine<'_>,
    text: &str,
    is_exact: bool,
    separator: Option<&str>,
    call: &Use<'_>,
) -> Option<Value> {
    let is_given = call.at(0).is_some_and(|given| !given.is_nothing());
    if let (false, "split", Some(separator)) = (is_exact, call.name, separator) {
        return split_beginning(machine, text, separator, call);
    }
    if !is_exact || (is_given && separator.is_none()) || separator == Some("") {
        return None;
    }
    let most = call
        .arguments
        .find(1, "maxsplit")
        .and_then(Value::as_number)
        .filter(|most| *most >= 0.0)
        .map_or(usize::MAX, |most| most as usize + 1);
    let parts: Vec<&str> = match (call.name, separator) {
        ("splitlines", _) => text.lines().collect(),
        ("partition", Some(separator)) => match text.split_once(separator) {
            Some((before, after)) => vec![before, separator, after],
            None => vec![text, "", ""],
        },
        ("rpartition", Some(separator)) => match text.rsplit_once(separator) {
            Some((before, after)) => vec![before, separator, after],
            None => vec!["", "", text],
        },
        ("rsplit", Some(separator)) => {
            let mut parts: Vec<&str> = text.rsplitn(most, separator).collect();
            parts.reverse();
            parts
        }
        (_, Some(separator)) => text.splitn(most, separator).collect(),
        (_, None) => text.split_whitespace().collect(),
    };
    let elements = parts.into_iter().map(Value::string).collect();
    let list = machine.make_list(elements, false, call.span);
    Some(list.with_origins(call.this.origins))
}

/// Of a text that is known at its beginning only, the first parts: `request.path.split("/")[1]`.
fn split_beginning(
    machine: &mut Machine<'_>,
    text: &str,
    separator: &str,
    call: &Use<'_>,
) -> Option<Value> {
    let known = text.split(HOLE).next().unwrap_or_default();
    if separator.is_empty()
        || separator.contains(HOLE)
        || call.at(1).is_some()
        || !call.arguments.keywords.is_empty()
    {
        return None;
    }
    let mut parts: Vec<Value> = known.split(separator).map(Value::string).collect();
    // The last of them goes on with what is not known.
    parts.pop();
    let rest = machine.derived(Shape::String, [call.this]);
    let list = machine.make_open_list(parts, Some(rest), call.span);
    Some(list.with_origins(call.this.origins))
}

fn join(machine: &mut Machine<'_>, call: &Use<'_>) -> Value {
    let source = call.at(0).unwrap_or_else(Value::null);
    let is_object = source.only_object().is_some();
    let (elements, is_open) = machine.elements_of(&source);
    if is_open || !is_object {
        return machine.derived(Shape::String, [call.this, &source]);
    }
    let mut text = machine.joined(&source, &elements, call.this);
    text.origins = machine.origins.union(text.origins, source.origins);
    text
}

/// `"{} {name}".format(...)`.
fn format(machine: &mut Machine<'_>, text: &str, call: &Use<'_>) -> Value {
    let mut parts = Vec::new();
    let mut fixed = String::new();
    let mut next = 0;
    let mut rest = text;
    while let Some(position) = rest.find(['{', '}']) {
        fixed.push_str(&rest[..position]);
        let brace = &rest[position..position + 1];
        rest = &rest[position + 1..];
        if rest.starts_with(brace) {
            fixed.push_str(brace);
            rest = &rest[1..];
            continue;
        }
        let Some(end) = rest.find('}').filter(|_| brace == "{") else {
            continue;
        };
        let field = rest[..end].split([':', '!']).next().unwrap_or("");
        rest = &rest[end + 1..];
        parts.push(Value::pattern(&std::mem::take(&mut fixed)));
        parts.push(field_value(machine, field, &mut next, call));
    }
    fixed.push_str(rest);
    parts.push(Value::pattern(&fixed));
    let mut made = machine.concatenate(&parts);
    made.origins = machine.origins.union(made.origins, call.this.origins);
    made
}

fn field_value(machine: &mut Machine<'_>, field: &str, next: &mut usize, call: &Use<'_>) -> Value {
    let name = field.split(['.', '[']).next().unwrap_or("");
    let mut value = if name.is_empty() {
        *next += 1;
        call.at(*next - 1)
    } else if let Ok(index) = name.parse::<usize>() {
        call.at(index)
    } else {
        call.arguments.keyword(name).cloned()
    };
    for attribute in field.split('.').skip(1) {
        let held = value.unwrap_or_else(Value::undefined);
        value = machine.member(&held, attribute.into(), call.span).ok();
    }
    value.unwrap_or_else(|| machine.derived(Shape::Any, call.arguments.all()))
}

/// `text % values`.
pub(crate) fn percent(machine: &mut Machine<'_>, text: &str, values: &Value) -> Value {
    let is_tuple = values
        .only_object()
        .is_some_and(|id| matches!(machine.heap.get(id).kind, crate::ObjectKind::Tuple));
    let elements = match is_tuple {
        true => machine.elements_of(values).0,
        false => vec![values.clone()],
    };
    let mut elements = elements.into_iter();
    let mut parts = Vec::new();
    let mut pieces = text.split('%');
    parts.push(Value::pattern(pieces.next().unwrap_or("")));
    let mut is_escape = false;
    for piece in pieces {
        if std::mem::take(&mut is_escape) {
            parts.push(Value::pattern(&format!("%{piece}")));
            continue;
        }
        if piece.is_empty() {
            is_escape = true;
            continue;
        }
        let (name, rest) = match piece
            .strip_prefix('(')
            .and_then(|inner| inner.split_once(')'))
        {
            Some((name, rest)) => (Some(name), rest),
            None => (None, piece),
        };
        let end = rest
            .find(|c: char| c.is_ascii_alphabetic())
            .map_or(rest.len(), |end| end + 1);
        let value = match name {
            Some(name) => machine
                .index(values, &Value::string(name), machine.place())
                .unwrap_or_else(|_| Value::undefined()),
            None => elements.next().unwrap_or_else(|| values.clone()),
        };
        let is_plain = rest.starts_with('s') || rest.starts_with('d') || rest.starts_with('i');
        parts.push(if is_plain {
            value
        } else {
            machine.derived(Shape::Any, [&value])
        });
        parts.push(Value::pattern(rest.get(end..).unwrap_or("")));
    }
    machine.concatenate(&parts)
}

/// Reads a character or a part of a string.
pub(crate) fn index(
    machine: &mut Machine<'_>,
    whole: &Value,
    atom: &Atom,
    key: &Value,
) -> Option<Value> {
    let Atom::String(text) = atom else {
        return None;
    };
    let chars: Vec<char> = text.chars().collect();
    let made: String = match machine.slice_of(key) {
        Some(slice) => slice
            .apply(chars.len())?
            .map(|index| chars[index])
            .collect(),
        None => {
            let number = key.as_number()?;
            let position = if number < 0.0 {
                number + chars.len() as f64
            } else {
                number
            };
            chars
                .get(position as usize)
                .filter(|_| position >= 0.0)?
                .to_string()
        }
    };
    Some(Value::string(&made).with_origins(whole.origins))
}
