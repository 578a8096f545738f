//! `node:fs`, as far as programs look at their own files: the listing of a folder decides what they load.

use ustr::Ustr;

use super::{Function, Native};
use crate::{Answer, Arguments, Machine, Shape, Value};

pub(super) fn function(name: &str) -> Option<Function> {
    if let Some(name) = name.strip_prefix("fs.Dirent().") {
        return match name {
            "isDirectory" => Some(|machine, call| kind(machine, call, true)),
            "isFile" => Some(|machine, call| kind(machine, call, false)),
            _ => None,
        };
    }
    let name = name
        .strip_prefix("fs/promises.")
        .or(name.strip_prefix("fs.promises."))
        .map(|name| (name, true))
        .or(name.strip_prefix("fs.").map(|name| (name, false)))?;
    Some(match name {
        ("readdirSync", _) => list,
        ("readdir", true) => promised,
        ("readdir", false) => called_back,
        ("statSync" | "lstatSync", _) => status,
        _ => return None,
    })
}

/// Whether an entry is a folder.
fn kind(machine: &mut Machine<'_>, call: &Native<'_>, of_folder: bool) -> Answer {
    let Some(id) = call.object() else {
        return Ok(None);
    };
    let is_folder = machine.heap.get(id).elements.first().and_then(Value::truth);
    Ok(is_folder.map(|is_folder| Value::bool(is_folder == of_folder)))
}

/// The folder at a path, relative to the scanned root, if the program has files in it.
fn folder(machine: &Machine<'_>, path: &Value) -> Option<String> {
    let path = path.text()?;
    let path = match path.strip_prefix('/') {
        Some(path) => path.to_owned(),
        None => format!(
            "{}/{path}",
            super::paths::working_folder(machine).trim_start_matches('/')
        ),
    };
    let path = super::normal_path(path.trim_start_matches('/'));
    machine.program.files.below(&path).next()?;
    Some(path)
}

/// Returns the names of what is in a folder, each with whether it is a folder itself.
fn names(machine: &Machine<'_>, folder: &str, is_recursive: bool) -> Vec<(String, bool)> {
    let mut names: Vec<(String, bool)> = Vec::new();
    for file in machine.program.files.below(folder) {
        let path = &machine.program.files.file(file).path;
        let rest = path.strip_prefix(folder).unwrap_or(path);
        let rest = rest.trim_start_matches('/');
        let entry = match rest.split_once('/') {
            Some((first, _)) if !is_recursive => (first.to_owned(), true),
            _ => (rest.to_owned(), false),
        };
        if !names.contains(&entry) {
            names.push(entry);
        }
    }
    names
}

fn list(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let path = call.argument(0);
    let Some(folder) = folder(machine, &path) else {
        let name = machine.derived(Shape::String, [&path]);
        let list = machine.make_open_list(Vec::new(), Some(name), call.span);
        return Ok(Some(list));
    };
    let has = |machine: &mut Machine<'_>, key: &str| {
        let options = call.argument(1);
        if options.only_object().is_none() {
            return false;
        }
        let option = machine.member(&options, Ustr::from(key), call.span);
        option.is_ok_and(|option| option.truth() == Some(true))
    };
    let is_recursive = has(machine, "recursive");
    let with_types = has(machine, "withFileTypes");
    let names = names(machine, &folder, is_recursive);
    let absolute = format!("/{folder}");
    let elements = names
        .iter()
        .map(|(name, is_folder)| match with_types {
            true => super::paths::entry(machine, name, &absolute, *is_folder, call),
            false => Value::string(name),
        })
        .collect();
    Ok(Some(machine.make_list(elements, false, call.span)))
}

fn promised(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let names = list(machine, call)?;
    Ok(Some(machine.make_promise(
        names,
        Vec::new(),
        Vec::new(),
        call.span,
    )))
}

/// `readdir(path, callback)`.
fn called_back(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let names = list(machine, call)?.unwrap_or_else(Value::undefined);
    let Some(function) = call.arguments.positional.last().cloned() else {
        return Ok(Some(Value::undefined()));
    };
    let arguments = Arguments::positional([Value::null(), names]);
    machine.call_value(&function, None, &arguments, call.span)?;
    Ok(Some(Value::undefined()))
}

/// What `statSync` tells of a file or folder of the program.
fn status(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let path = call.argument(0);
    let is_folder = folder(machine, &path).is_some();
    let is_file = path.text().is_some_and(|path| {
        let path = super::normal_path(path.trim_start_matches('/'));
        machine.program.files.find(&path).is_some()
    });
    if !is_folder && !is_file {
        return Ok(None);
    }
    Ok(Some(super::paths::entry(machine, "", "", is_folder, call)))
}
