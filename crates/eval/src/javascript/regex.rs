//! Regular expressions over known texts; over anything else the outcome is open.
//!
//! An engine with a smaller language than JavaScript's does the work. What it does not read, or reads
//! differently, is open too.

use firedoor_source::Span;
use ustr::Ustr;

use super::{Function, Native};
use crate::{Answer, Atom, HOLE, Machine, ObjectKind, TestKind, Value};

/// The longest expression and text that are looked at.
const LONGEST: usize = 2000;

pub(super) fn method(name: &str) -> Option<Function> {
    Some(match name {
        "test" => test,
        "exec" => exec,
        _ => return None,
    })
}

/// `new RegExp(text, flags)`.
pub(super) fn construct(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let given = call.argument(0);
    let Some(text) = given.text() else {
        return Ok(Some(match given.only_object() {
            Some(_) => given,
            None => call.derived(machine, crate::Shape::Object),
        }));
    };
    let flags = call.argument(1).text().unwrap_or_default();
    let id = machine.heap.allocate(ObjectKind::Regex(text), call.span);
    let properties = &mut machine.heap.get_mut(id).properties;
    properties.insert(Ustr::from("flags"), Value::string(&flags));
    Ok(Some(Value::object(id).with_origins(given.origins)))
}

/// Returns the expression for the engine, if it means the same there.
fn compiled(machine: &Machine<'_>, expression: &Value) -> Option<(regex_lite::Regex, bool)> {
    let id = expression.only_object()?;
    let ObjectKind::Regex(pattern) = machine.heap.get(id).kind else {
        return None;
    };
    let is_different = pattern.len() > LONGEST
        || [
            "[^]", "[]", "(?<", "(?=", "(?!", "\\c", "\\k", "&&", "--", "~~",
        ]
        .iter()
        .any(|part| pattern.contains(part));
    if is_different {
        return None;
    }
    let flags = machine.heap.property(id, Ustr::from("flags"))?.text()?;
    let regex = regex_lite::RegexBuilder::new(&pattern)
        .case_insensitive(flags.contains('i'))
        .multi_line(flags.contains('m'))
        .dot_matches_new_line(flags.contains('s'))
        .size_limit(1 << 20)
        .build()
        .ok()?;
    Some((regex, flags.contains('g')))
}

fn short_text(value: &Value) -> Option<Ustr> {
    value
        .text()
        .filter(|text| text.len() <= LONGEST && text.is_ascii())
}

fn test(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let text = call.argument(0);
    report(machine, call.this, &text, call.span);
    let outcome = compiled(machine, call.this).and_then(|(regex, _)| match short_text(&text) {
        Some(text) => Some(regex.is_match(&text)),
        None => known_part_matches(machine, call.this, &regex, &text).then_some(true),
    });
    let form = form_of(machine, call.this);
    Ok(Some(machine.tested(
        TestKind::Kind,
        outcome,
        &[&text, &form],
        call.span,
    )))
}

/// The expression as a text, which says what form is asked for.
fn form_of(machine: &Machine<'_>, expression: &Value) -> Value {
    let mut ids = expression.objects();
    let pattern = ids.find_map(|id| match machine.heap.get(id).kind {
        ObjectKind::Regex(pattern) => Some(pattern),
        _ => None,
    });
    match pattern {
        Some(pattern) => Value::string(&pattern),
        None => expression.clone(),
    }
}

/// Holds if a part of a text that is known in part is found by an expression that looks at nothing around it.
fn known_part_matches(
    machine: &Machine<'_>,
    expression: &Value,
    regex: &regex_lite::Regex,
    text: &Value,
) -> bool {
    let looks_around = expression.only_object().is_none_or(|id| {
        let ObjectKind::Regex(pattern) = machine.heap.get(id).kind else {
            return true;
        };
        // An anchor at the start is held against the start of the text, which is known then.
        pattern.contains('$') || pattern.contains("\\b") || pattern.contains("\\B")
    });
    if looks_around {
        return false;
    }
    let Some(Atom::Pattern(pattern)) = text.only() else {
        return false;
    };
    let known = pattern.find(HOLE).map_or(&*pattern, |end| &pattern[..end]);
    known.len() <= LONGEST && known.is_ascii() && regex.is_match(known)
}

/// Tells the host that a text is told apart by an expression for a path, written as a template.
fn report(machine: &mut Machine<'_>, expression: &Value, text: &Value, span: Span) {
    if text.origins.is_empty() {
        return;
    }
    let pattern = expression
        .only_object()
        .and_then(|id| match machine.heap.get(id).kind {
            ObjectKind::Regex(pattern) => Some(pattern),
            _ => None,
        });
    if let Some(template) = pattern.and_then(|pattern| path_template(&pattern)) {
        let host = machine.host();
        host.compared(machine, text, &[template], span);
    }
}

/// Writes an expression that is anchored at the start of a path as a template: `^\/rooms\/(\w+)$` is
/// `/rooms/{id}`.
pub fn path_template(pattern: &str) -> Option<Ustr> {
    let plain = pattern
        .replace("\\/", "/")
        .replace("[^/]", "\\w")
        .replace("[^/?]", "\\w");
    let rest = plain.strip_prefix("^/")?;
    let rest = rest.strip_suffix('$').unwrap_or(rest);
    let segments: Vec<String> = rest
        .split('/')
        .filter(|segment| !matches!(*segment, "" | "?"))
        .map(segment_template)
        .collect();
    Some(Ustr::from(&format!("/{}", segments.join("/"))))
}

fn segment_template(segment: &str) -> String {
    let is_fixed = segment
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if is_fixed {
        return segment.to_owned();
    }
    let name = segment
        .split_once("(?<")
        .and_then(|(_, rest)| rest.split_once('>'))
        .map_or("id", |(name, _)| name);
    format!("{{{name}}}")
}

fn exec(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let text = call.argument(0);
    if let Some(found) = found(machine, call.this, &text, call.span) {
        return Ok(Some(found));
    }
    let part = machine.derived(crate::Shape::String, [&text]);
    let list = machine.make_open_list(Vec::new(), Some(part), call.span);
    let list = list.with_origins(text.origins);
    Ok(Some(machine.join(list, &Value::null())))
}

/// Returns what `text.match(expression)` gives, if that is known.
pub(super) fn found(
    machine: &mut Machine<'_>,
    expression: &Value,
    text: &Value,
    span: Span,
) -> Option<Value> {
    report(machine, expression, text, span);
    let (regex, is_global) = compiled(machine, expression)?;
    let known = short_text(text)?;
    if is_global {
        return None;
    }
    let Some(captures) = regex.captures(&known) else {
        return Some(Value::null().with_origins(text.origins));
    };
    let groups = captures
        .iter()
        .map(|group| match group {
            Some(group) => Value::string(group.as_str()).with_origins(text.origins),
            None => Value::undefined(),
        })
        .collect();
    let list = machine.make_list(groups, false, span);
    Some(list.with_origins(text.origins))
}

/// A place at which an expression is found.
pub(super) struct Place {
    /// Where it is.
    pub(super) range: std::ops::Range<usize>,
    /// What is found there as a whole, and what the groups are.
    pub(super) groups: Vec<Option<String>>,
}

/// The longest text in which all places are looked for, and the most that are told apart.
const LONGEST_SEARCHED: usize = 10_000;
const MOST_FOUND: usize = 50;

/// Returns the places at which a text, or an expression, is found: all of them, or the first if the expression asks for
/// no more. `None` if that is not known.
pub(super) fn all_found(machine: &Machine<'_>, what: &Value, text: &str) -> Option<Vec<Place>> {
    let (regex, is_global) = compiled(machine, what)?;
    if !text.is_ascii() || text.len() > LONGEST_SEARCHED {
        return None;
    }
    let most = match is_global {
        true => MOST_FOUND + 1,
        false => 1,
    };
    let places: Vec<Place> = regex
        .captures_iter(text)
        .take(most)
        .filter_map(|captures| {
            let groups = captures.iter();
            let groups = groups.map(|group| group.map(|it| it.as_str().to_owned()));
            Some(Place {
                range: captures.get(0)?.range(),
                groups: groups.collect(),
            })
        })
        .collect();
    (places.len() <= MOST_FOUND).then_some(places)
}

/// Returns `text.replace(expression, by)`, if that is known.
pub(super) fn replaced(
    machine: &Machine<'_>,
    expression: &Value,
    text: &str,
    by: &str,
) -> Option<String> {
    let (regex, is_global) = compiled(machine, expression)?;
    // `$` means something in a replacement, and not the same everywhere.
    if by.contains('$') || !text.is_ascii() || text.len().max(by.len()) > LONGEST {
        return None;
    }
    Some(match is_global {
        true => regex.replace_all(text, by).into_owned(),
        false => regex.replace(text, by).into_owned(),
    })
}
