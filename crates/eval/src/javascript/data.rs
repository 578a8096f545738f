//! Data that the language wraps: dates, URLs, bytes. What is inside keeps its origins.

use ustr::Ustr;

use super::{Function, Native, native_object};
use crate::{Answer, Machine, ObjectId, ObjectKind, Shape, TestKind, Value};

pub(super) fn function(name: &str) -> Option<Function> {
    Some(match name {
        "Date" => |machine, call| wrapped(machine, call, Some("js:Date")),
        "Buffer.from" | "Buffer.concat" | "Buffer" | "Uint8Array" | "Uint8Array.from" => {
            |machine, call| bytes(machine, call)
        }
        "Buffer.alloc" | "Buffer.allocUnsafe" => |machine, call| bytes(machine, call),
        "Buffer().toString" => decoded,
        "Buffer().equals" => equals,
        "Buffer().subarray" | "Buffer().slice" | "TextEncoder().encode" => {
            |machine, call| bytes(machine, call)
        }
        "Buffer.isBuffer" => |machine, call| {
            let given = call.argument(0);
            let test = machine.tested(TestKind::Kind, None, &[&given], call.span);
            Ok(Some(test))
        },
        "URL" | "URLSearchParams" | "Headers" | "FormData" | "TextEncoder" | "TextDecoder"
        | "AbortController" => |machine, call| wrapped(machine, call, None),
        "URL().toString" | "URL().toJSON" => url_string,
        "URLSearchParams().set" | "URLSearchParams().append" => put,
        "URLSearchParams().get" | "Headers().get" | "FormData().get" => entry,
        "URLSearchParams().has" | "Headers().has" | "FormData().has" => has,
        _ => return None,
    })
}

/// Makes an object that holds its arguments; what is new each time comes from `clock`.
fn wrapped(machine: &mut Machine<'_>, call: &Native<'_>, clock: Option<&str>) -> Answer {
    // `Date()` without `new` is a text.
    if !call.is_new && clock.is_some() {
        return Ok(Some(super::globals::shaped(machine, call, Shape::String)));
    }
    let given = call.arguments.positional.clone();
    let path = format!("{}()", call.path);
    let inner = machine.derived(Shape::Any, &given);
    let (_, mut value) = native_object(machine, &path, given.clone(), call.span);
    value.origins = inner.origins;
    value.control = inner.control;
    if let (Some(clock), true) = (clock, given.is_empty()) {
        value.origins = machine
            .origins
            .single(crate::Origin::Outside(Ustr::from(clock)));
    }
    Ok(Some(value))
}

fn bytes(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let given = call.arguments.positional.clone();
    let all = call.derived(machine, Shape::Object);
    let (_, value) = native_object(machine, "js:Buffer()", given, call.span);
    let mut value = value.with_origins(all.origins);
    value.control = all.control;
    Ok(Some(value))
}

/// The text that bytes were made of, if nothing was converted on the way.
fn decoded(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let is_plain = |value: Option<&Value>| match value {
        None => true,
        Some(encoding) => encoding
            .text()
            .is_some_and(|text| text == "utf8" || text == "utf-8"),
    };
    if let Some(id) = call.object() {
        let elements = &machine.heap.get(id).elements;
        if is_plain(elements.get(1))
            && is_plain(call.arguments.positional.first())
            && let Some(text) = elements.first().filter(|first| first.text().is_some())
        {
            return Ok(Some(text.clone()));
        }
    }
    Ok(Some(call.derived(machine, Shape::String)))
}

fn equals(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let other = call.argument(0);
    Ok(Some(machine.tested(
        TestKind::Equality,
        None,
        &[call.this, &other],
        call.span,
    )))
}

/// An entry under a key comes from the member of that name.
fn entry(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let key = call.argument(0);
    let mut origins = call.this.origins;
    if let Some(name) = key.text() {
        let host = machine.host();
        origins = host.member_origins(machine, origins, name);
    }
    let mut value = Value::unknown(Shape::Any).with_origins(origins);
    value.control = call.this.control;
    Ok(Some(value))
}

/// What is put among the parameters of an address is part of them.
fn put(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    if let Some(id) = call.object() {
        let name = call.argument(0).text().unwrap_or_default();
        let key = Ustr::from(&format!("${name}"));
        machine.heap.set_property(id, key, call.argument(1));
    }
    Ok(Some(Value::undefined()))
}

fn has(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let value = entry(machine, call)?.unwrap_or_else(Value::undefined);
    Ok(Some(machine.tested(
        TestKind::Membership,
        None,
        &[&value],
        call.span,
    )))
}

/// Returns the text of a URL made of known texts.
pub(crate) fn url_text(machine: &Machine<'_>, id: ObjectId) -> Option<String> {
    let object = machine.heap.get(id);
    let ObjectKind::Host(path) = object.kind else {
        return None;
    };
    if path != "js:URL()" {
        return None;
    }
    let text = object.elements.first()?.text()?;
    if text.contains("://") {
        return Some(text.to_string());
    }
    let base = object.elements.get(1)?.text()?;
    let (scheme, rest) = base.split_once("://")?;
    let start = rest.find('/').unwrap_or(rest.len());
    let (place, path) = rest.split_at(start);
    let joined = match text.starts_with('/') {
        true => text.to_string(),
        false => {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            format!("{folder}/{text}")
        }
    };
    let slash = if joined.ends_with('/') { "/" } else { "" };
    let path = super::normal_path(&joined);
    let path = if path == "/" { String::new() } else { path };
    let slash = if path.is_empty() { "/" } else { slash };
    Some(format!("{scheme}://{place}{path}{slash}"))
}

fn url_string(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let text = call.object().and_then(|id| url_text(machine, id));
    Ok(Some(match text {
        Some(text) => call.known(machine, Value::string(&text)),
        // Parameters that were put there later say nothing of where the address leads.
        None => match call.object() {
            Some(id) => {
                let made_of = machine.heap.get(id).elements.clone();
                let text = machine.derived(Shape::String, &made_of);
                match made_of.as_slice() {
                    // What is resolved against an address need not lead there, as `href` says too.
                    [relative, base, ..] => {
                        let host = machine.host();
                        let href = Ustr::from("href");
                        let whole = host.member_origins(machine, relative.origins, href);
                        let origins = machine.origins.union(whole, base.origins);
                        text.with_origins(origins)
                    }
                    _ => {
                        let origins = machine.origins.union(text.origins, call.this.origins);
                        text.with_origins(origins)
                    }
                }
            }
            None => call.derived(machine, Shape::String),
        },
    }))
}

/// The property of an address that holds its parameters, once somebody has asked for them.
const PARAMETERS: &str = "$parameters";

/// Reads a member of an object that the language has made.
pub(super) fn member(
    machine: &mut Machine<'_>,
    id: ObjectId,
    whole: &Value,
    path: &str,
    key: Ustr,
) -> Option<Value> {
    let url = path.strip_prefix("js:URL().");
    let shape = match (url, key.as_str()) {
        (Some("searchParams"), _) => {
            let key = Ustr::from(PARAMETERS);
            if let Some(known) = machine.heap.property(id, key).cloned() {
                return Some(known.with_origins(whole.origins));
            }
            let span = machine.heap.get(id).span;
            let path = "js:URLSearchParams()";
            let (_, value) = native_object(machine, path, Vec::new(), span);
            machine.heap.set_property(id, key, value.clone());
            return Some(value.with_origins(whole.origins));
        }
        (
            Some(
                "href" | "pathname" | "origin" | "host" | "hostname" | "protocol" | "search"
                | "hash" | "port" | "username" | "password",
            ),
            _,
        ) => Shape::String,
        (None, "length" | "byteLength" | "size") => Shape::Number,
        _ => return None,
    };
    let text = url_text(machine, id);
    let known = match (key.as_str(), text) {
        ("href", Some(text)) => Some(text),
        ("pathname", Some(text)) => path_of(&text),
        _ => None,
    };
    if let Some(known) = known {
        return Some(Value::string(&known).with_origins(whole.origins));
    }
    let host = machine.host();
    let origins = host.member_origins(machine, whole.origins, key);
    Some(Value::unknown(shape).with_origins(origins))
}

fn path_of(url: &str) -> Option<String> {
    let rest = url.split_once("://")?.1;
    let path = rest.find('/').map_or("/", |start| &rest[start..]);
    let end = path.find(['?', '#']).unwrap_or(path.len());
    Some(path[..end].to_owned())
}
