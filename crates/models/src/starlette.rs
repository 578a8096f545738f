//! Starlette's requests and responses, which are FastAPI's too.
//!
//! An answer is noted where a response object is made, since that is where it is known what decided it.
//! Sources: starlette 0.46, `requests.py`, `responses.py`, `datastructures.py`, `endpoints.py`.

use firedoor_app::{
    EffectKind, Field, Flag, Origin, Refusal, RequestPart, SessionOperation, SetCookie,
};
use firedoor_eval::{
    Answer, Arguments, Atom, Call, Machine, ObjectId, ObjectKind, Shape, Stop, TestKind, Value,
};
use firedoor_ir::BinaryOperator;
use firedoor_source::Span;
use ustr::Ustr;

use crate::fastapi_inputs::named_part;
use crate::{Model, ModelHost, Persona};

/// The model.
pub static MODEL: Model = Model {
    name: "starlette",
    calls: &[
        ("py:fastapi.Request", request_of_scope),
        ("py:starlette.requests.HTTPConnection", request_of_scope),
        ("fastapi:request.json", body),
        ("fastapi:request.body", raw_body),
        ("fastapi:request.form", body),
        ("fastapi:request.stream", raw_body),
        ("fastapi:request.is_disconnected", test),
        ("fastapi:request.url_for", unknown_text),
        ("fastapi:headers.get", get_named),
        ("fastapi:headers.getlist", get_named),
        ("fastapi:cookies.get", get_named),
        ("fastapi:query.get", get_named),
        ("fastapi:query.getlist", get_named),
        ("fastapi:path_params.get", get_named),
        ("fastapi:session.get", get_session),
        ("fastapi:session.pop", pop_session),
        ("fastapi:session.clear", clear_session),
        ("fastapi:session.update", update_session),
        ("fastapi:session.setdefault", get_session),
        ("fastapi:scope.get", get_scope),
        ("fastapi:background.add_task", add_task),
        ("py:fastapi.BackgroundTasks", make_background),
        ("py:fastapi.BackgroundTasks().add_task", add_task),
        ("py:starlette.background.BackgroundTask", run_task),
        ("py:fastapi.Response", make_response),
        ("py:fastapi.responses.*", make_response),
        ("py:fastapi.responses.RedirectResponse", make_redirect),
        ("py:fastapi.Response().set_cookie", set_cookie),
        ("py:fastapi.Response().delete_cookie", delete_cookie),
        ("py:fastapi.responses.JSONResponse().set_cookie", set_cookie),
        (
            "py:fastapi.responses.JSONResponse().delete_cookie",
            delete_cookie,
        ),
        ("py:fastapi.responses.HTMLResponse().set_cookie", set_cookie),
        (
            "py:fastapi.responses.HTMLResponse().delete_cookie",
            delete_cookie,
        ),
        (
            "py:fastapi.responses.PlainTextResponse().set_cookie",
            set_cookie,
        ),
        (
            "py:fastapi.responses.PlainTextResponse().delete_cookie",
            delete_cookie,
        ),
        (
            "py:fastapi.responses.RedirectResponse().set_cookie",
            set_cookie,
        ),
        (
            "py:fastapi.responses.RedirectResponse().delete_cookie",
            delete_cookie,
        ),
        ("fastapi:response.set_cookie", set_cookie),
        ("fastapi:response.delete_cookie", delete_cookie),
        ("fastapi:later_response.set_cookie", set_cookie),
        ("fastapi:later_response.delete_cookie", delete_cookie),
        ("py:fastapi.HTTPException", make_exception),
        ("py:fastapi.HTTPException().__init__", fill_exception),
        (
            "py:fastapi.exceptions.RequestValidationError",
            make_validation_error,
        ),
        ("py:starlette.authentication.requires", requires),
        ("fastapi:requires", wrap_required),
        ("fastapi:required", run_required),
        ("py:starlette.authentication.UnauthenticatedUser", keep_made),
        (
            "py:starlette.authentication.AuthCredentials",
            make_credentials,
        ),
        ("py:starlette.authentication.SimpleUser", make_user),
    ],
    members: &[
        ("fastapi:request.headers", connection_member),
        ("fastapi:request.cookies", connection_member),
        ("fastapi:request.query_params", connection_member),
        ("fastapi:request.path_params", connection_member),
        ("fastapi:request.session", connection_member),
        ("fastapi:request.state", connection_member),
        ("fastapi:request.url", connection_member),
        ("fastapi:request.base_url", connection_member),
        ("fastapi:request.client", connection_member),
        ("fastapi:request.method", connection_member),
        ("fastapi:request.user", connection_member),
        ("fastapi:request.auth", connection_member),
        ("fastapi:state.*", state_member),
        ("fastapi:app.state.*", state_member),
        ("fastapi:client.host", client_host),
        ("fastapi:client.port", client_host),
        ("fastapi:url.*", url_member),
        ("fastapi:headers.*", no_member),
        ("py:fastapi.status.*", status_constant),
    ],
    indexes: &[
        ("fastapi:headers", index_named),
        ("fastapi:cookies", index_named),
        ("fastapi:query", index_named),
        ("fastapi:path_params", index_named),
        ("fastapi:session", index_session),
        ("fastapi:scope", index_scope),
        ("fastapi:client", index_client),
    ],
    sets: &[("fastapi:session.*", set_session)],
    operators: &[
        ("fastapi:headers", contains),
        ("fastapi:cookies", contains),
        ("fastapi:query", contains),
        ("fastapi:path_params", contains),
        ("fastapi:session", contains),
        ("fastapi:scope", contains),
    ],
    instances: &[("py:fastapi.HTTPException", make_own_exception)],
    subclasses: &[
        ("py:fastapi.HTTPException", "py:builtins.Exception"),
        ("py:fastapi.WebSocketException", "py:builtins.Exception"),
        ("py:fastapi.WebSocketDisconnect", "py:builtins.Exception"),
        (
            "py:fastapi.exceptions.RequestValidationError",
            "py:builtins.ValueError",
        ),
    ],
    ..Model::EMPTY
};

fn last_name(host: &ModelHost) -> String {
    let path = host.state().member_name;
    path.rsplit('.').next().unwrap_or("").to_owned()
}

fn keep_property(machine: &mut Machine<'_>, object: ObjectId, name: &str, value: Value) -> Value {
    machine
        .heap
        .set_property(object, Ustr::from(name), value.clone());
    value
}

/// What a request and a WebSocket have in common.
pub(crate) fn connection_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let object = object?;
    let name = last_name(host);
    let kind = match name.as_str() {
        "headers" => "fastapi:headers",
        "cookies" => "fastapi:cookies",
        "query_params" => "fastapi:query",
        "path_params" => "fastapi:path_params",
        "session" => "fastapi:session",
        "state" => "fastapi:state",
        "client" => "fastapi:client",
        "url" | "base_url" => "fastapi:url",
        "method" => return Some(request_method(host, machine)),
        "user" | "auth" => {
            return Some(named_context(host, machine, &name));
        }
        _ => return None,
    };
    let value = Value::object(host.make_object(machine, kind, span));
    let value = match kind {
        "fastapi:client" => {
            let origin = Origin::Request(RequestPart::Address, Ustr::from("client"));
            host.with_origin(machine, value, origin)
        }
        // The whole address, as text, has the host that the client names.
        "fastapi:url" => {
            let origin = Origin::Request(RequestPart::Line, Ustr::from(&name));
            host.with_origin(machine, value, origin)
        }
        _ => value,
    };
    Some(keep_property(machine, object, &name, value))
}

fn request_method(host: &ModelHost, machine: &mut Machine<'_>) -> Value {
    let method = host.state().run.method;
    if method == "ANY" {
        return host.request_value(machine, RequestPart::Line, "method");
    }
    Value::string(&method)
}

/// Something that an earlier layer may have attached.
fn named_context(host: &ModelHost, machine: &mut Machine<'_>, name: &str) -> Value {
    let origin = Origin::Request(RequestPart::Context, Ustr::from(name));
    let value = match host.persona() {
        Persona::Attacker => Value::null(),
        _ => Value::unknown(Shape::Any),
    };
    host.with_origin(machine, value, origin)
}

/// `request.state.x` and `app.state.x` that nobody in the program has set.
fn state_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let name = last_name(host);
    let path = host.state().member_name;
    object?;
    if path.starts_with("fastapi:app.state.") {
        return Some(machine.unknown("application-state"));
    }
    Some(named_context(host, machine, &name))
}

fn client_host(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let name = last_name(host);
    Some(host.request_value(machine, RequestPart::Address, &name))
}

fn url_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let name = last_name(host);
    Some(match name.as_str() {
        "path" => crate::express::request_path(host, machine),
        "replace" | "include_query_params" => return None,
        _ => host.request_value(machine, RequestPart::Line, &name),
    })
}

fn no_member(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    None
}

/// `status.HTTP_401_UNAUTHORIZED` is 401, `status.WS_1008_POLICY_VIOLATION` is 1008.
fn status_constant(
    host: &ModelHost,
    _machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let name = last_name(host);
    let number = name.split('_').nth(1)?.parse::<u16>().ok()?;
    Some(Value::number(f64::from(number)))
}

/// `Request(scope)` within a plain ASGI middleware is the request on its way.
fn request_of_scope(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let scope = call.arguments.get(0);
    let known = scope
        .only_object()
        .and_then(|id| machine.heap.property(id, Ustr::from("$request")).cloned());
    Ok(known)
}

fn body(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(host.request_value(machine, RequestPart::Body, "")))
}

fn raw_body(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    let value = host.request_value(machine, RequestPart::Body, "");
    Ok(Some(value.shaped(Shape::String)))
}

fn test(_host: &ModelHost, _machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(Value::unknown(Shape::Bool)))
}

fn unknown_text(_host: &ModelHost, _machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(Value::unknown(Shape::String)))
}

/// The part of the request that a mapping shows.
fn part_of(path: &str) -> RequestPart {
    match path.split('.').next().unwrap_or(path) {
        "fastapi:headers" => RequestPart::Header,
        "fastapi:cookies" => RequestPart::Cookie,
        "fastapi:path_params" => RequestPart::Path,
        "fastapi:session" => RequestPart::Session,
        "fastapi:scope" => RequestPart::Line,
        _ => RequestPart::Query,
    }
}

fn key_name(key: &Value, part: RequestPart) -> String {
    let name = key.text().map_or_else(String::new, |name| name.to_string());
    match part {
        RequestPart::Header => name.to_ascii_lowercase(),
        _ => name,
    }
}

/// `headers.get(name, default)`.
fn get_named(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let part = part_of(&call.path);
    let name = key_name(&call.arguments.get(0), part);
    let value = named_part(host, machine, part, &name);
    let default = call.arguments.find(1, "default").cloned();
    Ok(Some(match default {
        Some(default) if !default.is_nothing() => {
            let origins = value.origins;
            let present = value
                .filter(|atom| !atom.is_nothing())
                .unwrap_or_else(|| value.clone());
            machine.join(default, &present).with_origins(origins)
        }
        _ => value,
    }))
}

fn mapping_path(machine: &Machine<'_>, object: &Value) -> Option<Ustr> {
    match machine.heap.get(object.only_object()?).kind {
        ObjectKind::Host(path) => Some(path),
        _ => None,
    }
}

/// `headers[name]`, which fails without it.
fn index_named(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: &Value,
    key: &Value,
    span: Span,
) -> Option<Value> {
    let part = part_of(&mapping_path(machine, object)?);
    let name = key_name(key, part);
    let value = named_part(host, machine, part, &name);
    // HTTP/1.1 has no request without `Host`.
    if part != RequestPart::Path && name != "host" {
        let mut error = Value::outside("py:builtins.KeyError()");
        error.origins = value.origins;
        machine.may_throw(error, span);
    }
    value.filter(|atom| !atom.is_nothing())
}

/// `name in headers`.
fn contains(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    operator: BinaryOperator,
    left: &Value,
    right: &Value,
    span: Span,
) -> Option<Value> {
    if !matches!(operator, BinaryOperator::In | BinaryOperator::NotIn) {
        return None;
    }
    let id = right.only_object()?;
    let part = part_of(&mapping_path(machine, right)?);
    let name = key_name(left, part);
    let has_own = machine.heap.property(id, Ustr::from(&name)).is_some();
    let value = match part {
        RequestPart::Session if has_own => Value::bool(true),
        _ => named_part(host, machine, part, &name),
    };
    let is_in = match part {
        RequestPart::Session if has_own => Some(true),
        RequestPart::Session if host.persona() == Persona::Attacker => Some(false),
        _ => None,
    };
    let is_negated = operator == BinaryOperator::NotIn;
    let mut test = machine.tested(TestKind::Membership, is_in, &[&value], span);
    if is_negated {
        let negated = match is_in {
            Some(is_in) => Value::bool(!is_in),
            None => Value::unknown(Shape::Bool),
        };
        let mut negated = negated.with_origins(test.origins);
        negated.test = test.test.map(|(number, side)| (number, !side));
        negated.control = test.control;
        test = negated;
    }
    Some(test)
}

fn own_or_session(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    session: ObjectId,
    name: &str,
) -> Value {
    let own = machine.heap.property(session, Ustr::from(name)).cloned();
    match own {
        Some(own) => own,
        None => named_part(host, machine, RequestPart::Session, name),
    }
}

fn get_session(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(session) = call.receiver else {
        return Ok(None);
    };
    let name = key_name(&call.arguments.get(0), RequestPart::Session);
    let value = own_or_session(host, machine, session, &name);
    let default = call.arguments.find(1, "default").cloned();
    Ok(Some(match default {
        Some(default) if !default.is_nothing() && value.is_nothing() => {
            default.with_origins(value.origins)
        }
        _ => value,
    }))
}

fn index_session(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: &Value,
    key: &Value,
    span: Span,
) -> Option<Value> {
    let session = object.only_object()?;
    let name = key_name(key, RequestPart::Session);
    let value = own_or_session(host, machine, session, &name);
    if value.atoms().iter().any(Atom::is_nothing) {
        let mut error = Value::outside("py:builtins.KeyError()");
        error.origins = value.origins;
        machine.may_throw(error, span);
    }
    Some(value.filter(|atom| !atom.is_nothing()).unwrap_or(value))
}

fn set_session(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: ObjectId,
    value: &Value,
    span: Span,
) -> bool {
    let name = Ustr::from(&last_name(host));
    note_session_write(host, machine, name, value, span);
    false
}

fn note_session_write(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    name: Ustr,
    value: &Value,
    span: Span,
) {
    let field = Field {
        name,
        value: host.deep_provenance(machine, value),
        operator: "=",
    };
    host.effect(
        machine,
        EffectKind::Session(SessionOperation::Write, Some(field)),
        span,
    );
}

fn update_session(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let given = call.arguments.get(0);
    let mut pairs: Vec<(Ustr, Value)> = Vec::new();
    for id in given.objects() {
        let properties = machine.heap.get(id).properties.iter();
        pairs.extend(properties.map(|(name, value)| (*name, value.clone())));
    }
    let keywords = call.arguments.keywords.iter();
    pairs.extend(keywords.map(|(name, value)| (*name, value.clone())));
    for (name, value) in pairs {
        note_session_write(host, machine, name, &value, call.span);
        if let Some(session) = call.receiver {
            machine.heap.set_property(session, name, value);
        }
    }
    Ok(Some(Value::null()))
}

fn pop_session(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = key_name(&call.arguments.get(0), RequestPart::Session);
    let field = Field {
        name: Ustr::from(&name),
        value: firedoor_app::Provenance::default(),
        operator: "=",
    };
    host.effect(
        machine,
        EffectKind::Session(SessionOperation::Write, Some(field)),
        call.span,
    );
    let value = named_part(host, machine, RequestPart::Session, &name);
    Ok(Some(value))
}

fn clear_session(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    host.effect(
        machine,
        EffectKind::Session(SessionOperation::Destroy, None),
        call.span,
    );
    Ok(Some(Value::null()))
}

/// What the scope of an ASGI application says under a name.
fn scope_value(host: &ModelHost, machine: &mut Machine<'_>, scope: ObjectId, name: &str) -> Value {
    let is_socket = host.state().run.method == "WS";
    let request = machine
        .heap
        .property(scope, Ustr::from("$request"))
        .and_then(Value::only_object);
    match name {
        "type" => Value::string(if is_socket { "websocket" } else { "http" }),
        "path" | "raw_path" | "root_path" => crate::express::request_path(host, machine),
        "method" => request_method(host, machine),
        "query_string" => host.request_value(machine, RequestPart::Query, ""),
        "headers" => {
            let value = named_part(host, machine, RequestPart::Header, "");
            value.shaped(Shape::Any)
        }
        "client" => host.request_value(machine, RequestPart::Address, "client"),
        "app" | "session" | "state" | "user" | "auth" => match request {
            Some(request) => {
                let place = machine.place();
                let (read, _) = machine.catching(|machine| {
                    machine.member(&Value::object(request), Ustr::from(name), place)
                });
                read.unwrap_or_else(|_| Value::unknown(Shape::Any))
            }
            None => Value::unknown(Shape::Any),
        },
        _ => host.request_value(machine, RequestPart::Line, name),
    }
}

fn index_scope(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: &Value,
    key: &Value,
    _span: Span,
) -> Option<Value> {
    let scope = object.only_object()?;
    let name = key.text()?;
    if let Some(own) = machine.heap.property(scope, name) {
        return Some(own.clone());
    }
    Some(scope_value(host, machine, scope, &name))
}

fn index_client(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: &Value,
    _key: &Value,
    _span: Span,
) -> Option<Value> {
    Some(host.request_value(machine, RequestPart::Address, "host"))
}

fn get_scope(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let (Some(scope), Some(name)) = (call.receiver, call.arguments.get(0).text()) else {
        return Ok(None);
    };
    Ok(Some(scope_value(host, machine, scope, &name)))
}

fn make_background(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "fastapi:background", call.span);
    Ok(Some(Value::object(id)))
}

/// A task runs behind the answer; for the map it is part of the request.
fn add_task(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    run_later(machine, call)?;
    Ok(Some(Value::null()))
}

fn run_task(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    run_later(machine, call)?;
    let id = host.make_object(machine, "fastapi:background", call.span);
    Ok(Some(Value::object(id)))
}

/// What a task throws does not reach the client.
fn run_later(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<(), Stop> {
    let mut arguments: Arguments = call.arguments.clone();
    if arguments.positional.is_empty() {
        return Ok(());
    }
    let function = arguments.positional.remove(0);
    let base = machine.decided.len();
    let (result, _) = machine.catching(|machine| {
        let called = machine.call_value(&function, None, &arguments, call.span)?;
        crate::fastapi_plan::settled(machine, called, call.span)
    });
    machine.decided.truncate(base);
    match result {
        Err(Stop::Budget) => Err(Stop::Budget),
        _ => Ok(()),
    }
}

fn status_argument(call: &Call<'_>) -> Option<Value> {
    call.arguments.find(1, "status_code").cloned()
}

/// `JSONResponse(content, status_code)`.
fn make_response(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
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
    let body = call
        .arguments
        .find(0, "content")
        .cloned()
        .unwrap_or_else(Value::null);
    answer(host, machine, status, &body, call.span);
    Ok(Some(Value::object(id)))
}

/// Notes an answer; one with a status of 400 or more is a refusal.
fn answer(
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
fn make_redirect(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
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

/// A flag that hangs on the environment says on what.
fn environment_flag(host: &ModelHost, machine: &Machine<'_>, value: Option<&Value>) -> Flag {
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
        Some((name, _)) => Flag::Conditional(name),
        None => Flag::Unknown,
    }
}

/// `response.set_cookie(...)`: neither HttpOnly nor Secure, and SameSite `lax`, unless it says so.
fn set_cookie(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
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
        secure: environment_flag(host, machine, arguments.find(6, "secure")),
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

fn delete_cookie(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = call.arguments.find(0, "key").and_then(Value::text);
    host.effect(machine, EffectKind::ClearCookie(name), call.span);
    Ok(Some(Value::null()))
}

/// `HTTPException(status_code, detail)`.
fn make_exception(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
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
fn fill_exception(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(id) = call.this.only_object() {
        set_exception(machine, id, call.arguments);
    }
    Ok(Some(Value::null()))
}

fn make_own_exception(
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

fn make_validation_error(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
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

fn keep_made(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, &format!("{}()", call.path), call.span);
    machine
        .heap
        .set_property(id, Ustr::from("is_authenticated"), Value::bool(false));
    Ok(Some(Value::object(id)))
}

fn make_credentials(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(
        machine,
        "py:starlette.authentication.AuthCredentials()",
        call.span,
    );
    let scopes = call
        .arguments
        .find(0, "scopes")
        .cloned()
        .unwrap_or_else(Value::null);
    machine.heap.set_property(id, Ustr::from("scopes"), scopes);
    Ok(Some(Value::object(id)))
}

fn make_user(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(
        machine,
        "py:starlette.authentication.SimpleUser()",
        call.span,
    );
    let name = call.arguments.get(0);
    machine
        .heap
        .set_property(id, Ustr::from("is_authenticated"), Value::bool(true));
    for key in ["username", "display_name"] {
        machine.heap.set_property(id, Ustr::from(key), name.clone());
    }
    Ok(Some(Value::object(id)))
}

/// `@requires(scopes, status_code=403, redirect=...)`.
fn requires(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "fastapi:requires", call.span);
    let object = machine.heap.get_mut(id);
    object.elements = call.arguments.positional.clone();
    object.properties = call.arguments.keywords.clone();
    Ok(Some(Value::object(id)))
}

fn wrap_required(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(decorator) = call.receiver else {
        return Ok(None);
    };
    let function = call.arguments.get(0);
    let options = machine.heap.get(decorator).clone();
    let id = host.make_object(machine, "fastapi:required", options.span);
    let name = crate::doors::symbol(machine, &function, call.span).name;
    let object = machine.heap.get_mut(id);
    object.name = Some(name);
    object.elements = vec![function.clone()];
    object.elements.extend(options.elements);
    object.properties = options.properties;
    object
        .properties
        .insert(Ustr::from("__wrapped__"), function);
    Ok(Some(Value::object(id)))
}

/// An attacker has none of the scopes, unless the backend gives them to everybody.
fn run_required(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(wrapper) = call.receiver else {
        return Ok(None);
    };
    let options = machine.heap.get(wrapper).clone();
    let Some(function) = options.elements.first().cloned() else {
        return Ok(None);
    };
    let request = call
        .arguments
        .all()
        .find(|value| {
            mapping_path(machine, value)
                .is_some_and(|path| path == "fastapi:request" || path == "fastapi:websocket")
        })
        .cloned();
    if let Some(request) = request {
        let auth = machine.member(&request, Ustr::from("auth"), call.span)?;
        let outcome = match host.persona() {
            Persona::Attacker => Some(false),
            _ => None,
        };
        let mut given = auth.clone();
        given.origins = machine.deep_origins(&auth);
        let context = host.origin(
            machine,
            Origin::Request(RequestPart::Context, Ustr::from("auth.scopes")),
        );
        given.origins = machine.origins.union(given.origins, context);
        let test = machine.tested(TestKind::Proof, outcome, &[&given], call.span);
        let status = options
            .properties
            .get(&Ustr::from("status_code"))
            .and_then(Value::as_number)
            .unwrap_or(403.0);
        let error = host.make_object(machine, "py:fastapi.HTTPException()", call.span);
        machine
            .heap
            .set_property(error, Ustr::from("status_code"), Value::number(status));
        machine.when(
            &test,
            call.span,
            |_| Ok(()),
            |machine| machine.throw(Value::object(error).with_origins(given.origins), call.span),
        )?;
    }
    let value = machine.call_value(&function, None, call.arguments, call.span)?;
    Ok(Some(value))
}

/// The methods of a class-based endpoint, each with the method of the class; `None` if it is none.
pub(crate) fn endpoint_methods(
    machine: &mut Machine<'_>,
    endpoint: &Value,
) -> Option<Vec<(Ustr, Value)>> {
    let class = endpoint.only_object()?;
    let is_endpoint = matches!(machine.heap.get(class).kind, ObjectKind::Class { .. })
        && machine
            .outside_bases(class)
            .iter()
            .any(|base| base == "py:starlette.endpoints.HTTPEndpoint");
    if !is_endpoint {
        return None;
    }
    let span = machine.heap.get(class).span;
    let instance = Value::object(machine.heap.allocate(ObjectKind::Instance { class }, span));
    let mut methods = Vec::new();
    for name in ["get", "post", "put", "patch", "delete", "head", "options"] {
        if machine.class_attribute(class, Ustr::from(name)).is_none() {
            continue;
        }
        let (read, _) =
            machine.catching(|machine| machine.member(&instance, Ustr::from(name), span));
        if let Ok(function) = read {
            methods.push((Ustr::from(&name.to_ascii_uppercase()), function));
        }
    }
    Some(methods)
}
