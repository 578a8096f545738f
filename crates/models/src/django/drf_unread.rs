//! Limits and permissions of REST framework that a view names and nothing reads.
//!
//! `@permission_classes` notes a list that `@api_view` takes where it stands above it. Below it, the view is made already.
//!
//! `throttle_scope` is read by `ScopedRateThrottle` alone, and a list of throttles that a view sets replaces the one of
//! the settings.
//!
//! Sources: djangorestframework 3.16 `throttling.py`, `views.py`.

use firedoor_eval::{Atom, Machine, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::{drf_guards, project, view_doors, views};
use crate::python_support::last_name;
use crate::{ModelHost, Step};

/// Returns the step of the limit that the view names in `throttle_scope` and the settings have a rate for, if none of its
/// throttles asks for the name.
pub(super) fn limit(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    view: &Value,
    instance: &Value,
    place: Span,
) -> Option<Step> {
    let id = instance.only_object()?;
    let ObjectKind::Instance { class } = machine.heap.get(id).kind else {
        return None;
    };
    let own = |method: &str| views::overrides(machine, class, method);
    if own("get_throttles") || own("check_throttles") || !is_meant(machine, id, class) {
        return None;
    }
    let scope = machine.member(instance, Ustr::from("throttle_scope"), place);
    let rate = rate_of(host, machine, scope.ok()?.text()?)?;
    let classes = drf_guards::classes(host, machine, instance, "throttle_classes", place);
    let mut classes = classes.unwrap_or_default().into_iter();
    if classes.any(|class| reads_scope(machine, &class)) {
        return None;
    }
    let rate = Value::atom(Atom::String(rate));
    let mut step = drf_guards::step(host, machine, "throttle", view, rate, place);
    step.name = Ustr::from("ScopedRateThrottle");
    Some(step)
}

/// The role of a permission that nothing asks.
pub(crate) const UNREACHED: &str = "unreached permission";

/// Returns the steps of the permissions that decorators name which stand above the one that makes the view.
pub(super) fn permissions_too_late(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    view: &Value,
    steps: &[Step],
    method: &str,
    place: Span,
) -> Vec<Step> {
    let name = "permission_classes";
    let Some(id) = view.only_object() else {
        return Vec::new();
    };
    let Some(noted) = host.state().notes.get(&(id, name)).cloned() else {
        return Vec::new();
    };
    let made = machine.heap.get(id).clone();
    let meant = machine.heap.allocate(made.kind, made.span);
    let object = machine.heap.get_mut(meant);
    object.elements = made.elements;
    object.properties = made.properties;
    object.properties.insert(Ustr::from(name), noted);
    let (asked, _) = view_doors::api_steps(host, machine, &Value::object(meant), method, place);
    let is_known = |step: &Step| steps.iter().any(|known| known.name == step.name);
    let is_missing = |step: &Step| step.role == "permission" && !is_known(step);
    let missing = asked.into_iter().filter(is_missing);
    missing
        .map(|step| Step {
            role: UNREACHED,
            mounted: place,
            ..step
        })
        .collect()
}

/// Holds if the throttle may read the name: what a program has written itself may do so as well, unless it only gives
/// another rate to a throttle that does not.
fn reads_scope(machine: &Machine<'_>, class: &Value) -> bool {
    let is_plain = |path: &str| matches!(last_name(path), "AnonRateThrottle" | "UserRateThrottle");
    let Some(own) = views::own_class(machine, class) else {
        return !is_plain(&class.as_outside().unwrap_or_default());
    };
    let bases = machine.outside_bases(own);
    let is_changed = ["__init__", "allow_request", "get_cache_key", "get_rate"]
        .iter()
        .any(|method| views::overrides(machine, own, method));
    is_changed || !bases.iter().any(|base| is_plain(base))
}

fn rate_of(host: &ModelHost, machine: &mut Machine<'_>, scope: Ustr) -> Option<Ustr> {
    let all = project::setting(host, machine, "REST_FRAMEWORK")?.only_object()?;
    let rates = machine
        .heap
        .property(all, Ustr::from("DEFAULT_THROTTLE_RATES"))?
        .only_object()?;
    machine.heap.property(rates, scope)?.text()
}

/// Holds if whoever wrote the name had the list of throttles before his eyes, or inherited it: a list that is set further
/// down may be there to be rid of the limit, and an empty one always is.
fn is_meant(machine: &Machine<'_>, instance: ObjectId, class: ObjectId) -> bool {
    let [scope, list] = ["throttle_scope", "throttle_classes"].map(Ustr::from);
    let own = machine.heap.property(instance, list);
    let found = machine.class_attribute(class, list);
    let Some(value) = own.or(found.as_ref().map(|(_, value)| value)) else {
        return true;
    };
    let is_empty = |id: ObjectId| machine.heap.get(id).elements.is_empty();
    if value.only_object().is_some_and(is_empty) {
        return false;
    }
    // A decorator of one action sets both as it likes.
    if machine.heap.property(instance, scope).is_some() {
        return true;
    }
    let namer = machine.class_attribute(class, scope);
    own.is_none()
        && namer.is_some_and(|(namer, _)| {
            let seen = machine.class_attribute(namer, list);
            seen.map(|(owner, _)| owner) == found.map(|(owner, _)| owner)
        })
}
