//! What is read from files: it is not made of where they lie.
//!
//! A key that is kept in a file below a folder that a setting names is whatever stands there, and the setting is no
//! part of it. Source: CPython 3.13, `io`, `pathlib`.

use firedoor_app::Origin;
use firedoor_eval::{Answer, Call, Machine, Shape};
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

fn read(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    let origin = Origin::Unknown(Ustr::from("file"));
    Ok(Some(value_from(host, machine, Shape::String, origin)))
}
