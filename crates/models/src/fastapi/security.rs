//! The ready-made security schemes of FastAPI: they read a credential and refuse a request without one.
//!
//! None of them proves anything. Source: fastapi 0.115 and 0.165, `security/`: without a credential
//! `OAuth2PasswordBearer` answers 401; the others 403 until 0.121 and 401 since 0.122.

use firedoor_app::RequestPart;
use firedoor_eval::{
    Answer, Atom, Call, Machine, ObjectId, ObjectKind, Shape, Stop, TestKind, Value,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::fastapi::inputs::named_part;
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "fastapi_security",
    calls: &[
        ("py:fastapi.security.HTTPBearer", make),
        ("py:fastapi.security.HTTPBasic", make),
        ("py:fastapi.security.HTTPDigest", make),
        ("py:fastapi.security.OAuth2PasswordBearer", make),
        ("py:fastapi.security.OAuth2AuthorizationCodeBearer", make),
        ("py:fastapi.security.OAuth2", make),
        ("py:fastapi.security.OpenIdConnect", make),
        ("py:fastapi.security.APIKeyHeader", make),
        ("py:fastapi.security.APIKeyCookie", make),
        ("py:fastapi.security.APIKeyQuery", make),
        ("py:fastapi.security.HTTPBearer()", authorization),
        ("py:fastapi.security.HTTPBasic()", authorization),
        ("py:fastapi.security.HTTPDigest()", authorization),
        ("py:fastapi.security.OAuth2PasswordBearer()", authorization),
        (
            "py:fastapi.security.OAuth2AuthorizationCodeBearer()",
            authorization,
        ),
        ("py:fastapi.security.OAuth2()", authorization),
        ("py:fastapi.security.OpenIdConnect()", authorization),
        ("py:fastapi.security.APIKeyHeader()", key),
        ("py:fastapi.security.APIKeyCookie()", key),
        ("py:fastapi.security.APIKeyQuery()", key),
        (
            "py:fastapi.security.HTTPBearer().__call__",
            authorization_of_base,
        ),
        (
            "py:fastapi.security.HTTPBasic().__call__",
            authorization_of_base,
        ),
        (
            "py:fastapi.security.OAuth2PasswordBearer().__call__",
            authorization_of_base,
        ),
        (
            "py:fastapi.security.OAuth2().__call__",
            authorization_of_base,
        ),
        ("py:fastapi.security.APIKeyHeader().__call__", key),
        ("py:fastapi.security.APIKeyCookie().__call__", key),
        ("py:fastapi.security.APIKeyQuery().__call__", key),
        ("py:fastapi.security.HTTPBearer().__init__", keep_options),
        (
            "py:fastapi.security.OAuth2PasswordBearer().__init__",
            keep_options,
        ),
        ("py:fastapi.security.APIKeyHeader().__init__", keep_options),
        ("py:fastapi.security.APIKeyCookie().__init__", keep_options),
        ("py:fastapi.security.APIKeyQuery().__init__", keep_options),
        (
            "py:fastapi.security.utils.get_authorization_scheme_param",
            split_header,
        ),
        ("py:fastapi.security.OAuth2PasswordRequestForm", form),
        ("py:fastapi.security.OAuth2PasswordRequestFormStrict", form),
    ],
    ..Model::EMPTY
};

/// A scheme with its options.
fn make(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, &format!("{}()", call.path), call.span);
    machine.heap.get_mut(id).properties = call.arguments.keywords.clone();
    machine.heap.get_mut(id).name = call.path.rsplit('.').next().map(Ustr::from);
    Ok(Some(Value::object(id)))
}

fn keep_options(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(id) = call.this.only_object() {
        for (name, value) in &call.arguments.keywords {
            machine.heap.set_property(id, *name, value.clone());
        }
    }
    Ok(Some(Value::null()))
}

fn refuses(machine: &Machine<'_>, scheme: ObjectId) -> bool {
    machine
        .heap
        .property(scheme, Ustr::from("auto_error"))
        .is_none_or(|value| value.truth() != Some(false))
}

/// Holds if the version of FastAPI that is asked for answers 403 where later ones answer 401.
fn is_old(machine: &Machine<'_>, span: Span) -> bool {
    let version = machine
        .program
        .project
        .dependency_version(span.file, "fastapi");
    version
        .and_then(crate::python_versions::highest)
        .is_some_and(|highest| highest < (0, 122))
}

/// Refuses where the credential is missing, and else goes on with it.
fn required(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    scheme: ObjectId,
    credential: &Value,
    status: u16,
    span: Span,
) -> Result<Value, Stop> {
    if !refuses(machine, scheme) {
        return Ok(credential.clone());
    }
    let error = host.make_object(machine, "py:fastapi.HTTPException()", span);
    machine.heap.set_property(
        error,
        Ustr::from("status_code"),
        Value::number(f64::from(status)),
    );
    let test = machine.tested(TestKind::Truth, None, &[credential], span);
    machine.when(
        &test,
        span,
        |_| Ok(()),
        |machine| {
            let error = Value::object(error).with_origins(credential.origins);
            machine.throw(error, span)
        },
    )?;
    Ok(credential
        .filter(|atom| !atom.is_nothing())
        .unwrap_or_else(|| credential.clone()))
}

/// What a layer has logged in by the word before the token is refused here with another word.
fn ask_for_scheme(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    scheme: ObjectId,
    credential: &Value,
    status: u16,
    span: Span,
) -> Result<(), Stop> {
    if !refuses(machine, scheme) {
        return Ok(());
    }
    let error = host.make_object(machine, "py:fastapi.HTTPException()", span);
    let status = Value::number(f64::from(status));
    machine
        .heap
        .set_property(error, Ustr::from("status_code"), status);
    let word = Value::string("bearer");
    let test = machine.tested(TestKind::Equality, None, &[credential, &word], span);
    let error = Value::object(error).with_origins(credential.origins);
    machine.when(
        &test,
        span,
        |_| Ok(()),
        |machine| machine.throw(error, span),
    )
}

/// `scheme, token = get_authorization_scheme_param(header)`: both are parts of the header.
fn split_header(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let header = call.arguments.get(0);
    let part = header.shaped(Shape::String);
    let id = machine.heap.allocate(ObjectKind::Tuple, call.span);
    machine.heap.get_mut(id).elements = vec![part.clone(), part];
    Ok(Some(Value::object(id).with_origins(header.origins)))
}

/// Schemes that read the `Authorization` header.
fn authorization(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(scheme) = call.receiver else {
        return Ok(None);
    };
    let is_token = call.path.contains("OAuth2") || call.path.contains("OpenId");
    authorize(
        host,
        machine,
        scheme,
        is_token,
        call.path.contains("Basic"),
        call.span,
    )
    .map(Some)
}

/// `await super().__call__(request)` of a subclass.
fn authorization_of_base(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(scheme) = call.this.only_object() else {
        return Ok(None);
    };
    let is_token = call.path.contains("OAuth2");
    let is_basic = call.path.contains("Basic");
    authorize(host, machine, scheme, is_token, is_basic, call.span).map(Some)
}

fn authorize(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    scheme: ObjectId,
    is_token: bool,
    is_basic: bool,
    span: Span,
) -> Result<Value, Stop> {
    let credential = named_part(host, machine, RequestPart::Header, "authorization");
    let status = match !is_token && is_old(machine, span) {
        true => 403,
        false => 401,
    };
    let present = required(host, machine, scheme, &credential, status, span)?;
    if !is_basic && host.state().run.is_logged_in_by_scheme {
        ask_for_scheme(host, machine, scheme, &credential, status, span)?;
    }
    if is_token {
        return Ok(present);
    }
    let credentials = host.make_object(
        machine,
        "py:fastapi.security.HTTPAuthorizationCredentials()",
        span,
    );
    let text = credential.shaped(Shape::String);
    let names: &[&str] = match is_basic {
        true => &["username", "password"],
        false => &["scheme", "credentials"],
    };
    for name in names {
        machine
            .heap
            .set_property(credentials, Ustr::from(name), text.clone());
    }
    let mut atoms = vec![Atom::Object(credentials)];
    if present.atoms().iter().any(Atom::is_nothing) {
        atoms.insert(0, Atom::Null);
    }
    Ok(Value::atoms_of(atoms).with_origins(credential.origins))
}

/// Schemes that read a key.
fn key(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(scheme) = call.receiver.or_else(|| call.this.only_object()) else {
        return Ok(None);
    };
    let name = machine
        .heap
        .property(scheme, Ustr::from("name"))
        .and_then(Value::text)
        .map_or_else(String::new, |name| name.to_string());
    let scheme_path = call.path.trim_end_matches(".__call__");
    let (part, name) = match scheme_path {
        "py:fastapi.security.APIKeyHeader()" => (RequestPart::Header, name.to_ascii_lowercase()),
        "py:fastapi.security.APIKeyCookie()" => (RequestPart::Cookie, name),
        // A key in the query is a credential like the others.
        _ => (RequestPart::Handshake, name),
    };
    let credential = named_part(host, machine, part, &name);
    let status = if is_old(machine, call.span) { 403 } else { 401 };
    required(host, machine, scheme, &credential, status, call.span).map(Some)
}

/// The form of a log-in.
fn form(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, &format!("{}()", call.path), call.span);
    for name in [
        "username",
        "password",
        "grant_type",
        "client_id",
        "client_secret",
    ] {
        let value = host.request_value(machine, RequestPart::Body, name);
        machine
            .heap
            .set_property(id, Ustr::from(name), value.shaped(Shape::String));
    }
    let scopes = host.request_value(machine, RequestPart::Body, "scopes");
    machine.heap.set_property(id, Ustr::from("scopes"), scopes);
    Ok(Some(Value::object(id)))
}
