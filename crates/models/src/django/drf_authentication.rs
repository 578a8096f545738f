//! Who is asking a view of REST framework: what its authentication classes prove, and the token against forgery.
//!
//! A class of the program that inherits one of a library's does what that does, but for the methods that it writes
//! itself. Source: djangorestframework 3.16 `authentication.py`: `SessionAuthentication.authenticate` calls
//! `enforce_csrf`, `TokenAuthentication.authenticate` calls `authenticate_credentials` with the key of the header.

use firedoor_app::{Origin, RequestPart};
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Shape, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::{drf_guards, users, views};
use crate::fastapi::inputs::named_part;
use crate::tables::CallFunction;
use crate::{Model, ModelHost, Persona};

macro_rules! classes {
    ($($path:literal),* $(,)?) => {
        &[$(
            (concat!($path, "().authenticate"), prove),
            (concat!($path, "().enforce_csrf"), enforce),
        )*]
    };
}

/// The model of what classes of the program read the credential with.
pub static HEADER: Model = Model {
    name: "django",
    calls: &[(
        "py:rest_framework.authentication.get_authorization_header",
        authorization_header,
    )],
    ..Model::EMPTY
};

const CALLS: &[(&str, CallFunction)] = classes!(
    "py:rest_framework.authentication.SessionAuthentication",
    "py:rest_framework.authentication.TokenAuthentication",
    "py:rest_framework.authentication.BasicAuthentication",
    "py:rest_framework.authentication.RemoteUserAuthentication",
    "py:rest_framework_simplejwt.authentication.JWTAuthentication",
    "py:knox.auth.TokenAuthentication",
    "py:oauth2_provider.contrib.rest_framework.OAuth2Authentication",
);

/// The model.
pub static MODEL: Model = Model {
    name: "django",
    calls: CALLS,
    ..Model::EMPTY
};

/// Finds out who is asking; what a class of the program answers counts besides what sessions and tokens prove.
pub(crate) fn authenticate(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    this: &Value,
    request: &Value,
    span: Span,
) -> Result<(), Stop> {
    let Some(request_id) = request.only_object() else {
        return Ok(());
    };
    let found = drf_guards::classes(host, machine, this, "authentication_classes", span);
    let own = found.unwrap_or_else(|| {
        vec![
            Value::outside("py:rest_framework.authentication.SessionAuthentication"),
            Value::outside("py:rest_framework.authentication.BasicAuthentication"),
        ]
    });
    let by_session = own.first().is_some_and(|class| is_session(machine, class));
    if !by_session && !own.is_empty() {
        host.state().django.credential = Some((RequestPart::Header, "authorization"));
    }
    let reads = host.state().run.reads.len();
    let mut users: Vec<Value> = Vec::new();
    let mut proofs: Vec<Value> = Vec::new();
    for class in &own {
        let (who, by) = proven(host, machine, class, request, span)?;
        users.extend(who);
        proofs.extend(by);
    }
    set_proof(host, machine, request_id, &own, proofs);
    if host.persona() == Persona::Attacker || users.is_empty() {
        users.push(users::anonymous(host, machine, span));
    }
    // Looking is what the framework does for every view. A permission then asks for it.
    let looked_at = host.state().run.reads.split_off(reads);
    let is_cookie = |origin: &Origin| matches!(origin, Origin::Request(RequestPart::Cookie, _));
    let cookies = looked_at.into_iter().map(|(origin, _)| origin);
    host.state().django.cookies = cookies.filter(is_cookie).collect();
    let user = machine.join_all(&users);
    if is_unsafe(host) {
        check_forgery(host, machine, &own, request, span)?;
    }
    machine
        .heap
        .set_property(request_id, Ustr::from("user"), user);
    Ok(())
}

/// `request.auth` is what the classes of the program answer besides the user, and nothing where there is no class at
/// all; a library's token is told when it is asked for.
fn set_proof(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    request: ObjectId,
    classes: &[Value],
    proofs: Vec<Value>,
) {
    let is_told = classes.is_empty() || host.persona() == Persona::User && !proofs.is_empty();
    if is_told {
        let proof = match proofs.is_empty() {
            true => Value::null(),
            false => machine.join_all(&proofs),
        };
        let name = Ustr::from("auth");
        machine.heap.set_property(request, name, proof);
    }
}

/// `get_authorization_header(request)` gives the header as bytes, which are empty without one.
fn authorization_header(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    let value = named_part(host, machine, RequestPart::Header, "authorization");
    Ok(Some(value.shaped(Shape::String)))
}

/// The users that one class may prove, each with what proves him if the class says so itself.
fn proven(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: &Value,
    request: &Value,
    span: Span,
) -> Result<(Vec<Value>, Vec<Value>), Stop> {
    let defines = |machine: &Machine<'_>, name: &str| {
        views::own_class(machine, class).is_some_and(|class| views::overrides(machine, class, name))
    };
    let (name, argument) = if defines(machine, "authenticate") {
        ("authenticate", request.clone())
    } else if defines(machine, "authenticate_credentials") {
        let origin = Origin::Request(RequestPart::Header, Ustr::from("authorization"));
        let key = Value::unknown(Shape::String);
        let key = host.with_origin(machine, key, origin);
        ("authenticate_credentials", key)
    } else {
        return Ok((library_user(host, machine, span), Vec::new()));
    };
    let instance = machine.call_value(class, None, &Arguments::default(), span)?;
    let arguments = Arguments::positional([argument]);
    let result = machine.call_member(&instance, Ustr::from(name), &arguments, span)?;
    let (mut users, mut proofs) = (Vec::new(), Vec::new());
    for id in result.objects().collect::<Vec<_>>() {
        let object = machine.heap.get(id);
        if matches!(object.kind, ObjectKind::Tuple | ObjectKind::Array) {
            users.extend(object.elements.first().cloned());
            proofs.extend(object.elements.get(1).cloned());
        }
    }
    Ok((users, proofs))
}

/// Whom a library's class proves: nobody for an attacker, without it being noted that somebody looked.
fn library_user(host: &ModelHost, machine: &mut Machine<'_>, span: Span) -> Vec<Value> {
    if host.persona() == Persona::Attacker {
        return Vec::new();
    }
    let reads = host.state().run.reads.len();
    let user = users::principal(host, machine, span);
    host.state().run.reads.truncate(reads);
    vec![user]
}

fn is_unsafe(host: &ModelHost) -> bool {
    let method = host.state().run.method;
    !matches!(method.as_str(), "GET" | "HEAD" | "OPTIONS")
}

/// Whoever is asked by a session is asked for the token too, unless the class says how itself.
fn check_forgery(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    classes: &[Value],
    request: &Value,
    span: Span,
) -> Result<(), Stop> {
    let Some(class) = classes.iter().find(|class| is_session(machine, class)) else {
        return Ok(());
    };
    let name = Ustr::from("enforce_csrf");
    let is_own = views::own_class(machine, class)
        .is_some_and(|class| views::overrides(machine, class, name.as_str()));
    if !is_own {
        return super::middleware::check_token(host, machine, span);
    }
    let instance = machine.call_value(class, None, &Arguments::default(), span)?;
    let arguments = Arguments::positional([request.clone()]);
    machine.call_member(&instance, name, &arguments, span)?;
    Ok(())
}

/// Holds for the library's authentication by sessions, and for classes of the program that inherit it.
fn is_session(machine: &Machine<'_>, class: &Value) -> bool {
    let bases = class
        .objects()
        .flat_map(|id| machine.outside_bases(id))
        .chain(class.as_outside());
    bases
        .into_iter()
        .any(|base| base.ends_with("SessionAuthentication"))
}

/// `super().authenticate(request)`: the user and what proved him, or nothing.
fn prove(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(user) = library_user(host, machine, call.span).pop() else {
        return Ok(Some(Value::null()));
    };
    let token = Value::unknown(Shape::Any);
    let pair = machine.make_tuple(vec![user, token], call.span);
    Ok(Some(machine.join_all(&[pair, Value::null()])))
}

/// `super().enforce_csrf(request)`.
fn enforce(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if is_unsafe(host) {
        super::middleware::check_token(host, machine, call.span)?;
    }
    Ok(Some(Value::null()))
}
