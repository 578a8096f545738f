//! Importing by name, and the files of the program: `importlib`, `pkgutil`, `os.path`, `pathlib`.

use firedoor_ir::{ExpressionKind, Literal};
use firedoor_source::Span;
use ustr::Ustr;

use crate::python::Use;
use crate::{Answer, Machine, ObjectId, ObjectKind, Shape, Stop, TestKind, Value};

/// The path of a `pathlib.Path` object; its element is its text.
const PATH: &str = "py:pathlib.Path()";

/// Calls a function about modules or files.
pub(crate) fn call(machine: &mut Machine<'_>, module: &str, call: &Use<'_>) -> Answer {
    let first = call.at(0);
    let value = match (module, call.name) {
        ("importlib", "import_module") => machine.import_by_name(call)?,
        ("importlib", "reload") => first.unwrap_or_else(Value::null),
        ("pkgutil", "iter_modules" | "walk_packages") => iter_modules(machine, call),
        ("os", "listdir") => list_folder(machine, call),
        ("os", "fspath") | ("os.path", "abspath" | "realpath" | "normpath" | "expanduser") => {
            path_text(machine, &first.unwrap_or_else(Value::null))
        }
        ("os.path", "join") => {
            let parts: Vec<Value> = call.arguments.positional.clone();
            joined(machine, &parts)
        }
        ("os.path", "dirname" | "basename" | "splitext") => part(machine, call),
        ("os.path", "exists" | "isdir" | "isfile") => {
            let all: Vec<&Value> = call.arguments.all().collect();
            machine.tested(TestKind::Truth, None, &all, call.span)
        }
        ("pathlib", "Path" | "PurePath" | "PosixPath") => {
            join_paths(machine, &call.arguments.positional, call.span)
        }
        // Where the program is run, and whose home that is, is not known.
        ("pathlib.Path", "cwd" | "home") => {
            make_path(machine, Value::unknown(Shape::String), call.span)
        }
        ("pathlib.Path()", name) => return path_method(machine, name, call),
        _ => return Ok(None),
    };
    Ok(Some(value))
}

/// Reads `parent`, `name` and `stem` of a path.
pub(crate) fn path_attribute(
    machine: &mut Machine<'_>,
    id: ObjectId,
    path: &str,
    key: Ustr,
) -> Option<Value> {
    if path != PATH {
        return None;
    }
    let whole = machine.heap.get(id).elements.first()?.clone();
    let text = whole.text();
    let span = machine.heap.get(id).span;
    let value = match (key.as_str(), text) {
        ("parent", Some(text)) => {
            let parent = Value::string(folder_of(&text));
            return Some(make_path(machine, parent, span));
        }
        ("name", Some(text)) => Value::string(text.rsplit('/').next().unwrap_or("")),
        ("stem", Some(text)) => {
            let name = text.rsplit('/').next().unwrap_or("");
            Value::string(name.rsplit_once('.').map_or(name, |(stem, _)| stem))
        }
        ("parent", None) => return Some(make_path(machine, whole, span)),
        ("name" | "stem" | "suffix", _) => machine.derived(Shape::String, [&whole]),
        _ => return None,
    };
    Some(value)
}

fn path_method(machine: &mut Machine<'_>, name: &str, call: &Use<'_>) -> Answer {
    Ok(Some(match name {
        "resolve" | "absolute" | "expanduser" => call.this.clone(),
        "joinpath" => {
            let mut parts = vec![call.this.clone()];
            parts.extend(call.arguments.positional.iter().cloned());
            join_paths(machine, &parts, call.span)
        }
        "__str__" | "as_posix" => path_text(machine, call.this),
        "iterdir" | "glob" | "rglob" => {
            let folder = path_text(machine, call.this);
            let names = folder.text().map(|folder| names_in(machine, &folder));
            let Some(names) = names else {
                return Ok(Some(machine.make_list(Vec::new(), true, call.span)));
            };
            let ending = call.at(0).and_then(|pattern| pattern.text());
            let ending = ending.map_or("", |pattern| pattern.as_str().trim_start_matches('*'));
            let mut paths = Vec::new();
            for name in names.iter().filter(|name| name.ends_with(ending)) {
                let parts = [call.this.clone(), Value::string(name)];
                paths.push(join_paths(machine, &parts, call.span));
            }
            machine.make_list(paths, false, call.span)
        }
        "exists" | "is_file" | "is_dir" => {
            machine.tested(TestKind::Truth, None, &[call.this], call.span)
        }
        _ => return Ok(None),
    }))
}

fn make_path(machine: &mut Machine<'_>, text: Value, span: Span) -> Value {
    let origins = text.origins;
    let id = machine
        .heap
        .allocate(ObjectKind::Host(Ustr::from(PATH)), span);
    machine.heap.get_mut(id).elements = vec![text];
    Value::object(id).with_origins(origins)
}

/// Makes the path of these parts one below the other.
pub(crate) fn join_paths(machine: &mut Machine<'_>, parts: &[Value], span: Span) -> Value {
    let text = joined(machine, parts);
    make_path(machine, text, span)
}

/// The text of a path or of a string.
fn path_text(machine: &mut Machine<'_>, value: &Value) -> Value {
    if let Some(id) = value.only_object()
        && let ObjectKind::Host(path) = machine.heap.get(id).kind
        && path == PATH
        && let Some(text) = machine.heap.get(id).elements.first()
    {
        return text.clone();
    }
    match value.text_pattern() {
        Some(_) => value.clone(),
        None => machine.derived(Shape::String, [value]),
    }
}

fn joined(machine: &mut Machine<'_>, parts: &[Value]) -> Value {
    let mut pieces: Vec<Value> = Vec::new();
    for part in parts {
        let text = path_text(machine, part);
        let known = text.text();
        if known.is_some_and(|known| known.starts_with('/')) {
            pieces.clear();
        }
        if known.is_some_and(|known| known.is_empty() || known == ".") {
            continue;
        }
        let ends_open = pieces
            .last()
            .is_some_and(|last| !last.text().is_some_and(|last| last.ends_with('/')));
        if ends_open {
            pieces.push(Value::string("/"));
        }
        pieces.push(text);
    }
    machine.concatenate(&pieces)
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn part(machine: &mut Machine<'_>, call: &Use<'_>) -> Value {
    let whole = path_text(machine, &call.at(0).unwrap_or_else(Value::null));
    let Some(text) = whole.text() else {
        return machine.derived(Shape::String, [&whole]);
    };
    let name = text.rsplit('/').next().unwrap_or("");
    match call.name {
        "dirname" => Value::string(folder_of(&text)).with_origins(whole.origins),
        "basename" => Value::string(name).with_origins(whole.origins),
        _ => {
            let dot = name.rfind('.').filter(|dot| *dot > 0);
            let cut = dot.map_or(text.len(), |dot| text.len() - name.len() + dot);
            let halves = vec![Value::string(&text[..cut]), Value::string(&text[cut..])];
            machine.make_tuple(halves, call.span)
        }
    }
}

/// The names of the files and folders directly below a folder of the program, in order.
fn names_in(machine: &Machine<'_>, folder: &str) -> Vec<String> {
    let folder = folder.trim_end_matches('/').trim_start_matches("./");
    let files = machine.program.files;
    let mut names: Vec<String> = Vec::new();
    for file in files.below(folder) {
        let path = &files.file(file).path;
        let rest = match folder.is_empty() {
            true => Some(path.as_str()),
            false => path
                .strip_prefix(folder)
                .and_then(|rest| rest.strip_prefix('/')),
        };
        let name = rest.and_then(|rest| rest.split('/').next());
        if let Some(name) = name
            && names.last().is_none_or(|last| last != name)
        {
            names.push(name.to_owned());
        }
    }
    names.sort();
    names.dedup();
    names
}

fn list_folder(machine: &mut Machine<'_>, call: &Use<'_>) -> Value {
    let folder = path_text(machine, &call.at(0).unwrap_or_else(|| Value::string("")));
    match folder.text() {
        Some(folder) => {
            let names = names_in(machine, &folder);
            let is_open = names.is_empty();
            let names = names.iter().map(|name| Value::string(name)).collect();
            machine.make_list(names, is_open, call.span)
        }
        None => machine.make_list(Vec::new(), true, call.span),
    }
}

/// `pkgutil.iter_modules(package.__path__)` gives triples of a finder, a name and whether it is a package.
fn iter_modules(machine: &mut Machine<'_>, call: &Use<'_>) -> Value {
    let (folders, is_open) = machine.elements_of(&call.find(0, "path"));
    let prefix = call.find(1, "prefix").text().unwrap_or_default();
    let mut modules = Vec::new();
    let mut texts = Vec::new();
    for folder in &folders {
        texts.extend(path_text(machine, folder).text());
    }
    for folder in texts {
        for name in names_in(machine, &folder) {
            let is_package = !name.contains('.');
            let stem = name.strip_suffix(".py").unwrap_or(&name);
            if stem.starts_with("__") || (!is_package && !name.ends_with(".py")) {
                continue;
            }
            let kind = ObjectKind::Host(Ustr::from(crate::python::collections::NAMED_TUPLE));
            let id = machine.heap.allocate(kind, call.span);
            let name = Value::string(&format!("{prefix}{stem}"));
            let object = machine.heap.get_mut(id);
            object.elements = vec![Value::null(), name.clone(), Value::bool(is_package)];
            object.properties.insert(Ustr::from("name"), name);
            object
                .properties
                .insert(Ustr::from("ispkg"), Value::bool(is_package));
            modules.push(Value::object(id));
        }
    }
    machine.make_list(modules, is_open, call.span)
}

impl Machine<'_> {
    /// `importlib.import_module(name, package)`.
    pub(crate) fn import_by_name(&mut self, call: &Use<'_>) -> Result<Value, Stop> {
        let name = call.find(0, "name");
        let package = call.find(1, "package").text();
        let Some(names) = name.texts() else {
            self.note("dynamic-import", call.span, "what is imported is not known");
            return Ok(self.unknown("dynamic-import"));
        };
        let mut result: Option<Value> = None;
        for name in names {
            let value = self.import_dotted(&absolute(&name, package))?;
            result = Some(match result {
                Some(earlier) => self.join(earlier, &value),
                None => value,
            });
        }
        Ok(result.unwrap_or_else(Value::undefined))
    }
}

/// A name with leading dots is below the package, one level up for each further dot.
fn absolute(name: &str, package: Option<Ustr>) -> String {
    let rest = name.trim_start_matches('.');
    let level = name.len() - rest.len();
    let Some(package) = package.filter(|_| level > 0) else {
        return rest.to_owned();
    };
    let mut parts: Vec<&str> = package.as_str().split('.').collect();
    parts.truncate(parts.len().saturating_sub(level - 1));
    parts.push(rest);
    parts.retain(|part| !part.is_empty());
    parts.join(".")
}

impl<'p> Machine<'p> {
    /// Binds what every module of Python has.
    pub(crate) fn bind_module_names(
        &mut self,
        id: crate::ModuleId,
        scope: crate::ScopeId,
        span: Span,
    ) {
        let dotted = self.dotted_name(id);
        let is_package = self.program.path(id).ends_with("__init__.py");
        // Who never asks whether it is started may as well be imported by a name that is made.
        let asks = |expression: &firedoor_ir::Expression| matches!(&expression.kind, ExpressionKind::Literal(Literal::String(text)) if text == "__main__");
        let is_started = self.is_entry(id) && self.program.module(id).expressions.iter().any(asks);
        let name = match is_started {
            true => "__main__",
            false => dotted.as_str(),
        };
        self.bind(scope, Ustr::from("__name__"), Value::string(name));
        let package = match is_package {
            true => dotted.as_str(),
            false => dotted.rsplit_once('.').map_or("", |(package, _)| package),
        };
        self.bind(scope, Ustr::from("__package__"), Value::string(package));
        if is_package {
            let folder = Value::string(folder_of(self.program.path(id)));
            let path = self.make_list(vec![folder], false, span);
            self.bind(scope, Ustr::from("__path__"), path);
        }
    }

    /// Returns the name of a module within its outermost package.
    pub(crate) fn dotted_name(&self, id: crate::ModuleId) -> String {
        let path = self.program.path(id);
        let stem = path
            .strip_suffix("/__init__.py")
            .or_else(|| path.strip_suffix(".py"))
            .unwrap_or(path);
        let mut start = stem.len() - stem.rsplit('/').next().unwrap_or("").len();
        while start > 0 {
            let folder = &stem[..start - 1];
            let init = format!("{folder}/__init__.py");
            if self.program.files.find(&init).is_none() {
                break;
            }
            start = folder.rfind('/').map_or(0, |slash| slash + 1);
        }
        stem[start..].replace('/', ".")
    }

    /// Keeps the imports below `if TYPE_CHECKING` for later: annotations need their names, and running them
    /// where they stand would make cycles that the program does not have.
    pub(crate) fn import_for_types(&mut self, block: &'p [firedoor_ir::Statement]) {
        let module = self.frame().module;
        for statement in block {
            if let firedoor_ir::StatementKind::Import(import) = &statement.kind {
                self.later.push((module, import));
            }
        }
    }

    /// Runs the imports that were put off, once no module is being run any more.
    pub(crate) fn run_later(&mut self) {
        if self.running > 0 {
            return;
        }
        let mut next = 0;
        // What runs may put off further imports.
        while let Some((module, import)) = self.later.get(next).copied() {
            next += 1;
            let (result, _) = self
                .catching(|machine| machine.in_module(module, |machine| machine.import(import)));
            if result.is_err() {
                let span = self.place();
                self.note("type-import", span, "an import for type checkers fails");
            }
        }
        self.later.clear();
    }

    /// Returns what a name stands for that neither the program nor the language binds: it may come from
    /// outside by a star.
    pub(crate) fn python_global(&mut self, name: Ustr) -> Value {
        let module = self.frame().module;
        if !crate::python::is_builtin(&name) {
            let stars = self.modules[module.0 as usize].stars.clone();
            for star in stars.into_iter().rev() {
                if let crate::link::Target::Outside(path) = star {
                    let outside = Value::outside(&path);
                    let span = self.place();
                    return self
                        .member(&outside, name, span)
                        .unwrap_or_else(|_| Value::undefined());
                }
            }
        }
        crate::python::global(name)
    }

    /// Returns the names that `__all__` lists.
    pub(crate) fn listed_names(&mut self, module: crate::ModuleId) -> Option<Vec<Ustr>> {
        let span = self.place();
        let listed = self.exported(module, Ustr::from("__all__"), span);
        listed.only_object()?;
        let (names, is_open) = self.elements_of(&listed);
        if is_open {
            return None;
        }
        names.iter().map(Value::text).collect()
    }
}

impl Machine<'_> {
    /// How Python writes a truth value.
    pub(crate) fn bool_text(&self, value: bool) -> &'static str {
        match (self.is_python(), value) {
            (true, true) => "True",
            (true, false) => "False",
            (false, true) => "true",
            (false, false) => "false",
        }
    }

    /// The text of an object within a text, if it is known.
    pub(crate) fn object_text(&self, id: ObjectId) -> Option<Ustr> {
        if !self.is_python() {
            return None;
        }
        if let Some((value, true)) = crate::python::enumerations::member_value(self, id) {
            return value.text_pattern();
        }
        if let ObjectKind::Host(path) = self.heap.get(id).kind
            && path == PATH
        {
            return self.heap.get(id).elements.first()?.text_pattern();
        }
        crate::python::exceptions::message(self, id)?.text_pattern()
    }
}
