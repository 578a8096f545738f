//! What REST framework asks before a view runs: who it is, whether he may, and how often.
//!
//! Sources: djangorestframework 3.16 `permissions.py` (`OperandHolder`, `AND`, `OR`, `NOT`), `authentication.py`,
//! `throttling.py`, `settings.py`.

use firedoor_app::{EffectKind, Provenance};
use firedoor_eval::{Arguments, Atom, Machine, ObjectKind, Stop, TestKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

pub(crate) use super::drf_authentication::authenticate;
pub(crate) use super::drf_permissions::*;
use super::{libraries, project, views};
use crate::python_support::{exception, last_name};
use crate::{Model, ModelHost, Step, StepKind};

pub(super) const COMPOSED: &str = "django:composed";

macro_rules! permissions {
    ($($path:literal),* $(,)?) => {
        Model {
            name: "django",
            calls: &[
                ("django:composed", itself),
                $(
                    ($path, library_permission),
                    (concat!($path, "().has_permission"), inherited),
                    (concat!($path, "().has_object_permission"), inherited_object),
                    (concat!($path, ".has_permission"), inherited),
                    (concat!($path, ".has_object_permission"), inherited_object),
                )*
            ],
            members: &[("py:rest_framework.permissions.SAFE_METHODS", safe_methods)],
            operators: &[
                ("django:composed", compose),
                $(($path, compose),)*
            ],
            ..Model::EMPTY
        }
    };
}

/// The model.
pub static MODEL: Model = permissions!(
    "py:rest_framework.permissions.BasePermission",
    "py:rest_framework.permissions.AllowAny",
    "py:rest_framework.permissions.IsAuthenticated",
    "py:rest_framework.permissions.IsAdminUser",
    "py:rest_framework.permissions.IsAuthenticatedOrReadOnly",
    "py:rest_framework.permissions.DjangoModelPermissions",
    "py:rest_framework.permissions.DjangoModelPermissionsOrAnonReadOnly",
    "py:rest_framework.permissions.DjangoObjectPermissions",
    "py:oauth2_provider.contrib.rest_framework.TokenHasScope",
    "py:oauth2_provider.contrib.rest_framework.TokenHasReadWriteScope",
    "py:rest_framework_api_key.permissions.HasAPIKey",
);

/// What a class attribute, the options of a view, or the settings say.
pub(super) fn attribute(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    this: &Value,
    name: &str,
    span: Span,
) -> Option<Value> {
    let id = this.only_object()?;
    let key = Ustr::from(name);
    if let Some(own) = machine.heap.property(id, key).cloned() {
        return Some(own);
    }
    if let ObjectKind::Instance { class } = machine.heap.get(id).kind
        && machine.class_attribute(class, key).is_some()
    {
        return machine.member(this, key, span).ok();
    }
    default(host, machine, name)
}

/// `REST_FRAMEWORK = {'DEFAULT_PERMISSION_CLASSES': [...]}`; the classes are named by text.
pub(super) fn default(host: &ModelHost, machine: &mut Machine<'_>, name: &str) -> Option<Value> {
    let all = project::setting(host, machine, "REST_FRAMEWORK")?;
    let key = format!("DEFAULT_{}", name.to_ascii_uppercase());
    let id = all.objects().next()?;
    machine.heap.property(id, Ustr::from(&key)).cloned()
}

/// The classes of a view of one kind, each as what its name stands for.
pub(super) fn classes(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    this: &Value,
    name: &str,
    span: Span,
) -> Option<Vec<Value>> {
    let list = attribute(host, machine, this, name, span)?;
    let list = match list.text() {
        Some(_) => machine.make_list(vec![list], false, span),
        None => list,
    };
    let elements = super::run::listed(machine, &list);
    let mut found = Vec::new();
    for element in elements {
        match element.text() {
            Some(dotted) => found.push(project::named(host, machine, &dotted)),
            None => found.push(element),
        }
    }
    Some(found)
}

/// What `get_permissions`, `get_authenticators` and `get_throttles` list by default: an instance of each class.
pub(crate) fn listed(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    this: &Value,
    method: &str,
    span: Span,
) -> Vec<Value> {
    let name = match method {
        "get_permissions" => "permission_classes",
        "get_authenticators" => "authentication_classes",
        _ => "throttle_classes",
    };
    if name == "permission_classes" && is_open(machine, this) {
        return Vec::new();
    }
    let found = classes(host, machine, this, name, span).unwrap_or_default();
    let mut made = Vec::new();
    for class in found {
        let arguments = Arguments::default();
        let (instance, _) =
            machine.catching(|machine| machine.call_value(&class, None, &arguments, span));
        made.push(instance.unwrap_or(class));
    }
    made
}

/// Holds for views of libraries that let everybody in: whoever asks for a token has none.
pub(super) fn is_open(machine: &Machine<'_>, this: &Value) -> bool {
    let bases: Vec<Ustr> = this
        .objects()
        .flat_map(|id| machine.outside_bases(id))
        .collect();
    bases.iter().any(|base| {
        base.starts_with("py:rest_framework_simplejwt.views.")
            || base.starts_with("py:rest_framework.authtoken.views.")
            || (base.starts_with("py:dj_rest_auth.")
                && !matches!(last_name(base), "PasswordChangeView" | "UserDetailsView"))
    })
}

/// The permissions that a view asks, by what it says itself.
pub(crate) fn permissions(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    this: &Value,
    span: Span,
) -> Result<Vec<Value>, Stop> {
    let is_own = this.objects().any(|id| match machine.heap.get(id).kind {
        ObjectKind::Instance { class } => views::overrides(machine, class, "get_permissions"),
        _ => false,
    });
    if !is_own {
        return Ok(listed(host, machine, this, "get_permissions", span));
    }
    let name = Ustr::from("get_permissions");
    let list = machine.call_member(this, name, &Arguments::default(), span)?;
    Ok(machine.elements_of(&list).0)
}

/// A throttle of a view.
pub(super) struct Throttled {
    /// What it is called.
    pub(super) name: Ustr,
    /// How many requests it lets through, as `5/min`.
    pub(super) rate: Ustr,
    /// Its class, where the program says by what it counts who has not logged in.
    pub(super) class: Option<Value>,
}

/// The throttles of a view, each with its rate.
pub(super) fn throttles(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    this: &Value,
    span: Span,
) -> Vec<Throttled> {
    let found = classes(host, machine, this, "throttle_classes", span).unwrap_or_default();
    let rates = project::setting(host, machine, "REST_FRAMEWORK").and_then(|all| {
        let id = all.objects().next()?;
        let name = Ustr::from("DEFAULT_THROTTLE_RATES");
        machine.heap.property(id, name)?.only_object()
    });
    let mut all = Vec::new();
    for class in found {
        let name = crate::doors::symbol(machine, &class, span).name;
        let text = |machine: &mut Machine<'_>, key: &str| {
            let id = views::own_class(machine, &class)?;
            machine.class_attribute(id, Ustr::from(key))?.1.text()
        };
        let of_library = |machine: &mut Machine<'_>, name: &str| match name {
            "AnonRateThrottle" => Some(Ustr::from("anon")),
            "UserRateThrottle" => Some(Ustr::from("user")),
            "ScopedRateThrottle" => {
                let key = Ustr::from("throttle_scope");
                let scope = machine.member(this, key, span);
                scope.ok().and_then(|it| it.text())
            }
            _ => None,
        };
        let own = views::own_class(machine, &class);
        let scope = match own {
            None => {
                let path = class.as_outside().unwrap_or_default();
                of_library(machine, last_name(&path))
            }
            Some(id) => text(machine, "scope").or_else(|| {
                let bases = machine.outside_bases(id);
                let mut bases = bases.iter().map(|base| last_name(base));
                bases.find_map(|base| of_library(machine, base))
            }),
        };
        let from_settings = scope.and_then(|scope| {
            let rate = machine.heap.property(rates?, scope)?;
            // A rate that a setting may change is the one that stands there.
            rate.text()
                .or_else(|| crate::python_support::text_by_default(rate))
        });
        if let Some(rate) = text(machine, "rate").or(from_settings) {
            let is_own = own.is_some_and(|id| views::overrides(machine, id, "get_ident"));
            let class = is_own.then_some(class);
            all.push(Throttled { name, rate, class });
        }
    }
    all
}

/// Counts the request by all throttles.
pub(crate) fn count(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    this: &Value,
    request: &Value,
    span: Span,
) -> Result<(), Stop> {
    for throttle in throttles(host, machine, this, span) {
        let class = throttle
            .class
            .filter(|_| lets_all(host, machine, this, span));
        let key = ident(host, machine, class.as_ref(), request, span)?;
        count_one(host, machine, &throttle.rate, key, span)?;
    }
    Ok(())
}

/// Returns by what the program's own class counts who has not logged in.
fn ident(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: Option<&Value>,
    request: &Value,
    span: Span,
) -> Result<Provenance, Stop> {
    let Some(class) = class else {
        return Ok(Provenance::default());
    };
    let made = machine.call_value(class, None, &Arguments::default(), span)?;
    let given = Arguments::positional([request.clone()]);
    let found = machine.call_member(&made, Ustr::from("get_ident"), &given, span)?;
    Ok(host.deep_provenance(machine, &found))
}

/// Holds if the view lets everybody on: whoever has logged in is counted by who he is.
fn lets_all(host: &ModelHost, machine: &mut Machine<'_>, this: &Value, span: Span) -> bool {
    let (asked, _) = machine.catching(|machine| permissions(host, machine, this, span));
    let is_open = |permission: &Value| {
        let path = permission.as_outside().unwrap_or_default();
        path.ends_with(".AllowAny")
    };
    asked.is_ok_and(|asked| asked.iter().all(is_open))
}

pub(super) fn count_one(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    rate: &str,
    key: Provenance,
    span: Span,
) -> Result<(), Stop> {
    let numbers = libraries::rate_of(rate);
    libraries::throttled(host, machine, numbers, key, span);
    let test = machine.tested(TestKind::Attempts, None, &[], span);
    machine.when(
        &test,
        span,
        |_| Ok(()),
        |machine| {
            let path = "py:rest_framework.exceptions.Throttled";
            let error = exception(machine, path, &[]);
            machine.throw(error, span)
        },
    )
}

/// The layers of a view of REST framework: who it is, each permission, each throttle. Nothing if the program
/// does it in its own way.
pub(crate) fn steps(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    view: &Value,
    instance: &Value,
    span: Span,
) -> Vec<Step> {
    let place = view
        .only_object()
        .map_or(span, |id| machine.heap.get(id).span);
    let mut steps = vec![step(
        host,
        machine,
        "authentication",
        view,
        Value::null(),
        place,
    )];
    steps[0].name = Ustr::from("perform_authentication");
    let (asked, _) = machine.catching(|machine| permissions(host, machine, instance, span));
    for permission in asked.unwrap_or_default() {
        let always = permission
            .as_outside()
            .is_some_and(|path| path.ends_with(".AllowAny"));
        if always {
            continue;
        }
        let name = permission_name(machine, &permission, place);
        let mut made = step(host, machine, "permission", view, permission.clone(), place);
        (made.name, made.span) = name;
        steps.push(made);
    }
    for throttle in throttles(host, machine, instance, span) {
        let rate = Value::atom(Atom::String(throttle.rate));
        let mut made = step(host, machine, "throttle", view, rate, place);
        made.name = throttle.name;
        let class = throttle
            .class
            .filter(|_| lets_all(host, machine, instance, span));
        if let (Some(class), Some(id)) = (class, made.value.only_object()) {
            machine.heap.get_mut(id).elements.push(class);
        }
        steps.push(made);
    }
    steps
}

pub(super) fn step(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    role: &'static str,
    view: &Value,
    what: Value,
    span: Span,
) -> Step {
    let id = host.make_object(machine, "django:api-step", span);
    let object = machine.heap.get_mut(id);
    object.elements = vec![view.clone(), what];
    Step {
        value: Value::object(id),
        kind: StepKind::Layer,
        name: Ustr::from(role),
        span,
        mounted: span,
        decided: Vec::new(),
        role,
    }
}

/// Runs one of these layers.
pub(crate) fn run(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
    request: &Value,
    arguments: &Arguments,
) -> Result<(), Stop> {
    let Some(id) = step.value.only_object() else {
        return Ok(());
    };
    let elements = machine.heap.get(id).elements.clone();
    let [view, what, more @ ..] = elements.as_slice() else {
        return Ok(());
    };
    let span = step.span;
    match step.role {
        "throttle" => {
            let rate = what.text().unwrap_or_default();
            let key = ident(host, machine, more.first(), request, span)?;
            count_one(host, machine, &rate, key, step.mounted)?;
        }
        "authentication" => {
            let this = views::api_instance(machine, view, request, arguments, span)?;
            authenticate(host, machine, &this, request, span)?;
        }
        _ => {
            // A permission asks who it is, which the cookies say that the program looks at.
            let cookies = host.state().django.cookies.clone();
            cookies.into_iter().for_each(|cookie| host.reads(cookie));
            let this = views::api_instance(machine, view, request, arguments, span)?;
            check(host, machine, what, &this, request, None, step.mounted)?;
        }
    }
    host.effect(machine, EffectKind::Continue, step.mounted);
    Ok(())
}
