//! Flask-JWT-Extended: `current_user`, which the program's own loader finds by the token of the request.
//!
//! Source: flask-jwt-extended 4.7, `view_decorators.py`, `utils.py`.

use firedoor_app::Origin;
use firedoor_eval::{Answer, Call, Machine, ObjectId, Shape, Stop, TestKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::jwt::{asked, error, loader, told};
use super::request::principal;
use crate::python_support::last_name;
use crate::{ModelHost, Persona};

/// The user that the program's own loader finds by the token. It is asked once a request, when the token is verified, so
/// that whoever writes into the user and whoever stores it mean the same record.
fn loaded(host: &ModelHost, machine: &mut Machine<'_>, span: Span) -> Value {
    if host.persona() == Persona::Attacker {
        return told(host, machine, Shape::Object, "");
    }
    if let Some(known) = host.state().run.loaded_user.clone() {
        return known;
    }
    let Some(found) = look_up(host, machine, span) else {
        return principal(host, machine, Shape::Object, "");
    };
    let user = found.filter(|atom| !atom.is_nothing()).unwrap_or(found);
    if host.is_request() {
        host.state().run.loaded_user = Some(user.clone());
    }
    user
}

/// What the program's own loader finds, if it has one.
fn look_up(host: &ModelHost, machine: &mut Machine<'_>, span: Span) -> Option<Value> {
    let names = ["$user_lookup_loader", "$user_loader_callback_loader"];
    let loader = loader(host, machine, &names)?;
    let found = asked(host, machine, &loader, span);
    Some(found.unwrap_or_else(|_| Value::null()))
}

/// A token whose user is not found is refused.
pub(super) fn ask_for_user(host: &ModelHost, machine: &mut Machine<'_>, span: Span) {
    let Some(found) = look_up(host, machine, span) else {
        return;
    };
    let user = found.filter(|atom| !atom.is_nothing());
    let outcome = match &user {
        None => Some(false),
        Some(user) if user.atoms().len() == found.atoms().len() => Some(true),
        Some(_) => None,
    };
    let is_there = machine.tested(TestKind::Truth, outcome, &[&found], span);
    let refused = error(host, machine, &found, span);
    host.state().run.loaded_user = Some(user.unwrap_or(found));
    let _ = machine.when(
        &is_there,
        span,
        |_| Ok(()),
        |machine| {
            machine.may_throw(refused, span);
            Err(Stop::Throw)
        },
    );
}

/// `current_user.name = ...` writes into the record.
pub(super) fn set_user_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: ObjectId,
    value: &Value,
    span: Span,
) -> bool {
    let name = Ustr::from(last_name(&host.state().member_name));
    let user = loaded(host, machine, span);
    if user.is_nothing() {
        return false;
    }
    let (written, _) =
        machine.catching(|machine| machine.set_member(&user, name, value.clone(), span));
    written.is_ok()
}

pub(super) fn user_call(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(loaded(host, machine, call.span)))
}

pub(super) fn user_proxy(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let id = host.make_object(machine, "flask_jwt:user", span);
    let origin = Origin::Principal(Ustr::from(""));
    Some(host.with_origin(machine, Value::object(id), origin))
}

pub(super) fn user_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    object?;
    let name = Ustr::from(last_name(&host.state().member_name));
    let user = loaded(host, machine, span);
    if user.is_nothing() {
        return Some(Value::undefined().with_origins(user.origins));
    }
    let (read, _) = machine.catching(|machine| machine.member(&user, name, span));
    read.ok()
}

pub(super) fn user_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = Ustr::from(last_name(&call.path));
    let user = loaded(host, machine, call.span);
    machine
        .call_member(&user, name, call.arguments, call.span)
        .map(Some)
}
