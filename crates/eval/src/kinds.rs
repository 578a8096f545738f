//! What is an instance of what.

use crate::{Atom, Machine, ObjectKind, Shape, Value};

impl Machine<'_> {
    /// Returns whether `value` is an instance of `class` (or of one of several), if that is decided.
    pub fn is_instance(&self, value: &Value, class: &Value) -> Option<bool> {
        if self.is_no_instance(value, class) {
            return Some(false);
        }
        let mut outcome = None;
        for atom in value.atoms() {
            let is = self.atom_is_instance(atom, class)?;
            match outcome {
                None => outcome = Some(is),
                Some(earlier) if earlier != is => return None,
                Some(_) => {}
            }
        }
        outcome
    }

    /// Holds if the value is plain data, whatever it is, and so no instance of a class of the program. Nothing is
    /// learnt of data by asking whether it is one.
    pub(crate) fn is_no_instance(&self, value: &Value, class: &Value) -> bool {
        let mut atoms = value.atoms().iter();
        self.is_own_class(class)
            && !value.atoms().is_empty()
            && atoms.all(|atom| atom.is_nothing() || self.is_data(atom, value))
    }

    /// Holds for what is no object of the program, though it is not known what it is: a text, a number, or what came
    /// from outside as plain data, such as a parameter of a request or a column of a row.
    fn is_data(&self, atom: &Atom, value: &Value) -> bool {
        match atom {
            Atom::String(_) | Atom::Number(_) | Atom::Bool(_) | Atom::Pattern(_) => true,
            Atom::Unknown(Shape::String | Shape::Number | Shape::Bool) => true,
            Atom::Unknown(Shape::Any | Shape::Object) => self.host.is_data(self, value.origins),
            Atom::Outside(path) => is_built_in(path),
            Atom::Object(id) => match &self.heap.get(*id).kind {
                ObjectKind::Host(path) => is_built_in(path),
                _ => false,
            },
            _ => false,
        }
    }

    /// Holds for a class of a program in JavaScript, or several, none of which says itself what its instances are.
    fn is_own_class(&self, class: &Value) -> bool {
        let decides = |id: &crate::ObjectId| {
            let key = ustr::Ustr::from("@@hasInstance");
            let mut classes = self.class_order(*id).into_iter();
            classes.any(|class| self.heap.property(class, key).is_some())
        };
        !self.is_python()
            && !class.atoms().is_empty()
            && class.atoms().iter().all(|atom| match atom {
                Atom::Object(id) => {
                    matches!(self.heap.get(*id).kind, ObjectKind::Class { .. }) && !decides(id)
                }
                _ => false,
            })
    }

    fn atom_is_instance(&self, atom: &Atom, class: &Value) -> Option<bool> {
        let mut undecided = false;
        for wanted in self.classes_in(class) {
            match self.is_a(atom, &wanted) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => undecided = true,
            }
        }
        (!undecided).then_some(false)
    }

    /// The classes that a value, or a tuple of classes, stands for.
    fn classes_in(&self, class: &Value) -> Vec<Atom> {
        let mut classes = Vec::new();
        for atom in class.atoms() {
            if let Atom::Object(id) = atom
                && let ObjectKind::Tuple | ObjectKind::Array = self.heap.get(*id).kind
            {
                for element in &self.heap.get(*id).elements {
                    classes.extend(element.atoms().iter().copied());
                }
                continue;
            }
            classes.push(*atom);
        }
        classes
    }

    fn is_a(&self, atom: &Atom, class: &Atom) -> Option<bool> {
        if atom.is_nothing() {
            return Some(false);
        }
        if let Atom::Outside(path) = class
            && let Some(outcome) = self.is_builtin_kind(atom, path)
        {
            return Some(outcome);
        }
        let Atom::Object(id) = atom else {
            return self.outside_is_a(atom, class);
        };
        match (&self.heap.get(self.unproxied(*id)).kind, class) {
            (ObjectKind::Instance { class: own }, Atom::Object(wanted)) => {
                Some(self.class_order(*own).contains(wanted))
            }
            (ObjectKind::Instance { .. }, Atom::Outside(path)) => {
                let bases = self.outside_bases(*id);
                if bases.contains(path) || is_root_class(path) {
                    return Some(true);
                }
                let mut undecided = false;
                for base in &bases {
                    match self.error_is_a(base, path) {
                        Some(true) => return Some(true),
                        Some(false) => {}
                        None => undecided |= !is_error_class(base),
                    }
                }
                (!undecided).then_some(false)
            }
            (ObjectKind::Host(made), Atom::Outside(path)) => {
                let made = made.strip_suffix("()").unwrap_or(made);
                self.error_is_a(made, path)
            }
            (ObjectKind::Host(made), Atom::Object(_)) => {
                is_error_class(made.trim_end_matches("()")).then_some(false)
            }
            (ObjectKind::Plain, Atom::Object(function)) if !self.is_python() => {
                Some(crate::javascript::inherits(self, *id, *function))
            }
            (
                ObjectKind::Plain
                | ObjectKind::Map
                | ObjectKind::Array
                | ObjectKind::Tuple
                | ObjectKind::Set
                | ObjectKind::Function { .. },
                Atom::Object(_),
            ) => Some(false),
            _ => None,
        }
    }

    fn outside_is_a(&self, atom: &Atom, class: &Atom) -> Option<bool> {
        match (atom, class) {
            (Atom::Outside(made), Atom::Outside(path)) => {
                let made = made.strip_suffix("()").unwrap_or(made);
                self.error_is_a(made, path)
            }
            (Atom::Outside(made), Atom::Object(_)) => {
                is_error_class(made.trim_end_matches("()")).then_some(false)
            }
            (Atom::String(_) | Atom::Number(_) | Atom::Bool(_), Atom::Object(_)) => Some(false),
            _ => None,
        }
    }

    /// Exceptions of outside code are compared by path; a base class that is not modelled is undecided.
    fn error_is_a(&self, made: &str, path: &str) -> Option<bool> {
        if made == path || is_root_class(path) {
            return Some(true);
        }
        if let Some(outcome) = crate::python::exceptions::is_subclass(made, path) {
            return Some(outcome);
        }
        let last = |path: &str| path.rsplit(['.', ':']).next().unwrap_or("").to_owned();
        if last(made) == last(path) {
            return Some(true);
        }
        self.host.is_subclass(made, path)
    }
}

impl Machine<'_> {
    /// Returns whether a value is an instance of a built-in class of Python that is no exception.
    fn is_builtin_kind(&self, atom: &Atom, path: &str) -> Option<bool> {
        let name = path.strip_prefix("py:builtins.")?;
        let kind = match atom {
            Atom::String(_) | Atom::Pattern(_) | Atom::Unknown(crate::Shape::String) => "str",
            Atom::Bool(_) | Atom::Unknown(crate::Shape::Bool) => "bool",
            Atom::Number(number) if number.fract() != 0.0 => "float",
            Atom::Number(_) => "int",
            Atom::Object(id) => crate::python::kind_name(&self.heap.get(*id).kind)?,
            _ => return None,
        };
        match (name, kind) {
            ("object", _) => Some(true),
            ("int", "bool") | ("int" | "float", "int") if kind == "bool" || name == "int" => {
                Some(true)
            }
            // Whether a whole number was written with a point is not kept; bytes are strings here.
            ("float", "int") | ("bytes" | "bytearray", "str") => None,
            (
                "str" | "int" | "float" | "bool" | "list" | "dict" | "tuple" | "set" | "frozenset"
                | "bytes" | "type",
                _,
            ) => Some(name == kind),
            _ if crate::python::exceptions::is_exception(path) => Some(false),
            _ => None,
        }
    }

    /// Returns whether a class is a kind of another (or of one of several), if that is decided.
    pub(crate) fn is_subclass_of(&self, class: &Value, wanted: &Value) -> Option<bool> {
        let class = class.only()?;
        let mut undecided = false;
        for wanted in self.classes_in(wanted) {
            let is = match (class, wanted) {
                (class, wanted) if class == wanted => Some(true),
                (Atom::Object(class), Atom::Object(wanted)) => {
                    match self.class_order(class).contains(&wanted) {
                        true => Some(true),
                        false => (!self.has_unknown_base(class)).then_some(false),
                    }
                }
                (Atom::Object(class), Atom::Outside(path)) => {
                    let bases = self.outside_bases(class);
                    match bases.contains(&path) || path == "py:builtins.object" {
                        true => Some(true),
                        false if bases.is_empty() => Some(false),
                        false => bases
                            .iter()
                            .try_fold(false, |any, base| Some(any | self.error_is_a(base, &path)?)),
                    }
                }
                (Atom::Outside(made), Atom::Outside(path)) => self.error_is_a(&made, &path),
                _ => None,
            };
            match is {
                Some(true) => return Some(true),
                Some(false) => {}
                None => undecided = true,
            }
        }
        (!undecided).then_some(false)
    }
}

/// Holds for what the language or its platform makes itself.
fn is_built_in(path: &str) -> bool {
    (path.starts_with("js:") || path.starts_with("node:"))
        && !is_error_class(path.trim_end_matches("()"))
}

fn is_root_class(path: &str) -> bool {
    matches!(
        path,
        "py:builtins.Exception"
            | "py:builtins.BaseException"
            | "py:builtins.object"
            | "js:Error"
            | "js:Object"
    )
}

fn is_error_class(path: &str) -> bool {
    path.ends_with("Error") || path.ends_with("Exception")
}
