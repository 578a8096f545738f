//! Forms of the library that set the password of one user, and nothing else.
//!
//! Source: django 5.2 `contrib/auth/forms.py` (`SetPasswordForm`, `PasswordChangeForm`, `AdminPasswordChangeForm`).

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::forms::sent;
use crate::python_support::{last_name, object_with_arguments};
use crate::{Model, ModelHost};

const CHANGE: &str = "py:django.contrib.auth.forms.PasswordChangeForm";
const SET: &str = "py:django.contrib.auth.forms.SetPasswordForm";
const BY_ADMINISTRATORS: &str = "py:django.contrib.auth.forms.AdminPasswordChangeForm";

/// The model.
pub static MODEL: Model = Model {
    name: "django",
    calls: &[(CHANGE, made), (SET, made), (BY_ADMINISTRATORS, made)],
    ..Model::EMPTY
};

/// `PasswordChangeForm(user, data)`.
fn made(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = object_with_arguments(machine, call);
    keep_user(machine, id, call.arguments);
    Ok(Some(Value::object(id)))
}

/// Keeps whose password it is with the form, if it is such a form.
pub(super) fn keep_user(machine: &mut Machine<'_>, form: ObjectId, arguments: &Arguments) {
    let user = arguments.find(0, "user").cloned();
    if let (Some(user), Some(_)) = (user, kind_of(machine, form)) {
        machine.heap.set_property(form, Ustr::from("user"), user);
    }
}

/// Returns which of these forms it is, or inherits from.
fn kind_of(machine: &Machine<'_>, form: ObjectId) -> Option<&'static str> {
    let known = [CHANGE, BY_ADMINISTRATORS, SET];
    match machine.heap.get(form).kind {
        ObjectKind::Host(own) => {
            let own = own.trim_end_matches("()");
            known.into_iter().find(|path| *path == own)
        }
        _ => {
            let bases = machine.outside_bases(form);
            known
                .into_iter()
                .find(|path| bases.iter().any(|base| base.as_str() == *path))
        }
    }
}

fn user_of(machine: &Machine<'_>, form: ObjectId) -> Option<(Value, &'static str)> {
    let kind = kind_of(machine, form)?;
    let user = machine.heap.property(form, Ustr::from("user")).cloned()?;
    (!user.is_nothing()).then_some((user, kind))
}

/// The test that whoever changes his password knows the old one.
pub(super) fn knows_old(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    form: ObjectId,
    span: Span,
) -> Result<Option<Value>, Stop> {
    let Some((user, CHANGE)) = user_of(machine, form) else {
        return Ok(None);
    };
    let given = Arguments::positional([sent(host, machine, "old_password")]);
    let name = Ustr::from("check_password");
    machine.call_member(&user, name, &given, span).map(Some)
}

/// Sets the password of the user; returns him.
pub(super) fn save(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    form: ObjectId,
    call: &Call<'_>,
) -> Result<Option<Value>, Stop> {
    let Some((user, kind)) = user_of(machine, form) else {
        return Ok(None);
    };
    let field = match last_name(kind) {
        "AdminPasswordChangeForm" => "password1",
        _ => "new_password1",
    };
    let given = Arguments::positional([sent(host, machine, field)]);
    machine.call_member(&user, Ustr::from("set_password"), &given, call.span)?;
    let commits = call.arguments.find(0, "commit").and_then(Value::truth);
    if commits != Some(false) {
        let none = Arguments::default();
        machine.call_member(&user, Ustr::from("save"), &none, call.span)?;
    }
    Ok(Some(user))
}
