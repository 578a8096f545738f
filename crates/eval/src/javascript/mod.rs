//! What JavaScript itself brings: its globals, and the methods of its values.

use firedoor_source::Span;
use ustr::Ustr;

use crate::{Answer, Arguments, Machine, ObjectId, Stop, Value};

/// Returns what a name stands for that the program does not declare.
pub(crate) fn global(name: Ustr) -> Value {
    match name.as_str() {
        "undefined" => Value::undefined(),
        "NaN" => Value::number(f64::NAN),
        "Infinity" => Value::number(f64::INFINITY),
        _ => Value::outside(&format!("js:{name}")),
    }
}

/// Calls a global function or a member of a global object.
pub(crate) fn call(
    machine: &mut Machine<'_>,
    path: Ustr,
    _this: &Value,
    arguments: &Arguments,
    _span: Span,
    _is_new: bool,
) -> Answer {
    match path.as_str() {
        "js:require" => machine.require(&arguments.get(0)).map(Some),
        "js:process.exit" => Err(Stop::Exit),
        _ => Ok(None),
    }
}

/// Reads a member of a global object.
pub(crate) fn outside_member(machine: &mut Machine<'_>, path: Ustr) -> Option<Value> {
    let (owner, name) = path.rsplit_once('.')?;
    if owner.starts_with("py-folder:") {
        return machine.folder_member(Ustr::from(owner), Ustr::from(name));
    }
    None
}

/// Calls a method of a value of the language.
pub(crate) fn method(
    _machine: &mut Machine<'_>,
    _receiver: &Value,
    _name: Ustr,
    _arguments: &Arguments,
    _span: Span,
) -> Answer {
    Ok(None)
}

/// Holds if the language gives objects of this kind a method of that name.
pub(crate) fn has_method(_machine: &Machine<'_>, _id: ObjectId, _name: Ustr) -> bool {
    false
}

/// Reads a member that functions have (`name`, `length`).
pub(crate) fn function_member(
    _machine: &mut Machine<'_>,
    _id: ObjectId,
    _key: Ustr,
    _span: Span,
) -> Option<Value> {
    None
}
