//! Libraries that list the files of a pattern, as far as programs load their own files by them.
//!
//! Sources: glob 7 to 11, fast-glob 3, globby 11 to 14, tinyglobby 0.2, fs-jetpack 5. What is listed is what the program
//! has in its own tree; a pattern for compiled files takes the files that they are made of.

use firedoor_eval::{Answer, Arguments, Call, Machine, Value};
use ustr::Ustr;

use crate::tools::{is_function, option, promised};
use crate::{Model, ModelHost};

/// The most that is listed.
const MOST: usize = 400;

/// The model.
pub static MODEL: Model = Model {
    name: "file_lists",
    calls: &[
        ("npm:glob", call_back),
        ("npm:glob.default", call_back),
        ("npm:glob.glob", list_later),
        ("npm:glob.sync", list),
        ("npm:glob.globSync", list),
        ("npm:glob.glob.sync", list),
        ("npm:fast-glob", list_later),
        ("npm:fast-glob.default", list_later),
        ("npm:fast-glob.glob", list_later),
        ("npm:fast-glob.async", list_later),
        ("npm:fast-glob.sync", list),
        ("npm:fast-glob.globSync", list),
        ("npm:globby", list_later),
        ("npm:globby.globby", list_later),
        ("npm:globby.sync", list),
        ("npm:globby.globbySync", list),
        ("npm:tinyglobby.glob", list_later),
        ("npm:tinyglobby.globSync", list),
        ("npm:fs-jetpack.find", find),
        ("npm:fs-jetpack.findAsync", find_later),
    ],
    ..Model::EMPTY
};

/// `sync(patterns, options?)`.
fn list(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(listed(machine, call))
}

fn list_later(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    later(host, machine, call, listed)
}

/// `glob(pattern, options?, callback)` up to 8.
fn call_back(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let last = call.arguments.positional.last().cloned();
    let Some(function) = last.filter(|last| is_function(machine, last)) else {
        return list_later(host, machine, call);
    };
    let Some(found) = listed(machine, call) else {
        return Ok(None);
    };
    let arguments = Arguments::positional([Value::null(), found]);
    machine.call_value(&function, None, &arguments, call.span)?;
    Ok(Some(Value::undefined()))
}

/// `find(folder?, { matching, recursive? })`.
fn find(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(found(machine, call))
}

fn find_later(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    later(host, machine, call, found)
}

fn later(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    make: fn(&mut Machine<'_>, &Call<'_>) -> Option<Value>,
) -> Answer {
    match make(machine, call) {
        Some(list) => promised(machine, call.span, |_| Ok(list)).map(Some),
        None => Ok(None),
    }
}

fn listed(machine: &mut Machine<'_>, call: &Call<'_>) -> Option<Value> {
    let options = call.arguments.get(1);
    let patterns = texts(machine, &call.arguments.get(0))?;
    let folder = match option(machine, &options, "cwd", call.span) {
        Some(folder) => folder.text()?.to_string(),
        None => working_folder(machine),
    };
    let left_out = match option(machine, &options, "ignore", call.span) {
        Some(ignored) => texts(machine, &ignored)?,
        None => Vec::new(),
    };
    let is_absolute = option(machine, &options, "absolute", call.span)
        .is_some_and(|absolute| absolute.truth() == Some(true));
    let all: Vec<String> = patterns.iter().map(|it| below(&folder, it)).collect();
    let (excluded, wanted): (Vec<&Ustr>, Vec<&Ustr>) = patterns
        .iter()
        .partition(|pattern| pattern.starts_with('!') && !pattern.starts_with("!("));
    let mut left_out: Vec<String> = left_out.iter().map(|it| below(&folder, it)).collect();
    let excluded = excluded.iter();
    left_out.extend(excluded.map(|it| below(&folder, it.trim_start_matches('!'))));
    let is_relative = !is_absolute && wanted.iter().all(|pattern| !pattern.starts_with('/'));
    let names = files(machine, &all, &left_out)?;
    let base = format!("{}/", folder.trim_end_matches('/'));
    let names = names
        .into_iter()
        .map(|name| match name.strip_prefix(&base) {
            Some(rest) if is_relative => rest.to_owned(),
            _ => name,
        });
    let names: Vec<Value> = names.map(|name| Value::string(&name)).collect();
    Some(machine.make_list(names, false, call.span))
}

/// What `find` gives is relative to the working folder.
fn found(machine: &mut Machine<'_>, call: &Call<'_>) -> Option<Value> {
    let working = working_folder(machine);
    let first = call.arguments.get(0);
    let (folder, options) = match first.text() {
        Some(folder) => (below(&working, &folder), call.arguments.get(1)),
        None => (working.clone(), first),
    };
    let matching = option(machine, &options, "matching", call.span)?;
    let patterns = texts(machine, &matching)?.into_iter().map(|pattern| {
        // A pattern without a slash is about the name alone.
        match pattern.contains('/') {
            true => below(&folder, &pattern),
            false => below(&folder, &format!("**/{pattern}")),
        }
    });
    let patterns: Vec<String> = patterns.collect();
    let base = format!("{}/", working.trim_end_matches('/'));
    let names = files(machine, &patterns, &[])?.into_iter();
    let names = names.map(|name| Value::string(name.strip_prefix(&base).unwrap_or(&name)));
    let names: Vec<Value> = names.collect();
    Some(machine.make_list(names, false, call.span))
}

/// Returns the texts that a pattern, or a list of them, may be.
fn texts(machine: &mut Machine<'_>, value: &Value) -> Option<Vec<Ustr>> {
    if let Some(texts) = value.texts() {
        return Some(texts);
    }
    let (elements, is_open) = machine.elements_of(value);
    if is_open || elements.is_empty() {
        return None;
    }
    let texts: Option<Vec<Vec<Ustr>>> = elements.iter().map(Value::texts).collect();
    Some(texts?.concat())
}

/// The folder that the program is started in: that of its package.
fn working_folder(machine: &Machine<'_>) -> String {
    let folder = machine.module().and_then(|module| {
        let file = machine.program.module(module).file;
        let package = machine.program.project.package_of(file)?;
        Some(package.folder.clone())
    });
    format!("/{}", folder.unwrap_or_default())
}

/// Returns the pattern as one from the root, without dots.
pub fn below(folder: &str, pattern: &str) -> String {
    let whole = match pattern.starts_with('/') {
        true => pattern.to_owned(),
        false => format!("{folder}/{pattern}"),
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// Returns the files that some pattern takes and none of the others, as paths from the root; nothing if none is there.
fn files(machine: &Machine<'_>, patterns: &[String], left_out: &[String]) -> Option<Vec<String>> {
    let takes = |path: &str| {
        patterns.iter().any(|pattern| is_taken(pattern, path))
            && !left_out.iter().any(|pattern| is_taken(pattern, path))
    };
    let all = || {
        let set = machine.program.files;
        set.below("")
            .map(move |id| format!("/{}", set.file(id).path))
    };
    let mut found: Vec<String> = all().filter(|path| takes(path)).take(MOST).collect();
    if found.is_empty() {
        let compiled = all().filter_map(|path| Some(format!("{}.js", path.strip_suffix(".ts")?)));
        found = compiled.filter(|path| takes(path)).take(MOST).collect();
    }
    (!found.is_empty()).then_some(found)
}

/// Holds if a pattern of stars, question marks and choices takes the path.
pub fn is_taken(pattern: &str, path: &str) -> bool {
    if let Some((before, choices, after)) = first_choice(pattern) {
        return choices
            .iter()
            .any(|choice| is_taken(&format!("{before}{choice}{after}"), path));
    }
    let pattern: Vec<&str> = pattern.split('/').collect();
    let path: Vec<&str> = path.split('/').collect();
    are_taken(&pattern, &path)
}

/// Returns what stands before, in and behind the first `{a,b}`, `@(a|b)` or `(a|b)` of a pattern.
fn first_choice(pattern: &str) -> Option<(&str, Vec<&str>, &str)> {
    let mut opened = pattern.match_indices(['{', '(']);
    opened.find_map(|(at, mark)| choice_at(pattern, at, mark))
}

fn choice_at<'p>(
    pattern: &'p str,
    at: usize,
    mark: &str,
) -> Option<(&'p str, Vec<&'p str>, &'p str)> {
    let (before, rest) = (pattern.get(..at)?, pattern.get(at + 1..)?);
    let (end, between) = match mark {
        "{" => ('}', ','),
        _ => (')', '|'),
    };
    let (choices, after) = rest.split_once(end)?;
    let is_other = mark == "(" && before.ends_with(['!', '+', '*', '?']);
    let before = match mark {
        "(" => before.strip_suffix('@').unwrap_or(before),
        _ => before,
    };
    (!is_other && !choices.contains(['{', '(']))
        .then(|| (before, choices.split(between).collect(), after))
}

fn are_taken(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((&"**", rest)), _) => {
            are_taken(rest, path)
                || path
                    .split_first()
                    .is_some_and(|(_, below)| are_taken(pattern, below))
        }
        (Some((part, rest)), Some((name, below))) => {
            is_segment_taken(part, name) && are_taken(rest, below)
        }
        _ => false,
    }
}

fn is_segment_taken(part: &str, name: &str) -> bool {
    if let Some((others, rest)) = part
        .strip_prefix("!(")
        .and_then(|rest| rest.split_once(')'))
    {
        let ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
        return ends
            .filter_map(|at| name.split_at_checked(at))
            .any(|(first, last)| {
                is_segment_taken(rest, last)
                    && !others
                        .split('|')
                        .any(|other| is_segment_taken(other, first))
            });
    }
    let (mut parts, mut names) = (part.chars(), name.chars());
    match (parts.next(), names.next()) {
        (None, None) => true,
        (Some('*'), next) => {
            is_segment_taken(parts.as_str(), name)
                || next.is_some() && is_segment_taken(part, names.as_str())
        }
        (Some('?'), Some(_)) => is_segment_taken(parts.as_str(), names.as_str()),
        (Some(one), Some(other)) => {
            one == other && is_segment_taken(parts.as_str(), names.as_str())
        }
        _ => false,
    }
}
