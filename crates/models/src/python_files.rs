//! What is read from files: it is not made of where they lie, unless a record says where that is.
//!
//! A key that is kept in a file below a folder that a setting names is whatever stands there, and the setting is no
//! part of it. Source: CPython 3.13, `io`, `pathlib`.

use firedoor_app::Origin;
use firedoor_eval::{Answer, Call, Machine, Shape, Value};
use ustr::Ustr;

use crate::python_support::value_from;
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "python_standard",
    calls: &[
        ("py:builtins.open().read", read),
        ("py:builtins.open().readline", read),
        ("py:pathlib.Path().read_text", read),
        ("py:pathlib.Path().read_bytes", read),
        ("py:pathlib.Path().open().read", read),
        ("py:pathlib.Path().open().readline", read),
    ],
    ..Model::EMPTY
};

fn read(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(contents) = contents(host, machine, &call.this) {
        return Ok(Some(contents));
    }
    let origin = Origin::Unknown(Ustr::from("file"));
    Ok(Some(value_from(host, machine, Shape::String, origin)))
}

/// Returns what a file holds whose path a record keeps: it is what the record stands for, and tells as much of it.
pub(crate) fn contents(host: &ModelHost, machine: &mut Machine<'_>, path: &Value) -> Option<Value> {
    let provenance = host.deep_provenance(machine, path);
    let kept = provenance.origins().iter();
    let kept = kept.filter(|origin| matches!(origin, Origin::Record { .. }));
    let mut contents: Option<Value> = None;
    for origin in kept.cloned() {
        let value = contents.unwrap_or_else(|| Value::unknown(Shape::String));
        contents = Some(host.with_origin(machine, value, origin));
    }
    contents
}
