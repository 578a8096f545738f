//! Middleware: the classes and functions that `MIDDLEWARE` names, outermost first.
//!
//! Source: django 5.2, `core/handlers/base.py` (`load_middleware`), `utils/deprecation.py` (`MiddlewareMixin`),
//! `middleware/csrf.py`, `contrib/auth/middleware.py`.

use firedoor_app::{
    EffectKind, Flag, Origin, Provenance, Refusal, RequestPart, Setting, SettingKind,
};
use firedoor_eval::{
    Answer, Arguments, Call, Machine, ModuleId, ObjectId, ObjectKind, Stop, TestKind, Value,
};
use firedoor_source::Span;
use ustr::Ustr;

use super::{project, run, users};
use crate::doors::Mounting;
use crate::fastapi::plan::settled;
use crate::python_support::{argument, last_name};
use crate::{Model, ModelHost, Step, StepKind};

const NEXT: &str = "django:get_response";

/// The model.
pub static MODEL: Model = Model {
    name: "django",
    calls: &[
        ("django:get_response", go_on),
        (
            "py:django.utils.deprecation.MiddlewareMixin().__init__",
            keep_next,
        ),
        (
            "py:django.utils.deprecation.MiddlewareMixin().__call__",
            call_mixin,
        ),
        ("django:later-response.*", crate::python_support::nothing),
        (
            "py:django.utils.functional.SimpleLazyObject",
            made_when_used,
        ),
    ],
    ..Model::EMPTY
};

/// What is made when it is first used is what the function returns: middleware puts users there.
fn made_when_used(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let function = argument(call, 0, "func");
    if !crate::tools::is_function(machine, &function) {
        return Ok(None);
    };
    let made = machine.call_value(&function, None, &Arguments::default(), call.span)?;
    Ok(Some(made))
}

/// Returns the middleware of a project as steps.
pub(crate) fn steps(host: &ModelHost, machine: &mut Machine<'_>, settings: ModuleId) -> Vec<Step> {
    let Some(list) = project::setting_of(machine, settings, "MIDDLEWARE") else {
        return Vec::new();
    };
    let file = machine.program.module(settings).file;
    let place = list
        .objects()
        .next()
        .map_or(Span::new(file, 0, 0), |id| machine.heap.get(id).span);
    note_cors(host, machine, settings, place);
    let elements = super::run::listed(machine, &list);
    let mut steps: Vec<Step> = Vec::new();
    let mut seen: Vec<Ustr> = Vec::new();
    for element in elements {
        let texts = element.atoms().iter().filter_map(|atom| match atom {
            firedoor_eval::Atom::String(text) => Some(*text),
            _ => None,
        });
        for text in texts.collect::<Vec<_>>() {
            // Two lists of which one holds have much in common.
            if seen.contains(&text) {
                continue;
            }
            seen.push(text);
            let value = machine.member_named(file, &text);
            let symbol = crate::doors::symbol(machine, &value, place);
            steps.push(Step {
                name: match value.as_outside() {
                    Some(_) => Ustr::from(text.rsplit('.').next().unwrap_or(&text)),
                    None => symbol.name,
                },
                value,
                kind: StepKind::Layer,
                span: symbol.span,
                mounted: place,
                decided: Vec::new(),
                role: "middleware",
            });
        }
    }
    steps
}

/// django-cors-headers says everything in settings. Source: 4.7, `corsheaders/conf.py`.
fn note_cors(host: &ModelHost, machine: &mut Machine<'_>, settings: ModuleId, span: Span) {
    let flag = |machine: &mut Machine<'_>, names: &[&str]| {
        let given = names
            .iter()
            .find_map(|name| project::setting_of(machine, settings, name));
        match given.map(|value| value.truth()) {
            Some(Some(true)) => Flag::On,
            Some(Some(false)) => Flag::Off,
            Some(None) => Flag::Unknown,
            None => Flag::Off,
        }
    };
    let any = flag(
        machine,
        &["CORS_ALLOW_ALL_ORIGINS", "CORS_ORIGIN_ALLOW_ALL"],
    );
    let credentials = flag(machine, &["CORS_ALLOW_CREDENTIALS"]);
    let listed = ["CORS_ALLOWED_ORIGINS", "CORS_ORIGIN_WHITELIST"]
        .iter()
        .find_map(|name| project::setting_of(machine, settings, name));
    let patterns = ["CORS_ALLOWED_ORIGIN_REGEXES", "CORS_ORIGIN_REGEX_WHITELIST"]
        .iter()
        .find_map(|name| project::setting_of(machine, settings, name));
    if any == Flag::Off && listed.is_none() && patterns.is_none() {
        return;
    }
    let patterns = match &patterns {
        Some(patterns) => machine.elements_of(patterns).0,
        None => Vec::new(),
    };
    let mut patterns = patterns.iter().filter_map(Value::text_pattern);
    let is_loose = patterns.any(|pattern| is_loose_pattern(&pattern));
    let mut origins: Vec<Provenance> = Vec::new();
    if let Some(list) = &listed {
        for element in machine.elements_of(list).0 {
            origins.push(host.provenance(machine, &element));
        }
    }
    let reflects = match any == Flag::On && credentials == Flag::On {
        true => Flag::On,
        false => Flag::Off,
    };
    let app = Ustr::from(machine.program.files.path(span));
    host.state().settings.push(Setting {
        kind: SettingKind::Cors {
            origins,
            reflects,
            any,
            matches_loosely: is_loose.then_some(span),
            credentials,
        },
        span,
        condition: None,
        app,
    });
}

/// Holds if origins of strangers fit: the library matches from the beginning, and what has no end may go on with another
/// host.
pub(crate) fn is_loose_pattern(pattern: &str) -> bool {
    let is_ended = ["$", "\\Z", "\\z"].iter().any(|end| pattern.ends_with(end));
    !is_ended || crate::fastapi::middleware::is_loose_pattern(pattern)
}

/// Every place where a middleware is mounted.
pub(crate) fn mountings(_host: &ModelHost, _machine: &mut Machine<'_>) -> Vec<Mounting> {
    Vec::new()
}

/// A function of the program by itself is no layer of Django's.
pub(crate) fn as_layer(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    _value: &Value,
) -> Option<Step> {
    None
}

/// Runs a middleware for the request.
pub(crate) fn run(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
    request: &Value,
) -> Result<(), Stop> {
    let span = step.span;
    let Some(id) = step.value.only_object() else {
        return run_library(host, machine, step, request);
    };
    users::settle(host, machine, request, span)?;
    let next = host.make_object(machine, NEXT, span);
    let given = Arguments::positional([Value::object(next)]);
    let is_class = matches!(machine.heap.get(id).kind, ObjectKind::Class { .. });
    if !is_class {
        let layer = machine.call_value(&step.value, None, &given, span)?;
        let request = Arguments::positional([request.clone()]);
        let called = machine.call_value(&layer, None, &request, span)?;
        settled(machine, called, span)?;
        return Ok(());
    }
    let instance = machine.instantiate(id, &given, span)?;
    if let Some(made) = instance.only_object() {
        // A class without a constructor of its own has that of the mixin.
        let name = Ustr::from("get_response");
        if machine.heap.property(made, name).is_none() {
            machine.heap.set_property(made, name, Value::object(next));
        }
        let hooked = Value::object(made);
        machine
            .heap
            .get_mut(next)
            .properties
            .insert(Ustr::from("$layer"), hooked);
    }
    let arguments = Arguments::positional([request.clone()]);
    let called = match machine.class_attribute(id, Ustr::from("__call__")) {
        Some(_) => machine.call_member(&instance, Ustr::from("__call__"), &arguments, span)?,
        None => mixin(host, machine, &instance, id, request, span)?,
    };
    settled(machine, called, span)?;
    Ok(())
}

/// `MiddlewareMixin.__call__`: what `process_request` answers ends the request.
fn mixin(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    instance: &Value,
    class: ObjectId,
    request: &Value,
    span: Span,
) -> Result<Value, Stop> {
    let arguments = Arguments::positional([request.clone()]);
    if machine
        .class_attribute(class, Ustr::from("process_request"))
        .is_some()
    {
        let name = Ustr::from("process_request");
        let user = users::known(machine, request);
        let answered = machine.call_member(instance, name, &arguments, span)?;
        // Of those whom it does not name it says nothing: they go on as who they are.
        users::may_remain(machine, request, user);
        return hand_on(host, machine, instance, class, &answered, span);
    }
    hand_on(host, machine, instance, class, &Value::null(), span)
}

/// Goes on where nothing was answered so far.
fn hand_on(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    instance: &Value,
    class: ObjectId,
    answered: &Value,
    span: Span,
) -> Result<Value, Stop> {
    let open = match (
        answered.is_nothing(),
        answered.atoms().iter().any(firedoor_eval::Atom::is_nothing),
    ) {
        (true, _) => Some(true),
        (false, true) => None,
        (false, false) => Some(false),
    };
    let test = machine.tested(TestKind::Truth, open, &[answered], span);
    machine.choose(
        &test,
        span,
        |machine| process_view(host, machine, instance, class, span),
        |_| Ok(answered.clone()),
    )
}

/// `process_view` runs right before the view, and may answer too.
fn process_view(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    instance: &Value,
    class: ObjectId,
    span: Span,
) -> Result<Value, Stop> {
    let name = Ustr::from("process_view");
    if machine.class_attribute(class, name).is_some() {
        let request = run::current(host).map_or_else(Value::null, Value::object);
        let route = host.state().django.view.clone();
        let route = route.and_then(|route| route.only_object());
        let view = route.and_then(|route| {
            let whole = machine.heap.property(route, Ustr::from("$whole")).cloned();
            let whole = whole.filter(|whole| whole.only_object().is_some());
            whole.or_else(|| machine.heap.get(route).elements.first().cloned())
        });
        let args = machine.make_list(Vec::new(), false, span);
        let kwargs = machine.heap.allocate(ObjectKind::Plain, span);
        machine.heap.get_mut(kwargs).is_open = true;
        let all = [
            request,
            view.unwrap_or_else(Value::null),
            args,
            Value::object(kwargs),
        ];
        let answered = machine.call_member(instance, name, &Arguments::positional(all), span)?;
        let open = match answered.is_nothing() {
            true => Some(true),
            false => {
                let mut atoms = answered.atoms().iter();
                match atoms.any(firedoor_eval::Atom::is_nothing) {
                    true => None,
                    false => Some(false),
                }
            }
        };
        let test = machine.tested(TestKind::Truth, open, &[&answered], span);
        return machine.choose(
            &test,
            span,
            |machine| {
                host.effect(machine, EffectKind::Continue, span);
                Ok(later(host, machine, span))
            },
            |_| Ok(answered.clone()),
        );
    }
    host.effect(machine, EffectKind::Continue, span);
    Ok(later(host, machine, span))
}

fn later(host: &ModelHost, machine: &mut Machine<'_>, span: Span) -> Value {
    Value::object(host.make_object(machine, "django:later-response", span))
}

/// `get_response(request)`.
fn go_on(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let layer = call
        .receiver
        .or(call.this.only_object())
        .and_then(|id| machine.heap.property(id, Ustr::from("$layer")).cloned())
        .and_then(|layer| layer.only_object());
    if let Some(layer) = layer
        && let ObjectKind::Instance { class } = machine.heap.get(layer).kind
    {
        let layer = Value::object(layer);
        return process_view(host, machine, &layer, class, call.span).map(Some);
    }
    host.effect(machine, EffectKind::Continue, call.span);
    Ok(Some(later(host, machine, call.span)))
}

fn keep_next(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let (Some(this), Some(next)) = (
        call.this.only_object(),
        call.arguments.find(0, "get_response"),
    ) {
        let next = next.clone();
        machine
            .heap
            .set_property(this, Ustr::from("get_response"), next);
    }
    Ok(Some(Value::null()))
}

/// `super().__call__(request)`.
fn call_mixin(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.this.only_object() else {
        return Ok(None);
    };
    let ObjectKind::Instance { class } = machine.heap.get(id).kind else {
        return Ok(None);
    };
    let request = call.arguments.get(0);
    mixin(host, machine, &call.this, class, &request, call.span).map(Some)
}

/// What Django's own middleware does.
fn run_library(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
    request: &Value,
) -> Result<(), Stop> {
    let path = step.value.as_outside().unwrap_or_default();
    let span = step.mounted;
    match path.as_str() {
        "py:django.middleware.csrf.CsrfViewMiddleware" => return csrf(host, machine, step),
        "py:django.contrib.auth.middleware.LoginRequiredMiddleware"
        | "py:login_required.middleware.LoginRequiredMiddleware" => {
            return super::logins::required(host, machine, &path, request, span);
        }
        _ => {}
    }
    let is_known = path.starts_with("py:django.") || is_harmless(&path);
    if !is_known && crate::doors::sounds_like_guard(&path) {
        let number = host.state().run.step;
        let reason = format!("what `{}` does is not known", last_name(&path));
        host.state().run.unknown.push((number, reason));
    }
    host.effect(machine, EffectKind::Continue, span);
    Ok(())
}

/// Middleware of well-known packages that refuses nobody for who he is.
fn is_harmless(path: &str) -> bool {
    [
        "py:corsheaders.",
        "py:whitenoise.",
        "py:allauth.account.middleware.",
        "py:debug_toolbar.",
        "py:csp.middleware.",
        "py:axes.middleware.",
        "py:django_prometheus.",
        "py:social_django.middleware.",
        "py:oauth2_provider.middleware.",
        "py:simple_history.",
        "py:htmx.",
        "py:django_htmx.",
    ]
    .iter()
    .any(|known| path.starts_with(known))
}

/// Holds if the view of the request says so of itself.
pub(crate) fn has_flag(host: &ModelHost, machine: &Machine<'_>, name: &str) -> bool {
    let view = host.state().django.view.clone();
    let id = view.and_then(|view| view.only_object());
    id.is_some_and(|id| machine.heap.property(id, Ustr::from(name)).is_some())
}

/// A token in a form or header must be that of the cookie, for every method that changes something.
fn csrf(host: &ModelHost, machine: &mut Machine<'_>, step: &Step) -> Result<(), Stop> {
    let span = step.mounted;
    let method = host.state().run.method;
    let is_safe = matches!(method.as_str(), "GET" | "HEAD" | "OPTIONS" | "TRACE");
    if is_safe || has_flag(host, machine, "$csrf_exempt") {
        host.effect(machine, EffectKind::Continue, span);
        return Ok(());
    }
    check_token(host, machine, span)?;
    host.effect(machine, EffectKind::Continue, span);
    Ok(())
}

/// Compares the token of the request with that of the cookie.
pub(crate) fn check_token(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    span: Span,
) -> Result<(), Stop> {
    let cookie = quiet(host, machine, RequestPart::Cookie, "csrftoken");
    let header = quiet(host, machine, RequestPart::Header, "x-csrftoken");
    let test = machine.tested(TestKind::Proof, None, &[&cookie, &header], span);
    machine.when(
        &test,
        span,
        |_| Ok(()),
        |machine| {
            host.refuse(machine, Refusal::Status(403), span);
            Err(Stop::Throw)
        },
    )
}

fn quiet(host: &ModelHost, machine: &mut Machine<'_>, part: RequestPart, name: &str) -> Value {
    let origin = Origin::Request(part, Ustr::from(name));
    let origins = host.origin(machine, origin);
    Value::unknown(firedoor_eval::Shape::String).with_origins(origins)
}
