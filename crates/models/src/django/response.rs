//! Answers: the response classes, `render` and `redirect`, and what exceptions become.
//!
//! Sources: django 5.2 `http/response.py`, `shortcuts.py`, `core/handlers/exception.py`; djangorestframework 3.16
//! `response.py`, `exceptions.py`, `views.py` (`exception_handler`).

use firedoor_app::{EffectKind, Flag, Refusal, SetCookie};
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::project;
use crate::python_support::{argument, last_name};
use crate::starlette::response::{environment_flag, secure_flag};
use crate::tables::CallFunction;
use crate::{Model, ModelHost};

/// The object that every answer is.
pub(crate) const RESPONSE: &str = "django:response";

/// The model.
pub static MODEL: Model = Model {
    name: "django",
    calls: CALLS,
    sets: &[("django:response.status_code", crate::later_status::set)],
    subclasses: SUBCLASSES,
    aliases: &[
        (
            "py:django.http.response.HttpResponse",
            "py:django.http.HttpResponse",
        ),
        (
            "py:django.http.response.JsonResponse",
            "py:django.http.JsonResponse",
        ),
        ("py:django.http.response.Http404", "py:django.http.Http404"),
        (
            "py:django.http.response.HttpResponseRedirect",
            "py:django.http.HttpResponseRedirect",
        ),
        (
            "py:django.http.response.HttpResponseForbidden",
            "py:django.http.HttpResponseForbidden",
        ),
    ],
    members: &[("py:rest_framework.status.*", status_constant)],
    ..Model::EMPTY
};

const CALLS: &[(&str, CallFunction)] = &[
    ("py:django.http.HttpResponse", respond),
    ("py:django.http.JsonResponse", respond),
    ("py:django.http.StreamingHttpResponse", respond),
    ("py:django.http.FileResponse", respond),
    ("py:django.http.HttpResponseNotModified", respond),
    ("py:django.http.HttpResponseBadRequest", respond),
    ("py:django.http.HttpResponseForbidden", respond),
    ("py:django.http.HttpResponseNotFound", respond),
    ("py:django.http.HttpResponseNotAllowed", respond),
    ("py:django.http.HttpResponseGone", respond),
    ("py:django.http.HttpResponseServerError", respond),
    ("py:django.http.HttpResponseRedirect", redirect),
    ("py:django.http.HttpResponsePermanentRedirect", redirect),
    ("py:django.shortcuts.redirect", redirect),
    ("py:django.shortcuts.render", render),
    ("py:django.shortcuts.render_to_response", render),
    ("py:django.template.response.TemplateResponse", render),
    (
        "py:django.template.response.SimpleTemplateResponse",
        respond,
    ),
    ("py:django.contrib.auth.views.redirect_to_login", to_login),
    ("py:rest_framework.response.Response", respond),
    ("django:response.set_cookie", set_cookie),
    ("django:response.set_signed_cookie", set_cookie),
    ("django:response.delete_cookie", delete_cookie),
    ("django:later-response.set_cookie", set_cookie),
    ("django:later-response.delete_cookie", delete_cookie),
    ("django:response.*", crate::python_support::nothing),
    (
        "py:django.http.HttpResponse().*",
        crate::python_support::nothing,
    ),
];

const SUBCLASSES: &[(&str, &str)] = &[
    ("py:django.http.Http404", "py:builtins.Exception"),
    (
        "py:django.core.exceptions.PermissionDenied",
        "py:builtins.Exception",
    ),
    (
        "py:django.core.exceptions.SuspiciousOperation",
        "py:builtins.Exception",
    ),
    (
        "py:django.core.exceptions.ValidationError",
        "py:builtins.Exception",
    ),
    (
        "py:django.core.exceptions.ObjectDoesNotExist",
        "py:builtins.Exception",
    ),
    (
        "py:django.core.exceptions.MultipleObjectsReturned",
        "py:builtins.Exception",
    ),
    (
        "py:django.core.exceptions.ImproperlyConfigured",
        "py:builtins.Exception",
    ),
    (
        "py:django.db.models.Model.DoesNotExist",
        "py:django.core.exceptions.ObjectDoesNotExist",
    ),
    ("py:django.db.utils.DatabaseError", "py:builtins.Exception"),
    (
        "py:django.db.utils.IntegrityError",
        "py:django.db.utils.DatabaseError",
    ),
    (
        "py:rest_framework.exceptions.APIException",
        "py:builtins.Exception",
    ),
    (
        "py:rest_framework.exceptions.ValidationError",
        "py:rest_framework.exceptions.APIException",
    ),
    (
        "py:rest_framework.exceptions.ParseError",
        "py:rest_framework.exceptions.APIException",
    ),
    (
        "py:rest_framework.exceptions.AuthenticationFailed",
        "py:rest_framework.exceptions.APIException",
    ),
    (
        "py:rest_framework.exceptions.NotAuthenticated",
        "py:rest_framework.exceptions.APIException",
    ),
    (
        "py:rest_framework.exceptions.PermissionDenied",
        "py:rest_framework.exceptions.APIException",
    ),
    (
        "py:rest_framework.exceptions.NotFound",
        "py:rest_framework.exceptions.APIException",
    ),
    (
        "py:rest_framework.exceptions.MethodNotAllowed",
        "py:rest_framework.exceptions.APIException",
    ),
    (
        "py:rest_framework.exceptions.Throttled",
        "py:rest_framework.exceptions.APIException",
    ),
];

/// The status of a class of answers or exceptions by its name.
fn status_of_class(name: &str) -> Option<u16> {
    Some(match name {
        "HttpResponseBadRequest" | "SuspiciousOperation" | "ParseError" | "BadRequest" => 400,
        "AuthenticationFailed" | "NotAuthenticated" | "InvalidToken" | "TokenError" => 401,
        "HttpResponseForbidden" | "PermissionDenied" => 403,
        "HttpResponseNotFound" | "Http404" | "NotFound" => 404,
        "HttpResponseNotAllowed" | "MethodNotAllowed" => 405,
        "HttpResponseGone" => 410,
        "HttpResponseNotModified" => 304,
        "HttpResponseServerError" | "APIException" => 500,
        "Throttled" => 429,
        "UnsupportedMediaType" => 415,
        "NotAcceptable" => 406,
        _ => return None,
    })
}

/// `status.HTTP_403_FORBIDDEN`.
fn status_constant(
    host: &ModelHost,
    _machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let path = host.state().member_name;
    let number = last_name(&path).split('_').nth(1)?.parse::<u16>().ok()?;
    Some(Value::number(f64::from(number)))
}

/// `HttpResponse(content, content_type, status)`, `Response(data, status)`, `JsonResponse(data, status=)`.
fn respond(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = last_name(&call.path);
    let given = match name {
        "Response" => call.arguments.find(1, "status"),
        "HttpResponse" => call.arguments.find(2, "status"),
        _ => call.arguments.keyword("status"),
    };
    let given = given.filter(|given| !given.is_nothing()).cloned();
    let status = match &given {
        Some(given) => given.as_number().map(|status| status as u16),
        None => Some(status_of_class(name).unwrap_or(200)),
    };
    let body = ["content", "data", "streaming_content"]
        .iter()
        .find_map(|name| call.arguments.find(0, name))
        .cloned()
        .unwrap_or_else(Value::null);
    let id = host.make_object(machine, RESPONSE, call.span);
    let number = given.unwrap_or_else(|| Value::number(f64::from(status.unwrap_or(200))));
    machine
        .heap
        .set_property(id, Ustr::from("status_code"), number);
    machine
        .heap
        .set_property(id, Ustr::from("data"), body.clone());
    answer(host, machine, status, &body, call.span);
    Ok(Some(Value::object(id)))
}

/// Notes an answer; one with a status of 400 or more is a refusal.
pub(crate) fn answer(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    status: Option<u16>,
    body: &Value,
    span: Span,
) {
    answer_with(host, machine, status, (body, "="), span);
}

/// Answers with what is sent as it is, or with a page that is made of it, for which the operator is `~`.
fn answer_with(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    status: Option<u16>,
    (body, operator): (&Value, &'static str),
    span: Span,
) {
    if !host.is_request() {
        return;
    }
    let body = &super::orm_query::read_all(host, machine, body, span);
    let mut fields = host.body_fields(machine, body);
    for field in &mut fields {
        field.operator = operator;
    }
    if let Some(status) = status.filter(|status| *status >= 400) {
        host.refuse(machine, Refusal::Status(status), span);
    }
    let kind = EffectKind::Respond {
        status,
        body: fields,
        is_error: false,
    };
    host.effect(machine, kind, span);
}

/// Answers with a status and nothing else.
pub(crate) fn answer_status(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    status: u16,
    span: Span,
) -> Answer {
    answer(host, machine, Some(status), &Value::null(), span);
    let id = host.make_object(machine, RESPONSE, span);
    Ok(Some(Value::object(id)))
}

/// `render(request, template, context, content_type, status)`.
fn render(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let body = super::forms::shown(host, machine, &argument(call, 2, "context"), call.span);
    let status = match call.arguments.find(4, "status") {
        Some(status) => status.as_number().map(|status| status as u16),
        None => Some(200),
    };
    let id = host.make_object(machine, RESPONSE, call.span);
    answer_with(host, machine, status, (&body, "~"), call.span);
    Ok(Some(Value::object(id)))
}

/// `redirect(to)`: a URL, the name of a route, or an object with a URL.
fn redirect(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let to = ["to", "redirect_to"]
        .iter()
        .find_map(|name| call.arguments.find(0, name))
        .cloned()
        .unwrap_or_else(Value::null);
    let name = to.text();
    let known = name.and_then(|name| host.state().django.names.get(&name).copied());
    let target = match (name, known) {
        (_, Some(path)) => Value::string(&path),
        (Some(name), None) if !name.contains('/') => Value::string(&format!("/{name}")),
        _ => to,
    };
    Ok(Some(send_to(host, machine, &target, call.span)))
}

/// Sends the client elsewhere.
pub(crate) fn send_to(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    target: &Value,
    span: Span,
) -> Value {
    let id = host.make_object(machine, RESPONSE, span);
    let status = Value::number(302.0);
    machine
        .heap
        .set_property(id, Ustr::from("status_code"), status);
    if host.is_request() {
        let text = target.text_pattern().map(|text| text.to_string());
        // Where nothing was decided in a view, going elsewhere is what it does for everybody.
        let base = host.state().django.base;
        let own = machine.decided.iter().skip(base);
        let is_decided = own
            .map(|decided| machine.decision(decided.decision))
            .any(|decision| {
                let is_of_credential =
                    |machine, set| host.set_provenance(machine, set).is_credential();
                !decision.is_certain
                    || is_of_credential(machine, decision.origins)
                    || is_of_credential(machine, decision.control)
            });
        if is_decided || host.state().run.handler.is_none() {
            host.refuse(machine, Refusal::Redirect(text), span);
        }
        let provenance = host.deep_provenance(machine, target);
        let provenance = crate::answer_headers::with_fragment(target, provenance);
        host.effect(machine, EffectKind::Redirect(provenance), span);
    }
    Value::object(id)
}

/// Sends the client to the log-in page.
pub(crate) fn send_to_login(host: &ModelHost, machine: &mut Machine<'_>, span: Span) -> Value {
    let url = project::setting(host, machine, "LOGIN_URL").and_then(|url| url.text());
    let url = url.unwrap_or_else(|| Ustr::from("/accounts/login/"));
    let url = match url.starts_with('/') || url.contains("://") {
        true => url.to_string(),
        false => format!("/{url}"),
    };
    send_to(host, machine, &Value::string(&url), span)
}

fn to_login(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(send_to_login(host, machine, call.span)))
}

/// `set_cookie(key, value, max_age, expires, path, domain, secure, httponly, samesite)`.
fn set_cookie(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let arguments: &Arguments = call.arguments;
    let same_site = arguments.find(8, "samesite");
    let value = arguments
        .find(1, "value")
        .cloned()
        .unwrap_or_else(|| Value::string(""));
    let cookie = SetCookie {
        name: arguments.find(0, "key").and_then(Value::text),
        value: host.deep_provenance(machine, &value),
        http_only: environment_flag(host, machine, arguments.find(7, "httponly")),
        secure: secure_flag(host, machine, arguments.find(6, "secure")),
        same_site: same_site
            .and_then(Value::text)
            .map(|text| Ustr::from(&text.to_ascii_lowercase())),
        same_site_flag: match same_site {
            None => Flag::Default,
            Some(value) if value.text().is_some() => Flag::On,
            Some(value) if value.is_nothing() => Flag::Off,
            Some(_) => Flag::Unknown,
        },
        path: arguments.find(4, "path").and_then(Value::text),
        is_session: false,
    };
    host.effect(machine, EffectKind::SetCookie(cookie), call.span);
    Ok(Some(Value::null()))
}

fn delete_cookie(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = call.arguments.find(0, "key").and_then(Value::text);
    host.effect(machine, EffectKind::ClearCookie(name), call.span);
    Ok(Some(Value::null()))
}

/// Returns the status of an exception that nobody catches.
pub(crate) fn status_of(host: &ModelHost, machine: &mut Machine<'_>, value: &Value) -> Option<u16> {
    if let Some(status) = host.number_of(machine, value, &["status_code"]) {
        return Some(status);
    }
    let path = match value.only() {
        Some(firedoor_eval::Atom::Outside(path)) => path,
        Some(firedoor_eval::Atom::Object(id)) => {
            if let ObjectKind::Instance { class } = machine.heap.get(id).kind {
                let own = machine.class_attribute(class, Ustr::from("status_code"));
                if let Some(number) = own.and_then(|(_, value)| value.as_number()) {
                    return Some(number as u16);
                }
            }
            match machine.heap.get(id).kind {
                ObjectKind::Host(path) => path,
                _ => machine.outside_base(id)?,
            }
        }
        _ => return None,
    };
    let path = path.trim_end_matches("()");
    let name = last_name(path);
    match name {
        "ValidationError" if path.starts_with("py:rest_framework.") => Some(400),
        _ if path.starts_with("py:django.") || path.starts_with("py:rest_framework") => {
            status_of_class(name)
        }
        _ => None,
    }
}
