//! Types with parameters.
//!
//! `Annotated[T, a, b]` is `Host("py:typing.Annotated[]")` with the elements `[T, a, b]`, and so for every
//! generic. `typing_extensions` and `collections.abc` are written as `typing`; `typing.List` and its like as
//! the built-in class (`py:builtins.list[]`); `Optional[T]`, `Union[T, U]` and `T | U` as
//! `py:typing.Union[]`, without unions within it, and `None` as the value it is.
//! A class of the program with parameters is the class itself.

use firedoor_source::Span;
use ustr::Ustr;

use crate::python::{Use, enumerations};
use crate::{Answer, Atom, Machine, ObjectId, ObjectKind, Shape, Stop, Value};

/// Names of `typing` for what is built in.
const BUILTIN: &[(&str, &str)] = &[
    ("List", "list"),
    ("Dict", "dict"),
    ("Set", "set"),
    ("FrozenSet", "frozenset"),
    ("Tuple", "tuple"),
    ("Type", "type"),
];

/// The path of a union.
const UNION: &str = "py:typing.Union[]";

/// Calls a function of `typing`.
pub(crate) fn call(machine: &mut Machine<'_>, call: &Use<'_>) -> Answer {
    let value = match call.name {
        "cast" | "NewType" | "assert_type" => call.at(1),
        "overload"
        | "final"
        | "override"
        | "runtime_checkable"
        | "no_type_check"
        | "no_type_check_decorator"
        | "reveal_type"
        | "dataclass_transform" => call.at(0),
        "get_args" => Some(parameters(machine, call)),
        "get_origin" => Some(origin(machine, call)),
        "NamedTuple" => return Ok(Some(crate::python::collections::named_tuple(machine, call))),
        "get_type_hints" => Some(machine.derived(Shape::Any, call.arguments.all())),
        _ => return Ok(None),
    };
    Ok(Some(
        value.unwrap_or_else(|| Value::outside("py:typing.Any")),
    ))
}

fn parameters(machine: &mut Machine<'_>, call: &Use<'_>) -> Value {
    let generic = call.at(0).and_then(|generic| generic.only_object());
    let elements = match generic {
        Some(id) if generic_path(machine, id).is_some() => machine.heap.get(id).elements.clone(),
        _ => Vec::new(),
    };
    machine.make_tuple(elements, call.span)
}

fn origin(machine: &mut Machine<'_>, call: &Use<'_>) -> Value {
    let path = call
        .at(0)
        .and_then(|generic| generic.only_object())
        .and_then(|id| generic_path(machine, id));
    match path {
        Some(path) => Value::outside(path.trim_end_matches("[]")),
        None => Value::null(),
    }
}

fn generic_path(machine: &Machine<'_>, id: ObjectId) -> Option<Ustr> {
    match machine.heap.get(id).kind {
        ObjectKind::Host(path) if path.ends_with("[]") => Some(path),
        _ => None,
    }
}

/// Returns the uniform path of a generic; nothing if it is none.
fn uniform(path: &str) -> Option<String> {
    let dotted = path.strip_prefix("py:")?;
    let (module, name) = dotted.rsplit_once('.')?;
    match module {
        "typing" | "typing_extensions" | "collections.abc" => {
            let builtin = BUILTIN.iter().find(|(found, _)| *found == name);
            Some(match builtin {
                Some((_, name)) => format!("py:builtins.{name}[]"),
                None => format!("py:typing.{name}[]"),
            })
        }
        "builtins" => {
            let is_generic = matches!(
                name,
                "list" | "dict" | "set" | "frozenset" | "tuple" | "type"
            );
            is_generic.then(|| format!("{path}[]"))
        }
        _ => {
            let is_class = name.starts_with(|c: char| c.is_uppercase());
            is_class.then(|| format!("{path}[]"))
        }
    }
}

impl Machine<'_> {
    /// `typing.Thing[parameter]`; nothing if it is not a generic.
    pub(crate) fn subscript_outside(
        &mut self,
        whole: &Value,
        key: &Value,
        span: Span,
    ) -> Option<Value> {
        let path = uniform(&whole.as_outside()?)?;
        let mut elements = match key.only_object().map(|id| &self.heap.get(id).kind) {
            Some(ObjectKind::Tuple) => self.elements_of(key).0,
            _ => vec![key.clone()],
        };
        match path.as_str() {
            "py:typing.Optional[]" => {
                elements.push(Value::null());
                Some(self.make_union(elements, span))
            }
            UNION => Some(self.make_union(elements, span)),
            _ => Some(self.make_generic(&path, elements, span)),
        }
    }

    fn make_generic(&mut self, path: &str, elements: Vec<Value>, span: Span) -> Value {
        let kind = ObjectKind::Host(Ustr::from(path));
        let id = self.heap.allocate(kind, span);
        self.heap.get_mut(id).elements = elements;
        Value::object(id)
    }

    fn make_union(&mut self, parts: Vec<Value>, span: Span) -> Value {
        let mut elements: Vec<Value> = Vec::new();
        for part in parts {
            let inner = match part.only_object() {
                Some(id) if generic_path(self, id).is_some_and(|path| path == UNION) => {
                    self.heap.get(id).elements.clone()
                }
                _ => vec![part],
            };
            for part in inner {
                if !elements.contains(&part) {
                    elements.push(part);
                }
            }
        }
        match elements.as_slice() {
            [one] => one.clone(),
            _ => self.make_generic(UNION, elements, span),
        }
    }

    /// `X | Y` of types; nothing if they are not types.
    pub(crate) fn type_union(&mut self, left: &Value, right: &Value, span: Span) -> Option<Value> {
        let is_type = |value: &Value| match value.only() {
            Some(Atom::Object(id)) => match self.heap.get(id).kind {
                ObjectKind::Class { .. } => true,
                _ => generic_path(self, id).is_some(),
            },
            Some(Atom::Outside(path)) => path.starts_with("py:") && !path.ends_with(')'),
            Some(Atom::Null) => true,
            _ => false,
        };
        if !is_type(left) || !is_type(right) || (left.is_nothing() && right.is_nothing()) {
            return None;
        }
        Some(self.make_union(vec![left.clone(), right.clone()], span))
    }

    /// `Class[parameter]` of a class of the program: a member of an enumeration by its name, or the class.
    pub(crate) fn subscript_class(
        &mut self,
        id: ObjectId,
        key: &Value,
        span: Span,
    ) -> Result<Value, Stop> {
        if let Some(members) = enumerations::members(self, id) {
            return self.dict_item(members, key, span);
        }
        if let Some((_, function)) = self.class_attribute(id, Ustr::from("__class_getitem__")) {
            let function = match function.only_object() {
                Some(descriptor) => match self.heap.get(descriptor).kind {
                    ObjectKind::Host(_) => self.heap.get(descriptor).elements.first().cloned(),
                    _ => None,
                },
                None => None,
            }
            .unwrap_or(function);
            let arguments = crate::Arguments::positional([Value::object(id), key.clone()]);
            return self.call_value(&function, None, &arguments, span);
        }
        Ok(Value::object(id))
    }
}
