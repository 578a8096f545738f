//! Which paths middleware runs for: `config.matcher`, and the patterns that libraries take.
//!
//! A path of an entry point has parameters, of which a few values are tried: a matcher takes it always, never, or
//! for some values only. Source: next 15.5, `build/analysis/get-page-static-info.ts`: patterns are those of
//! path-to-regexp 6, held against the path with regard to case.

use firedoor_eval::{Atom, Machine, ObjectKind, Value};
use firedoor_source::Span;

use super::expressions::Expression;
use super::patterns::of_pattern;
use crate::tools::option;

/// How much of a path is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cover {
    /// All of it.
    Always,
    /// Some values of its parameters, or requests with some headers.
    Sometimes,
    /// Nothing.
    Never,
    /// That cannot be told.
    Unknown,
}

impl Cover {
    /// What two matchers take together.
    fn or(self, other: Cover) -> Cover {
        match (self, other) {
            (Cover::Always, _) | (_, Cover::Always) => Cover::Always,
            (Cover::Unknown, _) | (_, Cover::Unknown) => Cover::Unknown,
            (Cover::Never, Cover::Never) => Cover::Never,
            _ => Cover::Sometimes,
        }
    }
}

/// Returns what `config.matcher` takes of a path; without a matcher everything is taken.
pub(super) fn cover(machine: &mut Machine<'_>, config: &Value, path: &str, span: Span) -> Cover {
    let Some(matcher) = option(machine, config, "matcher", span) else {
        return Cover::Always;
    };
    of_matchers(machine, &matcher, path, span)
}

/// Returns what a matcher, or a list of them, takes of a path.
pub(super) fn of_matchers(
    machine: &mut Machine<'_>,
    matcher: &Value,
    path: &str,
    span: Span,
) -> Cover {
    if matcher.text().is_some() {
        return of_one(machine, matcher, path, span);
    }
    let is_list = matcher
        .only_object()
        .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Array));
    if !is_list {
        return of_one(machine, matcher, path, span);
    }
    let (elements, is_open) = machine.elements_of(matcher);
    let mut all = if is_open {
        Cover::Unknown
    } else {
        Cover::Never
    };
    for element in elements {
        all = all.or(of_one(machine, &element, path, span));
    }
    all
}

fn of_one(machine: &mut Machine<'_>, matcher: &Value, path: &str, span: Span) -> Cover {
    if let Some(text) = matcher.text() {
        return of_text(&text, path);
    }
    let Some(Atom::Object(id)) = matcher.only() else {
        return Cover::Unknown;
    };
    if let ObjectKind::Regex(text) = machine.heap.get(id).kind {
        return Expression::new(&text).map_or(Cover::Unknown, |it| tried(&it, path));
    }
    let source = option(machine, matcher, "source", span).and_then(|source| source.text());
    let Some(source) = source else {
        return Cover::Unknown;
    };
    let has_more = ["has", "missing"]
        .iter()
        .any(|name| option(machine, matcher, name, span).is_some());
    match of_text(&source, path) {
        // Whether the headers fit is for the client to say.
        Cover::Always if has_more => Cover::Sometimes,
        found => found,
    }
}

/// Returns what globs take of a path: one, or a list of which each takes what it takes.
pub(super) fn of_globs(
    machine: &mut Machine<'_>,
    globs: &Value,
    path: &str,
    takes_base: bool,
) -> Cover {
    let list = match globs.only_object() {
        Some(id) if matches!(machine.heap.get(id).kind, ObjectKind::Array) => {
            machine.elements_of(globs)
        }
        _ => (vec![globs.clone()], false),
    };
    let (elements, is_open) = list;
    let start = match is_open {
        true => Cover::Unknown,
        false => Cover::Never,
    };
    let covers = elements.iter().map(|glob| {
        let made = glob.text().and_then(|glob| of_glob(&glob, takes_base));
        let expression = made.and_then(|made| Expression::new(&made));
        expression.map_or(Cover::Unknown, |it| tried(&it, path))
    });
    covers.fold(start, Cover::or)
}

/// Returns the expression that picomatch makes of a glob; `None` if it has more than stars and choices. A slash and two
/// stars at the end take what stands before them as well, if `takes_base` says so.
pub fn of_glob(glob: &str, takes_base: bool) -> Option<String> {
    let is_more = glob.starts_with(['!', '#'])
        || glob.contains(['[', ']', '(', ')', '\\'])
        || glob.contains("..")
        || glob.contains('{') && !glob.contains(',')
        || glob
            .split('/')
            .any(|part| part.contains("**") && part != "**");
    if is_more {
        return None;
    }
    let mut made = String::from("^");
    let mut rest = glob;
    let mut depth = 0;
    while let Some(c) = rest.chars().next() {
        if rest == "/**" {
            // After a star, picomatch does not take what stands before either.
            let takes_base = takes_base && !glob[..glob.len() - rest.len()].ends_with('*');
            made.push_str(if takes_base { "(?:\\/.*)?" } else { "\\/.*" });
            break;
        }
        let (text, length) = match c {
            '*' if rest.starts_with("**/") => ("(?:.*\\/)?".to_owned(), 3),
            '*' if rest.starts_with("**") => (".*".to_owned(), 2),
            '*' if is_segment(&glob[..glob.len() - rest.len()], &rest[1..]) => {
                ("[^/]+".to_owned(), 1)
            }
            '*' => ("[^/]*".to_owned(), 1),
            '?' => ("[^/]".to_owned(), 1),
            '{' => ("(?:".to_owned(), 1),
            '}' => (")".to_owned(), 1),
            ',' if depth > 0 => ("|".to_owned(), 1),
            c if c.is_ascii_alphanumeric() || "-_~".contains(c) => (c.to_string(), 1),
            c => (format!("\\{c}"), c.len_utf8()),
        };
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        made.push_str(&text);
        rest = &rest[length..];
    }
    made.push('$');
    (depth == 0).then_some(made)
}

/// Holds if what stands between the two is a segment of its own, which cannot be empty.
fn is_segment(before: &str, after: &str) -> bool {
    (before.is_empty() || before.ends_with('/')) && (after.is_empty() || after.starts_with('/'))
}

/// Holds a pattern against what the path may be.
pub fn of_text(pattern: &str, path: &str) -> Cover {
    let made = of_pattern(pattern).and_then(|made| Expression::new(&made));
    made.map_or(Cover::Unknown, |expression| tried(&expression, path))
}

/// Holds the expression against what the path may be.
pub fn tried(expression: &Expression, path: &str) -> Cover {
    let mut taken = 0;
    let samples = samples(path);
    for sample in &samples {
        match expression.is_match(sample) {
            Some(true) => taken += 1,
            Some(false) => {}
            None => return Cover::Unknown,
        }
    }
    match taken {
        0 => Cover::Never,
        all if all == samples.len() => Cover::Always,
        _ => Cover::Sometimes,
    }
}

/// Paths that a template stands for. Values with a dot in them are left out: hardly a matcher takes those, and
/// hardly a record has such a name.
fn samples(path: &str) -> Vec<String> {
    let sets = [["1", "1"], ["abc", "abc/de"], ["k3f9-x_2", "k3/f9/x"]];
    let mut samples: Vec<String> = Vec::new();
    for [one, several] in sets {
        let segments = path.split('/').map(|segment| {
            let is_parameter = segment.starts_with('{');
            match (is_parameter, segment.ends_with("*}")) {
                (true, true) => several,
                (true, false) => one,
                _ => segment,
            }
        });
        let sample = segments.collect::<Vec<_>>().join("/");
        if !samples.contains(&sample) {
            samples.push(sample);
        }
    }
    samples
}
