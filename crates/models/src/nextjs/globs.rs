//! Libraries that hold the path of a request against patterns: micromatch, picomatch, minimatch and path-to-regexp.
//!
//! Middleware leaves paths out by them; whether one is left out is as decided as the path of the entry point is known.
//! Sources: picomatch 4.0 `lib/parse.js`, minimatch 10, path-to-regexp 6. What is more than stars and choices is not
//! known.

use firedoor_eval::{Answer, Call, Machine, TestKind, Value};
use ustr::Ustr;

use super::matchers::{Cover, of_globs, of_matchers};
use crate::tools::{keep, kept, option};
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "path-patterns",
    calls: &[
        ("npm:micromatch.isMatch", is_match),
        ("npm:picomatch.isMatch", is_match),
        ("npm:minimatch.minimatch", is_match),
        ("npm:minimatch", is_match),
        ("npm:picomatch", make_glob),
        ("npm:micromatch.matcher", make_glob),
        ("path-patterns:glob", hold_glob),
        ("npm:path-to-regexp.match", make_pattern),
        ("npm:path-to-regexp.pathToRegexp", make_pattern),
        ("path-patterns:pattern", hold_pattern),
        ("path-patterns:pattern.test", hold_pattern),
        ("path-patterns:pattern.exec", hold_pattern),
    ],
    ..Model::EMPTY
};

/// `isMatch(path, patterns, options?)`.
fn is_match(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let (path, patterns) = (call.arguments.get(0), call.arguments.get(1));
    let has_options = !call.arguments.get(2).is_nothing();
    // For minimatch a slash and two stars at the end take only what stands below.
    let takes_base = !call.path.starts_with("npm:minimatch");
    let globs = (!has_options).then_some(&patterns);
    held_globs(host, machine, call, &path, globs, takes_base)
}

/// `picomatch(patterns)`, a function of the path.
fn make_glob(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "path-patterns:glob", call.span);
    keep(machine, id, "$patterns", call.arguments.get(0));
    keep(machine, id, "$options", call.arguments.get(1));
    Ok(Some(Value::object(id)))
}

fn hold_glob(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let patterns = kept(machine, call.receiver, "$patterns");
    let has_options = !kept(machine, call.receiver, "$options").is_nothing();
    let path = call.arguments.get(0);
    let globs = (!has_options).then_some(&patterns);
    held_globs(host, machine, call, &path, globs, true)
}

/// Says whether globs take the path, where there are some without options of their own.
fn held_globs(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    path: &Value,
    globs: Option<&Value>,
    takes_base: bool,
) -> Answer {
    held(host, machine, call, path, |machine, path| match globs {
        Some(globs) => of_globs(machine, globs, path, takes_base),
        None => Cover::Unknown,
    })
}

/// `match(pattern, options?)` and `pathToRegexp(pattern)`.
fn make_pattern(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "path-patterns:pattern", call.span);
    keep(machine, id, "$patterns", call.arguments.get(0));
    // How parts are decoded changes nothing; where a pattern may end does.
    let given: Vec<Value> = call.arguments.all().skip(1).cloned().collect();
    let mut given = given.iter();
    let is_loose = given.any(|it| option(machine, it, "end", call.span).is_some());
    keep(machine, id, "$loose", Value::bool(is_loose));
    Ok(Some(Value::object(id)))
}

fn hold_pattern(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let patterns = kept(machine, call.receiver, "$patterns");
    let is_loose = kept(machine, call.receiver, "$loose").truth() == Some(true);
    let path = call.arguments.get(0);
    held(host, machine, call, &path, |machine, path| match is_loose {
        true => Cover::Unknown,
        false => of_matchers(machine, &patterns, path, call.span),
    })
}

/// Says whether the path is taken, where it is known.
fn held(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    path: &Value,
    cover: impl FnOnce(&mut Machine<'_>, &str) -> Cover,
) -> Answer {
    let Some(known) = known_path(host, machine, path) else {
        return Ok(None);
    };
    let outcome = match cover(machine, &known) {
        Cover::Always => Some(true),
        Cover::Never => Some(false),
        Cover::Sometimes | Cover::Unknown => None,
    };
    let test = machine.tested(TestKind::Truth, outcome, &[path], call.span);
    Ok(Some(test))
}

/// Returns the path that is held against patterns: a text that is known, or the template of the entry point where it is
/// the path of the request as a whole. What is cut out of that, or put together with it, is another one.
fn known_path(host: &ModelHost, machine: &mut Machine<'_>, path: &Value) -> Option<Ustr> {
    if let Some(text) = path.text() {
        return Some(text);
    }
    let whole = crate::express::request_path(host, machine);
    let is_whole = path.text_pattern().is_some() && path.text_pattern() == whole.text_pattern();
    (is_whole && host.is_request()).then(|| host.state().run.path)
}
