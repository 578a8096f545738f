//! Exceptions of REST framework that programs derive: what their answers tell.
//!
//! Source: djangorestframework 3.16 `exceptions.py`, `APIException.__init__(detail=None, code=None)`.

use firedoor_eval::{Arguments, Machine, ObjectId, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::tables::InstanceFunction;
use crate::{Model, ModelHost};

macro_rules! errors {
    ($($name:literal),* $(,)?) => {
        &[$((concat!("py:rest_framework.exceptions.", $name), made)),*]
    };
}

const ERRORS: &[(&str, InstanceFunction)] = errors!(
    "APIException",
    "AuthenticationFailed",
    "NotAuthenticated",
    "NotFound",
    "ParseError",
    "PermissionDenied",
    "Throttled",
    "ValidationError",
);

/// The model.
pub static MODEL: Model = Model {
    name: "django",
    instances: ERRORS,
    ..Model::EMPTY
};

/// The answer tells what the exception is given, or else what its class says.
fn made(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    instance: ObjectId,
    arguments: &Arguments,
    _span: Span,
) -> Result<bool, Stop> {
    let has_own = machine
        .class_attribute(class, Ustr::from("__init__"))
        .is_some();
    let given = arguments.find(0, "detail").cloned();
    let given = given.filter(|given| !given.is_nothing() && !has_own);
    let usual = machine.class_attribute(class, Ustr::from("default_detail"));
    if let Some(detail) = given.or(usual.map(|(_, usual): (_, Value)| usual)) {
        machine
            .heap
            .set_property(instance, Ustr::from("detail"), detail);
    }
    Ok(!has_own)
}
