//! `node:path` and `node:url`, on texts. The scanned root is `/`.

use super::{Function, Native, native_object};
use crate::{Answer, HOLE, Machine, ObjectKind, Shape, Value};
use ustr::Ustr;

pub(super) fn function(name: &str) -> Option<Function> {
    Some(
        match name
            .strip_prefix("path.")
            .or(name.strip_prefix("path/posix."))
        {
            Some(name) => match name.strip_prefix("posix.").unwrap_or(name) {
                "join" => join,
                "resolve" => resolve,
                "normalize" => normalize,
                "basename" => basename,
                "extname" => extname,
                "dirname" => dirname,
                "parse" => parse,
                "isAbsolute" => super::unknown::undecided,
                "relative" => relative,
                _ => return None,
            },
            None => match name {
                "url.fileURLToPath" => file_url_to_path,
                "url.pathToFileURL" => path_to_file_url,
                _ => return None,
            },
        },
    )
}

/// Returns a path without `.`, `..` and doubled slashes; a slash in front stays.
pub(crate) fn normal_path(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                Some(last) if *last != ".." && !last.contains(HOLE) => {
                    parts.pop();
                }
                _ if path.starts_with('/') && parts.is_empty() => {}
                _ => parts.push(".."),
            },
            _ => parts.push(part),
        }
    }
    let slash = if path.starts_with('/') { "/" } else { "" };
    format!("{slash}{}", parts.join("/"))
}

/// Returns the known texts of the arguments, with holes; nothing if one is not text at all.
fn texts(call: &Native<'_>) -> Option<Vec<Ustr>> {
    if call.arguments.rest.is_some() {
        return None;
    }
    let given = call.arguments.positional.iter();
    given
        .map(|value| match value.text_pattern() {
            Some(text) => Some(text),
            None if value.is_unknown() => Some(Ustr::from(&HOLE.to_string())),
            None => None,
        })
        .collect()
}

fn made(machine: &mut Machine<'_>, call: &Native<'_>, text: Option<String>) -> Answer {
    Ok(Some(match text {
        Some(text) => {
            let value = Value::pattern(&text);
            known(machine, call, value)
        }
        None => machine.derived(Shape::String, call.arguments.all()),
    }))
}

fn known(machine: &mut Machine<'_>, call: &Native<'_>, mut value: Value) -> Value {
    for part in call.arguments.all().cloned().collect::<Vec<_>>() {
        value.origins = machine.origins.union(value.origins, part.origins);
        value.control = machine.origins.union(value.control, part.control);
    }
    value
}

fn join(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let text = texts(call).map(|texts| {
        let texts: Vec<&str> = texts.iter().map(Ustr::as_str).collect();
        let texts: Vec<&str> = texts.into_iter().filter(|text| !text.is_empty()).collect();
        let path = texts.join("/");
        let normal = non_empty(normal_path(&path));
        // A slash at the end stays, as `normalize` leaves it.
        match path.ends_with('/') && !normal.ends_with('/') {
            true => format!("{normal}/"),
            false => normal,
        }
    });
    made(machine, call, text)
}

fn non_empty(path: String) -> String {
    if path.is_empty() {
        ".".to_string()
    } else {
        path
    }
}

fn resolve(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let folder = working_folder(machine);
    let text = texts(call).map(|texts| {
        let mut path = folder;
        for text in &texts {
            match text.starts_with('/') {
                true => path = text.to_string(),
                false => path = format!("{path}/{text}"),
            }
        }
        normal_path(&path)
    });
    made(machine, call, text)
}

/// Returns the folder that the program is started in: that of its package.
pub(super) fn working_folder(machine: &Machine<'_>) -> String {
    let folder = machine.module().and_then(|module| {
        let file = machine.program.module(module).file;
        let package = machine.program.project.package_of(file)?;
        Some(package.folder.clone())
    });
    format!("/{}", folder.unwrap_or_default())
}

fn normalize(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    join(machine, call)
}

fn last_part(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    path.rsplit('/').next().unwrap_or(path)
}

fn extension(name: &str) -> &str {
    match name.rfind('.') {
        Some(0) | None => "",
        Some(position) => &name[position..],
    }
}

fn basename(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let path = call.argument(0).text();
    let ending = match call.arguments.positional.get(1) {
        Some(ending) => ending.text(),
        None => Some(Ustr::from("")),
    };
    let text = path.zip(ending).map(|(path, ending)| {
        let name = last_part(&path);
        match name.strip_suffix(ending.as_str()) {
            Some(stem) if !stem.is_empty() => stem.to_owned(),
            _ => name.to_owned(),
        }
    });
    made(machine, call, text)
}

fn extname(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let text = call.argument(0).text();
    let text = text.map(|path| extension(last_part(&path)).to_owned());
    made(machine, call, text)
}

fn folder_of(path: &str) -> String {
    let trimmed = path.trim_end_matches('/');
    match trimmed.rsplit_once('/') {
        Some(("", _)) => "/".to_string(),
        Some((folder, _)) => folder.to_owned(),
        None if path.starts_with('/') => "/".to_string(),
        None => ".".to_string(),
    }
}

fn dirname(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let text = call.argument(0).text();
    let text = text.map(|path| folder_of(&path));
    made(machine, call, text)
}

fn parse(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let Some(path) = call.argument(0).text() else {
        return Ok(Some(machine.derived(Shape::Object, call.arguments.all())));
    };
    let base = last_part(&path);
    let ending = extension(base);
    let name = base.strip_suffix(ending).unwrap_or(base);
    let folder = match path.contains('/') {
        true => folder_of(&path),
        false => String::new(),
    };
    let id = machine.heap.allocate(ObjectKind::Plain, call.span);
    let properties = &mut machine.heap.get_mut(id).properties;
    for (key, text) in [
        ("dir", folder.as_str()),
        ("base", base),
        ("ext", ending),
        ("name", name),
    ] {
        properties.insert(Ustr::from(key), Value::string(text));
    }
    Ok(Some(Value::object(id)))
}

fn relative(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let (from, to) = (call.argument(0).text(), call.argument(1).text());
    let text = from.zip(to).and_then(|(from, to)| {
        let from = normal_path(&from);
        let to = normal_path(&to);
        let rest = to.strip_prefix(from.as_str())?;
        Some(rest.trim_start_matches('/').to_owned())
    });
    made(machine, call, text)
}

/// Of a URL that is a text, or an object made of texts.
fn file_url_to_path(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let given = call.argument(0);
    let text = match given.only_object() {
        Some(id) => super::data::url_text(machine, id),
        None => given.text().map(|text| text.to_string()),
    };
    let text = text.and_then(|text| Some(normal_path(text.strip_prefix("file://")?)));
    made(machine, call, text)
}

/// The URL of a path whose text is known; any other leads where the path does.
fn path_to_file_url(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let given = call.argument(0);
    let Some(path) = given.text() else {
        return Ok(Some(given));
    };
    let path = match path.starts_with('/') {
        true => normal_path(&path),
        false => normal_path(&format!("{}/{path}", working_folder(machine))),
    };
    let text = known(machine, call, Value::string(&format!("file://{path}")));
    let (_, url) = native_object(machine, "js:URL()", vec![text], call.span);
    Ok(Some(url))
}

/// Returns an entry of a folder as `readdir` gives it with `withFileTypes`.
pub(super) fn entry(
    machine: &mut Machine<'_>,
    name: &str,
    folder: &str,
    is_folder: bool,
    call: &Native<'_>,
) -> Value {
    let elements = vec![Value::bool(is_folder)];
    let (id, value) = native_object(machine, "node:fs.Dirent()", elements, call.span);
    let properties = &mut machine.heap.get_mut(id).properties;
    properties.insert(Ustr::from("name"), Value::string(name));
    for key in ["path", "parentPath"] {
        properties.insert(Ustr::from(key), Value::string(folder));
    }
    value
}
