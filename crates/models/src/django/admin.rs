//! The admin site and the routes of libraries: `admin.site.urls`, `django.contrib.auth.urls`.

use firedoor_eval::{Machine, ObjectId, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::guards;
use super::urls::{PATTERN, Route, door};
use super::views::{VIEW, handler_step};
use crate::{Door, ModelHost, Step};

pub(super) const ADMIN: &str = "django:admin";

/// `admin.site.urls`.
pub(crate) fn urls(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let id = host.make_object(machine, ADMIN, span);
    machine.heap.get_mut(id).name = Some(Ustr::from("admin"));
    Some(Value::object(id))
}

/// The admin site is one entry point: all below it ask for staff.
pub(crate) fn doors(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    route: &Route,
    middleware: &[Step],
    app: Ustr,
) -> Vec<Door> {
    let mut opened = guards::open(machine, &route.view);
    let arguments = firedoor_eval::Arguments::default();
    let name = "staff_member_required";
    let guard = guards::make(host, machine, name, &arguments, route.span);
    opened.guards.push(Value::object(guard));
    let mut below = Route {
        template: route.template.clone(),
        view: route.view.clone(),
        kwargs: Value::null(),
        decided: route.decided.clone(),
        unresolved: route.unresolved.clone(),
        span: route.span,
        group: route.group,
        name: None,
        spaces: vec![Ustr::from("admin")],
    };
    let rest = super::patterns::of_route("<path:path>");
    below.template = below.template.join(&rest);
    let mut steps = middleware.to_vec();
    steps.extend(opened.steps(machine));
    let handler = (Ustr::from("admin"), route.span);
    steps.push(handler_step(host, machine, &below, &opened, &handler));
    vec![door(machine, &below, "ANY", &opened.view, steps, app)]
}

/// The routes that a library's module of routes has.
pub(crate) fn library_patterns(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    module: &Value,
    each: &mut dyn FnMut(&mut Machine<'_>, Value),
) {
    let Some(path) = module.as_outside() else {
        return;
    };
    for (route, name, class) in routes(&path) {
        let span = machine.place();
        let view = host.make_object(machine, VIEW, span);
        let object = machine.heap.get_mut(view);
        object.elements = vec![Value::outside(class)];
        object.name = Some(Ustr::from(crate::python_support::last_name(class)));
        let id = host.make_object(machine, PATTERN, span);
        let object = machine.heap.get_mut(id);
        object.elements = vec![Value::string(route), Value::object(view)];
        object
            .properties
            .insert(Ustr::from("name"), Value::string(name));
        each(machine, Value::object(id));
    }
}

/// The route, its name, and the class of its view.
type Listed = (&'static str, &'static str, &'static str);

/// Returns the routes of a module of a library.
fn routes(path: &str) -> &'static [Listed] {
    let mut modules = ROUTES.iter();
    let found = modules.find(|(module, _)| *module == path);
    found.map_or(&[], |(_, routes)| *routes)
}

/// Modules with their routes. Sources: django 5.2 `contrib/auth/urls.py`; djangorestframework 3.16 `urls.py`;
/// dj-rest-auth 7.0 `urls.py`; django-allauth 65 `account/urls.py`.
const ROUTES: &[(&str, &[Listed])] = &[
    (
        "py:django.contrib.auth.urls",
        &[
            ("login/", "login", "py:django.contrib.auth.views.LoginView"),
            (
                "logout/",
                "logout",
                "py:django.contrib.auth.views.LogoutView",
            ),
            (
                "password_change/",
                "password_change",
                "py:django.contrib.auth.views.PasswordChangeView",
            ),
            (
                "password_change/done/",
                "password_change_done",
                "py:django.contrib.auth.views.PasswordChangeDoneView",
            ),
            (
                "password_reset/",
                "password_reset",
                "py:django.contrib.auth.views.PasswordResetView",
            ),
            (
                "password_reset/done/",
                "password_reset_done",
                "py:django.contrib.auth.views.PasswordResetDoneView",
            ),
            (
                "reset/<uidb64>/<token>/",
                "password_reset_confirm",
                "py:django.contrib.auth.views.PasswordResetConfirmView",
            ),
            (
                "reset/done/",
                "password_reset_complete",
                "py:django.contrib.auth.views.PasswordResetCompleteView",
            ),
        ],
    ),
    (
        "py:rest_framework.urls",
        &[
            ("login/", "login", "py:django.contrib.auth.views.LoginView"),
            (
                "logout/",
                "logout",
                "py:django.contrib.auth.views.LogoutView",
            ),
        ],
    ),
    (
        "py:dj_rest_auth.urls",
        &[
            ("login/", "rest_login", "py:dj_rest_auth.views.LoginView"),
            ("logout/", "rest_logout", "py:dj_rest_auth.views.LogoutView"),
            (
                "user/",
                "rest_user_details",
                "py:dj_rest_auth.views.UserDetailsView",
            ),
            (
                "password/reset/",
                "rest_password_reset",
                "py:dj_rest_auth.views.PasswordResetView",
            ),
            (
                "password/reset/confirm/",
                "rest_password_reset_confirm",
                "py:dj_rest_auth.views.PasswordResetConfirmView",
            ),
            (
                "password/change/",
                "rest_password_change",
                "py:dj_rest_auth.views.PasswordChangeView",
            ),
        ],
    ),
    (
        "py:dj_rest_auth.registration.urls",
        &[(
            "",
            "rest_register",
            "py:dj_rest_auth.registration.views.RegisterView",
        )],
    ),
    (
        "py:allauth.urls",
        &[
            (
                "login/",
                "account_login",
                "py:allauth.account.views.LoginView",
            ),
            (
                "logout/",
                "account_logout",
                "py:allauth.account.views.LogoutView",
            ),
            (
                "signup/",
                "account_signup",
                "py:allauth.account.views.SignupView",
            ),
            (
                "password/change/",
                "account_change_password",
                "py:allauth.account.views.PasswordChangeView",
            ),
            (
                "password/reset/",
                "account_reset_password",
                "py:allauth.account.views.PasswordResetView",
            ),
            (
                "password/reset/key/<uidb36>-<key>/",
                "account_reset_password_from_key",
                "py:allauth.account.views.PasswordResetFromKeyView",
            ),
        ],
    ),
    (
        "py:allauth.account.urls",
        &[
            (
                "login/",
                "account_login",
                "py:allauth.account.views.LoginView",
            ),
            (
                "logout/",
                "account_logout",
                "py:allauth.account.views.LogoutView",
            ),
            (
                "signup/",
                "account_signup",
                "py:allauth.account.views.SignupView",
            ),
            (
                "password/change/",
                "account_change_password",
                "py:allauth.account.views.PasswordChangeView",
            ),
            (
                "password/reset/",
                "account_reset_password",
                "py:allauth.account.views.PasswordResetView",
            ),
            (
                "password/reset/key/<uidb36>-<key>/",
                "account_reset_password_from_key",
                "py:allauth.account.views.PasswordResetFromKeyView",
            ),
        ],
    ),
];
