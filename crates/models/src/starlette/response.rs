//! Responses, redirects, cookies and exceptions.
//!
//! An answer is noted where it is made, since that is where it is known what decided it.

use firedoor_app::{EffectKind, Flag, Origin, Refusal, SetCookie};
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::ModelHost;
use crate::production::in_production;

fn status_argument(call: &Call<'_>) -> Option<Value> {
    call.arguments.find(1, "status_code").cloned()
}

/// `JSONResponse(content, status_code)`.
pub(crate) fn make_response(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let Some(name) = call.path.rsplit('.').next() else {
        return Ok(None);
    };
    if call.path.contains("()") || !name.ends_with("Response") {
        return Ok(None);
    }
    let id = host.make_object(machine, &format!("{}()", call.path), call.span);
    let given = status_argument(call);
    let status = match &given {
        Some(status) => status.as_number().map(|status| status as u16),
        None => Some(200),
    };
    let number = given.unwrap_or_else(|| Value::number(200.0));
    machine
        .heap
        .set_property(id, Ustr::from("status_code"), number);
    let body = match name {
        // What is sent is in the file, and not where it lies.
        "FileResponse" => call
            .arguments
            .find(0, "path")
            .and_then(|path| crate::python_files::contents(host, machine, path)),
        _ => call.arguments.find(0, "content").cloned(),
    };
    let body = body.unwrap_or_else(Value::null);
    answer(host, machine, status, &body, call.span);
    if let Some(headers) = call.arguments.find(2, "headers") {
        crate::answer_headers::set_all(host, machine, headers, call.span);
    }
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
    if !host.is_request() {
        return;
    }
    let fields = host.body_fields(machine, body);
    if let Some(status) = status.filter(|status| *status >= 400) {
        host.refuse(machine, Refusal::Status(status), span);
    }
    host.effect(
        machine,
        EffectKind::Respond {
            status,
            body: fields,
            is_error: false,
        },
        span,
    );
}

/// `RedirectResponse(url, status_code=307)`.
pub(crate) fn make_redirect(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let id = host.make_object(
        machine,
        "py:fastapi.responses.RedirectResponse()",
        call.span,
    );
    let status = status_argument(call).unwrap_or_else(|| Value::number(307.0));
    machine
        .heap
        .set_property(id, Ustr::from("status_code"), status);
    let target = call
        .arguments
        .find(0, "url")
        .cloned()
        .unwrap_or_else(Value::null);
    if host.is_request() {
        let text = target.text_pattern().map(|text| text.to_string());
        host.refuse(machine, Refusal::Redirect(text), call.span);
        let provenance = host.provenance(machine, &target);
        let provenance = crate::answer_headers::with_fragment(&target, provenance);
        host.effect(machine, EffectKind::Redirect(provenance), call.span);
    }
    Ok(Some(Value::object(id)))
}

fn flag(value: Option<&Value>) -> Flag {
    match value {
        None => Flag::Default,
        Some(value) => match value.truth() {
            Some(true) => Flag::On,
            Some(false) => Flag::Off,
            None => Flag::Unknown,
        },
    }
}

/// Returns whether a cookie travels over TLS only.
pub(crate) fn secure_flag(host: &ModelHost, machine: &Machine<'_>, value: Option<&Value>) -> Flag {
    let flag = environment_flag(host, machine, value);
    crate::cookies::as_requested(host, machine, flag, value)
}

/// A flag that hangs on the environment says on what.
pub(crate) fn environment_flag(
    host: &ModelHost,
    machine: &Machine<'_>,
    value: Option<&Value>,
) -> Flag {
    let simple = flag(value);
    if simple != Flag::Unknown {
        return simple;
    }
    let Some(value) = value else {
        return simple;
    };
    let mut provenance = host.provenance(machine, value);
    provenance = provenance.union(&host.set_provenance(machine, value.control));
    let setting = provenance.origins().iter().find_map(|origin| match origin {
        Origin::Environment { name, fallback } => Some((name.to_string(), *fallback)),
        _ => None,
    });
    match setting {
        // Whoever sets nothing has it on.
        Some((_, Some(fallback))) if fallback == "true" => Flag::On,
        Some(_) if in_production(host, machine, value) == Some(false) => Flag::Off,
        Some((name, _)) => Flag::Conditional(name),
        None => Flag::Unknown,
    }
}

/// `response.set_cookie(...)`: neither HttpOnly nor Secure, and SameSite `lax`, unless it says so.
pub(crate) fn set_cookie(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let arguments = call.arguments;
    let value = arguments
        .find(1, "value")
        .cloned()
        .unwrap_or_else(|| Value::string(""));
    let same_site = arguments.find(8, "samesite");
    let cookie = SetCookie {
        name: arguments.find(0, "key").and_then(Value::text),
        value: host.deep_provenance(machine, &value),
        http_only: environment_flag(host, machine, arguments.find(7, "httponly")),
        secure: secure_flag(host, machine, arguments.find(6, "secure")),
        same_site: match same_site {
            None => Some(Ustr::from("lax")),
            Some(value) => value
                .text()
                .map(|text| Ustr::from(&text.to_ascii_lowercase())),
        },
        same_site_flag: match same_site {
            None => Flag::Default,
            Some(value) if value.is_nothing() => Flag::Off,
            Some(value) if value.text().is_some() => Flag::On,
            Some(_) => Flag::Unknown,
        },
        path: arguments.find(4, "path").and_then(Value::text),
        is_session: false,
    };
    host.effect(machine, EffectKind::SetCookie(cookie), call.span);
    Ok(Some(Value::null()))
}

pub(crate) fn delete_cookie(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let name = call.arguments.find(0, "key").and_then(Value::text);
    host.effect(machine, EffectKind::ClearCookie(name), call.span);
    Ok(Some(Value::null()))
}

/// `HTTPException(status_code, detail)`.
pub(crate) fn make_exception(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let id = host.make_object(machine, "py:fastapi.HTTPException()", call.span);
    set_exception(machine, id, call.arguments);
    Ok(Some(Value::object(id)))
}

fn set_exception(machine: &mut Machine<'_>, id: ObjectId, arguments: &Arguments) {
    for (index, name) in ["status_code", "detail", "headers"].iter().enumerate() {
        if let Some(value) = arguments.find(index, name) {
            machine
                .heap
                .set_property(id, Ustr::from(name), value.clone());
        }
    }
}

/// `super().__init__(status_code=..., detail=...)` of a subclass.
pub(crate) fn fill_exception(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    if let Some(id) = call.this.only_object() {
        set_exception(machine, id, call.arguments);
    }
    Ok(Some(Value::null()))
}

pub(crate) fn make_own_exception(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    instance: ObjectId,
    arguments: &Arguments,
    _span: Span,
) -> Result<bool, Stop> {
    let has_own = machine
        .class_attribute(class, Ustr::from("__init__"))
        .is_some();
    if !has_own {
        set_exception(machine, instance, arguments);
    }
    Ok(!has_own)
}

pub(crate) fn make_validation_error(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let id = host.make_object(
        machine,
        "py:fastapi.exceptions.RequestValidationError()",
        call.span,
    );
    machine
        .heap
        .set_property(id, Ustr::from("status_code"), Value::number(422.0));
    Ok(Some(Value::object(id)))
}

/// `status.HTTP_401_UNAUTHORIZED` is 401, `status.WS_1008_POLICY_VIOLATION` is 1008.
pub(crate) fn status_constant(
    host: &ModelHost,
    _machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let name = crate::tools::member_name(host);
    let number = name.split('_').nth(1)?.parse::<u16>().ok()?;
    Some(Value::number(f64::from(number)))
}
