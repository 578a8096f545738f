//! Roles and permissions that the program keeps in classes: django-role-permissions.
//!
//! A role has permissions, and a user has roles; decorators, mixins and functions ask for either. Source:
//! django-role-permissions 3.2 `decorators.py`, `checkers.py`, `mixins.py`.

use firedoor_eval::{Answer, Arguments, Call, Machine, Object, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::guard_tests::Refuses;
use super::{guards, users};
use crate::python_support::{argument, last_name};
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "django",
    calls: &[
        (
            "py:rolepermissions.decorators.has_permission_decorator",
            guards::with_options,
        ),
        (
            "py:rolepermissions.decorators.has_role_decorator",
            guards::with_options,
        ),
        ("py:rolepermissions.checkers.has_permission", asked),
        ("py:rolepermissions.checkers.has_role", asked),
        ("py:rolepermissions.checkers.has_object_permission", asked),
    ],
    ..Model::EMPTY
};

/// `has_permission(user, name)`, `has_role(user, roles)`, `has_object_permission(name, user, object)`.
fn asked(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let (user, right) = match last_name(&call.path) {
        "has_object_permission" => (argument(call, 1, "user"), argument(call, 0, "checker_name")),
        "has_role" => (argument(call, 0, "user"), argument(call, 1, "roles")),
        _ => (
            argument(call, 0, "user"),
            argument(call, 1, "permission_name"),
        ),
    };
    let given = Arguments::positional([right]);
    machine
        .call_member(&user, Ustr::from("has_perm"), &given, call.span)
        .map(Some)
}

/// The test of a guard, and how it refuses: with 403, unless it says where to go instead.
pub(super) fn decide(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    (kind, guard): (&str, &Object),
    request: &Value,
    span: Span,
) -> Result<(Value, Refuses), Stop> {
    let option = |index: usize, name: &str| {
        let named = guard.properties.get(&Ustr::from(name));
        named.or_else(|| guard.elements.get(index)).cloned()
    };
    let right = match kind {
        "HasRoleMixin" | "HasPermissionsMixin" => {
            let instance = option(0, "$instance").unwrap_or_else(Value::null);
            let name = match kind {
                "HasRoleMixin" => "allowed_roles",
                _ => "required_permission",
            };
            machine.member(&instance, Ustr::from(name), span)?
        }
        "has_role_decorator" => option(0, "role").unwrap_or_else(Value::null),
        _ => option(0, "permission_name").unwrap_or_else(Value::null),
    };
    let is_said = |value: Option<Value>| {
        value.is_some_and(|value| value.truth() != Some(false) && !value.is_nothing())
    };
    let is_sent_on = is_said(option(1, "redirect_to_login")) || is_said(option(2, "redirect_url"));
    let test = users::has_permission(host, machine, request, &right, span)?;
    Ok(match is_sent_on {
        true => (test, Refuses::ToLogin),
        false => (test, Refuses::Denied),
    })
}
