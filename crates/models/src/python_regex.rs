//! Regular expressions of Python: whether a text has a form.
//!
//! Source: Python 3.12 `re/__init__.py`: `match` begins at the start of the text, `fullmatch` holds the whole of it
//! against the expression, `search` looks anywhere; all give a match or nothing.

use firedoor_eval::{Answer, Call, Machine, Shape, TestKind, Value};
use firedoor_source::Span;

use crate::python_support::{argument, keep, kept};
use crate::tools::last_part;
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "python_regex",
    calls: &[
        ("py:re.compile", keep),
        ("py:re.match", of_module),
        ("py:re.fullmatch", of_module),
        ("py:re.search", of_module),
        ("py:re.compile().match", of_pattern),
        ("py:re.compile().fullmatch", of_pattern),
        ("py:re.compile().search", of_pattern),
    ],
    ..Model::EMPTY
};

/// `re.match(pattern, text)`.
fn of_module(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let (form, text) = (argument(call, 0, "pattern"), argument(call, 1, "string"));
    // An expression that was compiled before may be given as well.
    let form = kept(machine, form.only_object(), 0, "pattern").unwrap_or(form);
    Ok(Some(found(
        machine,
        last_part(&call.path),
        &form,
        &text,
        call.span,
    )))
}

/// `re.compile(pattern).match(text)`.
fn of_pattern(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let form = kept(machine, call.receiver, 0, "pattern").unwrap_or_else(Value::null);
    let text = argument(call, 0, "string");
    Ok(Some(found(
        machine,
        last_part(&call.path),
        &form,
        &text,
        call.span,
    )))
}

/// A match or nothing, whichever way the text is held against the form.
fn found(machine: &mut Machine<'_>, method: &str, form: &Value, text: &Value, span: Span) -> Value {
    let form = match (form.text(), method) {
        (Some(form), "match") => Value::string(&anchored(&form, false)),
        (Some(form), "fullmatch") => Value::string(&anchored(&form, true)),
        _ => form.clone(),
    };
    let outcome = form
        .text()
        .and_then(|form| firedoor_eval::fits(&form, text));
    let test = machine.tested(TestKind::Kind, outcome, &[text, &form], span);
    let matched = Value::unknown(Shape::Object);
    let mut found = match outcome {
        Some(true) => matched,
        Some(false) => Value::null(),
        None => machine.join(matched, &Value::null()),
    };
    found.origins = text.origins;
    found.test = test.test;
    found.control = test.control;
    found
}

/// Writes out where the text has to begin and end. Alternatives have that in common.
pub fn anchored(form: &str, is_whole: bool) -> String {
    let has_start = form.starts_with('^') && !form.contains('|');
    let has_end = !is_whole || form.ends_with('$') && !form.contains('|');
    match (has_start, has_end) {
        (true, true) => form.to_owned(),
        (true, false) => format!("{form}$"),
        _ => {
            let body = match form.contains('|') {
                true => format!("(?:{form})"),
                false => form.to_owned(),
            };
            let end = if has_end { "" } else { "$" };
            format!("^{body}{end}")
        }
    }
}
