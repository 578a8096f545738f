//! What guards ask of a request, and how they refuse.
//!
//! Source: django 5.2 `contrib/auth/decorators.py`, `contrib/auth/mixins.py`.

use super::guards::*;
use super::{response, users};
use crate::python_support::last_name;
use crate::{ModelHost, Step};
use firedoor_app::{EffectKind, Refusal};
use firedoor_eval::{Answer, Arguments, Machine, ObjectId, ObjectKind, Shape, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

/// The mixins of an instance that guard, in the order of the classes.
pub(crate) fn mixins(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    instance: &Value,
    span: Span,
) -> Vec<Value> {
    mixins_that(host, machine, instance, span, false)
}

/// The mixins that would guard, and stand behind the view in the bases.
pub(crate) fn unreached(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    span: Span,
) -> Vec<Step> {
    let instance = machine.heap.allocate(ObjectKind::Instance { class }, span);
    let guards = mixins_that(host, machine, &Value::object(instance), span, true);
    let steps = guards.iter().map(|guard| Step {
        mounted: span,
        role: UNREACHED,
        ..as_step(machine, guard)
    });
    steps.collect()
}

/// What a guard is that nothing calls.
pub(crate) const UNREACHED: &str = "unreached";

fn mixins_that(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    instance: &Value,
    span: Span,
    are_behind: bool,
) -> Vec<Value> {
    let Some(id) = instance.only_object() else {
        return Vec::new();
    };
    let mut guards = Vec::new();
    let mut seen: Vec<Ustr> = Vec::new();
    for base in machine.outside_bases(id) {
        let name = last_name(&base);
        let is_known = matches!(
            name,
            "LoginRequiredMixin"
                | "UserPassesTestMixin"
                | "PermissionRequiredMixin"
                | "HasPermissionsMixin"
                | "HasRoleMixin"
        );
        if !is_known || seen.contains(&base) || is_behind_view(machine, id, base) != are_behind {
            continue;
        }
        seen.push(base);
        let arguments = Arguments::positional([instance.clone()]);
        let guard = make(host, machine, name, &arguments, span);
        guards.push(Value::object(guard));
    }
    guards
}

/// Holds for a mixin that stands behind the view in the bases: its `dispatch` is never called, since that of a view asks
/// no other.
fn is_behind_view(machine: &Machine<'_>, instance: ObjectId, mixin: Ustr) -> bool {
    let ObjectKind::Instance { class } = machine.heap.get(instance).kind else {
        return false;
    };
    let mut paths = Vec::new();
    collect_bases(machine, class, 0, &mut paths);
    let is_view = |path: &&Ustr| path.starts_with("py:") && last_name(path).ends_with("View");
    // A base that several classes share is asked after all of them.
    let view = paths.iter().rposition(|path| is_view(&path));
    let mixin = paths.iter().position(|path| *path == mixin);
    matches!((view, mixin), (Some(view), Some(mixin)) if view < mixin)
}

/// The bases of libraries, in the order in which they are written.
fn collect_bases(machine: &Machine<'_>, class: ObjectId, depth: usize, paths: &mut Vec<Ustr>) {
    const DEEPEST: usize = 30;
    let ObjectKind::Class { bases, .. } = &machine.heap.get(class).kind else {
        return;
    };
    for base in bases {
        if let Some(path) = base.as_outside() {
            paths.push(Ustr::from(&path));
        }
        for own in base.objects().filter(|_| depth < DEEPEST) {
            collect_bases(machine, own, depth + 1, paths);
        }
    }
}

/// `handle_no_permission()`.
pub(crate) fn no_permission(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    instance: ObjectId,
    span: Span,
) -> Answer {
    let this = Value::object(instance);
    let class = match machine.heap.get(instance).kind {
        ObjectKind::Instance { class } => Some(class),
        _ => None,
    };
    let raises = class
        .and_then(|class| machine.class_attribute(class, Ustr::from("raise_exception")))
        .and_then(|(_, value)| value.truth());
    let is_known = super::users::is_authenticated_user(host, machine, &this, span);
    match raises == Some(true) || is_known {
        true => throw_denied(machine, &Value::null(), span).map(Some),
        false => Ok(Some(response::send_to_login(host, machine, span))),
    }
}

pub(crate) fn throw_denied(
    machine: &mut Machine<'_>,
    hangs_on: &Value,
    span: Span,
) -> Result<Value, Stop> {
    let path = "py:django.core.exceptions.PermissionDenied";
    let error = crate::python_support::exception(machine, path, &[hangs_on]);
    machine.throw(error, span)
}

/// Runs a guard as a layer: what comes through goes on.
pub(crate) fn run_step(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
    request: &Value,
    arguments: &Arguments,
) -> Result<(), Stop> {
    let span = step.span;
    if kind_of(machine, &step.value) == "program" {
        return run_program(host, machine, step, request, arguments);
    }
    let refused = decide(host, machine, &step.value, request, arguments, span)?;
    let Some((test, refusal)) = refused else {
        host.effect(machine, EffectKind::Continue, span);
        return Ok(());
    };
    machine.when(
        &test,
        span,
        |machine| {
            host.effect(machine, EffectKind::Continue, span);
            Ok(())
        },
        |machine| refuse(host, machine, &refusal, &test, span).map(|_| ()),
    )
}

/// A decorator of the program, around something that lets the request on.
pub(crate) fn run_program(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
    request: &Value,
    arguments: &Arguments,
) -> Result<(), Stop> {
    let decorator = step.value.only_object();
    let decorator = decorator.and_then(|id| machine.heap.get(id).elements.first().cloned());
    let Some(decorator) = decorator else {
        return Ok(());
    };
    let next = host.make_object(machine, "django:get_response", step.span);
    let wrapped = Arguments::positional([Value::object(next)]);
    let wrapped = machine.call_value(&decorator, None, &wrapped, step.span)?;
    let mut all = arguments.clone();
    all.positional.insert(0, request.clone());
    machine.call_value(&wrapped, None, &all, step.span)?;
    Ok(())
}

/// Runs a guard where it is called; returns the answer if it refuses for certain.
pub(crate) fn check_inline(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    guard: &Value,
    request: &Value,
    arguments: &Arguments,
    span: Span,
) -> Result<Option<Value>, Stop> {
    let decided = decide(host, machine, guard, request, arguments, span)?;
    let Some((test, refusal)) = decided else {
        return Ok(None);
    };
    // Who is refused does not come further: what is answered matters to nobody else.
    machine.when(
        &test,
        span,
        |_| Ok(()),
        |machine| {
            refuse(host, machine, &refusal, &test, span)?;
            Err(Stop::Throw)
        },
    )?;
    Ok(None)
}

/// How a guard refuses.
pub(crate) enum Refuses {
    /// With a redirect to the log-in page.
    ToLogin,
    /// With an exception.
    Denied,
    /// With what a function of the program answers.
    Own(Value),
    /// With this status.
    Status(u16),
}

pub(crate) fn refuse(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    refusal: &Refuses,
    test: &Value,
    span: Span,
) -> Result<Value, Stop> {
    match refusal {
        Refuses::ToLogin => Ok(response::send_to_login(host, machine, span)),
        Refuses::Denied => throw_denied(machine, test, span),
        Refuses::Status(status) => {
            host.refuse(machine, Refusal::Status(*status), span);
            Ok(Value::null())
        }
        Refuses::Own(instance) => {
            let name = Ustr::from("handle_no_permission");
            machine.call_member(instance, name, &Arguments::default(), span)
        }
    }
}

/// The test that a guard makes, and how it refuses; nothing for guards that let everybody on.
pub(crate) fn decide(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    guard: &Value,
    request: &Value,
    arguments: &Arguments,
    span: Span,
) -> Result<Option<(Value, Refuses)>, Stop> {
    let Some(id) = guard.only_object() else {
        return Ok(None);
    };
    let object = machine.heap.get(id).clone();
    let kind = kind_of(machine, guard);
    let argument = |index: usize, name: &str| {
        let named = object.properties.get(&Ustr::from(name));
        named.or_else(|| object.elements.get(index)).cloned()
    };
    let raises = argument(2, "raise_exception").and_then(|value| value.truth()) == Some(true);
    let denied = match raises {
        true => Refuses::Denied,
        false => Refuses::ToLogin,
    };
    Ok(match kind.as_str() {
        "login_required" => {
            let test = users::is_authenticated(host, machine, request, span)?;
            Some((test, Refuses::ToLogin))
        }
        "staff_member_required" => {
            let test = users::flag(host, machine, request, &["is_active", "is_staff"], span)?;
            Some((test, Refuses::ToLogin))
        }
        "permission_required" => {
            let permission = argument(0, "perm").unwrap_or_else(Value::null);
            let test = users::has_permission(host, machine, request, &permission, span)?;
            Some((test, denied))
        }
        "user_passes_test" => {
            let function = argument(0, "test_func").unwrap_or_else(Value::null);
            let user = users::handed_on(host, machine, request, span)?;
            let given = Arguments::positional([user]);
            let result = machine.call_value(&function, None, &given, span)?;
            Some((judged(machine, &result), Refuses::ToLogin))
        }
        "require_http_methods" | "require_GET" | "require_POST" | "require_safe" => {
            allowed_method(host, machine, guard, span)
        }
        "ratelimit" => super::libraries::count(host, machine, &object, request, span)?,
        "has_permission_decorator"
        | "has_role_decorator"
        | "HasPermissionsMixin"
        | "HasRoleMixin" => {
            let guard = (kind.as_str(), &object);
            Some(super::role_permissions::decide(
                host, machine, guard, request, span,
            )?)
        }
        "axes_dispatch" => super::libraries::axes(host, machine, span),
        "LoginRequiredMixin" => {
            let test = users::is_authenticated(host, machine, request, span)?;
            own(argument(0, "$instance"), test)
        }
        "UserPassesTestMixin" => {
            let instance = argument(0, "$instance").unwrap_or_else(Value::null);
            let instance = with_request(machine, &instance, request, arguments, span);
            users::settle(host, machine, request, span)?;
            let name = Ustr::from("test_func");
            let result = machine.call_member(&instance, name, &Arguments::default(), span)?;
            let test = judged(machine, &result);
            own(Some(instance), test)
        }
        "PermissionRequiredMixin" => {
            let instance = argument(0, "$instance").unwrap_or_else(Value::null);
            let instance = with_request(machine, &instance, request, arguments, span);
            let test = mixin_permission(host, machine, &instance, request, span)?;
            own(Some(instance), test)
        }
        _ => None,
    })
}

/// Whether the method of the request is among those that a decorator lets through, where it is known.
fn allowed_method(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    guard: &Value,
    span: Span,
) -> Option<(Value, Refuses)> {
    let mut opened = open(machine, &Value::null());
    look_at(machine, guard, &mut opened);
    let allowed = opened.methods?;
    let method = host.state().run.method;
    if method == "ANY" {
        let run = &mut host.state().run;
        for name in allowed {
            run.methods.entry(name).or_insert(span);
        }
        return None;
    }
    let is_allowed = allowed.contains(&method);
    Some((Value::bool(is_allowed), Refuses::Status(405)))
}

/// `has_permission()` of the program, or what `permission_required` says.
pub(crate) fn mixin_permission(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    instance: &Value,
    request: &Value,
    span: Span,
) -> Result<Value, Stop> {
    let class = instance
        .only_object()
        .and_then(|id| match machine.heap.get(id).kind {
            ObjectKind::Instance { class } => Some(class),
            _ => None,
        });
    let is_own =
        class.is_some_and(|class| super::views::overrides(machine, class, "has_permission"));
    if is_own {
        users::settle(host, machine, request, span)?;
        let name = Ustr::from("has_permission");
        let result = machine.call_member(instance, name, &Arguments::default(), span)?;
        return Ok(judged(machine, &result));
    }
    let permission = machine.member(instance, Ustr::from("permission_required"), span)?;
    users::has_permission(host, machine, request, &permission, span)
}

pub(crate) fn own(instance: Option<Value>, test: Value) -> Option<(Value, Refuses)> {
    let instance = instance.filter(|instance| !instance.is_nothing());
    Some((test, instance.map_or(Refuses::ToLogin, Refuses::Own)))
}

/// What a function answers that says whether somebody may pass. What it looked at of a user decides.
pub(crate) fn judged(machine: &mut Machine<'_>, result: &Value) -> Value {
    let mut test = result.clone();
    if test.truth().is_none() && test.test.is_none() && test.is_unknown() {
        test = machine.derived(Shape::Any, [result]);
    }
    test
}

/// The instance of a mixin needs its request before it is asked anything.
pub(crate) fn with_request(
    machine: &mut Machine<'_>,
    instance: &Value,
    request: &Value,
    arguments: &Arguments,
    span: Span,
) -> Value {
    let Some(id) = instance.only_object() else {
        return instance.clone();
    };
    let kwargs = machine.heap.allocate(ObjectKind::Plain, span);
    machine.heap.get_mut(kwargs).properties = arguments.keywords.clone();
    let args = machine.make_tuple(arguments.positional.clone(), span);
    for (name, value) in [
        ("request", request.clone()),
        ("kwargs", Value::object(kwargs)),
        ("args", args),
    ] {
        machine.heap.set_property(id, Ustr::from(name), value);
    }
    instance.clone()
}
