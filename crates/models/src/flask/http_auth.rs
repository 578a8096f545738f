//! Flask-HTTPAuth: the program's own function says whether what the `Authorization` header carries is right.
//!
//! Source: flask-httpauth 4.8, `flask_httpauth.py`: 401 unless the function returns somebody, 403 if a role is
//! missing.

use firedoor_app::{Origin, Refusal, RequestPart};
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Shape, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::answer::{refuse_by, refuse_with};
use super::guarded;
use super::request::principal;
use crate::fastapi::inputs::named_part;
use crate::python_support::{keep, last_name};
use crate::{Model, ModelHost, Persona};

/// The model.
pub static MODEL: Model = Model {
    name: "flask_http_auth",
    calls: &[
        ("py:flask_httpauth.HTTPBasicAuth", keep),
        ("py:flask_httpauth.HTTPTokenAuth", keep),
        ("py:flask_httpauth.HTTPDigestAuth", keep),
        ("py:flask_httpauth.MultiAuth", keep),
        ("py:flask_httpauth.HTTPBasicAuth().login_required", required),
        ("py:flask_httpauth.HTTPTokenAuth().login_required", required),
        (
            "py:flask_httpauth.HTTPDigestAuth().login_required",
            required,
        ),
        ("py:flask_httpauth.MultiAuth().login_required", required),
        (
            "py:flask_httpauth.HTTPBasicAuth().current_user",
            current_user,
        ),
        (
            "py:flask_httpauth.HTTPTokenAuth().current_user",
            current_user,
        ),
        (
            "py:flask_httpauth.HTTPDigestAuth().current_user",
            current_user,
        ),
        ("py:flask_httpauth.MultiAuth().current_user", current_user),
        ("py:flask_httpauth.HTTPBasicAuth().username", current_user),
        ("py:flask_httpauth.HTTPBasicAuth().*", keep_function),
        ("py:flask_httpauth.HTTPTokenAuth().*", keep_function),
        ("py:flask_httpauth.HTTPDigestAuth().*", keep_function),
        ("flask_httpauth:decorator", decorate),
        ("flask_httpauth:required", check),
    ],
    ..Model::EMPTY
};

/// `@auth.verify_password`, `@auth.verify_token`, `@auth.error_handler`, each under its name.
fn keep_function(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let function = call.arguments.get(0);
    if let Some(auth) = call.receiver {
        let name = format!("${}", last_name(&call.path));
        machine
            .heap
            .set_property(auth, Ustr::from(&name), function.clone());
    }
    Ok(Some(function))
}

/// `@auth.login_required`, with options in parentheses or without.
fn required(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "flask_httpauth:required", call.span);
    let object = machine.heap.get_mut(id);
    object.name = Some(Ustr::from("login_required"));
    object.properties = call.arguments.keywords.clone();
    object
        .properties
        .insert(Ustr::from("$auth"), call.this.clone());
    let guard = Value::object(id);
    let function = call
        .arguments
        .positional
        .first()
        .filter(|value| !value.is_nothing());
    if let Some(function) = function {
        return Ok(Some(guarded(
            host,
            machine,
            guard,
            function.clone(),
            call.span,
        )));
    }
    let decorator = host.make_object(machine, "flask_httpauth:decorator", call.span);
    machine.heap.get_mut(decorator).elements = vec![guard];
    Ok(Some(Value::object(decorator)))
}

fn decorate(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let guard = call
        .receiver
        .and_then(|id| machine.heap.get(id).elements.first().cloned());
    let Some(guard) = guard else {
        return Ok(None);
    };
    let function = call.arguments.get(0);
    Ok(Some(guarded(host, machine, guard, function, call.span)))
}

/// Asks the program's function, or one of several schemes.
fn ask(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    auth: ObjectId,
    span: Span,
) -> Result<Value, Stop> {
    let object = machine.heap.get(auth).clone();
    if matches!(object.kind, ObjectKind::Host(path) if path.contains("MultiAuth")) {
        let mut all: Option<Value> = None;
        for scheme in object.elements.iter().filter_map(Value::only_object) {
            let one = ask(host, machine, scheme, span)?;
            all = Some(match all {
                Some(earlier) => machine.join(earlier, &one),
                None => one,
            });
        }
        return Ok(all.unwrap_or_else(Value::null));
    }
    let name = object
        .properties
        .get(&Ustr::from("header"))
        .and_then(Value::text)
        .map_or_else(
            || "authorization".to_owned(),
            |name| name.to_ascii_lowercase(),
        );
    let header = named_part(host, machine, RequestPart::Header, &name);
    let text = header.shaped(Shape::String);
    let verify = |name: &str| object.properties.get(&Ustr::from(name)).cloned();
    if let Some(function) = verify("$verify_token") {
        let arguments = Arguments::positional([text]);
        return machine.call_value(&function, None, &arguments, span);
    }
    if let Some(function) = verify("$verify_password") {
        let arguments = Arguments::positional([text.clone(), text]);
        return machine.call_value(&function, None, &arguments, span);
    }
    let proof = crate::python_support::proof_of(host, machine, &[&header], span);
    Ok(proof)
}

fn check(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(guard) = call.receiver.filter(|_| host.is_request()) else {
        return Ok(Some(Value::null()));
    };
    let options = machine.heap.get(guard).properties.clone();
    let auth = options
        .get(&Ustr::from("$auth"))
        .and_then(Value::only_object);
    let Some(auth) = auth else {
        return Ok(Some(Value::null()));
    };
    host.reads(Origin::Request(
        RequestPart::Header,
        Ustr::from("authorization"),
    ));
    let span = call.span;
    let user = ask(host, machine, auth, span)?;
    let is_optional = options
        .get(&Ustr::from("optional"))
        .is_some_and(|optional| optional.truth() == Some(true));
    host.state().flask.http_user = Some(user.clone());
    if is_optional {
        return Ok(Some(Value::null()));
    }
    let test = crate::python_support::proof_of(host, machine, &[&user], span);
    let test = match (user.truth(), host.persona()) {
        // A function of the program that lets the attacker be somebody guards nothing.
        (Some(true), _) | (None, Persona::Attacker) => user.clone(),
        _ => test,
    };
    refuse_unless(host, machine, auth, &test, 401, span)?;
    if options.contains_key(&Ustr::from("role")) && host.persona() == Persona::User {
        let role = principal(host, machine, Shape::Any, "role");
        let test = machine.tested(firedoor_eval::TestKind::Membership, None, &[&role], span);
        refuse_unless(host, machine, auth, &test, 403, span)?;
    }
    Ok(Some(Value::null()))
}

fn refuse_unless(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    auth: ObjectId,
    test: &Value,
    status: u16,
    span: Span,
) -> Result<(), Stop> {
    let handler = machine
        .heap
        .property(auth, Ustr::from("$error_handler"))
        .cloned();
    machine.when(
        test,
        span,
        |_| Ok(()),
        |machine| {
            match handler {
                Some(handler) => {
                    let number = Value::number(f64::from(status));
                    let arguments = Arguments::positional([number]);
                    refuse_by(host, machine, &handler, &arguments, status, span)?;
                }
                None => refuse_with(host, machine, Refusal::Status(status), span),
            }
            Err(Stop::Throw)
        },
    )
}

/// What the function has returned, proven by the credential.
fn current_user(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    if host.persona() == Persona::Attacker {
        return Ok(Some(Value::null()));
    }
    let known = host.state().flask.http_user.clone();
    let known = known.and_then(|user| user.filter(|atom| !atom.is_nothing()));
    let known = known.filter(|user| user.objects().next().is_some());
    let value = match known {
        Some(user) => user,
        None => principal(host, machine, Shape::Any, ""),
    };
    let origin = Origin::Principal(Ustr::from(""));
    Ok(Some(host.with_origin(machine, value, origin)))
}
