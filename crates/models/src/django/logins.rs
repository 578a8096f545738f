//! Middleware that asks everybody to log in, except where a view or a setting says otherwise.
//!
//! Sources: django 5.2 `contrib/auth/middleware.py`; django-login-required-middleware 0.9 `middleware.py`, which matches the
//! expressions of `LOGIN_REQUIRED_IGNORE_PATHS` against the path and looks for the name of the route in
//! `LOGIN_REQUIRED_IGNORE_VIEW_NAMES`.

use firedoor_app::EffectKind;
use firedoor_eval::{Arguments, Atom, Machine, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::middleware::has_flag;
use super::{matches, project, users};
use crate::ModelHost;

/// Sends those who are not logged in to the page where they can.
pub(super) fn required(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    path: &str,
    request: &Value,
    span: Span,
) -> Result<(), Stop> {
    let is_open = has_flag(host, machine, "$login_not_required")
        || is_left_alone(host, machine, span)
        || path.starts_with("py:login_required.") && is_ignored(host, machine, request, span)?;
    if is_open {
        host.effect(machine, EffectKind::Continue, span);
        return Ok(());
    }
    let test = users::is_authenticated(host, machine, request, span)?;
    machine.when(
        &test,
        span,
        |machine| {
            host.effect(machine, EffectKind::Continue, span);
            Ok(())
        },
        |machine| {
            super::response::send_to_login(host, machine, span);
            Ok(())
        },
    )
}

/// Holds if the settings name the route of the request, or an expression that its path matches.
fn is_ignored(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    request: &Value,
    span: Span,
) -> Result<bool, Stop> {
    let listed = |machine: &mut Machine<'_>, name: &str| {
        let list = project::setting(host, machine, name);
        list.map_or_else(Vec::new, |list| machine.elements_of(&list).0)
    };
    let route = matches::current(host, machine);
    let name = machine
        .member(&route, Ustr::from("view_name"), span)?
        .text();
    let names = listed(machine, "LOGIN_REQUIRED_IGNORE_VIEW_NAMES");
    if name.is_some() && names.iter().any(|ignored| ignored.text() == name) {
        return Ok(true);
    }
    let expressions = listed(machine, "LOGIN_REQUIRED_IGNORE_PATHS");
    let path = machine.member(request, Ustr::from("path"), span)?;
    for expression in expressions {
        let given = Arguments::positional([expression, path.clone()]);
        let matched = Value::outside("py:re.match");
        let matched = machine.call_value(&matched, None, &given, span)?;
        if matched.truth() == Some(true) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Holds if `login_required = False` is written on the view, or on one that its decorators have taken that over from.
fn is_left_alone(host: &ModelHost, machine: &mut Machine<'_>, span: Span) -> bool {
    const DEEPEST: usize = 10;
    let name = Ustr::from("login_required");
    let route = host.state().django.view.clone();
    let route = route.and_then(|route| route.only_object());
    let whole = route.and_then(|id| machine.heap.property(id, Ustr::from("$whole")).cloned());
    let mut view = whole.unwrap_or_else(Value::null);
    for _ in 0..DEEPEST {
        let Some(id) = view.only_object() else {
            return false;
        };
        let said = machine.member(&view, name, span);
        if let Ok(said) = said.as_ref()
            && let Some(Atom::Bool(said)) = said.only()
        {
            return !said;
        }
        let inner = machine.heap.property(id, Ustr::from("__wrapped__"));
        view = inner.cloned().unwrap_or_else(Value::null);
    }
    false
}
