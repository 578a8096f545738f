//! The text form of values: what the top level of a module holds, for people and for tests.
//!
//! Every part is written so that it cannot be taken for another: strings in quotes, API paths bare,
//! alternatives with `|`, unknown values with `?`, and behind them where they come from (`from`) and what
//! decided them (`by`).

use ustr::Ustr;

use crate::{Atom, HOLE, Machine, ModuleId, ObjectId, ObjectKind, Origin, OriginSet, Shape, Value};

/// The deepest object that is written in full.
const DEPTH: usize = 6;

/// The most objects that are written for one value.
const MOST: usize = 500;

/// The widest line that an object is written on.
const WIDTH: usize = 100;

/// Names that every module has.
const GIVEN: &[&str] = &[
    "module",
    "exports",
    "require",
    "__filename",
    "__dirname",
    "__name__",
    "__file__",
    "__package__",
    "__path__",
];

/// Returns the variables and exports of a module that has been run, with their values, and what could
/// not be evaluated.
pub fn dump_values(machine: &mut Machine<'_>, module: ModuleId) -> String {
    let mut text = String::new();
    let variables = machine.module_variables(module);
    for (name, value) in &variables {
        if !GIVEN.contains(&name.as_str()) {
            text.push_str(&format!("{name} = {}\n", show_value(machine, value)));
        }
    }
    let is_python = machine.program.module(module).language == firedoor_ir::Language::Python;
    let exports = match is_python {
        true => Vec::new(),
        false => machine.module_exports(module),
    };
    for (name, value) in &exports {
        let is_variable = variables
            .iter()
            .any(|(other, held)| other == name && held == value);
        match is_variable {
            true => text.push_str(&format!("export {name}\n")),
            false => text.push_str(&format!("export {name} = {}\n", show_value(machine, value))),
        }
    }
    for note in &machine.notes {
        text.push_str(&format!("note {}: {}\n", note.reason, note.detail));
    }
    text
}

/// Returns the text form of one value.
pub fn show_value(machine: &Machine<'_>, value: &Value) -> String {
    let mut shower = Shower {
        machine,
        open: Vec::new(),
        written: 0,
    };
    shower.value(value)
}

struct Shower<'m, 'p> {
    machine: &'m Machine<'p>,
    /// The objects that are being written, so that one within itself ends.
    open: Vec<ObjectId>,
    /// How many objects have been written.
    written: usize,
}

impl Shower<'_, '_> {
    fn value(&mut self, value: &Value) -> String {
        let atoms: Vec<String> = value.atoms().iter().map(|atom| self.atom(atom)).collect();
        let mut text = atoms.join(" | ");
        self.sources(&mut text, "from", value.origins);
        self.sources(&mut text, "by", value.control);
        text
    }

    fn sources(&self, text: &mut String, word: &str, set: OriginSet) {
        if set.is_empty() {
            return;
        }
        let mut names: Vec<String> = self
            .machine
            .origins
            .members(set)
            .iter()
            .map(|origin| match origin {
                Origin::Host(number) => self.machine.host().origin_name(*number),
                Origin::Outside(path) => path.to_string(),
                Origin::Unknown(reason) => format!("?{reason}"),
                Origin::Instant => String::from("instant"),
                Origin::Milliseconds => String::from("milliseconds"),
                Origin::Brief => String::from("brief"),
                Origin::Back => String::from("back"),
            })
            .collect();
        names.sort();
        text.push_str(&format!(" {word} ({})", names.join(", ")));
    }

    fn atom(&mut self, atom: &Atom) -> String {
        match atom {
            Atom::Undefined => "undefined".to_string(),
            Atom::Null => "null".to_string(),
            Atom::Bool(value) => value.to_string(),
            Atom::Number(number) => crate::operator::number_text(*number),
            Atom::String(text) => quoted(text),
            Atom::Pattern(text) => quoted(text).replace(HOLE, "{?}"),
            Atom::Outside(path) => path.to_string(),
            Atom::Unknown(shape) => format!("?{}", shape_word(*shape)),
            Atom::Object(id) => self.object(*id),
        }
    }

    fn object(&mut self, id: ObjectId) -> String {
        if self.open.contains(&id) {
            return "(itself)".to_string();
        }
        self.written += 1;
        if self.open.len() >= DEPTH || self.written > MOST {
            return "…".to_string();
        }
        self.open.push(id);
        let text = self.kind(id);
        self.open.pop();
        text
    }

    fn kind(&mut self, id: ObjectId) -> String {
        let object = self.machine.heap.get(id);
        let name = object.name.unwrap_or_else(|| Ustr::from("(anonymous)"));
        match &object.kind {
            ObjectKind::Plain => self.braces("", id),
            ObjectKind::Array => self.list("[", "]", id),
            ObjectKind::Tuple => self.list("(", ")", id),
            ObjectKind::Set => self.list("Set [", "]", id),
            ObjectKind::Map => self.map(id),
            ObjectKind::Function { .. } => self.braces(&format!("function {name}"), id),
            ObjectKind::Bound {
                target,
                this,
                arguments,
                keywords,
            } => self.bound(target, this.as_ref(), arguments, keywords),
            ObjectKind::Method { receiver, name } => {
                format!("method {name} of {}", self.value(receiver))
            }
            ObjectKind::Class { bases, .. } => {
                let bases: Vec<String> = bases.iter().map(|base| self.base(base)).collect();
                let head = match bases.is_empty() {
                    true => format!("class {name}"),
                    false => format!("class {name} extends {}", bases.join(", ")),
                };
                self.braces(&head, id)
            }
            ObjectKind::Prototype { class } => format!("prototype of {}", self.name(*class)),
            ObjectKind::Instance { class } => {
                let head = self.name(*class).to_string();
                let text = self.braces(&head, id);
                if text == head {
                    format!("{head} {{}}")
                } else {
                    text
                }
            }
            ObjectKind::Promise {
                value,
                resolves,
                thrown,
                ..
            } => self.promise(value, *resolves, thrown),
            ObjectKind::Namespace(module) => {
                format!("module {}", self.machine.program.path(*module))
            }
            ObjectKind::Proxy { target, .. } => format!("proxy of {}", self.value(target)),
            ObjectKind::Regex(pattern) => format!("/{pattern}/"),
            ObjectKind::Super { class, .. } => format!("super of {}", self.name(*class)),
            ObjectKind::Host(path) => self.host_object(*path, id),
        }
    }

    /// A base class is known by its name; what it holds is written where it stands itself.
    fn base(&mut self, base: &Value) -> String {
        match base.only_object() {
            Some(id) if self.machine.heap.get(id).name.is_some() => self.name(id).to_string(),
            _ => self.value(base),
        }
    }

    fn name(&self, id: ObjectId) -> Ustr {
        let name = self.machine.heap.get(id).name;
        name.unwrap_or_else(|| Ustr::from("(anonymous)"))
    }

    fn bound(
        &mut self,
        target: &Value,
        this: Option<&Value>,
        arguments: &[Value],
        keywords: &crate::Properties,
    ) -> String {
        let mut parts: Vec<String> = arguments.iter().map(|value| self.value(value)).collect();
        for (name, value) in keywords {
            parts.push(format!("{name}={}", self.value(value)));
        }
        if let Some(this) = this {
            parts.insert(0, format!("this={}", self.value(this)));
        }
        format!("bound {}({})", self.value(target), parts.join(", "))
    }

    /// What an unknown call made shows its arguments, and what the program has set on it.
    fn host_object(&mut self, path: Ustr, id: ObjectId) -> String {
        let object = self.machine.heap.get(id);
        let arguments: Vec<String> = object
            .elements
            .iter()
            .map(|value| self.value(value))
            .collect();
        let head = match path.strip_suffix("()") {
            Some(callee) => format!("{callee}({})", arguments.join(", ")),
            None if arguments.is_empty() => path.to_string(),
            None => format!("{path} of ({})", arguments.join(", ")),
        };
        if object.properties.is_empty() {
            return head;
        }
        self.enclose(
            &format!("{head} {{"),
            self.machine.heap.get(id).properties.clone(),
            "}",
        )
    }

    fn promise(&mut self, value: &Value, resolves: bool, thrown: &[crate::Thrown]) -> String {
        let failures: Vec<String> = thrown
            .iter()
            .map(|thrown| self.value(&thrown.value))
            .collect();
        let failures = failures.join(" or ");
        match (resolves, thrown.is_empty()) {
            (true, true) => format!("promise of {}", self.value(value)),
            (true, false) => format!(
                "promise of {} or failing with {failures}",
                self.value(value)
            ),
            (false, _) => format!("promise failing with {failures}"),
        }
    }

    fn list(&mut self, start: &str, end: &str, id: ObjectId) -> String {
        let object = self.machine.heap.get(id);
        let is_open = object.is_open || object.is_store;
        let mut parts: Vec<String> = object
            .elements
            .iter()
            .map(|value| self.value(value))
            .collect();
        if is_open {
            let more = object.properties.get(&Ustr::from(crate::elements::MORE));
            let more = more.map_or_else(String::new, |more| self.value(more));
            parts.push(format!("...{more}"));
        }
        lines(start, &parts, end)
    }

    fn map(&mut self, id: ObjectId) -> String {
        let object = self.machine.heap.get(id);
        let is_open = object.is_open || object.is_store;
        let pairs = object.elements.chunks(2).map(|pair| {
            let values: Vec<String> = pair.iter().map(|value| self.value(value)).collect();
            values.join(" => ")
        });
        let pairs: Vec<String> = pairs.collect();
        // Python keeps the entries whose keys are strings apart.
        let named = object.properties.iter();
        let mut parts: Vec<String> = named
            .map(|(key, value)| format!("{} => {}", quoted(key), self.value(value)))
            .collect();
        parts.extend(pairs);
        if is_open {
            parts.push("...".to_string());
        }
        lines("Map {", &parts, "}")
    }

    /// The properties of an object; a function or class without any is shown by its head alone.
    fn braces(&mut self, head: &str, id: ObjectId) -> String {
        let object = self.machine.heap.get(id);
        let is_open = object.is_open || object.is_store;
        if !head.is_empty() && object.properties.is_empty() && !is_open {
            return head.to_string();
        }
        let start = match head.is_empty() {
            true => "{".to_string(),
            false => format!("{head} {{"),
        };
        self.enclose_open(&start, object.properties.clone(), is_open, "}")
    }

    fn enclose(&mut self, start: &str, properties: crate::Properties, end: &str) -> String {
        self.enclose_open(start, properties, false, end)
    }

    fn enclose_open(
        &mut self,
        start: &str,
        properties: crate::Properties,
        is_open: bool,
        end: &str,
    ) -> String {
        let mut parts: Vec<String> = properties
            .iter()
            .map(|(key, value)| format!("{}: {}", key_text(key), self.value(value)))
            .collect();
        if is_open {
            parts.push("...".to_string());
        }
        lines(start, &parts, end)
    }
}

fn key_text(key: &str) -> String {
    let is_word = key
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '#' | ':' | '@' | '.'));
    match is_word && !key.is_empty() {
        true => key.to_string(),
        false => quoted(key),
    }
}

/// One line if it is short, or else a line a part.
fn lines(start: &str, parts: &[String], end: &str) -> String {
    let flat = parts.join(", ");
    let space = if start.ends_with('{') && !parts.is_empty() {
        " "
    } else {
        ""
    };
    if flat.chars().count() + start.len() <= WIDTH && !flat.contains('\n') {
        return format!("{start}{space}{flat}{space}{end}");
    }
    let mut text = format!("{start}\n");
    for part in parts {
        for line in part.lines() {
            text.push_str(&format!("  {line}\n"));
        }
        text.truncate(text.trim_end_matches('\n').len());
        text.push_str(",\n");
    }
    text.push_str(end);
    text
}

fn quoted(text: &str) -> String {
    let escaped = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
        .replace('\r', "\\r");
    format!("\"{escaped}\"")
}

fn shape_word(shape: Shape) -> &'static str {
    match shape {
        Shape::Any => "",
        Shape::String => "string",
        Shape::Number => "number",
        Shape::Bool => "bool",
        Shape::Object => "object",
    }
}
