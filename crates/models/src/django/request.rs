//! The request: what it carries, and who is asking.
//!
//! REST framework's request is the same with a few more names. Sources: django 5.2 `http/request.py`,
//! `contrib/sessions/backends/base.py`; djangorestframework 3.16 `request.py`.

use firedoor_app::{EffectKind, Field, Origin, RequestPart, SessionOperation};
use firedoor_eval::{Answer, Atom, Call, Machine, ObjectId, ObjectKind, Shape, TestKind, Value};
use firedoor_ir::BinaryOperator;
use firedoor_source::Span;
use ustr::Ustr;

use super::users;
use crate::fastapi::inputs::named_part;
use crate::python_support::last_name;
use crate::{Model, ModelHost, Persona};

/// The model.
pub static MODEL: Model = Model {
    name: "django",
    calls: &[
        ("django:request.get_host", line),
        ("django:request.get_port", line),
        ("django:request.get_full_path", line),
        ("django:request.build_absolute_uri", line),
        ("django:request.get_raw_uri", line),
        ("django:request.is_secure", unknown_truth),
        ("django:request.is_ajax", unknown_truth),
        ("django:request.accepts", unknown_truth),
        ("django:request.get_signed_cookie", signed_cookie),
        ("django:request.read", raw_body),
        ("django:request.auser", users::user_later),
        ("django:parameters.get", get_named),
        ("django:parameters.getlist", get_list),
        ("django:parameters.pop", get_named),
        ("django:parameters.dict", whole),
        ("django:parameters.copy", whole),
        ("django:parameters.items", items),
        ("django:parameters.keys", items),
        ("django:parameters.values", items),
        ("django:parameters.urlencode", whole_text),
        ("django:session.get", get_session),
        ("django:session.pop", pop_session),
        ("django:session.setdefault", get_session),
        ("django:session.flush", end_session),
        ("django:session.clear", end_session),
        ("django:session.cycle_key", renew_session),
        ("django:session.set_expiry", crate::python_support::nothing),
        ("django:session.save", crate::python_support::nothing),
        ("django:session.update", crate::python_support::nothing),
    ],
    members: &[
        ("django:request.*", member),
        ("django:session.session_key", session_key),
    ],
    indexes: &[
        ("django:parameters", index_named),
        ("django:session", index_session),
    ],
    sets: &[("django:session.*", set_session)],
    operators: &[
        ("django:parameters", contains),
        ("django:session", contains),
    ],
    ..Model::EMPTY
};

fn keep(machine: &mut Machine<'_>, object: ObjectId, name: &str, value: Value) -> Value {
    machine
        .heap
        .set_property(object, Ustr::from(name), value.clone());
    value
}

/// A mapping of one part of the request.
pub(crate) fn mapping(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    part: &'static str,
    span: Span,
) -> Value {
    let id = host.make_object(machine, "django:parameters", span);
    machine
        .heap
        .get_mut(id)
        .properties
        .insert(Ustr::from("$part"), Value::string(part));
    let origin = Origin::Request(part_named(part), Ustr::from(""));
    host.with_origin(machine, Value::object(id), origin)
}

fn part_named(word: &str) -> RequestPart {
    match word {
        "body" => RequestPart::Body,
        "header" | "meta" => RequestPart::Header,
        "cookie" => RequestPart::Cookie,
        "file" => RequestPart::File,
        _ => RequestPart::Query,
    }
}

/// The members of a request.
fn member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let object = object?;
    let path = host.state().member_name;
    let name = last_name(&path);
    let value = match name {
        "GET" | "query_params" => mapping(host, machine, "query", span),
        "POST" => {
            note_method(host, "POST", span);
            mapping(host, machine, "body", span)
        }
        "data" => mapping(host, machine, "body", span),
        "FILES" => mapping(host, machine, "file", span),
        "headers" => mapping(host, machine, "header", span),
        "META" => mapping(host, machine, "meta", span),
        "COOKIES" => mapping(host, machine, "cookie", span),
        "body" => {
            let value = host.request_value(machine, RequestPart::Body, "");
            value.shaped(Shape::String)
        }
        "method" => return Some(method(host, machine)),
        "path" | "path_info" => return Some(crate::express::request_path(host, machine)),
        "scheme" | "encoding" | "content_type" => {
            return Some(host.request_value(machine, RequestPart::Line, name));
        }
        "session" => {
            let id = host.make_object(machine, "django:session", span);
            Value::object(id)
        }
        "user" => return users::current(host, machine, &Value::object(object), span).ok(),
        "auth" => return Some(token(host, machine)),
        "_request" => return Some(Value::object(object)),
        "resolver_match" => super::matches::current(host, machine),
        "_messages" | "site" => machine.unknown("request"),
        "get_host" | "get_port" | "get_full_path" | "build_absolute_uri" | "is_secure"
        | "is_ajax" | "accepts" | "get_signed_cookie" | "read" | "auser" | "get_raw_uri" => {
            return None;
        }
        // Something that middleware may have attached.
        _ => {
            let origin = Origin::Request(RequestPart::Context, Ustr::from(name));
            let value = match host.persona() {
                Persona::Attacker => Value::unknown(Shape::Any),
                _ => Value::unknown(Shape::Any),
            };
            return Some(host.with_origin(machine, value, origin));
        }
    };
    Some(keep(machine, object, name, value))
}

/// `request.auth` is what an authentication class has proven the request by.
fn token(host: &ModelHost, machine: &mut Machine<'_>) -> Value {
    match host.persona() {
        Persona::Attacker => {
            let origin = Origin::Request(RequestPart::Header, Ustr::from("authorization"));
            host.with_origin(machine, Value::null(), origin)
        }
        _ => {
            let origin = Origin::Principal(Ustr::from("auth"));
            host.with_origin(machine, Value::unknown(Shape::Object), origin)
        }
    }
}

fn note_method(host: &ModelHost, name: &str, span: Span) {
    let run = &mut host.state().run;
    if run.method == "ANY" {
        run.methods.entry(Ustr::from(name)).or_insert(span);
    }
}

fn method(host: &ModelHost, machine: &mut Machine<'_>) -> Value {
    let method = host.state().run.method;
    if method == "ANY" || method == "WS" {
        return host.request_value(machine, RequestPart::Line, "method");
    }
    Value::string(&method)
}

fn line(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = match last_name(&call.path) {
        "get_host" => {
            let value = host.request_value(machine, RequestPart::Header, "host");
            return Ok(Some(value.shaped(Shape::String)));
        }
        name => name,
    };
    Ok(Some(host.request_value(machine, RequestPart::Line, name)))
}

fn unknown_truth(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    let value = host.request_value(machine, RequestPart::Line, "scheme");
    Ok(Some(value.shaped(Shape::Bool)))
}

fn raw_body(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    let value = host.request_value(machine, RequestPart::Body, "");
    Ok(Some(value.shaped(Shape::String)))
}

/// A signed cookie proves itself.
fn signed_cookie(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = call.arguments.get(0).text().unwrap_or_default();
    let value = named_part(host, machine, RequestPart::Cookie, &name);
    let default = call.arguments.find(1, "default").cloned();
    Ok(Some(match (host.persona(), default) {
        (Persona::Attacker, Some(default)) => default.with_origins(value.origins),
        (Persona::Attacker, None) => {
            let path = "py:django.core.signing.BadSignature";
            let error = crate::python_support::exception(machine, path, &[&value]);
            return machine.throw(error, call.span);
        }
        _ => crate::python_support::proven(host, machine, &value),
    }))
}

fn part_word(machine: &Machine<'_>, object: &Value) -> Option<Ustr> {
    let id = object.only_object()?;
    machine.heap.property(id, Ustr::from("$part"))?.text()
}

/// `META['HTTP_X_TOKEN']` is the header `x-token`, `META['REMOTE_ADDR']` the client's address.
fn named(host: &ModelHost, machine: &mut Machine<'_>, word: &str, key: &Value) -> Value {
    let name = key.text().map_or_else(String::new, |name| name.to_string());
    let part = part_named(word);
    if word == "meta" {
        let Some(header) = name.strip_prefix("HTTP_") else {
            return match name.as_str() {
                "REMOTE_ADDR" | "REMOTE_HOST" => {
                    host.request_value(machine, RequestPart::Address, "ip")
                }
                _ => host.request_value(machine, RequestPart::Line, &name),
            };
        };
        let header = header.replace('_', "-").to_ascii_lowercase();
        return named_part(host, machine, RequestPart::Header, &header);
    }
    match part {
        RequestPart::Header => named_part(host, machine, part, &name.to_ascii_lowercase()),
        RequestPart::Body | RequestPart::File => {
            let value = host.request_value(machine, part, &name);
            match key.text() {
                Some(_) => value,
                None => {
                    let origins = machine.origins.union(value.origins, key.origins);
                    value.with_origins(origins)
                }
            }
        }
        _ => named_part(host, machine, part, &name),
    }
}

/// `GET.get(name, default)`.
fn get_named(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(word) = part_word(machine, &call.this) else {
        return Ok(None);
    };
    let value = named(host, machine, &word, &call.arguments.get(0));
    let default = call.arguments.find(1, "default").cloned();
    let default = default.unwrap_or_else(Value::null);
    let origins = value.origins;
    let present = value.filter(|atom| !atom.is_nothing());
    Ok(Some(match present {
        Some(present) => {
            let mut joined = machine.join(default, &present);
            joined.origins = machine.origins.union(joined.origins, origins);
            joined
        }
        None => default.with_origins(origins),
    }))
}

fn get_list(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(word) = part_word(machine, &call.this) else {
        return Ok(None);
    };
    let value = named(host, machine, &word, &call.arguments.get(0));
    let mut list = machine.make_open_list(Vec::new(), Some(value.shaped(Shape::String)), call.span);
    list.origins = value.origins;
    Ok(Some(list))
}

/// All of a part at once.
fn whole_value(host: &ModelHost, machine: &mut Machine<'_>, object: &Value) -> Value {
    let word = part_word(machine, object).unwrap_or_default();
    let origin = Origin::Request(part_named(&word), Ustr::from(""));
    let origins = host.origin(machine, origin);
    Value::unknown(Shape::Object).with_origins(origins)
}

fn whole(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let this = call.this.clone();
    Ok(Some(whole_value(host, machine, &this)))
}

fn whole_text(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let this = call.this.clone();
    Ok(Some(
        whole_value(host, machine, &this).shaped(Shape::String),
    ))
}

fn items(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let this = call.this.clone();
    let value = whole_value(host, machine, &this);
    let element = value.shaped(Shape::Any);
    let mut list = machine.make_open_list(Vec::new(), Some(element), call.span);
    list.origins = value.origins;
    Ok(Some(list))
}

/// `GET[name]`, which fails without it.
fn index_named(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: &Value,
    key: &Value,
    span: Span,
) -> Option<Value> {
    let word = part_word(machine, object)?;
    let value = named(host, machine, &word, key);
    if !matches!(word.as_str(), "meta") {
        let mut error = Value::outside("py:builtins.KeyError()");
        error.origins = value.origins;
        machine.may_throw(error, span);
    }
    value.filter(|atom| !atom.is_nothing())
}

/// `name in GET`.
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
    let name = left.text().unwrap_or_default();
    let ObjectKind::Host(path) = machine.heap.get(id).kind else {
        return None;
    };
    let is_session = path == "django:session";
    let has_own = machine.heap.property(id, name).is_some();
    let value = match is_session {
        true => named_part(host, machine, RequestPart::Session, &name),
        false => {
            let word = part_word(machine, right)?;
            named(host, machine, &word, left)
        }
    };
    let is_in = match (is_session, has_own) {
        (true, true) => Some(true),
        (true, false) if host.persona() == Persona::Attacker => Some(false),
        _ => None,
    };
    let negate = operator == BinaryOperator::NotIn;
    let outcome = is_in.map(|is_in| is_in != negate);
    let mut test = machine.tested(TestKind::Membership, outcome, &[&value], span);
    test.test = test.test.map(|(number, side)| (number, side != negate));
    Some(test)
}

fn own_or_session(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    session: ObjectId,
    name: &str,
) -> Value {
    match machine.heap.property(session, Ustr::from(name)).cloned() {
        Some(own) => own,
        None => named_part(host, machine, RequestPart::Session, name),
    }
}

fn get_session(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(session) = call.receiver else {
        return Ok(None);
    };
    let name = call.arguments.get(0).text().unwrap_or_default();
    let value = own_or_session(host, machine, session, &name);
    let default = call.arguments.find(1, "default").cloned();
    Ok(Some(match default {
        Some(default) if value.is_nothing() => default.with_origins(value.origins),
        Some(default) if value.atoms().iter().any(Atom::is_nothing) => {
            let origins = value.origins;
            let present = value.filter(|atom| !atom.is_nothing()).unwrap_or(value);
            machine.join(default, &present).with_origins(origins)
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
    let name = key.text().unwrap_or_default();
    let value = own_or_session(host, machine, session, &name);
    if value.atoms().iter().any(Atom::is_nothing) {
        let mut error = Value::outside("py:builtins.KeyError()");
        error.origins = value.origins;
        machine.may_throw(error, span);
    }
    Some(value.filter(|atom| !atom.is_nothing()).unwrap_or(value))
}

fn note_session(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    operation: SessionOperation,
    field: Option<(Ustr, &Value)>,
    span: Span,
) {
    let field = field.map(|(name, value)| Field {
        name,
        value: host.deep_provenance(machine, value),
        operator: "=",
    });
    host.effect(machine, EffectKind::Session(operation, field), span);
}

fn set_session(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: ObjectId,
    value: &Value,
    span: Span,
) -> bool {
    let path = host.state().member_name;
    let name = Ustr::from(last_name(&path));
    let field = Some((name, value));
    note_session(host, machine, SessionOperation::Write, field, span);
    false
}

fn pop_session(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = call.arguments.get(0).text().unwrap_or_default();
    let nothing = Value::null();
    let field = Some((name, &nothing));
    note_session(host, machine, SessionOperation::Write, field, call.span);
    get_session(host, machine, call)
}

fn end_session(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    note_session(host, machine, SessionOperation::Destroy, None, call.span);
    Ok(Some(Value::null()))
}

fn renew_session(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    note_session(host, machine, SessionOperation::Regenerate, None, call.span);
    Ok(Some(Value::null()))
}

fn session_key(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    Some(named_part(
        host,
        machine,
        RequestPart::Session,
        "session_key",
    ))
}
