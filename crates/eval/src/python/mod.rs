//! What Python itself brings: its built-ins, parts of its library, and the methods of its values.

use firedoor_source::Span;
use ustr::Ustr;

use crate::{Answer, Arguments, Machine, ObjectId, Stop, Value};

/// Returns what a name stands for that the program does not bind.
pub(crate) fn global(name: Ustr) -> Value {
    Value::outside(&format!("py:builtins.{name}"))
}

/// Calls a built-in function, or one of the library.
pub(crate) fn call(
    _machine: &mut Machine<'_>,
    _path: Ustr,
    _arguments: &Arguments,
    _span: Span,
) -> Answer {
    Ok(None)
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

impl Machine<'_> {
    /// Enters a context manager and returns what `as` binds.
    pub(crate) fn enter_context(&mut self, context: &Value, _span: Span) -> Result<Value, Stop> {
        Ok(context.clone())
    }

    /// `Class[parameter]` of a class of the program.
    pub(crate) fn subscript_class(
        &mut self,
        id: ObjectId,
        _key: &Value,
        _span: Span,
    ) -> Result<Value, Stop> {
        Ok(Value::object(id))
    }

    /// `typing.Thing[parameter]`; nothing if it is not a generic of the library.
    pub(crate) fn subscript_outside(
        &mut self,
        _whole: &Value,
        _key: &Value,
        _span: Span,
    ) -> Option<Value> {
        None
    }

    /// The members of an enumeration.
    pub(crate) fn class_elements(&mut self, _id: ObjectId) -> Option<(Vec<Value>, bool)> {
        None
    }
}
