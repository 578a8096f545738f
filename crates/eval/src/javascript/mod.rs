//! What JavaScript itself brings: its globals, and the methods of its values.
//!
//! One file a subject, each with a table from names to functions ([`Function`]). The host has been asked
//! before any of these is called, so that a model may know better.

use firedoor_source::Span;
use ustr::Ustr;

use crate::{Answer, Arguments, Atom, Machine, ObjectId, ObjectKind, OriginSet, Shape, Value};

mod array;
mod callbacks;
mod data;
mod error;
mod files;
mod function;
mod globals;
mod json;
mod map;
mod number;
mod object;
mod paths;
mod promise;
pub(crate) mod regex;
mod string;
mod unknown;

pub(crate) use data::url_text;
pub(crate) use error::construct_base;
pub(crate) use function::{function_member, inherited, inherits, prototype_of};
pub(crate) use globals::{global, outside_member, type_of};
pub(crate) use map::MOST_ELEMENTS;
pub(crate) use number::converted;
pub(crate) use paths::normal_path;

/// The names of the methods that make an object iterable.
pub(crate) const ITERATORS: &[&str] = &["@@iterator", "@@asyncIterator"];

/// The property that holds what an object inherits from without a class.
pub(crate) const PROTOTYPE: &str = "__proto__";

/// A call of something native.
#[derive(Clone, Copy)]
pub(crate) struct Native<'a> {
    /// The API path, or the name of the method.
    path: Ustr,
    /// The receiver.
    this: &'a Value,
    /// With what.
    arguments: &'a Arguments,
    /// Where.
    span: Span,
    /// Holds for `new`.
    is_new: bool,
}

/// Does what a native function does; `None` if nothing is known about it after all.
type Function = fn(&mut Machine<'_>, &Native<'_>) -> Answer;

impl Native<'_> {
    fn argument(&self, index: usize) -> Value {
        self.arguments.get(index)
    }

    /// Returns the receiver, if it is one object.
    fn object(&self) -> Option<ObjectId> {
        self.this.only_object()
    }

    /// Returns an unknown result made of the receiver and the arguments.
    fn derived(&self, machine: &mut Machine<'_>, shape: Shape) -> Value {
        let all: Vec<&Value> = std::iter::once(self.this)
            .chain(self.arguments.all())
            .collect();
        machine.derived(shape, all)
    }

    /// The same for a method, whose origins the host may know better.
    fn method_result(&self, machine: &mut Machine<'_>, shape: Shape) -> Value {
        let mut value = self.derived(machine, shape);
        let host = machine.host();
        value.origins = host.method_origins(machine, self.this.origins, value.origins, self.path);
        value
    }

    /// Returns a known result, which comes from where the receiver and the arguments come from.
    fn known(&self, machine: &mut Machine<'_>, mut value: Value) -> Value {
        let all: Vec<&Value> = std::iter::once(self.this)
            .chain(self.arguments.all())
            .collect();
        for part in all {
            value.origins = machine.origins.union(value.origins, part.origins);
            value.control = machine.origins.union(value.control, part.control);
        }
        value
    }
}

/// Calls a global function or a member of a global object.
pub(crate) fn call(
    machine: &mut Machine<'_>,
    path: Ustr,
    this: &Value,
    arguments: &Arguments,
    span: Span,
    is_new: bool,
) -> Answer {
    let native = Native {
        path,
        this,
        arguments,
        span,
        is_new,
    };
    if let Some(function) = native_function(&path) {
        return function(machine, &native);
    }
    if let Some((owner, word @ ("call" | "apply" | "bind"))) = path.rsplit_once('.') {
        return function::call_path(machine, owner, word, &native);
    }
    Ok(globals::shape(&path).map(|shape| globals::shaped(machine, &native, shape)))
}

fn native_function(path: &str) -> Option<Function> {
    match path.split_once(':')? {
        ("js", name) => globals::function(name)
            .or_else(|| object::function(name))
            .or_else(|| array::function(name))
            .or_else(|| map::function(name))
            .or_else(|| promise::function(name))
            .or_else(|| number::function(name))
            .or_else(|| json::function(name))
            .or_else(|| data::function(name))
            .or_else(|| error::function(name)),
        ("node", name) => paths::function(name)
            .or_else(|| files::function(name))
            .or_else(|| globals::node_function(name)),
        _ => None,
    }
}

/// Calls a method of a value of the language.
pub(crate) fn method(
    machine: &mut Machine<'_>,
    receiver: &Value,
    name: Ustr,
    arguments: &Arguments,
    span: Span,
) -> Answer {
    let native = Native {
        path: name,
        this: receiver,
        arguments,
        span,
        is_new: false,
    };
    let function = match receiver.only() {
        Some(Atom::Object(id)) => object_method(machine, id, &name),
        Some(Atom::String(_) | Atom::Pattern(_) | Atom::Unknown(Shape::String)) => {
            string::method(&name)
        }
        Some(Atom::Number(_) | Atom::Unknown(Shape::Number)) => number::method(&name),
        Some(Atom::Unknown(Shape::Any | Shape::Object)) => {
            return unknown::method(machine, &native);
        }
        _ => None,
    };
    match function {
        Some(function) => function(machine, &native),
        None => Ok(None),
    }
}

fn object_method(machine: &Machine<'_>, id: ObjectId, name: &str) -> Option<Function> {
    let own = match &machine.heap.get(id).kind {
        ObjectKind::Array | ObjectKind::Tuple => {
            array::method(name).or_else(|| callbacks::method(name))
        }
        ObjectKind::Map => map::map_method(name),
        ObjectKind::Set => map::set_method(name),
        ObjectKind::Promise { .. } => promise::method(name),
        ObjectKind::Regex(_) => regex::method(name),
        ObjectKind::Function { .. }
        | ObjectKind::Bound { .. }
        | ObjectKind::Method { .. }
        | ObjectKind::Class { .. } => function::method(name),
        _ => None,
    };
    own.or_else(|| object::method(name))
}

/// Holds if the language gives objects of this kind a method of that name.
pub(crate) fn has_method(machine: &Machine<'_>, id: ObjectId, name: Ustr) -> bool {
    let class = match machine.heap.get(id).kind {
        ObjectKind::Namespace(_)
        | ObjectKind::Host(_)
        | ObjectKind::Super { .. }
        | ObjectKind::Proxy { .. } => return false,
        ObjectKind::Instance { class } => Some(class),
        ObjectKind::Class { .. } => Some(id),
        _ => None,
    };
    if object_method(machine, id, &name).is_none() {
        return false;
    }
    match class {
        Some(class) => {
            machine.outside_base(class).is_none()
                && machine.class_attribute(class, name).is_none()
                && machine
                    .class_order(class)
                    .iter()
                    .all(|owner| machine.heap.property(*owner, name).is_none())
        }
        None => inherited(machine, id, name).is_none(),
    }
}

/// Calls a method of an object of a host that does not answer for it: what every promise, list and
/// function has.
pub(crate) fn host_method(
    machine: &mut Machine<'_>,
    path: Ustr,
    receiver: &Value,
    name: Ustr,
    arguments: &Arguments,
    span: Span,
) -> Answer {
    if crate::call::is_javascript_path(path) {
        let answer = call(machine, path, receiver, arguments, span, false)?;
        if answer.is_some() {
            return Ok(answer);
        }
    }
    let native = Native {
        path: name,
        this: receiver,
        arguments,
        span,
        is_new: false,
    };
    unknown::protocol(machine, &native)
}

/// Reads a member of an object that the language has made and that is not among its properties.
pub(crate) fn host_member(
    machine: &mut Machine<'_>,
    id: ObjectId,
    whole: &Value,
    path: Ustr,
    key: Ustr,
) -> Option<Value> {
    data::member(machine, id, whole, &path, key)
        .or_else(|| error::missing_member(machine, id, &path))
}

/// Makes an object of the language that the evaluator knows only by its path.
fn native_object(
    machine: &mut Machine<'_>,
    path: &str,
    elements: Vec<Value>,
    span: Span,
) -> (ObjectId, Value) {
    let id = machine
        .heap
        .allocate(ObjectKind::Host(Ustr::from(path)), span);
    machine.heap.get_mut(id).elements = elements;
    (id, Value::object(id))
}

/// Holds if some alternative can be called.
pub(crate) fn is_callable(machine: &Machine<'_>, value: &Value) -> bool {
    value.atoms().iter().any(|atom| match atom {
        Atom::Object(id) => matches!(
            machine.heap.get(machine.unproxied(*id)).kind,
            ObjectKind::Function { .. }
                | ObjectKind::Bound { .. }
                | ObjectKind::Method { .. }
                | ObjectKind::Class { .. }
                | ObjectKind::Host(_)
        ),
        Atom::Outside(_) => true,
        _ => false,
    })
}

/// Returns what has been decided since `base`, as origins.
fn decided_since(machine: &mut Machine<'_>, base: usize) -> OriginSet {
    let mut all = OriginSet::EMPTY;
    for step in machine.decided.get(base..).unwrap_or(&[]).to_vec() {
        let (origins, control) = {
            let decision = machine.decision(step.decision);
            (decision.origins, decision.control)
        };
        all = machine.origins.union(all, origins);
        all = machine.origins.union(all, control);
    }
    all
}
