//! Pages that a program adds to the admin site: `get_urls` of its own subclass of `AdminSite`.
//!
//! What the site itself brings asks for staff; a page that is added asks for nothing unless it is wrapped in
//! `admin_view`. Source: django 5.2 `contrib/admin/sites.py` (`get_urls`, `admin_view`).

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::guards;
use crate::tables::{CallFunction, MemberFunction};
use crate::{Model, ModelHost};

const MEMBERS: &[(&str, MemberFunction)] = &[
    ("py:django.contrib.admin.AdminSite().urls", urls),
    ("py:django.contrib.admin.sites.AdminSite().urls", urls),
];

const CALLS: &[(&str, CallFunction)] = &[
    ("py:django.contrib.admin.AdminSite().get_urls", no_more),
    (
        "py:django.contrib.admin.sites.AdminSite().get_urls",
        no_more,
    ),
    ("py:django.contrib.admin.AdminSite().admin_view", admin_view),
    (
        "py:django.contrib.admin.sites.AdminSite().admin_view",
        admin_view,
    ),
    ("py:django.contrib.admin.site.admin_view", admin_view),
];

/// The model.
pub static MODEL: Model = Model {
    name: "django",
    calls: CALLS,
    members: MEMBERS,
    ..Model::EMPTY
};

/// `site.urls`: the pages that the program adds stand before those of Django.
fn urls(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let all = super::admin::urls(host, machine, object, span)?;
    let site = object.filter(|id| is_own_site(machine, *id));
    if let (Some(site), Some(id)) = (site, all.only_object()) {
        machine.heap.get_mut(id).elements = vec![Value::object(site)];
    }
    Some(all)
}

fn is_own_site(machine: &Machine<'_>, site: ObjectId) -> bool {
    matches!(machine.heap.get(site).kind, ObjectKind::Instance { .. })
}

/// Returns the patterns that the program adds to an admin site; nothing if it adds none.
pub(super) fn added(machine: &mut Machine<'_>, all: ObjectId, span: Span) -> Option<Value> {
    let site = machine.heap.get(all).elements.first()?.only_object()?;
    let ObjectKind::Instance { class } = machine.heap.get(site).kind else {
        return None;
    };
    let (_, own) = machine.class_attribute(class, Ustr::from("get_urls"))?;
    let arguments = Arguments::positional([Value::object(site)]);
    machine.call_value(&own, None, &arguments, span).ok()
}

/// What Django's own `get_urls` gives is one entry point already.
fn no_more(_: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(machine.make_list(Vec::new(), false, call.span)))
}

/// `site.admin_view(view)` asks for staff.
fn admin_view(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = "staff_member_required";
    let guard = guards::make(host, machine, name, &Arguments::default(), call.span);
    let view = call.arguments.get(0);
    Ok(Some(guards::guarded(
        host, machine, &view, guard, call.span,
    )))
}
